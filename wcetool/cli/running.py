"""One run: the output is checked first, progress shows on a terminal, one line closes it."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import typer

from wcetool.cli.config import Config
from wcetool.cli.options import ReadingFlags, RunFlags, ShowFlags
from wcetool.cli.output import say, use_color, write_stderr


@dataclass(frozen=True, slots=True)
class Running:
    """What a command reports while it runs."""

    advance: Callable[[int, int, int], None]
    close: Callable[[str], None]


@contextmanager
def running(show: ShowFlags, run: RunFlags) -> Iterator[Running]:
    """Show progress on a terminal; it is gone when the context ends, before a result is written."""
    from wcetool.render.progress import ProgressBar

    on_terminal = sys.stderr is not None and sys.stderr.isatty() and not run.quiet
    color = use_color(show.color, on_terminal=on_terminal)
    moves = on_terminal and os.environ.get("TERM") != "dumb"  # a bar needs to go back
    with _notes(quiet=run.quiet), ProgressBar(enabled=moves, color=color) as bar:

        def close(summary: str) -> None:
            if on_terminal or run.verbose:
                write_stderr(f"{summary} ({bar.seconds:.1f} s)")

        yield Running(bar.advance, close)


class _Notes(logging.Handler):
    """Says what the run finds out about the machine: it stands in no result."""

    def emit(self, record: logging.LogRecord) -> None:
        say("note", record.getMessage())


@contextmanager
def _notes(*, quiet: bool) -> Iterator[None]:
    logger, handler = logging.getLogger("wcetool"), _Notes(logging.INFO)
    if quiet:
        yield
        return
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.setLevel(level)
        logger.removeHandler(handler)


def check_outputs(
    ctx: typer.Context,
    outputs: Sequence[str],
    inputs: Sequence[os.PathLike[str]],
    reading: ReadingFlags,
    *others: str | None,
    option: str = "--output",
) -> None:
    """Refuse outputs that cannot be written, or that are among what is read, before all else.

    Parameters
    ----------
    ctx : Context
        Knows the configuration file.
    outputs : sequence of str
        None of them is there where the result goes to stdout.
    inputs : sequence of path-like
        Files, globs and folders.
    reading : ReadingFlags
        May name files of classes and names.
    *others : str or None
        Texts that may name weight files.
    option : str
        Which option names the outputs.
    """
    if not outputs:
        return
    from wcetool.data.finding import list_files
    from wcetool.data.weightfile import sidecar
    from wcetool.data.writing import check_output

    config: Config = ctx.meta.get("wcetool.file", Config())
    texts = (reading.classes, reading.names, *others)
    texts += tuple(sidecar(text) for text in others if text is not None)
    read = [path for path, _ in list_files([os.fspath(path) for path in inputs])]
    read += [text for text in texts if text is not None]
    read += [] if config.path is None else [str(config.path)]
    for output in outputs:
        check_output(output, read, option=option)


def is_same_file(one: str, other: str) -> bool:
    """Tell whether two outputs are one file."""
    return os.path.realpath(one) == os.path.realpath(other)
