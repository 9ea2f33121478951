"""`class_weights`, `compare_weights`, and the weight file."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Unpack

import numpy as np

from wcetool.api.label_row_delivery import (
    deliver_label_rows,
    refuse_label_rows,
    weighs_label_rows,
    weights_of_sets,
)
from wcetool.api.labels import CountedLabels, counted_labels
from wcetool.api.row_delivery import deliver, open_rows, refuse_second_reading, requested_rows
from wcetool.api.weight_options import WeightKeywords, WeightOptions
from wcetool.core.distribution import ClassCounts
from wcetool.core.schemes import Kind, SchemeCall, is_scheme, parse_scheme
from wcetool.core.schemes.evidence import Evidence
from wcetool.core.vocabulary import Normalization
from wcetool.core.weighting import Recipe, effective_sample_size, weigh
from wcetool.data import weightfile
from wcetool.data.labels import value_text
from wcetool.data.options import number
from wcetool.errors import UsageError, WeightFileError, quoted
from wcetool.results.scheme_comparison import SchemeComparison
from wcetool.results.weights import ClassWeights

DEFAULT_SCHEME, DEFAULT_LABEL_SCHEME = "inverse", "pos-weight"


def class_weights(
    labels_or_counts: Any,
    scheme: str | None = None,
    *,
    sample_weights: str | os.PathLike[str] | None = None,
    missing_weight: str | None = None,
    **options: Unpack[WeightKeywords],
) -> ClassWeights:
    """Compute class weights.

    Parameters
    ----------
    labels_or_counts : path, list of `os.PathLike`, column, table, Analysis or mapping
        Labels as `analyze` takes them, or counts by label.
    scheme : str, default "inverse", or "pos-weight" for rows with any number of labels
        ``name`` or ``name:key=value,...``; `wcetool explain schemes` lists them.
    sample_weights : path, optional
        Write one weight a row there, in the order of the rows: .parquet, .csv, .npy or .weight.
    missing_weight : str, default "error"
        What a row without a label weighs there: error, zero or one.
    **options
        How they are weighted and how labels are read; the names of `WeightKeywords`.

    Returns
    -------
    ClassWeights
        Keyed by class name; `to_dict()` is the weight file.

    Raises
    ------
    SchemeError
        If the scheme is unknown, a parameter is out of range, or something is not given that the
        scheme needs.
    InputError
        If the labels cannot be read, or a class has no samples and no policy is given.

    Examples
    --------
    >>> class_weights({"A": 10, "B": 40, "C": 50}, "max-ratio").by_class
    {'A': 5.0, 'B': 1.25, 'C': 1.0}
    """
    given, reading, resources = WeightOptions.of(options)
    call = parse_scheme(DEFAULT_SCHEME if scheme is None else scheme)
    given.recipe(call)
    given.refuse_idle([call])
    request = requested_rows(sample_weights, missing_weight, reading)
    source: Any = labels_or_counts
    if request is not None:
        if given.beside.sample_weight is not None:
            raise UsageError(
                "does not go with --sample-weights: multiply what it writes by the column",
                where="--sample-weight-column",
            )
        if not weighs_label_rows(call):
            request.refuse_kind(call.scheme.kind, call.scheme.name)
        source = open_rows(labels_or_counts, reading, request)
        refuse_second_reading(source)
    beside = given.beside_for([call])
    counted = counted_labels(source, reading, resources, beside, given.form)
    multilabel = counted.counts.known is not None
    if scheme is None and multilabel:
        call = parse_scheme(DEFAULT_LABEL_SCHEME)
    call.refuse_task(counted.task)
    if request is None:
        return weighed(counted, [call], given)[0]
    if multilabel:
        refuse_label_rows(call, request)
    if call.scheme.kind.is_of_sets:
        weights = weights_of_sets(counted, call)
    else:
        weights = weighed(counted, [call], given)[0]
    if multilabel:
        deliver_label_rows(
            *(source, counted, call, None if call.scheme.kind.is_of_sets else weights),
            form=given.form,
            request=request,
            resources=resources,
        )
    else:
        deliver(source, weights, request, resources)
    return replace(weights, notes=(*weights.notes, *request.notes(weights.kind)))


def compare_weights(
    labels_or_counts: Any, schemes: Sequence[str], **options: Unpack[WeightKeywords]
) -> SchemeComparison:
    """Compute class weights by several schemes, from one reading of the labels.

    Parameters
    ----------
    labels_or_counts, **options
        As in `class_weights`.
    schemes : sequence of str
        At least one, each once.

    Returns
    -------
    SchemeComparison
        The weights of each scheme, and what they amount to.

    Raises
    ------
    SchemeError, InputError
        As in `class_weights`, for any of the schemes.

    Examples
    --------
    >>> found = compare_weights({"A": 10, "B": 90}, ["inverse", "inverse-sqrt"])
    >>> [row["largest_ratio"] for row in found.scheme_rows()]
    [9.0, 3.0]
    """
    given, reading, resources = WeightOptions.of(options)
    calls = [parse_scheme(scheme) for scheme in schemes]
    twice = [str(call) for call in calls if calls.count(call) > 1]
    if twice or not calls:
        raise UsageError(
            f"{twice[0]!r} is given twice" if twice else "no scheme is given", where="--scheme"
        )
    for call in calls:
        given.recipe(call)
    given.refuse_idle(calls)
    beside = given.beside_for(calls)
    counted = counted_labels(labels_or_counts, reading, resources, beside, given.form)
    found = weighed(counted, calls, given)
    return SchemeComparison(
        weights=tuple(found),
        notes=tuple(dict.fromkeys(note for one in found for note in one.notes)),
        warnings=(*_told(found, len(counted.warnings)), *_corrects_twice(calls)),
    )


def _told(found: Sequence[ClassWeights], n_shared: int) -> list[str]:
    """List the warnings of all, those of the labels once and those of schemes by name."""
    shared = list(found[0].warnings[:n_shared])
    own = [(one, text) for one in found for text in one.warnings[n_shared:]]
    return shared + [f"{one.scheme}: {text}" for one, text in own]


def _corrects_twice(calls: Sequence[SchemeCall]) -> list[str]:
    """Warn where both a sampler and weights are at hand."""
    sampling = [
        c for c in calls if c.scheme.kind in (Kind.SAMPLING_PROBABILITY, Kind.REPEAT_FACTOR)
    ]
    weights = [
        call for call in calls if call.scheme.kind.is_factor and call.scheme.name != "uniform"
    ]
    if not sampling or not weights:
        return []
    return [
        (
            f"{sampling[0]} is for a sampler, {weights[0]} for the loss: use one of them, for both "
            "together correct the imbalance twice"
        )
    ]


def write_weights(weights: ClassWeights, path: str | os.PathLike[str]) -> None:
    """Write a weight file: .json, .csv, .parquet or .npy.

    Raises
    ------
    UsageError
        If the suffix is none of these.
    OutputError
        If the system refuses.
    """
    weightfile.write_weights(weights, os.fspath(path))


def read_weights(path: str | os.PathLike[str]) -> ClassWeights:
    """Read a weight file.

    Raises
    ------
    WeightFileError
        If it is none, or an entry is wrong.
    """
    return weightfile.read_weights(os.fspath(path))


def given_weights(class_weight: Any, classes: Sequence[str] | None = None) -> ClassWeights | None:
    """Return weights that are given as such; None where they are to be computed by a scheme.

    Parameters
    ----------
    class_weight : ClassWeights, mapping, sequence of numbers, path, or scheme
        A text is a scheme if it starts with the name of one; else a path, if it has a suffix or a
        separator; else a misspelt scheme.
    classes : sequence of str, optional
        The classes that a sequence of numbers is for, in order.

    Raises
    ------
    WeightFileError
        If a sequence has another length than the classes.
    SchemeError
        If a text is no scheme and no path.
    """
    if isinstance(class_weight, ClassWeights):
        return class_weight
    if is_named(class_weight):
        class_weight = class_weight.to_dict()
    if isinstance(class_weight, Mapping):
        return _by_label(class_weight)
    if isinstance(class_weight, os.PathLike):
        return read_weights(class_weight)
    if isinstance(class_weight, str):
        if is_scheme(class_weight):
            return None
        if weightfile.names_weight_file(class_weight):
            return read_weights(class_weight)
        parse_scheme(class_weight)  # raises: unknown, with the nearest name
        return None
    if not isinstance(class_weight, Iterable):
        raise UsageError(f"{class_weight!r} weighs no classes", where="class_weight")
    values = [number(weight, "class_weight") for weight in class_weight]
    if classes is None or len(values) != len(classes):
        raise WeightFileError(
            f"{len(values):,} weights, for "
            f"{'unnamed' if classes is None else f'{len(classes):,}'} classes",
            where="class_weight",
            hint="a mapping of label to weight",
        )
    return _manual(tuple(classes), values)


def _by_label(class_weight: Mapping[Any, Any]) -> ClassWeights:
    labels = tuple(map(value_text, class_weight))
    if None in labels or len(set(labels)) < len(labels):
        raise WeightFileError(
            f"a label is missing, or there twice: {quoted(map(str, class_weight))}",
            where="class_weight",
        )
    values = [number(weight, "class_weight") for weight in class_weight.values()]
    return _manual(tuple(map(str, labels)), values)


def is_named(values: Any) -> bool:
    """Tell whether values are a pandas column whose index holds labels."""
    index = getattr(values, "index", None)
    return hasattr(values, "to_dict") and type(index).__name__ not in {"RangeIndex", "NoneType"}


def scheme_weights(
    counts: ClassCounts, scheme: str, positive_class: str | None = None
) -> ClassWeights:
    """Compute weights by a scheme for the classes that occur, as `score` needs them."""
    present = counts.only_present()
    counted = CountedLabels(counts=present, missing=0, inputs=(), parameters={})
    given = WeightOptions(positive_class=positive_class)
    return weighed(counted, [parse_scheme(scheme)], given)[0]


def _manual(classes: tuple[str, ...], values: Sequence[float]) -> ClassWeights:
    bad = [label for label, value in zip(classes, values, strict=True) if not 0.0 <= value < np.inf]
    if bad:
        raise WeightFileError(
            f"the weight of {quoted(bad)} is not finite and at least 0", where="class_weight"
        )
    return ClassWeights(
        classes=classes,
        weight=tuple(values),
        count=None,
        scheme="manual",
        normalization=Normalization.NONE,
    )


def weighed(
    counted: CountedLabels, calls: Sequence[SchemeCall], given: WeightOptions | None = None
) -> list[ClassWeights]:
    """Weigh counted labels by schemes, and say how.

    Raises
    ------
    SchemeError
        If a scheme cannot weigh them, or has not what it needs.
    """
    given = given or WeightOptions()
    recipes = [given.recipe(call) for call in calls]
    for call in calls:
        call.refuse_task(counted.task)
    evidence, notes = given.evidence(counted.counts, counted.groups, calls)
    return [_weighed(counted, recipe, given, evidence, notes) for recipe in recipes]


def _weighed(
    counted: CountedLabels,
    recipe: Recipe,
    given: WeightOptions,
    evidence: Evidence,
    notes: Sequence[str],
) -> ClassWeights:
    weighting = weigh(counted.counts, recipe, evidence)
    counts, kind = weighting.counts, recipe.scheme.scheme.kind
    negative = weighting.negative_weight
    return ClassWeights(
        classes=counts.classes,
        weight=tuple(weighting.class_weight.tolist()),
        kind=kind,
        negative_weight=None if negative is None else tuple(negative.tolist()),
        count=tuple(counts.count.tolist()),
        weight_sum=None if counts.weight_sum is None else tuple(counts.weight_sum.tolist()),
        known=None if counts.known is None else tuple(counts.known.tolist()),
        scheme=str(recipe.scheme),
        normalization=recipe.normalize,
        effective_sample_size=effective_sample_size(weighting.class_weight, counts.count)
        if kind is Kind.CLASS and counts.weight_sum is None and counts.known is None
        else None,
        capped=weighting.capped,
        inputs=tuple(one.path for one in counted.inputs),
        rows=counted.rows,
        missing=counted.missing,
        parameters=given.parameters(recipe.scheme, evidence, counted.counts.classes)
        | dict(counted.parameters),
        notes=(*counted.notes, *notes),
        warnings=(*counted.warnings, *weighting.remarks),
    )
