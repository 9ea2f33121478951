"""Counts that travel without their data: the JSON that `analyze` wrote, or a mapping."""

from __future__ import annotations

import json
import math
import operator
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any

from wcetool.core.distribution import LabelTally
from wcetool.data import side_files, streams
from wcetool.data.labels import relabelled, value_text
from wcetool.data.options import LabelRules
from wcetool.data.sample_weights import LEAST_WEIGHT
from wcetool.data.source import InputFile
from wcetool.errors import InputError, quoted
from wcetool.results.analysis import ANALYSIS_SCHEMA, DISPLAY_PARAMETERS, Analysis
from wcetool.results.label_analysis import MultiLabelAnalysis


@dataclass(frozen=True, slots=True)
class StoredCounts:
    """Counts that were made before.

    Attributes
    ----------
    tally : LabelTally
        Declared classes without samples stand in it with count 0.
    classes : tuple of str or None
        Their order; None where there is none.
    parameters : mapping of str to str
        How the labels were read.
    weight_sum : mapping of str to float, or None
        Sums of sample weights by label, where there were any.
    """

    tally: LabelTally
    classes: tuple[str, ...] | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    weight_sum: Mapping[str, float] | None = None

    @classmethod
    def of_analysis(cls, analysis: Analysis) -> StoredCounts:
        """Take the counts of an analysis."""
        classes = analysis.counts.classes
        counts = dict(zip(classes, analysis.counts.count.tolist(), strict=True))
        sums = analysis.counts.weight_sum
        return cls(
            LabelTally(counts, analysis.missing),
            classes,
            _of_counts(analysis.parameters),
            None if sums is None else dict(zip(classes, sums.tolist(), strict=True)),
        )

    def relabelled(self, rules: LabelRules) -> StoredCounts:
        """Apply the rules for labels."""
        classes = self.classes
        if classes is not None:
            labels = (rules.label(label) for label in classes)
            classes = tuple(dict.fromkeys(label for label in labels if label is not None))
        return replace(
            self,
            tally=relabelled(self.tally, rules),
            classes=classes,
            weight_sum=None if self.weight_sum is None else _relabelled(self.weight_sum, rules),
        )


def _relabelled(sums: Mapping[str, float], rules: LabelRules) -> dict[str, float]:
    """Apply the rules for labels to sums of weights; those of missing labels are dropped."""
    parts: dict[str, list[float]] = {}
    for text, total in sums.items():
        label = rules.label(text)
        if label is not None:
            parts.setdefault(label, []).append(total)
    return {label: math.fsum(totals) for label, totals in parts.items()}


def _of_counts(parameters: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters that say something of the counts: groups and splits do not travel."""
    left = (*DISPLAY_PARAMETERS, "n-features", "group-column", "split-column", "split-reference")
    return {key: text for key, text in parameters.items() if key not in left}


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLabelCounts:
    """Counts of rows with any number of labels that were made before.

    Attributes
    ----------
    classes : tuple of str
        The labels, in order.
    count, known : tuple of int
        Rows with each, and in which it is known whether it holds.
    rows, missing, partial : int
        All rows; those of which nothing is known; others of which something is not.
    parameters : mapping of str to str
        How the labels were read.
    """

    classes: tuple[str, ...]
    count: tuple[int, ...]
    known: tuple[int, ...]
    rows: int
    missing: int
    partial: int
    parameters: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_analysis(cls, analysis: MultiLabelAnalysis) -> StoredLabelCounts:
        """Take the counts of an analysis."""
        counts = analysis.counts
        return cls(
            classes=counts.classes,
            count=tuple(counts.count.tolist()),
            known=() if counts.known is None else tuple(counts.known.tolist()),
            rows=analysis.rows,
            missing=analysis.missing,
            partial=analysis.partial,
            parameters=analysis.parameters,
        )


def common_order(parts: Sequence[StoredCounts]) -> tuple[str, ...] | None:
    """Return the order of the classes that all parts share, None where there is none."""
    orders = {part.classes for part in parts}
    return orders.pop() if len(orders) == 1 else None


def pooled_parameters(parts: Sequence[StoredCounts | StoredLabelCounts]) -> dict[str, str]:
    """Return how the labels of all parts were read; what differs is told part by part."""
    pooled: dict[str, str] = {}
    for key in dict.fromkeys(key for part in parts for key in part.parameters):
        values = [part.parameters[key] for part in parts if key in part.parameters]
        pooled[key] = " / ".join(dict.fromkeys(values))
    return pooled


def read_counts(file: InputFile) -> StoredCounts | StoredLabelCounts:
    """Read the counts of an analysis.

    Raises
    ------
    InputError
        If the file is no analysis, or its counts are no counts.
    """
    data = _load(file)
    schema = data.get("schema") if isinstance(data, dict) else None
    if schema != ANALYSIS_SCHEMA:
        raise InputError(
            f"is not counts that analyze wrote ({ANALYSIS_SCHEMA!r})",
            where=file.path,
            details=(f"schema: {schema!r}",),
            hint="docs/formats.md lists what is read",
        )
    try:
        counts = {str(entry["label"]): entry["count"] for entry in data["classes"]}
        sums = {str(e["label"]): e["weight_sum"] for e in data["classes"] if "weight_sum" in e}
        missing = data["missing"]
        parameters = {str(key): str(text) for key, text in data.get("parameters", {}).items()}
        complete = len(counts) == len(data["classes"])
    except (AttributeError, KeyError, TypeError):
        counts, sums, missing, parameters, complete = {}, {}, 0, {}, False
    if not complete or not all(type(n) is int and n >= 0 for n in (*counts.values(), missing)):
        raise InputError("its classes are not labels with counts", where=file.path)
    if data.get("task") == "multilabel":
        return _label_counts(data, _of_counts(parameters), file)
    if sums and (sums.keys() != counts.keys() or not all(map(_is_sum, sums.values()))):
        raise InputError("its weight_sum is not a number of at least 0 a class", where=file.path)
    tally = LabelTally(counts, missing)
    return StoredCounts(tally, tuple(counts), _of_counts(parameters), sums or None)


def _label_counts(
    data: Mapping[str, Any], parameters: Mapping[str, str], file: InputFile
) -> StoredLabelCounts:
    """Read what is counted besides, where rows have any number of labels."""
    try:
        classes = tuple(str(entry["label"]) for entry in data["classes"])
        count = tuple(entry["count"] for entry in data["classes"])
        known = tuple(entry["known"] for entry in data["classes"])
        rows, missing, partial = (data[key] for key in ("rows", "missing", "partly_known"))
    except (KeyError, TypeError):
        count, known, classes, rows, missing, partial = (), (), (), 0, 0, 0
    numbers = (*known, rows, missing, partial)
    labelled = rows - missing if all(type(n) is int for n in numbers) else 0
    if labelled < 1 or any(not n <= of <= labelled for n, of in zip(count, known, strict=True)):
        raise InputError("its labels have no counts of rows that fit together", where=file.path)
    return StoredLabelCounts(
        classes=classes,
        count=count,
        known=known,
        rows=rows,
        missing=missing,
        partial=partial,
        parameters=parameters,
    )


def counts_of(counts: Mapping[Any, Any]) -> StoredCounts:
    """Take counts by label; what is counted under None or NaN is missing.

    Raises
    ------
    InputError
        If a count is no whole number of at least 0, or two labels have one text.
    """
    found: dict[str, int] = {}
    missing = 0
    for label, count in counts.items():
        text = value_text(label)
        n = _whole(count, label)
        if text is None:
            missing += n
        elif text in found:
            raise InputError(f"two labels have the text {quoted([text])}", where="counts")
        else:
            found[text] = n
    return StoredCounts(LabelTally(found, missing))


def _is_sum(total: Any) -> bool:
    return type(total) in (int, float) and (total == 0 or LEAST_WEIGHT <= total < math.inf)


def _whole(count: Any, label: object) -> int:
    try:
        n = -1 if isinstance(count, bool) else operator.index(count)
    except TypeError:
        n = -1
    if n < 0:
        raise InputError(
            f"the count of {label!r} is {count!r}, not a whole number of at least 0",
            where="counts",
        )
    return n


def _load(file: InputFile) -> Any:
    try:
        with closing(file.open_plain(None, streams.uncounted, last=True)) as stream:
            data = streams.read_head(stream, side_files.MOST_BYTES + 1)
    except streams.READ_ERRORS as error:
        raise streams.read_error(error, file.path, file.compression) from None
    file.refuse_change()
    if len(data) > side_files.MOST_BYTES:
        raise InputError(
            f"is larger than {side_files.MOST_BYTES >> 20} MB, where counts are expected",
            where=file.path,
        )
    try:
        return json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"is not JSON: {error}", where=file.path) from None
