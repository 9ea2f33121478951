"""Several score columns: one a class, or one a model.

The rules, in order:

1. Declared classes, names that are those of labels, and `--task multiclass`: a column a class.
2. `--task binary`: a column a model, each the score of the positive class of two.
3. Rows that sum to 1, over all columns or two of them, although no name is that of a label: the
   user is asked.
4. Two labels, and values in [0, 1] that do not sum to 1: a column a model.
"""

from __future__ import annotations

import itertools

from wcetool.core.arrays import FloatArray
from wcetool.core.distribution import class_order
from wcetool.core.vocabulary import InputKind, Task
from wcetool.data.layout import ScoreRequest
from wcetool.data.score_columns import Clues, ScoreColumns, numbered
from wcetool.errors import InputError, quoted

MOST_COMPARED = 12  # columns of which any two are looked at


def are_models(
    chosen: ScoreColumns,
    clues: Clues,
    request: ScoreRequest,
    values: FloatArray,
    where: str,
    *,
    declared: bool = False,
) -> bool:
    """Tell whether each of several score columns is that of a model, by the rules above.

    Parameters
    ----------
    chosen : ScoreColumns
        At least two.
    clues : Clues
        The labels of the first rows.
    request : ScoreRequest
        What the user says.
    values : float64 array of shape (n_samples, n_columns)
        The first rows.
    where : str
        The file.
    declared : bool
        The user has declared the classes.

    Raises
    ------
    InputError
        If the columns could be either.
    """
    if request.task not in (None, Task.BINARY) or (declared and request.task is None):
        return False
    names = {_bare(name) for name in chosen.class_names}
    labels = clues.seen if clues.classes is None else frozenset(clues.classes)
    if not labels or names & {_bare(label) for label in labels}:
        return False
    labels = labels if len(labels) > 1 else clues.more_labels()
    if len(labels) != 2 or names & {_bare(label) for label in labels}:
        return False
    if request.task is Task.BINARY:
        return True
    kind = request.kind or chosen.kind
    if numbered(chosen.class_names):
        return False  # classes that have other names among the labels
    inside = values.size > 0 and values.min() >= 0.0 and values.max() <= 1.0
    if kind in (InputKind.LOGITS, InputKind.LOG_PROBS) or not inside:
        return False
    pairs = itertools.combinations(chosen.columns, 2)
    few = len(chosen.columns) <= MOST_COMPARED
    if clues.adds_up(chosen.columns) or (few and any(map(clues.adds_up, pairs))):
        classes = ",".join(class_order(labels))
        raise InputError(
            f"score columns {chosen} may be of classes or of models: their rows sum to 1, and no "
            f"label is called like one of them: {quoted(class_order(labels))}",
            where=where,
            details=(f"labels: {quoted(class_order(labels))}",),
            hint=f"--classes {classes} with the columns of these classes in --scores, or "
            "--task binary (a model each)",
        )
    return True


def _bare(name: str) -> str:
    """Return a name without what labels and names of columns often differ in."""
    return name.strip().casefold().removesuffix(".0")
