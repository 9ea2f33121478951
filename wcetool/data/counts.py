"""Counts that travel without their data: the JSON that `analyze` wrote, read as labels."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Any

from wcetool.core.distribution import LabelTally
from wcetool.data import streams
from wcetool.data.source import InputFile
from wcetool.errors import InputError
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
