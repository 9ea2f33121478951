"""What a run may use: threads and memory. Changes nothing but the time."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from numbers import Integral
from pathlib import Path

from wcetool.data.formats.table import MemoryNeed
from wcetool.errors import UsageError

OnProgress = Callable[[int, int, int], None]
"""Takes bytes read and rows done since the last call, and the bytes of all splits (0: unknown)."""

SHARE = 4  # of the memory there is, one part is for the rows that are being read
_UNKNOWN_MACHINE = 4 << 30
_PREFIXES = "kmgt"
_UNITS = (
    {"": 1}
    | {letter: 1000 ** (i + 1) for i, letter in enumerate(_PREFIXES)}
    | {f"{letter}i": 1024 ** (i + 1) for i, letter in enumerate(_PREFIXES)}
)
_SIZE = re.compile(r"([0-9]{1,18}(?:\.[0-9]+)?)\s*([kmgt]i?|)b?", re.IGNORECASE)
# Limits of the container, where there is one; "max" where there is none.
_CONTAINER_LIMITS = (
    "/sys/fs/cgroup/memory.max",
    "/sys/fs/cgroup/memory/memory.limit_in_bytes",
)

_LOGGER = logging.getLogger("wcetool")


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What a run may use, and who hears of its progress.

    Attributes
    ----------
    jobs : int
        Threads, at least 1.
    memory : int
        Bytes that all threads together may hold of what they read, about.
    on_progress : callable or None
        Called from any thread.
    """

    jobs: int
    memory: int
    on_progress: OnProgress | None = None

    @classmethod
    def of(
        cls,
        jobs: int | None = None,
        memory: str | int | None = None,
        on_progress: OnProgress | None = None,
    ) -> Resources:
        """Take what the user says; by default a thread a processor, and a quarter of the memory.

        Raises
        ------
        UsageError
            If a number is none, or too small.
        """
        if jobs is not None and (not _is_whole(jobs) or jobs < 1):
            raise UsageError(
                f"{jobs!r} is not a number of threads", where="--jobs", hint="--jobs 2"
            )
        return cls(
            jobs=processors() if jobs is None else jobs,
            memory=machine_memory() // SHARE if memory is None else parse_memory(memory),
            on_progress=on_progress,
        )

    def jobs_within_memory(self, needs: Iterable[tuple[str, MemoryNeed]]) -> int:
        """Return how many jobs fit in memory; say so where that changes how the files are read.

        Parameters
        ----------
        needs : iterable of (str, MemoryNeed)
            The file of each split, and what reading it takes.
        """
        nothing = ("", MemoryNeed(0, 0))
        where, need = max(needs, key=lambda one: one[1].most, default=nothing)
        allowed = size_text(self.memory)
        if need.least > self.memory:
            _LOGGER.info(
                "%s takes at least about %s in memory to read, where %s are allowed (--memory)",
                where,
                size_text(need.least),
                allowed,
            )
        elif need.most > self.memory:
            _LOGGER.info(
                "%s takes about %s in memory to read at once, where %s are allowed (--memory): it "
                "is read in pieces",
                where,
                size_text(need.most),
                allowed,
            )
        fitting = max(1, self.memory // max(need.most, 1))
        if fitting < self.jobs:
            _LOGGER.info(
                "%d instead of %d jobs at once: each takes about %s in memory, where %s are "
                "allowed (--memory)",
                fitting,
                self.jobs,
                size_text(max(min(need.most, self.memory), need.least)),
                allowed,
            )
        return min(self.jobs, fitting)


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def machine_memory() -> int:
    """Return the memory of the machine, or of the container, in bytes."""
    try:
        found = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    except (AttributeError, OSError, ValueError):
        found = [_UNKNOWN_MACHINE]
    for path in _CONTAINER_LIMITS:
        try:
            found.append(int(Path(path).read_text()))
        except (OSError, ValueError):
            continue
    return min(found)


def parse_memory(text: str | int) -> int:
    """Return a number of bytes, from a number or a text with a unit.

    Raises
    ------
    UsageError
        If it is none, or 0.

    Examples
    --------
    >>> [parse_memory(text) for text in ("512MB", "1.5 GiB", 4096)]
    [512000000, 1610612736, 4096]
    """
    is_size = isinstance(text, str) or _is_whole(text)
    found = _SIZE.fullmatch(str(text).strip()) if is_size else None
    size = 0 if found is None else int(float(found[1]) * _UNITS[found[2].lower()])
    if size < 1:
        raise UsageError(
            f"{str(text)!r} is not an amount of memory", where="--memory", hint="--memory 2GB"
        )
    return size


def _is_whole(number: object) -> bool:
    return isinstance(number, Integral) and not isinstance(number, bool)


def size_text(size: int) -> str:
    """Return a size in words, rounded.

    Examples
    --------
    >>> [size_text(size) for size in (999_000, 812_345_678, 2_500_000_000)]
    ['1 MB', '812 MB', '2.5 GB']
    """
    if size >= 10**9:
        return f"{size / 10**9:.1f} GB"
    return f"{max(round(size / 10**6), 1):,} MB"
