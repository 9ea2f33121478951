"""`wcetool analyze`."""

from __future__ import annotations

from typing import Annotated

import typer

from wcetool.cli.beside_options import BesideFlags, SplitFlags
from wcetool.cli.label_options import LabelFlags
from wcetool.cli.options import (
    LABELS,
    RUN,
    ConfigFlags,
    ReadingFlags,
    ResultOutput,
    RowFlags,
    RunFlags,
    ShowFlags,
    general_defaults,
    option,
)
from wcetool.cli.output import chosen_format, emit, input_paths, say, say_notes
from wcetool.cli.running import check_outputs, running
from wcetool.errors import ExitCode, counted


def analyze(
    ctx: typer.Context,
    labels: Annotated[
        list[str],
        typer.Argument(
            metavar="LABELS",
            show_default=False,
            help="Files of labels in any format (docs/formats.md), globs, folders of Parquet, "
            "images, masks or YOLO labels, or -",
        ),
    ],
    several: LabelFlags,
    reading: ReadingFlags,
    beside: BesideFlags,
    split: SplitFlags,
    rows: RowFlags,
    show: ShowFlags,
    run: RunFlags,
    config: ConfigFlags,
    buckets: Annotated[
        str,
        option(
            "--buckets",
            panel=LABELS,
            metavar="MANY,FEW",
            help="Bounds of many, medium and few: more than MANY, fewer than FEW; or kang "
            "(100,20), oltr (99,21), lvis (100,11), as in their code. Default: 100,20.",
        ),
    ] = "100,20",
    confidence: Annotated[
        str | None,
        option(
            "--confidence",
            panel=LABELS,
            metavar="METHOD",
            help="Give the interval of every share, and of the ratio: wilson, clopper-pearson or "
            "jeffreys (class by class), goodman (all classes together). Default: none.",
        ),
    ] = None,
    level: Annotated[
        float | None,
        option(
            "--level",
            panel=LABELS,
            metavar="LEVEL",
            help="Confidence level of the intervals. Default: 0.95.",
        ),
    ] = None,
    fail_if: Annotated[
        list[str] | None,
        option(
            "--fail-if",
            panel=RUN,
            metavar="CONDITION",
            help='End with exit code 1 where it holds: "ratio > 100", "min_count < 30"; any '
            "measure, rows, classes, absent_classes, min_count, max_count, missing_share; with "
            "--split-column psi, psi_scaled, js_bits, cramers_v, chi2_p, missing_in_split, "
            "leaked_groups. May be given again.",
            by_environment=False,
        ),
    ] = None,
    n_features: Annotated[
        int | None,
        option(
            "--n-features",
            panel=LABELS,
            metavar="N",
            help="Number of input features, for the complexity score TCS of multilabel data.",
        ),
    ] = None,
    output: ResultOutput = None,
) -> None:
    """Report how imbalanced the classes of a label file are."""
    form = chosen_format(ctx, show, rows, output)
    paths = input_paths(labels, "analyze")
    check_outputs(ctx, [] if output is None else [output], paths, reading)
    with running(show, run) as progress:
        import wcetool

        result = wcetool.analyze(
            paths,
            buckets=buckets,
            confidence=confidence,
            level=level,
            fail_if=fail_if,
            n_features=n_features,
            jobs=run.jobs,
            memory=run.memory,
            on_progress=progress.advance,
            defaults=general_defaults(ctx),
            **beside.keywords(),
            **split.keywords(),
            **several.keywords(),
            **reading.keywords(),
        )
    say_notes(result, run)
    emit(result, form, show, rows, output, quiet=run.quiet)
    progress.close(
        f"analyzed {counted(result.rows, 'row')}, "
        f"{counted(result.counts.n_classes, 'class', 'classes')}, "
        f"{counted(result.missing, 'missing label')}"
    )
    failures = result.failures()
    for failure in failures:
        say("failed", failure)
    if failures:
        raise typer.Exit(ExitCode.GATE)
