"""The row arithmetic of a block: one kernel for each task and kind of scores.

A row's numbers do not depend on the block in which it stands: sums over the classes run in a fixed
order (column after column for few classes, NumPy's pairwise order along a contiguous row for many),
and everything else is elementwise.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from wcetool.core.arrays import BoolArray, FloatArray, IntArray, scratch
from wcetool.core.class_terms import ClassTerms
from wcetool.core.score_blocks import Block
from wcetool.core.score_forms import ScoreForm, Tolerance
from wcetool.core.vocabulary import InputKind, Task


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
    by_class : ClassTerms, optional
        The losses of all classes, where label smoothing or soft targets need them. With soft
        targets the true class above is the one with the largest target, the first of equals.
    """

    nll: FloatArray
    true_proba: FloatArray
    brier: FloatArray
    predicted: IntArray
    fault: BoolArray
    by_class: ClassTerms | None = None

    @property
    def target_fault(self) -> BoolArray | None:
        """Rows whose soft targets are not in [0, 1] or do not sum to 1; None for class indices."""
        return None if self.by_class is None else self.by_class.target_fault

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
            None if self.by_class is None else self.by_class.rows(rows),
        )


def _brier(true_proba: FloatArray, squares: FloatArray) -> FloatArray:
    """Sum (p - t)^2 over the classes, from the sum of p^2, in place."""
    work = scratch("brier work", len(squares))
    squares -= np.multiply(true_proba, true_proba, out=work)
    np.subtract(1.0, true_proba, out=work)
    squares += np.multiply(work, work, out=work)
    return squares


def _is_within(block: Block, total: FloatArray, best: FloatArray, allowed: Tolerance) -> bool:
    """Tell whether all rows are probabilities; the row by row answer costs far more."""
    return bool(
        block.values.min() >= -allowed.value
        and best.max() <= 1.0 + allowed.value
        and total.max() - 1.0 <= allowed.row_sum
        and 1.0 - total.min() <= allowed.row_sum
    )


def _probs(block: Block, target: IntArray, form: ScoreForm) -> RowTerms:
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


def _logits(block: Block, target: IntArray, _: ScoreForm) -> RowTerms:
    best, predicted = block.largest()
    block.values -= block.along(best)
    margin = block.at(target, "margin")
    block.exponentiate()
    true_proba = block.at(target, "true_proba")
    block.clear_at(predicted)  # exp(0) = 1 is added last, so that small sums keep their digits
    rest = block.total("total")
    block.log_rest = np.log1p(rest, out=block.scratch("log_rest"))
    nll = np.subtract(block.log_rest, margin, out=block.scratch("nll"))
    squares = block.total_of_squares()
    squares += 1.0
    rest += 1.0
    true_proba /= rest
    squares /= np.square(rest, out=rest)
    fault = np.isnan(nll) | (best == math.inf)
    return RowTerms(nll, true_proba, _brier(true_proba, squares), predicted, fault)


def _log_probs(block: Block, target: IntArray, form: ScoreForm) -> RowTerms:
    best, predicted = block.largest()
    nll = block.at(target, "nll")
    np.negative(nll, out=nll)
    block.exponentiate()
    fault = ~(
        (np.abs(block.total("total") - 1.0) <= form.tolerance.row_sum)
        & (best <= form.tolerance.value)
    )
    true_proba = block.at(target, "true_proba")
    return RowTerms(nll, true_proba, _brier(true_proba, block.total_of_squares()), predicted, fault)


def _binary_probs(block: Block, target: IntArray, form: ScoreForm) -> RowTerms:
    proba = block.values[0]
    positive = target == form.positive
    wrong = np.where(positive, 1.0 - proba, proba)
    log_true = np.where(positive, np.log(np.maximum(proba, 0.0)), np.log1p(-np.minimum(proba, 1.0)))
    fault = ~((proba >= -form.tolerance.value) & (proba <= 1.0 + form.tolerance.value))
    predicted = _binary_prediction(proba > 0.5, form)
    return RowTerms(-log_true, 1.0 - wrong, 2.0 * wrong * wrong, predicted, fault)


def _binary_logits(block: Block, target: IntArray, form: ScoreForm) -> RowTerms:
    logit = block.values[0]
    against = np.where(target == form.positive, -logit, logit)  # loss = ln(1 + exp(against))
    small = np.exp(-np.abs(against))
    nll = np.maximum(against, 0.0) + np.log1p(small)
    larger, smaller = 1.0 / (1.0 + small), small / (1.0 + small)
    true_proba = np.where(against > 0.0, smaller, larger)
    wrong = np.where(against > 0.0, larger, smaller)
    predicted = _binary_prediction(logit > 0.0, form)
    return RowTerms(nll, true_proba, 2.0 * wrong * wrong, predicted, np.isnan(logit))


def _binary_log_probs(block: Block, target: IntArray, form: ScoreForm) -> RowTerms:
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


Kernel: TypeAlias = Callable[[Block, IntArray, ScoreForm], RowTerms]

KERNELS: dict[tuple[Task, InputKind], Kernel] = {
    (Task.MULTICLASS, InputKind.PROBS): _probs,
    (Task.MULTICLASS, InputKind.LOGITS): _logits,
    (Task.MULTICLASS, InputKind.LOG_PROBS): _log_probs,
    (Task.BINARY, InputKind.PROBS): _binary_probs,
    (Task.BINARY, InputKind.LOGITS): _binary_logits,
    (Task.BINARY, InputKind.LOG_PROBS): _binary_log_probs,
}
