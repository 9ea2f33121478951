"""The file of row weights: one number a row, in the order of the rows, written as they come."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any, BinaryIO, Protocol

import numpy as np
import pyarrow as pa

from wcetool.core.arrays import FloatArray
from wcetool.data import arrow
from wcetool.data.writing import write_whole
from wcetool.errors import UsageError, listed

OPTION = "--sample-weights"
COLUMN = "weight"
GROUP_ROWS = 1 << 20  # of a Parquet file


class Sink(Protocol):
    """Takes weights until it is closed."""

    def write(self, weight: FloatArray) -> None:
        """Write the weights of the next rows."""
        ...

    def close(self) -> None:
        """Write the end of the file."""
        ...


def suffix_of(path: str) -> str:
    """Return the suffix that decides the form of the file.

    Raises
    ------
    UsageError
        If it is none of those that can be written.
    """
    suffix = os.path.splitext(path)[1].lower()
    if suffix not in _SINKS:
        raise UsageError(
            f"{path!r} is no file of row weights by its suffix",
            where=OPTION,
            details=(f"suffixes: {listed(_SINKS)}",),
            hint=f"{OPTION} {os.path.splitext(path)[0] or 'rows'}.parquet",
        )
    return suffix


def write_row_weights(path: str, weights: Iterable[FloatArray]) -> None:
    """Write weights to a file, whole or not at all; the suffix decides the form.

    Raises
    ------
    UsageError
        If the suffix is unknown.
    OutputError
        If the system refuses.
    """
    make = _SINKS[suffix_of(path)]

    def write(stream: BinaryIO) -> None:
        sink = make(stream)
        try:
            for weight in weights:
                sink.write(weight)
        finally:
            sink.close()  # pyarrow's writer would close itself later, when the stream is gone

    write_whole(path, write)


class _ParquetSink:
    """One column of doubles; row groups of one size, whatever comes at once."""

    def __init__(self, stream: BinaryIO) -> None:
        import pyarrow.parquet as pq

        self._schema = pa.schema([pa.field(COLUMN, pa.float64(), nullable=False)])
        self._writer: Any = pq.ParquetWriter(stream, self._schema)
        self._group = np.empty(GROUP_ROWS)
        self._held = 0

    def write(self, weight: FloatArray) -> None:
        while len(weight):
            part = weight[: GROUP_ROWS - self._held]
            self._group[self._held : self._held + len(part)] = part
            self._held += len(part)
            weight = weight[len(part) :]
            if self._held == GROUP_ROWS:
                self._flush()

    def close(self) -> None:
        if self._held:
            self._flush()
        self._writer.close()

    def _flush(self) -> None:
        columns = [arrow.from_numpy(self._group[: self._held])]
        self._writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=self._schema))
        self._held = 0


class _TextSink:
    """A number a line, in the shortest form that reads back to the same double."""

    header = b""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        stream.write(self.header)

    def write(self, weight: FloatArray) -> None:
        distinct = arrow.from_numpy(weight).dictionary_encode()
        numbers = arrow.as_numpy(distinct.dictionary, null=np.nan).tolist()
        lines = arrow.from_texts([f"{number!r}\n" for number in numbers])
        self._stream.write(arrow.text_bytes(lines.take(distinct.indices)))

    def close(self) -> None:
        """Nothing follows the last line."""


class _CsvSink(_TextSink):
    header = f"{COLUMN}\n".encode()


class _NpySink:
    """A one-dimensional array; its header, whose length does not change, is written again."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._rows = 0
        self._start = stream.tell()
        self._write_header()

    def write(self, weight: FloatArray) -> None:
        self._stream.write(np.ascontiguousarray(weight, dtype="<f8").data)
        self._rows += len(weight)

    def close(self) -> None:
        self._stream.seek(self._start)
        self._write_header()
        self._stream.seek(0, os.SEEK_END)

    def _write_header(self) -> None:
        header = {"descr": "<f8", "fortran_order": False, "shape": (self._rows,)}
        np.lib.format.write_array_header_1_0(self._stream, header)


_SINKS: dict[str, Callable[[BinaryIO], Sink]] = {
    ".parquet": _ParquetSink,
    ".csv": _CsvSink,
    ".npy": _NpySink,
    ".weight": _TextSink,
}
