"""Masks in NumPy files: integers of shape (height, width), or a stack (n, height, width).

The header is NumPy's; the values are read as plain bytes, mask by mask, and never unpickled.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from math import prod
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from wcetool.data import npy_file, streams
from wcetool.data.formats.mask_values import Header, Pixels
from wcetool.errors import InputError

_CHANNELS = 4  # a last dimension of so many, or fewer, is one of colours


def header(location: str, name: str) -> Header:
    """Read the header.

    Raises
    ------
    InputError
        If it is no array of masks, or the file is shorter than it says.
    """
    with streams.open_file(location) as stream:
        shape, _, dtype = _header(stream, name)
    masks = 1 if len(shape) == 2 else shape[0]
    size = " x ".join(map(str, shape[-2:]))
    what = "a mask" if len(shape) == 2 else f"a stack of {masks:,} masks"
    meaning = f"{what} of {size} pixels, {dtype.name}: the class of a pixel is its value"
    return Header(masks, prod(shape[-2:]), meaning)


def read(location: str, name: str, masks: tuple[int, int] | None) -> Iterator[tuple[str, Pixels]]:
    """Read masks: the name of each, and its pixels; a range of a stack, or all.

    Raises
    ------
    InputError
        If the file is broken, or changed since its header was read.
    """
    with streams.open_file(location) as stream:
        shape, fortran, dtype = _header(stream, name)
        if len(shape) == 2:
            yield name, _pixels(_values(stream, shape, fortran, dtype, name), name)
            return
        start, stop = masks or (0, shape[0])
        if fortran:  # the masks lie across each other
            stack = _values(stream, shape, fortran, dtype, name)
            for i in range(start, stop):
                yield f"{name}[{i}]", _pixels(stack[i], name)
            return
        stream.seek(start * prod(shape[1:]) * dtype.itemsize, os.SEEK_CUR)
        for i in range(start, stop):
            yield f"{name}[{i}]", _pixels(_values(stream, shape[1:], fortran, dtype, name), name)


def _header(stream: BinaryIO, name: str) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    header = npy_file.read_header(stream, name)
    shape, dtype = header.shape, header.dtype
    if dtype.kind not in "iub":
        raise InputError(f"holds {dtype.name}, and masks are of integers", where=name)
    if len(shape) not in (2, 3) or min(shape) < 1:
        raise InputError(f"is of shape {shape}: no mask, and no stack of masks", where=name)
    if len(shape) == 3 and shape[2] <= _CHANNELS:
        raise InputError(
            f"is of shape {shape}: an image of {shape[2]} channels, and no stack of masks?",
            where=name,
        )
    n_bytes = prod(shape) * dtype.itemsize
    size = os.fstat(stream.fileno()).st_size - header.offset
    if size != n_bytes:
        state = "truncated" if size < n_bytes else "longer than it should be"
        raise InputError(
            f"is {state}: {size:,} bytes of values, where there should be {n_bytes:,}", where=name
        )
    return shape, header.by_column, dtype


def _values(
    stream: BinaryIO, shape: tuple[int, ...], fortran: bool, dtype: np.dtype[Any], name: str
) -> npt.NDArray[Any]:
    n_bytes = prod(shape) * dtype.itemsize
    try:
        data = streams.read_head(stream, n_bytes)
    except OSError as error:
        raise streams.read_error(error, name, None) from None
    if len(data) != n_bytes:
        raise InputError("is truncated, or changed while it was read", where=name)
    return np.frombuffer(data, dtype).reshape(shape, order="F" if fortran else "C")


def _pixels(values: npt.NDArray[Any], name: str) -> Pixels:
    native = values.astype(values.dtype.newbyteorder("="), order="C", copy=False)
    return Pixels(np.ascontiguousarray(native).reshape(-1), name)
