"""Results -> pages: which numbers a person sees, in which words. No arithmetic beyond rounding."""

from __future__ import annotations

from wcetool.errors import counted
from wcetool.render.numbers import decimal, percent, whole
from wcetool.render.page import Fact, Page, Section
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
from wcetool.results.catalog import SchemeCatalog
from wcetool.results.weights import ClassWeights


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


def weights_page(result: ClassWeights, view: View) -> Page:
    """Lay out class weights."""
    digits = view.digits
    rows = view.rows(
        result.class_rows(),
        "count",
        lambda hidden: {"count": sum(row["count"] for row in hidden)},
    )
    longest = max(result.weight) or 1.0
    table = [
        (
            row["label"],
            whole(row["count"]),
            decimal(row["weight"], digits),
            share_bar(row, "weight", longest),
        )
        for row in rows
    ]
    positive = [weight for weight in result.weight if weight > 0]
    samples = sum(result.count or ())
    facts = [
        Fact("scheme", result.scheme, f"normalization {result.normalization.value}"),
        Fact(
            "largest / smallest",
            decimal(max(positive) / min(positive) if positive else None, digits),
            f"{counted(result.capped, 'class', 'classes')} capped"
            if result.capped
            else "weight above 0",
        ),
        Fact(
            "effective samples",
            decimal(result.effective_sample_size, 1),
            f"of {samples:,}: what the weighted ones are worth (Kish)",
        ),
    ]
    by_hand = result.parameters.get("set") if result.scheme != "manual" else None
    if by_hand is not None:
        facts.append(Fact("set by hand", by_hand, "over the scheme"))
    facts += missing_facts(result.missing or 0, result.rows or 0, digits)
    return Page(
        title=page_title(
            result.inputs,
            f"{counted(samples, 'label')}, {counted(len(result.classes), 'class', 'classes')}",
        ),
        headline=(f"Class weights by {result.scheme}{', some set by hand' if by_hand else ''}.",),
        columns=table_columns("class", "count", "weight", ""),
        rows=table,
        facts=(facts,),
        signature=result.signature,
    )


def catalog_page(result: SchemeCatalog) -> Page:
    """Lay out the registry of schemes."""
    sections = []
    for row in result.class_rows():
        alias = f" (also: {row['aliases']})" if row["aliases"] else ""
        lines = [row["summary"], row["formula"]]
        if row["parameters"]:
            lines.append(f"parameters: {row['parameters']}")
        if row["as_published"] != "none":
            lines.append(f"as published: scaled to {row['as_published']}")
        lines += [f"source: {row['source']}", f"take care: {row['caution']}"]
        sections.append(Section(f"{row['scheme']}{alias}", lines))
    return Page(
        title=f"{len(sections)} weighting schemes",
        headline=("n_i is the count of class i, N their sum, K the number of classes.",),
        sections=sections,
        signature=result.signature,
    )
