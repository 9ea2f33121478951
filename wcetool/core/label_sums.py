"""Exact sums by label, for blocks in which every label is a column or a row of its own.

`LabelSums` does for a block of labels what `exact.ExactAccumulator` does for rows in groups, with
the same `ExactSum` and in fewer passes: two layers instead of three, and no sorting, since a block
holds each label side by side. What the sums mean is in `label_scoring`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import numpy as np

from wcetool.core.arrays import FloatArray, IntArray, scratch
from wcetool.core.exact import CARRY_PIECES, FRACTION_BITS, LIMB, LIMB_MASK, LIMBS, ExactSum

MOST_ROWS = 1 << 15  # so many integers of at most 2^38 add up to at most 2^53
LIMIT = 1024.0  # more than the logarithm of any float64

_HIGH, _UNIT, _LOW = range(3)  # the totals of a cell, in multiples of 2^-bits
_BITS = (28, 39, 67)
# Adding 1.5 2^52 units to a value rounds it to a multiple of the unit, ties to even.
_ROUND_HIGH, _ROUND_UNIT, _ROUND_LOW = (1.5 * 2.0 ** (52 - bits) for bits in _BITS)
_UNIT_WORD = np.array(_ROUND_UNIT).view(np.uint64)


class LabelSums:
    """Add up quantities by label, block by block, in place; `sums` gives each `ExactSum`.

    Parameters
    ----------
    n_quantities : int
        How many sums each label has.
    n_labels : int
        Number of labels.
    label_axis : int
        Axis of the labels in a block: 0 for (n_labels, n_samples), 1 for (n_samples, n_labels).
    signs : bool
        What marks a true and a false label: 1 and -1, or else 0 and 1.

    Notes
    -----
    The quantum of `add` and `add_split` is 2^-67, that of `add_units` 2^-39: every value is rounded
    to a multiple of it, and these are added exactly. Values of 2^10 or more, and those that are not
    finite, are kept apart as in `ExactSum`, without rounding. A block has at most 2^15 rows, so
    that float64 adds up its integers without rounding, in any order.
    """

    def __init__(
        self, n_quantities: int, n_labels: int, label_axis: int, *, signs: bool = False
    ) -> None:
        self._shape = n_quantities, n_labels
        self._label_axis = label_axis
        self._row_axis = -1 if label_axis == 0 else -2
        self._signs = signs
        self._done = ExactSum.zeros(n_quantities * n_labels)
        self._totals = np.zeros((len(_BITS), n_quantities, n_labels), dtype=np.int64)
        self._nonfinite = np.zeros((3, n_quantities, n_labels), dtype=np.int64)
        self._huge: dict[int, int] = {}
        self._pieces = 0  # since the last carry

    def add(self, values: FloatArray, quantity: int) -> None:
        """Add a block of values of at least 0 (NaN and infinity are counted); overwrites it."""
        if not values.max() < LIMIT:
            self._set_apart(values, np.full(values.shape, quantity))
        for layer, part in _layers(values):
            self._totals[layer, quantity] += _multiples(self._over_rows(part), layer)
        self._count_piece()

    def add_split(
        self,
        values: FloatArray,
        marks: FloatArray,
        inside: int,
        outside: int,
        *,
        negated: bool = False,
        fits: bool = False,
    ) -> None:
        """Add a block to one quantity where the label is true and to another where it is false.

        Parameters
        ----------
        values : float64 array that broadcasts to the shape of the marks
            At least 0, or NaN or infinite; overwritten.
        marks : float64 array of the shape of the block
            Which labels are true, as `signs` has it.
        inside, outside : int
            The quantities.
        negated : bool
            The values are given with the other sign.
        fits : bool
            All are known to lie below 2^10.
        """
        if not (fits or (-values.min() if negated else values.max()) < LIMIT):
            if values.shape != marks.shape:
                values = np.broadcast_to(values, marks.shape).copy()
            if negated:
                np.negative(values, out=values)
                negated = False
            is_true = marks == (1.0 if self._signs else 0.0)
            self._set_apart(values, np.where(is_true, inside, outside))
        for layer, part in _layers(values, negated=negated):
            total = _multiples(self._over_rows(part), layer)
            marked = _multiples(self._over_rows(part, marks), layer)
            chosen = (total + marked) >> 1 if self._signs else total - marked
            self._totals[layer, inside] += chosen
            self._totals[layer, outside] += total - chosen
        self._count_piece()

    def add_units(self, values: FloatArray, quantity: int) -> None:
        """Add values in [0, 1], each rounded to 2^-39; overwrites them."""
        values += _ROUND_UNIT
        # As words, the rounded values add up exactly, modulo 2^64.
        words = np.add.reduce(values.view(np.uint64), axis=self._row_axis)
        words -= _UNIT_WORD * np.uint64(values.shape[1 - self._label_axis])
        self._totals[_UNIT, quantity] += words.view(np.int64)
        self._count_piece()

    def add_counts(self, counts: IntArray, quantity: int) -> None:
        """Add a whole number to each label, at most 2^15."""
        self._totals[_HIGH, quantity] += counts << _BITS[_HIGH]
        self._count_piece()

    def sums(self) -> list[ExactSum]:
        """Return what was added, a sum a quantity."""
        self._carry()
        n_quantities, n_labels = self._shape
        return [
            cells_of(self._done, first, first + n_labels)
            for first in range(0, n_quantities * n_labels, n_labels)
        ]

    def _over_rows(self, part: FloatArray, marks: FloatArray | None = None) -> FloatArray:
        """Add up integers over the rows; exact, so that the order does not matter."""
        total: FloatArray
        if marks is None:
            total = np.add.reduce(part, axis=self._row_axis)
        elif self._label_axis == 0:
            total = np.einsum("kn,kn->k", part, marks)
        else:
            marked = np.multiply(part, marks, out=scratch("label marked", marks.shape))
            total = np.add.reduce(marked, axis=0)
        return total

    def _set_apart(self, values: FloatArray, quantity: IntArray) -> None:
        """Count the values that the limbs cannot hold, and put zeros in their places."""
        apart = np.nonzero(~(values < LIMIT))
        large, chosen, labels = values[apart], quantity[apart], apart[self._label_axis]
        for kind, is_kind in enumerate((large == math.inf, large == -math.inf, np.isnan(large))):
            np.add.at(self._nonfinite[kind], (chosen[is_kind], labels[is_kind]), 1)
        finite = np.isfinite(large)
        cells = chosen * self._shape[1] + labels
        for cell, value in zip(cells[finite].tolist(), large[finite].tolist(), strict=True):
            # A float of 2^10 or more is a whole number of quanta.
            numerator, denominator = value.as_integer_ratio()
            self._huge[cell] = self._huge.get(cell, 0) + (numerator << FRACTION_BITS) // denominator
        values[apart] = 0.0

    def _count_piece(self) -> None:
        self._pieces += 1
        if self._pieces >= CARRY_PIECES:
            self._carry()

    def _carry(self) -> None:
        """Bring what was added since the last time into the exact sum."""
        cells = math.prod(self._shape)
        limbs = np.zeros((LIMBS, cells), dtype=np.int64)
        for bits, totals in zip(_BITS, self._totals.reshape(len(_BITS), cells), strict=True):
            place, shift = divmod(FRACTION_BITS - bits, LIMB)
            limbs[LIMBS - 1 - place] += (totals & ((1 << (LIMB - shift)) - 1)) << shift
            limbs[LIMBS - 2 - place] += totals >> (LIMB - shift)
        self._done += ExactSum(
            limbs, tuple(sorted(self._huge.items())), self._nonfinite.reshape(3, cells)
        )
        self._totals.fill(0)
        self._nonfinite.fill(0)
        self._huge, self._pieces = {}, 0


def cells_of(total: ExactSum, first: int, end: int) -> ExactSum:
    """Return some of the cells of a sum."""
    huge = tuple((cell - first, one) for cell, one in total.huge if first <= cell < end)
    return ExactSum(total.limbs[:, first:end].copy(), huge, total.nonfinite[:, first:end].copy())


def scaled_up(total: ExactSum, bits: int) -> ExactSum:
    """Multiply a sum by 2^bits, exactly."""
    none = np.zeros_like(total.nonfinite)
    kept = _from_quanta(one << bits for one in ExactSum(total.limbs, (), none).quanta())
    huge = tuple((cell, one << bits) for cell, one in total.huge)
    return ExactSum(kept, huge, total.nonfinite)


def _from_quanta(totals: Iterable[int]) -> IntArray:
    """Return the limbs of these totals."""
    digits = [
        [total >> (LIMB * (LIMBS - 1))]
        + [(total >> (LIMB * place)) & LIMB_MASK for place in range(LIMBS - 2, -1, -1)]
        for total in totals
    ]
    return np.array(digits, dtype=np.int64).reshape(-1, LIMBS).T.copy()


def _layers(values: FloatArray, *, negated: bool = False) -> Iterator[tuple[int, FloatArray]]:
    """Cut values into multiples of two units, the second rounded; overwrites them."""
    high = scratch("label work", values.shape)
    if negated:
        np.subtract(_ROUND_HIGH, values, out=high)
    else:
        np.add(values, _ROUND_HIGH, out=high)
    high -= _ROUND_HIGH
    yield _HIGH, high
    if negated:
        values += high
        np.subtract(_ROUND_LOW, values, out=values)
    else:
        values -= high
        values += _ROUND_LOW
    values -= _ROUND_LOW
    yield _LOW, values


def _multiples(totals: FloatArray, layer: int) -> IntArray:
    return (totals * float(1 << _BITS[layer])).astype(np.int64)
