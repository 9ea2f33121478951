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

from wcetool.data import registry, streams
from wcetool.data.registry import FormatInfo
from wcetool.errors import InputError, UsageError, listed, nearest

STDIN = "-"
MAGIC_BYTES = 64  # enough to recognise a format, a compression or a pointer
_NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"

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
    format: FormatInfo
    compression: str | None = None
    size: int = 0
    partition: Partition = ()
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
        """Open the raw bytes; `last` lets a stream forget what it kept."""
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


def list_files(paths: Sequence[str]) -> list[tuple[str, Partition]]:
    """Expand globs and folders, in the order named, each by name; nothing is opened.

    Raises
    ------
    InputError
        If a glob or a folder holds nothing.
    """
    return [found for path in paths for found in _expand(path)]


def find_files(
    paths: Sequence[str | os.PathLike[str]], input_format: str | None
) -> list[InputFile]:
    """Resolve what the user named to files.

    Parameters
    ----------
    paths : sequence of path-like
        Files, globs, folders of Parquet files, or ``-``.
    input_format : str, optional
        The name of a format; without it the content decides, then the suffix.

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
    form = None if input_format is None else _named_format(input_format)
    named = [os.fspath(path) for path in paths]
    if "" in named:
        raise UsageError("an input has no name: its path is empty", hint="'.' is this folder")
    if STDIN in named and len(named) > 1:
        raise UsageError(
            "standard input cannot be pooled with other inputs",
            where=STDIN,
            hint="- alone, or files alone",
        )
    if form is not None and form != registry.PARQUET and any(map(os.path.isdir, named)):
        raise UsageError(
            f"a folder is read as Parquet, not as {form.name}",
            where="--input-format",
            hint="'FOLDER/*' names the files of another format",
        )
    files = [_file(path, form, partition) for path, partition in list_files(named)]
    _refuse_twins(files)
    return files


def _named_format(name: str) -> FormatInfo:
    if name not in registry.FORMATS:
        near = nearest(name, registry.FORMATS) or registry.CSV.name
        raise UsageError(
            f"{name!r} is not one of {listed(registry.FORMATS)}",
            where="--input-format",
            hint=f"--input-format {near}",
        )
    return registry.FORMATS[name]


def _refuse_twins(files: Iterable[InputFile]) -> None:
    seen: dict[tuple[int, int], str] = {}
    for file in files:
        if file.is_stream:
            continue
        status = os.stat(file.path)
        identity = (status.st_dev, status.st_ino)
        if identity in seen:
            raise InputError(
                "would be counted twice",
                where=file.path,
                details=(f"also named as: {seen[identity]}",),
            )
        seen[identity] = file.path


def _expand(path: str) -> Iterable[tuple[str, Partition]]:
    if path == STDIN:
        return [(STDIN, ())]
    if os.path.isdir(path):
        return _folder(path)
    if not os.path.lexists(path) and glob.has_magic(path):
        found = sorted(glob.glob(path, recursive=True))
        if not found:
            raise InputError("no file matches", where=path)
        return [one for match in found for one in _matched(match, path)]
    return [(path, ())]


def _matched(match: str, pattern: str) -> Iterable[tuple[str, Partition]]:
    """List what a glob matched; `key=value` folders that a wildcard stood for are a partition."""
    magic = next(i for i, part in enumerate(Path(pattern).parts) if glob.has_magic(part))
    above = _partition(Path(*Path(match).parts[magic:], "file"))
    if os.path.isdir(match):
        return [(path, above + partition) for path, partition in _folder(match)]
    return [(match, above)]


def _folder(folder: str) -> list[tuple[str, Partition]]:
    """Find the Parquet files below a folder; hidden ones and those with a leading _ are skipped."""
    root = Path(folder)
    found = sorted(
        path
        for path in root.rglob("*")
        if path.suffix.lower() in registry.PARQUET.suffixes
        and path.is_file()
        and not any(part.startswith((".", "_")) for part in path.relative_to(root).parts)
    )
    if not found:
        others = sorted({path.suffix for path in root.iterdir() if registry.by_suffix(path.name)})
        raise InputError(
            "the folder holds no Parquet file",
            where=folder,
            hint=f"'{folder}/*{others[0]}'" if others else None,
        )
    return [(str(path), _partition(path.relative_to(root))) for path in found]


def _partition(path: Path) -> Partition:
    pairs = (part.partition("=") for part in path.parts[:-1])
    return tuple(
        (unquote(key), None if value == _NULL_PARTITION else unquote(value))
        for key, equals, value in pairs
        if equals
    )


def _file(path: str, form: FormatInfo | None, partition: Partition) -> InputFile:
    if path == STDIN:
        return _stream_file(STDIN, streams.stdin(), form)
    if os.path.exists(path) and not stat.S_ISREG(os.stat(path).st_mode):
        return _stream_file(path, streams.pipe(path), form)
    with streams.open_file(path) as stream:
        try:
            head = stream.read(MAGIC_BYTES)
        except OSError as error:
            raise InputError(streams.os_message(error), where=path) from None
        size = os.fstat(stream.fileno()).st_size
    streams.refuse_lfs_pointer(path, head)
    found = form or registry.by_magic(head) or registry.by_suffix(path)
    if found is None:
        raise _unrecognised(path, head)
    return InputFile(path, found, streams.compression_of(head), size, partition)


def _stream_file(path: str, stream: streams.ReplayedStream, form: FormatInfo | None) -> InputFile:
    """Take standard input, a pipe or a device: what is read from it is gone."""
    head = streams.read_head(stream.open(), MAGIC_BYTES)
    found = form or registry.by_magic(head) or registry.CSV
    if found == registry.PARQUET:  # is read from its end
        return InputFile(path, found, spool=streams.spooled(stream.open(last=True)))
    return InputFile(path, found, streams.compression_of(head), stream=stream)


def _unrecognised(path: str, head: bytes) -> InputError:
    kind = streams.describe_binary(head)
    if kind is not None:
        return InputError(kind, where=path, hint="inputs are CSV, TSV and Parquet files")
    suffix = registry.suffix_of(path)
    return InputError(
        f"suffix {suffix!r} does not tell the format" if suffix else "no suffix tells the format",
        where=path,
        hint="--input-format csv",
    )
