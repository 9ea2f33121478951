"""What lies below a folder: one level after another, in one order, whatever links there are.

No file is opened. What a folder is read as stands in `folders`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from wcetool.data import streams
from wcetool.errors import InputError, counted, quoted

SPLIT_NAMES = frozenset(
    ("train", "training", "val", "valid", "validation", "dev", "test", "testing", "eval")
)
_LITTER = frozenset(("__macosx", "thumbs.db", "desktop.ini"))


@dataclass(frozen=True, slots=True)
class Level:
    """One folder.

    Attributes
    ----------
    path : str
        As the user would type it.
    parts : tuple of str
        The names of the folders from the one that was named down to this one.
    files, folders : tuple of str
        What is directly in it, by name; without what is hidden.
    odd : tuple of str
        Links to nothing, pipes, devices.
    hidden : int
        Files and folders that are passed over: hidden ones, and what systems leave behind.
    """

    path: str
    parts: tuple[str, ...]
    files: tuple[str, ...]
    folders: tuple[str, ...]
    odd: tuple[str, ...]
    hidden: int

    def path_of(self, name: str) -> str:
        """Return the path of a file in it."""
        return os.path.join(self.path, name)

    def with_suffix(self, suffixes: Sequence[str]) -> list[str]:
        """List the files of some suffixes; refuse one that is no file.

        Raises
        ------
        InputError
            If it is a link to nothing, a pipe or a device.
        """
        for name in self.odd:
            if suffix(name) in suffixes:
                raise InputError("is a link to nothing, or no file", where=self.path_of(name))
        return [name for name in self.files if suffix(name) in suffixes]


def walk(folder: str) -> Iterator[Level]:
    """Go through a folder and all below it, each folder before those in it, in order of names.

    Raises
    ------
    InputError
        If a folder cannot be read, or links lead to one twice.
    """
    seen: dict[tuple[int, int], str] = {}
    waiting: list[tuple[str, tuple[str, ...]]] = [(folder, ())]
    while waiting:
        path, parts = waiting.pop()
        try:
            status = os.stat(path)
            level = _level(path, parts)
        except OSError as error:
            raise InputError(streams.os_message(error), where=path) from None
        identity = (status.st_dev, status.st_ino)
        if identity in seen:
            raise InputError(
                "would be counted twice",
                where=path,
                details=(f"a link leads to a folder that is also: {seen[identity]}",),
            )
        seen[identity] = path
        yield level
        waiting += [(os.path.join(path, name), (*parts, name)) for name in level.folders[::-1]]


def _level(path: str, parts: tuple[str, ...]) -> Level:
    files: list[str] = []
    folders: list[str] = []
    odd: list[str] = []
    hidden = 0
    with os.scandir(path) as entries:
        for entry in entries:
            if is_hidden(entry.name):
                hidden += 1
            elif entry.is_file():
                files.append(entry.name)
            elif entry.is_dir():
                folders.append(entry.name)
            else:
                odd.append(entry.name)
    in_order = [tuple(sorted(names)) for names in (files, folders, odd)]
    return Level(path, parts, in_order[0], in_order[1], in_order[2], hidden)


def is_hidden(name: str) -> bool:
    """Tell whether a name is hidden, or one that systems leave behind."""
    return name.startswith(".") or name.casefold() in _LITTER


def suffix(name: str) -> str:
    """Return the suffix of a name, in lower case, with its dot."""
    return os.path.splitext(name)[1].lower()


def split_of(folder: str, parts: Sequence[str]) -> str | None:
    """Return the split that a level is of: its first folder, or the named one, called like one."""
    own = os.path.basename(os.path.abspath(folder))
    return next((name for name in (*parts, own) if is_split(name)), None)


def is_split(name: str) -> bool:
    """Tell whether a folder is called as splits are."""
    return name.casefold() in SPLIT_NAMES


def as_text(path: str) -> str:
    """Return a path that is to be a value: a label, an id.

    Raises
    ------
    InputError
        If it is no text.
    """
    try:
        path.encode()
    except UnicodeEncodeError:
        raise InputError("the name is not UTF-8 text", where=path) from None
    return path


@dataclass(slots=True)
class LeftOut:
    """Files that are left out, counted, and the first two."""

    why: str
    n: int = 0
    first: tuple[str, ...] = ()

    def add(self, paths: Sequence[str]) -> None:
        """Count some."""
        self.n += len(paths)
        self.first = (*self.first, *paths[: 2 - len(self.first)])

    def notes(self) -> list[str]:
        """Say how many there were, if any."""
        if not self.n:
            return []
        return [f"{counted(self.n, 'file')} left out ({self.why}), such as {quoted(self.first)}"]


def notes_of(folder: str, hidden: int, *left_out: LeftOut) -> tuple[str, ...]:
    """Say what of a folder was not read."""
    notes = [note for one in left_out for note in one.notes()]
    if hidden:
        what = counted(hidden, "hidden file or folder", "hidden files or folders")
        notes.append(f"{what} passed over")
    return tuple(f"{folder}: {note}" for note in notes)
