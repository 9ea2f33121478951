"""What columns with an Arrow type hold: shared by the formats that know their types."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from wcetool.data.formats.table import Column, ColumnKind, Holds
from wcetool.data.labels import is_label_type

BATCH_VALUES = 1 << 23  # values a batch, at most
BATCH_ROWS = 1 << 17
_LENGTH_UNKNOWN = 100  # values that a list of unknown length is taken to hold
# A double is rounded too finely to matter, and text is written from doubles.
_NARROW: dict[pa.DataType, np.dtype[Any]] = {
    pa.float16(): np.dtype(np.float16),
    pa.float32(): np.dtype(np.float32),
}
_EPSILON = {kind: float(np.finfo(dtype).eps) for kind, dtype in _NARROW.items()}


def columns_of(schema: pa.Schema) -> list[Column]:
    """Describe the top-level columns of a schema."""
    return [
        Column(
            field.name,
            place,
            _holds(field.type),
            _EPSILON.get(_value_type(field.type), 0.0),
            _length(field.type),
        )
        for place, field in enumerate(schema)
    ]


def batch_rows(columns: Iterable[Column]) -> int:
    """Return how many rows of these columns make a batch."""
    width = sum(column.length for column in columns)
    return max(1, min(BATCH_ROWS, BATCH_VALUES // max(width, 1)))


def float_dtype(column: Column) -> np.dtype[Any]:
    """Return the dtype that the numbers of a column are read in."""
    narrow = (_NARROW[kind] for kind, unit in _EPSILON.items() if unit == column.rounding_unit)
    return next(narrow, np.dtype(np.float64))


def used_categories(column: pa.Array) -> pa.Array:
    """Leave the categories out of a dictionary column that no row has; other columns stay."""
    if not pa.types.is_dictionary(column.type):
        return column
    used, values = column.indices.dictionary_encode(), column.dictionary
    if pa.types.is_string_view(values.type):  # which Arrow cannot take from
        values = values.cast(pa.large_string())
    return pa.DictionaryArray.from_arrays(used.indices, values.take(used.dictionary))


def in_order(
    arrays: Iterable[pa.Array], columns: Sequence[tuple[int, ColumnKind]]
) -> pa.RecordBatch:
    """Make a batch of columns named by place; scores that are no floats become float64."""
    ready = [
        array.cast(pa.float64(), safe=False)
        if kind is ColumnKind.SCORE and not pa.types.is_floating(array.type)
        else array
        for array, (_, kind) in zip(arrays, columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(ready, names=[str(place) for place, _ in columns])


def _holds(kind: pa.DataType) -> Holds:
    if _is_list(kind) and _is_number(_value_type(kind)):
        return Holds.NUMBER_LISTS
    if _is_number(kind):
        return Holds.NUMBERS
    return Holds.TEXT if is_label_type(kind) else Holds.OTHER


def _is_list(kind: pa.DataType) -> bool:
    return any(
        test(kind)
        for test in (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    )


def _is_number(kind: pa.DataType) -> bool:
    return any(
        test(kind) for test in (pa.types.is_floating, pa.types.is_integer, pa.types.is_decimal)
    )


def _value_type(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if _is_list(kind) else kind


def _length(kind: pa.DataType) -> int:
    if pa.types.is_fixed_size_list(kind):
        size: int = kind.list_size
        return size
    return _LENGTH_UNKNOWN if _is_list(kind) else 1
