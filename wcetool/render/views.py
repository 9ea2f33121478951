"""Results -> pages: which numbers a person sees, in which words. No arithmetic beyond rounding."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from wcetool.core.loss_report import Estimate
from wcetool.core.vocabulary import InputKind, Reduction, Task
from wcetool.errors import counted
from wcetool.render.numbers import UNDEFINED, decimal, percent, whole
from wcetool.render.page import Bar, Fact, Page, Section, TableColumn
from wcetool.render.words import Sort
from wcetool.results.analysis import Analysis
from wcetool.results.catalog import ConventionCatalog, SchemeCatalog
from wcetool.results.document import InputRows, Row
from wcetool.results.score import ScoreReport
from wcetool.results.weights import ClassWeights


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a person asks to see.

    Attributes
    ----------
    digits : int
        Decimals.
    sort : Sort
        Order of the rows; count is descending.
    top : int or None
        Rows shown; the others are summed up in one.
    """

    digits: int = 4
    sort: Sort = Sort.INDEX
    top: int | None = None

    def rows(
        self, rows: Sequence[Row], count: str, other: Callable[[Sequence[Row]], Row]
    ) -> list[Row]:
        """Order the rows of the classes and sum up those beyond the top."""
        keys: dict[Sort, Callable[[Row], object]] = {
            Sort.INDEX: lambda row: row["index"],
            Sort.LABEL: lambda row: row["label"],
            Sort.COUNT: lambda row: (-row[count], row["index"]),
        }
        ordered = sorted(rows, key=keys[self.sort])  # type: ignore[arg-type]
        if self.top is None or len(ordered) <= self.top:
            return ordered
        hidden = ordered[self.top :]
        name = f"other ({counted(len(hidden), 'class', 'classes')})"
        blank = dict.fromkeys(rows[0], None)
        return [*ordered[: self.top], {**blank, **other(hidden), "label": name}]


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
            _bar(row, "share", longest),
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
        *_absent(found.absent_classes),
        *_missing(result.missing, result.rows, digits),
    ]
    return Page(
        title=_title(
            _paths(result.inputs),
            f"{counted(result.counts.n_samples, 'label')}, "
            f"{counted(found.classes, 'class', 'classes')}",
        ),
        headline=(headline,),
        columns=_columns("class", "count", "share", "ratio", ""),
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
            _bar(row, "weight", longest),
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
    facts += _missing(result.missing or 0, result.rows or 0, digits)
    return Page(
        title=_title(
            result.inputs,
            f"{counted(samples, 'label')}, {counted(len(result.classes), 'class', 'classes')}",
        ),
        headline=(f"Class weights by {result.scheme}{', some set by hand' if by_hand else ''}.",),
        columns=_columns("class", "count", "weight", ""),
        rows=table,
        facts=(facts,),
        signature=result.signature,
    )


def score_page(result: ScoreReport, view: View) -> Page:
    """Lay out a score report."""
    digits, numbers = view.digits, result.numbers
    weights = "no weights" if result.weights_from is None else f"weights {result.weights_from}"
    rows = view.rows(
        result.class_rows(),
        "support",
        lambda hidden: {
            "support": sum(row["support"] for row in hidden),
            "loss_share": None
            if any(row["loss_share"] is None for row in hidden)
            else sum(row["loss_share"] for row in hidden),
        },
    )
    longest = max(row["loss_share"] or 0.0 for row in result.class_rows()) or 1.0
    weighted = result.class_weight is not None
    table = [
        (
            row["label"],
            whole(row["support"]),
            *([decimal(row["weight"], digits)] if weighted else []),
            decimal(row["mean_loss"], digits),
            percent(row["loss_share"], digits),
            _bar(row, "loss_share", longest),
            decimal(row["recall"], digits),
            decimal(row["precision"], digits),
            decimal(row["mean_true_probability"], digits),
        )
        for row in rows
    ]
    return Page(
        title=_title(
            _paths(result.inputs),
            f"{counted(numbers.scored, 'row')} scored, "
            f"{counted(len(result.classes), 'class', 'classes')}, "
            f"{_KINDS[result.kind]}, {weights}",
        ),
        headline=(_answer(result, digits), _meaning(result, digits)),
        columns=_columns(
            "class",
            "support",
            *(["weight"] if weighted else []),
            "mean loss",
            "loss share",
            "",
            "recall",
            "precision",
            "p(true)",
        ),
        rows=table,
        facts=(_losses(result, digits), _metrics(result, digits)),
        signature=result.signature,
    )


def conventions_page(result: ConventionCatalog) -> Page:
    """Lay out the registry of conventions."""
    sections = []
    for row, entry in zip(result.class_rows(), result.conventions.values(), strict=True):
        lines = [
            entry.formula,
            f"weighs {entry.weighs}",
            f"divides by {entry.divides_by}",
            f"targets: {row['targets']}; from {row['input']}",
            f"reductions: {row['reductions']}",
        ]
        if entry.options:
            lines.append(f"options: {row['options']}")
        lines += [f"take care: {trap}" for trap in entry.traps]
        sections.append(Section(entry.name, lines))
    letters = "x logits, p probabilities, t targets, y the true class; N rows, K classes or labels."
    return Page(
        title=f"{len(sections)} losses of frameworks",
        headline=(letters, "w class weights, s sample weights, q positive weights."),
        sections=sections,
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


_KINDS = {
    InputKind.PROBS: "probabilities",
    InputKind.LOGITS: "logits",
    InputKind.LOG_PROBS: "log-probabilities",
}
_FORMULAS = {
    Reduction.WEIGHTED_MEAN: "sum(w l) / sum(w): PyTorch, scikit-learn",
    Reduction.MEAN: "sum(w l) / rows: Keras, TensorFlow",
    Reduction.SUM: "sum(w l)",
}


def _answer(result: ScoreReport, digits: int) -> str:
    loss = result.numbers.loss
    interval = _interval(loss, digits)
    unit = "nats in all" if result.reduction is Reduction.SUM else "nats"
    return f"Cross-entropy {decimal(loss.value, digits)} {unit}{interval} ({result.reduction})."


def _meaning(result: ScoreReport, digits: int) -> str:
    """Compare the weighted mean with that of knowing nothing but the class shares."""
    numbers = result.numbers
    skill, prior = numbers.skill, decimal(numbers.prior_loss, digits)
    shares = "weighted class shares" if result.class_weight is not None else "class shares"
    if skill is None:
        return f"Always predicting the {shares} costs {prior} a row."
    what = "That"
    if result.reduction is not Reduction.WEIGHTED_MEAN:
        mean = decimal(numbers.reductions[Reduction.WEIGHTED_MEAN], digits)
        what = f"The {Reduction.WEIGHTED_MEAN}, {mean},"
    if skill < 0 and what == "That":
        return f"Always predicting the {shares} would cost less: {prior}."
    if skill < 0:
        return f"{what} is more than always predicting the {shares} costs: {prior}."
    return f"{what} is {percent(skill, digits)} below always predicting the {shares} ({prior})."


def _losses(result: ScoreReport, digits: int) -> list[Fact]:
    numbers = result.numbers
    facts = [
        Fact(
            "unweighted",
            decimal(numbers.unweighted.value, digits),
            f"mean over rows{_interval(numbers.unweighted, digits)}",
        ),
        Fact(
            "class-balanced",
            decimal(numbers.balanced_mean, digits),
            "mean of the class means: the loss under inverse weights",
        ),
    ]
    facts += [
        Fact(reduction.value, decimal(value, digits), _FORMULAS[reduction])
        for reduction, value in numbers.reductions.items()
    ]
    if result.class_weight is not None:
        facts.append(Fact("weight sum", decimal(numbers.weight_sum, digits), "sum(w)"))
    if numbers.zero_probability_rows:
        finite, of_what = numbers.loss.finite_mean, ""
        if finite is None:
            finite, of_what = numbers.unweighted.finite_mean, ", unweighted"
        facts += [
            Fact("zero-probability rows", whole(numbers.zero_probability_rows), "infinite loss"),
            Fact("finite mean", decimal(finite, digits), f"without those rows{of_what}"),
        ]
    return facts


def _metrics(result: ScoreReport, digits: int) -> list[Fact]:
    numbers = result.numbers
    rule = "p > 0.5" if result.task is Task.BINARY else "the largest score wins"
    return [
        Fact("accuracy", decimal(numbers.accuracy, digits), f"unweighted, as all below; {rule}"),
        Fact("balanced accuracy", decimal(numbers.balanced_accuracy, digits), "mean recall"),
        Fact("macro F1", decimal(numbers.macro_f1, digits)),
        Fact("Brier score", decimal(numbers.brier, digits), "sum over classes, 0 to 2"),
        *_missing(result.missing, result.rows, digits),
    ]


def _interval(estimate: Estimate, digits: int) -> str:
    if estimate.ci95 is None:
        return ""
    low, high = (decimal(bound, digits) for bound in estimate.ci95)
    return f", 95% interval {low} to {high}"


def _paths(inputs: Sequence[InputRows]) -> list[str]:
    return [one.path for one in inputs]


def _title(paths: Sequence[str], facts: str) -> str:
    """Name the inputs: one by its path, several by their folder."""
    if len(paths) < 2:
        return f"{paths[0] if paths else UNDEFINED}: {facts}"
    folder = os.path.commonpath([os.path.dirname(os.path.abspath(path)) for path in paths])
    return f"{os.path.relpath(folder)}{os.sep} ({len(paths):,} files): {facts}"


def _bar(row: Row, key: str, longest: float) -> Bar:
    """Draw a bar, but not for the classes that are summed up in one row."""
    return Bar(None if row["index"] is None or row[key] is None else row[key] / longest)


def _columns(name: str, *headers: str) -> list[TableColumn]:
    return [TableColumn(name, is_name=True), *map(TableColumn, headers)]


def _absent(absent: int) -> list[Fact]:
    return [Fact("absent classes", whole(absent), "declared, without labels")] if absent else []


def _missing(missing: int, rows: int, digits: int) -> list[Fact]:
    share = percent(missing / rows, digits) if rows else UNDEFINED
    return (
        [Fact("missing labels", whole(missing), f"{share} of the rows; in no share")]
        if missing
        else []
    )
