"""Rows of scores -> losses: against scikit-learn, against hand-computed cases, at the edges."""

import math

import numpy as np
import pytest
from sklearn.metrics import log_loss

from wcetool.core import losses
from wcetool.core.losses import ScoreForm, Tolerance, fault_reason, row_terms
from wcetool.core.vocabulary import InputKind, Task

PROBS, LOGITS, LOG_PROBS = InputKind.PROBS, InputKind.LOGITS, InputKind.LOG_PROBS


def form(n_classes, kind, task=Task.MULTICLASS, **more):
    return ScoreForm(
        task=task, kind=kind, n_classes=n_classes, tolerance=Tolerance(1e-4, 1e-4), **more
    )


def terms(scores, target, kind, **more):
    scores = np.array(scores, dtype=more.pop("dtype", float))
    n_classes = scores.shape[1] if scores.ndim == 2 else 2
    return row_terms(scores, np.array(target), form(n_classes, kind, **more))


def binary(scores, target, kind, **more):
    return row_terms(
        np.array(scores, float)[:, None], np.array(target), form(2, kind, Task.BINARY, **more)
    )


def softmax(logits):
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)


@pytest.fixture
def random_rows():
    rng = np.random.default_rng(3)
    logits = rng.normal(scale=3, size=(500, 7))
    return logits, rng.integers(0, 7, 500)


def test_rows_of_the_pytorch_thread_107680():
    found = terms([[2.3, 2.1, 4.5], [4.2, 3.2, 5.1]], [1, 2], LOGITS).nll * [25, 100]
    assert found == pytest.approx([64.5897, 44.2207], abs=5e-5)


def test_a_logit_of_800_costs_800():
    assert terms([[800.0, 0.0, 0.0]], [1], LOGITS).nll.tolist() == [800.0]


def test_logits_of_ten_thousand_are_exact():
    assert terms([[-1e4, 1e4], [1e4, -1e4]], [0, 0], LOGITS).nll.tolist() == [20_000.0, 0.0]


def test_a_tiny_loss_keeps_its_digits():
    # log(1 + 2 exp(-60)), far below the spacing of floats at 1.
    assert terms([[60.0, 0.0, 0.0]], [0], LOGITS).nll[0] == pytest.approx(
        2 * math.exp(-60), rel=1e-14
    )


def test_all_three_kinds_of_scores_give_the_same_losses(random_rows):
    logits, target = random_rows
    proba = softmax(logits)
    from_logits = terms(logits, target, LOGITS)
    from_probs = terms(proba, target, PROBS)
    from_logs = terms(np.log(proba), target, LOG_PROBS)
    for other in (from_probs, from_logs):
        assert other.nll == pytest.approx(from_logits.nll, rel=1e-12, abs=1e-14)
        assert other.true_proba == pytest.approx(from_logits.true_proba, rel=1e-12)
        assert other.brier == pytest.approx(from_logits.brier, rel=1e-11, abs=1e-15)
        assert other.predicted.tolist() == from_logits.predicted.tolist()


def test_the_mean_loss_is_scikit_learns(random_rows):
    logits, target = random_rows
    proba = softmax(logits)
    expected = log_loss(target, proba, labels=range(7))
    assert terms(proba, target, PROBS).nll.mean() == pytest.approx(expected, rel=1e-12)


def test_the_brier_term_is_the_squared_distance_to_the_truth(random_rows):
    logits, target = random_rows
    proba = softmax(logits)
    expected = ((proba - np.eye(7)[target]) ** 2).sum(axis=1)
    assert terms(proba, target, PROBS).brier == pytest.approx(expected, rel=1e-12)


def test_scores_of_float32_are_computed_in_float64():
    proba = np.array([[0.1, 0.9]], dtype=np.float32)
    found = row_terms(proba, np.array([0]), form(2, PROBS))
    assert found.nll[0] == -math.log(float(np.float32(0.1)))


@pytest.mark.parametrize("n_classes", [2, 3, 100, 101, 1000])
def test_a_row_does_not_depend_on_the_block_it_stands_in(n_classes, monkeypatch):
    rng = np.random.default_rng(n_classes)
    logits = rng.normal(size=(300, n_classes))
    target = rng.integers(0, n_classes, 300)
    for kind, scores in ((LOGITS, logits), (PROBS, softmax(logits))):
        whole = row_terms(scores, target, form(n_classes, kind))
        for rows in (1, 2, 3, 7, 64):
            monkeypatch.setattr(losses, "BLOCK_ROWS", rows)
            parts = row_terms(scores, target, form(n_classes, kind))
            for name in ("nll", "true_proba", "brier", "predicted"):
                assert getattr(parts, name).tolist() == getattr(whole, name).tolist()
        monkeypatch.undo()


def test_columns_and_a_matrix_give_the_same_bits():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(1000, 12)).astype(np.float32)
    target = rng.integers(0, 12, 1000)
    matrix = row_terms(logits, target, form(12, LOGITS))
    columns = row_terms([np.ascontiguousarray(c) for c in logits.T], target, form(12, LOGITS))
    assert matrix.nll.tolist() == columns.nll.tolist()


def test_the_first_of_the_largest_scores_is_predicted():
    found = terms([[0.4, 0.4, 0.2], [0.2, 0.4, 0.4]], [0, 0], PROBS)
    assert found.predicted.tolist() == [0, 1]
    many = np.zeros((1, 500))
    assert terms(many, [0], LOGITS).predicted.tolist() == [0]


def test_a_zero_probability_costs_infinity():
    found = terms([[0.0, 1.0]], [0], PROBS)
    assert found.nll.tolist() == [math.inf]
    assert not found.fault.any()


def test_minus_infinite_logits_are_zero_probabilities():
    found = terms([[-math.inf, 0.0, 0.0]] * 2, [0, 1], LOGITS)
    assert found.nll.tolist() == [math.inf, pytest.approx(math.log(2))]
    assert not found.fault.any()


@pytest.mark.parametrize(
    ("row", "kind", "reason"),
    [
        ([0.5, math.nan], PROBS, "missing or NaN"),
        ([-0.1, 1.1], PROBS, "probability of -0.1"),
        ([1.2, 0.0], PROBS, "probability of 1.2"),
        ([0.3, 0.3], PROBS, "sums to 0.6"),
        ([math.nan, 0.0], LOGITS, "missing or NaN"),
        ([math.inf, 0.0], LOGITS, "infinite logit"),
        ([-math.inf, -math.inf], LOGITS, "every logit is -inf"),
        ([0.5, -3.0], LOG_PROBS, "logarithm of a probability is 0.5"),
        ([-3.0, -3.0], LOG_PROBS, "sum to 0.0995741"),
    ],
)
def test_a_row_that_breaks_a_rule_is_marked_with_a_reason(row, kind, reason):
    found = terms([row], [0], kind)
    assert found.fault.tolist() == [True]
    assert reason in fault_reason(np.array(row), form(2, kind))


def test_rows_within_the_tolerance_are_scored_as_stored():
    found = terms([[0.50004, 0.50004], [1.00001, 0.0]], [0, 0], PROBS)
    assert not found.fault.any()
    assert found.nll.tolist() == [-math.log(0.50004), -math.log(1.00001)]


def test_the_tolerance_allows_for_what_rounding_explains():
    allowed = Tolerance.by_default(1e-3, 10)
    assert allowed.row_sum == pytest.approx(1e-4 + 5e-3)
    assert allowed.value == pytest.approx(1e-4 + 5e-4)


def test_renormalising_divides_by_the_row_sum():
    found = terms([[1.0, 3.0], [58.9, 41.1]], [0, 0], PROBS, renormalize=True)
    assert found.nll == pytest.approx([-math.log(0.25), -math.log(0.589)], rel=1e-15)


def test_a_row_of_zeros_cannot_be_renormalised():
    assert terms([[0.0, 0.0]], [0], PROBS, renormalize=True).fault.tolist() == [True]


def test_binary_probabilities_of_either_class():
    found = binary([0.9, 0.9, 0.2], [1, 0, 0], PROBS)
    assert found.nll == pytest.approx([-math.log(0.9), -math.log(0.1), -math.log(0.8)], rel=1e-15)
    assert found.brier == pytest.approx([0.02, 1.62, 0.08], rel=1e-14)
    assert found.predicted.tolist() == [1, 1, 0]


def test_a_binary_probability_of_one_half_predicts_the_negative_class():
    assert binary([0.5], [1], PROBS).predicted.tolist() == [0]
    assert binary([0.0], [1], LOGITS).predicted.tolist() == [0]
    assert binary([1e-300], [1], LOGITS).predicted.tolist() == [1]


def test_the_positive_class_may_be_the_first():
    found = binary([0.9, 0.1], [0, 1], PROBS, positive=0)
    assert found.nll == pytest.approx([-math.log(0.9)] * 2, rel=1e-15)
    assert found.predicted.tolist() == [0, 1]


def test_all_three_kinds_of_binary_scores_agree():
    logits = np.linspace(-30, 30, 61)
    target = np.arange(61) % 2
    proba = 1 / (1 + np.exp(-logits))
    expected = np.where(target == 1, np.log1p(np.exp(-logits)), np.log1p(np.exp(logits)))
    assert binary(logits, target, LOGITS).nll == pytest.approx(expected, rel=1e-12)
    # 1 - p cannot be told from 0 better than the spacing at 1.
    for kind, scores in ((PROBS, proba), (LOG_PROBS, np.log(proba))):
        assert binary(scores, target, kind).nll[10:-10] == pytest.approx(expected[10:-10], rel=1e-7)


def test_extreme_binary_logits_stay_finite():
    assert binary([-1e4, 1e4], [1, 0], LOGITS).nll.tolist() == [1e4, 1e4]


@pytest.mark.parametrize(
    ("score", "kind"),
    [(1.5, PROBS), (-0.5, PROBS), (math.nan, PROBS), (math.nan, LOGITS), (0.5, LOG_PROBS)],
)
def test_a_binary_score_out_of_range_is_a_fault(score, kind):
    assert binary([score], [1], kind).fault.tolist() == [True]


def test_no_rows_give_no_terms():
    assert len(row_terms(np.empty((0, 3)), np.empty(0, dtype=np.int64), form(3, PROBS)).nll) == 0
