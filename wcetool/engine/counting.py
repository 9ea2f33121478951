"""Counting labels: one split -> the state of what was counted in it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from wcetool.core.distribution import LabelTally
from wcetool.data.dataset import Dataset, Wanted
from wcetool.data.formats.table import Column, ColumnKind, ReadLog
from wcetool.data.labels import HeaderGuard, LabelCounter, check_class_limit
from wcetool.data.options import LabelRules
from wcetool.data.source import Split
from wcetool.engine.local import OnProgress, Tick, run


@dataclass(frozen=True, slots=True)
class ReadRows:
    """Rows and skipped lines by input; add to merge.

    Attributes
    ----------
    rows : Counter of int
        Rows by the number of the input.
    blank_lines : Counter of int
        Blank lines that are no rows, by the number of the input.
    """

    rows: Counter[int] = field(default_factory=Counter)
    blank_lines: Counter[int] = field(default_factory=Counter)

    @classmethod
    def of(cls, split: Split, n_rows: int, log: ReadLog) -> ReadRows:
        """Return what reading one split showed."""
        return cls(Counter({split.index: n_rows}), Counter({split.index: log.blank_lines}))

    def __add__(self, other: ReadRows) -> ReadRows:
        return ReadRows(self.rows + other.rows, self.blank_lines + other.blank_lines)


@dataclass(frozen=True, slots=True)
class CountState:
    """Labels counted, and the rows they came from; add to merge."""

    tally: LabelTally
    read: ReadRows

    def __add__(self, other: CountState) -> CountState:
        return CountState(self.tally + other.tally, self.read + other.read)


@dataclass(frozen=True, slots=True)
class CountLabels:
    """The work on one split: count its labels."""

    dataset: Dataset
    label: Column
    rules: LabelRules

    def __call__(self, split: Split, tick: Tick) -> CountState:
        """Count."""
        guard = HeaderGuard.of(self.dataset.tables[split.index], self.label)
        counter = LabelCounter(self.rules, split.file.path, guard)
        log, n_rows = ReadLog(), 0
        wanted = [Wanted(self.label, ColumnKind.LABEL)]
        for batch in self.dataset.batches(split, wanted, lambda n: tick(n, 0), log):
            counter.add(batch.column(0))
            n_rows += len(batch)
            tick(0, len(batch))
        guard.check_end()
        return CountState(counter.tally(), ReadRows.of(split, n_rows, log))


def count_labels(
    dataset: Dataset,
    label: Column,
    rules: LabelRules,
    *,
    jobs: int | None = None,
    on_progress: OnProgress | None = None,
) -> CountState:
    """Count the labels of a dataset.

    Raises
    ------
    InputError
        If a file is broken, the header looks like data, or there are too many classes.
    """
    work = CountLabels(dataset, label, rules)
    state = run(dataset.splits(), work, jobs=jobs, on_progress=on_progress)
    check_class_limit(state.tally.counts, rules, dataset.where)
    return state
