"""Which groups hold which classes, and stand in which splits: a mergeable state.

A group (an image, a patient, a file) is an id in a column. There may be nearly as many as rows, so
the ids are kept as Arrow text, and what was seen as runs of (group, split, label) cells, which are
put together as they grow: about 8 bytes and its own length an id, 16 bytes a cell.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wcetool.core.arrays import IntArray, occurring
from wcetool.core.drift import GroupLeaks
from wcetool.data import arrow
from wcetool.data.labels import Distinct
from wcetool.errors import LISTED, InputError

if TYPE_CHECKING:
    from wcetool.core.schemes.evidence import GroupPresence

MAX_GROUPS = 50_000_000
MOST_RUNS = 16  # that wait to be put together

_NONE: npt.NDArray[np.int64] = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    """Cells that occur, and how many rows each has.

    Attributes
    ----------
    ids : Arrow array of large strings
        Ids of the groups.
    labels, splits : tuple of str
        What the codes mean.
    keys : int64 array of shape (n_cells,)
        Ascending; see `_keys`.
    count : int64 array of shape (n_cells,)
        Rows.
    is_merged : bool
        No id is there twice; a dictionary of a file may hold one twice.
    """

    ids: pa.Array
    labels: tuple[str, ...]
    splits: tuple[str, ...]
    keys: IntArray
    count: IntArray
    is_merged: bool = False

    def cells(self) -> tuple[IntArray, IntArray, IntArray]:
        """Return group, split and label of each cell; -1 for no split, no label."""
        rest, label = np.divmod(self.keys, len(self.labels) + 1)
        group, split = np.divmod(rest, len(self.splits) + 1)
        return group, split - 1, label - 1


@dataclass(frozen=True, slots=True, eq=False)
class GroupTally:
    """Rows by group, split and label; add to merge.

    Attributes
    ----------
    runs : tuple of _Run
        A few, the largest first.
    ungrouped : int
        Rows without a group.
    """

    runs: tuple[_Run, ...] = ()
    ungrouped: int = 0

    @classmethod
    def of_rows(
        cls,
        column: pa.Array,
        where: str,
        labels: tuple[Sequence[str], IntArray],
        splits: tuple[Sequence[str], IntArray] | None,
    ) -> GroupTally:
        """Tally some rows.

        Parameters
        ----------
        column : Array
            The ids of the groups; an empty text is none.
        where : str
            The file, for errors.
        labels : (names, int64 array of shape (n_samples,))
            The labels of the rows, -1 where missing.
        splits : (names, int64 array of shape (n_samples,)), or None
            Likewise the splits.
        """
        ids, group = _ids(column, where)
        has_group = group >= 0
        ungrouped = len(group) - int(np.count_nonzero(has_group))
        rows: Any = has_group if ungrouped else slice(None)
        names = ((), tuple(labels[0])) if splits is None else (tuple(splits[0]), tuple(labels[0]))
        split = None if splits is None else splits[1][rows]
        keys = _keys(group[rows], split, labels[1][rows], names)
        n_cells = len(ids) * (len(names[0]) + 1) * (len(names[1]) + 1)
        found, count = occurring(keys, n_cells)
        if not len(found):
            return cls((), ungrouped)
        all_ids = _Run(ids, names[1], names[0], found, count)
        group, split_of, label = all_ids.cells()
        present, compact = np.unique(group, return_inverse=True)
        run = _Run(
            ids.take(arrow.from_numpy(present)),
            names[1],
            names[0],
            _keys(compact, split_of, label, names),
            count,
        )
        return cls((run,), ungrouped)

    def __add__(self, other: GroupTally) -> GroupTally:
        runs = sorted((*self.runs, *other.runs), key=lambda run: -len(run.keys))
        if len(runs) > MOST_RUNS:
            # The largest one stays as it is while it outweighs all others: merging stays cheap.
            sizes = [len(run.keys) for run in runs]
            first = next(i for i, size in enumerate(sizes) if size <= sum(sizes[i + 1 :]))
            runs[first:] = [_merged(runs[first:])]
        if runs and len(runs[0].ids) > MAX_GROUPS:
            raise InputError(
                f"more than {MAX_GROUPS:,} distinct groups, which memory has to hold",
                hint="--group-column with a column of larger groups",
            )
        return GroupTally(tuple(runs), self.ungrouped + other.ungrouped)

    def whole(self) -> GroupTally:
        """Return the same in one run, in which every id stands once."""
        if not self.runs or (len(self.runs) == 1 and self.runs[0].is_merged):
            return self
        return GroupTally((_merged(self.runs),), self.ungrouped)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, GroupTally):
            return NotImplemented
        return self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]

    def to_dict(self) -> dict[str, Any]:
        """Return the state in the form that JSON keeps exactly, in one order."""
        cells: list[list[Any]] = []
        for run in self.whole().runs:
            ids = arrow.as_values(run.ids)
            for group, split, label, n in np.column_stack((*run.cells(), run.count)).tolist():
                texts = (_name(run.splits, split), _name(run.labels, label))
                cells.append([ids[group], *texts, n])
        cells.sort(key=lambda cell: [(text is not None, text or "") for text in cell[:3]])
        return {"cells": cells, "ungrouped": self.ungrouped}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> GroupTally:
        """Restore what `to_dict` returned."""
        cells = data["cells"]
        if not cells:
            return cls((), data["ungrouped"])
        coded = [_coded([cell[i] for cell in cells]) for i in range(3)]
        (ids, group), (splits, split), (labels, label) = coded
        names = (splits, labels)
        keys = _keys(group, split, label, names)
        order = np.argsort(keys, kind="stable")
        count = np.array([cell[3] for cell in cells], dtype=np.int64)[order]
        run = _Run(_large(arrow.from_texts(ids)), labels, splits, keys[order], count)
        return cls((run,), data["ungrouped"])

    def presence(self, classes: Sequence[str]) -> GroupPresence:
        """Count the groups that hold each class, and the labelled rows in them."""
        from wcetool.core.schemes.evidence import GroupPresence  # all schemes come with it

        if not self.runs:
            return GroupPresence(
                n_groups=0,
                groups=np.zeros(len(classes), dtype=np.int64),
                samples=np.zeros(len(classes), dtype=np.int64),
            )
        (run,) = self.whole().runs
        group, _, label = run.cells()
        labelled = label >= 0
        group, label, count = group[labelled], label[labelled], run.count[labelled]
        sizes = np.zeros(len(run.ids), dtype=np.int64)
        np.add.at(sizes, group, count)
        place = {name: code for code, name in enumerate(classes)}
        index = np.array([place[name] for name in run.labels], dtype=np.int64)
        pairs = _distinct(group * len(classes) + index[label])
        holder, held = np.divmod(pairs, len(classes))
        samples = np.zeros(len(classes), dtype=np.int64)
        np.add.at(samples, held, sizes[holder])
        return GroupPresence(
            n_groups=int(np.count_nonzero(sizes)),
            groups=np.bincount(held, minlength=len(classes)),
            samples=samples,
        )

    def leaks(self, splits: Sequence[str]) -> GroupLeaks:
        """Find the groups that stand in more than one split, rows without a label included."""
        in_split = np.zeros(len(splits), dtype=np.int64)
        if not self.runs:
            return GroupLeaks(groups=0, leaked=0, in_split=in_split, examples=())
        (run,) = self.whole().runs
        group, split, _ = run.cells()
        pairs = _distinct((group * len(run.splits) + split)[split >= 0])
        group, split = np.divmod(pairs, max(len(run.splits), 1))
        times = np.bincount(group, minlength=len(run.ids))
        leaked = np.flatnonzero(times > 1)
        place = {name: code for code, name in enumerate(splits)}
        index = np.array([place[name] for name in run.splits], dtype=np.int64)
        np.add.at(in_split, index[split[times[group] > 1]], 1)
        names = arrow.as_values(run.ids.take(arrow.from_numpy(leaked))) if len(leaked) else []
        first = heapq.nsmallest(LISTED, zip(names, leaked.tolist(), strict=True))
        return GroupLeaks(
            groups=int(np.count_nonzero(times)),
            leaked=len(leaked),
            in_split=in_split,
            examples=tuple(
                (name, tuple(splits[i] for i in sorted(index[split[group == code]].tolist())))
                for name, code in first
            ),
        )


def _keys(
    group: npt.NDArray[Any],
    split: npt.NDArray[Any] | None,
    label: npt.NDArray[Any],
    names: tuple[Sequence[str], Sequence[str]],
) -> IntArray:
    """Write a cell as one number: (group (S + 1) + split + 1) (L + 1) + label + 1."""
    splits, labels = names
    keys: IntArray = group.astype(np.int64)  # written over: there may be a key a pixel
    if split is not None:
        keys *= len(splits) + 1
        keys += split
        keys += 1
    keys *= len(labels) + 1
    keys += label
    keys += 1
    return keys


def _merged(runs: Sequence[_Run]) -> _Run:
    """Put runs together: one dictionary of ids, splits and labels, and the cells added up."""
    encoded = pa.concat_arrays([run.ids for run in runs]).dictionary_encode()
    codes = arrow.as_numpy(encoded.indices, null=-1).astype(np.int64)
    labels = {name: None for run in runs for name in run.labels}
    splits = {name: None for run in runs for name in run.splits}
    label_place = {name: code for code, name in enumerate(labels)}
    split_place = {name: code for code, name in enumerate(splits)}
    names = (tuple(splits), tuple(labels))
    keys, start = [], 0
    for run in runs:
        group, split, label = run.cells()
        # The last of each is what -1 stands for.
        new_split = np.array([*(split_place[name] for name in run.splits), -1])
        new_label = np.array([*(label_place[name] for name in run.labels), -1])
        keys.append(_keys(codes[start + group], new_split[split], new_label[label], names))
        start += len(run.ids)
    together = np.concatenate(keys)
    order = np.argsort(together, kind="stable")
    together = together[order]
    starts = np.flatnonzero(_is_new(together))
    count = np.add.reduceat(np.concatenate([run.count for run in runs])[order], starts)
    return _Run(encoded.dictionary, names[1], names[0], together[starts], count, is_merged=True)


def _is_new(ascending: IntArray) -> npt.NDArray[np.bool_]:
    """Tell which values differ from the one before."""
    return np.concatenate(([True], ascending[1:] != ascending[:-1]))


def _distinct(values: IntArray) -> IntArray:
    """Return the distinct values, ascending; by sorting, which takes a fraction of hashing."""
    if not len(values):
        return values
    ascending = np.sort(values)
    return ascending[_is_new(ascending)]


def _ids(column: pa.Array, where: str) -> tuple[pa.Array, IntArray]:
    """Return the distinct ids as text, and the code of each row, -1 where it has none."""
    if not pa.types.is_dictionary(column.type) and not pa.types.is_null(column.type):
        column = column.dictionary_encode()
    if pa.types.is_dictionary(column.type) and _casts_to_its_text(column.type.value_type):
        try:
            ids = _large(column.dictionary)
        except pa.ArrowInvalid:  # bytes that are no UTF-8
            ids = None
        if ids is not None and not ids.null_count:
            return ids, _without_empty(ids, arrow.as_numpy(column.indices, null=-1))
    distinct = Distinct(column, where)
    ids = _large(arrow.from_texts([text or "" for text in distinct.texts]))
    return ids, _without_empty(ids, distinct.codes)


def _casts_to_its_text(kind: pa.DataType) -> bool:
    return any(
        test(kind)
        for test in (
            pa.types.is_string,
            pa.types.is_large_string,
            pa.types.is_binary,
            pa.types.is_large_binary,
            pa.types.is_integer,
        )
    )


def _without_empty(ids: pa.Array, codes: npt.NDArray[Any]) -> IntArray:
    """Return codes with -1 in place of the empty text."""
    wide = codes.astype(np.int64)
    offsets = np.frombuffer(ids.buffers()[1], dtype=np.int64)[ids.offset :][: len(ids) + 1]
    empty = np.flatnonzero(offsets[1:] == offsets[:-1]) if len(ids) else _NONE
    return np.where(np.isin(wide, empty), -1, wide) if len(empty) else wide


def _large(texts: pa.Array) -> pa.Array:
    return texts.cast(pa.large_string())


def _coded(texts: Sequence[str | None]) -> tuple[tuple[str, ...], IntArray]:
    names = tuple(dict.fromkeys(text for text in texts if text is not None))
    place: dict[str | None, int] = {name: code for code, name in enumerate(names)}
    return names, np.array([place.get(text, -1) for text in texts], dtype=np.int64)


def _name(names: Sequence[str], code: int) -> str | None:
    return None if code < 0 else names[code]
