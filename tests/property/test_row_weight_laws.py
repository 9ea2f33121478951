"""Laws of the weights of rows, for any labels and any cut of them."""

import itertools
import math

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import HOSTILE_LABELS
from hypothesis import given, reject
from hypothesis import strategies as st
from sklearn.utils.class_weight import compute_sample_weight

import wcetool
from wcetool.core.row_weights import combined
from wcetool.core.schemes import SCHEMES, Kind
from wcetool.core.vocabulary import Combine
from wcetool.data.row_weights_file import write_row_weights

LABELS = st.lists(st.sampled_from([*HOSTILE_LABELS[:12], None]), min_size=1, max_size=60).filter(
    any
)
POSITIVE = st.floats(min_value=0, max_value=1e300, allow_nan=False)
PLAIN = [
    name
    for name, entry in SCHEMES.items()
    if entry.kind is Kind.CLASS and not entry.needs and entry.tasks & SCHEMES["inverse"].tasks
]


@given(LABELS, st.sampled_from(PLAIN))
def test_a_row_weighs_what_its_class_does(labels, scheme):
    try:
        weights = wcetool.class_weights(labels, scheme)
    except wcetool.SchemeError:  # some schemes want more than a few rows
        reject()
    rows = wcetool.sample_weights(labels, weights, missing_weight="zero")
    assert rows.tolist() == [weights.by_class.get(label, 0.0) for label in labels]


@given(LABELS)
def test_balanced_rows_sum_to_their_number(labels):
    rows = wcetool.sample_weights(labels, "inverse", missing_weight="zero")
    n_samples = sum(label is not None for label in labels)
    assert math.fsum(rows) == pytest.approx(n_samples, rel=1e-13)


@given(LABELS, st.floats(0, 3))
def test_probabilities_of_rows_sum_to_one(labels, q):
    rows = wcetool.sample_weights(labels, f"class-sampling:q={q!r}", missing_weight="zero")
    assert math.fsum(rows) == pytest.approx(1, rel=1e-13)


@given(st.data())
def test_the_product_of_columns_is_that_of_scikit_learn(data):
    n_rows, n_columns = data.draw(st.integers(1, 30)), data.draw(st.integers(2, 4))
    code = st.lists(st.integers(0, 3), min_size=n_rows, max_size=n_rows)
    columns = {f"c{i}": data.draw(code) for i in range(n_columns)}
    table = pa.table(columns)
    weights = wcetool.head_weights(table, list(columns))
    found = wcetool.sample_weights(table, weights, combine="product")
    expected = compute_sample_weight("balanced", np.column_stack(list(columns.values())))
    np.testing.assert_allclose(found, expected, rtol=1e-14)


@given(st.lists(st.tuples(POSITIVE, POSITIVE, POSITIVE), min_size=1, max_size=20))
def test_the_largest_is_at_least_the_mean(rows):
    parts = list(np.array(rows).T)
    mean, largest = (combined(parts, how) for how in (Combine.MEAN, Combine.MAX))
    assert largest.tolist() == [max(row) for row in rows]
    assert np.all(mean <= largest * (1 + 1e-15))


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".npy", ".weight"])
def test_a_file_holds_the_same_bytes_however_the_rows_are_cut(suffix, tmp_path_factory):
    path = tmp_path_factory.mktemp("rows") / f"rows{suffix}"

    @given(
        st.lists(st.floats(min_value=0, allow_infinity=False, allow_nan=False), max_size=40),
        st.lists(st.integers(0, 40), max_size=5),
    )
    def law(values, cuts):
        rows = np.array(values)
        write_row_weights(str(path), [rows])
        whole = path.read_bytes()
        edges = sorted({0, len(rows), *(cut for cut in cuts if cut < len(rows))})
        write_row_weights(str(path), [rows[a:b] for a, b in itertools.pairwise(edges)])
        assert path.read_bytes() == whole
        assert _read(path).tobytes() == rows.tobytes()

    law()


def _read(path):
    if path.suffix == ".parquet":
        return pq.read_table(path)["weight"].to_numpy()
    if path.suffix == ".npy":
        return np.load(path)
    lines = path.read_text().splitlines()
    return np.array([float(line) for line in lines[path.suffix == ".csv" :]])
