"""How a prediction file is read: columns of the truth and of the scores, classes, what they hold.

Everything is decided here once, before the pass over the rows, from what the user says, the names
of the columns and the first block; every decision that nobody asked for leaves a note.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from wcetool.core.losses import SUM_TOLERANCE, ScoreForm
from wcetool.core.vocabulary import InputKind, Task
from wcetool.data.class_columns import match_classes
from wcetool.data.confidence import Predicted
from wcetool.data.dataset import Dataset
from wcetool.data.formats.table import Column, Holds
from wcetool.data.labels import check_class_limit
from wcetool.data.layout import ScoreLayout, ScoreRequest
from wcetool.data.options import ReadingOptions, refuse_idle
from wcetool.data.score_arrays import score_matrix
from wcetool.data.score_head import SAMPLE_ROWS, ScoreHead, tolerance
from wcetool.data.score_kinds import kind_of_scores, mostly, without_idle_options
from wcetool.data.truth import TruthPlan
from wcetool.data.truth_columns import TruthColumns, TruthForm, in_class_order
from wcetool.data.two_classes import FoundClasses, two_classes
from wcetool.data.understanding import Understood, understand
from wcetool.data.whose_score import ScoreOf
from wcetool.errors import InputError


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
    return layout_of(dataset, understand(dataset, reading, request, labels), request, labels=labels)


def layout_of(
    dataset: Dataset, known: Understood, request: ScoreRequest, *, labels: Dataset | None = None
) -> ScoreLayout:
    """Decide how a prediction file is read whose columns are understood; as `decide_layout`."""
    found, clues, chosen, reading = known.found, known.clues, known.chosen, known.reading
    truth, notes = found.truth, list(known.notes)
    source = dataset if labels is None else labels
    if chosen is None:
        raise InputError(
            "there are no scores, only predicted labels: no loss can be computed",
            where=dataset.where,
            hint="--scores with the columns that hold scores",
        )
    if known.are_models:
        raise InputError(
            f"score columns {chosen} are a model each",
            where=dataset.where,
            hint="--scores with one of them",
        )
    head = ScoreHead.of(dataset, chosen, percent=request.percent)
    predicted: Predicted | None = None
    if chosen.is_single:
        column = known.predicted
        classes = two_classes(chosen, clues, request, source.where, predicted=column)
        whose = ScoreOf(chosen, classes, clues.rules, request, column)
        predicted, note = whose.decide(dataset, head.values)
        classes = classes if predicted is None else replace(classes, note=None, guessed=False)
        notes += [] if note is None else [note]
        order: tuple[int, ...] = (0,)
    else:
        if request.positive_class is not None:
            reason = f"there are scores for {len(chosen.class_names) or 'all'} classes"
            refuse_idle("positive-class", reason, request.defaults)
        if request.confidence_of is not None:
            refuse_idle("confidence-of", "there is not one score a row", request.defaults)
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
        tolerance=tolerance(dataset, chosen, n_classes, request),
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
        warnings=(
            *(() if classes.warning is None else (classes.warning,)),
            *_about_percent(request, head),
        ),
        percent=request.percent,
        predicted=predicted,
    )


def _about_percent(request: ScoreRequest, head: ScoreHead) -> tuple[str, ...]:
    """Doubt percentages of which none is above 1."""
    if not request.percent or not head.values.size or head.values.max() > 1e-2:
        return ()
    doubt = (
        "the scores are said to be percentages, and none of the first rows is above 1 "
        "(--input probs, if they are probabilities)"
    )
    return (doubt,)


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
    form: ScoreForm, plan: TruthPlan, request: ScoreRequest, source: Dataset, head: ScoreHead
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


def _soft_or_multilabel(plan: TruthPlan, source: Dataset, form: ScoreForm, head: ScoreHead) -> Task:
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
