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
    "canonical",
    "find_convention",
    "frameworks",
    "short_name",
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


ALIASES = {
    "pytorch": "torch",
    "tf": "tensorflow",
    "tf2": "tensorflow",
    "scikit-learn": "sklearn",
    "jax": "optax",
    "flax": "optax",
    "xgb": "xgboost",
    "lgb": "lightgbm",
    "lgbm": "lightgbm",
}


def canonical(name: str) -> str:
    """Return a name with its framework as it is called here: torch for pytorch."""
    framework, dot, call = name.partition(".")
    if framework == "tf" and call:  # tf.nn. and tf.compat.v1. are names of the framework's own
        return name
    return f"{ALIASES.get(framework.casefold(), framework)}{dot}{call}"


def short_name(entry: Convention) -> str:
    """Return the shortest name under which a convention is found."""
    parts = name_of_call(entry).split(".")
    groups = [group for group, entries in frameworks().items() if entry in entries]
    for last in range(1, len(parts)):
        short = f"{groups[0]}.{'.'.join(parts[-last:])}"
        try:
            if find_convention(short) is entry:
                return short
        except UsageError:
            continue
    return entry.name


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
    name = canonical(name)
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
