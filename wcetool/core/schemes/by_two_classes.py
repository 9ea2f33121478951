"""Factors of the loss of two classes, one of them positive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wcetool.core.schemes.by_counts import ALL_LAWS, max_ratio, target_prior
from wcetool.core.schemes.registry import Law, Need, Range, scheme

if TYPE_CHECKING:
    from wcetool.core.arrays import FloatArray
    from wcetool.core.distribution import ClassCounts


@scheme(
    "population-prior",
    aliases=("king-zeng",),
    formula="w_1 = tau / (n_1 / N), w_0 = (1 - tau) / (n_0 / N)",
    source="King and Zeng 2001; IQSS/Zelig relogit",
    caution="The dual of balancing: it gives a rare class that was over-sampled its share in the "
    "population back. Balanced weights on top of it undo it.",
    laws={Law.SCALE_FREE},
    needs=(Need.POSITIVE,),
    tau=Range("a share between 0 and 1", lambda value: 0.0 < value < 1.0, search=(0.001, 0.999)),
)
def population_prior(counts: ClassCounts, *, positive: int, tau: float = 0.5) -> FloatArray:
    """Weight two classes so that the positive one has its share in the population.

    Parameters
    ----------
    counts : ClassCounts
        Two classes, both present.
    positive : int
        Index of the positive class.
    tau : float, default 0.5
        Its share in the population, between 0 and 1.

    Returns
    -------
    float64 array of shape (2,)
        Dimensionless, positive; the mean weight of a sample is 1.
    """
    import numpy as np

    prior = np.full(2, 1.0 - tau)
    prior[positive] = tau
    return target_prior(counts, prior=prior)


@scheme(
    "scale-pos-weight",
    aliases=("xgboost",),
    formula="w_pos = n_neg / n_pos, w_neg = 1",
    source="scale_pos_weight of XGBoost and LightGBM",
    caution="The probabilities of the model are then those of a balanced population, not of yours.",
    laws={Law.SCALE_FREE},
    needs=(Need.POSITIVE,),
)
def scale_pos_weight(counts: ClassCounts, *, positive: int) -> FloatArray:
    """Weight the positive class by how many times the negative one outnumbers it.

    Parameters
    ----------
    counts : ClassCounts
        Two classes, both present.
    positive : int
        Index of the positive class.

    Returns
    -------
    float64 array of shape (2,)
        Dimensionless, positive; the negative class weighs 1.
    """
    import numpy as np

    weight = np.ones(2)
    weight[positive] = counts.mass[1 - positive] / counts.mass[positive]
    return weight


@scheme(
    "is-unbalance",
    aliases=("lightgbm",),
    formula="the rarer class weighs n_other / n_i, the other 1",
    source="is_unbalance of LightGBM, src/objective/binary_objective.hpp",
    caution="Where the positives are the majority, the negatives are raised: it is not "
    "scale_pos_weight, but the same up to scale. LightGBM refuses both at once.",
    laws=ALL_LAWS,
    needs=(Need.POSITIVE,),
)
def is_unbalance(counts: ClassCounts, *, positive: int) -> FloatArray:  # noqa: ARG001
    """Weight the rarer of two classes by how many times the other one outnumbers it.

    Parameters
    ----------
    counts : ClassCounts
        Two classes, both present.
    positive : int
        Index of the positive class; the formula treats both alike.

    Returns
    -------
    float64 array of shape (2,)
        Dimensionless, at least 1.
    """
    return max_ratio(counts)


def _focal_remarks(counts: ClassCounts, weight: FloatArray, *, alpha: float) -> list[str]:
    positive = int(weight.tolist().index(alpha)) if alpha in weight.tolist() else 0
    if alpha >= 0.5 or counts.mass[positive] >= counts.mass[1 - positive]:
        return []
    return [
        (
            f"alpha {alpha:g} lowers the weight of the rarer, positive class: in the paper it "
            "makes up for gamma 2, and is not meant without it"
        )
    ]


@scheme(
    "focal-alpha",
    formula="w_pos = alpha, w_neg = 1 - alpha",
    source="Lin et al. 2017, alpha 0.25 with gamma 2",
    caution="0.25 lowers the weight of the rare positives, which makes up for gamma: never take it "
    "over without gamma. One alpha for all classes would only scale the loss.",
    laws={Law.SCALE_FREE},
    needs=(Need.POSITIVE,),
    remarks=_focal_remarks,
    alpha=Range("a number between 0 and 1", lambda value: 0.0 < value < 1.0, search=(0.001, 0.999)),
)
def focal_alpha(counts: ClassCounts, *, positive: int, alpha: float = 0.25) -> FloatArray:
    """Weight the positive class by alpha and the negative one by the rest.

    Parameters
    ----------
    counts : ClassCounts
        Two classes.
    positive : int
        Index of the positive class.
    alpha : float, default 0.25
        Between 0 and 1.

    Returns
    -------
    float64 array of shape (2,)
        Dimensionless, sums to 1.
    """
    import numpy as np

    weight = np.full(len(counts.classes), 1.0 - alpha)
    weight[positive] = alpha
    return weight
