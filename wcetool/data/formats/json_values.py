"""JSON values, as they are parsed from whatever form of file, and the fields of records.

A field of a nested object is a column with a dotted name, `meta.label`; a field that a record does
not have is null there. What the columns hold is made in `json_columns`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from wcetool.data.formats.table import Column, Holds
from wcetool.data.formats.text_head import recurring
from wcetool.errors import InputError, short_repr

HEAD_ROWS = 1000  # records that the columns are found from
MOST_DEPTH = 32  # of nested objects whose fields are columns

NO_UNICODE = "holds half a surrogate pair, or bytes that are not UTF-8"

Path = tuple[str, ...]


class Shape(Enum):
    """What a JSON value is."""

    TEXT = auto()
    INTEGER = auto()
    FLOAT = auto()
    BOOLEAN = auto()
    NUMBERS = auto()  # a list of numbers
    OTHER = auto()  # another list, or an object


NUMBERS = frozenset((Shape.INTEGER, Shape.FLOAT))
_SCALARS = frozenset((*NUMBERS, Shape.TEXT, Shape.BOOLEAN))
_TITLES = {bool: "a boolean", str: "a text", list: "a list", type(None): "null"}


class TwinKeys(dict[str, Any]):
    """An object with a key that is there more than once, with different values."""

    def __init__(self, pairs: Iterable[tuple[str, Any]], twins: frozenset[str]) -> None:
        super().__init__(pairs)
        self.twins = twins


class WrittenConstant(float):
    """`Infinity` as it is written, which Python's `json` reads; an overflow is none."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    # Not ==: 1 is True to Python.
    twins = frozenset(key for key, value in pairs if repr(value) != repr(found[key]))
    return TwinKeys(pairs, twins) if twins else found


DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=WrittenConstant)


def shape_of(value: object) -> Shape | None:
    """Return what a value is, None for null."""
    if value is None:
        return None
    if isinstance(value, bool):
        return Shape.BOOLEAN
    if isinstance(value, str):
        return Shape.TEXT
    if isinstance(value, int):
        return Shape.INTEGER
    if isinstance(value, float):
        return Shape.FLOAT
    if isinstance(value, list) and all(shape_of(one) in (*NUMBERS, None) for one in value):
        return Shape.NUMBERS
    return Shape.OTHER


def titled(value: object) -> str:
    """Say what a value is."""
    if isinstance(value, dict):
        return "an object"
    return _TITLES.get(type(value), "a number")


def holds_surrogates(text: str) -> bool:
    """Tell whether a text cannot be written as UTF-8; what was no UTF-8 was read so."""
    return any("\ud800" <= character <= "\udfff" for character in text)


def problem_of(error: ValueError) -> str:
    """Say what `json` found wrong, without the place in the text."""
    return error.msg if isinstance(error, json.JSONDecodeError) else str(error)


@dataclass(slots=True)
class Field:
    """A field as the first records have it.

    Attributes
    ----------
    path : tuple of str
        The keys that lead to it; empty for records that are no objects.
    shapes : set of Shape
        Of its values, nulls aside.
    numbers, filled : int
        Values that are numbers, and that are not null.
    length : int
        Of the longest list.
    texts : list of str
        The values, lists aside.
    """

    path: Path
    shapes: set[Shape] = field(default_factory=set)
    numbers: int = 0
    filled: int = 0
    length: int = 1
    texts: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """What the column is called."""
        return ".".join(self.path) if self.path else "value"

    def see(self, value: object) -> None:
        """Take another value into account."""
        shape = shape_of(value)
        if shape is None:
            return
        self.shapes.add(shape)
        self.filled += 1
        self.numbers += shape in NUMBERS
        if isinstance(value, list):
            self.length = max(self.length, len(value))
        elif not isinstance(value, dict):
            self.texts.append(str(value))

    def column(self, place: int) -> Column:
        """Describe the column.

        Most values decide between numbers and text: a stray text in a score column is refused by
        its row, not passed over.
        """
        if not self.shapes <= _SCALARS:
            lists = self.shapes == {Shape.NUMBERS}
            holds = Holds.NUMBER_LISTS if lists else Holds.OTHER
        else:
            numeric = self.filled and 2 * self.numbers >= self.filled
            holds = Holds.NUMBERS if numeric else Holds.TEXT
        return Column(self.name, place, holds, length=self.length, recurring=recurring(self.texts))


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of a file, in the order in which they were first seen; a column each."""

    fields: tuple[Field, ...]

    @classmethod
    def of(cls, records: Iterable[Any], where: str) -> Fields:
        """Find the fields of records.

        Raises
        ------
        InputError
            If there are none, or a key is no Unicode text.
        """
        found: dict[Path, Field] = {}
        for record in records:
            _see(record, (), found)
        if not found:
            raise InputError("has no fields", where=where)
        for key in {key for path in found for key in path}:
            if holds_surrogates(key):
                raise InputError(f"the key {short_repr(key)} {NO_UNICODE}", where=where)
        parents = {path[:depth] for path in found for depth in range(1, len(path))}
        # A null in the place of an object is no column.
        return cls(tuple(one for one in found.values() if one.shapes or one.path not in parents))

    def columns(self) -> tuple[Column, ...]:
        """Describe the columns."""
        return tuple(one.column(place) for place, one in enumerate(self.fields))

    def below(self, parent: Path) -> frozenset[str]:
        """Return the keys that are known of the objects at a path."""
        depth = len(parent)
        return frozenset(
            one.path[depth]
            for one in self.fields
            if len(one.path) > depth and one.path[:depth] == parent
        )


def _see(value: object, path: Path, found: dict[Path, Field]) -> None:
    if isinstance(value, dict) and len(path) < MOST_DEPTH:
        for key, below in value.items():
            _see(below, (*path, key), found)
        return
    if path not in found:
        found[path] = Field(path)
    found[path].see(value)
