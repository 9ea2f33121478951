"""One weight a row: what may be asked for, and the pass over the rows that answers it."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np

from wcetool.api.labels import LabelSource, open_labels
from wcetool.core.arrays import FloatArray
from wcetool.core.row_weights import ROW_KINDS, by_class
from wcetool.core.schemes.registry import Kind
from wcetool.core.vocabulary import Combine, MissingWeight, parse_word
from wcetool.data import registry
from wcetool.data.columns import choose_label_column, find_columns
from wcetool.data.dataset import Dataset, Wanted
from wcetool.data.headers import HeaderDoubts
from wcetool.data.options import ReadingOptions, refuse_idle
from wcetool.data.row_weights import Head, RowWeighing, RowWeights
from wcetool.data.row_weights_file import COLUMN, OPTION, suffix_of, write_row_weights
from wcetool.data.source import Split
from wcetool.data.writing import check_output, is_replaced
from wcetool.engine.local import Tick
from wcetool.engine.ordered import blocks_in_order
from wcetool.engine.resources import Resources
from wcetool.errors import InputError, SchemeError, UsageError, WeightFileError, listed
from wcetool.results.analysis import Analysis
from wcetool.results.head_weights import HeadWeights
from wcetool.results.weights import ClassWeights

T = TypeVar("T")


class Weighing(Protocol):
    """How the rows of a dataset are weighed; see `RowWeighing`, for a class in each column."""

    @property
    def dataset(self) -> Dataset:
        """The rows."""
        ...

    def wanted(self) -> list[Wanted]:
        """List the columns that are read."""
        ...

    def blocks(self, split: Split, tick: Tick, /) -> Iterator[RowWeights]:
        """Weigh the rows of a split, in their order."""
        ...

    def check(self, doubts: tuple[HeaderDoubts, ...], /) -> None:
        """Look back on all labels."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RowRequest:
    """What is asked of the rows, checked before any is read.

    Attributes
    ----------
    path : str or None
        Where the weights go; None for an array.
    missing : MissingWeight
        What a row without a label weighs.
    combine : Combine or None
        How the weights of several label columns become one; None where the user does not say.
    """

    path: str | None
    missing: MissingWeight = MissingWeight.ERROR
    combine: Combine | None = None

    @classmethod
    def of(
        cls,
        path: str | os.PathLike[str] | None,
        missing_weight: str | None,
        combine: str | None = None,
    ) -> RowRequest:
        """Check what the user says.

        Raises
        ------
        UsageError
            If a word or a suffix is unknown.
        """
        if path is not None:
            path = os.fspath(path)
            suffix_of(path)
        return cls(
            path=path,
            missing=parse_word(
                MissingWeight,
                missing_weight,
                option="--missing-weight",
                default=MissingWeight.ERROR,
            ),
            combine=None
            if combine is None
            else parse_word(Combine, combine, option="--combine", default=Combine.MEAN),
        )

    def refuse_kind(self, kind: Kind, scheme: str, *, combined: bool = False) -> None:
        """Refuse numbers that weigh no row.

        Raises
        ------
        SchemeError
            Names the kinds that do.
        """
        kinds = [one for one in ROW_KINDS if not combined or one is not Kind.SAMPLING_PROBABILITY]
        if kind not in kinds:
            several = " of several label columns" if combined else ""
            raise SchemeError(
                f"gives numbers of the kind {kind.value!r}, which are no weights of rows{several}",
                where=f"scheme {scheme!r}",
                details=(f"kinds that are: {listed(one.value for one in kinds)}",),
                hint="--scheme inverse; wcetool explain schemes tells the kinds",
            )
        if kind is Kind.SAMPLING_PROBABILITY and self.missing is MissingWeight.ONE:
            raise UsageError(
                "'one' is no probability of a row without a label",
                where="--missing-weight",
                hint="--missing-weight zero",
            )

    def notes(self, kind: Kind) -> list[str]:
        """Say what the numbers are where they are not those of the classes."""
        if kind is not Kind.SAMPLING_PROBABILITY:
            return []
        return [f"{self.path or 'each row'}: the probability of drawing each row, p_i / n_i"]


def requested_rows(
    sample_weights: str | os.PathLike[str] | None,
    missing_weight: str | None,
    reading: ReadingOptions,
    *,
    combine: str | None = None,
) -> RowRequest | None:
    """Return what is asked of the rows, None for nothing.

    Raises
    ------
    UsageError
        If something is said of rows that nobody asks for.
    """
    if sample_weights is not None:
        return RowRequest.of(sample_weights, missing_weight, combine)
    for option, value in (("missing-weight", missing_weight), ("combine", combine)):
        if value is not None:
            refuse_idle(option, f"no {OPTION} are written", reading.defaults)
    return None


def open_rows(
    labels: Any, reading: ReadingOptions, request: RowRequest, *others: str
) -> LabelSource:
    """Open labels whose rows are to be weighed; `others` are files that are read as well.

    Raises
    ------
    InputError
        If there are counts among them, which have no rows.
    UsageError
        If the weights would overwrite what is read.
    """
    if isinstance(labels, Analysis | Mapping):
        raise InputError("counts have no rows to weigh", where="labels")
    source = open_labels(labels, reading)
    source.reading.refuse_skipped_rows("a weight is written for each row")
    for file in source.files:
        if file.format == registry.COUNTS:
            raise InputError("holds counts, which have no rows to weigh", where=file.path)
    if request.path is not None:
        read = [*(file.path for file in source.files), *others]
        check_output(request.path, read, option=OPTION)
    return source


def dataset_of(source: LabelSource) -> Dataset:
    """Return the rows of a source that `open_rows` returned."""
    if source.dataset is None:
        raise InputError(
            "lists of labels have no columns: rows of one label each are expected", where="labels"
        )
    return source.dataset


def refuse_second_reading(source: LabelSource) -> None:
    """Refuse a stream, where the labels are read once to count and again to weigh.

    Raises
    ------
    UsageError
        If there is one.
    """
    if any(table.file.stream is not None for table in dataset_of(source).tables):
        raise UsageError(
            "takes the labels twice, to count and to weigh them; a stream gives them once",
            where=OPTION,
            hint="the labels in a file, or as Parquet",
        )


def deliver(
    source: LabelSource,
    weights: ClassWeights | HeadWeights,
    request: RowRequest,
    resources: Resources,
) -> FloatArray | None:
    """Weigh the rows, in their order: into the file, or an array where none is asked for.

    Raises
    ------
    InputError
        If a label has no weight, or is missing where it must not be; names the row.
    OutputError
        If the system refuses.
    """
    weighing = RowWeighing(
        dataset=dataset_of(source),
        heads=_heads(source, weights, request),
        rules=source.reading.rules,
        combine=request.combine or Combine.MEAN,
    )
    return deliver_rows(weighing, request, resources)


def deliver_rows(
    weighing: Weighing,
    request: RowRequest,
    resources: Resources,
    names: Sequence[str] = (COLUMN,),
) -> FloatArray | None:
    """Weigh the rows of any labels, with a number for each of the names; as `deliver`."""
    path = request.path
    if path is None:
        return _attempted(weighing, resources, _joined)
    # What is written to a pipe cannot be taken back, if ranges of a text turn out to be wrong.
    _attempted(
        weighing,
        resources,
        lambda found: write_row_weights(path, found, names),
        ranges=is_replaced(path),
    )
    return None


def _heads(
    source: LabelSource, weights: ClassWeights | HeadWeights, request: RowRequest
) -> tuple[Head, ...]:
    table = dataset_of(source).first
    if isinstance(weights, HeadWeights):
        names = [head.column for head in weights.heads]
        columns = find_columns(table, names, option="--label-column")
        each = [head.weights for head in weights.heads]
    else:
        columns = (choose_label_column(table, source.reading.label_column).column,)
        each = [weights]
    for one in each:
        request.refuse_kind(one.kind, one.scheme, combined=len(each) > 1)
        if one.kind is Kind.SAMPLING_PROBABILITY and one.count is None:
            raise WeightFileError("has no counts, by which a probability is shared")
    return tuple(
        Head(column, one.classes, by_class(one.kind, one.weight, one.count, request.missing))
        for column, one in zip(columns, each, strict=True)
    )


def _attempted(
    weighing: Weighing,
    resources: Resources,
    take: Callable[[Iterator[FloatArray]], T],
    *,
    ranges: bool = True,
) -> T:
    """Weigh text files in ranges of bytes; where that does not hold, all again in whole files."""
    dataset = weighing.dataset
    splits = dataset.splits(ranges=ranges)
    if any(split.byte_range is not None for split in splits):
        try:
            with closing(_weighed(weighing, splits, resources)) as found:
                return take(found)
        except InputError:
            splits = dataset.splits()
    with closing(_weighed(weighing, splits, resources)) as found:
        return take(found)


def _weighed(
    weighing: Weighing, splits: Sequence[Split], resources: Resources
) -> Generator[FloatArray, None, None]:
    wanted = weighing.wanted()
    doubts = None
    with closing(
        blocks_in_order(weighing.dataset, wanted, splits, weighing.blocks, resources)
    ) as blocks:
        for block in blocks:
            if block.doubts:
                doubts = block.doubts if doubts is None else _added(doubts, block.doubts)
            yield block.weight
    if doubts is not None:
        weighing.check(doubts)


def _added(left: tuple[T, ...], right: tuple[T, ...]) -> tuple[T, ...]:
    return tuple(one + other for one, other in zip(left, right, strict=True))  # type: ignore[operator]


def _joined(parts: Iterator[FloatArray]) -> FloatArray:
    found = [part for part in parts if len(part)]
    return np.concatenate(found) if found else np.empty(0)
