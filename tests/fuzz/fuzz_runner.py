"""Run many cases of the fuzz suite in processes of their own; save what fails, made smaller.

    python tests/fuzz/fuzz_runner.py --cases 100000 --jobs 2 --seed 1 --save fuzz-failures

A worker writes the number of its case down before it runs it, so that a crash, a hang or too much
memory is laid at the right door. The exit code is 1 if anything failed.
"""

from __future__ import annotations

import argparse
import faulthandler
import os
import resource
import struct
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))  # this wcetool, whichever is installed
SECONDS = 20  # a case; two hundred times what the slowest of them takes
GROWTH = 400 << 20  # bytes that one case may add to the peak of its process
ADDRESSES = 12 << 30  # address space: an absurd size in a file fails at once
AT_ONCE = 5000  # cases a process
_FOUND = 7  # exit code of a worker that stops at a failure it cannot go on from


@dataclass
class Outcome:
    """What a run showed."""

    cases: int = 0
    failures: dict[str, int] = field(default_factory=dict)  # by what went wrong: the first case
    times: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0


def run_all(
    cases: int,
    *,
    jobs: int,
    master: int,
    save: Path | None,
    kinds: tuple[str, ...] = (),
    first: int = 0,
) -> Outcome:
    """Run cases `first` to `first + cases`; what fails is saved where `save` says."""
    began = time.monotonic()
    outcome = Outcome()
    workers = [_Worker(at, jobs, first, first + cases, master, kinds) for at in range(jobs)]
    for worker in workers:
        worker.start()
    while any(not worker.is_done for worker in workers):
        time.sleep(0.02)
        for worker in workers:
            worker.look(outcome)
    outcome.seconds = time.monotonic() - began
    if save is not None:
        for told, number in outcome.failures.items():
            _save(number, master, kinds, told, save)
    return outcome


class _Worker:
    """A process that runs every n-th case, and is started again where it ends too early."""

    def __init__(
        self, at: int, step: int, first: int, end: int, master: int, kinds: tuple[str, ...]
    ) -> None:
        self._next, self._step, self._end = first + at, step, end
        self._args = [str(master), *kinds]
        self._folder = tempfile.TemporaryDirectory(prefix="wcetool-fuzz-")
        self.is_done = self._next >= end

    def start(self) -> None:
        if self._next >= self._end:
            self.is_done = True
            self._folder.cleanup()
            return
        stop = min(self._end, self._next + AT_ONCE * self._step)
        numbers = [str(n) for n in (self._next, stop, self._step)]
        root = Path(self._folder.name)
        (root / "work").mkdir(exist_ok=True)
        (root / "at").write_bytes(struct.pack("<q", self._next))
        (root / "told").write_bytes(b"")
        self._first = self._next
        self._errors = open(root / "errors", "w+b")
        paths = os.pathsep.join((str(ROOT), os.environ.get("PYTHONPATH", "")))
        environment = {
            key: value for key, value in os.environ.items() if not key.startswith("WCETOOL_")
        }
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__)), "--worker", str(root), *numbers, *self._args],
            env={**environment, "PYTHONPATH": paths, "NO_COLOR": "1", "COLUMNS": "100"},
            stderr=self._errors,
            stdout=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
        )

    def look(self, outcome: Outcome) -> None:
        """Take what the process has found, if it has ended, and start the next one."""
        if self.is_done or self._process.poll() is None:
            return
        root = Path(self._folder.name)
        (at,) = struct.unpack("<q", (root / "at").read_bytes())
        for line in (root / "told").read_text(errors="replace").split("\0")[:-1]:
            number, _, told = line.partition(" ")
            _note(outcome, int(number), told)
        if self._process.returncode not in (0, _FOUND):
            self._errors.seek(0)
            said = self._errors.read().decode(errors="replace")[-6000:]
            code = self._process.returncode
            kind = "HANG" if "Timeout" in said else f"CRASH (exit {code})"
            where = next((one.strip() for one in said.splitlines() if "/wcetool/" in one), "")
            _note(outcome, at, f"{kind} {where}\n{said}")
        self._errors.close()
        outcome.cases += (at - self._first) // self._step + 1
        self._next = at + self._step
        self.start()


def _note(outcome: Outcome, number: int, told: str) -> None:
    head = told.partition("\n")[0][:300]
    outcome.times[head] += 1
    if outcome.times[head] == 1:
        outcome.failures[told] = number


def work(root: Path, first: int, stop: int, step: int, master: int, kinds: tuple[str, ...]) -> None:
    """Run every `step`-th case; only for a process of its own."""
    from fuzz_targets import WrongError, case_of, prepare, run_case

    folder = root / "work"
    os.chdir(folder)
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    at = os.open(root / "at", os.O_WRONLY)
    with open(root / "told", "w", errors="replace") as told:
        for number in range(first, stop, step):
            os.pwrite(at, struct.pack("<q", number), 0)
            faulthandler.dump_traceback_later(SECONDS, exit=True)
            peak = _peak()
            case = case_of(number, master, kinds)
            prepare(case, folder)
            try:
                run_case(case, folder)
                grown = _peak() - peak
                if grown > GROWTH and number >= first + 10 * step:  # libraries are loaded first
                    raise WrongError(f"MEMORY of {case.seed.kind} {case.action}: {grown >> 20} MB")
            except WrongError as error:
                told.write(f"{number} {error}\0")
                told.flush()
    faulthandler.cancel_dump_traceback_later()
    os._exit(0)  # threads of pyarrow need not be waited for


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def _save(number: int, master: int, kinds: tuple[str, ...], told: str, save: Path) -> None:
    """Write down a case that fails, as small as it was made."""
    from fuzz_targets import case_of, prepare

    case = case_of(number, master, kinds)
    if not told.startswith(("HANG", "CRASH", "MEMORY")):
        case = _smaller(case, told.partition("\n")[0])
    folder = save / f"{case.seed.kind}-{number}"
    (folder / "files").mkdir(parents=True, exist_ok=True)
    prepare(replace(case, action=""), folder / "files")
    (folder / "report.txt").write_text(
        f"case {number} of seed {master}\n{case.action} {case.seed.input} {case.options}\n{told}\n",
        errors="replace",
    )


def _smaller(case, head: str, tries: int = 300):
    """Leave out pieces of the broken files as long as the same thing goes wrong."""
    from fuzz_targets import WrongError, prepare, run_case

    left = tries
    here = os.getcwd()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.chdir(folder)

        def fails(candidate) -> bool:
            prepare(candidate, folder)
            try:
                run_case(candidate, folder)
            except WrongError as error:
                return str(error).partition("\n")[0] == head
            return False

        try:
            for broken in case.seed.broken:
                size = max(1, len(case.files[broken]) // 2)
                while size and left:
                    place = 0
                    while place < len(case.files[broken]) and left:
                        left -= 1
                        data = case.files[broken]
                        shorter = data[:place] + data[place + size :]
                        candidate = replace(case, files={**case.files, broken: shorter})
                        if fails(candidate):
                            case = candidate
                        else:
                            place += size
                    size //= 2
        finally:
            os.chdir(here)
    return case


def main() -> int:
    """Run from the command line."""
    if "--worker" in sys.argv:
        root, first, stop, step, master, *kinds = sys.argv[2:]
        work(Path(root), int(first), int(stop), int(step), int(master), tuple(kinds))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--kinds", default="", help="only these seeds, comma-separated")
    parser.add_argument("--save", type=Path, default=Path("fuzz-failures"))
    args = parser.parse_args()
    kinds = tuple(filter(None, args.kinds.split(",")))
    outcome = run_all(
        args.cases,
        jobs=args.jobs,
        master=args.seed,
        save=args.save,
        kinds=kinds,
        first=args.first,
    )
    print(
        f"{outcome.cases:,} cases in {outcome.seconds:.0f} s, seed {args.seed}: "
        f"{len(outcome.failures)} kinds of failure"
    )
    for head, times in outcome.times.most_common():
        print(f"  {times:6,} x {head}")
    if outcome.failures:
        print(f"the first case of each is in {args.save}")
    return 1 if outcome.failures else 0


if __name__ == "__main__":
    sys.exit(main())
