"""What only a process of its own shows: pipes, signals, terminals, imports, full disks."""

import contextlib
import itertools
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import threading

import numpy as np
import pandas as pd
import pytest

COLOR = r"\x1b\[[0-9;]*m"
LIST_MODULES = (
    "import os, sys; from wcetool.cli.app import run; code = run(sys.argv[1:]);"
    "print('\\n@', *sorted("
    "{'numpy', 'pandas', 'pyarrow', 'pydantic', 'rich', 'sklearn', 'scipy', 'typer'} & "
    "set(sys.modules)), file=sys.stderr, flush=True); os._exit(code)"
)


@pytest.fixture
def labels(write):
    return write("labels.csv", "label\n" + "a\nb\nb\n" * 100)


@pytest.fixture
def preds(tmp_path):
    frame = pd.DataFrame({"label": ["a", "b"] * 50, "p_a": 0.25, "p_b": 0.75})
    frame.to_parquet(tmp_path / "preds.parquet", index=False)
    frame.to_csv(tmp_path / "preds.csv", index=False)


def loaded(args, folder, code=LIST_MODULES):
    ran = subprocess.run(
        [sys.executable, "-c", code, *args],
        capture_output=True,
        text=True,
        cwd=folder,
        check=False,
    )
    assert ran.returncode in (0, 2), ran.stderr
    return set(ran.stderr.rsplit("@", 1)[1].split())


@pytest.mark.parametrize("args", [["--version"], ["-V"]])
def test_the_version_loads_nothing_heavy(args, tmp_path):
    assert loaded(args, tmp_path) <= {"typer"}


@pytest.mark.parametrize(
    "args", [["--help"], ["analyze", "--help"], ["weights", "-h"], ["score", "-h"], []]
)
def test_help_loads_typer_and_rich_at_most(args, tmp_path):
    assert loaded(args, tmp_path) <= {"typer", "rich"}


@pytest.mark.parametrize(
    "args",
    [
        ["analyze", "labels.csv"],
        ["analyze", "preds.parquet", "-f", "json"],
        ["analyze", "labels.csv", "--confidence", "goodman", "--fail-if", "ratio > 99"],
        ["weights", "labels.csv", "-o", "w.json"],
        ["weights", "labels.csv", "-o", "w.parquet"],
        ["weights", "labels.csv", "-o", "w.npy"],
        ["weights", "labels.csv", "--sample-weights", "rows.parquet"],
        ["weights", "labels.csv", "--sample-weights", "rows.csv"],
        [
            "weights",
            "labels.csv",
            "--sample-weights",
            "rows.npy",
            "--task",
            "multioutput",
            "-l",
            "1",
        ],
        ["score", "preds.parquet", "--weights", "inverse"],
        ["score", "preds.csv", "-f", "md"],
    ],
)
def test_the_commands_load_no_more_than_they_use(args, tmp_path, labels, preds):
    assert not loaded(args, tmp_path) & {"pandas", "pydantic", "sklearn", "scipy"}


@pytest.mark.parametrize(
    ("args", "pages"),
    [
        (["analyze", "labels.csv"], {"views", "split_views"}),
        (["weights", "labels.csv"], {"weight_views"}),
        (["score", "preds.parquet", "--weights", "inverse"], {"score_views"}),
    ],
)
def test_a_command_loads_its_page_and_no_rare_format(args, pages, tmp_path, labels, preds):
    every = LIST_MODULES.replace("& set(sys.modules)", "| set(sys.modules)")
    modules = loaded(args, tmp_path, every)
    shown = {one.removeprefix("wcetool.render.") for one in modules if one.endswith("views")}
    assert shown == pages
    rare = {"zipfile", "PIL", "yaml", "wcetool.data.archives", "wcetool.data.folders"}
    assert not modules & {*rare, "wcetool.data.long_format", "wcetool.api.score_plan"}
    formats = {one.removeprefix("wcetool.data.formats.") for one in modules}
    assert not {one for one in formats if one.startswith(("json_", "mask", "np", "excel", "arff"))}


def test_importing_the_package_loads_nothing(tmp_path):
    code = (
        "import sys, wcetool; assert not {'numpy', 'pyarrow', 'pandas', 'typer'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)


def test_a_run_ends_at_once_whatever_threads_of_libraries_do(tmp_path, labels):
    # An ordinary exit aborted now and then, while threads of pyarrow were still there.
    code = (
        "import sys, atexit; from wcetool.cli import main;"
        "atexit.register(lambda: print('an ordinary exit', file=sys.stderr)); main()"
    )
    args = ["weights", "labels.csv", "-q"]
    ran = subprocess.run(
        [sys.executable, "-c", code, *args],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("labels.csv")


def test_a_closed_pipe_ends_silently(tmp_path, write):
    write("labels.csv", "label\n" + "".join(f"class {i}\nclass {i}\n" for i in range(200_000)))
    program = f"{sys.executable} -m wcetool analyze labels.csv -q -f csv"
    command = f"{program} | head -1; exit ${{PIPESTATUS[0]}}"
    ran = subprocess.run(["bash", "-c", command], capture_output=True, cwd=tmp_path, check=False)
    assert (ran.returncode, ran.stderr) == (141, b"")
    assert ran.stdout == b"label,index,count,share,ratio\n"


def test_a_closed_stdout_is_an_error(tmp_path, labels):
    command = f"{sys.executable} -m wcetool analyze labels.csv >&-"
    ran = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert ran.returncode == 3
    assert "error: standard output: is closed" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_closed_stdin_is_an_error(tmp_path):
    command = f"{sys.executable} -m wcetool analyze - <&-"
    ran = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert ran.returncode == 3
    assert "error: standard input: is closed" in ran.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_is_an_error(process, labels, tmp_path):
    with open("/dev/full", "wb") as full:
        ran = process(
            "analyze", "labels.csv", stdout=full, stderr=subprocess.PIPE, capture_output=False
        )
    assert ran.returncode == 3
    assert b"error: standard output: cannot be written: no space left on device" in ran.stderr
    ran = process("weights", "labels.csv", "-o", "/dev/full")
    assert ran.returncode == 2  # no suffix says what to write
    ran = process("analyze", "labels.csv", "-o", "/dev/full")
    assert ran.returncode == 3
    assert b"/dev/full: cannot be written: no space left on device" in ran.stderr


def test_a_disk_that_fills_up_leaves_the_old_file(tmp_path, labels, monkeypatch):
    from wcetool.data.writing import write_whole
    from wcetool.errors import OutputError

    (tmp_path / "out.json").write_text("old")

    def fail(stream):
        stream.write(b"half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OutputError, match="no space left on device"):
        write_whole(str(tmp_path / "out.json"), fail)
    assert (tmp_path / "out.json").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["labels.csv", "out.json"]


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_interrupt_leaves_no_file_and_code_130(tmp_path, jobs):
    block = b"a,0.5,0.5\nb,0.25,0.75\n" * 1000
    started = threading.Semaphore(0)

    def write_for_ever(path):
        with contextlib.suppress(BrokenPipeError), open(path, "wb") as pipe:
            pipe.write(b"label,p_a,p_b\n")
            for n in itertools.count():
                pipe.write(block)
                if n == 300:  # the program has read several of its blocks
                    started.release()

    pipes = [tmp_path / f"pipe{i}.csv" for i in range(int(jobs))]
    for pipe in pipes:
        os.mkfifo(pipe)
        threading.Thread(target=write_for_ever, args=(pipe,), daemon=True).start()
    running = subprocess.Popen(
        [sys.executable, "-m", "wcetool", "score", *pipes, "-o", "out.json", "-j", jobs],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    for _ in pipes:
        assert started.acquire(timeout=30)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=30)
    assert running.returncode == 130, err
    assert out == b""
    assert b"Traceback" not in err
    assert not (tmp_path / "out.json").exists()
    assert not list(tmp_path.glob(".out*"))


@contextlib.contextmanager
def terminal(args, folder, columns, **env):
    """Run with stdout and stderr on a pseudo-terminal; yield what appears, piece by piece."""
    main, side = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(columns), "TERM": "xterm-256color", **env}
    environment = {key: value for key, value in environment.items() if value is not None}
    running = subprocess.Popen(
        [sys.executable, "-m", "wcetool", *args],
        stdout=side,
        stderr=side,
        stdin=side,
        cwd=folder,
        env=environment,
    )
    os.close(side)

    def pieces():
        while select.select([main], [], [], 30)[0]:
            try:
                data = os.read(main, 65536)
            except OSError:
                return
            if not data:
                return
            yield data

    yield pieces()
    assert running.wait(30) == 0
    os.close(main)


def on_a_terminal(args, folder, columns, **env):
    """Run on a pseudo-terminal; return what appeared."""
    with terminal(args, folder, columns, **env) as pieces:
        return b"".join(pieces).decode()


def test_a_terminal_gets_colour_unless_told_otherwise(tmp_path, labels):
    def colors(*options, **env):
        shown = on_a_terminal(["analyze", "labels.csv", *options], tmp_path, 100, **env)
        return re.findall(COLOR, shown)

    assert colors(NO_COLOR=None)
    assert colors(NO_COLOR="")
    assert not colors(NO_COLOR="1")
    assert not colors("--color", "never", NO_COLOR=None)
    dumb = on_a_terminal(["analyze", "labels.csv"], tmp_path, 100, NO_COLOR=None, TERM="dumb")
    assert "\x1b" not in dumb


def test_a_pipe_gets_no_colour_unless_told_otherwise(process, labels):
    assert b"\x1b" not in process("analyze", "labels.csv", env={"NO_COLOR": ""}).stdout
    assert b"\x1b[1m" in process("analyze", "labels.csv", "--color", "always").stdout


@pytest.mark.parametrize("columns", [30, 50, 66, 72, 80, 140])
def test_nothing_is_wider_than_the_terminal(tmp_path, columns):
    names = [
        "a short one",
        "a name that is far too long for any terminal " * 4,
        "中文 wide characters",
        "c",
    ]
    proba = np.full((40, 4), 0.25)
    frame = pd.DataFrame(proba, columns=[f"p_{name}" for name in names])
    frame.insert(0, "label", names * 10)
    frame.to_parquet(tmp_path / "preds.parquet", index=False)
    shown = on_a_terminal(
        ["score", "preds.parquet", "--weights", "inverse", "-q"], tmp_path, columns, NO_COLOR="1"
    )
    from rich.cells import cell_len

    assert max(cell_len(line) for line in shown.splitlines()) <= columns
    assert "…" in shown
    assert "1.3863" in shown
    names = {line[:8] for line in shown.splitlines() if "25.00%" in line}
    assert len(names) in (0, 4)  # still told apart; on the narrowest, shares are left out
    assert ("too narrow for" in shown) == (columns < 80)


def test_nothing_is_cut_when_piped(process, write):
    label = "x" * 500
    write("labels.csv", f"label\n{label}\nb\n")
    assert label in process("analyze", "labels.csv").stdout.decode()


@pytest.mark.parametrize("color", ["always", "never"])
def test_progress_shows_on_a_terminal_and_is_gone_before_the_result(tmp_path, color):
    """The input is a pipe that is kept open until the bar has shown."""
    os.mkfifo(tmp_path / "labels.csv")
    shown = threading.Event()

    def write_until_shown():
        with open(tmp_path / "labels.csv", "wb") as pipe:
            pipe.write(b"label\n")
            while not shown.is_set():
                pipe.write(b"a\nb\n" * 1000)

    writer = threading.Thread(target=write_until_shown)
    writer.start()
    args = ["analyze", "labels.csv", "--color", color]
    seen = b""
    with terminal(args, tmp_path, 100, NO_COLOR=None) as pieces:
        for data in pieces:
            seen += data
            if b" rows" in seen:
                shown.set()
        shown.set()
    writer.join()
    text = seen.decode()
    progress, result = text.split("Imbalance ratio" if "Imbalance" in text else "The classes are")
    assert " rows" in progress
    assert "\x1b[?25h" in progress  # the cursor is back
    assert " rows" not in result.split("analyzed")[0]
    assert bool(re.findall(COLOR, text)) == (color == "always")


def test_a_closing_line_on_a_terminal(tmp_path, labels):
    shown = on_a_terminal(["analyze", "labels.csv"], tmp_path, 100)
    assert "analyzed 300 rows, 2 classes, 0 missing labels (" in shown
    assert "analyzed" not in on_a_terminal(["analyze", "labels.csv", "-q"], tmp_path, 100)


def test_output_is_utf8_whatever_the_locale(process, write):
    write("labels.csv", "label\né\n中\n")
    for env in (
        {"PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ):
        ran = process("analyze", "labels.csv", "-f", "json", env=env)
        assert ran.returncode == 0, ran.stderr
        assert [row["label"] for row in json.loads(ran.stdout)["classes"]] == ["é", "中"]


def test_completion_offers_the_commands(process):
    ran = process(
        env={"_WCETOOL_COMPLETE": "complete_bash", "COMP_WORDS": "wcetool ", "COMP_CWORD": "1"}
    )
    assert {b"analyze", b"weights", b"score", b"explain"} <= set(ran.stdout.split())


def test_completion_offers_the_schemes(process):
    words = "wcetool weights --scheme in"
    ran = process(
        env={"_WCETOOL_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": "3"}
    )
    assert {b"inverse", b"inverse-sqrt"} <= set(ran.stdout.split())


def test_an_internal_error_is_one_line_and_code_70(tmp_path, labels):
    broken = (
        "import sys, wcetool.cli.app as app, wcetool.api.analysis as analysis;"
        "analysis.measure = None; sys.exit(app.run(sys.argv[1:]))"
    )
    for flag, has_traceback in (("-q", False), ("-v", True)):
        ran = subprocess.run(
            [sys.executable, "-c", broken, "analyze", "labels.csv", flag],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            check=False,
        )
        assert ran.returncode == 70
        assert "error: internal error: TypeError" in ran.stderr
        assert ("Traceback" in ran.stderr) is has_traceback


# The peak of a process is at least that of the one that forked it: a small one has to.
PEAK = (
    "import resource, subprocess, sys; "
    "subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL); "
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)"
)


def peak_mb(*args):
    command = [sys.executable, "-S", "-c", PEAK, sys.executable, "-m", "wcetool", *args, "-q"]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


@pytest.mark.parametrize(
    "command",
    ["analyze", "score", "weights --sample-weights {}.npy", "weights --sample-weights {}.csv"],
)
@pytest.mark.parametrize(("form", "n_rows"), [("csv", 1_800_000), ("parquet", 600_000)])
def test_a_longer_file_takes_no_more_memory(tmp_path, command, form, n_rows):
    peaks = []
    for rows in (n_rows, 4 * n_rows):
        path = tmp_path / f"{rows}.{form}"
        if form == "csv":  # 39 and 156 MB
            text = "a,0.250000000001,0.749999999999\nb,0.25,0.75\n" * (rows // 2)
            path.write_text("label,p_a,p_b\n" + text)
        else:  # 38 and 154 MB of scores
            columns = {f"p_{name}": np.full(rows, 0.125) for name in "abcdefgh"}
            frame = pd.DataFrame({"label": ["a", "b"] * (rows // 2), **columns})
            frame.to_parquet(path, index=False, row_group_size=1 << 16)
        peaks.append(peak_mb(*command.format(path).split(), str(path), "--jobs", "2"))
    assert peaks[1] < peaks[0] + 60


def test_a_row_group_that_does_not_fit_is_read_in_pieces_and_it_is_said(tmp_path):
    values = np.full((60_000, 200), 0.005, dtype=np.float32)  # 48 MB
    frame = pd.DataFrame(values, columns=[f"p_{k}" for k in range(200)])
    frame.insert(0, "label", "7")
    frame.to_parquet(tmp_path / "wide.parquet", index=False, row_group_size=60_000)
    command = [sys.executable, "-m", "wcetool", "score", "wide.parquet", "-f", "json"]
    whole, pieces, quiet = (
        subprocess.run([*command, *more], capture_output=True, text=True, cwd=tmp_path, check=True)
        for more in ([], ["--memory", "45MB"], ["--memory", "45MB", "-q"])
    )
    assert pieces.stdout == whole.stdout == quiet.stdout
    assert "read in pieces" not in whole.stderr
    assert "note: wide.parquet takes about" in pieces.stderr
    assert "it is read in pieces" in pieces.stderr
    assert "note" not in quiet.stderr
    path = str(tmp_path / "wide.parquet")
    assert peak_mb("score", path, "--memory", "45MB") < peak_mb("score", path) - 15


def test_a_size_that_is_none_is_refused(cli, labels):
    ran = cli("analyze", labels, "--memory", "much")
    assert ran.code == 2
    assert (
        ran.stderr == "error: --memory: 'much' is not an amount of memory\n  hint: --memory 2GB\n"
    )
