"""What schemes need, bounds, comparisons of schemes, and the scheme of given weights."""

import json
from pathlib import Path

import numpy as np
import pytest

import wcetool
from wcetool.core.schemes import SCHEMES, Kind

ABCD = "label\n" + "A\n" * 198 + "B\n" * 436 + "C\n" * 710 + "D\n" * 272
BINARY = "label\n" + "no\n" * 1418 + "yes\n" * 198


@pytest.fixture
def abcd(write):
    return write("labels.csv", ABCD)


@pytest.fixture
def binary(write):
    return write("labels.csv", BINARY)


def weights_of(ran):
    return {label: row["weight"] for label, row in ran.rows.items()}


JSON = ("-f", "json")


def test_schemes_are_compared_side_by_side(cli, abcd):
    asked = ["--scheme", "inverse", "--scheme", "effective-number:beta=0.999"]
    document = cli("weights", "labels.csv", *asked, "-f", "json").json
    assert document["schema"] == "wcetool.scheme-comparison/1"
    first, second = document["schemes"]
    assert first["scheme"] == "inverse"
    assert first["effective_sample_size"] == pytest.approx(1287.3114838579756, rel=1e-14)
    assert first["largest_ratio"] == pytest.approx(710 / 198, rel=1e-15)
    assert (first["rarest_class"], first["rarest_weight_share"]) == ("A", pytest.approx(0.25))
    alone = cli("weights", "labels.csv", *asked[2:], "-f", "json").json
    assert document["weights"][1]["classes"] == alone["classes"]
    assert second["effective_sample_size"] == alone["effective_sample_size"]
    table = cli("weights", "labels.csv", *asked).stdout
    assert "2 schemes on the same labels." in table
    assert "1.5290" in table
    rows = cli("weights", "labels.csv", *asked, "-f", "csv").stdout.splitlines()
    assert rows[0] == "label,index,count,inverse,effective-number:beta=0.999"
    assert len(rows) == 5


def test_a_comparison_is_no_weight_file(cli, abcd):
    asked = ["--scheme", "inverse", "--scheme", "uniform"]
    ran = cli("weights", "labels.csv", *asked, "-o", "w.json")
    assert ran.code == 2
    assert "--output: does not go with several --scheme" in ran.stderr
    assert cli("weights", "labels.csv", "--scheme", "inverse", "--scheme", "balanced").code == 2


def test_a_sampler_beside_weights_is_warned_of(cli, abcd):
    ran = cli("weights", "labels.csv", "--scheme", "inverse", "--scheme", "class-sampling:q=0")
    assert ran.code == 0
    assert "correct the imbalance twice" in ran.stderr
    ran = cli("weights", "labels.csv", "--scheme", "uniform", "--scheme", "class-sampling:q=0")
    assert "twice" not in ran.stderr


@pytest.mark.parametrize(
    ("given", "scheme", "normalization"),
    [
        ('{"A": 2.0404, "B": 0.9266, "C": 0.5690, "D": 1.4853}', "inverse", "as-published"),
        ("[1.52903, 0.777273, 0.54035, 1.153347]", "effective-number:beta=0.999", "as-published"),
        ("[0.3585859, 0.162844, 0.1, 0.2610294]", "inverse", None),
    ],
)
def test_the_scheme_of_given_weights_is_found(cli, write, abcd, given, scheme, normalization):
    write("given.json", given)
    document = cli("weights", "labels.csv", "--identify", "given.json", "-f", "json").json
    best = document["matches"][0]
    assert document["schema"] == "wcetool.identification/1"
    assert (best["scheme"], best["normalization"]) == (scheme, normalization)
    assert best["reproduces"] is True
    table = cli("weights", "labels.csv", "--identify", "given.json").stdout
    assert f"{scheme} reproduces them" in table


def test_weights_that_grow_with_the_counts_are_called_inverted(cli, write, abcd):
    # The shares as weights: the question that many ask.
    ran = cli("weights", "labels.csv", "--identify", ".12,.26,.43,.17")
    assert ran.code == 0
    assert "No scheme reproduces them" in ran.stdout
    assert "They are the shares of the classes" in ran.stdout
    ran = cli("weights", "labels.csv", "--identify", "1,5,9,2")
    assert "They look inverted." in ran.stdout


def test_weights_are_identified_from_every_form(cli, write, abcd):
    weights = [1616 / (4 * n) for n in (198, 436, 710, 272)]
    write("w.txt", "\n".join(map(repr, weights)))
    np.save("bare.npy", np.array(weights, dtype=np.float32))
    cli("weights", "labels.csv", "-o", "named.csv")
    cli("weights", "labels.csv", "-o", "named.npy")
    for name in ("w.txt", "bare.npy", "named.csv", "named.npy"):
        document = cli("weights", "labels.csv", "--identify", name, "-f", "json").json
        assert document["matches"][0]["scheme"] == "inverse"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("g.json", '{"A": 1, "B": 2}', "for other classes"),
        ("g.json", "[1, 2]", "2 weights, for 4 classes"),
        ("g.json", '{"A": "x"}', "holds no weights"),
        ("g.json", "nonsense", "is not JSON"),
        ("g.json", '{"A": 0, "B": 0, "C": 0, "D": 0}', "every weight is 0"),
        ("g.json", '{"A": -1, "B": 0, "C": 0, "D": 0}', "not finite and at least 0"),
        ("g.txt", "1 two", "holds no weights"),
    ],
)
def test_weights_that_cannot_be_identified_are_refused(cli, write, abcd, name, content, message):
    write(name, content)
    ran = cli("weights", "labels.csv", "--identify", name)
    assert ran.code in (2, 3)
    assert message in ran.stderr
    assert ran.stdout == ""


def test_identifying_leaves_no_option_without_effect(cli, write, abcd):
    for options in (["--scheme", "inverse"], ["--cap", "3"], ["--set", "A=1"], ["-o", "w.json"]):
        ran = cli("weights", "labels.csv", "--identify", "1,2,3,4", *options)
        assert ran.code == 2
        assert options[0] in ran.stderr or "--output" in ran.stderr


def test_a_target_prior_is_a_list_a_word_or_a_file(cli, write, abcd):
    write("prior.json", '{"A": 0.4, "B": 0.2, "C": 0.2, "D": 0.2}')
    for prior in ("A=0.4,B=0.2,C=0.2,D=0.2", "prior.json"):
        ran = cli("weights", "labels.csv", "--scheme", "target-prior", "--prior", prior, *JSON)
        assert weights_of(ran)["A"] == pytest.approx(0.4 * 1616 / 198, rel=1e-14)
    uniform = cli("weights", "labels.csv", "--scheme", "target-prior", "--prior", "uniform", *JSON)
    inverse = cli("weights", "labels.csv", *JSON)
    assert weights_of(uniform) == pytest.approx(weights_of(inverse), rel=1e-14)
    cli("analyze", "labels.csv", "-o", "counts.json")
    same = cli("weights", "labels.csv", "--scheme", "target-prior", "--prior", "counts.json", *JSON)
    assert weights_of(same) == pytest.approx(dict.fromkeys("ABCD", 1.0), rel=1e-14)


@pytest.mark.parametrize(
    ("prior", "message"),
    [
        ("A=0.5,B=0.5", "classes without a share: 'C', 'D'"),
        ("A=0.4,B=0.4,C=0.4,D=0.4", "sum to 1.6"),
        ("A=-0.2,B=0.4,C=0.4,D=0.4", "not in [0, 1]"),
        ("A=x,B=0,C=0,D=0", "is not LABEL=SHARE"),
        ("nothing.json", "no such file"),
    ],
)
def test_a_wrong_prior_is_refused(cli, abcd, prior, message):
    ran = cli("weights", "labels.csv", "--scheme", "target-prior", "--prior", prior, *JSON)
    assert ran.code in (2, 3)
    assert message in ran.stderr


def test_the_positive_class_is_announced_and_can_be_said(cli, binary):
    ran = cli("weights", "labels.csv", "--scheme", "scale-pos-weight", *JSON)
    assert weights_of(ran) == {"no": 1.0, "yes": 1418 / 198}
    assert "class 'yes' is taken for the positive one" in ran.stderr
    asked = ["--scheme", "scale-pos-weight", "--positive-class", "no"]
    ran = cli("weights", "labels.csv", *asked, *JSON)
    assert weights_of(ran) == {"no": 198 / 1418, "yes": 1.0}
    assert "taken for" not in ran.stderr
    wrong = cli("weights", "labels.csv", "--scheme", "xgboost", "--positive-class", "Yes")
    assert wrong.code == 2
    assert "--positive-class yes" in wrong.stderr
    idle = cli("weights", "labels.csv", "--positive-class", "yes")
    assert (idle.code, "has no effect" in idle.stderr) == (2, True)


def test_a_scheme_for_two_classes_names_those_there_are(cli, abcd):
    ran = cli("weights", "labels.csv", "--scheme", "scale-pos-weight")
    assert ran.code == 2
    assert "is for two classes, and there are 4" in ran.stderr


def test_an_inconsistent_cost_matrix_is_refused_with_what_to_take_instead(cli, write):
    write("labels.csv", "label\na\nb\nc\nb\n")
    write("costs.csv", "true,a,b,c\na,0,1,2\nb,5,0,1\nc,3,4,0\n")
    asked = ["weights", "labels.csv", "--cost-matrix", "costs.csv", "--scheme"]
    ran = cli(*asked, "cost")
    assert ran.code == 3
    assert "inconsistent" in ran.stderr
    assert "the pair that differs most" in ran.stderr
    assert "--scheme cost-row-sum" in ran.stderr
    ran = cli(*asked, "cost-row-sum", *JSON)
    assert weights_of(ran) == {"a": 3.0, "b": 6.0, "c": 7.0}
    assert "not optimal for more than two classes" in ran.stderr


@pytest.mark.parametrize("option", ["--prior", "--cost-matrix"])
def test_what_a_scheme_does_not_take_is_refused_by_name(cli, abcd, option):
    ran = cli("weights", "labels.csv", "--scheme", "inverse", option, "x")
    assert ran.code == 2
    assert f"{option}: has no effect" in ran.stderr


def test_bounds_hold_and_are_counted(cli, abcd):
    ran = cli("weights", "labels.csv", "--max-weight", "1.5", "-f", "json")
    found = {row["label"]: row["weight"] for row in ran.json["classes"]}
    assert max(found.values()) == 1.5
    assert ran.json["capped_classes"] == 1
    asked = ["--max-weight", "1.5", "--normalize", "sample-mean-1", "-f", "json"]
    rows = cli("weights", "labels.csv", *asked).json["classes"]
    mean = sum(row["weight"] * row["count"] for row in rows) / 1616
    assert mean == pytest.approx(1, rel=1e-14)
    assert max(row["weight"] for row in rows) == 1.5
    impossible = [*asked[:1], "0.5", *asked[2:]]
    ran = cli("weights", "labels.csv", *impossible)
    assert ran.code == 2
    assert "no scale within the bounds" in ran.stderr


def test_smoothing_is_added_to_every_count(cli, abcd):
    ran = cli("weights", "labels.csv", "--smoothing", "1", "-f", "json")
    assert ran.json["classes"][0]["weight"] == pytest.approx(1620 / (4 * 199), rel=1e-15)
    assert ran.json["classes"][0]["count"] == 198
    assert "|smoothing:1.0|" in ran.json["signature"]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [("zero", 0.0), ("rarest", 1616 / (4 * 198)), ("exclude", None)],
)
def test_a_declared_class_without_samples_has_a_policy(cli, abcd, policy, expected):
    asked = ["--classes", "A,B,C,D,E", "--zero-count", policy]
    ran = cli("weights", "labels.csv", *asked, *JSON)
    assert ran.code == 0
    assert weights_of(ran).get("E") == expected
    refused = cli("weights", "labels.csv", "--classes", "A,B,C,D,E")
    assert refused.code == 3
    assert "--zero-count zero, rarest or exclude" in refused.stderr


@pytest.mark.parametrize("scheme", ["logit-adjustment", "balanced-softmax", "cdt"])
def test_an_absent_class_gets_no_zero_that_favours_it(cli, abcd, scheme):
    asked = ["--classes", "A,B,C,D,E", "--scheme", scheme, "--zero-count"]
    ran = cli("weights", "labels.csv", *asked, "zero")
    assert ran.code == 2
    assert "--zero-count rarest, or exclude" in ran.stderr
    rarest = weights_of(cli("weights", "labels.csv", *asked, "rarest", *JSON))
    assert rarest["E"] == rarest["A"]


def test_a_single_class_has_a_weight(cli, write):
    write("labels.csv", "label\na\na\n")
    assert weights_of(cli("weights", "labels.csv", *JSON)) == {"a": 1.0}


def test_more_labels_than_declared_classes_are_refused(cli, abcd):
    ran = cli("weights", "labels.csv", "--classes", "A,B")
    assert ran.code == 3
    assert "not among the 2 declared classes" in ran.stderr


def test_saturated_effective_numbers_are_announced(cli, abcd):
    ran = cli("weights", "labels.csv", "--scheme", "effective-number:beta=0.9")
    assert "saturated" in ran.stderr
    ran = cli("weights", "labels.csv", "--scheme", "effective-number:beta=auto", *JSON)
    assert ran.code == 0
    assert weights_of(ran)["A"] > weights_of(ran)["C"]


def test_margins_and_offsets_are_not_scaled_and_not_scored(cli, write, abcd):
    ran = cli("weights", "labels.csv", "--scheme", "ldam-margin", "--cap", "3")
    assert ran.code == 2
    assert "gives a margin, not a weight" in ran.stderr
    cli("weights", "labels.csv", "--scheme", "logit-adjustment", "-o", "offsets.json")
    assert json.loads(Path("offsets.json").read_text())["kind"] == "logit-offset"
    write("preds.csv", "label,p_A,p_B,p_C,p_D\nA,0.7,0.1,0.1,0.1\n")
    ran = cli("score", "preds.csv", "--weights", "offsets.json")
    assert ran.code == 3
    assert "'logit-offset', where class weights are expected" in ran.stderr


def test_python_compares_and_identifies_as_the_command_does():
    counts = {"A": 198, "B": 436, "C": 710, "D": 272}
    found = wcetool.compare_weights(counts, ["inverse", "max-ratio"])
    assert [one.scheme for one in found.weights] == ["inverse", "max-ratio"]
    assert list(found.to_frame().columns) == ["label", "index", "count", "inverse", "max-ratio"]
    identified = wcetool.identify_weights(found.weights[1], counts)
    assert str(identified.reproducing[0].scheme) == "max-ratio"
    with pytest.raises(wcetool.UsageError, match="given twice"):
        wcetool.compare_weights(counts, ["inverse", "balanced"])
    with pytest.raises(TypeError):
        wcetool.class_weights(counts, normalise="none")


def test_median_frequency_takes_the_rows_of_the_groups_that_hold_a_class(cli, write):
    # SegNet's way: pixels of the class over pixels of the images that contain it.
    rows = ["a,x"] * 6 + ["b,x"] * 2 + ["a,y"] * 2 + ["c,y"] * 1
    write("labels.csv", "label,image\n" + "\n".join(rows) + "\n")
    asked = ["weights", "labels.csv", "-l", "label", "--scheme", "median-frequency", *JSON]
    by_image = cli(*asked, "--group-column", "image")
    frequency = {"a": 8 / 11, "b": 2 / 8, "c": 1 / 3}
    expected = {label: (1 / 3) / f for label, f in frequency.items()}
    assert weights_of(by_image) == pytest.approx(expected, rel=1e-15)
    assert "|group-column:image|" in by_image.json["signature"]
    alone = cli(*asked)
    assert weights_of(alone)["b"] == 1.0
    assert "takes all rows together" in alone.stderr


def test_sample_weights_take_the_place_of_counts(cli, write):
    write("labels.csv", "label,w\na,0.5\na,1\nb,4.5\n")
    ran = cli("weights", "labels.csv", "-l", "label", "--sample-weight-column", "w", *JSON)
    assert weights_of(ran) == {"a": 2.0, "b": 6 / (2 * 4.5)}
    assert [row["weight_sum"] for row in ran.json["classes"]] == [1.5, 4.5]
    cli("weights", "labels.csv", "-l", "label", "--sample-weight-column", "w", "-o", "w.json")
    assert wcetool.read_weights("w.json").weight_sum == (1.5, 4.5)
    both = ["--scheme", "median-frequency", "--group-column", "label"]
    refused = cli("weights", "labels.csv", "-l", "label", "--sample-weight-column", "w", *both)
    assert refused.code in (2, 3)


def test_columns_that_a_scheme_does_not_take_are_refused(cli, write):
    write("labels.csv", "label,image\na,1\nb,2\n")
    ran = cli("weights", "labels.csv", "-l", "label", "--group-column", "image")
    assert (ran.code, "--group-column: has no effect" in ran.stderr) == (2, True)


@pytest.mark.parametrize(
    "scheme",
    [name for name, entry in SCHEMES.items() if entry.kind is not Kind.CLASS or entry.needs],
)
def test_score_takes_schemes_of_class_weights_alone(cli, write, scheme):
    write("preds.csv", "label,p_a,p_b,p_c\na,0.7,0.2,0.1\nb,0.2,0.6,0.2\nc,0.1,0.1,0.8\n")
    ran = cli("score", "preds.csv", "--weights", scheme)
    assert ran.code == 2
    assert f"scheme '{scheme}'" in ran.stderr
    assert ran.stdout == ""


def test_the_positive_class_of_score_is_that_of_its_scheme(cli, write):
    write("preds.csv", "label,p\nno,0.7\nyes,0.6\nno,0.2\nno,0.9\n")
    asked = ["--positive-class", "no", "--weights", "scale-pos-weight"]
    ran = cli("score", "preds.csv", "--scores", "p", *asked, *JSON)
    assert [row["weight"] for row in ran.json["classes"]] == [1 / 3, 1.0]


def test_counts_near_the_limit_of_integers_do_not_overflow():
    huge = {"a": 2**62, "b": 120, "c": 15}
    assert wcetool.class_weights(huge).by_class["a"] == pytest.approx(1 / 3, rel=1e-15)
    auto = wcetool.class_weights(huge, "effective-number:beta=auto", normalize="none")
    assert auto.by_class["c"] == pytest.approx(1 / 15, rel=1e-9)


def test_a_class_that_no_group_holds_is_refused(cli, write):
    write("labels.csv", "label,g\na,1\nb,1\nc,\n")
    asked = ["-l", "label", "--group-column", "g", "--scheme"]
    for scheme in ("median-frequency", "repeat-factor"):
        ran = cli("weights", "labels.csv", *asked, scheme)
        assert ran.code == 3
        assert "no row of 'c' has a group" in ran.stderr


def test_a_class_set_by_hand_is_not_excluded(cli, abcd):
    asked = ["--classes", "A,B,C,D,E,F", "--zero-count", "exclude", "--set", "E=3", *JSON]
    assert weights_of(cli("weights", "labels.csv", *asked)).keys() == set("ABCDE")
    assert weights_of(cli("weights", "labels.csv", *asked))["E"] == 3.0


def test_weights_in_small_units_are_not_taken_for_rounded_ones(cli, abcd):
    ran = cli("weights", "labels.csv", "--identify", "1e-30,7e-30,3e-30,2e-30", *JSON)
    assert not any(match["reproduces"] for match in ran.json["matches"])
    assert [row["count"] for row in ran.json["classes"]] == [198, 436, 710, 272]


def test_weighted_counts_are_weighted_shares_of_a_prior(cli, write):
    write("labels.csv", "label,w\na,1\na,1\nb,6\n")
    cli("analyze", "labels.csv", "-l", "label", "--sample-weight-column", "w", "-o", "c.json")
    ran = cli(
        "weights",
        "labels.csv",
        "-l",
        "label",
        "--scheme",
        "target-prior",
        "--prior",
        "c.json",
        *JSON,
    )
    assert weights_of(ran) == pytest.approx({"a": 0.25 * 3 / 2, "b": 0.75 * 3}, rel=1e-14)


@pytest.mark.parametrize(
    "content",
    ['{"A": 0.4, "A": 0.1, "B": 0.2, "C": 0.2, "D": 0.2}', '{"A": 1' + "0" * 400 + "}", "[1]"],
)
def test_a_prior_file_with_twins_or_other_things_is_refused(cli, write, abcd, content):
    write("p.json", content)
    ran = cli("weights", "labels.csv", "--scheme", "target-prior", "--prior", "p.json")
    assert ran.code in (2, 3)
    assert ran.stderr.count("error:") == 1


def test_samples_with_weights_of_their_own_have_no_effective_size(cli, write):
    write("labels.csv", "label,w\na,1000000\nb,1000000\nb,1000000\n")
    ran = cli("weights", "labels.csv", "-l", "label", "--sample-weight-column", "w", *JSON)
    assert ran.json["effective_sample_size"] is None
    assert "sample weights" in ran.json["undefined"]["effective_sample_size"]


def test_an_environment_that_sets_no_option_is_refused(cli, abcd, monkeypatch):
    monkeypatch.setenv("WCETOOL_FAIL_IF", "ratio > 1")
    ran = cli("analyze", "labels.csv")
    assert ran.code == 2
    assert "WCETOOL_FAIL_IF" in ran.stderr


def test_a_file_of_rows_from_the_environment_is_for_the_weights_of_one_scheme(
    cli, abcd, monkeypatch
):
    monkeypatch.setenv("WCETOOL_SAMPLE_WEIGHTS", "rows.csv")
    for asked in (["--identify", "1,2,3,4"], ["--scheme", "inverse", "--scheme", "uniform"]):
        assert cli("weights", "labels.csv", *asked).code == 0
    assert not Path("rows.csv").exists()


@pytest.mark.parametrize(
    "call",
    [
        lambda: wcetool.class_weights({"a": 1, "b": 2}, 5),
        lambda: wcetool.class_weights({"a": 1, "b": 2}, set_weights="a=1"),
        lambda: wcetool.class_weights({"a": 1, "b": 2}, cap=10**400),
        lambda: wcetool.class_weights({"a": 1, "b": 2}, "target-prior", prior=5),
        lambda: wcetool.class_weights({"a": 1, "b": 2}, smoothing=1e308),
        lambda: wcetool.sample_weights([["a"], ["b"]], "inverse"),
        lambda: wcetool.head_weights([["a"]], ["x"]),
        lambda: wcetool.identify_weights([10**400, 1], {"a": 1, "b": 2}),
    ],
)
def test_what_makes_no_sense_from_python_is_an_error_of_the_program(call):
    with pytest.raises(wcetool.WceError):
        call()
