"""Signs that a file has a row for each id and class, although nobody says so: it is refused.

Read as it stands it would pass for one score a row, and its class for the truth.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from wcetool.data import arrow, streams
from wcetool.data.dataset import Dataset, Wanted
from wcetool.data.formats.table import Column, ColumnKind, Holds, ReadLog, Table
from wcetool.data.labels import Distinct
from wcetool.errors import InputError, quoted

LOOKED_AT = 4096  # rows, where nobody says that a file is long
MOST_COLUMNS = 8
SUM_OFF = 0.02
WATCHED = 200  # ids that are looked for in the rest of a file
_ID_NAMES = ("id", "ids", "uid", "uuid", "index", "idx", "sample", "image", "item", "row")


def refuse_long(dataset: Dataset, label: Column | None = None, score: Column | None = None) -> None:
    """Refuse a file whose rows are those of a long file: its first ones, or its ids, show it.

    Parameters
    ----------
    dataset : Dataset
        The file.
    label, score : Column, optional
        What would be taken for the truth and for the one score a row.

    Raises
    ------
    InputError
        With the option that reads it.
    """
    found = _looks_long(dataset.first, dataset)
    if found is None and label is not None and score is not None:
        one = _id_of_several_labels(dataset, label)
        found = None if one is None else (one, label, score)
    if found is None:
        return
    id_column, class_column, score = found
    raise InputError(
        f"looks like a row for each id and class: one {id_column.name!r} has several "
        f"{class_column.name!r}, each once",
        where=dataset.where,
        details=(f"columns: {quoted(dataset.first.names)}",),
        hint=f"--long {id_column.name},{class_column.name},{score.name}; --scores {score.name}, if "
        "a row is a prediction of its own",
    )


def _id_of_several_labels(dataset: Dataset, label: Column) -> Column | None:
    """Find a column called like ids of which each comes back with another label, and no other.

    Where the first rows have one label, the first ids are looked for in the rest of the file.
    """
    for column in dataset.first.columns:
        if not _is_id_name(column.name) or column.place == label.place:
            continue
        if column.holds not in (Holds.TEXT, Holds.NUMBERS):
            continue
        wanted = [Wanted(column, ColumnKind.LABEL), Wanted(label, ColumnKind.LABEL)]
        head = dataset.head(wanted)
        if head is None:
            return None
        parts = [arrow.first_rows(one, LOOKED_AT) for one in head.columns]
        ids, labels = (Distinct(one, dataset.where) for one in parts)
        pairs = dict.fromkeys(zip(ids.codes.tolist(), labels.codes.tolist(), strict=True))
        first = {ids.texts[one]: labels.texts[other] for one, other in reversed(pairs) if one >= 0}
        if len(pairs) < len(parts[0]) or len(first) < 2:
            continue  # the same id and label twice: other rows of one thing
        if 2 * (len(parts[0]) - len(first)) >= len(first):
            return column
        has_doubt = len(first) < len(parts[0]) or len(set(labels.codes.tolist())) == 1
        if not has_doubt or dataset.first.file.stream is not None:
            continue
        if _come_back(dataset, wanted, dict(list(first.items())[-WATCHED:])):
            return column
    return None


def _come_back(
    dataset: Dataset, wanted: Sequence[Wanted], watched: Mapping[str | None, str | None]
) -> bool:
    """Tell whether most of some ids, whose labels are given, come back with another label."""
    left = dict(watched)
    for split in dataset.splits():
        for batch in dataset.batches(split, wanted, streams.uncounted, ReadLog()):
            ids, labels = (Distinct(one, split.file.path) for one in batch.columns)
            is_watched = np.array([text in left for text in ids.texts] + [False])
            for row in np.flatnonzero(is_watched[ids.codes]).tolist():
                text, code = ids.texts[ids.codes[row]], labels.codes[row]
                if text in left and code >= 0 and labels.texts[code] != left[text]:
                    del left[text]
            if 2 * len(left) < len(watched):
                return True
    return False


def _looks_long(table: Table, dataset: Dataset) -> tuple[Column, Column, Column] | None:
    """Find the columns of id, class and probability of a long file; None where it is none."""
    some = [c for c in table.columns if c.holds in (Holds.TEXT, Holds.NUMBERS)][:MOST_COLUMNS]
    if len(some) < 3 or all(column.holds is Holds.TEXT for column in some):
        return None
    # As labels: a text among numbers is no fault of a column that nobody reads.
    head = dataset.head([Wanted(column, ColumnKind.LABEL) for column in some])
    if head is None or len(head) < 4:
        return None
    found = {
        column: Distinct(arrow.first_rows(head.column(place), LOOKED_AT), dataset.where)
        for place, column in enumerate(some)
    }
    codes = {
        column: np.unique(distinct.codes, return_inverse=True)[1]
        for column, distinct in found.items()
        if (distinct.codes >= 0).all()
    }
    for one, other in itertools.permutations(codes, 2):
        whole = _whole_ids(codes[one], codes[other])
        if whole is None:
            continue
        for score in some:
            values = None if score in (one, other) else _probabilities(found[score])
            if values is None:
                continue
            sums = np.bincount(codes[one], weights=values)[whole]
            if _is_id_name(one.name) or bool((np.abs(sums - 1.0) <= SUM_OFF).all()):
                return one, other, score
    return None


def _whole_ids(ids: Any, classes: Any) -> npt.NDArray[np.bool_] | None:
    """Return which ids have every class once; None where one but the last, cut off, has not."""
    n_ids, n_classes = int(ids.max()) + 1, int(classes.max()) + 1
    if n_ids < 2 or n_classes < 2 or abs(n_ids * n_classes - len(ids)) >= n_classes:
        return None
    if len(np.unique(ids * n_classes + classes)) < len(ids):
        return None
    whole: npt.NDArray[np.bool_] = np.bincount(ids) == n_classes
    last = np.arange(n_ids) == ids[-1]
    return whole if (whole | last).all() and whole.any() else None


def _probabilities(column: Distinct) -> npt.NDArray[np.float64] | None:
    """Return a column as numbers, if all lie in [0, 1] and one is a fraction."""
    try:
        values = np.array([float(text or "nan") for text in column.texts] + [np.nan])
    except ValueError:
        return None
    of_rows: npt.NDArray[np.float64] = values[column.codes]
    inside = bool((of_rows >= 0.0).all() and (of_rows <= 1.0).all())
    return of_rows if inside and bool((np.rint(of_rows) != of_rows).any()) else None


def _is_id_name(name: str) -> bool:
    word = name.strip().casefold()
    return word in _ID_NAMES or word.endswith(("_id", "_idx"))
