"""Multi-label scores and targets, summed up block by block into a `LabelScoreState`.

A row has a score for each of K labels, any subset of which is true. The row arithmetic is in
`label_terms`, the exact sums are in `label_sums`. No file is known here, and no class weight.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wcetool.core.arrays import BoolArray, FloatArray, IntArray, scratch
from wcetool.core.label_columns import Targets, are_narrow, copy_rows, whole_truths
from wcetool.core.label_state import ROW_COUNTS, LabelScoreState, SampleWeightSums
from wcetool.core.label_sums import LIMIT, MOST_ROWS, LabelSums, cells_of, scaled_up
from wcetool.core.label_terms import (
    EXACT_FROM,
    THRESHOLD,
    Terms,
    clamp,
    element_terms,
    faults,
    has_signs,
    is_faulty,
    marks_of,
    out_of_range,
    side,
)
from wcetool.core.losses import COLUMN_LAYOUT, ScoreForm, Scores
from wcetool.core.vocabulary import InputKind

BLOCK_ELEMENTS = 1 << 18  # 2 MiB an array of float64
MOST_WIDE_ROWS = 255  # of a block (n_samples, n_labels): their number fits in 8 bits


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
_POSITIVE, _NEGATIVE, _TARGET, _TRUE_PROBA, _BRIER = range(5)
_WEIGHTED_LOSS, _WEIGHTED_NEGATIVE_LOSS, _WEIGHTED, _WEIGHTED_NEGATIVE = range(5, 9)

_SQUARE_BITS = 10  # squares of row losses are summed in 2^10, so that they have the same limit


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
        self._sums = LabelSums(
            9 if sample_weights else 5, n_labels, self._label_axis, signs=has_signs(form.kind)
        )
        self._row_sums = LabelSums(1, 2, 0)
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
        truths = whole_truths(targets)
        narrow = self._form.kind is InputKind.PROBS and are_narrow(scores)
        bad_scores, bad_targets = [_NO_ROWS], [_NO_ROWS]
        for rows, score in self._blocks(scores):
            sets = self._sets(score.shape)
            positive = sets[0, :, : score.shape[1]]
            target: FloatArray | None = None
            if truths is not None:
                copy_rows(truths, rows, positive, self._label_axis)
            else:
                target = scratch("label targets", score.shape)
                copy_rows(targets, rows, target, self._label_axis)
                np.greater_equal(target, 0.5, out=positive)
            keep = self._sound_rows(score, target, rows.start, bad_scores, bad_targets)
            weight = None if sample_weight is None else sample_weight[rows]
            # Infinite losses, and products with them, are expected here.
            with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
                if keep is None:
                    self._add_block(score, sets, target, weight, narrow=narrow)
                elif keep.any():
                    axis = 1 - self._label_axis
                    kept = np.compress(keep, score, axis=axis)
                    positive = np.compress(keep, positive, axis=axis)
                    target = None if target is None else np.compress(keep, target, axis=axis)
                    weight = None if weight is None else weight[keep]
                    sets = self._sets(kept.shape)
                    sets[0, :, : kept.shape[1]] = positive
                    self._add_block(kept, sets, target, weight, narrow=narrow)
        return LabelFaults(np.concatenate(bad_scores), np.concatenate(bad_targets))

    def state(self) -> LabelScoreState:
        """Return what was added."""
        sums = self._sums.sums()
        rows = self._row_sums.sums()[0]
        return LabelScoreState(
            positive_loss=sums[_POSITIVE],
            negative_loss=sums[_NEGATIVE],
            target=sums[_TARGET],
            true_proba=sums[_TRUE_PROBA],
            brier=sums[_BRIER],
            row_loss=cells_of(rows, 0, 1),
            row_loss_square=scaled_up(cells_of(rows, 1, 2), _SQUARE_BITS),
            positives=self._counts[0].copy(),
            predicted=self._counts[1].copy(),
            true_positives=self._counts[2].copy(),
            **self._rows,
            smoothing=self._smoothing,
            gamma=self._gamma,
            weighted=SampleWeightSums(*sums[_WEIGHTED_LOSS:]) if self._has_weights else None,
        )

    def _blocks(self, scores: Scores) -> Iterator[tuple[slice, FloatArray]]:
        """Copy scores block by block into a buffer."""
        n_labels = self._form.n_classes
        n_rows = len(scores) if isinstance(scores, np.ndarray) else len(scores[0])
        most = MOST_ROWS if self._label_axis == 0 else MOST_WIDE_ROWS
        # Of about the same size: a short block costs nearly as many calls as a long one.
        n_blocks = max(1, -(-n_rows // most), round(n_rows * n_labels / BLOCK_ELEMENTS))
        length = max(1, -(-n_rows // n_blocks))
        for start in range(0, n_rows, length):
            rows = slice(start, min(start + length, n_rows))
            size = rows.stop - start
            shape = (n_labels, size) if self._label_axis == 0 else (size, n_labels)
            block = scratch("label scores", shape)
            copy_rows(scores, rows, block, self._label_axis)
            yield rows, block

    def _sound_rows(
        self,
        score: FloatArray,
        target: FloatArray | None,
        start: int,
        bad_scores: list[IntArray],
        bad_targets: list[IntArray],
    ) -> BoolArray | None:
        """Name the rows at fault, and bring what is tolerated into range; None: all are sound."""
        found: list[BoolArray] = []
        bounds = out_of_range(score, self._form.kind)
        if bounds is not None:
            if is_faulty(bounds, self._form):
                bad = faults(score, self._form)
                found.append(np.logical_or.reduce(bad, axis=self._label_axis))
                bad_scores.append(np.flatnonzero(found[-1]) + start)
            clamp(score, bounds, self._form.kind)
        if target is not None and not 0.0 <= target.min() <= target.max() <= 1.0:
            bad = ~((target >= 0.0) & (target <= 1.0))
            found.append(np.logical_or.reduce(bad, axis=self._label_axis))
            bad_targets.append(np.flatnonzero(found[-1]) + start)
        return ~np.logical_or.reduce(found, axis=0) if found else None

    def _sets(self, shape: tuple[int, ...]) -> BoolArray:
        """Return room for what is true, what is predicted, and what differs.

        Rows of labels are filled up to whole blocks of 64, for `_sizes`.
        """
        height, size = shape
        width = size if self._label_axis else -(-size // 64) * 64
        sets = scratch("label sets", (3, height, width), bool)
        sets[:, :, size:] = False
        return sets

    def _add_block(
        self,
        score: FloatArray,
        sets: BoolArray,
        target: FloatArray | None,
        weight: FloatArray | None,
        *,
        narrow: bool,
    ) -> None:
        n_rows = score.shape[1 - self._label_axis]
        self._rows["rows"] += n_rows
        positive, positives, work = self._count(score, sets)
        if weight is not None:
            weight = weight if self._label_axis == 0 else weight[:, np.newaxis]
            weight = np.atleast_2d(weight)
        flags = np.zeros((2, n_rows), dtype=bool)
        fractional = False
        if target is not None:
            between = np.multiply(target, 1.0 - target, out=scratch("label work", score.shape))
            fractional = bool(between.max() > 0.0)
            if fractional:
                of_rows = between.any(axis=self._label_axis)
                self._rows["fractional_rows"] += int(np.count_nonzero(of_rows))
        if fractional or self._smoothing:
            shares = positive.astype(np.float64) if target is None else target
            self._add_shares(score, shares, positive, weight, flags)
        else:
            marks = marks_of(positive, self._form.kind, work)
            exact = narrow and bool(score.min() >= EXACT_FROM)
            terms = element_terms(score, marks, self._form.kind, exact=exact)
            self._add_whole(terms, marks, weight, flags)
        if target is not None and fractional:
            self._sums.add(target, _TARGET)
        else:
            self._sums.add_counts(positives, _TARGET)
        self._rows["zero_probability_rows"] += int(np.count_nonzero(flags[0]))
        self._rows["clipped_rows"] += int(np.count_nonzero(flags[1]))

    def _add_whole(
        self, terms: Terms, marks: FloatArray, weight: FloatArray | None, flags: BoolArray
    ) -> None:
        """Add a block whose targets are 0 or 1."""
        wrong, loss, negated = terms.wrong, terms.loss, terms.negated
        is_shaped = self._limit is not None or self._gamma > 0.0
        if is_shaped or weight is not None:
            loss, negated = terms.nll(), False
        if is_shaped:
            self._shape(loss, wrong, 1.0, flags)
        highest = self._add_row_losses(loss, negated=negated)
        if highest == math.inf and not is_shaped:
            infinite = loss == (-math.inf if negated else math.inf)
            flags[0] = infinite.any(axis=self._label_axis)
        if weight is not None:
            product = np.multiply(loss, weight, out=scratch("label product", loss.shape))
            self._sums.add_split(product, marks, _WEIGHTED_LOSS, _WEIGHTED_NEGATIVE_LOSS)
            self._sums.add_split(weight.copy(), marks, _WEIGHTED, _WEIGHTED_NEGATIVE)
        self._sums.add_split(
            loss, marks, _POSITIVE, _NEGATIVE, negated=negated, fits=highest < LIMIT
        )
        self._sums.add_units(np.multiply(wrong, wrong, out=wrong), _BRIER)
        self._sums.add_units(terms.true_proba, _TRUE_PROBA)

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
        total = scratch("label row total", score.shape)
        total.fill(0.0)
        sides: list[Terms] = []
        for is_true, part, quantity, weighted in (
            (True, share, _POSITIVE, _WEIGHTED_LOSS),
            (False, 1.0 - share, _NEGATIVE, _WEIGHTED_NEGATIVE_LOSS),
        ):
            mark, name = side(self._form.kind, true=is_true), f" {is_true}"
            copied = scratch(f"label side{name}", score.shape)
            copied[...] = score
            terms = element_terms(copied, mark, self._form.kind, name=name)
            nll = terms.nll()
            self._shape(nll, terms.wrong, part, flags)
            nll *= part
            if not nll.max() < math.inf:
                nll[part == 0.0] = 0.0
            total += nll
            if weight is not None:
                self._sums.add(nll * weight, weighted)
            self._sums.add(nll, quantity)
            sides.append(terms)
        self._add_row_losses(total)
        if weight is not None:
            self._sums.add(weight * target, _WEIGHTED)
            self._sums.add(weight * (1.0 - target), _WEIGHTED_NEGATIVE)
        not_true, not_false = (terms.wrong for terms in sides)
        true = positive.astype(np.float64)
        # |p - t| from the side that t is nearer to: 0 and 1 as in `_add_whole`, to the bit.
        np.subtract(1.0 - target, not_true, out=not_true)
        not_true *= true
        not_false -= target
        not_false *= 1.0 - true
        distance = np.add(not_true, not_false, out=not_false)
        self._sums.add_units(np.multiply(distance, distance, out=distance), _BRIER)
        true *= sides[0].true_proba
        self._sums.add_units(true, _TRUE_PROBA)

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

    def _count(self, score: FloatArray, sets: BoolArray) -> tuple[BoolArray, IntArray, BoolArray]:
        """Count what is true and predicted at 1/2, and the rows that are all right.

        Returns where a label is true, how often each is, and room for as many flags.
        """
        positive, predicted, differ = sets[:, :, : score.shape[1]]
        np.greater(score, THRESHOLD[self._form.kind], out=predicted)
        np.not_equal(predicted, positive, out=differ)
        n_rows = score.shape[1 - self._label_axis]
        faulty = np.logical_or.reduce(differ, axis=self._label_axis)
        self._rows["right_rows"] += n_rows - int(np.count_nonzero(faulty))
        n_true, n_predicted, n_differ = self._sizes(sets)
        self._counts += [n_true, n_predicted, (n_true + n_predicted - n_differ) >> 1]
        return positive, n_true, differ

    def _sizes(self, sets: BoolArray) -> IntArray:
        """Count each label in each of some sets."""
        if self._label_axis:
            few: npt.NDArray[np.uint8] = np.add.reduce(sets.view(np.uint8), axis=1, dtype=np.uint8)
            return few.astype(np.int64)
        # Words of eight flags: the eight parts of a row added up, then the bytes of each word.
        words = sets.view(np.uint64).reshape(*sets.shape[:2], 8, -1)
        totals: npt.NDArray[np.uint64] = np.add.reduce(words, axis=2)
        totals *= np.uint64(0x0101010101010101)
        totals >>= np.uint64(56)
        counts: npt.NDArray[np.uint64] = np.add.reduce(totals, axis=-1)
        return counts.astype(np.int64)

    def _add_row_losses(self, loss: FloatArray, *, negated: bool = False) -> float:
        """Add the mean over the labels of each row, summed up in a fixed order.

        Returns the largest sum of a row: no element is larger.
        """
        n_rows = loss.shape[1 - self._label_axis]
        both = scratch("label rows", (2, n_rows))
        mean, square = both
        if self._label_axis == 0 and n_rows == 1:  # NumPy would add one run of values by pairs
            mean[0] = np.add.accumulate(loss[:, 0])[-1]
        else:
            np.add.reduce(loss, axis=self._label_axis, out=mean)
        highest = -float(mean.min()) if negated else float(mean.max())
        mean /= -self._form.n_classes if negated else self._form.n_classes
        np.multiply(mean, 2.0 ** (-_SQUARE_BITS / 2), out=square)
        square *= square
        self._row_sums.add(both, 0)
        return highest


_NO_ROWS: IntArray = np.empty(0, dtype=np.int64)
