"""Ways to break bytes: anywhere, and where text has its structure."""

from __future__ import annotations

import random
import struct

_NUMBERS = (0, 1, -1, 127, 128, 255, 256, 32767, 65535, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1)
_TOKENS = tuple(
    token if isinstance(token, bytes) else token.encode("utf-8", "surrogatepass")
    for token in (
        *('"', '""', '"""', "'", ",", ";", "\t", "|", " ", "\\", "\n", "\r", "\r\n", "\n\n", "\0"),
        *(
            "#",
            "%",
            "@",
            "@data\n",
            "{",
            "}",
            "[",
            "]",
            ":",
            "=",
            "-",
            "_",
            ".",
            "*",
            "?",
            "&",
            "<",
        ),
        *("nan", "NaN", "inf", "-inf", "Infinity", "null", "None", "true", "false", "NA", "1e400"),
        *(
            "0",
            "-0",
            "-1",
            "1e-400",
            "9" * 30,
            "9" * 400,
            "0x10",
            "1_000",
            "00",
            "1.",
            ".5",
            "+1",
            "1,5",
            "٣",
        ),
        *(
            "9" * 5000,
            "[" * 3000,
            '{"a":' * 2000,
            "(" * 100,
            "a" * 5000,
            "\ufeff",
            "\u2028",
            "\x85",
        ),
        *("\x1b[31m", "\x9b31m", "\u202e", "\u200b", "\x07", "\x08", "[bold]", "=cmd()", "é", "😀"),
        *("\ud800", "\\ud800", "\\u0000", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xff\xfe", b"\x1a"),
        *("label", "y_true", "class", "p_", "schema", "wcetool.analyze/1", "index", "weight"),
        *(",\n", '"\n"', '",', ',"', '"a"b', "\nB-X\n", "\n# x\n", "1 2 3", "\x03\x04end\x04\x03"),
    )
)


def mutate(rng: random.Random, data: bytes, *, is_text: bool, other: bytes = b"") -> bytes:
    """Break some bytes in one to four ways; `other` is what pieces may be taken from."""
    broken = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 4))):
        ways = (*_ANYWHERE, *_TEXT, *_TEXT) if is_text else (*_ANYWHERE, *_BINARY)
        rng.choice(ways)(rng, broken, other or data)
    return bytes(broken[: 1 << 16])


def _place(rng: random.Random, data: bytearray) -> int:
    return rng.randrange(len(data) + 1)


def _piece(rng: random.Random, data: bytes | bytearray) -> slice:
    start = rng.randrange(len(data) + 1)
    return slice(start, min(len(data), start + rng.choice((1, 2, 4, 16, 64, 1024))))


def _flip(rng: random.Random, data: bytearray, other: bytes) -> None:
    for _ in range(rng.choice((1, 1, 2, 8)) if data else 0):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _set(rng: random.Random, data: bytearray, other: bytes) -> None:
    if data:
        data[rng.randrange(len(data))] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))


def _cut(rng: random.Random, data: bytearray, other: bytes) -> None:
    del data[_place(rng, data) :]


def _delete(rng: random.Random, data: bytearray, other: bytes) -> None:
    del data[_piece(rng, data)]


def _repeat(rng: random.Random, data: bytearray, other: bytes) -> None:
    place = _place(rng, data)
    data[place:place] = bytes(data[_piece(rng, data)]) * rng.choice((1, 1, 2, 50))


def _splice(rng: random.Random, data: bytearray, other: bytes) -> None:
    data[_piece(rng, data)] = other[_piece(rng, other)]


def _append(rng: random.Random, data: bytearray, other: bytes) -> None:
    data += rng.choice((bytes(8), data[:1000], rng.randbytes(16), b"\n"))


def _number(rng: random.Random, data: bytearray, other: bytes) -> None:
    """Write a number at the edge of a type over the bytes, as binary formats store them."""
    form = rng.choice(("<B", "<H", ">H", "<I", ">I", "<Q", ">Q"))
    size = struct.calcsize(form)
    if len(data) >= size:
        place = rng.randrange(len(data) - size + 1)
        value = rng.choice(_NUMBERS) & ((1 << 8 * size) - 1)
        data[place : place + size] = struct.pack(form, value)


def _token(rng: random.Random, data: bytearray, other: bytes) -> None:
    place = _place(rng, data)
    end = place if rng.random() < 0.5 else place + rng.choice((1, 2, 5))
    data[place:end] = rng.choice(_TOKENS)


def _field(rng: random.Random, data: bytearray, other: bytes) -> None:
    """Put a token in the place of what stands between two marks."""
    marks = [place for place, byte in enumerate(data[:4096]) if byte in b',;\t\n":|= ']
    if len(marks) > 1:
        at = rng.randrange(len(marks) - 1)
        data[marks[at] + 1 : marks[at + 1]] = rng.choice(_TOKENS)


def _lines(rng: random.Random, data: bytearray, other: bytes) -> None:
    """Shuffle, repeat or drop lines, or write them with other ends."""
    lines = bytes(data).split(b"\n")
    way = rng.randrange(4)
    if way == 0:
        rng.shuffle(lines)
    elif way == 1:
        lines.insert(rng.randrange(len(lines) + 1), rng.choice(lines))
    elif way == 2:
        del lines[rng.randrange(len(lines))]
    data[:] = (rng.choice((b"\r\n", b"\r", b"\n\n")) if way == 3 else b"\n").join(lines)


_ANYWHERE = (_flip, _set, _cut, _delete, _repeat, _splice, _append)
_BINARY = (_number, _number, _number)
_TEXT = (_token, _token, _field, _field, _lines)
