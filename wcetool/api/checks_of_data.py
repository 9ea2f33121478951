"""Checks of class weights against the data."""

from __future__ import annotations

import math
import shlex

from wcetool.api.check_subject import (
    HASH_SHOWN,
    Subject,
    largest_change,
    no_factor,
    nothing,
    numbers_of,
    outcome,
)
from wcetool.api.recomputing import Unknown, recomputation_of
from wcetool.core.schemes import Kind
from wcetool.core.vocabulary import CheckName
from wcetool.errors import counted, quoted, short_repr
from wcetool.results.check import Check
from wcetool.results.weights import pairs_sha256

MOST_LISTED = 20  # classes
_OF_LABELS = (Kind.LABEL, Kind.ROW, Kind.ROW_LABEL)


def kind(subject: Subject) -> Check:
    """See whether the numbers are for such data."""
    weights = subject.weights
    of_labels = weights.kind in _OF_LABELS or weights.known is not None
    multilabel = subject.counts.known is not None
    if of_labels and not multilabel:
        passed, hint = False, "labels with any number a row, or the weights of another scheme"
    else:
        passed = not (multilabel and weights.count is not None and not of_labels)
        hint = subject.again
    expected = "numbers for rows of " + ("any number of labels" if multilabel else "one class")
    if subject.score_classes is not None and not weights.kind.is_factor:
        passed, expected = False, "factors of the loss, which predictions are scored with"
        hint = "--allow kind, where the numbers are for training alone"
    found = f"the numbers are of the kind {weights.kind.value}"
    if weights.known is not None:
        found += ", of rows with any number of labels"
    return outcome(CheckName.KIND, passed, found, expected, hint)


def missing_classes(subject: Subject) -> Check:
    """Look for classes of the data that have no weight."""
    known = set(subject.weights.classes)
    by_count = subject.by_count
    without = [label for label, count in by_count.items() if count and label not in known]
    unscored = [label for label in subject.score_classes or () if label not in known | set(without)]
    found = f"{quoted(without)} without a weight" if without else ""
    if without:
        found += f", in {counted(sum(by_count[label] for label in without), 'row')}"
    if unscored:
        found += f"{'; ' if found else ''}{quoted(unscored)} with scores and without a weight"
    return outcome(
        CheckName.MISSING_CLASSES,
        not found,
        found or f"{counted(len(by_count), 'class', 'classes')} with weights",
        "a weight for every class of the data",
        subject.again,
    )


def extra_classes(subject: Subject) -> Check:
    """Look for weights of classes that the data do not have."""
    weights = subject.weights
    here = {*subject.counts.classes, *(subject.score_classes or ())}
    counts = weights.count or (None,) * len(weights.classes)
    extra = [
        label
        for label, count in zip(weights.classes, counts, strict=True)
        if label not in here and count != 0
    ]
    return outcome(
        CheckName.EXTRA_CLASSES,
        not extra,
        f"{quoted(extra)} not in the data"
        if extra
        else f"{counted(len(weights.classes), 'weight')} with classes",
        "a class of the data for every weight",
        "--classes with every class, where some do not occur in these rows",
    )


def order(subject: Subject) -> Check:
    """Compare the order of the classes with that of the data, or of the score columns."""
    scored = subject.score_classes is not None
    theirs = subject.score_classes or subject.counts.classes
    both = set(theirs) & set(subject.weights.classes)
    ours = [label for label in subject.weights.classes if label in both]
    wanted = [label for label in theirs if label in both]
    what = "the score columns" if scored else "the classes of the data"
    expected = f"weights in the order of {what}, as frameworks take them by position"
    if not scored and not subject.declared and "declared" in subject.weights.parameters:
        reason = "the weights have a declared order, and the data none (--classes)"
        return nothing(CheckName.ORDER, reason, expected)
    wrong = [(a, b) for a, b in zip(ours, wanted, strict=True) if a != b]
    found = f"the order of {what}"
    if wrong:
        place = ours.index(wrong[0][0])
        found = (
            f"weight {place} is of {short_repr(wrong[0][0])}; in the order of {what} it is of "
            f"{short_repr(wrong[0][1])}"
        )
    return outcome(
        CheckName.ORDER,
        not wrong,
        found,
        expected,
        f"wcetool weights --classes {_listed(wanted)}; or --allow order, where weights are taken "
        "by name",
    )


def _listed(classes: list[str]) -> str:
    """Write classes as `--classes` takes them, if that is a short text."""
    if len(classes) > MOST_LISTED or any("," in label for label in classes):
        return "FILE, with a class a line in that order"
    return shlex.quote(",".join(classes))


def zero_weights(subject: Subject) -> Check:
    """Look for classes that occur and weigh nothing."""
    weights, by_count = subject.weights, subject.by_count
    expected = "a weight above 0 for every class that occurs"
    if not weights.kind.is_factor:
        return nothing(CheckName.ZERO_WEIGHTS, no_factor(weights), expected)
    zero = [
        label
        for label, weight in weights.by_class.items()
        if weight == 0.0 and by_count.get(label, 0)
    ]
    rows = sum(by_count[label] for label in zero)
    return outcome(
        CheckName.ZERO_WEIGHTS,
        not zero,
        f"{quoted(zero)} with weight 0: {counted(rows, 'row')} would not count"
        if zero
        else "no class that occurs weighs 0",
        expected,
        "--allow zero-weights, where these classes are to be left out",
    )


def counts(subject: Subject) -> Check:
    """Compare the counts with those of the data, which may have changed since."""
    weights, name = subject.weights, CheckName.COUNTS
    expected = "the counts that the weights were computed from"
    if weights.count is None:
        return nothing(name, "the weights came without counts", expected)
    if subject.score_classes is not None:
        reason = "predictions need not be of the rows that the weights were computed from"
        return nothing(name, reason, expected)
    before = dict(zip(weights.classes, weights.count, strict=True))
    now = subject.by_count
    here = pairs_sha256((label, n) for label, n in now.items() if n)
    there = pairs_sha256((label, n) for label, n in before.items() if n)
    changed = [
        label
        for label in dict.fromkeys((*before, *now))
        if before.get(label, 0) != now.get(label, 0)
    ]
    if not changed:
        return outcome(name, True, f"SHA-256 {here[:HASH_SHOWN]}…", expected, None)
    changed.sort(key=lambda label: -_shift(before.get(label, 0), now.get(label, 0)))
    most = ", ".join(
        f"{short_repr(label)} {before.get(label, 0):,} → {now.get(label, 0):,}"
        for label in changed[:3]
    )
    found = (
        f"SHA-256 {here[:HASH_SHOWN]}…, not {there[:HASH_SHOWN]}…: "
        f"{counted(len(changed), 'class has', 'classes have')} other counts, most of all {most}"
    )
    return outcome(name, False, found + _new_weights(subject), expected, subject.again)


def _new_weights(subject: Subject) -> str:
    """Say how much the weights would change."""
    recomputation = recomputation_of(subject.weights)
    if isinstance(recomputation, Unknown) or subject.weights.weight_sum is not None:
        return ""
    again = recomputation.weights(subject.counts)
    if isinstance(again, Unknown):
        return ""
    label, change = largest_change(numbers_of(subject.weights), again)
    if change == math.inf:
        return ""
    return f"; no weight would change by more than {100 * change:.3g} % ({short_repr(label)})"


def _shift(before: int, now: int) -> float:
    """Measure how much a count changed, so that rare classes are not forgotten."""
    return abs(math.log((now + 0.5) / (before + 0.5)))
