"""The loss of single elements of a multi-label file: one score, one label, true or false.

All functions are elementwise, so that a row's numbers do not depend on the block in which it
stands. Nothing is summed here; that is `label_scoring`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from wcetool.core.arrays import BoolArray, FloatArray, scratch
from wcetool.core.losses import ScoreForm
from wcetool.core.vocabulary import InputKind

LOG_2 = math.log(2.0)


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """Which of two things each element is charged for: the label being true, or being false.

    Attributes
    ----------
    true : float64 array of the shape of the block, or float
        1 where the label is true, else 0.
    false : same
        1 - true.
    sign : same
        true - false.
    """

    true: FloatArray | float
    false: FloatArray | float
    sign: FloatArray | float

    @classmethod
    def of(cls, target: FloatArray) -> Truth:
        """Read targets that are 0 or 1."""
        false = np.subtract(1.0, target, out=scratch("label false", target.shape))
        return cls(
            target, false, np.subtract(target, false, out=scratch("label sign", false.shape))
        )


ALL_TRUE = Truth(1.0, 0.0, 1.0)
ALL_FALSE = Truth(0.0, 1.0, -1.0)

Terms: TypeAlias = tuple[FloatArray, FloatArray]


def element_terms(scores: FloatArray, truth: Truth, kind: InputKind, name: str = "") -> Terms:
    """Compute loss and probability of the wrong answer.

    Parameters
    ----------
    scores : float64 array
        Without NaN; probabilities in [0, 1], their logarithms at most 0; kept as it is.
    truth : Truth
        What is charged.
    kind : InputKind
        What the scores are.
    name : str
        Results of one name overwrite each other.

    Returns
    -------
    nll : float64 array
        -log p where the label is true, -log(1 - p) where it is false; nats, relative error of a few
        units in the last place also where it is tiny; +inf where that probability is 0.
    wrong : float64 array
        1 - p where the label is true, p where it is false.

    Notes
    -----
    log(1 - p) for p below the last place of 1: with u = 1 - p rounded and d = (1 - u) - p, exact,
    log(1 - p) = log(u) + d / u. Where d is not 0, u is at least 1/2, and d alone errs by
    at most d p / u, below 2^-53 of the result. One logarithm serves both sides.
    """
    nll = scratch(f"label nll{name}", scores.shape)
    wrong = scratch(f"label wrong{name}", scores.shape)
    work = scratch("label work", scores.shape)
    _KERNELS[kind](scores, truth, nll, wrong, work)
    return nll, wrong


def is_faulty(bounds: tuple[float, float], form: ScoreForm) -> bool:
    """Tell from the least and the largest score of a block whether any breaks the rules.

    Which one does costs more (`faults`).
    """
    least, largest = bounds
    if form.kind is InputKind.LOGITS:
        return math.isnan(least)
    if form.kind is InputKind.LOG_PROBS:
        return not largest <= form.tolerance.value
    return not -form.tolerance.value <= least <= largest <= 1.0 + form.tolerance.value


def faults(scores: FloatArray, form: ScoreForm) -> BoolArray:
    """Tell which scores break the rules of their form."""
    if form.kind is InputKind.LOGITS:
        return np.isnan(scores)
    limit = form.tolerance.value
    if form.kind is InputKind.LOG_PROBS:
        return ~(scores <= limit)
    return ~((scores <= 1.0 + limit) & (scores >= -limit))


def clamp(scores: FloatArray, bounds: tuple[float, float], kind: InputKind) -> None:
    """Bring what the tolerance lets pass into the range of probabilities, in place."""
    if kind is InputKind.PROBS and not 0.0 <= bounds[0] <= bounds[1] <= 1.0:
        np.clip(scores, 0.0, 1.0, out=scores)
    elif kind is InputKind.LOG_PROBS and not bounds[1] <= 0.0:
        np.minimum(scores, 0.0, out=scores)


THRESHOLD = {InputKind.PROBS: 0.5, InputKind.LOGITS: 0.0, InputKind.LOG_PROBS: -LOG_2}


def _probs(
    scores: FloatArray, truth: Truth, nll: FloatArray, wrong: FloatArray, work: FloatArray
) -> None:
    np.multiply(scores, truth.sign, out=wrong)  # p or -p
    np.add(wrong, truth.false, out=nll)  # p or 1 - p
    np.subtract(truth.false, nll, out=work)
    work += wrong  # what the rounding of 1 - p lost
    np.log(nll, out=nll)
    nll += work
    np.negative(nll, out=nll)
    np.subtract(truth.true, wrong, out=wrong)


def _logits(
    scores: FloatArray, truth: Truth, nll: FloatArray, wrong: FloatArray, work: FloatArray
) -> None:
    against = np.multiply(scores, truth.sign, out=wrong)
    np.negative(against, out=against)  # loss = log(1 + exp(against))
    small = np.abs(against, out=work)
    np.negative(small, out=small)
    np.exp(small, out=small)
    other = scratch("label other", scores.shape)
    np.add(small, 1.0, out=nll)
    np.subtract(1.0, nll, out=other)
    other += small  # what the rounding of 1 + small lost
    rest = np.divide(1.0, nll, out=scratch("label rest", scores.shape))
    np.log(nll, out=nll)
    nll += other
    # NumPy's clip takes half the time of its maximum and minimum with a number.
    nll += np.clip(against, 0.0, math.inf, out=other)
    np.clip(against, -math.inf, 0.0, out=wrong)
    np.exp(wrong, out=wrong)
    wrong *= rest


def _log_probs(
    scores: FloatArray, truth: Truth, nll: FloatArray, wrong: FloatArray, work: FloatArray
) -> None:
    proba = np.exp(scores, out=work)
    complement = np.expm1(scores, out=wrong)
    np.negative(complement, out=complement)
    np.subtract(1.0, complement, out=nll)
    nll -= proba  # what the rounding of the complement lost
    nll += np.log(complement, out=scratch("label other", scores.shape))
    is_true = np.equal(truth.true, 1.0)
    np.negative(np.where(is_true, scores, nll), out=nll)
    wrong[...] = np.where(is_true, complement, proba)


_KERNELS: dict[
    InputKind, Callable[[FloatArray, Truth, FloatArray, FloatArray, FloatArray], None]
] = {
    InputKind.PROBS: _probs,
    InputKind.LOGITS: _logits,
    InputKind.LOG_PROBS: _log_probs,
}
