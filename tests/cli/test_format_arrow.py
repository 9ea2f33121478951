"""Arrow files and streams, Feather, ORC: the same table gives the same labels and losses."""

import json

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from conftest import HOSTILE_LABELS
from pyarrow import feather, orc

N = 210
CLASSES = ("NA", "001", "é")


@pytest.fixture
def target():
    return np.random.default_rng(0).integers(0, 3, N)


@pytest.fixture
def proba():
    return np.random.default_rng(1).dirichlet(np.ones(3), N)


@pytest.fixture
def table(target, proba):
    labels = [None if i % 10 == 0 else CLASSES[k] for i, k in enumerate(target)]
    lists = proba.tolist()
    return pa.table(
        {
            "id": pa.array(range(N), pa.int64()),
            "label": pa.array(labels),
            "code": pa.array(target, pa.int16()),
            "whole": pa.array(target.astype("f8")),
            "flag": pa.array(target > 0),
            "when": pa.array([0] * N, pa.timestamp("s")),
            "nested": pa.array([{"a": 1}] * N),
            **{f"prob_{name}": pa.array(proba[:, k]) for k, name in enumerate(CLASSES)},
            "lists": pa.array(lists, pa.list_(pa.float64())),
            "large": pa.array(lists, pa.large_list(pa.float32())),
            "half": pa.array(proba.astype("f2").tolist(), pa.list_(pa.float16())),
            "fixed": pa.array(lists, pa.list_(pa.float64(), 3)),
        }
    )


def write_stream(table, path):
    with pa.OSFile(path, "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        for batch in table.to_batches(max_chunksize=33):
            writer.write_batch(batch)


WRITERS = {
    "t.feather": lambda table, path: feather.write_feather(table, path, chunksize=50),
    "z.feather": lambda table, path: feather.write_feather(table, path, compression="zstd"),
    "t.arrow": lambda table, path: feather.write_feather(table, path, compression="uncompressed"),
    "t.arrows": write_stream,
    "t.orc": lambda table, path: orc.write_table(_for_orc(table), path, stripe_size=4096),
}
ARROW = [name for name in WRITERS if name != "t.orc"]


def _for_orc(table):
    return table.drop_columns(["half", "fixed", "large"])


def counts(ran):
    assert ran.code == 0, ran.stderr
    return {label: row["count"] for label, row in ran.rows.items()}


def loss(ran):
    assert ran.code == 0, ran.stderr
    return ran.json["loss"]["value"]


def refused(ran, *texts):
    assert ran.code == 3, ran.stderr
    assert ran.stdout == ""
    for text in texts:
        assert text in ran.stderr


@pytest.mark.parametrize("name", WRITERS)
def test_labels_are_those_of_parquet(cli, table, name):
    WRITERS[name](table, name)
    import pyarrow.parquet as pq

    pq.write_table(table.drop_columns(["half"]), "t.parquet")
    for column in ("label", "code", "whole", "flag"):
        ran = cli("analyze", name, "-l", column, "-f", "json")
        same = cli("analyze", "t.parquet", "-l", column, "-f", "json")
        assert counts(ran) == counts(same)
        assert ran.json["missing"] == same.json["missing"]
    for column in ("when", "nested", "lists"):
        refused(cli("analyze", name, "-l", column), "are no labels")


@pytest.mark.parametrize("name", WRITERS)
def test_scores_in_columns(cli, table, target, proba, name):
    WRITERS[name](table, name)
    ran = cli("score", name, "--scores", "prob_*", "-f", "json")
    there = np.arange(N)[np.arange(N) % 10 > 0]
    expected = -np.log(proba[there, target[there]]).mean()
    assert loss(ran) == pytest.approx(expected, rel=1e-12)
    assert ran.json == cli("score", name, "--scores", "prob_*", "-f", "json", "-j", 2).json


@pytest.mark.parametrize("name", ARROW)
@pytest.mark.parametrize(
    ("column", "kind"), [("lists", "f8"), ("large", "f4"), ("half", "f2"), ("fixed", "f8")]
)
def test_scores_in_lists(cli, table, target, proba, name, column, kind):
    WRITERS[name](table, name)
    ran = cli("score", name, "--scores", column, "-l", "code", "-f", "json")
    expected = -np.log(proba.astype(kind).astype("f8")[np.arange(N), target]).mean()
    assert loss(ran) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("kind", [pa.list_(pa.float64()), pa.list_(pa.float64(), 3)])
def test_lists_with_nulls_are_refused_with_their_row(cli, target, proba, kind):
    lists = proba.tolist()
    for broken in (None, [0.5, None, 0.5]):
        lists[7] = broken
        content = pa.table({"y": pa.array(target), "probs": pa.array(lists, kind)})
        feather.write_feather(content, "t.feather", chunksize=50)
        refused(cli("score", "t.feather"), "row 8", "a score is missing or NaN")


def test_lists_of_another_length(cli, target, proba):
    lists = proba.tolist()
    lists[60] = lists[60][:2]
    feather.write_feather(
        pa.table({"y": pa.array(target), "probs": lists}), "t.feather", chunksize=50
    )
    refused(cli("score", "t.feather"), "row 61: a list of 2 scores, where there are 3")


@pytest.mark.parametrize("chunksize", [40, 1000])
def test_categories_without_a_row_are_no_classes(cli, target, proba, chunksize):
    labels = pd.Categorical.from_codes(target, ["a", "b", "c"])
    frame = pd.DataFrame({"label": labels.add_categories(["unused", "never"])})
    for k, name in enumerate("abc"):
        frame[f"p_{name}"] = proba[:, k]
    frame.loc[3, "label"] = None
    feather.write_feather(pa.Table.from_pandas(frame), "t.feather", chunksize=chunksize)
    found = frame["label"].dropna().value_counts().to_dict()
    assert counts(cli("analyze", "t.feather", "-f", "json")) == {
        k: n for k, n in found.items() if n
    }
    ran = cli("score", "t.feather", "-f", "json")
    assert [row["label"] for row in ran.json["classes"]] == ["a", "b", "c"]
    names = cli("analyze", "t.feather", "-f", "json", "--names", write_names("abc"))
    assert set(counts(names)) == {"name a", "name b", "name c"}


def test_unused_categories_in_parquet_are_no_classes_either(cli, target, proba):
    labels = pd.Categorical.from_codes(target, ["a", "b", "c"]).add_categories(["unused"])
    frame = pd.DataFrame({"label": labels})
    for k, name in enumerate("abc"):
        frame[name] = proba[:, k]
    frame.to_parquet("t.parquet")
    expected = -np.log(proba[np.arange(N), target]).mean()
    found = loss(cli("score", "t.parquet", "-f", "json"))
    assert found == pytest.approx(expected, rel=1e-12)
    ran = cli("score", "t.parquet", "-f", "json", "--names", write_names("abc"))
    assert loss(ran) == pytest.approx(expected, rel=1e-12)


def write_names(codes):
    with open("names.json", "w") as file:
        json.dump({code: f"name {code}" for code in codes}, file)
    return "names.json"


def test_files_of_polars(cli, target):
    labels = [CLASSES[k] for k in target]
    expected = {name: labels.count(name) for name in CLASSES}
    frame = pl.DataFrame({"label": labels})
    frame.write_ipc("text.arrow")
    frame.with_columns(pl.col("label").cast(pl.Categorical)).write_ipc("categories.arrow")
    frame.with_columns(pl.col("label").cast(pl.Enum([*CLASSES, "x"]))).write_ipc("enum.arrow")
    for name in ("text", "categories", "enum"):
        assert counts(cli("analyze", f"{name}.arrow", "-f", "json")) == expected


@pytest.mark.parametrize("name", ["t.feather", "t.arrows", "t.orc"])
def test_hostile_labels(cli, name):
    labels = [label for label in HOSTILE_LABELS for _ in range(2)]
    writer = orc.write_table if name == "t.orc" else WRITERS[name]
    writer(pa.table({"label": labels}), name)
    ran = cli("analyze", name, "-f", "json")
    assert counts(ran) == dict.fromkeys(HOSTILE_LABELS, 2)
    assert "\x1b" not in ran.stderr


@pytest.mark.parametrize("name", WRITERS)
def test_no_rows_truncated_standard_input(cli, table, tmp_path, name):
    WRITERS[name](table, name)
    content = (tmp_path / name).read_bytes()
    expected = counts(cli("analyze", name, "-l", "code", "-f", "json"))
    ran = cli("analyze", "-", "-l", "code", "-f", "json", stdin=content)
    assert counts(ran) == expected
    (tmp_path / "wrong.csv").write_bytes(content)
    ran = cli("analyze", "wrong.csv", "-l", "code", "-f", "json")
    assert counts(ran) == expected
    assert "by its content" in ran.stderr
    for length in (len(content) // 2, 20):
        (tmp_path / name).write_bytes(content[:length])
        refused(cli("analyze", name, "-l", "code"), f"error: {name}: is not a whole")
    (tmp_path / name).write_bytes(b"")
    refused(cli("analyze", name, "-l", "code"), f"error: {name}: ")
    WRITERS[name](table.slice(0, 0), name)
    refused(cli("analyze", name, "-l", "code"), f"{name}: has no rows")


def test_a_stream_without_its_end_is_announced(cli, table, tmp_path):
    write_stream(table, "t.arrows")
    content = (tmp_path / "t.arrows").read_bytes()
    (tmp_path / "t.arrows").write_bytes(content[:-8])
    ran = cli("analyze", "t.arrows", "-f", "json")
    assert sum(counts(ran).values()) == N - N // 10
    assert "the stream has no end mark: rows may be cut off" in ran.stderr


def test_damaged_offsets_do_not_end_the_process(cli, tmp_path):
    feather.write_feather(
        pa.table({"label": ["abc", "defg"] * 8}), "t.feather", compression="uncompressed"
    )
    content = (tmp_path / "t.feather").read_bytes()
    offset = content.index(b"\3\0\0\0\7\0\0\0")
    (tmp_path / "t.feather").write_bytes(
        content[:offset] + b"\xff\xff\xff\x7f" + content[offset + 4 :]
    )
    refused(cli("analyze", "t.feather"), "t.feather: is not a whole Arrow file")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_feather_of_version_1_is_refused(cli, write):
    write("t.feather", b"FEA1" + bytes(100))
    refused(cli("analyze", "t.feather"), "is a Feather file of version 1", "hint: pyarrow.feather")


def test_several_formats_are_one_table(cli, table):
    for name, writer in WRITERS.items():
        writer(table, name)
    one = counts(cli("analyze", "t.feather", "-l", "label", "-f", "json"))
    ran = cli("analyze", *WRITERS, "-l", "label", "-f", "json")
    assert counts(ran) == {label: len(WRITERS) * n for label, n in one.items()}


def test_two_columns_of_one_name(cli):
    twins = pa.Table.from_arrays([pa.array(["a", "b"]), pa.array(["c", "c"])], names=["x", "x"])
    feather.write_feather(twins, "t.feather")
    refused(cli("analyze", "t.feather", "-l", "x"), "2 columns are called 'x'")
    assert counts(cli("analyze", "t.feather", "-l", "2", "-f", "json")) == {"c": 2}


@pytest.mark.parametrize("name", ["ORCID", "FEA1"])
def test_a_header_of_text_that_begins_like_a_binary_file(cli, write, name):
    write("t.csv", f"{name},label\n1,a\n2,b\n3,a\n")
    assert counts(cli("analyze", "t.csv", "-f", "json")) == {"a": 2, "b": 1}
