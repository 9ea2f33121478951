"""Pages as Markdown; every character of a label that Markdown or HTML could read is escaped."""

from __future__ import annotations

import re

from wcetool.errors import printable
from wcetool.render.page import Grid, Page

_SPECIAL = re.compile(r"([\\`*_\[\]|<>&~])")


def write_page(page: Page) -> str:
    """Write a page as Markdown."""
    lines = [f"**{_escaped(page.title)}**", "", *map(_escaped, page.headline)]
    if page.columns:
        lines += ["", *_table(page.table)]
    for group in page.facts:
        lines.append("")
        for fact in group:
            remark = f" ({_escaped(fact.remark)})" if fact.remark else ""
            lines.append(f"- {_escaped(fact.name)}: {_escaped(fact.value)}{remark}")
    for section in page.sections:
        lines += ["", f"**{_escaped(section.title)}**", ""]
        lines += [f"- {_escaped(line)}" for line in section.lines]
        if section.table.columns:
            lines += ["", *_table(section.table)]
        if section.closing:
            lines += ["", *(f"- {_escaped(line)}" for line in section.closing)]
    if page.closing:
        lines += ["", _escaped(page.closing)]
    lines += ["", _escaped(page.signature)]
    return "\n".join(lines) + "\n"


def _table(grid: Grid) -> list[str]:
    columns = [i for i in range(len(grid.columns)) if not grid.is_bar(i)]
    header = [_escaped(grid.columns[i].header) for i in columns]
    rule = [":---" if grid.columns[i].is_name else "---:" for i in columns]
    rows = [[_escaped(str(row[i])) for i in columns] for row in grid.rows]
    return [f"| {' | '.join(cells)} |" for cells in (header, rule, *rows)]


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", printable(text))
