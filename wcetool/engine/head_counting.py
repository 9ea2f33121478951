"""Counting the labels of several columns, each on its own, in one pass over the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wcetool.data.dataset import Dataset, Wanted
from wcetool.data.formats.table import Column, ColumnKind, ReadLog
from wcetool.data.headers import HeaderGuard
from wcetool.data.labels import LabelCounter, check_class_limit
from wcetool.data.options import LabelRules
from wcetool.data.read_rows import ReadRows
from wcetool.data.source import Split
from wcetool.engine.counting import CountState
from wcetool.engine.local import Tick, run_over
from wcetool.engine.resources import Resources


@dataclass(frozen=True, slots=True)
class CountStates:
    """A state for each column; add to merge."""

    columns: tuple[CountState, ...]

    def __add__(self, other: CountStates) -> CountStates:
        pairs = zip(self.columns, other.columns, strict=True)
        return CountStates(tuple(one + another for one, another in pairs))


@dataclass(frozen=True, slots=True)
class CountColumns:
    """The work on one split: count the labels of each column."""

    dataset: Dataset
    columns: tuple[Column, ...]
    rules: LabelRules

    def wanted(self) -> list[Wanted]:
        """List the columns that are read."""
        return [Wanted(column, ColumnKind.LABEL) for column in self.columns]

    def __call__(self, split: Split, tick: Tick) -> CountStates:
        """Count."""
        table = self.dataset.tables[split.index]
        guards = [HeaderGuard(table, split.index, column) for column in self.columns]
        counters = [LabelCounter(self.rules, split.file.path, guard) for guard in guards]
        log, n_rows = ReadLog(), 0
        for batch in self.dataset.batches(split, self.wanted(), lambda n: tick(n, 0), log):
            for counter, column in zip(counters, batch.columns, strict=True):
                counter.add(column)
            n_rows += len(batch)
            tick(0, len(batch))
        return CountStates(
            tuple(
                CountState(counter.tally(), ReadRows.of(split, n_rows, log, guard.doubts()))
                for counter, guard in zip(counters, guards, strict=True)
            )
        )


def count_columns(
    dataset: Dataset, columns: Sequence[Column], rules: LabelRules, resources: Resources
) -> tuple[CountState, ...]:
    """Count the labels of each of several columns of a dataset.

    Raises
    ------
    InputError
        If a file is broken, a header looks like data, or there are too many classes.
    """

    def bound(states: CountStates) -> None:
        for state in states.columns:
            check_class_limit(state.tally.counts, rules, dataset.where)

    def check(states: CountStates) -> None:
        for column, state in zip(columns, states.columns, strict=True):
            state.read.doubts.check(dataset.tables, column)

    work = CountColumns(dataset, tuple(columns), rules)
    return run_over(dataset, work.wanted(), work, check, resources, bound=bound).columns
