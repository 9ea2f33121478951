"""What a loop over batches prints that averages the value of each batch.

Rows come in their order; a batch is cut wherever the blocks of the reader end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from wcetool.core.arrays import FloatArray
from wcetool.core.exact import ExactSum
from wcetool.errors import UsageError

Reduce = Callable[[FloatArray, FloatArray], FloatArray]
"""Sums of losses and of divisors of batches -> the value of each batch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchMean:
    """The mean over batches of one size.

    Attributes
    ----------
    size : int
        Rows of a batch; the last one may have fewer.
    n_batches : int
        How many there are.
    value : float
        Mean of the batch values, nats; NaN where a batch has none.
    by_rows : float
        The same, each counted by its rows, as Keras logs it.
    undefined : int
        Batches without a value: all of their weight is 0.
    """

    size: int
    n_batches: int
    value: float
    by_rows: float
    undefined: int


class BatchMeans:
    """Cut rows into batches of several sizes, and average.

    Parameters
    ----------
    sizes : sequence of int
        Rows of a batch, at least 1 each.
    reduce : callable
        What the loop computes of each batch.

    Raises
    ------
    UsageError
        If a size is less than 1.

    Notes
    -----
    The sums of a batch are those of NumPy, float64; those over batches are exact.
    """

    def __init__(self, sizes: Sequence[int], reduce: Reduce) -> None:
        for size in sizes:
            if size < 1:
                raise UsageError(
                    f"{size} is no number of rows", where="--batch-size", hint="--batch-size 32"
                )
        self._reduce = reduce
        self._left: dict[int, FloatArray] = {size: np.empty((2, 0)) for size in sizes}
        self._values = {size: ExactSum.zeros(1) for size in sizes}
        self._by_rows = {size: ExactSum.zeros(1) for size in sizes}
        self._counts = dict.fromkeys(sizes, 0)
        self._undefined = dict.fromkeys(sizes, 0)
        self._rows = 0

    def add(self, loss: FloatArray, divisor: FloatArray) -> None:
        """Add the next rows.

        Parameters
        ----------
        loss, divisor : float64 array of shape (n_samples,)
            What each row adds to the sum, and to what it is divided by.
        """
        self._rows += len(loss)
        for size, left in self._left.items():
            rows = np.concatenate([left, np.stack([loss, divisor])], axis=1)
            whole = rows.shape[1] // size * size
            if whole:
                self._add(size, rows[:, :whole].reshape(2, -1, size), size)
            self._left[size] = rows[:, whole:].copy()

    def means(self) -> tuple[BatchMean, ...]:
        """Return the means; call it once, after the last row."""
        found = []
        for size, left in self._left.items():
            if left.shape[1]:
                self._add(size, left[:, np.newaxis], left.shape[1])
            n_batches = self._counts[size]
            found.append(
                BatchMean(
                    size=size,
                    n_batches=n_batches,
                    value=self._values[size].values()[0] / max(n_batches, 1),
                    by_rows=self._by_rows[size].values()[0] / max(self._rows, 1),
                    undefined=self._undefined[size],
                )
            )
        return tuple(found)

    def _add(self, size: int, batches: FloatArray, rows: int) -> None:
        with np.errstate(all="ignore"):
            values = self._reduce(*np.ascontiguousarray(batches).sum(axis=2))
        self._counts[size] += len(values)
        self._undefined[size] += int(np.isnan(values).sum())
        self._values[size] += ExactSum.total(values)
        self._by_rows[size] += ExactSum.total(values * rows)
