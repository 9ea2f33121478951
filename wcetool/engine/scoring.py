"""Scoring predictions: one split -> the state of its losses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from wcetool.core.losses import block_terms
from wcetool.core.rounding import MAX_DECIMALS, RoundedRows, decimals_of, excuse
from wcetool.core.scoring import ScoreAccumulator, ScoreState
from wcetool.data.batches import ScoredRows, matrix_of
from wcetool.data.dataset import Dataset
from wcetool.data.formats.table import ReadLog
from wcetool.data.headers import HeaderGuard
from wcetool.data.labels import LabelEncoder
from wcetool.data.layout import ScoreLayout
from wcetool.data.options import LabelRules
from wcetool.data.read_rows import ReadRows
from wcetool.data.row_errors import faulty_rows, unexplained_rows
from wcetool.data.source import Split
from wcetool.data.truth import Truth, TruthBeside, TruthElsewhere
from wcetool.engine.local import Tick, run_over, run_within
from wcetool.engine.resources import Resources


@dataclass(frozen=True, slots=True)
class ScoreRun:
    """The losses of some rows, and the rows they came from; add to merge."""

    state: ScoreState
    missing: int
    rounded: RoundedRows
    read: ReadRows

    def __add__(self, other: ScoreRun) -> ScoreRun:
        return ScoreRun(
            self.state + other.state,
            self.missing + other.missing,
            self.rounded + other.rounded,
            self.read + other.read,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the state in the form that JSON keeps exactly."""
        return {
            "state": self.state.to_dict(),
            "missing": self.missing,
            "rounded": self.rounded.to_dict(),
            "read": self.read.to_dict(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ScoreRun:
        """Restore what `to_dict` returned, to the bit."""
        return cls(
            ScoreState.from_dict(data["state"]),
            data["missing"],
            RoundedRows.from_dict(data["rounded"]),
            ReadRows.from_dict(data["read"]),
        )


@dataclass(frozen=True, slots=True)
class ScoreSplit:
    """The work on one split, with the truth in a column beside the scores."""

    dataset: Dataset
    layout: ScoreLayout
    rules: LabelRules
    clip: float | None

    def __call__(self, split: Split, tick: Tick) -> ScoreRun:
        """Score."""
        if self.layout.label is None:
            raise TypeError("the truth is beside the scores")
        guard = HeaderGuard(self.dataset.tables[split.index], split.index, self.layout.label)
        truth = TruthBeside(LabelEncoder(self.layout.classes, self.rules, guard), guard)
        return self.with_truth(split, tick, truth)

    def with_truth(self, split: Split, tick: Tick, truth: Truth) -> ScoreRun:
        """Score, with the truth from anywhere."""
        layout, form = self.layout, self.layout.form
        sums = ScoreAccumulator(len(layout.classes), clip=self.clip)
        rounded = RoundedRows()
        log, n_rows, missing = ReadLog(), 0, 0
        for batch in ScoredRows(self.dataset, layout).batches(
            split, truth, lambda n: tick(n, 0), log
        ):
            if form.heeds_decimals and rounded.decimals <= MAX_DECIMALS:
                rounded += RoundedRows(decimals_of(batch.scores, rounded.decimals))
            for rows, terms in block_terms(batch.scores, batch.target, form):
                if terms.fault.any():
                    faulty = np.flatnonzero(terms.fault) + rows.start
                    values, numbers = matrix_of(batch.scores, faulty), batch.row_numbers(faulty)
                    excused = excuse(values, (split.index, numbers), form, rounded.decimals)
                    if excused is None:
                        raise faulty_rows(values, numbers, form, split.file.path)
                    rounded += excused
                sums.add(terms, batch.target[rows])
            n_rows += batch.length
            missing += batch.length - len(batch.target)
            tick(0, batch.length)
        return ScoreRun(
            sums.state(), missing, rounded, ReadRows.of(split, n_rows, log, truth.doubts())
        )


def score_rows(
    dataset: Dataset,
    layout: ScoreLayout,
    rules: LabelRules,
    resources: Resources,
    *,
    clip: float | None = None,
    truth: TruthElsewhere | None = None,
) -> ScoreRun:
    """Score every row of a dataset.

    Parameters
    ----------
    dataset : Dataset
        The predictions.
    layout : ScoreLayout
        How they are read.
    rules : LabelRules
        How text becomes a label.
    resources : Resources
        As in `run`.
    clip : float, optional
        The probability of the true class is raised to at least this.
    truth : TruthElsewhere, optional
        The truth, where it is in other files: row by row, in the order of the files. The two are
        then read side by side, in one thread.

    Raises
    ------
    InputError
        If a row breaks a rule of the layout, a label has no column, or the numbers of rows differ.
    """

    def check(total: ScoreRun) -> None:
        if layout.label is not None:
            total.read.doubts.check(dataset.tables, layout.label)
        if total.rounded.unexplained.count:
            paths = [table.file.path for table in dataset.tables]
            raise unexplained_rows(total.rounded, layout.form, paths)

    work = ScoreSplit(dataset, layout, rules, clip)
    if truth is None:
        return run_over(dataset, layout.wanted(), work, check, resources)
    elsewhere = truth

    def paired(split: Split, tick: Tick) -> ScoreRun:
        return work.with_truth(split, tick, elsewhere)

    one_job = replace(resources, jobs=1)
    total = run_within(dataset, layout.wanted(), dataset.splits(), paired, one_job)
    truth.finish(total.read.total, dataset.where)
    check(total)
    return total
