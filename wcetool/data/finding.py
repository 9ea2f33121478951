"""Path, glob, folder or standard input -> the files to read, each with its format."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from wcetool.data import recognition, registry, streams
from wcetool.data.options import ReadingOptions
from wcetool.data.registry import FormatInfo
from wcetool.data.source import STDIN, InputFile, Partition
from wcetool.errors import InputError, UsageError, listed, nearest

MAGIC_BYTES = 64  # enough to recognise a format, a compression or a pointer
_NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"


def list_files(paths: Sequence[str], form: FormatInfo | None = None) -> list[tuple[str, Partition]]:
    """Expand globs, and folders of Parquet unless the format is another; in the order named.

    Each by name; nothing is opened.

    Raises
    ------
    InputError
        If a glob or a folder holds nothing.
    """
    return [found for path in paths for found in _expand(path, form)]


def find_files(paths: Sequence[str | os.PathLike[str]], reading: ReadingOptions) -> list[InputFile]:
    """Resolve what the user named to files.

    Parameters
    ----------
    paths : sequence of path-like
        Files, globs, folders, or ``-``.
    reading : ReadingOptions
        May name the format; without it `recognition` decides.

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
    form = _named_format(reading.input_format)
    named = [os.fspath(path) for path in paths]
    if "" in named:
        raise UsageError("an input has no name: its path is empty", hint="'.' is this folder")
    if STDIN in named and len(named) > 1:
        raise UsageError(
            "standard input cannot be pooled with other inputs",
            where=STDIN,
            hint="- alone, or files alone",
        )
    if form is not None and not _may_be_folder(form) and any(map(os.path.isdir, named)):
        raise UsageError(
            f"a folder is not read as {form.name}",
            where="--input-format",
            hint="'FOLDER/*' names the files in it",
        )
    files = [_file(path, reading, partition) for path, partition in list_files(named, form)]
    _refuse_twins(files)
    return files


def _named_format(name: str | None) -> FormatInfo | None:
    if name is None:
        return None
    if name not in registry.FORMATS:
        near = nearest(name, registry.FORMATS) or registry.CSV.name
        raise UsageError(
            f"{name!r} is not one of {listed(registry.FORMATS)}",
            where="--input-format",
            hint=f"--input-format {near}",
        )
    return registry.FORMATS[name]


def _may_be_folder(form: FormatInfo) -> bool:
    return form.is_folder or form in (registry.PARQUET, registry.MASKS)


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
    _refuse_nested([file.path for file in files if os.path.isdir(file.path)], seen.values())


def _refuse_nested(inside: Sequence[str], paths: Iterable[str]) -> None:
    """Refuse inputs that lie in a folder that is an input itself."""
    roots = {os.path.realpath(path): path for path in inside}
    if not roots:
        return
    for path in paths:
        above = next(
            (str(one) for one in Path(os.path.realpath(path)).parents if str(one) in roots), None
        )
        if above is not None:
            raise InputError(
                "would be counted twice",
                where=path,
                details=(f"it lies in another input: {roots[above]}",),
            )


def _expand(path: str, form: FormatInfo | None) -> Iterable[tuple[str, Partition]]:
    if path == STDIN:
        return [(STDIN, ())]
    if os.path.isdir(path):
        return _folder(path, form)
    if not os.path.lexists(path) and glob.has_magic(path):
        found = sorted(glob.glob(path, recursive=True))
        if not found:
            raise InputError("no file matches", where=path)
        return [one for match in found for one in _matched(match, path, form)]
    return [(path, ())]


def _matched(match: str, pattern: str, form: FormatInfo | None) -> Iterable[tuple[str, Partition]]:
    """List what a glob matched; `key=value` folders that a wildcard stood for are a partition."""
    magic = next(i for i, part in enumerate(Path(pattern).parts) if glob.has_magic(part))
    above = _partition(Path(*Path(match).parts[magic:], "file"))
    if os.path.isdir(match):
        return [(path, above + partition) for path, partition in _folder(match, form)]
    return [(match, above)]


def _folder(folder: str, form: FormatInfo | None) -> list[tuple[str, Partition]]:
    """List the Parquet files below a folder, or the folder itself where it is read as one."""
    from wcetool.data import folders

    is_other = form is not None and form != registry.PARQUET
    found = [] if is_other else folders.parquet_files(folder)
    if not found:
        return [(folder, ())]
    return [(str(path), _partition(path.relative_to(folder))) for path in found]


def _partition(path: Path) -> Partition:
    pairs = (part.partition("=") for part in path.parts[:-1])
    return tuple(
        (unquote(key), None if value == _NULL_PARTITION else unquote(value))
        for key, equals, value in pairs
        if equals
    )


def _file(path: str, reading: ReadingOptions, partition: Partition) -> InputFile:
    form = _named_format(reading.input_format)
    if form is not None and form.is_folder and not os.path.isdir(path):
        if path != STDIN and not os.path.lexists(path):
            streams.open_file(path)  # says what is wrong with the name
        raise InputError(
            f"is no folder, and {form.title} are read from one",
            where=path,
            hint=None if path == STDIN else os.path.dirname(path) or ".",
        )
    if path == STDIN:
        return _stream_file(STDIN, streams.stdin(), form, reading)
    if os.path.isdir(path):
        from wcetool.data import folders  # few inputs are

        return InputFile(path, folders.kind(path) if form is None else folders.named(path, form))
    if os.path.exists(path) and not stat.S_ISREG(os.stat(path).st_mode):
        return _stream_file(path, streams.pipe(path), form, reading)
    with streams.open_file(path):  # whether it can be
        state = streams.file_state(path)
    content = _content(lambda: streams.open_file(path), path, path, reading)
    streams.refuse_lfs_pointer(path, content.head)
    found = form or content.format
    if found is None:
        raise _unrecognised(path, content.head)
    _refuse_packed(found, content.compression, path)
    size = 0 if state is None else state.size
    member = _part(found, content, reading)
    named = found if form is not None else registry.by_suffix(content.member or path)
    return InputFile(
        path,
        found,
        content.compression,
        size,
        partition,
        member=member,
        state=state,
        suffix_format=None if named == found else named,
    )


@dataclass(frozen=True, slots=True)
class _Content:
    """What the first bytes of a file show."""

    head: bytes
    compression: str | None
    format: FormatInfo | None
    member: str | None = None


def _content(
    opened: Callable[[], streams.ByteSource], path: str, location: str, reading: ReadingOptions
) -> _Content:
    """Look at the first bytes, decompressed."""
    member, name, compression = None, path, None
    try:
        with closing(opened()) as stream:
            raw = streams.read_head(stream, MAGIC_BYTES)
        compression = streams.compression_of(raw)
        if compression == streams.ZIP:
            from wcetool.data import archives

            found = archives.content(location, path, reading.member)
            if isinstance(found, FormatInfo):
                return _Content(raw, None, found)
            member, name = found, found
            plain_stream: streams.ByteSource = archives.MemberStream(
                location, path, member, streams.uncounted
            )
        else:
            plain_stream = streams.plain_bytes(opened(), compression, None, streams.uncounted)
        with closing(plain_stream) as plain:
            head = streams.read_head(plain, recognition.SAMPLE_BYTES)
    except streams.READ_ERRORS as error:
        raise streams.read_error(error, path, compression) from None
    inner = streams.compression_of(head)
    if compression is not None and inner is not None:
        raise InputError(f"is {inner} inside {compression}", where=path, hint="decompress it")
    sample = recognition.Sample(
        head, encoding=reading.text.encoding, skip_lines=reading.text.skip_lines
    )
    return _Content(head, compression, recognition.recognise(name, sample), member)


def _part(form: FormatInfo, content: _Content, reading: ReadingOptions) -> str | None:
    """Return the part of an archive that is read: the file in a zip, or what the user names."""
    if content.member is not None:
        return content.member
    return reading.member if form.has_parts else None


def _refuse_packed(form: FormatInfo, compression: str | None, path: str) -> None:
    if compression is not None and form.needs_file:
        raise InputError(f"is {form.title} inside {compression}", where=path, hint="decompress it")


def _stream_file(
    path: str,
    stream: streams.ReplayedStream,
    form: FormatInfo | None,
    reading: ReadingOptions,
) -> InputFile:
    """Take standard input, a pipe or a device: what is read from it is gone."""
    raw = streams.read_head(stream.open(), MAGIC_BYTES)
    if streams.compression_of(raw) == streams.ZIP:  # is read from its end
        spool = streams.spooled(stream.open(last=True))
        found = _content(lambda: streams.open_file(spool.name), path, spool.name, reading)
        chosen = form or found.format or registry.CSV
        _refuse_packed(chosen, found.compression, path)
        member = _part(chosen, found, reading)
        return InputFile(path, chosen, found.compression, spool=spool, member=member)
    content = _content(stream.open, path, path, reading)
    recognised = content.format
    likely = recognised is not None and recognised in (registry.TSV, registry.LIST)
    found_format = form or (None if likely else recognised) or registry.CSV
    _refuse_packed(found_format, content.compression, path)
    if found_format.needs_file:
        spool = streams.spooled(stream.open(last=True))
        member = _part(found_format, content, reading)
        return InputFile(path, found_format, spool=spool, member=member)
    return InputFile(path, found_format, content.compression, stream=stream)


def _unrecognised(path: str, head: bytes) -> InputError:
    kind = streams.describe_binary(head)
    if kind is not None:
        return InputError(
            kind,
            where=path,
            hint=f"--encoding {streams.utf16_of(head)}"
            if "UTF-16" in kind
            else "docs/formats.md lists what is read",
        )
    suffix = registry.suffix_of(path)
    return InputError(
        f"neither the content nor suffix {suffix!r} tells the format"
        if suffix
        else "neither the content nor a suffix tells the format",
        where=path,
        hint="--input-format csv",
    )
