"""NumPy arrays: labels and predictions, as their owners saved them."""

import io
import json

import numpy as np
import pyarrow.parquet as pq
import pytest
from conftest import HOSTILE_LABELS

N = 300


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def target(rng):
    return rng.integers(0, 3, N)


@pytest.fixture
def proba(rng):
    return rng.dirichlet(np.ones(3), N)


@pytest.fixture
def save(tmp_path):
    def call(name, array):
        np.save(tmp_path / name, array, allow_pickle=False)
        return name

    return call


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


def bincount(labels):
    values, times = np.unique(labels, return_counts=True)
    return dict(zip(values.tolist(), times.tolist(), strict=True))


@pytest.mark.parametrize("kind", ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", ">i2", ">u8"])
def test_integers_are_digits(cli, save, target, kind):
    save("y.npy", target.astype(kind))
    expected = {str(value): n for value, n in bincount(target).items()}
    assert counts(cli("analyze", "y.npy", "-f", "json")) == expected


def test_integers_far_apart_and_at_the_ends_of_their_types(cli, save):
    save("y.npy", np.array([2**64 - 1, 2**63, 0, 0], dtype="u8"))
    assert counts(cli("analyze", "y.npy", "-f", "json")) == {
        str(2**64 - 1): 1,
        str(2**63): 1,
        "0": 2,
    }
    save("y.npy", np.array([-128, 127, 127], dtype="i1"))
    assert counts(cli("analyze", "y.npy", "-f", "json")) == {"-128": 1, "127": 2}
    save("y.npy", np.array([-(2**63), 2**63 - 1], dtype="i8"))
    assert counts(cli("analyze", "y.npy", "-f", "json")) == {str(-(2**63)): 1, str(2**63 - 1): 1}


def test_floats_booleans_and_narrow_floats(cli, save, target):
    save("y.npy", target > 0)
    n = int((target > 0).sum())
    assert counts(cli("analyze", "y.npy", "-f", "json")) == {"False": N - n, "True": n}
    save("y.npy", np.array([0.1, 1.0, np.nan, 1.0], dtype="f4"))
    ran = cli("analyze", "y.npy", "-f", "json")
    assert counts(ran) == {"0.1": 1, "1.0": 2}
    assert ran.json["missing"] == 1
    save("y.npy", np.array([0.5, 1.0], dtype=">f2"))
    assert counts(cli("analyze", "y.npy", "-f", "json")) == {"0.5": 1, "1.0": 1}


@pytest.mark.parametrize("kind", ["<U", ">U", "S"])
def test_hostile_texts(cli, save, kind):
    labels = [label for label in HOSTILE_LABELS for _ in range(2)]
    if kind == "S":
        array = np.array([label.encode() for label in labels])
    else:
        array = np.array(labels).astype(f"{kind}300")
    save("y.npy", array)
    ran = cli("analyze", "y.npy", "-f", "json")
    assert counts(ran) == dict.fromkeys(HOSTILE_LABELS, 2)
    assert "\x1b" not in ran.stderr


def test_bytes_that_are_no_text(cli, save):
    save("y.npy", np.array([b"a", b"\xff"]))
    refused(cli("analyze", "y.npy"), "y.npy: label b'\\xff' is not UTF-8 text")


def test_a_column_of_two_dimensions_is_a_column(cli, save, target):
    save("y.npy", target[:, None])
    assert sum(counts(cli("analyze", "y.npy", "-f", "json")).values()) == N
    save("y.npy", target[None, :])
    refused(cli("analyze", "y.npy"), "shape (1, 300)", "lies on its side")


@pytest.mark.parametrize("kind", ["i8", "?", "f4"])
def test_a_matrix_of_ones_and_zeros_is_a_column_a_label(cli, save, rng, kind):
    matrix = rng.random((N, 3)) < 0.4
    save("y.npy", matrix.astype(kind))
    ran = cli("analyze", "y.npy", "-f", "json")
    assert counts(ran) == dict(zip("012", matrix.sum(0).tolist(), strict=True))
    assert ran.json["task"] == "multilabel"
    assert "an array of two dimensions" in ran.stderr


def test_a_matrix_of_other_values_is_no_set_of_labels(cli, save, rng):
    save("y.npy", rng.integers(0, 9, (N, 4)))
    refused(cli("analyze", "y.npy"), "y.npy: row 1, column '0'")
    save("y.npy", rng.random((N, 4)))
    refused(cli("analyze", "y.npy"), "holds a number for each class in a row")


def test_fields_are_columns(cli, save, target, proba):
    array = np.zeros(N, dtype=[("id", "i8"), ("label", "U4"), ("probs", "f8", 3), ("é", "f4")])
    array["label"], array["probs"] = np.array(["0", "1", "2"])[target], proba
    save("table.npy", array)
    assert sum(counts(cli("analyze", "table.npy", "-f", "json")).values()) == N
    found = loss(cli("score", "table.npy", "-f", "json"))
    assert found == pytest.approx(-np.log(proba[np.arange(N), target]).mean(), rel=1e-12)
    refused(cli("analyze", "table.npy", "-l", "probs"), "are no labels")
    assert counts(cli("analyze", "table.npy", "-l", "é", "-f", "json")) == {"0.0": N}


@pytest.mark.parametrize("kind", ["f8", ">f8", "f4", "f2"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_scores_in_one_file_and_labels_in_another(cli, save, target, proba, kind, order):
    stored = proba.astype(kind)
    save("p.npy", np.array(stored, order=order))
    save("y.npy", target.astype("u2"))
    expected = -np.log(stored.astype("f8")[np.arange(N), target]).mean()
    found = loss(cli("score", "p.npy", "--labels", "y.npy", "-f", "json"))
    assert found == pytest.approx(expected, rel=1e-12)


def test_one_score_a_row(cli, save, target, proba):
    positive = target > 0
    expected = -np.log(np.where(positive, proba[:, 0], 1 - proba[:, 0])).mean()
    save("y.npy", positive.astype(int))
    for scores in (proba[:, 0], proba[:, :1]):
        save("p.npy", scores)
        ran = cli("score", "p.npy", "--labels", "y.npy", "--input", "probs", "-f", "json")
        assert loss(ran) == pytest.approx(expected, rel=1e-12)


def test_one_hot_and_soft_truth(cli, save, target, proba):
    save("p.npy", proba)
    expected = -np.log(proba[np.arange(N), target]).mean()
    for kind in ("i8", "?", "f4"):
        save("y.npy", np.eye(3)[target].astype(kind))
        found = loss(cli("score", "p.npy", "--labels", "y.npy", "-f", "json"))
        assert found == pytest.approx(expected, rel=1e-12)
    soft = proba[::-1].copy()
    save("y.npy", soft)
    found = loss(cli("score", "p.npy", "--labels", "y.npy", "-f", "json"))
    assert found == pytest.approx(-(soft * np.log(proba)).sum(1).mean(), rel=1e-12)


def test_labels_of_another_format_and_predictions_of_another(cli, save, write, target, proba):
    save("p.npy", proba)
    write("y.csv", "label\n" + "".join(f"{value}\n" for value in target))
    one = loss(cli("score", "p.npy", "--labels", "y.csv", "-f", "json"))
    save("y.npy", target)
    assert loss(cli("score", "p.npy", "--labels", "y.npy", "-f", "json")) == one


@pytest.mark.parametrize("rows", [7, 1000])
def test_threads_and_several_files_change_nothing(cli, save, monkeypatch, rows, rng):
    """Splits of predictions and of labels that end at different rows."""
    from wcetool.data.formats import npy

    n = 5000
    target, proba = rng.integers(0, 3, n), rng.dirichlet(np.ones(3), n)
    save("p.npy", proba)
    save("y.npy", target)
    whole = cli("score", "p.npy", "--labels", "y.npy", "-f", "json").json
    monkeypatch.setattr(npy, "SPLIT_BYTES", rows * 24)
    monkeypatch.setattr(npy, "BATCH_BYTES", 900)
    for jobs in (1, 2):
        ran = cli("score", "p.npy", "--labels", "y.npy", "-f", "json", "-j", jobs)
        assert ran.json == whole
    save("p1.npy", proba[:1234])
    save("p2.npy", proba[1234:])
    save("y1.npy", target[:77])
    save("y2.npy", target[77:])
    for jobs in (1, 2):
        ran = cli("score", "p1.npy", "p2.npy", "--labels", "y?.npy", "-f", "json", "-j", jobs)
        assert ran.json["loss"] == whole["loss"]
        assert [one["rows"] for one in ran.json["inputs"]] == [1234, n - 1234]
    assert counts(cli("analyze", "y1.npy", "y2.npy", "-f", "json")) == {
        str(value): count for value, count in bincount(target).items()
    }


def test_row_numbers_of_errors_do_not_depend_on_threads(cli, save, monkeypatch, rng):
    from wcetool.data.formats import npy

    monkeypatch.setattr(npy, "SPLIT_BYTES", 100 * 24)
    n = 1000
    target, proba = rng.integers(0, 3, n), rng.dirichlet(np.ones(3), n)
    target[777] = 9
    save("p.npy", proba)
    save("y.npy", target)
    errors = {
        cli("score", "p.npy", "--labels", "y.npy", "-j", jobs).stderr.partition("error: ")[2]
        for jobs in (1, 2)
    }
    assert len(errors) == 1
    assert errors.pop().startswith("y.npy: row 778: label '9' has no score column")
    target[777], proba[901] = 0, [0.5, 0.7, 0.1]
    save("p.npy", proba)
    save("y.npy", target)
    refused(cli("score", "p.npy", "--labels", "y.npy", "-j", 2), "p.npy: row 902 does not hold")


@pytest.mark.parametrize(("n_labels", "text"), [(N - 1, "has 299 rows"), (N + 5, "has 305 rows")])
def test_another_number_of_labels(cli, save, proba, n_labels, text):
    save("p.npy", proba)
    save("y.npy", np.arange(n_labels) % 3)
    refused(cli("score", "p.npy", "--labels", "y.npy"), f"y.npy: {text}, but there are")


def test_rows_are_handed_out_in_order(cli, save, target, proba, monkeypatch):
    from wcetool.data.formats import npy

    monkeypatch.setattr(npy, "SPLIT_BYTES", 50 * 24)
    save("p.npy", proba)
    save("y.npy", target)
    ran = cli("score", "p.npy", "--labels", "y.npy", "--per-sample", "rows.parquet", "-j", 2)
    assert ran.code == 0, ran.stderr
    losses = pq.read_table("rows.parquet")["loss"].to_numpy()
    assert losses == pytest.approx(-np.log(proba[np.arange(N), target]), rel=1e-12)


def test_objects_are_never_loaded(cli, tmp_path):
    np.save(tmp_path / "y.npy", np.array(["a", None], dtype=object), allow_pickle=True)
    refused(cli("analyze", "y.npy"), "holds Python objects, which are pickled", "never loaded")
    table = np.zeros(2, dtype=[("label", "U1"), ("x", object)])
    np.save(tmp_path / "y.npy", table, allow_pickle=True)
    refused(cli("analyze", "y.npy"), "holds Python objects, which are pickled")


@pytest.mark.parametrize(
    ("array", "text"),
    [
        (np.float64(1.0), "has shape (), where one or two"),
        (np.zeros((2, 3, 4), "i1"), "--input-format masks"),
        (np.zeros(0), "has no rows"),
        (np.zeros((0, 3)), "has no rows"),
        (np.zeros((3, 0)), "no column"),
        (np.zeros(3, "c8"), "holds values of type complex64"),
        (np.zeros(3, "M8[s]"), "which are neither labels nor scores"),
        (np.zeros(3, "V4"), "which are neither labels nor scores"),
        (np.zeros((2, 100_001), "?"), "100,000 are the limit"),
    ],
)
def test_arrays_that_are_no_table(cli, save, array, text):
    save("y.npy", array)
    refused(cli("analyze", "y.npy"), "error: y.npy: ", text)


def header(shape, descr="<i8"):
    stream = io.BytesIO()
    content = {"descr": descr, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, content)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "is not a whole NumPy array"),
        (b"\x93NUMPY", "is not a whole NumPy array"),
        (header((3,))[:50], "is not a whole NumPy array"),
        (header((3,)), "is truncated: it holds 128 bytes"),
        (header((3,)) + bytes(23), "is truncated"),
        (header((3,)) + bytes(25), "holds 1 bytes below its array"),
        (header((-3,)) + bytes(24), "has shape (-3,)"),
        (header((10**18, 10**18)), "is truncated"),
        (header((1, 10**9)), "is truncated"),
        (b"\x93NUMPY\x09\x00" + bytes(200), "is not a whole NumPy array"),
        (b"\x93NUMPY\x01\x00\xff\xff" + b"(" * 65535, "is not a whole NumPy array"),
        (header((3,)).replace(b"<i8", b"{i8") + bytes(24), "is not a whole NumPy array"),
    ],
)
def test_broken_files(cli, write, content, text):
    write("y.npy", content)
    ran = cli("analyze", "y.npy")
    refused(ran, "error: y.npy: ", text)


def test_two_arrays_in_one_file(cli, write, target):
    stream = io.BytesIO()
    np.save(stream, target)
    np.save(stream, target)
    write("y.npy", stream.getvalue())
    refused(cli("analyze", "y.npy"), "another array perhaps, which would be left out")


def test_a_file_that_shrinks_while_it_is_read(cli, save, tmp_path, monkeypatch, target):
    from wcetool.data.formats import npy

    save("y.npy", target)
    inspect = npy.inspect

    def then_cut(*arguments):
        table = inspect(*arguments)
        path = tmp_path / "y.npy"
        path.write_bytes(path.read_bytes()[:500])
        return table

    monkeypatch.setattr(npy, "inspect", then_cut)
    refused(cli("analyze", "y.npy"), "changed while it was read")


def test_standard_input_and_a_wrong_suffix(cli, save, tmp_path, target):
    save("y.npy", target)
    content = (tmp_path / "y.npy").read_bytes()
    expected = counts(cli("analyze", "y.npy", "-f", "json"))
    assert counts(cli("analyze", "-", "-f", "json", stdin=content)) == expected
    (tmp_path / "y.csv").write_bytes(content)
    ran = cli("analyze", "y.csv", "-f", "json")
    assert counts(ran) == expected
    assert "is read as a NumPy array, by its content" in ran.stderr


def test_options_of_text_have_no_effect(cli, save, target):
    save("y.npy", target)
    ran = cli("analyze", "y.npy", "--delimiter", ";")
    assert ran.code == 2
    ran = cli("analyze", "y.npy", "--member", "y")
    assert (ran.code, "no input is an archive" in ran.stderr) == (2, True)


def test_memory_is_bounded_by_the_batch(cli, save, rng):
    target, proba = rng.integers(0, 3, 4000), rng.dirichlet(np.ones(3), 4000)
    save("p.npy", proba)
    save("y.npy", target)
    one = cli("score", "p.npy", "--labels", "y.npy", "-f", "json").json
    few = cli("score", "p.npy", "--labels", "y.npy", "-f", "json", "--memory", "64MB").json
    assert few["loss"] == one["loss"]


def test_real_predictions(cli, shared_data):
    truth = json.loads((shared_data / "ground_truth.json").read_text())["predictions"]
    for name in ("imdb", "cifar10"):
        preds = shared_data / f"{name}_test_set_pyx.npy"
        labels = shared_data / f"{name}_test_set_original_labels.npy"
        for reading, options in (("as stored", ()), ("rows renormalised", ("--renormalize",))):
            expected = truth[preds.name][reading]
            ran = cli("score", preds, "--labels", labels, "-f", "json", *options)
            assert loss(ran) == pytest.approx(expected["clip"]["0"]["ce"], rel=1e-12)
            assert {row["label"]: row["support"] for row in ran.json["classes"]} == expected[
                "counts"
            ]
