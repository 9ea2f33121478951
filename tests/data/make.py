"""Make small files with every peculiarity that real label and prediction files were seen to have.

All data are invented here. The shortest command that reads a file stands in `expected.json`, with
the truth, computed without wcetool from what was written. Run it to write them again:

    python tests/data/make.py
"""

from __future__ import annotations

import gzip
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import make_labels
import make_predictions


@dataclass
class Files:
    """The files, and what is expected of each."""

    folder: Path
    expected: list[dict[str, Any]] = field(default_factory=list)

    def write(self, name: str, content: str | bytes) -> None:
        """Write a file; text as UTF-8, compressed where its name says so."""
        data = content.encode() if isinstance(content, str) else content
        if name.endswith(".gz"):
            data = gzip.compress(data, mtime=0)
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def expect(self, command: str, **truth: Any) -> None:
        """Say what a command must find."""
        self.expected.append({"command": command, **truth})


def make(folder: Path) -> None:
    """Write all files and `expected.json`."""
    files = Files(folder)
    make_labels.write(files)
    make_predictions.write(files)
    text = json.dumps(files.expected, indent=1, ensure_ascii=False)
    (folder / "expected.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
