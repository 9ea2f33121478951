"""The loss of single elements of a multi-label file: one score, one label, true or false.

All functions are elementwise, so that a row's numbers do not depend on the block in which it
stands. Nothing is summed here; that is `label_scoring`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from wcetool.core.arrays import BoolArray, FloatArray, scratch
from wcetool.core.losses import ScoreForm
from wcetool.core.vocabulary import InputKind

LOG_2 = math.log(2.0)


EXACT_FROM = 2.0**-30  # float32 from here to 1 are multiples of 2^-53, and so is 1 - p


EXACT_FROM = 2.0**-30  # float32 from here to 1 are multiples of 2^-53, and so is 1 - p


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """What single elements add to the sums: the side charged for is the label true, or false.

    Attributes
    ----------
    loss : float64 array
        -log p where the label is true, -log(1 - p) where it is false; nats, relative error of a few
        units in the last place also where it is tiny; +inf where that probability is 0. All with
        the other sign if `negated`.
    negated : bool
        Whether it is minus the loss that was computed: another pass would be needed to turn it.
    wrong : float64 array
        1 - p where the label is true, p where it is false.
    true_proba : float64 array
        p where the label is true, up to an error of 2^-53; else 0.
    """

    loss: FloatArray
    negated: bool
    wrong: FloatArray
    true_proba: FloatArray

    def nll(self) -> FloatArray:
        """Return the loss with its own sign; what `loss` held may be lost."""
        return np.negative(self.loss, out=self.loss) if self.negated else self.loss


def has_signs(kind: InputKind) -> bool:
    """Tell whether `marks_of` gives 1 and -1 to true and false labels, or else 0 and 1."""
    return kind is InputKind.LOGITS


def side(kind: InputKind, *, true: bool) -> float:
    """Return the mark that charges every element for the same side."""
    if has_signs(kind):
        return 1.0 if true else -1.0
    return 0.0 if true else 1.0


def marks_of(positive: BoolArray, kind: InputKind, work: BoolArray) -> FloatArray:
    """Mark the labels that are true and those that are false; `work` is overwritten."""
    narrow = work.view(np.int8)
    if has_signs(kind):
        np.add(positive.view(np.int8), positive.view(np.int8), out=narrow)
        narrow -= 1
    else:
        np.logical_not(positive, out=work)
    marks = scratch("label marks", positive.shape)
    np.copyto(marks, narrow)  # half the time of copying booleans
    return marks


def element_terms(
    scores: FloatArray,
    marks: FloatArray | float,
    kind: InputKind,
    *,
    exact: bool = False,
    name: str = "",
) -> Terms:
    """Compute loss and probabilities of each element.

    Parameters
    ----------
    scores : float64 array
        Without NaN; probabilities in [0, 1], their logarithms at most 0; overwritten.
    marks : float64 array of the same shape, or float
        What is charged (`marks_of`, `side`).
    kind : InputKind
        What the scores are.
    exact : bool
        They are probabilities of which 1 - p is a float64: saves passes, changes no bit.
    name : str
        Results of one name overwrite each other.

    Returns
    -------
    Terms
        In the memory of the scores and in that of the name.

    Notes
    -----
    log(1 - p) for p below the last place of 1: with u = 1 - p rounded and d = (1 - u) - p, exact,
    log(1 - p) = log(u) + d / u. Where d is not 0, u is at least 1/2, and d alone errs by
    at most d p / u, below 2^-53 of the result. One logarithm serves both sides.
    """
    wrong = scratch(f"label wrong{name}", scores.shape)
    true_proba = scratch(f"label true proba{name}", scores.shape)
    if kind is InputKind.PROBS:
        return _probs(scores, marks, wrong, true_proba, exact=exact)
    return (_logits if kind is InputKind.LOGITS else _log_probs)(scores, marks, wrong, true_proba)


def out_of_range(scores: FloatArray, kind: InputKind) -> tuple[float, float] | None:
    """Return the least and the largest score, or None if all are in the range of their kind."""
    if kind is InputKind.PROBS and scores.view(np.uint64).max() <= _WORD_OF_ONE:
        # As words, negative floats and NaN are larger than any positive one.
        return None
    return float(scores.min()), float(scores.max())


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


_WORD_OF_ONE = np.array(1.0).view(np.uint64)


_WORD_OF_ONE = np.array(1.0).view(np.uint64)


def _probs(
    scores: FloatArray,
    false: FloatArray | float,
    wrong: FloatArray,
    true_proba: FloatArray,
    *,
    exact: bool,
) -> Terms:
    lost = None
    if exact:
        signed = np.subtract(scores, false, out=scores)  # p or p - 1
    else:
        signed = np.subtract(scores, false, out=wrong)
        lost = np.add(signed, false, out=scratch("label work", scores.shape))
        lost -= scores  # what the rounding of 1 - p lost
    # NumPy's clip takes half the time of its maximum and minimum with a number.
    np.clip(signed, 0.0, math.inf, out=true_proba)
    proba = np.abs(signed, out=scores)
    np.subtract(1.0, proba, out=wrong)
    loss = np.log(proba, out=proba)
    if lost is not None:
        loss += lost
        wrong -= lost
    return Terms(loss, True, wrong, true_proba)


def _logits(
    scores: FloatArray, sign: FloatArray | float, wrong: FloatArray, true_proba: FloatArray
) -> Terms:
    towards = np.multiply(scores, sign, out=scores)  # loss = log(1 + exp(-towards))
    small = scratch("label work", scores.shape)
    minus = np.int64(-(1 << 63))
    np.bitwise_or(towards.view(np.int64), minus, out=small.view(np.int64))  # -|towards|
    np.exp(small, out=small)
    other, total = true_proba, scratch("label total", scores.shape)
    np.add(small, 1.0, out=total)
    np.subtract(1.0, total, out=other)
    other += small  # what the rounding of 1 + small lost
    is_wrong = np.less(towards, 0.0, out=scratch("label is wrong", scores.shape, bool))
    # NumPy's clip takes half the time of its maximum and minimum with a number.
    loss = np.clip(towards, -math.inf, 0.0, out=towards)
    np.divide(1.0, total, out=wrong)
    np.log(total, out=total)
    total += other
    np.subtract(total, loss, out=loss)
    np.copyto(total, is_wrong.view(np.int8))
    np.maximum(small, total, out=small)  # exp(-towards), or 1 where the other side is likelier
    wrong *= small
    np.subtract(1.0, wrong, out=true_proba)
    true_proba *= sign
    np.clip(true_proba, 0.0, math.inf, out=true_proba)
    return Terms(loss, False, wrong, true_proba)


def _log_probs(
    scores: FloatArray, false: FloatArray | float, wrong: FloatArray, true_proba: FloatArray
) -> Terms:
    proba = np.exp(scores, out=true_proba)
    complement = np.expm1(scores, out=wrong)
    np.negative(complement, out=complement)  # already what is wrong where the label is true
    other = np.subtract(1.0, complement, out=scratch("label work", scores.shape))
    other -= proba  # what the rounding of the complement lost
    other += np.log(complement, out=scratch("label total", scores.shape))
    # Chosen bit by bit: NumPy's where takes four times as long for labels in no order.
    bits = scratch("label bits", scores.shape, np.int64)
    np.copyto(bits, false, casting="unsafe")
    np.negative(bits, out=bits)  # all bits where the label is false, else none
    work = scratch("label total", scores.shape).view(np.int64)
    for kept, instead in ((scores, other), (wrong, proba)):
        words = kept.view(np.int64)
        np.bitwise_xor(words, instead.view(np.int64), out=work)
        work &= bits
        words ^= work
    true_proba *= np.subtract(1.0, false)
    return Terms(scores, True, wrong, true_proba)
