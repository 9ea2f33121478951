"""Multi-label scores and targets, summed up block by block into a `LabelScoreState`.

A row has a score for each of K labels, any subset of which is true. The row arithmetic is in
`label_terms`, the exact sums are in `label_sums`. No file is known here, and no class weight.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from wcetool.core.arrays import BoolArray, FloatArray, IntArray, scratch
from wcetool.core.exact import FRACTION_BITS, ExactAccumulator, Groups
from wcetool.core.label_state import ROW_COUNTS, LabelScoreState, SampleWeightSums
from wcetool.core.label_sums import MOST_ROWS, LabelSums, from_quanta
from wcetool.core.label_terms import (
    ALL_FALSE,
    ALL_TRUE,
    THRESHOLD,
    Truth,
    clamp,
    element_terms,
    faults,
    is_faulty,
)
from wcetool.core.losses import COLUMN_LAYOUT, ScoreForm, Scores

BLOCK_ELEMENTS = 1 << 17  # 1 MiB an array of float64
MOST_WIDE_ROWS = 255  # of a block (n_samples, n_labels): their number fits in 8 bits

Targets: TypeAlias = "npt.NDArray[Any] | Sequence[npt.NDArray[Any]]"
"""Targets of a batch: an array (n_samples, n_labels), or a column (n_samples,) for each label."""


@dataclass(frozen=True, slots=True, eq=False)
class LabelFaults:
    """Rows of a batch that could not be scored, as ascending int64 arrays.

    Attributes
    ----------
    scores : int64 array
        Rows with a score that is NaN or, for probabilities and their logarithms, out of range.
    targets : int64 array
        Rows with a target that is NaN or outside [0, 1].
    """

    scores: IntArray
    targets: IntArray


# The sums by label, in the order in which `LabelSums` keeps them.
_POSITIVE, _NEGATIVE, _TARGET, _TRUE_WRONG, _BRIER = range(5)
_WEIGHTED_LOSS, _WEIGHTED_NEGATIVE_LOSS, _WEIGHTED, _WEIGHTED_NEGATIVE = range(5, 9)


class LabelScoreAccumulator:
    """Sum up rows block by block, in place; `state` gives the `LabelScoreState`.

    Parameters
    ----------
    form : ScoreForm
        Of the multi-label task; what the scores are, how many labels, and how far a probability may
        lie outside [0, 1] (its logarithm: above 0).
    clip : float, optional
        p and 1 - p are raised to at least this.
    gamma : float, optional
        Focal exponent: l+ is multiplied by (1 - p)^gamma, l- by p^gamma.
    smoothing : float, default 0
        Label smoothing a, in [0, 1]: targets are t (1 - a) + a / 2 in the loss.
    sample_weights : bool, default False
        Whether every batch has sample weights.

    Notes
    -----
    Where every target of a block is 0 or 1, as is usual, one logarithm an element is enough; where
    not, both losses are computed. An element has the same bits either way.
    """

    def __init__(
        self,
        form: ScoreForm,
        *,
        clip: float | None = None,
        gamma: float | None = None,
        smoothing: float = 0.0,
        sample_weights: bool = False,
    ) -> None:
        n_labels = form.n_classes
        self._form = form
        self._label_axis = 0 if n_labels <= COLUMN_LAYOUT else 1
        self._clip = clip
        self._limit = None if clip is None else -math.log(clip)
        self._gamma = gamma or 0.0
        self._smoothing = smoothing
        self._has_weights = sample_weights
        self._sums = LabelSums(9 if sample_weights else 5, n_labels, self._label_axis)
        self._row_sums = ExactAccumulator(2, 1)
        self._counts = np.zeros((3, n_labels), dtype=np.int64)
        self._rows = dict.fromkeys(ROW_COUNTS, 0)

    def add(
        self, scores: Scores, targets: Targets, sample_weight: FloatArray | None = None
    ) -> LabelFaults:
        """Add a batch; rows at fault are left out of all sums.

        Parameters
        ----------
        scores : array of shape (n_samples, n_labels), or n_labels arrays of shape (n_samples,)
            Any float dtype.
        targets : same shapes
            Any numeric dtype or bool; in [0, 1].
        sample_weight : float64 array of shape (n_samples,), optional
            Finite, at least 0. If and only if the accumulator was made for them.

        Returns
        -------
        LabelFaults
            The rows left out.
        """
        whole = _are_whole(targets)
        bad_scores, bad_targets = [_NO_ROWS], [_NO_ROWS]
        for start, score, target in self._blocks(scores, targets):
            keep = None
            weight = None
            if sample_weight is not None:
                weight = sample_weight[start : start + score.shape[1 - self._label_axis]]
            bounds = float(score.min()), float(score.max())
            if is_faulty(bounds, self._form):
                bad = faults(score, self._form).any(axis=self._label_axis)
                bad_scores.append(np.flatnonzero(bad) + start)
                keep = ~bad
            if not 0.0 <= target.min() <= target.max() <= 1.0:
                bad = ~((target >= 0.0) & (target <= 1.0)).all(axis=self._label_axis)
                bad_targets.append(np.flatnonzero(bad) + start)
                keep = ~bad if keep is None else keep & ~bad
            kept_score, kept_target = score, target
            if keep is not None:
                if not keep.any():
                    continue
                kept_score = np.compress(keep, score, axis=1 - self._label_axis)
                kept_target = np.compress(keep, target, axis=1 - self._label_axis)
                weight = None if weight is None else weight[keep]
            # Infinite losses, and products with them, are expected here.
            with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
                clamp(kept_score, bounds, self._form.kind)
                self._add_block(kept_score, kept_target, weight, whole=whole)
        return LabelFaults(np.concatenate(bad_scores), np.concatenate(bad_targets))

    def state(self) -> LabelScoreState:
        """Return what was added."""
        sums = self._sums.sums()
        row_loss, row_loss_square = self._row_sums.sums()
        positives = self._counts[0].tolist()
        true_wrong = sums[_TRUE_WRONG].quanta()
        return LabelScoreState(
            positive_loss=sums[_POSITIVE],
            negative_loss=sums[_NEGATIVE],
            target=sums[_TARGET],
            true_proba=from_quanta(
                (n << FRACTION_BITS) - wrong for n, wrong in zip(positives, true_wrong, strict=True)
            ),
            brier=sums[_BRIER],
            row_loss=row_loss,
            row_loss_square=row_loss_square,
            positives=self._counts[0].copy(),
            predicted=self._counts[1].copy(),
            true_positives=self._counts[2].copy(),
            **self._rows,
            smoothing=self._smoothing,
            gamma=self._gamma,
            weighted=SampleWeightSums(*sums[_WEIGHTED_LOSS:]) if self._has_weights else None,
        )

    def _blocks(
        self, scores: Scores, targets: Targets
    ) -> Iterator[tuple[int, FloatArray, FloatArray]]:
        """Copy scores and targets block by block into two buffers."""
        n_labels = self._form.n_classes
        n_rows = len(targets) if isinstance(targets, np.ndarray) else len(targets[0])
        most = MOST_ROWS if self._label_axis == 0 else MOST_WIDE_ROWS
        length = max(1, min(n_rows, most, BLOCK_ELEMENTS // n_labels))
        for start in range(0, n_rows, length):
            rows = slice(start, min(start + length, n_rows))
            size = rows.stop - start
            shape = (n_labels, size) if self._label_axis == 0 else (size, n_labels)
            yield (
                start,
                _copied(scores, rows, scratch("label scores", shape), self._label_axis),
                _copied(targets, rows, scratch("label targets", shape), self._label_axis),
            )

    def _add_block(
        self, score: FloatArray, target: FloatArray, weight: FloatArray | None, *, whole: bool
    ) -> None:
        n_rows = score.shape[1 - self._label_axis]
        self._rows["rows"] += n_rows
        positive, positives = self._count(score, target)
        fractional = False
        if not whole:
            between = np.multiply(target, 1.0 - target, out=scratch("label work", score.shape))
            fractional = bool(between.max() > 0.0)
            if fractional:
                of_rows = between.any(axis=self._label_axis)
                self._rows["fractional_rows"] += int(np.count_nonzero(of_rows))
        if weight is not None:
            weight = weight if self._label_axis == 0 else weight[:, np.newaxis]
            weight = np.atleast_2d(weight)
        flags = scratch("label flags", (2, n_rows), bool)
        flags.fill(False)
        if fractional or self._smoothing:
            self._add_shares(score, target, positive, weight, flags)
        else:
            self._add_whole(score, target, weight, flags)
        if fractional:
            self._sums.add(target, _TARGET)
        else:
            self._sums.add_counts(positives, _TARGET)
        self._rows["zero_probability_rows"] += int(np.count_nonzero(flags[0]))
        self._rows["clipped_rows"] += int(np.count_nonzero(flags[1]))

    def _add_whole(
        self, score: FloatArray, target: FloatArray, weight: FloatArray | None, flags: BoolArray
    ) -> None:
        """Add a block whose targets are 0 or 1."""
        nll, wrong = element_terms(score, Truth.of(target), self._form.kind)
        self._shape(nll, wrong, 1.0, flags)
        self._add_row_losses(nll)
        if weight is not None:
            product = np.multiply(nll, weight, out=scratch("label product", nll.shape))
            self._sums.add_split(product, target, _WEIGHTED_LOSS, _WEIGHTED_NEGATIVE_LOSS)
            self._sums.add_split(weight.copy(), target, _WEIGHTED, _WEIGHTED_NEGATIVE)
        self._sums.add_split(nll, target, _POSITIVE, _NEGATIVE)
        square = np.multiply(wrong, wrong, out=nll)
        self._sums.add_units(square, _BRIER)
        self._sums.add_units(wrong, _TRUE_WRONG, target)

    def _add_shares(
        self,
        score: FloatArray,
        target: FloatArray,
        positive: BoolArray,
        weight: FloatArray | None,
        flags: BoolArray,
    ) -> None:
        """Add a block in which an element may be charged for both sides."""
        share = target
        if self._smoothing:
            share = target * (1.0 - self._smoothing)
            share += self._smoothing / 2.0
        total = np.zeros(score.shape)
        sides: list[FloatArray] = []
        for truth, part, name, quantity, weighted in (
            (ALL_TRUE, share, "", _POSITIVE, _WEIGHTED_LOSS),
            (ALL_FALSE, 1.0 - share, " false", _NEGATIVE, _WEIGHTED_NEGATIVE_LOSS),
        ):
            nll, wrong = element_terms(score, truth, self._form.kind, name)
            self._shape(nll, wrong, part, flags)
            nll *= part
            if not nll.max() < math.inf:
                nll[part == 0.0] = 0.0
            total += nll
            if weight is not None:
                self._sums.add(nll * weight, weighted)
            self._sums.add(nll, quantity)
            sides.append(wrong)
        self._add_row_losses(total)
        if weight is not None:
            self._sums.add(weight * target, _WEIGHTED)
            self._sums.add(weight * (1.0 - target), _WEIGHTED_NEGATIVE)
        not_true, not_false = sides
        distance = np.where(positive, (1.0 - target) - not_true, not_false - target)
        self._sums.add_units(np.multiply(distance, distance, out=distance), _BRIER)
        self._sums.add_units(not_true, _TRUE_WRONG, positive.astype(np.float64))

    def _shape(
        self, nll: FloatArray, wrong: FloatArray, share: FloatArray | float, flags: BoolArray
    ) -> None:
        """Clip the losses and make them focal, in place; flag the rows that this concerns."""
        highest = nll.max()
        if highest == math.inf:
            flags[0] |= ((nll == math.inf) & (share > 0.0)).any(axis=self._label_axis)
        if self._limit is not None and highest > self._limit:
            flags[1] |= ((nll > self._limit) & (share > 0.0)).any(axis=self._label_axis)
            np.clip(nll, 0.0, self._limit, out=nll)
        if self._gamma:
            base = wrong if self._clip is None else np.maximum(wrong, self._clip)
            nll *= base if self._gamma == 1.0 else np.power(base, self._gamma)

    def _count(self, score: FloatArray, target: FloatArray) -> tuple[BoolArray, IntArray]:
        """Count what is true and predicted at 1/2, and the rows that are all right.

        Returns where a label is true, and how often each is.
        """
        # Rows of labels are filled up to whole words of 8.
        size = score.shape[1]
        width = size if self._label_axis else -(-size // 8) * 8
        sets = scratch("label sets", (3, len(score), width), bool)
        sets[:, :, size:] = False
        positive, predicted, both = sets[:, :, :size]
        np.greater_equal(target, 0.5, out=positive)
        np.greater(score, THRESHOLD[self._form.kind], out=predicted)
        np.equal(predicted, positive, out=both)
        right = np.logical_and.reduce(both, axis=self._label_axis)
        self._rows["right_rows"] += int(np.count_nonzero(right))
        np.logical_and(predicted, positive, out=both)
        if self._label_axis == 0:
            bits = np.bitwise_count(sets.view(np.uint64))
            counts = np.add.reduce(bits, axis=-1, dtype=np.int64)
        else:
            few = np.add.reduce(sets.view(np.uint8), axis=1, dtype=np.uint8)
            counts = few.astype(np.int64)
        self._counts += counts
        return positive, counts[0]

    def _add_row_losses(self, nll: FloatArray) -> None:
        """Add the mean over the labels of each row, summed up in a fixed order."""
        n_rows = nll.shape[1 - self._label_axis]
        both = scratch("label rows", (2, n_rows))
        if self._label_axis == 0 and n_rows == 1:  # NumPy would add one run of values by pairs
            both[0] = np.add.accumulate(nll[:, 0])[-1]
        else:
            np.add.reduce(nll, axis=self._label_axis, out=both[0])
        both[0] /= self._form.n_classes
        np.multiply(both[0], both[0], out=both[1])
        self._row_sums.add(both, _ONE_GROUP)


_NO_ROWS: IntArray = np.empty(0, dtype=np.int64)
_ONE_GROUP = Groups(
    np.zeros(0, dtype=np.int64), np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64)
)


def _are_whole(targets: Targets) -> bool:
    """Tell whether targets in [0, 1] can only be 0 and 1, by their type."""
    columns = [targets] if isinstance(targets, np.ndarray) else targets
    return all(column.dtype.kind in "biu" for column in columns)


def _copied(values: Targets, rows: slice, block: FloatArray, label_axis: int) -> FloatArray:
    """Copy some rows into a block as float64."""
    by_label = block if label_axis == 0 else block.T
    if isinstance(values, np.ndarray):
        by_label[...] = values[rows].T
    else:
        for label, column in enumerate(values):
            by_label[label] = column[rows]
    return block
