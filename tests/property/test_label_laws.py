"""Laws of counting label sets: cuts, order and merging change nothing, to the bit."""

import functools
import itertools
import json
import operator

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import wcetool
from wcetool.core.label_counts import Indicator, IndicatorCounter, LabelCounts
from wcetool.core.label_sets import NamedSets

VALUES = st.sampled_from([0, 1, 1, 0, None])
SEEDS = st.integers(0, 2**32 - 1)
CUTS = st.lists(st.integers(0, 40), max_size=5)


def matrices(n_labels):
    return st.lists(st.lists(VALUES, min_size=n_labels, max_size=n_labels), max_size=40)


def state(rows, n_labels, limit=5):
    counter = IndicatorCounter(n_labels, limit)
    columns = list(zip(*rows, strict=True)) or [()] * n_labels
    counter.add(
        [
            Indicator(
                np.array([value == 1 for value in column], dtype=bool),
                np.array([value is None for value in column], dtype=bool)
                if None in column
                else None,
            )
            for column in columns
        ]
    )
    return counter.counts()


@given(
    data=st.sampled_from([1, 3, 18, 70]).flatmap(lambda q: st.tuples(st.just(q), matrices(q))),
    cuts=CUTS,
    seed=SEEDS,
)
def test_counts_do_not_depend_on_cuts_and_order(data, cuts, seed):
    n_labels, rows = data
    edges = sorted({0, len(rows), *(cut for cut in cuts if cut < len(rows))})
    parts = [state(rows[a:b], n_labels) for a, b in itertools.pairwise(edges)]
    parts.append(state([], n_labels))
    np.random.default_rng(seed).shuffle(parts)
    merged = functools.reduce(operator.add, parts)
    sent = LabelCounts.from_dict(json.loads(json.dumps(merged.to_dict())))
    assert sent.to_dict() == merged.to_dict() == state(rows, n_labels).to_dict()


@given(rows=matrices(4), seed=SEEDS)
def test_rows_in_another_order_give_the_same_counts(rows, seed):
    shuffled = [rows[i] for i in np.random.default_rng(seed).permutation(len(rows))]
    assert state(shuffled, 4).to_dict() == state(rows, 4).to_dict()


@given(
    rows=st.lists(st.frozensets(st.sampled_from("abc|é"), max_size=3), max_size=30),
    cuts=CUTS,
    seed=SEEDS,
)
def test_sets_of_names_merge_in_any_order(rows, cuts, seed):
    def tally(part):
        counted = {}
        for labels in part:
            key = tuple(sorted(labels))
            counted[key] = counted.get(key, 0) + 1
        return NamedSets.of(counted, 4)

    edges = sorted({0, len(rows), *(cut for cut in cuts if cut < len(rows))})
    parts = [tally(rows[a:b]) for a, b in itertools.pairwise(edges)] + [NamedSets(4)]
    np.random.default_rng(seed).shuffle(parts)
    merged = functools.reduce(operator.add, parts)
    assert merged.to_dict() == tally(rows).to_dict()
    assert NamedSets.from_dict(json.loads(json.dumps(merged.to_dict()))) == merged


@given(
    rows=st.lists(st.lists(st.integers(0, 1), min_size=4, max_size=4), min_size=1, max_size=30),
    order=st.permutations(range(4)),
)
def test_labels_in_another_order_have_the_same_numbers(rows, order):
    matrix = np.array(rows)
    found = wcetool.analyze(matrix, classes="a,b,c,d").to_dict()
    names = [str("abcd"[i]) for i in order]
    other = wcetool.analyze(matrix[:, list(order)], classes=names).to_dict()
    assert other["multilabel"] == found["multilabel"]

    def by_label(document):
        return {row["label"]: row | {"index": None} for row in document["classes"]}

    assert by_label(other) == by_label(found)


@given(
    rows=st.lists(st.lists(st.sampled_from("abc"), max_size=3), min_size=1, max_size=20).filter(any)
)
def test_lists_and_columns_of_the_same_labels_agree(rows):
    labels = sorted({label for row in rows for label in row})
    matrix = np.array([[int(label in row) for label in labels] for row in rows])
    lists, array = wcetool.analyze(rows), wcetool.analyze(matrix, classes=labels)
    assert lists.class_rows() == array.class_rows()
    assert lists.imbalance.values == array.imbalance.values
