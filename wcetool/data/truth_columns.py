"""Which columns hold the truth: a class a row, a number a class, or several labels in a cell.

The rules, in order:

1. What the user names: a column, a list of columns, or a pattern whose ``*`` stands for the class.
2. All columns, where the format says that each is a label: an array of two dimensions.
3. One label column, by the rules of `columns`.
4. Columns called ``x_outcome`` beside columns called ``x``: a number a class; one such
   column alone: the label, 1 or 0.
5. Columns called ``y_x``, or with another prefix of `TARGET_PREFIXES`, beside score columns of the
   same classes: a number a class.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from wcetool.data.affixes import AFFIXES
from wcetool.data.columns import choose_label_column, find_columns, is_index
from wcetool.data.formats.table import Column, Holds, Table
from wcetool.data.options import refuse_idle
from wcetool.errors import InputError, listed, quoted

OUTCOME = "_outcome"
TARGET_PREFIXES = ("y_true_", "y_", "true_", "target_", "label_", "truth_", "onehot_")


class TruthForm(StrEnum):
    """How the truth of a row is written."""

    CLASS = "one class"
    NUMBERS = "a number a class"
    CELL = "several labels in a cell"


@dataclass(frozen=True, slots=True, kw_only=True)
class TruthColumns:
    """The columns that hold the truth.

    Attributes
    ----------
    form : TruthForm
        How it is written.
    columns : tuple of Column
        One, or one a class in file order.
    class_names : tuple of str
        What the names of the columns say of the classes; empty for one column.
    where : str
        The file.
    notes : tuple of str
        What was decided without being asked for.
    reason : str or None
        Why these columns; None where the user named them.
    """

    form: TruthForm
    columns: tuple[Column, ...]
    class_names: tuple[str, ...] = ()
    where: str = ""
    notes: tuple[str, ...] = ()
    reason: str | None = None


def choose_truth_columns(
    table: Table,
    wanted: str | Sequence[str] | None,
    *,
    separator: str | None = None,
    only_column_counts: bool = False,
    details: Sequence[str] = (),
    prefix: str = "",
    defaults: Collection[str] = (),
    taken: Sequence[Column] = (),
) -> TruthColumns:
    """Choose the columns that hold the truth, by the rules above.

    Parameters
    ----------
    table : Table
        The file.
    wanted : str or sequence of str, optional
        What the user said; several columns are a number a class.
    separator : str, optional
        Stands between the labels of a cell.
    only_column_counts, details
        As in `choose_label_column`.
    prefix : str
        Stands before the notes.
    defaults : collection of str
        Options that are left out where they have no effect.
    taken : sequence of Column
        Columns that are something else.

    Raises
    ------
    InputError
        If no rule decides, or columns can hold no truth.
    """
    several = _several(table, wanted)
    if several is not None:
        if separator is not None:
            refuse_idle("label-separator", "there is a column a label", defaults)
        columns, names = several
        return TruthColumns(
            form=TruthForm.NUMBERS, columns=columns, class_names=names, where=table.file.path
        )
    if wanted is None and only_column_counts and table.label_columns:
        return _all_labels(table, prefix)
    try:
        choice = choose_label_column(
            table, wanted, only_column_counts=only_column_counts, details=details, taken=taken
        )
    except InputError:
        if wanted is not None or separator is not None:
            raise
        found = _outcomes(table) or _beside_scores(table)
        if found is None:
            single = _one_outcome(table)
            if single is None:
                raise
            reason = f"beside column {single.name.removesuffix(OUTCOME)!r}"
            return TruthColumns(
                form=TruthForm.CLASS,
                columns=(single,),
                where=table.file.path,
                notes=(f"{prefix}label column {single.name!r} ({reason})",),
                reason=reason,
            )
        columns, names, pattern = found
        named = listed((column.name for column in columns), limit=4)
        return TruthColumns(
            form=TruthForm.NUMBERS,
            columns=columns,
            class_names=names,
            where=table.file.path,
            notes=(f"{prefix}the truth is in columns {named} (columns {pattern})",),
            reason=f"columns {pattern}",
        )
    form = TruthForm.CLASS if separator is None else TruthForm.CELL
    notes = tuple(choice.notes(table, prefix))
    return TruthColumns(
        form=form,
        columns=(choice.column,),
        where=table.file.path,
        notes=notes,
        reason=choice.reason,
    )


def in_class_order(
    truth: TruthColumns, classes: Sequence[str], score_columns: Sequence[str]
) -> tuple[tuple[Column, ...], str | None]:
    """Return the columns of the truth in class order, and a note where the names do not say it.

    Parameters
    ----------
    truth : TruthColumns
        A number a class.
    classes : sequence of str
        The classes, in order.
    score_columns : sequence of str
        The name of the score column of each class; empty for a column of lists.

    Raises
    ------
    InputError
        If there is not one column for each class.
    """
    by_name = dict(zip(truth.class_names, truth.columns, strict=True))
    for names in (classes, score_columns):
        if len(by_name) == len(truth.columns) and set(names) == set(by_name):
            return tuple(by_name[name] for name in names), None
    if len(truth.columns) != len(classes):
        raise InputError(
            f"{len(truth.columns):,} columns hold the truth, where there are {len(classes):,} "
            "classes with scores",
            where=truth.where,
            details=(f"truth: {listed(truth.class_names)}", f"scores: {listed(classes)}"),
            hint="--label-column and --scores with one column a class each",
        )
    note = (
        f"columns of the truth, {listed((c.name for c in truth.columns), limit=4)}, are taken in "
        f"order for the classes {listed(classes, limit=4)}"
    )
    return truth.columns, note


def _several(
    table: Table, wanted: str | Sequence[str] | None
) -> tuple[tuple[Column, ...], tuple[str, ...]] | None:
    """Return the columns of a list or pattern, and the part of each name that is the class."""
    if wanted is None or wanted in table.names:
        return None
    if not isinstance(wanted, str):
        columns = find_columns(table, wanted, option="--label-column")
        names = bare_names([column.name for column in columns])
    elif "*" in wanted:
        if wanted.count("*") > 1:
            raise InputError(
                f"{wanted!r} has more than one *, which stands for the class",
                where=table.file.path,
                hint="--label-column 'y_*'",
            )
        expression = re.compile(re.escape(wanted).replace(r"\*", "(.+)"), re.DOTALL)
        matches = [
            (column, expression.fullmatch(column.name))
            for column in table.columns
            if not is_index(column)
        ]
        found = [(column, match[1]) for column, match in matches if match is not None]
        refuse_bare(table, wanted, option="--label-column")
        if len(found) < 2:
            raise InputError(
                f"{'one column matches' if found else 'no column matches'} {wanted!r}, where a "
                "column a class is needed",
                where=table.file.path,
                details=(f"columns: {listed(table.names)}",),
                hint="--label-column with a pattern such as 'y_*', or the name of one column",
            )
        columns = tuple(column for column, _ in found)
        names = tuple(name for _, name in found)
    elif "," in wanted:
        columns = find_columns(table, wanted.split(","), option="--label-column")
        names = bare_names([column.name for column in columns])
    else:
        return None
    twins = [column.name for column in columns if _times(column, columns) > 1]
    if twins:
        raise InputError(
            f"a column of the truth is there twice: {quoted(dict.fromkeys(twins))}",
            where=table.file.path,
            hint="--label-column with each column once",
        )
    for column in columns:
        if column.holds in (Holds.OTHER, Holds.NUMBER_LISTS):
            raise InputError(f"column {column.name!r} holds no numbers", where=table.file.path)
    return columns, names


def refuse_bare(table: Table, pattern: str, *, option: str) -> None:
    """Refuse a column that is a pattern without its class: it would be left out in silence.

    Raises
    ------
    InputError
        Names it.
    """
    bare = pattern.replace("*", "")
    if bare in table.names:
        raise InputError(
            f"column {bare!r} is {pattern!r} without a class",
            where=table.file.path,
            hint=f"{option} with the names of the columns, or --classes",
        )


def _all_labels(table: Table, prefix: str) -> TruthColumns:
    """Take the columns that are a label each."""
    columns = tuple(table.columns[place] for place in table.label_columns)
    is_list = columns[0].holds is Holds.NUMBER_LISTS
    names = () if is_list else tuple(column.name for column in columns)
    return TruthColumns(
        form=TruthForm.NUMBERS,
        columns=columns,
        class_names=names,
        where=table.file.path,
        notes=(f"{prefix}a number a label ({table.label_reason})",),
    )


def _times(column: Column, columns: Sequence[Column]) -> int:
    return sum(column.place == one.place or column.name == one.name for one in columns)


def bare_names(names: Sequence[str]) -> tuple[str, ...]:
    """Return names without what all begin with, up to a `_`, and what all end with, from one."""
    start = min(map(len, names))
    while start and len({name[:start] for name in names}) > 1:
        start -= 1
    start = names[0][:start].rfind("_") + 1
    end = min(len(name) - start for name in names)
    while end and len({name[len(name) - end :] for name in names}) > 1:
        end -= 1
    shared = names[0][len(names[0]) - end :] if end else ""
    cut = len(shared) - shared.find("_") if "_" in shared else 0
    bare = tuple(name[start : len(name) - cut] for name in names)
    return bare if all(bare) and len(set(bare)) == len(bare) else tuple(names)


_Found = tuple[tuple[Column, ...], tuple[str, ...], str]
"""Columns of the truth, the class in the name of each, and what their names share."""


def _outcome_columns(table: Table) -> tuple[Column, ...]:
    """List the columns `x_outcome` beside columns `x`."""
    names = {column.name for column in table.columns if column.holds is Holds.NUMBERS}
    return tuple(
        column
        for column in table.columns
        if column.name.endswith(OUTCOME)
        and column.name.removesuffix(OUTCOME) in names
        and column.holds is Holds.NUMBERS
    )


def _one_outcome(table: Table) -> Column | None:
    """Return the only column `x_outcome` beside a column `x`: whether something happened."""
    found = _outcome_columns(table)
    return found[0] if len(found) == 1 else None


def _outcomes(table: Table) -> _Found | None:
    """Find columns `x_outcome` beside columns `x`."""
    columns = _outcome_columns(table)
    if len(columns) < 2:
        return None
    return columns, tuple(c.name.removesuffix(OUTCOME) for c in columns), f"*{OUTCOME}"


def _beside_scores(table: Table) -> _Found | None:
    """Find columns `y_x` beside a score column for each x."""
    numeric = [column for column in table.columns if column.holds is Holds.NUMBERS]
    for start in TARGET_PREFIXES:
        columns = tuple(c for c in numeric if c.name.casefold().startswith(start))
        names = tuple(column.name[len(start) :] for column in columns)
        if len(columns) < 2 or len(set(names)) < len(names) or not all(names):
            continue
        others = [column.name for column in numeric if column not in columns]
        for affix in AFFIXES:
            classes = {affix.class_name(name) for name in others} - {None}
            if classes == set(names):
                return columns, names, f"{start}*, with the classes of columns {affix}"
    return None
