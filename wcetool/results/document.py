"""The parts that all results share: inputs, signature, strict JSON, frames."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from wcetool import __version__

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class InputRows:
    """An input and how much of it was read.

    Attributes
    ----------
    path : str
        As the user named it; ``-`` for standard input.
    rows : int
        Rows, those with a missing label included.
    blank_lines : int or None
        Blank lines that are no rows; None where they could not be counted.
    bad_rows : int
        Rows that were left out, having the wrong number of fields.
    first_bad : tuple of str
        What there is to say of the first of them.
    """

    path: str
    rows: int
    blank_lines: int | None = 0
    bad_rows: int = 0
    first_bad: tuple[str, ...] = ()

    def to_dict(self) -> Row:
        """Return the JSON form; blank lines and bad rows stand in it only where there are any."""
        extra: Row = {} if self.blank_lines == 0 else {"blank_lines": self.blank_lines}
        if self.bad_rows:
            extra["bad_rows"] = self.bad_rows
        return {"path": self.path, "rows": self.rows, **extra}


class Result(Protocol):
    """What a command shows."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What was decided without being asked for."""
        ...

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the user should know before relying on the numbers."""
        ...

    @property
    def signature(self) -> str:
        """How the numbers came about, in one line that can be parsed."""
        ...

    def class_rows(self) -> list[Row]:
        """Return one row per class, or per scheme of the catalog; NaN and infinity kept."""
        ...

    def to_dict(self) -> Row:
        """Return the document of the JSON contract, NaN and infinity kept."""
        ...


def signature(kind: str, fields: Mapping[str, object]) -> str:
    """Write a signature: `kind|key:value|...|v:version`.

    `%` and `|`, and all that does not print, are percent-encoded; a key ends at its first colon.
    """
    parts = [kind, *(f"{key}:{value}" for key, value in fields.items()), f"v:{__version__}"]
    return "|".join("".join(map(_signature_character, part)) for part in parts)


def parse_signature(text: str) -> dict[str, str]:
    """Read a signature back; the kind stands under ``kind``.

    Examples
    --------
    >>> parse_signature("weights|scheme:power:alpha=0.5|v:0.1.0")
    {'kind': 'weights', 'scheme': 'power:alpha=0.5', 'v': '0.1.0'}
    """
    kind, *parts = text.split("|")
    pairs = (part.partition(":") for part in parts)
    return {"kind": kind} | {key: _unpercent(value) for key, _, value in pairs}


def _signature_character(character: str) -> str:
    if character.isprintable() and character not in "%|":
        return character
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))


def _unpercent(text: str) -> str:
    from urllib.parse import unquote

    return unquote(text, errors="surrogatepass")


def to_json(document: Mapping[str, Any]) -> str:
    """Write a document as strict JSON, one key a line and one class a line.

    Infinite numbers become ``"inf"`` and ``"-inf"``, NaN null. What a terminal could take for a
    command is escaped, so that the text is harmless wherever it is shown.
    """
    body = ",\n".join(
        f"  {json.dumps(key)}: {_value_text(value)}" for key, value in document.items()
    )
    return f"{{\n{body}\n}}\n"


def _value_text(value: object) -> str:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        rows = ",\n".join(f"    {_one_line(row)}" for row in value)
        return f"[\n{rows}\n  ]"
    return _one_line(value)


def _one_line(value: object) -> str:
    text = json.dumps(_strict(value), ensure_ascii=False, allow_nan=False)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)


def _strict(value: Any) -> Any:
    """Replace what JSON has no word for."""
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else "inf" if value > 0 else "-inf"
    if isinstance(value, dict):
        return {key: _strict(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_strict(item) for item in value]
    return value


def to_csv(rows: Sequence[Row]) -> str:
    """Write rows as CSV; undefined numbers are empty, infinite ones ``inf`` and ``-inf``.

    Labels stand as they are, also where a spreadsheet would see a formula: the file is data, and
    reads back to the same text.
    """
    plain = [{key: _csv_value(value) for key, value in row.items()} for row in rows]
    # The csv module quotes the characters of its line end, of which a lone \r is none.
    bare_return = any("\r" in key for key in rows[0]) or any(
        "\r" in value for row in plain for value in row.values() if type(value) is str
    )
    text = io.StringIO()
    writer = csv.DictWriter(
        text,
        list(rows[0]),
        lineterminator="\n",
        quoting=csv.QUOTE_NONNUMERIC if bare_return else csv.QUOTE_MINIMAL,
    )
    writer.writeheader()
    writer.writerows(plain)
    return text.getvalue()


def _csv_value(value: Any) -> Any:
    return "" if value is None or (isinstance(value, float) and math.isnan(value)) else value


def to_frame(rows: Sequence[Row]) -> pd.DataFrame:
    """Return rows as a pandas frame, undefined numbers as NaN."""
    import pandas as pd

    frame = pd.DataFrame(rows)
    for column in frame.columns:
        if column not in ("label", "column", "model") and frame[column].dtype == object:
            frame[column] = pd.to_numeric(frame[column])
    return frame


def undefined_inputs(name: str, inputs: Iterable[InputRows]) -> dict[str, str]:
    """Say which numbers of the inputs are None, and why; `name` is their key in the document."""
    if all(one.blank_lines is not None for one in inputs):
        return {}
    return {f"{name}.blank_lines": "not counted in a stream with quotes, which is read once"}
