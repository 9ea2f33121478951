"""Code to paste is run, and its loss is the number of `score`, in what is installed here."""

import math
from dataclasses import replace

import numpy as np
import pytest

import wcetool
from wcetool.core.schemes import Kind

pytestmark = pytest.mark.filterwarnings("ignore")  # frameworks deprecate at every turn

LABELS = ("[b]x", "two\nlines", "10", "2", "it's", "\u2028", "é")
ONE_LOGIT = ("no", "yes")
RTOL = 1e-6  # of float32


def framework(name):
    return pytest.importorskip(name, reason=f"{name} is not installed: make test-snippets")


def run(weights, name, **more):
    names = {"__name__": "pasted"}
    exec(compile(wcetool.snippet(weights, name, **more), "<pasted>", "exec"), names)
    return names


class Rows:
    """Random rows of some classes, and what `score` says of them."""

    def __init__(self, labels, n=60, seed=0):
        rng = np.random.default_rng(seed)
        share = np.arange(1, len(labels) + 1)
        self.classes = tuple(labels)
        self.y = rng.choice(len(labels), n, p=share / share.sum())
        self.y[: len(labels)] = np.arange(len(labels))
        self.labels = [labels[k] for k in self.y]
        self.logits = rng.normal(scale=2.0, size=(n, len(labels))).astype(np.float32)
        self.weights = wcetool.class_weights(self.labels, "inverse-share", classes=labels)

    def score(self, like, scores=None, **more):
        if scores is None:
            scores = self.logits
        report = wcetool.score(
            self.labels,
            scores,
            classes=list(self.classes),
            class_weight=self.weights,
            like=like,
            **{"input": "logits", **more},
        )
        return report.like.value if like is not None else report.numbers.loss.value

    def target(self, names):
        return np.array([names["index"][label] for label in self.labels])


@pytest.fixture(params=[LABELS, ONE_LOGIT], ids=["several", "two"])
def rows(request):
    return Rows(request.param)


def one_logit(rows):
    """The logits of the later of two classes, and targets."""
    return rows.logits[:, 1], rows.y.astype(np.float32)


def same(got, wanted, rtol=RTOL):
    assert math.isclose(float(got), wanted, rel_tol=rtol), (float(got), wanted)


def test_scikit_learn(rows):
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import log_loss

    names = run(rows.weights, "sklearn")
    proba = np.exp(rows.logits.astype(float))
    proba /= proba.sum(axis=1, keepdims=True)
    expected = rows.score("sklearn", proba, input="probs")
    same(names["loss_fn"](rows.labels, proba, rows.classes), expected)
    columns = [rows.classes.index(label) for label in names["classes"]]
    same(names["loss_fn"](rows.labels, proba[:, columns]), expected)
    by_class = LogisticRegression(class_weight=names["class_weight"]).fit(rows.logits, rows.labels)
    by_row = LogisticRegression().fit(
        rows.logits, rows.labels, sample_weight=names["sample_weight"](rows.labels)
    )
    np.testing.assert_allclose(by_class.coef_, by_row.coef_, rtol=1e-3, atol=1e-4)
    assert list(by_class.classes_) == sorted(names["classes"])
    assert log_loss(rows.labels, by_class.predict_proba(rows.logits)) > 0


def test_scikit_learn_with_integers_as_labels():
    pytest.importorskip("sklearn")
    labels = np.array([0, 1, 2, 10, 10, 2])
    names = run(wcetool.class_weights(labels.tolist()), "sklearn")
    proba = np.random.default_rng(0).dirichlet(np.ones(4), size=6)
    index = {0: 0, 1: 1, 2: 2, 10: 3}
    nll = -np.log([row[index[label]] for row, label in zip(proba, labels.tolist(), strict=True)])
    weight = names["sample_weight"](labels)
    expected = (weight * nll).sum() / weight.sum()
    same(names["loss_fn"](labels, proba), expected)
    same(names["loss_fn"](labels, proba, np.unique(labels)), expected)


def test_torch(rows):
    torch = framework("torch")
    names = run(rows.weights, "torch")
    target = torch.tensor(rows.target(names))
    assert names["class_weight"].dtype is torch.float32
    same(names["loss_fn"](torch.tensor(rows.logits), target), rows.score("torch"))
    if rows.classes == ONE_LOGIT:
        logit, true = one_logit(rows)
        got = names["binary_loss_fn"](torch.tensor(logit), torch.tensor(true))
        same(got, rows.score("torch", logit))
        ratio = torch.tensor(names["weights"]["yes"] / names["weights"]["no"])
        plain = torch.nn.BCEWithLogitsLoss(pos_weight=ratio)(
            torch.tensor(logit), torch.tensor(true)
        )
        same(plain * names["weights"]["no"], rows.score("torch", logit))


def test_trainer_of_hugging_face(rows, tmp_path):
    torch = framework("torch")
    transformers = framework("transformers")
    framework("accelerate")
    names = run(rows.weights, "hf")

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = torch.nn.Parameter(torch.ones(1))

        def forward(self, x, labels=None, **kwargs):
            assert labels is None, "the model would compute a loss of its own"
            return transformers.modeling_outputs.SequenceClassifierOutput(logits=x * self.scale)

    target = rows.target(names)
    data = [{"x": x, "labels": int(y)} for x, y in zip(rows.logits, target, strict=True)]
    arguments = transformers.TrainingArguments(
        str(tmp_path), per_device_eval_batch_size=len(data), report_to=[], use_cpu=True
    )
    trainer = names["WeightedTrainer"](model=Model(), args=arguments, eval_dataset=data)
    same(trainer.evaluate()["eval_loss"], rows.score("torch"))


def test_accumulated_gradients_of_the_trainer_are_averaged(tmp_path):
    torch = framework("torch")
    transformers = framework("transformers")
    framework("accelerate")
    rows = Rows(("a", "b"), n=8)
    names = run(rows.weights, "hf")

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = torch.nn.Parameter(torch.ones(1))

        def forward(self, x, labels=None, **kwargs):
            return transformers.modeling_outputs.SequenceClassifierOutput(logits=x * self.scale)

    data = [{"x": rows.logits[0], "labels": 0}] * 8  # all batches alike
    steps = {}
    for accumulated in (1, 4):
        arguments = transformers.TrainingArguments(
            str(tmp_path / str(accumulated)),
            per_device_train_batch_size=2,
            gradient_accumulation_steps=accumulated,
            max_steps=1,
            learning_rate=0.1,
            optim="sgd",
            lr_scheduler_type="constant",
            max_grad_norm=0.0,
            report_to=[],
            use_cpu=True,
            disable_tqdm=True,
        )
        model = Model()
        names["WeightedTrainer"](model=model, args=arguments, train_dataset=data).train()
        steps[accumulated] = float(model.scale.detach()) - 1.0
    assert steps[1] != 0.0
    same(steps[4], steps[1], rtol=1e-4)


def test_keras(rows):
    keras = framework("keras")
    names = run(rows.weights, "keras")

    def loss_of(loss, x, target, class_weight):
        model = keras.Sequential([keras.Input(x.shape[1:]), keras.layers.Activation("linear")])
        model.compile(keras.optimizers.SGD(0.0), loss=loss)
        return model.fit(
            x, target, class_weight=class_weight, batch_size=16, verbose=0, shuffle=False
        ).history["loss"][0]

    got = loss_of(names["loss_fn"], rows.logits, rows.target(names), names["class_weight"])
    same(got, rows.score("keras"))
    if rows.classes == ONE_LOGIT:
        logit, true = one_logit(rows)
        loss, weights = names["binary_loss_fn"], names["binary_class_weight"]
        same(loss_of(loss, logit[:, None], true[:, None], weights), rows.score("keras", logit))


def test_tensorflow(rows):
    tf = framework("tensorflow")
    names = run(rows.weights, "tensorflow")
    same(names["loss_fn"](tf.constant(rows.target(names)), rows.logits), rows.score("tensorflow"))
    if rows.classes == ONE_LOGIT:
        logit, true = one_logit(rows)
        same(names["binary_loss_fn"](tf.constant(true), logit), rows.score("keras", logit))


def test_jax(rows):
    framework("jax")
    framework("optax")
    names = run(rows.weights, "jax")
    same(names["loss_fn"](rows.logits, rows.target(names)), rows.score("optax"))


def test_xgboost(rows):
    xgb = framework("xgboost")
    names = run(rows.weights, "xgboost")
    two = rows.classes == ONE_LOGIT
    target = rows.y if two else rows.target(names)
    data, found = names["matrix"](rows.logits, target), {}
    model = xgb.train(
        names["params"], data, 5, [(data, "train")], evals_result=found, verbose_eval=False
    )
    margin = model.predict(data, output_margin=True)
    ((_, values),) = found["train"].items()
    same(values[-1], rows.score("xgboost", margin))
    if two:
        scaled = xgb.DMatrix(rows.logits, label=target)
        weighed = dict(names["params"], scale_pos_weight=names["scale_pos_weight"])
        unit = names["xgb"].DMatrix(
            rows.logits, label=target, weight=np.where(target, names["scale_pos_weight"], 1.0)
        )
        np.testing.assert_allclose(
            xgb.train(weighed, scaled, 5).predict(scaled),
            xgb.train(names["params"], unit, 5).predict(scaled),
            rtol=1e-6,
        )


def test_lightgbm(rows):
    lgb = framework("lightgbm")
    names = run(rows.weights, "lightgbm")
    quiet = {"verbosity": -1, "min_data_in_leaf": 2, "num_threads": 1, "deterministic": True}
    data, found = names["dataset"](rows.logits, rows.labels), {}
    model = lgb.train(
        names["params"] | quiet,
        data,
        5,
        valid_sets=[data],
        valid_names=["train"],
        callbacks=[lgb.record_evaluation(found)],
    )
    margin = model.predict(rows.logits, raw_score=True)
    ((_, values),) = found["train"].items()
    like = "lightgbm" if rows.classes == ONE_LOGIT else None
    same(values[-1], rows.score(like, margin))
    by_label = lgb.LGBMClassifier(n_estimators=5, class_weight=names["class_weight"], **quiet).fit(
        rows.logits, rows.labels
    )
    by_row = lgb.LGBMClassifier(n_estimators=5, **quiet).fit(
        rows.logits,
        rows.labels,
        sample_weight=[names["weights"][label] for label in rows.labels],
    )
    np.testing.assert_allclose(
        by_label.predict_proba(rows.logits), by_row.predict_proba(rows.logits), rtol=1e-6
    )


def test_catboost(rows, tmp_path):
    catboost = framework("catboost")
    names = run(rows.weights, "catboost")
    model = names["model"]
    model.set_params(iterations=5, verbose=False, train_dir=str(tmp_path), thread_count=1)
    model.fit(rows.logits, rows.labels)
    margin = model.predict(rows.logits, prediction_type="RawFormulaVal")
    metric = "Logloss" if rows.classes == ONE_LOGIT else "MultiClass"
    values = model.eval_metrics(catboost.Pool(rows.logits, rows.labels), [metric])[metric]
    same(values[-1], rows.score("catboost", margin))


# Labels, logits, samplers


def labelled(negative):
    """Weights of labels, logits and targets of shape (40, 3), and the loss that is meant."""
    rng = np.random.default_rng(1)
    weights = replace(
        wcetool.class_weights({"a'": 4, "b\n": 9, "c": 20}),
        kind=Kind.LABEL,
        weight=(3.0, 0.5, 0.0),
        negative_weight=negative,
    )
    x = rng.normal(size=(40, 3)).astype(np.float32)
    y = (rng.random((40, 3)) < 0.3).astype(np.float32)
    terms = np.array(weights.weight) * y * np.logaddexp(0.0, -x.astype(float))
    terms += np.array(negative) * (1.0 - y) * np.logaddexp(0.0, x.astype(float))
    return weights, x, y, float(terms.mean())


@pytest.mark.parametrize("negative", [(1.0, 1.0, 1.0), (0.5, 2.0, 0.0)], ids=["one", "any"])
def test_labels(negative):
    weights, x, y, wanted = labelled(negative)
    if negative[2] == 1.0:
        report = wcetool.score(
            y.astype(int),
            x,
            classes=list(weights.classes),
            input="logits",
            task="multilabel",
            like="torch",
            pos_weight=weights.by_class,
        )
        same(report.like.value, wanted)
    found = run(weights, "sklearn")["class_weights"]
    assert found["b\n"] == {0: negative[1], 1: 0.5}
    torch = framework("torch")
    same(run(weights, "torch")["loss_fn"](torch.tensor(x), torch.tensor(y)), wanted)


@pytest.mark.parametrize("negative", [(1.0, 1.0, 1.0), (0.5, 2.0, 0.0)], ids=["one", "any"])
@pytest.mark.parametrize("name", ["hf", "keras", "tensorflow", "jax"])
def test_labels_elsewhere(name, negative):
    framework({"hf": "transformers"}.get(name, name))
    weights, x, y, wanted = labelled(negative)
    loss_fn = run(weights, name)["loss_fn"]
    if name == "hf":
        torch = framework("torch")
        same(loss_fn(torch.tensor(x), torch.tensor(y)), wanted)
    elif name == "jax":
        same(loss_fn(x, y), wanted)
    else:
        same(np.mean(np.asarray(loss_fn(y, x))), wanted)


@pytest.mark.parametrize("name", ["torch", "hf", "keras", "tensorflow", "jax"])
def test_numbers_for_logits(name):
    module = framework({"hf": "transformers"}.get(name, name))
    array = framework("torch").tensor if name in ("torch", "hf") else np.asarray
    if name == "keras":
        array = module.ops.convert_to_tensor
    rows = Rows(("a", "b", "c"))
    numbers = np.array([0.5, 1.5, 2.5])
    logits, target = rows.logits.astype(float), rows.y
    true = np.eye(3)[target]
    changed = {
        Kind.LOGIT_OFFSET: logits + numbers,
        Kind.LOGIT_TEMPERATURE: logits / numbers,
        Kind.MARGIN: 30.0 * (logits - true * numbers),
    }
    for kind, scores in changed.items():
        weights = replace(rows.weights, kind=kind, weight=tuple(numbers))
        loss_fn = run(weights, name)["loss_fn"]
        x, y = array(rows.logits), array(target)
        loss = loss_fn(y, x) if name in ("keras", "tensorflow") else loss_fn(x, y)
        loss = np.mean(np.asarray(loss))  # Keras averages over the rows itself
        plain = wcetool.score(rows.labels, scores, classes=["a", "b", "c"], input="logits")
        same(loss, plain.numbers.loss.value, rtol=1e-5)


def test_keras_fits_with_margins():
    keras = framework("keras")
    rows = Rows(("a", "b", "c"))
    weights = replace(rows.weights, kind=Kind.MARGIN, weight=(0.1, 0.2, 0.3))
    model = keras.Sequential([keras.Input((3,)), keras.layers.Activation("linear")])
    model.compile(keras.optimizers.SGD(0.0), loss=run(weights, "keras")["loss_fn"])
    got = model.fit(rows.logits, rows.y, batch_size=16, verbose=0).history["loss"][0]
    scores = 30.0 * (rows.logits - np.eye(3)[rows.y] * np.array(weights.weight))
    plain = wcetool.score(rows.labels, scores, classes=["a", "b", "c"], input="logits")
    same(got, plain.numbers.loss.value, rtol=1e-5)


def test_the_sampler_draws_classes_as_often_as_it_should():
    torch = framework("torch")
    target = torch.tensor([0] * 900 + [1] * 90 + [2] * 10)
    weights = replace(
        wcetool.class_weights({"a": 900, "b": 90, "c": 10}),
        kind=Kind.SAMPLING_PROBABILITY,
        weight=(0.2, 0.3, 0.5),
    )
    sampler = run(weights, "torch")["sampler"](target, torch.Generator().manual_seed(1))
    assert len(sampler) == 1000
    drawn = torch.bincount(target[list(sampler)]).numpy() / 1000
    np.testing.assert_allclose(drawn, [0.2, 0.3, 0.5], atol=0.06)  # four standard errors


def test_rows_are_repeated_by_their_largest_factor_and_without_a_class_once():
    torch = framework("torch")
    weights = replace(
        wcetool.class_weights({"a": 900, "b": 90}), kind=Kind.REPEAT_FACTOR, weight=(1.0, 2.5)
    )
    epoch = run(weights, "torch")["epoch"]
    has = torch.tensor([[1, 0], [0, 1], [1, 1], [0, 0]]).repeat(1000, 1)
    times = np.bincount(epoch(has, torch.Generator().manual_seed(1)), minlength=4000)
    assert set(times[0::4]) == {1}
    assert set(times[3::4]) == {1}
    for rows in (times[1::4], times[2::4]):
        assert set(rows) == {2, 3}
        assert abs(rows.mean() - 2.5) < 0.07  # four standard errors
