"""Numbers as people read them; data formats hold the full ones instead."""

from __future__ import annotations

import math

UNDEFINED = "—"


def decimal(value: float | None, digits: int) -> str:
    """Write a number with a fixed number of decimals, of two or more a tiny one as 1.2e-05."""
    if value is None or math.isnan(value):
        return UNDEFINED
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    if value != 0.0 and abs(value) < 0.5 * 10.0**-digits and digits >= 2:
        return f"{value:.{digits - 2}e}"
    return f"{value:,.{digits}f}"


def percent(value: float | None, digits: int) -> str:
    """Write a share as a percentage, two decimals fewer than the share itself has."""
    if value is None or math.isnan(value):
        return UNDEFINED
    return f"{100 * value:,.{max(digits - 2, 0)}f}%"


def whole(value: int | None) -> str:
    """Write a count with thousands separated."""
    return UNDEFINED if value is None else f"{value:,}"
