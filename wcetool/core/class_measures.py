"""The formulas of the measures of imbalance, from a profile; `measures` says what each of them is.

Ratios, shares and Gini coefficients are quotients of integers, rounded once. Sums of logarithms and
squares are added exactly, each term within a few units in the last place.
"""

from __future__ import annotations

import math

import numpy as np

from wcetool.core.imbalance_degree import imbalance_degree
from wcetool.core.power_law import continuous_exponent, discrete_exponent, long_tail
from wcetool.core.profile import Profile, quotient, quotients

TOP_TENTH = 10


def ratio(profile: Profile) -> float:
    """Return n_K / n_1."""
    return quotient(profile.largest, profile.smallest)


def entropy(profile: Profile) -> float:
    """Return -sum(p ln p)."""
    return profile.entropy


def evenness(profile: Profile) -> float:
    """Return H / ln K."""
    return 1.0 if profile.is_balanced else profile.entropy / math.log(profile.n_classes)


def entropy_imbalance(profile: Profile) -> float:
    """Return 1 - H / ln K."""
    if profile.is_balanced:
        return 0.0
    return kl_to_uniform(profile) / math.log(profile.n_classes)


def kl_to_uniform(profile: Profile) -> float:
    """Return ln K - H, without its cancellation."""
    if profile.is_balanced:
        return 0.0
    return min(profile.excesses.divergence, math.log(profile.n_classes))


def lrid(profile: Profile) -> float:
    """Return 2 N (ln K - H)."""
    return 2.0 * quotient(profile.total, 1 << profile.bits) * kl_to_uniform(profile)


def effective_classes(profile: Profile) -> float:
    """Return 1 / sum(p^2)."""
    return quotient(profile.total**2, profile.squares)


def simpson(profile: Profile) -> float:
    """Return sum(p^2)."""
    return quotient(profile.squares, profile.total**2)


def hill_0(profile: Profile) -> float:
    """Return K."""
    return float(profile.n_classes)


def hill_1(profile: Profile) -> float:
    """Return exp(H)."""
    if profile.is_balanced:
        return float(profile.n_classes)
    return min(math.exp(profile.entropy), float(profile.n_classes))


def gini(profile: Profile) -> float:
    """Return the Gini coefficient of the masses."""
    return quotient(profile.spread, profile.n_classes * profile.total)


def gini_normalized(profile: Profile) -> float | None:
    """Return the Gini coefficient over its maximum."""
    if profile.n_classes == 1:
        return None
    return quotient(profile.spread, (profile.n_classes - 1) * profile.total)


def minority_share(profile: Profile) -> float:
    """Return n_1 / N."""
    return quotient(profile.smallest, profile.total)


def majority_share(profile: Profile) -> float:
    """Return n_K / N."""
    return quotient(profile.largest, profile.total)


def top_tenth_share(profile: Profile) -> float:
    """Return the share of the largest tenth of the classes, rounded up."""
    return quotient(profile.top(math.ceil(profile.n_classes / TOP_TENTH)), profile.total)


def below_uniform_share(profile: Profile) -> float:
    """Return the share of the classes that have less than an equal share."""
    return profile.excesses.below / profile.n_classes


def pmlb_imbalance(profile: Profile) -> float | None:
    """Return K / (K - 1) sum((p - 1/K)^2)."""
    if profile.n_classes == 1:
        return None
    excesses = profile.excesses
    return min(excesses.mean(excesses.values**2) / (profile.n_classes - 1), 1.0)


def ecol_c2(profile: Profile) -> float | None:
    """Return 1 - 1/I, I = (K - 1)/K sum(n / (N - n))."""
    n_classes, total = profile.n_classes, profile.total
    if n_classes == 1:
        return None
    # I - 1 is a sum of squares, in which nothing cancels.
    others = quotients([total - mass for mass in profile.masses], total)
    excesses = profile.excesses
    with np.errstate(over="ignore", divide="ignore"):
        squares = excesses.values**2 / others
    above = excesses.mean(squares) / (n_classes - 1)
    return 1.0 if math.isinf(above) else above / (1.0 + above)


def degree(profile: Profile, distance: str) -> float:
    """Return the imbalance degree."""
    return imbalance_degree(profile.excesses, distance)


def power_law_continuous(profile: Profile) -> float | None:
    """Return the exponent of a continuous power law from the smallest mass on."""
    return continuous_exponent(profile.masses, profile.smallest, profile.repeats)


def power_law_discrete(profile: Profile) -> float | None:
    """Return the exponent of a discrete power law from the smallest count on."""
    if profile.weighted:
        return None
    return discrete_exponent(profile.masses, profile.smallest, profile.repeats)


def long_tail_mu(profile: Profile) -> float:
    """Return n_1 / n_K."""
    return quotient(profile.smallest, profile.largest)


def long_tail_distance(profile: Profile) -> float | None:
    """Return how far the counts are from an exponential profile with the same ends."""
    if profile.weighted or profile.n_classes == 1:
        return None
    ideal = long_tail(profile.n_classes, float(profile.largest), long_tail_mu(profile))
    counts = np.repeat(np.array(profile.masses, dtype=np.float64), profile.repeats)[::-1]
    apart = np.abs(counts / float(profile.total) - ideal / math.fsum(ideal.tolist()))
    return min(math.fsum(apart.tolist()) / 2.0, 1.0)
