"""The cost matrix: a weight for every pair of true and predicted class, from a file.

CSV: the first row names the predicted classes, the first column the true ones. `.npy`: the bare
matrix, rows true and columns predicted, in class order.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from wcetool.core.arrays import FloatArray
from wcetool.data import side_files
from wcetool.errors import InputError, UsageError, counted, quoted

OPTION = "--cost-matrix"


def cost_matrix(given: Any, classes: Sequence[str]) -> FloatArray:
    """Return a cost matrix in class order.

    Parameters
    ----------
    given : path, or array of shape (n_classes, n_classes)
        Rows true, columns predicted; an array is in class order.
    classes : sequence of str
        The classes, in order.

    Returns
    -------
    float64 array of shape (n_classes, n_classes)
        Finite, at least 0.

    Raises
    ------
    InputError
        If the file cannot be read, or its classes differ; names them.
    UsageError
        If an array has another shape, or a weight is negative or not finite.
    """
    if hasattr(given, "index") and hasattr(given, "columns"):  # a pandas frame
        given = _in_order(given, classes)
    if isinstance(given, str | os.PathLike):
        path = os.fspath(given)
        if path in ("", "-"):
            raise UsageError(f"{path!r} is no file", where=OPTION, hint=f"{OPTION} costs.csv")
        matrix = _from_npy(path) if path.lower().endswith(".npy") else _from_csv(path, classes)
        where = path
    else:
        where = OPTION
        try:
            matrix = np.asarray(given, dtype=np.float64)
        except (TypeError, ValueError):
            raise UsageError("is not a matrix of numbers", where=where) from None
    if matrix.shape != (len(classes), len(classes)):
        shape = " x ".join(map(str, matrix.shape))
        raise InputError(
            f"the matrix is {shape}, for {counted(len(classes), 'class', 'classes')}",
            where=where,
            details=(f"classes: {quoted(classes)}",),
            hint="a row for each true class, a column for each predicted one",
        )
    bad = np.argwhere(~((matrix >= 0.0) & (matrix < np.inf)))
    if len(bad):
        true, predicted = (classes[k] for k in bad[0].tolist())
        raise InputError(
            f"the weight of true {quoted([true])} and predicted {quoted([predicted])} is "
            f"{float(matrix[tuple(bad[0])])!r}, not finite and at least 0",
            where=where,
        )
    return matrix


def _in_order(frame: Any, classes: Sequence[str]) -> Any:
    """Bring the rows and columns of a frame into class order; numbered ones are in order."""
    true, predicted = [*map(str, frame.index)], [*map(str, frame.columns)]
    if set(true) != set(classes) or set(predicted) != set(classes):
        return frame.to_numpy()
    rows, columns = ([names.index(label) for label in classes] for names in (true, predicted))
    return frame.to_numpy()[np.ix_(rows, columns)]


def _from_npy(path: str) -> FloatArray:
    values = side_files.read_npy(path)
    if values.dtype.kind not in "iuf" or values.ndim != 2:
        raise InputError(f"holds {values.dtype} of shape {values.shape}, no matrix", where=path)
    return np.asarray(values, dtype=np.float64)


def _from_csv(path: str, classes: Sequence[str]) -> FloatArray:
    try:
        text = side_files.read_bytes(path).decode("utf-8-sig")
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"is not a CSV file: {error}", where=path) from None
    if not rows:
        raise InputError("is empty", where=path)
    predicted, true = rows[0][1:], [row[0] for row in rows[1:]]
    for what, names in (("columns", predicted), ("rows", true)):
        if set(names) != set(classes) or len(names) != len(classes):
            lacking = [label for label in classes if label not in names]
            extra = [name for name in names if name not in set(classes)]
            raise InputError(
                f"its {what} are not the classes, once each",
                where=path,
                details=(
                    f"classes that are lacking: {quoted(lacking) or 'none'}",
                    f"names that are no class: {quoted(extra) or 'none'}",
                ),
                hint="the first row names the predicted classes, the first column the true ones",
            )
    by_pair: dict[tuple[str, str], float] = {}
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(predicted) + 1:
            raise InputError(
                f"{counted(len(row), 'field')}, where the header has {len(predicted) + 1}",
                where=f"{path}: line {number}",
            )
        for name, value in zip(predicted, row[1:], strict=True):
            try:
                by_pair[row[0], name] = float(value)
            except ValueError:
                raise InputError(
                    f"{value!r} is not a number", where=f"{path}: line {number}"
                ) from None
    return np.array([[by_pair[true, name] for name in classes] for true in classes])
