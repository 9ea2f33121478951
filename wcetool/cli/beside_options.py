"""Options of the columns beside the labels, written once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from wcetool.cli.options import LABELS, option


@dataclass(frozen=True, slots=True, kw_only=True)
class BesideFlags:
    """What rows weigh, and what they belong to."""

    sample_weight_column: Annotated[
        str | None,
        option(
            "--sample-weight-column",
            panel=LABELS,
            metavar="NAME|NUMBER",
            help="Column with a weight for each row: shares and measures are of their sums.",
        ),
    ] = None
    group_column: Annotated[
        str | None,
        option(
            "--group-column",
            panel=LABELS,
            metavar="NAME|NUMBER",
            help="Column with the group of each row (image, patient, file): how many hold each "
            "class. The ids are held in memory.",
        ),
    ] = None

    def keywords(self) -> dict[str, Any]:
        """Return what was given, as the keywords of the public functions."""
        return {
            "sample_weight_column": self.sample_weight_column,
            "group_column": self.group_column,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitFlags:
    """Which split rows are in."""

    split_column: Annotated[
        str | None,
        option(
            "--split-column",
            panel=LABELS,
            metavar="NAME|NUMBER",
            help="Column with the split of each row (train, test): counts by split, and the drift "
            "between them.",
        ),
    ] = None
    split_reference: Annotated[
        str | None,
        option(
            "--split-reference",
            panel=LABELS,
            metavar="SPLIT",
            help="The split that the others are compared with. Default: train or training, else "
            "the largest.",
        ),
    ] = None

    def keywords(self) -> dict[str, Any]:
        """Return what was given, as the keywords of the public functions."""
        return {"split_column": self.split_column, "split_reference": self.split_reference}
