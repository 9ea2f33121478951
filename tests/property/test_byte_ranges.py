"""Cutting a text file into ranges of bytes changes no result, wherever the cuts are."""

import csv
import io
import itertools
from collections import Counter

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import wcetool
from wcetool.data.formats import byte_ranges

HOSTILE = {
    "plain": b"label,x\na,1\nb,2\na,3\nc,4\n",
    "no final newline": b"label,x\na,1\nb,2\na,3",
    "CRLF": b"label,x\r\na,1\r\nb,2\r\na,3\r\n",
    "a mark at the top": b"\xef\xbb\xbflabel,x\na,1\nb,2\n",
    "a mark in the middle": b"label,x\na,1\n\xef\xbb\xbfb,2\n\xef\xbb\xbfb,2\n",
    "quoted": b'"label","x"\n"a","1"\n"b","2"\n"a","3"\n',
    "newlines in quotes": b'label,x\n"a\nb",1\nc,"2\n3\n"\n"a\nb",4\n',
    "a line that looks like rows": b'label,x\na,"1\nb,2\nc,3\n"\nb,"\n"\na,1\n',
    "doubled quotes": b'label,x\n"a""b",1\n"""",2\n"""a""",3\n"",4\n',
    "doubled quotes at line ends": b'label,x\na,"b""\n"\nc,"""\n"""\na,1\n',
    "inch marks": b'label,x\n5" pipe,1\n6" pipe,2\n5" pipe,3\n',
    "inch marks in pairs": b'label,x\n5"x6",1\n5"x6",2\nb,3\n',
    "an inch mark and quotes": b'label,x\n5" pipe,1\n"a\nb",2\n5" pipe,"3\n4"\n',
    "text behind a quote": b'label,x\n"a"b,1\n"a"b,2\nc,3\n',
    "a quote after a space": b'label,x\n "a",1\n"b" ,2\nc,3\n',
    "blank lines": b"label,x\n\na,1\n\n\nb,2\n\n",
    "blank lines and quotes": b'label,x\n\n"a",1\n\n"b\n\nc",2\n\n',
    "a ragged row": b"label,x\na,1\nb,2\nc\na,3\n",
    "a quote that never closes": b'label,x\na,1\n"b,2\nc,3\na,4\n',
    "backslashes": b'label,x\n"a\\",1\n"b\\"\n,2\nc,3\n',
    "empty fields": b"label,x\n,\n,1\na,\n,\n",
    "a delimiter in quotes": b'label,x\n"a,b",1\n",",2\n"a,"",b",3\n',
    "no rows": b"label,x\n",
}


def outcome(path):
    """Return all that a user sees, or the error."""
    try:
        return wcetool.analyze(path, label_column=1, header=True).to_dict()
    except wcetool.WceError as error:
        return str(error)


def with_ranges(n_bytes, path):
    usual, byte_ranges.RANGE_BYTES = byte_ranges.RANGE_BYTES, n_bytes
    try:
        return outcome(path)
    finally:
        byte_ranges.RANGE_BYTES = usual


@pytest.mark.parametrize("name", HOSTILE)
def test_cuts_at_every_byte_change_nothing(tmp_path, name):
    path = tmp_path / "labels.csv"
    path.write_bytes(HOSTILE[name])
    whole = outcome(path)
    for n_bytes in range(1, len(HOSTILE[name])):
        assert with_ranges(n_bytes, path) == whole, n_bytes


@pytest.mark.parametrize(
    "name", ["plain", "CRLF", "quoted", "newlines in quotes", "doubled quotes"]
)
def test_the_counts_are_those_of_the_csv_module(tmp_path, name):
    path = tmp_path / "labels.csv"
    path.write_bytes(HOSTILE[name])
    rows = list(csv.reader(io.StringIO(HOSTILE[name].decode(), newline="")))[1:]
    expected = Counter(row[0] for row in rows if row and row[0])
    for n_bytes in range(1, len(HOSTILE[name])):
        found = with_ranges(n_bytes, path)
        assert {row["label"]: row["count"] for row in found["classes"]} == expected


fields = st.text(st.sampled_from('ab",\n\r 5"'), max_size=5)


@given(
    rows=st.lists(st.tuples(fields, fields), min_size=1, max_size=12), n_bytes=st.integers(1, 60)
)
@example(rows=[("a", 'b"\n'), ("c", '"\n"'), ("a", "1")], n_bytes=7)
def test_what_the_csv_module_writes_is_read_alike(tmp_path_factory, rows, n_bytes):
    text = io.StringIO(newline="")
    csv.writer(text).writerows([("label", "x"), *rows])
    path = tmp_path_factory.mktemp("ranges") / "labels.csv"
    path.write_bytes(text.getvalue().encode())
    assert with_ranges(n_bytes, path) == outcome(path)


@given(
    raw=st.one_of(
        st.text(st.sampled_from('ab",\n\r"'), max_size=60),
        st.lists(st.sampled_from(["a,1\n", '"a","b\n"\n', 'b,""\n', '"""b""",\n', "\n"])).map(
            "".join  # longer than a word of 64 bytes, and mostly right
        ),
    ),
    n_bytes=st.integers(1, 200),
)
def test_any_text_is_read_alike(tmp_path_factory, raw, n_bytes):
    path = tmp_path_factory.mktemp("ranges") / "labels.csv"
    path.write_bytes(b"label,x\n" + raw.encode())
    assert with_ranges(n_bytes, path) == outcome(path)


def test_a_large_file_is_cut(tmp_path, monkeypatch):
    from wcetool.data.dataset import open_files
    from wcetool.data.finding import find_files
    from wcetool.data.options import ReadingOptions

    monkeypatch.setattr(byte_ranges, "RANGE_BYTES", 1000)
    path = tmp_path / "labels.csv"
    path.write_bytes(b"label,x\n" + b"a,1\n" * 5000)
    dataset = open_files(find_files([path], ReadingOptions()), ReadingOptions.of())
    ranges = [split.byte_range for split in dataset.splits(ranges=True)]
    assert len(ranges) == 20
    assert ranges[0][0] == 0
    assert ranges[-1][1] == 20008
    assert all(end == start for (_, end), (start, _) in itertools.pairwise(ranges))
    assert [split.byte_range for split in dataset.splits()] == [None]


def test_scores_in_ranges_have_the_same_bits_and_name_the_same_row(tmp_path, monkeypatch):
    rows = [f"{'ab'[i % 2]},0.{10 + i % 80},{1 - (10 + i % 80) / 100:.2f}" for i in range(400)]
    path = tmp_path / "preds.csv"
    path.write_text("label,p_a,p_b\n" + "\n".join(rows) + "\n")
    whole = wcetool.score_file(path).to_dict()
    monkeypatch.setattr(byte_ranges, "RANGE_BYTES", 500)
    assert wcetool.score_file(path, jobs=2).to_dict() == whole
    path.write_text("label,p_a,p_b\n" + "\n".join([*rows, "a,0.5,0.9"]) + "\n")
    with pytest.raises(wcetool.InputError, match="row 401 does not hold"):
        wcetool.score_file(path)
    path.write_text("label,p_a,p_b\n" + "\n".join([*rows, "b,0.5,x"]) + "\n")
    with pytest.raises(wcetool.InputError, match="row 401, column 'p_b'"):
        wcetool.score_file(path)
