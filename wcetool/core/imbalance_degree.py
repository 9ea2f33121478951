"""The imbalance degree: how far class shares are from equal ones, and how many are below."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from wcetool.core.profile import Excesses


def hellinger(excesses: Excesses) -> float:
    """Return the Hellinger distance of the shares from equal ones, in [0, 1]."""
    # The difference of the roots, without its cancellation.
    roots = excesses.values / (np.sqrt(1.0 + excesses.values) + 1.0)
    return math.sqrt(excesses.mean(roots**2) / 2.0)


def total_variation(excesses: Excesses) -> float:
    """Return half the sum of the differences of the shares, in [0, 1]."""
    return excesses.mean(np.abs(excesses.values)) / 2.0


def euclidean(excesses: Excesses) -> float:
    """Return the Euclidean distance of the shares from equal ones."""
    return math.sqrt(chi_square(excesses) / excesses.n_classes)


def chebyshev(excesses: Excesses) -> float:
    """Return the largest difference of a share from 1/K."""
    return float(np.abs(excesses.values[excesses.repeats > 0]).max()) / excesses.n_classes


def kl_divergence(excesses: Excesses) -> float:
    """Return the Kullback-Leibler divergence of the shares from equal ones, in nats."""
    return excesses.divergence


def chi_square(excesses: Excesses) -> float:
    """Return sum((p - 1/K)^2 K)."""
    return excesses.mean(excesses.values**2)


DISTANCES: Mapping[str, Callable[[Excesses], float]] = MappingProxyType(
    {
        "hellinger": hellinger,
        "total_variation": total_variation,
        "euclidean": euclidean,
        "chebyshev": chebyshev,
        "kl": kl_divergence,
        "chi_square": chi_square,
    }
)


def imbalance_degree(excesses: Excesses, distance: str) -> float:
    """Return the imbalance degree of class shares.

    Parameters
    ----------
    excesses : Excesses
        How far the shares are from equal ones. Classes without a share count as classes.
    distance : str
        A key of `DISTANCES`.

    Returns
    -------
    float
        (m - 1) + d(p, e) / d(iota_m, e), in [0, n_classes - 1]: m classes are below 1/K, e is the
        distribution of equal shares, and iota_m the one furthest from it with m classes below: m
        without any share, one with all that is left above 1/K. 0 where no class is below 1/K.

    Notes
    -----
    Source: Ortigosa-Hernandez, Inza, Lozano 2017.

    Examples
    --------
    >>> round(imbalance_degree(Excesses.of([17, 37, 666]), "hellinger"), 6)
    1.729833
    """
    below = excesses.below
    if not below:
        return 0.0
    furthest = Excesses(
        np.array([-1.0, 0.0, float(below)]), np.array([below, excesses.n_classes - below - 1, 1])
    )
    measured = DISTANCES[distance]
    return below - 1 + min(measured(excesses) / measured(furthest), 1.0)
