"""How a prediction file is read: columns of the truth and of the scores, classes, what they hold.

Everything is decided here once, before the pass over the rows, from what the user says, the names
of the columns and the first block; every decision that nobody asked for leaves a note.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from wcetool.core.arrays import FloatArray
from wcetool.core.losses import SUM_TOLERANCE, ScoreForm, Tolerance
from wcetool.core.vocabulary import InputKind, Task
from wcetool.data.beside_scores import BesideScores, columns_beside, names_seen
from wcetool.data.class_columns import match_classes
from wcetool.data.dataset import Dataset, Wanted
from wcetool.data.declared_classes import with_declared_classes
from wcetool.data.formats.table import Column, ColumnKind, Holds
from wcetool.data.labels import check_class_limit
from wcetool.data.layout import ScoreLayout, ScoreRequest
from wcetool.data.options import ReadingOptions, refuse_idle
from wcetool.data.score_arrays import column_scores, list_lengths, list_scores, score_matrix
from wcetool.data.score_columns import Clues, ScoreColumns, choose_score_columns
from wcetool.data.score_kinds import kind_of_scores, mostly, without_idle_options
from wcetool.data.seen_labels import SeenLabels
from wcetool.data.truth import TruthPlan
from wcetool.data.truth_columns import (
    OUTCOME,
    TruthColumns,
    TruthForm,
    in_class_order,
)
from wcetool.data.two_classes import FoundClasses, two_classes
from wcetool.errors import InputError

SAMPLE_ROWS = 1000


def decide_layout(
    dataset: Dataset,
    reading: ReadingOptions,
    request: ScoreRequest,
    *,
    labels: Dataset | None = None,
) -> ScoreLayout:
    """Decide how a prediction file is read.

    Parameters
    ----------
    dataset : Dataset
        The predictions.
    reading : ReadingOptions
        Columns of the truth, declared classes, how text becomes a label.
    request : ScoreRequest
        What the user says of the scores.
    labels : Dataset, optional
        Where the truth is, if in another file.

    Returns
    -------
    ScoreLayout
        Holds for every file of the dataset; every row is checked against it later.

    Raises
    ------
    InputError
        If something cannot be decided, or what is known contradicts itself.
    """
    dataset.refuse_empty()
    found = columns_beside(dataset, reading, request, labels)
    truth, notes = found.truth, list(found.truth.notes)
    source = dataset if labels is None else labels
    reading, declared = with_declared_classes(source, truth, reading)
    notes += declared
    one_label = truth.columns[0] if truth.form is not TruthForm.NUMBERS else None
    left_out = request.ignored | request.usually_ignored
    seen = SeenLabels(source, one_label, reading.rules, request.separator, left_out)
    clues = Clues(
        taken=found.taken,
        classes=reading.classes,
        rules=reading.rules,
        seen=seen.in_head() if one_label is not None else names_seen(truth, reading),
        more_labels=seen.two_at_least,
        adds_up=lambda columns: _adds_up(dataset, columns),
    )
    chosen = _score_columns(dataset, clues, found)
    if chosen.reason is not None:
        notes.append(f"score columns {chosen} ({chosen.reason})")
    head = _Head.of(dataset, chosen)
    if chosen.is_single:
        classes = two_classes(chosen, clues, request, source.where)
        order: tuple[int, ...] = (0,)
    else:
        if request.positive_class is not None:
            reason = f"there are scores for {len(chosen.class_names) or 'all'} classes"
            refuse_idle("positive-class", reason, request.defaults)
        matched = match_classes(chosen, clues, head.n_listed, dataset.where)
        order, classes = matched[1], FoundClasses(matched[0], 1, matched[2])
    if classes.note is not None:
        notes.append(classes.note)
    check_class_limit(classes.classes, reading.rules, dataset.where)
    columns = chosen.columns if chosen.is_list else tuple(chosen.columns[i] for i in order)
    plan, note = _plan(truth, classes.classes, columns, reading, request)
    notes += [] if note is None else [note]
    n_classes = len(classes.classes)
    form = ScoreForm(
        task=Task.BINARY if chosen.is_single else Task.MULTICLASS,
        kind=InputKind.PROBS,
        n_classes=n_classes,
        tolerance=_tolerance(dataset, chosen, n_classes, request),
        renormalize=request.renormalize,
        positive=classes.positive,
    )
    task, note = _task(form, plan, request, source, head)
    notes += [] if note is None else [note]
    form = replace(form, task=task)
    kind, note = kind_of_scores(form, chosen, request, head.values, dataset.where)
    notes += [] if note is None else [note]
    return ScoreLayout(
        classes=classes.classes,
        truth=plan,
        truth_is_here=labels is None,
        sample_weight=found.sample_weight,
        id_column=found.id_column,
        columns=columns,
        list_order=order if chosen.is_list else None,
        form=without_idle_options(replace(form, kind=kind), request),
        dtype=_dtype(dataset.rounding_unit(chosen.columns)),
        positive_guessed=classes.guessed,
        notes=tuple(notes),
        warnings=() if classes.warning is None else (classes.warning,),
    )


def _score_columns(dataset: Dataset, clues: Clues, found: BesideScores) -> ScoreColumns:
    """Choose the score columns; beside columns of outcomes those without that word."""
    try:
        return choose_score_columns(dataset.first, clues, found.scores)
    except InputError:
        names = found.truth.class_names
        outcomes = [column.name.endswith(OUTCOME) for column in found.truth.columns]
        if (
            found.scores is not None
            or not all(outcomes)
            or not set(names) <= {*dataset.first.names}
        ):
            raise
        chosen = choose_score_columns(dataset.first, clues, names)
        return replace(chosen, reason=f"beside their columns *{OUTCOME}")


def _plan(
    truth: TruthColumns,
    classes: tuple[str, ...],
    score_columns: Sequence[Column],
    reading: ReadingOptions,
    request: ScoreRequest,
) -> tuple[TruthPlan, str | None]:
    columns, note = truth.columns, None
    if truth.form is TruthForm.NUMBERS and columns[0].holds is not Holds.NUMBER_LISTS:
        names = reading.rules.column_classes(truth.class_names)
        truth = replace(truth, class_names=names)
        score_names = [column.name for column in score_columns]
        columns, note = in_class_order(truth, classes, score_names)
    ignored = request.ignored
    if truth.form is TruthForm.NUMBERS:
        for option in ("ignore", "missing"):
            if ignored if option == "ignore" else reading.rules.missing:
                refuse_idle(option, "the targets are numbers, not labels", request.defaults)
        ignored = frozenset()
    else:
        ignored |= request.usually_ignored - {*classes}
    plan = TruthPlan(
        form=truth.form,
        columns=columns,
        classes=classes,
        rules=reading.rules,
        separator=request.separator,
        ignored=ignored,
    )
    return plan, note


def _task(
    form: ScoreForm, plan: TruthPlan, request: ScoreRequest, source: Dataset, head: _Head
) -> tuple[Task, str | None]:
    """Decide what the file answers, by the shape of the truth and of the scores."""
    if plan.form is TruthForm.CELL and form.task is Task.MULTICLASS:
        found, note = Task.MULTILABEL, None
    elif plan.form is TruthForm.CLASS:
        found, note = form.task, None
    elif request.task in _OF_NUMBERS and form.task is Task.MULTICLASS:
        found, note = request.task, None
    elif form.task is Task.MULTICLASS:
        found = _soft_or_multilabel(plan, source, form, head)
        what = {
            Task.MULTICLASS: "multiclass with a target a class: the first targets sum to 1",
            Task.MULTILABEL: "multilabel: the first targets or scores do not sum to 1",
        }[found]
        note = f"task {what} (--task changes it)"
    else:
        raise InputError(
            "one score a row, where there is a target for each class",
            where=source.where,
            hint="--scores with a column for each class",
        )
    if request.task is not None and request.task is not found:
        shape = "one score a row" if form.task is Task.BINARY else "a score for each class"
        if found is Task.MULTICLASS and request.task is Task.MULTILABEL:
            hint = "--label-column 'y_*' (a column a label), or --label-separator '|'"
        elif request.task is Task.BINARY:
            hint = "--scores with the column of the positive class"
        else:
            hint = f"--task {found}"
        raise InputError(
            f"the file is not {request.task}: it holds {plan.form} a row and {shape}",
            where=source.where,
            hint=hint,
        )
    return found, note


_OF_NUMBERS = (Task.MULTICLASS, Task.MULTILABEL)


def _soft_or_multilabel(plan: TruthPlan, source: Dataset, form: ScoreForm, head: _Head) -> Task:
    batch = source.head(plan.wanted())
    if batch is None:
        raise InputError("has no rows", where=source.where)
    columns = batch.slice(0, SAMPLE_ROWS).columns
    reader = plan.reader(source.first, 0)
    targets = score_matrix(reader.targets(columns, source.where, 1)).astype(np.float64)
    totals = targets[~np.isnan(targets).any(axis=1)].sum(axis=1)
    one_each = len(totals) > 0 and bool((np.abs(totals - 1.0) <= SUM_TOLERANCE).all())
    inside = head.values.size > 0 and head.values.min() >= 0.0 and head.values.max() <= 1.0
    if one_each and inside and not mostly(head.values, form):
        return Task.MULTILABEL  # probabilities that do not sum to 1 are not those of classes
    return Task.MULTICLASS if one_each else Task.MULTILABEL


def _dtype(rounding_unit: float) -> np.dtype[Any]:
    for kind in (np.float16, np.float32):
        if float(np.finfo(kind).eps) == rounding_unit:
            return np.dtype(kind)
    return np.dtype(np.float64)


@dataclass(frozen=True, slots=True)
class _Head:
    """The first rows of the chosen columns."""

    values: FloatArray  # (n_samples, n_columns), rows with NaN left out
    n_listed: int | None  # length of the lists

    @classmethod
    def of(cls, dataset: Dataset, chosen: ScoreColumns) -> _Head:
        kind = ColumnKind.SCORE_LIST if chosen.is_list else ColumnKind.SCORE
        batch = dataset.head([Wanted(column, kind) for column in chosen.columns])
        if batch is None:
            raise InputError("has no rows", where=dataset.where)
        batch = batch.slice(0, SAMPLE_ROWS)
        if not chosen.is_list:
            return cls(_complete_rows(score_matrix(column_scores(batch.columns))), None)
        lengths = list_lengths(batch.column(0))
        n_listed = int(lengths.max(initial=0))
        if n_listed < 2:
            raise InputError(
                "the lists of scores are empty, or hold one score", where=dataset.where
            )
        values = list_scores(batch.column(0), n_listed, dataset.where, 1)
        return cls(_complete_rows(values), n_listed)


def _complete_rows(values: FloatArray) -> FloatArray:
    values = values.astype(np.float64)
    return values[~np.isnan(values).any(axis=1)]


def _adds_up(dataset: Dataset, columns: Sequence[Column]) -> bool:
    """Tell whether the first rows of some columns are probabilities that sum to 1."""
    if len(columns) < 2:
        return False
    chosen = ScoreColumns(tuple(columns), (), None, None)
    try:
        values = _Head.of(dataset, chosen).values
    except InputError:
        return False
    form = ScoreForm(
        task=Task.MULTICLASS,
        kind=InputKind.PROBS,
        n_classes=len(columns),
        tolerance=_tolerance(dataset, chosen, len(columns), ScoreRequest()),
    )
    return mostly(values, form)


def _tolerance(
    dataset: Dataset, chosen: ScoreColumns, n_classes: int, request: ScoreRequest
) -> Tolerance:
    if request.sum_tolerance is None:
        return Tolerance.by_default(dataset.rounding_unit(chosen.columns), n_classes)
    return Tolerance.given(request.sum_tolerance)
