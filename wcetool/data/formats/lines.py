"""Text whose lines are looked at before pyarrow cuts them into fields; the shared reader of them.

A format with lines of its own kind gives a `LineForm`: a stream that turns its lines into plain
delimited text, and how that text is cut. `splits`, `batches` and `memory_need` are here for all of
them. Such a file is read as a whole, in bounded memory.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pacsv

from wcetool.data import streams
from wcetool.data.formats.table import ColumnKind, Dialect, Holds, MemoryNeed, ReadLog, Table
from wcetool.data.formats.text_head import HEAD_ROWS, read_head
from wcetool.data.formats.text_reading import (
    dialect_of,
    input_error,
    not_utf8,
    plain_text,
)
from wcetool.data.options import ROW_MB, TextOptions
from wcetool.data.source import InputFile, Split
from wcetool.errors import InputError, counted, short_repr

BLOCK_BYTES = ROW_MB << 20  # longer lines are refused
_MISFIT = re.compile(r"Row #(\d+): Expected (\d+) columns, got (\d+): (.*)", re.DOTALL)


class Lines(streams.Wrapped):
    """Whole lines that end in a line feed, rewritten by a format.

    Parameters
    ----------
    inner : ByteSource
        Plain UTF-8 bytes, comments left out.
    path : str
        The file, for errors.
    log : ReadLog
        Is told what is left out.
    skip_lines : int
        Lines to leave out at the top.
    """

    def __init__(
        self, inner: streams.ByteSource, path: str, log: ReadLog, skip_lines: int = 0
    ) -> None:
        super().__init__(inner)
        self.path = path
        self.log = log
        self.lines_before = 0  # the current block
        self._skip = skip_lines
        self._partial = b""
        self._ended = False
        self._at_start = True
        self._n_lines = 0
        self._pieces: Iterator[bytes] = iter(())

    def read(self, size: int = -1, /) -> bytes:
        """Return the next piece of the text, empty at the end."""
        while not self.closed:
            piece = next(self._pieces, None)
            if piece:
                return piece
            if piece is None:
                self.lines_before += self._n_lines
                self._n_lines = 0
                if self._ended:
                    break
                block = self._block(size)
                self._n_lines = block.count(b"\n")
                self._pieces = iter(self.rewritten(block) if block else ())
        return b""

    def rewritten(self, block: bytes) -> Iterable[bytes]:
        """Turn lines into plain delimited text, in pieces of whole lines."""
        return (block,)

    def error(self, line: int, message: str, text: bytes, *, hint: str | None = None) -> InputError:
        """Return what is wrong with a line of the current block, counted from 0."""
        shown = text.decode("utf-8", "replace")
        return InputError(
            message,
            where=f"{self.path}: line {self.lines_before + line + 1:,}",
            details=(f"text: {short_repr(shown)}",),
            hint=hint,
        )

    def _block(self, size: int) -> bytes:
        data = self.inner.read(size)
        if self._at_start and (len(self._partial) + len(data) >= 3 or not data):
            data = (self._partial + data).removeprefix(codecs.BOM_UTF8)
            self._partial, self._at_start = b"", False
        text = self._partial + data
        if not data:
            self._ended = True
            if text and not text.endswith((b"\n", b"\r")):
                text += b"\n"
            self._partial = b""
        else:
            # The last line may go on, or its \r may be the first half of a line end.
            end = max(text.rfind(b"\n"), text.rfind(b"\r", 0, len(text) - 1)) + 1
            self._partial, text = text[end:], text[:end]
            if len(self._partial) > BLOCK_BYTES:
                raise InputError(f"a line is longer than {BLOCK_BYTES >> 20} MB", where=self.path)
        if b"\r" in text:
            text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        while self._skip and text:
            text = text[text.find(b"\n") + 1 :]
            self._skip -= 1
            self.lines_before += 1
        return text


@dataclass(frozen=True, slots=True)
class LineLayout:
    """Where the lines of a block end, and how often a byte is in each of them.

    Attributes
    ----------
    starts, ends : int array of shape (n_lines,)
        Places of the first byte of each line, and of its line feed.
    marks : int array of shape (n_lines,)
        How often the byte is in each line.
    """

    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]
    marks: npt.NDArray[np.int64]

    @classmethod
    def of(cls, block: bytes, mark: bytes) -> LineLayout:
        """Look at a block of whole lines."""
        data = np.frombuffer(block, np.uint8)
        ends = np.flatnonzero(data == ord("\n"))
        places = np.flatnonzero(data == ord(mark))
        marks = np.diff(np.searchsorted(places, ends), prepend=0)
        return cls(np.concatenate(([0], ends[:-1] + 1)), ends, marks)

    def line(self, block: bytes, number: int) -> bytes:
        """Return a line without its end."""
        return block[self.starts[number] : self.ends[number]]

    def without(self, block: bytes, lines: Iterable[int]) -> bytes:
        """Return the block without some of its lines, which are given in order."""
        kept, start = [], 0
        for line in lines:
            kept.append(block[start : self.starts[line]])
            start = int(self.ends[line]) + 1
        kept.append(block[start:])
        return b"".join(kept)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineForm:
    """How the lines of a file become rows.

    Attributes
    ----------
    lines : callable of (ByteSource, ReadLog) -> Lines
        Makes plain delimited text.
    reading : TextOptions
        Encoding and comments.
    null_texts : tuple of str
        Fields that mean nothing, besides the empty one, where they are not quoted.
    nulls_from : int
        The first column in which they mean nothing.
    blank_lines_are_rows : bool
        In a file of one column.
    width_hint : str
        What may be typed where a row has another number of fields.
    """

    lines: Callable[[streams.ByteSource, ReadLog], Lines]
    reading: TextOptions
    null_texts: tuple[str, ...] = ()
    nulls_from: int = 0
    blank_lines_are_rows: bool = False
    width_hint: str | None = None


def plain_dialect(
    delimiter: str, reading: TextOptions, *, quote_char: str | None = None
) -> Dialect:
    """Describe the text that `Lines` make: without a header."""
    return Dialect(
        delimiter=delimiter,
        quote_char=quote_char,
        escape_char=None,
        comment=None,
        header=False,
        header_given=True,
        skip_lines=0,
        leading_blank_lines=0,
        encoding=reading.encoding,
    )


def head_lines(file: InputFile, form: LineForm, *, limit: int = HEAD_ROWS) -> list[str]:
    """Return the first lines as a format rewrites them; the last one of a long file is whole.

    Raises
    ------
    InputError
        If the file is empty or no text, or a line is refused.
    """
    head = io.BytesIO(read_head(file, form.reading))
    text = b""
    with closing(form.lines(head, ReadLog())) as lines:
        while text.count(b"\n") < limit and (piece := lines.read(streams.HEAD_BYTES)):
            text += piece
    try:
        return text.decode("utf-8").split("\n")[:-1][:limit]
    except UnicodeDecodeError:
        raise not_utf8(file.path) from None


def splits(table: Table, index: int, *, ranges: bool = False) -> list[Split]:
    """Return the whole file."""
    return [Split(table.file, index, size=table.file.size)]


def memory_need(
    split: Split, table: Table, columns: Sequence[tuple[int, ColumnKind]]
) -> MemoryNeed:
    """Return about eight times the text that is parsed at once, as for CSV."""
    return MemoryNeed(8 * BLOCK_BYTES, 8 * BLOCK_BYTES)


def batches(
    split: Split,
    table: Table,
    columns: Sequence[tuple[int, ColumnKind]],
    on_bytes: streams.OnBytes,
    log: ReadLog,
    *,
    last: bool = True,
) -> Iterator[pa.RecordBatch]:
    """Read columns as a stream."""
    form: LineForm = table.footer
    dialect = dialect_of(table)
    types = {str(place): _arrow_type(table, place, kind) for place, kind in columns}
    # pyarrow has one list of nulls for all columns, and tells quoted texts from others.
    all_have_nulls = all(place >= form.nulls_from for place, _ in columns)
    try:
        plain = plain_text(split.file, form.reading, on_bytes, last=last)
        with closing(form.lines(plain, log)) as text:
            reader = pacsv.open_csv(
                pa.PythonFile(text, mode="r"),
                pacsv.ReadOptions(
                    use_threads=False,  # else pyarrow does not say which row is wrong
                    block_size=BLOCK_BYTES,
                    column_names=[str(place) for place in range(len(table.columns))],
                    skip_rows_after_names=int(dialect.header),
                ),
                pacsv.ParseOptions(
                    delimiter=dialect.delimiter,
                    quote_char=dialect.quote_char or False,
                    newlines_in_values=dialect.quote_char is not None,
                    ignore_empty_lines=not form.blank_lines_are_rows,
                ),
                pacsv.ConvertOptions(
                    include_columns=list(types),
                    column_types=types,
                    null_values=["", *(form.null_texts if all_have_nulls else ())],
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=False,
                ),
            )
            for batch in reader:
                if len(batch):
                    yield batch if all_have_nulls else _without_null_texts(batch, columns, form)
    except pa.ArrowInvalid as error:
        raise _row_error(error, table) from None
    except streams.READ_ERRORS as error:
        raise input_error(error, split.file) from None


def _arrow_type(table: Table, place: int, kind: ColumnKind) -> pa.DataType:
    words = kind is ColumnKind.TARGET and table.columns[place].holds is Holds.TEXT
    if kind is ColumnKind.LABEL or words:
        return pa.dictionary(pa.int32(), pa.string())
    return pa.string() if kind is ColumnKind.SCORE_LIST else pa.float64()


def _without_null_texts(
    batch: pa.RecordBatch, columns: Sequence[tuple[int, ColumnKind]], form: LineForm
) -> pa.RecordBatch:
    """Make the texts null that mean nothing, in the columns in which they do."""
    arrays = [
        with_nulls(array, form.null_texts) if place >= form.nulls_from else array
        for array, (place, _) in zip(batch.columns, columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)


def with_nulls(array: pa.Array, null_texts: Collection[str]) -> pa.Array:
    """Make texts of a label column null; other columns stay."""
    if not pa.types.is_dictionary(array.type):
        return array
    builder = pa.lib.StringBuilder()
    for text in array.dictionary.to_pylist():
        builder.append(None if text in null_texts else text)
    return pa.DictionaryArray.from_arrays(array.indices, builder.finish())


def _row_error(error: pa.ArrowInvalid, table: Table) -> InputError:
    form: LineForm = table.footer
    misfit = _MISFIT.search(str(error))
    if misfit is None:
        return input_error(error, table.file, table)
    row = int(misfit[1]) - int(dialect_of(table).header)
    return InputError(
        f"{counted(int(misfit[3]), 'field')}, where there should be {len(table.columns):,}",
        where=f"{table.file.path}: row {row:,}",
        details=(f"text: {short_repr(misfit[4].removesuffix(' ...'))}",),
        hint=form.width_hint,
    )
