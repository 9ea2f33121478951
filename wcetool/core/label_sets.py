"""The distinct sets of labels that rows have, where a row has any number of them.

`LabelSets` is what schemes and measures take; `SetTally` the mergeable state of counting sets of
labels that have a column each, and `NamedSets` of those that stand in cells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from wcetool.core.arrays import BoolArray, FloatArray, IntArray
from wcetool.errors import MergeError

MAX_SETS = 100_000  # distinct sets that are kept, unless more are asked for
TABLE_LABELS = 16  # of so few labels all sets are counted in one table
_HELD_BYTES = 1 << 23  # of keys that are sorted at once

Keys = npt.NDArray[Any]
"""Sets as bits, label i at bit i: uint32 or uint64, or as many bytes as it takes."""


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

    @property
    def of_label(self) -> IntArray:
        """The set that each entry of `label` is in, int64 array."""
        return np.repeat(np.arange(len(self.count)), self.size)


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


@dataclass(frozen=True, slots=True, eq=False)
class SetTally:
    """How often each set of some labels was seen; add tallies to merge.

    Attributes
    ----------
    n_labels : int
        How many labels there are.
    limit : int
        More distinct sets than this are not kept: then there are none.
    key : array of shape (n_sets,), or None
        The sets as bits, ascending; None where there were too many.
    count : int64 array of shape (n_sets,)
        Rows with exactly that set.
    """

    n_labels: int
    limit: int
    key: Keys | None
    count: IntArray

    @classmethod
    def none(cls, n_labels: int, limit: int) -> SetTally:
        """Return the identity of `+`."""
        return cls(n_labels, limit, np.empty(0, _key_type(n_labels)), np.empty(0, np.int64))

    @classmethod
    def within(cls, n_labels: int, limit: int, key: Keys, count: IntArray) -> SetTally:
        """Keep sets, unless there are more than the limit."""
        if len(key) > limit:
            return cls(n_labels, limit, None, np.empty(0, np.int64))
        return cls(n_labels, limit, key, count)

    def __add__(self, other: SetTally) -> SetTally:
        if (self.n_labels, self.limit) != (other.n_labels, other.limit):
            raise MergeError(f"cannot merge sets of {self.n_labels} with {other.n_labels} labels")
        if self.key is None or other.key is None:
            # A union never becomes smaller: whatever the order, it ends here.
            return SetTally(self.n_labels, self.limit, None, np.empty(0, np.int64))
        if not len(self.key) or not len(other.key):
            return self if len(self.key) else other
        key = np.concatenate([self.key, other.key])
        order = np.argsort(key, kind="stable")  # merges two sorted runs
        key = key[order]
        first = _run_starts(key)
        count = np.add.reduceat(np.concatenate([self.count, other.count])[order], first)
        return self.within(self.n_labels, self.limit, key[first], count)

    def sets(self) -> LabelSets | None:
        """Return the sets, labels in the order of the columns; None where there were too many."""
        if self.key is None:
            return None
        width = self.key.dtype.itemsize
        rows = np.ascontiguousarray(self.key).view(np.uint8).reshape(len(self.key), width)
        found: list[IntArray] = []
        size = np.zeros(len(rows), dtype=np.int64)
        for first in range(0, len(rows), _UNPACKED_ROWS):
            block = rows[first : first + _UNPACKED_ROWS]
            bits = np.unpackbits(block, axis=1, bitorder="little", count=self.n_labels)
            size[first : first + len(block)] = bits.sum(axis=1, dtype=np.int64)
            found.append(np.nonzero(bits)[1])
        label = np.concatenate(found) if found else np.empty(0, np.int64)
        return LabelSets(np.concatenate([[0], np.cumsum(size)]), label, self.count)

    def to_dict(self) -> dict[str, Any]:
        """Return the state in the form that JSON keeps exactly."""
        keys = None if self.key is None else np.ascontiguousarray(self.key).tobytes().hex()
        return {
            "n_labels": self.n_labels,
            "limit": self.limit,
            "keys": keys,
            "count": self.count.tolist(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> SetTally:
        """Restore what `to_dict` returned."""
        kind = _key_type(data["n_labels"])
        key = None if data["keys"] is None else np.frombuffer(bytes.fromhex(data["keys"]), kind)
        return cls(data["n_labels"], data["limit"], key, np.array(data["count"], np.int64))


class SetCounter:
    """Count the sets of the rows of one split, batch by batch.

    Parameters
    ----------
    n_labels, limit : int
        As in `SetTally`; at least one label.
    """

    def __init__(self, n_labels: int, limit: int) -> None:
        # Rows that are left out may have brought the empty set: it does not count yet.
        self._found = SetTally.none(n_labels, limit + 1)
        self._limit = limit
        self._left_out = 0
        self._held: list[Keys] = []
        self._n_held = 0
        self._table = np.zeros(1 << n_labels if n_labels <= TABLE_LABELS else 0, dtype=np.int64)

    def add(self, columns: Sequence[BoolArray], left_out: int = 0) -> None:
        """Count the sets of some rows.

        Parameters
        ----------
        columns : sequence of bool arrays of shape (n_rows,)
            Whether each label holds.
        left_out : int
            So many of the rows without any label do not count.
        """
        if self._found.key is None or not len(columns[0]):
            return
        self._left_out += left_out
        key = _packed(columns)
        if len(self._table):
            self._table += np.bincount(key, minlength=len(self._table))
            return
        self._held.append(key)
        self._n_held += key.nbytes
        if self._n_held >= _HELD_BYTES:
            self._fold()

    def tally(self) -> SetTally:
        """Return what was counted."""
        self._fold()
        n_labels, key, count = self._found.n_labels, self._found.key, self._found.count
        if key is None:
            return SetTally(n_labels, self._limit, None, count)
        if self._left_out:  # the empty set is the first one
            count = count.copy()
            count[0] -= self._left_out
            key, count = key[count > 0], count[count > 0]
        return SetTally.within(n_labels, self._limit, key, count)

    def _fold(self) -> None:
        found = self._found
        if len(self._table):
            key = np.flatnonzero(self._table)
            count, key = self._table[key], key.astype(_key_type(found.n_labels))
            self._found = SetTally.within(found.n_labels, found.limit, key, count)
        elif self._held:
            key = np.concatenate(self._held)
            self._held, self._n_held = [], 0
            key.sort()
            first = _run_starts(key)
            count = np.diff(first, append=len(key))
            self._found = found + SetTally.within(found.n_labels, found.limit, key[first], count)


@dataclass(frozen=True, slots=True)
class NamedSets:
    """How often each set of named labels was seen; add to merge.

    Attributes
    ----------
    limit : int
        As in `SetTally`.
    sets : mapping of tuple of str to int, or None
        Rows by their labels, these sorted; None where there were too many sets.
    counts : mapping of str to int
        Rows with each label.
    rows : int
        Rows of all sets.
    """

    limit: int
    sets: Mapping[tuple[str, ...], int] | None = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    rows: int = 0

    @classmethod
    def of(cls, sets: Mapping[tuple[str, ...], int], limit: int) -> NamedSets:
        """Count the labels of sets."""
        counter = NamedSetCounter(limit)
        for labels, n in sets.items():
            counter.add(labels, n)
        return counter.tally()

    def __add__(self, other: NamedSets) -> NamedSets:
        sets = None
        if self.sets is not None and other.sets is not None:
            sets = _added(self.sets, other.sets)
            sets = None if len(sets) > self.limit else sets
        counts = _added(self.counts, other.counts)
        return NamedSets(self.limit, sets, counts, self.rows + other.rows)

    def label_sets(self, classes: Sequence[str]) -> LabelSets | None:
        """Return the sets as indices into classes that hold all labels."""
        if self.sets is None:
            return None
        index = {label: place for place, label in enumerate(classes)}
        rows = sorted((sorted(index[label] for label in one), n) for one, n in self.sets.items())
        size = [len(labels) for labels, _ in rows]
        return LabelSets(
            np.concatenate([[0], np.cumsum(size, dtype=np.int64)]).astype(np.int64),
            np.array([place for labels, _ in rows for place in labels], dtype=np.int64),
            np.array([n for _, n in rows], dtype=np.int64),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the state in the form that JSON keeps exactly."""
        sets = None
        if self.sets is not None:
            sets = [[list(labels), n] for labels, n in sorted(self.sets.items())]
        return {
            "limit": self.limit,
            "sets": sets,
            "counts": dict(sorted(self.counts.items())),
            "rows": self.rows,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> NamedSets:
        """Restore what `to_dict` returned."""
        sets = data["sets"]
        if sets is not None:
            sets = {tuple(labels): n for labels, n in sets}
        return cls(data["limit"], sets, dict(data["counts"]), data["rows"])


class NamedSetCounter:
    """Count sets of named labels of one split, set by set.

    Parameters
    ----------
    limit : int
        As in `NamedSets`.

    Attributes
    ----------
    counts : dict of str to int
        Rows with each label so far.
    """

    def __init__(self, limit: int) -> None:
        self.counts: dict[str, int] = {}
        self._limit = limit
        self._sets: dict[tuple[str, ...], int] | None = {}
        self._rows = 0

    def add(self, labels: tuple[str, ...], n_rows: int) -> None:
        """Count rows with a set, whose labels are sorted and told apart."""
        self._rows += n_rows
        for label in labels:
            self.counts[label] = self.counts.get(label, 0) + n_rows
        if self._sets is not None:
            self._sets[labels] = self._sets.get(labels, 0) + n_rows
            if len(self._sets) > self._limit:
                self._sets = None

    def tally(self) -> NamedSets:
        """Return what was counted; nothing is to be added afterwards."""
        return NamedSets(self._limit, self._sets, self.counts, self._rows)


_UNPACKED_ROWS = 1 << 12


def _added(one: Mapping[Any, int], other: Mapping[Any, int]) -> dict[Any, int]:
    small, large = sorted((one, other), key=len)
    merged = dict(large)
    for key, n in small.items():
        merged[key] = merged.get(key, 0) + n
    return merged


def _run_starts(key: Keys) -> IntArray:
    """Return where each run of equal keys begins; at least one key."""
    return np.concatenate([[0], np.flatnonzero(key[1:] != key[:-1]) + 1])


def _key_type(n_labels: int) -> np.dtype[Any]:
    if n_labels <= 64:
        return np.dtype("<u4" if n_labels <= 32 else "<u8")
    return np.dtype((np.void, -(-n_labels // 8)))


def _packed(columns: Sequence[BoolArray]) -> Keys:
    """Put the labels of each row into bits, column by column: a byte a row stays in the cache."""
    kind, n_rows = _key_type(len(columns)), len(columns[0])
    rows = np.zeros((n_rows, kind.itemsize), dtype=np.uint8)
    byte = np.empty(n_rows, dtype=np.uint8)
    moved = np.empty(n_rows, dtype=np.uint8)
    for first in range(0, len(columns), 8):
        np.copyto(byte, columns[first].view(np.uint8))
        for bit, column in enumerate(columns[first + 1 : first + 8], start=1):
            np.multiply(column.view(np.uint8), 1 << bit, out=moved)  # a tenth of a shift
            byte |= moved
        rows[:, first // 8] = byte
    return rows.view(kind)[:, 0]
