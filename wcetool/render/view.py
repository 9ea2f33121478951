"""What pages have in common: what a person asks to see, titles, columns, facts."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from wcetool.errors import counted
from wcetool.render.numbers import UNDEFINED, percent, whole
from wcetool.render.page import Bar, Fact, TableColumn
from wcetool.render.words import Sort
from wcetool.results.document import InputRows, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a person asks to see.

    Attributes
    ----------
    digits : int
        Decimals.
    sort : Sort
        Order of the rows; count is descending.
    top : int or None
        Rows shown; the others are summed up in one.
    advice : bool
        Whether it may be said what could be done.
    """

    digits: int = 4
    sort: Sort = Sort.INDEX
    top: int | None = None
    advice: bool = True

    def rows(
        self, rows: Sequence[Row], count: str, other: Callable[[Sequence[Row]], Row]
    ) -> list[Row]:
        """Order the rows of the classes and sum up those beyond the top."""
        keys: dict[Sort, Callable[[Row], object]] = {
            Sort.INDEX: lambda row: row["index"],
            Sort.LABEL: lambda row: row["label"],
            Sort.COUNT: lambda row: (-row[count], row["index"]),
        }
        ordered = sorted(rows, key=keys[self.sort])  # type: ignore[arg-type]
        if self.top is None or len(ordered) <= self.top:
            return ordered
        hidden = ordered[self.top :]
        name = f"other ({counted(len(hidden), 'class', 'classes')})"
        blank = dict.fromkeys(rows[0], None)
        return [*ordered[: self.top], {**blank, **other(hidden), "label": name}]


def input_paths(inputs: Sequence[InputRows]) -> list[str]:
    """Return the paths of inputs."""
    return [one.path for one in inputs]


def page_title(paths: Sequence[str], facts: str) -> str:
    """Name the inputs: one by its path, several by their folder."""
    if len(paths) < 2:
        return f"{paths[0] if paths else UNDEFINED}: {facts}"
    folder = os.path.commonpath([os.path.dirname(os.path.abspath(path)) for path in paths])
    return f"{os.path.relpath(folder)}{os.sep} ({len(paths):,} files): {facts}"


def share_bar(row: Row, key: str, longest: float) -> Bar:
    """Draw a bar, but not for the classes that are summed up in one row."""
    return Bar(None if row["index"] is None or row[key] is None else row[key] / longest)


def table_columns(name: str, *headers: str) -> list[TableColumn]:
    """Make columns of a table: one of names, then those of numbers."""
    return [TableColumn(name, is_name=True), *map(TableColumn, headers)]


def absent_facts(absent: int) -> list[Fact]:
    """Count declared classes without labels; nothing where there are none."""
    return [Fact("absent classes", whole(absent), "declared, without labels")] if absent else []


def missing_facts(missing: int, rows: int, digits: int) -> list[Fact]:
    """Count rows without a label; nothing where there are none."""
    share = percent(missing / rows, digits) if rows else UNDEFINED
    return (
        [Fact("missing labels", whole(missing), f"{share} of the rows; in no share")]
        if missing
        else []
    )
