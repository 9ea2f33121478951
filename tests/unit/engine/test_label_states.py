"""The work of counting label sets, and its state, can go to another process and come back."""

import json
import pickle

import numpy as np
import pandas as pd
import pytest

from wcetool.core.vocabulary import Uncertain
from wcetool.data.columns import find_columns
from wcetool.data.dataset import open_files
from wcetool.data.finding import find_files
from wcetool.data.options import ReadingOptions
from wcetool.engine.label_counting import CellState, CountCells, CountIndicators, IndicatorState
from wcetool.engine.local import run
from wcetool.engine.resources import Resources

READING = ReadingOptions.of(missing="?")


@pytest.fixture(params=["csv", "parquet"])
def works(request, tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.choice(["0", "1", "?", "-1"], (600, 3)), columns=["a", "b", "c"])
    frame["tags"] = rng.choice(["x|y", "y", "?", "z|", "|"], 600)
    for number in (1, 2):
        path = tmp_path / f"part{number}.{request.param}"
        if request.param == "csv":
            frame.to_csv(path, index=False)
        else:
            frame.to_parquet(path, row_group_size=100)
    dataset = open_files(
        find_files([f"{tmp_path}/part*.{request.param}"], ReadingOptions()), READING
    )
    *labels, tags = find_columns(dataset.first, ("a", "b", "c", "tags"), option="-l")
    rules = READING.rules
    return dataset, (
        (CountIndicators(dataset, tuple(labels), rules, Uncertain.ONE, 100), IndicatorState),
        (CountIndicators(dataset, tuple(labels), rules, Uncertain.ONE, 3), IndicatorState),
        (CountCells(dataset, tags, rules, "|", 100), CellState),
        (CountCells(dataset, tags, rules, "|", 2), CellState),
    )


def test_work_and_splits_can_be_pickled(works):
    dataset, counting = works
    for work, _ in counting:
        there, splits = pickle.loads(pickle.dumps((work, dataset.splits())))
        found = run(splits, there, Resources.of(1)).to_dict()
        assert found == run(dataset.splits(), work, Resources.of(2)).to_dict()
        assert dict(found["read"]["rows"]) == {0: 600, 1: 600}


def test_states_travel_as_json_to_the_bit(works):
    dataset, counting = works
    for work, kind in counting:
        parts = [work(split, lambda n_bytes, n_rows: None) for split in dataset.splits()]
        sent = [kind.from_dict(json.loads(json.dumps(part.to_dict()))) for part in parts]
        assert (sent[1] + sent[0]).to_dict() == (parts[0] + parts[1]).to_dict()
