"""The result of `weights` for several label columns: class weights for each of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wcetool import __version__
from wcetool.results.document import Row, signature, to_frame
from wcetool.results.weights import ClassWeights

if TYPE_CHECKING:
    import pandas as pd

HEADS_SCHEMA = "wcetool.weights-heads/1"


@dataclass(frozen=True, slots=True)
class Head:
    """A label column and the weights of its classes."""

    column: str
    weights: ClassWeights


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadWeights:
    """Class weights for each of several label columns: the heads of one model.

    Attributes
    ----------
    heads : tuple of Head
        In the order in which the columns were named; each has its own classes.
    parameters : mapping
        Every effective value that can change a number and is the same for all heads.
    notes, warnings : tuple of str
        What was decided without being asked for; what may not be as meant.
    source : str or None
        The file they were read from; not part of what is equal.
    """

    heads: tuple[Head, ...]
    parameters: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    source: str | None = field(default=None, compare=False)

    def __getitem__(self, column: str) -> ClassWeights:
        """Return the weights of a column.

        Raises
        ------
        KeyError
            If it is no head.
        """
        return {head.column: head.weights for head in self.heads}[column]

    @property
    def columns(self) -> tuple[str, ...]:
        """The label columns, in order."""
        return tuple(head.column for head in self.heads)

    @property
    def scheme(self) -> str:
        """The scheme, which is the same for all heads."""
        return self.heads[0].weights.scheme

    @property
    def inputs(self) -> tuple[str, ...]:
        """The paths of the labels."""
        return self.heads[0].weights.inputs

    @property
    def rows(self) -> int | None:
        """Rows of the inputs."""
        return self.heads[0].weights.rows

    @property
    def signature(self) -> str:
        """How the numbers came about, in one line."""
        first = self.heads[0].weights
        fields = {
            "scheme": self.scheme,
            "norm": first.normalization.value,
            "heads": len(self.heads),
            "missing": "skip",
        }
        return signature("weights-heads", fields | dict(self.parameters))

    def class_rows(self) -> list[Row]:
        """Return one row per class of each head: the column, then as in `ClassWeights`."""
        return [
            {"column": head.column, **row}
            for head in self.heads
            for row in head.weights.class_rows()
        ]

    def to_frame(self) -> pd.DataFrame:
        """Return one row per class of each head as a pandas frame."""
        return to_frame(self.class_rows())

    def to_dict(self) -> Row:
        """Return the document of the contract ``wcetool.weights-heads/1``."""
        return {
            "schema": HEADS_SCHEMA,
            "task": "multioutput",
            "scheme": self.scheme,
            "normalization": self.heads[0].weights.normalization.value,
            "heads": [{"column": head.column, **head.weights.to_dict()} for head in self.heads],
            "source": {"inputs": list(self.inputs), "rows": self.rows},
            "parameters": dict(self.parameters),
            "notes": list(self.notes),
            "warnings": list(self.warnings),
            "signature": self.signature,
            "tool": f"wcetool {__version__}",
        }
