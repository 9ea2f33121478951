"""Sums beside those of the plain loss, kept only where sample weights or targets ask for them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np

from wcetool.core.arrays import BoolArray, FloatArray, scratch
from wcetool.core.class_terms import COLUMN_TOP, ClassTerms
from wcetool.core.exact import ExactSum, Groups
from wcetool.core.loss_options import LossOptions
from wcetool.core.quantum_sums import QuantumSums

TOP = 19  # log2 of the limit of weights and losses; quantum 2^-78
SQUARE_TOP = 30  # of products of squares; quantum 2^-67


class _Sums:
    """Named exact sums, some of them absent; add to merge."""

    __slots__ = ()

    def __add__(self, other: Self) -> Self:
        added: dict[str, ExactSum | None] = {}
        for name in self._names():
            left, right = getattr(self, name), getattr(other, name)
            added[name] = None if left is None else left + right
        return type(self)(**added)

    def to_dict(self) -> dict[str, Any]:
        """Return the sums as plain integers, which JSON keeps exactly."""
        sums = {name: getattr(self, name) for name in self._names()}
        return {name: None if one is None else one.to_dict() for name, one in sums.items()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Restore what `to_dict` returned, to the bit."""
        return cls(
            **{name: None if one is None else ExactSum.from_dict(one) for name, one in data.items()}
        )

    @classmethod
    def _names(cls) -> list[str]:
        return [one.name for one in fields(cls)]  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class SampleSums(_Sums):
    """Sums with sample weights s, by cell; l is the unweighted loss of a row.

    Attributes
    ----------
    weight, loss : ExactSum of n_cells cells
        Sums of s and of s l, each rounded to 2^-78. Where l is infinite, s l counts as infinite,
        or as NaN where s is 0.
    square, square_loss, loss_square : ExactSum of n_cells cells
        Sums of s^2, s^2 l and s^2 l^2, each rounded to 2^-67.
    infinite_weight, infinite_square : ExactSum of n_cells cells
        The parts of `weight` and `square` that belong to rows of infinite loss.
    """

    weight: ExactSum
    loss: ExactSum
    square: ExactSum
    square_loss: ExactSum
    loss_square: ExactSum
    infinite_weight: ExactSum
    infinite_square: ExactSum


@dataclass(frozen=True, slots=True)
class ClassSums(_Sums):
    """Sums by class that give the loss under class weights, with smoothing or soft targets.

    Sample weights are in them. Of a row of infinite loss only its infinite terms are in them.

    Attributes
    ----------
    own : ExactSum of n_classes cells
        Class indices: losses of the true class, by true class, rounded to 2^-78. Soft targets:
        target times loss, by column.
    loss : ExactSum of n_classes cells, optional
        With smoothing: losses by column. Rounded to 2^-41, with sample weights or soft targets to
        2^-78, as the other sums by column.
    mass, infinite_mass : ExactSum of n_classes cells, optional
        Soft targets: the targets by column, and the part of the rows of infinite loss.
    """

    own: ExactSum
    loss: ExactSum | None
    mass: ExactSum | None
    infinite_mass: ExactSum | None


class RowQuantities:
    """What each row adds to its cell beside its loss: the rows of a block of `QuantumSums`."""

    def __init__(self, n_cells: int, options: LossOptions) -> None:
        self._n_cells = n_cells
        self._options = options
        self._has_own = options.smoothing > 0.0 and not options.soft
        self._infinite = ExactSum.zeros(n_cells), ExactSum.zeros(n_cells)

    @property
    def tops(self) -> tuple[int, ...]:
        """For each quantity, log2 of the limit of its values."""
        own = (TOP,) if self._has_own else ()
        samples = (TOP, TOP, SQUARE_TOP, SQUARE_TOP, SQUARE_TOP)
        return own + (samples if self._options.sample_weights else ())

    def fill(
        self,
        out: FloatArray,
        loss: FloatArray,
        terms: ClassTerms | None,
        groups: Groups,
        *,
        weight: FloatArray | None,
        infinite: BoolArray | None,
    ) -> None:
        """Write the quantities of a block, of shape (n_quantities, n_samples), by group.

        Parameters
        ----------
        out : float64 array of shape (n_quantities, n_samples)
            Where.
        loss : float64 array of shape (n_samples,)
            The loss of each row, by group.
        terms : ClassTerms, optional
            Of the rows.
        groups : Groups
            Their cells.
        weight : float64 array of shape (n_samples,), optional
            Sample weights.
        infinite : bool array of shape (n_samples,), optional
            Rows of infinite loss.
        """
        if self._has_own and terms is not None:
            own = terms.true_loss
            if infinite is not None:
                own = np.where(infinite, math.inf, own)
            if weight is not None:
                with np.errstate(invalid="ignore", over="ignore"):
                    own = own * weight
            own.take(groups.order, out=out[0], mode="clip")
            out = out[1:]
        if weight is not None:
            self._fill_samples(out, loss, weight[groups.order])
            if infinite is not None:
                self._add_infinite(out, groups, infinite[groups.order])

    def sums(self, sums: Sequence[ExactSum]) -> tuple[ExactSum | None, SampleSums | None]:
        """Return what was added, from the sums of the quantities: the own part, and by sample."""
        own = sums[0] if self._has_own else None
        if not self._options.sample_weights:
            return own, None
        weight, loss, square, square_loss, loss_square = sums[-5:]
        return own, SampleSums(weight, loss, square, square_loss, loss_square, *self._infinite)

    @staticmethod
    def _fill_samples(out: FloatArray, loss: FloatArray, weight: FloatArray) -> None:
        s, s_loss, square, square_loss, loss_square = out
        s[:] = weight
        with np.errstate(over="ignore", invalid="ignore"):
            np.multiply(s, loss, out=s_loss)
            np.multiply(s, s, out=square)
            np.multiply(square, loss, out=square_loss)
            np.multiply(s_loss, s_loss, out=loss_square)

    def _add_infinite(self, out: FloatArray, groups: Groups, infinite: BoolArray) -> None:
        lengths = np.diff(groups.starts, append=len(infinite))
        cells = np.repeat(groups.cells, lengths)[infinite]
        weight, square = (
            before + ExactSum.by_class(out[quantity, infinite], cells, self._n_cells)
            for before, quantity in zip(self._infinite, (0, 2), strict=True)
        )
        self._infinite = weight, square


class ClassAccumulator:
    """Sum up terms by column block by block, in place; `sums` gives the `ClassSums`."""

    def __init__(self, n_classes: int, options: LossOptions) -> None:
        fine = options.soft or options.sample_weights

        def columns() -> QuantumSums:
            top, layers = (TOP, 2) if fine else (COLUMN_TOP, 1)
            return QuantumSums(n_classes, [top], layers=layers)

        self._n_classes = n_classes
        self._loss = columns() if options.smoothing > 0.0 else None
        self._products = columns() if options.soft else None
        self._mass = columns() if options.soft else None
        self._infinite_mass = ExactSum.zeros(n_classes)

    def add(self, terms: ClassTerms, weight: FloatArray | None, infinite: BoolArray | None) -> None:
        """Add a block.

        Parameters
        ----------
        terms : ClassTerms
            Of the rows.
        weight : float64 array of shape (n_samples,), optional
            Sample weights.
        infinite : bool array of shape (n_samples,), optional
            Rows of infinite loss.
        """
        axis = terms.axis
        if self._loss is not None:
            _add_losses(self._loss, terms, weight, infinite)
        if self._products is not None and terms.products is not None:
            self._products.add_columns(_weighted(terms.products, axis, weight, infinite), axis)
        if self._mass is not None and terms.soft is not None:
            mass = _weighted(terms.soft.values, axis, weight, None)
            self._mass.add_columns(mass, axis)
            if infinite is not None:
                of_rows = mass[:, infinite].T if axis == 0 else mass[infinite]
                classes = np.tile(np.arange(self._n_classes), len(of_rows))
                self._infinite_mass += ExactSum.by_class(of_rows.ravel(), classes, self._n_classes)

    def sums(self, own: ExactSum | None) -> ClassSums:
        """Return what was added; `own` is the sum by true class, for class indices."""
        products, loss, mass = (
            None if one is None else one.sums()[0]
            for one in (self._products, self._loss, self._mass)
        )
        known = own if products is None else products
        if known is None:
            raise ValueError("neither class indices nor soft targets")
        infinite_mass = None if mass is None else self._infinite_mass
        return ClassSums(own=known, loss=loss, mass=mass, infinite_mass=infinite_mass)


def _add_losses(
    sums: QuantumSums, terms: ClassTerms, weight: FloatArray | None, infinite: BoolArray | None
) -> None:
    """Add the losses of a block by column."""
    losses, margins = terms.losses, terms.margins
    if margins is not None:
        sums.add_multiples(margins.multiples)
        if not len(margins.far):
            return
        losses = margins.far_values
        infinite = None if infinite is None else infinite[margins.far]
    if losses is not None:
        sums.add_columns(_weighted(losses, terms.axis, weight, infinite), terms.axis)


def _weighted(
    values: FloatArray, class_axis: int, weight: FloatArray | None, infinite: BoolArray | None
) -> FloatArray:
    """Leave out finite terms of rows of infinite loss, and apply sample weights."""
    if infinite is not None:
        rows = infinite if class_axis == 0 else infinite[:, np.newaxis]
        values = np.where(rows & np.isfinite(values), 0.0, values)
    if weight is None:
        return values
    along = weight if class_axis == 0 else weight[:, np.newaxis]
    with np.errstate(invalid="ignore", over="ignore"):
        weighted: FloatArray = np.multiply(
            values, along, out=scratch("weighted block", values.shape)
        )
    return weighted
