"""`wcetool explain`."""

from __future__ import annotations

import os
from contextlib import suppress
from enum import StrEnum
from typing import Annotated

import typer

from wcetool.cli.options import (
    OUTPUT,
    ConfigFlags,
    ReadingFlags,
    RowFlags,
    RunFlags,
    ShowFlags,
    general_defaults,
    option,
    was_typed,
)
from wcetool.cli.output import chosen_format, emit, input_paths, say_notes
from wcetool.cli.running import running
from wcetool.cli.score_options import LossFlags, ScoreFlags, TruthFlags, WeightFlags
from wcetool.errors import UsageError, counted, listed, nearest, short_repr


class Topic(StrEnum):
    """What can be explained without predictions."""

    SCHEMES = "schemes"
    CONVENTIONS = "conventions"
    MEASURES = "measures"


_OF_TOPIC = {
    Topic.SCHEMES: {"format", "color", "config", "no_config", "verbose", "quiet"},
    Topic.MEASURES: {"format", "color", "config", "no_config", "verbose", "quiet"},
    Topic.CONVENTIONS: {
        "like",
        "task",
        "format",
        "color",
        "config",
        "no_config",
        "verbose",
        "quiet",
    },
}


def explain(
    ctx: typer.Context,
    show: ShowFlags,
    config: ConfigFlags,
    loss: LossFlags,
    weighing: WeightFlags,
    truth: TruthFlags,
    columns: ScoreFlags,
    reading: ReadingFlags,
    run: RunFlags,
    what: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[TOPIC|PREDS]...",
            show_default=False,
            help="schemes: how weights are made; conventions: what frameworks do with them; "
            "measures: how imbalance is measured; or prediction files: what every framework gives "
            "on them",
        ),
    ] = None,
    digits: Annotated[
        int,
        option("--digits", panel=OUTPUT, metavar="N", help="Decimals. Default: 4.", min=0, max=17),
    ] = 4,
) -> None:
    """Explain weighting schemes, measures, and what each framework does with weights."""
    form = chosen_format(ctx, show, RowFlags(digits=digits), None)
    named = what or []
    if not named and loss.like is None and columns.task is None:
        raise UsageError(
            "there is nothing to explain", hint="wcetool explain schemes, or explain --like keras"
        )
    topic = _topic(named)
    if topic is not None:
        _refuse_others(ctx, topic)
        from wcetool.results.catalog import ConventionCatalog, MeasureCatalog, SchemeCatalog

        if topic is Topic.SCHEMES:
            emit(SchemeCatalog.of_registry(), form, show)
        elif topic is Topic.MEASURES:
            emit(MeasureCatalog.of_registry(), form, show)
        else:
            emit(ConventionCatalog.of_registry(loss.like, columns.task), form, show)
        return
    paths = input_paths(named, "explain")
    labels = truth.paths("explain", named)
    with running(show, run) as progress:
        import wcetool

        result = wcetool.explain_file(
            paths,
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
    emit(result, form, show, RowFlags(digits=digits), quiet=run.quiet)
    progress.close(
        f"compared {counted(len(result.found), 'convention')} on "
        f"{counted(result.report.scored, 'row')}"
    )


def _topic(named: list[str]) -> Topic | None:
    """Return the topic; None where prediction files are named."""
    if not named:
        return Topic.CONVENTIONS
    topics = [Topic(one) for one in named if one in list(Topic)]
    if topics and len(named) > 1:
        raise UsageError(
            f"{topics[0].value} is explained by itself", hint=f"wcetool explain {topics[0].value}"
        )
    if topics:
        return topics[0]
    for name in named:
        if not ({*name} & {*"/*?["} or name == "-" or os.path.exists(name) or _is_path(name)):
            raise UsageError(
                f"{short_repr(name)} is neither a topic ({listed(Topic)}) nor a file",
                hint=f"wcetool explain {_meant(name)}",
            )
    return None


def _is_path(name: str) -> bool:
    """Tell whether a name that is no file is meant as one: by a suffix of letters."""
    suffix = os.path.splitext(name)[1][1:]
    return bool(suffix) and suffix.isalnum() and suffix.islower()


def _meant(name: str) -> str:
    """Return what somebody means who names a framework, or misspells a topic."""
    from wcetool.core.conventions import canonical, find_convention, frameworks

    if canonical(name) in frameworks():
        return f"--like {canonical(name)}"
    with suppress(UsageError):
        return f"--like {find_convention(name).api!r}"
    return nearest(name, list(Topic)) or Topic.CONVENTIONS.value


def _refuse_others(ctx: typer.Context, topic: Topic) -> None:
    """Refuse options that are for prediction files."""
    for param in ctx.command.params:
        name = param.name or ""
        if name != "what" and was_typed(ctx, name) and name not in _OF_TOPIC[topic]:
            raise UsageError(
                f"has no effect on {topic.value}",
                where=param.opts[0],
                hint="wcetool explain conventions"
                if name in ("like", "task")
                else f"wcetool explain PREDS {param.opts[0]}: what every framework gives",
            )
