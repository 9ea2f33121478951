"""What a user may say about how files are read, checked once and passed on as one value."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypedDict

from wcetool.data import side_files, streams
from wcetool.errors import InputError, UsageError, listed, quoted, short_repr

MAX_CLASSES = 1_000_000
CLASS_CHARACTERS = 256  # of a label, on average, where there are as many classes as allowed
ROW_MB, MOST_ROW_MB = 2, 1024  # of a row of text; pyarrow takes no block of 2 GB
SIGNED_CHARACTERS = 200  # of a list that a signature repeats
_BIO = re.compile(r"[BIESLUM]-.", re.DOTALL)
_NUMBERED_LINE = re.compile(r"\s*[0-9]+\s*[:; ]\s*\S")


class ReadingKeywords(TypedDict, total=False):
    """Keywords of every public function that reads data: the options of the command line.

    None is the default of each. `defaults` names options (`label-column`) whose values are general
    defaults of the caller: where one has no effect it is left out, and not refused.
    """

    label_column: str | int | Sequence[str] | None
    classes: str | Sequence[str] | None
    names: str | Mapping[str, str] | Sequence[str] | None
    missing: str | Sequence[str] | None
    strip: bool | None
    casefold: bool | None
    merge_bio: bool | None
    input_format: str | None
    delimiter: str | None
    header: bool | None
    quote_char: str | None
    escape_char: str | None
    quoting: bool | None
    skip_lines: int | None
    comment: str | None
    encoding: str | None
    max_row: int | None
    decimal: str | None
    bad_rows: str | None
    max_classes: int | None
    member: str | None
    defaults: Collection[str]


@dataclass(frozen=True, slots=True)
class LabelRules:
    """How the text of a field becomes a label.

    In this order: `strip` takes white space off both ends, an empty text or a marker is missing,
    `names` replaces codes by names, `merge_bio` takes the prefix off tags of tokens (`B-PER` is
    `PER`), `casefold` folds the case.
    """

    missing: frozenset[str] = frozenset()
    strip: bool = False
    casefold: bool = False
    merge_bio: bool = False
    names: Mapping[str, str] | None = None
    max_classes: int = MAX_CLASSES

    @property
    def max_characters(self) -> int:
        """How many characters all distinct labels together may have."""
        return CLASS_CHARACTERS * max(self.max_classes, MAX_CLASSES)

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
        if self.merge_bio:
            text = without_bio(text)
        return text.casefold() if self.casefold else text

    def whole(self, text: str | None) -> str | None:
        """Return the text of a cell, None where the whole of it is missing."""
        if text is None or not (text.strip() if self.strip else text) or text in self.missing:
            return None
        return text

    def class_names(self, texts: Iterable[str]) -> tuple[str, ...]:
        """Return the classes that names written by hand mean: `strip` and `casefold` hold for them.

        Raises
        ------
        InputError
            If two of them become one.
        """
        before = tuple(texts)
        after = tuple(self._class_name(text) for text in before)
        if len(set(after)) < len(set(before)):
            twins = [old for old, new in zip(before, after, strict=True) if after.count(new) > 1]
            raise InputError(f"class names become one by --strip or --casefold: {quoted(twins)}")
        return after

    def column_classes(self, texts: Iterable[str]) -> tuple[str, ...]:
        """Return the classes that parts of column names mean: codes, if all of them are codes."""
        before = tuple(texts)
        if self.names is not None and self.names.keys() >= set(before):
            before = tuple(self.names[text] for text in before)
        return tuple(map(self._class_name, before))

    def _class_name(self, text: str) -> str:
        stripped = text.strip() if self.strip else text
        return stripped.casefold() if self.casefold else stripped


@dataclass(frozen=True, slots=True)
class TextOptions:
    """The dialect of a text file, as far as the user says; None where the file decides.

    `max_row` is how many bytes a row may have.
    """

    delimiter: str | None = None
    header: bool | None = None
    quote_char: str = '"'
    quote_given: bool = False
    escape_char: str | None = None
    quoting: bool = True
    skip_lines: int = 0
    comment: str | None = None
    encoding: str | None = None
    max_row: int = ROW_MB << 20
    decimal: str | None = None
    bad_rows: str = "error"


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """Everything about reading that a user may say, checked.

    Attributes
    ----------
    label_column : str, tuple of str, or None
        Name, or number counted from 1; or several columns, a label each.
    classes : tuple of str or None
        The declared classes, in order.
    member : str or None
        The part of an archive to read: a file, a sheet, an array.
    given : mapping of str to str
        The options that were given, as text: what a signature and a report must repeat.
    defaults : frozenset of str
        Options that are no wish of this call; see `ReadingKeywords`.
    notes : tuple of str
        What was decided while the options were read.
    """

    label_column: str | tuple[str, ...] | None = None
    classes: tuple[str, ...] | None = None
    input_format: str | None = None
    member: str | None = None
    rules: LabelRules = field(default_factory=LabelRules)
    text: TextOptions = field(default_factory=TextOptions)
    given: Mapping[str, str] = field(default_factory=dict)
    defaults: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()

    def without(self, idle: Collection[str], reason: str) -> ReadingOptions:
        """Leave out options that have no effect on the inputs.

        Raises
        ------
        UsageError
            If the caller gave one of them for this call.
        """
        for option in self.given:
            if option in idle:
                refuse_idle(option, reason, self.defaults)
        given = {option: value for option, value in self.given.items() if option not in idle}
        return replace(self, given=given)

    def refuse_skipped_rows(self, reason: str) -> None:
        """Refuse to leave out bad rows where rows go with others by their order.

        Raises
        ------
        UsageError
            If the user wants them left out.
        """
        if "bad-rows" in self.given:
            raise UsageError(
                f"rows that are left out would shift all below them: {reason}",
                where="--bad-rows",
                hint="--bad-rows error",
            )

    @classmethod
    def of(
        cls,
        *,
        label_column: str | int | Sequence[str] | None = None,
        classes: str | Sequence[str] | None = None,
        names: str | Mapping[str, str] | Sequence[str] | None = None,
        missing: str | Sequence[str] | None = None,
        strip: bool | None = None,
        casefold: bool | None = None,
        merge_bio: bool | None = None,
        input_format: str | None = None,
        delimiter: str | None = None,
        header: bool | None = None,
        quote_char: str | None = None,
        escape_char: str | None = None,
        quoting: bool | None = None,
        skip_lines: int | None = None,
        comment: str | None = None,
        encoding: str | None = None,
        max_row: int | None = None,
        decimal: str | None = None,
        bad_rows: str | None = None,
        max_classes: int | None = None,
        member: str | None = None,
        defaults: Collection[str] = (),
    ) -> ReadingOptions:
        """Check the keywords of a public function, or the options of a command.

        Raises
        ------
        UsageError
            If a value is wrong, or two contradict each other.
        InputError
            If the file of `classes` or `names` cannot be read.
        """
        code_names, notes = (None, ()) if names is None else _code_names(names)
        declared = None if classes is None else _declared_classes(classes)
        column = _label_column(label_column)
        given = {
            "label-column": signed(column) if isinstance(column, tuple) else column,
            "declared": None if declared is None else signed(declared),
            "names": None
            if code_names is None
            else signed([f"{code}={name}" for code, name in code_names.items()]),
            "missing": None if missing is None else _listed(missing),
            "strip": strip,
            "casefold": casefold,
            "merge-bio": merge_bio,
            "input-format": input_format,
            "member": member,
            "delimiter": delimiter,
            "header": None if header is None else "yes" if header else "no",
            "quote-char": quote_char,
            "escape-char": escape_char,
            "no-quoting": quoting is False,
            "skip-lines": skip_lines,
            "comment": comment,
            "encoding": encoding,
            "max-row": max_row,
            "decimal": decimal,
            "bad-rows": None if bad_rows == "error" else bad_rows,
        }
        text = TextOptions(
            delimiter="\t" if delimiter in ("\\t", "tab") else delimiter,
            header=header,
            quote_char='"' if quote_char is None else quote_char,
            quote_given=quote_char is not None,
            escape_char=escape_char,
            quoting=quoting is not False,
            skip_lines=skip_lines or 0,
            comment=comment,
            encoding=None if encoding is None else streams.check_encoding(encoding),
            max_row=_row_bytes(max_row),
            decimal=decimal,
            bad_rows=bad_rows or "error",
        )
        _check_text(text, [key for key, value in given.items() if value])
        if max_classes is None:
            max_classes = MAX_CLASSES
        if max_classes < 1:
            raise UsageError(f"{max_classes} is not a number of classes", where="--max-classes")
        markers = missing.split(",") if isinstance(missing, str) and missing else missing or ()
        rules = LabelRules(
            missing=frozenset(markers),
            strip=bool(strip),
            casefold=bool(casefold),
            merge_bio=bool(merge_bio),
            names=code_names,
            max_classes=max_classes,
        )
        return cls(
            label_column=column,
            classes=None if declared is None else rules.class_names(declared),
            input_format=input_format,
            member=member,
            rules=rules,
            text=text,
            given={key: _as_text(value) for key, value in given.items() if value},
            defaults=frozenset(defaults),
            notes=notes,
        )


def without_bio(tag: str) -> str:
    """Take the prefix of BIO and its kin off a tag: the place of a token in an entity.

    Examples
    --------
    >>> [without_bio(tag) for tag in ("B-PER", "I-PER", "O", "B-", "I")]
    ['PER', 'PER', 'O', 'B-', 'I']
    """
    return tag[2:] if _BIO.match(tag) else tag


def number(value: Any, where: str) -> float:
    """Return a number that Python code gave.

    Raises
    ------
    UsageError
        If it is none.
    """
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise UsageError(f"{value!r:.80} is not a number", where=where) from None


def refuse_idle(option: str, reason: str, defaults: Collection[str]) -> None:
    """Refuse an option that changes nothing, unless it is a general default.

    Raises
    ------
    UsageError
        An option without effect is a mistake of the caller.
    """
    if option not in defaults:
        raise UsageError(f"has no effect: {reason}", where=f"--{option}")


def _label_column(given: str | int | Sequence[str] | None) -> str | tuple[str, ...] | None:
    if given is None or isinstance(given, str):
        return given
    names = (str(given),) if isinstance(given, int) else tuple(map(str, given))
    if not names:
        raise UsageError("no column is named", where="--label-column")
    return names if len(names) > 1 else names[0]


def _listed(values: str | Sequence[str]) -> str:
    return values if isinstance(values, str) else ",".join(map(str, values))


def signed(texts: Sequence[str]) -> str:
    """Write texts as a signature repeats them: a list, or the hash of one that is long."""
    joined = ",".join(texts)
    if len(joined) <= SIGNED_CHARACTERS and not any("," in text for text in texts):
        return joined
    data = json.dumps(list(texts), ensure_ascii=False).encode("utf-8", "surrogatepass")
    return f"sha256:{hashlib.sha256(data).hexdigest()[:16]}"


def _as_text(value: object) -> str:
    return "yes" if value is True else str(value)


def _row_bytes(megabytes: int | None) -> int:
    if megabytes is None:
        megabytes = ROW_MB
    if not 1 <= megabytes <= MOST_ROW_MB:
        raise UsageError(
            f"{megabytes!r} is not a number of MB from 1 to {MOST_ROW_MB:,}",
            where="--max-row",
            hint="--max-row 64",
        )
    return megabytes << 20


def _check_text(text: TextOptions, given: Collection[str]) -> None:
    characters = {
        "--delimiter": text.delimiter,
        "--quote-char": text.quote_char,
        "--escape-char": text.escape_char,
        "--comment": text.comment,
        "--decimal": text.decimal,
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
    if not text.quoting:
        if text.quote_char != '"':
            raise UsageError("has no effect with --no-quoting", where="--quote-char")
        del characters["--quote-char"]
    refuse_twin_characters(characters, given)
    if text.decimal not in (None, ".", ","):
        raise UsageError(
            f"{text.decimal!r} is neither a point nor a comma",
            where="--decimal",
            hint="--decimal ,",
        )
    if text.bad_rows not in ("error", "skip"):
        raise UsageError(
            f"{text.bad_rows!r} is not one of error, skip",
            where="--bad-rows",
            hint="--bad-rows skip",
        )
    if text.skip_lines < 0:
        raise UsageError(f"{text.skip_lines} is not a number of lines", where="--skip-lines")


def refuse_twin_characters(characters: Mapping[str, str | None], given: Collection[str]) -> None:
    """Refuse a dialect in which one character means two things.

    Parameters
    ----------
    characters : mapping of str to str or None
        By option.
    given : collection of str
        The options, without dashes, that the user gave: one of them is to blame.
    """
    for option, character in characters.items():
        twins = [
            other for other, same in characters.items() if same is not None and same == character
        ]
        if len(twins) > 1 and option[2:] in given:
            others = listed(other for other in twins if other != option)
            raise UsageError(f"{character!r} is also that of {others}", where=option)


def _declared_classes(classes: str | Sequence[str]) -> tuple[str, ...]:
    """Read `a,b,c`, or a file with a class a line or a JSON list."""
    if isinstance(classes, str):
        is_file = names_file(classes)
        names = _lines_or_json(classes, "--classes") if is_file else classes.split(",")
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


def _code_names(
    names: str | Mapping[str, str] | Sequence[str],
) -> tuple[Mapping[str, str], tuple[str, ...]]:
    """Read a JSON object or list, lines of code and name, or a name a line from code 0.

    Returns
    -------
    names : mapping of str to str
        The name of each code.
    notes : tuple of str
        What of a file was passed over.
    """
    notes: tuple[str, ...] = ()
    if not isinstance(names, str):
        pairs_given = names.items() if isinstance(names, Mapping) else enumerate(names)
        return {str(code): str(name) for code, name in pairs_given}, notes
    content = _read_text(names, "--names")
    if content.lstrip().startswith(("{", "[")):
        data = _json(content, names)
        pairs: list[tuple[object, object]] = (
            list(data.items()) if isinstance(data, dict) else list(enumerate(data))
        )
    else:
        delimiter = "\t" if "\t" in content.partition("\n")[0] else ","
        try:
            rows = [row for row in csv.reader(_lines(content), delimiter=delimiter) if row]
        except csv.Error as error:
            raise InputError(f"is not lines of code and name: {error}", where=names) from None
        wide = all(len(row) > 1 for row in rows)
        if not wide and all(_NUMBERED_LINE.match(row[0]) for row in rows):
            raise InputError(
                "has lines of code and name that no comma or tab separates",
                where=names,
                details=(f"first line: {short_repr(rows[0][0])}",),
            )
        pairs = [(row[0], row[1]) for row in rows] if wide else list(enumerate(r[0] for r in rows))
        idle = next((row for row in rows if any(row[2:])), None)
        if idle is not None:
            where = f"{names}: names are the second field of each line"
            notes = (f"{where}; the fields behind it, such as {quoted(idle[2:3])}, are not used",)
    found = {str(code): name for code, name in pairs if isinstance(name, str)}
    if len(found) < len(pairs):
        raise InputError("a code is named twice, or a name is not text", where=names)
    return found, notes


def names_file(text: str) -> bool:
    """Tell whether `a,b,c` or `classes.txt` is a file: one that exists, or no list and a path."""
    if os.path.isfile(text):
        return True
    return "," not in text and ("/" in text or Path(text).suffix in (".txt", ".json", ".csv"))


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
        data: dict[str, object] | list[object] = json.loads(
            content, object_pairs_hook=lambda pairs: without_twins(pairs, path)
        )
    except (ValueError, RecursionError) as error:
        raise InputError(f"is not JSON: {error}", where=path) from None
    return data


def without_twins(pairs: list[tuple[str, object]], path: str) -> dict[str, object]:
    """Return the members of a JSON object, each key once.

    Raises
    ------
    InputError
        If a key is there twice.
    """
    twins = [key for key, times in Counter(key for key, _ in pairs).items() if times > 1]
    if twins:
        raise InputError(f"a key is there twice: {quoted(twins)}", where=path)
    return dict(pairs)


def _read_text(path: str, option: str) -> str:
    if not path:
        raise UsageError("no file is named", where=option)
    try:
        return side_files.read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{option} takes a UTF-8 text file: {error}", where=path) from None
