"""`check`: which faults of a weight file it finds, and that it finds none where there are none."""

import shlex
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import wcetool
from wcetool.core.schemes import SCHEMES, Kind
from wcetool.core.vocabulary import CheckName, Normalization, Task

COUNTS = {"a": 40, "b": 8, "c": 2}
OF_COUNTS = [
    name
    for name, entry in SCHEMES.items()
    if not entry.needs and Task.MULTICLASS in entry.tasks and entry.kind is Kind.CLASS
]


def found(weights, data=COUNTS, **options):
    return {one.check.value: one for one in wcetool.check(weights, data, **options).checks}


def failed(weights, data=COUNTS, **options):
    return set(wcetool.check(weights, data, **options).failed)


label_counts = st.dictionaries(st.sampled_from("abcdefg"), st.integers(1, 10**6), min_size=3)


@given(
    counts=label_counts,
    scheme=st.sampled_from(OF_COUNTS),
    how=st.sampled_from(list(Normalization)),
)
def test_weights_pass_against_their_counts(counts, scheme, how):
    weights = wcetool.class_weights(counts, scheme, normalize=how)
    checks = found(weights, counts, max_ratio=1e300)
    assert not [one for one in checks.values() if one.failed]
    assert checks["scheme"].passed is True


@settings(max_examples=10)  # each looks for a scheme that gives the edited weights
@given(
    counts=label_counts,
    scheme=st.sampled_from(OF_COUNTS),
    edited=st.floats(1.01, 10),
)
def test_a_weight_that_was_edited_is_found(counts, scheme, edited):
    weights = wcetool.class_weights(counts, scheme)
    first, *others = weights.weight
    changed = replace(weights, weight=(first * edited, *others))
    if first > 0:
        assert "scheme" in failed(changed, counts)


@pytest.mark.parametrize(
    "options",
    [
        {"cap": 3.0},
        {"set_weights": {"b": 0.125}},
        {"classes": ["a", "b", "c", "d"], "zero_count": "zero"},
        {"classes": ["a", "b", "c", "d"], "zero_count": "cap", "cap": 5.0},
    ],
)
def test_what_was_asked_for_beside_the_scheme_is_computed_again(options, tmp_path):
    weights = wcetool.class_weights(COUNTS, "inverse", **options)
    path = tmp_path / "w.json"
    wcetool.write_weights(weights, path)
    data = wcetool.analyze(COUNTS, classes=options.get("classes"))
    checks = found(path, data)
    assert checks["scheme"].passed is True
    assert not [one for one in checks.values() if one.failed]


@pytest.mark.parametrize("suffix", [".json", ".csv", ".parquet", ".npy"])
def test_every_form_of_the_weight_file_is_checked(suffix, tmp_path):
    weights = wcetool.class_weights(COUNTS, "inverse-sqrt", normalize="mean-1")
    path = tmp_path / f"w{suffix}"
    wcetool.write_weights(weights, path)
    checks = found(path)
    assert not [one for one in checks.values() if one.failed]
    assert checks["counts"].passed is True
    # A CSV file holds neither the scheme nor a hash.
    wanted = None if suffix == ".csv" else True
    assert checks["scheme"].passed is wanted
    assert checks["counts-hash"].passed is wanted


def test_a_npy_of_float32_is_no_edit(tmp_path):
    weights = wcetool.class_weights(COUNTS, "inverse-sqrt")
    wcetool.write_weights(weights, tmp_path / "w.npy")
    np.save(tmp_path / "w.npy", np.array(weights.weight, dtype=np.float32))
    assert found(tmp_path / "w.npy")["scheme"].passed is True


def test_missing_and_extra_classes_are_named():
    weights = wcetool.class_weights({"a": 40, "b": 8, "old": 3})
    checks = found(weights)
    assert checks["missing-classes"].found == "'c' without a weight, in 2 rows"
    assert checks["extra-classes"].found == "'old' not in the data"
    assert {"missing-classes", "extra-classes", "counts"} == failed(weights)


def test_a_declared_class_without_samples_is_not_extra():
    weights = wcetool.class_weights(COUNTS, classes=["a", "b", "c", "d"], zero_count="zero")
    assert failed(weights) == set()


def test_another_order_is_found():
    weights = wcetool.class_weights(COUNTS, classes=["b", "a", "c"])
    assert found(weights)["order"].passed is None  # nothing says that the data have another one
    assert found(weights, classes=["b", "a", "c"])["order"].passed is True
    weights = replace(weights, parameters={})
    assert failed(weights) == {"order"}
    assert "--classes a,b,c" in found(weights)["order"].hint
    assert failed(weights, allow="order") == set()
    assert failed(weights, allow=["order", "counts"]) == set()


def test_stale_counts_name_what_changed_most_and_what_it_does_to_the_weights():
    weights = wcetool.class_weights(COUNTS)
    stale = found(weights, {"a": 41, "b": 9, "c": 8})["counts"]
    assert stale.passed is False
    assert "3 classes have other counts, most of all 'c' 2 → 8, 'b' 8 → 9, 'a' 40 → 41" in (
        stale.found
    )
    # inverse: 50 / (3 * 2) = 8.33 becomes 58 / (3 * 8) = 2.42
    assert "change by more than 71 % ('c')" in stale.found


def test_a_weight_of_zero_is_found_where_the_class_occurs():
    weights = wcetool.class_weights(COUNTS, "manual", set_weights={"a": 0, "b": 1, "c": 0})
    zero = found(weights)["zero-weights"]
    assert zero.found == "'a', 'c' with weight 0: 42 rows would not count"
    assert found(weights, {"b": 3})["zero-weights"].passed is True


def test_the_largest_ratio_is_a_choice():
    weights = {"a": 1.0, "b": 1000.0, "c": 0.0}
    assert found(weights)["ratio"].passed is True
    assert found(weights, max_ratio=999)["ratio"].found == "'b' weighs 1000 times 'a'"
    assert "ratio" in failed(weights, max_ratio=999)
    with pytest.raises(wcetool.UsageError, match="at least 1"):
        wcetool.check(weights, COUNTS, max_ratio=0.5)


@pytest.mark.parametrize("how", [one for one in Normalization if one.value.endswith("-1")])
def test_a_normalization_that_does_not_hold_is_found(how):
    weights = wcetool.class_weights(COUNTS, "inverse-sqrt", normalize=how)
    assert found(weights)["normalization"].passed is True
    doubled = replace(weights, weight=tuple(2 * one for one in weights.weight))
    wrong = found(doubled)["normalization"]
    assert wrong.passed is False
    assert wrong.found.endswith(" 2")


def test_edited_weights_are_named_by_the_scheme_that_gives_them():
    inverse = wcetool.class_weights(COUNTS, "inverse-sqrt")
    relabelled = replace(inverse, scheme="max-ratio")
    assert found(relabelled)["scheme"].found.endswith("the weights are those of inverse-sqrt")


def test_counts_that_were_edited_no_longer_have_their_hash(tmp_path):
    path = tmp_path / "w.json"
    wcetool.write_weights(wcetool.class_weights(COUNTS), path)
    path.write_text(path.read_text().replace('"count": 8', '"count": 9'))
    assert {"counts-hash", "scheme", "counts"} == failed(path)


def test_the_hint_asks_for_the_same_weights_again(tmp_path, cli):
    labels = ["a"] * 40 + ["b"] * 8 + ["c"] * 2
    (tmp_path / "my labels.csv").write_text("\n".join(["label", *labels]))
    options = ("--scheme", "inverse-sqrt", "--normalize", "mean-1", "--cap", "2", "--classes")
    options = (*options, "c,a,b")
    assert cli("weights", "my labels.csv", *options, "-o", "w.json").code == 0
    kept = wcetool.read_weights("w.json").weight
    edited = Path("w.json").read_text().replace('"weight": 0', '"weight": 1')
    Path("w.json").write_text(edited)
    failure = found(Path("w.json"), [Path("my labels.csv")])["scheme"]
    assert failure.passed is False
    assert cli(*shlex.split(failure.hint.removeprefix("they were edited: wcetool "))).code == 0
    assert wcetool.read_weights("w.json").weight == kept


def test_a_file_without_any_samples_is_no_crash(tmp_path):
    weights = replace(wcetool.class_weights(COUNTS), count=(0, 0, 0))
    wcetool.write_weights(weights, tmp_path / "w.json")
    assert found(tmp_path / "w.json")["scheme"].found == "it has none: no class has samples"
    scaled = replace(weights, normalization=Normalization.SAMPLE_MEAN_1)
    assert found(scaled)["normalization"].passed is None


def test_the_largest_numbers_are_no_crash():
    huge = dict.fromkeys(COUNTS, 1.7e308) | {"a": 5e-324}
    weights = replace(wcetool.class_weights(COUNTS), weight=tuple(huge.values()))
    for how in Normalization:
        checks = found(replace(weights, normalization=how))
        assert checks["ratio"].passed is False
        assert checks["scheme"].passed is False


def test_weights_in_memory_have_little_that_can_be_checked():
    checks = found({"a": 1.0, "b": 2.0, "c": 3.0})
    nothing = {name for name, one in checks.items() if one.passed is None}
    assert nothing == {"normalization", "counts-hash", "scheme", "counts"}
    report = wcetool.check({"a": 1.0}, ["a"])
    assert set(report.undefined) == {"weights.path"} | {f"checks.{n}.passed" for n in nothing}
    assert list(report.to_frame()["check"]) == list(CheckName)


def test_numbers_of_another_kind_are_for_training_alone(tmp_path):
    margins = replace(wcetool.class_weights(COUNTS, "uniform"), kind=Kind.MARGIN)
    assert found(margins)["kind"].passed is True
    assert found(margins)["ratio"].passed is None
    path = tmp_path / "preds.csv"
    path.write_text("label,p_a,p_b,p_c\na,0.5,0.25,0.25\nb,0.2,0.4,0.4\nc,0.1,0.1,0.8\n")
    assert found(margins, [path])["kind"].passed is False
    labels = replace(margins, kind=Kind.LABEL, negative_weight=(1.0, 1.0, 1.0))
    assert found(labels)["kind"].passed is False


def test_a_scheme_is_no_weight_file():
    with pytest.raises(wcetool.UsageError, match="no weights of its own"):
        wcetool.check("inverse", COUNTS)


def test_an_unknown_check_cannot_be_allowed():
    with pytest.raises(wcetool.UsageError, match="'count' is not one of") as caught:
        wcetool.check({"a": 1}, ["a"], allow=["count"])
    assert caught.value.hint == "--allow counts"
