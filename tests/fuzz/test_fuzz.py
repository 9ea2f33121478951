"""A fixed corpus of broken inputs, small enough for every run; `make fuzz` runs many more."""

from pathlib import Path

import pytest
from fuzz_runner import run_all
from fuzz_seeds import BY_FORMAT, seeds

import wcetool
from wcetool.data.registry import FORMATS

CASES = 2000


def test_every_format_has_a_seed():
    assert set(FORMATS) == set(BY_FORMAT)
    assert all(seeds()[name] for name in seeds())


@pytest.mark.parametrize("kind", BY_FORMAT)
def test_the_seeds_can_be_read(kind, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for seed in seeds()[kind]:
        if any(content.endswith(bytes(200)) for content in seed.files.values()):
            continue  # what would write it is not installed
        for name, content in seed.files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(content)
        if not seed.has_scores:
            assert wcetool.analyze(Path(seed.input), **seed.options).rows


def test_broken_inputs_are_refused_by_contract():
    """No traceback, no hang, no crash, no file: only results and errors of ours."""
    outcome = run_all(CASES, jobs=2, master=0, save=None)
    assert outcome.cases == CASES
    assert not outcome.failures, "\n".join(outcome.failures)
