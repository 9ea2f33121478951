"""Files that are held whole: weights, names, classes, shares, costs. Not data of rows.

They are small; what is larger than `MOST_BYTES`, such as a device that never ends, is refused.
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import numpy.typing as npt

from wcetool.data import npy_file, streams
from wcetool.errors import InputError

MOST_BYTES = 1 << 29


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
        If the file is none, holds Python objects, or not as many values as it says.
    """
    data = read_bytes(path)
    if data.startswith(b"PK"):
        raise InputError("holds several arrays, where one is expected", where=path)
    stream = io.BytesIO(data)
    header = npy_file.read_header(stream, path)
    if len(data) != header.size:
        raise InputError(
            f"has {len(data):,} bytes, where its header says {header.size:,}", where=path
        )
    rows = (0, header.rows)
    values = next(header.pieces(stream, rows, max(header.rows, 1), path), None)
    return np.empty(header.shape, header.dtype) if values is None else values.reshape(header.shape)
