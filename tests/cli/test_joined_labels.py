"""Cells that hold several labels, in the ways that files write them, are not counted as one."""

import pytest


def refused(ran, *words):
    assert (ran.code, ran.stdout) == (3, ""), ran.stderr
    for word in words:
        assert word in ran.stderr


def test_numbers_with_blanks_between_are_several_labels(cli, write):
    path = write("protein.csv", "Id,Target\na,16 0\nb,7 1 2\nc,5\nd,0 25\ne,0\n")
    refused(cli("analyze", path), "--label-separator ' '")
    ran = cli("analyze", path, "--label-separator", " ", "-f", "json")
    assert {label: row["count"] for label, row in ran.rows.items()} == dict.fromkeys(
        ("1", "2", "5", "7", "16", "25"), 1
    ) | {"0": 3}
    lines = write("sets.txt", "1 5 7\n1\n5 7\n1 5\n7\n")
    refused(cli("analyze", lines), "--label-separator ' '")


def test_words_with_blanks_between_are_several_labels_if_each_is_a_label(cli, write):
    rows = ["cs.LG stat.ML", "cs.LG", "stat.ML", "cs.CV cs.LG", "cs.CV", "cs.CV stat.ML"]
    path = write("papers.csv", "category\n" + "\n".join(rows * 3) + "\n")
    refused(cli("analyze", path), "--label-separator ' '")
    ran = cli("analyze", path, "--task", "multiclass", "-f", "json")
    assert ran.rows["cs.CV cs.LG"]["count"] == 3


def test_names_of_several_words_are_one_label(cli, write):
    path = write("animals.txt", "sea lion\nlion\nsea otter\nsea\npolar bear\nlion\n")
    ran = cli("analyze", path, "-f", "json")
    assert (ran.rows["sea lion"]["count"], ran.rows["lion"]["count"]) == (1, 2)


@pytest.mark.parametrize(
    "cells",
    [
        ["\"['a', 'b']\"", "\"['a']\"", "[]"],
        ['"[0, 2]"', "[1]", "[0]"],
        ["[0 2]", "[1]", "[2]"],
        ["<python><pandas>", "<python>", "<c#>"],
    ],
)
def test_lists_written_as_text_are_no_classes(cli, write, cells):
    path = write("lists.csv", "id,labels\n" + "".join(f"{i},{c}\n" for i, c in enumerate(cells)))
    refused(cli("analyze", path), "are lists, written as text", "--task multiclass")
    assert cli("analyze", path, "--task", "multiclass").code == 0


def test_labels_in_brackets_are_classes(cli, write):
    path = write("tags.csv", "label\n[UNK]\n[PAD]\n<s>\n[UNK]\n")
    ran = cli("analyze", path, "-f", "json")
    assert {label: row["count"] for label, row in ran.rows.items()} == {
        "<s>": 1,
        "[PAD]": 1,
        "[UNK]": 2,
    }


@pytest.mark.parametrize("marker", ["-", "-100"])
def test_what_data_sets_write_for_no_label_is_pointed_out(cli, write, marker):
    path = write("gold.csv", f"gold_label\n0\n1\n{marker}\n1\n")
    ran = cli("analyze", path, "-f", "json")
    assert ran.rows[marker]["count"] == 1
    assert f"--missing {marker} to leave it out" in ran.stderr
    assert marker not in cli("analyze", path, "--missing", marker, "-f", "json").rows


@pytest.mark.parametrize("first", ["4,27", "27", "joy,fear", "fear"])
@pytest.mark.parametrize("options", [(), ("--label-separator", ",")])
def test_a_first_row_of_labels_is_no_header(cli, write, first, options):
    others = ["27", "4", "4,20", "20", "27"] if first[-1] == "7" else ["fear", "joy", "ire", "joy"]
    lines = [f"a text\t{one}\te{i}\n" for i, one in enumerate([first, *others])]
    path = write("feelings.tsv", "".join(lines))
    refused(cli("analyze", path, "-l", "2", *options), "--no-header")


def test_a_header_of_several_words_is_a_header(cli, write):
    path = write("people.csv", '"id","Sex, Gender"\n1,F\n2,M\n3,F\n')
    ran = cli("analyze", path, "-l", "2", "-f", "json")
    assert {label: row["count"] for label, row in ran.rows.items()} == {"F": 2, "M": 1}


@pytest.mark.parametrize("command", ["analyze", "weights"])
def test_a_table_of_counts_is_not_counted_as_rows(cli, write, command):
    path = write("counts.csv", "label,count\ncat,900\ndog,40\nemu,3\n")
    refused(cli(command, path), "beside a column 'count'", "--task multiclass")
    assert cli(command, path, "--task", "multiclass").code == 0
    rows = write("rows.csv", "label,count\ncat,900\ndog,40\ncat,3\n")
    assert cli("analyze", rows, "-f", "json").rows["cat"]["count"] == 2


@pytest.mark.parametrize(
    ("lines", "command"),
    [
        (["+1 1:0 7:1", "-1 1:1"] * 20, "cut -d ' ' -f 1"),
        (["__label__pos good", "__label__neg __label__long bad text"] * 20, "grep -o '__label__"),
    ],
)
def test_lines_of_labels_and_features_are_no_labels(cli, write, lines, command):
    path = write("train.txt", "".join(f"{line}\n" for line in lines))
    refused(cli("analyze", path), f"hint: {command}")
