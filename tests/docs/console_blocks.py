"""Console blocks of the documents: found, run, compared, and brought up to date.

``python tests/docs/console_blocks.py FILE...`` writes what the commands print now. Every block runs
in a copy of the sample data; the blocks of one file share it, so that one may read what an earlier
one wrote.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Step:
    """A command and what follows it in the document."""

    command: str
    expected: str


def steps(block: str) -> list[Step]:
    """Cut a block at its prompts."""
    parts = re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]
    return [Step(*part.split("\n", 1)) for part in parts]


def blocks(path: Path) -> list[str]:
    """Return the text of every console block of a document."""
    return _BLOCK.findall(path.read_text(encoding="utf-8"))


def run(command: str, folder: Path) -> str:
    """Run a command line as a user of the environment would; both streams in order."""
    program, *args = shlex.split(command)
    if program == "wcetool":
        argv = [sys.executable, "-m", "wcetool", *args]
    elif program == "echo" and args == ["$?"]:
        raise ValueError("write `exit code` in the text: every step is a process of its own")
    else:
        argv = [program, *args]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("WCETOOL")}
    done = subprocess.run(
        argv,
        cwd=folder,
        env={**environment, "NO_COLOR": "1", "COLUMNS": "80", "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        check=False,
    )
    return done.stdout


def fresh_folder(parent: Path) -> Path:
    """Copy the sample data, and the twins of real files where the examples expect them."""
    shutil.copytree(ROOT / "tests" / "data", parent / "tests" / "data", dirs_exist_ok=True)
    return Path(shutil.copytree(ROOT / "sample_data", parent / "sample_data"))


def main(paths: list[str]) -> None:
    """Bring the blocks of some documents up to date."""
    for path in map(Path, paths):
        with tempfile.TemporaryDirectory() as parent:
            folder = fresh_folder(Path(parent))

            def rerun(match: re.Match[str], folder: Path = folder) -> str:
                parts = (
                    f"$ {step.command}\n{run(step.command, folder)}" for step in steps(match[1])
                )
                return f"```console\n{''.join(parts)}```"

            text = path.read_text(encoding="utf-8")
            path.write_text(_BLOCK.sub(rerun, text), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
