"""How far rows of probabilities may miss a sum of 1 because their values were rounded to decimals.

0.33, 0.33, 0.33 is a row of probabilities in a file of two decimals, and a fault in a file of six.
The finest decimal that any value of the file uses decides. That is known only when all rows are
read, so `RoundedRows` remembers the rows that need it; a mergeable state like the sums.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from wcetool.core.arrays import BoolArray, FloatArray, IntArray
from wcetool.core.losses import ScoreForm, Scores, row_sums, row_terms
from wcetool.core.vocabulary import InputKind
from wcetool.errors import LISTED

# More are no rounding that matters: half of 1e-9 for each of 100,000 classes is 5e-5.
MAX_DECIMALS = 8
_FULL = MAX_DECIMALS + 1
_PEEK = 64  # rows that mostly tell it

OddRow = tuple[int, int, float]
"""Number of the input, number of the row from 1, sum of the row."""


@dataclass(frozen=True, slots=True)
class OddRows:
    """Rows that miss a sum of 1 by about the same; add to merge.

    Attributes
    ----------
    count : int
        How many.
    first : tuple of OddRow
        The first few, in order.
    """

    count: int = 0
    first: tuple[OddRow, ...] = ()

    def __add__(self, other: OddRows) -> OddRows:
        first = tuple(sorted((*self.first, *other.first))[:LISTED])
        return OddRows(self.count + other.count, first)


@dataclass(frozen=True, slots=True)
class RoundedRows:
    """The decimals of the values, and the rows that only rounding can explain; add to merge.

    Attributes
    ----------
    decimals : int
        The most that a value has, from 0; 9 for more than 8.
    odd : tuple of OddRows
        Entry d - 1: rows that d decimals explain, and d + 1 do not.
    """

    decimals: int = 0
    odd: tuple[OddRows, ...] = (OddRows(),) * MAX_DECIMALS

    def __add__(self, other: RoundedRows) -> RoundedRows:
        odd = tuple(mine + theirs for mine, theirs in zip(self.odd, other.odd, strict=True))
        return RoundedRows(max(self.decimals, other.decimals), odd)

    def to_dict(self) -> dict[str, Any]:
        """Return the state in the form that JSON keeps exactly."""
        return {
            "decimals": self.decimals,
            "odd": [
                {"count": one.count, "first": [list(row) for row in one.first]} for one in self.odd
            ],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> RoundedRows:
        """Restore what `to_dict` returned."""
        odd = (
            OddRows(one["count"], tuple((index, row, total) for index, row, total in one["first"]))
            for one in data["odd"]
        )
        return cls(data["decimals"], tuple(odd))

    @property
    def explained(self) -> int:
        """How many rows the decimals explain."""
        return sum(one.count for one in self.odd) - self.unexplained.count

    @property
    def unexplained(self) -> OddRows:
        """The rows that the decimals do not explain."""
        least = self.decimals or _FULL  # whole numbers are not rounded
        return sum(self.odd[: least - 1], start=OddRows())


def allowance(decimals: int, form: ScoreForm) -> float:
    """Return by how much rounding to so many decimals can change the sum of a row.

    Half a unit for each class; where the logarithms are rounded, at most exp(unit / 2) - 1 in all.
    """
    if not 0 < decimals <= MAX_DECIMALS:
        return 0.0
    half = 0.5 * 10.0**-decimals
    return math.expm1(half) if form.kind is InputKind.LOG_PROBS else form.n_classes * half


def row_sum_tolerance(rounded: RoundedRows, form: ScoreForm) -> float:
    """Return how far the sum of a row was allowed to be from 1."""
    extra = allowance(rounded.decimals, form) if form.heeds_decimals else 0.0
    return form.tolerance.row_sum + extra


def decimals_of(scores: Scores, known: int = 0) -> int:
    """Return how many decimals the values have: the fewest, at least `known`, that write them all.

    Parameters
    ----------
    scores : array of shape (n_samples, n_classes), or n_classes arrays of shape (n_samples,)
        Any float dtype; a value has the decimals of its own dtype's shortest text.
    known : int
        What is known already.

    Returns
    -------
    int
        9 where 8 do not suffice.
    """
    arrays = [scores] if isinstance(scores, np.ndarray) else list(scores)
    if known == _FULL or any(not _have_decimals(array[:_PEEK], MAX_DECIMALS) for array in arrays):
        return _FULL
    for rows in (slice(None, _PEEK), slice(None)):
        for array in arrays:
            some = array[rows]
            known = next((d for d in range(known, _FULL) if _have_decimals(some, d)), _FULL)
    return known


def _have_decimals(values: npt.NDArray[np.floating], decimals: int) -> bool:
    """Tell whether so many decimals write all values."""
    scale = 10.0**decimals
    wide = values.astype(np.float64, copy=False)
    with np.errstate(over="ignore", invalid="ignore"):  # such values have no decimals
        return np.array_equal((np.rint(wide * scale) / scale).astype(values.dtype), values)


def excuse(
    values: FloatArray, rows: tuple[int, IntArray], form: ScoreForm, decimals: int
) -> RoundedRows | None:
    """Explain faulty rows by rounding, as far as that is possible.

    Parameters
    ----------
    values : float64 array of shape (n_samples, n_classes)
        Rows that are no probabilities within the tolerance.
    rows : (int, int64 array of shape (n_samples,))
        Number of the input, and of each row.
    form : ScoreForm
        What the scores hold.
    decimals : int
        What is known of the decimals.

    Returns
    -------
    RoundedRows or None
        None if a row cannot be explained: another rule is broken, or the sum is too far off.
    """
    if not form.heeds_decimals or decimals == _FULL:
        return None
    total = row_sums(values, form)
    limits = form.tolerance.row_sum + np.array(
        [allowance(d, form) for d in range(1, MAX_DECIMALS + 1)]
    )
    with np.errstate(invalid="ignore"):
        enough = (np.abs(total - 1.0)[:, np.newaxis] <= limits).sum(axis=1)
    if (enough < max(decimals, 1)).any():
        return None
    index, numbers = rows
    odd = []
    for d in range(1, MAX_DECIMALS + 1):
        chosen = np.flatnonzero(enough == d)
        first = ((index, int(numbers[i]), float(total[i])) for i in chosen[:LISTED])
        odd.append(OddRows(len(chosen), tuple(first)))
    return RoundedRows(decimals, tuple(odd))


def rows_that_fit(values: FloatArray, form: ScoreForm) -> BoolArray:
    """Tell which rows of a block keep the rules of a form, the decimals of the block heeded.

    Parameters
    ----------
    values : float64 array of shape (n_samples, n_classes), or (n_samples, 1) for the binary task
        Scores.
    form : ScoreForm
        What they are taken for.
    """
    fits = ~row_terms(values, np.zeros(len(values), dtype=np.int64), form).fault
    if form.heeds_decimals:
        limit = form.tolerance.row_sum + allowance(decimals_of(values), form)
        with np.errstate(invalid="ignore"):
            fits |= np.abs(row_sums(values, form) - 1.0) <= limit
    return fits
