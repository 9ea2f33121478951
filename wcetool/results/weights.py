"""The result of `weights`, which is also what a weight file holds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wcetool import __version__
from wcetool.core.schemes.registry import Kind
from wcetool.core.vocabulary import Normalization
from wcetool.results.document import Row, signature, to_frame

if TYPE_CHECKING:
    import pandas as pd

WEIGHTS_SCHEMA = "wcetool.weights/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassWeights:
    """One number a class, keyed by name, with all that is needed to reproduce it.

    Attributes
    ----------
    classes : tuple of str
        Class names, in order.
    weight : tuple of float, shape (n_classes,)
        Dimensionless, finite; at least 0 where they are factors.
    kind : Kind
        What the numbers are.
    negative_weight : tuple of float, shape (n_classes,), or None
        Factors of the negative terms of labels.
    count : tuple of int, shape (n_classes,), or None
        Labels per class; None for weights that come without counts.
    weight_sum : tuple of float, shape (n_classes,), or None
        Sums of the sample weights of those rows, where the weights are computed from them.
    known : tuple of int, shape (n_classes,), or None
        Rows in which it is known whether each label holds, where a row has any number of labels.
    scheme : str
        In the form that `--scheme` reads.
    normalization : Normalization
        How the weights are scaled.
    effective_sample_size : float or None
        Kish's; None without counts, if every sample weighs 0, if samples have weights of their own
        or any number of labels.
    capped : int or None
        Classes that the cap lowered; None for weights that do not say it.
    inputs : tuple of str
        The paths of the labels.
    rows : int or None
        Rows of the inputs, those with a missing label included; None without counts.
    missing : int or None
        Rows without a label, which are in no count; None without counts.
    parameters : mapping
        Every effective value that can change a number.
    source : str or None
        The weight file they were read from; not part of what is equal.
    """

    classes: tuple[str, ...]
    weight: tuple[float, ...]
    count: tuple[int, ...] | None
    scheme: str
    kind: Kind = Kind.CLASS
    negative_weight: tuple[float, ...] | None = None
    weight_sum: tuple[float, ...] | None = None
    known: tuple[int, ...] | None = None
    normalization: Normalization = Normalization.AS_PUBLISHED
    effective_sample_size: float | None = None
    capped: int | None = None
    inputs: tuple[str, ...] = ()
    rows: int | None = None
    missing: int | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    source: str | None = field(default=None, compare=False)

    @property
    def by_class(self) -> dict[str, float]:
        """Weights by class name."""
        return dict(zip(self.classes, self.weight, strict=True))

    @property
    def samples(self) -> tuple[float, ...] | None:
        """Labels per class, or the sums of their sample weights; None where there are none."""
        return self.count if self.weight_sum is None else self.weight_sum

    @property
    def counts_sha256(self) -> str | None:
        """Hash of the counts, None where there are none."""
        return (
            None if self.count is None else pairs_sha256(zip(self.classes, self.count, strict=True))
        )

    @property
    def weights_sha256(self) -> str:
        """Hash of the weights."""
        return pairs_sha256(zip(self.classes, self.weight, strict=True))

    @property
    def signature(self) -> str:
        """How the numbers came about, in one line."""
        fields = {
            "scheme": self.scheme,
            "norm": self.normalization.value,
            "classes": len(self.classes),
            "missing": "skip",
        }
        return signature("weights", fields | dict(self.parameters))

    @property
    def undefined(self) -> dict[str, str]:
        """Which numbers are None, and why."""
        found = {}
        if self.count is None:
            names = ("classes.count", "effective_sample_size", "source.counts_sha256")
            found = dict.fromkeys(names, "the weights came without counts")
        elif self.kind is not Kind.CLASS:
            found["effective_sample_size"] = f"a {self.kind.value} weighs no samples"
        elif self.weight_sum is not None:
            found["effective_sample_size"] = "sums of sample weights do not tell it"
        elif self.known is not None:
            found["effective_sample_size"] = "a row has any number of labels"
        elif self.effective_sample_size is None:
            found["effective_sample_size"] = "every sample weighs 0"
        if self.rows is None:
            found["source.rows"] = "the weights do not say it"
        if self.missing is None:
            found["source.missing"] = "the weights do not say it"
        if self.capped is None:
            found["capped_classes"] = "the weights do not say it"
        return found

    def class_rows(self) -> list[Row]:
        """Return one row per class: label, index, count, weight, and what else there is."""
        columns: dict[str, Iterable[object]] = {
            "label": self.classes,
            "index": range(len(self.classes)),
            "count": self.count or (None,) * len(self.classes),
            "known": self.known or (),
            "weight_sum": self.weight_sum or (),
            "weight": self.weight,
            "negative_weight": self.negative_weight or (),
        }
        optional = ("known", "weight_sum", "negative_weight")
        names = [name for name in columns if columns[name] or name not in optional]
        rows = zip(*(columns[name] for name in names), strict=True)
        return [dict(zip(names, row, strict=True)) for row in rows]

    def to_frame(self) -> pd.DataFrame:
        """Return one row per class as a pandas frame."""
        return to_frame(self.class_rows())

    def to_dict(self) -> Row:
        """Return the document of the contract ``wcetool.weights/1``."""
        return {
            "schema": WEIGHTS_SCHEMA,
            "kind": self.kind.value,
            "scheme": self.scheme,
            "normalization": self.normalization.value,
            "classes": self.class_rows(),
            "effective_sample_size": self.effective_sample_size,
            "capped_classes": self.capped,
            "source": {
                "inputs": list(self.inputs),
                "rows": self.rows,
                "missing": self.missing,
                "counts_sha256": self.counts_sha256,
            },
            "parameters": dict(self.parameters),
            "undefined": self.undefined,
            "notes": list(self.notes),
            "warnings": list(self.warnings),
            "signature": self.signature,
            "tool": f"wcetool {__version__}",
        }


def pairs_sha256(pairs: Iterable[tuple[str, float]]) -> str:
    """Hash numbers by label: SHA-256 of the JSON of the sorted pairs, UTF-8, no spaces.

    Examples
    --------
    >>> pairs_sha256([("b", 1), ("a", 2)]) == pairs_sha256([("a", 2), ("b", 1)])
    True
    """
    ordered = sorted([label, number] for label, number in pairs)
    text = json.dumps(ordered, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
