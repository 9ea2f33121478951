"""What a file of scores holds, and the rules that its rows must keep."""

from __future__ import annotations

from dataclasses import dataclass

from wcetool.core.vocabulary import InputKind, Task

SUM_TOLERANCE = 1e-4


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far stored probabilities may be from what they should be.

    Attributes
    ----------
    row_sum : float
        Largest distance of a row's sum from 1.
    value : float
        Largest distance of a value from [0, 1].
    heeds_decimals : bool
        Rows may miss a sum of 1 by more, where the decimals of the file explain it (`rounding`).
    """

    row_sum: float
    value: float
    heeds_decimals: bool = False

    @classmethod
    def by_default(cls, unit: float, n_classes: int) -> Tolerance:
        """Allow 1e-4, and half a unit of the float type for each value."""
        return cls(SUM_TOLERANCE + n_classes / 2 * unit, SUM_TOLERANCE + unit / 2, True)

    @classmethod
    def given(cls, row_sum: float) -> Tolerance:
        """Take what the user says; a value never needs more than the default."""
        return cls(row_sum, min(row_sum, SUM_TOLERANCE))


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreForm:
    """What scores hold, and the rules that every row of them must keep.

    Attributes
    ----------
    task : Task
        One score a class, or one score for the positive class of two.
    kind : InputKind
        Probabilities, logits or logarithms of probabilities (nats).
    n_classes : int
        Number of classes.
    tolerance : Tolerance
        Holds for probabilities and their logarithms.
    renormalize : bool
        Divide each row of probabilities by its sum.
    positive : int
        Index of the positive class; only for the binary task.
    """

    task: Task
    kind: InputKind
    n_classes: int
    tolerance: Tolerance
    renormalize: bool = False
    positive: int = 1

    @property
    def sums_to_one(self) -> bool:
        """Whether the probabilities of a row must sum to 1 as they are stored."""
        return (
            self.task is Task.MULTICLASS
            and self.kind is not InputKind.LOGITS
            and not self.renormalize
        )

    @property
    def heeds_decimals(self) -> bool:
        """Whether rounding to decimals may explain a sum."""
        return self.sums_to_one and self.tolerance.heeds_decimals
