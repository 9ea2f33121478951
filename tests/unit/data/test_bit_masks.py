"""Bit masks against the same, byte by byte."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from wcetool.data.formats import bit_masks
from wcetool.data.formats.bit_masks import before, behind, count, inside, mask_of

texts = st.text(st.sampled_from('ab"\n'), min_size=1, max_size=400).map(str.encode)


def places(mask, n_bytes):
    bits = np.unpackbits(mask.view(np.uint8), bitorder="little")
    return np.flatnonzero(bits[:n_bytes]).tolist()


@given(raw=texts)
def test_masks_are_what_a_loop_finds(raw):
    text = np.frombuffer(raw, dtype=np.uint8)
    quotes = [i for i, byte in enumerate(raw) if byte == ord('"')]
    mask = mask_of(text, '"')
    assert places(mask, len(raw)) == quotes
    assert count(mask) == len(quotes)
    assert places(behind(mask), len(raw)) == [i + 1 for i in quotes if i + 1 < len(raw)]
    assert places(before(mask), len(raw)) == [i - 1 for i in quotes if i > 0]
    within = [i for i in range(len(raw)) if raw[: i + 1].count(b'"') % 2]
    assert places(inside(mask), len(raw)) == within


def test_a_text_longer_than_what_is_compared_at_once():
    text = np.zeros(bit_masks._CHUNK * 2 + 77, dtype=np.uint8)
    marked = [0, 63, 64, bit_masks._CHUNK - 1, bit_masks._CHUNK, len(text) - 1]
    text[marked] = ord("x")
    assert places(mask_of(text, "x"), len(text)) == marked
