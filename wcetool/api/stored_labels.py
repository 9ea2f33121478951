"""Counts of rows with any number of labels that were made before, pooled."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from wcetool.api.label_forms import LabelCount, LabelForm, LabelRows
from wcetool.core.distribution import ClassCounts, class_order
from wcetool.core.vocabulary import LabelTask
from wcetool.data.counts import StoredCounts, StoredLabelCounts, pooled_parameters
from wcetool.data.options import ReadingOptions
from wcetool.errors import InputError, UsageError, quoted

NO_SETS = "stored counts hold no label sets"


def label_counts_among(
    stored: Mapping[str, StoredCounts | StoredLabelCounts], n_inputs: int
) -> dict[str, StoredLabelCounts]:
    """Return the counts of rows with any number of labels: all inputs, or none.

    Raises
    ------
    InputError
        If some inputs are such counts, and others are not.
    """
    found = {path: one for path, one in stored.items() if isinstance(one, StoredLabelCounts)}
    if found and len(found) < n_inputs:
        raise InputError(
            "holds counts of rows with any number of labels, and other inputs do not",
            where=next(iter(found)),
            hint="analyze label files together, or write the counts of each and pool these",
        )
    return found


def pooled_labels(
    stored: Mapping[str, StoredLabelCounts], reading: ReadingOptions, form: LabelForm
) -> LabelCount:
    """Add up counts by label; a label that one input lacks is not known in its rows.

    Raises
    ------
    InputError
        If labels become one by their names, or are not among the declared ones.
    UsageError
        If an option has no effect.
    """
    form.without(tuple(form.given), "counts have no columns", reading)
    reading = reading.without(("missing",), "the labels have been told apart already")
    if form.task is LabelTask.MULTICLASS:
        raise UsageError("the counts are of rows with any number of labels", where="--task")
    count: dict[str, int] = {}
    known: dict[str, int] = {}
    for path, one in stored.items():
        labels = reading.rules.column_classes(one.classes)
        if len(set(labels)) < len(labels):
            raise InputError(
                "labels become one by --names, --strip, --casefold or --merge-bio", where=path
            )
        for label, n, of in zip(labels, one.count, one.known, strict=True):
            count[label] = count.get(label, 0) + n
            known[label] = known.get(label, 0) + of
    parts = list(stored.values())
    orders = {reading.rules.column_classes(one.classes) for one in parts}
    order = reading.classes or (orders.pop() if len(orders) == 1 else class_order(count))
    unknown = count.keys() - set(order)
    if unknown:
        raise InputError(
            f"labels are not among the declared classes: {quoted(sorted(unknown))}",
            where=next(iter(stored)),
            hint="--classes with every label",
        )
    counts = ClassCounts(
        order,
        np.array([count.get(label, 0) for label in order], dtype=np.int64),
        known=np.array([known.get(label, 0) for label in order], dtype=np.int64),
    )
    missing = sum(one.missing for one in parts)
    rows = sum(one.rows for one in parts) - missing
    return LabelCount(
        counts=counts,
        sets=None,
        label_rows=LabelRows(rows=rows, partial=sum(one.partial for one in parts), no_sets=NO_SETS),
        missing=missing,
        read=None,
        parameters={**pooled_parameters(parts), **reading.given},
        notes=(),
        warnings=(),
    )
