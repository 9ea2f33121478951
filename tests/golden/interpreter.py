"""Runs recorded cases of real frameworks: `python tests/golden/interpreter.py DIR`.

A true interpreter of their schema: it goes by `api` and the fields, never by `name` or `note`, and
fails on a key or api that it does not know. A refusal is an error of wcetool; a crash is none.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

import wcetool
from wcetool.core.conventions import CONVENTIONS, RULES

KEYS = {
    *("name", "framework", "api", "version", "task", "input", "dtype", "y", "y_kind", "scores"),
    *("class_weights", "pos_weight", "sample_weight", "options", "expected", "error"),
    *("per_sample", "rtol", "atol", "note", "warnings"),
}
WORDS = {"NaN", "Infinity", "-Infinity"}
LEFT_OUT = {"sklearn.metrics.balanced_accuracy_score": "a metric, tested as one"}
# What an option repeats: of the shapes, of the api, or of the field `input`.
REPEATED = {"weight_form", "denominator"}


class UnknownError(Exception):
    """The case says something that the schema does not."""


def numbers(values: Any) -> Any:
    """Read the three words for numbers that are not finite."""
    if isinstance(values, list):
        return [numbers(value) for value in values]
    return float(values) if isinstance(values, str) and values in WORDS else values


def run(case: dict[str, Any]) -> tuple[Any, Any]:
    """Return the value of a case and its losses before reduction, None where there are none."""
    unknown = set(case) - KEYS
    if unknown:
        raise UnknownError(f"key {sorted(unknown)}")
    options = {key: value for key, value in case["options"].items() if key not in REPEATED}
    if case["api"] in RULES:
        return _weights(case, options), None
    framework, api = case["framework"], case["api"]
    name = next(
        (
            entry.name
            for entry in CONVENTIONS.values()
            if (entry.framework, entry.api) == (framework, api)
        ),
        None,
    )
    if name is None:
        raise UnknownError(f"api {api!r} of {framework!r}")
    convention = CONVENTIONS[name]
    kind = case["input"]
    if "from_logits" in options and "from_logits" not in convention.options:
        kind = "logits" if options.pop("from_logits") else "probs"
    reduction = options.pop("reduction", None)
    odd = set(options) - set(convention.options)
    if odd:
        raise UnknownError(f"option {sorted(odd)} of {api!r}")
    dtype = np.dtype(case["dtype"])
    loss = wcetool.framework_loss(
        name,
        numbers(case["y"]),
        np.array(numbers(case["scores"]), dtype=dtype),
        input=kind,
        target=case["y_kind"],
        class_weight=_by_class(case["class_weights"]),
        pos_weight=numbers(case["pos_weight"]),
        sample_weight=numbers(case["sample_weight"]),
        reduction=reduction,
        **options,
    )
    return loss.value, loss.losses


def _weights(case: dict[str, Any], options: dict[str, Any]) -> Any:
    given = _by_class(options.get("class_weight"))
    if given is not None:
        options["class_weight"] = given
    if case["class_weights"] is not None:
        options["class_weight"] = _by_class(case["class_weights"])
    odd = set(options) - set(RULES[case["api"]].options)
    if odd:
        raise UnknownError(f"option {sorted(odd)} of {case['api']!r}")
    weights = numbers(case["sample_weight"])
    return wcetool.framework_weights(case["api"], case["y"], sample_weight=weights, **options)


def _by_class(weights: Any) -> Any:
    if isinstance(weights, dict):  # JSON has no other keys
        return {int(key): value for key, value in weights.items()}
    return numbers(weights)


def disagreement(case: dict[str, Any]) -> str | None:
    """Say how a case differs from the framework; None where it agrees."""
    try:
        value, losses = run(case)
    except wcetool.WceError as error:
        return None if case.get("error") else f"refused: {error.message}"
    except Exception as error:  # noqa: BLE001 - a crash is what is looked for
        return f"{type(error).__name__}: {error}"
    if case.get("error"):
        return f"not refused: {value}"
    for what, got in (("expected", value), ("per_sample", losses)):
        wanted = case.get(what)
        if wanted is None:
            continue
        ours, theirs = (np.asarray(one, dtype=np.float64) for one in (got, numbers(wanted)))
        close = ours.shape == theirs.shape and np.allclose(
            ours, theirs, rtol=case["rtol"], atol=case["atol"], equal_nan=True
        )
        if not close:
            return f"{what}: {ours.tolist()} instead of {theirs.tolist()}"
    return None


def cases_in(folder: Path) -> list[dict[str, Any]]:
    """Read every case of a folder."""
    return [case for path in sorted(folder.glob("*.json")) for case in json.loads(path.read_text())]


def main(folder: str) -> int:
    """Run all cases; print how many agree by framework, and which do not."""
    agree: defaultdict[str, int] = defaultdict(int)
    failed: defaultdict[str, list[str]] = defaultdict(list)
    cases = cases_in(Path(folder))
    for case in cases:
        if case["api"] in LEFT_OUT:
            print(f"{case['name']}: left out ({LEFT_OUT[case['api']]})")
            continue
        found = disagreement(case)
        if found is None:
            agree[case["framework"]] += 1
        else:
            failed[case["framework"]].append(f"{case['name']}: {found[:300]}")
    for framework in sorted({*agree, *failed}):
        lost = failed[framework]
        print(f"{framework}: {agree[framework]} agree, {len(lost)} do not")
        for line in lost:
            print(f"  {line}")
    if not cases:
        print(f"{folder}: no cases")
    return int(any(failed.values()) or not cases)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
