"""The registry of weighting schemes: counts, and what else is known, -> numbers for each class.

Registering a scheme puts it into help, `wcetool explain schemes`, the documentation and the
property tests. To add one, write it in the module of its kind.
"""

from __future__ import annotations

from wcetool.core.schemes import (
    by_counts,
    by_labels,
    by_two_classes,
    for_sampling,
    for_training,
    with_costs,
)
from wcetool.core.schemes.registry import (
    SCHEMES,
    Kind,
    Law,
    Need,
    Scheme,
    SchemeCall,
    is_scheme,
    names_of,
    parse_scheme,
    schemes_for,
)

__all__ = [
    "SCHEMES",
    "Kind",
    "Law",
    "Need",
    "Scheme",
    "SchemeCall",
    "by_counts",
    "by_labels",
    "by_two_classes",
    "for_sampling",
    "for_training",
    "is_scheme",
    "names_of",
    "parse_scheme",
    "schemes_for",
    "with_costs",
]
