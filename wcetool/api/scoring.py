"""`score` and `score_file` say what predictions cost."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict, Unpack

from wcetool.api.inputs import effective_options, file_notes
from wcetool.api.weighting import given_weights, scheme_weights
from wcetool.core.distribution import ClassCounts
from wcetool.core.loss_report import LossReport, report
from wcetool.core.rounding import row_sum_tolerance
from wcetool.core.schemes import parse_scheme
from wcetool.core.vocabulary import Absent, InputKind, Reduction, Task, parse_word
from wcetool.data import weightfile
from wcetool.data.columns import choose_label_column
from wcetool.data.dataset import Dataset, open_files
from wcetool.data.formats.table import Column
from wcetool.data.layout import ScoreLayout, ScoreRequest, decide_layout
from wcetool.data.memory import as_paths, label_dataset, score_dataset
from wcetool.data.options import ReadingKeywords, ReadingOptions, number, refuse_idle
from wcetool.data.pairing import other_order, unused_label
from wcetool.data.source import find_files
from wcetool.data.truth import TruthElsewhere
from wcetool.engine.resources import OnProgress, Resources
from wcetool.engine.scoring import ScoreRun, score_rows
from wcetool.errors import UsageError, counted, quoted, short_repr
from wcetool.results.document import InputRows
from wcetool.results.score import ScoreReport
from wcetool.results.weights import ClassWeights


class ScoreKeywords(TypedDict, total=False):
    """What `score` and `score_file` both let the user say of a computation."""

    absent: str | None
    input: str | None
    positive_class: str | int | None
    reduction: str | None
    clip: float | None
    renormalize: bool | None
    sum_tolerance: float | None


def score_file(
    preds: Any,
    *,
    weights: Any = None,
    absent: str | None = None,
    labels: Any = None,
    scores: str | Sequence[str] | None = None,
    input: str | None = None,
    positive_class: str | int | None = None,
    reduction: str | None = None,
    clip: float | None = None,
    renormalize: bool | None = None,
    sum_tolerance: float | None = None,
    jobs: int | None = None,
    memory: str | int | None = None,
    on_progress: OnProgress | None = None,
    **reading: Unpack[ReadingKeywords],
) -> ScoreReport:
    """Evaluate weighted cross-entropy on stored predictions.

    Parameters
    ----------
    preds : path, or list of paths
        CSV, TSV or Parquet; several are pooled.
    weights : path of a weight file, scheme, ClassWeights, mapping or sequence, optional
        A scheme is computed from the labels scored; a sequence goes with the classes in order.
        Without it every class weighs 1.
    absent : str, default "error"
        What a class weighs that the weights lack: error, zero, one.
    labels : path, list of `os.PathLike`, column or table, optional
        The truth, where it is not beside the scores: by row order.
    scores : str or sequence of str, optional
        Score columns: names, numbers, or a pattern whose ``*`` stands for the class.
    input : str, optional
        What the scores are: probs, logits, log-probs.
    positive_class : str, optional
        The class that the score is of, where there is one score a row.
    reduction : str, default "weighted-mean"
        weighted-mean, mean or sum.
    clip : float, optional
        The probability of the true class is raised to at least this.
    renormalize : bool, default False
        Divide each row of probabilities by its sum.
    sum_tolerance : float, optional
        How far the sum of a row of probabilities may be from 1; by default 1e-4 and what the
        rounding of the values explains.
    jobs, memory, on_progress, **reading
        As in `analyze`.

    Returns
    -------
    ScoreReport
        Losses in nats; `to_dict()` is the JSON of the command.

    Raises
    ------
    InputError
        If the predictions cannot be read or understood, or no row can be scored.
    WeightFileError
        If the weights are for other classes.
    UsageError
        If an option is wrong, or has no effect.
    """
    paths = as_paths(preds, texts=True)
    if paths is None:
        raise UsageError("score_file takes paths; score takes arrays")
    options = ReadingOptions.of(**reading)
    resources = Resources.of(jobs, memory, on_progress)
    evaluation = _Evaluation.of(
        weights,
        scores=scores,
        defaults=options.defaults,
        absent=absent,
        input=input,
        positive_class=positive_class,
        reduction=reduction,
        clip=clip,
        renormalize=renormalize,
        sum_tolerance=sum_tolerance,
    )
    files = find_files(paths, options.input_format)
    if labels is None:
        options = effective_options(options, [file.format for file in files])
        dataset = open_files(files, options)
        return _scored(
            dataset,
            options,
            evaluation,
            file_notes(files, options),
            resources,
        )
    truth_paths = as_paths(labels)
    truth_files = [] if truth_paths is None else find_files(truth_paths, options.input_format)
    options = effective_options(options, [file.format for file in (*files, *truth_files)])
    truth = label_dataset(labels) if truth_paths is None else open_files(truth_files, options)
    dataset = open_files(files, options)
    return _scored(
        dataset,
        options,
        evaluation,
        file_notes([*files, *truth_files], options),
        resources,
        truth=_truth(truth, options),
    )


def score(
    y_true: Any,
    y_score: Any,
    *,
    class_weight: Any = None,
    classes: str | Sequence[str] | None = None,
    absent: str | None = None,
    input: str | None = None,
    positive_class: str | int | None = None,
    reduction: str | None = None,
    clip: float | None = None,
    renormalize: bool | None = None,
    sum_tolerance: float | None = None,
) -> ScoreReport:
    """Evaluate weighted cross-entropy on arrays.

    Parameters
    ----------
    y_true : column of shape (n_samples,)
        Labels: a list, a NumPy array, a pandas, Polars or pyarrow column, or a table with one.
    y_score : array of shape (n_samples, n_classes) or (n_samples,), or a table
        Probabilities, logits or log-probabilities. The columns of a table are named by class; those
        of an array are numbered from 0, or take the names of `classes`. One column is the score of
        the positive class.
    class_weight : ClassWeights, mapping, sequence, path or scheme, optional
        A sequence goes with the classes, in order. Without it every class weighs 1.
    classes : sequence of str, optional
        Class names, in the order of the columns.
    absent, input, positive_class, reduction, clip, renormalize, sum_tolerance
        As in `score_file`.

    Returns
    -------
    ScoreReport
        Losses in nats.

    Raises
    ------
    InputError
        If the arrays do not fit together, or no row can be scored.
    WeightFileError
        If the weights are for other classes.

    Examples
    --------
    >>> score([1, 2], [[2.3, 2.1, 4.5], [4.2, 3.2, 5.1]], input="logits",
    ...       class_weight=[25, 25, 100]).loss
    0.87048350145262
    """
    options = ReadingOptions.of(classes=classes)
    evaluation = _Evaluation.of(
        class_weight,
        columns_in_order=True,
        absent=absent,
        input=input,
        positive_class=positive_class,
        reduction=reduction,
        clip=clip,
        renormalize=renormalize,
        sum_tolerance=sum_tolerance,
    )
    return _scored(score_dataset(y_true, y_score), options, evaluation, [], Resources.of())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Evaluation:
    """What is to be computed, checked as far as it can be without the data."""

    weights: Any
    absent: Absent
    request: ScoreRequest
    reduction: Reduction
    clip: float | None

    @classmethod
    def of(
        cls,
        weights: Any,
        *,
        scores: str | Sequence[str] | None = None,
        columns_in_order: bool = False,
        defaults: Collection[str] = (),
        **keywords: Unpack[ScoreKeywords],
    ) -> _Evaluation:
        clip, tolerance = (
            None if value is None else number(value, f"--{option}")
            for option, value in (
                ("clip", keywords.get("clip")),
                ("sum-tolerance", keywords.get("sum_tolerance")),
            )
        )
        positive_class, kind = keywords.get("positive_class"), keywords.get("input")
        renormalize = bool(keywords.get("renormalize"))
        if clip is not None and not 0.0 < clip < 1.0:
            raise UsageError(
                f"{clip!r} is not a probability between 0 and 1", where="--clip", hint="--clip 1e-7"
            )
        if tolerance is not None and not 0.0 <= tolerance < 1.0:
            raise UsageError(f"{tolerance!r} is not a number in [0, 1)", where="--sum-tolerance")
        if renormalize and tolerance is not None:
            # What is typed wins over a general default.
            if "renormalize" in defaults and "sum-tolerance" not in defaults:
                renormalize = False
            else:
                refuse_idle("sum-tolerance", "rows are divided by their sums", defaults)
                tolerance = None
        absent = parse_word(Absent, keywords.get("absent"), option="--absent", default=Absent.ERROR)
        if weights is None and absent is not Absent.ERROR:
            refuse_idle("absent", "there are no weights", defaults)
            absent = Absent.ERROR
        if scores is not None and not isinstance(scores, str):
            scores = tuple(map(str, scores))
        return cls(
            weights=weights,
            absent=absent,
            request=ScoreRequest(
                scores=scores,
                columns_in_order=columns_in_order,
                kind=None
                if kind is None
                else parse_word(InputKind, kind, option="--input", default=InputKind.PROBS),
                positive_class=None if positive_class is None else str(positive_class),
                sum_tolerance=tolerance,
                renormalize=renormalize,
                defaults=frozenset(defaults),
            ),
            reduction=parse_word(
                Reduction,
                keywords.get("reduction"),
                option="--reduction",
                default=Reduction.WEIGHTED_MEAN,
            ),
            clip=clip,
        )

    def parameters(self, layout: ScoreLayout, tolerance: float | None) -> dict[str, str]:
        """Return every effective value that can change a number, as text."""
        request, form = self.request, layout.form
        found = {"clip": "none" if self.clip is None else repr(self.clip)}
        if form.renormalize:
            found["renormalize"] = "yes"
        if self.absent is not Absent.ERROR:
            found["absent"] = self.absent.value
        if tolerance is not None:
            found["tolerance"] = repr(tolerance)
        if request.scores is not None:
            chosen = request.scores
            found["scores"] = chosen if isinstance(chosen, str) else ",".join(chosen)
        if form.task is Task.BINARY:
            found["positive-class"] = layout.classes[form.positive]
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Labels:
    """The truth, in other files than the predictions or in memory."""

    dataset: Dataset
    column: Column
    notes: list[str]


def _truth(dataset: Dataset, options: ReadingOptions) -> _Labels:
    """Find the label column of the truth that is elsewhere."""
    dataset.refuse_empty()
    choice = choose_label_column(dataset.first, options.label_column)
    notes = [] if dataset.is_bare_column else choice.notes(dataset.first, f"{dataset.where}: ")
    return _Labels(dataset=dataset, column=choice.column, notes=notes)


def _scored(
    dataset: Dataset,
    options: ReadingOptions,
    evaluation: _Evaluation,
    notes: list[str],
    resources: Resources,
    *,
    truth: _Labels | None = None,
) -> ScoreReport:
    """Decide the layout, run over the rows, apply the weights."""
    layout = decide_layout(
        dataset,
        options,
        evaluation.request,
        labels=None if truth is None else (truth.dataset, truth.column),
    )
    # Before the pass over the rows: a fault of the weights should not take a long run to show.
    weighting = _GivenWeights.of(evaluation, layout.classes)
    elsewhere = (
        None
        if truth is None
        else TruthElsewhere(truth.dataset, truth.column, layout.classes, options.rules)
    )
    result = score_rows(
        dataset,
        layout,
        options.rules,
        resources,
        clip=evaluation.clip,
        truth=elsewhere,
    )
    weights, class_weight = weighting.for_rows(result, layout.classes)
    numbers = report(result.state, class_weight, reduction=evaluation.reduction)
    tolerance, tolerance_notes = _tolerance(layout, evaluation.request, result)
    parameters = evaluation.parameters(layout, tolerance) | dict(options.given)
    warnings = [*layout.warnings, *_warnings(result, numbers, layout, evaluation.clip)]
    labels: tuple[InputRows, ...] = ()
    label = layout.label
    if truth is not None and elsewhere is not None:
        labels, label = elsewhere.read.by_input(truth.dataset), truth.column
        parameters["labels"] = ",".join(one.path for one in labels)
        pairing_notes, pairing_warnings = _pairing(dataset, truth, layout)
        notes, warnings = notes + pairing_notes, warnings + pairing_warnings
    if label is not None and not evaluation.request.columns_in_order:
        parameters["label-column"] = label.name
    return ScoreReport(
        inputs=result.read.by_input(dataset),
        labels=labels,
        task=layout.form.task,
        kind=layout.form.kind,
        classes=layout.classes,
        missing=result.missing,
        reduction=evaluation.reduction,
        numbers=numbers,
        class_weight=weights,
        weights_from=None if weights is None else weights.source or weights.scheme,
        parameters=parameters,
        notes=(*notes, *layout.notes, *tolerance_notes),
        warnings=tuple(warnings),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _GivenWeights:
    """Class weights that are given, or the scheme that will give them."""

    weights: ClassWeights | None = None
    class_weight: tuple[float | None, ...] | None = None
    scheme: str | None = None

    @classmethod
    def of(cls, evaluation: _Evaluation, classes: tuple[str, ...]) -> _GivenWeights:
        if evaluation.weights is None:
            return cls()
        weights = given_weights(evaluation.weights, classes)
        if weights is None:
            if evaluation.absent is not Absent.ERROR:
                reason = "a scheme weighs every class that occurs"
                refuse_idle("absent", reason, evaluation.request.defaults)
            return cls(scheme=str(parse_scheme(evaluation.weights)))
        in_order = weightfile.for_classes(weights, classes, evaluation.absent)
        return cls(weights=weights, class_weight=in_order)

    def for_rows(
        self, result: ScoreRun, classes: tuple[str, ...]
    ) -> tuple[ClassWeights | None, tuple[float | None, ...] | None]:
        """Apply a scheme to the labels scored; a class without rows then has no weight."""
        if self.scheme is None:
            return self.weights, self.class_weight
        counts = ClassCounts(classes, result.state.pairs.by_true())
        if not counts.n_samples:
            return None, None
        weights = scheme_weights(counts, self.scheme)
        return weights, tuple(weights.by_class.get(label) for label in classes)


def _pairing(dataset: Dataset, truth: _Labels, layout: ScoreLayout) -> tuple[list[str], list[str]]:
    """Return notes and warnings on predictions and labels that are matched by row order."""
    notes, warnings = list(truth.notes), []
    unused = unused_label(dataset, layout.columns)
    if unused is not None:
        notes.append(f"column {unused!r} of the predictions is not used: the labels are given")
    shuffled = other_order(dataset, truth.dataset, layout.columns)
    if shuffled is not None:
        warnings.append(
            f"rows are matched by their order, but column {shuffled!r}, which both files have, "
            "differs in the first rows"
        )
    return notes, warnings


def _tolerance(
    layout: ScoreLayout, request: ScoreRequest, result: ScoreRun
) -> tuple[float | None, list[str]]:
    """Return the tolerance that was used, None where there is none, and say where it is from."""
    form, rounded = layout.form, result.rounded
    if form.kind is InputKind.LOGITS or form.renormalize:
        return None, []
    if form.task is Task.BINARY:
        used, what = form.tolerance.value, "scores lie in [0, 1]"
    else:
        used, what = row_sum_tolerance(rounded, form), "rows sum to 1"
    if request.sum_tolerance is not None:
        return used, []
    reason = ""
    if form.heeds_decimals and used > form.tolerance.row_sum:
        decimals = counted(rounded.decimals, "decimal")
        reason = f", since the values have {decimals}"
        if rounded.explained:
            reason += f"; {counted(rounded.explained, 'row')} needed that"
    return used, [f"{what} within {used:.4g}{reason} (--sum-tolerance changes it)"]


def _warnings(
    result: ScoreRun, numbers: LossReport, layout: ScoreLayout, clip: float | None
) -> list[str]:
    found = []
    state, classes = result.state, layout.classes
    without_rows = [
        label for label, n in zip(classes, state.pairs.by_true().tolist(), strict=True) if not n
    ]
    if without_rows:
        found.append(f"a score and no rows: class {quoted(without_rows)} (--scores, if it is none)")
    if layout.positive_guessed and numbers.skill is not None and numbers.skill < 0:
        positive = classes[layout.form.positive]
        other = classes[1 - layout.form.positive]
        found.append(
            f"the score is taken for that of class {short_repr(positive)}, and is worse than "
            f"knowing nothing (--positive-class {other}, if it is the other one)"
        )
    if state.zero_probability_rows and clip is None:
        found.append(
            "the true class has probability 0 in "
            f"{counted(state.zero_probability_rows, 'row')}: the "
            "loss is infinite, the finite mean leaves them out (--clip 1e-7 would bound it)"
        )
    if state.clipped_rows:
        found.append(f"clipped to a probability of {clip!r}: {counted(state.clipped_rows, 'row')}")
    return found
