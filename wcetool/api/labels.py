"""Labels from files, counts or memory, counted; shared by `analyze` and `class_weights`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from wcetool.api.beside import NOTHING_BESIDE, Compared, beside_of, compare, weighted
from wcetool.api.inputs import (
    effective_options,
    file_notes,
    input_warnings,
    without_idle_member,
)
from wcetool.api.joined_labels import check_classes
from wcetool.api.label_forms import (
    LabelCount,
    LabelForm,
    LabelRows,
    check_task,
    choose_labels,
    count_label_lists,
    count_label_rows,
)
from wcetool.api.stored_labels import label_counts_among, pooled_labels
from wcetool.core.distribution import ClassCounts, LabelTally
from wcetool.core.drift import GroupLeaks, SplitCounts
from wcetool.core.label_sets import LabelSets
from wcetool.core.label_weights import LabelWeights
from wcetool.core.vocabulary import LabelTask, Task
from wcetool.data import registry
from wcetool.data.beside_labels import BesideColumns, BesideLabels, pooled_images
from wcetool.data.counts import (
    StoredCounts,
    StoredLabelCounts,
    common_order,
    counts_of,
    pooled_parameters,
    read_counts,
)
from wcetool.data.dataset import Dataset, open_files
from wcetool.data.declared_classes import with_declared_classes
from wcetool.data.finding import find_files
from wcetool.data.formats.table import Column
from wcetool.data.label_memory import label_lists, label_matrix
from wcetool.data.labels import check_class_limit, label_warnings, pixel_warnings
from wcetool.data.memory import IN_MEMORY, as_paths, label_dataset
from wcetool.data.options import ReadingOptions
from wcetool.data.source import InputFile
from wcetool.data.truth_columns import TruthColumns, TruthForm
from wcetool.engine.counting import CountState, count_labels
from wcetool.engine.head_counting import count_columns
from wcetool.engine.resources import Resources
from wcetool.errors import InputError, UsageError, WceError, quoted
from wcetool.results.analysis import Analysis
from wcetool.results.document import InputRows
from wcetool.results.label_analysis import MultiLabelAnalysis

if TYPE_CHECKING:
    from wcetool.core.schemes.evidence import GroupPresence

DISTINCT_ROWS = 20  # so many labels of which no two are alike are no classes


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedLabels:
    """Labels, counted and in class order, and what was decided on the way.

    Attributes
    ----------
    counts : ClassCounts
        Labels per class; rows with each label where a row has any number of them.
    missing : int
        Rows without a label, or of which nothing is known.
    sets : LabelSets or None
        The label sets of rows with any number of labels; None for others, and where there are too
        many.
    label_rows : LabelRows or None
        What else is known of rows with any number of labels; None for others.
    """

    counts: ClassCounts
    missing: int
    sets: LabelSets | None = None
    label_rows: LabelRows | None = None
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
        labelled = self.counts.n_samples if self.label_rows is None else self.label_rows.rows
        return labelled + self.missing


def counted_labels(
    labels: Any,
    reading: ReadingOptions,
    resources: Resources,
    beside: BesideLabels = NOTHING_BESIDE,
    form: LabelForm | None = None,
) -> CountedLabels:
    """Count labels, wherever they are.

    Parameters
    ----------
    labels : paths, an Analysis, a mapping of label to count, or a column or table in memory
        A list of texts is a list of labels; a list of `os.PathLike` one of files. Or what
        `open_labels` returned.
    reading : ReadingOptions
        How they are read.
    resources : Resources
        What the run may use.
    beside : BesideLabels
        Columns of sample weights, groups and splits.
    form : LabelForm, optional
        How rows with several labels are written.

    Raises
    ------
    InputError
        If nothing can be counted.
    """
    form = form or LabelForm()
    if isinstance(labels, MultiLabelAnalysis):
        reading = effective_options(reading, (registry.COUNTS,), from_files=False)
        _nothing_beside(beside, reading)
        parts = {IN_MEMORY: StoredLabelCounts.of_analysis(labels)}
        found = pooled_labels(parts, reading, form)
        if labels.sets is not None and found.counts.classes == labels.counts.classes:
            label_rows = replace(found.label_rows, no_sets=None)
            found = replace(found, sets=labels.sets, label_rows=label_rows)
        return _of_label_rows(found, labels.inputs, labels.notes)
    if isinstance(labels, Analysis | Mapping):
        _only_classes(form, reading, "counts are of one label a row")
        reading = effective_options(reading, (registry.COUNTS,), from_files=False)
        beside.refuse_arrays()
        beside.without(beside.given(), "counts have no rows", reading.defaults)
        if isinstance(labels, Analysis):
            stored = StoredCounts.of_analysis(labels).relabelled(reading.rules)
            return _finished(reading, [stored], inputs=labels.inputs, notes=labels.notes)
        stored = counts_of(labels).relabelled(reading.rules)
        return _finished(reading, [stored], inputs=(InputRows(IN_MEMORY, stored.tally.rows),))
    source = labels if isinstance(labels, LabelSource) else open_labels(labels, reading, beside)
    return count_source(source, resources, beside, form)


@dataclass(frozen=True, slots=True)
class LabelSource:
    """Labels that can be read: rows, counts, or both.

    Attributes
    ----------
    files : sequence of InputFile
        None of them for labels in memory.
    dataset : Dataset or None
        The rows.
    reading : ReadingOptions
        How they are read.
    truth : TruthColumns or None
        The columns of labels, where these are known: those of an array.
    lists : sequence or None
        Rows that are lists of labels in memory.
    notes : tuple of str
        What was decided without being asked for.
    """

    files: Sequence[InputFile]
    dataset: Dataset | None
    reading: ReadingOptions
    truth: TruthColumns | None = None
    lists: Sequence[Sequence[str] | None] | None = None
    notes: tuple[str, ...] = ()


def open_labels(
    labels: Any, reading: ReadingOptions, beside: BesideLabels = NOTHING_BESIDE
) -> LabelSource:
    """Open files, or take labels in memory, with what is given beside them."""
    paths = as_paths(labels)
    if paths is None:
        reading = effective_options(reading, (registry.MEMORY,), from_files=False)
        matrix = label_matrix(labels, reading.classes)
        if matrix is not None:
            reading = reading.without(("label-column",), "each column of an array is a label")
            return LabelSource((), matrix.dataset, reading, matrix.truth, notes=matrix.notes)
        lists = label_lists(labels)
        if lists is not None:
            reading = reading.without(("label-column",), "each row is a list of labels")
            return LabelSource((), None, reading, lists=lists)
        return LabelSource((), label_dataset(labels, beside.arrays), reading)
    beside.refuse_arrays()
    files = find_files(paths, reading)
    reading = without_idle_member(reading, files)
    reading = effective_options(reading, [file.format for file in files])
    row_files = [file for file in files if file.format != registry.COUNTS]
    return LabelSource(files, open_files(row_files, reading) if row_files else None, reading)


def count_source(
    source: LabelSource,
    resources: Resources,
    beside: BesideLabels = NOTHING_BESIDE,
    form: LabelForm | None = None,
) -> CountedLabels:
    """Count the rows of a source, and add the files that hold counts already."""
    files, dataset, reading = source.files, source.dataset, source.reading
    form = form or LabelForm()
    notes = [*file_notes(files, reading), *source.notes, *(dataset.notes if dataset else ())]
    if source.lists is not None:
        _nothing_beside(beside, reading)
        found = count_label_lists(source.lists, reading, form, IN_MEMORY)
        in_memory = (InputRows(IN_MEMORY, len(source.lists)),)
        return _of_label_rows(found, in_memory, notes)
    found_counts = {
        file.path: read_counts(file) for file in files if file.format == registry.COUNTS
    }
    of_labels = label_counts_among(found_counts, len(files))
    if of_labels:
        _nothing_beside(beside, reading)
        rows = tuple(InputRows(path, one.rows) for path, one in of_labels.items())
        return _of_label_rows(pooled_labels(of_labels, reading, form), rows, notes)
    stored = {
        path: one.relabelled(reading.rules)
        for path, one in found_counts.items()
        if isinstance(one, StoredCounts)
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
        if source.truth is None:
            truth, columns = choose_labels(dataset, reading, form, beside)
        else:
            truth = source.truth
            check_task(truth, form)
        reading, declared = with_declared_classes(dataset, truth, reading)
        notes += declared
        if truth.form is not TruthForm.CLASS:
            _refuse_stored(stored)
            _nothing_beside(beside, reading)
            found = count_label_rows(dataset, truth, reading, form, resources)
            read_rows = () if found.read is None else found.read.by_input(dataset)
            return _of_label_rows(found, read_rows, notes)
        label = truth.columns[0]
        parameters = dict(reading.given)
        if not dataset.is_bare_column:
            parameters["label-column"] = label.name
            notes += truth.notes
        parameters |= columns.parameters()
        state = count_labels(dataset, label, reading.rules, resources, columns)
        check_classes(dataset, label, reading, form, state.tally)
        notes += state.read.notes(dataset)
    _only_classes(form, reading, "a row has one label")
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
        of_pixels=any(file.format == registry.MASKS for file in files),
    )
    where = dataset.where if dataset is not None else IN_MEMORY
    more = beside_of(columns, state.beside, counted.counts, where)
    return replace(
        counted,
        groups=more.groups,
        splits=more.splits,
        leaks=more.leaks,
        notes=(*counted.notes, *more.notes),
        warnings=(*counted.warnings, *more.warnings, *pooled_images(dataset, columns)),
    )


def compare_splits(counted: CountedLabels, reference: str | None) -> Compared:
    """Compare the splits of counted labels, where there are any."""
    if counted.splits is None:
        return Compared()
    is_weighted = counted.counts.weight_sum is not None
    return compare(counted.splits, counted.leaks, reference, is_weighted=is_weighted)


def _of_label_rows(
    found: LabelCount, inputs: tuple[InputRows, ...], notes: Sequence[str]
) -> CountedLabels:
    return CountedLabels(
        counts=found.counts,
        missing=found.missing,
        sets=found.sets,
        label_rows=found.label_rows,
        inputs=inputs,
        parameters=found.parameters,
        notes=(*notes, *found.notes),
        warnings=(*input_warnings(inputs), *found.warnings),
    )


def _only_classes(form: LabelForm, reading: ReadingOptions, reason: str) -> None:
    """Refuse what has no effect where a row has one label."""
    form.without(tuple(form.given), reason, reading)
    if form.task is LabelTask.MULTILABEL:
        raise UsageError(f"is not multilabel: {reason}", where="--task")


def _nothing_beside(beside: BesideLabels, reading: ReadingOptions) -> None:
    """Refuse columns beside rows with any number of labels."""
    beside.refuse_arrays()
    beside.without(beside.given(), "it goes with rows of one class", reading.defaults)


def _refuse_stored(stored: Mapping[str, StoredCounts]) -> None:
    for path in stored:
        raise InputError(
            "holds counts of one label a row, and the other inputs have several",
            where=path,
            hint="analyze the two on their own",
        )


def count_heads(
    source: LabelSource, dataset: Dataset, columns: Sequence[Column], resources: Resources
) -> list[CountedLabels]:
    """Count the labels of several columns, each on its own, in one pass over the rows."""
    notes = file_notes(source.files, source.reading)
    notes += dataset.notes
    dataset.refuse_empty()
    states = count_columns(dataset, columns, source.reading.rules, resources)
    found = []
    for column, state in zip(columns, states, strict=True):
        with of_column(column.name):
            counted = _finished(
                source.reading,
                [],
                rows=state.tally,
                inputs=state.read.by_input(dataset),
                parameters={**source.reading.given, "label-column": column.name},
                notes=notes,
            )
        found.append(counted)
    return found


@contextmanager
def of_column(name: str) -> Iterator[None]:
    """Name one of several label columns in what is wrong with it."""
    try:
        yield
    except WceError as error:
        where = f"column {quoted([name])}" + ("" if error.where is None else f": {error.where}")
        raise type(error)(
            error.message, where=where, details=error.details, hint=error.hint
        ) from None


def _finished(
    reading: ReadingOptions,
    stored: Sequence[StoredCounts],
    *,
    rows: LabelTally | None = None,
    weights: LabelWeights | None = None,
    inputs: tuple[InputRows, ...],
    parameters: Mapping[str, str] | None = None,
    notes: Sequence[str] = (),
    of_pixels: bool = False,
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
    warnings = [*input_warnings(inputs), *label_warnings(tally.counts)]
    if of_pixels:
        warnings += pixel_warnings(tally.counts)
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
