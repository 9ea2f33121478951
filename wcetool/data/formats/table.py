"""What every format says of a file: its columns, and what was noticed while reading it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from wcetool.data.options import ROW_MB
from wcetool.data.source import InputFile


class ColumnKind(Enum):
    """How a column is read."""

    LABEL = auto()  # as labels, dictionary-encoded
    SCORE = auto()  # as numbers
    TARGET = auto()  # as numbers, true and false as 1 and 0
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
    rounding_unit : float
        Spacing at 1 of a float type narrower than a double; 0 for others.
    length : int
        Values a row: those of a list, about; else 1.
    classes : tuple of str or None
        The classes that the file declares for it, in order; None where it declares none.
    recurring : int or None
        How many distinct values the first rows have, two or more, if each is there twice on
        average, as labels are; None where they do not recur so, or were not looked at.
    """

    name: str
    place: int
    holds: Holds
    rounding_unit: float = 0.0
    length: int = 1
    classes: tuple[str, ...] | None = None
    recurring: int | None = None

    @property
    def row_bytes(self) -> int:
        """About how many bytes a row takes in memory."""
        return self.length * (4 if self.rounding_unit else 8)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a text file is written, decided."""

    delimiter: str
    quote_char: str | None
    escape_char: str | None
    comment: str | None
    header: bool
    header_given: bool  # the user said so
    skip_lines: int
    leading_blank_lines: int
    encoding: str | None
    max_row: int = ROW_MB << 20  # bytes
    quote_given: bool = False  # the user said so
    decimal: str = "."
    skips_bad_rows: bool = False


@dataclass(frozen=True, slots=True)
class RowGroup:
    """A part of a Parquet file."""

    rows: int
    size: int  # bytes


@dataclass(frozen=True, slots=True)
class Table:
    """A file with its columns; small, however large the file is.

    Attributes
    ----------
    file : InputFile
        The file.
    columns : tuple of Column
        In file order, hive partition keys last.
    has_rows : bool
        There is at least one row.
    dialect : Dialect or None
        For text files.
    row_groups : tuple of RowGroup
        For Parquet.
    constants : mapping of str to str or None
        The hive partition keys that are no columns of the file itself, with their values.
    label : int or None
        The place of the column that the format itself says is the label.
    label_reason : str
        How it says so.
    label_columns : tuple of int
        The places of the columns that are a label each, or one of lists with a number a label,
        where the file holds nothing else.
    label_hint : str
        What may be typed to name the label, where no rule finds it.
    notes : tuple of str
        What was decided when the file was opened.
    footer : object
        What the format has read of the file and needs again.
    group : int or None
        The place of the column that the format says rows belong to: the image of a pixel.
    """

    file: InputFile
    columns: tuple[Column, ...]
    has_rows: bool
    dialect: Dialect | None = None
    row_groups: tuple[RowGroup, ...] = ()
    constants: Mapping[str, str | None] = field(default_factory=dict)
    label: int | None = None
    label_reason: str = ""
    label_columns: tuple[int, ...] = ()
    label_hint: str = ""
    notes: tuple[str, ...] = ()
    footer: Any = field(default=None, compare=False, repr=False)
    group: int | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Column names, in order."""
        return tuple(column.name for column in self.columns)


@dataclass(frozen=True, slots=True)
class MemoryNeed:
    """About how many bytes reading a split takes at once.

    Attributes
    ----------
    least : int
        In the smallest pieces that its format can be read in.
    most : int
        In as large pieces as there are.
    """

    least: int
    most: int


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row with the wrong number of fields, left out because the user said so."""

    number: int  # from 1, header and blank lines above it not counted
    fields: int
    text: str  # its beginning


@dataclass(slots=True)
class ReadLog:
    """What was noticed while a split was read.

    Attributes
    ----------
    blank_lines : int or None
        Blank lines that are no rows; None where they cannot be counted: in a stream with quotes.
    bad_rows : int
        Rows that were left out, having the wrong number of fields.
    first_bad : list of BadRow
        The first few of them.
    left_out : Counter of str
        What else is no row, as a noun, and how often.
    """

    blank_lines: int | None = 0
    bad_rows: int = 0
    first_bad: list[BadRow] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
