"""What is computed of the rows of one split: sums, and losses row by row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from wcetool.core.arrays import FloatArray, IntArray
from wcetool.core.conventions.calls import Call
from wcetool.core.conventions.tallies import Tally, row_losses, tally
from wcetool.core.label_scoring import LabelScoreAccumulator
from wcetool.core.label_state import LabelScoreState
from wcetool.core.loss_options import LossOptions
from wcetool.core.losses import block_terms
from wcetool.core.rounding import MAX_DECIMALS, RoundedRows, decimals_of, excuse
from wcetool.core.row_losses import RowWeights, row_values
from wcetool.core.scoring import ScoreAccumulator, ScoreState
from wcetool.core.vocabulary import Reduction
from wcetool.data.batches import ScoredBatch, matrix_of
from wcetool.data.layout import ScoreLayout
from wcetool.data.row_errors import faulty_rows, faulty_targets, faulty_weights
from wcetool.data.sample_weights import unfit
from wcetool.data.source import Split
from wcetool.data.targets import is_codes, rows_of
from wcetool.errors import InputError

State: TypeAlias = ScoreState | LabelScoreState
CALL_ROWS = 1 << 14  # and values, of a block that a convention works on
CALL_VALUES = 1 << 19


@dataclass(frozen=True, slots=True, eq=False)
class RowBlock:
    """The losses of consecutive rows, handed out in the order of the file.

    Attributes
    ----------
    batch : ScoredBatch
        The rows they are of.
    rows : slice
        Which of those that are scored.
    values : float64 array of shape (n_samples,) or (n_samples, n_labels)
        Weighted losses, nats.
    loss, divisor : float64 array of shape (n_samples,)
        What a row adds to the sum, and to what it is divided by.
    """

    batch: ScoredBatch
    rows: slice
    values: FloatArray
    loss: FloatArray
    divisor: FloatArray


class RowSink(Protocol):
    """Takes rows in the order of the file."""

    def add(self, block: RowBlock, /) -> None:
        """Take the next rows that are scored."""
        ...

    def skip(self, batch: ScoredBatch, /) -> None:
        """Take a batch of which no row is scored."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreWork:
    """What is computed of the rows.

    Attributes
    ----------
    options : LossOptions
        What changes the loss, and which sums are kept.
    calls : mapping of str to Call
        Frameworks whose losses are computed row by row.
    class_weight : float64 array of shape (n_classes,), or None
        What they weigh classes by.
    strict : bool
        What a framework refuses is an error; else it is noted, and the others go on.
    unchecked : bool
        Rows that break the rules of the scores count for the frameworks, and for nothing else.
    sinks : tuple of RowSink
        Take every row, in order; the rows are then read by one thread.
    row_weights : RowWeights, optional
        Of the losses that they take, where no framework computes them.
    reduction : Reduction
        Decides what these are divided by.
    """

    options: LossOptions
    calls: Mapping[str, Call] = field(default_factory=dict)
    class_weight: FloatArray | None = None
    strict: bool = True
    unchecked: bool = False
    sinks: tuple[RowSink, ...] = ()
    row_weights: RowWeights | None = None
    reduction: Reduction = Reduction.WEIGHTED_MEAN


class ClassSums:
    """Sum up rows of one class each, or of soft targets."""

    def __init__(self, layout: ScoreLayout, split: Split, work: ScoreWork) -> None:
        self._form, self._split, self._work = layout.form, split, work
        self._sums = ScoreAccumulator(len(layout.classes), work.options)
        self.rounded = RoundedRows()
        self.odd_rows = 0

    def add(self, batch: ScoredBatch) -> None:
        """Add a batch.

        Raises
        ------
        InputError
            If scores or targets break their rules; names the rows.
        """
        form = self._form
        if form.heeds_decimals and self.rounded.decimals <= MAX_DECIMALS:
            self.rounded += RoundedRows(decimals_of(batch.scores, self.rounded.decimals))
        good = _rows_with_weights(batch)
        if good is None:
            self._add(batch, batch.scores, batch.targets, batch.sample_weight)
            return
        self.odd_rows += batch.n_samples - len(good)
        if len(good) and batch.sample_weight is not None:
            targets = rows_of(batch.targets, good)
            self._add(batch, rows_of(batch.scores, good), targets, batch.sample_weight[good])

    def _add(self, batch: ScoredBatch, scores: Any, targets: Any, weights: Any) -> None:
        for rows, terms in block_terms(scores, targets, self._form, self._work.options):
            fault = terms.fault
            if terms.target_fault is not None and terms.target_fault.any():
                faulty = np.flatnonzero(terms.target_fault) + rows.start
                if not self._work.unchecked:
                    raise faulty_targets(
                        matrix_of(targets, faulty), batch.row_numbers(faulty), self._split.file.path
                    )
                fault = fault | terms.target_fault
            if fault.any():
                if self._work.unchecked:
                    self.odd_rows += int(fault.sum())
                    good = np.flatnonzero(~fault) + rows.start
                    if len(good):
                        some = None if weights is None else weights[good]
                        self._add(batch, rows_of(scores, good), rows_of(targets, good), some)
                    continue
                self._excuse(batch, np.flatnonzero(fault) + rows.start)
            self._sums.add(
                terms,
                None if self._work.options.soft else targets[rows],
                None if weights is None else weights[rows],
            )

    def _excuse(self, batch: ScoredBatch, faulty: IntArray) -> None:
        values, numbers = matrix_of(batch.scores, faulty), batch.row_numbers(faulty)
        excused = excuse(values, (self._split.index, numbers), self._form, self.rounded.decimals)
        if excused is None:
            raise faulty_rows(values, numbers, self._form, self._split.file.path)
        self.rounded += excused

    def state(self) -> State:
        """Return what was added."""
        return self._sums.state()


class LabelSums:
    """Sum up rows of several labels."""

    def __init__(self, layout: ScoreLayout, split: Split, work: ScoreWork) -> None:
        self._form, self._split, self._work = layout.form, split, work
        options = work.options
        self._sums = LabelScoreAccumulator(
            layout.form,
            clip=options.clip,
            gamma=options.gamma,
            smoothing=options.smoothing,
            sample_weights=options.sample_weights,
        )
        self.rounded = RoundedRows()
        self.odd_rows = 0

    def add(self, batch: ScoredBatch) -> None:
        """Add a batch.

        Raises
        ------
        InputError
            If scores or targets break their rules; names the rows.
        """
        good = _rows_with_weights(batch)
        if good is None:
            faults = self._sums.add(batch.scores, batch.targets, batch.sample_weight)
        else:
            self.odd_rows += batch.n_samples - len(good)
            weights = None if batch.sample_weight is None else batch.sample_weight[good]
            scores, targets = rows_of(batch.scores, good), rows_of(batch.targets, good)
            faults = self._sums.add(scores, targets, weights)
        path = self._split.file.path
        if self._work.unchecked:
            self.odd_rows += len(np.union1d(faults.targets, faults.scores))
            return
        if len(faults.targets):
            found = matrix_of(batch.targets, faults.targets)
            raise faulty_targets(found, batch.row_numbers(faults.targets), path, each=True)
        if len(faults.scores):
            values = matrix_of(batch.scores, faults.scores)
            raise faulty_rows(values, batch.row_numbers(faults.scores), self._form, path)

    def state(self) -> State:
        """Return what was added."""
        return self._sums.state()


class Calls:
    """Compute losses row by row: those of frameworks, and those that are handed out."""

    def __init__(self, layout: ScoreLayout, split: Split, work: ScoreWork) -> None:
        self._layout, self._split, self._work = layout, split, work
        self.tallies: dict[str, Tally] = {}
        self.refusals: dict[str, str] = {}

    def add(self, batch: ScoredBatch) -> None:
        """Add a batch.

        Raises
        ------
        InputError
            If a framework refuses a row; names it.
        """
        work = self._work
        if not (work.calls or work.sinks):
            return
        if not batch.n_samples:
            for sink in work.sinks:
                sink.skip(batch)
            return
        n_columns = len(self._layout.classes)
        size = max(1, min(CALL_ROWS, CALL_VALUES // n_columns))
        for start in range(0, batch.n_samples, size):
            rows = slice(start, min(start + size, batch.n_samples))
            target = _part(batch.targets, rows)
            target = target if is_codes(target) else _matrix(target)
            scores = _matrix(_part(batch.scores, rows))
            weights = None if batch.sample_weight is None else batch.sample_weight[rows]
            if not work.calls and work.row_weights is not None:
                found = row_values(
                    target,
                    scores,
                    self._layout.form,
                    work.row_weights,
                    weights,
                    reduction=work.reduction,
                )
                self._hand_out(RowBlock(batch, rows, found.values, found.loss, found.divisor))
            for name, call in work.calls.items():
                self._call(name, call, batch, rows, (target, scores, weights))

    def _call(
        self,
        name: str,
        call: Call,
        batch: ScoredBatch,
        rows: slice,
        arrays: tuple[Any, Any, FloatArray | None],
    ) -> None:
        if name in self.refusals:
            return
        target, scores, weights = arrays
        try:
            found = row_losses(call, target, scores, self._work.class_weight, weights)
        except InputError:
            row, why = self._refused(call, arrays)
            number = int(batch.row_numbers(np.array([rows.start + row]))[0])
            reason = f"refuses row {number:,}: {why}"
            if self._work.strict:
                raise InputError(f"{name} {reason}", where=self._split.file.path) from None
            self.refusals[name] = reason
            self.tallies.pop(name, None)
            return
        one = tally(found)
        self.tallies[name] = self.tallies[name] + one if name in self.tallies else one
        self._hand_out(RowBlock(batch, rows, found.values, found.loss, found.divisor))

    def _refused(self, call: Call, arrays: tuple[Any, Any, FloatArray | None]) -> tuple[int, str]:
        """Find the first row of a block that a framework refuses, and its reason."""
        target, scores, weights = arrays
        first, end, why = 0, len(scores), ""
        while True:
            middle = (first + end + 1) // 2 if end - first > 1 else end
            part = slice(first, middle)
            try:
                some = None if weights is None else weights[part]
                row_losses(call, target[part], scores[part], self._work.class_weight, some)
            except InputError as error:
                why, end = error.message, middle
                if end - first == 1:
                    return first, why
            else:
                if middle == end:  # refused together, and not one by one
                    return first, why
                first = middle

    def _hand_out(self, block: RowBlock) -> None:
        for sink in self._work.sinks:
            sink.add(block)


def _rows_with_weights(batch: ScoredBatch) -> IntArray | None:
    """Return the rows whose sample weights our own sums can take; None for all."""
    weights = batch.sample_weight
    if weights is None:
        return None
    good = (weights >= 0.0) & (weights < np.inf)
    return None if good.all() else np.flatnonzero(good)


def check_weights(batch: ScoredBatch, split: Split, *, signs: bool) -> None:
    """Refuse weights that cannot be summed up; their signs may be up to a framework."""
    weights = batch.sample_weight
    if weights is None:
        return
    rows = unfit(weights, signs=signs)
    if len(rows):
        raise faulty_weights(weights[rows], batch.row_numbers(rows), split.file.path)


def _part(values: Any, rows: slice) -> Any:
    return values[rows] if isinstance(values, np.ndarray) else [column[rows] for column in values]


def _matrix(values: Any) -> npt.NDArray[Any]:
    if isinstance(values, np.ndarray):
        return values if values.ndim == 2 else values[:, np.newaxis]
    return np.column_stack(list(values))
