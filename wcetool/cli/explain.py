"""`wcetool explain`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from wcetool.cli.options import ConfigFlags, ShowFlags
from wcetool.cli.output import chosen_format, emit


class Topic(StrEnum):
    """What can be explained."""

    SCHEMES = "schemes"
    CONVENTIONS = "conventions"


def explain(
    ctx: typer.Context,
    topic: Annotated[
        Topic,
        typer.Argument(
            metavar="TOPIC",
            show_default=False,
            help="schemes: how weights are made; conventions: what frameworks do with them",
        ),
    ],
    show: ShowFlags,
    config: ConfigFlags,
) -> None:
    """Explain weighting schemes, and what each framework does with weights."""
    form = chosen_format(ctx, show, None, None)
    from wcetool.results.catalog import ConventionCatalog, SchemeCatalog

    if topic is Topic.CONVENTIONS:
        emit(ConventionCatalog.of_registry(), form, show)
    else:
        emit(SchemeCatalog.of_registry(), form, show)
