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


def explain(
    ctx: typer.Context,
    topic: Annotated[Topic, typer.Argument(metavar="TOPIC", show_default=False, help="schemes")],
    show: ShowFlags,
    config: ConfigFlags,
) -> None:
    """Explain the weighting schemes: formula, source, care."""
    form = chosen_format(ctx, show, None, None)
    from wcetool.results.catalog import SchemeCatalog

    emit(SchemeCatalog.of_registry(), form, show)
