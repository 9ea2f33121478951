"""The benchmark's files: generated once into a folder, the same for every run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

CLASSES = 10
WIDE_CLASSES = 1000
LABELS = 20  # of rows with any number of them
CHUNK = 1 << 20  # rows made at a time
ROW_GROUP = 1 << 17
WIDE_ROW_GROUP = 1 << 13
FILES = (
    "labels.parquet",
    "labels.csv",
    "labels.jsonl",
    "quoted.csv",
    "preds.parquet",
    "logits.parquet",
)


@dataclass(frozen=True)
class Size:
    """How many rows the files of each job have."""

    labels: int
    scores: int
    wide: int


SIZES = {
    "full": Size(20_000_000, 5_000_000, 200_000),
    "small": Size(1_000_000, 250_000, 10_000),
}


def generate(folder: Path, size: Size) -> None:
    """Write every file that is not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"class_{k}" for k in range(CLASSES)]
    _write_labels(folder, names, size.labels)
    _write_json_lines(folder, names, size.scores)
    _write_scores(folder, names, size.scores)
    _write_arrays(folder, size.scores)
    _write_wide(folder, size.wide)
    _write_weighted(folder, names, size.scores)
    _write_multilabel(folder, size.scores)
    _write_indicators(folder, size.scores)
    _write_many_classes(folder, size.scores)


def _chunks(
    n_rows: int, chunk: int, n_classes: int
) -> Iterator[tuple[np.random.Generator, int, np.ndarray]]:
    rng = np.random.default_rng(0)
    share = 0.6 ** np.arange(n_classes) if n_classes <= CLASSES else np.ones(n_classes)
    for start in range(0, n_rows, chunk):
        n = min(chunk, n_rows - start)
        yield rng, start, rng.choice(n_classes, size=n, p=share / share.sum())


def _text(names: list[str], target: np.ndarray) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(target.astype(np.int32)), names).cast(
        pa.string()
    )


def _logits(rng: np.random.Generator, target: np.ndarray, n_classes: int) -> np.ndarray:
    logits = rng.normal(size=(len(target), n_classes)).astype(np.float32)
    logits[np.arange(len(target)), target] += 2
    return logits


def _write_labels(folder: Path, names: list[str], n_rows: int) -> None:
    paths = [folder / name for name in ("labels.parquet", "labels.csv", "quoted.csv")]
    if all(path.exists() for path in paths):
        return
    schema = pa.schema({"id": pa.int64(), "label": pa.string()})
    with (
        pq.ParquetWriter(paths[0], schema) as parquet,
        pacsv.CSVWriter(paths[1], schema, write_options=_quoting("none")) as plain,
        pacsv.CSVWriter(paths[2], schema, write_options=_quoting("needed")) as quoted,
    ):
        for _, start, target in _chunks(n_rows, CHUNK, CLASSES):
            ids = pa.array(np.arange(start, start + len(target)))
            table = pa.table([ids, _text(names, target)], schema=schema)
            for writer in (parquet, plain, quoted):
                writer.write_table(table)


def _write_json_lines(folder: Path, names: list[str], n_rows: int) -> None:
    """Write labels between an id and a text, an object a line."""
    path = folder / "labels.jsonl"
    if path.exists():
        return
    with path.open("w") as stream:
        for _, start, target in _chunks(n_rows, CHUNK, CLASSES):
            stream.writelines(
                f'{{"id": {row}, "label": "{names[k]}", "text": "row {row % 977} of many"}}\n'
                for row, k in enumerate(target.tolist(), start)
            )


def _quoting(style: str) -> pacsv.WriteOptions:
    return pacsv.WriteOptions(quoting_style=style, quoting_header=style)


def _write_scores(folder: Path, names: list[str], n_rows: int) -> None:
    for name, prefix in (("preds", "prob_"), ("logits", "logit_")):
        path = folder / f"{name}.parquet"
        if path.exists():
            continue
        schema = pa.schema({"label": pa.string(), **{prefix + c: pa.float32() for c in names}})
        with pq.ParquetWriter(path, schema) as writer:
            for rng, _, target in _chunks(n_rows, ROW_GROUP, CLASSES):
                scores = _logits(rng, target, CLASSES)
                if name == "preds":
                    scores = np.exp(scores - scores.max(axis=1, keepdims=True))
                    scores /= scores.sum(axis=1, keepdims=True)
                columns = [np.ascontiguousarray(scores[:, k]) for k in range(CLASSES)]
                writer.write_table(pa.table([_text(names, target), *columns], schema=schema))


def _write_arrays(folder: Path, n_rows: int) -> None:
    """Write probabilities and codes of classes as NumPy arrays."""
    paths = folder / "preds.npy", folder / "target.npy"
    if all(path.exists() for path in paths):
        return
    proba = np.lib.format.open_memmap(
        paths[0], mode="w+", dtype=np.float32, shape=(n_rows, CLASSES)
    )
    target = np.lib.format.open_memmap(paths[1], mode="w+", dtype=np.int64, shape=(n_rows,))
    for rng, start, codes in _chunks(n_rows, ROW_GROUP, CLASSES):
        logits = _logits(rng, codes, CLASSES)
        scores = np.exp(logits - logits.max(axis=1, keepdims=True))
        scores /= scores.sum(axis=1, keepdims=True)
        proba[start : start + len(codes)] = scores
        target[start : start + len(codes)] = codes
    for array in (proba, target):
        array.flush()


def _write_weighted(folder: Path, names: list[str], n_rows: int) -> None:
    """Write logits with a sample weight a row."""
    path = folder / "weighted.parquet"
    if path.exists():
        return
    logits = {"logit_" + c: pa.float32() for c in names}
    schema = pa.schema({"label": pa.string(), "weight": pa.float64(), **logits})
    with pq.ParquetWriter(path, schema) as writer:
        for rng, _, target in _chunks(n_rows, ROW_GROUP, CLASSES):
            scores = _logits(rng, target, CLASSES)
            weights = rng.uniform(0.5, 2.0, len(target))
            columns = [np.ascontiguousarray(scores[:, k]) for k in range(CLASSES)]
            writer.write_table(pa.table([_text(names, target), weights, *columns], schema=schema))


def _write_multilabel(folder: Path, n_rows: int) -> None:
    """Write probabilities of ten labels, and whether each is true."""
    path = folder / "multilabel.parquet"
    if path.exists():
        return
    truth = {f"y_{k}": pa.int8() for k in range(CLASSES)}
    schema = pa.schema({**truth, **{f"prob_{k}": pa.float32() for k in range(CLASSES)}})
    with pq.ParquetWriter(path, schema) as writer:
        for rng, _, target in _chunks(n_rows, ROW_GROUP, CLASSES):
            proba = rng.uniform(0.001, 0.999, size=(len(target), CLASSES)).astype(np.float32)
            true = (rng.random(proba.shape) < 0.3 * proba + 0.1).astype(np.int8)
            both = np.hsplit(true, CLASSES), np.hsplit(proba, CLASSES)
            columns = [np.ascontiguousarray(one[:, 0]) for part in both for one in part]
            writer.write_table(pa.table(columns, schema=schema))


def _write_indicators(folder: Path, n_rows: int) -> None:
    """Write whether each of many labels holds, from frequent to rare ones."""
    path = folder / "indicators.parquet"
    if path.exists():
        return
    rng, share = np.random.default_rng(0), np.geomspace(0.3, 0.001, LABELS)
    schema = pa.schema({f"y_{k}": pa.int8() for k in range(LABELS)})
    with pq.ParquetWriter(path, schema) as writer:
        for start in range(0, n_rows, ROW_GROUP):
            n = min(ROW_GROUP, n_rows - start)
            columns = [(rng.random(n) < one).astype(np.int8) for one in share]
            writer.write_table(pa.table(columns, schema=schema))


def _write_many_classes(folder: Path, n_rows: int) -> None:
    """Write codes of a fifth as many classes as rows, each at least once: 1,000,000 in full."""
    path = folder / "many_classes.npy"
    if path.exists():
        return
    rng, n_classes = np.random.default_rng(0), n_rows // 5
    drawn = (n_classes * rng.random(n_rows - n_classes) ** 3).astype(np.int64)
    np.save(path, np.concatenate([np.arange(n_classes), drawn]))


def _write_wide(folder: Path, n_rows: int) -> None:
    path = folder / "wide.parquet"
    if path.exists():
        return
    names = {f"logit_{k}": pa.float32() for k in range(WIDE_CLASSES)}
    schema = pa.schema({"label": pa.int64(), **names})
    with pq.ParquetWriter(path, schema) as writer:
        for rng, _, target in _chunks(n_rows, WIDE_ROW_GROUP, WIDE_CLASSES):
            scores = _logits(rng, target, WIDE_CLASSES)
            columns = [np.ascontiguousarray(scores[:, k]) for k in range(WIDE_CLASSES)]
            writer.write_table(pa.table([target, *columns], schema=schema))
