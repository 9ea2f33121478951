"""The losses of all classes of each row: what label smoothing and soft targets need.

The kernels in `losses` leave the scores of a block behind; here they become -log p of every class,
with the clip and the focal factor, and the loss of a row before any weights.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wcetool.core.arrays import BoolArray, FloatArray, IntArray, scratch
from wcetool.core.loss_options import LossOptions
from wcetool.core.quantum_sums import column_multiples
from wcetool.core.score_blocks import Block
from wcetool.core.vocabulary import InputKind

COLUMN_TOP = 7  # log2 of the largest losses by column that are rounded, to 2^-41
TARGET_TOLERANCE = 1e-4  # of the sum of the soft targets of a row


@dataclass(frozen=True, slots=True, eq=False)
class SoftTargets:
    """Soft targets of a block of rows.

    Attributes
    ----------
    values : float64 array of the layout of a `Block`
        The targets.
    axis : int
        Axis of the classes.
    true_class : int64 array of shape (n_samples,)
        The class with the largest target, the first of equals.
    fault : bool array of shape (n_samples,)
        A target is NaN or not in [0, 1], or the targets do not sum to 1 within 1e-4.
    """

    values: FloatArray
    axis: int
    true_class: IntArray
    fault: BoolArray

    def brier(self, proba: FloatArray) -> FloatArray:
        """Sum (p - t)^2 over the classes, of probabilities in the layout of the targets."""
        distance = np.subtract(proba, self.values, out=scratch("distance", proba.shape))
        np.multiply(distance, distance, out=distance)
        return Block(distance, self.axis).total("soft brier")

    def rows(self, rows: slice) -> SoftTargets:
        """Return views of some rows."""
        return SoftTargets(
            _rows_of(self.values, self.axis, rows),
            self.axis,
            self.true_class[rows],
            self.fault[rows],
        )


@dataclass(frozen=True, slots=True, eq=False)
class Margins:
    """Sums over a block of logits, each less the largest of its row: what smoothing needs of them.

    The loss of a class is the logarithm of the sum of exponentials less this margin, so that no
    loss of a class needs to be written down. Rows with a margin of -128 or less are kept apart.

    Attributes
    ----------
    row_total : float64 array of shape (n_samples,)
        Sum of the margins of a row.
    multiples : int64 array of shape (n_classes,)
        Sums of the margins by column, in multiples of 2^-41.
    far : int64 array of shape (n_far,)
        The rows kept apart.
    far_values : float64 array of the layout of a `Block`
        Their margins.
    """

    row_total: FloatArray
    multiples: IntArray
    far: IntArray
    far_values: FloatArray

    @classmethod
    def of(cls, block: Block) -> Margins:
        """Sum up the margins that a block holds."""
        values, axis = block.values, block.axis
        row_total = block.total("margin total")
        near = -(2.0**COLUMN_TOP)
        if row_total.min() > near:  # no margin is above 0: each of them is as well
            return cls(row_total, column_multiples(values, axis, COLUMN_TOP), _NO_ROWS, values[:0])
        far = np.flatnonzero(~(block.smallest() > near))
        place: tuple[slice | IntArray, ...] = (slice(None), far) if axis == 0 else (far,)
        far_values = values[place]
        values[place] = 0.0
        multiples = column_multiples(values, axis, COLUMN_TOP)
        values[place] = far_values
        return cls(row_total, multiples, far, far_values)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClassTerms:
    """What rows contribute by class, before any weights; `losses` and targets block by block.

    Attributes
    ----------
    axis : int
        Axis of the classes in `losses`, `products` and the targets: 0 for (n_classes, n_samples),
        1 for (n_samples, n_classes).
    losses : float64 array, or None
        -log p of each class, nats, with the clip and the focal factor; None where there are
        `margins` instead.
    loss : float64 array of shape (n_samples,)
        The unweighted loss of the row, with smoothing or soft targets.
    worst : float64 array of shape (n_samples,)
        Not above the largest loss of a clipped probability exactly where no class with a target
        above 0 is clipped, and +inf exactly where such a class has probability 0.
    true_loss : float64 array of shape (n_samples,)
        The entry of `losses` of the true class.
    soft : SoftTargets, optional
        The targets, where they are soft.
    products : float64 array, optional
        Soft targets times `losses`; 0 where the target is 0.
    margins : Margins, optional
        Sums of the losses by column, of logits: much cheaper than the losses themselves.
    """

    axis: int
    losses: FloatArray | None
    loss: FloatArray
    worst: FloatArray
    true_loss: FloatArray
    soft: SoftTargets | None = None
    products: FloatArray | None = None
    margins: Margins | None = None

    @property
    def target_fault(self) -> BoolArray | None:
        """Rows whose soft targets break a rule; None for class indices."""
        return None if self.soft is None else self.soft.fault

    def rows(self, rows: slice) -> ClassTerms:
        """Return views of some rows; where there are margins, of all rows."""
        losses, products = self.losses, self.products
        if self.margins is not None and len(self.loss[rows]) < len(self.loss):
            raise ValueError("sums by column belong to all rows of a block")
        return ClassTerms(
            axis=self.axis,
            losses=None if losses is None else _rows_of(losses, self.axis, rows),
            loss=self.loss[rows],
            worst=self.worst[rows],
            true_loss=self.true_loss[rows],
            soft=None if self.soft is None else self.soft.rows(rows),
            products=None if products is None else _rows_of(products, self.axis, rows),
            margins=self.margins,
        )


def soft_targets(block: Block) -> SoftTargets:
    """Check a block of soft targets, and find the true classes."""
    _, first = block.largest()
    true_class = scratch("true_class", block.rows, np.int64)
    true_class[:] = first
    total = block.total("target total")
    low = block.smallest()
    high = np.maximum.reduce(block.values, axis=block.axis)
    fault = ~((low >= 0.0) & (high <= 1.0) & (np.abs(total - 1.0) <= TARGET_TOLERANCE))
    return SoftTargets(block.values, block.axis, true_class, fault)


def raw_losses(block: Block, kind: InputKind) -> Block:
    """Turn the scores that a kernel has kept into -log p of every class, in place."""
    values = block.kept
    if kind is InputKind.LOGITS and block.log_rest is not None:
        np.subtract(block.along(block.log_rest), values, out=values)
    elif kind is InputKind.PROBS:
        np.maximum(values, 0.0, out=values)
        np.negative(np.log(values, out=values), out=values)
    else:
        np.negative(values, out=values)
    return Block(values, block.axis)


def class_terms(
    raw: Block, true_class: IntArray, options: LossOptions, soft: SoftTargets | None
) -> ClassTerms:
    """Compute the terms of a block.

    Parameters
    ----------
    raw : Block
        -log p of every class; overwritten.
    true_class : int64 array of shape (n_samples,)
        The true class, or that with the largest target.
    options : LossOptions
        The loss.
    soft : SoftTargets, optional
        The targets, where they are soft.
    """
    worst = None if options.clip is None else _worst(raw, options, soft)
    options.applied(raw.values, out=raw.values)
    true_loss = raw.at(true_class, "true_loss")
    products = None
    own = true_loss
    if soft is not None:
        products = np.multiply(soft.values, raw.values, out=scratch("products", raw.values.shape))
        if not np.isfinite(products.max()):
            products[soft.values == 0.0] = 0.0
        own = Block(products, raw.axis).total("own")
    loss = own
    if options.smoothing > 0.0:
        loss = raw.total("row loss")
        loss *= options.smoothing / _n_classes(raw)
        if options.smoothing < 1.0:
            loss += np.multiply(own, 1.0 - options.smoothing, out=scratch("kept part", raw.rows))
    return ClassTerms(
        axis=raw.axis,
        losses=raw.values,
        loss=loss,
        worst=loss if worst is None else worst,
        true_loss=true_loss,
        soft=soft,
        products=products,
    )


def margin_terms(
    margins: Margins, block: Block, nll: FloatArray, options: LossOptions
) -> ClassTerms:
    """Compute the terms of a block of logits, with label smoothing, without the losses of classes.

    Parameters
    ----------
    margins : Margins
        Of the block.
    block : Block
        As the kernel left it.
    nll : float64 array of shape (n_samples,)
        -log p of the true class.
    options : LossOptions
        With smoothing; without clip, focal factor and soft targets.
    """
    log_rest = nll if block.log_rest is None else block.log_rest
    n_classes, a = _n_classes(block), options.smoothing
    loss = np.multiply(log_rest, float(n_classes), out=block.scratch("row loss"))
    loss -= margins.row_total
    loss *= a / n_classes
    if a < 1.0:
        loss += np.multiply(nll, 1.0 - a, out=block.scratch("kept part"))
    near = log_rest
    far_values = margins.far_values
    if len(margins.far):
        near = log_rest.copy()
        near[margins.far] = 0.0
        along = log_rest[margins.far]
        far_values = (along if block.axis == 0 else along[:, np.newaxis]) - far_values
    multiples = column_multiples(near[np.newaxis], 0, COLUMN_TOP) - margins.multiples
    return ClassTerms(
        axis=block.axis,
        losses=None,
        loss=loss,
        worst=loss,
        true_loss=nll,
        margins=Margins(margins.row_total, multiples, margins.far, far_values),
    )


def _worst(raw: Block, options: LossOptions, soft: SoftTargets | None) -> FloatArray:
    """Return the largest loss of each row among the classes with a target above 0."""
    values = raw.values
    if soft is not None and options.smoothing == 0.0:
        values = np.where(soft.values > 0.0, values, 0.0)
    worst: FloatArray = np.maximum.reduce(values, axis=raw.axis)
    return worst


def _n_classes(block: Block) -> int:
    return int(block.values.shape[block.axis])


def _rows_of(values: FloatArray, axis: int, rows: slice) -> FloatArray:
    return values[:, rows] if axis == 0 else values[rows]


_NO_ROWS: IntArray = np.empty(0, dtype=np.int64)
