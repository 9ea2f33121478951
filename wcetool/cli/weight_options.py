"""Options that decide class weights, written once."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Annotated, Any

from wcetool.cli.options import WEIGHTS, option
from wcetool.core.schemes import SCHEMES
from wcetool.core.vocabulary import Normalization, ZeroCount
from wcetool.errors import UsageError


def _schemes_like(incomplete: str) -> list[str]:
    """Complete the name of a scheme; a lambda in an annotation would not find the registry."""
    return [name for name in SCHEMES if name.startswith(incomplete)]


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemeFlags:
    """How classes are weighted, and what schemes need besides the counts."""

    scheme: Annotated[
        list[str] | None,
        option(
            "--scheme",
            panel=WEIGHTS,
            metavar="NAME[:KEY=VALUE,...]",
            help="inverse, effective-number:beta=0.999, ...; see wcetool explain schemes. Several: "
            "they are compared. Default: inverse; pos-weight for rows with several labels.",
            autocompletion=_schemes_like,
        ),
    ] = None
    normalize: Annotated[
        Normalization,
        option(
            "--normalize",
            panel=WEIGHTS,
            metavar="HOW",
            help=f"{', '.join(Normalization)}. Default: as-published.",
        ),
    ] = Normalization.AS_PUBLISHED
    cap: Annotated[
        float | None,
        option(
            "--cap",
            panel=WEIGHTS,
            metavar="RATIO",
            help="Lower the largest weights to RATIO times the smallest one.",
        ),
    ] = None
    max_weight: Annotated[
        float | None,
        option(
            "--max-weight",
            panel=WEIGHTS,
            metavar="WEIGHT",
            help="No weight (of labels: of positive terms) is larger; the others are scaled until "
            "the normalization holds.",
        ),
    ] = None
    min_weight: Annotated[
        float | None,
        option(
            "--min-weight",
            panel=WEIGHTS,
            metavar="WEIGHT",
            help="No weight above 0 (of labels: of positive terms) is smaller.",
        ),
    ] = None
    smoothing: Annotated[
        float | None,
        option(
            "--smoothing",
            panel=WEIGHTS,
            metavar="COUNT",
            help="Add COUNT to the count of every class first: 1 is Laplace's. Default: 0.",
        ),
    ] = None
    zero_count: Annotated[
        ZeroCount,
        option(
            "--zero-count",
            panel=WEIGHTS,
            metavar="POLICY",
            help="What a class without samples weighs: error, zero, rarest (as the rarest class), "
            "exclude (it is left out), or cap (with --cap or --max-weight). Default: error.",
        ),
    ] = ZeroCount.ERROR
    set_: Annotated[
        list[str] | None,
        option(
            "--set",
            panel=WEIGHTS,
            metavar="LABEL=WEIGHT",
            help="The last word on one class; repeatable. All classes with --scheme manual.",
        ),
    ] = None
    prior: Annotated[
        str | None,
        option(
            "--prior",
            panel=WEIGHTS,
            metavar="SHARES|FILE",
            help="Shares of the classes where the model will be used, for target-prior: uniform, "
            "a=0.2,b=0.8, or a JSON file.",
        ),
    ] = None
    cost_matrix: Annotated[
        str | None,
        option(
            "--cost-matrix",
            panel=WEIGHTS,
            metavar="FILE",
            help="Costs for the schemes cost and cost-row-sum: CSV or .npy, rows true, columns "
            "predicted.",
        ),
    ] = None
    positive_class: Annotated[
        str | None,
        option(
            "--positive-class",
            panel=WEIGHTS,
            metavar="LABEL",
            help="The positive one of two classes, for schemes that need it. Default: the later.",
        ),
    ] = None

    def keywords(self) -> dict[str, Any]:
        """Return what was given, as the keywords of the public functions, schemes aside."""
        given = {one.name: getattr(self, one.name) for one in fields(self)}
        del given["scheme"]
        given["set_weights"] = _given_weights(given.pop("set_") or [])
        return {name: value for name, value in given.items() if value is not None}


def _given_weights(texts: list[str]) -> dict[str, float]:
    """Read LABEL=WEIGHT; a label may hold =."""
    found: dict[str, float] = {}
    for text in texts:
        label, equals, weight = text.rpartition("=")
        try:
            value = float(weight)
        except ValueError:
            equals = ""
        if not equals or not label:
            raise UsageError(
                f"{text!r} is not of the form LABEL=WEIGHT", where="--set", hint="--set A=2.5"
            )
        if label in found:
            raise UsageError(f"class {label!r} is given twice", where="--set")
        found[label] = value
    return found
