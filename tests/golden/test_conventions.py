"""Every convention gives the number that its framework gave, and refuses what it refuses."""

import contextlib
import inspect
from pathlib import Path

import interpreter
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import wcetool
from wcetool.core.conventions import CONVENTIONS, RULES, find_convention
from wcetool.core.conventions.examples import Target
from wcetool.core.vocabulary import InputKind

RECORDED = interpreter.cases_in(Path(__file__).parent / "cases" / "recorded")
EVERY = pytest.mark.parametrize("convention", CONVENTIONS.values(), ids=list(CONVENTIONS))


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=case["name"])
        for case in RECORDED
        if case["api"] not in interpreter.LEFT_OUT
    ],
)
def test_a_recorded_case_agrees(case):
    assert interpreter.disagreement(case) is None


def test_the_interpreter_fails_on_what_it_does_not_know():
    case = next(case for case in RECORDED if case["api"] == "torch.nn.CrossEntropyLoss")
    options = case["options"]
    for changed in (
        {"api": "torch.nn.NoLoss"},
        {"surprise": 1},
        {"options": {**options, "surprise": 1}},
        {"expected": 1e9},
        {"error": {"type": "ValueError", "message": "no"}},
    ):
        assert interpreter.disagreement({**case, **changed}) is not None


def test_the_interpreter_counts_and_names_what_does_not_agree(tmp_path, capsys):
    assert interpreter.main(str(tmp_path)) == 1
    case = dict(next(case for case in RECORDED if case["framework"] == "torch"), expected=-1.0)
    (tmp_path / "one.json").write_text(interpreter.json.dumps([case]))
    assert interpreter.main(str(tmp_path)) == 1
    said = capsys.readouterr().out
    assert "torch: 0 agree, 1 do not" in said
    assert case["name"] in said


def examples(convention, rng, n_rows=6, n_classes=3):
    """Return targets, scores and how they are named, such as the convention takes."""
    target, kind = convention.targets[0], convention.kinds[0]
    one_score = target is Target.BINARY or "xgboost eval_metric=logloss" in convention.name
    shape = (n_rows,) if one_score else (n_rows, n_classes)
    scores = rng.normal(size=shape)
    if kind is InputKind.PROBS:
        scores = rng.random(shape) if one_score else rng.dirichlet(np.ones(n_classes), n_rows)
    y = {
        Target.INDEX: np.arange(n_rows) % n_classes,
        Target.SOFT: rng.dirichlet(np.ones(n_classes), n_rows),
        Target.BINARY: np.arange(n_rows) % 2,
        Target.MULTILABEL: rng.integers(0, 2, (n_rows, n_classes)),
    }[target]
    return y, scores, {"input": kind.value, "target": target.value}


@EVERY
def test_losses_of_rows_do_not_depend_on_their_order(convention):
    y, scores, named = examples(convention, np.random.default_rng(0))
    whole = wcetool.framework_loss(convention.name, y, scores, **named)
    turned = wcetool.framework_loss(convention.name, y[::-1].copy(), scores[::-1].copy(), **named)
    assert np.sum(turned.losses) == pytest.approx(np.sum(whole.losses), rel=1e-12)
    assert whole.convention is convention


@EVERY
def test_every_reduction_gives_a_number_or_the_losses(convention):
    y, scores, named = examples(convention, np.random.default_rng(1))
    for reduction in convention.reductions:
        found = wcetool.framework_loss(convention.name, y, scores, reduction=reduction, **named)
        if reduction == "none":
            assert np.array_equal(found.value, found.losses)
        else:
            assert np.isfinite(found.value)
    with pytest.raises(wcetool.UsageError, match="has no reduction 'avg'"):
        wcetool.framework_loss(convention.name, y, scores, reduction="avg", **named)


@EVERY
def test_what_a_convention_does_not_have_is_refused(convention):
    y, scores, named = examples(convention, np.random.default_rng(2))
    with pytest.raises(wcetool.UsageError, match="has no option 'temperature'"):
        wcetool.framework_loss(convention.name, y, scores, temperature=2.0, **named)
    for weights in {"class_weight", "pos_weight", "sample_weight"} - convention.weights:
        with pytest.raises(wcetool.UsageError, match=f"takes no {weights}"):
            wcetool.framework_loss(convention.name, y, scores, **{weights: [1.0] * 3}, **named)
    for other in set(Target) - set(convention.targets):
        with pytest.raises(wcetool.UsageError, match=f"not {other.value}"):
            wcetool.framework_loss(
                convention.name, y, scores, input=named["input"], target=other.value
            )


@EVERY
def test_rows_that_do_not_match_are_refused(convention):
    y, scores, named = examples(convention, np.random.default_rng(3))
    with pytest.raises(wcetool.InputError):
        wcetool.framework_loss(convention.name, y[:-1], scores, **named)


@EVERY
def test_every_entry_says_what_it_is(convention):
    for text in (convention.formula, convention.weighs, convention.divides_by):
        assert text
        assert text[0].islower() or not text[0].isalpha() or text[0] in "NW"
        assert not text.endswith(".")


def test_a_convention_is_found_by_the_end_of_its_name():
    assert find_convention("torch.CrossEntropyLoss").api == "torch.nn.CrossEntropyLoss"
    assert find_convention("keras.BinaryCrossentropy").api == "keras.losses.BinaryCrossentropy"
    metric = find_convention("keras.metrics.BinaryCrossentropy")
    assert metric.divides_by.startswith("sum of the sample weights")
    assert find_convention("keras-jax.BinaryCrossentropy").framework == "keras-jax"
    assert find_convention("tf.nn.weighted_cross_entropy_with_logits").framework == "tensorflow"
    assert find_convention("tf1.log_loss").api == "tf.compat.v1.losses.log_loss"
    assert find_convention("torch.nn.NLLLoss").kinds == ("probs",)
    with pytest.raises(wcetool.UsageError, match="is no convention") as raised:
        find_convention("torch.CrossEntropy")
    assert "torch.nn.CrossEntropyLoss" in str(raised.value)


def test_a_rule_refuses_options_that_it_does_not_have():
    for rule in RULES.values():
        names = set(inspect.signature(rule.weights).parameters) - {"y", "sample_weight"}
        assert names == set(rule.options)
        with pytest.raises(wcetool.UsageError, match="has no option 'power'"):
            wcetool.framework_weights(rule.api, [0, 1], power=2)
    with pytest.raises(wcetool.UsageError, match="no rule"):
        wcetool.framework_weights("sklearn.balanced", [0, 1])


def test_the_balanced_accuracy_that_is_left_out_is_a_metric_of_the_score():
    case = next(case for case in RECORDED if case["api"] in interpreter.LEFT_OUT)
    predicted = np.array(case["scores"], dtype=int)
    classes = sorted({*case["y"], *predicted.tolist()})
    scores = np.eye(max(classes) + 1)[predicted]
    found = wcetool.score(case["y"], scores, input="probs").numbers
    assert found.balanced_accuracy == pytest.approx(case["expected"], rel=1e-12)


SHAPES = [(), (4,), (4, 1), (4, 3), (3,), (0,), (0, 3), (1, 1), (4, 3, 2)]


@EVERY
@given(data=st.data())
def test_any_shapes_give_a_number_or_a_refusal(convention, data):
    """Never another error: what a framework cannot take is named."""
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    y_shape = data.draw(st.sampled_from(SHAPES))
    shape = data.draw(st.sampled_from([y_shape, *SHAPES]))
    whole = data.draw(st.booleans())
    y = rng.integers(-1, 4, y_shape) if whole else rng.random(y_shape)
    weights = {
        name: rng.random(data.draw(st.sampled_from(SHAPES)))
        for name in sorted(convention.weights)
        if data.draw(st.booleans())
    }
    options = {
        name: data.draw(st.sampled_from([0, 1, -1, 0.5, 3]))
        for name in convention.options
        if data.draw(st.booleans())
    }
    with contextlib.suppress(wcetool.WceError):
        wcetool.framework_loss(
            convention.name,
            y,
            rng.random(shape),
            input=data.draw(st.sampled_from(convention.kinds)).value,
            target=data.draw(st.sampled_from(convention.targets)).value,
            **weights,
            **options,
        )


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"label_smoothing": "much"}, "label_smoothing cannot be 'much'"),
        ({"ignore_index": [0]}, r"ignore_index cannot be \[0\]"),
        ({"class_weight": {0: 1.0, 1: 2.0}}, "not a mapping"),
        ({"class_weight": ["a", "b"]}, "class weights are no numbers"),
        ({"y_true": [[0], [0, 1]]}, "rows of different lengths"),
        ({"y_true": ["a", "b"]}, "targets are no numbers"),
        ({"y_true": [0.5, 1]}, "targets are no class indices"),
    ],
)
def test_what_is_no_number_is_refused(changed, said):
    y_score = [[0.5, 0.5], [0.25, 0.75]]
    call = {"y_true": [0, 1], "y_score": y_score, "input": "logits", **changed}
    with pytest.raises(wcetool.WceError, match=said):
        wcetool.framework_loss("torch.nn.CrossEntropyLoss", **call)


@pytest.mark.parametrize(
    "labels", [0, [], ["a", "b"], [[0, 1], [1]], [[0, 1], [1, 1]], [-1, 0], [0.5]]
)
@pytest.mark.parametrize("weights", [None, [1.0], 2.0])
def test_any_labels_give_weights_or_a_refusal(labels, weights):
    for rule in RULES.values():
        with contextlib.suppress(wcetool.WceError):
            wcetool.framework_weights(rule.api, labels, sample_weight=weights)
        with contextlib.suppress(wcetool.WceError):
            options = {
                "classes": [0, 1],
                "auto_class_weights": "Balanced",
                "class_weight": {0: 2.0},
            }
            chosen = {name: value for name, value in options.items() if name in rule.options}
            wcetool.framework_weights(rule.api, labels, sample_weight=weights, **chosen)
