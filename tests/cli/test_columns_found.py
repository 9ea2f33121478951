"""Which columns are found by their names, where another one could be meant."""

import math

import pytest


def test_y_beside_x_is_a_place_and_not_the_label(cli, write):
    path = write("points.csv", "x,y,kind\n1,2,a\n3,4,b\n5,4,a\n")
    ran = cli("analyze", path)
    assert (ran.code, ran.stdout) == (3, "")
    assert "no column is known to hold the label" in ran.stderr
    ran = cli("analyze", write("known.csv", "x,y,label\n1,2,a\n3,4,b\n"), "-f", "json")
    assert set(ran.rows) == {"a", "b"}
    ran = cli("analyze", write("two.csv", "x,y\n1,a\n3,b\n4,b\n"), "-f", "json")
    assert ran.rows["b"]["count"] == 2


def test_y_beside_x_in_arff_leaves_the_last_attribute(cli, write):
    text = (
        "@relation points\n@attribute x numeric\n@attribute y numeric\n"
        "@attribute kind {no,yes}\n@data\n1,2,no\n2,2,no\n3,1,yes\n"
    )
    ran = cli("analyze", write("points.arff", text), "-f", "json")
    assert {label: row["count"] for label, row in ran.rows.items()} == {"no": 2, "yes": 1}


def test_predictions_with_y_beside_x(cli, write):
    ran = cli("score", write("p.csv", "x,y,prob\n1,0,0.25\n2,1,0.75\n"), "-f", "json")
    assert ran.json["unweighted"]["mean"] == pytest.approx(-math.log(0.75), rel=1e-12)


def test_one_outcome_beside_its_probability_is_the_truth(cli, write):
    text = (
        "year,candidate,projected,probwin,probwin_outcome\n"
        "2018,A,52.1,0.75,1\n2018,B,47.9,0.25,0\n2018,C,50,0.5,1\n"
    )
    path = write("house.csv", text)
    ran = cli("score", path, "-f", "json")
    expected = -(2 * math.log(0.75) + math.log(0.5)) / 3
    assert ran.json["unweighted"]["mean"] == pytest.approx(expected, rel=1e-12)
    assert "label column 'probwin_outcome' (beside column 'probwin')" in ran.stderr
    counted = cli("analyze", path, "-f", "json")
    assert {label: row["count"] for label, row in counted.rows.items()} == {"0": 1, "1": 2}


def test_columns_of_a_letter_and_a_number_are_typed_out_as_a_pattern(cli, write):
    path = write("p.csv", "label,p0,p1\n0,0.75,0.25\n1,0.25,0.75\n")
    ran = cli("score", path)
    assert ran.code == 3
    assert "hint: --scores 'p*'\n" in ran.stderr
    ran = cli("score", path, "--scores", "p*", "-f", "json")
    assert ran.json["unweighted"]["mean"] == pytest.approx(-math.log(0.75), rel=1e-12)


@pytest.mark.parametrize(
    ("negative", "positive", "column"),
    [
        ("healthy", "diseased", "prob"),
        ("normal", "anomaly", "score"),
        ("no", "cancer", "y_prob"),
        ("not spam", "bulk", "prob_disease"),
        ("non-event", "event", "proba"),
    ],
)
def test_a_score_is_not_of_a_class_called_negative(cli, write, negative, positive, column):
    path = write("p.csv", f"label,{column}\n{negative},0.25\n{positive},0.75\n{negative},0.25\n")
    ran = cli("score", path)
    assert (ran.code, ran.stdout) == (3, "")
    assert f"--positive-class {positive}" in ran.stderr
    ran = cli("score", path, "--positive-class", positive, "-f", "json")
    assert ran.json["unweighted"]["mean"] == pytest.approx(-math.log(0.75), rel=1e-12)


@pytest.mark.parametrize("column", ["prob_negative", "neg_prob", "non_fraud_prob", "prob_normal"])
def test_a_column_called_negative_is_not_of_class_1(cli, write, column):
    path = write("p.csv", f"label,{column}\n0,0.75\n1,0.25\n0,0.75\n")
    ran = cli("score", path)
    assert (ran.code, ran.stdout) == (3, "")
    assert "may be the score of the negative class" in ran.stderr
    ran = cli("score", path, "--positive-class", "0", "-f", "json")
    assert ran.json["unweighted"]["mean"] == pytest.approx(-math.log(0.75), rel=1e-12)


@pytest.mark.parametrize("names", [("no", "yes"), ("False", "True"), ("ham", "spam"), ("0", "1")])
def test_a_score_is_of_the_later_class_where_no_name_says_otherwise(cli, write, names):
    path = write("p.csv", f"label,prob\n{names[0]},0.25\n{names[1]},0.75\n{names[0]},0.25\n")
    ran = cli("score", path, "-f", "json")
    assert ran.json["unweighted"]["mean"] == pytest.approx(-math.log(0.75), rel=1e-12)
