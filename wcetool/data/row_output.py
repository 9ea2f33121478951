"""The losses of rows, written to a Parquet file in the order of the predictions."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, BinaryIO, Protocol, TypeVar

import numpy as np
import pyarrow as pa

from wcetool.core.arrays import FloatArray
from wcetool.data import arrow
from wcetool.data.batches import ScoredBatch
from wcetool.data.targets import is_codes
from wcetool.data.writing import write_whole
from wcetool.errors import UsageError

T = TypeVar("T")


class RowLosses(Protocol):
    """Losses of consecutive rows that are scored; see `RowBlock`."""

    @property
    def batch(self) -> ScoredBatch:
        """The rows they are of."""
        ...

    @property
    def values(self) -> FloatArray:
        """Weighted losses, by label where there are several."""
        ...

    @property
    def loss(self) -> FloatArray:
        """What a row adds to the sum."""
        ...

    @property
    def divisor(self) -> FloatArray:
        """What a row adds to what the sum is divided by."""
        ...


class RowFile:
    """A Parquet file with a row for each row of the predictions; null where it is not scored.

    Columns: `input` where there are several, `row` (from 1), `label` where a row has one class,
    `loss` (weighted, nats), `weight` (what it adds to the denominator), and `losses`, a list by
    label, where a row has several.
    """

    def __init__(self, stream: BinaryIO, paths: Sequence[str], classes: Sequence[str]) -> None:
        self._stream = stream
        self._paths = paths
        self._classes = arrow.from_texts(classes)
        self._writer: Any = None
        self._batch: ScoredBatch | None = None
        self._blocks: list[RowLosses] = []

    def add(self, block: RowLosses) -> None:
        """Add the next rows."""
        if self._batch is not block.batch:
            self._flush()
            self._batch = block.batch
        self._blocks.append(block)

    def skip(self, batch: ScoredBatch) -> None:
        """Add a batch of which no row is scored."""
        self._flush()
        self._batch = batch
        self._flush()

    def close(self) -> None:
        """Write the end of the file."""
        self._flush()
        if self._writer is not None:
            self._writer.close()

    def _flush(self) -> None:
        import pyarrow.parquet as pq

        batch, blocks = self._batch, self._blocks
        self._batch, self._blocks = None, []
        if batch is None:
            return
        table = self._table(batch, blocks)
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._stream, table.schema)
        self._writer.write_table(table)

    def _table(self, batch: ScoredBatch, blocks: Sequence[RowLosses]) -> pa.Table:
        place = np.arange(batch.length) if batch.kept is None else batch.kept
        kept = pa.array(np.isin(np.arange(batch.length), place))
        columns: dict[str, pa.Array] = {}
        if len(self._paths) > 1:
            columns["input"] = pa.array([batch.path] * batch.length)
        columns["row"] = arrow.from_numpy(batch.first_row + np.arange(batch.length))
        targets = batch.targets
        if is_codes(targets):
            codes = np.zeros(batch.length, dtype=np.int64)
            codes[place] = targets
            indices = pa.array(codes.astype(np.int32), mask=~np.asarray(kept))
            columns["label"] = pa.DictionaryArray.from_arrays(indices, self._classes)
        for name in ("loss", "divisor"):
            values = np.zeros(batch.length)
            parts = [getattr(block, name) for block in blocks]
            values[place] = np.concatenate(parts) if parts else []
            columns["loss" if name == "loss" else "weight"] = pa.array(
                values, mask=~np.asarray(kept)
            )
        if any(block.values.ndim > 1 for block in blocks):
            width = blocks[0].values.shape[1]
            rows = np.full((batch.length, width), np.nan)
            rows[place] = np.concatenate([block.values for block in blocks])
            columns["losses"] = pa.FixedSizeListArray.from_arrays(pa.array(rows.reshape(-1)), width)
        return pa.Table.from_arrays(list(columns.values()), names=list(columns))


def check_row_path(path: str | os.PathLike[str]) -> None:
    """Refuse a path that is not one of Parquet.

    Raises
    ------
    UsageError
        If its suffix says something else.
    """
    if not (isinstance(path, str | os.PathLike) and os.fspath(path).lower().endswith(".parquet")):
        raise UsageError(
            f"{path!r} does not end in .parquet, which is what is written",
            where="--per-sample",
            hint="--per-sample losses.parquet",
        )


def write_rows(
    path: str, paths: Sequence[str], classes: Sequence[str], run: Callable[[RowFile], T]
) -> T:
    """Run, and write the rows that come: whole or not at all.

    Raises
    ------
    OutputError
        If the system refuses.
    """
    found: list[T] = []

    def write(stream: BinaryIO) -> None:
        file = RowFile(stream, paths, classes)
        try:
            found.append(run(file))
        finally:
            file.close()

    write_whole(path, write)
    return found[0]
