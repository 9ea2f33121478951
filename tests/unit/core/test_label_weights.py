"""Sums of sample weights by label: exact, whatever the order."""

import itertools
import json
import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from wcetool.core.distribution import ClassCounts
from wcetool.core.label_weights import LabelWeights
from wcetool.core.measures import MEASURES, measure

LABELS = ("b", "a", "ä")
weights = st.one_of(
    st.just(0.0), st.floats(1e-9, 1e12, allow_subnormal=False), st.floats(1e-9, 1.0)
)


def test_no_sum_is_lost_to_rounding():
    found = LabelWeights.of_rows(np.array([1e16, 1.0, 1.0]), np.zeros(3, dtype=np.int64), ["a"])
    assert found.in_order(["a", "z"]).tolist() == [1e16 + 2.0, 0.0]


@given(
    rows=st.lists(st.tuples(weights, st.integers(0, 2)), max_size=60),
    cuts=st.lists(st.integers(0, 60), max_size=5),
    seed=st.integers(0, 99),
)
def test_sums_are_those_of_fsum_for_any_pieces_and_order(rows, cuts, seed):
    edges = sorted({0, len(rows), *(cut for cut in cuts if cut < len(rows))})
    rng = np.random.default_rng(seed)
    parts = []
    for a, b in itertools.pairwise(edges):
        names = rng.permutation(3)
        values = np.array([w for w, _ in rows[a:b]])
        place = np.argsort(names)
        codes = place[np.array([code for _, code in rows[a:b]], dtype=np.int64)]
        parts.append(LabelWeights.of_rows(values, codes, [LABELS[i] for i in names]))
    rng.shuffle(parts)
    merged = sum(parts, start=LabelWeights())
    assert merged + LabelWeights() == merged
    assert LabelWeights.from_dict(json.loads(json.dumps(merged.to_dict()))) == merged
    expected = [math.fsum(w for w, code in rows if code == k) for k in range(3)]
    # A weight below 2^-46 would be rounded to 2^-98; none here is.
    assert merged.in_order(LABELS).tolist() == expected


@given(count=st.lists(st.integers(0, 10**6), min_size=1, max_size=6).filter(any))
def test_one_weight_for_all_rows_changes_no_measure_but_the_one_that_grows_with_n(count):
    classes = tuple(map(str, range(len(count))))
    plain = ClassCounts(classes, np.array(count))
    weighted = ClassCounts(classes, np.array(count), weight_sum=np.array(count) * 0.125)
    found, expected = measure(weighted), measure(plain)
    of_counts = {"power_law_discrete", "long_tail_distance"}
    for name in MEASURES.keys() - of_counts - {"lrid"}:
        assert found[name] == expected[name]
    assert found["lrid"] == expected["lrid"] / 8  # 2N times lrid_per_2n
