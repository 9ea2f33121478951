"""Image folders: the folder of an image is its class."""

import os

import pytest
from conftest import HOSTILE_LABELS


@pytest.fixture
def touch(tmp_path):
    """Make empty files."""

    def call(*names):
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()

    return call


def counts(ran):
    assert ran.code == 0, ran.stderr
    return {row["label"]: row["count"] for row in ran.json["classes"]}


def refused(ran, *texts, code=3):
    assert (ran.code, ran.stdout) == (code, ""), ran.stderr
    for text in texts:
        assert text in ran.stderr


def test_the_folder_of_an_image_is_its_class(cli, touch):
    touch("photos/cat/1.jpg", "photos/cat/2.JPEG", "photos/dog/1.png", "photos/dog/a.b.webp")
    touch("photos/dog/3.tiff")
    ran = cli("analyze", "photos", "-f", "json")
    assert counts(ran) == {"cat": 2, "dog": 3}
    assert ran.json["inputs"] == [{"path": "photos", "rows": 5}]
    assert "photos is read as images in a folder a class" in ran.stderr
    assert "--input-format" in ran.stderr


def test_an_empty_folder_is_a_class_without_images(cli, touch, tmp_path):
    touch("photos/cat/1.jpg", "photos/dog/1.jpg", "photos/emu/.gitkeep", "photos/docs/a.md")
    (tmp_path / "photos/fox").mkdir()
    assert counts(cli("analyze", "photos", "-f", "json")) == {
        "cat": 1,
        "dog": 1,
        "emu": 0,
        "fox": 0,
    }


def test_splits_stand_beside_the_label(cli, touch, tmp_path):
    touch(*(f"data/train/cat/{i}.jpg" for i in range(5)), "data/train/dog/1.jpg")
    touch("data/val/cat/1.jpg", "data/val/dog/1.jpg", "data/val/dog/2.jpg")
    ran = cli("analyze", "data", "--split-column", "split", "-f", "json")
    assert counts(ran) == {"cat": 6, "dog": 3}
    splits = {row["split"]: row["rows"] for row in ran.json["splits"]}
    assert splits == {"train": 6, "val": 3}
    pooled = cli("analyze", "data/val", "data/train", "--split-column", "split", "-f", "json")
    assert counts(pooled) == {"cat": 6, "dog": 3}
    assert [row["label"] for row in pooled.json["classes"]] == ["cat", "dog"]


def test_a_class_may_be_called_like_a_split(cli, touch):
    touch("vehicles/train/1.jpg", "vehicles/train/2.jpg", "vehicles/car/1.jpg")
    refused(cli("analyze", "vehicles"), "it is not clear of what kind", "--input-format images")
    ran = cli("analyze", "vehicles", "--input-format", "images", "-f", "json")
    assert counts(ran) == {"car": 1, "train": 2}


def test_pooled_folders_of_one_class_each(cli, touch):
    touch("cat/1.jpg", "cat/2.jpg", "dog/1.jpg")
    ran = cli("analyze", "cat", "dog", "--input-format", "images", "-f", "json")
    assert counts(ran) == {"cat": 2, "dog": 1}


def test_what_is_left_out_is_said(cli, touch):
    touch("p/cat/1.jpg", "p/cat/1.xml", "p/dog/2.jpg", "p/dog/2.txt", "p/dog/Thumbs.db", "p/x.jpg")
    touch("p/.DS_Store", "p/__MACOSX/cat/._1.jpg", "p/README.md")
    ran = cli("analyze", "p", "-f", "json")
    assert counts(ran) == {"cat": 1, "dog": 1}
    assert "2 files left out (no images), such as 'p/cat/1.xml', 'p/dog/2.txt'" in ran.stderr
    assert "1 file left out (images in no folder of a class), such as 'p/x.jpg'" in ran.stderr
    assert "3 hidden files or folders passed over" in ran.stderr


def test_folders_of_classes_at_several_places_are_refused(cli, touch):
    touch("p/animals/cat/1.jpg", "p/plants/fern/1.jpg")
    refused(cli("analyze", "p"), "which name is the class?", "'p/animals/cat', 'p/plants/fern'")
    ran = cli("analyze", "p/animals", "p/plants", "-f", "json")
    assert counts(ran) == {"cat": 1, "fern": 1}


def test_images_and_masks_of_one_data_set_are_no_classes(cli, touch):
    touch("set/images/1.jpg", "set/images/2.jpg", "set/masks/1.png", "set/masks/2.png")
    refused(cli("analyze", "set"), "it is not clear of what kind", "hint: set/masks")


def test_images_without_a_class_are_refused(cli, touch):
    touch("flat/1.jpg", "flat/2.jpg", "flat/a.csv")
    refused(cli("analyze", "flat"), "2 images directly in it", "it holds: 2 .jpg, 1 .csv")
    touch("png/one/1.png", "png/one/2.png")
    refused(cli("analyze", "png"), "folders that may be classes: 'one'", "--input-format masks")


def test_other_folders_are_refused_by_what_they_hold(cli, touch):
    touch("code/a.py", "code/b.py", "code/c.csv")
    refused(cli("analyze", "code"), "it holds: 2 .py, 1 .csv", "hint: 'code/*.csv'")
    refused(cli("analyze", "code", "--input-format", "images"), "holds no folder with images")
    refused(cli("analyze", "code", "--input-format", "parquet"), "holds no Parquet file")
    refused(cli("analyze", "code", "--input-format", "csv"), "not read as csv", code=2)


def test_an_input_inside_another_is_refused(cli, touch):
    touch("p/train/cat/1.jpg", "p/train/dog/1.jpg")
    refused(cli("analyze", "p", "p/train"), "p/train: would be counted twice", "another input: p")
    refused(cli("analyze", "p", "p/"), "would be counted twice")


def test_links(cli, touch, tmp_path):
    touch("store/1.jpg", "p/cat/1.jpg", "p/dog/1.jpg")
    (tmp_path / "p/cat/2.jpg").symlink_to(tmp_path / "store/1.jpg")
    (tmp_path / "p/emu").symlink_to(tmp_path / "store", target_is_directory=True)
    assert counts(cli("analyze", "p", "-f", "json")) == {"cat": 2, "dog": 1, "emu": 1}
    (tmp_path / "p/dog/loop").symlink_to(tmp_path / "p", target_is_directory=True)
    refused(cli("analyze", "p"), "p/dog/loop: would be counted twice", "also: p")
    (tmp_path / "p/dog/loop").unlink()
    (tmp_path / "p/dog/lost.jpg").symlink_to("nowhere.jpg")
    refused(cli("analyze", "p"), "p/dog/lost.jpg: is a link to nothing")


def test_an_unreadable_folder_is_an_error(cli, touch, monkeypatch):
    touch("p/cat/1.jpg", "p/dog/1.jpg")
    scan = os.scandir

    def fails(path):
        if str(path).endswith("dog"):
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr("os.scandir", fails)
    refused(cli("analyze", "p"), "p/dog: permission denied")


def test_hostile_folder_names(cli, touch):
    labels = [label for label in HOSTILE_LABELS if "/" not in label and len(label) < 250]
    for i, label in enumerate(labels):
        touch(*(f"p/{label}/{k}.jpg" for k in range(i + 1)))
    ran = cli("analyze", "p", "-f", "json")
    assert counts(ran) == {label: i + 1 for i, label in enumerate(labels)}
    assert "\x1b" not in ran.stderr
    assert "\u202e" not in ran.stderr


def test_a_name_that_is_no_text(cli, touch, tmp_path):
    touch("p/cat/1.jpg")
    os.makedirs(os.fsencode(tmp_path) + b"/p/\xff")
    with open(os.fsencode(tmp_path) + b"/p/\xff/1.jpg", "wb"):
        pass
    refused(cli("analyze", "p"), "the name is not UTF-8 text", "\\udcff")


def test_threads_and_paths_change_nothing(cli, touch):
    touch(*(f"p/{c}/{i}.jpg" for c in "abc" for i in range(ord(c) - 90)))
    one, two = (cli("analyze", "p", "-f", "json", "-j", j).stdout for j in (1, 2))
    assert one == two
    grouped = cli("analyze", "p", "--group-column", "path", "-f", "json")
    assert [row["groups"] for row in grouped.json["classes"]] == [7, 8, 9]


def test_weights_and_options(cli, touch):
    touch("p/cat/1.jpg", "p/cat/2.jpg", "p/cat/3.jpg", "p/dog/1.jpg")
    weights = cli("weights", "p", "-f", "json").json["classes"]
    assert {row["label"]: row["weight"] for row in weights} == {"cat": 4 / 6, "dog": 2.0}
    refused(cli("analyze", "p", "--delimiter", ";"), "no effect", code=2)
    refused(cli("analyze", "p", "--member", "x"), "no input is an archive", code=2)
    assert counts(cli("analyze", "p", "--missing", "dog", "-f", "json")) == {"cat": 3}
    refused(cli("analyze", "p", "--classes", "cat"), "label 'dog' is not among")
    refused(cli("score", "p"), "error: p: ")
