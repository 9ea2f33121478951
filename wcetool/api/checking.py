"""`check`: class weights against the data that they are for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Unpack

from wcetool.api import checks_of_data, checks_of_weights
from wcetool.api.check_subject import Subject
from wcetool.api.label_forms import LabelForm
from wcetool.api.labels import CountedLabels, count_source, counted_labels, open_labels
from wcetool.api.weighting import given_weights
from wcetool.core.vocabulary import CheckName, parse_word
from wcetool.data.dataset import Dataset
from wcetool.data.layout import ScoreLayout, ScoreRequest
from wcetool.data.layout_decisions import decide_layout
from wcetool.data.memory import IN_MEMORY
from wcetool.data.options import ReadingKeywords, ReadingOptions, number
from wcetool.data.weightfile import stored_counts_sha256
from wcetool.engine.resources import OnProgress, Resources
from wcetool.errors import InputError, UsageError
from wcetool.results.analysis import Analysis
from wcetool.results.check import Check, CheckReport
from wcetool.results.label_analysis import MultiLabelAnalysis
from wcetool.results.weights import ClassWeights

MAX_RATIO = 1000.0
_CHECKS: dict[CheckName, Callable[[Subject], Check]] = {
    CheckName.KIND: checks_of_data.kind,
    CheckName.MISSING_CLASSES: checks_of_data.missing_classes,
    CheckName.EXTRA_CLASSES: checks_of_data.extra_classes,
    CheckName.ORDER: checks_of_data.order,
    CheckName.ZERO_WEIGHTS: checks_of_data.zero_weights,
    CheckName.RATIO: checks_of_weights.ratio,
    CheckName.NORMALIZATION: checks_of_weights.normalization,
    CheckName.COUNTS_HASH: checks_of_weights.counts_hash,
    CheckName.SCHEME: checks_of_weights.scheme,
    CheckName.COUNTS: checks_of_data.counts,
}


def check(
    weights: Any,
    data: Any,
    *,
    allow: str | Sequence[str] | None = None,
    max_ratio: float | None = None,
    scores: str | Sequence[str] | None = None,
    task: str | None = None,
    label_separator: str | None = None,
    uncertain: str | None = None,
    jobs: int | None = None,
    memory: str | int | None = None,
    on_progress: OnProgress | None = None,
    **reading: Unpack[ReadingKeywords],
) -> CheckReport:
    """Check class weights against data: labels, counts, or predictions.

    Parameters
    ----------
    weights : path of a weight file, ClassWeights, or mapping of label to weight
        What is checked.
    data : paths, labels, counts, or an Analysis
        As `analyze` takes them. Of predictions the truth gives labels, the score columns classes.
    allow : str or sequence of str, optional
        Checks that may fail: see `CheckName`.
    max_ratio : float, default 1000
        The largest weight may be this many times the smallest one above 0.
    scores : str or sequence of str, optional
        The score columns, as `score_file` takes them; by default they are looked for as there.
    task, label_separator, uncertain, jobs, memory, on_progress, **reading
        As in `analyze`.

    Returns
    -------
    CheckReport
        ``passed`` says whether all is well; ``checks`` what was found, expected, and to be done.

    Raises
    ------
    WeightFileError
        If the weight file cannot be read, or a weight is negative, not finite or missing.
    InputError
        If the data cannot be read.
    UsageError
        If an option is wrong, or has no effect.

    Examples
    --------
    >>> report = check({"cat": 1.0, "dog": 2.0}, ["cat", "dog", "emu"])
    >>> report.passed, report.failed
    (False, ('missing-classes',))
    """
    allowed = _allowed(allow)
    ratio = MAX_RATIO if max_ratio is None else number(max_ratio, "--max-ratio")
    if not ratio >= 1.0:
        raise UsageError(f"{max_ratio!r} is not a ratio of at least 1", where="--max-ratio")
    given = _weights(weights)
    form = LabelForm.of(task=task, label_separator=label_separator, uncertain=uncertain)
    found = _read(
        data, scores, ReadingOptions.of(**reading), form, Resources.of(jobs, memory, on_progress)
    )
    subject = Subject(
        weights=given,
        counts=found.counted.counts,
        score_classes=found.score_classes,
        declared="declared" in found.counted.parameters,
        max_ratio=ratio,
        stored_sha256=None if given.source is None else stored_counts_sha256(given.source),
        files=tuple(one.path for one in found.counted.inputs if one.path != IN_MEMORY),
        read=found.counted.parameters,
    )
    found_by = {name: _CHECKS[name](subject) for name in CheckName}
    return CheckReport(
        weights=given.source,
        scheme=given.scheme,
        inputs=found.counted.inputs,
        checks=tuple(replace(one, allowed=name in allowed) for name, one in found_by.items()),
        parameters={
            "max-ratio": repr(ratio),
            "allow": ",".join(one.value for one in CheckName if one in allowed) or "none",
            **found.counted.parameters,
        },
        notes=tuple(dict.fromkeys((*found.counted.notes, *found.notes))),
        warnings=found.counted.warnings,
    )


@dataclass(frozen=True, slots=True)
class _Read:
    """What the data say."""

    counted: CountedLabels
    score_classes: tuple[str, ...] | None = None
    notes: tuple[str, ...] = ()


def _read(
    data: Any,
    scores: str | Sequence[str] | None,
    reading: ReadingOptions,
    form: LabelForm,
    resources: Resources,
) -> _Read:
    """Count the labels, and look for score columns beside them."""
    if isinstance(data, Analysis | MultiLabelAnalysis | Mapping):
        _refuse_scores(scores)
        return _Read(counted_labels(data, reading, resources, form=form))
    source = open_labels(data, reading)
    if source.dataset is None or not source.files:
        _refuse_scores(scores)
        return _Read(count_source(source, resources, form=form))
    layout = _layout(source.dataset, source.reading, scores, form.separator)
    counted = count_source(source, resources, form=form)
    if layout is None:
        return _Read(counted)
    classes = _in_file_order(layout)
    note = f"score columns for {len(classes):,} classes: these need weights as well"
    return _Read(counted, classes, (*layout.notes, note))


def _layout(
    dataset: Dataset,
    reading: ReadingOptions,
    scores: str | Sequence[str] | None,
    separator: str | None,
) -> ScoreLayout | None:
    """Understand a prediction file; None where there are only labels."""
    if len(dataset.first.names) < 2:
        _refuse_scores(scores)
        return None
    request = ScoreRequest(scores=scores, separator=separator, unchecked=True)
    if scores is not None:
        return decide_layout(dataset, reading, request)
    try:
        return decide_layout(dataset, reading, request)
    except InputError:
        return None  # what is wrong with labels alone is said when they are counted


def _in_file_order(layout: ScoreLayout) -> tuple[str, ...]:
    """Return the classes of scores as they stand in the file: the order of a model's outputs."""
    if layout.list_order is not None:
        places: Sequence[int] = layout.list_order
    elif len(layout.columns) == len(layout.classes):
        places = [column.place for column in layout.columns]
    else:  # one score for two classes
        return layout.classes
    ordered = sorted(zip(places, layout.classes, strict=True))
    return tuple(label for _, label in ordered)


def _refuse_scores(scores: str | Sequence[str] | None) -> None:
    if scores is not None:
        raise UsageError("has no effect: the data are labels or counts", where="--scores")


def _weights(weights: Any) -> ClassWeights:
    given = given_weights(weights)
    if given is None:
        raise UsageError(
            f"{weights!r} is a scheme, which has no weights of its own",
            where="WEIGHTS",
            hint="a weight file: wcetool weights labels.csv -o weights.json",
        )
    return given


def _allowed(allow: str | Sequence[str] | None) -> Collection[CheckName]:
    names = [allow] if isinstance(allow, str) else allow or ()
    return {
        parse_word(CheckName, name, option="--allow", default=CheckName.COUNTS) for name in names
    }
