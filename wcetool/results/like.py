"""The number that a framework gives on the rows of a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from wcetool.core.conventions.registry import Convention
from wcetool.results.document import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameworkScore:
    """What a framework would print.

    Attributes
    ----------
    convention : Convention
        Formula, what is weighted, the denominator.
    value : float
        Under `reduction`, nats; NaN and infinity may be the true answer.
    reduction : str
        As the framework calls it.
    reductions : mapping of str to float
        All that it has to one number.
    divisor : float or None
        What `reduction` divided by; None for a sum.
    standard_error : float or None
        None where it has none.
    ci95 : tuple of float, or None
        Value -/+ 1.96 standard errors.
    passing : str
        What became of class weights.
    """

    convention: Convention
    value: float
    reduction: str
    reductions: Mapping[str, float]
    divisor: float | None
    standard_error: float | None
    ci95: tuple[float, float] | None
    passing: str

    def to_dict(self) -> Row:
        """Return the JSON form."""
        return {
            "api": self.convention.api,
            "framework": self.convention.framework,
            "formula": self.convention.formula,
            "weighs": self.convention.weighs,
            "divides_by": self.convention.divides_by,
            "passing": self.passing,
            "reductions": dict(self.reductions),
            "divisor": self.divisor,
        }
