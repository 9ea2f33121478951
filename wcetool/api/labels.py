"""Labels from files, counts or memory, counted; shared by `analyze` and `class_weights`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wcetool.api.inputs import effective_options, file_notes
from wcetool.core.distribution import ClassCounts, LabelTally
from wcetool.data import registry
from wcetool.data.columns import choose_label_column
from wcetool.data.counts import read_tally, tally_of
from wcetool.data.dataset import Dataset, open_files
from wcetool.data.labels import check_class_limit, label_notes, relabelled
from wcetool.data.memory import IN_MEMORY, as_paths, label_dataset
from wcetool.data.options import ReadingOptions
from wcetool.data.source import InputFile, find_files
from wcetool.engine.counting import CountState, count_labels
from wcetool.engine.local import OnProgress
from wcetool.errors import InputError
from wcetool.results.analysis import Analysis
from wcetool.results.document import InputRows

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


def counted_labels(
    labels: Any,
    reading: ReadingOptions,
    *,
    jobs: int | None = None,
    on_progress: OnProgress | None = None,
) -> CountedLabels:
    """Count labels, wherever they are.

    Parameters
    ----------
    labels : paths, an Analysis, a mapping of label to count, or a column or table in memory
        A list of texts is a list of labels; a list of `os.PathLike` one of files.
    reading : ReadingOptions
        How they are read.
    jobs, on_progress
        As in `engine.local.run`.

    Raises
    ------
    InputError
        If nothing can be counted.
    """
    paths = as_paths(labels)
    if isinstance(labels, Analysis | Mapping):
        reading = effective_options(reading, (registry.COUNTS, registry.MEMORY))
        if isinstance(labels, Analysis):
            tally = relabelled(LabelTally(_counts_of(labels), labels.missing), reading.rules)
            return _finished(tally, labels.inputs, reading, dict(labels.parameters), labels.notes)
        tally = relabelled(tally_of(labels), reading.rules)
        return _finished(tally, (InputRows(IN_MEMORY, tally.rows),), reading, {}, ())
    if paths is None:
        reading = effective_options(reading, (registry.MEMORY,))
        return _from_rows([], label_dataset(labels), reading, jobs, on_progress)
    files = find_files(paths, reading.input_format)
    reading = effective_options(reading, [file.format for file in files])
    row_files = [file for file in files if file.format != registry.COUNTS]
    dataset = open_files(row_files, reading) if row_files else None
    return _from_rows(files, dataset, reading, jobs, on_progress)


def _from_rows(
    files: Sequence[InputFile],
    dataset: Dataset | None,
    reading: ReadingOptions,
    jobs: int | None,
    on_progress: OnProgress | None,
) -> CountedLabels:
    """Count the rows of a dataset, and add the files that hold counts already."""
    notes = file_notes(files, reading)
    state = CountState()
    parameters: dict[str, str] = {}
    if dataset is not None:
        if not any(file.format == registry.COUNTS for file in files):
            dataset.refuse_empty()
        choice = choose_label_column(dataset.first, reading.label_column)
        if not dataset.is_bare_column:
            parameters["label-column"] = choice.column.name
            notes += choice.notes(dataset.first)
        state = count_labels(
            dataset, choice.column, reading.rules, jobs=jobs, on_progress=on_progress
        )
    counted = {
        file.path: relabelled(read_tally(file), reading.rules)
        for file in files
        if file.format == registry.COUNTS
    }
    read = iter(state.read.by_input(dataset) if dataset is not None else ())
    inputs = tuple(
        InputRows(file.path, counted[file.path].rows) if file.path in counted else next(read)
        for file in files
    ) or tuple(read)
    tally = sum(counted.values(), start=state.tally)
    return _finished(tally, inputs, reading, parameters, notes)


def _finished(
    tally: LabelTally,
    inputs: tuple[InputRows, ...],
    reading: ReadingOptions,
    parameters: dict[str, str],
    notes: Sequence[str],
) -> CountedLabels:
    where = inputs[0].path if inputs else None
    check_class_limit(tally.counts, reading.rules, where or IN_MEMORY)
    counts = ClassCounts.from_tally(tally, reading.classes)
    if not counts.n_samples:
        raise InputError(
            f"all {tally.rows:,} labels are missing" if tally.rows else "there are no labels",
            where=where,
            hint="--label-column for another column" if parameters else None,
        )
    warnings = label_notes(tally.counts)
    if counts.n_samples >= DISTINCT_ROWS and int(counts.count.max()) == 1:
        column = parameters.get("label-column")
        warnings.append(
            f"each of the {counts.n_samples:,} labels occurs once: "
            f"{'they' if column is None else f'column {column!r}'} may be ids, not classes"
        )
    return CountedLabels(
        counts=counts,
        missing=tally.missing,
        inputs=inputs,
        parameters=dict(reading.given) | parameters,
        notes=tuple(notes),
        warnings=tuple(warnings),
    )


def _counts_of(analysis: Analysis) -> dict[str, int]:
    return dict(zip(analysis.counts.classes, analysis.counts.count.tolist(), strict=True))
