"""The columns beside the labels: sample weights, groups, splits."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from wcetool.data import arrow, registry
from wcetool.data.columns import find_column, is_usual_name, refuse_no_labels
from wcetool.data.dataset import Dataset, Wanted
from wcetool.data.formats.table import Column, ColumnKind, Holds, Table
from wcetool.data.memory import GROUP_NAME, SPLIT_NAME, WEIGHT_NAME
from wcetool.data.options import refuse_idle
from wcetool.data.truth_columns import TruthColumns, choose_truth_columns
from wcetool.errors import InputError, UsageError, quoted

IMAGE_ID = "image_id"  # of COCO: a number that only its file knows
_OPTIONS = {
    "sample_weight": "sample-weight-column",
    "group": "group-column",
    "split": "split-column",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BesideLabels:
    """What the user says of the columns beside the labels; None where there is none.

    Attributes
    ----------
    sample_weight, group, split : str or None
        A name, or a number from 1; a name wins.
    arrays : mapping of str to column
        Those of labels in memory, by the names above.
    usual_group : bool
        Where no group is named, the rows belong to what their format says: a pixel to its image.
    """

    sample_weight: str | None = None
    group: str | None = None
    split: str | None = None
    arrays: Mapping[str, Any] = field(default_factory=dict)
    usual_group: bool = False

    @classmethod
    def of(
        cls,
        *,
        sample_weight_column: str | int | None = None,
        group_column: str | int | None = None,
        split_column: str | int | None = None,
        sample_weight: Any = None,
        groups: Any = None,
        splits: Any = None,
    ) -> BesideLabels:
        """Take the keywords of the public functions: a column of the input, or an array.

        Raises
        ------
        UsageError
            If both are given.
        """
        columns = (sample_weight_column, group_column, split_column)
        arrays: dict[str, Any] = {}
        names: list[str | None] = []
        for name, array, column in zip(
            (WEIGHT_NAME, GROUP_NAME, SPLIT_NAME),
            (sample_weight, groups, splits),
            columns,
            strict=True,
        ):
            if array is not None:
                if column is not None:
                    raise UsageError(f"{name} is given as an array and as column {column!r}")
                arrays[name] = array
                names.append(name)
            else:
                names.append(None if column is None else str(column))
        return cls(sample_weight=names[0], group=names[1], split=names[2], arrays=arrays)

    def given(self) -> dict[str, str]:
        """Return what is given, by its option without dashes."""
        values = {option: getattr(self, name) for name, option in _OPTIONS.items()}
        return {option: value for option, value in values.items() if value is not None}

    def without(
        self, options: Collection[str], reason: str, defaults: Collection[str]
    ) -> BesideLabels:
        """Leave out options that have no effect.

        Raises
        ------
        UsageError
            If one of them was given for this call.
        """
        idle: dict[str, Any] = {
            name: None for name, option in _OPTIONS.items() if option in options
        }
        if "group" in idle:
            idle["usual_group"] = False
        for option in self.given():
            if option in options:
                refuse_idle(option, reason, defaults)
        return replace(self, **idle)

    def refuse_arrays(self) -> None:
        """Refuse arrays beside files.

        Raises
        ------
        UsageError
            The rows of a file have columns instead.
        """
        if self.arrays:
            raise UsageError(
                f"{next(iter(self.arrays))} is an array, which goes with labels in memory",
                hint="sample_weight_column, group_column or split_column with the name of a column",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class BesideColumns:
    """The columns beside the labels, found."""

    sample_weight: Column | None = None
    group: Column | None = None
    split: Column | None = None

    def __bool__(self) -> bool:
        return any(self._columns())

    def wanted(self) -> list[Wanted]:
        """List the columns to read, in the order of the attributes."""
        kinds = (ColumnKind.TARGET, ColumnKind.LABEL, ColumnKind.LABEL)
        return [
            Wanted(column, kind)
            for column, kind in zip(self._columns(), kinds, strict=True)
            if column is not None
        ]

    def parameters(self) -> dict[str, str]:
        """Return the names of the columns by option."""
        return {
            option: column.name
            for option, column in zip(_OPTIONS.values(), self._columns(), strict=True)
            if column is not None
        }

    def _columns(self) -> tuple[Column | None, Column | None, Column | None]:
        return (self.sample_weight, self.group, self.split)


def choose_columns(
    table: Table,
    label_column: str | Sequence[str] | None,
    beside: BesideLabels,
    *,
    separator: str | None = None,
    defaults: Collection[str] = (),
) -> tuple[TruthColumns, BesideColumns]:
    """Find the columns beside the labels, and choose those of the labels among the others.

    Parameters
    ----------
    table, label_column, separator, defaults
        As in `choose_truth_columns`.
    beside : BesideLabels
        What stands beside the labels.

    Raises
    ------
    InputError
        If one is not there, holds something else, or has two tasks.
    """
    columns = {
        name: find_column(table, value, option=f"--{option}")
        for name, option in _OPTIONS.items()
        if (value := getattr(beside, name)) is not None
    }
    taken = tuple(columns.values())
    usual = [column for column in table.columns if is_usual_name(column.name)]
    if usual and all(column in taken for column in usual):
        taken = ()  # the only column with the name of a label is the label
    truth = choose_truth_columns(
        table,
        label_column,
        separator=separator,
        only_column_counts=True,
        defaults=defaults,
        taken=taken,
    )
    if beside.usual_group and beside.group is None and table.group is not None:
        usual_group = table.columns[table.group]
        if usual_group not in (*truth.columns, *columns.values()):
            columns["group"] = usual_group
    tasks = {column.place: "the label" for column in truth.columns}
    for name, column in columns.items():
        if column.place in tasks:
            guessed = label_column is None and column in truth.columns
            raise InputError(
                f"column {column.name!r} is {tasks[column.place]} already",
                where=table.file.path,
                hint=f"--{_OPTIONS[name]} with another column"
                + (", or --label-column for another label" if guessed else ""),
            )
        tasks[column.place] = f"the {name.replace('_', ' ')}"
        if name != "sample_weight":
            refuse_no_labels(table, column)
        elif column.holds in (Holds.OTHER, Holds.NUMBER_LISTS):
            raise InputError(
                f"column {column.name!r} does not hold one number a row", where=table.file.path
            )
    return truth, BesideColumns(**columns)


def pooled_images(dataset: Dataset | None, columns: BesideColumns) -> tuple[str, ...]:
    """Warn of ids of images that several COCO files have, which may number their own images."""
    if dataset is None or columns.group is None:
        return ()
    tables = [table for table in dataset.tables if table.file.format == registry.COCO]
    seen: dict[str, str] = {}
    for table in tables:
        (column,) = dataset.columns_in(table, [columns.group])
        if column.name != IMAGE_ID:
            return ()
        for chunk in table.footer.column(column.place).chunks:
            for image in arrow.as_values(chunk.dictionary):
                first = seen.setdefault(image, table.file.path)
                if first != table.file.path:
                    both = f"{quoted([image])} are in {first} and in {table.file.path}"
                    wrong = "wrong, if each file numbers its own images"
                    return (f"ids of images such as {both}, and count as one image: {wrong}",)
    return ()
