"""Threads and memory: what the user says, what the machine has, and what fits."""

import logging

import pytest

from wcetool.data.formats.table import MemoryNeed
from wcetool.engine import resources
from wcetool.engine.resources import Resources, machine_memory, parse_memory
from wcetool.errors import UsageError


def test_a_thread_a_processor_and_a_quarter_of_the_memory_by_default(monkeypatch):
    monkeypatch.setattr(resources, "processors", lambda: 5)
    monkeypatch.setattr(resources, "machine_memory", lambda: 4000)
    assert Resources.of() == Resources(jobs=5, memory=1000)
    assert Resources.of(3, "2kB") == Resources(jobs=3, memory=2000)


@pytest.mark.parametrize("jobs", [0, -1, "2", 2.5, True])
def test_no_threads_are_refused(jobs):
    with pytest.raises(UsageError, match="--jobs"):
        Resources.of(jobs)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("512MB", 512 * 10**6),
        ("512 mb", 512 * 10**6),
        ("1.5G", 1_500_000_000),
        ("2GiB", 2 << 30),
        ("64KiB", 1 << 16),
        ("0.5TB", 5 * 10**11),
        ("100000", 100_000),
        (100_000, 100_000),
    ],
)
def test_sizes(text, size):
    assert parse_memory(text) == size


@pytest.mark.parametrize(
    "text",
    ["", "much", "GB", "-1GB", "1TBB", "0", "1e9", "1 GB more", "9" * 400, "٣MB", 2.5, True, None],
)
def test_what_is_no_size_is_refused(text):
    with pytest.raises(UsageError, match="is not an amount of memory"):
        parse_memory(text)


def test_the_limit_of_a_container_counts(monkeypatch, tmp_path):
    whole = machine_memory()
    limits = [tmp_path / "limit", tmp_path / "none", tmp_path / "absent"]
    limits[0].write_text("1000000\n")
    limits[1].write_text("max\n")
    monkeypatch.setattr(resources, "_CONTAINER_LIMITS", limits[1:])
    assert machine_memory() >= whole
    monkeypatch.setattr(resources, "_CONTAINER_LIMITS", limits)
    assert machine_memory() == 1_000_000


@pytest.mark.parametrize(
    ("needs", "jobs", "said"),
    [
        ([], 4, []),
        ([(10, 100), (10, 20)], 4, []),
        ([(10, 200), (10, 20)], 2, ["2 instead of 4 jobs"]),
        ([(10, 401)], 1, ["read in pieces", "1 instead of 4 jobs"]),
        ([(402, 500)], 1, ["takes at least about", "1 instead of 4 jobs"]),
    ],
)
def test_fewer_jobs_run_where_more_would_not_fit_and_it_is_said(needs, jobs, said, caplog):
    caplog.set_level(logging.INFO, "wcetool")
    named = [
        (f"f{i}", MemoryNeed(least * 10**6, most * 10**6)) for i, (least, most) in enumerate(needs)
    ]
    assert Resources.of(4, "400MB").jobs_within_memory(named) == jobs
    assert len(caplog.messages) == len(said)
    for message, words in zip(caplog.messages, said, strict=True):
        assert words in message
        assert "--memory" in message
