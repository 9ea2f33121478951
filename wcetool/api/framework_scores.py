"""What a framework gives on the rows of a file, from the sums of one pass."""

from __future__ import annotations

import math

import numpy as np

from wcetool.api.score_weights import ScoreWeights
from wcetool.core.conventions.calls import Call, RowForm
from wcetool.core.conventions.tallies import Tally
from wcetool.core.intervals import normal_interval
from wcetool.core.label_report import label_report
from wcetool.core.loss_report import report
from wcetool.core.scoring import ScoreState
from wcetool.core.vocabulary import Reduction
from wcetool.data.layout import ScoreLayout
from wcetool.engine.scoring import ScoreRun
from wcetool.errors import InputError
from wcetool.results.like import FrameworkScore

_REDUCTIONS = {
    "weights": Reduction.WEIGHTED_MEAN,
    "rows": Reduction.MEAN,
    "elements": Reduction.MEAN,
    "nothing": Reduction.SUM,
}


def row_form(layout: ScoreLayout) -> RowForm:
    """Say what the rows of a file hold, as a framework must know it."""
    return RowForm(
        task=layout.form.task,
        kind=layout.form.kind,
        soft=layout.soft,
        n_classes=len(layout.classes),
        dtype=layout.dtype,
        positive=layout.form.positive,
    )


def framework_score(call: Call, found: Tally | None) -> FrameworkScore:
    """Reduce the sums of a framework.

    Raises
    ------
    InputError
        If there are no rows, or the framework refuses all of them together.
    """
    if found is None:
        raise InputError("no row can be scored: none has a label")
    found.sums.refuse_useless()
    scalar = [one for one in call.convention.reductions if one != "none"]
    value, error = found.sums.reduced(call.reduction), found.standard_error(call.reduction)
    if not math.isfinite(value):
        error = None
    return FrameworkScore(
        convention=call.convention,
        value=value,
        reduction=call.reduction,
        reductions={one: found.sums.reduced(one) for one in scalar},
        divisor=found.sums.divisor(call.reduction),
        standard_error=error,
        ci95=None if error is None else normal_interval(value, error),
        passing=call.passing.value,
    )


def plain_framework_score(
    call: Call, run: ScoreRun, weights: ScoreWeights
) -> FrameworkScore | None:
    """Return what a framework gives whose number the sums by class determine.

    None where a row is special to it: an infinite loss, no weight at all, scores that break rules.
    """
    state = run.state
    if run.odd_rows or state.zero_probability_rows or not run.read.total:
        return None
    held, positive = (
        None if given is None else given.astype(call.form.dtype).astype(np.float64).tolist()
        for given in (weights.array(), weights.positive)
    )
    reports = {
        word: report(state, held, reduction=reduction)
        if isinstance(state, ScoreState)
        else label_report(state, held, positive, reduction=reduction)
        for word, reduction in _REDUCTIONS.items()
    }
    if any(not math.isfinite(_number(one.loss.value)) for one in reports.values()):
        return None
    scored = reports["rows"].scored
    divisors = {
        "weights": reports["weights"].weight_sum,
        "rows": float(scored),
        "elements": float(scored * call.form.n_classes),
    }
    divides_by = call.convention.plain
    loss = reports[divides_by[call.reduction]].loss
    return FrameworkScore(
        convention=call.convention,
        value=_number(loss.value),
        reduction=call.reduction,
        reductions={
            one: _number(reports[divides_by[one]].loss.value)
            for one in call.convention.reductions
            if one in divides_by
        },
        divisor=divisors.get(divides_by[call.reduction]),
        standard_error=loss.standard_error,
        ci95=loss.ci95,
        passing=call.passing.value,
    )


def _number(value: float | None) -> float:
    """Return a value, NaN where it is undefined."""
    return math.nan if value is None else value
