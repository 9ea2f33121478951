"""Exact sums by label, for blocks in which every label is a column or a row of its own.

`LabelSums` does for a block of labels what `exact.ExactAccumulator` does for rows in groups: the
same quanta and the same `ExactSum`, without sorting, since a block holds each label side by side.
What the sums mean is in `label_scoring`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from wcetool.core.arrays import FloatArray, IntArray, scratch
from wcetool.core.exact import (
    CARRY_PIECES,
    EXPONENT,
    FRACTION_BITS,
    LIMB,
    LIMB_MASK,
    LIMBS,
    LIMIT,
    ExactSum,
)

MOST_ROWS = 1 << 14  # so many integers of at most 2^39 add up to at most 2^53
UNIT_BITS = LIMB  # a value in [0, 1] is summed in units of 2^-39: one integer
_INTO_HIGH = UNIT_BITS - EXPONENT  # bits of such an integer below the unit of the highest limb


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

    Notes
    -----
    The quantum of `add` and `add_split` is 2^-98, that of `add_units` 2^-39. A block has at most
    2^14 rows, so that float64 adds up its integers without rounding, in any order.
    """

    def __init__(self, n_quantities: int, n_labels: int, label_axis: int) -> None:
        self._shape = n_quantities, n_labels
        self._label_axis = label_axis
        self._done = ExactSum.zeros(n_quantities * n_labels)
        self._limbs = np.zeros((LIMBS, n_quantities, n_labels), dtype=np.int64)
        self._nonfinite = np.zeros((3, n_quantities, n_labels), dtype=np.int64)
        self._huge: dict[int, int] = {}
        self._pieces = 0  # since the last carry

    def add(self, values: FloatArray, quantity: int) -> None:
        """Add a block of values of at least 0 (NaN and infinity are counted); may overwrite it."""
        if not values.max() < LIMIT:
            self._set_apart(values, np.full(values.shape, quantity))
        parts = scratch("label parts", (3, *values.shape))
        _cut(values, parts)
        self._limbs[1:, quantity] += self._over_rows(parts).astype(np.int64)
        self._count_piece()

    def add_split(self, values: FloatArray, mask: FloatArray, inside: int, outside: int) -> None:
        """Add a block to one quantity where the mask is 1 and to another where it is 0.

        Parameters
        ----------
        values : float64 array that broadcasts to the shape of the mask
            At least 0, or NaN or infinite; may be overwritten.
        mask : float64 array of the shape of the block
            0 or 1.
        inside, outside : int
            The quantities.
        """
        if not values.max() < LIMIT:
            if values.shape != mask.shape:
                values = np.broadcast_to(values, mask.shape).copy()
            self._set_apart(values, np.where(mask == 1.0, inside, outside))
        parts = scratch("label parts", (3, *values.shape))
        _cut(values, parts)
        totals = self._over_rows(parts).astype(np.int64)
        chosen = self._over_rows(parts, mask).astype(np.int64)
        self._limbs[1:, inside] += chosen
        self._limbs[1:, outside] += totals - chosen
        self._count_piece()

    def add_units(self, values: FloatArray, quantity: int, mask: FloatArray | None = None) -> None:
        """Add values in [0, 1], each rounded to 2^-39, where the mask is 1; overwrites them."""
        values *= float(1 << UNIT_BITS)
        np.rint(values, out=values)
        totals = self._over_rows(values, mask).astype(np.int64)
        self._limbs[1, quantity] += totals >> _INTO_HIGH
        self._limbs[2, quantity] += (totals & ((1 << _INTO_HIGH) - 1)) << EXPONENT
        self._count_piece()

    def add_counts(self, counts: IntArray, quantity: int) -> None:
        """Add a whole number to each label, at most 2^14."""
        self._limbs[1, quantity] += counts << EXPONENT
        self._count_piece()

    def sums(self) -> list[ExactSum]:
        """Return what was added, a sum a quantity."""
        self._carry()
        n_quantities, n_labels = self._shape
        found = []
        for first in range(0, n_quantities * n_labels, n_labels):
            cells = slice(first, first + n_labels)
            huge = tuple(
                (cell - first, total)
                for cell, total in self._done.huge
                if first <= cell < first + n_labels
            )
            found.append(
                ExactSum(
                    self._done.limbs[:, cells].copy(), huge, self._done.nonfinite[:, cells].copy()
                )
            )
        return found

    def _over_rows(self, parts: FloatArray, mask: FloatArray | None = None) -> FloatArray:
        """Add up integers over the rows; exact, so that the order does not matter."""
        total: FloatArray
        if mask is None:
            total = np.add.reduce(parts, axis=-1 if self._label_axis == 0 else -2)
        elif self._label_axis == 0:
            total = np.einsum("...kn,kn->...k", parts, mask)
        else:
            shape = np.broadcast_shapes(parts.shape, mask.shape)
            masked = np.multiply(parts, mask, out=scratch("label masked", shape))
            total = np.add.reduce(masked, axis=-2)
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
            # A float of 2^19 or more is a whole number of quanta.
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
        self._done += ExactSum(
            self._limbs.reshape(LIMBS, cells),
            tuple(sorted(self._huge.items())),
            self._nonfinite.reshape(3, cells),
        )
        self._limbs.fill(0)
        self._nonfinite.fill(0)
        self._huge, self._pieces = {}, 0


def from_quanta(totals: Iterable[int]) -> ExactSum:
    """Return the exact sum that has these totals, in units of 2^-98."""
    digits = [
        [total >> (LIMB * (LIMBS - 1))]
        + [(total >> (LIMB * place)) & LIMB_MASK for place in range(LIMBS - 2, -1, -1)]
        for total in totals
    ]
    limbs = np.array(digits, dtype=np.int64).reshape(-1, LIMBS).T.copy()
    return ExactSum(limbs, (), np.zeros((3, limbs.shape[1]), dtype=np.int64))


def _cut(values: FloatArray, parts: FloatArray) -> None:
    """Cut values into three layers of integers; only the last is rounded."""
    high, middle, low = parts
    np.multiply(values, float(1 << EXPONENT), out=low)
    np.rint(low, out=high)
    low -= high
    low *= float(1 << LIMB)
    np.rint(low, out=middle)
    low -= middle
    low *= float(1 << LIMB)
    np.rint(low, out=low)
