"""Files of SPSS, Stata and SAS, loaded whole: through pyreadstat, and pandas for the other two.

Value labels are the class names. Such files know one kind of number, so one without a fraction is
written as digits. What SPSS declares to be missing is missing.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from wcetool.data import registry, streams
from wcetool.data.formats import foreign
from wcetool.data.formats.held import batches, held, memory_need, splits
from wcetool.data.formats.table import Table
from wcetool.data.options import TextOptions
from wcetool.data.source import InputFile
from wcetool.errors import InputError, quoted

__all__ = ["batches", "inspect", "memory_need", "splits"]

EXTRA = "spss"
_CHUNK_ROWS = 1 << 16
_SAV = b"$FL"
_XPORT = b"HEADER RECORD*******"
_RECORD = 80  # bytes of a record of that format
_XPORT_8 = b"HEADER RECORD*******LIBV8"  # which pandas does not read


@dataclass(slots=True)
class _Loaded:
    """What a reader returns: the values of each column, None where one is missing.

    `labels` are the value labels of codes by column; `named` the columns that hold them already;
    `narrow` those of 32-bit floats.
    """

    columns: dict[str, list[Any]] = field(default_factory=dict)
    labels: Mapping[str, Mapping[Any, str]] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)
    narrow: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)


def inspect(file: InputFile, options: TextOptions) -> Table:
    """Load the file."""
    readers: Mapping[str, Callable[[InputFile, str | None], _Loaded]] = {
        registry.SPSS.name: _spss,
        registry.STATA.name: _stata,
        registry.SAS.name: _sas,
    }
    with streams.open_file(file.location) as stream:
        foreign.refuse_large(file, stream.seek(0, io.SEEK_END))
    read = readers[file.format.name]
    loaded = read(file, options.encoding)
    notes = list(loaded.notes)
    for name, names in loaded.labels.items():
        if name not in loaded.columns:
            continue
        if len(set(names.values())) < len(names):
            notes.append(f"column {quoted([name])}: codes, since two have one value label")
            continue
        loaded.columns[name] = [_named(value, names) for value in loaded.columns[name]]
        loaded.named.add(name)
    if loaded.named:
        named = quoted(name for name in loaded.columns if name in loaded.named)
        notes.append(f"value labels in place of codes: {named}")
    arrays = {name: foreign.column_of(values) for name, values in loaded.columns.items()}
    for name in loaded.narrow:
        if pa.types.is_float64(arrays[name].type):
            arrays[name] = arrays[name].cast(pa.float32())
    return held(file, pa.table(arrays), notes=tuple(f"{file.path}: {note}" for note in notes))


def _named(value: Any, names: Mapping[Any, str]) -> Any:
    """Return the value label of a code; one without stays a code."""
    return names.get(value, value) if value is not None else None


def _spss(file: InputFile, encoding: str | None) -> _Loaded:
    with foreign.buffered(file) as stream:
        is_portable = not stream.peek(len(_SAV)).startswith(_SAV)
    if is_portable:
        return _by_readstat(file, "read_por")
    return _by_readstat(file, "read_sav", encoding=encoding)


def _by_readstat(file: InputFile, function: str, **options: Any) -> _Loaded:
    """Read through pyreadstat, which says first how much there is."""
    pyreadstat = foreign.imported(file, "pyreadstat", EXTRA)
    read = getattr(pyreadstat, function)
    with foreign.reading(file, pyreadstat.ReadstatError, pyreadstat.PyreadstatError):
        _, size = read(file.location, metadataonly=True, **options)
        foreign.refuse_many(file, (size.number_rows or 0) * (size.number_columns or 0))
        found, meta = read(file.location, output_format="dict", **options)
    columns = {name: _values(values) for name, values in found.items()}
    return _Loaded(columns, meta.variable_value_labels)


def _stata(file: InputFile, _: str | None) -> _Loaded:
    try:
        return _stata_columns(file, by_label=True)
    except InputError as error:
        if not any("not unique" in detail for detail in error.details):
            raise
    loaded = _stata_columns(file, by_label=False)
    loaded.notes.append("all columns hold codes, since two of them have one value label")
    return loaded


def _stata_columns(file: InputFile, *, by_label: bool) -> _Loaded:
    import pandas as pd

    with foreign.reading(file), foreign.buffered(file) as stream:
        reader = pd.read_stata(
            stream, convert_categoricals=by_label, chunksize=_CHUNK_ROWS, compression=None
        )
        with reader:
            return _gathered(file, reader)


def _sas(file: InputFile, encoding: str | None) -> _Loaded:
    import pandas as pd

    with foreign.reading(file), foreign.buffered(file) as stream:
        head = stream.peek(len(_XPORT_8))
        if head.startswith(_XPORT_8):
            return _by_readstat(file, "read_xport", encoding=encoding)
        is_xport = head.startswith(_XPORT)
        if is_xport and stream.seek(0, io.SEEK_END) % _RECORD:
            raise ValueError(f"the size is no multiple of {_RECORD} bytes")
        stream.seek(0)
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
        return loaded


def _gathered(file: InputFile, chunks: Iterable[Any]) -> _Loaded:
    """Put the chunks of a reader of pandas together."""
    loaded, n_cells = _Loaded(), 0
    for frame in chunks:
        if frame.columns.has_duplicates:
            raise InputError("two columns have one name", where=file.path)
        n_cells += frame.size
        foreign.refuse_many(file, n_cells)
        for name in map(str, frame.columns):
            column = frame[name]
            loaded.columns.setdefault(name, []).extend(_values(column.tolist()))
            if column.dtype.name == "category":
                loaded.named.add(name)
            elif column.dtype.name == "float32":
                loaded.narrow.add(name)
    return loaded


def _values(values: Iterable[Any]) -> list[Any]:
    """Return values with None for what is missing: empty texts, NaN and the like."""
    return [None if _is_missing(value) else value for value in values]


def _is_missing(value: Any) -> bool:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return True
    return type(value).__name__ in ("NaTType", "NAType") or (isinstance(value, str) and not value)
