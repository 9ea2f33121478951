"""Tables that are held in memory: how every format reads them that cannot be read in parts.

Such a format has an `inspect` of its own that returns `held`, and takes the rest from here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from wcetool.data import streams
from wcetool.data.formats import typed
from wcetool.data.formats.table import ColumnKind, MemoryNeed, ReadLog, Table
from wcetool.data.source import InputFile, Split
from wcetool.errors import InputError, short_repr


def held(file: InputFile, content: pa.Table, **more: Any) -> Table:
    """Describe a table in memory; `more` are further attributes of a `Table`."""
    columns = tuple(typed.columns_of(content.schema))
    return Table(file, columns, has_rows=content.num_rows > 0, footer=content, **more)


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
    content: pa.Table = table.footer
    chosen = content.select([place for place, _ in columns])
    rows = typed.batch_rows(table.columns[place] for place, _ in columns)
    for batch in chosen.to_batches(max_chunksize=rows):
        try:
            yield typed.in_order(batch.columns, columns)
        except pa.ArrowException as error:
            raise InputError(
                "a column of scores holds text",
                where=split.file.path,
                details=(short_repr(str(error), limit=120),),
                hint="--scores with the columns of the scores",
            ) from None


def memory_need(
    split: Split, table: Table, columns: Sequence[tuple[int, ColumnKind]]
) -> MemoryNeed:
    """Return 0: all is in memory."""
    return MemoryNeed(0, 0)
