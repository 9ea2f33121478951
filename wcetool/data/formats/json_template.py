"""Lines of JSON that one writer wrote alike: their labels, found without a parser.

The template is the first line, which `json` has parsed: an object of texts, numbers and constants.
What stands around its values are the runs; between two of them is a value::

    run        value  run            value  run
    {"id":␣    17     ,␣"label":␣"   cat    "}

A piece of text is read by its template if it has no backslash and no control character but line
ends, and if, on each line,

1. the runs stand there byte by byte, in their order, the first one at the beginning of the line and
   the last one at its end, and there are no other quotes than theirs;
2. between two runs stands a text where the template has one, and where it has a number, digits
   without a leading zero, or such digits, a dot and digits.

Claim: each line is then an object with the keys of the template, and the texts between the runs are
its values. Proof: a quote that no backslash escapes begins a string or ends it. By 1 the quotes of
a line are those of the runs, and so the bytes outside of strings are those of the template, except
for its numbers, which are numbers by 2. So the line has the tokens of the template, the keys among
them, up to the text of some values. A text without quotes, backslashes and control characters is
what it stands for, and so are digits: an integer that is wanted has no dot. Where anything differs,
the piece is parsed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wcetool.core.arrays import scratch
from wcetool.data import arrow
from wcetool.data.formats.bit_masks import Bytes
from wcetool.data.formats.json_values import DECODER, TwinKeys

Places = npt.NDArray[np.int64]

_TOKEN = re.compile(rb'"(?P<text>[^"]*)"(?P<colon> *:)?|(?P<number>[-+.0-9][-+.0-9eE]*)')
_NUMBER = re.compile(rb"(0|[1-9][0-9]*)(\.[0-9]+)?")
_MOST_DIGITS = 24
_QUOTE, _BACKSLASH, _SPACE, _ZERO, _DOT = b'"\\ 0.'


@dataclass(frozen=True, slots=True)
class Template:
    """How the lines of a file are written.

    Attributes
    ----------
    runs : tuple of bytes
        What stands around the values, one more than there are values.
    is_text : tuple of bool
        For each value, else it is a number.
    places : tuple of int
        Where the wanted columns are among the values.
    """

    runs: tuple[bytes, ...]
    is_text: tuple[bool, ...]
    places: tuple[int, ...]

    @classmethod
    def of(cls, line: bytes, wanted: Sequence[str]) -> Template | None:
        """Take the first line; None where it cannot be one, or for other labels than these."""
        try:
            record, end = DECODER.raw_decode(line.decode())
        except (ValueError, RecursionError):
            return None
        is_flat = isinstance(record, dict) and not isinstance(record, TwinKeys)
        if b"\\" in line or not is_flat or end != len(line.decode()):
            return None
        if any(isinstance(value, dict | list) for value in record.values()):
            return None
        runs: list[bytes] = []
        is_text: list[bool] = []
        at: dict[str, int] = {}
        start, key, n_keys = 0, "", 0
        for token in _TOKEN.finditer(line):
            if token["colon"] is not None:
                key = token["text"].decode()
                n_keys += 1
                continue
            name = "text" if token["text"] is not None else "number"
            if name == "number" and not _NUMBER.fullmatch(token["number"]):
                return None
            if name == "text" or b"." not in token["number"]:
                at[key] = len(runs)
            runs.append(line[start : token.start(name)])
            is_text.append(name == "text")
            start = token.end(name)
        runs.append(line[start:])
        if n_keys != len(record) or not at.keys() >= set(wanted):
            return None
        return cls(tuple(runs), tuple(is_text), tuple(at[key] for key in wanted))

    def labels(self, text: Bytes, ends: Places) -> list[pa.Array] | None:
        """Return the wanted columns of a piece, dictionary-encoded; None where it is to be parsed.

        Parameters
        ----------
        text : uint8 array of shape (n_bytes,)
            Whole lines.
        ends : int64 array of shape (n_lines,)
            Where they end.
        """
        n_ended = len(ends) - int(ends[-1] == len(text))  # the last line may have no end
        flags = scratch("flags of a piece", len(text), np.bool_)
        if np.count_nonzero(np.less(text, _SPACE, out=flags)) != n_ended:
            return None
        if np.equal(text, _BACKSLASH, out=flags).any():
            return None
        starts = np.empty_like(ends)
        starts[0], starts[1:] = 0, ends[:-1] + 1
        quotes = np.flatnonzero(np.equal(text, _QUOTE, out=flags))
        n_quotes = sum(run.count(b'"') for run in self.runs)
        if len(quotes) != n_quotes * len(ends):
            return None
        at = self._runs_at(quotes.reshape(len(ends), n_quotes), starts, ends)
        values = [
            (left + len(run), right)
            for run, left, right in zip(self.runs, at, at[1:], strict=False)
        ]
        stand = (at[-1] + len(self.runs[-1]) == ends).all() and all(
            (low <= high).all() for low, high in values
        )
        if not stand or not self._match(text, at):
            return None
        for place, (low, high) in enumerate(values):
            wanted = place in self.places
            if not self.is_text[place] and not _are_numbers(text, low, high, integers=wanted):
                return None
        return [_dictionary(text, *values[place]) for place in self.places]

    def _runs_at(self, quotes: Places, starts: Places, ends: Places) -> list[Places]:
        """Return where each run begins on each line, if the lines are as the template."""
        at, n_before = [starts], self.runs[0].count(b'"')
        for run in self.runs[1:]:
            offset = run.find(b'"')
            at.append(ends - len(run) if offset < 0 else quotes[:, n_before] - offset)
            n_before += run.count(b'"')
        return at

    def _match(self, text: Bytes, at: Sequence[Places]) -> bool:
        """Tell whether the bytes of all runs are there, which all end within the text."""
        return all(
            (_words(text, width)[places + offset] == word).all()
            for run, places in zip(self.runs, at, strict=True)
            for offset, width, word in _words_of(run)
        )


def _words(text: Bytes, width: int) -> npt.NDArray[Any]:
    """View the `width` bytes from each place on as a number; the text is not copied."""
    return np.ndarray((len(text) - width + 1,), f"<u{width}", buffer=text, strides=(1,))


def _words_of(run: bytes) -> list[tuple[int, int, int]]:
    """Cut a run into words: offset, bytes, number. The last one may overlap the one before."""
    width = next(width for width in (8, 4, 2, 1) if width <= max(len(run), 1))
    offsets = [*range(0, len(run) - width, width), len(run) - width] if run else []
    return [(at, width, int.from_bytes(run[at : at + width], "little")) for at in offsets]


def _are_numbers(text: Bytes, low: Places, high: Places, *, integers: bool) -> bool:
    """Tell whether digits stand between places, with at most a dot among them, or none."""
    width = high - low
    most = int(width.max())
    if int(width.min()) < 1 or most > _MOST_DIGITS:
        return False
    first = text[low]
    dots = np.zeros(len(low), dtype=np.int8)
    for offset in range(most):
        byte = first if offset == 0 else text[np.minimum(low + offset, high - 1)]
        dot = byte == _DOT
        # What wraps around below 0 is far above 9.
        if not ((byte - _ZERO <= 9) | dot).all():
            return False
        if dot.any():
            if integers:
                return False
            dots += dot & (offset < width)
    if dots.any() and (dots.max() > 1 or ((first == _DOT) | (text[high - 1] == _DOT)).any()):
        return False
    leading = (first == _ZERO) & (width > 1)
    return not leading.any() or bool((text[low[leading] + 1] == _DOT).all())


def _dictionary(text: Bytes, low: Places, high: Places) -> pa.Array:
    """Return the texts between places, dictionary-encoded; the bytes are not copied before."""
    offsets = np.empty(2 * len(low), dtype=np.int32)
    offsets[::2], offsets[1::2] = low, high
    # Every other one of these is what stands between two texts.
    pieces = pa.Array.from_buffers(
        pa.string(), len(offsets) - 1, [None, pa.py_buffer(offsets), pa.py_buffer(text)]
    )
    return pieces.take(arrow.from_numpy(np.arange(0, len(offsets), 2))).dictionary_encode()
