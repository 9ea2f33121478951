"""Classes that a file declares for its labels: as if the user had declared them."""

from __future__ import annotations

from dataclasses import replace

from wcetool.data.dataset import Dataset
from wcetool.data.options import ReadingOptions, signed
from wcetool.data.truth_columns import TruthColumns, TruthForm
from wcetool.errors import counted, quoted


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
        return reading, ()
    labels = (reading.rules.label(text) for text in found)
    classes = tuple(dict.fromkeys(label for label in labels if label is not None))
    given = {**reading.given, "declared": signed(classes)}
    note = f"the file declares {counted(len(classes), 'class', 'classes')}: {quoted(classes)}"
    return replace(reading, classes=classes, given=given), (note,)
