"""An analysis of rows with any number of labels -> a page."""

from __future__ import annotations

from wcetool.errors import counted
from wcetool.render.numbers import decimal, percent, whole
from wcetool.render.page import Fact, Page
from wcetool.render.view import (
    View,
    input_paths,
    missing_facts,
    page_title,
    share_bar,
    table_columns,
)
from wcetool.results.document import Row
from wcetool.results.label_analysis import MultiLabelAnalysis


def label_analysis_page(result: MultiLabelAnalysis, view: View) -> Page:
    """Lay out an analysis of rows with any number of labels."""
    digits = view.digits
    all_rows = result.class_rows()
    rows = view.rows(
        all_rows, "count", lambda hidden: {"count": sum(row["count"] for row in hidden)}
    )
    unknown = any(row["known"] < result.labelled for row in all_rows)
    longest = max(row["share"] or 0.0 for row in all_rows) or 1.0
    table = [
        (
            row["label"],
            whole(row["count"]),
            *((whole(row["known"]),) if unknown else ()),
            percent(row["share"], digits),
            decimal(row["irlbl"], digits),
            decimal(row["scumble"], digits),
            share_bar(row, "share", longest),
        )
        for row in rows
    ]
    headers = ("count", *(("known",) if unknown else ()), "share", "IRLbl", "SCUMBLE", "")
    labels = counted(result.counts.n_classes, "label")
    return Page(
        title=page_title(
            input_paths(result.inputs), f"{counted(result.labelled, 'row')}, {labels}"
        ),
        headline=(_headline(result, all_rows, digits),),
        columns=table_columns("label", *headers),
        rows=table,
        facts=(_facts(result, digits),),
        signature=result.signature,
    )


def _headline(result: MultiLabelAnalysis, rows: list[Row], digits: int) -> str:
    present = sorted((row for row in rows if row["count"]), key=lambda row: row["count"])
    if not present:
        return "No label occurs in any row."
    rarest, largest = present[0], present[-1]
    if rarest["count"] == largest["count"]:
        return f"The labels are balanced: each is in {counted(largest['count'], 'row')}."
    mean = decimal(result.imbalance.values["mean_ir"], digits)
    return (
        f"Mean imbalance ratio {mean}: {largest['label']} is in "
        f"{counted(largest['count'], 'row')}, {rarest['label']} in {whole(rarest['count'])}."
    )


def _facts(result: MultiLabelAnalysis, digits: int) -> list[Fact]:
    found = result.imbalance.values
    buckets = result.buckets.sort(result.counts)

    def fact(name: str, key: str, remark: str) -> Fact:
        return Fact(name, decimal(found[key], digits), remark)

    def number(name: str, key: str, remark: str) -> Fact:
        value = found[key]
        return Fact(name, whole(None if value is None else int(value)), remark)

    facts = [
        fact("cardinality", "cardinality", "labels a row, rows without labels included"),
        fact("density", "density", "cardinality / labels"),
        number("label sets", "label_sets", "distinct"),
        number("singleton sets", "singleton_sets", "label sets of a single row"),
        fact("MeanIR", "mean_ir", "mean IRLbl of the labels that occur"),
    ]
    if found["mean_ir"] != found["mean_ir_mldr"]:
        facts.append(fact("MeanIR of mldr", "mean_ir_mldr", "labels that do not occur count 0"))
    facts += [
        fact("MaxIR", "max_ir", "largest IRLbl"),
        fact("CVIR", "cvir", "sd (ddof 1) / mean of the IRLbl"),
        fact("SCUMBLE", "scumble", "concurrence of frequent and rare labels, mean of all rows"),
        fact("SCUMBLE.CV", "scumble_cv", "sd (ddof 1) / mean of the rows"),
        *([] if found["tcs"] is None else [fact("TCS", "tcs", "ln(features x labels x sets)")]),
        number("minority labels", "minority_labels", "IRLbl above MeanIR"),
        Fact(
            "mixed rows",
            percent(found["mixed_share"], digits),
            "of the rows with a minority label have a frequent one too",
        ),
        number("unlabelled rows", "unlabelled", "without any label; in every share"),
        Fact(
            "many, medium, few",
            f"{buckets['many']:,}, {buckets['medium']:,}, {buckets['few']:,}",
            f"labels; {result.buckets.rule} rows",
        ),
    ]
    absent = result.counts.n_classes - int(result.counts.present.sum())
    facts += [Fact("absent labels", whole(absent), "in no row")] if absent else []
    return facts + missing_facts(result.missing, result.rows, digits)
