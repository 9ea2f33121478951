"""The weight file: written, read, and matched with the classes it is used for.

JSON is the form that keeps everything. CSV and Parquet hold a row per class; a .npy holds the bare
weights, and goes with a file of class names, ``weights.classes.json`` for ``weights.npy``.
"""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, BinaryIO, TypeVar

import numpy as np

from wcetool.core.vocabulary import Absent, Normalization
from wcetool.core.weighting import effective_sample_size
from wcetool.data import streams
from wcetool.data.labels import value_text
from wcetool.data.writing import Write, write_together, write_whole
from wcetool.errors import UsageError, WeightFileError, listed, quoted
from wcetool.results.document import Row, to_csv, to_json
from wcetool.results.weights import WEIGHTS_SCHEMA, ClassWeights

_COLUMNS = ("label", "index", "count", "weight")
Kind = TypeVar("Kind", str, dict[str, Any], list[Any])


def suffix_of(path: str) -> str:
    """Return the suffix that decides the form of a weight file.

    Raises
    ------
    UsageError
        If it is none of those that can be read and written.
    """
    suffix = os.path.splitext(path)[1].lower()
    if suffix not in _WRITERS:
        raise UsageError(
            f"{path!r} is not a weight file by its suffix",
            details=(f"suffixes: {listed(_WRITERS)}",),
            hint=f"{os.path.splitext(path)[0]}.json",
        )
    return suffix


def files_of(path: str) -> list[str]:
    """Return the files that writing a weight file writes.

    Raises
    ------
    UsageError
        If the suffix is unknown.
    """
    return [path, sidecar(path)] if suffix_of(path) == ".npy" else [path]


def names_weight_file(text: str) -> bool:
    """Tell whether a text that is no scheme names a file: by a suffix, a separator, or a file."""
    return bool(os.path.splitext(text)[1]) or "/" in text or os.path.isfile(text)


def write_weights(weights: ClassWeights, path: str) -> None:
    """Write class weights; the suffix decides the form.

    Raises
    ------
    UsageError
        If the suffix is unknown.
    OutputError
        If the system refuses.
    """
    _WRITERS[suffix_of(path)](weights, path)


def read_weights(path: str) -> ClassWeights:
    """Read class weights.

    Raises
    ------
    WeightFileError
        If the file is no weight file, or a weight is negative, not finite or given twice.
    InputError
        If the file cannot be read.
    """
    rows, document = _READERS[suffix_of(path)](path)
    labels = [row["label"] for row in rows]
    _check(rows, labels, path)
    weight = tuple(float(row["weight"]) for row in rows)
    counts: list[Any] = [row.get("count") for row in rows]
    count = None if None in counts else tuple(counts)
    told = _Told(document, path)
    source = told.get("source", dict, {})
    inputs = source.get("inputs", [])
    return ClassWeights(
        classes=tuple(labels),
        weight=weight,
        count=count,
        scheme=told.get("scheme", str, "manual"),
        normalization=told.normalization(),
        effective_sample_size=_effective_sample_size(weight, count),
        capped=_whole(document.get("capped_classes")),
        inputs=tuple(map(str, inputs)) if isinstance(inputs, list) else (),
        rows=_whole(source.get("rows")),
        missing=_whole(source.get("missing")),
        parameters={key: str(text) for key, text in told.get("parameters", dict, {}).items()},
        notes=tuple(map(str, told.get("notes", list, []))),
        warnings=tuple(map(str, told.get("warnings", list, []))),
        source=path,
    )


class _Told:
    """What a weight file says besides the weights."""

    def __init__(self, document: Row, path: str) -> None:
        self._document = document
        self._path = path

    def get(self, key: str, kind: type[Kind], default: Kind) -> Kind:
        """Return an entry; an absent one is the default."""
        value = self._document.get(key, default)
        if type(value) is not kind:
            raise WeightFileError(f"{key!r} is {value!r}, not what weights wrote", where=self._path)
        return value

    def normalization(self) -> Normalization:
        """Return how the weights are scaled; none where nothing is said."""
        word = self.get("normalization", str, Normalization.NONE.value)
        if word not in list(Normalization):
            raise WeightFileError(f"normalization {word!r} is not known", where=self._path)
        return Normalization(word)


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _effective_sample_size(weight: Sequence[float], count: Sequence[int] | None) -> float | None:
    if count is None:
        return None
    return effective_sample_size(np.array(weight), np.array(count, dtype=np.int64))


def for_classes(weights: ClassWeights, classes: Sequence[str], absent: Absent) -> tuple[float, ...]:
    """Return the weights in the order of other classes.

    Parameters
    ----------
    weights : ClassWeights
        Keyed by name.
    classes : sequence of str
        The classes to weight.
    absent : Absent
        What a class weighs that has no weight.

    Raises
    ------
    WeightFileError
        If the classes differ; names both differences.
    """
    known = weights.by_class
    lacking = [label for label in classes if label not in known]
    wanted = set(classes)
    extra = [label for label in weights.classes if label not in wanted]
    if extra or (lacking and absent is Absent.ERROR):
        raise WeightFileError(
            "the weights are for other classes",
            where=weights.source or "class_weight",
            details=(
                f"classes without a weight: {quoted(lacking) or 'none'}",
                f"weights without a class: {quoted(extra) or 'none'}",
            ),
            hint=None if extra else "--absent zero, or --absent one",
        )
    value = 0.0 if absent is Absent.ZERO else 1.0
    return tuple(known.get(label, value) for label in classes)


def _check(rows: Sequence[Row], labels: Sequence[object], path: str) -> None:
    """Collect what is wrong with the entries, and say it at once."""
    seen: set[str] = set()
    problems = []
    for label, row in zip(labels, rows, strict=True):
        weight = row["weight"]
        if not isinstance(label, str):
            problems.append(f"label {label!r} is not text")
            continue
        if label in seen:
            problems.append(f"class {quoted([label])} is there twice")
        seen.add(label)
        if isinstance(weight, bool) or not isinstance(weight, int | float):
            problems.append(f"class {quoted([label])}: weight {weight!r} is not a number")
        elif not 0.0 <= weight <= sys.float_info.max:
            problems.append(
                f"class {quoted([label])}: weight {weight!r} is not finite and at least 0"
            )
        count = row.get("count")
        if count is not None and (type(count) is not int or not 0 <= count < 1 << 63):
            problems.append(f"class {quoted([label])}: count {count!r} is not a count")
    if not rows:
        problems.append("it holds no class")
    if problems:
        raise WeightFileError(
            f"{len(problems):,} wrong {'entry' if len(problems) == 1 else 'entries'}"
            if rows
            else "no entries",
            where=path,
            details=problems[:5] + ([f"… {len(problems) - 5:,} more"] if len(problems) > 5 else []),
        )


# Writing


def _write_json(weights: ClassWeights, path: str) -> None:
    write_whole(path, _text_writer(to_json(weights.to_dict())))


def _write_csv(weights: ClassWeights, path: str) -> None:
    write_whole(path, _text_writer(to_csv(weights.class_rows())))


def _write_parquet(weights: ClassWeights, path: str) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from wcetool.data import arrow

    n_classes = len(weights.classes)
    columns = {
        "label": arrow.from_texts(weights.classes),
        "index": arrow.from_numpy(np.arange(n_classes)),
        "count": pa.nulls(n_classes, pa.int64())
        if weights.count is None
        else arrow.from_numpy(np.array(weights.count, dtype=np.int64)),
        "weight": arrow.from_numpy(np.array(weights.weight, dtype=np.float64)),
    }
    document = {key: value for key, value in weights.to_dict().items() if key != "classes"}
    table = pa.Table.from_arrays(
        list(columns.values()), names=list(columns), metadata={"wcetool": to_json(document)}
    )
    write_whole(path, lambda stream: pq.write_table(table, stream))


def _write_npy(weights: ClassWeights, path: str) -> None:

    values = np.array(weights.weight, dtype=np.float64)
    write_together(
        {
            sidecar(path): _text_writer(to_json(weights.to_dict())),
            path: lambda stream: np.save(stream, values, allow_pickle=False),
        }
    )


def sidecar(path: str) -> str:
    """Return the file of class names that goes with a .npy of weights."""
    return f"{os.path.splitext(path)[0]}.classes.json"


def _text_writer(text: str) -> Write:
    data = text.encode("utf-8", "surrogatepass")

    def write(stream: BinaryIO) -> None:
        stream.write(data)

    return write


# Reading


def _read_json(path: str) -> tuple[list[Row], Row]:
    try:
        document = json.loads(_read_bytes(path).decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise WeightFileError(f"is not JSON: {error}", where=path) from None
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema != WEIGHTS_SCHEMA:
        raise WeightFileError(
            f"is not a weight file: its schema is {schema!r}, not {WEIGHTS_SCHEMA!r}",
            where=path,
            hint=f"wcetool weights {path} -o weights.json"
            if str(schema).startswith("wcetool.analyze")
            else "wcetool weights labels.csv -o weights.json",
        )
    rows = document.get("classes")
    if not isinstance(rows, list) or not all(
        isinstance(row, dict) and isinstance(row.get("label"), str) and "weight" in row
        for row in rows
    ):
        raise WeightFileError("its classes are not labels with weights", where=path)
    return rows, document


def _read_csv(path: str) -> tuple[list[Row], Row]:
    try:
        text = _read_bytes(path).decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise WeightFileError(f"is not a CSV file: {error}", where=path) from None
    return [_typed(row, number, path) for number, row in enumerate(rows, start=1)], {}


def _typed(row: dict[Any, Any], number: int, path: str) -> Row:
    """Turn the texts of a CSV row into a label, a weight and a count."""
    where = f"{path}: row {number}"
    if None in row or row.get("label") is None or row.get("weight") is None:
        raise WeightFileError(
            "has no label or no weight",
            where=where,
            details=("expected: a header with the columns label and weight, and a row a class",),
        )
    try:
        count = row.get("count")
        return {
            "label": row["label"],
            "weight": float(row["weight"]),
            "count": int(count) if count else None,
        }
    except ValueError:
        raise WeightFileError(
            f"weight {row['weight']!r} or count {row.get('count')!r} is not a number", where=where
        ) from None


def _read_parquet(path: str) -> tuple[list[Row], Row]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(path).read()
    except (pa.ArrowException, OSError) as error:
        raise WeightFileError(
            "is not a Parquet file", where=path, details=(str(error).splitlines()[0][:120],)
        ) from None
    if not {"label", "weight"} <= set(table.column_names):
        raise WeightFileError(
            "has no columns label and weight",
            where=path,
            details=(f"columns: {listed(table.column_names)}",),
        )
    rows = table.select([name for name in _COLUMNS if name in table.column_names]).to_pylist()
    for row in rows:
        row["label"] = value_text(row["label"])
    metadata = (table.schema.metadata or {}).get(b"wcetool")
    try:
        document = json.loads(metadata) if metadata else {}
    except (ValueError, RecursionError) as error:
        raise WeightFileError(f"its metadata are not JSON: {error}", where=path) from None
    return rows, document if isinstance(document, dict) else {}


def _read_npy(path: str) -> tuple[list[Row], Row]:

    try:
        values = np.load(io.BytesIO(_read_bytes(path)), allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise WeightFileError(f"is not a NumPy array of numbers: {error}", where=path) from None
    if not os.path.exists(sidecar(path)):
        raise WeightFileError(
            "has no class names beside it", where=path, details=(f"expected: {sidecar(path)}",)
        )
    rows, document = _read_json(sidecar(path))
    if values.shape != (len(rows),) or values.dtype.kind not in "iuf":
        raise WeightFileError(
            f"holds {values.dtype} of shape {values.shape}, not {len(rows)} weights", where=path
        )
    merged = [{**row, "weight": float(value)} for row, value in zip(rows, values, strict=True)]
    return merged, document


def _read_bytes(path: str) -> bytes:
    with streams.open_file(path) as stream:
        return stream.read()


_WRITERS: dict[str, Callable[[ClassWeights, str], None]] = {
    ".json": _write_json,
    ".csv": _write_csv,
    ".parquet": _write_parquet,
    ".npy": _write_npy,
}
_READERS: dict[str, Callable[[str], tuple[list[Row], Row]]] = {
    ".json": _read_json,
    ".csv": _read_csv,
    ".parquet": _read_parquet,
    ".npy": _read_npy,
}
