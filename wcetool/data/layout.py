"""How a prediction file is read: label column, score columns, classes, what the scores are.

Everything is decided here once, before the pass over the rows, from what the user says, the names
of the columns and the first block; every decision that nobody asked for leaves a note.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from wcetool.core.arrays import FloatArray
from wcetool.core.distribution import class_order
from wcetool.core.losses import ScoreForm, Scores, Tolerance
from wcetool.core.rounding import rows_that_fit
from wcetool.core.vocabulary import InputKind, Task
from wcetool.data.class_columns import match_classes
from wcetool.data.columns import choose_label_column
from wcetool.data.dataset import Dataset, Wanted
from wcetool.data.formats.table import Column, ColumnKind, ReadLog
from wcetool.data.labels import Distinct, check_class_limit
from wcetool.data.options import LabelRules, ReadingOptions, refuse_idle
from wcetool.data.score_arrays import column_scores, list_lengths, list_scores, score_matrix
from wcetool.data.score_columns import Clues, ScoreColumns, choose_score_columns
from wcetool.errors import InputError, UsageError, listed, quoted, short_repr

SAMPLE_ROWS = 1000
ENOUGH_ROWS = 16  # this many rows are not all probabilities by chance


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRequest:
    """What the user says of the scores; None where the file decides.

    `columns_in_order` says that the label is the first column and all others are the scores;
    `defaults` names options that are left out where they have no effect.
    """

    scores: str | Sequence[str] | None = None
    columns_in_order: bool = False
    kind: InputKind | None = None
    positive_class: str | None = None
    sum_tolerance: float | None = None
    renormalize: bool = False
    defaults: Collection[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreLayout:
    """A prediction file, understood.

    Attributes
    ----------
    classes : tuple of str
        In class order.
    label : Column or None
        The label column; None where the truth is in another file.
    columns : tuple of Column
        One a class, in class order; or one, of lists or of the positive class.
    list_order : tuple of int or None
        For lists: the place of each class in the list.
    form : ScoreForm
        What the scores are, and the rules they keep.
    positive_guessed : bool
        Nothing says that the one score a row is that of the positive class.
    notes, warnings : tuple of str
        What was decided without being asked for; what contradicts itself.
    """

    classes: tuple[str, ...]
    label: Column | None
    columns: tuple[Column, ...]
    list_order: tuple[int, ...] | None
    form: ScoreForm
    positive_guessed: bool
    notes: tuple[str, ...]
    warnings: tuple[str, ...]

    def wanted(self) -> list[Wanted]:
        """List the columns to read: the label first, if it is here, then the scores."""
        label = [] if self.label is None else [Wanted(self.label, ColumnKind.LABEL)]
        kind = ColumnKind.SCORE if self.list_order is None else ColumnKind.SCORE_LIST
        return label + [Wanted(column, kind) for column in self.columns]

    def scores(self, batch: pa.RecordBatch, where: str, first_row: int) -> Scores:
        """Return the scores of a batch of the wanted columns, in class order."""
        arrays = batch.columns[0 if self.label is None else 1 :]
        if self.list_order is None:
            return column_scores(arrays)
        matrix = list_scores(arrays[0], len(self.list_order), where, first_row)
        in_order = self.list_order == tuple(range(len(self.list_order)))
        return matrix if in_order else matrix[:, list(self.list_order)]


def decide_layout(
    dataset: Dataset,
    reading: ReadingOptions,
    request: ScoreRequest,
    *,
    labels: tuple[Dataset, Column] | None = None,
) -> ScoreLayout:
    """Decide how a prediction file is read.

    Parameters
    ----------
    dataset : Dataset
        The predictions.
    reading : ReadingOptions
        Label column, declared classes, how text becomes a label.
    request : ScoreRequest
        What the user says of the scores.
    labels : (Dataset, Column), optional
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
    notes: list[str] = []
    label: Column | None = None
    columns = dataset.first.columns
    if request.columns_in_order:
        label = columns[0]
    elif labels is None:
        choice = choose_label_column(
            dataset.first,
            reading.label_column,
            only_column_counts=False,
            details=("the labels may be in another file: --labels FILE",),
        )
        label = choice.column
        notes += choice.notes(dataset.first)
    truth = labels or (dataset, label)
    clues = Clues(
        label=label,
        classes=reading.classes,
        rules=reading.rules,
        seen=_labels_of_head(truth, reading.rules),
        more_labels=lambda: _two_labels(truth, reading.rules),
        adds_up=lambda columns: _adds_up(dataset, columns),
    )
    wanted = columns[1:] if request.columns_in_order else request.scores
    chosen = choose_score_columns(dataset.first, clues, wanted)
    if chosen.reason is not None:
        notes.append(f"score columns {chosen} ({chosen.reason})")
    head = _Head.of(dataset, chosen)
    if chosen.is_single:
        found = _two_classes(chosen, clues, request, truth[0].where)
        order: tuple[int, ...] = (0,)
    else:
        if request.positive_class is not None:
            reason = f"there are scores for {len(chosen.class_names) or 'all'} classes"
            refuse_idle("positive-class", reason, request.defaults)
        classes, order, note = match_classes(chosen, clues, head.n_listed, dataset.where)
        found = _FoundClasses(classes, 1, note)
    if found.note is not None:
        notes.append(found.note)
    form = ScoreForm(
        task=Task.BINARY if chosen.is_single else Task.MULTICLASS,
        kind=InputKind.PROBS,
        n_classes=len(found.classes),
        tolerance=_tolerance(dataset, chosen, len(found.classes), request),
        renormalize=request.renormalize,
        positive=found.positive,
    )
    check_class_limit(found.classes, reading.rules, dataset.where)
    kind, note = _kind_of_scores(form, chosen, request, head.values, dataset.where)
    if note is not None:
        notes.append(note)
    return ScoreLayout(
        classes=found.classes,
        label=label,
        columns=chosen.columns if chosen.is_list else tuple(chosen.columns[i] for i in order),
        list_order=order if chosen.is_list else None,
        form=_without_idle_options(replace(form, kind=kind), request),
        positive_guessed=found.guessed,
        notes=tuple(notes),
        warnings=() if found.warning is None else (found.warning,),
    )


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


def _labels_of_head(truth: tuple[Dataset, Column | None], rules: LabelRules) -> frozenset[str]:
    dataset, column = truth
    if column is None:
        return frozenset()
    batch = dataset.head([Wanted(column, ColumnKind.LABEL)])
    return frozenset() if batch is None else _labels(batch, rules, dataset.where)


def _labels(batch: pa.RecordBatch, rules: LabelRules, where: str) -> frozenset[str]:
    found = (rules.label(text) for text in Distinct(batch.column(0), where).texts)
    return frozenset(label for label in found if label is not None)


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


def _two_labels(truth: tuple[Dataset, Column | None], rules: LabelRules) -> frozenset[str]:
    """Read labels until a second one turns up; only the beginning of a stream."""
    dataset, column = truth
    if column is None or dataset.first.file.stream is not None:
        return _labels_of_head(truth, rules)
    labels: frozenset[str] = frozenset()
    for split in dataset.splits():
        wanted = [Wanted(column, ColumnKind.LABEL)]
        for batch in dataset.batches(split, wanted, lambda _: None, ReadLog()):
            labels |= _labels(batch, rules, split.file.path)
            if len(labels) > 1:
                return labels
    return labels


def _kind_of_scores(
    form: ScoreForm, chosen: ScoreColumns, request: ScoreRequest, values: FloatArray, where: str
) -> tuple[InputKind, str | None]:
    """Decide what the scores are, by the rules in `score_columns`; a guess comes with a note."""
    kind = request.kind or chosen.kind
    if kind is InputKind.LOGITS:
        _refuse_probabilities(form, values, where)
    if request.kind is not None:
        return request.kind, None
    if kind is not None:
        return kind, f"scores are {kind.value}, by the names of their columns"
    if request.renormalize and "renormalize" not in request.defaults:
        return InputKind.PROBS, "scores are probs, since they are to be renormalized"
    if _mostly(values, form):
        sums = "" if form.task is Task.BINARY else " and sum to 1"
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
    if request.renormalize and (form.kind is not InputKind.PROBS or form.task is Task.BINARY):
        what = "one score a row" if form.task is Task.BINARY else form.kind.value
        refuse_idle("renormalize", f"the scores are {what}", request.defaults)
        return replace(form, renormalize=False)
    return form
