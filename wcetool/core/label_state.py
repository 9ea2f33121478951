"""The mergeable sums that give the loss of multi-label predictions under any weights.

`LabelScoreState` is what one pass over a file leaves behind: exact, without class weights and
positive weights, which come last (`label_report`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from wcetool.core.arrays import IntArray
from wcetool.core.exact import ExactSum
from wcetool.errors import MergeError


@dataclass(frozen=True, slots=True)
class SampleWeightSums:
    """Sums over the rows in which each row counts with its sample weight s; add to merge.

    Attributes
    ----------
    positive_loss, negative_loss : ExactSum of n_labels cells
        Sums of s t' l+ and of s (1 - t') l-; NaN where s is 0 and the loss infinite.
    positive, negative : ExactSum of n_labels cells
        Sums of s t and of s (1 - t).
    """

    positive_loss: ExactSum
    negative_loss: ExactSum
    positive: ExactSum
    negative: ExactSum

    def __add__(self, other: SampleWeightSums) -> SampleWeightSums:
        return SampleWeightSums(
            self.positive_loss + other.positive_loss,
            self.negative_loss + other.negative_loss,
            self.positive + other.positive,
            self.negative + other.negative,
        )


@dataclass(frozen=True, slots=True, eq=False)
class LabelScoreState:
    """Sums that determine the report of multi-label predictions under any weights; add to merge.

    With target t in [0, 1], its smoothed form t' = t (1 - a) + a / 2, and p the probability of the
    label. A probability that the tolerance lets pass counts as 0 or 1.

    Attributes
    ----------
    positive_loss, negative_loss : ExactSum of n_labels cells
        Sums of t' l+ and of (1 - t') l-, nats, clipped and focal where asked for, without sample
        weights; quantum 2^-67.
    target : ExactSum of n_labels cells
        Sum of t.
    true_proba : ExactSum of n_labels cells
        Sum of p over the positives, each p rounded to 2^-39.
    brier : ExactSum of n_labels cells
        Sum of (p - t)^2, each rounded to 2^-39.
    row_loss, row_loss_square : ExactSum of 1 cell
        Sums of the mean loss of a row, without weights, and of its square; quanta 2^-67 and 2^-57.
    positives, predicted, true_positives : int64 arrays of shape (n_labels,)
        Rows with t of at least 1/2, with p above 1/2, with both.
    rows, right_rows : int
        Rows, and those in which every label is predicted right.
    zero_probability_rows : int
        Rows in which a share of a target above 0 had probability 0, before any clipping.
    clipped_rows : int
        Rows in which the clip lowered a loss.
    fractional_rows : int
        Rows with a target between 0 and 1.
    smoothing, gamma : float
        Label smoothing a, and the focal exponent (0: none): they change what the losses are.
    weighted : SampleWeightSums, optional
        Where rows have sample weights.
    """

    positive_loss: ExactSum
    negative_loss: ExactSum
    target: ExactSum
    true_proba: ExactSum
    brier: ExactSum
    row_loss: ExactSum
    row_loss_square: ExactSum
    positives: IntArray
    predicted: IntArray
    true_positives: IntArray
    rows: int
    right_rows: int
    zero_probability_rows: int
    clipped_rows: int
    fractional_rows: int
    smoothing: float = 0.0
    gamma: float = 0.0
    weighted: SampleWeightSums | None = None

    @property
    def n_labels(self) -> int:
        """Number of labels."""
        return len(self.positives)

    @property
    def false_positives(self) -> IntArray:
        """Rows in which a label is predicted and not true, int64 array of shape (n_labels,)."""
        return self.predicted - self.true_positives

    @property
    def false_negatives(self) -> IntArray:
        """Rows in which a label is true and not predicted, int64 array of shape (n_labels,)."""
        return self.positives - self.true_positives

    def __add__(self, other: LabelScoreState) -> LabelScoreState:
        if self.n_labels != other.n_labels:
            raise MergeError(f"cannot merge {self.n_labels} with {other.n_labels} labels")
        if (self.smoothing, self.gamma) != (other.smoothing, other.gamma):
            raise MergeError("cannot merge losses of another label smoothing or focal exponent")
        if self.weighted is None or other.weighted is None:
            if self.weighted is not other.weighted:
                raise MergeError("cannot merge sums with and without sample weights")
            weighted = None
        else:
            weighted = self.weighted + other.weighted
        added = {name: getattr(self, name) + getattr(other, name) for name in _ADDED}
        return LabelScoreState(
            **added, smoothing=self.smoothing, gamma=self.gamma, weighted=weighted
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, LabelScoreState):
            return NotImplemented
        return self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]

    def to_dict(self) -> dict[str, Any]:
        """Return the state as plain numbers, which JSON keeps exactly."""
        found: dict[str, Any] = {name: getattr(self, name).to_dict() for name in _SUMS}
        found |= {name: getattr(self, name).tolist() for name in _COUNTS}
        found |= {name: getattr(self, name) for name in (*ROW_COUNTS, "smoothing", "gamma")}
        found["weighted"] = None
        if self.weighted is not None:
            sums = fields(self.weighted)
            found["weighted"] = {
                one.name: getattr(self.weighted, one.name).to_dict() for one in sums
            }
        return found

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> LabelScoreState:
        """Restore what `to_dict` returned, to the bit."""
        found: dict[str, Any] = {name: ExactSum.from_dict(data[name]) for name in _SUMS}
        found |= {name: np.array(data[name], dtype=np.int64) for name in _COUNTS}
        found |= {name: data[name] for name in (*ROW_COUNTS, "smoothing", "gamma")}
        weighted = data["weighted"]
        if weighted is not None:
            weighted = SampleWeightSums(
                **{name: ExactSum.from_dict(one) for name, one in weighted.items()}
            )
        return cls(**found, weighted=weighted)


_SUMS = (
    "positive_loss",
    "negative_loss",
    "target",
    "true_proba",
    "brier",
    "row_loss",
    "row_loss_square",
)
_COUNTS = ("positives", "predicted", "true_positives")
ROW_COUNTS = ("rows", "right_rows", "zero_probability_rows", "clipped_rows", "fractional_rows")
_ADDED = (*_SUMS, *_COUNTS, *ROW_COUNTS)
