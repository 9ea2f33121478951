"""Counting labels: one split -> the state of what was counted in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wcetool.core.distribution import LabelTally
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

    def __add__(self, other: CountState) -> CountState:
        return CountState(self.tally + other.tally, self.read + other.read)

    def to_dict(self) -> dict[str, Any]:
        """Return the state in the form that JSON keeps exactly."""
        return {"tally": self.tally.to_dict(), "read": self.read.to_dict()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> CountState:
        """Restore what `to_dict` returned."""
        return cls(LabelTally.from_dict(data["tally"]), ReadRows.from_dict(data["read"]))


@dataclass(frozen=True, slots=True)
class CountLabels:
    """The work on one split: count its labels."""

    dataset: Dataset
    label: Column
    rules: LabelRules

    def wanted(self) -> list[Wanted]:
        """List the columns that are read."""
        return [Wanted(self.label, ColumnKind.LABEL)]

    def __call__(self, split: Split, tick: Tick) -> CountState:
        """Count."""
        guard = HeaderGuard(self.dataset.tables[split.index], split.index, self.label)
        counter = LabelCounter(self.rules, split.file.path, guard)
        log, n_rows = ReadLog(), 0
        for batch in self.dataset.batches(split, self.wanted(), lambda n: tick(n, 0), log):
            counter.add(batch.column(0))
            n_rows += len(batch)
            tick(0, len(batch))
        return CountState(counter.tally(), ReadRows.of(split, n_rows, log, guard.doubts()))


def count_labels(
    dataset: Dataset,
    label: Column,
    rules: LabelRules,
    resources: Resources,
) -> CountState:
    """Count the labels of a dataset.

    Raises
    ------
    InputError
        If a file is broken, the header looks like data, or there are too many classes.
    """

    def check(state: CountState) -> None:
        state.read.doubts.check(dataset.tables, label)
        check_class_limit(state.tally.counts, rules, dataset.where)

    work = CountLabels(dataset, label, rules)
    return run_over(dataset, work.wanted(), work, check, resources)
