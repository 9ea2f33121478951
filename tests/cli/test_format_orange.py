"""Orange .tab files: the class and its declared values."""

from test_bad_input import refused

ROWS = '1.0\tp\ta b\thello\n2\tq\tc\t"x\ty"\n3\tq\t?\tz\n'
THREE = "x\tkind\ty\tn\ncontinuous\td\ta\\ b c never\tstring\n\t\tclass\tmeta\n"


def counts(ran):
    assert ran.code == 0, ran.stderr
    return {label: row["count"] for label, row in ran.rows.items()}


def analyzed(cli, *args, **more):
    return cli("analyze", *args, "-f", "json", **more)


def test_three_rows_of_header(cli, write):
    write("o.tab", THREE + ROWS)
    ran = analyzed(cli, "o.tab")
    assert counts(ran) == {"a b": 1, "c": 1, "never": 0}
    assert ran.json["missing"] == 1
    assert "o.tab is read as Orange, by its content" in ran.stderr
    assert "label column 'y' (the class that the file declares)" in ran.stderr
    assert counts(analyzed(cli, "-", stdin=(THREE + ROWS).encode())) == counts(ran)
    assert counts(analyzed(cli, "o.tab", "-l", "kind")) == {"p": 1, "q": 2}


def test_prefixes_before_the_names(cli, write):
    write("o.tab", "C#x\tD#kind\tcD#y\tmS#n\n" + ROWS)
    assert counts(analyzed(cli, "o.tab")) == {"a b": 1, "c": 1}


def test_a_header_with_a_hash_is_no_orange(cli, write):
    write("o.tab", "#chrom\tlabel\n1\ta\n")
    ran = analyzed(cli, "o.tab")
    assert counts(ran) == {"a": 1}
    assert "Orange" not in ran.stderr


def test_single_letters_are_data(cli, write):
    write("o.tab", "x\tlabel\nc\td\nc\tc\nd\tc\n")
    assert counts(analyzed(cli, "o.tab")) == {"d": 1, "c": 2}
    write("o.tab", "x\ty\nc\td\n\tc\n1\ta\n")
    assert counts(analyzed(cli, "o.tab")) == {"a": 1}


def test_an_undeclared_value_is_refused_with_its_row(cli, write):
    write("o.tab", THREE + ROWS.replace("\tc\t", "\tzz\t"))
    refused(cli("analyze", "o.tab"), 3, "o.tab: row 2: label 'zz' is not among the 3 declared")


def test_what_is_no_orange_file(cli, write):
    write("o.tab", "x\ty\n1\ta\n")
    ran = cli("analyze", "o.tab", "--input-format", "orange")
    refused(ran, 3, "has no rows of names, types and roles", "--input-format tsv")
    write("o.tab", THREE)
    refused(cli("analyze", "o.tab"), 3, "has a header and no rows")
    write("o.tab", THREE + "1\t2\n")
    refused(cli("analyze", "o.tab"), 3, "o.tab: row 1: 2 fields")
