"""Factors of the loss by class: what the field computes from class counts alone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from wcetool.core.schemes.registry import ANY_TASK, Law, Need, Range, scheme
from wcetool.core.vocabulary import Normalization
from wcetool.errors import SchemeError, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wcetool.core.arrays import FloatArray
    from wcetool.core.distribution import ClassCounts
    from wcetool.core.schemes.evidence import GroupPresence

ALL_LAWS = {Law.SYMMETRIC, Law.SCALE_FREE, Law.MONOTONE}
FLAT = 1e-3  # weights closer than this are called alike
FAR = 1.5  # counts further apart than this should not weigh alike


@scheme(
    "uniform",
    formula="w_i = 1",
    source="the unweighted loss",
    caution="It is the baseline: compare every other scheme with it.",
    laws=ALL_LAWS,
    tasks=ANY_TASK,
    defined_at_zero=True,
)
def uniform(counts: ClassCounts) -> FloatArray:
    """Weight every class alike."""
    import numpy as np

    return np.ones(len(counts.classes))


@scheme(
    "inverse",
    aliases=("balanced", "inverse-frequency"),
    formula="w_i = N / (K n_i), K classes present",
    source="scikit-learn class_weight='balanced', after King and Zeng 2001; TensorFlow's tutorial "
    "for two classes, N / (2 n_i)",
    caution="With a handful of samples in a class its weight, and the variance of the loss, "
    "explode: set --cap, or use inverse-sqrt. The 2 of the tutorial is the number of classes: "
    "copied to more classes it is another loss scale.",
    laws=ALL_LAWS,
)
def inverse(counts: ClassCounts) -> FloatArray:
    """Weight each class by the inverse of its frequency; the mean weight of a sample is 1."""
    weight: FloatArray = counts.total / (len(counts.classes) * counts.mass)
    return weight


@scheme(
    "inverse-share",
    formula="w_i = N / n_i",
    source="1 / share; Wang et al. 2017 (ChestX-ray8)",
    caution="K times inverse: the same up to scale, and the loss grows K-fold where the framework "
    "divides by the number of samples.",
    laws=ALL_LAWS,
    tasks=ANY_TASK,
)
def inverse_share(counts: ClassCounts) -> FloatArray:
    """Weight each class by the inverse of its share."""
    weight: FloatArray = counts.total / counts.mass
    return weight


@scheme(
    "inverse-count",
    formula="w_i = 1 / n_i",
    source="the default of the sampler of ufoym/imbalanced-dataset-sampler",
    caution="Meant for a sampler, where only ratios count. As factors of a loss they are so small "
    "that they change the learning rate under sum and mean: use inverse.",
    laws={Law.SYMMETRIC, Law.MONOTONE},
    tasks=ANY_TASK,
)
def inverse_count(counts: ClassCounts) -> FloatArray:
    """Weight each class by the inverse of its count."""
    return 1.0 / counts.mass


@scheme(
    "inverse-sqrt",
    formula="w_i = n_i^(-1/2)",
    source="Mahajan et al. 2018, damped inverse frequency",
    caution="The bare numbers are small; scale them (--normalize sample-mean-1) where the framework"
    " divides by the number of samples.",
    laws={Law.SYMMETRIC, Law.MONOTONE},
    tasks=ANY_TASK,
)
def inverse_sqrt(counts: ClassCounts) -> FloatArray:
    """Weight each class by the inverse square root of its count."""
    import numpy as np

    return 1.0 / np.sqrt(counts.mass)


def _power_remarks(_: ClassCounts, __: FloatArray, *, alpha: float) -> list[str]:
    if alpha <= 1.0:
        return []
    return [
        f"alpha {alpha:g} is above 1: the rarer a class, the more it outweighs the others in total"
    ]


@scheme(
    "power",
    formula="w_i = n_i^(-alpha)",
    source="alpha 0 uniform, 1/2 inverse-sqrt, 1 inverse up to scale; Kang et al. 2020, q = "
    "1 - alpha",
    caution="alpha above 1 over-corrects: the rare classes then outweigh the frequent ones "
    "in total.",
    laws={Law.SYMMETRIC, Law.MONOTONE},
    tasks=ANY_TASK,
    remarks=_power_remarks,
    alpha=Range("a number from 0 to 10", lambda value: 0.0 <= value <= 10.0, search=(0.0, 3.0)),
)
def power(counts: ClassCounts, *, alpha: float = 0.5) -> FloatArray:
    """Weight each class by a power of the inverse of its count.

    Parameters
    ----------
    counts : ClassCounts
        ``counts.mass`` is of shape (n_classes,), every entry above 0.
    alpha : float, default 0.5
        Strength of the correction, in [0, 10].

    Returns
    -------
    float64 array of shape (n_classes,)
        Dimensionless, positive; before normalisation.
    """
    weight: FloatArray = counts.mass.astype(float) ** -alpha
    return weight


@scheme(
    "max-ratio",
    aliases=("catboost-balanced",),
    formula="w_i = n_max / n_i",
    source="CatBoost auto_class_weights=Balanced; IRLbl of Charte et al. 2015 for labels",
    caution="The largest class weighs 1 and all others more: the loss grows where the framework"
    " divides by the number of samples.",
    laws=ALL_LAWS,
    tasks=ANY_TASK,
)
def max_ratio(counts: ClassCounts) -> FloatArray:
    """Weight each class by how many times the largest class outnumbers it."""
    weight: FloatArray = counts.mass.max() / counts.mass
    return weight


@scheme(
    "sqrt-max-ratio",
    aliases=("catboost-sqrt-balanced",),
    formula="w_i = sqrt(n_max / n_i)",
    source="CatBoost auto_class_weights=SqrtBalanced",
    caution="As max-ratio, damped.",
    laws=ALL_LAWS,
    tasks=ANY_TASK,
)
def sqrt_max_ratio(counts: ClassCounts) -> FloatArray:
    """Weight each class by the square root of how many times the largest class outnumbers it."""
    import numpy as np

    return np.sqrt(max_ratio(counts))


def _log_remarks(_: ClassCounts, weight: FloatArray, *, mu: float) -> list[str]:
    if len(weight) < 2 or weight.max() > 1.0:
        return []
    return [
        (
            f"mu {mu:g} leaves every weight at the floor of 1: it begins to act where N / n_i is "
            f"above e / mu = {math.e / mu:.4g}"
        )
    ]


@scheme(
    "log-smoothed",
    aliases=("log",),
    formula="w_i = max(1, ln(mu N / n_i))",
    source="create_class_weight, Stack Exchange Data Science 13490; mu 0.15 there",
    caution="Nothing happens below N / n_i = e / mu (18 for mu 0.15): at 1 to 10 all weights are "
    "1. It depends on the number of classes through N / n_i.",
    laws=ALL_LAWS,
    tasks=ANY_TASK,
    remarks=_log_remarks,
    mu=Range(
        "a number above 0, at most 1000",
        lambda value: 0.0 < value <= 1000.0,
        search=(-3.0, 3.0),
        unfold=lambda x: float(10.0**x),
    ),
)
def log_smoothed(counts: ClassCounts, *, mu: float = 0.15) -> FloatArray:
    """Weight each class by the logarithm of the inverse of its share, at least 1.

    Parameters
    ----------
    counts : ClassCounts
        ``counts.mass`` is of shape (n_classes,), every entry above 0.
    mu : float, default 0.15
        What the ratio is multiplied by; n_max / N gives max(1, ln(n_max / n_i)).

    Returns
    -------
    float64 array of shape (n_classes,)
        Dimensionless, at least 1.
    """
    import numpy as np

    weight: FloatArray = np.maximum(1.0, np.log(mu * counts.total / counts.mass))
    return weight


@scheme(
    "enet",
    formula="w_i = 1 / ln(c + n_i / N)",
    source="Paszke et al. 2016 (ENet), c 1.02; ERFNet's published weights have c 1.10",
    caution="Made for shares of pixels. It has a value for a class without samples, 1 / ln(c), "
    "which is 50.5 for c 1.02. With a wide void class the shares do not sum to 1: say which "
    "classes count.",
    laws=ALL_LAWS,
    tasks=ANY_TASK,
    defined_at_zero=True,
    settings=({"c": 1.10},),
    c=Range(
        "a number above 1, at most 10",
        lambda value: 1.0 < value <= 10.0,
        search=(-3.0, 0.9),
        unfold=lambda x: float(1.0 + 10.0**x),
    ),
)
def enet(counts: ClassCounts, *, c: float = 1.02) -> FloatArray:
    """Weight each class by the inverse logarithm of its share, bounded by c.

    Parameters
    ----------
    counts : ClassCounts
        ``counts.mass`` is of shape (n_classes,); may hold zeros.
    c : float, default 1.02
        Above 1; the largest weight is 1 / ln(c).

    Returns
    -------
    float64 array of shape (n_classes,)
        Dimensionless, between 1 / ln(1 + c) and 1 / ln(c).
    """
    import numpy as np

    # log1p keeps the digits of a c close to 1.
    weight: FloatArray = 1.0 / np.log1p((c - 1.0) + counts.mass / counts.total)
    return weight


@scheme(
    "median-frequency",
    formula="f_i = n_i / (rows of the groups that hold i), w_i = median(f) / f_i",
    source="Eigen and Fergus 2015; SegNet",
    caution="The denominators are those of the images that hold the class: that needs "
    "--group-column. Without it the frequencies are over all rows, which is another scheme. The "
    "median is over the classes that occur, void included where it is a class.",
    laws={Law.SYMMETRIC, Law.SCALE_FREE},
    uses=(Need.GROUPS,),
)
def median_frequency(counts: ClassCounts, *, groups: GroupPresence | None = None) -> FloatArray:
    """Weight each class by the median frequency over its own.

    Parameters
    ----------
    counts : ClassCounts
        ``counts.mass`` is of shape (n_classes,), every entry above 0.
    groups : GroupPresence, optional
        ``groups.samples``: the rows of the groups that hold each class; by default all rows.

    Returns
    -------
    float64 array of shape (n_classes,)
        Dimensionless, positive; the median class weighs 1.
    """
    import numpy as np

    frequency = counts.mass / (counts.total if groups is None else groups.samples)
    weight: FloatArray = np.median(frequency) / frequency
    return weight


def _saturation(counts: ClassCounts, weight: FloatArray, *, beta: float | str) -> list[str]:
    if len(weight) < 2 or beta == 0.0:
        return []
    flat = counts.mass[weight <= weight.min() * (1 + FLAT)]
    if flat.max() <= FAR * flat.min():
        return []
    which = (
        "all classes" if len(flat) == len(weight) else f"{len(flat):,} of {len(weight):,} classes"
    )
    return [
        (
            f"beta {beta} is saturated: {which} have many more than 1 / (1 - beta) = "
            f"{1 / _rest(counts, beta):.4g} samples, and their weights are alike; a larger beta, "
            "or beta=auto"
        )
    ]


def _rest(counts: ClassCounts, beta: float | str) -> float:
    """Return 1 - beta, with all digits also where beta is (N - 1) / N."""
    import numpy as np

    return 1.0 / float(np.max(counts.total)) if isinstance(beta, str) else 1.0 - beta


@scheme(
    "effective-number",
    aliases=("class-balanced",),
    formula="w_i = (1 - beta) / (1 - beta^n_i), then scaled to sum K; beta=auto is (N - 1) / N",
    source="Cui et al. 2019, Proposition 1 and equation 5",
    caution="The weights are flat once every class has many more than 1/(1-beta) samples: "
    "choose beta"
    " by the smallest class, not by habit.",
    laws={Law.SYMMETRIC, Law.MONOTONE},
    published=Normalization.MEAN_1,
    tasks=ANY_TASK,
    remarks=_saturation,
    settings=({"beta": 0.9}, {"beta": 0.99}, {"beta": 0.9999}),
    beta=Range(
        "a number in [0, 1), or auto",
        lambda value: 0.0 <= value < 1.0,
        words=("auto",),
        search=(0.1, 9.0),
        unfold=lambda x: float(1.0 - 10.0**-x),
    ),
)
def effective_number(counts: ClassCounts, *, beta: float | str = 0.999) -> FloatArray:
    """Weight each class by the inverse of its effective number of samples.

    Parameters
    ----------
    counts : ClassCounts
        ``counts.mass`` is of shape (n_classes,), every entry above 0.
    beta : float or "auto", default 0.999
        Overlap between samples, in [0, 1): 0 gives uniform weights, and the
        limit 1 gives inverse-frequency weights; auto is (N - 1) / N.

    Returns
    -------
    float64 array of shape (n_classes,)
        Dimensionless, positive, at most 1 where every count is at least 1; before normalisation.
    """
    import numpy as np

    rest = _rest(counts, beta)
    if rest >= 1.0:
        return np.ones(len(counts.classes))
    log_beta = math.log1p(-rest) if isinstance(beta, str) else math.log(beta)
    # expm1 keeps the digits that 1 - beta**n loses as beta approaches 1.
    weight: FloatArray = -rest / np.expm1(counts.mass * log_beta)
    return weight


@scheme(
    "idf",
    formula="w_i = ln(plus + N / n_i)",
    source="inverse document frequency; imbalanced-ensemble's log1p-inverse has plus 1",
    caution="With plus 0 a class that is all of the data weighs 0, and frequent classes little: "
    "the ratio of two weights has no bound.",
    laws={Law.SYMMETRIC, Law.SCALE_FREE, Law.MONOTONE},
    tasks=ANY_TASK,
    settings=({"plus": 1.0},),
    plus=Range("0 or 1", lambda value: value in (0.0, 1.0)),
)
def idf(counts: ClassCounts, *, plus: float = 0.0) -> FloatArray:
    """Weight each class by the logarithm of the inverse of its share.

    Parameters
    ----------
    counts : ClassCounts
        ``counts.mass`` is of shape (n_classes,), every entry above 0.
    plus : float, default 0
        0 or 1.

    Returns
    -------
    float64 array of shape (n_classes,)
        Dimensionless, at least 0.
    """
    import numpy as np

    weight: FloatArray = np.log(plus + counts.total / counts.mass)
    return weight


@scheme(
    "inverse-propensity",
    formula="w_i = 1 + C (n_i + b)^(-a), C = (ln N - 1) (b + 1)^a",
    source="Jain et al. 2016; a 0.55, b 1.5; their Wikipedia sets have 0.5, 0.4, the Amazon ones "
    "0.6, 2.6",
    caution="A model of labels that annotators missed, for very many labels. N is the number of "
    "rows, not of labels; it must be above e.",
    laws={Law.SYMMETRIC, Law.MONOTONE},
    tasks=ANY_TASK,
    defined_at_zero=True,
    settings=({"a": 0.5, "b": 0.4}, {"a": 0.6, "b": 2.6}),
    a=Range("a number from 0 to 10", lambda value: 0.0 <= value <= 10.0),
    b=Range("a number above 0, at most 1000", lambda value: 0.0 < value <= 1000.0),
)
def inverse_propensity(counts: ClassCounts, *, a: float = 0.55, b: float = 1.5) -> FloatArray:
    """Weight each label by the inverse of the chance that it was annotated.

    Parameters
    ----------
    counts : ClassCounts
        ``counts.mass`` is of shape (n_classes,); may hold zeros.
    a, b : float, default 0.55 and 1.5
        The fit of the data set.

    Returns
    -------
    float64 array of shape (n_classes,)
        Dimensionless, at least 1.

    Raises
    ------
    SchemeError
        If there are fewer than three rows.
    """
    import numpy as np

    total = float(np.max(counts.total))
    if total <= math.e:
        raise SchemeError(
            f"needs more than e rows, and there are {total:g}", where="scheme 'inverse-propensity'"
        )
    scale = (math.log(total) - 1.0) * (b + 1.0) ** a
    weight: FloatArray = 1.0 + scale * (counts.mass + b) ** -a
    return weight


@scheme(
    "target-prior",
    aliases=("importance",),
    formula="w_i = t_i / (n_i / N), t given by --prior",
    source="importance weighting, Shimodaira 2000; label shift, Lipton et al. 2018",
    caution="Right where only the shares of the classes differ between here and there. A uniform "
    "target is inverse; a target of 0 drops the class.",
    laws={Law.SCALE_FREE},
    needs=(Need.PRIOR,),
)
def target_prior(counts: ClassCounts, *, prior: FloatArray) -> FloatArray:
    """Weight each class by its share in the target over its share here.

    Parameters
    ----------
    counts : ClassCounts
        ``counts.mass`` is of shape (n_classes,), every entry above 0.
    prior : float64 array of shape (n_classes,)
        Shares in the target; sum to 1.

    Returns
    -------
    float64 array of shape (n_classes,)
        Dimensionless, at least 0; the mean weight of a sample is 1.
    """
    weight: FloatArray = prior * counts.total / counts.mass
    return weight


@scheme(
    "manual",
    formula="w_i as given by --set LABEL=WEIGHT",
    source="the user",
    caution="Nothing ties the numbers to the data: say in your notes where they come from.",
    laws=set(),
    tasks=ANY_TASK,
    defined_at_zero=True,
    needs=(Need.WEIGHTS,),
)
def manual(counts: ClassCounts, *, weights: Mapping[str, float]) -> FloatArray:
    """Weight each class as the user says.

    Parameters
    ----------
    counts : ClassCounts
        The classes that must be given.
    weights : mapping of str to float
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

    lacking = [label for label in counts.classes if label not in weights]
    if lacking:
        raise SchemeError(
            f"{len(lacking):,} of {len(counts.classes):,} classes have no weight",
            where="scheme 'manual'",
            details=(f"without: {quoted(lacking)}",),
            hint=f"--set {lacking[0]}=1",
        )
    return np.array([weights[label] for label in counts.classes], dtype=float)
