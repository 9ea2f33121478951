"""What the three commands cost on 1,000,000 rows, as whole processes: seconds and peak memory.

``make bench`` runs it. Data are generated once into a temporary folder; each command runs several
times, in turn with the others; the best time and the largest memory count.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

ROWS, CLASSES, ROUNDS = 1_000_000, 10, 5

COMMANDS = (
    ("bare interpreter", ["-c", "pass"]),
    ("--version", ["-m", "wcetool", "--version"]),
    ("analyze labels.csv", ["-m", "wcetool", "analyze", "labels.csv"]),
    ("analyze labels.parquet", ["-m", "wcetool", "analyze", "labels.parquet"]),
    ("weights labels.csv", ["-m", "wcetool", "weights", "labels.csv"]),
    ("weights labels.parquet", ["-m", "wcetool", "weights", "labels.parquet"]),
    ("score preds.csv", ["-m", "wcetool", "score", "preds.csv", "--weights", "inverse"]),
    ("score preds.parquet", ["-m", "wcetool", "score", "preds.parquet", "--weights", "inverse"]),
    ("score logits.parquet", ["-m", "wcetool", "score", "logits.parquet", "--weights", "inverse"]),
)


def generate(folder: Path) -> None:
    """Write labels and predictions: names as text, float32 scores."""
    rng = np.random.default_rng(0)
    share = 0.6 ** np.arange(CLASSES)
    target = rng.choice(CLASSES, size=ROWS, p=share / share.sum())
    logits = rng.normal(size=(ROWS, CLASSES)).astype(np.float32)
    logits[np.arange(ROWS), target] += 2
    proba = np.exp(logits - logits.max(axis=1, keepdims=True))
    proba /= proba.sum(axis=1, keepdims=True)
    names = [f"class_{k}" for k in range(CLASSES)]
    labels = pd.DataFrame({"id": np.arange(ROWS), "label": np.array(names)[target]})
    labels.to_csv(folder / "labels.csv", index=False)
    labels.to_parquet(folder / "labels.parquet", index=False)
    for name, prefix, scores in (("preds", "prob_", proba), ("logits", "logit_", logits)):
        frame = pd.DataFrame(scores, columns=[prefix + label for label in names])
        frame.insert(0, "label", labels.label)
        frame.to_parquet(folder / f"{name}.parquet", index=False)
        if name == "preds":
            frame.to_csv(folder / "preds.csv", index=False)


# The peak of a process is at least that of the one that forked it: a small one has to.
LAUNCHER = """
import os, subprocess, sys, time
start = time.perf_counter()
running = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
_, status, usage = os.wait4(running.pid, 0)
print(time.perf_counter() - start, usage.ru_maxrss / 1024)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def measure(args: list[str], folder: Path) -> tuple[float, float]:
    """Run a process and return its seconds and peak memory in MB."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-S", "-c", LAUNCHER, sys.executable, *args],
        cwd=folder,
        env=environment,
        check=True,
        capture_output=True,
    )
    seconds, megabytes = map(float, done.stdout.split())
    return seconds, megabytes


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        generate(folder)
        results: dict[str, list[tuple[float, float]]] = {title: [] for title, _ in COMMANDS}
        for _ in range(ROUNDS):
            for title, args in COMMANDS:
                results[title].append(measure(args, folder))
        print(f"{ROWS:,} rows, {CLASSES} classes; best of {ROUNDS}; {os.cpu_count()} processors")
        versions = f"NumPy {np.__version__}, pyarrow {pa.__version__}"
        print(f"Python {platform.python_version()}, {versions}")
        print(f"{'command':24}{'seconds':>9}{'MB':>7}{'file MB':>9}")
        for title, args in COMMANDS:
            size = sum((folder / a).stat().st_size for a in args if (folder / a).is_file()) / 1e6
            seconds = min(seconds for seconds, _ in results[title])
            memory = max(memory for _, memory in results[title])
            shown = f"{size:9.1f}" if size else ""
            print(f"{title:24}{seconds:9.2f}{memory:7.0f}{shown}")


if __name__ == "__main__":
    main()
