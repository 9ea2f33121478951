"""What every framework gives on the same predictions, side by side."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from wcetool.core.conventions import CONVENTIONS
from wcetool.core.vocabulary import Task
from wcetool.results.document import Row, signature
from wcetool.results.like import FrameworkScore
from wcetool.results.score import ScoreReport

COMPARISON_SCHEMA = "wcetool.comparison/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The numbers of all frameworks that take a file, and why others do not.

    Attributes
    ----------
    report : ScoreReport
        The program's own numbers on these rows.
    found : mapping of str to FrameworkScore
        By the name of the convention.
    reasons : mapping of str to str
        Why the others do not apply.
    """

    report: ScoreReport
    found: Mapping[str, FrameworkScore]
    reasons: Mapping[str, str]

    @property
    def notes(self) -> tuple[str, ...]:
        """What was decided without being asked for."""
        return self.report.notes

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the user should know before relying on the numbers."""
        return self.report.warnings

    @property
    def signature(self) -> str:
        """How the numbers came about, in one line."""
        return signature("explain", {"conventions": len(self.found), **self.report.signed})

    def factor(self, value: float) -> float | None:
        """Return a number divided by the weighted mean of the program; None where undefined."""
        own = self.report.numbers.loss.value
        if own is None or not math.isfinite(own) or own == 0.0 or not math.isfinite(value):
            return None
        return value / own

    @property
    def is_by_class(self) -> bool:
        """Tell whether rows have one class each, so that PyTorch divides by the weights as well."""
        report = self.report
        by_row = {"sample-weight-column", "focal-gamma"} & set(report.parameters)
        several = "," in report.parameters.get("label-column", "")
        return report.task is Task.MULTICLASS and not by_row and not several

    def is_twin(self, name: str) -> bool:
        """Tell whether the other backend of Keras gives the same number for the same API."""
        twin = self.found.get(self.found[name].convention.api)
        return (
            twin is not None
            and twin is not self.found[name]
            and (twin.value == self.found[name].value)
        )

    def class_rows(self) -> list[Row]:
        """Return one row per convention, those that apply first."""
        rows: list[Row] = [
            {
                "convention": name,
                "value": one.value,
                "reduction": one.reduction,
                "divisor": one.divisor,
                "factor": self.factor(one.value),
                "formula": one.convention.formula,
                "divides_by": one.convention.divides_by,
                "weights": one.passing,
                "reason": "it gives NaN" if math.isnan(one.value) else "",
            }
            for name, one in self.found.items()
        ]
        for name, reason in self.reasons.items():
            entry = CONVENTIONS[name]
            rows.append(
                {
                    "convention": name,
                    "value": None,
                    "reduction": entry.reductions[0],
                    "divisor": None,
                    "factor": None,
                    "formula": entry.formula,
                    "divides_by": entry.divides_by,
                    "weights": "",
                    "reason": reason,
                }
            )
        return rows

    @property
    def undefined(self) -> dict[str, str]:
        """Which numbers are None, and why."""
        found = {}
        if any(row["reason"] for row in self.class_rows()):
            found["conventions.value"] = "its reason says why"
        rows = [row for row in self.class_rows() if not row["reason"]]
        if any(row["divisor"] is None for row in rows) or self.reasons:
            found["conventions.divisor"] = "the convention does not apply, or a sum has none"
        if any(row["factor"] is None for row in rows) or self.reasons:
            found["conventions.factor"] = "one of both numbers is 0, not finite, or not there"
        if self.report.numbers.loss.value is None:
            found["own.value"] = self.report.undefined["loss.value"]
        return found

    def to_dict(self) -> Row:
        """Return the document of the contract ``wcetool.comparison/1``."""
        report = self.report
        weights = report.class_weight
        return {
            "schema": COMPARISON_SCHEMA,
            "inputs": [one.to_dict() for one in report.inputs],
            "task": report.task.value,
            "input": None if report.kind is None else report.kind.value,
            "rows": report.rows,
            "scored": report.scored,
            "class_weight": None
            if weights is None
            else {"source": report.weights_from, "scheme": weights.scheme},
            "own": {"value": report.numbers.loss.value, "reduction": report.reduction.value},
            "conventions": self.class_rows(),
            "parameters": dict(report.parameters),
            "undefined": self.undefined,
            "notes": list(self.notes),
            "warnings": list(self.warnings),
            "signature": self.signature,
        }
