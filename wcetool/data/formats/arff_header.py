"""The header of ARFF and KEEL files: what it declares, and how names and values are written.

Read here: SciPy's reader knows neither texts nor KEEL, and takes declared values apart at every
comma.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field

from wcetool.data import streams
from wcetool.data.formats.table import Holds
from wcetool.data.formats.text_head import read_head
from wcetool.data.formats.text_reading import not_utf8
from wcetool.data.options import TextOptions
from wcetool.data.source import InputFile
from wcetool.errors import InputError, quoted, short_repr

_SPARSE_DEFAULT = {Holds.NUMBERS: "0", Holds.TEXT: "", Holds.OTHER: ""}
_NUMERIC = re.compile(r"(numeric|real|integer)\b", re.IGNORECASE)
_OTHER = re.compile(r"(date|relational)\b", re.IGNORECASE)
_STRING = re.compile(r"string\b", re.IGNORECASE)
_OPENS_RELATION = re.compile(r"\srelational$", re.IGNORECASE)
_LATE_COMMENT = re.compile(r"\}\s*%[^}]*$")
# In quotes of either kind, with backslash escapes, or bare.
_QUOTED = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\""""
_NAME = re.compile(rf"\s*({_QUOTED}|[^\s'\"{{][^\s{{]*)\s*(.*)", re.DOTALL)
VALUE = re.compile(rf"\s*((?:{_QUOTED})\s*|(?:[^,'\"\s][^,]*)?)(,|$)", re.DOTALL)
VALUE_BEFORE_BLANK = re.compile(rf"\s*({_QUOTED}|[^'\"\s]\S*)(\s+|$)", re.DOTALL)
SPARSE_VALUE = re.compile(rf"\s*([0-9]{{1,9}})\s+((?:{_QUOTED})\s*|[^,'\"\s][^,]*)(,|$)", re.DOTALL)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute as declared; `values` of nominal ones."""

    name: str
    holds: Holds
    values: tuple[str, ...] | None = None

    @property
    def sparse_default(self) -> str:
        """The field that a sparse row leaves out."""
        return field_text(self.values[0]) if self.values else _SPARSE_DEFAULT[self.holds]


@dataclass(slots=True)
class Header:
    """What stands above the rows."""

    relation: str = ""
    attributes: list[Attribute] = field(default_factory=list)
    outputs: tuple[str, ...] = ()  # case folded: KEEL is not strict
    lines: int = 0  # that of @data included
    nested: int = 0  # relations that are attributes, and open here


def read_header(file: InputFile, reading: TextOptions) -> Header:
    """Read the declarations.

    Raises
    ------
    InputError
        If one cannot be understood; names the line.
    """
    try:
        text = read_head(file, reading).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise not_utf8(file.path) from None
    header = Header()
    for number, raw in enumerate(io.StringIO(text, newline=None), 1):
        line = raw.strip()
        if not line or line.startswith("%"):
            continue
        if line.split()[0].casefold() == "@data":
            header.lines = number
            break
        problem = _declare(header, line)
        if problem is not None:
            raise InputError(
                problem,
                where=f"{file.path}: line {number:,}",
                details=(f"text: {short_repr(line)}",),
            )
    _check(header, file)
    return header


def _declare(header: Header, line: str) -> str | None:
    """Take a declaration in; return what is wrong with it, if anything."""
    keyword, *rest = line.split(maxsplit=1)
    text = rest[0] if rest else ""
    match keyword.casefold():
        case "@relation":
            header.relation = text
        case "@attribute":
            found = _attribute(text)
            if found is None:
                return "the attribute cannot be understood"
            if not header.nested:
                header.attributes.append(found)
            header.nested += bool(_OPENS_RELATION.search(text))
        case "@end":
            header.nested -= 1
        case "@output" | "@outputs":
            header.outputs = tuple(name.casefold() for name in values(text) or ())
        case "@input" | "@inputs":
            pass
        case _:
            return "is no declaration, and @data has not come"
    return None


def _check(header: Header, file: InputFile) -> None:
    if not header.lines:
        raise InputError(
            f"no line says @data in the first {streams.HEAD_BYTES >> 20} MB", where=file.path
        )
    if not header.attributes:
        raise InputError("declares no attribute", where=file.path)
    unknown = set(header.outputs) - {one.name.casefold() for one in header.attributes}
    if unknown:
        raise InputError(
            f"the output {quoted(sorted(unknown))} is no attribute",
            where=file.path,
            details=(f"attributes: {quoted(one.name for one in header.attributes)}",),
        )


def _attribute(text: str) -> Attribute | None:
    """Read what follows @attribute; None where it cannot be understood."""
    match = _NAME.fullmatch(text)
    if match is None:
        return None
    name, kind = plain(match[1]), match[2].strip()
    if kind.startswith("{"):
        if not kind.endswith("}"):
            kind = _LATE_COMMENT.sub("}", kind)
        found = values(kind[1:-1]) if kind.endswith("}") else None
        return None if found is None else Attribute(name, Holds.TEXT, tuple(dict.fromkeys(found)))
    if _NUMERIC.match(kind):
        return Attribute(name, Holds.NUMBERS)
    if _STRING.match(kind):
        return Attribute(name, Holds.TEXT)
    return Attribute(name, Holds.OTHER) if _OTHER.match(kind) else None


def values(text: str) -> list[str] | None:
    """Read values between commas; None where a quote is not closed, or one is empty."""
    fields = fields_of(text, VALUE)
    if fields is None or (len(fields) > 1 and "" in fields):
        return None
    return [plain(value) for value in fields if value]


def fields_of(text: str, pattern: re.Pattern[str]) -> list[str] | None:
    """Cut a text into fields, in quotes as they are; None where it cannot be cut."""
    fields, place = [], 0
    while True:
        match = pattern.match(text, place)
        if match is None:
            return None
        fields.append(match[1].rstrip())
        if not match[2] or (match.end() == len(text) and match[2] != ","):
            return fields
        place = match.end()


def plain(text: str) -> str:
    """Take the quotes and escapes off a name or a value."""
    if text[:1] not in ("'", '"'):
        return text
    inner = text[1:-1]
    return _ESCAPE.sub(_escaped, inner) if "\\" in inner else inner


def _escaped(match: re.Match[str]) -> str:
    character = match[1]
    if len(character) > 1:
        code = int(character[1:], 16)
        return match[0] if 0xD800 <= code < 0xE000 else chr(code)
    return _ESCAPES.get(character, character)


def field_text(value: str) -> str:
    """Write a value so that pyarrow reads it back."""
    return '"' + value.replace('"', '""') + '"'
