"""The result of `score`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from wcetool.core.batch_means import BatchMean
from wcetool.core.loss_report import Estimate, LossReport
from wcetool.core.match_report import NO_SCORES
from wcetool.core.vocabulary import Reduction, StoredKind, Task
from wcetool.results.document import InputRows, Row, signature, to_frame, undefined_inputs
from wcetool.results.like import FrameworkScore
from wcetool.results.weights import ClassWeights

if TYPE_CHECKING:
    import pandas as pd

SCORE_SCHEMA = "wcetool.score/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreReport:
    """The losses and metrics of stored predictions.

    Attributes
    ----------
    inputs, labels : tuple of InputRows
        What was read; `labels` is empty where the truth is beside the scores.
    task, kind : Task, StoredKind or None
        What the scores are; no kind where there are none, only predicted labels.
    classes : tuple of str
        Class names, in order.
    missing, ignored : int
        Rows without a label, and with one to be ignored; not scored.
    reduction : Reduction
        The one of `numbers.loss`.
    like : FrameworkScore or None
        The number of a framework; `numbers` are those of this program beside it.
    odd_rows : int
        Rows that the framework takes and that break the rules of the scores; not in `numbers`.
    batches : tuple of BatchMean
        What loops over batches would print.
    numbers : LossReport
        All numbers.
    class_weight : ClassWeights or None
        The weights; None for the unweighted loss.
    weights_from : str or None
        The weight file, or the scheme computed from the labels scored.
    parameters : mapping
        Every effective value that can change a number.
    """

    inputs: tuple[InputRows, ...]
    task: Task
    kind: StoredKind | None
    classes: tuple[str, ...]
    missing: int
    reduction: Reduction
    numbers: LossReport
    class_weight: ClassWeights | None
    weights_from: str | None
    parameters: Mapping[str, str]
    ignored: int = 0
    odd_rows: int = 0
    like: FrameworkScore | None = None
    batches: tuple[BatchMean, ...] = ()
    labels: tuple[InputRows, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def loss(self) -> float | None:
        """The loss, nats: that of the framework, else that under `reduction`."""
        return self.numbers.loss.value if self.like is None else self.like.value

    @property
    def scored(self) -> int:
        """Rows that the loss is of."""
        return self.numbers.scored + self.odd_rows

    @property
    def rows(self) -> int:
        """Rows, those without a label and those to be ignored included."""
        return self.scored + self.missing + self.ignored

    @property
    def signature(self) -> str:
        """How the numbers came about, in one line."""
        return signature("wce", self.signed)

    @property
    def signed(self) -> dict[str, object]:
        """What the signature holds."""
        weights = self.class_weight
        fields: dict[str, object] = {
            "weights": "none" if weights is None else weights.scheme,
            "norm": "none" if weights is None else weights.normalization.value,
            **({} if weights is None else {"weights-sha256": weights.weights_sha256[:16]}),
            **({} if self.like is None else {"like": self.like.convention.name}),
            "red": self.reduction.value if self.like is None else self.like.reduction,
            "input": "predicted-labels" if self.kind is None else self.kind.value,
            "classes": len(self.classes),
            "missing": "skip",
        }
        return fields | dict(self.parameters)

    @property
    def undefined(self) -> dict[str, str]:
        """Which numbers are None, and why."""
        found = {
            **self.numbers.undefined,
            **undefined_inputs("inputs", self.inputs),
            **undefined_inputs("labels", self.labels),
        }
        if self.kind is None:
            found["input"] = NO_SCORES
        if self.class_weight is not None and self.class_weight.count is None:
            found["class_weight.counts_sha256"] = "the weights came without counts"
        if self.like is not None:
            found = _without_own_loss(found, self.like)
        if any(one.undefined for one in self.batches):
            reason = "all of the weight of a batch is 0, or a loss is not defined"
            found |= {"batches.value": reason, "batches.by_rows": reason}
        return found

    def class_rows(self) -> list[Row]:
        """Return one row per class: support, weight, mean loss, recall, ..."""
        return [
            {
                "label": label,
                "index": index,
                "support": one.support,
                "weight": one.weight,
                "mean_loss": one.mean_loss,
                "loss_share": one.loss_share,
                "recall": one.recall,
                "precision": one.precision,
                "mean_true_probability": one.mean_true_probability,
            }
            for index, (label, one) in enumerate(
                zip(self.classes, self.numbers.classes, strict=True)
            )
        ]

    def to_frame(self) -> pd.DataFrame:
        """Return one row per class as a pandas frame."""
        return to_frame(self.class_rows())

    def to_dict(self) -> Row:
        """Return the document of the contract ``wcetool.score/1``."""
        numbers, weights = self.numbers, self.class_weight
        return {
            "schema": SCORE_SCHEMA,
            "inputs": [one.to_dict() for one in self.inputs],
            **({"labels": [one.to_dict() for one in self.labels]} if self.labels else {}),
            "task": self.task.value,
            "input": None if self.kind is None else self.kind.value,
            "like": None if self.like is None else self.like.convention.name,
            **({} if self.like is None else {"convention": self.like.to_dict()}),
            "rows": self.rows,
            "scored": self.scored,
            "missing": self.missing,
            "ignored": self.ignored,
            **({"odd_rows": self.odd_rows} if self.odd_rows else {}),
            "zero_probability_rows": numbers.zero_probability_rows,
            "clipped_rows": numbers.clipped_rows,
            "class_weight": None
            if weights is None
            else {
                "source": self.weights_from,
                "scheme": weights.scheme,
                "normalization": weights.normalization.value,
                "counts_sha256": weights.counts_sha256,
                "weights_sha256": weights.weights_sha256,
                "parameters": dict(weights.parameters),
            },
            "loss": self._loss(),
            **({"batches": [asdict(one) for one in self.batches]} if self.batches else {}),
            "reductions": {
                **{each.value: value for each, value in numbers.reductions.items()},
                "weight_sum": numbers.weight_sum,
            },
            "unweighted": {"mean": numbers.unweighted.value, **_uncertainty(numbers.unweighted)},
            "balanced": {"mean": numbers.balanced_mean},
            "prior_baseline": {"loss": numbers.prior_loss, "skill": numbers.skill},
            "metrics": {
                "accuracy": numbers.accuracy,
                "balanced_accuracy": numbers.balanced_accuracy,
                "macro_f1": numbers.macro_f1,
                "brier": numbers.brier,
            },
            "classes": self.class_rows(),
            "parameters": dict(self.parameters),
            "undefined": self.undefined,
            "notes": list(self.notes),
            "warnings": list(self.warnings),
            "signature": self.signature,
        }

    def _loss(self) -> Row:
        if self.like is None:
            loss = self.numbers.loss
            named = {"value": loss.value, "reduction": self.reduction.value}
            return named | _uncertainty(loss)
        return {
            "value": self.like.value,
            "reduction": self.like.reduction,
            "standard_error": self.like.standard_error,
            "ci95": None if self.like.ci95 is None else list(self.like.ci95),
            "finite_mean": None,
        }


def _uncertainty(estimate: Estimate) -> Row:
    return {
        "standard_error": estimate.standard_error,
        "ci95": None if estimate.ci95 is None else list(estimate.ci95),
        "finite_mean": estimate.finite_mean,
    }


def _without_own_loss(found: Mapping[str, str], like: FrameworkScore) -> dict[str, str]:
    """Say what is undefined where the loss is that of a framework."""
    found = {key: why for key, why in found.items() if not key.startswith("loss.")}
    found["loss.finite_mean"] = "not computed under a framework's convention"
    if math.isnan(like.value):
        found["loss.value"] = f"{like.convention.name} gives NaN"
    for name, value in like.reductions.items():
        if math.isnan(value):
            found[f"convention.reductions.{name}"] = "the framework gives NaN"
    if like.divisor is None:
        found["convention.divisor"] = "a sum is divided by nothing"
    elif math.isnan(like.divisor):
        found["convention.divisor"] = "the framework gives NaN"
    if like.standard_error is None:
        reason = "a sum, one row, a number that is not finite, or weighted labels have none"
        found |= {"loss.standard_error": reason, "loss.ci95": reason}
    return found
