"""The decision whose the one score a row is; `confidence` has the rules, and applies them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from wcetool.core.arrays import FloatArray
from wcetool.core.vocabulary import ConfidenceOf, InputKind
from wcetool.data import arrow
from wcetool.data.affixes import is_confidence_name
from wcetool.data.confidence import Predicted, below_half, contradicts, refuse_ambiguous
from wcetool.data.dataset import Dataset, Wanted
from wcetool.data.formats.table import Column, ColumnKind
from wcetool.data.labels import LabelEncoder
from wcetool.data.layout import ScoreRequest
from wcetool.data.options import LabelRules, refuse_idle
from wcetool.data.score_columns import ScoreColumns
from wcetool.data.score_head import SAMPLE_ROWS
from wcetool.data.score_kinds import ENOUGH_ROWS
from wcetool.data.two_classes import FoundClasses
from wcetool.errors import InputError, quoted, short_repr


@dataclass(frozen=True, slots=True)
class ScoreOf:
    """One score a row of two classes, and what is known of it."""

    chosen: ScoreColumns
    classes: FoundClasses
    rules: LabelRules
    request: ScoreRequest
    labels: Column | None  # the predicted ones

    def decide(self, dataset: Dataset, values: FloatArray) -> tuple[Predicted | None, str | None]:
        """Return the predicted labels if the scores are those of the classes that these name.

        Raises
        ------
        InputError
            If the score may be either, or is contradicted by the predicted labels.
        """
        said, column = self.request.confidence_of, self.chosen.columns[0].name
        if said is ConfidenceOf.PREDICTED:
            return self._as_asked(dataset)
        if said is ConfidenceOf.POSITIVE or self.request.positive_class is not None:
            if self.request.predicted is not None:
                reason = f"column {column!r} is said to be the score of the positive class"
                refuse_idle("predicted-column", reason, self.request.defaults)
            return None, None
        in_memory = self.request.n_truth_columns > 0
        if in_memory or self._names_class or self._is_no_probability(values):
            return None, None
        if self.labels is None:
            if is_confidence_name(column):
                raise refuse_ambiguous(column, dataset.where, dataset.first.names)
            if not self._names_something:
                self._refuse_high(dataset, values)
            return None, None
        name = self.labels.name
        if len(values) and not below_half(values[:, 0]).any():
            return self._predicted(self.labels, checked=True), (
                f"column {column!r} is the probability of the class in column {name!r}: no value "
                "is below 1/2 (--confidence-of changes it)"
            )
        self._refuse_contradiction(dataset, self.labels)
        return None, (
            f"column {column!r} is not the probability of the class in column {name!r}: it has "
            "values below 1/2 (--confidence-of changes it)"
        )

    @property
    def _names_class(self) -> bool:
        return any(name in self.classes.classes for name in self.chosen.class_names)

    @property
    def _names_something(self) -> bool:
        """Whether the name holds what may be a class, or a model."""
        return bool(self.chosen.class_names)

    def _refuse_high(self, dataset: Dataset, values: FloatArray) -> None:
        """Refuse a score that is above 1/2 in all rows, those of the other class included."""
        if len(values) < ENOUGH_ROWS or below_half(values[:, 0]).any():
            return
        column = self.chosen.columns[0].name
        raise InputError(
            f"no value of column {column!r} is below 1/2, whatever the label: it may be the "
            "probability of the predicted class, or the labels may be the predicted ones",
            where=dataset.where,
            details=(f"columns: {quoted(dataset.first.names)}",),
            hint="--confidence-of positive, or --confidence-of predicted with --predicted-column "
            "NAME, or --label-column with another column",
        )

    def _is_no_probability(self, values: FloatArray) -> bool:
        kind = self.request.kind or self.chosen.kind
        if kind in (InputKind.LOGITS, InputKind.LOG_PROBS):
            return True
        return values.size > 0 and bool(values.min() < 0.0 or values.max() > 1.0)

    def _as_asked(self, dataset: Dataset) -> tuple[Predicted, None]:
        if self.labels is None:
            raise InputError(
                "no column is known to hold predicted labels",
                where=dataset.where,
                hint="--confidence-of predicted with --predicted-column NAME",
            )
        if (self.request.kind or self.chosen.kind) in (InputKind.LOGITS, InputKind.LOG_PROBS):
            raise InputError(
                f"column {self.chosen.columns[0].name!r} holds no probabilities, which the "
                "confidence of a predicted class is",
                where=dataset.where,
                hint="--confidence-of positive, or --input probs",
            )
        if self.request.positive_class is not None:
            reason = "the score is that of the class that is predicted"
            refuse_idle("positive-class", reason, self.request.defaults)
        return self._predicted(self.labels, checked=False), None

    def _predicted(self, labels: Column, *, checked: bool) -> Predicted:
        return Predicted(
            column=labels,
            classes=self.classes.classes,
            rules=self.rules,
            score=self.chosen.columns[0].name,
            checked=checked,
        )

    def _refuse_contradiction(self, dataset: Dataset, labels: Column) -> None:
        """Refuse a score that is low where the class is predicted that it is taken for."""
        wanted = [
            Wanted(self.chosen.columns[0], ColumnKind.SCORE),
            Wanted(labels, ColumnKind.LABEL),
        ]
        head = dataset.head(wanted)
        if head is None:
            return
        encoder = LabelEncoder(self.classes.classes, self.rules)
        codes, _ = encoder.encode(arrow.first_rows(head.column(1), SAMPLE_ROWS), dataset.where)
        values = arrow.as_numpy(head.column(0).slice(0, SAMPLE_ROWS), null=math.nan)
        if self.request.percent:
            values = values / 100.0
        positive = self.classes.positive
        if contradicts(values, codes, positive):
            name, other = self.classes.classes[positive], self.classes.classes[1 - positive]
            raise InputError(
                f"column {self.chosen.columns[0].name!r} is low where column {labels.name!r} says "
                f"{short_repr(name)}: it may be the score of class {short_repr(other)}",
                where=dataset.where,
                hint=f"--positive-class {other}, or --positive-class {name}",
            )
