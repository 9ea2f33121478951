"""Weights and comparisons of schemes -> pages."""

from __future__ import annotations

from wcetool.core.schemes.registry import Kind
from wcetool.errors import counted, listed
from wcetool.render.numbers import decimal, percent, whole
from wcetool.render.page import Fact, Grid, Page, Section
from wcetool.render.view import View, missing_facts, page_title, share_bar, table_columns
from wcetool.results.document import Row
from wcetool.results.scheme_comparison import Identification, SchemeComparison, largest_ratio
from wcetool.results.weights import ClassWeights

NEAREST = 5  # schemes that do not reproduce weights, but come near
_NAMES = {
    Kind.CLASS: ("Class weights", "weight"),
    Kind.LABEL: ("Label weights", "positive"),
    Kind.MARGIN: ("Margins", "margin"),
    Kind.LOGIT_OFFSET: ("Logit offsets", "offset"),
    Kind.LOGIT_TEMPERATURE: ("Logit temperatures", "temperature"),
    Kind.SAMPLING_PROBABILITY: ("Sampling probabilities", "probability"),
    Kind.REPEAT_FACTOR: ("Repeat factors", "factor"),
    Kind.ROW: ("Row weights", "alone"),
    Kind.ROW_LABEL: ("Weights of the labels of a row", "alone"),
}


def weights_page(result: ClassWeights, view: View) -> Page:
    """Lay out class weights."""
    digits, by_class = view.digits, result.class_rows()
    rows = view.rows(
        by_class,
        "count",
        lambda hidden: {"count": sum(row["count"] for row in hidden)},
    )
    longest = max(map(abs, result.weight)) or 1.0
    title, header = _NAMES[result.kind]
    optional = {
        "known": ("known", whole),
        "weight_sum": ("weighted count", lambda value: decimal(value, digits)),
        "negative_weight": ("negative", lambda value: decimal(value, digits)),
    }
    shown = [name for name in optional if name in by_class[0]]
    before = [name for name in shown if name != "negative_weight"]
    after = [name for name in shown if name == "negative_weight"]
    bars = result.kind is not Kind.LOGIT_OFFSET
    table = [
        (
            row["label"],
            whole(row["count"]),
            *(optional[name][1](row[name]) for name in before),
            decimal(row["weight"], digits),
            *(optional[name][1](row[name]) for name in after),
            *([share_bar(row, "weight", longest)] if bars else []),
        )
        for row in rows
    ]
    samples = sum(result.count or ())
    by_hand = result.parameters.get("set") if not result.scheme.startswith("manual") else None
    return Page(
        title=page_title(
            result.inputs,
            f"{counted(samples, 'label')}, {counted(len(result.classes), 'class', 'classes')}",
        ),
        headline=(f"{title} by {result.scheme}{', some set by hand' if by_hand else ''}.",),
        columns=table_columns(
            "label" if result.kind is Kind.LABEL else "class",
            "count",
            *(optional[name][0] for name in before),
            header,
            *(optional[name][0] for name in after),
            *([""] if bars else []),
        ),
        rows=table,
        facts=(_weight_facts(result, by_hand, digits),),
        signature=result.signature,
    )


def _weight_facts(result: ClassWeights, by_hand: str | None, digits: int) -> list[Fact]:
    facts = [Fact("scheme", result.scheme, f"normalization {result.normalization.value}")]
    if result.kind is not Kind.LOGIT_OFFSET:
        changed = (
            f"{counted(result.capped, 'weight')} capped" if result.capped else "weight above 0"
        )
        facts.append(Fact("largest / smallest", decimal(largest_ratio(result), digits), changed))
    if result.kind is Kind.CLASS and result.effective_sample_size is not None:
        facts.append(
            Fact(
                "effective samples",
                decimal(result.effective_sample_size, 1),
                f"of {sum(result.count or ()):,}: what the weighted ones are worth (Kish)",
            )
        )
    if by_hand is not None:
        facts.append(Fact("set by hand", by_hand, "over the scheme"))
    return facts + missing_facts(result.missing or 0, result.rows or 0, digits)


def scheme_comparison_page(result: SchemeComparison, view: View) -> Page:
    """Lay out what several schemes give."""
    digits = view.digits
    first = result.weights[0]
    rows = view.rows(
        result.class_rows(),
        "count",
        lambda hidden: {"count": sum(row["count"] for row in hidden)},
    )
    names = [one.scheme for one in result.weights]
    weights = Grid(
        table_columns("class", "count", *names),
        [
            (row["label"], whole(row["count"]), *(decimal(row[name], digits) for name in names))
            for row in rows
        ],
    )
    summary = [
        (
            row["scheme"],
            decimal(row["largest_ratio"], digits),
            decimal(row["effective_sample_size"], 1),
            percent(row["rarest_weight_share"], digits),
        )
        for row in result.scheme_rows()
    ]
    samples = sum(first.count or ())
    return Page(
        title=page_title(
            first.inputs,
            f"{counted(samples, 'label')}, {counted(len(result.classes), 'class', 'classes')}",
        ),
        headline=(f"{counted(len(names), 'scheme')} on the same labels.",),
        columns=table_columns("scheme", "largest ratio", "effective samples", "on the rarest"),
        rows=summary,
        facts=(
            [
                Fact("largest ratio", "", "largest number / smallest one above 0"),
                Fact(
                    "effective samples", "", f"of {samples:,}: what the weighted are worth (Kish)"
                ),
                Fact("on the rarest", "", "share of all weight that the rarest class carries"),
            ],
        ),
        sections=[Section("The numbers of each", (), weights)],
        signature=result.signature,
    )


def identification_page(result: Identification, view: View) -> Page:
    """Lay out which schemes reproduce weights."""
    matches = result.class_rows()
    found = [row for row in matches if row["reproduces"]]
    others = [row for row in matches if not row["reproduces"]][:NEAREST]
    if found:
        how = found[0]["normalization"]
        scale = (
            f"normalization {how}" if how else f"{decimal(found[0]['factor'], view.digits)} times"
        )
        answer = [f"{found[0]['scheme']} reproduces them ({scale})."]
        if len(found) > 1:
            same = listed([row["scheme"] for row in found[1:]])
            answer.append(f"For these counts so {'do' if len(found) > 2 else 'does'} {same}.")
    else:
        answer = [f"No scheme reproduces them; the nearest is {others[0]['scheme']}."]
    if result.shares and not found:
        answer.append("They are the shares of the classes: frequent classes weigh more. Inverted.")
    elif result.inverted and not found:
        answer.append("They grow with the counts: frequent classes weigh more. They look inverted.")
    return Page(
        title=f"{result.source}: weights of {counted(len(result.classes), 'class', 'classes')}",
        headline=answer,
        columns=table_columns("scheme", "normalization", "factor", "deviation", "reproduces"),
        rows=[_match_cells(row, view.digits) for row in (*found, *others)],
        facts=(
            [
                Fact("factor", "", "what the numbers of the scheme are multiplied by"),
                Fact("deviation", "", "largest relative difference of a weight"),
            ],
        ),
        signature=result.signature,
    )


def _match_cells(row: Row, digits: int) -> tuple[str, ...]:
    return (
        row["scheme"],
        row["normalization"] or "only the ratios",
        decimal(row["factor"], digits),
        decimal(row["deviation"], max(digits, 2)),
        "yes" if row["reproduces"] else "no",
    )
