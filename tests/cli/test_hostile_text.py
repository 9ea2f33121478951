"""Labels, columns and file names made to be interpreted: nothing reads them but as text."""

import ast
import csv
import io
import json
import os
import re
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import HOSTILE_LABELS

import wcetool

ATTACKS = (
    *HOSTILE_LABELS,
    *("\x9b31mc1", "\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "\x1b]0;title\x07", "bell\x07"),
    *("back\b\b\bspace", "carriage\rreturn", "del\x7f", "next\x85line", "line\u2028separator"),
    *("zero\u200bwidth", "\u2066isolate", "\ufeffmark", "tag\U000e0041", "\u202epdf\u202c"),
    *("[link=http://x]y[/link]", "[/]", "[", ":smile:", "\\[bold]x", "[@click=app.bell]x[/]"),
    *("=cmd|'/c calc'!A0", "+1+1", "@SUM(1)", "-1", "\t=1", "\r=1", '=HYPERLINK("http://x")'),
    *("`code`", "*bold*", "_em_", "~~del~~", "# head", "&amp;", "![x](http://x)", "<img src=x>"),
    *("{0}", "{label}", "%s", "%(x)s", "${HOME}", "$(id)", "'; import os #", '"""', "'''", "\\"),
    *("a|b|c", "a;b", "a\\nb", "\\x1b[31m", "nul\x00byte", "../../etc/passwd", "e\u0301", "ﬁ"),
)
LABELS = tuple(dict.fromkeys(ATTACKS))
BARE = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture
def labels(tmp_path):
    """Labels in Parquet, which changes no character of them."""
    table = pa.table({"id": range(len(LABELS)), "label": list(LABELS)})
    pq.write_table(table, tmp_path / "labels.parquet")
    return "labels.parquet"


@pytest.fixture
def preds(tmp_path):
    """Scores of hostile classes, and names of columns that hold them."""
    n = len(LABELS)
    columns = {"label": list(LABELS)}
    columns |= {f"p_{label}": np.full(n, 1 / n) for label in LABELS}
    pq.write_table(pa.table(columns), tmp_path / "preds.parquet")
    return "preds.parquet"


def nothing_moves(text):
    """Check that a terminal takes every character for a character."""
    wrong = {c for line in text.split("\n") for c in line if not c.isprintable()}
    assert not wrong, sorted(map(repr, wrong))


COMMANDS = {
    "analyze": ["analyze", "labels.parquet"],
    "analyze by label": ["analyze", "labels.parquet", "--sort", "label", "--top", "50"],
    "weights": ["weights", "labels.parquet"],
    "weights together": ["weights", "labels.parquet", "--scheme", "inverse", "--scheme", "uniform"],
    "score": ["score", "preds.parquet", "--weights", "inverse"],
    "check": ["check", "w.json", "labels.parquet"],
}


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("form", ["table", "md"])
def test_pages_hold_no_character_that_moves_or_hides(cli, labels, preds, name, form):
    assert cli("weights", labels, "-o", "w.json").code == 0
    ran = cli(*COMMANDS[name], "-f", form)
    assert ran.code == 0, ran.stderr
    nothing_moves(ran.stdout)
    nothing_moves(ran.stderr)
    if form == "md":
        assert "<script>" not in ran.stdout.replace("\\<", "")
        for line in ran.stdout.splitlines():
            if line.startswith("|"):  # a table: every row has the cells of its header
                bars = len(re.findall(r"(?<!\\)(?:\\\\)*\|", line))
                assert bars > 1


def test_markdown_tables_have_as_many_cells_in_every_row(cli, labels):
    rows = [line for line in cli("analyze", labels, "-f", "md").stdout.splitlines() if "|" in line]
    tables = [row for row in rows if row.startswith("|")]
    widths = {len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) for row in tables}
    assert len(widths) == 1
    assert len(tables) == len(LABELS) + 2


def test_colour_is_ours_alone(cli, labels):
    shown = cli("analyze", labels, "--color", "always").stdout
    assert "\x1b[" in shown
    nothing_moves(BARE.sub("", shown))


def test_json_gives_every_label_back(cli, labels, preds):
    for args in (["analyze", labels], ["weights", labels], ["score", preds]):
        ran = cli(*args, "-f", "json")
        assert sorted(row["label"] for row in ran.json["classes"]) == sorted(LABELS)
        nothing_moves(ran.stdout)


def test_csv_holds_labels_as_they_are(cli, labels, preds, tmp_path):
    """What reads CSV reads the same labels; a spreadsheet may take some for formulas."""
    for args in (["analyze", labels], ["weights", labels], ["score", preds]):
        ran = cli(*args, "-f", "csv", "-o", "out.csv")
        assert ran.code == 0, ran.stderr
        text = (tmp_path / "out.csv").read_bytes().decode()
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
        assert {row["label"] for row in rows} == set(LABELS)
        assert len(rows) == len(LABELS)


@pytest.mark.parametrize("name", ["w.json", "w.csv", "w.parquet", "w.npy"])
def test_weight_files_give_every_label_back(cli, labels, name):
    assert cli("weights", labels, "-o", name).code == 0
    assert set(wcetool.read_weights(name).classes) == set(LABELS)
    assert cli("check", name, labels).code == 0


@pytest.mark.parametrize(
    "framework", ["torch", "keras", "tensorflow", "sklearn", "xgboost", "lightgbm", "jax"]
)
def test_code_to_paste_holds_labels_as_texts_and_nothing_else(cli, labels, framework):
    # The codes 001 and 1 are one class to scikit-learn, which is refused.
    ran = cli("weights", labels, "--snippet", framework, "--missing", "001,-1")
    assert ran.code == 0, ran.stderr
    nothing_moves(ran.stdout)
    tree = ast.parse(ran.stdout)
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert not names & {"os", "eval", "exec", "__import__"}


@pytest.mark.parametrize("label", [one for one in LABELS if not one.isprintable()][::2])
def test_errors_and_notes_quote_what_they_repeat(cli, tmp_path, label):
    rows = {"label": [label, "b"], label + "x": [1, 2]}
    pq.write_table(pa.table(rows), tmp_path / "labels.parquet")
    for args in (
        ["analyze", "labels.parquet", "--classes", "q,r"],
        ["analyze", "labels.parquet", "-l", "none"],
        ["analyze", "labels.parquet", "--missing", "b", "-l", f"{label}y".replace("\0", "")],
        ["analyze", "labels.parquet", "--max-classes", "1"],
        ["score", "labels.parquet"],
        ["weights", "labels.parquet", "--set", f"{label}=2".replace("\0", "")],
        ["weights", "labels.parquet", "--scheme", label.replace("\0", "")],
        ["analyze", "labels.parquet", "--fail-if", label.replace("\0", "")],
    ):
        ran = cli(*args)
        assert ran.code in (0, 1, 2, 3), ran.stderr
        nothing_moves(ran.stderr)
        assert ran.code == 0 or ran.stderr.startswith(("error: ", "note: ", "warning: "))


NAMES = (
    "new\nline.csv",
    "-leading.csv",
    "--version",
    "\x1b]0;title\x07.csv",
    "\u202egpj.csv",
    "a[1]*?.csv",
    "~root.csv",
    "$HOME.csv",
    "%s{0}.csv",
    "[bold]x.csv",
    "a b'c\"d.csv",
    os.fsdecode(b"\xff\xfe.csv"),
    "é.csv",
    "key=value.csv",
)


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_file_names_are_names(cli, tmp_path, name):
    (tmp_path / name).write_text("label\na\nb\nb\n")
    more = [] if name.endswith(".csv") else ["--input-format", "csv"]
    for form in ("table", "md", "json", "csv"):
        ran = cli("analyze", "-f", form, *more, "--", name)
        assert ran.code == 0, ran.stderr
        nothing_moves(ran.stdout)
        nothing_moves(ran.stderr)
    assert cli("analyze", "-f", "json", *more, "--", name).json["inputs"][0]["path"] == name
    ran = cli("analyze", "-l", "none", *more, "--", name)
    assert ran.code == 3
    nothing_moves(ran.stderr)
    assert len(ran.stderr.splitlines()) <= 4


@pytest.mark.parametrize("name", ["out\n.json", "\x1b[31m.json", "-o.json", "[bold].json"])
def test_names_of_outputs_are_names(cli, write, tmp_path, name):
    write("labels.csv", "label\na\nb\n")
    ran = cli("weights", "labels.csv", f"--output={name}")
    assert ran.code == 0, ran.stderr
    nothing_moves(ran.stdout)
    nothing_moves(ran.stderr)
    assert (tmp_path / name).is_file()
    ran = cli("weights", "labels.csv", f"--output=none/{name}")
    assert ran.code == 2
    nothing_moves(ran.stderr)


def test_a_shell_meets_no_surprise_in_names_that_are_no_utf8(tmp_path):
    """As a process, whose names are bytes."""
    name = b"\xff\x1b[31m.csv"
    with open(os.path.join(os.fsencode(tmp_path), name), "w") as file:
        file.write("label\na\n")
    for form in ("table", "json"):
        ran = subprocess.run(
            [sys.executable, "-m", "wcetool", "analyze", "-f", form, name],
            cwd=tmp_path,
            capture_output=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        assert b"\x1b" not in ran.stdout + ran.stderr
        text = ran.stdout.decode()  # UTF-8
        if form == "json":
            assert os.fsencode(json.loads(text)["inputs"][0]["path"]) == name


@pytest.mark.parametrize("text", ["\x1b[31m", "\u202e", "\x9b", "a\nb"])
def test_settings_are_quoted_too(cli, write, text):
    write("labels.csv", "label\na\n")
    quoted = json.dumps(text, ensure_ascii=True)
    for config in (f"{quoted} = 1", f"label-column = {quoted}", f"fail-if = {quoted}"):
        write("wcetool.toml", config + "\n")
        ran = cli("analyze", "labels.csv")
        assert ran.code in (2, 3)
        nothing_moves(ran.stderr)
