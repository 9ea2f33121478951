"""Bytes of an input: opening, decompressing, transcoding, and streams that are read more than once.

What is not here: what the bytes mean (`formats`), which files there are (`source`).
"""

from __future__ import annotations

import codecs
import io
import lzma
import os
import re
import shutil
import sys
import tempfile
import threading
import weakref
from collections.abc import Callable
from typing import Any, BinaryIO, NamedTuple, Protocol, cast

import pyarrow as pa

from wcetool.errors import InputError, UsageError, nearest, short_repr

_ADDRESS = re.compile(r" object at 0x[0-9a-f]+")  # differs from run to run
READ_ERRORS = (pa.ArrowException, OSError, EOFError, lzma.LZMAError, UnicodeError)
ZIP = "zip"

OnBytes = Callable[[int], None]

HEAD_BYTES = 1 << 20  # as much of a text file as the decisions about it may look at

# The first bytes of a compressed file, and the name that pyarrow (or lzma) knows it by.
_COMPRESSED = {
    b"\x1f\x8b\x08": "gzip",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"PK\x03\x04": ZIP,
    b"PK\x05\x06": ZIP,  # without a file in it
    **{b"BZh%d1AY&SY" % level: "bz2" for level in range(1, 10)},
}


class ByteSource(Protocol):
    """What pyarrow needs of a Python object to read from it."""

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        ...

    def read(self, size: int = -1, /) -> bytes:
        """Return up to `size` bytes, empty at the end."""
        ...

    def close(self) -> None:
        """Let go of what lies below."""
        ...


class Wrapped:
    """A stream that does something to the bytes of another one."""

    def __init__(self, inner: ByteSource) -> None:
        self.inner = inner
        self.closed = False

    def readable(self) -> bool:
        """Say yes; pyarrow and lzma ask."""
        return True

    def close(self) -> None:
        """Close the inner stream too."""
        self.closed = True
        self.inner.close()


class ReplayedStream:
    """A stream that can be opened again as long as only its beginning was looked at.

    Deciding what standard input holds means reading a part of it. That part is kept, and handed out
    again by the next `open`, until `open(last=True)` says that nobody will ask again. A reader that
    was opened earlier, and that a thread of pyarrow may still hold, reads nothing any more.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._kept = bytearray()
        self._keeping = True
        self._reader: _ReplayReader | None = None
        self._lock = threading.Lock()

    def open(self, *, last: bool = False) -> _ReplayReader:
        """Start again from the first byte.

        Raises
        ------
        InputError
            If the stream was opened for the last time before.
        """
        with self._lock:
            if not self._keeping:
                raise InputError("a stream can be read only once", where="-")
            self._keeping = not last
            self._reader = _ReplayReader(self)
            return self._reader

    def read(self, reader: _ReplayReader, size: int) -> bytes:
        """Return kept bytes first, then live ones; nothing for a reader that was replaced."""
        with self._lock:
            if reader is not self._reader:
                return b""
            end = None if size < 0 else reader.position + size
            data = bytes(self._kept[reader.position : end])
            if not data or size < 0:
                live = self._stream.read(size)
                if self._keeping:
                    self._kept += live
                data += live
            reader.position += len(data)
            if not self._keeping and reader.position >= len(self._kept):
                self._kept.clear()
            return data


class _ReplayReader:
    """One reading of a replayed stream."""

    def __init__(self, parent: ReplayedStream) -> None:
        self._parent = parent
        self.position = 0
        self.closed = False

    def read(self, size: int = -1, /) -> bytes:
        return b"" if self.closed else self._parent.read(self, size)

    def close(self) -> None:
        """End this reading; the stream itself stays open."""
        self.closed = True


def stdin() -> ReplayedStream:
    """Return the process's standard input as bytes."""
    return ReplayedStream(sys.stdin.buffer)


def pipe(path: str) -> ReplayedStream:
    """Open a pipe or a device; it is closed when nobody holds it any more."""
    with open_file(path) as stream:
        handle = os.dup(stream.fileno())
    replayed = ReplayedStream(os.fdopen(handle, "rb", buffering=0, closefd=False))
    weakref.finalize(replayed, os.close, handle)
    return replayed


class Spool(Protocol):
    """A temporary file with a name, deleted with its object."""

    name: str


def spooled(stream: ByteSource) -> Spool:
    """Copy a stream to a temporary file."""
    spool = tempfile.NamedTemporaryFile(prefix="wcetool-")
    shutil.copyfileobj(stream, spool)
    spool.flush()
    return spool


class _Counted(Wrapped):
    """A raw file that reports how far it was read."""

    def __init__(self, inner: ByteSource, on_bytes: OnBytes) -> None:
        super().__init__(inner)
        self._on_bytes = on_bytes

    def read(self, size: int = -1, /) -> bytes:
        data = self.inner.read(size)
        self._on_bytes(len(data))
        return data


class _Decompressed(Wrapped):
    """The content of a compressed stream."""

    def __init__(self, inner: ByteSource, compression: str) -> None:
        super().__init__(inner)
        self._content: Any = (
            lzma.LZMAFile(inner)  # type: ignore[arg-type]
            if compression == "xz"
            else pa.CompressedInputStream(pa.PythonFile(inner, mode="r"), compression)
        )

    def read(self, size: int = -1, /) -> bytes:
        return cast(bytes, self._content.read(size))

    def close(self) -> None:
        self._content.close()
        super().close()


class _Transcoded(Wrapped):
    """Text in another encoding, as UTF-8 bytes."""

    def __init__(self, inner: ByteSource, encoding: str) -> None:
        super().__init__(inner)
        self._decoder = codecs.getincrementaldecoder(encoding)()

    def read(self, size: int = -1, /) -> bytes:
        while True:
            data = self.inner.read(size)
            text = self._decoder.decode(data, final=not data)
            if text or not data:
                return text.encode("utf-8")


def compression_of(head: bytes) -> str | None:
    """Name the compression that the first bytes of a file show, if any."""
    return next((name for magic, name in _COMPRESSED.items() if head.startswith(magic)), None)


def open_file(path: str) -> BinaryIO:
    """Open a file for reading.

    Raises
    ------
    InputError
        If the system refuses.
    """
    try:
        return open(path, "rb", buffering=0)
    except OSError as error:
        raise InputError(os_message(error), where=path, hint=_similar_file(path)) from None
    except ValueError:  # a NUL byte, which no name holds
        raise InputError("no such file", where=path) from None


class FileState(NamedTuple):
    """What tells that a file was changed or replaced."""

    device: int
    inode: int
    size: int
    time_ns: int  # of the last change of its content


def file_state(path: str) -> FileState | None:
    """Return the state of a file; None where it is gone."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return FileState(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


def refuse_change(path: str, state: FileState) -> None:
    """Refuse a file that is not what it was.

    Raises
    ------
    InputError
        If its size, its time, or the file of that name is another one.
    """
    if file_state(path) != state:
        raise InputError(
            "changed while it was read",
            where=path,
            details=("what was counted of it is dropped: read it again when it is whole",),
        )


def _similar_file(path: str) -> str | None:
    """Return the file of the same folder whose name is nearest, if one is near."""
    folder, name = os.path.split(path)
    try:
        near = nearest(name, os.listdir(folder or "."), likeness=0.8)
    except OSError:
        return None
    return None if near is None or near == name else os.path.join(folder, near)


def plain_bytes(
    stream: ByteSource, compression: str | None, encoding: str | None, on_bytes: OnBytes
) -> ByteSource:
    """Return the decompressed bytes of a stream, as UTF-8 where an encoding is named."""
    plain: ByteSource = _Counted(stream, on_bytes)
    if compression is not None:
        plain = _Decompressed(plain, compression)
    return plain if encoding is None else _Transcoded(plain, encoding)


def check_encoding(encoding: str) -> str:
    """Return the encoding's canonical name.

    Raises
    ------
    UsageError
        If Python has no text encoding of that name.
    """
    try:
        info = codecs.lookup(encoding)
        "a".encode(info.name)  # raises for codecs of bytes, and for rot13
    except (LookupError, ValueError):
        raise UsageError(
            f"{encoding!r} is not a text encoding",
            where="--encoding",
            hint="--encoding latin-1, cp1252 or utf-16",
        ) from None
    return info.name


def refuse_lfs_pointer(path: str, head: bytes) -> None:
    """Refuse the text that git leaves in place of a large file."""
    if head.startswith(b"version https://git-lfs.github.com/spec/"):
        raise InputError(
            "is a git-LFS pointer, not the file itself", where=path, hint="git lfs pull"
        )


def describe_binary(head: bytes) -> str | None:
    """Say what the first bytes of a file are, if they are not text."""
    for magic, kind in _BINARY.items():
        # A few letters may begin the header of a table; binary files have zeros as well.
        if head.startswith(magic) and not (magic.isalnum() and b"\x00" not in head):
            return f"is {kind}, not text"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "is UTF-16 text"
    if b"\x00" in head:
        return "holds NUL bytes: it is a binary file, or text in UTF-16"
    return None


def utf16_of(head: bytes) -> str:
    """Return which UTF-16 the first bytes are, if they are any."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return "utf-16-le" if head[1::2].count(0) >= head[::2].count(0) else "utf-16-be"


_BINARY = {
    b"PAR1": "a Parquet file",
    b"PK\x03\x04": "a zip archive (or an Excel workbook)",
    b"\x93NUMPY": "a NumPy array",
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"%PDF": "a PDF document",
    b"\x89HDF": "an HDF5 file",
    b"SQLite format 3": "an SQLite database",
    b"ARROW1": "an Arrow file",
    b"\x80\x04\x95": "a Python pickle",
    b"\x80\x05\x95": "a Python pickle",
}


def os_message(error: OSError) -> str:
    """Return the system's words for an error, without the path, which stands before them."""
    if isinstance(error, FileNotFoundError):
        return "no such file"
    if error.errno is not None:
        return os.strerror(error.errno).lower()
    return str(error)


def broken_file(error: BaseException, path: str, title: str) -> InputError:
    """Say that a library cannot read a file: what the system says, or its own first line."""
    if isinstance(error, OSError) and error.errno is not None:
        return InputError(os_message(error), where=path)
    text = _ADDRESS.sub("", (str(error).splitlines() or [""])[0])
    return InputError(
        f"is not a whole {title}: truncated, damaged, or of another format",
        where=path,
        details=(short_repr(text, limit=120),),
    )


def read_error(error: BaseException, path: str, compression: str | None) -> InputError:
    """Say in our words why bytes could not be read."""
    if isinstance(error, OSError) and error.errno is not None:
        return InputError(os_message(error), where=path)
    if compression is not None:
        return InputError(f"the {compression} data are truncated or damaged: {error}", where=path)
    return InputError(str(error).splitlines()[0], where=path)


def uncounted(_: int) -> None:
    """Report nothing: these bytes are read again, or were counted before."""


def read_head(stream: ByteSource, size: int = HEAD_BYTES) -> bytes:
    """Read up to `size` bytes, also where the stream gives them in small pieces."""
    head = io.BytesIO()
    while head.tell() < size:
        data = stream.read(size - head.tell())
        if not data:
            break
        head.write(data)
    return head.getvalue()
