"""Numbers of classes -> weights of rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wcetool.core.arrays import FloatArray
from wcetool.core.schemes.registry import Kind
from wcetool.core.vocabulary import Combine, MissingWeight

ROW_KINDS = (Kind.CLASS, Kind.SAMPLING_PROBABILITY, Kind.REPEAT_FACTOR)
"""The kinds of numbers from which a row takes one."""

_MISSING = {MissingWeight.ERROR: np.nan, MissingWeight.ZERO: 0.0, MissingWeight.ONE: 1.0}


def by_class(
    kind: Kind, number: Sequence[float], count: Sequence[int] | None, missing: MissingWeight
) -> FloatArray:
    """Return what a row of each class weighs, and last what one without a label does.

    Parameters
    ----------
    kind : Kind
        One of `ROW_KINDS`.
    number : sequence of float, shape (n_classes,)
        What the scheme gives each class.
    count : sequence of int, shape (n_classes,), or None
        Rows of each class; a probability is shared by them.
    missing : MissingWeight
        Under ``error`` the last one is NaN.

    Returns
    -------
    float64 array of shape (n_classes + 1,)
        The number of the class; of a sampling probability p_i / n_i, so that the rows sum to 1, and
        0 for a class without rows.
    """
    found = np.array(number, dtype=np.float64)
    if kind is Kind.SAMPLING_PROBABILITY:
        rows = np.array(count, dtype=np.float64)
        found = np.divide(found, rows, out=np.zeros(len(found)), where=rows > 0)
    return np.append(found, _MISSING[missing])


def combined(parts: Sequence[FloatArray], how: Combine) -> FloatArray:
    """Make one weight of those that each row has by several columns.

    Parameters
    ----------
    parts : sequence of float64 arrays of shape (n_rows,)
        One a column, at least one.
    how : Combine
        The mean, the largest, or the product; columns are taken from the first to the last.

    Returns
    -------
    float64 array of shape (n_rows,)

    Examples
    --------
    >>> combined([np.array([1.0, 2.0]), np.array([3.0, 0.5])], Combine.PRODUCT)
    array([3., 1.])
    """
    total, *others = parts
    for part in others:
        if how is Combine.MAX:
            total = np.maximum(total, part)
        else:
            total = total * part if how is Combine.PRODUCT else total + part
    return total / len(parts) if how is Combine.MEAN else total
