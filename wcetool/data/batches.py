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
    first_row : int
        Number of the first row in the input, from 1.
    labelled : int64 array of shape (n_samples,), or None
        The rows that have a label, from 0; None where all have.
    """

    length: int
    target: IntArray
    scores: Scores
    first_row: int
    labelled: IntArray | None

    def row_numbers(self, rows: IntArray) -> IntArray:
        """Return the numbers in the input of some of the rows that have a label."""
        return self.first_row + (rows if self.labelled is None else self.labelled[rows])


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
            labelled = None
            if target.min(initial=0) < 0:
                labelled = np.flatnonzero(target >= 0)
                target, scores = target[labelled], _rows(scores, labelled)
            n_rows += len(batch)
            yield ScoredBatch(len(batch), target, scores, first_row, labelled)


def matrix_of(scores: Scores, rows: IntArray) -> FloatArray:
    """Return some rows of scores, float64 array of shape (n_rows, n_columns)."""
    return score_matrix(_rows(scores, rows)).astype(np.float64)


def _rows(scores: Scores, rows: IntArray) -> Scores:
    return scores[rows] if isinstance(scores, np.ndarray) else [column[rows] for column in scores]
