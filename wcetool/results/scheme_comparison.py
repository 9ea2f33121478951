"""What several schemes give on the same labels, and which of them give certain weights."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wcetool.core.identification import Match
from wcetool.core.schemes.registry import Kind
from wcetool.results.document import Row, signature, to_frame
from wcetool.results.weights import ClassWeights

if TYPE_CHECKING:
    import pandas as pd

COMPARISON_SCHEMA = "wcetool.scheme-comparison/1"
IDENTIFICATION_SCHEMA = "wcetool.identification/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemeComparison:
    """What several schemes give on the same labels.

    Attributes
    ----------
    weights : tuple of ClassWeights
        One a scheme, in the order asked for.
    notes, warnings : tuple of str
        What was decided without being asked for; what may not be as meant.
    """

    weights: tuple[ClassWeights, ...]
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names, in order: those of the scheme that excludes none."""
        return max((one.classes for one in self.weights), key=len)

    @property
    def signature(self) -> str:
        """How the numbers came about, in one line."""
        first = self.weights[0]
        fields = {"schemes": " ".join(one.scheme for one in self.weights)}
        fields |= {"norm": first.normalization.value, "classes": str(len(self.classes))}
        return signature("schemes", fields | {"missing": "skip"} | dict(first.parameters))

    def class_rows(self) -> list[Row]:
        """Return one row per class, a column a scheme."""
        first = max(self.weights, key=lambda one: len(one.classes))
        rows = [
            {key: row[key] for key in ("label", "index", "count")} for row in first.class_rows()
        ]
        for one in self.weights:
            by_class = one.by_class
            for row in rows:
                row[one.scheme] = by_class.get(row["label"])
        return rows

    def scheme_rows(self) -> list[Row]:
        """Return one row per scheme: what its weights amount to."""
        return [
            {
                "scheme": one.scheme,
                "kind": one.kind.value,
                "largest_ratio": largest_ratio(one),
                "effective_sample_size": one.effective_sample_size,
                "effective_share": None
                if one.effective_sample_size is None
                else one.effective_sample_size / math.fsum(one.samples or ()),
                "rarest_class": None if (k := rarest(one)) is None else one.classes[k],
                "rarest_weight_share": rarest_weight_share(one),
                "capped_classes": one.capped,
            }
            for one in self.weights
        ]

    def to_frame(self) -> pd.DataFrame:
        """Return one row per class as a pandas frame."""
        return to_frame(self.class_rows())

    def to_dict(self) -> Row:
        """Return the document of the contract ``wcetool.scheme-comparison/1``."""
        undefined = {}
        for one in self.weights:
            if "effective_sample_size" in one.undefined:
                reason = f"{one.scheme}: {one.undefined['effective_sample_size']}"
                undefined["schemes.effective_sample_size"] = reason
                undefined["schemes.effective_share"] = reason
            if rarest_weight_share(one) is None:
                reason = f"{one.scheme}: a {one.kind.value} weighs no samples"
                undefined["schemes.rarest_weight_share"] = reason
            if largest_ratio(one) is None:
                undefined["schemes.largest_ratio"] = f"{one.scheme}: offsets have no ratio"
        return {
            "schema": COMPARISON_SCHEMA,
            "schemes": self.scheme_rows(),
            "weights": [one.to_dict() for one in self.weights],
            "undefined": undefined,
            "notes": list(self.notes),
            "warnings": list(self.warnings),
            "signature": self.signature,
        }


def largest_ratio(weights: ClassWeights) -> float | None:
    """Return the largest weight over the smallest one above 0; None for offsets, or without any."""
    positive = [weight for weight in weights.weight if weight > 0]
    if not positive or weights.kind is Kind.LOGIT_OFFSET:
        return None
    return max(positive) / min(positive)


def rarest(weights: ClassWeights) -> int | None:
    """Return the index of the rarest class that occurs; None without counts."""
    samples = weights.samples or ()
    present = [index for index, count in enumerate(samples) if count > 0]
    return min(present, key=lambda index: samples[index], default=None)


def rarest_weight_share(weights: ClassWeights) -> float | None:
    """Return which share of the weight of all samples those of the rarest class carry."""
    index = rarest(weights)
    if index is None or weights.kind is not Kind.CLASS:
        return None
    samples: Sequence[float] = weights.samples or ()
    mass = [count * weight for count, weight in zip(samples, weights.weight, strict=True)]
    total = math.fsum(mass)
    return mass[index] / total if total > 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Identification:
    """Which schemes reproduce weights that came without a word.

    Attributes
    ----------
    given : ClassWeights
        The weights.
    source : str
        Where they came from.
    matches : tuple of Match
        The nearest first.
    inverted : bool
        Whether the weights grow with the counts, as shares do.
    shares : bool
        Whether they are the shares of the classes, but for a factor and rounding.
    """

    given: ClassWeights
    source: str
    matches: tuple[Match, ...]
    inverted: bool
    shares: bool = False
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    parameters: dict[str, str] = field(default_factory=dict)

    @property
    def signature(self) -> str:
        """How the numbers came about, in one line."""
        fields = {"weights": self.source, "classes": len(self.given.classes)}
        return signature("identify", fields | self.parameters)

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names, in the order of the weights."""
        return self.given.classes

    @property
    def reproducing(self) -> list[Match]:
        """The schemes that reproduce the weights."""
        return [match for match in self.matches if match.reproduces]

    def class_rows(self) -> list[Row]:
        """Return one row per scheme."""
        return [
            {
                "scheme": str(match.scheme),
                "normalization": None if match.normalization is None else match.normalization.value,
                "factor": match.factor,
                "deviation": match.deviation,
                "reproduces": match.reproduces,
            }
            for match in self.matches
        ]

    def to_dict(self) -> Row:
        """Return the document of the contract ``wcetool.identification/1``."""
        by_ratio = any(match.normalization is None for match in self.matches)
        return {
            "schema": IDENTIFICATION_SCHEMA,
            "weights": self.source,
            "classes": self.given.class_rows(),
            "matches": self.class_rows(),
            "inverted": self.inverted,
            "shares": self.shares,
            "undefined": {"matches.normalization": "only the ratios can agree"} if by_ratio else {},
            "notes": list(self.notes),
            "warnings": list(self.warnings),
            "parameters": self.parameters,
            "signature": self.signature,
        }
