"""The distinct sets of labels that rows have, where a row has any number of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wcetool.core.arrays import FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class LabelSets:
    """Sets of labels, and in how many rows each stands.

    Attributes
    ----------
    start : int64 array of shape (n_sets + 1,)
        Where the labels of each set begin in `label`; the empty set has none.
    label : int64 array
        Labels, as indices into the classes, ascending within a set.
    count : int64 array of shape (n_sets,)
        Rows with exactly that set.
    """

    start: IntArray
    label: IntArray
    count: IntArray

    @property
    def n_rows(self) -> int:
        """Rows of all sets."""
        return int(self.count.sum())

    @property
    def size(self) -> IntArray:
        """Labels of each set, int64 array of shape (n_sets,)."""
        return np.diff(self.start)


def largest_of_set(sets: LabelSets, value: FloatArray, *, empty: float) -> FloatArray:
    """Return the largest value of the labels of each set.

    Parameters
    ----------
    sets : LabelSets
        Of labels that have a value.
    value : float64 array of shape (n_labels,)
        By label.
    empty : float
        The value of the set without labels.

    Returns
    -------
    float64 array of shape (n_sets,)
        In the order of the sets.
    """
    found = np.full(len(sets.count), empty)
    labelled = sets.size > 0
    if labelled.any():
        start = sets.start[:-1][labelled]
        found[labelled] = np.maximum.reduceat(value[sets.label], start)
    return found
