"""`sample_weights` and `write_sample_weights`: the weight of each row."""

from __future__ import annotations

import os
from typing import Any, Unpack

import numpy as np

from wcetool.api.label_forms import LabelForm
from wcetool.api.label_row_delivery import (
    deliver_label_rows,
    refuse_label_rows,
    weighs_label_rows,
)
from wcetool.api.labels import counted_labels
from wcetool.api.row_delivery import RowRequest, deliver, open_rows, refuse_second_reading
from wcetool.api.weighting import given_weights, weighed
from wcetool.core.arrays import FloatArray
from wcetool.core.schemes import Need, parse_scheme
from wcetool.data.options import ReadingKeywords, ReadingOptions
from wcetool.engine.resources import OnProgress, Resources
from wcetool.errors import UsageError
from wcetool.results.head_weights import HeadWeights


def sample_weights(
    labels: Any,
    class_weight: Any,
    *,
    missing_weight: str | None = None,
    combine: str | None = None,
    label_separator: str | None = None,
    uncertain: str | None = None,
    jobs: int | None = None,
    memory: str | int | None = None,
    on_progress: OnProgress | None = None,
    **reading: Unpack[ReadingKeywords],
) -> FloatArray:
    """Return the weight of each sample.

    Parameters
    ----------
    labels : path, list of `os.PathLike`, column or table
        As `analyze` takes them.
    class_weight : ClassWeights, HeadWeights, mapping, path of a weight file, or scheme
        A scheme is computed from these labels; `HeadWeights` take the columns they name.
    missing_weight : str, default "error"
        What a row without a label weighs: error, zero or one.
    combine : str, default "mean"
        How the weights of a row by several columns become one: mean, max or product.
    label_separator, uncertain, jobs, memory, on_progress, **reading
        As in `analyze`.

    Returns
    -------
    float64 array of shape (n_samples,)
        In the order of the labels. Of sampling probabilities p_i / n_i, so that they sum to 1. Rows
        with any number of labels are weighed by a scheme for their sets; of distribution-balanced
        the shape is (n_samples, n_labels).

    Raises
    ------
    InputError
        If a label is missing or has no weight; names the row.

    Examples
    --------
    >>> sample_weights(["a", "b", "a"], {"a": 1.0, "b": 2.0})
    array([1., 2., 1.])
    """
    request = RowRequest.of(None, missing_weight, combine)
    found = _delivered(
        *(labels, class_weight, request),
        *(ReadingOptions.of(**reading), Resources.of(jobs, memory, on_progress)),
        form=LabelForm.of(label_separator=label_separator, uncertain=uncertain),
    )
    return np.empty(0) if found is None else found


def write_sample_weights(
    labels: Any,
    class_weight: Any,
    path: str | os.PathLike[str],
    *,
    missing_weight: str | None = None,
    combine: str | None = None,
    label_separator: str | None = None,
    uncertain: str | None = None,
    jobs: int | None = None,
    memory: str | int | None = None,
    on_progress: OnProgress | None = None,
    **reading: Unpack[ReadingKeywords],
) -> None:
    """Write the weight of each sample, in bounded memory, whole or not at all.

    Parameters
    ----------
    labels, class_weight
        As in `sample_weights`.
    path : path
        .parquet or .csv with a column `weight`, .npy with a one-dimensional array, or .weight with
        a number a line: LightGBM (and XGBoost before 1.6) reads ``train.txt.weight`` beside
        ``train.txt``.
    missing_weight, combine, label_separator, uncertain, jobs, memory, on_progress, **reading
        As in `sample_weights`.

    Raises
    ------
    UsageError
        If the suffix is none of these, or the path is one of the labels.
    InputError
        If a label is missing or has no weight; names the row.
    OutputError
        If the system refuses.
    """
    _delivered(
        *(labels, class_weight, RowRequest.of(path, missing_weight, combine)),
        *(ReadingOptions.of(**reading), Resources.of(jobs, memory, on_progress)),
        form=LabelForm.of(label_separator=label_separator, uncertain=uncertain),
    )


def _delivered(
    labels: Any,
    class_weight: Any,
    request: RowRequest,
    options: ReadingOptions,
    resources: Resources,
    *,
    form: LabelForm,
) -> FloatArray | None:
    """Weigh the rows by weights that are given, or by a scheme."""
    is_path = isinstance(class_weight, str | os.PathLike)
    source = open_rows(labels, options, request, *([os.fspath(class_weight)] if is_path else []))
    n_columns = len(class_weight.heads) if isinstance(class_weight, HeadWeights) else 1
    if request.combine is not None and n_columns == 1:
        raise UsageError("has no effect: there is one label column", where="--combine")
    if isinstance(class_weight, HeadWeights):
        options.without(("label-column",), "the weights name the label columns")
        return deliver(source, class_weight, request, resources)
    weights = given_weights(class_weight)
    if weights is None:
        call = parse_scheme(class_weight)
        call.scheme.refuse_lacking([Need.POSITIVE])  # which has a default
        if not weighs_label_rows(call):
            request.refuse_kind(call.scheme.kind, call.scheme.name)
        refuse_second_reading(source)
        counted = counted_labels(source, options, resources, form=form)
        call.refuse_task(counted.task)
        if counted.label_rows is not None:
            refuse_label_rows(call, request)
            return deliver_label_rows(
                source, counted, call, form=form, request=request, resources=resources
            )
        weights = weighed(counted, [call])[0]
    elif form.given:
        raise UsageError("has no effect: the weights are of rows of one class", where=_given(form))
    return deliver(source, weights, request, resources)


def _given(form: LabelForm) -> str:
    return f"--{next(iter(form.given))}"
