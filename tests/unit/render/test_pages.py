"""Every result has its page."""

import importlib
import pkgutil

import pytest

import wcetool.results
from wcetool.render.formats import _PAGES

RESULTS = {
    name
    for module in pkgutil.iter_modules(wcetool.results.__path__, "wcetool.results.")
    for name, found in vars(importlib.import_module(module.name)).items()
    if isinstance(found, type) and found.__module__ == module.name
    if hasattr(found, "to_dict") and hasattr(found, "class_rows") and name != "Result"
}


def test_every_result_has_a_page():
    assert set(_PAGES) == RESULTS


@pytest.mark.parametrize("page", _PAGES.values())
def test_every_page_is_there(page):
    module, name = page
    assert callable(getattr(importlib.import_module(f"wcetool.render.{module}"), name))
