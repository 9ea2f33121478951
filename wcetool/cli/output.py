"""What a command says: the result on stdout or in a file, everything else on stderr."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import typer

from wcetool.cli.options import RowFlags, RunFlags, ShowFlags, was_typed
from wcetool.errors import InputError, OutputError, UsageError, printable
from wcetool.render.words import Color, Format

MOST_ROWS = 1000  # of a table; more is nothing to read, and takes long to lay out
_TEXT = ("", ".txt")
_BY_SUFFIX = {".json": Format.JSON, ".csv": Format.CSV, ".md": Format.MD}


def say(kind: str, text: str) -> None:
    """Write a line to stderr: `note: ...`, `warning: ...`."""
    write_stderr(printable(f"{kind}: {text}"))


def write_stderr(text: str) -> None:
    """Write lines to stderr; where it is closed or full, nobody can be told."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError):
            print(text, file=sys.stderr, flush=True)


def say_notes(result: Any, run: RunFlags) -> None:
    """Tell what was decided without being asked for, and what may not be as meant."""
    for note in () if run.quiet else result.notes:
        say("note", note)
    for warning in result.warnings:
        say("warning", warning)


def chosen_format(
    ctx: typer.Context, show: ShowFlags, rows: RowFlags | None, output: str | None
) -> Format:
    """Return the format: what was asked for, else what the suffix of the output says, else table.

    Raises
    ------
    UsageError
        If an option of the display is given for a format that holds everything, or the suffix
        tells no format.
    """
    stem, suffix = os.path.splitext(output or "")
    suffix = suffix.lower()
    by_suffix = _BY_SUFFIX.get(suffix)
    typed = show.format if was_typed(ctx, "format") else None
    if typed is not None and by_suffix not in (None, typed):
        raise UsageError(
            f"{typed.value} is asked for, but the suffix of the output says {by_suffix}",
            where="--format",
            hint=f"--output {stem}.{typed.value}",
        )
    if by_suffix is None and typed is None and suffix not in _TEXT:
        raise UsageError(
            f"a result is not written as {suffix}",
            where="--output",
            hint=f"{stem}.json, .csv or .md; or say --format",
        )
    form = typed or by_suffix or show.format or Format.TABLE
    if form in (Format.JSON, Format.CSV) and rows is not None:
        for name in ("digits", "sort", "top"):
            if was_typed(ctx, name):
                raise UsageError(
                    f"has no effect on {form.value}, which holds everything", where=f"--{name}"
                )
    return form


def emit(
    result: Any,
    form: Format,
    show: ShowFlags,
    rows: RowFlags | None = None,
    output: str | None = None,
    *,
    quiet: bool = False,
) -> None:
    """Write the result, whole or not at all."""
    from wcetool.render.formats import Look, render
    from wcetool.render.view import View

    view = View()
    if rows is not None:
        view = View(digits=rows.digits, sort=rows.sort, top=rows.top, advice=not quiet)
    if form in (Format.TABLE, Format.MD) and view.top is None:
        n_rows = len(result.class_rows())
        if n_rows > MOST_ROWS:
            if not quiet:
                say("note", f"the first {MOST_ROWS:,} of {n_rows:,} classes (-f csv, or --top N)")
            view = replace(view, top=MOST_ROWS)
    on_terminal = output is None and sys.stdout is not None and sys.stdout.isatty()
    look = Look(
        view=view,
        width=shutil.get_terminal_size().columns if on_terminal else None,
        color=use_color(show.color, on_terminal=on_terminal),
    )
    data = render(result, form, look).encode("utf-8", "surrogatepass")
    if output is None:
        write_stdout(data)
        return
    from wcetool.data.writing import write_whole

    write_whole(output, lambda stream: _write(stream, data))


def write_stdout(data: bytes) -> None:
    """Write bytes to stdout.

    Raises
    ------
    OutputError
        If it is closed, or the system refuses.
    BrokenPipeError
        If the reader has closed it.
    """
    if sys.stdout is None:
        raise OutputError("is closed", where="standard output")
    try:
        sys.stdout.flush()
        left = memoryview(data)
        while left:  # PYTHONUNBUFFERED makes the buffer a raw file, which takes what it can
            left = left[sys.stdout.buffer.write(left) or 0 :]
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(
            f"cannot be written: {os.strerror(error.errno or 0).lower()}", where="standard output"
        ) from None


def _write(stream: Any, data: bytes) -> None:
    stream.write(data)


def use_color(when: Color, *, on_terminal: bool) -> bool:
    """Tell whether escape codes are welcome."""
    if when is not Color.AUTO:
        return when is Color.ALWAYS
    return on_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def input_paths(paths: Sequence[str], command: str) -> list[Any]:
    """Return paths as the public functions take them.

    Raises
    ------
    UsageError
        If there are none.
    InputError
        If standard input is named and closed.
    """
    from pathlib import Path

    if not paths:
        raise UsageError("no input is named", hint=f"wcetool {command} FILE")
    if "" in paths:
        raise UsageError("an input has no name: its path is empty", hint="'.' is this folder")
    if "-" in paths and sys.stdin is None:
        raise InputError("is closed", where="standard input")
    return [Path(path) for path in paths]
