"""What a prediction file is: scores of classes, one model a column, or predicted labels alone.

Columns are found here, in this order: ids, sample weights and the truth (`beside_scores`), columns
of predicted labels (`predicted_labels`), the scores (`score_columns`). What several score columns
are of is decided by `model_columns`; without any, a column of predicted labels is what there is.
How scores are then read is up to `layout_decisions`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from wcetool.data import arrow
from wcetool.data.beside_scores import BesideScores, columns_beside, names_seen
from wcetool.data.dataset import Dataset, Wanted
from wcetool.data.declared_classes import with_declared_classes
from wcetool.data.formats.table import Column, ColumnKind, Holds
from wcetool.data.formats.text_head import is_number
from wcetool.data.labels import Distinct
from wcetool.data.layout import NO_SCORES, ScoreRequest
from wcetool.data.long_signs import refuse_long
from wcetool.data.model_columns import are_models
from wcetool.data.options import ReadingOptions, refuse_idle
from wcetool.data.predicted_labels import choose_predicted_column, predicted_columns
from wcetool.data.score_columns import Clues, NoScoresError, ScoreColumns, choose_score_columns
from wcetool.data.score_head import SAMPLE_ROWS, ScoreHead, adds_up
from wcetool.data.seen_labels import SeenLabels
from wcetool.data.truth_columns import OUTCOME, TruthForm
from wcetool.errors import InputError, listed, quoted


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """The columns of a prediction file, and what they are for.

    Attributes
    ----------
    found : BesideScores
        The truth, sample weights and ids.
    reading : ReadingOptions
        With the classes that the file declares.
    clues : Clues
        What is known of the classes.
    chosen : ScoreColumns or None
        The scores; None where there are only predicted labels.
    predicted : Column or None
        The predicted labels, where they matter: beside one score a row, or without scores.
    are_models : bool
        Each score column is that of a model of its own.
    notes : tuple of str
        What was decided without being asked for.
    """

    found: BesideScores
    reading: ReadingOptions
    clues: Clues
    chosen: ScoreColumns | None
    predicted: Column | None
    are_models: bool
    notes: tuple[str, ...]


def understand(
    dataset: Dataset,
    reading: ReadingOptions,
    request: ScoreRequest,
    labels: Dataset | None = None,
) -> Understood:
    """Find out which column of a prediction file holds what.

    Parameters
    ----------
    dataset, reading, request, labels
        As in `layout_decisions.decide_layout`.

    Raises
    ------
    InputError
        If something cannot be decided.
    """
    dataset.refuse_empty()
    may_be_long = request.n_truth_columns == 0 and request.scores is None
    try:
        found = columns_beside(dataset, reading, request, labels)
    except InputError:
        if may_be_long:
            refuse_long(dataset)
        raise
    truth, notes = found.truth, list(found.truth.notes)
    source = dataset if labels is None else labels
    declared_here = reading.classes is not None
    reading, declared = with_declared_classes(source, truth, reading)
    notes += declared
    one_label = truth.columns[0] if truth.form is not TruthForm.NUMBERS else None
    left_out = request.ignored | request.usually_ignored
    seen = SeenLabels(source, one_label, reading.rules, request.separator, left_out)
    in_memory = request.n_truth_columns > 0
    clues = Clues(
        taken=found.taken,
        classes=reading.classes,
        rules=reading.rules,
        seen=seen.in_head() if one_label is not None else names_seen(truth, reading),
        more_labels=seen.two_at_least,
        adds_up=lambda columns: adds_up(dataset, columns, percent=request.percent),
        predicted=() if in_memory else _predicted(dataset, found, request),
        of_file=reading.classes is not None and not declared_here,
    )
    chosen = _score_columns(dataset, clues, found, request)
    if may_be_long and chosen is not None and chosen.is_single:
        refuse_long(dataset, one_label if labels is None else None, chosen.columns[0])
    several = chosen is not None and not chosen.is_list and len(chosen.columns) > 1
    if chosen is None:
        column = choose_predicted_column(dataset.first, request.predicted, clues.taken)
        return Understood(
            found=found,
            reading=reading,
            clues=clues,
            chosen=None,
            predicted=_only_predicted(dataset, column, truth.form),
            are_models=False,
            notes=tuple(notes),
        )
    models = False
    if several and not in_memory and truth.form is TruthForm.CLASS:
        values = ScoreHead.of(dataset, chosen, percent=request.percent).values
        models = are_models(chosen, clues, request, values, dataset.where, declared=declared_here)
    if models:
        named = listed((column.name for column in chosen.columns), limit=4)
        notes.append(
            f"score columns {named} are a model each, of the probability of the positive class"
            + (
                ""
                if request.task is not None
                else " (no class is called like one of them, and no two sum to 1; --classes "
                "NAME,... with a class a column, if they are classes)"
            )
        )
    elif chosen.reason is not None:
        notes.append(f"score columns {chosen} ({chosen.reason})")
    predicted = None
    if chosen.is_single and not in_memory:
        taken = (*clues.taken, *chosen.columns)
        predicted = choose_predicted_column(dataset.first, request.predicted, taken)
    elif request.predicted is not None:
        refuse_idle("predicted-column", "there are scores of all classes", request.defaults)
    return Understood(
        found=found,
        reading=reading,
        clues=clues,
        chosen=chosen,
        predicted=predicted,
        are_models=models,
        notes=tuple(notes),
    )


def _predicted(dataset: Dataset, found: BesideScores, request: ScoreRequest) -> tuple[Column, ...]:
    """List the columns of predicted labels: those called so, if their numbers are whole."""
    columns = predicted_columns(dataset.first, found.taken)
    if request.predicted is not None:
        named = choose_predicted_column(dataset.first, request.predicted, found.taken)
        columns = [*columns, *([named] if named is not None and named not in columns else [])]
    return tuple(column for column in columns if _is_whole(dataset, column))


def _is_whole(dataset: Dataset, column: Column) -> bool:
    if column.holds is Holds.TEXT:
        return True
    batch = dataset.head([Wanted(column, ColumnKind.LABEL)])
    if batch is None:
        return True
    texts = Distinct(arrow.first_rows(batch.column(0), SAMPLE_ROWS), dataset.where).texts
    return all(text is None or not is_number(text) or _is_integral(text) for text in texts)


def _is_integral(text: str) -> bool:
    value = float(text)
    return not math.isfinite(value) or value.is_integer()


def _score_columns(
    dataset: Dataset, clues: Clues, found: BesideScores, request: ScoreRequest
) -> ScoreColumns | None:
    """Choose the score columns; beside columns of outcomes those without that word."""
    if request.no_scores and NO_SCORES not in dataset.first.names:
        return None
    try:
        return choose_score_columns(dataset.first, clues, found.scores)
    except InputError as error:
        names = found.truth.class_names
        outcomes = [column.name.endswith(OUTCOME) for column in found.truth.columns]
        if found.scores is None and all(outcomes) and set(names) <= {*dataset.first.names}:
            chosen = choose_score_columns(dataset.first, clues, names)
            return replace(chosen, reason=f"beside their columns *{OUTCOME}")
        if found.scores is None and request.n_truth_columns == 0:
            refuse_long(dataset)
        is_comparable = found.truth.form is TruthForm.CLASS and clues.predicted
        if isinstance(error, NoScoresError) and is_comparable:
            return None
        raise


def _only_predicted(dataset: Dataset, column: Column | None, form: TruthForm) -> Column:
    if column is None:
        raise InputError(
            "no column is known to hold predicted labels, and there are no scores",
            where=dataset.where,
            details=(f"columns: {quoted(dataset.first.names)}",),
            hint="--predicted-column NAME",
        )
    if form is not TruthForm.CLASS:
        raise InputError(
            f"predicted labels in column {column.name!r}, where the truth is {form}",
            where=dataset.where,
            hint="--label-column with one column of labels",
        )
    return column
