"""`wcetool analyze` as a user runs it."""

import gzip
import json

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

ABCD = "label\n" + "A\n" * 198 + "B\n" * 436 + "C\n" * 710 + "D\n" * 272


@pytest.fixture
def abcd(write):
    return write("labels.csv", ABCD)


def test_the_json_contract(cli, abcd):
    found = cli("analyze", "labels.csv", "-f", "json")
    assert found.code == 0
    document = found.json
    assert document["schema"] == "wcetool.analyze/1"
    assert document["inputs"] == [{"path": "labels.csv", "rows": 1616}]
    assert (document["task"], document["rows"], document["missing"]) == ("multiclass", 1616, 0)
    assert document["classes"][0] == {
        "label": "A",
        "index": 0,
        "count": 198,
        "share": 198 / 1616,
        "ratio": 710 / 198,
    }
    assert document["imbalance"]["ratio"] == pytest.approx(3.585859, abs=5e-7)
    assert document["buckets"] == {"many": 4, "medium": 0, "few": 0}
    assert document["signature"].startswith("analyze|")


def test_the_table_shows_counts_shares_and_the_headline(cli, abcd):
    found = cli("analyze", "labels.csv")
    assert "Imbalance ratio 3.5859: C has 710 labels, A has 198." in found.stdout
    assert "A        198  12.25%  3.5859" in found.stdout
    assert found.stderr == "note: label column 'label' (the only column)\n"


def test_csv_is_one_row_a_class_with_full_numbers(cli, abcd):
    lines = cli("analyze", "labels.csv", "-f", "csv").stdout.splitlines()
    assert lines[:2] == [
        "label,index,count,share,ratio",
        "A,0,198,0.12252475247524752,3.585858585858586",
    ]


def test_markdown_is_a_table(cli, abcd):
    assert "| A | 198 | 12.25% | 3.5859 |" in cli("analyze", "labels.csv", "-f", "md").stdout


def test_missing_labels_are_counted_apart(cli, write):
    write("labels.csv", 'id,label\n1,a\n2,\n3,""\n4,b\n5,a\n')
    document = cli("analyze", "labels.csv", "-f", "json").json
    assert (document["rows"], document["missing"]) == (5, 2)
    assert [row["share"] for row in document["classes"]] == [2 / 3, 1 / 3]


def test_a_blank_line_is_a_missing_label_in_one_column_and_nothing_in_two(cli, write):
    write("one.csv", "label\na\n\nb\n\n\n")
    one = cli("analyze", "one.csv", "-f", "json").json
    assert (one["rows"], one["missing"]) == (3, 1)
    assert one["inputs"] == [{"path": "one.csv", "rows": 3, "blank_lines": 2}]
    write("two.csv", "label,x\na,1\n\nb,2\n,3\n\n")
    two = cli("analyze", "two.csv", "-f", "json").json
    assert (two["rows"], two["missing"]) == (3, 1)
    assert two["inputs"] == [{"path": "two.csv", "rows": 3, "blank_lines": 2}]


def test_a_line_break_inside_quotes_is_no_blank_line(cli, write):
    write("labels.csv", 'text,label\n"a\n\nb",x\n"c",y\n')
    document = cli("analyze", "labels.csv", "-f", "json").json
    assert document["inputs"] == [{"path": "labels.csv", "rows": 2}]


def test_labels_are_text_as_written(cli, write):
    write("labels.csv", "label\n001\n1\nNA\n1.0\n")
    found = cli("analyze", "labels.csv", "-f", "json")
    assert list(found.rows) == ["001", "1", "1.0", "NA"]


def test_labels_that_look_alike_are_announced_and_not_merged(cli, write):
    write("labels.csv", "sex\nMale\nmale \nFemale\n")
    found = cli("analyze", "labels.csv", "-f", "json")
    assert list(found.rows) == ["Female", "Male", "male "]
    assert "warning: labels that differ only in case, spaces" in found.stderr
    assert "'Male', 'male '" in found.json["warnings"][0]
    merged = cli("analyze", "labels.csv", "-f", "json", "--strip", "--casefold")
    assert list(merged.rows) == ["female", "male"]
    assert "strip:yes|casefold:yes" in merged.json["signature"]


def test_a_usual_marker_of_missing_values_is_announced_as_a_class(cli, write):
    write("labels.csv", "label\nNA\na\n?\n")
    found = cli("analyze", "labels.csv", "-f", "json")
    assert "--missing NA,?" in found.json["warnings"][0]
    left_out = cli("analyze", "labels.csv", "-f", "json", "--missing", "NA,?")
    assert (left_out.json["missing"], left_out.json["warnings"]) == (2, [])


def test_parquet_gives_what_csv_gives(cli, tmp_path, write):
    frame = pd.DataFrame({"id": range(6), "target": [1, 2, 2, 10, 1, 1]})
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.to_parquet(tmp_path / "a.parquet")
    from_csv, from_parquet = (
        cli("analyze", f"a.{s}", "-f", "json").json for s in ("csv", "parquet")
    )
    assert from_csv["classes"] == from_parquet["classes"]
    assert [row["label"] for row in from_csv["classes"]] == ["1", "2", "10"]


@pytest.mark.parametrize("suffix", ["gz", "bz2", "xz", "zst"])
def test_compressed_files_are_read_by_content(cli, tmp_path, suffix):
    frame = pd.DataFrame({"label": list("aab")})
    method = {"gz": "gzip", "zst": "zstd"}.get(suffix, suffix)
    if suffix == "zst":
        with pa.CompressedOutputStream(str(tmp_path / "l.csv.zst"), "zstd") as stream:
            stream.write(frame.to_csv(index=False).encode())
    else:
        frame.to_csv(tmp_path / f"l.csv.{suffix}", index=False, compression=method)
    assert cli("analyze", f"l.csv.{suffix}", "-f", "json").json["rows"] == 3
    (tmp_path / f"l.csv.{suffix}").rename(tmp_path / "plain.csv")
    renamed = cli("analyze", "plain.csv", "-f", "json")
    assert renamed.json["rows"] == 3
    assert f"plain.csv is compressed with {method}" in renamed.stderr


def test_tsv_and_other_delimiters(cli, write):
    write("labels.tsv", "id\tlabel\n1\ta,b\n")
    assert list(cli("analyze", "labels.tsv", "-f", "json").rows) == ["a,b"]
    write("semi.csv", "id;label\n1;a\n")
    assert list(cli("analyze", "semi.csv", "--delimiter", ";", "-f", "json").rows) == ["a"]


def test_standard_input(cli):
    found = cli("analyze", "-", "-f", "json", stdin=ABCD.encode())
    assert found.json["rows"] == 1616
    assert found.json["inputs"] == [{"path": "-", "rows": 1616}]
    assert "standard input read as csv" in found.stderr
    told = cli(
        "analyze", "-", "-f", "json", "--input-format", "csv", stdin=gzip.compress(ABCD.encode())
    )
    assert told.json["rows"] == 1616
    assert "standard input" not in told.stderr


def test_parquet_on_standard_input(cli):
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"label": list("aab")}), sink)
    assert cli("analyze", "-", "-f", "json", stdin=sink.getvalue().to_pybytes()).json["rows"] == 3


def test_several_files_are_pooled_by_column_name(cli, write):
    write("a.csv", "id,label\n1,x\n")
    write("b.csv", "label,id\ny,2\nx,3\n")
    found = cli("analyze", "a.csv", "b.csv", "-f", "json")
    assert found.json["inputs"] == [{"path": "a.csv", "rows": 1}, {"path": "b.csv", "rows": 2}]
    assert {label: row["count"] for label, row in found.rows.items()} == {"x": 2, "y": 1}


def test_a_glob_is_expanded_in_order(cli, write):
    write("part2.csv", "label\na\n")
    write("part1.csv", "label\nb\n")
    found = cli("analyze", "part*.csv", "-f", "json").json
    assert [one["path"] for one in found["inputs"]] == ["part1.csv", "part2.csv"]


def test_a_file_whose_name_looks_like_a_glob_is_that_file(cli, write):
    write("labels[1].csv", "label\na\n")
    assert cli("analyze", "labels[1].csv", "-f", "json").json["rows"] == 1


def test_a_folder_of_parquet_with_hive_partitions(cli, tmp_path):
    for label, split, n in (("cat", "train", 3), ("a b", "train", 1), ("cat", "test", 2)):
        folder = tmp_path / "data" / f"class={label.replace(' ', '%20')}" / f"split={split}"
        folder.mkdir(parents=True)
        pq.write_table(pa.table({"x": list(range(n))}), folder / "part-0.parquet")
    (tmp_path / "data" / "_hidden.parquet").write_text("no parquet")
    found = cli("analyze", "data", "-f", "json")
    assert {label: row["count"] for label, row in found.rows.items()} == {"a b": 1, "cat": 5}
    by_split = cli("analyze", "data", "-l", "split", "-f", "json")
    assert {label: row["count"] for label, row in by_split.rows.items()} == {"test": 2, "train": 4}


def test_partitions_that_a_wildcard_stands_for_are_columns(cli, tmp_path):
    for year, n in (("2019", 2), ("2020", 3)):
        folder = tmp_path / "data" / f"year={year}"
        folder.mkdir(parents=True)
        pq.write_table(pa.table({"x": ["a"] * n}), folder / "part.parquet")
    for pattern in ("data/year=*", "data/*/part.parquet", "data"):
        rows = cli("analyze", pattern, "-l", "year", "-f", "json").rows
        assert {label: row["count"] for label, row in rows.items()} == {"2019": 2, "2020": 3}


def test_a_null_partition_is_a_missing_label(cli, tmp_path):
    for value in ("__HIVE_DEFAULT_PARTITION__", "x"):
        folder = tmp_path / "data" / f"label={value}"
        folder.mkdir(parents=True)
        pq.write_table(pa.table({"x": [1, 2]}), folder / "p.parquet")
    found = cli("analyze", "data", "-f", "json").json
    assert (found["rows"], found["missing"]) == (4, 2)


def test_counts_travel_without_their_data(cli, write):
    write("a.csv", "label\nx\ny\n\nx\n")
    write("b.csv", "label\nz\n")
    cli("analyze", "a.csv", "-o", "a.json")
    merged = cli("analyze", "a.json", "b.csv", "-f", "json").json
    assert merged["inputs"] == [{"path": "a.json", "rows": 4}, {"path": "b.csv", "rows": 1}]
    assert (merged["rows"], merged["missing"]) == (5, 1)
    assert [(row["label"], row["count"]) for row in merged["classes"]] == [
        ("x", 2),
        ("y", 1),
        ("z", 1),
    ]


def test_declared_classes_fix_order_and_count_zero(cli, write):
    write("labels.csv", "label\na\nb\n")
    found = cli("analyze", "labels.csv", "--classes", "z,b,a", "-f", "json")
    assert [(row["label"], row["count"], row["ratio"]) for row in found.json["classes"]] == [
        ("z", 0, None),
        ("b", 1, 1.0),
        ("a", 1, 1.0),
    ]
    assert found.json["undefined"]["classes.ratio"] == "a class without samples has no ratio"
    write("classes.txt", "z\nb\na\n")
    from_file = cli("analyze", "labels.csv", "--classes", "classes.txt", "-f", "json")
    assert from_file.json["classes"] == found.json["classes"]


@pytest.mark.parametrize(
    "content",
    [
        '{"0": "cat", "1": "dog"}',
        '["cat", "dog"]',
        "0\tcat\n1\tdog\n",
        "0,cat\n1,dog\n",
        "cat\ndog\n",
    ],
)
def test_codes_take_names(cli, write, content):
    write("names.txt", content)
    write("labels.csv", "label\n0\n1\n0\n")
    found = cli("analyze", "labels.csv", "--names", "names.txt", "-f", "json")
    assert {label: row["count"] for label, row in found.rows.items()} == {"cat": 2, "dog": 1}


def test_a_file_without_a_header(cli, write):
    write("labels.csv", "a\nb\na\n")
    found = cli("analyze", "labels.csv", "--no-header", "-f", "json")
    assert found.json["rows"] == 3
    write("two.csv", "x,1\ny,2\n")
    assert list(cli("analyze", "two.csv", "--no-header", "-l", "1", "-f", "json").rows) == [
        "x",
        "y",
    ]


def test_a_number_names_a_column_unless_a_name_does(cli, write):
    write("labels.csv", "a,1\nx,y\n")
    assert list(cli("analyze", "labels.csv", "-l", "1", "--header", "-f", "json").rows) == ["y"]
    assert list(cli("analyze", "labels.csv", "-l", "2", "--header", "-f", "json").rows) == ["y"]


def test_index_columns_are_no_labels(cli, tmp_path):
    pd.DataFrame({"species": list("aab")}).to_csv(tmp_path / "indexed.csv")
    assert (
        cli("analyze", "indexed.csv", "-f", "json").json["parameters"]["label-column"] == "species"
    )
    frame = pd.DataFrame({"species": list("aab")}, index=[3, 4, 5])
    frame.to_parquet(tmp_path / "indexed.parquet")
    assert cli("analyze", "indexed.parquet", "-f", "json").json["rows"] == 3


def test_other_dialects(cli, write):
    write("labels.csv", "# made by hand\n'id'|'label'\n1|'it\\'s'\n2|'a|b'\n")
    found = cli(
        "analyze",
        "labels.csv",
        *("--skip-lines", "1", "--delimiter", "|", "--quote-char", "'", "--escape-char", "\\"),
        *("-f", "json"),
    )
    assert list(found.rows) == ["a|b", "it's"]
    write("raw.csv", 'id,label\n1,5" pipe\n2,"\n')
    assert list(cli("analyze", "raw.csv", "--no-quoting", "-f", "json").rows) == ['"', '5" pipe']


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "cp1252"])
def test_other_encodings(cli, write, encoding):
    write("labels.csv", "label\nété\n".encode(encoding))
    found = cli("analyze", "labels.csv", "--encoding", encoding, "-f", "json")
    assert list(found.rows) == ["été"]


def test_buckets_say_their_bounds(cli, abcd):
    document = cli("analyze", "labels.csv", "--buckets", "400,200", "-f", "json").json
    assert document["buckets"] == {"many": 2, "medium": 1, "few": 1}
    assert document["parameters"]["bucket_rule"] == "many > 400, medium 200 to 400, few < 200"


def test_sorting_and_top_change_the_display_only(cli, abcd):
    shown = cli("analyze", "labels.csv", "--sort", "count", "--top", "2").stdout
    lines = [line.split()[0] for line in shown.splitlines() if "%" in line]
    assert lines[:3] == ["C", "B", "other"]
    assert "other (2 classes)    470  29.08%" in shown


def test_an_output_file_takes_its_format_from_its_suffix(cli, abcd, tmp_path):
    assert cli("analyze", "labels.csv", "-o", "out.json").stdout == ""
    assert json.loads((tmp_path / "out.json").read_text())["schema"] == "wcetool.analyze/1"
    cli("analyze", "labels.csv", "-o", "out.txt")
    assert "Imbalance ratio" in (tmp_path / "out.txt").read_text()


def test_quiet_hides_notes_and_not_the_result(cli, abcd):
    found = cli("analyze", "labels.csv", "-q")
    assert found.stderr == ""
    assert "Imbalance ratio" in found.stdout


def test_verbose_says_how_long_it_took(cli, abcd):
    assert (
        "analyzed 1,616 rows, 4 classes, 0 missing labels ("
        in cli("analyze", "labels.csv", "-v").stderr
    )


def test_jobs_change_nothing(cli, tmp_path):
    table = pa.table({"label": [str(i % 7) for i in range(5000)]})
    pq.write_table(table, tmp_path / "l.parquet", row_group_size=100)
    outputs = {cli("analyze", "l.parquet", "-f", "json", "-j", jobs).stdout for jobs in (1, 2, 5)}
    assert len(outputs) == 1


def test_a_pipe_is_read_like_standard_input(cli, tmp_path):
    import os
    import threading

    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_text, args=(ABCD,))
    writer.start()
    found = cli("analyze", "pipe", "-f", "json")
    writer.join()
    assert found.json["rows"] == 1616
    assert "note: pipe read as csv" in found.stderr


def test_a_device_is_no_label_file(cli):
    assert "is empty" in cli("analyze", "/dev/null").stderr
    assert "NUL bytes" in cli("analyze", "/dev/zero").stderr


def test_comments_below_a_byte_order_mark(cli, write):
    write("labels.csv", b"\xef\xbb\xbf#c\nlabel\na\n#b\nb\n")
    assert list(cli("analyze", "labels.csv", "--comment", "#", "-f", "json").rows) == ["a", "b"]


def test_counts_keep_their_order_and_how_they_were_read(cli, write):
    write("labels.csv", "label,x\ndog,1\ncat,2\n?,3\n")
    cli("analyze", "labels.csv", "--classes", "emu,dog,cat", "--missing", "?", "-o", "counts.json")
    found = cli("analyze", "counts.json", "-f", "json").json
    assert [row["label"] for row in found["classes"]] == ["emu", "dog", "cat"]
    for part in ("declared:emu,dog,cat", "missing:?", "label-column:label"):
        assert f"|{part}|" in found["signature"]
    write("more.csv", "label,x\nant,1\n")
    found = cli("analyze", "counts.json", "more.csv", "-f", "json").json
    assert [row["label"] for row in found["classes"]] == ["ant", "cat", "dog", "emu"]


def test_the_signature_has_what_a_file_of_names_says(cli, write):
    write("labels.csv", "label\n0\n1\n")
    write("names.json", '{"0": "no", "1": "yes"}')
    write("classes.txt", "yes\nno\n")
    args = ("analyze", "labels.csv", "--names", "names.json", "--classes", "classes.txt")
    first = cli(*args, "-f", "json").json["signature"]
    assert "|declared:yes,no|names:0=no,1=yes|" in first
    write("names.json", json.dumps({"0": "no", "1": "yes", "2": "x" * 300}))
    second = cli(*args, "-f", "json").json["signature"]
    assert "|names:sha256:" in second


def test_the_signature_is_the_last_line(cli, abcd):
    signature = cli("analyze", "labels.csv", "-f", "json").json["signature"]
    assert cli("analyze", "labels.csv").stdout.splitlines()[-1] == signature
    last = cli("analyze", "labels.csv", "-f", "md").stdout.splitlines()[-1]
    assert last.replace("\\", "") == signature


def test_a_table_of_very_many_classes_is_summed_up(cli, write):
    write("labels.csv", "label\n" + "".join(f"c{i}\nc{i}\n" for i in range(1500)))
    found = cli("analyze", "labels.csv")
    assert "note: the first 1,000 of 1,500 classes" in found.stderr
    assert "other (500 classes)" in found.stdout
    quiet = cli("analyze", "labels.csv", "-q")
    assert quiet.stderr == ""
    assert quiet.stdout.partition("\nanalyze|")[0] == found.stdout.partition("\nWhat could")[0]
    assert len(cli("analyze", "labels.csv", "-f", "csv").stdout.splitlines()) == 1501
    assert "other (10 classes)" in cli("analyze", "labels.csv", "--top", "1490").stdout


def test_balanced_classes_are_said_to_be(cli, write):
    write("labels.csv", "label\na\nb\n")
    assert "The classes are balanced: each has 1 label." in cli("analyze", "labels.csv").stdout
