"""The conventions against the frameworks that are installed, on random inputs."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, log_loss
from sklearn.utils.class_weight import compute_class_weight, compute_sample_weight

import wcetool

seeds = st.integers(0, 2**32 - 1)
smoothings = st.sampled_from([0.0, 0.1, 1.0])
reductions = st.sampled_from(["mean", "sum", "none"])


def torch():
    return pytest.importorskip("torch", reason="torch is not installed: make test-frameworks")


def same(got, wanted, rtol=1e-11):
    np.testing.assert_allclose(np.asarray(got), np.asarray(wanted), rtol=rtol, atol=1e-300)


def refused(call):
    """Return what a framework gives, or None where it refuses."""
    try:
        return np.asarray(call())
    except (RuntimeError, ValueError, IndexError):
        return None


def compare(ours, theirs, rtol=1e-11):
    wanted = refused(theirs)
    if wanted is None:
        with pytest.raises(wcetool.WceError):
            ours()
    else:
        same(ours().value, wanted, rtol)


def odd_values(rng, values, *, infinite=True):
    """Put some of the numbers in that formulas break on."""
    places = rng.random(values.shape) < 0.05
    odd = [0.0, 1e4, -1e4, *([math.inf, -math.inf, math.nan] if infinite else [])]
    return np.where(places, rng.choice(odd, size=values.shape), values)


@given(seed=seeds, amount=smoothings, reduction=reductions, odd=st.booleans())
def test_cross_entropy_by_index(seed, amount, reduction, odd):
    nn = torch().nn
    rng = np.random.default_rng(seed)
    n, k = int(rng.integers(1, 9)), int(rng.integers(2, 6))
    logits = rng.normal(scale=3, size=(n, k))
    logits = odd_values(rng, logits) if odd else logits
    weight = rng.choice([0.0, 0.5, 1.0, 7.0, -1.0], size=k)
    ignored = int(rng.choice([-100, -1, 0, 1]))
    y = rng.integers(0, k, n)
    y[rng.random(n) < 0.2] = ignored
    y[rng.random(n) < 0.02] = k
    tensor = torch().from_numpy
    compare(
        lambda: wcetool.framework_loss(
            "torch.nn.CrossEntropyLoss",
            y,
            logits,
            input="logits",
            class_weight=weight,
            reduction=reduction,
            ignore_index=ignored,
            label_smoothing=amount,
        ),
        lambda: nn.CrossEntropyLoss(
            tensor(weight), ignore_index=ignored, label_smoothing=amount, reduction=reduction
        )(tensor(logits), tensor(y)),
    )


@given(seed=seeds, amount=smoothings, reduction=reductions, odd=st.booleans())
def test_cross_entropy_with_soft_targets(seed, amount, reduction, odd):
    nn = torch().nn
    rng = np.random.default_rng(seed)
    n, k = int(rng.integers(1, 9)), int(rng.integers(2, 6))
    logits, t = rng.normal(scale=3, size=(n, k)), rng.dirichlet(np.ones(k), n).round(1)
    logits = odd_values(rng, logits) if odd else logits
    weight = rng.choice([0.0, 0.5, 1.0, 7.0], size=k)
    ignored = int(rng.choice([-100, -1, 1]))
    tensor = torch().from_numpy
    compare(
        lambda: wcetool.framework_loss(
            "torch.nn.CrossEntropyLoss",
            t,
            logits,
            input="logits",
            class_weight=weight,
            reduction=reduction,
            ignore_index=ignored,
            label_smoothing=amount,
        ),
        lambda: nn.CrossEntropyLoss(
            tensor(weight), ignore_index=ignored, label_smoothing=amount, reduction=reduction
        )(tensor(logits), tensor(t)),
    )


@given(seed=seeds, reduction=reductions)
def test_negative_log_likelihood(seed, reduction):
    nn = torch().nn
    rng = np.random.default_rng(seed)
    n, k = int(rng.integers(1, 9)), int(rng.integers(2, 6))
    proba = rng.dirichlet(np.ones(k), n).round(1)
    weight, y = rng.choice([0.0, 0.5, 3.0], size=k), rng.integers(0, k, n)
    tensor = torch().from_numpy
    with np.errstate(divide="ignore"):
        log_proba = np.log(proba)
    compare(
        lambda: wcetool.framework_loss(
            "torch.nn.NLLLoss(log(probs))",
            y,
            proba,
            input="probs",
            class_weight=weight,
            reduction=reduction,
        ),
        lambda: nn.NLLLoss(tensor(weight), reduction=reduction)(tensor(log_proba), tensor(y)),
    )


@given(
    seed=seeds,
    reduction=reductions,
    form=st.sampled_from([None, "column", "row", "element"]),
    from_logits=st.booleans(),
    odd=st.booleans(),
)
def test_the_binary_family(seed, reduction, form, from_logits, odd):
    nn = torch().nn
    rng = np.random.default_rng(seed)
    n, k = int(rng.integers(1, 9)), int(rng.integers(1, 5))
    t = rng.choice([0.0, 1.0, 0.5], size=(n, k))
    scores = rng.normal(scale=4, size=(n, k)) if from_logits else rng.random((n, k)).round(1)
    if odd:
        scores = odd_values(rng, scores, infinite=from_logits)
    shapes = {None: None, "column": (k,), "row": (n, 1), "element": (n, k)}
    weight = None if form is None else rng.choice([0.0, 0.5, 3.0], size=shapes[form])
    positive = rng.choice([0.5, 1.0, 4.0], size=k) if from_logits else None
    tensor = torch().from_numpy
    given_weight = None if weight is None else tensor(weight)
    if from_logits:
        loss = nn.BCEWithLogitsLoss(given_weight, reduction=reduction, pos_weight=tensor(positive))
    else:
        loss = nn.BCELoss(given_weight, reduction=reduction)
    name = "torch.nn.BCEWithLogitsLoss" if from_logits else "torch.nn.BCELoss"
    compare(
        lambda: wcetool.framework_loss(
            name,
            t,
            scores,
            input="logits" if from_logits else "probs",
            target="multilabel",
            class_weight=weight if form == "column" else None,
            sample_weight=weight if form in {"row", "element"} else None,
            pos_weight=positive,
            reduction=reduction,
        ),
        lambda: loss(tensor(scores), tensor(t)),
    )


@given(
    seed=seeds,
    dtype=st.sampled_from([np.float32, np.float64]),
    normalize=st.booleans(),
    weighted=st.booleans(),
    binary=st.booleans(),
)
def test_log_loss(seed, dtype, normalize, weighted, binary):
    rng = np.random.default_rng(seed)
    n, k = int(rng.integers(1, 9)), 2 if binary else int(rng.integers(2, 6))
    proba = rng.dirichlet(np.ones(k), n).round(1).astype(dtype)
    labels = sorted(rng.choice(20, size=k, replace=False).tolist())
    y = rng.choice(labels, n)
    scores = proba[:, 1] if binary else proba
    weight = rng.choice([0.0, 0.5, 3.0], size=n) if weighted else None
    known = labels if rng.random() < 0.7 else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wanted = refused(
            lambda: log_loss(y, scores, labels=known, normalize=normalize, sample_weight=weight)
        )
    if wanted is not None and np.isnan(wanted):
        return  # all weights 0 without normalisation
    call = {"input": "probs", "target": "index", "sample_weight": weight}
    compare(
        lambda: wcetool.framework_loss(
            "sklearn.metrics.log_loss", y, scores, **call, labels=known, normalize=normalize
        ),
        lambda: wanted if wanted is not None else log_loss([0], [[2.0]]),
        rtol=1e-6 if dtype is np.float32 else 1e-11,  # scikit-learn adds in float32
    )


@given(seed=seeds, weighted=st.booleans(), n_classes=st.integers(2, 5))
def test_brier_score(seed, weighted, n_classes):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(n_classes, 12))
    proba = rng.dirichlet(np.ones(n_classes), n)
    y = np.concatenate([np.arange(n_classes), rng.integers(0, n_classes, n - n_classes)])
    scores = proba[:, 1] if n_classes == 2 else proba
    weight = rng.choice([0.5, 3.0], size=n) if weighted else None
    found = wcetool.framework_loss(
        "sklearn.metrics.brier_score_loss",
        y,
        scores,
        input="probs",
        target="index",
        sample_weight=weight,
    )
    same(found.value, brier_score_loss(y, scores, sample_weight=weight))


@given(seed=seeds, kind=st.sampled_from(["balanced", "mapping", None]))
def test_class_and_sample_weights(seed, kind):
    rng = np.random.default_rng(seed)
    n, k = int(rng.integers(1, 12)), int(rng.integers(1, 5))
    y, classes = rng.integers(0, k, n), rng.permutation(k)
    mapping = {int(c): float(rng.integers(1, 5)) for c in range(k) if rng.random() < 0.7}
    given_weight = {"balanced": "balanced", "mapping": mapping, None: None}[kind]
    api = "sklearn.utils.class_weight."
    for ours, theirs in (
        (
            lambda: wcetool.framework_weights(
                f"{api}compute_class_weight",
                y,
                class_weight=given_weight,
                classes=classes.tolist(),
            ),
            lambda: compute_class_weight(given_weight, classes=classes, y=y),
        ),
        (
            lambda: wcetool.framework_weights(
                f"{api}compute_sample_weight", y, class_weight=given_weight
            ),
            lambda: compute_sample_weight(given_weight, y),
        ),
    ):
        wanted = refused(theirs)
        if wanted is None:
            with pytest.raises(wcetool.WceError):
                ours()
        else:
            same(ours(), wanted)
