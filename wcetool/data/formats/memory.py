"""Columns in memory, read in the same way as a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa

from wcetool.data import streams
from wcetool.data.formats import typed
from wcetool.data.formats.table import ColumnKind, MemoryNeed, ReadLog, Table
from wcetool.data.options import TextOptions
from wcetool.data.source import InputFile, Split


def inspect(file: InputFile, options: TextOptions) -> Table:
    """Describe the columns."""
    table = _table(file)
    return Table(file, tuple(typed.columns_of(table.schema)), has_rows=table.num_rows > 0)


def splits(table: Table, index: int, *, ranges: bool = False) -> list[Split]:
    """Return the whole table."""
    return [Split(table.file, index)]


def batches(
    split: Split,
    table: Table,
    columns: Sequence[tuple[int, ColumnKind]],
    on_bytes: streams.OnBytes,
    log: ReadLog,
    *,
    last: bool = True,
) -> Iterator[pa.RecordBatch]:
    """Hand out slices of the columns; nothing is copied."""
    chosen = _table(split.file).select([place for place, _ in columns])
    rows = typed.batch_rows(table.columns[place] for place, _ in columns)
    for batch in chosen.to_batches(max_chunksize=rows):
        yield typed.in_order(batch.columns, columns)


def memory_need(
    split: Split, table: Table, columns: Sequence[tuple[int, ColumnKind]]
) -> MemoryNeed:
    """Return 0: all is in memory."""
    return MemoryNeed(0, 0)


def _table(file: InputFile) -> pa.Table:
    if file.table is None:
        raise TypeError("a table in memory is there")
    return file.table
