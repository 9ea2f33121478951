"""Prediction files as people write them: every convention of names, with its loss."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pytest

N = 60
_RNG = np.random.default_rng(7)
Y3 = np.tile([0, 1, 2], N // 3)
P3 = _RNG.dirichlet([1.0, 1.0, 1.0], N).round(6)
P3[:, 2] = (1.0 - P3[:, 0] - P3[:, 1]).round(6)
Y2 = np.tile([0, 1], N // 2)
LOGIT = _RNG.normal(0.0, 1.5, N) + np.where(Y2 == 1, 0.8, -0.8)
P1 = (1.0 / (1.0 + np.exp(-LOGIT))).round(6)
PRED = (P1 > 0.5).astype(int)
CONFIDENCE = np.where(PRED == 1, P1, (1.0 - P1)).round(6)
P1_OTHER = (1.0 / (1.0 + np.exp(-LOGIT - _RNG.normal(0.0, 1.0, N)))).round(4)
CLASSES = ("cat", "dog", "emu")


def loss3(proba: np.ndarray = P3) -> float:
    return float(-np.log(proba[np.arange(N), Y3]).mean())


def loss2(positive: np.ndarray = P1) -> float:
    return float(-np.log(np.where(Y2 == 1, positive, 1.0 - positive)).mean())


def as_csv(columns: dict[str, Sequence], delimiter: str = ",") -> str:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return text.getvalue()


def named(codes: np.ndarray) -> list[str]:
    return [CLASSES[code] for code in codes]


def _three(pattern: str, names: Sequence[object]) -> dict[str, np.ndarray]:
    return {pattern.format(name): P3[:, k] for k, name in enumerate(names)}


@dataclass(frozen=True)
class Case:
    """A file, the options that it needs, and the loss it has."""

    name: str
    content: Callable[[], str]
    loss: float | None
    options: tuple[str, ...] = ()
    file: str = "preds.csv"


def _case(name: str, columns: dict[str, Sequence], loss: float | None, *options: str) -> Case:
    return Case(name, lambda: as_csv(columns), loss, options)


NUMBERED = [
    _case(f"{pattern} {label}", {label: Y3, **_three(pattern, range(3))}, loss3())
    for pattern, label in (
        ("prob_{}", "y_true"),
        ("p_{}", "target"),
        ("proba_{}", "true_label"),
        ("probability_{}", "truth"),
        ("class_{}_prob", "y1"),
        ("prob_{}", "Relevance"),
        ("proba_{}", "label_numeric"),
        ("prob_{}", "Label"),
    )
]
NAMED = [
    _case(f"{pattern} {label}", {label: named(Y3), **_three(pattern, CLASSES)}, loss3())
    for pattern, label in (
        ("prob_{}", "true_class_name"),
        ("{}_prob", "label"),
        ("proba_{}", "y_true"),
        ("{}", "label"),
    )
]
WITH_PREDICTED = [
    _case(
        f"predicted labels in {name}",
        {"y_true": Y3, name: P3.argmax(axis=1), **_three("prob_{}", range(3))},
        loss3(),
    )
    for name in ("pred", "predicted_label", "prediction", "y_pred", "preds")
]
ONE_COLUMN = [
    _case(f"one column {name}", {"y_true": Y2, name: P1}, loss2())
    for name in ("prob", "y_prob", "p_1", "prob_1", "probability", "y_score", "score")
] + [
    _case(
        "confidence of the predicted class",
        {"y_true": Y2, "pred": PRED, "confidence": CONFIDENCE},
        loss2(),
    ),
    _case(
        "max_prob of the predicted class",
        {"y_true": Y2, "y_pred": PRED, "max_prob": CONFIDENCE},
        loss2(),
    ),
    _case("confidence as p of class 1", {"y_true": Y2, "pred": PRED, "confidence": P1}, loss2()),
    _case(
        "predicted class by name",
        {
            "label": [CLASSES[k] for k in Y2],
            "predicted_label": [CLASSES[k] for k in PRED],
            "probability": CONFIDENCE,
        },
        loss2(),
    ),
    _case(
        "confidence, said to be of the positive class",
        {"y_true": Y2, "confidence": P1},
        loss2(),
        "--confidence-of",
        "positive",
    ),
]
OTHERS = [
    _case(
        "1-based columns and labels",
        {"label": Y3 + 1, **_three("probability_{}", (1, 2, 3))},
        loss3(),
    ),
    _case(
        "1-based columns, labels from 0, declared",
        {"label": Y3, **_three("probability_{}", (1, 2, 3))},
        loss3(),
        "--classes",
        "0,1,2",
    ),
    _case(
        "prob1, probtie, prob2 and outcomes",
        {
            "prob1": P3[:, 0],
            "prob1_outcome": Y3 == 0,
            "probtie": P3[:, 1],
            "probtie_outcome": Y3 == 1,
            "prob2": P3[:, 2],
            "prob2_outcome": Y3 == 2,
        }
        | {
            f"{name}_outcome": (k == Y3).astype(int)
            for k, name in enumerate(("prob1", "probtie", "prob2"))
        },
        loss3(),
    ),
    _case(
        "one-hot truth beside scores",
        {**_three("p_{}", range(3)), **{f"y_{k}": (k == Y3).astype(int) for k in range(3)}},
        loss3(),
    ),
    _case(
        "percent, declared",
        {"y_true": Y3, **{f"class_{k}_prob": (P3[:, k] * 100).round(4) for k in range(3)}},
        loss3(),
        "--input",
        "percent",
    ),
    _case(
        "logits beside probabilities, named",
        {
            "y_true": Y3,
            **_three("prob_{}", range(3)),
            **{f"logit_{k}": np.log(P3[:, k]) for k in range(3)},
        },
        loss3(),
        "--scores",
        "prob_*",
    ),
    _case(
        "an unnamed index and an id",
        {"": range(N), "id": range(N), "y_true": Y3, **_three("prob_{}", range(3))},
        loss3(),
    ),
    Case(
        "semicolons",
        lambda: as_csv({"y_true": Y3, **_three("prob_{}", range(3))}, ";"),
        loss3(),
        ("--delimiter", ";"),
    ),
    Case(
        "a row for each id and class",
        lambda: as_csv(
            {
                "id": np.repeat(np.arange(N), 3),
                "class": CLASSES * N,
                "probability": P3.ravel(),
                "true_label": np.repeat(named(Y3), 3),
            }
        ),
        loss3(),
        ("--long", "id,class,probability"),
    ),
]
MODELS = [
    _case("a model a column", {"y_true": Y2, "lr_proba": P1, "rf_proba": P1_OTHER}, None),
    _case(
        "models that are named",
        {"y_true": Y2, "lr": P1, "rf": P1_OTHER},
        None,
        "--scores",
        "rf,lr",
        "--task",
        "binary",
        "--input",
        "probs",
    ),
]
PREDICTED_ONLY = [
    _case("predicted labels alone", {"y_true": Y2, "pred": PRED, "age": range(N)}, None),
    _case(
        "predicted labels, as asked",
        {"y_true": Y2, "pred": PRED, "prob_1": P1},
        None,
        "--scores",
        "none",
    ),
]
SAID = [
    _case(
        "several labels in a cell",
        {
            "labels": ["cat|dog", "emu", "?", "cat"] * (N // 4),
            **{f"p_{name}": P3[:, k] for k, name in enumerate(CLASSES)},
        },
        None,
        "--label-separator",
        "|",
        "--missing",
        "?",
    ),
]
SCORED = [*NUMBERED, *NAMED, *WITH_PREDICTED, *ONE_COLUMN, *OTHERS]
ALL = [*SCORED, *SAID, *MODELS, *PREDICTED_ONLY]


def parameters(cases: Sequence[Case]) -> list:
    return [pytest.param(case, id=case.name) for case in cases]


def typed(options: dict[str, str | bool]) -> list[str]:
    """Return the options of a plan as they are typed."""
    return [
        word
        for option, value in options.items()
        for word in ([option] if value is True else [option, value])
    ]


def numbers_of(document: dict) -> str:
    """Return all numbers of a result, without what only says how they came about."""
    told = ("parameters", "notes", "warnings", "signature", "undefined")
    if "models" in document:
        return json.dumps([[one["name"], numbers_of(one["score"])] for one in document["models"]])
    return json.dumps({key: value for key, value in document.items() if key not in told})
