"""The passes over the rows of predictions, and what they find."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from wcetool.api.evaluation import Evaluation
from wcetool.api.framework_scores import framework_score, plain_framework_score
from wcetool.api.predictions import Opened
from wcetool.api.score_weights import ScoreWeights
from wcetool.core.arrays import FloatArray
from wcetool.core.batch_means import BatchMeans
from wcetool.core.conventions.calls import Call
from wcetool.core.loss_options import LossOptions
from wcetool.core.row_losses import RowWeights
from wcetool.data.batches import ScoredBatch
from wcetool.data.columns import find_column
from wcetool.data.formats.table import Column
from wcetool.data.layout import ScoreLayout
from wcetool.data.truth import TruthElsewhere, TruthInOrder, TruthPlan
from wcetool.data.truth_joined import TruthJoined
from wcetool.engine.row_sums import RowBlock, RowSink, ScoreWork
from wcetool.engine.scoring import ScoreRun, score_rows
from wcetool.errors import UsageError
from wcetool.results.like import FrameworkScore


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Predictions that are opened and understood."""

    opened: Opened
    layout: ScoreLayout

    def truth(self) -> TruthInOrder | None:
        """Start to read the truth; None where it is beside the scores."""
        return self.truth_of(self.opened, self.layout.truth, self.layout.id_column)

    @staticmethod
    def truth_of(opened: Opened, plan: TruthPlan, column: Column | None) -> TruthInOrder | None:
        """Start to read the truth of predictions, by an id column where there is one."""
        elsewhere = opened.labels
        if elsewhere is None:
            return None
        if column is None:
            return TruthElsewhere(elsewhere, plan)
        return TruthJoined.read(
            elsewhere,
            plan,
            find_column(elsewhere.first, column.name, option="--id-column"),
            skip_unmatched=opened.matching.skip_unmatched,
            allow_duplicates=opened.matching.allow_duplicates,
        )

    def run(self, work: ScoreWork, truth: TruthInOrder | None = None) -> ScoreRun:
        """Make one pass over the rows."""
        found = self.truth() if truth is None else truth
        opened = self.opened
        return score_rows(opened.dataset, self.layout, opened.resources, work, truth=found)

    @property
    def read_once(self) -> bool:
        """Whether something can be read only once."""
        elsewhere = self.opened.labels
        inputs = [self.opened.dataset, *([] if elsewhere is None else [elsewhere])]
        return any(table.file.stream is not None for one in inputs for table in one.tables)

    def weights_from_labels(self, weights: ScoreWeights, work: ScoreWork) -> ScoreWeights:
        """Apply a scheme, which takes a pass over the rows of its own.

        Raises
        ------
        UsageError
            If there can be only one pass.
        """
        if weights.scheme is None:
            return weights
        if self.read_once:
            raise UsageError(
                "a scheme takes the labels, which a stream gives only once",
                where="--weights",
                hint="--weights with a weight file",
            )
        return weights.from_labels(self.run(work).class_mass())


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the passes over the rows have found."""

    run: ScoreRun
    weights: ScoreWeights
    call: Call | None
    like: FrameworkScore | None
    means: BatchMeans | None
    truth: TruthInOrder | None


class Passes:
    """One pass over the rows; two where weights that a pass needs come from the labels."""

    def __init__(
        self,
        source: Source,
        evaluation: Evaluation,
        options: LossOptions,
        call: Call | None,
    ) -> None:
        self._source = source
        self._evaluation = evaluation
        self._call = call
        self._base = ScoreWork(
            options=options, unchecked=call is not None, reduction=evaluation.reduction
        )

    def run(self, weights: ScoreWeights, rows: RowSink | None = None) -> Outcome:
        """Make the passes; hand rows out where somebody takes them."""
        source, call = self._source, self._call
        by_rows = bool(self._evaluation.batch_sizes) or rows is not None
        if not by_rows and (call is None or (call.plain and not source.read_once)):
            truth = source.truth()
            run = source.run(self._base, truth)
            weights = weights.from_labels(run.class_mass())
            like = None if call is None else plain_framework_score(call, run, weights)
            if call is None or like is not None:
                return Outcome(
                    run=run, weights=weights, call=call, like=like, means=None, truth=truth
                )
        weights = source.weights_from_labels(weights, self._base)
        return self._with_rows(weights, rows)

    def _with_rows(self, weights: ScoreWeights, rows: RowSink | None) -> Outcome:
        """Compute every row under known weights."""
        source, call, evaluation = self._source, self._call, self._evaluation
        truth = source.truth()
        work = replace(
            self._base,
            calls={} if call is None else {call.convention.name: call},
            class_weight=weights.for_rows(),
            row_weights=RowWeights(
                by_class=weights.effective(),
                positive=weights.positive,
                by_pair=weights.pairs(),
                clip=evaluation.clip,
                gamma=evaluation.gamma,
                smoothing=evaluation.smoothing or 0.0,
            ),
        )
        means = None
        sinks: list[RowSink] = [] if rows is None else [rows]
        if evaluation.batch_sizes:
            means = BatchMeans(evaluation.batch_sizes, _batch_value(evaluation, call))
            sinks.append(_Batches(means))
        total = source.run(replace(work, sinks=tuple(sinks)), truth)
        like = None
        if call is not None:
            like = reduced_score(call, total, weights)
        return Outcome(run=total, weights=weights, call=call, like=like, means=means, truth=truth)


class _Batches:
    """Hands rows on to what averages batches; ignored rows stay in theirs, and add nothing."""

    def __init__(self, means: BatchMeans) -> None:
        self._means = means
        self._batch: ScoredBatch | None = None
        self._next = 0  # row of the batch

    def add(self, block: RowBlock) -> None:
        batch, rows = block.batch, block.rows
        if batch is not self._batch:
            self._batch, self._next = batch, 0
        if not batch.ignored:
            self._means.add(block.loss, block.divisor)
            return
        kept = np.arange(batch.length) if batch.kept is None else batch.kept
        is_last = rows.stop == len(kept)
        end = batch.length if is_last else int(kept[rows.stop - 1]) + 1
        ignored = batch.ignored_rows
        ignored = ignored[(ignored >= self._next) & (ignored < end)]
        order = np.argsort(np.concatenate([kept[rows], ignored]), kind="stable")
        nothing = np.zeros(len(ignored))
        self._means.add(
            np.concatenate([block.loss, nothing])[order],
            np.concatenate([block.divisor, nothing])[order],
        )
        self._next = end

    def skip(self, batch: ScoredBatch) -> None:
        """Take a batch of which no row is scored."""
        nothing = np.zeros(batch.ignored)
        self._means.add(nothing, nothing)


def _batch_value(
    evaluation: Evaluation, call: Call | None
) -> Callable[[FloatArray, FloatArray], FloatArray]:
    """Return what a loop computes of the sums of a batch."""
    if call is not None:
        divides = not call.reduction.endswith("sum")
    else:
        divides = evaluation.reduction.value != "sum"
    return np.divide if divides else lambda loss, _: loss


def reduced_score(call: Call, run: ScoreRun, weights: ScoreWeights) -> FrameworkScore:
    """Return one number, to the bit, whichever way the rows were read."""
    plain = plain_framework_score(call, run, weights) if call.plain else None
    return plain or framework_score(call, run.tallies.get(call.convention.name))
