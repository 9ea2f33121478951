"""What all tests share: the program in process and as a process, hostile labels, real files."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("ci", max_examples=200, deadline=None, derandomize=True)
settings.register_profile(
    "nightly", max_examples=5000, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

ROOT = Path(__file__).parent.parent
SAMPLE_DATA = ROOT / "sample_data"
SHARED_DATA = ROOT.parent / "shared" / "data"

HOSTILE_LABELS = (
    "NA",
    "001",
    "1",
    "[old] x",
    "[bold red]x[/]",
    "(NULL)",
    "a,b",
    'say "hi"',
    "'quoted'",
    "two\nlines",
    "\u202ertl",
    "\x1b[31mred\x1b[0m",
    "=cmd()",
    "-2+3",
    "<script>alert(1)</script>",
    "😀",
    "中文",
    "é",
    " leading",
    "trailing ",
    "tab\there",
    "|pipe|",
    "100%",
    "x" * 300,
    "null",
    "{}",
)


@dataclass(frozen=True)
class Ran:
    """What a run of the program left behind."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> dict:
        return json.loads(self.stdout, parse_constant=_no_constants)

    @property
    def rows(self) -> dict[str, dict]:
        return {row["label"]: row for row in self.json["classes"]}


def _no_constants(name: str) -> None:
    raise AssertionError(f"{name} is not strict JSON")


@pytest.fixture
def cli(tmp_path, monkeypatch):
    """Run the program in this process, in an empty folder."""
    from wcetool.cli.app import run

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("NO_COLOR", "1")

    def call(*args: object, stdin: bytes = b"") -> Ran:
        streams = {
            "stdin": io.TextIOWrapper(io.BytesIO(stdin)),
            "stdout": io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True),
            "stderr": io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True),
        }
        with monkeypatch.context() as patch:
            for name, stream in streams.items():
                patch.setattr(sys, name, stream)
            code = run([str(arg) for arg in args])
        out, err = (streams[name].buffer.getvalue().decode() for name in ("stdout", "stderr"))
        assert "Traceback" not in err
        return Ran(int(code), out, err)

    return call


@pytest.fixture
def process(tmp_path):
    """Run the program as a process of its own."""

    def call(
        *args: object, env: dict[str, str] | None = None, **more
    ) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, "-m", "wcetool", *map(str, args)],
            capture_output=more.pop("capture_output", True),
            env={**os.environ, "NO_COLOR": "1", "COLUMNS": "100", **(env or {})},
            cwd=more.pop("cwd", tmp_path),
            timeout=120,
            check=False,
            **more,
        )

    return call


@pytest.fixture
def write(tmp_path):
    """Write a file into the folder of the test."""

    def call(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return call


@pytest.fixture
def shared_data():
    """The folder of real files, which is no part of the product."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the real files of ../shared/data are not here")
    return SHARED_DATA
