"""Pages on a terminal, with Rich.

Labels are hostile text: they enter Rich only as `Text`, with control characters escaped. Off a
terminal nothing is cut; on one, long names are.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

from rich import box
from rich.bar import Bar as RichBar
from rich.cells import cell_len, set_cell_size
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from wcetool.errors import printable
from wcetool.render.page import Bar, Cell, Fact, Grid, Page

UNBOUNDED = 1 << 24  # columns, where there is no terminal
BAR_WIDTH = 24
LEAST_BAR = 4  # a shorter bar says nothing, and is left out
LEAST_NAME = 8
GAP = 2  # between columns
INDENT = 2  # of what a section says


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
        _print_table(console, page.table, width, whole="csv")
    for group in page.facts:
        console.print()
        console.print(_facts(group))
    for section in page.sections:
        console.print()
        console.print(_text(section.title, "bold"))
        if section.copied:
            for line in section.lines:
                console.print(_text(f"{' ' * INDENT}{line}"), soft_wrap=True)
        else:
            _print_lines(console, section.lines)
        if section.table.columns:
            _print_table(console, section.table, width, indent=2 * INDENT, whole="json")
        _print_lines(console, section.closing)
    if page.closing:
        console.print()
        console.print(_text(page.closing))
    console.print()
    console.print(_text(page.signature, "dim"), overflow="fold")
    return "\n".join(line.rstrip() for line in output.getvalue().split("\n"))


def _print_table(
    console: Console, grid: Grid, width: int | None, *, indent: int = 0, whole: str
) -> None:
    """Print what fits, and name the format that holds what does not."""
    fit = _Fit.of(grid, None if width is None else width - indent)
    margin = (0, 0, 0, indent)
    console.print(Padding(_table(grid, fit), margin, expand=False), crop=False, no_wrap=True)
    if fit.left_out:
        note = f"too narrow for {', '.join(fit.left_out)} (-f {whole} has all)"
        console.print(Padding(_text(note, "dim"), margin, expand=False))


def _print_lines(console: Console, lines: Sequence[str]) -> None:
    for line in lines:
        console.print(Padding(_text(line), (0, 0, 0, INDENT), expand=False))


@dataclass(frozen=True, slots=True)
class _Fit:
    """Which columns of a table are shown on a terminal, and how wide they are."""

    shown: list[int]
    name: int | None  # None: as wide as needed
    bar: int
    left_out: list[str]

    @classmethod
    def of(cls, grid: Grid, width: int | None) -> _Fit:
        """Numbers are never cut: names give way first, then bars, then the last columns."""
        shown = list(range(len(grid.columns)))
        if width is None:
            return cls(shown, None, BAR_WIDTH, [])
        needed = {i: _cells_width(grid, i) for i in shown if not grid.is_bar(i)}
        numbers = [i for i in needed if not grid.columns[i].is_name]
        names = max((needed[i] for i in needed if grid.columns[i].is_name), default=0)
        left_out: list[str] = []

        def room() -> int:
            return width - sum(needed[i] + GAP for i in numbers)

        while len(numbers) > 1 and room() < min(names, LEAST_NAME):
            dropped = numbers.pop()
            shown.remove(dropped)
            left_out.insert(0, grid.columns[dropped].header)
        name = min(names, max(room(), LEAST_NAME))
        bar = min(room() - name - GAP, BAR_WIDTH)
        if bar < LEAST_BAR:
            shown = [i for i in shown if i in needed]
        return cls(shown, name, bar, left_out)


def _table(grid: Grid, fit: _Fit) -> Table:
    """Lay out the table."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, GAP - 1, 0, 0))
    for i in fit.shown:
        header = _text(grid.columns[i].header)
        if grid.columns[i].is_name:
            table.add_column(header, no_wrap=True, min_width=fit.name)
        elif grid.is_bar(i):
            table.add_column(header, no_wrap=True, min_width=fit.bar)
        else:
            table.add_column(header, justify="right", no_wrap=True, min_width=_cells_width(grid, i))
    for row in grid.rows:
        cells = [
            _shortened(row[i], fit.name)
            if grid.columns[i].is_name and fit.name is not None
            else row[i]
            for i in fit.shown
        ]
        table.add_row(*(_cell(cell, fit.bar) for cell in cells))
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


def _cells_width(grid: Grid, column: int) -> int:
    cells = [_text(str(row[column])).cell_len for row in grid.rows]
    return max([len(grid.columns[column].header), *cells])


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
