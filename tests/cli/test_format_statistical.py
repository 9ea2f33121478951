"""Files of SPSS, Stata and SAS."""

import importlib

import numpy as np
import pandas as pd
import pyreadstat
import pytest


def counts(ran):
    assert ran.code == 0, ran.stderr
    return {label: row["count"] for label, row in ran.rows.items()}


def refused(ran, *texts):
    assert ran.code == 3, ran.stderr
    assert ran.stdout == ""
    for text in texts:
        assert text in ran.stderr


@pytest.fixture
def frame():
    return pd.DataFrame(
        {
            "code": [1.0, 2.0, 2.0, np.nan],
            "text": ["001", "", "NA", "é"],
            "real": np.array([0.1, 1, 1, 2], "f8"),
        }
    )


WRITERS = {
    "a.sav": pyreadstat.write_sav,
    "a.zsav": lambda frame, path: pyreadstat.write_sav(frame, path, compress=True),
    "a.dta": lambda frame, path: frame.to_stata(path, write_index=False, version=118),
    "a.xpt": lambda frame, path: pyreadstat.write_xport(frame, path, file_format_version=5),
    "v8.xpt": lambda frame, path: pyreadstat.write_xport(frame, path, file_format_version=8),
}
every = pytest.mark.parametrize("name", WRITERS)


@every
def test_values(cli, frame, name):
    WRITERS[name](frame, name)
    ran = cli("analyze", name, "-l", "code", "-f", "json")
    assert (counts(ran), ran.json["missing"]) == ({"1": 1, "2": 2}, 1)
    ran = cli("analyze", name, "-l", "text", "-f", "json")
    assert (counts(ran), ran.json["missing"]) == ({"001": 1, "NA": 1, "é": 1}, 1)
    ran = cli("analyze", name, "-l", "real", "-f", "json")
    assert counts(ran) == {"0.1": 1, "1.0": 2, "2.0": 1}


@pytest.mark.parametrize("name", ["a.sav", "a.dta"])
def test_scores_threads_and_standard_input(cli, tmp_path, name):
    preds = pd.DataFrame({"y": ["a", "b"], "p_a": [0.9, 0.25], "p_b": [0.1, 0.75]})
    WRITERS[name](preds, name)
    expected = -np.log([0.9, 0.75]).mean()
    for jobs in (1, 2):
        ran = cli("score", name, "-f", "json", "-j", jobs)
        assert ran.json["loss"]["value"] == pytest.approx(expected, rel=1e-12)
    content = (tmp_path / name).read_bytes()
    assert counts(cli("analyze", "-", "-l", "y", "-f", "json", stdin=content)) == {"a": 1, "b": 1}


@every
@pytest.mark.parametrize("cut", [0.6])
def test_truncated_and_empty_files(cli, tmp_path, name, cut):
    many = pd.DataFrame({"label": [f"label {i}" for i in range(997)], "n": np.arange(997.0)})
    WRITERS[name](many, name)
    content = (tmp_path / name).read_bytes()
    length = int(len(content) * cut)
    (tmp_path / name).write_bytes(content[: length - (length % 80 == 0)])
    refused(cli("analyze", name, "-l", "label"), f"error: {name}: ")
    if name != "a.zsav":
        (tmp_path / name).write_bytes(b"")
        refused(cli("analyze", name, "-l", "label"), f"error: {name}: ")


def test_value_labels_of_spss(cli):
    frame = pd.DataFrame({"y": [1.0, 2, 2, 9], "z": [1.0, 1, 2, 3], "m": [1.0, 2, 8, 2]})
    labels = {"y": {1: "lo", 2: "hi", 3: "unused"}, "z": {1: "same", 2: "same"}}
    pyreadstat.write_sav(frame, "a.sav", variable_value_labels=labels, missing_ranges={"m": [8]})
    ran = cli("analyze", "a.sav", "-l", "y", "-f", "json")
    assert counts(ran) == {"lo": 1, "hi": 2, "9": 1}
    assert "note: a.sav: value labels in place of codes: 'y'" in ran.stderr
    ran = cli("analyze", "a.sav", "-l", "z", "-f", "json")
    assert counts(ran) == {"1": 2, "2": 1, "3": 1}
    assert "column 'z': codes, since two have one value label" in ran.stderr
    ran = cli("analyze", "a.sav", "-l", "m", "-f", "json")
    assert (counts(ran), ran.json["missing"]) == ({"1": 1, "2": 2}, 1)


def test_value_labels_of_stata(cli):
    labels = pd.Categorical(["lo", "hi", "lo", None], categories=["lo", "hi", "unused"])
    frame = pd.DataFrame({"y": labels, "f": np.array([0.1, 1, 1, 2], "f4")})
    for version in (114, 118, 119):
        frame.to_stata("a.dta", write_index=False, version=version)
        ran = cli("analyze", "a.dta", "-l", "y", "-f", "json")
        assert (counts(ran), ran.json["missing"]) == ({"lo": 2, "hi": 1}, 1)
        assert "value labels in place of codes: 'y'" in ran.stderr
        assert counts(cli("analyze", "a.dta", "-l", "f", "-f", "json")) == {
            "0.1": 1,
            "1.0": 2,
            "2.0": 1,
        }


def test_two_codes_of_one_value_label_are_not_pooled(cli):
    frame = pd.DataFrame({"y": [1, 2, 2]})
    pyreadstat.write_dta(frame, "a.dta", variable_value_labels={"y": {1: "same", 2: "same"}})
    ran = cli("analyze", "a.dta", "-f", "json")
    assert counts(ran) == {"1": 1, "2": 2}
    assert "codes, since two of them have one value label" in ran.stderr


def test_portable_files(cli):
    pyreadstat.write_por(pd.DataFrame({"y": [1.0, 2, 2]}), "a.por")
    assert counts(cli("analyze", "a.por", "-f", "json")) == {"1": 1, "2": 2}
    ran = cli("analyze", "a.por", "--encoding", "latin-1")
    assert (ran.code, "--encoding: has no effect" in ran.stderr) == (2, True)


def test_a_damaged_file_does_not_end_the_process(cli, tmp_path):
    """Some bytes make the parser of SPSS files crash: it runs in a process of its own."""
    frame = pd.DataFrame({"y": [1.0, 2.0, 2.0, 9.0], "s": ["001", "NA", "", "x"]})
    pyreadstat.write_sav(frame, "a.sav", variable_value_labels={"y": {1: "lo", 2: "hi"}})
    content = (tmp_path / "a.sav").read_bytes()
    for place in (380, 460, 654):
        broken = content[:place] + b"\xff\x00\xff" + content[place + 3 :]
        (tmp_path / "b.sav").write_bytes(broken)
        assert cli("analyze", "b.sav", "-l", "1").code in (0, 3)


def test_sas_files_that_are_none(cli, write):
    write("a.sas7bdat", bytes(12) + b"\xc2\xea\x81\x60" + b"\1" * 4000)
    refused(cli("analyze", "a.sas7bdat"), "cannot be read as SAS")


def test_a_reader_that_is_not_installed(cli, frame, monkeypatch):
    pyreadstat.write_sav(frame, "a.sav")
    load = importlib.import_module

    def without(package, *more):
        if package == "pyreadstat":
            raise ImportError("No module named 'pyreadstat'")
        return load(package, *more)

    monkeypatch.setattr(importlib, "import_module", without)
    refused(cli("analyze", "a.sav"), "takes pyreadstat", "hint: pip install 'wcetool[spss]'")


def test_limits(cli, frame, monkeypatch):
    from wcetool.data.formats import foreign

    frame.to_stata("a.dta", write_index=False, version=118)
    monkeypatch.setattr(foreign, "MOST_CELLS", 5)
    refused(cli("analyze", "a.dta"), "has more than 5 cells, the limit of Stata")
    monkeypatch.setattr(foreign, "MOST_BYTES", 100)
    refused(cli("analyze", "a.dta"), "where 100 are the limit of Stata")
