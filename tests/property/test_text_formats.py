"""Text formats against readings of a few lines of Python: never another count."""

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

import wcetool
from wcetool.errors import InputError

# What no line of the format can hold aside; the rest is as hostile as Unicode.
TEXT = st.text(
    st.one_of(
        st.sampled_from("ab'\"\\,;|%{}?#_-/. \u00a0\u2028\x0b"),
        st.characters(exclude_characters="\r\n\x00\x1f", exclude_categories=("Cs",)),
    ),
    max_size=8,
)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("texts") / "file"


def counted(path, content, **reading):
    path.write_bytes(content.encode())
    found = wcetool.analyze([path], **reading)
    counts = dict(zip(found.counts.classes, found.counts.count.tolist(), strict=True))
    return {label: n for label, n in counts.items() if n}, found.missing


@given(labels=st.lists(TEXT, min_size=1, max_size=12), end=st.sampled_from(["\n", "\r\n", "\r"]))
def test_a_label_a_line(path, labels, end):
    try:
        found, missing = counted(
            path, end.join(labels), input_format="list", header=False, task="multiclass"
        )
    except InputError:  # texts, several fields, paths among other lines
        return
    text = end.join(labels).removeprefix("\ufeff")
    lines = text.split(end)
    while lines and not lines[-1]:
        lines.pop()
    # A path and a label is another reading, and it says so.
    if found != Counter(line for line in lines if line):
        assert found == Counter(line.split()[-1] for line in lines if line.strip())
        assert all("/" in line or "\\" in line or "." in line for line in lines if line.strip())
    else:
        assert missing == lines.count("")


TOKEN = TEXT.filter(lambda text: "\t" not in text and text.strip())


@given(
    rows=st.lists(st.none() | st.tuples(TOKEN, TOKEN), max_size=12),
    tag=TOKEN,
)
def test_tokens_between_tabs(path, rows, tag):
    rows = [("word", tag), *rows]
    lines = ["" if row is None else "\t".join(row) for row in rows]
    try:
        found, _ = counted(path, "\n".join(lines), input_format="conll", task="multiclass")
    except InputError:  # most sentences begin with #
        assert any(row and row[0].startswith("#") for row in rows)
        return
    tokens = [row[1] for row in rows if row is not None and not row[0].startswith("-DOCSTART-")]
    assert found == Counter(tokens)


def written(value, quote):
    if quote is None:
        return value
    escaped = value.replace("\\", "\\\\").replace(quote, "\\" + quote)
    return quote + escaped + quote


BARE = re.compile(r"[^'\"{},%\s?\\@<][^'\"{},\\\s]*")


@given(
    rows=st.lists(
        st.tuples(TEXT, TEXT.filter(bool), st.sampled_from(["'", '"', None])),
        min_size=1,
        max_size=8,
    ),
    blank=st.sampled_from(["", " ", "\t"]),
    strings=st.booleans(),
)
def test_arff_values(path, rows, blank, strings):
    rows = [
        (text, label, quote or (None if BARE.fullmatch(label) else "'"))
        for text, label, quote in rows
    ]
    declared = ",".join(written(label, "'") for label in dict.fromkeys(row[1] for row in rows))
    kind = "string" if strings else "{" + declared + "}"
    lines = [
        f"{written(text, chr(34))}{blank},{blank}{written(label, quote)}{blank}"
        for text, label, quote in rows
    ]
    content = f"@relation x\n@attribute t string\n@attribute class {kind}\n@data\n" + "\n".join(
        lines
    )
    found, missing = counted(path, content, input_format="arff", task="multiclass")
    assert found == Counter(row[1] for row in rows)
    assert missing == 0
