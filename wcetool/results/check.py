"""The result of `check`: what holds between a weight file and data, and what does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wcetool.core.vocabulary import CheckName
from wcetool.results.document import InputRows, Row, signature, undefined_inputs

if TYPE_CHECKING:
    import pandas as pd

CHECK_SCHEMA = "wcetool.check/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check.

    Attributes
    ----------
    check : CheckName
        What is checked.
    passed : bool or None
        None where there is nothing to check.
    allowed : bool
        The user does not mind if it fails.
    found : str
        What there is; where `passed` is None, why there is nothing to check.
    expected : str
        What should be.
    hint : str or None
        What to type; only where it failed.
    """

    check: CheckName
    passed: bool | None
    found: str
    expected: str
    hint: str | None = None
    allowed: bool = False

    @property
    def failed(self) -> bool:
        """Whether it fails the whole."""
        return self.passed is False and not self.allowed

    def to_dict(self) -> Row:
        """Return the row of the check."""
        return {
            "check": self.check.value,
            "passed": self.passed,
            "allowed": self.allowed,
            "found": self.found,
            "expected": self.expected,
            "hint": self.hint,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """Class weights, checked against data.

    Attributes
    ----------
    weights : str or None
        The weight file; None for weights in memory.
    scheme : str
        The scheme that the weights name.
    inputs : tuple of InputRows
        The data.
    checks : tuple of Check
        In the order of `CheckName`.
    parameters : mapping
        Every value that can change what passes.
    """

    weights: str | None
    scheme: str
    inputs: tuple[InputRows, ...]
    checks: tuple[Check, ...]
    parameters: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether no check failed, those allowed to aside."""
        return not any(one.failed for one in self.checks)

    @property
    def failed(self) -> tuple[str, ...]:
        """The names of the checks that failed, those allowed to aside."""
        return tuple(one.check.value for one in self.checks if one.failed)

    @property
    def signature(self) -> str:
        """How the result came about, in one line."""
        return signature("check", {"checks": len(self.checks), **self.parameters})

    @property
    def undefined(self) -> dict[str, str]:
        """Which values are None, and why."""
        found = {
            f"checks.{one.check.value}.passed": one.found
            for one in self.checks
            if one.passed is None
        }
        if self.weights is None:
            found["weights.path"] = "the weights come from no file"
        return found | undefined_inputs("inputs", self.inputs)

    def class_rows(self) -> list[Row]:
        """Return one row per check."""
        return [one.to_dict() for one in self.checks]

    def to_frame(self) -> pd.DataFrame:
        """Return one row per check as a pandas frame."""
        import pandas as pd

        return pd.DataFrame(self.class_rows())

    def to_dict(self) -> Row:
        """Return the document of the contract ``wcetool.check/1``."""
        return {
            "schema": CHECK_SCHEMA,
            "weights": {"path": self.weights, "scheme": self.scheme},
            "inputs": [one.to_dict() for one in self.inputs],
            "passed": self.passed,
            "failed": list(self.failed),
            "checks": self.class_rows(),
            "parameters": dict(self.parameters),
            "undefined": self.undefined,
            "notes": list(self.notes),
            "warnings": list(self.warnings),
            "signature": self.signature,
        }
