"""`score` and `score_file` say what predictions cost."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Unpack

from wcetool.api.evaluation import Evaluation
from wcetool.api.predictions import Matching, Opened, open_predictions, scores_of
from wcetool.api.score_run import compared, scored, scored_classes
from wcetool.data.memory import score_dataset
from wcetool.data.options import ReadingKeywords, ReadingOptions
from wcetool.data.row_output import check_row_path
from wcetool.engine.resources import OnProgress, Resources
from wcetool.errors import UsageError
from wcetool.results.comparison import Comparison
from wcetool.results.score import ScoreReport

if TYPE_CHECKING:
    from wcetool.results.model_scores import ModelScores
    from wcetool.results.score_plan import ScorePlan


def score_file(
    preds: Any,
    *,
    weights: Any = None,
    like: str | None = None,
    task: str | None = None,
    absent: str | None = None,
    labels: Any = None,
    id_column: str | int | None = None,
    unmatched: str | None = None,
    duplicates: str | None = None,
    scores: str | Sequence[str] | None = None,
    long: str | Sequence[str] | None = None,
    input: str | None = None,
    positive_class: str | int | None = None,
    confidence_of: str | None = None,
    predicted_column: str | int | None = None,
    label_separator: str | None = None,
    ignore: str | Sequence[str] | None = None,
    reduction: str | None = None,
    clip: float | None = None,
    renormalize: bool | None = None,
    sum_tolerance: float | None = None,
    label_smoothing: float | None = None,
    gamma: float | None = None,
    alpha: float | str | Sequence[float] | None = None,
    pos_weight: Any = None,
    sample_weight_column: str | int | None = None,
    weight_by: str | None = None,
    cost_matrix: Any = None,
    batch_size: int | str | Sequence[int] | None = None,
    per_sample: str | os.PathLike[str] | None = None,
    dry_run: bool | None = None,
    jobs: int | None = None,
    memory: str | int | None = None,
    on_progress: OnProgress | None = None,
    **reading: Unpack[ReadingKeywords],
) -> ScoreReport | ModelScores | ScorePlan:
    """Evaluate weighted cross-entropy on stored predictions.

    Parameters
    ----------
    preds : path, or list of paths
        CSV, TSV or Parquet; several are pooled.
    weights : path of a weight file, scheme, ClassWeights, mapping or sequence, optional
        A scheme is computed from the labels scored; a sequence goes with the classes in order.
        Without it every class weighs 1.
    like : str, optional
        Give exactly the number of a framework, or of one of its APIs: ``torch``,
        ``keras.SparseCategoricalCrossentropy``. Only its own refusals apply then, and NaN or
        infinity may be the answer.
    task : str, optional
        multiclass, binary or multilabel; by default what the columns and the first rows show.
    absent : str, default "error"
        What a class weighs that the weights lack: error, zero, one.
    labels : path, list of `os.PathLike`, column or table, optional
        The truth, where it is not beside the scores: by row order, or by `id_column`.
    id_column : str, optional
        A column of both, by which predictions and labels are matched.
    unmatched : str, default "error"
        What becomes of ids that only one of the two has: error, skip.
    duplicates : str, default "error"
        What becomes of ids that are there twice: error, allow (labels must agree, each prediction
        counts).
    scores : str or sequence of str, optional
        Score columns: names, numbers, or a pattern whose ``*`` stands for the class; ``none`` to
        compare predicted labels alone.
    long : str or sequence of str, optional
        The columns of the id, the class and the probability, where each id and class has a row.
    input : str, optional
        What the scores are: probs, logits, log-probs, or percent (probabilities from 0 to 100).
    positive_class : str, optional
        The class that the score is of, where there is one score a row.
    confidence_of : str, optional
        Whose the one score a row is: positive (the positive class), predicted (the class that is
        predicted).
    predicted_column : str, optional
        Holds the predicted label.
    label_separator : str, optional
        Stands between the labels of a cell: several labels a row.
    ignore : str or sequence of str, optional
        Labels whose rows are left out, such as -100.
    reduction : str, default "weighted-mean"
        weighted-mean, mean or sum; under `like` one of the framework's own, its default by default.
    clip : float, optional
        The probability of the true class is raised to at least this.
    renormalize : bool, default False
        Divide each row of probabilities by its sum.
    sum_tolerance : float, optional
        How far the sum of a row of probabilities may be from 1; by default 1e-4 and what the
        rounding of the values explains.
    label_smoothing : float, optional
        In [0, 1]; the smooth part weighs each class by its own weight, as PyTorch has it.
    gamma, alpha : float, optional
        Of the focal loss: a loss l of a probability p becomes (1 - p)^gamma l; alpha weighs the
        positives and 1 - alpha the negatives, or is one number a class.
    pos_weight : float, sequence, mapping or path of a weight file, optional
        Factor of the positive terms of binary and multilabel targets, one a label.
    sample_weight_column : str, optional
        Holds a weight for each row.
    weight_by : str, default "true"
        Which class of a row `weights` are of: true or predicted; pair with `cost_matrix`.
    cost_matrix : path of a .csv or .npy file, or array, optional
        A weight for each pair of classes, rows true and columns predicted.
    batch_size : int, or several, optional
        Report what a loop over batches of so many rows would print, beside the loss.
    per_sample : path, optional
        Write the loss of each row there, as Parquet.
    dry_run : bool, default False
        Only say how the files are understood, and show the first rows.
    jobs, memory, on_progress, **reading
        As in `analyze`. `label_column` may be a pattern such as ``y_*``, or several names: a target
        for each class or label.

    Returns
    -------
    ScoreReport
        Losses in nats; `to_dict()` is the JSON of the command. `ModelScores` where each score
        column is that of a model, `ScorePlan` for a dry run.

    Raises
    ------
    InputError
        If the predictions cannot be read or understood, or no row can be scored.
    WeightFileError
        If the weights are for other classes.
    UsageError
        If an option is wrong, or has no effect.
    """
    if per_sample is not None:
        if dry_run:
            raise UsageError("has no effect: nothing is computed", where="--per-sample")
        check_row_path(per_sample)
    opened = open_predictions(
        preds,
        labels,
        Matching.of(labels, id_column, unmatched, duplicates, reading.get("defaults") or ()),
        Resources.of(jobs, memory, on_progress),
        long,
        **reading,
    )
    evaluation = Evaluation.of(
        weights,
        scores=scores_of(opened, scores, opened.reading.defaults),
        sample_weight_column=sample_weight_column,
        id_column=opened.id_column,
        defaults=opened.reading.defaults,
        like=like,
        task=task,
        absent=absent,
        input=input,
        positive_class=positive_class,
        confidence_of=confidence_of,
        predicted_column=predicted_column,
        label_separator=label_separator,
        ignore=ignore,
        reduction=reduction,
        clip=clip,
        renormalize=renormalize,
        sum_tolerance=sum_tolerance,
        label_smoothing=label_smoothing,
        gamma=gamma,
        alpha=alpha,
        pos_weight=pos_weight,
        weight_by=weight_by,
        cost_matrix=cost_matrix,
        batch_size=batch_size,
    )
    if dry_run:
        from wcetool.api.score_plan import planned  # nothing else needs it

        return planned(opened, evaluation)
    return scored(
        opened, evaluation, per_sample=None if per_sample is None else os.fspath(per_sample)
    )


def score(
    y_true: Any,
    y_score: Any,
    *,
    like: str | None = None,
    task: str | None = None,
    input: str | None = None,
    classes: str | Sequence[str] | None = None,
    class_weight: Any = None,
    sample_weight: Any = None,
    pos_weight: Any = None,
    absent: str | None = None,
    ignore: str | Sequence[str] | None = None,
    positive_class: str | int | None = None,
    label_separator: str | None = None,
    label_smoothing: float | None = None,
    gamma: float | None = None,
    alpha: float | Sequence[float] | None = None,
    weight_by: str | None = None,
    cost_matrix: Any = None,
    reduction: str | None = None,
    clip: float | None = None,
    renormalize: bool | None = None,
    sum_tolerance: float | None = None,
    batch_size: int | Sequence[int] | None = None,
) -> ScoreReport:
    """Evaluate weighted cross-entropy on arrays.

    Parameters
    ----------
    y_true : column of shape (n_samples,), or array of shape (n_samples, n_classes)
        Labels: a list, a NumPy array, a pandas, Polars or pyarrow column, or a table with one; or a
        target for each class or label.
    y_score : array of shape (n_samples, n_classes) or (n_samples,), or a table
        Probabilities, logits or log-probabilities. The columns of a table are named by class; those
        of an array are numbered from 0, or take the names of `classes`. One column is the score of
        the positive class.
    classes : sequence of str, optional
        Class names, in the order of the columns.
    class_weight : ClassWeights, mapping, sequence, path or scheme, optional
        A sequence goes with the classes, in order. Without it every class weighs 1.
    sample_weight : column of shape (n_samples,), optional
        A weight for each row.
    like, task, input, pos_weight, absent, ignore, positive_class, label_separator, label_smoothing,
    gamma, alpha, weight_by, cost_matrix, reduction, clip, renormalize, sum_tolerance, batch_size
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
    >>> logits, weights = [[2.3, 2.1, 4.5], [4.2, 3.2, 5.1]], [25, 25, 100]
    >>> score([1, 2], logits, input="logits", class_weight=weights).loss
    0.87048350145262
    >>> score([1, 2], logits, input="logits", class_weight=weights, like="tensorflow").loss
    54.40521884078875
    """
    dataset, n_truth = score_dataset(y_true, y_score, sample_weight)
    evaluation = Evaluation.of(
        class_weight,
        n_truth_columns=n_truth,
        sample_weight_column=None if sample_weight is None else "sample_weight",
        like=like,
        task=task,
        absent=absent,
        input=input,
        positive_class=positive_class,
        label_separator=label_separator,
        ignore=ignore,
        reduction=reduction,
        clip=clip,
        renormalize=renormalize,
        sum_tolerance=sum_tolerance,
        label_smoothing=label_smoothing,
        gamma=gamma,
        alpha=alpha,
        pos_weight=pos_weight,
        weight_by=weight_by,
        cost_matrix=cost_matrix,
        batch_size=batch_size,
    )
    opened = Opened(dataset=dataset, reading=ReadingOptions.of(classes=classes))
    return scored_classes(opened, evaluation)


def explain_file(
    preds: Any,
    *,
    weights: Any = None,
    like: str | None = None,
    task: str | None = None,
    absent: str | None = None,
    labels: Any = None,
    id_column: str | int | None = None,
    unmatched: str | None = None,
    duplicates: str | None = None,
    scores: str | Sequence[str] | None = None,
    long: str | Sequence[str] | None = None,
    input: str | None = None,
    positive_class: str | int | None = None,
    confidence_of: str | None = None,
    predicted_column: str | int | None = None,
    label_separator: str | None = None,
    ignore: str | Sequence[str] | None = None,
    label_smoothing: float | None = None,
    gamma: float | None = None,
    alpha: float | str | Sequence[float] | None = None,
    pos_weight: Any = None,
    sample_weight_column: str | int | None = None,
    jobs: int | None = None,
    memory: str | int | None = None,
    on_progress: OnProgress | None = None,
    **reading: Unpack[ReadingKeywords],
) -> Comparison:
    """Say what every framework gives on the same predictions, and what turns one into another.

    Parameters
    ----------
    preds, weights, task, absent, labels, id_column, unmatched, duplicates, scores, long, input,
    positive_class, confidence_of, predicted_column, label_separator, ignore, label_smoothing,
    gamma, alpha, pos_weight, sample_weight_column, jobs, memory, on_progress, **reading
        As in `score_file`.
    like : str, optional
        Only the conventions of a framework, or one.

    Returns
    -------
    Comparison
        A number for every convention that applies, in nats, and a reason for every other.

    Raises
    ------
    InputError
        If the predictions cannot be read or understood, or no row can be scored.
    WeightFileError
        If the weights are for other classes.
    UsageError
        If an option is wrong, or has no effect.
    """
    opened = open_predictions(
        preds,
        labels,
        Matching.of(labels, id_column, unmatched, duplicates, reading.get("defaults") or ()),
        Resources.of(jobs, memory, on_progress),
        long,
        **reading,
    )
    evaluation = Evaluation.of(
        weights,
        scores=scores_of(opened, scores, opened.reading.defaults),
        sample_weight_column=sample_weight_column,
        id_column=opened.id_column,
        defaults=opened.reading.defaults,
        task=task,
        absent=absent,
        input=input,
        positive_class=positive_class,
        confidence_of=confidence_of,
        predicted_column=predicted_column,
        label_separator=label_separator,
        ignore=ignore,
        label_smoothing=label_smoothing,
        gamma=gamma,
        alpha=alpha,
        pos_weight=pos_weight,
    )
    return compared(opened, evaluation, like)
