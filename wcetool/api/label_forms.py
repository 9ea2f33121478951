"""Rows with any number of labels: how they are written, and their counts in class order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from wcetool.core.distribution import ClassCounts, LabelTally
from wcetool.core.label_sets import MAX_SETS, LabelSets, NamedSetCounter, NamedSets
from wcetool.core.vocabulary import LabelTask, Uncertain, parse_word
from wcetool.data.beside_labels import BesideColumns, BesideLabels, choose_columns
from wcetool.data.beside_scores import refuse_further_columns
from wcetool.data.dataset import Dataset
from wcetool.data.formats.table import Column, Holds
from wcetool.data.indicators import refuse_header_of_values
from wcetool.data.labels import check_class_limit, label_warnings
from wcetool.data.options import ReadingOptions, refuse_idle, signed
from wcetool.data.read_rows import ReadRows
from wcetool.data.truth_columns import TruthColumns, TruthForm
from wcetool.engine.label_counting import (
    CountCells,
    CountIndicators,
    count_cells,
    count_indicators,
)
from wcetool.engine.resources import Resources
from wcetool.errors import InputError, UsageError, counted, listed, quoted, short_repr


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelForm:
    """What a user may say of rows with several labels, checked.

    Attributes
    ----------
    task : LabelTask
        How many labels a row has.
    separator : str or None
        Stands between the labels of a cell.
    uncertain : Uncertain
        What -1 in a column of a label counts as.
    max_sets : int
        More distinct sets of labels than this are not kept.
    given : mapping of str to str
        The options that were given, as text.
    """

    task: LabelTask = LabelTask.AUTO
    separator: str | None = None
    uncertain: Uncertain = Uncertain.ERROR
    max_sets: int = MAX_SETS
    given: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        *,
        task: str | None = None,
        label_separator: str | None = None,
        uncertain: str | None = None,
        max_label_sets: int | None = None,
    ) -> LabelForm:
        """Check the keywords of a public function.

        Raises
        ------
        UsageError
            If a value is wrong, or two contradict each other.
        """
        form = cls(
            task=parse_word(LabelTask, task, option="--task", default=LabelTask.AUTO),
            separator=label_separator,
            uncertain=parse_word(
                Uncertain, uncertain, option="--uncertain", default=Uncertain.ERROR
            ),
            max_sets=MAX_SETS if max_label_sets is None else max_label_sets,
        )
        if form.task is LabelTask.MULTIOUTPUT:
            raise UsageError(
                "multioutput has weights for each label column, and no other numbers",
                where="--task",
                hint="wcetool weights --task multioutput -l a,b; head_weights from Python",
            )
        if form.separator == "":
            raise UsageError("is empty", where="--label-separator", hint="--label-separator '|'")
        if form.separator is not None and form.task is LabelTask.MULTICLASS:
            raise UsageError(
                "multiclass rows have one label, and --label-separator stands between several",
                where="--task",
                hint="--task multilabel",
            )
        if form.max_sets < 1:
            raise UsageError(f"{form.max_sets} is not a number of sets", where="--max-label-sets")
        given = {
            "label-separator": form.separator,
            "uncertain": None if form.uncertain is Uncertain.ERROR else form.uncertain.value,
            "max-label-sets": None if max_label_sets is None else str(max_label_sets),
        }
        return replace(form, given={key: text for key, text in given.items() if text is not None})

    def without(self, options: Sequence[str], reason: str, reading: ReadingOptions) -> LabelForm:
        """Leave out options that have no effect.

        Raises
        ------
        UsageError
            If the caller gave one of them for this call.
        """
        for option in options:
            if option in self.given:
                refuse_idle(option, reason, reading.defaults)
        kept = {key: text for key, text in self.given.items() if key not in options}
        return replace(self, given=kept)


AS_COLUMNS_SAY = LabelForm()


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelRows:
    """What is known of rows with any number of labels, besides the counts.

    Attributes
    ----------
    rows : int
        Rows of which anything is known.
    partial : int
        Those of which something is not.
    no_sets : str or None
        Why there are no label sets; None where there are.
    """

    rows: int
    partial: int = 0
    no_sets: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LabelCount:
    """Rows with any number of labels, counted and in class order."""

    counts: ClassCounts
    sets: LabelSets | None
    label_rows: LabelRows
    missing: int
    read: ReadRows | None
    parameters: Mapping[str, str]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]


def choose_labels(
    dataset: Dataset, reading: ReadingOptions, form: LabelForm, beside: BesideLabels
) -> tuple[TruthColumns, BesideColumns]:
    """Choose the columns of labels, one where a row has one label, and those beside them.

    Raises
    ------
    InputError
        If no column or several could be meant.
    UsageError
        If what is found is not what the user says, or an option has no effect.
    """
    truth, columns = choose_columns(
        dataset.first,
        reading.label_column,
        beside,
        separator=form.separator,
        defaults=reading.defaults,
    )
    if truth.columns[0].holds is Holds.NUMBER_LISTS:
        raise InputError(
            "holds a number for each class in a row, which are scores or soft targets, no labels",
            where=truth.where,
            hint="wcetool score PREDS --labels FILE takes soft targets",
        )
    check_task(truth, form)
    return truth, columns


def check_task(truth: TruthColumns, form: LabelForm) -> None:
    """Refuse columns that are not what the task says.

    Raises
    ------
    UsageError
        If they are not.
    """
    if truth.form is TruthForm.NUMBERS and form.task is LabelTask.MULTICLASS:
        raise UsageError(
            "multiclass rows have one label column, and there are "
            f"{len(truth.columns):,}: {listed(column.name for column in truth.columns)}",
            where="--task",
            hint="--task multilabel, or --label-column with one column",
        )
    if truth.form is TruthForm.CLASS and form.task is LabelTask.MULTILABEL:
        raise UsageError(
            f"multilabel rows have several labels, and column {truth.columns[0].name!r} holds one",
            where="--task",
            hint="--label-separator '|', or --label-column 'y_*' for a column a label",
        )


def count_label_rows(
    dataset: Dataset,
    truth: TruthColumns,
    reading: ReadingOptions,
    form: LabelForm,
    resources: Resources,
) -> LabelCount:
    """Count labels with a column each, or those of cells.

    Raises
    ------
    InputError
        If they cannot be read, or nothing is known of any row.
    """
    if truth.form is TruthForm.CELL:
        return _of_cells(dataset, truth, reading, form, resources)
    return _of_columns(dataset, truth, reading, form, resources)


def count_label_lists(
    rows: Sequence[Sequence[str] | None], reading: ReadingOptions, form: LabelForm, where: str
) -> LabelCount:
    """Count labels that stand in lists, None for a row of which nothing is known."""
    form = form.without(("label-separator", "uncertain"), "each row is a list of labels", reading)
    if form.task is LabelTask.MULTICLASS:
        raise UsageError("multiclass rows have one label, and these are lists", where="--task")
    counter = NamedSetCounter(form.max_sets)
    missing = 0
    for row in rows:
        if row is None:
            missing += 1
            continue
        labels = {label for label in map(reading.rules.label, row) if label is not None}
        counter.add(tuple(sorted(labels)), 1)
    named = counter.tally()
    check_class_limit(named.counts, reading.rules, where)
    return _named(named, missing, reading, form, where)


def _of_columns(
    dataset: Dataset,
    truth: TruthColumns,
    reading: ReadingOptions,
    form: LabelForm,
    resources: Resources,
) -> LabelCount:
    form = form.without(("label-separator",), "there is a column a label", reading)
    refuse_further_columns(dataset, reading.label_column, truth)
    for table in dataset.tables:
        refuse_header_of_values(table, dataset.columns_in(table, truth.columns))
    columns, classes = in_label_order(truth, reading)
    check_class_limit(classes, reading.rules, truth.where)
    work = CountIndicators(dataset, columns, reading.rules, form.uncertain, form.max_sets)
    state = count_indicators(dataset, work, resources)
    found = state.counts
    n_rows = state.read.total - found.missing
    notes = [*truth.notes, *state.read.notes(dataset)]
    if form.task is LabelTask.AUTO or _is_pattern(reading.label_column):
        named = quoted((column.name for column in columns), limit=4)
        notes.append(f"multilabel: {counted(len(columns), 'column')} of a label each, {named}")
    if found.uncertain:
        value = counted(found.uncertain, "uncertain value")
        meaning = "not known" if form.uncertain is Uncertain.MISSING else form.uncertain.value
        notes.append(f"{value} (-1) counted as {meaning}")
    if found.partial:
        notes.append(
            f"{counted(found.partial, 'row')} of which not all labels are known: in the share of a "
            "label only where it is known; their sets are of the labels known to hold"
        )
    parameters = (
        {} if dataset.is_bare_column else {"label-column": signed([c.name for c in columns])}
    )
    return _finished(
        ClassCounts(classes, found.positive, known=found.known),
        found.sets.sets(),
        LabelRows(rows=n_rows, partial=found.partial),
        missing=found.missing,
        read=state.read,
        parameters=parameters,
        notes=notes,
        reading=reading,
        form=form,
        where=truth.where,
    )


def _of_cells(
    dataset: Dataset,
    truth: TruthColumns,
    reading: ReadingOptions,
    form: LabelForm,
    resources: Resources,
) -> LabelCount:
    form = form.without(("uncertain",), "labels stand in cells, not in a column each", reading)
    column, separator = truth.columns[0], form.separator or ""
    work = CountCells(dataset, column, reading.rules, separator, form.max_sets)
    state = count_cells(dataset, work, resources)
    said = [*truth.notes, *state.read.notes(dataset)]
    if form.task is LabelTask.AUTO:
        said.append(f"multilabel: several labels in a cell, between them {short_repr(separator)}")
    if state.missing:
        said.append(
            f"{counted(state.missing, 'empty cell')}: missing, in no count; a row without labels "
            f"is a cell with nothing but {short_repr(separator)}"
        )
    found = _named(state.sets, state.missing, reading, form, dataset.where)
    named = {} if dataset.is_bare_column else {"label-column": column.name}
    return replace(
        found,
        read=state.read,
        parameters={**found.parameters, **named},
        notes=(*said, *found.notes),
    )


def _named(
    named: NamedSets, missing: int, reading: ReadingOptions, form: LabelForm, where: str
) -> LabelCount:
    """Put labels in class order that were counted by name."""
    counts = ClassCounts.from_tally(LabelTally(named.counts), reading.classes)
    counts = replace(counts, known=np.full(counts.n_classes, named.rows, dtype=np.int64))
    return _finished(
        counts,
        named.label_sets(counts.classes),
        LabelRows(rows=named.rows),
        missing=missing,
        read=None,
        parameters={},
        notes=(),
        reading=reading,
        form=form,
        where=where,
        warnings=label_warnings(named.counts),
    )


def _finished(
    counts: ClassCounts,
    sets: LabelSets | None,
    label_rows: LabelRows,
    *,
    missing: int,
    read: ReadRows | None,
    parameters: Mapping[str, str],
    notes: Sequence[str],
    reading: ReadingOptions,
    form: LabelForm,
    where: str,
    warnings: Sequence[str] = (),
) -> LabelCount:
    if not label_rows.rows or not counts.n_classes:
        raise InputError(
            f"nothing is known of the labels of {counted(missing, 'row')}"
            if not label_rows.rows
            else "no row has a label",
            where=where,
            hint="--label-column for other columns",
        )
    warned = list(warnings)
    if sets is None:
        reason = f"there are more than {form.max_sets:,} label sets (--max-label-sets)"
        label_rows = replace(label_rows, no_sets=reason)
    elif counts.n_classes > 1 and not label_rows.partial and bool((sets.size == 1).all()):
        warned.append("each row has exactly one label: these may be the classes of one column")
    return LabelCount(
        counts=counts,
        sets=sets,
        label_rows=label_rows,
        missing=missing,
        read=read,
        parameters={**reading.given, **parameters, **form.given},
        notes=tuple(notes),
        warnings=tuple(warned),
    )


def in_label_order(
    truth: TruthColumns, reading: ReadingOptions
) -> tuple[tuple[Column, ...], tuple[str, ...]]:
    """Return columns and labels: as declared, else as the columns stand in the file."""
    names = reading.rules.column_classes(truth.class_names)
    by_name = dict(zip(names, truth.columns, strict=True))
    if len(by_name) < len(names):
        twins = [name for name, times in Counter(names).items() if times > 1]
        raise InputError(f"columns have one label: {quoted(twins)}", where=truth.where)
    if reading.classes is None:
        return truth.columns, names
    if set(reading.classes) != set(names):
        raise InputError(
            "the declared classes are not the labels of the columns",
            where=truth.where,
            details=(f"declared: {quoted(reading.classes)}", f"columns: {quoted(names)}"),
            hint="--classes with the label of each column, or without --classes",
        )
    return tuple(by_name[name] for name in reading.classes), reading.classes


def _is_pattern(wanted: str | Sequence[str] | None) -> bool:
    return isinstance(wanted, str) and "*" in wanted
