"""`wcetool weights`."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from wcetool.cli.config import LABELS_KEY, Config
from wcetool.cli.options import (
    OUTPUT,
    WEIGHTS,
    ConfigFlags,
    ReadingFlags,
    RowFlags,
    RunFlags,
    ShowFlags,
    environment_name,
    general_defaults,
    option,
    was_typed,
)
from wcetool.cli.output import chosen_format, emit, input_paths, say_notes
from wcetool.cli.running import check_outputs, running
from wcetool.cli.weight_options import SchemeFlags
from wcetool.errors import UsageError, counted

USUAL_FILES = ("labels.csv", "labels.tsv", "labels.parquet")


def weights(
    ctx: typer.Context,
    reading: ReadingFlags,
    schemes: SchemeFlags,
    rows: RowFlags,
    show: ShowFlags,
    run: RunFlags,
    config: ConfigFlags,
    labels: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="LABELS",
            show_default=False,
            help="As analyze takes them. Without: WCETOOL_LABELS, else the labels key of the "
            "configuration file, else the only one of labels.csv, labels.tsv, labels.parquet in "
            "the current folder.",
        ),
    ] = None,
    identify: Annotated[
        str | None,
        option(
            "--identify",
            panel=WEIGHTS,
            metavar="FILE|LIST",
            help="Say which scheme and normalization reproduce these weights: a weight file, JSON "
            "by label, or numbers in class order.",
        ),
    ] = None,
    output: Annotated[
        str | None,
        option(
            "-o",
            "--output",
            panel=OUTPUT,
            metavar="PATH",
            help="Write the weight file there: .json, .csv, .parquet, or .npy with class names "
            "beside it. The result is shown all the same.",
        ),
    ] = None,
) -> None:
    """Compute class weights from labels, and write the weight file."""
    form = chosen_format(ctx, show, rows, None)
    _refuse_idle(ctx, schemes, identify, output)
    source = None
    if not labels:
        labels, source = _default_labels(ctx)
    paths = input_paths(labels, "weights")
    from wcetool.data.weightfile import files_of

    check_outputs(ctx, [] if output is None else files_of(output), paths, reading)
    with running(show, run) as progress:
        import wcetool

        options = {
            "jobs": run.jobs,
            "memory": run.memory,
            "on_progress": progress.advance,
            "defaults": general_defaults(ctx),
            **reading.keywords(),
            **schemes.keywords(),
        }
        result: Any
        if identify is not None:
            result = wcetool.identify_weights(identify, paths, **options)
        elif len(schemes.scheme or ()) > 1:
            result = wcetool.compare_weights(paths, schemes.scheme or (), **options)
        else:
            result = wcetool.class_weights(paths, *(schemes.scheme or ()), **options)
    if source is not None:
        result = replace(result, notes=(source, *result.notes))
    say_notes(result, run)
    if output is not None:
        wcetool.write_weights(result, output)
    emit(result, form, show, rows, quiet=run.quiet)
    progress.close(f"weighted {counted(len(result.classes), 'class', 'classes')}")


def _refuse_idle(
    ctx: typer.Context, schemes: SchemeFlags, identify: str | None, output: str | None
) -> None:
    """Refuse what makes no sense without one vector of weights."""
    if identify is not None:
        for name in _OF_WEIGHTS:
            if was_typed(ctx, name):
                flag = f"--{name.rstrip('_').replace('_', '-')}"
                raise UsageError("has no effect: --identify looks for it", where=flag)
    if output is not None and (identify is not None or len(schemes.scheme or ()) > 1):
        raise UsageError(
            "a weight file holds the weights of one scheme",
            where="--output",
            hint="one --scheme; or -f json, and a redirection of the output",
        )


_OF_WEIGHTS = (
    *("scheme", "normalize", "cap", "max_weight", "min_weight", "smoothing", "zero_count"),
    "set_",
)


def _default_labels(ctx: typer.Context) -> tuple[list[str], str]:
    """Return the label files to take when none are named, and a note on where they come from."""
    config: Config = ctx.meta.get("wcetool.file", Config())
    variable = environment_name(LABELS_KEY)
    if os.environ.get(variable):
        found, source = [os.environ[variable]], variable
    elif config.labels:
        found, source = config.labels, os.path.relpath(config.path or "")
    else:
        found, source = [name for name in USUAL_FILES if Path(name).is_file()], "the current folder"
        if len(found) != 1:
            raise UsageError(
                f"no labels are named, and the current folder holds {' and '.join(found)}"
                if found
                else "no labels are named, and none are found",
                details=(
                    "looked for: the labels key of wcetool.toml or [tool.wcetool]",
                    f"looked for: {', '.join(USUAL_FILES)} in the current folder",
                ),
                hint="wcetool weights labels.csv",
            )
    return found, f"labels from {source}: {', '.join(found)}"
