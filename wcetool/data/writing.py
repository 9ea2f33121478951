"""Output that appears whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import BinaryIO

from wcetool.data.streams import os_message
from wcetool.errors import OutputError, UsageError

Write = Callable[[BinaryIO], object]
"""Writes the content of a file to the stream it is given."""


def check_output(path: str, inputs: Iterable[str], *, option: str = "--output") -> None:
    """Refuse an output that cannot be written, or that is an input, before anything is read.

    Raises
    ------
    UsageError
        If it names an input, a folder, or lies in a folder that is not there or not writable.
    """
    if path in ("", "-"):
        raise UsageError(
            f"{path!r} is no path"
            + (
                ": without --output the result goes to standard output"
                if "output" in option
                else ""
            ),
            where=option,
        )
    if os.path.exists(path):
        for source in inputs:
            if os.path.exists(source) and os.path.samefile(path, source):
                raise UsageError(
                    f"{path} is an input, and would be overwritten",
                    where=option,
                    details=() if source == path else (f"it is read as {source}",),
                )
            if os.path.isdir(source) and _is_below(path, source):
                raise UsageError(
                    f"{path} is in a folder that is an input, and would be overwritten",
                    where=option,
                )
    if _is_redirected(path):
        raise UsageError(
            f"{path} is a stream of this process, redirected to a file",
            where=option,
            hint=f"leave {option} out",
        )
    problem = _problem(path)
    if problem is not None:
        raise UsageError(f"cannot write {path!r}: {problem}", where=option)


def _is_below(path: str, folder: str) -> bool:
    return os.path.realpath(path).startswith(os.path.join(os.path.realpath(folder), ""))


def _problem(path: str) -> str | None:
    """Say why a path cannot be written."""
    folder = os.path.dirname(os.path.realpath(path))
    if os.path.isdir(path):
        return "is a folder"
    if not is_replaced(path):
        return None if os.access(path, os.W_OK) else "permission denied"
    if not os.path.isdir(folder):
        return f"there is no folder {folder!r}"
    return None if os.access(folder, os.W_OK) else "permission denied"


def write_whole(path: str, write: Write) -> None:
    """Write one file; see `write_together`."""
    write_together({path: write})


def write_together(writes: Mapping[str, Write]) -> None:
    """Write files under temporary names in their folders, then rename them once all are written.

    A link is followed, so that what it points to is replaced; a device or pipe is written as it is.

    Parameters
    ----------
    writes : mapping of path to callable
        Each writes the content to the stream it is given.

    Raises
    ------
    OutputError
        If the system refuses; nothing is left behind, and older files stay as they were.
    """
    path = ""
    try:
        with ExitStack() as opened:
            for path, write in writes.items():
                replaced = is_replaced(path)
                context = _replacing(os.path.realpath(path)) if replaced else open(path, "wb")
                write(opened.enter_context(context))
    except OSError as error:
        raise OutputError(f"cannot be written: {os_message(error)}", where=path) from None


def _is_redirected(path: str) -> bool:
    """Tell whether a path is a descriptor of this process that leads to a regular file."""
    is_descriptor = path in ("/dev/stdin", "/dev/stdout", "/dev/stderr") or path.startswith(
        ("/dev/fd/", "/proc/self/fd/")
    )
    return is_descriptor and os.path.isfile(path)


def is_replaced(path: str) -> bool:
    """Tell whether a path is written under another name first: no device, no pipe."""
    return not os.path.exists(path) or stat.S_ISREG(os.stat(path).st_mode)


@contextmanager
def _replacing(target: str) -> Iterator[BinaryIO]:
    folder, name = os.path.split(target)
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=f".{name[:80]}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            os.fchmod(stream.fileno(), _mode(target))
            os.fsync(stream.fileno())
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise


def _mode(target: str) -> int:
    """Return the mode of the file that is replaced, or that of a new one."""
    if os.path.exists(target):
        return stat.S_IMODE(os.stat(target).st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
