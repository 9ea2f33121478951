"""One small example a task, worked through by any convention, row by row.

Every number comes from the registered convention itself. What is chosen here is the example, and
how weights are handed over, which the convention decides by what it refuses.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from wcetool.core.arrays import FloatArray
from wcetool.core.conventions.examples import Examples, Losses, Target
from wcetool.core.conventions.registry import Convention
from wcetool.core.vocabulary import InputKind, Task
from wcetool.errors import InputError

Numbers: TypeAlias = tuple[float, ...]

BATCH_SIZE = 2  # of the conventions that cut batches
_TARGETS = {
    Task.MULTICLASS: (Target.INDEX, Target.SOFT),
    Task.BINARY: (Target.BINARY,),
    Task.MULTILABEL: (Target.MULTILABEL,),
}
_LOSS_OF_MODEL = {
    Target.INDEX: "SparseCategoricalCrossentropy",
    Target.SOFT: "CategoricalCrossentropy",
    Target.BINARY: "BinaryCrossentropy",
    Target.MULTILABEL: "BinaryCrossentropy",
}
# How frameworks call what they take, by the beginning of the api; others call it as we do.
_SPELLED = {
    "torch": {"class_weight": "weight={}", "sample_weight": "weight={}"},
    "tf.reduce_mean": {"class_weight": "w={}"},
    "tf.compat.v1": {"class_weight": "weights=[{}]", "sample_weight": "weights={}"},
    "optax": {"class_weight": "w={}"},
    "xgboost": {"sample_weight": "weight={}"},
    "lightgbm": {"sample_weight": "weight={}"},
    "catboost": {"sample_weight": "weight={}"},
    "-1/N": {"class_weight": "w={}"},
}
_NO_ALPHA = {"torchvision.ops.sigmoid_focal_loss": -1.0, "optax.sigmoid_focal_loss": None}
_ALPHA = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallExample:
    """Targets, probabilities and class weights, of few decimals.

    Attributes
    ----------
    task : Task
        What it is an example of.
    targets : tuple of tuple of int
        A class a row, or a number a row and label.
    proba : tuple of tuple of float
        Of the classes or labels; in a binary example of the positive class alone.
    class_weight : tuple of float
        By class; by label in a multi-label example.
    logits_are : str
        How logits follow from the probabilities.
    """

    task: Task
    targets: tuple[tuple[int, ...], ...]
    proba: tuple[Numbers, ...]
    class_weight: Numbers
    logits_are: str

    @property
    def n_rows(self) -> int:
        """Rows."""
        return len(self.targets)

    @property
    def row_weight(self) -> Numbers:
        """The weight of the class of each row: of several labels the first largest one's."""
        classes = [row[0] if len(row) == 1 else row.index(max(row)) for row in self.targets]
        return tuple(self.class_weight[k] for k in classes)

    @property
    def negatives_to_positives(self) -> tuple[float, ...]:
        """How many negatives there are to a positive, by label."""
        columns = list(zip(*self.targets, strict=True))
        return tuple((len(column) - sum(column)) / sum(column) for column in columns)

    def scores(self, kind: InputKind) -> FloatArray:
        """Return probabilities, or the logits that give them, a row each."""
        proba = np.array(self.proba)
        if kind is InputKind.PROBS:
            return proba
        return np.log(proba) if self.task is Task.MULTICLASS else np.log(proba / (1.0 - proba))

    def y(self, target: Target) -> npt.NDArray[Any]:
        """Return targets in a form that a convention takes."""
        if target not in (Target.INDEX, Target.SOFT):
            return np.array(self.targets, dtype=np.float64)
        index: npt.NDArray[Any] = np.array(self.targets, dtype=np.int64)[:, 0]
        rows: npt.NDArray[Any] = np.eye(len(self.class_weight))[index]
        return index if target is Target.INDEX else rows


EXAMPLES = {
    example.task: example
    for example in (
        SmallExample(
            task=Task.MULTICLASS,
            targets=((0,), (1,), (0,), (2,)),
            proba=((0.7, 0.2, 0.1), (0.3, 0.5, 0.2), (0.8, 0.1, 0.1), (0.4, 0.4, 0.2)),
            class_weight=(1.0, 2.0, 4.0),
            logits_are="log(p)",
        ),
        SmallExample(
            task=Task.BINARY,
            targets=((0,), (0,), (1,), (0,)),
            proba=((0.2,), (0.5,), (0.4,), (0.1,)),
            class_weight=(1.0, 3.0),
            logits_are="log(p / (1 - p))",
        ),
        SmallExample(
            task=Task.MULTILABEL,
            targets=((1, 0, 0), (0, 1, 1), (0, 0, 0), (0, 0, 1)),
            proba=((0.8, 0.2, 0.1), (0.4, 0.5, 0.2), (0.1, 0.2, 0.1), (0.5, 0.1, 0.4)),
            class_weight=(1.0, 2.0, 4.0),
            logits_are="log(p / (1 - p))",
        ),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkedRow:
    """A row of the example, or a batch of them where the convention gives a loss a batch.

    Attributes
    ----------
    target, scores : tuple of tuple of number
        As they are given, a tuple a row.
    unweighted, weighted : tuple of float
        The losses without and with weights: one, or one a label.
    weight : tuple of float or None
        weighted / unweighted to six decimals; None of batches, and where it is 0 / 0.
    """

    target: tuple[Numbers, ...]
    scores: tuple[Numbers, ...]
    unweighted: Numbers
    weight: tuple[float | None, ...]
    weighted: Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotient:
    """A sum, its value, and the denominator that it was divided by: None where it was not."""

    total: float
    denominator: float | None
    divides_by: str
    value: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkedExample:
    """The example of a task under one convention.

    Attributes
    ----------
    convention : str
        Its name.
    task, target, kind
        Which example, the form of its targets, and what its scores are.
    weights : str
        The weights as a user passes them; empty where there are none.
    remark : str
        What there is to say about them.
    arguments : mapping of str to value
        The same as `framework_loss` takes them, other options of the convention included.
    rows : tuple of WorkedRow
        The example row by row, or batch by batch.
    reduction : str
        The default one; where it is none, the first one that divides.
    reduces_by_default : bool
        Whether it is the default one.
    reduced : Quotient
        The sum of the weighted losses, and what the reduction gives.
    reductions : mapping of str to float
        What each of the reductions gives, none left out.
    one_hot : Quotient or None
        What one-hot rows give, where it is another value than that of class indices.
    """

    convention: str
    task: Task
    target: Target
    kind: InputKind
    weights: str
    remark: str
    arguments: Mapping[str, Any]
    rows: tuple[WorkedRow, ...]
    reduction: str
    reduces_by_default: bool
    reduced: Quotient
    reductions: Mapping[str, float]
    one_hot: Quotient | None = None

    @property
    def is_by_batch(self) -> bool:
        """Tell whether the rows are batches."""
        return any(len(row.target) > 1 for row in self.rows)

    @property
    def is_by_label(self) -> bool:
        """Tell whether each label has a loss of its own."""
        return any(len(row.weighted) > 1 for row in self.rows)


def first_task(convention: Convention) -> Task:
    """Return the first of the tasks that a convention is a loss for."""
    return next(task for task in Task if task in convention.tasks)


def worked_example(convention: Convention, task: Task | None = None) -> WorkedExample:
    """Work through the example of a task.

    Parameters
    ----------
    convention : Convention
        A loss for the task.
    task : Task, optional
        By default the first one of the convention.

    Returns
    -------
    WorkedExample
        Losses of the rows, without and with weights, and what they are reduced to.

    Raises
    ------
    InputError
        If the convention refuses the example.

    Examples
    --------
    >>> from wcetool.core.conventions import find_convention
    >>> found = worked_example(find_convention("torch.CrossEntropyLoss"))
    >>> found.weights, found.reduced.denominator, found.reduced.divides_by
    ('weight=[1, 2, 4]', 8.0, 'sum of the weights')
    """
    small = EXAMPLES[task or first_task(convention)]
    first, *others = (one for one in _TARGETS[small.task] if one in convention.targets)
    found = _work(convention, small, first)
    for other in others:
        reduced = _work(convention, small, other).reduced
        if not math.isclose(reduced.value or 0.0, found.reduced.value or 0.0, rel_tol=1e-9):
            return replace(found, one_hot=reduced)
    return found


@dataclass(frozen=True, slots=True)
class _Weighting:
    """A way to hand over weights; `unset` is what the arguments are where there are none."""

    text: str
    arguments: Mapping[str, Any]
    remark: str = ""
    unset: Mapping[str, Any] = field(default_factory=dict)


def _weightings(convention: Convention, small: SmallExample) -> Iterator[_Weighting]:
    """List the ways that there may be, the most usual one first."""
    weights, by_row = list(small.class_weight), list(small.row_weight)
    listed = _listed(small.class_weight)
    if "pos_weight" in convention.weights:
        positive = small.negatives_to_positives
        text = ", ".join(f"{one:g}" for one in positive)
        remark = (
            "negatives / positives of each label" if len(positive) > 1 else "negatives / positives"
        )
        given = list(positive) if len(positive) > 1 else positive[0]
        text = f"[{text}]" if len(positive) > 1 else text
        yield _named(convention, "pos_weight", given, text, remark)
    if "class_weight" in convention.weights:
        mapping = dict(enumerate(weights))
        text = ", ".join(f"{k}: {weight:g}" for k, weight in mapping.items())
        yield _named(convention, "class_weight", mapping, f"{{{text}}}")
        yield _named(convention, "class_weight", weights, listed)
    if "sample_weight" in convention.weights:
        if small.task is Task.MULTILABEL:
            remark = "a weight a label, for all rows"
            yield _named(convention, "sample_weight", [weights], f"[{listed}]", remark)
        remark = f"class weights by row: w = {listed}, y the class of the row"
        if small.task is Task.MULTILABEL:
            remark = f"class weights by row, none by label: w = {listed}, y the first largest label"
        shaped = by_row if small.task is Task.MULTICLASS else [[weight] for weight in by_row]
        yield _named(convention, "sample_weight", shaped, "w[y]", remark)
    if convention.api in _NO_ALPHA:
        yield _Weighting(
            f"alpha={_ALPHA:g}",
            {"alpha": _ALPHA},
            f"positives weigh {_ALPHA:g}, negatives {1 - _ALPHA:g}",
            {"alpha": _NO_ALPHA[convention.api]},
        )
    yield _Weighting("", {}, "it takes no weights")


def _named(
    convention: Convention, argument: str, value: Any, text: str, remark: str = ""
) -> _Weighting:
    names = (names for start, names in _SPELLED.items() if convention.api.startswith(start))
    spelled = next(names, {}).get(argument, f"{argument}={{}}")
    return _Weighting(spelled.format(text), {argument: value}, remark)


def _listed(values: Numbers) -> str:
    return f"[{', '.join(f'{value:g}' for value in values)}]"


def _options(convention: Convention, target: Target) -> dict[str, Any]:
    """Set the options without which the example says nothing."""
    wanted = {"loss": _LOSS_OF_MODEL[target], "batch_size": BATCH_SIZE}
    return {name: value for name, value in wanted.items() if name in convention.options}


def _work(convention: Convention, small: SmallExample, target: Target) -> WorkedExample:
    """Take the first way to weigh that the convention does not refuse."""
    refused: InputError | None = None
    for weighting in _weightings(convention, small):
        try:
            return _weighed(convention, small, target, weighting)
        except InputError as error:
            refused = error
    raise refused or InputError(f"{convention.name} cannot be worked through")


def _weighed(
    convention: Convention, small: SmallExample, target: Target, weighting: _Weighting
) -> WorkedExample:
    options = _options(convention, target)
    kind = convention.kinds[0]
    plain = Examples(
        y=small.y(target),
        scores=small.scores(kind),
        target=target,
        kind=kind,
        dtype=np.dtype(np.float64),
    )
    given: dict[str, Any] = {
        name: value if isinstance(value, Mapping) else np.asarray(value, dtype=np.float64)
        for name, value in weighting.arguments.items()
        if name in convention.weights
    }
    changed = {k: value for k, value in weighting.arguments.items() if k not in convention.weights}
    weighted = {
        how: _losses(convention, replace(plain, **given), how, {**options, **changed})
        for how in convention.reductions
    }
    default = convention.reductions[0]
    dividing = [how for how, losses in weighted.items() if how in losses.divisors]
    scalar = [how for how in convention.reductions if how != "none"]
    chosen = default if default != "none" else (dividing or scalar or [default])[0]
    losses = weighted[chosen]
    unweighted = _losses(convention, plain, chosen, {**options, **weighting.unset})
    reductions = {how: float(weighted[how].reduced(how)) for how in scalar}
    divisor = losses.divisors.get(chosen)
    return WorkedExample(
        convention=convention.name,
        task=small.task,
        target=target,
        kind=kind,
        weights=weighting.text,
        remark=weighting.remark,
        arguments={**options, **weighting.arguments},
        rows=_rows(plain, unweighted.values, losses.values),
        reduction=chosen,
        reduces_by_default=chosen == default,
        reduced=Quotient(
            total=_total(losses.values),
            denominator=None if divisor is None else _total(divisor),
            divides_by="" if divisor is None else _meaning(divisor, small.n_rows, chosen),
            value=reductions.get(chosen),
        ),
        reductions=reductions,
    )


def _losses(
    convention: Convention, examples: Examples, reduction: str, options: Mapping[str, Any]
) -> Losses:
    return convention.losses(examples, {**convention.options, "reduction": reduction, **options})


def _total(values: FloatArray) -> float:
    return math.fsum(values.reshape(-1).tolist())


def _meaning(divisor: FloatArray, n_rows: int, reduction: str) -> str:
    """Say what was added up to the denominator."""
    if "nonzero" in reduction:
        return "weights that are not 0"
    if not (divisor == 1.0).all():
        return "sum of the weights"
    if divisor.size == n_rows:
        return "rows"
    return "elements" if divisor.size > n_rows else "batches"


def _rows(plain: Examples, unweighted: FloatArray, weighted: FloatArray) -> tuple[WorkedRow, ...]:
    """Set losses beside the rows that they are of."""
    n_rows = len(plain.scores)
    n_shown = len(weighted) if weighted.ndim else 1
    size = n_rows // n_shown
    before, after = (values.reshape(n_shown, -1).tolist() for values in (unweighted, weighted))
    y, scores = (values.reshape(n_rows, -1).tolist() for values in (plain.y, plain.scores))
    return tuple(
        WorkedRow(
            target=tuple(map(tuple, y[i * size : (i + 1) * size])),
            scores=tuple(map(tuple, scores[i * size : (i + 1) * size])),
            unweighted=tuple(before[i]),
            weight=tuple(
                round(b / a, 6) if a and size == 1 else None
                for a, b in zip(before[i], after[i], strict=True)
            ),
            weighted=tuple(after[i]),
        )
        for i in range(n_shown)
    )
