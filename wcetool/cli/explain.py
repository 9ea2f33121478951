"""`wcetool explain`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from wcetool.cli.options import LOSS, ConfigFlags, ShowFlags, option, was_typed
from wcetool.cli.output import chosen_format, emit
from wcetool.core.vocabulary import Task
from wcetool.errors import UsageError


class Topic(StrEnum):
    """What can be explained."""

    SCHEMES = "schemes"
    CONVENTIONS = "conventions"


def explain(
    ctx: typer.Context,
    show: ShowFlags,
    config: ConfigFlags,
    topic: Annotated[
        Topic | None,
        typer.Argument(
            metavar="TOPIC",
            show_default=False,
            help="schemes: how weights are made; conventions: what frameworks do with them",
        ),
    ] = None,
    like: Annotated[
        str | None,
        option(
            "--like",
            panel=LOSS,
            metavar="FRAMEWORK|API",
            help="Of the conventions those of a framework, or one: keras, torch.CrossEntropyLoss.",
        ),
    ] = None,
    task: Annotated[
        Task | None,
        option(
            "--task",
            panel=LOSS,
            metavar="TASK",
            help="Of the conventions those for a task: multiclass, binary or multilabel.",
        ),
    ] = None,
) -> None:
    """Explain weighting schemes, and what each framework does with weights."""
    form = chosen_format(ctx, show, None, None)
    if topic is None and like is None and task is None:
        raise UsageError(
            "there is nothing to explain", hint="wcetool explain schemes, or explain --like keras"
        )
    if topic is Topic.SCHEMES and (was_typed(ctx, "like") or was_typed(ctx, "task")):
        raise UsageError(
            "schemes have neither --like nor --task", hint="wcetool explain conventions"
        )
    from wcetool.results.catalog import ConventionCatalog, SchemeCatalog

    if topic is Topic.SCHEMES:
        emit(SchemeCatalog.of_registry(), form, show)
    else:
        emit(ConventionCatalog.of_registry(like, task), form, show)
