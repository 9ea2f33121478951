"""What reading any text file needs: plain bytes, the parser's options, errors in our words."""

from __future__ import annotations

import lzma
import re

import pyarrow as pa

from wcetool.data import streams
from wcetool.data.formats.table import Dialect, Table
from wcetool.data.source import InputFile
from wcetool.errors import InputError, short_repr

BLOCK_BYTES = 8 << 20  # a block of the reader; a longer record is refused
READ_ERRORS = (pa.ArrowException, OSError, EOFError, lzma.LZMAError, UnicodeError)
_MISFIT = re.compile(r"Row #(\d+): Expected (\d+) columns, got (\d+): (.*)", re.DOTALL)
_CONVERSION = re.compile(
    r"In CSV column #(\d+): Row #(\d+): CSV conversion error to [^:]+: (.*)", re.DOTALL
)


def plain_text(
    file: InputFile, encoding: str | None, on_bytes: streams.OnBytes, *, last: bool
) -> streams.ByteSource:
    """Open a file as plain UTF-8 bytes."""
    return streams.plain_bytes(file.open(last=last), file.compression, encoding, on_bytes)


def ignore_bytes(_: int) -> None:
    """Report nothing: these bytes are read a second time."""


def dialect_of(table: Table) -> Dialect:
    """Return the dialect of a text file."""
    if table.dialect is None:
        raise TypeError("a text file has a dialect")
    return table.dialect


def row_number(table: Table, physical: int) -> int:
    """Turn pyarrow's count of lines and records into the number of a row below the header."""
    dialect = dialect_of(table)
    return physical - dialect.skip_lines - dialect.leading_blank_lines - int(dialect.header)


def input_error(error: BaseException, file: InputFile, table: Table | None = None) -> InputError:
    """Say in our words what a library said of a file."""
    text = str(error)
    misfit = _MISFIT.search(text)
    if misfit is not None and table is not None:
        return _misfit_error(table, int(misfit[1]), int(misfit[3]), misfit[4])
    conversion = _CONVERSION.search(text)
    if conversion is not None and table is not None:
        place, row, reason = int(conversion[1]), int(conversion[2]), conversion[3]
        column = table.columns[place].name
        where = f"{file.path}: row {row_number(table, row):,}, column {column!r}"
        if "UTF8" in reason:
            return not_utf8(where)
        value = reason.removeprefix("invalid value ").strip("'")
        return InputError(f"{short_repr(value)} is not a number", where=where)
    if isinstance(error, UnicodeError) or "UTF8" in text:
        return not_utf8(file.path)
    if "straddling" in text:
        return InputError(
            f"a row is longer than {BLOCK_BYTES >> 20} MB",
            where=file.path,
            details=(
                "a quote that is opened and never closed makes the rest of the file one field",
            ),
            hint="--no-quoting, if quotes are ordinary characters in this file",
        )
    if isinstance(error, OSError) and error.errno is not None:
        return InputError(streams.os_message(error), where=file.path)
    if file.compression is not None:
        return InputError(
            f"the {file.compression} data are truncated or damaged: {text}", where=file.path
        )
    return InputError(text.splitlines()[0], where=file.path)


def _misfit_error(table: Table, physical_row: int, fields: int, text: str) -> InputError:
    dialect = dialect_of(table)
    above = "the header" if dialect.header else "the first row"
    swallowed = dialect.quote_char is not None and dialect.quote_char in text and "\n" in text
    return InputError(
        f"{fields} {'field' if fields == 1 else 'fields'}, where {above} has {len(table.columns)}"
        + ("; perhaps a quote is opened and never closed" if swallowed else ""),
        where=f"{table.file.path}: row {row_number(table, physical_row):,}",
        details=(f"text: {short_repr(text.removesuffix(' ...'))}",),
        hint="--no-quoting, if quotes are ordinary characters in this file"
        if swallowed
        else "--delimiter, --no-quoting or --skip-lines, if the file is written in another way",
    )


def not_utf8(where: str) -> InputError:
    """Return the error for bytes in another encoding."""
    return InputError(
        "is not UTF-8 text", where=where, hint="--encoding latin-1 (or cp1252, utf-16, ...)"
    )
