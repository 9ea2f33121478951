"""Score columns and classes: which column belongs to which class, and in which order they are.

Names decide where they can; numbered columns go with declared classes by number; what cannot be
matched is refused with both sides named.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from wcetool.core.distribution import class_order
from wcetool.data.formats.text_head import is_number
from wcetool.data.row_errors import is_unknown_label
from wcetool.data.score_columns import Clues, ScoreColumns, numbered
from wcetool.errors import InputError, listed, quoted


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
        numbered(names) or chosen.reason is None or chosen.is_list
    ):
        classes = clues.classes
        if clues.of_file:
            _refuse_other_order(classes, where)
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
    if not numbered(names):
        return tuple(classes)
    rank = {name: i for i, name in enumerate(sorted(names, key=int))}
    return tuple(classes[rank[name]] for name in names)


def _refuse_other_order(classes: Sequence[str], where: str) -> None:
    """Refuse to guess whether columns follow the order that a file declares, or the usual one."""
    usual = class_order(classes)
    if tuple(classes) != usual:
        raise InputError(
            "the score columns have no names of classes, and the file of the labels declares "
            "these in an order of its own: which one are the columns in?",
            where=where,
            details=(
                f"as the file declares them: {quoted(classes)}",
                f"in the usual order: {quoted(usual)}",
            ),
            hint="--classes with the class names in the order of the columns",
        )


def _refuse_names_beside_numbers(names: Sequence[str], seen: Iterable[str], where: str) -> None:
    taken = frozenset(names)
    named = sorted(label for label in seen if not is_number(label) and label not in taken)
    if named and numbered(names):
        raise InputError(
            f"the labels are names ({quoted(named, limit=3)}), the score columns are numbered "
            f"({listed(names, limit=3)})",
            where=where,
            hint=f"--missing {','.join(named)}, if these labels mean none"
            if all(map(is_unknown_label, named))
            else "--classes with the class names in the order of the columns, or --names FILE",
        )
