"""Excel workbooks: one sheet, loaded whole; .xlsx through openpyxl, .xls through xlrd.

The first row that is not empty is the header. Of formulas the stored values are read; one without
is refused, since it would be taken for a missing label.
"""

from __future__ import annotations

import datetime as dt
import io
import os
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from wcetool.data import streams
from wcetool.data.formats import foreign
from wcetool.data.formats.held import batches, held, memory_need, splits
from wcetool.data.formats.table import Dialect, Table
from wcetool.data.options import TextOptions
from wcetool.data.source import InputFile
from wcetool.errors import InputError, counted, nearest, quoted, short_repr

__all__ = ["batches", "inspect", "memory_need", "splits"]

EXTRA = "excel"
MOST_ROWS = 1 << 20  # as many as a sheet of Excel has
_ZIP = b"PK\x03\x04"
_FORMULA_MARKS = (b"<f>", b"<f ", b"<f/>")

Rows = Iterator[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class _Error:
    """An error that a formula left in a cell, such as #N/A."""

    text: str


def inspect(file: InputFile, options: TextOptions) -> Table:
    """Read one sheet."""
    with streams.open_file(file.location) as stream:
        is_zip = stream.read(len(_ZIP)) == _ZIP
    name, rows, notes = _of_xlsx(file) if is_zip else _of_xls(file)
    rows = rows[options.skip_lines :]
    while rows and not any(value is not None for value in rows[0]):
        rows = rows[1:]
    header = options.header is not False
    names = _names(file, name, rows, options) if header else []
    body = rows[1:] if header else rows
    width = max((len(row) for row in rows), default=0)
    if width > 1:
        filled = [row for row in body if any(value is not None for value in row)]
        if len(filled) < len(body):
            notes.append(f"{file.path}: {counted(len(body) - len(filled), 'blank row')} left out")
        body = filled
    names += [f"column {place + 1}" for place in range(len(names), width)]
    columns, n_errors = [], 0
    for place in range(width):
        values = [row[place] if place < len(row) else None for row in body]
        n_errors += sum(isinstance(value, _Error) for value in values)
        columns.append(foreign.column_of([None if isinstance(v, _Error) else v for v in values]))
    if n_errors:
        notes.append(f"{file.path}: {counted(n_errors, 'error')} (#N/A and the like) read as empty")
    content = pa.Table.from_arrays(columns, names=names)
    dialect = Dialect(
        delimiter=",",
        quote_char=None,
        escape_char=None,
        comment=None,
        header=header,
        header_given=options.header is not None,
        skip_lines=options.skip_lines,
        leading_blank_lines=0,
        encoding=None,
    )
    return held(file, content, dialect=dialect, notes=tuple(notes))


def _names(
    file: InputFile, sheet: str, rows: Sequence[Sequence[Any]], options: TextOptions
) -> list[str]:
    """Return the names in the first row; only the first column, an index, may have none."""
    if not rows:
        raise InputError(f"sheet {short_repr(sheet)} is empty", where=file.path)
    first = [*rows[0]]
    while first and first[-1] is None:
        first.pop()
    wider = max(map(len, rows))
    nameless = [k + 1 for k, value in enumerate(first) if value is None and k]
    nameless += range(len(first) + 1, wider + 1)
    if nameless:
        raise InputError(
            f"column {nameless[0]} has no name in the first row: is that the header?",
            where=file.path,
            details=(f"first row: {quoted(str(v) for v in first if v is not None)}",),
            hint="--skip-lines N for rows above the header, or --no-header",
        )
    texts = [_text(value) for value in first]
    if options.header is None and not any(isinstance(value, str) for value in first):
        raise InputError(
            "the first row holds no text: is it a header?",
            where=file.path,
            details=(f"first row: {quoted(texts)}",),
            hint="--no-header if it is data, --header if it is not",
        )
    return texts


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else value.text if isinstance(value, _Error) else str(value)


def _chosen(file: InputFile, filled: Mapping[str, bool]) -> tuple[str, list[str]]:
    """Return the sheet that is read: the one that is named, or the only one that is not empty."""
    if file.member is not None:
        if file.member in filled:
            return file.member, []
        near = nearest(file.member, filled)
        raise InputError(
            f"has no sheet {short_repr(file.member)}",
            where=file.path,
            details=(f"sheets: {quoted(filled)}",),
            hint=f"--member {near}" if near else "--member NAME",
        )
    names = [name for name, is_filled in filled.items() if is_filled]
    if len(names) != 1:
        raise InputError(
            f"has {len(names)} sheets with cells" if names else "has no cell in any sheet",
            where=file.path,
            details=(f"sheets: {quoted(names)}",) if names else (),
            hint="--member NAME" if names else None,
        )
    note = f"{file.path}: sheet {short_repr(names[0])} is read; the others are empty"
    return names[0], [note] if len(filled) > 1 else []


def _limited(file: InputFile, rows: Rows) -> list[Sequence[Any]]:
    """Take the rows of a sheet up to its last cell, within the limits."""
    found: list[Sequence[Any]] = []
    n_cells = last = 0
    for row in rows:
        n_cells += len(row)
        foreign.refuse_many(file, n_cells)
        if len(found) >= MOST_ROWS:
            raise InputError(f"has more than {MOST_ROWS:,} rows", where=file.path)
        found.append(row)
        if any(value is not None for value in row):
            last = len(found)
    return found[:last]


def _of_xlsx(file: InputFile) -> tuple[str, list[Sequence[Any]], list[str]]:
    openpyxl = foreign.imported(file, "openpyxl", EXTRA)
    with foreign.reading(file, openpyxl.utils.exceptions.InvalidFileException):
        has_formulas = _check_parts(file)
        with foreign.buffered(file) as stream:
            book = openpyxl.load_workbook(
                stream,
                read_only=True,
                data_only=True,
                keep_links=False,
            )
            sheets = {sheet.title: sheet for sheet in book.worksheets}
            name, notes = _chosen(file, {title: _is_filled(one) for title, one in sheets.items()})
            sheets[name].reset_dimensions()  # programs write wrong ones
            rows = _limited(file, _values(sheets[name]))
        if has_formulas:
            with foreign.buffered(file) as stream:
                book = openpyxl.load_workbook(
                    stream,
                    read_only=True,
                    keep_links=False,
                )
                _refuse_unknown(file, rows, book[name])
    return name, rows, notes


def _check_parts(file: InputFile) -> bool:
    """Refuse parts that are too large unpacked; tell whether there may be formulas."""
    has_formulas = False
    with zipfile.ZipFile(file.location) as archive:
        foreign.refuse_large(file, sum(entry.file_size for entry in archive.infolist()))
        for entry in archive.infolist():
            if entry.filename.startswith("xl/worksheets/") and not has_formulas:
                with archive.open(entry) as part:
                    has_formulas = any(mark in part.read() for mark in _FORMULA_MARKS)
    return has_formulas


def _is_filled(sheet: Any) -> bool:
    sheet.reset_dimensions()
    rows = (any(value is not None for value in row) for row in _values(sheet))
    return next((True for filled in rows if filled), False)


def _values(sheet: Any) -> Rows:
    for row in sheet.rows:
        values = [_Error(str(c.value)) if c.data_type == "e" else _plain(c.value) for c in row]
        while values and values[-1] is None:
            values.pop()
        yield values


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | dt.date | dt.time | dt.timedelta):
        return value
    return str(value) or None


def _refuse_unknown(file: InputFile, rows: Sequence[Sequence[Any]], sheet: Any) -> None:
    """Refuse formulas whose value nobody has computed."""
    sheet.reset_dimensions()
    for number, (row, formulas) in enumerate(zip(rows, sheet.rows, strict=False), start=1):
        for place, cell in enumerate(formulas):
            known = row[place] if place < len(row) else None
            if known is None and cell.data_type == "f":
                raise InputError(
                    "a formula has no stored value",
                    where=f"{file.path}: row {number:,} of the sheet, column {place + 1:,}",
                    hint="open and save it in Excel or LibreOffice, which computes it",
                )


def _of_xls(file: InputFile) -> tuple[str, list[Sequence[Any]], list[str]]:
    xlrd = foreign.imported(file, "xlrd", EXTRA)
    with foreign.reading(file, xlrd.XLRDError, xlrd.compdoc.CompDocError):
        with streams.open_file(file.location) as stream:
            foreign.refuse_large(file, os.fstat(stream.fileno()).st_size)
            content = stream.read()
        with xlrd.open_workbook(
            file_contents=content, logfile=io.StringIO(), on_demand=True
        ) as book:
            sheets = {name: book.sheet_by_name(name) for name in book.sheet_names()}
            filled = {name: sheet.nrows > 0 for name, sheet in sheets.items()}
            name, notes = _chosen(file, filled)
            sheet = sheets[name]
            cells = (sheet.row(number) for number in range(sheet.nrows))
            rows = _limited(file, ([_old_value(xlrd, book, one) for one in row] for row in cells))
    return name, rows, notes


def _old_value(xlrd: Any, book: Any, cell: Any) -> Any:
    """Return the value of a cell of an .xls file."""
    if cell.ctype in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK):
        return None
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return _Error(xlrd.error_text_from_code.get(cell.value, "#ERR"))
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return bool(cell.value)
    if cell.ctype == xlrd.XL_CELL_DATE:
        return xlrd.xldate_as_datetime(cell.value, book.datemode)
    return float(cell.value) if cell.ctype == xlrd.XL_CELL_NUMBER else str(cell.value) or None
