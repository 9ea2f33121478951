"""Excel workbooks: text stays text, and nothing is missing without a word."""

import datetime as dt
import importlib

import openpyxl
import pandas as pd
import pytest
import xlwt
from conftest import HOSTILE_LABELS

DAY = dt.datetime(2020, 1, 2)
IN_DAYS = xlwt.easyxf(num_format_str="YYYY-MM-DD")


@pytest.fixture
def book():
    def call(name, **sheets):
        if name.endswith(".xls"):
            old = xlwt.Workbook()
            for title, rows in sheets.items():
                sheet = old.add_sheet(title)
                for r, row in enumerate(rows):
                    for c, value in enumerate(row):
                        if value is not None:
                            sheet.write(r, c, value, *([IN_DAYS] if value == DAY else []))
            old.save(name)
            return name
        new = openpyxl.Workbook()
        new.remove(new.active)
        for title, rows in sheets.items():
            sheet = new.create_sheet(title)
            for row in rows:
                sheet.append(row)
        new.save(name)
        return name

    return call


def counts(ran):
    assert ran.code == 0, ran.stderr
    return {label: row["count"] for label, row in ran.rows.items()}


def refused(ran, *texts):
    assert ran.code == 3, ran.stderr
    assert ran.stdout == ""
    for text in texts:
        assert text in ran.stderr


both = pytest.mark.parametrize("name", ["a.xlsx", "a.xls"])


@both
def test_values_are_labels_as_they_are_shown(cli, book, name):
    labels = ["NA", "001", "x", None, "x", "null", 1, 2.5, True]
    book(name, S=[["id", "label"], *([i, v] for i, v in enumerate(labels))])
    ran = cli("analyze", name, "-f", "json")
    assert counts(ran) == {
        "NA": 1,
        "001": 1,
        "x": 2,
        "null": 1,
        "1": 1,
        "2.5": 1,
        "True": 1,
    }
    assert ran.json["missing"] == 1


@both
def test_numbers_without_a_fraction_are_digits(cli, book, name):
    book(name, S=[["a", "b"], [1, 0.5], [2.0, 1], [None, 1], [2, 1]])
    assert counts(cli("analyze", name, "-l", "a", "-f", "json")) == {"1": 1, "2": 2}
    assert counts(cli("analyze", name, "-l", "b", "-f", "json")) == {"0.5": 1, "1.0": 3}


@both
def test_scores(cli, book, name):
    rows = [["a", 0.9, 0.1], ["b", 0.2, 0.8], ["a", 1, 0]]
    book(name, S=[["label", "prob_a", "prob_b"], *rows])
    ran = cli("score", name, "-f", "json")
    assert ran.json["loss"]["value"] == pytest.approx(0.10950135565734533, rel=1e-12)


def test_the_index_of_pandas_is_no_label(cli):
    pd.DataFrame({"kind": list("aab")}).to_excel("a.xlsx")
    assert counts(cli("analyze", "a.xlsx", "-f", "json")) == {"a": 2, "b": 1}


def test_hostile_labels(cli, book):
    labels = [v for v in HOSTILE_LABELS if "\x1b" not in v and not v.startswith("=")]
    book("a.xlsx", S=[["label"], *([label] for label in labels)])
    ran = cli("analyze", "a.xlsx", "-f", "json")
    assert set(counts(ran)) == set(labels)


@both
def test_a_blank_row_is_a_missing_label_where_there_is_one_column(cli, book, name):
    book(name, S=[["label"], ["a"], [None], ["b"], [None]])
    ran = cli("analyze", name, "-f", "json")
    assert (counts(ran), ran.json["missing"]) == ({"a": 1, "b": 1}, 1)
    book(name, S=[["id", "label"], [1, "a"], [None, None], [2, "b"]])
    ran = cli("analyze", name, "-f", "json")
    assert (counts(ran), ran.json["missing"]) == ({"a": 1, "b": 1}, 0)
    assert f"{name}: 1 blank row left out" in ran.stderr


@both
def test_sheets(cli, book, name):
    book(name, first=[["label"], ["a"]], second=[["label"], ["b"]], third=[])
    refused(cli("analyze", name), "has 2 sheets with cells", "'first', 'second'", "--member NAME")
    assert counts(cli("analyze", name, "--member", "second", "-f", "json")) == {"b": 1}
    refused(cli("analyze", name, "--member", "secand"), "has no sheet 'secand'", "--member second")
    refused(cli("analyze", name, "--member", "third"), "sheet 'third' is empty")
    book(name, first=[["label"], ["a"]], second=[])
    ran = cli("analyze", name, "-f", "json")
    assert counts(ran) == {"a": 1}
    assert "sheet 'first' is read; the others are empty" in ran.stderr


@both
def test_the_header(cli, book, name):
    book(name, S=[["Report"], [], ["id", "label"], [1, "a"]])
    refused(cli("analyze", name), "column 2 has no name in the first row", "--skip-lines N")
    assert counts(cli("analyze", name, "--skip-lines", 2, "-f", "json")) == {"a": 1}
    book(name, S=[[1], [2], [1]])
    refused(cli("analyze", name), "the first row holds no text", "--no-header if it is data")
    assert counts(cli("analyze", name, "--no-header", "-f", "json")) == {"1": 2, "2": 1}
    assert counts(cli("analyze", name, "--header", "-f", "json")) == {"1": 1, "2": 1}
    book(name, S=[["cat"], ["dog"], ["cat"]])
    refused(cli("analyze", name), "the header 'cat' recurs as a value")
    assert counts(cli("analyze", name, "--no-header", "-f", "json")) == {"cat": 2, "dog": 1}
    book(name, S=[["x", "x"], ["a", "b"]])
    refused(cli("analyze", name, "-l", "x"), "2 columns are called 'x'")
    book(name, S=[["label"]])
    refused(cli("analyze", name), "has a header and no rows")


@both
def test_dates_are_no_labels_and_texts_no_scores(cli, book, name):
    book(name, S=[["label", "when", "p"], ["a", DAY, "x"], ["b", DAY, "y"]])
    refused(cli("analyze", name, "-l", "when"), "points in time")
    refused(cli("score", name, "--scores", "p"), "a column of scores holds text")


def test_errors_and_formulas(cli, book):
    book("a.xlsx", S=[["id", "label"], [1, "a"], [2, "#N/A"]])
    ran = cli("analyze", "a.xlsx", "-f", "json")
    assert (counts(ran), ran.json["missing"]) == ({"a": 1}, 1)
    assert "1 error (#N/A and the like) read as empty" in ran.stderr
    book("a.xlsx", S=[["id", "label"], [1, "a"], [2, '=IF(A3>1,"b","c")']])
    refused(cli("analyze", "a.xlsx"), "row 3 of the sheet, column 2: a formula has no stored value")


@both
def test_standard_input_threads_and_two_files(cli, book, tmp_path, name):
    book(name, S=[["label"], ["a"], ["b"], ["a"]])
    content = (tmp_path / name).read_bytes()
    assert counts(cli("analyze", "-", "-f", "json", stdin=content)) == {"a": 2, "b": 1}
    book(f"2{name}", S=[["label"], ["a"]])
    for jobs in (1, 2):
        assert counts(cli("analyze", name, f"2{name}", "-f", "json", "-j", jobs)) == {
            "a": 3,
            "b": 1,
        }
    (tmp_path / "wrong.csv").write_bytes(content)
    ran = cli("analyze", "wrong.csv", "-f", "json")
    assert counts(ran) == {"a": 2, "b": 1}
    assert "is read as Excel, by its content" in ran.stderr


@both
@pytest.mark.parametrize("cut", [0.3, 0.6, 0.98])
def test_truncated_files(cli, book, tmp_path, name, cut):
    book(name, S=[["label"], *([f"label {i}"] for i in range(500))])
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[: int(len(content) * cut)])
    refused(cli("analyze", name), f"error: {name}: ")


@both
def test_a_reader_that_is_not_installed(cli, book, monkeypatch, name):
    book(name, S=[["label"], ["a"]])
    load = importlib.import_module

    def without(package, *more):
        if package in ("openpyxl", "xlrd"):
            raise ImportError(f"No module named {package!r}")
        return load(package, *more)

    monkeypatch.setattr(importlib, "import_module", without)
    refused(cli("analyze", name), "which is not installed", "hint: pip install 'wcetool[excel]'")


def test_limits(cli, book, monkeypatch):
    from wcetool.data.formats import foreign

    book("a.xlsx", S=[["label"], *([f"label {i}"] for i in range(500))])
    monkeypatch.setattr(foreign, "MOST_CELLS", 100)
    refused(cli("analyze", "a.xlsx"), "has more than 100 cells", "save it as CSV or Parquet")
    monkeypatch.setattr(foreign, "MOST_BYTES", 1000)
    refused(cli("analyze", "a.xlsx"), "where 1,000 are the limit")


def test_a_last_cell_far_away_is_refused(cli, book):
    new = openpyxl.Workbook()
    sheet = new.active
    sheet["A1"], sheet["A2"] = "label", "a"
    sheet["XFD1048576"] = 1
    new.save("a.xlsx")
    ran = cli("analyze", "a.xlsx")
    refused(ran, "error: a.xlsx: ")


def test_options_of_text_have_no_effect(cli, book):
    book("a.xlsx", S=[["label"], ["a"]])
    ran = cli("analyze", "a.xlsx", "--delimiter", ";")
    assert (ran.code, "it says nothing of Excel" in ran.stderr) == (2, True)
