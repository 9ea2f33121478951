"""A finished score state under given class weights: the numbers of the score report.

Weights come last: one state answers every weighting. The row arithmetic is in `losses`, the sums
over rows in `scoring`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from wcetool.core.exact import FRACTION_BITS, DyadicWeights, rounded
from wcetool.core.intervals import Moments, normal_interval, ratio_standard_error
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
    loss_share: float | None  # of the weighted loss
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
    weight_sum: float
    unweighted: Estimate
    balanced_mean: float  # mean of the class means
    prior_loss: float  # of always predicting the weighted class shares
    skill: float | None  # 1 - loss / prior loss
    accuracy: float
    balanced_accuracy: float
    macro_f1: float
    brier: float  # in [0, 2]
    classes: tuple[ClassScore, ...]
    undefined: dict[str, str]  # which number is None, and why


def report(
    state: ScoreState,
    class_weight: Sequence[float | None] | None = None,
    *,
    reduction: Reduction = Reduction.WEIGHTED_MEAN,
) -> LossReport:
    """Apply class weights to the sums of a file.

    Parameters
    ----------
    state : ScoreState
        At least one row.
    class_weight : sequence of float, shape (n_classes,), optional
        Finite, at least 0; None for a class without rows that has no weight. Without it every class
        weighs 1.
    reduction : Reduction
        Which of the reductions is the headline.

    Returns
    -------
    LossReport
        Means and sums come from integers, rounded once; the balanced mean, the prior loss and the
        metrics from few rounded terms, within 4 units in the last place per class.

    Raises
    ------
    InputError
        If there are no rows.

    Notes
    -----
    ``weighted-mean`` is sum(w l) / sum(w), PyTorch's ``mean`` for class indices; ``mean`` is
    sum(w l) / n, as Keras and TensorFlow have it. The loss of always predicting the weighted class
    shares q is -sum q ln q, which is ln K under inverse-frequency weights.
    """
    support: list[int] = state.pairs.by_true().tolist()
    scored = sum(support)
    if not scored:
        raise InputError("no row can be scored: none has a label")
    ones = [1.0] * len(support)
    given = ones if class_weight is None else class_weight
    weighted = _WeightedSums.of(state, support, given)
    reductions = {each: weighted.estimate(each) for each in Reduction}
    unweighted = _WeightedSums.of(state, support, ones).estimate(Reduction.MEAN)
    undefined = {f"loss.{key}": why for key, why in reductions[reduction].undefined.items()}
    undefined |= {f"unweighted.{key}": why for key, why in unweighted.undefined.items()}
    undefined |= {
        f"reductions.{each.value}": estimate.undefined["value"]
        for each, estimate in reductions.items()
        if estimate.value is None
    }
    prior_loss = _prior_loss(weighted.weights, support)
    classes = _class_scores(state, support, given, weighted, undefined)
    hits, predicted = state.pairs.hits().tolist(), state.pairs.by_predicted().tolist()
    return LossReport(
        scored=scored,
        zero_probability_rows=state.zero_probability_rows,
        clipped_rows=state.clipped_rows,
        loss=reductions[reduction],
        reductions={each: estimate.value for each, estimate in reductions.items()},
        weight_sum=rounded(weighted.weight_sum),
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _WeightedSums:
    """The exact sums of a state under one weighting; what is finite leaves infinite losses out."""

    weights: tuple[float, ...]  # 0 for a class without rows
    rows: int
    infinite_rows: int
    hidden_infinite_rows: int  # of weight 0
    weight_sum: Fraction
    finite_rows: int
    finite_weight_sum: Fraction
    loss_sum: Fraction  # finite rows
    moments: Moments  # finite rows, for the weighted mean
    square_overflows: bool  # of a finite loss

    @classmethod
    def of(
        cls, state: ScoreState, support: Sequence[int], given: Sequence[float | None]
    ) -> _WeightedSums:
        weights = tuple(
            float(weight) if n and weight is not None else 0.0
            for weight, n in zip(given, support, strict=True)
        )
        exact = DyadicWeights.of(weights)
        infinite: list[int] = state.nll.nonfinite[0].tolist()
        finite = [n - inf for n, inf in zip(support, infinite, strict=True)]
        return cls(
            weights=weights,
            rows=sum(support),
            infinite_rows=sum(infinite),
            hidden_infinite_rows=sum(
                n for n, weight in zip(infinite, weights, strict=True) if weight == 0.0
            ),
            weight_sum=exact.dot(support),
            finite_rows=sum(finite),
            finite_weight_sum=exact.dot(finite),
            loss_sum=exact.total(state.nll),
            moments=Moments(
                exact.total(state.nll_square, power=2),
                exact.total(state.nll, power=2),
                exact.dot(finite, power=2),
            ),
            square_overflows=sum(state.nll_square.nonfinite[0].tolist()) > sum(infinite),
        )

    def estimate(self, reduction: Reduction) -> Estimate:
        """Reduce the losses of the rows to one number."""
        divisor, finite_divisor, moments = {
            Reduction.WEIGHTED_MEAN: (self.weight_sum, self.finite_weight_sum, self.moments),
            Reduction.MEAN: (
                Fraction(self.rows),
                Fraction(self.finite_rows),
                self._plain_moments(),
            ),
            Reduction.SUM: (Fraction(1), Fraction(1), self._plain_moments()),
        }[reduction]
        if divisor == 0:
            names = ("value", *_SPREAD, "finite_mean")
            return Estimate(undefined=dict.fromkeys(names, "every row has weight 0"))
        if finite_divisor == 0 or self.finite_rows == 0:
            return self._infinite_estimate(None)
        finite = self.loss_sum / finite_divisor
        value = rounded(finite)
        mean = None if reduction is Reduction.SUM else value
        if self.infinite_rows:
            return self._infinite_estimate(mean)
        if self.rows == 1:
            return self._finite_estimate(value, mean, "one row has no spread")
        # A sum is n times the mean, and n is fixed: the residuals are those of the mean.
        center = self.loss_sum / self.rows if reduction is Reduction.SUM else finite
        error = ratio_standard_error(moments, center, divisor)
        if self.square_overflows or not (math.isfinite(value) and math.isfinite(error)):
            return self._finite_estimate(value, mean, "beyond the range of float64")
        return Estimate(
            value=value,
            standard_error=error,
            ci95=normal_interval(value, error),
            finite_mean=mean,
            undefined=_SUM_IS_NO_MEAN if mean is None else {},
        )

    def _finite_estimate(self, value: float, mean: float | None, reason: str) -> Estimate:
        """Return a value without a standard error."""
        undefined = dict.fromkeys(_SPREAD, reason)
        if mean is None:
            undefined |= _SUM_IS_NO_MEAN
        return Estimate(value=value, finite_mean=mean, undefined=undefined)

    def _infinite_estimate(self, mean: float | None) -> Estimate:
        undefined = dict.fromkeys(_SPREAD, "a loss is infinite")
        if mean is None and self.finite_rows and self.finite_weight_sum:
            undefined |= _SUM_IS_NO_MEAN
        elif mean is None:
            undefined["finite_mean"] = "no row has a weight above 0 and a finite loss"
        if not self.hidden_infinite_rows:
            return Estimate(value=math.inf, finite_mean=mean, undefined=undefined)
        undefined["value"] = "a class of weight 0 has an infinite loss, and 0 * inf is undefined"
        return Estimate(finite_mean=mean, undefined=undefined)

    def _plain_moments(self) -> Moments:
        """Return the moments of a mean over rows: its denominator adds up ones."""
        return Moments(self.moments.ll, self.loss_sum, Fraction(self.finite_rows))


def _prior_loss(weights: Sequence[float], support: Sequence[int]) -> float:
    """Entropy of the weighted class shares, nats; 0 where all weights are 0."""
    # Divided by the largest weight, so that no product overflows.
    largest = max(weights) or 1.0
    mass = [weight / largest * n for weight, n in zip(weights, support, strict=True)]
    total = math.fsum(mass) or 1.0
    shares = [part / total for part in mass]
    return abs(math.fsum(-share * math.log(share) for share in shares if share > 0.0))


def _skill(loss: float | None, prior_loss: float, undefined: dict[str, str]) -> float | None:
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
    weighted: _WeightedSums,
    undefined: dict[str, str],
) -> tuple[ClassScore, ...]:
    quanta = state.nll.quanta()
    per_quantum = Fraction(1, 1 << FRACTION_BITS)
    infinite = state.nll.nonfinite[0].tolist()
    true_proba = state.true_proba.values()
    hits, predicted = state.pairs.hits().tolist(), state.pairs.by_predicted().tolist()
    shares_defined = not weighted.infinite_rows and weighted.loss_sum > 0
    if not shares_defined:
        undefined["classes.loss_share"] = (
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
        share = (
            Fraction(weighted.weights[k]) * loss_sum / weighted.loss_sum if shares_defined else None
        )
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
