"""What a framework's loss is called with, and what it returns before and after reduction."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from wcetool.core.arrays import FloatArray
from wcetool.core.exact import ExactSum
from wcetool.core.vocabulary import InputKind
from wcetool.errors import InputError, UsageError

Options: TypeAlias = Mapping[str, Any]


class Target(StrEnum):
    """What the targets are."""

    INDEX = "index"  # a class a row
    SOFT = "soft"  # a row of any numbers, one a class
    BINARY = "binary"  # a number a row
    MULTILABEL = "multilabel"  # a number a row and label


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Examples:
    """Targets and scores, and the weights that go with them.

    Attributes
    ----------
    y : array of shape (n_samples,), (n_samples, 1) or (n_samples, n_classes)
        int64 classes, else float64 numbers.
    scores : float64 array of shape (n_samples,), (n_samples, 1) or (n_samples, n_classes)
        Probabilities or logits, rounded to `dtype`.
    target : Target
        What `y` is.
    kind : InputKind
        What the scores are.
    dtype : NumPy dtype
        float16, float32 or float64: the type that the framework computes in. The arithmetic here
        is in float64; only where rounding is part of the number it is not.
    class_weight : float64 array, a mapping of class to weight, or None
        By class or column.
    pos_weight : float64 array, or None
        Factor of the positive term: one number, or one a label.
    sample_weight : float64 array, or None
        As the framework takes it.
    """

    y: npt.NDArray[Any]
    scores: FloatArray
    target: Target
    kind: InputKind
    dtype: np.dtype[Any]
    class_weight: FloatArray | Mapping[int, float] | None = None
    pos_weight: FloatArray | None = None
    sample_weight: FloatArray | None = None

    @property
    def n_classes(self) -> int:
        """Columns of the scores; 1 where they have none."""
        return 1 if self.scores.ndim == 1 else self.scores.shape[1]

    def by_class(self) -> FloatArray:
        """Return the class weights, 1 each where there are none.

        Raises
        ------
        InputError
            If their number is not that of the classes.
        """
        if self.class_weight is None:
            return np.ones(self.n_classes)
        if isinstance(self.class_weight, Mapping):
            raise InputError("class weights are a list here, a weight a class, not a mapping")
        weights = self.class_weight
        if weights.shape != (self.n_classes,):
            raise InputError(f"{weights.size} class weights for {self.n_classes} classes")
        return weights

    def by_row(self) -> FloatArray:
        """Return the sample weights, 1 each where there are none.

        Raises
        ------
        InputError
            If there is not one for each row.
        """
        n_rows = len(self.scores)
        if self.sample_weight is None:
            return np.ones(n_rows)
        if self.sample_weight.shape not in {(n_rows,), (n_rows, 1)}:
            raise InputError(
                f"sample weights of shape {self.sample_weight.shape}, where there are {n_rows} rows"
            )
        return self.sample_weight.reshape(n_rows)

    def positive_factor(self) -> FloatArray:
        """Return the factor of the positive term, so that it broadcasts over the scores.

        Raises
        ------
        InputError
            If it is neither one number nor one a label.
        """
        if self.pos_weight is None:
            return np.ones(())
        if self.pos_weight.shape not in {(), (1,), (self.n_classes,)}:
            raise InputError(f"{self.pos_weight.size} positive weights for {self.n_classes} labels")
        return self.pos_weight

    def batches(self, size: int) -> Iterator[Examples]:
        """Cut into runs of rows, the last one perhaps shorter; without sample weights.

        Raises
        ------
        UsageError
            If the size is less than 1.
        """
        if size < 1:
            raise UsageError(f"{size} is not a batch size", where="--batch-size")
        for start in range(0, len(self.scores), size):
            rows = slice(start, start + size)
            yield replace(self, y=self.y[rows], scores=self.scores[rows])

    def index(self) -> npt.NDArray[np.int64]:
        """Return class indices as they are, shape (n_samples,).

        Raises
        ------
        InputError
            If the targets are not one whole number a row.
        """
        if self.y.dtype.kind != "i" or self.y.size != len(self.scores):
            raise InputError(f"a class index a row is needed, not targets of shape {self.y.shape}")
        index: npt.NDArray[np.int64] = self.y.reshape(len(self.scores))
        return index

    def checked_index(self, *, ignored: int | None = None) -> npt.NDArray[np.int64]:
        """Return class indices, shape (n_samples,).

        Raises
        ------
        InputError
            If one is outside of the classes and not ignored; names the row.
        """
        index = self.index()
        outside = (index < 0) | (index >= self.n_classes)
        if ignored is not None:
            outside &= index != ignored
        if outside.any():
            row = int(np.flatnonzero(outside)[0])
            raise InputError(
                f"row {row + 1}: class {index[row]} is outside of the {self.n_classes} classes"
            )
        return index

    def as_rows(self) -> FloatArray:
        """Return targets as rows: one-hot where they are indices.

        Raises
        ------
        InputError
            If a class has no column, or the shapes differ.
        """
        if self.target is Target.INDEX:
            return np.eye(self.n_classes)[self.checked_index()]
        if self.y.shape != self.scores.shape:
            raise InputError(f"targets of shape {self.y.shape} for scores of {self.scores.shape}")
        return self.y


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Losses:
    """Losses as they are before the reduction, and what reductions divide by.

    Attributes
    ----------
    values : float64 array
        In the shape in which the framework gives them, weights included.
    divisors : mapping of str to array
        For every reduction that divides, what is added up to the denominator.
    empty : float
        What 0 / 0 is.
    narrow : bool
        Whether the framework reduces in float32.
    parts : tuple of array
        What the framework divides one by one and adds up then; shows where the divisor is 0.
    useless : mapping of str to bool
        What the framework refuses if it holds for all rows, and whether it holds for these.
    """

    values: FloatArray
    divisors: Mapping[str, FloatArray]
    empty: float = math.nan
    narrow: bool = False
    parts: tuple[FloatArray, ...] = ()
    useless: Mapping[str, bool] = field(default_factory=dict)

    def sums(self) -> ConventionSums:
        """Add up, exactly."""
        return ConventionSums(
            values=_total(self.values),
            divisors={name: _total(values) for name, values in self.divisors.items()},
            parts=tuple(map(_total, self.parts)),
            empty=self.empty,
            narrow=self.narrow,
            useless=dict(self.useless),
        )

    def reduced(self, reduction: str) -> FloatArray:
        """Reduce: `none`, a name that ends in `sum`, or one of the divisors.

        Raises
        ------
        InputError
            If the framework refuses all rows together.
        """
        sums = self.sums()
        sums.refuse_useless()
        return self.values if reduction == "none" else np.asarray(sums.reduced(reduction))


@dataclass(frozen=True, slots=True, kw_only=True)
class ConventionSums:
    """The sums of `Losses`; add to merge."""

    values: ExactSum
    divisors: Mapping[str, ExactSum]
    parts: tuple[ExactSum, ...]
    empty: float
    narrow: bool
    useless: Mapping[str, bool]

    def __add__(self, other: ConventionSums) -> ConventionSums:
        return ConventionSums(
            values=self.values + other.values,
            divisors={name: one + other.divisors[name] for name, one in self.divisors.items()},
            parts=tuple(a + b for a, b in zip(self.parts, other.parts, strict=True)),
            empty=self.empty,
            narrow=self.narrow,
            useless={why: holds and other.useless[why] for why, holds in self.useless.items()},
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the sums as plain values, which JSON keeps exactly."""
        return {
            "values": self.values.to_dict(),
            "divisors": {name: one.to_dict() for name, one in self.divisors.items()},
            "parts": [part.to_dict() for part in self.parts],
            "empty": None if math.isnan(self.empty) else self.empty,
            "narrow": self.narrow,
            "useless": dict(self.useless),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ConventionSums:
        """Restore what `to_dict` returned, to the bit."""
        return cls(
            values=ExactSum.from_dict(data["values"]),
            divisors={name: ExactSum.from_dict(one) for name, one in data["divisors"].items()},
            parts=tuple(map(ExactSum.from_dict, data["parts"])),
            empty=math.nan if data["empty"] is None else data["empty"],
            narrow=data["narrow"],
            useless=dict(data["useless"]),
        )

    def refuse_useless(self) -> None:
        """Refuse what the framework refuses of all rows together.

        Raises
        ------
        InputError
            With the framework's reason.
        """
        reason = next((why for why, holds in self.useless.items() if holds), None)
        if reason is not None:
            raise InputError(reason)

    def divisor(self, reduction: str) -> float | None:
        """Return what a reduction divides by; None for a sum."""
        return self.divisors[reduction].values()[0] if reduction in self.divisors else None

    def reduced(self, reduction: str) -> float:
        """Reduce to one number: every sum is rounded once, then the quotient is."""
        total, divisor = self.values.values()[0], self.divisor(reduction)
        if divisor == 0.0 and self.parts:
            total = sum(_quotient(part.values()[0], divisor, self.empty) for part in self.parts)
        elif divisor is not None:
            total = _quotient(total, divisor, self.empty)
        return float(np.float32(total)) if self.narrow else total


def _total(values: FloatArray) -> ExactSum:
    return ExactSum.total(np.asarray(values, dtype=np.float64).reshape(-1))


def _quotient(total: float, divisor: float, empty: float) -> float:
    if divisor == 0.0:
        # A framework that guards the division guards it for any numerator.
        if not math.isnan(empty):
            return empty
        return math.nan if total == 0.0 or math.isnan(total) else math.copysign(math.inf, total)
    return total / divisor
