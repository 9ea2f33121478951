"""Where the table of a text file starts: what shows that its first row is no header.

A title above the table, data where a header is assumed, and quotes of another kind are found in the
first rows. What can be known only when all rows are read is in `wcetool.data.headers`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from wcetool.data.formats.table import Dialect
from wcetool.data.formats.text_head import FirstRows, is_number
from wcetool.data.source import InputFile
from wcetool.errors import InputError, counted, quoted, short_repr

_MOST_TITLE_ROWS = 50
_OTHER_DELIMITERS = ";\t|"
_INTEGER = re.compile(r"\s*[-+]?[0-9]+\s*")


def check(file: InputFile, dialect: Dialect, rows: FirstRows) -> None:
    """Look at the first rows.

    Raises
    ------
    InputError
        If the first row looks like a title or like data, or a quote is not what it seems.
    """
    _refuse_other_quotes(file, dialect, rows)
    _refuse_title(file, dialect, rows)
    if dialect.header and not dialect.header_given:
        _refuse_padded_title(file, dialect, rows)
        _refuse_data(file, rows)


def notes(file: InputFile, dialect: Dialect, rows: FirstRows) -> list[str]:
    """Say what may be meant otherwise."""
    names, values = rows.rows[0], rows.rows[1:] if dialect.header else rows.rows
    columns = rows.columns(values)
    found = []
    in_quotes = [place for place, column in enumerate(columns) if _stand_in_single_quotes(column)]
    if dialect.quote_char == '"' and in_quotes:
        name = quoted([names[in_quotes[0]]]) if dialect.header else in_quotes[0] + 1
        found.append(
            f"{file.path}: the values of column {name} stand in ' quotes, which are part of them "
            '(--quote-char "\'" takes them off)'
        )
    if dialect.quote_char == '"' and dialect.escape_char is None:
        if re.search(rf'\\"[^"\n\r{re.escape(dialect.delimiter)}]', rows.text):
            found.append(
                f"{file.path}: a backslash stands before a quote, and both are taken as they are "
                "(--escape-char '\\' if it escapes the quote)"
            )
    if dialect.header and len(names) == 1 and len(values) > 1:
        found += [
            f"{file.path}: read as one column, and every row below the first holds {mark!r} "
            "(--delimiter to cut there, --skip-lines 1 if the first is a title)"
            for mark in _OTHER_DELIMITERS
            if mark != dialect.delimiter and _cuts_evenly(columns[0], mark)
        ]
    return found


def _stand_in_single_quotes(column: Sequence[str]) -> bool:
    filled = [text for text in column if text]
    return bool(filled) and all(len(text) > 1 and text[0] == text[-1] == "'" for text in filled)


def _cuts_evenly(column: Sequence[str], mark: str) -> bool:
    numbers = {text.count(mark) for text in column}
    return len(numbers) == 1 and numbers != {0}


def _refuse_other_quotes(file: InputFile, dialect: Dialect, rows: FirstRows) -> None:
    """Refuse a delimiter inside single quotes, where no double quote is to be seen."""
    if dialect.quote_char != '"' or '"' in rows.text or "'" not in rows.text:
        return
    delimiter = re.escape(dialect.delimiter)
    inside = re.compile(
        rf"(?<![^{delimiter}\n\r])'[^'{delimiter}\n\r]*{delimiter}[^'\n\r]*'(?![^{delimiter}\n\r])"
    )
    match = inside.search(rows.text)
    if match is not None:
        raise InputError(
            f"a field in ' quotes holds the delimiter: {short_repr(match[0])}",
            where=file.path,
            hint='--quote-char "\'" if these quote fields, --no-quoting if they are ordinary',
        )


def two_readings(file: InputFile, quote: str, rows: int, without: int) -> InputError:
    """Return the error of a file that fits its columns with quotes and, as more rows, without."""
    return InputError(
        f"may be read in two ways: {counted(rows, 'row')} if {quote} quotes fields, which then go "
        f"over several lines, {without:,} if it is an ordinary character",
        where=file.path,
        hint=f"--no-quoting, or --quote-char '{quote}'",
    )


def _refuse_title(file: InputFile, dialect: Dialect, rows: FirstRows) -> None:
    """Refuse rows above the table that are narrower than all below them."""
    widths = [len(row) for row in rows.rows]
    width = widths[-1]
    above = next((n for n, one in enumerate(widths) if one >= width), 0)
    below = widths[above:]
    if not 0 < above <= _MOST_TITLE_ROWS or len(below) < 2 or len(set(below)) > 1:
        return
    if above == 1 and widths[0] > 1 and widths[0] == width - 1:
        return  # row names without a header, which the first row that does not fit tells of
    if above > 1 and widths[0] == widths[1] > 1:
        return  # a table of its own
    lines = dialect.skip_lines + rows.line_ends[above - 1]
    raise InputError(
        f"{counted(above, 'row')} above a table of {width} columns: is it a title?"
        if above == 1
        else f"{counted(above, 'row')} above a table of {width} columns: are they a title?",
        where=file.path,
        details=(
            f"first row: {short_repr(dialect.delimiter.join(rows.rows[0]))}",
            f"row {above + 1}: {short_repr(dialect.delimiter.join(rows.rows[above]))}",
        ),
        hint=f"--skip-lines {lines}",
    )


def _refuse_padded_title(file: InputFile, dialect: Dialect, rows: FirstRows) -> None:
    """Refuse a first row with one text in many fields above a row that is full."""
    first, *others = rows.rows
    if len(first) < 3 or not others or sum(map(bool, first)) != 1 or not first[0]:
        return
    if len(others[0]) == len(first) and all(others[0]):
        lines = dialect.skip_lines + rows.line_ends[0]
        raise InputError(
            f"only one of {len(first)} columns has a name: is the first row a title?",
            where=file.path,
            details=(f"first row: {short_repr(dialect.delimiter.join(first))}",),
            hint=f"--skip-lines {lines} if it is a title, --header if it is the header",
        )


def _refuse_data(file: InputFile, rows: FirstRows) -> None:
    """Refuse a header of numbers above numbers of the same sort, unless another cell is a name."""
    first, *others = rows.rows
    columns = rows.columns(others)
    if not columns[0] or not any(map(_is_finite, first)):
        return
    numeric = [_all_numbers(column) for column in columns]
    if any(
        numbers and name and not is_number(name)
        for name, numbers in zip(first, numeric, strict=True)
    ):
        return  # a name above numbers
    if not first[0] and _counts_rows(columns[0]):
        return  # the index that pandas writes
    alike = [
        is_number(name) and numbers and _same_sort(name, column)
        for name, numbers, column in zip(first, numeric, columns, strict=True)
    ]
    integers = all(_INTEGER.fullmatch(name) for name in first if is_number(name))
    if all(alike) or (any(alike) and not integers):
        shown = next(name for name, one in zip(first, alike, strict=True) if one)
        raise InputError(
            f"the header {short_repr(shown)} is a number, as are the values below it: "
            "is the first row a header?",
            where=file.path,
            details=(f"first row: {quoted(first)}",),
            hint="--no-header if it is data, --header if it is not",
        )


def _counts_rows(column: Sequence[str]) -> bool:
    return list(column) in ([str(n + start) for n in range(len(column))] for start in (0, 1))


def _all_numbers(column: Sequence[str]) -> bool:
    filled = [text for text in column if text.strip()]
    return bool(filled) and all(map(is_number, filled))


def _is_finite(text: str) -> bool:
    return is_number(text) and any(map(str.isdigit, text))


def _same_sort(name: str, column: Sequence[str]) -> bool:
    """Tell whether a number may be one of those below: an integer above floats is a class."""
    if not _INTEGER.fullmatch(name):
        return _is_finite(name)
    return all(_INTEGER.fullmatch(text) for text in column if text.strip())
