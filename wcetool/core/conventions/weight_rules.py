"""The class and row weights that frameworks compute by themselves."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from wcetool.core.arrays import FloatArray
from wcetool.core.conventions.keras import row_weights
from wcetool.errors import InputError, UsageError

Labels = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightRule:
    """One rule of one framework.

    Attributes
    ----------
    framework, api : str
        Who computes it, and through which call.
    formula : str
        What it computes.
    weights : callable
        Takes labels, sample weights or None, and options by name; returns the weights.
    options : tuple of str
        The options that it has.
    """

    framework: str
    api: str
    formula: str
    weights: Callable[..., FloatArray]
    options: tuple[str, ...]


def _class_sums(y: Labels, sample_weight: FloatArray | None) -> tuple[Labels, FloatArray]:
    known, place = np.unique(y, return_inverse=True)
    weights = np.ones(len(y)) if sample_weight is None else sample_weight
    if weights.shape != (len(y),):
        raise InputError(f"sample weights of shape {weights.shape} for {len(y)} labels")
    sums = [math.fsum(weights[place == k]) for k in range(len(known))]
    return known, np.array(sums)


def _balanced(y: Labels, sample_weight: FloatArray | None) -> dict[int, float]:
    known, sums = _class_sums(y, sample_weight)
    total = math.fsum(sums)
    with np.errstate(divide="ignore", invalid="ignore"):
        weights = total / (len(known) * sums)
    return dict(zip(known.tolist(), weights.tolist(), strict=True))


def _class_weight(
    y: Labels,
    sample_weight: FloatArray | None,
    *,
    class_weight: str | Mapping[int, float] | None = None,
    classes: Sequence[int] | None = None,
) -> FloatArray:
    """Refuse classes that are not among the labels, and unknown keys beside a missing class."""
    if classes is None:
        raise UsageError("the classes are not given", hint="classes=[...]")
    if y.ndim != 1:
        raise InputError("labels of several outputs have no class weights in common")
    absent = sorted(set(y.tolist()) - set(classes))
    if absent:
        raise InputError(f"label {absent[0]!r} is not among the classes")
    if class_weight is None or len(class_weight) == 0:
        return np.ones(len(classes))
    if class_weight == "balanced":
        weights = _balanced(y, sample_weight)
        lacking = [one for one in classes if one not in weights]
        if lacking:
            raise InputError(f"class {lacking[0]!r} has no samples")
        return np.array([weights[one] for one in classes])
    if isinstance(class_weight, str):
        raise UsageError(f"{class_weight!r} is no rule: balanced, or a weight a class")
    unweighted = [one for one in classes if one not in class_weight]
    if unweighted and len(classes) - len(unweighted) != len(class_weight):
        raise InputError(
            f"class {unweighted[0]!r} has no weight, and others that are no class have"
        )
    return np.array([float(class_weight.get(one, 1.0)) for one in classes])


def _sample_weight(
    y: Labels,
    sample_weight: FloatArray | None,
    *,
    class_weight: str | Mapping[int, float] | Sequence[Mapping[int, float]] | None = None,
    indices: Sequence[int] | None = None,
) -> FloatArray:
    """Multiply over the columns of several outputs; classes outside of a subset weigh 0."""
    if sample_weight is not None:
        raise InputError("it takes no sample weights")
    if indices is not None and class_weight != "balanced":
        raise InputError("a subset needs the rule balanced")
    columns = y.reshape(len(y), -1).T
    rules: Sequence[Any] = [class_weight] * len(columns)
    if len(columns) > 1 and class_weight != "balanced":
        if class_weight is None or isinstance(class_weight, str | Mapping):
            raise InputError("several outputs need the rule balanced, or a mapping each")
        if len(class_weight) != len(columns):
            raise InputError(f"{len(class_weight)} mappings for {len(columns)} outputs")
        rules = class_weight
    found = np.ones(len(y))
    for column, rule in zip(columns, rules, strict=True):
        seen = column if indices is None else column[np.asarray(indices)]
        classes = np.unique(seen).tolist()
        weights = _class_weight(seen, None, class_weight=rule, classes=classes)
        by_class = dict(zip(classes, weights.tolist(), strict=True))
        found *= np.array([by_class.get(one, 0.0) for one in column.tolist()])
    return found


def _auto(
    y: Labels, sample_weight: FloatArray | None, *, auto_class_weights: str = ""
) -> FloatArray:
    """Give the largest class 1; sums of sample weights are truncated to whole numbers."""
    if auto_class_weights not in {"Balanced", "SqrtBalanced"}:
        raise UsageError(f"{auto_class_weights!r} is no rule: Balanced or SqrtBalanced")
    if y.dtype.kind != "i" or y.size != len(y) or y.min(initial=0) < 0:
        raise InputError("labels are not whole numbers from 0, one a row")
    index = y.reshape(len(y)).astype(np.int64)
    weights = np.ones(len(y)) if sample_weight is None else sample_weight
    if weights.shape != (len(y),):
        raise InputError(f"sample weights of shape {weights.shape} for {len(y)} labels")
    sums = np.array(
        [math.trunc(math.fsum(weights[index == k])) for k in range(int(index.max(initial=-1)) + 1)],
        dtype=np.float64,
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.where(sums > 0.0, sums.max(initial=0.0) / sums, 1.0)
    if auto_class_weights == "SqrtBalanced":
        found = np.sqrt(found)
    return found.astype(np.float32).astype(np.float64)


def _keras_rows(
    y: Labels,
    sample_weight: FloatArray | None,
    *,
    class_weight: FloatArray | Mapping[int, float] | None = None,
) -> FloatArray:
    if sample_weight is not None:
        raise InputError("class_weight and sample_weight at once are refused")
    if y.dtype.kind not in "fiub":
        raise InputError("labels are no numbers")
    return row_weights(y, class_weight)


WEIGHT_RULES = (
    WeightRule(
        framework="sklearn",
        api="sklearn.utils.class_weight.compute_class_weight",
        formula="n / (classes present x n_k)",
        weights=_class_weight,
        options=("class_weight", "classes"),
    ),
    WeightRule(
        framework="sklearn",
        api="sklearn.utils.class_weight.compute_sample_weight",
        formula="the weight of the class of the row; over several outputs their product",
        weights=_sample_weight,
        options=("class_weight", "indices"),
    ),
    WeightRule(
        framework="keras",
        api="keras class_weight_to_sample_weights",
        formula="the weight of the class of the row, of its largest label where there are several",
        weights=_keras_rows,
        options=("class_weight",),
    ),
    WeightRule(
        framework="catboost",
        api="catboost auto_class_weights",
        formula="max_k S_k / S_k, S truncated to whole numbers; SqrtBalanced: its square root",
        weights=_auto,
        options=("auto_class_weights",),
    ),
)
