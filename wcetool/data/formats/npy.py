"""One NumPy array: a range of rows at a time, so that threads share the work."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, cast

import pyarrow as pa

from wcetool.data import streams
from wcetool.data.formats.array_columns import (
    ArrayColumn,
    batch_of,
    label_columns,
    only_columns_of,
    table_of,
)
from wcetool.data.formats.table import ColumnKind, MemoryNeed, ReadLog, Table
from wcetool.data.npy_file import ArrayHeader, read_header
from wcetool.data.options import TextOptions
from wcetool.data.source import InputFile, Split
from wcetool.errors import InputError

SPLIT_BYTES = 16 << 20
BATCH_BYTES = 4 << 20
BATCH_ROWS = 1 << 17


@dataclass(frozen=True, slots=True)
class _Content:
    """The array of a file, and its columns."""

    header: ArrayHeader
    columns: list[ArrayColumn]

    def batch_rows(self, memory: int | None) -> int:
        """Return how many rows are read at once."""
        size = BATCH_BYTES if memory is None else max(min(memory // 4, BATCH_BYTES), 1 << 16)
        return max(1, min(BATCH_ROWS, size // max(self.header.row_bytes, 1)))


def inspect(file: InputFile, options: TextOptions) -> Table:
    """Read the header, and the first rows of floats that may be ones and zeros."""
    with _open(file) as stream:
        header = read_header(stream, file.path)
        _check_size(header, os.fstat(stream.fileno()).st_size, file.path)
        columns = only_columns_of(
            header,
            file.path,
            lambda n: next(header.pieces(stream, (0, n), n, file.path)),
        )
    content = _Content(header, columns)
    more = label_columns(header, columns)
    return table_of(file, columns, header.rows, footer=content, **more)


def splits(table: Table, index: int, *, ranges: bool = False) -> list[Split]:
    """Cut between rows, at about equal sizes."""
    header = _content(table).header
    step = max(1, SPLIT_BYTES // max(header.row_bytes, 1))
    return [
        Split(
            table.file,
            index,
            first_row=first,
            rows=min(step, header.rows - first),
            size=min(step, header.rows - first) * header.row_bytes,
        )
        for first in range(0, max(header.rows, 1), step)
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
    """Read the rows of a split."""
    content, where = _content(table), split.file.path
    header = content.header
    stop = header.rows if split.rows is None else split.first_row + split.rows
    with _open(split.file) as stream:
        n_rows = content.batch_rows(split.memory)
        for rows in header.pieces(stream, (split.first_row, stop), n_rows, where):
            yield batch_of([rows] * len(columns), content.columns, columns, where)
            on_bytes(rows.nbytes)


def memory_need(
    split: Split, table: Table, columns: Sequence[tuple[int, ColumnKind]]
) -> MemoryNeed:
    """Return what a batch takes, twice: as it is read, and as columns."""
    content = _content(table)
    row_bytes = content.header.row_bytes
    return MemoryNeed(
        2 * content.batch_rows(0) * row_bytes, 2 * content.batch_rows(None) * row_bytes
    )


def _content(table: Table) -> _Content:
    return cast(_Content, table.footer)


def _open(file: InputFile) -> BinaryIO:
    return streams.open_file(file.location)


def _check_size(header: ArrayHeader, n_bytes: int, where: str) -> None:
    """Refuse an array that the file does not hold, and a file that holds more."""
    if n_bytes < header.size:
        raise InputError(
            f"is truncated: it holds {n_bytes:,} bytes, where an array of shape {header.shape} "
            f"and type {header.dtype} takes {header.size:,}",
            where=where,
        )
    if n_bytes > header.size:
        raise InputError(
            f"holds {n_bytes - header.size:,} bytes below its array: another array perhaps, which "
            "would be left out",
            where=where,
            hint="np.savez(path, a=..., b=...) keeps several arrays in one file",
        )
