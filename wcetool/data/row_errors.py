"""What is wrong with a row of predictions, in words that name it and say what would help."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from wcetool.core.arrays import FloatArray, IntArray
from wcetool.core.losses import ScoreForm, fault_reason
from wcetool.core.rounding import RoundedRows
from wcetool.core.vocabulary import InputKind, Task
from wcetool.errors import LISTED, InputError, quoted

MOST_TYPED = 20  # classes that a hint spells out
_UNKNOWN = ("-1", "-1.0", "test", "unknown", "unlabeled", "unlabelled", "none", "na", "?")

_RULES = {
    (Task.MULTICLASS, InputKind.PROBS): "probabilities that sum to 1",
    (Task.MULTICLASS, InputKind.LOGITS): "finite logits",
    (Task.MULTICLASS, InputKind.LOG_PROBS): "logarithms of probabilities that sum to 1",
    (Task.BINARY, InputKind.PROBS): "a probability",
    (Task.BINARY, InputKind.LOGITS): "a logit",
    (Task.BINARY, InputKind.LOG_PROBS): "the logarithm of a probability",
    (Task.MULTILABEL, InputKind.PROBS): "probabilities",
    (Task.MULTILABEL, InputKind.LOGITS): "logits",
    (Task.MULTILABEL, InputKind.LOG_PROBS): "logarithms of probabilities",
}


def unknown_labels(
    unknown: Mapping[str, int], classes: Sequence[str], where: str, first_row: int
) -> InputError:
    """Name labels without a score column, and what may be meant.

    Parameters
    ----------
    unknown : mapping of str to int
        The labels, and the first row of each, from 0.
    classes : sequence of str
        The classes that have a column.
    where : str
        The file.
    first_row : int
        Number of the row that `unknown` counts as 0.
    """
    label, row = min(unknown.items(), key=lambda item: item[1])
    return InputError(
        f"label {quoted([label])} has no score column",
        where=f"{where}: row {first_row + row:,}",
        details=(
            f"classes with a column: {quoted(classes)}",
            *([f"labels without one: {quoted(sorted(unknown))}"] if len(unknown) > 1 else []),
        ),
        hint=label_hint(label, classes),
    )


def label_hint(label: str, classes: Sequence[str]) -> str:
    """Say what may be meant by a label that is no class."""
    whole = label.removesuffix(".0")
    if whole != label and whole in classes:
        return f"the labels are floats: write them as integers, or give --names with {label!r}"
    if label.strip() != label and label.strip() in classes:
        return "--strip takes the white space off"
    if label.casefold() in {one.casefold() for one in classes}:
        return "--casefold folds the case"
    if is_unknown_label(label):
        return f"--missing {label}, if that label means none"
    n = len(classes)
    if label == "0" and n <= MOST_TYPED and set(classes) == {str(k) for k in range(1, n + 1)}:
        from_zero = ",".join(str(k) for k in range(n))
        return f"--classes {from_zero}, if the columns count from 1 and the labels from 0"
    if label == str(n) and n <= MOST_TYPED and set(classes) == {str(k) for k in range(n)}:
        from_one = ",".join(str(k + 1) for k in range(n))
        return f"--classes {from_one}, if the columns count from 0 and the labels from 1"
    return "--classes with the classes of the columns, or --missing for labels that mean none"


def is_unknown_label(label: str) -> bool:
    """Tell whether a label likely stands where none is known."""
    return label.casefold() in _UNKNOWN


def unknown_predicted(
    unknown: Mapping[str, int], classes: Sequence[str], where: str, first_row: int
) -> InputError:
    """Name a predicted label that is no class; parameters as in `unknown_labels`."""
    label, row = min(unknown.items(), key=lambda item: item[1])
    return InputError(
        f"predicted label {quoted([label])} is no class",
        where=f"{where}: row {first_row + row:,}",
        details=(f"classes: {quoted(classes)}",),
        hint=label_hint(label, classes),
    )


def faulty_rows(values: FloatArray, rows: IntArray, form: ScoreForm, where: str) -> InputError:
    """Name the first rows that break the rules of a form.

    Parameters
    ----------
    values : float64 array of shape (n_faulty, n_classes)
        The rows.
    rows : int64 array of shape (n_faulty,)
        Their numbers, from 1.
    form : ScoreForm
        The rules.
    where : str
        The file.
    """
    named = [
        (row, fault_reason(one, form))
        for row, one in zip(rows[:LISTED].tolist(), values[:LISTED], strict=True)
    ]
    return _rows_error(
        named, len(rows), _not_what(named, form), where, hint=_fault_hint(values, form)
    )


def faulty_targets(
    values: FloatArray, rows: IntArray, where: str, *, each: bool = False
) -> InputError:
    """Name the first rows whose targets are none.

    Parameters
    ----------
    values : float64 array of shape (n_faulty, n_classes)
        Their targets.
    rows : int64 array of shape (n_faulty,)
        Their numbers, from 1.
    where : str
        The file.
    each : bool
        Each target stands for itself: their sum is free.
    """
    named = [
        (row, _target_fault(one))
        for row, one in zip(rows[:LISTED].tolist(), values[:LISTED], strict=True)
    ]
    return _rows_error(
        named,
        len(rows),
        f"row {named[0][0]:,} holds no {'targets' if each else 'distribution of targets'}",
        where,
        hint=None if each else "--task multilabel, if any number of labels may be true",
    )


def _target_fault(targets: FloatArray) -> str:
    if np.isnan(targets).any():
        return "a target is missing"
    outside = targets[(targets < 0.0) | (targets > 1.0)]
    return f"a target of {outside[0]:.6g}" if len(outside) else f"sums to {targets.sum():.6g}"


def faulty_weights(weights: FloatArray, rows: IntArray, where: str) -> InputError:
    """Name the first rows whose sample weight is missing, negative, not finite or tiny."""
    named = [
        (row, "no sample weight" if np.isnan(weight) else f"a sample weight of {weight:.6g}")
        for row, weight in zip(rows[:LISTED].tolist(), weights[:LISTED].tolist(), strict=True)
    ]
    tiny = bool(0.0 < weights[0] < 1.0)
    what = "large enough to be summed up exactly" if tiny else "finite and at least 0"
    return _rows_error(
        named,
        len(rows),
        f"row {named[0][0]:,} has no sample weight that is {what}",
        where,
        hint="multiply all weights by one number, such as 1e9" if tiny else None,
    )


def unexplained_rows(rounded: RoundedRows, form: ScoreForm, paths: Sequence[str]) -> InputError:
    """Name the first rows that rounding could have explained, had the file fewer decimals."""
    odd = rounded.unexplained
    where = paths[odd.first[0][0]]
    word = "the probabilities sum" if form.kind is InputKind.LOG_PROBS else "sums"
    named = [
        (row, f"{word} to {total:.6g}") for index, row, total in odd.first if paths[index] == where
    ]
    hint = _fault_hint(np.ones((1, 1)), form)
    return _rows_error(named, odd.count, _not_what(named, form), where, hint=hint)


def _not_what(named: Sequence[tuple[int, str]], form: ScoreForm) -> str:
    return f"row {named[0][0]:,} does not hold {_RULES[form.task, form.kind]}"


def _rows_error(
    named: Sequence[tuple[int, str]], n_rows: int, message: str, where: str, *, hint: str | None
) -> InputError:
    """Name the first of some rows, each with its reason."""
    details = [f"row {row:,}: {reason}" for row, reason in named]
    if n_rows > len(named):
        details.append(f"… {n_rows - len(named):,} more among the rows that were read")
    return InputError(message, where=where, details=details, hint=hint)


def _fault_hint(values: FloatArray, form: ScoreForm) -> str | None:
    if form.kind is InputKind.LOGITS or form.renormalize or np.isnan(values).any():
        return None
    if form.kind is InputKind.PROBS and values.min() >= 0.0 and form.task is Task.MULTICLASS:
        return "--renormalize divides each row by its sum; --input logits if these are logits"
    return "--input logits, if these are logits"
