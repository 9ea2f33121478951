"""How a framework is called on the rows of a file: which API, which form of targets and weights.

`choose_call` picks the API of a framework that fits, `call_of` fits one; both say why where none
does. What is not here: the losses themselves, and adding them up over a file (`tallies`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from wcetool.core.arrays import FloatArray
from wcetool.core.conventions import CONVENTIONS, canonical, find_convention, frameworks
from wcetool.core.conventions.examples import Examples, Target
from wcetool.core.conventions.keras import row_weights
from wcetool.core.conventions.registry import Convention
from wcetool.core.vocabulary import InputKind, Task
from wcetool.errors import UsageError, listed

Matrix: TypeAlias = npt.NDArray[Any]
_OPTION_NAMES = {"label_smoothing": "label-smoothing", "gamma": "focal-gamma", "alpha": "alpha"}


class Passing(StrEnum):
    """How class weights reach a framework."""

    NOT = "no class weights"
    AS_THEY_ARE = "class weights, one a class"
    BY_TRUE_CLASS = "sample weights, that of the true class for each row"
    BY_LARGEST = "sample weights, that of the largest label for each row, the first of equals"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowForm:
    """What the rows of a file hold.

    Attributes
    ----------
    task : Task
        What they answer.
    kind : InputKind
        What the scores are.
    soft : bool
        Multiclass targets are a number a class.
    n_classes : int
        Classes or labels; 2 for the binary task, whose scores are one column.
    dtype : NumPy dtype
        That of the stored scores.
    positive : int
        The class that a binary score is of.
    """

    task: Task
    kind: InputKind
    soft: bool
    n_classes: int
    dtype: np.dtype[Any]
    positive: int = 1

    @property
    def words(self) -> str:
        """Say it in words."""
        targets = {
            Task.MULTICLASS: "soft targets" if self.soft else "one class a row",
            Task.BINARY: "two classes and one score a row",
            Task.MULTILABEL: "several labels a row",
        }
        return targets[self.task]

    def targets(self) -> tuple[Target, ...]:
        """List the forms in which a framework may be given the targets, the nearest one first."""
        return {
            Task.MULTICLASS: (Target.SOFT,) if self.soft else (Target.INDEX, Target.SOFT),
            Task.BINARY: (Target.BINARY,),
            Task.MULTILABEL: (Target.MULTILABEL,),
        }[self.task]


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the user gives a framework besides the rows.

    Attributes
    ----------
    class_weight, sample_weight : bool
        Whether there are any.
    pos_weight : float64 array of shape () or (n_labels,), or None
        Factor of the positive terms.
    reduction : str or None
        The one that is asked for.
    options : mapping of str to value
        Those of the convention.
    """

    class_weight: bool = False
    sample_weight: bool = False
    pos_weight: FloatArray | None = None
    reduction: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A convention with everything that it is called with, but the rows and the class weights.

    Attributes
    ----------
    target, kind : Target, InputKind
        The form in which it gets targets and scores.
    passing : Passing
        What becomes of class weights.
    reduction : str
        One of its own that gives one number.
    sample_weight : bool
        Whether rows have weights of their own.
    notes : tuple of str
        What was done so that it fits.
    """

    convention: Convention
    form: RowForm
    target: Target
    kind: InputKind
    passing: Passing
    reduction: str
    options: Mapping[str, Any]
    pos_weight: FloatArray | None = None
    sample_weight: bool = False
    notes: tuple[str, ...] = ()

    @property
    def plain(self) -> bool:
        """Whether the class counts and losses of an ordinary score report determine the number."""
        by_element = "elements" in self.convention.plain.values()
        target, task = (
            (Target.MULTILABEL, Task.MULTILABEL) if by_element else (Target.INDEX, Task.MULTICLASS)
        )
        return (
            self.reduction in self.convention.plain
            and (self.target, self.form.task) == (target, task)
            and self.form.kind is self.kind is self.convention.kinds[0]
            and not self.sample_weight
            and not any(
                value != self.convention.options.get(name) for name, value in self.options.items()
            )
        )

    def examples(
        self,
        target: Matrix,
        scores: Matrix,
        class_weight: FloatArray | None,
        sample_weight: FloatArray | None,
    ) -> Examples:
        """Give rows the form that the framework takes.

        Parameters
        ----------
        target : int64 array of shape (n_samples,), or numbers of shape (n_samples, n_classes)
            As the file has it.
        scores : array of shape (n_samples, n_columns)
            As the file has it.
        class_weight : float64 array of shape (n_classes,), or None
            Rounded to the dtype of the scores, as frameworks hold them.
        sample_weight : float64 array of shape (n_samples,), or None
            As the file has it.
        """
        weights = None if class_weight is None else self._rounded(class_weight)
        by_row = None if sample_weight is None else self._rounded(sample_weight)
        y: Matrix = target
        if self.form.task is Task.BINARY:
            y = (target == self.form.positive).astype(np.float64)[:, np.newaxis]
        elif self.target is Target.SOFT and target.ndim == 1:
            y = np.eye(self.form.n_classes)[target]
        elif self.target is not Target.INDEX:
            y = self._rounded(target)
        if weights is not None and self.passing in (Passing.BY_TRUE_CLASS, Passing.BY_LARGEST):
            gathered = weights[target] if target.ndim == 1 else row_weights(y, weights)
            by_row = gathered if by_row is None else by_row * gathered
            weights = None
        if by_row is not None and self.target in (Target.BINARY, Target.MULTILABEL):
            by_row = by_row[:, np.newaxis]  # broadcast over the labels of a row
        return Examples(
            y=y,
            scores=scores.astype(np.float64),
            target=self.target,
            kind=self.kind,
            dtype=self.form.dtype,
            class_weight=weights if self.passing is Passing.AS_THEY_ARE else None,
            pos_weight=None if self.pos_weight is None else self._rounded(self.pos_weight),
            sample_weight=by_row,
        )

    def _rounded(self, values: Matrix) -> FloatArray:
        return values.astype(self.form.dtype).astype(np.float64)


def choose_call(like: str, form: RowForm, given: Given) -> Call:
    """Return how a framework, or one of its APIs, is called on the rows of a file.

    Parameters
    ----------
    like : str
        A framework, whose first API that fits is taken, or an API.
    form : RowForm
        What the rows hold.
    given : Given
        What else there is.

    Raises
    ------
    UsageError
        If none fits; says why.
    """
    like = canonical(like)
    if like not in frameworks():
        return call_of(find_convention(like), form, given)
    reasons = []
    for convention in frameworks()[like]:
        if "gamma" in convention.options and "gamma" not in given.options:
            continue
        try:
            call = call_of(convention, form, given)
        except UsageError as error:
            reasons.append(error.message)
        else:
            return call
    raise UsageError(
        f"no loss of {like} fits {form.words}, {form.kind.value}, and the options",
        where="--like",
        details=tuple(reasons),
        hint=f"wcetool explain --like {like}",
    )


def all_calls(form: RowForm, given: Given, like: str | None = None) -> dict[str, Call | str]:
    """Return for every convention, or those of a framework, how it is called or why it cannot be.

    Raises
    ------
    UsageError
        If `like` is neither a framework nor a convention.
    """
    found: dict[str, Call | str] = {}
    if like is None:
        chosen = list(CONVENTIONS.values())
    else:
        like = canonical(like)
        chosen = [one for one in CONVENTIONS.values() if one.framework == like]
        chosen = chosen or frameworks().get(like) or [find_convention(like)]
    for convention in chosen:
        name = convention.name
        try:
            found[name] = call_of(convention, form, given)
        except UsageError as error:
            found[name] = error.message.removeprefix(f"{name} ")
    return found


def call_of(convention: Convention, form: RowForm, given: Given) -> Call:
    """Fit one convention to the rows of a file.

    Raises
    ------
    UsageError
        If it takes no such targets, scores, weights or options; says what it takes.
    """
    name = convention.name
    if "batch_size" in convention.options:
        raise UsageError(
            f"{name} cuts batches: wcetool score --batch-size 32",
            where="--like",
            hint="--like with the loss itself, and --batch-size 32",
        )
    target = next((one for one in form.targets() if one in convention.targets), None)
    if target is None:
        taken = listed(one.value for one in convention.targets)
        raise UsageError(f"{name} takes {taken} targets, not {form.words}", where="--like")
    kind = _kind(convention, form)
    passing = _passing(convention, form, given)
    _refuse_weights(convention, given)
    options, notes = _options(convention, form, target, given)
    reduction = _reduction(convention, given.reduction)
    if given.reduction is None and convention.reductions[0] == "none":
        notes.append(f"{name} does not reduce by itself: its {reduction} is shown")
    if target is Target.SOFT and not form.soft:
        notes.append(f"{name} takes one-hot targets: each class a row was turned into one")
    if kind is not form.kind:
        notes.append(f"{name} is given the {form.kind.value} as {kind.value}")
    if passing in (Passing.BY_TRUE_CLASS, Passing.BY_LARGEST):
        notes.append(f"{name} takes no class weights: they become {passing.value}")
    return Call(
        convention=convention,
        form=form,
        target=target,
        kind=kind,
        passing=passing,
        reduction=reduction,
        options=options,
        pos_weight=given.pos_weight,
        sample_weight=given.sample_weight,
        notes=tuple(notes),
    )


def _reduction(convention: Convention, given: str | None) -> str:
    """Return the reduction asked for, else the first one to one number."""
    scalar = [one for one in convention.reductions if one != "none"]
    if given is not None and given not in scalar:
        raise UsageError(
            f"{convention.name} has no reduction {given!r} to one number: {listed(scalar)}",
            where="--reduction",
            hint=f"--reduction {scalar[0]}",
        )
    return given or scalar[0]


def _kind(convention: Convention, form: RowForm) -> InputKind:
    if form.kind in convention.kinds:
        return form.kind
    if (
        form.kind is InputKind.LOG_PROBS
        and InputKind.LOGITS in convention.kinds
        and form.task is Task.MULTICLASS
    ):
        return InputKind.LOGITS
    if form.kind is InputKind.PROBS and convention.behind_activation:
        raise UsageError(
            f"{convention.name} cannot be had from stored probabilities: "
            f"{convention.behind_activation}",
            where="--like",
            hint="store the logits, or name the loss itself",
        )
    taken = listed(one.value for one in convention.kinds)
    raise UsageError(f"{convention.name} takes {taken}, not {form.kind.value}", where="--like")


def _refuse_weights(convention: Convention, given: Given) -> None:
    for what, there in (
        ("sample_weight", given.sample_weight),
        ("pos_weight", given.pos_weight is not None),
    ):
        if there and what not in convention.weights:
            raise UsageError(
                f"{convention.name} takes no {what}",
                where="--sample-weight-column" if what == "sample_weight" else "--pos-weight",
                hint=f"it takes {listed(sorted(convention.weights)) or 'no weights'}",
            )


def _passing(convention: Convention, form: RowForm, given: Given) -> Passing:
    if not given.class_weight:
        return Passing.NOT
    # Where both are taken, class weights are weights of columns, which one class a row has not.
    by_column = "sample_weight" in convention.weights
    usual = form.task is Task.MULTILABEL if by_column else form.task is not Task.BINARY
    if "class_weight" in convention.weights and usual and not (by_column and given.sample_weight):
        return Passing.AS_THEY_ARE
    if "sample_weight" in convention.weights:
        if form.task is Task.BINARY or not (form.soft or form.task is Task.MULTILABEL):
            return Passing.BY_TRUE_CLASS
        if convention.framework.startswith("keras"):
            return Passing.BY_LARGEST
    raise UsageError(
        f"{convention.name} takes no class weights for {form.words}",
        where="--weights",
        hint=f"it takes {listed(sorted(convention.weights)) or 'no weights'}",
    )


def _options(
    convention: Convention, form: RowForm, target: Target, given: Given
) -> tuple[dict[str, Any], list[str]]:
    """Return the options of the call, those that follow from the form of the rows among them."""
    taken = set(convention.options) - convention.fixed
    unknown = [option for option in given.options if option not in taken]
    if unknown:
        option = _OPTION_NAMES.get(unknown[0], unknown[0])
        raise UsageError(
            f"{convention.name} has no {option}",
            where=f"--{option}",
            hint=f"it has {listed(sorted(taken)) or 'no options'}",
        )
    for option, value in given.options.items():
        if not convention.takes(option, value):
            raise UsageError(
                f"{convention.name}: {option} is one number", where=f"--{_OPTION_NAMES[option]}"
            )
        if np.ndim(value) and len(value) != form.n_classes:
            raise UsageError(
                f"{len(value)} numbers, for {form.n_classes} classes",
                where=f"--{_OPTION_NAMES[option]}",
            )
    options: dict[str, Any] = {**convention.by_target.get(target, {}), **given.options}
    notes = []
    if "labels" in convention.options:
        options["labels"] = list(range(form.n_classes))
    if "apply_class_balancing" in convention.options and "alpha" in given.options:
        options["apply_class_balancing"] = True
        notes.append(f"{convention.name}: alpha sets apply_class_balancing")
    return options, notes
