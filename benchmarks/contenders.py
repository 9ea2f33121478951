"""What is measured: for every job, wcetool and how its peers would be asked for the same number.

A contender takes a path and returns what is compared: a mean loss, or counts by label. Peers
compute in float64; each is written as its own users would write it, once they care for speed.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

THREADS = 2
SMOOTHING = 0.1
ROWS = os.path.join(tempfile.gettempdir(), "wcetool-bench-rows.parquet")


@dataclass(frozen=True)
class Job:
    """A file, and who computes a number from it."""

    name: str
    file: str
    command: tuple[str, ...]  # of wcetool, before the file; empty where there is none
    contenders: dict[str, Callable[[str], Any]]
    aims: dict[str, float]  # by contender: our time to theirs, at most


def analyze_wcetool(path: str) -> dict[str, int]:
    import wcetool

    counts = wcetool.analyze(path, label_column="label").counts
    return dict(zip(counts.classes, counts.count.tolist(), strict=True))


def label_sets_wcetool(path: str) -> dict[str, int]:
    """Count the labels, and all distinct sets of them besides."""
    import wcetool

    counts = wcetool.analyze(path, label_column=_names(path)).counts
    return dict(zip(counts.classes, counts.count.tolist(), strict=True))


def label_sets_one_thread(path: str) -> dict[str, int]:
    import wcetool

    counts = wcetool.analyze(path, label_column=_names(path), jobs=1).counts
    return dict(zip(counts.classes, counts.count.tolist(), strict=True))


def schemes_wcetool(path: str) -> None:
    """Weigh the classes by every scheme that counts alone decide, with what each is worth."""
    import numpy as np

    from wcetool.core.distribution import ClassCounts
    from wcetool.core.schemes import SCHEMES, Kind, parse_scheme
    from wcetool.core.vocabulary import Task
    from wcetool.core.weighting import Recipe, effective_sample_size, weigh

    count = np.bincount(np.load(path))
    names = tuple(map(str, range(len(count))))
    known = np.full(len(count), count.sum())
    for entry in SCHEMES.values():
        if entry.needs or entry.kind.is_of_sets:
            continue
        of_labels = Task.MULTICLASS not in entry.tasks
        counts = ClassCounts(names, count, known=known if of_labels else None)
        found = weigh(counts, Recipe(scheme=parse_scheme(entry.name)))
        if entry.kind is Kind.CLASS:
            effective_sample_size(found.class_weight, count)


def balanced_sklearn(path: str) -> None:
    import numpy as np
    from sklearn.utils.class_weight import compute_class_weight

    labels = np.load(path)
    compute_class_weight("balanced", classes=np.unique(labels), y=labels)


def counting_wcetool(path: str) -> None:
    """Count, without anything else."""
    analyze_wcetool(path)


def rows_wcetool(path: str) -> None:
    """Write the weight of each row; the number that is compared is in the file."""
    import wcetool

    wcetool.class_weights(path, label_column="label", sample_weights=ROWS)


def rows_polars(path: str) -> None:
    import polars as pl

    label = pl.col("label")
    weight = pl.len() / (label.n_unique() * pl.len().over("label"))
    pl.scan_parquet(path).select(weight.alias("weight")).collect().write_parquet(ROWS)


def rows_sklearn(path: str) -> None:
    import pandas as pd
    from sklearn.utils.class_weight import compute_sample_weight

    labels = pd.read_parquet(path, columns=["label"])["label"]
    weight = compute_sample_weight("balanced", labels)
    pd.DataFrame({"weight": weight}).to_parquet(ROWS)


def score_wcetool(path: str) -> float:
    import wcetool

    return wcetool.score_file(path).loss


def score_one_thread(path: str) -> float:
    import wcetool

    return wcetool.score_file(path, jobs=1).loss


def plain_wcetool(path: str) -> None:
    """Compute the loss without anything else; its number is another one."""
    score_wcetool(path)


def like_wcetool(path: str) -> float:
    import wcetool

    return wcetool.score_file(path, like="torch").loss


def smoothing_wcetool(path: str) -> float:
    import wcetool

    return wcetool.score_file(path, label_smoothing=SMOOTHING).loss


def weighted_wcetool(path: str) -> float:
    import wcetool

    return wcetool.score_file(path, sample_weight_column="weight").loss


def arrays_wcetool(path: str) -> float:
    import wcetool

    return wcetool.score_file(path, labels=_target_of(path)).loss


def arrays_one_thread(path: str) -> float:
    import wcetool

    return wcetool.score_file(path, labels=_target_of(path), jobs=1).loss


def arrays_mapped(path: str) -> None:
    """Map the scores into memory and touch them all: the floor."""
    import numpy as np

    np.load(path, mmap_mode="r").sum()


def arrays_numpy(path: str) -> float:
    """Compute the loss alone, of scores and labels that are mapped into memory."""
    import numpy as np

    proba = np.load(path, mmap_mode="r")
    target = np.load(_target_of(path), mmap_mode="r")
    return float(-np.log(proba[np.arange(len(target)), target].astype(np.float64)).mean())


def arrays_sklearn(path: str) -> float:
    import numpy as np
    from sklearn.metrics import log_loss

    proba = np.load(path).astype(np.float64)
    proba /= proba.sum(axis=1, keepdims=True)  # it warns of float32 rounding otherwise
    return float(log_loss(np.load(_target_of(path)), proba))


def _target_of(path: str) -> str:
    return path.removesuffix("preds.npy") + "target.npy"


def multilabel_wcetool(path: str) -> float:
    import wcetool

    return wcetool.score_file(path, label_column="y_*", task="multilabel").loss


def multilabel_one_thread(path: str) -> float:
    import wcetool

    return wcetool.score_file(path, label_column="y_*", task="multilabel", jobs=1).loss


def decode_groups(path: str) -> None:
    """Decode every column, row group by row group, in threads, and no more: the floor."""
    import pyarrow.parquet as pq

    texts = [name for name in ("label",) if name in pq.read_schema(path).names]

    def decode(group: int) -> int:
        parquet = pq.ParquetFile(path, read_dictionary=texts, pre_buffer=False)
        return sum(map(len, parquet.iter_batches(1 << 16, row_groups=[group], use_threads=False)))

    n_groups = pq.ParquetFile(path).num_row_groups
    with ThreadPoolExecutor(THREADS) as pool:
        sum(pool.map(decode, range(n_groups)))


def analyze_duckdb(path: str) -> dict[str, int]:
    import duckdb

    return dict(duckdb.sql(f"select label, count(*) from '{path}' group by label").fetchall())


def label_counts_duckdb(path: str) -> dict[str, int]:
    """Count the labels, without their sets."""
    import duckdb

    names = _names(path)
    sums = ", ".join(f"sum({name})" for name in names)
    found = duckdb.sql(f"select {sums} from '{path}'").fetchall()[0]
    return {_bare(name): int(n) for name, n in zip(names, found, strict=True)}


def label_counts_polars(path: str) -> dict[str, int]:
    import polars as pl

    names = _names(path)
    sums = [pl.col(name).cast(pl.Int64).sum() for name in names]
    row = pl.scan_parquet(path).select(sums).collect().row(0)
    return {_bare(name): n for name, n in zip(names, row, strict=True)}


def label_sets_duckdb(path: str) -> dict[str, int]:
    """Count the labels and their distinct sets, as we do."""
    import duckdb

    names = _names(path)
    sets = duckdb.sql(f"select {', '.join(names)}, count(*) from '{path}' group by all").fetchall()
    return {_bare(name): sum(one[-1] for one in sets if one[k]) for k, name in enumerate(names)}


def _bare(name: str) -> str:
    return name.removeprefix("y_")


def analyze_polars(path: str) -> dict[str, int]:
    import polars as pl

    scans = {"parquet": pl.scan_parquet, "csv": pl.scan_csv, "jsonl": pl.scan_ndjson}
    scan = scans[path.rpartition(".")[2]](path)
    return dict(scan.group_by("label").len().collect().rows())


def analyze_pandas(path: str) -> dict[str, int]:
    import pandas as pd

    if path.endswith(".parquet"):
        frame = pd.read_parquet(path, columns=["label"])
    else:
        frame = pd.read_csv(path, usecols=["label"])
    return frame["label"].value_counts().to_dict()


def _names(path: str) -> list[str]:
    import pyarrow.parquet as pq

    return [name for name in pq.ParquetFile(path).schema_arrow.names if name != "label"]


def probs_duckdb(path: str) -> float:
    import duckdb

    cases = " ".join(
        f"when '{name.removeprefix('prob_')}' then {name}::double" for name in _names(path)
    )
    return duckdb.sql(f"select avg(-ln(case label {cases} end)) from '{path}'").fetchall()[0][0]


def logits_duckdb(path: str) -> float:
    import duckdb

    names = _names(path)
    cases = " ".join(f"when '{name.removeprefix('logit_')}' then {name}::double" for name in names)
    largest = f"greatest({', '.join(names)})::double"
    total = " + ".join(f"exp({name}::double - m)" for name in names)
    return duckdb.sql(
        f"select avg(ln({total}) + m - case label {cases} end) "
        f"from (select *, {largest} as m from '{path}')"
    ).fetchall()[0][0]


def _polars_true(names: list[str], prefix: str) -> Any:
    import polars as pl

    chain = pl.when(pl.lit(False)).then(None)
    for name in names:
        is_class = pl.col("label") == name.removeprefix(prefix)
        chain = chain.when(is_class).then(pl.col(name).cast(pl.Float64))
    return chain.otherwise(None)


def probs_polars(path: str) -> float:
    import polars as pl

    loss = -_polars_true(_names(path), "prob_").log()
    return pl.scan_parquet(path).select(loss.mean()).collect().item()


def logits_polars(path: str) -> float:
    import polars as pl

    names = _names(path)
    columns = [pl.col(name).cast(pl.Float64) for name in names]
    largest = pl.max_horizontal(columns)
    total = pl.sum_horizontal([(column - largest).exp() for column in columns]).log() + largest
    loss = total - _polars_true(names, "logit_")
    return pl.scan_parquet(path).select(loss.mean()).collect().item()


def _pandas(path: str, prefix: str) -> tuple[Any, Any]:
    import numpy as np
    import pandas as pd

    frame = pd.read_parquet(path)
    names = [name for name in frame.columns if name != "label"]
    index = {name.removeprefix(prefix): place for place, name in enumerate(names)}
    scores = frame[names].to_numpy(dtype=np.float64)
    return scores, frame["label"].astype(str).map(index).to_numpy()


def probs_pandas(path: str) -> float:
    import numpy as np

    scores, target = _pandas(path, "prob_")
    return float(-np.log(scores[np.arange(len(scores)), target]).mean())


def logits_pandas(path: str) -> float:
    import numpy as np

    scores, target = _pandas(path, "logit_")
    scores = scores - scores.max(axis=1, keepdims=True)
    total = np.log(np.exp(scores).sum(axis=1))
    return float((total - scores[np.arange(len(scores)), target]).mean())


def probs_sklearn(path: str) -> float:
    import pandas as pd
    from sklearn.metrics import log_loss

    frame = pd.read_parquet(path)
    names = [name for name in frame.columns if name != "label"]
    scores = frame[names].to_numpy(dtype="float64")
    scores = scores / scores.sum(axis=1, keepdims=True)  # it warns of float32 rounding otherwise
    return float(log_loss(frame["label"], scores, labels=[n.removeprefix("prob_") for n in names]))


def _torch(path: str, prefix: str) -> tuple[Any, Any]:
    import numpy as np
    import pyarrow.parquet as pq
    import torch

    torch.set_num_threads(THREADS)
    table = pq.read_table(path, read_dictionary=["label"])
    names = [name for name in table.column_names if name.startswith(prefix)]
    scores = torch.empty((table.num_rows, len(names)), dtype=torch.float64)
    for place, name in enumerate(names):
        scores[:, place] = torch.from_numpy(table[name].to_numpy())
    label = table["label"].combine_chunks()
    if hasattr(label, "dictionary"):
        index = {name.removeprefix(prefix): place for place, name in enumerate(names)}
        codes = np.array([index[text] for text in label.dictionary.to_pylist()])
        target = codes[label.indices.to_numpy()]
    else:
        target = label.to_numpy().copy()
    return scores, torch.from_numpy(target)


def probs_torch(path: str) -> float:
    import torch

    scores, target = _torch(path, "prob_")
    return float(torch.nn.functional.nll_loss(scores.log(), target))


def logits_torch(path: str) -> float:
    import torch

    scores, target = _torch(path, "logit_")
    return float(torch.nn.functional.cross_entropy(scores, target))


def smoothing_torch(path: str) -> float:
    import torch

    scores, target = _torch(path, "logit_")
    smoothing = {"label_smoothing": SMOOTHING}
    return float(torch.nn.functional.cross_entropy(scores, target, **smoothing))


def weighted_torch(path: str) -> float:
    import pyarrow.parquet as pq
    import torch

    weights = torch.from_numpy(pq.read_table(path, columns=["weight"])["weight"].to_numpy())
    scores, target = _torch(path, "logit_")
    losses = torch.nn.functional.cross_entropy(scores, target, reduction="none")
    return float((weights * losses).sum() / weights.sum())


def _multilabel(path: str, prefix: str) -> Any:
    import pyarrow.parquet as pq
    import torch

    torch.set_num_threads(THREADS)
    names = [name for name in pq.ParquetFile(path).schema_arrow.names if name.startswith(prefix)]
    table = pq.read_table(path, columns=names)
    found = torch.empty((table.num_rows, len(names)), dtype=torch.float64)
    for place, name in enumerate(names):
        found[:, place] = torch.from_numpy(table[name].to_numpy())
    return found


def multilabel_torch(path: str) -> float:
    import torch

    bce = torch.nn.functional.binary_cross_entropy
    return float(bce(_multilabel(path, "prob_"), _multilabel(path, "y_")))


def multilabel_polars(path: str) -> float:
    import polars as pl

    losses = []
    for k in range(10):
        p, true = pl.col(f"prob_{k}").cast(pl.Float64), pl.col(f"y_{k}") == 1
        losses.append(-pl.when(true).then(p).otherwise(1.0 - p).log())
    return pl.scan_parquet(path).select(pl.mean_horizontal(losses).mean()).collect().item()


_COUNTING = {
    "wcetool": analyze_wcetool,
    "DuckDB": analyze_duckdb,
    "Polars": analyze_polars,
    "pandas": analyze_pandas,
}
_ANALYZE = ("analyze", "-l", "label")
JOBS = (
    Job("analyze, Parquet", "labels.parquet", _ANALYZE, _COUNTING, {"DuckDB": 1.0}),
    Job("analyze, CSV", "labels.csv", _ANALYZE, _COUNTING, {"Polars": 1.0}),
    Job("analyze, quoted CSV", "quoted.csv", _ANALYZE, _COUNTING, {"Polars": 1.0}),
    Job(
        "analyze, JSON Lines",
        "labels.jsonl",
        _ANALYZE,
        {"wcetool": analyze_wcetool, "DuckDB": analyze_duckdb, "Polars": analyze_polars},
        {"Polars": 1.0},
    ),
    Job(
        "analyze, multi-label",
        "indicators.parquet",
        ("analyze", "-l", "y_*"),
        {
            "wcetool": label_sets_wcetool,
            "wcetool, 1 thread": label_sets_one_thread,
            "decoding alone": decode_groups,
            "DuckDB": label_sets_duckdb,
            "DuckDB, no sets": label_counts_duckdb,
            "Polars, no sets": label_counts_polars,
        },
        {"DuckDB": 1.0, "DuckDB, no sets": 1.0},
    ),
    Job(
        "weights, every scheme",
        "many_classes.npy",
        (),
        {"wcetool": schemes_wcetool, "scikit-learn, balanced alone": balanced_sklearn},
        {"scikit-learn, balanced alone": 1.0},
    ),
    Job(
        "weights --sample-weights, Parquet",
        "labels.parquet",
        ("weights", "-l", "label", "--sample-weights", ROWS),
        {
            "wcetool": rows_wcetool,
            "wcetool, counting alone": counting_wcetool,
            "Polars": rows_polars,
            "pandas + scikit-learn": rows_sklearn,
        },
        {"Polars": 1.0},
    ),
    Job(
        "score, probabilities",
        "preds.parquet",
        ("score",),
        {
            "wcetool": score_wcetool,
            "wcetool, 1 thread": score_one_thread,
            "decoding alone": decode_groups,
            "DuckDB": probs_duckdb,
            "Polars": probs_polars,
            "pandas + NumPy": probs_pandas,
            "pandas + scikit-learn": probs_sklearn,
            "pyarrow + torch": probs_torch,
        },
        {
            "wcetool, 1 thread": 0.55,
            "decoding alone": 1.9,
            "DuckDB": 0.8,
            "Polars": 0.6,
            "pandas + scikit-learn": 0.02,
        },
    ),
    Job(
        "score, NumPy arrays",
        "preds.npy",
        (),
        {
            "wcetool": arrays_wcetool,
            "wcetool, 1 thread": arrays_one_thread,
            "mapping alone": arrays_mapped,
            "NumPy, loss alone": arrays_numpy,
            "NumPy + scikit-learn": arrays_sklearn,
        },
        {"wcetool, 1 thread": 0.6, "NumPy + scikit-learn": 0.1},
    ),
    Job(
        "score, logits",
        "logits.parquet",
        ("score",),
        {
            "wcetool": score_wcetool,
            "wcetool, 1 thread": score_one_thread,
            "decoding alone": decode_groups,
            "DuckDB": logits_duckdb,
            "Polars": logits_polars,
            "pandas + NumPy": logits_pandas,
            "pyarrow + torch": logits_torch,
        },
        {"wcetool, 1 thread": 0.55, "decoding alone": 2.3},
    ),
    Job(
        "score --like torch, logits",
        "logits.parquet",
        ("score", "--like", "torch"),
        {"wcetool": like_wcetool, "wcetool, plain": plain_wcetool, "pyarrow + torch": logits_torch},
        {"wcetool, plain": 1.0},
    ),
    Job(
        "score --label-smoothing, logits",
        "logits.parquet",
        ("score", "--label-smoothing", str(SMOOTHING)),
        {
            "wcetool": smoothing_wcetool,
            "wcetool, plain": plain_wcetool,
            "pyarrow + torch": smoothing_torch,
        },
        {"wcetool, plain": 1.3},
    ),
    Job(
        "score --sample-weight-column, logits",
        "weighted.parquet",
        ("score", "--sample-weight-column", "weight"),
        {
            "wcetool": weighted_wcetool,
            "wcetool, plain": plain_wcetool,
            "pyarrow + torch": weighted_torch,
        },
        {"wcetool, plain": 1.3},
    ),
    Job(
        "score, multi-label",
        "multilabel.parquet",
        ("score", "-l", "y_*", "--task", "multilabel"),
        {
            "wcetool": multilabel_wcetool,
            "wcetool, 1 thread": multilabel_one_thread,
            "decoding alone": decode_groups,
            "Polars": multilabel_polars,
            "pyarrow + torch": multilabel_torch,
        },
        {"wcetool, 1 thread": 0.55, "decoding alone": 2.2},
    ),
    Job(
        "score, 1000 classes",
        "wide.parquet",
        ("score",),
        {
            "wcetool": score_wcetool,
            "wcetool, 1 thread": score_one_thread,
            "decoding alone": decode_groups,
            "pyarrow + torch": logits_torch,
        },
        {"decoding alone": 1.3, "pyarrow + torch": 0.5},
    ),
)
