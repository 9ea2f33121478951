"""Predicted labels alone: a report without a loss."""

from __future__ import annotations

from wcetool.api.evaluation import Evaluation
from wcetool.api.passes import Source
from wcetool.api.predictions import Opened
from wcetool.api.score_notes import pairing_notes
from wcetool.core.distribution import LabelTally, class_order
from wcetool.core.match_report import match_report
from wcetool.core.vocabulary import Task, WeightBy
from wcetool.data.dataset import Dataset
from wcetool.data.formats.table import Column, Holds
from wcetool.data.labels import check_class_limit, label_warnings
from wcetool.data.options import refuse_idle
from wcetool.data.truth import TruthPlan
from wcetool.data.truth_columns import TruthForm
from wcetool.data.truth_joined import TruthJoined
from wcetool.data.understanding import Understood
from wcetool.engine.counting import count_labels
from wcetool.engine.label_matching import MatchLayout, match_rows
from wcetool.errors import InputError, listed, quoted
from wcetool.results.document import InputRows
from wcetool.results.score import ScoreReport

_IDLE = "there are no scores, only predicted labels"


def matched(
    opened: Opened, evaluation: Evaluation, known: Understood, *, per_sample: str | None
) -> ScoreReport:
    """Compare predicted labels with the truth.

    Raises
    ------
    InputError
        If the two have no label in common, or rows are broken.
    UsageError
        If an option has no effect where there are no scores.
    """
    refuse_idle_options(evaluation, per_sample)
    predicted = known.predicted
    if predicted is None:
        raise InputError("no column holds predicted labels", where=opened.dataset.where)
    classes, warnings = _classes(opened, evaluation, known, predicted)
    layout = match_layout(opened, evaluation, known, predicted, classes)
    truth = None
    if opened.labels is not None:
        truth = Source.truth_of(opened, layout.truth, layout.id_column)
    state = match_rows(opened.dataset, layout, opened.resources, truth=truth)
    numbers = match_report(state.pairs)
    notes = [*opened.notes, *known.notes, *match_notes(opened.dataset, evaluation, known)]
    labels: tuple[InputRows, ...] = ()
    parameters = _parameters(evaluation, known, predicted)
    if opened.labels is not None and truth is not None:
        labels = truth.read_rows.by_input(opened.labels)
        parameters["labels"] = ",".join(one.path for one in labels)
        if isinstance(truth, TruthJoined):
            notes += truth.notes(opened.id_column or "")
        else:
            more, doubts = pairing_notes(opened.dataset, opened.labels, [predicted])
            notes, warnings = notes + more, warnings + doubts
    return ScoreReport(
        inputs=state.read.by_input(opened.dataset),
        labels=labels,
        task=Task.MULTICLASS,
        kind=None,
        classes=classes,
        missing=state.missing,
        ignored=state.ignored,
        reduction=evaluation.reduction,
        numbers=numbers,
        class_weight=None,
        weights_from=None,
        parameters=parameters,
        notes=tuple(notes),
        warnings=tuple(warnings),
    )


def match_layout(
    opened: Opened,
    evaluation: Evaluation,
    known: Understood,
    predicted: Column,
    classes: tuple[str, ...],
) -> MatchLayout:
    """Say how the rows are read."""
    plan = TruthPlan(
        form=TruthForm.CLASS,
        columns=known.found.truth.columns,
        classes=classes,
        rules=known.reading.rules,
        ignored=evaluation.request.ignored,
    )
    return MatchLayout(
        truth=plan,
        truth_is_here=opened.labels is None,
        predicted=predicted,
        id_column=known.found.id_column,
    )


def match_notes(dataset: Dataset, evaluation: Evaluation, known: Understood) -> list[str]:
    """Say why there is no loss, and which columns might hold scores after all."""
    predicted = known.predicted
    name = "" if predicted is None else predicted.name
    if evaluation.request.no_scores:
        return [f"column {name!r} holds predicted labels: no cross-entropy can be computed"]
    taken = {column.place for column in (*known.clues.taken, *known.clues.predicted)}
    others = [
        column.name
        for column in dataset.first.columns
        if column.place not in taken and column.holds in (Holds.NUMBERS, Holds.NUMBER_LISTS)
    ]
    unused = f"; not used: {listed(others)}" if others else ""
    note = (
        f"no column is known to hold scores: column {name!r} holds predicted labels, and no "
        f"cross-entropy can be computed (--scores NAME, if a column holds scores{unused})"
    )
    return [note]


def refuse_idle_options(evaluation: Evaluation, per_sample: str | None) -> None:
    """Refuse what changes nothing where there are no scores."""
    request = evaluation.request
    given = {
        "weights": evaluation.weights is not None,
        "pos-weight": evaluation.pos_weight is not None,
        "cost-matrix": evaluation.cost_matrix is not None,
        "weight-by": evaluation.weight_by is WeightBy.PREDICTED,
        "like": evaluation.like is not None,
        "clip": evaluation.clip is not None,
        "renormalize": request.renormalize,
        "sum-tolerance": request.sum_tolerance is not None,
        "label-smoothing": evaluation.smoothing is not None,
        "focal-gamma": evaluation.gamma is not None,
        "sample-weight-column": evaluation.sample_weight,
        "batch-size": bool(evaluation.batch_sizes),
        "input": request.kind is not None,
        "positive-class": request.positive_class is not None,
        "confidence-of": request.confidence_of is not None,
        "label-separator": request.separator is not None,
        "task": request.task not in (None, Task.MULTICLASS),
        "per-sample": per_sample is not None,
    }
    for option, is_given in given.items():
        if is_given:
            refuse_idle(option, _IDLE, evaluation.defaults)


def _classes(
    opened: Opened, evaluation: Evaluation, known: Understood, predicted: Column
) -> tuple[tuple[str, ...], list[str]]:
    """Return the declared classes, else all labels of truth and predictions, which takes a pass.

    Raises
    ------
    InputError
        If the truth and the predictions share no label.
    """
    reading = known.reading
    if reading.classes is not None:
        return reading.classes, []
    sources = [opened.dataset] if opened.labels is None else [opened.dataset, opened.labels]
    if any(table.file.stream is not None for one in sources for table in one.tables):
        raise InputError(
            "the classes are the labels of all rows, which a stream gives only once",
            where=opened.dataset.where,
            hint="--classes with every class, or a file",
        )
    rules, resources = reading.rules, opened.resources
    of_truth = count_labels(sources[-1], known.found.truth.columns[0], rules, resources).tally
    of_predicted = count_labels(opened.dataset, predicted, rules, resources).tally
    left_out = evaluation.request.ignored
    true, guessed = set(of_truth.counts) - left_out, set(of_predicted.counts)
    if true and guessed and not true & guessed:
        raise InputError(
            f"no label in column {predicted.name!r} is one of the truth",
            where=opened.dataset.where,
            details=(
                f"truth: {quoted(class_order(true))}",
                f"predicted: {quoted(class_order(guessed))}",
            ),
            hint="--label-column and --predicted-column with columns that hold the same labels, "
            "or --classes with every class",
        )
    classes = class_order(true | guessed)
    check_class_limit(classes, rules, opened.dataset.where)
    both = LabelTally(dict.fromkeys(classes, 1), 0)
    return classes, label_warnings(both.counts)


def _parameters(evaluation: Evaluation, known: Understood, predicted: Column) -> dict[str, str]:
    found = evaluation.parameters()
    del found["clip"]
    found |= {"scores": "none", "predicted-column": predicted.name}
    if known.found.id_column is not None:
        found["id-column"] = known.found.id_column.name
    found |= known.reading.given
    found["label-column"] = known.found.truth.columns[0].name
    return found
