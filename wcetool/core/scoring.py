"""The mergeable sums that give the loss under any class weights.

`ScoreState` is what one pass over a file leaves behind: small, exact, without weights. What they
say under given weights is computed in `loss_report`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from wcetool.core.arrays import IntArray, scratch
from wcetool.core.exact import BLOCK, ExactAccumulator, ExactSum, Groups
from wcetool.core.losses import RowTerms
from wcetool.errors import MergeError

DENSE_PAIRS = 256  # up to this many classes the (true, predicted) pairs are a full matrix
PAIRS_AT_ONCE = 1 << 18  # rows whose pairs wait to be counted


@dataclass(frozen=True, slots=True, eq=False)
class PairCounts:
    """How many rows have each (true, predicted) pair of classes; add to merge.

    Attributes
    ----------
    n_classes : int
        Number of classes, K.
    count : int64 array of shape (n_pairs,)
        Rows of each pair.
    sparse_pairs : int64 array of shape (n_pairs,), or None
        The pairs that occur, as true K + predicted, ascending; None for few classes, where `count`
        is the full matrix, row by row.
    """

    n_classes: int
    count: IntArray
    sparse_pairs: IntArray | None = None

    @classmethod
    def of_rows(cls, target: IntArray, predicted: IntArray, n_classes: int) -> PairCounts:
        """Count the pairs of some rows."""
        return cls.of_pairs(target * n_classes + predicted, n_classes)

    @classmethod
    def of_pairs(cls, pairs: IntArray, n_classes: int) -> PairCounts:
        """Count pairs, given as true K + predicted."""
        if n_classes <= DENSE_PAIRS:
            return cls(n_classes, np.bincount(pairs, minlength=n_classes * n_classes))
        sparse, count = np.unique(pairs, return_counts=True)
        return cls(n_classes, count, sparse)

    @property
    def pairs(self) -> IntArray:
        """The pair that each count belongs to, int64 array of shape (n_pairs,)."""
        return np.arange(len(self.count)) if self.sparse_pairs is None else self.sparse_pairs

    def __add__(self, other: PairCounts) -> PairCounts:
        if self.n_classes != other.n_classes:
            raise MergeError(f"cannot merge {self.n_classes} with {other.n_classes} classes")
        if self.sparse_pairs is None or other.sparse_pairs is None:
            return PairCounts(self.n_classes, self.count + other.count)
        # A block has few pairs, a total many: place the few among the many, which stay sorted.
        few, many = sorted((self, other), key=lambda one: len(one.count))
        place = np.searchsorted(many.pairs, few.pairs)
        known = place < len(many.count)
        known[known] = many.pairs[place[known]] == few.pairs[known]
        count = many.count.copy()
        count[place[known]] += few.count[known]
        new = ~known
        return PairCounts(
            self.n_classes,
            np.insert(count, place[new], few.count[new]),
            np.insert(many.pairs, place[new], few.pairs[new]),
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PairCounts):
            return NotImplemented
        return (
            self.n_classes == other.n_classes
            and np.array_equal(self.count, other.count)
            and np.array_equal(self.pairs, other.pairs)
        )

    __hash__ = None  # type: ignore[assignment]

    def to_dict(self) -> dict[str, Any]:
        """Return the state as plain integers, which JSON keeps exactly."""
        sparse = self.sparse_pairs
        return {
            "n_classes": self.n_classes,
            "count": self.count.tolist(),
            "sparse_pairs": None if sparse is None else sparse.tolist(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> PairCounts:
        """Restore what `to_dict` returned."""
        sparse = data["sparse_pairs"]
        return cls(
            data["n_classes"],
            np.array(data["count"], dtype=np.int64),
            None if sparse is None else np.array(sparse, dtype=np.int64),
        )

    def by_true(self) -> IntArray:
        """Rows by true class, int64 array of shape (n_classes,)."""
        return self._sum_by(self.pairs // self.n_classes, self.count)

    def by_predicted(self) -> IntArray:
        """Rows by predicted class, int64 array of shape (n_classes,)."""
        return self._sum_by(self.pairs % self.n_classes, self.count)

    def hits(self) -> IntArray:
        """Rows predicted right, by class, int64 array of shape (n_classes,)."""
        true, predicted = np.divmod(self.pairs, self.n_classes)
        return self._sum_by(true, np.where(true == predicted, self.count, 0))

    def _sum_by(self, classes: IntArray, count: IntArray) -> IntArray:
        total = np.zeros(self.n_classes, dtype=np.int64)
        np.add.at(total, classes, count)
        return total


@dataclass(frozen=True, slots=True)
class ScoreState:
    """Sums that determine the score report under any class weights; add to merge.

    Attributes
    ----------
    nll : ExactSum of n_classes cells
        Negative log-likelihood by true class, nats, clipped where asked for.
    nll_square : ExactSum of n_classes cells
        Its squares.
    true_proba : ExactSum of n_classes cells
        Probability of the true class, by true class.
    brier : ExactSum of 1 cell
        Brier terms of all rows.
    pairs : PairCounts
        Rows by (true, predicted) class.
    zero_probability_rows : int
        Rows whose true class had probability 0, before any clipping.
    clipped_rows : int
        Rows whose loss the clip lowered.
    """

    nll: ExactSum
    nll_square: ExactSum
    true_proba: ExactSum
    brier: ExactSum
    pairs: PairCounts
    zero_probability_rows: int
    clipped_rows: int

    @classmethod
    def of_rows(
        cls, terms: RowTerms, target: IntArray, n_classes: int, *, clip: float | None = None
    ) -> ScoreState:
        """Sum up some rows; no rows give the identity of `+`.

        Parameters
        ----------
        terms : RowTerms
            Without faults.
        target : int64 array of shape (n_samples,)
            True classes.
        n_classes : int
            Number of classes.
        clip : float, optional
            The probability of the true class is raised to at least this.
        """
        accumulator = ScoreAccumulator(n_classes, clip=clip)
        for start in range(0, len(target), BLOCK):
            rows = slice(start, start + BLOCK)
            accumulator.add(terms.rows(rows), target[rows])
        return accumulator.state()

    @classmethod
    def identity(cls, n_classes: int) -> ScoreState:
        """Return the state of no rows."""
        return ScoreAccumulator(n_classes).state()

    def __add__(self, other: ScoreState) -> ScoreState:
        return ScoreState(
            self.nll + other.nll,
            self.nll_square + other.nll_square,
            self.true_proba + other.true_proba,
            self.brier + other.brier,
            self.pairs + other.pairs,
            self.zero_probability_rows + other.zero_probability_rows,
            self.clipped_rows + other.clipped_rows,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the state as plain integers, which JSON keeps exactly."""
        return {
            "nll": self.nll.to_dict(),
            "nll_square": self.nll_square.to_dict(),
            "true_proba": self.true_proba.to_dict(),
            "brier": self.brier.to_dict(),
            "pairs": self.pairs.to_dict(),
            "zero_probability_rows": self.zero_probability_rows,
            "clipped_rows": self.clipped_rows,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ScoreState:
        """Restore what `to_dict` returned, to the bit."""
        return cls(
            nll=ExactSum.from_dict(data["nll"]),
            nll_square=ExactSum.from_dict(data["nll_square"]),
            true_proba=ExactSum.from_dict(data["true_proba"]),
            brier=ExactSum.from_dict(data["brier"]),
            pairs=PairCounts.from_dict(data["pairs"]),
            zero_probability_rows=data["zero_probability_rows"],
            clipped_rows=data["clipped_rows"],
        )


class ScoreAccumulator:
    """Sum up rows block by block, in place; `state` gives the `ScoreState`.

    Parameters
    ----------
    n_classes : int
        Number of classes.
    clip : float, optional
        The probability of the true class is raised to at least this.
    """

    def __init__(self, n_classes: int, *, clip: float | None = None) -> None:
        self._n_classes = n_classes
        self._limit = None if clip is None else -math.log(clip)
        self._sums = ExactAccumulator(4, n_classes)
        self._pairs = PairCounts.of_rows(_NO_ROWS, _NO_ROWS, n_classes)
        self._waiting: list[IntArray] = []
        self._n_waiting = 0
        self._zero_probability_rows = 0
        self._clipped_rows = 0

    def add(self, terms: RowTerms, target: IntArray) -> None:
        """Add a block.

        Parameters
        ----------
        terms : RowTerms
            Of rows that may be summed up.
        target : int64 array of shape (n_samples,)
            True classes.
        """
        if not len(target):
            return
        nll = terms.nll
        if nll.max() == math.inf:
            self._zero_probability_rows += int(np.isposinf(nll).sum())
        if self._limit is not None:
            self._clipped_rows += int((nll > self._limit).sum())
            nll = np.minimum(nll, self._limit)
        groups = Groups.of(target, self._n_classes)
        ordered = scratch("ordered", (4, len(target)))
        for quantity, values in ((0, nll), (2, terms.true_proba), (3, terms.brier)):
            values.take(groups.order, out=ordered[quantity], mode="clip")
        with np.errstate(over="ignore"):
            np.multiply(ordered[0], ordered[0], out=ordered[1])
        self._sums.add(ordered, groups)
        pairs = target * self._n_classes
        pairs += terms.predicted
        self._waiting.append(pairs)
        self._n_waiting += len(target)
        if self._n_waiting >= min(self._n_classes**2, PAIRS_AT_ONCE):
            self._count_pairs()

    def state(self) -> ScoreState:
        """Return what was added."""
        self._count_pairs()
        nll, square, true_proba, brier = self._sums.sums()
        return ScoreState(
            nll,
            square,
            true_proba,
            brier.over_cells(),
            self._pairs,
            self._zero_probability_rows,
            self._clipped_rows,
        )

    def _count_pairs(self) -> None:
        if self._waiting:
            pairs = self._waiting[0] if len(self._waiting) == 1 else np.concatenate(self._waiting)
            self._pairs += PairCounts.of_pairs(pairs, self._n_classes)
        self._waiting, self._n_waiting = [], 0


_NO_ROWS: IntArray = np.empty(0, dtype=np.int64)
