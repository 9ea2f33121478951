"""How prediction files name their columns: each way works, or is refused with what to type."""

import numpy as np
import prediction_cases as cases
import pytest
from prediction_cases import (
    ALL,
    CLASSES,
    CONFIDENCE,
    LOGIT,
    P1,
    P1_OTHER,
    P3,
    PRED,
    SCORED,
    Y2,
    Y3,
    N,
    as_csv,
    loss2,
    loss3,
    numbers_of,
    parameters,
    typed,
)


@pytest.fixture
def refused(cli, write):
    def call(columns, *options, code=3, command="score"):
        write("preds.csv", as_csv(columns))
        ran = cli(command, "preds.csv", *options)
        assert ran.code == code, ran.stderr
        assert ran.stdout == ""
        return ran.stderr[ran.stderr.index("error: ") :]

    return call


@pytest.mark.parametrize("case", parameters(SCORED))
def test_a_convention_has_its_loss(cli, write, case):
    write(case.file, case.content())
    ran = cli("score", case.file, *case.options, "-f", "json", "-q")
    assert ran.code == 0, ran.stderr
    assert ran.json["scored"] == N
    assert ran.json["loss"]["value"] == pytest.approx(case.loss, rel=1e-12)


@pytest.mark.parametrize("case", parameters(ALL))
def test_the_decision_typed_out_gives_the_same_to_the_bit(cli, write, case):
    write(case.file, case.content())
    plan = cli("score", case.file, *case.options, "--dry-run", "-f", "json")
    assert plan.code == 0, plan.stderr
    assert plan.json["schema"] == "wcetool.score-plan/1"
    implied = cli("score", case.file, *case.options, "-f", "json", "-q")
    said = cli("score", case.file, *typed(plan.json["options"]), "-f", "json", "-q")
    assert said.code == 0, (said.stderr, plan.json["options"])
    assert numbers_of(said.json) == numbers_of(implied.json)


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("case", parameters(ALL))
def test_threads_change_nothing(cli, write, case, jobs):
    write(case.file, case.content())
    one = cli("score", case.file, *case.options, "-f", "json", "-q", "-j", 1)
    assert cli("score", case.file, *case.options, "-f", "json", "-q", "-j", jobs) == one


def test_two_groups_of_scores(refused):
    columns = {"y_true": Y3}
    columns |= {f"logit_{k}": np.log(P3[:, k]) for k in range(3)}
    columns |= {f"prob_{k}": P3[:, k] for k in range(3)}
    error = refused(columns)
    assert "2 groups of columns may hold the scores" in error
    assert "hint: --scores 'logit_*', or --scores 'prob_*'" in error


def test_columns_that_count_from_1_beside_labels_from_0(refused):
    error = refused({"label": Y3, **{f"probability_{k + 1}": P3[:, k] for k in range(3)}})
    assert "label '0' has no score column" in error
    assert "--classes 0,1,2, if the columns count from 1" in error


def test_columns_that_count_from_0_beside_labels_from_1(refused):
    error = refused({"label": Y3 + 1, **{f"prob_{k}": P3[:, k] for k in range(3)}})
    assert "--classes 1,2,3, if the columns count from 0" in error


def test_a_prefix_that_is_on_no_list_is_typed_out(refused):
    error = refused({"y_true": Y3, **{f"out_{k}": P3[:, k] for k in range(3)}})
    assert "hint: --scores 'out_*'" in error


def test_a_prediction_that_is_a_probability_is_no_predicted_label(refused, cli):
    error = refused({"y_true": Y2, "prediction": P1})
    assert "no columns are known to hold the scores" in error
    assert "hint: --scores prediction" in error
    ran = cli("score", "preds.csv", "--scores", "prediction", "-f", "json")
    assert ran.json["loss"]["value"] == pytest.approx(loss2(), rel=1e-12)


@pytest.mark.parametrize("name", ["pred", "predicted_label", "prediction", "y_pred", "preds"])
def test_a_predicted_label_is_neither_truth_nor_score(refused, name):
    error = refused({name: PRED, "p_0": 1 - P1, "p_1": P1})
    assert "no column is known to hold the label" in error


def test_list_columns(cli, tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({"y_true": Y3, "probs": [row.tolist() for row in P3]})
    pq.write_table(table, tmp_path / "p.parquet")
    ran = cli("score", "p.parquet", "-f", "json")
    assert ran.json["loss"]["value"] == pytest.approx(loss3(), rel=1e-12)
    plan = cli("score", "p.parquet", "--dry-run", "-f", "json").json
    said = cli("score", "p.parquet", *typed(plan["options"]), "-f", "json")
    assert numbers_of(said.json) == numbers_of(ran.json)


# Confidences


def test_the_confidence_trap(cli, write):
    """Read as p of class 1, the confidence of the predicted class gives a loss that is far off."""
    sure = np.tile([0.97, 0.9, 0.8, 0.95, 0.6], 12)
    predicted = np.where(np.arange(N) % 12 == 0, 1 - Y2, Y2)
    write("preds.csv", as_csv({"y_true": Y2, "pred": predicted, "confidence": sure}))
    right = cli("score", "preds.csv", "-f", "json")
    wrong = cli("score", "preds.csv", "--confidence-of", "positive", "-f", "json")
    true = loss2(np.where(predicted == 1, sure, 1 - sure))
    assert right.json["loss"]["value"] == pytest.approx(true, rel=1e-12)
    assert wrong.json["loss"]["value"] > 3 * true
    assert "is the probability of the class in column 'pred'" in right.stderr
    assert "|confidence-of:predicted|predicted-column:pred|" in right.json["signature"]
    assert "|confidence-of:positive|" in wrong.json["signature"]


def test_a_lone_confidence_is_refused(refused):
    error = refused({"y_true": Y2, "confidence": CONFIDENCE})
    assert "may be the probability of one class, or of the predicted class" in error
    assert "--confidence-of positive, or --confidence-of predicted" in error


def test_scores_that_are_all_high_may_be_those_of_predicted_labels(refused, cli):
    """A pipeline writes label and score, both predicted; a label column is no truth by that."""
    error = refused({"text": ["x"] * N, "label": Y2, "score": CONFIDENCE})
    assert "no value of column 'score' is below 1/2, whatever the label" in error
    assert "--confidence-of positive" in error
    ran = cli("score", "preds.csv", "--confidence-of", "positive", "-f", "json")
    assert ran.json["loss"]["value"] == pytest.approx(loss2(CONFIDENCE), rel=1e-12)


def test_a_confidence_of_three_classes_is_refused(refused, cli):
    predicted = P3.argmax(axis=1)
    error = refused({"y_true": Y3, "pred": predicted, "confidence": P3.max(axis=1)})
    assert "3 classes" in error
    assert "says nothing of the true class where the two differ" in error
    assert "hint: --scores none" in error
    ran = cli("score", "preds.csv", "--scores", "none", "-f", "json")
    assert ran.json["metrics"]["accuracy"] == (predicted == Y3).mean()
    assert ran.json["loss"]["value"] is None


def test_every_row_is_held_to_what_the_first_rows_showed(refused):
    many = 3000
    confidence = np.full(many, 0.9)
    confidence[2500] = 0.3
    y = np.tile([0, 1], many // 2)
    error = refused({"y_true": y, "pred": y, "confidence": confidence})
    assert "row 2,501" in error
    assert "0.3, which is less than 1/2" in error
    assert "--confidence-of positive" in error


def test_the_score_of_the_other_class_is_noticed(refused, cli):
    error = refused({"y_true": Y2, "pred": PRED, "score": 1 - P1})
    assert "is low where column 'pred' says '1'" in error
    ran = cli("score", "preds.csv", "--positive-class", "0", "-f", "json")
    assert ran.json["loss"]["value"] == pytest.approx(loss2(), rel=1e-12)


def test_a_predicted_label_that_is_no_class(refused):
    predicted = [str(one) for one in PRED]
    predicted[3] = "[bold]other[/]"
    error = refused({"y_true": Y2, "pred": predicted, "confidence": CONFIDENCE})
    assert "row 4: predicted label '[bold]other[/]' is no class" in error


def test_options_without_effect_are_refused(refused):
    columns = {"y_true": Y3, **{f"prob_{k}": P3[:, k] for k in range(3)}, "pred": Y3}
    assert "--confidence-of: has no effect" in refused(
        columns, "--confidence-of", "positive", code=2
    )
    assert "--predicted-column: has no effect" in refused(
        columns, "--predicted-column", "pred", code=2
    )


# Percentages and unknown labels


@pytest.mark.parametrize("decimals", [0, 1, 2])
def test_percentages_are_refused_until_they_are_declared(refused, cli, decimals):
    percent = np.array([[0.2, 0.3, 0.5], [0.6, 0.3, 0.1]] * (N // 2)) * 100
    percent = (percent + np.array([[0.004, 0.0, -0.004]])).round(decimals)
    columns = {"y_true": Y3, **{f"prob_{k}": percent[:, k] for k in range(3)}}
    assert "hint: --input percent" in refused(columns)
    ran = cli("score", "preds.csv", "--input", "percent", "-f", "json")
    assert ran.code == 0, ran.stderr
    assert ran.json["loss"]["value"] == pytest.approx(loss3(percent / 100), rel=1e-12)
    assert ran.json["input"] == "percent"
    assert "|input:percent|" in ran.json["signature"]


def test_percentages_of_one_decimal_may_miss_100_by_rounding(cli, write):
    rows = np.array([[33.3, 33.3, 33.3]] * N)
    columns = {"y_true": Y3, **{f"prob_{k}": rows[:, k] for k in range(3)}}
    write("preds.csv", as_csv(columns))
    ran = cli("score", "preds.csv", "--input", "percent", "-f", "json")
    assert ran.json["loss"]["value"] == pytest.approx(-np.log(0.333), rel=1e-12)
    columns["prob_0"] = np.array([33.3001] * N)
    write("preds.csv", as_csv(columns))
    assert cli("score", "preds.csv", "--input", "percent").code == 3


def test_one_percentage_a_row(refused, cli):
    columns = {"y_true": Y2, "prob": (P1 * 100).round(3)}
    assert "hint: --input percent" in refused(columns)
    ran = cli("score", "preds.csv", "--input", "percent", "-f", "json")
    assert ran.json["loss"]["value"] == pytest.approx(loss2((P1 * 100).round(3) / 100), rel=1e-9)


def test_probabilities_that_are_said_to_be_percentages(cli, write):
    write("preds.csv", as_csv({"y_true": Y2, "prob": P1}))
    ran = cli("score", "preds.csv", "--input", "percent")
    assert "warning: the scores are said to be percentages" in ran.stderr


@pytest.mark.parametrize("unknown", ["-1", "test"])
def test_an_unknown_truth_is_named(refused, cli, unknown):
    labels = [unknown, *map(str, Y3[1:])]
    error = refused({"y_true": labels, **{f"prob_{k}": P3[:, k] for k in range(3)}})
    assert f"hint: --missing {unknown}" in error
    ran = cli("score", "preds.csv", "--missing", unknown, "-f", "json")
    assert (ran.json["scored"], ran.json["missing"]) == (N - 1, 1)
    error = refused({"y_true": [unknown, *map(str, Y2[1:])], "prob": P1})
    assert f"hint: --missing {unknown}" in error


# Models


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_scores_of_models_are_of_no_predicted_class(cli, write, more):
    columns = {"y_true": Y2, "pred": Y2, "lr_proba": P1, "rf_proba": P1_OTHER}
    write("preds.csv", as_csv(columns))
    args = ("score", "preds.csv", "--scores", "lr_proba,rf_proba", "--confidence-of")
    ran = cli(*args, "predicted", *more)
    assert (ran.code, ran.stdout) == (2, "")
    assert "--confidence-of: several score columns are a model each" in ran.stderr
    assert cli(*args, "positive", *more).code == 0


def test_models(cli, write):
    write("preds.csv", as_csv({"y_true": Y2, "lr_proba": P1, "rf_proba": P1_OTHER}))
    ran = cli("score", "preds.csv", "--scores", "rf_proba,lr_proba", "-f", "json")
    assert ran.json["schema"] == "wcetool.score-models/1"
    assert [one["name"] for one in ran.json["models"]] == ["rf_proba", "lr_proba"]
    for one in ran.json["models"]:
        alone = cli("score", "preds.csv", "--scores", one["name"], "-f", "json")
        assert alone.json == one["score"]
    values = [one["score"]["loss"]["value"] for one in ran.json["models"]]
    assert values == pytest.approx([loss2(P1_OTHER), loss2()], rel=1e-12)
    assert "are a model each" in ran.stderr
    table = cli("score", "preds.csv", "--weights", "inverse")
    assert table.stdout.startswith("preds.csv: 2 models, 60 rows scored")
    rows = cli("score", "preds.csv", "-f", "csv").stdout.splitlines()
    assert rows[0].startswith("model,index,scored,loss")
    assert [row.split(",")[0] for row in rows[1:]] == ["lr_proba", "rf_proba"]
    assert "| lr\\_proba |" in cli("score", "preds.csv", "-f", "md").stdout


def test_two_columns_that_sum_to_1_are_asked_about(refused, cli):
    columns = {"y_true": [CLASSES[k] for k in Y2], "a_proba": 1 - P1, "b_proba": P1}
    error = refused(columns)
    assert "may be of classes or of models" in error
    assert "--classes cat,dog" in error
    assert "--task binary" in error
    as_classes = cli(
        "score", "preds.csv", "--classes", "cat,dog", "--scores", "a_proba,b_proba", "-f", "json"
    )
    assert as_classes.json["loss"]["value"] == pytest.approx(loss2(), rel=1e-9)
    as_models = cli("score", "preds.csv", "--task", "binary", "-f", "json")
    assert len(as_models.json["models"]) == 2


def test_a_label_among_the_columns_makes_them_classes(cli, write):
    write("preds.csv", as_csv({"y_true": Y2, "prob_0": 1 - P1, "prob_1": P1}))
    assert cli("score", "preds.csv", "-f", "json").json["schema"] == "wcetool.score/1"


def test_models_take_no_stream_and_no_rows(cli, write):
    content = as_csv({"y_true": Y2, "lr_proba": P1, "rf_proba": P1_OTHER})
    write("preds.csv", content)
    ran = cli("score", "-", "--input-format", "csv", stdin=content.encode())
    assert ran.code == 2
    assert "a stream is read only once" in ran.stderr
    ran = cli("score", "preds.csv", "--per-sample", "rows.parquet")
    assert ran.code == 2
    assert cli("explain", "preds.csv").code == 3


def test_models_beside_predicted_labels(cli, write):
    write("preds.csv", as_csv({"y_true": Y2, "pred": PRED, "a_proba": P1, "b_proba": P1_OTHER}))
    ran = cli("score", "preds.csv", "-f", "json")
    values = [one["score"]["loss"]["value"] for one in ran.json["models"]]
    assert values == pytest.approx([loss2(), loss2(P1_OTHER)], rel=1e-12)


# Predicted labels alone


def test_predicted_labels_alone(cli, write):
    true, predicted = list("aabbbc"), list("abbbbd")
    write("preds.csv", as_csv({"label": true, "prediction": predicted}))
    ran = cli("score", "preds.csv", "-f", "json")
    assert ran.code == 0
    document = ran.json
    assert document["schema"] == "wcetool.score/1"
    assert document["input"] is None
    assert [row["label"] for row in document["classes"]] == list("abcd")
    assert [row["support"] for row in document["classes"]] == [2, 3, 1, 0]
    assert [row["recall"] for row in document["classes"]] == [0.5, 1.0, 0.0, None]
    assert [row["precision"] for row in document["classes"]] == [1.0, 0.75, None, 0.0]
    assert document["metrics"]["accuracy"] == 4 / 6
    assert document["metrics"]["balanced_accuracy"] == pytest.approx(0.5, rel=1e-15)
    assert document["loss"]["value"] is None
    assert document["undefined"]["loss.value"] == "there are no scores, only predicted labels"
    assert "no cross-entropy can be computed" in ran.stderr
    assert "No cross-entropy" in cli("score", "preds.csv").stdout


def test_predicted_labels_beside_a_truth_in_another_file(cli, write):
    write("preds.csv", as_csv({"id": [1, 2, 3], "pred": ["a", "b", "b"]}))
    write("truth.csv", as_csv({"id": [3, 2, 1], "label": ["b", "a", "a"]}))
    ran = cli("score", "preds.csv", "--labels", "truth.csv", "--id-column", "id", "-f", "json")
    assert ran.json["metrics"]["accuracy"] == 2 / 3
    ran = cli("score", "preds.csv", "--labels", "truth.csv", "-f", "json")
    assert ran.json["metrics"]["accuracy"] == 0.0
    assert "column 'id', which both files have, differs" in ran.stderr


def test_predicted_labels_of_several_inputs_and_a_stream(cli, write):
    write("a.csv", as_csv({"y_true": Y2, "pred": PRED}))
    write("b.csv", as_csv({"y_true": Y2, "pred": Y2}))
    both = cli("score", "a.csv", "b.csv", "-f", "json", "-j", 2)
    hits = int((Y2 == PRED).sum()) + N
    assert both.json["metrics"]["accuracy"] == hits / (2 * N)
    content = as_csv({"y_true": Y2, "pred": PRED}).encode()
    assert "--classes" in cli("score", "-", "--input-format", "csv", stdin=content).stderr
    ran = cli(
        "score", "-", "--input-format", "csv", "--classes", "0,1", "-f", "json", stdin=content
    )
    assert ran.json["metrics"]["accuracy"] == (Y2 == PRED).mean()


def test_labels_that_share_nothing_are_refused(refused):
    error = refused({"label": ["cat", "dog"] * 5, "pred": [0, 1] * 5})
    assert "no label in column 'pred' is one of the truth" in error


def test_a_missing_predicted_label_is_refused(refused):
    assert "row 2: no predicted label" in refused({"label": ["a", "b"], "pred": ["a", ""]})


@pytest.mark.parametrize(
    "options",
    [["--weights", "inverse"], ["--clip", "1e-7"], ["--input", "probs"], ["--like", "torch"]],
)
def test_what_needs_scores_is_refused_without(refused, options):
    error = refused({"y_true": Y2, "pred": PRED}, *options, code=2)
    assert f"{options[0]}: has no effect: there are no scores" in error


# A row for each id and class


def long_columns():
    return {
        "sample": np.repeat([f"s{i}" for i in range(N)], 3),
        "class": CLASSES * N,
        "p": P3.ravel(),
    }


def test_a_long_file_is_never_taken_for_one_score_a_row(refused):
    columns = long_columns()
    assert "hint: --long sample,class,p" in refused(columns)
    columns["label"] = np.repeat([CLASSES[k] for k in Y3], 3)
    assert "hint: --long sample,class,p" in refused(columns)
    two = {
        "id": np.repeat(np.arange(N), 2),
        "label": ["no", "yes"] * N,
        "probability": np.column_stack([1 - P1, P1]).ravel(),
    }
    assert "hint: --long id,label,probability" in refused(two)


@pytest.mark.parametrize("n_ids", [1000, 6000, 20_000])
def test_a_long_file_class_by_class_is_noticed_as_well(refused, n_ids):
    positive = np.random.default_rng(0).random(n_ids).round(3)
    columns = {
        "image_id": np.tile(np.arange(n_ids), 2),
        "class": np.repeat(["no", "yes"], n_ids),
        "probability": np.concatenate([1 - positive, positive]),
    }
    assert "hint: --long image_id,class,probability" in refused(columns)


def test_a_sorted_file_with_an_id_a_row_is_not_long(cli, write):
    n = 12_000
    y = np.repeat([0, 1], n // 2)
    proba = np.random.default_rng(0).random(n).round(3)
    write("preds.csv", as_csv({"id": np.arange(n), "y_true": y, "prob": proba}))
    ran = cli("score", "preds.csv", "-f", "json")
    assert ran.json["scored"] == n


def test_a_long_file_in_any_order_with_labels_elsewhere(cli, write):
    columns = {name: np.asarray(values) for name, values in long_columns().items()}
    order = np.random.default_rng(1).permutation(3 * N)
    write("preds.csv", as_csv({name: values[order] for name, values in columns.items()}))
    truth = {"sample": [f"s{i}" for i in range(N)], "label": [CLASSES[k] for k in Y3]}
    write("truth.csv", as_csv(truth))
    options = ["--long", "sample,class,p", "--labels", "truth.csv", "--id-column", "sample"]
    ran = cli("score", "preds.csv", *options, "-f", "json")
    assert ran.code == 0, ran.stderr
    assert ran.json["loss"]["value"] == pytest.approx(loss3(), rel=1e-12)
    assert "|long:sample,class,p|" in ran.json["signature"]
    assert "180 rows of 'sample', 'class', 'p' are 60 ids with 3 classes each" in ran.stderr


def test_an_id_without_a_label_is_missing(cli, write):
    columns = {name: list(values) for name, values in long_columns().items()}
    columns["label"] = ["", "", "", *np.repeat([CLASSES[k] for k in Y3], 3)[3:]]
    write("preds.csv", as_csv(columns))
    ran = cli("score", "preds.csv", "--long", "sample,class,p", "-f", "json")
    assert (ran.json["scored"], ran.json["missing"]) == (N - 1, 1)


def test_every_id_needs_every_class_once(refused):
    columns = {name: list(values) for name, values in long_columns().items()}
    columns["label"] = list(np.repeat([CLASSES[k] for k in Y3], 3))
    options = ["--long", "sample,class,p"]
    short = {name: values[:-1] for name, values in columns.items()}
    assert "id 's59' has no 'p' for class 'emu'" in refused(short, *options)
    twice = {name: [*values, values[0]] for name, values in columns.items()}
    assert "id 's0' has class 'cat' twice" in refused(twice, *options)
    other = columns | {"label": ["dog", *columns["label"][1:]]}
    assert "id 's0' has two labels" in refused(other, *options)
    assert "MB are allowed" in refused(columns, *options, "--memory", "1kB")
    assert "does not name three columns" in refused(columns, "--long", "sample,class", code=2)
    assert "--scores: has no effect" in refused(columns, *options, "--scores", "p", code=2)


def test_a_wide_file_with_a_column_of_ids_that_repeat_is_not_long(cli, write):
    columns = {"fold": np.repeat(np.arange(6), 10), "y_true": Y2, "prob": P1}
    write("preds.csv", as_csv(columns))
    ran = cli("score", "preds.csv", "-f", "json")
    assert ran.json["loss"]["value"] == pytest.approx(loss2(), rel=1e-12)


def test_a_column_that_is_not_read_may_hold_anything(cli, write):
    ages = ["NA", *map(str, range(N - 1))]
    write("preds.csv", as_csv({"y_true": Y2, "age": ages[::-1], "pred": PRED, "prob": P1}))
    ran = cli("score", "preds.csv", "-f", "json")
    assert ran.json["loss"]["value"] == pytest.approx(loss2(), rel=1e-12)


# The plan


def test_a_plan_shows_the_first_rows_and_computes_nothing(cli, write):
    columns = {"id": range(N), "y_true": Y3, **{f"prob_{k}": P3[:, k] for k in range(3)}}
    write("preds.csv", as_csv(columns | {"note": ["[red]x"] * N, "pred": Y3}))
    ran = cli("score", "preds.csv", "--dry-run", "-f", "json")
    document = ran.json
    assert document["inputs"][0]["dialect"]["delimiter"] == ","
    assert document["truth"] == {
        "columns": ["y_true"],
        "form": "one class",
        "reason": "by its name",
    }
    assert document["scores"][1] == {"column": "prob_1", "class": "1"}
    assert document["unused"] == [
        {"column": "id", "holds": "numbers"},
        {"column": "note", "holds": "text"},
        {"column": "pred", "holds": "numbers, called like predicted labels"},
    ]
    assert [row["row"] for row in document["first_rows"]] == [1, 2, 3, 4, 5]
    first = document["first_rows"][0]
    assert first["true"] == "0"
    assert list(first["scores"].values()) == P3[0].tolist()
    assert first["sum"] == pytest.approx(1.0, rel=1e-12)
    assert first["predicted"] == str(P3[0].argmax())
    assert "note: label column 'y_true' (by its name)" in ran.stderr
    page = cli("score", "preds.csv", "--dry-run").stdout
    assert "understood, and not scored" in page
    assert "--label-column y_true" in page
    assert "**preds.csv" in cli("score", "preds.csv", "--dry-run", "-f", "md").stdout
    table = cli("score", "preds.csv", "--dry-run", "-f", "csv").stdout
    assert table.splitlines()[1] == "prob_0,0,0,probs"


def test_a_plan_of_hostile_names(cli, write):
    from conftest import HOSTILE_LABELS

    labels = [one for one in HOSTILE_LABELS if "\r" not in one][:12]
    proba = np.full((12, 12), 1 / 12)
    columns = {"label": labels, **{f"prob_{one}": proba[:, k] for k, one in enumerate(labels)}}
    write("preds.csv", as_csv(columns))
    plan = cli("score", "preds.csv", "--dry-run", "-f", "json")
    assert plan.code == 0, plan.stderr
    assert sorted(one["class"] for one in plan.json["scores"]) == sorted(labels)
    page = cli("score", "preds.csv", "--dry-run").stdout
    assert "\x1b" not in page
    implied = cli("score", "preds.csv", "-f", "json")
    said = cli("score", "preds.csv", *typed(plan.json["options"]), "-f", "json")
    assert numbers_of(said.json) == numbers_of(implied.json)


def test_a_plan_writes_no_rows(cli, write):
    write("preds.csv", as_csv({"y_true": Y2, "prob": P1}))
    ran = cli("score", "preds.csv", "--dry-run", "--per-sample", "rows.parquet")
    assert ran.code == 2
    assert "nothing is computed" in ran.stderr


def test_a_plan_of_a_stream_and_of_labels_elsewhere(cli, write):
    content = as_csv({"id": range(N), **{f"prob_{k}": P3[:, k] for k in range(3)}})
    write("truth.csv", as_csv({"id": range(N), "label": Y3}))
    options = ["--input-format", "csv", "--labels", "truth.csv", "--dry-run", "-f", "json"]
    ran = cli("score", "-", *options, stdin=content.encode())
    assert ran.json["first_rows"][2]["true"] == "2"
    ran = cli("score", "-", *options, "--id-column", "id", stdin=content.encode())
    assert ran.json["first_rows"][2]["true"] is None
    assert "rows.true" in ran.json["undefined"]


def test_logits_of_one_column_are_the_positive_class(cli, write):
    write("preds.csv", as_csv({"y_true": Y2, "pred": PRED, "logit": LOGIT}))
    ran = cli("score", "preds.csv", "-f", "json")
    exact = loss2(1.0 / (1.0 + np.exp(-LOGIT)))
    assert ran.json["loss"]["value"] == pytest.approx(exact, rel=1e-9)


def test_the_cases_are_those_of_the_sightings():
    assert len(cases.ALL) > 35


def test_no_decision_loads_pandas(write, tmp_path):
    import subprocess
    import sys

    write("a.csv", as_csv({"y_true": Y2, "pred": PRED, "score": P1}))
    write("b.csv", as_csv({"y_true": Y2, "pred": PRED}))
    write("c.csv", as_csv({"y_true": Y2, "a_proba": P1, "b_proba": P1_OTHER}))
    write("d.csv", as_csv({**long_columns(), "label": np.repeat([CLASSES[k] for k in Y3], 3)}))
    script = (
        "import sys, wcetool\n"
        "for name in 'abc':\n"
        "    wcetool.score_file(f'{name}.csv', dry_run=True)\n"
        "    wcetool.score_file(f'{name}.csv')\n"
        "wcetool.score_file('d.csv', long='sample,class,p')\n"
        "assert not {'pandas', 'sklearn', 'rich'} & sys.modules.keys()\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stderr.decode()


def test_a_plan_heeds_the_labels_that_pytorch_ignores_and_losses_that_do_not_fit(cli, write):
    write("ignored.csv", "label,p_0,p_1\n1,.2,.8\n-100,.5,.5\n0,.6,.4\n")
    write("models.csv", as_csv({"y_true": Y2, "lr_proba": P1, "rf_proba": P1_OTHER}))
    for args in (
        ("ignored.csv", "--like", "torch"),
        ("ignored.csv", "--like", "sklearn"),
        ("ignored.csv", "--like", "torch", "--weights", "absent.json"),
        ("models.csv", "--like", "xgboost"),
        ("models.csv", "--weights", "absent.json"),
    ):
        ran, plan = cli("score", *args), cli("score", *args, "--dry-run")
        assert plan.code == ran.code, args
        assert (ran.code == 0) == (args == ("ignored.csv", "--like", "torch"))
