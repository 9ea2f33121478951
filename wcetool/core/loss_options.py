"""Which loss is computed: clip, focal factor, label smoothing, and how rows may be weighted.

Class weights are no part of it: they come last, in `loss_report`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from wcetool.core.arrays import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class LossOptions:
    """What a state must know about the loss while it is summed up.

    Attributes
    ----------
    clip : float, optional
        Probabilities are raised to at least this, in (0, 1].
    gamma : float, optional
        Focal loss: a loss l of a probability p becomes (1 - p)^gamma l, p after the clip.
    smoothing : float
        Label smoothing a in [0, 1]: targets t become (1 - a) t + a / n_classes.
    soft : bool
        Targets are numbers in [0, 1] for each class, not one class.
    by_pair : bool
        Keep sums by (true, predicted) class, for weights by pair; not together with smoothing or
        soft targets.
    sample_weights : bool
        Every row has a weight of its own.
    """

    clip: float | None = None
    gamma: float | None = None
    smoothing: float = 0.0
    soft: bool = False
    by_pair: bool = False
    sample_weights: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether the loss is the plain cross-entropy of unweighted rows (clipped or not)."""
        return not (self.is_focal or self.of_all_classes or self.by_pair or self.sample_weights)

    @property
    def is_focal(self) -> bool:
        """Whether the focal factor differs from 1."""
        return self.gamma is not None and self.gamma != 0.0

    @property
    def of_all_classes(self) -> bool:
        """Whether the loss of a row takes more than the probability of its true class."""
        return self.soft or self.smoothing > 0.0

    @property
    def largest_loss(self) -> float | None:
        """The loss of a probability at the clip, nats; None without a clip."""
        return None if self.clip is None else -math.log(self.clip)

    def applied(self, nll: FloatArray, out: FloatArray | None = None) -> FloatArray:
        """Return -log p after the clip and with the focal factor.

        Parameters
        ----------
        nll : float64 array of any shape
            -log p, nats.
        out : float64 array of the same shape, optional
            Where the result is written; may be `nll` itself.

        Notes
        -----
        1 - p is -expm1(-l), which keeps its digits where p is near 1. An infinite l stays infinite.
        """
        limit = self.largest_loss
        if limit is not None:
            nll = np.minimum(nll, limit, out=out)
        if self.is_focal and self.gamma is not None:
            missing = np.expm1(-nll)
            np.negative(missing, out=missing)
            np.maximum(missing, 0.0, out=missing)  # a stored p may be above 1, within the tolerance
            np.power(missing, self.gamma, out=missing)
            nll = np.multiply(missing, nll, out=out)
        return nll

    def to_dict(self) -> dict[str, Any]:
        """Return the options as JSON keeps them."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> LossOptions:
        """Restore what `to_dict` returned."""
        return cls(**data)


PLAIN = LossOptions()
