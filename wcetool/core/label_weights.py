"""Sums of sample weights by label, exact and without an order of labels; a mergeable state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from wcetool.core.arrays import FloatArray, IntArray
from wcetool.core.exact import LIMBS, ExactSum


@dataclass(frozen=True, slots=True)
class LabelWeights:
    """Sums of sample weights; add to merge.

    Attributes
    ----------
    labels : tuple of str, shape (n_labels,)
        Sorted by code point: one form for one state.
    sums : ExactSum of n_labels cells
        The sum of each label.
    """

    labels: tuple[str, ...] = ()
    sums: ExactSum = field(default_factory=lambda: ExactSum.zeros(0))

    @classmethod
    def of_rows(cls, weights: FloatArray, codes: IntArray, labels: Sequence[str]) -> LabelWeights:
        """Sum the weights of some rows.

        Parameters
        ----------
        weights : float64 array of shape (n_samples,)
            Any float64 values.
        codes : int64 array of shape (n_samples,)
            Index into `labels`.
        labels : sequence of str
            Distinct, in any order.
        """
        order = sorted(range(len(labels)), key=labels.__getitem__)
        place = np.empty(len(labels), dtype=np.int64)
        place[order] = np.arange(len(labels))
        sums = ExactSum.by_class(weights, place[codes], len(labels))
        return cls(tuple(labels[i] for i in order), sums)

    @classmethod
    def of_sums(cls, sums: Mapping[str, float]) -> LabelWeights:
        """Take sums that were made before, each a float."""
        labels = tuple(sums)
        values = np.array([sums[label] for label in labels], dtype=np.float64)
        return cls.of_rows(values, np.arange(len(labels)), labels)

    def __add__(self, other: LabelWeights) -> LabelWeights:
        if self.labels == other.labels:
            return LabelWeights(self.labels, self.sums + other.sums)
        labels = tuple(sorted({*self.labels, *other.labels}))
        place = {label: i for i, label in enumerate(labels)}
        mine, theirs = (
            _placed(one.sums, [place[label] for label in one.labels], len(labels))
            for one in (self, other)
        )
        return LabelWeights(labels, mine + theirs)

    def in_order(self, classes: Sequence[str]) -> FloatArray:
        """Return the sum of each class, rounded once; 0 for one that does not occur."""
        sums = dict(zip(self.labels, self.sums.values(), strict=True))
        return np.array([sums.get(label, 0.0) for label in classes], dtype=np.float64)

    def to_dict(self) -> dict[str, Any]:
        """Return the state in the form that JSON keeps exactly."""
        return {"labels": list(self.labels), "sums": self.sums.to_dict()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> LabelWeights:
        """Restore what `to_dict` returned."""
        return cls(tuple(data["labels"]), ExactSum.from_dict(data["sums"]))


def _placed(sums: ExactSum, places: Sequence[int], n_cells: int) -> ExactSum:
    """Put cells at other places among more cells."""
    limbs = np.zeros((LIMBS, n_cells), dtype=np.int64)
    nonfinite = np.zeros((3, n_cells), dtype=np.int64)
    limbs[:, places] = sums.limbs
    nonfinite[:, places] = sums.nonfinite
    return ExactSum(limbs, tuple(sorted((places[c], total) for c, total in sums.huge)), nonfinite)
