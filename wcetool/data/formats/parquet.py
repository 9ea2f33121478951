"""Parquet: only the columns that matter are read, row group by row group, in bounded memory.

Few columns are read as a stream, page by page. Of many columns each would hold a page and a
dictionary meanwhile, so they are read in slabs, and laid side by side::

    columns   0 ... 63   64 ... 127   ...
    rows      [ slab ]   [  slab  ]        one piece: a row group, or as much as memory allows

What is above a piece in its row group is decoded and dropped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from wcetool.data import arrow, streams
from wcetool.data.formats import typed
from wcetool.data.formats.table import (
    Column,
    ColumnKind,
    Holds,
    MemoryNeed,
    ReadLog,
    RowGroup,
    Table,
)
from wcetool.data.options import TextOptions
from wcetool.data.source import InputFile, Split
from wcetool.errors import InputError, short_repr

# Row groups smaller than both are read together.
SPLIT_ROWS = 1 << 17
SPLIT_BYTES = 16 << 20

STREAMED_COLUMNS = 128
SLAB_COLUMNS = arrow.TILE_COLUMNS  # decode a third faster than all at once
LEAST_ROWS = 1 << 10  # of a piece, whatever memory there is
MOST_PIECES = 32  # of a row group: each is found by decoding what is above it
PAGE_BYTES = 3 << 20  # a page, a dictionary and their raw bytes, as writers make them
_BUFFER_BYTES = 1 << 16  # of the file, a column
_FIRST_ROWS = 16


def inspect(file: InputFile, options: TextOptions) -> Table:
    """Read the schema and the sizes of the row groups from the footer; no row is read."""
    with _open(file) as parquet:
        try:
            schema, metadata = parquet.schema_arrow, parquet.metadata
            groups = [metadata.row_group(i) for i in range(metadata.num_row_groups)]
            columns = [
                _with_length(column, parquet, schema.names) for column in typed.columns_of(schema)
            ]
        except (UnicodeError, pa.ArrowException, OSError) as error:
            raise _broken(file, error) from None
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
    part = _Part.of(split, table, columns)
    read = 0
    with _open(split.file, dictionary=part.labels(), footer=table.footer) as parquet:
        try:
            for batch in part.batches(parquet, split.memory):
                yield batch
                read += len(batch)
                on_bytes(split.size * len(batch) // max(part.rows, 1))
        except (pa.ArrowException, OSError) as error:
            raise _broken(split.file, error) from None
    if read != part.rows:
        raise InputError(
            f"{read:,} rows were read where the metadata say {part.rows:,}", where=split.file.path
        )


def memory_need(
    split: Split, table: Table, columns: Sequence[tuple[int, ColumnKind]]
) -> MemoryNeed:
    """Estimate from the metadata what is held while a split is read."""
    return _Part.of(split, table, columns).need()


@dataclass(frozen=True, slots=True)
class _Part:
    """Columns of row groups that are read together.

    Attributes
    ----------
    columns : list of (Column, ColumnKind)
        As asked for.
    constants : mapping of str to str or None
        The values of those that are in the path of the file.
    groups : list of int
        The row groups.
    rows : int
        Rows of all row groups.
    column_bytes : int
        About the bytes of a column in the file, uncompressed.
    """

    columns: list[tuple[Column, ColumnKind]]
    constants: Mapping[str, str | None]
    groups: list[int]
    rows: int
    column_bytes: int

    @classmethod
    def of(cls, split: Split, table: Table, columns: Sequence[tuple[int, ColumnKind]]) -> _Part:
        groups = list(range(*(split.row_groups or (0, len(table.row_groups)))))
        chosen = [(table.columns[place], kind) for place, kind in columns]
        rows = sum(table.row_groups[i].rows for i in groups)
        size = sum(table.row_groups[i].size for i in groups)
        # Columns beside those that are read may be far smaller.
        decoded = rows * sum(column.row_bytes for column, _ in chosen)
        column_bytes = max(size // max(len(table.columns), 1), decoded // max(len(chosen), 1))
        return cls(chosen, table.constants, groups, rows, column_bytes)

    def labels(self) -> list[str]:
        """Name the columns that are read as dictionaries: numbers cannot be, and would be slower.

        A name with a dot is a path to Arrow as well, and may lead into a struct.
        """
        labels = (
            column.name
            for column, kind in self.columns
            if kind is ColumnKind.LABEL
            and column.holds is Holds.TEXT
            and column.name not in self.constants
        )
        return [name for name in labels if "." not in name]

    def need(self) -> MemoryNeed:
        """Estimate what is held while the rows are read."""
        most = self._rows_within(None)
        least = max(self._rows_within(0), most // MOST_PIECES)
        return MemoryNeed(
            self._open_bytes() + least * self._row_bytes(),
            self._open_bytes() + most * self._row_bytes(),
        )

    def batches(self, parquet: Any, memory: int | None) -> Iterator[pa.RecordBatch]:
        """Read all rows: as a stream, or in pieces whose scores are one column of lists."""
        rows = self._rows_within(memory)
        if not self._is_wide():
            names = [name for name, _ in self._stored()]
            for batch in self._decoded(parquet, names, rows):
                yield self._with_constants(batch, self.columns)
            return
        scores = [column for column, kind in self.columns if kind is ColumnKind.SCORE]
        matrix = arrow.row_memory(rows, len(scores), typed.float_dtype(scores[0]))
        for start in range(0, self.rows, rows):
            stop = min(start + rows, self.rows)
            yield self._piece(parquet, slice(start, stop), scores, matrix[: stop - start])

    def _is_wide(self) -> bool:
        scores = [column for column, kind in self.columns if kind is ColumnKind.SCORE]
        return len(scores) > STREAMED_COLUMNS and len({one.rounding_unit for one in scores}) == 1

    def _rows_within(self, memory: int | None) -> int:
        """Return how many rows are decoded at once, where so many bytes may be held."""
        batch_rows = typed.batch_rows(column for column, _ in self.columns)
        most = max(self.rows if self._is_wide() else min(self.rows, batch_rows), 1)
        if memory is None:
            return most
        fitting = (memory - self._open_bytes()) // self._row_bytes()
        return min(max(fitting, LEAST_ROWS), most)

    def _open_bytes(self) -> int:
        """Estimate what the columns hold that are being decoded."""
        n_open = SLAB_COLUMNS if self._is_wide() else len(self.columns)
        return n_open * min(PAGE_BYTES, 2 * self.column_bytes)

    def _row_bytes(self) -> int:
        """Estimate what a decoded row takes: two batches of a stream, a slab beside a piece.

        Lists take twice as much while they are decoded.
        """
        row_bytes = sum(column.row_bytes for column, _ in self.columns)
        if self._is_wide():
            return row_bytes + SLAB_COLUMNS * 8
        return 2 * sum(
            column.row_bytes * (2 if column.length > 1 else 1) for column, _ in self.columns
        )

    def _stored(self) -> list[tuple[str, ColumnKind]]:
        """List the columns that are in the file itself."""
        return [
            (column.name, kind)
            for column, kind in self.columns
            if column.name not in self.constants
        ]

    def _piece(
        self, parquet: Any, rows: slice, scores: Sequence[Column], matrix: npt.NDArray[Any]
    ) -> pa.RecordBatch:
        """Read some rows of many score columns into an array, slab by slab."""
        others = [one for one in self.columns if one[1] is not ColumnKind.SCORE]
        in_file = [name for name, kind in self._stored() if kind is not ColumnKind.SCORE]
        for first in range(0, len(scores), SLAB_COLUMNS):
            names = [column.name for column in scores[first : first + SLAB_COLUMNS]]
            slab = self._rows(parquet, names, rows).select(names)
            arrow.write_rows(slab, matrix[:, first : first + len(names)])
        beside = []
        if others:
            beside = self._with_constants(self._rows(parquet, in_file, rows), others).columns
        lists = arrow.lists_of(matrix)
        return pa.RecordBatch.from_arrays(
            [*beside, lists], names=[str(place) for place in range(len(beside) + 1)]
        )

    def _rows(self, parquet: Any, names: Sequence[str], rows: slice) -> pa.RecordBatch:
        """Read some rows of a few columns; those above are decoded and dropped."""
        found: list[pa.RecordBatch] = []
        above, size = 0, rows.stop - rows.start
        for batch in self._decoded(parquet, names, size):
            first = max(rows.start - above, 0)
            above += len(batch)
            if above > rows.start:
                found.append(batch.slice(first, size - sum(map(len, found))))
            if above >= rows.stop:
                break
        if above < rows.stop:  # or the piece would keep rows of the one before
            raise pa.ArrowInvalid(f"a column ends after {above:,} rows of {self.rows:,}")
        return found[0] if len(found) == 1 else _joined(found)

    def _with_constants(
        self, batch: pa.RecordBatch, columns: Sequence[tuple[Column, ColumnKind]]
    ) -> pa.RecordBatch:
        by_name = dict(zip(batch.schema.names, batch.columns, strict=True))
        arrays = (
            arrow.constant_label(self.constants[column.name], len(batch))
            if column.name in self.constants
            else by_name[column.name]
            for column, _ in columns
        )
        return typed.in_order(arrays, [(column.place, kind) for column, kind in columns])

    def _decoded(self, parquet: Any, names: Sequence[str], rows: int) -> Iterator[pa.RecordBatch]:
        found: Iterator[pa.RecordBatch] = parquet.iter_batches(
            batch_size=rows, row_groups=self.groups, columns=list(names), use_threads=False
        )
        return found


def _joined(batches: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
    """Copy batches into one; their dictionaries may differ."""
    table = pa.Table.from_batches(batches).unify_dictionaries().combine_chunks()
    return table.to_batches()[0]


def _with_length(column: Column, parquet: Any, names: Sequence[str]) -> Column:
    """Take the mean length of the lists of a column from the first rows.

    The metadata say it as well, and a damaged file ends the process where they are asked.
    """
    if column.holds is not Holds.NUMBER_LISTS or names.count(column.name) > 1:
        return column
    first = parquet.iter_batches(batch_size=_FIRST_ROWS, columns=[column.name], use_threads=False)
    batch = next(first, None)
    if batch is None or not len(batch):
        return column
    lists = batch.column(0)
    return replace(column, length=max(1, len(lists.flatten()) // len(lists)))


def _open(file: InputFile, *, dictionary: Sequence[str] = (), footer: Any = None) -> Any:
    """Open a Parquet file; the reader is a context manager."""
    if file.compression is not None:
        raise InputError(
            f"is a Parquet file inside {file.compression}", where=file.path, hint="decompress it"
        )
    try:
        return pq.ParquetFile(
            file.location,
            metadata=footer,
            read_dictionary=list(dictionary),
            pre_buffer=False,
            buffer_size=_BUFFER_BYTES,
        )
    except (pa.ArrowException, OSError, UnicodeError) as error:  # a name may be no UTF-8
        raise _broken(file, error) from None


def _broken(file: InputFile, error: BaseException) -> InputError:
    if isinstance(error, pa.ArrowNotImplementedError):
        text = short_repr(str(error), limit=120)
        return InputError("holds what Arrow cannot read", where=file.path, details=(text,))
    return streams.broken_file(error, file.path, "Parquet file")
