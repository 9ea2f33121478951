"""A finished multi-label state under given weights: the numbers of the score report.

Weights come last, as in `loss_report`, whose results these are: a class weight w_j for each label
and a positive weight q_j for its true elements. The sums over the rows are in `label_state`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from wcetool.core.exact import FRACTION_BITS, DyadicWeights, ExactSum, rounded
from wcetool.core.intervals import Moments, normal_interval, ratio_standard_error
from wcetool.core.label_state import LabelScoreState
from wcetool.core.loss_report import ClassScore, Estimate, LossReport
from wcetool.core.vocabulary import Reduction
from wcetool.errors import InputError

_QUANTUM = Fraction(1, 1 << FRACTION_BITS)
_VALUE, _FINITE_MEAN = "value", "finite_mean"
_SPREAD = ("standard_error", "ci95")


def label_report(
    state: LabelScoreState,
    class_weight: Sequence[float] | None = None,
    pos_weight: Sequence[float] | None = None,
    *,
    reduction: Reduction = Reduction.WEIGHTED_MEAN,
) -> LossReport:
    """Apply class weights and positive weights to the sums of a multi-label file.

    Parameters
    ----------
    state : LabelScoreState
        At least one row.
    class_weight : sequence of float, shape (n_labels,), optional
        w_j, finite, at least 0: weight of a label. Without it every label weighs 1.
    pos_weight : sequence of float, shape (n_labels,), optional
        q_j, finite, at least 0: weight of the positive side of a label. Without it 1.
    reduction : Reduction
        Which of the reductions is the headline.

    Returns
    -------
    LossReport
        With support = positives, accuracy = share of the rows in which every label is right, and
        recall and precision at p > 1/2. Means and sums come from integers, rounded once; balanced
        mean, prior loss and metrics from few rounded terms. Unweighted: without sample weights too.

    Raises
    ------
    InputError
        If there are no rows.

    Notes
    -----
    The loss of an element is s w_j [q_j t' l+ + (1 - t') l-], its weight v is
    s w_j [q_j t + (1 - t)]. ``mean`` divides by rows times labels, which is the mean of PyTorch's
    BCEWithLogitsLoss(weight, pos_weight), ``weighted-mean`` by sum v. The prior baseline predicts
    for each label the share of its weight that is positive.
    """
    if not state.rows:
        raise InputError("no row can be scored: none has a label")
    ones = (1.0,) * state.n_labels
    w = ones if class_weight is None else tuple(class_weight)
    q = ones if pos_weight is None else tuple(pos_weight)
    weighted = _LabelLoss.of(state, w, q, sample_weights=True)
    reductions = {each: weighted.estimate(each) for each in Reduction}
    unweighted = _LabelLoss.of(state, ones, ones, sample_weights=False).estimate(Reduction.MEAN)
    undefined = {f"loss.{key}": why for key, why in reductions[reduction].undefined.items()}
    undefined |= {f"unweighted.{key}": why for key, why in unweighted.undefined.items()}
    undefined |= {
        f"reductions.{each.value}": estimate.undefined[_VALUE]
        for each, estimate in reductions.items()
        if estimate.value is None
    }
    undefined["metrics.balanced_accuracy"] = "several labels a row"
    prior_loss = _prior_loss(state, weighted, undefined)
    classes = _label_scores(state, w, weighted, undefined)
    return LossReport(
        scored=state.rows,
        zero_probability_rows=state.zero_probability_rows,
        clipped_rows=state.clipped_rows,
        loss=reductions[reduction],
        reductions={each: estimate.value for each, estimate in reductions.items()},
        weight_sum=rounded(weighted.weight_sum),
        unweighted=unweighted,
        balanced_mean=_balanced_mean(state),
        prior_loss=prior_loss,
        skill=_skill(reductions[Reduction.WEIGHTED_MEAN].value, prior_loss, undefined),
        accuracy=state.right_rows / state.rows,
        balanced_accuracy=None,
        macro_f1=_macro_f1(state),
        brier=rounded(sum(_sums(state.brier), Fraction()) / (state.rows * state.n_labels)),
        classes=classes,
        undefined=undefined,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _LabelLoss:
    """The exact sums of a state under one weighting; infinite losses are left out of `loss_sum`."""

    state: LabelScoreState
    loss_by_label: tuple[Fraction, ...]  # weighted, finite elements
    loss_sum: Fraction
    positive_mass: tuple[Fraction, ...]  # w q sum(s t), by label
    negative_mass: tuple[Fraction, ...]  # w sum(s (1 - t))
    weight_sum: Fraction
    infinite: int  # infinite losses, one or two an element
    hidden_infinite: int  # of weight 0
    finite_elements: int | None  # None where sums do not tell
    finite_weight_sum: Fraction | None
    is_plain: bool  # every weight is 1: the spread of the rows is that of the loss

    @classmethod
    def of(
        cls,
        state: LabelScoreState,
        w: Sequence[float],
        q: Sequence[float],
        *,
        sample_weights: bool,
    ) -> _LabelLoss:
        of_label, of_positive = DyadicWeights.of(w), DyadicWeights.of(q)
        negative_weights = [Fraction(n, 1 << of_label.bits) for n in of_label.numerators]
        positive_weights = [
            weight * Fraction(n, 1 << of_positive.bits)
            for weight, n in zip(negative_weights, of_positive.numerators, strict=True)
        ]
        sums = state.weighted if sample_weights else None
        losses = state if sums is None else sums
        targets = _sums(state.target)
        if sums is None:
            masses = targets, [state.rows - target for target in targets]
        else:
            masses = _sums(sums.positive), _sums(sums.negative)
        positive_mass = _products(positive_weights, masses[0])
        negative_mass = _products(negative_weights, masses[1])
        loss_by_label = tuple(
            positive + negative
            for positive, negative in zip(
                _products(positive_weights, _sums(losses.positive_loss)),
                _products(negative_weights, _sums(losses.negative_loss)),
                strict=True,
            )
        )
        weight_sum = sum(positive_mass, Fraction()) + sum(negative_mass, Fraction())
        infinite = hidden = 0
        infinite_weight = Fraction()
        for weights, loss in (
            (positive_weights, losses.positive_loss),
            (negative_weights, losses.negative_loss),
        ):
            # A loss times a sample weight of 0 is NaN.
            plus, _, nan = loss.nonfinite.tolist()
            infinite += sum(plus) + sum(nan)
            hidden += sum(nan)
            for weight, n in zip(weights, plus, strict=True):
                hidden += 0 if weight else n
                infinite_weight += weight * n
        # With 0 and 1 as targets an element has one loss, of a weight that its side tells.
        one_sided = not (
            infinite and (state.fractional_rows or state.smoothing or sums is not None)
        )
        return cls(
            state=state,
            loss_by_label=loss_by_label,
            loss_sum=sum(loss_by_label, Fraction()),
            positive_mass=positive_mass,
            negative_mass=negative_mass,
            weight_sum=weight_sum,
            infinite=infinite,
            hidden_infinite=hidden,
            finite_elements=state.rows * state.n_labels - infinite if one_sided else None,
            finite_weight_sum=weight_sum - infinite_weight if one_sided else None,
            is_plain=sums is None and set(w) | set(q) == {1.0},
        )

    def estimate(self, reduction: Reduction) -> Estimate:
        """Reduce the losses of the elements to one number."""
        elements = self.state.rows * self.state.n_labels
        divisor = {
            Reduction.WEIGHTED_MEAN: self.weight_sum,
            Reduction.MEAN: Fraction(elements),
            Reduction.SUM: Fraction(1),
        }[reduction]
        if divisor == 0:
            names = (_VALUE, *_SPREAD, _FINITE_MEAN)
            return Estimate(undefined=dict.fromkeys(names, "every element has weight 0"))
        mean, undefined = self._finite_mean(reduction)
        if self.infinite:
            undefined |= dict.fromkeys(_SPREAD, "a loss is infinite")
            value = None if self.hidden_infinite else math.inf
            if value is None:
                undefined[_VALUE] = (
                    "an element of weight 0 has an infinite loss, and 0 * inf is undefined"
                )
            return Estimate(value=value, finite_mean=mean, undefined=undefined)
        value = rounded(self.loss_sum / divisor)
        error, reason = self._standard_error(reduction)
        if not math.isfinite(value):
            error, reason = None, "beyond the range of float64"
        if error is None:
            undefined |= dict.fromkeys(_SPREAD, reason)
            return Estimate(value=value, finite_mean=mean, undefined=undefined)
        return Estimate(
            value=value,
            standard_error=error,
            ci95=normal_interval(value, error),
            finite_mean=mean,
            undefined=undefined,
        )

    def _finite_mean(self, reduction: Reduction) -> tuple[float | None, dict[str, str]]:
        if reduction is Reduction.SUM:
            return None, {_FINITE_MEAN: "the loss is a sum"}
        divisor: Fraction | int | None = (
            self.finite_elements if reduction is Reduction.MEAN else self.finite_weight_sum
        )
        if divisor is None:
            why = "the sums do not tell the weight of the elements of infinite loss"
            return None, {_FINITE_MEAN: why}
        if divisor == 0:
            return None, {_FINITE_MEAN: "no element has a weight above 0 and a finite loss"}
        return rounded(self.loss_sum / divisor), {}

    def _standard_error(self, reduction: Reduction) -> tuple[float | None, str]:
        """Return the spread of the row losses as a standard error, or why there is none."""
        state = self.state
        if not self.is_plain:
            return None, "needs squares by pairs of labels, which the sums do not hold"
        if state.rows == 1:
            return None, "one row has no spread"
        if state.row_loss.nonfinite.any() or state.row_loss_square.nonfinite.any():
            return None, "beyond the range of float64"
        rows = Fraction(state.rows)
        total, square = _sums(state.row_loss)[0], _sums(state.row_loss_square)[0]
        divisor = Fraction(1, state.n_labels) if reduction is Reduction.SUM else rows
        error = ratio_standard_error(Moments(square, total, rows), total / rows, divisor)
        return (error, "") if math.isfinite(error) else (None, "beyond the range of float64")


def _sums(sums: ExactSum) -> list[Fraction]:
    """Return the sums of the finite values, exactly."""
    return [n * _QUANTUM for n in sums.quanta()]


def _products(weights: Sequence[Fraction], sums: Sequence[Fraction]) -> tuple[Fraction, ...]:
    return tuple(weight * one for weight, one in zip(weights, sums, strict=True))


def _balanced_mean(state: LabelScoreState) -> float:
    """Mean over the labels of the mean of the mean loss of each side that there is."""
    positive, negative = _sums(state.positive_loss), _sums(state.negative_loss)
    keeps, even = 1 - Fraction(state.smoothing), state.rows * Fraction(state.smoothing) / 2
    total = Fraction()
    for label, target in enumerate(_sums(state.target)):
        charged = keeps * target + even
        sides = [
            loss / share
            for loss, share in (
                (positive[label], charged),
                (negative[label], state.rows - charged),
            )
            if share
        ]
        total += sum(sides, Fraction()) / len(sides)
    if state.positive_loss.nonfinite[0].any() or state.negative_loss.nonfinite[0].any():
        return math.inf
    return rounded(total / state.n_labels)


def _prior_loss(
    state: LabelScoreState, weighted: _LabelLoss, undefined: dict[str, str]
) -> float | None:
    """Loss of always predicting each label's own share of its weight, per unit of weight, nats."""
    changed = "label smoothing" if state.smoothing else "the focal factor" if state.gamma else None
    if changed is not None:
        undefined["prior_baseline.loss"] = f"{changed} changes what the best constant is"
        return None
    if weighted.weight_sum == 0:
        return 0.0
    terms = []
    for positive, negative in zip(weighted.positive_mass, weighted.negative_mass, strict=True):
        both = positive + negative
        if positive and negative:
            rarer = float(min(positive, negative) / both)
            entropy = -rarer * math.log(rarer) - (1.0 - rarer) * math.log1p(-rarer)
            terms.append(rounded(both / weighted.weight_sum) * entropy)
    return math.fsum(terms)


def _skill(loss: float | None, prior_loss: float | None, undefined: dict[str, str]) -> float | None:
    key = "prior_baseline.skill"
    if prior_loss is None:
        undefined[key] = "there is no baseline"
    elif loss is None:
        undefined[key] = "the weighted mean is undefined"
    elif prior_loss == 0.0:
        undefined[key] = "each label has all its weight on one side: the baseline costs nothing"
    else:
        return 1.0 - loss / prior_loss
    return None


def _macro_f1(state: LabelScoreState) -> float:
    """Mean F1 of the labels that are true or predicted somewhere; 0 where none is."""
    scores = [2 * hits / (n + p) for hits, n, p in _hits(state) if n + p]
    return math.fsum(scores) / len(scores) if scores else 0.0


def _hits(state: LabelScoreState) -> Iterator[tuple[int, int, int]]:
    """Yield true positives, positives and predicted of each label."""
    return zip(
        state.true_positives.tolist(),
        state.positives.tolist(),
        state.predicted.tolist(),
        strict=True,
    )


def _label_scores(
    state: LabelScoreState,
    weights: Sequence[float],
    weighted: _LabelLoss,
    undefined: dict[str, str],
) -> tuple[ClassScore, ...]:
    positive, negative = _sums(state.positive_loss), _sums(state.negative_loss)
    infinite = state.positive_loss.nonfinite[0] + state.negative_loss.nonfinite[0]
    true_proba = _sums(state.true_proba)
    has_shares = not weighted.infinite and weighted.loss_sum > 0
    if not has_shares:
        undefined["classes.loss_share"] = (
            "a loss is infinite" if weighted.infinite else "the loss is not above 0"
        )
    if not state.positives.all():
        of_positives = ("recall", "mean_true_probability")
        undefined |= {
            f"classes.{name}": "a label that is never true has none" for name in of_positives
        }
    if not state.predicted.all():
        undefined["classes.precision"] = "a label that is never predicted has no precision"
    scores = []
    for label, (hits, n, predicted) in enumerate(_hits(state)):
        mean_loss = rounded((positive[label] + negative[label]) / state.rows)
        share = weighted.loss_by_label[label] / weighted.loss_sum if has_shares else None
        scores.append(
            ClassScore(
                support=n,
                weight=weights[label],
                mean_loss=math.inf if infinite[label] else mean_loss,
                loss_share=None if share is None else rounded(share),
                recall=hits / n if n else None,
                precision=hits / predicted if predicted else None,
                mean_true_probability=rounded(true_proba[label] / n) if n else None,
            )
        )
    return tuple(scores)
