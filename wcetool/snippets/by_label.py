"""The code for factors of the positive and the negative terms of labels."""

from __future__ import annotations

from wcetool.snippets.by_class import HF_IMPORTS, TRAINER
from wcetool.snippets.registry import Form, Framework, Snippet, register

_BY_ELEMENTS = "loss_fn divides by the number of elements: rows times labels."
_LIKE_TORCH = "--task multilabel --like torch"

_TORCH_LABEL = """
positive_weight = torch.tensor(list(positive_weights.values()), dtype=torch.float32)
negative_weight = torch.tensor(list(negative_weights.values()), dtype=torch.float32)


def loss_fn(logits, target):  # target: 0.0 or 1.0, a column a label
    logits, target = logits.float(), target.float()
    positive = positive_weight.to(logits.device) * target * F.logsigmoid(logits)
    negative = negative_weight.to(logits.device) * (1 - target) * F.logsigmoid(-logits)
    return -(positive + negative).mean()
"""
register(
    Framework.TORCH,
    Form.LABEL,
    Snippet(
        imports="import torch\nimport torch.nn.functional as F",
        body=_TORCH_LABEL,
        divides=_BY_ELEMENTS,
    ),
)
register(
    Framework.TORCH,
    Form.POSITIVE,
    Snippet(
        imports="import torch\nfrom torch import nn",
        body="""
pos_weight = torch.tensor(list(positive_weights.values()), dtype=torch.float32)
loss_fn = nn.BCEWithLogitsLoss(pos_weight=pos_weight)  # .to(device), as the model

# loss = loss_fn(logits, target)  # target: 0.0 or 1.0, a column a label
""",
        divides=_BY_ELEMENTS,
        score=_LIKE_TORCH,
    ),
)
register(
    Framework.HF,
    Form.LABEL,
    Snippet(
        imports=HF_IMPORTS,
        body=f"{_TORCH_LABEL}{TRAINER}"
        "# The problem_type of the model is multi_label_classification.\n",
        divides=_BY_ELEMENTS,
    ),
)
register(
    Framework.KERAS,
    Form.LABEL,
    Snippet(
        imports="import keras\nfrom keras import ops",
        body="""
positive_weight = ops.convert_to_tensor(list(positive_weights.values()), dtype="float32")
negative_weight = ops.convert_to_tensor(list(negative_weights.values()), dtype="float32")


def loss_fn(target, logits):  # target: 0 or 1, a column a label; no sigmoid before
    target = ops.cast(target, "float32")
    positive = positive_weight * target * ops.softplus(-logits)
    negative = negative_weight * (1 - target) * ops.softplus(logits)
    return ops.mean(positive + negative, axis=-1)


# model.compile(optimizer, loss=loss_fn)  # class_weight of fit would weigh whole rows
""",
        divides="The loss of fit divides by the number of elements: rows times labels.",
    ),
)
register(
    Framework.TENSORFLOW,
    Form.LABEL,
    Snippet(
        imports="import tensorflow as tf",
        body="""
positive_weight = tf.constant(list(positive_weights.values()), dtype=tf.float32)
negative_weight = tf.constant(list(negative_weights.values()), dtype=tf.float32)


def loss_fn(target, logits):  # target: 0.0 or 1.0, a column a label
    target = tf.cast(target, tf.float32)
    positive = positive_weight * target * tf.math.softplus(-logits)
    negative = negative_weight * (1 - target) * tf.math.softplus(logits)
    return tf.reduce_mean(positive + negative)
""",
        divides=_BY_ELEMENTS,
    ),
)
register(
    Framework.TENSORFLOW,
    Form.POSITIVE,
    Snippet(
        imports="import tensorflow as tf",
        body="""
pos_weight = tf.constant(list(positive_weights.values()), dtype=tf.float32)


def loss_fn(target, logits):  # target: 0.0 or 1.0, a column a label
    loss = tf.nn.weighted_cross_entropy_with_logits(target, logits, pos_weight=pos_weight)
    return tf.reduce_mean(loss)
""",
        divides=_BY_ELEMENTS,
        score="--task multilabel --like tensorflow",
    ),
)
register(
    Framework.JAX,
    Form.LABEL,
    Snippet(
        imports="import jax\nimport jax.numpy as jnp",
        body="""
positive_weight = jnp.array(list(positive_weights.values()), dtype=jnp.float32)
negative_weight = jnp.array(list(negative_weights.values()), dtype=jnp.float32)


def loss_fn(logits, target):  # target: 0 or 1, a column a label
    positive = positive_weight * target * jax.nn.softplus(-logits)
    negative = negative_weight * (1 - target) * jax.nn.softplus(logits)
    return jnp.mean(positive + negative)
""",
        divides=_BY_ELEMENTS,
    ),
)
register(
    Framework.SKLEARN,
    Form.LABEL,
    Snippet(
        imports="import numpy as np",
        body="""
# An estimator a label: a list of these for one estimator would multiply them over the labels.
class_weights = {
    label: {0: negative_weights[label], 1: positive_weights[label]} for label in classes
}


def sample_weight(label, target):  # target: 0 or 1 for each row
    return np.where(np.asarray(target) == 1, positive_weights[label], negative_weights[label])


# LogisticRegression(class_weight=class_weights[label]).fit(X, Y[:, index[label]])
""",
    ),
)
