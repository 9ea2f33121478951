"""The result of `analyze`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from wcetool.core.distribution import Buckets, ClassCounts, Imbalance
from wcetool.results.document import InputRows, Row, signature, to_frame, undefined_inputs

if TYPE_CHECKING:
    import pandas as pd

ANALYSIS_SCHEMA = "wcetool.analyze/1"
DISPLAY_PARAMETERS = ("buckets", "bucket_rule")  # say nothing of how labels were read


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """How imbalanced the classes of some labels are.

    Attributes
    ----------
    inputs : tuple of InputRows
        What was read.
    counts : ClassCounts
        Labels per class.
    missing : int
        Rows without a label; no part of any share.
    imbalance : Imbalance
        The measures, over the classes that occur.
    buckets : Buckets
        The bounds of many, medium and few.
    parameters : mapping
        Every effective value that can change a number.
    notes, warnings : tuple of str
        What was decided without being asked for; what may not be as meant.
    """

    inputs: tuple[InputRows, ...]
    counts: ClassCounts
    missing: int
    imbalance: Imbalance
    buckets: Buckets
    parameters: Mapping[str, str]
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """Rows, those with a missing label included."""
        return self.counts.n_samples + self.missing

    @property
    def signature(self) -> str:
        """How the numbers came about, in one line."""
        fields = {"classes": self.counts.n_classes, "missing": "skip", "buckets": self.buckets}
        return signature("analyze", fields | dict(self.parameters))

    @property
    def undefined(self) -> dict[str, str]:
        """Which numbers are None, and why."""
        found = undefined_inputs("inputs", self.inputs)
        if self.imbalance.absent_classes:
            found["classes.ratio"] = "a class without samples has no ratio"
        return found

    def class_rows(self) -> list[Row]:
        """Return one row per class: label, index, count, share, ratio."""
        counts = self.counts.count.tolist()
        largest, total = max(counts), sum(counts)
        return [
            {
                "label": label,
                "index": index,
                "count": count,
                "share": count / total,
                "ratio": largest / count if count else None,
            }
            for index, (label, count) in enumerate(zip(self.counts.classes, counts, strict=True))
        ]

    def to_frame(self) -> pd.DataFrame:
        """Return one row per class as a pandas frame."""
        return to_frame(self.class_rows())

    def to_dict(self) -> Row:
        """Return the document of the contract ``wcetool.analyze/1``."""
        return {
            "schema": ANALYSIS_SCHEMA,
            "inputs": [one.to_dict() for one in self.inputs],
            "task": "multiclass",
            "rows": self.rows,
            "missing": self.missing,
            "classes": self.class_rows(),
            "imbalance": asdict(self.imbalance),
            "buckets": self.buckets.sort(self.counts),
            "parameters": {
                "buckets": str(self.buckets),
                "bucket_rule": self.buckets.rule,
                **self.parameters,
            },
            "undefined": self.undefined,
            "notes": list(self.notes),
            "warnings": list(self.warnings),
            "signature": self.signature,
        }
