"""What a report looks like, whatever it is written in: a headline, a table, facts.

The views (`views`) turn results into pages; `terminal` and `markdown` write pages down.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a length in [0, 1]; None draws nothing."""

    length: float | None


Cell = str | Bar


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column of a page's table; the first one holds names and is aligned to the left."""

    header: str
    is_name: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """A number with its name, and what there is to say about it."""

    name: str
    value: str
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Grid:
    """A table; each row has a cell for each column."""

    columns: Sequence[TableColumn] = ()
    rows: Sequence[Sequence[Cell]] = ()

    def is_bar(self, column: int) -> bool:
        """Tell whether a column holds bars."""
        return any(isinstance(row[column], Bar) for row in self.rows)


@dataclass(frozen=True, slots=True)
class Section:
    """A named thing and what there is to say about it, a line each, before and after a table.

    Lines that are to be copied are never broken.
    """

    title: str
    lines: Sequence[str]
    table: Grid = field(default_factory=Grid)
    closing: Sequence[str] = ()
    copied: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A report.

    Attributes
    ----------
    title : str
        What was read.
    headline : sequence of str
        What it means, in sentences; the first one is the answer.
    columns, rows
        The table; each row has a cell for each column.
    facts : sequence of sequence of Fact
        Groups of facts, below the table.
    sections : sequence of Section
        In place of a table, where there is more text than numbers.
    closing : str
        What else can be asked for; empty where there is nothing to say.
    signature : str
        How the numbers came about; the last line.
    """

    title: str
    headline: Sequence[str] = ()
    columns: Sequence[TableColumn] = ()
    rows: Sequence[Sequence[Cell]] = ()
    facts: Sequence[Sequence[Fact]] = ()
    sections: Sequence[Section] = ()
    closing: str = ""
    signature: str

    @property
    def table(self) -> Grid:
        """The table."""
        return Grid(self.columns, self.rows)
