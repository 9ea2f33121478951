"""Comparing predicted labels with the truth: one split -> the confusion matrix of its rows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from wcetool.core.arrays import IntArray
from wcetool.core.pair_counts import PairCounts
from wcetool.data.dataset import Dataset, Wanted
from wcetool.data.formats.table import Column, ColumnKind, ReadLog
from wcetool.data.labels import IGNORED, LabelEncoder
from wcetool.data.read_rows import ReadRows
from wcetool.data.row_errors import unknown_predicted
from wcetool.data.source import Split
from wcetool.data.truth import Truth, TruthBeside, TruthInOrder, TruthPlan
from wcetool.engine.local import Tick, run_over, run_within
from wcetool.engine.resources import Resources
from wcetool.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchLayout:
    """Predictions that are labels, understood.

    Attributes
    ----------
    truth : TruthPlan
        One class a row.
    truth_is_here : bool
        It is in a column beside the predicted labels.
    predicted : Column
        The predicted labels.
    id_column : Column or None
        By which predictions and truth are matched.
    """

    truth: TruthPlan
    truth_is_here: bool
    predicted: Column
    id_column: Column | None

    def wanted(self) -> list[Wanted]:
        """List the columns to read: id, truth, predicted label."""
        found = [] if self.id_column is None else [Wanted(self.id_column, ColumnKind.LABEL)]
        if self.truth_is_here:
            found += self.truth.wanted()
        return [*found, Wanted(self.predicted, ColumnKind.LABEL)]


@dataclass(frozen=True, slots=True)
class MatchState:
    """A confusion matrix, and the rows it came from; add to merge."""

    pairs: PairCounts
    missing: int
    ignored: int
    read: ReadRows

    def __add__(self, other: MatchState) -> MatchState:
        return MatchState(
            self.pairs + other.pairs,
            self.missing + other.missing,
            self.ignored + other.ignored,
            self.read + other.read,
        )


@dataclass(frozen=True, slots=True)
class _MatchSplit:
    """The work on one split."""

    dataset: Dataset
    layout: MatchLayout
    elsewhere: TruthInOrder | None

    def __call__(self, split: Split, tick: Tick) -> MatchState:
        plan, table = self.layout.truth, self.dataset.tables[split.index]
        place = int(self.layout.id_column is not None)
        truth: Truth = self.elsewhere or TruthBeside(
            plan.reader(table, split.index), slice(place, place + 1)
        )
        encoder = LabelEncoder(plan.classes, plan.rules)
        n_classes, where = len(plan.classes), split.file.path
        log, n_rows, missing, ignored = ReadLog(), 0, 0, 0
        pairs = PairCounts.of_rows(_NO_ROWS, _NO_ROWS, n_classes)
        for batch in self.dataset.batches(split, self.layout.wanted(), lambda n: tick(n, 0), log):
            first_row = split.first_row + n_rows + 1
            target: IntArray = np.asarray(truth.targets(batch, where, first_row))
            codes, unknown = encoder.encode(batch.columns[-1], where)
            if unknown:
                raise unknown_predicted(unknown, plan.classes, where, first_row)
            kept = target >= 0
            lacking = np.flatnonzero(kept & (codes < 0))
            if len(lacking):
                raise InputError(
                    f"no predicted label in column {self.layout.predicted.name!r}",
                    where=f"{where}: row {first_row + int(lacking[0]):,}",
                    hint="--ignore with the labels whose rows are to be left out",
                )
            ignored += int((target == IGNORED).sum())
            missing += int((~kept).sum()) - int((target == IGNORED).sum())
            pairs += PairCounts.of_rows(target[kept], codes[kept], n_classes)
            n_rows += len(batch)
            tick(0, len(batch))
        read = ReadRows.of(split, n_rows, log, truth.doubts())
        return MatchState(pairs, missing, ignored, read)


def match_rows(
    dataset: Dataset,
    layout: MatchLayout,
    resources: Resources,
    *,
    truth: TruthInOrder | None = None,
) -> MatchState:
    """Compare the predicted label of every row with its true one.

    Parameters
    ----------
    dataset : Dataset
        The predictions.
    layout : MatchLayout
        How they are read.
    resources : Resources
        As in `run`.
    truth : TruthInOrder, optional
        The truth, where it is in other files; read side by side, in one thread.

    Raises
    ------
    InputError
        If a label is no class, a predicted one is missing, or the files do not match.
    """

    def check(total: MatchState) -> None:
        if layout.truth_is_here and layout.truth.label is not None:
            total.read.doubts.check(dataset.tables, layout.truth.label)

    work = _MatchSplit(dataset, layout, truth)
    if truth is None:
        return run_over(dataset, layout.wanted(), work, check, resources)
    one_job = replace(resources, jobs=1)
    total = run_within(dataset, layout.wanted(), dataset.splits(), work, one_job)
    truth.finish(total.read.total, dataset.where)
    return total


_NO_ROWS: IntArray = np.empty(0, dtype=np.int64)
