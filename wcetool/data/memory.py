"""Python values -> a dataset: lists, NumPy, pandas, Polars and pyarrow columns.

A label of a list keeps the text of its own value (`1`, `1.0`, `True`); a column with one type
follows the rule of files.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from wcetool.data import registry
from wcetool.data.columns import choose_label_column
from wcetool.data.dataset import Dataset
from wcetool.data.formats import memory
from wcetool.data.labels import is_label_type, value_text
from wcetool.data.options import TextOptions
from wcetool.data.source import InputFile
from wcetool.errors import InputError, UsageError, counted

IN_MEMORY = "(memory)"
LABEL_NAME = "y_true"
SCORE_NAME = "y_score"
WEIGHT_NAME = "sample_weight"
GROUP_NAME = "groups"
SPLIT_NAME = "splits"


def as_paths(values: object, *, texts: bool = False) -> list[str] | None:
    """Return paths where `values` is one, or a list of `os.PathLike`; None for anything else.

    A list of texts is a list of labels, unless `texts` says that it is one of paths.

    Raises
    ------
    UsageError
        If it is bytes: neither a path nor a column of numbers is meant by them for certain.
    """
    if isinstance(values, bytes | bytearray):
        raise UsageError("bytes are neither a path nor labels", hint="os.fsdecode(path), or a list")
    if isinstance(values, str | os.PathLike):
        return [os.fspath(values)]
    if isinstance(values, list | tuple) and values:
        kinds = str | os.PathLike if texts else os.PathLike
        if all(isinstance(value, kinds) for value in values):
            return [os.fspath(value) for value in values]
    return None


def label_dataset(values: Any, beside: Mapping[str, Any] | None = None) -> Dataset:
    """Make a dataset of labels: a column, or a table of which one column is the label.

    Parameters
    ----------
    values : column or table
        The labels.
    beside : mapping of str to column, optional
        Columns that stand beside one of labels: sample weights, groups, splits.

    Raises
    ------
    InputError
        If the values are not labels, or the lengths differ.
    """
    beside = beside or {}
    if is_table(values):
        if beside:
            raise InputError(
                f"{next(iter(beside))} is given beside a table, whose columns have names",
                hint="sample_weight_column, group_column or split_column with the name of a column",
            )
        return table_dataset(_table(values))
    labels = label_column(values)
    columns, names = [labels], [LABEL_NAME]
    for name, given in beside.items():
        column = _weight_column(given) if name == WEIGHT_NAME else label_column(given)
        if len(column) != len(labels):
            what = name.replace("_", " ").removesuffix("s")
            raise InputError(f"{counted(len(column), what)} for {counted(len(labels), 'label')}")
        columns.append(column)
        names.append(name)
    return replace(table_dataset(pa.Table.from_arrays(columns, names=names)), is_bare_column=True)


def score_dataset(y_true: Any, y_score: Any, sample_weight: Any = None) -> tuple[Dataset, int]:
    """Make a dataset of labels or targets, sample weights if there are any, and scores.

    Returns
    -------
    dataset : Dataset
        The columns in this order.
    n_truth_columns : int
        How many are of the truth.

    Raises
    ------
    InputError
        If the lengths differ, or the scores are not numbers of one or two dimensions.
    """
    columns, names = _truth(y_true)
    n_truth, n_rows = len(columns), len(columns[0])
    if sample_weight is not None:
        weights = _weight_column(sample_weight)
        if len(weights) != n_rows:
            raise InputError(f"{len(weights):,} sample weights for {n_rows:,} labels")
        columns, names = [*columns, weights], [*names, WEIGHT_NAME]
    if is_table(y_score):
        table = _table(y_score)
        columns, names = [*columns, *table.columns], [*names, *table.column_names]
    else:
        columns, names = [*columns, _score_column(y_score)], [*names, SCORE_NAME]
    if len(columns[-1]) != n_rows:
        raise InputError(f"{n_rows:,} labels, but {len(columns[-1]):,} rows of scores")
    return table_dataset(pa.Table.from_arrays(columns, names=names)), n_truth


def _truth(y_true: Any) -> tuple[list[Any], list[str]]:
    """Return labels as one column, targets as a column each or one of lists; and their names."""
    if not is_table(y_true):
        if np.ndim(_as_array(y_true)) == 2:
            return [_score_column(y_true, LABEL_NAME)], [LABEL_NAME]
        return [label_column(y_true)], [LABEL_NAME]
    table = _table(y_true)
    if table.num_columns > 1 and all(map(_is_number, table.schema.types)):
        return list(table.columns), list(table.column_names)
    place = choose_label_column(table_dataset(table).first, None).column.place
    return [table.column(place)], [LABEL_NAME]


def _weight_column(values: Any) -> Any:
    weights = _score_column(values, WEIGHT_NAME, "(n_samples,)")
    if not pa.types.is_floating(weights.type):
        raise InputError(f"{WEIGHT_NAME} is not one number a row")
    return weights


def label_column(values: Any) -> pa.ChunkedArray:
    """Return labels as an Arrow column.

    Raises
    ------
    InputError
        If the values have more than one dimension, or a type that has no text.
    """
    _refuse_counts(values)
    if isinstance(values, pa.Array | pa.ChunkedArray):
        column = values
    elif isinstance(values, np.ndarray) or hasattr(values, "dtype"):
        column = _typed_column(values)
    elif hasattr(values, "to_arrow"):  # Polars
        column = values.to_arrow()
    else:
        column = _texts(values)
    chunked = column if isinstance(column, pa.ChunkedArray) else pa.chunked_array([column])
    if not is_label_type(chunked.type):
        raise InputError(
            f"labels of type {chunked.type} have no text",
            details=("a time that is meant as a label is to be given as text",)
            if pa.types.is_temporal(chunked.type)
            else (),
        )
    return chunked


def _refuse_counts(values: Any) -> None:
    """Refuse what `value_counts` returns: its values are no labels, and its labels an index."""
    if getattr(values, "name", None) in ("count", "proportion") and hasattr(values, "index"):
        if type(values.index).__name__ != "RangeIndex":
            raise InputError(
                "looks like the counts of value_counts(), where labels are expected",
                hint="series.value_counts().to_dict() for counts",
            )


def _typed_column(values: Any) -> pa.Array | pa.ChunkedArray:
    """Convert a NumPy array, or a pandas or Polars column."""
    if getattr(values, "ndim", 1) != 1:
        raise InputError(f"labels of {values.ndim} dimensions: one label a row is expected")
    if hasattr(values, "to_arrow"):
        return values.to_arrow()
    try:
        if values.dtype == object:
            return _texts(values)
        return pa.array(values, from_pandas=True)
    except (pa.ArrowException, TypeError):
        return _texts(values)


def _texts(values: Iterable[Any]) -> pa.Array:
    try:
        return pa.array([_text(value) for value in values], pa.string())
    except UnicodeEncodeError as error:
        raise InputError(f"label {error.object[:40]!r} cannot be written as UTF-8") from None
    except TypeError:
        if type(values).__name__ == "LazyFrame":
            raise InputError("is a LazyFrame, which holds no values", hint="collect() it") from None
        raise InputError(f"{type(values).__name__} is not a column of labels") from None


def _text(value: object) -> str | None:
    if isinstance(value, list | tuple | dict | set | np.ndarray):
        raise InputError(f"{value!r} is not one label")
    if type(value).__name__ in ("NAType", "NaTType"):  # pandas' missing values compare to nothing
        return None
    return value_text(value)


def is_table(values: object) -> bool:
    """Tell whether values are a table of columns."""
    return isinstance(values, pa.Table | pa.RecordBatch) or (
        hasattr(values, "__arrow_c_stream__") and hasattr(values, "columns")
    )


def _table(values: Any) -> pa.Table:
    """Convert a pandas or Polars frame; its index is no column."""
    if isinstance(values, pa.RecordBatch):
        return pa.Table.from_batches([values])
    if isinstance(values, pa.Table):
        return values
    if hasattr(values, "to_arrow"):
        return values.to_arrow()
    columns = [_frame_column(values.iloc[:, place]) for place in range(values.shape[1])]
    return pa.Table.from_arrays(columns, names=[str(name) for name in values.columns])


def _frame_column(series: Any) -> pa.Array | pa.ChunkedArray:
    """Convert a column of a pandas frame; one of mixed values becomes their texts."""
    try:
        return pa.array(series, from_pandas=True)
    except (pa.ArrowException, TypeError):
        return _texts(series)


def _as_array(values: Any) -> Any:
    """Return nested lists as an array, other values as they are."""
    if isinstance(values, list | tuple) and values and isinstance(values[0], list | tuple):
        try:
            return np.array(values, dtype=np.float64)
        except (TypeError, ValueError):
            return values[:1]
    return values if isinstance(values, np.ndarray) else None


def _is_number(kind: pa.DataType) -> bool:
    tests = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean)
    return any(test(kind) for test in tests)


def _score_column(
    y_score: Any, what: str = SCORE_NAME, expected: str = "(n_samples, n_classes)"
) -> pa.Array:
    """Return scores as one Arrow column: of lists for a matrix, whose memory is shared."""
    try:
        if isinstance(y_score, np.ma.MaskedArray):
            y_score = np.ma.filled(y_score.astype(np.float64), np.nan)
        scores = np.asarray(y_score)
        if scores.dtype.kind == "c":
            raise TypeError("complex numbers")
        if scores.dtype not in (np.float16, np.float32, np.float64):
            scores = scores.astype(np.float64)
    except (ValueError, TypeError, OverflowError):
        raise InputError(f"{what} is not an array of numbers") from None
    if scores.ndim == 2 and scores.shape[1] == 1:
        scores = scores[:, 0]
    if scores.ndim == 1:
        return pa.array(np.ascontiguousarray(scores))
    if scores.ndim != 2 or not scores.shape[1]:
        raise InputError(f"{what} has shape {scores.shape}: {expected} is expected")
    return pa.FixedSizeListArray.from_arrays(
        pa.array(np.ascontiguousarray(scores).reshape(-1)), scores.shape[1]
    )


def table_dataset(table: pa.Table) -> Dataset:
    """Make a dataset of a table in memory."""
    file = InputFile(IN_MEMORY, registry.MEMORY, table=table)
    return Dataset((memory.inspect(file, TextOptions()),))
