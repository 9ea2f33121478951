"""Laws of every convention on rows of a file: a new one is tested on arrival."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import wcetool
from wcetool.core.conventions import CONVENTIONS
from wcetool.core.conventions.calls import Call, Given, RowForm, all_calls, call_of
from wcetool.core.conventions.tallies import Tally, row_losses, tally
from wcetool.core.vocabulary import InputKind, Task
from wcetool.errors import UsageError

N, K = 23, 3
TASKS = {
    "multiclass": (Task.MULTICLASS, False),
    "soft": (Task.MULTICLASS, True),
    "binary": (Task.BINARY, False),
    "multilabel": (Task.MULTILABEL, False),
}


def rows_of(task, kind, seed):
    """Return targets, scores and weights of random rows."""
    rng = np.random.default_rng(seed)
    columns = 1 if task == "binary" else K
    logits = rng.normal(size=(N, columns), scale=2.0)
    logits[:3] *= 20.0  # clipped by those that clip
    scores = logits
    if kind is InputKind.PROBS:
        scores = 1.0 / (1.0 + np.exp(-logits))
        if task in ("multiclass", "soft"):
            scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    target = {
        "multiclass": rng.permutation(np.arange(N) % K),
        "binary": rng.permutation(np.arange(N) % 2),
        "soft": rng.dirichlet(np.ones(K), size=N),
        "multilabel": (rng.random((N, K)) < 0.4).astype(float),
    }[task]
    return target, scores, rng.uniform(0.5, 4.0, 2 if task == "binary" else K)


def form_of(task, kind, dtype=np.float64):
    what, soft = TASKS[task]
    n_classes = 2 if task == "binary" else K
    return RowForm(task=what, kind=kind, soft=soft, n_classes=n_classes, dtype=np.dtype(dtype))


def fitting():
    for task in TASKS:
        for kind in (InputKind.LOGITS, InputKind.PROBS):
            for weighted in (False, True):
                calls = all_calls(form_of(task, kind), Given(class_weight=weighted))
                for name, call in calls.items():
                    if isinstance(call, Call):
                        yield pytest.param(task, kind, weighted, name, id=f"{task}-{kind}-{name}")


EVERY = pytest.mark.parametrize(("task", "kind", "weighted", "name"), list(fitting()))


def score(task, kind, name, weighted, seed=0, **more):
    target, scores, weights = rows_of(task, kind, seed)
    return wcetool.score(
        target,
        scores,
        input=kind.value,
        like=name,
        task={"soft": "multiclass"}.get(task, task),
        class_weight=weights if weighted else None,
        **more,
    )


@EVERY
def test_score_gives_what_the_framework_gives(task, kind, weighted, name):
    target, scores, weights = rows_of(task, kind, 0)
    form = form_of(task, kind)
    call = call_of(CONVENTIONS[name], form, Given(class_weight=weighted))
    examples = call.examples(target, scores, weights if weighted else None, None)
    options = {**call.convention.options, **call.options}
    expected = wcetool.framework_loss(
        name,
        examples.y,
        scores,
        input=kind.value,
        target=call.target.value,
        class_weight=examples.class_weight,
        sample_weight=examples.sample_weight,
        reduction=call.reduction,
        **options,
    )
    found = score(task, kind, name, weighted)
    assert found.loss == pytest.approx(expected.value, rel=1e-14)
    assert found.like.reduction == call.reduction


@pytest.mark.parametrize(
    ("task", "kind", "weighted", "name"),
    [one for one in fitting() if "sample_weight" in CONVENTIONS[one.values[3]].weights],
)
def test_sample_weights_are_those_of_the_framework(task, kind, weighted, name):
    target, scores, weights = rows_of(task, kind, 0)
    sample_weight = np.random.default_rng(3).uniform(0.1, 2.0, N)
    given_too = Given(class_weight=weighted, sample_weight=True)
    try:
        call = call_of(CONVENTIONS[name], form_of(task, kind), given_too)
    except UsageError:
        with pytest.raises(UsageError):
            score(task, kind, name, weighted, sample_weight=sample_weight)
        return
    class_weight = weights if weighted else None
    expected = tally(row_losses(call, target, scores, class_weight, sample_weight))
    plain = tally(row_losses(call, target, scores, class_weight, None))
    for more in ({}, {"batch_size": 5}):
        found = score(task, kind, name, weighted, sample_weight=sample_weight, **more)
        assert found.loss == pytest.approx(expected.sums.reduced(call.reduction), rel=1e-14)
    assert found.loss != plain.sums.reduced(call.reduction)


@EVERY
def test_every_reduction_to_one_number_is_there(task, kind, weighted, name):
    found = score(task, kind, name, weighted)
    for reduction, value in found.like.reductions.items():
        again = score(task, kind, name, weighted, reduction=reduction)
        assert again.loss == pytest.approx(value, rel=1e-14)


@EVERY
@settings(max_examples=10)
@given(cuts=st.lists(st.integers(0, N), max_size=4), seed=st.integers(0, 5))
def test_the_sums_do_not_depend_on_how_the_rows_are_cut(task, kind, weighted, name, cuts, seed):
    target, scores, weights = rows_of(task, kind, seed)
    form = form_of(task, kind)
    call = call_of(CONVENTIONS[name], form, Given(class_weight=weighted))
    whole = tally(row_losses(call, target, scores, weights, None))
    edges = [0, *sorted(cuts), N]
    parts = [
        tally(row_losses(call, target[a:b], scores[a:b], weights, None))
        for a, b in itertools.pairwise(edges)
        if a < b
    ]
    total = parts[-1]
    for part in parts[:-1]:
        total += part
    assert total == whole
    assert Tally.from_dict(whole.to_dict()) == whole


@EVERY
def test_a_batch_of_all_rows_gives_the_framework_its_value(task, kind, weighted, name):
    found = score(task, kind, name, weighted, batch_size=N)
    assert found.batches[0].n_batches == 1
    assert found.batches[0].value == pytest.approx(found.loss, rel=1e-6)  # TensorFlow 1 in float32


@pytest.mark.parametrize("name", [name for name, one in CONVENTIONS.items() if one.plain])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_short_way_gives_what_the_long_way_does(name, weighted):
    convention = CONVENTIONS[name]
    kind, q = convention.kinds[0], [1.0, 3.0, 0.5]
    task = "multilabel" if "elements" in convention.plain.values() else "multiclass"
    target, scores, weights = rows_of(task, kind, 1)
    takes = {one for one in ("class_weight", "pos_weight") if one in convention.weights}
    weighted_too = weighted and ("class_weight" in takes or task == "multiclass")
    more = {"pos_weight": np.array(q)} if weighted and "pos_weight" in takes else {}
    call = call_of(convention, form_of(task, kind), Given(class_weight=weighted_too, **more))
    assert call.plain
    assert set(convention.plain) == {one for one in convention.reductions if one != "none"}
    given_weights = weights if weighted_too else None
    sums = tally(row_losses(call, target, scores, given_weights, None))
    found = score(task, kind, name, weighted_too, seed=1, **dict.fromkeys(more, q))
    for reduction, value in found.like.reductions.items():
        assert value == pytest.approx(sums.sums.reduced(reduction), rel=1e-14)
    if found.like.standard_error is not None:
        expected = sums.standard_error(call.reduction)
        assert found.like.standard_error == pytest.approx(expected, rel=1e-9)


def test_a_convention_that_does_not_fit_says_why():
    for task in TASKS:
        for kind in InputKind:
            for reason in all_calls(form_of(task, kind), Given(class_weight=True)).values():
                assert isinstance(reason, Call) or reason


def test_an_option_that_a_convention_does_not_have_is_refused():
    form = form_of("multiclass", InputKind.LOGITS)
    for name, convention in CONVENTIONS.items():
        for option, value in (("label_smoothing", 0.1), ("gamma", 2.0), ("alpha", 0.25)):
            if option in convention.options:
                continue
            with pytest.raises(UsageError):
                call_of(CONVENTIONS[name], form, Given(options={option: value}))
