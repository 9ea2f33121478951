"""What `wcetool score` and `explain` refuse, and what they must not do in silence."""

import json
import math

import numpy as np
import pandas as pd
import pytest

import wcetool

ROWS = {
    "m.csv": "y,p_a,p_b,p_c,w\na,.7,.2,.1,1\nb,.3,.5,.2,2\na,.8,.1,.1,.5\nc,.4,.4,.2,3\n",
    "x.csv": "y,logit_a,logit_b,logit_c\na,.7,.2,.1\nb,.3,1.5,.2\na,.8,-.1,.1\nc,.4,.4,-2\n",
    "bl.csv": "y,logit,w\nneg,-1.2,1\npos,0.6,2\nneg,0.5,1\npos,-0.4,3\n",
    "ml.csv": "y_a,y_b,y_c,p_a,p_b,p_c\n1,0,0,.8,.2,.1\n0,1,1,.4,.5,.2\n0,0,0,.1,.2,.1\n",
    "soft.csv": "y_a,y_b,p_a,p_b,w\n1,0,.7,.3,1\n.5,.5,.4,.6,2\n0,1,.1,.9,.5\n",
    "a20.csv": "y_b,y_a,p_a,p_b\n1,0,.3,.7\n0,1,.6,.4\n",
    "tiny.csv": "y,p_a,p_b,w\na,0.9,0.1,1e-30\nb,0.3,0.7,3e-30\n",
    "cells.csv": "y,p_a,p_b,p_c\na|b,.3,.6,.1\nc,.3,.6,.1\n",
    "odd.csv": "y,p_a,p_b\na,0.5004,0.4\nb,0.5003,0.6\n",
    "p.csv": "id,p_a,p_b\n1,.7,.3\n2,.4,.6\n",
    "l.csv": "id,y\n1,a\n2,b\n",
    "weights.csv": "label,weight\nneg,1\npos,5\n",
    "zip.npy": None,
}


@pytest.fixture
def files(write, tmp_path):
    for name, text in ROWS.items():
        if text is not None:
            write(name, text)
    np.savez(tmp_path / "several.npz", np.ones((3, 3)))
    (tmp_path / "several.npz").rename(tmp_path / "zip.npy")
    return tmp_path


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        ("tiny.csv --sample-weight-column w", 3, "large enough to be summed up exactly"),
        ("tiny.csv --sample-weight-column w --like sklearn", 3, "summed up exactly"),
        ("a20.csv -l y_a,y_a", 3, "there twice: 'y_a'"),
        ("ml.csv -l y_* --task binary", 3, "the file is not binary"),
        ("bl.csv --like torch --focal-gamma 2 --alpha 0.25,0.5", 2, "--like: no loss of torch"),
        ("m.csv --cost-matrix zip.npy", 3, "zip.npy: holds several arrays"),
        (
            "p.csv --labels l.csv --id-column id --sample-weight-column id",
            3,
            "column 'id' is the id already",
        ),
        ("bl.csv --pos-weight weights.csv", 2, "weighs both classes"),
        ("x.csv --like torch.nn.CrossEntropyLoss --focal-gamma 2", 2, "--focal-gamma"),
        ("m.csv --per-sample -", 2, "--per-sample"),
        ("m.csv --like keras --focal-gamma 2 --alpha 1,2", 2, "2 numbers, for 3 classes"),
        ("ml.csv -l y_* --focal-gamma 2 --alpha 1,2,3", 2, "labels that are true or false each"),
        ("a20.csv -l y_* --missing 1", 2, "--missing: has no effect"),
        ("a20.csv -l y_* --label-separator ;", 2, "--label-separator: has no effect"),
        ("a20.csv -l y_* --ignore a", 2, "--ignore: has no effect"),
        ("m.csv --like nope", 2, "frameworks: torch, keras"),
        ("m.csv --cost-matrix -", 2, "--cost-matrix"),
        ("m.csv --ignore a,b,c", 3, "no row can be scored: 4 rows ignored"),
    ],
)
def test_what_makes_no_sense_is_refused(cli, files, args, code, said):
    ran = cli("score", *args.split())
    assert ran.code == code, ran.stderr
    assert said in ran.stderr
    assert not ran.stdout


def test_a_label_to_be_ignored_leaves_its_cell_out(cli, files):
    args = ("score", "cells.csv", "--label-separator", "|", "-f", "json")
    found = json.loads(cli(*args, "--ignore", "c").stdout)
    assert (found["ignored"], found["scored"]) == (1, 1)
    expected = -(math.log(0.3) + math.log(0.6) + math.log1p(-0.1)) / 3
    assert found["loss"]["value"] == pytest.approx(expected, rel=1e-12)
    assert "'zz'" in cli(*args, "--ignore", "zz").stderr


def test_soft_targets_with_sample_weights_under_a_framework(cli, files):
    args = ("score", "soft.csv", "-l", "y_*", "--sample-weight-column", "w", "--like", "keras")
    found = json.loads(cli(*args, "-f", "json").stdout)
    p = np.array([[0.7, 0.3], [0.4, 0.6], [0.1, 0.9]])
    t = np.array([[1, 0], [0.5, 0.5], [0, 1]])
    losses = -(t * np.log(p)).sum(axis=1) * [1, 2, 0.5]
    assert found["loss"]["value"] == pytest.approx(losses.mean(), rel=1e-12)


def test_rows_that_break_all_rules_are_still_those_of_a_framework(cli, files):
    expected = -(math.log(0.5004) + math.log(0.6)) / 2
    found = json.loads(
        cli("score", "odd.csv", "--input", "probs", "--like", "torch", "-f", "json").stdout
    )
    assert found["loss"]["value"] == pytest.approx(expected, rel=1e-12)
    assert (found["scored"], found["odd_rows"]) == (2, 2)
    assert found["metrics"]["accuracy"] is None
    assert "metrics.accuracy" in found["undefined"]
    ran = cli("explain", "odd.csv", "--input", "probs")
    assert ran.code == 0
    assert "2 rows with scores that are missing, or no probabilities" in ran.stderr
    assert "no rows: class" not in ran.stderr


def test_one_number_whatever_is_written_beside_it(cli, files):
    args = ("score", "x.csv", "--like", "torch", "--weights", "inverse", "-f", "json")
    alone = json.loads(cli(*args).stdout)["loss"]
    for more in (("--per-sample", "rows.parquet"), ("--batch-size", "2")):
        assert json.loads(cli(*args, *more).stdout)["loss"] == alone
    rows = json.loads(cli("explain", "x.csv", "--weights", "inverse", "-f", "json").stdout)
    by_name = {row["convention"]: row["value"] for row in rows["conventions"]}
    assert by_name["torch.nn.CrossEntropyLoss"] == alone["value"]


def test_rows_are_not_written_where_nothing_can_be_scored(cli, files, write):
    write("none.csv", "y,p_a,p_b\n,0.5,0.5\n")
    assert cli("score", "none.csv", "--per-sample", "rows.parquet").code == 3
    assert not (files / "rows.parquet").exists()


def test_general_defaults_without_effect_are_left_out(cli, files, monkeypatch):
    for name, value in (
        ("POS_WEIGHT", "2"),
        ("ALPHA", "0.3"),
        ("WEIGHT_BY", "predicted"),
        ("UNMATCHED", "skip"),
    ):
        monkeypatch.setenv(f"WCETOOL_{name}", value)
    assert cli("score", "m.csv").code == 0
    monkeypatch.setenv("WCETOOL_IGNORE", "a")
    monkeypatch.setenv("WCETOOL_LABEL_SEPARATOR", "|")
    monkeypatch.delenv("WCETOOL_WEIGHT_BY")
    assert cli("score", "ml.csv", "-l", "y_*").code == 0


def test_a_refusal_names_the_row(cli, write):
    rows = ["a,0.5,0.5"] * 40_000 + ["a,nan,0.5"] + ["b,0.5,0.5"] * 10
    write("sk.csv", "y,p_a,p_b\n" + "\n".join(rows) + "\n")
    ran = cli("score", "sk.csv", "--input", "probs", "--like", "sklearn")
    assert ran.code == 3
    assert "refuses row 40,001" in ran.stderr


def test_torch_ignores_its_usual_index(cli, write):
    write("i.csv", "y,logit_0,logit_1\n0,1,0\n-100,5,5\n1,0,2\n")
    found = json.loads(cli("score", "i.csv", "--like", "torch", "-f", "json").stdout)
    assert (found["ignored"], found["scored"]) == (1, 2)
    expected = (math.log1p(math.exp(-1)) + math.log1p(math.exp(-2))) / 2
    assert found["loss"]["value"] == pytest.approx(expected, rel=1e-12)
    # An ignored row stays in its batch, as in a loop with ignore_index.
    args = ("score", "i.csv", "--like", "torch", "--batch-size", "2", "-f", "json")
    batches = json.loads(cli(*args).stdout)["batches"]
    assert (batches[0]["n_batches"], batches[0]["value"]) == (2, pytest.approx(expected))


def test_tensorflow_1_smooths_with_the_api_that_can(cli, files):
    args = ("score", "x.csv", "--like", "tf1", "--label-smoothing", "0.1", "-f", "json")
    found = json.loads(cli(*args).stdout)
    assert found["convention"]["api"] == "tf.compat.v1.losses.softmax_cross_entropy"


def test_names_of_frames_decide():
    p = [[0.7, 0.3], [0.4, 0.6], [0.9, 0.1]]
    scores = pd.DataFrame(p, columns=["a", "b"])
    truth = pd.DataFrame({"b": [0, 1, 0], "a": [1, 0, 1]})
    expected = wcetool.score(["a", "b", "a"], scores, input="probs")
    assert wcetool.score(truth, scores, input="probs").loss == pytest.approx(expected.loss)
    weights = pd.Series({"b": 2.0, "a": 1.0})
    found = wcetool.score(["a", "b", "a"], scores, input="probs", class_weight=weights)
    assert found.class_weight.by_class == {"b": 2.0, "a": 1.0}
    costs = pd.DataFrame([[1, 2], [3, 4]], index=["b", "a"], columns=["b", "a"])
    by_name = wcetool.score(["a", "b", "a"], scores, input="probs", cost_matrix=costs)
    in_order = wcetool.score(["a", "b", "a"], scores, input="probs", cost_matrix=[[4, 3], [2, 1]])
    assert by_name.loss == in_order.loss


def test_python_values_of_another_kind_are_refused_or_taken():
    p = [[0.5, 0.5], [0.5, 0.5]]
    assert wcetool.score([0, 1], p, input="probs", ignore=1).ignored == 1
    with pytest.raises(wcetool.InputError, match="sample_weight"):
        wcetool.score([0, 1], p, input="probs", sample_weight=[10**400, 1])
    with pytest.raises(wcetool.InputError, match="sample_weight"):
        wcetool.score([0, 1], p, input="probs", sample_weight=2.0)
    with pytest.raises(wcetool.UsageError, match="--per-sample"):
        wcetool.score_file("m.csv", per_sample=5)
    with pytest.raises(wcetool.UsageError, match="too small"):
        wcetool.score([0, 1], p, input="probs", class_weight=[1e-30, 1e-30], like="keras")


def test_the_numbers_beside_a_framework_are_weighted_like_it(cli, files):
    args = ("m.csv", "--sample-weight-column", "w", "-f", "json")
    own = json.loads(cli("score", *args).stdout)
    like = json.loads(cli("score", *args, "--like", "sklearn").stdout)
    assert like["loss"]["value"] == pytest.approx(own["loss"]["value"], rel=1e-14)
    for key in ("reductions", "classes", "prior_baseline", "unweighted"):
        assert like[key] == own[key]
    found = json.loads(cli("explain", *args).stdout)
    assert found["own"]["value"] == own["loss"]["value"]
    smoothed = json.loads(cli("score", "m.csv", "--label-smoothing", "0.1", "-f", "json").stdout)
    found = json.loads(cli("explain", "m.csv", "--label-smoothing", "0.1", "-f", "json").stdout)
    assert found["own"]["value"] == smoothed["loss"]["value"]


def test_sample_weights_of_any_sign_are_up_to_the_framework(cli, write):
    rows = ["a,.7,.3,1", "b,.4,.6,-2", "a,.5,.5,", "b,.2,.8,3"]
    write("w.csv", "y,p_a,p_b,w\n" + "\n".join(rows) + "\n")
    args = ("score", "w.csv", "--sample-weight-column", "w")
    assert cli(*args).code == 3
    found = json.loads(cli(*args, "--like", "keras", "-f", "json").stdout)
    assert (found["scored"], found["odd_rows"], found["loss"]["value"]) == (4, 2, None)
    write("w.csv", "y,p_a,p_b,w\n" + "\n".join(rows[:2]) + "\n")
    found = json.loads(cli(*args, "--like", "sklearn", "-f", "json").stdout)
    expected = (-math.log(0.7) + 2 * math.log(0.6)) / -1
    assert found["loss"]["value"] == pytest.approx(expected, rel=1e-12)


def test_targets_that_are_no_distribution_are_up_to_the_framework(cli, write):
    write("t.csv", "y_a,y_b,logit_a,logit_b\n2,1,0.5,-1\n.5,.5,1,0\n")
    args = ("score", "t.csv", "-l", "y_*", "--task", "multiclass")
    ran = cli(*args)
    assert ran.code == 3
    assert "row 1: a target of 2" in ran.stderr
    found = json.loads(cli(*args, "--like", "torch", "-f", "json").stdout)
    x, t = np.array([[0.5, -1], [1, 0]]), np.array([[2, 1], [0.5, 0.5]])
    log_p = x - np.log(np.exp(x).sum(axis=1, keepdims=True))
    assert found["loss"]["value"] == pytest.approx(-(t * log_p).sum() / 2, rel=1e-12)
    assert found["odd_rows"] == 1


def test_nan_of_a_framework_has_its_reason_in_a_comparison(cli, write):
    write("n.csv", "label,prob_a,prob_b\na,1,0\nb,1,0\n")
    found = json.loads(cli("explain", "n.csv", "-f", "json").stdout)
    by_name = {row["convention"]: row for row in found["conventions"]}
    assert by_name["matlab:-1/N sum w T log Y"]["reason"] == "it gives NaN"


def test_a_column_that_is_the_pattern_without_a_class_is_refused(cli, write):
    write("e.csv", "y_a,y_,y_b,prob_a,prob_,prob_b\n1,0,1,.2,.9,.4\n0,1,1,.4,.1,.4\n")
    ran = cli("score", "e.csv", "-l", "y_*")
    assert ran.code == 3
    assert "column 'y_' is 'y_*' without a class" in ran.stderr


def test_a_file_with_further_columns_of_the_truth_is_refused(cli, write):
    write("1.csv", "y_a,y_b,p_a,p_b\n1,0,.5,.5\n0,1,.2,.9\n")
    write("2.csv", "y_a,y_b,y_c,p_a,p_b\n1,0,1,.5,.5\n")
    ran = cli("score", "1.csv", "2.csv", "-l", "y_*", "--task", "multilabel")
    assert ran.code == 3
    assert "2.csv: has columns of the truth that 1.csv lacks: 'y_c'" in ran.stderr
