"""Counting rows with any number of labels: one split -> the state of what was counted in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wcetool.core.label_counts import IndicatorCounter, LabelCounts
from wcetool.core.label_sets import NamedSetCounter, NamedSets
from wcetool.core.vocabulary import Uncertain
from wcetool.data.dataset import Dataset, Wanted
from wcetool.data.formats.table import Column, ColumnKind, ReadLog
from wcetool.data.headers import HeaderDoubts, HeaderGuard
from wcetool.data.indicators import IndicatorReader
from wcetool.data.labels import Distinct, check_class_limit
from wcetool.data.options import LabelRules
from wcetool.data.read_rows import ReadRows
from wcetool.data.source import Split
from wcetool.data.targets import cell_labels
from wcetool.engine.local import Tick, run_over
from wcetool.engine.resources import Resources


@dataclass(frozen=True, slots=True)
class IndicatorState:
    """Labels with a column each, counted, and the rows they came from; add to merge."""

    counts: LabelCounts
    read: ReadRows

    def __add__(self, other: IndicatorState) -> IndicatorState:
        return IndicatorState(self.counts + other.counts, self.read + other.read)

    def to_dict(self) -> dict[str, Any]:
        """Return the state in the form that JSON keeps exactly."""
        return {"counts": self.counts.to_dict(), "read": self.read.to_dict()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> IndicatorState:
        """Restore what `to_dict` returned."""
        return cls(LabelCounts.from_dict(data["counts"]), ReadRows.from_dict(data["read"]))


@dataclass(frozen=True, slots=True)
class CountIndicators:
    """The work on one split: count labels with a column each."""

    dataset: Dataset
    columns: tuple[Column, ...]
    rules: LabelRules
    uncertain: Uncertain
    max_sets: int

    def wanted(self) -> list[Wanted]:
        """List the columns that are read: as labels, so that texts arrive as they are written."""
        return [Wanted(column, ColumnKind.LABEL) for column in self.columns]

    def __call__(self, split: Split, tick: Tick) -> IndicatorState:
        """Count."""
        names = [column.name for column in self.columns]
        reader = IndicatorReader(names, self.rules, self.uncertain, split.file.path)
        counter = IndicatorCounter(len(names), self.max_sets)
        log, n_rows = ReadLog(), 0
        for batch in self.dataset.batches(split, self.wanted(), lambda n: tick(n, 0), log):
            counter.add(reader.read(batch.columns, split.first_row + n_rows + 1))
            n_rows += len(batch)
            tick(0, len(batch))
        return IndicatorState(counter.counts(), ReadRows.of(split, n_rows, log, HeaderDoubts()))


@dataclass(frozen=True, slots=True)
class CellState:
    """Labels of cells, counted, and the rows they came from; add to merge.

    Attributes
    ----------
    sets : NamedSets
        Rows that are not missing, by their labels.
    missing : int
        Rows with an empty cell.
    read : ReadRows
        What was read.
    """

    sets: NamedSets
    missing: int
    read: ReadRows

    def __add__(self, other: CellState) -> CellState:
        return CellState(
            self.sets + other.sets, self.missing + other.missing, self.read + other.read
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the state in the form that JSON keeps exactly."""
        return {
            "sets": self.sets.to_dict(),
            "missing": self.missing,
            "read": self.read.to_dict(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> CellState:
        """Restore what `to_dict` returned."""
        read = ReadRows.from_dict(data["read"])
        return cls(NamedSets.from_dict(data["sets"]), data["missing"], read)


@dataclass(frozen=True, slots=True)
class CountCells:
    """The work on one split: count the labels of cells that hold several."""

    dataset: Dataset
    column: Column
    rules: LabelRules
    separator: str
    max_sets: int

    def wanted(self) -> list[Wanted]:
        """List the columns that are read."""
        return [Wanted(self.column, ColumnKind.LABEL)]

    def __call__(self, split: Split, tick: Tick) -> CellState:
        """Count."""
        guard = HeaderGuard(self.dataset.tables[split.index], split.index, self.column)
        counter, missing = NamedSetCounter(self.max_sets), 0
        log, n_rows, where = ReadLog(), 0, split.file.path
        for batch in self.dataset.batches(split, self.wanted(), lambda n: tick(n, 0), log):
            distinct = Distinct(batch.column(0), where)
            guard.see(distinct.texts)
            nulls, count = distinct.count()
            missing += nulls
            for text, n in zip(distinct.texts, count, strict=True):
                labels = cell_labels(text, self.separator, self.rules) if n else []
                if labels is None:
                    missing += n
                elif n:
                    counter.add(tuple(sorted(set(labels))), n)
            check_class_limit(counter.counts, self.rules, where)
            n_rows += len(batch)
            tick(0, len(batch))
        return CellState(counter.tally(), missing, ReadRows.of(split, n_rows, log, guard.doubts()))


def count_indicators(
    dataset: Dataset, work: CountIndicators, resources: Resources
) -> IndicatorState:
    """Count labels with a column each.

    Raises
    ------
    InputError
        If a file is broken, or a value is neither true nor false.
    """
    return run_over(dataset, work.wanted(), work, lambda _: None, resources)


def count_cells(dataset: Dataset, work: CountCells, resources: Resources) -> CellState:
    """Count the labels of cells.

    Raises
    ------
    InputError
        If a file is broken, the header looks like data, or there are too many labels.
    """

    def bound(state: CellState) -> None:
        check_class_limit(state.sets.counts, work.rules, dataset.where)

    def check(state: CellState) -> None:
        state.read.doubts.check(dataset.tables, work.column)

    return run_over(dataset, work.wanted(), work, check, resources, bound=bound)
