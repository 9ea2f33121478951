"""The pixels of a mask, and what their values are as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wcetool.data import arrow
from wcetool.errors import InputError

MOST_COLOURS = 4096  # of one mask; a photo has more


@dataclass(frozen=True, slots=True)
class Header:
    """What is known of masks before they are decoded.

    Attributes
    ----------
    masks : int
        How many there are.
    mask_pixels : int
        Of each.
    meaning : str
        What the class of a pixel is, for a note.
    is_colour : bool
        It is a colour, and no number.
    """

    masks: int
    mask_pixels: int
    meaning: str
    is_colour: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Pixels:
    """Pixels, row by row.

    Attributes
    ----------
    values : array of shape (n_pixels,)
        Integers, contiguous and in the byte order of the machine; or booleans.
    is_colour : bool
        They are 0xrrggbb.
    where : str
        The mask, for errors.
    """

    values: npt.NDArray[Any]
    where: str
    is_colour: bool = False

    @property
    def kind(self) -> tuple[bool, str]:
        """Tell which pixels can be put together."""
        return self.is_colour, self.values.dtype.str

    def pieces(self, size: int) -> Iterator[Pixels]:
        """Cut them in pieces of a size."""
        for start in range(0, len(self.values), size):
            yield Pixels(self.values[start : start + size], self.where, self.is_colour)

    @classmethod
    def encoded(cls, parts: Sequence[Pixels]) -> pa.Array:
        """Put pixels of one kind together, as a dictionary array of their texts.

        Raises
        ------
        InputError
            If there are more colours than any mask has.
        """
        first = parts[0]
        values = first.values if len(parts) == 1 else np.concatenate([p.values for p in parts])
        if values.dtype == np.bool_:
            return arrow.dictionary(values.astype(np.int32), ["False", "True"])
        kind = _KINDS[values.dtype]
        buffers = [None, pa.py_buffer(values)]
        coded = pa.Array.from_buffers(kind, len(values), buffers).dictionary_encode()
        if not first.is_colour:
            return coded
        if len(coded.dictionary) > MOST_COLOURS * len(parts):
            raise InputError(
                f"has more than {MOST_COLOURS:,} colours: a photo, and no mask?", where=first.where
            )
        colours = [f"#{value:06x}" for value in arrow.as_numpy(coded.dictionary, null=0).tolist()]
        return pa.DictionaryArray.from_arrays(coded.indices, arrow.from_texts(colours))


_KINDS = {
    np.dtype(name): getattr(pa, name)()
    for name in ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64")
}
