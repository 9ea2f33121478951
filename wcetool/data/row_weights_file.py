"""The file of row weights: one number a row, in the order of the rows, written as they come."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable, Iterable, Sequence
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


def refuse_columns(path: str) -> None:
    """Refuse a file that has room for one number a row.

    Raises
    ------
    UsageError
        If the suffix says that it is one.
    """
    if suffix_of(path) == ".weight":
        raise UsageError(
            "holds one number a row, and the scheme gives one for each label",
            where=OPTION,
            hint=f"{OPTION} {os.path.splitext(path)[0]}.parquet",
        )


def write_row_weights(
    path: str, weights: Iterable[FloatArray], names: Sequence[str] = (COLUMN,)
) -> None:
    """Write weights to a file, whole or not at all; the suffix decides the form.

    Parameters
    ----------
    path : str
        The file.
    weights : iterable of float64 arrays of shape (n_rows,) or (n_rows, n_columns)
        Of the next rows, one after the other.
    names : sequence of str
        Of the columns; .weight has room for one.

    Raises
    ------
    UsageError
        If the suffix is unknown.
    OutputError
        If the system refuses.
    """
    make = _SINKS[suffix_of(path)]

    def write(stream: BinaryIO) -> None:
        sink = make(stream, names)
        try:
            for weight in weights:
                sink.write(weight)
        finally:
            sink.close()  # pyarrow's writer would close itself later, when the stream is gone

    write_whole(path, write)


class _ParquetSink:
    """A column of doubles for each name; row groups of one size, whatever comes at once."""

    def __init__(self, stream: BinaryIO, names: Sequence[str]) -> None:
        import pyarrow.parquet as pq

        fields = [pa.field(name, pa.float64(), nullable=False) for name in names]
        self._schema = pa.schema(fields)
        self._writer: Any = pq.ParquetWriter(stream, self._schema)
        self._group = np.empty((max(GROUP_ROWS // len(names), 1), len(names)))
        self._held = 0

    def write(self, weight: FloatArray) -> None:
        weight = _as_columns(weight)
        while len(weight):
            part = weight[: len(self._group) - self._held]
            self._group[self._held : self._held + len(part)] = part
            self._held += len(part)
            weight = weight[len(part) :]
            if self._held == len(self._group):
                self._flush()

    def close(self) -> None:
        if self._held:
            self._flush()
        self._writer.close()

    def _flush(self) -> None:
        held = self._group[: self._held]
        columns = [arrow.from_numpy(np.ascontiguousarray(held[:, k])) for k in range(held.shape[1])]
        self._writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=self._schema))
        self._held = 0


class _TextSink:
    """A row a line, numbers in the shortest form that reads back to the same double."""

    def __init__(self, stream: BinaryIO, names: Sequence[str]) -> None:
        self._stream = stream
        stream.write(self.header(names))

    @staticmethod
    def header(_: Sequence[str]) -> bytes:
        """Return what stands above the numbers."""
        return b""

    def write(self, weight: FloatArray) -> None:
        weight = _as_columns(weight)
        last = weight.shape[1] - 1
        texts = [_texts(weight[:, k], "," if k < last else "\n") for k in range(last + 1)]
        if last:
            import pyarrow.compute as pc

            lines = pc.binary_join_element_wise(*texts, "")
        else:
            (lines,) = texts
        self._stream.write(arrow.text_bytes(lines))

    def close(self) -> None:
        """Nothing follows the last line."""


class _CsvSink(_TextSink):
    @staticmethod
    def header(names: Sequence[str]) -> bytes:
        # The csv module quotes the characters of its line end, of which a lone \r is none.
        bare_return = any("\r" in name for name in names)
        text = io.StringIO()
        writer = csv.writer(
            text,
            lineterminator="\n",
            quoting=csv.QUOTE_ALL if bare_return else csv.QUOTE_MINIMAL,
        )
        writer.writerow(names)
        return text.getvalue().encode("utf-8", "surrogatepass")


class _NpySink:
    """An array of rows; its header, whose length does not change, is written again."""

    def __init__(self, stream: BinaryIO, names: Sequence[str]) -> None:
        self._stream = stream
        self._rows = 0
        self._columns = () if len(names) == 1 else (len(names),)
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
        shape = (self._rows, *self._columns)
        header = {"descr": "<f8", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(self._stream, header)


def _as_columns(weight: FloatArray) -> FloatArray:
    return weight if weight.ndim == 2 else weight[:, None]


def _texts(weight: FloatArray, end: str) -> pa.Array:
    distinct = arrow.from_numpy(np.ascontiguousarray(weight)).dictionary_encode()
    numbers = arrow.as_numpy(distinct.dictionary, null=np.nan).tolist()
    return arrow.from_texts([f"{number!r}{end}" for number in numbers]).take(distinct.indices)


_SINKS: dict[str, Callable[[BinaryIO, Sequence[str]], Sink]] = {
    ".parquet": _ParquetSink,
    ".csv": _CsvSink,
    ".npy": _NpySink,
    ".weight": _TextSink,
}
