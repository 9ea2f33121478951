"""What a scheme may take besides the counts of the classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from wcetool.core.arrays import FloatArray, IntArray
from wcetool.core.schemes.registry import Need


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GroupPresence:
    """In how many groups (images, files, patients) each class occurs, and how large these are.

    Attributes
    ----------
    n_groups : int
        Groups with any labelled row.
    groups : int64 array of shape (n_classes,)
        Groups that hold the class.
    samples : int64 array of shape (n_classes,)
        Labelled rows, of all classes, in those groups.
    """

    n_groups: int
    groups: IntArray
    samples: IntArray

    def only(self, keep: IntArray) -> GroupPresence:
        """Keep some classes, by index."""
        return GroupPresence(
            n_groups=self.n_groups, groups=self.groups[keep], samples=self.samples[keep]
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evidence:
    """What is known besides the counts; None where it is not.

    Attributes
    ----------
    prior : float64 array of shape (n_classes,), or None
        Shares that sum to 1.
    costs : float64 array of shape (n_classes, n_classes), or None
        Rows true, columns predicted.
    groups : GroupPresence or None
        What the rows belong to.
    positive : int or None
        Index of the positive class of two.
    weights : mapping of str to float, or None
        Weights that the user sets.
    """

    prior: FloatArray | None = None
    costs: FloatArray | None = None
    groups: GroupPresence | None = None
    positive: int | None = None
    weights: Mapping[str, float] | None = None

    def value(self, need: Need) -> Any:
        """Return what is known."""
        return getattr(self, need.name.lower())

    def has(self, need: Need) -> bool:
        """Tell whether it is known."""
        return self.value(need) is not None

    def only(self, keep: IntArray) -> Evidence:
        """Keep some classes, by index."""
        positive = self.positive
        if positive is not None:
            found = np.flatnonzero(keep == positive).tolist()
            positive = found[0] if found else None
        return Evidence(
            prior=None if self.prior is None else self.prior[keep],
            costs=None if self.costs is None else self.costs[np.ix_(keep, keep)],
            groups=None if self.groups is None else self.groups.only(keep),
            positive=positive,
            weights=self.weights,
        )
