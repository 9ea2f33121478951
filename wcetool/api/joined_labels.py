"""Cells that hold several labels, and are about to be counted as one."""

from __future__ import annotations

from wcetool.api.label_forms import LabelForm
from wcetool.core.distribution import LabelTally
from wcetool.core.vocabulary import LabelTask
from wcetool.data.dataset import Dataset
from wcetool.data.declared_classes import refuse_undeclared
from wcetool.data.formats.table import Column, Holds
from wcetool.data.joined_labels import joined_labels, written_lists
from wcetool.data.options import ReadingOptions
from wcetool.errors import InputError, counted, quoted

_COUNT_NAMES = ("count", "counts", "n", "frequency", "freq", "support", "n_samples", "num_samples")
_CERTAIN = 3  # so many are no accident


def check_classes(
    dataset: Dataset, column: Column, reading: ReadingOptions, form: LabelForm, tally: LabelTally
) -> None:
    """Refuse labels that are no classes: undeclared ones, and several in a cell.

    Raises
    ------
    InputError
        Several in a cell are refused unless the user says that a row has one, or which there are.
    """
    refuse_undeclared(dataset, column, reading, tally)
    if form.task is not LabelTask.AUTO or reading.classes is not None:
        return
    _refuse_counts(dataset, column, tally)
    joined = joined_labels(tally.counts)
    if joined is not None and len(joined.labels) >= _CERTAIN:
        n_joined = counted(len(joined.labels), "distinct label")
        raise InputError(
            f"{n_joined} of column {quoted([column.name])} are others with "
            f"{quoted([joined.separator])} between them: several labels in a cell?",
            where=dataset.where,
            details=(f"labels: {quoted(joined.labels, limit=3)}",),
            hint=f"--label-separator '{joined.separator}', or --task multiclass if each is a class",
        )
    lists = written_lists(tally.counts)
    if lists:
        raise InputError(
            f"the labels of column {quoted([column.name])} are lists, written as text",
            where=dataset.where,
            details=(f"labels: {quoted(lists, limit=3)}",),
            hint="--task multiclass if each is a class; --label-separator '|' reads a|b",
        )


def _refuse_counts(dataset: Dataset, column: Column, tally: LabelTally) -> None:
    """Refuse labels that occur once each, beside a column of how often they occur."""
    if len(tally.counts) < 2 or max(tally.counts.values()) > 1:
        return
    for other in dataset.first.columns:
        is_count = other.name.strip().casefold() in _COUNT_NAMES
        if is_count and other.place != column.place and other.holds is Holds.NUMBERS:
            raise InputError(
                f"each label occurs once, beside a column {quoted([other.name])}: counts?",
                where=dataset.where,
                details=("a file with a row for each label is needed, not one with their numbers",),
                hint="--task multiclass if a row is one label",
            )
