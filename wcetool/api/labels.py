"""Labels from files, counts or memory, counted; shared by `analyze` and `class_weights`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from wcetool.api.beside import NOTHING_BESIDE, Compared, beside_of, compare, weighted
from wcetool.api.inputs import effective_options, file_notes
from wcetool.core.distribution import ClassCounts, LabelTally
from wcetool.core.drift import GroupLeaks, SplitCounts
from wcetool.core.label_weights import LabelWeights
from wcetool.core.vocabulary import Task
from wcetool.data import registry
from wcetool.data.beside_labels import BesideColumns, BesideLabels, choose_columns
from wcetool.data.counts import (
    StoredCounts,
    common_order,
    counts_of,
    pooled_parameters,
    read_counts,
)
from wcetool.data.dataset import Dataset, open_files
from wcetool.data.labels import check_class_limit, label_warnings
from wcetool.data.memory import IN_MEMORY, as_paths, label_dataset
from wcetool.data.options import ReadingOptions
from wcetool.data.source import InputFile, find_files
from wcetool.engine.counting import CountState, count_labels
from wcetool.engine.resources import Resources
from wcetool.errors import InputError
from wcetool.results.analysis import Analysis
from wcetool.results.document import InputRows

if TYPE_CHECKING:
    from wcetool.core.schemes.evidence import GroupPresence

DISTINCT_ROWS = 20  # so many labels of which no two are alike are no classes


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedLabels:
    """Labels, counted and in class order, and what was decided on the way."""

    counts: ClassCounts
    missing: int
    inputs: tuple[InputRows, ...]
    parameters: Mapping[str, str]
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    groups: GroupPresence | None = None
    splits: SplitCounts | None = None
    leaks: GroupLeaks | None = None  # where there are groups and splits

    @property
    def task(self) -> Task:
        """Whether a row has one class, or any number of labels."""
        return Task.MULTICLASS if self.counts.known is None else Task.MULTILABEL

    @property
    def rows(self) -> int:
        """Rows, those with a missing label included."""
        return self.counts.n_samples + self.missing


def counted_labels(
    labels: Any,
    reading: ReadingOptions,
    resources: Resources,
    beside: BesideLabels = NOTHING_BESIDE,
) -> CountedLabels:
    """Count labels, wherever they are.

    Parameters
    ----------
    labels : paths, an Analysis, a mapping of label to count, or a column or table in memory
        A list of texts is a list of labels; a list of `os.PathLike` one of files.
    reading : ReadingOptions
        How they are read.
    resources : Resources
        What the run may use.
    beside : BesideLabels
        Columns of sample weights, groups and splits.

    Raises
    ------
    InputError
        If nothing can be counted.
    """
    if isinstance(labels, Analysis | Mapping):
        reading = effective_options(reading, (registry.COUNTS,), from_files=False)
        beside.refuse_arrays()
        beside.without(beside.given(), "counts have no rows", reading.defaults)
        if isinstance(labels, Analysis):
            stored = StoredCounts.of_analysis(labels).relabelled(reading.rules)
            return _finished(reading, [stored], inputs=labels.inputs, notes=labels.notes)
        stored = counts_of(labels).relabelled(reading.rules)
        return _finished(reading, [stored], inputs=(InputRows(IN_MEMORY, stored.tally.rows),))
    return count_source(open_labels(labels, reading, beside), resources, beside)


@dataclass(frozen=True, slots=True)
class LabelSource:
    """Labels that can be read: rows, counts, or both."""

    files: Sequence[InputFile]  # none for labels in memory
    dataset: Dataset | None
    reading: ReadingOptions


def open_labels(
    labels: Any, reading: ReadingOptions, beside: BesideLabels = NOTHING_BESIDE
) -> LabelSource:
    """Open files, or take labels in memory, with what is given beside them."""
    paths = as_paths(labels)
    if paths is None:
        reading = effective_options(reading, (registry.MEMORY,), from_files=False)
        return LabelSource((), label_dataset(labels, beside.arrays), reading)
    beside.refuse_arrays()
    files = find_files(paths, reading.input_format)
    reading = effective_options(reading, [file.format for file in files])
    row_files = [file for file in files if file.format != registry.COUNTS]
    return LabelSource(files, open_files(row_files, reading) if row_files else None, reading)


def count_source(
    source: LabelSource, resources: Resources, beside: BesideLabels = NOTHING_BESIDE
) -> CountedLabels:
    """Count the rows of a source, and add the files that hold counts already."""
    files, dataset, reading = source.files, source.dataset, source.reading
    notes = file_notes(files, reading)
    stored = {
        file.path: read_counts(file).relabelled(reading.rules)
        for file in files
        if file.format == registry.COUNTS
    }
    state = CountState()
    parameters = dict(reading.given)
    if stored:
        idle = ("group-column", "split-column") if dataset is not None else beside.given()
        beside = beside.without(idle, f"{next(iter(stored))} has no rows", reading.defaults)
    columns = BesideColumns()
    if dataset is not None:
        if not stored:
            dataset.refuse_empty()
        choice, columns = choose_columns(dataset.first, reading.label_column, beside)
        if not dataset.is_bare_column:
            parameters["label-column"] = choice.column.name
            notes += choice.notes(dataset.first)
        parameters |= columns.parameters()
        state = count_labels(dataset, choice.column, reading.rules, resources, columns)
    read = iter(state.read.by_input(dataset) if dataset is not None else ())
    inputs = tuple(
        InputRows(file.path, stored[file.path].tally.rows) if file.path in stored else next(read)
        for file in files
    ) or tuple(read)
    counted = _finished(
        reading,
        list(stored.values()),
        rows=None if dataset is None else state.tally,
        weights=state.beside.weights if columns.sample_weight is not None else None,
        inputs=inputs,
        parameters=parameters,
        notes=notes,
    )
    where = dataset.where if dataset is not None else IN_MEMORY
    found = beside_of(columns, state.beside, counted.counts, where)
    return replace(
        counted,
        groups=found.groups,
        splits=found.splits,
        leaks=found.leaks,
        notes=(*counted.notes, *found.notes),
        warnings=(*counted.warnings, *found.warnings),
    )


def compare_splits(counted: CountedLabels, reference: str | None) -> Compared:
    """Compare the splits of counted labels, where there are any."""
    if counted.splits is None:
        return Compared()
    is_weighted = counted.counts.weight_sum is not None
    return compare(counted.splits, counted.leaks, reference, is_weighted=is_weighted)


def _finished(
    reading: ReadingOptions,
    stored: Sequence[StoredCounts],
    *,
    rows: LabelTally | None = None,
    weights: LabelWeights | None = None,
    inputs: tuple[InputRows, ...],
    parameters: Mapping[str, str] | None = None,
    notes: Sequence[str] = (),
) -> CountedLabels:
    """Put all counts together; the order of stored ones stays, where nothing else is declared."""
    here = StoredCounts(rows or LabelTally(), None, parameters or reading.given)
    tally = sum((part.tally for part in stored), start=here.tally)
    where = inputs[0].path if inputs else None
    check_class_limit(tally.counts, reading.rules, where or IN_MEMORY)
    order = reading.classes
    if order is None and rows is None:
        order = common_order(stored)
    counts = ClassCounts.from_tally(tally, order)
    if not counts.n_samples:
        raise InputError(
            f"all {tally.rows:,} labels are missing" if tally.rows else "there are no labels",
            where=where,
            hint="--label-column for another column" if rows is not None else None,
        )
    parts = [
        None if one.weight_sum is None else LabelWeights.of_sums(one.weight_sum) for one in stored
    ]
    parts += [] if rows is None else [weights]
    counts, weight_notes = weighted(counts, parts, where or IN_MEMORY)
    warnings = label_warnings(tally.counts)
    if counts.n_samples >= DISTINCT_ROWS and int(counts.count.max()) == 1:
        column = here.parameters.get("label-column")
        warnings.append(
            f"each of the {counts.n_samples:,} labels occurs once: "
            f"{'they' if column is None else f'column {column!r}'} may be ids, not classes"
        )
    return CountedLabels(
        counts=counts,
        missing=tally.missing,
        inputs=inputs,
        parameters=pooled_parameters([*stored, here]),
        notes=(*notes, *weight_notes),
        warnings=tuple(warnings),
    )
