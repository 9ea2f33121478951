"""Every number that a document leaves out has its reason under `undefined`."""

import json

import pytest

import wcetool
from wcetool.results.document import to_json

STRUCTURE = {"like", "class_weight", "class_weight.source"}  # null says that there is none


def null_paths(value, path=""):
    if value is None:
        yield path
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key != "undefined":
                yield from null_paths(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for inner in value:
            yield from null_paths(inner, path)


PROBA = {"a": [1.0, 0.5, 0.2], "b": [0.0, 0.5, 0.8]}
ROWS = [[1.0, 0.0], [0.5, 0.5], [0.2, 0.8]]
RESULTS = {
    "absent class": lambda: wcetool.analyze(["a"], classes="a,b"),
    "a class without weight": lambda: wcetool.analyze(["a", "b"], sample_weight=[1.0, 0.0]),
    "splits": lambda: wcetool.analyze(["a", "b", "a"], splits=["x", "y", "y"]),
    "splits and groups": lambda: wcetool.analyze(
        ["a", "b", "a"], splits=["x", "y", "y"], groups=[1, 1, 2]
    ),
    "splits of one class": lambda: wcetool.analyze(["a", "a"], splits=["x", "y"]),
    "a split without labels": lambda: wcetool.analyze(["a", "a", None], splits=["x", "y", "z"]),
    "few rows": lambda: wcetool.analyze(["a", "b"], splits=["x", "y"]),
    "balanced": lambda: wcetool.analyze(["a", "b"]),
    "labels": lambda: wcetool.analyze([["a"], ["a", "b"], []], classes="a,b,c"),
    "no labels": lambda: wcetool.analyze([[0, 0], [0, 0]]),
    "many label sets": lambda: wcetool.analyze([["a"], ["b"], []], max_label_sets=2),
    "weights of nothing": lambda: wcetool.class_weights(
        ["a"], "manual", set_weights={"a": 0, "b": 1}, classes="a,b"
    ),
    "weights": lambda: wcetool.class_weights(["a", "b"]),
    "absent weight": lambda: wcetool.class_weights(["a"], classes="a,b", zero_count="zero"),
    "score": lambda: wcetool.score([0, 1, 1], ROWS),
    "one row": lambda: wcetool.score([0], ROWS[:1]),
    "infinite": lambda: wcetool.score([1, 1, 0], ROWS),
    "infinite alone": lambda: wcetool.score([1], ROWS[:1]),
    "a class without rows": lambda: wcetool.score([0, 0, 0], ROWS, class_weight="inverse"),
    "weights by hand": lambda: wcetool.score([0, 1, 1], ROWS, class_weight=[1, 2]),
    "hidden": lambda: wcetool.score([1, 0, 0], ROWS, class_weight=[1, 0]),
    "no weight": lambda: wcetool.score([0, 0, 0], ROWS, class_weight=[0, 1]),
    "no weight, infinite": lambda: wcetool.score([1, 0, 0], ROWS, class_weight=[0, 0]),
    "huge weights": lambda: wcetool.score([0, 1, 1], ROWS, class_weight=[1e308, 1e308]),
    "huge logits": lambda: wcetool.score(
        [0, 1], [[0.0, 1e300], [1e300, 0.0]], input="logits", class_weight=[1e10, 1]
    ),
    "tiny weights": lambda: wcetool.score([0, 1, 1], ROWS, class_weight=[5e-324, 5e-324]),
}


@pytest.mark.parametrize("name", RESULTS)
@pytest.mark.parametrize("reduction", ["weighted-mean", "sum"])
def test_every_null_has_a_reason_and_every_reason_a_null(name, reduction, monkeypatch):
    usual = wcetool.score
    monkeypatch.setattr(wcetool, "score", lambda *a, **kw: usual(*a, reduction=reduction, **kw))
    document = json.loads(to_json(RESULTS[name]().to_dict()))
    nulls = set(null_paths(document)) - STRUCTURE
    assert nulls == set(document["undefined"])
    assert all(document["undefined"].values())


def test_blank_lines_of_a_stream_with_quotes_are_unknown(cli):
    document = cli("analyze", "-", "-f", "json", "-l", "y", stdin=b'x,y\n1,"a"\n\n2,b\n').json
    assert document["inputs"] == [{"path": "-", "rows": 2, "blank_lines": None}]
    assert "inputs.blank_lines" in document["undefined"]
