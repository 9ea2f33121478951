"""Measures of imbalance: values from papers, libraries and SciPy."""

import math

import numpy as np
import pytest
from scipy import special, stats

from wcetool.core.distribution import ClassCounts
from wcetool.core.imbalance_degree import DISTANCES, imbalance_degree
from wcetool.core.measures import MEASURES, measure
from wcetool.core.power_law import continuous_exponent, discrete_exponent, mean_log
from wcetool.core.profile import Excesses
from wcetool.errors import InputError

ABCD = ClassCounts(("A", "B", "C", "D"), np.array([198, 436, 710, 272]))


def counts(*n):
    return ClassCounts(tuple(map(str, range(len(n)))), np.array(n))


def test_the_measures_of_the_worked_example():
    found = measure(ABCD)
    assert found.ratio == 710 / 198
    assert found.effective_classes == pytest.approx(3.2344658799282615, rel=1e-15)
    assert found.evenness == pytest.approx(0.9175276871008522, rel=1e-15)
    assert found.gini == pytest.approx(0.2629950495049505, rel=1e-15)
    assert found.minority_share == 198 / 1616


def test_the_entropy_is_that_of_scipy():
    assert measure(ABCD).entropy == pytest.approx(stats.entropy(ABCD.count), rel=1e-15)


def test_balanced_classes_score_the_ends_of_every_scale():
    found = measure(counts(7, 7, 7))
    assert (found.ratio, found.evenness, found.gini) == (1.0, 1.0, 0.0)
    assert found.effective_classes == pytest.approx(3.0, rel=1e-15)


def test_one_class_is_even_by_definition():
    found = measure(counts(5))
    assert (found.ratio, found.entropy, found.evenness, found.effective_classes) == (1, 0, 1, 1)


def test_absent_classes_are_counted_and_left_out_of_every_measure():
    # KEEL's shuttle: empty classes are ignored.
    found = measure(counts(1706, 2, 6, 338, 123, 0, 0))
    assert (found.classes, found.absent_classes, found.ratio) == (5, 2, 853.0)


def test_no_labels_at_all_is_an_error():
    with pytest.raises(InputError):
        measure(counts(0, 0))


def test_large_counts_do_not_overflow():
    found = measure(counts(2**62, 2**61))
    assert found.effective_classes == pytest.approx(9 / 5, rel=1e-15)


def test_shares_do_not_need_the_order_of_the_counts():
    assert measure(counts(5, 3, 9)) == measure(counts(9, 5, 3))
    assert math.isclose(measure(counts(5, 3, 9)).minority_share, 3 / 17)


def test_the_further_measures_of_the_worked_example():
    found = measure(ABCD)
    shares = ABCD.count / 1616
    assert found["simpson"] == pytest.approx(np.sum(shares**2), rel=1e-14)
    assert found["hill_0"] == 4
    assert found["hill_1"] == pytest.approx(math.exp(stats.entropy(ABCD.count)), rel=1e-14)
    assert found["hill_2"] == found.effective_classes
    assert found["kl_to_uniform"] == pytest.approx(
        stats.entropy(ABCD.count, [1, 1, 1, 1]), rel=1e-12
    )
    assert found["entropy_imbalance"] == pytest.approx(1 - 0.9175276871008522, rel=1e-12)
    assert found["lrid"] == pytest.approx(369.51747630019213, rel=1e-12)
    assert found["lrid_per_2n"] == found["kl_to_uniform"]
    assert found["gini_normalized"] == pytest.approx(found.gini * 4 / 3, rel=1e-14)
    assert found["pmlb_imbalance"] == pytest.approx(4 / 3 * np.sum((shares - 0.25) ** 2), rel=1e-13)
    assert found["ecol_c1"] == found.evenness
    ratio = 3 / 4 * np.sum(ABCD.count / (1616 - ABCD.count))
    assert found["ecol_c2"] == pytest.approx(1 - 1 / ratio, rel=1e-12)
    assert found["below_uniform_share"] == 0.5
    assert found["majority_share"] == found["top_tenth_share"] == 710 / 1616


def test_what_one_class_leaves_undefined_has_a_reason():
    found = measure(counts(5))
    assert found.undefined == {
        "gini_normalized": "there is one class",
        "pmlb_imbalance": "there is one class",
        "ecol_c2": "there is one class",
        "power_law_continuous": "all classes have the same count",
        "power_law_discrete": "all classes have the same count, or the samples are weighted",
        "long_tail_distance": "there is one class, or the samples are weighted",
    }


def test_almost_equal_classes_do_not_cancel():
    found = measure(counts(10**15, 10**15 + 1))
    excess = 1 / (2 * 10**15 + 1)
    assert found["kl_to_uniform"] == pytest.approx(excess**2 / 2, rel=1e-6)
    assert found["ecol_c2"] == pytest.approx(excess**2, rel=1e-6)
    assert found["pmlb_imbalance"] == pytest.approx(excess**2, rel=1e-12)


@pytest.mark.parametrize("distance", DISTANCES)
def test_the_imbalance_degree_ends_at_zero_and_below_the_number_of_classes(distance):
    assert imbalance_degree(Excesses.of([5, 5, 5]), distance) == 0.0
    assert imbalance_degree(Excesses.of([0, 0, 7]), distance) == pytest.approx(2.0, rel=1e-15)


@pytest.mark.parametrize(("exponent", "smallest"), [(1.5, 1), (2.4, 205), (40.0, 3)])
def test_the_expected_logarithm_of_a_power_law_is_that_of_zeta(exponent, smallest):
    step = 1e-5 * exponent
    zeta = [
        math.log(special.zeta(exponent + sign * step, smallest))
        + (exponent + sign * step) * math.log(smallest)
        for sign in (-1, 1)
    ]
    # A difference quotient is right to about the square of its step.
    assert mean_log(exponent, smallest) == pytest.approx((zeta[0] - zeta[1]) / (2 * step), rel=1e-4)


@pytest.mark.parametrize(("exponent", "smallest"), [(900.0, 800), (1e12, 10**12), (3e9, 7)])
def test_the_expected_logarithm_of_a_steep_power_law_is_that_of_its_first_terms(exponent, smallest):
    logs = [math.log1p(k / smallest) for k in range(200)]
    shares = [math.exp(-exponent * one) for one in logs]
    expected = math.fsum(map(math.prod, zip(logs, shares, strict=True))) / math.fsum(shares)
    assert mean_log(exponent, smallest) == pytest.approx(expected, rel=1e-12)


def test_counts_that_are_almost_the_same_have_a_steep_power_law():
    # The mean of ln(x / n) is 1 / (2 n), and that of a geometric tail 1 / (n (e^s - 1)): s = ln 3.
    n = 10**12
    assert discrete_exponent([n, n + 1], n) == pytest.approx(math.log(3) * n, rel=1e-9)


def test_the_discrete_exponent_maximises_the_likelihood():
    n = [5, 5, 6, 9, 12, 40, 300]

    def likelihood(a):
        return -len(n) * math.log(special.zeta(a, 5)) - a * sum(map(math.log, n))

    found = discrete_exponent(n, 5)
    assert likelihood(found) >= max(likelihood(found - 1e-4), likelihood(found + 1e-4))


def test_counts_below_the_beginning_of_the_law_are_left_out():
    assert continuous_exponent([1, 2, 50, 100], 50) == continuous_exponent([50, 100], 50)
    assert discrete_exponent([1, 2, 50, 100], 50) == discrete_exponent([50, 100], 50)


def test_sums_of_sample_weights_are_measured_like_counts():
    weighted = ClassCounts(("a", "b"), np.array([3, 3]), weight_sum=np.array([0.5, 2.0]))
    found, expected = measure(weighted), measure(counts(1, 4))
    same = [
        name
        for name in MEASURES
        if name not in ("lrid", "power_law_discrete", "long_tail_distance")
    ]
    assert [found[name] for name in same] == [expected[name] for name in same]
    assert found["lrid"] == pytest.approx(expected["lrid"] / 2, rel=1e-14)
    assert found["power_law_discrete"] is None


def test_a_class_whose_samples_weigh_nothing_is_absent():
    weighted = ClassCounts(("a", "b"), np.array([3, 3]), weight_sum=np.array([0.0, 2.0]))
    assert (measure(weighted).classes, measure(weighted).absent_classes) == (1, 1)


def test_ratios_beyond_the_range_of_a_float_are_infinite():
    weighted = ClassCounts(("a", "b"), np.array([1, 1]), weight_sum=np.array([1e-9, 1e308]))
    assert measure(weighted).ratio == math.inf
    assert all(value is not None for value in measure(weighted).to_dict().values()) is False
