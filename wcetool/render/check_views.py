"""The result of `check` -> a page."""

from __future__ import annotations

from wcetool.errors import counted
from wcetool.render.page import Fact, Page, Section
from wcetool.render.view import View, input_paths, page_title
from wcetool.results.check import Check, CheckReport


def check_page(result: CheckReport, _: View) -> Page:
    """Lay out checks: a line each, and more on those that failed."""
    failed = [one for one in result.checks if one.failed]
    checked = sum(one.passed is not None for one in result.checks)
    headline = (
        f"{counted(len(failed), 'check')} of {checked} failed: {', '.join(result.failed)}."
        if failed
        else f"All {checked} checks passed."
        if all(one.passed is not False for one in result.checks)
        else "All checks passed but those that may fail."
    )
    return Page(
        title=page_title(
            input_paths(result.inputs),
            f"checked against {result.weights or 'weights'}, by {result.scheme}",
        ),
        headline=(headline,),
        facts=([Fact(one.check.value, _word(one), one.found) for one in result.checks],),
        sections=[
            Section(one.check.value, [f"expected: {one.expected}", f"hint: {one.hint}"])
            for one in failed
        ],
        signature=result.signature,
    )


def _word(one: Check) -> str:
    if one.passed is None:
        return "—"
    if one.passed:
        return "ok"
    return "allowed" if one.allowed else "FAILED"
