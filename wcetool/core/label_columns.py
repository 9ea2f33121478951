"""Columns of scores and targets of several labels: what their types tell, and copies of rows.

What is done with the copies is in `label_scoring`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from wcetool.core.losses import Scores

Targets: TypeAlias = "npt.NDArray[Any] | Sequence[npt.NDArray[Any]]"
"""Targets of a batch: an array (n_samples, n_labels), or a column (n_samples,) for each label."""


def whole_truths(targets: Targets) -> Targets | None:
    """Return targets that are 0 and 1 by type and value as booleans, or small integers."""
    columns = [targets] if isinstance(targets, np.ndarray) else targets
    truths = []
    for column in columns:
        if column.dtype.kind not in "biu":
            return None
        if column.dtype.kind != "b":
            # As unsigned numbers, negative ones are larger than 1.
            unsigned = column.view(column.dtype.str.replace("i", "u"))
            if unsigned.size and not unsigned.max() <= 1:
                return None
        truths.append(column.view(bool) if column.dtype.itemsize == 1 else column)
    return truths[0] if isinstance(targets, np.ndarray) else truths


def are_narrow(scores: Scores) -> bool:
    """Tell whether scores have at most the digits of float32."""
    columns = [scores] if isinstance(scores, np.ndarray) else scores
    return all(column.dtype in (np.float32, np.float16) for column in columns)


def copy_rows(values: Targets, rows: slice, block: npt.NDArray[Any], label_axis: int) -> None:
    """Copy some rows into a block."""
    by_label = block if label_axis == 0 else block.T
    if isinstance(values, np.ndarray):
        by_label[...] = values[rows].T
    else:
        for label, column in enumerate(values):
            by_label[label] = column[rows]
