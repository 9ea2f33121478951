"""Numbers for a sampler: how likely a class is drawn, how often a row is repeated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wcetool.core.schemes.by_counts import ALL_LAWS
from wcetool.core.schemes.registry import ANY_TASK, Kind, Law, Need, Range, scheme
from wcetool.core.vocabulary import Normalization

if TYPE_CHECKING:
    from wcetool.core.arrays import FloatArray
    from wcetool.core.distribution import ClassCounts
    from wcetool.core.schemes.evidence import GroupPresence

_NOT_TWICE = "Draw with it or weight the loss, not both: that corrects twice."


@scheme(
    "class-sampling",
    formula="p_i = n_i^q / sum_j n_j^q",
    source="Kang et al. 2020: q 1 by instance, 0 by class, 1/2 by square root; the alpha = 1/T of "
    "multilingual models (mT5 and XLM-R 0.3, XLM 0.5, mBERT 0.7)",
    caution=f"{_NOT_TWICE} A row of the class is drawn with p_i / n_i.",
    laws={Law.SYMMETRIC, Law.SCALE_FREE},
    kind=Kind.SAMPLING_PROBABILITY,
    published=Normalization.SUM_1,
    settings=({"q": 1.0}, {"q": 0.0}, {"q": 0.3}, {"q": 0.7}),
    q=Range("a number from 0 to 10", lambda value: 0.0 <= value <= 10.0),
)
def class_sampling(counts: ClassCounts, *, q: float = 0.5) -> FloatArray:
    """Give each class the probability of being drawn.

    Parameters
    ----------
    counts : ClassCounts
        ``counts.mass`` is of shape (n_classes,), every entry above 0.
    q : float, default 0.5
        1 draws as the data are, 0 all classes alike.

    Returns
    -------
    float64 array of shape (n_classes,)
        Probabilities; sum to 1.
    """
    import numpy as np

    # By the largest first: a power of a count may be beyond float64.
    power: FloatArray = np.power(counts.mass.astype(np.float64) / counts.mass.max(), q)
    power /= power.sum()
    return power


@scheme(
    "progressive-sampling",
    formula="p_i = (1 - t) n_i / N + t / K",
    source="Kang et al. 2020, with t the part of the epochs that is done",
    caution=_NOT_TWICE,
    laws={Law.SYMMETRIC, Law.SCALE_FREE},
    kind=Kind.SAMPLING_PROBABILITY,
    published=Normalization.SUM_1,
    t=Range("a number from 0 to 1", lambda value: 0.0 <= value <= 1.0),
)
def progressive_sampling(counts: ClassCounts, *, t: float = 0.5) -> FloatArray:
    """Give each class the probability of being drawn, between by instance and by class.

    Parameters
    ----------
    counts : ClassCounts
        ``counts.mass`` is of shape (n_classes,), every entry above 0.
    t : float, default 0.5
        0 draws as the data are, 1 all classes alike.

    Returns
    -------
    float64 array of shape (n_classes,)
        Probabilities; sum to 1.
    """
    by_instance: FloatArray = (counts.mass / counts.total).astype(float)
    probability: FloatArray = (1.0 - t) * by_instance + t / len(counts.classes)
    return probability


@scheme(
    "repeat-factor",
    aliases=("rfs", "lvis"),
    formula="r_i = max(1, sqrt(t / f_i)), f_i the share of rows (or groups) with the class",
    source="Gupta et al. 2019 (LVIS), appendix B.2, t 0.001",
    caution=f"{_NOT_TWICE} f_i is a share of images: where the rows are boxes, give the image with "
    "--group-column. An image is repeated as the largest factor of its labels says, one without "
    "labels once.",
    laws=ALL_LAWS,
    kind=Kind.REPEAT_FACTOR,
    tasks=ANY_TASK,
    uses=(Need.GROUPS,),
    t=Range("a share above 0, at most 1", lambda value: 0.0 < value <= 1.0),
)
def repeat_factor(
    counts: ClassCounts, *, groups: GroupPresence | None = None, t: float = 0.001
) -> FloatArray:
    """Give each class the number of times that a row with it is drawn in an epoch.

    Parameters
    ----------
    counts : ClassCounts
        ``counts.mass`` is of shape (n_classes,), every entry above 0.
    groups : GroupPresence, optional
        Images: the shares are then of images, not of rows.
    t : float, default 0.001
        Classes in a smaller share of the images are repeated.

    Returns
    -------
    float64 array of shape (n_classes,)
        At least 1; a fraction is the chance of one more.
    """
    import numpy as np

    share = counts.mass / counts.total if groups is None else groups.groups / groups.n_groups
    factor: FloatArray = np.maximum(1.0, np.sqrt(t / share))
    return factor
