"""Masks in PNG images, decoded by Pillow.

Three things are done that Pillow leaves to its users. The checksums are verified: a flipped bit
would else change pixels without a word. The grey values of 1, 2 and 4 bits are those of the file,
where Pillow spreads them over 0 to 255. And what would lose information is refused: colours of 16
bits, an alpha channel that is not opaque, further frames.
"""

from __future__ import annotations

import struct
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from wcetool.data import streams
from wcetool.data.formats.mask_values import Header, Pixels
from wcetool.errors import InputError

MAGIC = b"\x89PNG\r\n\x1a\n"
MOST_PIXELS = 178_956_970  # as Pillow: a small file may expand to as many as it likes
_HEADER = struct.Struct(">IIBB")  # width, height, bit depth, kind of colour
_GREY, _RGB, _PALETTE, _GREY_ALPHA, _RGB_ALPHA = 0, 2, 3, 4, 6
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
        width, height, _, kind = _header(stream, name)
    return Header(1, width * height, f"PNG masks: {_MEANING[kind]}")


def read(location: str, name: str) -> Pixels:
    """Decode an image.

    Raises
    ------
    InputError
        If it is broken, or its pixels are no classes.
    """
    plugin = _plugin(name)
    with streams.open_file(location) as stream:
        _, _, depth, kind = _header(stream, name)
        try:
            stream.seek(0)
            plugin.PngImageFile(stream).verify()
            stream.seek(0)
            image = plugin.PngImageFile(stream)
            if getattr(image, "n_frames", 1) > 1:
                raise InputError("is an animation: which frame is the mask?", where=name)
            values = np.asarray(image)
        except (SyntaxError, OSError, ValueError, struct.error, EOFError, MemoryError) as error:
            reason = str(error).partition("\n")[0]
            raise InputError(f"the PNG image is truncated or damaged: {reason}", where=name) from None
    return _pixels(values, depth, kind, name)


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


def _header(stream: BinaryIO, name: str) -> tuple[int, int, int, int]:
    """Read the first chunk, which comes before all others in every PNG."""
    head = streams.read_head(stream, 26)
    if len(head) < 26 or head[12:16] != b"IHDR":
        raise InputError("the PNG image is truncated or damaged: it has no header", where=name)
    width, height, depth, kind = _HEADER.unpack(head[16:])
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
    return width, height, depth, kind


def _pixels(values: npt.NDArray[Any], depth: int, kind: int, name: str) -> Pixels:
    if kind in (_GREY_ALPHA, _RGB_ALPHA):
        if not bool((values[..., -1] == 255).all()):
            raise InputError(
                "has transparent pixels: is their class that of their colour?",
                where=name,
                hint="save the mask without an alpha channel",
            )
        values = values[..., 0] if kind == _GREY_ALPHA else values[..., :3]
    if kind in (_RGB, _RGB_ALPHA):
        wide = values.astype(np.uint32)
        colours = wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2]
        return Pixels(colours.reshape(-1), name, is_colour=True)
    if kind == _GREY and depth in (2, 4):
        values = values // (255 // ((1 << depth) - 1))
    if values.dtype == np.bool_:
        values = values.view(np.uint8)
    if values.dtype.byteorder == ">":
        values = values.astype(values.dtype.newbyteorder("="))
    return Pixels(np.ascontiguousarray(values).reshape(-1), name)
