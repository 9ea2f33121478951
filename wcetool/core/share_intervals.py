"""Confidence intervals of class shares and of the imbalance ratio, from counts.

They say how far the shares of a sample may be from those of what it was drawn from, where rows are
independent draws; they say nothing of a file that is all there is, or that was balanced by hand.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist

import numpy as np

from wcetool.core.arrays import FloatArray, IntArray
from wcetool.core.vocabulary import parse_word
from wcetool.errors import UsageError

LEAST_FOR_RATIO = 5  # samples of the rarest class
LEVEL = 0.95
QUANTILE_TOLERANCE = 1e-5  # of a tail: a share is then off by far less than its last shown digit
LEAST_SHARE = 1e-300  # where a bisection begins
STEPS = 64


class IntervalMethod(StrEnum):
    """How an interval of a share is computed."""

    WILSON = "wilson"
    GOODMAN = "goodman"
    CLOPPER_PEARSON = "clopper-pearson"
    JEFFREYS = "jeffreys"


@dataclass(frozen=True, slots=True)
class Confidence:
    """Which intervals are asked for.

    Attributes
    ----------
    method : IntervalMethod
        How they are computed.
    level : float
        In (0, 1).
    """

    method: IntervalMethod
    level: float = LEVEL

    @classmethod
    def of(cls, method: str | None, level: float | None) -> Confidence | None:
        """Take what was asked for; None where no intervals are.

        Raises
        ------
        UsageError
            If there is no such method, or the level is not in (0, 1) or has no effect.
        """
        if method is None:
            if level is not None:
                raise UsageError(
                    "has no effect without --confidence",
                    where="--level",
                    hint=f"--confidence {IntervalMethod.WILSON.value} --level {level!r}",
                )
            return None
        chosen = parse_word(
            IntervalMethod, method, option="--confidence", default=IntervalMethod.WILSON
        )
        if level is not None and not (isinstance(level, int | float) and 0.0 < level < 1.0):
            raise UsageError(
                f"{level!r} is not between 0 and 1", where="--level", hint="--level 0.95"
            )
        return cls(chosen, LEVEL if level is None else level)

    @property
    def is_simultaneous(self) -> bool:
        """Tell whether the intervals of all classes hold together."""
        return self.method is IntervalMethod.GOODMAN


def share_intervals(
    count: IntArray, method: IntervalMethod, level: float = LEVEL
) -> tuple[FloatArray, FloatArray]:
    """Return the lower and the upper bound of the share of every class.

    Parameters
    ----------
    count : int64 array of shape (n_classes,)
        Samples per class, at least one in all.
    method : IntervalMethod
        ``wilson``, ``clopper-pearson`` and ``jeffreys`` hold class by class; ``goodman`` for all
        classes together.
    level : float, default 0.95
        In (0, 1).

    Returns
    -------
    two float64 arrays of shape (n_classes,)
        Bounds in [0, 1].

    Notes
    -----
    Wilson 1927; Goodman 1965 (Wilson's form with the quantile of chi-square at 1 - alpha / K, so
    that all K hold together at `level` at least, approximately); Clopper and Pearson 1934 (never
    below `level`, often far above); Jeffreys: quantiles of Beta(k + 1/2, N - k + 1/2), with the
    bound 0 where k is 0 and 1 where k is N, as Brown, Cai, DasGupta 2001 recommend; programs that
    leave this out have a lower bound above 0 for a class that was never seen.

    Examples
    --------
    >>> low, high = share_intervals(np.array([198, 436, 710, 272]), IntervalMethod.WILSON)
    >>> round(float(low[0]), 6), round(float(high[0]), 6)
    (0.107427, 0.139413)
    """
    return _METHODS[method](count, 1.0 - level)


def ratio_interval(largest: int, smallest: int, level: float = LEVEL) -> tuple[float, float] | None:
    """Return the interval of the ratio of two counts of one sample.

    Parameters
    ----------
    largest, smallest : int
        Samples of the two classes, which are taken as given: that they were chosen for being the
        largest and the smallest is not accounted for.
    level : float, default 0.95
        In (0, 1).

    Returns
    -------
    tuple of float, or None
        The ratio times exp(-/+ z sqrt(1 / largest + 1 / smallest)); None where `smallest` is below
        5, where the normal approximation of the logarithm is not to be trusted.
    """
    if smallest < LEAST_FOR_RATIO:
        return None
    half = _normal_quantile(1.0 - level) * math.sqrt(1.0 / largest + 1.0 / smallest)
    return largest / smallest * math.exp(-half), largest / smallest * math.exp(half)


def unseen_share(n_samples: int, level: float = LEVEL) -> float:
    """Return the upper bound of the share of a class that none of the samples has.

    Parameters
    ----------
    n_samples : int
        At least 1.
    level : float, default 0.95
        In (0, 1).

    Returns
    -------
    float
        1 - (1 - level)^(1 / n_samples), one-sided; about 3 / n_samples for 0.95 (rule of three).

    Examples
    --------
    >>> round(unseen_share(100), 6)
    0.029513
    """
    return -math.expm1(math.log1p(-level) / n_samples)


def _normal_quantile(alpha: float) -> float:
    """Return the quantile that leaves alpha / 2 above it."""
    return -NormalDist().inv_cdf(alpha / 2.0)


def _wilson(count: IntArray, alpha: float) -> tuple[FloatArray, FloatArray]:
    return _score(count, _normal_quantile(alpha))


def _goodman(count: IntArray, alpha: float) -> tuple[FloatArray, FloatArray]:
    return _score(count, _normal_quantile(alpha / len(count)))


def _score(count: IntArray, z: float) -> tuple[FloatArray, FloatArray]:
    """Invert the score test: the shares p with |k - N p| <= z sqrt(N p (1 - p))."""
    k, n = count.astype(np.float64), float(count.sum())
    half = z * np.sqrt(k * (n - k) / n + z * z / 4.0)
    middle = k + z * z / 2.0
    # The product of the bounds is k^2 / N over N + z^2: the lower one without its cancellation.
    high = np.where(k < n, (middle + half) / (n + z * z), 1.0)
    low = np.where(k > 0.0, k * k / n / (middle + half), 0.0)
    return low, high


def _clopper_pearson(count: IntArray, alpha: float) -> tuple[FloatArray, FloatArray]:
    return _beta(count, alpha, below=(0.0, 1.0), above=(1.0, 0.0))


def _jeffreys(count: IntArray, alpha: float) -> tuple[FloatArray, FloatArray]:
    return _beta(count, alpha, below=(0.5, 0.5), above=(0.5, 0.5))


def _beta(
    count: IntArray, alpha: float, *, below: tuple[float, float], above: tuple[float, float]
) -> tuple[FloatArray, FloatArray]:
    """Return quantiles of beta distributions; what stands beside k and N - k is added to them."""
    n = int(count.sum())
    k = count.astype(np.float64)
    rest = (n - count).astype(np.float64)
    low, high = np.zeros(len(count)), np.ones(len(count))
    some, open_ = count > 0, count < n
    low[some] = _beta_quantile(k[some] + below[0], rest[some] + below[1], alpha / 2.0)
    high[open_] = _beta_quantile(k[open_] + above[0], rest[open_] + above[1], 1.0 - alpha / 2.0)
    return low, high


def _beta_quantile(a: FloatArray, b: FloatArray, q: float) -> FloatArray:
    """Return where beta distributions reach q.

    SciPy's inverse is far off for some large parameters (twice the quantile for a 1000, b 2e9), its
    distribution function is not: it checks every quantile, and finds by bisection what is wrong.
    """
    from scipy.special import betainc, betaincinv

    found: FloatArray = betaincinv(a, b, q)
    wrong = np.abs(betainc(a, b, found) - q) > QUANTILE_TOLERANCE * min(q, 1.0 - q)
    low, high = np.full(int(wrong.sum()), math.log(LEAST_SHARE)), np.zeros(int(wrong.sum()))
    for _ in range(STEPS if len(low) else 0):
        middle = (low + high) / 2.0
        below = betainc(a[wrong], b[wrong], np.exp(middle)) < q
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    found[wrong] = np.exp((low + high) / 2.0)
    return found


_METHODS: Mapping[IntervalMethod, Callable[[IntArray, float], tuple[FloatArray, FloatArray]]] = {
    IntervalMethod.WILSON: _wilson,
    IntervalMethod.GOODMAN: _goodman,
    IntervalMethod.CLOPPER_PEARSON: _clopper_pearson,
    IntervalMethod.JEFFREYS: _jeffreys,
}
