"""The two classes of a file with one score a row, and the one that the score is of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from wcetool.core.distribution import class_order
from wcetool.data.formats.table import Column
from wcetool.data.layout import ScoreRequest
from wcetool.data.row_errors import is_unknown_label
from wcetool.data.score_columns import Clues, ScoreColumns
from wcetool.errors import InputError, UsageError, quoted, short_repr

_NEGATIVE = re.compile(
    r"no|not|none|neg|negative|normal|healthy|benign|control|legit|genuine|absent|absence|false"
    r"|(no|non|not|without)[-_ ].+",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class FoundClasses:
    """Classes, the positive one of two, and what was assumed."""

    classes: tuple[str, ...]
    positive: int
    note: str | None
    guessed: bool = False
    warning: str | None = None


def two_classes(
    chosen: ScoreColumns,
    clues: Clues,
    request: ScoreRequest,
    where: str,
    *,
    predicted: Column | None = None,
) -> FoundClasses:
    """Find the two classes of a file with one score a row, and the one that the score is of.

    Parameters
    ----------
    chosen : ScoreColumns
        One column.
    clues, request, where
        What is known, what the user says, and of which file.
    predicted : Column, optional
        The predicted labels.

    Raises
    ------
    InputError
        If there are not two classes.
    UsageError
        If the positive class is none of them.
    """
    column = chosen.columns[0].name
    named = request.positive_class
    if named is not None:
        named = clues.rules.column_classes((named,))[0]
    if clues.classes is not None:
        classes = clues.classes
    else:
        labels = clues.seen if len(clues.seen) > 1 else clues.more_labels()
        classes = class_order(
            labels | ({named} if named is not None and len(labels) == 1 else set())
        )
    if len(classes) > 2:
        raise _more_classes(column, classes, predicted, where)
    if len(classes) < 2:
        raise InputError(
            f"the labels hold {quoted(classes) or 'no class'}: the other class cannot be known",
            where=where,
            hint="--classes NEGATIVE,POSITIVE",
        )
    if named is not None and named not in classes:
        raise UsageError(
            f"{short_repr(named)} is not one of the classes {quoted(classes)}",
            where="--positive-class",
            hint=f"--positive-class {classes[1]}",
        )
    by_name = next((name for name in chosen.class_names if name in classes), None)
    if not (named or by_name or request.n_truth_columns):
        _refuse_negative(chosen, classes, where)
    positive = named or by_name or classes[1]
    reason = "as asked" if named else "by the column's name" if by_name else "the later in order"
    warning = None
    if by_name is not None and by_name != positive:
        warning = (
            f"column {column!r} is taken for the score of class {short_repr(positive)}, as asked; "
            f"its name says {short_repr(by_name)}"
        )
    return FoundClasses(
        classes,
        classes.index(positive),
        f"column {column!r} is the score of class {short_repr(positive)} ({reason})",
        guessed=not (named or by_name),
        warning=warning,
    )


def _refuse_negative(chosen: ScoreColumns, classes: Sequence[str], where: str) -> None:
    """Refuse to take a score for that of the later class where a name says that it is not."""
    column = chosen.columns[0].name
    said = next(filter(_NEGATIVE.fullmatch, chosen.class_names), None)
    first, later = classes
    if said is not None:
        raise InputError(
            f"column {column!r} may be the score of the negative class: its name says "
            f"{short_repr(said)}, which is no label",
            where=where,
            details=(f"labels: {quoted(classes)}",),
            hint=f"--positive-class {first}, or --positive-class {later}: the class it is of",
        )
    if _NEGATIVE.fullmatch(later) and not _NEGATIVE.fullmatch(first):
        raise InputError(
            f"column {column!r} does not say of which class it is the score, and the later one in "
            f"order, {short_repr(later)}, is hardly the positive one",
            where=where,
            details=(f"labels: {quoted(classes)}",),
            hint=f"--positive-class {first}, or --positive-class {later}",
        )


def _more_classes(
    column: str, classes: Sequence[str], predicted: Column | None, where: str
) -> InputError:
    """Say that one score a row is too little, and what there is to do."""
    unknown = next(filter(is_unknown_label, classes), None)
    hint = "--scores 'prob_*' (a pattern), or --label-column for another label"
    details = ["a multiclass loss needs the score of every class"]
    if predicted is not None:
        details.append(
            f"a probability of the class in column {predicted.name!r} says nothing of the true "
            "class where the two differ"
        )
        hint = "--scores none, for the accuracy of the predicted labels"
    if unknown is not None and len(classes) == 3:
        hint = f"--missing {unknown}, if that label means none"
    return InputError(
        f"one score column, {column!r}, but {len(classes):,} classes: {quoted(classes, limit=3)}",
        where=where,
        details=details,
        hint=hint,
    )
