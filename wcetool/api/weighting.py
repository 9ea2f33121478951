"""`class_weights`, `sample_weights`, and the weight file."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Unpack

import numpy as np

from wcetool.api.labels import CountedLabels, count_source, counted_labels, open_labels
from wcetool.core.arrays import FloatArray
from wcetool.core.distribution import ClassCounts
from wcetool.core.schemes import is_scheme, parse_scheme
from wcetool.core.vocabulary import Normalization, ZeroCount, parse_word
from wcetool.core.weighting import Recipe, effective_sample_size, weigh
from wcetool.data import weightfile
from wcetool.data.columns import choose_label_column
from wcetool.data.labels import value_text
from wcetool.data.options import ReadingKeywords, ReadingOptions, number
from wcetool.data.truth import label_codes
from wcetool.engine.resources import OnProgress, Resources
from wcetool.errors import InputError, UsageError, WeightFileError, quoted
from wcetool.results.analysis import Analysis
from wcetool.results.weights import ClassWeights

DEFAULT_SCHEME = "inverse"


def class_weights(
    labels_or_counts: Any,
    scheme: str | None = None,
    *,
    normalize: str | None = None,
    cap: float | None = None,
    zero_count: str | None = None,
    set_weights: Mapping[str, float] | None = None,
    jobs: int | None = None,
    memory: str | int | None = None,
    on_progress: OnProgress | None = None,
    **reading: Unpack[ReadingKeywords],
) -> ClassWeights:
    """Compute class weights.

    Parameters
    ----------
    labels_or_counts : path, list of `os.PathLike`, column, table, Analysis or mapping
        Labels as `analyze` takes them, or counts by label.
    scheme : str, default "inverse"
        ``name`` or ``name:key=value,...``; `wcetool explain schemes` lists them.
    normalize : str, default "as-published"
        How the weights are scaled: as-published, none, sum-1, mean-1, sample-mean-1, min-1, max-1.
    cap : float, optional
        The largest weight is at most this many times the smallest one above 0.
    zero_count : str, default "error"
        What a declared class without samples weighs: error, zero, or cap (with `cap`).
    set_weights : mapping of label to weight, optional
        The weights of the scheme 'manual'; over another scheme the last word.
    jobs, memory, on_progress, **reading
        As in `analyze`.

    Returns
    -------
    ClassWeights
        Keyed by class name; `to_dict()` is the weight file.

    Raises
    ------
    SchemeError
        If the scheme is unknown, or a parameter is out of range.
    InputError
        If the labels cannot be read, or a class has no samples and no policy is given.

    Examples
    --------
    >>> class_weights({"A": 10, "B": 40, "C": 50}, "max-ratio").by_class
    {'A': 5.0, 'B': 1.25, 'C': 1.0}
    """
    recipe = Recipe(
        scheme=parse_scheme(DEFAULT_SCHEME if scheme is None else scheme),
        normalize=parse_word(
            Normalization, normalize, option="--normalize", default=Normalization.AS_PUBLISHED
        ),
        cap=None if cap is None else number(cap, "--cap"),
        zero_count=parse_word(
            ZeroCount, zero_count, option="--zero-count", default=ZeroCount.ERROR
        ),
        given={str(label): number(w, "--set") for label, w in (set_weights or {}).items()},
    )
    counted = counted_labels(
        labels_or_counts,
        ReadingOptions.of(**reading),
        Resources.of(jobs, memory, on_progress),
    )
    return _weights(counted, recipe)


def sample_weights(
    labels: Any, class_weight: Any, **reading: Unpack[ReadingKeywords]
) -> FloatArray:
    """Return the weight of each sample.

    Parameters
    ----------
    labels : path, list of `os.PathLike`, column or table
        As `analyze` takes them; none missing.
    class_weight : ClassWeights, mapping, path of a weight file, or scheme
        A scheme is computed from these labels.
    **reading
        As in `analyze`.

    Returns
    -------
    float64 array of shape (n_samples,)
        In the order of the labels.

    Raises
    ------
    InputError
        If a label is missing or has no weight; names the row.

    Examples
    --------
    >>> sample_weights(["a", "b", "a"], {"a": 1.0, "b": 2.0})
    array([1., 2., 1.])
    """
    if isinstance(labels, Analysis | Mapping):
        raise InputError("counts have no rows to weigh", where="labels")
    source = open_labels(labels, ReadingOptions.of(**reading))
    if source.dataset is None:
        raise InputError("holds counts, which have no rows to weigh", where=source.files[0].path)
    weights = given_weights(class_weight)
    if weights is None:
        weights = _weights(
            count_source(source, Resources.of()), Recipe(scheme=parse_scheme(class_weight))
        )
    label = choose_label_column(source.dataset.first, source.reading.label_column).column
    by_class = np.array(weights.weight)
    blocks = label_codes(source.dataset, label, weights.classes, source.reading)
    parts = [by_class[codes] for codes in blocks]
    return np.concatenate(parts) if parts else np.empty(0)


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


def scheme_weights(counts: ClassCounts, scheme: str) -> ClassWeights:
    """Compute weights by a scheme for the classes that occur, as `score` needs them."""
    present = counts.only_present()
    counted = CountedLabels(counts=present, missing=0, inputs=(), parameters={})
    return _weights(counted, Recipe(scheme=parse_scheme(scheme)))


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


def _weights(counted: CountedLabels, recipe: Recipe) -> ClassWeights:
    """Weigh counted labels and say how."""
    counts = counted.counts
    weighting = weigh(counts, recipe)
    parameters = {
        "cap": "none" if recipe.cap is None else repr(recipe.cap),
        "zero": recipe.zero_count.value,
        **({"set": _given_text(recipe)} if recipe.given else {}),
        **counted.parameters,
    }
    return ClassWeights(
        classes=counts.classes,
        weight=tuple(weighting.class_weight.tolist()),
        count=tuple(counts.count.tolist()),
        scheme=str(recipe.scheme),
        normalization=recipe.normalize,
        effective_sample_size=effective_sample_size(weighting.class_weight, counts.count),
        capped=weighting.capped,
        inputs=tuple(one.path for one in counted.inputs),
        rows=counts.n_samples + counted.missing,
        missing=counted.missing,
        parameters=parameters,
        notes=counted.notes,
        warnings=counted.warnings,
    )


def _given_text(recipe: Recipe) -> str:
    return ",".join(f"{label}={weight!r}" for label, weight in recipe.given.items())
