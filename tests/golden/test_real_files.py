"""Real files of other people, with independently computed truth; skipped where they are not."""

import json

import pytest

AS_CSV = ("--input-format", "csv", "--no-header")

# The command of each file, as a user would type it, and the reading of the truth it gives.
LABELS = [
    ("Maternal Health Risk Data Set.csv", "RiskLevel", ["-l", "RiskLevel"]),
    ("google2019_nih-chest-xray-labels.csv.gz", "Fracture", ["-l", "Fracture"]),
    ("google2019_nih-chest-xray-labels.csv.gz", "Pneumothorax", ["-l", "Pneumothorax"]),
    ("google2019_nih-chest-xray-labels.csv.gz", "Airspace opacity", ["-l", "Airspace opacity"]),
    ("google2019_nih-chest-xray-labels.csv.gz", "Nodule or mass", ["-l", "Nodule or mass"]),
    ("river_shuttle.csv.gz", "anomaly", ["-l", "anomaly"]),
    ("adult.test", "income", ["-l", "income", "--input-format", "csv"]),
    (
        "tweeteval_emoji_train_labels.txt",
        "one int per line",
        ["--no-header", "--input-format", "csv"],
    ),
    (
        "Places_LT_train.txt.gz",
        "label",
        ["--no-header", "--delimiter", " ", "-l", "2", "--input-format", "csv"],
    ),
    *(
        (name, "last column (stripped)", ["-l", column, *AS_CSV, "--strip", *rest])
        for name, column, rest in (
            ("abalone19.dat", "9", ["--comment", "@"]),
            ("cleveland-0_vs_4.dat", "14", ["--comment", "@"]),
            ("cm1.arff.txt", "22", ["--skip-lines", "355"]),
        )
    ),
    *(
        (
            "vi_vtb-ud-test.conllu",
            reading,
            [
                "-l",
                column,
                "--input-format",
                "tsv",
                "--no-header",
                "--no-quoting",
                "--comment",
                "#",
            ],
        )
        for reading, column in (("UPOS (col 4)", "4"), ("XPOS (col 5)", "5"))
    ),
    ("chexpert_labeled_reports.csv", "No Finding", ["-l", "No Finding"]),
    ("chexpert_labeled_reports.csv", "Cardiomegaly", ["-l", "Cardiomegaly"]),
    ("chexpert_labeled_reports.csv", "Lung Opacity", ["-l", "Lung Opacity"]),
    ("chexpert_labeled_reports.csv", "Pneumonia", ["-l", "Pneumonia"]),
    ("chexpert_labeled_reports.csv", "Edema", ["-l", "Edema"]),
    ("chexpert_labeled_reports.csv", "Consolidation", ["-l", "Consolidation"]),
    ("chexpert_labeled_reports.csv", "Atelectasis", ["-l", "Atelectasis"]),
    ("chexpert_labeled_reports.csv", "Pleural Effusion", ["-l", "Pleural Effusion"]),
]


@pytest.fixture
def truth(shared_data):
    return json.loads((shared_data / "ground_truth.json").read_text())


@pytest.mark.parametrize(
    ("name", "reading", "options"),
    LABELS,
    ids=[f"{name}-{reading}" for name, reading, _ in LABELS],
)
def test_the_counts_of_a_real_file(cli, shared_data, truth, name, reading, options):
    expected = truth["labels"][name][reading]
    found = cli("analyze", shared_data / name, *options, "-f", "json")
    assert found.code == 0, found.stderr
    assert {label: row["count"] for label, row in found.rows.items()} == expected["counts"]
    assert found.json["missing"] == expected.get("missing", 0)


def test_a_column_that_is_blank_all_over_is_refused(cli, shared_data):
    found = cli("analyze", shared_data / "chexpert_labeled_reports.csv", "-l", "Fracture")
    assert found.code == 3
    assert "all 4 labels are missing" in found.stderr


def test_a_file_of_another_kind_is_refused_and_not_miscounted(cli, shared_data):
    for name, options in (
        ("vi_vtb-ud-test.conllu", ["--input-format", "tsv", "-l", "4"]),
        ("abalone19.dat", ["--input-format", "csv"]),
        ("cm1.arff.txt", ["--input-format", "csv"]),
        ("huffpost_test.jsonl", []),
        ("cifar10_mturk.json", []),
        ("cifar10_test_set_original_labels.npy", []),
    ):
        found = cli("analyze", shared_data / name, *options)
        assert found.code == 3, (name, found.stdout)


def test_the_losses_of_real_predictions(cli, shared_data, truth):
    reading = truth["predictions"]["538_nhl_games.csv"]["[prob1,prob2], decided games"]
    found = cli(
        *("score", shared_data / "538_nhl_games.csv", "-l", "prob1_outcome", "--scores", "prob1"),
        *("--weights", "inverse", "-f", "json"),
    ).json
    assert found["unweighted"]["mean"] == pytest.approx(reading["clip"]["0"]["ce"], rel=1e-12)
    assert found["loss"]["value"] == pytest.approx(reading["clip"]["0"]["balanced_ce"], rel=1e-12)
    assert found["metrics"]["accuracy"] == pytest.approx(reading["acc"], rel=1e-12)


def test_the_cifar_and_imdb_predictions_through_python(shared_data, truth):
    import numpy as np

    import wcetool

    for name in ("imdb", "cifar10"):
        proba = np.load(shared_data / f"{name}_test_set_pyx.npy")
        labels = np.load(shared_data / f"{name}_test_set_original_labels.npy")
        readings = truth["predictions"][f"{name}_test_set_pyx.npy"]
        for reading, options in (
            ("as stored", {}),
            ("rows renormalised", {"renormalize": True}),
        ):
            expected = readings[reading]
            found = wcetool.score(labels, proba, class_weight="inverse", **options)
            assert found.loss == pytest.approx(expected["clip"]["0"]["balanced_ce"], rel=1e-12)
            assert found.numbers.unweighted.value == pytest.approx(
                expected["clip"]["0"]["ce"], rel=1e-12
            )
            assert found.numbers.accuracy == pytest.approx(expected["acc"], rel=1e-12)


@pytest.mark.parametrize(
    ("name", "reading"),
    [
        ("538_nhl_games.csv", "[prob1,prob2], decided games"),
        ("538_world_cup_matches_men.csv", "[prob1,probtie,prob2]"),
    ],
)
def test_outcomes_in_columns_between_the_probabilities(cli, shared_data, truth, name, reading):
    expected = truth["predictions"][name][reading]
    ran = cli("score", shared_data / name, "--weights", "inverse", "-f", "json")
    found = ran.json
    assert (found["task"], found["scored"]) == ("multiclass", expected["n"])
    assert sorted(row["support"] for row in found["classes"]) == sorted(expected["counts"].values())
    losses = expected["clip"]["0"]
    assert found["unweighted"]["mean"] == pytest.approx(losses["ce"], rel=1e-12)
    assert found["loss"]["value"] == pytest.approx(losses["balanced_ce"], rel=1e-12)
    assert found["metrics"]["accuracy"] == pytest.approx(expected["acc"], rel=1e-12)
    assert "columns *_outcome" in ran.stderr
