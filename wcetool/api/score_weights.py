"""Everything that weighs the rows of a score, given or computed from the labels scored."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from wcetool.api.evaluation import Evaluation
from wcetool.api.weighting import given_weights, is_named, scheme_weights
from wcetool.core.arrays import FloatArray
from wcetool.core.distribution import ClassCounts
from wcetool.core.schemes import Kind, Need, SchemeCall, parse_scheme
from wcetool.core.vocabulary import Absent, Task, WeightBy
from wcetool.data import weightfile
from wcetool.data.cost_matrix import cost_matrix
from wcetool.data.formats.text_head import is_number
from wcetool.data.layout import ScoreLayout
from wcetool.data.options import number, refuse_idle
from wcetool.errors import (
    InputError,
    SchemeError,
    UsageError,
    WeightFileError,
    counted,
    quoted,
    short_repr,
)
from wcetool.results.weights import ClassWeights

MOST_PAIRED = 512  # classes
LEAST_WEIGHT = 1e-12  # products of smaller ones with losses would be lost in exact sums
_POS_WEIGHT = "--pos-weight"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreWeights:
    """Class weights, positive weights and weights by pair.

    Attributes
    ----------
    classes : tuple of str
        The classes, in order.
    weights : ClassWeights or None
        As they were given; None where there are none, or a scheme will give them.
    class_weight : tuple of float or None, or None
        In class order; None where there are none.
    scheme : str or None
        The scheme that will give them.
    positive : float64 array of shape (n_classes,), or None
        Factors of the positive terms of labels, alpha included.
    by_pair : float64 array of shape (n_classes, n_classes), or None
        Rows true, columns predicted.
    factors : float64 array of shape (n_classes,), or None
        What else class weights are multiplied by: alpha, the positive weight of two classes.
    positive_class : str or None
        The one of two classes that a scheme may take for the positive one.
    """

    classes: tuple[str, ...]
    weights: ClassWeights | None = None
    class_weight: tuple[float | None, ...] | None = None
    scheme: str | None = None
    positive: FloatArray | None = None
    by_pair: FloatArray | None = None
    factors: FloatArray | None = None
    positive_class: str | None = None
    weight_by: WeightBy = WeightBy.TRUE

    @classmethod
    def of(cls, evaluation: Evaluation, layout: ScoreLayout) -> ScoreWeights:
        """Read what is given, before the pass over the rows: a fault should not take long to show.

        Raises
        ------
        WeightFileError
            If weights are for other classes.
        UsageError
            If they make no sense for the task.
        """
        classes = layout.classes
        found = cls(classes=classes, weight_by=evaluation.weight_by)
        positive = _positive_weights(evaluation, layout)
        weights = None if evaluation.weights is None else _given(evaluation.weights, classes)
        if weights is not None and weights.kind is Kind.LABEL:
            in_order, positive = _of_labels(weights, evaluation, layout)
            if any(weight != 1.0 for weight in in_order):
                found = replace(found, weights=weights, class_weight=in_order)
        elif weights is not None:
            of_classes = weightfile.for_classes(weights, classes, evaluation.absent)
            found = replace(found, weights=weights, class_weight=of_classes)
        elif evaluation.weights is not None:
            found = found.with_scheme(evaluation, layout)
        if evaluation.cost_matrix is not None:
            _refuse_by_pair(evaluation, layout)
            found = replace(found, by_pair=cost_matrix(evaluation.cost_matrix, classes))
        elif evaluation.weight_by is WeightBy.PREDICTED:
            _refuse_by_pair(evaluation, layout)
        if evaluation.like is not None:
            return replace(found, positive=positive)
        factors, positive = _with_alpha(evaluation, layout, positive)
        if layout.form.task is Task.BINARY and positive is not None:
            ones = np.ones(2) if factors is None else factors.copy()
            ones[layout.form.positive] *= positive.item()
            factors, positive = ones, None
        return replace(found, positive=positive, factors=factors)

    def with_scheme(self, evaluation: Evaluation, layout: ScoreLayout) -> ScoreWeights:
        """Remember the scheme that will give class weights, once the labels are counted.

        Raises
        ------
        SchemeError
            If it gives none, or needs more than the labels.
        """
        if evaluation.absent is not Absent.ERROR and evaluation.pos_weight is None:
            refuse_idle("absent", "a scheme weighs every class that occurs", evaluation.defaults)
        call = parse_scheme(str(evaluation.weights))
        _refuse_scheme(call)
        binary = layout.form.task is Task.BINARY
        positive = self.classes[layout.form.positive] if binary else None
        return replace(self, scheme=str(call), positive_class=positive)

    @property
    def any_class_weight(self) -> bool:
        """Whether there are class weights, now or later."""
        return self.class_weight is not None or self.scheme is not None

    @property
    def keeps_pairs(self) -> bool:
        """Whether sums by true and predicted class are needed."""
        return self.by_pair is not None or self.weight_by is WeightBy.PREDICTED

    def from_labels(self, mass: Sequence[float]) -> ScoreWeights:
        """Apply a scheme to the labels scored; a class without rows then has no weight.

        Parameters
        ----------
        mass : sequence of float
            Rows of each class, or the sum of its targets.

        Raises
        ------
        InputError
            If the targets of a class are no count.
        """
        if self.scheme is None or not any(mass):
            return self
        wrong = [k for k, total in enumerate(mass) if total != int(total)]
        if wrong:
            k = wrong[0]
            raise InputError(
                f"the targets of class {quoted([self.classes[k]])} sum to {mass[k]:.6g}, which is "
                "no count: a scheme takes counts",
                hint="--weights with a weight file",
            )
        counts = ClassCounts(self.classes, np.array([int(total) for total in mass], dtype=np.int64))
        weights = scheme_weights(counts, self.scheme, self.positive_class)
        in_order = tuple(weights.by_class.get(label) for label in self.classes)
        return replace(self, weights=weights, class_weight=in_order, scheme=None)

    def by_class(self) -> list[float | None] | None:
        """Return the weight of each true class; None where there are none."""
        given = None if self.weight_by is WeightBy.PREDICTED else self.class_weight
        if given is None and self.factors is None:
            return None
        weights: list[float | None] = list(given or [1.0] * len(self.classes))
        if self.factors is None:
            return weights
        return [
            None if weight is None else weight * factor
            for weight, factor in zip(weights, self.factors.tolist(), strict=True)
        ]

    def array(self) -> FloatArray | None:
        """Return class weights, 0 for a class without rows; None where there are none."""
        if self.class_weight is None:
            return None
        return np.array([weight or 0.0 for weight in self.class_weight])

    def for_rows(self) -> FloatArray | None:
        """Return class weights that rows are multiplied by.

        Raises
        ------
        UsageError
            If one is so small that the exact sums would lose it.
        """
        weights = self.array()
        if weights is not None and ((weights > 0.0) & (weights < LEAST_WEIGHT)).any():
            raise UsageError(
                f"a weight of {weights[weights > 0.0].min():.4g} is too small to be summed up "
                "exactly",
                where="--weights",
                hint="multiply all weights by one number, such as 1e12",
            )
        return weights

    def effective(self) -> FloatArray:
        """Return what each true class weighs, as an array."""
        weights = self.by_class()
        if weights is None:
            return np.ones(len(self.classes))
        return np.array([weight or 0.0 for weight in weights])

    def parameters(self) -> dict[str, str]:
        """Return what weighs besides class weights, as text."""
        found = {
            name: ",".join(map(repr, values.tolist()))
            for name, values in (("pos-weight", self.positive), ("class-factors", self.factors))
            if values is not None
        }
        if self.by_pair is not None:
            rows = (",".join(map(repr, row)) for row in self.by_pair.tolist())
            found["cost-matrix"] = ";".join(rows)
        return found

    def pairs(self) -> FloatArray | None:
        """Return the factors by true and predicted class; None where there are none."""
        if self.weight_by is WeightBy.PREDICTED:
            weights = self.array()
            return None if weights is None else np.tile(weights, (len(weights), 1))
        return self.by_pair


def _given(weights: Any, classes: Sequence[str]) -> ClassWeights | None:
    """Read weights; what is wrong with a scheme is said of the option that it stands in here."""
    try:
        return given_weights(weights, classes)
    except SchemeError as error:
        hint = None if error.hint is None else error.hint.replace("--scheme", "--weights")
        raise SchemeError(
            error.message, where=error.where, details=error.details, hint=hint
        ) from None


def _refuse_scheme(call: SchemeCall) -> None:
    """Refuse a scheme that gives no class weights, or needs more than the labels scored.

    Raises
    ------
    SchemeError
        Names what to type instead.
    """
    entry = call.scheme
    if entry.kind is not Kind.CLASS:
        raise SchemeError(
            f"gives numbers of the kind {entry.kind.value!r}, where class weights are expected",
            where=f"scheme {entry.name!r}",
            hint=f"wcetool weights labels.csv --scheme {entry.name} -o w.json; --weights w.json"
            if entry.kind is Kind.LABEL
            else "--weights inverse",
        )
    lacking = sorted(entry.needs - {Need.POSITIVE})
    if lacking:
        raise SchemeError(
            f"needs {lacking[0]}, which only weights takes",
            where=f"scheme {entry.name!r}",
            hint=f"wcetool weights labels.csv --scheme {entry.name} -o w.json; --weights w.json",
        )


def _of_labels(
    weights: ClassWeights, evaluation: Evaluation, layout: ScoreLayout
) -> tuple[tuple[float, ...], FloatArray]:
    """Return factors of both terms of each label, and of the positive one on top of them.

    Raises
    ------
    WeightFileError
        If there are no labels to weigh, or a negative term weighs 0 and the positive one does not.
    UsageError
        If positive weights are given twice.
    """
    where = weights.source or "class_weight"
    if layout.form.task is not Task.MULTILABEL:
        raise WeightFileError(
            "weighs labels that are true or false each, and these rows have one class",
            where=where,
            hint="wcetool weights labels.csv --scheme inverse -o weights.json",
        )
    if evaluation.pos_weight is not None:
        raise UsageError(f"is given by {where}, too", where=_POS_WEIGHT)
    ones = (1.0,) * len(weights.classes)
    negative, positive = (
        np.array(weightfile.for_classes(weights, layout.classes, evaluation.absent, values))
        for values in (weights.negative_weight or ones, weights.weight)
    )
    lost = np.flatnonzero((negative == 0.0) & (positive > 0.0)).tolist()
    if lost:
        raise WeightFileError(
            f"the negative term of {quoted(layout.classes[k] for k in lost)} weighs 0, and the "
            "positive one does not: no positive weight stands for that",
            where=where,
            hint="--scheme pos-weight, whose negative terms weigh 1",
        )
    ratio = np.divide(positive, negative, out=np.ones_like(positive), where=negative > 0.0)
    return tuple(negative.tolist()), ratio


def _refuse_by_pair(evaluation: Evaluation, layout: ScoreLayout) -> None:
    """Refuse weights by predicted class where a row has no true class, or there are too many."""
    option = "--weight-by" if evaluation.cost_matrix is None else "--cost-matrix"
    if len(layout.classes) > MOST_PAIRED:
        raise UsageError(
            f"keeps sums for every pair of classes, and there are {len(layout.classes):,}: at most "
            f"{MOST_PAIRED}",
            where=option,
        )
    if layout.form.task is Task.MULTILABEL or layout.soft:
        raise UsageError("needs one true class a row", where=option)
    if evaluation.smoothing:
        raise UsageError("does not go with label smoothing", where=option)


def _positive_weights(evaluation: Evaluation, layout: ScoreLayout) -> FloatArray | None:
    """Return the positive weights: one a label, one for two classes."""
    given, task = evaluation.pos_weight, layout.form.task
    if given is None or (task is Task.MULTICLASS and "pos-weight" in evaluation.defaults):
        return None
    if task is Task.MULTICLASS:
        raise UsageError(
            "is for targets that are true or false each, not for one class of several: a softmax "
            "has no negative term",
            where=_POS_WEIGHT,
            hint="--weights with a weight a class",
        )
    classes = layout.classes
    if task is Task.BINARY:
        classes = (classes[layout.form.positive],)
    if isinstance(given, str) and all(map(is_number, given.split(","))):
        given = given.split(",")
    if is_named(given) or isinstance(given, Mapping | ClassWeights | str | os.PathLike):
        return _named_positive_weights(given, classes, evaluation, layout)
    values = [number(one, _POS_WEIGHT) for one in (given if np.iterable(given) else [given])]
    if len(values) not in {1, len(classes)}:
        raise UsageError(
            f"{counted(len(values), 'weight')}, for {counted(len(classes), 'label')}",
            where=_POS_WEIGHT,
            details=(f"labels: {quoted(classes)}",),
            hint="one for all, or one a label in the order of the labels",
        )
    if not all(0.0 <= value < np.inf for value in values):
        raise UsageError(
            "a weight is not finite and at least 0", where=_POS_WEIGHT, hint="--pos-weight 2"
        )
    return np.broadcast_to(np.array(values), (len(classes),)).copy()


def _named_positive_weights(
    given: Any, classes: Sequence[str], evaluation: Evaluation, layout: ScoreLayout
) -> FloatArray:
    if isinstance(given, str) and not weightfile.names_weight_file(given):
        raise UsageError(
            f"{short_repr(given)} is neither numbers nor a weight file",
            where=_POS_WEIGHT,
            hint="--pos-weight 2, or one number a label, comma-separated",
        )
    weights = given_weights(given, classes)
    if weights is None:
        raise UsageError("takes numbers or a weight file, not a scheme", where=_POS_WEIGHT)
    if weights.kind is Kind.LABEL:
        if any(weight != 1.0 for weight in weights.negative_weight or ()):
            raise UsageError(
                "takes factors of positive terms alone; this file weighs the negative ones, too",
                where=_POS_WEIGHT,
                hint="--weights with this file",
            )
        return np.array(weightfile.for_classes(weights, classes, evaluation.absent, weights.weight))
    if len(classes) == 1 and {*weights.by_class} == {*layout.classes}:
        raise UsageError(
            "weighs both classes, where one number for the positive class is expected",
            where=_POS_WEIGHT,
            hint="--weights with this file, which weighs both; or --pos-weight with a number",
        )
    return np.array(weightfile.for_classes(weights, classes, evaluation.absent))


def _with_alpha(
    evaluation: Evaluation, layout: ScoreLayout, positive: FloatArray | None
) -> tuple[FloatArray | None, FloatArray | None]:
    """Turn the alpha of a focal loss into factors of classes and of positive terms."""
    alpha, task, n = evaluation.alpha, layout.form.task, len(layout.classes)
    if alpha is None:
        return None, positive
    where = "--alpha"
    if isinstance(alpha, tuple):
        if task is Task.MULTILABEL or len(alpha) != n:
            raise UsageError(
                f"{counted(len(alpha), 'number')}, for {n} labels that are true or false each"
                if task is Task.MULTILABEL
                else f"{counted(len(alpha), 'number')}, for {counted(n, 'class', 'classes')}",
                where=where,
                hint="--alpha 0.25, the share of positives"
                if task is not Task.MULTICLASS
                else "one number a class",
            )
        if not all(0.0 <= one < np.inf for one in alpha):
            raise UsageError("a number is not finite and at least 0", where=where)
        return np.array(alpha), positive
    if task is Task.MULTICLASS:
        raise UsageError(
            "one number weighs nothing where there are several classes",
            where=where,
            hint="--alpha with one number a class, comma-separated",
        )
    if not 0.0 <= alpha < 1.0:
        raise UsageError(f"{alpha!r} is not in [0, 1)", where=where, hint="--alpha 0.25")
    if task is Task.BINARY:
        factors = np.full(2, 1.0 - alpha)
        factors[layout.form.positive] = alpha
        return factors, positive
    ratio = alpha / (1.0 - alpha)
    return np.full(n, 1.0 - alpha), np.full(n, ratio) if positive is None else positive * ratio
