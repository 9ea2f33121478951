"""Labels of rows -> weights of rows, split by split; the numbers of the classes are given."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from wcetool.core.arrays import FloatArray, IntArray
from wcetool.core.row_weights import combined
from wcetool.core.vocabulary import Combine
from wcetool.data.dataset import Dataset, Wanted
from wcetool.data.formats.table import Column, ColumnKind, ReadLog
from wcetool.data.headers import HeaderDoubts, HeaderGuard
from wcetool.data.labels import LabelEncoder
from wcetool.data.options import LabelRules
from wcetool.data.source import Split
from wcetool.errors import InputError, quoted

Encoded = tuple[IntArray, Mapping[str, int]]
"""What `LabelEncoder.encode` returns."""


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """A label column, and what a row of each of its classes weighs.

    Attributes
    ----------
    column : Column
        As the first table has it.
    classes : tuple of str, shape (n_classes,)
        In order.
    by_class : float64 array of shape (n_classes + 1,)
        Weights; the last one is that of a row without a label, NaN where there must be none.
    """

    column: Column
    classes: tuple[str, ...]
    by_class: FloatArray


@dataclass(frozen=True, slots=True)
class RowWeights:
    """Weights of consecutive rows, and what the labels say of the header above them.

    Attributes
    ----------
    weight : float64 array of shape (n_rows,)
        In the order of the rows.
    doubts : tuple of HeaderDoubts
        One a head, with the last rows of a split; else none.
    """

    weight: FloatArray
    doubts: tuple[HeaderDoubts, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RowWeighing:
    """How the rows of a dataset are weighed.

    Attributes
    ----------
    dataset : Dataset
        The rows.
    heads : tuple of Head
        At least one.
    rules : LabelRules
        How text becomes a label.
    combine : Combine
        How the weights of several heads become one.
    """

    dataset: Dataset
    heads: tuple[Head, ...]
    rules: LabelRules
    combine: Combine = Combine.MEAN

    def wanted(self) -> list[Wanted]:
        """List the columns that are read."""
        return [Wanted(head.column, ColumnKind.LABEL) for head in self.heads]

    def blocks(self, split: Split, tick: Callable[[int, int], None]) -> Iterator[RowWeights]:
        """Weigh the rows of a split, in their order.

        Raises
        ------
        InputError
            If a label has no weight, or is missing where it must not be; names the row.
        """
        table, where = self.dataset.tables[split.index], split.file.path
        guards = [HeaderGuard(table, split.index, head.column) for head in self.heads]
        encoders = [
            LabelEncoder(head.classes, self.rules, guard)
            for head, guard in zip(self.heads, guards, strict=True)
        ]
        first_row = split.first_row + 1
        wanted = self.wanted()
        for batch in self.dataset.batches(split, wanted, lambda n: tick(n, 0), ReadLog()):
            pairs = zip(encoders, batch.columns, strict=True)
            encoded = [encoder.encode(column, where) for encoder, column in pairs]
            self._refuse_faults(encoded, where, first_row)
            # -1, of a missing label, is the last weight.
            parts: list[FloatArray] = [
                head.by_class.take(codes, mode="wrap")
                for head, (codes, _) in zip(self.heads, encoded, strict=True)
            ]
            yield RowWeights(combined(parts, self.combine) if len(parts) > 1 else parts[0])
            first_row += len(batch)
            tick(0, len(batch))
        yield RowWeights(np.empty(0), tuple(guard.doubts() for guard in guards))

    def check(self, doubts: tuple[HeaderDoubts, ...]) -> None:
        """Look back on all labels; see `HeaderDoubts`."""
        for head, found in zip(self.heads, doubts, strict=False):
            found.check(self.dataset.tables, head.column)

    def _refuse_faults(self, encoded: Sequence[Encoded], where: str, first_row: int) -> None:
        """Name the first row without a weight, if there is one."""
        faults = [
            (row, place, label)
            for place, (head, one) in enumerate(zip(self.heads, encoded, strict=True))
            for row, label in _faults(head, *one)
        ]
        if not faults:
            return
        row, place, label = min(faults, key=lambda fault: fault[:2])
        head = self.heads[place]
        details = [f"column: {quoted([head.column.name])}"] if len(self.heads) > 1 else []
        if label is not None:
            details.append(f"classes: {quoted(head.classes)}")
        raise InputError(
            "the label is missing" if label is None else f"label {quoted([label])} has no weight",
            where=f"{where}: row {first_row + row:,}",
            details=details,
            hint="--missing-weight zero, or one, for rows without a label"
            if label is None
            else None,
        )


def _faults(
    head: Head, codes: IntArray, unknown: Mapping[str, int]
) -> Iterator[tuple[int, str | None]]:
    """Yield the first rows without a weight, from 0, with the label that has none, or None."""
    for label, row in unknown.items():
        yield row, label
    if np.isnan(head.by_class[-1]):
        lacking = np.flatnonzero(codes < 0)
        if len(lacking) and int(lacking[0]) not in unknown.values():
            yield int(lacking[0]), None
