"""Declared classes: those of a file are as if the user had declared them, and none is missing."""

from __future__ import annotations

from dataclasses import replace

from wcetool.core.distribution import ClassCounts, LabelTally
from wcetool.data import streams
from wcetool.data.dataset import Dataset, Wanted
from wcetool.data.formats.table import Column, ColumnKind, ReadLog
from wcetool.data.labels import LabelEncoder
from wcetool.data.options import ReadingOptions, signed
from wcetool.data.truth_columns import TruthColumns, TruthForm
from wcetool.errors import InputError, counted, quoted


def with_declared_classes(
    dataset: Dataset, truth: TruthColumns, reading: ReadingOptions
) -> tuple[ReadingOptions, tuple[str, ...]]:
    """Take the classes that the files declare for the label, unless the user declares them.

    Returns
    -------
    reading : ReadingOptions
        With the classes.
    notes : tuple of str
        What was decided.
    """
    if truth.form is TruthForm.NUMBERS or reading.classes is not None:
        return reading, ()
    found = dataset.declared_classes(truth.columns[0])
    if not found:
        return reading, _unused(dataset, truth.columns[0])
    labels = (reading.rules.label(text) for text in found)
    classes = tuple(dict.fromkeys(label for label in labels if label is not None))
    given = {**reading.given, "declared": signed(classes)}
    note = f"the file declares {counted(len(classes), 'class', 'classes')}: {quoted(classes)}"
    return replace(reading, classes=classes, given=given), (note,)


def _unused(dataset: Dataset, label: Column) -> tuple[str, ...]:
    """Say that what some files declare does not count, since others declare nothing."""
    declares = {
        table.file.path: dataset.columns_in(table, [label])[0].classes is not None
        for table in dataset.tables
    }
    first = next((path for path, does in declares.items() if does), None)
    if first is None:
        return ()
    other = next(path for path, does in declares.items() if not does)
    note = f"the classes that {first} declares are not used, for {other} declares none"
    return (f"{note}: classes without a row are left out (--classes to declare them)",)


def refuse_undeclared(
    dataset: Dataset, column: Column, reading: ReadingOptions, tally: LabelTally
) -> None:
    """Refuse labels that are not among the declared classes.

    Raises
    ------
    InputError
        With the first row of one, which is looked for now; a stream is gone.
    """
    if reading.classes is None:
        return
    try:
        ClassCounts.from_tally(tally, reading.classes)
    except InputError as error:
        where = _first_undeclared(dataset, column, reading) or error.where
        raise InputError(
            error.message, where=where, details=error.details, hint=error.hint
        ) from None


def _first_undeclared(dataset: Dataset, column: Column, reading: ReadingOptions) -> str | None:
    if any(table.file.stream is not None for table in dataset.tables):
        return None
    encoder = LabelEncoder(reading.classes or (), reading.rules)
    for split in dataset.splits():
        first_row = split.first_row + 1
        wanted = [Wanted(column, ColumnKind.LABEL)]
        for batch in dataset.batches(split, wanted, streams.uncounted, ReadLog()):
            _, unknown = encoder.encode(batch.column(0), split.file.path)
            if unknown:
                return f"{split.file.path}: row {first_row + min(unknown.values()):,}"
            first_row += len(batch)
    return None
