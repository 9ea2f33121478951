"""Several NumPy arrays in one file, and zip archives around them."""

import zipfile

import numpy as np
import pytest

N = 200


@pytest.fixture
def target():
    return np.random.default_rng(1).integers(0, 3, N)


@pytest.fixture
def proba():
    return np.random.default_rng(2).dirichlet(np.ones(3), N)


@pytest.fixture
def expected(target, proba):
    return -np.log(proba[np.arange(N), target]).mean()


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


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("order", ["C", "F"])
def test_scores_and_labels_by_their_keys(cli, target, proba, expected, save, order):
    save("preds.npz", probs=np.array(proba, order=order), y_true=target, seed=np.int64(7))
    ran = cli("score", "preds.npz", "-f", "json")
    assert loss(ran) == pytest.approx(expected, rel=1e-12)
    assert "1 array of one value left out: 'seed'" in ran.stderr
    assert sum(counts(cli("analyze", "preds.npz", "-f", "json")).values()) == N


def test_logits_and_names_of_classes(cli, target, proba, expected):
    names = np.array(["cat", "dog", "emu"])
    np.savez("preds.npz", logits=np.log(proba) + 3.0, label=names[target])
    ran = cli("score", "preds.npz", "--classes", "cat,dog,emu", "-f", "json")
    assert loss(ran) == pytest.approx(expected, rel=1e-12)


def test_one_array_by_its_name(cli, target, proba, expected):
    np.savez("preds.npz", probs=proba, y_true=target, more=np.zeros(3), images=np.zeros((N, 2, 2)))
    refused(
        cli("score", "preds.npz"),
        "the arrays have different numbers of rows",
        "shapes: 'probs' (200, 3), 'y_true' (200,), 'more' (3,), 'images' (200, 2, 2)",
        "--member NAME",
    )
    np.save("y.npy", target)
    ran = cli("score", "preds.npz", "--member", "probs", "--labels", "y.npy", "-f", "json")
    assert loss(ran) == pytest.approx(expected, rel=1e-12)
    ran = cli("analyze", "preds.npz", "--member", "y_true", "-f", "json")
    assert sum(counts(ran).values()) == N
    refused(cli("analyze", "preds.npz", "--member", "y_tru"), "holds no array", "--member y_true")


def test_one_hot_in_one_array(cli, target, proba, expected):
    np.savez("y.npz", np.eye(3, dtype="f4")[target])
    ran = cli("analyze", "y.npz", "-f", "json")
    assert counts(ran) == {str(k): int((target == k).sum()) for k in range(3)}
    np.save("p.npy", proba)
    ran = cli("score", "p.npy", "--labels", "y.npz", "-f", "json")
    assert loss(ran) == pytest.approx(expected, rel=1e-12)


def test_small_batches_and_threads(cli, monkeypatch, target, proba, expected):
    from wcetool.data.formats import npz

    np.savez_compressed("preds.npz", probs=proba, y_true=target)
    whole = cli("score", "preds.npz", "-f", "json").json
    monkeypatch.setattr(npz, "BATCH_BYTES", 700)
    for jobs in (1, 2):
        assert cli("score", "preds.npz", "-f", "json", "-j", jobs).json == whole


def test_standard_input(cli, tmp_path, target, proba, expected):
    np.savez("preds.npz", probs=proba, y_true=target)
    content = (tmp_path / "preds.npz").read_bytes()
    assert loss(cli("score", "-", "-f", "json", stdin=content)) == pytest.approx(expected)
    ran = cli("analyze", "-", "--member", "y_true", "-f", "json", stdin=content)
    assert sum(counts(ran).values()) == N


def test_objects_are_never_loaded(cli):
    np.savez("y.npz", label=np.array(["a", None], dtype=object), n=np.arange(2))
    refused(cli("analyze", "y.npz"), "array 'label': holds Python objects", "never loaded")
    assert cli("analyze", "y.npz", "--member", "n").code == 0


def test_columns_stand_column_after_column_beyond_the_limit(cli, monkeypatch, target, proba):
    from wcetool.data.formats import npz

    monkeypatch.setattr(npz, "MOST_HELD", 1000)
    np.savez("preds.npz", probs=np.asfortranarray(proba), y_true=target)
    refused(cli("score", "preds.npz"), "takes 4,800 bytes, where 1,000 are the limit", "hint: np.")


def damaged(content, place, value):
    content = bytearray(content)
    content[place] ^= value
    return bytes(content)


def test_broken_files(cli, write, tmp_path, target):
    np.savez("y.npz", label=target)
    content = (tmp_path / "y.npz").read_bytes()
    write("y.npz", content[:-40])
    refused(cli("analyze", "y.npz"), "error: y.npz: ")
    write("y.npz", damaged(content, 500, 1))  # a label: only the checksum shows it
    refused(cli("analyze", "y.npz"), "is not a whole file of NumPy arrays", "Bad CRC-32")


def test_a_member_that_is_no_array_of_its_size(cli, tmp_path):
    np.save("y.npy", np.arange(5))
    content = (tmp_path / "y.npy").read_bytes()
    for cut, text in ((content[:-3], "takes 165 bytes"), (content + b"x", "takes 169 bytes")):
        with zipfile.ZipFile("y.npz", "w") as archive:
            archive.writestr("y.npy", cut)
        refused(cli("analyze", "y.npz"), text, "of shape (5,) and type int64 takes 168")
    with zipfile.ZipFile("y.npz", "w") as archive:
        archive.writestr("y.npy", b"nothing")
    refused(cli("analyze", "y.npz"), "array 'y': is not a whole NumPy array")


def test_an_array_that_unpacks_to_a_thousand_times_its_size(cli, tmp_path):
    with (
        zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("y.npy", "w", force_zip64=True) as member,
    ):
        content = {"descr": "|u1", "fortran_order": False, "shape": (1 << 27,)}
        np.lib.format.write_array_header_1_0(member, content)
        for _ in range(1 << 7):
            member.write(bytes(1 << 20))
    ran = cli("analyze", "bomb.npz", "-f", "json")
    assert counts(ran) == {"0": 1 << 27}


def test_a_hostile_key(cli, target):
    np.savez("y.npz", **{"\x1b[31mlabel\n": target, "x": np.zeros(3)})
    ran = cli("analyze", "y.npz")
    refused(ran, "'\\x1b[31mlabel\\n' (200,)")
    assert "\x1b" not in ran.stderr
