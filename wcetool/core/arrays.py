"""Array types of the core, and memory that its kernels use again and again.

float64 and int64 everywhere, whatever the file holds.
"""

from __future__ import annotations

import math
import threading
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float64]
IntArray: TypeAlias = npt.NDArray[np.int64]
BoolArray: TypeAlias = npt.NDArray[np.bool_]

_OF_THREAD = threading.local()

_DENSE_VALUES = 1 << 20


def scratch(
    name: str, shape: int | tuple[int, ...], dtype: npt.DTypeLike = np.float64
) -> npt.NDArray[Any]:
    """Return an array of this thread to write into; what it held under this name is lost.

    New memory costs more than most kernels: the system hands it out page by page.
    """
    shape = (shape,) if isinstance(shape, int) else shape
    size = math.prod(shape)
    held: npt.NDArray[Any] | None = getattr(_OF_THREAD, name, None)
    if held is None or len(held) < size or held.dtype != dtype:
        held = np.empty(size, dtype=dtype)
        setattr(_OF_THREAD, name, held)
    return held[:size].reshape(shape)


def occurring(values: IntArray, n_values: int) -> tuple[IntArray, IntArray]:
    """Return the distinct values, ascending, and how often each occurs.

    Parameters
    ----------
    values : int64 array of shape (n,)
        From 0 to `n_values` - 1.
    n_values : int
        How many there may be: of many more than occur, they are found by sorting.
    """
    if n_values > max(_DENSE_VALUES, len(values)):
        found, count = np.unique(values, return_counts=True)
        return found, count
    dense = np.bincount(values, minlength=n_values)
    found = np.flatnonzero(dense)
    return found, dense[found]
