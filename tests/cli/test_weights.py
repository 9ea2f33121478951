"""`wcetool weights` as a user runs it."""

import hashlib
import json
import re

import numpy as np
import pandas as pd
import pytest

import wcetool
from wcetool.core.conventions import CONVENTIONS
from wcetool.core.schemes import SCHEMES, Need, parse_scheme
from wcetool.core.vocabulary import Task

ABCD = "label\n" + "A\n" * 198 + "B\n" * 436 + "C\n" * 710 + "D\n" * 272


@pytest.fixture
def abcd(write):
    return write("labels.csv", ABCD)


def weights_of(ran):
    return {label: row["weight"] for label, row in ran.rows.items()}


def test_the_json_contract(cli, abcd):
    document = cli("weights", "labels.csv", "--scheme", "inverse", "-f", "json").json
    assert document["schema"] == "wcetool.weights/1"
    assert (document["kind"], document["scheme"], document["normalization"]) == (
        "class",
        "inverse",
        "as-published",
    )
    assert document["classes"][0] == {
        "label": "A",
        "index": 0,
        "count": 198,
        "weight": 1616 / (4 * 198),
    }
    assert document["effective_sample_size"] == pytest.approx(1287.3114838579756, rel=1e-14)
    canonical = '[["A",198],["B",436],["C",710],["D",272]]'
    assert document["source"] == {
        "inputs": ["labels.csv"],
        "rows": 1616,
        "missing": 0,
        "counts_sha256": hashlib.sha256(canonical.encode()).hexdigest(),
    }
    assert document["tool"] == f"wcetool {wcetool.__version__}"
    assert document["signature"].startswith("weights|scheme:inverse|norm:as-published|")


CLASS_SCHEMES = [name for name, entry in SCHEMES.items() if Task.MULTICLASS in entry.tasks]


def needed(entry, write):
    """Return the options that give a scheme what it needs, for the classes A and B or A to D."""
    options = []
    if Need.PRIOR in entry.needs:
        options += ["--prior", "A=0.4,B=0.2,C=0.2,D=0.2"]
    if Need.COSTS in entry.needs:
        costs = "true,A,B,C,D\nA,0,2,2,2\nB,1,0,1,1\nC,3,3,0,3\nD,5,5,5,0\n"
        options += ["--cost-matrix", str(write("costs.csv", costs))]
    if Need.POSITIVE in entry.needs:
        options += ["--positive-class", "B"]
    if Need.WEIGHTS in entry.needs:
        options += [part for label in "ABCD" for part in ("--set", f"{label}=2")]
    return options


@pytest.mark.parametrize("scheme", CLASS_SCHEMES)
def test_every_scheme_runs_and_is_explained(cli, write, abcd, scheme):
    entry = SCHEMES[scheme]
    if Need.POSITIVE in entry.needs:
        write("labels.csv", "label\n" + "A\n" * 1418 + "B\n" * 198)
    for form in ("table", "json", "csv", "md"):
        options = needed(entry, write)
        ran = cli("weights", "labels.csv", "--scheme", scheme, *options, "-o", "w.json", "-f", form)
        assert ran.code == 0
    written = wcetool.read_weights("w.json")
    assert (written.kind, written.scheme) == (entry.kind, str(parse_scheme(scheme)))
    assert scheme in cli("explain", "schemes").stdout


def test_every_convention_is_explained_in_every_form(cli):
    shown = {
        form: cli("explain", "conventions", "-f", form) for form in ("table", "json", "csv", "md")
    }
    document = json.loads(shown["json"].stdout)
    assert document["schema"] == "wcetool.conventions/1"
    assert [entry["convention"] for entry in document["conventions"]] == list(CONVENTIONS)
    for name, entry in CONVENTIONS.items():
        for ran in shown.values():
            assert ran.code == 0
            assert name in ran.stdout.replace("\\", "")  # Markdown escapes
        assert f"divides by {entry.divides_by}" in shown["table"].stdout


def test_conventions_are_explained_by_framework_and_task(cli):
    ran = cli("explain", "--like", "keras", "--task", "multilabel")
    assert ran.code == 0
    assert "keras.losses.BinaryCrossentropy" in ran.stdout
    assert "keras.losses.SparseCategoricalCrossentropy" not in ran.stdout
    assert "class_weight has no place per label" in ran.stdout
    one = cli("explain", "conventions", "--like", "torch.CrossEntropyLoss", "-f", "json")
    (entry,) = json.loads(one.stdout)["conventions"]
    assert entry["api"] == "torch.nn.CrossEntropyLoss"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ([], "there is nothing to explain"),
        (["schemes", "--like", "keras"], "--like: has no effect on schemes"),
        (["--like", "keros"], "'keros' is no convention"),
        (["--like", "catboost", "--task", "multilabel"], "catboost has no multilabel loss"),
    ],
)
def test_what_cannot_be_explained_is_refused(cli, args, said):
    ran = cli("explain", *args)
    assert ran.code == 2
    assert said in ran.stderr


def test_balanced_is_an_alias_that_prints_as_inverse(cli, abcd):
    assert (
        cli("weights", "labels.csv", "--scheme", "balanced", "-f", "json").json["scheme"]
        == "inverse"
    )


def test_parameters_print_in_the_form_that_they_are_typed(cli, abcd):
    found = cli("weights", "labels.csv", "--scheme", "effective-number:beta=.9999", "-f", "json")
    assert found.json["scheme"] == "effective-number:beta=0.9999"
    assert sum(weights_of(found).values()) == pytest.approx(4, rel=1e-15)


def test_normalisation_and_cap(cli, abcd):
    found = cli(*("weights", "labels.csv", "--normalize", "mean-1", "--cap", "2", "-f", "json"))
    values = list(weights_of(found).values())
    assert np.mean(values) == pytest.approx(1, rel=1e-15)
    assert max(values) / min(values) == pytest.approx(2, rel=1e-15)
    assert found.json["capped_classes"] == 2
    assert "cap:2.0" in found.json["signature"]


def test_declared_classes_without_samples(cli, abcd):
    args = ("weights", "labels.csv", "--classes", "A,B,C,D,E", "-f", "json")
    assert cli(*args).code == 3
    zero = cli(*args, "--zero-count", "zero")
    assert weights_of(zero)["E"] == 0.0
    assert weights_of(zero)["A"] == 1616 / (4 * 198)
    capped = cli(*args, "--zero-count", "cap", "--cap", "10")
    assert weights_of(capped)["E"] == pytest.approx(10 * weights_of(capped)["C"], rel=1e-15)


def test_weights_set_by_hand(cli, abcd):
    over = cli("weights", "labels.csv", "--set", "A=7.5", "-f", "json")
    assert weights_of(over)["A"] == 7.5
    assert "set:A=7.5" in over.json["signature"]
    alone = cli(
        *("weights", "labels.csv", "--scheme", "manual", "-f", "json"),
        *(
            arg
            for label, w in zip("ABCD", (1, 2, 3, 4), strict=True)
            for arg in ("--set", f"{label}={w}")
        ),
    )
    assert list(weights_of(alone).values()) == [1, 2, 3, 4]


def test_a_label_with_an_equals_sign_can_be_set(cli, write):
    write("labels.csv", "label\na=b\nc\n")
    assert weights_of(cli("weights", "labels.csv", "--set", "a=b=3", "-f", "json"))["a=b"] == 3


@pytest.mark.parametrize("suffix", ["json", "csv", "parquet", "npy"])
def test_the_weight_file_serves_score_in_every_form(cli, abcd, suffix, tmp_path):
    shown = cli("weights", "labels.csv", "-o", f"w.{suffix}")
    assert "Class weights by inverse." in shown.stdout
    frame = pd.DataFrame({"label": list("ABCD"), **{f"p_{c}": 0.25 for c in "ABCD"}})
    frame.to_csv(tmp_path / "preds.csv", index=False)
    found = cli("score", "preds.csv", "--weights", f"w.{suffix}", "-f", "json").json
    assert [row["weight"] for row in found["classes"]] == [
        1616 / (4 * n) for n in (198, 436, 710, 272)
    ]
    assert found["class_weight"]["source"] == f"w.{suffix}"
    assert found["class_weight"]["counts_sha256"] is not None


def test_a_npy_file_comes_with_its_class_names(cli, abcd, tmp_path):
    cli("weights", "labels.csv", "-o", "w.npy")
    assert np.load(tmp_path / "w.npy").dtype == np.float64
    names = json.loads((tmp_path / "w.classes.json").read_text())
    assert [row["label"] for row in names["classes"]] == ["A", "B", "C", "D"]


def test_an_existing_weight_file_is_replaced_whole(cli, abcd, tmp_path):
    (tmp_path / "w.json").write_text("old")
    (tmp_path / "w.json").chmod(0o640)
    cli("weights", "labels.csv", "-o", "w.json")
    assert json.loads((tmp_path / "w.json").read_text())["schema"] == "wcetool.weights/1"
    assert (tmp_path / "w.json").stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["labels.csv", "w.json"]


def test_a_link_is_followed(cli, abcd, tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "w.json").symlink_to("real/w.json")
    cli("weights", "labels.csv", "-o", "w.json")
    assert (tmp_path / "w.json").is_symlink()
    assert json.loads((tmp_path / "real" / "w.json").read_text())


def test_counts_are_enough(cli, abcd):
    cli("analyze", "labels.csv", "-o", "counts.json")
    from_counts = cli("weights", "counts.json", "-f", "json")
    from_labels = cli("weights", "labels.csv", "-f", "json")
    assert from_counts.json["classes"] == from_labels.json["classes"]


# Without LABELS


def test_the_only_usual_file_of_the_folder(cli, abcd):
    found = cli("weights", "--scheme", "inverse", "-f", "json")
    assert found.json["source"]["inputs"] == ["labels.csv"]
    assert "note: labels from the current folder: labels.csv" in found.stderr


def test_two_usual_files_are_refused(cli, abcd, write):
    write("labels.tsv", "label\na\n")
    found = cli("weights")
    assert found.code == 2
    assert "labels.csv and labels.tsv" in found.stderr


def test_no_usual_file(cli):
    found = cli("weights")
    assert found.code == 2
    assert (
        "looked for: labels.csv, labels.tsv, labels.parquet in the current folder" in found.stderr
    )


def test_the_configuration_file_names_the_labels(cli, write, tmp_path, monkeypatch):
    write("project/wcetool.toml", 'labels = "data/train.csv"\n')
    write("project/data/train.csv", ABCD)
    write("project/deep/labels.csv", "label\nz\n")
    monkeypatch.chdir(tmp_path / "project" / "deep")
    found = cli("weights", "-f", "json")
    assert found.json["source"]["rows"] == 1616
    assert "note: labels from ../wcetool.toml: " in found.stderr
    assert cli("weights", "--no-config", "-f", "json").json["source"]["rows"] == 1


def test_what_is_set_by_hand_and_what_is_missing_is_shown(cli, write):
    write("labels.csv", "label,x\na,1\nb,2\n,3\n")
    shown = cli("weights", "labels.csv", "--set", "a=3").stdout
    assert "Class weights by inverse, some set by hand." in shown
    assert re.search(r"set by hand +a=3.0  over the scheme", shown)
    assert re.search(r"missing labels +1  33.33% of the rows", shown)
    assert cli("weights", "labels.csv", "-f", "json").json["source"]["missing"] == 1
