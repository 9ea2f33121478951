"""What a user may say of a score, checked as far as it can be without the data."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypedDict, TypeVar, Unpack

import numpy as np

from wcetool.core.vocabulary import (
    Absent,
    ConfidenceOf,
    Reduction,
    StoredKind,
    Task,
    WeightBy,
    parse_word,
)
from wcetool.data.layout import ScoreRequest
from wcetool.data.options import number, refuse_idle
from wcetool.errors import UsageError, short_repr

T = TypeVar("T")


class ScoreKeywords(TypedDict, total=False):
    """What `score` and `score_file` both let the user say of a computation; None is the default.

    They are explained in `score_file`.
    """

    like: str | None
    task: str | None
    absent: str | None
    input: str | None
    positive_class: str | int | None
    label_separator: str | None
    ignore: str | Sequence[str] | None
    reduction: str | None
    clip: float | None
    renormalize: bool | None
    sum_tolerance: float | None
    label_smoothing: float | None
    gamma: float | None
    alpha: float | str | Sequence[float] | None
    pos_weight: Any
    weight_by: str | None
    cost_matrix: Any
    batch_size: int | str | Sequence[int] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What is to be computed.

    Attributes
    ----------
    weights : object
        As the user gives class weights.
    absent : Absent
        What a class weighs that they lack.
    request : ScoreRequest
        What is said of the file.
    like : str or None
        A framework, or one of its APIs.
    reduction : Reduction or None
        The one of the loss; None under `like`, where `framework_reduction` is it.
    clip, gamma, alpha, smoothing, pos_weight, cost_matrix : object
        What changes the loss; None where it is not changed.
    weight_by : WeightBy
        Which classes of a row the class weights are of.
    batch_sizes : tuple of int
        Rows of the batches that a loop would average.
    sample_weight : bool
        Rows have weights of their own.
    """

    weights: Any
    absent: Absent
    request: ScoreRequest
    like: str | None = None
    reduction: Reduction = Reduction.WEIGHTED_MEAN
    framework_reduction: str | None = None
    clip: float | None = None
    gamma: float | None = None
    alpha: float | tuple[float, ...] | None = None
    smoothing: float | None = None
    pos_weight: Any = None
    weight_by: WeightBy = WeightBy.TRUE
    cost_matrix: Any = None
    batch_sizes: tuple[int, ...] = ()
    sample_weight: bool = False
    defaults: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def of(
        cls,
        weights: Any,
        *,
        scores: str | Sequence[str] | None = None,
        n_truth_columns: int = 0,
        sample_weight_column: str | int | None = None,
        id_column: str | int | None = None,
        confidence_of: str | None = None,
        predicted_column: str | int | None = None,
        defaults: Collection[str] = (),
        **keywords: Unpack[ScoreKeywords],
    ) -> Evaluation:
        """Check keywords.

        Raises
        ------
        UsageError
            If a value is wrong, has no effect, or two contradict each other.
        """
        given = _Given(dict(keywords), defaults)
        like = given.text("like")
        clip = given.number("clip", "a probability between 0 and 1", 0.0, 1.0, hint="1e-7")
        tolerance = given.number("sum_tolerance", "a number in [0, 1)", -1e-300, 1.0)
        renormalize = bool(given.values.get("renormalize"))
        if renormalize and tolerance is not None:
            # What is typed wins over a general default.
            if "renormalize" in defaults and "sum-tolerance" not in defaults:
                renormalize = False
            else:
                refuse_idle("sum-tolerance", "rows are divided by their sums", defaults)
                tolerance = None
        if like is not None:
            changes = {"clip": clip, "renormalize": renormalize or None, "sum-tolerance": tolerance}
            for option in (name for name, value in changes.items() if value is not None):
                refuse_idle(option, f"{like} alone decides what becomes of scores", defaults)
            clip, renormalize, tolerance = None, False, None
        absent = parse_word(Absent, given.text("absent"), option="--absent", default=Absent.ERROR)
        if (
            weights is None
            and given.values.get("pos_weight") is None
            and absent is not Absent.ERROR
        ):
            refuse_idle("absent", "there are no weights", defaults)
            absent = Absent.ERROR
        weight_by, cost_matrix = given.weight_by(weights, like)
        gamma, alpha = given.focal(like)
        if scores is not None and not isinstance(scores, str):
            scores = tuple(map(str, scores))
        kind, task = given.text("input"), given.text("task")
        stored = None
        if kind is not None:
            stored = parse_word(StoredKind, kind, option="--input", default=StoredKind.PROBS)
        reduction = given.text("reduction")
        return cls(
            weights=weights,
            absent=absent,
            request=ScoreRequest(
                scores=scores,
                n_truth_columns=n_truth_columns,
                kind=None if stored is None else stored.read_as,
                percent=stored is StoredKind.PERCENT,
                task=None
                if task is None
                else parse_word(Task, task, option="--task", default=Task.MULTICLASS),
                separator=given.separator(),
                sample_weight=None if sample_weight_column is None else str(sample_weight_column),
                id_column=None if id_column is None else str(id_column),
                ignored=given.ignored(),
                positive_class=given.text("positive_class"),
                confidence_of=None
                if confidence_of is None
                else parse_word(
                    ConfidenceOf,
                    confidence_of,
                    option="--confidence-of",
                    default=ConfidenceOf.POSITIVE,
                ),
                predicted=None if predicted_column is None else str(predicted_column),
                sum_tolerance=tolerance,
                renormalize=renormalize,
                unchecked=like is not None,
                defaults=frozenset(defaults),
            ),
            like=like,
            reduction=Reduction.WEIGHTED_MEAN
            if like is not None
            else parse_word(
                Reduction, reduction, option="--reduction", default=Reduction.WEIGHTED_MEAN
            ),
            framework_reduction=given.framework_reduction(like, reduction),
            clip=clip,
            gamma=gamma,
            alpha=alpha,
            smoothing=given.smoothing(),
            pos_weight=given.values.get("pos_weight"),
            weight_by=weight_by,
            cost_matrix=cost_matrix,
            batch_sizes=given.batch_sizes(),
            sample_weight=sample_weight_column is not None,
            defaults=frozenset(defaults),
        )

    def framework_options(self) -> dict[str, Any]:
        """Return what a convention is called with besides weights."""
        found = {"label_smoothing": self.smoothing, "gamma": self.gamma, "alpha": self.alpha}
        return {name: value for name, value in found.items() if value is not None}

    def parameters(self) -> dict[str, str]:
        """Return every value that can change a number and is not of the layout, as text."""
        found = {"clip": "none" if self.clip is None else repr(self.clip)}
        found |= {
            name: ",".join(map(repr, value)) if isinstance(value, tuple) else repr(value)
            for name, value in (
                ("label-smoothing", self.smoothing),
                ("focal-gamma", self.gamma),
                ("alpha", self.alpha),
            )
            if value is not None
        }
        if self.weight_by is not WeightBy.TRUE:
            found["weight-by"] = self.weight_by.value
        if self.request.ignored:
            found["ignore"] = ",".join(sorted(self.request.ignored))
        if self.request.separator is not None:
            found["label-separator"] = self.request.separator
        if self.request.task is not None:
            found["task"] = self.request.task.value
        if self.request.confidence_of is not None:
            found["confidence-of"] = self.request.confidence_of.value
        if self.batch_sizes:
            found["batch-size"] = ",".join(map(str, self.batch_sizes))
        if self.absent is not Absent.ERROR:
            found["absent"] = self.absent.value
        return found


class _Given:
    """Keywords, read one by one."""

    def __init__(self, values: Mapping[str, Any], defaults: Collection[str]) -> None:
        self.values = values
        self._defaults = defaults

    def text(self, name: str) -> str | None:
        value = self.values.get(name)
        return None if value is None else str(value)

    def number(
        self,
        name: str,
        what: str,
        above: float,
        below: float,
        *,
        option: str | None = None,
        hint: str | None = None,
    ) -> float | None:
        value, option = self.values.get(name), option or f"--{name.replace('_', '-')}"
        if value is None:
            return None
        found = number(value, option)
        if not above < found < below:
            raise UsageError(
                f"{found!r} is not {what}",
                where=option,
                hint=None if hint is None else f"{option} {hint}",
            )
        return found

    def smoothing(self) -> float | None:
        value = self.values.get("label_smoothing")
        if value is None:
            return None
        found = number(value, "--label-smoothing")
        if not 0.0 <= found <= 1.0:
            raise UsageError(
                f"{found!r} is not in [0, 1]",
                where="--label-smoothing",
                hint="--label-smoothing 0.1",
            )
        return found

    def separator(self) -> str | None:
        text = self.text("label_separator")
        if text == "":
            raise UsageError("is empty", where="--label-separator", hint="--label-separator '|'")
        return text

    def ignored(self) -> frozenset[str]:
        value = self.values.get("ignore")
        if value is None:
            return frozenset()
        if isinstance(value, str):
            labels = value.split(",")
        else:
            labels = [str(one) for one in (value if isinstance(value, Iterable) else [value])]
        return frozenset(label for label in labels if label)

    def focal(self, like: str | None) -> tuple[float | None, float | tuple[float, ...] | None]:
        gamma = self.number(
            "gamma", "a number of at least 0", -1e-300, np.inf, option="--focal-gamma", hint="2"
        )
        alpha = self.values.get("alpha")
        if alpha is not None:
            listed = alpha.split(",") if isinstance(alpha, str) else alpha
            if isinstance(listed, Sequence | np.ndarray):
                found = tuple(number(one, "--alpha") for one in listed)
                alpha = found[0] if len(found) == 1 else found
            else:
                alpha = number(listed, "--alpha")
            if like is None and gamma is None:
                if "alpha" not in self._defaults:
                    raise UsageError(
                        "has no effect without a focal loss",
                        where="--alpha",
                        hint="--focal-gamma 2",
                    )
                alpha = None
        return gamma, alpha

    def weight_by(self, weights: Any, like: str | None) -> tuple[WeightBy, Any]:
        matrix = self.values.get("cost_matrix")
        default = WeightBy.TRUE if matrix is None else WeightBy.PAIR
        word = self.text("weight_by")
        by = parse_word(WeightBy, word, option="--weight-by", default=default)
        if like is not None and by is not WeightBy.TRUE:
            raise UsageError(
                f"{like} weighs by the true class, not by {by.value}",
                where="--weight-by" if matrix is None else "--cost-matrix",
            )
        if by is WeightBy.PAIR and matrix is None:
            raise UsageError("pair needs a matrix", where="--weight-by", hint="--cost-matrix FILE")
        if by is not WeightBy.PAIR and matrix is not None:
            raise UsageError("has no effect", where="--cost-matrix", hint="--weight-by pair")
        if by is WeightBy.PREDICTED and weights is None:
            refuse_idle("weight-by", "there are no weights", self._defaults)
            by = WeightBy.TRUE
        return by, matrix

    def batch_sizes(self) -> tuple[int, ...]:
        value = self.values.get("batch_size")
        if value is None:
            return ()
        parts: Sequence[Any] = (
            value.split(",")
            if isinstance(value, str)
            else list(value)
            if isinstance(value, Sequence | np.ndarray)
            else [value]
        )
        sizes = []
        for part in parts:
            text = str(part).strip()
            is_number = text.isascii() and text.isdigit() and len(text) < 19
            if not is_number or int(text) < 1:
                raise UsageError(
                    f"{short_repr(text)} is no number of rows",
                    where="--batch-size",
                    hint="--batch-size 32, or 32,256",
                )
            sizes.append(int(text))
        return tuple(dict.fromkeys(sizes))

    def framework_reduction(self, like: str | None, reduction: str | None) -> str | None:
        """Leave a general default to the program's own reductions."""
        return None if like is None or "reduction" in self._defaults else reduction
