"""Numbers as people read them."""

import math

import pytest

from wcetool.render.numbers import decimal, percent, whole


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0.43125, 4, "0.4313"),
        (1234567.0, 2, "1,234,567.00"),
        (0.0, 4, "0.0000"),
        (0.00004, 4, "4.00e-05"),
        (0.00005, 4, "0.0001"),
        (3.1e-20, 4, "3.10e-20"),
        (None, 4, "—"),
        (math.nan, 4, "—"),
        (math.inf, 4, "inf"),
        (-math.inf, 4, "-inf"),
        (2.7, 0, "3"),
    ],
)
def test_decimals(value, digits, text):
    assert decimal(value, digits) == text


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(0.12252, 4, "12.25%"), (1.0, 2, "100%"), (None, 4, "—"), (-12.5, 4, "-1,250.00%")],
)
def test_percentages(value, digits, text):
    assert percent(value, digits) == text


def test_counts():
    assert (whole(1234), whole(None)) == ("1,234", "—")
