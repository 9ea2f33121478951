"""Prediction files -> blocks of targets and scores as arrays, which is what the core works on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from wcetool.core.arrays import FloatArray, IntArray
from wcetool.core.losses import Scores
from wcetool.data.dataset import Dataset
from wcetool.data.formats.table import ReadLog
from wcetool.data.layout import ScoreLayout
from wcetool.data.score_arrays import score_matrix
from wcetool.data.source import Split
from wcetool.data.streams import OnBytes
from wcetool.data.targets import Targets, kept_rows, rows_of
from wcetool.data.truth import Truth


@dataclass(frozen=True, slots=True, eq=False)
class ScoredBatch:
    """Consecutive rows of one input.

    Attributes
    ----------
    path : str
        The input.
    length : int
        Rows, those with a missing label included.
    targets : Targets
        Of each row that has any and is not ignored.
    scores : Scores
        Of those rows.
    first_row : int
        Number of the first row in the input, from 1.
    kept : int64 array of shape (n_samples,), or None
        Those rows, from 0; None where all are.
    ignored_rows : int64 array of shape (n_ignored,)
        Rows whose label is to be ignored, from 0.
    sample_weight : float64 array of shape (n_samples,), or None
        Of those rows, NaN where it is missing.
    """

    path: str
    length: int
    targets: Targets
    scores: Scores
    first_row: int
    kept: IntArray | None
    ignored_rows: IntArray
    sample_weight: FloatArray | None = None

    @property
    def n_samples(self) -> int:
        """Rows that are scored."""
        return self.length if self.kept is None else len(self.kept)

    @property
    def ignored(self) -> int:
        """Rows whose label is to be ignored."""
        return len(self.ignored_rows)

    @property
    def missing(self) -> int:
        """Rows without a label."""
        return self.length - self.n_samples - self.ignored

    def row_numbers(self, rows: IntArray) -> IntArray:
        """Return the numbers in the input of some of the rows that are scored."""
        return self.first_row + (rows if self.kept is None else self.kept[rows])


@dataclass(frozen=True, slots=True)
class ScoredRows:
    """A dataset of predictions and how its rows are understood."""

    dataset: Dataset
    layout: ScoreLayout

    def batches(
        self, split: Split, truth: Truth, on_bytes: OnBytes, log: ReadLog
    ) -> Iterator[ScoredBatch]:
        """Read a split.

        Raises
        ------
        InputError
            If the file is broken, a label is no class, or a list has another length; names the row.
        """
        n_rows, where = 0, split.file.path
        for batch in self.dataset.batches(split, self.layout.wanted(), on_bytes, log):
            first_row = split.first_row + n_rows + 1
            targets = truth.targets(batch, where, first_row)
            scores = self.layout.scores(batch, where, first_row)
            weights = self.layout.sample_weights(batch, where, first_row)
            kept, ignored = kept_rows(targets)
            if kept is not None:
                targets, scores = rows_of(targets, kept), rows_of(scores, kept)
                weights = None if weights is None else weights[kept]
            n_rows += len(batch)
            yield ScoredBatch(where, len(batch), targets, scores, first_row, kept, ignored, weights)


def matrix_of(scores: Scores, rows: IntArray) -> FloatArray:
    """Return some rows of scores, float64 array of shape (n_rows, n_columns)."""
    return score_matrix(rows_of(scores, rows)).astype(np.float64)
