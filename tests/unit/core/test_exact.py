"""Sums that do not depend on order: exactness, range, merging."""

import math
from fractions import Fraction

import numpy as np
import pytest

from wcetool.core.exact import (
    BLOCK,
    DyadicWeights,
    ExactSum,
    rounded,
)
from wcetool.errors import MergeError

ONE_CELL = np.zeros(0, dtype=np.int64)


def sum_of(values):
    return ExactSum.total(np.array(values, dtype=float))


def test_a_sum_equals_fsum_where_floats_cancel():
    values = [1e5, 1e-12, -1e5, 3.0, 1e-13]
    assert sum_of(values).values() == [math.fsum(values)]


def test_small_losses_beside_large_ones_are_not_lost():
    values = [700.0] * 1000 + [1e-11] * 1000
    assert sum_of(values).values() == [math.fsum(values)]


def test_a_value_below_the_quantum_is_rounded_to_it():
    quantum = 2.0**-98
    assert sum_of([0.4 * quantum]).values() == [0.0]
    assert sum_of([0.6 * quantum]).values() == [quantum]


def test_values_of_two_to_the_nineteen_and_more_are_kept_exactly():
    values = [2.0**19, 1e300, -1e300, 12345678.9, 0.25]
    assert sum_of(values).values() == [math.fsum(values)]


def test_a_total_beyond_the_floats_is_infinite_not_an_error():
    assert sum_of([1.7e308, 1.7e308]).values() == [math.inf]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([math.inf, 1.0], math.inf),
        ([-math.inf, 1.0], -math.inf),
        ([math.inf, -math.inf], math.nan),
        ([math.nan, 1.0], math.nan),
    ],
)
def test_non_finite_values_follow_ieee(values, expected):
    total = sum_of(values)
    assert total.values() == [pytest.approx(expected, nan_ok=True)]
    assert total.finite() == [math.fsum(value for value in values if math.isfinite(value))]


def test_sums_by_class_equal_fsum_per_class():
    rng = np.random.default_rng(1)
    values = rng.exponential(size=5 * BLOCK + 7) * 10.0 ** rng.integers(-9, 3, 5 * BLOCK + 7)
    target = rng.integers(0, 5, len(values))
    sums = ExactSum.by_class(values, target, 5)
    assert sums.values() == [math.fsum(values[target == k]) for k in range(5)]


def test_the_limbs_are_in_one_form_for_one_number():
    left = sum_of([0.1] * 100)
    right = sum_of([0.1] * 37) + sum_of([0.1] * 63)
    assert left == right
    assert left.limbs.tolist() == right.limbs.tolist()


def test_negative_sums_have_one_form_too():
    assert sum_of([-0.3, 0.1]) + sum_of([-0.7]) == sum_of([-0.7, 0.1, -0.3])


def test_a_long_run_of_large_values_does_not_overflow():
    block = np.full(BLOCK, 2.0**19 - 1)
    total = ExactSum.total(block)
    for _ in range(45):
        total = total + total
    assert total.finite() == [float(BLOCK * (2**19 - 1) * 2**45)]


def test_merging_refuses_other_cells():
    with pytest.raises(MergeError):
        ExactSum.zeros(2) + ExactSum.zeros(3)


def test_dyadic_weights_multiply_without_rounding():
    weights = [0.1, 1e-300, 3.0]
    assert DyadicWeights.of(weights).dot([10, 7, 1]) == sum(
        Fraction(weight) * n for weight, n in zip(weights, [10, 7, 1], strict=True)
    )
    assert DyadicWeights.of(weights).dot([1, 1, 1], power=2) == sum(
        Fraction(w) ** 2 for w in weights
    )


def test_rounding_is_to_nearest_and_saturates():
    assert rounded(Fraction(1, 3)) == 1 / 3
    assert rounded(Fraction(10) ** 400) == math.inf
    assert rounded(-(Fraction(10) ** 400)) == -math.inf
