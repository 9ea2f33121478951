"""Class statistics that the losses of training scripts take: margins, offsets, temperatures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wcetool.core.schemes.by_counts import ALL_LAWS
from wcetool.core.schemes.registry import Kind, Law, Range, scheme

if TYPE_CHECKING:
    from wcetool.core.arrays import FloatArray
    from wcetool.core.distribution import ClassCounts


@scheme(
    "ldam-margin",
    aliases=("ldam",),
    formula="m_i = max_margin * n_i^(-1/4) / max_j n_j^(-1/4)",
    source="Cao et al. 2019 (LDAM); kaidic/LDAM-DRW losses.py, max_margin 0.5",
    caution="Taken off the logit of the true class, in training only, before a scale of 30; it "
    "needs cosine logits: normalised features and weights.",
    laws=ALL_LAWS,
    kind=Kind.MARGIN,
    max_margin=Range("a number above 0, at most 100", lambda value: 0.0 < value <= 100.0),
)
def ldam_margin(counts: ClassCounts, *, max_margin: float = 0.5) -> FloatArray:
    """Give each class the margin that its count asks for, the rarest class the largest.

    Parameters
    ----------
    counts : ClassCounts
        ``counts.mass`` is of shape (n_classes,), every entry above 0.
    max_margin : float, default 0.5
        Of the rarest class, in units of a logit.

    Returns
    -------
    float64 array of shape (n_classes,)
        Margins in units of a logit, positive.
    """
    root = counts.mass.astype(float) ** -0.25
    margin: FloatArray = root * (max_margin / root.max())
    return margin


@scheme(
    "logit-adjustment",
    formula="offset_i = tau ln(n_i / N)",
    source="Menon et al. 2021; tau 1; the iota of VS-loss, Kini et al. 2021",
    caution="Added to the logits in the loss; or, with the sign turned, to those of a model "
    "trained without: never both, and not with balanced weights.",
    laws={Law.SYMMETRIC, Law.SCALE_FREE},
    kind=Kind.LOGIT_OFFSET,
    tau=Range("a number from -100 to 100", lambda value: -100.0 <= value <= 100.0),
)
def logit_adjustment(counts: ClassCounts, *, tau: float = 1.0) -> FloatArray:
    """Give each class the logarithm of its share as offset of its logit.

    Parameters
    ----------
    counts : ClassCounts
        ``counts.mass`` is of shape (n_classes,), every entry above 0.
    tau : float, default 1
        Strength; 1 is what the balanced error asks for.

    Returns
    -------
    float64 array of shape (n_classes,)
        Offsets in units of a logit, at most 0 for a positive tau.
    """
    import numpy as np

    return tau * np.log(counts.mass / counts.total)


@scheme(
    "balanced-softmax",
    formula="offset_i = ln n_i",
    source="Ren et al. 2020",
    caution="The same loss as logit-adjustment with tau 1: a constant added to all logits changes "
    "nothing.",
    laws={Law.SYMMETRIC},
    kind=Kind.LOGIT_OFFSET,
)
def balanced_softmax(counts: ClassCounts) -> FloatArray:
    """Give each class the logarithm of its count as offset of its logit."""
    import numpy as np

    return np.log(counts.mass)


@scheme(
    "cdt",
    aliases=("vs-temperature",),
    formula="a_i = (n_max / n_i)^gamma",
    source="Ye et al. 2020 (CDT); the Delta of VS-loss, Kini et al. 2021, gamma 0.3",
    caution="The logits are divided by it in training only; at test time they are taken as they "
    "are.",
    laws=ALL_LAWS,
    kind=Kind.LOGIT_TEMPERATURE,
    gamma=Range("a number from 0 to 10", lambda value: 0.0 <= value <= 10.0),
)
def cdt(counts: ClassCounts, *, gamma: float = 0.3) -> FloatArray:
    """Give each class the temperature that its logit is divided by.

    Parameters
    ----------
    counts : ClassCounts
        ``counts.mass`` is of shape (n_classes,), every entry above 0.
    gamma : float, default 0.3
        Strength; 0 is 1 for all.

    Returns
    -------
    float64 array of shape (n_classes,)
        Dimensionless, at least 1.
    """
    temperature: FloatArray = (counts.mass.max() / counts.mass) ** gamma
    return temperature
