"""Help in named groups, as plain text: nothing in it is read as markup, and nothing is cut."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand

from wcetool.cli.options import PANELS, RUN
from wcetool.cli.values import LazyValues

ARGUMENTS = "Arguments"


class GroupedCommand(LazyValues, TyperCommand):
    """A command whose options are listed under the panel that each names."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments, then a section per panel."""
        sections: dict[str, list[tuple[str, str]]] = {title: [] for title in (ARGUMENTS, *PANELS)}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is None:
                continue
            is_argument = param.param_type_name == "argument"
            if is_argument:
                record = (param.metavar or "", record[1].removesuffix("[required]").strip())
            panel = ARGUMENTS if is_argument else getattr(param, "rich_help_panel", None) or RUN
            sections[panel].append(record)
        for title, records in sections.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Name the arguments as they are called in the sections below."""
        pieces = ["[OPTIONS]"]
        for param in self.get_params(ctx):
            if param.param_type_name == "argument":
                name = f"{param.metavar}{'...' if param.nargs == -1 else ''}"
                pieces.append(name if param.required else f"[{name}]")
        return pieces

    def format_epilog(self, _: Any, formatter: Any) -> None:
        """Write the epilog line by line: it holds commands to run."""
        if self.epilog:
            formatter.write_paragraph()
            for line in self.epilog.splitlines():
                formatter.write(f"{line}\n")
