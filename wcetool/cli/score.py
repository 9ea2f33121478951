"""`wcetool score`."""

from __future__ import annotations

from typing import Annotated

import typer

from wcetool.cli.options import (
    LOSS,
    OUTPUT,
    SCORES,
    WEIGHTS,
    ConfigFlags,
    ReadingFlags,
    RowFlags,
    RunFlags,
    ShowFlags,
    general_defaults,
    option,
)
from wcetool.cli.output import chosen_format, emit, input_paths, say_notes
from wcetool.cli.running import check_outputs, running
from wcetool.core.vocabulary import Absent, InputKind, Reduction
from wcetool.errors import UsageError, counted


def score(
    ctx: typer.Context,
    preds: Annotated[
        list[str],
        typer.Argument(
            metavar="PREDS",
            show_default=False,
            help="Prediction files: CSV, TSV or Parquet with the true label and a score per "
            "class; globs, folders of Parquet, or -",
        ),
    ],
    reading: ReadingFlags,
    rows: RowFlags,
    show: ShowFlags,
    run: RunFlags,
    config: ConfigFlags,
    weights: Annotated[
        str | None,
        option(
            "--weights",
            panel=WEIGHTS,
            metavar="FILE|SCHEME",
            help="A weight file, or a scheme computed from the labels scored. Default: none.",
        ),
    ] = None,
    absent: Annotated[
        Absent,
        option(
            "--absent",
            panel=WEIGHTS,
            metavar="POLICY",
            help="What a class weighs that the weight file lacks: error, zero, one. Default: "
            "error.",
        ),
    ] = Absent.ERROR,
    labels: Annotated[
        str | None,
        option(
            "--labels",
            panel=SCORES,
            metavar="FILE",
            by_environment=False,  # WCETOOL_LABELS is the default of weights
            help="The truth, where it is in another file: by row order, lengths are checked.",
        ),
    ] = None,
    scores: Annotated[
        str | None,
        option(
            "--scores",
            panel=SCORES,
            metavar="COLUMNS|PATTERN",
            help="Score columns: names or numbers, or a pattern such as 'prob_*' whose * is "
            "the class.",
        ),
    ] = None,
    input_: Annotated[
        InputKind | None,
        option(
            "--input",
            panel=SCORES,
            metavar="KIND",
            help="What the scores are: probs, logits or log-probs. Default: by the column names, "
            "else probs, if the first rows lie in [0, 1] and sum to 1.",
        ),
    ] = None,
    positive_class: Annotated[
        str | None,
        option(
            "--positive-class",
            panel=SCORES,
            metavar="LABEL",
            help="The class that the score is of, where there is one score a row. Default: "
            "the later.",
        ),
    ] = None,
    renormalize: Annotated[
        bool,
        option("--renormalize", panel=SCORES, help="Divide each row of probabilities by its sum."),
    ] = False,
    sum_tolerance: Annotated[
        float | None,
        option(
            "--sum-tolerance",
            panel=SCORES,
            metavar="T",
            help="How far a row of probabilities may be from [0, 1] and a sum of 1. Default: "
            "1e-4, and what the rounding of the values explains.",
        ),
    ] = None,
    reduction: Annotated[
        Reduction,
        option(
            "--reduction",
            panel=LOSS,
            metavar="HOW",
            help="weighted-mean: sum(w l) / sum(w); mean: sum(w l) / rows; sum. Default: "
            "weighted-mean.",
        ),
    ] = Reduction.WEIGHTED_MEAN,
    clip: Annotated[
        float | None,
        option(
            "--clip",
            panel=LOSS,
            metavar="EPS",
            help="Raise the probability of the true class to at least EPS. Default: no clipping.",
        ),
    ] = None,
    output: Annotated[
        str | None,
        option(
            "-o",
            "--output",
            panel=OUTPUT,
            metavar="PATH",
            help="Write the result there, whole or not at all; the suffix chooses the format.",
        ),
    ] = None,
) -> None:
    """Evaluate weighted cross-entropy on stored predictions."""
    form = chosen_format(ctx, show, rows, output)
    paths = input_paths(preds, "score")
    truth = None if labels is None else input_paths([labels], "score")
    if truth is not None and "-" in preds and labels == "-":
        raise UsageError("standard input is the predictions already", where="--labels")
    outputs = [] if output is None else [output]
    check_outputs(ctx, outputs, [*paths, *(truth or [])], reading, weights)
    with running(show, run) as progress:
        import wcetool

        result = wcetool.score_file(
            paths,
            weights=weights,
            absent=absent,
            labels=truth,
            scores=scores,
            input=input_,
            positive_class=positive_class,
            reduction=reduction,
            clip=clip,
            renormalize=renormalize,
            sum_tolerance=sum_tolerance,
            jobs=run.jobs,
            memory=run.memory,
            on_progress=progress.advance,
            defaults=general_defaults(ctx),
            **reading.keywords(),
        )
    say_notes(result, run)
    emit(result, form, show, rows, output, quiet=run.quiet)
    progress.close(
        f"scored {counted(result.numbers.scored, 'row')}, "
        f"{counted(len(result.classes), 'class', 'classes')}, "
        f"{counted(result.missing, 'missing label')}"
    )
