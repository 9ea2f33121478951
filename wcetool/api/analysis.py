"""`analyze` says how imbalanced labels are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

from wcetool.api.labels import counted_labels
from wcetool.core.distribution import Buckets
from wcetool.core.gates import parse_gates
from wcetool.core.measures import measure
from wcetool.core.share_intervals import Confidence
from wcetool.data.options import ReadingKeywords, ReadingOptions
from wcetool.engine.resources import OnProgress, Resources
from wcetool.results.analysis import QUANTITIES, Analysis


def analyze(
    labels: Any,
    *,
    buckets: str | Sequence[int] | None = None,
    confidence: str | None = None,
    level: float | None = None,
    fail_if: str | Sequence[str] | None = None,
    jobs: int | None = None,
    memory: str | int | None = None,
    on_progress: OnProgress | None = None,
    **reading: Unpack[ReadingKeywords],
) -> Analysis:
    """Report how imbalanced the classes of some labels are.

    Parameters
    ----------
    labels : path, list of `os.PathLike`, column or table
        Files (CSV, TSV, Parquet, counts that `analyze` wrote), or labels in memory: a list, a NumPy
        array, a pandas, Polars or pyarrow column. A str is a path; a list of str is labels.
    buckets : str or (int, int), default "100,20"
        Bounds of many, medium and few, in samples; or a name: "kang", "oltr", "lvis".
    confidence : {"wilson", "goodman", "clopper-pearson", "jeffreys"}, optional
        Give an interval of every share, and of the ratio; goodman's hold for all classes together.
    level : float, default 0.95
        Of the intervals.
    fail_if : str or sequence of str, optional
        Conditions such as ``"ratio > 100"``: those that hold are the `failures` of the result.
    jobs : int, optional
        Threads; changes nothing but the time.
    memory : str or int, optional
        What may be held at once of what is read, such as "2GB"; by default a quarter of the
        machine's. The logger ``wcetool`` tells where that makes fewer jobs or smaller pieces.
    on_progress : callable, optional
        Takes bytes, rows and bytes in all, from any thread.
    **reading
        How labels are read; the names of `ReadingKeywords`.

    Returns
    -------
    Analysis
        Counts, shares and measures; `to_dict()` is the JSON of the command.

    Raises
    ------
    InputError
        If the labels cannot be read or there are none.
    UsageError
        If an option is wrong, or has no effect.

    Examples
    --------
    >>> analyze(["cat", "dog", "cat", "cat"]).imbalance.ratio
    3.0
    """
    bounds = Buckets.of(buckets)
    intervals = Confidence.of(confidence, level)
    gates = parse_gates(fail_if, QUANTITIES)
    counted = counted_labels(
        labels, ReadingOptions.of(**reading), Resources.of(jobs, memory, on_progress)
    )
    return Analysis(
        inputs=counted.inputs,
        counts=counted.counts,
        missing=counted.missing,
        imbalance=measure(counted.counts),
        buckets=bounds,
        parameters=counted.parameters,
        confidence=intervals,
        gates=gates,
        notes=counted.notes,
        warnings=counted.warnings,
    )
