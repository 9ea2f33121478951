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
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from wcetool.core.distribution import class_order, is_integer
from wcetool.core.vocabulary import InputKind
from wcetool.data.columns import find_column, is_index
from wcetool.data.formats.table import Column, Holds, Table
from wcetool.data.formats.text_head import is_number
from wcetool.errors import InputError, listed, quoted

_PROBS, _LOGITS, _LOG_PROBS = InputKind.PROBS, InputKind.LOGITS, InputKind.LOG_PROBS


@dataclass(frozen=True, slots=True)
class Affix:
    """What stands around a class name in the name of its column, and what the column then holds."""

    prefix: str
    suffix: str
    kind: InputKind | None

    def class_name(self, column: str) -> str | None:
        """Return the class that a column name holds, None where the affix does not fit."""
        name = column.casefold()
        if len(name) <= len(self.prefix) + len(self.suffix):
            return None
        if not (name.startswith(self.prefix) and name.endswith(self.suffix)):
            return None
        return column[len(self.prefix) : len(column) - len(self.suffix)]

    def __str__(self) -> str:
        return f"{self.prefix}*{self.suffix}"


AFFIXES = (
    *(Affix(prefix, "", _LOG_PROBS) for prefix in ("log_prob_", "log_proba_", "logprob_", "logp_")),
    *(Affix(prefix, "", _LOGITS) for prefix in ("logits_", "logit_", "logit")),
    *(
        Affix(prefix, "", _PROBS)
        for prefix in ("probability_", "proba_", "probs_", "prob_", "p_", "prob")
    ),
    Affix("class_", "_prob", _PROBS),
    Affix("class_", "_logit", _LOGITS),
    *(Affix("", suffix, _LOG_PROBS) for suffix in ("_log_prob", "_logprob", "_logp")),
    *(Affix("", suffix, _LOGITS) for suffix in ("_logits", "_logit")),
    *(Affix("", suffix, _PROBS) for suffix in ("_probability", "_proba", "_prob")),
    Affix("score_", "", None),
    Affix("", "_score", None),
)

SINGLE_NAMES: Mapping[str, InputKind | None] = {
    **dict.fromkeys(("prob", "proba", "probability", "p", "y_prob", "y_proba"), _PROBS),
    **dict.fromkeys(("probs", "probas", "probabilities"), _PROBS),
    **dict.fromkeys(("logit", "logits", "y_logit"), _LOGITS),
    **dict.fromkeys(("log_prob", "logprob", "logp", "log_probs"), _LOG_PROBS),
    **dict.fromkeys(("score", "scores", "y_score"), None),
}


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
                _numbered(names) and len(names) == len(self.classes)
            )
        return self.seen <= set(names)


def choose_score_columns(table: Table, clues: Clues, wanted: str | None) -> ScoreColumns:
    """Choose the score columns by the rules above.

    Raises
    ------
    InputError
        If no rule decides; lists the candidates and what to type.
    """
    if wanted is not None:
        return _wanted(table, clues, wanted)
    numeric = [column for column in _free(table, clues) if column.holds is Holds.NUMBERS]
    lists = [column for column in _free(table, clues) if column.holds is Holds.NUMBER_LISTS]
    found = (
        _named_like_classes(numeric, clues)
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
            if members
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


def _named_like_classes(numeric: Sequence[Column], clues: Clues) -> ScoreColumns | None:
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
        patterns = [str(max(affixes, key=_length)) for affixes in by_columns.values()]
        raise InputError(
            f"{len(patterns)} groups of columns may hold the scores: {listed(patterns)}",
            where=table.file.path,
            details=(f"columns: {listed(table.names)}",),
            hint=f"--scores '{patterns[0]}'",
        )
    affix = max(next(iter(by_columns.values())), key=_length)
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
    return max(covering or fitting, key=_length, default=None)


def _kind_by_name(columns: Sequence[Column]) -> InputKind | None:
    """Return what a shared affix, or the name of a single column, says the values are."""
    if len(columns) == 1 and columns[0].name.casefold() in SINGLE_NAMES:
        return SINGLE_NAMES[columns[0].name.casefold()]
    fitting = [a for a in AFFIXES if all(a.class_name(column.name) for column in columns)]
    return max(fitting, key=_length).kind if fitting else None


def _length(affix: Affix) -> int:
    return len(affix.prefix) + len(affix.suffix)


def match_classes(
    chosen: ScoreColumns, clues: Clues, n_listed: int | None, where: str
) -> tuple[tuple[str, ...], tuple[int, ...], str | None]:
    """Match score columns with classes.

    Parameters
    ----------
    chosen : ScoreColumns
        One column a class, or one column of lists.
    clues : Clues
        Declared classes and the labels of the first block.
    n_listed : int or None
        Length of the lists.
    where : str
        The file, for errors.

    Returns
    -------
    classes : tuple of str
        In class order.
    order : tuple of int
        For each class, the place of its column among the chosen ones, or in the list.
    note : str or None
        What was assumed, where the names do not say it.

    Raises
    ------
    InputError
        If the names and the declared classes, or the labels, do not go together.
    """
    names = chosen.class_names or tuple(str(place) for place in range(n_listed or 0))
    if len(set(names)) < len(names):
        raise InputError(f"two score columns name one class: {quoted(names)}", where=where)
    if clues.classes is None:
        classes = class_order(names)
        note = None if chosen.class_names else f"classes numbered 0 to {len(names) - 1}"
        _refuse_names_beside_numbers(names, clues.seen, where)
    elif set(names) == set(clues.classes):
        classes, note = clues.classes, None
    elif len(names) == len(clues.classes) and (
        _numbered(names) or chosen.reason is None or chosen.is_list
    ):
        classes = clues.classes
        names = _assign(names, classes)
        note = f"score columns taken in order for the declared classes: {quoted(classes, limit=3)}"
    else:
        lacking, extra = set(clues.classes) - set(names), set(names) - set(clues.classes)
        raise InputError(
            f"{len(names):,} score columns do not match the {len(clues.classes):,} declared "
            "classes",
            where=where,
            details=(
                f"classes without a column: {quoted(sorted(lacking)) or 'none'}",
                f"columns without a class: {quoted(sorted(extra)) or 'none'}",
            ),
            hint="--classes in the order of the columns, and --scores with the columns in "
            "that order",
        )
    place = {name: i for i, name in enumerate(names)}
    return classes, tuple(place[label] for label in classes), note


def _assign(names: Sequence[str], classes: Sequence[str]) -> tuple[str, ...]:
    """Give each column a declared class: numbered columns by number, others in their order."""
    if not _numbered(names):
        return tuple(classes)
    rank = {name: i for i, name in enumerate(sorted(names, key=int))}
    return tuple(classes[rank[name]] for name in names)


def _refuse_names_beside_numbers(names: Sequence[str], seen: Iterable[str], where: str) -> None:
    named = sorted(label for label in seen if not is_number(label) and label not in names)
    if named and _numbered(names):
        raise InputError(
            f"the labels are names ({quoted(named, limit=3)}), the score columns are numbered "
            f"({listed(names, limit=3)})",
            where=where,
            hint="--classes with the class names in the order of the columns",
        )


def _numbered(names: Collection[str]) -> bool:
    return bool(names) and all(map(is_integer, names))
