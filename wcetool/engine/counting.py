"""Counting labels: one split -> the state of what was counted in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wcetool.core.distribution import LabelTally
from wcetool.data.beside_counting import BesideCounter, BesideState, check_split_limit
from wcetool.data.beside_labels import BesideColumns
from wcetool.data.dataset import Dataset, Wanted
from wcetool.data.formats.table import Column, ColumnKind, ReadLog
from wcetool.data.headers import HeaderGuard
from wcetool.data.labels import LabelCounter, check_class_limit
from wcetool.data.options import LabelRules
from wcetool.data.read_rows import ReadRows
from wcetool.data.source import Split
from wcetool.engine.local import Tick, run_over
from wcetool.engine.resources import Resources


@dataclass(frozen=True, slots=True)
class CountState:
    """Labels counted, and the rows they came from; add to merge."""

    tally: LabelTally = field(default_factory=LabelTally)
    read: ReadRows = field(default_factory=ReadRows)
    beside: BesideState = field(default_factory=BesideState)

    def __add__(self, other: CountState) -> CountState:
        return CountState(
            self.tally + other.tally, self.read + other.read, self.beside + other.beside
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the state in the form that JSON keeps exactly."""
        return {
            "tally": self.tally.to_dict(),
            "read": self.read.to_dict(),
            "beside": self.beside.to_dict(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> CountState:
        """Restore what `to_dict` returned."""
        return cls(
            LabelTally.from_dict(data["tally"]),
            ReadRows.from_dict(data["read"]),
            BesideState.from_dict(data["beside"]),
        )


@dataclass(frozen=True, slots=True)
class CountLabels:
    """The work on one split: count its labels, and what stands beside them."""

    dataset: Dataset
    label: Column
    rules: LabelRules
    beside: BesideColumns = field(default_factory=BesideColumns)

    def wanted(self) -> list[Wanted]:
        """List the columns that are read."""
        return [Wanted(self.label, ColumnKind.LABEL), *self.beside.wanted()]

    def __call__(self, split: Split, tick: Tick) -> CountState:
        """Count."""
        guard = HeaderGuard(self.dataset.tables[split.index], split.index, self.label)
        counter = LabelCounter(self.rules, split.file.path, guard)
        beside = BesideCounter(self.beside, split.file.path)
        log, n_rows = ReadLog(), 0
        for batch in self.dataset.batches(split, self.wanted(), lambda n: tick(n, 0), log):
            labels = counter.add(batch.column(0))
            if self.beside:
                beside.add(batch, labels, split.first_row + n_rows + 1)
            n_rows += len(batch)
            tick(0, len(batch))
        read = ReadRows.of(split, n_rows, log, guard.doubts())
        return CountState(counter.tally(), read, beside.state)


def count_labels(
    dataset: Dataset,
    label: Column,
    rules: LabelRules,
    resources: Resources,
    beside: BesideColumns | None = None,
) -> CountState:
    """Count the labels of a dataset, and what stands beside them.

    Raises
    ------
    InputError
        If a file is broken, the header looks like data, or there are too many classes.
    """

    def bound(state: CountState) -> None:
        check_class_limit(state.tally.counts, rules, dataset.where)

    def check(state: CountState) -> None:
        state.read.doubts.check(dataset.tables, label)
        if work.beside.split is not None:
            check_split_limit(state.beside.splits, dataset.where, work.beside.split.name)

    work = CountLabels(dataset, label, rules, beside or BesideColumns())
    return run_over(dataset, work.wanted(), work, check, resources, bound=bound)
