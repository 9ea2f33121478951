"""Numbers recorded from real frameworks and published tables, each with its source in the case."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from interpreter import cases_in, numbers

import wcetool
from wcetool.core.distribution import Buckets, ClassCounts
from wcetool.core.loss_report import report
from wcetool.core.losses import RowTerms
from wcetool.core.measures import measure
from wcetool.core.scoring import ScoreState
from wcetool.core.weighting import effective_sample_size

CASES = Path(__file__).parent / "cases"


def cases(name, keep=lambda case: True):
    found = [case for case in json.loads((CASES / name).read_text()) if keep(case)]
    return [pytest.param(case, id=case.get("name") or case["id"]) for case in found]


# What the report of a file says as well, without the registry of conventions.
IN_A_REPORT = (
    "torch-public-ce-w-mean",
    "torch-public-ce-w-sum",
    "torch-public-ce-w-none",
    "torch-public-ce-unweighted",
    "torch-public-ce-extreme",
    "torch-public-ce-zero-weights",
    "torch-public-ce-class-absent",
    "torch-public-ce-allzero-mean",
    "torch-public-ce-neginf-true",
    "torch-public-ce-neginf-true-w0",
    "torch-public-ce-neginf-other-hard",
    "torch-public-nll",
    "torch-public-nll-p0",
    "torch-public-nll-p0-w0",
    "sklearn-public-logloss-class-absent",
    "sklearn-public-ccw-balanced",
    "sklearn-public-csw",
)
RECORDED = {case["name"]: case for case in cases_in(CASES / "recorded")}


def recorded(keep):
    found = [RECORDED[name] for name in IN_A_REPORT if keep(RECORDED[name])]
    return [pytest.param(case, id=case["name"]) for case in found]


@pytest.mark.parametrize("case", recorded(lambda case: case["input"] is not None))
def test_a_loss_is_the_one_that_the_framework_gave(case):
    scores = np.array(numbers(case["scores"]), dtype=case["dtype"])
    reduction = case["options"].get("reduction", "mean")
    found = wcetool.score(
        case["y"],
        scores,
        input=case["input"],
        class_weight=case["class_weights"],
        reduction="sum" if reduction == "sum" else "weighted-mean",
    )
    expected = numbers(case["expected"])
    if isinstance(expected, list):
        expected, found_value = math.fsum(expected), found.numbers.reductions["sum"]
    else:
        found_value = found.loss
    if math.isnan(expected):  # what NumPy writes as NaN is undefined here, with a reason
        assert found_value is None
        assert "loss.value" in found.numbers.undefined
    else:
        assert found_value == pytest.approx(expected, rel=case["rtol"], abs=case["atol"])


@pytest.mark.parametrize("case", recorded(lambda case: case["input"] is None))
def test_weights_are_those_of_scikit_learn(case):
    if case["api"].endswith("compute_sample_weight"):
        found = wcetool.sample_weights(case["y"], "inverse").tolist()
    else:
        assert case["options"]["classes"] == sorted(set(case["y"]))
        found = list(wcetool.class_weights(case["y"], "balanced").weight)
    assert found == pytest.approx(case["expected"], rel=case["rtol"])


def counts_of(case):
    n = case["input"]["n"]
    return ClassCounts(tuple(str(i) for i in range(len(n))), np.array(n))


def weights(scheme):
    return lambda case: (
        wcetool.class_weights(
            {str(i): n for i, n in enumerate(case["input"]["n"])}, scheme(case)
        ).weight
    )


def scored(case, weight=None):
    return wcetool.score(case["input"]["y"], case["input"]["Pm"], class_weight=weight)


def wce(case):
    found = wcetool.score(
        case["input"]["y"], case["input"]["x"], input="logits", class_weight=case["input"]["w"]
    ).numbers
    reductions = found.reductions
    return {
        "sum": reductions["sum"],
        "mean_sumw": reductions["weighted-mean"],
        "mean_N": reductions["mean"],
        "plain": found.unweighted.value,
    }


def balanced_log_loss(case):
    by_class = dict(zip(case["input"]["y"], case["input"]["w"], strict=True))
    return scored(case, by_class).loss


def ratio_se(case):
    """Weighted mean and its HC0 error, from losses: a class of its own for every weight."""
    loss, weight = np.array(case["input"]["l"]), case["input"]["w"]
    kinds = sorted(set(weight))
    target = np.array([kinds.index(w) for w in weight])
    nothing = np.zeros(len(loss))
    terms = RowTerms(loss, nothing, nothing, target, nothing.astype(bool))
    found = report(ScoreState.of_rows(terms, target, len(kinds)), kinds).loss
    return [found.value, found.standard_error]


FUNCTIONS = {
    "balanced": weights(lambda case: "balanced"),
    "effnum": weights(lambda case: f"effective-number:beta={case['input']['beta']}"),
    "maxn": weights(lambda case: "max-ratio"),
    "sqrtmaxn": weights(lambda case: "sqrt-max-ratio"),
    "ir": lambda case: measure(counts_of(case)).ratio,
    "evenness": lambda case: measure(counts_of(case)).evenness,
    "gini": lambda case: measure(counts_of(case)).gini,
    "hill": lambda case: measure(counts_of(case)).effective_classes,
    "shots": lambda case: list(Buckets().sort(counts_of(case)).values()),
    "kish": lambda case: effective_sample_size(np.array(case["input"]["w"]), counts_of(case).count),
    "wce": wce,
    "skill": lambda case: scored(case).numbers.skill,
    "ratio_se": ratio_se,
}


@pytest.mark.parametrize("case", cases("reference.json"))
def test_a_reference_number_is_met(case):
    if case["fn"] == "logloss":
        found = balanced_log_loss(case) if "w" in case["input"] else scored(case).loss
    else:
        found = FUNCTIONS[case["fn"]](case)
    expected = case["expected"]
    if case["fn"] == "ratio_se":
        expected = expected[:2]  # the third is HC1
    assert found == pytest.approx(expected, rel=case["tol"])


def test_the_skill_under_balanced_weights_is_scikit_learns_d2():
    case = next(c for c in json.loads((CASES / "reference.json").read_text()) if c["id"] == "d2")
    # d2_log_loss_score with balanced sample weights, scikit-learn 1.9.1.
    assert scored(case, "balanced").numbers.skill == pytest.approx(0.404880, abs=5e-7)
