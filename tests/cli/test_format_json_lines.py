"""JSON Lines through the command line: exact counts, or a refusal that names the row."""

import gzip
import json
from collections import Counter

import pytest
from conftest import HOSTILE_LABELS
from test_bad_input import refused

from wcetool.data.formats import byte_ranges


def lines(*records):
    return "".join(json.dumps(one) + "\n" for one in records)


def counts(ran):
    assert ran.code == 0, ran.stderr
    return {label: row["count"] for label, row in ran.rows.items()}


@pytest.fixture
def analyze(cli):
    def call(*args, **more):
        return cli("analyze", *args, "-f", "json", **more)

    return call


def test_the_label_column_is_found_by_its_name(analyze, write):
    write("a.jsonl", lines({"id": 1, "label": "x"}, {"label": "y", "id": 2}, {"label": "x"}))
    ran = analyze("a.jsonl")
    assert counts(ran) == {"x": 2, "y": 1}
    assert "label column 'label' (by its name)" in ran.stderr


def test_fields_of_nested_objects_are_columns_with_a_dotted_name(analyze, write):
    rows = [{"meta": {"label": "x", "by": {"who": "a"}}}, {"meta": {"label": "y"}}, {"meta": None}]
    write("a.jsonl", lines(*rows, {}))
    ran = analyze("a.jsonl", "-l", "meta.label")
    assert counts(ran) == {"x": 1, "y": 1}
    assert ran.json["missing"] == 2
    assert counts(analyze("a.jsonl", "-l", "meta.by.who")) == {"a": 1}
    error = refused(analyze("a.jsonl", "-l", "meta.lable"), 3, "hint: --label-column meta.label")
    assert "columns: meta.label, meta.by.who" in error


def test_two_ways_to_one_dotted_name_are_told_apart_by_number(analyze, write):
    write("a.jsonl", lines({"a.b": "x", "a": {"b": "y"}}, {"a.b": "x", "a": {"b": "z"}}))
    refused(analyze("a.jsonl", "-l", "a.b"), 3, "2 columns are called 'a.b'", "1, 2")
    assert counts(analyze("a.jsonl", "-l", "1")) == {"x": 2}
    assert counts(analyze("a.jsonl", "-l", "2")) == {"y": 1, "z": 1}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ('"1" 1 "1"', {"1": 3}),
        ("1 1.0 1.50 1e2 -0", {"1": 1, "1.0": 1, "1.5": 1, "100.0": 1, "0": 1}),
        ("true false true", {"True": 2, "False": 1}),
        ('true "True" 1', {"True": 2, "1": 1}),
        ('"001" 1', {"001": 1, "1": 1}),
        ('null "" NaN "a"', {"a": 1}),
        ("9223372036854775808 1", {"9223372036854775808": 1, "1": 1}),
        ('"2020-01-01" "12:00"', {"2020-01-01": 1, "12:00": 1}),
        ('"\\u00e9" "é" "\\ud83d\\ude00"', {"é": 2, "😀": 1}),
        ("Infinity 1.0", {"inf": 1, "1.0": 1}),
    ],
)
def test_labels_are_the_text_of_values(analyze, write, values, expected):
    write("a.jsonl", "".join(f'{{"label": {value}}}\n' for value in values.split()))
    assert counts(analyze("a.jsonl")) == expected


def test_a_column_that_changes_its_type_far_below_is_still_exact(analyze, write):
    rows = [{"label": "1"}] * 3000 + [{"label": 1}] * 5 + [{"label": 1.0}, {"label": True}]
    write("a.jsonl", lines(*rows))
    assert counts(analyze("a.jsonl")) == {"1": 3005, "1.0": 1, "True": 1}


def test_hostile_labels_stay_as_they_are(analyze, write):
    write("a.jsonl", lines(*({"label": label} for label in HOSTILE_LABELS)))
    assert counts(analyze("a.jsonl")) == dict.fromkeys(HOSTILE_LABELS, 1)


def test_blank_lines_are_no_rows_and_are_counted(analyze, write):
    write("a.jsonl", '\ufeff\n{"label": "x"}\r\n\n  \n\t{"label": "y"} \n\n')
    ran = analyze("a.jsonl")
    assert counts(ran) == {"x": 1, "y": 1}
    assert ran.json["inputs"][0]["blank_lines"] == 4


def test_compressed_streamed_and_pooled(analyze, write):
    content = lines({"label": "x"}, {"label": "y"}, {"label": "x"})
    write("a.jsonl", content)
    write("b.gz", gzip.compress(content.encode()))
    write("c.ndjson", lines({"id": 7, "label": "z"}))
    assert counts(analyze("a.jsonl", "b.gz", "c.ndjson")) == {"x": 4, "y": 2, "z": 1}
    ran = analyze("-", stdin=content.encode())
    assert counts(ran) == {"x": 2, "y": 1}
    assert "standard input read as jsonl" in ran.stderr
    utf16 = write("d.jsonl", content.encode("utf-16"))
    refused(analyze(utf16), 3, "--encoding utf-16")
    assert counts(analyze(utf16, "--encoding", "utf-16")) == {"x": 2, "y": 1}


def test_pools_with_csv(analyze, write):
    write("a.jsonl", lines({"label": 1}, {"label": 1.0}, {"label": True}))
    write("b.csv", "id,label\n1,1\n2,1.0\n3,True\n")
    assert counts(analyze("a.jsonl", "b.csv")) == {"1": 2, "1.0": 2, "True": 2}


@pytest.mark.parametrize(
    "options",
    [
        ("-l", "label", "--group-column", "meta.group"),
        ("-l", "label", "--split-column", "meta.split"),
        ("-l", "label", "--sample-weight-column", "meta.weight"),
        ("-l", "y_*"),
        ("-l", "tags", "--label-separator", "|"),
        ("-l", "id", "--classes", "0,1,2,3,4,5,6"),
    ],
)
def test_every_way_of_counting_gives_what_the_same_table_gives_as_csv(cli, write, options):
    names = ("label", "tags", "id", "y_a", "y_b", "meta.group", "meta.split", "meta.weight")
    rows = [
        (
            *("abc"[i * i % 3], "a|b" if i % 2 else "b", i % 7, i % 2, i % 3 == 0),
            *(i // 4, ("train", "test")[i % 5 == 0], (1, 2.5)[i % 3 == 1]),
        )
        for i in range(300)
    ]
    write("a.csv", "\n".join(",".join(map(str, row)) for row in (names, *rows)) + "\n")
    made = [dict(zip(names, row, strict=True)) for row in rows]
    for one in made:
        one["meta"] = {name: one.pop(f"meta.{name}") for name in ("weight", "group", "split")}
    write("a.jsonl", lines(*made))
    write("a.json", json.dumps(made))
    expected, *others = (
        cli("analyze", name, *options, "-f", "csv") for name in ("a.csv", "a.jsonl", "a.json")
    )
    assert expected.code == 0, expected.stderr
    assert [other.stdout for other in others] == [expected.stdout] * 2


def test_the_content_says_what_it_is_before_the_suffix(analyze, write):
    write("a.csv", lines({"label": "x"}, {"label": "y"}))
    ran = analyze("a.csv")
    assert counts(ran) == {"x": 1, "y": 1}
    assert "read as JSON Lines, by its content" in ran.stderr
    write("one.jsonl", lines({"label": "x"}))
    assert counts(analyze("one.jsonl")) == {"x": 1}


def test_a_first_line_longer_than_what_is_looked_at(analyze, write):
    write("a.jsonl", lines({"text": "x" * (2 << 20), "label": "a"}, {"label": "b"}))
    assert counts(analyze("a.jsonl")) == {"a": 1, "b": 1}


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        ('{"label": "b"', "is the file cut off?"),
        ("[1, 2]", "is a list, where each line is to hold an object"),
        ("null", "is null, where each line is to hold an object"),
        ('"x"', "is a text, where each line is to hold an object"),
        ('{"label": "b"} {"label": "c"}', "holds more than one object"),
        ('{"label": "b"}{"label": "c"}', "holds more than one object"),
        ('{"label": "b"},', "holds more than one object"),
        ("{'label': 'b'}", "is not JSON"),
        ('{"label": "b",}', "is not JSON"),
        ('{"label": "a", "label": "b"}', "key 'label' is there more than once"),
        ('{"label": ["b"]}', "a list is no label"),
        ('{"label": {"b": 1}}', "an object is no label"),
        ('{"label": "\\ud800"}', "half a surrogate pair"),
        ('{"label": 1e400}', "too large for a double"),
        ('{"label": 1' + "0" * 5000 + "}", "row 1,501"),
        ('{"label": ' + "[" * 100_000 + "]" * 100_000 + "}", "nested too deeply"),
        ('{"label": "a\tb"}', "is not JSON"),
    ],
)
@pytest.mark.parametrize("last", [False, True])
def test_a_bad_line_is_refused_with_its_row(cli, write, bad, problem, last):
    above, below = '{"label": "a"}\n' * 1500, "" if last else '\n{"label": "a"}\n' * 10
    write("a.jsonl", above + bad + below)
    error = refused(cli("analyze", "a.jsonl"), 3, "a.jsonl: row 1,501", problem)
    assert len(error) < 500


def test_bytes_that_are_not_utf8_are_refused_where_they_are_read(analyze, write):
    good = b'{"label": "a", "text": "x"}\n' * 2000
    write("a.jsonl", good + b'{"label": "\xff", "text": "x"}\n')
    refused(analyze("a.jsonl"), 3, "row 2,001", "bytes that are not UTF-8")
    write("b.jsonl", good + b'{"label": "b", "text": "\xff"}\n')
    assert counts(analyze("b.jsonl")) == {"a": 2000, "b": 1}


@pytest.mark.parametrize("key", [b"\xff", b"\\ud800"])
def test_a_key_that_is_no_text_is_refused(cli, write, key):
    line = b'{"label": "a", "%s": 1}\n' % key
    write("a.jsonl", line * 2)
    write("a.json", b"[" + line + b"]")
    for name in "a.jsonl", "a.json":
        refused(cli("analyze", name), 3, f"{name}: the key '\\ud", "half a surrogate pair")


def test_equal_twins_are_one_key(analyze, write):
    write("a.jsonl", '{"label": "a", "label": "a"}\n{"label": "b", "x": 1, "x": 2}\n')
    assert counts(analyze("a.jsonl")) == {"a": 1, "b": 1}


def test_an_object_over_two_lines_beside_two_objects_on_one(analyze, write):
    # As many objects as lines, which pyarrow alone would not mind.
    write("a.jsonl", '{"label": "a"}\n{"label": "b"}{"label": "c"}\n{"label":\n"d"}\n')
    refused(analyze("a.jsonl"), 3, "row 2", "holds more than one object")


@pytest.mark.parametrize("content", ["", "\n \n", "\ufeff"])
def test_an_empty_file(cli, write, content):
    write("a.jsonl", content)
    refused(cli("analyze", "a.jsonl"), 3, "is empty")


def test_objects_without_fields(cli, write):
    write("a.jsonl", "{}\n{}\n")
    refused(cli("analyze", "a.jsonl"), 3, "has no fields")


def test_a_line_without_end_is_refused_in_bounded_memory(cli, write, monkeypatch):
    monkeypatch.setattr("wcetool.data.formats.json_lines.LINE_BYTES", 1 << 20)
    write("a.jsonl", lines({"label": "a"}) + '{"label": "' + "x" * (9 << 20) + '"}\n')
    refused(cli("analyze", "a.jsonl"), 3, "a line is longer than 1 MB")


def test_an_option_of_tables_is_refused(cli, write):
    write("a.jsonl", lines({"label": "x"}, {"label": "y"}))
    ran = cli("analyze", "a.jsonl", "--delimiter", ";")
    refused(ran, 2, "--delimiter: has no effect: it says nothing of JSON Lines")


@pytest.fixture
def small_ranges(monkeypatch):
    """Cut files into ranges of a few hundred bytes."""
    monkeypatch.setattr(byte_ranges, "RANGE_BYTES", 512)
    monkeypatch.setattr(byte_ranges, "_NEAR_BYTES", 64)


@pytest.mark.parametrize("jobs", [1, 2])
def test_ranges_and_threads_change_nothing(analyze, write, small_ranges, jobs):
    labels = [*HOSTILE_LABELS, 1, "1", 1.0, True, None, "two\nlines"] * 20
    text = "".join(
        json.dumps({"id": i, "label": label}, ensure_ascii=i % 2 == 0) + "\n" * (1 + i % 3)
        for i, label in enumerate(labels)
    )
    write("a.jsonl", "\ufeff" + text)
    ran = analyze("a.jsonl", "-j", jobs)
    expected = Counter(str(label) for label in labels if label is not None)
    assert counts(ran) == expected
    assert ran.json["missing"] == 20
    assert ran.json["inputs"][0]["blank_lines"] == text.count("\n") - len(labels)


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_bad_line_in_a_range_is_named_by_its_row_in_the_file(cli, write, small_ranges, jobs):
    good = lines({"label": "a"}) * 500
    write("a.jsonl", good + '{"label": "b"} x\n' + good)
    refused(cli("analyze", "a.jsonl", "-j", jobs), 3, "a.jsonl: row 501", "more than one object")


def test_weights_of_rows_come_in_order(cli, write, small_ranges, tmp_path):
    write("a.jsonl", lines(*({"label": "ab"[i % 3 == 0]} for i in range(300))))
    ran = cli("weights", "a.jsonl", "--sample-weights", "w.csv")
    assert ran.code == 0, ran.stderr
    weights = (tmp_path / "w.csv").read_text().split()[1:]
    assert len(weights) == 300
    assert weights[:3] == weights[3:6] == weights[297:]
    assert weights[0] != weights[1] == weights[2]


def test_a_real_file(analyze, shared_data):
    truth = json.loads((shared_data / "ground_truth.json").read_text())
    found = counts(analyze(shared_data / "huffpost_test.jsonl"))
    (reading,) = truth["labels"]["huffpost_test.jsonl"].values()
    assert found == reading["counts"]
