"""Arrow columns of scores -> NumPy arrays: a view of few columns, the rows of many."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wcetool.core.losses import COLUMN_LAYOUT, Scores
from wcetool.data import arrow
from wcetool.errors import InputError


def column_scores(columns: Sequence[pa.Array]) -> Scores:
    """Return score columns, nulls as NaN.

    Returns
    -------
    n_columns arrays of shape (n_samples,)
        Views of the columns where they have no nulls.
    or an array of shape (n_samples, n_columns)
        Where there are so many columns that the kernels work row by row, or the reader has laid
        them side by side already; overwritten by the next one that this thread asks for.
    """
    first = columns[0]
    if pa.types.is_fixed_size_list(first.type):
        return arrow.as_numpy(first.flatten(), null=math.nan).reshape(len(first), -1)
    arrays = [arrow.as_numpy(column, null=math.nan) for column in columns]
    if len(columns) <= COLUMN_LAYOUT or len({array.dtype for array in arrays}) > 1:
        return arrays
    rows = arrow.row_memory(len(first), len(columns), arrays[0].dtype)
    names = [str(k) for k in range(len(columns))]
    arrow.write_rows(pa.RecordBatch.from_arrays(columns, names=names), rows)
    return rows


def score_matrix(scores: Scores) -> npt.NDArray[Any]:
    """Return scores as an array of shape (n_samples, n_columns)."""
    return scores if isinstance(scores, np.ndarray) else np.column_stack(list(scores))


def list_scores(column: pa.Array, n_classes: int, where: str, first_row: int) -> npt.NDArray[Any]:
    """Return a column of lists as an array of shape (n_samples, n_classes), nulls as NaN.

    Raises
    ------
    InputError
        If a list has another length; names the row.
    """
    lengths = list_lengths(column)
    wrong = np.flatnonzero((lengths != n_classes) & (lengths >= 0))
    if len(wrong):
        row = int(wrong[0])
        raise InputError(
            f"a list of {lengths[row]:,} scores, where there are {n_classes:,} classes",
            where=f"{where}: row {first_row + row:,}",
        )
    values = column.flatten()  # leaves null lists out
    if not pa.types.is_floating(values.type):
        values = values.cast(pa.float64(), safe=False)
    filled = arrow.as_numpy(values, null=math.nan).reshape(-1, n_classes)
    if len(filled) == len(column):
        return filled
    scores = np.full((len(column), n_classes), math.nan, dtype=filled.dtype)
    scores[lengths >= 0] = filled
    return scores


def from_percent(scores: Scores) -> Scores:
    """Return scores divided by 100: of a value with few decimals, the float of what it means.

    58.9 becomes 0.589 and nothing beside it, so that the decimals of the file can still be seen.
    """
    if isinstance(scores, np.ndarray):
        return _hundredth(scores)
    return [_hundredth(column) for column in scores]


def _hundredth(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    scale = _PERCENT_SCALE.get(values.dtype, _PERCENT_SCALE[np.dtype(np.float64)])
    wide = values.astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        units = np.rint(wide * scale)
        is_short = (units / scale).astype(values.dtype) == values
        found = np.where(is_short & (np.abs(units) < 2.0**53), units / (scale * 100.0), wide / 100)
    return found.astype(values.dtype)


_PERCENT_SCALE = {  # 1 for the last decimal that a percentage of the type can hold
    np.dtype(np.float64): 1e8,
    np.dtype(np.float32): 1e4,
    np.dtype(np.float16): 1e1,
}


def list_lengths(column: pa.Array) -> npt.NDArray[np.int64]:
    """Return the length of each list, -1 for a null."""
    return arrow.as_numpy(column.value_lengths(), null=-1, dtype=np.int64)
