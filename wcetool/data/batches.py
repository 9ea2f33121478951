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
from wcetool.data.source import Split
from wcetool.data.streams import OnBytes
from wcetool.data.truth import Truth


@dataclass(frozen=True, slots=True, eq=False)
class ScoredBatch:
    """Consecutive rows of one input.

    Attributes
    ----------
    length : int
        Rows, those with a missing label included.
    target : int64 array of shape (n_samples,)
        The class of each row that has a label.
    scores : Scores
        Of those rows.
    row : int64 array of shape (n_samples,)
        Their numbers in the input, from 1.
    """

    length: int
    target: IntArray
    scores: Scores
    row: IntArray


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
            target = truth.target(batch, where, first_row)
            scores = self.layout.scores(batch, where, first_row)
            row = np.arange(first_row, first_row + len(batch))
            labelled = np.flatnonzero(target >= 0)
            if len(labelled) < len(target):
                target, scores, row = target[labelled], _rows(scores, labelled), row[labelled]
            n_rows += len(batch)
            yield ScoredBatch(len(batch), target, scores, row)


def matrix_of(scores: Scores, rows: IntArray) -> FloatArray:
    """Return some rows of scores, float64 array of shape (n_rows, n_columns)."""
    chosen = _rows(scores, rows)
    matrix = chosen if isinstance(chosen, np.ndarray) else np.column_stack(list(chosen))
    return matrix.astype(np.float64)


def _rows(scores: Scores, rows: IntArray) -> Scores:
    return scores[rows] if isinstance(scores, np.ndarray) else [column[rows] for column in scores]
