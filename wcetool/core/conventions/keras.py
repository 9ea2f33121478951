"""Keras 3: losses, what class_weight becomes, weighted metrics; on TensorFlow, and on JAX."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from wcetool.core.arrays import BoolArray, FloatArray, IntArray
from wcetool.core.conventions.examples import Examples, Losses, Options, Target
from wcetool.core.conventions.formulas import (
    alpha_factor,
    chosen,
    cross_entropy,
    focal_factor,
    in_columns,
    log_softmax,
    sigmoid,
    sigmoid_cross_entropy,
    smoothed,
    smoothing,
    softmax,
)
from wcetool.core.conventions.registry import LOGITS, PROBS, Convention
from wcetool.errors import InputError, UsageError

EPSILON = 1e-7  # keras.config.epsilon(), whatever the dtype

_REDUCTIONS = ("sum_over_batch_size", "mean", "mean_with_sample_weight", "sum", "none")
_BY_ROW = frozenset({"sample_weight"})
_BY_CLASS = frozenset({"class_weight"})
_ELEMENTS = (Target.BINARY, Target.MULTILABEL)
_NOT_PYTORCH = (
    "with class indices PyTorch divides by the sum of the weights: its mean is this one times "
    "N / sum of the weights"
)
_BEHIND = "Keras on TensorFlow goes back to the logits behind a softmax"
_DIVIDES = "N, whatever the weights are; mean_with_sample_weight by their sum"


def _clipped(proba: FloatArray, examples: Examples) -> FloatArray:
    """Clip to [eps, 1 - eps], both rounded to the dtype."""
    kind = examples.dtype.type
    low, high = kind(EPSILON), kind(1.0) - kind(EPSILON)
    return np.clip(proba, float(low), float(high))


def _complement(proba: FloatArray, examples: Examples) -> FloatArray:
    """Return 1 - p as the dtype has it."""
    kind = examples.dtype.type
    rest: FloatArray = (kind(1.0) - proba.astype(examples.dtype)).astype(np.float64)
    return rest


def _normalized(proba: FloatArray) -> FloatArray:
    rows: FloatArray = proba / in_columns(proba).sum(axis=1, keepdims=True)
    return rows


def _weighed(losses: FloatArray, examples: Examples, valid: BoolArray | None = None) -> Losses:
    """Weigh rows; the mean divides by their number, ignored ones left out."""
    if losses.ndim == 0 and examples.sample_weight is None:
        return Losses(values=losses, divisors=dict.fromkeys(_REDUCTIONS[:3], np.ones(())))
    weights = examples.by_row()
    values = losses * weights
    counted = np.ones(len(weights))
    if valid is not None:
        values, weights = np.where(valid, values, 0.0), np.where(valid, weights, 0.0)
        counted = valid.astype(np.float64)
    return Losses(
        values=values,
        divisors={
            "sum_over_batch_size": counted,
            "mean": counted,
            "mean_with_sample_weight": weights,
        },
        empty=0.0,
    )


def _categorical(examples: Examples, options: Options) -> Losses:
    t = smoothed(examples.as_rows(), smoothing(options), examples.n_classes)
    if examples.kind is LOGITS:
        return _weighed(cross_entropy(t, log_softmax(examples.scores)), examples)
    proba = _clipped(_normalized(examples.scores), examples)
    return _weighed(cross_entropy(t, np.log(proba)), examples)


def _sparse(examples: Examples, options: Options, *, jax: bool = False) -> Losses:
    ignored = options["ignore_class"]
    index = examples.index() if jax else examples.checked_index(ignored=ignored)
    log_proba = _sparse_log_proba(examples, jax=jax)
    inside = (index >= 0) & (index < examples.n_classes)
    known = np.where(inside, index, 0)
    if jax:  # one-hot rows: a class without a column costs nothing
        losses = cross_entropy(np.eye(examples.n_classes)[known] * inside[:, np.newaxis], log_proba)
    else:
        losses = -chosen(log_proba, known)
    return _weighed(losses, examples, None if ignored is None else index != ignored)


def _sparse_log_proba(examples: Examples, *, jax: bool) -> FloatArray:
    if examples.kind is LOGITS:
        return log_softmax(examples.scores)
    if jax:
        return np.log(_clipped(_normalized(examples.scores), examples))
    # TensorFlow takes clipped probabilities for the powers of logits, and so divides by their sum.
    return log_softmax(np.log(_clipped(examples.scores, examples)))


def _binary(examples: Examples, options: Options) -> Losses:
    t = smoothed(examples.as_rows(), smoothing(options), 2)
    return _weighed(_mean_of_labels(_binary_elements(examples, t)), examples)


def _mean_of_labels(values: FloatArray) -> FloatArray:
    """Average over the last axis: the rows, where there is no other."""
    return np.asarray(values.sum(axis=-1) / values.shape[-1])


def _binary_elements(examples: Examples, t: FloatArray, *, clipped: bool = False) -> FloatArray:
    if examples.kind is LOGITS and not clipped:
        return sigmoid_cross_entropy(examples.scores, t)
    proba = sigmoid(examples.scores) if examples.kind is LOGITS else examples.scores
    proba = _clipped(proba, examples)
    return -(t * np.log(proba) + (1.0 - t) * np.log(_complement(proba, examples)))


def _categorical_focal(examples: Examples, options: Options) -> Losses:
    t = smoothed(examples.as_rows(), smoothing(options), examples.n_classes)
    proba = softmax(examples.scores) if examples.kind is LOGITS else examples.scores
    proba = _clipped(_normalized(proba), examples)
    alpha = np.asarray(options["alpha"], dtype=np.float64)
    if alpha.ndim:
        alpha = alpha.astype(np.float32).astype(np.float64)
        if alpha.shape != (examples.n_classes,):
            raise InputError(f"{alpha.size} alphas for {examples.n_classes} classes")
    factor = alpha * _complement(proba, examples) ** float(options["gamma"])
    return _weighed((factor * -(t * np.log(proba))).sum(axis=1), examples)


def _binary_focal(examples: Examples, options: Options, *, jax: bool = False) -> Losses:
    t = smoothed(examples.as_rows(), smoothing(options), 2)
    proba = sigmoid(examples.scores) if examples.kind is LOGITS else examples.scores
    values = _binary_elements(examples, t, clipped=jax)
    values = values * focal_factor(proba, t, float(options["gamma"]))
    if options["apply_class_balancing"]:
        values = values * alpha_factor(t, float(options["alpha"]))
    return _weighed(_mean_of_labels(values), examples)


def row_weights(y: np.ndarray, class_weight: FloatArray | Mapping[int, float] | None) -> FloatArray:
    """Turn class weights into one weight a row, as fit and train_on_batch do.

    The class of a row of several numbers is the place of the largest one, the first of equals; one
    number is rounded, half to even. A class without a weight weighs 1.
    """
    if y.ndim == 2 and y.shape[1] > 1:
        index: IntArray = y.argmax(axis=1)
    else:
        index = np.rint(y.reshape(len(y))).astype(np.int64)
    if class_weight is None:
        return np.ones(len(y))
    if not isinstance(class_weight, Mapping):
        if np.ndim(class_weight) != 1:
            raise InputError("class weights are a mapping, or a weight a class")
        class_weight = dict(enumerate(class_weight))
    return np.array([float(class_weight.get(int(k), 1.0)) for k in index])


_LOSSES: dict[str, Callable[[Examples, Options], Losses]] = {
    "SparseCategoricalCrossentropy": _sparse,
    "CategoricalCrossentropy": _categorical,
    "BinaryCrossentropy": _binary,
    "CategoricalFocalCrossentropy": _categorical_focal,
    "BinaryFocalCrossentropy": _binary_focal,
}
_ON_JAX: dict[str, Callable[[Examples, Options], Losses]] = {
    **_LOSSES,
    "SparseCategoricalCrossentropy": partial(_sparse, jax=True),
    "BinaryFocalCrossentropy": partial(_binary_focal, jax=True),
}
_LOSS_OPTIONS = {
    "ignore_class": None,
    "alpha": 0.25,
    "gamma": 2.0,
    "apply_class_balancing": False,
}


def _model(examples: Examples, options: Options, *, jax: bool) -> Examples:
    """Return what the loss of a model sees, whose only layer is an activation."""
    activation, from_logits = options["activation"], options["from_logits"]
    if activation not in {"linear", "softmax"}:
        raise UsageError(f"{activation!r} is not an activation: linear or softmax")
    if activation == "linear":
        return examples
    if from_logits:
        return replace(examples, scores=softmax(examples.scores))
    if not jax:  # TensorFlow goes back to what the activation was given
        return examples
    return replace(examples, scores=softmax(examples.scores), kind=PROBS)


def _trained(examples: Examples, options: Options, *, jax: bool = False) -> Losses:
    """Weigh each row by its class, then compute the loss of the model."""
    loss = options["loss"]
    if loss not in _LOSSES:
        raise UsageError(f"{loss!r} is not a loss of Keras that is known here")
    weights = row_weights(examples.y, examples.class_weight)
    seen = replace(_model(examples, options, jax=jax), class_weight=None, sample_weight=weights)
    return (_ON_JAX if jax else _LOSSES)[loss](seen, {**_LOSS_OPTIONS, **options})


def _fitted(examples: Examples, options: Options, *, jax: bool = False) -> Losses:
    """Average the values of batches, each counted by its rows."""
    values = [
        float(_trained(batch, options, jax=jax).reduced(options["reduction"])) * len(batch.scores)
        for batch in examples.batches(int(options["batch_size"]))
    ]
    ones = np.ones(len(examples.scores))
    return Losses(values=np.array(values), divisors=dict.fromkeys(_REDUCTIONS[:4], ones))


def _evaluated(examples: Examples, options: Options, *, jax: bool = False) -> Losses:
    return _sparse(_model(examples, options, jax=jax), {**options, "ignore_class": None}, jax=jax)


def _metric(examples: Examples, options: Options, *, loss: str, jax: bool = False) -> Losses:
    """Divide by the sum of the weights, as all metrics do."""
    losses = (_ON_JAX if jax else _LOSSES)[loss](examples, {**_LOSS_OPTIONS, **options})
    return Losses(values=losses.values, divisors={"mean": examples.by_row()}, empty=0.0)


def _conventions(framework: str, *, jax: bool) -> tuple[Convention, ...]:
    """List the entries of one backend."""
    sparse_formula = (
        "s times -log of the clipped and renormalised p[y]"
        if jax
        else "s times -log(clip(p)[y] / sum of clip(p))"
    )
    in_training = {
        Target.SOFT: {"loss": "CategoricalCrossentropy"},
        Target.BINARY: {"loss": "BinaryCrossentropy"},
        Target.MULTILABEL: {"loss": "BinaryCrossentropy"},
    }
    in_model = {"activation": "linear", "from_logits": True, "label_smoothing": 0.0}
    return (
        Convention(
            framework=framework,
            api="keras.losses.SparseCategoricalCrossentropy",
            targets=(Target.INDEX,),
            kinds=(LOGITS, PROBS),
            formula=f"from logits s times -log softmax(x)[y]; from probabilities {sparse_formula}",
            weighs="each row by its sample weight",
            divides_by=f"{_DIVIDES}; rows left by ignore_class",
            losses=partial(_sparse, jax=jax),
            reductions=_REDUCTIONS,
            options={"ignore_class": None},
            weights=_BY_ROW,
            plain={
                "sum_over_batch_size": "rows",
                "mean": "rows",
                "mean_with_sample_weight": "weights",
                "sum": "nothing",
            },
            traps=(
                _NOT_PYTORCH,
                "the backends differ on stored probabilities: TensorFlow renormalises last",
            ),
        ),
        Convention(
            framework=framework,
            api="keras.losses.CategoricalCrossentropy",
            targets=(Target.SOFT,),
            kinds=(LOGITS, PROBS),
            formula="s times -sum_j t_j log p_j; stored p are renormalised, then clipped to 1e-7",
            weighs="each row by its sample weight, smoothing included",
            divides_by=_DIVIDES,
            losses=_categorical,
            reductions=_REDUCTIONS,
            options={"label_smoothing": 0.0},
            weights=_BY_ROW,
            traps=(
                f"{_NOT_PYTORCH}; with targets a class it divides by N as well",
                "smoothing is weighed by the row: PyTorch weighs it by class",
            ),
        ),
        Convention(
            framework=framework,
            api="keras.losses.BinaryCrossentropy",
            targets=_ELEMENTS,
            kinds=(LOGITS, PROBS),
            formula="s times the mean over the labels of -(t log p + (1 - t) log(1 - p))",
            weighs="each row, all its labels alike; there is no weight a label",
            divides_by=_DIVIDES,
            losses=_binary,
            reductions=_REDUCTIONS,
            options={"label_smoothing": 0.0},
            weights=_BY_ROW,
            traps=(
                (
                    "class_weight of fit and train_on_batch arrives here as one sample weight a "
                    "row, applied after the mean over its labels"
                ),
                (
                    "for a weight a label, average tf.nn.weighted_cross_entropy_with_logits "
                    "(positive terms) or a weighted sigmoid cross-entropy (all terms) in a loss of "
                    "your own"
                ),
                (
                    "unweighted it is PyTorch's mean over all elements; PyTorch weighs elements or "
                    "positive terms, and its mean never divides by these weights"
                ),
                "give targets and scores two dimensions: with one the loss is mean(bce) mean(s)",
            ),
        ),
        Convention(
            framework=framework,
            api="keras.losses.CategoricalFocalCrossentropy",
            targets=(Target.SOFT,),
            kinds=(LOGITS, PROBS),
            formula="s times sum_j a_j (1 - p_j)^gamma (-t_j log p_j), p renormalised and clipped",
            weighs="each class by alpha, each row by its sample weight",
            divides_by=_DIVIDES,
            losses=_categorical_focal,
            reductions=_REDUCTIONS,
            options={"alpha": 0.25, "gamma": 2.0, "label_smoothing": 0.0},
            lists=frozenset({"alpha"}),
            weights=_BY_ROW,
            traps=("probabilities are clipped from logits as well",),
        ),
        Convention(
            framework=framework,
            api="keras.losses.BinaryFocalCrossentropy",
            targets=_ELEMENTS,
            kinds=(LOGITS, PROBS),
            formula="s times the mean over the labels of (1 - p_t)^gamma bce, a_t if balanced",
            weighs="positives by alpha only with apply_class_balancing; each row by its weight",
            divides_by=_DIVIDES,
            losses=partial(_binary_focal, jax=jax),
            reductions=_REDUCTIONS,
            options={
                "alpha": 0.25,
                "gamma": 2.0,
                "label_smoothing": 0.0,
                "apply_class_balancing": False,
            },
            weights=_BY_ROW,
            traps=("alpha has no effect unless apply_class_balancing is set",),
        ),
        Convention(
            framework=framework,
            api="keras.Model.train_on_batch(class_weight)",
            targets=tuple(Target),
            kinds=(LOGITS,),
            formula="w[class of the row] times the loss of the row: the mean over its labels",
            weighs="each row, all its labels alike, by the weight of its first largest label",
            divides_by=_DIVIDES,
            losses=partial(_trained, jax=jax),
            reductions=_REDUCTIONS,
            options={"loss": "SparseCategoricalCrossentropy", **in_model},
            weights=_BY_CLASS,
            by_target=in_training,
            behind_activation="" if jax else _BEHIND,
            traps=(
                "class_weight has no place per label in multi-label targets: it takes the argmax",
                "so [0, 1, 1] weighs as class 1, and an all-zero row as class 0",
                "fit weighs in the same way; evaluate and test_on_batch take no class_weight",
                "a class without a weight weighs 1",
            ),
        ),
        Convention(
            framework=framework,
            api="keras.Model.fit(class_weight)",
            targets=tuple(Target),
            kinds=(LOGITS,),
            formula="mean of the batch values of train_on_batch, each counted by its rows",
            weighs="each row by the weight of its class, as train_on_batch does",
            divides_by="N; other reductions than the means depend on the batches",
            losses=partial(_fitted, jax=jax),
            reductions=_REDUCTIONS[:4],
            options={"loss": "SparseCategoricalCrossentropy", "batch_size": 32, **in_model},
            weights=_BY_CLASS,
            by_target=in_training,
            traps=(
                "multi-label rows are weighed as in train_on_batch: whole, by their argmax",
                "the loss divides by N, weighted_metrics in the same line by the sum of weights",
            ),
        ),
        Convention(
            framework=framework,
            api="keras.Model.evaluate(softmax activation, from_logits=False)",
            targets=(Target.INDEX,),
            kinds=(LOGITS,),
            formula="-log softmax(x)[y] on TensorFlow; on JAX that of clipped probabilities",
            weighs="each row by its sample weight",
            divides_by="N",
            losses=partial(_evaluated, jax=jax),
            reductions=_REDUCTIONS,
            options={"activation": "softmax", "from_logits": False},
            weights=_BY_ROW,
            behind_activation="" if jax else _BEHIND,
            traps=(
                "on TensorFlow stored probabilities cannot give this number: it uses the logits",
            ),
        ),
        Convention(
            framework=framework,
            api="keras weighted_metrics SparseCategoricalCrossentropy",
            targets=(Target.INDEX,),
            kinds=(LOGITS,),
            formula="s times -log softmax(x)[y]",
            weighs="each row by its sample weight",
            divides_by="sum of the sample weights, beside a loss that divides by N",
            losses=partial(_metric, loss="SparseCategoricalCrossentropy", jax=jax),
            reductions=("mean",),
            weights=_BY_ROW,
        ),
        *(_metric_of(framework, loss, targets, jax=jax) for loss, targets in _METRICS.items()),
    )


_METRICS = {
    "SparseCategoricalCrossentropy": (Target.INDEX,),
    "CategoricalCrossentropy": (Target.SOFT,),
    "BinaryCrossentropy": _ELEMENTS,
}


def _metric_of(framework: str, loss: str, targets: tuple[Target, ...], *, jax: bool) -> Convention:
    return Convention(
        framework=framework,
        api=f"keras.metrics.{loss}",
        targets=targets,
        kinds=(LOGITS, PROBS),
        formula=f"that of keras.losses.{loss}",
        weighs="each row by its sample weight, given as weighted_metrics; metrics= ignores weights",
        divides_by="sum of the sample weights, where the loss divides by N",
        losses=partial(_metric, loss=loss, jax=jax),
        reductions=("mean",),
        options={} if loss.startswith("Sparse") else {"label_smoothing": 0.0},
        weights=_BY_ROW,
    )


CONVENTIONS = (*_conventions("keras", jax=False), *_conventions("keras-jax", jax=True))
