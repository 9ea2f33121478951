"""Rows with any number of labels -> weights of rows, by the set of their labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from wcetool.core.arrays import BoolArray, FloatArray
from wcetool.core.label_counts import Indicator
from wcetool.core.label_sets import LabelSets
from wcetool.core.vocabulary import MissingWeight, Uncertain
from wcetool.data.dataset import Dataset, Wanted
from wcetool.data.formats.table import Column, ColumnKind, ReadLog
from wcetool.data.headers import HeaderDoubts, HeaderGuard
from wcetool.data.indicators import IndicatorReader
from wcetool.data.labels import Distinct
from wcetool.data.options import LabelRules
from wcetool.data.row_weights import RowWeights
from wcetool.data.source import Split
from wcetool.data.targets import cell_labels
from wcetool.errors import InputError, quoted

_OF_MISSING = {MissingWeight.ZERO: 0.0, MissingWeight.ONE: 1.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelRowWeighing:
    """How the rows of a dataset are weighed.

    Attributes
    ----------
    dataset : Dataset
        The rows.
    columns : tuple of Column
        One a label, in the order of the labels; a single one where labels stand in cells.
    labels : tuple of str
        The labels.
    separator : str or None
        Stands between the labels of a cell; None for a column a label.
    uncertain : Uncertain
        What -1 in a column of a label counts as.
    rules : LabelRules
        How text becomes a label.
    weigh : callable
        From sets of labels to float64 of shape (n_sets,) or (n_sets, n_labels).
    missing : MissingWeight
        What a row weighs of which nothing is known.
    """

    dataset: Dataset
    columns: tuple[Column, ...]
    labels: tuple[str, ...]
    separator: str | None
    uncertain: Uncertain
    rules: LabelRules
    weigh: Callable[[LabelSets], FloatArray]
    missing: MissingWeight

    def wanted(self) -> list[Wanted]:
        """List the columns that are read."""
        return [Wanted(column, ColumnKind.LABEL) for column in self.columns]

    def blocks(self, split: Split, tick: Callable[[int, int], None]) -> Iterator[RowWeights]:
        """Weigh the rows of a split, in their order.

        Raises
        ------
        InputError
            If nothing is known of a row, where that must not be, or a label is not one of those
            that were counted; names the row.
        """
        where, first_row = split.file.path, split.first_row + 1
        guards = [
            HeaderGuard(self.dataset.tables[split.index], split.index, column)
            for column in (self.columns if self.separator is not None else ())
        ]
        names = [column.name for column in self.columns]
        reader = IndicatorReader(names, self.rules, self.uncertain, where)
        wanted = self.wanted()
        for batch in self.dataset.batches(split, wanted, lambda n: tick(n, 0), ReadLog()):
            if self.separator is None:
                weight, unknown = self._of_columns(reader.read(batch.columns, first_row))
            else:
                weight, unknown = self._of_cells(batch.column(0), guards[0], where)
            yield RowWeights(self._with_missing(weight, unknown, where, first_row))
            first_row += len(batch)
            tick(0, len(batch))
        yield RowWeights(np.empty(0), tuple(guard.doubts() for guard in guards))

    def check(self, doubts: tuple[HeaderDoubts, ...]) -> None:
        """Look back on all labels; see `HeaderDoubts`."""
        for column, found in zip(self.columns, doubts, strict=False):
            found.check(self.dataset.tables, column)

    def _of_columns(self, indicators: Sequence[Indicator]) -> tuple[FloatArray, BoolArray]:
        holds = np.stack([one.holds for one in indicators], axis=1)
        unknown = np.ones(len(holds), dtype=np.bool_)
        for one in indicators:
            unknown &= np.zeros(len(holds), np.bool_) if one.unknown is None else one.unknown
        size = np.count_nonzero(holds, axis=1)
        sets = LabelSets(
            np.concatenate([[0], np.cumsum(size)]), np.nonzero(holds)[1], np.ones_like(size)
        )
        return self.weigh(sets), unknown

    def _of_cells(
        self, column: pa.Array, guard: HeaderGuard, where: str
    ) -> tuple[FloatArray, BoolArray]:
        distinct = Distinct(column, where)
        guard.see(distinct.texts)
        index = {label: place for place, label in enumerate(self.labels)}
        found = [cell_labels(text, self.separator or "", self.rules) for text in distinct.texts]
        known = [sorted({index[label] for label in one or ()}) for one in found]
        size = np.array([len(one) for one in known], dtype=np.int64)
        sets = LabelSets(
            np.concatenate([[0], np.cumsum(size)]).astype(np.int64),
            np.array([place for one in known for place in one], dtype=np.int64),
            np.ones_like(size),
        )
        by_text = self.weigh(sets) if known else np.ones(0)
        # The last one, of a null, is unknown.
        unknown = np.array([one is None for one in found] + [True])
        by_text = np.concatenate([by_text, np.ones((1, *by_text.shape[1:]))])
        codes = distinct.codes
        return by_text.take(codes, axis=0, mode="wrap"), unknown.take(codes, mode="wrap")

    def _with_missing(
        self, weight: FloatArray, unknown: BoolArray, where: str, first_row: int
    ) -> FloatArray:
        if not unknown.any():
            return weight
        if self.missing is MissingWeight.ERROR:
            row = first_row + int(np.flatnonzero(unknown)[0])
            raise InputError(
                "nothing is known of its labels",
                where=f"{where}: row {row:,}",
                details=(f"columns: {quoted(column.name for column in self.columns)}",),
                hint="--missing-weight zero, or one, for such rows",
            )
        weight[unknown] = _OF_MISSING[self.missing]
        return weight
