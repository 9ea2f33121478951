"""`analyze` says how imbalanced labels are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any, Unpack

from wcetool.api.label_forms import LabelForm, LabelRows
from wcetool.api.labels import CountedLabels, compare_splits, counted_labels
from wcetool.core.distribution import Buckets
from wcetool.core.gates import Gate, parse_gates
from wcetool.core.measures import measure
from wcetool.core.multilabel import measure_labels
from wcetool.core.share_intervals import Confidence
from wcetool.data.beside_labels import BesideLabels
from wcetool.data.options import ReadingKeywords, ReadingOptions, refuse_idle
from wcetool.engine.resources import OnProgress, Resources
from wcetool.errors import UsageError
from wcetool.results.analysis import DRIFT_QUANTITIES, QUANTITIES, Analysis
from wcetool.results.label_analysis import LABEL_QUANTITIES, MultiLabelAnalysis


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
    task: str | None = None,
    label_separator: str | None = None,
    uncertain: str | None = None,
    n_features: int | None = None,
    max_label_sets: int | None = None,
    jobs: int | None = None,
    memory: str | int | None = None,
    on_progress: OnProgress | None = None,
    **reading: Unpack[ReadingKeywords],
) -> Analysis | MultiLabelAnalysis:
    """Report how imbalanced the classes of some labels are.

    Parameters
    ----------
    labels : path, list of `os.PathLike`, column or table
        Files (CSV, TSV, Parquet, counts that `analyze` wrote), or labels in memory: a list, a NumPy
        array, a pandas, Polars or pyarrow column. A str is a path; a list of str is labels. Rows
        with any number of labels: an array of 0 and 1 with a column a label, lists of labels, or a
        table and `label_column`.
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
    task : str, default "auto"
        multiclass: a row has one label; multilabel: any number; auto: what the columns say.
    label_separator : str, optional
        Stands between the labels of a cell: several labels a row.
    uncertain : str, default "error"
        What -1 in a column of a label counts as: error, zero, one, missing.
    n_features : int, optional
        Number of input features, which the measure TCS takes.
    max_label_sets : int, default 100,000
        More distinct sets of labels are not kept, and what needs them is undefined.
    jobs : int, optional
        Threads; changes nothing but the time.
    memory : str or int, optional
        What may be held at once of what is read, such as "2GB"; by default a quarter of the
        machine's. The logger ``wcetool`` tells where that makes fewer jobs or smaller pieces.
    on_progress : callable, optional
        Takes bytes, rows and bytes in all, from any thread.
    **reading
        How labels are read; the names of `ReadingKeywords`. `label_column` may be a pattern such as
        ``y_*``, or several names: a label each.

    Returns
    -------
    Analysis or MultiLabelAnalysis
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
    gates = parse_gates(fail_if, tuple(dict.fromkeys((*QUANTITIES, *LABEL_QUANTITIES))))
    read = ReadingOptions.of(**reading)
    beside = BesideLabels.of(
        sample_weight_column=sample_weight_column,
        group_column=group_column,
        split_column=split_column,
        sample_weight=sample_weight,
        groups=groups,
        splits=splits,
    )
    form = LabelForm.of(
        task=task,
        label_separator=label_separator,
        uncertain=uncertain,
        max_label_sets=max_label_sets,
    )
    _check(beside, intervals, gates)
    if split_reference is not None and beside.split is None:
        refuse_idle("split-reference", "there is no --split-column", read.defaults)
    if n_features is not None and not (isinstance(n_features, int) and n_features >= 1):
        raise UsageError(f"{n_features!r} is not a number of features", where="--n-features")
    counted = counted_labels(labels, read, Resources.of(jobs, memory, on_progress), beside, form)
    if n_features is None and any(gate.name == "tcs" for gate in gates):
        raise UsageError(
            "'tcs' takes the number of features", where="--fail-if", hint="--n-features"
        )
    if counted.label_rows is not None:
        if intervals is not None:
            refuse_idle("confidence", "it goes with rows of one class", read.defaults)
        _refuse_others(gates, LABEL_QUANTITIES, "rows with any number of labels")
        found = _of_label_rows(counted, counted.label_rows, n_features, bounds)
        return replace(found, gates=gates)
    _refuse_others(gates, QUANTITIES, "rows of one class")
    if n_features is not None:
        refuse_idle("n-features", "a row has one label", read.defaults)
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


def _check(beside: BesideLabels, intervals: Confidence | None, gates: Sequence[Gate]) -> None:
    """Refuse what does not go together, before anything is read."""
    if intervals is not None and beside.sample_weight is not None:
        raise UsageError(
            "are intervals of counts, and the rows have weights",
            where="--confidence",
            hint="without --sample-weight-column",
        )
    for gate in gates:
        if gate.name in DRIFT_QUANTITIES and beside.split is None:
            raise UsageError(
                f"{gate.name!r} compares splits",
                where="--fail-if",
                hint="--split-column with the column of train, test, ...",
            )
        if gate.name == "leaked_groups" and beside.group is None:
            raise UsageError(
                f"{gate.name!r} compares groups",
                where="--fail-if",
                hint="--group-column with the column of images, files or patients",
            )


def _refuse_others(gates: Sequence[Gate], known: Collection[str], rows: str) -> None:
    """Refuse conditions on numbers that such rows do not have."""
    for gate in gates:
        if gate.name not in known:
            raise UsageError(
                f"there is no number {gate.name!r} of {rows}",
                where="--fail-if",
                details=(f"numbers: {', '.join(known)}",),
            )


def _of_label_rows(
    counted: CountedLabels, rows: LabelRows, n_features: int | None, bounds: Buckets
) -> MultiLabelAnalysis:
    imbalance = measure_labels(
        counted.counts.count,
        rows.rows,
        counted.sets,
        n_features=n_features,
        **({} if rows.no_sets is None else {"no_sets": rows.no_sets}),
    )
    return MultiLabelAnalysis(
        inputs=counted.inputs,
        counts=counted.counts,
        sets=counted.sets,
        labelled=rows.rows,
        partial=rows.partial,
        missing=counted.missing,
        imbalance=imbalance,
        no_sets=rows.no_sets,
        n_features=n_features,
        buckets=bounds,
        parameters=counted.parameters,
        notes=counted.notes,
        warnings=counted.warnings,
    )
