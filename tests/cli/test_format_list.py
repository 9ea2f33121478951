"""Lists: one label a line, or a path and a label; and what is not taken for one."""

import gzip
import json

import pytest
from test_bad_input import refused

MARKS = [f"a{n}.jpg {n % 2}" for n in range(1100)]


def counts(ran):
    assert ran.code == 0, ran.stderr
    return {label: row["count"] for label, row in ran.rows.items()}


def analyzed(cli, *args, **more):
    return cli("analyze", *args, "-f", "json", **more)


@pytest.mark.parametrize("name", ["l.txt", "labels", "l.lst"])
def test_a_label_a_line(cli, write, name):
    write(name, "2\n10\n2\n\n001\n\n\n")
    ran = analyzed(cli, name)
    assert counts(ran) == {"2": 2, "10": 1, "001": 1}
    assert ran.json["missing"] == 1
    assert ran.json["inputs"] == [{"path": name, "rows": 5, "blank_lines": 2}]
    assert f"{name} is read as a list of labels, by its content" in ran.stderr
    assert "label column 'label' (each line is a label)" in ran.stderr


def test_labels_are_text_as_written(cli, write):
    labels = [
        "NA",
        '"q"',
        "'a",
        "low risk",
        " b",
        "[old] x",
        "=cmd()",
        "a\x1b[31m",
        "😀",
        "x" * 300,
    ]
    write("l.txt", "\r\n".join(labels))
    assert set(counts(analyzed(cli, "l.txt"))) == set(labels)


def test_a_usual_name_is_a_header(cli, write):
    write("l.txt", "\nLabel\ncat\n\ndog\n")
    ran = analyzed(cli, "l.txt")
    assert counts(ran) == {"cat": 1, "dog": 1}
    assert (ran.json["rows"], ran.json["missing"]) == (3, 1)
    assert "label column 'Label' (each line is a label; the first one is its name)" in ran.stderr
    assert counts(analyzed(cli, "l.txt", "--no-header"))["Label"] == 1


def test_the_last_word_of_a_label_is_no_header(cli, write):
    write("l.txt", "first class\nsecond class\nfirst class\n")
    assert counts(analyzed(cli, "l.txt")) == {"first class": 2, "second class": 1}
    write("l.txt", "label\n")
    refused(cli("analyze", "l.txt"), 3, "has a header and no rows")


def test_a_header_in_doubt(cli, write):
    write("l.txt", "species\n" + "cat\ncat\ndog\ndog\n" * 4)
    refused(cli("analyze", "l.txt"), 3, "the first line 'species' is like no other one", "--header")
    assert counts(analyzed(cli, "l.txt", "--header")) == {"cat": 8, "dog": 8}
    assert counts(analyzed(cli, "l.txt", "--no-header")) == {"species": 1, "cat": 8, "dog": 8}
    write("l.txt", "code\n3\n1\n2\n")
    refused(cli("analyze", "l.txt"), 3, "the first line 'code' is like no other one")
    write("l.txt", "label\na\nlabel\nb\n")
    refused(cli("analyze", "l.txt"), 3, "the first line 'label' recurs", "--no-header")
    write("l.txt", "label\n" + "a\n" * 2000 + "label\n")  # beyond the first look
    refused(cli("analyze", "l.txt"), 3, "the header 'label' recurs", "--no-header")


def test_comments_and_skipped_lines(cli, write):
    write("l.txt", "# my labels\na\n# b\nb\n")
    assert counts(analyzed(cli, "l.txt", "--comment", "#")) == {"a": 1, "b": 1}
    assert counts(analyzed(cli, "l.txt", "--skip-lines", 1)) == {"a": 1, "# b": 1, "b": 1}
    refused(cli("analyze", "l.txt", "--delimiter", ";"), 2, "--delimiter: has no effect")


@pytest.mark.parametrize("blank", [" ", "\t", "  ", " \t"])
def test_a_path_and_a_label(cli, write, blank):
    lines = [f"train/a b/{n}.jpg{blank}{n % 2}" for n in range(5)]
    write("l.txt", "\n".join([*lines, "", f"c.PNG{blank}2 \t"]))
    ran = analyzed(cli, "l.txt")
    assert counts(ran) == {"0": 3, "1": 2, "2": 1}
    assert ran.json["missing"] == 0
    assert "label column 'label' (what stands behind a path, after the last blank)" in ran.stderr


def test_a_path_and_a_label_between_tabs(cli, write):
    write("l.txt", "a b/1\tcat\nc d.jpg\tdog\n")
    refused(cli("analyze", "l.txt"), 3, "l.txt: has lines with tabs: several fields?")
    write("l.txt", "a/1\tcat\nc d.jpg\tdog\n")
    assert counts(analyzed(cli, "l.txt")) == {"cat": 1, "dog": 1}


def test_a_path_without_a_suffix_and_a_header(cli, write):
    for header in ("file label", "\nlabel", "the file\tlabel"):
        write("l.txt", f"{header}\nfolder/1 cat\nfolder/2 dog\n")
        assert counts(analyzed(cli, "l.txt")) == {"cat": 1, "dog": 1}
    write("l.txt", "x\nfolder/1 cat\nfolder/2 dog\n")
    assert counts(analyzed(cli, "l.txt", "--header")) == {"cat": 1, "dog": 1}


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("b.jpg", "line 1,101: is no path and label, as the first lines are"),
        ("b.jpg c.jpg", "line 1,101: has a file name where the others have a label"),
        ("b.jpg 1 2", "line 1,101: is no path and label"),
        ("b.jpg golden retriever", "line 1,101: is no path and label"),
        ("a\x1fb.jpg 1", "line 1,101: holds"),
    ],
)
def test_a_line_that_is_no_path_and_label(cli, write, line, text):
    write("l.txt", "\n".join([*MARKS, line]))
    refused(cli("analyze", "l.txt"), 3, f"l.txt: {text}")


@pytest.mark.parametrize(
    "lines",
    [
        ["img.jpg 0 1", "b.jpg 1 0"],
        ["img.jpg golden retriever", "b.jpg cat"],
        ["img.jpg b.jpg"],
        ["train/img.jpg 0 1", "train/b.jpg 1 0"],
    ],
)
def test_a_path_and_several_fields(cli, write, lines):
    write("l.txt", "\n".join(lines))
    refused(cli("analyze", "l.txt"), 3, "has lines of a path and several fields")


def test_a_label_before_a_path_is_not_guessed(cli, write):
    write("l.txt", "0 train/a.jpg\n1 train/b c.jpg\n0 d.jpg\n")
    refused(cli("analyze", "l.txt"), 3, "no column is known to hold the label", "hint: -l 1")
    assert counts(analyzed(cli, "l.txt", "-l", "1")) == {"0": 2, "1": 1}


@pytest.mark.parametrize(
    "lines",
    [
        [f"This is sentence {n}{', or' * (n % 3)} something" for n in range(20)],
        [f"id{n} cat" for n in range(20)],
        ["cat 120", "dog 80"],
        [f"{n}.5 3.5 a" for n in range(12)],
    ],
)
def test_text_is_not_counted_as_labels(cli, write, lines):
    write("l.dat", "\n".join(lines))
    refused(cli("analyze", "l.dat"), 3, "texts or several fields, not labels?", "--delimiter ' '")


def test_numbers_side_by_side_are_no_labels(cli, write):
    write("l.txt", "0 0.5 0.5 0.1 0.1\n")
    refused(cli("analyze", "l.txt"), 3, "has only numbers, several on each line", "--delimiter ' '")


def test_uneven_tabs_are_not_counted_as_labels(cli, write):
    write("l.txt", "a\tb\nc\nd\te\tf\n")
    refused(cli("analyze", "l.txt"), 3, "has lines with tabs", "--input-format tsv")


def test_several_labels_in_a_cell_are_not_counted_as_one(cli, write):
    write("l.csv", "label\n" + "a\nb\nc\n'x|y'\na|b\nb|c\nc|a\n" * 3)
    ran = cli("analyze", "l.csv")
    refused(ran, 3, "3 distinct labels of column 'label'", "--label-separator '|'", "multiclass")
    assert len(counts(analyzed(cli, "l.csv", "--task", "multiclass"))) == 7
    write("l.txt", "a\nb\na,b\na\n")
    ran = analyzed(cli, "l.txt")
    assert counts(ran) == {"a": 2, "b": 1, "a,b": 1}
    assert "--label-separator ','" in ran.stderr
    ran = analyzed(cli, "l.txt", "--label-separator", ",")
    assert {label: row["count"] for label, row in ran.rows.items()} == {"a": 3, "b": 2}


def test_compressed_pooled_and_from_a_stream(cli, write):
    content = "\n".join(MARKS).encode()
    write("a.txt.gz", gzip.compress(content))
    write("b.txt", content)
    assert counts(analyzed(cli, "a.txt.gz", "b.txt")) == {"0": 1100, "1": 1100}
    ran = analyzed(cli, "-", "--input-format", "list", stdin=content)
    assert counts(ran) == {"0": 550, "1": 550}
    write("c.txt.gz", gzip.compress(content)[:-9])
    refused(cli("analyze", "c.txt.gz"), 3, "c.txt.gz: ", "truncated or damaged")
    write("e.txt", "")
    refused(cli("analyze", "e.txt", "--input-format", "list"), 3, "e.txt: is empty")


def test_blocks_and_threads_change_nothing(cli, write):
    lines = [f"train/some folder/{n}.jpg {n % 3}" for n in range(150_000)]
    write("p.txt", "\n".join(lines))
    write("l.txt", "a\n" * 1_200_000 + "\n" * 1_200_000 + "b\n" + "\n" * 1_200_000)
    for name, found in (("p.txt", {"0": 50_000, "1": 50_000, "2": 50_000}), ("l.txt", None)):
        one, two = (cli("analyze", name, "-f", "json", "-j", n) for n in (1, 2))
        assert one.stdout == two.stdout
        assert counts(one) == (found or {"a": 1_200_000, "b": 1})
    assert one.json["missing"] == 1_200_000
    assert one.json["inputs"][0]["blank_lines"] == 1_200_000


def test_a_list_holds_the_truth_of_predictions(cli, write):
    write("preds.csv", "p_0,p_1\n0.5,0.5\n0.25,0.75\n")
    write("y.txt", "0\n1\n")
    ran = cli("score", "preds.csv", "--labels", "y.txt", "-f", "json")
    assert ran.code == 0, ran.stderr
    assert ran.json["scored"] == 2


def test_hostile_lines_take_no_time(cli, write):
    write("l.txt", "\n".join(["/" * 500_000, "a " + " " * 500_000 + "b", "x.ab " * 100_000]))
    assert cli("analyze", "l.txt").code in {0, 3}


def test_names_with_more_fields(cli, write):
    write("l.txt", "1\n0\n1\n")
    write("names.txt", "0\t❤\t_red_heart_\t\n1\t😍\t_smile_\t\n")
    ran = analyzed(cli, "l.txt", "--names", "names.txt")
    assert counts(ran) == {"❤": 1, "😍": 2}
    assert "names are the second field of each line" in ran.stderr
    assert "'_red_heart_', are not used" in ran.stderr
    write("names.txt", "0\t❤\t\n1\t😍\t\n")
    assert "not used" not in analyzed(cli, "l.txt", "--names", "names.txt").stderr


def test_real_files(cli, shared_data):
    truth = json.loads((shared_data / "ground_truth.json").read_text())["labels"]
    name = "Places_LT_train.txt.gz"
    assert counts(analyzed(cli, shared_data / name)) == truth[name]["label"]["counts"]
    name = "tweeteval_emoji_train_labels.txt"
    found = counts(analyzed(cli, shared_data / name))
    assert found == truth[name]["one int per line"]["counts"]
    names = shared_data / "tweeteval_emoji_mapping.txt"
    named = counts(analyzed(cli, shared_data / name, "--names", names))
    assert sorted(named.values()) == sorted(found.values())


def test_a_real_file_of_several_labels(cli, shared_data):
    truth = json.loads((shared_data / "ground_truth.json").read_text())["labels"]
    path = shared_data / "goemotions_dev.tsv"
    refused(cli("analyze", path), 3, "no column is known to hold the label")
    refused(cli("analyze", path, "-l", "2"), 3, "--no-header")
    ran = cli("analyze", path, "-l", "2", "--no-header")
    refused(ran, 3, "several labels in a cell?", "--label-separator ','")
    named = ("-l", "2", "--no-header", "--label-separator", ",")
    ran = analyzed(cli, path, *named, "--names", shared_data / "goemotions_labels.txt")
    assert counts(ran) == truth[path.name]["col2 split ,"]["counts"]
