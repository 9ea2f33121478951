"""States of every loss merge to the bit, and say what exact arithmetic says."""

import itertools
import json
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wcetool.core import losses
from wcetool.core.exact import BLOCK, FRACTION_BITS, Groups
from wcetool.core.loss_options import LossOptions
from wcetool.core.loss_report import report
from wcetool.core.losses import ScoreForm, Tolerance, block_terms, row_terms
from wcetool.core.quantum_sums import QuantumSums
from wcetool.core.scoring import ScoreAccumulator, ScoreState
from wcetool.core.vocabulary import InputKind, Reduction, Task

cuts = st.lists(st.integers(0, 40), max_size=5)
seeds = st.integers(0, 2**32)


def parts_of(length, cuts):
    edges = sorted({0, length, *(cut for cut in cuts if cut < length)})
    return itertools.pairwise(edges)


@st.composite
def options(draw):
    sample_weights = draw(st.booleans())
    gamma = draw(st.sampled_from([None, None, 0.5, 2.0]))
    clip = draw(st.sampled_from([None, None, 1e-3]))
    if draw(st.booleans()):
        return LossOptions(by_pair=True, gamma=gamma, clip=clip, sample_weights=sample_weights)
    return LossOptions(
        clip=clip,
        gamma=gamma,
        smoothing=draw(st.sampled_from([0.0, 0.1, 1.0])),
        soft=draw(st.booleans()),
        sample_weights=sample_weights,
    )


class Sample:
    """Random rows with zero probabilities, huge logits, zero targets and zero weights in them."""

    def __init__(self, n, n_classes, seed, chosen, task=Task.MULTICLASS):
        self.rng = rng = np.random.default_rng(seed)
        self.n, self.n_classes, self.options = n, n_classes, chosen
        self.kind = [InputKind.LOGITS, InputKind.PROBS, InputKind.LOG_PROBS][rng.integers(3)]
        scale = [1.0, 20.0, 300.0][rng.integers(3)]
        logits = rng.normal(scale=scale, size=(n, n_classes))
        logits[rng.random((n, n_classes)) < 0.05] = -math.inf
        logits[:, 0] = np.where(np.isinf(logits).all(axis=1), 0.0, logits[:, 0])
        with np.errstate(divide="ignore"):
            shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
            proba = shifted / shifted.sum(axis=1, keepdims=True)
            self.scores = [logits, proba, np.log(proba)][
                [InputKind.LOGITS, InputKind.PROBS, InputKind.LOG_PROBS].index(self.kind)
            ]
        self.target = rng.integers(0, n_classes, n)
        if chosen.soft:
            self.target = rng.dirichlet(np.full(n_classes, 0.3), size=n)
            self.target[self.target < 0.01] = 0.0
            self.target /= self.target.sum(axis=1, keepdims=True)
        self.weights = rng.exponential(size=n) * 10.0 ** rng.integers(-3, 4)
        self.weights[rng.random(n) < 0.1] = 0.0
        self.form = ScoreForm(
            task=task, kind=self.kind, n_classes=n_classes, tolerance=Tolerance(1e-4, 1e-4)
        )

    def terms(self, rows):
        return block_terms(self.scores[rows], self.target[rows], self.form, self.options)

    def state(self, rows):
        sums = ScoreAccumulator(self.n_classes, self.options)
        for part, terms in self.terms(rows):
            assert not terms.fault.any()
            sums.add(
                terms,
                None if self.options.soft else self.target[rows][part],
                self.weights[rows][part] if self.options.sample_weights else None,
            )
        return sums.state()


@given(chosen=options(), n=st.integers(0, 40), n_classes=st.integers(2, 5), cuts=cuts, seed=seeds)
def test_a_state_does_not_depend_on_blocks_or_order(chosen, n, n_classes, cuts, seed):
    sample = Sample(n, n_classes, seed, chosen)
    order = sample.rng.permutation(n)
    parts = [sample.state(order[a:b]) for a, b in parts_of(n, cuts)]
    sample.rng.shuffle(parts)
    merged = sum(parts, start=ScoreState.identity(n_classes, chosen))
    whole = sample.state(np.arange(n))
    assert merged == whole
    assert ScoreState.from_dict(json.loads(json.dumps(whole.to_dict()))) == whole
    if n:
        weight = sample.rng.uniform(0.1, 10, n_classes).tolist()
        assert report(merged, weight) == report(whole, weight)


@given(chosen=options(), seed=seeds, rows=st.sampled_from([1, 2, 5, 16]))
@pytest.mark.parametrize("n_classes", [2, 3, 101])
def test_a_state_does_not_depend_on_the_size_of_the_blocks(chosen, seed, rows, n_classes):
    sample = Sample(37, n_classes, seed, chosen)
    whole = sample.state(np.arange(37))
    usual, losses.BLOCK_ROWS = losses.BLOCK_ROWS, rows
    try:
        assert sample.state(np.arange(37)) == whole
    finally:
        losses.BLOCK_ROWS = usual


def nll_of(sample, target):
    """Return the losses of the classes given, with the clip and the focal factor."""
    return sample.options.applied(row_terms(sample.scores, target, sample.form).nll)


def exactly(sample, weight, pair):
    """Return the sums of the losses and of the divisor over rows of finite loss, as fractions."""
    chosen, n_classes = sample.options, sample.n_classes
    every = np.column_stack([nll_of(sample, np.full(sample.n, k)) for k in range(n_classes)])
    ((_, terms),) = sample.terms(np.arange(sample.n))
    a = Fraction(chosen.smoothing)
    loss_sum = divisor = Fraction(0)
    for i in range(sample.n):
        s = Fraction(sample.weights[i]) if chosen.sample_weights else Fraction(1)
        if terms.by_class is None:
            own = float(chosen.applied(terms.nll[i : i + 1])[0])
            y = int(sample.target[i])
            w = Fraction(weight[y])
            if chosen.by_pair:
                w *= Fraction(pair[y, terms.predicted[i]])
            products, mass = [(w, own)], w
        else:
            t = sample.target[i] if chosen.soft else np.eye(n_classes)[sample.target[i]]
            column = every[i].tolist()
            products = [
                (Fraction(w) * ((1 - a) * Fraction(p) + a / n_classes), value)
                for w, p, value in zip(weight, t, column, strict=True)
            ]
            mass = sum(Fraction(w) * Fraction(p) for w, p in zip(weight, t, strict=True))
        if any(factor and math.isinf(value) for factor, value in products):
            continue
        loss_sum += s * sum(f * Fraction(value) for f, value in products if f)
        divisor += s * mass
    return loss_sum, divisor


@given(chosen=options(), n=st.integers(1, 30), n_classes=st.integers(2, 5), seed=seeds)
def test_the_weighted_mean_is_that_of_exact_arithmetic(chosen, n, n_classes, seed):
    sample = Sample(n, n_classes, seed, chosen)
    weight = sample.rng.uniform(0.1, 10, n_classes).tolist()
    pair = sample.rng.uniform(0, 3, (n_classes, n_classes))
    found = report(sample.state(np.arange(n)), weight, pair_weight=pair if chosen.by_pair else None)
    loss_sum, divisor = exactly(sample, weight, pair)
    if divisor and found.loss.finite_mean is not None:
        assert found.loss.finite_mean == pytest.approx(
            float(loss_sum / divisor), rel=1e-11, abs=1e-12
        )
    if found.loss.value not in (None, math.inf):
        assert found.reductions[Reduction.SUM] == pytest.approx(
            float(loss_sum), rel=1e-11, abs=1e-11
        )


values = st.lists(st.floats(min_value=-1.0, max_value=1e12) | st.just(math.inf), max_size=40)


@given(values=values, top=st.integers(5, 30), layers=st.sampled_from([1, 2]), axis=st.booleans())
def test_each_value_is_rounded_to_the_quantum_and_no_more(values, top, layers, axis):
    array = np.array(values, dtype=float)
    cells = np.arange(len(array)) % 3
    sums = QuantumSums(3, [top], layers=layers)
    if len(array):
        groups = Groups.of(cells, 3)
        sums.add(array[np.newaxis, groups.order].copy(), groups)
    columns = QuantumSums(3, [top], layers=layers)
    square = np.zeros((3, len(array)))
    square[cells, np.arange(len(array))] = array
    if len(array):
        columns.add_columns(np.ascontiguousarray(square.T) if axis else square, int(axis))
    assert columns.sums() == sums.sums()
    quantum = Fraction(2) ** (top - 48 - 49 * (layers - 1))
    for cell, total in enumerate(sums.sums()[0].quanta()):
        finite = [Fraction(v) for v in array[cells == cell].tolist() if v < math.inf]
        error = abs(Fraction(total, 1 << FRACTION_BITS) - sum(finite))
        assert error <= len(finite) * quantum / 2
        assert sums.sums()[0].nonfinite[0, cell] == np.isinf(array[cells == cell]).sum()


def test_full_blocks_of_the_largest_values_do_not_overflow():
    largest = np.full(BLOCK, np.nextafter(2.0**19, 0))
    sums = QuantumSums(1, [19])
    groups = Groups.of(np.zeros(BLOCK, dtype=np.int64), 1)
    for _ in range(3):
        sums.add(largest[np.newaxis].copy(), groups)
    assert sums.sums()[0].values() == [math.fsum(largest.tolist() * 3)]
