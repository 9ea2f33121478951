"""Which scheme and normalisation give a vector of class weights that came without a word."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from wcetool.core.arrays import FloatArray
from wcetool.core.distribution import ClassCounts
from wcetool.core.schemes import SCHEMES, Kind, SchemeCall
from wcetool.core.schemes.evidence import Evidence
from wcetool.core.vocabulary import Normalization, Task
from wcetool.core.weighting import Recipe, weigh
from wcetool.errors import WceError

SAME = 2e-7  # relative: weights that went through float32 are this far off
_STEPS = 60
_GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A scheme, and how far its weights are from those given.

    Attributes
    ----------
    scheme : SchemeCall
        With its parameters.
    normalization : Normalization or None
        The one that gives the scale; None where only the ratios can agree.
    factor : float
        What the weights of the scheme are to be multiplied by; 1 under a normalisation.
    deviation : float
        Largest relative difference of a weight.
    reproduces : bool
        Whether that is what rounding explains.
    """

    scheme: SchemeCall
    normalization: Normalization | None
    factor: float
    deviation: float
    reproduces: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Given:
    """Weights that are to be reproduced, and from what."""

    weight: FloatArray
    tolerance: FloatArray
    counts: ClassCounts
    evidence: Evidence

    def weighed(self, call: SchemeCall, how: Normalization) -> FloatArray | None:
        """Return what a scheme gives; None where it gives nothing."""
        try:
            return weigh(
                self.counts, Recipe(scheme=call, normalize=how), self.evidence
            ).class_weight
        except WceError:
            return None

    def factor(self, bare: FloatArray) -> float:
        """Return what the numbers of a scheme are multiplied by to come near the weights."""
        weighed = bare > 0
        bare, weight, tolerance = (one[weighed] for one in (bare, self.weight, self.tolerance))
        least, most = ((weight - tolerance) / bare).max(), ((weight + tolerance) / bare).min()
        if least <= most:  # what rounding leaves possible for every class
            return float(least + most) / 2.0
        largest = int(np.argmax(weight))  # whose rounding matters least
        return float(weight[largest] / bare[largest])

    def match(
        self, call: SchemeCall, how: Normalization | None, scaled: FloatArray, factor: float = 1.0
    ) -> Match:
        """Compare with what a scheme gives."""
        difference = np.abs(scaled - self.weight)
        size = np.maximum(self.weight, scaled)
        relative = np.divide(difference, size, out=np.zeros_like(size), where=size > 0)
        return Match(
            scheme=call,
            normalization=how,
            factor=factor,
            deviation=float(relative.max()),
            reproduces=bool((difference <= self.tolerance).all()),
        )


def identify(
    weight: FloatArray, counts: ClassCounts, evidence: Evidence | None = None
) -> list[Match]:
    """Find the schemes that reproduce class weights, the nearest first.

    Parameters
    ----------
    weight : float64 array of shape (n_classes,)
        In the order of ``counts.classes``; finite, at least 0, not all 0.
    counts : ClassCounts
        Every class occurs.
    evidence : Evidence, optional
        What schemes need besides the counts; those that need more are left out.

    Returns
    -------
    list of Match
        One a scheme: with its published parameters where they reproduce the weights, else with
        those that come nearest. Weights agree where they differ by at most half a unit of the last
        decimal written, or 2e-7 of their size, which float32 explains.
    """
    evidence = evidence or Evidence()
    tolerance = np.maximum(_half_unit(weight), SAME * weight)
    given = _Given(weight, tolerance, counts, evidence)
    with np.errstate(all="ignore"):  # what is not finite matches nothing
        return _matches(given)


def _matches(given: _Given) -> list[Match]:
    counts, evidence = given.counts, given.evidence
    task = Task.MULTICLASS if counts.known is None else Task.MULTILABEL
    found = []
    for entry in SCHEMES.values():
        if entry.kind is not Kind.CLASS or task not in entry.tasks or entry.takes_weights:
            continue
        if not all(evidence.has(need) for need in entry.needs):
            continue
        matches = [_compare(call, given) for call in _calls(entry.name)]
        known = [match for match in matches if match is not None]
        if not any(match.reproduces for match in known):
            known += _searched(entry.name, given)
        if known:
            found.append(min(known, key=_rank))
    return sorted(found, key=_rank)


def _rank(match: Match) -> tuple[float, ...]:
    """Order matches: what reproduces first, and among it the plainest."""
    if not match.reproduces:
        return (1, match.deviation)
    plain = match.normalization is Normalization.AS_PUBLISHED
    return (0, match.normalization is None, not plain, len(match.scheme.parameters))


def _calls(name: str) -> Iterator[SchemeCall]:
    """Yield the settings that publications use."""
    entry = SCHEMES[name]
    default = {key: one.default for key, one in entry.parameters.items()}
    yield SchemeCall(entry, default)
    for one in entry.parameters.values():
        for word in one.range.words:
            yield SchemeCall(entry, default | {one.name: word})
    for setting in entry.settings:
        yield SchemeCall(entry, default | dict(setting))


def _compare(call: SchemeCall, given: _Given) -> Match | None:
    """Compare with what a scheme gives under every normalisation, then but for a factor."""
    bare = given.weighed(call, Normalization.NONE)
    if bare is None or not (bare > 0).any():
        return None
    scaled = ((how, given.weighed(call, how)) for how in Normalization)
    matches = [given.match(call, how, weight) for how, weight in scaled if weight is not None]
    best = min(matches, key=_rank)
    if best.reproduces:
        return best
    factor = given.factor(bare)
    return min(best, given.match(call, None, bare * factor, factor), key=_rank)


def _searched(name: str, given: _Given) -> list[Match]:
    """Look for the value of a single parameter that comes nearest, and for a round one there."""
    entry = SCHEMES[name]
    if len(entry.parameters) != 1:
        return []
    ((key, parameter),) = entry.parameters.items()
    if parameter.range.search is None or len(given.weight) < 2:
        return []

    def matched(value: float) -> Match | None:
        if not parameter.range.accepts(value):
            return None
        return _compare(SchemeCall(entry, {key: value}), given)

    def distance(x: float) -> float:
        match = matched(parameter.range.unfold(x))
        return math.inf if match is None else match.deviation

    nearest = parameter.range.unfold(_least(distance, *parameter.range.search))
    rounded = (float(f"{nearest:.{digits}g}") for digits in range(1, 8))
    one_less = (1.0 - float(f"{1.0 - nearest:.{digits}g}") for digits in range(1, 4))
    found = [match for value in (*rounded, *one_less) if (match := matched(value)) is not None]
    reproducing = [match for match in found if match.reproduces]
    exact = matched(nearest)
    if not reproducing and exact is not None and exact.reproduces:
        return [exact]
    return reproducing[:1] or sorted(found, key=_rank)[:1]


def _least(function: Callable[[float], float], low: float, high: float) -> float:
    """Find a minimum: the best point of a grid, then golden sections around it."""
    grid = np.linspace(low, high, _STEPS + 1).tolist()
    values = [function(x) for x in grid]
    best = values.index(min(values))
    left, right = grid[max(best - 1, 0)], grid[min(best + 1, _STEPS)]
    for _ in range(_STEPS):
        near, far = right - _GOLDEN * (right - left), left + _GOLDEN * (right - left)
        if function(near) <= function(far):
            right = far
        else:
            left = near
    middle: float = (left + right) / 2.0
    return middle


def _half_unit(weight: FloatArray) -> float:
    """Return half a unit of the last decimal that any of the weights is written with."""
    exponents = [Decimal(repr(value)).normalize().as_tuple().exponent for value in weight.tolist()]
    last = min(int(exponent) for exponent in exponents)
    return 0.5 * 10.0**last if last < 0 else 0.0


def inverted(weight: FloatArray, counts: ClassCounts) -> bool:
    """Tell whether weights grow with the counts, as shares do: frequent classes weigh more."""
    by_count = weight[np.argsort(counts.samples, kind="stable")]
    return bool((np.diff(by_count) >= 0).all() and np.ptp(by_count) > 0)


def are_shares(weight: FloatArray, counts: ClassCounts) -> bool:
    """Tell whether weights are the shares of the classes, but for a factor and rounding."""
    tolerance = np.maximum(_half_unit(weight), SAME * weight)
    least = ((weight - tolerance) / counts.mass).max()
    most = ((weight + tolerance) / counts.mass).min()
    return bool(least <= most and np.ptp(counts.mass) > 0)
