"""Blocks come in the order of the rows, few of them at once."""

import threading
import time
import weakref

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from wcetool.data.dataset import Wanted, open_files
from wcetool.data.finding import find_files
from wcetool.data.formats import parquet
from wcetool.data.formats.table import ColumnKind
from wcetool.data.options import ReadingOptions
from wcetool.engine import ordered
from wcetool.engine.ordered import AHEAD, blocks_in_order
from wcetool.engine.resources import Resources
from wcetool.errors import InputError

SPLITS = 40


@pytest.fixture
def rows(tmp_path, monkeypatch):
    """A dataset of many splits of one row."""
    monkeypatch.setattr(parquet, "SPLIT_ROWS", 1)
    monkeypatch.setattr(parquet, "SPLIT_BYTES", 1)
    path = tmp_path / "labels.parquet"
    pq.write_table(pa.table({"label": [f"l{i}" for i in range(SPLITS)]}), path, row_group_size=1)
    dataset = open_files(find_files([path], ReadingOptions()), ReadingOptions())
    assert len(dataset.splits()) == SPLITS
    return dataset


def in_order(dataset, blocks, jobs):
    wanted = [Wanted(dataset.first.columns[0], ColumnKind.LABEL)]
    return blocks_in_order(dataset, wanted, dataset.splits(), blocks, Resources.of(jobs))


@pytest.mark.parametrize("jobs", [1, 2, 7])
def test_the_order_is_that_of_the_rows_whichever_thread_is_first(rows, jobs):
    rng = np.random.default_rng(0)
    pauses = rng.random(SPLITS) / 500

    def blocks(split, tick):
        time.sleep(pauses[split.first_row])
        tick(1, 1)
        yield (split.first_row, "a")
        yield (split.first_row, "b")

    found = list(in_order(rows, blocks, jobs))
    assert found == [(row, part) for row in range(SPLITS) for part in "ab"]


@pytest.mark.parametrize("jobs", [1, 4])
def test_the_first_failure_in_the_order_of_the_rows_is_told(rows, jobs):
    def blocks(split, tick):
        if split.first_row in (9, 10, 30):
            time.sleep(0.01 if split.first_row == 9 else 0)
            raise InputError(f"row {split.first_row}")
        yield split.first_row

    found = []
    with pytest.raises(InputError, match="row 9"):
        found.extend(in_order(rows, blocks, jobs))
    assert found == list(range(9))


def test_threads_read_no_further_ahead_than_they_may(rows):
    started = []

    def blocks(split, tick):
        started.append(split.first_row)
        yield split.first_row

    running = in_order(rows, blocks, 2)
    for row in range(SPLITS):
        assert next(running) == row
        time.sleep(0.002)
        assert len(started) <= row + 1 + AHEAD * 2
    running.close()


def test_who_stops_early_stops_the_threads(rows):
    started = []

    def blocks(split, tick):
        started.append(split.first_row)
        yield split.first_row

    running = in_order(rows, blocks, 2)
    next(running)
    running.close()
    assert len(started) <= 1 + AHEAD * 2
    assert not [one for one in threading.enumerate() if one.name.startswith("wcetool")]


@pytest.mark.parametrize("most_rows", [ordered.MOST_ROWS, 0])
def test_blocks_that_are_taken_do_not_stay_in_memory(rows, monkeypatch, most_rows):
    """However many rows there are; of large splits not even the blocks of one are held."""
    monkeypatch.setattr(ordered, "MOST_ROWS", most_rows)
    alive = weakref.WeakSet()
    most = 0

    class Block:
        pass

    def blocks(split, tick):
        for _ in range(5):
            block = Block()
            alive.add(block)
            yield block
            del block

    for _ in in_order(rows, blocks, 2):
        most = max(most, len(alive))
    assert most <= (2 if most_rows == 0 else 5 * (2 + AHEAD * 2))
