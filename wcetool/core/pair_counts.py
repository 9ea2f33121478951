"""The confusion matrix as mergeable counts, sparse for many classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from wcetool.core.arrays import IntArray
from wcetool.errors import MergeError

DENSE_PAIRS = 256  # up to this many classes the (true, predicted) pairs are a full matrix


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
