"""Strict JSON, CSV that reads back, signatures that parse."""

import csv
import io
import json
import math

import pytest
from conftest import HOSTILE_LABELS

from wcetool.results.document import parse_signature, signature, to_csv, to_frame, to_json


def test_json_is_strict():
    text = to_json(
        {"a": math.inf, "b": -math.inf, "c": math.nan, "d": [1.5, None], "e": {"f": math.inf}}
    )
    assert json.loads(text) == {
        "a": "inf",
        "b": "-inf",
        "c": None,
        "d": [1.5, None],
        "e": {"f": "inf"},
    }


def test_json_has_a_class_a_line():
    text = to_json({"classes": [{"label": "a"}, {"label": "b"}]})
    assert text.splitlines()[2:4] == ['    {"label": "a"},', '    {"label": "b"}']


@pytest.mark.parametrize("label", HOSTILE_LABELS, ids=ascii)
def test_hostile_text_survives_json_and_csv(label):
    text = to_json({"classes": [{"label": label}]})
    assert json.loads(text)["classes"][0]["label"] == label
    assert all(line.isprintable() for line in text.splitlines())
    rows = list(csv.DictReader(io.StringIO(to_csv([{"label": label, "x": 1.0}]), newline="")))
    assert rows == [{"label": label, "x": "1.0"}]


def test_numbers_round_trip():
    value = 0.1 + 0.2
    assert json.loads(to_json({"x": value}))["x"] == value
    assert float(to_csv([{"x": value}]).split()[1]) == value


def test_csv_writes_undefined_as_empty_and_infinite_as_inf():
    assert to_csv([{"a": None, "b": math.nan, "c": math.inf}]) == "a,b,c\n,,inf\n"


@pytest.mark.parametrize("value", ["a|b", "100%", "a:b", "\x1b[31m", "\u202e", "é", "a\nb"])
def test_a_signature_parses_back(value):
    text = signature("wce", {"label": value, "x": 1})
    assert text.isprintable()
    assert parse_signature(text)["label"] == value


def test_a_frame_has_numbers_where_there_are_any():
    frame = to_frame([{"label": "a", "x": None}, {"label": "b", "x": 2.0}])
    assert frame.x.dtype == float
    assert list(frame.label) == ["a", "b"]
