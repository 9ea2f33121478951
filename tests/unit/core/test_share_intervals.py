"""Intervals of shares: SciPy's, statsmodels' and published ones."""

import math

import numpy as np
import pytest
from scipy import stats

from wcetool.core.share_intervals import (
    Confidence,
    IntervalMethod,
    ratio_interval,
    share_intervals,
    unseen_share,
)
from wcetool.errors import UsageError

COUNTS = np.array([0, 1, 7, 44, 1000, 10**12])


@pytest.mark.parametrize("level", [0.5, 0.95, 0.999])
@pytest.mark.parametrize(
    ("method", "scipy_name"),
    [(IntervalMethod.WILSON, "wilson"), (IntervalMethod.CLOPPER_PEARSON, "exact")],
)
def test_intervals_are_those_of_scipy(method, scipy_name, level):
    n = COUNTS[:-1]
    low, high = share_intervals(n, method, level)
    for i, k in enumerate(n.tolist()):
        expected = stats.binomtest(k, int(n.sum())).proportion_ci(level, method=scipy_name)
        # SciPy finds the exact bounds by a search that stops at 2e-12.
        assert (low[i], high[i]) == pytest.approx(tuple(expected), rel=1e-9, abs=4e-12)


def test_the_exact_interval_holds_its_tails():
    # The bounds are where the tails are alpha / 2, which is what the interval is defined by.
    n = COUNTS[:-1]
    low, high = share_intervals(n, IntervalMethod.CLOPPER_PEARSON)
    total = int(n.sum())
    for k, lower, upper in zip(n.tolist()[1:], low[1:], high[1:], strict=True):
        assert stats.binom.sf(k - 1, total, lower) == pytest.approx(0.025, rel=1e-9)
        assert stats.binom.cdf(k, total, upper) == pytest.approx(0.025, rel=1e-9)


def test_jeffreys_is_the_beta_posterior_with_the_ends_of_brown_cai_dasgupta():
    n = np.array([0, 3, 17])
    low, high = share_intervals(n, IntervalMethod.JEFFREYS, 0.9)
    assert (low[0], high[0]) == (0.0, pytest.approx(stats.beta.ppf(0.95, 0.5, 20.5), rel=1e-12))
    assert (low[1], high[1]) == pytest.approx(stats.beta.ppf([0.05, 0.95], 3.5, 17.5), rel=1e-12)
    alone = share_intervals(np.array([20]), IntervalMethod.JEFFREYS)
    assert float(alone[1][0]) == 1.0


def test_goodman_is_the_published_output_of_coinmind():
    low, high = share_intervals(np.array([44, 55, 43, 32, 67, 78]), IntervalMethod.GOODMAN)
    assert (low[0], high[0]) == pytest.approx((0.09468368035184334, 0.19664128127306044), rel=1e-12)
    assert (low[5], high[5]) == pytest.approx((0.18692731624998907, 0.3130119423857656), rel=1e-12)


def test_goodman_is_wilson_with_the_level_shared_by_all_classes():
    n = np.array([5, 80, 15])
    together = share_intervals(n, IntervalMethod.GOODMAN, 0.94)
    by_class = share_intervals(n, IntervalMethod.WILSON, 0.98)
    np.testing.assert_allclose(together, by_class, rtol=1e-12)


@pytest.mark.parametrize("method", IntervalMethod)
def test_an_interval_holds_the_share_and_stays_in_zero_to_one(method):
    low, high = share_intervals(COUNTS, method)
    share = COUNTS / COUNTS.sum()
    assert np.all((low >= 0) & (low <= share) & (share <= high) & (high <= 1))
    assert low[0] == 0.0


@pytest.mark.parametrize("k", [44, 1000, 30_000])
def test_the_exact_interval_of_a_rare_class_among_billions_is_that_of_poisson(k):
    # SciPy's inverse beta function is far off here; the binomial tends to the Poisson distribution.
    low, high = share_intervals(np.array([k, 10**12]), IntervalMethod.CLOPPER_PEARSON)
    expected = [stats.gamma.ppf(0.025, k) / 1e12, stats.gamma.ppf(0.975, k + 1) / 1e12]
    assert [low[0], high[0]] == pytest.approx(expected, rel=1e-7)


def test_the_interval_of_the_ratio_is_that_of_its_logarithm():
    low, high = ratio_interval(710, 198)
    half = stats.norm.ppf(0.975) * math.sqrt(1 / 710 + 1 / 198)
    ratio = 710 / 198
    assert (low, high) == pytest.approx(
        (ratio * math.exp(-half), ratio * math.exp(half)), rel=1e-12
    )
    assert ratio_interval(710, 4) is None


def test_what_was_never_seen_has_the_exact_upper_bound():
    assert unseen_share(100) == pytest.approx(1 - 0.05 ** (1 / 100), rel=1e-13)
    assert unseen_share(10**9) == pytest.approx(-math.log(0.05) / 1e9, rel=1e-8)
    one_sided = stats.binomtest(0, 37, alternative="less").proportion_ci(0.99, method="exact")
    assert unseen_share(37, 0.99) == pytest.approx(one_sided.high, rel=1e-9)


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0, math.nan])
def test_a_level_is_between_zero_and_one(level):
    with pytest.raises(UsageError, match="is not between 0 and 1"):
        Confidence.of("wilson", level)


def test_a_level_without_a_method_has_no_effect():
    assert Confidence.of(None, None) is None
    with pytest.raises(UsageError, match="has no effect without --confidence"):
        Confidence.of(None, 0.9)
