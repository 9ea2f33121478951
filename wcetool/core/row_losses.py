"""The weighted loss of each row, where rows themselves are asked for: batches, output by row.

The weights are known beforehand here. The sums that any weights can be applied to afterwards are in
`scoring` and `label_scoring`, and far faster.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from wcetool.core.arrays import FloatArray
from wcetool.core.conventions.formulas import log_softmax, softplus_of_minus
from wcetool.core.losses import ScoreForm
from wcetool.core.vocabulary import InputKind, Reduction, Task

Matrix: TypeAlias = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RowWeights:
    """What weighs rows, and what changes their losses.

    Attributes
    ----------
    by_class : float64 array of shape (n_classes,)
        Class weights.
    positive : float64 array of shape (n_classes,), or None
        Factors of the positive terms of labels.
    by_pair : float64 array of shape (n_classes, n_classes), or None
        Factors by true and predicted class.
    clip, gamma : float or None
        Least probability of a true class; focusing of the focal loss.
    smoothing : float
        Label smoothing.
    """

    by_class: FloatArray
    positive: FloatArray | None = None
    by_pair: FloatArray | None = None
    clip: float | None = None
    gamma: float | None = None
    smoothing: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class RowValues:
    """Losses of rows.

    Attributes
    ----------
    values : float64 array of shape (n_samples,) or (n_samples, n_labels)
        Weighted losses, nats; by label where there are several a row.
    loss, divisor : float64 array of shape (n_samples,)
        What a row adds to the sum, and to what the reduction divides by.
    """

    values: FloatArray
    loss: FloatArray
    divisor: FloatArray


def row_values(
    target: Matrix,
    scores: Matrix,
    form: ScoreForm,
    weights: RowWeights,
    sample_weight: FloatArray | None = None,
    *,
    reduction: Reduction = Reduction.WEIGHTED_MEAN,
) -> RowValues:
    """Compute the weighted loss of each row.

    Parameters
    ----------
    target : int64 array of shape (n_samples,), or numbers of shape (n_samples, n_classes)
        True classes, or targets.
    scores : array of shape (n_samples, n_columns)
        As `form` says.
    form : ScoreForm
        What the scores are.
    weights : RowWeights
        What weighs them.
    sample_weight : float64 array of shape (n_samples,), optional
        Factor of each row.
    reduction : Reduction
        Decides what `divisor` is; ones for a mean, and for a sum.
    """
    wide = scores.astype(np.float64)
    factor = np.ones(len(wide)) if sample_weight is None else sample_weight
    with np.errstate(all="ignore"):
        if form.task is Task.MULTILABEL:
            values, mass = _of_labels(target.astype(np.float64), wide, form, weights)
            values, mass = values * factor[:, np.newaxis], mass * factor[:, np.newaxis]
            per_row = np.full(len(wide), float(form.n_classes))
            loss, divisor = values.sum(axis=1), mass.sum(axis=1)
        else:
            values, divisor = _of_classes(target, wide, form, weights)
            values = loss = values * factor
            divisor = divisor * factor
            per_row = np.ones(len(wide))
    return RowValues(values, loss, divisor if reduction is Reduction.WEIGHTED_MEAN else per_row)


def _of_classes(
    target: Matrix, scores: FloatArray, form: ScoreForm, weights: RowWeights
) -> tuple[FloatArray, FloatArray]:
    log_proba = _log_proba(scores, form)
    nll = _modified(-log_proba, np.exp(log_proba), weights)
    w, rows = weights.by_class, np.arange(len(scores))
    if target.ndim == 1:
        weight = w[target]
        if weights.by_pair is not None:
            weight = weight * weights.by_pair[target, _predicted(log_proba, form)]
        loss = weight * nll[rows, target]
        if weights.smoothing:
            smooth = _dot(np.broadcast_to(w, nll.shape), nll) / form.n_classes
            loss = (1.0 - weights.smoothing) * loss + weights.smoothing * smooth
        return loss, weight
    t = target.astype(np.float64)
    smoothed = t * (1.0 - weights.smoothing) + weights.smoothing / form.n_classes
    return _dot(w * smoothed, nll), (w * t).sum(axis=1)


def _of_labels(
    t: FloatArray, scores: FloatArray, form: ScoreForm, weights: RowWeights
) -> tuple[FloatArray, FloatArray]:
    positive, negative = _nll_of_labels(scores, form.kind)
    proba = np.exp(-positive)
    positive, negative = (
        _modified(nll, p, weights) for nll, p in ((positive, proba), (negative, np.exp(-negative)))
    )
    q = 1.0 if weights.positive is None else weights.positive
    smoothed = t * (1.0 - weights.smoothing) + weights.smoothing / 2.0
    values = _times(q * smoothed, positive) + _times(1.0 - smoothed, negative)
    return weights.by_class * values, weights.by_class * (q * t + (1.0 - t))


def _modified(nll: FloatArray, proba: FloatArray, weights: RowWeights) -> FloatArray:
    """Clip, then focus."""
    if weights.clip is not None:
        nll = np.minimum(nll, -np.log(weights.clip))
        proba = np.maximum(proba, weights.clip)
    return nll if weights.gamma is None else (1.0 - proba) ** weights.gamma * nll


def _log_proba(scores: FloatArray, form: ScoreForm) -> FloatArray:
    """Return log-probabilities of the classes, of both where there is one score a row."""
    if form.task is Task.BINARY:
        positive, negative = _nll_of_labels(scores, form.kind)
        columns = [-negative[:, 0], -positive[:, 0]]
        return np.column_stack(columns if form.positive == 1 else columns[::-1])
    if form.kind is InputKind.LOGITS:
        return log_softmax(scores)
    if form.kind is InputKind.LOG_PROBS:
        return scores
    proba = scores / scores.sum(axis=1, keepdims=True) if form.renormalize else scores
    log_proba: FloatArray = np.log(np.maximum(proba, 0.0))
    return log_proba


def _nll_of_labels(scores: FloatArray, kind: InputKind) -> tuple[FloatArray, FloatArray]:
    """Return -log p and -log(1 - p)."""
    if kind is InputKind.LOGITS:
        return softplus_of_minus(scores), softplus_of_minus(-scores)
    if kind is InputKind.PROBS:
        return -np.log(np.maximum(scores, 0.0)), -np.log1p(-np.minimum(scores, 1.0))
    bounded = np.minimum(scores, 0.0)
    small = bounded < -np.log(2.0)
    return -bounded, -np.where(small, np.log1p(-np.exp(bounded)), np.log(-np.expm1(bounded)))


def _predicted(log_proba: FloatArray, form: ScoreForm) -> npt.NDArray[np.intp]:
    if form.task is Task.BINARY:  # the positive class only where its probability is above 1/2
        negative = 1 - form.positive
        positive = log_proba[:, form.positive] > log_proba[:, negative]
        return np.where(positive, form.positive, negative)
    predicted: npt.NDArray[np.intp] = log_proba.argmax(axis=1)
    return predicted


def _times(weight: FloatArray, nll: FloatArray) -> FloatArray:
    """Multiply; nothing times infinity is nothing."""
    return np.where(weight == 0.0, 0.0, weight * nll)


def _dot(weight: FloatArray, nll: FloatArray) -> FloatArray:
    total: FloatArray = _times(weight, nll).sum(axis=1)
    return total
