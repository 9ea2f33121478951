"""scikit-learn, optax, the boosters, and the plain formula of MATLAB's weighted layer."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from wcetool.core.arrays import FloatArray
from wcetool.core.conventions.examples import Examples, Losses, Options, Target
from wcetool.core.conventions.formulas import (
    alpha_factor,
    chosen,
    cross_entropy,
    focal_factor,
    in_columns,
    log_softmax,
    sigmoid,
    sigmoid_cross_entropy,
)
from wcetool.core.conventions.registry import LOGITS, PROBS, Convention
from wcetool.errors import InputError

_BY_ROW = frozenset({"sample_weight"})
_BY_CLASS = frozenset({"class_weight"})
_ELEMENTS = (Target.BINARY, Target.MULTILABEL)


def _log_loss(examples: Examples, options: Options) -> Losses:
    """Clip to [eps, 1 - eps] of the dtype; columns follow the sorted labels."""
    proba = _columns(examples)
    weights = _sklearn_weights(examples, proba)
    epsilon = np.finfo(examples.dtype).eps
    high = float(examples.dtype.type(1.0) - epsilon)
    log_proba = np.log(np.clip(proba, float(epsilon), high))
    values = cross_entropy(_one_hot(examples, options["labels"], proba.shape[1]), log_proba)
    divisors = {"mean": weights} if options["normalize"] else {}
    return Losses(values=values * weights, divisors=divisors, useless=_no_weight(weights))


def _columns(examples: Examples) -> FloatArray:
    """Return a column a class; one alone is the probability of the larger label."""
    proba = examples.scores
    if proba.ndim == 2 and proba.shape[1] > 1:
        return proba
    positive = proba.reshape(len(proba))
    negative = (examples.dtype.type(1.0) - positive.astype(examples.dtype)).astype(np.float64)
    return np.column_stack([negative, positive])


def _sklearn_weights(examples: Examples, proba: FloatArray) -> FloatArray:
    weights = examples.by_row()
    if not len(proba):
        raise InputError("there are no rows")
    if not (np.isfinite(proba).all() and np.isfinite(weights).all()):
        raise InputError("a probability or weight is NaN or infinite")
    if proba.min() < 0.0 or proba.max() > 1.0:
        raise InputError("a probability is outside of [0, 1]")
    return weights


def _one_hot(examples: Examples, labels: list[int] | None, n_columns: int) -> FloatArray:
    if examples.target is Target.MULTILABEL:  # the losses of all labels that are 1 add up
        if not np.isin(examples.y, (0.0, 1.0)).all():
            raise InputError("targets other than 0 and 1 are refused")
        return examples.as_rows()
    y = examples.index() if examples.target is Target.INDEX else _zero_or_one(examples)
    known = np.unique(y if labels is None else np.asarray(labels))
    if len(known) < 2:
        raise InputError("there is one label only: give labels", hint="labels=[...]")
    if len(known) != n_columns:
        raise InputError(f"{n_columns} columns of probabilities for {len(known)} labels")
    if not np.isin(y, known).all():
        raise InputError("a target is none of the labels")
    return np.eye(n_columns)[np.searchsorted(known, y)]


def _zero_or_one(examples: Examples) -> npt.NDArray[np.int64]:
    """Return binary targets as class indices."""
    y = examples.y.reshape(-1)
    if len(y) != len(examples.scores) or not np.isin(y, (0.0, 1.0)).all():
        raise InputError("targets other than 0 and 1 are refused")
    return y.astype(np.int64)


def _brier(examples: Examples, options: Options) -> Losses:
    """Two classes are scored by the positive one, more by the sum over all."""
    proba = examples.scores
    weights = _sklearn_weights(examples, proba)
    if proba.ndim == 2 and proba.shape[1] > 2:
        t = _one_hot(examples, options["labels"], proba.shape[1])
        values = ((proba - t) ** 2).sum(axis=1)
    else:
        positive = proba[:, -1] if proba.ndim == 2 else proba
        if examples.y.size != len(proba) or positive.size != len(proba):
            raise InputError("there is more than one score or target a row")
        y = examples.y.reshape(len(proba)).astype(np.float64)
        known = np.unique(y)
        if len(known) > 2:
            raise InputError("targets of more than two values, and one probability a row")
        values = (positive - (y == known[-1] if len(known) > 1 else y)) ** 2
    return Losses(values=values * weights, divisors={"mean": weights}, useless=_no_weight(weights))


def _no_weight(weights: FloatArray) -> dict[str, bool]:
    return {"all sample weights are 0": not weights.any()}


def _integer_labels(examples: Examples, _: Options) -> Losses:
    """Wrap negative labels, and give NaN for those outside, without a word."""
    y, k = examples.index(), examples.n_classes
    outside = (y >= k) | (y < -k)
    index = np.where(outside, 0, y) % k
    losses = np.where(outside, np.nan, -chosen(log_softmax(examples.scores), index))
    weights = examples.by_class()[index]
    values = weights * losses
    return Losses(values=values, divisors={"mean_w": weights, "mean_n": np.ones_like(values)})


def _optax_focal(examples: Examples, options: Options) -> Losses:
    t = examples.as_rows()
    values = sigmoid_cross_entropy(examples.scores, t)
    values = values * focal_factor(sigmoid(examples.scores), t, float(options["gamma"]))
    if options["alpha"] is not None:
        values = values * alpha_factor(t, float(options["alpha"]))
    return Losses(values=values, divisors={"mean_n": np.ones_like(values)})


def _booster(losses: FloatArray, examples: Examples, empty: float = 0.0) -> Losses:
    weights = examples.by_row()
    return Losses(values=losses * weights, divisors={"mean": weights}, empty=empty)


def _refuse_negative_weights(examples: Examples) -> None:
    if (examples.by_row() < 0.0).any():
        raise InputError("negative sample weights are refused")


def _flat(examples: Examples) -> tuple[FloatArray, npt.NDArray[np.float64]]:
    n_rows = len(examples.scores)
    if examples.scores.size != n_rows or examples.y.size != n_rows:
        raise InputError("there is more than one score or target a row")
    return examples.scores.reshape(n_rows), examples.y.reshape(n_rows).astype(np.float64)


def _bounded_log_loss(p: FloatArray, q: FloatArray, y: FloatArray, eps: float) -> FloatArray:
    """Return -y log p - (1 - y) log q, both probabilities at least eps; 0 times infinity is 0."""
    log_p, log_q = np.log(np.maximum(p, eps)), np.log(np.maximum(q, eps))
    return np.where(y == 0.0, 0.0, -y * log_p) + np.where(y == 1.0, 0.0, -(1.0 - y) * log_q)


def _xgboost_binary(examples: Examples, options: Options) -> Losses:
    _refuse_negative_weights(examples)
    logits, y = _flat(examples)
    p = (np.float32(1.0) / (np.float32(1.0) + np.exp(-logits.astype(np.float32)))).astype(
        np.float32
    )
    q = np.float32(1.0) - p
    losses = _bounded_log_loss(p.astype(np.float64), q.astype(np.float64), y, options["eps"])
    return _booster(losses, examples)


def _xgboost_multi(examples: Examples, options: Options) -> Losses:
    _refuse_negative_weights(examples)
    narrow = in_columns(examples.scores).astype(np.float32)
    powers = np.exp(narrow - narrow.max(axis=1, keepdims=True))
    proba = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float64)
    true = chosen(proba, examples.checked_index())
    return _booster(-np.log(np.maximum(true, options["eps"])), examples)


def _lightgbm_binary(examples: Examples, options: Options) -> Losses:
    logits, y = _flat(examples)
    p = 1.0 / (1.0 + np.exp(-logits))
    return _booster(_bounded_log_loss(p, 1.0 - p, y, options["eps"]), examples, math.nan)


def _catboost_binary(examples: Examples, _: Options) -> Losses:
    logits, y = _flat(examples)
    return _booster(sigmoid_cross_entropy(logits, y), examples)


def _catboost_multi(examples: Examples, _: Options) -> Losses:
    return _booster(-chosen(log_softmax(examples.scores), examples.checked_index()), examples)


def _matlab(examples: Examples, _: Options) -> Losses:
    values = cross_entropy(examples.by_class() * examples.as_rows(), np.log(examples.scores))
    return Losses(values=values, divisors={"mean": np.ones_like(values)})


CONVENTIONS = (
    Convention(
        framework="sklearn",
        api="sklearn.metrics.log_loss",
        targets=(Target.INDEX, Target.BINARY, Target.MULTILABEL),
        kinds=(PROBS,),
        formula="-s log clip(p)[y], clipped to [eps, 1 - eps] of the dtype, not renormalised",
        weighs="each row by its sample weight",
        divides_by="sum of the sample weights",
        losses=_log_loss,
        reductions=("mean",),
        options={"normalize": True, "labels": None},
        lists=frozenset({"labels"}),
        weights=_BY_ROW,
        traps=(
            "the same as PyTorch's mean with class indices under the same weights",
            "of several labels a row only those that are 1 count, and every row's weight divides",
            "columns follow the sorted labels, whatever the order of labels=",
            "class_weight='balanced' is the scheme inverse; log_loss itself takes sample weights",
        ),
    ),
    Convention(
        framework="sklearn",
        api="sklearn.metrics.brier_score_loss",
        targets=(Target.INDEX, Target.BINARY),
        kinds=(PROBS,),
        formula="s (t - p)^2; with three classes and more s sum_k (t_k - p_k)^2",
        weighs="each row by its sample weight",
        divides_by="sum of the sample weights",
        losses=_brier,
        unit="",
        reductions=("mean",),
        options={"labels": None},
        lists=frozenset({"labels"}),
        weights=_BY_ROW,
    ),
    Convention(
        framework="optax",
        api="optax.softmax_cross_entropy_with_integer_labels * w[y]",
        targets=(Target.INDEX,),
        kinds=(LOGITS,),
        formula="-w[y] log softmax(x)[y]",
        weighs="the true class, by hand",
        divides_by="what the caller divides by: sum of w[y] (mean_w) or N (mean_n)",
        losses=_integer_labels,
        reductions=("none", "mean_w", "mean_n", "sum"),
        weights=_BY_CLASS,
        plain={"mean_w": "weights", "mean_n": "rows", "sum": "nothing"},
        traps=("labels are not checked: -1 is the last class, others outside give NaN",),
    ),
    Convention(
        framework="optax",
        api="optax.softmax_cross_entropy_with_integer_labels",
        targets=(Target.INDEX,),
        kinds=(LOGITS,),
        formula="-log softmax(x)[y]",
        weighs="nothing",
        divides_by="what the caller divides by",
        losses=_integer_labels,
        reductions=("none", "mean_w", "mean_n", "sum"),
        traps=("labels are not checked: -1 is the last class, others outside give NaN",),
    ),
    Convention(
        framework="optax",
        api="optax.sigmoid_focal_loss",
        targets=_ELEMENTS,
        kinds=(LOGITS,),
        formula="(1 - p_t)^gamma bce(x, t), times a_t where alpha is given",
        weighs="positives by alpha, where it is given",
        divides_by="what the caller divides by",
        losses=_optax_focal,
        reductions=("none", "mean_n", "sum"),
        options={"alpha": None, "gamma": 2.0},
        traps=("alpha is off by default, 0.25 in torchvision",),
    ),
    Convention(
        framework="xgboost",
        api="xgboost eval_metric=logloss",
        targets=(Target.BINARY,),
        kinds=(LOGITS,),
        formula="s (-y log max(p, eps) - (1 - y) log max(1 - p, eps)), p and 1 - p in float32",
        weighs="each row by the weight of the DMatrix; scale_pos_weight has no effect on it",
        divides_by="sum of the weights",
        losses=_xgboost_binary,
        reductions=("mean",),
        options={"eps": 1e-16},
        weights=_BY_ROW,
    ),
    Convention(
        framework="xgboost",
        api="xgboost eval_metric=mlogloss",
        targets=(Target.INDEX,),
        kinds=(LOGITS,),
        formula="-s log max(softmax(x)[y], eps), in float32",
        weighs="each row by the weight of the DMatrix",
        divides_by="sum of the weights",
        losses=_xgboost_multi,
        reductions=("mean",),
        options={"eps": 1e-16},
        weights=_BY_ROW,
    ),
    Convention(
        framework="lightgbm",
        api="lightgbm metric=binary_logloss",
        targets=(Target.BINARY,),
        kinds=(LOGITS,),
        formula="s (-y log max(p, eps) - (1 - y) log max(1 - p, eps)), 1 - p by subtraction",
        weighs="each row by the weight of the Dataset; is_unbalance has no effect on it",
        divides_by="sum of the weights",
        losses=_lightgbm_binary,
        reductions=("mean",),
        options={"eps": 1e-15},
        weights=_BY_ROW,
    ),
    Convention(
        framework="catboost",
        api="catboost eval_metric Logloss",
        targets=(Target.BINARY,),
        kinds=(LOGITS,),
        formula="s (max(x, 0) - x y + log(1 + exp(-|x|))), unclipped",
        weighs="each row by its weight, class_weights included",
        divides_by="sum of the weights",
        losses=_catboost_binary,
        reductions=("mean",),
        weights=_BY_ROW,
        traps=(
            "unlike the other boosters it applies class_weights to the metric",
            "auto_class_weights: Balanced is the scheme max-ratio, SqrtBalanced sqrt-max-ratio",
        ),
    ),
    Convention(
        framework="catboost",
        api="catboost eval_metric MultiClass",
        targets=(Target.INDEX,),
        kinds=(LOGITS,),
        formula="-s log softmax(x)[y]",
        weighs="each row by its weight, class_weights included",
        divides_by="sum of the weights",
        losses=_catboost_multi,
        reductions=("mean",),
        weights=_BY_ROW,
        plain={"mean": "weights"},
    ),
    Convention(
        framework="matlab",
        api="-1/N sum w T log Y",
        targets=(Target.INDEX, Target.SOFT),
        kinds=(PROBS,),
        formula="-sum_j w_j t_j log y_j",
        weighs="each class",
        divides_by="N",
        losses=_matlab,
        reductions=("mean", "sum", "none"),
        weights=_BY_CLASS,
        traps=("named by its denominator: nothing more is confirmed of the weighted layer",),
    ),
)
