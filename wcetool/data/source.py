"""What is read: a file, as it was found, and the parts it is read in.

Which files there are: `finding`. What a file holds: `formats`. Which column matters: `columns`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa

from wcetool.data import streams
from wcetool.data.registry import FormatInfo
from wcetool.errors import InputError

STDIN = "-"

Partition = tuple[tuple[str, str | None], ...]


@dataclass(frozen=True, slots=True)
class InputFile:
    """One file, what it was found to be, and the hive partition it lies in.

    Attributes
    ----------
    path : str
        As the user would type it; ``-`` for standard input.
    format : FormatInfo
        How it is read.
    compression : str or None
        gzip, bz2, xz, zstd or zip.
    size : int
        Bytes; 0 where unknown.
    member : str or None
        The file inside an archive, or what an archive calls a part of itself: a sheet, an array.
    partition : tuple of (key, value)
        ``key=value`` folders below the folder that was named; None for a null.
    stream : ReplayedStream or None
        Standard input or a pipe; such a file cannot be sent to another process.
    spool : temporary file or None
        A stream, copied to where it can be read from its end; gone with this object.
    table : pyarrow.Table or None
        Columns in memory.
    state : FileState or None
        What the system said of a file when it was first opened.
    suffix_format : FormatInfo or None
        What the suffix says, where the content was taken for something else.
    """

    path: str
    format: FormatInfo
    compression: str | None = None
    size: int = 0
    partition: Partition = ()
    member: str | None = None
    stream: streams.ReplayedStream | None = field(default=None, compare=False, repr=False)
    spool: streams.Spool | None = field(default=None, compare=False, repr=False)
    table: pa.Table | None = field(default=None, compare=False, repr=False)
    state: streams.FileState | None = field(default=None, compare=False, repr=False)
    suffix_format: FormatInfo | None = field(default=None, compare=False, repr=False)

    def explained(self, error: InputError) -> InputError:
        """Say in an error what the file was taken for, if its suffix says something else."""
        other = self.suffix_format
        if other is None:
            return error
        taken = f"it is read as {self.format.title}, by its content; its suffix says {other.title}"
        hint = error.hint or f"--input-format {other.name}"
        return InputError(
            error.message, where=error.where, details=(*error.details, taken), hint=hint
        )

    def refuse_change(self) -> None:
        """Refuse a file that is not what it was when it was first opened.

        Raises
        ------
        InputError
            If its size, its time, or the file of that name is another one.
        """
        if self.state is not None:
            streams.refuse_change(self.path, self.state)

    @property
    def is_stream(self) -> bool:
        """Standard input, a pipe or a device, as opposed to a file that can be opened again."""
        return self.stream is not None or self.spool is not None

    @property
    def location(self) -> str:
        """The path to open, where the file has one."""
        return self.path if self.spool is None else self.spool.name

    def open(self, *, last: bool = False) -> streams.ByteSource:
        """Open the raw bytes; `last` lets a stream forget what it kept."""
        if self.stream is not None:
            return self.stream.open(last=last)
        return streams.open_file(self.location)

    def open_plain(
        self, encoding: str | None, on_bytes: streams.OnBytes, *, last: bool = False
    ) -> streams.ByteSource:
        """Open the decompressed bytes, as UTF-8 where an encoding is named.

        Raises
        ------
        InputError
            If the file cannot be opened.
        """
        if self.member is None:
            return streams.plain_bytes(self.open(last=last), self.compression, encoding, on_bytes)
        from wcetool.data import archives  # few inputs are

        member = archives.MemberStream(self.location, self.path, self.member, on_bytes)
        return streams.plain_bytes(member, None, encoding, streams.uncounted)


@dataclass(frozen=True, slots=True)
class Split:
    """A part of one file that is read and counted as a whole; depends on the file alone.

    Attributes
    ----------
    file : InputFile
        The file.
    index : int
        Number of the file among the inputs.
    row_groups : (int, int) or None
        Range of Parquet row groups, or of the masks of a folder or stack; None for the whole.
    byte_range : (int, int) or None
        Range of the bytes of a text file; None for the whole file. Rows are counted from the
        beginning of the range.
    first_row : int
        Rows of the file before this split.
    rows : int or None
        Rows in this split, where the file says.
    size : int
        Bytes to read, for the progress bar.
    memory : int or None
        Bytes that may be held at once while it is read, where its format can heed that; None: as
        many as it takes. Changes nothing that is read.
    """

    file: InputFile
    index: int
    row_groups: tuple[int, int] | None = None
    byte_range: tuple[int, int] | None = None
    first_row: int = 0
    rows: int | None = None
    size: int = 0
    memory: int | None = None
