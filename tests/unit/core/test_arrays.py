"""Small functions on arrays."""

import numpy as np
import pytest

from wcetool.core.arrays import occurring


@pytest.mark.parametrize("n_values", [7, 1 << 40])
def test_values_that_occur_are_the_same_dense_or_sorted(n_values):
    values = np.array([5, 0, 5, 3, 5], dtype=np.int64)
    found, count = occurring(values, n_values)
    assert (found.tolist(), count.tolist()) == ([0, 3, 5], [1, 1, 3])
    found, count = occurring(values[:0], n_values)
    assert (len(found), len(count)) == (0, 0)
