"""States and reports: reductions, uncertainty, metrics, what is undefined and why."""

import math

import numpy as np
import pytest
from sklearn import metrics

from wcetool.core.distribution import ClassCounts
from wcetool.core.intervals import NORMAL_95
from wcetool.core.loss_options import LossOptions
from wcetool.core.loss_report import report
from wcetool.core.losses import ScoreForm, Tolerance, row_terms
from wcetool.core.pair_counts import PairCounts
from wcetool.core.schemes import parse_scheme
from wcetool.core.scoring import ScoreState
from wcetool.core.vocabulary import InputKind, Reduction, Task
from wcetool.errors import InputError, MergeError


def state_of(scores, target, kind=InputKind.LOGITS, clip=None):
    scores, target = np.array(scores, dtype=float), np.array(target)
    n_classes = scores.shape[1]
    form = ScoreForm(
        task=Task.MULTICLASS, kind=kind, n_classes=n_classes, tolerance=Tolerance(1e-4, 1e-4)
    )
    terms = row_terms(scores, target, form)
    return ScoreState.of_rows(terms, target, n_classes, LossOptions(clip=clip))


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(11)
    target = rng.choice(5, size=400, p=[0.5, 0.25, 0.15, 0.07, 0.03])
    logits = rng.normal(size=(400, 5))
    logits[np.arange(400), target] += 1.5
    proba = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return logits, target, proba


def losses(rows):
    _, target, proba = rows
    return -np.log(proba[np.arange(len(target)), target])


def inverse(target):
    counts = ClassCounts(tuple("01234"), np.bincount(target, minlength=5))
    return parse_scheme("inverse").bare_weights(counts).tolist()


def test_weighted_mean_and_mean_of_the_pytorch_thread_107680():
    found = report(state_of([[2.3, 2.1, 4.5], [4.2, 3.2, 5.1]], [1, 2]), [25, 25, 100])
    assert found.reductions[Reduction.WEIGHTED_MEAN] == pytest.approx(0.8705, abs=5e-5)
    assert found.reductions[Reduction.MEAN] == pytest.approx(54.4052, abs=5e-5)


def test_weighted_mean_and_mean_of_the_pytorch_thread_8062():
    found = report(state_of([[-100, 100], [-100, 100]], [0, 1]), [20, 10])
    assert found.reductions[Reduction.WEIGHTED_MEAN] == pytest.approx(133.3333, abs=5e-5)
    assert found.reductions[Reduction.MEAN] == 2000.0


def test_every_reduction_against_plain_sums(rows):
    logits, target, _ = rows
    loss = losses(rows)
    weight = np.array([0.5, 1.0, 2.0, 3.5, 7.25])
    found = report(state_of(logits, target), weight.tolist())
    w = weight[target]
    assert found.reductions[Reduction.SUM] == pytest.approx(math.fsum(w * loss), rel=1e-13)
    assert found.reductions[Reduction.MEAN] == pytest.approx(math.fsum(w * loss) / 400, rel=1e-13)
    assert found.reductions[Reduction.WEIGHTED_MEAN] == pytest.approx(
        math.fsum(w * loss) / math.fsum(w), rel=1e-13
    )
    assert found.weight_sum == math.fsum(w)


def test_the_weighted_mean_is_scikit_learns_weighted_log_loss(rows):
    logits, target, proba = rows
    weight = inverse(target)
    found = report(state_of(logits, target), weight).loss.value
    expected = metrics.log_loss(target, proba, sample_weight=np.array(weight)[target])
    assert found == pytest.approx(expected, rel=1e-12)


def test_metrics_are_scikit_learns(rows):
    logits, target, proba = rows
    found = report(state_of(logits, target))
    predicted = proba.argmax(axis=1)
    precision, recall, _, support = metrics.precision_recall_fscore_support(
        target, predicted, zero_division=0
    )
    assert found.accuracy == pytest.approx(metrics.accuracy_score(target, predicted), rel=1e-15)
    assert found.balanced_accuracy == pytest.approx(
        metrics.balanced_accuracy_score(target, predicted), rel=1e-15
    )
    assert found.macro_f1 == pytest.approx(
        metrics.f1_score(target, predicted, average="macro"), rel=1e-15
    )
    assert found.brier == pytest.approx(
        ((proba - np.eye(5)[target]) ** 2).sum(axis=1).mean(), rel=1e-13
    )
    assert [one.support for one in found.classes] == support.tolist()
    assert [one.recall for one in found.classes] == pytest.approx(recall.tolist(), rel=1e-15)
    assert [one.precision for one in found.classes] == pytest.approx(precision.tolist(), rel=1e-15)


def test_the_standard_error_is_hc0_of_the_ratio(rows):
    logits, target, _ = rows
    loss, weight = losses(rows), np.array([0.5, 1.0, 2.0, 3.5, 7.25])
    w = weight[target]
    found = report(state_of(logits, target), weight.tolist()).loss
    mean = (w * loss).sum() / w.sum()
    expected = math.sqrt((w**2 * (loss - mean) ** 2).sum()) / w.sum()
    assert found.standard_error == pytest.approx(expected, rel=1e-11)
    assert found.ci95 == (
        found.value - NORMAL_95 * found.standard_error,
        found.value + NORMAL_95 * found.standard_error,
    )


def test_the_standard_errors_of_mean_and_sum_belong_together(rows):
    logits, target, _ = rows
    weight = [0.5, 1.0, 2.0, 3.5, 7.25]
    state = state_of(logits, target)
    w_loss = np.array(weight)[target] * losses(rows)
    mean = report(state, weight, reduction=Reduction.MEAN).loss
    total = report(state, weight, reduction=Reduction.SUM).loss
    assert mean.standard_error == pytest.approx(w_loss.std() / 20, rel=1e-11)
    assert total.standard_error == pytest.approx(400 * mean.standard_error, rel=1e-13)


def test_equal_losses_have_no_standard_error():
    # The squares are rounded, so that 0.1 three times would leave 1e-9 of noise.
    proba = [[0.1, 0.9]] * 300
    assert report(state_of(proba, [0] * 300, InputKind.PROBS)).loss.standard_error == 0.0


def test_the_class_balanced_loss_is_the_loss_under_inverse_weights(rows):
    logits, target, _ = rows
    state = state_of(logits, target)
    assert report(state).balanced_mean == pytest.approx(
        report(state, inverse(target)).loss.value, rel=1e-14
    )


def test_balanced_weights_make_the_prior_baseline_ln_k(rows):
    logits, target, _ = rows
    assert report(state_of(logits, target), inverse(target)).prior_loss == pytest.approx(
        math.log(5), rel=1e-15
    )


def test_predicting_the_class_shares_has_no_skill():
    share = [0.5, 0.3, 0.2]
    target = [0] * 5 + [1] * 3 + [2] * 2
    found = report(state_of([share] * 10, target, InputKind.PROBS))
    assert found.skill == pytest.approx(0, abs=1e-14)
    assert found.prior_loss == pytest.approx(found.loss.value, rel=1e-14)


def test_loss_shares_are_weighted_and_sum_to_one(rows):
    logits, target, _ = rows
    weight = [0.5, 1.0, 2.0, 3.5, 7.25]
    shares = [one.loss_share for one in report(state_of(logits, target), weight).classes]
    loss = losses(rows)
    w = np.array(weight)[target]
    expected = [(w * loss)[target == k].sum() / (w * loss).sum() for k in range(5)]
    assert shares == pytest.approx(expected, rel=1e-12)


def test_scaling_all_weights_changes_no_weighted_mean(rows):
    logits, target, _ = rows
    state = state_of(logits, target)
    weight = [0.1, 0.2, 0.3, 0.7, 1.1]
    base = report(state, weight)
    double = report(state, [2 * w for w in weight])
    assert base.loss == double.loss
    assert double.reductions[Reduction.MEAN] == 2 * base.reductions[Reduction.MEAN]


def test_a_zero_probability_gives_an_infinite_loss_and_a_finite_mean():
    found = report(state_of([[0.0, 1.0], [0.5, 0.5], [0.25, 0.75]], [0, 0, 1], InputKind.PROBS))
    assert found.zero_probability_rows == 1
    assert found.loss.value == math.inf
    assert found.loss.finite_mean == pytest.approx((math.log(2) - math.log(0.75)) / 2)
    assert found.loss.standard_error is None
    assert "loss.standard_error" in found.undefined
    assert found.skill == -math.inf
    assert found.classes[0].mean_loss == math.inf


def test_a_zero_weight_does_not_hide_an_infinite_loss():
    found = report(state_of([[0.0, 1.0], [0.5, 0.5]], [0, 1], InputKind.PROBS), [0.0, 1.0])
    assert found.loss.value is None
    assert "0 * inf" in found.undefined["loss.value"]
    assert found.loss.finite_mean == pytest.approx(math.log(2))


def test_clipping_bounds_the_loss_and_is_counted():
    clip = 1e-7
    state = state_of([[0.0, 1.0], [1e-9, 1 - 1e-9], [0.5, 0.5]], [0, 0, 0], InputKind.PROBS, clip)
    found = report(state)
    assert (found.zero_probability_rows, found.clipped_rows) == (1, 2)
    assert found.loss.value == pytest.approx((2 * -math.log(clip) + math.log(2)) / 3, rel=1e-14)


def test_weights_that_are_all_zero_leave_the_mean_undefined():
    found = report(state_of([[1.0, 0.0]] * 3, [0, 0, 1]), [0.0, 0.0])
    assert found.loss.value is None
    assert found.undefined["loss.value"] == "every row has weight 0"
    assert found.reductions[Reduction.SUM] == 0.0


def test_one_row_has_no_standard_error():
    found = report(state_of([[1.0, 0.0]], [0]))
    assert found.loss.standard_error is None
    assert found.loss.value == found.loss.finite_mean


def test_a_class_without_rows_has_no_numbers_of_its_own():
    found = report(state_of([[1.0, 0.0, 0.0]] * 4, [0, 0, 1, 1]), [1.0, 2.0, None])
    absent = found.classes[2]
    assert (absent.support, absent.weight, absent.mean_loss, absent.recall) == (0, None, None, None)
    assert "classes.recall" in found.undefined


def test_no_rows_cannot_be_reported():
    with pytest.raises(InputError, match="no row can be scored"):
        report(ScoreState.identity(3))


def test_states_of_other_classes_do_not_merge():
    with pytest.raises(MergeError):
        ScoreState.identity(3) + ScoreState.identity(4)


def test_pairs_of_many_classes_are_kept_sparse_and_count_the_same():
    rng = np.random.default_rng(5)
    target, predicted = rng.integers(0, 5000, (2, 3000))
    whole = PairCounts.of_rows(target, predicted, 5000)
    parts = PairCounts.of_rows(target[:900], predicted[:900], 5000) + PairCounts.of_rows(
        target[900:], predicted[900:], 5000
    )
    assert whole == parts
    assert whole.sparse_pairs is not None
    assert whole.by_true().tolist() == np.bincount(target, minlength=5000).tolist()
    assert whole.by_predicted().tolist() == np.bincount(predicted, minlength=5000).tolist()
    assert whole.hits().sum() == (target == predicted).sum()
