"""The result of `score` on several models, a column each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wcetool.results.document import InputRows, Row, signature, to_frame
from wcetool.results.score import ScoreReport

if TYPE_CHECKING:
    import pandas as pd

MODELS_SCHEMA = "wcetool.score-models/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelScores:
    """The reports of several models on the same rows.

    Attributes
    ----------
    names : tuple of str
        The score columns, as the user named them, else in file order.
    reports : tuple of ScoreReport
        One a model: what `score` gives on its column alone.
    found : tuple of str
        How it was known that the columns are models.
    """

    names: tuple[str, ...]
    reports: tuple[ScoreReport, ...]
    found: tuple[str, ...] = ()

    @property
    def inputs(self) -> tuple[InputRows, ...]:
        """What was read."""
        return self.reports[0].inputs

    @property
    def classes(self) -> tuple[str, ...]:
        """The two classes, in order."""
        return self.reports[0].classes

    @property
    def scored(self) -> int:
        """Rows that the losses are of."""
        return self.reports[0].scored

    @property
    def missing(self) -> int:
        """Rows without a label."""
        return self.reports[0].missing

    @property
    def notes(self) -> tuple[str, ...]:
        """What was decided; what is said of one model alone begins with its name."""
        return tuple(dict.fromkeys((*self.found, *self._said([r.notes for r in self.reports]))))

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the user should know; what is said of one model alone begins with its name."""
        return tuple(self._said([one.warnings for one in self.reports]))

    def _said(self, lines: list[tuple[str, ...]]) -> list[str]:
        shared = [line for line in lines[0] if all(line in some for some in lines)]
        own = [
            f"{name}: {line}"
            for name, some in zip(self.names, lines, strict=True)
            for line in some
            if line not in shared
        ]
        return [*shared, *own]

    @property
    def signature(self) -> str:
        """How the numbers came about, in one line."""
        return signature("wce", {**self.reports[0].signed, "scores": ",".join(self.names)})

    def class_rows(self) -> list[Row]:
        """Return one row per model: loss, interval, accuracy, ..."""
        rows: list[Row] = []
        for index, (name, one) in enumerate(zip(self.names, self.reports, strict=True)):
            numbers = one.numbers
            error, ci95 = numbers.loss.standard_error, numbers.loss.ci95
            if one.like is not None:
                error, ci95 = one.like.standard_error, one.like.ci95
            low, high = (None, None) if ci95 is None else ci95
            rows.append(
                {
                    "model": name,
                    "index": index,
                    "scored": one.scored,
                    "loss": one.loss,
                    "standard_error": error,
                    "ci95_low": low,
                    "ci95_high": high,
                    "unweighted": numbers.unweighted.value,
                    "balanced": numbers.balanced_mean,
                    "skill": numbers.skill,
                    "accuracy": numbers.accuracy,
                    "balanced_accuracy": numbers.balanced_accuracy,
                    "macro_f1": numbers.macro_f1,
                    "brier": numbers.brier,
                    "zero_probability_rows": numbers.zero_probability_rows,
                }
            )
        return rows

    def to_frame(self) -> pd.DataFrame:
        """Return one row per model as a pandas frame."""
        return to_frame(self.class_rows())

    def to_dict(self) -> Row:
        """Return the document of the contract ``wcetool.score-models/1``."""
        return {
            "schema": MODELS_SCHEMA,
            "inputs": [one.to_dict() for one in self.inputs],
            "classes": list(self.classes),
            "models": [
                {"name": name, "score": one.to_dict()}
                for name, one in zip(self.names, self.reports, strict=True)
            ],
            "notes": list(self.notes),
            "warnings": list(self.warnings),
            "signature": self.signature,
        }
