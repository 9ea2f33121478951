"""What readers of other packages return and raise: shared by the formats that are loaded whole."""

from __future__ import annotations

import datetime as dt
import importlib
import io
import math
import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias, cast

import pyarrow as pa

from wcetool.data import streams
from wcetool.data.labels import value_text
from wcetool.data.source import InputFile
from wcetool.errors import InputError, quoted, short_repr

MOST_BYTES = 256 << 20  # of a file, unpacked
MOST_CELLS = 20_000_000
_EXACT = 1 << 53  # up to here a float64 holds every integer
_LARGEST = 1 << 63
# A parser that was not written for hostile files raises anything.
_ERRORS: tuple[type[Exception], ...] = (
    *(ArithmeticError, AssertionError, AttributeError, EOFError, LookupError, MemoryError, OSError),
    *(RuntimeError, SyntaxError, TypeError, ValueError, struct.error, zipfile.BadZipFile),
    zlib.error,
)


def imported(file: InputFile, package: str, extra: str) -> Any:
    """Return the package that reads a file.

    Raises
    ------
    InputError
        If it is not installed; names the extra of ours that installs it.
    """
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise InputError(
            f"reading {file.format.title} takes {package}, which is not installed",
            where=file.path,
            details=(short_repr(str(error), limit=120),),
            hint=f"pip install 'wcetool[{extra}]'",
        ) from None


Content: TypeAlias = tuple[pa.Table, list[str]]
"""A table, and what was decided of it."""


@dataclass(slots=True)
class Loaded:
    """What a reader returns, column by column.

    Attributes
    ----------
    columns : dict of str to list
        The values, None where one is missing.
    labels : mapping of str to mapping
        The value labels of the codes of a column.
    named : set of str
        Columns that hold value labels already.
    narrow : set of str
        Columns of 32-bit floats.
    notes : list of str
        What was decided.
    """

    columns: dict[str, list[Any]] = field(default_factory=dict)
    labels: Mapping[str, Mapping[Any, str]] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)
    narrow: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)

    def content(self) -> Content:
        """Make a table, with value labels in place of codes where no two codes share one."""
        columns, notes, named = dict(self.columns), list(self.notes), set(self.named)
        for name, names in self.labels.items():
            if name not in columns:
                continue
            if len(set(names.values())) < len(names):
                notes.append(f"column {quoted([name])}: codes, since two have one value label")
                continue
            columns[name] = [names.get(value, value) for value in columns[name]]
            named.add(name)
        if named:
            in_order = quoted(name for name in columns if name in named)
            notes.append(f"value labels in place of codes: {in_order}")
        arrays = {name: column_of(values) for name, values in columns.items()}
        for name in self.narrow:
            if pa.types.is_float64(arrays[name].type):
                arrays[name] = arrays[name].cast(pa.float32())
        return pa.table(arrays), notes


def present(values: Iterable[Any]) -> list[Any]:
    """Return values with None for what is missing: empty texts, NaN and the like."""
    return [None if _is_missing(value) else value for value in values]


def _is_missing(value: Any) -> bool:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return True
    return type(value).__name__ in ("NaTType", "NAType") or (isinstance(value, str) and not value)


@contextmanager
def reading(file: InputFile, *errors: type[Exception]) -> Iterator[None]:
    """Turn what another package raises, and `errors` of its own, into an error of the input.

    Raises
    ------
    InputError
        If the file is broken.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except InputError:
        raise
    except (*_ERRORS, *errors) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise InputError(streams.os_message(error), where=file.path) from None
        text = next(filter(None, str(error).splitlines()), type(error).__name__)
        raise InputError(
            f"cannot be read as {file.format.title}: truncated, damaged, protected, or of another "
            "format",
            where=file.path,
            details=(short_repr(text, limit=120),),
        ) from None


def refuse_large(file: InputFile, n_bytes: int) -> None:
    """Refuse a file that is loaded whole and takes more than the limit.

    Raises
    ------
    InputError
        Names the limit.
    """
    if n_bytes > MOST_BYTES:
        raise InputError(
            f"takes {n_bytes:,} bytes, where {MOST_BYTES:,} are the limit of {file.format.title}",
            where=file.path,
            hint="save it as CSV or Parquet, which have no limit",
        )


def refuse_many(file: InputFile, n_cells: int) -> None:
    """Refuse a table of more cells than the limit.

    Raises
    ------
    InputError
        Names the limit.
    """
    if n_cells > MOST_CELLS:
        raise InputError(
            f"has more than {MOST_CELLS:,} cells, the limit of {file.format.title}",
            where=file.path,
            hint="save it as CSV or Parquet, which have no limit",
        )


def buffered(file: InputFile) -> io.BufferedReader:
    """Open a file for a package that must not open it by its name."""
    return io.BufferedReader(cast(io.RawIOBase, streams.open_file(file.location)))


def column_of(values: Sequence[Any]) -> pa.Array:
    """Return values of a program that knows one kind of number, None where there is none.

    Whole numbers are integers where all are; a column of texts and others is one of texts; points
    in time alone stay what they are.
    """
    there = [value for value in values if value is not None]
    kinds = {type(value) for value in there}
    if kinds <= {bool}:
        return pa.array(values, pa.bool_())
    if kinds <= {int, float}:
        if all(_is_whole(value) for value in there):
            return pa.array([None if v is None else int(v) for v in values], pa.int64())
        if all(isinstance(v, float) or abs(v) <= _EXACT for v in there):
            return pa.array([None if v is None else float(v) for v in values], pa.float64())
    if kinds and all(issubclass(kind, dt.date | dt.time | dt.timedelta) for kind in kinds):
        return pa.nulls(len(values), pa.duration("s"))  # neither a label nor a score: never read
    return _texts([value_text(_shortest(value)) for value in values])


def _texts(texts: Sequence[str | None]) -> pa.Array:
    """Encode texts as a dictionary: many cells may share one that is long."""
    place: dict[str, int] = {}
    codes = [None if text is None else place.setdefault(text, len(place)) for text in texts]
    return pa.DictionaryArray.from_arrays(
        pa.array(codes, pa.int32()), pa.array(list(place), pa.string())
    )


def _is_whole(value: float) -> bool:
    if isinstance(value, int):
        return -_LARGEST <= value < _LARGEST
    return math.isfinite(value) and value.is_integer() and abs(value) <= _EXACT


def _shortest(value: Any) -> Any:
    return int(value) if isinstance(value, float) and _is_whole(value) else value
