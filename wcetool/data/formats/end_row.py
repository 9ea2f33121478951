"""The row that is appended to every text: it shows whether a quote has swallowed the end.

pyarrow ends a quoted field at the end of the file, closed or not, and takes all that follows the
opening quote for its text. If the appended row does not come back as the last one, a quote has
swallowed it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa

from wcetool.data import streams
from wcetool.data.formats.table import ColumnKind, Dialect, Holds, Table
from wcetool.data.formats.text_reading import END_LABEL, dialect_of
from wcetool.errors import InputError

_END_SCORE = -1.2345678901234567e-300


class RecordStream(streams.Wrapped):
    """The bytes of a file, and after them one row that cannot be part of any file."""

    def __init__(self, inner: streams.ByteSource, dialect: Dialect, end_row: bytes) -> None:
        super().__init__(inner)
        self._end_row = end_row
        self._end_sent = False
        self._last = b"\n"
        self._held = b""
        marks = (dialect.quote_char, dialect.escape_char)
        self._marks = [mark.encode() for mark in marks if mark is not None]
        self.lines = 0
        self.has_marks = False  # quotes or escapes: a line end may be inside a field

    def read(self, size: int = -1, /) -> bytes:
        """Return up to `size` bytes, the appended row at the end, then nothing."""
        data = b"" if self.closed else self._whole_line_ends(size)
        if data:
            self.lines += data.count(b"\n")
            self.has_marks = self.has_marks or any(mark in data for mark in self._marks)
            self._last = data[-1:]
            return data
        if self._end_sent:
            return b""
        self._end_sent = True
        if self._last in b"\r\n":
            return self._end_row
        self.lines += 1
        return b"\n" + self._end_row

    def _whole_line_ends(self, size: int) -> bytes:
        """Read; pyarrow drops a line feed that begins a block, also inside quotes."""
        data, self._held = self._held + self.inner.read(size), b""
        while data == b"\r" and (more := self.inner.read(size)):
            data += more
        if len(data) > 1 and data.endswith(b"\r"):
            data, self._held = data[:-1], b"\r"
        return data


def end_row(table: Table, columns: Sequence[tuple[int, ColumnKind]]) -> bytes:
    """Return the row that is appended when these columns are read."""
    kinds, dialect = dict(columns), dialect_of(table)
    ends = {place: _end_value(as_read(table, place, kind)) for place, kind in kinds.items()}
    fields = [
        str(ends.get(place, "")).replace(".", dialect.decimal)
        for place in range(len(table.columns))
    ]
    return (dialect.delimiter.join(fields) + "\n").encode()


def _end_value(kind: ColumnKind) -> str | float:
    return _END_SCORE if kind in (ColumnKind.SCORE, ColumnKind.TARGET) else END_LABEL


def as_read(table: Table, place: int, kind: ColumnKind) -> ColumnKind:
    """Return how a column is read: targets that are words are labels."""
    words = kind is ColumnKind.TARGET and table.columns[place].holds is Holds.TEXT
    return ColumnKind.LABEL if words else kind


def without_end(
    batches: Iterator[pa.RecordBatch], table: Table, columns: Sequence[tuple[int, ColumnKind]]
) -> Iterator[pa.RecordBatch]:
    """Take the appended row off; refuse a file in which a quote swallowed it."""
    rows, held = 0, next(batches)
    for batch in batches:
        rows += len(held)
        yield held
        held = batch
    rows += len(held)
    if held.column(0)[len(held) - 1].as_py() != _end_value(as_read(table, *columns[0])):
        raise InputError(
            "a quote is opened and never closed; all that follows would be one field",
            where=f"{table.file.path}: row {rows:,}",
            hint="--no-quoting, if quotes are ordinary characters in this file",
        )
    if len(held) > 1:
        yield held.slice(0, len(held) - 1)
