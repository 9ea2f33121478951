"""Multi-label predictions: kernels, exact sums, merging, faults."""

import itertools
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wcetool.core import label_scoring
from wcetool.core.label_scoring import LabelScoreAccumulator
from wcetool.core.label_state import LabelScoreState
from wcetool.core.label_terms import element_terms, side
from wcetool.core.losses import ScoreForm, Tolerance
from wcetool.core.vocabulary import InputKind, Task
from wcetool.errors import MergeError

EVERY_KIND = pytest.mark.parametrize("kind", list(InputKind))


def form_of(kind, n_labels):
    return ScoreForm(
        task=Task.MULTILABEL, kind=kind, n_classes=n_labels, tolerance=Tolerance(1e-4, 1e-4)
    )


def state_of(scores, targets, kind=InputKind.PROBS, weight=None, **options):
    scores, targets = np.asarray(scores), np.asarray(targets)
    accumulator = LabelScoreAccumulator(
        form_of(kind, scores.shape[1]), sample_weights=weight is not None, **options
    )
    found = accumulator.add(scores, targets, weight)
    assert not len(found.scores)
    assert not len(found.targets)
    return accumulator.state()


def scores_of(logits, kind):
    """Return scores of a kind with exact probabilities as close as that kind allows."""
    if kind is InputKind.LOGITS:
        return logits
    proba = 1.0 / (1.0 + np.exp(-logits))
    return proba if kind is InputKind.PROBS else np.log(proba)


def both_losses(scores, kind):
    """Return -log p and -log(1 - p), element by element, with the functions of `math`."""

    def of_one(score):
        if kind is InputKind.LOGITS:
            small = math.log1p(math.exp(-abs(score)))
            return max(-score, 0.0) + small, max(score, 0.0) + small
        if kind is InputKind.PROBS:
            return (
                -math.log(score) if score else math.inf,
                -math.log1p(-score) if score < 1 else math.inf,
            )
        if score == 0.0:
            return 0.0, math.inf
        complement = math.log(-math.expm1(score)) if score > -0.7 else math.log1p(-math.exp(score))
        return -score, -complement

    losses = [of_one(score) for score in np.ravel(scores).tolist()]
    shape = np.shape(scores)
    return (np.reshape([loss[side] for loss in losses], shape) for side in (0, 1))


def proba_of(scores, kind):
    if kind is InputKind.PROBS:
        return scores
    return np.exp(scores) if kind is InputKind.LOG_PROBS else 1.0 / (1.0 + np.exp(-scores))


def random_rows(n_rows, n_labels, seed=5, spread=3.0):
    rng = np.random.default_rng(seed)
    logits = rng.normal(scale=spread, size=(n_rows, n_labels))
    return logits, rng.random((n_rows, n_labels)) < 1.0 / (1.0 + np.exp(-logits)), rng


def close(expected):
    return pytest.approx(expected, rel=1e-13)


@EVERY_KIND
@pytest.mark.parametrize("n_labels", [1, 3, 130])
@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_every_sum_against_plain_python(kind, n_labels, soft, weighted):
    logits, target, rng = random_rows(300, n_labels)
    target = target.astype(float)
    if soft:
        chosen = rng.random(target.shape) < 0.3
        target[chosen] = rng.random(int(chosen.sum()))
    scores = scores_of(logits, kind)
    weight = rng.exponential(size=300) if weighted else None
    positive, negative = both_losses(scores, kind)
    proba = proba_of(scores, kind)

    state = state_of(scores, target, kind, weight)

    def by_label(values):
        return [math.fsum(column) for column in np.asarray(values, dtype=float).T]

    assert state.rows == 300
    assert state.positive_loss.values() == close(by_label(target * positive))
    assert state.negative_loss.values() == close(by_label((1 - target) * negative))
    assert state.target.values() == close(by_label(target))
    true, predicted = target >= 0.5, proba > 0.5
    # Each term is rounded to 2^-39.
    assert state.true_proba.values() == pytest.approx(by_label(true * proba), abs=300 * 2**-39)
    assert state.brier.values() == pytest.approx(by_label((proba - target) ** 2), abs=300 * 2**-39)
    assert state.positives.tolist() == true.sum(axis=0).tolist()
    assert state.predicted.tolist() == predicted.sum(axis=0).tolist()
    assert state.true_positives.tolist() == (true & predicted).sum(axis=0).tolist()
    assert state.false_positives.tolist() == (~true & predicted).sum(axis=0).tolist()
    assert state.false_negatives.tolist() == (true & ~predicted).sum(axis=0).tolist()
    assert state.right_rows == (true == predicted).all(axis=1).sum()
    assert state.fractional_rows == ((target > 0) & (target < 1)).any(axis=1).sum()
    of_rows = (target * positive + (1 - target) * negative).mean(axis=1)
    assert state.row_loss.values() == close([math.fsum(of_rows)])
    assert state.row_loss_square.values() == close([math.fsum(of_rows**2)])
    if weighted:
        share = weight[:, np.newaxis]
        found = state.weighted
        assert found.positive_loss.values() == close(by_label(share * target * positive))
        assert found.negative_loss.values() == close(by_label(share * (1 - target) * negative))
        assert found.positive.values() == close(by_label(share * target))
        assert found.negative.values() == close(by_label(share * (1 - target)))
    else:
        assert state.weighted is None


@EVERY_KIND
@pytest.mark.parametrize(
    ("clip", "gamma", "smoothing"),
    [(1e-2, None, 0.0), (None, 2.0, 0.0), (None, 0.5, 0.0), (None, None, 0.1), (1e-3, 1.0, 0.2)],
)
def test_clip_focal_factor_and_smoothing(kind, clip, gamma, smoothing):
    logits, target, _ = random_rows(200, 4)
    scores = scores_of(logits, kind)
    positive, negative = both_losses(scores, kind)
    proba, other = np.exp(-positive), np.exp(-negative)
    share = target * (1 - smoothing) + smoothing / 2
    if clip is not None:
        limit = -math.log(clip)
        lowered = ((positive > limit) & (share > 0)) | ((negative > limit) & (share < 1))
        positive, negative = np.minimum(positive, limit), np.minimum(negative, limit)
        proba, other = np.maximum(proba, clip), np.maximum(other, clip)
    if gamma is not None:
        positive, negative = positive * other**gamma, negative * proba**gamma

    state = state_of(scores, target, kind, clip=clip, gamma=gamma, smoothing=smoothing)

    expected = [math.fsum(column) for column in (share * positive).T]
    # 1 - p from exp(log(1 - p)) is good for 1e-12.
    assert state.positive_loss.values() == pytest.approx(expected, rel=1e-12)
    expected = [math.fsum(column) for column in ((1 - share) * negative).T]
    assert state.negative_loss.values() == pytest.approx(expected, rel=1e-12)
    assert state.clipped_rows == (0 if clip is None else lowered.any(axis=1).sum())
    assert (state.smoothing, state.gamma) == (smoothing, gamma or 0.0)


RANGE = {
    InputKind.PROBS: (0.0, 1.0),
    InputKind.LOGITS: (-math.inf, math.inf),
    InputKind.LOG_PROBS: (-math.inf, 0.0),
}


@pytest.mark.parametrize(
    ("kind", "score", "true", "expected"),
    [
        (InputKind.PROBS, 1e-300, 0, 1e-300),
        (InputKind.PROBS, 1e-17, 0, 1e-17),
        (InputKind.PROBS, 1.7e-16, 0, 1.7e-16),
        (InputKind.PROBS, 3e-16, 0, 3.0000000000000005e-16),
        (InputKind.PROBS, 1e-9, 0, -math.log1p(-1e-9)),
        (InputKind.PROBS, 0.1, 0, -math.log1p(-0.1)),
        (InputKind.PROBS, 0.4999, 0, -math.log1p(-0.4999)),
        (InputKind.PROBS, 1 - 2**-53, 0, 53 * math.log(2)),
        (InputKind.PROBS, 1e-300, 1, 300 * math.log(10)),
        (InputKind.PROBS, 1 - 2**-53, 1, 2**-53),
        (InputKind.PROBS, 0.0, 0, 0.0),
        (InputKind.PROBS, 1.0, 1, 0.0),
        (InputKind.PROBS, 1.0 + 1e-5, 1, 0.0),
        (InputKind.PROBS, -1e-5, 0, 0.0),
        (InputKind.LOGITS, -40.0, 0, math.log1p(math.exp(-40))),
        (InputKind.LOGITS, 40.0, 1, math.log1p(math.exp(-40))),
        (InputKind.LOGITS, 800.0, 0, 800.0),
        (InputKind.LOGITS, 1e200, 0, 1e200),
        (InputKind.LOGITS, 0.0, 1, math.log(2)),
        (InputKind.LOGITS, math.inf, 1, 0.0),
        (InputKind.LOGITS, -math.inf, 0, 0.0),
        (InputKind.LOG_PROBS, -50.0, 0, math.exp(-50.0)),
        (InputKind.LOG_PROBS, -1e-20, 0, 20 * math.log(10)),
        (InputKind.LOG_PROBS, -0.7, 0, -math.log1p(-math.exp(-0.7))),
        (InputKind.LOG_PROBS, -0.2, 0, -math.log(-math.expm1(-0.2))),
        (InputKind.LOG_PROBS, -math.inf, 0, 0.0),
        (InputKind.LOG_PROBS, 0.0, 1, 0.0),
        (InputKind.LOG_PROBS, 1e-5, 1, 0.0),
    ],
)
def test_a_single_element(kind, score, true, expected):
    state = state_of([[score]], [[true]], kind)
    loss = state.positive_loss if true else state.negative_loss
    other = state.negative_loss if true else state.positive_loss
    # A loss is summed in units of 2^-67.
    assert loss.values()[0] == pytest.approx(expected, rel=4e-16, abs=2**-68)
    assert other.values() == [0.0]
    assert state.zero_probability_rows == 0
    # Its own digits are those of a float64 before that.
    within = np.clip([[score]], *RANGE[kind])
    with np.errstate(divide="ignore"):
        terms = element_terms(within.astype(float), side(kind, true=bool(true)), kind)
    assert terms.nll().item() == pytest.approx(expected, rel=4e-16, abs=1e-308)


@pytest.mark.parametrize(
    ("kind", "scores"),
    [
        (InputKind.PROBS, [0.0, 1.0]),
        (InputKind.LOGITS, [-math.inf, math.inf]),
        (InputKind.LOG_PROBS, [-math.inf, 0.0]),
    ],
)
@pytest.mark.parametrize("targets", [[1, 0], [0.5, 0.5]])
def test_an_infinite_loss_is_counted(kind, scores, targets):
    rows = [scores, [scores[1], scores[0]], [0.5 if kind is not InputKind.LOG_PROBS else -0.5] * 2]
    state = state_of(rows, [targets, [1, 0], [1, 0]], kind)
    assert state.positive_loss.nonfinite.tolist()[0][0] == 1
    assert state.negative_loss.nonfinite.tolist()[0][1] == 1
    assert state.zero_probability_rows == 1
    clipped = state_of(rows, [targets, [1, 0], [1, 0]], kind, clip=1e-3)
    assert (clipped.zero_probability_rows, clipped.clipped_rows) == (1, 1)
    assert not clipped.positive_loss.nonfinite.any()


def test_a_sample_weight_of_zero_hides_an_infinite_loss():
    state = state_of([[0.0], [0.5]], [[1], [1]], weight=np.array([0.0, 2e6]))
    assert state.weighted.positive_loss.nonfinite.tolist() == [[0], [0], [1]]
    assert state.weighted.positive_loss.finite() == close([2e6 * math.log(2)])
    assert state.weighted.positive.values() == [2e6]
    assert state.weighted.negative.values() == [0.0]


@pytest.mark.parametrize("n_labels", [2, 120])
@pytest.mark.parametrize("weighted", [False, True])
def test_rows_at_fault_are_named_and_left_out(n_labels, weighted, monkeypatch):
    monkeypatch.setattr(label_scoring, "BLOCK_ELEMENTS", 7 * n_labels)
    logits, target, rng = random_rows(40, n_labels)
    proba, target = scores_of(logits, InputKind.PROBS), target.astype(float)
    weight = rng.random(40) if weighted else None
    bad_proba, bad_target = proba.copy(), target.copy()
    bad_proba[3, 0], bad_proba[17, 1], bad_proba[39, 1] = 1.1, math.nan, -0.01
    bad_target[5, 1], bad_target[17, 0], bad_target[21, 0] = math.nan, 2.0, -1.0
    bad_proba[28:35] = math.nan
    form = form_of(InputKind.PROBS, n_labels)
    accumulator = LabelScoreAccumulator(form, sample_weights=weighted)
    found = accumulator.add(bad_proba, bad_target, weight)
    assert found.scores.tolist() == [3, 17, *range(28, 35), 39]
    assert found.targets.tolist() == [5, 17, 21]
    keep = np.setdiff1d(np.arange(40), [*found.scores, *found.targets])
    clean = state_of(proba[keep], target[keep], weight=None if weight is None else weight[keep])
    assert accumulator.state() == clean


@pytest.mark.parametrize(
    ("kind", "value"), [(InputKind.LOGITS, math.nan), (InputKind.LOG_PROBS, 0.01)]
)
def test_faults_of_the_other_kinds(kind, value):
    accumulator = LabelScoreAccumulator(form_of(kind, 2))
    found = accumulator.add(np.array([[-1.0, -2.0], [-1.0, value]]), np.array([[1, 0], [1, 0]]))
    assert found.scores.tolist() == [1]
    assert not len(found.targets)
    assert accumulator.state().rows == 1


@EVERY_KIND
@pytest.mark.parametrize("n_labels", [3, 110])
@pytest.mark.parametrize("dtype", [np.bool_, np.int8, np.uint8, np.int64, np.float32])
def test_columns_arrays_and_types_give_the_same_bits(kind, n_labels, dtype):
    logits, target, _ = random_rows(50, n_labels)
    scores = scores_of(logits, kind).astype(np.float32)
    expected = state_of(scores.astype(np.float64), target, kind)
    assert state_of(scores, target.astype(dtype), kind) == expected
    accumulator = LabelScoreAccumulator(form_of(kind, n_labels))
    accumulator.add(list(scores.T), [column.astype(dtype) for column in target.T])
    assert accumulator.state() == expected


@pytest.mark.parametrize("tiny", [2.0**-29, 1e-12, 1e-40, 0.0])
def test_float32_and_float64_give_the_same_bits_however_small(tiny):
    logits, target, rng = random_rows(500, 3)
    proba = scores_of(logits, InputKind.PROBS).astype(np.float32)
    proba[rng.random(proba.shape) < 0.1] = tiny
    target[proba == 0.0] = False
    assert state_of(proba, target) == state_of(proba.astype(np.float64), target)


@pytest.mark.parametrize("n_labels", [1, 40])
def test_more_rows_than_a_block_holds(n_labels, monkeypatch):
    logits, target, _ = random_rows(70_000 // n_labels, n_labels)
    state = state_of(logits, target, InputKind.LOGITS)
    monkeypatch.setattr(label_scoring, "BLOCK_ELEMENTS", 1000)
    assert state == state_of(logits, target, InputKind.LOGITS)


def test_losses_near_the_limit_of_the_sums():
    # The first row adds up to more than any of its elements; the others hold larger ones.
    logits = np.array([[-600.5, -700.25], [-1023.75, -1024.5], [-3e5, -1e30]])
    state = state_of(logits, np.ones(logits.shape, dtype=bool), InputKind.LOGITS)
    assert state.positive_loss.values() == [600.5 + 1023.75 + 3e5, 700.25 + 1024.5 + 1e30]
    assert state.positive_loss.huge[0][0] == 0
    assert state.row_loss.values() == [650.375 + 1024.125 + (3e5 + 1e30) / 2]


@pytest.mark.parametrize(
    ("dtype", "values"),
    [("u1", [2, 255]), ("i1", [-1, 2]), ("i2", [256, -256]), ("<i8", [-1, 1 << 56])],
)
@pytest.mark.parametrize("by_column", [False, True])
def test_integers_that_are_no_targets_are_named(dtype, values, by_column):
    target = np.array([[1, 0], [0, values[0]], [1, 1], [values[1], 0]], dtype=dtype)
    scores = np.full(target.shape, 0.25)
    accumulator = LabelScoreAccumulator(form_of(InputKind.PROBS, 2))
    if by_column:
        found = accumulator.add(list(scores.T), list(target.T))
    else:
        found = accumulator.add(scores, target)
    assert found.targets.tolist() == [1, 3]
    assert accumulator.state() == state_of(scores[::2], target[::2])


def test_byte_order_of_targets():
    target = np.array([[1, 0], [0, 1], [1, 1]])
    scores = np.full(target.shape, 0.25)
    assert state_of(scores, target.astype(">i4")) == state_of(scores, target)


def cut(length, places):
    return itertools.pairwise(sorted({0, length, *(place for place in places if place < length)}))


SPECIAL = {
    InputKind.PROBS: [0.0, 1.0, 1e-300, 1e-17, 0.5, 1 - 2**-53],
    InputKind.LOGITS: [math.inf, -math.inf, 1e9, -1e300, 0.0, 37.0],
    InputKind.LOG_PROBS: [0.0, -math.inf, -1e-20, -50.0, -0.6931471805599453],
}


@given(
    kind=st.sampled_from(list(InputKind)),
    n_labels=st.sampled_from([1, 2, 5, 101]),
    length=st.integers(0, 60),
    places=st.lists(st.integers(0, 60), max_size=5),
    block=st.integers(1, 400),
    options=st.sampled_from(
        [{}, {"clip": 1e-3}, {"gamma": 2.0}, {"smoothing": 0.1}, {"clip": 1e-9, "gamma": 0.5}]
    ),
    weighted=st.booleans(),
    soft=st.sampled_from([0.0, 0.02, 0.5]),
    seed=st.integers(0, 2**32),
)
def test_merging_gives_the_same_bits_for_any_split_order_and_block(
    kind, n_labels, length, places, block, options, weighted, soft, seed
):
    logits, target, rng = random_rows(length, n_labels, seed)
    scores, target = scores_of(logits, kind), target.astype(float)
    special = rng.random(scores.shape) < 0.05
    scores[special] = rng.choice(SPECIAL[kind], size=int(special.sum()))
    chosen = rng.random(target.shape) < soft
    target[chosen] = rng.random(int(chosen.sum()))
    weight = rng.choice([0.0, 0.3, 1.7, 3e6], size=length) if weighted else None
    whole = state_of(scores, target, kind, weight, **options)

    order = rng.permutation(length)
    parts = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(label_scoring, "BLOCK_ELEMENTS", block)
        for start, end in cut(length, places):
            rows = order[start:end]
            part = None if weight is None else weight[rows]
            parts.append(state_of(scores[rows], target[rows], kind, part, **options))
    rng.shuffle(parts)
    none = state_of(scores[:0], target[:0], kind, None if weight is None else weight[:0], **options)
    merged = sum(parts, start=none)

    assert merged == whole
    assert LabelScoreState.from_dict(json.loads(json.dumps(whole.to_dict()))) == whole


def test_many_blocks_are_carried(monkeypatch):
    monkeypatch.setattr(label_scoring, "BLOCK_ELEMENTS", 2)
    logits, target, _ = random_rows(1500, 2)
    state = state_of(logits, target, InputKind.LOGITS)
    monkeypatch.undo()
    assert state == state_of(logits, target, InputKind.LOGITS)


def test_merging_refuses_what_does_not_belong_together():
    one = state_of([[0.5]], [[1]])
    with pytest.raises(MergeError, match="1 with 2 labels"):
        one + state_of([[0.5, 0.5]], [[1, 0]])
    with pytest.raises(MergeError, match="smoothing"):
        one + state_of([[0.5]], [[1]], smoothing=0.1)
    with pytest.raises(MergeError, match="sample weights"):
        one + state_of([[0.5]], [[1]], weight=np.array([1.0]))
    assert one != 1
