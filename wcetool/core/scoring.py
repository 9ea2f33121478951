"""The mergeable sums that give the loss under any class weights.

`ScoreState` is what one pass over a file leaves behind: small, exact, without class weights. What
they say under given weights is computed in `loss_report`; sums beyond those of the plain loss are
in `extra_sums`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from wcetool.core.arrays import FloatArray, IntArray, scratch
from wcetool.core.exact import BLOCK, ExactAccumulator, ExactSum, Groups
from wcetool.core.extra_sums import ClassAccumulator, ClassSums, RowQuantities, SampleSums
from wcetool.core.loss_options import PLAIN, LossOptions
from wcetool.core.losses import RowTerms
from wcetool.core.pair_counts import PairCounts
from wcetool.core.quantum_sums import QuantumSums
from wcetool.errors import MergeError

ROW_TOPS = (19, 19, 1, 2)  # log2 of the limits of loss, square, probability and Brier term
PAIRS_AT_ONCE = 1 << 18  # rows whose pairs wait to be counted


@dataclass(frozen=True, slots=True)
class ScoreState:
    """Sums that determine the score report under any class weights; add to merge.

    A cell is a true class, or where `LossOptions.by_pair` asks for it a pair, true K + predicted.
    With soft targets the true class of a row is the one with the largest target.

    Attributes
    ----------
    nll : ExactSum of n_cells cells
        Loss of the rows by cell, nats, clipped, focal, smoothed or against soft targets where
        asked for; without any weights.
    nll_square : ExactSum of n_cells cells
        Its squares.
    true_proba : ExactSum of n_cells cells
        Probability of the true class, by cell.
    brier : ExactSum of 1 cell
        Brier terms of all rows.
    pairs : PairCounts
        Rows by (true, predicted) class.
    zero_probability_rows : int
        Rows in which a class with a target above 0 had probability 0, before any clipping; with
        label smoothing every class has such a target.
    clipped_rows : int
        Rows whose loss the clip lowered.
    options : LossOptions
        The loss. Unless it is plain, `nll` and `nll_square` are rounded to 2^-78 row by row,
        `true_proba` and `brier` to 2^-95.
    by_sample : SampleSums, optional
        With sample weights.
    by_class : ClassSums, optional
        With label smoothing or soft targets.
    """

    nll: ExactSum
    nll_square: ExactSum
    true_proba: ExactSum
    brier: ExactSum
    pairs: PairCounts
    zero_probability_rows: int
    clipped_rows: int
    options: LossOptions = PLAIN
    by_sample: SampleSums | None = None
    by_class: ClassSums | None = None

    @classmethod
    def of_rows(
        cls,
        terms: RowTerms,
        target: IntArray | None,
        n_classes: int,
        options: LossOptions = PLAIN,
        *,
        sample_weight: FloatArray | None = None,
    ) -> ScoreState:
        """Sum up some rows; no rows give the identity of `+`.

        Parameters
        ----------
        terms : RowTerms
            Without faults.
        target : int64 array of shape (n_samples,), or None
            True classes; None for soft targets.
        n_classes : int
            Number of classes.
        options : LossOptions
            The loss.
        sample_weight : float64 array of shape (n_samples,), optional
            Where the options ask for it.
        """
        accumulator = ScoreAccumulator(n_classes, options)
        for start in range(0, len(terms.nll), BLOCK):
            rows = slice(start, start + BLOCK)
            accumulator.add(
                terms.rows(rows),
                None if target is None else target[rows],
                None if sample_weight is None else sample_weight[rows],
            )
        return accumulator.state()

    @classmethod
    def identity(cls, n_classes: int, options: LossOptions = PLAIN) -> ScoreState:
        """Return the state of no rows."""
        return ScoreAccumulator(n_classes, options).state()

    def __add__(self, other: ScoreState) -> ScoreState:
        if self.options != other.options:
            raise MergeError(f"cannot merge sums of {self.options} and of {other.options}")
        return ScoreState(
            self.nll + other.nll,
            self.nll_square + other.nll_square,
            self.true_proba + other.true_proba,
            self.brier + other.brier,
            self.pairs + other.pairs,
            self.zero_probability_rows + other.zero_probability_rows,
            self.clipped_rows + other.clipped_rows,
            self.options,
            _added(self.by_sample, other.by_sample),
            _added(self.by_class, other.by_class),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the state in the form that JSON keeps exactly."""
        return {
            "nll": self.nll.to_dict(),
            "nll_square": self.nll_square.to_dict(),
            "true_proba": self.true_proba.to_dict(),
            "brier": self.brier.to_dict(),
            "pairs": self.pairs.to_dict(),
            "zero_probability_rows": self.zero_probability_rows,
            "clipped_rows": self.clipped_rows,
            "options": self.options.to_dict(),
            "by_sample": None if self.by_sample is None else self.by_sample.to_dict(),
            "by_class": None if self.by_class is None else self.by_class.to_dict(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ScoreState:
        """Restore what `to_dict` returned, to the bit."""
        by_sample, by_class = data["by_sample"], data["by_class"]
        return cls(
            nll=ExactSum.from_dict(data["nll"]),
            nll_square=ExactSum.from_dict(data["nll_square"]),
            true_proba=ExactSum.from_dict(data["true_proba"]),
            brier=ExactSum.from_dict(data["brier"]),
            pairs=PairCounts.from_dict(data["pairs"]),
            zero_probability_rows=data["zero_probability_rows"],
            clipped_rows=data["clipped_rows"],
            options=LossOptions.from_dict(data["options"]),
            by_sample=None if by_sample is None else SampleSums.from_dict(by_sample),
            by_class=None if by_class is None else ClassSums.from_dict(by_class),
        )


class ScoreAccumulator:
    """Sum up rows block by block, in place; `state` gives the `ScoreState`.

    Parameters
    ----------
    n_classes : int
        Number of classes.
    options : LossOptions
        The loss. Sums by pair take about 350 n_classes^2 bytes, with sample weights 750.
    """

    def __init__(self, n_classes: int, options: LossOptions = PLAIN) -> None:
        self._n_classes = n_classes
        self._n_cells = n_classes**2 if options.by_pair else n_classes
        self._options = options
        self._extra = RowQuantities(self._n_cells, options)
        tops = (*ROW_TOPS, *self._extra.tops)
        self._n_quantities = len(tops)
        self._sums = (
            ExactAccumulator(self._n_quantities, self._n_cells)
            if options.is_plain
            else QuantumSums(self._n_cells, tops)
        )
        self._by_class = ClassAccumulator(n_classes, options) if options.of_all_classes else None
        self._pairs = PairCounts.of_rows(_NO_ROWS, _NO_ROWS, n_classes)
        self._waiting: list[IntArray] = []
        self._n_waiting = 0
        self._zero_probability_rows = 0
        self._clipped_rows = 0

    def add(
        self,
        terms: RowTerms,
        target: IntArray | None = None,
        sample_weight: FloatArray | None = None,
    ) -> None:
        """Add a block of at most 2^14 rows.

        Parameters
        ----------
        terms : RowTerms
            Of rows that may be summed up, computed under the same options.
        target : int64 array of shape (n_samples,), optional
            True classes; not for soft targets, which the terms hold.
        sample_weight : array of shape (n_samples,), optional
            Finite and at least 0; exactly where the options have sample weights.
        """
        if not len(terms.nll):
            return
        loss = self._losses(terms)
        true = _true_class(terms, target)
        pairs = true * self._n_classes
        pairs += terms.predicted
        groups = Groups.of(pairs if self._options.by_pair else true, self._n_cells)
        ordered = scratch("ordered", (self._n_quantities, len(loss)))
        for quantity, values in ((0, loss), (2, terms.true_proba), (3, terms.brier)):
            values.take(groups.order, out=ordered[quantity], mode="clip")
        with np.errstate(over="ignore"):
            np.multiply(ordered[0], ordered[0], out=ordered[1])
        if not self._options.is_plain:
            self._add_extra(terms, loss, ordered, groups, sample_weight)
        self._sums.add(ordered, groups)
        self._waiting.append(pairs)
        self._n_waiting += len(pairs)
        if self._n_waiting >= min(self._n_classes**2, PAIRS_AT_ONCE):
            self._count_pairs()

    def state(self) -> ScoreState:
        """Return what was added."""
        self._count_pairs()
        nll, square, true_proba, brier, *extra = self._sums.sums()
        own, by_sample = self._extra.sums(extra)
        return ScoreState(
            nll,
            square,
            true_proba,
            brier.over_cells(),
            self._pairs,
            self._zero_probability_rows,
            self._clipped_rows,
            self._options,
            by_sample,
            None if self._by_class is None else self._by_class.sums(own),
        )

    def _losses(self, terms: RowTerms) -> FloatArray:
        """Return the loss of each row without weights; count what the clip hides."""
        worst = terms.nll if terms.by_class is None else terms.by_class.worst
        limit = self._options.largest_loss
        if worst.max() == math.inf:
            self._zero_probability_rows += int(np.isposinf(worst).sum())
        if limit is not None:
            self._clipped_rows += int((worst > limit).sum())
        return self._options.applied(worst) if terms.by_class is None else terms.by_class.loss

    def _add_extra(
        self,
        terms: RowTerms,
        loss: FloatArray,
        ordered: FloatArray,
        groups: Groups,
        sample_weight: FloatArray | None,
    ) -> None:
        """Prepare what the plain loss does not need, behind the four quantities that it has."""
        if self._options.sample_weights and sample_weight is None:
            raise ValueError("the loss has sample weights, and a block has none")
        infinite = np.isposinf(loss) if loss.max() == math.inf else None
        if self._by_class is not None and terms.by_class is not None:
            self._by_class.add(terms.by_class, sample_weight, infinite)
        self._extra.fill(
            ordered[4:],
            ordered[0],
            terms.by_class,
            groups,
            weight=sample_weight,
            infinite=infinite,
        )

    def _count_pairs(self) -> None:
        if self._waiting:
            pairs = self._waiting[0] if len(self._waiting) == 1 else np.concatenate(self._waiting)
            self._pairs += PairCounts.of_pairs(pairs, self._n_classes)
        self._waiting, self._n_waiting = [], 0


def _true_class(terms: RowTerms, target: IntArray | None) -> IntArray:
    soft = None if terms.by_class is None else terms.by_class.soft
    if soft is not None:
        return soft.true_class
    if target is None:
        raise ValueError("class indices or soft targets are needed")
    return target


_Sums = TypeVar("_Sums", SampleSums, ClassSums)


def _added(left: _Sums | None, right: _Sums | None) -> _Sums | None:
    return None if left is None or right is None else left + right


_NO_ROWS: IntArray = np.empty(0, dtype=np.int64)
