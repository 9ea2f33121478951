"""What a report says of its inputs."""

from __future__ import annotations

from collections.abc import Iterator

from wcetool.data.dataset import Dataset
from wcetool.data.options import ReadingOptions
from wcetool.data.source import STDIN
from wcetool.engine.counting import ReadRows
from wcetool.results.document import InputRows


def input_rows(dataset: Dataset, read: ReadRows) -> Iterator[InputRows]:
    """Return the rows of each input, in order."""
    for index, table in enumerate(dataset.tables):
        yield InputRows(table.file.path, read.rows[index], read.blank_lines[index])


def file_notes(dataset: Dataset | None, reading: ReadingOptions) -> list[str]:
    """Say what was assumed about the form of the inputs."""
    if dataset is None:
        return []
    notes = []
    first = dataset.first
    if first.file.is_stream and reading.input_format is None:
        name = "standard input" if first.file.path == STDIN else first.file.path
        notes.append(f"{name} read as {first.file.format} (--input-format to change it)")
    for file in (table.file for table in dataset.tables if not table.file.is_stream):
        stem = file.path.lower()
        if file.compression and not stem.endswith((".gz", ".bz2", ".xz", ".zst")):
            notes.append(f"{file.path} is compressed with {file.compression}, by its content")
        if file.format == "parquet" and reading.input_format is None:
            if not stem.endswith((".parquet", ".pq")):
                notes.append(f"{file.path} is Parquet, by its content")
    return notes
