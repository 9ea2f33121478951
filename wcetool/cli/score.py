"""`wcetool score`."""

from __future__ import annotations

from typing import Annotated

import typer

from wcetool.cli.options import (
    LOSS,
    OUTPUT,
    RUN,
    SCORES,
    WEIGHTS,
    ConfigFlags,
    ReadingFlags,
    ResultOutput,
    RowFlags,
    RunFlags,
    ShowFlags,
    general_defaults,
    option,
)
from wcetool.cli.output import chosen_format, emit, input_paths, say_notes
from wcetool.cli.running import check_outputs, is_same_file, running
from wcetool.cli.score_options import LossFlags, ScoreFlags, TruthFlags, WeightFlags
from wcetool.core.vocabulary import WeightBy
from wcetool.errors import UsageError, counted


def score(
    ctx: typer.Context,
    preds: Annotated[
        list[str],
        typer.Argument(
            metavar="PREDS",
            show_default=False,
            help="Files of predictions in any format (docs/formats.md): the true label and the "
            "score of each class; globs, folders of Parquet, or -",
        ),
    ],
    weighing: WeightFlags,
    truth: TruthFlags,
    columns: ScoreFlags,
    loss: LossFlags,
    reading: ReadingFlags,
    rows: RowFlags,
    show: ShowFlags,
    run: RunFlags,
    config: ConfigFlags,
    weight_by: Annotated[
        WeightBy | None,
        option(
            "--weight-by",
            panel=WEIGHTS,
            metavar="CLASS",
            help="Which class of a row gives it its weight: true, predicted, or pair (a cost "
            "matrix). Default: true.",
        ),
    ] = None,
    cost_matrix: Annotated[
        str | None,
        option(
            "--cost-matrix",
            panel=WEIGHTS,
            metavar="FILE",
            help="A weight for each pair of classes, .csv or .npy: rows true, columns predicted.",
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
        str | None,
        option(
            "--reduction",
            panel=LOSS,
            metavar="HOW",
            help="weighted-mean: sum(w l) / sum(w); mean: sum(w l) / rows; sum. Default: "
            "weighted-mean; with --like one of the framework's, by default its own default.",
        ),
    ] = None,
    clip: Annotated[
        float | None,
        option(
            "--clip",
            panel=LOSS,
            metavar="EPS",
            help="Raise the probability of the true class to at least EPS. Default: no clipping.",
        ),
    ] = None,
    batch_size: Annotated[
        str | None,
        option(
            "--batch-size",
            panel=LOSS,
            metavar="N,...",
            help="Show what a loop that averages batches of N rows would print, beside the loss.",
        ),
    ] = None,
    per_sample: Annotated[
        str | None,
        option(
            "--per-sample",
            panel=OUTPUT,
            metavar="PATH",
            help="Write the loss of each row there, as Parquet.",
        ),
    ] = None,
    dry_run: Annotated[
        bool,
        option(
            "--dry-run",
            panel=RUN,
            help="Compute nothing: say how the files are understood, show the first rows, and type "
            "the decision out as options.",
        ),
    ] = False,
    output: ResultOutput = None,
) -> None:
    """Evaluate weighted cross-entropy on stored predictions."""
    form = chosen_format(ctx, show, rows, output)
    paths = input_paths(preds, "score")
    labels = truth.paths("score", preds)
    if None not in (output, per_sample) and is_same_file(str(output), str(per_sample)):
        raise UsageError("is the output already", where="--per-sample")
    others = (weighing.weights, weighing.pos_weight, cost_matrix)
    for path, name in ((output, "--output"), (per_sample, "--per-sample")):
        outputs = [] if path is None else [path]
        check_outputs(ctx, outputs, [*paths, *(labels or [])], reading, *others, option=name)
    with running(show, run) as progress:
        import wcetool

        result = wcetool.score_file(
            paths,
            reduction=reduction,
            clip=clip,
            renormalize=renormalize,
            sum_tolerance=sum_tolerance,
            weight_by=weight_by,
            cost_matrix=cost_matrix,
            batch_size=batch_size,
            per_sample=per_sample,
            dry_run=dry_run,
            jobs=run.jobs,
            memory=run.memory,
            on_progress=progress.advance,
            defaults=general_defaults(ctx),
            **weighing.keywords(),
            **{**truth.keywords(), "labels": labels},
            **columns.keywords(),
            **loss.keywords(),
            **reading.keywords(),
        )
    say_notes(result, run)
    emit(result, form, show, rows, output, quiet=run.quiet)
    if isinstance(result, wcetool.ScorePlan):
        progress.close("nothing was computed")
        return
    progress.close(
        f"scored {counted(result.scored, 'row')}, "
        f"{counted(len(result.classes), 'class', 'classes')}, "
        f"{counted(result.missing, 'missing label')}"
    )
