"""Shares of the classes that a user knows: in the population, or where a model will be used."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from wcetool.core.arrays import FloatArray
from wcetool.core.vocabulary import Task
from wcetool.data import side_files
from wcetool.data.labels import value_text
from wcetool.data.options import number, without_twins
from wcetool.errors import InputError, UsageError, quoted
from wcetool.results.analysis import ANALYSIS_SCHEMA

OPTION = "--prior"
SUM_TOLERANCE = 1e-6
_FORM = f"{OPTION} a=0.2,b=0.8, or a JSON file of shares by label"


def class_prior(given: Any, classes: Sequence[str]) -> FloatArray:
    """Return shares in class order.

    Parameters
    ----------
    given : str, path, mapping or sequence
        ``uniform``; ``a=0.2,b=0.8``; a JSON file of shares by label, or of counts that `analyze`
        wrote; shares by label; or a share for each class, in order.
    classes : sequence of str
        The classes, in order.

    Returns
    -------
    float64 array of shape (n_classes,)
        At least 0; divided by their sum, which is 1 within 1e-6 as given.

    Raises
    ------
    InputError
        If the file cannot be read.
    UsageError
        If a class has no share, a share is no number in [0, 1], or they do not sum to 1.
    """
    shares = _by_label(given, classes)
    if set(shares) != set(classes):
        lacking = [label for label in classes if label not in shares]
        extra = [label for label in shares if label not in set(classes)]
        raise UsageError(
            "the shares are not those of the classes, once each",
            where=OPTION,
            details=(
                f"classes without a share: {quoted(lacking) or 'none'}",
                f"shares without a class: {quoted(extra) or 'none'}",
            ),
            hint=_FORM,
        )
    values = np.array([shares[label] for label in classes])
    if not ((values >= 0.0) & (values <= 1.0)).all():
        wrong = [label for label in classes if not 0.0 <= shares[label] <= 1.0]
        raise UsageError(f"the share of {quoted(wrong)} is not in [0, 1]", where=OPTION, hint=_FORM)
    total = math.fsum(values)
    if abs(total - 1.0) > SUM_TOLERANCE:
        raise UsageError(f"the shares sum to {total:.6g}, not to 1", where=OPTION, hint=_FORM)
    prior: FloatArray = values / total
    return prior


def _by_label(given: Any, classes: Sequence[str]) -> dict[str, float]:
    if isinstance(given, os.PathLike) or (isinstance(given, str) and _is_file(given)):
        return _from_file(os.fspath(given))
    if isinstance(given, str):
        if given == "uniform":
            return dict.fromkeys(classes, 1.0 / len(classes))
        return _from_text(given)
    if hasattr(given, "to_dict"):
        given = given.to_dict()
    if isinstance(given, Mapping):
        return {str(value_text(label)): number(one, OPTION) for label, one in given.items()}
    if not isinstance(given, Iterable):
        raise UsageError(f"{given!r} holds no shares", where=OPTION, hint=_FORM)
    values = [number(one, OPTION) for one in given]
    if len(values) != len(classes):
        raise UsageError(f"{len(values):,} shares, for {len(classes):,} classes", where=OPTION)
    return dict(zip(classes, values, strict=True))


def _is_file(text: str) -> bool:
    return os.path.isfile(text) or text.lower().endswith(".json")


def _from_text(text: str) -> dict[str, float]:
    """Read LABEL=SHARE,...; a label may hold =."""
    found: dict[str, float] = {}
    for part in text.split(","):
        label, equals, share = part.rpartition("=")
        try:
            value = float(share)
        except ValueError:
            equals = ""
        if not equals or not label or label in found:
            raise UsageError(
                f"{part!r} is not LABEL=SHARE, each label once", where=OPTION, hint=_FORM
            )
        found[label] = value
    return found


def _from_file(path: str) -> dict[str, float]:
    try:
        document = json.loads(
            side_files.read_bytes(path).decode("utf-8-sig"),
            object_pairs_hook=lambda pairs: without_twins(pairs, path),
        )
    except (ValueError, RecursionError) as error:
        raise InputError(f"is not JSON: {error}", where=path) from None
    if isinstance(document, dict) and document.get("schema") == ANALYSIS_SCHEMA:
        return _shares(document, path)
    if not isinstance(document, dict) or not all(
        isinstance(share, int | float) and not isinstance(share, bool)
        for share in document.values()
    ):
        raise InputError(
            "is no object of shares by label",
            where=path,
            details=(f"expected: a JSON object, or counts that analyze wrote ({ANALYSIS_SCHEMA})",),
        )
    return {label: number(share, OPTION) for label, share in document.items()}


def _shares(document: Mapping[str, Any], path: str) -> dict[str, float]:
    """Return the shares of counts that `analyze` wrote, weighted where the rows were."""
    if document.get("task") != Task.MULTICLASS.value:
        raise InputError("holds counts of labels, not of classes: they are no shares", where=path)
    rows = document.get("classes")
    found: dict[str, float] = {}
    for row in rows if isinstance(rows, list) else ():
        label = row.get("label") if isinstance(row, dict) else None
        mass = row.get("weight_sum", row.get("count")) if isinstance(row, dict) else None
        is_mass = type(mass) in (int, float) and 0 <= (mass or 0) < 2.0**63
        if not isinstance(label, str) or label in found or not is_mass:
            raise InputError("its classes are not labels with counts, each once", where=path)
        found[label] = float(mass or 0)
    total = math.fsum(found.values())
    if not total:
        raise InputError("holds no labels", where=path)
    return {label: mass / total for label, mass in found.items()}
