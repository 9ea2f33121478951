"""Arrays as NumPy writes them: the header, and the rows, piece by piece.

Rows are read into memory of our own and not mapped: a file that shrinks meanwhile is an error then,
and not the end of the process. Nothing that is pickled is ever loaded.
"""

from __future__ import annotations

import io
import math
import tokenize
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from wcetool.data import streams
from wcetool.errors import InputError, short_repr

MAGIC = b"\x93NUMPY"
_MOST_HEADER = 100_000  # characters; a field of a structured array takes about 30
_MOST_ROW = 1 << 26  # bytes
_READERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
    (3, 0): np.lib.format.read_array_header_2_0,  # differs in the encoding of names alone
}
# NumPy parses the header as a Python literal, with the tokenizer of Python.
_BROKEN = (
    *(ValueError, TypeError, OverflowError, RecursionError, MemoryError, SyntaxError, EOFError),
    tokenize.TokenError,
)


@dataclass(frozen=True, slots=True)
class ArrayHeader:
    """What the header of an array says.

    Attributes
    ----------
    dtype : NumPy dtype
        Of an element; may have fields.
    shape : tuple of int
        Of the array.
    by_column : bool
        The columns stand one after the other (Fortran order), not the rows.
    offset : int
        Bytes above the first element.
    """

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    by_column: bool
    offset: int

    @property
    def rows(self) -> int:
        """The length of the first dimension."""
        return self.shape[0] if self.shape else 1

    @property
    def width(self) -> int:
        """Elements a row."""
        return math.prod(self.shape[1:])

    @property
    def row_bytes(self) -> int:
        """Bytes a row."""
        return self.width * self.dtype.itemsize

    @property
    def size(self) -> int:
        """Bytes of header and array."""
        return self.offset + self.rows * self.row_bytes

    def read(self, stream: BinaryIO, n_rows: int, where: str) -> npt.NDArray[Any]:
        """Read the next rows of a stream that stands at one.

        Raises
        ------
        InputError
            If there are fewer.
        """
        rows = np.empty((n_rows, *self.shape[1:]), dtype=self.dtype)
        fill(stream, rows, where)
        return rows

    def read_columns(self, stream: BinaryIO, where: str) -> npt.NDArray[Any]:
        """Read the whole of an array that stands column after column."""
        columns = np.empty(self.shape[::-1], dtype=self.dtype)
        fill(stream, columns, where)
        return columns.T

    def pieces(
        self, stream: BinaryIO, rows: tuple[int, int], n_rows: int, where: str
    ) -> Iterator[npt.NDArray[Any]]:
        """Read a range of rows, so many at once, from a stream that can go anywhere."""
        start, stop = rows
        if not self.by_column:
            stream.seek(self.offset + start * self.row_bytes)
        for first in range(start, stop, n_rows):
            size = min(n_rows, stop - first)
            yield (
                self._gathered(stream, first, size, where)
                if self.by_column
                else self.read(stream, size, where)
            )

    def _gathered(self, stream: BinaryIO, first: int, n_rows: int, where: str) -> npt.NDArray[Any]:
        """Read a part of each column."""
        columns = np.empty((self.width, n_rows), dtype=self.dtype)
        for place, column in enumerate(columns):
            stream.seek(self.offset + (place * self.rows + first) * self.dtype.itemsize)
            fill(stream, column, where)
        return columns.T


def fill(stream: BinaryIO, array: npt.NDArray[Any], where: str) -> None:
    """Read the bytes of a contiguous array.

    Raises
    ------
    InputError
        If there are fewer.
    """
    if not array.nbytes:
        return
    left = array.reshape(-1).view(np.uint8).data
    while len(left):
        try:
            n_bytes = stream.readinto(left)  # type: ignore[attr-defined]
        except OSError as error:
            raise InputError(streams.os_message(error), where=where) from None
        if not n_bytes:
            raise InputError(
                f"ends {len(left):,} bytes too early: truncated, or changed while it was read",
                where=where,
            )
        left = left[n_bytes:]


def read_header(stream: BinaryIO, where: str) -> ArrayHeader:
    """Read the header of an array, without its elements.

    Raises
    ------
    InputError
        If it is none, or of pickled objects.
    """
    counter = _Counting(stream)
    try:
        if counter.read(len(MAGIC)) != MAGIC:
            raise ValueError("the first bytes are not those of an array")
        major, minor = counter.read(2).ljust(2, b"\xff")
        reader: Callable[..., Any] | None = _READERS.get((major, minor))
        if reader is None:
            raise ValueError(f"version {major}.{minor} of the format is not known")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Python 2
            shape, by_column, dtype = reader(counter, max_header_size=_MOST_HEADER)
        if major == 3:
            dtype = _renamed(dtype)
    except _BROKEN as error:
        raise streams.broken_file(error, where, "NumPy array") from None
    _refuse_objects(dtype, where)
    if any(length < 0 for length in shape):
        raise InputError(f"has shape {shape_text(shape)}", where=where)
    by_column = bool(by_column) and len(shape) > 1
    return ArrayHeader(dtype, tuple(shape), by_column, counter.position)


def refuse_shape(header: ArrayHeader, where: str) -> None:
    """Refuse an array that is no table: of other than one or two dimensions, or of huge rows.

    Raises
    ------
    InputError
        With its shape.
    """
    if len(header.shape) not in (1, 2):
        raise InputError(
            f"has shape {shape_text(header.shape)}, where one or two dimensions are read",
            where=where,
            hint="--input-format masks, if its values are the classes of pixels"
            if len(header.shape) > 2
            else None,
        )
    if header.row_bytes > _MOST_ROW:
        raise InputError(
            f"a row takes {header.row_bytes:,} bytes, where {_MOST_ROW:,} are the limit",
            where=where,
        )


class _Counting(io.RawIOBase):
    """A stream that knows how much was read of it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.position = 0

    def read(self, size: int = -1, /) -> bytes:
        data = self._stream.read(size)
        self.position += len(data)
        return data


def _refuse_objects(dtype: np.dtype[Any], where: str) -> None:
    if dtype.hasobject:
        raise InputError(
            "holds Python objects, which are pickled: loading them would run code of the file, so "
            "they are never loaded",
            where=where,
            hint="np.save(path, array.astype(str)) saves labels as text",
        )


def shape_text(shape: tuple[int, ...]) -> str:
    """Write a shape, cut where it is very long."""
    return short_repr(str(shape))[1:-1]


def _renamed(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Read the names of fields as UTF-8, which version 3.0 writes."""
    if dtype.names is not None:
        dtype.names = tuple(name.encode("latin-1").decode("utf-8") for name in dtype.names)
    return dtype
