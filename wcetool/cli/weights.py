"""`wcetool weights`."""

from __future__ import annotations

import os
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from wcetool.cli.beside_options import BesideFlags
from wcetool.cli.config import LABELS_KEY, Config
from wcetool.cli.label_options import SeveralFlags
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
from wcetool.cli.output import chosen_format, emit, input_paths, say_notes, write_stdout
from wcetool.cli.row_weight_options import RowWeightFlags
from wcetool.cli.running import check_outputs, is_same_file, running
from wcetool.cli.weight_options import SchemeFlags
from wcetool.core.schemes import parse_scheme
from wcetool.core.vocabulary import LabelTask
from wcetool.errors import UsageError, counted
from wcetool.snippets import Framework
from wcetool.snippets.registry import refuse_kind

USUAL_FILES = ("labels.csv", "labels.tsv", "labels.parquet")


def weights(
    ctx: typer.Context,
    several: SeveralFlags,
    reading: ReadingFlags,
    beside: BesideFlags,
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
    snippet: Annotated[
        str | None,
        option(
            "--snippet",
            panel=OUTPUT,
            metavar="FRAMEWORK",
            help="Show code to paste, and nothing else: "
            f"{', '.join(Framework)}. With -o it names the weight file.",
            autocompletion=lambda incomplete: [f for f in Framework if f.startswith(incomplete)],
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
    names = schemes.scheme or []
    mode = _mode(identify, names, several)
    _refuse_idle(ctx, mode, output)
    if snippet is not None:
        _check_snippet(ctx, snippet, names)
    source = None
    if not labels:
        labels, source = _default_labels(ctx)
    paths = input_paths(labels, "weights")
    check_outputs(ctx, _checked_outputs(output, delivery, mode), paths, reading)
    rows_output = [] if delivery.sample_weights is None else [delivery.sample_weights]
    check_outputs(ctx, rows_output, paths, reading, option="--sample-weights")
    options: dict[str, Any] = {
        "jobs": run.jobs,
        "memory": run.memory,
        "defaults": general_defaults(ctx),
        **reading.keywords(),
        **beside.keywords(),
        **several.keywords(),
        **schemes.keywords(),
    }
    with running(show, run) as progress:
        import wcetool

        options["on_progress"] = progress.advance
        result: Any
        if identify is not None:
            result = wcetool.identify_weights(identify, paths, **options)
        elif mode is _Mode.COMPARISON:
            result = wcetool.compare_weights(paths, names, **options)
        elif mode is _Mode.HEADS:
            columns, _ = options.pop("label_column"), options.pop("task")
            columns = columns[0] if len(columns) == 1 else columns  # one text may name several
            options |= {**delivery.keywords(), "combine": delivery.combine}
            result = wcetool.head_weights(paths, columns, *names, **options)
        else:
            options |= delivery.keywords()
            result = wcetool.class_weights(paths, *names, **options)
    if source is not None:
        result = replace(result, notes=(source, *result.notes))
    say_notes(result, run)
    if output is not None:
        write = wcetool.write_head_weights if mode is _Mode.HEADS else wcetool.write_weights
        write(result, output)
    if snippet is None:
        emit(result, form, show, rows, quiet=run.quiet)
    else:
        code = wcetool.snippet(result, snippet, path=output)
        write_stdout(code.encode("utf-8", "surrogatepass"))
    progress.close(_summary(result, delivery, mode))


class _Mode(StrEnum):
    """What the command is asked for; the value says what it is given, in a message."""

    WEIGHTS = "one --scheme"
    COMPARISON = "several --scheme"
    IDENTIFICATION = "--identify"
    HEADS = "--task multioutput"


def _mode(identify: str | None, schemes: list[str], several: SeveralFlags) -> _Mode:
    """Tell what is asked for.

    Raises
    ------
    UsageError
        If that is two things.
    """
    asked = [
        mode
        for mode, given in (
            (_Mode.IDENTIFICATION, identify is not None),
            (_Mode.COMPARISON, len(schemes) > 1),
            (_Mode.HEADS, several.task is LabelTask.MULTIOUTPUT),
        )
        if given
    ]
    if len(asked) > 1:
        raise UsageError(f"{asked[0].value} does not go with {asked[1].value}")
    return asked[0] if asked else _Mode.WEIGHTS


_OF_WEIGHTS = (
    *("scheme", "normalize", "cap", "max_weight", "min_weight", "smoothing", "zero_count"),
    "set_",
)
_OF_ROWS = ("sample_weights", "missing_weight")
_OF_HEADS = ("combine",)
_IDLE = {
    _Mode.WEIGHTS: _OF_HEADS,
    _Mode.COMPARISON: (*_OF_ROWS, *_OF_HEADS, "snippet", "output"),
    _Mode.IDENTIFICATION: (
        *(*_OF_WEIGHTS, *_OF_ROWS, *_OF_HEADS),
        *("snippet", "output", "sort", "top"),
    ),
    _Mode.HEADS: ("snippet",),
}


def _refuse_idle(ctx: typer.Context, mode: _Mode, output: str | None) -> None:
    """Refuse what makes no sense in a mode, and several label columns that are not named."""
    for name in _IDLE[mode]:
        if was_typed(ctx, name) or (name == "output" and output is not None):
            where = f"--{name.rstrip('_').replace('_', '-')}"
            if mode is _Mode.WEIGHTS:
                raise UsageError(f"has no effect without {_Mode.HEADS.value}", where=where)
            hint = None if mode is _Mode.IDENTIFICATION else _Mode.WEIGHTS.value
            raise UsageError(f"does not go with {mode.value}", where=where, hint=hint)
    if mode is _Mode.HEADS and not ctx.params.get("label_column"):
        raise UsageError(
            "multioutput takes several label columns", where="--task", hint="-l color,make"
        )


def _check_snippet(ctx: typer.Context, framework: str, schemes: list[str]) -> None:
    """Refuse what code does not heed, and a framework that has no code for the scheme."""
    for name in ("format", "color", "digits", "sort", "top"):
        if was_typed(ctx, name):
            raise UsageError("has no effect on --snippet, which shows code", where=f"--{name}")
    for scheme in schemes or ["inverse"]:
        refuse_kind(framework, parse_scheme(scheme).scheme.kind)


def _checked_outputs(output: str | None, delivery: RowWeightFlags, mode: _Mode) -> list[str]:
    """Return the files that the weights are written to; refuse what is no such file.

    Raises
    ------
    UsageError
        If a suffix is none of those that are written, or both outputs are one file.
    """
    from wcetool.data import head_weightfile, row_weights_file, weightfile

    outputs: list[str] = []
    if output is not None and mode is _Mode.HEADS:
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


def _summary(result: Any, delivery: RowWeightFlags, mode: _Mode) -> str:
    """Say what was done, in the last line."""
    if mode is _Mode.HEADS:
        n_classes = sum(len(head.weights.classes) for head in result.heads)
        columns = counted(len(result.heads), "column")
        done = f"weighted {counted(n_classes, 'class', 'classes')} of {columns}"
    else:
        done = f"weighted {counted(len(result.classes), 'class', 'classes')}"
    if delivery.sample_weights is None or mode not in (_Mode.WEIGHTS, _Mode.HEADS):
        return done
    return f"{done}, {counted(result.rows, 'row')}"


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
