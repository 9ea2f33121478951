"""`wcetool weights`."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Annotated

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
)
from wcetool.cli.output import chosen_format, emit, input_paths, say_notes
from wcetool.cli.running import check_outputs, running
from wcetool.core.schemes import SCHEMES
from wcetool.core.vocabulary import Normalization, ZeroCount
from wcetool.errors import UsageError, counted

USUAL_FILES = ("labels.csv", "labels.tsv", "labels.parquet")


def weights(
    ctx: typer.Context,
    reading: ReadingFlags,
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
    scheme: Annotated[
        str,
        option(
            "--scheme",
            panel=WEIGHTS,
            metavar="NAME[:KEY=VALUE,...]",
            help=f"{', '.join(SCHEMES)}; see wcetool explain schemes. Default: inverse.",
            autocompletion=lambda incomplete: [s for s in SCHEMES if s.startswith(incomplete)],
        ),
    ] = "inverse",
    normalize: Annotated[
        Normalization,
        option(
            "--normalize",
            panel=WEIGHTS,
            metavar="HOW",
            help=f"{', '.join(Normalization)}. Default: as-published.",
        ),
    ] = Normalization.AS_PUBLISHED,
    cap: Annotated[
        float | None,
        option(
            "--cap",
            panel=WEIGHTS,
            metavar="RATIO",
            help="Lower the largest weights to RATIO times the smallest one.",
        ),
    ] = None,
    zero_count: Annotated[
        ZeroCount,
        option(
            "--zero-count",
            panel=WEIGHTS,
            metavar="POLICY",
            help="What a class without samples weighs: error, zero, or cap (with --cap). "
            "Default: error.",
        ),
    ] = ZeroCount.ERROR,
    set_: Annotated[
        list[str] | None,
        option(
            "--set",
            panel=WEIGHTS,
            metavar="LABEL=WEIGHT",
            help="The last word on one class; repeatable. All classes with --scheme manual.",
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
    given = _given_weights(set_ or [])
    source = None
    if not labels:
        labels, source = _default_labels(ctx)
    paths = input_paths(labels, "weights")
    from wcetool.data.weightfile import files_of

    check_outputs(ctx, [] if output is None else files_of(output), paths, reading)
    with running(show, run) as progress:
        import wcetool

        result = wcetool.class_weights(
            paths,
            scheme,
            normalize=normalize,
            cap=cap,
            zero_count=zero_count,
            set_weights=given,
            jobs=run.jobs,
            memory=run.memory,
            on_progress=progress.advance,
            defaults=general_defaults(ctx),
            **reading.keywords(),
        )
    if source is not None:
        result = replace(result, notes=(source, *result.notes))
    say_notes(result, run)
    if output is not None:
        wcetool.write_weights(result, output)
    emit(result, form, show, rows, quiet=run.quiet)
    progress.close(
        f"weighted {counted(len(result.classes), 'class', 'classes')}, "
        f"{counted(sum(result.count or ()), 'label')}"
    )


def _given_weights(texts: list[str]) -> dict[str, float]:
    """Read LABEL=WEIGHT; a label may hold =."""
    found: dict[str, float] = {}
    for text in texts:
        label, equals, weight = text.rpartition("=")
        try:
            value = float(weight)
        except ValueError:
            equals = ""
        if not equals or not label:
            raise UsageError(
                f"{text!r} is not of the form LABEL=WEIGHT", where="--set", hint="--set A=2.5"
            )
        if label in found:
            raise UsageError(f"class {label!r} is given twice", where="--set")
        found[label] = value
    return found


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
