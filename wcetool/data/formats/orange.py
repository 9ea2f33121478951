"""Orange .tab: tab-separated rows below names, types and roles.

Types and roles stand in two rows of their own, or before a # in each name (`cD#label`). The rows
are read like those of TSV.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from wcetool.data import streams
from wcetool.data.formats import delimited
from wcetool.data.formats.delimited import memory_need, splits
from wcetool.data.formats.lines import plain_dialect, with_nulls
from wcetool.data.formats.table import Column, ColumnKind, Dialect, Holds, ReadLog, Table
from wcetool.data.formats.text_head import first_rows, read_head
from wcetool.data.options import TextOptions
from wcetool.data.source import InputFile, Split
from wcetool.errors import InputError, counted, quoted

__all__ = ["batches", "inspect", "memory_need", "splits"]

_HEADER_ROWS = 3
_MISSING = frozenset(("?", ".", "~", "NA"))
_PREFIXED = re.compile(r"([mcwi]?[CDST]|[mcwi])#(.+)", re.DOTALL)
_CONTINUOUS = frozenset(("continuous", "c", "C"))
_DISCRETE = frozenset(("discrete", "d", "D", ""))
_OTHER = frozenset(("time", "t", "T", "basket"))
_TEXT = frozenset(("string", "s", "S"))
_CLASS_ROLES = frozenset(("class", "c", "multiclass"))
_BETWEEN_VALUES = re.compile(r"(?<!\\) +")


@dataclass(frozen=True, slots=True)
class _Attribute:
    name: str
    kind: str
    is_class: bool

    @property
    def values(self) -> tuple[str, ...] | None:
        """The declared values, where the type is a list of them."""
        if self.kind in _CONTINUOUS | _DISCRETE | _OTHER | _TEXT:
            return None
        values = (text.replace("\\ ", " ") for text in _BETWEEN_VALUES.split(self.kind.strip()))
        return tuple(dict.fromkeys(values))

    @property
    def holds(self) -> Holds:
        if self.kind in _CONTINUOUS:
            return Holds.NUMBERS
        return Holds.OTHER if self.kind in _OTHER else Holds.TEXT


def inspect(file: InputFile, options: TextOptions) -> Table:
    """Read the header."""
    reading = TextOptions(encoding=options.encoding)
    head = read_head(file, reading)
    rows = first_rows(file, head, plain_dialect("\t", reading, quote_char='"')).rows
    header_rows, attributes = _attributes(file, rows)
    classes = [place for place, one in enumerate(attributes) if one.is_class]
    columns = tuple(
        Column(one.name, place, one.holds, classes=one.values)
        for place, one in enumerate(attributes)
    )
    return Table(
        file,
        columns,
        has_rows=len(rows) > header_rows,
        dialect=_dialect(reading, header_rows),
        label=classes[0] if len(classes) == 1 else None,
        label_reason="the class that the file declares",
    )


def _dialect(reading: TextOptions, header_rows: int) -> Dialect:
    return Dialect(
        delimiter="\t",
        quote_char='"',
        escape_char=None,
        comment=None,
        header=False,
        header_given=True,
        skip_lines=header_rows,
        leading_blank_lines=0,
        encoding=reading.encoding,
    )


def _attributes(file: InputFile, rows: Sequence[Sequence[str]]) -> tuple[int, list[_Attribute]]:
    """Return the number of header rows, and what they say of each column.

    Raises
    ------
    InputError
        If there are neither prefixes nor three rows of the same width.
    """
    names = rows[0]
    prefixed = [_PREFIXED.fullmatch(name) for name in names]
    if any(prefixed):
        return 1, [
            _Attribute(name, "", is_class=False)
            if match is None
            else _Attribute(match[2], match[1].lstrip("mcwi"), is_class=match[1].startswith("c"))
            for name, match in zip(names, prefixed, strict=True)
        ]
    header = rows[:_HEADER_ROWS]
    if len({len(row) for row in header}) > 1 or len(header) < _HEADER_ROWS:
        raise InputError(
            "has no rows of names, types and roles, nor prefixes before the names",
            where=file.path,
            details=(
                f"{counted(len(row), 'field')} in row {number}: {quoted(row)}"
                for number, row in enumerate(header, 1)
            ),
            hint="--input-format tsv",
        )
    return _HEADER_ROWS, [
        _Attribute(name, kind.strip(), is_class=not _CLASS_ROLES.isdisjoint(role.split()))
        for name, kind, role in zip(*header, strict=True)
    ]


def batches(
    split: Split,
    table: Table,
    columns: Sequence[tuple[int, ColumnKind]],
    on_bytes: streams.OnBytes,
    log: ReadLog,
    *,
    last: bool = True,
) -> Iterator[pa.RecordBatch]:
    """Read columns like those of TSV; what means unknown in Orange is missing."""
    for batch in delimited.batches(split, table, columns, on_bytes, log, last=last):
        arrays = [
            with_nulls(array, _MISSING.difference(table.columns[place].classes or ()))
            for array, (place, _) in zip(batch.columns, columns, strict=True)
        ]
        yield pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)
