"""Any table gives the same labels as Python's csv module reads, from CSV and from Parquet."""

import csv
import gzip
import io
from collections import Counter

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import HOSTILE_LABELS
from hypothesis import given
from hypothesis import strategies as st

import wcetool
from wcetool.errors import WceError

# NUL is refused as a sign of a binary file; a lone surrogate is no UTF-8.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
labels = st.one_of(texts, st.sampled_from(HOSTILE_LABELS))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("reading")


def counts_of(analysis):
    return dict(zip(analysis.counts.classes, analysis.counts.count.tolist(), strict=True))


def csv_text(rows, **dialect):
    text = io.StringIO(newline="")
    csv.writer(text, **dialect).writerows(rows)
    return text.getvalue()


def expected_counts(text, **dialect):
    rows = list(csv.reader(io.StringIO(text, newline=""), **dialect))
    return Counter(row[1] for row in rows[1:] if row and row[1])


@given(
    values=st.lists(labels, min_size=1, max_size=20),
    delimiter=st.sampled_from(",;\t|"),
    lineterminator=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    bom=st.booleans(),
    final_newline=st.booleans(),
)
def test_any_csv_is_counted_as_pythons_csv_module_reads_it(
    folder, values, delimiter, lineterminator, quoting, bom, final_newline
):
    rows = [["id", "the label"], *([i, value] for i, value in enumerate(values))]
    text = csv_text(rows, delimiter=delimiter, lineterminator=lineterminator, quoting=quoting)
    if not final_newline:
        text = text.removesuffix(lineterminator)
    path = folder / "any.csv"
    path.write_bytes(("\ufeff" if bom else "").encode() + text.encode())
    expected = expected_counts(text, delimiter=delimiter)
    if not expected or "the label" in expected:
        with pytest.raises(WceError):
            wcetool.analyze(path, label_column=2, delimiter=delimiter)
        return
    found = wcetool.analyze(path, label_column=2, delimiter=delimiter)
    assert counts_of(found) == expected
    assert found.rows == len(values)


# pandas does not quote a lone carriage return, which every reader then takes for a line end.
@given(values=st.lists(labels.filter(lambda text: "\r" not in text), min_size=1, max_size=20))
def test_text_gives_the_same_classes_from_every_format(folder, values):
    frame = pd.DataFrame({"label": values, "x": range(len(values))})
    frame.to_csv(folder / "same.csv", index=False)
    frame.to_parquet(folder / "same.parquet", index=False)
    with gzip.open(folder / "same.csv.gz", "wt", newline="") as stream:
        frame.to_csv(stream, index=False)
    if not any(values):
        return
    found = [
        wcetool.analyze(path, header=True) if path.suffix != ".parquet" else wcetool.analyze(path)
        for path in (folder / "same.csv", folder / "same.csv.gz", folder / "same.parquet")
    ]
    assert counts_of(found[0]) == counts_of(found[1]) == counts_of(found[2])
    assert counts_of(found[2]) == counts_of(wcetool.analyze(values))
    assert counts_of(found[2]) == Counter(value for value in values if value)


@given(
    values=st.one_of(
        st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=10),
        st.lists(st.floats(allow_infinity=False), min_size=1, max_size=10),
        st.lists(st.floats(allow_infinity=False, width=32), min_size=1, max_size=10).map(
            lambda x: pd.Series(x, dtype="float32")
        ),
        st.lists(st.booleans(), min_size=1, max_size=10),
        st.lists(st.one_of(st.none(), st.integers(0, 9)), min_size=1, max_size=10),
    )
)
def test_numbers_and_booleans_give_the_same_classes_from_every_format(folder, values):
    frame = pd.DataFrame({"label": pd.Series(values), "x": 1})
    if frame.label.isna().all():
        return
    frame.to_csv(folder / "num.csv", index=False)
    frame.to_parquet(folder / "num.parquet", index=False)
    from_csv = wcetool.analyze(folder / "num.csv")
    from_parquet = wcetool.analyze(folder / "num.parquet")
    from_series = wcetool.analyze(frame.label)
    assert counts_of(from_csv) == counts_of(from_parquet) == counts_of(from_series)
    assert from_csv.missing == from_parquet.missing == frame.label.isna().sum()


@given(
    values=st.lists(st.sampled_from(["a", "b", "", None]), min_size=1, max_size=30),
    row_group=st.integers(1, 9),
    jobs=st.integers(1, 4),
)
def test_row_groups_and_threads_change_nothing(folder, values, row_group, jobs):
    table = pa.table({"label": pa.array(values, pa.string())})
    pq.write_table(table, folder / "groups.parquet", row_group_size=row_group)
    if not any(values):
        return
    found = wcetool.analyze(folder / "groups.parquet", jobs=jobs)
    assert counts_of(found) == Counter(value for value in values if value)
    assert found.missing == sum(not value for value in values)


@given(cut=st.integers(0, 200), tail=st.binary(max_size=40))
def test_a_broken_csv_is_refused_or_read_as_python_reads_it(folder, cut, tail):
    whole = csv_text([["id", "label"], *([i, f'c"{i % 3}\n'] for i in range(20))]).encode()
    path = folder / "broken.csv"
    path.write_bytes(whole[:cut] + tail)
    try:
        found = wcetool.analyze(path, label_column=2)
    except WceError:
        return
    text = path.read_bytes().decode(errors="replace")  # bytes outside the label column
    assert counts_of(found) == expected_counts(text.removeprefix("\ufeff"))
