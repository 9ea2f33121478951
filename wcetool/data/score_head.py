"""The first rows of score columns, which tell what the names do not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wcetool.core.arrays import FloatArray
from wcetool.core.losses import ScoreForm, Tolerance
from wcetool.core.vocabulary import InputKind, Task
from wcetool.data.dataset import Dataset, Wanted
from wcetool.data.formats.table import Column, ColumnKind
from wcetool.data.layout import ScoreRequest
from wcetool.data.score_arrays import (
    column_scores,
    from_percent,
    list_lengths,
    list_scores,
    score_matrix,
)
from wcetool.data.score_columns import ScoreColumns
from wcetool.data.score_kinds import mostly
from wcetool.errors import InputError

SAMPLE_ROWS = 1000


@dataclass(frozen=True, slots=True)
class ScoreHead:
    """The first rows of the chosen columns.

    Attributes
    ----------
    values : float64 array of shape (n_samples, n_columns)
        Rows with NaN left out.
    n_listed : int or None
        Length of the lists.
    """

    values: FloatArray
    n_listed: int | None

    @classmethod
    def of(cls, dataset: Dataset, chosen: ScoreColumns, *, percent: bool = False) -> ScoreHead:
        """Read the first rows; those in percent are divided by 100."""
        kind = ColumnKind.SCORE_LIST if chosen.is_list else ColumnKind.SCORE
        batch = dataset.head([Wanted(column, kind) for column in chosen.columns])
        if batch is None:
            raise InputError("has no rows", where=dataset.where)
        batch = batch.slice(0, SAMPLE_ROWS)
        if not chosen.is_list:
            scores = column_scores(batch.columns)
            if percent:
                scores = from_percent(scores)
            return cls(_complete_rows(score_matrix(scores)), None)
        lengths = list_lengths(batch.column(0))
        n_listed = int(lengths.max(initial=0))
        if n_listed < 2:
            raise InputError(
                "the lists of scores are empty, or hold one score", where=dataset.where
            )
        values = list_scores(batch.column(0), n_listed, dataset.where, 1)
        return cls(_complete_rows(from_percent(values) if percent else values), n_listed)


def _complete_rows(values: FloatArray | object) -> FloatArray:
    wide = np.asarray(values).astype(np.float64)
    return wide[~np.isnan(wide).any(axis=1)]


def adds_up(dataset: Dataset, columns: Sequence[Column], *, percent: bool = False) -> bool:
    """Tell whether the first rows of some columns are probabilities that sum to 1."""
    if len(columns) < 2:
        return False
    chosen = ScoreColumns(tuple(columns), (), None, None)
    try:
        values = ScoreHead.of(dataset, chosen, percent=percent).values
    except InputError:
        return False
    form = ScoreForm(
        task=Task.MULTICLASS,
        kind=InputKind.PROBS,
        n_classes=len(columns),
        tolerance=tolerance(dataset, chosen, len(columns), ScoreRequest()),
    )
    return mostly(values, form)


def tolerance(
    dataset: Dataset, chosen: ScoreColumns, n_classes: int, request: ScoreRequest
) -> Tolerance:
    """Return how far rows of probabilities may be off."""
    if request.sum_tolerance is None:
        return Tolerance.by_default(dataset.rounding_unit(chosen.columns), n_classes)
    return Tolerance.given(request.sum_tolerance)
