"""Class counts: how many samples each class has.

`LabelTally` is the mergeable state of counting; `ClassCounts` puts it in class order; `Buckets`
sorts classes by size. What is not here: reading labels, measures of imbalance, class weights.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import numpy as np

from wcetool.core.arrays import BoolArray, FloatArray, IntArray
from wcetool.core.exact import DyadicWeights, exact_sum
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
    def whole_samples(self) -> list[int]:
        """The samples of each class as integers in proportion: shares of them are exact."""
        if self.weight_sum is None:
            return [int(n) for n in self.count.tolist()]
        return list(DyadicWeights.of(self.weight_sum.tolist()).numerators)

    @property
    def mass(self) -> FloatArray:
        """What formulas take for n_i: the samples of each class, smoothed if asked, in float64."""
        mass: FloatArray = self.samples.astype(np.float64)  # products of integers may overflow
        if self.smoothing:
            mass += self.smoothing
        return mass

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


@dataclass(frozen=True, slots=True)
class Buckets:
    """The bounds that sort classes by their count: many, medium, few.

    many: count > `many`; medium: `few` <= count <= `many`; few: count < `few`. `NAMED_BUCKETS` are
    the edges of published code, all of them in this form.
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
        """Read `100,20`, or a name of `NAMED_BUCKETS`.

        Raises
        ------
        UsageError
            If `text` is neither a name nor two integers, the larger one first, the smaller at
            least 1.
        """
        named = NAMED_BUCKETS.get(text.casefold())
        if named is not None:
            return named
        bounds = text.split(",")
        if len(bounds) == 2 and all(is_integer(bound.strip()) for bound in bounds):
            many, few = (int(bound) for bound in bounds)
            if many >= few >= 1:
                return cls(many, few)
        raise UsageError(
            f"{text!r} is neither two counts, the larger one first, nor a name",
            where="--buckets",
            details=(f"names: {', '.join(NAMED_BUCKETS)}",),
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


NAMED_BUCKETS: Mapping[str, Buckets] = MappingProxyType(
    {
        "kang": Buckets(100, 20),  # Kang et al. 2020 (Decoupling), code: > 100, 20 to 100, < 20
        "oltr": Buckets(99, 21),  # Liu et al. 2019 (OLTR), code: >= 100, 21 to 99, <= 20
        "lvis": Buckets(100, 11),  # Gupta et al. 2019 (LVIS): > 100, 11 to 100, 1 to 10
    }
)
