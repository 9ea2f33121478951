"""Options for the weights of rows, written once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from wcetool.cli.options import OUTPUT, option
from wcetool.core.vocabulary import Combine, MissingWeight


@dataclass(frozen=True, slots=True, kw_only=True)
class RowWeightFlags:
    """What is written for each row."""

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

    def keywords(self) -> dict[str, Any]:
        """Return what was given, as the keywords of the public functions."""
        given = {"sample_weights": self.sample_weights, "missing_weight": self.missing_weight}
        return {name: value for name, value in given.items() if value is not None}
