"""What a folder is read as.

The rules, in order:

1. What the user says.
2. Parquet files below it: these.
3. YOLO labels: text files in folders called `labels` (or anywhere, where no folder is called so) of
   which the first that is not empty begins with a line of a class id and at least 4 numbers, the
   first 4 between 0 and 1.
4. NumPy arrays and no images: masks.
5. PNG images alone, all below folders called like masks (`MASK_NAMES`): masks.
6. Images in folders a class. Such a folder is not called like a split (`SPLIT_NAMES`) or a part of
   a data set (`PART_NAMES`), and there are at least two of them, or images that are no PNG.
7. PNG images alone, directly in the folder or in folders of splits: masks.
8. Anything else is refused.

Hidden files and those that systems leave behind are passed over everywhere.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from wcetool.data import registry, streams
from wcetool.data.folder_walk import Level, is_split, suffix, walk
from wcetool.data.registry import FormatInfo
from wcetool.errors import InputError, counted, listed, quoted

IMAGE_SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".dib", ".gif", ".webp", ".tif", ".tiff"),
    *(".ppm", ".pgm", ".pbm", ".pnm", ".jp2", ".avif", ".heic", ".heif"),
)
MASK_NAMES = frozenset(
    "mask masks annotation annotations label labels gt gtfine groundtruth ground_truth "
    "segmentation segmentations segmentationclass".split()
)
PART_NAMES = MASK_NAMES | {"image", "images", "img", "imgs", "jpegimages", "leftimg8bit"}
YOLO_NAME_FILES = ("classes.txt", "obj.names")
YOLO_LINE = re.compile(
    rb"\s*+([0-9]+)((?:[ \t]+[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?){4,}+)\s*+"
)
_LABELS = "labels"
_NO_LABELS = re.compile(
    r"(readme.*|license.*|notes?|train|val|valid|validation|test)\.txt", re.IGNORECASE
)


def parquet_files(folder: str) -> list[Path]:
    """List the Parquet files below a folder; hidden ones and those with a leading _ are skipped."""
    return sorted(
        Path(level.path, name)
        for level in walk(folder)
        if not any(part.startswith("_") for part in level.parts)
        for name in level.files
        if suffix(name) in registry.PARQUET.suffixes and not name.startswith("_")
    )


def named(folder: str, form: FormatInfo) -> FormatInfo:
    """Return the format that the user says a folder is of.

    Raises
    ------
    InputError
        If it is Parquet: no such file is below it.
    """
    if form == registry.PARQUET:
        raise InputError("the folder holds no Parquet file", where=folder)
    return form


@dataclass(frozen=True, slots=True)
class _Summary:
    """What a level holds, in few words."""

    parts: tuple[str, ...]
    count: Counter[str]  # of files, by suffix
    is_bare: bool  # nothing in it

    @property
    def images(self) -> int:
        """Images directly in it."""
        return sum(self.count[one] for one in IMAGE_SUFFIXES)

    @property
    def is_class(self) -> bool:
        """Its name may be that of a class."""
        return (
            bool(self.parts)
            and not is_split(self.parts[-1])
            and self.parts[-1].casefold() not in PART_NAMES
        )


def kind(folder: str) -> FormatInfo:
    """Return the format of a folder that holds no Parquet file.

    Raises
    ------
    InputError
        If it is not known what it holds.
    """
    levels, texts = [], []
    for level in walk(folder):
        count = Counter(map(suffix, level.files))
        is_bare = not (level.files or level.folders or level.odd)
        levels.append(_Summary(level.parts, count, is_bare))
        if count[".txt"]:
            texts.append(level)
    if _shows_yolo(texts):
        return registry.YOLO
    holders = [one for one in levels if one.images]
    if not holders and any(one.count[".npy"] for one in levels):
        return registry.MASKS
    count = sum((one.count for one in levels), start=Counter())
    if not holders:
        raise _unknown(folder, count)
    only_png = all(one.images == one.count[".png"] for one in holders)
    own = (os.path.basename(os.path.abspath(folder)),)
    if only_png and all(_has_name((*own, *one.parts), MASK_NAMES) for one in holders):
        return registry.MASKS
    below = [one for one in holders if one.parts]
    names = {one.parts[-1] for one in levels if one.is_class and (one.images or one.is_bare)}
    if below and all(one.is_class for one in below) and (len(names) > 1 or not only_png):
        return registry.IMAGES
    if only_png and all(not one.parts or is_split(one.parts[-1]) for one in holders):
        return registry.MASKS
    raise _ambiguous(folder, holders, count, only_png=only_png)


def label_levels(levels: Iterable[Level]) -> list[tuple[Level, list[str]]]:
    """List the folders of YOLO label files, and the files."""
    texts = [(level, level.with_suffix((".txt",))) for level in levels]
    named = [pair for pair in texts if _is_of_labels(pair[0])]
    found = [
        (level, [name for name in names if name not in YOLO_NAME_FILES])
        for level, names in named or texts
    ]
    if not named:
        found = [
            (level, [name for name in names if not _NO_LABELS.fullmatch(name)])
            for level, names in found
        ]
    return [(level, names) for level, names in found if names]


def _is_of_labels(level: Level) -> bool:
    """Tell whether a folder is called `labels`, or lies in one: `labels/train`."""
    own = Path(os.path.abspath(level.path)).parts[-2:]
    return _LABELS in map(str.casefold, (*level.parts, *own))


def _shows_yolo(texts: Sequence[Level]) -> bool:
    for level, names in label_levels(texts):
        for name in names:
            with streams.open_file(level.path_of(name)) as stream:
                line = streams.read_head(stream, 1 << 16).lstrip(b"\xef\xbb\xbf \t\r\n")
            if line:
                found = YOLO_LINE.fullmatch(line.partition(b"\n")[0])
                # Of a keypoint a further number says whether it is seen: only a box is sure to be
                # within the image.
                return found is not None and all(0 <= float(x) <= 1 for x in found[2].split()[:4])
    return False


def _has_name(parts: Sequence[str], names: frozenset[str]) -> bool:
    return any(part.casefold() in names for part in parts)


def _unknown(folder: str, count: Counter[str]) -> InputError:
    others = sorted(one for one in count if registry.by_suffix(f"x{one}"))
    return InputError(
        "the folder holds no Parquet files, no YOLO labels, no images and no masks",
        where=folder,
        details=(_found(count),),
        hint=f"'{folder}/*{others[0]}'" if others else None,
    )


def _found(count: Counter[str]) -> str:
    if not count:
        return "it holds no files"
    named = (
        f"{n:,} {one or 'without a suffix'}"
        for one, n in sorted(count.items(), key=lambda pair: (-pair[1], pair[0]))
    )
    return f"it holds: {listed(named)}"


def _ambiguous(
    folder: str, holders: Sequence[_Summary], count: Counter[str], *, only_png: bool
) -> InputError:
    parts = sorted({one.parts[0] for one in holders if _has_name(one.parts[:1], MASK_NAMES)})
    names = sorted({one.parts[-1] for one in holders if one.is_class})
    here = sum(one.images for one in holders if not one.parts)
    details = [_found(count)]
    if here:
        details.append(f"{counted(here, 'image')} directly in it, whose folder names no class")
    if names:
        details.append(f"folders that may be classes: {quoted(names)}")
    if parts:
        hint = f"{os.path.join(folder, parts[0])} for the masks in it"
    elif only_png:
        hint = "--input-format images for classes that are folders, --input-format masks for masks"
    else:
        hint = "--input-format images, if the folder of an image is its class"
    return InputError(
        "the folder holds images, and it is not clear of what kind",
        where=folder,
        details=details,
        hint=hint,
    )
