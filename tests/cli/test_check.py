"""`wcetool check` as a user runs it."""

from pathlib import Path

import pytest
from conftest import HOSTILE_LABELS

import wcetool

LABELS = "label\n" + "a\n" * 6 + "b\n" * 3 + "c\n"
PREDS = "label,p_c,p_b,p_a,p_d\na,0.1,0.1,0.7,0.1\nb,0.1,0.7,0.1,0.1\nc,0.7,0.1,0.1,0.1\n"


@pytest.fixture
def weights(cli, write):
    write("labels.csv", LABELS)
    assert cli("weights", "labels.csv", "-o", "w.json").code == 0
    return "w.json"


def test_weights_pass_against_the_labels_they_come_from(cli, weights):
    ran = cli("check", weights, "labels.csv")
    assert ran.code == 0
    assert "All 9 checks passed." in ran.stdout
    assert "note: label column 'label'" in ran.stderr


def test_a_failed_check_is_the_exit_code_and_says_what_to_do(cli, write, weights):
    write("more.csv", LABELS + "c\nd\n")
    ran = cli("check", weights, "more.csv")
    assert ran.code == 1
    assert "2 checks of 9 failed: missing-classes, counts." in ran.stdout
    assert "'d' without a weight, in 1 row" in ran.stdout
    assert (
        "hint: wcetool weights more.csv --label-column label --scheme inverse -o w.json"
        in ran.stdout
    )
    allowed = cli("check", weights, "more.csv", "--allow", "counts", "--allow", "missing-classes")
    assert allowed.code == 0
    assert "All checks passed but those that may fail." in allowed.stdout


def test_the_json_contract(cli, write, weights):
    ran = cli("check", weights, "labels.csv", "--max-ratio", "5", "-f", "json")
    document = ran.json
    assert ran.code == 1
    assert document["schema"] == "wcetool.check/1"
    assert document["weights"] == {"path": "w.json", "scheme": "inverse"}
    assert document["inputs"] == [{"path": "labels.csv", "rows": 10}]
    assert (document["passed"], document["failed"]) == (False, ["ratio"])
    assert document["checks"][5] == {
        "check": "ratio",
        "passed": False,
        "allowed": False,
        "found": "'c' weighs 6 times 'a'",
        "expected": "at most 5 times the smallest",
        "hint": "wcetool weights --cap RATIO, or --max-ratio here",
    }
    assert document["undefined"] == {"checks.normalization.passed": "nothing is said of the scale"}
    assert document["signature"].startswith("check|checks:10|max-ratio:5.0|allow:none|")


@pytest.mark.parametrize("form", ["table", "json", "csv", "md"])
def test_every_format_names_every_check(cli, weights, form):
    ran = cli("check", weights, "labels.csv", "-f", form)
    assert ran.code == 0
    for name in ("kind", "order", "zero-weights", "counts-hash", "scheme"):
        assert name in ran.stdout


def test_predictions_are_understood_as_score_understands_them(cli, write, weights):
    write("preds.csv", PREDS)
    ran = cli("check", weights, "preds.csv", "-f", "json")
    checks = {row["check"]: row for row in ran.json["checks"]}
    assert ran.code == 1
    assert checks["missing-classes"]["found"] == "'d' with scores and without a weight"
    # The columns stand in the order of the outputs of the model: c, b, a.
    assert checks["order"]["passed"] is False
    assert "--classes c,b,a" in checks["order"]["hint"]
    assert checks["counts"]["passed"] is None
    assert "score columns for 4 classes" in ran.stderr


def test_numeric_columns_beside_a_label_are_no_scores(cli, write, weights):
    rows = LABELS.replace("\n", ",1.5\n").replace("label,1.5", "label,age")
    write("labels2.csv", rows)
    assert cli("check", weights, "labels2.csv").code == 0
    ran = cli("check", weights, "labels.csv", "--scores", "p_*")
    assert ran.code == 2
    assert "has no effect" in ran.stderr
    ran = cli("check", weights, "labels2.csv", "--scores", "p_*")
    assert ran.code == 3
    assert "no column matches 'p_*'" in ran.stderr


def test_counts_and_several_files_are_data_too(cli, write, weights):
    assert cli("analyze", "labels.csv", "-o", "counts.json").code == 0
    assert cli("check", weights, "counts.json").code == 0
    write("one.csv", "label\n" + "a\n" * 6)
    write("two.csv", "label\n" + "b\n" * 3 + "c\n")
    assert cli("check", weights, "one.csv", "two.csv").code == 0
    stdin = cli("check", weights, "-", "--input-format", "csv", stdin=LABELS.encode())
    assert stdin.code == 0


def test_what_cannot_be_read_is_an_error_and_not_a_failed_check(cli, write, weights):
    write("bad.json", Path("w.json").read_text().replace('"weight": ', '"weight": -'))
    ran = cli("check", "bad.json", "labels.csv")
    assert ran.code == 3
    assert "class 'a': weight" in ran.stderr
    assert cli("check", weights, "not-there.csv").code == 3
    assert cli("check", weights).code == 2
    assert cli("check", weights, "labels.csv", "--allow", "none").code == 2
    assert cli("check", weights, "labels.csv", "-o", "w.json").code == 2


@pytest.mark.parametrize("form", ["table", "json", "csv", "md"])
def test_hostile_labels_are_shown_harmlessly(cli, write, form):
    labels = [label for label in HOSTILE_LABELS if label.strip() == label]
    wcetool.write_weights(wcetool.class_weights(dict.fromkeys(labels, 2)), "w.json")
    write("labels.csv", "label\nplain\n")
    ran = cli("check", "w.json", "labels.csv", "-f", form)
    assert ran.code == 1
    assert "\x1b" not in ran.stdout
    assert "\u202e" not in ran.stdout
