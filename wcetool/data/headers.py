"""A first row that was taken for a header and may be data.

A header that recurs as a value of its column, one of whose parts does (`4,27` above `4`), or an
integer above nothing but integers, is refused unless the user said that there is a header. A whole
line that repeats it is refused in any case: it begins a second table.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from wcetool.core.distribution import is_integer
from wcetool.data.formats.table import Column, Table
from wcetool.data.formats.text_reading import line_like_header
from wcetool.errors import InputError, quoted, short_repr

_BETWEEN = re.compile(r"[,;|]")  # several labels in a cell


@dataclass(frozen=True, slots=True)
class HeaderDoubts:
    """What the labels below assumed headers look like, by the number of the input; add to merge.

    Attributes
    ----------
    integers : frozenset of int
        Inputs with an integer for a header and at least one label.
    cleared : frozenset of int
        Inputs with a label that is no integer.
    """

    integers: frozenset[int] = frozenset()
    cleared: frozenset[int] = frozenset()

    def __add__(self, other: HeaderDoubts) -> HeaderDoubts:
        return HeaderDoubts(self.integers | other.integers, self.cleared | other.cleared)

    def to_dict(self) -> dict[str, list[int]]:
        """Return the state in the form that JSON keeps exactly."""
        return {"integers": sorted(self.integers), "cleared": sorted(self.cleared)}

    @classmethod
    def from_dict(cls, data: dict[str, list[int]]) -> HeaderDoubts:
        """Restore what `to_dict` returned."""
        return cls(frozenset(data["integers"]), frozenset(data["cleared"]))

    def check(self, tables: Iterable[Table], column: Column) -> None:
        """Look back on all labels.

        Raises
        ------
        InputError
            If the header of an input is an integer and so was every label.
        """
        for index, table in enumerate(tables):
            if index in self.integers - self.cleared:
                header = short_repr(column.name)
                raise _doubt(f"the header {header} is a number, as are all values", table)


class HeaderGuard:
    """Watch the labels of one split."""

    def __init__(self, table: Table, index: int, column: Column) -> None:
        dialect = table.dialect
        self._header = column.name if dialect is not None and dialect.header else None
        self._assumed = dialect is not None and dialect.header and not dialect.header_given
        self._is_integer = self._assumed and _all_integers(column.name)
        parts = [part.strip() for part in _BETWEEN.split(column.name)]
        self._parts = frozenset(parts) - {""} if self._assumed and len(parts) > 1 else frozenset()
        self._table = table
        self._index = index
        self._seen = self._cleared = self._may_recur = False

    def see(self, texts: Iterable[str | None]) -> None:
        """Look at labels as they are written.

        Raises
        ------
        InputError
            If the header recurs.
        """
        if self._header is None:
            return
        for text in texts:
            if text == self._header and not self._may_recur:
                self._refuse_repeated()
            if text and self._is_integer:
                self._seen = True
                self._cleared = self._cleared or not _all_integers(text)
            if text in self._parts:
                header = short_repr(self._header)
                raise _doubt(f"a part of the header {header} recurs as a value", self._table)

    def _refuse_repeated(self) -> None:
        """Refuse a header that recurs: in a cell if it was assumed, as a whole line of names."""
        table = self._table
        several = len(table.columns) > 1 and not all(map(is_integer, table.names))
        line = line_like_header(table) if several else None
        if line is not None:
            raise InputError(
                f"line {line:,} repeats the first row: are there several tables in the file?",
                where=table.file.path,
                details=(f"first row: {quoted(table.names)}",),
                hint="one header, at the top; --skip-lines 1 --no-header if such lines are data",
            )
        if self._assumed:
            header = short_repr(self._header or "")
            raise _doubt(f"the header {header} recurs as a value", table)
        self._may_recur = True

    def doubts(self) -> HeaderDoubts:
        """Return what was seen."""
        here = frozenset((self._index,))
        return HeaderDoubts(
            here if self._seen else frozenset(), here if self._cleared else frozenset()
        )


def _all_integers(text: str) -> bool:
    """Tell whether a text is an integer, or several in one cell."""
    return all(is_integer(part.strip()) for part in _BETWEEN.split(text))


def _doubt(message: str, table: Table) -> InputError:
    return InputError(
        f"{message}: is the first row a header?",
        where=table.file.path,
        hint="--no-header if it is data, --header if it is not",
    )
