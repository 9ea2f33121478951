"""Records of JSON -> columns: the labels and numbers of the fields that are wanted.

Whatever the form of the file, columns come from here or are equal to what would, so that the same
records give the same labels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wcetool.data import arrow
from wcetool.data.formats import typed
from wcetool.data.formats.json_values import (
    HEAD_ROWS,
    NO_UNICODE,
    NUMBERS,
    Fields,
    Path,
    TwinKeys,
    holds_surrogates,
    shape_of,
    titled,
)
from wcetool.data.formats.table import ColumnKind
from wcetool.data.labels import value_text
from wcetool.errors import InputError, listed, short_repr

_NO_VALUE = -1


@dataclass(frozen=True, slots=True)
class Wanted:
    """The columns to read: the place of each among the columns, its path, and how it is read.

    Attributes
    ----------
    columns : tuple of (int, ColumnKind)
        As asked for.
    paths : tuple of tuple of str
        One a column.
    class_keys : mapping of path to frozenset of str
        Objects of scores, a class a key: the keys that are known.
    """

    columns: tuple[tuple[int, ColumnKind], ...]
    paths: tuple[Path, ...]
    class_keys: dict[Path, frozenset[str]]

    @classmethod
    def of(cls, fields: Fields, columns: Sequence[tuple[int, ColumnKind]]) -> Wanted:
        """Look the columns up."""
        paths = tuple(fields.fields[place].path for place, _ in columns)
        scores = [p for p, (_, kind) in zip(paths, columns, strict=True) if _is_score(kind)]
        parents = [path[:-1] for path in scores]
        objects = {parent for parent in parents if parents.count(parent) > 1}
        return cls(tuple(columns), paths, {parent: fields.below(parent) for parent in objects})

    def batch(self, records: Sequence[Any], where: str, first_row: int) -> pa.RecordBatch:
        """Return the columns of some records.

        Raises
        ------
        InputError
            If a value is not what its column holds; names the row.
        """
        for parent, known in self.class_keys.items():
            for row, record in enumerate(records, start=first_row):
                _refuse_new_classes(_value(record, parent, where, row), parent, known, where, row)
        arrays = []
        for path, (_, kind) in zip(self.paths, self.columns, strict=True):
            values = [_value(one, path, where, row) for row, one in enumerate(records, first_row)]
            name = ".".join(path)
            arrays.append(_READERS[kind](values, _Place(where, first_row, name)))
        return typed.in_order(arrays, self.columns)


def _is_score(kind: ColumnKind) -> bool:
    return kind in (ColumnKind.SCORE, ColumnKind.TARGET)


def _value(record: Any, path: Path, where: str, row: int) -> Any:
    """Follow a path; null where it ends early."""
    found = record
    for depth, key in enumerate(path):
        if found is None and depth:
            return None
        if not isinstance(found, dict):
            name = f"{short_repr('.'.join(path[:depth]))} is" if depth else "is"
            raise InputError(
                f"{name} {titled(found)}, where other rows have an object",
                where=f"{where}: row {row:,}",
                details=(f"value: {short_repr(str(found))}",),
            )
        if isinstance(found, TwinKeys) and key in found.twins:
            raise InputError(
                f"key {short_repr(key)} is there more than once, with different values",
                where=f"{where}: row {row:,}",
            )
        found = found.get(key)
    return found


def _refuse_new_classes(
    found: Any, parent: Path, known: frozenset[str], where: str, row: int
) -> None:
    """Refuse a score of a class that the first records did not have."""
    if not isinstance(found, dict) or found.keys() <= known:
        return
    new = [key for key in found if key not in known and shape_of(found[key]) in NUMBERS]
    if new:
        name = short_repr(".".join((*parent, new[0])))
        raise InputError(
            f"{name} is a number that the first {HEAD_ROWS:,} rows do not have",
            where=f"{where}: row {row:,}",
            details=(f"known there: {listed(short_repr(key) for key in sorted(known))}",),
        )


@dataclass(frozen=True, slots=True)
class _Place:
    """Where values come from, for errors."""

    path: str
    first_row: int
    column: str

    def refuse(self, index: int, problem: str) -> InputError:
        where = f"{self.path}: row {self.first_row + index:,}"
        column = f", column {short_repr(self.column)}" if self.column else ""
        return InputError(problem, where=f"{where}{column}")


def _labels(values: Sequence[Any], place: _Place) -> pa.Array:
    """Return texts, dictionary-encoded."""
    code_of: dict[str, int] = {}
    codes = np.empty(len(values), dtype=np.int32)
    for index, value in enumerate(values):
        text = value if isinstance(value, str) else _scalar_text(value, index, place)
        if text is None:
            codes[index] = _NO_VALUE
            continue
        if text not in code_of:
            _refuse_surrogates(text, index, place)
            code_of[text] = len(code_of)
        codes[index] = code_of[text]
    indices = pa.Array.from_buffers(
        pa.int32(), len(codes), [_validity(codes != _NO_VALUE), pa.py_buffer(codes)]
    )
    return pa.DictionaryArray.from_arrays(indices, arrow.from_texts(list(code_of)))


def _scalar_text(value: Any, index: int, place: _Place) -> str | None:
    if isinstance(value, dict | list):
        raise place.refuse(index, f"{titled(value)} is no label")
    _refuse_overflow(value, index, place)
    try:
        return value_text(value)
    except ValueError:  # Python writes no integer of so many digits
        raise place.refuse(index, "a number of thousands of digits is no label") from None


def _refuse_surrogates(text: str, index: int, place: _Place) -> None:
    if holds_surrogates(text):
        raise place.refuse(index, f"{short_repr(text)} {NO_UNICODE}")


def _refuse_overflow(value: Any, index: int, place: _Place) -> None:
    if type(value) is float and math.isinf(value):  # not as it is written: Infinity
        raise place.refuse(index, "a number is too large for a double")


def _validity(valid: npt.NDArray[np.bool_]) -> pa.Buffer | None:
    if valid.all():
        return None
    return pa.py_buffer(np.packbits(valid, bitorder="little"))


def _number(value: Any, index: int, place: _Place) -> float:
    """Return a number, NaN for null."""
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int | float):
        what = short_repr(value) if isinstance(value, str) else titled(value)
        raise place.refuse(index, f"{what} is not a number")
    _refuse_overflow(value, index, place)
    try:
        return float(value)
    except OverflowError:
        raise place.refuse(index, "a number is too large for a double") from None


def _scores(values: Sequence[Any], place: _Place) -> pa.Array:
    numbers = [_number(value, index, place) for index, value in enumerate(values)]
    return arrow.from_numpy(np.array(numbers, dtype=np.float64))


def _targets(values: Sequence[Any], place: _Place) -> pa.Array:
    """Return numbers where all are numbers, else words."""
    if all(shape_of(value) in (*NUMBERS, None) for value in values):
        return _scores(values, place)
    return _labels(values, place)


def _lists(values: Sequence[Any], place: _Place) -> pa.Array:
    numbers: list[float] = []
    ends = np.zeros(len(values) + 1, dtype=np.int32)
    for index, value in enumerate(values):
        if isinstance(value, list):
            numbers += [_number(one, index, place) for one in value]
        elif value is not None:
            raise place.refuse(index, f"{titled(value)} is no list of numbers")
        ends[index + 1] = len(numbers)
    valid = np.fromiter((value is not None for value in values), np.bool_, len(values))
    return pa.Array.from_buffers(
        pa.list_(pa.float64()),
        len(values),
        [_validity(valid), pa.py_buffer(ends)],
        children=[arrow.from_numpy(np.array(numbers, dtype=np.float64))],
    )


_READERS = {
    ColumnKind.LABEL: _labels,
    ColumnKind.SCORE: _scores,
    ColumnKind.TARGET: _targets,
    ColumnKind.SCORE_LIST: _lists,
}
