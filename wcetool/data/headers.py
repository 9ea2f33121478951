"""A first row that was taken for a header and may be data.

A header that recurs as a value of its column, or an integer above nothing but integers, is refused
unless the user said that there is a header.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from wcetool.core.distribution import is_integer
from wcetool.data.formats.table import Column, Table
from wcetool.errors import InputError, short_repr


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
        assumed = dialect is not None and dialect.header and not dialect.header_given
        self._header = column.name if assumed else None
        self._is_integer = assumed and is_integer(column.name)
        self._table = table
        self._index = index
        self._seen = self._cleared = False

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
            if text == self._header:
                header = short_repr(self._header)
                raise _doubt(f"the header {header} recurs as a value", self._table)
            if text and self._is_integer:
                self._seen = True
                self._cleared = self._cleared or not is_integer(text)

    def doubts(self) -> HeaderDoubts:
        """Return what was seen."""
        here = frozenset((self._index,))
        return HeaderDoubts(
            here if self._seen else frozenset(), here if self._cleared else frozenset()
        )


def _doubt(message: str, table: Table) -> InputError:
    return InputError(
        f"{message}: is the first row a header?",
        where=table.file.path,
        hint="--no-header if it is data, --header if it is not",
    )
