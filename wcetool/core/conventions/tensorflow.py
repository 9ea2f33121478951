"""TensorFlow: tf.nn, the usual recipe for class weights, and tf.compat.v1.losses."""

from __future__ import annotations

import numpy as np

from wcetool.core.arrays import FloatArray
from wcetool.core.conventions.examples import Examples, Losses, Options, Target
from wcetool.core.conventions.formulas import (
    binary_from_logits,
    chosen,
    cross_entropy,
    log_softmax,
    sigmoid_cross_entropy,
    smoothed,
    smoothing,
)
from wcetool.core.conventions.registry import LOGITS, PROBS, Convention
from wcetool.errors import InputError

_ELEMENTS = (Target.BINARY, Target.MULTILABEL)
_BY_NONZERO = "weighted_sum_by_nonzero_weights"
_V1 = (_BY_NONZERO, "weighted_mean", "weighted_sum_over_batch_size", "weighted_sum", "none")


def _weighted_with_logits(examples: Examples, _: Options) -> Losses:
    values = binary_from_logits(examples.scores, examples.as_rows(), examples.positive_factor())
    return Losses(values=values, divisors={"mean": np.ones_like(values)})


def _recipe(examples: Examples, _: Options) -> Losses:
    losses = cross_entropy(examples.as_rows(), log_softmax(examples.scores))
    weights = examples.by_row()
    if examples.class_weight is not None:
        weights = weights * examples.by_class()[examples.checked_index()]
    values = weights * losses
    return Losses(values=values, divisors={"mean": np.ones_like(values)})


def _v1_sparse(examples: Examples, options: Options) -> Losses:
    if smoothing(options):
        raise InputError("sparse_softmax_cross_entropy has no label smoothing")
    index = examples.checked_index()
    return _v1(-chosen(log_softmax(examples.scores), index), examples)


def _v1_softmax(examples: Examples, options: Options) -> Losses:
    t = smoothed(examples.as_rows(), smoothing(options), examples.n_classes)
    return _v1(cross_entropy(t, log_softmax(examples.scores)), examples)


def _v1_sigmoid(examples: Examples, options: Options) -> Losses:
    t = smoothed(examples.as_rows(), smoothing(options), 2)
    return _v1(sigmoid_cross_entropy(examples.scores, t), examples)


def _v1_log_loss(examples: Examples, options: Options) -> Losses:
    p, t = examples.scores.astype(np.float32), examples.as_rows().astype(np.float32)
    epsilon, one = np.float32(options["epsilon"]), np.float32(1.0)
    values = -t * np.log(p + epsilon) - (one - t) * np.log(one - p + epsilon)
    return _v1(values.astype(np.float64), examples)


def _v1(losses: FloatArray, examples: Examples) -> Losses:
    """Weigh, and count the weights after they are broadcast over the losses; in float32."""
    weights = _v1_weights(losses, examples)
    narrow = losses.astype(np.float32) * weights.astype(np.float32)
    return Losses(
        values=narrow.astype(np.float64),
        divisors={
            _BY_NONZERO: (weights != 0.0).astype(np.float64),
            "weighted_mean": weights,
            "weighted_sum_over_batch_size": np.ones_like(losses),
        },
        empty=0.0,
        narrow=True,
    )


def _v1_weights(losses: FloatArray, examples: Examples) -> FloatArray:
    weights = examples.sample_weight
    if examples.class_weight is not None:
        if losses.ndim == 1:
            raise InputError(
                "class weights do not fit losses by row: gather them to a weight a row"
            )
        weights = examples.by_class()[np.newaxis]
    if weights is None:
        return np.ones(losses.shape)
    fits = weights.ndim == 0 or (
        weights.ndim == losses.ndim
        and all(size in {1, of} for size, of in zip(weights.shape, losses.shape, strict=True))
    )
    if not fits:
        raise InputError(f"weights of shape {weights.shape} for losses of shape {losses.shape}")
    return np.broadcast_to(weights, losses.shape)


CONVENTIONS = (
    Convention(
        framework="tensorflow",
        api="tf.nn.weighted_cross_entropy_with_logits",
        targets=_ELEMENTS,
        kinds=(LOGITS,),
        formula="(1 - t) x + (1 + (q - 1) t) log(1 + exp(-x))",
        weighs="the positive term by pos_weight q: a value a label, shape (K,), or one for all",
        divides_by="number of elements, N K, where the caller takes reduce_mean",
        losses=_weighted_with_logits,
        reductions=("none", "mean", "sum"),
        weights=frozenset({"pos_weight"}),
        plain={"mean": "elements", "sum": "nothing"},
        traps=(
            (
                "set pos_weight to negatives / positives of each label: with 800 negatives and 200 "
                "positives 4, and both sides weigh alike (wcetool analyze counts them)"
            ),
            "pos_weight above 1 raises recall, below 1 precision; negatives always weigh 1",
            "it returns a loss an element: tf.reduce_mean of it is yours to take",
            "the mean is that of torch.nn.BCEWithLogitsLoss under the same pos_weight",
        ),
    ),
    Convention(
        framework="tensorflow",
        api="tf.reduce_mean(softmax_ce * w[y])",
        targets=(Target.INDEX, Target.SOFT),
        kinds=(LOGITS,),
        formula="-w[y] log softmax(x)[y]; with soft targets -s sum_j t_j log softmax(x)_j",
        weighs="the true class, or each row",
        divides_by="N",
        losses=_recipe,
        reductions=("mean", "sum", "none"),
        weights=frozenset({"class_weight", "sample_weight"}),
        plain={"mean": "rows", "sum": "nothing"},
        traps=(
            (
                "rescaling the weights rescales the loss: with class indices PyTorch divides by "
                "their sum, so its mean is this one times N / sum of w[y]"
            ),
        ),
    ),
    Convention(
        framework="tensorflow",
        api="tf.compat.v1.losses.sparse_softmax_cross_entropy",
        targets=(Target.INDEX,),
        kinds=(LOGITS,),
        formula="-s log softmax(x)[y], in float32",
        weighs="each row by s",
        divides_by="number of weights that are not 0",
        losses=_v1_sparse,
        reductions=_V1,
        options={"label_smoothing": 0.0},
        fixed=frozenset({"label_smoothing"}),
        weights=frozenset({"class_weight", "sample_weight"}),
    ),
    Convention(
        framework="tensorflow",
        api="tf.compat.v1.losses.softmax_cross_entropy",
        targets=(Target.INDEX, Target.SOFT),
        kinds=(LOGITS,),
        formula="-s sum_j t_j log softmax(x)_j, t smoothed by a / K, in float32",
        weighs="each row by s, smoothing included",
        divides_by="number of weights that are not 0",
        losses=_v1_softmax,
        reductions=_V1,
        options={"label_smoothing": 0.0},
        weights=frozenset({"class_weight", "sample_weight"}),
    ),
    Convention(
        framework="tensorflow",
        api="tf.compat.v1.losses.sigmoid_cross_entropy",
        targets=_ELEMENTS,
        kinds=(LOGITS,),
        formula="s (max(x, 0) - x t + log(1 + exp(-|x|))), t smoothed by a / 2, in float32",
        weighs="each element, s broadcast over rows and labels",
        divides_by="number of weights that are not 0, after broadcasting",
        losses=_v1_sigmoid,
        reductions=_V1,
        options={"label_smoothing": 0.0},
        weights=frozenset({"class_weight", "sample_weight"}),
    ),
    Convention(
        framework="tensorflow",
        api="tf.compat.v1.losses.log_loss",
        targets=_ELEMENTS,
        kinds=(PROBS,),
        formula="s (-t log(p + eps) - (1 - t) log(1 - p + eps)), in float32",
        weighs="each element",
        divides_by="number of weights that are not 0",
        losses=_v1_log_loss,
        reductions=_V1,
        options={"epsilon": 1e-7},
        weights=frozenset({"sample_weight"}),
        traps=("eps is added inside both logarithms, nothing is clipped",),
    ),
)
