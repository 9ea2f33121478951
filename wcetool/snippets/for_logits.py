"""The code for numbers that change the logits in the loss, in training only."""

from __future__ import annotations

from dataclasses import dataclass

from wcetool.snippets.by_class import HF_IMPORTS, TRAINER
from wcetool.snippets.registry import Form, Framework, Snippet, register

_BY_ROWS = "divides by the number of rows; predictions take the logits as they are."
_CHANGED = {
    Form.LOGIT_OFFSET: ("offset", "logits + offset"),
    Form.LOGIT_TEMPERATURE: ("temperature", "logits / temperature"),
    Form.MARGIN: ("margin", "SCALE * (logits - true * margin)"),
}
_SCALE = "SCALE = 30.0  # as published: the logits are cosines of normalised features and weights\n"


@dataclass(frozen=True, slots=True)
class _Words:
    """What a framework calls what is needed here."""

    imports: str
    array: str  # of a list
    arguments: str  # of a loss, in its order
    one_hot: str
    loss: str
    place: str = ""  # puts an array where the logits are


_TORCH = _Words(
    imports="import torch\nimport torch.nn.functional as F",
    array="torch.tensor({}, dtype=torch.float32)",
    arguments="logits, target",
    one_hot="F.one_hot(target, len(classes)).to(logits)",
    loss="F.cross_entropy(logits, target)",
    place=".to(logits)",
)
_WORDS = {
    Framework.TORCH: _TORCH,
    Framework.KERAS: _Words(
        imports="import keras\nfrom keras import ops",
        array='ops.convert_to_tensor({}, dtype="float32")',
        arguments="target, logits",
        one_hot='ops.one_hot(ops.cast(ops.reshape(target, (-1,)), "int32"), len(classes))',
        loss="keras.losses.sparse_categorical_crossentropy(target, logits, from_logits=True)",
    ),
    Framework.TENSORFLOW: _Words(
        imports="import tensorflow as tf",
        array="tf.constant({}, dtype=tf.float32)",
        arguments="target, logits",
        one_hot="tf.one_hot(target, len(classes))",
        loss="tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(target, logits))",
    ),
    Framework.JAX: _Words(
        imports="import jax\nimport jax.numpy as jnp\nimport optax",
        array="jnp.array({}, dtype=jnp.float32)",
        arguments="logits, target",
        one_hot="jax.nn.one_hot(target, len(classes))",
        loss="jnp.mean(optax.softmax_cross_entropy_with_integer_labels(logits, target))",
    ),
}


def _body(words: _Words, form: Form) -> str:
    """Write a loss of changed logits."""
    name, changed = _CHANGED[form]
    lines = [
        f"{name} = {words.array.format('list(weights.values())')}",
        *([_SCALE.rstrip()] if form is Form.MARGIN else []),
        "",
        "",
        f"def loss_fn({words.arguments}):",
        *([f"    true = {words.one_hot}"] if form is Form.MARGIN else []),
        f"    logits = {changed.replace(name, name + words.place)}",
        f"    return {words.loss}",
    ]
    return "\n".join(lines) + "\n"


for _form in _CHANGED:
    for _framework, _words in _WORDS.items():
        _what = "The loss of fit" if _framework is Framework.KERAS else "loss_fn"
        register(
            _framework,
            _form,
            Snippet(
                imports=_words.imports,
                body=_body(_words, _form),
                divides=f"{_what} {_BY_ROWS}",
            ),
        )
    register(
        Framework.HF,
        _form,
        Snippet(
            imports=HF_IMPORTS, body=_body(_TORCH, _form) + TRAINER, divides=f"loss_fn {_BY_ROWS}"
        ),
    )
