"""Counts that travel without their data: the JSON that `analyze` wrote, or a mapping."""

from __future__ import annotations

import json
import operator
from collections.abc import Mapping
from contextlib import closing
from typing import Any

from wcetool.core.distribution import LabelTally
from wcetool.data import streams
from wcetool.data.labels import value_text
from wcetool.data.source import InputFile
from wcetool.errors import InputError, quoted
from wcetool.results.analysis import ANALYSIS_SCHEMA


def read_tally(file: InputFile) -> LabelTally:
    """Read the counts of an analysis.

    Returns
    -------
    LabelTally
        Declared classes without samples stand in it with count 0.

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
        complete = len(counts) == len(data["classes"])
    except (KeyError, TypeError):
        counts, missing, complete = {}, 0, False
    if not complete or not all(type(n) is int and n >= 0 for n in (*counts.values(), missing)):
        raise InputError("its classes are not labels with counts", where=file.path)
    return LabelTally(counts, missing)


def tally_of(counts: Mapping[Any, Any]) -> LabelTally:
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
    return LabelTally(found, missing)


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
