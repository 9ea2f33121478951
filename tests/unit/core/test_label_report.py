"""Multi-label reports: reductions against PyTorch, metrics, what is undefined and why."""

import math

import numpy as np
import pytest
from sklearn import metrics

from wcetool.core.intervals import NORMAL_95
from wcetool.core.label_report import label_report
from wcetool.core.label_scoring import LabelScoreAccumulator
from wcetool.core.losses import ScoreForm, Tolerance
from wcetool.core.vocabulary import InputKind, Reduction, Task
from wcetool.errors import InputError

ROWS, LABELS = 500, 6
CLASS_WEIGHT = [0.5, 1.0, 2.0, 0.25, 3.0, 1.5]
POS_WEIGHT = [4.0, 0.5, 1.0, 7.5, 2.0, 10.0]


def state_of(scores, targets, kind=InputKind.PROBS, weight=None, **options):
    scores, targets = np.asarray(scores), np.asarray(targets)
    form = ScoreForm(
        task=Task.MULTILABEL,
        kind=kind,
        n_classes=scores.shape[1],
        tolerance=Tolerance(1e-4, 1e-4),
    )
    accumulator = LabelScoreAccumulator(form, sample_weights=weight is not None, **options)
    accumulator.add(scores, targets, weight)
    return accumulator.state()


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(23)
    logits = rng.normal(loc=-1.0, scale=2.0, size=(ROWS, LABELS))
    proba = 1.0 / (1.0 + np.exp(-logits))
    target = rng.random((ROWS, LABELS)) < proba
    soft = np.where(rng.random(target.shape) < 0.3, rng.random(target.shape), target)
    return logits, proba, target, soft, rng.exponential(size=ROWS)


def element_losses(proba, target, class_weight=CLASS_WEIGHT, pos_weight=POS_WEIGHT):
    positive = np.array(pos_weight) * target * -np.log(proba)
    return np.array(class_weight) * (positive - (1 - target) * np.log1p(-proba))


def element_weights(target, class_weight=CLASS_WEIGHT, pos_weight=POS_WEIGHT):
    return np.array(class_weight) * (np.array(pos_weight) * target + (1 - target))


def close(expected):
    return pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_every_reduction_is_that_of_pytorch(rows, soft, weighted):
    torch = pytest.importorskip("torch")
    logits, _, target, fractions, sample_weight = rows
    target = fractions if soft else target.astype(float)
    weight = sample_weight if weighted else None
    state = state_of(logits, target, InputKind.LOGITS, weight)
    found = label_report(state, CLASS_WEIGHT, POS_WEIGHT, reduction=Reduction.MEAN)
    share = torch.tensor(sample_weight[:, np.newaxis] if weighted else np.ones((ROWS, 1)))
    for reduction in ("mean", "sum"):
        loss = torch.nn.BCEWithLogitsLoss(
            weight=torch.tensor(CLASS_WEIGHT, dtype=torch.float64) * share,
            pos_weight=torch.tensor(POS_WEIGHT, dtype=torch.float64),
            reduction=reduction,
        )
        expected = loss(torch.tensor(logits), torch.tensor(target)).item()
        assert found.reductions[Reduction(reduction)] == close(expected)
    assert found.loss.value == found.reductions[Reduction.MEAN]
    total = math.fsum(np.ravel(element_weights(target) * share.numpy()))
    assert found.weight_sum == close(total)
    weighted_mean = found.reductions[Reduction.WEIGHTED_MEAN]
    assert weighted_mean == close(found.reductions[Reduction.SUM] / total)


def test_probabilities_and_the_clip_against_pytorch(rows):
    torch = pytest.importorskip("torch")
    _, proba, target, _, _ = rows
    scores = proba.copy()
    scores[0, 0], scores[1, 1], scores[2, 2] = 0.0, 1.0, 1e-300
    loss = torch.nn.BCELoss(weight=torch.tensor(CLASS_WEIGHT, dtype=torch.float64))
    # BCELoss keeps logarithms at or above -100.
    expected = loss(torch.tensor(scores), torch.tensor(target.astype(float))).item()
    found = label_report(state_of(scores, target, clip=math.exp(-100)), CLASS_WEIGHT)
    assert found.reductions[Reduction.MEAN] == close(expected)


def test_the_focal_loss_against_torch_arithmetic(rows):
    torch = pytest.importorskip("torch")
    logits, _, target, _, _ = rows
    x, y = torch.tensor(logits), torch.tensor(target.astype(float))
    plain = torch.nn.functional.binary_cross_entropy_with_logits(x, y, reduction="none")
    expected = ((1 - torch.exp(-plain)) ** 2 * plain).mean().item()
    found = label_report(state_of(logits, target, InputKind.LOGITS, gamma=2.0))
    assert found.reductions[Reduction.MEAN] == close(expected)
    assert found.prior_loss is None
    assert found.skill is None
    assert "focal" in found.undefined["prior_baseline.loss"]
    assert found.undefined["prior_baseline.skill"] == "there is no baseline"


def test_label_smoothing_is_a_change_of_the_targets(rows):
    logits, _, target, _, _ = rows
    smoothed = label_report(
        state_of(logits, target, InputKind.LOGITS, smoothing=0.1), None, POS_WEIGHT
    )
    changed = label_report(
        state_of(logits, target * 0.9 + 0.05, InputKind.LOGITS), None, POS_WEIGHT
    )
    assert smoothed.reductions[Reduction.SUM] == close(changed.reductions[Reduction.SUM])
    assert smoothed.balanced_mean == close(changed.balanced_mean)
    assert smoothed.weight_sum == math.fsum(np.ravel(element_weights(target, np.ones(LABELS))))
    assert smoothed.prior_loss is None
    assert "smoothing" in smoothed.undefined["prior_baseline.loss"]


def test_metrics_against_scikit_learn(rows):
    _, proba, target, _, _ = rows
    predicted = proba > 0.5
    found = label_report(state_of(proba, target), CLASS_WEIGHT, POS_WEIGHT)
    assert found.scored == ROWS
    assert found.accuracy == metrics.accuracy_score(target, predicted)
    assert found.macro_f1 == close(metrics.f1_score(target, predicted, average="macro"))
    # Each term is rounded to 2^-39.
    assert found.brier == pytest.approx(((proba - target) ** 2).mean(), abs=2**-39)
    assert found.balanced_accuracy is None
    assert found.undefined == {
        "metrics.balanced_accuracy": "several labels a row",
        "loss.standard_error": found.undefined["loss.ci95"],
        "loss.ci95": "needs squares by pairs of labels, which the sums do not hold",
    }
    losses = element_losses(proba, target, np.ones(LABELS), np.ones(LABELS))
    weighted = element_losses(proba, target)
    recall = metrics.recall_score(target, predicted, average=None)
    precision = metrics.precision_score(target, predicted, average=None)
    for label, row in enumerate(found.classes):
        true = target[:, label]
        assert row.support == true.sum()
        assert row.weight == CLASS_WEIGHT[label]
        assert row.mean_loss == close(losses[:, label].mean())
        assert row.loss_share == close(weighted[:, label].sum() / weighted.sum())
        assert row.recall == close(recall[label])
        assert row.precision == close(precision[label])
        assert row.mean_true_probability == pytest.approx(proba[true, label].mean(), abs=2**-39)
    sides = [
        (losses[target[:, k], k].mean() + losses[~target[:, k], k].mean()) / 2
        for k in range(LABELS)
    ]
    assert found.balanced_mean == close(np.mean(sides))


@pytest.mark.parametrize("weighted", [False, True])
def test_the_prior_loss_is_the_loss_of_the_best_constant(rows, weighted):
    _, proba, target, _, sample_weight = rows
    weight = sample_weight if weighted else None
    found = label_report(state_of(proba, target, weight=weight), CLASS_WEIGHT, POS_WEIGHT)
    share = sample_weight if weighted else np.ones(ROWS)
    positive = (share @ target) * POS_WEIGHT
    constant = positive / (positive + share @ ~target)
    prior = label_report(
        state_of(np.tile(constant, (ROWS, 1)), target, weight=weight), CLASS_WEIGHT, POS_WEIGHT
    )
    assert found.prior_loss == close(prior.loss.value)
    assert found.skill == close(1 - found.loss.value / prior.loss.value)
    assert prior.skill == pytest.approx(0.0, abs=1e-12)


def test_the_spread_is_that_of_the_row_means(rows):
    _, proba, target, _, sample_weight = rows
    means = element_losses(proba, target, np.ones(LABELS), np.ones(LABELS)).mean(axis=1)
    error = means.std() / math.sqrt(ROWS)
    found = label_report(state_of(proba, target))
    for estimate in (found.unweighted, found.loss):
        assert estimate.value == close(means.mean())
        assert estimate.finite_mean == estimate.value
        assert estimate.standard_error == pytest.approx(error, rel=1e-9)
        assert estimate.ci95 == close(
            (
                estimate.value - NORMAL_95 * estimate.standard_error,
                estimate.value + NORMAL_95 * estimate.standard_error,
            )
        )
    total = label_report(state_of(proba, target), reduction=Reduction.SUM).loss
    assert total.standard_error == pytest.approx(error * ROWS * LABELS, rel=1e-9)
    assert total.undefined == {"finite_mean": "the loss is a sum"}
    for state, weights in (
        (state_of(proba, target), CLASS_WEIGHT),
        (state_of(proba, target, weight=sample_weight), None),
    ):
        spread = label_report(state, weights)
        assert spread.loss.standard_error is None
        assert spread.loss.ci95 is None
        assert spread.unweighted == found.unweighted


def test_an_infinite_loss_and_the_mean_without_it():
    state = state_of([[0.0, 0.5], [0.5, 0.5], [0.5, 0.5]], [[1, 0], [0, 1], [1, 0]])
    found = label_report(state, [2.0, 1.0], [3.0, 1.0])
    assert found.loss.value == math.inf
    assert found.loss.finite_mean == close(math.log(2))
    assert found.loss.undefined["ci95"] == "a loss is infinite"
    assert found.unweighted.finite_mean == close(math.log(2))
    assert found.zero_probability_rows == 1
    assert found.balanced_mean == math.inf
    assert [row.mean_loss for row in found.classes] == [math.inf, close(math.log(2))]
    assert [row.loss_share for row in found.classes] == [None, None]
    assert found.undefined["classes.loss_share"] == "a loss is infinite"
    assert found.skill == -math.inf


@pytest.mark.parametrize(("class_weight", "pos_weight"), [([0.0, 1.0], None), (None, [0.0, 1.0])])
def test_a_weight_of_zero_on_an_infinite_loss_is_undefined(class_weight, pos_weight):
    state = state_of([[0.0, 0.5], [0.5, 0.5]], [[1, 0], [0, 1]])
    found = label_report(state, class_weight, pos_weight)
    assert set(found.reductions.values()) == {None}
    assert "0 * inf" in found.undefined["reductions.sum"]
    assert found.loss.finite_mean == close(math.log(2))
    assert found.skill is None
    assert found.undefined["prior_baseline.skill"] == "the weighted mean is undefined"


def test_a_sample_weight_of_zero_on_an_infinite_loss_is_undefined():
    state = state_of([[0.0], [0.5]], [[1], [1]], weight=np.array([0.0, 1.0]))
    found = label_report(state)
    assert found.loss.value is None
    assert found.loss.finite_mean is None
    assert found.unweighted.value == math.inf
    assert found.unweighted.finite_mean == close(math.log(2))


def test_weights_that_are_all_zero():
    found = label_report(state_of([[0.2], [0.5]], [[1], [0]]), [0.0])
    assert found.loss.value is None
    assert found.loss.undefined["value"] == "every element has weight 0"
    assert found.reductions[Reduction.MEAN] == 0.0
    assert found.prior_loss == 0.0
    assert found.classes[0].loss_share is None
    assert found.undefined["classes.loss_share"] == "the loss is not above 0"


def test_labels_that_are_never_true_or_never_predicted():
    proba = [[0.1, 0.9, 0.2], [0.2, 0.8, 0.6]]
    found = label_report(state_of(proba, [[0, 0, 1], [0, 0, 1]]))
    assert [row.recall for row in found.classes] == [None, None, 0.5]
    assert [row.precision for row in found.classes] == [None, 0.0, 1.0]
    assert [row.mean_true_probability for row in found.classes][:2] == [None, None]
    assert found.macro_f1 == close((0.0 + 2 / 3) / 2)
    assert found.undefined["classes.recall"] == "a label that is never true has none"
    assert (
        found.undefined["classes.precision"] == "a label that is never predicted has no precision"
    )
    assert found.prior_loss == 0.0
    assert found.skill is None
    assert label_report(state_of([[0.1]], [[0]])).macro_f1 == 0.0


def test_one_row_has_no_spread_and_no_rows_are_refused():
    found = label_report(state_of([[0.5, 0.25]], [[1, 0]]))
    assert found.unweighted.undefined["ci95"] == "one row has no spread"
    with pytest.raises(InputError):
        label_report(state_of(np.empty((0, 2)), np.empty((0, 2))))


def test_losses_beyond_the_range_of_squares():
    found = label_report(state_of([[-1e200], [1.0]], [[1], [1]], InputKind.LOGITS))
    assert found.unweighted.value == 5e199
    assert found.unweighted.undefined["ci95"] == "beyond the range of float64"
