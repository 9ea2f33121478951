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
from wcetool.cli.row_weight_options import RowWeightFlags
from wcetool.cli.running import check_outputs, is_same_file, running
from wcetool.cli.weight_options import SchemeFlags
from wcetool.errors import UsageError, counted

USUAL_FILES = ("labels.csv", "labels.tsv", "labels.parquet")


def weights(
    ctx: typer.Context,
    reading: ReadingFlags,
    schemes: SchemeFlags,
    delivery: RowWeightFlags,
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
            "beside it; of several label columns .json. The result is shown all the same.",
        ),
    ] = None,
) -> None:
    """Compute class weights from labels, and write the weight file."""
    form = chosen_format(ctx, show, rows, None)
    _refuse_idle(ctx, schemes, delivery, identify, output)
    _refuse_columns(ctx, delivery)
    source = None
    if not labels:
        labels, source = _default_labels(ctx)
    paths = input_paths(labels, "weights")
    check_outputs(ctx, _checked_outputs(output, delivery), paths, reading)
    rows_output = [] if delivery.sample_weights is None else [delivery.sample_weights]
    check_outputs(ctx, rows_output, paths, reading, option="--sample-weights")
    options: dict[str, Any] = {
        "jobs": run.jobs,
        "memory": run.memory,
        "defaults": general_defaults(ctx),
        **reading.keywords(),
        **schemes.keywords(),
    }
    with running(show, run) as progress:
        import wcetool

        options["on_progress"] = progress.advance
        result: Any
        if identify is not None:
            result = wcetool.identify_weights(identify, paths, **options)
        elif len(schemes.scheme or ()) > 1:
            result = wcetool.compare_weights(paths, schemes.scheme or (), **options)
        elif delivery.several:
            columns = options.pop("label_column")
            scheme = next(iter(schemes.scheme or ()), None)
            options |= {**delivery.keywords(), "combine": delivery.combine}
            result = wcetool.head_weights(paths, columns, scheme, **options)
        else:
            options |= delivery.keywords()
            result = wcetool.class_weights(paths, *(schemes.scheme or ()), **options)
    if source is not None:
        result = replace(result, notes=(source, *result.notes))
    say_notes(result, run)
    if output is not None:
        (wcetool.write_head_weights if delivery.several else wcetool.write_weights)(result, output)
    emit(result, form, show, rows, quiet=run.quiet)
    progress.close(_summary(result, delivery))


def _checked_outputs(output: str | None, delivery: RowWeightFlags) -> list[str]:
    """Return the files that the weights are written to; refuse what is no such file.

    Raises
    ------
    UsageError
        If a suffix is none of those that are written, or both outputs are one file.
    """
    from wcetool.data import head_weightfile, row_weights_file, weightfile

    outputs: list[str] = []
    if output is not None and delivery.several:
        head_weightfile.check_path(output)
        outputs = [output]
    elif output is not None:
        outputs = weightfile.files_of(output)
    rows = delivery.sample_weights
    if rows is not None:
        row_weights_file.suffix_of(rows)
        if any(is_same_file(rows, one) for one in outputs):
            raise UsageError("is the output already", where="--sample-weights")
    return outputs


def _summary(result: Any, delivery: RowWeightFlags) -> str:
    """Say what was done, in the last line."""
    if delivery.several:
        n_classes = sum(len(head.weights.classes) for head in result.heads)
        columns = counted(len(result.heads), "column")
        done = f"weighted {counted(n_classes, 'class', 'classes')} of {columns}"
    else:
        done = f"weighted {counted(len(result.classes), 'class', 'classes')}"
    return done if delivery.sample_weights is None else f"{done}, {counted(result.rows, 'row')}"


def _refuse_idle(
    ctx: typer.Context,
    schemes: SchemeFlags,
    delivery: RowWeightFlags,
    identify: str | None,
    output: str | None,
) -> None:
    """Refuse what makes no sense without one vector of weights."""
    if identify is not None or len(schemes.scheme or ()) > 1:
        _refuse_rows(ctx, delivery)
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


def _refuse_rows(ctx: typer.Context, delivery: RowWeightFlags) -> None:
    """Refuse what takes the weights of one scheme."""
    for flag, given in (
        ("--sample-weights", delivery.sample_weights is not None),
        ("--missing-weight", was_typed(ctx, "missing_weight")),
        ("--task", delivery.several),
    ):
        if given:
            raise UsageError("takes the weights of one scheme", where=flag, hint="one --scheme")


def _refuse_columns(ctx: typer.Context, delivery: RowWeightFlags) -> None:
    """Refuse several label columns that are not named, and what takes several."""
    if delivery.several and ctx.params.get("label_column") is None:
        raise UsageError(
            "multioutput takes several label columns", where="--task", hint="-l color,make"
        )
    if not delivery.several and was_typed(ctx, "combine"):
        raise UsageError("has no effect without --task multioutput", where="--combine")


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
