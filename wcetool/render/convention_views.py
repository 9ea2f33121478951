"""The registry of conventions -> a page."""

from __future__ import annotations

from wcetool.core.vocabulary import Task
from wcetool.errors import counted
from wcetool.render.page import Page, Section
from wcetool.render.view import View
from wcetool.render.worked import given_section, worked_section
from wcetool.results.catalog import ConventionCatalog


def conventions_page(result: ConventionCatalog, _: View) -> Page:
    """Lay out the registry of conventions."""
    sections = []
    tasks = sorted({found.task for found in result.examples.values()}, key=list(Task).index)
    given = [] if result.is_whole else [given_section(task) for task in tasks]
    for row, entry in zip(result.class_rows(), result.conventions.values(), strict=True):
        lines = [
            entry.formula,
            f"weighs {entry.weighs}",
            f"divides by {entry.divides_by}",
            f"targets: {row['targets']}; from {row['input']}",
            f"reductions: {row['reductions']}",
        ]
        if entry.own_options:
            lines.append(f"options: {row['options']}")
        lines += [f"take care: {trap}" for trap in entry.traps]
        if result.is_whole:
            sections.append(Section(entry.name, lines))
        else:
            sections.append(worked_section(entry.name, lines, result.examples[entry.name]))
    letters = "x logits, p probabilities, t targets, y the true class; N rows, K classes or labels."
    return Page(
        title=f"{counted(len(sections), 'loss', 'losses')} of frameworks",
        headline=(letters, "w class weights, s sample weights, q positive weights."),
        sections=[*given, *sections],
        closing=_more_conventions(result),
        signature=result.signature,
    )


def _more_conventions(result: ConventionCatalog) -> str:
    """Say what shows more."""
    if result.is_whole:
        return "--like and --task narrow the list and work each loss through on a small example."
    several = {task for entry in result.conventions.values() for task in entry.tasks}
    shown = {found.task for found in result.examples.values()}
    if result.task is None and several > shown:
        others = [f"--task {task}" for task in Task if task in several - shown]
        return f"The example of another task: {' or '.join(others)}."
    return ""
