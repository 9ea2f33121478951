"""Counts, class order and measures."""

import math

import numpy as np
import pytest
from scipy import stats

from wcetool.core.distribution import (
    Buckets,
    ClassCounts,
    LabelTally,
    class_order,
    measure,
)
from wcetool.errors import InputError, UsageError

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


def test_integers_are_ordered_by_number_and_before_other_labels():
    assert class_order(["10", "2", "b", "-1", "B", "1"]) == ("-1", "1", "2", "10", "B", "b")


def test_two_spellings_of_one_number_are_ordered_by_code_point():
    assert class_order(["1", "01", "+1"]) == ("+1", "01", "1")


def test_an_integer_of_thousands_of_digits_is_a_label_like_any_other():
    huge = "9" * 10_000
    assert class_order([huge, "3"]) == ("3", huge)


def test_declared_classes_fix_order_and_may_be_absent():
    ordered = ClassCounts.from_tally(LabelTally({"a": 3}), ["z", "a"])
    assert (ordered.classes, ordered.count.tolist()) == (("z", "a"), [0, 3])


def test_a_label_that_is_not_declared_is_refused_by_name():
    with pytest.raises(InputError, match="'b'"):
        ClassCounts.from_tally(LabelTally({"a": 3, "b": 1}), ["a"])


@pytest.mark.parametrize(
    ("n", "bucket"), [(101, "many"), (100, "medium"), (20, "medium"), (19, "few"), (1, "few")]
)
def test_the_edges_of_the_buckets_are_those_of_kang(n, bucket):
    assert Buckets().sort(counts(n))[bucket] == 1


def test_buckets_leave_absent_classes_out():
    assert Buckets().sort(counts(0, 5)) == {"many": 0, "medium": 0, "few": 1}


@pytest.mark.parametrize(
    "text", ["", "100", "20,100", "a,b", "100,20,5", "100,0", "1e2,20", "-5,-7"]
)
def test_bounds_of_buckets_that_make_no_sense_are_refused(text):
    with pytest.raises(UsageError):
        Buckets.parse(text)


def test_shares_do_not_need_the_order_of_the_counts():
    assert measure(counts(5, 3, 9)) == measure(counts(9, 5, 3))
    assert math.isclose(measure(counts(5, 3, 9)).minority_share, 3 / 17)
