"""Lists: one label a line, or a path and a label on each line.

A path may hold blanks, a label beside one may not: a line is cut at its last blank. Text that may
be something else, such as sentences, is refused. What a list is, is decided from its first lines,
and every further line must agree.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

import numpy as np

from wcetool.core.distribution import is_integer
from wcetool.data import streams
from wcetool.data.columns import is_usual_name
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
from wcetool.data.formats.table import Column, Holds, ReadLog, Table
from wcetool.data.formats.text_head import is_number, what_it_holds
from wcetool.data.options import TextOptions
from wcetool.data.source import InputFile
from wcetool.errors import InputError, counted, quoted

__all__ = ["batches", "inspect", "memory_need", "splits"]

_CUT = "\x1f"  # stands for the blank at which a line is cut
_FILE_NAME = r"\.[A-Za-z][A-Za-z0-9]{1,4}"  # its end
# A path with blanks ends like a file name: else no one could tell where it ends.
_PATH = rf"(?:[^\n]*{_FILE_NAME}|(?=\S*[/\\])\S++)"
_IS_FILE = re.compile(rf"[^\n]*{_FILE_NAME}")
_BLANKS_AT_END = re.compile(rb"(?<![ \t])[ \t]+(?=\n)")
_BLANKS_AT_START = re.compile(rb"(?<=\n)[ \t]+")
_FILE_AT_END = re.compile(rf"[{_CUT}]([^\n]*{_FILE_NAME})\n".encode())
_ENDS_IN_NUMBER = re.compile(r".*\s[-+]?[0-9.]++", re.DOTALL)
_SEPARATORS = ",;|"
_FEW = 10  # lines show nothing
_DISTINCT_SHARE = 0.8
_EXAMPLES = (
    (re.compile(r"[^\s:]+(?:[ ]+[0-9]+:\S+)+[ ]*"), "LIBSVM", "cut -d ' ' -f 1"),
    (re.compile(r"__label__\S+[ ]+\S.*"), "fastText", "grep -o '__label__[^ ]*'"),
)
_AS_TABLE = "--input-format csv --no-header --delimiter ' ', if blanks separate fields"


class _Order(Enum):
    """What stands on a line."""

    LABEL = auto()
    PATH_LABEL = auto()
    LABEL_PATH = auto()


_PATTERNS = {
    _Order.PATH_LABEL: re.compile(rf"{_PATH}[ \t]++\S++"),
    _Order.LABEL_PATH: re.compile(rf"\S++[ \t]++{_PATH}"),
}


@dataclass(frozen=True, slots=True)
class _Found:
    """What the first lines show; `names` of the columns."""

    order: _Order
    names: tuple[str, ...]
    header: bool


class _LabelLines(Lines):
    """Lines of one label; blank ones at the end are left out, and those above a header."""

    def __init__(
        self,
        inner: streams.ByteSource,
        path: str,
        log: ReadLog,
        skip_lines: int,
        *,
        header: bool,
    ) -> None:
        super().__init__(inner, path, log, skip_lines)
        self._at_header = header
        self._blank_lines = 0

    def rewritten(self, block: bytes) -> Iterable[bytes]:
        if self._at_header:
            block = block.lstrip(b"\n")
            self._at_header = not block
        filled = block.rstrip(b"\n")
        if filled:
            for start in range(0, self._blank_lines, streams.HEAD_BYTES):
                yield b"\n" * min(streams.HEAD_BYTES, self._blank_lines - start)
            self._blank_lines = 0
            yield filled + b"\n"
        self._blank_lines += len(block) - len(filled) - bool(filled)
        self.log.blank_lines = self._blank_lines


class _PathLines(Lines):
    """Lines of a path and a label, cut between them."""

    def __init__(
        self,
        inner: streams.ByteSource,
        path: str,
        log: ReadLog,
        skip_lines: int,
        *,
        order: _Order,
        header: bool,
    ) -> None:
        super().__init__(inner, path, log, skip_lines)
        self._order = order
        self._pattern = _PATTERNS[order]
        self._at_header = header

    def rewritten(self, block: bytes) -> Iterable[bytes]:
        if _CUT.encode() in block:
            number = block[: block.index(_CUT.encode())].count(b"\n")
            raise self.error(number, f"holds {_CUT!r}", block.split(b"\n")[number])
        text = self._tidy(block)
        layout = LineLayout.of(text, b" ")
        is_blank = layout.starts == layout.ends
        doubtful = np.flatnonzero((layout.marks != 1) & ~is_blank)
        for number in doubtful.tolist():
            line = layout.line(text, number)
            if self._pattern.fullmatch(line.decode("utf-8", "replace")) is None:
                raise self.error(
                    number, "is no path and label, as the first lines are", line, hint=_AS_TABLE
                )
        self.log.blank_lines = (self.log.blank_lines or 0) + int(is_blank.sum())
        data = np.frombuffer(text, np.uint8).copy()
        blanks = np.flatnonzero(data == ord(" "))
        if self._order is _Order.PATH_LABEL:
            cuts = np.searchsorted(blanks, layout.ends[~is_blank]) - 1
        else:
            cuts = np.searchsorted(blanks, layout.starts[~is_blank])
        data[blanks[cuts]] = ord(_CUT)
        text = data.tobytes()
        if self._order is _Order.PATH_LABEL:
            wrong = _FILE_AT_END.search(text)
            if wrong is not None:
                number = text[: wrong.start()].count(b"\n")
                line = layout.line(text, number).replace(_CUT.encode(), b" ")
                raise self.error(number, "has a file name where the others have a label", line)
        return (text,)

    def _tidy(self, text: bytes) -> bytes:
        """Make all blanks spaces, take them off both ends, and put the header on top."""
        if b" \n" in text or b"\t\n" in text:
            text = _BLANKS_AT_END.sub(b"", text)
        if text[:1] in (b" ", b"\t") or b"\n " in text or b"\n\t" in text:
            text = _BLANKS_AT_START.sub(b"", b"\n" + text)[1:]
        if self._at_header and text.strip(b"\n"):
            start = len(text) - len(text.lstrip(b"\n"))
            text = b"x x" + text[:start] + text[text.index(b"\n", start) :]  # its names are known
            self._at_header = False
        return text.replace(b"\t", b" ")


def inspect(file: InputFile, options: TextOptions) -> Table:
    """Decide from the first lines what is on each of them."""
    reading = TextOptions(encoding=options.encoding, comment=options.comment, quoting=False)

    def labels(text: streams.ByteSource, log: ReadLog) -> Lines:
        skip, header = options.skip_lines, found is not None and found.header
        return _LabelLines(text, file.path, log, skip, header=header)

    def paths(text: streams.ByteSource, log: ReadLog) -> Lines:
        order, header = shown.order, shown.header
        return _PathLines(text, file.path, log, options.skip_lines, order=order, header=header)

    found: _Found | None = None
    form = LineForm(lines=labels, reading=reading, blank_lines_are_rows=True)
    head = head_lines(file, form)
    found = shown = _decide(file, head, options.header)
    body = [line for line in head if line][shown.header :]
    dialect = replace(
        plain_dialect(_CUT, reading),
        header=shown.header,
        header_given=options.header is not None or not shown.header,
    )
    if shown.order is _Order.LABEL:
        column = Column(shown.names[0], 0, what_it_holds(body))
        reason = "each line is a label" + ("; the first one is its name" if shown.header else "")
        return Table(
            file,
            (column,),
            has_rows=bool(body),
            dialect=dialect,
            label=0,
            label_reason=reason,
            footer=form,
        )
    label = 1 if shown.order is _Order.PATH_LABEL else 0
    fields = [line.split()[-1 if label else 0] for line in body]
    columns = tuple(
        Column(name, place, what_it_holds(fields) if place == label else Holds.TEXT)
        for place, name in enumerate(shown.names)
    )
    return Table(
        file,
        columns,
        has_rows=bool(body),
        dialect=dialect,
        label=label or None,  # a file name with a blank may begin like a label
        label_reason="what stands behind a path, after the last blank",
        label_hint="-l 1, if each line is a label and a path",
        footer=LineForm(lines=paths, reading=reading),
    )


def _decide(file: InputFile, head: Sequence[str], header: bool | None) -> _Found:
    """Decide what is on each line, and whether the first line is a header."""
    filled = [line.strip(" \t") for line in head if line.strip()]
    if not filled:
        raise InputError("holds no label", where=file.path)
    for order, pattern in _PATTERNS.items():
        found = _paths(order, pattern, filled, header)
        if found is not None:
            return found
    first, body = filled[0], filled[1:]
    is_header = is_usual_name(first) if header is None else header
    if header is None and is_header and first in body:
        raise _header_doubt(file, f"the first line {quoted([first])} recurs")
    lines = body if is_header else filled
    if lines:
        _refuse_tokens(file, head, lines)
        _refuse_other_text(file, lines)
    if header is None and not is_header:
        _refuse_header_in_doubt(file, filled)
    return _Found(_Order.LABEL, (first if is_header else "label",), is_header)


def _paths(
    order: _Order, pattern: re.Pattern[str], filled: Sequence[str], header: bool | None
) -> _Found | None:
    """Return what lines of a path and a label show; None where one line is something else."""
    label = -1 if order is _Order.PATH_LABEL else 0
    first = filled[0].split()
    if header is None:
        header = pattern.fullmatch(filled[0]) is None and is_usual_name(first[label])
    lines = filled[header:]
    if not lines or not all(
        pattern.fullmatch(line) and not _IS_FILE.fullmatch(line.split()[label]) for line in lines
    ):
        return None
    if header and len(first) == 2:
        return _Found(order, tuple(first), header)
    names = ("path", "label") if order is _Order.PATH_LABEL else ("column 1", "column 2")
    return _Found(order, names, header)


def _refuse_tokens(file: InputFile, head: Sequence[str], lines: Sequence[str]) -> None:
    """Refuse groups of lines with a token and more: the sentences of CoNLL.

    Raises
    ------
    InputError
        With the format to type.
    """
    widths = {len(line.split()) for line in lines}
    if "" in head[1:-1] and len(widths) == 1 and widths != {1}:
        raise InputError(
            "has several fields on each line, and blank lines between groups: tokens?",
            where=file.path,
            details=(f"first lines: {quoted(lines, limit=3)}",),
            hint="--input-format conll",
        )


def _refuse_other_text(file: InputFile, lines: Sequence[str]) -> None:
    """Refuse lines that hold more than a label.

    Raises
    ------
    InputError
        With what they may be.
    """
    if any("\t" in line for line in lines):
        raise InputError(
            "has lines with tabs: several fields?",
            where=file.path,
            details=(f"lines: {quoted([line for line in lines if chr(9) in line], limit=3)}",),
            hint="--input-format tsv",
        )
    for pattern, name, hint in _EXAMPLES:
        if all(map(pattern.fullmatch, lines)):
            raise InputError(
                f"has lines of labels and what they are of, as {name} takes them",
                where=file.path,
                details=(f"first lines: {quoted(lines, limit=3)}",),
                hint=f"{hint} FILE | wcetool analyze - --input-format list",
            )
    spaced = [line for line in lines if any(mark in line for mark in f" {_SEPARATORS}")]
    details = (f"first lines: {quoted(lines, limit=3)}",)
    if len(spaced) == len(lines) and all(_IS_FILE.fullmatch(line.split()[0]) for line in lines):
        raise InputError(
            "has lines of a path and several fields",
            where=file.path,
            details=details,
            hint=f"{_AS_TABLE}, and -l with the number of the label",
        )
    distinct = len(set(lines))
    many = len(lines) >= _FEW and 2 * len(spaced) > len(lines)
    numbered = len(lines) > 1 and all(map(_ENDS_IN_NUMBER.fullmatch, lines))
    numbers = all(len(line.split()) > 1 and all(map(is_number, line.split())) for line in lines)
    if (
        numbers
        or (many and distinct > _DISTINCT_SHARE * len(lines))
        or (numbered and distinct == len(lines))
    ):
        raise InputError(
            "has only numbers, several on each line"
            if numbers
            else f"{distinct:,} of the first {counted(len(lines), 'line')} differ and hold blanks "
            "or commas: texts or several fields, not labels?",
            where=file.path,
            details=details,
            hint=f"{_AS_TABLE}; --delimiter tab, if each line is a label; or --input-format conll",
        )


def _refuse_header_in_doubt(file: InputFile, lines: Sequence[str]) -> None:
    """Refuse a first line that may be a name, since it is like no other line.

    Raises
    ------
    InputError
        With the options that say what it is.
    """
    first, others = lines[0], Counter(lines[1:])
    is_other = not is_integer(first) and all(map(is_integer, others))
    is_alone = len(lines) > _FEW and min(others.values()) > 1
    if others and first not in others and (is_other or is_alone):
        raise _header_doubt(file, f"the first line {quoted([first])} is like no other one")


def _header_doubt(file: InputFile, message: str) -> InputError:
    return InputError(
        f"{message}: is it a header?",
        where=file.path,
        hint="--no-header if it is a label, --header if it is not",
    )
