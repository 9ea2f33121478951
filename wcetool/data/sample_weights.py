"""The rule for sample weights: finite, at least 0, and not too small for exact sums."""

from __future__ import annotations

import numpy as np

from wcetool.core.arrays import FloatArray, IntArray

LEAST_WEIGHT = 1e-9  # a sample weight far below the quantum of the sums would be lost


def unfit(weights: FloatArray, *, signs: bool = True) -> IntArray:
    """Return the rows whose weight cannot be summed up; NaN stands for none.

    Parameters
    ----------
    weights : float64 array of shape (n_samples,)
        Any values.
    signs : bool
        Whether negative and infinite weights, and none, are refused as well.
    """
    bad = (weights != 0.0) & (np.abs(weights) < LEAST_WEIGHT)
    if signs:
        bad |= ~((weights >= 0.0) & (weights < np.inf))
    return np.flatnonzero(bad)
