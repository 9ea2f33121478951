"""Code to paste: what it says of labels and numbers, and what is refused."""

import ast
from dataclasses import replace

import pytest
from conftest import HOSTILE_LABELS
from hypothesis import given
from hypothesis import strategies as st

import wcetool
from wcetool.core.schemes import Kind
from wcetool.snippets import SNIPPETS, Form, Framework
from wcetool.snippets.writing import MOST_IN_CODE

LABELS = (*HOSTILE_LABELS, "\u2028", "\ud800", "\\", "\\'", '"""', "*/", "#", "{weights}", "\r\n")
KINDS = [one for one in Form if one not in (Form.TWO_CLASSES, Form.POSITIVE)]
numbers = st.floats(0, allow_infinity=False, allow_nan=False)


def of_form(form, labels=("a", "b", "c"), weight=(1.5, 2.0, 0.25)):
    """Weights that the code of a form is for."""
    weights = wcetool.class_weights(dict.fromkeys(labels, 2), "uniform", classes=list(labels))
    if form is Form.TWO_CLASSES:
        labels, weight = labels[:2], weight[:2]
        weights = wcetool.class_weights(dict.fromkeys(labels, 2), "uniform", classes=list(labels))
    kind = Kind.LABEL if form is Form.POSITIVE else Kind.CLASS
    kind = Kind(form.value) if form.value in list(Kind) else kind
    negative = {Form.LABEL: (0.5,) * len(labels), Form.POSITIVE: (1.0,) * len(labels)}.get(form)
    return replace(weights, weight=tuple(weight), kind=kind, negative_weight=negative)


def dictionaries(code):
    """The literals of a piece of code, by name; parsed, not run."""
    return {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in ast.parse(code).body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Dict)
        and node.targets[0].id.endswith("weights")
    }


@pytest.mark.parametrize(("framework", "form"), SNIPPETS, ids=lambda one: one.value)
def test_hostile_labels_reach_the_code_as_they_are(framework, form):
    labels = LABELS[:2] if form is Form.TWO_CLASSES else LABELS
    if framework is Framework.SKLEARN:
        labels = tuple(label for label in labels if label != "001")
    weights = of_form(form, labels, [0.1 + k for k in range(len(labels))])
    found = dictionaries(wcetool.snippet(weights, framework))
    name = "positive_weights" if form in (Form.LABEL, Form.POSITIVE) else "weights"
    assert found[name] == weights.by_class
    assert list(found[name]) == list(labels)
    if form is Form.LABEL:
        assert tuple(found["negative_weights"].values()) == weights.negative_weight


@given(st.dictionaries(st.text(max_size=8), numbers, min_size=1, max_size=5))
def test_any_labels_and_weights_come_back_from_the_code(given_weights):
    by_label = {label: weight for label, weight in given_weights.items() if label}
    if not by_label:
        return
    weights = wcetool.class_weights(
        dict.fromkeys(by_label, 1), "manual", set_weights=by_label, classes=list(by_label)
    )
    assert dictionaries(wcetool.snippet(weights, "torch"))["weights"] == by_label


@pytest.mark.parametrize("framework", Framework)
def test_comments_hold_no_label(framework):
    weights = of_form(Form.CLASS, ("x\nimport os", "y'\u2028z", "plain"))
    code = wcetool.snippet(replace(weights, parameters={"note": "a\nimport os"}), framework)
    assert not [line for line in code.split("\n") if line.startswith("import os")]
    assert code.isprintable() or set(code) - {"\n"} == {c for c in code if c.isprintable()}


def test_the_code_says_where_the_numbers_come_from():
    weights = wcetool.class_weights({"a": 1, "b": 3, "c": 4}, "power:alpha=0.5")
    code = wcetool.snippet(weights, "torch", path="my weights.json")
    assert f"# {weights.signature}\n" in code
    assert "wcetool score PREDS --weights 'my weights.json' --like torch\n" in code
    assert "'b': 0.5773502691896257,  # 1: 3 labels\n" in code


@pytest.mark.parametrize("kind", KINDS)
def test_a_framework_without_code_for_a_kind_is_refused_by_name(kind):
    able = {one for one, form in SNIPPETS if form is kind}
    for framework in Framework:
        if framework in able:
            assert wcetool.snippet(of_form(kind), framework)
            continue
        with pytest.raises(wcetool.UsageError, match="there is no code for") as caught:
            wcetool.snippet(of_form(kind), framework)
        assert ", ".join(one for one in Framework if one in able) in caught.value.details[0]


def test_labels_that_are_one_integer_to_scikit_learn_are_refused():
    with pytest.raises(wcetool.UsageError, match="'1', '001' for one class"):
        wcetool.snippet({"1": 1.0, "a": 2.0, "001": 3.0}, "sklearn")


def test_weights_of_rows_are_no_code():
    with pytest.raises(wcetool.UsageError, match="data, not code"):
        wcetool.snippet(replace(of_form(Form.CLASS), kind=Kind.ROW), "torch")


def test_a_scheme_without_labels_has_no_code():
    with pytest.raises(wcetool.UsageError, match="no weights without labels"):
        wcetool.snippet("inverse", "torch")


@pytest.mark.parametrize("form", [Form.CLASS, Form.LABEL, Form.POSITIVE])
def test_many_classes_are_loaded_from_the_weight_file(form, tmp_path):
    labels = [f"l'{k}\n" for k in range(MOST_IN_CODE + 1)]
    weights = of_form(form, labels, [k / 7 for k in range(len(labels))])
    for path in (None, "weights.csv"):
        with pytest.raises(wcetool.UsageError, match="too many for code") as caught:
            wcetool.snippet(weights, "sklearn", path=path)
        assert caught.value.hint == "--output weights.json"
    path = tmp_path / "it's.json"
    wcetool.write_weights(weights, path)
    names = {}
    exec(wcetool.snippet(weights, "sklearn", path=path), names)
    if form is Form.CLASS:
        assert names["weights"] == weights.by_class
        return
    assert names["class_weights"]["l'7\n"] == {0: weights.negative_weight[7], 1: 1.0}
    assert wcetool.snippet(wcetool.read_weights(path), "sklearn").count("\n") < 40


def test_the_positive_class_of_two_is_the_later_one_unless_it_is_named():
    weights = wcetool.class_weights({"no": 3, "yes": 1})
    assert "positive, negative = 'yes', 'no'\n" in wcetool.snippet(weights, "torch")
    named = replace(weights, parameters={"positive-class": "no"})
    assert "positive, negative = 'no', 'yes'\n" in wcetool.snippet(named, "torch")
