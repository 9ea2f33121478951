"""Measure wcetool and its peers, in turn, several rounds; print a table, keep it in RESULTS.md.

``make bench`` runs the full size, ``make bench SIZE=small`` takes a minute. Each measurement is a
process of its own: the seconds are those of the computation inside it, libraries loaded and warm;
the peak memory is that of the process. Whole processes are measured at three sizes. No test looks
at any of these numbers.
"""

from __future__ import annotations

import argparse
import datetime as dt
import importlib.metadata
import itertools
import json
import math
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contenders import JOBS, Job
from data import SIZES, Size, generate

HERE = Path(__file__).parent
CHILD = HERE / "child.py"
AGREEMENT = 1e-9
SLOW = 3  # seconds; measured once
LIBRARIES = ("numpy", "pyarrow", "duckdb", "polars", "pandas", "scikit-learn", "torch")

# The peak of a process is at least that of the one that forked it: a small one has to.
LAUNCHER = """
import json, resource, subprocess, sys, time
start = time.perf_counter()
ran = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
seconds = time.perf_counter() - start
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(json.dumps({"whole": seconds, "peak": peak / 1024, "code": ran.returncode,
                  "out": ran.stdout.decode()[-100000:], "err": ran.stderr.decode()[-2000:]}))
"""


def launch(args: list[str]) -> dict[str, Any]:
    """Run a command from a small process; return its seconds, peak MB and output."""
    environment = {key: v for key, v in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    ran = subprocess.run(
        [sys.executable, "-S", "-c", LAUNCHER, *args],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    return json.loads(ran.stdout)


@dataclass
class Best:
    """The best seconds of several rounds, and the largest peak."""

    seconds: float = math.inf
    peak: float = 0.0
    result: Any = None

    @property
    def once_is_enough(self) -> bool:
        """Whether another round would not pay."""
        return SLOW < self.seconds < math.inf

    def take(self, seconds: float, peak: float, result: Any) -> None:
        """Take a measurement."""
        self.seconds, self.peak = min(self.seconds, seconds), max(self.peak, peak)
        self.result = result


def in_turn(commands: dict[str, list[str]], rounds: int, *, whole: bool) -> dict[str, Best]:
    """Run commands in turn, several rounds; time the whole process, or what it says of itself.

    Every round begins with another one: the first after one that filled the memory is slower.
    """
    best = {name: Best() for name in commands}
    ordered = list(commands.items())
    for number in range(rounds):
        first = number % len(ordered)
        for name, command in ordered[first:] + ordered[:first]:
            if name not in best or best[name].once_is_enough:
                continue
            ran = launch([sys.executable, *command])
            if ran["code"]:
                sys.exit(f"{name} failed: {ran['err']}")
            found = {} if whole and not is_child(command) else json.loads(ran["out"])
            if "absent" in found:
                print(f"  {name}: not measured ({found['absent'].strip()})", file=sys.stderr)
                del best[name]
                continue
            seconds = ran["whole"] if whole else found["seconds"]
            best[name].take(seconds, ran["peak"], found.get("result"))
    return best


def into_the_cache(path: Path) -> None:
    """Read a file once: nobody is to be measured on the disk."""
    with path.open("rb") as stream:
        while stream.read(1 << 24):
            pass


def is_child(command: list[str]) -> bool:
    """Tell whether a command runs a contender and prints JSON."""
    return command[0] == str(CHILD)


def difference(ours: Any, theirs: Any) -> float | None:
    """Return how far two results are apart, relatively; None where there is nothing to compare."""
    if theirs is None:
        return None
    if isinstance(ours, dict):
        return 0.0 if ours == theirs else math.inf
    return abs(ours - theirs) / abs(ours)


def in_process(
    folder: Path, warm_up: Path, rounds: int, jobs: Sequence[Job]
) -> tuple[list[str], list[str]]:
    """Write the table of the computations inside a process, and that of what is aimed at."""
    lines = [
        "| job | contender | seconds | of wcetool | peak MB | difference |",
        "|---|---|---:|---:|---:|---|",
    ]
    aims = ["| job | wcetool to | aimed at | measured |", "|---|---|---:|---:|"]
    for job in jobs:
        print(f"{job.name} ...", file=sys.stderr)
        into_the_cache(folder / job.file)
        files = [str(folder / job.file), str(warm_up / job.file)]
        commands = {name: [str(CHILD), job.name, name, *files] for name in job.contenders}
        found = in_turn(commands, rounds, whole=False)
        ours = found["wcetool"]
        for name, best in found.items():
            apart = difference(ours.result, best.result)
            said = "" if apart is None else "none" if apart <= AGREEMENT else f"{apart:.1e}"
            lines.append(
                f"| {job.name} | {name} | {best.seconds:.3f} | "
                f"{best.seconds / ours.seconds:.2f} | {best.peak:.0f} | {said} |"
            )
        aims += [
            f"| {job.name} | {name} | {aim} | {ours.seconds / found[name].seconds:.2f} |"
            for name, aim in job.aims.items()
            if name in found
        ]
    return lines, aims


def whole_processes(folders: dict[str, Path], rounds: int) -> list[str]:
    """Write the table of whole processes, start-up included: seconds, and peak memory."""
    sizes = [f"{size} | MB" for size in folders]
    lines = [
        f"| job | process | {' | '.join(sizes)} |",
        f"|---|---|{'---:|---:|' * len(folders)}",
    ]
    for name, commands_of in _processes():
        print(f"{name}, whole processes ...", file=sys.stderr)
        found = [in_turn(commands_of(folder), rounds, whole=True) for folder in folders.values()]
        for contender in found[0]:
            cells = (f"{one[contender].seconds:.2f} | {one[contender].peak:.0f}" for one in found)
            lines.append(f"| {name} | {contender} | {' | '.join(cells)} |")
    return lines


def _processes() -> Iterator[tuple[str, Callable[[Path], dict[str, list[str]]]]]:
    """List the jobs, and for each the commands on the files of a folder."""

    def starting(folder: Path) -> dict[str, list[str]]:
        with (folder / "labels.csv").open() as labels:
            first = "".join(itertools.islice(labels, 1001))
        (folder / "few.csv").write_text(first)
        few = ["analyze", "-l", "label", str(folder / "few.csv"), "-q"]
        return {
            "bare interpreter": ["-c", "pass"],
            "wcetool --version": ["-m", "wcetool", "--version"],
            "wcetool analyze, 1,000 rows": ["-m", "wcetool", *few],
        }

    yield "start", starting
    for job in JOBS:
        if not job.command:  # there is no command for it
            continue

        def commands(folder: Path, job: Job = job) -> dict[str, list[str]]:
            into_the_cache(folder / job.file)
            file = str(folder / job.file)
            ours = ["-m", "wcetool", *job.command, file, "-q"]
            peers = {
                name: [str(CHILD), job.name, name, file]
                for name in job.contenders
                if not name.startswith("wcetool")
            }
            return {f"wcetool {job.command[0]}": ours, **peers}

        yield job.name, commands


def versions() -> str:
    """Say on what this was measured."""
    found = [f"Python {platform.python_version()}"]
    for name in LIBRARIES:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            found.append(f"no {name}")
    return f"{os.cpu_count()} processors, {platform.machine()}; {', '.join(found)}."


def shrunk(size: Size, by: int) -> Size:
    """Return a size with fewer rows."""
    return Size(size.labels // by, size.scores // by, max(size.wide // by, 100))


def main() -> None:
    """Generate, measure, print; the full size is kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=SIZES, default="full")
    parser.add_argument("--rounds", type=int, default=None)
    parser.add_argument("--data", type=Path, default=Path(tempfile.gettempdir()) / "wcetool-bench")
    parser.add_argument("--job", default="", help="only jobs whose name holds this; prints alone")
    given = parser.parse_args()
    size = SIZES[given.size]
    rounds = given.rounds or (5 if given.size == "full" else 1)
    folders = {}
    for by in (100, 10, 1) if given.size == "full" else (100, 1):
        part = shrunk(size, by)
        folders[f"{part.labels:,} labels, {part.scores:,} x 10"] = given.data / f"{part.labels}"
        generate(given.data / f"{part.labels}", part)
    smallest, *_, largest = folders.values()
    measured = folders if given.size == "full" else dict([list(folders.items())[-1]])
    about = (
        f"{size.labels:,} labels; {size.scores:,} x 10 scores; {size.wide:,} x 1000 scores. "
        f"Best of {rounds}."
    )
    explained = (
        "In process, libraries loaded and warm; the last column says by how much a result differs "
        f"from ours, where by more than {AGREEMENT:g}:"
    )
    jobs = [job for job in JOBS if given.job in job.name]
    inside, aims = in_process(largest, smallest, rounds, jobs)
    tables = [
        (explained, inside),
        ("The time of wcetool to that of others, as it is aimed at and as it was:", aims),
    ]
    if not given.job:
        whole = "Whole processes, seconds and peak MB by the size of the file:"
        tables.append((whole, whole_processes(measured, rounds)))
    text = [about, versions()]
    for title, lines in tables:
        text += ["", title, "", *lines]
    print("\n".join(text))
    if given.size == "full" and not given.job:
        head = f"# Results\n\nWritten by `make bench` on {dt.date.today()}.\n\n"
        (HERE / "RESULTS.md").write_text(head + "\n".join(text) + "\n")


if __name__ == "__main__":
    main()
