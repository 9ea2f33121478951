"""The command line: parse, run, render. No arithmetic and no formatting."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the program and exit with its code."""
    from wcetool.cli.app import run

    code = run(sys.argv[1:])
    if "pyarrow" in sys.modules:
        # Threads of pyarrow may still run: an ordinary exit would wait for them, or abort.
        gc.collect()  # temporary files go with their objects
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError, AttributeError):
                stream.flush()
        os._exit(code)
    sys.exit(code)
