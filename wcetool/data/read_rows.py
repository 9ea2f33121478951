"""What was read of each input: rows, blank lines, doubts about the header; a mergeable state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wcetool.data.dataset import Dataset
from wcetool.data.formats.table import BadRow, ReadLog
from wcetool.data.headers import HeaderDoubts
from wcetool.data.source import Split
from wcetool.errors import counted, short_repr
from wcetool.results.document import InputRows


@dataclass(frozen=True, slots=True)
class ReadRows:
    """Rows and what was noticed beside them, by the number of the input; add to merge.

    Attributes
    ----------
    rows : Counter of int
        Rows.
    blank_lines : Counter of int
        Blank lines that are no rows.
    uncounted : frozenset of int
        Inputs whose blank lines could not be counted.
    bad_rows : Counter of int
        Rows that were left out, having the wrong number of fields.
    first_bad : mapping of int to str
        What there is to say of the first of them.
    doubts : HeaderDoubts
        What the labels say of the header above them.
    left_out : Counter of (int, str)
        What else is no row, by the number of the input and in words.
    """

    rows: Counter[int] = field(default_factory=Counter)
    blank_lines: Counter[int] = field(default_factory=Counter)
    uncounted: frozenset[int] = frozenset()
    bad_rows: Counter[int] = field(default_factory=Counter)
    first_bad: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    doubts: HeaderDoubts = field(default_factory=HeaderDoubts)
    left_out: Counter[tuple[int, str]] = field(default_factory=Counter)

    @classmethod
    def of(cls, split: Split, n_rows: int, log: ReadLog, doubts: HeaderDoubts) -> ReadRows:
        """Return what reading one split showed."""
        return cls(
            Counter({split.index: n_rows}),
            Counter({split.index: log.blank_lines or 0}),
            frozenset({split.index} if log.blank_lines is None else ()),
            Counter({split.index: log.bad_rows}),
            {split.index: tuple(map(_said_of, log.first_bad))} if log.first_bad else {},
            doubts,
            Counter({(split.index, what): n for what, n in log.left_out.items()}),
        )

    def __add__(self, other: ReadRows) -> ReadRows:
        return ReadRows(
            self.rows + other.rows,
            self.blank_lines + other.blank_lines,
            self.uncounted | other.uncounted,
            self.bad_rows + other.bad_rows,
            {**self.first_bad, **other.first_bad},
            self.doubts + other.doubts,
            self.left_out + other.left_out,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the state in the form that JSON keeps exactly."""
        return {
            "rows": sorted(self.rows.items()),
            "blank_lines": sorted(self.blank_lines.items()),
            "uncounted": sorted(self.uncounted),
            "bad_rows": sorted(self.bad_rows.items()),
            "first_bad": sorted((index, list(said)) for index, said in self.first_bad.items()),
            "doubts": self.doubts.to_dict(),
            "left_out": [[index, what, n] for (index, what), n in sorted(self.left_out.items())],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ReadRows:
        """Restore what `to_dict` returned."""
        return cls(
            Counter(dict(data["rows"])),
            Counter(dict(data["blank_lines"])),
            frozenset(data["uncounted"]),
            Counter(dict(data["bad_rows"])),
            {index: tuple(said) for index, said in data["first_bad"]},
            HeaderDoubts.from_dict(data["doubts"]),
            Counter({(index, what): n for index, what, n in data["left_out"]}),
        )

    @property
    def total(self) -> int:
        """Rows of all inputs."""
        return self.rows.total()

    def by_input(self, dataset: Dataset) -> tuple[InputRows, ...]:
        """Return the rows of each input of a dataset, in order."""
        return tuple(
            InputRows(
                table.file.path,
                self.rows[index],
                None if index in self.uncounted else self.blank_lines[index],
                self.bad_rows[index],
                self.first_bad.get(index, ()),
            )
            for index, table in enumerate(dataset.tables)
        )

    def notes(self, dataset: Dataset) -> list[str]:
        """Say what of the inputs is no row."""
        return [
            f"{dataset.tables[index].file.path}: {counted(n, what)} left out"
            for (index, what), n in sorted(self.left_out.items())
        ]


def _said_of(row: BadRow) -> str:
    return f"row {row.number:,} has {counted(row.fields, 'field')}: {short_repr(row.text)}"
