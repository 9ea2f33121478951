"""The beginning of a text file: its first rows as text, which tell the columns."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from contextlib import closing

from wcetool.data import streams
from wcetool.data.formats.table import Dialect, Holds
from wcetool.data.formats.text_reading import (
    ignore_bytes,
    input_error,
    longer_than,
    not_utf8,
    plain_text,
)
from wcetool.data.options import MOST_ROW_MB, TextOptions
from wcetool.data.source import InputFile
from wcetool.errors import InputError, short_repr

HEAD_ROWS = 1000
_OTHER_DELIMITERS = (";", "\t", "|", ",")

# The csv module refuses fields of more than 128 KiB otherwise; the whole process is concerned, and
# no other user of it is harmed by a larger limit.
csv.field_size_limit(max(csv.field_size_limit(), MOST_ROW_MB << 20))


def read_head(file: InputFile, options: TextOptions) -> bytes:
    """Return the first bytes of the text, as many whole lines as there are.

    Raises
    ------
    InputError
        If the file is empty, no text, or cannot be read.
    """
    try:
        with closing(plain_text(file, options, ignore_bytes, last=False)) as text:
            head = streams.read_head(text)
            if len(head) == streams.HEAD_BYTES and not _ends_a_line(head):
                head += streams.read_head(text, options.max_row + 1 - len(head))
    except streams.READ_ERRORS as error:
        raise input_error(error, file) from None
    kind = streams.describe_binary(head)
    if kind is not None:
        raise InputError(
            kind,
            where=file.path,
            hint=f"--encoding {streams.utf16_of(head)}" if "UTF-16" in kind else None,
        )
    if not head.strip(b"\xef\xbb\xbf\r\n"):
        raise InputError("is empty", where=file.path)
    if len(head) > options.max_row and not _ends_a_line(head):
        raise InputError(
            f"{longer_than(options.max_row)}: the first one",
            where=file.path,
            hint="--max-row 64, if rows are that long",
        )
    if len(head) >= streams.HEAD_BYTES:
        whole = head[: head.rfind(b"\n") + 1]
        if 2 * len(whole) > len(head):  # else a part of a long row still shows that there is one
            head = whole
    return head


def _ends_a_line(head: bytes) -> bool:
    return b"\n" in head or b"\r" in head


def leading_blank_lines(head: bytes, skip_lines: int) -> int:
    """Count the blank lines above the first row."""
    lines = head.removeprefix(b"\xef\xbb\xbf").splitlines()[skip_lines:]
    return next((n for n, line in enumerate(lines) if line), len(lines))


def first_rows(file: InputFile, head: bytes, dialect: Dialect) -> list[list[str]]:
    """Read the first rows as text, the header among them; blank lines are left out.

    Raises
    ------
    InputError
        If not even one row can be read.
    """
    # Bytes that are no UTF-8 stay visible as lone surrogates.
    text = head.decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    lines = io.StringIO(text, newline="")
    for _ in range(dialect.skip_lines):
        if not lines.readline():
            break
    reader = csv.reader(
        lines,
        delimiter=dialect.delimiter,
        quotechar=dialect.quote_char,
        quoting=csv.QUOTE_NONE if dialect.quote_char is None else csv.QUOTE_MINIMAL,
        escapechar=dialect.escape_char,
    )
    rows: list[list[str]] = []
    try:
        for row in reader:
            if row:
                rows.append(row)
            if len(rows) > HEAD_ROWS:
                break
    except csv.Error as error:
        if not rows:
            raise InputError(f"the first row cannot be read: {error}", where=file.path) from None
    if not rows:
        raise InputError("is empty", where=file.path)
    if any(map(_is_not_utf8, rows[0])):
        raise not_utf8(file.path)
    return rows


def _is_not_utf8(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def what_it_holds(values: Sequence[str]) -> Holds:
    """Return what most of the values of a column look like.

    Most, not all: a stray text in a score column is refused by its row, not passed over.
    """
    filled = [value for value in values if value.strip()]
    numbers = sum(map(is_number, filled))
    return Holds.NUMBERS if filled and 2 * numbers >= len(filled) else Holds.TEXT


def is_number(text: str) -> bool:
    """Tell whether pyarrow would read a field as a number."""
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text


def refuse_other_delimiter(file: InputFile, first_line: str) -> None:
    """Refuse a file of one column whose first line looks like several.

    Raises
    ------
    InputError
        With the option for either reading.
    """
    usual = file.format.delimiter
    found = next((mark for mark in _OTHER_DELIMITERS if mark in first_line), None)
    if found is not None:
        raise InputError(
            f"has one column when cut at {usual!r}, but its first line holds {found!r}",
            where=file.path,
            details=(f"first line: {short_repr(first_line)}",),
            hint=f"--delimiter {_typed(found)}, or --delimiter {_typed(usual)} if it is one column",
        )


def _typed(delimiter: str | None) -> str:
    return "tab" if delimiter == "\t" else f"'{delimiter}'"
