"""What a user should hear of a score: what was assumed, and what may not be as it is meant."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wcetool.api.evaluation import Evaluation
from wcetool.api.score_weights import ScoreWeights
from wcetool.core.conventions.calls import Call, Passing
from wcetool.core.loss_report import LossReport
from wcetool.core.rounding import row_sum_tolerance
from wcetool.core.vocabulary import InputKind, Task
from wcetool.data.dataset import Dataset
from wcetool.data.formats.table import Column
from wcetool.data.layout import ScoreLayout, ScoreRequest
from wcetool.data.pairing import other_order, unused_label
from wcetool.engine.scoring import ScoreRun
from wcetool.errors import counted, quoted, short_repr

SURE = 0.5  # a true class should get more than this
IMBALANCED = 3.0  # ratio of the largest to the smallest class, from where on weights matter
BALANCED = 1.5


def pairing_notes(
    dataset: Dataset, labels: Dataset, used: Sequence[Column]
) -> tuple[list[str], list[str]]:
    """Return notes and warnings on predictions and labels that are matched by row order."""
    notes, warnings = [], []
    unused = unused_label(dataset, used)
    if unused is not None:
        notes.append(f"column {unused!r} of the predictions is not used: the labels are given")
    shuffled = other_order(dataset, labels, used)
    if shuffled is not None:
        warnings.append(
            f"rows are matched by their order, but column {shuffled!r}, which both files have, "
            "differs in the first rows (--id-column would match them by it)"
        )
    return notes, warnings


def tolerance_notes(
    layout: ScoreLayout, request: ScoreRequest, run: ScoreRun
) -> tuple[float | None, list[str]]:
    """Return the tolerance that was used, None where there is none, and say where it is from."""
    form, rounded = layout.form, run.rounded
    if form.kind is InputKind.LOGITS or form.renormalize or request.unchecked:
        return None, []
    if form.task is not Task.MULTICLASS:
        used, what = form.tolerance.value, "scores lie in [0, 1]"
    else:
        used, what = row_sum_tolerance(rounded, form), "rows sum to 1"
    if request.sum_tolerance is not None:
        return used, []
    reason = ""
    if form.heeds_decimals and used > form.tolerance.row_sum:
        decimals = counted(rounded.decimals, "decimal")
        reason = f", since the values have {decimals}"
        if rounded.explained:
            reason += f"; {counted(rounded.explained, 'row')} needed that"
    return used, [f"{what} within {used:.4g}{reason} (--sum-tolerance changes it)"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """What was computed, and of what."""

    run: ScoreRun
    numbers: LossReport
    layout: ScoreLayout
    evaluation: Evaluation
    weights: ScoreWeights
    call: Call | None


def score_warnings(scored: Scored) -> list[str]:
    """Return what the user should know before relying on the numbers."""
    return [
        *_about_rows(scored),
        *_about_infinite(scored),
        *_about_weights(scored),
        *_about_framework(scored),
    ]


def _about_rows(scored: Scored) -> list[str]:
    found = []
    run, layout, numbers = scored.run, scored.layout, scored.numbers
    classes, ignored = layout.classes, scored.evaluation.request.ignored
    without_rows = [
        label
        for label, mass in zip(classes, run.class_mass(), strict=True)
        if not mass and label not in ignored
    ]
    if run.odd_rows:  # whose classes are not counted
        without_rows = []
    if without_rows and layout.form.task is Task.MULTILABEL:
        found.append(f"no row has label {quoted(without_rows)}")
    elif without_rows:
        found.append(f"a score and no rows: class {quoted(without_rows)} (--scores, if it is none)")
    if layout.positive_guessed and numbers.skill is not None and numbers.skill < 0:
        positive = classes[layout.form.positive]
        other = classes[1 - layout.form.positive]
        found.append(
            f"the score is taken for that of class {short_repr(positive)}, and is worse than "
            f"knowing nothing (--positive-class {other}, if it is the other one)"
        )
    if run.odd_rows:
        who = "frameworks take" if scored.call is None else f"{scored.call.convention.name} takes"
        found.append(
            f"{counted(run.odd_rows, 'row')} with scores that are missing, or no {_what(layout)}: "
            f"{who} them; all other numbers leave them out"
        )
    if ignored and not run.ignored:
        found.append(f"no row has a label that is to be ignored: {quoted(sorted(ignored))}")
    return found


def _what(layout: ScoreLayout) -> str:
    if layout.form.kind is InputKind.LOGITS:
        return "finite logits"
    return "probabilities" + (" that sum to 1" if layout.form.task is Task.MULTICLASS else "")


def _about_infinite(scored: Scored) -> list[str]:
    found, state, clip = [], scored.run.state, scored.evaluation.clip
    rows = state.zero_probability_rows
    if rows and clip is None and scored.call is None:
        found.append(
            f"the true class has probability 0 in {counted(rows, 'row')}: the "
            "loss is infinite, the finite mean leaves them out (--clip 1e-7 would bound it)"
        )
    if state.clipped_rows:
        found.append(f"clipped to a probability of {clip!r}: {counted(state.clipped_rows, 'row')}")
    if rows and clip is None and 0.0 in (scored.weights.class_weight or ()):
        found.append("a weight of 0 does not hide an infinite loss (--ignore leaves rows out)")
    return found


def _about_weights(scored: Scored) -> list[str]:
    found = []
    weights, smoothing, call = scored.weights, scored.evaluation.smoothing, scored.call
    by_class_too = call is None or call.passing is Passing.AS_THEY_ARE
    if smoothing and weights.class_weight is not None and by_class_too:
        found += _moved_optimum(weights.effective(), smoothing, scored.layout)
    given = weights.weights
    if given is not None and given.source is not None and given.count is not None:
        before, now = _ratio(given.count), _ratio(scored.run.class_mass())
        if before >= IMBALANCED and now <= BALANCED:
            found.append(
                f"the weights are for classes of ratio {before:.4g}, the labels scored have "
                f"{now:.4g}: if a sampler has balanced them, sampler and weights correct twice"
            )
    return found


def _moved_optimum(class_weight: np.ndarray, smoothing: float, layout: ScoreLayout) -> list[str]:
    """Say where the smoothed loss of a row is least, if that is not near its true class.

    The loss sum_j w_j t_j (-log q_j) is least at q_j proportional to w_j t_j.
    """
    n = len(class_weight)
    if layout.form.task is not Task.MULTICLASS or layout.soft or n < 2:
        return []
    shares = np.full((n, n), smoothing / n) + np.eye(n) * (1.0 - smoothing)
    mass = shares * class_weight
    total = mass.sum(axis=1)
    best = np.where(total > 0.0, mass.diagonal() / np.where(total > 0.0, total, 1.0), 1.0)
    worst = int(best.argmin())
    if best[worst] > SURE:
        return []
    other = int(mass[worst].argmax())
    rival = "" if other == worst else f", and more to class {short_repr(layout.classes[other])}"
    true = short_repr(layout.classes[worst])
    said = (
        "label smoothing weighs every class by its own weight, and moves the optimum: the loss of "
        f"a row of class {true} is least where it gets a probability of {best[worst]:.4g}{rival}"
    )
    return [said]


def _ratio(mass: Sequence[float]) -> float:
    present = [one for one in mass if one]
    return max(present) / min(present) if present else math.nan


def _about_framework(scored: Scored) -> list[str]:
    call = scored.call
    if call is None:
        return []
    found, name = [], call.convention.name
    if scored.evaluation.alpha is not None:
        found.append(f"alpha is in the number of {name} alone, not in those beside it")
    if call.convention.framework == "keras" and scored.layout.form.kind is InputKind.PROBS:
        found.append(
            "Keras on TensorFlow logs what it computes from the logits behind a softmax or "
            "sigmoid; from stored probabilities that number may differ: these are clipped to 1e-7"
        )
    counted_all = not scored.run.odd_rows
    if "labels" in call.convention.options and counted_all and not all(scored.run.class_mass()):
        found.append(f"{name} refuses classes without rows unless labels= names them, as here")
    return found
