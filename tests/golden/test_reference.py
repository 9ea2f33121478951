"""Points of the literature and of other libraries, for every registry that has their function."""

import json
from pathlib import Path

import pytest
import reference

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
