"""Options of the commands that read label files: how many labels a row has, written once."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Annotated, Any

from wcetool.cli.options import LABELS, option
from wcetool.core.vocabulary import LabelTask, Uncertain


@dataclass(frozen=True, slots=True, kw_only=True)
class SeveralFlags:
    """How rows with several labels are written."""

    task: Annotated[
        LabelTask,
        option(
            "--task",
            panel=LABELS,
            metavar="TASK",
            help="multiclass: a row has one label; multilabel: any number; auto: what the columns "
            "say; weights also takes multioutput: one in each of several columns. Default: auto.",
        ),
    ] = LabelTask.AUTO
    label_separator: Annotated[
        str | None,
        option(
            "--label-separator",
            panel=LABELS,
            metavar="TEXT",
            help="Stands between several labels in a cell: '|'. With --label-column 'y_*' there "
            "is a column a label instead.",
        ),
    ] = None
    uncertain: Annotated[
        Uncertain,
        option(
            "--uncertain",
            panel=LABELS,
            metavar="POLICY",
            help="What -1 in a column of a label counts as: error, zero, one, or missing (not "
            "known). Default: error.",
        ),
    ] = Uncertain.ERROR

    def keywords(self) -> dict[str, Any]:
        """Return what was given, as the keywords of the public functions."""
        return {one.name: getattr(self, one.name) for one in fields(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelFlags(SeveralFlags):
    """How rows with several labels are written, and how many of their sets are kept."""

    max_label_sets: Annotated[
        int | None,
        option(
            "--max-label-sets",
            panel=LABELS,
            metavar="N",
            help="Keep at most N distinct sets of labels; of more, what needs them is undefined. "
            "Default: 100,000.",
        ),
    ] = None
