"""Scoring predictions: one split -> the state of its losses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pyarrow as pa

from wcetool.core.arrays import IntArray
from wcetool.core.losses import RowTerms, ScoreForm, Scores, fault_reason, row_terms
from wcetool.core.scoring import ScoreState
from wcetool.core.vocabulary import InputKind, Task
from wcetool.data.dataset import Dataset, Wanted
from wcetool.data.formats.table import Column, ColumnKind, ReadLog
from wcetool.data.labels import HeaderGuard, LabelEncoder
from wcetool.data.layout import ScoreLayout
from wcetool.data.options import LabelRules
from wcetool.data.source import Split
from wcetool.engine.counting import ReadRows
from wcetool.engine.local import OnProgress, Tick, run
from wcetool.errors import LISTED, InputError, quoted


@dataclass(frozen=True, slots=True)
class ScoreRun:
    """The losses of some rows, and the rows they came from; add to merge."""

    state: ScoreState
    missing: int
    read: ReadRows

    def __add__(self, other: ScoreRun) -> ScoreRun:
        return ScoreRun(
            self.state + other.state, self.missing + other.missing, self.read + other.read
        )


def score_rows(
    dataset: Dataset,
    layout: ScoreLayout,
    rules: LabelRules,
    *,
    clip: float | None = None,
    labels: tuple[Dataset, Column] | None = None,
    jobs: int | None = None,
    on_progress: OnProgress | None = None,
) -> ScoreRun:
    """Score every row of a dataset.

    Parameters
    ----------
    dataset : Dataset
        The predictions.
    layout : ScoreLayout
        How they are read.
    rules : LabelRules
        How text becomes a label.
    clip : float, optional
        The probability of the true class is raised to at least this.
    labels : (Dataset, Column), optional
        The truth, where it is in other files: row by row, in the order of the files. The two are
        then read side by side, in one thread.
    jobs, on_progress
        As in `run`.

    Raises
    ------
    InputError
        If a row breaks a rule of the layout, a label has no column, or the numbers of rows differ.
    """
    if labels is None:
        work = ScoreSplit(dataset, layout, rules, clip)
        return run(dataset.splits(), work, jobs=jobs, on_progress=on_progress)
    truth = _TruthElsewhere(*labels, layout.classes, rules)

    def paired(split: Split, tick: Tick) -> ScoreRun:
        return _score(split, tick, _Job(dataset, layout, clip), truth)

    total = run(dataset.splits(), paired, jobs=1, on_progress=on_progress)
    truth.check_end(sum(total.read.rows.values()), dataset.where)
    return total


@dataclass(frozen=True, slots=True)
class ScoreSplit:
    """The work on one split, with the truth in a column beside the scores."""

    dataset: Dataset
    layout: ScoreLayout
    rules: LabelRules
    clip: float | None

    def __call__(self, split: Split, tick: Tick) -> ScoreRun:
        """Score."""
        if self.layout.label is None:
            raise TypeError("the truth is beside the scores")
        guard = HeaderGuard.of(self.dataset.tables[split.index], self.layout.label)
        truth = _TruthBeside(LabelEncoder(self.layout.classes, self.rules, guard))
        job = _Job(self.dataset, self.layout, self.clip)
        result = _score(split, tick, job, truth)
        guard.check_end()
        return result


class _Truth(Protocol):
    """Where the target of a batch comes from."""

    def target(self, batch: pa.RecordBatch, where: str, first_row: int, /) -> IntArray:
        """Return the class of each row, -1 where the label is missing."""
        ...


@dataclass(frozen=True, slots=True)
class _Job:
    dataset: Dataset
    layout: ScoreLayout
    clip: float | None


def _score(split: Split, tick: Tick, job: _Job, truth: _Truth) -> ScoreRun:
    layout = job.layout
    n_classes = len(layout.classes)
    state = ScoreState.identity(n_classes)
    log, n_rows, missing, where = ReadLog(), 0, 0, split.file.path
    for batch in job.dataset.batches(split, layout.wanted(), lambda n: tick(n, 0), log):
        first_row = split.first_row + n_rows + 1
        target = truth.target(batch, where, first_row)
        scores = layout.scores(batch, where, first_row)
        labelled = np.flatnonzero(target >= 0)
        if len(labelled) < len(target):
            missing += len(target) - len(labelled)
            target, scores = target[labelled], _rows(scores, labelled)
        terms = row_terms(scores, target, layout.form)
        if terms.fault.any():
            raise _faulty_rows(terms, scores, labelled + first_row, layout.form, where)
        state += ScoreState.of_rows(terms, target, n_classes, clip=job.clip)
        n_rows += len(batch)
        tick(0, len(batch))
    return ScoreRun(state, missing, ReadRows.of(split, n_rows, log))


def _rows(scores: Scores, rows: IntArray) -> Scores:
    return scores[rows] if isinstance(scores, np.ndarray) else [column[rows] for column in scores]


class _TruthBeside:
    """The label is the first column of the batch."""

    def __init__(self, encoder: LabelEncoder) -> None:
        self._encoder = encoder

    def target(self, batch: pa.RecordBatch, where: str, first_row: int) -> IntArray:
        target, unknown = self._encoder.encode(batch.column(0))
        if unknown:
            raise _unknown_labels(unknown, self._encoder, where, first_row)
        return target


class _TruthElsewhere:
    """The labels are in other files, in the order of the rows."""

    def __init__(
        self, dataset: Dataset, label: Column, classes: tuple[str, ...], rules: LabelRules
    ) -> None:
        self._dataset = dataset
        self._label = label
        self._classes = classes
        self._rules = rules
        self._targets = self._read()
        self._left = np.empty(0, dtype=np.int64)
        self._given = 0

    def _read(self) -> Iterator[IntArray]:
        wanted = [Wanted(self._label, ColumnKind.LABEL)]
        for split in self._dataset.splits():
            guard = HeaderGuard.of(self._dataset.tables[split.index], self._label)
            truth = _TruthBeside(LabelEncoder(self._classes, self._rules, guard))
            n_rows = 0
            for batch in self._dataset.batches(split, wanted, lambda _: None, ReadLog()):
                yield truth.target(batch, split.file.path, split.first_row + n_rows + 1)
                n_rows += len(batch)
            guard.check_end()

    def target(self, batch: pa.RecordBatch, where: str, _: int) -> IntArray:
        parts = [self._left]
        lacking = len(batch) - len(self._left)
        while lacking > 0:
            part = next(self._targets, None)
            if part is None:
                self._given += len(batch) - lacking
                raise InputError(
                    f"has {self._given:,} rows, but there are more predictions in {where}",
                    where=self._dataset.where,
                )
            parts.append(part)
            lacking -= len(part)
        joined = np.concatenate(parts)
        self._left = joined[len(batch) :]
        self._given += len(batch)
        return joined[: len(batch)]

    def check_end(self, n_rows: int, where: str) -> None:
        """Refuse labels that no prediction belongs to."""
        more = len(self._left) + sum(len(part) for part in self._targets)
        if more:
            raise InputError(
                f"has {n_rows + more:,} rows, but there are {n_rows:,} predictions in {where}",
                where=self._dataset.where,
            )


def _unknown_labels(
    unknown: dict[str, int], encoder: LabelEncoder, where: str, first_row: int
) -> InputError:
    label, row = min(unknown.items(), key=lambda item: item[1])
    whole = label.removesuffix(".0")
    return InputError(
        f"label {quoted([label])} has no score column",
        where=f"{where}: row {first_row + row:,}",
        details=(
            f"classes with a column: {quoted(encoder.classes)}",
            *([f"labels without one: {quoted(sorted(unknown))}"] if len(unknown) > 1 else []),
        ),
        hint=f"the labels are floats: write them as integers, or give --names with {label!r}"
        if whole != label and whole in encoder.classes
        else "--classes with the classes of the columns, or --missing for labels that mean none",
    )


def _faulty_rows(
    terms: RowTerms, scores: Scores, row_numbers: IntArray, form: ScoreForm, where: str
) -> InputError:
    """Name the first rows that break the rules of the form, and what would help."""
    faulty = np.flatnonzero(terms.fault)
    first = _rows(scores, faulty[:LISTED])
    values = np.array(first if isinstance(first, np.ndarray) else np.column_stack(first), float)
    details = [
        f"row {row_numbers[row]:,}: {fault_reason(value, form)}"
        for row, value in zip(faulty, values, strict=False)
    ]
    if len(faulty) > LISTED:
        details.append(f"… {len(faulty) - LISTED:,} more among the first {row_numbers[-1]:,} rows")
    return InputError(
        f"row {row_numbers[faulty[0]]:,} does not hold {_RULES[form.task, form.kind]}",
        where=where,
        details=details,
        hint=_fault_hint(values, form),
    )


_RULES = {
    (Task.MULTICLASS, InputKind.PROBS): "probabilities that sum to 1",
    (Task.MULTICLASS, InputKind.LOGITS): "finite logits",
    (Task.MULTICLASS, InputKind.LOG_PROBS): "logarithms of probabilities that sum to 1",
    (Task.BINARY, InputKind.PROBS): "a probability",
    (Task.BINARY, InputKind.LOGITS): "a logit",
    (Task.BINARY, InputKind.LOG_PROBS): "the logarithm of a probability",
}


def _fault_hint(values: np.ndarray, form: ScoreForm) -> str | None:
    if form.kind is InputKind.LOGITS or np.isnan(values).any():
        return None
    if form.kind is InputKind.PROBS and values.min() >= 0.0 and form.task is Task.MULTICLASS:
        return "--renormalize divides each row by its sum; --input logits if these are logits"
    return "--input logits, if these are logits"
