"""One weight a row, where a row has any number of labels."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from wcetool.api.label_forms import LabelForm, choose_labels, in_label_order
from wcetool.api.labels import CountedLabels, LabelSource
from wcetool.api.row_delivery import RowRequest, dataset_of, deliver_rows
from wcetool.core.arrays import FloatArray
from wcetool.core.label_sets import LabelSets, largest_of_set
from wcetool.core.schemes import Kind, SchemeCall
from wcetool.core.vocabulary import Normalization
from wcetool.data.beside_labels import BesideLabels
from wcetool.data.label_row_weights import LabelRowWeighing
from wcetool.data.row_weights_file import refuse_columns
from wcetool.data.truth_columns import TruthForm
from wcetool.engine.resources import Resources
from wcetool.errors import InputError, SchemeError, quoted
from wcetool.results.weights import ClassWeights

_SINGLE = "what a row weighs that has this label alone"


def weighs_label_rows(call: SchemeCall) -> bool:
    """Tell whether a scheme has a number for a row with any number of labels."""
    return call.scheme.kind.is_of_sets or call.scheme.kind is Kind.REPEAT_FACTOR


def refuse_label_rows(call: SchemeCall, request: RowRequest) -> None:
    """Refuse a scheme, or a file, that has no place for the weights of such rows.

    Raises
    ------
    SchemeError
        Names the schemes that do.
    UsageError
        If the file holds one number a row and there are several.
    """
    if not weighs_label_rows(call):
        raise SchemeError(
            "weighs labels, and not the rows that have any number of them",
            where=f"scheme {call.scheme.name!r}",
            hint="--scheme class-balanced-rows, distribution-balanced or repeat-factor",
        )
    if call.scheme.kind is Kind.ROW_LABEL and request.path is not None:
        refuse_columns(request.path)


def weights_of_sets(counted: CountedLabels, call: SchemeCall) -> ClassWeights:
    """Describe a scheme that weighs rows by what a row weighs that has one label alone.

    Raises
    ------
    InputError
        If a label does not occur: it has no weight in any set.
    """
    counts = counted.counts
    absent = [label for label, n in zip(counts.classes, counts.count, strict=True) if not n]
    if absent:
        raise InputError(
            f"{quoted(absent)} in no row: scheme {call.scheme.name!r} has no number for it",
            hint="--label-column with the columns of labels that occur",
        )
    n_labels = counts.n_classes
    alone = call.row_weights(
        counts,
        LabelSets(np.arange(n_labels + 1), np.arange(n_labels), np.ones(n_labels, np.int64)),
    )
    if alone.ndim == 2:
        alone = np.diagonal(alone)
    return ClassWeights(
        classes=counts.classes,
        weight=tuple(alone.tolist()),
        kind=call.scheme.kind,
        count=tuple(counts.count.tolist()),
        known=None if counts.known is None else tuple(counts.known.tolist()),
        scheme=str(call),
        normalization=Normalization.AS_PUBLISHED,
        inputs=tuple(one.path for one in counted.inputs),
        rows=counted.rows,
        missing=counted.missing,
        parameters=dict(counted.parameters),
        notes=(*counted.notes, f"{call.scheme.name}: shown is {_SINGLE}"),
        warnings=counted.warnings,
    )


def deliver_label_rows(
    source: LabelSource,
    counted: CountedLabels,
    call: SchemeCall,
    weights: ClassWeights | None = None,
    *,
    form: LabelForm,
    request: RowRequest,
    resources: Resources,
) -> FloatArray | None:
    """Weigh rows with any number of labels, in their order; as `deliver`.

    Weights that are given are those of labels, of which a row takes the largest.

    Raises
    ------
    InputError
        If nothing is known of a row, where that must not be; or the rows are no file.
    """
    if source.dataset is None:
        raise InputError("lists of labels are not weighed row by row", where="labels")
    dataset, reading = dataset_of(source), source.reading
    truth = source.truth or choose_labels(dataset, reading, form, BesideLabels())[0]
    columns, labels = truth.columns, counted.counts.classes
    if truth.form is not TruthForm.CELL:
        columns, labels = in_label_order(truth, reading)
    weigh: Callable[[LabelSets], FloatArray] = partial(call.row_weights, counted.counts)
    if weights is not None:  # as they were set, smoothed, excluded
        by_label = np.array([weights.by_class.get(label, 1.0) for label in counted.counts.classes])
        weigh = partial(largest_of_set, value=by_label, empty=1.0)
    weighing = LabelRowWeighing(
        dataset=dataset,
        columns=columns,
        labels=labels,
        separator=form.separator if truth.form is TruthForm.CELL else None,
        uncertain=form.uncertain,
        rules=reading.rules,
        weigh=weigh,
        missing=request.missing,
    )
    if call.scheme.kind is Kind.ROW_LABEL:
        return deliver_rows(weighing, request, resources, labels)
    return deliver_rows(weighing, request, resources)
