"""Real files of other people, with independently computed truth; skipped where they are not.

`LABELS` and `PREDICTIONS` hold the shortest command for each file and reading of the truth: a file
or a reading without one fails the suite. `FORGOTTEN` holds shorter ones, which must be refused.
"""

import json
import shlex

import pytest

GOEMOTIONS = "goemotions_dev.tsv -l 2 --no-header --label-separator ,"
GOOGLE = "google2019_nih-chest-xray-labels.csv.gz"
CHEXPERT = "chexpert_labeled_reports.csv"

LABELS = [
    ("analyze Places_LT_train.txt.gz", "label"),
    (f"analyze {GOEMOTIONS} --names goemotions_labels.txt", "col2 split ,"),
    *(
        (f"analyze {CHEXPERT} -l {shlex.quote(finding)}", finding)
        for finding in (
            "No Finding",
            "Cardiomegaly",
            "Lung Opacity",
            "Edema",
            "Consolidation",
            "Pneumonia",
            "Atelectasis",
            "Pleural Effusion",
        )
    ),
    (f"analyze {GOOGLE} -l 'Finding Labels' --label-separator '|'", "Finding Labels split |"),
    (f"analyze {GOOGLE} -l Fracture", "Fracture"),
    (f"analyze {GOOGLE} -l Pneumothorax", "Pneumothorax"),
    (f"analyze {GOOGLE} -l 'Airspace opacity'", "Airspace opacity"),
    (f"analyze {GOOGLE} -l 'Nodule or mass'", "Nodule or mass"),
    ("analyze 'Maternal Health Risk Data Set.csv' -l RiskLevel", "RiskLevel"),
    ("analyze abalone19.dat", "last column (stripped)"),
    ("analyze cleveland-0_vs_4.dat", "last column (stripped)"),
    ("analyze cm1.arff.txt", "last column (stripped)"),
    ("analyze river_shuttle.csv.gz -l anomaly", "anomaly"),
    ("analyze adult.test -l income", "income"),
    ("analyze vi_vtb-ud-test.conllu", "UPOS (col 4)"),
    ("analyze vi_vtb-ud-test.conllu -l XPOS", "XPOS (col 5)"),
    ("analyze tweeteval_emoji_train_labels.txt", "one int per line"),
    ("analyze huffpost_test.jsonl", "category"),
    ("analyze cifar10_mturk.json -l given_original_label_name", "given_original_label_name"),
    ("analyze imdb_test_set_original_labels.npy", "array"),
    ("analyze cifar10_test_set_original_labels.npy", "array"),
]

PREDICTIONS = [
    *(
        (f"score {name}_test_set_pyx.npy --labels {name}_test_set_original_labels.npy{more}", said)
        for name in ("imdb", "cifar10")
        for more, said in (("", "as stored"), (" --renormalize", "rows renormalised"))
    ),
    ("score 538_world_cup_matches_men.csv", "[prob1,probtie,prob2]"),
    ("score 538_nhl_games.csv", "[prob1,prob2], decided games"),
]

# The truth numbers the classes of these in the order of their columns.
TEAMS = {
    "538_world_cup_matches_men.csv": {"0": "1", "1": "tie", "2": "2"},
    "538_nhl_games.csv": {"0": "1", "1": "2"},
}

# What only goes with another file, and the command that it goes with.
BESIDE = [
    "analyze tweeteval_emoji_train_labels.txt --names tweeteval_emoji_mapping.txt",
]

# Columns without one label have no reading: there is nothing to count.
BLANK = (
    "Enlarged Cardiomediastinum",
    "Lung Lesion",
    "Pneumothorax",
    "Pleural Other",
    "Fracture",
    "Support Devices",
)

# A bare command, or one that forgets what makes a file peculiar, and what it says.
FORGOTTEN = [
    ("analyze goemotions_dev.tsv", "no column is known to hold the label"),
    ("analyze goemotions_dev.tsv --no-header", "no column is known to hold the label"),
    ("analyze goemotions_dev.tsv -l 2", "--no-header if it is data"),
    ("analyze goemotions_dev.tsv -l 2 --label-separator ,", "--no-header if it is data"),
    ("analyze goemotions_dev.tsv -l 2 --no-header", "--label-separator ','"),
    ("analyze goemotions_dev.tsv -l 2 --header", "--label-separator ','"),
    (f"analyze {CHEXPERT}", "no column is known to hold the label"),
    *((f"analyze {CHEXPERT} -l {shlex.quote(name)}", "all 4 labels are missing") for name in BLANK),
    (f"analyze {CHEXPERT} -l Edema,Consolidation", "--uncertain"),
    (f"analyze {GOOGLE}", "no column is known to hold the label"),
    (f"analyze {GOOGLE} -l 'Finding Labels'", "--label-separator '|'"),
    ("analyze 'Maternal Health Risk Data Set.csv'", "no column is known to hold the label"),
    ("analyze river_shuttle.csv.gz", "no column is known to hold the label"),
    ("analyze adult.test", "no column is known to hold the label"),
    ("analyze cifar10_mturk.json", "no column is known to hold the label"),
    ("analyze tweeteval_emoji_mapping.txt", "no column is known to hold the label"),
    ("analyze imdb_test_set_pyx.npy", "no labels"),
    ("analyze cifar10_test_set_pyx.npy", "no labels"),
    ("score imdb_test_set_pyx.npy", "--labels FILE"),
    ("score cifar10_test_set_pyx.npy", "--labels FILE"),
    ("score imdb_test_set_pyx.npy --labels cifar10_test_set_original_labels.npy", "row 1: label"),
    ("score cifar10_test_set_pyx.npy --labels imdb_test_set_original_labels.npy", "25,000 rows"),
    ("score 538_nhl_games.csv --scores prob1,prob2 -l prob1", "prob1"),
    ("analyze abalone19.dat --input-format csv", ""),
    ("analyze cm1.arff.txt --input-format csv", ""),
    ("analyze vi_vtb-ud-test.conllu --input-format tsv", ""),
    ("analyze huffpost_test.jsonl --input-format csv", ""),
    ("analyze cifar10_mturk.json --input-format csv", ""),
    ("analyze imdb_test_set_original_labels.npy --input-format csv", ""),
]

# Options that say the wrong thing are done, but not without a word.
WRONG = [
    ("analyze goemotions_dev.tsv -l 2 --no-header --label-separator '|'", "--label-separator ','"),
    ("analyze Places_LT_train.txt.gz --input-format csv", "may be ids, not classes"),
]

CLIPS = ("0", "1e-15", "1e-12", "1e-7")


@pytest.fixture
def truth(shared_data):
    return json.loads((shared_data / "ground_truth.json").read_text(encoding="utf-8"))


@pytest.fixture
def there(shared_data, monkeypatch, cli):
    """Run a command as it is typed in the folder of the files."""
    monkeypatch.chdir(shared_data)
    return lambda command, *more: cli(*shlex.split(command), *more)


def _file(command: str) -> str:
    return shlex.split(command)[1]


@pytest.mark.parametrize(("command", "reading"), LABELS, ids=[command for command, _ in LABELS])
def test_the_shortest_command_counts_what_is_there(there, truth, command, reading):
    expected = truth["labels"][_file(command)][reading]
    ran = there(command, "-f", "json")
    assert ran.code == 0, ran.stderr
    counts = {label: row["count"] for label, row in ran.rows.items()}
    assert counts == expected["counts"]
    assert (sum(counts.values()), len(counts)) == (expected["n"], expected["k"])
    if "missing" in expected:
        assert ran.json["missing"] == expected["missing"]
    if "rows" in expected and "multilabel" in expected:
        assert ran.json["rows"] == expected["rows"]


@pytest.mark.parametrize("clip", CLIPS)
@pytest.mark.parametrize(("command", "reading"), PREDICTIONS, ids=[one for one, _ in PREDICTIONS])
def test_the_shortest_command_finds_the_losses(there, truth, command, reading, clip):
    expected = truth["predictions"][_file(command)][reading]
    options = ["--weights", "inverse", "-f", "json", *(["--clip", clip] if clip != "0" else [])]
    ran = there(command, *options)
    assert ran.code == 0, ran.stderr
    found = ran.json
    assert found["scored"] == expected["n"]
    supports = {row["label"]: row["support"] for row in found["classes"]}
    names = TEAMS.get(_file(command), {})
    assert supports == {names.get(code, code): n for code, n in expected["counts"].items()}
    assert found["zero_probability_rows"] == expected["zero_p_true"]
    losses = expected["clip"][clip]
    assert found["unweighted"]["mean"] == pytest.approx(losses["ce"], rel=1e-12)
    assert found["loss"]["value"] == pytest.approx(losses["balanced_ce"], rel=1e-12)
    assert found["metrics"]["accuracy"] == pytest.approx(expected["acc"], rel=1e-12)


@pytest.mark.parametrize(("command", "said"), FORGOTTEN, ids=[command for command, _ in FORGOTTEN])
def test_a_command_that_forgets_what_is_peculiar_is_refused(there, command, said):
    ran = there(command)
    assert (ran.code, ran.stdout) == (3, ""), ran.stderr
    assert said in ran.stderr


@pytest.mark.parametrize(("command", "said"), WRONG, ids=[command for command, _ in WRONG])
def test_a_command_that_says_what_is_wrong_is_warned(there, command, said):
    ran = there(command)
    assert any("warning: " in line and said in line for line in ran.stderr.splitlines())


def test_names_in_a_second_file_are_taken_from_its_second_field(there, truth):
    (command,) = BESIDE
    counts = truth["labels"][_file(command)]["one int per line"]["counts"]
    ran = there(command, "-f", "json")
    assert ran.code == 0, ran.stderr
    assert (ran.rows["❤"]["count"], ran.rows["😂"]["count"]) == (counts["0"], counts["2"])
    assert sorted(row["count"] for row in ran.rows.values()) == sorted(counts.values())
    assert "'_red_heart_', are not used" in ran.stderr


def test_every_file_and_every_reading_of_the_truth_has_its_command(shared_data, truth):
    for kind, commands in (("labels", LABELS), ("predictions", PREDICTIONS)):
        given = {(_file(command), reading) for command, reading in commands}
        assert given == {(name, one) for name, found in truth[kind].items() for one in found}
    typed = [*(command for command, _ in (*LABELS, *PREDICTIONS)), *BESIDE]
    used = {word for command in typed for word in shlex.split(command)}
    there = {path.name for path in shared_data.iterdir()} - {"README.md", "ground_truth.json"}
    assert there <= used, there - used
    for found in truth["predictions"].values():
        for reading in found.values():
            assert set(reading["clip"]) == set(CLIPS)
