"""A snippet put together: comments, imports, numbers, code."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

from wcetool.core.schemes.registry import Kind
from wcetool.errors import UsageError, counted, printable, quoted
from wcetool.snippets.registry import OPTION, Form, Framework, Snippet, find_snippet, refuse_kind

if TYPE_CHECKING:
    from wcetool.results.weights import ClassWeights

MOST_IN_CODE = 1000  # classes; more are loaded from the weight file
_NUMBERS = {
    Kind.CLASS: "one factor a class, for the loss of each of its rows",
    Kind.LABEL: "factors of the positive and of the negative term of each label",
    Kind.MARGIN: "a margin a class, taken off the logit of the true class",
    Kind.LOGIT_OFFSET: "an offset a class, added to the logits",
    Kind.LOGIT_TEMPERATURE: "a temperature a class, that its logit is divided by",
    Kind.SAMPLING_PROBABILITY: "the probability of drawing each class",
    Kind.REPEAT_FACTOR: "how often a row with each class is drawn in an epoch",
}
_LABELLED = (Form.LABEL, Form.POSITIVE)


def snippet_text(weights: ClassWeights, framework: str, *, path: str | None = None) -> str:
    """Write weights as the code of a framework.

    Parameters
    ----------
    weights : ClassWeights
        Of any kind but that of rows.
    framework : str
        One of `Framework`.
    path : str, optional
        The weight file that holds the same; from 1,001 classes on the code loads it.

    Raises
    ------
    UsageError
        If there is no code for such weights in the framework, or the classes are too many for code.
    """
    refuse_kind(framework, weights.kind)
    form = _form(weights)
    named, snippet = find_snippet(framework, form, kind=weights.kind)
    if named is Framework.SKLEARN:
        _refuse_one_integer(weights.classes)
    labelled = form in _LABELLED
    kind = Kind.LABEL if labelled else weights.kind
    lines = [
        f"# Weights for {named.title}: {_NUMBERS[kind]}.",
        f"# {printable(weights.signature)}",
    ]
    lines += _comparison(snippet, weights, path)
    literal = len(weights.classes) <= MOST_IN_CODE
    if not literal:
        _refuse_literal(len(weights.classes), path)
        lines.append("import json")
    lines += [snippet.imports, ""]
    both = "negative_weights" in snippet.body
    lines += _literals(weights, form, both) if literal else _loading(path or "", form, both)
    lines += [
        "classes = list(weights)" if not labelled else "classes = list(positive_weights)",
        "index = {label: k for k, label in enumerate(classes)}  # also the order of the columns",
    ]
    if form is Form.TWO_CLASSES and "positive" in snippet.body:
        positive = _positive(weights)
        names = (weights.classes[positive], weights.classes[1 - positive])
        lines.append(f"positive, negative = {names[0]!r}, {names[1]!r}")
    return "\n".join([*lines, snippet.body.removeprefix("\n").rstrip("\n")]) + "\n"


def _form(weights: ClassWeights) -> Form:
    """Return what the code has to do with the numbers."""
    if weights.kind is Kind.LABEL:
        negative = weights.negative_weight or ()
        return Form.POSITIVE if all(one == 1.0 for one in negative) else Form.LABEL
    if weights.kind is Kind.CLASS and weights.known is not None:
        return Form.LABEL  # factors of whole columns: of both terms alike
    if weights.kind is Kind.CLASS and len(weights.classes) == 2:
        return Form.TWO_CLASSES
    return Form(weights.kind.value)


def _comparison(snippet: Snippet, weights: ClassWeights, path: str | None) -> list[str]:
    """Say what the loss divides by, and which command gives the same number."""
    if not snippet.divides:
        return []
    lines = [f"# {snippet.divides}"]
    if snippet.score:
        file = "WEIGHTS" if path is None else shlex.quote(path)
        option = "--pos-weight" if weights.kind is Kind.LABEL else "--weights"
        command = f"wcetool score PREDS {option} {file} {snippet.score}".rstrip()
        lines += ["# The same number from stored predictions:", f"#   {printable(command)}"]
    return lines


def _literals(weights: ClassWeights, form: Form, both: bool) -> list[str]:
    """Write the numbers as dictionaries by label, in class order."""
    if form not in _LABELLED:
        return _dictionary("weights", weights, weights.weight)
    negative = weights.negative_weight or (
        weights.weight if weights.kind is Kind.CLASS else (1.0,) * len(weights.classes)
    )
    lines = _dictionary("positive_weights", weights, weights.weight)
    return lines + (_dictionary("negative_weights", weights, negative) if both else [])


def _dictionary(name: str, weights: ClassWeights, numbers: Sequence[float]) -> list[str]:
    counts: Sequence[int | None] = weights.count or (None,) * len(weights.classes)
    rows = [
        f"    {label!r}: {float(number)!r},  # {k}"
        + ("" if count is None else f": {counted(count, 'label')}")
        for k, (label, number, count) in enumerate(
            zip(weights.classes, numbers, counts, strict=True)
        )
    ]
    return [f"{name} = {{", *rows, "}"]


def _loading(path: str, form: Form, both: bool) -> list[str]:
    """Load the numbers from the weight file."""
    lines = [
        f"with open({path!r}, encoding='utf-8') as file:",
        "    rows = json.load(file)['classes']",
    ]
    if form not in _LABELLED:
        return [*lines, "weights = {row['label']: row['weight'] for row in rows}"]
    lines.append("positive_weights = {row['label']: row['weight'] for row in rows}")
    if both:
        other = "1.0" if form is Form.POSITIVE else "row['weight']"
        number = f"row.get('negative_weight', {other})"
        lines.append(f"negative_weights = {{row['label']: {number} for row in rows}}")
    return lines


def _refuse_literal(n_classes: int, path: str | None) -> None:
    if path is not None and path.lower().endswith(".json"):
        return
    raise UsageError(
        f"{n_classes:,} classes are too many for code: from {MOST_IN_CODE + 1:,} on the code loads "
        "the weight file, as JSON",
        where=OPTION,
        hint="--output weights.json",
    )


def _refuse_one_integer(classes: Sequence[str]) -> None:
    """Refuse labels that scikit-learn's class_weight cannot tell apart: it looks integers up."""
    seen: dict[int, str] = {}
    for label in classes:
        try:
            number = int(label)
        except ValueError:
            continue
        if number in seen:
            raise UsageError(
                f"scikit-learn takes {quoted([seen[number], label])} for one class",
                where=OPTION,
                hint="--names to give them other names",
            )
        seen[number] = label


def _positive(weights: ClassWeights) -> int:
    """Return the index of the positive of two classes: the one that is named, else the later."""
    named = weights.parameters.get("positive-class")
    return weights.classes.index(named) if named in weights.classes else 1
