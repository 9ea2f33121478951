"""The arithmetic that conventions share: softmax, sigmoid, smoothing, focal factors."""

from __future__ import annotations

import numpy as np

from wcetool.core.arrays import FloatArray
from wcetool.core.conventions.examples import Options
from wcetool.errors import InputError, UsageError


def in_columns(rows: FloatArray) -> FloatArray:
    """Return scores that have a column for each class.

    Raises
    ------
    InputError
        If they have not.
    """
    if rows.ndim != 2 or not rows.shape[1]:
        raise InputError(f"a column for each class is needed, not scores of shape {rows.shape}")
    return rows


def log_softmax(logits: FloatArray) -> FloatArray:
    """Return logarithms of the softmax of each row; NaN where a logit is +inf."""
    shifted = logits - in_columns(logits).max(axis=1, keepdims=True)
    log_proba: FloatArray = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return log_proba


def softmax(logits: FloatArray) -> FloatArray:
    """Return the softmax of each row."""
    powers = np.exp(logits - in_columns(logits).max(axis=1, keepdims=True))
    proba: FloatArray = powers / powers.sum(axis=1, keepdims=True)
    return proba


def sigmoid(logits: FloatArray) -> FloatArray:
    """Return 1 / (1 + exp(-x)), without overflow."""
    small = np.exp(-np.abs(logits))
    return np.where(logits >= 0.0, 1.0, small) / (1.0 + small)


def softplus_of_minus(logits: FloatArray) -> FloatArray:
    """Return log(1 + exp(-x)), without overflow."""
    return np.maximum(-logits, 0.0) + np.log1p(np.exp(-np.abs(logits)))


def binary_from_logits(logits: FloatArray, t: FloatArray, positive: FloatArray) -> FloatArray:
    """Return (1 - t) x + (1 + (q - 1) t) log(1 + exp(-x)): q weighs the positive term alone."""
    return (1.0 - t) * logits + (1.0 + (positive - 1.0) * t) * softplus_of_minus(logits)


def sigmoid_cross_entropy(logits: FloatArray, t: FloatArray) -> FloatArray:
    """Return max(x, 0) - x t + log(1 + exp(-|x|)), the order of terms of TensorFlow."""
    return np.maximum(logits, 0.0) - logits * t + np.log1p(np.exp(-np.abs(logits)))


def cross_entropy(t: FloatArray, log_proba: FloatArray) -> FloatArray:
    """Return -sum(t log p) of each row; 0 times infinity is NaN, as in the frameworks."""
    total: FloatArray = -(t * in_columns(log_proba)).sum(axis=1)
    return total


def chosen(rows: FloatArray, index: np.ndarray) -> FloatArray:
    """Return the value of one column a row."""
    columns = in_columns(rows)
    picked: FloatArray = np.take_along_axis(columns, index[:, np.newaxis], axis=1)[:, 0]
    return picked


def smoothing(options: Options) -> float:
    """Return the label smoothing.

    Raises
    ------
    UsageError
        If it is not in [0, 1].
    """
    amount = float(options["label_smoothing"])
    if not 0.0 <= amount <= 1.0:
        raise UsageError(f"{amount!r} is not in [0, 1]", where="--label-smoothing")
    return amount


def smoothed(t: FloatArray, amount: float, n_classes: int) -> FloatArray:
    """Return t (1 - a) + a / K; unchanged where there is no smoothing."""
    return t if amount == 0.0 else t * (1.0 - amount) + amount / n_classes


def focal_factor(proba: FloatArray, t: FloatArray, gamma: float) -> FloatArray:
    """Return (1 - p_t)^gamma with p_t = p t + (1 - p) (1 - t)."""
    factor: FloatArray = (1.0 - (proba * t + (1.0 - proba) * (1.0 - t))) ** gamma
    return factor


def alpha_factor(t: FloatArray, alpha: float) -> FloatArray:
    """Return a t + (1 - a) (1 - t)."""
    return alpha * t + (1.0 - alpha) * (1.0 - t)
