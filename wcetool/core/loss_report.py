"""A finished score state under given class weights: the numbers of the score report.

Weights come last: one state answers every weighting. The row arithmetic is in `losses`, the sums
over rows in `scoring`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from wcetool.core.arrays import FloatArray
from wcetool.core.exact import FRACTION_BITS, rounded
from wcetool.core.intervals import Moments, normal_interval, ratio_standard_error
from wcetool.core.loss_sums import (
    BEYOND_FLOAT64,
    LossSums,
    baseline,
    entropy,
    over_cells,
    sample_mass,
    unweighted_sums,
    weighted_sums,
)
from wcetool.core.scoring import ScoreState
from wcetool.core.vocabulary import Reduction
from wcetool.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A loss with its uncertainty, nats; None where undefined."""

    value: float | None = None
    standard_error: float | None = None
    ci95: tuple[float, float] | None = None
    finite_mean: float | None = None  # the value without the rows of infinite loss
    undefined: Mapping[str, str] = field(default_factory=dict)  # which of these is None, and why


_SPREAD = ("standard_error", "ci95")
_SUM_IS_NO_MEAN = {"finite_mean": "the loss is a sum"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassScore:
    """One class of a score report."""

    support: int  # rows
    weight: float | None  # None where the scheme has none, for a class without rows
    mean_loss: float | None  # unweighted, nats
    loss_share: float | None  # of the weighted loss: the part that has the weight of the class
    recall: float | None
    precision: float | None
    mean_true_probability: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LossReport:
    """Everything that a finished `ScoreState` says under given class weights."""

    scored: int
    zero_probability_rows: int
    clipped_rows: int
    loss: Estimate
    reductions: dict[Reduction, float | None]
    weight_sum: float | None
    unweighted: Estimate
    balanced_mean: float | None  # mean of the class means
    prior_loss: float | None  # of always predicting the weighted class shares
    skill: float | None  # 1 - loss / prior loss
    accuracy: float
    balanced_accuracy: float | None
    macro_f1: float
    brier: float  # in [0, 2]
    classes: tuple[ClassScore, ...]
    undefined: dict[str, str]  # which number is None, and why


def empty_report(n_classes: int, reason: str) -> LossReport:
    """Return the report of no rows: every number undefined, for a reason."""
    nothing = Estimate(
        undefined=dict.fromkeys(("value", "standard_error", "ci95", "finite_mean"), reason)
    )
    numbers = ("accuracy", "balanced_accuracy", "macro_f1", "brier")
    of_class = ("mean_loss", "loss_share", "recall", "precision", "mean_true_probability")
    names = (
        *(f"{kind}.{key}" for kind in ("loss", "unweighted") for key in nothing.undefined),
        *(f"reductions.{each.value}" for each in Reduction),
        *(f"metrics.{name}" for name in numbers),
        *(f"classes.{name}" for name in of_class),
        "unweighted.mean",
        "reductions.weight_sum",
        "balanced.mean",
        "prior_baseline.loss",
        "prior_baseline.skill",
    )
    return LossReport(
        scored=0,
        zero_probability_rows=0,
        clipped_rows=0,
        loss=nothing,
        reductions=dict.fromkeys(Reduction),
        weight_sum=None,
        unweighted=nothing,
        balanced_mean=None,
        prior_loss=None,
        skill=None,
        accuracy=math.nan,
        balanced_accuracy=None,
        macro_f1=math.nan,
        brier=math.nan,
        classes=(
            ClassScore(
                support=0,
                weight=1.0,
                mean_loss=None,
                loss_share=None,
                recall=None,
                precision=None,
                mean_true_probability=None,
            ),
        )
        * n_classes,
        undefined={name: reason for name in names if name != "unweighted.value"},
    )


def report(
    state: ScoreState,
    class_weight: Sequence[float | None] | None = None,
    *,
    reduction: Reduction = Reduction.WEIGHTED_MEAN,
    pair_weight: FloatArray | None = None,
) -> LossReport:
    """Apply class weights to the sums of a file.

    What else changes the loss (focal factor, label smoothing, soft targets, sample weights) is in
    the state.

    Parameters
    ----------
    state : ScoreState
        At least one row.
    class_weight : sequence of float, shape (n_classes,), optional
        Finite, at least 0; None for a class without rows that has no weight. Without it every class
        weighs 1. With label smoothing every class needs a weight.
    reduction : Reduction
        Which of the reductions is the headline.
    pair_weight : float64 array of shape (n_classes, n_classes), optional
        Factors by true (rows) and predicted class (columns), finite, at least 0; for a state with
        sums by pair.

    Returns
    -------
    LossReport
        Means and sums come from integers, rounded once; the balanced mean, the prior loss and the
        metrics from few rounded terms, within 4 units in the last place per class.

    Raises
    ------
    InputError
        If there are no rows.
    ValueError
        If there are weights by pair and no sums by pair.

    Notes
    -----
    ``weighted-mean`` is sum(w l) / sum(w), PyTorch's ``mean`` for class indices; ``mean`` is
    sum(w l) / n, as Keras and TensorFlow have it. The loss of always predicting the weighted class
    shares q is -sum q ln q, which is ln K under inverse-frequency weights; with label smoothing the
    shares are the smoothed ones, which are the best constant prediction.

    ``unweighted``, ``balanced_mean`` and the metrics leave class, pair and sample weights aside.
    With label smoothing (a) and soft targets (t), and weights that differ between classes, the
    loss is sum_j w_j [(1 - a) t_j l_j + a / K l_j], as in PyTorch, from sums by column, and has no
    standard error. The standard error with soft targets takes the targets of a row to sum to 1.
    """
    support: list[int] = state.pairs.by_true().tolist()
    scored = sum(support)
    if not scored:
        raise InputError("no row can be scored: none has a label")
    if pair_weight is not None and not state.options.by_pair:
        raise ValueError("weights by pair need sums by pair")
    given = [1.0] * len(support) if class_weight is None else class_weight
    weighted = weighted_sums(state, given, pair_weight)
    reductions = {each: _estimate(weighted, each) for each in Reduction}
    unweighted = _estimate(unweighted_sums(state), Reduction.MEAN)
    undefined = {f"loss.{key}": why for key, why in reductions[reduction].undefined.items()}
    undefined |= {f"unweighted.{key}": why for key, why in unweighted.undefined.items()}
    undefined |= {
        f"reductions.{each.value}": estimate.undefined["value"]
        for each, estimate in reductions.items()
        if estimate.value is None
    }
    if weighted.weight_sum is None:
        undefined["reductions.weight_sum"] = weighted.no_value or "not known"
    prior_loss = _prior_loss(state, given, support, weighted, undefined)
    classes = _class_scores(state, support, given, weighted, undefined)
    hits, predicted = state.pairs.hits().tolist(), state.pairs.by_predicted().tolist()
    return LossReport(
        scored=scored,
        zero_probability_rows=state.zero_probability_rows,
        clipped_rows=state.clipped_rows,
        loss=reductions[reduction],
        reductions={each: estimate.value for each, estimate in reductions.items()},
        weight_sum=None if weighted.weight_sum is None else rounded(weighted.weight_sum),
        unweighted=unweighted,
        balanced_mean=_mean([row.mean_loss for row in classes if row.mean_loss is not None]),
        prior_loss=prior_loss,
        skill=_skill(reductions[Reduction.WEIGHTED_MEAN].value, prior_loss, undefined),
        accuracy=sum(hits) / scored,
        balanced_accuracy=_mean([hit / n for hit, n in zip(hits, support, strict=True) if n]),
        macro_f1=_mean(
            [2 * hit / (n + p) for hit, n, p in zip(hits, support, predicted, strict=True) if n + p]
        ),
        brier=state.brier.values()[0] / scored,
        classes=classes,
        undefined=undefined,
    )


def _estimate(sums: LossSums, reduction: Reduction) -> Estimate:
    """Reduce the losses of the rows to one number."""
    if sums.no_value is not None:
        return _no_estimate(sums.no_value)
    divisor, finite_divisor = {
        Reduction.WEIGHTED_MEAN: (sums.weight_sum, sums.finite_weight_sum),
        Reduction.MEAN: (Fraction(sums.rows), Fraction(sums.finite_rows)),
        Reduction.SUM: (Fraction(1), Fraction(1)),
    }[reduction]
    if not divisor:
        return _no_estimate("every row has weight 0")
    if not finite_divisor or not sums.finite_rows:
        return _infinite_estimate(sums, None)
    finite = sums.loss_sum / finite_divisor
    value = rounded(finite)
    mean = None if reduction is Reduction.SUM else value
    if sums.infinite_rows:
        return _infinite_estimate(sums, mean)
    if sums.rows == 1:
        return _finite_estimate(value, mean, "one row has no spread")
    if sums.moments is None or sums.no_spread is not None:
        return _finite_estimate(value, mean, sums.no_spread or "not known")
    moments = sums.moments
    if reduction is not Reduction.WEIGHTED_MEAN:  # the denominator adds up ones
        moments = Moments(moments.ll, sums.loss_sum, Fraction(sums.finite_rows))
    # A sum is n times the mean, and n is fixed: the residuals are those of the mean.
    center = sums.loss_sum / sums.rows if reduction is Reduction.SUM else finite
    return _spread_estimate(value, mean, ratio_standard_error(moments, center, divisor))


def _spread_estimate(value: float, mean: float | None, error: float) -> Estimate:
    """Return a value with its standard error."""
    if not (math.isfinite(value) and math.isfinite(error)):
        return _finite_estimate(value, mean, BEYOND_FLOAT64)
    return Estimate(
        value=value,
        standard_error=error,
        ci95=normal_interval(value, error),
        finite_mean=mean,
        undefined=_SUM_IS_NO_MEAN if mean is None else {},
    )


def _no_estimate(reason: str) -> Estimate:
    return Estimate(undefined=dict.fromkeys(("value", *_SPREAD, "finite_mean"), reason))


def _finite_estimate(value: float, mean: float | None, reason: str) -> Estimate:
    """Return a value without a standard error."""
    undefined = dict.fromkeys(_SPREAD, reason)
    if mean is None:
        undefined |= _SUM_IS_NO_MEAN
    return Estimate(value=value, finite_mean=mean, undefined=undefined)


def _infinite_estimate(sums: LossSums, mean: float | None) -> Estimate:
    undefined = dict.fromkeys(_SPREAD, "a loss is infinite")
    if mean is None and sums.finite_rows and sums.finite_weight_sum:
        undefined |= _SUM_IS_NO_MEAN
    elif mean is None:
        undefined["finite_mean"] = "no row has a weight above 0 and a finite loss"
    if not sums.hides_infinity:
        return Estimate(value=math.inf, finite_mean=mean, undefined=undefined)
    undefined["value"] = f"{sums.hiding} of weight 0 has an infinite loss, and 0 * inf is undefined"
    return Estimate(finite_mean=mean, undefined=undefined)


def _prior_loss(
    state: ScoreState,
    given: Sequence[float | None],
    support: Sequence[int],
    sums: LossSums,
    undefined: dict[str, str],
) -> float | None:
    """Return the loss of the best constant prediction, nats; 0 where all weights are 0."""
    if state.options.is_focal or sums.mass is None:
        undefined["prior_baseline.loss"] = (
            "the best constant prediction under a focal loss has no closed form"
            if state.options.is_focal
            else sums.no_value or "not known"
        )
        return None
    weights = [float(w) if w is not None else 0.0 for w in given]
    if not state.options.is_plain:
        return baseline(sums.mass, sample_mass(state), weights, state.options.smoothing)
    # Divided by the largest weight, so that no product overflows.
    weights = [weight if n else 0.0 for weight, n in zip(weights, support, strict=True)]
    largest = max(weights) or 1.0
    mass = [weight / largest * n for weight, n in zip(weights, support, strict=True)]
    total = math.fsum(mass) or 1.0
    return entropy([part / total for part in mass])


def _skill(loss: float | None, prior_loss: float | None, undefined: dict[str, str]) -> float | None:
    if prior_loss is None:
        undefined["prior_baseline.skill"] = "there is no baseline"
        return None
    if loss is None:
        undefined["prior_baseline.skill"] = "the weighted mean is undefined"
        return None
    if prior_loss == 0.0:
        undefined["prior_baseline.skill"] = (
            "one class has all the weight: the baseline costs nothing"
        )
        return None
    return 1.0 - loss / prior_loss


def _class_scores(
    state: ScoreState,
    support: Sequence[int],
    given: Sequence[float | None],
    weighted: LossSums,
    undefined: dict[str, str],
) -> tuple[ClassScore, ...]:
    per_quantum = Fraction(1, 1 << FRACTION_BITS)
    quanta = over_cells(state, state.nll.quanta())
    infinite = over_cells(state, state.nll.nonfinite[0].tolist())
    true_proba = [
        rounded(per_quantum * total) for total in over_cells(state, state.true_proba.quanta())
    ]
    hits, predicted = state.pairs.hits().tolist(), state.pairs.by_predicted().tolist()
    parts = None if weighted.infinite_rows or weighted.no_value else weighted.parts
    total = Fraction(0) if parts is None else sum(parts, start=Fraction(0))
    if total <= 0:
        undefined["classes.loss_share"] = weighted.no_value or (
            "a loss is infinite" if weighted.infinite_rows else "the loss is not above 0"
        )
    if not all(support):
        of_rows = ("mean_loss", "recall", "mean_true_probability")
        undefined |= {f"classes.{name}": "a class without rows has none" for name in of_rows}
    if None in given:
        undefined["classes.weight"] = "the scheme has no weight for a class without rows"
    if not all(predicted):
        undefined["classes.precision"] = "a class that is never predicted has no precision"
    scores = []
    for k, n in enumerate(support):
        loss_sum = per_quantum * quanta[k]
        mean_loss = None
        if n:
            mean_loss = math.inf if infinite[k] else rounded(loss_sum / n)
        share = None if parts is None or total <= 0 else parts[k] / total
        scores.append(
            ClassScore(
                support=n,
                weight=given[k],
                mean_loss=mean_loss,
                loss_share=None if share is None else rounded(share),
                recall=hits[k] / n if n else None,
                precision=hits[k] / predicted[k] if predicted[k] else None,
                mean_true_probability=true_proba[k] / n if n else None,
            )
        )
    return tuple(scores)


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)
