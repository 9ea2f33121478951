"""Factors of the loss from a cost matrix: rows true, columns predicted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wcetool.core.schemes.registry import Law, Need, scheme
from wcetool.errors import InputError, SchemeError, quoted

if TYPE_CHECKING:
    from wcetool.core.arrays import FloatArray
    from wcetool.core.distribution import ClassCounts

TOLERANCE = 1e-9  # of a ratio of two costs


def consistent_weights(costs: FloatArray) -> FloatArray | None:
    """Return the weights with w_i / w_j = C_ij / C_ji for all pairs, the smallest 1.

    Parameters
    ----------
    costs : float64 array of shape (n_classes, n_classes)
        Rows true, columns predicted; the diagonal is taken off each row first.

    Returns
    -------
    float64 array of shape (n_classes,), or None
        None if there are none: the matrix is inconsistent, within a relative 1e-9.

    Notes
    -----
    Source: Zhou and Liu 2006. Only then does weighting classes minimise the expected cost.

    Examples
    --------
    >>> import numpy as np
    >>> consistent_weights(np.array([[0.0, 2, 2], [3, 0, 3], [5, 5, 0]]))
    array([1. , 1.5, 2.5])
    """
    import numpy as np

    net = costs - np.diag(costs)[:, None]
    off = ~np.eye(len(net), dtype=np.bool_)
    if not (net[off] > 0).all():
        return None
    # Ratios to the first class decide all weights; every other pair must agree with them.
    weight = np.ones(len(net))
    weight[1:] = net[1:, 0] / net[0, 1:]
    left, right = weight[:, None] * net.T, weight[None, :] * net
    if not (np.abs(left - right)[off] <= TOLERANCE * np.maximum(left, right)[off]).all():
        return None
    weight /= weight.min()
    return weight


def _worst_pair(costs: FloatArray) -> tuple[int, int]:
    """Return the classes whose costs differ most from the ratios of weights, or cost nothing."""
    import numpy as np

    net = costs - np.diag(costs)[:, None]
    off = ~np.eye(len(net), dtype=np.bool_)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(net / net.T)
        # The logarithms of the weights that fit best, pair by pair, are the means of the rows.
        best = np.where(off, ratio, 0.0).mean(axis=1)
        apart = np.abs(ratio - (best[:, None] - best[None, :]))
    apart[off & ~(net > 0)] = np.inf
    apart[~off | np.isnan(apart)] = -1.0
    i, j = np.unravel_index(int(apart.argmax()), apart.shape)
    return int(i), int(j)


@scheme(
    "cost",
    formula="w_i / w_j = C_ij / C_ji, the smallest 1; two classes: C_FN against C_FP",
    source="Elkan 2001 for two classes; Zhou and Liu 2006 for more",
    caution="Costs say nothing of frequency: do not multiply them by balanced weights unless you "
    "mean both. More than two classes have such weights only if the matrix is consistent; others "
    "are refused.",
    laws={Law.SCALE_FREE},
    needs=(Need.COSTS,),
    defined_at_zero=True,
)
def cost(counts: ClassCounts, *, costs: FloatArray) -> FloatArray:
    """Weight each class so that a weighted learner minimises the expected cost.

    Parameters
    ----------
    counts : ClassCounts
        The classes of the matrix; the counts do not matter.
    costs : float64 array of shape (n_classes, n_classes)
        Rows true, columns predicted.

    Returns
    -------
    float64 array of shape (n_classes,)
        Dimensionless, the smallest 1.

    Raises
    ------
    InputError
        If the matrix is inconsistent; names the pair that differs most.
    """
    weight = consistent_weights(costs)
    if weight is None:
        i, j = _worst_pair(costs)
        raise InputError(
            "the cost matrix is inconsistent: no weights by class have its ratios C_ij / C_ji",
            where="scheme 'cost'",
            details=(
                f"the pair that differs most: {quoted([counts.classes[i], counts.classes[j]])}",
                "a mistake must also cost more than a right answer, for every pair",
            ),
            hint="--scheme cost-row-sum, which approximates it; or score --cost-matrix",
        )
    return weight


def _row_sum_remarks(_: ClassCounts, weight: FloatArray) -> list[str]:
    if len(weight) < 3:
        return []
    return ["row sums of costs are not optimal for more than two classes (Zhou and Liu 2006)"]


@scheme(
    "cost-row-sum",
    aliases=("breiman",),
    formula="w_i = sum_j C_ij",
    source="Breiman et al. 1984",
    caution="Not optimal for more than two classes: it forgets which mistake is made. Try cost "
    "first.",
    laws={Law.SCALE_FREE},
    needs=(Need.COSTS,),
    defined_at_zero=True,
    remarks=_row_sum_remarks,
)
def cost_row_sum(counts: ClassCounts, *, costs: FloatArray) -> FloatArray:  # noqa: ARG001
    """Weight each class by the sum of the costs of its mistakes.

    Parameters
    ----------
    counts : ClassCounts
        The classes of the matrix; the counts do not matter.
    costs : float64 array of shape (n_classes, n_classes)
        Rows true, columns predicted; the diagonal is taken off each row first.

    Returns
    -------
    float64 array of shape (n_classes,)
        In units of the costs, at least 0.

    Raises
    ------
    SchemeError
        If a right answer costs more than a mistake.
    """
    import numpy as np

    net = costs - np.diag(costs)[:, None]
    if (net < 0).any():
        raise SchemeError("a right answer costs more than a mistake", where="scheme 'cost-row-sum'")
    weight: FloatArray = net.sum(axis=1)
    return weight
