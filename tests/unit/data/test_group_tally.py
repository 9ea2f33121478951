"""Groups, tallied in any pieces and any order, against a plain count in Python."""

import itertools
import json
from collections import defaultdict

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wcetool.data import group_tally
from wcetool.data.group_tally import GroupTally
from wcetool.errors import InputError

LABELS, SPLITS = ("a", "b", "c"), ("train", "test")
ids = st.sampled_from(["", None, "1", "2", "[red]x", "two\nlines", "é", "zz"])
rows = st.lists(st.tuples(ids, st.integers(-1, 2), st.integers(-1, 1)), max_size=60)


def tally(some, *, labels=LABELS, splits=SPLITS):
    column = pa.array([row[0] for row in some], pa.string())
    codes = [np.array([row[i] for row in some], dtype=np.int64) for i in (1, 2)]
    return GroupTally.of_rows(column, "f", (labels, codes[0]), (splits, codes[1]))


def plain(some):
    held, sizes, where, ungrouped = defaultdict(set), defaultdict(int), defaultdict(set), 0
    for name, label, split in some:
        if not name:
            ungrouped += 1
            continue
        if label >= 0:
            held[name].add(label)
            sizes[name] += 1
        if split >= 0:
            where[name].add(SPLITS[split])
    return held, sizes, where, ungrouped


@given(some=rows, cuts=st.lists(st.integers(0, 60), max_size=30), seed=st.integers(0, 99))
def test_groups_do_not_depend_on_pieces_or_order(some, cuts, seed):
    edges = sorted({0, len(some), *(cut for cut in cuts if cut < len(some))})
    parts = [tally(some[a:b]) for a, b in itertools.pairwise(edges)]
    np.random.default_rng(seed).shuffle(parts)
    merged = sum(parts, start=GroupTally())
    held, sizes, where, ungrouped = plain(some)

    assert merged == tally(some)
    assert GroupTally.from_dict(json.loads(json.dumps(merged.to_dict()))) == merged
    assert merged.ungrouped == ungrouped
    found = merged.presence(LABELS)
    assert found.n_groups == len(sizes)
    for code in range(3):
        holders = [name for name in held if code in held[name]]
        assert found.groups[code] == len(holders)
        assert found.samples[code] == sum(sizes[name] for name in holders)
    leaks = merged.leaks(SPLITS)
    leaked = sorted(name for name in where if len(where[name]) > 1)
    assert (leaks.groups, leaks.leaked) == (len(where), len(leaked))
    assert [name for name, _ in leaks.examples] == leaked[:5]
    assert leaks.in_split.tolist() == [len(leaked), len(leaked)]


def test_the_names_of_labels_and_splits_may_be_known_in_another_order():
    one = tally([("g", 0, 1)], labels=("x", "y"), splits=("s", "t"))
    other = tally([("g", 0, 1)], labels=("y", "x"), splits=("t", "s"))
    merged = one + other
    assert merged == other + one
    assert merged.presence(("x", "y")).groups.tolist() == [1, 1]
    assert merged.leaks(("s", "t")).examples == (("g", ("s", "t")),)


def test_an_id_that_a_dictionary_holds_twice_is_one_group():
    column = pa.DictionaryArray.from_arrays(pa.array([0, 1, 2]), pa.array(["g", "g", "h"]))
    codes = np.zeros(3, dtype=np.int64)
    found = GroupTally.of_rows(column, "f", (LABELS, codes), None).presence(LABELS)
    assert (found.n_groups, found.groups.tolist(), found.samples.tolist()) == (
        2,
        [2, 0, 0],
        [3, 0, 0],
    )


@pytest.mark.parametrize(
    "column",
    [
        pa.array([1, 2, 1, None]),
        pa.array(["1", "2", "1", ""], pa.large_string()),
        pa.array([b"1", b"2", b"1", None]),
        pa.array(["x", "1", "2", "1", None]).slice(1).dictionary_encode(),
    ],
)
def test_ids_of_every_type_are_groups_by_their_text(column):
    codes = np.zeros(4, dtype=np.int64)
    state = GroupTally.of_rows(column, "f", (LABELS, codes), None)
    assert [cell[0] for cell in state.to_dict()["cells"]] == ["1", "2"]
    assert state.ungrouped == 1


def test_bytes_that_are_no_text_are_refused():
    with pytest.raises(InputError, match="UTF-8"):
        GroupTally.of_rows(pa.array([b"\xff"]), "f", (LABELS, np.zeros(1, dtype=np.int64)), None)


def test_more_groups_than_memory_is_meant_for_are_refused(monkeypatch):
    monkeypatch.setattr(group_tally, "MAX_GROUPS", 10)
    with pytest.raises(InputError, match="more than 10 distinct groups"):
        sum((tally([(str(i), 0, 0)]) for i in range(40)), start=GroupTally())
