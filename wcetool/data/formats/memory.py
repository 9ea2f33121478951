"""Columns that Python code gave, read in the same way as a file."""

from __future__ import annotations

from wcetool.data.formats.held import batches, held, memory_need, splits
from wcetool.data.formats.table import Table
from wcetool.data.options import TextOptions
from wcetool.data.source import InputFile

__all__ = ["batches", "inspect", "memory_need", "splits"]


def inspect(file: InputFile, options: TextOptions) -> Table:
    """Describe the columns."""
    if file.table is None:
        raise TypeError("a table in memory is there")
    return held(file, file.table)
