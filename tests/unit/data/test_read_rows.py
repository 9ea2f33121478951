"""What was read of each input can be merged, and written down."""

import json

from wcetool.data.formats.table import BadRow, ReadLog
from wcetool.data.headers import HeaderDoubts
from wcetool.data.read_rows import ReadRows
from wcetool.data.registry import CSV
from wcetool.data.source import InputFile, Split


def read(index, log):
    split = Split(InputFile("labels.csv", CSV), index)
    return ReadRows.of(split, 5, log, HeaderDoubts())


def test_bad_rows_are_kept_by_input_and_restored():
    bad = ReadLog(bad_rows=2, first_bad=[BadRow(3, 1, "x"), BadRow(7, 4, "a,b,c,d")])
    both = read(0, ReadLog()) + read(1, bad)
    assert both == read(1, bad) + read(0, ReadLog())
    assert (both.bad_rows[0], both.bad_rows[1]) == (0, 2)
    assert both.first_bad == {1: ("row 3 has 1 field: 'x'", "row 7 has 4 fields: 'a,b,c,d'")}
    assert ReadRows.from_dict(json.loads(json.dumps(both.to_dict()))) == both
