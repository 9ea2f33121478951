"""Score reports, and what frameworks give on the same rows -> pages."""

from __future__ import annotations

from wcetool.core.conventions import CONVENTIONS, short_name
from wcetool.core.conventions.examples import Target
from wcetool.core.loss_report import Estimate
from wcetool.core.vocabulary import Reduction, StoredKind, Task, WeightBy
from wcetool.errors import counted
from wcetool.render.numbers import decimal, percent, whole
from wcetool.render.page import Fact, Page, Section, TableColumn
from wcetool.render.view import (
    View,
    input_paths,
    missing_facts,
    page_title,
    share_bar,
    table_columns,
)
from wcetool.results.comparison import Comparison
from wcetool.results.like import FrameworkScore
from wcetool.results.score import ScoreReport


def score_page(result: ScoreReport, view: View) -> Page:
    """Lay out a score report."""
    if result.kind is None:
        from wcetool.render.prediction_views import match_page  # of predicted labels alone

        return match_page(result, view)
    digits, numbers = view.digits, result.numbers
    weights = _weights(result)
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
    by_true_class = result.parameters.get("weight-by") != WeightBy.PREDICTED
    weighted = (result.class_weight is not None and by_true_class) or any(
        row["weight"] != 1.0 for row in result.class_rows()
    )
    table = [
        (
            row["label"],
            whole(row["support"]),
            *([decimal(row["weight"], digits)] if weighted else []),
            decimal(row["mean_loss"], digits),
            percent(row["loss_share"], digits),
            share_bar(row, "loss_share", longest),
            decimal(row["recall"], digits),
            decimal(row["precision"], digits),
            decimal(row["mean_true_probability"], digits),
        )
        for row in rows
    ]
    return Page(
        title=page_title(
            input_paths(result.inputs),
            f"{counted(numbers.scored, 'row')} scored, "
            f"{_n_classes(result)}, "
            f"{_kind(result)}, {weights}",
        ),
        headline=(_answer(result, digits), _meaning(result, digits)),
        columns=table_columns(
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


def comparison_page(result: Comparison, view: View) -> Page:
    """Lay out what every framework gives."""
    digits, report = view.digits, result.report
    own = report.numbers.loss.value
    shown = {name: one for name, one in result.found.items() if not result.is_twin(name)}
    table = [
        (
            short_name(one.convention),
            decimal(one.value, digits),
            decimal(result.factor(one.value), digits),
            _divided(one, digits),
        )
        for one in shown.values()
    ]
    sections = []
    if shown:
        lines = [
            f"{short_name(one.convention)}: {one.convention.formula}; "
            f"weighs {one.convention.weighs}"
            for one in shown.values()
        ]
        sections.append(Section("formulas", lines))
    if len(shown) < len(result.found):
        sections.append(Section("keras-jax", ["the same as keras, where it is not listed"]))
    if result.reasons:
        lines = [
            f"{short_name(CONVENTIONS[name])}: {reason}" for name, reason in result.reasons.items()
        ]
        sections.append(Section("not here, and why", lines))
    weights = _weights(report)
    values = {row[1] for row in table}
    answer = (
        "None of these losses takes the rows."
        if not table
        else f"{counted(len(values), 'number')} from "
        f"{counted(len(result.found), 'loss', 'losses')}."
    )
    return Page(
        title=page_title(
            input_paths(report.inputs),
            f"{counted(report.scored, 'row')}, {_kind(report)}, {weights}",
        ),
        headline=(
            answer,
            f"factor: the number / {decimal(own, digits)}, the weighted mean of wcetool score"
            + (", PyTorch's mean." if result.is_by_class else "."),
        ),
        columns=[
            TableColumn("loss", is_name=True),
            *map(TableColumn, ("value", "factor", "divided by")),
        ]
        if table
        else (),
        rows=table,
        sections=sections,
        signature=result.signature,
    )


def _divided(one: FrameworkScore, digits: int) -> str:
    if one.divisor is None:
        return "nothing"
    divisor = decimal(one.divisor, 0 if one.divisor.is_integer() else digits)
    return f"{_symbol(_divides_by(one))} = {divisor}"


def _symbol(divides_by: str) -> str:
    """Write a denominator as short as a table needs it."""
    if divides_by.startswith("number of weights"):
        return "w not 0"
    if divides_by.startswith("number of elements"):
        return "N K"
    return "sum w" if divides_by.startswith("sum of") else divides_by


KINDS = {
    StoredKind.PROBS: "probabilities",
    StoredKind.LOGITS: "logits",
    StoredKind.LOG_PROBS: "log-probabilities",
    StoredKind.PERCENT: "probabilities in percent",
}


def _kind(result: ScoreReport) -> str:
    return "predicted labels" if result.kind is None else KINDS[result.kind]


_FORMULAS = {
    Reduction.WEIGHTED_MEAN: "sum(w l) / sum(w): PyTorch, scikit-learn",
    Reduction.MEAN: "sum(w l) / rows: Keras, TensorFlow",
    Reduction.SUM: "sum(w l)",
}

_BY_ELEMENT = {
    Reduction.WEIGHTED_MEAN: "sum(w l) / sum(w), over rows and labels",
    Reduction.MEAN: "sum(w l) / elements: PyTorch",
    Reduction.SUM: "sum(w l)",
}


def _what_batches_divide_by(result: ScoreReport) -> str:
    """Name it: that is why the mean of batches differs from the value of all rows."""
    if result.like is None:
        return "weights" if result.reduction is Reduction.WEIGHTED_MEAN else "rows"
    return "weights" if "weights" in _divides_by(result.like) else "rows"


def _divides_by(like: FrameworkScore) -> str:
    """Say what a number of a framework was divided by."""
    convention = like.convention
    if like.reduction in convention.plain:
        return {"weights": "sum of the weights", "rows": "N", "elements": "N K"}.get(
            convention.plain[like.reduction], "nothing"
        )
    if like.reduction == convention.reductions[0]:
        return _in_short(convention.divides_by)
    if convention.reductions[0] == "none" and Target.INDEX not in convention.targets:
        return "number of elements"
    return "sum of the weights" if "weight" in like.reduction else "N"


def _weights(result: ScoreReport) -> str:
    """Say what weighs rows."""
    by_row = result.parameters.get("sample-weight-column")
    found = [
        *([] if by_row is None else [f"sample weights {by_row}"]),
        *(["positive weights"] if "pos-weight" in result.parameters else []),
        *([] if result.weights_from is None else [f"weights {result.weights_from}"]),
        *(["a cost matrix"] if "cost-matrix" in result.parameters else []),
    ]
    return ", ".join(found) or "no weights"


def _in_short(divides_by: str) -> str:
    return divides_by.partition(";")[0].partition(",")[0]


def _n_classes(result: ScoreReport) -> str:
    if result.task is Task.MULTILABEL:
        return counted(len(result.classes), "label")
    return counted(len(result.classes), "class", "classes")


def _answer(result: ScoreReport, digits: int) -> str:
    if result.like is not None:
        like = result.like
        interval = "" if like.ci95 is None else _between(like.ci95, digits)
        name = like.convention.name
        unit = f" {like.convention.unit}" if like.convention.unit else ""
        return f"{name} gives {decimal(like.value, digits)}{unit}{interval} ({like.reduction})."
    loss = result.numbers.loss
    interval = _interval(loss, digits)
    unit = "nats in all" if result.reduction is Reduction.SUM else "nats"
    return f"Cross-entropy {decimal(loss.value, digits)} {unit}{interval} ({result.reduction})."


def _meaning(result: ScoreReport, digits: int) -> str:
    """Compare the weighted mean with that of knowing nothing but the class shares."""
    if result.like is not None:
        like = result.like
        weighs = _in_short(like.convention.weighs)
        if like.divisor is None:
            return f"It weighs {weighs}; a sum is divided by nothing."
        divides_by = _divides_by(like)
        divisor = decimal(like.divisor, 0 if like.divisor.is_integer() else digits)
        return f"It weighs {weighs} and divides by {divides_by}: {divisor} here."
    numbers = result.numbers
    if numbers.prior_loss is None:
        return "There is no baseline: only plain cross-entropy has one."
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
    formulas = _BY_ELEMENT if result.task is Task.MULTILABEL else _FORMULAS
    facts = [
        Fact(
            "unweighted",
            decimal(numbers.unweighted.value, digits),
            f"mean over rows{_interval(numbers.unweighted, digits)}",
        ),
        Fact(
            "class-balanced",
            decimal(numbers.balanced_mean, digits),
            "mean over labels, positives and negatives alike"
            if result.task is Task.MULTILABEL
            else "mean of the class means: the loss under inverse weights",
        ),
    ]
    facts += [
        Fact(reduction.value, decimal(value, digits), formulas[reduction])
        for reduction, value in numbers.reductions.items()
    ]
    if result.like is not None:
        facts += [
            Fact(f"{result.like.convention.framework} {name}", decimal(value, digits))
            for name, value in result.like.reductions.items()
        ]
    for one in result.batches:
        by_rows = decimal(one.by_rows, digits)
        facts.append(
            Fact(
                f"batches of {one.size:,}",
                decimal(one.value, digits),
                f"mean of {counted(one.n_batches, 'batch', 'batches')} in file order, each over "
                f"its own {_what_batches_divide_by(result)}; {by_rows} counted by rows",
            )
        )
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
    rule = "the largest score wins" if result.task is Task.MULTICLASS else "p > 0.5"
    if result.task is Task.MULTILABEL:
        return [
            Fact(
                "accuracy", decimal(numbers.accuracy, digits), "all labels of a row right; p > 0.5"
            ),
            Fact("macro F1", decimal(numbers.macro_f1, digits), "mean over the labels"),
            Fact(
                "Brier score", decimal(numbers.brier, digits), "mean over rows and labels, 0 to 1"
            ),
            *missing_facts(result.missing, result.rows, digits),
            *_ignored(result),
        ]
    return [
        Fact("accuracy", decimal(numbers.accuracy, digits), f"unweighted, as all below; {rule}"),
        Fact("balanced accuracy", decimal(numbers.balanced_accuracy, digits), "mean recall"),
        Fact("macro F1", decimal(numbers.macro_f1, digits)),
        Fact("Brier score", decimal(numbers.brier, digits), "sum over classes, 0 to 2"),
        *missing_facts(result.missing, result.rows, digits),
        *_ignored(result),
    ]


def _ignored(result: ScoreReport) -> list[Fact]:
    return [Fact("ignored rows", whole(result.ignored), "--ignore")] if result.ignored else []


def _interval(estimate: Estimate, digits: int) -> str:
    return "" if estimate.ci95 is None else _between(estimate.ci95, digits)


def _between(ci95: tuple[float, float], digits: int) -> str:
    low, high = (decimal(bound, digits) for bound in ci95)
    return f", 95% interval {low} to {high}"
