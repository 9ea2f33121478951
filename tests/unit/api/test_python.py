"""The Python functions take what people have: lists, NumPy, pandas, Polars, pyarrow, paths."""

import inspect
import math

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.metrics import log_loss

import wcetool
from wcetool.api.evaluation import ScoreKeywords
from wcetool.cli.options import ReadingFlags
from wcetool.data.options import ReadingKeywords, ReadingOptions
from wcetool.errors import UsageError

LABELS = ["b", "a", "b", "b", "c"]
PAIR = [[0.5, 0.5], [0.5, 0.5]]
COLUMNS = {
    "list": LABELS,
    "tuple": tuple(LABELS),
    "generator": (label for label in LABELS),
    "NumPy": np.array(LABELS),
    "NumPy objects": np.array(LABELS, dtype=object),
    "pandas": pd.Series(LABELS),
    "pandas objects": pd.Series(LABELS, dtype=object),
    "pandas categories": pd.Series(LABELS, dtype="category"),
    "pandas index": pd.Index(LABELS),
    "pandas frame": pd.DataFrame({"label": LABELS, "x": 1}),
    "Polars": pl.Series(LABELS),
    "Polars categories": pl.Series(LABELS, dtype=pl.Categorical),
    "Polars frame": pl.DataFrame({"label": LABELS, "x": [1] * 5}),
    "pyarrow": pa.array(LABELS),
    "pyarrow chunks": pa.chunked_array([LABELS[:2], LABELS[2:]]),
    "pyarrow table": pa.table({"label": LABELS, "x": [1] * 5}),
}


@pytest.mark.parametrize("kind", COLUMNS)
def test_labels_of_every_kind(kind):
    found = wcetool.analyze(COLUMNS[kind] if kind != "generator" else iter(LABELS))
    assert dict(zip(found.counts.classes, found.counts.count.tolist(), strict=True)) == {
        "a": 1,
        "b": 3,
        "c": 1,
    }
    labels = COLUMNS[kind] if kind != "generator" else iter(LABELS)
    expected = wcetool.class_weights({"a": 1, "b": 3, "c": 1})
    assert wcetool.class_weights(labels).by_class == expected.by_class
    labels = COLUMNS[kind] if kind != "generator" else iter(LABELS)
    by_row = [expected.by_class[label] for label in LABELS]
    assert wcetool.sample_weights(labels, "inverse").tolist() == by_row
    if kind != "generator":
        proba = [[0.2, 0.3, 0.5]] * 5
        loss = wcetool.score(LABELS, proba, classes=["a", "b", "c"]).loss
        assert wcetool.score(COLUMNS[kind], proba, classes=["a", "b", "c"]).loss == loss


@pytest.mark.parametrize(
    ("values", "classes", "missing"),
    [
        ([1, 2, 1], ("1", "2"), 0),
        ([1.0, math.nan, 2.0], ("1.0", "2.0"), 1),
        ([True, False, None], ("False", "True"), 1),
        (["", "a", None], ("a",), 2),
        ([1, "1", 1.0, True], ("1", "1.0", "True"), 0),
        (np.array([3, 1]), ("1", "3"), 0),
        (np.array([1.0, np.nan]), ("1.0",), 1),
        (np.array([True]), ("True",), 0),
        (pd.Series([1, None], dtype="Int64"), ("1",), 1),
        (pd.Series([1, pd.NA], dtype=object), ("1",), 1),
        (pd.Series(["x", None], dtype="string"), ("x",), 1),
        (pl.Series([1, None]), ("1",), 1),
        (np.array([2**63], dtype=np.uint64), ("9223372036854775808",), 0),
    ],
    ids=repr,
)
def test_the_text_of_values(values, classes, missing):
    found = wcetool.analyze(values)
    assert (found.counts.classes, found.missing) == (classes, missing)


@pytest.mark.parametrize("values", [5, np.zeros((2, 2, 2)), [{"a": 1}]], ids=repr)
def test_what_is_no_column_of_labels_is_refused(values):
    with pytest.raises(wcetool.InputError):
        wcetool.analyze(values)


def test_a_str_is_a_path_and_a_list_of_paths_is_files(tmp_path):
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("label\nx\n")
    assert wcetool.analyze(str(tmp_path / "a.csv")).rows == 1
    assert wcetool.analyze(tmp_path / "a.csv").rows == 1
    assert wcetool.analyze([tmp_path / "a.csv", tmp_path / "b.csv"]).rows == 2
    assert wcetool.analyze(["a.csv", "b.csv"]).counts.classes == ("a.csv", "b.csv")


def test_counts_and_analyses_are_labels_too():
    from_labels = wcetool.class_weights(LABELS)
    assert wcetool.class_weights({"a": 1, "b": 3, "c": 1}).weight == from_labels.weight
    assert wcetool.class_weights(wcetool.analyze(LABELS)).weight == from_labels.weight
    with pytest.raises(wcetool.InputError, match="not a whole number"):
        wcetool.class_weights({"a": -1})
    for counts in ({"a": 1.5}, {"a": True}, {"a": "3"}):
        with pytest.raises(wcetool.InputError, match="not a whole number"):
            wcetool.class_weights(counts)
    with pytest.raises(wcetool.InputError, match="two labels have the text '1'"):
        wcetool.class_weights({1: 3, "1": 2})
    with pytest.raises(wcetool.InputError, match="more than 2"):
        wcetool.class_weights({"a": 2**62, "b": 2**62})
    assert wcetool.analyze({"a": np.int64(2), None: 3, math.nan: 1}).missing == 4
    assert wcetool.analyze({" a": 1, "A ": 2}, strip=True, casefold=True).counts.classes == ("a",)


def test_value_counts_are_not_taken_for_labels():
    column = pd.Series(LABELS, name="label")
    for counts in (column.value_counts(), column.value_counts(normalize=True)):
        with pytest.raises(wcetool.InputError) as error:
            wcetool.class_weights(counts)
        assert "to_dict()" in error.value.hint
    counts = column.value_counts().to_dict()
    assert wcetool.class_weights(counts).by_class == wcetool.class_weights(LABELS).by_class


def test_frames_of_mixed_values_and_twin_names_are_read_as_far_as_they_are_needed():
    frame = pd.DataFrame({"label": [1, "a", None, math.nan], "x": [1, "y", 2, 3]}, dtype=object)
    found = wcetool.analyze(frame)
    assert (found.counts.classes, found.missing) == (("1", "a"), 2)
    twins = pd.DataFrame([["a", 1, 2]], columns=["label", "x", "x"])
    assert wcetool.analyze(twins).rows == 1


def test_labels_without_a_name_get_none():
    assert wcetool.analyze(LABELS).notes == ()
    assert "label-column" not in wcetool.analyze(LABELS).signature
    named = wcetool.analyze(pa.table({"y_true": LABELS}))
    assert "|label-column:y_true|" in named.signature


def test_labels_of_which_no_two_are_alike_are_announced():
    found = wcetool.analyze([f"id{i}" for i in range(30)])
    assert any("each of the 30 labels occurs once" in text for text in found.warnings)


@pytest.mark.parametrize(
    "call",
    [
        lambda: wcetool.class_weights(LABELS, cap="x"),
        lambda: wcetool.class_weights(LABELS, set_weights={"a": "x"}),
        lambda: wcetool.score([0, 1], PAIR, class_weight=[1, "x"]),
        lambda: wcetool.score([0, 1], PAIR, class_weight={0: "x", 1: 2}),
        lambda: wcetool.score([0, 1], PAIR, class_weight=3),
        lambda: wcetool.score([0, 1], PAIR, clip="x"),
        lambda: wcetool.analyze(LABELS, label_column="label", input_format="csv"),
        lambda: wcetool.analyze(LABELS, delimiter=";"),
        *(
            lambda counts=counts, option=option: wcetool.class_weights(counts, **option)
            for counts in ({"a": 1}, wcetool.analyze(LABELS))
            for option in ({"label_column": "x"}, {"input_format": "csv"}, {"skip_lines": 1})
        ),
    ],
)
def test_wrong_values_are_usage_errors(call):
    with pytest.raises(wcetool.UsageError):
        call()


def test_none_is_the_default_of_every_keyword():
    reading = dict.fromkeys(set(ReadingKeywords.__annotations__) - {"defaults"})
    assert wcetool.analyze(LABELS, buckets=None, **reading).to_dict() == (
        wcetool.analyze(LABELS).to_dict()
    )
    nothing = dict.fromkeys(("normalize", "cap", "zero_count", "set_weights"))
    assert wcetool.class_weights(LABELS, None, **nothing) == wcetool.class_weights(LABELS)
    nothing = dict.fromkeys(ScoreKeywords.__annotations__)
    assert wcetool.score([0, 1], PAIR, **nothing).to_dict() == wcetool.score([0, 1], PAIR).to_dict()
    assert wcetool.analyze(LABELS, buckets=(5, 3)).buckets.few == 3


def test_a_text_column_among_the_scores_is_refused():
    frame = pd.DataFrame({"0": [0.5], "1": [0.5], "note": ["x"]})
    with pytest.raises(wcetool.InputError, match="column 'note' holds text"):
        wcetool.score([0], frame)


def test_a_row_that_does_not_sum_to_one_is_named():
    with pytest.raises(wcetool.InputError, match="row 2 does not hold probabilities"):
        wcetool.score([0, 1], [[0.5, 0.5], [0.2, 0.3]])


def test_the_truth_of_a_file_may_be_in_memory(tmp_path):
    pd.DataFrame({"p_a": [0.5, 0.2], "p_b": [0.5, 0.8]}).to_csv(tmp_path / "p.csv", index=False)
    found = wcetool.score_file(tmp_path / "p.csv", labels=["a", "b"], scores=["p_a", "p_b"])
    assert found.loss == wcetool.score(["a", "b"], [[0.5, 0.5], [0.2, 0.8]], classes="a,b").loss
    assert [one.rows for one in found.labels] == [2]


def test_sample_weights_read_files(tmp_path):
    pd.DataFrame({"label": LABELS}).to_csv(tmp_path / "l.csv", index=False)
    assert wcetool.sample_weights(tmp_path / "l.csv", {"a": 1, "b": 2, "c": 3}).tolist() == [
        2,
        1,
        2,
        2,
        3,
    ]


def test_sample_weights_follow_the_labels():
    weights = wcetool.class_weights(LABELS)
    expected = [weights.by_class[label] for label in LABELS]
    for given in (weights, weights.by_class, "inverse"):
        assert wcetool.sample_weights(LABELS, given).tolist() == expected
    assert wcetool.sample_weights(pd.Series(LABELS), weights).dtype == np.float64
    assert len(wcetool.sample_weights([], {"a": 1.0})) == 0


def test_sample_weights_name_the_row_that_has_none():
    with pytest.raises(wcetool.InputError, match="row 2: label 'z' has no weight"):
        wcetool.sample_weights(["a", "z"], {"a": 1.0})
    with pytest.raises(wcetool.InputError, match="row 3: the label is missing"):
        wcetool.sample_weights(["a", "a", None], {"a": 1.0})


PROBA = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.3, 0.3, 0.4], [0.5, 0.25, 0.25]])
TARGET = [0, 1, 2, 1]


@pytest.mark.parametrize(
    "scores",
    [
        PROBA,
        PROBA.tolist(),
        np.asfortranarray(PROBA),
        pd.DataFrame(PROBA),
        pd.DataFrame(PROBA, columns=["p_0", "p_1", "p_2"]),
        pd.DataFrame(PROBA[:, ::-1], columns=["2", "1", "0"]),
        pl.DataFrame(PROBA, schema=["0", "1", "2"]),
        pa.table({f"prob_{k}": PROBA[:, k] for k in range(3)}),
    ],
    ids=lambda scores: type(scores).__name__,
)
@pytest.mark.parametrize(
    "target",
    [TARGET, np.array(TARGET), pd.Series(TARGET), list(map(str, TARGET))],
    ids=["list", "NumPy", "pandas", "text"],
)
def test_scores_of_every_kind(scores, target):
    assert wcetool.score(target, scores).loss == pytest.approx(log_loss(TARGET, PROBA), rel=1e-13)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_scores_of_every_float_type(dtype):
    stored = PROBA.astype(dtype)
    expected = -np.mean([math.log(float(stored[i, k])) for i, k in enumerate(TARGET)])
    assert wcetool.score(TARGET, stored).loss == pytest.approx(expected, rel=1e-14)


def test_one_column_is_the_score_of_the_positive_class():
    for scores in (PROBA[:, 0], PROBA[:, :1], PROBA[:, 0].tolist(), pd.Series(PROBA[:, 0])):
        found = wcetool.score([1, 0, 0, 1], scores)
        assert found.loss == pytest.approx(log_loss([1, 0, 0, 1], PROBA[:, 0]), rel=1e-13)
        assert found.task == "binary"


def test_classes_name_the_columns_in_order():
    found = wcetool.score(["dog", "cat", "emu", "cat"], PROBA, classes=["dog", "cat", "emu"])
    assert found.classes == ("dog", "cat", "emu")
    assert found.loss == pytest.approx(log_loss(TARGET, PROBA), rel=1e-13)


@pytest.mark.parametrize(
    "class_weight",
    [[1, 2, 3.5], np.array([1, 2, 3.5]), {0: 1, 1: 2, 2: 3.5}, {"0": 1, "1": 2, "2": 3.5}],
    ids=repr,
)
def test_class_weights_of_every_kind(class_weight):
    weights = np.array([1, 2, 3.5])[TARGET]
    found = wcetool.score(TARGET, PROBA, class_weight=class_weight)
    assert found.loss == pytest.approx(log_loss(TARGET, PROBA, sample_weight=weights), rel=1e-13)


def test_class_weights_of_another_length_are_refused():
    with pytest.raises(wcetool.WeightFileError, match="2 weights, for 3 classes"):
        wcetool.score(TARGET, PROBA, class_weight=[1, 2])


@pytest.mark.parametrize(
    ("y_true", "y_score", "message"),
    [
        ([0, 1], PROBA, "2 labels, but 4 rows of scores"),
        (["cat"] * 4, PROBA, "the labels are names"),
        (TARGET, "high", "not an array of numbers"),
        (TARGET, np.zeros((4, 3, 2)), "has shape"),
        (TARGET, PROBA * 3 - 1, "--input logits"),
        ([3, 1, 2, 1], PROBA, "label '3' has no score column"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(y_true, y_score, message):
    with pytest.raises(wcetool.InputError) as caught:
        wcetool.score(y_true, y_score)
    assert message in str(caught.value)


def test_score_file_is_the_command(tmp_path):
    frame = pd.DataFrame(PROBA, columns=["p_0", "p_1", "p_2"]).assign(label=TARGET)
    frame.to_parquet(tmp_path / "p.parquet")
    weights = wcetool.class_weights(TARGET)
    wcetool.write_weights(weights, tmp_path / "w.json")
    by_path = wcetool.score_file(tmp_path / "p.parquet", weights=str(tmp_path / "w.json"))
    by_value = wcetool.score_file(str(tmp_path / "p.parquet"), weights=weights)
    assert by_path.loss == by_value.loss == wcetool.score(TARGET, PROBA, class_weight=weights).loss


def test_results_are_frozen_and_turn_into_frames_and_documents():
    found = wcetool.score([0, 1], [[0.0, 1.0], [0.5, 0.5]])
    assert found.loss == math.inf
    assert found.to_dict()["loss"]["value"] == math.inf  # only JSON writes "inf"
    assert found.to_frame().loc[0, "mean_loss"] == math.inf
    assert list(wcetool.analyze(LABELS).to_frame()["count"]) == [1, 3, 1]
    assert wcetool.class_weights(LABELS).to_frame().weight.dtype == float
    with pytest.raises(AttributeError):
        found.missing = 3


def test_the_public_names_are_there():
    for name in wcetool.__all__:
        assert getattr(wcetool, name) is not None
    assert set(wcetool.__all__) <= set(dir(wcetool))
    with pytest.raises(AttributeError):
        wcetool.nothing  # noqa: B018


def test_reading_options_are_the_same_everywhere():
    keywords = set(ReadingKeywords.__annotations__)
    assert keywords == set(inspect.signature(ReadingOptions.of).parameters)
    assert keywords - {"defaults"} == set(ReadingFlags().keywords()) | {
        name.replace("no_quoting", "quoting") for name in ReadingFlags.__dataclass_fields__
    }


def test_an_unknown_keyword_is_a_type_error():
    with pytest.raises(TypeError, match="delimitr"):
        wcetool.analyze(LABELS, delimitr=";")


def test_sample_weights_heed_a_header_that_looks_like_data(tmp_path):
    (tmp_path / "l.csv").write_text("7\n0\n1\n0\n")
    with pytest.raises(wcetool.InputError, match="the header '7' is a number"):
        wcetool.sample_weights(tmp_path / "l.csv", {"0": 1, "1": 2})
    weights = wcetool.sample_weights(tmp_path / "l.csv", {"0": 1, "1": 2, "7": 3}, header=False)
    assert weights.tolist() == [3, 1, 2, 1]


def test_counts_have_no_rows_to_weigh():
    for counts in ({"a": 1}, wcetool.analyze(LABELS)):
        with pytest.raises(wcetool.InputError, match="no rows to weigh"):
            wcetool.sample_weights(counts, "inverse")


def test_an_analysis_keeps_its_order():
    analysis = wcetool.analyze(["cat", "dog"], classes=["emu", "dog", "cat"])
    assert wcetool.analyze(analysis).counts.classes == ("emu", "dog", "cat")
    weights = wcetool.class_weights(analysis, zero_count="zero")
    assert weights.classes == ("emu", "dog", "cat")
    assert "|declared:emu,dog,cat|" in weights.signature


def test_masked_and_complex_scores_are_no_numbers():
    masked = np.ma.masked_array([[0.9, 0.1], [0.2, 0.8]], mask=[[0, 1], [0, 0]])
    with pytest.raises(wcetool.InputError, match="missing or NaN"):
        wcetool.score([0, 1], masked)
    with pytest.raises(wcetool.InputError, match="not an array of numbers"):
        wcetool.score([0, 1], np.array([[0.9 + 5j, 0.1], [0.2, 0.8]]))


def test_labels_that_no_file_could_hold():
    with pytest.raises(wcetool.InputError, match="cannot be written as UTF-8"):
        wcetool.analyze(["\ud800"])


@pytest.mark.parametrize("given", [b"labels.csv", bytearray(b"ab")])
def test_bytes_are_not_counted_byte_by_byte(given):
    with pytest.raises(UsageError, match="bytes are neither a path nor labels"):
        wcetool.analyze(given)
