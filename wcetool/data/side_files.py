"""Files that are held whole: weights, names, classes, shares, costs. Not data of rows.

They are small; what is larger than `MOST_BYTES`, such as a device that never ends, is refused.
"""

from __future__ import annotations

import io
import math
import tokenize
from typing import Any

import numpy as np
import numpy.typing as npt

from wcetool.data import streams
from wcetool.errors import InputError

MOST_BYTES = 1 << 29

_HEADER_ERRORS = (
    *(ValueError, EOFError, TypeError, SyntaxError, KeyError),  # of a header that is no literal
    *(tokenize.TokenError, MemoryError, RecursionError, OverflowError),
)


def read_bytes(path: str) -> bytes:
    """Return the content of a file.

    Raises
    ------
    InputError
        If the system refuses, or it is larger than such a file can be.
    """
    try:
        with streams.open_file(path) as stream:
            data = streams.read_head(stream, MOST_BYTES + 1)
    except OSError as error:
        raise InputError(streams.os_message(error), where=path) from None
    if len(data) > MOST_BYTES:
        raise InputError(
            f"is larger than {MOST_BYTES >> 20} MB, where a small file is expected", where=path
        )
    return data


def read_npy(path: str) -> npt.NDArray[Any]:
    """Return the array of a .npy file; no object is ever loaded.

    Raises
    ------
    InputError
        If the file is none, holds Python objects, or fewer values than it says.
    """
    data = read_bytes(path)
    stream = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(stream)
        read_header = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        shape, is_fortran, dtype = read_header(stream)
    except _HEADER_ERRORS:
        raise InputError("is not a NumPy array of numbers", where=path) from None
    if dtype.hasobject:
        raise InputError(
            "is not a NumPy array of numbers: it holds Python objects, which are never loaded",
            where=path,
        )
    n_values = math.prod(shape)
    if n_values < 0 or len(data) - stream.tell() != n_values * dtype.itemsize:
        raise InputError(
            f"holds {len(data) - stream.tell():,} bytes of values, where its header says "
            f"{n_values} of {dtype.itemsize} bytes",
            where=path,
        )
    if not n_values:
        return np.empty(shape, dtype)
    values = np.frombuffer(data, dtype, n_values, stream.tell())
    return values.reshape(shape, order="F" if is_fortran else "C")
