"""Predictions in JSON: a field a class, an object of scores, a list of scores."""

import json
import math
import random

import pytest
from test_bad_input import refused

CLASSES = ("cat", "dog", "emu")


def rows(n=1500, **more):
    chance = random.Random(0)
    made = []
    for i in range(n):
        raw = [chance.random() + 0.05 for _ in CLASSES]
        proba = [one / math.fsum(raw) for one in raw]
        label = chance.choice(CLASSES)
        probs = dict(zip(CLASSES, proba, strict=True))
        if i % 2:
            probs = dict(reversed(probs.items()))  # the order of keys means nothing
        made.append({"id": i, "label": label, "probs": probs})
    return made


def cross_entropy(made):
    return math.fsum(-math.log(one["probs"][one["label"]]) for one in made) / len(made)


def as_lines(made):
    return "".join(json.dumps(one) + "\n" for one in made)


def listed(made):
    return [{**one, "probs": [one["probs"][name] for name in CLASSES]} for one in made]


@pytest.fixture
def score(cli):
    def call(*args, **more):
        return cli("score", *args, "-f", "json", **more)

    return call


def loss(ran):
    assert ran.code == 0, ran.stderr
    return ran.json["loss"]["value"]


@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
def test_an_object_of_scores_a_class_a_key(score, write, name):
    made = rows()
    write(name, as_lines(made) if name == "a.jsonl" else json.dumps(made, indent=1))
    ran = score(name)
    assert loss(ran) == pytest.approx(cross_entropy(made), rel=1e-12)
    assert "score columns probs.cat, probs.dog, probs.emu (columns probs.*)" in ran.stderr
    assert list(ran.rows) == list(CLASSES)


@pytest.mark.parametrize("key", ["logits", "scores", "Probabilities", "prediction"])
def test_what_the_object_is_called_says_what_the_scores_are(score, write, key):
    size = 9 if key == "logits" else 1  # logits that sum to 1 would be refused
    made = [
        {"label": one["label"], key: {name: size * p for name, p in one["probs"].items()}}
        for one in rows(60)
    ]
    write("a.jsonl", as_lines(made))
    ran = score("a.jsonl")
    assert loss(ran) > 0
    expected = "logits" if key == "logits" else "probs"
    assert f"input:{expected}" in ran.json["signature"]


@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
def test_a_list_of_scores(score, write, name):
    made = rows()
    lists = listed(made)
    for one in lists:
        one["label"] = CLASSES.index(one["label"])
    write(name, as_lines(lists) if name == "a.jsonl" else json.dumps(lists))
    assert loss(score(name)) == pytest.approx(cross_entropy(made), rel=1e-12)
    named = [{**one, "label": CLASSES[one["label"]]} for one in lists]
    write(name, as_lines(named) if name == "a.jsonl" else json.dumps(named))
    found = loss(score(name, "--classes", ",".join(CLASSES)))
    assert found == pytest.approx(cross_entropy(made), rel=1e-12)


def test_a_field_a_class_and_integers_among_the_numbers(score, write):
    made = [{"y": "a", "prob_a": 1, "prob_b": 0.0}, {"y": "b", "prob_a": 0.5, "prob_b": 0.5}]
    write("a.jsonl", as_lines(made))
    assert loss(score("a.jsonl")) == pytest.approx(math.log(2) / 2, rel=1e-15)


def test_one_hot_truth_in_an_object(score, write):
    made = rows()
    hot = [
        {"probs": one["probs"], "truth": {name: int(name == one["label"]) for name in CLASSES}}
        for one in made
    ]
    write("a.jsonl", as_lines(hot))
    found = loss(score("a.jsonl", "-l", "truth.*"))
    assert found == pytest.approx(cross_entropy(made), rel=1e-12)


@pytest.mark.parametrize("jobs", [1, 2])
def test_ranges_and_threads_give_the_same_bytes(score, write, monkeypatch, jobs):
    write("a.jsonl", as_lines(rows()))
    whole = score("a.jsonl")
    monkeypatch.setattr("wcetool.data.formats.byte_ranges.RANGE_BYTES", 5000)
    assert score("a.jsonl", "-j", jobs).stdout == whole.stdout


def changed(key, value):
    def change(made):
        made[1200]["probs"][key] = value

    return change


def dropped(made):
    del made[1200]["probs"]["dog"]


def nulled(made):
    made[1200]["probs"] = None


def flattened(made):
    made[1200]["probs"] = 0.5


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (changed("fox", 0.1), "'probs.fox' is a number that the first 1,000 rows do not have"),
        (changed("dog", "0.3"), "column 'probs.dog': '0.3' is not a number"),
        (changed("dog", True), "column 'probs.dog': a boolean is not a number"),
        (changed("dog", None), "a score is missing or NaN"),
        (changed("dog", [0.3]), "column 'probs.dog': a list is not a number"),
        (changed("dog", float("nan")), "a score is missing or NaN"),
        (dropped, "a score is missing or NaN"),
        (nulled, "a score is missing or NaN"),
        (flattened, "'probs' is a number, where other rows have an object"),
    ],
)
@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
def test_a_row_of_other_scores_does_not_pass(score, write, name, change, problem):
    made = rows()
    change(made)
    write(name, as_lines(made) if name == "a.jsonl" else json.dumps(made))
    refused(score(name), 3, "row 1,201", problem)


def test_a_new_field_that_is_no_number_is_no_class(score, write):
    made = rows()
    expected = cross_entropy(made)
    made[1200]["probs"]["comment"] = "unsure"
    write("a.jsonl", as_lines(made))
    assert loss(score("a.jsonl")) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ([0.5, 0.5], "a list of 2 scores, where there are 3 classes"),
        ([0.2, 0.3, 0.4, 0.1], "a list of 4 scores, where there are 3 classes"),
        ([0.5, None, 0.5], "a score is missing or NaN"),
        ([0.5, "0.25", 0.25], "'0.25' is not a number"),
        ([[0.5, 0.25, 0.25]], "a list is not a number"),
        ({"cat": 1}, "an object is no list of numbers"),
        (0.5, "a number is no list of numbers"),
    ],
)
def test_a_list_of_another_form_does_not_pass(score, write, value, problem):
    made = listed(rows())
    made[1200]["probs"] = value
    write("a.jsonl", as_lines(made))
    ran = score("a.jsonl", "--classes", ",".join(CLASSES))
    refused(ran, 3, "row 1,201", problem)


def test_a_number_beyond_a_double_is_refused(score, write):
    write("a.jsonl", as_lines(rows(5)).replace('"id": 3', '"id": 1e999'))
    assert loss(score("a.jsonl")) > 0  # nobody reads it
    text = '{"label": 0, "logits": [1e999, 1]}\n{"label": 1, "logits": [1, 2]}\n'
    write("b.jsonl", text)
    refused(score("b.jsonl"), 3, "row 1, column 'logits': a number is too large for a double")


def test_a_score_column_that_comes_late_is_refused(cli, tmp_path):
    first = '{"label": "a", "logit_a": 1.0, "logit_b": 0.5}\n' * 1300
    late = '{"label": "b", "logit_a": 1.0, "logit_b": 0.5, "logit_c": 9.0}\n'
    (tmp_path / "late.jsonl").write_text(first + late * 2)
    ran = cli("score", tmp_path / "late.jsonl")
    assert ran.code == 3
    assert "row 1,301" in ran.stderr
    assert "'logit_c' is a number that the first 1,000 rows do not have" in ran.stderr
