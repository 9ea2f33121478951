"""A prediction file, understood: what the user says of it, and what was decided."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from wcetool.core.arrays import FloatArray
from wcetool.core.losses import ScoreForm, Scores
from wcetool.core.vocabulary import ConfidenceOf, InputKind, StoredKind, Task
from wcetool.data.confidence import Predicted
from wcetool.data.dataset import Wanted
from wcetool.data.formats.table import Column, ColumnKind
from wcetool.data.score_arrays import column_scores, from_percent, list_scores
from wcetool.data.targets import number_targets
from wcetool.data.truth import TruthPlan
from wcetool.data.truth_columns import (
    TruthForm,
)

NO_SCORES = "none"  # what the user says of the scores where only predicted labels count


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRequest:
    """What the user says of the scores; None where the file decides.

    Attributes
    ----------
    n_truth_columns : int
        Columns in memory come in order: so many of the truth, the sample weight if
        `sample_weight` is given, and all others are the scores. 0 for files.
    separator : str or None
        Stands between the labels of a cell.
    sample_weight, id_column : str or None
        Columns beside the scores.
    ignored : frozenset of str
        Labels whose rows are left out.
    usually_ignored : frozenset of str
        Labels whose rows are left out unless they are classes.
    unchecked : bool
        What the rows hold is up to somebody else: they need not look like what they are said to be.
    percent : bool
        The scores are stored as 0 to 100.
    confidence_of : ConfidenceOf or None
        Which class the one score a row is of.
    predicted : str or None
        The column of predicted labels.
    defaults : collection of str
        Options that are left out where they have no effect.
    """

    scores: str | Sequence[str] | None = None
    n_truth_columns: int = 0
    kind: InputKind | None = None
    task: Task | None = None
    separator: str | None = None
    sample_weight: str | None = None
    id_column: str | None = None
    ignored: frozenset[str] = frozenset()
    usually_ignored: frozenset[str] = frozenset()
    positive_class: str | None = None
    sum_tolerance: float | None = None
    renormalize: bool = False
    unchecked: bool = False
    percent: bool = False
    confidence_of: ConfidenceOf | None = None
    predicted: str | None = None
    defaults: Collection[str] = ()

    @property
    def no_scores(self) -> bool:
        """There are no scores: only predicted labels are to be compared with the truth."""
        return self.scores == NO_SCORES


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreLayout:
    """A prediction file, understood.

    Attributes
    ----------
    classes : tuple of str
        In class order.
    truth : TruthPlan
        How the truth is read, here or in another file.
    truth_is_here : bool
        It is in columns beside the scores.
    sample_weight, id_column : Column or None
        Columns beside the scores.
    columns : tuple of Column
        One a class, in class order; or one, of lists or of the positive class.
    list_order : tuple of int or None
        For lists: the place of each class in the list.
    form : ScoreForm
        What the scores are, and the rules they keep.
    dtype : NumPy dtype
        The coarsest float type of the scores.
    percent : bool
        The scores are stored as 0 to 100; `form` is of what they become.
    predicted : Predicted or None
        The predicted labels, where the one score a row is that of the predicted class.
    positive_guessed : bool
        Nothing says that the one score a row is that of the positive class.
    notes, warnings : tuple of str
        What was decided without being asked for; what contradicts itself.
    """

    classes: tuple[str, ...]
    truth: TruthPlan
    truth_is_here: bool
    sample_weight: Column | None
    id_column: Column | None
    columns: tuple[Column, ...]
    list_order: tuple[int, ...] | None
    form: ScoreForm
    dtype: np.dtype[Any]
    positive_guessed: bool
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    percent: bool = False
    predicted: Predicted | None = None

    @property
    def label(self) -> Column | None:
        """The label column, if it is here."""
        return self.truth.label if self.truth_is_here else None

    @property
    def kind(self) -> StoredKind:
        """What the scores are as they are stored."""
        return StoredKind.PERCENT if self.percent else StoredKind(self.form.kind.value)

    @property
    def soft(self) -> bool:
        """Whether the targets of a multiclass file are a number a class."""
        return self.form.task is Task.MULTICLASS and self.truth.form is not TruthForm.CLASS

    def wanted(self) -> list[Wanted]:
        """List the columns to read: id, truth and sample weight, if they are here, the scores."""
        kind = ColumnKind.SCORE if self.list_order is None else ColumnKind.SCORE_LIST
        found = self._before_scores() + [Wanted(column, kind) for column in self.columns]
        if self.predicted is not None:
            found.append(Wanted(self.predicted.column, ColumnKind.LABEL))
        return found

    def truth_places(self) -> slice:
        """Return where the truth is among the wanted columns."""
        start = int(self.id_column is not None)
        return slice(start, start + len(self.truth.columns))

    def sample_weights(
        self, batch: pa.RecordBatch, where: str, first_row: int
    ) -> FloatArray | None:
        """Return the sample weights of a batch of the wanted columns, nulls as NaN."""
        if self.sample_weight is None:
            return None
        column = batch.column(len(self._before_scores()) - 1)
        (weights,) = number_targets([column], where, first_row)
        return weights.astype(np.float64)

    def scores(self, batch: pa.RecordBatch, where: str, first_row: int) -> Scores:
        """Return the scores of a batch of the wanted columns, in class order."""
        start = len(self._before_scores())
        arrays = batch.columns[start : start + len(self.columns)]
        if self.list_order is None:
            found = column_scores(arrays)
        else:
            matrix = list_scores(arrays[0], len(self.list_order), where, first_row)
            in_order = self.list_order == tuple(range(len(self.list_order)))
            found = matrix if in_order else matrix[:, list(self.list_order)]
        if self.percent:
            found = from_percent(found)
        if self.predicted is None:
            return found
        score = self.predicted.scores(
            found[0], batch.columns[-1], self.form.positive, where, first_row
        )
        return [score]

    def _before_scores(self) -> list[Wanted]:
        found = []
        if self.id_column is not None:
            found.append(Wanted(self.id_column, ColumnKind.LABEL))
        if self.truth_is_here:
            found += self.truth.wanted()
        if self.sample_weight is not None:
            found.append(Wanted(self.sample_weight, ColumnKind.TARGET))
        return found
