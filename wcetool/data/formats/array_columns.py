"""NumPy arrays -> columns of a table: what npy and npz share.

====================  ==============================================================
array                 columns
====================  ==============================================================
one dimension         one: of labels, or of one score a row where it holds floats
two, floats           one, whose values are lists; a column each where all are 0 or 1
two, anything else    one for each column of the array
fields                one for each field
====================  ==============================================================

An array of one column counts as one of one dimension.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wcetool.data import arrow
from wcetool.data.formats import typed
from wcetool.data.formats.table import ColumnKind, Table
from wcetool.data.npy_file import ArrayHeader, refuse_shape
from wcetool.data.source import InputFile
from wcetool.errors import InputError

LABEL, SCORE, SCORES = "label", "score", "scores"  # what columns are called that have no name
MOST_COLUMNS = 100_000
_HEAD_ROWS, _HEAD_BYTES = 1 << 14, 4 << 20
_FEW_VALUES = 1 << 12  # of integers, that are told apart by a table and not by a hash

_NUMBERS = {
    np.dtype(f"{kind}{size}"): getattr(pa, f"{word}{8 * size}")()
    for kind, word in (("i", "int"), ("u", "uint"), ("f", "float"))
    for size in (1, 2, 4, 8)
    if kind != "f" or size > 1
}


@dataclass(frozen=True, slots=True)
class ArrayColumn:
    """A column of an array.

    Attributes
    ----------
    name : str
        What it is called.
    kind : pa.DataType
        Of its values; that of a struct where they are neither labels nor scores.
    values : callable
        Takes rows of the array, returns those of the column.
    """

    name: str
    kind: pa.DataType
    values: Callable[[npt.NDArray[Any]], npt.NDArray[Any]]

    @property
    def is_list(self) -> bool:
        """Whether its values are lists."""
        return bool(pa.types.is_fixed_size_list(self.kind))

    def arrow(self, rows: npt.NDArray[Any], where: str, *, encode: bool) -> pa.Array:
        """Return the column of some rows, integers as a dictionary where `encode` says so.

        Raises
        ------
        InputError
            If a text cannot be read.
        """
        values = self.values(rows)
        if values.dtype.kind in "US":
            return _texts(np.ascontiguousarray(values), where)
        values = values.astype(values.dtype.newbyteorder("="), copy=False)
        if values.dtype == np.bool_:
            return _numbers(values.view(np.uint8)).cast(pa.bool_())
        if values.ndim == 2:
            return arrow.lists_of(np.ascontiguousarray(values))
        if encode and values.dtype.kind in "iu":
            return _few_integers(values)
        return _numbers(values)


def columns_of(header: ArrayHeader, name: str, where: str) -> list[ArrayColumn]:
    """Return the columns of an array; `name` is that of its key, empty where there is none.

    Raises
    ------
    InputError
        If the array can be no table.
    """
    refuse_shape(header, where)
    dtype, shape = header.dtype, header.shape
    if dtype.names is not None:
        if len(shape) > 1:
            raise InputError(
                f"has fields and shape {shape}: one dimension is expected", where=where
            )
        return [_field(dtype, field) for field in dtype.names]
    if _type_of(dtype) is None:
        raise InputError(
            f"holds values of type {dtype}, which are neither labels nor scores", where=where
        )
    if len(shape) == 1:
        return [_column(name or _usual_name(dtype), dtype, lambda rows: rows)]
    if shape[1] == 1:
        return [_column(name or _usual_name(dtype), dtype, partial(_column_of, 0))]
    if not shape[1]:
        raise InputError(f"has shape {shape}: no column", where=where)
    if dtype.kind == "f":
        kind = pa.list_(_NUMBERS[dtype.newbyteorder("=")], shape[1])
        return [ArrayColumn(name or SCORES, kind, lambda rows: rows)]
    return split_columns(header, name, where)


def split_columns(header: ArrayHeader, name: str, where: str) -> list[ArrayColumn]:
    """Return each column of an array of two dimensions on its own.

    Raises
    ------
    InputError
        If there are too many, or it may be a column that lies on its side.
    """
    n_rows, n_columns = header.shape
    if n_columns > MOST_COLUMNS:
        raise InputError(
            f"has {n_columns:,} columns, where {MOST_COLUMNS:,} are the limit", where=where
        )
    if n_rows == 1:
        raise InputError(
            f"has shape {header.shape}: one row, or a column that lies on its side",
            where=where,
            hint="np.save(path, array.reshape(-1)) for a column",
        )
    prefix = f"{name}_" if name else ""
    return [
        _column(f"{prefix}{place}", header.dtype, partial(_column_of, place))
        for place in range(n_columns)
    ]


def only_columns_of(
    header: ArrayHeader, where: str, head: Callable[[int], npt.NDArray[Any]]
) -> list[ArrayColumn]:
    """Return the columns of the only array of a file; `head` reads so many of its first rows.

    Floats that are 0 or 1 there are labels, one column each, and no scores.
    """
    columns = columns_of(header, "", where)
    if header.dtype.names is not None or not columns[0].is_list or header.rows < 2:
        return columns
    n_rows = min(header.rows, _HEAD_ROWS, max(_HEAD_BYTES // header.row_bytes, 1))
    rows = head(n_rows)
    if ((rows == 0) | (rows == 1)).all():
        return split_columns(header, "", where)
    return columns


def _column_of(place: int, rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return rows[:, place]


def _column(
    name: str, dtype: np.dtype[Any], values: Callable[[npt.NDArray[Any]], npt.NDArray[Any]]
) -> ArrayColumn:
    return ArrayColumn(name, _type_of(dtype), values)


def _field(dtype: np.dtype[Any], name: str) -> ArrayColumn:
    field = dtype[name]
    kind = _type_of(field)
    if kind is None and field.subdtype is not None and len(field.shape) == 1:
        inner = _type_of(field.base)
        if inner is not None and field.base.kind == "f" and field.shape[0] > 1:
            kind = pa.list_(inner, field.shape[0])
    return ArrayColumn(name, pa.struct([]) if kind is None else kind, lambda rows: rows[name])


def _type_of(dtype: np.dtype[Any]) -> pa.DataType | None:
    """Return the Arrow type of values; None for those that are neither labels nor scores."""
    if dtype.kind in "US":
        return pa.dictionary(pa.int32(), pa.string())
    if dtype == np.bool_:
        return pa.bool_()
    return _NUMBERS.get(dtype.newbyteorder("="))


def _usual_name(dtype: np.dtype[Any]) -> str:
    return SCORE if dtype.kind == "f" else LABEL


def _numbers(values: npt.NDArray[Any]) -> pa.Array:
    contiguous = np.ascontiguousarray(values)
    return pa.Array.from_buffers(
        _NUMBERS[contiguous.dtype], len(contiguous), [None, pa.py_buffer(contiguous)]
    )


def _few_integers(values: npt.NDArray[Any]) -> pa.Array:
    """Encode integers as a dictionary, without a hash where they lie close together."""
    if not len(values):
        return _numbers(values).dictionary_encode()
    low, high = int(values.min()), int(values.max())
    if high - low >= _FEW_VALUES:
        return _numbers(values).dictionary_encode()
    places = (values - values.dtype.type(low)).view(f"u{values.dtype.itemsize}")
    used = np.flatnonzero(np.bincount(places.astype(np.intp, copy=False)))
    code = np.zeros(high - low + 1, dtype=np.int32)
    code[used] = np.arange(len(used), dtype=np.int32)
    indices = code[places]
    found = used.astype(values.dtype) + values.dtype.type(low)  # wraps round, as above
    return pa.DictionaryArray.from_arrays(_numbers(indices), _numbers(found))


def _texts(values: npt.NDArray[Any], where: str) -> pa.Array:
    """Encode texts of one length as a dictionary: each is decoded once a batch."""
    width, encoding = values.dtype.itemsize, "utf-8"
    if values.dtype.kind == "U":
        encoding = "utf-32-be" if values.dtype.byteorder == ">" else "utf-32-le"
    if not width:
        return arrow.constant_label("", len(values))
    kind = pa.binary(width)
    raw = pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(values.view(np.uint8))])
    encoded = raw.dictionary_encode()
    try:
        texts = [_text(value.as_py(), encoding) for value in encoded.dictionary]
    except UnicodeDecodeError as error:
        raise InputError(
            f"label {error.object[:40]!r} is not {encoding[:6].rstrip('-').upper()} text",
            where=where,
        ) from None
    return pa.DictionaryArray.from_arrays(encoded.indices, arrow.from_texts(texts))


def _text(raw: bytes, encoding: str) -> str:
    if encoding == "utf-8":
        return raw.rstrip(b"\x00").decode(encoding)
    return raw.decode(encoding).rstrip("\x00")


def table_of(file: InputFile, columns: Sequence[ArrayColumn], n_rows: int, **more: Any) -> Table:
    """Describe the table that columns of arrays make; `more` are further attributes."""
    schema = pa.schema([(column.name, column.kind) for column in columns])
    return Table(file, tuple(typed.columns_of(schema)), has_rows=n_rows > 0, **more)


def label_columns(header: ArrayHeader, columns: Sequence[ArrayColumn]) -> dict[str, Any]:
    """Return what a table says of the columns of an array that may be a label each."""
    if len(header.shape) < 2 or header.shape[1] == 1 or header.dtype.kind in "US":
        return {}
    return {
        "label_columns": tuple(range(len(columns))),
        "label_reason": "an array of two dimensions",
    }


def batch_of(
    rows: Sequence[npt.NDArray[Any]],
    columns: Sequence[ArrayColumn],
    chosen: Sequence[tuple[int, ColumnKind]],
    where: str,
) -> pa.RecordBatch:
    """Make a batch of the chosen columns, of which each stands in its own rows."""
    labels = sum(kind is ColumnKind.LABEL for _, kind in chosen)
    arrays = (
        columns[place].arrow(some, where, encode=kind is ColumnKind.LABEL and labels == 1)
        for some, (place, kind) in zip(rows, chosen, strict=True)
    )
    return typed.in_order(arrays, chosen)
