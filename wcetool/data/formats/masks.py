"""Segmentation masks: PNG images or NumPy arrays of integers. A row is a pixel.

The class of a pixel is its value; of a palette, the index; of colours, `#rrggbb`. The pixels of an
image come as one dictionary array, so that nothing is done a pixel at a time but by Arrow; small
images come together.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from wcetool.data import arrow, npy_file, streams
from wcetool.data.folder_walk import LeftOut, as_text, notes_of, split_of, suffix, walk
from wcetool.data.formats import mask_arrays, mask_images, typed
from wcetool.data.formats.mask_values import Header, Pixels
from wcetool.data.formats.table import Column, ColumnKind, Holds, MemoryNeed, ReadLog, Table
from wcetool.data.options import TextOptions
from wcetool.data.source import InputFile, Split
from wcetool.errors import InputError, counted

LABEL, FILE, SPLIT = "label", "file", "split"
SUFFIXES = (".png", ".npy")
SPLIT_FILES = 16
BATCH_PIXELS = 1 << 18  # of small images together
MOST_PIXELS = 1 << 20  # of a large one at once
_PIXEL_BYTES = 24  # decoded, as codes, and what is counted beside them


@dataclass(frozen=True, slots=True)
class _Mask:
    """A file with one mask or a stack of them, or a part of a stack."""

    location: str
    name: str
    split: str | None
    masks: tuple[int, int] | None = None  # of a stack
    state: streams.FileState | None = None  # in a folder, when it was listed

    def pixels(self) -> Iterator[tuple[str, Pixels]]:
        """Decode it: the name of each mask, and its pixels.

        Raises
        ------
        InputError
            If it is broken, or is not what it was when it was listed.
        """
        try:
            for name, pixels in self._decoded():
                self._refuse_change()
                yield name, pixels
        except InputError:
            self._refuse_change()  # which explains whatever is broken
            raise

    def _decoded(self) -> Iterator[tuple[str, Pixels]]:
        if _is_png(self.location, self.name):
            yield self.name, mask_images.read(self.location, self.name)
        else:
            yield from mask_arrays.read(self.location, self.name, self.masks)

    def _refuse_change(self) -> None:
        if self.state is not None:
            streams.refuse_change(self.location, self.state)


@dataclass(frozen=True, slots=True)
class _Content:
    """All masks, and what is known of the first one."""

    masks: tuple[_Mask, ...]
    header: Header

    def refuse_other(self, pixels: Pixels, name: str) -> None:
        """Refuse colours among numbers, and numbers among colours."""
        if pixels.is_colour != self.header.is_colour:
            kinds = ("colours", "numbers") if pixels.is_colour else ("numbers", "colours")
            raise InputError(
                f"its classes are {kinds[0]}, and those of other masks are {kinds[1]}",
                where=name,
                details=(f"{kinds[1]}: {self.masks[0].name}",),
            )


def inspect(file: InputFile, options: TextOptions) -> Table:
    """List the masks, and look at the first one."""
    notes: list[str] = []
    masks = _in_folder(file, notes) if os.path.isdir(file.path) else _of_file(file)
    first = masks[0]
    header = (
        mask_images.header(first.location, first.name)
        if _is_png(first.location, first.name)
        else mask_arrays.header(first.location, first.name)
    )
    notes.append(header.meaning)
    names = [LABEL, FILE] + [SPLIT] * any(one.split is not None for one in masks)
    columns = tuple(Column(name, place, Holds.TEXT) for place, name in enumerate(names))
    return Table(
        file,
        columns,
        has_rows=True,
        label=0,
        label_reason="the class of a pixel",
        group=1,
        notes=tuple(notes),
        footer=_Content(tuple(masks), header),
    )


def _is_png(location: str, name: str) -> bool:
    with streams.open_file(location) as stream:
        head = streams.read_head(stream, 8)
    if head == mask_images.MAGIC:
        return True
    if head.startswith(npy_file.MAGIC):
        return False
    raise InputError("is neither a PNG image nor a NumPy array" if head else "is empty", where=name)


def _of_file(file: InputFile) -> list[_Mask]:
    name = as_text(file.path)
    if _is_png(file.location, name):
        return [_Mask(file.location, name, None)]
    header = mask_arrays.header(file.location, name)
    step = max(1, MOST_PIXELS // header.mask_pixels)
    return [
        _Mask(file.location, name, None, (start, min(start + step, header.masks)))
        for start in range(0, header.masks, step)
    ]


def _in_folder(file: InputFile, notes: list[str]) -> list[_Mask]:
    masks: list[_Mask] = []
    others, hidden = LeftOut("no masks"), 0
    for level in walk(file.path):
        hidden += level.hidden
        chosen = level.with_suffix(SUFFIXES)
        kept = set(chosen)
        others.add([level.path_of(name) for name in level.files if name not in kept])
        split = split_of(file.path, level.parts)
        masks += [
            _Mask(path, as_text(path), split, state=streams.file_state(path))
            for path in map(level.path_of, chosen)
        ]
    if not masks:
        raise InputError("the folder holds no masks (.png, .npy)", where=file.path)
    kinds = {suffix(one.name) for one in masks}
    if len(kinds) > 1:
        raise InputError(
            "the folder holds masks as .png and as .npy: which are to be read?",
            where=file.path,
            hint=f"--input-format masks '{file.path}/*.png'",
        )
    notes += [f"{file.path}: {counted(len(masks), 'mask')}", *notes_of(file.path, hidden, others)]
    return masks


def splits(table: Table, index: int, *, ranges: bool = False) -> list[Split]:
    """Return a few masks each; a stack is cut already."""
    masks = table.footer.masks
    step = 1 if masks[0].masks is not None else SPLIT_FILES
    return [
        Split(table.file, index, row_groups=(start, min(start + step, len(masks))))
        for start in range(0, len(masks), step)
    ]


def batches(
    split: Split,
    table: Table,
    columns: Sequence[tuple[int, ColumnKind]],
    on_bytes: streams.OnBytes,
    log: ReadLog,
    *,
    last: bool = True,
) -> Iterator[pa.RecordBatch]:
    """Decode mask after mask; small ones of one kind come together."""
    start, stop = split.row_groups or (0, len(table.footer.masks))
    names = [table.columns[place].name for place, _ in columns]
    for parts in _together(table.footer, start, stop):
        lengths = [len(pixels.values) for _, _, pixels in parts]
        arrays = []
        for name in names:
            if name == LABEL:
                arrays.append(Pixels.encoded([pixels for _, _, pixels in parts]))
            else:
                texts = [file if name == FILE else mask_split for file, mask_split, _ in parts]
                arrays.append(_repeated(texts, lengths))
        yield typed.in_order(arrays, columns)


_Part = tuple[str, str | None, Pixels]


def _together(content: _Content, start: int, stop: int) -> Iterator[list[_Part]]:
    """Cut large masks in pieces, and put small ones together."""
    waiting: list[_Part] = []
    size = 0
    for mask in content.masks[start:stop]:
        for name, pixels in mask.pixels():
            content.refuse_other(pixels, name)
            if waiting and pixels.kind != waiting[0][2].kind:
                yield waiting
                waiting, size = [], 0
            for piece in pixels.pieces(MOST_PIXELS):
                waiting.append((name, mask.split, piece))
                size += len(piece.values)
                if size >= BATCH_PIXELS:
                    yield waiting
                    waiting, size = [], 0
    if waiting:
        yield waiting


def _repeated(texts: Sequence[str | None], lengths: Sequence[int]) -> pa.Array:
    """Repeat each text; None is a null."""
    distinct = list(dict.fromkeys(text for text in texts if text is not None))
    place = {text: code for code, text in enumerate(distinct)}
    codes = np.array([-1 if text is None else place[text] for text in texts], dtype=np.int32)
    return arrow.dictionary(np.repeat(codes, lengths), distinct)


def memory_need(
    split: Split, table: Table, columns: Sequence[tuple[int, ColumnKind]]
) -> MemoryNeed:
    """Return what a mask of the size of the first one takes; masks are mostly of one size."""
    content: _Content = table.footer
    need = max(content.header.mask_pixels, BATCH_PIXELS) * _PIXEL_BYTES
    return MemoryNeed(need, need)
