"""How a text file is written: its delimiter and quotes, decided by its first rows.

The rules, in order:

1. What the user says.
2. A first line `sep=;`, as Excel writes it, names the delimiter and is left out.
3. The usual delimiter of the format, if it cuts all first rows into one number of fields, more than
   one. A comma that stands in decimal numbers alone, where `;` cuts as well, is none.
4. The only one of the other delimiters that does; two of them are refused.
5. The usual one, if it cuts the first row at all: the rows that do not fit are found later.
6. One column; a first line that holds another delimiter is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from wcetool.data.formats import table_start
from wcetool.data.formats.table import Dialect
from wcetool.data.formats.text_head import FirstRows, first_rows, leading_blank_lines
from wcetool.data.options import TextOptions, refuse_twin_characters
from wcetool.data.recognition import SEP_LINE
from wcetool.data.source import InputFile
from wcetool.errors import InputError, listed, short_repr

_DELIMITERS = (",", ";", "\t", "|")
_DECIMAL_COMMA = re.compile(r"[^,]*\b[0-9]+,[0-9]+\b[^,]*")


@dataclass(frozen=True, slots=True)
class Written:
    """How a text file is written, its first rows, and what was decided."""

    dialect: Dialect
    rows: FirstRows
    notes: tuple[str, ...]


def decide(file: InputFile, head: bytes, options: TextOptions) -> Written:
    """Decide by the rules above.

    Raises
    ------
    InputError
        If several delimiters are possible, or the first rows are no table.
    """
    notes = []
    usual = options.delimiter or file.format.delimiter or ","
    skip_lines, named = options.skip_lines, _named_delimiter(head, options.skip_lines)
    if named is not None:
        skip_lines += 1
        notes.append(f"{file.path}: the first line says sep={short_repr(named)} and is left out")
        usual = options.delimiter or named
    dialect = Dialect(
        delimiter=usual,
        quote_char=options.quote_char if options.quoting else None,
        escape_char=options.escape_char,
        comment=options.comment,
        header=options.header is not False,
        header_given=options.header is not None,
        skip_lines=skip_lines,
        leading_blank_lines=leading_blank_lines(head, skip_lines),
        encoding=options.encoding,
        max_row=options.max_row,
        quote_given=options.quote_given,
        decimal=options.decimal or ".",
        skips_bad_rows=options.bad_rows == "skip",
    )
    rows = first_rows(file, head, dialect)
    if options.delimiter is None and named is None:
        dialect, rows = _with_delimiter(file, head, dialect, rows)
        if dialect.delimiter != usual:
            notes.append(
                f"{file.path}: delimiter {_shown(dialect.delimiter)}, which cuts all first rows "
                "evenly (--delimiter to change it)"
            )
    _refuse_twins(dialect, options)
    if file.stream is not None:  # which cannot be read again to find out
        _refuse_two_readings(file, head, dialect, rows)
    table_start.check(file, dialect, rows)
    notes += table_start.notes(file, dialect, rows)
    return Written(dialect, rows, tuple(notes))


def _named_delimiter(head: bytes, skip_lines: int) -> str | None:
    """Return the delimiter that the first line names, if it does nothing else."""
    lines = head.removeprefix(b"\xef\xbb\xbf").splitlines()
    found = SEP_LINE.fullmatch(lines[skip_lines].decode("latin-1")) if lines[skip_lines:] else None
    return None if found is None else found[1]


def _with_delimiter(
    file: InputFile, head: bytes, dialect: Dialect, rows: FirstRows
) -> tuple[Dialect, FirstRows]:
    """Choose the delimiter by rules 3 to 6."""
    usual = dialect.delimiter
    first = head[: 1 << 12].decode("latin-1")
    others = {}
    if not rows.is_even or (usual == "," and ";" in first):
        for mark in _DELIMITERS:
            if mark in (usual, dialect.quote_char, dialect.escape_char, dialect.comment):
                continue
            other = replace(dialect, delimiter=mark)
            found = _first_rows_or_none(file, head, other)
            if found is not None and found.is_even:
                others[mark] = other, found
    if rows.is_even and not (usual == "," and ";" in others and _only_decimals(others[";"][1])):
        return dialect, rows
    if rows.is_even:
        return others[";"]
    if len(others) == 1:
        return next(iter(others.values()))
    if others:
        marks = [_shown(mark) for mark in others]
        raise InputError(
            f"may be cut at {listed(marks)}: each cuts all first rows evenly",
            where=file.path,
            details=(f"first line: {short_repr(_first_line(head, dialect))}",),
            hint=" or ".join(f"--delimiter {_typed(mark)}" for mark in others),
        )
    if len(rows.rows[0]) == 1:
        _refuse_hidden_delimiter(file, rows.rows[0][0], usual)
    return dialect, rows


def _first_rows_or_none(file: InputFile, head: bytes, dialect: Dialect) -> FirstRows | None:
    try:
        return first_rows(file, head, dialect)
    except InputError:
        return None


def _only_decimals(rows: FirstRows) -> bool:
    """Tell whether every comma in rows that are cut at another delimiter is one of a number."""
    fields = [field for row in rows.rows for field in row if "," in field]
    return bool(fields) and all(_DECIMAL_COMMA.fullmatch(field) for field in fields)


def _refuse_hidden_delimiter(file: InputFile, first_line: str, usual: str) -> None:
    """Refuse a file of one column whose first line looks like several."""
    found = next((mark for mark in (";", "\t", "|", ",") if mark in first_line), None)
    if found is not None:
        raise InputError(
            f"has one column when cut at {usual!r}, but its first line holds {found!r}",
            where=file.path,
            details=(f"first line: {short_repr(first_line)}",),
            hint=f"--delimiter {_typed(found)}, or --delimiter {_typed(usual)} if it is one column",
        )


def _first_line(head: bytes, dialect: Dialect) -> str:
    lines = head.removeprefix(b"\xef\xbb\xbf").splitlines()
    return lines[dialect.skip_lines + dialect.leading_blank_lines].decode("utf-8", "replace")


def _refuse_two_readings(file: InputFile, head: bytes, dialect: Dialect, rows: FirstRows) -> None:
    """Refuse first rows that fit without quotes, too, where quotes hold line ends."""
    quote = dialect.quote_char
    if quote is None or dialect.quote_given or dialect.escape_char is not None:
        return
    if not rows.is_even or not any("\n" in field for row in rows.rows for field in row):
        return
    other = _first_rows_or_none(file, head, replace(dialect, quote_char=None))
    if other is not None and other.is_even and len(other.rows[0]) == len(rows.rows[0]):
        above = int(dialect.header)
        n_rows, without = len(rows.rows) - above, len(other.rows) - above
        raise table_start.two_readings(file, quote, n_rows, without)


def _refuse_twins(dialect: Dialect, options: TextOptions) -> None:
    refuse_twin_characters(
        {
            "--delimiter": dialect.delimiter,
            "--decimal": options.decimal,
            "--quote-char": dialect.quote_char,
            "--escape-char": dialect.escape_char,
            "--comment": dialect.comment,
        },
        ("quote-char", "escape-char", "comment", "decimal"),
    )


def _shown(delimiter: str) -> str:
    return "tab" if delimiter == "\t" else f"{delimiter!r}"


def _typed(delimiter: str) -> str:
    return "tab" if delimiter == "\t" else f"'{delimiter}'"
