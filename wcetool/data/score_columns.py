"""Which columns hold the scores, what they hold, and which class each belongs to.

The rules, in order:

1. The columns that the user names: a list, or a pattern whose ``*`` stands for the class.
2. Columns named exactly like the classes.
3. The columns that share one prefix or suffix of the list `AFFIXES`.
4. One column that holds a list of numbers; the classes are then numbered from 0.
5. One column with a name of `SINGLE_NAMES`, or one column with an affix: the score of the positive
   class of two, or of the predicted class (`confidence`).
6. Nothing: the candidates are listed, and the user is asked.

A column of predicted labels is no candidate.

What the scores are: what the user says; else what the affix says; else probabilities, if at least
half of the first rows lie in [0, 1] and sum to 1. Nothing is ever taken for logits without a word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from string import ascii_letters, digits

from wcetool.core.distribution import class_order, is_integer
from wcetool.core.vocabulary import InputKind
from wcetool.data.affixes import AFFIXES, P_AFFIX, SINGLE_NAMES, Affix, is_confidence_name
from wcetool.data.columns import find_columns, is_index
from wcetool.data.formats.table import Column, Holds, Table
from wcetool.data.options import LabelRules
from wcetool.data.truth_columns import bare_names, refuse_bare
from wcetool.errors import LISTED, InputError, listed, quoted


class NoScoresError(InputError):
    """No column is known to hold scores."""


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
    taken : tuple of Column
        Columns that hold no scores: the truth, sample weights, ids.
    classes : tuple of str or None
        The declared classes.
    rules : LabelRules
        What the names of classes mean.
    seen : frozenset of str
        Labels of the first block.
    more_labels : callable
        Reads on until there are two labels.
    adds_up : callable
        Whether the rows of the first block of some columns are rows of probabilities.
    predicted : tuple of Column
        Columns of predicted labels; the user may still name one.
    of_file : bool
        The classes are declared by a file, and not by the user.
    """

    taken: tuple[Column, ...]
    classes: tuple[str, ...] | None
    rules: LabelRules
    seen: frozenset[str]
    more_labels: Callable[[], frozenset[str]]
    adds_up: Callable[[Sequence[Column]], bool]
    predicted: tuple[Column, ...] = ()
    of_file: bool = False

    def is_taken(self, column: Column) -> bool:
        """Tell whether a column holds something else than scores."""
        return any(column.place == one.place for one in self.taken)

    def cover(self, classes: Collection[str]) -> bool:
        """Tell whether these could be the classes, as far as is known."""
        if self.classes is not None:
            return set(classes) == set(self.classes) or (
                numbered(classes) and len(classes) == len(self.classes)
            )
        return self.seen <= set(classes)

    def known_class(self, name: str) -> bool:
        """Tell whether a name is that of a declared class, or of one of the labels."""
        if self.classes is not None:
            return name in self.classes
        return name in self.seen or name in self.more_labels()

    def classes_in(self, affix: Affix, columns: Iterable[Column]) -> tuple[str, ...]:
        """Return the classes that the names of columns with an affix mean."""
        parts = (affix.class_name(column.name) or "" for column in columns)
        return self.rules.column_classes(parts)


def choose_score_columns(
    table: Table, clues: Clues, wanted: str | Sequence[str] | Sequence[Column] | None
) -> ScoreColumns:
    """Choose the score columns by the rules above.

    Parameters
    ----------
    table : Table
        The file.
    clues : Clues
        What else is known.
    wanted : str, sequence of str, or sequence of Column, optional
        What the user said: a list or pattern as one text, names, or columns.

    Raises
    ------
    InputError
        If no rule decides; lists the candidates and what to type.
    """
    if isinstance(wanted, str) and wanted not in table.names and "*" in wanted:
        return _matching(table, clues, wanted)
    if isinstance(wanted, str):
        wanted = [wanted] if wanted in table.names else wanted.split(",")
    if wanted is not None:
        return _taken(table, clues, wanted)
    numeric = [column for column in _free(table, clues) if column.holds is Holds.NUMBERS]
    lists = [column for column in _free(table, clues) if column.holds is Holds.NUMBER_LISTS]
    found = (
        _named_like_classes(table, numeric, clues)
        or _sharing_an_affix(table, numeric, clues)
        or _one_list(lists)
        or _one_column(numeric, clues)
    )
    if found is None:
        raise _no_scores(table, clues, numeric or lists)
    _refuse_texts_alike(table, clues, found)
    return found


def _no_scores(table: Table, clues: Clues, candidates: Sequence[Column]) -> NoScoresError:
    """List the candidates, and what to type where only one thing can be meant."""
    names = [column.name for column in candidates]
    hint = "--scores 'prob_*' (a pattern), or --scores NAME,NAME,..."
    bare: Sequence[str] = bare_names(names) if len(names) > 1 else ()
    prefix = names[0].removesuffix(bare[0]) if bare else ""
    if bare and not prefix and numbered([name.lstrip(ascii_letters) for name in names]):
        prefix = names[0].rstrip(digits)  # p0, p1
        bare = [name.removeprefix(prefix) for name in names]
    if prefix and clues.seen and clues.cover(bare):
        hint = f"--scores '{prefix}*'"
    elif names and len(names) <= LISTED:
        hint = f"--scores {','.join(names)}, as far as they hold scores"
    return NoScoresError(
        "no columns are known to hold the scores",
        where=table.file.path,
        details=(
            f"columns: {listed(table.names)}",
            f"numeric: {listed(names) or 'none'}",
            *(f"predicted labels, no scores: {one.name!r}" for one in clues.predicted),
        ),
        hint=hint,
    )


def _refuse_texts_alike(table: Table, clues: Clues, found: ScoreColumns) -> None:
    """Refuse to leave out a column that is named like the chosen ones and holds text."""
    affixes = [a for a in AFFIXES if all(a.class_name(c.name) for c in found.columns)]
    texts = [
        column
        for column in _free(table, clues)
        if column.holds is Holds.TEXT and any(affix.class_name(column.name) for affix in affixes)
    ]
    if texts:
        raise InputError(
            f"column {texts[0].name!r} is named like the score columns, and holds text",
            where=table.file.path,
            details=(f"score columns: {found}",),
            hint="--scores with the names of the score columns",
        )


def _free(table: Table, clues: Clues) -> list[Column]:
    """List the columns that may hold scores: no label, no index, no `x_outcome` beside an `x`."""
    names = set(table.names)
    return [
        column
        for column in table.columns
        if not is_index(column)
        and not clues.is_taken(column)
        and column not in clues.predicted
        and not _is_outcome(column.name, names)
    ]


def _is_outcome(name: str, names: Collection[str]) -> bool:
    stem = name.removesuffix("_outcome")
    return stem != name and stem in names


def _taken(table: Table, clues: Clues, wanted: Sequence[str] | Sequence[Column]) -> ScoreColumns:
    """Take columns that the user named; their class names are their names, bare of an affix."""
    named = [one for one in wanted if isinstance(one, str)]
    found = iter(find_columns(table, named, option="--scores"))
    columns = tuple(next(found) if isinstance(one, str) else one for one in wanted)
    if not columns:
        raise InputError("no score column is named", where=table.file.path, hint="--scores NAME")
    _refuse_useless(table, clues, columns)
    names = clues.rules.column_classes(column.name for column in columns)
    if columns[0].holds is Holds.NUMBER_LISTS:
        names = ()
    elif not clues.cover(names):
        affix = _best_affix(columns, clues)
        if affix is not None:
            names = clues.classes_in(affix, columns)
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
    refuse_bare(table, pattern, option="--scores")
    columns = tuple(column for column, _ in members)
    names = clues.rules.column_classes(name for _, name in members)
    return ScoreColumns(columns, names, _kind_by_name(columns), None)


def _refuse_useless(table: Table, clues: Clues, columns: Sequence[Column]) -> None:
    """Refuse columns that the user named and that can hold no scores."""
    for column in columns:
        if clues.is_taken(column):
            raise InputError(
                f"column {column.name!r} is the label, a sample weight or an id",
                where=table.file.path,
                hint="--label-column",
            )
        if column.holds is Holds.OTHER or (column.holds is Holds.NUMBER_LISTS and len(columns) > 1):
            raise InputError(f"column {column.name!r} holds no scores", where=table.file.path)
        if column.holds is Holds.TEXT and table.dialect is None:
            raise InputError(
                f"column {column.name!r} holds text, not scores", where=table.file.path
            )
    if len({column.place for column in columns}) < len(columns):
        raise InputError("a score column is named twice", where=table.file.path)


def _named_like_classes(
    table: Table, numeric: Sequence[Column], clues: Clues
) -> ScoreColumns | None:
    names = clues.rules.column_classes(column.name for column in numeric)
    by_name = dict(zip(names, numeric, strict=True))
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
            details=(
                f"numeric columns: {listed(by_name)}",
                f"labels: {quoted(class_order(clues.seen))}",
            ),
            hint="--classes with every class, or --scores with every column",
        )
    among = frozenset(wanted)
    chosen = {name: column for name, column in by_name.items() if name in among}
    if len(chosen) < max(len(wanted), 2):
        return None
    return ScoreColumns(tuple(chosen.values()), tuple(chosen), None, "named like the classes")


def _sharing_an_affix(table: Table, numeric: Sequence[Column], clues: Clues) -> ScoreColumns | None:
    """Find the one group of two or more columns that share an affix."""
    among = [c for c in numeric if not is_confidence_name(c.name) or _names_known(c.name, clues)]
    groups = {affix: [c for c in among if affix.class_name(c.name)] for affix in AFFIXES}
    groups = {affix: columns for affix, columns in groups.items() if len(columns) > 1}
    covering = {
        affix: columns
        for affix, columns in groups.items()
        if clues.cover(clues.classes_in(affix, columns))
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
            hint=", or ".join(f"--scores '{pattern}'" for pattern in patterns[:LISTED]),
        )
    affix = max(next(iter(by_columns.values())), key=len)
    chosen = tuple(groups[affix])
    names = clues.classes_in(affix, chosen)
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
    usual = [column for column in usual if not is_confidence_name(column.name)] or usual
    if len(usual) == 1:
        kind = SINGLE_NAMES[usual[0].name.casefold()]
        return ScoreColumns((usual[0],), (), kind, "one score a row, by its name")
    affixed = [column for column in numeric if any(a.class_name(column.name) for a in AFFIXES)]
    if len(affixed) == 1 and not usual:
        affix = _best_affix(affixed, clues)
        if affix is None:
            return None
        names = clues.classes_in(affix, affixed)
        if affix == P_AFFIX and not (is_integer(names[0]) or clues.known_class(names[0])):
            return None  # p_value and the like
        return ScoreColumns((affixed[0],), names, affix.kind, "one score a row")
    return None


def _names_known(name: str, clues: Clues) -> bool:
    """Tell whether a column name holds a class that is known: one that is called max, say."""
    names = (affix.class_name(name) for affix in AFFIXES)
    return any(clues.known_class(one) for one in names if one is not None)


def _best_affix(columns: Sequence[Column], clues: Clues) -> Affix | None:
    """Return the longest affix that fits all columns, one whose names cover the labels first."""
    fitting = [
        affix for affix in AFFIXES if all(affix.class_name(column.name) for column in columns)
    ]
    covering = [affix for affix in fitting if clues.cover(clues.classes_in(affix, columns))]
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
