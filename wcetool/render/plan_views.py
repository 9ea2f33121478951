"""How a prediction file is understood -> a page."""

from __future__ import annotations

import shlex
from typing import Any

from wcetool.core.vocabulary import StoredKind, Task
from wcetool.errors import counted, listed, quoted, short_repr
from wcetool.render.numbers import UNDEFINED, decimal
from wcetool.render.page import Fact, Page, Section, TableColumn
from wcetool.render.view import View, page_title
from wcetool.results.score_plan import PlannedInput, ScorePlan

MOST_SCORES = 6  # classes whose scores are shown
_KINDS = {
    StoredKind.PROBS: "probabilities",
    StoredKind.LOGITS: "logits",
    StoredKind.LOG_PROBS: "log-probabilities",
    StoredKind.PERCENT: "probabilities in percent",
}


def plan_page(result: ScorePlan, view: View) -> Page:
    """Lay out how a prediction file is understood."""
    names = list(result.rows[0].scores)[:MOST_SCORES] if result.rows else []
    hidden = len(result.rows[0].scores) - len(names) if result.rows else 0
    has_total = any(one.total is not None for one in result.rows)
    table = [
        (
            f"{one.row:,}",
            _label(one.true),
            *(decimal(one.scores[name], view.digits) for name in names),
            *(["…"] if hidden else []),
            *([decimal(one.total, view.digits)] if has_total else []),
            _label(one.predicted),
        )
        for one in result.rows
    ]
    columns = [
        TableColumn("row"),
        TableColumn("true", is_name=True),
        *(TableColumn(name if result.are_models else f"score of {name}") for name in names),
        *([TableColumn(f"… {hidden:,} more")] if hidden else []),
        *([TableColumn("sum")] if has_total else []),
        TableColumn("predicted", is_name=True),
    ]
    unused = [f"{short_repr(column)}: {what}" for column, what in result.unused[:20]]
    if len(result.unused) > len(unused):
        unused.append(f"… {len(result.unused) - len(unused):,} more")
    return Page(
        title=page_title([one.path for one in result.inputs], "understood, and not scored"),
        headline=(_answer(result),),
        columns=columns if table else (),
        rows=table,
        facts=(_facts(result),),
        sections=(
            *([Section("columns that are not used", unused)] if unused else []),
            Section("the decision, typed out", [_command(result)], copied=True),
        ),
        signature=result.signature,
    )


def _answer(result: ScorePlan) -> str:
    n = "" if result.classes is None else f", {counted(len(result.classes), 'class', 'classes')}"
    if result.kind is None:
        return f"Predicted labels, which have an accuracy and no loss{n}."
    what = _KINDS[result.kind]
    if result.are_models:
        return f"{counted(len(result.scores), 'model')}, a column each: {what}{n}."
    one = {
        Task.BINARY: "one score a row",
        Task.MULTICLASS: "a score for each class",
        Task.MULTILABEL: "a score for each label",
    }[result.task]
    return f"{result.task.value.capitalize()}, {one}: {what}{n}."


def _facts(result: ScorePlan) -> list[Fact]:
    facts = [Fact("input", one.format, _how(one)) for one in result.inputs[:3]]
    facts += [Fact("labels", one.format, f"{one.path}{_how(one)}") for one in result.labels[:3]]
    facts.append(
        Fact("truth", _columns(result.truth_columns), result.truth_reason or result.truth_form)
    )
    if result.scores:
        facts.append(
            Fact("scores", _columns([column for column, _ in result.scores]), result.scores_reason)
        )
    if result.classes is not None:
        facts.append(
            Fact("classes", f"{len(result.classes):,}", quoted(result.classes, limit=MOST_SCORES))
        )
    for name, value in (
        ("positive class", result.positive_class),
        ("score is of", None if result.confidence_of is None else f"{result.confidence_of} class"),
        ("predicted label", result.predicted_column),
        ("id", result.id_column),
        ("sample weight", result.sample_weight_column),
    ):
        if value is not None:
            facts.append(Fact(name, value))
    return facts


def _how(one: PlannedInput) -> str:
    parts = [] if one.compression is None else [one.compression]
    if one.member is not None:
        parts.append(f"member {short_repr(one.member)}")
    if one.dialect is not None:
        parts.append(f"delimiter {one.dialect['delimiter']!r}")
        parts.append("a header" if one.dialect["header"] else "no header")
        if one.dialect["skip_lines"]:
            parts.append(f"{one.dialect['skip_lines']} lines skipped")
    return ", ".join(parts)


def _columns(names: tuple[str, ...] | list[str]) -> str:
    return listed(names, limit=3) if len(names) > 1 else next(iter(names), UNDEFINED)


def _label(value: Any) -> str:
    if value is None:
        return UNDEFINED
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return listed(value, limit=MOST_SCORES) if value else "none"
    return listed((f"{key}={one:.4g}" for key, one in value.items()), limit=MOST_SCORES)


def _command(result: ScorePlan) -> str:
    words = ["wcetool", "score", *(one.path for one in result.inputs)]
    if result.labels:
        words += ["--labels", result.labels[0].path]
    for option, value in result.options.items():
        words += [option] if value is True else [option, str(value)]
    return shlex.join(words)
