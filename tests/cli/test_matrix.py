"""Every command gives the same result for every form of the same input."""

import bz2
import gzip
import lzma

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv
import pytest

ROWS = pd.DataFrame(
    {
        "label": ["cat", "dog", "cat", "emu", "cat", "dog"] * 5,
        "p_cat": [0.5, 0.25, 0.75, 0.25, 0.5, 0.25] * 5,
        "p_dog": [0.25, 0.5, 0.125, 0.25, 0.25, 0.5] * 5,
        "p_emu": [0.25, 0.25, 0.125, 0.5, 0.25, 0.25] * 5,
    }
)
COMMANDS = {
    "analyze": ("analyze", "{}", "-l", "label"),
    "weights": ("weights", "{}", "-l", "label"),
    "score": ("score", "{}", "--weights", "inverse"),
}


def zstd(data):
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    return sink.getvalue().to_pybytes()


def as_csv(rows):
    return rows.to_csv(index=False).encode()


def as_arrow_csv(rows):
    sink = pa.BufferOutputStream()
    pacsv.write_csv(pa.Table.from_pandas(rows, preserve_index=False), sink)
    return sink.getvalue().to_pybytes()


FORMS = {
    "csv": as_csv,
    "quoted.csv": as_arrow_csv,
    "crlf.csv": lambda rows: as_csv(rows).replace(b"\n", b"\r\n"),
    "bom.csv": lambda rows: b"\xef\xbb\xbf" + as_csv(rows),
    "tsv": lambda rows: rows.to_csv(index=False, sep="\t").encode(),
    "csv.gz": lambda rows: gzip.compress(as_csv(rows)),
    "csv.bz2": lambda rows: bz2.compress(as_csv(rows)),
    "csv.xz": lambda rows: lzma.compress(as_csv(rows)),
    "csv.zst": lambda rows: zstd(as_csv(rows)),
    "parquet": lambda rows: rows.to_parquet(None, row_group_size=7),
}
FROM_DATA = ("inputs", "source", "parameters", "notes", "signature")


def result(ran):
    assert ran.code == 0, ran.stderr
    return {key: value for key, value in ran.json.items() if key not in FROM_DATA}


def run(cli, command, paths, *options, stdin=b""):
    args = [part for arg in COMMANDS[command] for part in (paths if arg == "{}" else [arg])]
    return cli(*args, "-f", "json", *options, stdin=stdin)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_every_form_gives_one_result(cli, write, command, form, jobs):
    write("whole.csv", as_csv(ROWS))
    expected = result(run(cli, command, ["whole.csv"]))
    write(f"all.{form}", FORMS[form](ROWS))
    write(f"one.{form}", FORMS[form](ROWS[:11]))
    write(f"two.{form}", FORMS[form](ROWS[11:]))
    assert result(run(cli, command, [f"all.{form}"], "-j", jobs)) == expected
    parts = [f"one.{form}", f"two.{form}"]
    assert result(run(cli, command, parts, "-j", jobs)) == expected
    assert result(run(cli, command, parts[::-1], "-j", jobs)) == expected
    tabs = ["--input-format", "tsv"] if form == "tsv" else []
    stdin = (FORMS[form](ROWS), ["-"])
    assert result(run(cli, command, stdin[1], *tabs, "-j", jobs, stdin=stdin[0])) == expected
