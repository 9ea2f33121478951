"""Focal loss, label smoothing, soft targets, weights of rows and pairs: values and their errors."""

import math

import numpy as np
import pytest
from sklearn import metrics

from wcetool.core.loss_options import LossOptions
from wcetool.core.loss_report import report
from wcetool.core.losses import ScoreForm, Tolerance, block_terms
from wcetool.core.scoring import ScoreAccumulator, ScoreState
from wcetool.core.vocabulary import InputKind, Reduction, Task
from wcetool.errors import MergeError

PROBS, LOGITS, LOG_PROBS = InputKind.PROBS, InputKind.LOGITS, InputKind.LOG_PROBS
WEIGHT = np.array([0.5, 1.0, 2.0, 3.5, 7.25])
N, K = 400, 5


def state_of(scores, target, kind=LOGITS, *, weights=None, task=Task.MULTICLASS, **options):
    """Sum up rows; `weights` are sample weights."""
    scores = np.asarray(scores)
    n_classes = 2 if task is Task.BINARY else scores.shape[1]
    chosen = LossOptions(sample_weights=weights is not None, **options)
    form = ScoreForm(task=task, kind=kind, n_classes=n_classes, tolerance=Tolerance(1e-4, 1e-4))
    sums = ScoreAccumulator(n_classes, chosen)
    for rows, terms in block_terms(scores, target, form, chosen):
        assert not terms.fault.any()
        sums.add(
            terms,
            None if chosen.soft else target[rows],
            None if weights is None else weights[rows],
        )
    return sums.state()


class Rows:
    """Random rows, and their losses by plain NumPy."""

    def __init__(self, n=N, k=K, seed=11):
        rng = np.random.default_rng(seed)
        self.target = rng.choice(k, size=n, p=np.arange(k, 0, -1) / (k * (k + 1) / 2))
        self.logits = rng.normal(size=(n, k))
        self.logits[np.arange(n), self.target] += 1.5
        self.proba = np.exp(self.logits) / np.exp(self.logits).sum(axis=1, keepdims=True)
        self.losses = -np.log(self.proba)
        self.predicted = self.proba.argmax(axis=1)
        self.soft = rng.dirichlet(np.full(k, 0.5), size=n)
        self.weights = rng.uniform(0.1, 5, n)
        self.onehot = np.eye(k)[self.target]


@pytest.fixture(scope="module")
def rows():
    return Rows()


def check(found, loss, divisor, weights_of_terms=None):
    """Compare the three reductions and the sum of weights with plain sums."""
    total, weight_sum = math.fsum(loss), math.fsum(divisor)
    assert found.reductions[Reduction.SUM] == pytest.approx(total, rel=1e-11)
    assert found.reductions[Reduction.MEAN] == pytest.approx(total / len(loss), rel=1e-11)
    assert found.reductions[Reduction.WEIGHTED_MEAN] == pytest.approx(total / weight_sum, rel=1e-11)
    assert found.weight_sum == pytest.approx(weight_sum, rel=1e-12)


def hc0(loss, divisor):
    """Standard error of sum(loss) / sum(divisor)."""
    ratio = loss.sum() / divisor.sum()
    return math.sqrt(((loss - ratio * divisor) ** 2).sum()) / divisor.sum()


def test_sample_and_class_weights_against_plain_sums(rows):
    w = rows.weights * WEIGHT[rows.target]
    loss = rows.losses[np.arange(N), rows.target]
    state = state_of(rows.logits, rows.target, weights=rows.weights)
    found = report(state, WEIGHT.tolist())
    check(found, w * loss, w)
    assert found.loss.standard_error == pytest.approx(hc0(w * loss, w), rel=1e-9)
    mean = report(state, WEIGHT.tolist(), reduction=Reduction.MEAN)
    assert mean.loss.standard_error == pytest.approx((w * loss).std() / math.sqrt(N), rel=1e-9)
    assert found.unweighted.value == pytest.approx(loss.mean(), rel=1e-13)
    assert [one.support for one in found.classes] == np.bincount(rows.target).tolist()
    shares = [(w * loss)[rows.target == k].sum() / (w * loss).sum() for k in range(K)]
    assert [one.loss_share for one in found.classes] == pytest.approx(shares, rel=1e-11)


def test_the_sample_weighted_mean_is_scikit_learns_log_loss(rows):
    expected = metrics.log_loss(rows.target, rows.proba, sample_weight=rows.weights)
    found = report(state_of(rows.logits, rows.target, weights=rows.weights))
    assert found.loss.value == pytest.approx(expected, rel=1e-12)


def test_equal_sample_weights_change_no_weighted_mean_and_no_standard_error(rows):
    plain = report(state_of(rows.logits, rows.target), WEIGHT.tolist())
    twos = report(state_of(rows.logits, rows.target, weights=np.full(N, 2.0)), WEIGHT.tolist())
    assert twos.loss.value == plain.loss.value
    assert twos.loss.standard_error == pytest.approx(plain.loss.standard_error, rel=1e-12)
    assert twos.reductions[Reduction.SUM] == 2 * plain.reductions[Reduction.SUM]
    assert twos.unweighted == plain.unweighted
    assert twos.prior_loss == pytest.approx(plain.prior_loss, rel=1e-14)


def test_a_sample_weight_counts_like_repeated_rows(rows):
    times = np.arange(N) % 4
    repeated = np.repeat(np.arange(N), times)
    by_weight = report(
        state_of(rows.logits, rows.target, weights=times.astype(float)), WEIGHT.tolist()
    )
    by_rows = report(state_of(rows.logits[repeated], rows.target[repeated]), WEIGHT.tolist())
    assert by_weight.loss.value == pytest.approx(by_rows.loss.value, rel=1e-14)
    assert by_weight.weight_sum == by_rows.weight_sum
    assert by_weight.prior_loss == pytest.approx(by_rows.prior_loss, rel=1e-14)


@pytest.mark.parametrize("scale", [1e-7, 1e-3, 1e5, 1e9])
def test_sample_weights_of_any_scale_keep_the_mean_and_its_error(rows, scale):
    plain = report(state_of(rows.logits, rows.target, weights=rows.weights))
    scaled = report(state_of(rows.logits, rows.target, weights=rows.weights * scale))
    assert scaled.loss.value == pytest.approx(plain.loss.value, rel=1e-12)
    assert scaled.loss.standard_error == pytest.approx(plain.loss.standard_error, rel=1e-5)
    assert scaled.weight_sum == pytest.approx(plain.weight_sum * scale, rel=1e-12)


def test_sample_weights_too_small_for_their_squares_have_no_standard_error(rows):
    found = report(state_of(rows.logits, rows.target, weights=rows.weights * 1e-12))
    assert found.loss.standard_error is None
    assert "too small" in found.undefined["loss.standard_error"]
    assert found.loss.value is not None


def test_a_sample_weight_of_zero_does_not_hide_an_infinite_loss():
    scores = np.array([[0.0, 1.0], [0.5, 0.5], [0.25, 0.75]])
    target = np.array([0, 0, 1])
    shown = report(state_of(scores, target, PROBS, weights=np.array([2.0, 1.0, 3.0])))
    assert shown.loss.value == math.inf
    expected = (math.log(2) - 3 * math.log(0.75)) / 4
    assert shown.loss.finite_mean == pytest.approx(expected, rel=1e-13)
    hidden = report(state_of(scores, target, PROBS, weights=np.array([0.0, 1.0, 3.0])))
    assert hidden.loss.value is None
    assert "0 * inf" in hidden.undefined["loss.value"]
    assert hidden.loss.finite_mean == pytest.approx(expected, rel=1e-13)
    assert hidden.unweighted.value == math.inf


def test_sample_weights_that_are_all_zero_leave_the_mean_undefined(rows):
    found = report(state_of(rows.logits, rows.target, weights=np.zeros(N)))
    assert found.undefined["loss.value"] == "every row has weight 0"
    assert found.reductions[Reduction.SUM] == 0.0
    assert found.weight_sum == 0.0


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0, 5.0])
@pytest.mark.parametrize("kind", [PROBS, LOGITS, LOG_PROBS])
def test_the_focal_factor_lowers_the_losses_of_likely_classes(rows, gamma, kind):
    scores = {PROBS: rows.proba, LOGITS: rows.logits, LOG_PROBS: -rows.losses}[kind]
    own = rows.proba[np.arange(N), rows.target]
    w = WEIGHT[rows.target]
    found = report(state_of(scores, rows.target, kind, gamma=gamma), WEIGHT.tolist())
    loss = (1 - own) ** gamma * -np.log(own)
    check(found, w * loss, w)
    assert found.loss.standard_error == pytest.approx(hc0(w * loss, w), rel=1e-9)
    assert found.accuracy == (rows.predicted == rows.target).mean()


def test_a_focal_loss_has_no_prior_baseline(rows):
    found = report(state_of(rows.logits, rows.target, gamma=2.0))
    assert (found.prior_loss, found.skill) == (None, None)
    assert {"prior_baseline.loss", "prior_baseline.skill"} <= set(found.undefined)


def test_the_focal_factor_takes_the_clipped_probability():
    scores = np.array([[0.0, 1.0], [1.0, 0.0]])
    found = report(state_of(scores, np.array([0, 0]), PROBS, gamma=2.0, clip=0.1))
    assert found.reductions[Reduction.SUM] == pytest.approx(0.81 * math.log(10), rel=1e-14)
    assert (found.zero_probability_rows, found.clipped_rows) == (1, 1)


def test_a_probability_just_above_one_has_no_focal_loss():
    found = report(state_of(np.array([[1.00005, 0.0]]), np.array([0]), PROBS, gamma=0.5))
    assert found.loss.value == 0.0


@pytest.mark.parametrize("smoothing", [0.1, 0.5, 1.0])
@pytest.mark.parametrize("weights", [None, "sample"])
@pytest.mark.parametrize("gamma", [None, 2.0])
def test_label_smoothing_against_plain_sums(rows, smoothing, weights, gamma):
    s = np.ones(N) if weights is None else rows.weights
    losses = rows.losses * (1 if gamma is None else (1 - rows.proba) ** gamma)
    own = losses[np.arange(N), rows.target]
    state = state_of(
        rows.logits,
        rows.target,
        smoothing=smoothing,
        gamma=gamma,
        weights=None if weights is None else s,
    )
    found = report(state, WEIGHT.tolist())
    w = WEIGHT[rows.target]
    loss = (1 - smoothing) * w * own + smoothing / K * (losses @ WEIGHT)
    check(found, s * loss, s * w)
    assert found.loss.standard_error is None
    assert "label smoothing with class weights" in found.undefined["loss.standard_error"]
    assert sum(one.loss_share for one in found.classes) == pytest.approx(1, rel=1e-13)
    bare = (1 - smoothing) * own + smoothing / K * losses.sum(axis=1)
    assert found.unweighted.value == pytest.approx(bare.mean(), rel=1e-12)
    assert found.unweighted.standard_error == pytest.approx(bare.std() / math.sqrt(N), rel=1e-9)
    means = [bare[rows.target == k].mean() for k in range(K)]
    assert [one.mean_loss for one in found.classes] == pytest.approx(means, rel=1e-12)
    assert found.balanced_mean == pytest.approx(np.mean(means), rel=1e-12)
    same = report(state, [3.0] * K)
    check(same, 3 * s * bare, 3 * s)
    assert same.loss.standard_error == pytest.approx(hc0(s * bare, s), rel=1e-9)


@pytest.mark.parametrize("kind", [PROBS, LOGITS, LOG_PROBS])
def test_all_kinds_of_scores_give_the_same_smoothed_loss(rows, kind):
    scores = {PROBS: rows.proba, LOGITS: rows.logits, LOG_PROBS: -rows.losses}[kind]
    found = report(state_of(scores, rows.target, kind, smoothing=0.2), WEIGHT.tolist())
    expected = report(state_of(rows.logits, rows.target, smoothing=0.2), WEIGHT.tolist())
    assert found.loss.value == pytest.approx(expected.loss.value, rel=1e-12)
    assert found.unweighted.value == pytest.approx(expected.unweighted.value, rel=1e-12)


@pytest.mark.parametrize("kind", [PROBS, LOGITS, LOG_PROBS])
def test_smoothing_in_the_binary_task_is_that_of_two_classes(kind):
    rng = np.random.default_rng(2)
    logit = rng.normal(size=300) * 2
    target = rng.integers(0, 2, 300)
    one = 1 / (1 + np.exp(-logit))
    scores = {PROBS: one, LOGITS: logit, LOG_PROBS: np.log(one)}[kind]
    two = report(state_of(np.column_stack([1 - one, one]), target, PROBS, smoothing=0.1), [1, 3])
    found = report(state_of(scores[:, None], target, kind, task=Task.BINARY, smoothing=0.1), [1, 3])
    assert found.loss.value == pytest.approx(two.loss.value, rel=1e-12)
    assert found.brier == pytest.approx(two.brier, rel=1e-12)


def test_wide_blocks_give_the_loss_of_their_rows():
    wide = Rows(n=700, k=150, seed=3)
    weight = np.random.default_rng(4).uniform(0.5, 2, 150)
    own = wide.losses[np.arange(700), wide.target]
    for weights in (None, wide.weights):
        s = np.ones(700) if weights is None else weights
        smooth = report(
            state_of(wide.logits, wide.target, smoothing=0.1, weights=weights), weight.tolist()
        )
        w = weight[wide.target]
        check(smooth, s * (0.9 * w * own + 0.1 / 150 * (wide.losses @ weight)), s * w)
        soft = report(state_of(wide.logits, wide.soft, soft=True, weights=weights), weight.tolist())
        check(soft, s * ((wide.soft * wide.losses) @ weight), s * (wide.soft @ weight))


def test_extreme_logits_are_smoothed_to_the_last_digit():
    logits = np.array([[-1e4, 1e4, 0.0], [700.0, 0.0, -700.0], [0.5, 0.25, 0.0]])
    weight = [1.0, 2.0, 4.0]
    found = report(state_of(logits, np.array([0, 1, 2]), smoothing=0.3), weight)
    losses = np.array([[2e4, 0.0, 1e4], [0.0, 700.0, 1400.0], [0.0, 0.25, 0.5]])
    losses[2] += math.log(1 + math.exp(-0.25) + math.exp(-0.5))
    own = np.array([1 * 2e4, 2 * 700.0, 4 * losses[2, 2]])
    expected = math.fsum(0.7 * own + 0.1 * (losses @ np.array(weight)))
    assert found.reductions[Reduction.SUM] == pytest.approx(expected, rel=1e-13)


def test_smoothing_meets_every_zero_probability():
    scores = np.array([[0.5, 0.5, 0.0], [0.5, 0.25, 0.25]])
    state = state_of(scores, np.array([0, 1]), PROBS, smoothing=0.3)
    found = report(state, [1.0, 2.0, 4.0])
    assert found.zero_probability_rows == 1
    assert found.loss.value == math.inf
    second = 0.7 * 2 * math.log(4) + 0.1 * (math.log(2) + 6 * math.log(4))
    assert found.loss.finite_mean == pytest.approx(second / 2, rel=1e-12)
    assert found.classes[0].mean_loss == math.inf
    assert report(state, [1.0, 2.0, 0.0]).loss.value is None
    assert report(state, [0.0, 2.0, 4.0]).loss.value == math.inf


def test_clipping_reaches_every_smoothed_class():
    scores = np.array([[1.0, 0.0, 0.0], [0.5, 0.25, 0.25]])
    found = report(state_of(scores, np.array([0, 1]), PROBS, smoothing=0.3, clip=1e-3))
    limit = math.log(1000)
    expected = 0.1 * 2 * limit + 0.7 * math.log(4) + 0.1 * (math.log(2) + 2 * math.log(4))
    assert found.reductions[Reduction.SUM] == pytest.approx(expected, rel=1e-12)
    assert (found.zero_probability_rows, found.clipped_rows) == (1, 1)


def test_smoothing_needs_the_weight_of_a_class_without_rows():
    state = state_of(np.array([[1.0, 0.0, 0.0]] * 4), np.array([0, 0, 1, 1]), smoothing=0.1)
    found = report(state, [1.0, 2.0, None])
    assert found.loss.value is None
    assert "a weight for every class" in found.undefined["loss.value"]
    assert found.unweighted.value is not None
    assert report(state, [1.0, 2.0, 3.0]).loss.value is not None


@pytest.mark.parametrize("smoothing", [0.0, 0.2, 1.0])
@pytest.mark.parametrize("weights", [None, "sample"])
@pytest.mark.parametrize("kind", [PROBS, LOGITS, LOG_PROBS])
def test_soft_targets_against_plain_sums(rows, smoothing, weights, kind):
    scores = {PROBS: rows.proba, LOGITS: rows.logits, LOG_PROBS: -rows.losses}[kind]
    s = np.ones(N) if weights is None else rows.weights
    state = state_of(
        scores,
        rows.soft,
        kind,
        soft=True,
        smoothing=smoothing,
        weights=None if weights is None else s,
    )
    mixed = (1 - smoothing) * rows.soft + smoothing / K
    found = report(state, WEIGHT.tolist())
    check(found, s * ((mixed * rows.losses) @ WEIGHT), s * (rows.soft @ WEIGHT))
    assert "soft targets with class weights" in found.undefined["loss.standard_error"]
    bare = (mixed * rows.losses).sum(axis=1)
    assert found.unweighted.value == pytest.approx(bare.mean(), rel=1e-12)
    assert found.unweighted.standard_error == pytest.approx(bare.std() / math.sqrt(N), rel=1e-8)
    assert found.brier == pytest.approx(((rows.proba - rows.soft) ** 2).sum(axis=1).mean())
    largest = rows.soft.argmax(axis=1)
    assert [one.support for one in found.classes] == np.bincount(largest, minlength=K).tolist()
    assert found.accuracy == (rows.predicted == largest).mean()
    means = [bare[largest == k].mean() for k in range(K)]
    assert [one.mean_loss for one in found.classes] == pytest.approx(means, rel=1e-11)
    alone = report(state).loss
    assert alone.value == pytest.approx((s * bare).sum() / s.sum(), rel=1e-11)
    assert alone.standard_error == pytest.approx(hc0(s * bare, s), rel=1e-8)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_one_hot_soft_targets_are_class_indices(rows, smoothing):
    hard = report(state_of(rows.logits, rows.target, smoothing=smoothing), WEIGHT.tolist())
    soft = report(
        state_of(rows.logits, rows.onehot, soft=True, smoothing=smoothing), WEIGHT.tolist()
    )
    assert soft.reductions == pytest.approx(hard.reductions, rel=1e-12)
    assert soft.prior_loss == pytest.approx(hard.prior_loss, rel=1e-13)
    assert soft.brier == pytest.approx(hard.brier, rel=1e-12)
    assert [one.loss_share for one in soft.classes] == pytest.approx(
        [one.loss_share for one in hard.classes], rel=1e-12
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64, np.uint8, np.bool_])
def test_soft_targets_may_be_of_any_numbers_and_stand_in_columns(rows, dtype):
    targets = rows.onehot.astype(dtype)
    matrix = state_of(rows.logits, targets, soft=True)
    columns = state_of(rows.logits, [np.ascontiguousarray(c) for c in targets.T], soft=True)
    assert matrix == columns
    assert report(matrix).loss.value == report(state_of(rows.logits, rows.target)).loss.value


def test_a_soft_target_of_zero_does_not_meet_a_zero_probability():
    scores = np.array([[0.0, 0.5, 0.5], [0.25, 0.25, 0.5]])
    free = np.array([[0.0, 0.5, 0.5], [1.0, 0.0, 0.0]])
    found = report(state_of(scores, free, PROBS, soft=True))
    assert found.zero_probability_rows == 0
    assert found.loss.value == pytest.approx((math.log(2) + math.log(4)) / 2, rel=1e-14)
    bound = np.array([[0.1, 0.4, 0.5], [1.0, 0.0, 0.0]])
    state = state_of(scores, bound, PROBS, soft=True)
    met = report(state, [2.0, 1.0, 1.0])
    assert met.zero_probability_rows == 1
    assert met.loss.value == math.inf
    assert met.loss.finite_mean == pytest.approx(math.log(4), rel=1e-14)
    hidden = report(state, [0.0, 1.0, 1.0])
    assert hidden.loss.value is None
    assert "0 * inf" in hidden.undefined["loss.value"]


@pytest.mark.parametrize(
    "row", [[0.5, 0.4], [1.1, -0.1], [math.nan, 1.0], [0.5, 0.5002], [2.0, 0.0]]
)
def test_soft_targets_that_break_a_rule_are_marked_apart_from_the_scores(row):
    chosen = LossOptions(soft=True)
    form = ScoreForm(task=Task.MULTICLASS, kind=PROBS, n_classes=2, tolerance=Tolerance(1e-4, 1e-4))
    scores, targets = np.array([[0.5, 0.5]] * 2), np.array([[0.5, 0.50005], row])
    ((_, terms),) = block_terms(scores, targets, form, chosen)
    assert terms.target_fault.tolist() == [False, True]
    assert not terms.fault.any()


def test_class_indices_have_no_target_faults(rows):
    form = ScoreForm(
        task=Task.MULTICLASS, kind=LOGITS, n_classes=K, tolerance=Tolerance(1e-4, 1e-4)
    )
    for options in (LossOptions(), LossOptions(smoothing=0.1)):
        ((_, terms),) = block_terms(rows.logits, rows.target, form, options)
        assert terms.target_fault is None


@pytest.mark.parametrize("weights", [None, "sample"])
def test_pair_weights_against_plain_sums(rows, weights):
    s = np.ones(N) if weights is None else rows.weights
    pair = np.random.default_rng(5).uniform(0, 3, (K, K))
    state = state_of(rows.logits, rows.target, by_pair=True, weights=None if weights is None else s)
    found = report(state, WEIGHT.tolist(), pair_weight=pair)
    w = s * WEIGHT[rows.target] * pair[rows.target, rows.predicted]
    loss = rows.losses[np.arange(N), rows.target]
    check(found, w * loss, w)
    assert found.loss.standard_error == pytest.approx(hc0(w * loss, w), rel=1e-9)
    shares = [(w * loss)[rows.target == k].sum() / (w * loss).sum() for k in range(K)]
    assert [one.loss_share for one in found.classes] == pytest.approx(shares, rel=1e-11)
    plain = report(state_of(rows.logits, rows.target))
    assert found.unweighted == plain.unweighted
    assert found.balanced_mean == plain.balanced_mean
    assert [one.mean_true_probability for one in found.classes] == [
        one.mean_true_probability for one in plain.classes
    ]


def test_sums_by_pair_without_pair_weights_give_the_plain_loss(rows):
    by_pair = report(state_of(rows.logits, rows.target, by_pair=True), WEIGHT.tolist())
    plain = report(state_of(rows.logits, rows.target), WEIGHT.tolist())
    assert by_pair.loss == plain.loss
    assert by_pair.classes == plain.classes


def test_many_classes_have_sums_by_pair_too():
    wide = Rows(n=500, k=300, seed=6)
    pair = np.random.default_rng(7).uniform(0, 3, (300, 300))
    found = report(state_of(wide.logits, wide.target, by_pair=True), pair_weight=pair)
    w = pair[wide.target, wide.predicted]
    check(found, w * wide.losses[np.arange(500), wide.target], w)


def test_weights_by_pair_need_sums_by_pair(rows):
    with pytest.raises(ValueError, match="by pair"):
        report(state_of(rows.logits, rows.target), pair_weight=np.ones((K, K)))


def test_a_pair_of_weight_zero_does_not_hide_an_infinite_loss():
    scores = np.array([[0.0, 1.0], [0.5, 0.5]])
    state = state_of(scores, np.array([0, 1]), PROBS, by_pair=True)
    assert report(state, pair_weight=np.array([[1.0, 2.0], [1.0, 1.0]])).loss.value == math.inf
    assert report(state, pair_weight=np.array([[1.0, 0.0], [1.0, 1.0]])).loss.value is None


def test_the_smoothed_prior_baseline_is_the_loss_of_the_best_constant(rows):
    state = state_of(rows.logits, rows.target, smoothing=0.2, weights=rows.weights)
    prior = report(state, WEIGHT.tolist()).prior_loss
    mass = rows.weights @ (WEIGHT * (0.8 * rows.onehot + 0.2 / K))
    best = np.log(mass / mass.sum())
    constant = report(
        state_of(
            np.tile(best, (N, 1)), rows.target, LOG_PROBS, smoothing=0.2, weights=rows.weights
        ),
        WEIGHT.tolist(),
    )
    assert prior == pytest.approx(constant.loss.value, rel=1e-12)
    assert constant.skill == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    "options",
    [
        {"gamma": 2.0},
        {"smoothing": 0.1},
        {"soft": True},
        {"by_pair": True},
        {"sample_weights": True},
        {"clip": 1e-7},
    ],
)
def test_states_of_other_options_do_not_merge(options):
    with pytest.raises(MergeError):
        ScoreState.identity(3) + ScoreState.identity(3, LossOptions(**options))


def test_options_say_whether_the_loss_is_plain():
    assert LossOptions().is_plain
    assert LossOptions(clip=1e-7, gamma=0.0).is_plain
    assert not LossOptions(smoothing=0.1).is_plain
    assert not LossOptions(sample_weights=True).is_plain


def test_every_option_against_torch(rows):
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    logits, weight = torch.from_numpy(rows.logits), torch.from_numpy(WEIGHT)
    for target, soft in ((rows.target, False), (rows.soft, True)):
        for smoothing in (0.0, 0.1, 0.7):
            state = state_of(rows.logits, target, soft=soft, smoothing=smoothing)
            found = report(state, WEIGHT.tolist())
            total, mean = (
                functional.cross_entropy(
                    logits,
                    torch.from_numpy(target),
                    weight,
                    label_smoothing=smoothing,
                    reduction=reduction,
                ).item()
                for reduction in ("sum", "mean")
            )
            assert found.reductions[Reduction.SUM] == pytest.approx(total, rel=1e-11)
            # With soft targets torch divides by the number of rows.
            ours = Reduction.MEAN if soft else Reduction.WEIGHTED_MEAN
            assert found.reductions[ours] == pytest.approx(mean, rel=1e-11)
