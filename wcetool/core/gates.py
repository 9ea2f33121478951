"""Gates: conditions on numbers of a result, read from text and never evaluated as code.

The grammar is ``name relation number``: a name that the result knows, one of > >= < <= == !=, and a
decimal number or inf. A number that is undefined fails every gate: what cannot be told cannot pass.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from wcetool.errors import UsageError, nearest, short_repr

OPTION = "--fail-if"
RELATIONS: Mapping[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
}
_NUMBER = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?inf"
_GATE = re.compile(
    rf"\s*([A-Za-z_][A-Za-z0-9_]*)\s*({'|'.join(RELATIONS)})\s*({_NUMBER})\s*", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Gate:
    """A condition under which a result fails.

    Attributes
    ----------
    name : str
        The number it is on.
    relation : str
        A key of `RELATIONS`.
    limit : float
        What the number is compared with.
    """

    name: str
    relation: str
    limit: float

    @classmethod
    def parse(cls, text: str, known: Collection[str]) -> Gate:
        """Read one condition, such as ``ratio > 100``.

        Parameters
        ----------
        text : str
            The condition.
        known : collection of str
            The names that it may be on.

        Raises
        ------
        UsageError
            If it is no condition, or on a number that there is not.
        """
        found = _GATE.fullmatch(text)
        if found is None:
            raise UsageError(
                f"{short_repr(text)} is no condition",
                where=OPTION,
                details=(f"expected: a name, one of {' '.join(RELATIONS)}, a number",),
                hint=f'{OPTION} "ratio > 100"',
            )
        name, relation, limit = found.groups()
        if name not in known:
            near = nearest(name, known)
            raise UsageError(
                f"there is no number {short_repr(name)}",
                where=OPTION,
                details=(f"numbers: {', '.join(known)}",),
                hint=f'{OPTION} "{near} {relation} {limit}"'
                if near
                else "wcetool explain measures",
            )
        return cls(name, relation, float(limit))

    def __str__(self) -> str:
        return f"{self.name} {self.relation} {_plain(self.limit)}"

    def fails(self, value: float | None) -> bool:
        """Tell whether a number fails: the condition holds, or the number is undefined."""
        return value is None or RELATIONS[self.relation](value, self.limit)

    def to_dict(self, value: float | None) -> dict[str, object]:
        """Return the gate, the number that it is on, and whether that fails."""
        return {"gate": str(self), "value": value, "failed": self.fails(value)}

    def says(self, value: float | None, reason: str = "") -> str:
        """Return the gate with the number that it is on, or why that is undefined."""
        shown = f"undefined: {reason}" if value is None else _plain(value)
        return f"{self} ({self.name} is {shown})"


def parse_gates(texts: str | Sequence[str] | None, known: Collection[str]) -> tuple[Gate, ...]:
    """Read conditions: one, several, or none.

    Raises
    ------
    UsageError
        As `Gate.parse`.
    """
    given = [texts] if isinstance(texts, str) else texts or ()
    return tuple(Gate.parse(text, known) for text in given)


def _plain(value: float) -> str:
    """Write a number in full, an integral one without a point."""
    return repr(value).removesuffix(".0")
