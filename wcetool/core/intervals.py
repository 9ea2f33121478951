"""Standard errors and intervals of weighted means, from exact sums."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from wcetool.core.exact import rounded

NORMAL_95 = 1.959963984540054  # 97.5 % quantile of the standard normal distribution
SQUARE_ROUNDING = Fraction(1, 1 << 52)  # a stored square may be off by this, relatively


@dataclass(frozen=True, slots=True)
class Moments:
    """Exact weighted sums over rows: everything that the standard error of a ratio needs.

    Attributes
    ----------
    ll : Fraction
        sum (w l)^2: the squares of the losses are rounded row by row, the sum is exact.
    lv : Fraction
        sum (w l) v, with v what the denominator adds up.
    vv : Fraction
        sum v^2.
    """

    ll: Fraction
    lv: Fraction
    vv: Fraction


def ratio_standard_error(moments: Moments, ratio: Fraction, denominator: Fraction) -> float:
    """Return the standard error of sum(w l) / sum(v).

    Parameters
    ----------
    moments : Moments
        Exact sums over the rows.
    ratio : Fraction
        The ratio itself, L.
    denominator : Fraction
        sum v, above 0.

    Returns
    -------
    float
        sqrt(sum (w l - L v)^2) / sum v, in the unit of the ratio: the linearised (HC0) standard
        error. The squares of the losses are rounded to float64 row by row, which is all that is
        rounded before the end: a standard deviation of the residuals below 1.5e-8 times the root
        mean square of the weighted losses cannot be told from 0, and gives 0.0.

    Notes
    -----
    Source: Cochran 1977, ratio estimator; equal to White's HC0 of a weighted regression on a
    constant. The sum of squares is expanded, exactly, so that nothing cancels.
    """
    residual = moments.ll - 2 * ratio * moments.lv + ratio * ratio * moments.vv
    if residual <= moments.ll * SQUARE_ROUNDING:
        return 0.0
    return math.sqrt(rounded(residual / (denominator * denominator)))


def normal_interval(value: float, standard_error: float) -> tuple[float, float]:
    """Return the 95 % interval: value -/+ 1.959964 standard errors."""
    half = NORMAL_95 * standard_error
    return value - half, value + half
