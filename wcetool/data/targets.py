"""Columns of a batch -> targets: class codes, or a number for each class or label."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wcetool.core.arrays import IntArray
from wcetool.data import arrow
from wcetool.data.labels import IGNORED, Distinct
from wcetool.data.options import LabelRules
from wcetool.data.row_errors import unknown_labels
from wcetool.data.score_arrays import list_scores
from wcetool.errors import InputError, short_repr

# In the place of every target of a row without a cell, or with a label to be ignored: bytes that no
# target of a file is.
MISSING_ROW, _IGNORED_ROW = -128, -127

_NO_ROWS: IntArray = np.empty(0, dtype=np.int64)

Targets: TypeAlias = "npt.NDArray[Any] | Sequence[npt.NDArray[Any]]"
"""Of a batch: int64 classes (n_samples,), or numbers: (n_samples, n_classes), or a column each."""


def is_codes(targets: Targets) -> bool:
    """Tell whether targets are one class a row."""
    return isinstance(targets, np.ndarray) and targets.ndim == 1


def matrix_or_codes(targets: Targets) -> npt.NDArray[Any]:
    """Return targets as one array."""
    return targets if isinstance(targets, np.ndarray) else np.column_stack(list(targets))


def number_targets(
    columns: Sequence[pa.Array], where: str, first_row: int, *, what: str = "target"
) -> Targets:
    """Return target columns, true and false as 1 and 0, nulls as NaN; errors say `what` they hold.

    Raises
    ------
    InputError
        If a text is neither; names the row.
    """
    return [_numbers(column, where, first_row, what) for column in columns]


def list_targets(column: pa.Array, n_classes: int, where: str, first_row: int) -> Targets:
    """Return a column of lists of targets; a null list is a row of NaN."""
    return list_scores(column, n_classes, where, first_row)


class CellEncoder:
    """Turn cells of several labels into a number a label.

    Parameters
    ----------
    classes : sequence of str
        The labels that have a score, in order.
    rules : LabelRules
        How each text becomes a label.
    separator : str
        Stands between the labels of a cell.
    ignored : frozenset of str
        Labels whose rows are left out.
    """

    def __init__(
        self, classes: Sequence[str], rules: LabelRules, separator: str, ignored: frozenset[str]
    ) -> None:
        self._classes = classes
        self._place = {label: place for place, label in enumerate(classes)}
        self._rules = rules
        self._separator = separator
        self._ignored = ignored

    def encode(self, column: pa.Array, where: str, first_row: int) -> npt.NDArray[np.int8]:
        """Return 0 or 1 for each label, int8 array of shape (n_samples, n_labels); see `kept_rows`.

        Raises
        ------
        InputError
            If a label has no score; names the row.
        """
        distinct = Distinct(column, where)
        # The last row is that of a null.
        shape = (len(distinct.texts) + 1, len(self._classes))
        by_text = np.full(shape, MISSING_ROW, dtype=np.int8)
        unknown: dict[str, int] = {}
        for place, text in enumerate(distinct.texts):
            labels = cell_labels(text, self._separator, self._rules)
            if labels is None:
                continue
            if not self._ignored.isdisjoint(labels):
                by_text[place] = _IGNORED_ROW
                continue
            by_text[place] = 0
            for label in labels:
                if label in self._place:
                    by_text[place, self._place[label]] = 1
                else:
                    rows = np.flatnonzero(distinct.codes == place)
                    if len(rows):  # a dictionary may hold more than the batch
                        unknown.setdefault(label, int(rows[0]))
        if unknown:
            raise unknown_labels(unknown, self._classes, where, first_row)
        found: npt.NDArray[np.int8] = by_text[distinct.codes]
        return found


def cell_labels(text: str | None, separator: str, rules: LabelRules) -> list[str] | None:
    """Return the labels of a cell; None where the cell is missing."""
    if rules.whole(text) is None:
        return None
    found = (rules.label(part) for part in str(text).split(separator))
    return [label for label in found if label is not None]


def kept_rows(targets: Targets) -> tuple[IntArray | None, IntArray]:
    """Return the rows that have a target, None for all, and those that are to be ignored."""
    if isinstance(targets, np.ndarray) and targets.ndim == 1:
        if targets.min(initial=0) >= 0:
            return None, _NO_ROWS
        return np.flatnonzero(targets >= 0), np.flatnonzero(targets == IGNORED)
    first = targets[:, 0] if isinstance(targets, np.ndarray) else targets[0]
    if isinstance(targets, np.ndarray) and targets.dtype == np.int8:
        if first.min(initial=0) > _IGNORED_ROW:
            return None, _NO_ROWS
        ignored = (targets == _IGNORED_ROW).all(axis=1)
        empty = (targets == MISSING_ROW).all(axis=1)
        return np.flatnonzero(~(ignored | empty)), np.flatnonzero(ignored)
    if first.dtype.kind != "f" or not np.isnan(first).any():
        return None, _NO_ROWS
    lost = np.flatnonzero(np.isnan(first))
    if isinstance(targets, np.ndarray):
        lost = lost[np.isnan(targets[lost]).all(axis=1)]
    else:
        for column in targets[1:]:
            lost = lost[np.isnan(column[lost].astype(np.float64))]
    if not len(lost):
        return None, _NO_ROWS
    kept = np.ones(len(first), dtype=np.bool_)
    kept[lost] = False
    return np.flatnonzero(kept), _NO_ROWS


def rows_of(values: Any, rows: IntArray) -> Any:
    """Return some rows of scores or targets."""
    return values[rows] if isinstance(values, np.ndarray) else [column[rows] for column in values]


def _numbers(column: pa.Array, where: str, first_row: int, what: str) -> npt.NDArray[Any]:
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.uint8())
    elif pa.types.is_decimal(column.type):
        column = column.cast(pa.float64())
    elif not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        return _words(column, where, first_row, what)
    if column.null_count:
        return arrow.as_numpy(column, null=math.nan, dtype=np.float64)
    return arrow.as_numpy(column, null=math.nan)


def _words(column: pa.Array, where: str, first_row: int, what: str) -> npt.NDArray[np.float64]:
    """Read yes and no, true and false, and numbers that are written as text."""
    distinct = Distinct(column, where)
    values = np.full(len(distinct.texts) + 1, math.nan)  # the last one is that of a null
    for place, text in enumerate(distinct.texts):
        if not text:
            continue
        try:
            values[place] = word_value(text)
        except ValueError:
            rows = np.flatnonzero(distinct.codes == place)
            if not len(rows):
                continue
            row = int(rows[0])
            raise InputError(
                f"{short_repr(text)} is no {what}",
                where=f"{where}: row {first_row + row:,}",
                details=("expected: a number, true or false, yes or no",),
            ) from None
    found: npt.NDArray[np.float64] = values[distinct.codes]
    return found


def word_value(text: str) -> float:
    """Return 1 for yes and true, 0 for no and false, and a number that is written as text.

    Raises
    ------
    ValueError
        If it is none of these.
    """
    word = text.strip().casefold()
    return _WORDS[word] if word in _WORDS else float(text)


_WORDS = dict.fromkeys(("true", "yes", "y", "t"), 1.0) | dict.fromkeys(
    ("false", "no", "n", "f"), 0.0
)
