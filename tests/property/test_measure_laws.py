"""Laws of the measures: every one in the registry is tested on arrival."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from wcetool.core.distribution import ClassCounts
from wcetool.core.measures import MEASURES, measure

ANY_COUNTS = st.lists(
    st.one_of(st.integers(0, 50), st.integers(1, 2**55)), min_size=1, max_size=12
).filter(any)
BALANCED = {"ratio": 1.0, "evenness": 1.0, "ecol_c1": 1.0, "long_tail_mu": 1.0}
ZERO_WHEN_BALANCED = {
    *("gini", "gini_normalized", "below_uniform_share", "entropy_imbalance", "kl_to_uniform"),
    *("pmlb_imbalance", "ecol_c2", "lrid", "lrid_per_2n", "long_tail_distance"),
    *(name for name in MEASURES if name.startswith("imbalance_degree")),
}


def counts(n):
    return ClassCounts(tuple(map(str, range(len(n)))), np.array(n, dtype=np.int64))


def bound(text, k):
    known = {"K": k, "ln K": math.log(k), "1/K": 1 / k, "1 - 1/K": 1 - 1 / k, "K - 1": k - 1}
    return known[text] if text in known else float(text)


@given(n=ANY_COUNTS)
def test_a_value_lies_in_the_range_that_is_stated(n):
    found = measure(counts(n))
    for name, entry in MEASURES.items():
        value = found[name]
        if value is None:
            assert entry.undefined
            continue
        low, high = (bound(text, found.classes) for text in entry.range)
        assert low <= value <= high, name


@given(n=ANY_COUNTS, order=st.randoms(use_true_random=False))
def test_the_order_of_the_classes_changes_nothing(n, order):
    shuffled = order.sample(n, len(n))
    assert measure(counts(n)).to_dict() == measure(counts(shuffled)).to_dict()


@given(n=ANY_COUNTS, absent=st.integers(1, 3))
def test_classes_without_samples_are_no_part_of_a_measure(n, absent):
    one, other = measure(counts(n)), measure(counts([0] * absent + n))
    assert [one[name] for name in MEASURES] == [other[name] for name in MEASURES]
    assert other.absent_classes == one.absent_classes + absent


@given(n=st.lists(st.integers(1, 10**6), min_size=1, max_size=9), factor=st.integers(2, 1000))
def test_more_of_the_same_changes_only_what_depends_on_the_number_of_samples(n, factor):
    one, other = measure(counts(n)), measure(counts([factor * one for one in n]))
    for name in MEASURES:
        if name in ("power_law_discrete", "long_tail_distance"):  # of integers
            continue
        expected = one[name] * factor if name == "lrid" else one[name]
        assert other[name] == (expected and pytest.approx(expected, rel=1e-12)), name


@given(n=st.integers(1, 2**50), k=st.integers(2, 9))
def test_balanced_classes_are_at_the_end_of_every_scale(n, k):
    found = measure(counts([n] * k))
    for name, value in BALANCED.items():
        assert found[name] == value
    for name in ZERO_WHEN_BALANCED:
        assert found[name] == 0.0, name
    assert found["hill_0"] == found["hill_1"] == found["hill_2"] == k


@given(n=st.lists(st.integers(1, 10**9), min_size=2, max_size=9), shift=st.integers(0, 40))
def test_sums_of_sample_weights_are_measured_like_counts(n, shift):
    weighted = ClassCounts(
        tuple(map(str, range(len(n)))),
        np.ones(len(n), dtype=np.int64),
        weight_sum=np.array(n) * 2.0**-shift,
    )
    found, expected = measure(weighted), measure(counts(n))
    for name in MEASURES:
        if found[name] is not None and name != "lrid":
            assert found[name] == expected[name], name


@given(n=st.lists(st.integers(1, 10**6), min_size=2, max_size=30))
def test_the_measures_are_those_of_scipy(n):
    found = measure(counts(n))
    k, total = len(n), sum(n)
    # The small ones are differences of numbers near 1: their error is absolute.
    assert found["entropy"] == pytest.approx(stats.entropy(n), rel=1e-12)
    assert found["kl_to_uniform"] == pytest.approx(stats.entropy(n, [1] * k), rel=1e-9, abs=1e-14)
    g = stats.power_divergence(n, lambda_="log-likelihood").statistic
    assert found["lrid"] == pytest.approx(g, rel=1e-9, abs=1e-9 * total)
    chi2 = stats.chisquare(n).statistic
    assert found["pmlb_imbalance"] == pytest.approx(chi2 / total / (k - 1), rel=1e-9, abs=1e-14)
    apart = np.abs(np.subtract.outer(n, n)).sum()
    assert found["gini"] == pytest.approx(apart / (2 * k * total), rel=1e-12)
    assert found["hill_1"] == pytest.approx(math.exp(stats.entropy(n)), rel=1e-12)


@given(n=st.lists(st.integers(1, 10**6), min_size=2, max_size=9).filter(lambda n: len(set(n)) > 1))
def test_the_distances_of_the_imbalance_degree_are_those_of_plain_formulas(n):
    found, k = measure(counts(n)), len(n)
    p, e = np.array(n) / sum(n), np.full(k, 1 / k)
    below = int(sum(k * one < sum(n) for one in n))
    furthest = np.array([0.0] * below + [1 / k] * (k - below - 1) + [1 - (k - below - 1) / k])
    plain = {
        "hellinger": lambda q: math.sqrt(np.sum((np.sqrt(q) - np.sqrt(e)) ** 2) / 2),
        "total_variation": lambda q: np.sum(np.abs(q - e)) / 2,
        "euclidean": lambda q: np.linalg.norm(q - e),
        "chebyshev": lambda q: np.max(np.abs(q - e)),
        "kl": lambda q: stats.entropy(q, e),
        "chi_square": lambda q: np.sum((q - e) ** 2 / e),
    }
    for name, distance in plain.items():
        expected = below - 1 + distance(p) / distance(furthest)
        assert found[f"imbalance_degree_{name}"] == pytest.approx(expected, rel=1e-9, abs=1e-12)


@given(n=ANY_COUNTS)
def test_the_ratio_and_the_shares_are_rounded_once(n):
    found, present = measure(counts(n)), [one for one in n if one]
    assert found["ratio"] == max(present) / min(present)
    assert found["minority_share"] == min(present) / sum(present)
    assert found["majority_share"] == max(present) / sum(present)
    k = math.ceil(len(present) / 10)
    assert found["top_tenth_share"] == sum(sorted(present)[-k:]) / sum(present)
