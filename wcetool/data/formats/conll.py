"""CoNLL-U and other CoNLL files: a token a line, blank lines between sentences, no quotes.

What is no token is left out and counted; a line with another number of columns is refused by its
number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wcetool.data import registry, streams
from wcetool.data.formats.lines import (
    LineForm,
    LineLayout,
    Lines,
    batches,
    head_lines,
    memory_need,
    plain_dialect,
    splits,
)
from wcetool.data.formats.table import Column, ReadLog, Table
from wcetool.data.formats.text_head import what_it_holds
from wcetool.data.options import TextOptions
from wcetool.data.source import InputFile
from wcetool.errors import InputError, counted, quoted, short_repr

__all__ = ["batches", "inspect", "memory_need", "splits"]

CONLLU_COLUMNS = ("ID", "FORM", "LEMMA", "UPOS", "XPOS", "FEATS", "HEAD", "DEPREL", "DEPS", "MISC")
_UPOS = CONLLU_COLUMNS.index("UPOS")
_RANGE = re.compile(rb"\n[0-9]+-[0-9]+\t[^\n]*")
_EMPTY_NODE = re.compile(rb"\n[0-9]+\.[0-9]+\t[^\n]*")
_NO_WORD = re.compile(rb"\n(?![0-9]+\t)([^\n]+)")
_BLANKS = re.compile(rb"[ \t]+")
_OUTER_BLANKS = re.compile(rb"(?<=\n)[ \t]+|[ \t]+(?=\n)")
_DOCSTART = re.compile(rb"(?<=\n)-DOCSTART-[^\n]*\n")
_COMMENTED_SHARE = 0.5  # of the sentences: so many begin with # where # marks comments


class _Words(Lines):
    """The words of CoNLL-U: ten columns between tabs."""

    def rewritten(self, block: bytes) -> Iterable[bytes]:
        layout = LineLayout.of(block, b"\t")
        full = layout.marks == len(CONLLU_COLUMNS) - 1
        first = np.frombuffer(block, np.uint8)[layout.starts]
        comments = (first == ord("#")) & ~full
        wrong = np.flatnonzero(~full & ~comments & (layout.starts < layout.ends))
        for number in wrong.tolist():
            line = layout.line(block, number)
            if line.strip():
                n_columns = counted(int(layout.marks[number]) + 1, "column")
                raise self.error(number, f"{n_columns}, where CoNLL-U has 10 between tabs", line)
        text = b"\n" + layout.without(block, np.union1d(np.flatnonzero(comments), wrong))
        text, n_ranges = _RANGE.subn(b"", text)
        text, n_empty = _EMPTY_NODE.subn(b"", text)
        no_word = _NO_WORD.search(text)
        if no_word is not None:
            line = no_word[1]
            number = block[: max(block.find(b"\n" + line + b"\n") + 1, 0)].count(b"\n")
            raise self.error(number, "the first column is no number of a word", line)
        for what, n in (("multiword range", n_ranges), ("empty node", n_empty)):
            if n:
                self.log.left_out[what] += n
        return (text,)


@dataclass(frozen=True, slots=True)
class _Shape:
    """What the first token of a CoNLL file shows; any run of blanks is one, unless tabs are."""

    width: int
    by_tabs: bool


class _Tokens(Lines):
    """The tokens of a CoNLL file.

    Parameters
    ----------
    inner, path, log, skip_lines
        As for `Lines`.
    shape : _Shape or None
        None for the first look at a file.
    comment : str or None
        Begins lines before a sentence that are no tokens.
    """

    def __init__(
        self,
        inner: streams.ByteSource,
        path: str,
        log: ReadLog,
        skip_lines: int,
        *,
        shape: _Shape | None,
        comment: str | None,
    ) -> None:
        super().__init__(inner, path, log, skip_lines)
        self._shape = shape
        self._comment = comment
        self._in_sentence = False

    def rewritten(self, block: bytes) -> Iterable[bytes]:
        text = b"\n" + block
        if b"-DOCSTART-" in block:
            # A blank line stays in its place: lines are counted.
            text, n = _DOCSTART.subn(b"\n", text)
            if n:
                self.log.left_out["-DOCSTART- line"] += n
        shape = self._shape = self._shape or _shape(text, self._comment)
        if not shape.by_tabs:
            if b"\t" in text or b"  " in text:
                text = _BLANKS.sub(b" ", text)
            if b" \n" in text or b"\n " in text:
                text = _OUTER_BLANKS.sub(b"", text)
        text = text[1:]
        layout = LineLayout.of(text, b"\t" if shape.by_tabs else b" ")
        comments = self._comments(text, layout)
        wrong = np.flatnonzero((layout.marks != shape.width - 1) & (layout.starts < layout.ends))
        for number in np.setdiff1d(wrong, comments).tolist():
            line = layout.line(text, number)
            if line.strip():
                n_columns = counted(int(layout.marks[number]) + 1, "column")
                raise self.error(
                    number,
                    f"{n_columns}, where the first token has {shape.width}",
                    line,
                    hint="--comment '#', if it is a comment" if line.startswith(b"#") else None,
                )
        return (layout.without(text, np.union1d(wrong, comments)),)

    def _comments(self, text: bytes, layout: LineLayout) -> npt.NDArray[np.int64]:
        """Find the comments: before a sentence, not in it, where a token may be the same."""
        if self._comment is None:
            return np.empty(0, np.int64)
        is_blank = layout.starts == layout.ends
        first = np.frombuffer(text, np.uint8)[layout.starts]
        found: list[int] = []
        for number in np.flatnonzero((first == ord(self._comment)) & ~is_blank).tolist():
            is_first = not self._in_sentence if number == 0 else is_blank[number - 1]
            if is_first or (found and found[-1] == number - 1):
                found.append(number)
        last = len(layout.ends) - 1
        self._in_sentence = not (is_blank[last] or (bool(found) and found[-1] == last))
        if found:
            self.log.left_out["comment"] += len(found)
        return np.array(found, np.int64)


def _shape(text: bytes, comment: str | None) -> _Shape:
    """Look at the first line that is neither blank nor a comment."""
    mark = (comment or "\n").encode()
    lines = (line for line in text.split(b"\n") if line.strip() and not line.startswith(mark))
    line = next(lines, b"")
    by_tabs = b"\t" in line
    return _Shape(len(line.split(b"\t") if by_tabs else line.split()), by_tabs)


def inspect(file: InputFile, options: TextOptions) -> Table:
    """Find the columns from the first tokens."""
    if file.format == registry.CONLLU:
        return _words_table(file, TextOptions(encoding=options.encoding))
    return _tokens_table(file, options)


def _words_table(file: InputFile, reading: TextOptions) -> Table:
    def lines(text: streams.ByteSource, log: ReadLog) -> Lines:
        return _Words(text, file.path, log)

    form = LineForm(lines=lines, reading=reading, null_texts=("_",), nulls_from=_UPOS)
    rows = [line.split("\t") for line in head_lines(file, form) if line]
    return Table(
        file,
        _columns(CONLLU_COLUMNS, rows),
        has_rows=bool(rows),
        dialect=plain_dialect("\t", reading),
        label=_UPOS,
        label_reason="the part of speech in CoNLL-U, which has XPOS and others too",
        footer=form,
    )


def _tokens_table(file: InputFile, options: TextOptions) -> Table:
    reading = TextOptions(encoding=options.encoding)  # comments are found among sentences
    shape: _Shape | None = None

    def lines(text: streams.ByteSource, log: ReadLog) -> Lines:
        skip, comment = options.skip_lines, options.comment
        return _Tokens(text, file.path, log, skip, shape=shape, comment=comment)

    form = LineForm(lines=lines, reading=reading)
    head = head_lines(file, form)
    tokens = [line for line in head if line]
    if not tokens:
        raise InputError("holds no token", where=file.path)
    shape = _Shape(len(tokens[0].split("\t" if "\t" in tokens[0] else " ")), "\t" in tokens[0])
    mark = "\t" if shape.by_tabs else " "
    _refuse_comments(file, head)
    if shape.width < 2:
        raise InputError(
            "has one column, where CoNLL has a token and its tag",
            where=file.path,
            details=(f"first line: {short_repr(tokens[0])}",),
            hint="--input-format list",
        )
    names = [f"column {number}" for number in range(1, shape.width + 1)]
    return Table(
        file,
        _columns(names, [line.split(mark) for line in tokens]),
        has_rows=True,
        dialect=plain_dialect(mark, reading),
        label=shape.width - 1,
        label_reason="the last one of CoNLL",
        footer=form,
    )


def _refuse_comments(file: InputFile, head: Sequence[str]) -> None:
    """Refuse to take for tokens what begins most sentences with #.

    Raises
    ------
    InputError
        With the option for comments.
    """
    starts = [line for above, line in zip(["", *head], head, strict=False) if line and not above]
    marked = [line for line in starts if line.startswith("#")]
    if len(marked) > 1 and len(marked) >= _COMMENTED_SHARE * len(starts):
        raise InputError(
            f"{len(marked):,} of the first {counted(len(starts), 'sentence')} begin with '#': "
            "comments or tokens?",
            where=file.path,
            details=(f"lines: {quoted(marked, limit=2)}",),
            hint="--comment '#', or --input-format csv with --no-header, --no-quoting and "
            "--delimiter if they are tokens",
        )


def _columns(names: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[Column, ...]:
    return tuple(
        Column(name, place, what_it_holds([row[place] for row in rows]))
        for place, name in enumerate(names)
    )
