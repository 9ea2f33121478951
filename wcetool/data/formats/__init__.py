"""The file formats: one module a family, one registry to find them in.

A format turns a file into columns and record batches; it knows nothing of labels and scores. To add
one, write a module with the functions of `Format` and enter it in `_MODULES`.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import pyarrow as pa

from wcetool.data.formats.table import ColumnKind, ReadLog, Table
from wcetool.data.options import TextOptions
from wcetool.data.source import InputFile, Split
from wcetool.data.streams import OnBytes
from wcetool.errors import InputError

# Loaded when a file needs them: a CSV does not pay for pyarrow.parquet.
_MODULES: Mapping[str, str] = {
    "csv": "delimited",
    "tsv": "delimited",
    "parquet": "parquet",
    "memory": "memory",
}


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

    def splits(self, table: Table, index: int) -> list[Split]:
        """Cut a file into parts that can be read on their own."""
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

        Raises
        ------
        InputError
            If the file is broken or a row does not fit; names the row.
        """
        ...

    def rounding_unit(self, table: Table, columns: Sequence[int]) -> float:
        """Return the coarsest unit to which the values of the columns are rounded; 0 if exact."""
        ...


def format_of(file: InputFile) -> Format:
    """Return the module that reads a file."""
    name = _MODULES.get(file.format)
    if name is None:
        raise InputError(
            "holds counts, not rows",
            where=file.path,
            hint="wcetool analyze and wcetool weights take counts; other commands need the rows",
        )
    module: Format = importlib.import_module(f"wcetool.data.formats.{name}")
    return module
