"""Progress on stderr: bytes for files, rows for standard input; only on a terminal."""

from __future__ import annotations

import sys
import threading
import time
from types import TracebackType
from typing import Any, Self

DELAY = 0.5  # seconds before a bar appears: most files are done by then


class ProgressBar:
    """A bar that appears when a run takes long; the terminal is restored on every exit.

    Parameters
    ----------
    enabled : bool
        Whether stderr is a terminal and the user wants to see it.
    color : bool
        Whether it may be colored.
    """

    def __init__(self, *, enabled: bool, color: bool) -> None:
        self._enabled = enabled
        self._color = color
        self._start = time.monotonic()
        self._lock = threading.Lock()
        self._bytes = 0
        self._rows = 0
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    @property
    def seconds(self) -> float:
        """Time since the run began."""
        return time.monotonic() - self._start

    def advance(self, n_bytes: int, n_rows: int, total_bytes: int) -> None:
        """Note progress; may be called from any thread."""
        if not self._enabled:
            return
        with self._lock:
            self._bytes += n_bytes
            self._rows += n_rows
            if self._bar is None and self.seconds > DELAY:
                self._show(total_bytes)
            if self._bar is not None:
                done = self._bytes if total_bytes else None
                self._bar.update(self._task, completed=done, rows=f"{self._rows:,} rows")

    def _show(self, total_bytes: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TextColumn

        columns = [BarColumn(), DownloadColumn()] if total_bytes else [SpinnerColumn()]
        self._bar = Progress(
            *columns,
            TextColumn("{task.fields[rows]}"),
            console=Console(file=sys.stderr, color_system="auto" if self._color else None),
            transient=True,
        )
        self._task = self._bar.add_task("", total=total_bytes or None, rows="")
        self._bar.start()
