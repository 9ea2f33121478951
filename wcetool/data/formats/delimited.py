"""CSV and TSV: text with a delimiter, read as a stream by pyarrow.

The label column comes as text, never converted; score columns as float64. What pyarrow would pass
over in silence is found out here: a quote that is opened and never closed, blank lines, rows that
do not fit the header.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from wcetool.data import arrow, streams
from wcetool.data.formats.table import Column, ColumnKind, Dialect, ReadLog, Table
from wcetool.data.formats.text_head import (
    DELIMITERS,
    column_names,
    first_rows,
    leading_blank_lines,
    read_head,
    refuse_other_delimiter,
    what_it_holds,
)
from wcetool.data.formats.text_reading import (
    BLOCK_BYTES,
    READ_ERRORS,
    dialect_of,
    ignore_bytes,
    input_error,
    parse_options,
    plain_text,
    row_number,
)
from wcetool.data.options import TextOptions
from wcetool.data.source import InputFile, Split
from wcetool.errors import InputError, short_repr

_END = b"\x03\x04end\x04\x03"  # the first field of the row that is appended to every stream


def inspect(file: InputFile, options: TextOptions) -> Table:
    """Find the columns of a text file from its first bytes."""
    head = read_head(file, options)
    leading = leading_blank_lines(head, options.skip_lines)
    dialect = Dialect(
        delimiter=options.delimiter or DELIMITERS[file.format],
        quote_char=options.quote_char if options.quoting else None,
        escape_char=options.escape_char,
        header=options.header is not False,
        header_given=options.header is not None,
        skip_lines=options.skip_lines,
        leading_blank_lines=leading,
        encoding=options.encoding,
    )
    names = column_names(file, head, dialect)
    sample = first_rows(file, head, dialect, len(names))
    if len(names) == 1 and options.delimiter is None:
        refuse_other_delimiter(file, names[0] if dialect.header else next(iter(sample[0]), ""))
    columns = tuple(
        Column(name, place, what_it_holds(sample[place])) for place, name in enumerate(names)
    )
    return Table(file, columns, dialect, sample=sample)


def splits(table: Table, index: int) -> list[Split]:
    """Return the whole file: only a parser that starts at the top knows what is inside quotes."""
    return [Split(table.file, index, size=table.file.size)]


def batches(
    split: Split,
    table: Table,
    columns: Sequence[tuple[int, ColumnKind]],
    on_bytes: streams.OnBytes,
    log: ReadLog,
    *,
    last: bool = True,
) -> Iterator[pa.RecordBatch]:
    """Read columns as a stream; blank lines are rows only in a file of one column."""
    file, dialect = split.file, dialect_of(table)
    one_column = len(table.columns) == 1
    held: list[pa.RecordBatch] = []  # blank lines, which are rows if another row follows
    rows = 0
    plain = plain_text(file, dialect.encoding, on_bytes, last=last)
    with closing(_RecordStream(plain, table)) as text:
        try:
            for batch in _parsed(text, table, columns, blank_lines_are_rows=one_column):
                rows += len(batch)
                blank = _trailing_blank_rows(batch) if one_column else 0
                if blank < len(batch):
                    yield from held
                    held = []
                    yield batch.slice(0, len(batch) - blank)
                if blank:
                    held.append(batch.slice(len(batch) - blank))
        except READ_ERRORS as error:
            raise text.misfit() or input_error(error, file, table) from None
        text.check_end(rows)
    above = dialect.skip_lines + dialect.leading_blank_lines + int(dialect.header)
    if one_column:
        log.blank_lines += sum(len(batch) for batch in held)
    elif text.newlines != rows + above and file.stream is None:
        # Blank lines, or line breaks inside fields.
        log.blank_lines += _count_blank_lines(split, table)


def rounding_unit(table: Table, columns: Sequence[int]) -> float:
    """Return the last decimal place that the sample of the columns is written to; 0 if none."""
    digits = [_decimals(value) for place in columns for value in table.sample[place]]
    most = max(digits, default=0)
    return 10.0**-most if most > 0 else 0.0


class _RecordStream(streams.Wrapped):
    """The bytes of a file, and after them one row that cannot be part of any file.

    pyarrow ends a quoted field at the end of the file, closed or not, and takes all that follows
    the opening quote for its text. The appended row has a field too many, so that the parser
    reports it as a row that does not fit; if it does not, a quote has swallowed it.
    """

    def __init__(self, inner: streams.ByteSource, table: Table) -> None:
        super().__init__(inner)
        self._table = table
        self._last = b"\n"
        self._end = _END + dialect_of(table).delimiter.encode() * len(table.columns)
        self._end_sent = False
        self._end_seen = False
        self._misfit: pacsv.InvalidRow | None = None
        self.newlines = 0

    def read(self, size: int = -1, /) -> bytes:
        data = self.inner.read(size)
        if data:
            self.newlines += data.count(b"\n")
            self._last = data[-1:]
            return data
        if self._end_sent:
            return b""
        self._end_sent = True
        if self._last in b"\r\n":
            return self._end + b"\n"
        self.newlines += 1
        return b"\n" + self._end + b"\n"

    def on_misfit(self, row: pacsv.InvalidRow) -> str:
        """Tell pyarrow what to do with a row that has another number of fields."""
        if row.text == self._end.decode():
            self._end_seen = True
            return "skip"
        self._misfit = row
        return "error"

    def check_end(self, rows: int) -> None:
        """Refuse a file in which a quote of the last of its rows swallowed the end."""
        if not self._end_seen:
            raise InputError(
                "a quote is opened and never closed; all that follows would be one field",
                where=f"{self._table.file.path}: row {rows:,}",
                hint="--no-quoting, if quotes are ordinary characters in this file",
            )

    def misfit(self) -> InputError | None:
        """Return the error for a row that does not fit, if there was one."""
        row = self._misfit
        if row is None:
            return None
        if _END.decode() in row.text:
            text = short_repr(row.text.partition(_END.decode())[0])
            return InputError(
                "a quote is opened and never closed",
                where=f"{self._table.file.path}: row {row_number(self._table, row.number):,}",
                details=(f"text: {text}",),
                hint="--no-quoting, if quotes are ordinary characters in this file",
            )
        return InputError(
            f"{row.actual_columns} {'field' if row.actual_columns == 1 else 'fields'}, "
            f"where {'the header' if dialect_of(self._table).header else 'the first row'} "
            f"has {row.expected_columns}",
            where=f"{self._table.file.path}: row {row_number(self._table, row.number):,}",
            details=(f"text: {short_repr(row.text)}",),
            hint="--delimiter, --no-quoting or --skip-lines, if the file is written in another way",
        )


def _parsed(
    text: _RecordStream,
    table: Table,
    columns: Sequence[tuple[int, ColumnKind]],
    *,
    blank_lines_are_rows: bool,
) -> Iterator[pa.RecordBatch]:
    """Parse the columns, block by block; columns are named by place, so that no name can clash."""
    dialect = dialect_of(table)
    arrow_types = {
        ColumnKind.LABEL: pa.dictionary(pa.int32(), pa.string()),
        ColumnKind.SCORE: pa.float64(),
        ColumnKind.SCORE_LIST: pa.string(),
    }
    reader = pacsv.open_csv(
        pa.PythonFile(text, mode="r"),
        pacsv.ReadOptions(
            use_threads=False,  # else pyarrow does not say which row is wrong
            block_size=BLOCK_BYTES,
            skip_rows=dialect.skip_lines + dialect.leading_blank_lines,
            column_names=[str(place) for place in range(len(table.columns))],
            skip_rows_after_names=int(dialect.header),
        ),
        parse_options(dialect, text.on_misfit, ignore_empty_lines=not blank_lines_are_rows),
        pacsv.ConvertOptions(
            include_columns=[str(place) for place, _ in columns],
            column_types={str(place): arrow_types[kind] for place, kind in columns},
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,  # tells "" from a blank line
        ),
    )
    for batch in reader:
        if len(batch):
            yield batch


def _count_blank_lines(split: Split, table: Table) -> int:
    """Count them as the rows that appear when the parser is told to keep them."""
    rows = []
    for keep in (True, False):
        plain = plain_text(split.file, dialect_of(table).encoding, ignore_bytes, last=True)
        with closing(_RecordStream(plain, table)) as text:
            first = [(0, ColumnKind.LABEL)]
            parsed = _parsed(text, table, first, blank_lines_are_rows=keep)
            rows.append(sum(len(batch) for batch in parsed))
    return rows[0] - rows[1]


def _trailing_blank_rows(batch: pa.RecordBatch) -> int:
    """Count the blank lines at the end of a batch of one column; "" is a missing label instead."""
    column = batch.column(0)
    if not column.null_count:
        return 0
    filled = np.flatnonzero(arrow.as_numpy(column.indices, null=-1) >= 0)
    return len(batch) - (int(filled[-1]) + 1 if len(filled) else 0)


def _decimals(text: str) -> int:
    """Count the decimal places of a number as written; 1.5e-3 has four."""
    mantissa, _, exponent = text.strip().lower().partition("e")
    places = len(mantissa.partition(".")[2])
    try:
        return places - int(exponent or 0)
    except ValueError:
        return 0
