"""CSV and TSV: text with a delimiter, read as a stream by pyarrow.

The label column comes as text, never converted; score columns as float64. What pyarrow would pass
over in silence is found out here: a quote that is opened and never closed, blank lines, rows that
do not fit the header.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from wcetool.data import arrow, streams
from wcetool.data.formats import byte_ranges
from wcetool.data.formats.bad_rows import BadRows
from wcetool.data.formats.dialect import decide
from wcetool.data.formats.end_row import RecordStream, as_read, end_row, without_end
from wcetool.data.formats.table import (
    Column,
    ColumnKind,
    MemoryNeed,
    ReadLog,
    Table,
)
from wcetool.data.formats.table_start import two_readings
from wcetool.data.formats.text_head import read_head, recurring, what_it_holds
from wcetool.data.formats.text_reading import (
    dialect_of,
    input_error,
    plain_text,
    rows_above,
)
from wcetool.data.options import TextOptions
from wcetool.data.source import InputFile, Split
from wcetool.errors import InputError

_TEXT = pa.string()
_FIRST = [(0, ColumnKind.LABEL)]  # any column, to count rows


def inspect(file: InputFile, options: TextOptions) -> Table:
    """Find the columns of a text file from its first bytes."""
    written = decide(file, read_head(file, options, longest=options.max_row), options)
    dialect, (first, *others) = written.dialect, written.rows.rows
    names = first if dialect.header else [f"column {n}" for n in range(1, len(first) + 1)]
    values = written.rows.columns(others if dialect.header else [first, *others])
    decimal_commas = dialect.decimal == "," or dialect.delimiter != ","
    columns = tuple(
        Column(
            name,
            place,
            what_it_holds(values[place], decimal_commas=decimal_commas),
            recurring=recurring(values[place]),
        )
        for place, name in enumerate(names)
    )
    has_rows = bool(others) or not dialect.header
    return Table(file, columns, has_rows=has_rows, dialect=dialect, notes=written.notes)


def splits(table: Table, index: int, *, ranges: bool = False) -> list[Split]:
    """Cut a large plain file at line ends, which `byte_ranges` proves right or refuses."""
    if ranges and byte_ranges.can_be_cut(table):
        cuts = byte_ranges.line_ends(table.file)
        if cuts is not None:
            return [
                Split(table.file, index, byte_range=(start, end), size=end - start)
                for start, end in itertools.pairwise(cuts)
            ]
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
    if split.byte_range is not None:
        yield from _range_batches(split, table, columns, on_bytes, log)
        return
    dialect = dialect_of(table)
    one_column = len(table.columns) == 1
    rows = 0
    plain = plain_text(split.file, dialect, on_bytes, last=last)
    with closing(RecordStream(plain, dialect, end_row(table, columns))) as text:
        source = pa.PythonFile(text, mode="r")
        left_out = BadRows(table, log) if dialect.skips_bad_rows else None
        parsed = _parsed(source, table, columns, blank_lines_are_rows=one_column, left_out=left_out)
        found = without_end(parsed, table, columns)
        for batch in _without_trailing_blanks(found, log, left_out) if one_column else found:
            rows += len(batch)
            yield batch
    if not one_column:
        log.blank_lines = _blank_lines(text, rows + log.bad_rows, split, table)
        more_lines = text.lines > rows + log.bad_rows + rows_above(dialect)
        if more_lines and text.has_marks and split.file.stream is None:
            _refuse_two_readings(
                table,
                *(rows, log.bad_rows),
                lambda other, again: batches(split, other, _FIRST, streams.uncounted, again),
            )


def memory_need(
    split: Split, table: Table, columns: Sequence[tuple[int, ColumnKind]]
) -> MemoryNeed:
    """Return about eight times the text that is parsed at once, as measured."""
    start, end = split.byte_range or (0, dialect_of(table).max_row)
    size = 8 * (end - start)
    return MemoryNeed(size, size)


def _range_batches(
    split: Split,
    table: Table,
    columns: Sequence[tuple[int, ColumnKind]],
    on_bytes: streams.OnBytes,
    log: ReadLog,
) -> Iterator[pa.RecordBatch]:
    """Read columns of a range of bytes of a file of several columns."""
    dialect = dialect_of(table)
    found = byte_ranges.read_range(split, dialect)
    at_top = split.byte_range is not None and split.byte_range[0] == 0
    rows = 0
    for batch in _parsed(
        pa.BufferReader(found.text),
        table,
        columns,
        at_top=at_top,
        newlines_in_values=found.has_line_ends_in_quotes,
        block_size=len(found.text),  # one block: no time goes into finding where rows end
        text_type=pa.binary(),  # what is no UTF-8 shows when the distinct labels are decoded
    ):
        rows += len(batch)
        yield batch
    on_bytes(split.size)
    log.blank_lines = found.n_lines - rows - (rows_above(dialect) if at_top else 0)
    if found.has_line_ends_in_quotes:
        _refuse_two_readings(
            table,
            *(rows, 0),
            lambda other, _: _parsed(
                pa.BufferReader(found.text),
                other,
                _FIRST,
                at_top=at_top,
                block_size=len(found.text),
                text_type=pa.binary(),
            ),
        )


def _without_trailing_blanks(
    batches: Iterator[pa.RecordBatch], log: ReadLog, left_out: BadRows | None
) -> Iterator[pa.RecordBatch]:
    """Leave out the blank lines at the end of a file of one column; others are missing labels."""
    held: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        blank = _trailing_blank_rows(batch)
        if blank < len(batch):
            yield from held
            held = []
            yield batch.slice(0, len(batch) - blank)
        if blank:
            held.append(batch.slice(len(batch) - blank))
        rows += len(batch)
    log.blank_lines = sum(len(batch) for batch in held)
    if left_out is None:
        return
    # A blank line above a row that was left out is not at the end.
    inside = max(0, left_out.rows_above_last - (rows - log.blank_lines))
    log.blank_lines -= inside
    for batch in held:
        if inside:
            yield batch.slice(0, inside)
        inside = max(0, inside - len(batch))


def _parsed(
    source: pa.NativeFile,
    table: Table,
    columns: Sequence[tuple[int, ColumnKind]],
    *,
    blank_lines_are_rows: bool = False,
    at_top: bool = True,
    newlines_in_values: bool = True,
    block_size: int | None = None,
    text_type: pa.DataType = _TEXT,
    left_out: BadRows | None = None,
) -> Iterator[pa.RecordBatch]:
    """Parse the columns, block by block; columns are named by place, so that no name can clash."""
    dialect = dialect_of(table)
    above = dialect.skip_lines + dialect.leading_blank_lines
    arrow_types = {
        ColumnKind.LABEL: pa.dictionary(pa.int32(), text_type),
        ColumnKind.SCORE: pa.float64(),
        ColumnKind.SCORE_LIST: pa.string(),
        ColumnKind.TARGET: pa.float64(),
    }
    types = {str(place): arrow_types[as_read(table, place, kind)] for place, kind in columns}
    try:
        reader = pacsv.open_csv(
            source,
            pacsv.ReadOptions(
                use_threads=False,  # else pyarrow does not say which row is wrong
                block_size=block_size or dialect.max_row,
                skip_rows=above if at_top else 0,
                column_names=[str(place) for place in range(len(table.columns))],
                skip_rows_after_names=int(dialect.header and at_top),
            ),
            pacsv.ParseOptions(
                delimiter=dialect.delimiter,
                quote_char=dialect.quote_char or False,
                escape_char=dialect.escape_char or False,
                newlines_in_values=newlines_in_values
                and (dialect.quote_char is not None or dialect.escape_char is not None),
                ignore_empty_lines=not blank_lines_are_rows,
                invalid_row_handler=left_out,
            ),
            pacsv.ConvertOptions(
                include_columns=[str(place) for place, _ in columns],
                column_types=types,
                decimal_point=dialect.decimal,
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,  # tells "" from a blank line
            ),
        )
        for batch in reader:
            if len(batch):
                yield batch
    except streams.READ_ERRORS as error:
        raise input_error(error, table.file, table) from None


def _blank_lines(text: RecordStream, rows: int, split: Split, table: Table) -> int | None:
    """Count the lines that are no rows; None where they cannot be told from line ends in fields."""
    others = text.lines - rows - rows_above(dialect_of(table))
    if others == 0 or not text.has_marks:
        return max(others, 0)  # old line ends, of a lone \r, are not counted
    if split.file.stream is not None:
        return None
    return _rows_and_blank_lines(split, table) - rows


def _rows_and_blank_lines(split: Split, table: Table) -> int:
    """Count all rows, the bad ones too, when the parser is told that blank lines are rows."""
    dialect = dialect_of(table)
    plain = plain_text(split.file, dialect, streams.uncounted, last=True)
    with closing(RecordStream(plain, dialect, end_row(table, _FIRST))) as text:
        source = pa.PythonFile(text, mode="r")
        log = ReadLog()
        left_out = BadRows(table, log) if dialect.skips_bad_rows else None
        parsed = _parsed(source, table, _FIRST, blank_lines_are_rows=True, left_out=left_out)
        return sum(map(len, parsed)) + log.bad_rows - 1  # the appended row


def _refuse_two_readings(
    table: Table,
    rows: int,
    bad_rows: int,
    read: Callable[[Table, ReadLog], Iterator[pa.RecordBatch]],
) -> None:
    """Refuse a file whose lines all fit where quotes are ordinary characters, too, as more rows.

    Two quotes that are none make one row of all that is between them, which may well fit.
    """
    dialect = dialect_of(table)
    if dialect.quote_given or dialect.quote_char is None or dialect.escape_char is not None:
        return
    log = ReadLog()
    try:
        without = sum(
            map(len, read(replace(table, dialect=replace(dialect, quote_char=None)), log))
        )
    except InputError:
        return
    if without > rows and log.bad_rows <= bad_rows:
        raise two_readings(table.file, dialect.quote_char, rows, without)


def _trailing_blank_rows(batch: pa.RecordBatch) -> int:
    """Count the blank lines at the end of a batch of one column; "" is a missing label instead."""
    column = batch.column(0)
    if not column.null_count:
        return 0
    filled = np.flatnonzero(arrow.as_numpy(column.indices, null=-1) >= 0)
    return len(batch) - (int(filled[-1]) + 1 if len(filled) else 0)
