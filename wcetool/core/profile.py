"""The sizes of the classes that occur, as integers: what every measure of imbalance is made of.

Classes of one size are kept together, so that a million classes cost little more than a thousand.
What several measures share is computed once, when it is first asked for: no slots here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from wcetool.core.arrays import FloatArray, IntArray
from wcetool.core.exact import DyadicWeights

if TYPE_CHECKING:
    from wcetool.core.distribution import ClassCounts

EXACT = 1 << 53  # integers up to here are floats without rounding
SERIES_BELOW = 0.05  # where a difference of logarithms would cancel
SERIES_TERMS = 16


@dataclass(frozen=True)
class Profile:
    """The samples of the classes that occur, as integers, so that quotients are rounded once.

    Attributes
    ----------
    masses : tuple of int, shape (n_sizes,)
        The different counts or sums of sample weights, in units of 2^-bits, ascending.
    repeats : tuple of int, shape (n_sizes,)
        How many classes have each.
    bits : int
        0 for counts.
    weighted : bool
        They are sums of sample weights.
    """

    masses: tuple[int, ...]
    repeats: tuple[int, ...]
    bits: int = 0
    weighted: bool = False

    @classmethod
    def of(cls, counts: ClassCounts) -> Profile:
        """Take the classes that occur."""
        sizes, repeats = np.unique(counts.samples[counts.samples > 0], return_counts=True)
        masses, times = sizes.tolist(), tuple(repeats.tolist())
        if counts.weight_sum is None:
            return cls(tuple(masses), times)
        units = DyadicWeights.of(masses)
        return cls(units.numerators, times, units.bits, weighted=True)

    @cached_property
    def n_classes(self) -> int:
        """Classes that occur, at least 1."""
        return sum(self.repeats)

    @cached_property
    def smallest(self) -> int:
        """The mass of the rarest class."""
        return self.masses[0]

    @cached_property
    def largest(self) -> int:
        """The mass of the most frequent class."""
        return self.masses[-1]

    @cached_property
    def is_balanced(self) -> bool:
        """Tell whether all classes are equally large."""
        return len(self.masses) == 1

    @cached_property
    def total(self) -> int:
        """The sum of the masses."""
        return sum(mass * n for mass, n in zip(self.masses, self.repeats, strict=True))

    @cached_property
    def squares(self) -> int:
        """The sum of the squares of the masses."""
        return sum(mass * mass * n for mass, n in zip(self.masses, self.repeats, strict=True))

    @cached_property
    def spread(self) -> int:
        """sum((2 i - K - 1) n_i) over the classes in ascending order."""
        n_classes, before, found = self.n_classes, 0, 0
        for mass, n in zip(self.masses, self.repeats, strict=True):
            found += mass * n * (2 * before + n - n_classes)
            before += n
        return found

    def top(self, k: int) -> int:
        """Return the sum of the k largest masses."""
        found = 0
        for mass, n in zip(reversed(self.masses), reversed(self.repeats), strict=True):
            if n >= k:
                return found + mass * k
            found += mass * n
            k -= n
        return found

    @cached_property
    def shares(self) -> FloatArray:
        """The share of a class of each size."""
        return quotients(self.masses, self.total)

    @cached_property
    def entropy(self) -> float:
        """The entropy of the shares, nats."""
        if self.is_balanced:
            return math.log(self.n_classes)
        some = np.where(self.shares > 0.0, self.shares, 1.0)  # one may be too small for a float
        return min(-self.sum(some * np.log(some)), math.log(self.n_classes))

    @cached_property
    def excesses(self) -> Excesses:
        """How far the share of each class is from an equal one."""
        return Excesses.of(self.masses, self.repeats)

    def sum(self, values: FloatArray) -> float:
        """Add one value a class: exactly, once they are rounded."""
        return math.fsum((values * self.excesses.repeats).tolist())


@dataclass(frozen=True, eq=False)
class Excesses:
    """How far class shares are from equal ones.

    Attributes
    ----------
    values : float64 array of shape (n_sizes,)
        K p_i - 1, at least -1.
    repeats : int64 array of shape (n_sizes,)
        How many classes have each.
    """

    values: FloatArray
    repeats: IntArray

    @classmethod
    def of(cls, masses: Sequence[int], repeats: Sequence[int] | None = None) -> Excesses:
        """Take masses, each rounded once; each stands for one class where nothing else is said."""
        times = [1] * len(masses) if repeats is None else repeats
        n_classes = sum(times)
        total = sum(mass * n for mass, n in zip(masses, times, strict=True))
        return cls(
            quotients([n_classes * mass - total for mass in masses], total),
            np.array(times, dtype=np.int64),
        )

    @cached_property
    def n_classes(self) -> int:
        """The number of classes."""
        return int(self.repeats.sum())

    @property
    def below(self) -> int:
        """How many classes have less than an equal share."""
        return int(self.repeats[self.values < 0.0].sum())

    def mean(self, values: FloatArray) -> float:
        """Return the mean over the classes of one value a class."""
        return math.fsum((values * self.repeats).tolist()) / self.n_classes

    @cached_property
    def divergence(self) -> float:
        """The Kullback-Leibler divergence of the shares from equal ones, in nats."""
        near = np.abs(self.values) < SERIES_BELOW
        series = np.zeros(len(self.values))
        for k in range(SERIES_TERMS, 1, -1):
            series = (-1) ** k / (k * (k - 1)) + series * self.values
        above = np.maximum(self.values, -1.0 + 2.0**-53)  # an empty class adds 1: x ln x is 0
        plain = (1.0 + above) * np.log1p(above) - above
        plain[self.values == -1.0] = 1.0
        return max(self.mean(np.where(near, series * self.values**2, plain)), 0.0)


def quotient(over: int, under: int) -> float:
    """Return a quotient of integers, rounded once; infinite beyond the range of a float."""
    try:
        return over / under
    except OverflowError:
        return math.inf


def quotients(over: Sequence[int], under: int) -> FloatArray:
    """Return quotients of integers, each rounded once."""
    if max(under, *map(abs, (min(over), max(over)))) <= EXACT:
        found: FloatArray = np.array(over, dtype=np.float64) / under
        return found
    return np.array([quotient(one, under) for one in over])
