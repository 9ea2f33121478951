"""`score` and `score_file` say what predictions cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Unpack

from wcetool.api.inputs import file_notes, input_rows
from wcetool.api.weighting import given_weights, scheme_weights
from wcetool.core.distribution import ClassCounts
from wcetool.core.loss_report import report
from wcetool.core.schemes import parse_scheme
from wcetool.core.vocabulary import Absent, InputKind, Reduction, Task, parse_word
from wcetool.data import weightfile
from wcetool.data.columns import choose_label_column
from wcetool.data.dataset import Dataset, open_files
from wcetool.data.formats.table import Column
from wcetool.data.layout import ScoreLayout, ScoreRequest, decide_layout
from wcetool.data.memory import as_paths, score_dataset
from wcetool.data.options import ReadingKeywords, ReadingOptions
from wcetool.data.source import find_files
from wcetool.engine.local import OnProgress
from wcetool.engine.scoring import ScoreRun, score_rows
from wcetool.errors import UsageError, counted, quoted
from wcetool.results.score import ScoreReport
from wcetool.results.weights import ClassWeights


def score_file(
    preds: Any,
    *,
    weights: Any = None,
    absent: str = "error",
    labels: Any = None,
    scores: str | None = None,
    input: str | None = None,
    positive_class: str | None = None,
    reduction: str = "weighted-mean",
    clip: float | None = None,
    renormalize: bool = False,
    sum_tolerance: float | None = None,
    jobs: int | None = None,
    on_progress: OnProgress | None = None,
    **reading: Unpack[ReadingKeywords],
) -> ScoreReport:
    """Evaluate weighted cross-entropy on stored predictions.

    Parameters
    ----------
    preds : path, or list of `os.PathLike`
        CSV, TSV or Parquet; several are pooled.
    weights : path of a weight file, scheme, ClassWeights or mapping, optional
        A scheme is computed from the labels scored. Without it every class weighs 1.
    absent : str, default "error"
        What a class weighs that the weights lack: error, zero, one.
    labels : path, or list of `os.PathLike`, optional
        The truth, where it is in another file: by row order.
    scores : str, optional
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
        rounding of the file explains.
    jobs, on_progress, **reading
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
    paths = as_paths(preds)
    if paths is None:
        raise UsageError("score_file takes paths; score takes arrays")
    options = ReadingOptions.of(**reading)
    wish = _Wish.of(
        weights=weights,
        absent=absent,
        scores=scores,
        input=input,
        positive_class=positive_class,
        reduction=reduction,
        clip=clip,
        renormalize=renormalize,
        sum_tolerance=sum_tolerance,
    )
    dataset = open_files(find_files(paths, options.input_format), options)
    notes = file_notes(dataset, options)
    truth = None if labels is None else _truth(labels, options, notes)
    return _scored(dataset, options, wish, notes, truth, jobs=jobs, on_progress=on_progress)


def score(
    y_true: Any,
    y_score: Any,
    *,
    class_weight: Any = None,
    classes: Sequence[str] | None = None,
    absent: str = "error",
    input: str | None = None,
    positive_class: str | None = None,
    reduction: str = "weighted-mean",
    clip: float | None = None,
    renormalize: bool = False,
    sum_tolerance: float | None = None,
) -> ScoreReport:
    """Evaluate weighted cross-entropy on arrays.

    Parameters
    ----------
    y_true : column of shape (n_samples,)
        Labels: a list, a NumPy array, a pandas, Polars or pyarrow column.
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
    dataset = score_dataset(y_true, y_score)
    wish = _Wish.of(
        weights=class_weight,
        absent=absent,
        scores=None,
        columns_in_order=True,
        input=input,
        positive_class=positive_class,
        reduction=reduction,
        clip=clip,
        renormalize=renormalize,
        sum_tolerance=sum_tolerance,
    )
    return _scored(dataset, options, wish, [], None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """What the user wants, checked as far as it can be without the data."""

    weights: Any
    absent: Absent
    absent_given: bool
    request: ScoreRequest
    reduction: Reduction
    clip: float | None
    parameters: dict[str, str]

    @classmethod
    def of(
        cls,
        *,
        weights: Any,
        absent: str,
        scores: str | None,
        columns_in_order: bool = False,
        input: str | None,
        positive_class: str | None,
        reduction: str,
        clip: float | None,
        renormalize: bool,
        sum_tolerance: float | None,
    ) -> _Wish:
        if clip is not None and not 0.0 < clip < 1.0:
            raise UsageError(
                f"{clip!r} is not a probability between 0 and 1", where="--clip", hint="--clip 1e-7"
            )
        if sum_tolerance is not None and not 0.0 <= sum_tolerance < 1.0:
            raise UsageError(
                f"{sum_tolerance!r} is not a number in [0, 1)", where="--sum-tolerance"
            )
        if renormalize and sum_tolerance is not None:
            raise UsageError("has no effect with --renormalize", where="--sum-tolerance")
        parameters = {"clip": "none" if clip is None else repr(clip)}
        if renormalize:
            parameters["renormalize"] = "yes"
        if absent != Absent.ERROR:
            parameters["absent"] = absent
        return cls(
            weights=weights,
            absent=parse_word(Absent, absent, option="--absent"),
            absent_given=absent != Absent.ERROR,
            request=ScoreRequest(
                scores=scores,
                columns_in_order=columns_in_order,
                kind=None if input is None else parse_word(InputKind, input, option="--input"),
                positive_class=positive_class,
                sum_tolerance=sum_tolerance,
                renormalize=renormalize,
            ),
            reduction=parse_word(Reduction, reduction, option="--reduction"),
            clip=clip,
            parameters=parameters,
        )


def _truth(labels: Any, options: ReadingOptions, notes: list[str]) -> tuple[Dataset, Column]:
    """Find the truth that is in other files than the predictions."""
    paths = as_paths(labels)
    if paths is None:
        raise UsageError("takes paths", where="labels")
    dataset = open_files(find_files(paths, options.input_format), options)
    choice = choose_label_column(dataset.first, options.label_column)
    if choice.reason is not None:
        notes.append(f"{dataset.where}: label column {choice.column.name!r} ({choice.reason})")
    return dataset, choice.column


def _scored(
    dataset: Dataset,
    options: ReadingOptions,
    wish: _Wish,
    notes: list[str],
    truth: tuple[Dataset, Column] | None,
    *,
    jobs: int | None = None,
    on_progress: OnProgress | None = None,
) -> ScoreReport:
    """Decide the layout, run over the rows, apply the weights."""
    if wish.weights is None and wish.absent_given:
        raise UsageError("has no effect without weights", where="--absent")
    layout = decide_layout(dataset, options, wish.request, labels=truth)
    # Before the pass over the rows: a fault of the weights should not take a long run to show.
    weighting = _Weighting.of(wish, layout.classes)
    result = score_rows(
        dataset,
        layout,
        options.rules,
        clip=wish.clip,
        labels=truth,
        jobs=jobs,
        on_progress=on_progress,
    )
    weights, class_weight = weighting.for_rows(result, layout.classes)
    label = layout.label if truth is None else truth[1]
    return ScoreReport(
        inputs=tuple(input_rows(dataset, result.read)),
        task=layout.form.task,
        kind=layout.form.kind,
        classes=layout.classes,
        missing=result.missing,
        reduction=wish.reduction,
        numbers=report(result.state, class_weight, reduction=wish.reduction),
        class_weight=weights,
        weights_from=None if weights is None else weights.source or weights.scheme,
        parameters=wish.parameters
        | _tolerance_parameter(layout)
        | dict(options.given)
        | ({} if label is None or wish.request.columns_in_order else {"label-column": label.name}),
        notes=(*notes, *layout.notes),
        warnings=tuple(_warnings(result, layout.classes, wish.clip)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Weighting:
    """Class weights that are given, or the scheme that will give them."""

    weights: ClassWeights | None
    class_weight: tuple[float | None, ...] | None
    scheme: str | None

    @classmethod
    def of(cls, wish: _Wish, classes: tuple[str, ...]) -> _Weighting:
        if wish.weights is None:
            return cls(weights=None, class_weight=None, scheme=None)
        weights = given_weights(wish.weights, classes)
        if weights is None:
            if wish.absent_given:
                raise UsageError("has no effect on a scheme", where="--absent")
            return cls(weights=None, class_weight=None, scheme=str(parse_scheme(wish.weights)))
        in_order = weightfile.for_classes(weights, classes, wish.absent)
        return cls(weights=weights, class_weight=in_order, scheme=None)

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


def _tolerance_parameter(layout: ScoreLayout) -> dict[str, str]:
    form = layout.form
    if form.kind is InputKind.LOGITS or form.renormalize:
        return {}
    allowed = form.tolerance.value if form.task is Task.BINARY else form.tolerance.row_sum
    return {"tolerance": f"{allowed:.6g}"}


def _warnings(result: ScoreRun, classes: tuple[str, ...], clip: float | None) -> list[str]:
    found = []
    state = result.state
    without_rows = [
        label for label, n in zip(classes, state.pairs.by_true().tolist(), strict=True) if not n
    ]
    if without_rows:
        found.append(f"a score and no rows: class {quoted(without_rows)} (--scores, if it is none)")
    if state.zero_probability_rows and clip is None:
        found.append(
            "the true class has probability 0 in "
            f"{counted(state.zero_probability_rows, 'row')}: the "
            "loss is infinite, the finite mean leaves them out (--clip 1e-7 would bound it)"
        )
    if state.clipped_rows:
        found.append(f"clipped to a probability of {clip!r}: {counted(state.clipped_rows, 'row')}")
    return found
