"""Rows with the wrong number of fields that the user wants left out, and counted."""

from __future__ import annotations

import pyarrow.csv as pacsv

from wcetool.data.formats.table import BadRow, ReadLog, Table
from wcetool.data.formats.text_reading import END_LABEL, dialect_of, rows_above
from wcetool.errors import LISTED

_TEXT_CHARACTERS = 200


class BadRows:
    """What pyarrow asks whether a row that does not fit may be left out.

    A row that goes over several lines may not: a stray quote would take whole rows with it. Nor may
    the row that is appended to every stream.
    """

    def __init__(self, table: Table, log: ReadLog) -> None:
        self._above = rows_above(dialect_of(table))
        self._log = log
        self.rows_above_last = 0  # rows that fit above the last one that does not

    def __call__(self, row: pacsv.InvalidRow) -> str:
        """Return what pyarrow is to do."""
        text = row.text
        if END_LABEL in text or "\n" in text or "\r" in text:
            return "error"
        self._log.bad_rows += 1
        number = (row.number or 0) - self._above
        self.rows_above_last = number - self._log.bad_rows
        if len(self._log.first_bad) < LISTED:
            self._log.first_bad.append(BadRow(number, row.actual_columns, text[:_TEXT_CHARACTERS]))
        return "skip"
