"""`wcetool analyze` with columns beside the labels: sample weights, groups, splits."""

import csv
import io
import json
import math
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from conftest import HOSTILE_LABELS
from hypothesis import given, settings
from hypothesis import strategies as st

import wcetool
from wcetool.core.drift import SplitCounts
from wcetool.core.weighting import Recipe, weigh
from wcetool.errors import InputError, UsageError
from wcetool.render.formats import Look, render
from wcetool.render.words import Format

N = 2000
rng = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {
        "label": rng.choice(["a", "b", "c", None], N, p=[0.6, 0.3, 0.05, 0.05]),
        "w": np.exp(rng.normal(size=N) * 8).clip(1e-9),
        "image": rng.integers(0, 700, N),
        "split": rng.choice(["train", "val", "test", None], N, p=[0.7, 0.15, 0.1, 0.05]),
    }
)
ALL = {"sample_weight_column": "w", "group_column": "image", "split_column": "split"}
FLAGS = ("--sample-weight-column", "w", "--group-column", "image", "--split-column", "split")


@pytest.fixture
def parquet(tmp_path):
    FRAME.to_parquet(tmp_path / "rows.parquet", row_group_size=300)
    return tmp_path / "rows.parquet"


def numbers_of(analysis):
    document = analysis.to_dict()
    return {key: document[key] for key in ("classes", "imbalance", "groups", "splits", "drift")}


@pytest.mark.parametrize("jobs", [1, 3])
def test_the_numbers_are_those_of_pandas_and_fsum(parquet, jobs):
    found = wcetool.analyze(parquet, **ALL, jobs=jobs)
    labelled = FRAME.dropna(subset="label")
    total = math.fsum(labelled.w)
    sizes = labelled.groupby("image").label.size()
    for row in found.class_rows():
        rows = labelled[labelled.label == row["label"]]
        assert row["count"] == len(rows)
        assert row["weight_sum"] == math.fsum(rows.w)
        assert row["share"] == pytest.approx(math.fsum(rows.w) / total, rel=1e-14)
        assert row["groups"] == rows.image.nunique()
        for split in ("train", "val", "test"):
            here = rows[rows.split == split]
            assert row[f"count:{split}"] == len(here)
            assert row[f"share:{split}"] == len(here) / (labelled.split == split).sum()
    holders = [labelled[labelled.label == label].image.unique() for label in found.counts.classes]
    assert found.groups.samples.tolist() == [int(sizes[held].sum()) for held in holders]
    assert found.groups.n_groups == len(sizes)
    assert found.splits.unassigned == FRAME.split.isna().sum()
    assert found.splits.missing.tolist() == [
        FRAME[FRAME.split == split].label.isna().sum() for split in found.splits.splits
    ]
    times = FRAME.dropna(subset="split").groupby("image").split.nunique()
    assert found.drift_figures()["leaked_groups"] == (times > 1).sum()


def test_cuts_order_threads_and_formats_change_no_bit(parquet, tmp_path):
    expected = numbers_of(wcetool.analyze(parquet, **ALL))
    shuffled = FRAME.sample(frac=1, random_state=1)
    shuffled.to_parquet(tmp_path / "shuffled.parquet", row_group_size=77)
    shuffled.to_csv(tmp_path / "rows.csv", index=False)
    for path in ("shuffled.parquet", "rows.csv"):
        for jobs in (1, 4):
            assert numbers_of(wcetool.analyze(tmp_path / path, **ALL, jobs=jobs)) == expected
    halves = [tmp_path / "one.csv", tmp_path / "two.csv"]
    for path, part in zip(halves, (shuffled[:900], shuffled[900:]), strict=True):
        part.to_csv(path, index=False)
    assert numbers_of(wcetool.analyze(halves, **ALL)) == expected
    assert numbers_of(wcetool.analyze(FRAME, **ALL)) == expected
    arrays = {"sample_weight": FRAME.w, "groups": FRAME.image, "splits": FRAME.split}
    assert numbers_of(wcetool.analyze(FRAME.label, **arrays)) == expected


def test_a_large_csv_that_is_read_in_ranges_has_the_same_numbers(tmp_path, monkeypatch):
    from wcetool.data.formats import byte_ranges

    frame = pd.concat([FRAME] * 30)
    frame.to_csv(tmp_path / "rows.csv", index=False)
    expected = numbers_of(wcetool.analyze(tmp_path / "rows.csv", **ALL, jobs=1))
    small = {name: 1 << 16 for name in vars(byte_ranges) if name.endswith("_BYTES")}
    for name, value in small.items():
        monkeypatch.setattr(byte_ranges, name, value)
    assert numbers_of(wcetool.analyze(tmp_path / "rows.csv", **ALL, jobs=3)) == expected


def test_the_json_has_splits_and_drift(cli, write):
    write("x.csv", "label,split\n" + "a,train\nb,train\n" * 50 + "a,test\n" * 30 + ",test\n")
    found = cli("analyze", "x.csv", "--split-column", "split", "-f", "json")
    document = found.json
    assert [row["split"] for row in document["splits"]] == ["test", "train"]
    assert document["splits"][0]["rows"] == 31
    assert document["splits"][0]["missing"] == 1
    assert document["drift"]["reference"] == "train"
    assert document["drift"]["gaps"] == [
        {"label": "b", "split": "test", "chance": pytest.approx((1 - 50 / 130) ** 30)}
    ]
    assert document["drift"]["half_added"] == ["test"]
    assert document["drift"]["missing_in_split"] == 1
    assert document["parameters"]["split-reference"] == "train"
    assert "split-column:split|split-reference:train" in document["signature"]
    assert "splits are compared with 'train' (by its name; --split-reference NAME)" in found.stderr
    assert "warning: split 'test' lacks class 'b' (chance in a random split: " in found.stderr


def test_csv_has_count_and_share_of_each_split(cli, write):
    write("x.csv", 'label,"the split"\na,x\nb,x\na,"[red]y\nz"\na,"[red]y\nz"\nb,"\r"\n')
    out = cli("analyze", "x.csv", "--split-column", "the split", "-f", "csv", "-q").stdout
    rows = list(csv.DictReader(io.StringIO(out, newline="")))
    assert rows[0]["count:x"] == "1"
    assert rows[0]["share:[red]y\nz"] == "1.0"
    assert rows[1]["count:\r"] == "1"


def test_the_table_shows_shares_by_split_and_the_drift(cli, write):
    write("x.csv", "label,split,g\n" + "a,train,1\nb,train,2\n" * 50 + "a,test,2\nb,test,3\n" * 40)
    out = cli("analyze", "x.csv", "--split-column", "split", "--group-column", "g").stdout
    assert "    a      40   50.00%  50   50.00%\n" in out
    assert "Drift against 'train'" in out
    assert "chi-square 0.0000, p 1.0000; 1 degree of freedom, no Yates correction" in out
    assert "1 of 3 groups in more than one split" in out


@pytest.mark.parametrize("form", [Format.TABLE, Format.MD, Format.JSON])
def test_hostile_names_of_splits_and_groups_are_shown_as_they_are(form):
    names = [*HOSTILE_LABELS, *HOSTILE_LABELS]
    result = wcetool.analyze(
        ["a", "b"] * len(HOSTILE_LABELS), splits=sorted(names), groups=names, missing="?"
    )
    for width in (None, 80):
        text = render(result, form, Look(width=width))
        assert "\x1b" not in text
        if form is Format.TABLE and width:
            assert max(map(len, text.splitlines())) <= 80
            assert "too narrow for" in text
        elif form is Format.TABLE:
            assert "[bold red]x[/]" in text


def test_weights_decide_shares_ratio_and_measures_and_a_note_says_so(cli, write):
    write("x.csv", "label,w\na,1\na,1\nb,6\nc,0\n")
    found = cli("analyze", "x.csv", "--sample-weight-column", "w", "-f", "json")
    rows = found.rows
    assert [rows[k]["count"] for k in "abc"] == [2, 1, 1]
    assert [rows[k]["weight_sum"] for k in "abc"] == [2.0, 6.0, 0.0]
    assert [rows[k]["share"] for k in "abc"] == [0.25, 0.75, 0.0]
    assert [rows[k]["ratio"] for k in "abc"] == [3.0, 1.0, None]
    assert found.json["imbalance"]["ratio"] == 3.0
    assert "note: shares, ratios and measures are of the sums of the sample weights" in found.stderr
    table = cli("analyze", "x.csv", "--sample-weight-column", "w", "-q").stdout
    assert "Imbalance ratio 3.0000: b has 6.0000 in sample weights, a has 2.0000." in table


def test_weight_sums_travel_with_the_counts(cli, write, tmp_path):
    write("x.csv", "label,w\na,0.1\na,0.2\nb,6\n")
    cli("analyze", "x.csv", "--sample-weight-column", "w", "-o", "x.json")
    write("y.json", (tmp_path / "x.json").read_bytes())
    again = cli("analyze", "x.json", "y.json", "-f", "json")
    assert again.rows["a"]["weight_sum"] == pytest.approx(0.6, rel=1e-15)
    assert again.rows["a"]["count"] == 4
    mixed = cli("analyze", "x.json", "x.csv", "-l", "label")
    assert mixed.code == 3
    assert "some inputs have sample weights and some have none" in mixed.stderr
    pooled = cli("analyze", "x.json", "x.csv", "--sample-weight-column", "w", "-f", "json")
    assert pooled.rows["b"]["weight_sum"] == 12.0


REFUSED = {
    "a weight that is text": ("label,w\na,1\nb,two\n", ["--sample-weight-column", "w"], "'two'"),
    "weights that are words": (
        "label,w\na,x\nb,y\n",
        ["--sample-weight-column", "w"],
        "'x' is no sample weight",
    ),
    "a negative weight": (
        "label,w\na,1\nb,-2\n",
        ["--sample-weight-column", "w"],
        "row 2: a sample weight of -2",
    ),
    "no weight": ("label,w\na,1\nb,\n", ["--sample-weight-column", "w"], "row 2: no sample weight"),
    "an infinite weight": (
        "label,w\na,1\nb,inf\n",
        ["--sample-weight-column", "w"],
        "row 2: a sample weight of inf",
    ),
    "only zeros": (
        "label,w\na,0\nb,0\n",
        ["--sample-weight-column", "w"],
        "the sample weights sum to 0",
    ),
    "huge weights": ("label,w\na,1e300\nb,1\n", ["--sample-weight-column", "w"], "too large"),
    "an absent column": (
        "label,weight\na,1\nb,1\n",
        ["--sample-weight-column", "wieght"],
        "hint: --sample-weight-column weight",
    ),
    "one column twice": (
        "label,w\na,1\nb,1\n",
        ["--sample-weight-column", "w", "--group-column", "w"],
        "column 'w' is the sample weight already",
    ),
    "the label as a group": (
        "label,w\na,1\nb,1\n",
        ["--group-column", "label"],
        "column 'label' is the label already",
    ),
    "one split": (
        "label,split\na,x\nb,x\n",
        ["--split-column", "split"],
        "x.csv: column 'split' has one value, 'x'",
    ),
    "no split": (
        "label,split\na,\nb,\n",
        ["--split-column", "split"],
        "column 'split' has no value in any row",
    ),
    "no group": ("label,g\na,\nb,\n", ["--group-column", "g"], "column 'g' has no group"),
    "one split with labels": (
        "label,split\na,x\n,y\n",
        ["--split-column", "split"],
        "only split 'x'",
    ),
    "no such reference": (
        "label,split\na,x\nb,y\n",
        ["--split-column", "split", "--split-reference", "z"],
        "no split is 'z'",
    ),
    "a reference without splits": (
        "label,split\na,x\nb,y\n",
        ["-l", "label", "--split-reference", "z"],
        "has no effect",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_input_is_refused_by_name(cli, write, name):
    content, flags, message = REFUSED[name]
    write("x.csv", content)
    found = cli("analyze", "x.csv", *flags)
    assert found.code in (2, 3)
    assert message in found.stderr
    assert not found.stdout


def test_more_splits_than_any_data_set_has_are_refused(cli, write):
    write("x.csv", "label,id\n" + "".join(f"a,{i}\n" for i in range(1001)))
    found = cli("analyze", "x.csv", "--split-column", "id")
    assert found.code == 3
    assert "column 'id' has more than 1,000 distinct values: no splits" in found.stderr


@pytest.mark.parametrize("flag", ["--sample-weight-column", "--group-column", "--split-column"])
def test_counts_without_rows_have_no_columns_beside_them(cli, write, flag):
    write("x.csv", "label,x\na,1\nb,1\n")
    cli("analyze", "x.csv", "-o", "x.json")
    found = cli("analyze", "x.json", flag, "x")
    assert (found.code, f"{flag}: has no effect: x.json has no rows" in found.stderr) == (2, True)
    with pytest.raises(UsageError, match="counts have no rows"):
        wcetool.analyze({"a": 1, "b": 2}, group_column="x")


def test_a_general_default_without_effect_is_left_out(cli, write, monkeypatch):
    write("x.csv", "label,x\na,1\nb,1\n")
    cli("analyze", "x.csv", "-o", "x.json")
    monkeypatch.setenv("WCETOOL_GROUP_COLUMN", "x")
    assert cli("analyze", "x.json").code == 0


def test_rows_without_a_split_or_a_group_are_counted_and_announced(cli, write):
    write("x.csv", "label,split,g\na,x,1\nb,x,\na,y,1\nb,y,2\na,,2\n,x,3\n")
    found = cli("analyze", "x.csv", "--split-column", "split", "--group-column", "g", "-f", "json")
    assert "warning: 1 row without a value in column 'split'" in found.stderr
    assert "warning: 1 row without a value in column 'g'" in found.stderr
    assert found.json["drift"]["rows_without_split"] == 1
    assert found.rows["a"]["count"] == 3
    assert found.rows["a"]["count:x"] + found.rows["a"]["count:y"] == 2
    assert found.json["groups"] == 2


def test_a_group_in_two_splits_is_named(cli, write):
    write("x.csv", "label,split,g\na,x,1\nb,x,2\na,y,2\nb,y,3\n")
    found = cli("analyze", "x.csv", "--split-column", "split", "--group-column", "g", "-f", "json")
    assert found.json["drift"]["leaks"] == [{"group": "2", "splits": ["x", "y"]}]
    assert "warning: 1 group in more than one split, such as '2' in 'x', 'y'" in found.stderr


def test_a_hive_partition_is_a_split(cli, tmp_path):
    for split, labels in (("train", "aab"), ("test", "ab")):
        folder = tmp_path / "rows" / f"split={split}"
        folder.mkdir(parents=True)
        pd.DataFrame({"label": list(labels)}).to_parquet(folder / "part.parquet")
    found = cli("analyze", "rows", "--split-column", "split", "-f", "json")
    assert [(row["split"], row["labels"]) for row in found.json["splits"]] == [
        ("test", 2),
        ("train", 3),
    ]


def test_the_only_other_column_is_the_label(cli, write):
    write("x.csv", "kind,split\na,x\nb,y\n")
    found = cli("analyze", "x.csv", "--split-column", "split", "-f", "json")
    assert found.code == 0
    assert "label column 'kind' (the only other column)" in found.stderr


def test_median_frequency_takes_the_groups(parquet):
    from wcetool.api.labels import counted_labels
    from wcetool.core.schemes import parse_scheme
    from wcetool.core.schemes.evidence import Evidence
    from wcetool.data.beside_labels import BesideLabels
    from wcetool.data.options import ReadingOptions
    from wcetool.engine.resources import Resources

    beside = BesideLabels.of(groups=["x"] * 900 + ["y"] * 100 + ["z"] * 500)
    labels = ["a"] * 600 + ["b"] * 300 + ["b"] * 100 + ["b"] * 500
    counted = counted_labels(labels, ReadingOptions.of(), Resources.of(1), beside)
    assert counted.groups.samples.tolist() == [900, 1500]
    assert isinstance(counted.splits, SplitCounts | None)
    recipe = Recipe(scheme=parse_scheme("median-frequency"))
    found = weigh(counted.counts, recipe, Evidence(groups=counted.groups))
    frequency = np.array([600 / 900, 900 / 1500])
    assert found.class_weight.tolist() == pytest.approx(list(np.median(frequency) / frequency))


def test_arrays_must_be_as_long_as_the_labels():
    with pytest.raises(InputError, match="2 groups for 3 labels"):
        wcetool.analyze(["a", "b", "a"], groups=[1, 2])
    with pytest.raises(InputError, match="1 sample weight for 3 labels"):
        wcetool.analyze(["a", "b", "a"], sample_weight=[1])
    with pytest.raises(UsageError, match="as an array and as column"):
        wcetool.analyze(["a", "b"], groups=[1, 2], group_column="g")
    with pytest.raises(InputError, match="beside a table"):
        wcetool.analyze(FRAME, groups=FRAME.image)


@settings(max_examples=50)
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(["a", "b", ""]),
            st.sampled_from(["x", "y", "[z]\n", ""]),
            st.sampled_from(["1", "01", "é", ""]),
        ),
        min_size=1,
        max_size=30,
    )
)
def test_csv_and_parquet_have_the_same_splits_and_groups(tmp_path_factory, rows):
    frame = pd.DataFrame(rows, columns=["label", "split", "g"])
    counts = Counter((label, split) for label, split, _ in rows if label and split)
    if len({split for _, split in counts}) < 2 or not any(label and g for label, _, g in rows):
        return
    folder = tmp_path_factory.mktemp("same")
    frame.to_csv(folder / "x.csv", index=False)
    frame.to_parquet(folder / "x.parquet", index=False)
    options = {"split_column": "split", "group_column": "g"}
    found = [wcetool.analyze(folder / name, **options) for name in ("x.csv", "x.parquet")]
    documents = [json.dumps(numbers_of(one)) for one in found]
    assert documents[0] == documents[1]
    for row in found[0].class_rows():
        for split in found[0].splits.splits:
            assert row[f"count:{split}"] == counts[row["label"], split]
