"""Output that appears whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO

from wcetool.data.streams import os_message
from wcetool.errors import OutputError, UsageError


def check_output(path: str, inputs: Sequence[str]) -> None:
    """Refuse an output that cannot be written, or that is an input, before anything is read.

    Raises
    ------
    UsageError
        If it names an input, a folder, or lies in a folder that is not there or not writable.
    """
    for source in inputs:
        if os.path.exists(path) and os.path.exists(source) and os.path.samefile(path, source):
            raise UsageError(f"{path} is an input, and would be overwritten", where="--output")
    target = os.path.realpath(path)
    folder = os.path.dirname(target)
    problem = None
    if os.path.isdir(target):
        problem = "is a folder"
    elif not os.path.isdir(folder):
        problem = f"there is no folder {folder!r}"
    elif not os.access(folder if _is_replaced(target) else target, os.W_OK):
        problem = "permission denied"
    if problem is not None:
        raise UsageError(f"cannot write {path!r}: {problem}", where="--output")


def write_whole(path: str, write: Callable[[BinaryIO], None]) -> None:
    """Write a file under a temporary name in the same folder, then rename it.

    A link is followed, so that what it points to is replaced; a device or pipe is written as it is.

    Parameters
    ----------
    path : str
        Where the output is to appear.
    write : callable
        Writes the content to the stream it is given.

    Raises
    ------
    OutputError
        If the system refuses; nothing is left behind, and an older file stays as it was.
    """
    target = os.path.realpath(path)
    try:
        with _replacing(target) if _is_replaced(target) else open(target, "wb") as stream:
            write(stream)
    except OSError as error:
        raise OutputError(f"cannot be written: {os_message(error)}", where=path) from None


def _is_replaced(target: str) -> bool:
    return not os.path.exists(target) or stat.S_ISREG(os.stat(target).st_mode)


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
