"""The result of `analyze` for rows with any number of labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wcetool.core.distribution import Buckets, ClassCounts
from wcetool.core.gates import Gate, parse_gates
from wcetool.core.label_sets import LabelSets
from wcetool.core.multilabel import LABEL_MEASURES, LabelImbalance
from wcetool.results.analysis import ANALYSIS_SCHEMA, gate_rows
from wcetool.results.document import InputRows, Row, signature, to_frame, undefined_inputs

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class MultiLabelAnalysis:
    """How imbalanced the labels of rows are that have any number of them.

    Attributes
    ----------
    inputs : tuple of InputRows
        What was read.
    counts : ClassCounts
        Rows with each label, and in how many it is known whether it holds.
    sets : LabelSets or None
        The distinct sets of labels; None where there are too many.
    labelled : int
        Rows of which anything is known, those without labels included.
    partial : int
        Rows of which something is known, and not all.
    missing : int
        Rows of which nothing is known; no part of any number.
    imbalance : LabelImbalance
        The measures.
    no_sets : str or None
        Why there are no sets.
    n_features : int or None
        Input features, where they were given.
    buckets : Buckets
        The bounds of many, medium and few.
    parameters : mapping
        Every effective value that can change a number.
    gates : tuple of Gate
        The conditions under which it fails.
    notes, warnings : tuple of str
        What was decided without being asked for; what may not be as meant.
    """

    inputs: tuple[InputRows, ...]
    counts: ClassCounts
    sets: LabelSets | None
    labelled: int
    partial: int
    missing: int
    imbalance: LabelImbalance
    no_sets: str | None
    n_features: int | None
    buckets: Buckets
    parameters: Mapping[str, str]
    gates: tuple[Gate, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """Rows, those of which nothing is known included."""
        return self.labelled + self.missing

    @property
    def signature(self) -> str:
        """How the numbers came about, in one line."""
        fields = {
            "task": "multilabel",
            "classes": self.counts.n_classes,
            "missing": "skip",
            "buckets": self.buckets,
        }
        if self.n_features is not None:
            fields["n-features"] = self.n_features
        return signature("analyze", fields | dict(self.parameters))

    @property
    def undefined(self) -> dict[str, str]:
        """Which numbers are None, and why."""
        found = undefined_inputs("inputs", self.inputs)
        rows = self.class_rows()
        if any(row["share"] is None for row in rows):
            found["classes.share"] = "of no row it is known whether the label holds"
        if any(row["irlbl"] is None for row in rows):
            found["classes.irlbl"] = "a label that does not occur has no ratio"
        if any(row["scumble"] is None for row in rows):
            found["classes.scumble"] = self.no_sets or "a label that does not occur has no rows"
        if any(row["scumble_cv"] is None for row in rows):
            found["classes.scumble_cv"] = (
                self.no_sets or "a label has fewer than two rows, or a SCUMBLE of 0"
            )
        found |= {f"multilabel.{name}": why for name, why in self.imbalance.undefined.items()}
        return found

    def failures(self, gates: str | Sequence[str] | None = None) -> tuple[str, ...]:
        """Return the gates that fail, each with its number; none where all pass.

        Parameters
        ----------
        gates : str or sequence of str, optional
            Conditions such as ``"mean_ir > 10"`` on a name of `LABEL_QUANTITIES`; by default those
            that the analysis was asked for with ``fail_if``.

        Raises
        ------
        UsageError
            If one is no condition, or on a number that there is not.
        """
        asked = self.gates if gates is None else parse_gates(gates, LABEL_QUANTITIES)
        found = [(gate, LABEL_QUANTITIES[gate.name](self)) for gate in asked]
        return tuple(
            gate.says(value, self.imbalance.undefined.get(gate.name, ""))
            for gate, value in found
            if gate.fails(value)
        )

    def class_rows(self) -> list[Row]:
        """Return one row per label: count, known, share, IRLbl and SCUMBLE among its keys."""
        counts, found = self.counts, self.imbalance
        known = [0] * counts.n_classes if counts.known is None else counts.known.tolist()
        return [
            {
                "label": label,
                "index": index,
                "count": count,
                "known": known[index],
                "share": count / known[index] if known[index] else None,
                "irlbl": found.irlbl[index],
                "minority": index in found.minority,
                "scumble": found.scumble[index],
                "scumble_cv": found.scumble_cv[index],
            }
            for index, (label, count) in enumerate(
                zip(counts.classes, counts.count.tolist(), strict=True)
            )
        ]

    def to_frame(self) -> pd.DataFrame:
        """Return one row per label as a pandas frame."""
        return to_frame(self.class_rows())

    def to_dict(self) -> Row:
        """Return the document of the contract ``wcetool.analyze/1``."""
        absent = self.counts.n_classes - int(self.counts.present.sum())
        return {
            "schema": ANALYSIS_SCHEMA,
            "inputs": [one.to_dict() for one in self.inputs],
            "task": "multilabel",
            "rows": self.rows,
            "missing": self.missing,
            "partly_known": self.partial,
            "classes": self.class_rows(),
            "multilabel": {
                "labels": self.counts.n_classes,
                "absent_labels": absent,
                **self.imbalance.values,
            },
            "buckets": self.buckets.sort(self.counts),
            "parameters": {
                "buckets": str(self.buckets),
                "bucket_rule": self.buckets.rule,
                **({} if self.n_features is None else {"n-features": str(self.n_features)}),
                **self.parameters,
            },
            **gate_rows(self, self.gates, LABEL_QUANTITIES),
            "undefined": self.undefined,
            "notes": list(self.notes),
            "warnings": list(self.warnings),
            "signature": self.signature,
        }


def _measured(name: str) -> Callable[[MultiLabelAnalysis], float | None]:
    return lambda result: result.imbalance.values[name]


LABEL_QUANTITIES: Mapping[str, Callable[[MultiLabelAnalysis], float | None]] = {
    "rows": lambda result: result.rows,
    "labels": lambda result: result.counts.n_classes,
    "absent_labels": lambda result: result.counts.n_classes - int(result.counts.present.sum()),
    "min_count": lambda result: int(result.counts.count.min()),
    "max_count": lambda result: int(result.counts.count.max()),
    "missing_share": lambda result: result.missing / result.rows,
    **{name: _measured(name) for name in LABEL_MEASURES},
}
