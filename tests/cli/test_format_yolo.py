"""YOLO labels: a row an object, names from the data set."""

import random

import pytest
from conftest import HOSTILE_LABELS

BOX = "0.5 0.5 0.1 0.2"


def counts(ran):
    assert ran.code == 0, ran.stderr
    return {row["label"]: row["count"] for row in ran.json["classes"]}


def refused(ran, *texts, code=3):
    assert (ran.code, ran.stdout) == (code, ""), ran.stderr
    for text in texts:
        assert text in ran.stderr


def test_ids_are_labels_where_nothing_names_them(cli, write):
    write("labels/a.txt", f"0 {BOX}\n2 {BOX}\n10 {BOX}\n")
    write("labels/b.txt", f"2 {BOX}\n")
    ran = cli("analyze", "labels", "-f", "json")
    assert counts(ran) == {"0": 1, "2": 2, "10": 1}
    assert "labels is read as YOLO labels" in ran.stderr
    assert "no names of the class ids are found" in ran.stderr


def test_every_way_to_write_an_object(cli, write):
    write(
        "labels/a.txt",
        "\ufeff"
        f"0 {BOX}\r\n"  # a box
        f"1 {BOX} 0.93\r\n"  # with a confidence
        "2 0.1 0.1 0.2 0.1 0.2 0.2\n"  # a polygon
        f"3\t{BOX}  0.3 0.3 2 0.4 0.4 1  \n"  # keypoints, tabs and spaces
        "\n  \n"
        "4 .5 5e-1 +0.1 1.",
    )
    ran = cli("analyze", "labels", "-f", "json")
    assert counts(ran) == {"0": 1, "1": 1, "2": 1, "3": 1, "4": 1}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("data.yaml", "path: ../x\nnc: 3\nnames: [person, no, 001]\n"),
        ("data.yaml", "names:\n  0: person\n  1: no\n  2: 001\n"),
        ("dataset.yml", "names: {2: '001', 0: 'person', 1: \"no\"}\n"),
        ("classes.txt", "person\r\nno\r\n001\r\n"),
        ("obj.names", "person\nno\n001\n\n"),
        ("labels/train/classes.txt", "person\nno\n001\n"),
    ],
)
def test_names_stay_as_written(cli, write, name, content):
    write("set/labels/train/a.txt", f"0 {BOX}\n2 {BOX}\n")
    write("set/labels/val/b.txt", f"2 {BOX}\n")
    write("set/images/train/a.jpg", "")
    write(f"set/{name}", content)
    ran = cli("analyze", "set", "-f", "json")
    assert counts(ran) == {"person": 1, "no": 0, "001": 2}
    assert f"names of the class ids from set/{name}" in ran.stderr
    if name.count("/") == 0:
        below = cli("analyze", "set/labels/train", "set/labels/val", "-f", "json")
        assert counts(below) == {"person": 1, "no": 0, "001": 2}


def test_splits_and_images_stand_beside(cli, write):
    for split, ids in (("train", "0012"), ("valid", "02")):
        for i, number in enumerate(ids):
            write(f"set/{split}/labels/{i}.txt", f"{number} {BOX}\n" * 2)
        write(f"set/{split}/images/0.jpg", "")
    write("set/README.roboflow.txt", "exported")
    ran = cli("analyze", "set", "--split-column", "split", "--group-column", "file", "-f", "json")
    assert counts(ran) == {"0": 6, "1": 2, "2": 4}
    assert [row["groups"] for row in ran.json["classes"]] == [3, 1, 2]
    assert {row["split"]: row["rows"] for row in ran.json["splits"]} == {"train": 8, "valid": 4}
    assert "1 file left out (no labels of images), such as 'set/README.roboflow.txt'" in ran.stderr


def test_weights_by_image(cli, write):
    write("labels/a.txt", f"0 {BOX}\n" * 3 + f"1 {BOX}\n")
    write("labels/b.txt", f"0 {BOX}\n" * 4)
    ran = cli("weights", "labels", "--scheme", "median-frequency", "-f", "json")
    found = {row["label"]: row["weight"] for row in ran.json["classes"]}
    median = (7 / 8 + 1 / 4) / 2
    assert found == {"0": pytest.approx(median / (7 / 8)), "1": pytest.approx(median / (1 / 4))}
    assert "2 groups in column 'file'" in ran.stderr


def test_images_without_objects_are_said(cli, write):
    write("labels/a.txt", f"0 {BOX}\n")
    write("labels/b.txt", "")
    write("labels/c.txt", "\n")
    ran = cli("analyze", "labels", "-f", "json")
    assert counts(ran) == {"0": 1}
    assert "2 images without objects" in ran.stderr
    write("none/labels/a.txt", "")
    refused(cli("analyze", "none", "--input-format", "yolo"), "1 label file, and no object in any")


@pytest.mark.parametrize(
    "line",
    [
        "cat 0.5 0.5 0.1 0.1",
        "0 0.5 0.5 0.1",
        "0 0.5 0.5 0.1 nan",
        "0 0.5,0.5,0.1,0.1",
        "1.0 0.5 0.5 0.1 0.1",
        "-1 0.5 0.5 0.1 0.1",
        "01 0.5 0.5 0.1 0.1",
        "0 0.5 0.5 0.1 0.1 person",
        "0 0.5 0.5 0.1 0.1\r1 0.5 0.5 0.1 0.1",
        "\x1b[31m 0.5 0.5 0.1 0.1",
    ],
)
def test_a_line_that_does_not_fit_is_refused(cli, write, line):
    write("labels/a.txt", f"0 {BOX}\n")
    write("labels/b.txt", f"0 {BOX}\n\n{line}\n")
    ran = cli("analyze", "labels")
    refused(ran, "labels/b.txt: line 3: is no object of YOLO labels", "text: ")
    assert "\x1b" not in ran.stderr


def test_an_id_beyond_the_names_is_refused(cli, write):
    write("set/labels/a.txt", f"0 {BOX}\n")
    write("set/labels/b.txt", f"0 {BOX}\n2 {BOX}\n")
    write("set/classes.txt", "cat\ndog\n")
    refused(
        cli("analyze", "set"),
        "set/labels/b.txt: line 2: class id 2 has no name",
        "set/classes.txt names 2 ids",
    )


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("names: [a, a]", "a class name is there twice: 'a'"),
        ("names: {0: a, 0: b}", "a class id is there twice: '0'"),
        ("names: {x: a}", "class id 'x' is no number from 0"),
        ("names: [a, '']", "class id 1 has no name"),
        ("names: [a, [b]]", "a name or id of a class is no text"),
        ("names: 3", "names is neither a list nor a mapping"),
        ("names: []", "names no class"),
        ("nc: 3\nnames: [a, b]", "nc is '3', and 2 classes are named"),
        ("names: [a\nnc: 1", "is not YAML"),
        ("names: [a]\nnames: [b]", "a key is there twice: 'names'"),
        ("[" * 5000, "is not YAML"),
        ("a: &a [x]\nnames: !!python/object/apply:os.system ['touch pwned']", "has no name"),
    ],
)
def test_names_that_make_no_sense_are_refused(cli, write, tmp_path, content, text):
    write("set/labels/a.txt", f"5 {BOX}\n")
    write("set/data.yaml", content)
    refused(cli("analyze", "set"), text)
    assert not (tmp_path / "pwned").exists()


def test_names_that_contradict_each_other_are_refused(cli, write):
    write("set/labels/a.txt", f"0 {BOX}\n")
    write("set/classes.txt", "cat\ndog\n")
    write("set/data.yaml", "names: [dog, cat]\n")
    refused(cli("analyze", "set"), "set/classes.txt: names the class ids in another way")


def test_hostile_names(cli, write):
    labels = [x for x in HOSTILE_LABELS if "\n" not in x and x == x.strip()]
    write("set/classes.txt", "\n".join(labels))
    for i in range(len(labels)):
        write(f"set/labels/{i}.txt", f"{i} {BOX}\n" * (i + 1))
    ran = cli("analyze", "set", "-f", "json")
    assert counts(ran) == {label: i + 1 for i, label in enumerate(labels)}
    assert "\x1b" not in ran.stderr


def test_other_text_files_are_no_labels(cli, write):
    write("notes/a.txt", "1 2 3 4 5\n")  # a table of numbers
    refused(cli("analyze", "notes"), "no YOLO labels", "it holds: 1 .txt")
    ran = cli("analyze", "notes", "--input-format", "yolo", "-f", "json")
    assert counts(ran) == {"1": 1}
    write("empty/a.md", "x")
    refused(cli("analyze", "empty", "--input-format", "yolo"), "no YOLO label files")


def test_a_file_is_no_folder(cli, write):
    write("labels/a.txt", f"0 {BOX}\n")
    for form in ("yolo", "images"):
        ran = cli("analyze", "labels/a.txt", "--input-format", form)
        refused(ran, "labels/a.txt: is no folder", "hint: labels")
        refused(cli("analyze", "-", "--input-format", form), "-: is no folder")


def test_many_files_give_the_same_for_any_threads(cli, write):
    rng = random.Random(1)
    truth = dict.fromkeys("01234", 0)
    for i in range(60):
        ids = rng.choices("01234", k=rng.randrange(5))
        for number in ids:
            truth[number] += 1
        write(f"labels/{i}.txt", "".join(f"{number} {BOX}\n" for number in ids))
    one, two = (cli("analyze", "labels", "-f", "json", "-j", j) for j in (1, 2))
    assert counts(one) == truth
    assert one.stdout == two.stdout


def test_darknet_labels_beside_the_images(cli, write):
    write("data/obj_train_data/a.txt", f"1 {BOX}\n")
    write("data/obj_train_data/a.jpg", "")
    write("data/obj.names", "cat\ndog\n")
    write("data/train.txt", "data/obj_train_data/a.jpg\n")
    assert counts(cli("analyze", "data", "-f", "json")) == {"cat": 0, "dog": 1}
    below = cli("analyze", "data/obj_train_data", "-f", "json")
    assert counts(below) == {"cat": 0, "dog": 1}


def test_only_lists_of_images_are_left_out(cli, write):
    for name in ("test.txt", "train-1.txt", "notes.txt", "a.txt"):
        write(f"set/labels/val/{name}", f"0 {BOX}\n")
        write(f"flat/{name}", f"0 {BOX}\n")
    write("set/val.txt", "images/val/a.jpg\n")
    for folder in ("set", "set/labels", "set/labels/val"):
        assert counts(cli("analyze", folder, "-f", "json")) == {"0": 4}
    ran = cli("analyze", "flat", "-f", "json")
    assert counts(ran) == {"0": 2}
    assert "flat: 2 files left out (no labels of images)" in ran.stderr


@pytest.mark.parametrize("end", ["", "x"])
def test_a_line_of_many_numbers_takes_no_more_memory_than_itself(end):
    """A polygon may have any number of points; a file of labels is up to 64 MB."""
    import tracemalloc

    from wcetool.data.folders import YOLO_LINE

    line = b"0 " + b"0.5 " * 500_000 + end.encode()
    tracemalloc.start()
    found = YOLO_LINE.fullmatch(line)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (found is None) == bool(end)
    assert peak < 10 * len(line)
