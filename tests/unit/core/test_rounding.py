"""Which rows rounding to decimals explains, known only when all rows are read."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wcetool.core.losses import ScoreForm, Tolerance
from wcetool.core.rounding import (
    RoundedRows,
    decimals_of,
    excuse,
    row_sum_tolerance,
    rows_that_fit,
)
from wcetool.core.vocabulary import InputKind, Task


def form(n_classes=3, kind=InputKind.PROBS, tolerance=None):
    return ScoreForm(
        task=Task.MULTICLASS,
        kind=kind,
        n_classes=n_classes,
        tolerance=tolerance or Tolerance.by_default(0.0, n_classes),
    )


@pytest.mark.parametrize(
    ("values", "decimals"),
    [
        ([[0.0, 1.0]], 0),
        ([[0.5, 0.25]], 2),
        ([[0.33, 0.33]], 2),
        ([[0.1 + 0.2, 0.7]], 9),
        ([[1 / 3, 2 / 3]], 9),
        ([[0.12345678, 0.1]], 8),
    ],
)
def test_the_decimals_are_those_of_the_shortest_text(values, decimals):
    assert decimals_of(np.array(values)) == decimals


def test_narrow_floats_have_the_decimals_of_their_own_text():
    assert decimals_of(np.array([[0.33, 0.67]], dtype=np.float32)) == 2


def test_thirds_are_a_row_in_a_file_of_two_decimals_and_a_fault_in_a_finer_one():
    rows = np.array([[0.33, 0.33, 0.33]])
    coarse = excuse(rows, (0, np.array([1])), form(), 2)
    assert (coarse.explained, coarse.unexplained.count) == (1, 0)
    assert row_sum_tolerance(coarse, form()) == pytest.approx(1e-4 + 1.5e-2)
    finer = coarse + RoundedRows(3)
    assert (finer.explained, finer.unexplained.count) == (0, 1)
    assert finer.unexplained.first[0][:2] == (0, 1)


def test_values_that_are_no_probabilities_are_not_explained():
    assert excuse(np.array([[1.2, -0.2, 0.01]]), (0, np.array([1])), form(), 2) is None


def test_a_tolerance_that_the_user_gives_is_the_last_word():
    rows = np.array([[0.33, 0.33, 0.33]])
    strict = form(tolerance=Tolerance.given(1e-3))
    assert excuse(rows, (0, np.array([1])), strict, 2) is None
    assert not rows_that_fit(rows, strict).any()


def test_rounded_logarithms_are_explained_by_their_own_rounding():
    logs = np.round(np.log([[0.2, 0.3, 0.5]]), 2)
    found = form(kind=InputKind.LOG_PROBS)
    assert rows_that_fit(logs, found).all()
    assert excuse(logs, (0, np.array([1])), found, 2).explained == 1


@pytest.mark.parametrize(
    ("rows", "kind", "fits"),
    [
        ([[0.2, 0.8], [0.5, 0.5]], InputKind.PROBS, [True, True]),
        ([[0.2, 0.8], [0.9, 0.9]], InputKind.PROBS, [True, False]),
        ([[-1.6094379, -0.2231436]], InputKind.LOG_PROBS, [True]),
        ([[2.0, -1.0]], InputKind.LOG_PROBS, [False]),
        ([[2.0, -1.0]], InputKind.PROBS, [False]),
    ],
)
def test_what_a_block_of_scores_could_be(rows, kind, fits):
    assert rows_that_fit(np.array(rows), form(2, kind)).tolist() == fits


@given(
    hundredths=st.lists(st.tuples(*[st.integers(0, 100)] * 3), min_size=1, max_size=12),
    finest=st.integers(0, 9),
    cut=st.integers(0, 12),
)
def test_the_verdict_does_not_depend_on_blocks_or_order(hundredths, finest, cut):
    rows = np.array(hundredths) / 100
    numbers = np.arange(1, len(rows) + 1)
    bad = np.abs(rows.sum(axis=1) - 1) > 1e-4

    def state(chosen):
        excused = excuse(rows[chosen], (0, numbers[chosen]), form(), 0)
        return None if excused is None else excused + RoundedRows(decimals_of(rows[chosen]))

    faulty = np.flatnonzero(bad)
    parts = [state(part) for part in (faulty[:cut], faulty[cut:])]
    whole = state(faulty)
    if whole is None:
        assert None in parts
        return
    merged = parts[1] + RoundedRows(finest) + parts[0]
    assert merged == whole + RoundedRows(finest)
    assert RoundedRows.from_dict(json.loads(json.dumps(merged.to_dict()))) == merged
