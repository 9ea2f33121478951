"""PyTorch and torchvision: cross-entropy over classes, and the binary family."""

from __future__ import annotations

import numpy as np

from wcetool.core.arrays import FloatArray
from wcetool.core.conventions.examples import Examples, Losses, Options, Target
from wcetool.core.conventions.formulas import (
    alpha_factor,
    binary_from_logits,
    chosen,
    cross_entropy,
    focal_factor,
    log_softmax,
    sigmoid,
    smoothed,
    smoothing,
)
from wcetool.core.conventions.registry import LOGITS, PROBS, Convention
from wcetool.errors import InputError

_LEAST_LOG = -100.0  # BCELoss bounds both logarithms there
_AND_KERAS = (
    "Keras averages over the labels first: unweighted both agree; "
    "its class_weight weighs whole rows"
)
_MEAN_SUM_NONE = ("mean", "sum", "none")
_ELEMENTS = (Target.BINARY, Target.MULTILABEL)


def _cross_entropy(examples: Examples, options: Options) -> Losses:
    log_proba = log_softmax(examples.scores)
    if examples.target is Target.INDEX:
        return _by_index(examples, options, log_proba, smoothing(options))
    if options["ignore_index"] >= 0:
        raise InputError("ignore_index is not allowed with targets that are probabilities")
    t = smoothed(examples.as_rows(), smoothing(options), examples.n_classes)
    values = cross_entropy(examples.by_class() * t, log_proba)
    return Losses(values=values, divisors={"mean": np.ones_like(values)})


def _batched(examples: Examples, options: Options) -> Losses:
    """Return the mean of each batch: a loop that averages them has another denominator."""
    batches = examples.batches(int(options["batch_size"]))
    means = [float(_cross_entropy(batch, options).reduced("mean")) for batch in batches]
    return Losses(values=np.array(means), divisors={"mean": np.ones(len(means))})


def _nll(examples: Examples, options: Options) -> Losses:
    return _by_index(examples, options, np.log(examples.scores), 0.0)


def _by_index(examples: Examples, options: Options, log_proba: FloatArray, amount: float) -> Losses:
    """Weigh by the true class; the smooth part weighs every class by its own weight."""
    ignored = options["ignore_index"]
    index = examples.checked_index(ignored=ignored)
    kept = index != ignored
    true = np.where(kept, index, 0)
    by_class = examples.by_class()
    weight = by_class[true]
    parts = [-weight * chosen(log_proba, true)]
    if amount:
        smooth = -(by_class * log_proba).sum(axis=1)
        parts = [(1.0 - amount) * parts[0], amount / examples.n_classes * smooth]
    parts = [np.where(kept, part, 0.0) for part in parts]
    divisor = np.where(kept, weight, 0.0)
    return Losses(values=sum(parts[1:], parts[0]), divisors={"mean": divisor}, parts=tuple(parts))


def _weights_of_elements(examples: Examples) -> FloatArray:
    """Broadcast the weight over the elements, as PyTorch does."""
    given = examples.sample_weight
    if examples.class_weight is not None:
        if given is not None:
            raise InputError("there is one weight: by column or by sample, not both")
        given = examples.by_class()
    if given is None:
        return np.ones(())
    try:
        return np.broadcast_to(given, examples.scores.shape)
    except ValueError:
        raise InputError(
            f"weights of shape {given.shape} do not fit scores of {examples.scores.shape}"
        ) from None


def _binary(examples: Examples, _: Options) -> Losses:
    p, t = examples.scores, examples.as_rows()
    for what, values in (("probability", p), ("target", t)):
        if not ((values >= 0.0) & (values <= 1.0)).all():
            raise InputError(f"a {what} is outside of [0, 1]")
    log_p = np.maximum(np.log(p), _LEAST_LOG)
    log_q = np.maximum(np.log1p(-p), _LEAST_LOG)
    return _elements(_weights_of_elements(examples) * -(t * log_p + (1.0 - t) * log_q))


def _binary_with_logits(examples: Examples, _: Options) -> Losses:
    t = examples.as_rows()
    values = binary_from_logits(examples.scores, t, examples.positive_factor())
    return _elements(_weights_of_elements(examples) * values)


def _focal(examples: Examples, options: Options) -> Losses:
    t, alpha = examples.as_rows(), float(options["alpha"])
    values = binary_from_logits(examples.scores, t, np.ones(()))
    values = values * focal_factor(sigmoid(examples.scores), t, float(options["gamma"]))
    return _elements(values * alpha_factor(t, alpha) if alpha >= 0.0 else values)


def _elements(values: FloatArray) -> Losses:
    return Losses(values=values, divisors={"mean": np.ones_like(values)})


CONVENTIONS = (
    Convention(
        framework="torch",
        api="torch.nn.CrossEntropyLoss",
        targets=(Target.INDEX, Target.SOFT),
        kinds=(LOGITS,),
        formula="-w[y] log softmax(x)[y]; with soft targets -sum_j w_j t_j log softmax(x)_j",
        weighs="the true class; with soft targets, and in the smooth part, each class",
        divides_by="sum of w[y] over the rows not ignored; with soft targets N",
        losses=_cross_entropy,
        reductions=_MEAN_SUM_NONE,
        options={"ignore_index": -100, "label_smoothing": 0.0},
        weights=frozenset({"class_weight"}),
        plain={"mean": "weights", "sum": "nothing"},
        traps=(
            (
                "with class indices the mean divides by the sum of w[y]: the losses of Keras and "
                "TensorFlow, which divide by N unless told otherwise, differ"
            ),
            "so weights times c leave this mean as it is, and make theirs c times as large",
            "scores are logits: probabilities would go through softmax again, without an error",
            "one-hot targets and class indices give different means under the same weights",
            "label smoothing weighs each class by its own weight, not by that of the true one",
            "a weight of 0 does not hide an infinite loss; ignore_index does",
            "-100 is ignored unless another index is named",
        ),
    ),
    Convention(
        framework="torch",
        api="torch.batched_mean_of_means",
        targets=(Target.INDEX, Target.SOFT),
        kinds=(LOGITS,),
        formula="mean over the batches of CrossEntropyLoss",
        weighs="the true class",
        divides_by="sum of w[y] of each batch, then the number of batches",
        losses=_batched,
        reductions=("mean",),
        options={"batch_size": 32, "ignore_index": -100, "label_smoothing": 0.0},
        weights=frozenset({"class_weight"}),
        traps=("a training loop prints this; it depends on the batches",),
    ),
    Convention(
        framework="torch",
        api="torch.nn.NLLLoss(log(probs))",
        targets=(Target.INDEX,),
        kinds=(PROBS,),
        formula="-w[y] log p[y], p not renormalised",
        weighs="the true class",
        divides_by="sum of w[y] over the rows not ignored",
        losses=_nll,
        reductions=_MEAN_SUM_NONE,
        options={"ignore_index": -100},
        weights=frozenset({"class_weight"}),
        plain={"mean": "weights", "sum": "nothing"},
        traps=(
            "the same as CrossEntropyLoss on the logits behind the probabilities",
            "a probability of 0 costs infinity, and with a weight of 0 NaN",
        ),
    ),
    Convention(
        framework="torch",
        api="torch.nn.BCELoss",
        targets=_ELEMENTS,
        kinds=(PROBS,),
        formula="-W (t max(log p, -100) + (1 - t) max(log(1 - p), -100))",
        weighs="each element: W is broadcast, by column or by row",
        divides_by="number of elements, N K",
        losses=_binary,
        reductions=_MEAN_SUM_NONE,
        options={},
        weights=frozenset({"class_weight", "sample_weight"}),
        traps=(
            "the mean does not divide by the sum of the weights",
            _AND_KERAS,
        ),
    ),
    Convention(
        framework="torch",
        api="torch.nn.BCEWithLogitsLoss",
        targets=_ELEMENTS,
        kinds=(LOGITS,),
        formula="W ((1 - t) x + (1 + (q - 1) t) log(1 + exp(-x)))",
        weighs="each element by W, its positive term by pos_weight q too, shape (K,): one a label",
        divides_by="number of elements, N K",
        losses=_binary_with_logits,
        reductions=_MEAN_SUM_NONE,
        options={},
        weights=frozenset({"class_weight", "sample_weight", "pos_weight"}),
        plain={"mean": "elements", "sum": "nothing"},
        traps=(
            "pos_weight weighs positives only: 1 leaves the loss as it is",
            (
                "set pos_weight to negatives / positives of each label: with 800 negatives and 200 "
                "positives 4, and both sides weigh alike"
            ),
            "tf.nn.weighted_cross_entropy_with_logits gives the same elements, not averaged",
            _AND_KERAS,
        ),
    ),
    Convention(
        framework="torch",
        api="torchvision.ops.sigmoid_focal_loss",
        targets=_ELEMENTS,
        kinds=(LOGITS,),
        formula="a_t (1 - p_t)^gamma bce(x, t), a_t = a t + (1 - a) (1 - t)",
        weighs="positives by alpha, negatives by 1 - alpha",
        divides_by="nothing: it is not reduced by default",
        losses=_focal,
        reductions=("none", "mean", "sum"),
        options={"alpha": 0.25, "gamma": 2.0},
        traps=("alpha 0.25 is the default; only a negative alpha turns it off",),
    ),
)
