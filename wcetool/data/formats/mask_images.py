"""Masks in PNG images, decoded by Pillow.

Some things are done that Pillow leaves to its users. The checksums are verified, and that there are
as many bytes of pixels as there should be: a flipped bit or lost rows would else change pixels
without a word. The grey values of 1, 2 and 4 bits are those of the file, where Pillow spreads them
over 0 to 255. And what would lose information is refused: colours of 16 bits, an alpha channel that
is not opaque, further frames.
"""

from __future__ import annotations

import os
import struct
import zlib
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from wcetool.data import streams
from wcetool.data.formats.mask_values import Header, Pixels
from wcetool.errors import InputError

MAGIC = b"\x89PNG\r\n\x1a\n"
MOST_PIXELS = 178_956_970  # as Pillow: a small file may expand to as many as it likes
_HEADER = struct.Struct(">IIBBxxB")  # width, height, bit depth, kind of colour, interlaced
_CHUNK = struct.Struct(">I4s")
_GREY, _RGB, _PALETTE, _GREY_ALPHA, _RGB_ALPHA = 0, 2, 3, 4, 6
_CHANNELS = {_GREY: 1, _RGB: 3, _PALETTE: 1, _GREY_ALPHA: 2, _RGB_ALPHA: 4}
_ADAM7 = (  # first column and row of each pass, and the steps to the next
    *((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4)),
    *((0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)),
)
_PIECE_BYTES = 1 << 20
_BROKEN = (
    *(SyntaxError, OSError, ValueError, struct.error, EOFError, MemoryError, zlib.error),
    *(IndexError, OverflowError),
)
_MEANING = {
    _GREY: "the class of a pixel is its grey value",
    _GREY_ALPHA: "the class of a pixel is its grey value",
    _PALETTE: "the class of a pixel is its index in the palette",
    _RGB: "the class of a pixel is its colour, #rrggbb (--names colours.json for names)",
    _RGB_ALPHA: "the class of a pixel is its colour, #rrggbb (--names colours.json for names)",
}


def header(location: str, name: str) -> Header:
    """Read the size and the kind of an image.

    Raises
    ------
    InputError
        If it is no mask, or larger than what is read.
    """
    with streams.open_file(location) as stream:
        form = _form(stream, name)
    is_colour = form.kind in (_RGB, _RGB_ALPHA)
    return Header(1, form.width * form.height, f"PNG masks: {_MEANING[form.kind]}", is_colour)


def read(location: str, name: str) -> Pixels:
    """Decode an image.

    Raises
    ------
    InputError
        If it is broken, or its pixels are no classes.
    """
    plugin = _plugin(name)
    with streams.open_file(location) as stream:
        form = _form(stream, name)
        try:
            if not _has_all_rows(stream, form.raw_bytes()):
                raise InputError("the PNG image is truncated or damaged: too few rows", where=name)
            stream.seek(0)
            plugin.PngImageFile(stream).verify()
            stream.seek(0)
            image = plugin.PngImageFile(stream)
            if getattr(image, "n_frames", 1) > 1:
                raise InputError("is an animation: which frame is the mask?", where=name)
            values = np.asarray(image)
        except _BROKEN as error:
            reason = str(error).partition("\n")[0]
            raise InputError(
                f"the PNG image is truncated or damaged: {reason}", where=name
            ) from None
    return _pixels(values, form, name)


def _plugin(name: str) -> Any:
    try:
        from PIL import PngImagePlugin
    except ImportError:
        raise InputError(
            "is a PNG image, which Pillow reads, and it is not installed",
            where=name,
            hint="pip install 'wcetool[masks]'",
        ) from None
    return PngImagePlugin


@dataclass(frozen=True, slots=True)
class _Form:
    """What the first chunk says, which comes before all others in every PNG."""

    width: int
    height: int
    depth: int
    kind: int
    interlaced: int

    def raw_bytes(self) -> int:
        """Count the bytes of all rows, each with the byte that says how it is filtered."""
        bits = self.depth * _CHANNELS[self.kind]
        total = 0
        for x, y, dx, dy in _ADAM7 if self.interlaced else ((0, 0, 1, 1),):
            columns, rows = -((x - self.width) // dx), -((y - self.height) // dy)
            if columns > 0 and rows > 0:
                total += rows * (1 + (columns * bits + 7) // 8)
        return total


def _has_all_rows(stream: BinaryIO, n_bytes: int) -> bool:
    """Tell whether there are as many bytes of pixels: Pillow takes lost rows for black."""
    stream.seek(len(MAGIC))
    inflate, total = zlib.decompressobj(), 0
    while len(head := streams.read_head(stream, _CHUNK.size)) == _CHUNK.size:
        length, kind = _CHUNK.unpack(head)
        while kind == b"IDAT" and length:
            data = streams.read_head(stream, min(length, _PIECE_BYTES))
            if not data:
                return False
            length -= len(data)
            while data and total < n_bytes:
                total += len(inflate.decompress(data, _PIECE_BYTES))
                data = inflate.unconsumed_tail
            if total >= n_bytes:
                return True
        stream.seek(length + 4, os.SEEK_CUR)
    return False


def _form(stream: BinaryIO, name: str) -> _Form:
    head = streams.read_head(stream, 29)
    if len(head) < 29 or head[12:16] != b"IHDR":
        raise InputError("the PNG image is truncated or damaged: it has no header", where=name)
    form = _Form(*_HEADER.unpack(head[16:]))
    width, height, depth, kind = form.width, form.height, form.depth, form.kind
    if not width or not height or kind not in _MEANING:
        raise InputError("the PNG image is damaged: its header makes no sense", where=name)
    if width * height > MOST_PIXELS:
        raise InputError(
            f"has {width * height:,} pixels, where {MOST_PIXELS:,} are read at most",
            where=name,
            hint="store the mask as .npy, and say --input-format masks",
        )
    if depth == 16 and kind != _GREY:
        raise InputError("has colours of 16 bits, which are no classes", where=name)
    return form


def _pixels(values: npt.NDArray[Any], form: _Form, name: str) -> Pixels:
    kind, depth = form.kind, form.depth
    if kind in (_GREY_ALPHA, _RGB_ALPHA):
        if not bool((values[..., -1] == 255).all()):
            raise InputError(
                "has transparent pixels: is their class that of their colour?",
                where=name,
                hint="save the mask without an alpha channel",
            )
        values = values[..., 0] if kind == _GREY_ALPHA else values[..., :3]
    if kind in (_RGB, _RGB_ALPHA):
        colours = values[..., 0].astype(np.uint32)
        for channel in (1, 2):
            colours <<= 8
            colours |= values[..., channel]
        return Pixels(colours.reshape(-1), name, is_colour=True)
    if kind == _GREY and depth in (2, 4):
        values = values // (255 // ((1 << depth) - 1))
    if values.dtype == np.bool_:
        values = values.astype(np.uint8)
    if values.dtype.byteorder == ">":
        values = values.astype(values.dtype.newbyteorder("="))
    return Pixels(np.ascontiguousarray(values).reshape(-1), name)
