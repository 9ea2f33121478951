"""A set of files, or of columns in memory, that is read as one table.

`open_files` and the functions of `memory` make a `Dataset`; all rows are read through it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from wcetool.core.distribution import class_order
from wcetool.data.formats import format_of
from wcetool.data.formats.table import Column, ColumnKind, Holds, MemoryNeed, ReadLog, Table
from wcetool.data.options import ReadingOptions
from wcetool.data.source import InputFile, Split
from wcetool.data.streams import OnBytes, uncounted
from wcetool.errors import InputError


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
    is_bare_column : bool
        Labels in memory that came without names.
    """

    tables: tuple[Table, ...]
    is_bare_column: bool = False

    @property
    def first(self) -> Table:
        """The table that decisions about columns look at: the first one with rows."""
        return next((table for table in self.tables if table.has_rows), self.tables[0])

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
        if not self.first.has_rows:
            raise InputError(
                "has a header and no rows" if self.first.dialect else "has no rows",
                where=self.where,
            )

    def splits(self, *, ranges: bool = False) -> list[Split]:
        """Cut all tables into parts that can be read on their own, in order; see `Format`."""
        return [
            split
            for index, table in enumerate(self.tables)
            for split in format_of(table.file).splits(table, index, ranges=ranges)
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
        """Read the wanted columns of a split, in their order, in bounded memory; see `Format`.

        Raises
        ------
        InputError
            If the file is broken, or changed while it was read.
        """
        table = self.tables[split.index]
        columns = self._places(table, wanted)
        form = format_of(table.file)
        try:
            yield from form.batches(split, table, columns, on_bytes, log, last=last)
        except InputError as error:
            table.file.refuse_change()  # which explains whatever is broken
            raise table.file.explained(error) from None
        table.file.refuse_change()

    def memory_needs(self, splits: Sequence[Split], wanted: Sequence[Wanted]) -> list[MemoryNeed]:
        """Estimate what is held while the wanted columns of each split are read."""
        places = {
            index: self._places(self.tables[index], wanted)
            for index in {split.index for split in splits}
        }
        return [
            format_of(split.file).memory_need(split, self.tables[split.index], places[split.index])
            for split in splits
        ]

    def head(self, wanted: Sequence[Wanted]) -> pa.RecordBatch | None:
        """Return the first rows, None where there are none; standard input can be read again."""
        for split in self.splits():
            log = ReadLog()
            few = replace(split, memory=0)
            for batch in self.batches(few, wanted, uncounted, log, last=False):
                if len(batch):
                    return batch
        return None

    def rounding_unit(self, columns: Sequence[Column]) -> float:
        """Return the coarsest float type of the columns in any table, as its spacing at 1."""
        return max(
            column.rounding_unit
            for table in self.tables
            for column in self.columns_in(table, columns)
        )

    def columns_in(self, table: Table, columns: Sequence[Column]) -> list[Column]:
        """Find columns of the first table in another one: at their places, else by their names.

        Raises
        ------
        InputError
            If the other table lacks one, has it twice, or it holds something else there.
        """
        if table.names == self.first.names:
            found = [table.columns[column.place] for column in columns]
        else:
            by_name: dict[str, list[Column]] = {}
            for column in table.columns:
                by_name.setdefault(column.name, []).append(column)
            found = [self._only(by_name.get(one.name, []), one, table) for one in columns]
        for column in found:
            if column.holds is Holds.OTHER:
                raise InputError(
                    f"column {column.name!r} holds neither labels nor scores",
                    where=table.file.path,
                )
        return found

    def declared_classes(self, column: Column) -> tuple[str, ...] | None:
        """Return the classes that the files declare for a column; None where one declares none.

        In the usual order where each file declares them so, whichever comes first.
        """
        found = [one.classes for table in self.tables for one in self.columns_in(table, [column])]
        if any(classes is None for classes in found):
            return None
        together = tuple(dict.fromkeys(label for classes in found for label in classes or ()))
        is_usual = all(classes == class_order(classes or ()) for classes in found)
        return class_order(together) if is_usual else together

    @property
    def notes(self) -> tuple[str, ...]:
        """What was decided when the files were opened, the same of several files said once."""
        return tuple(dict.fromkeys(note for table in self.tables for note in table.notes))

    def _places(self, table: Table, wanted: Sequence[Wanted]) -> list[tuple[int, ColumnKind]]:
        found = self.columns_in(table, [one.column for one in wanted])
        return [(column.place, one.kind) for column, one in zip(found, wanted, strict=True)]

    def _only(self, named: Sequence[Column], column: Column, table: Table) -> Column:
        if len(named) == 1:
            return named[0]
        raise InputError(
            f"column {column.name!r} {'not found' if not named else 'is there more than once'}",
            where=table.file.path,
            details=(f"it is in {self.where}: several inputs are matched by column name",),
        )


def open_files(files: Sequence[InputFile], reading: ReadingOptions) -> Dataset:
    """Look at the beginning of each file.

    Raises
    ------
    InputError
        If a file is broken or holds no rows of a table.
    """
    return Dataset(tuple(_inspected(file, reading) for file in files))


def _inspected(file: InputFile, reading: ReadingOptions) -> Table:
    try:
        return format_of(file).inspect(file, reading.text)
    except InputError as error:
        file.refuse_change()
        raise file.explained(error) from None
