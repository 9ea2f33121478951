"""The work on a split and its state can go to another process or machine and come back."""

import json
import pickle

import numpy as np
import pandas as pd
import pytest

from wcetool.api.framework_scores import row_form
from wcetool.core.conventions.calls import Given, choose_call
from wcetool.core.loss_options import LossOptions
from wcetool.data.beside_labels import BesideLabels, choose_columns
from wcetool.data.dataset import open_files
from wcetool.data.finding import find_files
from wcetool.data.layout import ScoreRequest
from wcetool.data.layout_decisions import decide_layout
from wcetool.data.options import ReadingOptions
from wcetool.engine.counting import CountLabels, CountState
from wcetool.engine.local import run
from wcetool.engine.resources import Resources
from wcetool.engine.row_sums import ScoreWork
from wcetool.engine.scoring import ScoreRun, ScoreSplit

READING = ReadingOptions.of(missing="?", names={"0": "no", "1": "yes"})


@pytest.fixture(params=["csv", "parquet"])
def dataset(request, tmp_path):
    rng = np.random.default_rng(0)
    proba = rng.dirichlet([1, 1], 600).round(3)
    frame = pd.DataFrame(proba, columns=["p_0", "p_1"])
    frame.insert(0, "label", rng.choice(["0", "1", "?"], 600))
    beside = (
        ("weight", rng.random(600)),
        ("group", rng.integers(0, 50, 600)),
        ("split", list("xyz") * 200),
    )
    for name, values in beside:
        frame.insert(3, name, values)
    for number in (1, 2):
        path = tmp_path / f"part{number}.{request.param}"
        if request.param == "csv":
            frame.to_csv(path, index=False)
        else:
            frame.to_parquet(path, row_group_size=100)
    return open_files(find_files([f"{tmp_path}/part*.{request.param}"], ReadingOptions()), READING)


def works(dataset):
    columns = BesideLabels(sample_weight="weight", group="group", split="split")
    truth, beside = choose_columns(dataset.first, None, columns)
    (label,) = truth.columns
    layout = decide_layout(dataset, READING, ScoreRequest())
    call = choose_call("matlab", row_form(layout), Given(class_weight=True))
    calls = {call.convention.name: call}
    weights = np.array([1.0, 3.0])
    several = decide_layout(dataset, READING, ScoreRequest(separator="|"))
    return (
        (CountLabels(dataset, label, READING.rules), CountState),
        (CountLabels(dataset, label, READING.rules, beside), CountState),
        (ScoreSplit(dataset, layout, ScoreWork(options=LossOptions(clip=1e-7))), ScoreRun),
        (ScoreSplit(dataset, layout, ScoreWork(options=LossOptions(smoothing=0.1))), ScoreRun),
        (
            ScoreSplit(
                dataset,
                layout,
                ScoreWork(options=LossOptions(), calls=calls, class_weight=weights),
            ),
            ScoreRun,
        ),
        (ScoreSplit(dataset, several, ScoreWork(options=LossOptions(gamma=2.0))), ScoreRun),
    )


def test_work_and_splits_can_be_pickled(dataset):
    for work, _ in works(dataset):
        there, splits = pickle.loads(pickle.dumps((work, dataset.splits())))
        assert run(splits, there, Resources.of(1)) == run(dataset.splits(), work, Resources.of(2))


def test_states_travel_as_json_to_the_bit(dataset):
    for work, kind in works(dataset):
        parts = [work(split, lambda n_bytes, n_rows: None) for split in dataset.splits()]
        sent = [kind.from_dict(json.loads(json.dumps(part.to_dict()))) for part in parts]
        assert sent == parts
        assert sent[1] + sent[0] == parts[0] + parts[1]
