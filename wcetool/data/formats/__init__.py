"""The file formats: one module a family.

A format turns a file into columns and record batches; it knows nothing of labels and scores. What
formats there are stands in `wcetool.data.registry`.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from typing import Protocol

import pyarrow as pa

from wcetool.data.formats.table import ColumnKind, MemoryNeed, ReadLog, Table
from wcetool.data.options import TextOptions
from wcetool.data.source import InputFile, Split
from wcetool.data.streams import OnBytes
from wcetool.errors import InputError


class Format(Protocol):
    """What a format module offers."""

    def inspect(self, file: InputFile, options: TextOptions) -> Table:
        """Find out which columns a file has, from its first bytes or its metadata.

        Raises
        ------
        InputError
            If the file is not of this format, or broken.
        """
        ...

    def splits(self, table: Table, index: int, *, ranges: bool = False) -> list[Split]:
        """Cut a file into parts that can be read on their own.

        With `ranges` a text file is cut into ranges of bytes, which may turn out not to hold:
        `batches` then raises, and the file is to be read whole.
        """
        ...

    def batches(
        self,
        split: Split,
        table: Table,
        columns: Sequence[tuple[int, ColumnKind]],
        on_bytes: OnBytes,
        log: ReadLog,
        *,
        last: bool = True,
    ) -> Iterator[pa.RecordBatch]:
        """Read columns, given by place, in bounded memory; label columns dictionary-encoded.

        Many score columns may come as one column of lists, the last one; a batch of them may be
        overwritten by the next one.

        Raises
        ------
        InputError
            If the file is broken or a row does not fit; names the row.
        """
        ...

    def memory_need(
        self, split: Split, table: Table, columns: Sequence[tuple[int, ColumnKind]]
    ) -> MemoryNeed:
        """Estimate what is held while a split is read."""
        ...


def format_of(file: InputFile) -> Format:
    """Return the module that reads a file; it is loaded when the first such file comes.

    Raises
    ------
    InputError
        If the file holds counts and no rows.
    """
    if file.format.module is None:
        raise InputError(
            "holds counts, not rows",
            where=file.path,
            hint="wcetool analyze and wcetool weights take counts; other commands need the rows",
        )
    module: Format = importlib.import_module(f"wcetool.data.formats.{file.format.module}")
    return module
