"""A convention over many rows: the sums that one pass keeps, mergeable and exact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from wcetool.core.arrays import FloatArray
from wcetool.core.conventions.calls import Call, Matrix
from wcetool.core.conventions.examples import ConventionSums
from wcetool.core.exact import FRACTION_BITS, ExactSum
from wcetool.core.intervals import Moments, ratio_standard_error

_SQUARES = ("ll", "lv", "vv")


@dataclass(frozen=True, slots=True, eq=False)
class RowLosses:
    """What each row contributes under a convention.

    Attributes
    ----------
    values : float64 array of shape (n_samples,) or (n_samples, n_labels)
        Losses, weights included.
    loss, divisor : float64 array of shape (n_samples,)
        What the row adds to the sum, and to what the reduction divides by.
    sums : ConventionSums
        Of these rows.
    """

    values: FloatArray
    loss: FloatArray
    divisor: FloatArray
    sums: ConventionSums


@dataclass(frozen=True, slots=True)
class Tally:
    """The sums of a convention over some rows; add to merge."""

    n_rows: int
    sums: ConventionSums
    squares: Mapping[str, ExactSum]

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.n_rows + other.n_rows,
            self.sums + other.sums,
            {name: self.squares[name] + other.squares[name] for name in _SQUARES},
        )

    def standard_error(self, reduction: str) -> float | None:
        """Return the standard error of the reduced value, None where it has none."""
        sums = [self.sums.values, *self.squares.values()]
        divisor = self.sums.divisors.get(reduction)
        if divisor is None or self.n_rows < 2 or any(one.nonfinite.any() for one in sums):
            return None
        below = _fraction(divisor)
        if not below or divisor.nonfinite.any():
            return None
        moments = Moments(*(_fraction(self.squares[name]) for name in _SQUARES))
        return ratio_standard_error(moments, _fraction(self.sums.values) / below, below)

    def to_dict(self) -> dict[str, Any]:
        """Return the state as plain integers, which JSON keeps exactly."""
        return {
            "n_rows": self.n_rows,
            "sums": self.sums.to_dict(),
            "squares": {name: one.to_dict() for name, one in self.squares.items()},
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Tally:
        """Restore what `to_dict` returned, to the bit."""
        squares = {name: ExactSum.from_dict(one) for name, one in data["squares"].items()}
        return cls(data["n_rows"], ConventionSums.from_dict(data["sums"]), squares)


def row_losses(
    call: Call,
    target: Matrix,
    scores: Matrix,
    class_weight: FloatArray | None,
    sample_weight: FloatArray | None,
) -> RowLosses:
    """Compute the losses of some rows as a framework does; parameters as in `Call.examples`.

    Raises
    ------
    InputError
        If the framework refuses them.
    """
    convention, n_rows = call.convention, len(scores)
    examples = call.examples(target, scores, class_weight, sample_weight)
    options = {**convention.options, "reduction": call.reduction, **call.options}
    with np.errstate(all="ignore"):  # NaN and infinity may be the answer
        losses = convention.losses(examples, options)
        by_row = np.broadcast_to(
            losses.divisors.get(call.reduction, np.ones(())), losses.values.shape
        )
        loss = losses.values.reshape(n_rows, -1).sum(axis=1)
    return RowLosses(losses.values, loss, by_row.reshape(n_rows, -1).sum(axis=1), losses.sums())


def tally(rows: RowLosses) -> Tally:
    """Add up rows."""
    with np.errstate(all="ignore"):
        squares = {
            "ll": ExactSum.total(rows.loss * rows.loss),
            "lv": ExactSum.total(rows.loss * rows.divisor),
            "vv": ExactSum.total(rows.divisor * rows.divisor),
        }
    return Tally(len(rows.loss), rows.sums, squares)


def _fraction(one: ExactSum) -> Fraction:
    return Fraction(one.over_cells().quanta()[0], 1 << FRACTION_BITS)
