"""pyreadstat in a process of its own: some damaged files end the process that it reads them in.

The child reads a file and writes an Arrow stream to its standard output, what was decided in the
metadata of the schema; run as ``python -m wcetool.data.formats.readstat FUNCTION PATH ENCODING``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from wcetool.data.formats import foreign
from wcetool.data.formats.foreign import Content, Loaded
from wcetool.data.source import InputFile

EXTRA = "spss"
_NOTES = b"notes"
_MOST_SECONDS = 600
_MOST_UNPACKED = 8 * foreign.MOST_BYTES


def read(file: InputFile, function: str, encoding: str | None) -> Content:
    """Read a file by a function of pyreadstat.

    Raises
    ------
    InputError
        If pyreadstat is not installed, or the file is broken.
    """
    foreign.imported(file, "pyreadstat", EXTRA)
    # -P: a module that lies in the current folder, beside the data, must not be loaded.
    command = [sys.executable, "-P", "-m", __name__, function, file.location, encoding or ""]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with foreign.reading(file, subprocess.SubprocessError):
        child = subprocess.run(  # noqa: S603  this very Python, and no shell
            command, capture_output=True, check=False, env=environment, timeout=_MOST_SECONDS
        )
        if child.returncode:
            said = child.stderr.decode("utf-8", "replace").strip().splitlines()
            raise ValueError(said[-1] if said and child.returncode > 0 else "the reader crashed")
        table = pa.ipc.open_stream(child.stdout).read_all()
    return table, json.loads(table.schema.metadata[_NOTES])


def _load(function: str, path: str, encoding: str | None) -> Content:
    import pyreadstat

    file_reader: Any = getattr(pyreadstat, function)
    options = {} if encoding is None else {"encoding": encoding}
    _, size = file_reader(path, metadataonly=True, **options)
    n_cells = (size.number_rows or 0) * (size.number_columns or 0)
    if n_cells > foreign.MOST_CELLS:
        raise ValueError(f"{n_cells:,} cells, where {foreign.MOST_CELLS:,} are the limit")
    n_bytes = (size.number_rows or 0) * sum((size.variable_storage_width or {}).values())
    if n_bytes > _MOST_UNPACKED:
        raise ValueError(f"{n_bytes:,} bytes, where {_MOST_UNPACKED:,} are the limit")
    found, meta = file_reader(path, output_format="dict", **options)
    columns = {name: foreign.present(values) for name, values in found.items()}
    return Loaded(columns, meta.variable_value_labels).content()


def main(arguments: Sequence[str]) -> None:
    """Read a file, and write its table to standard output."""
    function, path, encoding = arguments
    table, notes = _load(function, path, encoding or None)
    table = table.replace_schema_metadata({_NOTES: json.dumps(notes).encode()})
    with pa.ipc.new_stream(sys.stdout.buffer, table.schema) as stream:
        stream.write_table(table)


if __name__ == "__main__":
    main(sys.argv[1:])
