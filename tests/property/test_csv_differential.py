"""CSV text of any kind: wcetool answers as Python's csv module and DuckDB do, or refuses.

Where the peers differ, the csv module is the reference, with these exceptions:

- A quote that is never closed: csv takes all that follows for one field. wcetool and DuckDB refuse,
  since RFC 4180 has no such field and rows would vanish.
- Blank lines: csv gives an empty row. In a file of several columns wcetool and DuckDB skip them, as
  they hold no field; in a file of one column each is a missing label, those at the end excepted.
- An empty field, quoted or not: the empty text in csv, missing in wcetool, NULL in DuckDB.
- Text behind a closing quote, `"a"b`: csv and wcetool read `ab`; DuckDB refuses in strict mode.
- Spaces between a quote and the delimiter: csv and wcetool keep them, and take a quote behind them
  for a character, since spaces are part of a field in RFC 4180; DuckDB drops them. Such texts are
  not compared with DuckDB.
- Line ends: csv and wcetool end a row at a line feed, a carriage return, or both, mixed or not;
  DuckDB refuses those that are not the ones it was told. RFC 4180 knows only the two together.
- A carriage return and a line feed inside quotes that two blocks of the reader share: pyarrow drops
  the line feed. wcetool keeps it, as csv does; the small blocks below test it.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import wcetool
from wcetool.errors import WceError

PIECES = (
    *("a", "b", "é", "1", "01", " ", "  ", "'", "\\", "#", "NA"),
    *('"', '""', '"a"', '"a,b"', '"a\nb"', '"a""b"', '"a"b', '"a" ', ' "a"', 'a"b', '"', '"'),
    *(",", ",", ",", ";", "\t", "|"),
    *("\n", "\n", "\n", "\r\n", "\r", "\n\n"),
    *("\x00", "\ufeff", "\u2028", "\x85", "\x0b", "\x0c", "\x1a", "\x1c", "x" * 70),
)
FIELDS = st.one_of(
    st.sampled_from(("a", "b", "c", "", '""', "a b", '"a,b"', '"a\nb"', '"a\r\nb"', "é", "'a'")),
    st.lists(st.sampled_from(PIECES), max_size=3).map("".join),
)
LINE_ENDS = st.sampled_from(("\n", "\n", "\n", "\r\n", "\r", "\n\n", "\r\r\n"))


@st.composite
def tables(draw, width: int) -> str:
    """Rows of about one width, with line ends of any kind."""
    rows = draw(st.lists(st.lists(FIELDS, min_size=width, max_size=width), max_size=8))
    text = "".join(",".join(row) + draw(LINE_ENDS) for row in rows)
    return text if draw(st.booleans()) else text.rstrip("\r\n")


def texts(width: int) -> st.SearchStrategy[str]:
    return st.one_of(
        tables(width), st.lists(st.sampled_from(PIECES), max_size=30).map("".join), tables(width)
    )


def by_csv(text: str) -> list[list[str]]:
    csv.field_size_limit(1 << 30)
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def counted(rows: list[list[str]], width: int, place: int) -> tuple[int, int, Counter, int]:
    """Count rows, missing labels, labels and rows of another width, as documented."""
    if width == 1:
        while rows and not rows[-1]:
            rows = rows[:-1]
        rows = [row or [""] for row in rows]
    rows = [row for row in rows if row]
    fitting = [row for row in rows if len(row) == width]
    labels = Counter(row[place] for row in fitting)
    missing = labels.pop("", 0)
    return len(fitting), missing, labels, len(rows) - len(fitting)


def answer(path: Path, place: int, **options) -> tuple[int, int, Counter, int] | None:
    """Return what wcetool counts, None where it refuses."""
    try:
        found = wcetool.analyze(path, label_column=place + 1, input_format="csv", **options)
    except WceError:
        return None
    document = found.to_dict()
    labels = Counter({one["label"]: one["count"] for one in document["classes"]})
    bad = document["inputs"][0].get("bad_rows", 0)
    return document["rows"], document["missing"], labels, bad


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("differential")


@pytest.fixture(autouse=True, params=[None, 64])
def block_bytes(request, monkeypatch):
    """Also in blocks so small that rows and line ends go over them."""
    if request.param is not None:
        monkeypatch.setattr("wcetool.data.options._row_bytes", lambda _: request.param)


def write(folder: Path, text: str) -> Path:
    path = folder / "labels.csv"
    path.write_bytes(text.encode())
    return path


@given(st.data(), st.integers(1, 3), st.booleans())
def test_counts_are_those_of_the_csv_module(folder, data, width, header):
    text = data.draw(texts(width))
    if header:
        text = ",".join("xyz"[:width]) + "\n" + text
    path = write(folder, text)
    place = width - 1
    found = answer(path, place, header=header, delimiter=",")
    if found is None:
        return
    rows = by_csv(text)
    first = next(n for n, row in enumerate(rows) if row)  # blank lines above the first row
    if not header:
        width = len(rows[first])
    assert found == counted(rows[first + header :], width, place)
    assert found[3] == 0


@given(st.data(), st.integers(1, 3))
def test_bad_rows_that_are_skipped_are_those_of_another_width(folder, data, width):
    rows = data.draw(st.lists(texts(width), min_size=1, max_size=3))
    text = ",".join("xyz"[:width]) + "\n" + "\n".join(rows)
    path = write(folder, text)
    found = answer(path, width - 1, header=True, delimiter=",", bad_rows="skip")
    if found is not None:
        assert found == counted(by_csv(text)[1:], width, width - 1)


@given(st.data(), st.integers(1, 3))
def test_what_is_decided_alone_is_right_or_refused(folder, data, width):
    """With a header of names, what is announced is what a reader who is told the dialect finds."""
    mark = data.draw(st.sampled_from(",;\t|")) if width > 1 else ","
    field = st.sampled_from(
        ("a", "b", "low risk", "0,5", "1.5", "x;y", "x|y", '"a,b"', "c,d", "'q'")
    )
    rows = data.draw(st.lists(st.lists(field, min_size=width, max_size=width), min_size=1))
    names = ["id", "score", "label"][-width:]
    text = "".join(mark.join(row) + "\n" for row in [names, *rows])
    path = write(folder, text)
    try:
        found = wcetool.analyze(path, input_format="csv").to_dict()
    except WceError:
        return
    expected = counted(list(csv.reader(io.StringIO(text), delimiter=mark))[1:], width, width - 1)
    labels = Counter({one["label"]: one["count"] for one in found["classes"]})
    assert (found["rows"], found["missing"], labels) == expected[:3]


@given(st.data(), st.integers(2, 3))
def test_counts_are_those_of_duckdb(folder, data, width):
    duckdb = pytest.importorskip("duckdb")
    text = ",".join("xyz"[:width]) + "\n" + data.draw(texts(width))
    if any(mark in text for mark in ("\r", "\x00", '" ', ' "')):
        return
    path = write(folder, text)
    found = answer(path, width - 1, header=True, delimiter=",")
    if found is None:
        return
    try:
        rows = duckdb.sql(
            "select * from read_csv(?, delim=',', quote='\"', escape='\"', header=true, "
            "auto_detect=false, all_varchar=true, strict_mode=true, new_line='\\n', "
            "columns=?)",
            params=[str(path), dict.fromkeys("xyz"[:width], "VARCHAR")],
        ).fetchall()
    except duckdb.Error:
        return
    labels = Counter(row[-1] or "" for row in rows)
    missing = labels.pop("", 0)
    assert found == (len(rows), missing, labels, 0)
