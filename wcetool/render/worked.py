"""Worked examples -> sections of a page: the example itself, then what a convention makes of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from wcetool.core.conventions.worked import (
    EXAMPLES,
    Quotient,
    SmallExample,
    WorkedExample,
)
from wcetool.core.vocabulary import InputKind, Task
from wcetool.render.numbers import UNDEFINED, decimal
from wcetool.render.page import Grid, Section, TableColumn

DIGITS = 4
_APART = "  "  # between the numbers of one cell


def given_section(task: Task) -> Section:
    """Show the example of a task as it is given to every convention."""
    small = EXAMPLES[task]
    weights = ", ".join(f"{weight:g}" for weight in small.class_weight)
    lines = [f"p probabilities, x = {small.logits_are} the logits, w = [{weights}]"]
    if task is Task.MULTILABEL:
        lines.append("w[y], where whole rows are weighed, is the weight of the first largest label")
    return Section(
        f"the {task.value} example",
        lines,
        Grid(_columns("target", "p", "x", "w[y]"), _given_rows(small)),
    )


def _given_rows(small: SmallExample) -> list[tuple[str, ...]]:
    logits = small.scores(InputKind.LOGITS).tolist()
    return list(
        zip(
            [" ".join(map(str, target)) for target in small.targets],
            _aligned([[f"{p:g}" for p in row] for row in small.proba]),
            _aligned([[decimal(x, DIGITS) for x in row] for row in logits]),
            [f"{weight:g}" for weight in small.row_weight],
            strict=True,
        )
    )


def worked_section(title: str, lines: Iterable[str], found: WorkedExample) -> Section:
    """Show what is said of a convention, and the example row by row."""
    rows = found.rows
    what = "targets of the batch" if found.is_by_batch else "target"
    columns = {
        what: [", ".join(" ".join(f"{one:g}" for one in y) for y in row.target) for row in rows],
        "loss": _losses([row.unweighted for row in rows]),
        "weight": _aligned([[_weight(one) for one in row.weight] for row in rows]),
        "weighted": _losses([row.weighted for row in rows]),
    }
    if found.is_by_batch:  # which has no weight of its own
        del columns["weight"]
    cells = list(zip(*columns.values(), strict=True))
    total = ["sum", *[""] * (len(columns) - 2), decimal(found.reduced.total, DIGITS)]
    return Section(
        title,
        [*lines, *_heading(found)],
        Grid(_columns(*columns), [*cells, total]),
        _results(found),
    )


def _losses(rows: Sequence[Sequence[float]]) -> list[str]:
    return _aligned([[decimal(one or 0.0, DIGITS) for one in row] for row in rows])  # not -0.0


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Write the numbers of each row as one cell, one below the other."""
    width = max(len(text) for row in rows for text in row)
    return [_APART.join(text.rjust(width) for text in row) for row in rows]


def _weight(weight: float | None) -> str:
    return UNDEFINED if weight is None else f"{weight:g}"


def _heading(found: WorkedExample) -> list[str]:
    settings = [
        f"{name}={value!r}"
        for name, value in found.arguments.items()
        if name in {"loss", "batch_size"}
    ]
    given = ", ".join([one for one in (found.weights, *settings) if one]) or "no weights"
    kind = "logits" if found.kind is InputKind.LOGITS else "probabilities"
    target = ", targets one-hot" if found.target == "soft" else ""
    lines = [f"{found.task.value} example: {given}; from {kind}{target}"]
    return [*lines, found.remark] if found.remark else lines


def _results(found: WorkedExample) -> list[str]:
    name = found.reduction
    if not found.reduces_by_default:
        name = f"not reduced by default; {name}"
    lines = [f"{name}: {_quotient(found.reduced)}"]
    others = [
        f"{name} {decimal(value, DIGITS)}"
        for name, value in found.reductions.items()
        if name != found.reduction
    ]
    if others:
        lines.append(f"other reductions: {', '.join(others)}")
    if found.one_hot is not None:
        lines.append(f"one-hot targets instead: {_quotient(found.one_hot)}")
    return lines


def _quotient(reduced: Quotient) -> str:
    value = decimal(reduced.value, DIGITS)
    if reduced.denominator is None:
        return value
    total = decimal(reduced.total, DIGITS)
    return f"{total} / {reduced.denominator:g} ({reduced.divides_by}) = {value}"


def _columns(name: str, *headers: str) -> Sequence[TableColumn]:
    return [TableColumn(name, is_name=True), *map(TableColumn, headers)]
