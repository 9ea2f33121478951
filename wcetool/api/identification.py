"""`identify_weights` says which scheme and normalisation reproduce class weights."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any, Unpack

import numpy as np

from wcetool.api.labels import counted_labels
from wcetool.api.weight_options import EvidenceKeywords, WeightOptions, stated
from wcetool.api.weighting import given_weights
from wcetool.core.identification import are_shares, identify, inverted
from wcetool.core.schemes import SCHEMES, Kind, Need, SchemeCall
from wcetool.core.vocabulary import Absent, Task
from wcetool.data import weightfile
from wcetool.data.bare_weights import bare_weights, weights_of_json
from wcetool.data.formats.text_head import is_number
from wcetool.errors import InputError, SchemeError, UsageError, WeightFileError, quoted
from wcetool.results.scheme_comparison import Identification

OPTION = "--identify"


def identify_weights(
    weights: Any, labels_or_counts: Any, **options: Unpack[EvidenceKeywords]
) -> Identification:
    """Find the schemes that reproduce class weights.

    Parameters
    ----------
    weights : path, mapping of label to weight, sequence of numbers, or ClassWeights
        A weight file, or what others write: a JSON object of weights by label, numbers in class
        order (JSON list, .npy, .txt, "1.5,0.75").
    labels_or_counts : path, list of `os.PathLike`, column, table, Analysis or mapping
        The labels that the weights are for, as `class_weights` takes them.
    **options
        How labels are read, and what schemes may need: the names of `EvidenceKeywords`.

    Returns
    -------
    Identification
        A match for every scheme of class weights, the nearest first.

    Raises
    ------
    InputError
        If the labels or the weights cannot be read, or are for other classes.

    Examples
    --------
    >>> found = identify_weights({"A": 1.5, "B": 0.75}, {"A": 2, "B": 4})
    >>> str(found.matches[0].scheme), found.matches[0].normalization.value
    ('inverse', 'as-published')
    """
    given, reading, resources = WeightOptions.of(options)
    counted = counted_labels(labels_or_counts, reading, resources, given.beside, given.form)
    if counted.task is Task.MULTILABEL:
        raise UsageError("looks for weights of classes, not of labels", where=OPTION)
    try:
        vector = _given(weights, counted.counts.classes)
        weight = np.array(weightfile.for_classes(vector, counted.counts.classes, Absent.ERROR))
    except WeightFileError as error:
        raise InputError(error.message, where=stated(weights), details=error.details) from None
    aligned, notes = weight, list(counted.notes)
    counts = counted.counts
    groups = counted.groups
    absent = [label for label, n in zip(counts.classes, counts.count, strict=True) if not n]
    if absent:
        groups = None if groups is None else groups.only(np.flatnonzero(counts.present))
        weight, counts = weight[counts.present], counts.only_present()
        notes.append(f"{quoted(absent)} without samples: left out of the comparison")
    if not (weight > 0).any():
        raise InputError("every weight is 0", where=stated(weights))
    if len(weight) == 1:
        raise InputError("one class has one weight, which any scheme gives", where=stated(weights))
    lacking = {
        *([Need.POSITIVE] if len(counts.classes) != 2 else []),
        *([Need.PRIOR] if given.prior is None else []),
        *([Need.COSTS] if given.cost_matrix is None else []),
    }
    entries = [entry for entry in SCHEMES.values() if entry.needs and not entry.needs & lacking]
    calls = [SchemeCall(entry) for entry in entries if entry.kind is Kind.CLASS]
    evidence, decided = given.evidence(counts, None, calls)
    evidence = replace(evidence, groups=groups)
    matches = identify(weight, counts, evidence)
    if not matches:
        raise SchemeError("no scheme has weights for these counts", where=OPTION)
    return Identification(
        given=replace(
            vector,
            classes=counted.counts.classes,
            weight=tuple(aligned.tolist()),
            count=tuple(counted.counts.count.tolist()),
        ),
        source=stated(weights),
        matches=tuple(matches),
        inverted=inverted(weight, counts),
        shares=are_shares(weight, counts),
        notes=(*notes, *decided),
        warnings=counted.warnings,
        parameters=dict(counted.parameters),
    )


def _given(weights: Any, classes: tuple[str, ...]) -> Any:
    """Read weights in any of their forms."""
    is_json = isinstance(weights, str) and weights.lstrip()[:1] in ("{", "[")
    if (
        isinstance(weights, str)
        and not is_json
        and (not weightfile.names_weight_file(weights) or all(map(is_number, weights.split(","))))
    ):
        weights = _numbers(weights)
    if is_json:
        weights = weights_of_json(weights, OPTION)
    elif isinstance(weights, str | os.PathLike):
        path = os.fspath(weights)
        found = bare_weights(path)
        if found is None:
            return weightfile.read_weights(path)
        weights = found
    vector = given_weights(weights, classes)
    if vector is None:
        raise UsageError("takes weights, not a scheme", where=OPTION)
    return vector


def _numbers(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise UsageError(
            f"{text!r} is neither a file nor numbers in class order",
            where=OPTION,
            hint=f"{OPTION} weights.json, or {OPTION} 1.5,0.75",
        ) from None
