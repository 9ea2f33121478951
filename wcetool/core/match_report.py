"""Predicted labels without scores: what the confusion matrix says, and no loss."""

from __future__ import annotations

import math
from dataclasses import replace

from wcetool.core.loss_report import LossReport, empty_report
from wcetool.core.pair_counts import PairCounts
from wcetool.errors import InputError

NO_SCORES = "there are no scores, only predicted labels"
_KNOWN = ("accuracy", "balanced_accuracy", "macro_f1")


def match_report(pairs: PairCounts) -> LossReport:
    """Return the metrics of predicted labels; every loss is undefined.

    Parameters
    ----------
    pairs : PairCounts
        At least one row.

    Raises
    ------
    InputError
        If there are no rows.
    """
    support, predicted = pairs.by_true().tolist(), pairs.by_predicted().tolist()
    hits = pairs.hits().tolist()
    scored = sum(support)
    if not scored:
        raise InputError("no row can be scored: none has a label")
    nothing = empty_report(len(support), NO_SCORES)
    undefined = {
        name: why
        for name, why in nothing.undefined.items()
        if name not in {f"metrics.{one}" for one in _KNOWN}
        and name not in ("classes.recall", "classes.precision")
    }
    undefined["classes.weight"] = NO_SCORES
    if not all(support):
        undefined["classes.recall"] = "a class without rows has none"
    if not all(predicted):
        undefined["classes.precision"] = "a class that is never predicted has no precision"
    recalls = [hit / n for hit, n in zip(hits, support, strict=True) if n]
    f1 = [2 * hit / (n + p) for hit, n, p in zip(hits, support, predicted, strict=True) if n + p]
    classes = tuple(
        replace(
            one,
            support=n,
            weight=None,
            recall=hit / n if n else None,
            precision=hit / p if p else None,
        )
        for one, n, hit, p in zip(nothing.classes, support, hits, predicted, strict=True)
    )
    return replace(
        nothing,
        scored=scored,
        accuracy=sum(hits) / scored,
        balanced_accuracy=math.fsum(recalls) / len(recalls),
        macro_f1=math.fsum(f1) / len(f1),
        classes=classes,
        undefined=undefined,
    )
