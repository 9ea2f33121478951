"""What measures of multi-label data are made of: IRLbl and SCUMBLE, label by label, set by set.

The measures themselves are in `multilabel`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from wcetool.core.arrays import IntArray
from wcetool.core.label_sets import LabelSets


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelProfile:
    """What the measures are computed from.

    Attributes
    ----------
    count : tuple of int
        Rows with each label, absent ones included.
    n_rows : int
        Rows of which anything is known, at least 1.
    sets : LabelSets or None
        The distinct sets of labels; None where there were too many to keep.
    scumble : tuple of float
        Of a row with each set; empty without sets.
    minority : frozenset of int
        The labels with an IRLbl above MeanIR, as indices.
    minority_rows, mixed_rows : int
        Rows with such a label, and those of them with another one; 0 without sets.
    n_features : int or None
        Input features, where they are known.
    """

    count: tuple[int, ...]
    n_rows: int
    sets: LabelSets | None
    scumble: tuple[float, ...]
    minority: frozenset[int]
    minority_rows: int
    mixed_rows: int
    n_features: int | None

    @classmethod
    def of(
        cls, count: IntArray, n_rows: int, sets: LabelSets | None, n_features: int | None
    ) -> LabelProfile:
        """Prepare counts and sets."""
        counts = tuple(count.tolist())
        minority = minority_labels(counts)
        rare, mixed = (0, 0) if sets is None else _concurrence(sets, minority, len(counts))
        return cls(
            count=counts,
            n_rows=n_rows,
            sets=sets,
            scumble=() if sets is None else tuple(set_scumbles(count, sets)),
            minority=frozenset(minority),
            minority_rows=rare,
            mixed_rows=mixed,
            n_features=n_features,
        )

    @property
    def n_labels(self) -> int:
        """Labels, absent ones included."""
        return len(self.count)

    @property
    def present(self) -> list[int]:
        """The counts of the labels that occur."""
        return [n for n in self.count if n]

    @property
    def set_rows(self) -> list[int]:
        """Rows with each set; none without sets."""
        return [] if self.sets is None else self.sets.count.tolist()


def irlbl(count: Iterable[int]) -> list[float | None]:
    """Return the imbalance ratio of each label, n_max / n_i.

    Parameters
    ----------
    count : iterable of int
        Rows with each label.

    Returns
    -------
    list of float or None
        At least 1, rounded once; None for a label that does not occur.

    Notes
    -----
    Source: Charte et al. 2015. The R package mldr gives 0 to a label that does not occur.
    """
    counts = list(count)
    largest = max(counts, default=0)
    return [largest / n if n else None for n in counts]


def set_scumbles(count: IntArray, sets: LabelSets) -> list[float]:
    """Return how much frequent and rare labels concur in a row with each set.

    Parameters
    ----------
    count : int64 array of shape (n_labels,)
        Rows with each label.
    sets : LabelSets
        Sets of labels that occur.

    Returns
    -------
    list of float
        1 - geometric mean / arithmetic mean of the IRLbl of the labels of a set, in [0, 1); 0 for
        sets of fewer than two labels. The sums are exact, each term within a few units in the
        last place; the result within 1e-15.

    Notes
    -----
    Source: SCUMBLE, Charte et al. 2014. The largest count cancels, so that 1 / n_i stands for
    IRLbl_i; logarithms of ratios near 1 keep the digits of small values.
    """
    inverse = [1.0 / n if n else math.inf for n in count.tolist()]
    label = sets.label.tolist()
    found = []
    for first, last in itertools.pairwise(sets.start.tolist()):
        ratios = [inverse[i] for i in label[first:last]]
        if len(ratios) < 2 or min(ratios) == max(ratios):
            found.append(0.0)
            continue
        mean = math.fsum(ratios) / len(ratios)
        found.append(-math.expm1(math.fsum(math.log(one / mean) for one in ratios) / len(ratios)))
    return found


def label_scumbles(profile: LabelProfile) -> list[tuple[float | None, float | None]]:
    """Return, for each label, the mean SCUMBLE of its rows, and sd / mean of it.

    Parameters
    ----------
    profile : LabelProfile
        With sets.

    Returns
    -------
    list of (float or None, float or None)
        The mean is None for a label that does not occur; sd / mean (ddof 1) where there are fewer
        than two rows, or the mean is 0.
    """
    sets = profile.sets
    if sets is None:
        return [(None, None)] * profile.n_labels
    order = np.argsort(sets.label, kind="stable")
    place = sets.of_label[order]
    rows = sets.count[place].tolist()
    scumble = np.array(profile.scumble)[place].tolist()
    ends = np.cumsum(np.bincount(sets.label, minlength=profile.n_labels)).tolist()
    found = []
    for first, last in itertools.pairwise([0, *ends]):
        weighted = list(zip(rows[first:last], scumble[first:last], strict=True))
        found.append((weighted_mean(weighted), weighted_variation(weighted)))
    return found


def minority_labels(count: Sequence[int]) -> list[int]:
    """Return the labels with an IRLbl above MeanIR, as indices.

    Parameters
    ----------
    count : sequence of int
        Rows with each label; those that do not occur are left out.

    Notes
    -----
    Source: Charte et al. 2015. Compared as integers, so that equal labels are none.
    """
    present = [n for n in count if n]
    scale = 1 << 256
    # 1 / n_i > mean of 1 / n_j; each quotient is cut by less than 1.
    bound = sum(scale // n for n in present) + 2 * len(present)
    return [i for i, n in enumerate(count) if n and len(present) * (scale // n) > bound]


def weighted_mean(weighted: Sequence[tuple[int, float]]) -> float | None:
    """Return the mean of values that stand for so many rows each."""
    n_rows = sum(n for n, _ in weighted)
    return math.fsum(n * value for n, value in weighted) / n_rows if n_rows else None


def weighted_variation(weighted: Sequence[tuple[int, float]]) -> float | None:
    """Return sd / mean, ddof 1; None of fewer than two rows or a mean of 0."""
    n_rows, mean = sum(n for n, _ in weighted), weighted_mean(weighted)
    if n_rows < 2 or not mean:
        return None
    squares = math.fsum(n * (value - mean) ** 2 for n, value in weighted)
    return math.sqrt(squares / (n_rows - 1)) / mean


def _concurrence(sets: LabelSets, minority: Sequence[int], n_labels: int) -> tuple[int, int]:
    """Count the rows with a minority label, and those of them with another one."""
    is_rare = np.zeros(n_labels, dtype=np.bool_)
    is_rare[list(minority)] = True
    n_rare = np.bincount(sets.of_label[is_rare[sets.label]], minlength=len(sets.count))
    rare = n_rare > 0
    return int(sets.count[rare].sum()), int(sets.count[rare & (n_rare < sets.size)].sum())
