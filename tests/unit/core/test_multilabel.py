"""Measures of multi-label data, against published values and rows computed one by one."""

import math

import numpy as np
import pytest
from scipy import stats

from wcetool.core.label_counts import Indicator, IndicatorCounter
from wcetool.core.label_profile import minority_labels
from wcetool.core.label_sets import LabelSets, NamedSets
from wcetool.core.multilabel import LABEL_MEASURES, measure_labels

# Label counts, MaxIR, MeanIR and CVIR as the R package mldr stores or gives them (mldr.datasets).
PUBLISHED = {
    "emotions": (
        [173, 166, 264, 148, 168, 189],
        (1.7837837837837838, 1.478068459752421, 0.1795714907286847),
    ),
    "flags": (
        [153, 91, 99, 91, 146, 52, 26],
        (5.884615384615385, 2.2547085986420625, 0.7647748149195297),
    ),
    "genbase": (
        [
            *(79, 76, 62, 49, 171, 23, 31, 51, 6, 66, 33, 29, 36, 14, 14, 4, 17, 41, 9, 5),
            *(2, 3, 2, 1, 1, 1, 3),
        ],
        (171.0, 37.31458058800413, 1.449416343140122),
    ),
    "ng20": (
        [
            *(988, 998, 994, 994, 972, 996, 998, 998, 972, 993, 996, 996, 1000, 996, 995),
            *(996, 998, 997, 1000, 980),
        ],
        (1.02880658436214, 1.0072709683530832, 0.008582312602970493),
    ),
    "slashdot": (
        [
            *(75, 16, 0, 171, 3, 113, 9, 222, 575, 225, 15, 584, 504, 425, 259, 103, 56, 221),
            *(0, 188, 206, 496),
        ],
        (194.66666666666666, 19.462408815763506, 2.287772614182391),
    ),
}


def sets_of(matrix):
    """Count the sets of a matrix of 0 and 1, row by row, without the code under test."""
    named = {}
    for row in np.asarray(matrix):
        key = tuple(str(i) for i in np.flatnonzero(row == 1))
        named[key] = named.get(key, 0) + 1
    return NamedSets.of(named, 10**6).label_sets([str(i) for i in range(np.shape(matrix)[1])])


def measured(matrix, **more):
    matrix = np.asarray(matrix)
    return measure_labels((matrix == 1).sum(axis=0), len(matrix), sets_of(matrix), **more)


def row_by_row(matrix):
    """Compute what the definitions say, one row at a time."""
    matrix = np.asarray(matrix)
    count = matrix.sum(axis=0)
    ratio = count.max() / np.where(count, count, np.nan)
    scumble = np.array(
        [
            1 - stats.gmean(ratio[row == 1]) / ratio[row == 1].mean() if row.any() else 0.0
            for row in matrix
        ]
    )
    rare = ratio > np.nanmean(ratio) * (1 + 1e-12)
    has_rare = matrix[:, rare].any(axis=1)
    mixed = has_rare & matrix[:, ~rare].any(axis=1)
    distinct, times = np.unique(matrix, axis=0, return_counts=True)
    return {
        "cardinality": matrix.sum(axis=1).mean(),
        "density": matrix.mean(),
        "label_sets": len(distinct),
        "singleton_sets": (times == 1).sum(),
        "largest_set_rows": times.max(),
        "unlabelled": (matrix.sum(axis=1) == 0).sum(),
        "mean_ir": np.nanmean(ratio),
        "mean_ir_mldr": np.nan_to_num(ratio).mean(),
        "max_ir": np.nanmax(ratio),
        "cvir": stats.variation(ratio[~np.isnan(ratio)], ddof=1),
        "scumble": scumble.mean(),
        "scumble_cv": stats.variation(scumble, ddof=1),
        "minority_labels": rare.sum(),
        "minority_rows": has_rare.sum(),
        "mixed_rows": mixed.sum(),
        "mixed_share": mixed.sum() / has_rare.sum(),
    }, [scumble[matrix[:, i] == 1] for i in range(matrix.shape[1])]


@pytest.fixture
def matrix():
    rng = np.random.default_rng(7)
    return (rng.random((500, 9)) < np.geomspace(0.5, 0.004, 9)).astype(int)


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_ratios_of_published_data_sets(name):
    counts, expected = PUBLISHED[name]
    values = measure_labels(np.array(counts), 4000, None).values
    found = (values["max_ir"], values["mean_ir"], values["cvir"])
    assert found == pytest.approx(expected, rel=1e-13)


def test_mldr_counts_labels_that_never_occur_as_0():
    values = measure_labels(np.array(PUBLISHED["slashdot"][0]), 3782, None).values
    assert values["mean_ir_mldr"] == pytest.approx(17.693098923421367, rel=1e-13)
    assert values["cardinality"] == pytest.approx(1.1808566895822317, rel=1e-15)
    assert values["density"] == pytest.approx(0.05367530407191962, rel=1e-15)


@pytest.mark.parametrize(
    ("features", "labels", "n_sets", "expected"),
    [
        (260, 19, 133, 13.395469738403722),  # birds
        (68, 174, 502, 15.597163124082364),  # cal500
        (19, 7, 54, 8.879333174786028),  # flags
        (1186, 27, 32, 13.839914348361726),  # genbase
        (585, 227, 1078, 18.7794246161822),  # stackex_chess
    ],
)
def test_the_complexity_score_of_published_data_sets(features, labels, n_sets, expected):
    sets = LabelSets(np.zeros(n_sets + 1, int), np.zeros(0, int), np.ones(n_sets, int))
    values = measure_labels(np.ones(labels, int), n_sets, sets, n_features=features).values
    assert values["tcs"] == pytest.approx(expected, rel=1e-14)


def test_all_measures_are_what_the_definitions_say_row_by_row(matrix):
    expected, by_label = row_by_row(matrix)
    found = measured(matrix)
    for name, value in expected.items():
        assert found.values[name] == pytest.approx(value, rel=1e-12), name
    for label, scumbles in enumerate(by_label):
        assert found.scumble[label] == pytest.approx(scumbles.mean(), rel=1e-12, abs=1e-16)
        if len(scumbles) > 1 and scumbles.any():
            assert found.scumble_cv[label] == pytest.approx(
                stats.variation(scumbles, ddof=1), rel=1e-12
            )


def test_four_conventions_of_diversity_have_four_names():
    values = measured([[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 0], [0, 0, 0]]).values
    assert values["label_sets"] == 3
    assert values["diversity_per_row"] == 3 / 5
    assert values["diversity_per_possible"] == 3 / 8
    assert values["diversity_per_reachable"] == 3 / 5
    few = measured([[1], [0], [1], [0]]).values
    assert few["diversity_per_reachable"] == few["diversity_per_possible"] == 1.0


def test_rows_without_labels_count_in_every_mean():
    labelled = measured([[1, 1], [1, 0], [1, 0]]).values
    with_empty = measured([[1, 1], [1, 0], [1, 0], [0, 0], [0, 0], [0, 0]]).values
    assert with_empty["unlabelled"] == 3
    assert with_empty["cardinality"] == labelled["cardinality"] / 2
    assert with_empty["scumble"] == pytest.approx(labelled["scumble"] / 2, rel=1e-15)


@pytest.mark.parametrize("n_labels", [3, 7, 49])
def test_equally_frequent_labels_have_no_concurrence_and_no_minority(n_labels):
    found = measured(np.ones((5, n_labels), int))
    assert found.values["scumble"] == 0.0
    assert found.minority == frozenset()
    assert minority_labels([7] * n_labels) == []


def test_a_tiny_concurrence_keeps_its_digits():
    """1 - G/A of nearly equal ratios, against 50 digits."""
    mpmath = pytest.importorskip("mpmath")
    counts = [1_000_000, 999_999]
    sets = LabelSets(np.array([0, 2]), np.array([0, 1]), np.array([1]))
    found = measure_labels(np.array(counts), 1, sets).values["scumble"]
    with mpmath.workdps(50):
        a, b = (mpmath.mpf(1) / n for n in counts)
        expected = 1 - mpmath.sqrt(a * b) / ((a + b) / 2)
        assert abs(found - float(expected)) < 1e-15


def test_what_is_undefined_says_why():
    nothing = measured([[0, 0], [0, 0]])
    assert nothing.values["mean_ir"] is None
    assert nothing.irlbl == (None, None)
    assert nothing.undefined["mean_ir"] == "no label occurs in any row"
    one = measured([[1, 0]])
    assert (one.values["cvir"], one.values["scumble_cv"]) == (None, None)
    no_sets = measure_labels(np.array([3, 1]), 3, None, no_sets="too many")
    lacking = {name for name, measure in LABEL_MEASURES.items() if measure.needs_sets}
    assert lacking <= {name for name, value in no_sets.values.items() if value is None}
    assert {no_sets.undefined[name] for name in lacking} == {"too many"}


def test_every_measure_says_where_it_comes_from_and_what_its_trap_is(matrix):
    values = measured(matrix, n_features=10).values
    for name, measure in LABEL_MEASURES.items():
        assert measure.formula
        assert measure.source
        assert measure.trap.endswith(".")
        assert values[name] is not None
        assert math.isfinite(values[name])


def test_too_many_sets_are_forgotten_and_the_counts_are_kept():
    rng = np.random.default_rng(3)
    matrix = rng.random((400, 20)) < 0.5
    for limit, kept in ((399, False), (400, True)):
        counter = IndicatorCounter(20, limit)
        counter.add([Indicator(column) for column in matrix.T.copy()])
        counts = counter.counts()
        assert counts.positive.tolist() == matrix.sum(axis=0).tolist()
        assert (counts.sets.sets() is not None) is kept


@pytest.mark.parametrize("n_labels", [1, 8, 9, 16, 17, 33, 64, 65, 130])
def test_sets_are_those_of_the_rows_however_many_labels(n_labels):
    rng = np.random.default_rng(n_labels)
    matrix = rng.random((300, n_labels)) < 2 / (n_labels + 1)
    counter = IndicatorCounter(n_labels, 1000)
    for part in np.array_split(matrix, 4):
        counter.add([Indicator(column) for column in part.T.copy()])
    found, expected = counter.counts().sets.sets(), sets_of(matrix)
    keyed = [
        {
            tuple(one.label[a:b].tolist()): n
            for a, b, n in zip(one.start[:-1], one.start[1:], one.count.tolist(), strict=True)
        }
        for one in (found, expected)
    ]
    assert keyed[0] == keyed[1]
