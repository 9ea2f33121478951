"""ARFF and KEEL files: declared classes, quotes, comments, sparse rows, and what is refused."""

import gzip

import pytest
from test_bad_input import refused

HEADER = """% a comment
@RELATION 'my data'
@Attribute 'a b' NUMERIC
@attribute s string
@attribute "the class" {'x, y', "it's", 'q\\'r', plain, never, '?'}
@DATA
"""
KEEL = """@relation abalone
@attribute Sex {M, F, I}
@attribute Length real [0.075, 0.815]
@attribute Class{positive,negative}
@inputs Sex, Length
@outputs class
@data
M, 0.455, negative
F, <null>, negative
I, 0.33,  positive\x20
M, 0.5, <null>
"""


def counts(ran):
    assert ran.code == 0, ran.stderr
    return {label: row["count"] for label, row in ran.rows.items()}


def analyzed(cli, *args, **more):
    return cli("analyze", *args, "-f", "json", **more)


def test_declared_classes_count_0_where_they_are_absent(cli, write):
    write(
        "d.arff",
        HEADER + "% 'c\n1, 'hello, world' , 'x, y'\n2\t,\"don't\",\t\"it's\"\n 3,?,'q\\'r'\n\n"
        "4,a,plain\n5,a b,?\n6,5\" pipe,plain\n7,,'?'\n",
    )
    ran = analyzed(cli, "d.arff")
    assert counts(ran) == {"x, y": 1, "it's": 1, "q'r": 1, "plain": 2, "never": 0, "?": 1}
    assert list(ran.rows) == ["x, y", "it's", "q'r", "plain", "never", "?"]
    assert ran.json["missing"] == 1
    assert "the file declares 6 classes" in ran.stderr
    assert "label column 'the class' (the last attribute" in ran.stderr


def test_lines_of_simple_quotes_and_others_give_the_same(cli, write):
    rows = ["1,'a b',plain", "2,'it',\"it's\"", "3,'x','x, y'"]
    write("a.arff", HEADER + "\n".join(rows))
    write("b.arff", HEADER + "\n".join(row.replace(",", " , ", 1) for row in rows) + "\n")
    assert counts(analyzed(cli, "a.arff")) == counts(analyzed(cli, "b.arff"))
    write("c.arff", HEADER + "1,'a b','x, y'\n2,'c',plain\n")
    found = counts(analyzed(cli, "c.arff"))
    assert (found["x, y"], found["plain"]) == (1, 1)


def test_sparse_rows_leave_out_zeros_and_first_values(cli, write):
    write("s.arff", HEADER + "{0 7, 2 plain}\n{1 'a, b'}\n{}\n{ 2 \"it's\" }\n")
    found = counts(analyzed(cli, "s.arff"))
    assert (found["x, y"], found["plain"], found["it's"]) == (2, 1, 1)


@pytest.mark.parametrize("row", ["{3 a}", "{1 a, 0 2}", "{0 1", "{0 1 2, x}", "{99999999999 1}"])
def test_a_sparse_row_that_does_not_fit(cli, write, row):
    write("s.arff", f"{HEADER}{{0 1}}\n{row}\n")
    refused(cli("analyze", "s.arff"), 3, "s.arff: line 8: ", "the sparse row")


def test_keel(cli, write):
    write("k.dat", KEEL)
    ran = analyzed(cli, "k.dat")
    assert counts(ran) == {"positive": 1, "negative": 2}
    assert ran.json["missing"] == 1
    assert "label column 'Class' (the output that the file declares)" in ran.stderr
    assert "k.dat is read as ARFF (Weka, KEEL), by its content" in ran.stderr


def test_the_class_by_its_name(cli, write):
    write("d.arff", "@relation x\n@attribute class {a,b}\n@attribute z {u,v}\n@data\na,u\nb,u\n")
    assert counts(analyzed(cli, "d.arff")) == {"a": 1, "b": 1}
    assert counts(analyzed(cli, "d.arff", "-l", "z")) == {"u": 2, "v": 0}


def test_no_class_is_guessed_where_the_last_attribute_is_a_number(cli, write):
    write("d.arff", "@relation x\n@attribute k {a,b}\n@attribute n real\n@data\na,1\nb,2\n")
    refused(cli("analyze", "d.arff"), 3, "no column is known to hold the label")
    assert counts(analyzed(cli, "d.arff", "-l", "k")) == {"a": 1, "b": 1}


def test_no_class_is_guessed_among_several_labels(cli, write):
    write("d.arff", "@relation 'x: -C 1'\n@attribute k {0,1}\n@attribute n {a}\n@data\n0,a\n")
    refused(cli("analyze", "d.arff"), 3, "no column is known to hold the label")


def test_declared_classes_that_are_not_used_are_said(cli, write):
    write("d.arff", "@relation r\n@attribute class {b, a, never}\n@data\na\nb\n")
    write("e.csv", "class\na\nnew\n")
    ran = analyzed(cli, "d.arff", "e.csv")
    assert counts(ran) == {"a": 2, "b": 1, "new": 1}
    assert "note: the classes that d.arff declares are not used, for e.csv declares" in ran.stderr
    ran = analyzed(cli, "e.csv", "d.arff", "--classes", "b,a,never,new")
    assert counts(ran) == {"b": 1, "a": 2, "never": 0, "new": 1}
    assert "not used" not in ran.stderr


def test_numbered_scores_are_not_taken_for_classes_in_the_order_of_the_file(cli, write):
    """Weka keeps the declared order, scikit-learn sorts: with numbers nothing tells which."""
    write("preds.csv", "p_0,p_1\n.75,.25\n.5,.5\n")
    write("y.arff", "@relation r\n@attribute class {b, a}\n@data\na\nb\n")
    args = ("score", "preds.csv", "--labels", "y.arff")
    for more in ((), ("--dry-run",)):
        refused(cli(*args, *more), 3, "as the file declares them: 'b', 'a'", "hint: --classes")
    losses = [
        cli(*args, "--classes", order, "-f", "json").json["loss"]["value"]
        for order in ("a,b", "b,a")
    ]
    assert losses[0] < losses[1]
    write("y.arff", "@relation r\n@attribute class {a, b}\n@data\na\nb\n")
    assert cli(*args, "-f", "json").json["loss"]["value"] == losses[0]


def test_an_undeclared_value_is_refused_with_its_row(cli, write):
    write("d.arff", "@relation x\n@attribute class {a,b}\n@data\na\n% c\n\nb\nB\n")
    refused(cli("analyze", "d.arff"), 3, "d.arff: row 3: label 'B' is not among the 2 declared")
    assert counts(analyzed(cli, "d.arff", "--casefold")) == {"a": 1, "b": 2}
    assert counts(analyzed(cli, "d.arff", "--missing", "B")) == {"a": 1, "b": 1}
    assert counts(analyzed(cli, "d.arff", "--classes", "b,a,B")) == {"b": 1, "a": 1, "B": 1}


@pytest.mark.parametrize(
    ("row", "texts"),
    [
        ("8,a,b,c", ("row 2: 4 fields, where there should be 3", "'8,a,b,c'")),
        ("8,a", ("row 2: 2 fields",)),
        ("8,a,'plain", ("line 8: a quote is not closed",)),
        ("8,'a' b,plain", ("line 8: a quote is not closed, or text stands behind",)),
        ("8,a,plain,{0.5}", ("line 8: the row has a weight",)),
    ],
)
def test_a_row_that_does_not_fit(cli, write, row, texts):
    write("d.arff", f"{HEADER}1,a,plain\n{row}\n2,a,plain\n")
    refused(cli("analyze", "d.arff"), 3, "d.arff: ", *texts)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("@relation x\n@attribute c {a}\n", "no line says @data"),
        ("@relation x\n@data\n1\n", "declares no attribute"),
        ("@relation x\n@attribute c {a\n@data\na\n", "line 2: the attribute cannot be understood"),
        ("@relation x\n@attribute c what\n@data\na\n", "line 2: the attribute cannot be"),
        ("@relation x\nlabel,a\n@data\na\n", "line 2: is no declaration"),
        ("@relation x\n@attribute c {a}\n@outputs d\n@data\na\n", "the output 'd' is no attribute"),
        ("@relation x\n@attribute c {a}\n@data\n", "has a header and no rows"),
        ("", "is empty"),
    ],
)
def test_a_header_that_cannot_be_read(cli, write, content, text):
    write("d.arff", content)
    refused(cli("analyze", "d.arff"), 3, "d.arff: ", text)


def test_many_comments_above_a_file_of_another_name(cli, write):
    comments = "".join(f'% line {n}, it\'s "text"\n' for n in range(317))
    write("cm1.arff.txt", comments + "@relation x\n@attribute class {false,true}\n@data\n\ntrue\n")
    assert counts(analyzed(cli, "cm1.arff.txt")) == {"false": 0, "true": 1}


def test_blanks_between_fields(cli, write):
    write(
        "d.arff", "@relation x\n@attribute n real\n@attribute c {a,'b c'}\n@data\n1\ta\n2  'b c'\n"
    )
    assert counts(analyzed(cli, "d.arff")) == {"a": 1, "b c": 1}


def test_nested_relations_dates_and_line_ends(cli, write):
    write(
        "d.arff",
        "@relation x\r\n@attribute bag relational\r\n@attribute f numeric\r\n@end bag\r\n"
        '@attribute t date "yyyy-MM-dd"\r\n@attribute c {a,b} % two\r\n@data\r\n'
        '"1\\n2",2020-01-01,a\r\n"3",?,b\r\n',
    )
    assert counts(analyzed(cli, "d.arff")) == {"a": 1, "b": 1}


def test_long_runs_of_blanks_take_no_time(cli, write):
    long = " " * 400_000
    write(
        "d.arff",
        f"@relation x\n@attribute s string\n@attribute class {{a,b}}\n@data\n'x{long}',a\n"
        f"x{long}y,a\nx{long}y 'z',b\n\"{long}\" ,b\n",
    )
    assert counts(analyzed(cli, "d.arff")) == {"a": 2, "b": 2}


def test_compressed_pooled_and_from_a_stream(cli, write):
    content = HEADER + "1,a,plain\n" * 3
    write("a.arff.gz", gzip.compress(content.encode()))
    write("b.arff", content)
    assert counts(analyzed(cli, "a.arff.gz", "b.arff"))["plain"] == 6
    assert counts(analyzed(cli, "-", stdin=content.encode()))["plain"] == 3
    write("c.arff.gz", gzip.compress(content.encode())[:-9])
    refused(cli("analyze", "c.arff.gz"), 3, "c.arff.gz: ", "truncated or damaged")


def test_any_number_of_threads_gives_the_same(cli, write):
    write("d.arff", HEADER + "1,a,plain\n2,'b',\"it's\"\n" * 100_000)
    one, two = (cli("analyze", "d.arff", "-f", "json", "-j", n) for n in (1, 2))
    assert counts(one)["it's"] == 100_000
    assert one.stdout == two.stdout


def test_idle_options_are_refused(cli, write):
    write("d.arff", HEADER + "1,a,plain\n")
    refused(cli("analyze", "d.arff", "--delimiter", ";"), 2, "--delimiter: has no effect")
    refused(cli("analyze", "d.arff", "--no-header"), 2, "has no effect")


def test_other_encodings(cli, write):
    text = "@relation x\n@attribute class {été,b}\n@data\nété\n"
    write("d.arff", text.encode("latin-1"))
    refused(cli("analyze", "d.arff"), 3, "is not UTF-8 text", "--encoding latin-1")
    assert counts(analyzed(cli, "d.arff", "--encoding", "latin-1")) == {"été": 1, "b": 0}


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("abalone19.dat", {"negative": 4142, "positive": 32}),
        ("cleveland-0_vs_4.dat", {"negative": 164, "positive": 13}),
        ("cm1.arff.txt", {"false": 449, "true": 49}),
    ],
)
def test_real_files(cli, shared_data, name, found):
    assert counts(analyzed(cli, shared_data / name)) == found
