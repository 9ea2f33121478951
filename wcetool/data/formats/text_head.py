"""The beginning of a text file: its first rows as text, which tell the columns."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property

from wcetool.data import streams
from wcetool.data.formats.table import Dialect, Holds
from wcetool.data.formats.text_reading import (
    has_decimal_comma,
    input_error,
    longer_than,
    not_utf8,
    plain_text,
)
from wcetool.data.options import MOST_ROW_MB, TextOptions
from wcetool.data.source import InputFile
from wcetool.errors import InputError

HEAD_ROWS = 1000
_SEEN_CHARACTERS = 1 << 16

# The csv module refuses fields of more than 128 KiB otherwise; the whole process is concerned, and
# no other user of it is harmed by a larger limit.
csv.field_size_limit(max(csv.field_size_limit(), MOST_ROW_MB << 20))


@dataclass(frozen=True)
class FirstRows:
    """The first rows of a file as text, the header among them; blank lines are left out.

    Attributes
    ----------
    rows : list of list of str
        At least one.
    line_ends : list of int
        How many lines there are up to the end of each row, those left out above the table aside.
    text : str
        The beginning of what they were read from.
    """

    rows: list[list[str]]
    line_ends: list[int]
    text: str

    @cached_property
    def is_even(self) -> bool:
        """All rows have one number of fields, more than one."""
        width = len(self.rows[0])
        return width > 1 and all(len(row) == width for row in self.rows)

    def columns(self, rows: Sequence[list[str]]) -> list[list[str]]:
        """Return the columns of some rows, those that are not as wide as the first one left out."""
        width = len(self.rows[0])
        fitting = [row for row in rows if len(row) == width]
        return [[row[place] for row in fitting] for place in range(width)]


def read_head(file: InputFile, options: TextOptions, *, longest: int | None = None) -> bytes:
    """Return the first bytes of the text, as many whole lines as there are.

    Parameters
    ----------
    file : InputFile
        The file.
    options : TextOptions
        How it is written, as far as the user says.
    longest : int, optional
        Bytes that the first line may have; the whole of it is then returned, and a part of a long
        line below it, which shows that there is one.

    Raises
    ------
    InputError
        If the file is empty, no text, or cannot be read; if its first line is too long.
    """
    try:
        with closing(plain_text(file, options, streams.uncounted, last=False)) as text:
            head = streams.read_head(text)
            if longest and len(head) == streams.HEAD_BYTES and not _ends_a_line(head):
                head += streams.read_head(text, longest + 1 - len(head))
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
    if longest and len(head) > longest and not _ends_a_line(head):
        raise InputError(
            f"{longer_than(longest)}: the first one",
            where=file.path,
            hint="--max-row 64, if rows are that long",
        )
    if len(head) >= streams.HEAD_BYTES:
        whole = head[: head.rfind(b"\n") + 1]
        if whole and (longest is None or 2 * len(whole) > len(head)):
            head = whole
    return head


def _ends_a_line(head: bytes) -> bool:
    return b"\n" in head or b"\r" in head


def leading_blank_lines(head: bytes, skip_lines: int) -> int:
    """Count the blank lines above the first row."""
    lines = head.removeprefix(b"\xef\xbb\xbf").splitlines()[skip_lines:]
    return next((n for n, line in enumerate(lines) if line), len(lines))


def first_rows(file: InputFile, head: bytes, dialect: Dialect) -> FirstRows:
    """Read the first rows.

    Raises
    ------
    InputError
        If not even one row can be read.
    """
    # Bytes that are no UTF-8 stay visible as lone surrogates.
    text = head.decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    rows: list[list[str]] = []
    line_ends: list[int] = []
    try:
        for line_end, row in _cut(text, dialect):
            rows.append(row)
            line_ends.append(line_end)
            if len(rows) > HEAD_ROWS:
                break
    except csv.Error as error:
        if not rows:
            raise InputError(f"the first row cannot be read: {error}", where=file.path) from None
    if not rows:
        raise InputError("is empty", where=file.path)
    if any(map(_is_not_utf8, rows[0])):
        raise not_utf8(file.path)
    if 2 < len(rows) <= HEAD_ROWS and len(head) > streams.HEAD_BYTES // 2:
        del rows[-1], line_ends[-1]  # may go on
    return FirstRows(rows, line_ends, text[:_SEEN_CHARACTERS])


def _cut(text: str, dialect: Dialect) -> Iterator[tuple[int, list[str]]]:
    """Yield rows that are not blank, each with the number of lines up to its end."""
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
    for row in reader:
        if row:
            yield reader.line_num, row


def _is_not_utf8(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def what_it_holds(values: Sequence[str], *, decimal_commas: bool = False) -> Holds:
    """Return what most of the values of a column look like.

    Most, not all: a stray text in a score column is refused by its row, not passed over. So is a
    number with a decimal comma where that is not said.
    """
    filled = [value for value in values if value.strip()]
    numbers = sum(map(is_number, filled))
    if decimal_commas:
        numbers += sum(map(has_decimal_comma, filled))
    return Holds.NUMBERS if filled and 2 * numbers >= len(filled) else Holds.TEXT


def recurring(values: Sequence[str]) -> int | None:
    """Return how many distinct values there are, if they recur as labels do."""
    filled = [value for value in values if value.strip()]
    distinct = len(set(filled))
    return distinct if 2 <= distinct <= len(filled) // 2 else None


def is_number(text: str) -> bool:
    """Tell whether pyarrow would read a field as a number."""
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text
