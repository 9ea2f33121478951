"""The exact sums of a score state under one weighting: numerators, denominators, moments.

What they say is in `loss_report`. All numbers here are fractions; nothing is rounded.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from wcetool.core.arrays import FloatArray
from wcetool.core.exact import FRACTION_BITS, DyadicWeights, ExactSum
from wcetool.core.extra_sums import ClassSums
from wcetool.core.intervals import Moments
from wcetool.core.scoring import ScoreState

LEAST_SQUARE = Fraction(1, 1 << 57)  # squares of sample weights are kept to 2^-67
BEYOND_FLOAT64 = "beyond the range of float64"


@dataclass(frozen=True, slots=True, kw_only=True)
class LossSums:
    """The sums of a state under one weighting; what is finite leaves rows of infinite loss out.

    Attributes
    ----------
    rows, finite_rows : int
        All rows, and those of finite loss.
    hides_infinity : bool
        A term of weight 0 is infinite.
    hiding : str
        What may weigh 0.
    weight_sum, finite_weight_sum : Fraction or None
        What the weighted mean divides by; None where a class that is needed has no weight.
    loss_sum : Fraction
        Sum of the weighted losses of the finite rows; 0 where there is no value.
    moments : Moments or None
        Of the finite rows, for the weighted mean; None where the sums do not give them.
    mass : tuple of Fraction or None
        What each class contributes to `weight_sum`.
    parts : tuple of Fraction or None
        What each class contributes to the weighted loss.
    no_value, no_spread : str or None
        Why there is no value, or no standard error.
    """

    rows: int
    finite_rows: int
    hides_infinity: bool = False
    hiding: str = "a class"
    weight_sum: Fraction | None = None
    finite_weight_sum: Fraction | None = None
    loss_sum: Fraction = Fraction(0)
    moments: Moments | None = None
    mass: tuple[Fraction, ...] | None = None
    parts: tuple[Fraction, ...] | None = None
    no_value: str | None = None
    no_spread: str | None = None

    @property
    def infinite_rows(self) -> int:
        """Rows of infinite loss."""
        return self.rows - self.finite_rows


def unweighted_sums(state: ScoreState) -> LossSums:
    """Return the sums without class, pair and sample weights."""
    cells = cell_counts(state)
    return _of_cells(replace(state, by_sample=None), [1.0] * len(cells), None, cells)


def weighted_sums(
    state: ScoreState, class_weight: Sequence[float | None], pair_weight: FloatArray | None = None
) -> LossSums:
    """Return the sums under class weights, pair weights and the sample weights of the state.

    Parameters
    ----------
    state : ScoreState
        At least one row.
    class_weight : sequence of float or None, shape (n_classes,)
        None for a class without a weight.
    pair_weight : float64 array of shape (n_classes, n_classes), optional
        Factors by true and predicted class.
    """
    cells = cell_counts(state)
    if state.by_class is None:
        return _of_cells(state, class_weight, pair_weight, cells)
    by_class, options = state.by_class, state.options
    missing = _missing_weight(state, class_weight)
    if missing is not None:
        rows = sum(cells)
        finite = rows - sum(state.nll.nonfinite[0].tolist())
        return LossSums(rows=rows, finite_rows=finite, no_value=missing, no_spread=missing)
    weights = [0.0 if weight is None else weight for weight in class_weight]
    exact = DyadicWeights.of(weights)
    sums = _of_cells(state, weights, None, cells)
    smoothing = Fraction(options.smoothing)
    own, columns = _by_class(state, exact, by_class.own), None
    if by_class.loss is not None:
        columns = _by_class(state, exact, by_class.loss)
    share = smoothing / len(weights)
    parts = tuple(
        (1 - smoothing) * part + (0 if columns is None else share * columns[k])
        for k, part in enumerate(own)
    )
    sums = replace(sums, parts=parts, hides_infinity=_hides_infinity(by_class, weights))
    if by_class.mass is not None and by_class.infinite_mass is not None:
        mass = _by_class(state, exact, by_class.mass)
        total = sum(mass, start=Fraction(0))
        hidden = sum(_by_class(state, exact, by_class.infinite_mass), start=Fraction(0))
        sums = replace(sums, mass=mass, weight_sum=total, finite_weight_sum=total - hidden)
    if len(set(weights)) == 1:
        return sums  # every row has this weight: its loss is known to the last bit
    what = "soft targets" if options.soft else "label smoothing"
    return replace(
        sums,
        loss_sum=sum(parts, start=Fraction(0)),
        moments=None,
        no_spread=f"not known for {what} with class weights",
    )


def cell_counts(state: ScoreState) -> list[int]:
    """Return the rows of each cell."""
    pairs = state.pairs
    if not state.options.by_pair:
        by_true: list[int] = pairs.by_true().tolist()
        return by_true
    count = np.zeros(pairs.n_classes**2, dtype=np.int64)
    count[pairs.pairs] = pairs.count
    by_pair: list[int] = count.tolist()
    return by_pair


def over_cells(state: ScoreState, of_cells: Sequence[int]) -> list[int]:
    """Add up integers of cells by true class."""
    n_classes = state.pairs.n_classes
    width = len(of_cells) // n_classes
    return [sum(of_cells[k * width : (k + 1) * width]) for k in range(n_classes)]


def _of_cells(
    state: ScoreState,
    class_weight: Sequence[float | None],
    pair_weight: FloatArray | None,
    cells: Sequence[int],
) -> LossSums:
    """Return the sums where all rows of a cell have one weight, sample weights aside."""
    exact = _cell_weights(class_weight, pair_weight, cells, state)
    infinite: list[int] = state.nll.nonfinite[0].tolist()
    finite = [n - inf for n, inf in zip(cells, infinite, strict=True)]
    hides = any(n and not weight for n, weight in zip(infinite, exact.numerators, strict=True))
    overflows = sum(state.nll_square.nonfinite[0].tolist()) > sum(infinite)
    no_value = None
    no_spread = BEYOND_FLOAT64 if overflows else None
    samples = state.by_sample
    if samples is None:
        mass, finite_mass = _by_class(state, exact, cells), exact.dot(finite)
        parts = _by_class(state, exact, state.nll)
        moments = Moments(
            exact.total(state.nll_square, power=2),
            exact.total(state.nll, power=2),
            exact.dot(finite, power=2),
        )
    else:
        mass = _by_class(state, exact, samples.weight)
        finite_mass = sum(mass, start=Fraction(0)) - exact.total(samples.infinite_weight)
        parts = _by_class(state, exact, samples.loss)
        moments = Moments(
            exact.total(samples.loss_square, power=2),
            exact.total(samples.square_loss, power=2),
            exact.total(samples.square, power=2) - exact.total(samples.infinite_square, power=2),
        )
        hides = hides or bool(samples.loss.nonfinite[2].any())
        # Infinite as well: products of finite numbers, beyond the range of float64.
        if samples.weight.nonfinite.any() or _many(samples.loss) > sum(infinite):
            no_value = BEYOND_FLOAT64
        if max(map(_many, (samples.square_loss, samples.loss_square))) > sum(infinite) or (
            samples.square.nonfinite.any()
        ):
            no_spread = BEYOND_FLOAT64
        squares = Fraction(sum(samples.square.quanta()), 1 << FRACTION_BITS)
        if squares < LEAST_SQUARE * sum(cells) and any(samples.weight.quanta()):
            no_spread = "the squares of the sample weights are too small, or too large, to be kept"
    return LossSums(
        rows=sum(cells),
        finite_rows=sum(finite),
        hides_infinity=hides,
        hiding="a class" if samples is None and pair_weight is None else "a row or a class",
        weight_sum=sum(mass, start=Fraction(0)),
        finite_weight_sum=finite_mass,
        loss_sum=sum(parts, start=Fraction(0)),
        moments=moments,
        mass=mass,
        parts=parts,
        no_value=no_value,
        no_spread=no_spread,
    )


def _cell_weights(
    class_weight: Sequence[float | None],
    pair_weight: FloatArray | None,
    cells: Sequence[int],
    state: ScoreState,
) -> DyadicWeights:
    """Return the weights of the cells, exactly; 0 where a cell has no rows."""
    n_classes = state.pairs.n_classes
    width = len(cells) // n_classes
    if len(class_weight) < len(cells):
        class_weight = [weight for weight in class_weight for _ in range(width)]
    weights = DyadicWeights.of(
        float(weight) if n and weight is not None else 0.0
        for weight, n in zip(class_weight, cells, strict=True)
    )
    if pair_weight is None:
        return weights
    pairs = DyadicWeights.of(
        weight if n else 0.0 for weight, n in zip(pair_weight.ravel().tolist(), cells, strict=True)
    )
    return DyadicWeights(
        tuple(a * b for a, b in zip(weights.numerators, pairs.numerators, strict=True)),
        weights.bits + pairs.bits,
    )


def _missing_weight(state: ScoreState, class_weight: Sequence[float | None]) -> str | None:
    """Say why a class that has no weight needs one."""
    if state.options.smoothing > 0.0 and None in class_weight:
        return "label smoothing needs a weight for every class"
    mass = None if state.by_class is None else state.by_class.mass
    if mass is not None and any(
        total and weight is None for total, weight in zip(mass.quanta(), class_weight, strict=True)
    ):
        return "a class without a weight has soft targets above 0"
    return None


def _hides_infinity(by_class: ClassSums, weights: Sequence[float]) -> bool:
    """Tell whether an infinite term has a class or sample weight of 0."""
    columns = by_class.own if by_class.loss is None else by_class.loss
    infinite, _, nan = columns.nonfinite.tolist()
    return any(nan) or any(n and not weight for n, weight in zip(infinite, weights, strict=True))


def _by_class(
    state: ScoreState, weights: DyadicWeights, of_cells: ExactSum | Sequence[int]
) -> tuple[Fraction, ...]:
    """Return weight times finite sum, or times integer, added up over the cells of each class."""
    bits = weights.bits
    if isinstance(of_cells, ExactSum):
        of_cells = of_cells.quanta()
        bits += FRACTION_BITS
    products = [weight * n for weight, n in zip(weights.numerators, of_cells, strict=True)]
    return tuple(Fraction(total, 1 << bits) for total in over_cells(state, products))


def _many(sums: ExactSum) -> int:
    """Count the values that are not finite."""
    return int(sums.nonfinite.sum())


def baseline(
    mass: Sequence[Fraction], sample_mass: Fraction, class_weight: Sequence[float], smoothing: float
) -> float:
    """Return the weighted mean loss of the best constant prediction, nats.

    Parameters
    ----------
    mass : sequence of Fraction, shape (n_classes,)
        Weighted mass of each class.
    sample_mass : Fraction
        Sum of the sample weights.
    class_weight : sequence of float, shape (n_classes,)
        The weights.
    smoothing : float
        Label smoothing.

    Notes
    -----
    With m the smoothed mass, (1 - a) w_k S_k + a / K w_k S, the best constant has the shares of m:
    the loss is the entropy of the shares times sum m / sum w_k S_k.
    """
    total = sum(mass, start=Fraction(0))
    if not total:
        return 0.0
    a = Fraction(smoothing)
    if a:
        mass = [
            (1 - a) * part + a / len(mass) * Fraction(weight) * sample_mass
            for part, weight in zip(mass, class_weight, strict=True)
        ]
    smoothed = sum(mass, start=Fraction(0))
    shares = [float(part / smoothed) for part in mass]
    return entropy(shares) * float(smoothed / total)


def entropy(shares: Sequence[float]) -> float:
    """Return the entropy of shares that sum to 1, nats."""
    return abs(math.fsum(-share * math.log(share) for share in shares if share > 0.0))


def sample_mass(state: ScoreState) -> Fraction:
    """Return the sum of the sample weights."""
    if state.by_sample is None:
        return Fraction(int(state.pairs.count.sum()))
    return Fraction(sum(state.by_sample.weight.quanta()), 1 << FRACTION_BITS)
