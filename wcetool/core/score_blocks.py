"""Blocks of scores in float64: the buffer in which the kernels work, and its two layouts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from wcetool.core.arrays import FloatArray, IntArray, scratch

COLUMN_LAYOUT = 100  # up to this many classes a block is (n_classes, rows), else (rows, n_classes)
BLOCK_VALUES = {0: 1 << 19, 1: 1 << 18}  # by layout; 4 and 2 MiB of float64


class Block:
    """One block of scores in float64, in the layout that suits the number of classes.

    ::

        up to 100 classes         more classes
        values (n_classes, rows)  values (rows, n_classes)
        axis 0                    axis 1
        | r0 r1 r2 ...  class 0   | c0 c1 c2 ...  row 0
        | r0 r1 r2 ...  class 1   | c0 c1 c2 ...  row 1

    Parameters
    ----------
    values : float64 array
        As drawn above; overwritten by the kernels.
    axis : int
        Axis of the classes.
    keeps : bool
        Before the first kernel step that would overwrite the values of all classes, the kernel
        moves on to another buffer: `kept` holds the values then.
    before_exp : callable, optional
        Takes the block before its values give way to their exponentials.
    """

    __slots__ = (
        "_before_exp",
        "_keeps",
        "axis",
        "kept",
        "log_rest",
        "offsets",
        "rows",
        "step",
        "values",
    )

    def __init__(
        self,
        values: FloatArray,
        axis: int,
        *,
        keeps: bool = False,
        before_exp: Callable[[Block], None] | None = None,
    ) -> None:
        self.values = values
        self.kept = values
        self.log_rest: FloatArray | None = None  # of logits: log of the sum over all classes - max
        self.axis = axis
        self._keeps = keeps
        self._before_exp = before_exp
        n_classes, self.rows = values.shape if axis == 0 else (values.shape[1], values.shape[0])
        self.step = self.rows if axis == 0 else 1  # from one class to the next in the flat block
        self.offsets = np.arange(self.rows) * (1 if axis == 0 else n_classes)

    def scratch(self, name: str) -> FloatArray:
        """Return an array of shape (rows,) to write into."""
        return scratch(name, self.rows)

    def along(self, of_rows: FloatArray) -> FloatArray:
        """Shape an array of shape (rows,) so that it broadcasts over the classes."""
        return of_rows if self.axis == 0 else of_rows[:, np.newaxis]

    def at(self, classes: IntArray, name: str) -> FloatArray:
        """Return the value of one class a row, in the scratch array of a name."""
        place = self._places(classes)
        return self.values.reshape(-1).take(place, out=self.scratch(name), mode="clip")

    def clear_at(self, classes: IntArray) -> None:
        """Set the value of one class a row to 0."""
        self.values.reshape(-1)[self._places(classes)] = 0.0

    def total(self, name: str) -> FloatArray:
        """Sum over the classes, in a fixed order, into the scratch array of a name."""
        total = self.scratch(name)
        if self.axis == 0 and self.rows == 1:  # NumPy would add one run of values by pairs
            total[0] = np.add.accumulate(self.values[:, 0])[-1]
            return total
        return np.add.reduce(self.values, axis=self.axis, out=total)

    def exponentiate(self) -> None:
        """Put the exponentials of the values in their places."""
        if self._before_exp is not None:
            self._before_exp(self)
        source = self.values
        np.exp(source, out=self._room())

    def total_of_squares(self) -> FloatArray:
        """Sum the squares over the classes, in a fixed order; the block holds squares then."""
        source = self.values
        np.multiply(source, source, out=self._room())
        return self.total("squares")

    def smallest(self) -> FloatArray:
        """Return the smallest value of each row; NaN where there is one."""
        return np.minimum.reduce(self.values, axis=self.axis, out=self.scratch("smallest"))

    def largest(self) -> tuple[FloatArray, IntArray]:
        """Return the largest value of each row and the first class that has it."""
        predicted: IntArray = scratch("predicted", self.rows, np.int64)
        if self.axis == 1:
            self.values.argmax(axis=1, out=predicted)
            return self.at(predicted, "best"), predicted
        # The first class that has the largest value is the one with the most classes behind it.
        best = np.maximum.reduce(self.values, axis=0, out=self.scratch("best"))
        n_classes = len(self.values)
        behind = scratch("behind", self.values.shape, np.int8)
        np.equal(self.values, best, out=behind.view(np.bool_))
        np.multiply(behind, np.arange(n_classes, 0, -1, dtype=np.int8)[:, np.newaxis], out=behind)
        most = np.maximum.reduce(behind, axis=0, out=scratch("most", self.rows, np.int8))
        np.subtract(n_classes, most, out=predicted)
        if not most.all():  # NaN equals nothing
            np.minimum(predicted, n_classes - 1, out=predicted)
        return best, predicted

    def _room(self) -> FloatArray:
        """Return the memory of the next values of all classes."""
        if self._keeps:
            self.values = scratch("spare", self.values.shape)
            self._keeps = False
        return self.values

    def _places(self, classes: IntArray) -> IntArray:
        places: IntArray = scratch("places", self.rows, np.int64)
        np.multiply(classes, self.step, out=places)
        places += self.offsets
        return places


def blocks(
    scores: npt.NDArray[Any] | Sequence[npt.NDArray[Any]],
    n_samples: int,
    n_columns: int,
    *,
    rows: int,
    keeps: bool = False,
    before_exp: Callable[[Block], None] | None = None,
    buffer_name: str = "block",
) -> Iterator[tuple[slice, Block]]:
    """Copy the scores block by block into one buffer; yield the rows and the block.

    Parameters
    ----------
    scores : array of shape (n_samples, n_columns), or n_columns arrays of shape (n_samples,)
        Any numbers.
    n_samples, n_columns : int
        Their shape.
    rows : int
        Most rows of a block.
    keeps, before_exp
        As in `Block`.
    buffer_name : str
        The scratch array that is the buffer.
    """
    axis = class_axis(n_columns)
    length = max(1, min(rows, BLOCK_VALUES[axis] // n_columns, n_samples))
    buffer = scratch(buffer_name, length * n_columns)
    for start in range(0, n_samples, length):
        chosen = slice(start, min(start + length, n_samples))
        size = chosen.stop - start
        flat = buffer[: size * n_columns]
        values = flat.reshape((n_columns, size) if axis == 0 else (size, n_columns))
        by_class = values if axis == 0 else values.T
        if isinstance(scores, np.ndarray):
            by_class[...] = scores[chosen].T
        else:
            for k, column in enumerate(scores):
                by_class[k] = column[chosen]
        yield chosen, Block(values, axis, keeps=keeps, before_exp=before_exp)


def class_axis(n_columns: int) -> int:
    """Return the axis of the classes in a block."""
    return 0 if n_columns <= COLUMN_LAYOUT else 1
