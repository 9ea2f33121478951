"""What reading any text file needs: plain bytes without comments, and errors in our words."""

from __future__ import annotations

import codecs
import re
from contextlib import closing

from wcetool.data import streams
from wcetool.data.formats.table import Dialect, Table
from wcetool.data.options import ROW_MB, TextOptions
from wcetool.data.source import InputFile
from wcetool.errors import InputError, counted, short_repr

# A label that no file holds; stands in the row that is appended to every stream.
END_LABEL = "\x03\x04end\x04\x03"
_NUMBER_WITH_COMMA = re.compile(r"\s*[-+]?[0-9]+,[0-9]+([eE][-+]?[0-9]+)?\s*")
_MISFIT = re.compile(r"Row #(\d+): Expected (\d+) columns, got (\d+): (.*)", re.DOTALL)
_CONVERSION = re.compile(
    r"In CSV column #(\d+): Row #(\d+): CSV conversion error to [^:]+: (.*)", re.DOTALL
)


def plain_text(
    file: InputFile, options: TextOptions | Dialect, on_bytes: streams.OnBytes, *, last: bool
) -> streams.ByteSource:
    """Open a file as plain UTF-8 bytes, comment lines left out."""
    plain = file.open_plain(options.encoding, on_bytes, last=last)
    if options.comment is None:
        return plain
    quoting = getattr(options, "quoting", True)
    return _Uncommented(plain, options.comment, options.quote_char if quoting else None)


def longer_than(limit: int) -> str:
    """Say that a row is too long; the option that allows more is `--max-row`."""
    return f"a row is longer than {limit >> 20} MB"


class _Uncommented(streams.Wrapped):
    """Text without the lines that begin with a character, as long as they are not inside quotes.

    Inside quotes is where an odd number of quotes stands before; comments do not count.
    """

    def __init__(self, inner: streams.ByteSource, comment: str, quote: str | None) -> None:
        super().__init__(inner)
        self._comment = comment.encode()
        self._quote = quote.encode() if quote is not None else None
        self._quotes = 0
        self._partial = b""
        self._at_start = True

    def read(self, size: int = -1, /) -> bytes:
        while True:
            data = self.inner.read(size)
            if self._at_start and len(self._partial) + len(data) >= len(codecs.BOM_UTF8):
                data = (self._partial + data).removeprefix(codecs.BOM_UTF8)
                self._partial, self._at_start = b"", False
            lines = (self._partial + data).splitlines(keepends=True)
            # The last line may go on, or its \\r may be the first half of a line end.
            self._partial = lines.pop() if data and lines else b""
            kept = b"".join(line for line in lines if self._keeps(line))
            if kept or not data:
                return kept

    def _keeps(self, line: bytes) -> bool:
        if line.startswith(self._comment) and self._quotes % 2 == 0:
            return False
        if self._quote is not None:
            self._quotes += line.count(self._quote)
        return True


def line_like_header(table: Table) -> int | None:
    """Return the number of the first line that repeats the header; None where none is found.

    Standard input cannot be read again, and other formats have no such lines.
    """
    dialect, file = dialect_of(table), table.file
    is_delimited = "delimiter" in file.format.options
    if file.stream is not None or not is_delimited or not dialect.header:
        return None
    header_line = dialect.skip_lines + dialect.leading_blank_lines + 1
    header, number, partial = b"", 0, b""
    with closing(plain_text(table.file, dialect, streams.uncounted, last=True)) as text:
        while data := text.read(ROW_MB << 20):
            *lines, partial = (partial + data).split(b"\n")
            for line in lines:
                number += 1
                if number == header_line:
                    header = line.removeprefix(codecs.BOM_UTF8).rstrip(b"\r")
                elif number > header_line and line.rstrip(b"\r") == header:
                    return number
    return number + 1 if number >= header_line and partial.rstrip(b"\r") == header else None


def dialect_of(table: Table) -> Dialect:
    """Return the dialect of a text file."""
    if table.dialect is None:
        raise TypeError("a text file has a dialect")
    return table.dialect


def rows_above(dialect: Dialect) -> int:
    """Count what pyarrow counts above the first row: skipped and blank lines, and the header."""
    return dialect.skip_lines + dialect.leading_blank_lines + int(dialect.header)


def input_error(error: BaseException, file: InputFile, table: Table | None = None) -> InputError:
    """Say in our words what a library said of a file."""
    text = str(error)
    misfit, conversion = _MISFIT.search(text), _CONVERSION.search(text)
    if misfit is not None and table is not None:
        return _misfit_error(table, int(misfit[1]), int(misfit[3]), misfit[4])
    if conversion is not None and table is not None:
        return _conversion_error(table, int(conversion[1]), int(conversion[2]), conversion[3])
    if isinstance(error, UnicodeError) and "codec can't encode" not in text:
        name = getattr(error, "encoding", "utf-8")
        if "utf-8" not in name:
            return InputError(f"is not {name} text: {error}", where=file.path)
    if isinstance(error, UnicodeError) or "UTF8" in text:
        return not_utf8(file.path)
    if "straddling" in text:
        return InputError(
            longer_than(ROW_MB << 20 if table is None else dialect_of(table).max_row),
            where=file.path,
            details=(
                "a quote that is opened and never closed makes the rest of the file one field",
            ),
            hint="--no-quoting, if quotes are ordinary characters in this file; else --max-row 64",
        )
    return streams.read_error(error, file.path, file.compression)


def _conversion_error(table: Table, place: int, physical_row: int, reason: str) -> InputError:
    row = physical_row - rows_above(dialect_of(table))
    where = f"{table.file.path}: row {row:,}, column {table.columns[place].name!r}"
    if "UTF8" in reason:
        return not_utf8(where)
    value = reason.removeprefix("invalid value ").strip("'")
    if value == table.columns[place].name:
        return InputError(
            f"{short_repr(value)} is not a number: the header is repeated",
            where=where,
            details=("several files may have been written one below the other",),
        )
    return InputError(
        f"{short_repr(value)} is not a number", where=where, hint=_decimal_hint(table, value)
    )


def has_decimal_comma(text: str) -> bool:
    """Tell whether a text is a number such as 0,95."""
    return _NUMBER_WITH_COMMA.fullmatch(text) is not None


def _decimal_hint(table: Table, value: str) -> str | None:
    if not has_decimal_comma(value) or dialect_of(table).decimal == ",":
        return None
    return "--decimal , if these are numbers with a decimal comma"


def _misfit_error(table: Table, physical_row: int, fields: int, text: str) -> InputError:
    dialect = dialect_of(table)
    row, width = physical_row - rows_above(dialect), len(table.columns)
    above = "the header" if dialect.header else "the first row"
    swallowed = dialect.quote_char is not None and dialect.quote_char in text and "\n" in text
    named = dialect.header and row == 1 and fields == width + 1
    end_row = text.find(END_LABEL)  # no line of the file
    text = text if end_row < 0 else text[:end_row].rstrip(f"{dialect.delimiter}\n")
    details = [f"text: {short_repr(text.removesuffix(' ...'))}"]
    if fields == width + 1 and text.rstrip(" .").endswith(dialect.delimiter):
        details.append(
            "the row ends in a delimiter: the header may lack a name for the last column"
        )
    elif named:
        details.append("one field more than the header: are there row names without a header?")
    if swallowed:
        hint = "--no-quoting, if quotes are ordinary characters in this file"
    elif dialect.quote_char is not None and dialect.quote_char in text:
        hint = (
            "--no-quoting, if quotes are ordinary characters; --bad-rows skip leaves such rows out"
        )
    else:
        hint = "--bad-rows skip leaves such rows out; --delimiter or --skip-lines, if the file is "
        hint += "written in another way"
    return InputError(
        f"{counted(fields, 'field')}, where {above} has {width}"
        + ("; perhaps a quote is opened and never closed" if swallowed else ""),
        where=f"{table.file.path}: row {row:,}",
        details=details,
        hint=hint,
    )


def not_utf8(where: str) -> InputError:
    """Return the error for bytes in another encoding."""
    return InputError(
        "is not UTF-8 text", where=where, hint="--encoding latin-1 (or cp1252, utf-16, ...)"
    )
