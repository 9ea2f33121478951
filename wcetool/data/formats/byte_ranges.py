"""Ranges of bytes of a text file that can be parsed on their own, and the proof that they can.

A cut is right where no quoted field goes over it. A file is cut at line ends near even distances;
whether one of them lies inside quotes is not known. So the task that parses a range checks its
quotes, numbered from 1 in the order in which they stand:

1. their number is even;
2. every odd one comes after a delimiter, a line end, the beginning of the range, or a quote;
3. every even one comes before a delimiter, a line end, the end of the range, or a quote.

Claim: if all ranges pass, every cut is outside quotes. Proof, by induction over the ranges: the
first one begins outside. Let a range begin outside. Its first quote does not come after a quote, so
it is the first character of a field and opens it. While a field is open the parser takes the next
quote, an even one, for its end, unless another quote follows at once, which is odd and makes the
two an escaped quote: then the field stays open, as it does if one thinks of it as closed and opened
again. Where no quote follows, a delimiter or a line end does (3), and the field ends. The next odd
quote then does not come after a quote, so it begins a field (2) and opens it. After an even number
of quotes (1) no field is open, so the next range begins outside.

A quote in the middle of a field, as in 5" pipe, is a plain character to the parser and breaks a
rule; so does a cut inside quotes, in the range before it. The file is then read whole.
"""

from __future__ import annotations

import codecs
import io
from dataclasses import dataclass
from typing import BinaryIO, cast

import numpy as np

from wcetool.core.arrays import scratch
from wcetool.data import streams
from wcetool.data.formats.bit_masks import Bytes, Mask, before, behind, count, inside, mask_of
from wcetool.data.formats.table import Dialect, Table
from wcetool.data.options import ROW_MB
from wcetool.data.source import InputFile, Split
from wcetool.errors import InputError

RANGE_BYTES = 1 << 22
_NEAR_BYTES = 1 << 14  # most lines are shorter
_LINE_BYTES = ROW_MB << 20


def can_be_cut(table: Table) -> bool:
    """Tell whether a file may be cut: a large plain file of several columns in UTF-8.

    In a file of one column a blank line is a row unless it is at the end, which only a reader of
    the whole file knows.
    """
    dialect = table.dialect
    return (
        dialect is not None
        and is_large_and_plain(table.file)
        and len(table.columns) > 1
        and not dialect.skip_lines
        and dialect.encoding is dialect.escape_char is dialect.comment is None
    )


def is_large_and_plain(file: InputFile) -> bool:
    """Tell whether a file can be read from any place, and is large enough for it to pay."""
    return not file.is_stream and file.compression is None and file.size >= 2 * RANGE_BYTES


def line_ends(file: InputFile) -> list[int] | None:
    """Return where a file is cut: its beginning, line ends at about even distances, its end.

    None where a line goes over all of one distance: a range of it would be held at once.
    """
    cuts = [0]
    with streams.open_file(file.path) as stream:
        for near in range(RANGE_BYTES, file.size - RANGE_BYTES // 2, RANGE_BYTES):
            stream.seek(near)
            found = streams.read_head(stream, _NEAR_BYTES).find(b"\n")
            if found < 0:
                stream.seek(near)
                found = streams.read_head(stream, _LINE_BYTES).find(b"\n")
            if found < 0:
                return None
            cut = near + found + 1
            if cuts[-1] < cut < file.size:
                cuts.append(cut)
    return [*cuts, file.size]


@dataclass(frozen=True, slots=True, eq=False)
class RangeText:
    """The bytes of a range; overwritten by the next one that this thread reads.

    Attributes
    ----------
    text : uint8 array of shape (n_bytes,)
        As in the file.
    n_lines : int
        Line ends outside of quotes, and one more where the last line has none.
    has_line_ends_in_quotes : bool
        Whether a field goes over several lines.
    """

    text: Bytes
    n_lines: int
    has_line_ends_in_quotes: bool


def read_range(split: Split, dialect: Dialect) -> RangeText:
    """Read a range and check its quotes.

    Raises
    ------
    InputError
        If a rule is broken: the file is to be read whole.
    """
    text, at_top = read_bytes(split)
    # The parser would take the mark of a later line for that of the file.
    marked = not at_top and text[:3].tobytes() == codecs.BOM_UTF8
    line_ends, returns = mask_of(text, "\n"), mask_of(text, "\r")
    has_old_line_ends = bool((returns & ~before(line_ends)).any())  # they would not be counted
    quoted = None
    if not marked and not has_old_line_ends:
        quoted = _quoted_places(text, line_ends | returns, dialect)
    if quoted is None:
        raise _not_cut(split)
    n_in_quotes = count(line_ends & quoted)
    unended = int(text[-1] != ord("\n"))
    return RangeText(text, count(line_ends) - n_in_quotes + unended, n_in_quotes > 0)


def read_bytes(split: Split) -> tuple[Bytes, bool]:
    """Return the bytes of a range, overwritten by the next, and whether it is the first one.

    Raises
    ------
    InputError
        If the file has become shorter: it is to be read whole.
    """
    if split.byte_range is None:
        raise TypeError("a range of bytes is there")
    start, end = split.byte_range
    text: Bytes = scratch("text", end - start, np.uint8)
    with streams.open_file(split.file.path) as stream:
        stream.seek(start)
        if _read_into(stream, text) < len(text):
            raise _not_cut(split)
    return text, start == 0


def _not_cut(split: Split) -> InputError:
    return InputError("cannot be cut into ranges", where=split.file.path)


def _read_into(stream: BinaryIO, text: Bytes) -> int:
    """Fill an array from a stream; return how many bytes there were."""
    n_read, view = 0, memoryview(text.data)
    while n_read < len(text):
        more = cast(io.RawIOBase, stream).readinto(view[n_read:])
        if not more:
            break
        n_read += more
    return n_read


def _quoted_places(text: Bytes, line_ends: Mask, dialect: Dialect) -> Mask | None:
    """Return what is inside quotes; None where the quotes break one of the three rules above."""
    nothing = np.zeros_like(line_ends)
    if dialect.quote_char is None:
        return nothing
    quotes = mask_of(text, dialect.quote_char)
    if not quotes.any():
        return nothing
    quoted = inside(quotes)
    if count(quotes) % 2:
        return None
    marks = quotes | line_ends | mask_of(text, dialect.delimiter)
    beside_left, beside_right = behind(marks), before(marks)
    beside_left[0] |= np.uint64(1)  # the beginning of the range
    last = len(text) - 1
    beside_right[last // 64] |= np.uint64(1 << last % 64)  # its end
    wrong = (quotes & quoted & ~beside_left) | (quotes & ~quoted & ~beside_right)
    return None if wrong.any() else quoted
