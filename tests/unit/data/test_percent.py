"""Percentages: what is divided by 100 is the float of the decimal that is written."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wcetool.data.score_arrays import from_percent


@given(st.integers(0, 8), st.data())
def test_a_written_percentage_becomes_the_float_of_its_hundredth(decimals, data):
    units = data.draw(st.integers(0, 100 * 10**decimals))
    text = Decimal(units).scaleb(-decimals)
    (found,) = from_percent([np.array([float(text)])])
    assert found.tolist() == [float(text.scaleb(-2))]


@given(st.integers(0, 10**4))
def test_a_narrow_percentage_becomes_the_narrow_float_of_its_hundredth(units):
    text = Decimal(units).scaleb(-2)
    (found,) = from_percent([np.array([float(text)], dtype=np.float32)])
    assert found.dtype == np.float32
    assert found.tolist() == [float(np.float32(text.scaleb(-2)))]


@given(st.floats(0, 100))
def test_any_other_percentage_is_divided(value):
    (found,) = from_percent([np.array([value])])
    assert found[0] == pytest.approx(value / 100, rel=1e-15, abs=1e-300)


def test_what_is_no_number_stays_none():
    found = from_percent(np.array([[np.nan, np.inf], [-np.inf, 1e300]]))
    assert np.isnan(found[0, 0])
    assert found[0, 1] == np.inf
    assert found[1].tolist() == [-np.inf, pytest.approx(1e298, rel=1e-15)]
