"""`snippet`: weights as code to paste."""

from __future__ import annotations

import os
from typing import Any

from wcetool.api.weighting import given_weights
from wcetool.errors import UsageError
from wcetool.snippets.writing import snippet_text


def snippet(
    class_weight: Any, framework: str, *, path: str | os.PathLike[str] | None = None
) -> str:
    """Write weights as code that runs as pasted.

    Parameters
    ----------
    class_weight : ClassWeights, mapping of label to weight, or path of a weight file
        Of any kind but that of rows.
    framework : str
        torch, keras, tensorflow, jax, sklearn, xgboost, lightgbm, catboost or hf.
    path : path, optional
        The weight file that holds the same, named in the code; from 1,001 classes on the code loads
        it, as JSON.

    Returns
    -------
    str
        Python, with every class and its weight in order; comments say what the loss divides by, and
        which call of `wcetool score` gives the same number.

    Raises
    ------
    UsageError
        If there is no code for such weights in the framework, or the classes are too many for code.

    Examples
    --------
    >>> code = snippet({"cat": 1.0, "dog": 2.5}, "sklearn")
    >>> names = {}
    >>> exec(code, names)
    >>> names["class_weight"]
    {'cat': 1.0, 'dog': 2.5}
    """
    weights = given_weights(class_weight)
    if weights is None:
        raise UsageError(
            f"{class_weight!r} is a scheme, which has no weights without labels",
            where="class_weight",
            hint="class_weights(labels, scheme)",
        )
    named = os.fspath(path) if path is not None else weights.source
    return snippet_text(weights, framework, path=named)
