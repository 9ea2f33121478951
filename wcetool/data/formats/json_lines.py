"""JSON Lines: an object a line, read in pieces, a large file by several threads.

Lines that one writer wrote alike are read by their `json_template`. Others pyarrow parses, only the
fields that are wanted, and gives up with an error where there are other types than in the first
rows. Then Python's `json` reads the lines one by one, and decides: what it finds is the label, or
the file is refused with the row.

pyarrow parses one object after another and does not look at lines. So each line of a piece must
begin with ``{`` and end with ``}`` first. Then no object goes over a line end, since ``}`` and
``{`` with nothing but white space between them stand next to each other only where one object ends
and another one begins; and if there are as many objects as lines, each line is one object.
"""

from __future__ import annotations

import codecs
import itertools
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.json as pajson

from wcetool.data import streams
from wcetool.data.formats import byte_ranges, typed
from wcetool.data.formats.bit_masks import Bytes
from wcetool.data.formats.json_columns import Wanted
from wcetool.data.formats.json_template import Places, Template
from wcetool.data.formats.json_values import (
    DECODER,
    HEAD_ROWS,
    Field,
    Fields,
    Path,
    Shape,
    problem_of,
    titled,
)
from wcetool.data.formats.table import ColumnKind, MemoryNeed, ReadLog, Table
from wcetool.data.formats.text_head import read_head
from wcetool.data.formats.text_reading import input_error
from wcetool.data.options import TextOptions
from wcetool.data.source import InputFile, Split
from wcetool.errors import InputError, short_repr

PIECE_BYTES = byte_ranges.RANGE_BYTES
LINE_BYTES = 64 << 20
_HEAD_BYTES = 1 << 20
_TRIED_LINES = 100  # before all are taken to be written alike
_SPACE = b" \t\r"
_NEWLINE, _OPEN, _CLOSE = b"\n{}"

_LABEL_TYPES = {
    frozenset((Shape.TEXT,)): pa.string(),
    frozenset((Shape.INTEGER,)): pa.int64(),  # no floats: 1 is not 1.0
    frozenset((Shape.BOOLEAN,)): pa.bool_(),
}
_NUMBER_TYPES = {
    ColumnKind.SCORE: pa.float64(),
    ColumnKind.TARGET: pa.float64(),
    ColumnKind.SCORE_LIST: pa.list_(pa.float64()),
}


def inspect(file: InputFile, options: TextOptions) -> Table:
    """Find the fields in the first rows."""
    head = read_head(file, options).removeprefix(codecs.BOM_UTF8)
    if b"\n" not in head:  # the first line is longer
        with closing(file.open_plain(options.encoding, streams.uncounted)) as plain:
            head = next(_pieces(plain, file, _HEAD_BYTES)).removeprefix(codecs.BOM_UTF8)
    records = _records(head, file.path, 0)
    first = list(itertools.islice(records, HEAD_ROWS))
    if not first:
        raise InputError("is empty", where=file.path)
    fields = Fields.of(first, file.path)
    return Table(
        file, fields.columns(), has_rows=bool(first), footer=_Footer(fields, options.encoding)
    )


def splits(table: Table, index: int, *, ranges: bool = False) -> list[Split]:
    """Cut a large plain file at line ends: no string of JSON holds one."""
    file = table.file
    if ranges and table.footer.encoding is None and byte_ranges.is_large_and_plain(file):
        cuts = list(itertools.pairwise(byte_ranges.line_ends(file) or ()))
        if cuts and all(end - start <= LINE_BYTES for start, end in cuts):  # else a line has no end
            return [
                Split(file, index, byte_range=(start, end), size=end - start) for start, end in cuts
            ]
    return [Split(file, index, size=file.size)]


def batches(
    split: Split,
    table: Table,
    columns: Sequence[tuple[int, ColumnKind]],
    on_bytes: streams.OnBytes,
    log: ReadLog,
    *,
    last: bool = True,
) -> Iterator[pa.RecordBatch]:
    """Read columns piece by piece."""
    reader = _Reader(split.file.path, table.footer.fields, columns)
    if split.byte_range is not None:
        text, at_top = byte_ranges.read_bytes(split)
        yield from reader.batch(_unmarked(text) if at_top else text)
        on_bytes(split.size)
    else:
        size = PIECE_BYTES if split.memory is None or split.memory > 0 else _HEAD_BYTES
        encoding = table.footer.encoding
        with closing(split.file.open_plain(encoding, on_bytes, last=last)) as plain:
            for place, piece in enumerate(_pieces(plain, split.file, size)):
                text = np.frombuffer(piece, dtype=np.uint8)
                yield from reader.batch(text if place else _unmarked(text))
    log.blank_lines = reader.blank_lines


def memory_need(
    split: Split, table: Table, columns: Sequence[tuple[int, ColumnKind]]
) -> MemoryNeed:
    """Return about ten times the text that is parsed at once, as measured."""
    start, end = split.byte_range or (0, PIECE_BYTES)
    size = 10 * (end - start)
    return MemoryNeed(size, size)


class _Footer:
    """What was found out from the first rows."""

    def __init__(self, fields: Fields, encoding: str | None) -> None:
        self.fields = fields
        self.encoding = encoding


def _unmarked(text: Bytes) -> Bytes:
    """Take the mark off that some writers put before UTF-8."""
    return text[3:] if text[:3].tobytes() == codecs.BOM_UTF8 else text


def _pieces(plain: streams.ByteSource, file: InputFile, size: int) -> Iterator[bytes]:
    """Cut a stream into whole lines, about `size` bytes at a time."""
    held: list[bytes] = []
    try:
        while data := streams.read_head(plain, size):
            cut = data.rfind(b"\n") + 1
            if cut:
                yield b"".join((*held, data[:cut]))
                held = [data[cut:]] if cut < len(data) else []
            else:
                held.append(data)
            if sum(map(len, held)) > LINE_BYTES:
                raise InputError(
                    f"a line is longer than {LINE_BYTES >> 20} MB",
                    where=file.path,
                    details=("JSON Lines holds an object a line",),
                    hint="--input-format json, if it is one array",
                )
    except streams.READ_ERRORS as error:
        raise input_error(error, file) from None
    if held:
        yield b"".join(held)


def _records(text: bytes, path: str, above: int) -> Iterator[dict[str, Any]]:
    """Parse line by line, blank lines left out.

    Raises
    ------
    InputError
        If a line is no object; names the row.
    """
    lines = (line.strip(_SPACE) for line in text.split(b"\n"))
    for row, line in enumerate(filter(None, lines), start=above + 1):
        yield _record(line, f"{path}: row {row:,}")


def _record(line: bytes, where: str) -> dict[str, Any]:
    # What is no UTF-8 becomes lone surrogates, which no label and no key may have.
    text = line.decode("utf-8", "surrogateescape")
    try:
        found, end = DECODER.raw_decode(text)
    except RecursionError:
        raise InputError("is nested too deeply", where=where) from None
    except ValueError as error:
        cut = "; is the file cut off?" if not line.endswith(b"}") else ""
        raise InputError(
            f"is not JSON: {problem_of(error)}{cut}",
            where=where,
            details=(f"text: {short_repr(text)}",),
        ) from None
    if isinstance(found, dict) and end == len(text):
        return found
    problem = (
        f"is {titled(found)}, where each line is to hold an object"
        if not isinstance(found, dict)
        else "holds more than one object"
    )
    raise InputError(problem, where=where, details=(f"text: {short_repr(text)}",))


class _Reader:
    """Turn whole lines into columns."""

    def __init__(
        self, path: str, fields: Fields, columns: Sequence[tuple[int, ColumnKind]]
    ) -> None:
        self._path = path
        self._wanted = Wanted.of(fields, columns)
        self._columns = columns
        self._rows = 0
        self.blank_lines = 0
        kinds = [(fields.fields[place], kind) for place, kind in columns]
        self._schema = _schema(kinds)

    def batch(self, text: Bytes) -> Iterator[pa.RecordBatch]:
        """Read a piece; nothing where it holds only blank lines."""
        ends = _object_lines(text)
        if ends is None:
            text, blank = _without_blanks(text)
            ends = _object_lines(text)
            if ends is not None:
                self.blank_lines += blank
            elif not len(text):
                self.blank_lines += blank
                return
            else:
                yield self._exactly(text, blank)
                return
        found = None if self._schema is None else self._at_once(text, ends)
        if found is None:
            yield self._exactly(text, 0)
            return
        self._rows += len(found)
        yield found

    def _exactly(self, text: Bytes, blank: int) -> pa.RecordBatch:
        """Read line by line."""
        records = list(_records(text.tobytes(), self._path, self._rows))
        found = self._wanted.batch(records, self._path, self._rows + 1)
        self._rows += len(records)
        self.blank_lines += blank
        return found

    def _at_once(self, text: Bytes, ends: Places) -> pa.RecordBatch | None:
        """Read all lines together; None where that would not be exact."""
        arrays = self._alike(text, ends) or self._parsed(text, len(ends))
        if arrays is None:
            return None
        for array in arrays:
            if pa.types.is_dictionary(array.type):
                try:
                    array.dictionary.validate(full=True)
                except pa.ArrowInvalid:  # is not UTF-8
                    return None
        return typed.in_order(arrays, self._columns)

    def _alike(self, text: Bytes, ends: Places) -> list[pa.Array] | None:
        """Read lines that are written like the first one; None where they are not, or scores."""
        schema = self._schema
        if schema is None or not {pa.string(), pa.int64()}.issuperset(schema.types):
            return None
        names = [path[0] for path in self._wanted.paths]
        template = Template.of(text[: ends[0]].tobytes(), names)
        few = ends[:_TRIED_LINES]
        if template is None or template.labels(text[: few[-1]], few) is None:
            return None
        return template.labels(text, ends)

    def _parsed(self, text: Bytes, n_lines: int) -> list[pa.Array] | None:
        """Parse all lines; None where pyarrow refuses, or does not find an object a line."""
        others = "infer" if self._wanted.class_keys else "ignore"
        try:
            found = pajson.read_json(
                pa.BufferReader(text),
                pajson.ReadOptions(use_threads=False, block_size=len(text) + 1),
                pajson.ParseOptions(explicit_schema=self._schema, unexpected_field_behavior=others),
            )
        except (pa.ArrowException, UnicodeError):
            return None
        if len(found) != n_lines or self._has_new_classes(found):
            return None
        arrays = []
        for path in self._wanted.paths:
            array = _at(found.column(path[0]).combine_chunks(), path[1:])
            arrays.append(array.dictionary_encode() if pa.types.is_string(array.type) else array)
        return arrays

    def _has_new_classes(self, found: pa.Table) -> bool:
        for parent, known in self._wanted.class_keys.items():
            if not parent:
                names = {*found.schema.names}
            else:
                kind = found.schema.field(parent[0]).type
                for key in parent[1:]:
                    kind = kind.field(key).type
                names = {kind.field(place).name for place in range(kind.num_fields)}
            if not names <= known:
                return True
        return False


def _schema(kinds: Sequence[tuple[Field, ColumnKind]]) -> pa.Schema | None:
    """Return what pyarrow is to read; None where only Python reads it exactly."""
    tree: dict[str, Any] = {}
    for one, kind in kinds:
        found = _arrow_type(one, kind)
        if found is None or not _enter(tree, one.path, found):
            return None
    return pa.schema(_fields(tree))


def _arrow_type(one: Field, kind: ColumnKind) -> pa.DataType | None:
    words = kind is ColumnKind.TARGET and one.shapes and not one.numbers
    if kind is ColumnKind.LABEL or words:
        return _LABEL_TYPES.get(frozenset(one.shapes))
    return _NUMBER_TYPES[kind]


def _enter(tree: dict[str, Any], path: Path, found: pa.DataType) -> bool:
    """Enter a type at a path; False where another one is in the way."""
    below = tree
    for key in path[:-1]:
        below = below.setdefault(key, {})
        if not isinstance(below, dict):
            return False
    return below.setdefault(path[-1], found) is found


def _fields(tree: dict[str, Any]) -> list[pa.Field]:
    return [
        pa.field(key, pa.struct(_fields(below)) if isinstance(below, dict) else below)
        for key, below in tree.items()
    ]


def _at(array: pa.Array, path: Path) -> pa.Array:
    """Follow a path; null where a parent is null."""
    for key in path:
        array = array.flatten()[array.type.get_field_index(key)]
    return array


def _object_lines(text: Bytes) -> Places | None:
    """Return where the lines end; None unless each begins and ends as an object does."""
    if not len(text) or text[0] != _OPEN:
        return None
    ends = np.flatnonzero(text == _NEWLINE)
    n_ended = len(ends)
    if not n_ended or ends[-1] != len(text) - 1:
        ends = np.append(ends, len(text))
    fits = (text[ends - 1] == _CLOSE).all() and (text[ends[:-1] + 1] == _OPEN).all()
    return ends if fits else None


def _without_blanks(text: Bytes) -> tuple[Bytes, int]:
    """Take blank lines out, and white space off the ends of lines; return how many were blank."""
    lines = [line.strip(_SPACE) for line in text.tobytes().split(b"\n")]
    if not lines[-1]:
        lines.pop()  # behind the last line end is no line
    filled = [line for line in lines if line]
    return np.frombuffer(b"\n".join(filled), dtype=np.uint8), len(lines) - len(filled)
