"""`head_weights`: several label columns, each with classes and weights of its own."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Unpack

from wcetool.api.labels import CountedLabels, count_heads, of_column
from wcetool.api.row_delivery import (
    RowRequest,
    dataset_of,
    deliver,
    open_rows,
    refuse_second_reading,
    requested_rows,
)
from wcetool.api.weight_options import WeightKeywords, WeightOptions
from wcetool.api.weighting import DEFAULT_SCHEME, weighed
from wcetool.core.schemes import Need, SchemeCall, parse_scheme
from wcetool.core.vocabulary import Combine
from wcetool.data import head_weightfile
from wcetool.data.columns import find_columns, refuse_no_labels
from wcetool.data.dataset import Dataset
from wcetool.data.formats.table import Column
from wcetool.data.options import ReadingOptions, refuse_idle
from wcetool.errors import SchemeError, UsageError, listed, quoted
from wcetool.results.head_weights import Head, HeadWeights


def head_weights(
    labels: Any,
    columns: str | Sequence[str],
    scheme: str | None = None,
    *,
    sample_weights: str | os.PathLike[str] | None = None,
    missing_weight: str | None = None,
    combine: str | None = None,
    **options: Unpack[WeightKeywords],
) -> HeadWeights:
    """Compute class weights for each of several label columns, in one pass over the rows.

    Parameters
    ----------
    labels : path, list of `os.PathLike`, or table
        As `analyze` takes them, with a column a head.
    columns : str or sequence of str
        The label columns, by name or number; a text names them with commas between.
    scheme
        As in `class_weights`, for every head.
    sample_weights, missing_weight
        As in `class_weights`: one weight a row. What is missing is a label of a column.
    combine : str, default "mean"
        How the weights of a row by its labels become one: mean, max or product.
    **options
        As in `class_weights`, the same for every head; what is said of the classes of one column
        (`classes`, `set_weights`, `prior`, `cost_matrix`, `positive_class`) is refused.

    Returns
    -------
    HeadWeights
        Weights by column; `to_dict()` is the file.

    Raises
    ------
    SchemeError
        If the scheme is unknown, or needs what a head cannot be given.
    InputError
        If a column is not there, or its labels cannot be read.

    Notes
    -----
    scikit-learn's ``compute_sample_weight("balanced", Y)`` of a matrix Y is the product.

    Examples
    --------
    >>> import pyarrow as pa
    >>> table = pa.table({"make": ["a", "a", "a", "b"], "color": ["x", "y", "y", "x"]})
    >>> head_weights(table, ["make", "color"], "max-ratio")["make"].by_class
    {'a': 1.0, 'b': 3.0}
    """
    given, reading, resources = WeightOptions.of(options)
    call = parse_scheme(DEFAULT_SCHEME if scheme is None else scheme)
    _refuse_of_one_column(given, call)
    reading = _own_classes(reading)
    request = requested_rows(sample_weights, missing_weight, reading, combine=combine)
    source = open_rows(labels, reading, request or RowRequest(path=None))
    dataset = dataset_of(source)
    label_columns = _label_columns(dataset, columns)
    if combine is not None and len(label_columns) == 1:
        refuse_idle("combine", "there is one label column", reading.defaults)
    if request is not None:
        refuse_second_reading(source)
        request.refuse_kind(call.scheme.kind, call.scheme.name, combined=len(label_columns) > 1)
    counted = count_heads(source, dataset, label_columns, resources)
    found = _weighed(counted, [column.name for column in label_columns], call, given)
    if request is not None:
        deliver(source, found, request, resources)
        found = replace(found, notes=(*found.notes, *_row_notes(found, request)))
    return found


def write_head_weights(weights: HeadWeights, path: str | os.PathLike[str]) -> None:
    """Write the weights of several label columns, as JSON.

    Raises
    ------
    UsageError
        If the path has another suffix than .json.
    OutputError
        If the system refuses.
    """
    head_weightfile.write_head_weights(weights, os.fspath(path))


def read_head_weights(path: str | os.PathLike[str]) -> HeadWeights:
    """Read the weights of several label columns.

    Raises
    ------
    WeightFileError
        If the file is none, or an entry is wrong.
    """
    return head_weightfile.read_head_weights(os.fspath(path))


def _refuse_of_one_column(given: WeightOptions, call: SchemeCall) -> None:
    """Refuse what is said of the classes of one label column, and schemes that need it."""
    options = {
        "set": given.set_weights or None,
        "prior": given.prior,
        "cost-matrix": given.cost_matrix,
        "positive-class": given.positive_class,
        **given.beside.given(),
        **given.form.given,
    }
    for option, value in options.items():
        if value is not None:
            refuse_idle(option, "each label column has classes of its own", given.defaults)
    needs = sorted(call.scheme.needs - {Need.POSITIVE})  # which has a default
    if needs:
        raise SchemeError(
            f"needs {listed(needs)}, which cannot be given for several label columns",
            where=f"scheme {call.scheme.name!r}",
            hint="each column in a run of its own",
        )
    given.recipe(call)


def _own_classes(options: ReadingOptions) -> ReadingOptions:
    """Refuse what is said of one label column."""
    options = options.without(("label-column",), "the label columns are named")
    if options.classes is not None:
        refuse_idle("classes", "each label column has classes of its own", options.defaults)
    given = {option: value for option, value in options.given.items() if option != "declared"}
    return replace(options, classes=None, given=given)


def _label_columns(dataset: Dataset, named: str | Sequence[str]) -> tuple[Column, ...]:
    """Find the label columns; a text is one of them, or several with commas between."""
    table = dataset.first
    if isinstance(named, str):
        named = [named] if named in table.names else named.split(",")
    if not named:
        raise UsageError("names no column", where="--label-column", hint="-l color,make")
    columns = find_columns(table, list(map(str, named)), option="--label-column")
    twice = [one.name for i, one in enumerate(columns) if one in columns[:i]]
    if twice:
        raise UsageError(f"column {quoted(twice)} is named twice", where="--label-column")
    for column in columns:
        refuse_no_labels(table, column)
    return columns


def _weighed(
    counted: Sequence[CountedLabels], names: Sequence[str], call: SchemeCall, given: WeightOptions
) -> HeadWeights:
    """Weigh the classes of each column."""
    heads: list[Head] = []
    notes: dict[str, None] = {}
    warnings: list[str] = []
    for name, one in zip(names, counted, strict=True):
        with of_column(name):
            weights = weighed(one, [call], given)[0]
        notes |= dict.fromkeys(weights.notes)
        warnings += [f"column {quoted([name])}: {text}" for text in weights.warnings]
        heads.append(Head(name, weights))
    first = heads[0].weights.parameters
    shared = {
        key: text
        for key, text in first.items()
        if all(head.weights.parameters.get(key) == text for head in heads)
    }
    return HeadWeights(
        heads=tuple(heads),
        parameters={**shared, "label-column": ",".join(names)},
        notes=tuple(notes),
        warnings=tuple(warnings),
    )


def _row_notes(weights: HeadWeights, request: RowRequest) -> list[str]:
    """Say how the weights of the columns became one, where the user did not."""
    if len(weights.heads) == 1:
        return request.notes(weights.heads[0].weights.kind)
    if request.combine is not None:
        return []
    others = listed(word.value for word in Combine if word is not Combine.MEAN)
    note = (
        f"{request.path}: the mean of the weights of a row by its labels (--combine {others} for "
        "another; scikit-learn takes the product)"
    )
    return [note]
