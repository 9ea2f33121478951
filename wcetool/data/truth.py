"""Where the true class of each row comes from: a column beside the scores, or other files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
import pyarrow as pa

from wcetool.core.arrays import IntArray
from wcetool.data.dataset import Dataset, Wanted
from wcetool.data.formats.table import Column, ColumnKind, ReadLog
from wcetool.data.headers import HeaderDoubts, HeaderGuard
from wcetool.data.labels import LabelEncoder
from wcetool.data.options import LabelRules, ReadingOptions
from wcetool.data.read_rows import ReadRows
from wcetool.data.row_errors import unknown_labels
from wcetool.errors import InputError, quoted


def label_codes(
    dataset: Dataset, label: Column, classes: Sequence[str], options: ReadingOptions
) -> Iterator[IntArray]:
    """Encode the labels of a dataset, block by block in the order of its rows.

    Raises
    ------
    InputError
        If a label is missing or no class, which names the row, or a header looks like data.
    """
    wanted = [Wanted(label, ColumnKind.LABEL)]
    doubts = HeaderDoubts()
    for split in dataset.splits():
        guard = HeaderGuard(dataset.tables[split.index], split.index, label)
        encoder = LabelEncoder(classes, options.rules, guard)
        first_row = split.first_row + 1
        for batch in dataset.batches(split, wanted, lambda _: None, ReadLog()):
            target, unknown = encoder.encode(batch.column(0), split.file.path)
            wrong = np.flatnonzero(target < 0)
            if len(wrong):
                row = int(wrong[0])
                named = [text for text, first in unknown.items() if first == row]
                raise InputError(
                    f"label {quoted(named)} has no weight" if named else "the label is missing",
                    where=f"{split.file.path}: row {first_row + row:,}",
                    details=(f"classes: {quoted(classes)}",),
                )
            yield target
            first_row += len(batch)
        doubts += guard.doubts()
    doubts.check(dataset.tables, label)


class Truth(Protocol):
    """Where the targets of the batches of one split come from."""

    def target(self, batch: pa.RecordBatch, where: str, first_row: int, /) -> IntArray:
        """Return the class of each row, -1 where the label is missing."""
        ...

    def doubts(self) -> HeaderDoubts:
        """Return what the labels beside the scores say of the header above them."""
        ...


class TruthBeside:
    """The label is the first column of the batch."""

    def __init__(self, encoder: LabelEncoder, guard: HeaderGuard) -> None:
        self._encoder = encoder
        self._guard = guard

    def target(self, batch: pa.RecordBatch, where: str, first_row: int) -> IntArray:
        """Encode the labels.

        Raises
        ------
        InputError
            If a label is no class; names the row.
        """
        target, unknown = self._encoder.encode(batch.column(0), where)
        if unknown:
            raise unknown_labels(unknown, self._encoder.classes, where, first_row)
        return target

    def doubts(self) -> HeaderDoubts:
        """Return what the labels say of the header."""
        return self._guard.doubts()


class TruthElsewhere:
    """The labels are in other files, in the order of the rows; read by one thread, once.

    Attributes
    ----------
    read : ReadRows
        What was read so far.
    """

    def __init__(
        self, dataset: Dataset, label: Column, classes: tuple[str, ...], rules: LabelRules
    ) -> None:
        self._dataset = dataset
        self._label = label
        self._classes = classes
        self._rules = rules
        self._targets = self._read()
        self._left = np.empty(0, dtype=np.int64)
        self._given = 0
        self.read = ReadRows()

    def target(self, batch: pa.RecordBatch, where: str, _: int) -> IntArray:
        """Return the classes of as many rows as the batch has.

        Raises
        ------
        InputError
            If a label is no class, or there are fewer labels than rows.
        """
        parts = [self._left]
        lacking = len(batch) - len(self._left)
        while lacking > 0:
            part = next(self._targets, None)
            if part is None:
                self._given += len(batch) - lacking
                raise InputError(
                    f"has {self._given:,} rows, but there are more predictions in {where}",
                    where=self._dataset.where,
                )
            parts.append(part)
            lacking -= len(part)
        joined = np.concatenate(parts)
        self._left = joined[len(batch) :]
        self._given += len(batch)
        return joined[: len(batch)]

    def doubts(self) -> HeaderDoubts:
        """Return nothing: there is no label beside the scores."""
        return HeaderDoubts()

    def finish(self, n_rows: int, where: str) -> None:
        """Read to the end.

        Raises
        ------
        InputError
            If there are labels that no prediction belongs to, or a header looks like data.
        """
        more = len(self._left) + sum(len(part) for part in self._targets)
        if more:
            raise InputError(
                f"has {n_rows + more:,} rows, but there are {n_rows:,} predictions in {where}",
                where=self._dataset.where,
            )
        self.read.doubts.check(self._dataset.tables, self._label)

    def _read(self) -> Iterator[IntArray]:
        wanted = [Wanted(self._label, ColumnKind.LABEL)]
        for split in self._dataset.splits():
            guard = HeaderGuard(self._dataset.tables[split.index], split.index, self._label)
            truth = TruthBeside(LabelEncoder(self._classes, self._rules, guard), guard)
            log, n_rows = ReadLog(), 0
            for batch in self._dataset.batches(split, wanted, lambda _: None, log):
                yield truth.target(batch, split.file.path, split.first_row + n_rows + 1)
                n_rows += len(batch)
            self.read += ReadRows.of(split, n_rows, log, guard.doubts())
