"""Cells that hold several labels, and are about to be counted as one."""

from __future__ import annotations

from wcetool.api.label_forms import LabelForm
from wcetool.core.distribution import LabelTally
from wcetool.core.vocabulary import LabelTask
from wcetool.data.dataset import Dataset
from wcetool.data.declared_classes import refuse_undeclared
from wcetool.data.formats.table import Column
from wcetool.data.joined_labels import joined_labels, written_lists
from wcetool.data.options import ReadingOptions
from wcetool.errors import InputError, counted, quoted

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
