"""Which columns hold the scores, what they hold, and which class each belongs to.

The rules, in order:

1. The columns that the user names: a list, or a pattern whose ``*`` stands for the class.
2. Columns named exactly like the classes.
3. The columns that share one prefix or suffix of the list `AFFIXES`.
4. One column that holds a list of numbers; the classes are then numbered from 0.
5. One column with a name of `SINGLE_NAMES`, or one column with an affix: the score of the positive
   class of two.
6. Nothing: the candidates are listed, and the user is asked.

What the scores are: what the user says; else what the affix says; else probabilities, if every row
of the first block lies in [0, 1] and sums to 1. Nothing is ever taken for logits without a word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from wcetool.core.distribution import is_integer
from wcetool.core.vocabulary import InputKind
from wcetool.data.affixes import AFFIXES, P_AFFIX, SINGLE_NAMES, Affix
from wcetool.data.columns import find_column, is_index
from wcetool.data.formats.table import Column, Holds, Table
from wcetool.errors import InputError, listed, quoted


@dataclass(frozen=True, slots=True)
class ScoreColumns:
    """The columns that hold scores, and the class that each one's name gives.

    Attributes
    ----------
    columns : tuple of Column
        In file order, or as the user listed them.
    class_names : tuple of str
        One a column; empty where the names say nothing: a list column, or a single name.
    kind : InputKind or None
        What the names say of the values.
    reason : str or None
        Why these; None where the user named them.
    """

    columns: tuple[Column, ...]
    class_names: tuple[str, ...]
    kind: InputKind | None
    reason: str | None

    @property
    def is_list(self) -> bool:
        """The scores of a row are one list."""
        return self.columns[0].holds is Holds.NUMBER_LISTS

    @property
    def is_single(self) -> bool:
        """There is one score a row."""
        return len(self.columns) == 1 and not self.is_list

    def __str__(self) -> str:
        return listed((column.name for column in self.columns), limit=4)


@dataclass(frozen=True, slots=True)
class Clues:
    """What is known when the score columns are chosen.

    Attributes
    ----------
    label : Column or None
        The label column, which holds no scores.
    classes : tuple of str or None
        The declared classes.
    seen : frozenset of str
        Labels of the first block.
    adds_up : callable
        Whether every row of the first block of some columns is a row of probabilities.
    """

    label: Column | None
    classes: tuple[str, ...] | None
    seen: frozenset[str]
    adds_up: Callable[[Sequence[Column]], bool]

    def cover(self, names: Collection[str]) -> bool:
        """Tell whether names could be those of the classes, as far as is known."""
        if self.classes is not None:
            return set(names) == set(self.classes) or (
                numbered(names) and len(names) == len(self.classes)
            )
        return self.seen <= set(names)


def choose_score_columns(
    table: Table, clues: Clues, wanted: str | Sequence[Column] | None
) -> ScoreColumns:
    """Choose the score columns by the rules above.

    Parameters
    ----------
    table : Table
        The file.
    clues : Clues
        What else is known.
    wanted : str or sequence of Column, optional
        What the user said, as text or as columns.

    Raises
    ------
    InputError
        If no rule decides; lists the candidates and what to type.
    """
    if isinstance(wanted, str):
        return _wanted(table, clues, wanted)
    if wanted is not None:
        return _taken(clues, tuple(wanted))
    numeric = [column for column in _free(table, clues) if column.holds is Holds.NUMBERS]
    lists = [column for column in _free(table, clues) if column.holds is Holds.NUMBER_LISTS]
    found = (
        _named_like_classes(table, numeric, clues)
        or _sharing_an_affix(table, numeric, clues)
        or _one_list(lists)
        or _one_column(numeric, clues)
    )
    if found is None:
        candidates = numeric or lists
        raise InputError(
            "no columns are known to hold the scores",
            where=table.file.path,
            details=(
                f"columns: {listed(table.names)}",
                f"numeric: {listed(c.name for c in candidates) or 'none'}",
            ),
            hint="--scores 'prob_*' (a pattern), or --scores NAME,NAME,...",
        )
    return found


def _free(table: Table, clues: Clues) -> list[Column]:
    """List the columns that may hold scores: no label, no index, no `x_outcome` beside an `x`."""
    names = set(table.names)
    return [
        column
        for column in table.columns
        if not is_index(column)
        and (clues.label is None or column.place != clues.label.place)
        and column.name.removesuffix("_outcome") not in names - {column.name}
    ]


def _wanted(table: Table, clues: Clues, wanted: str) -> ScoreColumns:
    if wanted not in table.names and "*" in wanted:
        return _matching(table, clues, wanted)
    texts = [wanted] if wanted in table.names else wanted.split(",")
    columns = tuple(find_column(table, text, option="--scores") for text in texts)
    _refuse_useless(table, clues, columns)
    return _taken(clues, columns)


def _taken(clues: Clues, columns: tuple[Column, ...]) -> ScoreColumns:
    """Take columns that the user named; their class names are their names, bare of an affix."""
    names = tuple(column.name for column in columns)
    if columns[0].holds is Holds.NUMBER_LISTS:
        names = ()
    elif not clues.cover(names):
        affix = _best_affix(columns, clues)
        if affix is not None:
            names = tuple(affix.class_name(column.name) or column.name for column in columns)
        elif len(columns) == 1:
            names = ()
    return ScoreColumns(columns, names, _kind_by_name(columns), None)


def _matching(table: Table, clues: Clues, pattern: str) -> ScoreColumns:
    """Return the columns that a pattern matches; its `*` is the class."""
    expression = re.compile(re.escape(pattern).replace(r"\*", "(.+)"), re.DOTALL)
    matches = [(column, expression.fullmatch(column.name)) for column in _free(table, clues)]
    members = [(column, match[1]) for column, match in matches if match is not None]
    if pattern.count("*") > 1 or not members:
        raise InputError(
            f"{pattern!r} has more than one *, which stands for the class"
            if pattern.count("*") > 1
            else f"no column matches {pattern!r}",
            where=table.file.path,
            details=(f"columns: {listed(table.names)}",),
            hint="--scores 'prob_*'",
        )
    columns = tuple(column for column, _ in members)
    return ScoreColumns(columns, tuple(name for _, name in members), _kind_by_name(columns), None)


def _refuse_useless(table: Table, clues: Clues, columns: Sequence[Column]) -> None:
    """Refuse columns that the user named and that can hold no scores."""
    for column in columns:
        if clues.label is not None and column.place == clues.label.place:
            raise InputError(
                f"column {column.name!r} is the label", where=table.file.path, hint="--label-column"
            )
        if column.holds is Holds.OTHER or (column.holds is Holds.NUMBER_LISTS and len(columns) > 1):
            raise InputError(f"column {column.name!r} holds no scores", where=table.file.path)
    if len({column.place for column in columns}) < len(columns):
        raise InputError("a score column is named twice", where=table.file.path)


def _named_like_classes(
    table: Table, numeric: Sequence[Column], clues: Clues
) -> ScoreColumns | None:
    by_name = {column.name: column for column in numeric}
    if clues.classes is not None:
        wanted: Collection[str] = clues.classes
    elif not clues.seen or not clues.seen <= by_name.keys():
        return None
    elif clues.adds_up(numeric) or clues.seen == by_name.keys():
        wanted = by_name
    elif clues.adds_up([by_name[label] for label in clues.seen]):
        wanted = clues.seen
    else:
        raise InputError(
            "columns are named like the labels of the first rows, but so are perhaps others",
            where=table.file.path,
            details=(f"numeric columns: {listed(by_name)}", f"labels: {quoted(clues.seen)}"),
            hint="--classes with every class, or --scores with every column",
        )
    columns = tuple(by_name[name] for name in by_name if name in wanted)
    if len(columns) < max(len(wanted), 2):
        return None
    names = tuple(column.name for column in columns)
    return ScoreColumns(columns, names, None, "named like the classes")


def _sharing_an_affix(table: Table, numeric: Sequence[Column], clues: Clues) -> ScoreColumns | None:
    """Find the one group of two or more columns that share an affix."""
    groups = {affix: [c for c in numeric if affix.class_name(c.name)] for affix in AFFIXES}
    groups = {affix: columns for affix, columns in groups.items() if len(columns) > 1}
    covering = {
        affix: columns
        for affix, columns in groups.items()
        if clues.cover([affix.class_name(column.name) or "" for column in columns])
    }
    by_columns: dict[tuple[int, ...], list[Affix]] = {}
    for affix, columns in (covering or groups).items():
        by_columns.setdefault(tuple(column.place for column in columns), []).append(affix)
    if not by_columns:
        return None
    if len(by_columns) > 1:
        patterns = [str(max(affixes, key=len)) for affixes in by_columns.values()]
        raise InputError(
            f"{len(patterns)} groups of columns may hold the scores: {listed(patterns)}",
            where=table.file.path,
            details=(f"columns: {listed(table.names)}",),
            hint=f"--scores '{patterns[0]}'",
        )
    affix = max(next(iter(by_columns.values())), key=len)
    chosen = tuple(groups[affix])
    names = tuple(affix.class_name(column.name) or "" for column in chosen)
    return ScoreColumns(chosen, names, affix.kind, f"columns {affix}")


def _one_list(lists: Sequence[Column]) -> ScoreColumns | None:
    usual = [column for column in lists if column.name.casefold() in SINGLE_NAMES]
    for columns in (lists, usual):
        if len(columns) == 1:
            kind = SINGLE_NAMES.get(columns[0].name.casefold())
            return ScoreColumns((columns[0],), (), kind, "the only column of lists")
    return None


def _one_column(numeric: Sequence[Column], clues: Clues) -> ScoreColumns | None:
    usual = [column for column in numeric if column.name.casefold() in SINGLE_NAMES]
    if len(usual) == 1:
        kind = SINGLE_NAMES[usual[0].name.casefold()]
        return ScoreColumns((usual[0],), (), kind, "one score a row, by its name")
    affixed = [column for column in numeric if any(a.class_name(column.name) for a in AFFIXES)]
    if len(affixed) == 1 and not usual:
        affix = _best_affix(affixed, clues)
        name = affix.class_name(affixed[0].name) if affix is not None else None
        if affix == P_AFFIX and name not in (clues.classes or clues.seen):
            return None  # p_value and the like
        kind = affix.kind if affix is not None else None
        return ScoreColumns((affixed[0],), (name,) if name else (), kind, "one score a row")
    return None


def _best_affix(columns: Sequence[Column], clues: Clues) -> Affix | None:
    """Return the longest affix that fits all columns, one whose names cover the labels first."""
    fitting = [
        affix for affix in AFFIXES if all(affix.class_name(column.name) for column in columns)
    ]
    covering = [
        affix for affix in fitting if clues.cover([affix.class_name(c.name) or "" for c in columns])
    ]
    return max(covering or fitting, key=len, default=None)


def _kind_by_name(columns: Sequence[Column]) -> InputKind | None:
    """Return what a shared affix, or the name of a single column, says the values are."""
    if len(columns) == 1 and columns[0].name.casefold() in SINGLE_NAMES:
        return SINGLE_NAMES[columns[0].name.casefold()]
    fitting = [a for a in AFFIXES if all(a.class_name(column.name) for column in columns)]
    return max(fitting, key=len).kind if fitting else None


def numbered(names: Collection[str]) -> bool:
    """Tell whether all names are integers."""
    return bool(names) and all(map(is_integer, names))
