"""Threads on one machine: each split counts once, and none may be missing.

pyarrow and NumPy let go of the interpreter lock, so threads are enough. States are exact, so the
order in which they are merged changes nothing.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from typing import Generic, Protocol, Self, TypeVar

from wcetool.data.dataset import Dataset, Wanted
from wcetool.data.source import Split
from wcetool.engine.resources import Resources
from wcetool.errors import InputError, MergeError

WAITING = 4  # splits a thread that are submitted before the first of them is merged

Tick = Callable[[int, int], None]
"""Reports bytes read and rows done; called between batches, also to stop early."""


class Mergeable(Protocol):
    """A state with an associative and commutative `+`."""

    def __add__(self, other: Self, /) -> Self:
        """Merge."""
        ...


State = TypeVar("State", bound=Mergeable)


@dataclass(frozen=True, slots=True)
class Partial(Generic[State]):
    """The state of one split, and which split that is."""

    index: int
    state: State


class StoppedError(Exception):
    """Another split failed, or the user interrupted: this one is not needed any more."""


def run(
    splits: Sequence[Split],
    work: Callable[[Split, Tick], State],
    resources: Resources,
    *,
    bound: Callable[[State], None] | None = None,
) -> State:
    """Run `work` on every split and merge what it returns.

    Parameters
    ----------
    splits : sequence of Split
        At least one.
    work : callable
        Takes a split and a tick; returns its state.
    resources : Resources
        Threads, and who hears of the progress.
    bound : callable, optional
        Raises if a merged state has grown too large to go on.

    Returns
    -------
    State
        The sum of all states.

    Raises
    ------
    WceError
        What the first failing split raised, in the order of the splits, whatever the threads did.
    """
    limit = _Limit(len(splits))
    n_bytes_in_all = sum(split.size for split in splits)

    def tick_of(index: int) -> Tick:
        def tick(n_bytes: int, n_rows: int) -> None:
            if index > limit.last:
                raise StoppedError
            if resources.on_progress is not None:
                resources.on_progress(n_bytes, n_rows, n_bytes_in_all)

        return tick

    def one(index: int) -> Partial[State]:
        return Partial(index, work(splits[index], tick_of(index)))

    n_threads = min(resources.jobs, len(splits))
    if n_threads == 1:
        return merge((one(index) for index in range(len(splits))), len(splits), bound)
    with ThreadPoolExecutor(n_threads, thread_name_prefix="wcetool") as pool:
        try:
            submitted = (pool.submit(one, index) for index in range(len(splits)))
            done = _completed(submitted, limit, WAITING * n_threads)
            return merge(done, len(splits), bound)
        finally:
            limit.lower(-1)
            pool.shutdown(cancel_futures=True)


def run_over(
    dataset: Dataset,
    wanted: Sequence[Wanted],
    work: Callable[[Split, Tick], State],
    check: Callable[[State], None],
    resources: Resources,
    *,
    bound: Callable[[State], None] | None = None,
) -> State:
    """Run `work` on a dataset, within memory, text files in ranges of bytes where that holds.

    Where it does not hold, or anything is wrong with a row, whose number a range does not know, all
    is read again, whole files in order.

    Parameters
    ----------
    dataset : Dataset
        What to read.
    wanted : sequence of Wanted
        The columns that `work` reads.
    work, resources
        As in `run`.
    check : callable
        Raises if the merged state is no result.
    bound : callable, optional
        As in `run`.
    """
    splits = dataset.splits(ranges=True)
    if any(split.byte_range is not None for split in splits):
        try:
            state = run_within(dataset, wanted, splits, work, resources, bound=bound)
            check(state)
        except InputError:
            splits = dataset.splits()
        else:
            return state
    state = run_within(dataset, wanted, splits, work, resources, bound=bound)
    check(state)
    return state


def run_within(
    dataset: Dataset,
    wanted: Sequence[Wanted],
    splits: Sequence[Split],
    work: Callable[[Split, Tick], State],
    resources: Resources,
    *,
    bound: Callable[[State], None] | None = None,
) -> State:
    """Run `work` on given splits of a dataset, as many at once as memory allows; as `run_over`."""
    limited, within = within_memory(dataset, wanted, splits, resources)
    return run(limited, work, within, bound=bound)


def within_memory(
    dataset: Dataset, wanted: Sequence[Wanted], splits: Sequence[Split], resources: Resources
) -> tuple[list[Split], Resources]:
    """Tell each split what it may hold, and how many are read at once."""
    most = replace(resources, jobs=min(resources.jobs, len(splits)))
    needs = dataset.memory_needs(splits, wanted)
    paths = (split.file.path for split in splits)
    jobs = most.jobs_within_memory(zip(paths, needs, strict=True))
    limited = [
        replace(split, memory=max(resources.memory // jobs, need.least))
        for split, need in zip(splits, needs, strict=True)
    ]
    return limited, replace(resources, jobs=jobs)


def merge(
    partials: Iterable[Partial[State]],
    n_splits: int,
    bound: Callable[[State], None] | None = None,
) -> State:
    """Add up partial states, each split exactly once.

    Raises
    ------
    MergeError
        If a split is there twice, is unknown, or is missing.
    """
    seen: set[int] = set()
    total: State | None = None
    for partial in partials:
        if partial.index in seen or not 0 <= partial.index < n_splits:
            raise MergeError(f"split {partial.index} of {n_splits} was counted twice or is unknown")
        seen.add(partial.index)
        total = partial.state if total is None else total + partial.state
        if bound is not None:
            bound(total)
    if total is None or len(seen) < n_splits:
        raise MergeError(f"{n_splits - len(seen)} of {n_splits} splits were not counted")
    return total


class _Limit:
    """The last split whose result is still wanted."""

    def __init__(self, n_splits: int) -> None:
        self.last = n_splits
        self._lock = threading.Lock()

    def lower(self, index: int) -> None:
        with self._lock:
            self.last = min(self.last, index)


def _completed(
    submitted: Iterator[Future[Partial[State]]], limit: _Limit, n_waiting: int
) -> Iterator[Partial[State]]:
    """Yield results as they come; after a failure, let only earlier splits finish, then raise.

    At most `n_waiting` splits are submitted and not yet yielded: their states would otherwise pile
    up, and memory would grow with the file.
    """
    numbered = enumerate(submitted)
    pending = {future: index for index, future in itertools.islice(numbered, n_waiting)}
    failed: dict[int, BaseException] = {}
    while pending:
        done, _ = wait(pending, return_when=FIRST_COMPLETED)
        for future in done:
            index = pending.pop(future)
            error = future.exception()
            if error is None:
                yield future.result()
            elif not isinstance(error, StoppedError):
                failed[index] = error
                limit.lower(index - 1)
        del done, future  # a future holds its state
        if not failed:
            free = n_waiting - len(pending)
            pending |= {future: index for index, future in itertools.islice(numbered, free)}
    if failed:
        raise failed[min(failed)]
