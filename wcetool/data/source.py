"""Path, glob, folder or standard input -> the files to read, and the splits they are read in.

What is not here: what a file holds (`formats`), which column matters (`columns`).
"""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa

from wcetool.data import streams
from wcetool.errors import InputError, UsageError, listed, nearest

STDIN = "-"
_PARQUET_SUFFIXES = (".parquet", ".pq")
_COMPRESSION_SUFFIXES = (".gz", ".bz2", ".xz", ".zst")
_FORMAT_BY_SUFFIX = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".json": "counts",
}
HEAD_BYTES = 64  # enough to recognise a format, a compression or a pointer
INPUT_FORMATS = ("csv", "tsv", "parquet", "counts")
_NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True, slots=True)
class InputFile:
    """One file, what it was found to be, and the hive partition it lies in.

    Attributes
    ----------
    path : str
        As the user would type it; ``-`` for standard input.
    format : str
        One of `INPUT_FORMATS`, or memory.
    compression : str or None
        gzip, bz2, xz or zstd.
    size : int
        Bytes; 0 where unknown.
    partition : tuple of (key, value)
        ``key=value`` folders below the folder that was named; None for a null.
    stream : ReplayedStream or None
        Standard input or a pipe; such a file cannot be sent to another process.
    spool : temporary file or None
        A stream, copied to where it can be read from its end; gone with this object.
    table : pyarrow.Table or None
        Columns in memory.
    """

    path: str
    format: str
    compression: str | None = None
    size: int = 0
    partition: tuple[tuple[str, str | None], ...] = ()
    stream: streams.ReplayedStream | None = field(default=None, compare=False, repr=False)
    spool: streams.Spool | None = field(default=None, compare=False, repr=False)
    table: pa.Table | None = field(default=None, compare=False, repr=False)

    @property
    def is_stream(self) -> bool:
        """Standard input, a pipe or a device, as opposed to a file that can be opened again."""
        return self.stream is not None or self.spool is not None

    @property
    def location(self) -> str:
        """The path to open, where the file has one."""
        return self.path if self.spool is None else self.spool.name

    def open(self, *, last: bool = False) -> streams.ByteSource:
        """Open the raw bytes; `last` lets standard input forget what it kept."""
        if self.stream is not None:
            return self.stream.open(last=last)
        return streams.open_file(self.path)


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
        Range of Parquet row groups; None for the whole file.
    first_row : int
        Rows of the file before this split.
    rows : int or None
        Rows in this split, where the file says.
    size : int
        Bytes to read, for the progress bar.
    """

    file: InputFile
    index: int
    row_groups: tuple[int, int] | None = None
    first_row: int = 0
    rows: int | None = None
    size: int = 0


def find_files(
    paths: Sequence[str | os.PathLike[str]], input_format: str | None
) -> list[InputFile]:
    """Resolve what the user named to files, in the order named, a folder's and a glob's by name.

    Parameters
    ----------
    paths : sequence of path-like
        Files, globs, folders of Parquet files, or ``-``.
    input_format : str, optional
        One of `INPUT_FORMATS`; without it the content decides, then the suffix.

    Returns
    -------
    list of InputFile
        At least one.

    Raises
    ------
    InputError
        If nothing is found, a file cannot be read or recognised, or one is named twice.
    UsageError
        If the format is unknown, or standard input is named with other inputs.
    """
    if input_format is not None and input_format not in INPUT_FORMATS:
        near = nearest(input_format, INPUT_FORMATS) or "csv"
        raise UsageError(
            f"{input_format!r} is not one of {listed(INPUT_FORMATS)}",
            where="--input-format",
            hint=f"--input-format {near}",
        )
    named = [os.fspath(path) for path in paths]
    if STDIN in named and len(named) > 1:
        raise UsageError(
            "standard input cannot be pooled with other inputs",
            where=STDIN,
            hint="- alone, or files alone",
        )
    files = [file for path in named for file in _expand(path, input_format)]
    seen: dict[str, str] = {}
    for file in files:
        real = os.path.realpath(file.path)
        if file.stream is None and real in seen:
            raise InputError(
                "would be counted twice",
                where=file.path,
                details=(f"also named as: {seen[real]}",),
            )
        seen[real] = file.path
    return files


def _expand(path: str, input_format: str | None) -> Iterable[InputFile]:
    if path == STDIN:
        return [_stream_file(STDIN, streams.stdin(), input_format)]
    if os.path.isdir(path):
        return _folder(path, input_format)
    if not os.path.exists(path) and glob.has_magic(path):
        found = sorted(glob.glob(path, recursive=True))
        if not found:
            raise InputError("no file matches", where=path)
        return [
            file
            for match in found
            for file in (
                _folder(match, input_format)
                if os.path.isdir(match)
                else [_file(match, input_format)]
            )
        ]
    return [_file(path, input_format)]


def _folder(folder: str, input_format: str | None) -> list[InputFile]:
    """Find the Parquet files below a folder; hidden ones and those with a leading _ are skipped."""
    root = Path(folder)
    found = sorted(
        path
        for path in root.rglob("*")
        if path.suffix.lower() in _PARQUET_SUFFIXES
        and path.is_file()
        and not any(part.startswith((".", "_")) for part in path.relative_to(root).parts)
    )
    if input_format not in (None, "parquet"):
        raise UsageError(
            f"a folder is read as Parquet, not as {input_format}",
            where="--input-format",
            hint=f"'{folder}/*' names the files of another format",
        )
    if not found:
        others = sorted({p.suffix for p in root.iterdir() if p.suffix.lower() in _FORMAT_BY_SUFFIX})
        raise InputError(
            "the folder holds no Parquet file",
            where=folder,
            hint=f"'{folder}/*{others[0]}'" if others else None,
        )
    return [
        _file(str(path), "parquet", partition=_partition(path.relative_to(root))) for path in found
    ]


def _partition(path: Path) -> tuple[tuple[str, str | None], ...]:
    pairs = (part.partition("=") for part in path.parts[:-1])
    return tuple(
        (unquote(key), None if value == _NULL_PARTITION else unquote(value))
        for key, equals, value in pairs
        if equals
    )


def _file(
    path: str, input_format: str | None, *, partition: tuple[tuple[str, str | None], ...] = ()
) -> InputFile:
    if os.path.exists(path) and not stat.S_ISREG(os.stat(path).st_mode):
        return _stream_file(path, streams.pipe(path), input_format)
    with streams.open_file(path) as stream:
        try:
            head = stream.read(HEAD_BYTES)
        except OSError as error:
            raise InputError(streams.os_message(error), where=path) from None
        size = os.fstat(stream.fileno()).st_size
    streams.refuse_lfs_pointer(path, head)
    form = input_format or _recognise(path, head)
    return InputFile(path, form, streams.compression_of(head), size, partition)


def _stream_file(path: str, stream: streams.ReplayedStream, input_format: str | None) -> InputFile:
    """Take standard input, a pipe or a device: what is read from it is gone."""
    head = streams.read_head(stream.open(), HEAD_BYTES)
    form = input_format or ("parquet" if head.startswith(b"PAR1") else "csv")
    if form == "parquet":
        return InputFile(path, form, spool=streams.spooled(stream.open(last=True)))
    return InputFile(path, form, streams.compression_of(head), stream=stream)


def _recognise(path: str, head: bytes) -> str:
    """Name the format: by the first bytes, then by the suffix below a compression suffix."""
    if head.startswith(b"PAR1"):
        return "parquet"
    stem = path.lower()
    for suffix in _COMPRESSION_SUFFIXES:
        stem = stem.removesuffix(suffix)
    suffix = os.path.splitext(stem)[1]
    if suffix in _FORMAT_BY_SUFFIX:
        return _FORMAT_BY_SUFFIX[suffix]
    kind = streams.describe_binary(head)
    if kind is not None:
        raise InputError(f"{kind}", where=path, hint="inputs are CSV, TSV and Parquet files")
    raise InputError(
        f"suffix {suffix!r} does not tell the format" if suffix else "no suffix tells the format",
        where=path,
        hint="--input-format csv",
    )
