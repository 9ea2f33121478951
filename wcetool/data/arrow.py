"""Arrow arrays to NumPy and back, without pandas.

`pa.array`, `pa.scalar` and `Array.to_numpy` load pandas when it is installed, which costs more time
than most label files need in all. The buffers and DLPack do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wcetool.core.arrays import scratch
from wcetool.errors import InputError

KEPT_VALUES = 1 << 24
TILE_COLUMNS = 64  # what is transposed at once stays in the cache
_TILE_ROWS = 1 << 10


def as_values(array: pa.Array) -> list[Any]:
    """Return values as Python has them.

    Raises
    ------
    InputError
        If a text is not UTF-8: a binary format may hold any bytes where it says text.
    """
    try:
        values: list[Any] = array.to_pylist()
    except UnicodeDecodeError as error:
        raise InputError(f"{error.object[:40]!r} is not UTF-8 text") from None
    return values


def as_numpy(
    array: pa.Array, *, null: float, dtype: npt.DTypeLike | None = None
) -> npt.NDArray[Any]:
    """Return the values of a numeric array, `null` in place of nulls.

    Without nulls, and in the array's own dtype, the result is a read-only view of its memory.
    """
    if not array.null_count:
        view = np.from_dlpack(array)
        return view if dtype is None else view.astype(dtype, copy=False)
    bare = pa.Array.from_buffers(
        array.type, len(array), [None, array.buffers()[1]], offset=array.offset
    )
    view = np.from_dlpack(bare)
    values = view.astype(view.dtype if dtype is None else dtype)
    values[np.from_dlpack(array.is_valid().cast(pa.uint8())) == 0] = null
    return values


def from_numpy(values: npt.NDArray[Any]) -> pa.Array:
    """Wrap an array of integers of 64 bits, or of floats."""
    contiguous = np.ascontiguousarray(values)
    return pa.Array.from_buffers(
        _KINDS[contiguous.dtype], len(contiguous), [None, pa.py_buffer(contiguous)]
    )


_KINDS = {
    np.dtype(np.int64): pa.int64(),
    np.dtype(np.float64): pa.float64(),
    np.dtype(np.float32): pa.float32(),
    np.dtype(np.float16): pa.float16(),
}


def row_memory(n_rows: int, n_columns: int, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """Return an array of shape (n_rows, n_columns) to write into.

    Unless it is very large, it is overwritten by the next one that this thread asks for.
    """
    size = n_rows * n_columns
    flat = scratch("rows", size, dtype) if size <= KEPT_VALUES else np.empty(size, dtype)
    return flat.reshape(n_rows, n_columns)


def write_rows(columns: pa.RecordBatch, rows: npt.NDArray[Any]) -> None:
    """Write columns of numbers side by side into an array of shape (n_rows, n_columns).

    Nulls become NaN; numbers that are no floats become float64 first.
    """
    if any(not pa.types.is_floating(kind) for kind in columns.schema.types):
        columns = pa.RecordBatch.from_arrays(
            [column.cast(pa.float64(), safe=False) for column in columns.columns],
            names=columns.schema.names,
        )
    n_columns = len(columns.schema)
    for first in range(0, n_columns, TILE_COLUMNS):
        chosen = range(first, min(first + TILE_COLUMNS, n_columns))
        slab = columns.select(list(chosen))
        for start in range(0, len(columns), _TILE_ROWS):
            tile = slab.slice(start, _TILE_ROWS).to_tensor(null_to_nan=True, row_major=True)
            rows[start : start + _TILE_ROWS, first : chosen.stop] = tile.to_numpy()


def lists_of(rows: npt.NDArray[Any]) -> pa.Array:
    """Wrap a contiguous array of shape (n_rows, n_columns) as a column of lists."""
    return pa.FixedSizeListArray.from_arrays(from_numpy(rows.reshape(-1)), rows.shape[1])


def from_texts(texts: Sequence[str | None]) -> pa.Array:
    """Build a string array, None as null."""
    builder = pa.lib.StringBuilder()
    builder.append_values(list(texts))
    return builder.finish()


def text_bytes(texts: pa.Array) -> memoryview:
    """Return the UTF-8 bytes of all texts of a string array without an offset, joined."""
    _, ends, data = texts.buffers()
    if not len(texts):
        return memoryview(b"")
    return memoryview(data)[: int(np.frombuffer(ends, np.int32)[len(texts)])]


def dictionary(codes: npt.NDArray[np.int32], texts: Sequence[str]) -> pa.Array:
    """Build a dictionary array; a code of -1 is null."""
    codes = np.ascontiguousarray(codes)
    valid = codes >= 0
    is_whole = bool(valid.all())
    validity = None if is_whole else pa.py_buffer(np.packbits(valid, bitorder="little"))
    indices = pa.Array.from_buffers(pa.int32(), len(codes), [validity, pa.py_buffer(codes)])
    return pa.DictionaryArray.from_arrays(indices, from_texts(texts))


def constant_label(text: str | None, length: int) -> pa.Array:
    """Build a dictionary array that holds one text, or null, in every row."""
    indices = np.full(length, -1 if text is None else 0, dtype=np.int32)
    validity = pa.py_buffer(bytes((length + 7) // 8)) if text is None else None
    return pa.DictionaryArray.from_arrays(
        pa.Array.from_buffers(pa.int32(), length, [validity, pa.py_buffer(indices)]),
        from_texts([] if text is None else [text]),
    )


def first_rows(column: pa.Array, n_rows: int) -> pa.Array:
    """Return the first rows of a column, with no more of a dictionary than they need."""
    part = column.slice(0, n_rows)
    return part.dictionary_decode() if pa.types.is_dictionary(part.type) else part
