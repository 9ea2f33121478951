"""`wcetool weights --sample-weights` as a user runs it: one weight a row."""

import csv
import os

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import HOSTILE_LABELS
from sklearn.utils.class_weight import compute_sample_weight
from test_matrix import FORMS, ROWS

import wcetool
from wcetool.core.schemes import SCHEMES, Kind
from wcetool.data.formats import byte_ranges, parquet
from wcetool.data.row_weights_file import GROUP_ROWS

SUFFIXES = (".parquet", ".csv", ".npy", ".weight")
LABELS = ["b", "a", "b", "b", "c", "a", "b"]


def read_back(path):
    """Read weights as a user of each format does."""
    if path.suffix == ".parquet":
        table = pq.read_table(path)
        assert table.schema.names == ["weight"]
        assert table.schema.types == [pa.float64()]
        return table["weight"].to_numpy()
    if path.suffix == ".npy":
        values = np.load(path)
        assert (values.dtype, values.ndim) == (np.float64, 1)
        return values
    lines = path.read_text().splitlines()
    if path.suffix == ".csv":
        assert lines.pop(0) == "weight"
    return np.array([float(line) for line in lines])


@pytest.fixture
def labels(write):
    return write("labels.csv", "label\n" + "".join(f"{label}\n" for label in LABELS))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_form_holds_the_weights_of_scikit_learn_in_the_order_of_the_rows(
    cli, labels, tmp_path, suffix
):
    ran = cli("weights", "labels.csv", "--sample-weights", f"rows{suffix}")
    assert ran.code == 0
    assert "Class weights by inverse" in ran.stdout
    found = read_back(tmp_path / f"rows{suffix}")
    np.testing.assert_array_equal(found, compute_sample_weight("balanced", LABELS))


def test_text_is_the_shortest_that_reads_back(cli, labels, tmp_path):
    cli("weights", "labels.csv", "--sample-weights", "rows.weight")
    assert (tmp_path / "rows.weight").read_text().splitlines()[:2] == [
        "0.5833333333333334",
        "1.1666666666666667",
    ]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_several_files_follow_one_another_as_they_are_named(cli, write, tmp_path, suffix):
    write("z.csv", "label,x\na,1\nb,2\n")
    pq.write_table(pa.table({"label": ["b", "b", "a"]}), tmp_path / "m.parquet", row_group_size=1)
    write("a.csv", "label,x\nb,1\n")
    args = ("z.csv", "m.parquet", "a.csv", "--scheme", "manual", "--set", "a=1", "--set", "b=2")
    assert cli("weights", *args, "--sample-weights", f"rows{suffix}").code == 0
    assert read_back(tmp_path / f"rows{suffix}").tolist() == [1, 2, 2, 2, 1, 2]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_threads_and_parts_change_no_byte(cli, tmp_path, suffix, monkeypatch):
    rng = np.random.default_rng(3)
    names = rng.choice(["a", "b", "long\nlabel", "d"], 40_000)
    table = pa.table({"label": names, "x": np.arange(len(names))})
    pq.write_table(table, tmp_path / "labels.parquet", row_group_size=1_000)
    with (tmp_path / "labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("label", "x"), *zip(names, range(len(names)), strict=True)])
    monkeypatch.setattr(byte_ranges, "RANGE_BYTES", 10_000)
    monkeypatch.setattr(parquet, "SPLIT_ROWS", 2_000)
    monkeypatch.setattr(parquet, "SPLIT_BYTES", 1)
    found = set()
    for source in ("labels.parquet", "labels.csv"):
        for jobs in (1, 3):
            args = ("-l", "label", "-j", jobs, "--sample-weights", f"rows{suffix}")
            assert cli("weights", source, *args).code == 0
            found.add((tmp_path / f"rows{suffix}").read_bytes())
    assert len(found) == 1
    expected = compute_sample_weight("balanced", names)
    np.testing.assert_allclose(read_back(tmp_path / f"rows{suffix}"), expected, rtol=1e-15)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_labels_is_weighed_alike(cli, write, tmp_path, form):
    write(f"one.{form}", FORMS[form](ROWS[:11]))
    write(f"two.{form}", FORMS[form](ROWS[11:]))
    args = ("-l", "label", "--sample-weights", "rows.csv")
    assert cli("weights", f"one.{form}", f"two.{form}", *args).code == 0
    expected = compute_sample_weight("balanced", ROWS["label"])
    np.testing.assert_allclose(read_back(tmp_path / "rows.csv"), expected, rtol=1e-15)


def test_a_file_that_cannot_be_cut_is_weighed_whole(cli, tmp_path, monkeypatch):
    monkeypatch.setattr(byte_ranges, "RANGE_BYTES", 1_000)
    with (tmp_path / "labels.csv").open("w") as file:
        file.write("label,x\n" + 'a,5" pipe\nb,plain\n' * 500)
    assert cli("weights", "labels.csv", "-l", "label", "--sample-weights", "rows.npy").code == 0
    assert np.load(tmp_path / "rows.npy").tolist() == [1.0] * 1000


def test_hostile_labels_are_only_labels(cli, tmp_path):
    names = [*HOSTILE_LABELS, HOSTILE_LABELS[0]]
    pq.write_table(pa.table({"label": names}), tmp_path / "labels.parquet")
    assert cli("weights", "labels.parquet", "--sample-weights", "rows.csv").code == 0
    expected = compute_sample_weight("balanced", names)
    np.testing.assert_allclose(read_back(tmp_path / "rows.csv"), expected, rtol=1e-15)


def test_a_missing_label_is_refused_by_its_row_and_nothing_is_written(cli, write, tmp_path):
    write("labels.csv", "label,x\na,1\n,2\nb,3\nNA,4\n")
    before = sorted(os.listdir(tmp_path))
    ran = cli("weights", "labels.csv", "-l", "label", "--sample-weights", "rows.csv")
    assert ran.code == 3
    assert "labels.csv: row 2: the label is missing" in ran.stderr
    assert "hint: --missing-weight zero" in ran.stderr
    assert sorted(os.listdir(tmp_path)) == before
    by_marker = ("--missing", "NA", "--sample-weights", "rows.csv", "--missing-weight")
    for word, value in (("zero", 0.0), ("one", 1.0)):
        ran = cli("weights", "labels.csv", "-l", "label", *by_marker, word)
        assert ran.code == 0
        assert read_back(tmp_path / "rows.csv").tolist() == [1.0, value, 1.0, value]


def test_the_row_of_a_missing_label_counts_within_its_file(cli, write, monkeypatch):
    monkeypatch.setattr(byte_ranges, "RANGE_BYTES", 1_000)
    write("a.csv", "label,x\n" + "a,1\nb,2\n" * 600)
    write("b.csv", "label,x\n" + "a,1\nb,2\n" * 600 + ",3\n" + "a,1\n" * 600 + ",4\n")
    args = ("-l", "label", "-j", 2, "--sample-weights", "rows.csv")
    ran = cli("weights", "a.csv", "b.csv", *args)
    assert ran.code == 3
    assert "b.csv: row 1,201: the label is missing" in ran.stderr


def test_sampling_probabilities_are_shared_by_the_rows_of_a_class(cli, labels, tmp_path):
    args = ("--scheme", "class-sampling:q=0", "--sample-weights", "rows.npy")
    ran = cli("weights", "labels.csv", *args)
    found = np.load(tmp_path / "rows.npy")
    count = {label: LABELS.count(label) for label in LABELS}
    np.testing.assert_allclose(found, [1 / 3 / count[one] for one in LABELS], rtol=1e-15)
    assert found.sum() == pytest.approx(1, rel=1e-15)
    assert "note: rows.npy: the probability of drawing each row, p_i / n_i" in ran.stderr
    refused = cli("weights", "labels.csv", *args, "--missing-weight", "one")
    assert refused.code == 2
    assert "--missing-weight: 'one' is no probability" in refused.stderr


def test_repeat_factors_are_those_of_the_classes(cli, labels, tmp_path):
    args = ("--scheme", "repeat-factor:t=0.5", "--sample-weights", "rows.npy")
    assert cli("weights", "labels.csv", *args).code == 0
    share = {label: LABELS.count(label) / len(LABELS) for label in LABELS}
    expected = [max(1.0, (0.5 / share[label]) ** 0.5) for label in LABELS]
    np.testing.assert_allclose(np.load(tmp_path / "rows.npy"), expected, rtol=1e-15)


@pytest.mark.parametrize(
    "scheme",
    [
        name
        for name, entry in SCHEMES.items()
        if entry.kind
        in (Kind.LABEL, Kind.MARGIN, Kind.LOGIT_OFFSET, Kind.LOGIT_TEMPERATURE, Kind.ROW)
    ],
)
def test_numbers_that_weigh_no_row_are_refused_by_name_before_anything_is_read(cli, scheme):
    ran = cli("weights", "labels.csv", "--scheme", scheme, "--sample-weights", "rows.npy")
    assert ran.code in (2, 3)  # 3: the file, which is not there
    if "no such file" not in ran.stderr:
        assert f"scheme '{scheme}'" in ran.stderr


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ("--sample-weights rows.txt", "suffixes: .parquet, .csv, .npy, .weight"),
        ("--sample-weights rows", "is no file of row weights by its suffix"),
        ("--sample-weights labels.csv", "is an input, and would be overwritten"),
        ("--sample-weights none/rows.csv", "there is no folder"),
        ("-o w.npy --sample-weights ./w.npy", "is the output already"),
        ("--missing-weight zero", "--missing-weight: has no effect"),
        ("--combine max --sample-weights rows.csv", "--combine: has no effect"),
        ("--sample-weights rows.csv --missing-weight two", "--missing-weight"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_anything_is_written(
    cli, labels, tmp_path, args, said
):
    ran = cli("weights", "labels.csv", *args.split())
    assert ran.code == 2
    assert said in ran.stderr
    assert ran.stdout == ""
    assert [path.name for path in tmp_path.iterdir()] == ["labels.csv"]


def test_counts_have_no_rows(cli, labels, write, tmp_path):
    write("counts.json", cli("analyze", "labels.csv", "-f", "json").stdout)
    for inputs in (["counts.json"], ["labels.csv", "counts.json"]):
        ran = cli("weights", *inputs, "--sample-weights", "rows.csv")
        assert ran.code == 3
        assert "counts.json: holds counts, which have no rows to weigh" in ran.stderr


def test_a_stream_of_text_gives_its_labels_once_but_one_of_parquet_twice(cli, tmp_path):
    ran = cli("weights", "-", "--sample-weights", "rows.csv", stdin=b"label\na\nb\n")
    assert ran.code == 2
    assert "--sample-weights: takes the labels twice" in ran.stderr
    pq.write_table(pa.table({"label": ["a", "a", "b"]}), tmp_path / "labels.parquet")
    stdin = (tmp_path / "labels.parquet").read_bytes()
    assert cli("weights", "-", "--sample-weights", "rows.csv", stdin=stdin).code == 0
    assert read_back(tmp_path / "rows.csv").tolist() == [0.75, 0.75, 1.5]


def test_a_configured_policy_for_missing_labels_does_not_ask_for_rows(cli, labels, write):
    write("wcetool.toml", '[weights]\nmissing-weight = "zero"\ncombine = "max"\n')
    assert cli("weights", "labels.csv").code == 0
    assert cli("weights", "labels.csv", "--sample-weights", "rows.csv").code == 0


def test_a_full_disk_is_told_and_the_old_file_stays(cli, labels, write, tmp_path, monkeypatch):
    old = write("rows.npy", "old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("wcetool.data.row_weights_file._NpySink.write", full)
    ran = cli("weights", "labels.csv", "--sample-weights", "rows.npy", "-o", "w.json")
    assert ran.code == 3
    assert "rows.npy: cannot be written: no space left on device" in ran.stderr
    assert old.read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["labels.csv", "rows.npy"]


def test_weights_of_another_file_weigh_rows_from_python(labels, tmp_path):
    path = tmp_path / "rows.csv"
    wcetool.write_sample_weights(["b", "a", None], {"a": 1.5, "b": 2}, path, missing_weight="zero")
    assert read_back(path).tolist() == [2.0, 1.5, 0.0]
    weights = wcetool.class_weights(labels, "max-ratio")
    wcetool.write_weights(weights, tmp_path / "w.json")
    wcetool.write_sample_weights(labels, tmp_path / "w.json", path)
    found = read_back(path)
    np.testing.assert_array_equal(found, wcetool.sample_weights(labels, "max-ratio"))
    assert found.tolist() == [weights.by_class[label] for label in LABELS]
    with pytest.raises(wcetool.InputError, match=r"label 'd' has no weight") as caught:
        wcetool.write_sample_weights(["a", "d"], {"a": 1}, path)
    assert caught.value.where == "(memory): row 2"
    wcetool.write_weights(weights, tmp_path / "w.csv")
    with pytest.raises(wcetool.UsageError, match="is an input"):
        wcetool.write_sample_weights(labels, tmp_path / "w.csv", tmp_path / "w.csv")


def test_row_groups_have_one_size_whatever_comes_at_once(tmp_path):
    labels = pa.array(np.zeros(GROUP_ROWS + 5, dtype=np.int8))
    wcetool.write_sample_weights(labels, {"0": 0.5}, tmp_path / "rows.parquet")
    metadata = pq.ParquetFile(tmp_path / "rows.parquet").metadata
    assert [metadata.row_group(i).num_rows for i in range(2)] == [GROUP_ROWS, 5]


def test_no_rows_are_an_empty_file(tmp_path):
    for suffix in SUFFIXES:
        path = tmp_path / f"rows{suffix}"
        wcetool.write_sample_weights(pa.array([], pa.string()), {"a": 1}, path)
        assert read_back(path).tolist() == []


@pytest.mark.parametrize("library", ["lightgbm", "xgboost"])
def test_boosting_libraries_read_the_weights(cli, labels, tmp_path, library):
    module = pytest.importorskip(library)
    rows = [f"{'abc'.index(label)},{i},{i % 3}\n" for i, label in enumerate(LABELS)]
    (tmp_path / "train.csv").write_text("".join(rows))
    cli("weights", "labels.csv", "--sample-weights", "train.csv.weight")
    expected = compute_sample_weight("balanced", LABELS).astype(np.float32)
    if library == "lightgbm":
        options = {"header": False, "label_column": 0, "min_data_in_leaf": 1, "verbose": -1}
        found = module.Dataset("train.csv", params=options).construct().get_weight()
    else:
        weight = np.loadtxt("train.csv.weight")
        found = module.DMatrix(np.eye(len(LABELS)), weight=weight).get_weight()
    np.testing.assert_array_equal(found, expected)
