"""Where marks stand in a text, a bit a byte; operations on 64 bytes at a time.

Bit i of word w is byte 64 w + i; bits behind the end of the text are 0. After Langdale and Lemire,
Parsing gigabytes of JSON per second (2019), section 3.1.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from wcetool.core.arrays import scratch

Bytes: TypeAlias = npt.NDArray[np.uint8]
Mask: TypeAlias = npt.NDArray[np.uint64]

_CHUNK = 1 << 18  # bytes compared at once: they stay in the cache
_ONE, _LAST = np.uint64(1), np.uint64(63)


def mask_of(text: Bytes, mark: str) -> Mask:
    """Return the places of a mark of one byte, uint64 array of shape (ceil(n_bytes / 64),)."""
    packed = np.zeros(-(-len(text) // 64) * 8, dtype=np.uint8)
    for start in range(0, len(text), _CHUNK):
        part = text[start : start + _CHUNK]
        flags = np.equal(part, ord(mark), out=scratch("flags", len(part), np.bool_))
        bits = np.packbits(flags, bitorder="little")
        packed[start // 8 : start // 8 + len(bits)] = bits
    return packed.view("<u8")


def behind(mask: Mask) -> Mask:
    """Return the places right behind those of a mask."""
    moved = mask << _ONE
    moved[1:] |= mask[:-1] >> _LAST
    return moved


def before(mask: Mask) -> Mask:
    """Return the places right before those of a mask."""
    moved = mask >> _ONE
    moved[:-1] |= mask[1:] << _LAST
    return moved


def inside(quotes: Mask) -> Mask:
    """Return the places from each odd quote up to the next one, that one excluded."""
    parity = quotes.copy()
    work = np.empty_like(parity)
    for step in (1, 2, 4, 8, 16, 32):  # of all bits up to each, within a word
        np.left_shift(parity, np.uint64(step), out=work)
        parity ^= work
    np.right_shift(parity, _LAST, out=work)
    np.bitwise_xor.accumulate(work, out=work)  # whether a word ends inside
    parity[1:] ^= np.negative(work[:-1])  # all bits of the words that begin inside
    return parity


def count(mask: Mask) -> int:
    """Count the places."""
    return int(np.bitwise_count(mask).sum())
