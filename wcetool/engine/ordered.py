"""Blocks in the order of the rows, read ahead by threads where the parts of the files are small."""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from wcetool.data.dataset import Dataset, Wanted
from wcetool.data.source import Split
from wcetool.engine.local import StoppedError, Tick, within_memory
from wcetool.engine.resources import Resources

AHEAD = 2  # splits a thread whose blocks wait for their turn
MOST_ROWS = 1 << 21  # of a split whose blocks may wait; larger ones pass through, block by block

Block = TypeVar("Block")
Blocks = Callable[[Split, Tick], Iterator[Block]]


def blocks_in_order(
    dataset: Dataset,
    wanted: Sequence[Wanted],
    splits: Sequence[Split],
    blocks: Blocks[Block],
    resources: Resources,
) -> Generator[Block, None, None]:
    """Yield the blocks of all splits, in the order of the rows, in bounded memory.

    Parameters
    ----------
    dataset : Dataset
        What is read.
    wanted : sequence of Wanted
        The columns that `blocks` reads.
    splits : sequence of Split
        In order.
    blocks : callable
        Takes a split and a tick; yields what it makes of consecutive rows.
    resources : Resources
        As in `run`.

    Raises
    ------
    WceError
        What the first failing split raised, whatever the threads did.
    """
    limited, within = within_memory(dataset, wanted, splits, resources)
    n_bytes_in_all = sum(split.size for split in splits)
    stopped = threading.Event()

    def tick(n_bytes: int, n_rows: int) -> None:
        if stopped.is_set():
            raise StoppedError
        if resources.on_progress is not None:
            resources.on_progress(n_bytes, n_rows, n_bytes_in_all)

    if within.jobs == 1 or not all(map(_may_wait, splits)):
        for split in limited:
            yield from blocks(split, tick)
        return

    def one(split: Split) -> list[Block]:
        return list(blocks(split, tick))

    with ThreadPoolExecutor(within.jobs, thread_name_prefix="wcetool") as pool:
        try:
            submitted = (pool.submit(one, split) for split in limited)
            yield from _in_turn(submitted, AHEAD * within.jobs)
        finally:
            stopped.set()
            pool.shutdown(cancel_futures=True)


def _may_wait(split: Split) -> bool:
    return split.byte_range is not None or (split.rows is not None and split.rows <= MOST_ROWS)


def _in_turn(submitted: Iterator[Future[list[Block]]], ahead: int) -> Iterator[Block]:
    waiting = deque(itertools.islice(submitted, ahead))
    while waiting:
        found = waiting.popleft().result()
        waiting.extend(itertools.islice(submitted, 1))
        yield from found
        del found  # or it would stay while the next one is waited for
