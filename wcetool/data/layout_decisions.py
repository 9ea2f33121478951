"""How a prediction file is read: columns of the truth and of the scores, classes, what they hold.

Everything is decided here once, before the pass over the rows, from what the user says, the names
of the columns and the first block; every decision that nobody asked for leaves a note.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from wcetool.core.arrays import FloatArray
from wcetool.core.distribution import class_order
from wcetool.core.losses import SUM_TOLERANCE, ScoreForm, Tolerance
from wcetool.core.rounding import rows_that_fit
from wcetool.core.vocabulary import InputKind, Task
from wcetool.data.class_columns import match_classes
from wcetool.data.columns import find_column
from wcetool.data.dataset import Dataset, Wanted
from wcetool.data.formats.table import Column, ColumnKind, Holds, ReadLog, Table
from wcetool.data.labels import Distinct, check_class_limit
from wcetool.data.layout import ScoreLayout, ScoreRequest
from wcetool.data.options import LabelRules, ReadingOptions, refuse_idle
from wcetool.data.score_arrays import column_scores, list_lengths, list_scores, score_matrix
from wcetool.data.score_columns import Clues, ScoreColumns, choose_score_columns
from wcetool.data.targets import cell_labels
from wcetool.data.truth import TruthPlan
from wcetool.data.truth_columns import (
    OUTCOME,
    TruthColumns,
    TruthForm,
    bare_names,
    choose_truth_columns,
    in_class_order,
)
from wcetool.errors import InputError, UsageError, listed, quoted, short_repr

SAMPLE_ROWS = 1000
ENOUGH_ROWS = 16  # this many rows are not all probabilities by chance


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
    found = _columns_beside(dataset, reading, request, labels)
    truth, notes = found.truth, list(found.truth.notes)
    source = dataset if labels is None else labels
    one_label = truth.columns[0] if truth.form is not TruthForm.NUMBERS else None
    left_out = request.ignored | request.usually_ignored
    seen = _Seen(source, one_label, reading.rules, request.separator, left_out)
    clues = Clues(
        taken=found.taken,
        classes=reading.classes,
        rules=reading.rules,
        seen=seen.in_head() if one_label is not None else _names_seen(truth, reading),
        more_labels=seen.two_at_least,
        adds_up=lambda columns: _adds_up(dataset, columns),
    )
    chosen = _score_columns(dataset, clues, found)
    if chosen.reason is not None:
        notes.append(f"score columns {chosen} ({chosen.reason})")
    head = _Head.of(dataset, chosen)
    if chosen.is_single:
        classes = _two_classes(chosen, clues, request, source.where)
        order: tuple[int, ...] = (0,)
    else:
        if request.positive_class is not None:
            reason = f"there are scores for {len(chosen.class_names) or 'all'} classes"
            refuse_idle("positive-class", reason, request.defaults)
        matched = match_classes(chosen, clues, head.n_listed, dataset.where)
        order, classes = matched[1], _FoundClasses(matched[0], 1, matched[2])
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
    kind, note = _kind_of_scores(form, chosen, request, head.values, dataset.where)
    notes += [] if note is None else [note]
    return ScoreLayout(
        classes=classes.classes,
        truth=plan,
        truth_is_here=labels is None,
        sample_weight=found.sample_weight,
        id_column=found.id_column,
        columns=columns,
        list_order=order if chosen.is_list else None,
        form=_without_idle_options(replace(form, kind=kind), request),
        dtype=_dtype(dataset.rounding_unit(chosen.columns)),
        positive_guessed=classes.guessed,
        notes=tuple(notes),
        warnings=() if classes.warning is None else (classes.warning,),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Beside:
    """The columns that are no scores, and what is left for these."""

    truth: TruthColumns
    sample_weight: Column | None
    id_column: Column | None
    scores: str | Sequence[str] | Sequence[Column] | None
    taken: tuple[Column, ...]


def _columns_beside(
    dataset: Dataset, reading: ReadingOptions, request: ScoreRequest, labels: Dataset | None
) -> _Beside:
    table = dataset.first
    if request.n_truth_columns:
        return _in_memory(table, request)
    named = [
        None if name is None else find_column(table, name, option=option)
        for name, option in (
            (request.sample_weight, "--sample-weight-column"),
            (request.id_column, "--id-column"),
        )
    ]
    if labels is None:
        truth = choose_truth_columns(
            table,
            reading.label_column,
            separator=request.separator,
            defaults=request.defaults,
            details=("the labels may be in another file: --labels FILE",),
        )
        here: tuple[Column, ...] = truth.columns
    else:
        labels.refuse_empty()
        bare = labels.is_bare_column
        truth = choose_truth_columns(
            labels.first,
            reading.label_column,
            separator=request.separator,
            defaults=request.defaults,
            only_column_counts=True,
            prefix=f"{labels.where}: ",
        )
        truth = replace(truth, notes=() if bare else truth.notes)
        here = ()
    weight, id_column = named
    others = list(here)
    for column, option in ((id_column, "--id-column"), (weight, "--sample-weight-column")):
        if column is None:
            continue
        if any(column.place == one.place for one in others):
            what = "the label" if column in here else "the id"
            raise InputError(
                f"column {column.name!r} is {what} already",
                where=dataset.where,
                hint=f"{option} with another column",
            )
        others.append(column)
    return _Beside(
        truth=truth,
        sample_weight=weight,
        id_column=id_column,
        scores=request.scores,
        taken=tuple(others),
    )


def _in_memory(table: Table, request: ScoreRequest) -> _Beside:
    """Take columns in their order: truth, sample weight, scores."""
    n_truth = request.n_truth_columns
    columns, rest = table.columns[:n_truth], list(table.columns[n_truth:])
    is_numbers = n_truth > 1 or columns[0].holds is Holds.NUMBER_LISTS
    form = TruthForm.NUMBERS if is_numbers else TruthForm.CLASS
    if not is_numbers and request.separator is not None:
        form = TruthForm.CELL
    weight = rest.pop(0) if request.sample_weight is not None else None
    names = bare_names([column.name for column in columns]) if n_truth > 1 else ()
    return _Beside(
        truth=TruthColumns(form=form, columns=columns, class_names=names, where=table.file.path),
        sample_weight=weight,
        id_column=None,
        scores=rest,
        taken=(*columns, *(() if weight is None else (weight,))),
    )


def _score_columns(dataset: Dataset, clues: Clues, found: _Beside) -> ScoreColumns:
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


def _names_seen(truth: TruthColumns, reading: ReadingOptions) -> frozenset[str]:
    """Return the classes that the columns of the truth name; those of outcomes name scores."""
    if any(column.name.endswith(OUTCOME) for column in truth.columns):
        return frozenset()
    return frozenset(reading.rules.column_classes(truth.class_names))


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
    if one_each and inside and not _mostly(head.values, form):
        return Task.MULTILABEL  # probabilities that do not sum to 1 are not those of classes
    return Task.MULTICLASS if one_each else Task.MULTILABEL


def _dtype(rounding_unit: float) -> np.dtype[Any]:
    for kind in (np.float16, np.float32):
        if float(np.finfo(kind).eps) == rounding_unit:
            return np.dtype(kind)
    return np.dtype(np.float64)


@dataclass(frozen=True, slots=True)
class _FoundClasses:
    """Classes, the positive one of two, and what was assumed."""

    classes: tuple[str, ...]
    positive: int
    note: str | None
    guessed: bool = False
    warning: str | None = None


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


@dataclass(frozen=True, slots=True)
class _Seen:
    """The labels at the beginning of the truth."""

    dataset: Dataset
    label: Column | None  # None where there is no label column
    rules: LabelRules
    separator: str | None
    ignored: frozenset[str]

    def in_head(self) -> frozenset[str]:
        """Return the labels of the first batch."""
        if self.label is None:
            return frozenset()
        batch = self.dataset.head([Wanted(self.label, ColumnKind.LABEL)])
        return frozenset() if batch is None else self._labels(batch, self.dataset.where)

    def two_at_least(self) -> frozenset[str]:
        """Read labels until a second one turns up; only the beginning of a stream."""
        if self.label is None or self.dataset.first.file.stream is not None:
            return self.in_head()
        labels: frozenset[str] = frozenset()
        for split in self.dataset.splits():
            wanted = [Wanted(self.label, ColumnKind.LABEL)]
            for batch in self.dataset.batches(split, wanted, lambda _: None, ReadLog()):
                labels |= self._labels(batch, split.file.path)
                if len(labels) > 1:
                    return labels
        return labels

    def _labels(self, batch: pa.RecordBatch, where: str) -> frozenset[str]:
        found: set[str] = set()
        for text in Distinct(batch.column(0), where).texts:
            if text in self.ignored:
                continue
            if self.separator is not None:
                found.update(cell_labels(text, self.separator, self.rules) or ())
                continue
            label = self.rules.label(text)
            if label is not None:
                found.add(label)
        return frozenset(found - self.ignored)


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
    return _mostly(values, form)


def _mostly(values: FloatArray, form: ScoreForm) -> bool:
    """Tell whether at least half of the rows keep the rules of a form; the others are faults."""
    if form.task is Task.MULTILABEL:
        low, high = (-math.inf, 0.0) if form.kind is InputKind.LOG_PROBS else (0.0, 1.0)
        limit = form.tolerance.value
        inside = ((values >= low - limit) & (values <= high + limit)).all(axis=1)
        return 2 * int(inside.sum()) >= len(values) > 0
    return len(values) > 0 and 2 * int(rows_that_fit(values, form).sum()) >= len(values)


def _tolerance(
    dataset: Dataset, chosen: ScoreColumns, n_classes: int, request: ScoreRequest
) -> Tolerance:
    if request.sum_tolerance is None:
        return Tolerance.by_default(dataset.rounding_unit(chosen.columns), n_classes)
    return Tolerance.given(request.sum_tolerance)


def _two_classes(
    chosen: ScoreColumns, clues: Clues, request: ScoreRequest, where: str
) -> _FoundClasses:
    """Find the two classes of a file with one score a row, and the one that the score is of."""
    column = chosen.columns[0].name
    named = request.positive_class
    if named is not None:
        named = clues.rules.column_classes((named,))[0]
    if clues.classes is not None:
        classes = clues.classes
    else:
        labels = clues.seen if len(clues.seen) > 1 else clues.more_labels()
        classes = class_order(
            labels | ({named} if named is not None and len(labels) == 1 else set())
        )
    if len(classes) > 2:
        raise InputError(
            f"one score column, {column!r}, but {len(classes):,} classes: "
            f"{quoted(classes, limit=3)}",
            where=where,
            details=("a multiclass loss needs the score of every class",),
            hint="--scores 'prob_*' (a pattern), or --label-column for another label",
        )
    if len(classes) < 2:
        raise InputError(
            f"the labels hold {quoted(classes) or 'no class'}: the other class cannot be known",
            where=where,
            hint="--classes NEGATIVE,POSITIVE",
        )
    if named is not None and named not in classes:
        raise UsageError(
            f"{short_repr(named)} is not one of the classes {quoted(classes)}",
            where="--positive-class",
            hint=f"--positive-class {classes[1]}",
        )
    by_name = next((name for name in chosen.class_names if name in classes), None)
    positive = named or by_name or classes[1]
    reason = "as asked" if named else "by the column's name" if by_name else "the later in order"
    warning = None
    if by_name is not None and by_name != positive:
        warning = (
            f"column {column!r} is taken for the score of class {short_repr(positive)}, as asked; "
            f"its name says {short_repr(by_name)}"
        )
    return _FoundClasses(
        classes,
        classes.index(positive),
        f"column {column!r} is the score of class {short_repr(positive)} ({reason})",
        guessed=not (named or by_name),
        warning=warning,
    )


def _kind_of_scores(
    form: ScoreForm, chosen: ScoreColumns, request: ScoreRequest, values: FloatArray, where: str
) -> tuple[InputKind, str | None]:
    """Decide what the scores are, by the rules in `score_columns`; a guess comes with a note."""
    kind = request.kind or chosen.kind
    if kind is InputKind.LOGITS and not request.unchecked:
        _refuse_probabilities(form, values, where)
    if request.kind is not None:
        return request.kind, None
    if kind is not None:
        return kind, f"scores are {kind.value}, by the names of their columns"
    if form.task is Task.MULTILABEL and _mostly(values, replace(form, kind=InputKind.LOG_PROBS)):
        if not _mostly(values, form):  # logits of rare labels are negative as well
            raise InputError(
                "the names do not say what the scores are, and all are below 0",
                where=where,
                hint="--input logits, or --input log-probs",
            )
    if request.renormalize and "renormalize" not in request.defaults:
        return InputKind.PROBS, "scores are probs, since they are to be renormalized"
    if _mostly(values, form):
        sums = " and sum to 1" if form.task is Task.MULTICLASS else ""
        return InputKind.PROBS, f"scores are probs: the first rows lie in [0, 1]{sums}"
    fit_as_logs = _mostly(values, replace(form, kind=InputKind.LOG_PROBS))
    likely = InputKind.LOG_PROBS if fit_as_logs else InputKind.LOGITS
    raise InputError(
        "the names do not say what the scores are, and they are no probabilities",
        where=where,
        details=(f"first row: {listed(f'{v:.6g}' for v in values[0])}",) if len(values) else (),
        hint=f"--input {likely.value}"
        + (", or --renormalize" if len(values) and values.min() >= 0 else ""),
    )


def _refuse_probabilities(form: ScoreForm, values: FloatArray, where: str) -> None:
    """Refuse logits of which every row is a row of probabilities: enough of them are no chance."""
    if form.task is not Task.MULTICLASS or len(values) < ENOUGH_ROWS:
        return
    if rows_that_fit(values, replace(form, renormalize=False)).all():
        raise InputError(
            f"the scores are said to be logits, but all of the first {len(values):,} rows lie in "
            "[0, 1] and sum to 1",
            where=where,
            hint="--input probs",
        )


def _without_idle_options(form: ScoreForm, request: ScoreRequest) -> ScoreForm:
    """Refuse what changes nothing here; general defaults are left out instead."""
    if request.sum_tolerance is not None and form.kind is InputKind.LOGITS:
        refuse_idle("sum-tolerance", "logits have no sum", request.defaults)
    if request.renormalize and (
        form.kind is not InputKind.PROBS or form.task is not Task.MULTICLASS
    ):
        what = form.kind.value
        if form.task is not Task.MULTICLASS:
            what = "one score a row" if form.task is Task.BINARY else "one a label"
        refuse_idle("renormalize", f"the scores are {what}", request.defaults)
        return replace(form, renormalize=False)
    return form
