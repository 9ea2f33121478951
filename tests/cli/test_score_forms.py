"""`wcetool score` with other targets, weights and losses, as a user runs it."""

import json
import math

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import accuracy_score, f1_score, log_loss

CLASSES = ("cat", "dog", "emu")
N = 400


@pytest.fixture
def rows():
    rng = np.random.default_rng(7)
    target = rng.choice(3, size=N, p=[0.6, 0.3, 0.1])
    logits = rng.normal(size=(N, 3))
    logits[np.arange(N), target] += 1.0
    proba = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return target, logits, proba, rng.uniform(0.1, 3.0, N)


@pytest.fixture
def preds(tmp_path, rows):
    target, logits, proba, weight = rows
    frame = pd.DataFrame({"id": np.arange(N), "label": [CLASSES[t] for t in target], "s": weight})
    for k, name in enumerate(CLASSES):
        frame[f"p_{name}"] = proba[:, k]
    frame.to_csv(tmp_path / "preds.csv", index=False)
    frame.to_parquet(tmp_path / "preds.parquet", index=False, row_group_size=70)
    frame = frame[["label", "s"]]
    for k, name in enumerate(CLASSES):
        frame[f"logit_{name}"] = logits[:, k]
    frame.to_csv(tmp_path / "logits.csv", index=False)
    return tmp_path


@pytest.fixture
def labels_of(tmp_path):
    rng = np.random.default_rng(8)
    proba = rng.uniform(0.02, 0.98, (N, 3))
    truth = (rng.random((N, 3)) < 0.5 * proba + 0.1).astype(int)
    truth[:, 2] |= truth.sum(axis=1) == 0  # a cell without labels would be missing
    frame = pd.DataFrame(truth, columns=[f"y_{name}" for name in CLASSES])
    for k, name in enumerate(CLASSES):
        frame[f"prob_{name}"] = proba[:, k]
    frame.to_csv(tmp_path / "columns.csv", index=False)
    frame.astype({f"y_{name}": bool for name in CLASSES}).to_csv(
        tmp_path / "words.csv", index=False
    )
    frame.to_parquet(tmp_path / "columns.parquet", index=False)
    cells = ["|".join(n for n, t in zip(CLASSES, row, strict=True) if t) for row in truth]
    frame.iloc[:, 3:].assign(tags=cells).to_csv(tmp_path / "cells.csv", index=False)
    return truth, proba


def document(ran):
    assert ran.code == 0, ran.stderr
    return json.loads(ran.stdout)


def loss(ran):
    return document(ran)["loss"]["value"]


def test_sample_weights_from_a_column(cli, preds, rows):
    target, _, proba, weight = rows
    expected = log_loss(target, proba, sample_weight=weight)
    for name in ("preds.csv", "preds.parquet"):
        found = cli("score", name, "--sample-weight-column", "s", "-f", "json")
        assert loss(found) == pytest.approx(expected, rel=1e-12)
    assert document(found)["classes"][0]["support"] == int((target == 0).sum())


def test_weights_by_predicted_class_and_by_pair(cli, preds, rows, write):
    target, _, proba, _ = rows
    w = np.array([1.0, 2.0, 5.0])
    nll = -np.log(proba[np.arange(N), target])
    by_predicted = w[proba.argmax(axis=1)]
    write("w.csv", "label,weight\ncat,1\ndog,2\nemu,5\n")
    found = cli(
        "score", "preds.csv", "--weights", "w.csv", "--weight-by", "predicted", "-f", "json"
    )
    assert loss(found) == pytest.approx((by_predicted * nll).sum() / by_predicted.sum(), rel=1e-12)
    # Rows are the true classes, columns the predicted ones; the order of the file does not matter.
    write("cost.csv", "true,emu,cat,dog\ndog,3,7,1\ncat,9,1,2\nemu,1,8,4\n")
    cost = np.array([[1, 2, 9], [7, 1, 3], [8, 4, 1.0]])
    pair = cost[target, proba.argmax(axis=1)]
    found = cli("score", "preds.csv", "--cost-matrix", "cost.csv", "-f", "json")
    assert loss(found) == pytest.approx((pair * nll).sum() / pair.sum(), rel=1e-12)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("true,cat,dog\ncat,1,2\ndog,1,1\n", "its columns are not the classes"),
        ("true,cat,dog,emu\ncat,1,1,1\ndog,1,1,1\n", "its rows are not the classes"),
        ("true,cat,dog,emu\ncat,1,1,1\ndog,1,x,1\nemu,1,1,1\n", "'x' is not a number"),
        ("true,cat,dog,emu\ncat,1,1,1\ndog,1,-1,1\nemu,1,1,1\n", "not finite and at least 0"),
        ("true,cat,dog,emu\ncat,1,1,1\ndog,1,1\nemu,1,1,1\n", "3 fields, where the header has 4"),
        ("", "is empty"),
    ],
)
def test_a_cost_matrix_that_is_none_is_refused(cli, preds, write, text, said):
    write("cost.csv", text)
    ran = cli("score", "preds.csv", "--cost-matrix", "cost.csv")
    assert ran.code == 3
    assert "cost.csv" in ran.stderr
    assert said in ran.stderr


def test_focal_loss(cli, preds, rows):
    target, _, proba, _ = rows
    true = proba[np.arange(N), target]
    focal = (1 - true) ** 2 * -np.log(true)
    args = ("score", "preds.csv", "--focal-gamma", "2", "-f", "json")
    assert loss(cli(*args)) == pytest.approx(focal.mean(), rel=1e-12)
    alpha = np.array([1.0, 2.0, 4.0])[target]
    found = cli(*args, "--alpha", "1,2,4", "--reduction", "mean")
    assert loss(found) == pytest.approx((alpha * focal).mean(), rel=1e-12)
    assert document(found)["prior_baseline"]["loss"] is None
    assert "prior_baseline.loss" in document(found)["undefined"]


def test_label_smoothing_is_that_of_pytorch(cli, preds, rows):
    target, logits, _, _ = rows
    w = np.array([1.0, 2.0, 5.0])
    log_proba = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    smooth = (0.9 * -w[target] * log_proba[np.arange(N), target]) + 0.1 / 3 * -(w * log_proba).sum(
        axis=1
    )
    (preds / "w.csv").write_text("label,weight\ncat,1\ndog,2\nemu,5\n")
    args = ("score", "logits.csv", "--weights", "w.csv", "--label-smoothing", "0.1", "-f", "json")
    expected = smooth.sum() / w[target].sum()
    assert loss(cli(*args)) == pytest.approx(expected, rel=1e-12)
    assert loss(cli(*args, "--like", "torch")) == pytest.approx(expected, rel=1e-12)


def test_smoothing_with_extreme_weights_is_warned_of(cli, preds):
    (preds / "w.csv").write_text("label,weight\ncat,1\ndog,1\nemu,1000\n")
    ran = cli("score", "logits.csv", "--weights", "w.csv", "--label-smoothing", "0.1")
    assert "moves the optimum" in ran.stderr
    ran = cli("score", "logits.csv", "--label-smoothing", "0.1")
    assert "moves the optimum" not in ran.stderr


def test_a_sampler_and_weights_together_are_warned_of(cli, write):
    write("train.csv", "label\n" + "a\n" * 90 + "b\n" * 10)
    write("preds.csv", "label,p_a,p_b\n" + "a,0.6,0.4\nb,0.4,0.6\n" * 20)
    assert cli("weights", "train.csv", "-o", "w.json").code == 0
    assert "correct twice" in cli("score", "preds.csv", "--weights", "w.json").stderr


def test_a_weight_of_zero_does_not_hide_an_infinite_loss(cli, write):
    write("preds.csv", "label,p_a,p_b\na,0.6,0.4\nb,1,0\n")
    write("w.csv", "label,weight\na,1\nb,0\n")
    ran = cli("score", "preds.csv", "--weights", "w.csv")
    assert "a weight of 0 does not hide an infinite loss" in ran.stderr
    found = document(cli("score", "preds.csv", "--weights", "w.csv", "--ignore", "b", "-f", "json"))
    assert found["loss"]["value"] == pytest.approx(-math.log(0.6), rel=1e-15)


def test_ignored_rows_are_counted_and_leave_the_denominators(cli, preds, rows, write):
    target, _, proba, _ = rows
    kept = target != 1
    found = document(cli("score", "preds.csv", "--ignore", "dog", "-f", "json"))
    expected = -np.log(proba[np.arange(N), target])[kept].mean()
    assert found["loss"]["value"] == pytest.approx(expected, rel=1e-12)
    assert (found["ignored"], found["scored"]) == (int((~kept).sum()), int(kept.sum()))
    write("code.csv", "label,p_0,p_1\n0,0.9,0.1\n-100,0.5,0.5\n1,0.2,0.8\n")
    found = document(cli("score", "code.csv", "--ignore=-100", "-f", "json"))
    assert (found["ignored"], found["scored"]) == (1, 2)
    ran = cli("score", "code.csv", "--ignore=-100,0,1")
    assert ran.code == 3
    assert "no row can be scored: 3 rows ignored" in ran.stderr


@pytest.mark.parametrize("name", ["columns.csv", "words.csv", "columns.parquet"])
def test_several_labels_in_columns(cli, labels_of, name):
    truth, proba = labels_of
    elements = -np.where(truth == 1, np.log(proba), np.log1p(-proba))
    found = document(cli("score", name, "-l", "y_*", "-f", "json"))
    assert found["task"] == "multilabel"
    assert found["loss"]["value"] == pytest.approx(elements.mean(), rel=1e-12)
    predicted = (proba > 0.5).astype(int)
    metrics = found["metrics"]
    assert metrics["accuracy"] == pytest.approx(accuracy_score(truth, predicted), rel=1e-12)
    macro = f1_score(truth, predicted, average="macro")
    assert metrics["macro_f1"] == pytest.approx(macro, rel=1e-12)
    assert metrics["balanced_accuracy"] is None
    assert [row["support"] for row in found["classes"]] == truth.sum(axis=0).tolist()


def test_several_labels_in_a_cell_are_those_in_columns(cli, labels_of):
    columns = document(cli("score", "columns.csv", "-l", "y_*", "-f", "json"))
    cells = document(
        cli("score", "cells.csv", "-l", "tags", "--label-separator", "|", "-f", "json")
    )
    for key in ("loss", "reductions", "classes", "metrics", "prior_baseline"):
        assert cells[key] == columns[key]


def test_positive_weights_of_labels(cli, labels_of):
    truth, proba = labels_of
    q = np.array([1.0, 3.0, 0.5])
    terms = -np.where(truth == 1, q * np.log(proba), np.log1p(-proba))
    args = ("score", "columns.csv", "-l", "y_*", "--pos-weight", "1,3,0.5", "-f", "json")
    found = document(cli(*args, "--reduction", "mean"))
    assert found["loss"]["value"] == pytest.approx(terms.mean(), rel=1e-12)
    mass = np.where(truth == 1, q, 1.0).sum()
    assert found["reductions"]["weighted-mean"] == pytest.approx(terms.sum() / mass, rel=1e-12)


def test_a_positive_weight_for_one_class_of_several_is_refused(cli, preds):
    ran = cli("score", "preds.csv", "--pos-weight", "2")
    assert ran.code == 2
    assert "a softmax has no negative term" in ran.stderr


def test_soft_targets_and_their_faults(cli, preds, rows, write):
    _, _, proba, _ = rows
    rng = np.random.default_rng(1)
    soft = rng.dirichlet(np.ones(3), N)
    frame = pd.DataFrame(soft, columns=[f"t_{name}" for name in CLASSES])
    for k, name in enumerate(CLASSES):
        frame[f"p_{name}"] = proba[:, k]
    frame.to_csv(preds / "soft.csv", index=False)
    found = document(cli("score", "soft.csv", "-l", "t_*", "-f", "json"))
    assert found["task"] == "multiclass"
    assert found["loss"]["value"] == pytest.approx(
        -(soft * np.log(proba)).sum(axis=1).mean(), rel=1e-12
    )
    frame.loc[5, "t_cat"] += 0.5
    frame.to_csv(preds / "soft.csv", index=False)
    ran = cli("score", "soft.csv", "-l", "t_*", "--task", "multiclass")
    assert ran.code == 3
    assert "row 6" in ran.stderr
    ran = cli("score", "soft.csv", "-l", "t_*", "--task", "multiclass", "--like", "sklearn")
    assert ran.code == 2
    assert "soft targets" in ran.stderr


def test_a_tie_stays_a_soft_target(cli, write):
    write("tie.csv", "a_outcome,b_outcome,a,b\n0.5,0.5,0.8,0.2\n1,0,0.9,0.1\n")
    found = document(cli("score", "tie.csv", "-f", "json"))
    expected = (-0.5 * math.log(0.8) - 0.5 * math.log(0.2) - math.log(0.9)) / 2
    assert found["loss"]["value"] == pytest.approx(expected, rel=1e-14)


def test_labels_are_matched_by_an_id(cli, preds, rows, write):
    target, _, proba, _ = rows
    order = np.random.default_rng(2).permutation(N)
    frame = pd.read_csv(preds / "preds.csv").drop(columns="label")
    frame.to_csv(preds / "scores.csv", index=False)
    truth = pd.DataFrame({"id": order, "label": [CLASSES[target[i]] for i in order]})
    truth.to_parquet(preds / "truth.parquet", index=False)
    args = ("score", "scores.csv", "--labels", "truth.parquet", "--id-column", "id")
    expected = -np.log(proba[np.arange(N), target]).mean()
    assert loss(cli(*args, "-f", "json")) == pytest.approx(expected, rel=1e-12)
    truth.iloc[:-3].to_parquet(preds / "truth.parquet", index=False)
    ran = cli(*args)
    assert ran.code == 3
    assert "--unmatched skip" in ran.stderr
    found = document(cli(*args, "--unmatched", "skip", "-f", "json"))
    assert (found["scored"], found["missing"]) == (N - 3, 3)
    pd.concat([truth, truth.iloc[:2]]).to_parquet(preds / "truth.parquet", index=False)
    assert "--duplicates allow" in cli(*args).stderr
    assert loss(cli(*args, "--duplicates", "allow", "-f", "json")) == pytest.approx(expected)


def test_a_loop_over_batches_prints_another_number(cli, preds, rows):
    target, _, proba, _ = rows
    nll, w = -np.log(proba[np.arange(N), target]), np.array([1.0, 2.0, 5.0])[target]
    (preds / "w.csv").write_text("label,weight\ncat,1\ndog,2\nemu,5\n")
    args = ("score", "preds.parquet", "--weights", "w.csv", "-f", "json")
    found = document(cli(*args, "--batch-size", "32,150"))
    for one, size in zip(found["batches"], (32, 150), strict=True):
        values = [
            (w[i : i + size] * nll[i : i + size]).sum() / w[i : i + size].sum()
            for i in range(0, N, size)
        ]
        assert one["n_batches"] == len(values)
        assert one["value"] == pytest.approx(np.mean(values), rel=1e-12)
        counts = [len(nll[i : i + size]) for i in range(0, N, size)]
        assert one["by_rows"] == pytest.approx(np.average(values, weights=counts), rel=1e-12)
    assert found["loss"]["value"] == pytest.approx((w * nll).sum() / w.sum(), rel=1e-12)


@pytest.mark.parametrize("like", [(), ("--like", "torch.NLLLoss")])
def test_the_losses_of_rows_are_written(cli, preds, rows, like, write):
    target, _, proba, _ = rows
    frame = pd.read_csv(preds / "preds.csv")
    frame.loc[[3, 50], "label"] = None
    frame.to_csv(preds / "holes.csv", index=False)
    args = ("score", "holes.csv", "--weights", "inverse", *like, "-f", "json")
    found = document(cli(*args, "--per-sample", "rows.parquet"))
    written = pq.read_table(preds / "rows.parquet").to_pandas()
    assert written["row"].tolist() == list(range(1, N + 1))
    assert written["loss"].isna().sum() == 2
    total = written["loss"].sum() / written["weight"].sum()
    assert found["loss"]["value"] == pytest.approx(total, rel=1e-12)
    kept = written["loss"].notna()
    assert written["label"][kept].tolist() == frame["label"][kept].tolist()
    ratio = (written["loss"] / written["weight"])[kept]
    np.testing.assert_allclose(ratio, -np.log(proba[np.arange(N), target])[kept], rtol=1e-12)


def test_nothing_is_left_of_losses_that_were_not_written_whole(cli, preds, write):
    write("bad.csv", "label,p_a,p_b\na,0.5,0.5\nb,0.9,0.9\n")
    assert cli("score", "bad.csv", "--per-sample", "rows.parquet").code == 3
    assert not (preds / "rows.parquet").exists()


def test_nan_may_be_the_number_of_a_framework(cli, write):
    write("preds.csv", "label,p_a,p_b\na,1,0\nb,1,0\n")
    write("w.csv", "label,weight\na,1\nb,0\n")
    args = ("score", "preds.csv", "--like", "torch", "--weights", "w.csv", "-f", "json")
    found = document(cli(*args))
    assert found["loss"]["value"] is None
    assert found["undefined"]["loss.value"] == "torch.nn.NLLLoss(log(probs)) gives NaN"


def test_rows_that_break_rules_are_scored_as_the_framework_does(cli, write):
    write("preds.csv", "label,p_a,p_b\na,0.5004,0.4\nb,0.5,0.5\n")
    assert cli("score", "preds.csv").code == 3
    ran = cli("score", "preds.csv", "--like", "torch", "-f", "json")
    found = document(ran)
    assert found["loss"]["value"] == pytest.approx(
        -(math.log(0.5004) + math.log(0.5)) / 2, rel=1e-15
    )
    assert (found["scored"], found["odd_rows"]) == (2, 1)
    assert "all other numbers leave them out" in ran.stderr


def test_keras_behind_a_softmax_cannot_be_had_from_probabilities(cli, preds):
    ran = cli("score", "preds.csv", "--like", "keras.Model.evaluate")
    assert ran.code == 2
    assert "goes back to the logits behind a softmax" in ran.stderr


def test_every_framework_on_the_same_rows(cli, preds, rows):
    target, logits, _, _ = rows
    w = np.array([1.0, 2.0, 5.0])
    log_proba = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    total = (w[target] * -log_proba[np.arange(N), target]).sum()
    (preds / "w.csv").write_text("label,weight\ncat,1\ndog,2\nemu,5\n")
    found = document(cli("explain", "logits.csv", "--weights", "w.csv", "-f", "json"))
    by_name = {row["convention"]: row for row in found["conventions"]}
    torch, keras = (
        by_name["torch.nn.CrossEntropyLoss"],
        by_name["keras.losses.SparseCategoricalCrossentropy"],
    )
    assert torch["value"] == pytest.approx(total / w[target].sum(), rel=1e-12)
    assert keras["value"] == pytest.approx(total / N, rel=1e-12)
    assert keras["factor"] == pytest.approx(w[target].sum() / N, rel=1e-12)
    assert keras["divisor"] == N
    assert "takes probs, not logits" in by_name["sklearn.metrics.log_loss"]["reason"]
    page = cli("explain", "logits.csv", "--weights", "w.csv").stdout
    for text in (
        "torch.CrossEntropyLoss",
        "keras.SparseCategoricalCrossentropy",
        "sklearn.log_loss",
    ):
        assert text in page
    assert f"N = {N}" in page


def test_cells_in_another_file_by_order_and_by_id(cli, labels_of, tmp_path):
    cells = pd.read_csv(tmp_path / "cells.csv").assign(id=np.arange(N))
    cells.loc[7, "tags"] = None
    cells.loc[9, "tags"] = "dog|other"
    cells.drop(columns="tags").to_parquet(tmp_path / "scores.parquet", row_group_size=90)
    cells[["id", "tags"]].to_csv(tmp_path / "truth.csv", index=False)
    cells[["id", "tags"]][::-1].to_parquet(tmp_path / "truth.parquet", row_group_size=50)
    args = ("-l", "tags", "--label-separator", "|", "--ignore", "other", "-f", "json")
    cells.to_csv(tmp_path / "beside.csv", index=False)
    beside = document(cli("score", "beside.csv", *args))
    assert (beside["missing"], beside["ignored"]) == (1, 1)
    by_order = document(cli("score", "scores.parquet", "--labels", "truth.csv", *args))
    by_id = document(
        cli("score", "scores.parquet", "--labels", "truth.parquet", "--id-column", "id", *args)
    )
    for key in ("loss", "classes", "missing", "ignored"):
        assert beside[key] == by_order[key] == by_id[key]
