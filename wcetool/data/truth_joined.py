"""The truth of predictions that are matched with it by an id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wcetool.data.dataset import Dataset
from wcetool.data.formats.table import Column
from wcetool.data.headers import HeaderDoubts
from wcetool.data.joining import IdIndex, JoinCounts, join_notes
from wcetool.data.read_rows import ReadRows
from wcetool.data.source import Split
from wcetool.data.targets import MISSING_ROW
from wcetool.data.truth import TruthElsewhere, TruthInOrder, TruthPlan
from wcetool.errors import LISTED, InputError, counted, quoted

_MISSING = -1


class TruthJoined:
    """The truth of the rows of an `IdIndex`, by the ids in a column beside the scores.

    Parameters
    ----------
    index : IdIndex
        The ids.
    labels : int64 array of shape (n_rows,), or float array of shape (n_rows, n_classes)
        What each row of the truth says: a class, or below 0 where there is none to score; or a
        number for each class.
    place : int
        Where the ids are in a batch of predictions.
    classes : sequence of str
        The classes, in order, for errors.
    skip_unmatched, allow_duplicates : bool
        What is passed over, and noted.

    Raises
    ------
    InputError
        If rows with one id differ, which names ids and labels; or there is not a label for each id.
    """

    def __init__(
        self,
        index: IdIndex,
        labels: npt.NDArray[Any],
        *,
        place: int,
        classes: Sequence[str] = (),
        skip_unmatched: bool = False,
        allow_duplicates: bool = False,
    ) -> None:
        if len(labels) != index.n_rows:
            raise InputError(
                f"{counted(len(labels), 'label')} for {counted(index.n_rows, 'id')}: "
                "the file has changed while it was read",
                where=index.where,
            )
        ours, first = labels[index.repeated], labels[index.first]
        differs = ours != first
        if labels.dtype.kind == "f":
            differs &= ~(np.isnan(ours) & np.isnan(first))
        if labels.ndim > 1:
            differs = differs.any(axis=1)
        if differs.any():
            raise index.conflicts(
                differs,
                [
                    f"{_class_name(a, classes)} and {_class_name(b, classes)}"
                    for a, b in zip(first[differs][:LISTED], ours[differs][:LISTED], strict=True)
                ]
                if labels.ndim == 1
                else [],
            )
        self.index = index
        self.labels = labels
        self._place = place
        self._skip_unmatched = skip_unmatched
        self._allow_duplicates = allow_duplicates
        self._found: JoinCounts | None = None

    @classmethod
    def read(
        cls,
        dataset: Dataset,
        plan: TruthPlan,
        id_column: Column,
        *,
        skip_unmatched: bool,
        allow_duplicates: bool,
    ) -> TruthJoined:
        """Read ids and truth of all rows; the ids are the first column of the predictions.

        Raises
        ------
        InputError
            If an id is missing, or there twice, or a label is no class.
        """
        index = IdIndex.read(dataset, id_column, allow_duplicates=allow_duplicates)
        parts = list(TruthElsewhere(dataset, plan).parts())
        return cls(
            index,
            np.concatenate(parts) if parts else np.empty(0, dtype=np.int64),
            place=0,
            classes=plan.classes,
            skip_unmatched=skip_unmatched,
            allow_duplicates=allow_duplicates,
        )

    @property
    def read_rows(self) -> ReadRows:
        """What was read of the truth."""
        return self.index.read_rows

    def apart(self, _: Sequence[Split]) -> None:
        """Return nothing: any row may match any other."""
        return

    def collect(self, _: Sequence[TruthInOrder]) -> None:
        """Take nothing: there are no parts."""

    def finish(self, _: int, where: str) -> None:
        """Count what has no partner, or several.

        Raises
        ------
        InputError
            If that is not allowed.
        """
        self._found = self.index.finish(
            where,
            allow_unmatched=self._skip_unmatched,
            allow_duplicates=self._allow_duplicates,
        )

    def notes(self, id_column: str) -> list[str]:
        """Say what was matched, after `finish`."""
        return [] if self._found is None else join_notes(self._found, id_column)

    def targets(self, batch: pa.RecordBatch, where: str, first_row: int) -> npt.NDArray[Any]:
        """Return what the truth says of each row; -1, or a row of NaN, where there is none.

        Raises
        ------
        InputError
            If an id is missing; names the row.
        """
        rows = self.index.rows_of(batch.column(self._place), where, first_row)
        found, lost = self.labels[rows], rows < 0
        if self.labels.ndim == 1:
            found[lost] = _MISSING
        elif found.dtype == np.int8:
            found[lost] = MISSING_ROW
        elif lost.any():
            if found.dtype.kind != "f":
                found = found.astype(np.float64)
            found[lost] = np.nan
        return found

    def doubts(self) -> HeaderDoubts:
        """Return nothing: there is no label beside the scores."""
        return HeaderDoubts()


def _class_name(code: int, classes: Sequence[str]) -> str:
    if code < 0:
        return "no label" if code == _MISSING else "an ignored label"
    return quoted([classes[code]]) if code < len(classes) else f"class {code}"
