"""Factors for rows with any number of labels: of both terms of a label, and of whole rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wcetool.core.schemes.by_counts import effective_number
from wcetool.core.schemes.registry import LABELS_OF_A_ROW, Kind, Law, Range, scheme
from wcetool.errors import quoted

if TYPE_CHECKING:
    from wcetool.core.arrays import FloatArray
    from wcetool.core.distribution import ClassCounts
    from wcetool.core.label_sets import LabelSets

_LAWS = {Law.SYMMETRIC, Law.SCALE_FREE, Law.MONOTONE}


def _always(counts: ClassCounts, _: FloatArray) -> list[str]:
    full = [counts.classes[k] for k in (counts.mass >= counts.total).nonzero()[0].tolist()]
    if not full:
        return []
    return [
        (
            f"{quoted(full)} in every row: the positive term weighs 0, and nothing is learned from "
            "it (--min-weight for a floor)"
        )
    ]


def _both(positive: Any, negative: Any) -> FloatArray:
    import numpy as np

    return np.stack([positive, np.broadcast_to(negative, positive.shape)])


@scheme(
    "pos-weight",
    formula="w_pos = (N - n_i) / n_i, w_neg = 1",
    source="pos_weight of PyTorch's BCEWithLogitsLoss; scale_pos_weight for each label",
    caution="A label without positives has none, a rare one hundreds: --max-weight 10 to 100 is "
    "usual. The sigmoids are then those of a balanced population.",
    laws=_LAWS,
    kind=Kind.LABEL,
    tasks=LABELS_OF_A_ROW,
    remarks=_always,
)
def pos_weight(counts: ClassCounts) -> FloatArray:
    """Weight the positive term of each label by its negatives over its positives."""
    return _both((counts.total - counts.mass) / counts.mass, 1.0)


@scheme(
    "sqrt-pos-weight",
    formula="w_pos = sqrt((N - n_i) / n_i), w_neg = 1",
    source="pos_weight, damped",
    caution="As pos-weight, damped.",
    laws=_LAWS,
    kind=Kind.LABEL,
    tasks=LABELS_OF_A_ROW,
    remarks=_always,
)
def sqrt_pos_weight(counts: ClassCounts) -> FloatArray:
    """Weight the positive term of each label by the root of its negatives over its positives."""
    import numpy as np

    return _both(np.sqrt((counts.total - counts.mass) / counts.mass), 1.0)


@scheme(
    "log-pos-weight",
    formula="w_pos = ln(1 + (N - n_i) / n_i) = ln(N / n_i), w_neg = 1",
    source="pos_weight, damped by log1p",
    caution="Below 1 for a label in more than 37 % of the rows.",
    laws=_LAWS,
    kind=Kind.LABEL,
    tasks=LABELS_OF_A_ROW,
    remarks=_always,
)
def log_pos_weight(counts: ClassCounts) -> FloatArray:
    """Weight the positive term of each label by the logarithm of 1 + negatives over positives."""
    import numpy as np

    return _both(np.log1p((counts.total - counts.mass) / counts.mass), 1.0)


@scheme(
    "label-balanced",
    formula="w_pos = N / (2 n_i), w_neg = N / (2 (N - n_i))",
    source="scikit-learn class_weight='balanced' for each label by itself",
    caution="Both terms of a label then weigh N/2 in all. scikit-learn's compute_sample_weight "
    "multiplies such weights over the labels of a row, which is another thing.",
    laws={Law.SYMMETRIC, Law.SCALE_FREE, Law.MONOTONE},
    kind=Kind.LABEL,
    tasks=LABELS_OF_A_ROW,
)
def label_balanced(counts: ClassCounts) -> FloatArray:
    """Weight both terms of each label by the inverse of their frequency."""
    weight: FloatArray = 0.5 * chest_x_ray8(counts)
    return weight


@scheme(
    "chest-x-ray8",
    formula="w_pos = N / n_i, w_neg = N / (N - n_i)",
    source="Wang et al. 2017 (ChestX-ray8), where N is over all labels of a batch",
    caution="Twice label-balanced: the same up to scale.",
    laws={Law.SYMMETRIC, Law.SCALE_FREE, Law.MONOTONE},
    kind=Kind.LABEL,
    tasks=LABELS_OF_A_ROW,
)
def chest_x_ray8(counts: ClassCounts) -> FloatArray:
    """Weight both terms of each label by the inverse of their share."""
    import numpy as np

    negative = counts.total - counts.mass
    # A label in every row has no negative term to weigh.
    of_negative = np.where(negative > 0, counts.total / np.where(negative > 0, negative, 1), 0.0)
    return _both(counts.total / counts.mass, of_negative)


@scheme(
    "chexnet",
    formula="w_pos = (N - n_i) / N, w_neg = n_i / N",
    source="Rajpurkar et al. 2017 (CheXNet)",
    caution="The ratio is that of pos-weight, but the label in all weighs 2 n_i (N - n_i) / N: "
    "rare labels, and those in nearly every row, count little.",
    laws=_LAWS,
    kind=Kind.LABEL,
    tasks=LABELS_OF_A_ROW,
    defined_at_zero=True,
)
def chexnet(counts: ClassCounts) -> FloatArray:
    """Weight each term of a label by the share of the other one."""
    return _both((counts.total - counts.mass) / counts.total, counts.mass / counts.total)


# Factors of rows, by the set of their labels


@scheme(
    "distribution-balanced",
    aliases=("db",),
    formula="r_i = (1 / n_i) / sum over the labels j of the row of 1 / n_j, "
    "w_i = alpha + sigmoid(beta (r_i - gamma))",
    source="Wu et al. 2020; alpha 0.1, beta 10, gamma 0.2 (COCO) or 0.3 (VOC)",
    caution="The defaults of its published constructor are a permutation of the values used. It is "
    "the re-balancing weight alone: the bias of the logits and the scale of the negatives are the "
    "loss's own.",
    laws=set(),
    kind=Kind.ROW_LABEL,
    tasks=LABELS_OF_A_ROW,
    settings=({"alpha": 0.1, "beta": 10.0, "gamma": 0.3},),
    alpha=Range("a number from 0 to 100", lambda value: 0.0 <= value <= 100.0),
    beta=Range("a number from 0 to 1000", lambda value: 0.0 <= value <= 1000.0),
    gamma=Range("a number from 0 to 100", lambda value: 0.0 <= value <= 100.0),
)
def distribution_balanced(
    counts: ClassCounts,
    *,
    sets: LabelSets,
    alpha: float = 0.1,
    beta: float = 10.0,
    gamma: float = 0.2,
) -> FloatArray:
    """Weight each label of a row by its share in the re-sampling that the row's labels ask for.

    Parameters
    ----------
    counts : ClassCounts
        ``counts.mass`` is of shape (n_labels,), every entry above 0.
    sets : LabelSets
        The sets of labels of the rows.
    alpha, beta, gamma : float, default 0.1, 10 and 0.2
        Lift, slope and middle of the smoothing.

    Returns
    -------
    float64 array of shape (n_sets, n_labels)
        Dimensionless, between alpha and alpha + 1; for a row without labels r is infinite, and the
        weight alpha + 1.
    """
    import numpy as np

    inverse = 1.0 / counts.mass
    of_set = np.zeros(len(sets.count))
    np.add.at(of_set, np.repeat(np.arange(len(of_set)), sets.size), inverse[sets.label])
    with np.errstate(divide="ignore", over="ignore"):
        ratio = inverse[None, :] / of_set[:, None]
        return alpha + 1.0 / (1.0 + np.exp(-beta * (ratio - gamma)))


@scheme(
    "class-balanced-rows",
    aliases=("cb-multilabel",),
    formula="mode average-w: mean of (1 - beta) / (1 - beta^n_i) over the labels of the row; "
    "average-n: at their mean count; min-n: at their smallest count",
    source="CB_weight of Wu et al. 2020, after Cui et al. 2019; by class it is effective-number",
    caution="One weight for the whole row: negative terms are weighed with it. A row without "
    "labels weighs 1.",
    laws=set(),
    kind=Kind.ROW,
    tasks=LABELS_OF_A_ROW,
    beta=Range("a number in [0, 1)", lambda value: 0.0 <= value < 1.0),
    mode=Range(
        "average-w, average-n or min-n", lambda _: False, ("average-w", "average-n", "min-n")
    ),
)
def class_balanced_rows(
    counts: ClassCounts, *, sets: LabelSets, beta: float = 0.9, mode: str = "average-w"
) -> FloatArray:
    """Weight each row by the effective number of samples of its labels.

    Parameters
    ----------
    counts : ClassCounts
        ``counts.mass`` is of shape (n_labels,), every entry above 0.
    sets : LabelSets
        The sets of labels of the rows.
    beta : float, default 0.9
        Overlap between samples, in [0, 1).
    mode : str, default "average-w"
        What of the labels is taken.

    Returns
    -------
    float64 array of shape (n_sets,)
        Dimensionless, positive; 1 for a row without labels.
    """
    import numpy as np

    from wcetool.core.distribution import ClassCounts

    size, mass = sets.size, counts.mass.astype(float)
    labelled = size > 0
    start = sets.start[:-1][labelled]
    weight = np.ones(len(size))
    if not labelled.any():
        return weight
    if mode == "average-w":
        by_class = effective_number(counts, beta=beta)
        weight[labelled] = np.add.reduceat(by_class[sets.label], start) / size[labelled]
        return weight
    of_labels = mass[sets.label]
    count = (
        np.minimum.reduceat(of_labels, start)
        if mode == "min-n"
        else np.add.reduceat(of_labels, start) / size[labelled]
    )
    names = ("",) * len(count)
    weight[labelled] = effective_number(ClassCounts(names, np.zeros(0, int), count), beta=beta)
    return weight
