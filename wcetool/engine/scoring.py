"""Scoring predictions: one split -> the state of its losses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from wcetool.core.conventions.tallies import Tally
from wcetool.core.label_state import LabelScoreState
from wcetool.core.rounding import RoundedRows
from wcetool.core.scoring import ScoreState
from wcetool.core.vocabulary import Task
from wcetool.data.batches import ScoredRows
from wcetool.data.dataset import Dataset
from wcetool.data.formats.table import ReadLog
from wcetool.data.layout import ScoreLayout
from wcetool.data.read_rows import ReadRows
from wcetool.data.row_errors import unexplained_rows
from wcetool.data.source import Split
from wcetool.data.truth import Truth, TruthBeside, TruthInOrder
from wcetool.engine.local import Tick, run_over, run_within
from wcetool.engine.resources import Resources
from wcetool.engine.row_sums import (
    Calls,
    ClassSums,
    LabelSums,
    ScoreWork,
    State,
    check_weights,
)


@dataclass(frozen=True, slots=True)
class ScoreRun:
    """The losses of some rows, and the rows they came from; add to merge.

    Attributes
    ----------
    state : ScoreState or LabelScoreState
        Sums that any weights can be applied to.
    missing, ignored : int
        Rows without a label, and with one to be ignored.
    rounded : RoundedRows
        Rows whose sums rounding may explain.
    read : ReadRows
        What was read.
    odd_rows : int
        Rows that break the rules of the scores, where that is allowed; not in the state.
    tallies : mapping of str to Tally
        The sums of each framework.
    refusals : mapping of str to str
        Why a framework refuses rows.
    """

    state: State
    missing: int
    rounded: RoundedRows
    read: ReadRows
    ignored: int = 0
    odd_rows: int = 0
    tallies: Mapping[str, Tally] = field(default_factory=dict)
    refusals: Mapping[str, str] = field(default_factory=dict)

    def __add__(self, other: ScoreRun) -> ScoreRun:
        return ScoreRun(
            self.state + other.state,  # type: ignore[operator]
            self.missing + other.missing,
            self.rounded + other.rounded,
            self.read + other.read,
            self.ignored + other.ignored,
            self.odd_rows + other.odd_rows,
            _merged(self.tallies, other.tallies),
            {**self.refusals, **other.refusals},
        )

    def class_mass(self) -> list[float]:
        """Return the rows of each class or label, or the sums of their targets."""
        state = self.state
        if isinstance(state, LabelScoreState):
            return state.target.values()
        if state.by_class is not None and state.by_class.mass is not None:
            return state.by_class.mass.values()
        return [float(n) for n in state.pairs.by_true().tolist()]

    def to_dict(self) -> dict[str, Any]:
        """Return the state in the form that JSON keeps exactly."""
        return {
            "task": "multilabel" if isinstance(self.state, LabelScoreState) else "multiclass",
            "state": self.state.to_dict(),
            "missing": self.missing,
            "rounded": self.rounded.to_dict(),
            "read": self.read.to_dict(),
            "ignored": self.ignored,
            "odd_rows": self.odd_rows,
            "tallies": {name: one.to_dict() for name, one in self.tallies.items()},
            "refusals": dict(self.refusals),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ScoreRun:
        """Restore what `to_dict` returned, to the bit."""
        kind = LabelScoreState if data["task"] == "multilabel" else ScoreState
        return cls(
            kind.from_dict(data["state"]),
            data["missing"],
            RoundedRows.from_dict(data["rounded"]),
            ReadRows.from_dict(data["read"]),
            data["ignored"],
            data["odd_rows"],
            {name: Tally.from_dict(one) for name, one in data["tallies"].items()},
            dict(data["refusals"]),
        )


def _merged(left: Mapping[str, Tally], right: Mapping[str, Tally]) -> dict[str, Tally]:
    both = dict(left)
    for name, one in right.items():
        both[name] = both[name] + one if name in both else one
    return both


@dataclass(frozen=True, slots=True)
class ScoreSplit:
    """The work on one split, with the truth in columns beside the scores."""

    dataset: Dataset
    layout: ScoreLayout
    work: ScoreWork

    def __call__(self, split: Split, tick: Tick) -> ScoreRun:
        """Score."""
        if not self.layout.truth_is_here:
            raise TypeError("the truth is beside the scores")
        reader = self.layout.truth.reader(self.dataset.tables[split.index], split.index)
        return self.with_truth(split, tick, TruthBeside(reader, self.layout.truth_places()))

    def with_truth(self, split: Split, tick: Tick, truth: Truth) -> ScoreRun:
        """Score, with the truth from anywhere."""
        layout, work = self.layout, self.work
        sums: ClassSums | LabelSums = (
            LabelSums(layout, split, work)
            if layout.form.task is Task.MULTILABEL
            else ClassSums(layout, split, work)
        )
        called = Calls(layout, split, work)
        log, n_rows, missing, ignored = ReadLog(), 0, 0, 0
        for batch in ScoredRows(self.dataset, layout).batches(
            split, truth, lambda n: tick(n, 0), log
        ):
            check_weights(batch, split, signs=not work.unchecked)
            sums.add(batch)
            called.add(batch)
            n_rows += batch.length
            missing += batch.missing
            ignored += batch.ignored
            tick(0, batch.length)
        return ScoreRun(
            sums.state(),
            missing,
            sums.rounded,
            ReadRows.of(split, n_rows, log, truth.doubts()),
            ignored,
            sums.odd_rows,
            called.tallies,
            called.refusals,
        )


def score_rows(
    dataset: Dataset,
    layout: ScoreLayout,
    resources: Resources,
    work: ScoreWork,
    *,
    truth: TruthInOrder | None = None,
) -> ScoreRun:
    """Score every row of a dataset.

    Parameters
    ----------
    dataset : Dataset
        The predictions.
    layout : ScoreLayout
        How they are read.
    resources : Resources
        As in `run`.
    work : ScoreWork
        What is computed.
    truth : TruthInOrder, optional
        The truth, where it is in other files. The two are then read side by side, in one thread,
        unless any rows of the truth can be read on their own.

    Raises
    ------
    InputError
        If a row breaks a rule of the layout, a label has no column, or the files do not match.
    """

    def check(total: ScoreRun) -> None:
        if layout.label is not None:
            total.read.doubts.check(dataset.tables, layout.label)
        if not work.unchecked and total.rounded.unexplained.count:
            paths = [table.file.path for table in dataset.tables]
            raise unexplained_rows(total.rounded, layout.form, paths)

    scored = ScoreSplit(dataset, layout, work)
    if truth is None and not work.sinks:
        return run_over(dataset, layout.wanted(), scored, check, resources)
    elsewhere, splits = truth, dataset.splits()
    apart = None if elsewhere is None or work.sinks else elsewhere.apart(splits)
    if elsewhere is not None and apart is not None:
        places = {(split.index, split.first_row): i for i, split in enumerate(splits)}

        def beside(split: Split, tick: Tick) -> ScoreRun:
            return scored.with_truth(split, tick, apart[places[split.index, split.first_row]])

        total = run_within(dataset, layout.wanted(), splits, beside, resources)
        elsewhere.collect(apart)
        check(total)
        return total

    def in_order(split: Split, tick: Tick) -> ScoreRun:
        return (
            scored(split, tick) if elsewhere is None else scored.with_truth(split, tick, elsewhere)
        )

    one_job = replace(resources, jobs=1)
    total = run_within(dataset, layout.wanted(), splits, in_order, one_job)
    if truth is not None:
        truth.finish(total.read.total, dataset.where)
    check(total)
    return total
