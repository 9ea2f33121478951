"""`wcetool analyze` on rows with any number of labels."""

import csv
import io
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import HOSTILE_LABELS, SHARED_DATA

import wcetool
from wcetool.api.labels import counted_labels
from wcetool.data.options import ReadingOptions
from wcetool.engine.resources import Resources

COLUMNS = "id,y_a,y_b,y_c\n1,1,0,1\n2,0,0,0\n3,1,1,0\n4,1,0,0\n"
CELLS = "id,tags\n1,a|c\n2,|\n3,b|a\n4,a\n"


def measures(ran):
    return ran.json["multilabel"]


def refused(ran, code, *texts):
    assert ran.code == code, ran.stderr
    assert ran.stdout == ""
    for text in texts:
        assert text in ran.stderr
    return ran.stderr


@pytest.fixture
def files(write):
    write("columns.csv", COLUMNS)
    write("cells.csv", CELLS)


def test_the_json_contract(cli, files):
    document = cli("analyze", "columns.csv", "-l", "y_*", "-f", "json").json
    assert (document["schema"], document["task"]) == ("wcetool.analyze/1", "multilabel")
    assert (document["rows"], document["missing"], document["partly_known"]) == (4, 0, 0)
    assert document["classes"][2] == {
        "label": "c",
        "index": 2,
        "count": 1,
        "known": 4,
        "share": 0.25,
        "irlbl": 3.0,
        "minority": True,
        "scumble": pytest.approx(1 - np.sqrt(3) / 2, rel=1e-12),
        "scumble_cv": None,
    }
    found = document["multilabel"]
    assert (found["labels"], found["absent_labels"], found["cardinality"]) == (3, 0, 1.25)
    assert (found["label_sets"], found["singleton_sets"], found["unlabelled"]) == (4, 4, 1)
    assert found["mean_ir"] == pytest.approx(7 / 3, rel=1e-15)
    assert document["buckets"] == {"many": 0, "medium": 0, "few": 3}
    assert "task:multilabel" in document["signature"]


@pytest.mark.parametrize(
    "args",
    [
        ["-l", "y_*"],
        ["-l", "y_a,y_b,y_c"],
        ["-l", "y_a", "-l", "y_b", "-l", "4"],
        ["-l", "2,3,4", "--task", "multilabel"],
    ],
    ids=" ".join,
)
def test_columns_can_be_named_in_every_way(cli, files, args):
    ran = cli("analyze", "columns.csv", *args, "-f", "json")
    assert [(row["label"], row["count"]) for row in ran.json["classes"]] == [
        ("a", 3),
        ("b", 1),
        ("c", 1),
    ]


def test_columns_and_cells_of_the_same_labels_agree(cli, files):
    columns = cli("analyze", "columns.csv", "-l", "y_*", "-f", "json")
    cells = cli("analyze", "cells.csv", "-l", "tags", "--label-separator", "|", "-f", "json")
    assert measures(cells) == measures(columns)
    assert cells.rows == columns.rows


def test_what_was_decided_is_announced(cli, files):
    columns = cli("analyze", "columns.csv", "-l", "y_a,y_b,y_c")
    assert columns.stderr == "note: multilabel: 3 columns of a label each, 'y_a', 'y_b', 'y_c'\n"
    cells = cli("analyze", "cells.csv", "-l", "tags", "--label-separator", "|")
    assert cells.stderr == "note: multilabel: several labels in a cell, between them '|'\n"
    said = cli("analyze", "columns.csv", "-l", "y_a,y_b,y_c", "--task", "multilabel")
    assert said.stderr == ""


def test_the_table_shows_what_matters(cli, files):
    out = cli("analyze", "columns.csv", "-l", "y_*").stdout
    assert "columns.csv: 4 rows, 3 labels" in out
    assert "Mean imbalance ratio 2.3333: a is in 3 rows, b in 1." in out
    assert "b          1  25.00%  3.0000   0.1340" in out
    assert "known" not in out
    assert (
        "| b | 1 | 25.00% | 3.0000 | 0.1340 |"
        in cli("analyze", "columns.csv", "-l", "y_*", "-f", "md").stdout
    )


def test_csv_is_one_row_a_label(cli, files):
    rows = csv.DictReader(
        io.StringIO(cli("analyze", "columns.csv", "-l", "y_*", "-f", "csv").stdout)
    )
    assert [(row["label"], row["count"], row["irlbl"]) for row in rows] == [
        ("a", "3", "1.0"),
        ("b", "1", "3.0"),
        ("c", "1", "3.0"),
    ]


def test_top_sums_up_the_other_labels(cli, files):
    out = cli("analyze", "columns.csv", "-l", "y_*", "--top", 1, "--sort", "count").stdout
    assert "other (2 classes)      2" in out


def test_the_number_of_features_gives_the_complexity_score(cli, files):
    ran = cli("analyze", "columns.csv", "-l", "y_*", "--n-features", 10, "-f", "json")
    assert measures(ran)["tcs"] == pytest.approx(np.log(10 * 3 * 4), rel=1e-15)
    without = cli("analyze", "columns.csv", "-l", "y_*", "-f", "json").json
    assert without["multilabel"]["tcs"] is None
    assert "--n-features" in without["undefined"]["multilabel.tcs"]


# Values that are not 0 and 1


CHEXPERT = "img,Edema,Mass\n1,1.0,\n2,0.0,1.0\n3,-1.0,1.0\n4,,\n"


def test_an_uncertain_value_is_refused_with_its_row_and_column(cli, write):
    write("c.csv", CHEXPERT)
    error = refused(
        cli("analyze", "c.csv", "-l", "Edema,Mass"),
        3,
        "c.csv: row 3, column 'Edema': '-1.0' says neither",
        "hint: --uncertain zero, one or missing",
    )
    assert error.count("error:") == 1


@pytest.mark.parametrize(
    ("policy", "count", "known"), [("zero", 1, 3), ("one", 2, 3), ("missing", 1, 2)]
)
def test_an_uncertain_value_counts_as_the_user_says(cli, write, policy, count, known):
    write("c.csv", CHEXPERT)
    frame = pd.read_csv(io.StringIO(CHEXPERT))
    frame.to_parquet("c.parquet")
    for name in ("c.csv", "c.parquet"):
        ran = cli("analyze", name, "-l", "Edema,Mass", "--uncertain", policy, "-f", "json")
        assert (ran.rows["Edema"]["count"], ran.rows["Edema"]["known"]) == (count, known)
        assert "1 uncertain value (-1) counted as" in ran.stderr
        assert f"uncertain:{policy}" in ran.json["signature"]


def test_unknown_labels_count_in_no_share_and_rows_of_nothing_are_missing(cli, write):
    write("c.csv", CHEXPERT.replace("-1.0", "0"))
    ran = cli("analyze", "c.csv", "-l", "Edema,Mass", "-f", "json")
    assert (ran.json["rows"], ran.json["missing"], ran.json["partly_known"]) == (4, 1, 1)
    assert {label: row["share"] for label, row in ran.rows.items()} == {"Edema": 1 / 3, "Mass": 1.0}
    assert measures(ran)["label_sets"] == 2  # {Edema} and {Mass}, twice
    assert "1 row of which not all labels are known" in ran.stderr
    table = cli("analyze", "c.csv", "-l", "Edema,Mass").stdout
    assert "label  count  known    share" in table
    assert "missing labels" in table


@pytest.mark.parametrize("value", ["2", "0.5", "maybe", "-2", "inf"])
def test_what_is_neither_true_nor_false_is_refused(cli, write, value):
    write("c.csv", f"a,b\n1,0\n0,{value}\n")
    refused(
        cli("analyze", "c.csv", "-l", "a,b", "--uncertain", "zero"),
        3,
        f"c.csv: row 2, column 'b': '{value}' says neither that the label holds",
        "expected: 1 or 0, true or false, yes or no",
    )


def test_words_are_those_of_score(cli, write):
    write("c.csv", "a,b,c,d\nyes,TRUE,1,t\nno,False,0.0,F\n Y ,n,1.0,f\n")
    ran = cli("analyze", "c.csv", "-l", "a,b,c,d", "-f", "json")
    assert [row["count"] for row in ran.json["classes"]] == [2, 1, 2, 1]


def test_markers_of_missing_labels_are_not_known(cli, write):
    write("c.csv", "a,b\n1,NA\n0,1\n-1,0\n")
    pd.DataFrame({"a": [1, 0, -1], "b": ["NA", "1", "0"]}).to_parquet("c.parquet")
    for name in ("c.csv", "c.parquet"):
        ran = cli("analyze", name, "-l", "a,b", "--missing", "NA,-1", "-f", "json")
        assert [(row["count"], row["known"]) for row in ran.json["classes"]] == [(1, 2), (1, 2)]


@pytest.mark.parametrize("kind", ["int8", "uint8", "int64", "float32", "float64", "bool", "str"])
@pytest.mark.parametrize("nulls", [False, True])
def test_every_type_of_column_counts_alike(cli, kind, nulls, tmp_path):
    rng = np.random.default_rng(0)
    values = rng.integers(0, 2, (200, 3))
    lost = rng.random((200, 3)) < 0.2 if nulls else np.zeros((200, 3), bool)
    columns = [
        [
            None if gone else np.dtype(kind).type(value).item()
            for value, gone in zip(*both, strict=True)
        ]
        for both in zip(values.T, lost.T, strict=True)
    ]
    types = {"bool": pa.bool_(), "str": pa.string(), "float32": pa.float32()}
    column_type = types.get(kind) or pa.from_numpy_dtype(np.dtype(kind))
    table = pa.table({n: pa.array(c, column_type) for n, c in zip("abc", columns, strict=True)})
    pq.write_table(table, "t.parquet", row_group_size=64)
    pl.from_arrow(table).write_csv("t.csv")
    expected = [
        (int((values[:, i] & ~lost[:, i]).sum()), int((~lost[:, i]).sum())) for i in range(3)
    ]
    for name in ("t.parquet", "t.csv"):
        ran = cli("analyze", name, "-l", "a,b,c", "-f", "json")
        assert [(row["count"], row["known"]) for row in ran.json["classes"]] == expected
        assert ran.json["missing"] == int(lost.all(axis=1).sum())


# Cells


def test_an_empty_cell_is_missing_and_a_bare_separator_a_row_without_labels(cli, write):
    write("c.csv", "id,tags\n1,a|b\n2,\n3,|\n4,a||b|a\n")
    ran = cli("analyze", "c.csv", "-l", "tags", "--label-separator", "|", "-f", "json")
    assert (ran.json["rows"], ran.json["missing"]) == (4, 1)
    assert measures(ran)["unlabelled"] == 1
    assert [row["count"] for row in ran.json["classes"]] == [2, 2]
    assert "1 empty cell: missing, in no count" in ran.stderr


def test_labels_of_cells_follow_the_rules_of_labels(cli, write):
    write("c.csv", "tags\nA; b\nB ;?\n")
    write("names.csv", "a,alpha\nb,beta\n")
    args = ("analyze", "c.csv", "--label-separator", ";", "-f", "json")
    folded = cli(*args, "--strip", "--casefold", "--missing", "?")
    assert {label: row["count"] for label, row in folded.rows.items()} == {"a": 1, "b": 2}
    assert set(cli(*args, "--missing", "?").rows) == {"A", " b", "B "}


def test_declared_labels_keep_their_order_and_may_be_absent(cli, files):
    cells = cli(
        "analyze", "cells.csv", "-l", "tags", "--label-separator", "|", "-f", "json",
        "--classes", "d,c,b,a",
    )  # fmt: skip
    assert [row["label"] for row in cells.json["classes"]] == ["d", "c", "b", "a"]
    assert cells.rows["d"]["irlbl"] is None
    found = measures(cells)
    assert (found["absent_labels"], found["mean_ir_mldr"] < found["mean_ir"]) == (1, True)
    columns = cli("analyze", "columns.csv", "-l", "y_*", "-f", "json", "--classes", "c,b,a")
    assert [row["count"] for row in columns.json["classes"]] == [1, 1, 3]
    refused(
        cli("analyze", "columns.csv", "-l", "y_*", "--classes", "a,b"),
        3,
        "the declared classes are not the labels of the columns",
    )


@pytest.mark.parametrize("separator", ["|", "; ", "::", "."])
def test_hostile_labels_survive_cells(cli, separator):
    labels = [label for label in HOSTILE_LABELS if separator not in label]
    pq.write_table(pa.table({"y": [separator.join(labels), labels[0]]}), "c.parquet")
    ran = cli("analyze", "c.parquet", "--label-separator", separator, "-f", "json")
    assert set(ran.rows) == set(labels)
    assert cli("analyze", "c.parquet", "--label-separator", separator).code == 0


def test_hostile_column_names_survive(cli):
    names = [f"y {label}" for label in HOSTILE_LABELS]
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.integers(0, 2, (30, len(names))), columns=names)
    frame.to_parquet("c.parquet")
    frame.to_csv("c.csv", index=False)
    for name in ("c.parquet", "c.csv"):
        ran = cli("analyze", name, "-l", "y *", "-f", "json")
        assert [row["label"] for row in ran.json["classes"]] == list(HOSTILE_LABELS)
        assert [row["count"] for row in ran.json["classes"]] == frame.sum().tolist()
        shown = cli("analyze", name, "-l", "y *")
        assert "\x1b" not in shown.stdout + shown.stderr


# Bad input


@pytest.mark.parametrize(
    ("args", "code", "texts"),
    [
        (
            ["columns.csv", "-l", "y_*", "--label-separator", "|"],
            2,
            ["--label-separator: has no effect: there is a column a label"],
        ),
        (
            ["columns.csv", "-l", "y_*", "--task", "multiclass"],
            2,
            ["--task: multiclass rows have one label column, and there are 3: y_a, y_b, y_c"],
        ),
        (
            ["cells.csv", "-l", "tags", "--task", "multilabel"],
            2,
            ["column 'tags' holds one", "hint: --label-separator '|'"],
        ),
        (
            ["cells.csv", "-l", "tags", "--task", "multiclass", "--label-separator", "|"],
            2,
            ["--task: multiclass rows have one label"],
        ),
        (
            ["cells.csv", "-l", "tags", "--label-separator", "|", "--uncertain", "one"],
            2,
            ["--uncertain: has no effect"],
        ),
        (["cells.csv", "-l", "tags", "--uncertain", "one"], 2, ["--uncertain: has no effect"]),
        (["cells.csv", "-l", "tags", "--n-features", "3"], 2, ["--n-features: has no effect"]),
        (["cells.csv", "-l", "tags", "--max-label-sets", "3"], 2, ["has no effect"]),
        (["cells.csv", "-l", "tags", "--label-separator", ""], 2, ["--label-separator: is empty"]),
        (["columns.csv", "-l", "y_*", "--n-features", "0"], 2, ["0 is not a number of features"]),
        (["columns.csv", "-l", "y_*", "--max-label-sets", "0"], 2, ["0 is not a number of sets"]),
        (["columns.csv", "-l", "z_*"], 3, ["no column matches 'z_*'"]),
        (["columns.csv", "-l", "y_a,y_d"], 3, ["column 'y_d' not found"]),
        (["columns.csv", "-l", "y_a", "-l", "y_a"], 3, ["is there twice: 'y_a'"]),
        (["columns.csv", "-l", "y_*", "--max-classes", "2"], 3, ["more than 2 distinct labels"]),
        (
            ["cells.csv", "-l", "tags", "--label-separator", "|", "--max-classes", "2"],
            3,
            ["more than 2 distinct labels"],
        ),
        (
            ["cells.csv", "-l", "tags", "--label-separator", "|", "--classes", "a,b"],
            3,
            ["label 'c' is not among the 2 declared classes"],
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_contradictions_and_missing_columns_are_refused(cli, files, args, code, texts):
    refused(cli("analyze", *args), code, *texts)


def test_a_first_row_of_values_is_no_header(cli, write):
    write("c.csv", "0,1.0,x\n1,0,y\n")
    refused(cli("analyze", "c.csv", "-l", "1,2"), 3, "--no-header if it is data")
    ran = cli("analyze", "c.csv", "-l", "1,2", "--no-header", "-f", "json")
    assert ran.json["rows"] == 2


def test_a_file_in_which_nothing_is_known_is_refused(cli, write):
    write("c.csv", "id,a,b\n1,,\n2,,\n")
    refused(cli("analyze", "c.csv", "-l", "a,b"), 3, "nothing is known of the labels of 2 rows")
    write("cells.csv", "id,tags\n1,\n")
    refused(cli("analyze", "cells.csv", "-l", "tags", "--label-separator", "|"), 3, "nothing")
    write("none.csv", "id,tags\n1,|\n")
    refused(cli("analyze", "none.csv", "-l", "tags", "--label-separator", "|"), 3, "no row has")


def test_several_files_are_pooled_by_name_and_none_may_have_more_labels(cli, write):
    write("one.csv", "y_a,y_b\n1,0\n")
    write("two.csv", "y_b,y_a\n1,0\n1,1\n")
    ran = cli("analyze", "one.csv", "two.csv", "-l", "y_*", "-f", "json")
    assert [row["count"] for row in ran.json["classes"]] == [2, 2]
    write("three.csv", "y_a,y_b,y_c\n1,0,1\n")
    refused(cli("analyze", "one.csv", "three.csv", "-l", "y_*"), 3, "three.csv", "y_c")


def test_counts_travel_and_label_sets_do_not(cli, files, write):
    write("more.csv", "y_b,y_d\n1,0\n,1\n")
    for name in ("columns", "more"):
        assert cli("analyze", f"{name}.csv", "-l", "y_*", "-o", f"{name}.json").code == 0
    ran = cli("analyze", "columns.json", "more.json", "-f", "json")
    assert {label: (row["count"], row["known"]) for label, row in ran.rows.items()} == {
        "a": (3, 4),
        "b": (2, 5),
        "c": (1, 4),
        "d": (1, 2),
    }
    assert (ran.json["rows"], ran.json["partly_known"]) == (6, 1)
    assert measures(ran)["mean_ir"] == pytest.approx((1 + 1.5 + 3 + 3) / 4)
    assert measures(ran)["scumble"] is None
    assert "stored counts hold no" in ran.json["undefined"]["multilabel.scumble"]
    ordered = cli("analyze", "columns.json", "--classes", "c,b,a,z", "-f", "json")
    assert [row["count"] for row in ordered.json["classes"]] == [1, 1, 3, 0]
    again = wcetool.analyze(wcetool.analyze([["a", "b"], ["a"]]))
    assert again.imbalance == wcetool.analyze([["a", "b"], ["a"]]).imbalance


def test_counts_of_several_labels_and_of_one_do_not_mix(cli, files):
    cli("analyze", "columns.csv", "-l", "y_*", "-o", "a.json")
    cli("analyze", "cells.csv", "-l", "tags", "-o", "c.json")
    mixed = "holds counts of rows with any number of labels, and other inputs do not"
    refused(cli("analyze", "a.json", "c.json"), 3, f"a.json: {mixed}")
    refused(cli("analyze", "a.json", "columns.csv", "-l", "y_*"), 3, f"a.json: {mixed}")
    refused(cli("analyze", "c.json", "columns.csv", "-l", "y_*"), 3, "c.json: holds counts of one")
    refused(cli("analyze", "a.json", "--label-separator", "|"), 2, "has no effect")
    refused(cli("analyze", "a.json", "--task", "multiclass"), 2, "--task")
    refused(cli("analyze", "a.json", "--classes", "a,b"), 3, "not among the declared", "'c'")


@pytest.mark.parametrize("key", ["known", "count", "label"])
@pytest.mark.parametrize("value", [-1, 10**6, "x", None])
def test_broken_counts_are_refused(cli, files, key, value):
    cli("analyze", "columns.csv", "-l", "y_*", "-o", "a.json")
    document = json.loads(Path("a.json").read_text())
    document["classes"][0][key] = value
    Path("a.json").write_text(json.dumps(document))
    ran = cli("analyze", "a.json")
    assert ran.code == (0 if key == "label" else 3)


def test_columns_that_look_like_one_hot_classes_are_pointed_out(cli, write):
    write("c.csv", "a,b\n1,0\n0,1\n")
    assert "warning: each row has exactly one label" in cli("analyze", "c.csv", "-l", "a,b").stderr


def test_too_many_label_sets_leave_the_counts(cli, files):
    ran = cli("analyze", "columns.csv", "-l", "y_*", "--max-label-sets", 3, "-f", "json")
    assert [row["count"] for row in ran.json["classes"]] == [3, 1, 1]
    assert measures(ran)["scumble"] is None
    assert "more than 3 label sets" in ran.json["undefined"]["multilabel.scumble"]
    assert measures(ran)["mean_ir"] == pytest.approx(7 / 3)
    shown = cli("analyze", "columns.csv", "-l", "y_*", "--max-label-sets", 3).stdout
    assert re.search(r"^SCUMBLE +— ", shown, re.MULTILINE)


# The same, however it is read


def test_threads_row_groups_and_ranges_change_nothing(tmp_path):
    rng = np.random.default_rng(1)
    matrix = rng.random((300_000, 6)) < np.geomspace(0.4, 0.001, 6)
    frame = pd.DataFrame(matrix.astype(np.int8), columns=[f"y_{i}" for i in range(6)])
    frame.insert(0, "text", "some text that makes the file large enough to be cut")
    frame.to_parquet(tmp_path / "a.parquet", row_group_size=40_000)
    frame.to_csv(tmp_path / "a.csv", index=False)
    found = [
        wcetool.analyze(tmp_path / name, label_column="y_*", jobs=jobs)
        for name in ("a.parquet", "a.csv")
        for jobs in (1, 3)
    ]
    for other in found[1:]:
        assert other.class_rows() == found[0].class_rows()
        assert other.imbalance == found[0].imbalance
    assert found[0].counts.count.tolist() == matrix.sum(axis=0).tolist()


def test_an_error_in_a_large_text_names_the_row_of_the_file(cli, tmp_path):
    lines = ["some text that makes the file large,1,0"] * 300_000
    lines[250_000] = "some text,1,7"
    (tmp_path / "big.csv").write_text("t,a,b\n" + "\n".join(lines) + "\n")
    refused(cli("analyze", "big.csv", "-l", "a,b"), 3, "big.csv: row 250,001, column 'b': '7'")


def test_the_plain_path_loads_no_heavy_library(tmp_path):
    (tmp_path / "c.csv").write_text(COLUMNS)
    pq.write_table(pa.table({"y_a": [0, 1], "y_b": [1, None]}), tmp_path / "c.parquet")
    code = (
        "import sys, wcetool.cli.app as app\n"
        "codes = [int(app.run(['analyze', n, '-l', 'y_*'])) for n in ('c.csv', 'c.parquet')]\n"
        "print(codes, sorted({'pandas', 'scipy', 'sklearn'} & set(sys.modules)), file=sys.stderr)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert ran.stderr.splitlines()[-1] == "[0, 0] []"


# Python


MATRIX = [[1, 0, 1], [0, 0, 0], [1, 1, 0], [1, 0, 0]]


@pytest.mark.parametrize(
    "values",
    [
        np.array(MATRIX),
        np.array(MATRIX, dtype=bool),
        np.array(MATRIX, dtype=float),
        np.asfortranarray(MATRIX),
        MATRIX,
        tuple(map(tuple, MATRIX)),
    ],
    ids=["int", "bool", "float", "by columns", "lists", "tuples"],
)
def test_an_array_is_a_column_a_label(values):
    found = wcetool.analyze(values)
    assert isinstance(found, wcetool.MultiLabelAnalysis)
    assert found.counts.classes == ("0", "1", "2")
    assert found.counts.count.tolist() == [3, 1, 1]
    named = wcetool.analyze(values, classes=["x", "y", "z"])
    assert named.counts.classes == ("x", "y", "z")
    assert named.imbalance == found.imbalance
    assert found.to_frame()["irlbl"].tolist() == [1.0, 3.0, 3.0]


def test_nan_in_an_array_is_not_known():
    found = wcetool.analyze(np.array([[1.0, np.nan], [0.0, 1.0], [np.nan, np.nan]]))
    assert found.counts.known.tolist() == [2, 1]
    assert (found.rows, found.missing, found.partial) == (3, 1, 1)


@pytest.mark.parametrize("make", [list, tuple, set, np.array], ids=repr)
def test_lists_of_labels_are_rows(make):
    found = wcetool.analyze([make(["a", "c"]), make([]), make(["b", "a"]), make(["a"]), None])
    assert found.counts.classes == ("a", "b", "c")
    assert found.counts.count.tolist() == [3, 1, 1]
    assert (found.rows, found.missing) == (5, 1)


@pytest.mark.parametrize(
    "make", [pd.Series, pl.Series, pa.array], ids=["pandas", "polars", "arrow"]
)
def test_a_column_of_lists_is_rows_of_labels(make):
    found = wcetool.analyze(make([["a", "b"], [], None, ["a"]]))
    assert (found.counts.count.tolist(), found.missing) == ([2, 1], 1)


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame, pa.table])
def test_a_table_has_columns_of_labels(frame):
    data = {f"y_{i}": [row[i] for row in MATRIX] for i in range(3)} | {"tags": ["a|b"] * 4}
    found = wcetool.analyze(frame(data), label_column="y_*")
    assert found.counts.count.tolist() == [3, 1, 1]
    several = wcetool.analyze(frame(data), label_column=["y_0", "y_2"])
    assert several.counts.count.tolist() == [3, 1]
    cells = wcetool.analyze(frame(data), label_column="tags", label_separator="|")
    assert cells.counts.count.tolist() == [4, 4]


@pytest.mark.parametrize(
    ("values", "more"),
    [
        (["a", ["b"]], {}),
        ([[["a"]]], {}),
        ([[{"a": 1}]], {}),
        (np.array([[0, 2]]), {}),
        (np.array([["a", "b"]]), {}),
        (np.array(MATRIX), {"classes": "a,b"}),
        (np.zeros((3, 0)), {}),
        ([["a"], ["b"]], {"classes": "a"}),
    ],
    ids=repr,
)
def test_arrays_and_lists_that_hold_no_labels_are_refused(values, more):
    with pytest.raises(wcetool.InputError):
        wcetool.analyze(values, **more)


@pytest.mark.parametrize(
    "more",
    [{"task": "multiclass"}, {"label_separator": "|"}, {"label_column": "a"}],
    ids=repr,
)
@pytest.mark.parametrize("values", [np.array(MATRIX), [["a", "b"], ["c"]]], ids=["array", "lists"])
def test_options_without_effect_on_arrays_are_refused(values, more):
    with pytest.raises(wcetool.UsageError):
        wcetool.analyze(values, **more)


def test_counted_labels_have_what_schemes_take(tmp_path):
    (tmp_path / "c.csv").write_text(CHEXPERT.replace("-1.0", "0"))
    reading = ReadingOptions.of(label_column="Edema,Mass")
    found = counted_labels(str(tmp_path / "c.csv"), reading, Resources.of())
    assert found.counts.known.tolist() == [3, 2]
    assert found.counts.total.tolist() == [3, 2]
    assert found.sets.count.tolist() == [1, 2]
    assert found.label_rows.rows == 3


# Files of the wild


def test_the_chest_x_rays_of_google(cli):
    path = SHARED_DATA / "google2019_nih-chest-xray-labels.csv.gz"
    if not path.exists():
        pytest.skip("the shared data are not there")
    ran = cli("analyze", path, "-l", "Finding Labels", "--label-separator", "|", "-f", "json")
    assert sum(row["count"] for row in ran.json["classes"]) == 5886
    assert (ran.rows["No Finding"]["count"], ran.rows["Hernia"]["count"]) == (2090, 6)
    words = cli("analyze", path, "-l", "Fracture,Pneumothorax", "-f", "json")
    assert words.rows["Fracture"]["count"] == 186


def test_the_emotions_of_google(cli):
    path, names = (SHARED_DATA / name for name in ("goemotions_dev.tsv", "goemotions_labels.txt"))
    if not path.exists():
        pytest.skip("the shared data are not there")
    ran = cli(
        "analyze", path, "--no-header", "--no-quoting", "-l", 2, "--label-separator", ",",
        "--names", names, "-f", "json",
    )  # fmt: skip
    assert sum(row["count"] for row in ran.json["classes"]) == 6380
    assert (len(ran.rows), ran.rows["neutral"]["count"], ran.rows["grief"]["count"]) == (
        28,
        1766,
        13,
    )


def test_the_report_is_strict_json_with_a_reason_for_every_null(cli, write):
    write("c.csv", "id,a,b\n1,0,\n2,0,\n")
    document = json.loads(cli("analyze", "c.csv", "-l", "a,b", "-f", "json").stdout)
    nulls = {f"multilabel.{key}" for key, value in document["multilabel"].items() if value is None}
    nulls |= {
        f"classes.{key}" for row in document["classes"] for key, v in row.items() if v is None
    }
    assert nulls == set(document["undefined"])


def test_names_with_commas_and_spaces_are_named_one_by_one(cli, write, monkeypatch):
    write("c.csv", '"a, b",c d\n1,0\n0,0\n')
    both = cli("analyze", "c.csv", "-l", "a, b", "-l", "c d", "-f", "json")
    assert list(both.rows) == ["a, b", "c d"]
    write("wcetool.toml", 'label-column = ["c d", "a, b"]\n')
    assert list(cli("analyze", "c.csv", "-f", "json").rows) == ["c d", "a, b"]
    monkeypatch.setenv("WCETOOL_LABEL_COLUMN", "c d")
    assert list(cli("analyze", "c.csv", "-f", "json").rows) == ["0"]
