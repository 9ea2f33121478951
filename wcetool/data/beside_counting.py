"""What the columns beside the labels say, counted batch by batch: a mergeable state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from wcetool.core.arrays import IntArray, occurring
from wcetool.core.distribution import LabelTally
from wcetool.core.label_weights import LabelWeights
from wcetool.data.beside_labels import BesideColumns
from wcetool.data.group_tally import GroupTally
from wcetool.data.labels import BatchLabels, Distinct
from wcetool.data.sample_weights import unfit
from wcetool.data.targets import number_targets
from wcetool.errors import InputError, quoted

MAX_SPLITS = 1000


@dataclass(frozen=True, slots=True)
class BesideState:
    """What was counted beside the labels; add to merge.

    Attributes
    ----------
    weights : LabelWeights
        Sums of the sample weights by label.
    splits : mapping of str or None to LabelTally
        Labels by split; None stands for rows without one.
    groups : GroupTally
        Rows by group, split and label.
    """

    weights: LabelWeights = field(default_factory=LabelWeights)
    splits: Mapping[str | None, LabelTally] = field(default_factory=dict)
    groups: GroupTally = field(default_factory=GroupTally)

    def __add__(self, other: BesideState) -> BesideState:
        splits = dict(self.splits)
        for name, tally in other.splits.items():
            splits[name] = splits[name] + tally if name in splits else tally
        return BesideState(self.weights + other.weights, splits, self.groups + other.groups)

    def to_dict(self) -> dict[str, Any]:
        """Return the state in the form that JSON keeps exactly."""
        return {
            "weights": self.weights.to_dict(),
            "splits": [[name, tally.to_dict()] for name, tally in self.splits.items()],
            "groups": self.groups.to_dict(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> BesideState:
        """Restore what `to_dict` returned."""
        return cls(
            LabelWeights.from_dict(data["weights"]),
            {name: LabelTally.from_dict(tally) for name, tally in data["splits"]},
            GroupTally.from_dict(data["groups"]),
        )


class BesideCounter:
    """Count what stands beside the labels of one part of an input.

    Parameters
    ----------
    columns : BesideColumns
        Which they are.
    where : str
        The file, for errors.
    """

    def __init__(self, columns: BesideColumns, where: str) -> None:
        self._columns = columns
        self._where = where
        self.state = BesideState()

    def add(self, batch: pa.RecordBatch, labels: BatchLabels, first_row: int) -> None:
        """Count a batch of the label column and the columns beside it, in their order.

        Raises
        ------
        InputError
            If a sample weight is none, names the row; if there are too many splits.
        """
        names, codes = labels.encoded()
        arrays = iter(batch.columns[1:])
        weights, groups = LabelWeights(), GroupTally()
        by_split: dict[str | None, LabelTally] = {}
        if self._columns.sample_weight is not None:
            weights = self._weights(next(arrays), names, codes, first_row)
        group = next(arrays) if self._columns.group is not None else None
        splits = None
        if self._columns.split is not None:
            splits = self._splits(next(arrays), self._columns.split.name)
            by_split = _by_split(splits, (names, codes))
        if group is not None:
            groups = GroupTally.of_rows(group, self._where, (names, codes), splits)
        self.state += BesideState(weights, by_split, groups)
        if self._columns.split is not None:
            check_split_limit(self.state.splits, self._where, self._columns.split.name)

    def _weights(
        self, column: pa.Array, names: Sequence[str], codes: IntArray, first_row: int
    ) -> LabelWeights:
        (values,) = number_targets([column], self._where, first_row, what="sample weight")
        labelled = np.flatnonzero(codes >= 0)
        if len(labelled) < len(codes):
            values, codes = values[labelled], codes[labelled]
        weights = values.astype(np.float64)
        bad = unfit(weights)
        if len(bad):
            from wcetool.data.row_errors import faulty_weights

            raise faulty_weights(weights[bad], first_row + labelled[bad], self._where)
        return LabelWeights.of_rows(weights, codes, names)

    def _splits(self, column: pa.Array, name: str) -> tuple[list[str], IntArray]:
        """Return the distinct splits and, per row, the index of its split; -1 for none."""
        distinct = Distinct(column, self._where)
        _, count = distinct.count()
        texts = [text if n else None for text, n in zip(distinct.texts, count, strict=True)]
        check_split_limit([text for text in texts if text], self._where, name)
        return BatchLabels([text or None for text in texts], distinct.codes).encoded()


def check_split_limit(
    splits: Mapping[str | None, Any] | Sequence[str], where: str, name: str
) -> None:
    """Refuse more distinct splits than any data set has.

    Raises
    ------
    InputError
        With the first of them, since they show what the column holds.
    """
    names = [split for split in splits if split is not None]
    if len(names) > MAX_SPLITS:
        raise InputError(
            f"column {name!r} has more than {MAX_SPLITS:,} distinct values: no splits",
            where=where,
            details=(f"values: {quoted(names)}",),
            hint="--split-column with another column",
        )


def _by_split(
    splits: tuple[Sequence[str], IntArray], labels: tuple[Sequence[str], IntArray]
) -> dict[str | None, LabelTally]:
    """Count labels by split."""
    width = len(labels[0]) + 1
    cells = (splits[1] + 1) * width + labels[1] + 1
    found, count = occurring(cells, (len(splits[0]) + 1) * width)
    by_split: dict[int, tuple[dict[str, int], list[int]]] = {}
    for cell, n in zip(found.tolist(), count.tolist(), strict=True):
        split, label = divmod(cell, width)
        counts, missing = by_split.setdefault(split, ({}, []))
        if label:
            counts[labels[0][label - 1]] = n
        else:
            missing.append(n)
    return {
        splits[0][split - 1] if split else None: LabelTally(counts, sum(missing))
        for split, (counts, missing) in by_split.items()
    }
