"""`weights` of rows with any number of labels: of labels, of whole rows, of labels in rows."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import wcetool

ROWS = [[1, 0, 0], [1, 1, 0], [0, 0, 0], [1, 1, 1], [0, 1, 0], [1, 0, 0]]
NAMES = ["cat", "dog", "=fox,1"]


@pytest.fixture
def columns(write):
    """The rows, a column a label."""
    header = 'y_cat,y_dog,"y_=fox,1"\n'
    text = header + "".join(f"{','.join(map(str, row))}\n" for row in ROWS)
    return write("labels.csv", text)


def by_hand(rows, beta=0.9):
    n = np.array(rows).sum(axis=0)
    effective = (1 - beta) / (1 - beta**n)
    return [np.mean(effective[np.array(row) > 0]) if any(row) else 1.0 for row in rows]


def test_pos_weight_is_the_default_of_rows_with_several_labels(cli, columns):
    ran = cli("weights", "labels.csv", "-l", "y_*", "-f", "json")
    assert ran.json["kind"] == "label"
    assert ran.json["scheme"] == "pos-weight"
    assert [row["weight"] for row in ran.json["classes"]] == [2 / 4, 3 / 3, 5 / 1]
    assert [row["negative_weight"] for row in ran.json["classes"]] == [1.0] * 3
    assert ran.json["source"]["rows"] == len(ROWS)


def test_unknown_labels_are_in_no_count_of_positives_and_negatives(cli, write):
    write("labels.csv", "a,b\n1,\n0,1\n1,0\n,1\n")
    ran = cli("weights", "labels.csv", "-l", "a,b", "-f", "json")
    assert [row["known"] for row in ran.json["classes"]] == [3, 3]
    assert [row["weight"] for row in ran.json["classes"]] == [1 / 2, 1 / 2]


def test_bounds_of_label_weights_are_those_of_positive_terms(cli, columns):
    asked = ["--max-weight", "4", "--min-weight", "0.75", "-f", "json"]
    ran = cli("weights", "labels.csv", "-l", "y_*", *asked)
    assert [row["weight"] for row in ran.json["classes"]] == [0.75, 1.0, 4.0]
    assert ran.json["capped_classes"] == 2


@pytest.mark.parametrize("suffix", ["csv", "npy", "parquet", "weight"])
def test_rows_are_weighed_by_the_set_of_their_labels(cli, columns, suffix):
    out = f"rows.{suffix}"
    asked = ["--scheme", "class-balanced-rows", "--sample-weights", out]
    assert cli("weights", "labels.csv", "-l", "y_*", *asked).code == 0
    if suffix == "npy":
        read = np.load(out)
    elif suffix == "parquet":
        read = pq.read_table(out)["weight"].to_numpy()
    else:
        read = np.loadtxt(out, skiprows=int(suffix == "csv"))
    assert read.tolist() == pytest.approx(by_hand(ROWS), rel=1e-14)


def test_cells_and_columns_weigh_alike(cli, write, columns):
    cells = ["|".join(n for n, one in zip("abc", row, strict=True) if one) or "|" for row in ROWS]
    write("cells.csv", "tags\n" + "\n".join(cells) + "\n")
    asked = ["--scheme", "class-balanced-rows:mode=min-n", "--sample-weights"]
    cli("weights", "labels.csv", "-l", "y_*", *asked, "columns.npy")
    ran = cli("weights", "cells.csv", "--label-separator", "|", *asked, "cells.npy")
    assert ran.code == 0
    assert np.load("cells.npy").tolist() == np.load("columns.npy").tolist()


def test_repeat_factors_of_a_row_are_those_of_its_rarest_label(cli, columns):
    asked = ["--scheme", "repeat-factor:t=0.6", "--sample-weights", "rows.npy"]
    cli("weights", "labels.csv", "-l", "y_*", *asked)
    factor = np.maximum(1, np.sqrt(0.6 / (np.array(ROWS).sum(axis=0) / len(ROWS))))
    expected = [max([1.0, *factor[np.array(row) > 0]]) for row in ROWS]
    assert np.load("rows.npy").tolist() == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize("suffix", ["csv", "npy", "parquet"])
def test_a_number_for_each_label_of_a_row_has_a_column_a_label(cli, columns, suffix):
    out = f"rows.{suffix}"
    asked = ["--scheme", "distribution-balanced", "--sample-weights", out]
    assert cli("weights", "labels.csv", "-l", "y_*", *asked).code == 0
    inverse = 1 / np.array(ROWS).sum(axis=0)
    with np.errstate(divide="ignore"):
        ratio = inverse / (np.array(ROWS) @ inverse)[:, None]
    expected = 0.1 + 1 / (1 + np.exp(-10 * (ratio - 0.2)))
    if suffix == "npy":
        found = np.load(out)
    else:
        table = (
            pq.read_table(out)
            if suffix == "parquet"
            else pa.Table.from_pandas(__import__("pandas").read_csv(out))
        )
        assert table.column_names == NAMES
        found = np.stack([column.to_numpy() for column in table.columns], axis=1)
    assert found == pytest.approx(expected, rel=1e-14)


def test_what_weighs_no_row_or_needs_a_file_is_refused(cli, columns, write):
    asked = ["weights", "labels.csv", "-l", "y_*", "--scheme"]
    ran = cli(*asked, "class-balanced-rows")
    assert (ran.code, "--sample-weights OUT.parquet" in ran.stderr) == (2, True)
    ran = cli(*asked, "inverse-share", "--sample-weights", "rows.npy")
    assert (ran.code, "class-balanced-rows" in ran.stderr) == (2, True)
    ran = cli(*asked, "distribution-balanced", "--sample-weights", "rows.weight")
    assert (ran.code, "rows.parquet" in ran.stderr) == (2, True)
    ran = cli(*asked, "inverse")
    assert (ran.code, "--scheme pos-weight" in ran.stderr) == (2, True)
    write("one.csv", "label\na\nb\n")
    ran = cli("weights", "one.csv", "--scheme", "pos-weight")
    assert (ran.code, "any number of labels" in ran.stderr) == (2, True)


def test_a_row_of_which_nothing_is_known_is_named_or_weighs_what_is_said(cli, write):
    write("labels.csv", "a,b\n1,0\n,\n0,1\n")
    asked = ["weights", "labels.csv", "-l", "a,b", "--scheme", "class-balanced-rows"]
    ran = cli(*asked, "--sample-weights", "rows.npy")
    assert ran.code == 3
    assert "labels.csv: row 2: nothing is known" in ran.stderr
    assert cli(*asked, "--sample-weights", "rows.npy", "--missing-weight", "zero").code == 0
    assert np.load("rows.npy")[1] == 0.0


def test_label_weights_are_those_of_score(cli, write, columns):
    cli("weights", "labels.csv", "-l", "y_*", "-o", "w.json")
    rng = np.random.default_rng(1)
    logits = rng.normal(size=(6, 3)).round(3)
    header = ",".join([*(f'"y_{n}"' for n in NAMES), *(f'"logit_{n}"' for n in NAMES)])
    lines = [
        ",".join(map(str, [*row, *scores]))
        for row, scores in zip(ROWS, logits.tolist(), strict=True)
    ]
    write("preds.csv", "\n".join([header, *lines]) + "\n")
    options = ["-l", "y_*", "--scores", "logit_*", "--input", "logits", "--like", "torch"]
    y, pos = np.array(ROWS), np.array([0.5, 1.0, 5.0])
    terms = pos * y * np.log1p(np.exp(-logits)) + (1 - y) * np.log1p(np.exp(logits))
    for weight in (["--pos-weight", "w.json"], ["--weights", "w.json"]):
        ran = cli("score", "preds.csv", *options, *weight, "-f", "json")
        assert ran.json["loss"]["value"] == pytest.approx(terms.mean(), rel=1e-12)


def test_weights_of_both_terms_are_scored_too(cli, write, columns):
    cli("weights", "labels.csv", "-l", "y_*", "--scheme", "label-balanced", "-o", "w.json")
    weights = wcetool.read_weights("w.json")
    write("preds.csv", "y_a,p_a\n1,0.25\n0,0.5\n")
    ran = cli("score", "preds.csv", "-l", "y_a", "--pos-weight", "w.json")
    assert ran.code in (2, 3)
    assert weights.negative_weight == pytest.approx([6 / 4, 6 / 6, 6 / 10])


def test_python_weighs_rows_of_several_labels_as_the_command_does(write, columns):
    found = wcetool.sample_weights(np.array(ROWS), "class-balanced-rows")
    assert found.tolist() == pytest.approx(by_hand(ROWS), rel=1e-14)
    assert wcetool.sample_weights(np.array(ROWS), "distribution-balanced").shape == (6, 3)
    path = Path(write("cells.csv", "tags\na|b\n|\n"))
    cells = wcetool.sample_weights(path, "class-balanced-rows", label_separator="|")
    assert cells.tolist() == [1.0, 1.0]
    with pytest.raises(wcetool.SchemeError, match="weighs labels"):
        wcetool.sample_weights(np.array(ROWS), "inverse-share")
    with pytest.raises(wcetool.UsageError, match="has no effect"):
        wcetool.sample_weights(["a", "b"], {"a": 1.0, "b": 2.0}, label_separator="|")


def test_label_weights_of_cells_are_checked_with_their_separator(cli, write):
    write("cells.csv", "tags\na|b\na\n|\n")
    cli("weights", "cells.csv", "--label-separator", "|", "-o", "w.json")
    ran = cli("check", "w.json", "cells.csv", "--label-separator", "|")
    assert ran.code == 0
    assert cli("check", "w.json", "cells.csv").code == 1


@pytest.mark.parametrize(
    "option", [["--smoothing", "5"], ["--set", "cat=9"], ["--zero-count", "rarest"]]
)
def test_what_sets_of_labels_do_not_heed_is_refused(cli, columns, option):
    asked = ["--scheme", "class-balanced-rows", "--sample-weights", "rows.npy"]
    ran = cli("weights", "labels.csv", "-l", "y_*", *asked, *option)
    assert ran.code == 2
    assert option[0] in ran.stderr


def test_an_option_of_label_sets_is_none_of_weights(cli, columns):
    ran = cli("weights", "labels.csv", "-l", "y_*", "--max-label-sets", "1")
    assert ran.code == 2
    assert "--max-label-sets" in ran.stderr


def test_rows_take_the_repeat_factors_that_are_shown(cli, columns):
    asked = ["--scheme", "repeat-factor:t=0.6", "--set", "cat=9", "--sample-weights", "rows.npy"]
    cli("weights", "labels.csv", "-l", "y_*", *asked)
    assert np.load("rows.npy").tolist()[0] == 9.0
