"""Checks of class weights by themselves: what their file says of them."""

from __future__ import annotations

import math

from wcetool.api.check_subject import (
    HASH_SHOWN,
    SAME,
    Subject,
    largest_change,
    no_factor,
    nothing,
    numbers_of,
    outcome,
)
from wcetool.api.recomputing import Unknown, own_counts, recomputation_of, scheme_that_gives
from wcetool.core.schemes import Kind, parse_scheme
from wcetool.core.vocabulary import CheckName, Normalization
from wcetool.errors import UsageError, short_repr
from wcetool.results.check import Check
from wcetool.results.weights import ClassWeights


def ratio(subject: Subject) -> Check:
    """Compare the largest weight with the smallest."""
    weights = subject.weights
    expected = f"at most {subject.max_ratio:g} times the smallest"
    if not weights.kind.is_factor:
        return nothing(CheckName.RATIO, no_factor(weights), expected)
    positive = {label: one for label, one in weights.by_class.items() if one > 0}
    if not positive:
        return nothing(CheckName.RATIO, "no weight is above 0", expected)
    largest, smallest = (
        max(positive, key=positive.__getitem__),
        min(positive, key=positive.__getitem__),
    )
    ratio = positive[largest] / positive[smallest]
    return outcome(
        CheckName.RATIO,
        ratio <= subject.max_ratio,
        f"{short_repr(largest)} weighs {ratio:.6g} times {short_repr(smallest)}"
        if len(positive) > 1
        else "one weight above 0",
        expected,
        "wcetool weights --cap RATIO, or --max-ratio here",
    )


def normalization(subject: Subject) -> Check:
    """See whether the weights are scaled as their file says."""
    weights, name = subject.weights, CheckName.NORMALIZATION
    how = weights.normalization
    if how is Normalization.AS_PUBLISHED:
        try:
            how = parse_scheme(weights.scheme).scheme.published
        except UsageError:
            how = Normalization.NONE
    expected = f"normalization {how.value}"
    if weights.kind is not Kind.CLASS:
        return nothing(name, no_factor(weights), expected)
    if how is Normalization.NONE:
        return nothing(name, "nothing is said of the scale", expected)
    if "set" in weights.parameters:
        return nothing(name, "weights were set by hand over the scheme", expected)
    if how is Normalization.SAMPLE_MEAN_1 and weights.samples is None:
        return nothing(name, "the weights came without counts", expected)
    unit = _unit(weights, how)
    if unit is None:
        return nothing(name, "there are no weights above 0, or no samples", expected)
    return outcome(
        name,
        math.isclose(unit, 1.0, rel_tol=SAME),
        f"{_UNITS[how]} {unit:.9g}",
        f"{expected}: 1",
        subject.again,
    )


_UNITS = {
    Normalization.SUM_1: "the weights sum to",
    Normalization.MEAN_1: "the mean weight above 0 is",
    Normalization.SAMPLE_MEAN_1: "the mean weight of a sample is",
    Normalization.MIN_1: "the smallest weight above 0 is",
    Normalization.MAX_1: "the largest weight is",
}


def _unit(weights: ClassWeights, how: Normalization) -> float | None:
    """Return what the normalization sets to 1; None where there is nothing to scale."""
    positive = [weight for weight in weights.weight if weight > 0]
    if not positive:
        return None
    largest = max(positive)
    if how in (Normalization.MIN_1, Normalization.MAX_1):
        return min(positive) if how is Normalization.MIN_1 else largest
    # In units of the largest, of which no sum is beyond float64.
    if how is not Normalization.SAMPLE_MEAN_1:
        total = math.fsum(weight / largest for weight in positive) * largest
        return total if how is Normalization.SUM_1 else total / len(positive)
    samples = weights.samples or ()
    mass = math.fsum(w / largest * n for w, n in zip(weights.weight, samples, strict=True))
    return mass / math.fsum(samples) * largest if any(samples) else None


def counts_hash(subject: Subject) -> Check:
    """See whether the counts in the file are those that its hash was made of."""
    weights, name = subject.weights, CheckName.COUNTS_HASH
    expected = "counts with the hash that the file holds"
    if weights.counts_sha256 is None:
        return nothing(name, "the weights came without counts", expected)
    if subject.stored_sha256 is None:
        return nothing(name, "the weights came without a hash of their counts", expected)
    return outcome(
        name,
        weights.counts_sha256 == subject.stored_sha256,
        f"SHA-256 {weights.counts_sha256[:HASH_SHOWN]}…",
        f"SHA-256 {subject.stored_sha256[:HASH_SHOWN]}…, as the file says",
        f"the file was edited: {subject.again}",
    )


def scheme(subject: Subject) -> Check:
    """Compute the weights again, from the counts in their file."""
    weights, name = subject.weights, CheckName.SCHEME
    expected = f"the weights of {weights.scheme} from the counts in the file"
    counts, recomputation = own_counts(weights), recomputation_of(weights)
    if isinstance(recomputation, Unknown):
        return nothing(name, recomputation.reason, expected)
    if counts is None:
        return nothing(name, "the weights came without counts", expected)
    again = recomputation.weights(counts)
    if isinstance(again, Unknown):
        return outcome(name, False, f"it has none: {again.reason}", expected, subject.again)
    label, change = largest_change(numbers_of(weights), again)
    if change <= SAME:
        return outcome(name, True, f"the same within {SAME:g} of each", expected, None)
    found = f"{short_repr(label)} has {weights.by_class[label]:.6g}, not {_first(again, label)}"
    other = scheme_that_gives(weights, counts)
    if other is not None:
        found += f"; the weights are those of {other}"
    return outcome(name, False, found, expected, f"they were edited: {subject.again}")


def _first(numbers: dict[str, tuple[float, ...]], label: str) -> str:
    return f"{numbers[label][0]:.6g}" if label in numbers else "a class of its own"
