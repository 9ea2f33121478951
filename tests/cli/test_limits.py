"""Files made to use up memory or time: bounded, or refused with the limit and what raises it."""

import bz2
import gzip
import json
import lzma
import os
import resource
import subprocess
import sys
import threading
import time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import wcetool
from wcetool.data import side_files
from wcetool.data.formats import byte_ranges, parquet
from wcetool.data.options import LabelRules
from wcetool.errors import InputError, UsageError

PEAK = (
    "import resource, subprocess, sys; "
    "ran = subprocess.run(sys.argv[1:], capture_output=True, text=True); "
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024, ran.returncode, "
    "ran.stderr)"
)


def ran_with_peak(*args, **more):
    """Run the program; return its peak in MB, its code and what it said."""
    command = [sys.executable, "-S", "-c", PEAK, sys.executable, "-m", "wcetool", *map(str, args)]
    out = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120, **more)
    peak, code, said = out.stdout.split(" ", 2)
    return int(peak), int(code), said


def refused(ran, *texts):
    assert ran.code == 3, ran.stderr
    assert ran.stdout == ""
    for text in texts:
        assert text in ran.stderr


@pytest.mark.parametrize("compress", [bytes, gzip.compress, bz2.compress, lzma.compress])
@pytest.mark.parametrize("header", [b"", b"id,label\n1,a\n"])
def test_a_line_that_never_ends(write, compress, header):
    """30 MB of one line, which most compressions write in some kB."""
    path = write("labels.csv", compress(header + b"x" * 30_000_000))
    peak, code, said = ran_with_peak("analyze", path, "-q", "-j", "2")
    assert code == 3
    assert "a row is longer than 2 MB" in said
    assert "--max-row 64" in said
    assert peak < 350


def test_a_stream_without_end_is_refused_at_its_first_long_line(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")

    def write_for_ever():
        with open(tmp_path / "pipe.csv", "wb") as pipe:
            try:
                while True:
                    pipe.write(b"x" * 100_000)
            except BrokenPipeError:
                return

    writer = threading.Thread(target=write_for_ever, daemon=True)
    writer.start()
    peak, code, said = ran_with_peak("analyze", tmp_path / "pipe.csv")
    assert (code, peak < 300) == (3, True)
    assert "a row is longer than 2 MB: the first one" in said


def test_a_compressed_file_that_expands_far_is_counted_in_bounded_memory(write):
    """A legitimate bomb: that holds 16 million labels."""
    path = write("labels.csv.gz", gzip.compress(b"id,label\n" + b"1,a\n2,b\n" * 8_000_000, 1))
    peak, code, said = ran_with_peak("analyze", path, "-q")
    assert (code, said.strip()) == (0, "")
    assert peak < 400


def test_a_longer_row_can_be_allowed(cli, write):
    long = "x" * 6_000_000
    write("labels.csv", f'note,label\n"{long}",a\nb,b\n')
    refused(cli("analyze", "labels.csv"), "a row is longer than 2 MB", "--max-row 64")
    ran = cli("analyze", "labels.csv", "--max-row", "8", "-f", "json")
    assert {label: row["count"] for label, row in ran.rows.items()} == {"a": 1, "b": 1}
    names = ",".join(f"column {i}" for i in range(200_000))  # 2.4 MB of header
    write("wide.csv", f"{names},label\n{',' * 200_000}a\n")
    refused(cli("analyze", "wide.csv", "-l", "label"), "a row is longer than 2 MB: the first one")
    ran = cli("analyze", "wide.csv", "-l", "label", "--max-row", "4", "-f", "json")
    assert ran.rows["a"]["count"] == 1


@pytest.mark.parametrize("size", ["0", "-1", "1025", "1000000000000000000000"])
def test_a_length_of_rows_that_is_none(cli, write, size):
    write("labels.csv", "label\na\n")
    ran = cli("analyze", "labels.csv", "--max-row", size)
    assert ran.code == 2
    assert "--max-row: " in ran.stderr
    assert "is not a number of MB from 1 to 1,024" in ran.stderr


def test_a_length_of_rows_without_effect_is_refused(cli):
    pq.write_table(pa.table({"label": ["a"]}), "labels.parquet")
    ran = cli("analyze", "labels.parquet", "--max-row", "4")
    assert ran.code == 2
    assert "--max-row: has no effect" in ran.stderr


def test_ten_million_columns(write):
    path = write("wide.csv", ",".join(["x"] * 10_000_000) + "\n")
    began = time.monotonic()
    peak, code, said = ran_with_peak("analyze", path)
    assert code == 3
    assert "a row is longer than 2 MB: the first one" in said
    assert peak < 300
    assert time.monotonic() - began < 60


def test_as_many_columns_as_a_row_holds(write):
    path = write("wide.csv", ",".join(["x"] * 300_000) + ",label\n")
    peak, code, said = ran_with_peak("analyze", path)
    assert code == 3
    assert "has a header and no rows" in said
    assert peak < 500


@pytest.mark.parametrize("form", ["csv", "csv.gz", "parquet", "memory"])
@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("separator", [None, "|"])
def test_the_text_of_labels_is_limited_over_all_parts(tmp_path, monkeypatch, form, jobs, separator):
    """No part of the file holds too much of it; together they do."""
    monkeypatch.setattr(LabelRules, "max_characters", 1000)
    monkeypatch.setattr(byte_ranges, "RANGE_BYTES", 128)
    monkeypatch.setattr(parquet, "SPLIT_ROWS", 1)
    labels = [f"{i:030}" for i in range(100)]
    path = tmp_path / f"labels.{form}"
    data = ("id,label\n" + "".join(f"1,{label}\n" for label in labels)).encode()
    if form == "parquet":
        pq.write_table(pa.table({"label": labels}), path, row_group_size=10)
    elif form != "memory":
        path.write_bytes(gzip.compress(data) if form.endswith("gz") else data)
    given = labels if form == "memory" else path
    more = {} if separator is None else {"label_separator": separator}
    with pytest.raises(InputError, match="more than 1,000 characters of distinct labels") as caught:
        wcetool.analyze(given, jobs=jobs, **more)
    assert "--max-classes N, which allows 256 characters a class" in str(caught.value)
    monkeypatch.setattr(LabelRules, "max_characters", 3000)
    assert wcetool.analyze(given, jobs=jobs, **more).rows == 100


def test_more_classes_may_have_more_text():
    assert LabelRules().max_characters == 256_000_000
    assert LabelRules(max_classes=2).max_characters == 256_000_000
    assert LabelRules(max_classes=2_000_000).max_characters == 512_000_000


def test_a_device_without_end_is_no_small_file(cli, write, monkeypatch):
    monkeypatch.setattr(side_files, "MOST_BYTES", 1 << 20)
    write("labels.csv", "label\n0\n")
    for args in (
        ["analyze", "labels.csv", "--names", "/dev/zero"],
        ["score", "labels.csv", "--weights", "/dev/zero"],
        ["analyze", "/dev/zero"],
    ):
        ran = cli(*args)
        assert ran.code in (2, 3)
        assert "Traceback" not in ran.stderr


def test_a_small_file_that_is_none(cli, write, monkeypatch):
    monkeypatch.setattr(side_files, "MOST_BYTES", 1 << 20)
    write("labels.csv", "label\na\n")
    write("names.json", json.dumps({"a": "x" * (2 << 20)}))
    for option in ("--names", "--classes"):
        refused(cli("analyze", "labels.csv", option, "names.json"), "is larger than 1 MB")


@pytest.mark.parametrize(
    "document", ["[" * 100_000, '{"a":' * 100_000, '{"schema": ' + "[" * 99_999]
)
def test_json_that_is_nested_deeply(cli, write, document):
    write("labels.csv", "label\na\nb\n")
    write("deep.json", document)
    for args in (
        ["analyze", "deep.json", "--input-format", "counts"],
        ["weights", "labels.csv", "--scheme", "la-posterior", "--prior", "deep.json"],
        ["analyze", "labels.csv", "--names", "deep.json"],
        ["check", "deep.json", "labels.csv"],
    ):
        ran = cli(*args)
        assert ran.code in (2, 3), ran.stderr
        assert "Traceback" not in ran.stderr


def test_a_configuration_that_is_nested_deeply(cli, write):
    write("labels.csv", "label\na\n")
    write("wcetool.toml", "digits = " + "[" * 100_000)
    ran = cli("analyze", "labels.csv")
    assert (ran.code, ran.stdout) == (2, "")
    assert "is not TOML" in ran.stderr


@pytest.mark.parametrize(
    "args",
    [
        ["--top", "1" + "0" * 30],
        ["-j", "1000000000"],
        ["-j", "1" + "0" * 30],
        ["--max-classes", "1" + "0" * 30],
        ["--memory", "999999999999999999TB"],
        ["--skip-lines", "1" + "0" * 30],
        ["--skip-lines", "2000000000"],
        ["--digits", "1" + "0" * 30],
        ["--buckets", "1" + "0" * 30],
        ["--top", "1" * 5000],
        ["--fail-if", "ratio > " + "9" * 5000],
        ["--fail-if", "ratio > 1e" + "9" * 500],
        ["--n-features", "1" + "0" * 30],
        ["--delimiter", "\u0660"],
        ["-l", "*" * 50],
        ["-l", "*a" * 50 + "b"],
    ],
    ids=lambda args: " ".join(args)[:30],
)
def test_absurd_values_of_options(cli, write, args):
    write("labels.csv", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\na\nb\na\n")
    began = time.monotonic()
    ran = cli("analyze", "labels.csv", *args)
    assert ran.code in (0, 1, 2, 3), ran.stderr
    assert len(ran.stderr) < 20_000
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("n_rows", [10**6, 2**31, 2**62, -1])
def test_a_parquet_file_that_claims_more_rows_than_it_has(cli, tmp_path, n_rows):
    """The number of rows stands in the footer, as a number of variable length."""
    pq.write_table(pa.table({"label": ["a", "b"] * 50}), "labels.parquet", compression="none")
    data = (tmp_path / "labels.parquet").read_bytes()

    def zigzag(n):
        n, out = (n << 1) ^ (n >> 63), b""
        while n > 127:
            out, n = out + bytes([n & 127 | 128]), n >> 7
        return out + bytes([n])

    size = int.from_bytes(data[-8:-4], "little")
    footer, old = data[-8 - size : -8], b"\x16" + zigzag(100)
    assert old in footer
    changed = footer.replace(old, b"\x16" + zigzag(n_rows))
    (tmp_path / "labels.parquet").write_bytes(
        data[: -8 - size] + changed + len(changed).to_bytes(4, "little") + b"PAR1"
    )
    for command in ("analyze", "score"):
        ran = cli(command, "labels.parquet")
        assert (ran.code, ran.stdout) == (3, ""), ran.stderr


def test_parquet_that_repeats_one_value_takes_no_memory(tmp_path):
    """10 million rows in a few kB."""
    column = pa.DictionaryArray.from_arrays(
        pa.array(np.zeros(10_000_000, np.int8)), pa.array(["a"])
    )
    path = tmp_path / "labels.parquet"
    pq.write_table(pa.table({"label": column}), path, row_group_size=10_000_000)
    assert path.stat().st_size < 1_000_000
    peak, code, _ = ran_with_peak("analyze", path, "-q")
    assert (code, peak < 400) == (0, True)


def test_an_array_that_claims_more_than_it_holds(cli, write):
    header = "{'descr': '<f8', 'fortran_order': False, 'shape': (%s,), }"
    write("labels.csv", "label\na\nb\n")
    for shape in ("10**3", str(10**12), str(2**63), "-5", "1," * 100):
        text = (header % shape).encode()
        data = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + bytes(16)
        write("w.npy", data)
        write("costs.npy", data)
        refused(cli("check", "w.npy", "labels.csv"), "w.npy: ")


def test_the_most_memory_that_is_asked_for_is_not_taken(write):
    """What is allowed is a limit, and nothing is reserved for it."""
    path = write("labels.csv", "id,label\n" + "1,a\n" * 1000)

    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))

    ran = subprocess.run(
        [sys.executable, "-m", "wcetool", "analyze", path, "--memory", "900GB", "--max-row", "512"],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=limit,
    )
    assert ran.returncode == 0, ran.stderr


def test_the_limits_are_where_the_options_say(monkeypatch):
    with pytest.raises(UsageError, match="--max-row"):
        wcetool.analyze(["a"], max_row=0)
