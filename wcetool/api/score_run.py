"""From a dataset and what the user says to a score report."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from wcetool.api.evaluation import Evaluation
from wcetool.api.framework_scores import row_form
from wcetool.api.inputs import input_warnings
from wcetool.api.passes import Outcome, Passes, Source, reduced_score
from wcetool.api.predictions import Opened
from wcetool.api.score_notes import Scored, pairing_notes, score_warnings, tolerance_notes
from wcetool.api.score_weights import ScoreWeights
from wcetool.core.conventions import canonical
from wcetool.core.conventions.calls import Call, Given, all_calls, choose_call
from wcetool.core.label_report import label_report
from wcetool.core.label_state import LabelScoreState
from wcetool.core.loss_options import LossOptions
from wcetool.core.loss_report import LossReport, empty_report, report
from wcetool.core.vocabulary import ConfidenceOf, Task
from wcetool.data.layout import ScoreLayout, ScoreRequest
from wcetool.data.layout_decisions import decide_layout, layout_of
from wcetool.data.row_output import write_rows
from wcetool.data.truth_joined import TruthJoined
from wcetool.data.understanding import Understood, understand
from wcetool.engine.row_sums import RowSink, ScoreWork
from wcetool.errors import InputError, UsageError, counted
from wcetool.results.comparison import Comparison
from wcetool.results.document import InputRows
from wcetool.results.like import FrameworkScore
from wcetool.results.score import ScoreReport

if TYPE_CHECKING:
    from wcetool.results.model_scores import ModelScores

TORCH_IGNORE_INDEX = "-100"


def scored(
    opened: Opened, evaluation: Evaluation, *, per_sample: str | None = None
) -> ScoreReport | ModelScores:
    """Understand the file, run over the rows, apply the weights."""
    evaluation = with_ignored_index(evaluation)
    request = evaluation.request
    known = understand(opened.dataset, opened.reading, request, opened.labels)
    if known.chosen is None:
        from wcetool.api.label_matches import matched  # of predicted labels alone

        return matched(opened, evaluation, known, per_sample=per_sample)
    if known.are_models:
        return _models(opened, evaluation, known, per_sample)
    return _scored(opened, evaluation, known, per_sample)


def scored_classes(opened: Opened, evaluation: Evaluation) -> ScoreReport:
    """Score columns in memory, which are those of classes."""
    evaluation = with_ignored_index(evaluation)
    known = understand(opened.dataset, opened.reading, evaluation.request, opened.labels)
    return _scored(opened, evaluation, known, None)


def _models(
    opened: Opened, evaluation: Evaluation, known: Understood, per_sample: str | None
) -> ModelScores:
    """Score every model as if its column were named alone: in a pass of its own."""
    from wcetool.results.model_scores import ModelScores

    if per_sample is not None:
        raise UsageError(
            "takes the rows of one model", where="--per-sample", hint="--scores with one column"
        )
    sources = [opened.dataset, *([] if opened.labels is None else [opened.labels])]
    if any(table.file.stream is not None for one in sources for table in one.tables):
        raise UsageError(
            "models are scored one after the other, and a stream is read only once",
            where="--scores",
            hint="--scores with one column, or a file",
        )
    reports = []
    for request in model_requests(evaluation.request, known):
        one = replace(evaluation, request=request)
        alone = understand(opened.dataset, opened.reading, request, opened.labels)
        reports.append(_scored(opened, one, alone, None))
    columns = () if known.chosen is None else known.chosen.columns
    names = tuple(column.name for column in columns)
    return ModelScores(names=names, reports=tuple(reports), found=known.notes[-1:])


def model_requests(request: ScoreRequest, known: Understood) -> list[ScoreRequest]:
    """Return what is said of each model alone: its column is of the positive class.

    Raises
    ------
    UsageError
        If the user says that the scores are of the predicted class.
    """
    columns = () if known.chosen is None else known.chosen.columns
    if request.confidence_of is ConfidenceOf.PREDICTED:
        raise UsageError(
            "several score columns are a model each, and their scores are of the positive class",
            where="--confidence-of",
            hint="--scores with one column",
        )
    whose = ConfidenceOf.POSITIVE if known.clues.predicted else None
    return [replace(request, scores=(one.name,), confidence_of=whose) for one in columns]


def _scored(
    opened: Opened, evaluation: Evaluation, known: Understood, per_sample: str | None
) -> ScoreReport:
    request = evaluation.request
    layout = layout_of(opened.dataset, known, request, labels=opened.labels)
    source = Source(opened=opened, layout=layout)
    weights, call = weights_and_call(evaluation, layout)
    options = _loss_options(evaluation, layout, weights)
    passes = Passes(source, evaluation, options, call)
    if per_sample is None:
        return _report(source, evaluation, passes.run(weights))
    opened.reading.refuse_skipped_rows("the loss of each row is written")

    def write(rows: RowSink) -> ScoreReport:
        return _report(source, evaluation, passes.run(weights, rows))

    paths = [table.file.path for table in opened.dataset.tables]
    return write_rows(per_sample, paths, layout.classes, write)


def weights_and_call(
    evaluation: Evaluation, layout: ScoreLayout
) -> tuple[ScoreWeights, Call | None]:
    """Find the weights, and the loss of a framework that fits them and the rows.

    Raises
    ------
    UsageError
        If none does.
    """
    weights = ScoreWeights.of(evaluation, layout)
    if evaluation.like is None:
        return weights, None
    return weights, choose_call(evaluation.like, row_form(layout), _given(evaluation, weights))


def with_ignored_index(evaluation: Evaluation) -> Evaluation:
    """Ignore what PyTorch ignores unless it is told otherwise."""
    if evaluation.like is None or not canonical(evaluation.like).startswith("torch"):
        return evaluation
    request = evaluation.request
    usual = replace(request, usually_ignored=frozenset({TORCH_IGNORE_INDEX}))
    return replace(evaluation, request=usual)


def compared(opened: Opened, evaluation: Evaluation, like: str | None) -> Comparison:
    """Compute what every framework gives, or those of one, in one pass."""
    request = replace(evaluation.request, unchecked=True)
    evaluation = replace(evaluation, request=request, like=like or "every framework")
    layout = decide_layout(opened.dataset, opened.reading, request, labels=opened.labels)
    source = Source(opened=opened, layout=layout)
    weights = ScoreWeights.of(evaluation, layout)
    found = all_calls(row_form(layout), _given(evaluation, weights), like)
    calls = {name: call for name, call in found.items() if isinstance(call, Call)}
    reasons = {name: why for name, why in found.items() if isinstance(why, str)}
    work = ScoreWork(
        options=_loss_options(evaluation, layout, weights), unchecked=True, strict=False
    )
    weights = source.weights_from_labels(weights, work)
    truth = source.truth()
    run = source.run(replace(work, calls=calls, class_weight=weights.for_rows()), truth)
    scores: dict[str, FrameworkScore] = {}
    for name, call in calls.items():
        try:
            if name in run.refusals:
                raise InputError(run.refusals[name])
            scores[name] = reduced_score(call, run, weights)
        except InputError as error:
            reasons[name] = error.message
    outcome = Outcome(run=run, weights=weights, call=None, like=None, means=None, truth=truth)
    ordered = {name: reasons[name] for name in found if name in reasons}
    report = _report(source, evaluation, outcome)
    return Comparison(report=report, found=scores, reasons=ordered)


def _given(evaluation: Evaluation, weights: ScoreWeights) -> Given:
    """Return what a framework is given besides the rows."""
    return Given(
        class_weight=weights.any_class_weight,
        sample_weight=evaluation.sample_weight,
        pos_weight=weights.positive,
        reduction=evaluation.framework_reduction,
        options=evaluation.framework_options(),
    )


def _loss_options(
    evaluation: Evaluation, layout: ScoreLayout, weights: ScoreWeights
) -> LossOptions:
    """Return the loss of the program itself, whose numbers stand beside those of a framework."""
    return LossOptions(
        clip=evaluation.clip,
        gamma=evaluation.gamma,
        smoothing=evaluation.smoothing or 0.0,
        soft=layout.soft,
        by_pair=weights.keeps_pairs,
        sample_weights=evaluation.sample_weight,
    )


def _numbers(evaluation: Evaluation, outcome: Outcome) -> LossReport:
    weights, run = outcome.weights, outcome.run
    state = run.state
    if run.ignored and run.ignored + run.missing == run.read.total:
        raise InputError(
            f"no row can be scored: {counted(run.ignored, 'row')} ignored, "
            f"{counted(run.missing, 'row')} without a label",
            hint="--ignore with fewer labels",
        )
    n_scored = state.rows if isinstance(state, LabelScoreState) else sum(state.pairs.count.tolist())
    if not n_scored and run.odd_rows:
        reason = "no row keeps the rules of the scores"
        return empty_report(len(weights.classes), reason)
    if isinstance(state, LabelScoreState):
        by_class = weights.by_class()
        return label_report(
            state,
            None if by_class is None else [weight or 0.0 for weight in by_class],
            None if weights.positive is None else weights.positive.tolist(),
            reduction=evaluation.reduction,
        )
    return report(
        state, weights.by_class(), reduction=evaluation.reduction, pair_weight=weights.pairs()
    )


def _report(source: Source, evaluation: Evaluation, outcome: Outcome) -> ScoreReport:
    opened, notes = source.opened, list(source.opened.notes)
    layout, run, weights = source.layout, outcome.run, outcome.weights
    numbers = _numbers(evaluation, outcome)
    request = evaluation.request
    tolerance, said = tolerance_notes(layout, request, run)
    parameters = _parameters(source, evaluation, weights, tolerance)
    found = Scored(
        run=run,
        numbers=numbers,
        layout=layout,
        evaluation=evaluation,
        weights=weights,
        call=outcome.call,
    )
    warnings = [*layout.warnings, *score_warnings(found)]
    labels: tuple[InputRows, ...] = ()
    inputs = run.read.by_input(opened.dataset)
    truth = outcome.truth
    if opened.labels is not None and truth is not None:
        labels = truth.read_rows.by_input(opened.labels)
        parameters["labels"] = ",".join(one.path for one in labels)
        if isinstance(truth, TruthJoined):
            notes += truth.notes(opened.id_column or "")
        else:
            more, doubts = pairing_notes(opened.dataset, opened.labels, layout.columns)
            notes, warnings = notes + more, warnings + doubts
    return ScoreReport(
        inputs=inputs,
        labels=labels,
        task=layout.form.task,
        kind=layout.kind,
        classes=layout.classes,
        missing=run.missing,
        ignored=run.ignored,
        odd_rows=run.odd_rows,
        reduction=evaluation.reduction,
        numbers=numbers,
        like=outcome.like,
        batches=() if outcome.means is None else outcome.means.means(),
        class_weight=weights.weights,
        weights_from=None
        if weights.weights is None
        else weights.weights.source or weights.weights.scheme,
        parameters=parameters,
        notes=(
            *notes,
            *layout.notes,
            *said,
            *(() if outcome.call is None else outcome.call.notes),
        ),
        warnings=(*input_warnings([*inputs, *labels]), *warnings),
    )


def _parameters(
    source: Source, evaluation: Evaluation, weights: ScoreWeights, tolerance: float | None
) -> dict[str, str]:
    """Return every effective value that can change a number, as text."""
    layout, request = source.layout, evaluation.request
    found = evaluation.parameters() | weights.parameters()
    if layout.form.renormalize:
        found["renormalize"] = "yes"
    if tolerance is not None:
        found["tolerance"] = repr(tolerance)
    if request.scores is not None:
        chosen = request.scores
        found["scores"] = chosen if isinstance(chosen, str) else ",".join(chosen)
    if layout.form.task is Task.BINARY and layout.predicted is None:
        found["positive-class"] = layout.classes[layout.form.positive]
    if layout.predicted is not None:
        found["confidence-of"] = ConfidenceOf.PREDICTED.value
        found["predicted-column"] = layout.predicted.column.name
    for option, column in (
        ("sample-weight-column", layout.sample_weight),
        ("id-column", layout.id_column),
    ):
        if column is not None:
            found[option] = column.name
    found |= source.opened.reading.given
    if not request.n_truth_columns:
        found["label-column"] = ",".join(column.name for column in layout.truth.columns)
    return found
