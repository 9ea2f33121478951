"""Splits and the drift between them -> sections of a page. No arithmetic beyond rounding."""

from __future__ import annotations

from wcetool.errors import counted, printable, short_repr
from wcetool.render.numbers import decimal, percent, whole
from wcetool.render.page import Fact, Grid, Section
from wcetool.render.view import View, table_columns
from wcetool.results.analysis import Analysis
from wcetool.results.document import Row
from wcetool.results.splits import split_rows

HEADER_CHARACTERS = 16  # of the name of a split above a column
GAPS_SHOWN = 5


def how_many(result: Analysis, samples: float, digits: int, *, unit: bool = True) -> str:
    """Say what a class has: labels, or a sum of sample weights."""
    if result.counts.weight_sum is not None:
        return decimal(samples, digits) + (" in sample weights" if unit else "")
    return counted(int(samples), "label") if unit else whole(int(samples))


def group_facts(result: Analysis) -> list[Fact]:
    """Count the groups; nothing where there are none."""
    if result.groups is None:
        return []
    return [Fact("groups", whole(result.groups.n_groups), "that hold a labelled row")]


def split_sections(result: Analysis, view: View) -> list[Section]:
    """Lay out the shares by split, and how far the splits are apart; nothing without splits."""
    if result.splits is None or result.drift is None:
        return []
    return [_shares(result, view), _drift(result, view)]


def _shares(result: Analysis, view: View) -> Section:
    """Set the counts and the shares of the classes side by side, a column a split."""
    splits = result.splits.splits if result.splits is not None else ()
    keys = [f"{what}:{name}" for name in splits for what in ("count", "share")]
    rows = view.rows(
        result.class_rows(),
        "count",
        lambda hidden: {
            key: None if hidden[0][key] is None else sum(row[key] for row in hidden) for key in keys
        },
    )
    table = [
        (row["label"], *(_count_and_share(row, name, view.digits) for name in splits))
        for row in rows
    ]
    return Section(
        "Classes by split: count and share",
        (),
        Grid(table_columns("class", *map(_header, splits)), table),
    )


def _count_and_share(row: Row, split: str, digits: int) -> str:
    # The widest share, so that counts stand below one another.
    width = len(percent(1.0, digits))
    return f"{whole(row[f'count:{split}'])}  {percent(row[f'share:{split}'], digits):>{width}}"


def _header(name: str) -> str:
    """Cut a long name in the middle."""
    text = printable(name)
    if len(text) <= HEADER_CHARACTERS:
        return text
    half = HEADER_CHARACTERS // 2
    return f"{text[:half]}…{text[1 - half :]}"


def _drift(result: Analysis, view: View) -> Section:
    """List the splits with their distances, and what tests say of all of them."""
    drift, splits, digits = result.drift, result.splits, view.digits
    if drift is None or splits is None:
        return Section("Drift", ())
    rows = [_split_cells(row, digits) for row in split_rows(splits, drift)]
    headers = ["rows", "labels", "classes", "JS bits", "PSI", "PSI/usual"]
    if drift.leaks is not None:
        headers.append("leaked groups")
    return Section(
        f"Drift against {short_repr(drift.reference)}",
        (),
        Grid(table_columns("split", *headers), rows),
        _sentences(result, digits),
    )


def _split_cells(row: Row, digits: int) -> tuple[str, ...]:
    numbers = [decimal(row[key], digits) for key in ("js_bits", "psi", "psi_scaled")]
    cells = [whole(row["rows"]), whole(row["labels"]), whole(row["classes"]), *numbers]
    if "leaked_groups" in row:
        cells.append(whole(row["leaked_groups"]))
    return (row["split"], *cells)


def _sentences(result: Analysis, digits: int) -> list[str]:
    drift = result.drift
    if drift is None:
        return []
    tests, lines = drift.homogeneity, []
    if tests.chi2 is not None:
        freedom = counted(tests.degrees_of_freedom, "degree of freedom", "degrees of freedom")
        chi2, g = (
            f"{decimal(value, digits)}, p {decimal(p, digits)}"
            for value, p in ((tests.chi2, tests.chi2_p), (tests.g, tests.g_p))
        )
        corrected = decimal(tests.cramers_v_corrected, digits)
        lines.append(f"chi-square {chi2}; {freedom}, no Yates correction")
        lines.append(f"G {g}")
        lines.append(
            f"Cramer's V {decimal(tests.cramers_v, digits)}, bias-corrected {corrected}; 0 is no "
            "drift, 1 the most"
        )
        lines.append("PSI/usual: the PSI over (K - 1)(1/n + 1/m), its mean in random splits")
    if any(one.half_added for one in drift.divergences):
        lines.append("PSI: where a class is absent from a split, 1/2 is added to every count")
    lines += [
        f"{short_repr(gap.split)} lacks class {short_repr(gap.label)}: chance in a random split "
        f"{decimal(gap.chance, digits)}"
        for gap in drift.gaps[:GAPS_SHOWN]
    ]
    if drift.missing_in_split > GAPS_SHOWN:
        lines.append(f"… {drift.missing_in_split - GAPS_SHOWN:,} more classes that a split lacks")
    if drift.leaks is not None:
        lines.append(
            f"{whole(drift.leaks.leaked)} of {counted(drift.leaks.groups, 'group')} in more than "
            "one split"
        )
    return lines
