"""The result of `score --dry-run`: how a prediction file is understood, and nothing computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from wcetool.core.vocabulary import StoredKind, Task
from wcetool.results.document import Row, signature, to_frame

if TYPE_CHECKING:
    import pandas as pd

PLAN_SCHEMA = "wcetool.score-plan/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedInput:
    """A file, and how it is read.

    Attributes
    ----------
    path, format : str
        The file, and the name of its format.
    compression, member : str or None
        What it is compressed with, and which part of it is read.
    dialect : mapping, or None
        How a text file is written: delimiter, header, quote character, skipped lines, encoding.
    """

    path: str
    format: str
    compression: str | None = None
    member: str | None = None
    dialect: Mapping[str, Any] | None = None

    def to_dict(self) -> Row:
        """Return the JSON form."""
        return {
            "path": self.path,
            "format": self.format,
            "compression": self.compression,
            "member": self.member,
            "dialect": None if self.dialect is None else dict(self.dialect),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRow:
    """A row as it is understood.

    Attributes
    ----------
    row : int
        Its number in the file, from 1.
    true : str, list of str, mapping of str to float, or None
        The true class; the true labels; a target a class; None where it is missing or not known.
    scores : mapping of str to float
        By class, or by model, as they are taken: percentages divided by 100.
    total : float or None
        The sum of the probabilities of a row; None where they need not sum to 1.
    predicted : str, list of str, or None
        The class that the scores, or else the file, predict.
    """

    row: int
    true: Any
    scores: Mapping[str, float]
    total: float | None
    predicted: Any

    def to_dict(self) -> Row:
        """Return the JSON form."""
        return {
            "row": self.row,
            "true": self.true,
            "scores": dict(self.scores),
            "sum": self.total,
            "predicted": self.predicted,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorePlan:
    """How a prediction file is understood.

    Attributes
    ----------
    inputs, labels : tuple of PlannedInput
        The predictions; the files of the truth, where it is not beside the scores.
    task, kind : Task, StoredKind or None
        What the scores are; no kind where there are only predicted labels.
    classes : tuple of str or None
        In order; None where only a pass over the rows tells.
    truth_columns : tuple of str
        Hold the truth.
    truth_form, truth_reason : str
        How it is written, and why it is taken from there.
    scores : tuple of (column, class or None)
        The score columns, and the class that each is of; no class for lists and models.
    scores_reason : str
        Why these.
    are_models : bool
        Each column is that of a model.
    positive_class : str or None
        The one that one score a row is of; None where there is a score a class.
    confidence_of : str or None
        positive or predicted, where there is one score a row.
    predicted_column, id_column, sample_weight_column : str or None
        What else is read.
    unused : mapping of str to str
        The other columns, and what they look like.
    rows : tuple of PlannedRow
        The first ones.
    options : mapping of str to str or True
        The decision, typed out.
    notes, warnings : tuple of str
        What was decided without being asked for; what may not be as it is meant.
    """

    inputs: tuple[PlannedInput, ...]
    labels: tuple[PlannedInput, ...] = ()
    task: Task
    kind: StoredKind | None
    classes: tuple[str, ...] | None
    truth_columns: tuple[str, ...]
    truth_form: str
    truth_reason: str
    scores: tuple[tuple[str, str | None], ...]
    scores_reason: str
    are_models: bool = False
    positive_class: str | None = None
    confidence_of: str | None = None
    predicted_column: str | None = None
    id_column: str | None = None
    sample_weight_column: str | None = None
    unused: tuple[tuple[str, str], ...] = ()
    rows: tuple[PlannedRow, ...] = ()
    options: Mapping[str, str | bool] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def signature(self) -> str:
        """How the file is understood, in one line."""
        given = {option.removeprefix("--"): value for option, value in self.options.items()}
        return signature("wce-plan", {key: _text(value) for key, value in given.items()})

    @property
    def undefined(self) -> dict[str, str]:
        """Which values are None, and why."""
        found = {}
        if self.kind is None:
            found["input"] = "there are no scores, only predicted labels"
        if self.classes is None:
            found["classes"] = "the labels of all rows are the classes: that takes a pass"
        if self.labels and self.id_column is not None:
            found["rows.true"] = "the truth is matched by id, which takes a pass"
        return found

    def class_rows(self) -> list[Row]:
        """Return one row per score column."""
        if not self.scores:
            return [
                {"column": self.predicted_column, "class": None, "index": 0, "holds": "predicted"}
            ]
        kind = None if self.kind is None else self.kind.value
        return [
            {"column": column, "class": label, "index": index, "holds": kind}
            for index, (column, label) in enumerate(self.scores)
        ]

    def to_frame(self) -> pd.DataFrame:
        """Return one row per score column as a pandas frame."""
        return to_frame(self.class_rows())

    def to_dict(self) -> Row:
        """Return the document of the contract ``wcetool.score-plan/1``."""
        return {
            "schema": PLAN_SCHEMA,
            "inputs": [one.to_dict() for one in self.inputs],
            "labels": [one.to_dict() for one in self.labels],
            "task": self.task.value,
            "input": None if self.kind is None else self.kind.value,
            "n_classes": None if self.classes is None else len(self.classes),
            "classes": None if self.classes is None else list(self.classes),
            "positive_class": self.positive_class,
            "confidence_of": self.confidence_of,
            "models": self.are_models,
            "truth": {
                "columns": list(self.truth_columns),
                "form": self.truth_form,
                "reason": self.truth_reason,
            },
            "scores": [{"column": column, "class": label} for column, label in self.scores],
            "scores_reason": self.scores_reason,
            "predicted_column": self.predicted_column,
            "id_column": self.id_column,
            "sample_weight_column": self.sample_weight_column,
            "unused": [{"column": column, "holds": what} for column, what in self.unused],
            "first_rows": [one.to_dict() for one in self.rows],
            "options": dict(self.options),
            "undefined": self.undefined,
            "notes": list(self.notes),
            "warnings": list(self.warnings),
            "signature": self.signature,
        }


def _text(value: str | bool) -> str:
    return "yes" if value is True else str(value)
