"""`wcetool score` as a user runs it."""

import math

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import log_loss

CLASSES = ("cat", "dog", "emu")


@pytest.fixture
def rows():
    rng = np.random.default_rng(4)
    target = rng.choice(3, size=300, p=[0.7, 0.2, 0.1])
    logits = rng.normal(size=(300, 3))
    logits[np.arange(300), target] += 1
    proba = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return [CLASSES[t] for t in target], logits, proba


@pytest.fixture
def save(tmp_path, rows):
    def call(name, scores, prefix="p_", suffix="", order=(0, 1, 2), label="label"):
        frame = pd.DataFrame(
            {f"{prefix}{CLASSES[k]}{suffix}": scores[:, k] for k in order} | {label: rows[0]}
        )
        if name.endswith(".parquet"):
            frame.to_parquet(tmp_path / name, index=False)
        else:
            frame.to_csv(tmp_path / name, index=False)
        return name

    return call


def expected(rows, weights=None):
    labels, _, proba = rows
    sample_weight = None if weights is None else [weights[label] for label in labels]
    return log_loss(labels, proba, labels=CLASSES, sample_weight=sample_weight)


def loss_of(ran):
    assert ran.code == 0, ran.stderr
    return ran.json["loss"]["value"]


def test_the_json_contract(cli, save, rows):
    save("preds.parquet", rows[2])
    document = cli("score", "preds.parquet", "--weights", "inverse", "-f", "json").json
    assert document["schema"] == "wcetool.score/1"
    assert document["inputs"] == [{"path": "preds.parquet", "rows": 300}]
    assert (document["task"], document["input"], document["like"]) == ("multiclass", "probs", None)
    assert (document["rows"], document["scored"], document["missing"], document["ignored"]) == (
        300,
        300,
        0,
        0,
    )
    assert document["class_weight"]["scheme"] == "inverse"
    assert set(document["loss"]) == {"value", "reduction", "standard_error", "ci95", "finite_mean"}
    assert set(document["reductions"]) == {"weighted-mean", "mean", "sum", "weight_sum"}
    assert set(document["metrics"]) == {"accuracy", "balanced_accuracy", "macro_f1", "brier"}
    assert set(document["classes"][0]) == {
        *("label", "index", "support", "weight", "mean_loss", "loss_share"),
        *("recall", "precision", "mean_true_probability"),
    }
    assert document["prior_baseline"]["loss"] == pytest.approx(math.log(3), rel=1e-14)
    digest = document["class_weight"]["weights_sha256"]
    assert document["signature"].startswith(
        f"wce|weights:inverse|norm:as-published|weights-sha256:{digest[:16]}|red:weighted-mean|"
        "input:probs|classes:3|missing:skip|clip:none|"
    )


def test_without_weights_the_loss_is_unweighted(cli, save, rows):
    save("preds.parquet", rows[2])
    document = cli("score", "preds.parquet", "-f", "json").json
    assert document["class_weight"] is None
    assert document["loss"]["value"] == document["unweighted"]["mean"]
    assert document["loss"]["value"] == pytest.approx(expected(rows), rel=1e-12)
    shown = cli("score", "preds.parquet").stdout
    assert "class-balanced" in shown
    assert "the loss under inverse weights" in shown


def test_the_loss_under_inverse_is_the_class_balanced_one(cli, save, rows):
    save("preds.parquet", rows[2])
    plain = cli("score", "preds.parquet", "-f", "json").json
    weighted = cli("score", "preds.parquet", "--weights", "inverse", "-f", "json").json
    assert weighted["loss"]["value"] == pytest.approx(plain["balanced"]["mean"], rel=1e-14)


def test_weights_of_a_file_against_scikit_learn(cli, save, rows, write):
    save("preds.parquet", rows[2])
    write("w.csv", "label,weight\nemu,5.5\ncat,0.5\ndog,2\n")
    found = cli("score", "preds.parquet", "--weights", "w.csv", "-f", "json")
    assert loss_of(found) == pytest.approx(
        expected(rows, {"cat": 0.5, "dog": 2, "emu": 5.5}), rel=1e-12
    )
    assert [row["weight"] for row in found.json["classes"]] == [0.5, 2, 5.5]


@pytest.mark.parametrize(("policy", "weight"), [("zero", 0), ("one", 1)])
def test_a_class_that_the_weight_file_lacks(cli, save, rows, write, policy, weight):
    save("preds.parquet", rows[2])
    write("w.csv", "label,weight\ncat,0.5\ndog,2\n")
    found = cli("score", "preds.parquet", "--weights", "w.csv", "--absent", policy, "-f", "json")
    assert found.rows["emu"]["weight"] == weight
    assert f"absent:{policy}" in found.json["signature"]


@pytest.mark.parametrize("reduction", ["weighted-mean", "mean", "sum"])
def test_the_reduction_chooses_the_headline(cli, save, rows, reduction):
    save("preds.parquet", rows[2])
    document = cli(
        *(
            "score",
            "preds.parquet",
            "--weights",
            "max-ratio",
            "--reduction",
            reduction,
            "-f",
            "json",
        )
    ).json
    assert document["loss"]["value"] == document["reductions"][reduction]
    assert document["loss"]["reduction"] == reduction


@pytest.mark.parametrize(
    ("prefix", "suffix"),
    [
        ("", ""),
        ("p_", ""),
        ("prob_", ""),
        ("proba_", ""),
        ("probability_", ""),
        ("prob", ""),
        ("class_", "_prob"),
        ("", "_prob"),
        ("", "_proba"),
        ("P_", ""),
    ],
)
@pytest.mark.parametrize("name", ["preds.parquet", "preds.csv"])
def test_score_columns_are_found_by_their_names(cli, save, rows, prefix, suffix, name):
    save(name, rows[2], prefix, suffix, order=(2, 0, 1))
    found = cli("score", name, "-f", "json")
    assert loss_of(found) == pytest.approx(expected(rows), rel=1e-12)
    assert [row["label"] for row in found.json["classes"]] == list(CLASSES)


@pytest.mark.parametrize("prefix", ["logit_", "logits_", "logit"])
def test_logits_are_known_by_their_names(cli, save, rows, prefix):
    save("preds.parquet", rows[1], prefix)
    found = cli("score", "preds.parquet", "-f", "json")
    assert found.json["input"] == "logits"
    assert loss_of(found) == pytest.approx(expected(rows), rel=1e-12)


@pytest.mark.parametrize("prefix", ["log_prob_", "logp_", "logprob_"])
def test_log_probabilities_are_known_by_their_names(cli, save, rows, prefix):
    save("preds.parquet", np.log(rows[2]), prefix)
    found = cli("score", "preds.parquet", "-f", "json")
    assert found.json["input"] == "log-probs"
    assert loss_of(found) == pytest.approx(expected(rows), rel=1e-12)


def test_a_pattern_and_a_list_of_score_columns(cli, save, rows):
    save("preds.csv", rows[2], "model1 ", " out")
    for scores in ("model1 * out", "model1 cat out,model1 dog out,model1 emu out", "1,2,3"):
        args = ["score", "preds.csv", "--scores", scores, "-f", "json"]
        if "*" not in scores:
            args += ["--classes", "cat,dog,emu"]
        assert loss_of(cli(*args)) == pytest.approx(expected(rows), rel=1e-12)


def test_numbered_columns_are_matched_with_declared_classes_by_number(cli, tmp_path, rows):
    frame = pd.DataFrame(rows[2][:, ::-1], columns=["prob_3", "prob_2", "prob_1"])
    frame["label"] = rows[0]
    frame.to_csv(tmp_path / "preds.csv", index=False)
    found = cli("score", "preds.csv", "--classes", "cat,dog,emu", "-f", "json")
    assert loss_of(found) == pytest.approx(expected(rows), rel=1e-12)
    assert "taken in order for the declared classes" in found.stderr


def test_bare_class_columns_beside_other_numbers(cli, tmp_path, rows):
    frame = pd.DataFrame(rows[2], columns=list(CLASSES))
    frame.insert(0, "age", 40.0)
    frame["label"] = rows[0]
    frame.to_csv(tmp_path / "preds.csv", index=False)
    assert loss_of(cli("score", "preds.csv", "-f", "json")) == pytest.approx(
        expected(rows), rel=1e-12
    )


def test_a_class_that_the_first_rows_lack_has_its_bare_column_all_the_same(cli, tmp_path):
    frame = pd.DataFrame({"a": 0.5, "b": 0.3, "c": 0.2, "label": ["a", "b"] * 2000 + ["c"]})
    frame.to_csv(tmp_path / "preds.csv", index=False)
    document = cli("score", "preds.csv", "-f", "json").json
    assert [row["support"] for row in document["classes"]] == [2000, 2000, 1]


@pytest.mark.parametrize("fixed", [True, False])
def test_a_column_of_lists(cli, rows, fixed):
    codes = [CLASSES.index(label) for label in rows[0]]
    kind = pa.list_(pa.float64(), 3) if fixed else pa.list_(pa.float64())
    table = pa.table({"y_true": codes, "probs": pa.array(rows[2].tolist(), kind)})
    pq.write_table(table, "preds.parquet")
    found = cli("score", "preds.parquet", "-f", "json")
    assert loss_of(found) == pytest.approx(expected(rows), rel=1e-12)
    assert [row["label"] for row in found.json["classes"]] == ["0", "1", "2"]


def test_a_column_of_lists_with_declared_classes(cli, rows):
    table = pa.table({"label": rows[0], "logits": pa.array(rows[1].tolist())})
    pq.write_table(table, "preds.parquet")
    found = cli("score", "preds.parquet", "--classes", "cat,dog,emu", "-f", "json")
    assert loss_of(found) == pytest.approx(expected(rows), rel=1e-12)


@pytest.mark.parametrize(
    ("column", "kind"),
    [("prob", "probs"), ("y_proba", "probs"), ("prob_1", "probs"), ("logit", "logits")],
)
def test_one_score_of_the_positive_class(cli, write, column, kind):
    scores = [0.9, 0.2, 0.6]
    values = scores if kind == "probs" else [math.log(p / (1 - p)) for p in scores]
    write(
        "preds.csv",
        f"y,{column}\n" + "".join(f"{y},{v}\n" for y, v in zip([1, 0, 0], values, strict=True)),
    )
    found = cli("score", "preds.csv", "-f", "json")
    assert (found.json["task"], found.json["input"]) == ("binary", kind)
    assert loss_of(found) == pytest.approx(log_loss([1, 0, 0], scores), rel=1e-12)
    assert "is the score of class '1'" in found.stderr


def test_the_positive_class_can_be_named(cli, write):
    write("preds.csv", "y,prob\nham,0.9\nspam,0.2\n")
    later = cli("score", "preds.csv", "-f", "json")
    assert loss_of(later) == pytest.approx(-(math.log(0.1) + math.log(0.2)) / 2, rel=1e-12)
    named = cli("score", "preds.csv", "--positive-class", "ham", "-f", "json")
    assert loss_of(named) == pytest.approx(-(math.log(0.9) + math.log(0.8)) / 2, rel=1e-12)


def test_the_column_names_the_positive_class(cli, write):
    write("preds.csv", "y,p_ham\nham,0.9\nspam,0.2\n")
    found = cli("score", "preds.csv", "-f", "json")
    assert loss_of(found) == pytest.approx(-(math.log(0.9) + math.log(0.8)) / 2, rel=1e-12)
    assert "the score of class 'ham' (by the column's name)" in found.stderr


def test_a_second_class_that_turns_up_late_is_found(cli, tmp_path):
    frame = pd.DataFrame({"y": [0] * 300_000 + [1], "prob": 0.25})
    frame.to_parquet(tmp_path / "preds.parquet", row_group_size=100_000)
    document = cli("score", "preds.parquet", "-f", "json").json
    assert [row["support"] for row in document["classes"]] == [300_000, 1]


# The truth in another file


@pytest.mark.parametrize("preds_name", ["preds.parquet", "preds.csv"])
@pytest.mark.parametrize("labels_name", ["labels.parquet", "labels.csv"])
def test_labels_in_another_file_by_row_order(cli, tmp_path, rows, preds_name, labels_name):
    preds = pd.DataFrame(rows[2], columns=[f"p_{c}" for c in CLASSES])
    labels = pd.DataFrame({"id": range(300), "label": rows[0]})
    for frame, name in ((preds, preds_name), (labels, labels_name)):
        if name.endswith("parquet"):
            frame.to_parquet(tmp_path / name, row_group_size=70)
        else:
            frame.to_csv(tmp_path / name, index=False)
    found = cli("score", preds_name, "--labels", labels_name, "-f", "json")
    assert loss_of(found) == pytest.approx(expected(rows), rel=1e-12)


@pytest.mark.parametrize(
    ("n", "message"), [(299, "299 rows, but there are more"), (301, "301 rows, but there are 300")]
)
def test_labels_in_another_file_of_another_length(cli, tmp_path, rows, n, message):
    pd.DataFrame(rows[2], columns=[f"p_{c}" for c in CLASSES]).to_csv(
        tmp_path / "p.csv", index=False
    )
    labels = (rows[0] * 2)[:n]
    pd.DataFrame({"label": labels}).to_csv(tmp_path / "l.csv", index=False)
    found = cli("score", "p.csv", "--labels", "l.csv")
    assert found.code == 3
    assert message in found.stderr


# Tolerance, clipping, missing labels


def test_rounded_probabilities_are_within_the_tolerance_that_rounding_explains(cli, save, rows):
    save("preds.csv", np.round(rows[2], 2))
    found = cli("score", "preds.csv", "-f", "json")
    assert found.code == 0
    assert float(found.json["parameters"]["tolerance"]) == pytest.approx(1e-4 + 1.5e-2)
    assert "since the values have 2 decimals" in found.stderr
    assert cli("score", "preds.csv", "--sum-tolerance", "1e-6").code == 3


def test_rows_that_sum_to_a_little_more_are_scored_as_stored(cli, save, rows):
    scaled = rows[2] * 1.00002
    save("preds.parquet", scaled)
    found = cli("score", "preds.parquet", "-f", "json")
    assert loss_of(found) == pytest.approx(expected(rows) - math.log(1.00002), rel=1e-12)
    renormalised = cli("score", "preds.parquet", "--renormalize", "-f", "json")
    assert loss_of(renormalised) == pytest.approx(expected(rows), rel=1e-12)
    assert "renormalize:yes" in renormalised.json["signature"]


def test_percentages_can_be_renormalised(cli, save, rows):
    save("preds.csv", rows[2] * 100)
    assert cli("score", "preds.csv").code == 3
    assert loss_of(cli("score", "preds.csv", "--renormalize", "-f", "json")) == pytest.approx(
        expected(rows), rel=1e-12
    )


def test_a_zero_probability_is_infinite_counted_and_has_a_finite_mean(cli, write):
    write("preds.csv", "label,p_a,p_b\na,0,1\nb,0.5,0.5\na,0.5,0.5\n")
    found = cli("score", "preds.csv", "-f", "json")
    document = found.json
    assert document["loss"]["value"] == "inf"
    assert document["zero_probability_rows"] == 1
    assert document["loss"]["finite_mean"] == pytest.approx(math.log(2), rel=1e-15)
    assert document["prior_baseline"]["skill"] == "-inf"
    assert document["undefined"]["loss.standard_error"] == "a loss is infinite"
    assert "warning: the true class has probability 0 in 1 row: the loss" in found.stderr
    assert "inf" in cli("score", "preds.csv").stdout
    clipped = cli("score", "preds.csv", "--clip", "1e-7", "-f", "json").json
    assert clipped["loss"]["value"] == pytest.approx((-math.log(1e-7) + 2 * math.log(2)) / 3)
    assert (clipped["clipped_rows"], clipped["zero_probability_rows"]) == (1, 1)
    assert "clip:1e-07" in clipped["signature"]


def test_rows_without_a_label_are_counted_and_not_checked(cli, write):
    write("preds.csv", "label,p_a,p_b\na,0.5,0.5\n,9,9\nb,0.5,0.5\n?,,\n")
    document = cli("score", "preds.csv", "--missing", "?", "-f", "json").json
    assert (document["rows"], document["scored"], document["missing"]) == (4, 2, 2)
    assert document["loss"]["value"] == pytest.approx(math.log(2))


def test_a_class_with_a_column_and_no_rows(cli, write):
    write("preds.csv", "label,p_a,p_b,p_c\na,0.5,0.3,0.2\nb,0.5,0.3,0.2\n")
    document = cli("score", "preds.csv", "--weights", "inverse", "-f", "json").json
    absent = document["classes"][2]
    assert (absent["support"], absent["weight"], absent["recall"]) == (0, None, None)
    assert "classes.recall" in document["undefined"]


# Several inputs, standard input, threads


def test_several_prediction_files_are_pooled(cli, save, rows, tmp_path):
    save("all.parquet", rows[2])
    frame = pd.read_parquet(tmp_path / "all.parquet")
    frame.iloc[:100].to_csv(tmp_path / "a.csv", index=False)
    frame.iloc[100:, ::-1].to_parquet(tmp_path / "b.parquet", index=False)
    found = cli("score", "a.csv", "b.parquet", "-f", "json")
    whole = cli("score", "all.parquet", "-f", "json")
    assert found.json["classes"] == whole.json["classes"]
    assert found.json["inputs"] == [
        {"path": "a.csv", "rows": 100},
        {"path": "b.parquet", "rows": 200},
    ]


def test_predictions_on_standard_input(cli, save, rows, tmp_path):
    for name in ("preds.csv", "preds.parquet"):
        save(name, rows[2])
        found = cli("score", "-", "-f", "json", stdin=(tmp_path / name).read_bytes())
        assert loss_of(found) == pytest.approx(expected(rows), rel=1e-12)


def test_threads_and_row_groups_change_no_bit(cli, tmp_path, rows):
    frame = pd.DataFrame(rows[2].astype(np.float32), columns=[f"p_{c}" for c in CLASSES])
    frame["label"] = rows[0]
    big = pd.concat([frame] * 900, ignore_index=True)
    outputs = set()
    for size in (131_072, 200_000, 1_000_000):
        big.to_parquet(tmp_path / "preds.parquet", row_group_size=size)
        for jobs in (1, 2, 3):
            outputs.add(
                cli(
                    "score", "preds.parquet", "--weights", "inverse", "-f", "json", "-j", jobs
                ).stdout
            )
    assert len(outputs) == 1


def test_the_first_bad_row_is_the_same_for_any_number_of_threads(cli, tmp_path):
    frame = pd.DataFrame({"label": "a", "p_a": 0.5, "p_b": 0.5}, index=range(700_000))
    frame.loc[[200_000, 650_000], "p_a"] = 3.0
    frame.to_parquet(tmp_path / "preds.parquet", row_group_size=131_072)
    errors = {cli("score", "preds.parquet", "-j", jobs).stderr for jobs in (1, 2, 5)}
    assert len(errors) == 1
    assert "row 200,001: a probability of 3" in errors.pop()


# Display


def test_the_headline_says_what_the_loss_means(cli, save, rows):
    save("preds.parquet", rows[2])
    shown = cli("score", "preds.parquet", "--weights", "inverse").stdout
    assert "Cross-entropy " in shown
    assert "nats, 95% interval " in shown
    assert "below always predicting the weighted class shares (1.0986)." in shown


def test_a_loss_above_the_baseline_is_said_to_be(cli, write):
    write("preds.csv", "label,p_a,p_b\na,0.1,0.9\nb,0.9,0.1\n")
    assert (
        "Always predicting the class shares would cost less: 0.6931."
        in cli("score", "preds.csv").stdout
    )


def test_hidden_classes_are_summed_up(cli, save, rows):
    save("preds.parquet", rows[2])
    shown = cli("score", "preds.parquet", "--top", "1", "--sort", "count").stdout
    assert "other (2 classes)" in shown
    assert "emu" not in shown


def test_a_class_with_a_score_and_no_rows_is_announced(cli, write):
    write("preds.csv", "label,logit_a,logit_b,logit_scale\na,1,2,5\nb,1,2,5\n")
    assert "warning: a score and no rows: class 'scale'" in cli("score", "preds.csv").stderr


def test_a_p_value_is_no_score(cli, write):
    write("preds.csv", "label,p_value\na,0.03\nb,0.2\n")
    assert "no columns are known to hold the scores" in cli("score", "preds.csv").stderr


def test_a_sum_has_no_finite_mean(cli, write):
    write("p.csv", "label,p_a,p_b\na,1,0\nb,1,0\na,0.5,0.5\n")
    found = cli("score", "p.csv", "--reduction", "sum", "-f", "json").json
    assert found["loss"]["value"] == "inf"
    assert found["loss"]["finite_mean"] is None
    assert found["undefined"]["loss.finite_mean"] == "the loss is a sum"
    assert found["unweighted"]["finite_mean"] == pytest.approx(math.log(2) / 2, rel=1e-15)
    assert "without those rows, unweighted" in cli("score", "p.csv", "--reduction", "sum").stdout


def test_the_format_changes_no_signature(cli, save, rows):
    save("preds.csv", rows[2])
    save("preds.parquet", rows[2])
    first, second = (
        cli("score", name, "-f", "json").json["signature"]
        for name in ("preds.csv", "preds.parquet")
    )
    assert first == second
