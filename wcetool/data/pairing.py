"""Predictions and labels in two files, matched by row order: signs that the orders differ."""

from __future__ import annotations

from collections.abc import Collection

from wcetool.data.columns import is_index, is_usual_name
from wcetool.data.dataset import Dataset, Wanted
from wcetool.data.formats.table import Column, ColumnKind, Holds
from wcetool.data.labels import Distinct

_COMPARED = 3  # columns
_COMPARED_ROWS = 1000


def other_order(predictions: Dataset, labels: Dataset, used: Collection[Column]) -> str | None:
    """Return a column that both have and whose first values differ; None where there is none.

    Parameters
    ----------
    predictions, labels : Dataset
        Matched row by row.
    used : collection of Column
        The score columns, which are not compared.
    """
    taken = {column.name for column in used}
    there = {column.name: column for column in labels.first.columns}
    shared = [
        (column, there[column.name])
        for column in predictions.first.columns
        if column.name in there
        and column.name not in taken
        and not is_index(column)
        and all(c.holds in (Holds.TEXT, Holds.NUMBERS) for c in (column, there[column.name]))
    ]
    for one, other in shared[:_COMPARED]:
        mine, theirs = _first_texts(predictions, one), _first_texts(labels, other)
        if any(a != b for a, b in zip(mine, theirs, strict=False)):
            return one.name
    return None


def unused_label(predictions: Dataset, used: Collection[Column]) -> str | None:
    """Return a column of the predictions that is called like a label and is not read."""
    taken = {column.place for column in used}
    return next(
        (
            column.name
            for column in predictions.first.columns
            if is_usual_name(column.name) and column.place not in taken
        ),
        None,
    )


def _first_texts(dataset: Dataset, column: Column) -> list[str | None]:
    if dataset.first.file.stream is not None:
        return []
    batch = dataset.head([Wanted(column, ColumnKind.LABEL)])
    if batch is None:
        return []
    distinct = Distinct(batch.column(0).slice(0, _COMPARED_ROWS), dataset.where)
    return [None if code < 0 else distinct.texts[code] for code in distinct.codes.tolist()]
