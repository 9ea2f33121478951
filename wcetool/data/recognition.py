"""What format a file is of: its content first, its suffix second.

The rules, in order:

1. What the user says.
2. Content that nothing else can have: the first bytes of binary formats, and the rules of `_STRONG`
   for text, in their order.
3. The suffix.
4. Content that is likely, where the suffix says nothing: the rules of `_LIKELY`, in their order.
5. Nothing: the file is refused.

Only the first bytes are looked at, decompressed and decoded. What was not said by the suffix is
announced.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from wcetool.data import registry
from wcetool.data.registry import FormatInfo

SAMPLE_BYTES = 1 << 16
_SAMPLE_LINES = 200
_LONG_MAGIC = 8
SEP_LINE = re.compile(r'"?sep=(.)"?', re.IGNORECASE)  # as Excel writes it above a table


class Sample:
    """The first bytes of a file, as text where they are text.

    Parameters
    ----------
    head : bytes
        Decompressed.
    encoding : str or None
        None for UTF-8.
    skip_lines : int
        Lines that the user says are none of the data.
    """

    def __init__(self, head: bytes, *, encoding: str | None = None, skip_lines: int = 0) -> None:
        self.head = head
        self._encoding = encoding or "utf-8"
        self._skip_lines = skip_lines

    @cached_property
    def text(self) -> str:
        """The text; empty where the bytes are none."""
        if self._encoding == "utf-8" and b"\x00" in self.head:
            return ""
        decoder = codecs.getincrementaldecoder(self._encoding)("replace")
        try:
            text = decoder.decode(self.head).removeprefix("\ufeff")
        except UnicodeError:  # UTF-16 without its mark
            return ""
        return "".join(text.splitlines(keepends=True)[self._skip_lines :])

    @cached_property
    def is_whole(self) -> bool:
        """There is no more of the file."""
        return len(self.head) < SAMPLE_BYTES

    @cached_property
    def lines(self) -> Sequence[str]:
        """The first whole lines, without their ends, blank ones too."""
        lines = self.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        if not self.is_whole or (lines and not lines[-1]):
            lines.pop()
        return lines[:_SAMPLE_LINES]

    @cached_property
    def filled(self) -> Sequence[str]:
        """The lines that are not blank."""
        return [line for line in self.lines if line.strip()]


@dataclass(frozen=True, slots=True)
class Rule:
    """Content that a format is known by."""

    format: FormatInfo
    shows: Callable[[Sample], bool]


def recognise(path: str, sample: Sample) -> FormatInfo | None:
    """Return the format of a file by the rules above, None where none holds."""
    return (
        by_magic(sample.head)
        or _by_rules(_STRONG, sample)
        or registry.by_suffix(path)
        or _by_rules(_LIKELY, sample)
    )


def by_magic(head: bytes) -> FormatInfo | None:
    """Return the format that the first bytes of a file show."""
    return next(
        (
            info
            for info in registry.FORMATS.values()
            if any(_begins(head, magic) for magic in info.magic)
        ),
        None,
    )


def _begins(head: bytes, magic: bytes) -> bool:
    """Tell whether a file begins so; a few letters (ORC, FEA1) may begin a header of text."""
    is_word = len(magic) < _LONG_MAGIC and magic.isalnum()
    return head.startswith(magic) and not (is_word and b"\x00" not in head)


def _by_rules(rules: Sequence[Rule], sample: Sample) -> FormatInfo | None:
    return next((rule.format for rule in rules if rule.shows(sample)), None)


_OWN_SCHEMA = re.compile(r'\{\s*"schema"\s*:\s*"wcetool\.')
_JSON_START = re.compile(r'[\[{]\s*(["\[{\]}]|-?[0-9]|null\b|true\b|false\b|$)')
_COCO_START = re.compile(r'\{\s*"(annotations|categories|images|info|licenses)"\s*:\s*[\[{]')


def _is_own_document(sample: Sample) -> bool:
    return _OWN_SCHEMA.match(sample.text.lstrip()) is not None


def _first_json(sample: Sample) -> tuple[object, str] | None:
    """Return the first JSON value and the rest of its line; None where it does not end here."""
    text = sample.text.lstrip()
    try:
        value, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return None
    return value, text[end:].partition("\n")[0]


def _is_coco(sample: Sample) -> bool:
    found = _first_json(sample)
    if found is None:
        return _COCO_START.match(sample.text.lstrip()) is not None
    return isinstance(found[0], dict) and {"annotations", "categories"} <= found[0].keys()


def _is_json_lines(sample: Sample) -> bool:
    """Tell whether the first line is one object or list, and is not the only line.

    What an object alone is, a record or a table of columns, the suffix tells.
    """
    found = _first_json(sample)
    if found is None or found[1].strip() or not isinstance(found[0], dict | list):
        return False
    first = sample.text.lstrip().partition("\n")[0]
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        return False
    return len(sample.filled) > 1 or not sample.is_whole


def _is_json(sample: Sample) -> bool:
    """Tell whether this is one list, or an object over several lines."""
    text = sample.text.lstrip()
    if not _may_be_json(sample):
        return False
    return text.startswith("[") or "\n" in text.rstrip()


def _may_be_json(sample: Sample) -> bool:
    if _JSON_START.match(sample.text.lstrip()) is None:
        return False
    found = _first_json(sample)
    return found is None or not found[1].strip()


def _is_arff(sample: Sample) -> bool:
    """Tell whether the first line that is no comment names a relation; comments may be long."""
    lines = (line.strip() for line in io.StringIO(sample.text, newline=None))
    first = next((line for line in lines if line and not line.startswith("%")), "")
    return re.match(r"@relation(?=[\s'\"]|$)", first, re.IGNORECASE) is not None


# ID, FORM, LEMMA, UPOS (no number), XPOS, FEATS, HEAD, DEPREL, DEPS, MISC
_WORD = re.compile(
    r"([0-9]+)([-.][0-9]+)?\t[^\t]+\t[^\t]*\t(?![-+]?[0-9])[^\t]+\t[^\t]*\t[^\t]*\t([0-9]+|_)"
    r"\t[^\t]*\t(_|[0-9][^\t]*)?\t[^\t]*"
)


def _is_conllu(sample: Sample) -> bool:
    """Tell whether words of ten columns are numbered from 1 in each sentence."""
    before, found = 0, False
    for line in sample.lines:
        if not line.strip():
            before = 0
        elif not line.startswith("#"):
            match = _WORD.fullmatch(line)
            if match is None:
                return False
            if match[2] is None:
                before += 1
                if match[1] != str(before):
                    return False
                found = True
    return found


_TAGGED = re.compile(r"(.*[\t ])?(O|[BIESLUM]-\S+)\s*")


def _is_conll(sample: Sample) -> bool:
    """Tell whether lines of tokens with tags stand in groups between blank lines."""
    if sample.filled and re.match(r"-DOCSTART-(\s|$)", sample.filled[0]) is not None:
        return True
    blank = [place for place, line in enumerate(sample.lines) if not line.strip()]
    inside = any(place < len(sample.lines) - 1 for place in blank)
    rows = [line.split() for line in sample.filled]
    return (
        inside
        and len({len(row) for row in rows}) == 1
        and len(rows[0]) > 1
        and all(_TAGGED.fullmatch(line) for line in sample.filled)
    )


_ORANGE_TYPES = frozenset("c d s t m continuous discrete string time basket".split())
_ORANGE_ROLES = re.compile(r"((class|meta|ignore|weight|i|m|c|w|multiclass)\b.*)?")
_ORANGE_PREFIX = re.compile(r"([mcwi]?[CDST]|[mcwi])#.+")


def _is_orange(sample: Sample) -> bool:
    rows = [line.split("\t") for line in sample.lines[:3]]
    if rows and len(rows[0]) > 1 and any(_ORANGE_PREFIX.fullmatch(name) for name in rows[0]):
        return all("#" not in name or _ORANGE_PREFIX.fullmatch(name) for name in rows[0])
    if len(rows) < 3 or len({len(row) for row in rows}) > 1:
        return False
    types, roles = rows[1], [text.strip() for text in rows[2]]
    # Rows of single letters may be data: then one class among features without a role is asked for.
    is_spelled = any(len(text) > 1 for text in (*types, *roles))
    return (
        all(text in _ORANGE_TYPES or " " in text for text in types)
        and any(text in _ORANGE_TYPES for text in types)
        and all(_ORANGE_ROLES.fullmatch(text) for text in roles)
        and (is_spelled or (roles.count("c") == 1 and "" in roles))
    )


def _cut_evenly(sample: Sample, delimiter: str) -> bool:
    """Tell whether all rows have the same number of fields, more than one."""
    named = bool(sample.lines) and SEP_LINE.fullmatch(sample.lines[0]) is not None
    lines = [f"{line}\n" for line in sample.lines[int(named) :]]
    try:
        rows = [row for row in csv.reader(lines, delimiter=delimiter) if row]
    except csv.Error:
        return False
    if len(sample.lines) == _SAMPLE_LINES or not sample.is_whole:
        rows = rows[:-1]  # may go on
    return bool(rows) and len(rows[0]) > 1 and len({len(row) for row in rows}) == 1


_FILE_NAME = re.compile(r"\.[A-Za-z][A-Za-z0-9]{1,4}$")


def _is_path_list(sample: Sample) -> bool:
    """Tell whether each line is a path, a tab and a word: a list, since there is no header."""
    rows = [line.split("\t") for line in sample.filled]
    return bool(rows) and all(
        len(row) == 2
        and ("/" in row[0] or _FILE_NAME.search(row[0]) is not None)
        and len(row[1].split()) == 1
        and _FILE_NAME.search(row[1]) is None
        for row in rows
    )


def _is_tsv(sample: Sample) -> bool:
    return _cut_evenly(sample, "\t")


def _is_delimited(sample: Sample) -> bool:
    return any(_cut_evenly(sample, mark) for mark in ",;|")


def _is_list(sample: Sample) -> bool:
    """Tell whether the lines are text; which column of them is the label is found later."""
    return bool(sample.filled)


_STRONG = (
    Rule(registry.COUNTS, _is_own_document),
    Rule(registry.COCO, _is_coco),
    Rule(registry.JSONL, _is_json_lines),
    Rule(registry.JSON, _is_json),
    Rule(registry.ARFF, _is_arff),
    Rule(registry.CONLLU, _is_conllu),
    Rule(registry.ORANGE, _is_orange),
    Rule(registry.CONLL, _is_conll),
)
_LIKELY = (
    Rule(registry.JSON, _may_be_json),
    Rule(registry.LIST, _is_path_list),
    Rule(registry.TSV, _is_tsv),
    Rule(registry.CSV, _is_delimited),
    Rule(registry.LIST, _is_list),
)
