"""A result in the format asked for."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from wcetool.render.page import Page
from wcetool.render.view import View
from wcetool.render.words import Format
from wcetool.results.document import Result, to_csv, to_json


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


# By the name of the result: only the module of the page that is shown is loaded.
_PAGES: Mapping[str, tuple[str, str]] = {
    "Analysis": ("views", "analysis_page"),
    "MultiLabelAnalysis": ("label_views", "label_analysis_page"),
    "ClassWeights": ("weight_views", "weights_page"),
    "HeadWeights": ("head_views", "heads_page"),
    "CheckReport": ("check_views", "check_page"),
    "SchemeComparison": ("weight_views", "scheme_comparison_page"),
    "Identification": ("weight_views", "identification_page"),
    "ScoreReport": ("score_views", "score_page"),
    "ModelScores": ("prediction_views", "models_page"),
    "ScorePlan": ("plan_views", "plan_page"),
    "Comparison": ("score_views", "comparison_page"),
    "SchemeCatalog": ("catalog_views", "schemes_page"),
    "MeasureCatalog": ("catalog_views", "measures_page"),
    "ConventionCatalog": ("convention_views", "conventions_page"),
}


def _page(result: Result, look: Look) -> Page:
    module, name = _PAGES[type(result).__name__]
    lay_out: Callable[[Result, View], Page] = getattr(
        importlib.import_module(f"wcetool.render.{module}"), name
    )
    return lay_out(result, look.view)


_WRITERS: Mapping[Format, Callable[[Result, Look], str]] = {
    Format.TABLE: _as_table,
    Format.JSON: _as_json,
    Format.CSV: _as_csv,
    Format.MD: _as_markdown,
}
