"""Arrow columns of scores -> NumPy arrays, without a copy where the memory allows it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wcetool.core.losses import Scores
from wcetool.data import arrow
from wcetool.errors import InputError


def column_scores(columns: Sequence[pa.Array]) -> Scores:
    """Return score columns as arrays of shape (n_samples,), nulls as NaN."""
    return [arrow.as_numpy(column, null=math.nan) for column in columns]


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


def list_lengths(column: pa.Array) -> npt.NDArray[np.int64]:
    """Return the length of each list, -1 for a null."""
    return arrow.as_numpy(column.value_lengths(), null=-1, dtype=np.int64)
