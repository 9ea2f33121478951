"""The result of `analyze`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wcetool.core.advice import Advice, advise
from wcetool.core.distribution import Buckets, ClassCounts
from wcetool.core.gates import Gate, parse_gates
from wcetool.core.measures import MEASURES, ONE_CLASS, Imbalance
from wcetool.core.share_intervals import (
    LEAST_FOR_RATIO,
    Confidence,
    ratio_interval,
    share_intervals,
    unseen_share,
)
from wcetool.results.document import InputRows, Row, signature, to_frame, undefined_inputs
from wcetool.results.splits import classes_by_split, drift_document, undefined_drift

if TYPE_CHECKING:
    import pandas as pd

    from wcetool.core.drift import Drift, SplitCounts
    from wcetool.core.schemes.evidence import GroupPresence

ANALYSIS_SCHEMA = "wcetool.analyze/1"
# They say nothing of how labels were read.
DISPLAY_PARAMETERS = ("buckets", "bucket_rule", "confidence", "level")


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
    confidence : Confidence or None
        The intervals that were asked for.
    gates : tuple of Gate
        The conditions under which it fails.
    notes, warnings : tuple of str
        What was decided without being asked for; what may not be as meant.
    groups : GroupPresence or None
        In how many groups each class occurs, where there are groups.
    splits : SplitCounts or None
        Labels by split, where there are splits.
    drift : Drift or None
        How these differ.
    """

    inputs: tuple[InputRows, ...]
    counts: ClassCounts
    missing: int
    imbalance: Imbalance
    buckets: Buckets
    parameters: Mapping[str, str]
    confidence: Confidence | None = None
    gates: tuple[Gate, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    groups: GroupPresence | None = None
    splits: SplitCounts | None = None
    drift: Drift | None = None

    @property
    def rows(self) -> int:
        """Rows, those with a missing label included."""
        return self.counts.n_samples + self.missing

    @property
    def signature(self) -> str:
        """How the numbers came about, in one line."""
        fields = {"classes": self.counts.n_classes, "missing": "skip", "buckets": self.buckets}
        return signature("analyze", fields | self._interval_parameters | dict(self.parameters))

    @property
    def _interval_parameters(self) -> dict[str, str]:
        if self.confidence is None:
            return {}
        return {"confidence": self.confidence.method.value, "level": repr(self.confidence.level)}

    @property
    def ratio_interval(self) -> tuple[float, float] | None:
        """The interval of the imbalance ratio; None where none was asked for, or it is undefined.

        It takes the largest and the smallest class as given, and is undefined where there is one
        class, or the smallest has fewer than 5 labels.
        """
        if self.confidence is None or self.imbalance.classes == 1:
            return None
        present = self.counts.count[self.counts.count > 0]
        return ratio_interval(int(present.max()), int(present.min()), self.confidence.level)

    @property
    def unseen_share(self) -> float | None:
        """What the share of a declared class without labels is at most, at the level asked for."""
        if self.confidence is None or not self.imbalance.absent_classes:
            return None
        return unseen_share(self.counts.n_samples, self.confidence.level)

    @property
    def undefined(self) -> dict[str, str]:
        """Which numbers are None, and why."""
        found = undefined_inputs("inputs", self.inputs)
        if self.imbalance.absent_classes:
            found["classes.ratio"] = "a class without samples has no ratio"
        for name, reason in self.imbalance.undefined.items():
            found[f"imbalance.{name}"] = reason
        if self.confidence is not None:
            if self.ratio_interval is None:
                found["confidence.ratio"] = (
                    ONE_CLASS
                    if self.imbalance.classes == 1
                    else f"the rarest class has fewer than {LEAST_FOR_RATIO} labels"
                )
            if self.unseen_share is None:
                found["confidence.absent_share_high"] = "every declared class has labels"
        if self.drift is not None:
            found |= undefined_drift(self.drift)
        return found

    def failures(self, gates: str | Sequence[str] | None = None) -> tuple[str, ...]:
        """Return the gates that fail, each with its number; none where all pass.

        Parameters
        ----------
        gates : str or sequence of str, optional
            Conditions such as ``"ratio > 100"`` on a name of `QUANTITIES`; by default those that
            the analysis was asked for with ``fail_if``.

        Raises
        ------
        UsageError
            If one is no condition, or on a number that there is not.
        """
        asked = self.gates if gates is None else parse_gates(gates, QUANTITIES)
        found = [(gate, QUANTITIES[gate.name](self)) for gate in asked]
        return tuple(
            gate.says(value, "" if value is not None else self._reason(gate.name))
            for gate, value in found
            if gate.fails(value)
        )

    @property
    def advice(self) -> tuple[Advice, ...]:
        """What could be done, each with the figure behind it and its source.

        None for weighted samples: its rules are of counts.
        """
        if self.counts.weight_sum is not None:
            return ()
        return advise(self.counts, self.imbalance)

    def _reason(self, name: str) -> str:
        """Return why a number is undefined."""
        if name in DRIFT_QUANTITIES and self.drift is None:
            return "no --split-column"
        told = self.undefined
        return next(
            (told[key] for key in (f"imbalance.{name}", f"drift.{name}") if key in told), ""
        )

    def drift_figures(self) -> dict[str, float | int | None]:
        """Return the numbers of the drift by name; of several splits the largest.

        Empty without a split column; None where a number is undefined.
        """
        return {} if self.drift is None else self.drift.figures()

    def class_rows(self) -> list[Row]:
        """Return one row per class: label, index, count, share, ratio.

        With sample weights also their sums, of which share and ratio are; with groups how many hold
        the class; with splits the count and the share in each; with intervals their bounds.
        """
        counts, samples = self.counts.count.tolist(), self.counts.whole_samples
        largest, total = max(samples), sum(samples)
        by_split = [] if self.splits is None else classes_by_split(self.splits)
        rows = []
        for index, (label, n) in enumerate(zip(self.counts.classes, samples, strict=True)):
            row = {"label": label, "index": index, "count": counts[index]}
            if self.counts.weight_sum is not None:
                row["weight_sum"] = float(self.counts.weight_sum[index])
            row |= {"share": n / total, "ratio": largest / n if n else None}
            if self.groups is not None:
                row["groups"] = int(self.groups.groups[index])
            if by_split:
                row |= by_split[index]
            rows.append(row)
        if self.confidence is None:
            return rows
        bounds = share_intervals(self.counts.count, self.confidence.method, self.confidence.level)
        return [
            row | {"share_low": low, "share_high": high}
            for row, low, high in zip(rows, *(one.tolist() for one in bounds), strict=True)
        ]

    def _interval_row(self, asked: Confidence) -> Row:
        bounds = self.ratio_interval
        return {
            "method": asked.method.value,
            "level": asked.level,
            "simultaneous": asked.is_simultaneous,
            "ratio": None if bounds is None else list(bounds),
            "absent_share_high": self.unseen_share,
        }

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
            "imbalance": self.imbalance.to_dict(),
            "buckets": self.buckets.sort(self.counts),
            **(
                {}
                if self.confidence is None
                else {"confidence": self._interval_row(self.confidence)}
            ),
            **({} if self.groups is None else {"groups": self.groups.n_groups}),
            **drift_document(self.splits, self.drift),
            "parameters": {
                "buckets": str(self.buckets),
                "bucket_rule": self.buckets.rule,
                **self._interval_parameters,
                **self.parameters,
            },
            **gate_rows(self, self.gates, QUANTITIES),
            "advice": [one.to_dict() for one in self.advice],
            "undefined": self.undefined,
            "notes": list(self.notes),
            "warnings": list(self.warnings),
            "signature": self.signature,
        }


def gate_rows(
    result: Any, gates: Sequence[Gate], quantities: Mapping[str, Callable[[Any], float | None]]
) -> Row:
    """Return the conditions that were asked for and what they are on; nothing without any."""
    rows = [gate.to_dict(quantities[gate.name](result)) for gate in gates]
    return {"gates": rows} if rows else {}


def _measured(name: str) -> Callable[[Analysis], float | None]:
    return lambda result: result.imbalance[name]


def _drifted(name: str) -> Callable[[Analysis], float | None]:
    return lambda result: result.drift_figures().get(name)


DRIFT_QUANTITIES = (
    *("psi", "psi_scaled", "js_bits", "chi2", "chi2_p", "g", "g_p", "cramers_v"),
    *("cramers_v_corrected", "missing_in_split", "leaked_groups"),
)
QUANTITIES: Mapping[str, Callable[[Analysis], float | None]] = {
    "rows": lambda result: result.rows,
    "classes": lambda result: result.imbalance.classes,
    "absent_classes": lambda result: result.imbalance.absent_classes,
    "min_count": lambda result: int(result.counts.count.min()),
    "max_count": lambda result: int(result.counts.count.max()),
    "missing_share": lambda result: result.missing / result.rows,
    **{name: _measured(name) for name in MEASURES},
    **{name: _drifted(name) for name in DRIFT_QUANTITIES},
}
