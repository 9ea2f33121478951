"""How a prediction file is understood, said before anything is computed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyarrow as pa

from wcetool.api.evaluation import Evaluation
from wcetool.api.label_matches import match_notes, refuse_idle_options
from wcetool.api.predictions import Opened
from wcetool.api.score_options import typed_out
from wcetool.core.vocabulary import ConfidenceOf, InputKind, Task
from wcetool.data import arrow
from wcetool.data.columns import is_index, is_usual_name
from wcetool.data.dataset import Dataset
from wcetool.data.formats.table import Column, Holds, Table
from wcetool.data.labels import Distinct
from wcetool.data.layout import ScoreLayout
from wcetool.data.layout_decisions import layout_of
from wcetool.data.predicted_labels import is_predicted_name
from wcetool.data.score_arrays import score_matrix
from wcetool.data.targets import is_codes, matrix_or_codes
from wcetool.data.truth import TruthPlan
from wcetool.data.truth_columns import TruthForm
from wcetool.data.understanding import Understood, understand
from wcetool.results.score_plan import PlannedInput, PlannedRow, ScorePlan

SHOWN = 5  # rows
_WHAT = {
    Holds.TEXT: "text",
    Holds.NUMBERS: "numbers",
    Holds.NUMBER_LISTS: "lists of numbers",
    Holds.OTHER: "neither labels nor scores",
}


def planned(opened: Opened, evaluation: Evaluation, *, per_sample: str | None = None) -> ScorePlan:
    """Say how the files are understood, and show the first rows.

    Raises
    ------
    InputError
        If something cannot be decided, or the first rows break the rules.
    """
    from wcetool.api.score_run import weights_and_call, with_ignored_index

    evaluation = with_ignored_index(evaluation)
    request = evaluation.request
    known = understand(opened.dataset, opened.reading, request, opened.labels)
    if known.chosen is None:
        refuse_idle_options(evaluation, per_sample)
        return _of_labels(opened, evaluation, known)
    if known.are_models:
        return _of_models(opened, evaluation, known)
    layout = layout_of(opened.dataset, known, request, labels=opened.labels)
    weights_and_call(evaluation, layout)
    is_binary = layout.form.task is Task.BINARY
    whose = None
    if is_binary:
        of_predicted = layout.predicted is not None
        whose = ConfidenceOf.PREDICTED if of_predicted else ConfidenceOf.POSITIVE
    positive = layout.classes[layout.form.positive] if is_binary else None
    plan = _plan(opened, known, layout)
    if layout.list_order is not None:
        scores: tuple[tuple[str, str | None], ...] = ((layout.columns[0].name, None),)
    elif is_binary:
        scores = ((layout.columns[0].name, None if layout.predicted is not None else positive),)
    else:
        scores = tuple(
            (column.name, label)
            for column, label in zip(layout.columns, layout.classes, strict=True)
        )
    return ScorePlan(
        **plan,
        task=layout.form.task,
        kind=layout.kind,
        classes=layout.classes,
        scores=scores,
        positive_class=None if layout.predicted is not None else positive,
        confidence_of=None if whose is None else whose.value,
        predicted_column=None if layout.predicted is None else layout.predicted.column.name,
        rows=tuple(_rows(opened, layout)),
        options=typed_out(opened, evaluation.request, known, layout),
        notes=(*opened.notes, *layout.notes),
        warnings=layout.warnings,
    )


def _of_models(opened: Opened, evaluation: Evaluation, known: Understood) -> ScorePlan:
    """Show what each model says of the first rows."""
    from wcetool.api.score_run import model_requests, weights_and_call

    columns = () if known.chosen is None else known.chosen.columns
    layouts = []
    for request in model_requests(evaluation.request, known):
        alone = understand(opened.dataset, opened.reading, request, opened.labels)
        layouts.append(layout_of(opened.dataset, alone, request, labels=opened.labels))
        weights_and_call(evaluation, layouts[-1])
    first = layouts[0]
    rows = [list(_rows(opened, layout)) for layout in layouts]
    positive = first.classes[first.form.positive]
    merged = [
        PlannedRow(
            row=of_row[0].row,
            true=of_row[0].true,
            scores={
                column.name: next(iter(one.scores.values()))
                for column, one in zip(columns, of_row, strict=True)
            },
            total=None,
            predicted=None,
        )
        for of_row in zip(*rows, strict=True)
    ]
    notes = dict.fromkeys(note for layout in layouts for note in layout.notes)
    return ScorePlan(
        **_plan(opened, known, None),
        task=Task.BINARY,
        kind=first.kind,
        classes=first.classes,
        scores=tuple((column.name, None) for column in columns),
        are_models=True,
        positive_class=positive,
        rows=tuple(merged),
        options=typed_out(opened, evaluation.request, known, first),
        notes=(*opened.notes, *known.notes[-1:], *notes),
    )


def _of_labels(opened: Opened, evaluation: Evaluation, known: Understood) -> ScorePlan:
    """Show predicted labels beside the true ones."""
    predicted = known.predicted
    notes = match_notes(opened.dataset, evaluation, known)
    rows: list[PlannedRow] = []
    labels = opened.labels
    true = _texts(labels or opened.dataset, known.found.truth.columns[0], known)
    if labels is not None and known.found.id_column is not None:
        true = [None] * SHOWN
    if predicted is not None:
        guessed = _texts(opened.dataset, predicted, known)
        rows = [
            PlannedRow(row=number, true=one, scores={}, total=None, predicted=other)
            for number, (one, other) in enumerate(zip(true, guessed, strict=False), start=1)
        ]
    return ScorePlan(
        **_plan(opened, known, None),
        task=Task.MULTICLASS,
        kind=None,
        classes=known.reading.classes,
        scores=(),
        predicted_column=None if predicted is None else predicted.name,
        rows=tuple(rows),
        options=typed_out(opened, evaluation.request, known, None),
        notes=(*opened.notes, *known.notes, *notes),
    )


def _texts(dataset: Dataset, column: Column, known: Understood) -> list[str | None]:
    from wcetool.data.dataset import Wanted
    from wcetool.data.formats.table import ColumnKind

    head = dataset.head([Wanted(column, ColumnKind.LABEL)])
    if head is None:
        return []
    distinct = Distinct(arrow.first_rows(head.column(0), SHOWN), dataset.where)
    texts = [None if code < 0 else distinct.texts[code] for code in distinct.codes.tolist()]
    return [known.reading.rules.label(text) for text in texts]


def _plan(opened: Opened, known: Understood, layout: ScoreLayout | None) -> dict[str, Any]:
    """Return what all plans have."""
    found, chosen = known.found, known.chosen
    used = [*known.clues.taken, *(() if chosen is None else chosen.columns)]
    if layout is None and known.predicted is not None and chosen is None:
        used.append(known.predicted)
    if layout is not None and layout.predicted is not None:
        used.append(layout.predicted.column)
    places = {column.place for column in used}
    reason = "" if found.truth.reason is None else found.truth.reason
    asked = "as asked"
    return {
        "inputs": tuple(map(_input, opened.files.tables)),
        "labels": () if opened.labels is None else tuple(map(_input, opened.labels.tables)),
        "truth_columns": tuple(column.name for column in found.truth.columns),
        "truth_form": found.truth.form.value,
        "truth_reason": reason or (asked if opened.reading.label_column is not None else ""),
        "scores_reason": ""
        if chosen is None
        else asked
        if chosen.reason is None
        else chosen.reason,
        "id_column": None if found.id_column is None else found.id_column.name,
        "sample_weight_column": None if found.sample_weight is None else found.sample_weight.name,
        "unused": tuple(
            (column.name, _looks_like(column))
            for column in opened.dataset.first.columns
            if column.place not in places
        ),
    }


def _looks_like(column: Column) -> str:
    if is_index(column):
        return "a row index"
    if is_predicted_name(column.name):
        return f"{_WHAT[column.holds]}, called like predicted labels"
    if is_usual_name(column.name):
        return f"{_WHAT[column.holds]}, called like labels"
    return _WHAT[column.holds]


def _input(table: Table) -> PlannedInput:
    file, dialect = table.file, table.dialect
    return PlannedInput(
        path=file.path,
        format=file.format.name,
        compression=file.compression,
        member=file.member,
        dialect=None
        if dialect is None
        else {
            "delimiter": dialect.delimiter,
            "header": dialect.header,
            "quote_char": dialect.quote_char,
            "escape_char": dialect.escape_char,
            "comment": dialect.comment,
            "skip_lines": dialect.skip_lines,
            "encoding": dialect.encoding or "utf-8",
        },
    )


def _rows(opened: Opened, layout: ScoreLayout) -> list[PlannedRow]:
    """Return the first rows of the predictions as they are understood."""
    head = opened.dataset.head(layout.wanted())
    if head is None:
        return []
    head, where = head.slice(0, SHOWN), opened.dataset.where
    true: list[Any] = [None] * len(head)
    if layout.truth_is_here:
        reader = layout.truth.reader(opened.dataset.first, 0)
        targets = reader.targets(head.columns[layout.truth_places()], where, 1)
        true = _true(targets, layout.truth)
    elif opened.labels is not None and layout.id_column is None:
        true = _true_elsewhere(opened.labels, layout.truth, len(head))
    values = score_matrix(layout.scores(head, where, 1)).astype(np.float64)
    names = layout.classes
    if layout.form.task is Task.BINARY:
        names = (layout.classes[layout.form.positive],)
    return [
        PlannedRow(
            row=number,
            true=label,
            scores=dict(zip(names, map(float, row), strict=True)),
            total=_total(row, layout),
            predicted=_predicted(row, layout),
        )
        for number, (label, row) in enumerate(zip(true, values, strict=True), start=1)
    ]


def _true_elsewhere(labels: Dataset, plan: TruthPlan, n_rows: int) -> list[Any]:
    head: pa.RecordBatch | None = labels.head(plan.wanted())
    if head is None:
        return [None] * n_rows
    reader = plan.reader(labels.first, 0)
    found = _true(reader.targets(head.slice(0, n_rows).columns, labels.where, 1), plan)
    return [*found, *[None] * (n_rows - len(found))]


def _true(targets: Any, plan: TruthPlan) -> list[Any]:
    """Return the true class, labels or targets of rows."""
    if is_codes(targets):
        return [plan.classes[code] if code >= 0 else None for code in targets.tolist()]
    found: list[Any] = []
    for row in matrix_or_codes(targets).astype(np.float64).tolist():
        if any(math.isnan(value) or value < 0 for value in row):
            found.append(None)
        elif plan.form is TruthForm.CELL or (set(row) <= {0.0, 1.0} and sum(row) != 1.0):
            found.append([label for label, one in zip(plan.classes, row, strict=True) if one])
        elif sorted(row)[-2:] == [0.0, 1.0] and sum(row) == 1.0:
            found.append(plan.classes[row.index(1.0)])
        else:
            found.append(dict(zip(plan.classes, row, strict=True)))
    return found


def _total(row: Any, layout: ScoreLayout) -> float | None:
    if not layout.form.sums_to_one:
        return None
    values = np.exp(row) if layout.form.kind is InputKind.LOG_PROBS else row
    return float(values.sum())


def _predicted(row: Any, layout: ScoreLayout) -> Any:
    """Return the class with the largest score, the first of equals; None where one is missing."""
    form, classes = layout.form, layout.classes
    if np.isnan(row).any():
        return None
    half = {InputKind.PROBS: 0.5, InputKind.LOGITS: 0.0, InputKind.LOG_PROBS: np.log(0.5)}
    if form.task is Task.BINARY:
        return classes[form.positive if row[0] > half[form.kind] else 1 - form.positive]
    if form.task is Task.MULTILABEL:
        return [label for label, one in zip(classes, row, strict=True) if one > half[form.kind]]
    return classes[int(np.argmax(row))]
