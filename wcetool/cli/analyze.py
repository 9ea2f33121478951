"""`wcetool analyze`."""

from __future__ import annotations

from typing import Annotated

import typer

from wcetool.cli.options import (
    LABELS,
    OUTPUT,
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
from wcetool.errors import counted


def analyze(
    ctx: typer.Context,
    labels: Annotated[
        list[str],
        typer.Argument(
            metavar="LABELS",
            show_default=False,
            help="CSV, TSV or Parquet files (also .gz .bz2 .xz .zst), globs, folders of "
            "Parquet, or -",
        ),
    ],
    reading: ReadingFlags,
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
            help="Bounds of many, medium and few: more than MANY, fewer than FEW. Default: 100,20.",
        ),
    ] = "100,20",
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
    """Report how imbalanced the classes of a label file are."""
    form = chosen_format(ctx, show, rows, output)
    paths = input_paths(labels, "analyze")
    check_outputs(ctx, [] if output is None else [output], paths, reading)
    with running(show, run) as progress:
        import wcetool

        result = wcetool.analyze(
            paths,
            buckets=buckets,
            jobs=run.jobs,
            memory=run.memory,
            on_progress=progress.advance,
            defaults=general_defaults(ctx),
            **reading.keywords(),
        )
    say_notes(result, run)
    emit(result, form, show, rows, output, quiet=run.quiet)
    progress.close(
        f"analyzed {counted(result.rows, 'row')}, "
        f"{counted(result.counts.n_classes, 'class', 'classes')}, "
        f"{counted(result.missing, 'missing label')}"
    )
