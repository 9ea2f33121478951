"""Every split counts once; the first failure is the same whatever the threads do."""

import threading
import time
import weakref

import pytest

from wcetool.data.registry import CSV
from wcetool.data.source import InputFile, Split
from wcetool.engine.local import Partial, merge, run
from wcetool.engine.resources import Resources
from wcetool.errors import InputError, MergeError

SPLITS = [Split(InputFile("f", CSV), index=i, size=10) for i in range(50)]


class Bag(tuple):
    """A state whose + remembers what was added."""

    def __add__(self, other):
        return Bag(sorted(tuple(self) + tuple(other)))


@pytest.mark.parametrize("jobs", [1, 2, 7])
def test_every_split_is_merged_once(jobs):
    assert run(SPLITS, lambda split, tick: Bag([split.index]), Resources.of(jobs)) == tuple(
        range(50)
    )


def test_a_split_that_comes_twice_is_refused():
    with pytest.raises(MergeError, match="counted twice"):
        merge([Partial(0, Bag([0])), Partial(0, Bag([0]))], 2)


def test_a_split_that_is_missing_is_refused():
    with pytest.raises(MergeError, match="1 of 2 splits were not counted"):
        merge([Partial(0, Bag([0]))], 2)


def test_a_split_that_is_unknown_is_refused():
    with pytest.raises(MergeError, match="unknown"):
        merge([Partial(2, Bag([0]))], 2)


@pytest.mark.parametrize("jobs", [1, 2, 8])
def test_the_failure_of_the_first_split_is_raised_even_if_it_is_slower(jobs):
    def work(split, tick):
        if split.index == 5:
            time.sleep(0.1)
            raise InputError("first")
        if split.index in (6, 7):
            raise InputError("later")
        return Bag([split.index])

    with pytest.raises(InputError, match="first"):
        run(SPLITS, work, Resources.of(jobs))


def test_a_failure_stops_the_splits_after_it():
    started, outlived = [], []
    another = threading.Event()

    def work(split, tick):
        started.append(split.index)
        if split.index == 0:
            another.wait(30)
            raise InputError("broken")
        another.set()
        for _ in range(30_000):
            time.sleep(0.001)
            tick(0, 1)
        outlived.append(split.index)
        return Bag([split.index])

    with pytest.raises(InputError, match="broken"):
        run(SPLITS, work, Resources.of(2))
    assert outlived == []
    assert len(started) < len(SPLITS)


def test_states_that_are_merged_do_not_stay_in_memory():
    """However many splits there are: memory must not grow with the file."""
    alive, most = weakref.WeakSet(), []

    class Count:
        def __init__(self, n):
            self.n = n
            alive.add(self)

        def __add__(self, other):
            return Count(self.n + other.n)

    def work(split, tick):
        most.append(len(alive))
        return Count(1)

    splits = [Split(InputFile("f", CSV), index=i, size=10) for i in range(2000)]
    assert run(splits, work, Resources.of(2)).n == 2000
    assert max(most) < 20


def test_progress_is_reported_with_the_total():
    seen = []

    def work(split, tick):
        tick(10, 3)
        return Bag([split.index])

    run(SPLITS[:3], work, Resources.of(1, on_progress=lambda *call: seen.append(call)))
    assert seen == [(10, 3, 30)] * 3


def test_the_work_runs_in_threads_of_the_process():
    names = set()

    def work(split, tick):
        names.add(threading.current_thread().name)
        time.sleep(0.01)
        return Bag([split.index])

    run(SPLITS, work, Resources.of(2))
    assert len(names) == 2
