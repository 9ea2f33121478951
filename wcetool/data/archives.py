"""Zip archives: one file inside, or a format that is an archive itself (Excel, npz)."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from typing import IO

from wcetool.data import registry, streams
from wcetool.data.registry import FormatInfo
from wcetool.errors import InputError, counted, listed, nearest, quoted

_BROKEN = (  # what zipfile raises of an archive that is none
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, OSError, EOFError, RuntimeError),
    *(ValueError, KeyError, IndexError, NotImplementedError, struct.error, OverflowError),
)
_JUNK = ("__MACOSX/", ".DS_Store", "Thumbs.db")  # what systems add to archives


def content(location: str, path: str, wanted: str | None) -> FormatInfo | str:
    """Return the format that an archive is, or the name of the file inside that is read.

    Parameters
    ----------
    location : str
        The file to open.
    path : str
        What messages call it.
    wanted : str, optional
        The file inside that the user names.

    Raises
    ------
    InputError
        If the archive is broken or encrypted, or several files inside could be meant.
    """
    try:
        with zipfile.ZipFile(location) as archive:
            entries = [entry for entry in archive.infolist() if not entry.filename.endswith("/")]
    except _BROKEN as error:
        raise _broken(path, error) from None
    names = [entry.filename for entry in entries]
    if "[Content_Types].xml" in names:
        return registry.EXCEL
    if names and all(name.endswith(".npy") for name in names):
        return registry.NPZ
    chosen = [name for name in names if not any(junk in name for junk in _JUNK)]
    if wanted is not None and wanted not in names:
        near = nearest(wanted, chosen)
        raise InputError(
            f"the zip archive holds no file {wanted!r}",
            where=path,
            details=(f"it holds: {listed(quoted([name]) for name in chosen)}",),
            hint=f"--member {near}" if near else None,
        )
    if wanted is None and len(chosen) != 1:
        raise InputError(
            f"the zip archive holds {len(chosen):,} files" if chosen else "the archive is empty",
            where=path,
            details=(f"files: {listed(quoted([name]) for name in chosen)}",) if chosen else (),
            hint="--member NAME" if chosen else None,
        )
    name = chosen[0] if wanted is None else wanted
    if names.count(name) > 1:
        raise InputError(
            f"{counted(names.count(name), 'file')} are called {quoted([name])}", where=path
        )
    if any(entry.filename == name and entry.flag_bits & 1 for entry in entries):
        raise InputError(f"{quoted([name])} is encrypted", where=path, hint="unpack it")
    return name


class MemberStream(streams.Wrapped):
    """A file inside an archive, decompressed."""

    def __init__(self, location: str, path: str, name: str, on_bytes: streams.OnBytes) -> None:
        try:
            self._archive = zipfile.ZipFile(location)
            entry = self._archive.getinfo(name)
            member: IO[bytes] = self._archive.open(entry)
        except _BROKEN as error:
            raise _broken(path, error) from None
        super().__init__(member)
        self._path = path
        self._on_bytes = on_bytes
        self._ratio = entry.compress_size / max(entry.file_size, 1)

    def read(self, size: int = -1, /) -> bytes:
        """Return up to `size` bytes, empty at the end."""
        try:
            data = self.inner.read(size)
        except _BROKEN as error:
            raise _broken(self._path, error) from None
        self._on_bytes(int(len(data) * self._ratio))
        return data

    def close(self) -> None:
        """Close the archive too."""
        super().close()
        self._archive.close()


def _broken(path: str, error: BaseException) -> InputError:
    return InputError(f"the zip archive is damaged: {error}", where=path)
