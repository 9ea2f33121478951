"""Predictions that are no scores of classes -> pages: models, predicted labels."""

from __future__ import annotations

import math

from wcetool.core.vocabulary import Reduction
from wcetool.errors import counted
from wcetool.render.numbers import UNDEFINED, decimal, whole
from wcetool.render.page import Fact, Page
from wcetool.render.view import View, input_paths, missing_facts, page_title, table_columns
from wcetool.results.model_scores import ModelScores
from wcetool.results.score import ScoreReport


def match_page(result: ScoreReport, view: View) -> Page:
    """Lay out what predicted labels alone tell."""
    digits, numbers = view.digits, result.numbers
    rows = view.rows(
        result.class_rows(),
        "support",
        lambda hidden: {"support": sum(row["support"] for row in hidden)},
    )
    table = [
        (
            row["label"],
            whole(row["support"]),
            decimal(row["recall"], digits),
            decimal(row["precision"], digits),
        )
        for row in rows
    ]
    facts = [
        Fact("accuracy", decimal(numbers.accuracy, digits), "share of the rows"),
        Fact("balanced accuracy", decimal(numbers.balanced_accuracy, digits), "mean recall"),
        Fact("macro F1", decimal(numbers.macro_f1, digits)),
        *missing_facts(result.missing, result.rows, digits),
        *([Fact("ignored rows", whole(result.ignored), "--ignore")] if result.ignored else []),
    ]
    return Page(
        title=page_title(
            input_paths(result.inputs),
            f"{counted(numbers.scored, 'row')} compared, "
            f"{counted(len(result.classes), 'class', 'classes')}, predicted labels",
        ),
        headline=(
            f"Accuracy {decimal(numbers.accuracy, digits)}.",
            "No cross-entropy: that takes scores, and there are only predicted labels.",
        ),
        columns=table_columns("class", "support", "recall", "precision"),
        rows=table,
        facts=(facts,),
        signature=result.signature,
    )


def models_page(result: ModelScores, view: View) -> Page:
    """Lay out the reports of several models."""
    digits, first = view.digits, result.reports[0]
    weighted = first.class_weight is not None or first.like is not None
    table = [
        (
            row["model"],
            decimal(row["loss"], digits),
            UNDEFINED
            if row["ci95_low"] is None
            else f"{decimal(row['ci95_low'], digits)} to {decimal(row['ci95_high'], digits)}",
            *([decimal(row["unweighted"], digits)] if weighted else []),
            decimal(row["balanced"], digits),
            decimal(row["accuracy"], digits),
            decimal(row["balanced_accuracy"], digits),
            decimal(row["macro_f1"], digits),
            decimal(row["brier"], digits),
        )
        for row in result.class_rows()
    ]
    losses = [row["loss"] for row in result.class_rows()]
    known = [loss for loss in losses if loss is not None and not math.isnan(loss)]
    best = "No model has a loss."
    if known:
        name = result.names[losses.index(min(known))]
        unit = "nats in all" if first.reduction is Reduction.SUM else "nats"
        best = f"The least loss: {name}, {decimal(min(known), digits)} {unit}."
    how = first.reduction.value if first.like is None else first.like.convention.name
    return Page(
        title=page_title(
            input_paths(result.inputs),
            f"{counted(len(result.names), 'model')}, {counted(result.scored, 'row')} scored, "
            f"{counted(len(result.classes), 'class', 'classes')}",
        ),
        headline=(best, f"loss: {how}; the intervals are of one model each, not of differences."),
        columns=table_columns(
            "model",
            "loss",
            "95% interval",
            *(["unweighted"] if weighted else []),
            "class-balanced",
            "accuracy",
            "balanced accuracy",
            "macro F1",
            "Brier score",
        ),
        rows=table,
        signature=result.signature,
    )
