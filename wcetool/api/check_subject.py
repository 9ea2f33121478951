"""What a check is given, and what it is made of; the checks are in the modules beside this one."""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from wcetool.core.distribution import ClassCounts
from wcetool.core.vocabulary import CheckName, Normalization
from wcetool.results.check import Check
from wcetool.results.weights import ClassWeights

SAME = 2e-7  # relative: what weights lose that went through float32
HASH_SHOWN = 12
_ASKED_FOR = {
    "declared": "--classes",
    "cap": "--cap",
    "max-weight": "--max-weight",
    "min-weight": "--min-weight",
    "smoothing": "--smoothing",
    "zero": "--zero-count",
    "positive-class": "--positive-class",
}


_READ_WITH = ("label-column", "label-separator", "uncertain")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is checked.

    Attributes
    ----------
    weights : ClassWeights
        The weights.
    counts : ClassCounts
        The labels of the data, in class order.
    score_classes : tuple of str or None
        The classes that have scores, in the order of the file; None where there are no scores.
    declared : bool
        The data came with declared classes, and so with an order of their own.
    max_ratio : float
        That of the largest weight to the smallest.
    stored_sha256 : str or None
        The hash of the counts that the weight file holds.
    files : tuple of str
        The paths of the data; none for data in memory.
    read : mapping of str to str
        How the labels were read.
    """

    weights: ClassWeights
    counts: ClassCounts
    score_classes: tuple[str, ...] | None
    declared: bool
    max_ratio: float
    stored_sha256: str | None
    files: tuple[str, ...]
    read: Mapping[str, str]

    @property
    def by_count(self) -> dict[str, int]:
        """Labels of the data by class."""
        return dict(zip(self.counts.classes, self.counts.count.tolist(), strict=True))

    @property
    def again(self) -> str:
        """What computes the weights anew, as they were asked for."""
        weights, told = self.weights, self.weights.parameters
        words = ["wcetool", "weights", *(self.files or ("LABELS",))]
        for key in _READ_WITH:
            if key in self.read:
                words += [f"--{key}", self.read[key]]
        if (weights.known is not None) is (self.counts.known is not None):
            words += ["--scheme", weights.scheme]  # else the default one for such rows
        if weights.normalization is not Normalization.AS_PUBLISHED and weights.scheme != "manual":
            words += ["--normalize", weights.normalization.value]
        for key, option in _ASKED_FOR.items():
            if not told.get(key, "none").startswith(("none", "error", "sha256:")):
                words += [option, told[key]]
        if "set" in told or weights.scheme == "manual":
            words += ["--set", "LABEL=WEIGHT"]
        return shlex.join([*words, "-o", weights.source or "weights.json"])


def nothing(name: CheckName, reason: str, expected: str) -> Check:
    """Say that there is nothing to check."""
    return Check(check=name, passed=None, found=reason, expected=expected)


def outcome(name: CheckName, passed: bool, found: str, expected: str, hint: str | None) -> Check:
    """Say what came out; the hint is for failures."""
    return Check(
        check=name, passed=passed, found=found, expected=expected, hint=None if passed else hint
    )


def numbers_of(weights: ClassWeights) -> dict[str, tuple[float, ...]]:
    """Return the numbers of each class."""
    columns = [weights.weight]
    if weights.negative_weight is not None:
        columns.append(weights.negative_weight)
    return dict(zip(weights.classes, zip(*columns, strict=True), strict=True))


def largest_change(
    before: dict[str, tuple[float, ...]], after: dict[str, tuple[float, ...]]
) -> tuple[str, float]:
    """Return the class whose number differs most, relative to the larger one, and by how much."""
    worst, most = "", -1.0
    for label in dict.fromkeys((*before, *after)):
        if label not in before or label not in after:
            return label, math.inf
        pairs = list(zip(before[label], after[label], strict=False))
        change = max((abs(a - b) / max(abs(a), abs(b)) for a, b in pairs if a != b), default=0.0)
        if change > most:
            worst, most = label, change
    return worst, most


def no_factor(weights: ClassWeights) -> str:
    """Say why a check of factors has nothing to do."""
    return f"the numbers are of the kind {weights.kind.value}"
