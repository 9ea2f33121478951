"""Order-free sums at half the price of `exact`, of values rounded to a stated quantum first.

Every value is rounded to a multiple of the quantum, and the multiples add up exactly: associative
and commutative to the bit, like `exact.ExactSum`, which is what comes out. For sums that need not
keep each value to the last bit: many columns, and moments behind a standard error.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from wcetool.core.arrays import FloatArray, IntArray, scratch
from wcetool.core.exact import FRACTION_BITS, LIMB, LIMBS, ExactSum, Groups

CHUNK = 1 << 12  # rows of a block of columns that stay in the cache
VALUE_BITS = 48  # of a multiple of the quantum: 2^14 of them add up below 2^62
HALF_BITS = 32  # totals are kept in two halves, which int64 adds up without overflow
HALF_MASK = (1 << HALF_BITS) - 1

WordArray: TypeAlias = npt.NDArray[np.uint64]


class QuantumSums:
    """Add up quantities block by block, in place; `sums` gives each `ExactSum`.

    Adding 1.5 2^52 quanta to a value rounds it to a multiple of the quantum, and leaves that
    multiple in the low bits of the float64: as 64-bit words they add up exactly, modulo 2^64. What
    was rounded off is treated likewise in a second layer.

    Parameters
    ----------
    n_cells : int
        Number of cells of each sum.
    tops : sequence of int
        For each quantity, log2 of the limit: values of at least 2^top, rare ones, go through
        `ExactSum`, slower and exactly. No value may be -2^top or less.
    layers : int
        1 or 2.

    Notes
    -----
    The quantum is 2^(top - 48) with one layer, 2^(top - 97) with two: 2^14 multiples of it, the
    rows of a block, add up below 2^62.
    """

    def __init__(self, n_cells: int, tops: Sequence[int], *, layers: int = 2) -> None:
        self._n_cells = n_cells
        self._shifts = [
            [VALUE_BITS - top + layer * (VALUE_BITS + 1) for top in tops] for layer in range(layers)
        ]
        steps = [[1.5 * 2.0 ** (52 - shift) for shift in shifts] for shifts in self._shifts]
        self._steps = np.array(steps)[..., np.newaxis]  # (layers, quantities, 1)
        self._words: WordArray = self._steps.view(np.uint64)
        self._limits = np.array([2.0**top for top in tops])
        self._halves = np.zeros((layers, 2, len(tops), n_cells), dtype=np.int64)
        self._apart: dict[int, ExactSum] = {}

    def add(self, ordered: FloatArray, groups: Groups) -> None:
        """Add a block.

        Parameters
        ----------
        ordered : float64 array of shape (n_quantities, n_samples)
            In the order of the groups; overwritten.
        groups : Groups
            Their cells, of at most 2^14 rows.
        """
        if not (np.maximum.reduce(ordered, axis=1) < self._limits).all():
            lengths = np.diff(groups.starts, append=ordered.shape[1])
            cells = np.repeat(groups.cells, lengths)
            for quantity, values in enumerate(ordered):
                apart = ~(values < self._limits[quantity])
                self._set_apart(quantity, values[apart], cells[apart])
                values[apart] = 0.0
        counts = np.diff(groups.starts, append=ordered.shape[1]).astype(np.uint64)
        work = scratch("quanta", ordered.shape)
        for layer, step in enumerate(self._steps):
            np.add(ordered, step, out=work)
            totals = np.add.reduceat(work.view(np.uint64), groups.starts, axis=1)
            self._keep(layer, totals - self._words[layer] * counts, groups.cells)
            if layer + 1 < len(self._steps):
                work -= step
                ordered -= work

    def add_columns(self, values: FloatArray, class_axis: int) -> None:
        """Add a block of one quantity whose cells are side by side; keeps the block.

        Parameters
        ----------
        values : float64 array of shape (n_cells, n_samples), or transposed
            The block.
        class_axis : int
            0 for the first of these shapes, 1 for the second.
        """
        if not values.max() < self._limits[0]:
            apart = ~(values < self._limits[0])
            places = np.nonzero(apart)
            self._set_apart(0, values[places], places[class_axis])
            values = np.where(apart, 0.0, values)
        n_rows = values.shape[1 - class_axis]
        totals: WordArray = np.zeros((len(self._steps), self._n_cells), dtype=np.uint64)
        for start in range(0, n_rows, CHUNK):
            rows = slice(start, start + CHUNK)
            self._add_chunk(
                values[:, rows] if class_axis == 0 else values[rows], class_axis, totals
            )
        totals -= self._words[:, 0] * np.uint64(n_rows)
        for layer, words in enumerate(totals):
            self._keep(layer, words[np.newaxis], slice(None))

    def add_multiples(self, totals: IntArray) -> None:
        """Add totals of one layer of one quantity, as `column_multiples` has them."""
        self._keep(0, totals.view(np.uint64)[np.newaxis], slice(None))

    def sums(self) -> list[ExactSum]:
        """Return what was added, a sum a quantity."""
        found = []
        for quantity in range(len(self._limits)):
            limbs = np.zeros((LIMBS, self._n_cells), dtype=np.int64)
            for shifts, (high, low) in zip(self._shifts, self._halves[:, :, quantity], strict=True):
                to_quanta = FRACTION_BITS - shifts[quantity]
                _add_shifted(limbs, high + (low >> HALF_BITS), to_quanta + HALF_BITS)
                _add_shifted(limbs, low & HALF_MASK, to_quanta)
            nonfinite = np.zeros((3, self._n_cells), dtype=np.int64)
            apart = self._apart.get(quantity, ExactSum.zeros(self._n_cells))
            found.append(ExactSum(limbs, (), nonfinite) + apart)
        return found

    def _add_chunk(self, values: FloatArray, class_axis: int, totals: WordArray) -> None:
        """Add a chunk to the totals, the words of the steps included."""
        work = scratch("quanta", values.shape)
        rest = values
        for layer, step in enumerate(self._steps[:, 0, 0]):
            np.add(rest, step, out=work)
            totals[layer] += np.add.reduce(work.view(np.uint64), axis=1 - class_axis)
            if layer + 1 < len(self._steps):
                work -= step
                rest = np.subtract(rest, work, out=scratch("rounded off", values.shape))

    def _keep(self, layer: int, words: WordArray, cells: IntArray | slice) -> None:
        """Add totals, of shape (n_quantities, n_cells) for the cells given, each at most once."""
        totals = words.view(np.int64)
        high, low = self._halves[layer]
        high[:, cells] += totals >> HALF_BITS
        low[:, cells] += totals & HALF_MASK

    def _set_apart(self, quantity: int, values: FloatArray, cells: IntArray) -> None:
        if len(values):
            added = ExactSum.by_class(values, cells, self._n_cells)
            before = self._apart.get(quantity)
            self._apart[quantity] = added if before is None else before + added


def column_multiples(values: FloatArray, class_axis: int, top: int) -> IntArray:
    """Add up the columns of a block in multiples of 2^(top - 48), each value rounded to one.

    Parameters
    ----------
    values : float64 array of shape (n_cells, n_samples), or transposed
        Of at most 2^14 rows, between -2^top and 2^top.
    class_axis : int
        0 for the first of these shapes, 1 for the second.
    top : int
        log2 of the limit.

    Returns
    -------
    int64 array of shape (n_cells,)
        For `QuantumSums.add_multiples`.
    """
    step = np.array([1.5 * 2.0 ** (52 - VALUE_BITS + top)])
    n_rows = values.shape[1 - class_axis]
    totals: WordArray = np.zeros(values.shape[class_axis], dtype=np.uint64)
    for start in range(0, n_rows, CHUNK):
        rows = slice(start, start + CHUNK)
        part = values[:, rows] if class_axis == 0 else values[rows]
        work = np.add(part, step, out=scratch("quanta", part.shape))
        totals += np.add.reduce(work.view(np.uint64), axis=1 - class_axis)
    totals -= step.view(np.uint64) * np.uint64(n_rows)
    return totals.view(np.int64)


def _add_shifted(limbs: IntArray, values: IntArray, bits: int) -> None:
    """Add values, times a power of two below 2^117, to limbs that are carried afterwards."""
    place, rest = divmod(bits, LIMB)
    limbs[LIMBS - 1 - place] += (values & ((1 << (LIMB - rest)) - 1)) << rest
    limbs[LIMBS - 2 - place] += values >> (LIMB - rest)
