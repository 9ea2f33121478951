"""Class counts -> finished class weights: scheme, absent classes, cap, normalisation.

The schemes themselves are in `schemes`; the file that weights travel in is `data.weightfile`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from wcetool.core.arrays import FloatArray, IntArray
from wcetool.core.distribution import ClassCounts
from wcetool.core.schemes import SchemeCall
from wcetool.core.vocabulary import Normalization, ZeroCount
from wcetool.errors import InputError, SchemeError, UsageError, listed, nearest, quoted


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Everything that decides class weights, apart from the counts.

    Attributes
    ----------
    scheme : SchemeCall
        The scheme and its parameters.
    normalize : Normalization
        How the weights are scaled, over the classes with a weight above zero.
    cap : float or None
        The largest weight is at most this many times the smallest one above zero; at least 1.
    zero_count : ZeroCount
        What a class without samples weighs where the scheme has no value for it; ``zero`` holds for
        every scheme.
    given : mapping of str to float
        Weights that the user sets: what the scheme 'manual' consists of, and the last word over any
        other scheme.
    """

    scheme: SchemeCall
    normalize: Normalization = Normalization.AS_PUBLISHED
    cap: float | None = None
    zero_count: ZeroCount = ZeroCount.ERROR
    given: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what cannot work with any counts, before any file is read."""
        if self.cap is not None and not 1.0 <= self.cap < math.inf:
            raise UsageError(
                f"{self.cap!r} is not a ratio of at least 1", where="--cap", hint="--cap 100"
            )
        if self.zero_count is ZeroCount.CAP and self.cap is None:
            raise UsageError(
                "'cap' needs a cap", where="--zero-count", hint="--zero-count cap --cap 100"
            )
        for label, weight in self.given.items():
            if not 0.0 <= weight < math.inf:
                raise UsageError(
                    f"weight {weight!r} of {quoted([label])} is not a finite number of at least 0",
                    where="--set",
                )
        if self.given and not self.scheme.scheme.takes_weights:
            if self.cap is not None or self.normalize not in _KEEPS_SET:
                raise UsageError(
                    "weights set over a scheme are final: a cap or a normalisation would "
                    "change them",
                    where="--set",
                    hint="--scheme manual, with a weight for every class, can be capped and "
                    "normalised",
                )


_KEEPS_SET = (Normalization.AS_PUBLISHED, Normalization.NONE)


@dataclass(frozen=True, slots=True, eq=False)
class Weighting:
    """Class weights, and what was done to get them.

    Attributes
    ----------
    class_weight : float64 array of shape (n_classes,)
        Dimensionless, finite, at least 0.
    capped : int
        How many classes the cap lowered.
    """

    class_weight: FloatArray
    capped: int


def weigh(counts: ClassCounts, recipe: Recipe) -> Weighting:
    """Compute class weights from counts.

    Parameters
    ----------
    counts : ClassCounts
        At least one class occurs.
    recipe : Recipe
        Scheme, normalisation, cap, absent classes, weights set by the user.

    Returns
    -------
    Weighting
        ``class_weight`` is float64 of shape (n_classes,), in the order of ``counts.classes``.

    Raises
    ------
    InputError
        If a class has no samples, the scheme has no weight for it and no policy is given.
    SchemeError
        If a weight is set for a class that does not exist, or no class is left to weigh.
    """
    _refuse_unknown_labels(counts, recipe.given)
    weight, capped = _capped(_scheme_weights(counts, recipe), recipe.cap)
    absent = ~counts.present
    if recipe.zero_count is ZeroCount.ZERO:
        weight[absent] = 0.0
    elif recipe.cap is not None and recipe.zero_count is ZeroCount.CAP:
        if not recipe.scheme.scheme.defined_at_zero:
            weight[absent] = weight[counts.present].min() * recipe.cap
    weight = _normalized(weight, counts.count, recipe)
    if recipe.given and not recipe.scheme.scheme.takes_weights:
        index = {label: i for i, label in enumerate(counts.classes)}
        for label, given in recipe.given.items():
            weight[index[label]] = given
    return Weighting(weight, capped)


def effective_sample_size(class_weight: FloatArray, count: IntArray) -> float | None:
    """Return Kish's effective sample size: how many unweighted samples the weighted ones are worth.

    Parameters
    ----------
    class_weight : float64 array of shape (n_classes,)
        Class weights, at least 0.
    count : int64 array of shape (n_classes,)
        Samples per class.

    Returns
    -------
    float or None
        (sum n w)^2 / sum n w^2, in samples; None if every sample weighs 0.

    Notes
    -----
    Source: Kish 1965. Scaling the weights changes nothing, so they are first divided by the
    largest: squares then neither overflow nor vanish.

    Examples
    --------
    >>> import numpy as np
    >>> effective_sample_size(np.array([1.0, 2.0]), np.array([30, 15]))
    40.0
    """
    weight = class_weight[count > 0]
    if weight.max(initial=0.0) == 0.0:
        return None
    share = weight / weight.max()
    mass = count[count > 0] * share
    return math.fsum(mass) ** 2 / math.fsum(mass * share)


def _scheme_weights(counts: ClassCounts, recipe: Recipe) -> FloatArray:
    """Apply the bare formula, to the classes that occur where it is undefined for the others."""
    call = recipe.scheme
    if call.scheme.defined_at_zero or counts.present.all():
        return np.array(call.bare_weights(counts, recipe.given), dtype=float)
    unset = [
        label
        for label, present in zip(counts.classes, counts.present, strict=True)
        if not present and label not in recipe.given
    ]
    if unset and recipe.zero_count is ZeroCount.ERROR:
        raise InputError(
            f"{len(unset):,} of {counts.n_classes:,} classes have no samples: "
            f"scheme {call.scheme.name!r} has no weight for them",
            details=(f"without samples: {quoted(unset)}",),
            hint="--zero-count zero, or --zero-count cap with --cap",
        )
    weight = np.zeros(counts.n_classes)
    weight[counts.present] = call.bare_weights(counts.only_present())
    return weight


def _capped(weight: FloatArray, cap: float | None) -> tuple[FloatArray, int]:
    """Lower weights above `cap` times the smallest; scaling later does not change the ratio."""
    positive = weight[weight > 0]
    if cap is None or not len(positive):
        return weight, 0
    limit = positive.min() * cap
    return np.minimum(weight, limit), int((weight > limit).sum())


def _normalized(weight: FloatArray, count: IntArray, recipe: Recipe) -> FloatArray:
    how = recipe.normalize
    if how is Normalization.AS_PUBLISHED:
        how = recipe.scheme.scheme.published
    if how is Normalization.NONE:
        return weight
    positive = weight[weight > 0]
    scales: dict[Normalization, Callable[[], float]] = {
        Normalization.SUM_1: lambda: math.fsum(positive),
        Normalization.MEAN_1: lambda: math.fsum(positive) / max(len(positive), 1),
        Normalization.SAMPLE_MEAN_1: lambda: math.fsum(weight * count) / int(count.sum()),
        Normalization.MIN_1: lambda: float(positive.min(initial=math.inf)),
        Normalization.MAX_1: lambda: float(positive.max(initial=0.0)),
    }
    scale = scales[how]()
    if not 0.0 < scale < math.inf:
        raise SchemeError(
            f"the weights cannot be scaled to {how.value}: no class has a weight above 0",
            where="--normalize",
        )
    scaled = weight / scale
    if not np.isfinite(scaled).all() or (scaled[weight > 0] == 0).any():
        raise SchemeError(
            f"the weights are too far apart to be scaled to {how.value}",
            where="--normalize",
            details=(f"from {positive.min():g} to {positive.max():g}",),
        )
    return scaled


def _refuse_unknown_labels(counts: ClassCounts, given: Mapping[str, float]) -> None:
    unknown = list(given.keys() - set(counts.classes)) if given else []
    if unknown:
        unknown.sort()
        near = nearest(unknown[0], counts.classes)
        raise SchemeError(
            f"{quoted(unknown)} {'is no class' if len(unknown) == 1 else 'are no classes'} of "
            "the labels",
            where="--set",
            details=(f"classes: {listed(map(repr, counts.classes))}",),
            hint=f"--set {near}={given[unknown[0]]:g}" if near else None,
        )
