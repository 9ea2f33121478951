"""Class counts -> finished class weights: scheme, absent classes, bounds, normalisation.

The schemes themselves are in `schemes`; the file that weights travel in is `data.weightfile`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from wcetool.core.arrays import BoolArray, FloatArray, IntArray
from wcetool.core.distribution import ClassCounts
from wcetool.core.exact import exact_sum
from wcetool.core.schemes import Kind, SchemeCall
from wcetool.core.schemes.evidence import Evidence
from wcetool.core.vocabulary import Normalization, Task, ZeroCount
from wcetool.errors import InputError, SchemeError, UsageError, listed, nearest, quoted

MOST_SMOOTHING = 1e15


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Everything that decides class weights, apart from the data.

    Attributes
    ----------
    scheme : SchemeCall
        The scheme and its parameters.
    normalize : Normalization
        How the weights are scaled, over the classes with a weight above zero.
    cap : float or None
        The largest weight is at most this many times the smallest one above zero; at least 1.
    max_weight, min_weight : float or None
        No weight above zero is larger, or smaller, after scaling; those in between are scaled until
        the normalisation holds as well.
    zero_count : ZeroCount
        What a class without samples weighs; ``error`` where the scheme has no number for it.
    smoothing : float
        Is added to every count first.
    given : mapping of str to float
        Weights that the user sets: what the scheme 'manual' consists of, and the last word over any
        other scheme.
    """

    scheme: SchemeCall
    normalize: Normalization = Normalization.AS_PUBLISHED
    cap: float | None = None
    max_weight: float | None = None
    min_weight: float | None = None
    zero_count: ZeroCount = ZeroCount.ERROR
    smoothing: float = 0.0
    given: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what cannot work with any counts, before any file is read."""
        if self.cap is not None and not 1.0 <= self.cap < math.inf:
            raise UsageError(
                f"{self.cap!r} is not a ratio of at least 1", where="--cap", hint="--cap 100"
            )
        for option, bound in (
            ("--max-weight", self.max_weight),
            ("--min-weight", self.min_weight),
        ):
            if bound is not None and not 0.0 < bound < math.inf:
                raise UsageError(f"{bound!r} is not a finite number above 0", where=option)
        if (self.min_weight or 0.0) > (self.max_weight or math.inf):
            raise UsageError(
                f"{self.min_weight!r} is above --max-weight {self.max_weight!r}",
                where="--min-weight",
            )
        if not 0.0 <= self.smoothing <= MOST_SMOOTHING:
            raise UsageError(
                f"{self.smoothing!r} is no count from 0 to {MOST_SMOOTHING:g}", where="--smoothing"
            )
        if self.zero_count is ZeroCount.CAP and self.cap is None and self.max_weight is None:
            raise UsageError(
                "'cap' needs a cap",
                where="--zero-count",
                hint="--zero-count cap --cap 100, or --max-weight 10",
            )
        for label, weight in self.given.items():
            if not 0.0 <= weight < math.inf:
                raise UsageError(
                    f"weight {weight!r} of {quoted([label])} is not a finite number of at least 0",
                    where="--set",
                )
        self._refuse_idle()

    def _refuse_idle(self) -> None:
        """Refuse options that the scheme makes idle, or that would undo one another."""
        kind, name = self.scheme.scheme.kind, self.scheme.scheme.name
        if self.zero_count is ZeroCount.ZERO and kind in _NEVER_ZERO:
            raise UsageError(
                f"0 is no {kind.value} of a class without samples: scheme {name!r} would favour it "
                "above all others",
                where="--zero-count",
                hint="--zero-count rarest, or exclude",
            )
        of_sets = {
            "--set": bool(self.given),
            "--smoothing": bool(self.smoothing),
            "--zero-count": self.zero_count is not ZeroCount.ERROR,
        }
        for option, given in of_sets.items():
            if given and kind.is_of_sets:
                raise UsageError(
                    f"has no effect: scheme {name!r} weighs rows by the set of their labels",
                    where=option,
                )
        changes = {
            "--cap": self.cap is not None,
            "--max-weight": self.max_weight is not None,
            "--min-weight": self.min_weight is not None,
            "--normalize": self.normalize not in _KEEPS_SET,
        }
        if self.given and not self.scheme.scheme.takes_weights and any(changes.values()):
            raise UsageError(
                "weights set over a scheme are final: a cap, a bound or a normalisation would "
                "change them",
                where="--set",
                hint="--scheme manual, with a weight for every class, can be capped and normalised",
            )
        if kind is Kind.LABEL:
            del changes["--max-weight"], changes["--min-weight"]
            reason = "weights of positive terms take --max-weight and --min-weight"
        else:
            reason = f"scheme {self.scheme.scheme.name!r} gives a {kind.value}, not a weight"
        idle = [option for option, given in changes.items() if given]
        if idle and kind is not Kind.CLASS:
            raise UsageError(f"has no effect: {reason}", where=idle[0])


_KEEPS_SET = (Normalization.AS_PUBLISHED, Normalization.NONE)
_NEVER_ZERO = (Kind.LOGIT_OFFSET, Kind.LOGIT_TEMPERATURE)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Weighting:
    """Class weights, and what was done to get them.

    Attributes
    ----------
    counts : ClassCounts
        The classes that have a weight: all, or those that are not excluded.
    class_weight : float64 array of shape (n_classes,)
        Dimensionless, finite; at least 0 where they are factors.
    negative_weight : float64 array of shape (n_classes,), or None
        Factors of the negative terms of labels.
    capped : int
        How many classes the cap or a bound changed.
    remarks : tuple of str
        What the user should know of the numbers.
    """

    counts: ClassCounts
    class_weight: FloatArray
    negative_weight: FloatArray | None = None
    capped: int = 0
    remarks: tuple[str, ...] = ()


def weigh(counts: ClassCounts, recipe: Recipe, evidence: Evidence | None = None) -> Weighting:
    """Compute class weights from counts.

    Parameters
    ----------
    counts : ClassCounts
        At least one class occurs.
    recipe : Recipe
        Scheme, normalisation, bounds, absent classes, weights set by the user.
    evidence : Evidence, optional
        What the scheme needs besides the counts, in the order of ``counts.classes``.

    Returns
    -------
    Weighting
        ``class_weight`` is float64 of shape (n_classes,), in the order of ``counts.classes``.

    Raises
    ------
    InputError
        If a class has no samples, the scheme has no weight for it and no policy is given.
    SchemeError
        If the scheme is not for such labels or lacks something, a weight is set for a class that
        does not exist, or no class is left to weigh.
    """
    evidence = replace(evidence or Evidence(), weights=recipe.given or None)
    recipe.scheme.refuse_task(Task.MULTICLASS if counts.known is None else Task.MULTILABEL)
    if recipe.scheme.scheme.kind.is_of_sets:
        raise SchemeError(
            "weighs whole rows, by the set of their labels: there is no weight for a label",
            where=f"scheme {recipe.scheme.scheme.name!r}",
            hint="--sample-weights OUT.parquet writes a weight for each row",
        )
    _refuse_unknown_labels(counts, recipe.given)
    if recipe.smoothing:
        counts = replace(counts, smoothing=recipe.smoothing)
    if recipe.zero_count is ZeroCount.EXCLUDE:
        set_by_hand = [label in recipe.given for label in counts.classes]
        keep = np.flatnonzero(counts.present | np.array(set_by_hand, dtype=np.bool_))
        counts, evidence = counts.only(keep), evidence.only(keep)
    # What is not finite is named below.
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        bare, negative, remarks = _scheme_weights(counts, recipe, evidence)
        weight, capped = _capped(bare, recipe.cap)
        _weigh_absent(weight, counts, recipe)
        if recipe.scheme.scheme.kind.is_factor and np.isfinite(weight).all():
            weight, bounded = _scaled(weight, counts, recipe)
            capped |= bounded
    endless = np.flatnonzero(~np.isfinite(weight)).tolist()
    if endless:
        raise SchemeError(
            "gives a number that is not finite",
            where=f"scheme {recipe.scheme.scheme.name!r}",
            details=(f"classes: {quoted(counts.classes[i] for i in endless)}",),
            hint="other parameters" if recipe.scheme.parameters else None,
        )
    if recipe.given and not recipe.scheme.scheme.takes_weights:
        index = {label: i for i, label in enumerate(counts.classes)}
        for label, given in recipe.given.items():
            weight[index[label]] = given
    if recipe.scheme.scheme.kind is Kind.CLASS and not weight.any():
        remarks = [*remarks, "every class weighs 0: no row has any part in the loss"]
    return Weighting(
        counts=counts,
        class_weight=weight,
        negative_weight=negative,
        capped=int(capped.sum()),
        remarks=tuple(remarks),
    )


def effective_sample_size(class_weight: FloatArray, count: IntArray | FloatArray) -> float | None:
    """Return Kish's effective sample size: how many unweighted samples the weighted ones are worth.

    Parameters
    ----------
    class_weight : float64 array of shape (n_classes,)
        Class weights, at least 0.
    count : int64 or float64 array of shape (n_classes,)
        Samples per class, or sums of their weights.

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
    present = count > 0
    if not present.all():
        class_weight, count = class_weight[present], count[present]
    largest = class_weight.max(initial=0.0)
    if largest == 0.0:
        return None
    share = class_weight / largest
    mass = count * share
    return exact_sum(mass) ** 2 / exact_sum(mass * share)


def _scheme_weights(
    counts: ClassCounts, recipe: Recipe, evidence: Evidence
) -> tuple[FloatArray, FloatArray | None, list[str]]:
    """Apply the bare formula, to the classes that occur where it is undefined for the others."""
    call = recipe.scheme
    if call.scheme.defined_at_zero or counts.present.all():
        keep = np.arange(counts.n_classes)
    else:
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
                hint="--zero-count zero, rarest or exclude, or cap with --max-weight"
                if call.scheme.kind is Kind.LABEL
                else "--zero-count zero, rarest or exclude, or cap with --cap"
                if call.scheme.kind is Kind.CLASS
                else "--zero-count rarest or exclude",
            )
        keep = np.flatnonzero(counts.present)
    if len(keep) == counts.n_classes:
        part = counts
    else:
        part, evidence = counts.only(keep), evidence.only(keep)
    found = np.array(call.bare_weights(part, evidence), dtype=float)
    # A label that is not weighed has no factors: 0 for its positives, 1 for its negatives.
    positive, negative = found if found.ndim > 1 else (found, None)
    weight = np.zeros(counts.n_classes)
    weight[keep] = positive
    if negative is not None:
        all_negative = np.ones(counts.n_classes)
        all_negative[keep] = negative
        negative = all_negative
    return weight, negative, call.remarks(part, positive)


def _weigh_absent(weight: FloatArray, counts: ClassCounts, recipe: Recipe) -> None:
    """Give the classes without samples what the policy says."""
    absent, how = ~counts.present, recipe.zero_count
    if not absent.any() or how in (ZeroCount.ERROR, ZeroCount.EXCLUDE):
        return
    if how is ZeroCount.ZERO:
        weight[absent] = 0.0
    elif recipe.scheme.scheme.takes_weights:
        return  # the user has given one
    elif how is ZeroCount.RAREST:
        rarest = np.where(counts.present, counts.mass, np.inf).argmin()
        weight[absent] = weight[rarest]
    elif recipe.cap is not None:
        weight[absent] = weight[counts.present].min() * recipe.cap
    else:
        weight[absent] = recipe.max_weight or 0.0


def _capped(weight: FloatArray, cap: float | None) -> tuple[FloatArray, BoolArray]:
    """Lower weights above `cap` times the smallest; scaling later does not change the ratio."""
    positive = weight[weight > 0]
    if cap is None or not len(positive):
        return weight, np.zeros(len(weight), dtype=np.bool_)
    limit = positive.min() * cap
    return np.minimum(weight, limit), weight > limit


def _scaled(
    weight: FloatArray, counts: ClassCounts, recipe: Recipe
) -> tuple[FloatArray, BoolArray]:
    """Scale and bound: bounded weights stay where they are, the others are scaled again."""
    low, high = recipe.min_weight or 0.0, recipe.max_weight or math.inf
    how = recipe.normalize
    if how is Normalization.AS_PUBLISHED:
        how = recipe.scheme.scheme.published
    weight = _normalized(weight, counts, how)
    weighed = weight > 0 if recipe.scheme.scheme.kind is Kind.CLASS else counts.present
    bounded = weighed & ((weight < low) | (weight > high))
    if not bounded.any():
        return weight, bounded
    free, found = weight, np.where(weighed, np.clip(weight, low, high), weight)
    if how in (Normalization.SUM_1, Normalization.MEAN_1, Normalization.SAMPLE_MEAN_1):
        found = _filled(free, weighed, (low, high), lambda w: _mean(w, counts, how))
    elif how is not Normalization.NONE and not _extreme_is_one(found, how):
        raise SchemeError(f"the bounds leave no weight at 1, as {how} asks", where="--normalize")
    return found, weighed & (found != free)


def _filled(
    weight: FloatArray,
    weighed: BoolArray,
    bounds: tuple[float, float],
    mean: Callable[[FloatArray], float],
) -> FloatArray:
    """Find the scale at which the mean of the bounded weights is 1.

    The mean of clip(s w) grows with s, in straight lines between the scales at which a weight meets
    a bound: among those is looked for the line that passes 1, and then on it.
    """
    low, high = bounds

    def bounded(scale: float) -> FloatArray:
        return np.where(weighed, np.clip(weight * scale, low, high), 0.0)

    positive = weight[weighed & (weight > 0)]
    ends = [low / positive, [2.0 / mean(weight)] if high == math.inf else high / positive]
    scales = np.unique(np.concatenate(ends))
    first, last = 0, len(scales) - 1
    least, most = mean(bounded(scales[first])), mean(bounded(scales[last]))
    if least > 1.0 or most < 1.0:
        raise SchemeError(
            f"no scale within the bounds {low:g} to {high:g} meets the normalisation",
            where="--normalize",
            hint="--normalize none, or wider bounds",
        )
    while last - first > 1:
        middle = (first + last) // 2
        found = mean(bounded(scales[middle]))
        if found < 1.0:
            first, least = middle, found
        else:
            last, most = middle, found
    along = (1.0 - least) / (most - least) if most > least else 0.0
    return bounded(float(scales[first] + along * (scales[last] - scales[first])))


def _mean(weight: FloatArray, counts: ClassCounts, how: Normalization) -> float:
    """Return the sum or mean that a normalisation sets to 1."""
    positive = weight[weight > 0]
    if how is Normalization.SUM_1:
        return exact_sum(positive)
    if how is Normalization.MEAN_1:
        return exact_sum(positive) / max(len(positive), 1)
    samples = counts.samples.astype(np.float64)
    return exact_sum(weight * samples) / exact_sum(samples)


def _extreme_is_one(weight: FloatArray, how: Normalization) -> bool:
    positive = weight[weight > 0]
    return float(positive.min() if how is Normalization.MIN_1 else positive.max()) == 1.0


def _normalized(weight: FloatArray, counts: ClassCounts, how: Normalization) -> FloatArray:
    if how is Normalization.NONE:
        return weight
    positive = weight[weight > 0]
    scales: dict[Normalization, Callable[[], float]] = {
        Normalization.MIN_1: lambda: float(positive.min(initial=math.inf)),
        Normalization.MAX_1: lambda: float(positive.max(initial=0.0)),
    }
    scale = scales[how]() if how in scales else _mean(weight, counts, how)
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
