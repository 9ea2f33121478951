"""ORC: the columns that matter, stripe by stripe."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
from pyarrow import orc

from wcetool.data import streams
from wcetool.data.formats import typed
from wcetool.data.formats.table import ColumnKind, MemoryNeed, ReadLog, Table
from wcetool.data.options import TextOptions
from wcetool.data.source import InputFile, Split
from wcetool.errors import InputError, quoted

_BROKEN = (pa.ArrowException, OSError, UnicodeDecodeError)


def inspect(file: InputFile, options: TextOptions) -> Table:
    """Read the schema and the number of rows."""
    opened = _open(file)
    try:
        columns = tuple(typed.columns_of(opened.schema))
    except _BROKEN as error:
        raise streams.broken_file(error, file.path, "ORC file") from None
    return Table(file, columns, has_rows=opened.nrows > 0)


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
    """Read the columns of one stripe after the other, in slices."""
    names = [table.columns[place].name for place, _ in columns]
    times = Counter(table.names)
    twins = [name for name in names if times[name] > 1]
    if twins:
        raise InputError(
            f"two columns are called {quoted(twins[:1])}, and ORC columns are read by name",
            where=split.file.path,
            details=("rename one of them",),
        )
    n_rows = typed.batch_rows(table.columns[place] for place, _ in columns)
    opened, read = _open(split.file), 0
    for index in range(opened.nstripes):
        try:
            stripe = opened.read_stripe(index, columns=list(dict.fromkeys(names)))
        except _BROKEN as error:
            raise streams.broken_file(error, split.file.path, "ORC file") from None
        arrays = [stripe.column(name) for name in names]
        for first in range(0, len(stripe), n_rows):
            yield typed.in_order([one.slice(first, n_rows) for one in arrays], columns)
        read += len(stripe)
        on_bytes(split.size // opened.nstripes)
    if read != opened.nrows:
        raise InputError(
            f"{read:,} rows were read where the metadata say {opened.nrows:,}",
            where=split.file.path,
        )


def memory_need(
    split: Split, table: Table, columns: Sequence[tuple[int, ColumnKind]]
) -> MemoryNeed:
    """Estimate a stripe by the file: there may be only one."""
    share = split.size * len(columns) // max(len(table.columns), 1)
    return MemoryNeed(0, min(share, split.size))


def _open(file: InputFile) -> Any:
    try:
        return orc.ORCFile(file.location)
    except _BROKEN as error:
        raise streams.broken_file(error, file.path, "ORC file") from None
