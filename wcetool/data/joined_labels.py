"""Labels that seem to be several in one cell: joined by a separator, or written as a list."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

_SEPARATORS = ",;| "
_INTEGERS = re.compile(r"\s*[0-9]+(?: +[0-9]+)*\s*")
_LIST = re.compile(r"\s*(?:\[[^\[\]]*\]|\{[^{}]*\})\s*|<[^<>]+>(?:\s*<[^<>]+>)*")
_SEVERAL = re.compile(r"[\[{].*[,\s].*[\]}]|>\s*<", re.DOTALL)


@dataclass(frozen=True, slots=True)
class JoinedLabels:
    """Labels that are other labels with a separator between them."""

    separator: str
    labels: list[str]


def joined_labels(tally: Collection[str]) -> JoinedLabels | None:
    """Find labels that seem to be several in one cell: most with a separator are made of others."""
    for separator in _SEPARATORS:
        held = [label for label in tally if separator in label.strip()]
        made = [
            label
            for label in held
            if all(part.strip() in tally for part in label.strip().split(separator))
        ]
        if separator == " " and all(map(_INTEGERS.fullmatch, tally)):
            made = held  # "7 16" is no class beside "7"
        if made and 2 * len(made) >= len(held):
            return JoinedLabels(separator, sorted(made))
    return None


def written_lists(tally: Collection[str]) -> list[str]:
    """Return labels that are lists written as text, `['a', 'b']` or `<a><b>`, if all are lists."""
    if not all(map(_LIST.fullmatch, tally)):
        return []
    return sorted(label for label in tally if _SEVERAL.search(label))
