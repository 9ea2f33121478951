"""CSV and TSV as people have them: how they are written, where they begin, rows that do not fit."""

from __future__ import annotations

import gzip
import math
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import wcetool
from wcetool.data.formats import byte_ranges
from wcetool.errors import UsageError


@pytest.fixture
def write(tmp_path):
    def write_file(name, content):
        data = content if isinstance(content, bytes) else content.encode()
        (tmp_path / name).write_bytes(data)
        return name

    return write_file


def counts(ran):
    assert ran.code == 0, ran.stderr
    return {label: row["count"] for label, row in ran.rows.items()}


def refused(ran, *words, code=3):
    assert ran.code == code, ran.stdout + ran.stderr
    assert ran.stdout == ""
    for word in words:
        assert word in ran.stderr


def loss(ran):
    assert ran.code == 0, ran.stderr
    return ran.json["loss"]["value"]


ROWS = [["id", "label"], ["1", "cat"], ["2", "dog"], ["3", "cat"]]


@pytest.mark.parametrize("mark", [";", "\t", "|"])
@pytest.mark.parametrize("name", ["labels.csv", "labels.tsv"])
def test_the_only_delimiter_that_cuts_evenly_is_taken_and_announced(cli, write, mark, name):
    write(name, "".join(mark.join(row) + "\n" for row in ROWS))
    ran = cli("analyze", name, "-f", "json")
    assert counts(ran) == {"cat": 2, "dog": 1}
    usual = {"labels.csv": ",", "labels.tsv": "\t"}[name]
    assert ("--delimiter to change it" in ran.stderr) == (mark != usual)


def test_a_comma_in_a_tsv(cli, write):
    write("labels.tsv", "id,label\n1,cat\n")
    assert counts(cli("analyze", "labels.tsv", "-f", "json")) == {"cat": 1}


def test_standard_input_with_semicolons(cli):
    ran = cli("analyze", "-", "-f", "json", stdin=b"id;label\n1;cat\n2;dog\n")
    assert counts(ran) == {"cat": 1, "dog": 1}


def test_several_delimiters_are_refused_with_both_typed_out(cli, write):
    write("labels.csv", "id;label|x\n1;cat|y\n")
    refused(
        cli("analyze", "labels.csv"), "may be cut at ';', '|'", "--delimiter ';' or --delimiter '|'"
    )
    ran = cli("analyze", "labels.csv", "--delimiter", "|", "-l", "2", "-f", "json")
    assert counts(ran) == {"y": 1}


def test_the_usual_delimiter_wins_where_it_cuts_evenly(cli, write):
    write("labels.csv", "a|b,label\nx|y,cat\nx|z,dog\n")
    ran = cli("analyze", "labels.csv", "-f", "json")
    assert counts(ran) == {"cat": 1, "dog": 1}
    assert "delimiter" not in ran.stderr


def test_one_column_of_sentences_stays_one(cli, write):
    write("labels.csv", "label\nlow risk\nhigh risk\nlow risk\n")
    assert counts(cli("analyze", "labels.csv", "-f", "json")) == {"high risk": 1, "low risk": 2}


def test_one_column_whose_rows_hold_a_delimiter_is_announced(cli, write):
    write("labels.csv", "label\na;b\nc;d\n")
    ran = cli("analyze", "labels.csv", "-f", "json")
    assert counts(ran) == {"a;b": 1, "c;d": 1}
    assert "every row below the first holds ';'" in ran.stderr


@pytest.mark.parametrize("line", ["sep=;", '"sep=;"', "SEP=;", "\ufeffsep=;"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_line_in_which_excel_names_the_delimiter(cli, write, line, end):
    write("labels.csv", end.join([line, "id;label", "1;cat,x", "2;dog"]) + end)
    ran = cli("analyze", "labels.csv", "-f", "json")
    assert counts(ran) == {"cat,x": 1, "dog": 1}
    assert "sep=';'" in ran.stderr


# Decimal commas

EUROPEAN = "label;p_cat;p_dog\ncat;0,75;0,25\ndog;0,5;0,5\n"


def test_decimal_commas_are_read_where_they_are_said(cli, write):
    write("preds.csv", EUROPEAN)
    refused(cli("score", "preds.csv"), "row 1, column 'p_cat': '0,75'", "--decimal ,")
    ran = cli("score", "preds.csv", "--decimal", ",", "-f", "json")
    assert loss(ran) == pytest.approx(-(math.log(0.75) + math.log(0.5)) / 2, rel=1e-12)
    assert ran.json["parameters"]["decimal"] == ","
    assert wcetool.score_file("preds.csv", decimal=",").numbers.loss.value == loss(ran)


def test_commas_of_numbers_cut_no_headless_file(cli, write):
    write("preds.csv", "0,75;0,25;cat\n0,5;0,5;dog\n")
    ran = cli("analyze", "preds.csv", "--no-header", "-l", "3", "-f", "json")
    assert counts(ran) == {"cat": 1, "dog": 1}


def test_a_decimal_that_is_none(cli, write):
    write("preds.csv", EUROPEAN)
    refused(cli("score", "preds.csv", "--decimal", ";"), "--decimal", code=2)
    refused(cli("score", "preds.csv", "--decimal", ",", "--delimiter", ","), code=2)


# Where the table begins


@pytest.mark.parametrize(
    ("above", "lines"), [("My report\n", 1), ("My report\n\n", 1), ("a\nb\n\nc\n", 4)]
)
def test_a_title_is_named_with_the_lines_to_skip(cli, write, above, lines):
    write("labels.csv", above + "id,label\n1,cat\n2,dog\n")
    refused(cli("analyze", "labels.csv"), f"--skip-lines {lines}", "title")
    ran = cli("analyze", "labels.csv", "--skip-lines", lines, "-f", "json")
    assert counts(ran) == {"cat": 1, "dog": 1}


def test_a_second_table_below_is_refused_by_its_first_row(cli, write):
    write("labels.csv", "id,label\n1,cat\n2,dog\nid,label,x\n1,cat,2\n2,dog,3\n")
    refused(cli("analyze", "labels.csv"), "row 3: 3 fields", "'id,label,x'")
    ran = cli("analyze", "labels.csv", "--bad-rows", "skip", "-f", "json")
    assert counts(ran) == {"cat": 1, "dog": 1}


def test_a_title_that_a_spreadsheet_padded(cli, write):
    write("labels.csv", "My report,,\nid,label,x\n1,cat,2\n2,dog,3\n")
    refused(cli("analyze", "labels.csv", "-l", "2"), "--skip-lines 1", "--header")
    ran = cli("analyze", "labels.csv", "--skip-lines", "1", "-f", "json")
    assert counts(ran) == {"cat": 1, "dog": 1}


@pytest.mark.parametrize(
    "content",
    [
        "cat,0.1,0.9\ndog,0.3,0.7\n",
        "0.1,0.9\n0.3,0.7\n",
        "5,0,1\n5,1,0\n",
        "0.5,1\n0.25,0\n",
        ",0.1,0.9\ncat,0.3,0.7\n",
    ],
)
def test_numbers_above_numbers_are_no_header(cli, write, content):
    write("preds.csv", content)
    refused(cli("analyze", "preds.csv", "-l", "1"), "is a number", "--no-header", "--header")
    for option, rows in (("--header", 1), ("--no-header", 2)):
        ran = cli("analyze", "preds.csv", option, "-l", "1", "-f", "json")
        assert ran.code == 0, ran.stderr
        assert ran.json["rows"] == rows


@pytest.mark.parametrize(
    "content",
    [
        "label,0,1\n0,0.75,0.25\n1,0.5,0.5\n",
        "label,cat,0.5\n0,2,0.25\n1,3,0.5\n",
        ",0,1,label\n0,0.75,0.25,0\n1,0.5,0.5,1\n",
        "label,2019,2020\ncat,1,2\ndog,3,4\n",
    ],
)
def test_numbers_beside_names_are_a_header(cli, write, content):
    write("preds.csv", content)
    ran = cli("analyze", "preds.csv", "-f", "json")
    assert ran.code == 0, ran.stderr
    assert ran.json["rows"] == 2


@pytest.mark.parametrize("options", [(), ("--header",), ("-j", "2")])
def test_a_header_in_the_middle_begins_a_second_table(cli, write, options):
    write("labels.csv", "id,label\n1,cat\n2,dog\nid,label\n3,cat\n")
    refused(cli("analyze", "labels.csv", *options), "line 4 repeats the first row", "labels.csv")


def test_a_header_in_the_middle_of_predictions(cli, write):
    write("preds.csv", "label,p_cat,p_dog\ncat,0.5,0.5\nlabel,p_cat,p_dog\ndog,0.5,0.5\n")
    refused(cli("score", "preds.csv"), "row 2", "the header is repeated")


def test_the_name_of_the_header_may_be_a_class_where_it_is_said(cli, write):
    write("labels.csv", "id,label\n1,label\n2,dog\n")
    refused(cli("analyze", "labels.csv"), "recurs as a value", "--no-header")
    ran = cli("analyze", "labels.csv", "--header", "-f", "json")
    assert counts(ran) == {"dog": 1, "label": 1}


# Quotes

LONE_QUOTES = 'id\ttoken\tlabel\n1\t"\tA\n2\tb\tB\n3\t"\tC\n4\td\tB\n'


def test_lone_quotes_that_swallow_rows_are_refused(cli, write):
    write("tokens.tsv", LONE_QUOTES)
    refused(cli("analyze", "tokens.tsv"), "2 rows", "4 if", "--no-quoting", "--quote-char")
    ran = cli("analyze", "tokens.tsv", "--no-quoting", "-f", "json")
    assert counts(ran) == {"A": 1, "B": 2, "C": 1}
    ran = cli("analyze", "tokens.tsv", "--quote-char", '"', "-f", "json")
    assert counts(ran) == {"B": 1, "C": 1}


def test_lone_quotes_in_a_stream(cli):
    refused(cli("analyze", "-", "--input-format", "tsv", stdin=LONE_QUOTES.encode()), "4 if")


def test_lone_quotes_beside_bad_rows(cli, write):
    write("tokens.tsv", LONE_QUOTES + "footnote\n")
    refused(cli("analyze", "tokens.tsv", "--bad-rows", "skip"), "2 rows", "4 if")


def test_lone_quotes_that_break_rows(cli, write):
    write("tokens.tsv", 'id\tlabel\n1\t"\n2\tA\n3\t"\tB\n')
    refused(cli("analyze", "tokens.tsv"), "--no-quoting")


def test_row_names_without_a_header(cli, write):
    write("labels.csv", "id,label\nr1,1,cat\nr2,2,dog\n")
    refused(cli("analyze", "labels.csv"), "row 1: 3 fields", "row names")


def test_lone_quotes_in_ranges_of_bytes(cli, write, monkeypatch):
    monkeypatch.setattr(byte_ranges, "RANGE_BYTES", 64)
    write("tokens.tsv", LONE_QUOTES + "5\te\tA\n" * 40)
    refused(cli("analyze", "tokens.tsv", "-j", "2"), "42 rows", "44 if")


def test_fields_of_several_lines_are_read(cli, write):
    write("labels.csv", 'id,text,label\n1,"a\nb",cat\n2,"c, d\n",dog\n')
    assert counts(cli("analyze", "labels.csv", "-f", "json")) == {"cat": 1, "dog": 1}


def test_line_ends_inside_quotes_survive_the_end_of_a_block(cli, write, monkeypatch):
    """pyarrow drops the second half of a line end that two blocks share."""
    for size in range(40, 50):
        monkeypatch.setattr("wcetool.data.options._row_bytes", lambda _, size=size: size)
        write("labels.csv", "id,label\r\n" + '1,"a\r\nb"\r\n' * 20)
        assert counts(cli("analyze", "labels.csv", "-f", "json")) == {"a\r\nb": 20}


def test_single_quotes_around_a_delimiter_are_refused(cli, write):
    write("labels.csv", "id,label,text\n1,cat,'a,b'\n2,dog,'c,d'\n")
    refused(cli("analyze", "labels.csv"), "\"'a,b'\"", "--quote-char", "--no-quoting")
    ran = cli("analyze", "labels.csv", "--quote-char", "'", "-f", "json")
    assert counts(ran) == {"cat": 1, "dog": 1}


def test_single_quotes_around_all_labels_are_announced(cli, write):
    write("labels.csv", "id,label\n1,'cat'\n2,'dog'\n")
    ran = cli("analyze", "labels.csv", "-f", "json")
    assert counts(ran) == {"'cat'": 1, "'dog'": 1}
    assert "stand in ' quotes" in ran.stderr


def test_a_backslash_before_a_quote_is_announced(cli, write):
    write("labels.csv", 'id,label\n1,"a \\"b\\" c"\n2,dog\n')
    assert "--escape-char" in cli("analyze", "labels.csv").stderr
    ran = cli("analyze", "labels.csv", "--escape-char", "\\", "-f", "json")
    assert counts(ran) == {'a "b" c': 1, "dog": 1}
    assert "backslash" not in ran.stderr


# Rows that do not fit


def test_a_delimiter_at_the_end_of_rows(cli, write):
    write("labels.csv", "id,label\n1,cat,\n2,dog,\n")
    refused(cli("analyze", "labels.csv"), "row 1: 3 fields", "ends in a delimiter")


BAD = "id,label\n1,cat\n2,dog,x\n\n3,cat\nfootnote\n4,dog\n"


def test_bad_rows_are_refused_by_number_and_text(cli, write):
    write("labels.csv", BAD)
    refused(cli("analyze", "labels.csv"), "row 2: 3 fields", "'2,dog,x'", "--bad-rows skip")


@pytest.mark.parametrize("jobs", [1, 2])
def test_bad_rows_are_skipped_and_counted(cli, write, jobs):
    write("labels.csv", BAD)
    ran = cli("analyze", "labels.csv", "--bad-rows", "skip", "-j", jobs, "-f", "json")
    assert counts(ran) == {"cat": 2, "dog": 1}
    assert ran.json["inputs"] == [
        {"path": "labels.csv", "rows": 3, "blank_lines": 1, "bad_rows": 2}
    ]
    assert ran.json["rows"] == 3
    assert "bad-rows:skip" in ran.json["signature"]
    (warning,) = ran.json["warnings"]
    assert "2 rows" in warning
    assert "row 2 has 3 fields: '2,dog,x'" in warning
    assert warning in ran.stderr


def test_bad_rows_in_ranges_of_bytes(cli, write, monkeypatch):
    monkeypatch.setattr(byte_ranges, "RANGE_BYTES", 64)
    write("labels.csv", BAD + "5,cat\n" * 100 + "6,dog,\n" + "7,cat\n" * 100)
    results = [
        cli("analyze", "labels.csv", "--bad-rows", "skip", "-j", jobs, "-f", "json").stdout
        for jobs in (1, 2)
    ]
    assert results[0] == results[1]
    assert '"bad_rows": 3' in results[0]
    assert '"count": 202' in results[0]


def test_bad_rows_of_streams_archives_and_several_inputs(cli, write):
    write("a.csv.gz", gzip.compress(BAD.encode()))
    write("b.csv", "id,label\n1,cat\n")
    ran = cli("analyze", "a.csv.gz", "b.csv", "--bad-rows", "skip", "-f", "json")
    assert counts(ran) == {"cat": 3, "dog": 1}
    assert [one.get("bad_rows") for one in ran.json["inputs"]] == [2, None]
    ran = cli("analyze", "-", "--bad-rows", "skip", "-f", "json", stdin=BAD.encode())
    assert counts(ran) == {"cat": 2, "dog": 1}
    assert ran.json["inputs"][0]["bad_rows"] == 2


def test_the_text_of_bad_rows_is_hostile(cli, write):
    write("labels.csv", "id,label\n1,cat\n\x1b[31m[bold]x\n2,dog\n")
    ran = cli("analyze", "labels.csv", "--bad-rows", "skip")
    assert ran.code == 0
    assert "\x1b" not in ran.stderr
    assert "\\x1b[31m[bold]x" in ran.stderr


@pytest.mark.parametrize("content", ['1,"cat\n2,dog\n3,cat\n', '1,cat\n"x\ny"\n2,dog\n'])
def test_a_quote_takes_no_rows_with_it(cli, write, content):
    write("labels.csv", "id,label\n" + content)
    refused(cli("analyze", "labels.csv", "--bad-rows", "skip"), "quote")


def test_bad_rows_where_no_row_is_left(cli, write):
    write("labels.csv", "id,label\n1\n2\n")
    refused(cli("analyze", "labels.csv", "--bad-rows", "skip"))


PREDS = "id,label,p_cat,p_dog\n1,cat,0.75,0.25\nx\n2,dog,0.5,0.5\n"


def test_bad_rows_of_predictions(cli, write):
    write("preds.csv", PREDS)
    refused(cli("score", "preds.csv"), "row 2: 1 field", "'x'")
    ran = cli("score", "preds.csv", "--bad-rows", "skip", "-f", "json")
    assert loss(ran) == pytest.approx(-(math.log(0.75) + math.log(0.5)) / 2, rel=1e-12)
    assert ran.json["inputs"][0]["bad_rows"] == 1
    assert "1 row with the wrong number of fields left out" in ran.stderr


def test_rows_that_go_by_their_order_are_never_skipped(cli, write):
    write("preds.csv", PREDS)
    write("labels.csv", "id,label\n1,cat\n2,dog\n")
    skip = ("--bad-rows", "skip")
    refused(cli("score", "preds.csv", "--labels", "labels.csv", *skip), "row order", code=2)
    refused(cli("score", "preds.csv", "--per-sample", "o.parquet", *skip), "--bad-rows", code=2)
    refused(cli("weights", "labels.csv", "--sample-weights", "o.csv", *skip), code=2)
    with pytest.raises(UsageError, match="shift"):
        wcetool.sample_weights(Path("labels.csv"), {"cat": 1.0, "dog": 1.0}, bad_rows="skip")
    ran = cli(
        *("score", "preds.csv", "--labels", "labels.csv", "--id-column", "id", *skip),
        *("--scores", "p_*", "-f", "json"),
    )
    assert ran.json["scored"] == 2


def test_bad_rows_of_the_configuration_go_with_text_alone(cli, write, tmp_path):
    write("wcetool.toml", 'bad-rows = "skip"\n')
    write("labels.csv", BAD)
    ran = cli("analyze", "labels.csv", "-f", "json")
    assert ran.json["inputs"][0]["bad_rows"] == 2
    refused(cli("weights", "labels.csv", "--sample-weights", "o.csv"), "--bad-rows", code=2)
    pq.write_table(pa.table({"label": ["cat", "dog"]}), tmp_path / "labels.parquet")
    ran = cli("weights", "labels.parquet", "--sample-weights", "o.csv", "-f", "json")
    assert ran.code == 0, ran.stderr
    refused(cli("analyze", "labels.parquet", "--bad-rows", "skip"), "no effect", code=2)


def test_bad_rows_takes_two_words(cli, write):
    write("labels.csv", BAD)
    refused(cli("analyze", "labels.csv", "--bad-rows", "warn"), "error, skip", code=2)
    assert cli("analyze", "labels.csv", "--bad-rows", "error").code == 3


# Predictions as people have them

SCORED = -(math.log(0.75) + math.log(0.5)) / 2


@pytest.mark.parametrize(
    ("content", "options"),
    [
        (",label,p_cat,p_dog\n0,cat,0.75,0.25\n1,dog,0.5,0.5\n", ()),
        ("Unnamed: 0,label,p_cat,p_dog\n0,cat,0.75,0.25\n1,dog,0.5,0.5\n", ()),
        ("Unnamed: 0,p_cat,p_dog,label\n0,0.75,0.25,cat\n1,0.5,0.5,dog\n", ()),
        ("label;p_cat;p_dog\ncat;0.75;0.25\ndog;0.5;0.5\n", ()),
        ("\ufefflabel,p_cat,p_dog\r\ncat,0.75,0.25\r\ndog,0.5,0.5\r\n", ()),
        ("\ufeff\r\n\r\nlabel,p_cat,p_dog\r\ncat,0.75,0.25\r\ndog,0.5,0.5\r\n\r\n", ()),
        ("# model 3\n\nlabel,p_cat,p_dog\ncat,0.75,0.25\ndog,0.5,0.5\n", ("--skip-lines", "1")),
        ("# model 3\nlabel\tp_cat\tp_dog\ncat\t0.75\t0.25\ndog\t0.5\t0.5\n", ("--comment", "#")),
        ("sep=;\nlabel;p_cat;p_dog\ncat;0,75;0,25\ndog;0,5;0,5\n", ("--decimal", ",")),
        ('"label","p_cat","p_dog"\n"cat","0.75","0.25"\n"dog","0.5","0.5"\n', ()),
    ],
)
def test_predictions_as_they_come(cli, write, content, options):
    write("preds.csv", content)
    ran = cli("score", "preds.csv", *options, "-f", "json")
    assert loss(ran) == pytest.approx(SCORED, rel=1e-12)
    assert ran.json["rows"] == 2


@pytest.mark.parametrize(
    "first",
    (
        "{ [1] @relation -DOCSTART- ORC ORCID PAR1 ARROW1 FEA1 C# PK BZh9 % $FL null "
        'D# "images" \N{BYTE ORDER MARK}{'
    ).split(),
)
def test_a_table_is_no_other_format_for_its_first_cell(cli, write, first):
    write("d.csv", f"{first},label\n1,a\n2,b\n3,a\n")
    ran = cli("analyze", "d.csv", "-f", "json")
    assert ran.code == 0, ran.stderr
    assert {label: row["count"] for label, row in ran.rows.items()} == {"a": 2, "b": 1}


@pytest.mark.parametrize(
    ("content", "taken"),
    [
        ("@relation\na\nb\na\n", "ARFF"),
        ("[1]\n[2]\n[1]\n", "JSON Lines"),
        ("$FL2,label\n1,a\n", "SPSS"),
        ('{"label": "a"}\n{"label": {}}\n', "JSON Lines"),
    ],
)
def test_what_cannot_be_read_as_its_content_says_may_be_what_its_suffix_says(
    cli, write, content, taken
):
    write("d.csv", content)
    ran = cli("analyze", "d.csv", "-l", "1")
    assert (ran.code, ran.stdout) == (3, "")
    assert f"  it is read as {taken}" in ran.stderr
    assert "by its content; its suffix says CSV\n" in ran.stderr
    assert "hint: --input-format csv" in ran.stderr


def test_columns_whose_values_recur_are_proposed_as_the_label(cli, write):
    rows = "".join(f"{i},{'ab'[i % 2]},{'xyz'[i % 3]}\n" for i in range(12))
    write("rows.csv", "id,workclass,risk class\n" + rows)
    refused(
        cli("analyze", "rows.csv"),
        "whose values recur: 'risk class' (3 values), 'workclass' (2 values)",
        "--label-column 'risk class'",
    )
    write("rows.jsonl", "".join(f'{{"id": {i}, "kind": "{"ab"[i % 2]}"}}\n' for i in range(12)))
    refused(cli("analyze", "rows.jsonl"), "'kind' (2 values)", "--label-column kind")
    write("rows.tsv", "27\tsome text\te1\n" + "".join(f"{i % 3}\tt{i}\te{i}\n" for i in range(9)))
    refused(cli("analyze", "rows.tsv"), "--no-header and --label-column NUMBER")
