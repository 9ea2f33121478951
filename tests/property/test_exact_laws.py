"""Merging exact sums and states is associative and commutative, to the bit, whatever the blocks."""

import itertools
import json
import math
from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from wcetool.core import exact
from wcetool.core.exact import FRACTION_BITS, ExactSum, exact_sum
from wcetool.core.loss_report import report
from wcetool.core.losses import ScoreForm, Tolerance, row_terms
from wcetool.core.scoring import ScoreState
from wcetool.core.vocabulary import InputKind, Task

any_float = st.floats(width=64)
moderate = st.floats(min_value=-1e15, max_value=1e15)
cuts = st.lists(st.integers(0, 60), max_size=6)


def parts_of(length, cuts):
    edges = sorted({0, length, *(cut for cut in cuts if cut < length)})
    return itertools.pairwise(edges)


@given(
    values=st.lists(any_float, max_size=60),
    cuts=cuts,
    seed=st.integers(0, 2**32),
)
def test_a_sum_does_not_depend_on_blocks_or_order(values, cuts, seed):
    array = np.array(values, dtype=float)
    target = np.arange(len(array)) % 3
    whole = ExactSum.by_class(array, target, 3)
    order = np.random.default_rng(seed).permutation(len(array))
    parts = [
        ExactSum.by_class(array[order][a:b], target[order][a:b], 3)
        for a, b in parts_of(len(array), cuts)
    ]
    merged = sum(reversed(parts), start=ExactSum.zeros(3))
    assert merged == whole


@given(values=st.lists(any_float, max_size=40))
def test_the_one_cell_total_is_the_sum_of_one_class(values):
    array = np.array(values, dtype=float)
    by_class = ExactSum.by_class(array, np.zeros(len(array), dtype=np.int64), 1)
    assert ExactSum.total(array) == by_class


@given(
    a=st.lists(any_float, max_size=9),
    b=st.lists(any_float, max_size=9),
    c=st.lists(any_float, max_size=9),
)
def test_addition_is_associative_and_commutative_with_an_identity(a, b, c):
    x, y, z = (ExactSum.total(np.array(values, dtype=float)) for values in (a, b, c))
    assert (x + y) + z == x + (y + z)
    assert x + y == y + x
    assert x + ExactSum.zeros(1) == x


@given(values=st.lists(any_float, max_size=30))
def test_a_sum_travels_as_json_to_the_bit(values):
    total = ExactSum.by_class(np.array(values, dtype=float), np.arange(len(values)) % 2, 2)
    assert ExactSum.from_dict(json.loads(json.dumps(total.to_dict()))) == total


@given(values=st.lists(moderate, max_size=60))
def test_the_error_is_at_most_half_a_quantum_a_value(values):
    total = ExactSum.total(np.array(values, dtype=float))
    exactly = sum(map(Fraction, values), start=Fraction(0))
    quantum = Fraction(1, 1 << FRACTION_BITS)
    assert abs(total.quanta()[0] * quantum - exactly) <= len(values) * quantum / 2


@given(values=st.lists(st.floats(min_value=2.0**-46, max_value=700), max_size=60))
def test_losses_of_normal_size_add_up_like_fsum(values):
    assert ExactSum.total(np.array(values, dtype=float)).values() == [math.fsum(values)]


@given(data=st.data(), n_classes=st.integers(2, 5), cuts=cuts, seed=st.integers(0, 2**32))
def test_a_score_state_does_not_depend_on_blocks_or_order(data, n_classes, cuts, seed):
    target = np.array(
        data.draw(st.lists(st.integers(0, n_classes - 1), max_size=60)), dtype=np.int64
    )
    rng = np.random.default_rng(seed)
    logits = rng.normal(scale=20, size=(len(target), n_classes))
    form = ScoreForm(
        task=Task.MULTICLASS,
        kind=InputKind.LOGITS,
        n_classes=n_classes,
        tolerance=Tolerance(0.0, 0.0),
    )

    def state(rows):
        return ScoreState.of_rows(
            row_terms(logits[rows], target[rows], form), target[rows], n_classes
        )

    order = rng.permutation(len(target))
    parts = [state(order[a:b]) for a, b in parts_of(len(target), cuts)]
    rng.shuffle(parts)
    merged = sum(parts, start=ScoreState.identity(n_classes))
    whole = state(np.arange(len(target)))
    assert merged == whole
    assert ScoreState.from_dict(json.loads(json.dumps(whole.to_dict()))) == whole
    if len(target):
        weight = rng.uniform(0.1, 10, n_classes).tolist()
        assert report(merged, weight) == report(whole, weight)


@given(
    values=st.lists(st.floats(0, 1000), min_size=40, max_size=60),
    block=st.sampled_from([1, 2, 5, 16]),
)
def test_the_size_of_the_inner_block_changes_nothing(values, block):
    array = np.array(values)
    whole = ExactSum.total(array)
    usual, exact.BLOCK = exact.BLOCK, block
    try:
        assert ExactSum.total(array) == whole
    finally:
        exact.BLOCK = usual


@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False, width=64), max_size=200),
    st.integers(1, 50),
)
def test_the_sum_of_an_array_is_that_of_fsum_to_the_bit(values, copies):
    values = [value for value in values if abs(value) < 1e300] * copies
    assert exact_sum(np.array(values)) == math.fsum(values)


def test_a_long_array_of_like_values_sums_exactly():
    values = np.random.default_rng(3).lognormal(sigma=6, size=200_000)
    assert exact_sum(values) == math.fsum(values)
    assert exact_sum(values[::-1].copy()) == math.fsum(values)
