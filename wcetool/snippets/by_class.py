"""The code for one factor a class."""

from __future__ import annotations

from wcetool.snippets.registry import Form, Framework, Snippet, register

BY_WEIGHTS = "loss_fn divides by the sum of the weights of the rows."
BY_ROWS = "loss_fn divides by the number of rows, whatever the weights are."

# PyTorch, and the Trainer of Hugging Face

_TORCH_IMPORTS = "import torch\nimport torch.nn.functional as F\nfrom torch import nn"
_TORCH = """
class_weight = torch.tensor(list(weights.values()), dtype=torch.float32)
loss_fn = nn.CrossEntropyLoss(weight=class_weight)  # .to(device), as the model

# target = torch.tensor([index[label] for label in labels])
# loss = loss_fn(logits, target)
"""
_TORCH_TWO = f"""{_TORCH}

# One logit a row, that of positive, whose target is 1.0: this one divides by the number of rows.
def binary_loss_fn(logit, target):
    weight = weights[negative] + (weights[positive] - weights[negative]) * target
    return F.binary_cross_entropy_with_logits(logit, target, weight=weight)


# nn.BCEWithLogitsLoss(pos_weight=torch.tensor(weights[positive] / weights[negative])) is the same
# divided by weights[negative].
"""
register(
    Framework.TORCH,
    Form.CLASS,
    Snippet(
        imports=_TORCH_IMPORTS.replace("import torch.nn.functional as F\n", ""),
        body=_TORCH,
        divides=BY_WEIGHTS,
        score="--like torch",
    ),
)
register(
    Framework.TORCH,
    Form.TWO_CLASSES,
    Snippet(imports=_TORCH_IMPORTS, body=_TORCH_TWO, divides=BY_WEIGHTS, score="--like torch"),
)

HF_IMPORTS = "import torch\nimport torch.nn.functional as F\nfrom transformers import Trainer"
TRAINER = """

class WeightedTrainer(Trainer):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.model_accepts_loss_kwargs = False  # else accumulated gradients were not averaged

    def compute_loss(self, model, inputs, return_outputs=False, **kwargs):
        given = {name: value for name, value in inputs.items() if name != "labels"}
        outputs = model(**given)
        loss = loss_fn(outputs.logits, inputs["labels"])
        return (loss, outputs) if return_outputs else loss

"""
_HF_NAMES = """
# AutoModelForSequenceClassification.from_pretrained(
#     ..., num_labels=len(classes), id2label=dict(enumerate(classes)), label2id=index)
"""
register(
    Framework.HF,
    Form.CLASS,
    Snippet(
        imports=HF_IMPORTS,
        body=f"""
class_weight = torch.tensor(list(weights.values()), dtype=torch.float32)


def loss_fn(logits, target):
    logits, target = logits.reshape(-1, len(classes)).float(), target.reshape(-1)
    return F.cross_entropy(logits, target, weight=class_weight.to(logits.device))
{TRAINER}{_HF_NAMES}""",
        divides=f"{BY_WEIGHTS[:-1]}, batch by batch.",
        score="--like torch",
    ),
)

# Keras and TensorFlow

_KERAS = """
class_weight = dict(enumerate(weights.values()))  # keys are indices: others would be ignored
loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)  # False after a softmax

# target = np.array([index[label] for label in labels])
# model.compile(optimizer, loss=loss_fn)
# model.fit(x, target, class_weight=class_weight)
"""
_FIT_ROWS = "The loss of fit divides by the number of rows, whatever the weights are."
register(
    Framework.KERAS,
    Form.CLASS,
    Snippet(imports="import keras", body=_KERAS, divides=_FIT_ROWS, score="--like keras"),
)
register(
    Framework.KERAS,
    Form.TWO_CLASSES,
    Snippet(
        imports="import keras",
        body=f"""{_KERAS}
# One output, of positive, whose target is 1:
binary_loss_fn = keras.losses.BinaryCrossentropy(from_logits=True)  # False after a sigmoid
binary_class_weight = {{0: weights[negative], 1: weights[positive]}}
""",
        divides=_FIT_ROWS,
        score="--like keras",
    ),
)
_TENSORFLOW = """
class_weight = tf.constant(list(weights.values()), dtype=tf.float32)
cross_entropy = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def loss_fn(target, logits):
    return cross_entropy(target, logits, sample_weight=tf.gather(class_weight, target))


# target = tf.constant([index[label] for label in labels])
# dataset.map(lambda x, target: (x, target, tf.gather(class_weight, target)))  # for model.fit
"""
register(
    Framework.TENSORFLOW,
    Form.CLASS,
    Snippet(
        imports="import tensorflow as tf",
        body=_TENSORFLOW,
        divides=BY_ROWS,
        score="--like tensorflow",
    ),
)
register(
    Framework.TENSORFLOW,
    Form.TWO_CLASSES,
    Snippet(
        imports="import tensorflow as tf",
        body=f"""{_TENSORFLOW}

# One logit a row, that of positive, whose target is 1.0:
def binary_loss_fn(target, logit):
    weight = weights[negative] + (weights[positive] - weights[negative]) * target
    loss = tf.nn.sigmoid_cross_entropy_with_logits(labels=target, logits=logit)
    return tf.reduce_mean(weight * loss)
""",
        divides=BY_ROWS,
        score="--like tensorflow",
    ),
)

# JAX

register(
    Framework.JAX,
    Form.CLASS,
    Snippet(
        imports="import jax.numpy as jnp\nimport optax",
        body="""
class_weight = jnp.array(list(weights.values()), dtype=jnp.float32)


def loss_fn(logits, target):
    weight = class_weight[target]  # an index outside 0..K-1 is not refused
    loss = optax.softmax_cross_entropy_with_integer_labels(logits, target)
    return jnp.sum(weight * loss) / jnp.sum(weight)  # / len(target): the mean of Keras


# target = jnp.array([index[label] for label in labels])
""",
        divides=BY_WEIGHTS,
        score="--like optax",
    ),
)

# scikit-learn

register(
    Framework.SKLEARN,
    Form.CLASS,
    Snippet(
        imports="import numpy as np\nfrom sklearn.metrics import log_loss",
        body="""

def key(label):  # scikit-learn looks 10 up, also where the labels are texts and it is '10'
    try:
        return int(label)
    except ValueError:
        return label


class_weight = {key(label): weight for label, weight in weights.items()}


def sample_weight(labels):
    return np.array([weights[str(label)] for label in labels])


def loss_fn(labels, proba, columns=classes):  # of an estimator: columns=estimator.classes_
    names = [str(label) for label in columns]
    return log_loss(
        [str(label) for label in labels],
        np.asarray(proba)[:, np.argsort(names)],  # log_loss sorts the labels
        labels=sorted(names),
        sample_weight=sample_weight(labels),
    )


# LogisticRegression(class_weight=class_weight).fit(X, labels)
# estimator.fit(X, labels, sample_weight=sample_weight(labels))  # without class_weight
""",
        divides=BY_WEIGHTS,
        score="--like sklearn",
    ),
)

# Boosters

_METRIC = "The metric on weighted rows divides by the sum of their weights."
_XGBOOST = """
class_weight = np.array(list(weights.values()))


def matrix(X, target):  # target: [index[label] for label in labels]
    return xgb.DMatrix(X, label=target, weight=class_weight[np.asarray(target)])
"""
register(
    Framework.XGBOOST,
    Form.CLASS,
    Snippet(
        imports="import numpy as np\nimport xgboost as xgb",
        body=f"""{_XGBOOST}

# XGBoost has no weights of more than two classes: they go to the rows.
params = {{"objective": "multi:softprob", "num_class": len(classes), "eval_metric": "mlogloss"}}
# xgb.train(params, matrix(X, target))
# XGBClassifier(**params).fit(X, target, sample_weight=class_weight[target])
""",
        divides=_METRIC,
        score="--like xgboost",
    ),
)
register(
    Framework.XGBOOST,
    Form.TWO_CLASSES,
    Snippet(
        imports="import numpy as np\nimport xgboost as xgb",
        body="""
class_weight = np.array([weights[negative], weights[positive]])


def matrix(X, target):  # target: [int(label == positive) for label in labels]
    return xgb.DMatrix(X, label=target, weight=class_weight[np.asarray(target)])


params = {"objective": "binary:logistic", "eval_metric": "logloss"}
# xgb.train(params, matrix(X, target))
# Or without weights of rows: the same trees where weights[negative] is 1, but its metric is not
# weighted.
scale_pos_weight = weights[positive] / weights[negative] if weights[negative] else None
# XGBClassifier(**params, scale_pos_weight=scale_pos_weight).fit(X, target)
""",
        divides=_METRIC,
        score="--like xgboost",
    ),
)
_LIGHTGBM = """
class_weight = weights  # by label, for LGBMClassifier: labels are text


def dataset(X, labels):
    target = np.array([index[label] for label in labels])
    return lgb.Dataset(X, label=target, weight=np.array(list(weights.values()))[target])

"""
_LIGHTGBM_USE = """
# lgb.train(params, dataset(X, labels))
# lgb.LGBMClassifier(class_weight=class_weight).fit(X, labels)
"""
register(
    Framework.LIGHTGBM,
    Form.CLASS,
    Snippet(
        imports="import lightgbm as lgb\nimport numpy as np",
        body=f"""{_LIGHTGBM}
params = {{"objective": "multiclass", "num_class": len(classes), "metric": "multi_logloss"}}
{_LIGHTGBM_USE.strip()}
""",
        divides=_METRIC,
        score="--reduction weighted-mean",
    ),
)
register(
    Framework.LIGHTGBM,
    Form.TWO_CLASSES,
    Snippet(
        imports="import lightgbm as lgb\nimport numpy as np",
        body=f"""
class_weight = weights  # by label, for LGBMClassifier: labels are text


def dataset(X, labels):
    target = np.array([int(label == positive) for label in labels])
    return lgb.Dataset(X, label=target, weight=np.array([weights[label] for label in labels]))


params = {{"objective": "binary", "metric": "binary_logloss"}}  # neither is_unbalance
{_LIGHTGBM_USE.strip()}
""",
        divides=_METRIC,
        score="--like lightgbm",
    ),
)
register(
    Framework.CATBOOST,
    Form.CLASS,
    Snippet(
        imports="from catboost import CatBoostClassifier",
        body="""
model = CatBoostClassifier(
    loss_function="MultiClass", class_names=classes, class_weights=list(weights.values())
)
# model.fit(X, labels)  # labels as text
""",
        divides="Its loss and its metric divide by the sum of the weights of the rows.",
        score="--like catboost",
    ),
)
register(
    Framework.CATBOOST,
    Form.TWO_CLASSES,
    Snippet(
        imports="from catboost import CatBoostClassifier",
        body="""
model = CatBoostClassifier(
    loss_function="Logloss",
    class_names=[negative, positive],
    class_weights=[weights[negative], weights[positive]],
)
# model.fit(X, labels)  # labels as text
# model.eval_metrics(Pool(X, labels), ["Logloss"])  # what it prints of training is approximate
""",
        divides="Its loss and its metric divide by the sum of the weights of the rows.",
        score="--like catboost",
    ),
)
