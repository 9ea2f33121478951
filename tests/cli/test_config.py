"""Where defaults come from: flag, then environment, then configuration file."""

import json

import pytest


@pytest.fixture
def labels(write):
    return write("labels.csv", "label,other\n" + "a,x\n" * 3 + "b,y\n")


def test_the_nearest_file_counts(cli, labels, write, tmp_path, monkeypatch):
    write("wcetool.toml", 'format = "json"\nlabel-column = "other"\n')
    assert list(cli("analyze", "labels.csv").rows) == ["x", "y"]
    write("deep/wcetool.toml", 'format = "csv"\n')
    monkeypatch.chdir(tmp_path / "deep")
    assert cli("analyze", "../labels.csv").stdout.startswith("label,index,count")


def test_pyproject_may_hold_the_table(cli, labels, write):
    write("pyproject.toml", '[tool.wcetool]\nformat = "json"\n[tool.other]\nx = 1\n')
    assert cli("analyze", "labels.csv").json["rows"] == 4


def test_a_pyproject_without_the_table_is_passed_over(cli, labels, write, tmp_path, monkeypatch):
    write("wcetool.toml", 'format = "json"\n')
    write("deep/pyproject.toml", '[project]\nname = "x"\n')
    monkeypatch.chdir(tmp_path / "deep")
    assert cli("analyze", "../labels.csv").json["rows"] == 4


def test_a_table_holds_for_its_command_only(cli, labels, write):
    write("wcetool.toml", '[weights]\nscheme = "power:alpha=0.25"\ncap = 1.1\n[weights.set]\n')
    assert "power:alpha=0.25" in cli("weights", "labels.csv").stdout
    assert cli("analyze", "labels.csv").code == 0


def test_flag_beats_environment_beats_file(cli, labels, write, monkeypatch):
    write("wcetool.toml", "digits = 1\n")
    assert "Imbalance ratio 3.0:" in cli("analyze", "labels.csv", "-l", "label").stdout
    monkeypatch.setenv("WCETOOL_DIGITS", "2")
    assert "Imbalance ratio 3.00:" in cli("analyze", "labels.csv", "-l", "label").stdout
    assert (
        "Imbalance ratio 3.000:"
        in cli("analyze", "labels.csv", "-l", "label", "--digits", "3").stdout
    )


def test_no_config_and_another_file(cli, labels, write):
    write("wcetool.toml", 'label-column = "other"\n')
    write("mine.toml", 'label-column = "label"\nformat = "json"\n')
    assert list(cli("analyze", "labels.csv", "--config", "mine.toml").rows) == ["a", "b"]
    assert list(cli("analyze", "labels.csv", "--no-config", "-f", "json").rows) == ["a", "b"]


def test_what_a_file_sets_stands_in_the_signature(cli, labels, write):
    write("wcetool.toml", 'label-column = "other"\nmissing = "y"\n')
    signature = cli("analyze", "labels.csv", "-f", "json").json["signature"]
    assert "label-column:other" in signature
    assert "missing:y" in signature


def test_display_defaults_of_a_file_do_not_disturb_other_formats(cli, labels, write):
    write("wcetool.toml", "digits = 2\ntop = 1\n")
    assert cli("analyze", "labels.csv", "-f", "json", "-l", "label").code == 0


def test_labels_at_the_top_level_are_for_weights_alone(cli, labels, write):
    write("wcetool.toml", 'labels = "labels.csv"\n')
    write("preds.csv", "label,p_a,p_b\na,0.5,0.5\n")
    assert cli("score", "preds.csv", "-f", "json").json["rows"] == 1
    assert cli("weights", "-l", "label", "-f", "json").json["source"]["rows"] == 4


def test_paths_are_relative_to_the_file(cli, write, tmp_path, monkeypatch):
    write("project/wcetool.toml", 'names = "names.json"\nclasses = "classes.txt"\n')
    write("project/names.json", '{"0": "no", "1": "yes"}')
    write("project/classes.txt", "yes\nno\n")
    write("project/deep/labels.csv", "label\n0\n1\n")
    monkeypatch.chdir(tmp_path / "project" / "deep")
    assert list(cli("analyze", "labels.csv", "-f", "json").rows) == ["yes", "no"]


def test_a_weight_file_and_a_scheme_are_told_apart(cli, write):
    write("preds.csv", "label,p_a,p_b\na,0.5,0.5\nb,0.5,0.5\n")
    write("w.csv", "label,weight\na,1\nb,3\n")
    write("wcetool.toml", '[score]\nweights = "w.csv"\nformat = "json"\n')
    assert cli("score", "preds.csv").json["class_weight"]["source"] == "w.csv"
    write("wcetool.toml", '[score]\nweights = "effective-number:beta=0.5"\nformat = "json"\n')
    assert cli("score", "preds.csv").json["class_weight"]["source"] == "effective-number:beta=0.5"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("lable-column = 'x'\n", "'lable-column' is no option\n  hint: label-column"),
        ("[analyze]\nscheme = 'inverse'\n", "[analyze] 'scheme' is no option"),
        ("[analyse]\nx = 1\n", "'analyse' is no option"),
        ("digits = [\n", "is not TOML"),
        ("digits = 2026-11-22\n", "'digits' takes a text or a number"),
        ("strip = 'yes'\n", "'strip' takes true or false"),
        ("sort = ['index', 'label']\n", "'sort' takes a text or a number"),
        ("sort = true\n", "'sort' takes a text or a number"),
        ("missing = ['a,b', 'c']\n", "'missing': a comma separates"),
    ],
)
def test_a_wrong_configuration_file(cli, labels, write, content, text):
    write("wcetool.toml", content)
    found = cli("analyze", "labels.csv")
    assert (found.code, found.stdout) == (2, "")
    assert "error: " in found.stderr
    assert "wcetool.toml: " in found.stderr
    assert text in found.stderr


def test_a_configuration_file_that_is_not_there(cli, labels):
    found = cli("analyze", "labels.csv", "--config", "nope.toml")
    assert found.code == 2
    assert "nope.toml: no such file" in found.stderr


def test_every_option_of_every_command_has_a_key(cli, labels, write):
    document = json.loads(cli("analyze", "labels.csv", "-l", "label", "-f", "json").stdout)
    assert document["classes"]
    keys = "header = true\nstrip = true\nquiet = true\njobs = 1\nskip-lines = 0\nmax-classes = 5\n"
    write("wcetool.toml", keys + 'color = "never"\nsort = "count"\n[weights]\nset = ["a=2"]\n')
    assert cli("weights", "labels.csv", "-l", "label", "-f", "json").rows["a"]["weight"] == 2


def test_a_list_stands_for_commas_where_an_option_takes_several(cli, labels, write):
    write("wcetool.toml", 'missing = ["x", "?"]\nclasses = ["y", "x"]\nbuckets = [3, 2]\n')
    document = cli("analyze", "labels.csv", "-l", "other", "-f", "json").json
    assert [row["label"] for row in document["classes"]] == ["y", "x"]
    assert document["parameters"]["missing"] == "x,?"
    assert document["parameters"]["buckets"] == "3,2"


def test_one_text_stands_for_a_list_of_one(cli, labels, write):
    write("wcetool.toml", '[weights]\nset = "a=2"\n')
    assert cli("weights", "labels.csv", "-l", "label", "-f", "json").rows["a"]["weight"] == 2


@pytest.mark.parametrize("content", ["tool = 3\n", "[tool]\nwcetool = 3\n"])
def test_a_named_pyproject_of_another_form(cli, labels, write, content):
    write("pyproject.toml", content)
    found = cli("analyze", "labels.csv", "-l", "label", "--config", "pyproject.toml")
    assert found.code == 2
    assert "is not a table" in found.stderr


def test_a_wrong_value_says_where_it_stands(cli, labels, write, monkeypatch):
    write("wcetool.toml", 'digits = "many"\n')
    assert "it stands in the configuration file" in cli("analyze", "labels.csv").stderr
    monkeypatch.setenv("WCETOOL_DIGITS", "few")
    assert "it stands in an environment variable" in cli("analyze", "labels.csv").stderr
    found = cli("analyze", "labels.csv", "--digits", "x")
    assert found.code == 2
    assert "it stands" not in found.stderr


def test_an_unknown_environment_variable_is_refused(cli, labels, monkeypatch):
    monkeypatch.setenv("WCETOOL_LABLE_COLUMN", "label")
    found = cli("analyze", "labels.csv")
    assert found.code == 2
    assert "environment variable WCETOOL_LABLE_COLUMN" in found.stderr
    assert "hint: WCETOOL_LABEL_COLUMN" in found.stderr


def test_the_environment_may_name_the_labels_of_weights(cli, labels, write, monkeypatch):
    monkeypatch.setenv("WCETOOL_LABELS", "labels.csv")
    found = cli("weights", "-l", "label", "-f", "json")
    assert found.json["source"]["rows"] == 4
    assert found.json["notes"][0] == "labels from WCETOOL_LABELS: labels.csv"
    write("preds.csv", "label,p_a,p_b\na,0.5,0.5\n")
    assert cli("score", "preds.csv", "-f", "json").json["rows"] == 1


def test_defaults_without_effect_are_left_out(cli, write, monkeypatch):
    """What is refused when it is typed is no mistake as a general default."""
    write("logits.csv", "label,logit_a,logit_b\na,5,0\nb,0,3\n")
    write(
        "wcetool.toml",
        'delimiter = ","\n[score]\nrenormalize = true\nabsent = "one"\npositive-class = "a"\n',
    )
    plain = cli("score", "logits.csv", "-f", "json", "--no-config").json
    found = cli("score", "logits.csv", "-f", "json").json
    assert found["loss"] == plain["loss"]
    assert "renormalize" not in found["parameters"]
    assert "absent" not in found["parameters"]
    monkeypatch.setenv("WCETOOL_SUM_TOLERANCE", "0.1")
    assert cli("score", "logits.csv").code == 0
    found = cli("score", "logits.csv", "--renormalize")
    assert (found.code, "--renormalize: has no effect" in found.stderr) == (2, True)
    cli("analyze", "logits.csv", "-o", "counts.json")
    assert cli("analyze", "counts.json").code == 0
    assert cli("analyze", "counts.json", "--delimiter", ";").code == 2


def test_an_option_that_is_called_like_a_command(cli, labels, write):
    write("wcetool.toml", 'weights = "w.json"\nlabel-column = "label"\n')
    assert cli("weights", "labels.csv").code == 0
    assert cli("analyze", "labels.csv").code == 0
    write("wcetool.toml", "analyze = 5\n")
    found = cli("analyze", "labels.csv")
    assert "'analyze' is a table of options" in found.stderr


def test_paths_of_a_folder_above_stay_relative(cli, write, tmp_path, monkeypatch):
    write("wcetool.toml", 'labels = "labels.csv"\n')
    write("labels.csv", "label\na\n")
    write("deep/other.txt", "")
    monkeypatch.chdir(tmp_path / "deep")
    assert cli("weights", "-f", "json").json["source"]["inputs"] == ["../labels.csv"]
