"""The registry of weighting schemes: class counts -> class weights, before any scaling.

A scheme is one function with its name, formula, source and laws; registering it puts it into help,
`wcetool explain schemes`, the documentation and the property tests. What is done with the weights
afterwards (normalisation, cap, absent classes) is in `weighting`. NumPy is imported inside the
functions that call it, so that help can list the schemes without loading it.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from wcetool.core.vocabulary import Normalization
from wcetool.errors import SchemeError, listed, nearest, quoted

if TYPE_CHECKING:
    from wcetool.core.arrays import FloatArray
    from wcetool.core.distribution import ClassCounts

SchemeFunction = Callable[..., "FloatArray"]


class Law(StrEnum):
    """What a scheme promises for all counts; the property tests hold every scheme to it."""

    SYMMETRIC = "symmetric"  # permuting the classes permutes the weights
    SCALE_FREE = "scale-free"  # scaling all counts changes nothing
    MONOTONE = "monotone"  # the rarer class weighs at least as much


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number that a scheme takes, with the range it must lie in."""

    name: str
    default: float
    inside: str  # the range, in words
    accepts: Callable[[float], bool]


@dataclass(frozen=True, slots=True)
class Scheme:
    """One way to weight classes, and what there is to know about it."""

    name: str
    aliases: tuple[str, ...]
    summary: str  # one line
    formula: str
    source: str
    caution: str  # when not to use it
    laws: frozenset[Law]
    published: Normalization  # what "as-published" does to the bare formula
    parameters: Mapping[str, Parameter]
    defined_at_zero: bool  # has a weight for a class without samples
    takes_weights: bool  # the weights come from the user: manual
    function: SchemeFunction


_REGISTRY: dict[str, Scheme] = {}
SCHEMES: Mapping[str, Scheme] = MappingProxyType(_REGISTRY)


def scheme(
    name: str,
    *,
    formula: str,
    source: str,
    caution: str,
    laws: set[Law],
    aliases: tuple[str, ...] = (),
    published: Normalization = Normalization.NONE,
    defined_at_zero: bool = False,
    takes_weights: bool = False,
    **ranges: tuple[str, Callable[[float], bool]],
) -> Callable[[SchemeFunction], SchemeFunction]:
    """Register the decorated function as a scheme; `ranges` gives each parameter's range."""

    def register(function: SchemeFunction) -> SchemeFunction:
        defaults = inspect.signature(function).parameters
        _REGISTRY[name] = Scheme(
            name=name,
            aliases=aliases,
            summary=(function.__doc__ or "").split("\n", 1)[0],
            formula=formula,
            source=source,
            caution=caution,
            laws=frozenset(laws),
            published=published,
            parameters={
                key: Parameter(key, float(defaults[key].default), inside, accepts)
                for key, (inside, accepts) in ranges.items()
            },
            defined_at_zero=defined_at_zero,
            takes_weights=takes_weights,
            function=function,
        )
        return function

    return register


@dataclass(frozen=True, slots=True)
class SchemeCall:
    """A scheme with its parameters; prints in the form that `parse_scheme` reads."""

    scheme: Scheme
    parameters: Mapping[str, float]

    def __str__(self) -> str:
        if not self.parameters:
            return self.scheme.name
        given = ",".join(f"{key}={value!r}" for key, value in self.parameters.items())
        return f"{self.scheme.name}:{given}"

    def bare_weights(
        self, counts: ClassCounts, given: Mapping[str, float] | None = None
    ) -> FloatArray:
        """Compute the bare formula: float64 array of shape (n_classes,)."""
        extra = {"given": given or {}} if self.scheme.takes_weights else {}
        return self.scheme.function(counts, **extra, **self.parameters)


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
        values[key] = _number(entry, entry.parameters[key], number)
    return SchemeCall(entry, values)


def _number(entry: Scheme, parameter: Parameter, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not parameter.accepts(value):
        raise SchemeError(
            f"{parameter.name}={text} is not {parameter.inside}",
            where=f"scheme {entry.name!r}",
            hint=f"--scheme {_example(entry)}",
        )
    return value


def _example(entry: Scheme) -> str:
    defaults = {key: parameter.default for key, parameter in entry.parameters.items()}
    return str(SchemeCall(entry, defaults))


@scheme(
    "uniform",
    formula="w_i = 1",
    source="the unweighted loss",
    caution="It is the baseline: compare every other scheme with it.",
    laws={Law.SYMMETRIC, Law.SCALE_FREE, Law.MONOTONE},
    defined_at_zero=True,
)
def uniform(counts: ClassCounts) -> FloatArray:
    """Weight every class alike."""
    import numpy as np

    return np.ones(counts.n_classes)


@scheme(
    "inverse",
    aliases=("balanced",),
    formula="w_i = N / (K n_i), K classes present",
    source="scikit-learn class_weight='balanced', after King and Zeng 2001",
    caution="With a handful of samples in a class its weight, and the variance of the loss, "
    "explode: set --cap, or use inverse-sqrt.",
    laws={Law.SYMMETRIC, Law.SCALE_FREE, Law.MONOTONE},
)
def inverse(counts: ClassCounts) -> FloatArray:
    """Weight each class by the inverse of its frequency; the mean weight of a sample is 1."""
    weight: FloatArray = counts.n_samples / (counts.n_classes * counts.count)
    return weight


@scheme(
    "inverse-sqrt",
    formula="w_i = n_i^(-1/2)",
    source="Mahajan et al. 2018, damped inverse frequency",
    caution="The bare numbers are small; scale them (--normalize sample-mean-1) where the framework"
    " divides by the number of samples.",
    laws={Law.SYMMETRIC, Law.MONOTONE},
)
def inverse_sqrt(counts: ClassCounts) -> FloatArray:
    """Weight each class by the inverse square root of its count."""
    import numpy as np

    return 1.0 / np.sqrt(counts.count)


@scheme(
    "power",
    formula="w_i = n_i^(-alpha)",
    source="alpha 0 uniform, 1/2 inverse-sqrt, 1 inverse up to scale; Kang et al. 2020, q = "
    "1 - alpha",
    caution="alpha above 1 over-corrects: the rare classes then outweigh the frequent ones "
    "in total.",
    laws={Law.SYMMETRIC, Law.MONOTONE},
    alpha=("a number from 0 to 10", lambda value: 0.0 <= value <= 10.0),
)
def power(counts: ClassCounts, *, alpha: float = 0.5) -> FloatArray:
    """Weight each class by a power of the inverse of its count.

    Parameters
    ----------
    counts : ClassCounts
        ``counts.count`` is int64 of shape (n_classes,), every entry at least 1.
    alpha : float, default 0.5
        Strength of the correction, in [0, 10].

    Returns
    -------
    float64 array of shape (n_classes,)
        Dimensionless, positive; before normalisation.
    """
    return counts.count.astype(float) ** -alpha


@scheme(
    "max-ratio",
    formula="w_i = n_max / n_i",
    source="CatBoost auto_class_weights=Balanced; XGBoost scale_pos_weight for two classes",
    caution="The largest class weighs 1 and all others more: the loss grows where the framework"
    " divides by the number of samples.",
    laws={Law.SYMMETRIC, Law.SCALE_FREE, Law.MONOTONE},
)
def max_ratio(counts: ClassCounts) -> FloatArray:
    """Weight each class by how many times the largest class outnumbers it."""
    weight: FloatArray = counts.count.max() / counts.count
    return weight


@scheme(
    "sqrt-max-ratio",
    formula="w_i = sqrt(n_max / n_i)",
    source="CatBoost auto_class_weights=SqrtBalanced",
    caution="As max-ratio, damped.",
    laws={Law.SYMMETRIC, Law.SCALE_FREE, Law.MONOTONE},
)
def sqrt_max_ratio(counts: ClassCounts) -> FloatArray:
    """Weight each class by the square root of how many times the largest class outnumbers it."""
    import numpy as np

    return np.sqrt(max_ratio(counts))


@scheme(
    "effective-number",
    formula="w_i = (1 - beta) / (1 - beta^n_i), then scaled to sum K",
    source="Cui et al. 2019, Proposition 1 and equation 5",
    caution="The weights are flat once every class has many more than 1/(1-beta) samples: "
    "choose beta"
    " by the smallest class, not by habit.",
    laws={Law.SYMMETRIC, Law.MONOTONE},
    published=Normalization.MEAN_1,
    beta=("a number in [0, 1)", lambda value: 0.0 <= value < 1.0),
)
def effective_number(counts: ClassCounts, *, beta: float = 0.999) -> FloatArray:
    """Weight each class by the inverse of its effective number of samples.

    Parameters
    ----------
    counts : ClassCounts
        ``counts.count`` is int64 of shape (n_classes,), every entry at least 1.
    beta : float, default 0.999
        Overlap between samples, in [0, 1): 0 gives uniform weights, and the
        limit 1 gives inverse-frequency weights.

    Returns
    -------
    float64 array of shape (n_classes,)
        Dimensionless, positive, at most 1; before normalisation.
    """
    import numpy as np

    if beta == 0.0:
        return np.ones(counts.n_classes)
    # expm1 keeps the digits that 1 - beta**n loses as beta approaches 1.
    weight: FloatArray = (beta - 1.0) / np.expm1(counts.count * math.log(beta))
    return weight


@scheme(
    "manual",
    formula="w_i as given by --set LABEL=WEIGHT",
    source="the user",
    caution="Nothing ties the numbers to the data: say in your notes where they come from.",
    laws=set(),
    defined_at_zero=True,
    takes_weights=True,
)
def manual(counts: ClassCounts, *, given: Mapping[str, float]) -> FloatArray:
    """Weight each class as the user says.

    Parameters
    ----------
    counts : ClassCounts
        The classes that must be given.
    given : mapping of str to float
        Weight by class name.

    Returns
    -------
    float64 array of shape (n_classes,)
        The given weights in class order.

    Raises
    ------
    SchemeError
        If a class has no weight.
    """
    import numpy as np

    lacking = [label for label in counts.classes if label not in given]
    if lacking:
        raise SchemeError(
            f"{len(lacking):,} of {counts.n_classes:,} classes have no weight",
            where="scheme 'manual'",
            details=(f"without: {quoted(lacking)}",),
            hint=f"--set {lacking[0]}=1",
        )
    return np.array([given[label] for label in counts.classes], dtype=float)
