"""Sums that do not depend on the order in which they were added.

`ExactSum` is the only way in which this program adds floats over rows: exact up to a stated
quantum, so that addition is associative and commutative to the bit, for any blocks, order, threads
or machines. What is not here: the row arithmetic (`losses`) and what the sums mean (`scoring`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from wcetool.core.arrays import FloatArray, IntArray, scratch
from wcetool.errors import MergeError

BLOCK = 1 << 14  # rows a block: 2^14 integers below 2^39 add up below 2^53, without rounding
LIMB = 39  # bits of a limb
LIMB_MASK = (1 << LIMB) - 1
LIMBS = 4

EXPONENT = 20  # limbs hold values below 2^19, in units of 2^-98
FRACTION_BITS = EXPONENT + 2 * LIMB
LIMIT = float(1 << (LIMB - EXPONENT))
FEW_PIECES = 64
MOST_CUTS = 8  # of values that are further apart than so many units, each is added by itself
CARRY_PIECES = 1 << 8  # totals of so many pieces, below 2^53 each, do not overflow a limb


@dataclass(frozen=True, slots=True, eq=False)
class ExactSum:
    """Sums of float64 values in `n_cells` cells, exact up to a quantum; add sums to merge.

    A value x is cut into three integers of at most 39 bits: the integer part of x 2^20, then twice
    the next 39 bits, the last of them rounded to the nearest. float64 adds up to 2^14 of each
    without rounding; the totals are carried into int64 limbs (`ExactAccumulator`). The quantum is
    2^-98: every value of at least 2^-46 (1.4e-14) is added exactly, a smaller one to the nearest
    multiple of 3.2e-30. Values of 2^19 or more, and those that are not finite, are kept apart: the
    finite ones as Python integers, the others as counts.

    Attributes
    ----------
    limbs : int64 array of shape (4, n_cells)
        The total in base 2^39, highest limb first; all but the highest lie in [0, 2^39).
    huge : tuple of (cell, total)
        Sums of the large finite values, in quanta, in the order of the cells.
    nonfinite : int64 array of shape (3, n_cells)
        How many values were +inf, -inf and NaN.
    """

    limbs: IntArray
    huge: tuple[tuple[int, int], ...]
    nonfinite: IntArray

    @classmethod
    def zeros(cls, n_cells: int) -> ExactSum:
        """Return the identity of `+`."""
        return cls(
            np.zeros((LIMBS, n_cells), dtype=np.int64), (), np.zeros((3, n_cells), dtype=np.int64)
        )

    @classmethod
    def by_class(cls, values: FloatArray, target: IntArray, n_cells: int) -> ExactSum:
        """Sum `values` by the cell that `target` names.

        Parameters
        ----------
        values : float64 array of shape (n_samples,)
            Any float64 values.
        target : int64 array of shape (n_samples,)
            The cell of each value, in [0, n_cells).
        n_cells : int
            Number of cells.

        Returns
        -------
        ExactSum
            The sums; the identity of `+` where there are no values.
        """
        accumulator = ExactAccumulator(1, n_cells)
        for start in range(0, len(values), BLOCK):
            rows = slice(start, start + BLOCK)
            groups = Groups.of(target[rows], n_cells)
            accumulator.add(values[np.newaxis, rows][:, groups.order], groups)
        return accumulator.sums()[0]

    @classmethod
    def total(cls, values: FloatArray) -> ExactSum:
        """Sum all values in one cell."""
        return cls.by_class(values, np.zeros(len(values), dtype=np.int64), 1)

    def over_cells(self) -> ExactSum:
        """Add up all cells into one."""
        huge: dict[int, int] = {}
        for _, total in self.huge:
            huge[0] = huge.get(0, 0) + total
        return ExactSum(
            _carried(self.limbs.sum(axis=1, keepdims=True)),
            _canonical(huge),
            self.nonfinite.sum(axis=1, keepdims=True),
        )

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        return int(self.limbs.shape[1])

    def __add__(self, other: ExactSum) -> ExactSum:
        if self.n_cells != other.n_cells:
            raise MergeError(f"cannot add exact sums of {self.n_cells} and {other.n_cells} cells")
        return ExactSum(
            _carried(self.limbs + other.limbs),
            _add_huge(self.huge, other.huge),
            self.nonfinite + other.nonfinite,
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ExactSum):
            return NotImplemented
        return (
            np.array_equal(self.limbs, other.limbs)
            and self.huge == other.huge
            and np.array_equal(self.nonfinite, other.nonfinite)
        )

    __hash__ = None  # type: ignore[assignment]

    def to_dict(self) -> dict[str, Any]:
        """Return the state as plain lists of integers, which JSON keeps exactly."""
        return {
            "limbs": self.limbs.tolist(),
            "huge": [list(pair) for pair in self.huge],
            "nonfinite": self.nonfinite.tolist(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ExactSum:
        """Restore what `to_dict` returned, to the bit."""
        return cls(
            np.array(data["limbs"], dtype=np.int64).reshape(LIMBS, -1),
            tuple((cell, total) for cell, total in data["huge"]),
            np.array(data["nonfinite"], dtype=np.int64).reshape(3, -1),
        )

    def quanta(self) -> list[int]:
        """Return the sums of the finite values, as integer multiples of 2^-98."""
        totals = [0] * self.n_cells
        for limb in self.limbs.tolist():
            totals = [(total << LIMB) + digit for total, digit in zip(totals, limb, strict=True)]
        for cell, total in self.huge:
            totals[cell] += total
        return totals

    def finite(self) -> list[float]:
        """Return the sums of the finite values, each rounded once."""
        return [rounded(Fraction(n, 1 << FRACTION_BITS)) for n in self.quanta()]

    def values(self) -> list[float]:
        """Return the sums, each rounded once; as IEEE 754 has it where a value was not finite."""
        totals = self.finite()
        for cell in np.flatnonzero(self.nonfinite.any(axis=0)).tolist():
            plus, minus, nan = self.nonfinite[:, cell].tolist()
            totals[cell] = math.nan if nan or (plus and minus) else math.inf if plus else -math.inf
        return totals


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """The rows of a block by cell, sorted once for all sums over them.

    Attributes
    ----------
    order : int64 array of shape (n_samples,)
        Rows, those of a cell side by side.
    cells : int64 array of shape (n_present,)
        The cells that occur, in order.
    starts : int64 array of shape (n_present,)
        Where each begins in `order`. A cell of more than 2^14 rows stands in several pieces.
    """

    order: IntArray
    cells: IntArray
    starts: IntArray

    @classmethod
    def of(cls, target: IntArray, n_cells: int) -> Groups:
        """Sort rows by cell; narrow integers, which NumPy sorts by radix, where they suffice."""
        kind = np.uint8 if n_cells <= 1 << 8 else np.uint16 if n_cells <= 1 << 16 else np.int64
        narrow = target.astype(kind)
        order = np.argsort(narrow, kind="stable")
        ordered = narrow[order]
        starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
        if len(order) > BLOCK:
            starts = np.union1d(np.arange(0, len(order), BLOCK), starts)
        return cls(order, ordered[starts].astype(np.int64), starts)


class ExactAccumulator:
    """Add up quantities of the rows block by block, in place; `sums` gives each `ExactSum`.

    A block is cut into three layers of integers, which one `add.reduceat` adds up cell by cell::

                      a a a b b c c   rows sorted by cell
        nll           h h h h h h h   high, and behind it the middle and the low integers
        true_proba    h h h h h h h
        starts        ^     ^   ^

    Parameters
    ----------
    n_quantities : int
        How many values a row has.
    n_cells : int
        Number of cells of each sum.
    """

    def __init__(self, n_quantities: int, n_cells: int) -> None:
        self._limbs = np.zeros((LIMBS, n_quantities, n_cells), dtype=np.int64)
        self._nonfinite = np.zeros((3, n_quantities, n_cells), dtype=np.int64)
        self._huge: list[dict[int, int]] = [{} for _ in range(n_quantities)]
        self._pieces = 0  # since the last carry

    def add(self, ordered: FloatArray, groups: Groups) -> None:
        """Add a block.

        Parameters
        ----------
        ordered : float64 array of shape (n_quantities, n_samples)
            Any float64 values, in the order of the groups, at least one row; overwritten.
        groups : Groups
            Their cells.
        """
        if not -LIMIT < ordered.min() <= ordered.max() < LIMIT:
            for quantity, values in enumerate(ordered):
                self._set_apart(quantity, values, groups)
        parts = scratch("parts", (3, *ordered.shape))
        _cut(ordered, parts)
        totals = _totals(parts, groups.starts).astype(np.int64)
        by_cell = self._limbs[1:].reshape(-1, self._limbs.shape[-1]).T  # a view
        np.add.at(by_cell, groups.cells, totals.reshape(by_cell.shape[1], -1).T)
        self._pieces += len(groups.starts)
        if self._pieces >= CARRY_PIECES:
            _carried(self._limbs)
            self._pieces = 0

    def sums(self) -> list[ExactSum]:
        """Return what was added, a sum a quantity."""
        limbs = _carried(self._limbs.copy())
        return [
            ExactSum(limbs[:, quantity], _canonical(huge), self._nonfinite[:, quantity].copy())
            for quantity, huge in enumerate(self._huge)
        ]

    def _set_apart(self, quantity: int, values: FloatArray, groups: Groups) -> None:
        """Count the values that the limbs cannot hold, and put zeros in their places."""
        apart = np.flatnonzero(~(np.abs(values) < LIMIT))
        cells = groups.cells[np.searchsorted(groups.starts, apart, side="right") - 1]
        large = values[apart]
        for kind, chosen in enumerate((large == math.inf, large == -math.inf, np.isnan(large))):
            np.add.at(self._nonfinite[kind, quantity], cells[chosen], 1)
        huge = self._huge[quantity]
        finite = np.isfinite(large)
        for cell, value in zip(cells[finite].tolist(), large[finite].tolist(), strict=True):
            # A float of 2^19 or more is a whole number of quanta.
            numerator, denominator = value.as_integer_ratio()
            huge[cell] = huge.get(cell, 0) + (numerator << FRACTION_BITS) // denominator
        values[apart] = 0.0


@dataclass(frozen=True, slots=True)
class DyadicWeights:
    """Finite floats as integers over one power of two, so that weighted sums stay exact.

    A common denominator costs far less than adding fractions one by one.
    """

    numerators: tuple[int, ...]
    bits: int

    @classmethod
    def of(cls, weights: Iterable[float]) -> DyadicWeights:
        """Convert finite floats, without rounding."""
        ratios = [weight.as_integer_ratio() for weight in weights]
        bits = max((denominator.bit_length() for _, denominator in ratios), default=1) - 1
        return cls(tuple((n << bits) // denominator for n, denominator in ratios), bits)

    def dot(self, integers: Iterable[int], *, power: int = 1) -> Fraction:
        """Return sum(weights^power * integers), exactly."""
        total = sum(w**power * n for w, n in zip(self.numerators, integers, strict=True))
        return Fraction(total, 1 << (self.bits * power))

    def total(self, sums: ExactSum, *, power: int = 1) -> Fraction:
        """Return sum(weights^power * finite sums) over the cells, exactly."""
        return self.dot(sums.quanta(), power=power) / (1 << FRACTION_BITS)


def exact_sum(values: FloatArray) -> float:
    """Return the sum of finite values, rounded once: `math.fsum`, for arrays.

    Parameters
    ----------
    values : float64 array of shape (n,)
        Finite; read only.

    Returns
    -------
    float
        Does not depend on their order.

    Notes
    -----
    Source: Rump, Ogita, Oishi 2008, AccSum. What of each value is a multiple of one large unit adds
    up without rounding; what is left is cut again, by a smaller unit, until nothing is.

    Examples
    --------
    >>> exact_sum(np.array([1e100, 1.0, -1e100]))
    1.0
    """
    left, coarse = values.astype(np.float64), np.empty(len(values))
    parts: list[float] = []
    while (largest := _largest(left)) > 0.0:
        exponent = math.frexp(largest)[1] + len(values).bit_length() + 1
        if exponent > 1000 or len(parts) > MOST_CUTS:
            return math.fsum([*parts, *left.tolist()])
        unit = math.ldexp(1.0, exponent)
        np.add(left, unit, out=coarse)
        coarse -= unit
        parts.append(float(coarse.sum()))
        left -= coarse
    return math.fsum(parts)


def _largest(values: FloatArray) -> float:
    return max(float(values.max(initial=0.0)), -float(values.min(initial=0.0)))


def rounded(value: Fraction) -> float:
    """Return the nearest float64; infinite beyond its range."""
    try:
        return value.numerator / value.denominator
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _cut(values: FloatArray, parts: FloatArray) -> None:
    """Cut values into three layers of integers of at most 39 bits; only the last is rounded.

    Truncation keeps the parts of one sign, so that the differences are exact for negative values
    as well.
    """
    high, middle, low = parts
    np.multiply(values, float(1 << EXPONENT), out=low)
    np.trunc(low, out=high)
    low -= high
    low *= float(1 << LIMB)
    np.trunc(low, out=middle)
    low -= middle
    low *= float(1 << LIMB)
    np.rint(low, out=low)


def _totals(parts: FloatArray, starts: IntArray) -> FloatArray:
    """Add up the pieces of the last axis, each exactly, since all are integers below 2^53."""
    if len(starts) > FEW_PIECES:
        return np.add.reduceat(parts, starts, axis=-1)
    # The same; other threads can run meanwhile.
    ends = [*starts[1:].tolist(), parts.shape[-1]]
    totals = np.empty((*parts.shape[:-1], len(starts)))
    for piece, (start, end) in enumerate(zip(starts.tolist(), ends, strict=True)):
        np.add.reduce(parts[..., start:end], axis=-1, out=totals[..., piece])
    return totals


def _carried(limbs: IntArray) -> IntArray:
    """Bring every limb but the highest into [0, 2^39), in place: one form for one number."""
    for place in range(LIMBS - 1, 0, -1):
        limbs[place - 1] += limbs[place] >> LIMB
        limbs[place] &= LIMB_MASK
    return limbs


def _add_huge(
    left: tuple[tuple[int, int], ...], right: tuple[tuple[int, int], ...]
) -> tuple[tuple[int, int], ...]:
    if not (left and right):
        return left or right
    total = dict(left)
    for cell, value in right:
        total[cell] = total.get(cell, 0) + value
    return _canonical(total)


def _canonical(huge: dict[int, int]) -> tuple[tuple[int, int], ...]:
    return tuple(sorted((cell, total) for cell, total in huge.items() if total))
