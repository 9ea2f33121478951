"""One score a row: that of the positive class, or that of whichever class is predicted.

The rules, in order:

1. What the user says: `--confidence-of`, or `--positive-class`, which is of the first kind.
2. A column whose name holds a class is the score of that class; so are logits.
3. Beside a column of predicted labels: a value below 1/2 in the first rows cannot be the
   probability of the class that is predicted, so it is that of the positive class; without one it
   is that of the predicted class, which every row is then held to.
4. Without a column of predicted labels, a name of `CONFIDENCE_NAMES` decides nothing, and the user
   is asked; so he is where no name tells and no value of many is below 1/2, although both labels
   are there. Any other score is that of the positive class.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wcetool.data.formats.table import Column
from wcetool.data.labels import LabelEncoder
from wcetool.data.options import LabelRules
from wcetool.data.row_errors import unknown_predicted
from wcetool.errors import InputError, quoted

ROUNDING = 1e-4  # a probability of a half may be stored a little below it


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicted:
    """The predicted labels of a file whose scores are those of the predicted classes.

    Attributes
    ----------
    column : Column
        Holds them.
    classes : tuple of str
        The two classes, in order.
    rules : LabelRules
        How text becomes a label.
    score : str
        The name of the score column.
    checked : bool
        A score below 1/2 is refused: nobody said whose the scores are.
    """

    column: Column
    classes: tuple[str, ...]
    rules: LabelRules
    score: str
    checked: bool

    def scores(
        self,
        score: npt.NDArray[Any],
        labels: pa.Array,
        positive: int,
        where: str,
        first_row: int,
    ) -> npt.NDArray[np.float64]:
        """Return the score of the positive class; NaN where it or a predicted label is missing.

        Raises
        ------
        InputError
            If a predicted label is no class, or a score is no probability of one that is predicted;
            names the row.
        """
        codes, unknown = LabelEncoder(self.classes, self.rules).encode(labels, where)
        if unknown:
            raise unknown_predicted(unknown, self.classes, where, first_row)
        wide = score.astype(np.float64)
        if self.checked:
            low = np.flatnonzero(below_half(wide))
            if len(low):
                raise InputError(
                    f"column {self.score!r} holds {wide[low[0]]:.6g}, which is less than 1/2: "
                    "not the probability of the predicted class, which the first rows looked like",
                    where=f"{where}: row {first_row + int(low[0]):,}",
                    hint="--confidence-of positive, or --confidence-of predicted",
                )
        found = np.where(codes == positive, wide, 1.0 - wide)
        found[codes < 0] = np.nan
        return found


def below_half(values: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Tell which values cannot be the probability of the likelier of two classes."""
    found: npt.NDArray[np.bool_] = values < 0.5 - ROUNDING
    return found


def contradicts(
    values: npt.NDArray[Any], codes: npt.NDArray[Any], positive: int, *, least: int = 8
) -> bool:
    """Tell whether most predicted labels contradict values of the positive class.

    Parameters
    ----------
    values : array of shape (n_samples,)
        Taken for probabilities of the positive class.
    codes : int array of shape (n_samples,)
        Predicted classes; negative where there is none.
    positive : int
        The positive class.
    least : int
        Fewer rows say nothing.
    """
    known = (codes >= 0) & (np.abs(values - 0.5) > ROUNDING)
    if int(known.sum()) < least:
        return False
    agree = (values > 0.5) == (codes == positive)
    return 2 * int((agree & known).sum()) < int(known.sum())


def refuse_ambiguous(column: str, where: str, columns: Sequence[str]) -> InputError:
    """Ask whose probability a column called like confidences holds."""
    return InputError(
        f"column {column!r} may be the probability of one class, or of the predicted class",
        where=where,
        details=(f"columns: {quoted(columns)}",),
        hint="--confidence-of positive, or --confidence-of predicted with --predicted-column NAME",
    )
