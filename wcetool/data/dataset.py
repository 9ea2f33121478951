"""A set of files, or of columns in memory, that is read as one table.

`open_files` and the functions of `memory` make a `Dataset`; all rows are read through it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from wcetool.data.formats import format_of
from wcetool.data.formats.table import Column, ColumnKind, ReadLog, Table
from wcetool.data.options import ReadingOptions
from wcetool.data.source import InputFile, Split
from wcetool.data.streams import OnBytes
from wcetool.errors import InputError, UsageError


@dataclass(frozen=True, slots=True)
class Wanted:
    """A column to read, as the first table has it, and how to read it."""

    column: Column
    kind: ColumnKind


@dataclass(frozen=True, slots=True)
class Dataset:
    """Tables that are pooled, columns matched by name.

    Attributes
    ----------
    tables : tuple of Table
        At least one; the first one decides what the columns are called.
    """

    tables: tuple[Table, ...]

    @property
    def first(self) -> Table:
        """The table that decisions about columns look at: the first one with rows."""
        return next((table for table in self.tables if not table.is_empty), self.tables[0])

    @property
    def where(self) -> str:
        """The first file, for errors that concern all."""
        return self.first.file.path

    def refuse_empty(self) -> None:
        """Refuse a dataset without rows.

        Raises
        ------
        InputError
            If there is none in any table.
        """
        if self.first.is_empty:
            raise InputError(
                "has a header and no rows" if self.first.dialect else "has no rows",
                where=self.where,
            )

    def splits(self) -> list[Split]:
        """Cut all tables into parts that can be read on their own, in order."""
        return [
            split
            for index, table in enumerate(self.tables)
            for split in format_of(table.file).splits(table, index)
        ]

    def batches(
        self,
        split: Split,
        wanted: Sequence[Wanted],
        on_bytes: OnBytes,
        log: ReadLog,
        *,
        last: bool = True,
    ) -> Iterator[pa.RecordBatch]:
        """Read the wanted columns of a split, in their order, in bounded memory."""
        table = self.tables[split.index]
        columns = [(self._place(table, one.column), one.kind) for one in wanted]
        return format_of(table.file).batches(split, table, columns, on_bytes, log, last=last)

    def head(self, wanted: Sequence[Wanted]) -> pa.RecordBatch | None:
        """Return the first rows, None where there are none; standard input can be read again."""
        for split in self.splits():
            log = ReadLog()
            for batch in self.batches(split, wanted, _ignore, log, last=False):
                if len(batch):
                    return batch
        return None

    def rounding_unit(self, columns: Sequence[Column]) -> float:
        """Return the coarsest unit to which the values of the columns are rounded; 0 if exact."""
        return max(
            format_of(table.file).rounding_unit(table, [self._place(table, c) for c in columns])
            for table in self.tables
        )

    def _place(self, table: Table, column: Column) -> int:
        """Find a column of the first table in another one: at its place, else by its name."""
        if table.names == self.first.names:
            return column.place
        places = [other.place for other in table.columns if other.name == column.name]
        if len(places) == 1:
            return places[0]
        raise InputError(
            f"column {column.name!r} {'not found' if not places else 'is there more than once'}",
            where=table.file.path,
            details=(f"it is in {self.where}: several inputs are matched by column name",),
        )


def open_files(files: Sequence[InputFile], reading: ReadingOptions) -> Dataset:
    """Look at the beginning of each file.

    Raises
    ------
    InputError
        If a file is broken or holds no rows of a table.
    UsageError
        If an option has no effect on any of them.
    """
    _refuse_idle_options(files, reading)
    return Dataset(tuple(format_of(file).inspect(file, reading.text) for file in files))


def _refuse_idle_options(files: Sequence[InputFile], reading: ReadingOptions) -> None:
    """Refuse options that change nothing: a mistake of the caller."""
    if any(file.format in ("csv", "tsv") for file in files):
        return
    for option in _TEXT_OPTIONS:
        if option in reading.given:
            raise UsageError(f"has no effect: {files[0].path} is no text file", where=f"--{option}")


_TEXT_OPTIONS = (
    "delimiter",
    "header",
    "quote-char",
    "escape-char",
    "quoting",
    "skip-lines",
    "encoding",
)


def _ignore(_: int) -> None:
    """Report nothing: the head is read again."""
