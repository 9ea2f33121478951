"""How the shares of the classes differ between the splits of a data set (train, test, ...).

What is counted by split is a contingency table, splits by classes; sample weights have no part in
it. What is not here: counting, and what is said about it. SciPy is loaded by `drift` only.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from wcetool.core.arrays import FloatArray, IntArray
from wcetool.core.distribution import LabelTally, class_order
from wcetool.errors import UsageError, nearest, quoted

LEAST_EXPECTED = 5.0  # Cochran's rule for the chi-square distribution
MOST_GAPS = 1000  # that are listed; all are counted
TRAINING_NAMES = ("train", "training")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SplitCounts:
    """Labels per split and class.

    Attributes
    ----------
    splits : tuple of str, shape (n_splits,)
        In the order of `class_order`.
    classes : tuple of str, shape (n_classes,)
        In class order.
    count : int64 array of shape (n_splits, n_classes)
        Rows.
    missing : int64 array of shape (n_splits,)
        Rows without a label.
    unassigned : int
        Rows without a split; in none of the above.
    """

    splits: tuple[str, ...]
    classes: tuple[str, ...]
    count: IntArray
    missing: IntArray
    unassigned: int = 0

    @classmethod
    def of_tallies(
        cls, tallies: Mapping[str | None, LabelTally], classes: Sequence[str]
    ) -> SplitCounts:
        """Order the labels of each split; None stands for rows without one."""
        splits = class_order(name for name in tallies if name is not None)
        count = [[tallies[name].counts.get(label, 0) for label in classes] for name in splits]
        return cls(
            splits=splits,
            classes=tuple(classes),
            count=np.array(count, dtype=np.int64).reshape(len(splits), len(classes)),
            missing=np.array([tallies[name].missing for name in splits], dtype=np.int64),
            unassigned=tallies[None].rows if None in tallies else 0,
        )

    @property
    def labelled(self) -> IntArray:
        """Rows with a label, int64 array of shape (n_splits,)."""
        total: IntArray = self.count.sum(axis=1)
        return total


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GroupLeaks:
    """Groups whose rows stand in more than one split.

    Attributes
    ----------
    groups : int
        Groups with rows in any split.
    leaked : int
        Those of them that are in more than one.
    in_split : int64 array of shape (n_splits,)
        Those of them that are in each split.
    examples : tuple of (str, tuple of str)
        The first ids, and the splits of each.
    """

    groups: int
    leaked: int
    in_split: IntArray
    examples: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Homogeneity:
    """Tests of whether all splits have the same class shares; None where there is one class.

    Attributes
    ----------
    chi2, chi2_p : float or None
        Pearson's statistic without Yates' correction, and its p-value.
    g, g_p : float or None
        The log-likelihood ratio statistic, and its p-value.
    degrees_of_freedom : int
        (splits - 1) (classes - 1).
    expected_below_5 : int
        Cells whose expected count is below 5: with such the p-values are approximate.
    cramers_v, cramers_v_corrected : float or None
        Cramer's V in [0, 1], and that of Bergsma 2013, whose mean is near 0 without drift.
    """

    chi2: float | None
    chi2_p: float | None
    g: float | None
    g_p: float | None
    degrees_of_freedom: int
    expected_below_5: int
    cramers_v: float | None
    cramers_v_corrected: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Divergence:
    """How far the class shares of a split are from those of the reference.

    Attributes
    ----------
    split : str
        The split.
    js_bits : float
        Jensen-Shannon divergence in bits, in [0, 1].
    psi : float
        Population stability index.
    psi_scaled : float or None
        `psi` over its mean in random splits of these sizes: near 1 without drift.
    half_added : bool
        A class is absent from one of both: 1/2 was added to each of their counts for the PSI.
    """

    split: str
    js_bits: float
    psi: float
    psi_scaled: float | None
    half_added: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A class that a split lacks, and the chance that a random split of its size lacks it."""

    label: str
    split: str
    chance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """How the splits differ.

    Attributes
    ----------
    reference : str
        The split that the others are compared with.
    empty : tuple of str
        Splits without a labelled row; they are compared with nothing.
    homogeneity : Homogeneity
        Of all splits at once.
    divergences : tuple of Divergence
        Of each split but the reference.
    gaps : tuple of Gap
        The least likely first, 1,000 at most.
    missing_in_split : int
        How many there are.
    leaks : GroupLeaks or None
        Groups in several splits; None where groups are not known.
    """

    reference: str
    empty: tuple[str, ...]
    homogeneity: Homogeneity
    divergences: tuple[Divergence, ...]
    gaps: tuple[Gap, ...]
    missing_in_split: int
    leaks: GroupLeaks | None = None

    def figures(self) -> dict[str, float | int | None]:
        """Return the numbers that a condition can be put on; of several splits the largest."""
        scaled = [one.psi_scaled for one in self.divergences if one.psi_scaled is not None]
        tests = self.homogeneity
        return {
            "psi": max(one.psi for one in self.divergences),
            "psi_scaled": max(scaled, default=None),
            "js_bits": max(one.js_bits for one in self.divergences),
            "chi2": tests.chi2,
            "chi2_p": tests.chi2_p,
            "g": tests.g,
            "g_p": tests.g_p,
            "cramers_v": tests.cramers_v,
            "cramers_v_corrected": tests.cramers_v_corrected,
            "missing_in_split": self.missing_in_split,
            "leaked_groups": None if self.leaks is None else self.leaks.leaked,
        }


def choose_reference(counts: SplitCounts, wanted: str | None) -> tuple[str, str | None]:
    """Choose the split that the others are compared with, of those with labels.

    Returns
    -------
    name : str
        The one wanted; else the only one called train or training; else the largest.
    reason : str or None
        Why; None where it is wanted.

    Raises
    ------
    UsageError
        If there is no such split, or it has no labels.
    """
    labelled = dict(zip(counts.splits, counts.labelled.tolist(), strict=True))
    if wanted is not None:
        if labelled.get(wanted):
            return wanted, None
        near = nearest(wanted, [name for name, n in labelled.items() if n])
        raise UsageError(
            f"split {wanted!r} has no labels" if wanted in labelled else f"no split is {wanted!r}",
            where="--split-reference",
            details=(f"splits: {quoted(labelled)}",),
            hint=None if near is None else f"--split-reference {near}",
        )
    named = [name for name, n in labelled.items() if n and name.casefold() in TRAINING_NAMES]
    if len(named) == 1:
        return named[0], "by its name"
    return max(labelled, key=labelled.__getitem__), "the largest"


def drift(counts: SplitCounts, reference: str, leaks: GroupLeaks | None = None) -> Drift:
    """Compare the class shares of splits.

    Parameters
    ----------
    counts : SplitCounts
        At least two splits have labels.
    reference : str
        One of these.
    leaks : GroupLeaks, optional
        What is known of groups; handed on.

    Returns
    -------
    Drift
        Over the splits with labels and the classes that occur in them.
    """
    labelled = counts.labelled
    rows = np.flatnonzero(labelled)
    names = [counts.splits[i] for i in rows.tolist()]
    table = counts.count[rows]
    gaps, n_gaps = _gaps(table, names, counts.classes)
    base = table[names.index(reference)]
    return Drift(
        reference=reference,
        empty=tuple(counts.splits[i] for i in np.flatnonzero(labelled == 0).tolist()),
        homogeneity=homogeneity(table),
        divergences=tuple(
            divergence(base, row, name)
            for name, row in zip(names, table, strict=True)
            if name != reference
        ),
        gaps=gaps,
        missing_in_split=n_gaps,
        leaks=leaks,
    )


def homogeneity(table: IntArray) -> Homogeneity:
    """Test whether the rows of a contingency table have the same shares.

    Parameters
    ----------
    table : int64 array of shape (n_splits, n_classes)
        Counts; every split has some. Classes that occur in no split are left out.

    Returns
    -------
    Homogeneity
        Statistics and p-values of `scipy.stats.chi2_contingency(correction=False)`.

    Notes
    -----
    Source: Cramer's V = sqrt(chi2 / (n min(r - 1, k - 1))); its correction, Bergsma 2013, with
    phi2 = max(0, chi2 / n - (r - 1)(k - 1) / (n - 1)), r' = r - (r - 1)^2 / (n - 1) and k' alike:
    sqrt(phi2 / min(r' - 1, k' - 1)).
    """
    observed = table[:, table.sum(axis=0) > 0]
    n_splits, n_classes = observed.shape
    if n_classes < 2:
        return Homogeneity(
            chi2=None,
            chi2_p=None,
            g=None,
            g_p=None,
            degrees_of_freedom=0,
            expected_below_5=0,
            cramers_v=None,
            cramers_v_corrected=None,
        )
    from scipy.stats import chi2_contingency

    pearson = chi2_contingency(observed, correction=False)
    likelihood = chi2_contingency(observed, correction=False, lambda_="log-likelihood")
    n, freedom, chi2 = float(observed.sum()), int(pearson.dof), float(pearson.statistic)
    phi2 = max(0.0, chi2 / n - freedom / (n - 1.0))
    least = min(k - 1 - (k - 1) ** 2 / (n - 1.0) for k in (n_splits, n_classes))
    return Homogeneity(
        chi2=chi2,
        chi2_p=float(pearson.pvalue),
        g=max(0.0, float(likelihood.statistic)),
        g_p=float(likelihood.pvalue),
        degrees_of_freedom=freedom,
        expected_below_5=int(np.count_nonzero(pearson.expected_freq < LEAST_EXPECTED)),
        cramers_v=min(1.0, math.sqrt(chi2 / (n * min(n_splits - 1, n_classes - 1)))),
        cramers_v_corrected=min(1.0, math.sqrt(phi2 / least)) if least > 0.0 else None,
    )


def divergence(reference: IntArray, split: IntArray, name: str) -> Divergence:
    """Measure how far the class shares of a split are from those of a reference.

    Parameters
    ----------
    reference, split : int64 arrays of shape (n_classes,)
        Counts, of which some are above 0. Classes that neither has are left out.
    name : str
        Of the split.

    Returns
    -------
    Divergence
        Sums of `math.fsum`; the JS divergence within about 1e-16.

    Notes
    -----
    PSI = sum((q - p) ln(q / p)). A share of 0 would make it infinite: then 1/2 is added to each
    count of both. Its mean between random splits of n and m rows is about (K - 1)(1/n + 1/m)
    (Yurdakul 2018), by which `psi_scaled` divides. The JS divergence is the square of
    `scipy.spatial.distance.jensenshannon(base=2)`.
    """
    from scipy.special import rel_entr

    there = (reference + split) > 0
    a, b = reference[there].astype(np.float64), split[there].astype(np.float64)
    n, m = float(a.sum()), float(b.sum())
    p, q = a / n, b / m
    middle = (p + q) / 2.0
    terms = np.concatenate((rel_entr(p, middle), rel_entr(q, middle)))
    js_bits = math.fsum(terms.tolist()) / (2.0 * math.log(2.0))
    half_added = bool(((a == 0.0) | (b == 0.0)).any())
    if half_added:
        p, q = ((x + 0.5) / (x.sum() + len(x) / 2.0) for x in (a, b))
    psi = math.fsum(((q - p) * np.log(q / p)).tolist())
    usual = (len(p) - 1) * (1.0 / n + 1.0 / m)
    return Divergence(
        split=name,
        js_bits=min(1.0, max(0.0, js_bits)),
        psi=psi,
        psi_scaled=psi / usual if usual else None,
        half_added=half_added,
    )


def chance_of_absence(share: FloatArray, n_rows: int) -> FloatArray:
    """Return (1 - p)^m: the chance that m random rows hold none of a class of share p.

    Parameters
    ----------
    share : float64 array of shape (n_classes,)
        In [0, 1].
    n_rows : int
        m, at least 0.
    """
    with np.errstate(divide="ignore"):  # a share of 1: log1p(-1) is -inf, the chance 0
        chance: FloatArray = np.exp(n_rows * np.log1p(-share))
    return chance


def _gaps(
    table: IntArray, names: Sequence[str], classes: Sequence[str]
) -> tuple[tuple[Gap, ...], int]:
    """List the classes that a split lacks, the least likely first, and count them."""
    total = table.sum(axis=0)
    share = total / total.sum()
    found: list[tuple[float, int, int]] = []
    n_gaps = 0
    for place, row in enumerate(table):
        lacking = np.flatnonzero((row == 0) & (total > 0))
        n_gaps += len(lacking)
        chance = chance_of_absence(share[lacking], int(row.sum()))
        first = np.argsort(chance, kind="stable")[:MOST_GAPS]
        found += zip(
            chance[first].tolist(), [place] * len(first), lacking[first].tolist(), strict=True
        )
    found.sort()
    return tuple(
        Gap(label=classes[k], split=names[place], chance=chance)
        for chance, place, k in found[:MOST_GAPS]
    ), n_gaps
