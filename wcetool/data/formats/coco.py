"""COCO and LVIS annotations: a row an annotation, labelled with the name of its category.

The document is walked through once: categories often stand below the annotations. Of each
annotation nine bytes are kept, whatever its polygons take. A panoptic annotation has a row for each
of its segments.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa

from wcetool.data import arrow, streams
from wcetool.data.formats.held import batches, held, memory_need, splits
from wcetool.data.formats.json_text import JsonText, refuse_twins
from wcetool.data.formats.json_values import NO_UNICODE, holds_surrogates, titled
from wcetool.data.formats.table import Table
from wcetool.data.formats.text_head import read_head
from wcetool.data.options import TextOptions
from wcetool.data.source import InputFile
from wcetool.errors import InputError, counted, quoted, short_repr

__all__ = ["batches", "inspect", "memory_need", "splits"]

_NONE = -1


def inspect(file: InputFile, options: TextOptions) -> Table:
    """Read the annotations and the categories."""
    read_head(file, options)  # refuses what is empty or no text
    with closing(file.open_plain(options.encoding, streams.uncounted, last=True)) as plain:
        found = _read(JsonText(plain, file), file.path)
    names = found.names()
    table = held(
        file,
        found.table(names),
        label=0,
        label_reason="the category of each annotation",
        notes=tuple(f"{file.path}: {note}" for note in found.notes()),
    )
    category, *others = table.columns
    return replace(table, columns=(replace(category, classes=tuple(names.values())), *others))


@dataclass(slots=True)
class _Annotations:
    """What the document holds, column by column.

    Attributes
    ----------
    path : str
        The file, for errors.
    categories : list or None
        As they stand there.
    category_code, image_code : array of int
        A row an annotation: the place of its id among the distinct ones.
    crowd : array of int
        1 for a region with many objects, 0 for one object, -1 where nothing is said.
    """

    path: str
    categories: list[Any] | None = None
    category_code: array[int] = field(default_factory=lambda: array("i"))
    image_code: array[int] = field(default_factory=lambda: array("i"))
    crowd: array[int] = field(default_factory=lambda: array("b"))
    category_ids: dict[Any, int] = field(default_factory=dict)
    first_rows: list[int] = field(default_factory=list)  # of each category id
    image_ids: dict[Any, int] = field(default_factory=dict)

    def add(self, one: Any, row: int) -> None:
        """Take an annotation, or each segment of a panoptic one."""
        where = f"{self.path}: annotation {row:,}"
        if not isinstance(one, dict):
            raise InputError(f"is {titled(one)}, where an object is expected", where=where)
        refuse_twins(one, where)
        segments = one.get("segments_info")
        if "category_id" in one or not isinstance(segments, list):
            self._add(one, one.get("image_id"), where, row)
            return
        for segment in segments:
            if not isinstance(segment, dict):
                raise InputError(f"has {titled(segment)} for a segment", where=where)
            refuse_twins(segment, where)
            self._add(segment, one.get("image_id"), where, row)

    def _add(self, one: dict[str, Any], image: Any, where: str, row: int) -> None:
        category, crowd = _id(one.get("category_id"), "category_id", where), one.get("iscrowd")
        if crowd not in (None, 0, 1):
            raise InputError(f"iscrowd is {short_repr(str(crowd))}, not 0 or 1", where=where)
        if category not in self.category_ids:
            self.category_ids[category] = len(self.category_ids)
            self.first_rows.append(row)
        self.category_code.append(self.category_ids[category])
        self.crowd.append(_NONE if crowd is None else int(crowd))
        if image is None:
            self.image_code.append(_NONE)
        else:
            image = _id(image, "image_id", where)
            self.image_code.append(self.image_ids.setdefault(image, len(self.image_ids)))

    def names(self) -> dict[Any, str]:
        """Return the name of each category by its id, in order of the ids.

        Raises
        ------
        InputError
            If two have one id or one name, or an annotation has an id that is none of them.
        """
        found: dict[Any, str] = {}
        for place, one in enumerate(self.categories or (), start=1):
            where = f"{self.path}: category {place:,}"
            if not isinstance(one, dict) or not isinstance(one.get("name"), str):
                raise InputError("is not an object with an id and a name", where=where)
            refuse_twins(one, where)
            key, name = _id(one.get("id"), "id", where), one["name"]
            _refuse_surrogates(name, where)
            if key in found:
                raise InputError(f"id {short_repr(str(key))} is there twice", where=where)
            if not name or name in found.values():
                problem = f"name {short_repr(name)} is there twice" if name else "its name is empty"
                raise InputError(problem, where=where)
            found[key] = name
        for key, code in self.category_ids.items():
            if key not in found:
                raise InputError(
                    f"category_id {short_repr(str(key))} is none of the categories",
                    where=f"{self.path}: annotation {self.first_rows[code]:,}",
                    details=(f"categories: {quoted(found.values())}",),
                )
        if all(isinstance(key, int) for key in found):
            found = dict(sorted(found.items()))
        return found

    def table(self, names: dict[Any, str]) -> pa.Table:
        """Return the columns."""
        columns = {
            "category": _coded(self.category_code, [names[key] for key in self.category_ids]),
            "image_id": _coded(self.image_code, [str(key) for key in self.image_ids]),
        }
        if any(one != _NONE for one in self.crowd):
            columns["iscrowd"] = _coded(self.crowd, ["0", "1"])
        return pa.Table.from_arrays(list(columns.values()), names=list(columns))

    def notes(self) -> Iterator[str]:
        """Say what is counted that need not be."""
        n_crowd = self.crowd.count(1)
        if n_crowd:
            yield (
                f"{counted(n_crowd, 'annotation')} of {len(self.crowd):,} of a crowd "
                "(iscrowd 1), counted like any other"
            )


def _read(text: JsonText, path: str) -> _Annotations:
    if text.peek() != "{":
        raise InputError(
            f"holds {titled(text.value())}, where an object with 'annotations' and 'categories' "
            "is expected",
            where=path,
            hint="--input-format json, if it is a list of records",
        )
    found, keys = _Annotations(path), []
    for key in text.members():
        keys.append(key)
        if key == "annotations":
            for row, one in enumerate(text.values(), start=1):
                found.add(one, row)
        elif key == "categories":
            found.categories = list(text.values())
        else:
            text.skip()
    text.finish()
    missing = [key for key in ("annotations", "categories") if key not in keys]
    if missing:
        raise InputError(
            f"is no COCO document: it has no {quoted(missing)}",
            where=path,
            details=(f"keys: {quoted(keys)}",),
            hint="--input-format json, if it is a table of another form",
        )
    return found


def _id(value: Any, what: str, where: str) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | str):
        problem = f"has no {what}" if value is None else f"{what} is {titled(value)}"
        raise InputError(problem, where=where, details=("expected: an integer, or a text",))
    _refuse_surrogates(value, where)
    return value


def _refuse_surrogates(value: int | str, where: str) -> None:
    if isinstance(value, str) and holds_surrogates(value):
        raise InputError(f"{short_repr(value)} {NO_UNICODE}", where=where)


def _coded(codes: array[int], texts: list[str]) -> pa.Array:
    """Return texts by their places, dictionary-encoded; null for none."""
    places = np.frombuffer(codes, dtype=codes.typecode) if codes else np.empty(0, np.int32)
    places = places.astype(np.int32)
    valid = np.packbits(places != _NONE, bitorder="little")
    indices = pa.Array.from_buffers(
        pa.int32(), len(places), [pa.py_buffer(valid), pa.py_buffer(places)]
    )
    return pa.DictionaryArray.from_arrays(indices, arrow.from_texts(texts))
