"""Columns of 0 and 1, true and false, yes and no -> whether a label holds, and where it is known.

The words are those of `targets`. An empty field, a null, NaN and a marker of `--missing` mean that
nothing is known; -1 is what datasets of medical images write for an uncertain label.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from wcetool.core.label_columns import whole_truths
from wcetool.core.label_counts import Indicator
from wcetool.core.vocabulary import Uncertain
from wcetool.data import arrow
from wcetool.data.formats.table import Column, Table
from wcetool.data.labels import Distinct
from wcetool.data.options import LabelRules
from wcetool.data.targets import word_value
from wcetool.errors import InputError, quoted, short_repr

UNCERTAIN_VALUE = -1.0
_FALSE, _TRUE, _UNKNOWN, _UNCERTAIN, _WRONG = range(5)
_MEANING = {
    Uncertain.ERROR: _WRONG,
    Uncertain.ZERO: _FALSE,
    Uncertain.ONE: _TRUE,
    Uncertain.MISSING: _UNKNOWN,
}


class IndicatorReader:
    """Read the columns of labels of one file.

    Parameters
    ----------
    names : sequence of str
        Of the columns, for errors.
    rules : LabelRules
        Which texts are missing.
    uncertain : Uncertain
        What -1 counts as.
    where : str
        The file.
    """

    def __init__(
        self, names: Sequence[str], rules: LabelRules, uncertain: Uncertain, where: str
    ) -> None:
        self._names = names
        self._rules = rules
        self._uncertain = uncertain
        self._where = where

    def read(self, columns: Sequence[pa.Array], first_row: int) -> list[Indicator]:
        """Read a batch.

        Raises
        ------
        InputError
            If a value is neither true nor false; names row and column.
        """
        return [
            self._column(column, name, first_row)
            for column, name in zip(columns, self._names, strict=True)
        ]

    def _column(self, column: pa.Array, name: str, first_row: int) -> Indicator:
        found = None if self._rules.missing else _plain(column)
        return self._by_text(column, name, first_row) if found is None else found

    def _by_text(self, column: pa.Array, name: str, first_row: int) -> Indicator:
        """Decide value by value: each is looked at once."""
        distinct = Distinct(column, self._where)
        meaning = [self._meaning(text) for text in distinct.texts]
        # The last one is that of a null.
        by_text = np.array([*meaning, _UNKNOWN], dtype=np.uint8)
        code = by_text[distinct.codes]
        wrong = code == _WRONG
        n_uncertain = int(np.count_nonzero(code == _UNCERTAIN))
        if self._uncertain is Uncertain.ERROR:
            wrong |= code == _UNCERTAIN
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            text = distinct.texts[int(distinct.codes[row])] or ""
            raise self._error(text, name, first_row + row, uncertain=code[row] == _UNCERTAIN)
        if n_uncertain:
            code = np.where(code == _UNCERTAIN, np.uint8(_MEANING[self._uncertain]), code)
        unknown = code == _UNKNOWN
        return Indicator(code == _TRUE, unknown if unknown.any() else None, n_uncertain)

    def _meaning(self, text: str | None) -> int:
        whole = self._rules.whole(text)
        if whole is None:
            return _UNKNOWN
        try:
            value = word_value(whole)
        except ValueError:
            return _WRONG
        if math.isnan(value):
            return _UNKNOWN
        return {0.0: _FALSE, 1.0: _TRUE, UNCERTAIN_VALUE: _UNCERTAIN}.get(value, _WRONG)

    def _error(self, text: str, name: str, row: int, *, uncertain: bool) -> InputError:
        return InputError(
            f"{short_repr(text)} says neither that the label holds nor that it does not",
            where=f"{self._where}: row {row:,}, column {name!r}",
            details=("expected: 1 or 0, true or false, yes or no, empty where it is not known",),
            hint="--uncertain zero, one or missing: what -1 counts as"
            if uncertain
            else "--label-column with the columns of labels alone, or --missing for texts that "
            "mean not known",
        )


def refuse_header_of_values(table: Table, columns: Sequence[Column]) -> None:
    """Refuse columns of labels whose assumed header is a value: the file may have none.

    Raises
    ------
    InputError
        If each is called like a value.
    """
    dialect = table.dialect
    if dialect is None or not dialect.header or dialect.header_given:
        return
    if all(_is_value(column.name) for column in columns):
        raise InputError(
            f"the headers {quoted(column.name for column in columns)} look like values: is the "
            "first row a header?",
            where=table.file.path,
            hint="--no-header if it is data, --header if it is not",
        )


def _is_value(name: str) -> bool:
    try:
        return word_value(name) in (0.0, 1.0, UNCERTAIN_VALUE)
    except ValueError:
        return False


def _plain(column: pa.Array) -> Indicator | None:
    """Read a column of numbers that are 0, 1 or not there; None for any other."""
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.uint8())
    if pa.types.is_integer(column.type):
        unknown = None
        if column.null_count:
            unknown = np.from_dlpack(column.is_null().cast(pa.uint8())).view(np.bool_)
        truths = whole_truths([arrow.as_numpy(column, null=0)])
        if truths is None:
            return None
        return Indicator(truths[0].astype(np.bool_, copy=False), unknown)
    if not pa.types.is_floating(column.type):
        return None
    values = arrow.as_numpy(column, null=math.nan)
    holds = values == 1.0
    known = holds | (values == 0.0)
    if known.all():
        return Indicator(holds)
    unknown = np.isnan(values)
    return Indicator(holds, unknown) if bool((known | unknown).all()) else None
