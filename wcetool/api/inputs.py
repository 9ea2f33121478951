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
    if first.file.path == STDIN and reading.input_format is None:
        notes.append(f"standard input read as {first.file.format} (--input-format to change it)")
    for table in dataset.tables:
        file = table.file
        stem = file.path.lower()
        if (
            file.compression
            and not stem.endswith((".gz", ".bz2", ".xz", ".zst"))
            and file.path != STDIN
        ):
            notes.append(f"{file.path} is compressed with {file.compression}, by its content")
        if file.format == "parquet" and reading.input_format is None and file.path != STDIN:
            if not stem.endswith((".parquet", ".pq")):
                notes.append(f"{file.path} is Parquet, by its content")
    return notes
