"""Bad input: a clear message, the exit code of the contract, nothing half written."""

import datetime as dt
import json
import subprocess

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import HOSTILE_LABELS


def proba_frame(n=40, labels=("cat", "dog", "emu"), prefix="p_"):
    rng = np.random.default_rng(0)
    proba = rng.dirichlet(np.ones(len(labels)), n)
    frame = pd.DataFrame(proba, columns=[prefix + label for label in labels])
    frame.insert(0, "label", [labels[i % len(labels)] for i in range(n)])
    return frame


@pytest.fixture
def preds(tmp_path):
    def make(change=None, name="preds.parquet", **options):
        frame = proba_frame(**options)
        if change is not None:
            change(frame)
        if name.endswith(".csv"):
            frame.to_csv(tmp_path / name, index=False)
        else:
            frame.to_parquet(tmp_path / name, index=False)
        return name

    return make


def refused(ran, code, *texts):
    """Check a refusal: code, one error, every text in it, nothing on stdout."""
    assert ran.code == code, ran.stderr
    assert ran.stdout == ""
    error = ran.stderr[ran.stderr.index("error: ") :]
    for text in texts:
        assert text in error
    return error


def test_no_such_file_with_a_similar_one(cli, write):
    write("labels.csv", "label\na\n")
    refused(
        cli("analyze", "lables.csv"), 3, "error: lables.csv: no such file\n  hint: labels.csv\n"
    )


def test_no_file_matches_a_glob(cli):
    refused(cli("analyze", "*.csv"), 3, "*.csv: no file matches")


def test_a_folder_with_nothing_readable(cli, write, tmp_path):
    (tmp_path / "empty").mkdir()
    refused(cli("analyze", "empty"), 3, "empty: the folder holds no Parquet file")
    write("texts/a.csv", "label\na\n")
    refused(cli("analyze", "texts"), 3, "hint: 'texts/*.csv'")


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff", "\r\n"])
def test_an_empty_file(cli, write, content):
    write("labels.csv", content)
    refused(cli("analyze", "labels.csv"), 3, "labels.csv: is empty")
    refused(cli("score", "labels.csv"), 3, "labels.csv: is empty")


def test_a_header_and_nothing_else(cli, write, preds):
    write("labels.csv", "id,label\n")
    refused(cli("analyze", "labels.csv"), 3, "labels.csv: has a header and no rows")
    pq.write_table(pa.table({"label": pa.array([], pa.string())}), "empty.parquet")
    refused(cli("analyze", "empty.parquet"), 3, "empty.parquet: has no rows")
    write("preds.csv", "label,p_a,p_b\n")
    refused(cli("score", "preds.csv"), 3, "preds.csv: has a header and no rows")


def test_all_labels_missing(cli, write):
    write("labels.csv", "id,label\n1,\n2,\n")
    refused(cli("analyze", "labels.csv"), 3, "all 2 labels are missing")
    write("preds.csv", "label,p_a,p_b\n,0.5,0.5\n,0.5,0.5\n")
    refused(cli("score", "preds.csv"), 3, "no row can be scored")


def test_a_column_that_is_not_there(cli, write):
    write("labels.csv", "id,label,split\n1,a,x\n")
    refused(
        cli("analyze", "labels.csv", "-l", "lable"),
        3,
        "error: labels.csv: column 'lable' not found\n  columns: id, label, split\n"
        "  hint: --label-column label\n",
    )
    refused(cli("analyze", "labels.csv", "-l", "7"), 3, "column '7' not found")


def test_several_columns_may_hold_the_label(cli, write):
    write("labels.csv", "label,target\na,b\n")
    refused(cli("analyze", "labels.csv"), 3, "2 columns may hold the label: 'label', 'target'")


def test_no_column_is_known_to_hold_the_label(cli, write):
    write("labels.csv", "height,species\n1,a\n")
    refused(cli("analyze", "labels.csv"), 3, "no column is known", "columns: height, species")


def test_two_columns_of_one_name(cli, write):
    write("labels.csv", "label,label\na,b\n")
    refused(cli("analyze", "labels.csv", "-l", "label"), 3, "2 columns are called 'label'", "1, 2")


def test_a_column_of_another_type(cli):
    pq.write_table(pa.table({"label": [[1], [2]], "x": [1, 2]}), "nested.parquet")
    refused(cli("analyze", "nested.parquet", "-l", "label"), 3, "'label' holds lists")


@pytest.mark.parametrize("row", ["b,2,3", "b", '"b,2\nc"'])
def test_a_ragged_row_is_named(cli, write, row):
    write("labels.csv", f"label,x\na,1\na,1\n{row}\n")
    refused(cli("analyze", "labels.csv"), 3, "labels.csv: row 3:", "where the header has 2")


def test_a_ragged_row_far_down_is_named(cli, write):
    write("labels.csv", "label,x\n" + "a,1\n" * 1_500_000 + "b,2,3\n")
    refused(cli("analyze", "labels.csv"), 3, "row 1,500,001: 3 fields", "text: 'b,2,3'")


@pytest.mark.parametrize(
    "content", ['label\na\n"b\nc\n', 'x,label\n1,a\n2,"b\n3,c\n', 'label,x\na,1\nb,"2\nc,3\n']
)
def test_a_quote_that_is_never_closed(cli, write, content):
    write("labels.csv", content)
    refused(
        cli("analyze", "labels.csv", "-l", "label"), 3, "quote is opened and never closed", "row 2"
    )


def test_text_that_is_not_utf8(cli, write):
    write("labels.csv", "label,x\na,1\n" + "b,2\n" * 9)
    write("latin.csv", "label,x\na,1\né,2\n".encode("latin-1"))
    refused(cli("analyze", "latin.csv"), 3, "row 2, column 'label'", "--encoding latin-1")
    write("header.csv", "é,x\na,1\n".encode("latin-1"))
    refused(cli("analyze", "header.csv"), 3, "header.csv: is not UTF-8 text")
    refused(cli("analyze", "latin.csv", "--encoding", "ascii"), 3, "is not ascii text")
    refused(cli("analyze", "latin.csv", "--encoding", "klingon"), 2, "is not a text encoding")


def test_utf16_is_recognised(cli, write):
    write("labels.csv", "label\na\n".encode("utf-16"))
    refused(cli("analyze", "labels.csv"), 3, "is UTF-16 text", "--encoding utf-16")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n\x00", "PNG image"),
        (b"PK\x03\x04\x14\x00", "zip archive"),
        (b"\x93NUMPY\x01\x00", "NumPy array"),
        (b"label\na\x00b\n", "NUL bytes"),
        (b"\x80\x04\x95\x10\x00", "pickle"),
    ],
)
def test_a_binary_file(cli, write, content, kind):
    write("labels.csv", content)
    refused(cli("analyze", "labels.csv"), 3, kind)


def test_a_git_lfs_pointer(cli, write):
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 1\n"
    for name in ("labels.csv", "labels.parquet"):
        write(name, pointer)
        refused(cli("analyze", name), 3, "git-LFS pointer", "hint: git lfs pull")


def test_a_truncated_parquet(cli, preds, tmp_path):
    whole = (tmp_path / preds()).read_bytes()
    for cut in (3, 10, len(whole) // 2, len(whole) - 1):
        (tmp_path / "cut.parquet").write_bytes(whole[:cut])
        refused(cli("score", "cut.parquet"), 3, "cut.parquet: is not a whole Parquet file")


def test_parquet_with_damaged_pages(cli, preds, tmp_path):
    whole = bytearray((tmp_path / preds()).read_bytes())
    whole[40:400] = bytes(360)
    (tmp_path / "bad.parquet").write_bytes(whole)
    refused(cli("score", "bad.parquet"), 3, "bad.parquet")


def test_truncated_compressed_files(cli, tmp_path):
    import bz2
    import gzip
    import lzma

    text = b"label\n" + bytes(np.random.default_rng(0).integers(97, 123, 200_000).astype(np.uint8))
    for name, compress in (("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)):
        data = compress(text)
        (tmp_path / f"l.csv.{name}").write_bytes(data[: len(data) // 2])
        refused(cli("analyze", f"l.csv.{name}"), 3, "truncated or damaged")


def test_a_file_of_an_unknown_kind(cli, write):
    write("labels.dat", b"\x00\x01label\na\n")
    refused(cli("analyze", "labels.dat"), 3, "labels.dat: holds NUL bytes")
    refused(cli("analyze", "labels.dat", "--input-format", "cvs"), 2, "hint: --input-format csv")
    write("data.json", '{"a": 1}')
    refused(cli("analyze", "data.json"), 3, "holds an object with 1 key: 'a'")
    write("bad.json", "{")
    refused(cli("analyze", "bad.json"), 3, "is the file cut off?")


def test_another_delimiter_is_not_one_column(cli, write):
    write("labels.csv", "id;label\n1;a\n2\n")
    refused(cli("analyze", "labels.csv"), 3, "has one column when cut at ','", "--delimiter ';'")


@pytest.mark.parametrize(
    ("content", "reason"),
    [("cat\ndog\ncat\n", "the header 'cat' recurs"), ("3\n1\n2\n", "the header '3' is a number")],
)
def test_a_header_that_looks_like_data(cli, write, content, reason):
    write("labels.csv", content)
    refused(cli("analyze", "labels.csv"), 3, reason, "--no-header")
    assert cli("analyze", "labels.csv", "--header", "-f", "json").json["rows"] == 2
    assert cli("analyze", "labels.csv", "--no-header", "-f", "json").json["rows"] == 3


# Probabilities


def spoil(column, row, value):
    def change(frame):
        frame.loc[row, column] = value

    return change


@pytest.mark.parametrize("name", ["preds.parquet", "preds.csv"])
@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (np.nan, "a score is missing or NaN"),
        (-0.2, "a probability of -0.2"),
        (1.7, "a probability of 1.7"),
        (0.9999, "sums to"),
    ],
)
def test_rows_that_are_no_probabilities_are_named(cli, preds, name, value, reason):
    preds(spoil("p_dog", 16, value), name)
    refused(
        cli("score", name), 3, f"{name}: row 17 does not hold probabilities", f"row 17: {reason}"
    )


def test_the_number_of_bad_rows_is_told(cli, preds):
    preds(lambda frame: frame.loc[:, ["p_cat", "p_dog", "p_emu"]].__imul__(2).pipe(frame.update))
    error = refused(
        cli("score", "preds.parquet"), 3, "row 1: a probability of 1.18604", "--renormalize"
    )
    assert "… 35 more among the rows that were read" in error


def test_logits_where_probabilities_were_declared(cli, preds):
    preds(lambda frame: frame.update(np.log(frame[["p_cat", "p_dog", "p_emu"]]) * 3))
    refused(cli("score", "preds.parquet", "--input", "probs"), 3, "row 1", "--input logits")
    refused(cli("score", "preds.parquet"), 3, "row 1", "--input logits")


def test_probabilities_where_logits_were_declared(cli, preds):
    name = preds()
    refused(cli("score", name, "--input", "logits"), 3, "all of the first 40 rows", "--input probs")
    preds(prefix="logit_")
    refused(cli("score", name), 3, "said to be logits", "--input probs")


def test_a_few_logits_that_sum_to_one_by_chance_are_scored(cli, write):
    # The rows of pytorch/pytorch#25571.
    write("preds.csv", "label,logit_0,logit_1,logit_2\n2,0.2,0.3,0.5\n1,0.5,0.2,0.3\n")
    write("w.csv", "label,weight\n0,2\n1,4\n2,6\n")
    found = cli("score", "preds.csv", "--weights", "w.csv", "-f", "json").json
    assert found["loss"]["value"] == pytest.approx(1.0598, abs=5e-5)
    assert found["reductions"]["mean"] == pytest.approx(5.2992, abs=5e-5)


def test_unnamed_scores_that_are_no_probabilities_are_never_taken_for_logits(cli, write):
    write("preds.csv", "label,a,b\na,2.5,-1\nb,0.3,0.1\n")
    refused(cli("score", "preds.csv"), 3, "hint: --input logits")
    assert cli("score", "preds.csv", "--input", "logits").code == 0


def test_infinite_logits(cli, write):
    write("preds.csv", "label,logit_a,logit_b\na,1,2\nb,inf,0\n")
    refused(cli("score", "preds.csv"), 3, "row 2: an infinite logit")


def test_a_text_in_a_score_column(cli, write):
    write("preds.csv", "label,p_a,p_b\na,0.5,0.5\nb,high,0.5\nb,0.5,0.5\n")
    refused(cli("score", "preds.csv"), 3, "row 2, column 'p_a': 'high' is not a number")


def test_lists_of_other_lengths(cli):
    pq.write_table(pa.table({"y": [0, 1], "probs": [[0.5, 0.5], [0.2, 0.3, 0.5]]}), "p.parquet")
    refused(cli("score", "p.parquet"), 3, "a list of", "scores, where there are")


# Classes


def test_a_label_without_a_column(cli, preds):
    preds(spoil("label", 16, "fox"))
    refused(
        cli("score", "preds.parquet"), 3, "row 17: label 'fox' has no score column", "'cat', 'dog'"
    )


def test_float_labels_beside_integer_columns(cli, write):
    write("preds.csv", "label,p_0,p_1\n1.0,0.5,0.5\n0.0,0.5,0.5\n")
    refused(
        cli("score", "preds.csv"), 3, "label '1.0' has no score column", "the labels are floats"
    )


def test_labels_named_and_columns_numbered(cli, write):
    write("preds.csv", "label,prob_0,prob_1\ncat,0.5,0.5\ndog,0.5,0.5\n")
    refused(cli("score", "preds.csv"), 3, "the labels are names ('cat', 'dog')", "--classes")
    assert cli("score", "preds.csv", "--classes", "cat,dog").code == 0


def test_no_score_columns_and_two_groups_of_them(cli, write):
    write("none.csv", "label,height,width\na,3,4\nb,5,6\n")
    refused(cli("score", "none.csv"), 3, "no columns are known to hold the scores", "--scores")
    write("two.csv", "label,logit_a,logit_b,prob_a,prob_b\na,1,2,0.5,0.5\nb,1,2,0.5,0.5\n")
    error = refused(cli("score", "two.csv"), 3, "2 groups of columns", "logit_*, prob_*")
    assert "hint: --scores 'logit_*'" in error
    assert cli("score", "two.csv", "--scores", "prob_*").code == 0


def test_one_score_and_three_classes(cli, write):
    write("preds.csv", "label,prob\na,0.5\nb,0.5\nc,0.5\n")
    refused(cli("score", "preds.csv"), 3, "one score column, 'prob', but 3 classes")


def test_one_score_and_one_class(cli, write):
    write("preds.csv", "label,prob\na,0.5\na,0.5\n")
    refused(cli("score", "preds.csv"), 3, "the other class cannot be known", "--classes")
    assert cli("score", "preds.csv", "--positive-class", "b").code == 0


def test_rows_are_matched_by_order_and_doubts_are_announced(cli, write):
    write("p.csv", "id,label,p_a,p_b\n1,a,0.5,0.5\n2,b,0.5,0.5\n")
    write("l.csv", "id,label\n2,b\n1,a\n")
    found = cli("score", "p.csv", "--labels", "l.csv", "-f", "json")
    assert found.json["labels"] == [{"path": "l.csv", "rows": 2}]
    assert any("column 'id'" in text for text in found.json["warnings"])
    assert any("column 'label' of the predictions is not used" in n for n in found.json["notes"])
    assert "|labels:l.csv|" in found.json["signature"]
    write("same.csv", "id,label\n1,a\n2,b\n")
    assert cli("score", "p.csv", "--labels", "same.csv", "-f", "json").json["warnings"] == []


def test_a_guessed_positive_class_that_knows_less_than_nothing(cli, write):
    write("p.csv", "label,prob\n" + "a,0.9\nb,0.1\n" * 9)
    found = cli("score", "p.csv", "-f", "json")
    assert any("--positive-class a, if it is the other" in text for text in found.json["warnings"])
    assert "positive-class:b" in found.json["signature"]
    assert cli("score", "p.csv", "--positive-class", "a", "-f", "json").json["warnings"] == []


def test_a_positive_class_that_contradicts_the_name_of_the_column(cli, write):
    write("p.csv", "label,prob_b\n" + "a,0.9\nb,0.1\n" * 9)
    found = cli("score", "p.csv", "--positive-class", "a", "-f", "json")
    assert any("its name says 'b'" in text for text in found.json["warnings"])


def test_warnings_show_even_when_it_is_quiet(cli, write):
    write("p.csv", "label,p_a,p_b,p_c\na,0.5,0.5,0\nb,0.5,0.5,0\n")
    found = cli("score", "p.csv", "-q")
    assert found.stderr.startswith("warning: a score and no rows: class 'c'")
    assert "note:" not in found.stderr


def test_a_score_named_like_a_p_value_is_none(cli, write):
    write("p.csv", "label,p_value\na,0.9\nb,0.1\n")
    refused(cli("score", "p.csv"), 3, "no columns are known to hold the scores")
    write("p.csv", "label,p_1\n0,0.9\n1,0.1\n")
    assert cli("score", "p.csv", "-f", "json").json["parameters"]["positive-class"] == "1"
    write("p.csv", "label,p_ham\n" + "spam,0.9\n" * 40000 + "ham,0.1\n")
    assert cli("score", "p.csv", "-f", "json").json["parameters"]["positive-class"] == "ham"


def test_more_classes_than_allowed(cli, write):
    write("labels.csv", "label\n" + "".join(f"id{i}\n" for i in range(50)))
    refused(
        cli("analyze", "labels.csv", "--max-classes", "49"),
        3,
        "more than 49 distinct labels: most likely an id column",
        "--label-column",
    )
    assert cli("analyze", "labels.csv", "--max-classes", "50").code == 0


def test_labels_beyond_the_declared_classes(cli, write):
    write("labels.csv", "label\na\nb\nc\n")
    refused(cli("analyze", "labels.csv", "--classes", "a,b"), 3, "label 'c' is not among the 2")


def test_a_code_without_a_name(cli, write):
    write("labels.csv", "label\n0\n7\n")
    write("names.json", '["cat"]')
    refused(cli("analyze", "labels.csv", "--names", "names.json"), 3, "label '7' has no name")


def test_declared_classes_that_do_not_match_the_columns(cli, preds):
    preds()
    refused(
        cli("score", "preds.parquet", "--classes", "cat,dog,fox"),
        3,
        "classes without a column: 'fox'",
        "columns without a class: 'emu'",
    )


# Weight files


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("w.csv", "label,weight\ncat,1\ndog,2\nfox,3\n", "classes without a weight: 'emu'"),
        ("w.csv", "label,weight\ncat,1\ndog,2\nfox,3\n", "weights without a class: 'fox'"),
        ("w.csv", "label,weight\ncat,1\ndog,2\n", "classes without a weight: 'emu'"),
        ("w.csv", "label,weight\ncat,-1\ndog,2\nemu,1\n", "class 'cat': weight -1.0 is not finite"),
        ("w.csv", "label,weight\ncat,nan\ndog,2\nemu,1\n", "class 'cat': weight nan is not finite"),
        ("w.csv", "label,weight\ncat,1e999\ndog,2\nemu,1\n", "weight inf is not finite"),
        ("w.csv", "label,weight\ncat,1\ncat,2\nemu,1\n", "class 'cat' is there twice"),
        ("w.csv", "label,weight\ncat,heavy\n", "row 1: weight 'heavy'"),
        ("w.csv", "class,weight\ncat,1\n", "has no label or no weight"),
        ("w.csv", "", "no entries"),
        ("w.json", "{}", "its schema is None"),
        ("w.json", "[1, 2]", "its schema is None"),
        ("w.json", "not json", "is not JSON"),
        ("w.json", '{"schema": "wcetool.weights/1"}', "are not labels with weights"),
        ("w.json", '{"schema": "wcetool.weights/2", "classes": []}', "'wcetool.weights/2'"),
        (
            "w.json",
            '{"schema": "wcetool.weights/1", "classes": [{"label": "cat", "weight": "1"}]}',
            "weight '1' is not a number",
        ),
        (
            "w.json",
            '{"schema": "wcetool.weights/1", "classes": [{"label": "cat", "weight": true}]}',
            "weight True is not a number",
        ),
        (
            "w.json",
            (
                '{"schema": "wcetool.weights/1",'
                ' "classes": [{"label": "a", "weight": 1, "count": "x"}]}'
            ),
            "count 'x' is not a count",
        ),
        (
            "w.json",
            (
                '{"schema": "wcetool.weights/1", "normalization": "sideways",'
                ' "classes": [{"label": "a", "weight": 1}]}'
            ),
            "normalization 'sideways' is not known",
        ),
        (
            "w.json",
            (
                '{"schema": "wcetool.weights/1", "parameters": ["x"],'
                ' "classes": [{"label": "a", "weight": 1}]}'
            ),
            "'parameters' is ['x']",
        ),
        ("w.npy", "not an array", "is not a whole NumPy array"),
        ("w.parquet", "not parquet", "is not a Parquet file"),
    ],
)
def test_a_weight_file_that_does_not_serve(cli, preds, write, name, content, text):
    preds()
    write(name, content)
    refused(cli("score", "preds.parquet", "--weights", name), 3, text)


def test_a_parquet_weight_file_with_other_metadata(cli, preds):
    preds()
    table = pa.table({"label": ["cat", None], "weight": [1.0, 2.0]})
    pq.write_table(table, "w.parquet")
    refused(cli("score", "preds.parquet", "--weights", "w.parquet"), 3, "label None is not text")
    table = pa.table({"label": ["cat"], "weight": [1.0]}).replace_schema_metadata({"wcetool": "{"})
    pq.write_table(table, "w.parquet")
    refused(cli("score", "preds.parquet", "--weights", "w.parquet"), 3, "metadata are not JSON")


def test_an_analysis_is_no_weight_file(cli, preds, write):
    preds()
    write("labels.csv", "label\ncat\ndog\nemu\n")
    cli("analyze", "labels.csv", "-o", "counts.json")
    refused(
        cli("score", "preds.parquet", "--weights", "counts.json"),
        3,
        "its schema is 'wcetool.analyze/1'",
        "hint: wcetool weights counts.json -o weights.json",
    )


def test_an_array_of_weights_needs_its_classes(cli, preds, tmp_path):
    preds()
    np.save(tmp_path / "w.npy", np.ones(3))
    refused(cli("score", "preds.parquet", "--weights", "w.npy"), 3, "expected: w.classes.json")


def test_pickled_arrays_are_never_loaded(cli, preds, tmp_path):
    preds()
    np.save(tmp_path / "w.npy", np.array([{}], dtype=object), allow_pickle=True)
    refused(cli("score", "preds.parquet", "--weights", "w.npy"), 3, "which are pickled")


def test_a_weight_file_that_is_not_there(cli, preds):
    preds()
    refused(
        cli("score", "preds.parquet", "--weights", "weights.json"), 3, "weights.json: no such file"
    )
    refused(
        cli("score", "preds.parquet", "--weights", "w.txt"), 2, "is not a weight file by its suffix"
    )


# Options


@pytest.mark.parametrize(
    ("scheme", "text"),
    [
        ("invers", "hint: --scheme inverse"),
        ("power:alpha=two", "alpha=two is not a number from 0 to 10"),
        ("effective-number:beta=2", "beta=2 is not a number in [0, 1)"),
        ("inverse:alpha=1", "has no parameter 'alpha'"),
    ],
)
def test_a_wrong_scheme(cli, write, preds, scheme, text):
    write("labels.csv", "label\na\nb\n")
    refused(cli("weights", "labels.csv", "--scheme", scheme), 2, text)


def test_a_scheme_misspelt_in_score(cli, preds):
    preds()
    refused(cli("score", "preds.parquet", "--weights", "invers"), 2, "unknown scheme 'invers'")


@pytest.mark.parametrize(
    ("args", "text"),
    [
        (["analyze"], "missing argument"),
        (["analyse", "x"], "no such command"),
        (["analyze", "l.csv", "--digts", "3"], "no such option: --digts"),
        (["analyze", "l.csv", "--digits", "99"], "--digits"),
        (["analyze", "l.csv", "-f", "yaml"], "'yaml'"),
        (["analyze", "l.csv", "--buckets", "20,100"], "--buckets"),
        (["analyze", "l.csv", "--jobs", "0"], "--jobs: 0 is not a number of threads"),
        (["analyze", "l.csv", "--names", ""], "--names: no file is named"),
        (["analyze", "l.csv", "--delimiter", "::"], "--delimiter"),
        (["analyze", "l.csv", "--delimiter", '"'], "also that of --quote-char"),
        (["analyze", "l.csv", "--skip-lines", "-1"], "--skip-lines"),
        (["analyze", "l.csv", "--classes", "a,a"], "declared twice"),
        (["analyze", "l.csv", "-o", "x.parquet"], "hint: x.json, .csv or .md"),
        (["analyze", "l.csv", "--digits", "3", "-f", "json"], "--digits: has no effect on json"),
        (["analyze", "l.csv", "--top", "3", "-f", "csv"], "--top: has no effect on csv"),
        (["analyze", "-", "l.csv"], "standard input cannot be pooled"),
        (["weights", "l.csv", "--cap", "0.5"], "--cap"),
        (["weights", "l.csv", "--zero-count", "cap"], "needs a cap"),
        (["weights", "l.csv", "--normalize", "sum"], "--normalize"),
        (["weights", "l.csv", "--set", "a"], "LABEL=WEIGHT"),
        (["weights", "l.csv", "--set", "a=x"], "LABEL=WEIGHT"),
        (["weights", "l.csv", "--set", "a=1", "--set", "a=2"], "given twice"),
        (["weights", "l.csv", "--set", "a=-1"], "not a finite number"),
        (["weights", "l.csv", "--set", "c=1"], "'c' is no class"),
        (
            ["weights", "l.csv", "--scheme", "manual", "--set", "a=1"],
            "1 of 2 classes have no weight",
        ),
        (["weights", "l.csv", "-o", "w.txt"], "is not a weight file by its suffix"),
        (["score", "l.csv", "--clip", "0"], "--clip"),
        (["score", "l.csv", "--clip", "1"], "--clip"),
        (["score", "l.csv", "--sum-tolerance", "-1"], "--sum-tolerance"),
        (["score", "l.csv", "--absent", "one"], "--absent: has no effect"),
        (["explain", "everything"], "'everything'"),
    ],
)
def test_a_usage_error_is_one_message_and_code_two(cli, write, args, text):
    write("l.csv", "label,p_a,p_b\na,0.5,0.5\nb,0.5,0.5\n")
    error = refused(cli(*args), 2, text)
    assert error.count("error:") == 1
    for words in ("Input should", "Value error", "\t"):
        assert words not in error


def test_options_that_change_nothing_are_refused(cli, preds, write):
    preds()
    refused(cli("score", "preds.parquet", "--delimiter", ";"), 2, "--delimiter: has no effect")
    refused(cli("score", "preds.parquet", "--positive-class", "cat"), 2, "--positive-class: has no")
    refused(
        cli("score", "preds.parquet", "--weights", "inverse", "--absent", "one"),
        2,
        "a scheme weighs",
    )
    write("logits.csv", "label,logit_a,logit_b\na,5,0\nb,0,3\n")
    refused(
        cli("score", "logits.csv", "--renormalize"),
        2,
        "--renormalize: has no effect: the scores are logits",
    )
    refused(
        cli("score", "logits.csv", "--sum-tolerance", "0.1"), 2, "--sum-tolerance: has no effect"
    )


# Output


def test_an_output_that_is_an_input(cli, write, tmp_path):
    write("labels.csv", "label\na\n")
    (tmp_path / "link.csv").symlink_to("labels.csv")
    for output in ("labels.csv", "./labels.csv", "link.csv"):
        refused(
            cli("analyze", "labels.csv", "-o", output), 2, "is an input, and would be overwritten"
        )
    assert (tmp_path / "labels.csv").read_text() == "label\na\n"


def test_an_output_that_is_read_by_another_name(cli, write, tmp_path):
    """Globs, folders, and the files that stand beside the input."""
    content = {
        "labels.csv": "label\na\nb\n",
        "preds.csv": "label,p_a,p_b\na,0.5,0.5\nb,0.5,0.5\n",
        "w.json": None,
        "classes.csv": "a\nb\n",
        "names.json": '{"a": "a", "b": "b"}',
        "wcetool.toml": "digits = 2\n",
        "weights.classes.json": "mine",
    }
    for name, text in content.items():
        if text is not None:
            write(name, text)
    cli("weights", "labels.csv", "-o", "w.json")
    pq.write_table(pa.table({"label": ["a"]}), tmp_path / "part.parquet")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    for args in (
        ("analyze", "*.csv", "-o", "labels.csv"),
        ("analyze", ".", "-o", "part.parquet", "-f", "csv"),
        ("weights", ".", "-o", "part.parquet"),
        ("analyze", "labels.csv", "--classes", "classes.csv", "-o", "classes.csv"),
        ("analyze", "labels.csv", "--names", "names.json", "-o", "names.json"),
        ("score", "preds.csv", "--weights", "w.json", "-o", "w.json"),
        ("score", "preds.csv", "--labels", "labels.csv", "-o", "labels.csv"),
        ("analyze", "labels.csv", "-o", "wcetool.toml", "-f", "csv"),
        ("weights", "labels.csv", "--classes", "weights.classes.json", "-o", "weights.npy"),
    ):
        assert cli(*args).code == 2, args
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    ("args", "text"),
    [
        (("-o", "-"), "'-' is no path: without --output"),
        (("-o", ""), "'' is no path"),
        (("-o", "out.xlsx"), "a result is not written as .xlsx"),
        (("-o", "out.yaml"), "a result is not written as .yaml"),
        (("-o", "out.csv", "-f", "json"), "json is asked for, but the suffix"),
    ],
)
def test_an_output_that_says_no_format(cli, write, args, text):
    write("labels.csv", "label\na\n")
    refused(cli("analyze", "labels.csv", *args), 2, text)


def test_the_array_and_the_names_of_weights_are_inputs(cli, write):
    write("labels.csv", "label\na\nb\n")
    write("preds.csv", "label,p_a,p_b\na,0.5,0.5\nb,0.5,0.5\n")
    cli("weights", "labels.csv", "-o", "w.npy")
    for output in ("w.npy", "w.classes.json"):
        found = cli("score", "preds.csv", "--weights", "w.npy", "-f", "json", "-o", output)
        assert found.code == 2
    assert cli("score", "preds.csv", "--weights", "w.npy").code == 0


def test_a_redirected_stream_is_no_output_file(process, write, tmp_path):
    write("labels.csv", "label\na\n")
    log = write("log.txt", "precious\n")
    with log.open("a") as stream:
        args = ("analyze", "labels.csv", "-f", "csv", "-o", "/dev/stdout")
        ran = process(*args, capture_output=False, stdout=stream, stderr=subprocess.PIPE)
    assert ran.returncode == 2
    assert b"is a stream of this process" in ran.stderr
    assert log.read_text() == "precious\n"


def test_an_empty_path_is_not_the_current_folder(cli, tmp_path):
    pq.write_table(pa.table({"label": ["a"]}), tmp_path / "part.parquet")
    refused(cli("analyze", ""), 2, "its path is empty")
    refused(cli("analyze", "part.parquet", "--config", ""), 2, "'' is no file")


def test_a_score_column_with_texts_is_not_left_out(cli, write):
    write("p.csv", "prob_a,prob_b,label\nNA,0.5,a\nNA,0.9,b\n0.2,0.8,a\n")
    refused(cli("score", "p.csv"), 3, "column 'prob_a' is named like the score columns")
    write("p.csv", "prob_a,prob_b,label\n0.5d0,0.5,a\n")
    refused(cli("score", "p.csv"), 3, "column 'prob_a' is named like the score columns")


@pytest.mark.parametrize("name", ["rot13", "base64", "hex", "nonesuch"])
def test_codecs_that_are_no_text_encodings(cli, write, name):
    write("labels.csv", "label\na\n")
    refused(cli("analyze", "labels.csv", "--encoding", name), 2, "is not a text encoding")


def test_more_lines_to_skip_than_there_are(cli, write):
    write("labels.csv", "label\na\n")
    refused(cli("analyze", "labels.csv", "--skip-lines", "99999999999999999999"), 3, "is empty")


def test_utf16_without_a_mark(cli, write):
    for name in ("utf-16-le", "utf-16-be"):
        write("labels.csv", "label\na\né\n".encode(name))
        refused(cli("analyze", "labels.csv"), 3, f"--encoding {name}")
        assert list(cli("analyze", "labels.csv", "--encoding", name, "-f", "json").rows) == [
            "a",
            "é",
        ]


@pytest.mark.parametrize("option", ["--quote-char", "--escape-char", "--comment"])
def test_one_character_for_two_things(cli, write, option):
    write("labels.csv", "label,x\na,1\n")
    refused(cli("analyze", "labels.csv", option, ","), 2, f"{option}: ',' is also that of")
    if option != "--quote-char":
        refused(cli("analyze", "labels.csv", option, '"'), 2, f"{option}: '\"' is also that of")


def test_a_key_that_is_there_twice(cli, write):
    write("labels.csv", "label\n0\n1\n")
    write("names.json", '{"0": "a", "0": "b", "1": "c"}')
    refused(cli("analyze", "labels.csv", "--names", "names.json"), 3, "a key is there twice: '0'")


def test_a_label_column_that_is_a_time(cli):
    pq.write_table(pa.table({"label": [dt.datetime(2020, 1, 1)], "x": [1]}), "t.parquet")
    refused(cli("analyze", "t.parquet"), 3, "'label' holds lists, structs or points in time")


def test_labels_that_are_no_text_name_their_file(cli):
    pq.write_table(pa.table({"label": [b"a", b"\xff"], "p_a": [0.5] * 2, "p_b": [0.5] * 2}), "b.pq")
    refused(cli("analyze", "b.pq", "-l", "label"), 3, "b.pq: label b'\\xff' is not UTF-8 text")
    refused(cli("score", "b.pq", "--classes", "a,b"), 3, "b.pq")


def test_weights_that_are_too_far_apart_to_be_scaled(cli, write):
    write("labels.csv", "label\na\nb\n")
    refused(
        cli(
            *("weights", "labels.csv", "--scheme", "manual", "--set", "a=1e-320"),
            *("--set", "b=1e308", "--normalize", "mean-1"),
        ),
        2,
        "too far apart to be scaled",
    )


def test_rows_that_cannot_be_divided_by_their_sum(cli, write):
    write("p.csv", "prob_a,prob_b,label\n0,0,a\n1,0,a\n")
    error = refused(cli("score", "p.csv", "--renormalize", "--classes", "a,b"), 3, "sums to 0")
    assert "hint" not in error
    write("p.csv", "prob_a,prob_b,label\n1e308,1e308,a\n1,0,b\n")
    error = refused(cli("score", "p.csv", "--renormalize"), 3, "sums to inf")
    assert "Warning" not in error


def test_standard_input_is_not_both_scores_and_labels(cli):
    refused(cli("score", "-", "--labels", "-"), 2, "standard input is the predictions already")


def test_an_output_that_cannot_be_written(cli, write, tmp_path):
    write("labels.csv", "label\na\n")
    refused(cli("analyze", "labels.csv", "-o", "no/such/folder.json"), 2, "there is no folder")
    (tmp_path / "folder.json").mkdir()
    refused(cli("weights", "labels.csv", "-o", "folder.json"), 2, "is a folder")


def test_an_output_is_refused_before_anything_is_read(cli):
    refused(cli("analyze", "missing.csv", "-o", "no/folder.json"), 2, "there is no folder")


# Hostile text


@pytest.mark.parametrize(
    "label", [*HOSTILE_LABELS, "y" * 10_000], ids=lambda label: ascii(label)[:20]
)
def test_hostile_labels_go_through_every_format_unharmed(cli, label, tmp_path):
    frame = proba_frame(labels=("plain", label, "third"))
    frame.to_parquet(tmp_path / "p.parquet", index=False)
    frame[["label"]].to_parquet(tmp_path / "l.parquet", index=False)
    for command in (["analyze", "l.parquet"], ["weights", "l.parquet"], ["score", "p.parquet"]):
        assert label in cli(*command, "-f", "json").rows
        for form in ("table", "csv", "md"):
            found = cli(*command, "-f", form)
            assert found.code == 0
            if form != "csv":
                assert "\x1b" not in found.stdout
                assert "\u202e" not in found.stdout
            if form == "table" and label.isprintable():
                assert label in found.stdout
    cli("weights", "l.parquet", "-o", "w.json")
    assert json.loads((tmp_path / "w.json").read_text())["classes"]
    assert cli("score", "p.parquet", "--weights", "w.json").code == 0


def test_hostile_column_and_file_names_reach_no_terminal_raw(cli, write):
    write("a\x1b[31m.csv", "la\x1b[2Jbel,[red]x\na,1\n")
    error = refused(cli("analyze", "a\x1b[31m.csv", "-l", "nope"), 3, "\\x1b[31m.csv", "\\x1b[2J")
    assert "\x1b" not in error


def test_markup_in_errors_is_shown_as_text(cli, write):
    write("labels.csv", "[bold]id[/bold],x\na,1\n")
    refused(cli("analyze", "labels.csv"), 3, "columns: [bold]id[/bold], x")


def test_a_quote_that_is_never_closed_shows_the_file_and_nothing_else(cli, write):
    write("q.csv", "id,label,z\n" + "1,a,b\n" * 50 + '5,"abc,x')
    ran = cli("analyze", "q.csv", "-l", "label")
    assert ran.code == 3
    assert "end" not in ran.stderr
    assert "perhaps a quote is opened and never closed" in ran.stderr


def test_more_score_columns_than_max_classes_are_refused(cli, write):
    write("p.csv", "label,p_a,p_b,p_c\n" + "a,0.5,0.25,0.25\nb,0.25,0.5,0.25\n" * 9)
    ran = cli("score", "p.csv", "--max-classes", "2")
    assert ran.code == 3
    assert "more than 2 distinct labels" in ran.stderr
