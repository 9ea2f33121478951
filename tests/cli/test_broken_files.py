"""What the fuzz suite found, one test each: broken files are refused, with the reason."""

import base64
import io
import json
import struct
import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import wcetool
from wcetool.data.labels import label_warnings


def refused(ran, code, *texts):
    assert ran.code == code, ran.stderr
    assert ran.stdout == ""
    for text in texts:
        assert text in ran.stderr


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_an_encoding_without_its_mark(cli, write, encoding):
    write("labels.txt", "label\na\n")
    refused(cli("analyze", "labels.txt", "--encoding", encoding), 3, "error: labels.txt: ")


@pytest.mark.parametrize(
    "header",
    ["{'descr': '<f8', 'fortran_order': False, 'shape': (2", "(((", "{1:[", "\\", "'''", "{}"],
)
def test_a_npy_header_that_is_no_literal(cli, write, header):
    data = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode()
    write("costs.npy", data)
    write("w.npy", data)
    write("preds.csv", "label,p_a,p_b\na,0.5,0.5\nb,0.5,0.5\n")
    for args in (
        ["score", "preds.csv", "--weight-by", "pair", "--cost-matrix", "costs.npy"],
        ["check", "w.npy", "preds.csv"],
    ):
        ran = cli(*args)
        assert ran.code in (2, 3), ran.stderr
    refused(cli("check", "w.npy", "preds.csv"), 3, "w.npy: is not a whole NumPy array")


def test_names_with_a_lone_carriage_return(cli, write):
    write("labels.csv", "label\na\n")
    write("names.csv", "a,A\nb\r,B\n")
    refused(cli("analyze", "labels.csv", "--names", "names.csv"), 3, "names.csv: is not lines of")


def test_classes_that_are_too_long_for_a_file_name(cli, write):
    write("labels.csv", "label\na\n")
    ran = cli("analyze", "labels.csv", "--classes", "a," + "b" * 5000, "-f", "json")
    assert {label: row["count"] for label, row in ran.rows.items()} == {"a": 1, "b" * 5000: 0}


def test_scores_near_the_end_of_the_floats_are_no_decimals(cli):
    pq.write_table(
        pa.table({"label": ["a", "b"], "p_a": [1e308, 0.5], "p_b": [0.5, -1e308]}), "p.parquet"
    )
    refused(cli("score", "p.parquet"), 3, "p.parquet")


def renamed(path, old, new):
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new))


def test_parquet_names_and_texts_that_are_no_utf8(cli, tmp_path):
    path = tmp_path / "labels.parquet"
    table = pa.table(
        {"label": ["aaaa", "bbbb"], "group": ["gggg", "hhhh"], "score": [[0.5], [1.0]]}
    )
    for old in (b"label", b"group", b"score", b"aaaa", b"gggg"):
        pq.write_table(table, path, compression="none", store_schema=False)
        renamed(path, old, b"\xff" * len(old))
        for args in (
            ["analyze", path, "-l", "label", "--group-column", "group"],
            ["score", path, "--labels", path, "--id-column", "group"],
        ):
            ran = cli(*args)
            assert ran.code in (0, 2, 3), ran.stderr
    pq.write_table(table, path, compression="none")
    renamed(path, b"aaaa", b"\xff" * 4)
    refused(cli("analyze", path, "-l", "label"), 3, "is not UTF-8 text")


def test_a_weight_file_whose_labels_are_no_utf8(cli, write, tmp_path):
    write("labels.csv", "label\na\n")
    path = tmp_path / "w.parquet"
    pq.write_table(pa.table({"label": ["aaaa"], "weight": [1.0]}), path, compression="none")
    for old in (b"aaaa", b"weight"):
        content = path.read_bytes()
        renamed(path, old, b"\xff" * len(old))
        refused(cli("check", "w.parquet", "labels.csv"), 3, "w.parquet: ")
        path.write_bytes(content)


def test_a_weight_file_of_too_many_rows(cli, write, tmp_path):
    write("labels.csv", "label\na\n")
    n = 10_000_001
    label = pa.DictionaryArray.from_arrays(pa.array(np.zeros(n, np.int8)), pa.array(["a"]))
    table = pa.table({"label": label, "weight": np.ones(n, np.float32)})
    pq.write_table(table, tmp_path / "w.parquet")
    refused(cli("check", "w.parquet", "labels.csv"), 3, "w.parquet: has 10,000,001 rows")


def test_a_zip_archive_with_a_file_without_a_name(cli, write):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("q", "label\na\n")
    write("labels.zip", stream.getvalue().replace(b"q", b"\0"))
    ran = cli("analyze", "labels.zip", "--input-format", "csv")
    assert ran.code in (0, 3), ran.stderr


def test_a_prior_of_more_than_a_float(cli, write):
    write("labels.csv", "label\na\nb\n")
    document = wcetool.analyze(["a", "b"]).to_dict()
    document["classes"][0]["count"] = 10**400
    write("prior.json", json.dumps(document))
    refused(
        cli("weights", "labels.csv", "--scheme", "target-prior", "--prior", "prior.json"),
        3,
        "prior.json: its classes are not labels with counts",
    )


@pytest.mark.parametrize("digits", [30, 5000])
def test_numbers_of_many_digits(cli, write, digits):
    write("preds.csv", "label,p_a,p_b\na,0.5,0.5\nb,0.5,0.5\n")
    refused(cli("score", "preds.csv", "--batch-size", "9" * digits), 2, "is no number of rows")
    refused(cli("analyze", "preds.csv", "-l", "9" * digits), 3, "not found")


def test_a_nul_byte_in_a_path(cli, write):
    write("labels.csv", "label\na\n")
    write("wcetool.toml", 'names = "a\\u0000b"\n')
    ran = cli("analyze", "labels.csv")
    assert ran.code in (2, 3), ran.stderr


def test_long_integers_are_not_alike_because_floats_are_short():
    labels = {"9007199254740992": 1, "9007199254740993": 1, "1" * 400: 1, "2" * 400: 1}
    assert label_warnings(labels) == []
    assert "'1', '1.0'" in label_warnings({"1": 1, "1.0": 1})[0]


# Two bits of the footer are flipped: pyarrow ends the process where it is asked for a column chunk.
DAMAGED_FOOTER = (
    "UEFSMRUEFSAVJEwVBBUAEgAAEDwBAAAAAAAAAAIAAAAAAAAAFQAVEhUWLBUIFRAVBhUGHBgIAgAAAAAAAAAYCAEA"
    "AAAAAAAAFgIoCAIAAAAAAAAAGAgBAAAAAAAAABERAAAACSACAAAAAwsBAwYVBBVQFTxMFQoVABIAACgAAAUBBOA/"
    "BQcEANANCADoDQgk8D8AAAAAAAAAABUAFSIVJiwVEBUQFQYVBhwYCAAAAAAAAPA/GAgAAAAAAAAAgBYAKAgAAAAA"
    "AADwPxgIAAAAAAAAAIAREQAAABFAAgAAAAOqAgAAABADAwNANHIVBBlcNQAYBnNjaGVtYRUEABUEJQIYBWxhYmVs"
    "ADUAGAVzY29yZRUCFQZMPAAAADUEGARsaXN0FQIAFQolAhgHZWxlbWVudAAWCBkcGSwmABwVBBk1AAYQGRgFbGFi"
    "ZWwVAhYIFswBFtQBJkgmCBwYCAIAAAAAAAAAGAgBAAAAAAAAABYCKAgCAAAAAAAAABgIAQAAAAAAAAAREQAZLBUE"
    "FQAVAgAVABUQFQIAPCkGGSYCBgAAACYAHBUKGTUABhAZOAVzY29yZQRsaXN0B2VsZW1lbnQVAhYQFowCFvwBJrQC"
    "JtwBHBgIAAAAAAAA8D8YCAAAAAAAAACAFgAoCAAAAAAAAPA/GAgAAAAAAAAAgBERABksFQQVABUCABUAFRAVAgA8"
    "KSYICBlGAAAAEAAAABbYAxYIJggW0AMAGRwYDEFSUk9XOnNjaGVtYRi4Ai8vLy8vK0FBQUFBUUFBQUFBQUFLQUF3"
    "QUJnQUZBQWdBQ2dBQUFBQUJCQUFNQUFBQUNBQUlBQUFBQkFBSUFBQUFCQUFBQUFJQUFBQjRBQUFBQkFBQUFLRC8v"
    "LzhBQUFFTUZBQUFBQ0FBQUFBRUFBQUFBUUFBQUJnQUFBQUZBQUFBYzJOdmNtVUFBQUFFQUFRQUJBQUFBTkQvLy84"
    "QUFBRURFQUFBQUJ3QUFBQUVBQUFBQUFBQUFBUUFBQUJwZEdWdEFBQUdBQWdBQmdBR0FBQUFBQUFDQUJBQUZBQUlB"
    "QVlBQndBTUFBQUFFQUFRQUFBQUFBQUJBaEFBQUFBZ0FBQUFCQUFBQUFBQUFBQUZBQUFBYkdGaVpXd0FBQUFJQUF3"
    "QUNBQUhBQWdBQUFBQUFBQUJRQUFBQUE9PQAYIHBhcnF1ZXQtY3BwLWFycm93IHZlcnNpb24gMjYuMC4xGSwcAAAc"
    "AAAAswIAAFBBUjE="
)


def test_damaged_statistics_of_a_column_do_not_end_the_process(cli, write):
    write("list.parquet", base64.b64decode(DAMAGED_FOOTER))
    refused(cli("score", "list.parquet"), 3, "list.parquet: is not a whole Parquet file")


def test_an_error_says_nothing_that_differs_from_run_to_run(cli, write):
    header = b"{'descr': nan, 'fortran_order': False, 'shape': (2,)}"
    write("y.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header)
    assert " at 0x" not in cli("analyze", "y.npy").stderr
