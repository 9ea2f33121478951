"""Images in folders a class: the name of the folder that directly holds an image is its label.

`root/cat/1.jpg`, or `root/train/cat/1.jpg` with folders of splits above. No image is opened, and no
name of one is kept: the folder is listed again where the paths are asked for.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from wcetool.core.distribution import class_order
from wcetool.data import arrow, streams
from wcetool.data.folder_walk import (
    LeftOut,
    Level,
    as_text,
    is_split,
    notes_of,
    split_of,
    walk,
)
from wcetool.data.folders import IMAGE_SUFFIXES
from wcetool.data.formats import typed
from wcetool.data.formats.table import Column, ColumnKind, Holds, MemoryNeed, ReadLog, Table
from wcetool.data.options import TextOptions
from wcetool.data.source import InputFile, Split
from wcetool.errors import InputError, counted, quoted

LABEL, PATH, SPLIT = "label", "path", "split"


@dataclass(frozen=True, slots=True)
class _ClassFolder:
    """A folder that directly holds images; or is empty, and declares a class."""

    label: str
    split: str | None
    path: str
    parts: tuple[str, ...]
    images: int

    @property
    def above(self) -> tuple[str, ...]:
        """The folders above it that are no splits."""
        return tuple(part for part in self.parts[:-1] if not is_split(part))


def inspect(file: InputFile, options: TextOptions) -> Table:
    """List the folders, and count the images in each."""
    held: list[_ClassFolder] = []
    bare: list[_ClassFolder] = []
    others, outside = LeftOut("no images"), LeftOut("images in no folder of a class")
    here: list[str] = []
    hidden = 0
    for level in walk(file.path):
        images = level.with_suffix(IMAGE_SUFFIXES)
        hidden += level.hidden
        if not level.parts:
            here = [level.path_of(name) for name in images]
            continue
        is_bare = not (level.files or level.folders or level.odd)
        if images:
            kept = set(images)
            others.add([level.path_of(name) for name in level.files if name not in kept])
        if images or (is_bare and not is_split(level.parts[-1])):
            (held if images else bare).append(_class_folder(file, level, len(images)))
    if not held and here:  # the folder is a class itself
        own = as_text(os.path.basename(os.path.abspath(file.path)))
        held = [_ClassFolder(own, split_of(file.path, ()), file.path, (own,), len(here))]
        here, bare = [], []
    if not held:
        raise InputError("holds no folder with images", where=file.path)
    _refuse_nested(file, held)
    bare = [one for one in bare if one.above == held[0].above]
    classes = class_order({one.label for one in (*held, *bare)})
    outside.add(here)
    names = [LABEL, PATH] + [SPLIT] * any(one.split is not None for one in held)
    columns = tuple(
        Column(name, place, Holds.TEXT, classes=classes if name == LABEL else None)
        for place, name in enumerate(names)
    )
    return Table(
        file,
        columns,
        has_rows=True,
        label=0,
        label_reason="the folder of an image",
        notes=notes_of(file.path, hidden, others, outside),
        footer=tuple(held),
    )


def _class_folder(file: InputFile, level: Level, images: int) -> _ClassFolder:
    as_text(level.path)
    label, split = level.parts[-1], split_of(file.path, level.parts[:-1])
    return _ClassFolder(label, split, level.path, level.parts, images)


def _refuse_nested(file: InputFile, held: Sequence[_ClassFolder]) -> None:
    """Refuse folders with images at different depths: which of their names is the class."""
    above = {one.above: one for one in held}
    if len(above) > 1:
        examples = [one.path for one in above.values()]
        raise InputError(
            "the folders that hold images lie in different folders: which name is the class?",
            where=file.path,
            details=(f"images in: {quoted(examples)}",),
            hint="name the folders that directly hold the folders of classes, as inputs",
        )


def splits(table: Table, index: int, *, ranges: bool = False) -> list[Split]:
    """Return the whole folder: nothing is read."""
    rows = sum(one.images for one in table.footer)
    return [Split(table.file, index, rows=rows)]


def batches(
    split: Split,
    table: Table,
    columns: Sequence[tuple[int, ColumnKind]],
    on_bytes: streams.OnBytes,
    log: ReadLog,
    *,
    last: bool = True,
) -> Iterator[pa.RecordBatch]:
    """Read folder after folder."""
    names = [table.columns[place].name for place, _ in columns]
    for folder in table.footer:
        paths = _paths(folder) if PATH in names else []
        for start in range(0, folder.images, typed.BATCH_ROWS):
            length = min(typed.BATCH_ROWS, folder.images - start)
            arrays = [
                arrow.from_texts(paths[start : start + length])
                if name == PATH
                else arrow.constant_label(folder.label if name == LABEL else folder.split, length)
                for name in names
            ]
            yield typed.in_order(arrays, columns)


def _paths(folder: _ClassFolder) -> list[str]:
    """List the images of a folder once more."""
    level = next(walk(folder.path))
    paths = [as_text(level.path_of(name)) for name in level.with_suffix(IMAGE_SUFFIXES)]
    if len(paths) != folder.images:
        raise InputError(
            f"holds {counted(len(paths), 'image')}, and held {folder.images:,} before: "
            "it changed while it was read",
            where=folder.path,
        )
    return paths


def memory_need(
    split: Split, table: Table, columns: Sequence[tuple[int, ColumnKind]]
) -> MemoryNeed:
    """Return the paths of the largest folder, where they are read."""
    if all(table.columns[place].name != PATH for place, _ in columns):
        return MemoryNeed(0, 0)
    most = max(one.images for one in table.footer) * 2 * (len(table.file.path) + 100)
    return MemoryNeed(most, most)
