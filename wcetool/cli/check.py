"""`wcetool check`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wcetool.cli.label_options import SeveralFlags
from wcetool.cli.options import (
    SCORES,
    WEIGHTS,
    ConfigFlags,
    ReadingFlags,
    ResultOutput,
    RunFlags,
    ShowFlags,
    general_defaults,
    option,
)
from wcetool.cli.output import chosen_format, emit, input_paths, say_notes
from wcetool.cli.running import check_outputs, running
from wcetool.core.vocabulary import CheckName
from wcetool.errors import ExitCode, UsageError, counted


def check(
    ctx: typer.Context,
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="WEIGHTS DATA",
            show_default=False,
            help="A weight file, then what it is for: labels or counts as analyze takes them, or "
            "predictions as score takes them",
        ),
    ],
    several: SeveralFlags,
    reading: ReadingFlags,
    show: ShowFlags,
    run: RunFlags,
    config: ConfigFlags,
    allow: Annotated[
        list[str] | None,
        option(
            "--allow",
            panel=WEIGHTS,
            metavar="CHECK",
            help=f"Let a check fail; repeatable: {', '.join(CheckName)}.",
            autocompletion=lambda incomplete: [c for c in CheckName if c.startswith(incomplete)],
        ),
    ] = None,
    max_ratio: Annotated[
        float | None,
        option(
            "--max-ratio",
            panel=WEIGHTS,
            metavar="RATIO",
            help="How many times the smallest weight above 0 the largest may be. Default: 1000.",
        ),
    ] = None,
    scores: Annotated[
        str | None,
        option(
            "--scores",
            panel=SCORES,
            metavar="COLUMNS|PATTERN",
            help="Score columns of predictions, comma-separated, or a pattern such as 'prob_*'. "
            "Default: as score finds them; without any, the data are labels.",
        ),
    ] = None,
    output: ResultOutput = None,
) -> None:
    """Check a weight file against data; exit code 1 if a check fails."""
    form = chosen_format(ctx, show, None, output)
    if len(files) < 2:
        raise UsageError(
            "a weight file and data are needed", hint="wcetool check weights.json labels.csv"
        )
    paths = input_paths(files, "check")
    check_outputs(ctx, [] if output is None else [output], paths, reading)
    with running(show, run) as progress:
        import wcetool

        result = wcetool.check(
            Path(files[0]),
            paths[1:],
            allow=allow,
            max_ratio=max_ratio,
            scores=scores,
            jobs=run.jobs,
            memory=run.memory,
            on_progress=progress.advance,
            defaults=general_defaults(ctx),
            **several.keywords(),
            **reading.keywords(),
        )
    say_notes(result, run)
    emit(result, form, show, None, output, quiet=run.quiet)
    progress.close(
        f"{counted(len(result.checks), 'check')}, {counted(len(result.failed), 'failure')}"
    )
    if not result.passed:
        raise typer.Exit(ExitCode.GATE)
