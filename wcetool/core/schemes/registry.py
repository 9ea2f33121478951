"""What a weighting scheme is: its entry in the registry, and how it is called and parsed.

The schemes are in the modules beside this one. What is done with their numbers afterwards
(normalisation, bounds, absent classes) is in `weighting`. NumPy is imported inside the functions
that call it, so that help can list the schemes without loading it.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from wcetool.core.vocabulary import Normalization, Task
from wcetool.errors import SchemeError, listed, nearest, quoted

if TYPE_CHECKING:
    from wcetool.core.arrays import FloatArray
    from wcetool.core.distribution import ClassCounts
    from wcetool.core.label_sets import LabelSets
    from wcetool.core.schemes.evidence import Evidence

SchemeFunction = Callable[..., "FloatArray"]
Remarks = Callable[..., list[str]]


class Law(StrEnum):
    """What a scheme promises for all counts; the property tests hold every scheme to it."""

    SYMMETRIC = "symmetric"  # permuting the classes permutes the weights
    SCALE_FREE = "scale-free"  # scaling all counts changes nothing
    MONOTONE = "monotone"  # the rarer class weighs at least as much


class Kind(StrEnum):
    """What the numbers of a scheme are, and so where a training script puts them."""

    CLASS = "class"  # a factor of the loss of each row of the class
    LABEL = "label"  # factors of the positive and the negative term of each label
    MARGIN = "margin"  # taken off the logit of the true class
    LOGIT_OFFSET = "logit-offset"  # added to the logits
    LOGIT_TEMPERATURE = "logit-temperature"  # the logits are divided by it
    SAMPLING_PROBABILITY = "sampling-probability"  # of drawing each class
    REPEAT_FACTOR = "repeat-factor"  # how often a row with the class is drawn in an epoch
    ROW = "row"  # a factor of the loss of a row, by the set of its labels
    ROW_LABEL = "row-label"  # a factor of each label of a row, by the set of its labels

    @property
    def is_factor(self) -> bool:
        """Tell whether the numbers multiply a loss, so that they can be scaled and bounded."""
        return self in (Kind.CLASS, Kind.LABEL)

    @property
    def is_of_sets(self) -> bool:
        """Tell whether there is a number for each set of labels, and none for a label."""
        return self in (Kind.ROW, Kind.ROW_LABEL)


class Need(StrEnum):
    """What a scheme takes besides the counts; the value is the option that gives it."""

    PRIOR = "--prior"  # a share for each class
    COSTS = "--cost-matrix"
    GROUPS = "--group-column"  # images, files, patients: what the rows belong to
    POSITIVE = "--positive-class"  # two classes, one of them positive
    WEIGHTS = "--set"  # a weight for each class


@dataclass(frozen=True, slots=True)
class Range:
    """What values a parameter may take.

    Attributes
    ----------
    inside : str
        The range, in words.
    accepts : callable
        Tells whether a number lies in it.
    words : tuple of str
        What may stand instead of a number.
    search : (float, float) or None
        Where a value is looked for that reproduces given weights, on the scale of `unfold`.
    unfold : callable
        From that scale to a value: 1 - 10^-x for a beta.
    """

    inside: str
    accepts: Callable[[float], bool]
    words: tuple[str, ...] = ()
    search: tuple[float, float] | None = None
    unfold: Callable[[float], float] = float


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number that a scheme takes, or a word instead of it, and its default."""

    name: str
    default: float | str
    range: Range


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """One way to weight classes, and what there is to know about it.

    Attributes
    ----------
    name, aliases, summary, formula, source : str
        Names users know; one line; with n_i the count of class i, N their sum, K the classes.
    caution : str
        When not to use it.
    kind : Kind
        What the numbers are.
    tasks : frozenset of Task
        Whether a row has one class, or any number of labels.
    laws : frozenset of Law
        What it promises for all counts.
    published : Normalization
        What "as-published" does to the bare formula.
    parameters : mapping of str to Parameter
        By name.
    settings : tuple of mappings of str to float
        Other values of the parameters that publications use.
    needs, uses : frozenset of Need
        What it cannot do without; what it takes where it is given.
    defined_at_zero : bool
        Has a number for a class without samples.
    function : callable
        Takes `ClassCounts`, then by keyword what it needs and its parameters; returns float64 of
        shape (n_classes,), or (2, n_classes) for factors of positive and negative terms.
    remarks : callable
        Takes counts, the numbers, and parameters by keyword; returns what the user should know.
    """

    name: str
    aliases: tuple[str, ...]
    summary: str
    formula: str
    source: str
    caution: str
    kind: Kind
    tasks: frozenset[Task]
    laws: frozenset[Law]
    published: Normalization
    parameters: Mapping[str, Parameter]
    settings: tuple[Mapping[str, float], ...]
    needs: frozenset[Need]
    uses: frozenset[Need]
    defined_at_zero: bool
    function: SchemeFunction
    remarks: Remarks

    @property
    def takes_weights(self) -> bool:
        """Tell whether the weights come from the user: manual."""
        return Need.WEIGHTS in self.needs

    def refuse_lacking(self, given: Collection[Need]) -> None:
        """Refuse to go on without what the scheme needs.

        Raises
        ------
        SchemeError
            Names the option.
        """
        for need in sorted(self.needs - set(given)):
            raise SchemeError(
                f"needs {need}", where=f"scheme {self.name!r}", hint=_NEED_HINTS[need]
            )


_REGISTRY: dict[str, Scheme] = {}
SCHEMES: Mapping[str, Scheme] = MappingProxyType(_REGISTRY)

ONE_CLASS_A_ROW = frozenset({Task.MULTICLASS})
LABELS_OF_A_ROW = frozenset({Task.MULTILABEL})
ANY_TASK = ONE_CLASS_A_ROW | LABELS_OF_A_ROW


def scheme(
    name: str,
    *,
    formula: str,
    source: str,
    caution: str,
    laws: set[Law],
    aliases: tuple[str, ...] = (),
    kind: Kind = Kind.CLASS,
    tasks: frozenset[Task] = ONE_CLASS_A_ROW,
    published: Normalization = Normalization.NONE,
    settings: tuple[Mapping[str, float], ...] = (),
    needs: tuple[Need, ...] = (),
    uses: tuple[Need, ...] = (),
    defined_at_zero: bool = False,
    remarks: Remarks | None = None,
    **ranges: Range,
) -> Callable[[SchemeFunction], SchemeFunction]:
    """Register the decorated function as a scheme.

    Parameters
    ----------
    name, formula, ...
        As in `Scheme`.
    **ranges
        What each parameter may be.
    """

    def register(function: SchemeFunction) -> SchemeFunction:
        defaults = inspect.signature(function).parameters
        _REGISTRY[name] = Scheme(
            name=name,
            aliases=aliases,
            summary=(function.__doc__ or "").split("\n", 1)[0],
            formula=formula,
            source=source,
            caution=caution,
            kind=kind,
            tasks=tasks,
            laws=frozenset(laws),
            published=published,
            parameters={
                key: Parameter(key, defaults[key].default, given) for key, given in ranges.items()
            },
            settings=settings,
            needs=frozenset(needs),
            uses=frozenset(uses),
            defined_at_zero=defined_at_zero,
            function=function,
            remarks=remarks or _no_remarks,
        )
        return function

    return register


def _no_remarks(*_: Any, **__: Any) -> list[str]:
    return []


@dataclass(frozen=True, slots=True)
class SchemeCall:
    """A scheme with its parameters; prints in the form that `parse_scheme` reads."""

    scheme: Scheme
    parameters: Mapping[str, float | str] = field(default_factory=dict)

    def __str__(self) -> str:
        if not self.parameters:
            return self.scheme.name
        given = ",".join(
            f"{key}={value if isinstance(value, str) else repr(value)}"
            for key, value in self.parameters.items()
        )
        return f"{self.scheme.name}:{given}"

    def bare_weights(self, counts: ClassCounts, evidence: Evidence | None = None) -> FloatArray:
        """Compute the bare formula: float64 array of shape (n_classes,) or (2, n_classes).

        Raises
        ------
        SchemeError
            If something is not given that it needs; names the option.
        """
        from wcetool.core.schemes.evidence import Evidence

        entry, evidence = self.scheme, evidence or Evidence()
        entry.refuse_lacking([need for need in Need if evidence.has(need)])
        extra = {
            need.name.lower(): evidence.value(need)
            for need in (*entry.needs, *entry.uses)
            if evidence.has(need)
        }
        return entry.function(counts, **extra, **self.parameters)

    def row_weights(self, counts: ClassCounts, sets: LabelSets) -> FloatArray:
        """Compute the factors of rows with each set of labels.

        Returns
        -------
        float64 array of shape (n_sets,), or (n_sets, n_labels) where labels have their own
            Of a scheme of a kind of sets; of one of the kind `Kind.REPEAT_FACTOR` the largest
            factor of the labels, and 1 for a row without labels.
        """
        if self.scheme.kind.is_of_sets:
            return self.scheme.function(counts, sets=sets, **self.parameters)
        from wcetool.core.label_sets import largest_of_set

        return largest_of_set(sets, self.bare_weights(counts), empty=1.0)

    def remarks(self, counts: ClassCounts, weight: FloatArray) -> list[str]:
        """Return what the user should know of the numbers."""
        return self.scheme.remarks(counts, weight, **self.parameters)

    def refuse_task(self, task: Task) -> None:
        """Refuse labels that the scheme is not for.

        Raises
        ------
        SchemeError
            Names the schemes that are.
        """
        if task not in self.scheme.tasks:
            raise SchemeError(
                "is for rows with any number of labels"
                if task is Task.MULTICLASS
                else "is for rows of one class",
                where=f"scheme {self.scheme.name!r}",
                details=(f"schemes for these labels: {listed(schemes_for(task), limit=20)}",),
                hint="--scheme pos-weight; wcetool explain schemes tells the others"
                if task is Task.MULTILABEL
                else "wcetool explain schemes",
            )


_NEED_HINTS = {
    Need.PRIOR: "--prior with a share for each class: a=0.2,b=0.8",
    Need.COSTS: "--cost-matrix costs.csv, rows true, columns predicted",
    Need.GROUPS: "--group-column with the column of the images, files or patients",
    Need.POSITIVE: "--positive-class with one of two classes",
    Need.WEIGHTS: "--set LABEL=WEIGHT for each class",
}


def schemes_for(task: Task) -> list[str]:
    """List the schemes for rows of one class, or of any number of labels."""
    return [entry.name for entry in SCHEMES.values() if task in entry.tasks]


def names_of(schemes: Mapping[str, Scheme] = SCHEMES) -> dict[str, Scheme]:
    """Map every name and alias to its scheme."""
    return {name: entry for entry in schemes.values() for name in (entry.name, *entry.aliases)}


def is_scheme(text: str) -> bool:
    """Tell whether `text` starts with the name of a scheme, parameters aside."""
    return text.split(":", 1)[0] in names_of()


def parse_scheme(text: str) -> SchemeCall:
    """Read `name` or `name:key=value,...`.

    Parameters
    ----------
    text : str
        Name or alias of a registered scheme, then its parameters.

    Returns
    -------
    SchemeCall
        With every parameter, defaults included; `str()` of it reads back as the same call.

    Raises
    ------
    SchemeError
        If the scheme or a parameter is unknown, a value is no number, or out of range.

    Examples
    --------
    >>> str(parse_scheme("balanced")), str(parse_scheme("effective-number:beta=.99"))
    ('inverse', 'effective-number:beta=0.99')
    """
    if not isinstance(text, str):
        raise SchemeError(f"{text!r} is no scheme", hint="a text: inverse")
    name, colon, arguments = text.partition(":")
    known = names_of()
    if name not in known:
        near = nearest(name, known)
        raise SchemeError(
            f"unknown scheme {name!r}",
            details=(f"schemes: {', '.join(SCHEMES)}",),
            hint=f"--scheme {near}" if near else "wcetool explain schemes",
        )
    entry = known[name]
    values = {key: parameter.default for key, parameter in entry.parameters.items()}
    given: set[str] = set()
    for argument in arguments.split(",") if colon else ():
        key, equals, number = (part.strip() for part in argument.partition("="))
        if key not in values or not equals:
            raise SchemeError(
                f"scheme {entry.name!r} has no parameter {quoted([key])}"
                if equals
                else f"{quoted([argument])} is not of the form key=value",
                details=(f"parameters: {listed(values) or 'none'}",),
                hint=f"--scheme {_example(entry)}",
            )
        if key in given:
            raise SchemeError(f"parameter {key!r} of scheme {entry.name!r} is given twice")
        given.add(key)
        values[key] = _value(entry, entry.parameters[key], number)
    return SchemeCall(entry, values)


def _value(entry: Scheme, parameter: Parameter, text: str) -> float | str:
    if text in parameter.range.words:
        return text
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not parameter.range.accepts(value):
        raise SchemeError(
            f"{parameter.name}={text} is not {parameter.range.inside}",
            where=f"scheme {entry.name!r}",
            hint=f"--scheme {_example(entry)}",
        )
    return value


def _example(entry: Scheme) -> str:
    defaults = {key: parameter.default for key, parameter in entry.parameters.items()}
    return str(SchemeCall(entry, defaults))
