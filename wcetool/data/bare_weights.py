"""Class weights that came without a word: numbers by label, or in the order of the classes."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from wcetool.data import side_files
from wcetool.data.options import number, without_twins
from wcetool.data.weightfile import sidecar
from wcetool.errors import InputError
from wcetool.results.weights import WEIGHTS_SCHEMA

_FORMS = "a JSON object of weights by label, a list of numbers in class order, or a weight file"


def bare_weights(path: str) -> Mapping[str, float] | list[float] | None:
    """Read weights that no wcetool wrote.

    Parameters
    ----------
    path : str
        JSON: an object of numbers by label, or a list. ``.npy`` without class names beside it: a
        vector. ``.txt``: numbers, separated by white space or commas.

    Returns
    -------
    mapping, list, or None
        Weights by label, or in class order; None for a weight file.

    Raises
    ------
    InputError
        If the file holds something else.
    """
    suffix = os.path.splitext(path)[1].lower()
    if suffix == ".npy" and not os.path.exists(sidecar(path)):
        return _from_npy(path)
    if suffix == ".txt":
        return _from_text(path)
    return _from_json(path) if suffix == ".json" else None


def _from_json(path: str) -> Mapping[str, float] | list[float] | None:
    try:
        text = side_files.read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("is not UTF-8 text", where=path) from None
    return weights_of_json(text, path)


def weights_of_json(text: str, where: str) -> Mapping[str, float] | list[float] | None:
    """Read weights from JSON; None for the document of a weight file.

    Raises
    ------
    InputError
        If it holds something else.
    """
    try:
        document = json.loads(text, object_pairs_hook=lambda pairs: without_twins(pairs, where))
    except (ValueError, RecursionError) as error:
        raise InputError(f"is not JSON: {error}", where=where) from None
    if isinstance(document, dict) and document.get("schema") == WEIGHTS_SCHEMA:
        return None
    values: Any = document.values() if isinstance(document, dict) else document
    if not isinstance(document, dict | list) or not all(map(_is_number, values)):
        raise InputError("holds no weights", where=where, details=(f"expected: {_FORMS}",))
    if isinstance(document, dict):
        return {label: number(weight, where) for label, weight in document.items()}
    return [number(weight, where) for weight in document]


def _from_npy(path: str) -> list[float]:
    values = side_files.read_npy(path)
    if values.ndim != 1 or values.dtype.kind not in "iuf":
        raise InputError("is no vector of numbers", where=path, details=(f"expected: {_FORMS}",))
    if values.dtype == np.float32:
        # The shortest text of the narrow type is what its writer meant.
        return [float(str(value)) for value in values]
    return [float(value) for value in values]


def _from_text(path: str) -> list[float]:
    try:
        return [
            float(text)
            for text in side_files.read_bytes(path).decode("utf-8").replace(",", " ").split()
        ]
    except ValueError as error:
        raise InputError(f"holds no weights: {error}", where=path) from None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
