"""What a user may say about how files are read, checked once and passed on as one value."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TypedDict

from wcetool.data import streams
from wcetool.errors import InputError, UsageError, quoted

MAX_CLASSES = 1_000_000


class ReadingKeywords(TypedDict, total=False):
    """Keywords of every public function that reads files; the options of the command line."""

    label_column: str | int | None
    classes: str | Sequence[str] | None
    names: str | Mapping[str, str] | None
    missing: str | Sequence[str]
    strip: bool
    casefold: bool
    input_format: str | None
    delimiter: str | None
    header: bool | None
    quote_char: str
    escape_char: str | None
    quoting: bool
    skip_lines: int
    encoding: str | None
    max_classes: int


@dataclass(frozen=True, slots=True)
class LabelRules:
    """How the text of a field becomes a label.

    In this order: `strip` takes white space off both ends, an empty text or a marker is missing,
    `names` replaces codes by names, `casefold` folds the case.
    """

    missing: frozenset[str] = frozenset()
    strip: bool = False
    casefold: bool = False
    names: Mapping[str, str] | None = None
    max_classes: int = MAX_CLASSES

    def label(self, text: str | None) -> str | None:
        """Return the label of a text, None where it is missing.

        Raises
        ------
        InputError
            If names are given and the text is not among their codes.
        """
        if text is None:
            return None
        if self.strip:
            text = text.strip()
        if not text or text in self.missing:
            return None
        if self.names is not None:
            if text not in self.names:
                raise InputError(
                    f"label {quoted([text])} has no name",
                    where="--names",
                    details=(f"codes: {quoted(self.names)}",),
                )
            text = self.names[text]
        return text.casefold() if self.casefold else text


@dataclass(frozen=True, slots=True)
class TextOptions:
    """The dialect of a text file, as far as the user says; None where the file decides."""

    delimiter: str | None = None
    header: bool | None = None
    quote_char: str = '"'
    escape_char: str | None = None
    quoting: bool = True
    skip_lines: int = 0
    encoding: str | None = None


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """Everything about reading that a user may say, checked.

    Attributes
    ----------
    label_column : str or None
        Name, or number counted from 1.
    classes : tuple of str or None
        The declared classes, in order.
    given : mapping of str to str
        The options that were given, as text: what a signature and a report must repeat.
    """

    label_column: str | None = None
    classes: tuple[str, ...] | None = None
    input_format: str | None = None
    rules: LabelRules = field(default_factory=LabelRules)
    text: TextOptions = field(default_factory=TextOptions)
    given: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of(
        cls,
        *,
        label_column: str | int | None = None,
        classes: str | Sequence[str] | None = None,
        names: str | Mapping[str, str] | None = None,
        missing: str | Sequence[str] = (),
        strip: bool = False,
        casefold: bool = False,
        input_format: str | None = None,
        delimiter: str | None = None,
        header: bool | None = None,
        quote_char: str = '"',
        escape_char: str | None = None,
        quoting: bool = True,
        skip_lines: int = 0,
        encoding: str | None = None,
        max_classes: int = MAX_CLASSES,
    ) -> ReadingOptions:
        """Check the keywords of a public function, or the options of a command.

        Raises
        ------
        UsageError
            If a value is wrong, or two contradict each other.
        InputError
            If the file of `classes` or `names` cannot be read.
        """
        given = {
            "label-column": label_column,
            "declared": classes
            if classes is None or isinstance(classes, str)
            else ",".join(map(str, classes)),
            "names": None if names is None else names if isinstance(names, str) else "given",
            "missing": missing if isinstance(missing, str) else ",".join(missing),
            "strip": strip,
            "casefold": casefold,
            "input-format": input_format,
            "delimiter": delimiter,
            "header": None if header is None else "yes" if header else "no",
            "quote-char": None if quote_char == '"' else quote_char,
            "escape-char": escape_char,
            "quoting": None if quoting else "off",
            "skip-lines": skip_lines,
            "encoding": encoding,
        }
        delimiter = "\t" if delimiter in ("\\t", "tab") else delimiter
        _check_characters(delimiter, quote_char, escape_char, quoting=quoting)
        if skip_lines < 0:
            raise UsageError(f"{skip_lines} is not a number of lines", where="--skip-lines")
        if max_classes < 1:
            raise UsageError(f"{max_classes} is not a number of classes", where="--max-classes")
        markers = missing.split(",") if isinstance(missing, str) and missing else missing
        return cls(
            label_column=None if label_column is None else str(label_column),
            classes=None if classes is None else _declared_classes(classes),
            input_format=input_format,
            rules=LabelRules(
                missing=frozenset(markers),
                strip=strip,
                casefold=casefold,
                names=None if names is None else _code_names(names),
                max_classes=max_classes,
            ),
            text=TextOptions(
                delimiter=delimiter,
                header=header,
                quote_char=quote_char,
                escape_char=escape_char,
                quoting=quoting,
                skip_lines=skip_lines,
                encoding=None if encoding is None else streams.check_encoding(encoding),
            ),
            given=MappingProxyType({key: _as_text(value) for key, value in given.items() if value}),
        )


def _as_text(value: object) -> str:
    return "yes" if value is True else str(value)


def _check_characters(
    delimiter: str | None, quote_char: str, escape_char: str | None, *, quoting: bool
) -> None:
    characters = {
        "--delimiter": delimiter,
        "--quote-char": quote_char,
        "--escape-char": escape_char,
    }
    for option, character in characters.items():
        if character is None:
            continue
        if len(character) != 1 or not (character == "\t" or " " <= character <= "~"):
            raise UsageError(
                f"{character!r} is not one printable ASCII character, or a tab",
                where=option,
                hint=f"{option} ';'" if option == "--delimiter" else None,
            )
    used = [c for c in (delimiter, quote_char if quoting else None, escape_char) if c is not None]
    if len(set(used)) < len(used):
        raise UsageError(
            "delimiter, quote and escape character must differ", where="--delimiter", details=()
        )
    if not quoting and quote_char != '"':
        raise UsageError("has no effect with --no-quoting", where="--quote-char")


def _declared_classes(classes: str | Sequence[str]) -> tuple[str, ...]:
    """Read `a,b,c`, or a file with a class a line or a JSON list."""
    if isinstance(classes, str):
        names = _lines_or_json(classes, "--classes") if _is_file(classes) else classes.split(",")
    else:
        names = [str(name) for name in classes]
    repeated = [name for name, times in Counter(names).items() if times > 1]
    if repeated:
        raise UsageError(
            "a class is declared twice", where="--classes", details=(f"twice: {quoted(repeated)}",)
        )
    if not names or "" in names:
        raise UsageError("an empty class name is declared", where="--classes")
    return tuple(names)


def _code_names(names: str | Mapping[str, str]) -> Mapping[str, str]:
    """Read a JSON object or list, lines of code and name, or a name a line from code 0."""
    if not isinstance(names, str):
        return MappingProxyType({str(code): str(name) for code, name in names.items()})
    content = _read_text(names, "--names")
    if content.lstrip().startswith(("{", "[")):
        data = _json(content, names)
        pairs: list[tuple[object, object]] = (
            list(data.items()) if isinstance(data, dict) else list(enumerate(data))
        )
    else:
        delimiter = "\t" if "\t" in content.partition("\n")[0] else ","
        rows = [row for row in csv.reader(_lines(content), delimiter=delimiter) if row]
        wide = all(len(row) > 1 for row in rows)
        pairs = [(row[0], row[1]) for row in rows] if wide else list(enumerate(r[0] for r in rows))
    found = {str(code): name for code, name in pairs if isinstance(name, str)}
    if len(found) < len(pairs):
        raise InputError("a code is named twice, or a name is not text", where=names)
    return MappingProxyType(found)


def _is_file(text: str) -> bool:
    return Path(text).suffix in (".txt", ".json", ".csv") or "/" in text or Path(text).is_file()


def _lines_or_json(path: str, option: str) -> list[str]:
    content = _read_text(path, option)
    if content.lstrip().startswith("["):
        return [str(name) for name in _json(content, path)]
    return _lines(content)


def _lines(content: str) -> list[str]:
    # Not str.splitlines: a label may hold a character that Unicode calls a line break.
    return [line for line in content.replace("\r\n", "\n").split("\n") if line]


def _json(content: str, path: str) -> dict[str, object] | list[object]:
    try:
        data: dict[str, object] | list[object] = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InputError(f"is not JSON: {error}", where=path) from None
    return data


def _read_text(path: str, option: str) -> str:
    with streams.open_file(path) as stream:
        try:
            return stream.read().decode("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{option} takes a UTF-8 text file: {error}", where=path) from None
