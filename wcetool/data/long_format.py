"""Predictions with a row for each id and class -> a row for each id, held in memory.

Such a file is pivoted only where the user says so; `long_signs` knows one that nobody declares.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wcetool.core.distribution import class_order
from wcetool.data import arrow, registry, streams
from wcetool.data.columns import choose_label_column, find_columns
from wcetool.data.dataset import Dataset, Wanted
from wcetool.data.formats import memory
from wcetool.data.formats.table import Column, ColumnKind, ReadLog
from wcetool.data.labels import Distinct, check_class_limit
from wcetool.data.options import ReadingOptions, TextOptions
from wcetool.data.score_arrays import column_scores
from wcetool.data.source import InputFile
from wcetool.errors import InputError, UsageError, counted, quoted, short_repr

ROW_BYTES = 48  # of codes and probabilities, with what sorting takes
ID_BYTES = 160  # of an id and its place


@dataclass(frozen=True, slots=True, kw_only=True)
class LongRows:
    """A long file, pivoted.

    Attributes
    ----------
    names : tuple of str
        The columns of the id, the class and the probability.
    source : Dataset
        As it was opened.
    wide : Dataset
        A row an id: the id, the label if it is there, a column for each class.
    classes : tuple of str
        The names of these columns.
    label : str or None
        The name of the label column of `wide`.
    label_column : str or None
        Its name in the file.
    notes : tuple of str
        What was decided.
    """

    names: tuple[str, str, str]
    source: Dataset
    wide: Dataset
    classes: tuple[str, ...]
    label: str | None
    label_column: str | None
    notes: tuple[str, ...]


def long_columns(value: str | Sequence[str]) -> tuple[str, str, str]:
    """Read `ID,CLASS,PROBABILITY`.

    Raises
    ------
    UsageError
        If these are not three columns.
    """
    names = value.split(",") if isinstance(value, str) else [str(one) for one in value]
    if len(names) != 3 or "" in names:
        raise UsageError(
            f"{short_repr(','.join(names))} does not name three columns",
            where="--long",
            hint="--long ID,CLASS,PROBABILITY",
        )
    return names[0], names[1], names[2]


def pivoted(
    dataset: Dataset,
    wanted: tuple[str, str, str],
    reading: ReadingOptions,
    *,
    has_labels: bool,
    allowed: int,
) -> LongRows:
    """Pivot a long file.

    Parameters
    ----------
    dataset : Dataset
        The file.
    wanted : tuple of str
        The columns of the id, the class and the probability.
    reading : ReadingOptions
        How text becomes a label, and the label column.
    has_labels : bool
        The truth is in another file.
    allowed : int
        Bytes that may be held.

    Raises
    ------
    InputError
        If an id lacks a class or has it twice, or has two labels; names the id. If all rows take
        more memory than allowed.
    """
    dataset.refuse_empty()
    table = dataset.first
    columns = find_columns(table, wanted, option="--long")
    label, notes = None, []
    if not has_labels:
        choice = choose_label_column(
            table,
            reading.label_column,
            only_column_counts=False,
            taken=columns,
            details=("the labels may be in another file: --labels FILE",),
        )
        label = choice.column
        notes += choice.notes(table)
    places = {column.place for column in (*columns, *([] if label is None else [label]))}
    if len(places) < len(columns) + (label is not None):
        raise UsageError(
            "a column is named for two things", where="--long", hint="--long ID,CLASS,PROBABILITY"
        )
    rows = _Rows()
    kinds = [ColumnKind.LABEL, ColumnKind.LABEL, ColumnKind.SCORE]
    read = [Wanted(column, kind) for column, kind in zip(columns, kinds, strict=True)]
    read += [] if label is None else [Wanted(label, ColumnKind.LABEL)]
    for split in dataset.splits():
        n_rows = 0
        for batch in dataset.batches(split, read, streams.uncounted, ReadLog()):
            where, first_row = split.file.path, split.first_row + n_rows + 1
            rows.add(batch, reading, where, first_row)
            n_rows += len(batch)
            _refuse_large(rows, allowed, where)
            check_class_limit(rows.classes.place, reading.rules, where)
    names = (columns[0].name, columns[1].name, columns[2].name)
    classes, matrix = rows.matrix(dataset.where, names)
    notes.append(
        f"{counted(rows.n_rows, 'row')} of {quoted(names)} are "
        f"{counted(len(rows.ids.place), 'id')} with {counted(len(classes), 'class', 'classes')} "
        "each: a row is an id from here on"
    )
    wide, label_name = _wide(dataset, rows, (names[0], classes, matrix), label)
    return LongRows(
        names=names,
        source=dataset,
        wide=wide,
        classes=classes,
        label=label_name,
        label_column=None if label is None else label.name,
        notes=tuple(notes),
    )


@dataclass(slots=True)
class _Codes:
    """Texts and their numbers, in the order in which they come."""

    place: dict[str, int] = field(default_factory=dict)

    def of(self, texts: list[str | None], codes: Any) -> npt.NDArray[np.int64]:
        found = [
            -1 if text is None else self.place.setdefault(text, len(self.place)) for text in texts
        ]
        of_rows: npt.NDArray[np.int64] = np.array([*found, -1], dtype=np.int64)[codes]
        return of_rows


@dataclass(slots=True)
class _Rows:
    """What was read of a long file."""

    ids: _Codes = field(default_factory=_Codes)
    classes: _Codes = field(default_factory=_Codes)
    labels: _Codes = field(default_factory=_Codes)
    id_codes: list[npt.NDArray[np.int64]] = field(default_factory=list)
    class_codes: list[npt.NDArray[np.int64]] = field(default_factory=list)
    label_codes: list[npt.NDArray[np.int64]] = field(default_factory=list)
    values: list[npt.NDArray[Any]] = field(default_factory=list)
    n_rows: int = 0

    def add(
        self, batch: pa.RecordBatch, reading: ReadingOptions, where: str, first_row: int
    ) -> None:
        """Add a batch of ids, classes, probabilities and perhaps labels."""
        for place, (codes, kept, what) in enumerate(
            ((self.ids, self.id_codes, "id"), (self.classes, self.class_codes, "class"))
        ):
            distinct = Distinct(batch.column(place), where)
            texts = [text or None for text in distinct.texts]
            if what == "class":
                texts = [reading.rules.label(text) for text in texts]
            found = codes.of(texts, distinct.codes)
            lost = np.flatnonzero(found < 0)
            if len(lost):
                raise InputError(
                    f"there is no {what}", where=f"{where}: row {first_row + int(lost[0]):,}"
                )
            kept.append(found)
        self.values.append(np.array(column_scores([batch.column(2)])[0]))
        if batch.num_columns > 3:
            distinct = Distinct(batch.column(3), where)
            texts = [text or None for text in distinct.texts]
            self.label_codes.append(self.labels.of(texts, distinct.codes))
        self.n_rows += len(batch)

    def matrix(
        self, where: str, names: tuple[str, str, str]
    ) -> tuple[tuple[str, ...], npt.NDArray[Any]]:
        """Return the classes in order, and the probabilities, a row an id.

        Raises
        ------
        InputError
            If an id lacks a class, or has one twice.
        """
        ids, classes = np.concatenate(self.id_codes), np.concatenate(self.class_codes)
        n_ids, n_classes = len(self.ids.place), len(self.classes.place)
        if n_classes < 2:
            raise InputError(
                f"column {names[1]!r} holds one class, {quoted(self.classes.place)}",
                where=where,
                hint="--long ID,CLASS,PROBABILITY with the column of the classes",
            )
        order = np.lexsort((classes, ids))
        ids, classes = ids[order], classes[order]
        twice = np.flatnonzero((ids[1:] == ids[:-1]) & (classes[1:] == classes[:-1]))
        per_id = np.bincount(ids, minlength=n_ids)
        texts, class_texts = list(self.ids.place), list(self.classes.place)
        if len(twice):
            one = int(twice[0])
            raise InputError(
                f"id {short_repr(texts[ids[one]])} has class "
                f"{short_repr(class_texts[classes[one]])} twice",
                where=where,
                hint="--long ID,CLASS,PROBABILITY with the column that tells the ids apart",
            )
        short = np.flatnonzero(per_id != n_classes)
        if len(short):
            there = set(classes[ids == short[0]].tolist())
            lacking = [text for k, text in enumerate(class_texts) if k not in there]
            raise InputError(
                f"id {short_repr(texts[int(short[0])])} has no {names[2]!r} for class "
                f"{quoted(class_order(lacking))}",
                where=where,
                details=(
                    "every id needs every class once",
                    f"ids without each of the {n_classes:,} classes: {len(short):,} of {n_ids:,}",
                ),
            )
        found = np.concatenate(self.values)[order].reshape(n_ids, n_classes)
        in_order = class_order(class_texts)
        return in_order, found[:, [self.classes.place[label] for label in in_order]]

    def label_texts(self, where: str) -> list[str | None]:
        """Return the label of each id.

        Raises
        ------
        InputError
            If an id has two.
        """
        ids, labels = np.concatenate(self.id_codes), np.concatenate(self.label_codes)
        first = np.full(len(self.ids.place), -2, dtype=np.int64)
        first[ids[::-1]] = labels[::-1]
        texts: list[str | None] = [*self.labels.place, None]
        other = np.flatnonzero(first[ids] != labels)
        if len(other):
            row = int(other[0])
            both = [str(texts[int(first[ids[row]])]), str(texts[int(labels[row])])]
            raise InputError(
                f"id {short_repr(list(self.ids.place)[int(ids[row])])} has two labels: "
                f"{quoted(both)}",
                where=where,
                hint="--label-column with a column that is the same in all rows of an id",
            )
        return [texts[int(code)] for code in first]


def _refuse_large(rows: _Rows, allowed: int, where: str) -> None:
    needed = rows.n_rows * ROW_BYTES + len(rows.ids.place) * ID_BYTES
    if needed > allowed:
        raise InputError(
            f"a long file is held in memory: {counted(rows.n_rows, 'row')} take about "
            f"{needed / 1e6:,.0f} MB, where {allowed / 1e6:,.0f} MB are allowed",
            where=where,
            hint="--memory with more, or a file with a column for each class",
        )


def _wide(
    dataset: Dataset,
    rows: _Rows,
    scores: tuple[str, tuple[str, ...], npt.NDArray[Any]],
    label: Column | None,
) -> tuple[Dataset, str | None]:
    """Return a row an id as a dataset in memory, and the name of its label column.

    `scores` are the name of the id, those of the classes, and the probabilities.
    """
    id_name, classes, matrix = scores
    if id_name in classes:
        raise InputError(
            f"a class and the column of the ids are both called {id_name!r}", where=dataset.where
        )
    columns, names = [arrow.from_texts(list(rows.ids.place))], [id_name]
    name = None
    if label is not None:
        name = label.name
        while name in (*classes, id_name):
            name += "_"
        columns.append(arrow.from_texts(rows.label_texts(dataset.where)))
        names.append(name)
    columns += [arrow.from_numpy(matrix[:, k]) for k in range(len(classes))]
    table = pa.Table.from_arrays(columns, names=[*names, *classes])
    file = InputFile(dataset.where, registry.MEMORY, table=table)
    return Dataset((memory.inspect(file, TextOptions()),)), name
