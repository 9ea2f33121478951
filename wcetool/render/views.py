"""An analysis -> a page: which numbers a person sees, in which words; no arithmetic."""

from __future__ import annotations

from wcetool.errors import counted
from wcetool.render.numbers import decimal, percent, whole
from wcetool.render.page import Fact, Page
from wcetool.render.view import (
    View,
    absent_facts,
    input_paths,
    missing_facts,
    page_title,
    share_bar,
    table_columns,
)
from wcetool.results.analysis import Analysis


def analysis_page(result: Analysis, view: View) -> Page:
    """Lay out an analysis."""
    digits, found = view.digits, result.imbalance
    counts = result.counts.count.tolist()
    names = result.counts.classes
    largest = names[counts.index(max(counts))]
    smallest_count = min(count for count in counts if count)
    smallest = names[counts.index(smallest_count)]
    rows = view.rows(
        result.class_rows(),
        "count",
        lambda hidden: {
            "count": sum(row["count"] for row in hidden),
            "share": sum(row["share"] for row in hidden),
        },
    )
    longest = max(row["share"] for row in result.class_rows())
    table = [
        (
            row["label"],
            whole(row["count"]),
            percent(row["share"], digits),
            decimal(row["ratio"], digits),
            share_bar(row, "share", longest),
        )
        for row in rows
    ]
    if found.classes == 1:
        headline = f"One class, {largest}: there is nothing to balance."
    elif smallest_count == max(counts):
        headline = f"The classes are balanced: each has {counted(smallest_count, 'label')}."
    else:
        headline = (
            f"Imbalance ratio {decimal(found.ratio, digits)}: {largest} has "
            f"{counted(max(counts), 'label')}, {smallest} has {whole(smallest_count)}."
        )
    buckets = result.buckets.sort(result.counts)
    facts = [
        Fact("imbalance ratio", decimal(found.ratio, digits), "largest count / smallest count"),
        Fact(
            "effective classes",
            decimal(found.effective_classes, digits),
            f"1 / sum of squared shares, of {found.classes:,}",
        ),
        Fact("evenness", decimal(found.evenness, digits), "entropy / ln(classes), 1 is balanced"),
        Fact("entropy", decimal(found.entropy, digits), "nats"),
        Fact("Gini coefficient", decimal(found.gini, digits), "of the counts, 0 is balanced"),
        Fact("minority share", percent(found.minority_share, digits), "of the rarest class"),
        Fact(
            "many, medium, few",
            f"{buckets['many']:,}, {buckets['medium']:,}, {buckets['few']:,}",
            f"classes; {result.buckets.rule} labels",
        ),
        *absent_facts(found.absent_classes),
        *missing_facts(result.missing, result.rows, digits),
    ]
    return Page(
        title=page_title(
            input_paths(result.inputs),
            f"{counted(result.counts.n_samples, 'label')}, "
            f"{counted(found.classes, 'class', 'classes')}",
        ),
        headline=(headline,),
        columns=table_columns("class", "count", "share", "ratio", ""),
        rows=table,
        facts=(facts,),
        signature=result.signature,
    )
