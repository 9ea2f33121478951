"""ARFF (Weka) and KEEL .dat: a header that declares attributes, and rows between commas.

Rows that hold quotes or braces are rewritten for pyarrow, the others go to it as they are, but for
white space around fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from wcetool.data import streams
from wcetool.data.columns import has_coordinates, is_usual_name
from wcetool.data.formats.arff_header import (
    SPARSE_VALUE,
    VALUE,
    VALUE_BEFORE_BLANK,
    Header,
    field_text,
    fields_of,
    plain,
    read_header,
)
from wcetool.data.formats.lines import (
    BLOCK_BYTES,
    LineForm,
    Lines,
    batches,
    head_lines,
    memory_need,
    plain_dialect,
    splits,
)
from wcetool.data.formats.table import Column, ReadLog, Table
from wcetool.data.formats.text_reading import not_utf8
from wcetool.data.options import TextOptions
from wcetool.data.source import InputFile

__all__ = ["batches", "inspect", "memory_need", "splits"]

_MEKA = re.compile(r"\s-C\s+-?[0-9]")
_COMMENT = re.compile(rb"(?<=\n)[ \t]*%[^\n]*(?=\n)")
_BLANKS_AROUND = re.compile(rb"(?<![ \t])[ \t]*([,\n])[ \t]*")
_BLANK_ENDS = (b" ,", b", ", b" \n", b"\n ", b"\t")
_MARKS = (b"'", b'"', b"{")
_SIMPLY_QUOTED = re.compile(rb"(?<=[,\n])'([^'\n]*)'(?=[,\n])")
_BLANKS = re.compile(rb"[ \t]+")


def inspect(file: InputFile, options: TextOptions) -> Table:
    """Read the header, and the first rows."""
    reading = TextOptions(encoding=options.encoding)
    header = read_header(file, reading)
    declared = {value for one in header.attributes for value in one.values or ()}

    def lines(text: streams.ByteSource, log: ReadLog) -> Lines:
        return _Rows(text, file.path, log, header)

    form = LineForm(
        lines=lines,
        reading=reading,
        # A quoted '?' is a value, which pyarrow can tell.
        null_texts=("?", *({"<null>"} - declared)),
    )
    label, reason = _label(header)
    columns = tuple(
        Column(one.name, place, one.holds, classes=one.values or None)
        for place, one in enumerate(header.attributes)
    )
    return Table(
        file,
        columns,
        has_rows=any(head_lines(file, form)),
        dialect=plain_dialect(",", reading, quote_char='"'),
        label=label,
        label_reason=reason,
        footer=form,
    )


def _label(header: Header) -> tuple[int | None, str]:
    """Find the class: the output of KEEL, else by its name, else the last one if nominal."""
    names = [one.name for one in header.attributes]
    if header.outputs:
        found = [place for place, name in enumerate(names) if name.casefold() in header.outputs]
        return (found[0], "the output that the file declares") if len(found) == 1 else (None, "")
    if _MEKA.search(header.relation):  # several labels
        return None, ""
    usual = [place for place, name in enumerate(names) if is_usual_name(name)]
    if has_coordinates(names):
        usual = [place for place in usual if names[place].casefold() != "y"]
    if usual:
        return (usual[0], "by its name") if len(usual) == 1 else (None, "")
    if header.attributes[-1].values:
        return len(names) - 1, "the last attribute; ARFF does not say which one is the class"
    return None, ""


class _Rows(Lines):
    """The rows, as fields between commas; quotes are double and doubled."""

    def __init__(self, inner: streams.ByteSource, path: str, log: ReadLog, header: Header) -> None:
        super().__init__(inner, path, log, header.lines)
        self._width = len(header.attributes)
        self._defaults = [one.sparse_default for one in header.attributes]
        self._by_blanks: bool | None = None  # as the first row is written

    def rewritten(self, block: bytes) -> Iterable[bytes]:
        text = b"\n" + block
        if b"%" in block:
            text = _COMMENT.sub(b"", text)
        if self._by_blanks is None:
            first = next((line for line in text.split(b"\n") if line.strip()), b"")
            if not first:
                return ()
            is_dense = not first.lstrip().startswith(b"{")
            self._by_blanks = is_dense and self._width > 1 and b"," not in first
        if any(mark in text for mark in _MARKS):
            plain_quotes = _simply_quoted(text)
            return self._line_by_line(text[1:]) if plain_quotes is None else (plain_quotes[1:],)
        return (self._without_blanks(text)[1:],)

    def _without_blanks(self, text: bytes) -> bytes:
        """Take white space off the fields of lines without quotes; text begins and ends a line."""
        if self._by_blanks:
            marked = _BLANKS.sub(b",", text)
            return marked.replace(b",\n", b"\n").replace(b"\n,", b"\n")
        text = text.replace(b", ", b",")
        if any(mark in text for mark in _BLANK_ENDS):
            text = _BLANKS_AROUND.sub(rb"\1", text)
        return text

    def _line_by_line(self, text: bytes) -> Iterator[bytes]:
        """Rewrite lines with quotes or braces on their own; a piece is about as long as a block."""
        piece: list[bytes] = []
        size = 0
        for number, line in enumerate(text.split(b"\n")[:-1]):
            if any(mark in line for mark in _MARKS):
                row = self._row(number, line)
            else:
                row = self._without_blanks(b"\n" + line + b"\n")[1:]
            piece.append(row)
            size += len(row)
            if size > BLOCK_BYTES:
                yield b"".join(piece)
                piece, size = [], 0
        yield b"".join(piece)

    def _row(self, number: int, line: bytes) -> bytes:
        try:
            text = line.decode("utf-8").strip()
        except UnicodeDecodeError:
            raise not_utf8(f"{self.path}: line {self.lines_before + number + 1:,}") from None
        if text.startswith("{"):
            fields = self._sparse(number, text, line)
        else:
            pattern = VALUE_BEFORE_BLANK if self._by_blanks else VALUE
            found = fields_of(text, pattern)
            if found is None:
                raise self.error(
                    number, "a quote is not closed, or text stands behind the quote", line
                )
            if len(found) == self._width + 1 and found[-1].startswith("{"):
                raise self.error(number, "the row has a weight, which is not read", line)
            fields = [_rewritten(value) for value in found]
        return (",".join(fields) + "\n").encode()

    def _sparse(self, number: int, text: str, line: bytes) -> list[str]:
        """Fill a sparse row up: what it leaves out is 0, or the first declared value."""
        fields = list(self._defaults)
        inner, place = text[1:-1].strip(), 0
        if not text.endswith("}"):
            raise self.error(number, "the sparse row does not end with its brace", line)
        before = -1
        while place < len(inner):
            match = SPARSE_VALUE.match(inner, place)
            index = -1 if match is None else int(match[1])
            if match is None or not before < index < self._width:
                raise self.error(
                    number,
                    f"the sparse row is not of rising numbers below {self._width:,} with values",
                    line,
                )
            fields[index] = _rewritten(match[2].rstrip())
            before, place = index, match.end()
        return fields


def _rewritten(value: str) -> str:
    """Write a field of a row so that pyarrow reads it; bare ones may mean missing."""
    if value[:1] in ("'", '"'):
        return field_text(plain(value))
    return field_text(value) if '"' in value else value


def _simply_quoted(text: bytes) -> bytes | None:
    """Turn single quotes around whole fields into double ones, fast; None where there is more."""
    if any(mark in text for mark in (b'"', b"{", b"\\", *_BLANK_ENDS)) or b"," not in text:
        return None
    text = _SIMPLY_QUOTED.sub(rb'"\1"', text)
    return None if b"'" in text else text
