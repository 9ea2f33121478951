"""What could be done about the imbalance of some labels: rules, each with its figure and source.

Short and honest: no scheme without its price, no bound that pretends to be more than a rule of
thumb. Labels in the texts are quoted; whoever shows them escapes them for what they are shown in.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np

from wcetool.core.arrays import IntArray
from wcetool.core.distribution import ClassCounts
from wcetool.core.measures import Imbalance
from wcetool.errors import counted, quoted, short_repr

MILD = 2.0  # imbalance ratio
CAP = 10
FEW = 100
FOLDS = 5
NAMED = 3  # labels that a text names


@dataclass(frozen=True, slots=True)
class Advice:
    """What could be done, why, and who says so."""

    advice: str
    because: str
    source: str

    def to_dict(self) -> dict[str, str]:
        """Return the JSON form."""
        return asdict(self)


@dataclass(frozen=True, slots=True, eq=False)
class Situation:
    """What the rules look at: the classes that occur, from the rarest to the most frequent.

    Attributes
    ----------
    labels : tuple of str
        Of the rarest classes, as many as a text names.
    count : int64 array of shape (n_classes,)
        Samples of all, ascending.
    ratio : float
        The imbalance ratio.
    """

    labels: tuple[str, ...]
    count: IntArray
    ratio: float

    @classmethod
    def of(cls, counts: ClassCounts, imbalance: Imbalance) -> Situation:
        """Sort the classes that occur by their counts."""
        order = np.argsort(counts.count, kind="stable")
        order = order[counts.count[order] > 0]
        rarest = tuple(counts.classes[i] for i in order[:NAMED].tolist())
        return cls(rarest, counts.count[order], imbalance.ratio)

    @property
    def smallest(self) -> int:
        """Samples of the rarest class."""
        return int(self.count[0])

    @property
    def total(self) -> int:
        """Samples of all classes."""
        return int(self.count.sum())

    @property
    def rarest(self) -> str:
        """The label of the rarest class, quoted."""
        return short_repr(self.labels[0])

    @property
    def n_few(self) -> int:
        """Classes that have few samples."""
        return int((self.count < FEW).sum())

    @property
    def n_single(self) -> int:
        """Classes that have one sample."""
        return int((self.count == 1).sum())

    def named(self, n: int) -> str:
        """Return the labels of the n rarest classes, quoted; of very many the first few."""
        more = f", … {n - NAMED:,} more" if n > NAMED else ""
        return f"{quoted(self.labels[:n])}{more}"

    @property
    def minority_share(self) -> float:
        """Share of the rarest class."""
        return self.smallest / self.total

    @property
    def half_width(self) -> float:
        """How well the recall of the rarest class can be known, at worst."""
        return min(0.98 / math.sqrt(self.smallest), 0.5)

    def worth(self, cap: float = math.inf) -> str:
        """Say how many rows the rows are worth under capped inverse weights (Kish)."""
        from wcetool.core.weighting import effective_sample_size

        weight = np.minimum(self.count[-1] / self.count, cap)
        size = effective_sample_size(weight, self.count) or 0.0
        return f"{size:,.0f}"


@dataclass(frozen=True, slots=True)
class Rule:
    """When to say what.

    Attributes
    ----------
    applies : callable
        Whether a situation is one for it.
    advice, because : callable
        What to do; the figure behind it.
    source : str
        Who says so.
    """

    applies: Callable[[Situation], bool]
    advice: Callable[[Situation], str]
    because: Callable[[Situation], str]
    source: str


RULES = (
    Rule(
        lambda found: found.ratio <= MILD,
        lambda _: "Train without weights",
        lambda found: (
            f"the largest class has only {found.ratio:.2f} times the labels of the smallest"
        ),
        "Japkowicz, Stephen 2002: how hard the classes are matters more; the bound of 2 is a rule "
        "of thumb",
    ),
    Rule(
        lambda found: found.n_few > 0,
        lambda found: f"Get more labels of {found.named(found.n_few)}",
        lambda found: (
            f"{counted(found.n_few, 'class has', 'classes have')} fewer than {FEW}; "
            f"tested on all {found.smallest:,} of {found.rarest}, a recall of 0.5 is known within "
            f"{found.half_width:.2f}"
        ),
        "normal 95% interval of a share of 0.5: 0.98 / sqrt(n)",
    ),
    Rule(
        lambda found: 1 < found.smallest < FOLDS,
        lambda found: f"Cross-validate with at most {found.smallest} stratified folds",
        lambda found: f"{found.rarest} has {found.smallest} labels",
        "each fold needs a row of each class",
    ),
    Rule(
        lambda found: found.smallest == 1 and len(found.count) > 2,
        lambda found: f"Merge or leave out {found.named(found.n_single)}",
        lambda _: "one label cannot be in the training and in the test set",
        "each part of a split needs a row of each class",
    ),
    Rule(
        lambda found: found.ratio > MILD and len(found.count) == 2,
        lambda found: (
            f"Before weights, move the threshold: {found.rarest} above a probability of "
            f"{found.minority_share:.3g}, not 0.5"
        ),
        lambda found: (
            f"with a share of {100 * found.minority_share:.3g}% that decides as inverse "
            "weights do, and probabilities stay what they are"
        ),
        "Elkan 2001; Provost 2000",
    ),
    Rule(
        lambda found: MILD < found.ratio <= CAP,
        lambda _: "Compare training without weights and with --scheme inverse",
        lambda found: (
            f"its price is that {found.total:,} rows count like {found.worth()}, and that "
            "probabilities become those of equally frequent classes"
        ),
        "Kish 1965; van den Goorbergh et al. 2022",
    ),
    Rule(
        lambda found: found.ratio > CAP,
        lambda _: f"Compare training without weights and with --scheme inverse --cap {CAP}",
        lambda found: (
            f"its price is that {found.total:,} rows count like {found.worth(CAP)} "
            f"(without the cap {found.worth()}), and that probabilities move towards equally "
            "frequent classes"
        ),
        f"Kish 1965; van den Goorbergh et al. 2022; the cap of {CAP} is a rule of thumb",
    ),
)


def advise(counts: ClassCounts, imbalance: Imbalance) -> tuple[Advice, ...]:
    """Say what could be done about the imbalance of some labels.

    Parameters
    ----------
    counts : ClassCounts
        At least one class occurs.
    imbalance : Imbalance
        Of these counts.

    Returns
    -------
    tuple of Advice
        One to four; none where there is one class.
    """
    if imbalance.classes == 1:
        return ()
    found = Situation.of(counts, imbalance)
    return tuple(
        Advice(rule.advice(found), rule.because(found), rule.source)
        for rule in RULES
        if rule.applies(found)
    )
