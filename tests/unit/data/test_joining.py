"""Predictions and truth are matched by id: what is found, counted and refused."""

import io
import itertools
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import HOSTILE_LABELS
from hypothesis import given
from hypothesis import strategies as st

from wcetool.data import joining
from wcetool.data.columns import find_column
from wcetool.data.dataset import Wanted, open_files
from wcetool.data.finding import find_files
from wcetool.data.formats.table import ColumnKind, ReadLog
from wcetool.data.headers import HeaderDoubts
from wcetool.data.joining import IdIndex, JoinCounts, join_notes
from wcetool.data.labels import Distinct
from wcetool.data.memory import label_dataset
from wcetool.data.options import ReadingOptions
from wcetool.data.targets import kept_rows
from wcetool.data.truth_joined import TruthJoined
from wcetool.errors import InputError


def index_of(dataset, *, allow_duplicates=False):
    column = find_column(dataset.first, "id", option="--id-column")
    return IdIndex.read(dataset, column, allow_duplicates=allow_duplicates)


def index_in_memory(ids, *, allow_duplicates=False):
    table = pa.table({"id": ids if isinstance(ids, pa.Array) else pa.array(list(ids))})
    return index_of(label_dataset(table), allow_duplicates=allow_duplicates)


def index_of_files(*paths, allow_duplicates=False):
    files = find_files([str(path) for path in paths], ReadingOptions())
    return index_of(open_files(files, ReadingOptions()), allow_duplicates=allow_duplicates)


def rows_of(index, ids, first_row=1):
    ids = ids if isinstance(ids, pa.Array) else pa.array(list(ids), pa.string())
    return index.rows_of(ids, "preds.csv", first_row).tolist()


def finish(index, *, allow_unmatched=False, allow_duplicates=False):
    return index.finish(
        "preds.csv", allow_unmatched=allow_unmatched, allow_duplicates=allow_duplicates
    )


def batch_of(ids):
    scores = pa.array([0.5] * len(ids))
    return pa.RecordBatch.from_arrays([scores, pa.array(ids, pa.string())], names=["0", "1"])


def test_the_order_of_the_rows_does_not_matter():
    index = index_in_memory("abc")
    assert rows_of(index, "cab") == [2, 0, 1]
    assert finish(index) == JoinCounts(3, 0, 0, 0, 0)


def test_batches_are_counted_together():
    index = index_in_memory("abc")
    assert [rows_of(index, "c"), rows_of(index, ""), rows_of(index, "ba", 2)] == [[2], [], [1, 0]]
    assert finish(index).matched == 3


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        (pa.array([7, -3, 2**63 - 1]), ["7", "-3", "9223372036854775807"]),
        (pa.array([2**64 - 1], pa.uint64()), ["18446744073709551615"]),
        (pa.array([1.0, 0.1, 1e22]), ["1.0", "0.1", "1e+22"]),
        (pa.array([0.1], pa.float32()), ["0.1"]),
        (pa.array([True, False]), ["True", "False"]),
        (pa.array([date(2024, 2, 29)]), ["2024-02-29"]),
        (pa.array([Decimal("1.50")]), ["1.50"]),
        (pa.array([b"a", b"\xc3\xa9"]), ["a", "é"]),
        (pa.array([b"ab"], pa.binary(2)), ["ab"]),
        (pa.array(["a", "001"], pa.large_string()), ["a", "001"]),
        (pa.array(["a"], pa.string_view()), ["a"]),
        (pa.array(["b", "a"]).dictionary_encode(), ["b", "a"]),
        (pa.array([5, 6]).dictionary_encode(), ["5", "6"]),
    ],
)
def test_ids_are_texts_by_the_rule_of_labels(values, texts):
    distinct = Distinct(values, "here")
    assert [distinct.texts[code] for code in distinct.codes] == texts
    assert rows_of(index_in_memory(values), texts) == list(range(len(texts)))
    assert rows_of(index_in_memory(texts), values) == list(range(len(texts)))


def test_numbers_that_are_written_otherwise_are_other_ids():
    assert rows_of(index_in_memory(pa.array([1, 2])), ["01", "1.0", " 1", "+1", "2"]) == [
        *[-1] * 4,
        1,
    ]


def test_a_csv_and_a_parquet_file_have_the_same_ids(write, tmp_path):
    truth = write("truth.csv", "id,label\n3,a\n001,b\n1,c\n")
    pq.write_table(pa.table({"id": [1, 3, 4]}), tmp_path / "preds.parquet")
    index = index_of_files(truth)
    assert rows_of(index, pq.read_table(tmp_path / "preds.parquet")["id"].chunk(0)) == [2, 0, -1]
    assert rows_of(index_of_files(tmp_path / "preds.parquet"), ["001", "3"]) == [-1, 1]


def test_the_rows_of_several_files_are_numbered_through(write, tmp_path):
    one = write("one.csv", "label,id\nx,a\ny,b\n")
    pq.write_table(pa.table({"id": ["c", "d", "e"]}), tmp_path / "two.parquet", row_group_size=2)
    index = index_of_files(one, tmp_path / "two.parquet")
    assert rows_of(index, "edcba") == [4, 3, 2, 1, 0]
    assert (index.n_rows, index.read_rows.total) == (5, 5)


@pytest.mark.parametrize("empty", ["", '""'])
def test_a_missing_id_of_the_truth_names_file_and_row(write, empty):
    one = write("one.csv", "id,label\na,x\n")
    two = write("two.csv", f"id,label\nb,x\n{empty},x\n")
    with pytest.raises(InputError, match=r"two\.csv: row 2: the id is missing"):
        index_of_files(one, two)


@pytest.mark.parametrize(
    "ids",
    [
        pa.array(["a", None]),
        pa.array(["a", ""]),
        pa.array([1, None]),
        pa.array([1.0, float("nan")]),
        pa.array(["a", None]).dictionary_encode(),
        pa.DictionaryArray.from_arrays(pa.array([0, 1]), pa.array(["a", None])),
    ],
)
def test_a_missing_id_of_the_predictions_names_the_row(ids):
    with pytest.raises(InputError, match=r"preds\.csv: row 1,001: the id is missing"):
        rows_of(index_in_memory("a"), ids, 1000)


def test_a_column_of_nulls_is_missing_ids():
    with pytest.raises(InputError, match=r"row 1: the id is missing"):
        rows_of(index_in_memory("a"), pa.nulls(2))


def test_ids_that_are_no_text_are_refused():
    with pytest.raises(InputError, match="an id is not UTF-8 text"):
        rows_of(index_in_memory("a"), pa.array([b"a", b"\xff"]))
    broken = pa.Array.from_buffers(pa.string(), 1, pa.array([b"\xff"]).buffers())
    with pytest.raises(InputError, match="an id is not UTF-8 text"):
        rows_of(index_in_memory("a"), broken)


def test_a_truth_without_rows_is_refused(write):
    with pytest.raises(InputError, match="has a header and no rows"):
        index_of_files(write("truth.csv", "id,label\n"))


def test_standard_input_can_be_read_again_for_the_labels(monkeypatch):
    text = io.TextIOWrapper(io.BytesIO(b"id,label\na,x\nb,y\n"))
    monkeypatch.setattr(sys, "stdin", text)
    dataset = open_files(find_files(["-"], ReadingOptions(input_format="csv")), ReadingOptions())
    assert rows_of(index_of(dataset), "ba") == [1, 0]
    label = find_column(dataset.first, "label", option="--label-column")
    (split,) = dataset.splits()
    wanted = [Wanted(label, ColumnKind.LABEL)]
    (batch,) = dataset.batches(split, wanted, lambda _: None, ReadLog())
    assert batch.column(0).to_pylist() == ["x", "y"]


def test_repeated_ids_of_the_truth_are_counted_and_named():
    with pytest.raises(InputError) as caught:
        index_in_memory([*"abacbda"])
    assert caught.value.message == "2 ids are in several rows of column 'id'"
    assert caught.value.details == ("'a': row 1, row 3, row 7", "'b': row 2, row 5")
    assert caught.value.hint.startswith("--duplicates allow")


def test_only_the_first_repeated_ids_are_named(write):
    ids = [f"i{n}" for n in range(7)]
    one, two = (write(name, "id\n" + "\n".join(ids) + "\n") for name in ("one.csv", "two.csv"))
    with pytest.raises(InputError) as caught:
        index_of_files(one, two)
    assert caught.value.details[0] == f"'i0': {one} row 1, {two} row 1"
    assert caught.value.details[5:] == ("… 2 more ids",)
    with pytest.raises(InputError) as caught:
        index_in_memory(["a"] * 2000)
    assert caught.value.details == ("'a': row 1, row 2, row 3, row 4, row 5, row 6, … 1,994 more",)


def test_repeated_ids_that_are_allowed_point_to_their_first_row():
    index = index_in_memory([*"abacbda"], allow_duplicates=True)
    assert index.repeated.tolist() == [2, 4, 6]
    assert index.first.tolist() == [0, 1, 0]
    assert rows_of(index, "dcba") == [5, 3, 1, 0]
    assert finish(index) == JoinCounts(4, 0, 0, 2, 0)


def test_misses_on_both_sides_are_counted_and_named():
    index = index_in_memory("abcdefghij")
    rows_of(index, "xay")
    rows_of(index, "bz", 4)
    with pytest.raises(InputError) as caught:
        finish(index)
    assert caught.value.where == "preds.csv"
    assert (
        caught.value.message == "3 predictions have no truth, 8 ids of the truth have no prediction"
    )
    assert caught.value.details == (
        "only in preds.csv: 'x', 'y', 'z'",
        "only in (memory): 'c', 'd', 'e', 'f', 'g', … 3 more",
    )
    assert caught.value.hint == "--unmatched skip leaves them out"
    assert finish(index, allow_unmatched=True) == JoinCounts(2, 3, 8, 0, 0)


def test_one_side_alone_may_lack_partners():
    index = index_in_memory("ab")
    rows_of(index, "a")
    with pytest.raises(InputError, match="1 id of the truth has no prediction"):
        finish(index)
    rows_of(index, "bc")
    with pytest.raises(InputError, match="1 prediction has no truth"):
        finish(index)


def test_an_id_of_several_predictions_is_refused_unless_allowed():
    index = index_in_memory("abc")
    rows_of(index, "aba")
    rows_of(index, "bca")
    with pytest.raises(InputError) as caught:
        finish(index)
    assert caught.value.message == "2 ids have several predictions"
    assert caught.value.details == ("with several predictions: 'a', 'b'",)
    assert "--duplicates allow" in caught.value.hint
    assert finish(index, allow_duplicates=True) == JoinCounts(6, 0, 0, 0, 2)


def test_independent_problems_are_reported_together():
    index = index_in_memory("ab")
    rows_of(index, "aax")
    with pytest.raises(InputError) as caught:
        finish(index)
    assert caught.value.message == (
        "1 prediction has no truth, 1 id of the truth has no prediction, "
        "1 id has several predictions"
    )
    assert "--unmatched skip" in caught.value.hint
    assert "--duplicates allow" in caught.value.hint


@pytest.mark.parametrize(
    ("truth", "ids", "advice"),
    [
        (pa.array([1, 2]), ["1.0", "2.0"], "floats"),
        (pa.array([1.0, 2.0]), ["2", "1"], "floats"),
        (pa.array(["a ", "b "]), ["a", "b"], "white space"),
        (pa.array(["a", "b"]), ["\ta", "b "], "white space"),
        (pa.array(["001", "002"]), ["1", "2"], "leading zeros"),
        (pa.array(["a", "b"]), ["c", "d"], "--id-column"),
    ],
)
def test_where_nothing_matches_the_hint_says_what_may_differ(truth, ids, advice):
    index = index_in_memory(truth)
    assert rows_of(index, ids) == [-1, -1]
    for allowed in (False, True):  # no row could be scored
        with pytest.raises(InputError, match=r"no prediction has an id of \(memory\)") as caught:
            finish(index, allow_unmatched=allowed)
        assert advice in caught.value.hint


def test_hostile_ids_match_and_are_shown_escaped():
    index = index_in_memory(HOSTILE_LABELS)
    assert rows_of(index, HOSTILE_LABELS) == list(range(len(HOSTILE_LABELS)))
    for text in HOSTILE_LABELS:
        found = index_in_memory([text, "kept"])
        rows_of(found, ["kept", text + "!"])
        with pytest.raises(InputError) as caught:
            finish(found)
        shown = [*caught.value.details, caught.value.message, caught.value.hint]
        assert all(line.isprintable() for line in shown)
        with pytest.raises(InputError) as caught:
            index_in_memory([text, text])
        assert all(line.isprintable() for line in caught.value.details)


def test_what_is_named_does_not_depend_on_the_order_of_the_batches():
    messages = set()
    for starts in ([1, 4, 7], [7, 1, 4], [4, 7, 1]):
        index = index_in_memory("abc")
        for start in starts:
            rows_of(index, [f"x{start}", f"x{start + 1}", "a"], start)
        with pytest.raises(InputError) as caught:
            finish(index)
        messages.add(str(caught.value))
    assert len(messages) == 1
    assert "'x1', 'x2', 'x4', 'x5', 'x7', … 1 more" in messages.pop()


def test_threads_count_together():
    index = index_in_memory(range(20_000))
    parts = [pa.array(range(start, start + 500)) for start in range(0, 30_000, 500)] * 2
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda part: rows_of(index, part), parts))
    assert all(
        rows == [n if n < 20_000 else -1 for n in part.to_pylist()]
        for part, rows in zip(parts, found, strict=True)
    )
    assert index.counts() == JoinCounts(40_000, 20_000, 0, 0, 20_000)


@pytest.mark.parametrize("weak", [len, lambda text: 0 if len(text) < 9 else hash(text)])
def test_different_ids_with_one_hash_are_told_apart(monkeypatch, weak):
    """A hash that takes all for one until there is enough salt."""

    def salted(text):
        return hash(text) if text.startswith("\0\0") else weak(text)

    monkeypatch.setattr(joining, "hash", salted, raising=False)
    index = index_in_memory([*"abca"], allow_duplicates=True)
    assert (index.repeated.tolist(), index.first.tolist()) == ([3], [0])
    assert rows_of(index, "cxab") == [2, -1, 0, 1]


def test_an_id_with_the_hash_of_another_one_is_not_found(monkeypatch):
    monkeypatch.setattr(joining, "hash", len, raising=False)
    index = index_in_memory(["a", "bb", "ccc"])
    assert rows_of(index, ["bb", "xx", "a", "y", "zzzz"]) == [1, -1, 0, -1, -1]
    assert finish(index, allow_unmatched=True) == JoinCounts(2, 3, 1, 0, 0)


def test_the_truth_is_looked_up_by_id():
    truth = TruthJoined(index_in_memory("abc"), np.array([2, -1, 0]), place=1)
    assert truth.targets(batch_of(["c", "x", "b", "a"]), "preds.csv", 1).tolist() == [0, -1, -1, 2]
    assert truth.index.counts() == JoinCounts(3, 1, 0, 0, 0)
    assert truth.doubts() == HeaderDoubts()


def test_the_last_row_is_no_stand_in_for_a_missing_one():
    truth = TruthJoined(index_in_memory("ab"), np.array([0, 1]), place=1)
    assert truth.targets(batch_of(["x", "y"]), "preds.csv", 1).tolist() == [-1, -1]


def test_bytes_of_targets_have_their_own_mark_where_there_are_none():
    matrix = np.array([[0, 1], [1, 0]], dtype=np.int8)
    truth = TruthJoined(index_in_memory("ab"), matrix, place=1)
    found = truth.targets(batch_of(["b", "x"]), "preds.csv", 1)
    assert kept_rows(found)[0].tolist() == [0]


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.uint8])
def test_a_matrix_of_targets_has_rows_of_nan_where_there_is_none(dtype):
    matrix = np.array([[0, 1], [1, 0]], dtype=dtype)
    truth = TruthJoined(index_in_memory("ab"), matrix, place=1)
    found = truth.targets(batch_of(["b", "x", "a"]), "preds.csv", 1)
    np.testing.assert_array_equal(found, [[1, 0], [np.nan, np.nan], [0, 1]])


def test_repeated_ids_with_equal_labels_are_one():
    index = index_in_memory([*"aba"], allow_duplicates=True)
    truth = TruthJoined(index, np.array([1, 0, 1]), place=1)
    assert truth.targets(batch_of(["b", "a"]), "preds.csv", 1).tolist() == [0, 1]
    nan = np.array([[np.nan, 1], [0, 0], [np.nan, 1]])
    assert TruthJoined(index, nan, place=1).labels is nan


def test_repeated_ids_with_different_labels_are_refused():
    index = index_in_memory([*"abacbaad"], allow_duplicates=True)
    codes = np.array([0, 1, 0, 1, -1, 1, -2, 0])
    with pytest.raises(InputError) as caught:
        TruthJoined(index, codes, place=1, classes=("cat", "[red]\ndog"))
    assert caught.value.message == "2 ids are repeated with different labels"
    assert caught.value.details == (
        "'b' in row 2 and row 5: '[red]\\ndog' and no label",
        "'a' in row 1 and row 6: 'cat' and '[red]\\ndog'",
        "'a' in row 1 and row 7: 'cat' and an ignored label",
    )
    matrix = np.array([[0.0, np.nan]] * 8)
    matrix[2, 1] = 1.0
    with pytest.raises(InputError, match="1 id is repeated") as caught:
        TruthJoined(index, matrix, place=1)
    assert caught.value.details == ("'a' in row 1 and row 3",)


def test_labels_that_are_not_one_for_each_id_are_refused():
    with pytest.raises(InputError, match="1 label for 2 ids"):
        TruthJoined(index_in_memory("ab"), np.array([0]), place=1)


def test_notes_say_what_was_left_out():
    assert join_notes(JoinCounts(1200, 0, 0, 0, 0), "id") == [
        "predictions and labels are matched by column 'id': 1,200 rows"
    ]
    notes = join_notes(JoinCounts(1, 2, 1, 3, 1), "i\nd")
    assert len(notes) == 5
    assert all(note.isprintable() for note in notes)


def test_pandas_is_not_loaded():
    code = (
        "import sys, pyarrow as pa\n"
        "from wcetool.data.joining import IdIndex\n"
        "from wcetool.data.memory import label_dataset\n"
        "ids = pa.lib.StringBuilder()\n"
        "ids.append_values(['a', 'b', 'a'])\n"
        "ids = ids.finish()\n"
        "dataset = label_dataset(pa.Table.from_arrays([ids], names=['id']))\n"
        "index = IdIndex.read(dataset, dataset.first.columns[0], allow_duplicates=True)\n"
        "assert index.rows_of(ids, 'x', 1).tolist() == [0, 1, 0]\n"
        "index.finish('x', allow_unmatched=True, allow_duplicates=True)\n"
        "sys.exit('pandas' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


ids = st.one_of(
    st.sampled_from(["a", "b", "1", "01", "1.0", *HOSTILE_LABELS]),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=3),
)


@given(
    truth=st.lists(ids, min_size=1, max_size=30),
    preds=st.lists(ids, max_size=30),
    cuts=st.lists(st.integers(0, 30), max_size=4),
    encoded=st.booleans(),
)
def test_ids_are_joined_as_a_dict_joins_them(truth, preds, cuts, encoded):
    by_id: dict[str, int] = {}
    for row, text in enumerate(truth):
        by_id.setdefault(text, row)
    index = index_in_memory(truth, allow_duplicates=True)
    rows = []
    edges = sorted({0, len(preds), *(cut for cut in cuts if cut < len(preds))})
    for start, end in itertools.pairwise(edges):
        part = pa.array(preds, pa.string()).slice(start, end - start)
        rows += rows_of(index, part.dictionary_encode() if encoded else part, start + 1)

    assert rows == [by_id.get(text, -1) for text in preds]
    again = [row for row, text in enumerate(truth) if by_id[text] != row]
    assert index.repeated.tolist() == again
    assert index.first.tolist() == [by_id[truth[row]] for row in again]
    times = Counter(text for text in preds if text in by_id)
    assert index.counts() == JoinCounts(
        matched=times.total(),
        predictions_without_truth=len(preds) - times.total(),
        truth_without_prediction=len(by_id) - len(times),
        repeated_in_truth=sum(n > 1 for n in Counter(truth).values()),
        repeated_in_predictions=sum(n > 1 for n in times.values()),
    )
