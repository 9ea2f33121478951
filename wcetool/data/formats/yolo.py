"""YOLO labels: a text file an image, a line an object: its class id, and where it is.

`class x y w h`, with a confidence or without; more numbers are polygons or keypoints. The ids have
names where the data set says so: in `data.yaml`, `classes.txt` or `obj.names`. A row is an object.
Label files are small, so all of them are read when the folder is opened: about 10 bytes an object
are held.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa

from wcetool.data import arrow, streams
from wcetool.data.folder_walk import LeftOut, as_text, notes_of, split_of, walk
from wcetool.data.folders import YOLO_LINE, label_levels
from wcetool.data.formats.held import batches, held, memory_need, splits
from wcetool.data.formats.table import Table
from wcetool.data.formats.yolo_names import Names, find_names
from wcetool.data.options import TextOptions
from wcetool.data.source import InputFile
from wcetool.errors import InputError, counted, short_repr

__all__ = ["batches", "inspect", "memory_need", "splits"]

MOST_BYTES = 64 << 20  # of the labels of one image
_BOM = b"\xef\xbb\xbf"


@dataclass(slots=True)
class _Objects:
    """The objects of all files, as they are read."""

    labels: dict[str, int] = field(default_factory=dict)
    splits: dict[str, int] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    label: array[int] = field(default_factory=lambda: array("i"))
    file: array[int] = field(default_factory=lambda: array("i"))
    split_of_file: list[int] = field(default_factory=list)
    empty: int = 0

    def add(self, path: str, split: str | None, labels: Sequence[str]) -> None:
        """Take the objects of a file."""
        if not labels:
            self.empty += 1
            return
        number = len(self.files)
        self.files.append(as_text(path))
        self.split_of_file.append(
            -1 if split is None else self.splits.setdefault(split, len(self.splits))
        )
        self.label.extend(self.labels.setdefault(label, len(self.labels)) for label in labels)
        self.file.extend([number] * len(labels))

    def table(self) -> pa.Table:
        """Return a row for each object."""
        file = np.frombuffer(self.file, np.int32) if self.file else np.empty(0, np.int32)
        label = np.frombuffer(self.label, np.int32) if self.label else np.empty(0, np.int32)
        columns = {
            "label": arrow.dictionary(label, list(self.labels)),
            "file": arrow.dictionary(file, self.files),
        }
        if self.splits:
            of_file = np.array(self.split_of_file, dtype=np.int32)
            columns["split"] = arrow.dictionary(of_file[file], list(self.splits))
        return pa.Table.from_arrays(list(columns.values()), names=list(columns))


def inspect(file: InputFile, options: TextOptions) -> Table:
    """Read the label files."""
    levels = list(walk(file.path)) if os.path.isdir(file.path) else []
    found = label_levels(levels)
    if not found:
        raise InputError("holds no YOLO label files (.txt)", where=file.path)
    holding = {level.parts[:depth] for level, _ in found for depth in range(len(level.parts) + 1)}
    names = find_names(file.path, (level.path for level in levels if level.parts in holding))
    objects = _Objects()
    chosen: set[str] = set()
    for level, texts in found:
        split = split_of(file.path, level.parts)
        for text in texts:
            path = level.path_of(text)
            chosen.add(path)
            objects.add(path, split, _labels(path, names))
    if not objects.files:
        raise InputError(
            f"{counted(len(chosen), 'label file')}, and no object in any", where=file.path
        )
    left_out = LeftOut("no labels of images")
    for level in levels:
        paths = (level.path_of(name) for name in level.with_suffix((".txt",)))
        left_out.add(
            [
                path
                for path in paths
                if path not in chosen and os.path.normpath(path) not in names.paths
            ]
        )
    hidden = sum(level.hidden for level in levels)
    notes = [*names.notes, *notes_of(file.path, hidden, left_out)]
    if objects.empty:
        empty = counted(objects.empty, "image")
        notes.append(f"{file.path}: {empty} without objects (empty label files)")
    table = held(
        file,
        objects.table(),
        label=0,
        label_reason="the class of an object",
        group=1,
        notes=tuple(notes),
    )
    declared = None if names.by_id is None else tuple(names.by_id.values())
    columns = (replace(table.columns[0], classes=declared), *table.columns[1:])
    return replace(table, columns=columns)


def _labels(path: str, names: Names) -> list[str]:
    """Return the label of each object of a file."""
    with streams.open_file(path) as stream:
        size = os.fstat(stream.fileno()).st_size
        if size > MOST_BYTES:
            raise InputError(
                f"is larger than {MOST_BYTES >> 20} MB: no labels of one image", where=path
            )
        try:
            data = streams.read_head(stream, size + 1)
        except OSError as error:
            raise streams.read_error(error, path, None) from None
    if len(data) != size:
        raise InputError("changed while it was read", where=path)
    labels = []
    for number, line in enumerate(data.removeprefix(_BOM).split(b"\n"), start=1):
        if not line or line.isspace():
            continue
        found = YOLO_LINE.fullmatch(line)
        if found is None or (found[1][0] == 48 and len(found[1]) > 1):
            raise _misfit(path, number, line)
        labels.append(names.of(found[1].decode(), f"{path}: line {number:,}"))
    return labels


def _misfit(path: str, number: int, line: bytes) -> InputError:
    return InputError(
        "is no object of YOLO labels: a class id and at least 4 numbers",
        where=f"{path}: line {number:,}",
        details=(f"text: {short_repr(line.decode('utf-8', 'backslashreplace').strip())}",),
    )
