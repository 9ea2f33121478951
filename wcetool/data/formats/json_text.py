"""One JSON document, walked through a value at a time: memory does not grow with the document.

Only the brackets and commas between values are looked at here; values are parsed by Python's
`json`. Streaming parsers in C are not exact enough: yajl turns half a surrogate pair into a `?`,
and keeps the last of two values of one key, both without a word.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import Any

from wcetool.data import streams
from wcetool.data.formats.json_values import DECODER, TwinKeys, problem_of, titled
from wcetool.data.formats.text_reading import input_error
from wcetool.data.source import InputFile
from wcetool.errors import InputError, short_repr

PIECE_BYTES = 1 << 20
VALUE_CHARACTERS = 64 << 20  # of one element of a list
_WHITE = " \t\r\n"
_SPACE = re.compile(rf"[{_WHITE}]*")
_COMMA = re.compile(rf"[{_WHITE}]*,[{_WHITE}]*")
_BEHIND = frozenset(" \t\r\n,:]}")
_UNTERMINATED = "Unterminated string"
_LONGEST_TOKEN = 16  # an error so near to the end may be that of a token that is not all there yet


class JsonText:
    """A document, and a place in it.

    Attributes
    ----------
    row : int
        Number of the element of a list that is being read; 0 outside.
    consumed : int
        Characters read so far.
    """

    def __init__(self, plain: streams.ByteSource, file: InputFile) -> None:
        self._plain = plain
        self._file = file
        # What is no UTF-8 becomes lone surrogates, which no label may have.
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._text = ""
        self._at = 0
        self._is_whole = False
        self._most = VALUE_CHARACTERS
        self.row = 0
        self.consumed = 0
        self._more()
        self._text = self._text.removeprefix("\ufeff")

    def peek(self) -> str:
        """Return the next character that is no white space, without taking it; empty at the end."""
        next_one = self._text[self._at : self._at + 1]
        if next_one and next_one not in _WHITE:  # as nearly always
            return next_one
        while True:
            found = _SPACE.match(self._text, self._at)
            self._at = self._at if found is None else found.end()
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def value(self, most: int = VALUE_CHARACTERS) -> Any:
        """Parse the next value.

        Raises
        ------
        InputError
            If there is none, or it has more characters than allowed.
        """
        self.peek()
        self._most = most
        while True:
            try:
                found, end = DECODER.raw_decode(self._text, self._at)
            except RecursionError:
                raise self._refused("is nested too deeply") from None
            except ValueError as error:
                if self._is_final(error) or not self._more():
                    raise self._not_json(error) from None
                continue
            # A number may go on, with digits, or as the 0 of 0.5.
            if self._text[end : end + 1] in _BEHIND or not self._more():
                self._at = end
                return found

    def values(self) -> Iterator[Any]:
        """Parse the elements of the next value, a list."""
        for _ in self._between("[", "]"):
            self.row += 1
            yield self.value()
        self.row = 0

    def members(self) -> Iterator[str]:
        """Yield the keys of the next value, an object; whoever asks takes the values.

        Raises
        ------
        InputError
            If a key is there twice.
        """
        seen: set[str] = set()
        for _ in self._between("{", "}"):
            key = self.value()
            if not isinstance(key, str):
                raise self._refused(f"{titled(key)} is no key of an object")
            if key in seen:
                raise self._refused(f"key {short_repr(key)} is there more than once")
            seen.add(key)
            self._take(":")
            yield key

    def skip(self) -> None:
        """Go past the next value."""
        if self.peek() == "[":
            for _ in self.values():
                pass
        else:
            self.value()

    def finish(self) -> None:
        """Check that nothing follows.

        Raises
        ------
        InputError
            If something does.
        """
        if self.peek():
            raise InputError(
                "goes on after the end of the JSON document",
                where=self._file.path,
                details=(f"text: {short_repr(self._shown())}",),
                hint="--input-format jsonl, if it holds an object a line (jq -c . writes one)",
            )

    def _between(self, opening: str, closing: str) -> Iterator[None]:
        """Step through the parts between two brackets."""
        if self.peek() not in (opening, ""):
            what = "a list" if opening == "[" else "an object"
            raise self._refused(f"{what} is expected", self._shown())
        self._take(opening)
        if self.peek() == closing:
            self._take(closing)
            return
        while True:
            yield
            comma = _COMMA.match(self._text, self._at)
            if comma is not None and comma.end() < len(self._text):  # as nearly always
                self._at = comma.end()
                continue
            if self.peek() == closing:
                self._take(closing)
                return
            self._take(",", closing)

    def _take(self, character: str, other: str = "") -> None:
        found = self.peek()
        if found != character:
            expected = f"{character} or {other}" if other else character
            if not found:
                raise self._refused(f"ends where {expected} is expected: is the file cut off?")
            raise self._refused(f"is not JSON: {expected} is expected", self._shown())
        self._at += 1

    def _more(self) -> bool:
        """Read on; False at the end of the document."""
        if self._is_whole:
            return False
        rest = len(self._text) - self._at
        if rest > self._most:
            raise self._refused(f"holds a value of more than {self._most >> 20} million characters")
        try:
            # Twice as much each time: a value is parsed again from its beginning.
            data = streams.read_head(self._plain, max(PIECE_BYTES, rest))
        except streams.READ_ERRORS as error:
            raise input_error(error, self._file) from None
        self._is_whole = not data
        text = self._decoder.decode(data, final=not data)
        if not text and not data:
            return False  # the text stays: an error may name a place in it
        self.consumed += len(text)
        self._text = self._text[self._at :] + text
        self._at = 0
        return True

    def _is_final(self, error: ValueError) -> bool:
        """Tell whether a value is wrong whatever follows."""
        if not hasattr(error, "pos"):
            return True
        early = error.pos < len(self._text) - _LONGEST_TOKEN
        return early and not problem_of(error).startswith(_UNTERMINATED)

    def _not_json(self, error: ValueError) -> InputError:
        place = getattr(error, "pos", self._at)
        rest = self._text[place:].strip()
        is_cut = not rest or rest.isalpha() or problem_of(error).startswith(_UNTERMINATED)
        if self._is_whole and is_cut:
            return self._refused("ends inside of a value: is the file cut off?")
        return self._refused(f"is not JSON: {problem_of(error)}", self._shown(place))

    def _shown(self, place: int | None = None) -> str:
        start = self._at if place is None else max(place - 20, self._at)
        return self._text[start : start + 60]

    def _refused(self, problem: str, text: str | None = None) -> InputError:
        where = self._file.path
        return InputError(
            problem,
            where=f"{where}: row {self.row:,}" if self.row else where,
            details=() if text is None else (f"text: {short_repr(text)}",),
        )


def refuse_twins(found: dict[str, Any], path: str) -> None:
    """Refuse an object in which a key has two values.

    Raises
    ------
    InputError
        With the key.
    """
    if isinstance(found, TwinKeys):
        key = short_repr(min(found.twins))
        raise InputError(f"key {key} is there more than once, with different values", where=path)
