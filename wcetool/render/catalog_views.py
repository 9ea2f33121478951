"""The registries of schemes and measures -> pages."""

from __future__ import annotations

from wcetool.core.schemes.registry import Kind
from wcetool.core.vocabulary import Task
from wcetool.render.page import Page, Section
from wcetool.render.view import View
from wcetool.results.catalog import MeasureCatalog, SchemeCatalog


def schemes_page(result: SchemeCatalog, _: View) -> Page:
    """Lay out the registry of schemes."""
    sections = []
    for row in result.class_rows():
        alias = f" (also: {row['aliases']})" if row["aliases"] else ""
        lines = [row["summary"], row["formula"]]
        if row["kind"] != Kind.CLASS.value:
            lines.append(f"gives: {row['kind']}")
        if row["tasks"] != Task.MULTICLASS.value:
            lines.append(f"for: {row['tasks']}")
        for key, name in (("parameters", "parameters"), ("needs", "needs"), ("uses", "takes")):
            if row[key]:
                lines.append(f"{name}: {row[key]}")
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


def measures_page(result: MeasureCatalog, _: View) -> Page:
    """Lay out the registry of measures."""
    sections = []
    for row in result.class_rows():
        lines = [row["formula"], f"from {row['lowest']} to {row['highest']}"]
        if row["undefined"]:
            lines.append(f"undefined where {row['undefined']}")
        lines += [f"source: {row['source']}", f"take care: {row['trap']}"]
        of = " (rows with any number of labels)" if row["task"] == Task.MULTILABEL else ""
        sections.append(Section(f"{row['measure']}{of}", lines))
    return Page(
        title=f"{len(sections)} measures of imbalance",
        headline=(
            "n_1 to n_K are the counts of the classes that occur, ascending, N is their sum.",
            "p_i = n_i / N, and H is the entropy of the p_i in nats.",
            "Of labels: n_i rows have label i, of N; q labels, S distinct label sets.",
        ),
        sections=sections,
        signature=result.signature,
    )
