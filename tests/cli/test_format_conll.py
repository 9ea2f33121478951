"""CoNLL-U and CoNLL files, what is no token, and BIO tags."""

import gzip

import pytest
from test_bad_input import refused

WORDS = """# sent_id = 1
# text = a \t tab
1-2\tdu\t_\t_\t_\t_\t_\t_\t_\t_
1\tde\tde\tADP\tE\t_\t3\tcase\t_\t_
2\tle\tle\tDET\tRD\t_\t3\tdet\t_\t_
3\t"\t"\tPUNCT\tFB\t_\t0\tpunct\t_\t_
3.1\tx\tx\tNOUN\tS\t_\t_\t_\t_\t_

# sent_id = 2
1\t#\t#\tSYM\t_\t_\t0\troot\t_\t_
2\t_\t_\t_\t_\t_\t1\tdep\t_\t_
"""
TAGS = """-DOCSTART- -X- -X- O

EU NNP B-NP B-ORG
" " O O
# # O O
rejects VBZ B-VP O

Peter NNP B-NP B-PER
Blackburn  NNP I-NP\tI-PER\x20

"""


def counts(ran):
    assert ran.code == 0, ran.stderr
    return {label: row["count"] for label, row in ran.rows.items()}


def analyzed(cli, *args, **more):
    return cli("analyze", *args, "-f", "json", **more)


@pytest.mark.parametrize("name", ["w.conllu", "w.txt", "w"])
def test_conllu(cli, write, name):
    write(name, WORDS)
    ran = analyzed(cli, name)
    assert counts(ran) == {"ADP": 1, "DET": 1, "PUNCT": 1, "SYM": 1}
    assert (ran.json["rows"], ran.json["missing"]) == (5, 1)
    assert "label column 'UPOS' (the part of speech in CoNLL-U" in ran.stderr
    assert f"note: {name}: 1 multiword range left out" in ran.stderr
    assert f"note: {name}: 1 empty node left out" in ran.stderr


def test_other_columns_of_conllu(cli, write):
    write("w.conllu", WORDS.replace("\n", "\r\n"))
    assert counts(analyzed(cli, "w.conllu", "-l", "XPOS")) == {"E": 1, "RD": 1, "FB": 1}
    forms = analyzed(cli, "w.conllu", "-l", "2")
    assert counts(forms) == {"de": 1, "le": 1, '"': 1, "#": 1, "_": 1}


def test_an_unspecified_label_is_missing_whatever_stands_beside(cli, write):
    write("w.conllu", WORDS)
    ran = analyzed(cli, "w.conllu", "--group-column", "FORM")
    assert (ran.json["rows"], ran.json["missing"]) == (5, 1)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("2\tle\tDET", "line 2: 3 columns, where CoNLL-U has 10 between tabs"),
        ("word", "line 2: 1 column, where"),
        ("x" + "\tle" * 9, "line 2: the first column is no number of a word"),
        ("#" + "\tle" * 9, "line 2: the first column is no number of a word"),
        ("2" + "\tle" * 10, "line 2: 11 columns"),
    ],
)
def test_a_line_that_is_no_word(cli, write, line, text):
    write("w.conllu", "1\tde\tde\tADP\tE\t_\t3\tcase\t_\t_\n" + line + "\n")
    refused(cli("analyze", "w.conllu"), 3, f"w.conllu: {text}")


@pytest.mark.parametrize(
    "row",
    [
        "7\tb\tc\tX\te\tf\t1\th\t_\tj",
        "1\tb\tc\t0.5\te\tf\t1\th\t_\tj",
        "1\tb\tc\tX\te\tf\tg\th\ti\tj",
    ],
)
def test_ten_columns_make_no_conllu(cli, write, row):
    write("t.tsv", f"{row}\n" * 3)
    ran = analyzed(cli, "t.tsv", "--no-header", "-l", "8")
    assert counts(ran) == {"h": 3}
    assert "CoNLL" not in ran.stderr


@pytest.mark.parametrize("name", ["t.conll", "t.txt", "t.csv"])
def test_conll_2003(cli, write, name):
    write(name, TAGS)
    ran = analyzed(cli, name)
    assert counts(ran) == {"B-ORG": 1, "O": 3, "B-PER": 1, "I-PER": 1}
    assert ran.json["missing"] == 0
    assert "label column 'column 4' (the last one of CoNLL)" in ran.stderr
    assert "1 -DOCSTART- line left out" in ran.stderr
    assert counts(analyzed(cli, name, "-l", "2"))["NNP"] == 3


def test_between_tabs_a_token_may_hold_blanks(cli, write):
    write("t.conll", "New York\tB-LOC\n,\tO\n\nin\tO\n")
    assert counts(analyzed(cli, "t.conll")) == {"B-LOC": 1, "O": 2}


def test_a_token_without_its_tag(cli, write):
    write("t.conll", "-DOCSTART- O\n\nword O\n\nword\n")
    refused(cli("analyze", "t.conll"), 3, "t.conll: line 5: 1 column, where the first token has 2")
    write("t.conll", "word\nO\n")
    refused(cli("analyze", "t.conll"), 3, "has one column", "--input-format list")


def test_comments_are_told_from_tokens(cli, write):
    write("t.conll", "# id 1 d=e\nword _ _ B-X\n# _ _ O\n\n# id 2 d=e\n# id 3 d=e\nword _ _ O\n\n")
    refused(cli("analyze", "t.conll"), 3, "comments or tokens?", "--comment '#'")
    ran = analyzed(cli, "t.conll", "--comment", "#")
    assert counts(ran) == {"B-X": 1, "O": 2}
    assert "3 comments left out" in ran.stderr
    write("t.conll", "# id = 1\nword O\n")
    refused(cli("analyze", "t.conll"), 3, "line 2: 2 columns, where the first token has 4")


def test_tokens_without_bio_tags_need_to_be_told(cli, write):
    write("pos.txt", "The DT\ncat NN\n\nThe DT\ncat NN\n")
    refused(cli("analyze", "pos.txt"), 3, "tokens?", "--input-format conll")
    assert counts(analyzed(cli, "pos.txt", "--input-format", "conll")) == {"DT": 2, "NN": 2}


def test_nothing_in_it(cli, write):
    write("t.conll", "")
    refused(cli("analyze", "t.conll"), 3, "t.conll: is empty")
    write("t.conll", "-DOCSTART- O\n\n")
    refused(cli("analyze", "t.conll"), 3, "t.conll: holds no token")
    write("t.conllu", "# only\n\n")
    refused(cli("analyze", "t.conllu"), 3, "t.conllu: has a header and no rows")


def test_compressed_pooled_and_from_a_stream(cli, write):
    write("a.conllu.gz", gzip.compress(WORDS.encode()))
    write("b.conllu", WORDS)
    ran = analyzed(cli, "a.conllu.gz", "b.conllu")
    assert counts(ran)["ADP"] == 2
    assert ran.stderr.count("1 empty node left out") == 2
    assert counts(analyzed(cli, "-", stdin=WORDS.encode()))["ADP"] == 1
    assert counts(analyzed(cli, "-", stdin=TAGS.encode()))["O"] == 3
    write("c.conllu.gz", gzip.compress(WORDS.encode())[:-9])
    refused(cli("analyze", "c.conllu.gz"), 3, "c.conllu.gz: ", "truncated or damaged")


def test_blocks_and_threads_change_nothing(cli, write):
    write("w.conllu", (WORDS + "\n") * 40_000)  # several blocks
    one, two = (cli("analyze", "w.conllu", "-f", "json", "-j", n) for n in (1, 2))
    assert counts(one) == {"ADP": 40_000, "DET": 40_000, "PUNCT": 40_000, "SYM": 40_000}
    assert one.stdout == two.stdout
    assert "40,000 empty nodes left out" in one.stderr
    write("w.conllu", (WORDS + "\n") * 40_000 + "x\n")
    refused(cli("analyze", "w.conllu"), 3, "w.conllu: line 480,001: 1 column")


def test_a_line_that_never_ends(cli, write):
    write("t.conll", "a O\n" + "x" * 6_000_000)
    refused(cli("analyze", "t.conll"), 3, "t.conll: a line is longer than 2 MB")


def test_idle_options_are_refused(cli, write):
    write("w.conllu", WORDS)
    refused(cli("analyze", "w.conllu", "--comment", "#"), 2, "--comment: has no effect")


def test_bio_tags_are_merged_on_demand(cli, write):
    write("t.conll", TAGS)
    ran = analyzed(cli, "t.conll")
    assert "(--merge-bio would count entities: 'ORG', 'PER')" in ran.stderr
    ran = analyzed(cli, "t.conll", "--merge-bio")
    assert counts(ran) == {"O": 3, "ORG": 1, "PER": 2}
    assert "merge-bio" not in ran.stderr
    assert ran.json["parameters"]["merge-bio"] == "yes"
    assert "merge-bio:yes" in ran.json["signature"]


def test_bio_tags_of_any_format_and_in_python(cli, write):
    import wcetool

    tags = ["B-A", "I-A", "E-A", "S-B", "L-B", "U-B", "M-B", "O", "B-", "I", "B", "X-A", "b-a"]
    write("t.csv", "label\n" + "\n".join(tags) + "\n")
    merged = {"A": 3, "B": 5, "O": 1, "B-": 1, "I": 1, "X-A": 1, "b-a": 1}
    assert counts(analyzed(cli, "t.csv", "--merge-bio")) == merged
    found = wcetool.analyze(tags, merge_bio=True)
    assert dict(zip(found.counts.classes, found.counts.count.tolist(), strict=True)) == merged


def test_labels_that_are_no_bio_tags_are_not_announced(cli, write):
    write("t.csv", "label\nB-A\nI-A\nother\n")
    assert "merge-bio" not in analyzed(cli, "t.csv").stderr
    write("t.csv", "label\nB-A\nI-B\nO\n")
    assert "merge-bio" not in analyzed(cli, "t.csv").stderr


def test_a_real_file(cli, shared_data):
    path = shared_data / "vi_vtb-ud-test.conllu"
    found = counts(analyzed(cli, path))
    assert (len(found), sum(found.values()), found["NOUN"], found["SYM"]) == (17, 11692, 3029, 7)
    assert found == truth(shared_data, "UPOS (col 4)")
    assert counts(analyzed(cli, path, "-l", "XPOS")) == truth(shared_data, "XPOS (col 5)")


def truth(folder, reading):
    import json

    found = json.loads((folder / "ground_truth.json").read_text())
    return found["labels"]["vi_vtb-ud-test.conllu"][reading]["counts"]
