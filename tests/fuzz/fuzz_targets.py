"""One case of the fuzz suite: a broken seed, what is done with it, and what must hold then.

Whatever the input: a result, or a WceError with an exit code of the contract whose message a
terminal can show; nothing else on the way out, and no file that was not there before.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import shutil
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fuzz_mutations import mutate
from fuzz_seeds import RARE, Seed, seeds

import wcetool
from wcetool.data.formats import byte_ranges
from wcetool.errors import WceError
from wcetool.results.document import to_csv, to_json

_RARELY = 0.1
_BIG_RANGE = byte_ranges.RANGE_BYTES
_TEXT_OPTIONS: tuple[dict[str, Any], ...] = (
    {},
    {},
    {},
    {"header": False},
    {"header": True},
    {"delimiter": ";"},
    {"quoting": False},
    {"quote_char": "'"},
    {"escape_char": "\\"},
    {"comment": "#"},
    {"skip_lines": 1},
    {"encoding": "latin-1"},
    {"encoding": "utf-16"},
    {"encoding": "utf-7"},
    {"encoding": "shift_jis"},
)
_OPTIONS: tuple[dict[str, Any], ...] = (
    *_TEXT_OPTIONS,
    {"label_column": "1"},
    {"label_column": "label"},
    {"strip": True, "casefold": True},
    {"missing": "NA,?"},
    {"max_classes": 2},
    {"classes": "a,b"},
    {"task": "multilabel"},
    {"label_separator": "|"},
    {"memory": "1MB"},
    {"jobs": 1},
)
_CLI_NAMES = {"quoting": "no-quoting", "header": "no-header"}


class WrongError(Exception):
    """A case showed something that must not be."""


@dataclass(frozen=True)
class Case:
    """Files, and what is to be done with them."""

    seed: Seed
    files: dict[str, bytes]
    action: str
    options: dict[str, Any]


def case_of(number: int, master: int, kinds: tuple[str, ...] = ()) -> Case:
    """Make a case; the same numbers always make the same one."""
    rng = random.Random(f"{master}/{number}")
    by_kind = seeds()
    kind = rng.choice(kinds or tuple(by_kind))
    if kind in RARE and not kinds and rng.random() > _RARELY:
        kind = rng.choice([one for one in by_kind if one not in RARE])
    seed = rng.choice(by_kind[kind])
    files = dict(seed.files)
    other = rng.choice(by_kind[rng.choice(tuple(by_kind))])
    for name in rng.sample(seed.broken, k=1):
        donor = next(iter(other.files.values())) if rng.random() < 0.1 else b""
        files[name] = mutate(rng, files[name], is_text=seed.is_text, other=donor)
    return Case(seed, files, rng.choice(_actions(seed)), _chosen_options(rng, seed))


def _actions(seed: Seed) -> tuple[str, ...]:
    if seed.kind in ("weight-file", "config"):
        return (seed.kind,)
    if seed.kind == "argument":
        return ("argument",)
    if seed.kind == "side-file":
        return ("weights", "score", "cli-score")
    if seed.has_scores:
        return ("analyze", "score", "score", "check", "cli-score", "ranges", "stdin")
    return ("analyze", "analyze", "weights", "score", "check", "cli-analyze", "ranges", "stdin")


def _chosen_options(rng: random.Random, seed: Seed) -> dict[str, Any]:
    if seed.kind in ("weight-file", "config", "argument", "side-file"):
        return dict(seed.options)
    return {**rng.choice(_OPTIONS), **seed.options} if rng.random() < 0.4 else dict(seed.options)


def prepare(case: Case, folder: Path) -> None:
    """Write the files of a case into an empty folder."""
    for entry in folder.iterdir():
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    if case.action != "argument":
        for name, content in case.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def run_case(case: Case, folder: Path) -> str:
    """Run a case in the folder, which is the current one, and return how it went.

    Raises
    ------
    WrongError
        If anything but a result or an error of ours comes out.
    """
    before = _listing(folder)
    _expect_ours(lambda: _ACTIONS[case.action](case), case)
    if _listing(folder) != before:
        raise WrongError(f"files are left: {sorted(_listing(folder) ^ before)}")
    return case.action


def _listing(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def _expect_ours(run: Callable[[], object], case: Case) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            run()
    except WceError as error:
        _check_error(error)
    except WrongError:
        raise
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is what is looked for
        told = "".join(traceback.format_exception(error))
        raise WrongError(f"{_signature(error)}\n{told}") from None


def _signature(error: BaseException) -> str:
    """Tell where an error comes from: its type and the last line of ours."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "/wcetool/" in frame.filename] or frames
    last = ours[-1]
    return f"{type(error).__name__} at {Path(last.filename).name}:{last.name}"


def _check_error(error: WceError) -> None:
    text = str(error)
    if error.exit_code not in (1, 2, 3):
        raise WrongError(f"exit code {error.exit_code}")
    if not text.strip() or "Traceback" in text:
        raise WrongError(f"message {text!r}")
    if not all(line.isprintable() for line in text.split("\n")):
        raise WrongError(f"a message with control characters: {text!r}")
    if len(text) > 20_000:
        raise WrongError(f"a message of {len(text)} characters: {text[:200]!r}")


def _check_result(result: Any) -> str:
    text = to_json(result.to_dict())
    json.loads(text, parse_constant=_no_constant)
    to_csv(result.class_rows())
    return text


def _no_constant(name: str) -> None:
    raise WrongError(f"{name} is not strict JSON")


def _input(case: Case) -> Path:
    return Path(case.seed.input)


def _known(case: Case, *left_out: str) -> dict[str, Any]:
    return {key: value for key, value in case.options.items() if key not in left_out}


def _analyze(case: Case) -> None:
    _check_result(wcetool.analyze(_input(case), **_known(case, "labels")))


def _weights(case: Case) -> None:
    _check_result(wcetool.class_weights(_input(case), **_known(case, "labels")))


def _score(case: Case) -> None:
    options = _known(case, "prior")
    if case.options.keys() & {"prior"}:
        options["weights"] = f"inverse-prior:prior={case.options['prior']}"
    _check_result(wcetool.score_file(_input(case), **options))


def _check(case: Case) -> None:
    weights = {"a": 1.0, "b": 2.0, "cat": 1.0}
    wcetool.check(weights, _input(case), **_known(case, "labels")).to_dict()


def _weight_file(case: Case) -> None:
    weights = wcetool.read_weights(case.seed.input)
    _check_result(weights)


def _ranges(case: Case) -> None:
    """Read text in small ranges of bytes: the answer must be that of the whole file."""

    def answer() -> tuple[str, str]:
        try:
            result = wcetool.analyze(_input(case), **_known(case, "labels"))
        except WceError as error:
            return "error", str(error)
        return "result", _check_result(result)

    whole = answer()
    byte_ranges.RANGE_BYTES = 1 << 6
    try:
        parts = answer()
    finally:
        byte_ranges.RANGE_BYTES = _BIG_RANGE
    if parts != whole:
        raise WrongError(f"ranges differ from the whole:\n{parts}\n{whole}")


def _stdin(case: Case) -> None:
    """Read the same bytes from standard input: a format that is named gives the same answer."""
    if _input(case).is_dir():
        return
    data = case.files[case.seed.input]
    with _streams(data):
        wcetool.analyze(Path("-"), **{"input_format": _plain_name(case), **_known(case, "labels")})


def _plain_name(case: Case) -> str:
    return "csv" if case.seed.kind in ("argument", "side-file") else case.seed.kind


@contextlib.contextmanager
def _streams(data: bytes = b"") -> Iterator[tuple[io.BytesIO, io.BytesIO]]:
    old = sys.stdin, sys.stdout, sys.stderr
    out, err = io.BytesIO(), io.BytesIO()
    sys.stdin = io.TextIOWrapper(io.BytesIO(data))
    sys.stdout = io.TextIOWrapper(out, encoding="utf-8", write_through=True)
    sys.stderr = io.TextIOWrapper(
        err, encoding="utf-8", errors="backslashreplace", write_through=True
    )
    try:
        yield out, err
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        for stream in (sys.stdout, sys.stderr, sys.stdin):
            stream.detach()
        sys.stdin, sys.stdout, sys.stderr = old


def _run_cli(*args: str) -> None:
    from wcetool.cli.app import run

    with _streams() as (out, err):
        code = run(list(args))
    stdout, stderr = out.getvalue().decode("utf-8", "surrogatepass"), err.getvalue().decode()
    if code not in (0, 1, 2, 3) or "internal error" in stderr:
        error = stderr.rpartition("internal error: ")[2].partition(":")[0]
        raise WrongError(f"exit code {code}: {error}\n{args}: {stderr}")
    if not all(line.isprintable() for line in stderr.split("\n")):
        raise WrongError(f"control characters on stderr: {stderr!r}")
    if code in (2, 3) and (stdout or "error: " not in stderr):
        raise WrongError(f"a refusal with {stdout[:80]!r} on stdout and {stderr!r}")
    if code == 0 and "json" in args:
        json.loads(stdout, parse_constant=_no_constant)


def _cli_options(options: dict[str, Any]) -> list[str]:
    words = []
    for name, value in options.items():
        if name == "quoting" or value is False:
            words.append(f"--{_CLI_NAMES[name]}")
        elif value is True:
            words.append(f"--{name.replace('_', '-')}")
        else:
            words.append(f"--{name.replace('_', '-')}={value}")
    return words


def _cli(command: str) -> Callable[[Case], None]:
    def call(case: Case) -> None:
        options = _cli_options(_known(case, "prior", "jobs"))
        form = ("-f", ("json", "table", "csv", "md")[len(case.files[case.seed.broken[0]]) % 4])
        _run_cli(command, case.seed.input, *options, *form)

    return call


def _config(case: Case) -> None:
    Path("labels.csv").write_text("label\na\nb\na\n")
    try:
        _run_cli("weights", "labels.csv", "--config", case.seed.input)
        _run_cli("analyze", "labels.csv", "--config", case.seed.input, "-f", "json")
    finally:
        Path("labels.csv").unlink()


_BY_COMMAND = {
    "analyze": ("fail_if", "classes", "buckets", "memory", "label_column", "encoding"),
    "weights": ("scheme", "prior", "set", "input_format", "delimiter"),
}


def _argument(case: Case) -> None:
    """Give a broken text to an option, as a shell would."""
    option = case.seed.input
    text = os.fsdecode(case.files[option].replace(b"\0", b""))
    command = next((name for name, known in _BY_COMMAND.items() if option in known), "score")
    data = Path("data.csv")
    data.write_bytes(next(s for s in seeds()["csv"] if s.has_scores).files["preds.csv"])
    try:
        more = ("--scheme", "la-posterior") if option == "prior" else ()
        more = ("--weights", "inverse") if option == "like" else more
        _run_cli(command, "data.csv", f"--{option.replace('_', '-')}={text}", *more)
    finally:
        data.unlink()


_ACTIONS: dict[str, Callable[[Case], None]] = {
    "analyze": _analyze,
    "weights": _weights,
    "score": _score,
    "check": _check,
    "weight-file": _weight_file,
    "ranges": _ranges,
    "stdin": _stdin,
    "cli-analyze": _cli("analyze"),
    "cli-score": _cli("score"),
    "config": _config,
    "argument": _argument,
}
