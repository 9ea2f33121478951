"""One JSON document with a table in it: a list of records, or an object of columns.

A list is read as a stream. Its elements are objects, whose fields are columns, or labels, or lists
of numbers, which are one column. An object is read whole. It holds a list a column, or what pandas
writes: an object a column with the rows by number, `columns` and `data`, or `schema` and `data`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from wcetool.data import streams
from wcetool.data.formats.json_columns import Wanted
from wcetool.data.formats.json_text import PIECE_BYTES, JsonText, refuse_twins
from wcetool.data.formats.json_values import HEAD_ROWS, Fields, titled
from wcetool.data.formats.table import ColumnKind, MemoryNeed, ReadLog, Table
from wcetool.data.formats.text_head import read_head
from wcetool.data.options import TextOptions
from wcetool.data.source import InputFile, Split
from wcetool.errors import InputError, counted, quoted

BATCH_ROWS = 1 << 14
_BATCH_CHARACTERS = 8 << 20
_OBJECT_CHARACTERS = 256 << 20  # of an object that is read whole


@dataclass(frozen=True, slots=True)
class _Footer:
    """What was found out when the document was opened; all records of an object."""

    fields: Fields
    encoding: str | None
    records: Sequence[Any] | None


def inspect(file: InputFile, options: TextOptions) -> Table:
    """Find the fields in the first records."""
    read_head(file, options)  # refuses what is empty or no text
    with closing(file.open_plain(options.encoding, streams.uncounted)) as plain:
        text = JsonText(plain, file)
        start = text.peek()
        records, note = None, None
        if start == "[":
            first = list(itertools.islice(_within(text, PIECE_BYTES), HEAD_ROWS))
        elif start == "{":
            found = text.value(_OBJECT_CHARACTERS)
            text.finish()
            records, note = _records_of(found, file.path)
            first = list(records)
        else:
            raise _no_table(titled(text.value()), file.path)
    if not first:
        raise InputError("has no rows", where=file.path)
    fields = Fields.of(first, file.path)
    return Table(
        file,
        fields.columns(),
        has_rows=True,
        notes=() if note is None else (f"{file.path}: {note}",),
        footer=_Footer(fields, options.encoding, records),
    )


def splits(table: Table, index: int, *, ranges: bool = False) -> list[Split]:
    """Return the whole document."""
    return [Split(table.file, index, size=table.file.size)]


def batches(
    split: Split,
    table: Table,
    columns: Sequence[tuple[int, ColumnKind]],
    on_bytes: streams.OnBytes,
    log: ReadLog,
    *,
    last: bool = True,
) -> Iterator[pa.RecordBatch]:
    """Read columns, some thousand records at a time."""
    footer: _Footer = table.footer
    wanted = Wanted.of(footer.fields, columns)
    path, row = split.file.path, 1
    if footer.records is not None:
        for start in range(0, len(footer.records), BATCH_ROWS):
            part = footer.records[start : start + BATCH_ROWS]
            yield wanted.batch(part, path, start + 1)
        return
    with closing(split.file.open_plain(footer.encoding, on_bytes, last=last)) as plain:
        text = JsonText(plain, split.file)
        values = text.values()
        while True:
            most = text.consumed + _BATCH_CHARACTERS
            part = []
            for value in itertools.islice(values, BATCH_ROWS):
                part.append(value)
                if text.consumed > most:
                    break
            if not part:
                break
            yield wanted.batch(part, path, row)
            row += len(part)
        text.finish()


def memory_need(
    split: Split, table: Table, columns: Sequence[tuple[int, ColumnKind]]
) -> MemoryNeed:
    """Return about ten times the text of the records that are held at once."""
    size = 10 * _BATCH_CHARACTERS
    return MemoryNeed(size, size)


def _within(text: JsonText, most: int) -> Iterator[Any]:
    """Parse the elements of a list until so many characters are read."""
    for value in text.values():
        yield value
        if text.consumed > most:
            return


def _records_of(found: dict[str, Any], path: str) -> tuple[list[dict[str, Any]], str]:
    """Return the rows of an object of columns, and what form it has.

    Raises
    ------
    InputError
        If it has none that is known; says what stands in it.
    """
    refuse_twins(found, path)
    keys, values = found.keys(), list(found.values())
    names, data = found.get("columns"), found.get("data")
    if {"columns", "data"} <= keys <= {"columns", "index", "data"} and isinstance(names, list):
        return _split(names, data, path), "an object with 'columns' and 'data'"
    if keys == {"schema", "data"} and isinstance(data, list):
        return data, "an object with 'schema' and 'data'"
    if values and all(isinstance(one, list) for one in values):
        _refuse_lengths({key: len(one) for key, one in found.items()}, path)
        rows = zip(*values, strict=True)
        note = "an object of lists, a column each"
    elif values and all(isinstance(one, dict) and one and _numbered(one) for one in values):
        if any(one.keys() != values[0].keys() for one in values):
            raise InputError("is an object of columns that have different rows", where=path)
        rows = zip(*([one[key] for key in values[0]] for one in values), strict=True)
        note = "an object of columns, each with its rows by number"
    else:
        raise _no_table(
            f"an object with {counted(len(found), 'key')}: {quoted(found)}",
            path,
            hint="--input-format jsonl, if it is one record",
        )
    return [dict(zip(found, row, strict=True)) for row in rows], note


def _split(names: Sequence[Any], data: Any, path: str) -> list[dict[str, Any]]:
    texts = [str(name) for name in names]
    if len(set(texts)) < len(texts):
        raise InputError(f"two columns have one name: {quoted(texts)}", where=path)
    if not isinstance(data, list):
        raise _no_table("an object whose 'data' is no list", path)
    for row, values in enumerate(data, start=1):
        if not isinstance(values, list) or len(values) != len(texts):
            raise InputError(
                f"is not a list of {counted(len(texts), 'value')}, one a column",
                where=f"{path}: row {row:,}",
            )
    return [dict(zip(texts, values, strict=True)) for values in data]


def _refuse_lengths(lengths: dict[str, int], path: str) -> None:
    if len(set(lengths.values())) > 1:
        raise InputError(
            "is an object of lists that are not equally long",
            where=path,
            details=tuple(
                f"{quoted([key])}: {counted(n, 'value')}" for key, n in list(lengths.items())[:5]
            ),
        )


def _numbered(found: dict[str, Any]) -> bool:
    return all(key.isascii() and key.isdigit() for key in found)


def _no_table(what: str, path: str, hint: str | None = None) -> InputError:
    return InputError(
        f"holds {what}, where a list of records is expected",
        where=path,
        details=("read are: a list of objects, a list of labels, an object of lists",),
        hint=hint,
    )
