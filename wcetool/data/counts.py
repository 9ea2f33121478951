"""Counts that travel without their data: the JSON that `analyze` wrote, or a mapping."""

from __future__ import annotations

import json
import operator
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from wcetool.core.distribution import LabelTally
from wcetool.data import streams
from wcetool.data.labels import relabelled, value_text
from wcetool.data.options import LabelRules
from wcetool.data.source import InputFile
from wcetool.errors import InputError, quoted
from wcetool.results.analysis import ANALYSIS_SCHEMA, DISPLAY_PARAMETERS, Analysis


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
    """

    tally: LabelTally
    classes: tuple[str, ...] | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_analysis(cls, analysis: Analysis) -> StoredCounts:
        """Take the counts of an analysis."""
        classes = analysis.counts.classes
        counts = dict(zip(classes, analysis.counts.count.tolist(), strict=True))
        return cls(LabelTally(counts, analysis.missing), classes, analysis.parameters)

    def relabelled(self, rules: LabelRules) -> StoredCounts:
        """Apply the rules for labels."""
        classes = self.classes
        if classes is not None:
            labels = (rules.label(label) for label in classes)
            classes = tuple(dict.fromkeys(label for label in labels if label is not None))
        return StoredCounts(relabelled(self.tally, rules), classes, self.parameters)


def common_order(parts: Sequence[StoredCounts]) -> tuple[str, ...] | None:
    """Return the order of the classes that all parts share, None where there is none."""
    orders = {part.classes for part in parts}
    return orders.pop() if len(orders) == 1 else None


def pooled_parameters(parts: Sequence[StoredCounts]) -> dict[str, str]:
    """Return how the labels of all parts were read; what differs is told part by part."""
    pooled: dict[str, str] = {}
    for key in dict.fromkeys(key for part in parts for key in part.parameters):
        values = [part.parameters[key] for part in parts if key in part.parameters]
        pooled[key] = " / ".join(dict.fromkeys(values))
    return pooled


def read_counts(file: InputFile) -> StoredCounts:
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
            hint="labels are read from CSV, TSV and Parquet files",
        )
    try:
        counts = {str(entry["label"]): entry["count"] for entry in data["classes"]}
        missing = data["missing"]
        parameters = {str(key): str(text) for key, text in data.get("parameters", {}).items()}
        complete = len(counts) == len(data["classes"])
    except (AttributeError, KeyError, TypeError):
        counts, missing, parameters, complete = {}, 0, {}, False
    if not complete or not all(type(n) is int and n >= 0 for n in (*counts.values(), missing)):
        raise InputError("its classes are not labels with counts", where=file.path)
    for key in DISPLAY_PARAMETERS:
        parameters.pop(key, None)
    return StoredCounts(LabelTally(counts, missing), tuple(counts), parameters)


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
        with closing(
            streams.plain_bytes(file.open(last=True), file.compression, None, lambda _: None)
        ) as stream:
            return json.loads(streams.read_head(stream, size=1 << 31).decode("utf-8"))
    except (OSError, EOFError) as error:
        raise InputError(str(error), where=file.path) from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"is not JSON: {error}", where=file.path) from None
