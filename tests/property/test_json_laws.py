"""JSON Lines read at once and line by line, and a JSON list: the same labels for the same bytes."""

import json
from collections import Counter
from unittest import mock

import numpy as np
import pyarrow as pa
import pytest
from conftest import HOSTILE_LABELS
from hypothesis import example, given, settings
from hypothesis import strategies as st

import wcetool
from wcetool.data.formats import byte_ranges, json_lines
from wcetool.data.formats.json_template import Template
from wcetool.data.formats.json_text import JsonText
from wcetool.errors import InputError, WceError

# As they may be written: what a parser could change, mix up or pass over.
TOKENS = (
    *('"a"', '"b"', '""', '"1"', '"001"', '"\\u0061"', '"\\ud83d\\ude00"', '"\\ud800"', '"é"'),
    *("1", "-1", "0", "-0", "01", "1.0", "1.50", "1e2", "1E400", "-", "1.", "9223372036854775808"),
    *("true", "false", "null", "NaN", "Infinity", "-Infinity", "nul", "", "{}", "[]", "[1]"),
    *('{"label": "c"}', '"a" "b"', '"a\tb"', '"a', "a", '"\\x"', '"}\\n{"', '"\\u0000"'),
)
keys = st.sampled_from(['"label"', '"other"', '"\\u006cabel"', '"meta"', '"label "'])
tokens = st.one_of(
    st.sampled_from(TOKENS),
    st.sampled_from(HOSTILE_LABELS).map(json.dumps),
    st.text(max_size=5).map(json.dumps),
    st.integers().map(str),
    st.floats().map(json.dumps),
)
members = st.tuples(keys, tokens).map(": ".join)
objects = st.lists(members, max_size=3).map(lambda parts: "{" + ", ".join(parts) + "}")
plain = tokens.map(lambda token: f'{{"label": {token}}}')
lines = st.one_of(
    plain,
    plain,
    objects,
    st.sampled_from(
        ["", " ", "null", "[1]", "{}", '{"label": "a"} ', '{"label": "a"}{"label": "b"}']
    ),
    st.sampled_from(['{"label":', '"a"}', '{"meta": {"label": "x"}}', "\ufeff", "//", ","]),
)
texts = st.tuples(
    st.lists(lines, min_size=1, max_size=12),
    st.sampled_from(["\n", "\r\n", "\n\n"]),
    st.booleans(),
).map(lambda parts: (parts[1].join(parts[0]) + parts[1] * parts[2]).encode())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("json")


def read(path, **more):
    """Return what is counted, or None where the file is refused."""
    try:
        found = wcetool.analyze(str(path), label_column="label", **more)
    except WceError:
        return None
    (rows,) = found.inputs
    count = found.counts.count.tolist()
    return dict(zip(found.counts.classes, count, strict=True)), found.missing, rows.blank_lines


def line_by_line(path):
    with mock.patch.object(json_lines, "_schema", return_value=None):
        return read(path, input_format="jsonl")


@given(content=texts)
@example(b'{"label": "a"}\n{"label": "b"}{"label": "c"}\n{"label":\n"d"}\n')
@example(b'{"label": "a"}\nnull\n{"label": "b"}\n')
@example(b'{"label": "a", "label": "b"}\n')
@settings(max_examples=600)
def test_all_at_once_and_line_by_line_give_the_same(folder, content):
    path = folder / "a.jsonl"
    path.write_bytes(content)
    assert read(path, input_format="jsonl") == line_by_line(path)


@given(content=st.binary(max_size=60), place=st.integers(0, 200))
def test_bytes_that_are_damaged_anywhere_give_the_same(folder, content, place):
    whole = b'{"label": "a", "x": [1, {"y": null}]}\n{"x": "\\"}{", "label": "b"}\n' * 3
    path = folder / "b.jsonl"
    path.write_bytes(whole[:place] + content + whole[place + len(content) :])
    assert read(path, input_format="jsonl") == line_by_line(path)


PARTS = (
    *(
        '"',
        '""',
        ",",
        ":",
        "{",
        "}",
        "}{",
        "0",
        "1",
        ".",
        "-",
        "e5",
        "\\",
        "\t",
        " ",
        "a",
        "é",
        "\n",
    ),
    *("null", '"label"', ', "label": "z"', '": "', '", "', "12.5", "00", "1.", "\x00", "\xa0", ""),
)
parts = st.sampled_from(PARTS)
plain_texts = st.text(st.characters(min_codepoint=32, exclude_characters='"\\'), max_size=4)


@st.composite
def alike(draw):
    """Lines of one writer, and perhaps a change at some places."""
    names = draw(st.permutations(["id", "label", "x1", "part"]))[: draw(st.integers(1, 4))]
    names = names if "label" in names else [*names, "label"]
    numeric = {name: draw(st.booleans()) for name in names}
    space = draw(st.sampled_from(["", " "]))
    decimals = st.decimals(0, 10**6, places=2).map(str)
    numbers = st.one_of(st.integers(0, 10**6).map(str), decimals)
    rows = [
        f"{{{f',{space}'.join(f'{json.dumps(name)}:{space}{value}' for name, value in row)}}}"
        for row in draw(
            st.lists(
                st.tuples(
                    *(
                        st.tuples(
                            st.just(name),
                            numbers if numeric[name] else plain_texts.map('"{}"'.format),
                        )
                        for name in names
                    )
                ),
                min_size=1,
                max_size=5,
            )
        )
    ]
    content = "\n".join(rows) + draw(st.sampled_from(["", "\n"]))
    for _ in range(draw(st.integers(0, 2))):
        place = draw(st.integers(0, len(content)))
        gone = draw(st.integers(0, 2))
        content = content[:place] + draw(parts) + content[place + gone :]
    return content.encode("utf-8", "surrogatepass")


@given(content=alike())
@settings(max_examples=1000)
def test_lines_that_are_written_alike_are_what_json_reads(content):
    text = np.frombuffer(content, dtype=np.uint8)
    ends = json_lines._object_lines(text)
    template = None if ends is None else Template.of(content[: ends[0]], ["label"])
    found = None if template is None else template.labels(text, ends)
    if found is None:
        return
    lines = content.split(b"\n")
    records = [json.loads(line.decode("utf-8", "surrogateescape")) for line in lines if line]
    assert len(records) == len(ends)
    assert all(list(one) == list(records[0]) for one in records)
    assert found[0].cast(pa.binary()).to_pylist() == [
        str(one["label"]).encode("utf-8", "surrogateescape") for one in records
    ]


@given(content=alike())
@settings(max_examples=400)
def test_lines_that_are_almost_alike_give_the_same(folder, content):
    path = folder / "e.jsonl"
    path.write_bytes(content * 3)
    assert read(path, input_format="jsonl") == line_by_line(path)


def test_lines_that_are_alike_take_the_fast_way():
    content = b'{"id": 7, "label": "cat", "p": 0.25}\n{"id": 12, "label": "", "p": 1}\n'
    text = np.frombuffer(content, dtype=np.uint8)
    ends = json_lines._object_lines(text)
    template = Template.of(content[: ends[0]], ["label"])
    assert template.labels(text, ends)[0].to_pylist() == ["cat", ""]
    changes = {b"12": b"012", b"1}": b"1.}", b'"p": 1': b'"q": 1', b" 12": b" -", b": 1}": b": }"}
    for old, new in changes.items():
        text = np.frombuffer(content.replace(old, new, 1), dtype=np.uint8)
        assert template.labels(text, json_lines._object_lines(text)) is None


@given(content=texts, size=st.integers(8, 64))
def test_ranges_of_bytes_give_the_same_as_the_whole(folder, content, size):
    path = folder / "c.jsonl"
    path.write_bytes(content * 5)
    whole = read(path, input_format="jsonl", jobs=1)
    with mock.patch.object(byte_ranges, "RANGE_BYTES", size):
        assert read(path, input_format="jsonl", jobs=2) == whole


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=4,
)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_infinity=False) | st.text()


@given(
    records=st.lists(st.fixed_dictionaries({"label": scalars, "other": values}), min_size=2),
    indent=st.sampled_from([None, 0, 3]),
    ascii_only=st.booleans(),
)
def test_any_records_give_the_labels_that_python_reads(folder, records, indent, ascii_only):
    try:
        text = json.dumps(records, indent=indent, ensure_ascii=ascii_only).encode()
    except UnicodeEncodeError:
        return  # half a surrogate pair, which is no UTF-8
    expected = Counter(
        str(one["label"])
        for one in records
        if one["label"] not in (None, "") and one["label"] == one["label"]
    )
    lone = any("\ud800" <= character <= "\udfff" for text in expected for character in text)
    array, rows = folder / "d.json", folder / "d.jsonl"
    array.write_bytes(text)
    rows.write_text("".join(json.dumps(one) + "\n" for one in records))
    for path in array, rows:
        found = read(path)
        assert found is None if lone or not expected else found[0] == expected


@given(
    values=st.lists(values, max_size=6),
    indent=st.sampled_from([None, 0, 3]),
    size=st.integers(1, 40),
)
def test_a_list_is_walked_through_whatever_the_size_of_the_pieces(values, indent, size):
    content = json.dumps(values, indent=indent).encode()
    with mock.patch("wcetool.data.formats.json_text.PIECE_BYTES", size):
        text = JsonText(Source(content), None)
        found = list(text.values())
        text.finish()
    assert json.dumps(found) == json.dumps(json.loads(content))


@given(values=st.lists(values, max_size=4), size=st.integers(1, 40), data=st.data())
def test_a_list_that_is_cut_off_is_refused(values, size, data):
    content = json.dumps(values).encode()
    end = data.draw(st.integers(0, len(content) - 1))
    with mock.patch("wcetool.data.formats.json_text.PIECE_BYTES", size):
        text = JsonText(Source(content[:end]), mock.Mock(path="x"))
        with pytest.raises(InputError):
            list(text.values())


class Source:
    """Bytes as a stream."""

    closed = False

    def __init__(self, content):
        self._content = content

    def read(self, size=-1, /):
        data, self._content = self._content[:size], self._content[size:]
        return data
