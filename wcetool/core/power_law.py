"""Long tails: the exponent of a power law, by maximum likelihood, and the exponential profile.

SciPy's zeta function would do, but takes longer to load than all the rest of an analysis.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from wcetool.core.arrays import FloatArray
from wcetool.core.profile import quotients

BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6)
LEAST_TERMS = 10  # summed before the tail is approximated
NEGLIGIBLE = 45.0  # terms below exp(-45) add nothing to a double
STEPS = 200  # of a bisection: more than the bits of a double


def continuous_exponent(
    counts: Sequence[int], smallest: int, repeats: Sequence[int] | None = None
) -> float | None:
    """Return the maximum-likelihood exponent of a continuous power law.

    Parameters
    ----------
    counts : sequence of int
        Above 0; those below `smallest` are left out.
    smallest : int
        Where the law begins, at least 1.
    repeats : sequence of int, optional
        How often each count stands; by default once.

    Returns
    -------
    float or None
        1 + m / sum ln(x / smallest), above 1; None if no count is above `smallest`.

    Notes
    -----
    Source: Clauset, Shalizi, Newman 2009, equation 3.1.
    """
    mean = _mean_log_of(counts, smallest, repeats)
    return 1.0 + 1.0 / mean if mean > 0.0 else None


def discrete_exponent(
    counts: Sequence[int], smallest: int, repeats: Sequence[int] | None = None
) -> float | None:
    """Return the maximum-likelihood exponent of a discrete power law, within 1e-9.

    Parameters
    ----------
    counts : sequence of int
        At least 1; those below `smallest` are left out.
    smallest : int
        Where the law begins, at least 1.
    repeats : sequence of int, optional
        How often each count stands; by default once.

    Returns
    -------
    float or None
        The exponent a that maximises -m ln zeta(a, smallest) - a sum ln x, above 1; None if no
        count is above `smallest`.

    Notes
    -----
    Source: Clauset, Shalizi, Newman 2009, equation 3.5. The derivative of the likelihood falls with
    a: its root is found by bisection. The Hurwitz zeta function is summed by Euler and Maclaurin.
    """
    mean = _mean_log_of(counts, smallest, repeats)
    if mean <= 0.0:
        return None
    low, high = 1.0, 2.0
    while mean_log(high, smallest) > mean:
        low, high = high, 2.0 * high
    for _ in range(STEPS):
        middle = (low + high) / 2.0
        if middle in (low, high):
            break
        if mean_log(middle, smallest) > mean:
            low = middle
        else:
            high = middle
    return (low + high) / 2.0


def mean_log(exponent: float, smallest: int) -> float:
    """Return the expected ln(x / smallest) of a discrete power law.

    Parameters
    ----------
    exponent : float
        Above 1.
    smallest : int
        Where the law begins, at least 1.

    Returns
    -------
    float
        -zeta'(a, q) / zeta(a, q) - ln q, above 0. Every term is divided by q^-a, so that none
        vanishes for a large exponent.
    """
    enough = min(2.0 * exponent - smallest, NEGLIGIBLE * smallest / exponent)
    n_terms = LEAST_TERMS + max(0, math.ceil(enough))
    logs = [math.log1p(k / smallest) for k in range(n_terms)]
    powers = [math.exp(-exponent * one) for one in logs]
    end = smallest + n_terms
    log_end = math.log1p(n_terms / smallest)
    last = math.exp(-exponent * log_end)
    above = exponent - 1.0
    tail = end * last / above
    zeta = [*powers, tail, last / 2.0]
    slope = [
        *(-one * power for one, power in zip(logs, powers, strict=True)),
        -tail * (log_end + 1.0 / above),
        -last * log_end / 2.0,
    ]
    term, inverses = last * exponent / end, 1.0 / exponent
    for j, bernoulli in enumerate(BERNOULLI, start=1):
        part = bernoulli * term / math.factorial(2 * j)
        zeta.append(part)
        slope.append(part * (inverses - log_end))
        following = (exponent + 2 * j - 1, exponent + 2 * j)
        term *= following[0] * following[1] / (end * end)
        inverses += sum(1.0 / one for one in following)
    return -math.fsum(slope) / math.fsum(zeta)


def _mean_log_of(counts: Sequence[int], smallest: int, repeats: Sequence[int] | None) -> float:
    """Return the mean of ln(x / smallest) over the counts from `smallest` on."""
    times = [1] * len(counts) if repeats is None else repeats
    if min(counts) < smallest:
        kept = [(n, r) for n, r in zip(counts, times, strict=True) if n >= smallest]
        counts, times = [n for n, _ in kept], [r for _, r in kept]
    if not counts:
        return 0.0
    # The logarithm of 1 + x keeps the digits of counts that are almost the same.
    logs = np.log1p(quotients([n - smallest for n in counts], smallest))
    return math.fsum((logs * np.array(times)).tolist()) / sum(times)


def long_tail(n_classes: int, largest: float, mu: float) -> FloatArray:
    """Return the exponential profile that long-tailed versions of data sets are cut to.

    Parameters
    ----------
    n_classes : int
        At least 2.
    largest : float
        Samples of the most frequent class.
    mu : float
        Samples of the rarest class over those of the most frequent one, in (0, 1]; its reciprocal
        is the imbalance factor.

    Returns
    -------
    float64 array of shape (n_classes,)
        The integer part of ``largest * mu**(i / (n_classes - 1))``, descending.

    Notes
    -----
    Source: Cao et al. 2019 (LDAM), code; Cui et al. 2019.

    Examples
    --------
    >>> [int(n) for n in long_tail(10, 5000, 0.01)]
    [5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50]
    """
    falling: FloatArray = largest * mu ** (np.arange(n_classes) / (n_classes - 1.0))
    # A power is a unit in the last place off: what is an integer to 12 digits is one.
    near = np.rint(falling)
    whole: FloatArray = np.where(np.abs(falling - near) <= 1e-12 * near, near, np.floor(falling))
    return whole
