"""An analysis -> a page: which numbers a person sees, in which words; no arithmetic."""

from __future__ import annotations

from wcetool.core.share_intervals import Confidence
from wcetool.errors import counted
from wcetool.render.numbers import UNDEFINED, decimal, percent, whole
from wcetool.render.page import Fact, Page, Section
from wcetool.render.split_views import group_facts, how_many, split_sections
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
from wcetool.results.document import Row


def analysis_page(result: Analysis, view: View) -> Page:
    """Lay out an analysis."""
    digits, found = view.digits, result.imbalance
    counts = result.counts.samples.tolist()
    names = result.counts.classes
    largest = names[counts.index(max(counts))]
    smallest_count = min(count for count in counts if count)
    smallest = names[counts.index(smallest_count)]
    sums = ["count", *(["weight_sum"] if result.counts.weight_sum is not None else []), "share"]
    rows = view.rows(
        result.class_rows(),
        "count",
        lambda hidden: {key: sum(row[key] for row in hidden) for key in sums},
    )
    groups = [] if result.groups is None else ["groups"]
    longest = max(row["share"] for row in result.class_rows())
    asked = result.confidence
    table = [
        (
            row["label"],
            whole(row["count"]),
            *([decimal(row["weight_sum"], digits)] if "weight_sum" in row else []),
            percent(row["share"], digits),
            *(() if asked is None else (_share_interval(row, digits),)),
            decimal(row["ratio"], digits),
            *([whole(row["groups"])] if "groups" in row else []),
            share_bar(row, "share", longest),
        )
        for row in rows
    ]
    if found.classes == 1:
        headline = f"One class, {largest}: there is nothing to balance."
    elif smallest_count == max(counts):
        headline = f"The classes are balanced: each has {how_many(result, smallest_count, digits)}."
    else:
        headline = (
            f"Imbalance ratio {decimal(found.ratio, digits)}: {largest} has "
            f"{how_many(result, max(counts), digits)}, {smallest} has "
            f"{how_many(result, smallest_count, digits, unit=False)}."
        )
    buckets = result.buckets.sort(result.counts)
    facts = [
        Fact("imbalance ratio", decimal(found.ratio, digits), _ratio_remark(result, digits)),
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
        *_absent_facts(result, digits),
        *missing_facts(result.missing, result.rows, digits),
        *group_facts(result),
    ]
    return Page(
        title=page_title(
            input_paths(result.inputs),
            f"{counted(result.counts.n_samples, 'label')}, "
            f"{counted(found.classes, 'class', 'classes')}",
        ),
        headline=(headline,),
        columns=table_columns(
            "class",
            *sums,
            *(() if asked is None else (f"{_level(asked)} interval",)),
            *("ratio", *groups, ""),
        ),
        rows=table,
        facts=(facts,),
        sections=(*split_sections(result, view), *(_advice(result) if view.advice else ())),
        signature=result.signature,
    )


def _advice(result: Analysis) -> tuple[Section, ...]:
    lines = [f"{one.advice}: {one.because} ({one.source})" for one in result.advice]
    return (Section("What could be done", lines),) if lines else ()


def _level(asked: Confidence) -> str:
    return f"{100 * asked.level:.6g}%"


def _share_interval(row: Row, digits: int) -> str:
    if row["share_low"] is None:
        return UNDEFINED
    return f"{percent(row['share_low'], digits)} to {percent(row['share_high'], digits)}"


def _ratio_remark(result: Analysis, digits: int) -> str:
    remark = "largest count / smallest count"
    if result.confidence is None:
        return remark
    interval = result.ratio_interval
    if interval is None:
        return f"{remark}; no interval: {result.undefined['confidence.ratio']}"
    low, high = (decimal(bound, digits) for bound in interval)
    return f"{remark}, {_level(result.confidence)} interval {low} to {high}"


def _absent_facts(result: Analysis, digits: int) -> list[Fact]:
    facts = absent_facts(result.imbalance.absent_classes)
    if result.confidence is None or result.unseen_share is None:
        return facts
    bound = f"each below {percent(result.unseen_share, digits)} at {_level(result.confidence)}"
    return [Fact(one.name, one.value, f"{one.remark}; {bound}") for one in facts]
