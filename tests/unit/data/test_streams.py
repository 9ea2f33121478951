"""Bytes: standard input that is read twice, text in other encodings, compression."""

import io

import pytest

from wcetool.data.streams import ReplayedStream, compression_of, plain_bytes, read_head
from wcetool.errors import InputError


def test_standard_input_can_be_opened_again_until_the_last_time():
    stdin = ReplayedStream(io.BytesIO(b"0123456789"))
    assert stdin.open().read(4) == b"0123"
    second = stdin.open()
    assert second.read(2) == b"01"
    assert second.read(4) == b"23"
    last = stdin.open(last=True)
    assert b"".join(iter(lambda: last.read(3), b"")) == b"0123456789"
    with pytest.raises(InputError, match="only once"):
        stdin.open()


def test_standard_input_can_be_read_to_the_end_at_once():
    stdin = ReplayedStream(io.BytesIO(b"0123456789"))
    stdin.open().read(3)
    assert stdin.open(last=True).read() == b"0123456789"


def test_a_head_is_filled_from_small_pieces():
    class Slow(io.BytesIO):
        def read(self, size=-1):
            return super().read(min(size, 3))

    assert read_head(Slow(b"0123456789"), 8) == b"01234567"


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_characters_are_not_torn_by_the_size_of_a_read(size):
    stream = plain_bytes(io.BytesIO("aé中😀z".encode("utf-16")), None, "utf-16", lambda _: None)
    assert b"".join(iter(lambda: stream.read(size), b"")).decode() == "aé中😀z"


def test_text_that_looks_like_bzip2_for_three_letters_is_text():
    assert compression_of(b"BZh,label\n") is None


def test_a_reader_that_was_replaced_takes_nothing_away():
    stdin = ReplayedStream(io.BytesIO(b"0123456789"))
    stale = stdin.open()
    assert stale.read(2) == b"01"
    fresh = stdin.open(last=True)
    assert stale.read(3) == b""
    assert b"".join(iter(lambda: fresh.read(4), b"")) == b"0123456789"
