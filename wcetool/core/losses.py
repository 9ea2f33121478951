"""Scores and targets -> the terms of each row: loss, probability of the true class, Brier term.

The kernels work block by block in one float64 buffer. A row's numbers do not depend on the block in
which it stands: sums over the classes run in a fixed order (column after column for few classes,
NumPy's pairwise order along a contiguous row for many), and everything else is elementwise. Nothing
is summed over rows here; that is `scoring`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from wcetool.core.arrays import BoolArray, FloatArray, IntArray, scratch
from wcetool.core.vocabulary import InputKind, Task

COLUMN_LAYOUT = 100  # up to this many classes a block is (n_classes, rows), else (rows, n_classes)
BLOCK_ROWS = 1 << 14
BLOCK_VALUES = {0: 1 << 19, 1: 1 << 18}  # by layout; 4 and 2 MiB of float64

SUM_TOLERANCE = 1e-4

Scores: TypeAlias = "npt.NDArray[np.floating] | Sequence[npt.NDArray[np.floating]]"
"""Scores of a batch: an array (n_samples, n_classes), or a column (n_samples,) for each class."""


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far stored probabilities may be from what they should be.

    Attributes
    ----------
    row_sum : float
        Largest distance of a row's sum from 1.
    value : float
        Largest distance of a value from [0, 1].
    heeds_decimals : bool
        Rows may miss a sum of 1 by more, where the decimals of the file explain it (`rounding`).
    """

    row_sum: float
    value: float
    heeds_decimals: bool = False

    @classmethod
    def by_default(cls, unit: float, n_classes: int) -> Tolerance:
        """Allow 1e-4, and half a unit of the float type for each value."""
        return cls(SUM_TOLERANCE + n_classes / 2 * unit, SUM_TOLERANCE + unit / 2, True)

    @classmethod
    def given(cls, row_sum: float) -> Tolerance:
        """Take what the user says; a value never needs more than the default."""
        return cls(row_sum, min(row_sum, SUM_TOLERANCE))


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreForm:
    """What scores hold, and the rules that every row of them must keep.

    Attributes
    ----------
    task : Task
        One score a class, or one score for the positive class of two.
    kind : InputKind
        Probabilities, logits or logarithms of probabilities (nats).
    n_classes : int
        Number of classes.
    tolerance : Tolerance
        Holds for probabilities and their logarithms.
    renormalize : bool
        Divide each row of probabilities by its sum.
    positive : int
        Index of the positive class; only for the binary task.
    """

    task: Task
    kind: InputKind
    n_classes: int
    tolerance: Tolerance
    renormalize: bool = False
    positive: int = 1

    @property
    def sums_to_one(self) -> bool:
        """Whether the probabilities of a row must sum to 1 as they are stored."""
        return (
            self.task is Task.MULTICLASS
            and self.kind is not InputKind.LOGITS
            and not self.renormalize
        )

    @property
    def heeds_decimals(self) -> bool:
        """Whether rounding to decimals may explain a sum."""
        return self.sums_to_one and self.tolerance.heeds_decimals


@dataclass(frozen=True, slots=True, eq=False)
class RowTerms:
    """What each row contributes, arrays of shape (n_samples,).

    Attributes
    ----------
    nll : float64
        Negative log-likelihood of the true class, nats; +inf where its probability is 0.
    true_proba : float64
        Probability of the true class.
    brier : float64
        Sum over the classes of (probability - [class is true])^2, in [0, 2].
    predicted : int64
        The class with the largest score, the first of equals; binary: the positive class where its
        probability is above 1/2.
    fault : bool
        The row breaks a rule of its `ScoreForm`; its numbers are those of the values as stored.
    """

    nll: FloatArray
    true_proba: FloatArray
    brier: FloatArray
    predicted: IntArray
    fault: BoolArray

    @classmethod
    def empty(cls, n_samples: int) -> RowTerms:
        """Allocate, without values."""
        return cls(
            np.empty(n_samples),
            np.empty(n_samples),
            np.empty(n_samples),
            np.empty(n_samples, dtype=np.int64),
            np.empty(n_samples, dtype=np.bool_),
        )

    def rows(self, rows: slice) -> RowTerms:
        """Return views of some rows."""
        return RowTerms(
            self.nll[rows],
            self.true_proba[rows],
            self.brier[rows],
            self.predicted[rows],
            self.fault[rows],
        )


def row_terms(scores: Scores, target: IntArray, form: ScoreForm) -> RowTerms:
    """Compute the terms of every row.

    Parameters
    ----------
    scores : array of shape (n_samples, n_classes), or n_classes arrays of shape (n_samples,)
        Any float dtype; cast to float64 block by block. Binary: one column.
    target : int64 array of shape (n_samples,)
        True classes, in [0, n_classes).
    form : ScoreForm
        What the scores hold.

    Returns
    -------
    RowTerms
        In the order of the rows. A fault is marked, not raised: only the caller knows where the
        row stands in its file.

    Notes
    -----
    Logits: loss = log1p(sum over the others of exp(z_j - max)) - (z_y - max), which keeps losses
    far below 1e-16 as well as those of 800 nats and more.

    Examples
    --------
    >>> form = ScoreForm(task=Task.MULTICLASS, kind=InputKind.LOGITS, n_classes=3,
    ...                  tolerance=Tolerance(0.0, 0.0))
    >>> row_terms(np.array([[800.0, 0.0, 0.0]]), np.array([1]), form).nll
    array([800.])
    """
    terms = RowTerms.empty(len(target))
    for rows, part in _kernel_terms(scores, target, form):
        terms.nll[rows] = part.nll
        terms.true_proba[rows] = part.true_proba
        terms.brier[rows] = part.brier
        terms.predicted[rows] = part.predicted
        terms.fault[rows] = part.fault
    return terms


def block_terms(
    scores: Scores, target: IntArray, form: ScoreForm
) -> Iterator[tuple[slice, RowTerms]]:
    """Compute the terms block by block, while they are in the cache; as `row_terms`.

    Yields
    ------
    rows : slice
        At most 2^14 rows.
    terms : RowTerms
        Of these rows; may be overwritten by the next ones that this thread computes.
    """
    if _axis(form) == 0:
        yield from _kernel_terms(scores, target, form)
        return
    # Few rows of many classes fill a block: too few to be summed up by themselves.
    for start in range(0, len(target), BLOCK_ROWS):
        rows = slice(start, min(start + BLOCK_ROWS, len(target)))
        part = scores[rows] if isinstance(scores, np.ndarray) else [one[rows] for one in scores]
        yield rows, row_terms(part, target[rows], form)


def _kernel_terms(
    scores: Scores, target: IntArray, form: ScoreForm
) -> Iterator[tuple[slice, RowTerms]]:
    """Apply the kernel to block after block; the terms are overwritten by the next ones."""
    kernel = _KERNELS[form.task, form.kind]
    for rows, block in _blocks(scores, len(target), form):
        # Infinite losses, and NaN in rows that are marked as faults, are expected here.
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            terms = kernel(block, target[rows], form)
        yield rows, terms


class _Block:
    """One block of scores in float64, in the layout that suits the number of classes.

    ::

        up to 100 classes         more classes
        values (n_classes, rows)  values (rows, n_classes)
        axis 0                    axis 1
        | r0 r1 r2 ...  class 0   | c0 c1 c2 ...  row 0
        | r0 r1 r2 ...  class 1   | c0 c1 c2 ...  row 1
    """

    __slots__ = ("axis", "offsets", "rows", "step", "values")

    def __init__(self, values: FloatArray, axis: int) -> None:
        self.values = values
        self.axis = axis
        n_classes, self.rows = values.shape if axis == 0 else (values.shape[1], values.shape[0])
        self.step = self.rows if axis == 0 else 1  # from one class to the next in the flat block
        self.offsets = np.arange(self.rows) * (1 if axis == 0 else n_classes)

    def scratch(self, name: str) -> FloatArray:
        """Return an array of shape (rows,) to write into."""
        return scratch(name, self.rows)

    def along(self, of_rows: FloatArray) -> FloatArray:
        """Shape an array of shape (rows,) so that it broadcasts over the classes."""
        return of_rows if self.axis == 0 else of_rows[:, np.newaxis]

    def at(self, classes: IntArray, name: str) -> FloatArray:
        """Return the value of one class a row, in the scratch array of a name."""
        place = self._places(classes)
        return self.values.reshape(-1).take(place, out=self.scratch(name), mode="clip")

    def clear_at(self, classes: IntArray) -> None:
        """Set the value of one class a row to 0."""
        self.values.reshape(-1)[self._places(classes)] = 0.0

    def total(self, name: str) -> FloatArray:
        """Sum over the classes, in a fixed order, into the scratch array of a name."""
        total = self.scratch(name)
        if self.axis == 0 and self.rows == 1:  # NumPy would add one run of values by pairs
            total[0] = np.add.accumulate(self.values[:, 0])[-1]
            return total
        return np.add.reduce(self.values, axis=self.axis, out=total)

    def total_of_squares(self) -> FloatArray:
        """Sum the squares over the classes, in a fixed order; the block holds squares then."""
        np.multiply(self.values, self.values, out=self.values)
        return self.total("squares")

    def smallest(self) -> FloatArray:
        """Return the smallest value of each row; NaN where there is one."""
        return np.minimum.reduce(self.values, axis=self.axis, out=self.scratch("smallest"))

    def largest(self) -> tuple[FloatArray, IntArray]:
        """Return the largest value of each row and the first class that has it."""
        predicted: IntArray = scratch("predicted", self.rows, np.int64)
        if self.axis == 1:
            self.values.argmax(axis=1, out=predicted)
            return self.at(predicted, "best"), predicted
        # The first class that has the largest value is the one with the most classes behind it.
        best = np.maximum.reduce(self.values, axis=0, out=self.scratch("best"))
        n_classes = len(self.values)
        behind = scratch("behind", self.values.shape, np.int8)
        np.equal(self.values, best, out=behind.view(np.bool_))
        np.multiply(behind, np.arange(n_classes, 0, -1, dtype=np.int8)[:, np.newaxis], out=behind)
        most = np.maximum.reduce(behind, axis=0, out=scratch("most", self.rows, np.int8))
        np.subtract(n_classes, most, out=predicted)
        if not most.all():  # NaN equals nothing
            np.minimum(predicted, n_classes - 1, out=predicted)
        return best, predicted

    def _places(self, classes: IntArray) -> IntArray:
        places: IntArray = scratch("places", self.rows, np.int64)
        np.multiply(classes, self.step, out=places)
        places += self.offsets
        return places


def _blocks(scores: Scores, n_samples: int, form: ScoreForm) -> Iterator[tuple[slice, _Block]]:
    """Copy the scores block by block into one buffer; yield the rows and the block."""
    n_columns, axis = _n_columns(form), _axis(form)
    length = max(1, min(BLOCK_ROWS, BLOCK_VALUES[axis] // n_columns, n_samples))
    buffer = scratch("block", length * n_columns)
    for start in range(0, n_samples, length):
        rows = slice(start, min(start + length, n_samples))
        size = rows.stop - start
        flat = buffer[: size * n_columns]
        values = flat.reshape((n_columns, size) if axis == 0 else (size, n_columns))
        by_class = values if axis == 0 else values.T
        if isinstance(scores, np.ndarray):
            by_class[...] = scores[rows].T
        else:
            for k, column in enumerate(scores):
                by_class[k] = column[rows]
        yield rows, _Block(values, axis)


def _n_columns(form: ScoreForm) -> int:
    return 1 if form.task is Task.BINARY else form.n_classes


def _axis(form: ScoreForm) -> int:
    """Return the axis of the classes in a block."""
    return 0 if _n_columns(form) <= COLUMN_LAYOUT else 1


def _brier(true_proba: FloatArray, squares: FloatArray) -> FloatArray:
    """Sum (p - t)^2 over the classes, from the sum of p^2, in place."""
    work = scratch("brier work", len(squares))
    squares -= np.multiply(true_proba, true_proba, out=work)
    np.subtract(1.0, true_proba, out=work)
    squares += np.multiply(work, work, out=work)
    return squares


def _is_within(block: _Block, total: FloatArray, best: FloatArray, allowed: Tolerance) -> bool:
    """Tell whether all rows are probabilities; the row by row answer costs far more."""
    return bool(
        block.values.min() >= -allowed.value
        and best.max() <= 1.0 + allowed.value
        and total.max() - 1.0 <= allowed.row_sum
        and 1.0 - total.min() <= allowed.row_sum
    )


def _probs(block: _Block, target: IntArray, form: ScoreForm) -> RowTerms:
    best, predicted = block.largest()
    total = block.total("total")
    allowed = form.tolerance
    if form.renormalize:
        low = block.smallest()
        fault = ~((total > 0.0) & (total < math.inf) & (low >= -allowed.value))
        block.values /= block.along(total)
    elif _is_within(block, total, best, allowed):
        fault = scratch("fault", block.rows, np.bool_)
        fault.fill(False)
    else:
        fault = ~(
            (np.abs(total - 1.0) <= allowed.row_sum)
            & (block.smallest() >= -allowed.value)
            & (best <= 1.0 + allowed.value)
        )
    true_proba = block.at(target, "true_proba")
    nll = np.maximum(true_proba, 0.0, out=block.scratch("nll"))
    np.negative(np.log(nll, out=nll), out=nll)
    return RowTerms(nll, true_proba, _brier(true_proba, block.total_of_squares()), predicted, fault)


def _logits(block: _Block, target: IntArray, _: ScoreForm) -> RowTerms:
    best, predicted = block.largest()
    block.values -= block.along(best)
    margin = block.at(target, "margin")
    np.exp(block.values, out=block.values)
    true_proba = block.at(target, "true_proba")
    block.clear_at(predicted)  # exp(0) = 1 is added last, so that small sums keep their digits
    rest = block.total("total")
    nll = np.log1p(rest, out=block.scratch("nll"))
    nll -= margin
    squares = block.total_of_squares()
    squares += 1.0
    rest += 1.0
    true_proba /= rest
    squares /= np.square(rest, out=rest)
    fault = np.isnan(nll) | (best == math.inf)
    return RowTerms(nll, true_proba, _brier(true_proba, squares), predicted, fault)


def _log_probs(block: _Block, target: IntArray, form: ScoreForm) -> RowTerms:
    best, predicted = block.largest()
    nll = block.at(target, "nll")
    np.negative(nll, out=nll)
    np.exp(block.values, out=block.values)
    fault = ~(
        (np.abs(block.total("total") - 1.0) <= form.tolerance.row_sum)
        & (best <= form.tolerance.value)
    )
    true_proba = block.at(target, "true_proba")
    return RowTerms(nll, true_proba, _brier(true_proba, block.total_of_squares()), predicted, fault)


def _binary_probs(block: _Block, target: IntArray, form: ScoreForm) -> RowTerms:
    proba = block.values[0]
    positive = target == form.positive
    wrong = np.where(positive, 1.0 - proba, proba)
    log_true = np.where(positive, np.log(np.maximum(proba, 0.0)), np.log1p(-np.minimum(proba, 1.0)))
    fault = ~((proba >= -form.tolerance.value) & (proba <= 1.0 + form.tolerance.value))
    predicted = _binary_prediction(proba > 0.5, form)
    return RowTerms(-log_true, 1.0 - wrong, 2.0 * wrong * wrong, predicted, fault)


def _binary_logits(block: _Block, target: IntArray, form: ScoreForm) -> RowTerms:
    logit = block.values[0]
    against = np.where(target == form.positive, -logit, logit)  # loss = ln(1 + exp(against))
    small = np.exp(-np.abs(against))
    nll = np.maximum(against, 0.0) + np.log1p(small)
    larger, smaller = 1.0 / (1.0 + small), small / (1.0 + small)
    true_proba = np.where(against > 0.0, smaller, larger)
    wrong = np.where(against > 0.0, larger, smaller)
    predicted = _binary_prediction(logit > 0.0, form)
    return RowTerms(nll, true_proba, 2.0 * wrong * wrong, predicted, np.isnan(logit))


def _binary_log_probs(block: _Block, target: IntArray, form: ScoreForm) -> RowTerms:
    log_proba = block.values[0]
    positive = target == form.positive
    proba = np.exp(log_proba)
    bounded = np.minimum(log_proba, 0.0)
    complement = -np.expm1(bounded)
    # log(1 - p): each form keeps its digits on one side of p = 1/2.
    log_complement = np.where(bounded < -math.log(2.0), np.log1p(-proba), np.log(complement))
    nll = -np.where(positive, log_proba, log_complement)
    true_proba = np.where(positive, proba, complement)
    wrong = np.where(positive, complement, proba)
    fault = ~(log_proba <= form.tolerance.value)
    predicted = _binary_prediction(proba > 0.5, form)
    return RowTerms(nll, true_proba, 2.0 * wrong * wrong, predicted, fault)


def _binary_prediction(positive: BoolArray, form: ScoreForm) -> IntArray:
    return np.where(positive, form.positive, 1 - form.positive)


_KERNELS: dict[tuple[Task, InputKind], Callable[[_Block, IntArray, ScoreForm], RowTerms]] = {
    (Task.MULTICLASS, InputKind.PROBS): _probs,
    (Task.MULTICLASS, InputKind.LOGITS): _logits,
    (Task.MULTICLASS, InputKind.LOG_PROBS): _log_probs,
    (Task.BINARY, InputKind.PROBS): _binary_probs,
    (Task.BINARY, InputKind.LOGITS): _binary_logits,
    (Task.BINARY, InputKind.LOG_PROBS): _binary_log_probs,
}


def fault_reason(values: FloatArray, form: ScoreForm) -> str:
    """Say in words why a row breaks the rules of its form.

    Parameters
    ----------
    values : float64 array of shape (n_classes,)
        The row's scores, as stored.
    form : ScoreForm
        The rules it breaks.
    """
    if np.isnan(values).any():
        return "a score is missing or NaN"
    if form.kind is InputKind.LOGITS:
        return "an infinite logit" if np.isposinf(values).any() else "every logit is -inf"
    limit = form.tolerance.value
    if form.kind is InputKind.PROBS:
        if values.min() < -limit:
            return f"a probability of {values.min():.6g}"
        if values.max() > 1.0 + limit and not form.renormalize:
            return f"a probability of {values.max():.6g}"
        with np.errstate(over="ignore"):
            return f"sums to {values.sum():.6g}"
    if values.max() > limit:
        return f"the logarithm of a probability is {values.max():.6g}"
    return f"the probabilities sum to {np.exp(values).sum():.6g}"


def row_sums(values: FloatArray, form: ScoreForm) -> FloatArray:
    """Return the sum of the probabilities of each row, NaN where a single value is at fault.

    Parameters
    ----------
    values : float64 array of shape (n_samples, n_classes)
        Probabilities or their logarithms.
    form : ScoreForm
        Which of the two, and how far a value may be off.
    """
    limit = form.tolerance.value
    values = np.ascontiguousarray(values)  # one order of addition, whatever the block
    with np.errstate(over="ignore"):
        if form.kind is InputKind.LOG_PROBS:
            total, bad = np.exp(values).sum(axis=1), (values > limit).any(axis=1)
        else:
            bad = ((values < -limit) | (values > 1.0 + limit)).any(axis=1)
            total = values.sum(axis=1)
    return np.where(bad, math.nan, total)
