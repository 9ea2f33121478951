"""Pages on a terminal, with Rich.

Labels are hostile text: they enter Rich only as `Text`, with control characters escaped. Off a
terminal nothing is cut; on one, long names are.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

from rich import box
from rich.bar import Bar as RichBar
from rich.cells import cell_len, set_cell_size
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from wcetool.errors import printable
from wcetool.render.page import Bar, Cell, Fact, Page

UNBOUNDED = 1 << 24  # columns, where there is no terminal
BAR_WIDTH = 24
LEAST_BAR = 4  # a shorter bar says nothing, and is left out
LEAST_NAME = 8
GAP = 2  # between columns


def write_page(page: Page, *, width: int | None, color: bool) -> str:
    """Write a page as text.

    Parameters
    ----------
    page : Page
        What to write.
    width : int or None
        Columns of the terminal; None where there is none.
    color : bool
        Whether escape codes are welcome.
    """
    output = io.StringIO()
    console = Console(
        file=output,
        width=width or UNBOUNDED,
        color_system="standard" if color else None,
        force_terminal=color,
        markup=False,
        highlight=False,
        emoji=False,
        legacy_windows=False,
    )
    console.print(_text(page.title))
    for number, sentence in enumerate(page.headline):
        if not number:
            console.print()
        console.print(_text(sentence, "" if number else "bold"))
    if page.columns:
        console.print()
        console.print(_table(page, width), crop=False, no_wrap=True)
    for group in page.facts:
        console.print()
        console.print(_facts(group))
    for section in page.sections:
        console.print()
        console.print(_text(section.title, "bold"))
        for line in section.lines:
            console.print(Padding(_text(line), (0, 0, 0, 2), expand=False))
    return "\n".join(line.rstrip() for line in output.getvalue().split("\n"))


def _table(page: Page, width: int | None) -> Table:
    """Lay out the table: numbers are never cut; names, then bars, give way to a narrow terminal."""
    shown = list(range(len(page.columns)))
    needed = {i: _cells_width(page, i) for i in shown if not _is_bar(page, i)}
    numbers = sum(needed[i] + GAP for i in needed if not page.columns[i].is_name)
    name = bar = None
    if width is not None:
        name = max(LEAST_NAME, width - numbers)
        names = sum(min(needed[i], name) for i in needed if page.columns[i].is_name)
        bar = width - numbers - names - GAP
        if bar < LEAST_BAR:
            shown = list(needed)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, GAP - 1, 0, 0))
    for i in shown:
        header = _text(page.columns[i].header)
        if page.columns[i].is_name:
            table.add_column(header, no_wrap=True)
        elif i in needed:
            table.add_column(header, justify="right", no_wrap=True, min_width=needed[i])
        else:
            table.add_column(header, no_wrap=True)
    for row in page.rows:
        cells = [
            _shortened(row[i], name) if page.columns[i].is_name and name is not None else row[i]
            for i in shown
        ]
        table.add_row(*(_cell(cell, min(bar or BAR_WIDTH, BAR_WIDTH)) for cell in cells))
    return table


def _shortened(name: Cell, width: int) -> Cell:
    """Cut a long name in the middle: what tells classes apart is often at the end."""
    text = printable(str(name))
    if cell_len(text) <= width:
        return name
    head = set_cell_size(text, width // 2)
    tail = ""
    for character in reversed(text):
        if cell_len(character + tail) > width - width // 2 - 1:
            break
        tail = character + tail
    return f"{head}…{tail}"


def _is_bar(page: Page, column: int) -> bool:
    return any(isinstance(row[column], Bar) for row in page.rows)


def _cells_width(page: Page, column: int) -> int:
    cells = [_text(str(row[column])).cell_len for row in page.rows]
    return max([len(page.columns[column].header), *cells])


def _cell(cell: Cell, bar_width: int) -> RenderableType:
    if isinstance(cell, Bar):
        return RichBar(1.0, 0.0, cell.length or 0.0, width=bar_width, color="cyan")
    return _text(cell)


def _facts(facts: Sequence[Fact]) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column()
    for fact in facts:
        grid.add_row(_text(fact.name), _text(fact.value, "bold"), _text(fact.remark, "dim"))
    return grid


def _text(text: str, style: str = "") -> Text:
    return Text(printable(text), style=style)
