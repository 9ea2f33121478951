"""The labels at the beginning of a file, which tell its classes."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from wcetool.data import streams
from wcetool.data.dataset import Dataset, Wanted
from wcetool.data.formats.table import Column, ColumnKind, ReadLog
from wcetool.data.labels import Distinct
from wcetool.data.options import LabelRules
from wcetool.data.targets import cell_labels


@dataclass(frozen=True, slots=True)
class SeenLabels:
    """The labels at the beginning of the truth."""

    dataset: Dataset
    label: Column | None  # None where there is no label column
    rules: LabelRules
    separator: str | None
    ignored: frozenset[str]

    def in_head(self) -> frozenset[str]:
        """Return the labels of the first batch."""
        if self.label is None:
            return frozenset()
        batch = self.dataset.head([Wanted(self.label, ColumnKind.LABEL)])
        return frozenset() if batch is None else self._labels(batch, self.dataset.where)

    def two_at_least(self) -> frozenset[str]:
        """Read labels until a second one turns up; only the beginning of a stream."""
        if self.label is None or self.dataset.first.file.stream is not None:
            return self.in_head()
        labels: frozenset[str] = frozenset()
        for split in self.dataset.splits():
            wanted = [Wanted(self.label, ColumnKind.LABEL)]
            for batch in self.dataset.batches(split, wanted, streams.uncounted, ReadLog()):
                labels |= self._labels(batch, split.file.path)
                if len(labels) > 1:
                    return labels
        return labels

    def _labels(self, batch: pa.RecordBatch, where: str) -> frozenset[str]:
        found: set[str] = set()
        distinct = Distinct(batch.column(0), where)
        for text, n_rows in zip(distinct.texts, distinct.count()[1], strict=True):
            if not n_rows or text in self.ignored:  # a category without a row is not seen
                continue
            if self.separator is not None:
                found.update(cell_labels(text, self.separator, self.rules) or ())
                continue
            label = self.rules.label(text)
            if label is not None:
                found.add(label)
        return frozenset(found - self.ignored)
