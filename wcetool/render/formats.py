"""A result in the format asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from wcetool.render.check_views import check_page
from wcetool.render.convention_views import conventions_page
from wcetool.render.head_views import heads_page
from wcetool.render.label_views import label_analysis_page
from wcetool.render.page import Page
from wcetool.render.plan_views import plan_page
from wcetool.render.prediction_views import models_page
from wcetool.render.score_views import comparison_page, score_page
from wcetool.render.view import View
from wcetool.render.views import analysis_page, measures_page
from wcetool.render.weight_views import (
    catalog_page,
    identification_page,
    scheme_comparison_page,
    weights_page,
)
from wcetool.render.words import Format
from wcetool.results.analysis import Analysis
from wcetool.results.catalog import ConventionCatalog, MeasureCatalog, SchemeCatalog
from wcetool.results.check import CheckReport
from wcetool.results.comparison import Comparison
from wcetool.results.document import Result, to_csv, to_json
from wcetool.results.head_weights import HeadWeights
from wcetool.results.label_analysis import MultiLabelAnalysis
from wcetool.results.model_scores import ModelScores
from wcetool.results.scheme_comparison import Identification, SchemeComparison
from wcetool.results.score import ScoreReport
from wcetool.results.score_plan import ScorePlan
from wcetool.results.weights import ClassWeights


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a result is shown.

    Attributes
    ----------
    view : View
        Digits, order and number of the rows; only for `table` and `md`.
    width : int or None
        Columns of the terminal; None where there is none.
    color : bool
        Whether escape codes are welcome.
    """

    view: View = field(default_factory=View)
    width: int | None = None
    color: bool = False


def render(result: Result, form: Format, look: Look) -> str:
    """Write a result as text that ends in a newline."""
    return _WRITERS[form](result, look)


def _as_table(result: Result, look: Look) -> str:
    from wcetool.render.terminal import write_page

    return write_page(_page(result, look), width=look.width, color=look.color)


def _as_markdown(result: Result, look: Look) -> str:
    from wcetool.render.markdown import write_page

    return write_page(_page(result, look))


def _as_json(result: Result, _: Look) -> str:
    return to_json(result.to_dict())


def _as_csv(result: Result, _: Look) -> str:
    return to_csv(result.class_rows())


_PAGES: Mapping[type, Callable[[Any, View], Page]] = {
    Analysis: analysis_page,
    MultiLabelAnalysis: label_analysis_page,
    ClassWeights: weights_page,
    HeadWeights: heads_page,
    CheckReport: lambda result, _: check_page(result),
    SchemeComparison: scheme_comparison_page,
    Identification: identification_page,
    ScoreReport: score_page,
    ModelScores: models_page,
    ScorePlan: plan_page,
    Comparison: comparison_page,
    SchemeCatalog: lambda result, _: catalog_page(result),
    MeasureCatalog: lambda result, _: measures_page(result),
    ConventionCatalog: lambda result, _: conventions_page(result),
}


def _page(result: Result, look: Look) -> Page:
    return _PAGES[type(result)](result, look.view)


_WRITERS: Mapping[Format, Callable[[Result, Look], str]] = {
    Format.TABLE: _as_table,
    Format.JSON: _as_json,
    Format.CSV: _as_csv,
    Format.MD: _as_markdown,
}
