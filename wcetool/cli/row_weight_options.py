"""Options for the weights of rows, and for several label columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from wcetool.cli.options import OUTPUT, WEIGHTS, option
from wcetool.core.vocabulary import Combine, LabelTask, MissingWeight


@dataclass(frozen=True, slots=True, kw_only=True)
class RowWeightFlags:
    """What is written for each row, and from how many label columns."""

    task: Annotated[
        LabelTask,
        option(
            "--task",
            panel=WEIGHTS,
            metavar="TASK",
            help="multiclass: one label column; multioutput: several, each with its own classes "
            "and weights (-l a,b). Default: auto, which is multiclass.",
        ),
    ] = LabelTask.AUTO
    sample_weights: Annotated[
        str | None,
        option(
            "--sample-weights",
            panel=OUTPUT,
            metavar="PATH",
            help="Write one weight a row there, in the order of the rows: .parquet, .csv, .npy, or "
            ".weight (a number a line, as LightGBM reads it beside its data).",
        ),
    ] = None
    missing_weight: Annotated[
        MissingWeight | None,
        option(
            "--missing-weight",
            panel=OUTPUT,
            metavar="POLICY",
            help="What a row without a label weighs in --sample-weights: error, zero, one. "
            "Default: error.",
        ),
    ] = None
    combine: Annotated[
        Combine | None,
        option(
            "--combine",
            panel=OUTPUT,
            metavar="HOW",
            help="How the weights of a row by several label columns become one in "
            "--sample-weights: mean, max, product (scikit-learn's). Default: mean.",
        ),
    ] = None

    @property
    def several(self) -> bool:
        """Whether there are several label columns."""
        return self.task is LabelTask.MULTIOUTPUT

    def keywords(self) -> dict[str, Any]:
        """Return what was given, as the keywords of the public functions."""
        given = {"sample_weights": self.sample_weights, "missing_weight": self.missing_weight}
        return {name: value for name, value in given.items() if value is not None}
