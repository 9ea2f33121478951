"""Class counts and what they say about imbalance.

`LabelTally` is the mergeable state of counting; `ClassCounts` puts it in class order; `measure`
computes the measures. What is not here: reading labels, class weights.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np

from wcetool.core.arrays import BoolArray, FloatArray, IntArray
from wcetool.core.exact import exact_sum
from wcetool.errors import InputError, UsageError, quoted

_INTEGER = re.compile(r"[+-]?[0-9]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class LabelTally:
    """How often each label was seen; add tallies to merge."""

    counts: Mapping[str, int] = field(default_factory=dict)
    missing: int = 0

    def __add__(self, other: LabelTally) -> LabelTally:
        small, large = sorted((self.counts, other.counts), key=len)
        merged = dict(large)
        for label, count in small.items():
            merged[label] = merged.get(label, 0) + count
        return LabelTally(merged, self.missing + other.missing)

    def to_dict(self) -> dict[str, Any]:
        """Return the state in the form that JSON keeps exactly."""
        return {"counts": dict(self.counts), "missing": self.missing}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> LabelTally:
        """Restore what `to_dict` returned."""
        return cls(dict(data["counts"]), data["missing"])

    @property
    def labelled(self) -> int:
        """Rows with a label."""
        return sum(self.counts.values())

    @property
    def rows(self) -> int:
        """Rows, those with a missing label included."""
        return self.labelled + self.missing


@dataclass(frozen=True, slots=True, eq=False)
class ClassCounts:
    """Labels per class, in class order.

    Attributes
    ----------
    classes : tuple of str, shape (n_classes,)
        Class names; the only carrier of order.
    count : int64 array of shape (n_classes,)
        Rows with each class; 0 for a declared class that does not occur.
    weight_sum : float64 array of shape (n_classes,), or None
        Sums of the sample weights of those rows, where they have any.
    known : int64 array of shape (n_classes,), or None
        Rows in which it is known whether the label holds, where a row has any number of labels;
        None where each row has one class.
    smoothing : float
        What is added to every count before a scheme sees it, at least 0.
    """

    classes: tuple[str, ...]
    count: IntArray
    weight_sum: FloatArray | None = None
    known: IntArray | None = None
    smoothing: float = 0.0

    @classmethod
    def from_tally(cls, tally: LabelTally, classes: Sequence[str] | None = None) -> ClassCounts:
        """Order a tally: by `classes` where declared, else by `class_order`.

        Raises
        ------
        InputError
            If a label is not among the declared classes.
        """
        if classes is None:
            order = class_order(tally.counts)
        else:
            order = tuple(classes)
            unknown = sorted(set(tally.counts) - set(order))
            if unknown:
                raise InputError(
                    f"{len(unknown):,} labels are not among the {len(order):,} declared classes"
                    if len(unknown) > 1
                    else f"label {quoted(unknown)} is not among the {len(order):,} declared "
                    "classes",
                    details=(f"labels: {quoted(unknown)}", f"classes: {quoted(order)}"),
                    hint="--strip takes the white space off"
                    if {label.strip() for label in order} >= set(unknown)
                    else "--classes with every label, or --missing for labels that mean no label",
                )
        counts = [tally.counts.get(label, 0) for label in order]
        if sum(counts) > np.iinfo(np.int64).max:
            raise InputError("the counts sum to more than 2^63 - 1")
        return cls(order, np.array(counts, dtype=np.int64))

    @property
    def n_classes(self) -> int:
        """Number of classes, absent ones included."""
        return len(self.classes)

    @property
    def n_samples(self) -> int:
        """Number of labels."""
        return int(self.count.sum())

    @property
    def samples(self) -> FloatArray | IntArray:
        """The counts, or the sums of sample weights where there are any."""
        return self.count if self.weight_sum is None else self.weight_sum

    @property
    def mass(self) -> FloatArray | IntArray:
        """What formulas take for n_i: the samples of each class, smoothed if asked."""
        if not self.smoothing:
            return self.samples
        smoothed: FloatArray = self.samples.astype(np.float64) + self.smoothing
        return smoothed

    @property
    def total(self) -> float | IntArray:
        """What formulas take for N: the sum of the masses; the known rows of each label."""
        if self.known is not None:
            return self.known
        if self.weight_sum is None and not self.smoothing:
            return self.n_samples
        return exact_sum(self.mass.astype(np.float64))

    @property
    def present(self) -> BoolArray:
        """Which classes have any mass, bool array of shape (n_classes,)."""
        found: BoolArray = self.mass > 0
        return found

    def only(self, keep: IntArray) -> ClassCounts:
        """Keep some classes, by index."""
        return ClassCounts(
            classes=tuple(self.classes[i] for i in keep.tolist()),
            count=self.count[keep],
            weight_sum=None if self.weight_sum is None else self.weight_sum[keep],
            known=None if self.known is None else self.known[keep],
            smoothing=self.smoothing,
        )

    def only_present(self) -> ClassCounts:
        """Leave out the classes that do not occur."""
        return self.only(np.flatnonzero(self.present))


def class_order(labels: Iterable[str]) -> tuple[str, ...]:
    """Sort labels: integers by number, then all others by code point.

    `2` stands before `10`, and `-1` before `0`. Two spellings of one number (`1`, `01`) are ordered
    by code point.
    """
    return tuple(sorted(labels, key=_order_key))


def is_integer(label: str) -> bool:
    """Tell whether a label is written as an integer."""
    return _INTEGER.fullmatch(label) is not None


def _order_key(label: str) -> tuple[bool, Decimal, str]:
    # Decimal, since int() refuses texts of more than 4,300 digits.
    return (False, Decimal(label), label) if is_integer(label) else (True, Decimal(0), label)


@dataclass(frozen=True, slots=True, kw_only=True)
class Imbalance:
    """Measures of imbalance, over the classes that occur."""

    classes: int
    absent_classes: int
    ratio: float  # largest count / smallest count, at least 1
    entropy: float  # of the class shares, nats
    evenness: float  # entropy / ln(classes), in [0, 1]; 1 for a single class
    effective_classes: float  # 1 / sum of squared shares, in [1, classes]
    gini: float  # coefficient of the counts, in [0, 1 - 1/classes]
    minority_share: float  # share of the rarest class


def measure(counts: ClassCounts) -> Imbalance:
    """Measure the imbalance of class counts.

    Parameters
    ----------
    counts : ClassCounts
        At least one class occurs. Classes with count 0 are left out of every measure.

    Returns
    -------
    Imbalance
        Ratio, effective classes, Gini coefficient and minority share are integer quotients, rounded
        once. The entropy is a `math.fsum` of p ln p, within 1e-15 of the exact value per nat.

    Raises
    ------
    InputError
        If no class occurs.

    Notes
    -----
    Source: entropy and evenness, Pielou 1966; effective classes, Simpson 1949 (the Hill number of
    order 2); Gini coefficient of the counts, sum((2i - K - 1) n_i) / (K N) with counts ascending.

    Examples
    --------
    >>> import numpy as np
    >>> m = measure(ClassCounts(("A", "B", "C", "D"), np.array([198, 436, 710, 272])))
    >>> round(m.ratio, 6), round(m.entropy, 6), round(m.gini, 6)
    (3.585859, 1.271963, 0.262995)
    """
    present = sorted(counts.count[counts.present].tolist())
    if not present:
        raise InputError("no class has any labels")
    n_classes, n_samples = len(present), sum(present)
    balanced = present[0] == present[-1]
    entropy = (
        math.log(n_classes)
        if balanced
        else -math.fsum(n / n_samples * math.log(n / n_samples) for n in present)
    )
    spread = sum((2 * i - n_classes - 1) * n for i, n in enumerate(present, start=1))
    return Imbalance(
        classes=n_classes,
        absent_classes=counts.n_classes - n_classes,
        ratio=present[-1] / present[0],
        entropy=entropy,
        evenness=1.0 if balanced else entropy / math.log(n_classes),
        effective_classes=n_samples**2 / sum(n * n for n in present),
        gini=spread / (n_classes * n_samples),
        minority_share=present[0] / n_samples,
    )


@dataclass(frozen=True, slots=True)
class Buckets:
    """The bounds that sort classes by their count: many, medium, few.

    many: count > `many`; medium: `few` <= count <= `many`; few: count < `few`. These are the edges
    of the code of Kang et al. 2020 (Decoupling). The code of Liu et al. 2019 (OLTR) has the same
    bounds with the other edges: a class of exactly 100 samples is many there, of exactly 20 few.
    """

    many: int = 100
    few: int = 20

    @classmethod
    def of(cls, bounds: str | Sequence[int] | None) -> Buckets:
        """Take the two bounds; None is the default.

        Raises
        ------
        UsageError
            As `parse`.
        """
        if bounds is None:
            return cls()
        return cls.parse(bounds if isinstance(bounds, str) else ",".join(map(str, bounds)))

    @classmethod
    def parse(cls, text: str) -> Buckets:
        """Read `100,20`.

        Raises
        ------
        UsageError
            If `text` is not two integers, the larger one first, the smaller at least 1.
        """
        bounds = text.split(",")
        if len(bounds) == 2 and all(is_integer(bound.strip()) for bound in bounds):
            many, few = (int(bound) for bound in bounds)
            if many >= few >= 1:
                return cls(many, few)
        raise UsageError(
            f"{text!r} is not two counts, the larger one first",
            where="--buckets",
            hint="--buckets 100,20",
        )

    def __str__(self) -> str:
        return f"{self.many},{self.few}"

    @property
    def rule(self) -> str:
        """The bounds in words, edges included."""
        return f"many > {self.many}, medium {self.few} to {self.many}, few < {self.few}"

    def sort(self, counts: ClassCounts) -> dict[str, int]:
        """Count the classes that occur by bucket."""
        present = counts.count[counts.present]
        many, few = int((present > self.many).sum()), int((present < self.few).sum())
        return {"many": many, "medium": len(present) - many - few, "few": few}
