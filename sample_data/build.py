"""Build the sample data from what scikit-learn ships; deterministic.

The digits images are thinned to a long tail, and a logistic regression predicts each of them out of
fold. Run it from the root of the project: ``python sample_data/build.py [FOLDER]``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

SEED = 0
LARGEST, RATIO = 170, 17.0  # samples of the largest class; how many times those of the smallest
SHEET = 50  # images in a row that count as one group
PROPERTIES = {"even": (0, 2, 4, 6, 8), "prime": (2, 3, 5, 7), "square": (0, 1, 4, 9)}
NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def long_tail() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return images, digits and the place of each image in the full set, thinned exponentially."""
    digits = load_digits()
    rng = np.random.default_rng(SEED)
    kept = []
    for digit in range(10):
        count = int(LARGEST * RATIO ** (-digit / 9))
        places = np.flatnonzero(digits.target == digit)
        kept.append(rng.permutation(places)[:count])
    image = np.sort(np.concatenate(kept))
    return digits.data[image], digits.target[image], image


def out_of_fold_logits(images: np.ndarray, digits: np.ndarray) -> np.ndarray:
    """Return the decision function of a model that never saw the row, (n_samples, 10)."""
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.05, max_iter=5000, tol=1e-10))
    folds = StratifiedKFold(5, shuffle=True, random_state=SEED)
    return cross_val_predict(model, images, digits, cv=folds, method="decision_function")


def main(folder: Path) -> None:
    """Write the six files."""
    images, digits, image = long_tail()
    logits = out_of_fold_logits(images, digits)
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities = shifted / shifted.sum(axis=1, keepdims=True)
    labels = pd.DataFrame({"image": image, "label": [NAMES[digit] for digit in digits]})
    labels.to_csv(folder / "labels.csv", index=False, lineterminator="\n")
    labels.to_parquet(folder / "labels.parquet", index=False)
    last = int(0.8 * len(image))
    splits = labels.assign(
        sheet=image // SHEET, split=["train"] * last + ["test"] * (len(image) - last)
    )
    splits.to_csv(folder / "splits.csv", index=False, lineterminator="\n")
    for name, prefix, scores in (
        ("preds.parquet", "prob_", probabilities),
        ("logits.parquet", "logit_", logits),
    ):
        columns = [prefix + digit for digit in NAMES]
        frame = pd.DataFrame(scores.astype(np.float32), columns=columns)
        pd.concat([labels, frame], axis=1).to_parquet(folder / name, index=False)
    # Several labels a row: what is true of the digit, and the sum of what its digits were given.
    truth = {f"y_{name}": np.isin(digits, of).astype(np.int8) for name, of in PROPERTIES.items()}
    proba = {f"prob_{name}": probabilities[:, of].sum(axis=1) for name, of in PROPERTIES.items()}
    frame = pd.DataFrame({"image": image, **truth, **proba})
    frame = frame.astype(dict.fromkeys(proba, np.float32))
    frame.to_parquet(folder / "properties.parquet", index=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
