"""The errors that a user can act on, and the exit code of each.

Every error says where it happened, what is wrong and what to type instead. Nothing here prints or
exits: `wcetool.cli` turns an error into its text on stderr and its exit code.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from enum import IntEnum

LISTED = 5  # how many names, rows or values a message lists before it counts the rest


class ExitCode(IntEnum):
    """What the exit code of the program means."""

    OK = 0
    GATE = 1  # a condition that the user asked for failed, or a check; nothing else uses 1
    USAGE = 2  # options, configuration
    INPUT = 3  # missing, malformed or inconsistent data; output that cannot be written
    INTERNAL = 70
    INTERRUPTED = 130
    PIPE = 141  # the reader of stdout closed it


class WceError(Exception):
    """Base of every error that wcetool raises on purpose.

    Parameters
    ----------
    message : str
        One sentence: what is wrong.
    where : str, optional
        File, then row or column; stands before the message.
    details : iterable of str
        What was expected or available, a line each.
    hint : str, optional
        One thing to type instead: an option that exists.
    """

    exit_code = ExitCode.INPUT

    def __init__(
        self,
        message: str,
        *,
        where: str | None = None,
        details: Iterable[str] = (),
        hint: str | None = None,
    ) -> None:
        self.message = message
        self.where = where
        self.details = tuple(details)
        self.hint = hint
        super().__init__(message)

    def __str__(self) -> str:
        head = self.message if self.where is None else f"{self.where}: {self.message}"
        lines = [head, *(f"  {line}" for line in self.details)]
        if self.hint is not None:
            lines.append(f"  hint: {self.hint}")
        return "\n".join(map(printable, lines))


class InputError(WceError):
    """Data are missing, malformed or inconsistent."""


class WeightFileError(WceError):
    """A weight file cannot be read, or does not fit the data."""


class MergeError(WceError):
    """Partial results that do not belong together, or a part that is missing or counted twice."""


class OutputError(WceError):
    """A result cannot be written."""


class UsageError(WceError):
    """An option has a wrong value, or no effect where it stands."""

    exit_code = ExitCode.USAGE


class SchemeError(UsageError):
    """A weighting scheme is unknown, or its parameters are wrong."""


class ConfigError(UsageError):
    """The configuration file or the environment sets something that does not exist."""


def printable(text: str) -> str:
    """Escape what a terminal could take for a command, or a reader for another line."""
    return text if text.isprintable() else "".join(map(_printable_character, text))


def _printable_character(character: str) -> str:
    return character if character.isprintable() else repr(character)[1:-1]


def listed(values: Iterable[object], *, limit: int = LISTED) -> str:
    """Return the first few values, comma-separated, and how many more there are."""
    items = [str(value) for value in values]
    head = ", ".join(items[:limit])
    return head if len(items) <= limit else f"{head}, … {len(items) - limit:,} more"


def counted(n: int, thing: str, things: str | None = None) -> str:
    """Return a number with its noun: 1 row, 3 rows."""
    return f"{n:,} {thing if n == 1 else things or f'{thing}s'}"


def short_repr(text: str, *, limit: int = 60) -> str:
    """Return the `repr` of a user's text, cut in the middle when it is very long."""
    if len(text) > limit:
        text = f"{text[: limit // 2]}…{text[-limit // 4 :]}"
    return repr(text)


def quoted(texts: Iterable[str], *, limit: int = LISTED) -> str:
    """Return the first few texts as `repr`, comma-separated, and how many more there are."""
    return listed((short_repr(text) for text in texts), limit=limit)


def nearest(name: str, known: Iterable[str], *, likeness: float = 0.6) -> str | None:
    """Return the known name that is most like `name`, or None when none is near."""
    folded = {candidate.casefold(): candidate for candidate in known}
    near = difflib.get_close_matches(name.casefold(), list(folded), n=1, cutoff=likeness)
    return folded[near[0]] if near else None
