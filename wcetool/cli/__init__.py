"""The command line: parse, run, render. No arithmetic and no formatting."""

from __future__ import annotations

import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the program and exit with its code."""
    from wcetool.cli.app import run

    sys.exit(run(sys.argv[1:]))
