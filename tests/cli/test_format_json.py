"""JSON documents with a table in them: lists of records, and objects of columns."""

import gzip
import io
import json
import random
import zipfile

import pandas as pd
import pytest
from conftest import HOSTILE_LABELS
from test_bad_input import refused
from test_format_json_lines import analyze, counts, lines  # noqa: F401

RECORDS = [
    {"id": 1, "label": "x", "meta": {"label": "p"}},
    {"meta": {"label": "q"}, "label": "y"},
    {"label": "x", "id": None, "meta": None},
]


@pytest.mark.parametrize("indent", [None, 0, 2])
def test_a_list_of_records(analyze, write, indent):  # noqa: F811
    write("a.json", json.dumps(RECORDS, indent=indent))
    assert counts(analyze("a.json")) == {"x": 2, "y": 1}
    ran = analyze("a.json", "-l", "meta.label")
    assert counts(ran) == {"p": 1, "q": 1}
    assert ran.json["missing"] == 1


def test_the_same_records_give_the_same_labels_as_json_lines(analyze, write):  # noqa: F811
    labels = [*HOSTILE_LABELS, 1, "1", 1.0, 1.5, True, False, None, 10**30, float("nan"), -0.0]
    random.Random(0).shuffle(labels)
    records = [{"label": label, "more": [{"label": "no"}]} for label in labels * 3]
    write("a.json", json.dumps(records, indent=1))
    write("a.jsonl", lines(*records))
    found, expected = analyze("a.json"), analyze("a.jsonl")
    assert counts(found) == counts(expected)
    assert found.json["missing"] == expected.json["missing"] == 6


def test_a_list_of_labels_is_one_column(analyze, write):  # noqa: F811
    write("a.json", '["x", "y", 1, 1.0, true, null, "x"]')
    ran = analyze("a.json")
    assert counts(ran) == {"x": 2, "y": 1, "1": 1, "1.0": 1, "True": 1}
    assert ran.json["missing"] == 1


@pytest.mark.parametrize("orient", ["records", "columns", "split", "table"])
def test_what_pandas_writes(analyze, write, orient):  # noqa: F811
    frame = pd.DataFrame({"label": ["x", "y", "x", None], "score": [1, 2.5, 3, 4]})
    write("a.json", frame.to_json(orient=orient))
    ran = analyze("a.json")
    assert counts(ran) == {"x": 2, "y": 1}
    assert ran.json["missing"] == 1


def test_an_object_of_lists(analyze, write):  # noqa: F811
    write("a.json", '{"label": ["x", "y", "x"], "id": [1, 2, 3]}')
    ran = analyze("a.json")
    assert counts(ran) == {"x": 2, "y": 1}
    assert "an object of lists, a column each" in ran.stderr
    write("b.json", '{"label": ["x", "y", "x"], "id": [1, 2]}')
    error = refused(analyze("b.json"), 3, "lists that are not equally long")
    assert "'label': 3 values" in error


def test_compressed_streamed_and_without_a_suffix(analyze, write):  # noqa: F811
    content = json.dumps(RECORDS * 20_000, indent=1).encode()
    expected = {"x": 40_000, "y": 20_000}
    write("a.json", content)
    write("records", gzip.compress(content, 1))
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("a.json", content)
    write("a.zip", archive.getvalue())
    for args in ("a.json",), ("a.json", "-j", 2), ("records",), ("a.zip",):
        assert counts(analyze(*args)) == expected
    assert counts(analyze("-", stdin=content)) == expected


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "is empty"),
        ("[]", "has no rows"),
        ("[{}]", "has no fields"),
        ('{"a": 1}', "holds an object with 1 key: 'a', where a list of records is expected"),
        ('{"data": {"rows": [{"label": "a"}]}}', "holds an object with 1 key: 'data'"),
        ('[{"label": "a"}, "b"]', "row 2: is a text, where other rows have an object"),
        ('[{"label": "a"}, null]', "row 2: is null, where other rows have an object"),
        ('["a", {"label": "a"}]', "row 1: is a text, where other rows have an object"),
        ('["a", "b", ["c"]]', "no column is known to hold the label"),
        ('[{"label": "a"}, {"label": "b"', "row 2: ends inside of a value: is the file cut off?"),
        ('[{"label": "a"}, {"label": "b"}', "row 2: ends where , or ] is expected"),
        ('[{"label": "a"}, {"label": "b', "row 2: ends inside of a value"),
        ('[{"label": "a"}, ', "row 2: ends inside of a value"),
        ('[{"label": "a"} {"label": "b"}]', "row 1: is not JSON: , or ] is expected"),
        ('[{"label": "a"},]', "row 2: is not JSON"),
        ('[{"label": "a"}] []', "goes on after the end"),
        ('[{"label": "a", "label": "b"}]', "row 1: key 'label' is there more than once"),
        ('{"label": ["a"], "label": ["b"]}', "key 'label' is there more than once"),
        ('[{"label": "\\ud800"}]', "row 1, column 'label'"),
        ('[{"label": "\x1b[31m"}]', "is not JSON"),
        ("[" * 200_000, "is nested too deeply"),
    ],
)
def test_what_is_no_table_is_refused(cli, write, content, problem):
    write("a.json", content)
    error = refused(cli("analyze", "a.json"), 3, problem)
    assert len(error) < 500


def test_a_file_cut_off_anywhere_is_refused(cli, write):
    content = json.dumps(RECORDS)
    for end in range(1, len(content)):
        write("a.json", content[:end])
        assert cli("analyze", "a.json", "-l", "label").code == 3, content[:end]


def test_a_wrong_value_far_below_is_refused_with_its_row(cli, write):
    rows = [{"label": "a", "text": "x" * 500}] * 9000 + [{"label": ["b"]}]
    write("a.json", json.dumps(rows))
    refused(cli("analyze", "a.json"), 3, "a.json: row 9,001, column 'label': a list is no label")


def test_an_object_a_line_is_no_json_document(cli, write):
    write("a.json", '{\n"label": "a"\n}\n{\n"label": "b"\n}\n')
    refused(cli("analyze", "a.json"), 3, "goes on after the end", "--input-format jsonl")


def test_a_value_without_end_is_refused(cli, write, monkeypatch):
    monkeypatch.setattr("wcetool.data.formats.json_text.VALUE_CHARACTERS", 1 << 20)
    monkeypatch.setattr("wcetool.data.formats.json_text.JsonText.value.__defaults__", (1 << 20,))
    write("a.json", '[{"label": "' + "x" * (9 << 20) + '"}]')
    refused(cli("analyze", "a.json"), 3, "holds a value of more than 1 million characters")


def test_a_real_file(analyze, shared_data):  # noqa: F811
    truth = json.loads((shared_data / "ground_truth.json").read_text())
    for column, reading in truth["labels"]["cifar10_mturk.json"].items():
        assert (
            counts(analyze(shared_data / "cifar10_mturk.json", "-l", column)) == reading["counts"]
        )
