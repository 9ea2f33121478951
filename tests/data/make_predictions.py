"""Prediction files: what `make` writes of them, and their losses.

A loss is the mean of -ln p of the true class, from the numbers as they are written; balanced, the
mean of the means of the classes.
"""

from __future__ import annotations

import csv
import io
import json
import math
import random
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

CLASSES = ("cat", "dog", "emu")
N = 40


def write(files: Any) -> None:
    """Write the prediction files, and what is expected of them."""
    for make in (
        _arrays,
        _outcomes,
        _columns,
        _one_column,
        _models,
        _lists,
        _archives,
        _events,
        _others,
    ):
        make(files, random.Random(make.__name__))


def _rows(rng: random.Random, n_classes: int, n: int = N) -> tuple[list[int], list[list[float]]]:
    """Invent classes and probabilities of 6 decimals that sum to 1."""
    truth = [k % n_classes if k < n_classes else rng.randrange(n_classes) for k in range(n)]
    proba = []
    for true in truth:
        parts = [rng.random() + (k == true) for k in range(n_classes)]
        row = [round(part / sum(parts), 6) for part in parts[:-1]]
        proba.append([*row, round(1 - math.fsum(row), 6)])
    return truth, proba


def _truth(truth: Sequence[int], proba: Sequence[Sequence[float]]) -> dict[str, Any]:
    """Compute the losses."""
    by_class: dict[int, list[float]] = {}
    for true, row in zip(truth, proba, strict=True):
        by_class.setdefault(true, []).append(-math.log(row[true]))
    losses = [loss for some in by_class.values() for loss in some]
    means = [math.fsum(some) / len(some) for some in by_class.values()]
    right = sum(row.index(max(row)) == true for true, row in zip(truth, proba, strict=True))
    return {
        "loss": math.fsum(losses) / len(losses),
        "balanced": math.fsum(means) / len(means),
        "accuracy": right / len(truth),
        "rows": len(truth),
    }


def _csv(columns: Mapping[str, Sequence[Any]]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return stream.getvalue()


def _npy(array: Any) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, version=(1, 0))
    return stream.getvalue()


def _arrays(files: Any, rng: random.Random) -> None:
    """Scores and labels in two arrays; rows that sum to 1.00002, some p above 1."""
    truth, proba = _rows(rng, 2, 200)
    proba[0] = [0.0, 1.0]
    truth[0] = 1
    proba = [[p * 1.00002 for p in row] for row in proba]
    files.write("reviews_pyx.npy", _npy(np.array(proba)))
    files.write("reviews_labels.npy", _npy(np.array(truth, dtype=np.uint16)))
    command = "score reviews_pyx.npy --labels reviews_labels.npy"
    files.expect(command, **_truth(truth, proba))
    normal = [[p / math.fsum(row) for p in row] for row in proba]
    files.expect(f"{command} --renormalize", **_truth(truth, normal))
    truth, proba = _rows(rng, 10, 150)
    files.write("digits_pyx.npy", _npy(np.array(proba)))
    files.write("digits_labels.npy", _npy(np.array(truth, dtype=np.uint16)))
    files.expect("score digits_pyx.npy --labels digits_labels.npy", **_truth(truth, proba))
    counts = {str(k): truth.count(k) for k in range(10)}
    files.expect("analyze digits_labels.npy", counts=counts)


def _outcomes(files: Any, rng: random.Random) -> None:
    """The truth is one-hot, between the probabilities; a draw of exactly 0 in the knockout."""
    truth, proba = _rows(rng, 3)
    for i in range(0, N, 4):
        if truth[i] != 1:
            proba[i] = [proba[i][0], 0.0, round(1 - proba[i][0], 6)]
    columns: dict[str, list[Any]] = {"season": [2018] * N, "team1": [f"Team {i}" for i in range(N)]}
    for k, name in enumerate(("prob1", "probtie", "prob2")):
        columns[name] = [row[k] for row in proba]
        columns[f"{name}_outcome"] = [int(true == k) for true in truth]
    files.write("cup.csv", _csv(columns))
    files.expect("score cup.csv", **_truth(truth, proba))
    truth, proba = _rows(rng, 2)
    columns = {"date": [f"2022-06-{1 + i % 30:02}" for i in range(N)]}
    for k, name in enumerate(("prob1", "prob2")):
        columns[name] = [row[k] for row in proba]
        columns[f"{name}_outcome"] = [int(true == k) for true in truth]
    files.write("hockey.csv", _csv(columns))
    files.expect("score hockey.csv", **_truth(truth, proba))


def _columns(files: Any, rng: random.Random) -> None:
    """A column a class: every way to name it, and every name of the truth."""
    for pattern, label, classes in (
        ("prob_{}", "y_true", range(3)),
        ("proba_{}", "target", range(3)),
        ("probability_{}", "true_label", range(3)),
        ("class_{}_prob", "truth", range(3)),
        ("p_{}", "y1", range(57)),
        ("prob_{}", "Label", CLASSES),
        ("{}_prob", "true_class_name", CLASSES),
        ("proba_{}", "label", CLASSES),
        ("{}", "Relevance", CLASSES),
        ("prob_{}", "label_numeric", range(1, 4)),
    ):
        truth, proba = _rows(rng, len(classes), max(N, len(classes) + 3))
        columns: dict[str, Sequence[Any]] = {label: [classes[true] for true in truth]}
        for k, one in enumerate(classes):
            columns[pattern.format(one)] = [row[k] for row in proba]
        kind = "named" if classes is CLASSES else f"from_{classes[0]}"
        name = f"preds/{pattern.format('k')}_{kind}_{label}.csv".replace("k_named", "name_named")
        files.write(name, _csv(columns))
        files.expect(f"score {name}", **_truth(truth, proba))
    truth, proba = _rows(rng, 3)
    for label in ("pred", "predicted_label", "prediction", "y_pred", "preds"):
        columns = {"y_true": truth, label: [row.index(max(row)) for row in proba]}
        columns |= {f"prob_{k}": [row[k] for row in proba] for k in range(3)}
        files.write(f"preds/beside_{label}.csv", _csv(columns))
        files.expect(f"score preds/beside_{label}.csv", **_truth(truth, proba))


def _one_column(files: Any, rng: random.Random) -> None:
    """One column: p of class 1, or the confidence of the predicted class; or none at all."""
    truth, proba = _rows(rng, 2)
    positive = [row[1] for row in proba]
    predicted = [int(p > 0.5) for p in positive]
    confidence = [max(row) for row in proba]
    expected = _truth(truth, proba)
    files.write("preds/positive.csv", _csv({"y_true": truth, "y_prob": positive}))
    files.expect("score preds/positive.csv", **expected)
    columns = {"true_label": truth, "predicted_label": predicted, "confidence": confidence}
    files.write("preds/confidence_of_predicted.csv", _csv(columns))
    files.expect("score preds/confidence_of_predicted.csv", **expected)
    columns["confidence"] = positive
    files.write("preds/confidence_of_positive.csv", _csv(columns))
    files.expect("score preds/confidence_of_positive.csv", **expected)
    truth, proba = _rows(rng, 3)
    predicted = [row.index(max(row)) for row in proba]
    columns = {"y_true": truth, "pred": predicted, "confidence": [max(row) for row in proba]}
    files.write("preds/confidence_of_three.csv", _csv(columns))
    files.expect("score preds/confidence_of_three.csv", refused="confidence")
    one = {"label": truth, "confidence": [max(row) for row in proba]}
    files.write("preds/confidence_alone.csv", _csv(one))
    files.expect("score preds/confidence_alone.csv", refused="confidence")
    files.write("preds/hard.csv", _csv({"y_true": truth, "y_pred": predicted}))
    right = sum(p == t for p, t in zip(predicted, truth, strict=True))
    files.expect("score preds/hard.csv", accuracy=right / N)


def _models(files: Any, rng: random.Random) -> None:
    """One column a model, each p of class 1."""
    truth, proba = _rows(rng, 2)
    other = [[1 - p, p] for p in (round(rng.uniform(0.05, 0.95), 4) for _ in range(N))]
    columns = {
        "y_true": truth,
        "lr_proba": [row[1] for row in proba],
        "rf_proba": [row[1] for row in other],
    }
    files.write("preds/models.csv", _csv(columns))
    models = {"lr_proba": _truth(truth, proba)["loss"], "rf_proba": _truth(truth, other)["loss"]}
    files.expect("score preds/models.csv", models=models)
    files.expect("score preds/models.csv --scores lr_proba,rf_proba", models=models)


def _lists(files: Any, rng: random.Random) -> None:
    """All scores of a row in one field of JSON Lines: a list, or by class name."""
    truth, proba = _rows(rng, 3)
    records = [{"y_true": t, "probs": row} for t, row in zip(truth, proba, strict=True)]
    files.write("preds/list.jsonl", "".join(json.dumps(one) + "\n" for one in records))
    files.expect("score preds/list.jsonl", **_truth(truth, proba))
    records = [
        {"probs": dict(zip(CLASSES, row, strict=True)), "label": CLASSES[t]}
        for t, row in zip(truth, proba, strict=True)
    ]
    files.write("preds/by_name.jsonl", "".join(json.dumps(one) + "\n" for one in records))
    files.expect("score preds/by_name.jsonl", **_truth(truth, proba))


def _archives(files: Any, rng: random.Random) -> None:
    """Scores and labels under two keys of an npz; one-hot labels beside npy scores."""
    truth, proba = _rows(rng, 3)
    expected = _truth(truth, proba)
    arrays = {"probs": np.array(proba), "y_true": np.array(truth)}
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:  # np.savez, at a time that does not change
        for name, array in arrays.items():
            member = io.BytesIO()
            np.save(member, array)
            info = zipfile.ZipInfo(f"{name}.npy", (2020, 1, 1, 0, 0, 0))
            archive.writestr(info, member.getvalue())
    files.write("preds/run.npz", stream.getvalue())
    files.expect("score preds/run.npz", **expected)
    for name, array in (("scores", arrays["probs"]), ("one_hot", np.eye(3)[truth])):
        member = io.BytesIO()
        np.save(member, array)
        files.write(f"preds/{name}.npy", member.getvalue())
    files.expect("score preds/scores.npy --labels preds/one_hot.npy", **expected)
    files.write("preds/document.json", json.dumps({"y_true": truth, "y_prob": proba}))
    files.expect("score preds/document.json", **expected)


def _events(files: Any, rng: random.Random) -> None:
    """Whether something happened, beside its probability; the name of the wrong class."""
    truth, proba = _rows(rng, 2)
    positive = [row[1] for row in proba]
    columns = {"candidate": ["A"] * N, "probwin": positive, "probwin_outcome": truth}
    files.write("preds/one_outcome.csv", _csv(columns))
    files.expect("score preds/one_outcome.csv", **_truth(truth, proba))
    names = [("healthy", "diseased")[one] for one in truth]
    files.write("preds/negative_later.csv", _csv({"label": names, "prob": positive}))
    files.expect("score preds/negative_later.csv", refused="--positive-class diseased")
    options = "score preds/negative_later.csv --positive-class diseased"
    files.expect(options, **_truth(truth, proba))
    unknown = ["test" if i % 4 == 0 else t for i, t in enumerate(truth)]
    files.write("preds/test_rows.csv", _csv({"target": unknown, "prob": positive}))
    files.expect("score preds/test_rows.csv", refused="--missing test")
    kept = [i for i, one in enumerate(unknown) if one != "test"]
    expected = _truth([truth[i] for i in kept], [proba[i] for i in kept])
    files.expect("score preds/test_rows.csv --missing test", **{**expected, "rows": N})
    percent = [f"{p * 100:.4f}" for p in positive]
    files.write("preds/percent_of_one.csv", _csv({"y_true": truth, "y_prob": percent}))
    files.expect("score preds/percent_of_one.csv", refused="--input percent")
    files.expect("score preds/percent_of_one.csv --input percent", **_truth(truth, proba))


def _others(files: Any, rng: random.Random) -> None:
    """Logits, logits beside probabilities, percent, unknown truth, other dialects."""
    truth, proba = _rows(rng, 3)
    logits = [[round(math.log(p) + 1.5, 9) for p in row] for row in proba]
    soft = [[math.exp(z) / math.fsum(map(math.exp, row)) for z in row] for row in logits]
    columns: dict[str, Sequence[Any]] = {"y_true": truth}
    columns |= {f"logit_{k}": [row[k] for row in logits] for k in range(3)}
    files.write("preds/logits.csv", _csv(columns))
    files.expect("score preds/logits.csv", **_truth(truth, soft))
    both = {**columns, **{f"prob_{k}": [row[k] for row in proba] for k in range(3)}}
    files.write("preds/logits_and_probs.csv", _csv(both))
    files.expect("score preds/logits_and_probs.csv --scores 'prob_*'", **_truth(truth, proba))
    percent = {f"class_{k}_prob": [f"{row[k] * 100:.4f}" for row in proba] for k in range(3)}
    files.write("preds/percent.csv", _csv({"y_true": truth, **percent}))
    files.expect("score preds/percent.csv --input percent", **_truth(truth, proba))
    files.expect("score preds/percent.csv", refused="--input percent")
    plain = {f"prob_{k}": [row[k] for row in proba] for k in range(3)}
    unknown = [-1 if i % 5 == 0 else t for i, t in enumerate(truth)]
    files.write("preds/unknown.csv", _csv({"y_true": unknown, **plain}))
    kept = [i for i, t in enumerate(unknown) if t >= 0]
    expected = _truth([truth[i] for i in kept], [proba[i] for i in kept])
    files.expect("score preds/unknown.csv --missing -1", **{**expected, "rows": N})
    files.expect("score preds/unknown.csv", refused="--missing")
    indexed = _csv({"": range(N), "y_true": truth, **plain})
    files.write("preds/index.csv", indexed)
    files.expect("score preds/index.csv", **_truth(truth, proba))
    files.write("preds/semicolons.csv", _csv({"y_true": truth, **plain}).replace(",", ";"))
    files.expect("score preds/semicolons.csv", **_truth(truth, proba))
    files.write("preds/preamble.csv", "made by a program\n\n" + _csv({"y_true": truth, **plain}))
    files.expect("score preds/preamble.csv --skip-lines 2", **_truth(truth, proba))
    long = {
        "id": [i for i in range(N) for _ in CLASSES],
        "class": CLASSES * N,
        "probability": [p for row in proba for p in row],
        "true_label": [CLASSES[t] for t in truth for _ in CLASSES],
    }
    files.write("preds/long.csv", _csv(long))
    files.expect("score preds/long.csv --long id,class,probability", **_truth(truth, proba))
    files.expect("score preds/long.csv", refused="--long id,class,probability")
