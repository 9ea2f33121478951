"""Files of SPSS, Stata and SAS, loaded whole: through pyreadstat, and pandas for the other two.

Value labels are the class names. Such files know one kind of number, so one without a fraction is
written as digits. What SPSS declares to be missing is missing.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from wcetool.data import registry, streams
from wcetool.data.formats import foreign, readstat
from wcetool.data.formats.foreign import Content, Loaded
from wcetool.data.formats.held import batches, held, memory_need, splits
from wcetool.data.formats.table import Table
from wcetool.data.options import TextOptions, refuse_idle
from wcetool.data.source import InputFile
from wcetool.errors import InputError

__all__ = ["batches", "inspect", "memory_need", "splits"]

_CHUNK_ROWS = 1 << 16
_SAV = b"$FL"
_XPORT = b"HEADER RECORD*******"
_RECORD = 80  # bytes of a record of that format
_XPORT_8 = b"HEADER RECORD*******LIBV8"  # which pandas does not read


def inspect(file: InputFile, options: TextOptions) -> Table:
    """Load the file."""
    readers: Mapping[str, Callable[[InputFile, str | None], Content]] = {
        registry.SPSS.name: _spss,
        registry.STATA.name: _stata,
        registry.SAS.name: _sas,
    }
    with streams.open_file(file.location) as stream:
        foreign.refuse_large(file, stream.seek(0, io.SEEK_END))
    read = readers[file.format.name]
    content, notes = read(file, options.encoding)
    return held(file, content, notes=tuple(f"{file.path}: {note}" for note in notes))


def _spss(file: InputFile, encoding: str | None) -> Content:
    with foreign.buffered(file) as stream:
        is_portable = not stream.peek(len(_SAV)).startswith(_SAV)
    if is_portable:
        if encoding is not None:
            refuse_idle("encoding", "a portable file of SPSS says nothing of it", ())
        return readstat.read(file, "read_por", None)
    return readstat.read(file, "read_sav", encoding)


def _stata(file: InputFile, _: str | None) -> Content:
    try:
        return _stata_columns(file, by_label=True).content()
    except InputError as error:
        if not any("not unique" in detail for detail in error.details):
            raise
    loaded = _stata_columns(file, by_label=False)
    loaded.notes.append("all columns hold codes, since two of them have one value label")
    return loaded.content()


def _stata_columns(file: InputFile, *, by_label: bool) -> Loaded:
    import pandas as pd

    with foreign.reading(file), foreign.buffered(file) as stream:
        reader = pd.read_stata(
            stream, convert_categoricals=by_label, chunksize=_CHUNK_ROWS, compression=None
        )
        with reader:
            return _gathered(file, reader)


def _sas(file: InputFile, encoding: str | None) -> Content:
    import pandas as pd

    with foreign.reading(file), foreign.buffered(file) as stream:
        head = stream.peek(len(_XPORT_8))
        is_xport = head.startswith(_XPORT)
        if is_xport and stream.seek(0, io.SEEK_END) % _RECORD:
            raise ValueError(f"the size is no multiple of {_RECORD} bytes")
        stream.seek(0)
        if head.startswith(_XPORT_8):
            return readstat.read(file, "read_xport", encoding)
        reader = pd.read_sas(
            stream,
            format="xport" if is_xport else "sas7bdat",
            encoding=encoding or ("utf-8" if is_xport else "infer"),
            chunksize=_CHUNK_ROWS,
        )
        with reader:
            loaded = _gathered(file, reader)
        there = len(next(iter(loaded.columns.values()), ()))
        if there < getattr(reader, "row_count", there):
            raise ValueError(f"{there:,} rows, where the header says {reader.row_count:,}")
        return loaded.content()


def _gathered(file: InputFile, chunks: Iterable[Any]) -> Loaded:
    """Put the chunks of a reader of pandas together."""
    loaded, n_cells = Loaded(), 0
    for frame in chunks:
        if frame.columns.has_duplicates:
            raise InputError("two columns have one name", where=file.path)
        n_cells += frame.size
        foreign.refuse_many(file, n_cells)
        for name in map(str, frame.columns):
            column = frame[name]
            loaded.columns.setdefault(name, []).extend(foreign.present(column.tolist()))
            if column.dtype.name == "category":
                loaded.named.add(name)
            elif column.dtype.name == "float32":
                loaded.narrow.add(name)
    return loaded
