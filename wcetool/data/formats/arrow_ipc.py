"""Arrow's own files: IPC files, which Feather is since version 2, and IPC streams.

One record batch after the other is read, and of it the columns that matter. The categories of a
dictionary column are no declared classes: those without a row are left out.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from wcetool.data import streams
from wcetool.data.formats import typed
from wcetool.data.formats.table import ColumnKind, MemoryNeed, ReadLog, Table
from wcetool.data.options import TextOptions
from wcetool.data.source import InputFile, Split
from wcetool.errors import InputError

_FILE, _FEATHER_1 = b"ARROW1", b"FEA1"
_END = b"\xff\xff\xff\xff\x00\x00\x00\x00"
_BROKEN = (pa.ArrowException, OSError, UnicodeDecodeError)


def inspect(file: InputFile, options: TextOptions) -> Table:
    """Read the schema, and look for a first row."""
    with streams.open_file(file.location) as stream:
        head = stream.read(len(_FILE))
        stream.seek(max(os.fstat(stream.fileno()).st_size - len(_END), 0))
        ends = stream.read(len(_END)) == _END
    if head.startswith(_FEATHER_1):
        raise InputError(
            "is a Feather file of version 1, which has no checks: a damaged one would end the "
            "process",
            where=file.path,
            hint="pyarrow.feather.write_feather(pyarrow.feather.read_table(path), path)",
        )
    notes = []
    if head != _FILE and not ends:
        notes.append(f"{file.path}: the stream has no end mark: rows may be cut off at its end")
    with _reader(file, None) as reader:
        columns = tuple(typed.columns_of(reader.schema))
        has_rows = any(len(batch) for batch in _stored(reader))
    return Table(file, columns, has_rows=has_rows, notes=tuple(notes))


def splits(table: Table, index: int, *, ranges: bool = False) -> list[Split]:
    """Return the whole file."""
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
    """Read the columns of one record batch after the other, in slices."""
    places = sorted({place for place, _ in columns})
    n_rows = typed.batch_rows(table.columns[place] for place, _ in columns)
    with _reader(split.file, places) as reader:
        n_batches = max(getattr(reader, "num_record_batches", 1), 1)
        for batch in _stored(reader):
            batch.validate(full=True)  # a damaged offset would end the process
            arrays = [batch.column(places.index(place)) for place, _ in columns]
            for first in range(0, len(batch), n_rows):
                yield typed.in_order(
                    [typed.used_categories(one.slice(first, n_rows)) for one in arrays], columns
                )
            on_bytes(split.size // n_batches)


def memory_need(
    split: Split, table: Table, columns: Sequence[tuple[int, ColumnKind]]
) -> MemoryNeed:
    """Estimate a record batch by the file: there may be only one."""
    share = split.size * len(columns) // max(len(table.columns), 1)
    return MemoryNeed(0, min(share, split.size))


@contextmanager
def _reader(file: InputFile, places: Sequence[int] | None) -> Iterator[Any]:
    """Open a file or a stream; what is wrong while it is open is an error of the input."""
    options = pa.ipc.IpcReadOptions(included_fields=None if places is None else list(places))
    try:
        with pa.OSFile(file.location) as source:
            if source.read(len(_FILE)) == _FILE:
                source.seek(0)
                yield pa.ipc.open_file(source, options=options)
            else:
                source.seek(0)
                yield pa.ipc.open_stream(source, options=options)
    except _BROKEN as error:
        raise streams.broken_file(error, file.path, "Arrow file") from None


def _stored(reader: Any) -> Iterator[pa.RecordBatch]:
    if hasattr(reader, "num_record_batches"):
        for index in range(reader.num_record_batches):
            yield reader.get_batch(index)
    else:
        yield from reader
