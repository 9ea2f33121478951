"""What class counts say about imbalance: the registry of measures.

A `Measure` says what a number is, where it comes from and what its trap is; `measure` gives them
all for some counts. The formulas are in `class_measures`. What is not here: counting
(`distribution`), and what differs between the parts of a file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from wcetool.core import class_measures as formulas
from wcetool.core.imbalance_degree import DISTANCES
from wcetool.core.profile import Profile
from wcetool.errors import InputError

if TYPE_CHECKING:
    from wcetool.core.distribution import ClassCounts

ONE_CLASS = "there is one class"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A measure of imbalance.

    Attributes
    ----------
    name : str
        Its key in JSON and in a gate.
    formula : str
        In the letters of the registry it is in.
    range : tuple of str
        The lowest and the highest value.
    source : str
        Where it comes from.
    trap : str
        What it is mistaken for, or what it does not say.
    compute : callable
        Takes what it is a measure of: a `Profile` in `MEASURES`, a `LabelProfile` in
        `LABEL_MEASURES`. None where it is undefined.
    undefined : str
        Why it may be None; empty where it never is.
    needs_sets : bool
        Of labels: whether their counts alone do not tell it.
    """

    name: str
    formula: str
    range: tuple[str, str]
    source: str
    trap: str
    compute: Callable[[Any], float | None]
    undefined: str = ""
    needs_sets: bool = False


def _degree(distance: str) -> Measure:
    advice = (
        "The base of the logarithm cancels."
        if distance == "kl"
        else "Its authors recommend Hellinger and total variation."
    )
    return Measure(
        name=f"imbalance_degree_{distance}",
        formula=f"(m - 1) + d(p, e) / d(iota_m, e), d {distance.replace('_', ' ')}, "
        "m = #{i: p_i < 1/K}",
        range=("0", "K - 1"),
        source="Ortigosa-Hernandez, Inza, Lozano 2017",
        trap="It jumps by 1 where a share passes 1/K: almost equal classes may score high. "
        f"{advice}",
        compute=lambda profile: formulas.degree(profile, distance),
    )


_ENTRIES = (
    Measure(
        name="ratio",
        formula="n_K / n_1",
        range=("1", "inf"),
        source="imbalance ratio; KEEL, Alcala-Fdez et al. 2011",
        trap="Two classes decide it alone. Classes without samples are left out, as in KEEL; some "
        "tools print the reciprocal.",
        compute=formulas.ratio,
    ),
    Measure(
        name="entropy",
        formula="H = -sum(p_i ln p_i), nats",
        range=("0", "ln K"),
        source="Shannon 1948",
        trap="Its maximum grows with K, and its unit with the base of the logarithm: nats here.",
        compute=formulas.entropy,
    ),
    Measure(
        name="evenness",
        formula="H / ln K",
        range=("0", "1"),
        source="Pielou 1966",
        trap="Weak for two classes: 90 to 10 is still 0.47. One class is even by definition. "
        "Declared classes without samples are no part of K.",
        compute=formulas.evenness,
    ),
    Measure(
        name="effective_classes",
        formula="1 / sum(p_i^2)",
        range=("1", "K"),
        source="Simpson 1949; Hill 1973",
        trap="Large classes decide it; a rare class hardly moves it.",
        compute=formulas.effective_classes,
    ),
    Measure(
        name="gini",
        formula="sum((2i - K - 1) n_i) / (K N)",
        range=("0", "1 - 1/K"),
        source="Gini coefficient; Gini 1912",
        trap="Not the Gini impurity, which is 1 - simpson. Its maximum depends on K: see "
        "gini_normalized.",
        compute=formulas.gini,
    ),
    Measure(
        name="minority_share",
        formula="n_1 / N",
        range=("0", "1"),
        source="share of the rarest class",
        trap="With many classes every share is small: compare it with 1/K.",
        compute=formulas.minority_share,
    ),
    Measure(
        name="majority_share",
        formula="n_K / N",
        range=("0", "1"),
        source="share of the most frequent class",
        trap="It is the accuracy of always predicting that class.",
        compute=formulas.majority_share,
    ),
    Measure(
        name="top_tenth_share",
        formula="share of the ceil(K / 10) most frequent classes",
        range=("0", "1"),
        source="top-k share, with k a tenth of the classes",
        trap="For at most ten classes it is the majority share.",
        compute=formulas.top_tenth_share,
    ),
    Measure(
        name="below_uniform_share",
        formula="#{i: p_i < 1/K} / K",
        range=("0", "1"),
        source="share of the classes that are minorities in the sense of the imbalance degree",
        trap="A class a little below 1/K counts like one that is almost empty.",
        compute=formulas.below_uniform_share,
    ),
    Measure(
        name="entropy_imbalance",
        formula="1 - H / ln K",
        range=("0", "1"),
        source="ydata-profiling, which warns above 0.5",
        trap="For two classes 0.5 is reached at 89 to 11 only.",
        compute=formulas.entropy_imbalance,
    ),
    Measure(
        name="kl_to_uniform",
        formula="ln K - H, nats",
        range=("0", "ln K"),
        source="Kullback, Leibler 1951",
        trap="Nats; divide by ln 2 for bits.",
        compute=formulas.kl_to_uniform,
    ),
    Measure(
        name="simpson",
        formula="sum(p_i^2)",
        range=("1/K", "1"),
        source="Simpson 1949; Herfindahl-Hirschman index",
        trap="Large classes decide it. 1 minus it is the Gini impurity (Gini-Simpson).",
        compute=formulas.simpson,
    ),
    Measure(
        name="hill_0",
        formula="K",
        range=("1", "inf"),
        source="Hill 1973, order 0",
        trap="A class with one sample counts in full.",
        compute=formulas.hill_0,
    ),
    Measure(
        name="hill_1",
        formula="exp(H)",
        range=("1", "K"),
        source="Hill 1973, order 1",
        trap="Also called perplexity.",
        compute=formulas.hill_1,
    ),
    Measure(
        name="hill_2",
        formula="1 / sum(p_i^2)",
        range=("1", "K"),
        source="Hill 1973, order 2",
        trap="The same number as effective_classes.",
        compute=formulas.effective_classes,
    ),
    Measure(
        name="gini_normalized",
        formula="gini K / (K - 1)",
        range=("0", "1"),
        source="Deltas 2003",
        trap="Some tools call this the Gini coefficient.",
        compute=formulas.gini_normalized,
        undefined=ONE_CLASS,
    ),
    Measure(
        name="pmlb_imbalance",
        formula="K / (K - 1) sum((p_i - 1/K)^2)",
        range=("0", "1"),
        source="PMLB, Olson et al. 2017: the squared distance from equal shares over its largest "
        "value",
        trap="Squares: 80 to 20 is 0.36, which looks small.",
        compute=formulas.pmlb_imbalance,
        undefined=ONE_CLASS,
    ),
    Measure(
        name="ecol_c1",
        formula="H / ln K",
        range=("0", "1"),
        source="C1 of ECoL, Lorena et al. 2019",
        trap="The same number as evenness: 1 is balanced. Some programs print 1 minus it.",
        compute=formulas.evenness,
    ),
    Measure(
        name="ecol_c2",
        formula="1 - 1/I with I = (K - 1)/K sum(n_i / (N - n_i))",
        range=("0", "1"),
        source="C2 of ECoL, Lorena et al. 2019; Tanwani, Farooq 2010",
        trap="0 is balanced, where 1 is for ecol_c1.",
        compute=formulas.ecol_c2,
        undefined=ONE_CLASS,
    ),
    *map(_degree, DISTANCES),
    Measure(
        name="lrid",
        formula="2 N kl_to_uniform = -2 sum(n_i ln(N / (K n_i)))",
        range=("0", "inf"),
        source="likelihood-ratio imbalance degree, Zhu et al. 2018; the G statistic of equal "
        "shares",
        trap="It grows with N: compare lrid_per_2n between files. With sample weights N is their "
        "sum.",
        compute=formulas.lrid,
    ),
    Measure(
        name="lrid_per_2n",
        formula="lrid / (2 N)",
        range=("0", "ln K"),
        source="Zhu et al. 2018, without the number of samples",
        trap="The same number as kl_to_uniform.",
        compute=formulas.kl_to_uniform,
    ),
    Measure(
        name="power_law_continuous",
        formula="1 + K / sum(ln(n_i / n_1))",
        range=("1", "inf"),
        source="Clauset, Shalizi, Newman 2009, equation 3.1",
        trap="It says nothing of whether counts follow a power law; n_1 is where the law begins. "
        "It is the exponent of the counts, 1 + 1/b where b is that of the ranks (Zipf).",
        compute=formulas.power_law_continuous,
        undefined="all classes have the same count",
    ),
    Measure(
        name="power_law_discrete",
        formula="a that maximises -K ln zeta(a, n_1) - a sum(ln n_i)",
        range=("1", "inf"),
        source="Clauset, Shalizi, Newman 2009, equation 3.5",
        trap="As power_law_continuous, for integers: the difference shows where counts are small.",
        compute=formulas.power_law_discrete,
        undefined="all classes have the same count, or the samples are weighted",
    ),
    Measure(
        name="long_tail_mu",
        formula="mu = n_1 / n_K",
        range=("0", "1"),
        source="Cao et al. 2019 (LDAM); its reciprocal is the imbalance factor of Cui et al. 2019",
        trap="1 / ratio: long-tailed sets are named by either.",
        compute=formulas.long_tail_mu,
    ),
    Measure(
        name="long_tail_distance",
        formula="total variation of n_i and floor(n_K mu^(i / (K - 1))), i from 0 for n_K",
        range=("0", "1"),
        source="the exponential profile of CIFAR-LT, Cao et al. 2019 (LDAM), code",
        trap="0 says that a set was cut to this profile; it says nothing of how imbalanced it is. "
        "With two classes it is always 0.",
        compute=formulas.long_tail_distance,
        undefined="there is one class, or the samples are weighted",
    ),
)
MEASURES: Mapping[str, Measure] = MappingProxyType({entry.name: entry for entry in _ENTRIES})


@dataclass(frozen=True, slots=True)
class Imbalance:
    """Measures of imbalance, over the classes that occur; each is computed when it is asked for.

    Attributes
    ----------
    profile : Profile
        What they are computed from.
    absent_classes : int
        Declared classes without samples; no part of any measure.
    """

    profile: Profile
    absent_classes: int
    _found: dict[str, float | None] = field(default_factory=dict, compare=False, repr=False)

    def __getitem__(self, name: str) -> float | None:
        if name not in self._found:
            self._found[name] = MEASURES[name].compute(self.profile)
        return self._found[name]

    def defined(self, name: str) -> float:
        """Return a measure that every profile has."""
        value = self[name]
        if value is None:
            raise KeyError(name)
        return value

    @property
    def classes(self) -> int:
        """Classes that occur."""
        return self.profile.n_classes

    @property
    def ratio(self) -> float:
        """Largest count / smallest count, at least 1."""
        return self.defined("ratio")

    @property
    def entropy(self) -> float:
        """Entropy of the class shares, nats."""
        return self.defined("entropy")

    @property
    def evenness(self) -> float:
        """Entropy / ln(classes), in [0, 1]; 1 for a single class."""
        return self.defined("evenness")

    @property
    def effective_classes(self) -> float:
        """1 / sum of squared shares, in [1, classes]."""
        return self.defined("effective_classes")

    @property
    def gini(self) -> float:
        """Gini coefficient of the counts, in [0, 1 - 1/classes]."""
        return self.defined("gini")

    @property
    def minority_share(self) -> float:
        """Share of the rarest class."""
        return self.defined("minority_share")

    def to_dict(self) -> dict[str, Any]:
        """Return all measures by name."""
        return {
            "classes": self.classes,
            "absent_classes": self.absent_classes,
            **{name: self[name] for name in MEASURES},
        }

    @property
    def undefined(self) -> dict[str, str]:
        """Which measures are None, and why."""
        return {name: one.undefined for name, one in MEASURES.items() if self[name] is None}


def measure(counts: ClassCounts) -> Imbalance:
    """Measure the imbalance of class counts, or of sums of sample weights where there are any.

    Parameters
    ----------
    counts : ClassCounts
        At least one class occurs. Classes without samples are left out of every measure.

    Returns
    -------
    Imbalance
        Every measure, computed when it is asked for.

    Raises
    ------
    InputError
        If no class occurs.

    Examples
    --------
    >>> import numpy as np
    >>> from wcetool.core.distribution import ClassCounts
    >>> m = measure(ClassCounts(("A", "B", "C", "D"), np.array([198, 436, 710, 272])))
    >>> round(m.ratio, 6), round(m.entropy, 6), round(m.gini, 6)
    (3.585859, 1.271963, 0.262995)
    """
    profile = Profile.of(counts)
    if not profile.masses:
        raise InputError("no class has any labels")
    return Imbalance(profile, counts.n_classes - profile.n_classes)
