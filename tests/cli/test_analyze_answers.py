"""`wcetool analyze`: all measures, named buckets, intervals, advice and gates."""

import json

import pyarrow as pa
import pytest
from conftest import HOSTILE_LABELS

import wcetool
from wcetool.core.measures import MEASURES
from wcetool.errors import UsageError
from wcetool.results.analysis import DRIFT_QUANTITIES, QUANTITIES

ABCD = "label\n" + "A\n" * 198 + "B\n" * 436 + "C\n" * 710 + "D\n" * 272


@pytest.fixture
def abcd(write):
    return write("labels.csv", ABCD)


@pytest.fixture
def rare(write):
    return write("labels.csv", "label\n" + "a\n" * 900 + "b\n" * 3)


def test_json_has_every_measure_and_why_one_is_undefined(cli, write):
    write("labels.csv", "label\nx\nx\n")
    document = cli("analyze", "labels.csv", "-f", "json").json
    assert set(MEASURES) < set(document["imbalance"])
    missing = {name for name, value in document["imbalance"].items() if value is None}
    assert {f"imbalance.{name}" for name in missing} == set(document["undefined"])
    assert document["undefined"]["imbalance.gini_normalized"] == "there is one class"


def test_buckets_may_be_named_after_the_code_they_are_from(cli, write):
    counts = {"a": 101, "b": 100, "c": 20, "d": 10}
    write("labels.csv", "label\n" + "".join(f"{label}\n" * n for label, n in counts.items()))
    found = {
        name: list(
            cli("analyze", "labels.csv", "-f", "json", "--buckets", name).json["buckets"].values()
        )
        for name in ("kang", "oltr", "lvis", "100,20")
    }
    assert found == {
        "kang": [1, 2, 1],
        "oltr": [2, 0, 2],
        "lvis": [1, 2, 1],
        "100,20": [1, 2, 1],
    }
    ran = cli("analyze", "labels.csv", "--buckets", "ltr")
    assert (ran.code, "names: kang, oltr, lvis" in ran.stderr) == (2, True)


def test_intervals_stand_in_every_format(cli, abcd):
    asked = ("analyze", "labels.csv", "--confidence", "wilson")
    document = cli(*asked, "-f", "json").json
    first = document["classes"][0]
    assert (first["share_low"], first["share_high"]) == pytest.approx(
        (0.107427, 0.139413), abs=1e-6
    )
    low, high = document["confidence"]["ratio"]
    assert low < document["imbalance"]["ratio"] < high
    assert "confidence:wilson|level:0.95" in document["signature"]
    assert cli(*asked, "-f", "csv").stdout.startswith(
        "label,index,count,share,ratio,share_low,share_high\nA,0,198,"
    )
    table = cli(*asked).stdout
    assert "A        198  12.25%  10.74% to 13.94%  3.5859" in table
    assert f"95% interval {low:.4f} to {high:.4f}" in table
    assert "| A | 198 | 12.25% | 10.74% to 13.94% | 3.5859 |" in cli(*asked, "-f", "md").stdout
    assert "|          —|" not in cli(*asked, "--top", "1", "-f", "md").stdout


def test_the_ratio_of_a_handful_has_no_interval_and_says_why(cli, rare):
    asked = ("analyze", "labels.csv", "--confidence", "goodman", "--level", "0.9")
    document = cli(*asked, "-f", "json").json
    assert document["confidence"]["ratio"] is None
    reason = "the rarest class has fewer than 5 labels"
    assert document["undefined"]["confidence.ratio"] == reason
    assert f"no interval: {reason}" in cli(*asked).stdout


def test_one_class_has_no_ratio_to_be_unsure_of(cli, write):
    write("labels.csv", "label\n" + "a\n" * 20)
    document = cli("analyze", "labels.csv", "--confidence", "clopper-pearson", "-f", "json").json
    assert document["undefined"]["confidence.ratio"] == "there is one class"
    low, high = (document["classes"][0][key] for key in ("share_low", "share_high"))
    assert (low, high) == (pytest.approx(0.025 ** (1 / 20), rel=1e-12), 1.0)


def test_a_declared_class_without_labels_has_an_upper_bound(cli, rare):
    asked = ("analyze", "labels.csv", "--confidence", "jeffreys", "--classes", "a,b,c")
    bound = cli(*asked, "-f", "json").json["confidence"]["absent_share_high"]
    assert bound == pytest.approx(1 - 0.05 ** (1 / 903), rel=1e-12)
    assert "declared, without labels; each below 0.33% at 95%" in cli(*asked).stdout


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--level", "0.9"], "--level: has no effect without --confidence"),
        (["--confidence", "wilson", "--level", "95"], "--level: 95.0 is not between 0 and 1"),
        (["--confidence", "wald"], "--confidence: 'wald' is not one of wilson, goodman,"),
    ],
)
def test_intervals_that_cannot_be_given_are_refused(cli, abcd, args, message):
    ran = cli("analyze", "labels.csv", *args)
    assert ran.code == 2
    assert ran.stderr.startswith(f"error: {message}")


def test_counts_that_were_written_with_intervals_are_read_like_others(cli, abcd):
    cli("analyze", "labels.csv", "--confidence", "wilson", "-o", "counts.json")
    again = cli("analyze", "counts.json", "-f", "json").json
    assert "confidence" not in again
    assert "confidence" not in again["signature"]
    assert "confidence" not in json.dumps(wcetool.class_weights([*"aab"]).to_dict())


def test_advice_stands_at_the_end_unless_quiet(cli, rare):
    shown = cli("analyze", "labels.csv").stdout
    assert "\nWhat could be done\n  Get more labels of 'b': " in shown
    assert "(Elkan 2001; Provost 2000)" in shown
    assert "What could be done" not in cli("analyze", "labels.csv", "-q").stdout
    advice = cli("analyze", "labels.csv", "-f", "json", "-q").json["advice"]
    assert 1 <= len(advice) <= 4
    assert all(set(one) == {"advice", "because", "source"} for one in advice)
    assert "What could be done" in cli("analyze", "labels.csv", "-f", "md").stdout


def test_the_price_of_weights_is_the_one_that_weights_shows(cli, rare):
    (advice,) = (
        one
        for one in cli("analyze", "labels.csv", "-f", "json").json["advice"]
        if "--scheme inverse --cap 10" in one["advice"]
    )
    sizes = [
        cli("weights", "labels.csv", "--scheme", "inverse", *cap, "-f", "json").json[
            "effective_sample_size"
        ]
        for cap in (["--cap", "10"], [])
    ]
    assert f"count like {sizes[0]:,.0f} (without the cap {sizes[1]:,.0f})" in advice["because"]


def test_labels_in_advice_are_shown_as_text(cli, tmp_path):
    for i, label in enumerate(HOSTILE_LABELS):
        counts = {"schema": "wcetool.analyze/1", "missing": 0}
        classes = [{"label": "zz", "count": 50}, {"label": label, "count": 2}]
        (tmp_path / f"{i}.json").write_text(json.dumps({**counts, "classes": classes}))
        for form in ("table", "md", "json"):
            ran = cli("analyze", f"{i}.json", "-f", form)
            assert ran.code == 0
            assert "\x1b" not in ran.stdout
            assert "\u202e" not in ran.stdout
            assert form != "md" or "<script>" not in ran.stdout


def test_a_gate_that_fails_ends_with_1_after_the_result(cli, rare):
    ran = cli("analyze", "labels.csv", "-q", "--fail-if", "ratio > 100", "--fail-if", "rows < 5")
    assert ran.code == 1
    assert ran.stderr == "failed: ratio > 100 (ratio is 300)\n"
    assert "Imbalance ratio 300.0000" in ran.stdout
    written = cli("analyze", "labels.csv", "-q", "--fail-if", "min_count<5", "-o", "a.json")
    assert (written.code, written.stderr) == (1, "failed: min_count < 5 (min_count is 3)\n")


def test_a_gate_that_passes_changes_nothing_but_the_document(cli, rare):
    ran = cli("analyze", "labels.csv", "-f", "json", "--fail-if", "evenness < 0.01")
    assert ran.code == 0
    assert "failed" not in ran.stderr
    (gate,) = ran.json["gates"]
    assert (gate["gate"], gate["failed"]) == ("evenness < 0.01", False)
    assert gate["value"] == ran.json["imbalance"]["evenness"]


def test_what_is_undefined_fails_and_says_why(cli, write):
    write("labels.csv", "label\nx\n")
    ran = cli("analyze", "labels.csv", "-q", "--fail-if", "ecol_c2 > 0.5")
    assert (ran.code, ran.stderr) == (
        1,
        "failed: ecol_c2 > 0.5 (ecol_c2 is undefined: there is one class)\n",
    )


@pytest.mark.parametrize("name", QUANTITIES)
def test_every_number_that_is_named_can_be_a_gate(name):
    table = pa.table(
        {
            "label": ["a", "b", "b", None] * 2,
            "split": ["train"] * 5 + ["test"] * 3,
            "id": [*"abcdabcd"],
        }
    )
    options = {"label_column": "label", "split_column": "split", "group_column": "id"}
    found = wcetool.analyze(table, classes=["a", "b", "c"], **options)
    (told,) = found.failures(f"{name} > -1")
    assert told.startswith(f"{name} > -1 ({name} is ")
    assert "undefined" not in told


@pytest.mark.parametrize("name", DRIFT_QUANTITIES)
def test_a_gate_on_drift_needs_splits(cli, write, name):
    write("labels.csv", "label\na\nb\n")
    ran = cli("analyze", "labels.csv", "--fail-if", f"{name} > 0.2")
    assert ran.code == 2
    assert "--split-column" in ran.stderr
    assert ran.stdout == ""
    told = wcetool.analyze(["a", "b"]).failures(f"{name} > 0.2")
    assert told == (f"{name} > 0.2 ({name} is undefined: no --split-column)",)


def test_counts_in_gates_are_those_of_declared_classes_too():
    found = wcetool.analyze(["a", "b", "b", None], classes=["a", "b", "c"])
    assert found.failures(["min_count == 0", "absent_classes == 1", "missing_share > 0.25"]) == (
        "min_count == 0 (min_count is 0)",
        "absent_classes == 1 (absent_classes is 1)",
    )
    assert found.failures() == ()
    asked = wcetool.analyze(["a", "b", "b"], fail_if="ratio >= 2")
    assert asked.failures() == ("ratio >= 2 (ratio is 2)",)


def test_a_gate_is_checked_before_anything_is_read(cli):
    ran = cli("analyze", "no-such-file.csv", "--fail-if", "ratoi > 3")
    assert (ran.code, 'hint: --fail-if "ratio > 3"' in ran.stderr) == (2, True)
    with pytest.raises(UsageError, match="is no condition"):
        wcetool.analyze(["a"], fail_if=["ratio"])


def test_gates_may_stand_in_the_configuration(cli, rare, write):
    write("wcetool.toml", '[analyze]\nfail-if = ["ratio > 100", "min_count < 5"]\n')
    assert cli("analyze", "labels.csv", "-q").stderr == (
        "failed: ratio > 100 (ratio is 300)\nfailed: min_count < 5 (min_count is 3)\n"
    )
