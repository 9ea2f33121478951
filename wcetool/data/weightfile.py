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

from wcetool.core.schemes.registry import Kind
from wcetool.core.vocabulary import Absent, Normalization
from wcetool.core.weighting import effective_sample_size
from wcetool.data import side_files
from wcetool.data.labels import value_text
from wcetool.data.writing import Write, write_together, write_whole
from wcetool.errors import UsageError, WeightFileError, listed, quoted
from wcetool.results.document import Row, to_csv, to_json
from wcetool.results.head_weights import HEADS_SCHEMA
from wcetool.results.weights import WEIGHTS_SCHEMA, ClassWeights

_COLUMNS = ("label", "index", "count", "known", "weight_sum", "weight", "negative_weight")
_COUNTS = ("count", "known")
_MOST_ROWS = 10_000_000  # what a few bytes of Parquet can claim without end
Told = TypeVar("Told", str, dict[str, Any], list[Any])


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
    return weights_of(*_READERS[suffix_of(path)](path), path)


def weights_of(rows: list[Row], document: Row, path: str) -> ClassWeights:
    """Make weights of the entries of the classes, and of what the document says besides.

    Raises
    ------
    WeightFileError
        If a weight is negative, not finite or given twice.
    """
    labels = [row["label"] for row in rows]
    told = _Told(document, path)
    kind = told.kind(rows)
    _check(rows, labels, path, kind)
    weight = tuple(float(row["weight"]) for row in rows)
    count, known, weight_sum, negative = (
        _column(rows, name) for name in ("count", "known", "weight_sum", "negative_weight")
    )
    source = told.get("source", dict, {})
    inputs = source.get("inputs", [])
    return ClassWeights(
        classes=tuple(labels),
        weight=weight,
        kind=kind,
        negative_weight=negative,
        count=count,
        known=known,
        weight_sum=weight_sum,
        scheme=told.get("scheme", str, "manual"),
        normalization=told.normalization(),
        effective_sample_size=_effective_sample_size(kind, weight, count)
        if weight_sum is None and known is None
        else None,
        capped=_whole(document.get("capped_classes")),
        inputs=tuple(map(str, inputs)) if isinstance(inputs, list) else (),
        rows=_whole(source.get("rows")),
        missing=_whole(source.get("missing")),
        parameters={key: str(text) for key, text in told.get("parameters", dict, {}).items()},
        notes=tuple(map(str, told.get("notes", list, []))),
        warnings=tuple(map(str, told.get("warnings", list, []))),
        source=path,
    )


def stored_counts_sha256(path: str) -> str | None:
    """Return the hash of the counts that a weight file holds; None where it holds none."""
    _, document = _READERS[suffix_of(path)](path)
    stored = _Told(document, path).get("source", dict, {}).get("counts_sha256")
    return stored if isinstance(stored, str) else None


class _Told:
    """What a weight file says besides the weights."""

    def __init__(self, document: Row, path: str) -> None:
        self._document = document
        self._path = path

    def get(self, key: str, kind: type[Told], default: Told) -> Told:
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

    def kind(self, rows: Sequence[Row]) -> Kind:
        """Return what the numbers are; without a word, what their columns say."""
        both = any(row.get("negative_weight") is not None for row in rows)
        default = rows[0].get("kind") if rows else None
        word = self.get("kind", str, default or (Kind.LABEL if both else Kind.CLASS).value)
        if word not in list(Kind):
            raise WeightFileError(
                f"kind {word!r} is not known",
                where=self._path,
                details=(f"kinds: {listed(Kind)}",),
            )
        return Kind(word)


def _column(rows: Sequence[Row], name: str) -> Any:
    """Return a column that a weight file may lack, as a tuple; None where it does."""
    values = [row.get(name) for row in rows]
    if None in values:
        return None
    return tuple(values if name in _COUNTS else map(float, values))  # type: ignore[arg-type]


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _effective_sample_size(
    kind: Kind, weight: Sequence[float], samples: Sequence[float] | None
) -> float | None:
    if samples is None or kind is not Kind.CLASS:
        return None
    return effective_sample_size(np.array(weight), np.array(samples))


def for_classes(
    weights: ClassWeights,
    classes: Sequence[str],
    absent: Absent,
    values: Sequence[float] | None = None,
) -> tuple[float, ...]:
    """Return the weights in the order of other classes.

    Parameters
    ----------
    weights : ClassWeights
        Keyed by name.
    classes : sequence of str
        The classes to weight.
    absent : Absent
        What a class weighs that has no weight.
    values : sequence of float, optional
        Other numbers in the order of the weights; by default the class weights.

    Raises
    ------
    WeightFileError
        If the classes differ; names both differences. If the numbers are no weights.
    """
    if values is None and weights.kind is not Kind.CLASS:
        raise WeightFileError(
            f"holds the kind {weights.kind.value!r}, where class weights are expected",
            where=weights.source or "class_weight",
            hint="wcetool weights labels.csv --scheme inverse -o weights.json",
        )
    known = dict(zip(weights.classes, values or weights.weight, strict=True))
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


def _check(rows: Sequence[Row], labels: Sequence[object], path: str, kind: Kind) -> None:
    """Collect what is wrong with the entries, and say it at once."""
    seen: set[str] = set()
    problems = []
    for label, row in zip(labels, rows, strict=True):
        if not isinstance(label, str):
            problems.append(f"label {label!r} is not text")
            continue
        if label in seen:
            problems.append(f"class {quoted([label])} is there twice")
        seen.add(label)
        problems += [f"class {quoted([label])}: {one}" for one in _wrong_numbers(row, kind)]
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


def _wrong_numbers(row: Row, kind: Kind) -> list[str]:
    """Say which numbers of a class are none, or cannot be."""
    found = []
    least = 0.0 if kind is not Kind.LOGIT_OFFSET else -sys.float_info.max
    for name in ("weight", "negative_weight", "weight_sum"):
        weight = row.get(name)
        if weight is None and name != "weight":
            continue
        named = name.replace("_", " ")
        if isinstance(weight, bool) or not isinstance(weight, int | float):
            found.append(f"{named} {weight!r} is not a number")
        elif not least <= weight <= sys.float_info.max:
            bound = " and at least 0" if least == 0.0 else ""
            found.append(f"{named} {weight!r} is not finite{bound}")
    for name in _COUNTS:
        count = row.get(name)
        if count is not None and (type(count) is not int or not 0 <= count < 1 << 63):
            found.append(f"{name} {count!r} is not a count")
    return found


# Writing


def _write_json(weights: ClassWeights, path: str) -> None:
    write_whole(path, _text_writer(to_json(weights.to_dict())))


def _write_csv(weights: ClassWeights, path: str) -> None:
    rows = weights.class_rows()
    if weights.kind not in (Kind.CLASS, Kind.LABEL):  # which the columns tell apart
        rows = [{**row, "kind": weights.kind.value} for row in rows]
    write_whole(path, _text_writer(to_csv(rows)))


def _write_parquet(weights: ClassWeights, path: str) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from wcetool.data import arrow

    rows = weights.class_rows()
    columns = {
        name: arrow.from_texts(weights.classes)
        if name == "label"
        else _numbers([row[name] for row in rows], np.int64 if name in _INTEGERS else np.float64)
        for name in rows[0]
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


_INTEGERS = ("index", *_COUNTS)


def _numbers(values: list[Any], kind: type[np.int64 | np.float64]) -> Any:
    """Make a column of numbers, all of them null where there are none; without loading pandas."""
    import pyarrow as pa

    from wcetool.data import arrow

    if None in values:
        return pa.nulls(len(values), pa.int64() if kind is np.int64 else pa.float64())
    return arrow.from_numpy(np.array(values, dtype=kind))


def _text_writer(text: str) -> Write:
    data = text.encode("utf-8", "surrogatepass")

    def write(stream: BinaryIO) -> None:
        stream.write(data)

    return write


# Reading


def _read_json(path: str) -> tuple[list[Row], Row]:
    try:
        document = json.loads(side_files.read_bytes(path).decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise WeightFileError(f"is not JSON: {error}", where=path) from None
    return document_rows(document, path), document


def document_rows(document: Any, path: str) -> list[Row]:
    """Return the entries of the classes of a JSON document.

    Raises
    ------
    WeightFileError
        If it is no weight file.
    """
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema != WEIGHTS_SCHEMA:
        raise WeightFileError(
            f"is not a weight file: its schema is {schema!r}, not {WEIGHTS_SCHEMA!r}",
            where=path,
            hint=_schema_hint(str(schema), path),
        )
    rows: Any = document.get("classes")
    if not isinstance(rows, list) or not all(
        isinstance(row, dict) and isinstance(row.get("label"), str) and "weight" in row
        for row in rows
    ):
        raise WeightFileError("its classes are not labels with weights", where=path)
    found: list[Row] = rows
    return found


def _schema_hint(schema: str, path: str) -> str:
    if schema == HEADS_SCHEMA:
        return "each of its heads is a weight file: the object of one label column in a file"
    if schema.startswith("wcetool.analyze"):
        return f"wcetool weights {path} -o weights.json"
    return "wcetool weights labels.csv -o weights.json"


def _read_csv(path: str) -> tuple[list[Row], Row]:
    try:
        text = side_files.read_bytes(path).decode("utf-8-sig")
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
        numbers = {
            name: int(row[name]) if name in _COUNTS else float(row[name])
            for name in _COLUMNS
            if name not in ("label", "index") and row.get(name)
        }
    except ValueError:
        told = ", ".join(f"{name} {row[name]!r}" for name in _COLUMNS[2:] if row.get(name))
        raise WeightFileError(f"{told}: not all are numbers", where=where) from None
    return {"label": row["label"], "kind": row.get("kind"), "weight": None, **numbers}


def _read_parquet(path: str) -> tuple[list[Row], Row]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        content = pa.BufferReader(side_files.read_bytes(path))
        with pq.ParquetFile(content) as parquet:
            n_rows = parquet.metadata.num_rows
            names = [name for name in _COLUMNS if name in parquet.schema_arrow.names]
            table = parquet.read(names) if n_rows <= _MOST_ROWS else None
            found, metadata = parquet.schema_arrow.names, parquet.schema_arrow.metadata or {}
    except (pa.ArrowException, OSError, UnicodeError) as error:
        raise WeightFileError(
            "is not a Parquet file", where=path, details=(str(error).splitlines()[0][:120],)
        ) from None
    if table is None:
        raise WeightFileError(f"has {n_rows:,} rows, and is no weight file", where=path)
    if not {"label", "weight"} <= set(found):
        raise WeightFileError(
            "has no columns label and weight",
            where=path,
            details=(f"columns: {listed(found)}",),
        )
    try:
        rows = table.to_pylist()
    except UnicodeDecodeError:
        raise WeightFileError("its labels are not UTF-8 text", where=path) from None
    for row in rows:
        row["label"] = value_text(row["label"])
    told = metadata.get(b"wcetool")
    try:
        document = json.loads(told) if told else {}
    except (ValueError, RecursionError) as error:
        raise WeightFileError(f"its metadata are not JSON: {error}", where=path) from None
    return rows, document if isinstance(document, dict) else {}


def _read_npy(path: str) -> tuple[list[Row], Row]:
    values = side_files.read_npy(path)
    if not os.path.exists(sidecar(path)):
        raise WeightFileError(
            "has no class names beside it", where=path, details=(f"expected: {sidecar(path)}",)
        )
    rows, document = _read_json(sidecar(path))
    if values.shape != (len(rows),) or values.dtype.kind not in "iuf":
        raise WeightFileError(
            f"holds {values.dtype} of shape {values.shape}, not {len(rows)} weights", where=path
        )
    if any(
        values.dtype.type(row["weight"]) != value for row, value in zip(rows, values, strict=True)
    ):
        raise WeightFileError(
            f"does not belong to {sidecar(path)}, whose weights differ",
            where=path,
            hint="write both again, or delete the file of class names to use bare weights",
        )
    merged = [{**row, "weight": float(value)} for row, value in zip(rows, values, strict=True)]
    return merged, document


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
