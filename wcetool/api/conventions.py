"""`framework_loss` and `framework_weights` give the number that a framework gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from wcetool.core.conventions import RULES, find_convention
from wcetool.core.conventions.examples import Examples, Target
from wcetool.core.conventions.registry import Convention
from wcetool.core.vocabulary import InputKind, parse_word
from wcetool.errors import InputError, UsageError, listed, nearest

FloatArray = npt.NDArray[np.float64]
_NARROW = (np.dtype(np.float16), np.dtype(np.float32))


@dataclass(frozen=True, slots=True, eq=False)
class FrameworkLoss:
    """What a framework returns.

    Attributes
    ----------
    value : float, or float64 array where nothing is reduced
        In nats; NaN and infinity may be the true answer.
    losses : float64 array
        Before reduction, weights included, in the framework's shape.
    convention : Convention
        The formula, what is weighted, the denominator, the traps.
    """

    value: float | FloatArray
    losses: FloatArray
    convention: Convention


def framework_loss(
    like: str,
    y_true: Any,
    y_score: Any,
    *,
    input: str,
    target: str | None = None,
    class_weight: Any = None,
    pos_weight: Any = None,
    sample_weight: Any = None,
    reduction: str | None = None,
    **options: Any,
) -> FrameworkLoss:
    """Compute a loss as a framework computes it.

    Parameters
    ----------
    like : str
        The convention, such as ``torch.CrossEntropyLoss``; under it only its own refusals apply.
    y_true : array of shape (n_samples,), (n_samples, 1) or (n_samples, n_classes)
        Class indices, or numbers.
    y_score : array of shape (n_samples,), (n_samples, 1) or (n_samples, n_classes)
        Its dtype (float16, float32, else float64) is that of the framework's arithmetic where
        rounding is part of the number.
    input : str
        logits or probs.
    target : str, optional
        index, soft, binary or multilabel; by default what the convention takes of the shape.
    class_weight : array, or mapping of class to weight, optional
        By class or column.
    pos_weight : float or array, optional
        Factor of the positive term.
    sample_weight : float or array, optional
        As the framework takes it.
    reduction : str, optional
        One that the convention has; by default its own default.
    **options
        Those of the convention: label_smoothing, ignore_index, gamma, alpha, ...

    Returns
    -------
    FrameworkLoss
        The value and the losses before reduction.

    Raises
    ------
    InputError
        If the framework refuses the input.
    UsageError
        If the convention is unknown, or has no such option.

    Examples
    --------
    >>> loss = framework_loss("torch.CrossEntropyLoss", [1, 2], [[2.3, 2.1, 4.5], [4.2, 3.2, 5.1]],
    ...                       input="logits", class_weight=[25.0, 25.0, 100.0])
    >>> loss.value
    0.87048350145262
    """
    convention = find_convention(like)
    kind = parse_word(InputKind, input, option="--input", default=InputKind.LOGITS)
    scores = _numbers(y_score, "scores")
    dtype = scores.dtype if scores.dtype in _NARROW else np.dtype(np.float64)
    y = _numbers(y_true, "targets")
    chosen = _target(convention, y, scores, target)
    convention.check_form(chosen, kind)
    if chosen is Target.INDEX:
        y = _indices(y)
    else:
        y = _rounded(y, dtype)
        if y.ndim == 1 and scores.shape == (len(y), 1):
            y = y[:, np.newaxis]
    if len(y) != len(scores):
        raise InputError(f"{len(y)} targets for {len(scores)} rows of scores")
    examples = Examples(
        y=y,
        scores=_rounded(scores, dtype),
        target=chosen,
        kind=kind,
        dtype=dtype,
        class_weight=_class_weight(class_weight, dtype),
        pos_weight=_optional(pos_weight, "positive weights", dtype),
        sample_weight=_optional(sample_weight, "sample weights", dtype),
    )
    given = {name: value for name, value in options.items() if value is not None}
    with np.errstate(all="ignore"):  # NaN and infinity may be the answer
        value, losses = convention.evaluate(examples, reduction, given)
    return FrameworkLoss(float(value) if value.ndim == 0 else value, losses, convention)


def framework_weights(
    like: str, y_true: Any, *, sample_weight: Any = None, **options: Any
) -> FloatArray:
    """Return the weights that a framework computes from labels.

    Parameters
    ----------
    like : str
        The rule, such as ``sklearn.utils.class_weight.compute_class_weight``.
    y_true : array of shape (n_samples,) or (n_samples, n_outputs)
        Labels.
    sample_weight : array of shape (n_samples,), optional
        Replaces counts by sums, where the rule takes them.
    **options
        Those of the rule.

    Returns
    -------
    float64 array
        By class or by row, as the framework gives them.

    Raises
    ------
    InputError
        If the framework refuses the input.
    UsageError
        If the rule is unknown, or has no such option.
    """
    if like not in RULES:
        near = nearest(like, list(RULES))
        raise UsageError(
            f"{like!r} is no rule for weights",
            details=(f"rules: {listed(RULES)}",),
            hint=near,
        )
    rule = RULES[like]
    unknown = [name for name in options if name not in rule.options]
    if unknown:
        raise UsageError(f"{like} has no option {unknown[0]!r}: {listed(rule.options)}")
    weights = _optional(sample_weight, "sample weights", np.dtype(np.float64))
    labels = _array(y_true, "labels")
    if not labels.size:
        raise InputError("there are no labels")
    if labels.ndim not in {1, 2} or (weights is not None and weights.ndim != 1):
        raise InputError(f"labels of shape {labels.shape} are not one a row")
    return rule.weights(labels, weights, **options)


def _target(
    convention: Convention, y: npt.NDArray[Any], scores: npt.NDArray[Any], given: str | None
) -> Target:
    if given is not None:
        return parse_word(Target, given, option="--target", default=Target.INDEX)
    likely: tuple[Target, ...]
    if y.ndim > 1 and y.shape == scores.shape and y.shape[1] > 1:
        likely = (Target.SOFT, Target.MULTILABEL)
    elif scores.ndim > 1 and scores.shape[1] > 1:
        likely = (Target.INDEX,)
    else:
        likely = (Target.BINARY, Target.INDEX, Target.MULTILABEL)
    return next((one for one in likely if one in convention.targets), likely[0])


def _array(values: Any, what: str) -> npt.NDArray[Any]:
    try:
        return np.asarray(values)
    except ValueError:
        raise InputError(f"{what} have rows of different lengths") from None


def _numbers(values: Any, what: str) -> npt.NDArray[Any]:
    array = _array(values, what)
    if array.dtype.kind not in "fiub" or array.ndim > 2:
        raise InputError(f"{what} are no numbers in rows and columns")
    if array.ndim == 0 and what in {"scores", "targets"}:
        raise InputError(f"{what} are one number, not one a row")
    return array


def _rounded(values: npt.NDArray[Any], dtype: np.dtype[Any]) -> FloatArray:
    return values.astype(dtype).astype(np.float64)


def _indices(y: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    index = y.astype(np.int64)
    if (index != y).any():
        raise InputError("targets are no class indices")
    return index


def _optional(values: Any, what: str, dtype: np.dtype[Any]) -> FloatArray | None:
    return None if values is None else _rounded(_numbers(values, what), dtype)


def _class_weight(values: Any, dtype: np.dtype[Any]) -> FloatArray | Mapping[int, float] | None:
    if isinstance(values, Mapping):
        return {key: float(dtype.type(weight)) for key, weight in values.items()}
    return _optional(values, "class weights", dtype)
