"""Rows with any number of labels in memory: arrays of 0 and 1, lists of labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from wcetool.data.dataset import Dataset
from wcetool.data.labels import value_text
from wcetool.data.memory import IN_MEMORY, LABEL_NAME, is_table, table_dataset
from wcetool.data.truth_columns import TruthColumns, TruthForm
from wcetool.errors import InputError


@dataclass(frozen=True, slots=True)
class LabelMatrix:
    """An array with a column a label."""

    dataset: Dataset
    truth: TruthColumns
    notes: tuple[str, ...] = ()


def label_matrix(values: Any, classes: Sequence[str] | None) -> LabelMatrix | None:
    """Return an array of two dimensions as a column a label; None for anything else.

    Nested lists are an array if all are of one length of at least 2 and hold 0 and 1 alone.

    Parameters
    ----------
    values : any
        What the caller gave.
    classes : sequence of str, optional
        The labels, in the order of the columns; without them these are numbered from 0.

    Raises
    ------
    InputError
        If there are more or fewer columns than classes.
    """
    notes: tuple[str, ...] = ()
    if _is_nested(values):
        if not _is_binary(values):
            return None
        values = np.array(values, dtype=np.uint8)
        notes = ("lists of 0 and 1, all of one length, are read as a column a label",)
    elif is_table(values) or getattr(values, "ndim", None) != 2:
        return None
    array = np.asarray(values)
    names = [str(place) for place in range(array.shape[1])] if classes is None else [*classes]
    if len(names) != array.shape[1] or not names:
        raise InputError(
            f"an array of {array.shape[1]:,} columns, where there are {len(names):,} classes",
            where=IN_MEMORY,
        )
    columns = [_column(array[:, place]) for place in range(len(names))]
    found = table_dataset(pa.Table.from_arrays(columns, names=names))
    found = replace(found, is_bare_column=True)
    truth = TruthColumns(
        form=TruthForm.NUMBERS,
        columns=found.first.columns,
        class_names=tuple(names),
        where=IN_MEMORY,
    )
    return LabelMatrix(found, truth, notes)


def label_lists(values: Any) -> list[list[str] | None] | None:
    """Return rows that are lists, tuples or sets of labels; None for anything else.

    Raises
    ------
    InputError
        If only some rows are lists, or an entry is no label.
    """
    if hasattr(values, "to_arrow") and not is_table(values):  # Polars
        values = values.to_arrow()
    if isinstance(values, pa.Array | pa.ChunkedArray) and pa.types.is_nested(values.type):
        values = values.to_pylist()
    elif getattr(values, "dtype", None) == np.dtype(object) and getattr(values, "ndim", 1) == 1:
        values = list(values)
    if not isinstance(values, list | tuple) or not any(map(_is_row, values)):
        return None
    return [_row(row, number) for number, row in enumerate(values, start=1)]


def _row(row: Any, number: int) -> list[str] | None:
    if _is_row(row):
        return [text for text in map(_text, row) if text is not None]
    if row is None or (isinstance(row, float) and row != row):  # noqa: PLR0124
        return None
    raise InputError(
        f"{row!r} is no list of labels, and other rows are", where=f"{LABEL_NAME}: row {number:,}"
    )


def _text(label: Any) -> str | None:
    if _is_row(label) or isinstance(label, dict):
        raise InputError(f"{label!r} is not one label")
    return value_text(label)


def _is_row(value: Any) -> bool:
    return isinstance(value, list | tuple | set | frozenset) or (
        isinstance(value, np.ndarray) and value.ndim == 1
    )


def _is_nested(values: Any) -> bool:
    return isinstance(values, list | tuple) and bool(values) and all(map(_is_row, values))


def _is_binary(rows: Sequence[Any]) -> bool:
    if any(isinstance(row, set | frozenset) for row in rows):
        return False
    lengths = {len(row) for row in rows}
    return (
        len(lengths) == 1 and min(lengths) > 1 and all(_is_bit(one) for row in rows for one in row)
    )


def _is_bit(value: Any) -> bool:
    return isinstance(value, int | float | np.integer | np.floating | np.bool_) and value in (0, 1)


def _column(values: Any) -> pa.Array:
    try:
        return pa.array(np.ascontiguousarray(values), from_pandas=True)
    except (pa.ArrowException, TypeError):
        return pa.array([value_text(value) for value in values], pa.string())
