"""The columns beside the scores: truth, sample weights, ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from wcetool.data.columns import find_column
from wcetool.data.dataset import Dataset
from wcetool.data.formats.table import Column, Holds, Table
from wcetool.data.layout import ScoreRequest
from wcetool.data.options import ReadingOptions
from wcetool.data.truth_columns import (
    OUTCOME,
    TruthColumns,
    TruthForm,
    bare_names,
    choose_truth_columns,
)
from wcetool.errors import InputError, quoted


@dataclass(frozen=True, slots=True, kw_only=True)
class BesideScores:
    """The columns that are no scores, and what is left for these."""

    truth: TruthColumns
    sample_weight: Column | None
    id_column: Column | None
    scores: str | Sequence[str] | Sequence[Column] | None
    taken: tuple[Column, ...]


def columns_beside(
    dataset: Dataset, reading: ReadingOptions, request: ScoreRequest, labels: Dataset | None
) -> BesideScores:
    """Find the columns of the truth, of sample weights and of ids.

    Raises
    ------
    InputError
        If one is not there, or has two tasks.
    """
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
    if truth.form is TruthForm.NUMBERS:
        refuse_further_columns(dataset if labels is None else labels, reading.label_column, truth)
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
    return BesideScores(
        truth=truth,
        sample_weight=weight,
        id_column=id_column,
        scores=request.scores,
        taken=tuple(others),
    )


def refuse_further_columns(
    source: Dataset, pattern: str | Sequence[str] | None, truth: TruthColumns
) -> None:
    """Refuse a file that has more columns of a pattern than the first one."""
    if not isinstance(pattern, str) or "*" not in pattern:
        return
    before, _, after = pattern.partition("*")
    known = {column.name for column in truth.columns}
    for table in source.tables:
        more = [
            name
            for name in table.names
            if name.startswith(before)
            and name.endswith(after)
            and len(name) > len(before) + len(after)
            and name not in known
        ]
        if more and table.names != source.first.names:
            raise InputError(
                f"has columns of the truth that {source.where} lacks: {quoted(more)}",
                where=table.file.path,
                hint="--label-column with the columns that all files have",
            )


def _in_memory(table: Table, request: ScoreRequest) -> BesideScores:
    """Take columns in their order: truth, sample weight, scores."""
    n_truth = request.n_truth_columns
    columns, rest = table.columns[:n_truth], list(table.columns[n_truth:])
    is_numbers = n_truth > 1 or columns[0].holds is Holds.NUMBER_LISTS
    form = TruthForm.NUMBERS if is_numbers else TruthForm.CLASS
    if not is_numbers and request.separator is not None:
        form = TruthForm.CELL
    weight = rest.pop(0) if request.sample_weight is not None else None
    names = bare_names([column.name for column in columns]) if n_truth > 1 else ()
    return BesideScores(
        truth=TruthColumns(form=form, columns=columns, class_names=names, where=table.file.path),
        sample_weight=weight,
        id_column=None,
        scores=rest,
        taken=(*columns, *(() if weight is None else (weight,))),
    )


def names_seen(truth: TruthColumns, reading: ReadingOptions) -> frozenset[str]:
    """Return the classes that the columns of the truth name; those of outcomes name scores."""
    if any(column.name.endswith(OUTCOME) for column in truth.columns):
        return frozenset()
    return frozenset(reading.rules.column_classes(truth.class_names))
