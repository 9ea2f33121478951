"""Where the target of each row comes from: columns beside the scores, or other files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wcetool.data import streams
from wcetool.data.dataset import Dataset, Wanted
from wcetool.data.formats.table import Column, ColumnKind, Holds, ReadLog, Table
from wcetool.data.headers import HeaderDoubts, HeaderGuard
from wcetool.data.labels import LabelEncoder
from wcetool.data.options import LabelRules
from wcetool.data.read_rows import ReadRows
from wcetool.data.row_errors import unknown_labels
from wcetool.data.source import Split
from wcetool.data.targets import (
    CellEncoder,
    Targets,
    list_targets,
    matrix_or_codes,
    number_targets,
)
from wcetool.data.truth_columns import TruthForm
from wcetool.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class TruthPlan:
    """Columns that hold the truth, and how they become targets.

    Attributes
    ----------
    form : TruthForm
        How the truth is written.
    columns : tuple of Column
        One; or one a class, in class order.
    classes : tuple of str
        The classes, in order.
    rules : LabelRules
        How text becomes a label.
    separator : str or None
        Stands between the labels of a cell.
    ignored : frozenset of str
        Labels whose rows are left out.
    """

    form: TruthForm
    columns: tuple[Column, ...]
    classes: tuple[str, ...]
    rules: LabelRules
    separator: str | None = None
    ignored: frozenset[str] = frozenset()

    @property
    def label(self) -> Column | None:
        """The label column; None where there is a number a class."""
        return None if self.form is TruthForm.NUMBERS else self.columns[0]

    def wanted(self) -> list[Wanted]:
        """List the columns to read."""
        kind = ColumnKind.LABEL
        if self.form is TruthForm.NUMBERS:
            is_list = self.columns[0].holds is Holds.NUMBER_LISTS
            kind = ColumnKind.SCORE_LIST if is_list else ColumnKind.TARGET
        return [Wanted(column, kind) for column in self.columns]

    def reader(self, table: Table, index: int) -> TargetReader:
        """Start to read one split of a table."""
        return TargetReader(self, table, index)


class TargetReader:
    """Turn the columns of the truth into targets, batch by batch of one split."""

    def __init__(self, plan: TruthPlan, table: Table, index: int) -> None:
        self._plan = plan
        self._guard = None if plan.label is None else HeaderGuard(table, index, plan.label)
        separator = plan.separator or ""
        self._cells = CellEncoder(plan.classes, plan.rules, separator, plan.ignored)
        self._labels = LabelEncoder(plan.classes, plan.rules, self._guard, plan.ignored)

    def targets(self, columns: Sequence[pa.Array], where: str, first_row: int) -> Targets:
        """Return the targets of a batch.

        Raises
        ------
        InputError
            If a label is no class, or a list has another length; names the row.
        """
        plan = self._plan
        if plan.form is TruthForm.CELL:
            return self._cells.encode(columns[0], where, first_row)
        if plan.form is TruthForm.CLASS:
            codes, unknown = self._labels.encode(columns[0], where)
            if unknown:
                raise unknown_labels(unknown, plan.classes, where, first_row)
            return codes
        if plan.columns[0].holds is Holds.NUMBER_LISTS:
            return list_targets(columns[0], len(plan.classes), where, first_row)
        return number_targets(columns, where, first_row)

    def doubts(self) -> HeaderDoubts:
        """Return what the labels say of the header above them."""
        return HeaderDoubts() if self._guard is None else self._guard.doubts()


class Truth(Protocol):
    """Where the targets of the batches of one split come from."""

    def targets(self, batch: pa.RecordBatch, where: str, first_row: int, /) -> Targets:
        """Return the target of each row."""
        ...

    def doubts(self) -> HeaderDoubts:
        """Return what the labels beside the scores say of the header above them."""
        ...


class TruthInOrder(Truth, Protocol):
    """A truth in other files, that is read while the predictions are, in the order of these."""

    @property
    def read_rows(self) -> ReadRows:
        """What was read of it."""
        ...

    def apart(self, splits: Sequence[Split], /) -> Sequence[TruthInOrder] | None:
        """Return the truth of each split of the predictions on its own, to be read in any order.

        None where it must be read in order.
        """
        ...

    def collect(self, parts: Sequence[TruthInOrder], /) -> None:
        """Take over what was read of the parts that `apart` returned."""
        ...

    def finish(self, n_rows: int, where: str) -> None:
        """Look at what is left after the last prediction."""
        ...


class TruthBeside:
    """The truth is in columns of the batch.

    Parameters
    ----------
    reader : TargetReader
        What becomes of them.
    places : slice
        Where they are in the batch.
    """

    def __init__(self, reader: TargetReader, places: slice) -> None:
        self._reader = reader
        self._places = places

    def targets(self, batch: pa.RecordBatch, where: str, first_row: int) -> Targets:
        """Return the targets; errors as in `TargetReader`."""
        return self._reader.targets(batch.columns[self._places], where, first_row)

    def doubts(self) -> HeaderDoubts:
        """Return what the labels say of the header."""
        return self._reader.doubts()


class TruthElsewhere:
    """The truth is in other files, in the order of the rows; read by one thread, once.

    Parameters
    ----------
    dataset : Dataset
        The files.
    plan : TruthPlan
        How they are read.
    splits : sequence of Split, optional
        The rows that are read; all by default.

    Attributes
    ----------
    read_rows : ReadRows
        What was read so far.
    """

    def __init__(
        self, dataset: Dataset, plan: TruthPlan, splits: Sequence[Split] | None = None
    ) -> None:
        self._dataset = dataset
        self._plan = plan
        self._splits = dataset.splits() if splits is None else splits
        self._parts = self.parts()
        self._left: npt.NDArray[Any] | None = None
        self._given = 0
        self.read_rows = ReadRows()

    def targets(self, batch: pa.RecordBatch, where: str, _: int) -> Targets:
        """Return the targets of as many rows as the batch has.

        Raises
        ------
        InputError
            If a label is no class, or there are fewer labels than rows.
        """
        parts = [] if self._left is None else [self._left]
        lacking = len(batch) - sum(map(len, parts))
        while lacking > 0:
            part = next(self._parts, None)
            if part is None:
                self._given += len(batch) - lacking
                raise InputError(
                    f"has {self._given:,} rows, but there are more predictions in {where}",
                    where=self._dataset.where,
                )
            parts.append(part)
            lacking -= len(part)
        joined = np.concatenate(parts)
        self._left = joined[len(batch) :]
        self._given += len(batch)
        return joined[: len(batch)]

    def doubts(self) -> HeaderDoubts:
        """Return nothing: there is no label beside the scores."""
        return HeaderDoubts()

    def finish(self, n_rows: int, where: str) -> None:
        """Read to the end.

        Raises
        ------
        InputError
            If there are labels that no prediction belongs to, or a header looks like data.
        """
        left = 0 if self._left is None else len(self._left)
        more = left + sum(len(part) for part in self._parts)
        if more:
            raise InputError(
                f"has {n_rows + more:,} rows, but there are {n_rows:,} predictions in {where}",
                where=self._dataset.where,
            )
        if self._plan.label is not None:
            self.read_rows.doubts.check(self._dataset.tables, self._plan.label)

    def apart(self, splits: Sequence[Split]) -> list[TruthElsewhere] | None:
        """Return the truth of each split on its own, where any rows of it can be read."""
        if not all(table.file.format.any_rows for table in self._dataset.tables):
            return None
        lengths = [split.rows for split in splits if split.rows is not None]
        given = sum(split.rows or 0 for split in self._splits)
        if len(lengths) < len(splits) or sum(lengths) != given:
            return None  # read in order, it says where one of the two ends
        ends = list(accumulate(lengths))
        return [
            TruthElsewhere(self._dataset, self._plan, _between(self._splits, end - length, end))
            for length, end in zip(lengths, ends, strict=True)
        ]

    def collect(self, parts: Sequence[TruthInOrder]) -> None:
        """Take over what was read of the parts: nothing is left."""
        self._parts = iter(())
        self.read_rows = sum((part.read_rows for part in parts), start=self.read_rows)

    def parts(self) -> Iterator[npt.NDArray[Any]]:
        """Read all targets, in order."""
        for split in self._splits:
            reader = self._plan.reader(self._dataset.tables[split.index], split.index)
            log, n_rows = ReadLog(), 0
            wanted = self._plan.wanted()
            for batch in self._dataset.batches(split, wanted, streams.uncounted, log):
                first_row = split.first_row + n_rows + 1
                yield matrix_or_codes(reader.targets(batch.columns, split.file.path, first_row))
                n_rows += len(batch)
            self.read_rows += ReadRows.of(split, n_rows, log, reader.doubts())


def _between(splits: Sequence[Split], start: int, stop: int) -> list[Split]:
    """Return the splits that hold a range of the rows of all, cut where it begins and ends."""
    found, above = [], 0
    for split in splits:
        n_rows = split.rows or 0
        first, last = max(start - above, 0), min(stop - above, n_rows)
        if first < last:
            found.append(replace(split, first_row=split.first_row + first, rows=last - first))
        above += n_rows
    return found
