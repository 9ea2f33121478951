"""Parquet in pieces: however the columns and rows are cut, the same numbers come out."""

import logging

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

import wcetool
from wcetool.data import arrow, streams
from wcetool.data.formats import parquet

CLASSES = 150


def write_wide(path, n_rows, dtype=np.float32, *, row_group, nulls=False, n_classes=CLASSES):
    """Write logits of many classes; the labels need several dictionaries."""
    rng = np.random.default_rng(n_rows)
    logits = rng.normal(size=(n_rows, n_classes)).astype(dtype)
    columns = {f"logit_{k}": pa.array(logits[:, k]) for k in range(n_classes)}
    label = [f"{k}" for k in rng.integers(0, n_classes, n_rows)]
    if nulls:
        label[3] = None
    table = pa.table({**columns, "label": pa.array(label, pa.string())})
    pq.write_table(table, path, row_group_size=row_group, dictionary_pagesize_limit=300)
    return logits


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int32])
def test_many_columns_give_the_bits_of_a_matrix(tmp_path, dtype):
    path = tmp_path / "wide.parquet"
    logits = write_wide(path, 700, dtype, row_group=300)
    labels = pq.read_table(path, columns=["label"])["label"].to_pylist()
    found = wcetool.score_file(path, input="logits")
    classes = [str(k) for k in range(CLASSES)]
    assert found.classes == tuple(classes)
    in_memory = wcetool.score(labels, logits, classes=classes, input="logits")
    assert found.loss == in_memory.loss
    assert found.numbers == in_memory.numbers


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("wide")


@given(
    n_rows=st.integers(4, 60),
    row_group=st.integers(1, 70),
    memory=st.integers(1, 200_000),
    slab=st.integers(1, 40),
    least=st.integers(1, 20),
    jobs=st.integers(1, 3),
)
def test_pieces_slabs_and_threads_change_nothing(
    folder, n_rows, row_group, memory, slab, least, jobs
):
    path = folder / "wide.parquet"
    write_wide(path, n_rows, row_group=row_group, nulls=True, n_classes=30)
    whole = wcetool.score_file(path, jobs=1).to_dict()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parquet, "STREAMED_COLUMNS", 8)
        patch.setattr(parquet, "SLAB_COLUMNS", slab)
        patch.setattr(parquet, "LEAST_ROWS", least)
        patch.setattr(parquet, "PAGE_BYTES", 100)
        patch.setattr(arrow, "KEPT_VALUES", 500)
        assert wcetool.score_file(path, jobs=jobs, memory=memory).to_dict() == whole


def test_columns_of_several_types_keep_the_decimals_of_each(tmp_path):
    """0.33 as float32 has two decimals; widened beside a float64 it would have more than eight."""
    path = tmp_path / "mixed.parquet"
    n_classes = 200
    shares = np.full((4, n_classes), 0.005)
    shares[:, 0] += 0.003
    columns = {
        f"p_{k}": pa.array(shares[:, k].astype(np.float32 if k % 2 else np.float64))
        for k in range(n_classes)
    }
    pq.write_table(pa.table({"label": ["0", "1", "2", "3"], **columns}), path)
    assert wcetool.score_file(path).numbers.scored == 4


def test_a_null_score_among_many_columns_is_named(tmp_path):
    path = tmp_path / "null.parquet"
    columns = {f"p_{k}": pa.array([0.005] * 5, pa.float32()) for k in range(200)}
    columns["p_77"] = pa.array([0.005, 0.005, 0.005, None, 0.005], pa.float32())
    pq.write_table(pa.table({"label": ["0"] * 5, **columns}), path)
    with pytest.raises(wcetool.InputError, match="a score is missing or NaN") as raised:
        wcetool.score_file(path)
    assert "row 4 " in str(raised.value)


def test_a_list_column_is_estimated_by_its_own_length(tmp_path, caplog):
    path = tmp_path / "lists.parquet"
    lists = pa.array([[0.001] * 1000] * 2000, pa.list_(pa.float32()))
    pq.write_table(pa.table({"label": ["0"] * 2000, "probs": lists}), path)
    caplog.set_level(logging.INFO, "wcetool")
    wcetool.score_file(path, jobs=1, memory="1GB")
    assert caplog.messages == []
    wcetool.score_file(path, jobs=1, memory="28MB")
    assert "read in pieces" in caplog.text


@pytest.mark.parametrize("row_group", [1000, 6000])
def test_a_label_whose_name_is_the_path_of_a_nested_field(tmp_path, row_group):
    path = tmp_path / "nested.parquet"
    nested = pa.array([{"b": f"q{i}"} for i in range(6000)])
    table = pa.table({"a.b": ["x", "y", "z"] * 2000, "a": nested})
    pq.write_table(table, path, row_group_size=row_group)
    assert wcetool.analyze(path, label_column="a.b").counts.count.tolist() == [2000] * 3


def test_small_columns_beside_the_scores_do_not_make_the_estimate_small(tmp_path, caplog):
    caplog.set_level(logging.INFO, "wcetool")
    scores = {f"p_{k}": np.full(4000, 1 / 150) for k in range(150)}
    small = {f"flag_{k}": np.zeros(4000, dtype=np.int8) for k in range(1500)}
    for name, columns in (("bare", scores), ("beside", {**scores, **small})):
        path = tmp_path / f"{name}.parquet"
        pq.write_table(pa.table({"label": ["0"] * 4000, **columns}), path)
        wcetool.score_file(path, scores="p_*", jobs=1, memory="1MB")
    bare, beside = (message.split(" in memory")[0].split()[-2:] for message in caplog.messages)
    assert bare == beside


def test_a_piece_with_fewer_rows_than_the_metadata_say_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "short.parquet"
    write_wide(path, 100, row_group=100)
    decoded = parquet._Part._decoded

    def short(self, reader, names, rows):
        cut = "logit_149" in names
        return (
            batch.slice(0, 60) if cut else batch for batch in decoded(self, reader, names, rows)
        )

    monkeypatch.setattr(parquet._Part, "_decoded", short)
    with pytest.raises(wcetool.InputError, match="is not a whole Parquet file") as raised:
        wcetool.score_file(path)
    assert "ends after 60 rows of 100" in str(raised.value)


@pytest.mark.parametrize("text", ["", "Couldn't deserialize \x1b[31m\u202e"])
def test_the_words_of_a_library_are_shown_as_text(text):
    error = streams.broken_file(pa.ArrowInvalid(text), "a.parquet", "Parquet file")
    shown = str(error)
    assert "a.parquet: is not a whole Parquet file" in shown
    assert not {"\x1b", "\u202e"} & set(shown)
