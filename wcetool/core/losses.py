"""Scores and targets -> the terms of each row: loss, probability of the true class, Brier term.

The kernels of `kernels` work block by block in one float64 buffer; here they are applied to the
rows of a batch, and what all classes contribute is added where the loss needs it. Nothing is summed
over rows here; that is `scoring`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeAlias, cast

import numpy as np
import numpy.typing as npt

from wcetool.core import score_blocks
from wcetool.core.arrays import FloatArray, IntArray, scratch
from wcetool.core.class_terms import Margins, class_terms, margin_terms, raw_losses, soft_targets
from wcetool.core.kernels import KERNELS, Kernel, RowTerms
from wcetool.core.loss_options import PLAIN, LossOptions
from wcetool.core.score_blocks import Block
from wcetool.core.score_forms import SUM_TOLERANCE, ScoreForm, Tolerance
from wcetool.core.vocabulary import InputKind, Task

__all__ = [
    "COLUMN_LAYOUT",
    "SUM_TOLERANCE",
    "RowTerms",
    "ScoreForm",
    "Scores",
    "Tolerance",
    "block_terms",
    "fault_reason",
    "row_sums",
    "row_terms",
]

COLUMN_LAYOUT = score_blocks.COLUMN_LAYOUT
BLOCK_ROWS = 1 << 14

Scores: TypeAlias = "npt.NDArray[np.floating] | Sequence[npt.NDArray[np.floating]]"
"""Scores of a batch: an array (n_samples, n_classes), or a column (n_samples,) for each class."""


def row_terms(scores: Scores, target: IntArray, form: ScoreForm) -> RowTerms:
    """Compute the terms of every row.

    Parameters
    ----------
    scores : array of shape (n_samples, n_classes), or n_classes arrays of shape (n_samples,)
        Any float dtype; cast to float64 block by block. Binary: one column.
    target : int64 array of shape (n_samples,)
        True classes, in [0, n_classes).
    form : ScoreForm
        What the scores hold.

    Returns
    -------
    RowTerms
        In the order of the rows. A fault is marked, not raised: only the caller knows where the
        row stands in its file.

    Notes
    -----
    Logits: loss = log1p(sum over the others of exp(z_j - max)) - (z_y - max), which keeps losses
    far below 1e-16 as well as those of 800 nats and more.

    Examples
    --------
    >>> form = ScoreForm(task=Task.MULTICLASS, kind=InputKind.LOGITS, n_classes=3,
    ...                  tolerance=Tolerance(0.0, 0.0))
    >>> row_terms(np.array([[800.0, 0.0, 0.0]]), np.array([1]), form).nll
    array([800.])
    """
    terms = RowTerms.empty(len(target))
    for rows, part in _kernel_terms(scores, target, form):
        terms.nll[rows] = part.nll
        terms.true_proba[rows] = part.true_proba
        terms.brier[rows] = part.brier
        terms.predicted[rows] = part.predicted
        terms.fault[rows] = part.fault
    return terms


def block_terms(
    scores: Scores, target: IntArray | Scores, form: ScoreForm, options: LossOptions = PLAIN
) -> Iterator[tuple[slice, RowTerms]]:
    """Compute the terms block by block, while they are in the cache; as `row_terms`.

    Parameters
    ----------
    scores, form
        As in `row_terms`.
    target : int64 array of shape (n_samples,); with soft targets as `scores`, of any numeric dtype
        True classes, or a number in [0, 1] for each class (two in the binary task).
    options : LossOptions
        Decide whether the terms have `RowTerms.by_class`.

    Yields
    ------
    rows : slice
        At most 2^14 rows.
    terms : RowTerms
        Of these rows; may be overwritten by the next ones that this thread computes.
    """
    if _takes_margins(form, options):
        yield from _margin_terms(scores, cast("IntArray", target), form, options)
        return
    if options.of_all_classes:
        yield from _all_class_terms(scores, target, form, options)
        return
    codes = cast("IntArray", target)
    if _axis(form) == 0:
        yield from _kernel_terms(scores, codes, form)
        return
    # Few rows of many classes fill a block: too few to be summed up by themselves.
    for start in range(0, len(codes), BLOCK_ROWS):
        rows = slice(start, min(start + BLOCK_ROWS, len(codes)))
        part = scores[rows] if isinstance(scores, np.ndarray) else [one[rows] for one in scores]
        yield rows, row_terms(part, codes[rows], form)


def _kernel_terms(
    scores: Scores, target: IntArray, form: ScoreForm
) -> Iterator[tuple[slice, RowTerms]]:
    """Apply the kernel to block after block; the terms are overwritten by the next ones."""
    kernel = KERNELS[form.task, form.kind]
    for rows, block in score_blocks.blocks(scores, len(target), _n_columns(form), rows=BLOCK_ROWS):
        # Infinite losses, and NaN in rows that are marked as faults, are expected here.
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            terms = kernel(block, target[rows], form)
        yield rows, terms


def _takes_margins(form: ScoreForm, options: LossOptions) -> bool:
    """Whether sums of logits give the smoothed loss, without the losses of all classes."""
    return (
        options.smoothing > 0.0
        and (form.task, form.kind) == (Task.MULTICLASS, InputKind.LOGITS)
        and not (options.soft or options.is_focal or options.sample_weights)
        and options.clip is None
    )


def _margin_terms(
    scores: Scores, target: IntArray, form: ScoreForm, options: LossOptions
) -> Iterator[tuple[slice, RowTerms]]:
    """Apply the kernel to block after block, and sum up the logits by column on the way."""
    kernel = KERNELS[form.task, form.kind]
    found: list[Margins] = []
    blocks = score_blocks.blocks(
        scores,
        len(target),
        form.n_classes,
        rows=BLOCK_ROWS,
        before_exp=lambda block: found.append(Margins.of(block)),
    )
    for rows, block in blocks:
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            terms = kernel(block, target[rows], form)
            by_class = margin_terms(found.pop(), block, terms.nll, options)
        yield rows, replace(terms, by_class=by_class)


def _all_class_terms(
    scores: Scores, target: IntArray | Scores, form: ScoreForm, options: LossOptions
) -> Iterator[tuple[slice, RowTerms]]:
    """Apply the kernel to block after block, and keep the losses of all classes."""
    n_samples = len(target) if isinstance(target, np.ndarray) else len(target[0])
    kernel = KERNELS[form.task, form.kind]
    keeps = form.task is not Task.BINARY
    parts: Iterator[tuple[slice, Block] | None] = itertools.repeat(None)
    if options.soft:
        parts = score_blocks.blocks(
            target, n_samples, form.n_classes, rows=BLOCK_ROWS, buffer_name="targets"
        )
    for rows, block in score_blocks.blocks(
        scores, n_samples, _n_columns(form), rows=BLOCK_ROWS, keeps=keeps
    ):
        part = next(parts)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            soft = None if part is None else soft_targets(part[1])
            true = cast("IntArray", target)[rows] if soft is None else soft.true_class
            terms = kernel(block, true, form)
            brier = terms.brier
            if keeps:
                if soft is not None and form.kind is InputKind.PROBS:
                    brier = soft.brier(block.kept)
                raw = raw_losses(block, form.kind)
            else:
                raw = _binary_losses(block, kernel, form)
            if soft is not None and not (keeps and form.kind is InputKind.PROBS):
                brier = soft.brier(np.exp(-raw.values))
            by_class = class_terms(raw, true, options, soft)
        yield rows, replace(terms, brier=brier, by_class=by_class)


def _binary_losses(block: Block, kernel: Kernel, form: ScoreForm) -> Block:
    """Return the losses of both classes."""
    losses = scratch("class losses", (2, block.rows))
    for k in range(2):
        losses[k] = kernel(block, np.full(block.rows, k), form).nll
    return Block(losses, 0)


def _n_columns(form: ScoreForm) -> int:
    return 1 if form.task is Task.BINARY else form.n_classes


def _axis(form: ScoreForm) -> int:
    """Return the axis of the classes in a block."""
    return score_blocks.class_axis(_n_columns(form))


def fault_reason(values: FloatArray, form: ScoreForm) -> str:
    """Say in words why a row breaks the rules of its form.

    Parameters
    ----------
    values : float64 array of shape (n_classes,)
        The row's scores, as stored.
    form : ScoreForm
        The rules it breaks.
    """
    if np.isnan(values).any():
        return "a score is missing or NaN"
    if form.kind is InputKind.LOGITS:
        return "an infinite logit" if np.isposinf(values).any() else "every logit is -inf"
    limit = form.tolerance.value
    if form.kind is InputKind.PROBS:
        if values.min() < -limit:
            return f"a probability of {values.min():.6g}"
        if values.max() > 1.0 + limit and not form.renormalize:
            return f"a probability of {values.max():.6g}"
        with np.errstate(over="ignore"):
            return f"sums to {values.sum():.6g}"
    if values.max() > limit:
        return f"the logarithm of a probability is {values.max():.6g}"
    return f"the probabilities sum to {np.exp(values).sum():.6g}"


def row_sums(values: FloatArray, form: ScoreForm) -> FloatArray:
    """Return the sum of the probabilities of each row, NaN where a single value is at fault.

    Parameters
    ----------
    values : float64 array of shape (n_samples, n_classes)
        Probabilities or their logarithms.
    form : ScoreForm
        Which of the two, and how far a value may be off.
    """
    limit = form.tolerance.value
    values = np.ascontiguousarray(values)  # one order of addition, whatever the block
    with np.errstate(over="ignore"):
        if form.kind is InputKind.LOG_PROBS:
            total, bad = np.exp(values).sum(axis=1), (values > limit).any(axis=1)
        else:
            bad = ((values < -limit) | (values > 1.0 + limit)).any(axis=1)
            total = values.sum(axis=1)
    return np.where(bad, math.nan, total)
