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
    """Wrap an int64 or float64 array."""
    kinds = {np.dtype(np.int64): pa.int64(), np.dtype(np.float64): pa.float64()}
    contiguous = np.ascontiguousarray(values)
    return pa.Array.from_buffers(
        kinds[contiguous.dtype], len(contiguous), [None, pa.py_buffer(contiguous)]
    )


def from_texts(texts: Sequence[str]) -> pa.Array:
    """Build a string array."""
    builder = pa.lib.StringBuilder()
    builder.append_values(list(texts))
    return builder.finish()


def constant_label(text: str | None, length: int) -> pa.Array:
    """Build a dictionary array that holds one text, or null, in every row."""
    indices = np.full(length, -1 if text is None else 0, dtype=np.int32)
    validity = pa.py_buffer(bytes((length + 7) // 8)) if text is None else None
    return pa.DictionaryArray.from_arrays(
        pa.Array.from_buffers(pa.int32(), length, [validity, pa.py_buffer(indices)]),
        from_texts([] if text is None else [text]),
    )
