"""Several NumPy arrays in one file, each a column or more; read in order, and never whole.

They are members of a zip archive, whose checksums are checked on the way.
"""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO, cast

import numpy.typing as npt
import pyarrow as pa

from wcetool.data import streams
from wcetool.data.formats.array_columns import (
    MOST_COLUMNS,
    ArrayColumn,
    batch_of,
    columns_of,
    label_columns,
    only_columns_of,
    table_of,
)
from wcetool.data.formats.table import ColumnKind, MemoryNeed, ReadLog, Table
from wcetool.data.npy_file import ArrayHeader, read_header, shape_text
from wcetool.data.options import TextOptions
from wcetool.data.source import InputFile, Split
from wcetool.errors import InputError, counted, listed, nearest, quoted, short_repr

BATCH_BYTES = 4 << 20
BATCH_ROWS = 1 << 17
MOST_HELD = 1 << 30  # bytes of an array that stands column after column: it is read whole
_MOST_ARRAYS = 10_000
_SUFFIX = ".npy"
_BROKEN = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
    *(EOFError, LookupError, RuntimeError, ValueError),
)


@dataclass(frozen=True, slots=True)
class _Content:
    """The arrays of a file and their columns.

    Attributes
    ----------
    headers : mapping of str to ArrayHeader
        By key.
    columns : list of ArrayColumn
        Of all arrays.
    keys : list of str
        The array of each column.
    """

    headers: Mapping[str, ArrayHeader]
    columns: list[ArrayColumn]
    keys: list[str]

    @property
    def rows(self) -> int:
        return next(header.rows for header in self.headers.values())

    def row_bytes(self, columns: Sequence[tuple[int, ColumnKind]]) -> int:
        """Return what a row takes of the arrays that have some columns."""
        keys = {self.keys[place] for place, _ in columns}
        return sum(self.headers[key].row_bytes for key in keys)


def inspect(file: InputFile, options: TextOptions) -> Table:
    """Read the header of each array."""
    with _opened(file) as archive:
        entries = {
            entry.filename.removesuffix(_SUFFIX): entry
            for entry in archive.infolist()
            if entry.filename.endswith(_SUFFIX)
        }
        _check_entries(file, archive, entries)
        chosen = entries if file.member is None else {file.member: entries[file.member]}
        headers = {key: _header(file, archive, key, entry) for key, entry in chosen.items()}
    notes: tuple[str, ...] = ()
    single = len(headers) == 1
    if not single:
        scalars = [key for key, header in headers.items() if not header.shape]
        headers = {key: header for key, header in headers.items() if header.shape}
        if scalars:
            kinds = counted(len(scalars), "array")
            notes = (f"{file.path}: {kinds} of one value left out: {quoted(scalars)}",)
    _refuse_lengths(file, headers)
    columns: list[ArrayColumn] = []
    keys: list[str] = []
    for key, header in headers.items():
        where = _where(file, key)
        if single:
            with _opened(file) as archive:
                head = partial(_head, archive, key, header, where)
                columns = only_columns_of(header, where, head)
        else:
            columns += columns_of(header, key, where)
        keys += [key] * (len(columns) - len(keys))
    if len(columns) > MOST_COLUMNS:
        raise InputError(
            f"has {len(columns):,} columns, where {MOST_COLUMNS:,} are the limit", where=file.path
        )
    content = _Content(headers, columns, keys)
    more = label_columns(next(iter(headers.values())), columns) if single else {}
    return table_of(file, columns, content.rows, footer=content, notes=notes, **more)


def splits(table: Table, index: int, *, ranges: bool = False) -> list[Split]:
    """Return the whole table: what is compressed is read from its beginning."""
    return [Split(table.file, index, rows=_content(table).rows, size=table.file.size)]


def batches(
    split: Split,
    table: Table,
    columns: Sequence[tuple[int, ColumnKind]],
    on_bytes: streams.OnBytes,
    log: ReadLog,
    *,
    last: bool = True,
) -> Iterator[pa.RecordBatch]:
    """Read the arrays of the columns side by side."""
    content, file = _content(table), split.file
    n_rows = _batch_rows(content.row_bytes(columns), split.memory)
    keys = dict.fromkeys(content.keys[place] for place, _ in columns)
    with _opened(file) as archive:
        arrays = [
            _pieces(archive, key, content.headers[key], _where(file, key), n_rows) for key in keys
        ]
        for pieces in zip(*arrays, strict=True):
            of_key = dict(zip(keys, pieces, strict=True))
            rows = [of_key[content.keys[place]] for place, _ in columns]
            yield batch_of(rows, content.columns, columns, file.path)
            on_bytes(split.size * len(pieces[0]) // max(content.rows, 1))


def memory_need(
    split: Split, table: Table, columns: Sequence[tuple[int, ColumnKind]]
) -> MemoryNeed:
    """Return what a batch takes, twice, and the arrays that are read whole."""
    content = _content(table)
    row_bytes = content.row_bytes(columns)
    headers = [content.headers[key] for key in {content.keys[place] for place, _ in columns}]
    whole = sum(header.rows * header.row_bytes for header in headers if header.by_column)
    least, most = (2 * _batch_rows(row_bytes, memory) * row_bytes for memory in (0, None))
    return MemoryNeed(whole + least, whole + most)


def _batch_rows(row_bytes: int, memory: int | None) -> int:
    size = BATCH_BYTES if memory is None else max(min(memory // 4, BATCH_BYTES), 1 << 16)
    return max(1, min(BATCH_ROWS, size // max(row_bytes, 1)))


def _content(table: Table) -> _Content:
    return cast(_Content, table.footer)


@contextmanager
def _opened(file: InputFile) -> Iterator[zipfile.ZipFile]:
    """Open the archive; what is wrong with it while it is open is an error of the input."""
    try:
        with zipfile.ZipFile(file.location) as archive:
            yield archive
    except OSError as error:
        raise InputError(streams.os_message(error), where=file.path) from None
    except _BROKEN as error:
        raise streams.broken_file(error, file.path, "file of NumPy arrays") from None


def _check_entries(
    file: InputFile, archive: zipfile.ZipFile, entries: Mapping[str, zipfile.ZipInfo]
) -> None:
    if len(archive.infolist()) > _MOST_ARRAYS:
        raise InputError(
            f"holds {len(archive.infolist()):,} arrays, where {_MOST_ARRAYS:,} are the limit",
            where=file.path,
        )
    if len(entries) < len(archive.infolist()):
        raise InputError(
            "holds an array twice, or something that is no array",
            where=file.path,
            details=(f"it holds: {quoted(archive.namelist())}",),
        )
    if not entries:
        raise InputError("holds no array", where=file.path)
    if file.member is not None and file.member not in entries:
        near = nearest(file.member, entries)
        raise InputError(
            f"holds no array {short_repr(file.member)}",
            where=file.path,
            details=(f"arrays: {quoted(entries)}",),
            hint=f"--member {near}" if near else "--member NAME",
        )


def _header(
    file: InputFile, archive: zipfile.ZipFile, key: str, entry: zipfile.ZipInfo
) -> ArrayHeader:
    where = _where(file, key)
    if entry.flag_bits & 1:
        raise InputError("is encrypted", where=where, hint="unpack it")
    with archive.open(entry) as stream:
        header = read_header(cast(BinaryIO, stream), where)
    if header.size != entry.file_size:
        raise InputError(
            f"takes {entry.file_size:,} bytes, where an array of shape {shape_text(header.shape)} "
            f"and type {header.dtype} takes {header.size:,}",
            where=where,
        )
    return header


def _refuse_lengths(file: InputFile, headers: Mapping[str, ArrayHeader]) -> None:
    if len({header.rows for header in headers.values()}) == 1:
        return
    shapes = (f"{short_repr(key)} {shape_text(one.shape)}" for key, one in headers.items())
    raise InputError(
        "the arrays have different numbers of rows" if headers else "holds single values alone",
        where=file.path,
        details=(f"shapes: {listed(shapes)}",) if headers else (),
        hint="--member NAME for one of them",
    )


def _where(file: InputFile, key: str) -> str:
    return f"{file.path}: array {short_repr(key)}"


def _head(
    archive: zipfile.ZipFile, key: str, header: ArrayHeader, where: str, n_rows: int
) -> npt.NDArray[Any]:
    """Read the first rows of an array."""
    return next(_pieces(archive, key, header, where, n_rows))


def _pieces(
    archive: zipfile.ZipFile, key: str, header: ArrayHeader, where: str, n_rows: int
) -> Iterator[npt.NDArray[Any]]:
    """Read an array from its beginning, so many rows at once."""
    with archive.open(f"{key}{_SUFFIX}") as member:
        stream = cast(BinaryIO, member)
        stream.read(header.offset)
        if header.by_column:
            yield from _of_columns(stream, header, n_rows, where)
        else:
            for first in range(0, header.rows, n_rows):
                yield header.read(stream, min(n_rows, header.rows - first), where)
        if stream.read(1):
            raise InputError("goes on below its last row", where=where)


def _of_columns(
    stream: BinaryIO, header: ArrayHeader, n_rows: int, where: str
) -> Iterator[npt.NDArray[Any]]:
    """Read an array whole that stands column after column."""
    size = header.rows * header.row_bytes
    if size > MOST_HELD:
        raise InputError(
            f"stands column after column, and takes {size:,} bytes, where {MOST_HELD:,} are the "
            "limit",
            where=where,
            hint="np.savez(path, name=np.ascontiguousarray(array))",
        )
    whole = header.read_columns(stream, where)
    for first in range(0, header.rows, n_rows):
        yield whole[first : first + n_rows]
