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
import json
import math
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from contenders import JOBS, Job
from data import SIZES, Size, generate

HERE = Path(__file__).parent
CHILD = HERE / "child.py"
AGREEMENT = 1e-9
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


def measure(job: Job, folder: Path, warm_up: Path, rounds: int) -> dict[str, dict[str, Any]]:
    """Measure every contender of a job, in turn; keep the best seconds and the largest peak."""
    best: dict[str, dict[str, Any]] = {}
    for _ in range(rounds):
        for name in job.contenders:
            if best.get(name, {}).get("slow"):
                continue
            args = [sys.executable, str(CHILD), job.name, name]
            ran = launch([*args, str(folder / job.file), str(warm_up / job.file)])
            found = json.loads(ran["out"]) if ran["code"] == 0 else {"absent": ran["err"][-200:]}
            if "absent" in found:
                print(f"  {name}: not measured ({found['absent'].strip()})", file=sys.stderr)
                best[name] = {"slow": True}
                continue
            known = best.setdefault(name, {"seconds": math.inf, "peak": 0.0})
            known["seconds"] = min(known["seconds"], found["seconds"])
            known["peak"] = max(known["peak"], ran["peak"])
            known["result"] = found["result"]
            known["slow"] = found["seconds"] > 10  # once is enough
    return {name: entry for name, entry in best.items() if "seconds" in entry}


def difference(ours: Any, theirs: Any) -> float | None:
    """Return how far two results are apart, relatively; None where there is nothing to compare."""
    if theirs is None:
        return None
    if isinstance(ours, dict):
        return 0.0 if ours == theirs else math.inf
    return abs(ours - theirs) / abs(ours)


def in_process(folder: Path, warm_up: Path, rounds: int) -> list[str]:
    """Write the table of the computations inside a process."""
    lines = [
        "| job | contender | seconds | of wcetool | peak MB | difference |",
        "|---|---|---:|---:|---:|---|",
    ]
    for job in JOBS:
        print(f"{job.name} ...", file=sys.stderr)
        found = measure(job, folder, warm_up, rounds)
        ours = found["wcetool"]
        for name, entry in found.items():
            apart = difference(ours["result"], entry["result"])
            said = "" if apart is None else "none" if apart <= AGREEMENT else f"{apart:.1e}"
            lines.append(
                f"| {job.name} | {name} | {entry['seconds']:.3f} | "
                f"{entry['seconds'] / ours['seconds']:.2f} | {entry['peak']:.0f} | {said} |"
            )
    return lines


def whole_processes(folders: dict[str, Path], rounds: int) -> list[str]:
    """Write the table of the commands as processes, start-up included, at three sizes."""
    lines = [
        f"| command | {' | '.join(f'{size}' for size in folders)} | peak MB of the largest |",
        f"|---|{'---:|' * (len(folders) + 1)}",
    ]
    commands = [("bare interpreter", ["-c", "pass"], None)]
    commands += [("--version", ["-m", "wcetool", "--version"], None)]
    commands += [
        (f"{' '.join(job.command)} {job.file}", ["-m", "wcetool", *job.command], job.file)
        for job in JOBS
    ]
    for name, args, file in commands:
        seconds, peak = [], 0.0
        for folder in folders.values():
            tail = [] if file is None else [str(folder / file), "-q"]
            runs = [launch([sys.executable, *args, *tail]) for _ in range(rounds)]
            if any(ran["code"] for ran in runs):
                sys.exit(f"{name} failed: {runs[0]['err']}")
            seconds.append(min(ran["whole"] for ran in runs))
            peak = max(ran["peak"] for ran in runs)
        lines.append(f"| {name} | {' | '.join(f'{s:.2f}' for s in seconds)} | {peak:.0f} |")
    return lines


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
    given = parser.parse_args()
    size = SIZES[given.size]
    rounds = given.rounds or (5 if given.size == "full" else 2)
    folders = {}
    for by in (100, 10, 1):
        part = shrunk(size, by)
        folders[f"{part.labels:,} labels, {part.scores:,} x 10"] = given.data / f"{part.labels}"
        generate(given.data / f"{part.labels}", part)
    smallest, *_, largest = folders.values()
    about = (
        f"{size.labels:,} labels; {size.scores:,} x 10 scores; {size.wide:,} x 1000 scores. "
        f"Best of {rounds}."
    )
    explained = (
        "In process, libraries loaded and warm; the last column says by how much a result differs "
        f"from ours, where by more than {AGREEMENT:g}:"
    )
    tables = (
        (explained, in_process(largest, smallest, rounds)),
        ("Whole processes of wcetool, seconds:", whole_processes(folders, rounds)),
    )
    text = [about, versions()]
    for title, lines in tables:
        text += ["", title, "", *lines]
    print("\n".join(text))
    if given.size == "full":
        head = f"# Results\n\nWritten by `make bench` on {dt.date.today()}.\n\n"
        (HERE / "RESULTS.md").write_text(head + "\n".join(text) + "\n")


if __name__ == "__main__":
    main()
