"""`wcetool weights --task multioutput` as a user runs it: several label columns."""

import csv
import io
import itertools
import json

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import HOSTILE_LABELS
from sklearn.utils.class_weight import compute_class_weight, compute_sample_weight

import wcetool
from wcetool.data.formats import byte_ranges

MAKE = ["a", "b", "a", "a", "c", "a", "b", "a"]
COLOR = ["x", "x", "y", "x", "x", "x", "x", "y"]
MULTI = ("--task", "multioutput", "-l", "make,color")


@pytest.fixture
def cars(write):
    rows = "".join(
        f"{i},{make},{color}\n" for i, (make, color) in enumerate(zip(MAKE, COLOR, strict=True))
    )
    return write("cars.csv", "id,make,color\n" + rows)


def expected(*columns):
    return [compute_sample_weight("balanced", column) for column in columns]


def test_each_head_is_a_weight_file_of_its_own(cli, cars, write, tmp_path):
    ran = cli("weights", "cars.csv", *MULTI, "-f", "json", "-o", "heads.json")
    assert ran.code == 0
    document = ran.json
    assert document["schema"] == "wcetool.weights-heads/1"
    assert (document["task"], document["scheme"]) == ("multioutput", "inverse")
    assert document["source"] == {"inputs": ["cars.csv"], "rows": 8}
    assert "|heads:2|" in document["signature"]
    assert [head["column"] for head in document["heads"]] == ["make", "color"]
    for head, labels in zip(document["heads"], (MAKE, COLOR), strict=True):
        alone = cli("weights", "cars.csv", "-l", head["column"], "-f", "json").json
        assert head == {"column": head["column"], **alone}
        assert [row["label"] for row in head["classes"]] == sorted(set(labels))
        by_sklearn = compute_class_weight("balanced", classes=np.unique(labels), y=labels)
        found = [row["weight"] for row in head["classes"]]
        np.testing.assert_allclose(found, by_sklearn, rtol=1e-15)
        path = write(f"{head['column']}.json", json.dumps(head))
        assert wcetool.read_weights(path).classes == tuple(sorted(set(labels)))
    assert json.loads((tmp_path / "heads.json").read_text()) == document


def test_every_form_shows_every_head(cli, cars):
    table, md, text = (cli("weights", "cars.csv", *MULTI, "-f", f) for f in ("table", "md", "csv"))
    for ran in (table, md):
        assert "Class weights by inverse, for each label column." in ran.stdout
        assert "8 labels, 3 classes" in ran.stdout
    rows = list(csv.DictReader(io.StringIO(text.stdout)))
    assert [(row["column"], row["label"]) for row in rows] == [
        *(("make", label) for label in "abc"),
        *(("color", label) for label in "xy"),
    ]
    few = cli("weights", "cars.csv", *MULTI, "--top", "1").stdout
    assert "other (2 classes)" in few
    assert "other (1 class)" in few


@pytest.mark.parametrize("how", ["mean", "max", "product"])
def test_the_weights_of_a_row_become_one_as_asked(cli, cars, how, tmp_path):
    args = (*MULTI, "--sample-weights", "rows.npy", "--combine", how)
    ran = cli("weights", "cars.csv", *args)
    assert ran.code == 0
    assert "rows.npy" not in ran.stderr
    parts = np.array(expected(MAKE, COLOR))
    by_hand = {"mean": parts.mean(axis=0), "max": parts.max(axis=0), "product": parts.prod(axis=0)}
    np.testing.assert_allclose(np.load(tmp_path / "rows.npy"), by_hand[how], rtol=1e-15)


def test_the_mean_is_taken_by_default_and_told(cli, cars, tmp_path):
    ran = cli("weights", "cars.csv", *MULTI, "--sample-weights", "rows.npy")
    assert "note: rows.npy: the mean of the weights of a row" in ran.stderr
    assert "scikit-learn takes the product" in ran.stderr
    mean = np.mean(expected(MAKE, COLOR), axis=0)
    np.testing.assert_allclose(np.load(tmp_path / "rows.npy"), mean, rtol=1e-15)


def test_the_product_is_what_scikit_learn_makes_of_a_matrix():
    rng = np.random.default_rng(5)
    y = np.column_stack(
        [rng.choice(k, 500, p=np.arange(1, k + 1) / (k * (k + 1) / 2)) for k in (2, 3, 5)]
    )
    frame = pd.DataFrame(y, columns=["a", "b", "c"])
    weights = wcetool.head_weights(frame, ["a", "b", "c"])
    found = wcetool.sample_weights(frame, weights, combine="product")
    np.testing.assert_allclose(found, compute_sample_weight("balanced", y), rtol=1e-14)


def test_the_columns_0_and_1_of_labels_multiply_as_the_catalogue_of_traps_says():
    frame = pd.DataFrame({"a": [1, 1, 0, 1], "b": [0, 1, 0, 0]})
    found = wcetool.sample_weights(frame, wcetool.head_weights(frame, "a,b"), combine="product")
    np.testing.assert_allclose(found, [4 / 9, 4 / 3, 4 / 3, 4 / 9], rtol=1e-15)


def test_a_label_that_is_missing_in_one_column_is_named_or_weighs_what_is_said(
    cli, write, tmp_path
):
    write("cars.csv", "make,color\na,x\nb,\n,y\n")
    args = ("weights", "cars.csv", *MULTI, "--combine", "max", "--sample-weights", "rows.npy")
    ran = cli(*args)
    assert ran.code == 3
    assert "cars.csv: row 2: the label is missing" in ran.stderr
    assert "column: 'color'" in ran.stderr
    assert cli(*args, "--missing-weight", "zero").code == 0
    assert np.load(tmp_path / "rows.npy").tolist() == [1.0, 1.0, 1.0]
    assert cli(*args[:6], *args[8:], "--missing-weight", "zero").code == 0
    assert np.load(tmp_path / "rows.npy").tolist() == [1.0, 0.5, 0.5]


def test_ranges_files_and_formats_change_nothing(cli, write, tmp_path, monkeypatch):
    monkeypatch.setattr(byte_ranges, "RANGE_BYTES", 2_000)
    rng = np.random.default_rng(1)
    table = pa.table({"make": rng.choice(list("abc"), 3000), "color": rng.choice(["x", "y"], 3000)})
    pq.write_table(table, tmp_path / "cars.parquet", row_group_size=700)
    table.to_pandas().to_csv(tmp_path / "cars.csv", index=False)
    half = table.slice(0, 1000), table.slice(1000)
    pq.write_table(half[0], tmp_path / "1.parquet")
    half[1].to_pandas()[["color", "make"]].to_csv(tmp_path / "2.csv", index=False)
    found = set()
    for inputs, jobs in itertools.product(
        (["cars.parquet"], ["cars.csv"], ["1.parquet", "2.csv"]), (1, 3)
    ):
        ran = cli("weights", *inputs, *MULTI, "-j", jobs, "--sample-weights", "rows.weight")
        assert ran.code == 0
        found.add((tmp_path / "rows.weight").read_bytes())
    assert len(found) == 1


def test_hostile_columns_and_labels_are_only_names(cli, tmp_path):
    names = ["[bold]x[/]", "two\nlines", 'say "hi"']
    columns = {name: list(HOSTILE_LABELS) for name in names}
    pq.write_table(pa.table(columns), tmp_path / "odd.parquet")
    args = ("weights", "odd.parquet", "--task", "multioutput", "-l", ",".join(names))
    for form in ("table", "md", "csv", "json"):
        ran = cli(*args, "-f", form, "-o", "heads.json", "--sample-weights", "rows.csv")
        assert ran.code == 0
    assert [head["column"] for head in ran.json["heads"]] == names
    assert wcetool.read_head_weights(tmp_path / "heads.json").columns == tuple(names)
    assert "[bold]x[/]" in cli(*args).stdout


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        ("--task multioutput", 2, "--task: multioutput takes several label columns"),
        ("--task multioutput -l make,make", 2, "column 'make' is named twice"),
        ("--task multioutput -l make,3,color", 2, "column 'color' is named twice"),
        ("--task multioutput -l make,colour", 3, "hint: --label-column color"),
        ("--task multioutput -l make,color --set a=1", 2, "--set"),
        ("--task multioutput -l make,color --scheme manual", 2, "needs --set"),
        ("--task multioutput -l make,color --classes a,b", 2, "--classes: has no effect"),
        ("--task multioutput -l make,color --combine max", 2, "--combine: has no effect"),
        ("--task multioutput -l make --combine max --sample-weights r.npy", 2, "--combine: has no"),
        ("--task multioutput -l make,color -o w.csv", 2, "does not end in .json"),
        ("--task multioutput -l make,color -o w.npy", 2, "hint: --output w.json"),
        ("--task multi -l make", 2, "--task"),
        (
            "--task multioutput -l make,color --scheme class-sampling --sample-weights r.npy",
            2,
            "no weights of rows of several label columns",
        ),
    ],
)
def test_what_cannot_be_asked_is_refused(cli, cars, tmp_path, args, code, said):
    ran = cli("weights", "cars.csv", *args.split())
    assert (ran.code, ran.stdout) == (code, "")
    assert said in ran.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["cars.csv"]


def test_what_is_wrong_with_one_column_names_it(cli, write):
    write("cars.csv", "make,color\na,\nb,\n")
    ran = cli("weights", "cars.csv", *MULTI)
    assert ran.code == 3
    assert "error: column 'color': cars.csv: all 2 labels are missing" in ran.stderr


def test_counts_have_no_columns(cli, cars, write):
    write("counts.json", cli("analyze", "cars.csv", "-l", "make", "-f", "json").stdout)
    ran = cli("weights", "counts.json", *MULTI)
    assert ran.code == 3
    assert "counts.json: holds counts" in ran.stderr


def test_frames_of_any_kind_are_tables(cars):
    from_file = wcetool.head_weights(cars, ["make", "color"], "power:alpha=0.5", cap=1.5)
    columns = {"make": MAKE, "color": COLOR}
    for table in (pd.DataFrame(columns), pl.DataFrame(columns), pa.table(columns)):
        found = wcetool.head_weights(table, ["make", "color"], "power:alpha=0.5", cap=1.5)
        assert [head.weights.by_class for head in found.heads] == [
            head.weights.by_class for head in from_file.heads
        ]
    assert from_file["color"].by_class.keys() == {"x", "y"}
    frame = from_file.to_frame()
    assert frame.groupby("column")["count"].sum().tolist() == [8, 8]
    with pytest.raises(KeyError):
        from_file["id"]


def test_a_column_whose_name_holds_a_comma_is_one_column():
    table = pa.table({"a,b": ["x", "y"], "a": ["x", "x"]})
    assert wcetool.head_weights(table, "a,b").columns == ("a,b",)
    assert wcetool.head_weights(table, ["a,b", "a"]).columns == ("a,b", "a")


def test_what_is_written_reads_back_and_weighs_other_rows(cars, tmp_path):
    weights = wcetool.head_weights(cars, ["make", "color"])
    path = tmp_path / "heads.json"
    wcetool.write_head_weights(weights, path)
    again = wcetool.read_head_weights(path)
    assert again == weights
    other = pa.table({"color": ["y", "x"], "make": ["c", "a"]})
    found = wcetool.sample_weights(other, again, combine="max")
    make, color = weights["make"].by_class, weights["color"].by_class
    assert found.tolist() == [max(make["c"], color["y"]), max(make["a"], color["x"])]
    with pytest.raises(wcetool.InputError, match="column 'make' not found"):
        wcetool.sample_weights(pa.table({"color": ["y"]}), again)
    with pytest.raises(wcetool.WeightFileError, match="is not a weight file") as caught:
        wcetool.read_weights(path)
    assert "each of its heads is a weight file" in caught.value.hint


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"schema": "wcetool.weights/1"}',
        '{"schema": "wcetool.weights-heads/1"}',
        '{"schema": "wcetool.weights-heads/1", "heads": [{"column": 1}]}',
        '{"schema": "wcetool.weights-heads/1", "heads": [{"column": "a"}]}',
    ],
)
def test_a_file_that_holds_no_heads_is_refused(write, content):
    with pytest.raises(wcetool.WeightFileError) as caught:
        wcetool.read_head_weights(write("heads.json", content))
    assert "heads.json" in caught.value.where
