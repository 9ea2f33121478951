"""Advice: when it is given, and that its figures are those of the counts."""

import numpy as np
import pytest
from conftest import HOSTILE_LABELS

from wcetool.core.advice import advise
from wcetool.core.distribution import ClassCounts
from wcetool.core.measures import measure


def advised(*n, labels=None):
    counts = ClassCounts(tuple(labels or map(str, range(len(n)))), np.array(n))
    return advise(counts, measure(counts))


def test_one_class_needs_no_advice():
    assert advised(5) == ()
    assert advised(5, 0) == ()


def test_mild_imbalance_needs_no_weights():
    (only,) = advised(200, 300)
    assert only.advice == "Train without weights"
    assert "1.50 times" in only.because


def test_two_classes_are_told_of_the_threshold_before_weights():
    threshold, weights = advised(1000, 250)
    assert threshold.advice.endswith("'1' above a probability of 0.2, not 0.5")
    assert "--scheme inverse" in weights.advice
    # Kish: K^2 / sum(1 / n_i).
    assert f"1,250 rows count like {4 / (1 / 1000 + 1 / 250):,.0f}," in weights.because


def test_strong_imbalance_is_told_of_a_cap_and_of_both_prices():
    weights = advised(10_000, 100)[-1]
    capped = (10_000 + 100 * 10) ** 2 / (10_000 + 100 * 100)
    assert f"count like {capped:,.0f} (without the cap {4 / (1e-4 + 1e-2):,.0f})" in weights.because
    assert "--cap 10" in weights.advice
    assert "that probabilities move" in weights.because


def test_rare_classes_are_named_from_the_rarest_on():
    few = advised(500, 60, 3, 90, 20)[0]
    assert few.advice == "Get more labels of '2', '4', '1', … 1 more"
    assert few.because.startswith("4 classes have fewer than 100; tested on all 3 of '2'")


def test_folds_need_a_row_of_every_class():
    assert "at most 3 stratified folds" in advised(500, 3, 400)[1].advice
    assert advised(500, 1, 1)[1].advice == "Merge or leave out '1', '2'"


@pytest.mark.parametrize("n", [(1, 1), (900, 1), (900, 4), (5, 6, 7), (10**12, 1), (0, 3, 1)])
def test_there_are_one_to_four_lines_each_with_a_figure_and_a_source(n):
    found = advised(*n)
    assert 1 <= len(found) <= 4
    assert all(one.advice and one.because and one.source for one in found)


def test_labels_are_quoted_and_cut():
    for label in HOSTILE_LABELS:
        found = advised(50, 2, labels=("z" * 3, label))
        assert "\n" not in found[0].advice
        assert all(len(one.advice) < 200 for one in found)
