"""What the generated parts of the documents print, for cog."""

from __future__ import annotations

import io
import sys

from wcetool.cli.app import run
from wcetool.core.conventions import CONVENTIONS
from wcetool.core.conventions.worked import EXAMPLES, Quotient, SmallExample, worked_example
from wcetool.core.schemes import SCHEMES, Kind, Scheme
from wcetool.core.vocabulary import InputKind, Task
from wcetool.render.numbers import decimal
from wcetool.results.catalog import MEASURES_BY_TASK

COMMANDS = ("analyze", "weights", "score", "check", "explain")


KINDS = {
    Kind.CLASS: "Factors of classes: `class_weight`",
    Kind.LABEL: "Factors of labels, where a row has any number of them",
    Kind.ROW: "Factors of rows, by the set of their labels",
    Kind.ROW_LABEL: "Factors of each label of a row, by the set of its labels",
    Kind.MARGIN: "Margins of logits",
    Kind.LOGIT_OFFSET: "Offsets of logits",
    Kind.LOGIT_TEMPERATURE: "Temperatures of logits",
    Kind.SAMPLING_PROBABILITY: "Probabilities of drawing a class",
    Kind.REPEAT_FACTOR: "Repeat factors",
}


def schemes() -> str:
    """Describe every registered scheme, by what its numbers are."""
    parts = []
    for kind, title in KINDS.items():
        parts.append(f"## {title}")
        parts += [_scheme(entry) for entry in SCHEMES.values() if entry.kind is kind]
    return "\n\n".join(parts)


def _scheme(entry: Scheme) -> str:
    alias = f" (also `{'`, `'.join(entry.aliases)}`)" if entry.aliases else ""
    lines = [f"### {entry.name}{alias}", "", entry.summary, "", f"    {entry.formula}", ""]
    lines += [
        f"- Parameter `{one.name}`: {one.range.inside}; default {one.default}."
        for one in entry.parameters.values()
    ]
    scaled = "left as it is" if entry.published == "none" else f"scaled to {entry.published}"
    laws = ", ".join(sorted(entry.laws)) or "none"
    rows = {
        frozenset({Task.MULTICLASS}): "rows of one class",
        frozenset({Task.MULTILABEL}): "rows with any number of labels",
    }.get(entry.tasks, "rows of one class, and with any number of labels")
    lines.append(f"- For {rows}.")
    if entry.needs:
        lines.append(f"- Needs `{'`, `'.join(sorted(entry.needs))}`.")
    if entry.uses:
        lines.append(f"- Takes `{'`, `'.join(sorted(entry.uses))}`.")
    lines += [
        f"- Source: {entry.source}.",
        f"- As published: {scaled}. Laws: {laws}.",
        f"- Take care: {entry.caution}",
    ]
    return "\n".join(lines)


def measures(task: Task = Task.MULTICLASS) -> str:
    """Describe every registered measure of a task."""
    parts = []
    for entry in MEASURES_BY_TASK[task].values():
        lines = [f"### {entry.name}", "", f"    {entry.formula}", ""]
        lines.append(f"- From {entry.range[0]} to {entry.range[1]}.")
        if entry.undefined:
            lines.append(f"- Undefined where {entry.undefined}.")
        lines += [f"- Source: {entry.source}.", f"- Take care: {entry.trap}"]
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def convention_table() -> str:
    """Set the conventions side by side."""
    lines = ["| loss | weighs | the mean divides by |", "|---|---|---|"]
    lines += [
        f"| `{entry.name}` | {entry.weighs} | {entry.divides_by} |".replace("|x|", "abs(x)")
        for entry in CONVENTIONS.values()
        if entry.framework != "keras-jax"
    ]
    return "\n".join(lines)


def worked_examples() -> str:
    """Show what every convention makes of the same example, a table a task."""
    return "\n\n".join(map(_worked, EXAMPLES.values()))


def _worked(small: SmallExample) -> str:
    weights = ", ".join(f"{weight:g}" for weight in small.class_weight)
    lines = [
        f"### {small.task.value}: w = [{weights}], x = {small.logits_are}",
        "",
        "| target | p | x | w[y] |",
        "|---|---|---|---|",
    ]
    logits = small.scores(InputKind.LOGITS).tolist()
    for y, p, x, weight in zip(small.targets, small.proba, logits, small.row_weight, strict=True):
        cells = [y, p, [round(one, 4) + 0.0 for one in x], [weight]]
        lines.append(f"| {' | '.join(' '.join(f'{one:g}' for one in cell) for cell in cells)} |")
    lines += ["", "| loss | called with | sum / denominator | value |", "|---|---|---|---|"]
    for entry in CONVENTIONS.values():
        if small.task not in entry.tasks or entry.framework == "keras-jax":
            continue
        found = worked_example(entry, small.task)
        extra = [f"{k}={v}" for k, v in found.arguments.items() if k == "batch_size"]
        called = ", ".join([one for one in (found.weights, *extra) if one])
        called = f"`{called}`" if called else "no weights"
        name = f"`{entry.name}`"
        if not found.reduces_by_default:
            name += f", `{found.reduction}`"
        lines.append(f"| {name} | {called} | {_divided(found.reduced)} |")
        if found.one_hot is not None:
            lines.append(f"| {name} | {called}, one-hot | {_divided(found.one_hot)} |")
    return "\n".join(lines)


def _divided(reduced: Quotient) -> str:
    quotient = decimal(reduced.total, 4)
    if reduced.denominator is not None:
        quotient += f" / {reduced.denominator:g}, {reduced.divides_by}"
    return f"{quotient} | {decimal(reduced.value, 4)}"


def conventions() -> str:
    """Describe every registered convention."""
    parts = []
    for entry in CONVENTIONS.values():
        lines = [f"### {entry.name}", "", f"    {entry.formula}", ""]
        lines += [
            f"- Weighs {entry.weighs}.",
            f"- Divides by {entry.divides_by}.",
            f"- Targets: {', '.join(entry.targets)}; from {', '.join(entry.kinds)}.",
            f"- Reductions: {', '.join(entry.reductions)}.",
        ]
        if entry.own_options:
            options = ", ".join(f"`{key}={value!r}`" for key, value in entry.own_options.items())
            lines.append(f"- Options: {options}.")
        lines += [f"- Take care: {trap}." for trap in entry.traps]
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def commands() -> str:
    """Print the help of every command, as the program does."""
    parts = []
    for args in ([], *([name] for name in COMMANDS)):
        title = " ".join(["wcetool", *args])
        parts.append(f"## {title}\n\n```text\n{_help(args)}```")
    return "\n\n".join(parts)


def _help(args: list[str]) -> str:
    shown, sys.stdout = sys.stdout, io.StringIO()
    try:
        run([*args, "--help"])
        text = sys.stdout.getvalue()
    finally:
        sys.stdout = shown
    return text
