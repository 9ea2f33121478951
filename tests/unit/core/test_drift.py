"""Drift between splits, against SciPy and the numbers of the reference."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon
from scipy.stats import chi2_contingency
from scipy.stats.contingency import association

from wcetool.core.distribution import LabelTally
from wcetool.core.drift import (
    SplitCounts,
    chance_of_absence,
    choose_reference,
    divergence,
    drift,
    homogeneity,
)
from wcetool.errors import UsageError

A, B = np.array([198, 436, 710, 272]), np.array([60, 100, 180, 64])
tables = (
    st.integers(2, 4)
    .flatmap(
        lambda n_splits: st.lists(
            st.lists(st.integers(0, 10**6), min_size=n_splits, max_size=n_splits),
            min_size=2,
            max_size=8,
        )
    )
    .map(lambda columns: np.array(columns).T)
)


def split_counts(**splits):
    tallies = {name: LabelTally(counts) for name, counts in splits.items()}
    classes = sorted({label for counts in splits.values() for label in counts})
    return SplitCounts.of_tallies(tallies, classes)


def test_two_splits_of_the_reference_have_its_numbers():
    found = homogeneity(np.stack([A, B]))
    assert (found.chi2, found.chi2_p) == pytest.approx(
        (2.5323460156383337, 0.46947378544031393), rel=1e-12
    )
    assert (found.g, found.g_p) == pytest.approx((2.4811689843546105, 0.478703884272231), rel=1e-12)
    assert found.degrees_of_freedom == 3
    assert found.cramers_v == pytest.approx(0.03540673158320485, rel=1e-12)
    assert found.cramers_v_corrected == 0.0
    one = divergence(A, B, "b")
    assert one.js_bits == pytest.approx(0.001370195173894223, rel=1e-12)
    assert one.psi == pytest.approx(0.00760636, abs=5e-9)
    assert one.psi_scaled == pytest.approx(one.psi / (3 * (1 / 1616 + 1 / 404)), rel=1e-12)


def test_there_is_no_yates_correction():
    assert homogeneity(np.array([[12, 5], [3, 9]])).chi2 == pytest.approx(5.855, abs=5e-4)


@given(table=tables)
def test_statistics_are_those_of_scipy(table):
    table = table[table.sum(axis=1) > 0]
    observed = table[:, table.sum(axis=0) > 0]
    if min(observed.shape, default=0) < 2:
        return
    found = homogeneity(table)
    pearson = chi2_contingency(observed, correction=False)
    likelihood = chi2_contingency(observed, correction=False, lambda_="log-likelihood")
    # Near 0 the statistics are differences of rounded numbers of the size of the counts.
    near = {"rel": 1e-9, "abs": 1e-15 * observed.sum() + 1e-9}
    assert found.chi2 == pytest.approx(pearson.statistic, **near)
    assert found.g == pytest.approx(likelihood.statistic, **near)
    assert found.chi2_p == pytest.approx(pearson.pvalue, rel=1e-6, abs=1e-300)
    assert found.degrees_of_freedom == pearson.dof
    assert found.expected_below_5 == (pearson.expected_freq < 5).sum()
    assert found.cramers_v == pytest.approx(association(observed, correction=False), abs=1e-7)
    assert 0.0 <= found.cramers_v <= 1.0


@given(table=tables)
def test_the_js_divergence_is_the_square_of_scipys_distance(table):
    a, b = table[:2]
    if not (a.any() and b.any()):
        return
    found = divergence(a, b, "b").js_bits
    assert found == pytest.approx(jensenshannon(a, b, base=2) ** 2, rel=1e-9, abs=1e-14)
    assert 0.0 <= found <= 1.0


def test_the_bias_corrected_v_is_bergsmas():
    table = np.array([[30, 10, 5], [10, 30, 5]])
    n, r, k = 90, 2, 3
    phi2 = max(0.0, chi2_contingency(table).statistic / n - (r - 1) * (k - 1) / (n - 1))
    r2, k2 = r - (r - 1) ** 2 / (n - 1), k - (k - 1) ** 2 / (n - 1)
    expected = math.sqrt(phi2 / min(r2 - 1, k2 - 1))
    assert homogeneity(table).cramers_v_corrected == pytest.approx(expected, rel=1e-12)


def test_a_half_is_added_to_every_count_where_a_class_is_absent_from_one_split():
    found = divergence(np.array([8, 2, 0, 0]), np.array([6, 0, 3, 0]), "b")
    p, q = np.array([8.5, 2.5, 0.5]) / 11.5, np.array([6.5, 0.5, 3.5]) / 10.5
    assert found.half_added
    assert found.psi == pytest.approx(float(((q - p) * np.log(q / p)).sum()), rel=1e-12)
    assert found.psi_scaled == pytest.approx(found.psi / (2 * (1 / 10 + 1 / 9)), rel=1e-12)


def test_equal_shares_are_no_drift():
    found = drift(split_counts(train={"a": 30, "b": 60}, test={"a": 10, "b": 20}), "train")
    figures = found.figures()
    assert (figures["psi"], figures["chi2"], figures["cramers_v_corrected"]) == (0.0, 0.0, 0.0)
    assert (figures["chi2_p"], figures["js_bits"]) == (1.0, 0.0)
    assert (figures["missing_in_split"], figures["leaked_groups"]) == (0, None)


def test_the_psi_of_random_splits_is_about_what_it_is_divided_by():
    rng = np.random.default_rng(0)
    share = [0.4, 0.3, 0.2, 0.1]
    scaled = [
        divergence(rng.multinomial(2000, share), rng.multinomial(500, share), "b").psi_scaled
        for _ in range(2000)
    ]
    # The mean of 2,000 with a standard deviation near sqrt(2/3) is within 4 of its errors.
    assert np.mean(scaled) == pytest.approx(1.0, abs=0.08)


def test_gaps_come_with_their_chance_the_least_likely_first():
    counts = split_counts(train={"a": 80, "b": 20, "c": 1}, test={"a": 9}, val={"a": 4, "b": 1})
    found = drift(counts, "train")
    assert found.missing_in_split == 3
    total = 80 + 20 + 1 + 9 + 4 + 1
    assert [(gap.split, gap.label) for gap in found.gaps] == [
        ("test", "b"),
        ("test", "c"),
        ("val", "c"),
    ]
    assert found.gaps[0].chance == pytest.approx((1 - 21 / total) ** 9, rel=1e-12)


def test_a_class_that_no_split_holds_is_no_gap():
    counts = SplitCounts.of_tallies(
        {"a": LabelTally({"x": 1, "y": 2}), "b": LabelTally({"x": 1, "y": 1})}, ("x", "y", "z")
    )
    assert drift(counts, "a").missing_in_split == 0


def test_with_one_class_there_is_nothing_to_test():
    found = drift(split_counts(a={"x": 3}, b={"x": 5}), "b")
    assert found.homogeneity.chi2 is None
    assert found.figures()["psi"] == 0.0
    assert found.figures()["psi_scaled"] is None


def test_a_chance_is_right_where_powers_underflow():
    assert chance_of_absence(np.array([1e-12]), 10**12)[0] == pytest.approx(math.exp(-1), rel=1e-9)
    assert chance_of_absence(np.array([0.5, 1.0]), 10**6).tolist() == [0.0, 0.0]


def test_the_reference_is_train_by_name_else_the_largest():
    named = split_counts(Train={"a": 1}, test={"a": 9})
    assert choose_reference(named, None) == ("Train", "by its name")
    plain = split_counts(x={"a": 1}, y={"a": 9}, z={"a": 9})
    assert choose_reference(plain, None) == ("y", "the largest")
    assert choose_reference(plain, "x") == ("x", None)
    twice = split_counts(train={"a": 1}, TRAIN={"a": 5}, x={"a": 9})
    assert choose_reference(twice, None) == ("x", "the largest")


def test_a_reference_that_is_no_split_is_refused_with_the_nearest_name():
    with pytest.raises(UsageError) as caught:
        choose_reference(split_counts(train={"a": 1}, test={"a": 9}), "tests")
    assert caught.value.hint == "--split-reference test"
