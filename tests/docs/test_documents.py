"""What the documents say is what the program does."""

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from console_blocks import ROOT, blocks, fresh_folder, run, steps

from wcetool.cli.app import app
from wcetool.cli.weights import USUAL_FILES
from wcetool.core.schemes import SCHEMES
from wcetool.data.affixes import AFFIXES, SINGLE_NAMES
from wcetool.data.columns import LABEL_NAMES
from wcetool.data.registry import FORMATS
from wcetool.errors import ExitCode

DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")])
WITH_BLOCKS = sorted({path for path in DOCUMENTS if blocks(path)})
COMMANDS = typer.main.get_command(app).commands


def text_of(name):
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("path", WITH_BLOCKS, ids=lambda path: path.name)
def test_every_console_block_prints_what_it_shows(path, tmp_path):
    folder = fresh_folder(tmp_path)
    for block in blocks(path):
        for step in steps(block):
            assert run(step.command, folder) == step.expected


def test_the_readme_has_console_blocks():
    assert ROOT / "README.md" in WITH_BLOCKS


@pytest.mark.parametrize("name", ["README.md", "docs/api.md"])
def test_python_examples_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code = "\n".join(re.findall(r"^```python\n(.*?)^```$", text_of(name), re.MULTILINE | re.DOTALL))
    test = doctest.DocTestParser().get_doctest(code, {}, name, name, 0)
    assert test.examples
    results = doctest.DocTestRunner().run(test)
    assert results.failed == 0


def test_the_literal_commands_of_the_sample_data_work(tmp_path):
    folder = fresh_folder(tmp_path)
    for command in ("analyze labels.csv", "weights --scheme inverse", "score preds.parquet"):
        done = subprocess.run(
            [sys.executable, "-m", "wcetool", *command.split()],
            cwd=folder,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["schemes.md", "measures.md", "cli.md"])
def test_generated_documents_are_fresh(name):
    done = subprocess.run(
        [sys.executable, "-m", "cogapp", "--check", "-I", "docs", f"docs/{name}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "90"},
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr}\nrun `make fix`"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_is_documented(name):
    documented = text_of("docs/cli.md")
    assert f"## wcetool {name}\n" in documented
    for param in COMMANDS[name].params:
        assert getattr(param, "help", None), param.name
        for flag in param.opts:
            if flag.startswith("--"):
                assert flag in documented


@pytest.mark.parametrize("name", COMMANDS)
def test_help_ends_with_a_command_that_can_be_run(name):
    assert re.search(rf"Example: wcetool {name}\b", COMMANDS[name].epilog)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_texts_survive_whole(name, cli):
    shown = "".join(cli(name, "--help").stdout.split())  # lines are broken at hyphens too
    for param in COMMANDS[name].params:
        assert "".join(param.help.split()) in shown


@pytest.mark.parametrize("name", COMMANDS)
def test_options_are_kebab_case_and_short_flags_one_letter(name):
    for param in COMMANDS[name].params:
        for flag in (*param.opts, *param.secondary_opts):
            if flag.startswith("-"):
                assert re.fullmatch(r"--[a-z]+(-[a-z]+)*|-[a-zA-Z]", flag)


def test_every_exit_code_is_documented():
    for name in ("README.md", "docs/cli.md"):
        for code in ExitCode:
            assert re.search(rf"^\|.*\b{code.value}\b", text_of(name), re.MULTILINE)


def test_every_scheme_is_documented():
    for name in SCHEMES:
        assert f"### {name}\n" in text_of("docs/schemes.md") or f"### {name} (" in text_of(
            "docs/schemes.md"
        )


def test_the_written_lists_of_the_rules_are_documented():
    documented = text_of("docs/formats.md") + text_of("docs/predictions.md")
    for name in (*LABEL_NAMES, *(affix.prefix + affix.suffix for affix in AFFIXES)):
        prefix = name.replace("class__", "class_*_")
        assert f"`{prefix}`" in documented, prefix
    for name in SINGLE_NAMES:
        assert f"`{name}`" in documented, name
    assert all(name in text_of("docs/cli.md") for name in USUAL_FILES)


def test_the_table_of_formats_has_a_row_and_a_test_for_each():
    rows = re.findall(
        r"^\| ([^|\n]+?) \|.*\| ([^|]*) \|$", text_of("docs/formats.md"), re.MULTILINE
    )
    tests = {name: re.findall(r"`(tests/[^`]+)`", cell) for name, cell in rows}
    for form in FORMATS:
        assert any(f", `{form}`" in name and paths for name, paths in tests.items()), form
    for name, paths in tests.items():
        assert all((ROOT / path).is_file() for path in paths), name


def test_every_key_of_a_signature_is_documented(tmp_path):
    import wcetool
    from wcetool.results.document import parse_signature

    labels = ["a", "a", "b"]
    results = (
        wcetool.analyze(labels, classes=["a", "b"]),
        wcetool.analyze([["a"], ["b", "a"]], n_features=3, max_label_sets=9),
        wcetool.class_weights(labels, cap=2, set_weights=None),
        wcetool.class_weights(labels, set_weights={"a": 1}),
        wcetool.score(labels, [[0.5, 0.5]] * 3, classes=["a", "b"], clip=0.1, renormalize=True),
        wcetool.score(
            labels, [[0.5, 0.5]] * 3, classes=["a", "b"], class_weight={"a": 1}, absent="one"
        ),
    )
    documented = set(re.findall(r"`([a-z0-9-]+)`", text_of("docs/guide.md")))
    for result in results:
        assert set(parse_signature(result.signature)) - {"kind"} <= documented


def test_the_readme_and_contributing_keep_their_length():
    assert len(text_of("README.md").splitlines()) <= 150
    assert len(text_of("CONTRIBUTING.md").splitlines()) <= 100


def test_links_between_documents_lead_somewhere():
    for path in DOCUMENTS:
        for target in re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8")):
            if not target.startswith("http"):
                assert (path.parent / target).exists(), (path.name, target)


def test_the_sample_data_can_be_built_again(tmp_path):
    import numpy as np
    import pandas as pd

    subprocess.run([sys.executable, ROOT / "sample_data" / "build.py", tmp_path], check=True)
    committed = ROOT / "sample_data"
    for name in ("labels.csv", "splits.csv"):
        assert (tmp_path / name).read_bytes() == (committed / name).read_bytes()
    for name in ("labels", "preds", "logits"):
        built, kept = (pd.read_parquet(Path(f) / f"{name}.parquet") for f in (tmp_path, committed))
        scores = built.columns[2:]
        pd.testing.assert_frame_equal(built.drop(columns=scores), kept.drop(columns=scores))
        # The optimiser stops a little elsewhere on another processor.
        np.testing.assert_allclose(built[scores], kept[scores], rtol=1e-3, atol=1e-4)


def test_make_lists_its_targets():
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    for target in ("demo", "test", "check", "fix", "bench", "help"):
        assert re.search(rf"^{target} ", shown.stdout, re.MULTILINE)


def test_every_test_that_shows_what_peers_have_is_there():
    named = set(
        re.findall(r"tests/[a-z_/]+\.py", (ROOT / "docs/peers.md").read_text(encoding="utf-8"))
    )
    assert len(named) > 5
    assert [name for name in sorted(named) if not (ROOT / name).is_file()] == []
