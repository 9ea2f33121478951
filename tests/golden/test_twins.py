"""Invented files with every peculiarity that real ones were seen to have: `tests/data/make.py`."""

import gzip
import json
import runpy
import shlex
import sys
from pathlib import Path

import pytest

DATA = Path(__file__).parent.parent / "data"
EXPECTED = json.loads((DATA / "expected.json").read_text(encoding="utf-8"))


@pytest.fixture
def in_data(monkeypatch, cli):
    monkeypatch.chdir(DATA)
    return cli


@pytest.mark.parametrize("expected", EXPECTED, ids=[one["command"] for one in EXPECTED])
def test_the_shortest_command_finds_the_truth(in_data, expected):
    ran = in_data(*shlex.split(expected["command"]), "-f", "json")
    if "refused" in expected:
        assert (ran.code, ran.stdout) == (3, ""), ran.stderr
        assert expected["refused"] in ran.stderr
        return
    assert ran.code == 0, ran.stderr
    found = ran.json
    if "counts" in expected:
        assert {label: row["count"] for label, row in ran.rows.items()} == expected["counts"]
    if "missing" in expected:
        assert found["missing"] == expected["missing"]
    if "rows" in expected:
        assert found["rows"] == expected["rows"]
    if "loss" in expected:
        assert found["unweighted"]["mean"] == pytest.approx(expected["loss"], rel=1e-12)
        assert found["balanced"]["mean"] == pytest.approx(expected["balanced"], rel=1e-12)
    if "accuracy" in expected:
        assert found["metrics"]["accuracy"] == pytest.approx(expected["accuracy"], rel=1e-12)
    if "models" in expected:
        losses = {one["name"]: one["score"]["unweighted"]["mean"] for one in found["models"]}
        assert losses == pytest.approx(expected["models"], rel=1e-12)


def test_the_files_are_those_that_the_script_writes(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(DATA)
    script = runpy.run_path(str(DATA / "make.py"))
    script["make"](tmp_path)
    for name in ("make_labels", "make_predictions"):
        sys.modules.pop(name, None)
    made = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    kept = {path.relative_to(DATA) for path in DATA.rglob("*") if path.is_file()}
    assert made == {path for path in kept if path.suffix not in (".py", ".pyc")}
    for name in made:
        pair = [(folder / name).read_bytes() for folder in (tmp_path, DATA)]
        if name.suffix == ".gz":  # the bytes depend on the version of zlib
            pair = [gzip.decompress(data) for data in pair]
        assert pair[0] == pair[1], name
