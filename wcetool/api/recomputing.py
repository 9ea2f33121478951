"""Weights computed again, from what their file says of how they came about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from wcetool.core.arrays import FloatArray
from wcetool.core.distribution import ClassCounts
from wcetool.core.identification import identify
from wcetool.core.schemes import Kind, parse_scheme
from wcetool.core.schemes.evidence import Evidence
from wcetool.core.schemes.registry import Need
from wcetool.core.vocabulary import Normalization, ZeroCount
from wcetool.core.weighting import Recipe, weigh
from wcetool.errors import WceError
from wcetool.results.weights import ClassWeights

_NUMBERS = {"max-weight": "max_weight", "min-weight": "min_weight", "smoothing": "smoothing"}
_NOT_KEPT = (Need.PRIOR, Need.COSTS, Need.GROUPS)
MOST_IDENTIFIED = 200  # classes


@dataclass(frozen=True, slots=True)
class Unknown:
    """Why weights cannot be computed again."""

    reason: str


@dataclass(frozen=True, slots=True)
class Recomputation:
    """How to compute weights again."""

    recipe: Recipe
    positive: str | None

    def weights(self, counts: ClassCounts) -> dict[str, tuple[float, ...]] | Unknown:
        """Return weights by label, with the factor of the negative terms where there is one."""
        if not counts.present.any():
            return Unknown("no class has samples")
        evidence = Evidence()
        if self.positive in counts.classes:
            evidence = Evidence(positive=counts.classes.index(self.positive))
        try:
            found = weigh(counts, self.recipe, evidence)
        except WceError as error:
            return Unknown(error.message)
        columns = [found.class_weight.tolist()]
        if found.negative_weight is not None:
            columns.append(found.negative_weight.tolist())
        return dict(zip(found.counts.classes, zip(*columns, strict=True), strict=True))


def recomputation_of(weights: ClassWeights) -> Recomputation | Unknown:
    """Read the recipe of weights."""
    told = weights.parameters
    try:
        call = parse_scheme(weights.scheme)
    except WceError as error:
        return Unknown(error.message)
    if call.scheme.takes_weights:
        return Unknown("scheme 'manual' takes the weights as they are given")
    if call.scheme.kind.is_of_sets:
        return Unknown("the weights are of rows")
    lacking = [
        need
        for need in _NOT_KEPT
        if need in call.scheme.needs or (need in call.scheme.uses and need.value[2:] in told)
    ]
    if lacking:
        return Unknown(f"the file does not hold what {lacking[0].value} gave")
    if Need.POSITIVE in call.scheme.needs and told.get("positive-class") not in weights.classes:
        return Unknown("the file does not name the positive class")
    try:
        cap = told.get("cap", "none")
        bounds = {name: float(told[key]) for key, name in _NUMBERS.items() if _given(told, key)}
        recipe = Recipe(
            scheme=call,
            normalize=weights.normalization,
            cap=None if cap == "none" else float(cap),
            zero_count=ZeroCount(told.get("zero", ZeroCount.ERROR)),
            given=_set_by_hand(weights),
            **bounds,
        )
    except (ValueError, WceError) as error:
        return Unknown(f"its parameters do not read back: {error}")
    return Recomputation(recipe, told.get("positive-class"))


def _given(told: Mapping[str, str], key: str) -> bool:
    return told.get(key, "none") != "none"


def _set_by_hand(weights: ClassWeights) -> dict[str, float]:
    """Return the weights that were set over the scheme: those that the parameters hold as text."""
    text = weights.parameters.get("set", "")
    return {
        label: weight
        for label, weight in weights.by_class.items()
        if text and f"{label}={weight!r}" in text
    }


def own_counts(weights: ClassWeights) -> ClassCounts | None:
    """Return the counts that weights come with; None where there are none."""
    if weights.count is None:
        return None
    return ClassCounts(
        classes=weights.classes,
        count=np.array(weights.count, dtype=np.int64),
        weight_sum=None if weights.weight_sum is None else np.array(weights.weight_sum),
        known=None if weights.known is None else np.array(weights.known, dtype=np.int64),
    )


def scheme_that_gives(weights: ClassWeights, counts: ClassCounts) -> str | None:
    """Name the scheme that does give some weights; None where none is known."""
    weight: FloatArray = np.array(weights.weight)
    if (
        weights.kind is not Kind.CLASS
        or not counts.present.all()
        or not (weight > 0).any()
        or not 2 <= len(weight) <= MOST_IDENTIFIED
    ):
        return None
    with np.errstate(over="ignore", invalid="ignore"):  # weights may be as large as floats are
        found = next((one for one in identify(weight, counts) if one.reproduces), None)
    if found is None:
        return None
    if found.normalization is None:
        return f"{found.scheme}, times {found.factor:.6g}"
    if found.normalization is Normalization.AS_PUBLISHED:
        return str(found.scheme)
    return f"{found.scheme}, scaled to {found.normalization.value}"
