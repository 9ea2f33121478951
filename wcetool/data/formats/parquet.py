"""Parquet: only the columns that matter are read, row group by row group, in bounded memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from wcetool.data import arrow, streams
from wcetool.data.formats import typed
from wcetool.data.formats.table import Column, ColumnKind, Holds, ReadLog, RowGroup, Table
from wcetool.data.options import TextOptions
from wcetool.data.source import InputFile, Split
from wcetool.errors import InputError

# Row groups smaller than both are read together.
SPLIT_ROWS = 1 << 17
SPLIT_BYTES = 16 << 20


def inspect(file: InputFile, options: TextOptions) -> Table:
    """Read the schema and the sizes of the row groups from the footer; no row is read."""
    with _open(file) as parquet:
        schema, metadata = parquet.schema_arrow, parquet.metadata
        groups = [metadata.row_group(i) for i in range(metadata.num_row_groups)]
    columns = typed.columns_of(schema)
    # A column of the file wins over a partition key of the same name.
    constants = {key: value for key, value in file.partition if key not in schema.names}
    columns += [Column(key, len(columns) + i, Holds.TEXT) for i, key in enumerate(constants)]
    return Table(
        file,
        tuple(columns),
        has_rows=metadata.num_rows > 0,
        row_groups=tuple(RowGroup(group.num_rows, group.total_byte_size) for group in groups),
        constants=constants,
        footer=metadata,
    )


def splits(table: Table, index: int, *, ranges: bool = False) -> list[Split]:
    """Cut at row groups, small ones taken together."""
    found: list[Split] = []
    start = first_row = rows = size = 0
    for end, group in enumerate(table.row_groups, start=1):
        rows += group.rows
        size += group.size
        full = rows >= SPLIT_ROWS or size >= SPLIT_BYTES
        if full or end == len(table.row_groups):
            groups = (start, end)
            found.append(
                Split(table.file, index, groups, first_row=first_row, rows=rows, size=size)
            )
            start, first_row, rows, size = end, first_row + rows, 0, 0
    return found


def batches(
    split: Split,
    table: Table,
    columns: Sequence[tuple[int, ColumnKind]],
    on_bytes: streams.OnBytes,
    log: ReadLog,
    *,
    last: bool = True,
) -> Iterator[pa.RecordBatch]:
    """Read columns of a range of row groups; text columns stay dictionary-encoded."""
    names = [table.columns[place].name for place, _ in columns]
    times = Counter(table.names)
    twins = [name for name in names if times[name] > 1]
    if twins:
        raise InputError(
            f"two columns are called {twins[0]!r}, and Parquet columns are read by name",
            where=split.file.path,
            details=("rename one of them",),
        )
    in_file = [name for name in names if name not in table.constants]
    labels = [
        name
        for name, (_, kind) in zip(names, columns, strict=True)
        if kind is ColumnKind.LABEL and name not in table.constants
    ]
    with _open(split.file, dictionary=labels, footer=table.footer) as parquet:
        schema = parquet.schema_arrow
        groups = list(range(*(split.row_groups or (0, len(table.row_groups)))))
        total = sum(table.row_groups[i].rows for i in groups)
        read = 0
        try:
            for batch in parquet.iter_batches(
                batch_size=typed.batch_rows(schema.field(name).type for name in in_file),
                row_groups=groups,
                columns=in_file,
                use_threads=False,
            ):
                by_name = dict(zip(batch.schema.names, batch.columns, strict=True))
                arrays = (
                    arrow.constant_label(table.constants[name], len(batch))
                    if name in table.constants
                    else by_name[name]
                    for name in names
                )
                yield typed.in_order(arrays, columns)
                read += len(batch)
                on_bytes(split.size * len(batch) // max(total, 1))
        except (pa.ArrowException, OSError) as error:
            raise _broken(split.file, error) from None
    if read != total:
        raise InputError(
            f"{read:,} rows were read where the metadata say {total:,}", where=split.file.path
        )


def _open(file: InputFile, *, dictionary: Sequence[str] = (), footer: Any = None) -> Any:
    """Open a Parquet file; the reader is a context manager."""
    if file.compression is not None:
        raise InputError(
            f"is a Parquet file inside {file.compression}", where=file.path, hint="decompress it"
        )
    try:
        return pq.ParquetFile(
            file.location, metadata=footer, read_dictionary=list(dictionary), pre_buffer=False
        )
    except (pa.ArrowException, OSError) as error:
        raise _broken(file, error) from None


def _broken(file: InputFile, error: BaseException) -> InputError:
    if isinstance(error, OSError) and error.errno is not None:
        return InputError(streams.os_message(error), where=file.path)
    return InputError(
        "is not a whole Parquet file: truncated, damaged, or of another format",
        where=file.path,
        details=(str(error).splitlines()[0][:120],),
    )
