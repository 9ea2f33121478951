"""Zip archives: one text file in it, or the one that is named."""

import gzip
import io
import subprocess
import sys
import zipfile

import pytest

ROWS = "".join(f"{i},{'ab'[i % 3 == 0]}\n" for i in range(300))
CSV = f"id,label\n{ROWS}"
COUNTS = {"a": 200, "b": 100}


def zipped(files, method=zipfile.ZIP_DEFLATED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return stream.getvalue()


def counts(ran):
    assert ran.code == 0, ran.stderr
    return {label: row["count"] for label, row in ran.rows.items()}


def refused(ran, *texts):
    assert ran.code == 3, ran.stderr
    assert ran.stdout == ""
    for text in texts:
        assert text in ran.stderr


@pytest.mark.parametrize(
    "method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_one_file(cli, write, method):
    write("labels.zip", zipped([("in/labels.csv", CSV)], method))
    ran = cli("analyze", "labels.zip", "-f", "json")
    assert counts(ran) == COUNTS
    assert "note: labels.zip: the file 'in/labels.csv' in it is read" in ran.stderr


def test_what_systems_add_is_no_file(cli, write):
    added = [("__MACOSX/._a.csv", b"\0"), (".DS_Store", b"\0"), ("in/", b"")]
    write("labels.zip", zipped([*added, ("in/a.csv", CSV)]))
    assert counts(cli("analyze", "labels.zip", "-f", "json")) == COUNTS


def test_the_file_that_is_named(cli, write):
    write("two.zip", zipped([("a.csv", CSV), ("b.tsv", "label\nx\n")]))
    refused(cli("analyze", "two.zip"), "holds 2 files", "files: 'a.csv', 'b.tsv'", "--member")
    assert counts(cli("analyze", "two.zip", "--member", "a.csv", "-f", "json")) == COUNTS
    assert counts(cli("analyze", "two.zip", "--member", "b.tsv", "-f", "json")) == {"x": 1}
    ran = cli("analyze", "two.zip", "--member", "c.csv")
    refused(ran, "holds no file 'c.csv'", "hint: --member a.csv")


def test_standard_input_and_a_wrong_suffix(cli, write):
    content = zipped([("a.csv", CSV)])
    assert counts(cli("analyze", "-", "-f", "json", stdin=content)) == COUNTS
    write("labels.csv", content)
    ran = cli("analyze", "labels.csv", "-f", "json")
    assert counts(ran) == COUNTS
    assert "labels.csv is compressed with zip, by its content" in ran.stderr


def test_threads_and_two_archives(cli, write):
    write("a.zip", zipped([("a.csv", CSV)]))
    write("b.zip", zipped([("b.csv", CSV)]))
    for jobs in (1, 2):
        ran = cli("analyze", "a.zip", "b.zip", "-f", "json", "-j", jobs)
        assert counts(ran) == {"a": 400, "b": 200}


@pytest.mark.parametrize("name", ["../../etc/passwd.csv", "/abs.csv", "a\n\x1b[31m.csv"])
def test_names_are_shown_and_never_used(cli, write, tmp_path, name):
    write("in/labels.zip", zipped([(name, CSV)]))
    before = sorted(tmp_path.rglob("*"))
    ran = cli("analyze", "in/labels.zip", "-f", "json")
    assert counts(ran) == COUNTS
    assert "\x1b" not in ran.stderr
    assert sorted(tmp_path.rglob("*")) == before


def patched(content, signature, offset, value):
    content = bytearray(content)
    content[content.rindex(signature) + offset] ^= value
    return bytes(content)


LOCAL, CENTRAL = b"PK\3\4", b"PK\1\2"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (zipped([]), "the archive is empty"),
        (zipped([("a.zip", zipped([("a.csv", CSV)]))]), "is zip inside zip"),
        (zipped([("a.csv.gz", gzip.compress(CSV.encode()))]), "is gzip inside zip"),
        (zipped([("a.parquet", b"PAR1" + bytes(100))]), "is Parquet inside zip"),
        (zipped([("a.csv", CSV)])[:-30], "the zip archive is damaged"),
        (patched(zipped([("a.csv", CSV)]), CENTRAL, 8, 1), "'a.csv' is encrypted"),
        (patched(zipped([("a.csv", CSV)]), CENTRAL, 16, 1), "Bad CRC-32"),
        (patched(zipped([("a.csv", CSV)]), LOCAL, 90, 255), "the zip archive is damaged"),
        (patched(zipped([("a.csv", CSV)]), CENTRAL, 10, 99), "the zip archive is damaged"),
    ],
)
def test_archives_that_cannot_be_read(cli, write, content, text):
    write("labels.zip", content)
    refused(cli("analyze", "labels.zip"), "error: labels.zip: ", text)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_files_of_one_name(cli, write):
    write("labels.zip", zipped([("a.csv", CSV), ("a.csv", "label\nx\n")]))
    refused(cli("analyze", "labels.zip", "--member", "a.csv"), "2 files are called 'a.csv'")


def test_a_file_that_unpacks_to_a_thousand_times_its_size(tmp_path):
    path = tmp_path / "bomb.zip"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("labels.csv", "w") as member,
    ):
        member.write(b"label\n")
        for _ in range(64):
            member.write(b"a\n" * (1 << 20))
    assert (tmp_path / "bomb.zip").stat().st_size < 200_000
    code = (
        "import resource, subprocess, sys\n"
        "subprocess.run([sys.executable, '-m', 'wcetool', *sys.argv[1:]])\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, "analyze", "bomb.zip", "-f", "csv"],
        capture_output=True,
        cwd=tmp_path,
        check=False,
        text=True,
    )
    assert "a,0,67108864," in ran.stdout
    assert int(ran.stderr.split()[-1]) < 400_000  # kilobytes
