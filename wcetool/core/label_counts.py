"""Labels that have a column each, counted: a mergeable state.

What the counts say is in `multilabel`; the sets of labels are in `label_sets`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from wcetool.core.arrays import BoolArray, IntArray
from wcetool.core.label_sets import SetCounter, SetTally
from wcetool.errors import MergeError


@dataclass(frozen=True, slots=True, eq=False)
class Indicator:
    """One label in some rows.

    Attributes
    ----------
    holds : bool array of shape (n_rows,)
        Whether it holds; false where that is not known.
    unknown : bool array of shape (n_rows,), or None
        Where it is not known; None where it is known in all rows.
    uncertain : int
        Values that say so themselves, and were taken for something.
    """

    holds: BoolArray
    unknown: BoolArray | None = None
    uncertain: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class LabelCounts:
    """How often each of some labels holds, and where that is known; add to merge.

    Attributes
    ----------
    positive, known : int64 array of shape (n_labels,)
        Rows in which a label holds, and in which it is known whether it does.
    missing : int
        Rows in which nothing is known of any label.
    partial : int
        Other rows in which something is not known.
    uncertain : int
        Values that say so themselves.
    sets : SetTally
        The labels known to hold, row by row; without missing rows.
    """

    positive: IntArray
    known: IntArray
    missing: int
    partial: int
    uncertain: int
    sets: SetTally

    def __add__(self, other: LabelCounts) -> LabelCounts:
        if len(self.known) != len(other.known):
            raise MergeError(f"cannot merge {len(self.known)} with {len(other.known)} labels")
        return LabelCounts(
            self.positive + other.positive,
            self.known + other.known,
            self.missing + other.missing,
            self.partial + other.partial,
            self.uncertain + other.uncertain,
            self.sets + other.sets,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the state in the form that JSON keeps exactly."""
        return {
            "positive": self.positive.tolist(),
            "known": self.known.tolist(),
            "missing": self.missing,
            "partial": self.partial,
            "uncertain": self.uncertain,
            "sets": self.sets.to_dict(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> LabelCounts:
        """Restore what `to_dict` returned."""
        return cls(
            np.array(data["positive"], dtype=np.int64),
            np.array(data["known"], dtype=np.int64),
            data["missing"],
            data["partial"],
            data["uncertain"],
            SetTally.from_dict(data["sets"]),
        )


class IndicatorCounter:
    """Count the labels of one split, batch by batch.

    Parameters
    ----------
    n_labels : int
        At least 1.
    limit : int
        Distinct sets that are kept.
    """

    def __init__(self, n_labels: int, limit: int) -> None:
        self._positive = [0] * n_labels
        self._known = [0] * n_labels
        self._missing = self._partial = self._uncertain = 0
        self._sets = SetCounter(n_labels, limit)

    def add(self, labels: Sequence[Indicator]) -> None:
        """Count a batch; all labels have the same rows."""
        n_rows = len(labels[0].holds)
        unknown = [label.unknown for label in labels if label.unknown is not None]
        missing = 0
        if unknown:
            any_unknown = np.logical_or.reduce(unknown)
            if len(unknown) == len(labels):
                missing = int(np.count_nonzero(np.logical_and.reduce(unknown)))
            self._partial += int(np.count_nonzero(any_unknown)) - missing
            self._missing += missing
        for place, label in enumerate(labels):
            self._positive[place] += int(np.count_nonzero(label.holds))
            lost = 0 if label.unknown is None else int(np.count_nonzero(label.unknown))
            self._known[place] += n_rows - lost
            self._uncertain += label.uncertain
        self._sets.add([label.holds for label in labels], left_out=missing)

    def counts(self) -> LabelCounts:
        """Return what was counted."""
        return LabelCounts(
            np.array(self._positive, dtype=np.int64),
            np.array(self._known, dtype=np.int64),
            self._missing,
            self._partial,
            self._uncertain,
            self._sets.tally(),
        )
