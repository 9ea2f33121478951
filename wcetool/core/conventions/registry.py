"""What there is to say of a framework's loss, and how it is called.

Every convention is one entry; the modules beside this one hold those of their framework.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

import numpy as np

from wcetool.core.arrays import FloatArray
from wcetool.core.conventions.examples import Examples, Losses, Options, Target
from wcetool.core.vocabulary import InputKind, Task
from wcetool.errors import UsageError, listed, nearest

LOGITS, PROBS = InputKind.LOGITS, InputKind.PROBS
_TASKS = {
    Target.INDEX: Task.MULTICLASS,
    Target.SOFT: Task.MULTICLASS,
    Target.BINARY: Task.BINARY,
    Target.MULTILABEL: Task.MULTILABEL,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Convention:
    """One loss of one framework.

    Attributes
    ----------
    framework, api : str
        Who computes it, and through which call.
    targets : tuple of Target
        What it takes as targets.
    kinds : tuple of InputKind
        What it takes as scores.
    formula, weighs, divides_by : str
        The loss, what is weighted, and the denominator of the default reduction.
    traps : tuple of str
        What users stumble over.
    losses : callable
        Examples and options -> losses before reduction.
    reductions : tuple of str
        Those that it has, the default one first.
    options : mapping of str to value
        The options that it has, and their defaults.
    lists : frozenset of str
        The options that may be a list of numbers.
    fixed : frozenset of str
        Options that it takes at their default alone.
    weights : frozenset of str
        Which of class_weight, pos_weight and sample_weight it takes.
    by_target : mapping of Target to options
        Options that follow from what the targets are.
    plain : mapping of str to {"weights", "rows", "elements", "nothing"}
        Where the loss of a row is w[y] times its negative log-likelihood, or that of an element
        w (q t l+ + (1 - t) l-), and nothing more, from the first of the kinds: what each reduction
        to one number divides by.
    unit : str
        Of its values.
    behind_activation : str
        Why stored probabilities cannot give the number, where a framework goes behind them.
    """

    framework: str
    api: str
    targets: tuple[Target, ...]
    kinds: tuple[InputKind, ...]
    formula: str
    weighs: str
    divides_by: str
    losses: Callable[[Examples, Options], Losses]
    reductions: tuple[str, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    lists: frozenset[str] = frozenset()
    fixed: frozenset[str] = frozenset()
    weights: frozenset[str] = frozenset()
    traps: tuple[str, ...] = ()
    by_target: Mapping[Target, Options] = field(default_factory=dict)
    plain: Mapping[str, str] = field(default_factory=dict)
    behind_activation: str = ""
    unit: str = "nats"

    @property
    def name(self) -> str:
        """How users name it."""
        return self.api if self.api.startswith(self.framework) else f"{self.framework}:{self.api}"

    @property
    def own_options(self) -> Mapping[str, Any]:
        """The options that it takes at other values than their default, too."""
        return {name: value for name, value in self.options.items() if name not in self.fixed}

    @property
    def tasks(self) -> frozenset[Task]:
        """What it is a loss for."""
        return frozenset(_TASKS[target] for target in self.targets)

    def check_form(self, target: Target, kind: InputKind) -> None:
        """Refuse targets or scores that it does not take.

        Raises
        ------
        UsageError
            Says what it takes.
        """
        for given, taken, what in ((target, self.targets, " targets"), (kind, self.kinds, "")):
            if given not in taken:
                names = listed(one.value for one in taken)
                raise UsageError(f"{self.name} takes {names}{what}, not {given.value}")

    def evaluate(
        self, examples: Examples, reduction: str | None, options: Options
    ) -> tuple[FloatArray, FloatArray]:
        """Return the number that the framework gives, and its losses before reduction.

        Raises
        ------
        InputError
            If the framework refuses the input, with its reason.
        UsageError
            If it has no such option, reduction or weights.
        """
        self._check(examples, options)
        how = self.reductions[0] if reduction is None else reduction
        if how not in self.reductions:
            raise UsageError(
                f"{self.name} has no reduction {how!r}: {listed(self.reductions)}",
                where="--reduction",
            )
        losses = self.losses(examples, {**self.options, "reduction": how, **options})
        return losses.reduced(how), losses.values

    def takes(self, option: str, value: Any) -> bool:
        """Tell whether an option may have a value: of the kind of its default, else numbers."""
        default = self.options[option]
        if isinstance(default, bool | str):
            return isinstance(value, type(default))
        in_list = option in self.lists and isinstance(value, Sequence | np.ndarray)
        return all(
            isinstance(one, Real) and not isinstance(one, bool)
            for one in (value if in_list else [value])
        )

    def _check(self, examples: Examples, options: Options) -> None:
        for option, value in options.items():
            if option in self.options and not self.takes(option, value):
                raise UsageError(f"{self.name}: {option} cannot be {value!r}")
        unknown = [option for option in options if option not in self.options]
        if unknown:
            near = nearest(unknown[0], list(self.options))
            raise UsageError(
                f"{self.name} has no option {unknown[0]!r}",
                hint=None if near is None else f"{near}=...",
            )
        for name in ("class_weight", "pos_weight", "sample_weight"):
            if getattr(examples, name) is not None and name not in self.weights:
                raise UsageError(
                    f"{self.name} takes no {name}",
                    hint=f"it takes {listed(sorted(self.weights)) or 'no weights'}",
                )
