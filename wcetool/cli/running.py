"""One run: the output is checked first, progress shows on a terminal, one line closes it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import typer

from wcetool.cli.options import ShowFlags


@dataclass(frozen=True, slots=True)
class Running:
    """What a command reports while it runs."""

    advance: Callable[[int, int, int], None]
    close: Callable[[str], None]


@contextmanager
def running(
    ctx: typer.Context, show: ShowFlags, inputs: Sequence[object], output: str | None
) -> Iterator[Running]:
    """Check the output before anything is read, and show progress on a terminal."""
    from wcetool.render.progress import ProgressBar

    if output is not None:
        from wcetool.data.writing import check_output

        check_output(output, [os.fspath(path) for path in inputs])  # type: ignore[call-overload]
    on_terminal = sys.stderr is not None and sys.stderr.isatty() and not show.quiet

    with ProgressBar(enabled=on_terminal) as bar:

        def close(summary: str) -> None:
            if on_terminal or show.verbose:
                print(f"{summary} ({bar.seconds:.1f} s)", file=sys.stderr)

        yield Running(bar.advance, close)
