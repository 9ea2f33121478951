"""What each framework does with weights: the registry of conventions.

To add a framework, write a module beside this one and enter its conventions here.
"""

from __future__ import annotations

from wcetool.core.conventions import keras, others, tensorflow, torch
from wcetool.core.conventions.registry import Convention
from wcetool.core.conventions.weight_rules import WEIGHT_RULES, WeightRule
from wcetool.errors import UsageError, listed, nearest, short_repr

__all__ = [
    "CONVENTIONS",
    "RULES",
    "Convention",
    "WeightRule",
    "find_convention",
    "frameworks",
]

CONVENTIONS: dict[str, Convention] = {
    entry.name: entry
    for entry in (
        *torch.CONVENTIONS,
        *keras.CONVENTIONS,
        *tensorflow.CONVENTIONS,
        *others.CONVENTIONS,
    )
}
RULES: dict[str, WeightRule] = {entry.api: entry for entry in WEIGHT_RULES}


def frameworks() -> dict[str, list[Convention]]:
    """List the conventions of each framework; those of TensorFlow 1 are called tf1."""
    found: dict[str, list[Convention]] = {}
    for entry in CONVENTIONS.values():
        name = "tf1" if entry.api.startswith("tf.compat.v1") else entry.framework
        found.setdefault(name, []).append(entry)
    return found


def find_convention(name: str) -> Convention:
    """Return a convention by its name, by its API, or by framework and the end of its API.

    The first one registered wins: a loss before the metric of its name.

    Raises
    ------
    UsageError
        If none is called that.
    """
    if name in CONVENTIONS:
        return CONVENTIONS[name]
    framework, _, call = name.partition(".")
    found = [
        entry
        for entry in CONVENTIONS.values()
        if name in {entry.api, name_of_call(entry)}
        or (
            entry in frameworks().get(framework, [])
            and f".{name_of_call(entry)}".endswith(f".{call}")
        )
    ]
    if found:
        return found[0]
    near = nearest(name, [*frameworks(), *CONVENTIONS])
    raise UsageError(
        f"{short_repr(name)} is no convention",
        where="--like",
        details=(
            f"frameworks: {', '.join(frameworks())}",
            f"one API of many: {listed(CONVENTIONS, limit=3)}",
        ),
        hint=None if near is None else f"--like {near!r}",
    )


def name_of_call(entry: Convention) -> str:
    """Return the bare name of an API: torch.nn.NLLLoss for torch.nn.NLLLoss(log(probs))."""
    return entry.api.partition("(")[0]
