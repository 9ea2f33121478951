"""Whether scores are probabilities, logits or logarithms of probabilities."""

from __future__ import annotations

import math
from dataclasses import replace

from wcetool.core.arrays import FloatArray
from wcetool.core.losses import ScoreForm
from wcetool.core.rounding import rows_that_fit
from wcetool.core.vocabulary import InputKind, Task
from wcetool.data.layout import ScoreRequest
from wcetool.data.options import refuse_idle
from wcetool.data.score_columns import ScoreColumns
from wcetool.errors import InputError, listed

ENOUGH_ROWS = 16  # this many rows are not all probabilities by chance


def mostly(values: FloatArray, form: ScoreForm) -> bool:
    """Tell whether at least half of the rows keep the rules of a form; the others are faults."""
    if form.task is Task.MULTILABEL:
        low, high = (-math.inf, 0.0) if form.kind is InputKind.LOG_PROBS else (0.0, 1.0)
        limit = form.tolerance.value
        inside = ((values >= low - limit) & (values <= high + limit)).all(axis=1)
        return 2 * int(inside.sum()) >= len(values) > 0
    return len(values) > 0 and 2 * int(rows_that_fit(values, form).sum()) >= len(values)


def kind_of_scores(
    form: ScoreForm, chosen: ScoreColumns, request: ScoreRequest, values: FloatArray, where: str
) -> tuple[InputKind, str | None]:
    """Decide what the scores are, by the rules in `score_columns`; a guess comes with a note."""
    kind = request.kind or chosen.kind
    if kind is InputKind.LOGITS and not request.unchecked:
        _refuse_probabilities(form, values, where)
    if request.kind is not None:
        return request.kind, None
    percent = _look_like_percent(values, form)
    if percent and (kind is InputKind.PROBS or form.task is Task.MULTICLASS):
        raise InputError(
            "the scores look like percentages: they "
            + ("sum to 100" if form.task is Task.MULTICLASS else "lie in [0, 100]"),
            where=where,
            details=(f"first row: {listed(f'{v:.6g}' for v in values[0])}",),
            hint="--input percent",
        )
    if kind is not None:
        return kind, f"scores are {kind.value}, by the names of their columns"
    if form.task is Task.MULTILABEL and mostly(values, replace(form, kind=InputKind.LOG_PROBS)):
        if not mostly(values, form):  # logits of rare labels are negative as well
            raise InputError(
                "the names do not say what the scores are, and all are below 0",
                where=where,
                hint="--input logits, or --input log-probs",
            )
    if request.renormalize and "renormalize" not in request.defaults:
        return InputKind.PROBS, "scores are probs, since they are to be renormalized"
    if mostly(values, form):
        sums = " and sum to 1" if form.task is Task.MULTICLASS else ""
        return InputKind.PROBS, f"scores are probs: the first rows lie in [0, 1]{sums}"
    likely = _likely_kind(values, form)
    raise InputError(
        "the names do not say what the scores are, and they are no probabilities",
        where=where,
        details=(f"first row: {listed(f'{v:.6g}' for v in values[0])}",) if len(values) else (),
        hint=f"--input {likely.value}"
        + (", or --input percent" if percent else "")
        + (", or --renormalize" if len(values) and values.min() >= 0 else ""),
    )


def _likely_kind(values: FloatArray, form: ScoreForm) -> InputKind:
    """Return what scores may be that are no probabilities."""
    fit_as_logs = mostly(values, replace(form, kind=InputKind.LOG_PROBS))
    if fit_as_logs and form.task is not Task.MULTICLASS:  # half of all logits are negative
        fit_as_logs = bool(values.max() <= 0.0)
    return InputKind.LOG_PROBS if fit_as_logs else InputKind.LOGITS


def _look_like_percent(values: FloatArray, form: ScoreForm) -> bool:
    """Tell whether scores that are no probabilities would be some, divided by 100."""
    if not len(values) or mostly(values, form) or values.max() <= 1.0 or values.min() < 0.0:
        return False
    if form.renormalize or values.max() > 100.0 + 1e-2:
        return False
    return mostly(values / 100.0, form)


def _refuse_probabilities(form: ScoreForm, values: FloatArray, where: str) -> None:
    """Refuse logits of which every row is a row of probabilities: enough of them are no chance."""
    if form.task is not Task.MULTICLASS or len(values) < ENOUGH_ROWS:
        return
    if rows_that_fit(values, replace(form, renormalize=False)).all():
        raise InputError(
            f"the scores are said to be logits, but all of the first {len(values):,} rows lie in "
            "[0, 1] and sum to 1",
            where=where,
            hint="--input probs",
        )


def without_idle_options(form: ScoreForm, request: ScoreRequest) -> ScoreForm:
    """Refuse what changes nothing here; general defaults are left out instead."""
    if request.sum_tolerance is not None and form.kind is InputKind.LOGITS:
        refuse_idle("sum-tolerance", "logits have no sum", request.defaults)
    if request.renormalize and (
        form.kind is not InputKind.PROBS or form.task is not Task.MULTICLASS
    ):
        what = form.kind.value
        if form.task is not Task.MULTICLASS:
            what = "one score a row" if form.task is Task.BINARY else "one a label"
        refuse_idle("renormalize", f"the scores are {what}", request.defaults)
        return replace(form, renormalize=False)
    return form
