"""The file of the weights of several label columns: JSON, of which each head is a weight file."""

from __future__ import annotations

import json
import os

from wcetool.data import side_files, weightfile
from wcetool.data.writing import write_whole
from wcetool.errors import UsageError, WeightFileError
from wcetool.results.document import Row, to_json
from wcetool.results.head_weights import HEADS_SCHEMA, Head, HeadWeights


def check_path(path: str) -> None:
    """Refuse a file that cannot hold several heads.

    Raises
    ------
    UsageError
        If its suffix is not .json.
    """
    stem, suffix = os.path.splitext(path)
    if suffix.lower() != ".json":
        raise UsageError(
            f"{path!r} does not end in .json, which alone holds the weights of several columns",
            where="--output",
            hint=f"--output {stem}.json",
        )


def write_head_weights(weights: HeadWeights, path: str) -> None:
    """Write the weights of all heads.

    Raises
    ------
    UsageError
        If the suffix is not .json.
    OutputError
        If the system refuses.
    """
    check_path(path)
    data = to_json(weights.to_dict()).encode("utf-8", "surrogatepass")
    write_whole(path, lambda stream: stream.write(data))


def read_head_weights(path: str) -> HeadWeights:
    """Read the weights of all heads.

    Raises
    ------
    WeightFileError
        If it is no such file, or a weight is wrong.
    InputError
        If the file cannot be read.
    """
    document = _document(path)
    entries = document.get("heads")
    if not isinstance(entries, list) or not entries or not all(map(_is_head, entries)):
        raise WeightFileError("its heads are not columns with weights", where=path)
    columns = [entry["column"] for entry in entries]
    if len(set(columns)) < len(columns):
        raise WeightFileError("a column is there twice", where=path)
    heads = [
        Head(
            entry["column"],
            weightfile.weights_of(weightfile.document_rows(entry, path), entry, path),
        )
        for entry in entries
    ]
    parameters, notes = document.get("parameters", {}), document.get("notes", [])
    warnings = document.get("warnings", [])
    if not (isinstance(parameters, dict) and all(type(one) is list for one in (notes, warnings))):
        raise WeightFileError("its notes are not what weights wrote", where=path)
    return HeadWeights(
        heads=tuple(heads),
        parameters={key: str(text) for key, text in parameters.items()},
        notes=tuple(map(str, notes)),
        warnings=tuple(map(str, warnings)),
        source=path,
    )


def _is_head(entry: object) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("column"), str)


def _document(path: str) -> Row:
    try:
        document = json.loads(side_files.read_bytes(path).decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise WeightFileError(f"is not JSON: {error}", where=path) from None
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema != HEADS_SCHEMA:
        raise WeightFileError(
            f"does not hold the weights of several columns: its schema is {schema!r}, not "
            f"{HEADS_SCHEMA!r}",
            where=path,
        )
    found: Row = document
    return found
