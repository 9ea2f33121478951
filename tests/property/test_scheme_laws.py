"""Every registered scheme keeps the laws it declares, and those that all schemes keep."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wcetool.core.distribution import ClassCounts
from wcetool.core.schemes import SCHEMES, Law, parse_scheme
from wcetool.core.vocabulary import Normalization
from wcetool.core.weighting import Recipe, effective_sample_size, weigh

every_scheme = pytest.mark.parametrize("name", SCHEMES)


def every_scheme_with(law):
    return pytest.mark.parametrize("name", [n for n, entry in SCHEMES.items() if law in entry.laws])


count_lists = st.lists(st.integers(1, 10**7), min_size=1, max_size=8)


def counts_of(n):
    return ClassCounts(tuple(f"c{i}" for i in range(len(n))), np.array(n, dtype=np.int64))


def weights_of(name, n, **options):
    counts = counts_of(n)
    given = {}
    if SCHEMES[name].takes_weights:
        given = {label: 1.0 + i for i, label in enumerate(counts.classes)}
    return weigh(counts, Recipe(scheme=parse_scheme(name), given=given, **options)).class_weight


@every_scheme
@given(n=count_lists)
def test_weights_are_finite_and_not_negative(name, n):
    weights = weights_of(name, n)
    assert np.isfinite(weights).all()
    assert (weights >= 0).all()


@every_scheme
@given(n=count_lists, how=st.sampled_from(list(Normalization)))
def test_the_stated_normalisation_holds(name, n, how):
    weights = weights_of(name, n, normalize=how)
    count = np.array(n)
    call = parse_scheme(name)
    given = {f"c{i}": 1.0 + i for i in range(len(n))}
    bare = call.bare_weights(counts_of(n), given)
    # A normalisation scales: the ratios stay those of the formula.
    assert (weights / weights[0]).tolist() == pytest.approx((bare / bare[0]).tolist(), rel=1e-14)
    if how is Normalization.AS_PUBLISHED:
        how = SCHEMES[name].published
    if how is Normalization.NONE:
        assert weights.tolist() == bare.tolist()
        return
    found = {
        Normalization.SUM_1: math.fsum(weights),
        Normalization.MEAN_1: math.fsum(weights) / len(n),
        Normalization.SAMPLE_MEAN_1: math.fsum(weights * count) / sum(n),
        Normalization.MIN_1: weights.min(),
        Normalization.MAX_1: weights.max(),
    }[how]
    assert found == pytest.approx(1, rel=1e-14)


@every_scheme
@given(n=count_lists, cap=st.floats(1, 1e6))
def test_a_cap_holds_and_changes_no_order(name, n, cap):
    capped, free = weights_of(name, n, cap=cap), weights_of(name, n)
    assert capped.max() <= capped.min() * cap * (1 + 1e-14)
    assert (np.diff(capped[np.argsort(free, kind="stable")]) >= -1e-15 * capped.max()).all()


@every_scheme
@given(n=count_lists)
def test_the_effective_sample_size_lies_between_the_rarest_class_and_all(name, n):
    size = effective_sample_size(weights_of(name, n), np.array(n))
    assert min(n) * (1 - 1e-12) <= size <= sum(n) * (1 + 1e-12)


@every_scheme_with(Law.SYMMETRIC)
@given(n=count_lists, seed=st.integers(0, 2**32))
def test_symmetric_schemes_follow_a_permutation(name, n, seed):
    order = np.random.default_rng(seed).permutation(len(n))
    permuted = weights_of(name, [n[i] for i in order])
    assert permuted.tolist() == pytest.approx(weights_of(name, n)[order].tolist(), rel=1e-14)


@every_scheme_with(Law.SCALE_FREE)
@given(n=count_lists, factor=st.integers(2, 100))
def test_scale_free_schemes_do_not_see_the_total(name, n, factor):
    scaled = weights_of(name, [factor * count for count in n])
    assert scaled.tolist() == pytest.approx(weights_of(name, n).tolist(), rel=1e-14)


@every_scheme_with(Law.MONOTONE)
@given(n=count_lists)
def test_monotone_schemes_never_weigh_a_rarer_class_less(name, n):
    weights = weights_of(name, sorted(n, reverse=True))
    assert (np.diff(weights) >= 0).all()


@every_scheme_with(Law.SYMMETRIC)
@given(n=count_lists)
def test_two_classes_of_one_size_weigh_the_same(name, n):
    weights = weights_of(name, [*n, n[0]])
    assert weights[0] == weights[-1]
