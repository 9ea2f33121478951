"""The weights of several label columns -> a page, with a section a column."""

from __future__ import annotations

from wcetool.errors import counted
from wcetool.render.page import Fact, Grid, Page, Section
from wcetool.render.view import View, page_title
from wcetool.render.weight_views import weights_page
from wcetool.results.head_weights import Head, HeadWeights


def heads_page(result: HeadWeights, view: View) -> Page:
    """Lay out the weights of all heads."""
    return Page(
        title=page_title(
            result.inputs,
            f"{counted(result.rows or 0, 'row')}, {counted(len(result.heads), 'label column')}",
        ),
        headline=(f"Class weights by {result.scheme}, for each label column.",),
        sections=[_section(head, view) for head in result.heads],
        signature=result.signature,
    )


def _section(head: Head, view: View) -> Section:
    """Lay out the weights of a head as if they were alone."""
    page = weights_page(head.weights, view)
    n_classes = counted(len(head.weights.classes), "class", "classes")
    n_labels = counted(sum(head.weights.count or ()), "label")
    facts = [fact for group in page.facts for fact in group if fact.name != "scheme"]
    return Section(
        head.column,
        [f"{n_labels}, {n_classes}"],
        Grid(page.columns, page.rows),
        closing=[_line(fact) for fact in facts],
    )


def _line(fact: Fact) -> str:
    return f"{fact.name}: {fact.value}" + (f", {fact.remark}" if fact.remark else "")
