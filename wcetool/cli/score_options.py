"""Options of the commands that read predictions, written once."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Annotated, Any

from wcetool.cli.options import LOSS, SCORES, WEIGHTS, option
from wcetool.cli.output import input_paths
from wcetool.core.vocabulary import Absent, ConfidenceOf, Duplicates, StoredKind, Task, Unmatched
from wcetool.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightFlags:
    """What weighs the rows."""

    weights: Annotated[
        str | None,
        option(
            "--weights",
            panel=WEIGHTS,
            metavar="FILE|SCHEME",
            help="A weight file, or a scheme computed from the labels scored. Default: none.",
        ),
    ] = None
    absent: Annotated[
        Absent,
        option(
            "--absent",
            panel=WEIGHTS,
            metavar="POLICY",
            help="What a class weighs that the weight file lacks: error, zero, one. Default: "
            "error.",
        ),
    ] = Absent.ERROR
    pos_weight: Annotated[
        str | None,
        option(
            "--pos-weight",
            panel=WEIGHTS,
            metavar="FILE|LIST",
            help="Factor of the positive terms of binary or multilabel targets: one number, one a "
            "label, or a weight file.",
        ),
    ] = None
    sample_weight_column: Annotated[
        str | None,
        option(
            "--sample-weight-column",
            panel=WEIGHTS,
            metavar="NAME|NUMBER",
            help="Column with a weight for each row.",
        ),
    ] = None

    def keywords(self) -> dict[str, Any]:
        """Return what was given, as the keywords of the public functions."""
        return given(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class TruthFlags:
    """Where the truth is, if not beside the scores."""

    labels: Annotated[
        str | None,
        option(
            "--labels",
            panel=SCORES,
            metavar="FILE",
            by_environment=False,  # WCETOOL_LABELS is the default of weights
            help="The truth, where it is in another file: by row order, or by --id-column.",
        ),
    ] = None
    id_column: Annotated[
        str | None,
        option(
            "--id-column",
            panel=SCORES,
            metavar="NAME|NUMBER",
            help="Match predictions and --labels by this column, which both have.",
        ),
    ] = None
    unmatched: Annotated[
        Unmatched,
        option(
            "--unmatched",
            panel=SCORES,
            metavar="POLICY",
            help="Ids that only one of both has: error, skip. Default: error.",
        ),
    ] = Unmatched.ERROR
    duplicates: Annotated[
        Duplicates,
        option(
            "--duplicates",
            panel=SCORES,
            metavar="POLICY",
            help="Ids that are there twice: error, allow (their labels must agree, each "
            "prediction counts). Default: error.",
        ),
    ] = Duplicates.ERROR

    def paths(self, command: str, preds: list[str]) -> list[Any] | None:
        """Return the files of the truth; None where it is beside the scores.

        Raises
        ------
        UsageError
            If standard input is to be both.
        """
        if self.labels is None:
            return None
        if "-" in preds and self.labels == "-":
            raise UsageError("standard input is the predictions already", where="--labels")
        return input_paths([self.labels], command)

    def keywords(self) -> dict[str, Any]:
        """Return what was given, as the keywords of the public functions."""
        return given(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreFlags:
    """Which columns hold what."""

    scores: Annotated[
        str | None,
        option(
            "--scores",
            panel=SCORES,
            metavar="COLUMNS|PATTERN",
            help="Score columns: names or numbers, or a pattern such as 'prob_*' whose * is "
            "the class; none to compare predicted labels alone.",
        ),
    ] = None
    long: Annotated[
        str | None,
        option(
            "--long",
            panel=SCORES,
            metavar="ID,CLASS,PROBABILITY",
            help="There is a row for each id and class: the columns of id, class and probability.",
        ),
    ] = None
    input_: Annotated[
        StoredKind | None,
        option(
            "--input",
            panel=SCORES,
            metavar="KIND",
            help="What the scores are: probs, logits, log-probs, or percent (probabilities from 0 "
            "to 100). Default: by the column names, else probs, if the first rows lie in [0, 1] "
            "and sum to 1.",
        ),
    ] = None
    task: Annotated[
        Task | None,
        option(
            "--task",
            panel=SCORES,
            metavar="TASK",
            help="multiclass, binary or multilabel. Default: what the columns and the first rows "
            "show.",
        ),
    ] = None
    positive_class: Annotated[
        str | None,
        option(
            "--positive-class",
            panel=SCORES,
            metavar="LABEL",
            help="The class that the score is of, where there is one score a row. Default: "
            "the later.",
        ),
    ] = None
    confidence_of: Annotated[
        ConfidenceOf | None,
        option(
            "--confidence-of",
            panel=SCORES,
            metavar="CLASS",
            help="Whose the one score a row is: positive (the positive class in every row) or "
            "predicted (the class in the column of predicted labels). Default: by the columns and "
            "the first rows.",
        ),
    ] = None
    predicted_column: Annotated[
        str | None,
        option(
            "--predicted-column",
            panel=SCORES,
            metavar="NAME|NUMBER",
            help="Column with the predicted label, where no name tells. With --scores none it is "
            "all that is compared with the truth.",
        ),
    ] = None
    label_separator: Annotated[
        str | None,
        option(
            "--label-separator",
            panel=SCORES,
            metavar="TEXT",
            help="Stands between several labels in a cell: '|'. With --label-column 'y_*' there "
            "is a column a label instead.",
        ),
    ] = None
    ignore: Annotated[
        str | None,
        option(
            "--ignore",
            panel=SCORES,
            metavar="LABELS",
            help="Labels whose rows are left out, comma-separated: -100,255.",
        ),
    ] = None

    def keywords(self) -> dict[str, Any]:
        """Return what was given, as the keywords of the public functions."""
        return given(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class LossFlags:
    """Which loss is computed."""

    like: Annotated[
        str | None,
        option(
            "--like",
            panel=LOSS,
            metavar="FRAMEWORK|API",
            help="The number of a framework, exactly: torch, keras, keras-jax, tensorflow, tf1, "
            "sklearn, optax, xgboost, lightgbm, catboost, or one API: keras.BinaryCrossentropy.",
        ),
    ] = None
    label_smoothing: Annotated[
        float | None,
        option(
            "--label-smoothing",
            panel=LOSS,
            metavar="A",
            help="Targets t become (1 - A) t + A / K; those of labels (1 - A) t + A / 2.",
        ),
    ] = None
    focal_gamma: Annotated[
        float | None,
        option(
            "--focal-gamma",
            panel=LOSS,
            metavar="G",
            help="Focal loss: a loss l of a probability p becomes (1 - p)^G l.",
        ),
    ] = None
    alpha: Annotated[
        str | None,
        option(
            "--alpha",
            panel=LOSS,
            metavar="A|LIST",
            help="With --focal-gamma: A weighs positives, 1 - A negatives; or one number a class.",
        ),
    ] = None

    def keywords(self) -> dict[str, Any]:
        """Return what was given, as the keywords of the public functions."""
        return given(self)


def given(flags: Any) -> dict[str, Any]:
    """Return the values of a group of options, by the keywords of the public functions."""
    renamed = {"input_": "input", "focal_gamma": "gamma"}
    return {renamed.get(one.name, one.name): getattr(flags, one.name) for one in fields(flags)}
