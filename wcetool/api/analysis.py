"""`analyze` says how imbalanced labels are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

from wcetool.api.labels import compare_splits, counted_labels
from wcetool.core.distribution import Buckets
from wcetool.core.gates import parse_gates
from wcetool.core.measures import measure
from wcetool.core.share_intervals import Confidence
from wcetool.data.beside_labels import BesideLabels
from wcetool.data.options import ReadingKeywords, ReadingOptions, refuse_idle
from wcetool.engine.resources import OnProgress, Resources
from wcetool.errors import UsageError
from wcetool.results.analysis import DRIFT_QUANTITIES, QUANTITIES, Analysis


def analyze(
    labels: Any,
    *,
    buckets: str | Sequence[int] | None = None,
    confidence: str | None = None,
    level: float | None = None,
    fail_if: str | Sequence[str] | None = None,
    sample_weight_column: str | int | None = None,
    group_column: str | int | None = None,
    split_column: str | int | None = None,
    split_reference: str | None = None,
    sample_weight: Any = None,
    groups: Any = None,
    splits: Any = None,
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
    sample_weight_column : str, optional
        Column with a weight for each row: shares, ratios and measures are of their sums.
    group_column : str, optional
        Column with the group (image, patient, file) of each row: how many hold each class.
    split_column : str, optional
        Column with the split (train, test) of each row: counts by split, drift between them, and
        with `group_column` the groups that are in several.
    split_reference : str, optional
        The split that the others are compared with; by default the one called train or training,
        else the largest.
    sample_weight, groups, splits : column of shape (n_samples,), optional
        The same beside labels in memory that are one column.
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
    read = ReadingOptions.of(**reading)
    beside = BesideLabels.of(
        sample_weight_column=sample_weight_column,
        group_column=group_column,
        split_column=split_column,
        sample_weight=sample_weight,
        groups=groups,
        splits=splits,
    )
    if split_reference is not None and beside.split is None:
        refuse_idle("split-reference", "there is no --split-column", read.defaults)
    if intervals is not None and beside.sample_weight is not None:
        raise UsageError(
            "are intervals of counts, and the rows have weights",
            where="--confidence",
            hint="without --sample-weight-column",
        )
    unknown = [gate for gate in gates if gate.name in DRIFT_QUANTITIES and beside.split is None]
    if unknown:
        raise UsageError(
            f"{unknown[0].name!r} compares splits",
            where="--fail-if",
            hint="--split-column with the column of train, test, ...",
        )
    counted = counted_labels(labels, read, Resources.of(jobs, memory, on_progress), beside)
    compared = compare_splits(counted, split_reference)
    return Analysis(
        inputs=counted.inputs,
        counts=counted.counts,
        missing=counted.missing,
        imbalance=measure(counted.counts),
        buckets=bounds,
        confidence=intervals,
        gates=gates,
        parameters={**counted.parameters, **compared.parameters},
        notes=(*counted.notes, *compared.notes),
        warnings=(*counted.warnings, *compared.warnings),
        groups=counted.groups,
        splits=counted.splits,
        drift=compared.drift,
    )
