"""The beginning of a text file: its first rows as text, and the names of its columns."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import closing

import pyarrow as pa
import pyarrow.csv as pacsv

from wcetool.data import streams
from wcetool.data.formats.table import Dialect, Holds
from wcetool.data.formats.text_reading import (
    READ_ERRORS,
    ignore_bytes,
    input_error,
    parse_options,
    plain_text,
)
from wcetool.data.options import TextOptions
from wcetool.data.source import InputFile
from wcetool.errors import InputError, short_repr

SAMPLE_ROWS = 1000
DELIMITERS = {"csv": ",", "tsv": "\t"}
_OTHER_DELIMITERS = (";", "\t", "|", ",")


def read_head(file: InputFile, options: TextOptions) -> bytes:
    """Return the first bytes of the text, whole lines of it, or say why it is none."""
    try:
        with closing(plain_text(file, options.encoding, ignore_bytes, last=False)) as text:
            head = streams.read_head(text)
    except READ_ERRORS as error:
        raise input_error(error, file) from None
    kind = streams.describe_binary(head)
    if kind is not None:
        hint = {"UTF-16": "--encoding utf-16", "git-LFS": "git lfs pull"}
        raise InputError(
            kind,
            where=file.path,
            hint=next((text for word, text in hint.items() if word in kind), None),
        )
    if not head.strip(b"\xef\xbb\xbf\r\n"):
        raise InputError("is empty", where=file.path)
    if len(head) >= streams.HEAD_BYTES:
        head = head[: head.rfind(b"\n") + 1] or head
    return head


def leading_blank_lines(head: bytes, skip_lines: int) -> int:
    """Count the blank lines above the first row."""
    lines = head.removeprefix(b"\xef\xbb\xbf").splitlines()[skip_lines:]
    return next((n for n, line in enumerate(lines) if line), len(lines))


def column_names(file: InputFile, head: bytes, dialect: Dialect) -> tuple[str, ...]:
    """Read the header, or number the columns of the first row."""
    try:
        reader = pacsv.open_csv(
            io.BytesIO(head),
            pacsv.ReadOptions(
                use_threads=False,
                block_size=len(head) + 1,
                skip_rows=dialect.skip_lines + dialect.leading_blank_lines,
                autogenerate_column_names=not dialect.header,
            ),
            parse_options(dialect, _skip),
        )
        names = tuple(reader.schema.names)
    except READ_ERRORS as error:
        raise input_error(error, file) from None
    return names if dialect.header else tuple(f"column {n}" for n in range(1, len(names) + 1))


def first_rows(
    file: InputFile, head: bytes, dialect: Dialect, n_columns: int
) -> tuple[tuple[str, ...], ...]:
    """Return the first rows as text, by column."""
    names = [str(place) for place in range(n_columns)]
    try:
        reader = pacsv.open_csv(
            io.BytesIO(head),
            pacsv.ReadOptions(
                use_threads=False,
                block_size=len(head) + 1,
                skip_rows=dialect.skip_lines + dialect.leading_blank_lines,
                column_names=names,
                skip_rows_after_names=int(dialect.header),
            ),
            parse_options(dialect, _skip),
            pacsv.ConvertOptions(column_types=dict.fromkeys(names, pa.binary())),
        )
        rows = reader.read_next_batch().slice(0, SAMPLE_ROWS)
    except StopIteration:
        return ((),) * n_columns
    except READ_ERRORS as error:
        raise input_error(error, file) from None
    return tuple(
        tuple(value.decode("utf-8", "replace") for value in column.to_pylist())
        for column in rows.columns
    )


def what_it_holds(sample: Sequence[str]) -> Holds:
    """Return what most of the values of a column look like."""
    values = [value for value in sample if value.strip()]
    numbers = sum(map(is_number, values))
    # Most, not all: a stray text in a score column is refused by its row, not passed over.
    return Holds.NUMBERS if values and 2 * numbers >= len(values) else Holds.TEXT


def is_number(text: str) -> bool:
    """Tell whether pyarrow would read a field as a number."""
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text


def refuse_other_delimiter(file: InputFile, first_line: str) -> None:
    """Refuse a file of one column whose first line looks like several."""
    found = next((mark for mark in _OTHER_DELIMITERS if mark in first_line), None)
    if found is not None:
        raise InputError(
            f"has one column when cut at {DELIMITERS[file.format]!r}, "
            f"but its first line holds {found!r}",
            where=file.path,
            details=(f"first line: {short_repr(first_line)}",),
            hint=f"--delimiter '{'tab' if found == chr(9) else found}', "
            f"or --delimiter '{'tab' if file.format == 'tsv' else ','}' if it is one column",
        )


def _skip(_: pacsv.InvalidRow) -> str:
    """Pass over rows that do not fit: the pass over the whole file refuses them."""
    return "skip"
