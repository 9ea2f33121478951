"""Points of the literature and of other libraries, for every registry that has their function."""

import json
from pathlib import Path

import numpy as np
import pytest
import reference

from wcetool.core.multilabel import measure_labels

PATH = Path(__file__).parent / "cases" / "reference_numbers.json"
POINTS = json.loads(PATH.read_text(encoding="utf-8"))
COVERED = [point for point in POINTS if reference.is_covered(point)]
# What is done with predictions after training, losses that no option of `score` gives, values
# without a function, and label sets whose data are not here.
NOT_COVERED = {
    *("em", "priorshift", "bbse", "elkan_threshold", "elkan_base", "mincost", "youden", "maxf1"),
    *("ece", "ece_multi", "temperature", "signflip", "asl", "seesaw", "eql_excluded"),
    *("enet_inverse_sum", "ml_file", None),
}


@pytest.mark.parametrize("point", COVERED, ids=[point["id"] for point in COVERED])
def test_a_point_of_the_reference_is_met(point):
    assert reference.deviation(reference.found_by(point), point["expected"]) <= point["tol"]


def test_nothing_else_is_left_out():
    left_out = {point.get("fn") for point in POINTS} - reference.FUNCTIONS.keys()
    assert left_out == NOT_COVERED


def test_the_runner_tells_what_differs_and_what_it_has_not(tmp_path, capsys):
    points = [
        {"id": "right", "fn": "balanced", "input": {"n": [1, 1]}, "expected": [1, 1], "tol": 1e-9},
        {"id": "wrong", "fn": "balanced", "input": {"n": [1, 1]}, "expected": [1, 2], "tol": 1e-9},
        {"id": "other", "fn": "youden", "input": {}, "expected": 0, "tol": 1e-9},
    ]
    path = tmp_path / "points.json"
    path.write_text(json.dumps(points), encoding="utf-8")
    assert reference.main(str(path)) == 1
    told = capsys.readouterr().out
    assert "differs: wrong: by 0.5" in told
    assert "1 points agree, 1 differ, 1 are not covered" in told
    assert "not covered: youden (1)" in told


# Rows, labels, cardinality, density, MaxIR, MeanIR, CVIR as mldr gives them for its own objects; of
# other sets of the literature the counts of the labels are not at hand.
PUBLISHED = {
    "emotions": (593, 6, 1.868465, 0.311411, 1.783784, 1.478068, 0.179571),
    "flags": (194, 7, 3.391753, 0.484536, 5.884615, 2.254709, 0.764775),
    "genbase": (662, 27, 1.252266, 0.046380, 171, 37.314581, 1.449416),
    "medical": (978, 45, 1.245399, 0.027676, 266, 89.501361, 1.147574),
    "slashdot": (3782, 22, 1.180857, 0.053675, 194.6667, 19.462409, 2.287773),
    "ng20": (19300, 20, 1.028860, 0.051443, 1.028807, 1.007271, 0.008582),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_published_values_of_a_multi_label_set_are_met(name):
    n_rows, n_labels, *expected = PUBLISHED[name]
    counts = next(np.array(p["input"]["n"]) for p in POINTS if p["id"] == f"irlbl_{name}")
    found = measure_labels(counts, n_rows, None).values
    assert len(counts) == n_labels
    names = ("cardinality", "density", "max_ir", "mean_ir", "cvir")
    assert [found[one] for one in names] == pytest.approx(expected, rel=1e-6, abs=1e-6)
