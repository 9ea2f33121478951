"""Counts, class order and buckets."""

import numpy as np
import pytest

from wcetool.core.distribution import (
    Buckets,
    ClassCounts,
    LabelTally,
    class_order,
)
from wcetool.errors import InputError, UsageError


def counts(*n):
    return ClassCounts(tuple(map(str, range(len(n)))), np.array(n))


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
