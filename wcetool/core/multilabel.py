"""What label sets say about imbalance: the registry of measures of multi-label data.

A `Measure` says what a number is, where it comes from and what its trap is; `measure_labels`
gives them all. What is not here: counting (`label_counts`, `label_sets`), weights.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from wcetool.core.arrays import IntArray
from wcetool.core.label_profile import (
    LabelProfile,
    irlbl,
    label_scumbles,
    weighted_mean,
    weighted_variation,
)
from wcetool.core.label_sets import LabelSets
from wcetool.core.measures import Measure

NO_LABEL = "no label occurs in any row"
NO_INPUTS = "the number of input features is not given (--n-features N)"
_CARDINALITY = "Tsoumakas, Katakis 2007"
_IR = "Charte, Rivera, del Jesus, Herrera 2015 (Neurocomputing 163)"
_SCUMBLE = "Charte, Rivera, del Jesus, Herrera 2014; mldr"
_MINORITY = "the labels that ML-ROS of Charte et al. 2015 repeats"


Compute = Callable[[LabelProfile], "float | int | None"]


_REGISTRY: dict[str, Measure] = {}
LABEL_MEASURES: Mapping[str, Measure] = MappingProxyType(_REGISTRY)


def _measure(
    name: str,
    formula: str,
    *,
    within: tuple[str, str],
    source: str,
    trap: str,
    undefined: str = "",
    needs_sets: bool = False,
) -> Callable[[Compute], Compute]:
    """Register a measure."""

    def register(compute: Compute) -> Compute:
        _REGISTRY[name] = Measure(
            name=name,
            formula=formula,
            range=within,
            source=source,
            trap=trap,
            compute=compute,
            undefined=undefined,
            needs_sets=needs_sets,
        )
        return compute

    return register


@_measure(
    "cardinality",
    "sum(n_i) / N",
    within=("0", "q"),
    source=_CARDINALITY,
    trap="Rows without labels count: over labelled rows alone it is larger.",
)
def _cardinality(profile: LabelProfile) -> float:
    return sum(profile.count) / profile.n_rows


@_measure(
    "density",
    "sum(n_i) / (N q)",
    within=("0", "1"),
    source=_CARDINALITY,
    trap="Labels that never occur count in q.",
)
def _density(profile: LabelProfile) -> float:
    return sum(profile.count) / (profile.n_rows * profile.n_labels)


@_measure(
    "label_sets",
    "S, the distinct sets of labels, the empty one included",
    within=("1", "min(N, 2^q)"),
    source="diversity of Mulan, Tsoumakas et al. 2011",
    trap="Four numbers are called diversity: this, and the three below.",
    needs_sets=True,
)
def _label_sets(profile: LabelProfile) -> int:
    return len(profile.scumble)


@_measure(
    "diversity_per_row",
    "S / N",
    within=("0", "1"),
    source="diversity of Zhang, Zhou 2014",
    trap="It falls as rows are added.",
    needs_sets=True,
)
def _per_row(profile: LabelProfile) -> float:
    return len(profile.scumble) / profile.n_rows


@_measure(
    "diversity_per_possible",
    "S / 2^q",
    within=("0", "1"),
    source="diversity of the UCO multi-label repository",
    trap="It vanishes for many labels, whatever the data.",
    needs_sets=True,
)
def _per_possible(profile: LabelProfile) -> float:
    return math.ldexp(len(profile.scumble), -profile.n_labels)


@_measure(
    "diversity_per_reachable",
    "S / min(N, 2^q)",
    within=("0", "1"),
    source="proportion of distinct label sets that so many rows could have",
    trap="For few rows it is diversity_per_row, for few labels diversity_per_possible.",
    needs_sets=True,
)
def _per_reachable(profile: LabelProfile) -> float:
    return len(profile.scumble) / min(profile.n_rows, 1 << profile.n_labels)


@_measure(
    "singleton_sets",
    "label sets of a single row",
    within=("0", "S"),
    source="mldr, single label sets",
    trap="Sets of one row, not sets of one label: a stratified split cannot share them out.",
    needs_sets=True,
)
def _singleton_sets(profile: LabelProfile) -> int:
    return profile.set_rows.count(1)


@_measure(
    "largest_set_rows",
    "rows of the most frequent label set",
    within=("1", "N"),
    source="mldr, maximum frequency",
    trap="It may be the empty set.",
    needs_sets=True,
)
def _largest_set_rows(profile: LabelProfile) -> int:
    return max(profile.set_rows)


@_measure(
    "unlabelled",
    "rows without any label",
    within=("0", "N"),
    source="count of the empty label set",
    trap="Not missing rows, of which nothing is known: those are in no measure.",
    needs_sets=True,
)
def _unlabelled(profile: LabelProfile) -> int:
    sets = profile.sets
    return 0 if sets is None else int(sets.count[sets.size == 0].sum())


@_measure(
    "mean_ir",
    "mean of n_max / n_i over the labels that occur",
    within=("1", "n_max"),
    source=f"MeanIR, {_IR}",
    trap="mldr counts labels that never occur as 0: see mean_ir_mldr.",
    undefined=NO_LABEL,
)
def _mean_ir(profile: LabelProfile) -> float | None:
    ratios = _ratios(profile)
    return math.fsum(ratios) / len(ratios) if ratios else None


@_measure(
    "mean_ir_mldr",
    "sum of n_max / n_i over the labels that occur, / q",
    within=("0", "n_max"),
    source="MeanIR of the R package mldr",
    trap="Labels that never occur lower it: the same as mean_ir where all occur.",
    undefined=NO_LABEL,
)
def _mean_ir_mldr(profile: LabelProfile) -> float | None:
    ratios = _ratios(profile)
    return math.fsum(ratios) / profile.n_labels if ratios else None


@_measure(
    "max_ir",
    "n_max / n_min over the labels that occur",
    within=("1", "n_max"),
    source=f"MaxIR, {_IR}",
    trap="One label of a single row decides it.",
    undefined=NO_LABEL,
)
def _max_ir(profile: LabelProfile) -> float | None:
    return max(_ratios(profile), default=None)


@_measure(
    "cvir",
    "sd of n_max / n_i over the labels that occur (ddof 1) / mean_ir",
    within=("0", "sqrt(q)"),
    source=f"CVIR, {_IR}",
    trap="The standard deviation divides by the labels less 1; NumPy's divides by the labels.",
    undefined="fewer than two labels occur",
)
def _cvir(profile: LabelProfile) -> float | None:
    return weighted_variation([(1, ratio) for ratio in _ratios(profile)])


@_measure(
    "scumble",
    "mean over all rows of 1 - geometric / arithmetic mean of the IRLbl of the row's labels",
    within=("0", "1"),
    source=f"SCUMBLE, {_SCUMBLE}",
    trap="Rows with fewer than two labels count as 0: many of them hide what the others are like.",
    needs_sets=True,
)
def _scumble(profile: LabelProfile) -> float | None:
    return weighted_mean(_row_scumbles(profile))


@_measure(
    "scumble_cv",
    "sd of the rows' SCUMBLE (ddof 1) / scumble",
    within=("0", "sqrt(N)"),
    source=f"SCUMBLE.CV, {_SCUMBLE}",
    trap="Above 1 most rows are near 0 and a few far from it.",
    undefined="there is one row, or SCUMBLE is 0",
    needs_sets=True,
)
def _scumble_cv(profile: LabelProfile) -> float | None:
    return weighted_variation(_row_scumbles(profile))


@_measure(
    "tcs",
    "ln(features q S)",
    within=("0", "inf"),
    source="theoretical complexity score, Charte et al. 2016; mldr",
    trap="The features are those of the inputs, which a label file does not tell.",
    undefined=NO_INPUTS,
    needs_sets=True,
)
def _tcs(profile: LabelProfile) -> float | None:
    if profile.n_features is None:
        return None
    return math.log(profile.n_features * profile.n_labels * len(profile.scumble))


@_measure(
    "minority_labels",
    "labels with n_max / n_i > mean_ir",
    within=("0", "q - 1"),
    source=_MINORITY,
    trap="Labels that never occur are none.",
)
def _minority_labels(profile: LabelProfile) -> int:
    return len(profile.minority)


@_measure(
    "minority_rows",
    "rows with a minority label",
    within=("0", "N"),
    source=_MINORITY,
    trap="Fewer than the sum of the counts of those labels where they share rows.",
    needs_sets=True,
)
def _minority_rows(profile: LabelProfile) -> int:
    return profile.minority_rows


@_measure(
    "mixed_rows",
    "rows with a minority label and another one that is none",
    within=("0", "minority_rows"),
    source="concurrence of rare and frequent labels, Charte et al. 2019",
    trap="To repeat such a row makes a frequent label more frequent.",
    needs_sets=True,
)
def _mixed_rows(profile: LabelProfile) -> int:
    return profile.mixed_rows


@_measure(
    "mixed_share",
    "mixed_rows / minority_rows",
    within=("0", "1"),
    source="concurrence of rare and frequent labels, Charte et al. 2019",
    trap="Near 1, re-sampling rows balances little.",
    undefined="no label is a minority label",
    needs_sets=True,
)
def _mixed_share(profile: LabelProfile) -> float | None:
    return profile.mixed_rows / profile.minority_rows if profile.minority_rows else None


def _ratios(profile: LabelProfile) -> list[float]:
    return [ratio for ratio in irlbl(profile.count) if ratio is not None]


def _row_scumbles(profile: LabelProfile) -> list[tuple[int, float]]:
    return list(zip(profile.set_rows, profile.scumble, strict=True))


@dataclass(frozen=True, slots=True)
class LabelImbalance:
    """Measures of multi-label imbalance, and those of each label.

    Attributes
    ----------
    values : mapping of str to number or None
        By the names of `LABEL_MEASURES`.
    undefined : mapping of str to str
        Which of them are None, and why.
    irlbl : tuple of float or None
        Of each label; None where it does not occur.
    scumble, scumble_cv : tuple of float or None
        Of the rows of each label; None also where sets were not kept.
    minority : frozenset of int
        The labels with an IRLbl above MeanIR, as indices.
    """

    values: Mapping[str, float | int | None]
    undefined: Mapping[str, str]
    irlbl: tuple[float | None, ...]
    scumble: tuple[float | None, ...]
    scumble_cv: tuple[float | None, ...]
    minority: frozenset[int]


def measure_labels(
    count: IntArray,
    n_rows: int,
    sets: LabelSets | None,
    *,
    n_features: int | None = None,
    no_sets: str = "label sets are not known",
) -> LabelImbalance:
    """Measure the imbalance of rows with any number of labels.

    Parameters
    ----------
    count : int64 array of shape (n_labels,)
        Rows with each label, at least one label.
    n_rows : int
        Rows of which anything is known, at least 1.
    sets : LabelSets or None
        Their distinct sets of labels; None where they were not kept.
    n_features : int, optional
        Input features, for TCS.
    no_sets : str
        Why sets were not kept.

    Returns
    -------
    LabelImbalance
        Counts and quotients of integers are exact, rounded once; means are sums without error of
        terms that are within a few units in the last place.

    Examples
    --------
    >>> import numpy as np
    >>> sets = LabelSets(np.array([0, 1, 3]), np.array([0, 0, 1]), np.array([3, 1]))
    >>> found = measure_labels(np.array([4, 1]), 4, sets)
    >>> found.values["mean_ir"], round(found.values["scumble"], 12)
    (2.5, 0.05)
    """
    profile = LabelProfile.of(count, n_rows, sets, n_features)
    values: dict[str, float | int | None] = {}
    undefined: dict[str, str] = {}
    for name, one in LABEL_MEASURES.items():
        lacks_sets = one.needs_sets and sets is None
        values[name] = None if lacks_sets else one.compute(profile)
        if values[name] is None:
            undefined[name] = no_sets if lacks_sets else one.undefined
    by_label = label_scumbles(profile)
    return LabelImbalance(
        values=values,
        undefined=undefined,
        irlbl=tuple(irlbl(profile.count)),
        scumble=tuple(mean for mean, _ in by_label),
        scumble_cv=tuple(variation for _, variation in by_label),
        minority=profile.minority,
    )
