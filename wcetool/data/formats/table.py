"""What every format says of a file: its columns, and what was noticed while reading it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from wcetool.data.source import InputFile


class ColumnKind(Enum):
    """How a column is read."""

    LABEL = auto()  # as labels, dictionary-encoded
    SCORE = auto()  # as numbers
    SCORE_LIST = auto()  # as lists of numbers


class Holds(Enum):
    """What a column was seen to hold."""

    TEXT = auto()
    NUMBERS = auto()
    NUMBER_LISTS = auto()
    OTHER = auto()  # neither labels nor scores: structs, timestamps, ...


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a file.

    Attributes
    ----------
    name : str
        As in the header or schema; ``column 3`` where there is no header.
    place : int
        From 0, among the columns of the file; partition keys follow.
    holds : Holds
        What it was seen to hold.
    """

    name: str
    place: int
    holds: Holds


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a text file is written, decided."""

    delimiter: str
    quote_char: str | None
    escape_char: str | None
    header: bool
    header_given: bool  # the user said so
    skip_lines: int
    leading_blank_lines: int
    encoding: str | None


@dataclass(frozen=True, slots=True)
class Table:
    """A file with its columns.

    Attributes
    ----------
    file : InputFile
        The file.
    columns : tuple of Column
        In file order, hive partition keys last.
    dialect : Dialect or None
        For text files.
    rows : int or None
        Number of rows, where the file says without being read.
    sample : tuple of tuple of str
        For text files: the first rows, as text, by column.
    constants : mapping of str to str or None
        The hive partition keys that are no columns of the file itself, with their values.
    """

    file: InputFile
    columns: tuple[Column, ...]
    dialect: Dialect | None = None
    rows: int | None = None
    sample: tuple[tuple[str, ...], ...] = ()
    constants: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """There are columns and no rows, as far as the beginning shows."""
        return self.rows == 0 or (self.dialect is not None and not any(self.sample))

    @property
    def names(self) -> tuple[str, ...]:
        """Column names, in order."""
        return tuple(column.name for column in self.columns)


@dataclass(slots=True)
class ReadLog:
    """What was noticed while a split was read."""

    blank_lines: int = 0
