"""`wcetool weights --snippet` as a user runs it."""

import ast
from pathlib import Path

import pytest

import wcetool
from wcetool.snippets import Framework
from wcetool.snippets.writing import MOST_IN_CODE

LABELS = "label\n" + "a\n" * 3 + "b's\n" + '"two\nlines"\n'


@pytest.mark.parametrize("framework", Framework)
def test_stdout_is_the_code_and_nothing_else(cli, write, framework):
    write("labels.csv", LABELS)
    ran = cli("weights", "labels.csv", "--snippet", framework)
    assert ran.code == 0
    ast.parse(ran.stdout)
    assert ran.stdout == wcetool.snippet(wcetool.class_weights([Path("labels.csv")]), framework)
    assert "note: label column" in ran.stderr
    assert framework in cli("weights", "--help").stdout


def test_the_weight_file_is_written_all_the_same_and_named_in_the_code(cli, write):
    write("labels.csv", LABELS)
    ran = cli("weights", "labels.csv", "--snippet", "sklearn", "-o", "my w.json")
    assert "--weights 'my w.json' --like sklearn" in ran.stdout
    names = {}
    exec(ran.stdout, names)
    assert names["weights"] == wcetool.read_weights("my w.json").by_class


@pytest.mark.parametrize(
    "option", [("-f", "json"), ("--digits", "2"), ("--top", "1"), ("--sort", "count")]
)
def test_an_option_of_the_display_has_no_effect_on_code(cli, write, option):
    write("labels.csv", LABELS)
    ran = cli("weights", "labels.csv", "--snippet", "torch", *option)
    assert (ran.code, ran.stdout) == (2, "")
    assert "has no effect on --snippet" in ran.stderr


def test_what_cannot_be_written_is_refused_before_the_labels_are_read(cli):
    ran = cli("weights", "not-there.csv", "--snippet", "pytorch")
    assert ran.code == 2
    assert "hint: --snippet torch" in ran.stderr
    ran = cli("weights", "not-there.csv", "--snippet", "xgboost", "--scheme", "ldam-margin")
    assert ran.code == 2
    assert "frameworks: torch, keras, tensorflow, jax, hf" in ran.stderr


def test_many_classes_need_the_weight_file(cli, write):
    write("labels.csv", "label\n" + "".join(f"c{k}\n" for k in range(MOST_IN_CODE + 1)))
    ran = cli("weights", "labels.csv", "--snippet", "sklearn")
    assert (ran.code, ran.stdout) == (2, "")
    assert "hint: --output weights.json" in ran.stderr
    ran = cli("weights", "labels.csv", "--snippet", "sklearn", "-o", "w.json")
    names = {}
    exec(ran.stdout, names)
    assert len(names["weights"]) == MOST_IN_CODE + 1
    assert len(ran.stdout) < 2000
