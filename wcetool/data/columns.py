"""Which column holds the label: the rules, in order.

1. The column that the user names, by name or by number counted from 1; a name wins.
2. The column that the format says is the label: the class of ARFF, the tag of CoNLL.
3. The only column, index columns aside.
4. The only column whose name is on the list `LABEL_NAMES`, whatever its case.
5. Where there is none, the only one on the list `RARER_NAMES`.
6. Nothing: the candidates are listed, and the user is asked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from wcetool.data.formats.table import Column, Holds, Table
from wcetool.data.formats.text_head import is_number
from wcetool.errors import InputError, UsageError, listed, nearest, quoted, short_repr

_LABEL_WORD = re.compile(
    r"(?<![a-z])(labels?|class|target|category|truth|diagnosis|outcome)(?![a-z])", re.IGNORECASE
)
_UNNAMED = re.compile(r"Unnamed: 0(\.[0-9]+)*")  # again and again, by every round trip
LABEL_NAMES = (
    "label",
    "labels",
    "target",
    "targets",
    "y",
    "y_true",
    "true_label",
    "true_class",
    "true_class_name",
    "truth",
    "ground_truth",
    "gold",
    "gold_label",
    "class",
    "class_label",
    "class_name",
    "category",
)
RARER_NAMES = (
    "actual",
    "actual_class",
    "actual_label",
    "class_true",
    "gt",
    "gt_label",
    "label_id",
    "label_name",
    "label_numeric",
    "label_true",
    "relevance",
    "true",
    "y1",
    "y_actual",
)


@dataclass(frozen=True, slots=True)
class Choice:
    """A column, and why it was chosen; no reason where the user named it."""

    column: Column
    reason: str | None
    by_number: bool = False

    def notes(self, table: Table, prefix: str = "") -> list[str]:
        """Say what was chosen where the user did not name it, or named it by its number."""
        name, dialect = self.column.name, table.dialect
        if self.reason is not None:
            return [f"{prefix}label column {name!r} ({self.reason})"]
        assumed = dialect is not None and dialect.header and not dialect.header_given
        if self.by_number and assumed:
            return [f"{prefix}label column {name!r}, by its number; the first row is its header"]
        return []


def find_column(table: Table, wanted: str, *, option: str) -> Column:
    """Return the column that a user names; see `find_columns`."""
    return find_columns(table, (wanted,), option=option)[0]


def find_columns(table: Table, wanted: Sequence[str], *, option: str) -> tuple[Column, ...]:
    """Return the columns that a user names, by name or by number from 1.

    Raises
    ------
    InputError
        If one is not there, or several have the name.
    """
    by_name: dict[str, list[Column]] = {}
    for column in table.columns:
        by_name.setdefault(column.name, []).append(column)
    return tuple(_found(table, by_name.get(text, []), text, option) for text in wanted)


def _found(table: Table, named: Sequence[Column], wanted: str, option: str) -> Column:
    if len(named) > 1:
        numbers = listed(column.place + 1 for column in named)
        raise InputError(
            f"{len(named)} columns are called {wanted!r}",
            where=table.file.path,
            hint=f"{option} with a number: {numbers}",
        )
    if named:
        return named[0]
    place = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 19 else 0
    if 1 <= place <= len(table.columns):
        return table.columns[place - 1]
    near = nearest(wanted, table.names)
    raise InputError(
        f"column {wanted!r} not found",
        where=table.file.path,
        details=(f"columns: {listed(table.names)}",),
        hint=f"{option} {near}" if near else f"{option} NAME, or a number from 1",
    )


def choose_label_column(
    table: Table,
    wanted: str | Sequence[str] | None,
    *,
    only_column_counts: bool = True,
    details: Sequence[str] = (),
    taken: Sequence[Column] = (),
) -> Choice:
    """Choose the label column by the rules above.

    Parameters
    ----------
    table : Table
        The file.
    wanted : str or sequence of str, optional
        What the user said; several columns are refused.
    only_column_counts : bool, default True
        Whether rule 3 holds; not in a file that must have other columns as well.
    details : sequence of str
        What else there is to say where no rule decides.
    taken : sequence of Column
        Columns that are something else.

    Raises
    ------
    InputError
        If no rule decides.
    """
    if wanted is not None and not isinstance(wanted, str):
        raise UsageError(
            f"one column is expected, and {len(wanted)} are named: {quoted(wanted)}",
            where="--label-column",
        )
    if wanted is not None:
        column = find_column(table, wanted, option="--label-column")
        refuse_no_labels(table, column)
        return Choice(column, None, by_number=column.name != wanted)
    columns = [
        column
        for column in table.columns
        if column.holds in (Holds.TEXT, Holds.NUMBERS)
        and not is_index(column)
        and column not in taken
    ]
    if table.label is not None and table.columns[table.label] not in taken:
        return Choice(table.columns[table.label], table.label_reason)
    usual = [column for column in columns if is_usual_name(column.name)]
    usual = usual or [column for column in columns if _is_named(column.name, RARER_NAMES)]
    if not usual:
        for column in table.columns:
            if is_usual_name(column.name):
                refuse_no_labels(table, column)
    if only_column_counts and len(columns) == 1:
        return Choice(columns[0], "the only other column" if taken else "the only column")
    if len(usual) == 1:
        return Choice(usual[0], "by its name")
    problem = (
        f"{len(usual)} columns may hold the label: {quoted(column.name for column in usual)}"
        if usual
        else "no column is known to hold the label"
    )
    raise InputError(
        problem,
        where=table.file.path,
        details=(f"columns: {listed(table.names)}", *_candidates(columns), *details),
        hint=_label_hint(table, usual, columns),
    )


def _likely_labels(columns: Sequence[Column]) -> list[Column]:
    """List columns whose first values recur as labels do, most likely ones first.

    Those come first whose name speaks of labels; then the last ones, where most files have it.
    """
    likely = [column for column in reversed(columns) if column.recurring is not None]
    return sorted(likely, key=lambda column: _LABEL_WORD.search(column.name) is None)


def _candidates(columns: Sequence[Column]) -> list[str]:
    likely = _likely_labels(columns)
    shown = listed(f"{short_repr(c.name)} ({c.recurring:,} values)" for c in likely)
    return [f"whose values recur: {shown}"] if likely else []


def refuse_no_labels(table: Table, column: Column) -> None:
    """Refuse a column whose values are no labels.

    Raises
    ------
    InputError
        If it holds lists, structs or points in time.
    """
    if column.holds in (Holds.OTHER, Holds.NUMBER_LISTS):
        raise InputError(
            f"column {column.name!r} holds lists, structs or points in time, which are no labels",
            where=table.file.path,
            details=("a date or time that is meant as a label is to be stored as text",),
        )


def is_usual_name(name: str) -> bool:
    """Tell whether a column is called as label columns are."""
    return _is_named(name, LABEL_NAMES)


def _is_named(name: str, names: Sequence[str]) -> bool:
    return name.strip().casefold() in names


def is_index(column: Column) -> bool:
    """Tell whether a column is a row index that pandas wrote."""
    name = column.name
    return (
        name.startswith("__index_level_")
        or _UNNAMED.fullmatch(name) is not None
        or (not name and column.place == 0)
    )


def _label_hint(table: Table, usual: Sequence[Column], columns: Sequence[Column]) -> str:
    dialect = table.dialect
    if table.label_hint:
        return table.label_hint
    if dialect is not None and not dialect.header_given and all(map(is_number, table.names)):
        return "--no-header, since the first row looks like data"
    if dialect is not None and not dialect.header:
        return f"--label-column {len(table.columns)} (a number from 1)"
    if dialect is not None and not dialect.header_given and any(map(is_number, table.names)):
        return "--no-header and --label-column NUMBER, if the first row is data; else NAME"
    if not usual:
        return f"--label-column {_typed(table, _likely_labels(columns))}"
    return f"--label-column {_typed(table, usual)}"


def _typed(table: Table, likely: Sequence[Column]) -> str:
    """Return what names the first of some columns on a command line."""
    if not likely:
        return "NAME"
    name, place = likely[0].name, likely[0].place + 1
    if table.names.count(name) > 1 or re.fullmatch(r"[\w.+ -]+", name) is None:
        return str(place)
    return f"'{name}'" if " " in name else name
