"""Faults, injected: kills, full disks, read errors, files that change, writers that meet."""

import errno
import gzip
import json
import os
import resource
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import wcetool
from wcetool.data import streams, writing
from wcetool.errors import InputError, OutputError

OLD, NEW = b"old " * 5000, b"new " * 6000


def write_new(stream):
    stream.write(NEW[:100])
    stream.write(NEW[100:])


def killed_at(line, path):
    """Write in a child that is killed before the given line of the module runs; tell if it was."""
    child = os.fork()
    if not child:
        left = line

        def trace(frame, event, _):
            nonlocal left
            if frame.f_code.co_filename not in (writing.__file__, __file__):
                return None
            if event == "line":
                left -= 1
                if left < 0:
                    os.kill(os.getpid(), signal.SIGKILL)
            return trace

        sys.settrace(trace)
        try:
            writing.write_whole(str(path), write_new)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # fork beside threads of pyarrow
@pytest.mark.parametrize("is_old", [True, False], ids=["over an old file", "a new file"])
def test_a_kill_at_any_moment_leaves_the_old_file_or_the_new_one(tmp_path, is_old):
    path, kills, seen = tmp_path / "w.json", 0, set()
    for line in range(200):
        path.unlink(missing_ok=True)
        if is_old:
            path.write_bytes(OLD)
        was_killed = killed_at(line, path)
        content = path.read_bytes() if path.exists() else None
        assert content in (OLD if is_old else None, NEW)
        seen.add(content)
        left = [one.name for one in tmp_path.iterdir() if one != path]
        assert all(name.startswith(".w.json.") and name.endswith(".part") for name in left)
        if not was_killed:
            break
        kills += 1
    assert kills > 20  # every line of what writes was a moment
    assert len(seen) == 2
    writing.write_whole(str(path), write_new)  # what is left behind does no harm
    assert path.read_bytes() == NEW


def test_what_a_kill_leaves_behind_is_never_read(cli, write, tmp_path):
    (tmp_path / "data").mkdir()
    pd.DataFrame({"label": ["a", "b"]}).to_parquet(tmp_path / "data" / "x.parquet")
    write("data/.x.parquet.abc.part", "half")
    assert cli("analyze", "data", "-f", "json").json["rows"] == 2


def test_weights_killed_between_their_two_files_are_refused(cli, write):
    write("labels.csv", "label\n" + "a\n" * 3 + "b\n")
    write("others.csv", "label\n" + "a\n" * 5 + "b\n")
    assert cli("weights", "labels.csv", "-o", "w.npy").code == 0
    old = Path("w.classes.json").read_bytes()
    assert cli("weights", "others.csv", "-o", "w.npy").code == 0
    Path("w.classes.json").write_bytes(old)
    ran = cli("check", "w.npy", "labels.csv")
    assert ran.code == 3
    assert "w.npy: does not belong to w.classes.json, whose weights differ" in ran.stderr


@pytest.mark.parametrize("step", ["write", "fsync", "fchmod", "replace", "mkstemp"])
def test_a_disk_that_fails_at_any_step_leaves_the_old_file(tmp_path, monkeypatch, step):
    path = tmp_path / "w.json"
    path.write_bytes(OLD)

    def fail(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    write = fail if step == "write" else write_new
    if step == "mkstemp":
        monkeypatch.setattr(writing.tempfile, "mkstemp", fail)
    elif step != "write":
        monkeypatch.setattr(writing.os, step, fail)
    with pytest.raises(OutputError, match="cannot be written: no space left on device"):
        writing.write_whole(str(path), write)
    monkeypatch.undo()
    assert path.read_bytes() == OLD
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "args",
    [
        ["analyze", "labels.csv", "-f", "json", "-o", "out.json"],
        ["weights", "labels.csv", "-o", "out.json"],
        ["weights", "labels.csv", "-o", "out.parquet"],
        ["weights", "labels.csv", "-o", "out.npy"],
        ["weights", "labels.csv", "--sample-weights", "out.csv"],
        ["weights", "labels.csv", "--sample-weights", "out.npy"],
        ["weights", "labels.csv", "--sample-weights", "out.parquet"],
    ],
    ids=" ".join,
)
def test_a_file_that_may_not_grow_is_an_error_and_leaves_nothing(tmp_path, write, args):
    """The system itself refuses to write more than a few bytes."""
    write("labels.csv", "label\n" + "".join(f"class {i % 50}\n" for i in range(5000)))
    ran = subprocess.run(
        [sys.executable, "-m", "wcetool", *args],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)),
    )
    assert ran.returncode == 3, ran.stderr
    assert "cannot be written: file too large" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["labels.csv"]


def test_two_writers_of_one_file_leave_one_of_them_whole(tmp_path):
    path = str(tmp_path / "w.json")
    contents = [bytes([65 + n]) * 300_000 for n in range(4)]

    def write_often(content):
        for _ in range(10):
            writing.write_whole(path, lambda stream: stream.write(content))

    writers = [threading.Thread(target=write_often, args=(one,)) for one in contents]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        if os.path.exists(path):
            assert Path(path).read_bytes() in contents
    assert os.listdir(tmp_path) == ["w.json"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize("flags", [[], ["-v"]])
def test_a_full_stderr_changes_no_exit_code(tmp_path, write, flags):
    write("labels.csv", "label\na\nb\n")
    for path, code in (("labels.csv", 0), ("none.csv", 3)):
        with open("/dev/full", "wb") as full:
            ran = subprocess.run(
                [sys.executable, "-m", "wcetool", "analyze", path, *flags],
                cwd=tmp_path,
                stderr=full,
                stdout=subprocess.PIPE,
                check=False,
            )
        assert ran.returncode == code
        assert bool(ran.stdout) is (code == 0)


class Failing:
    """A file that can be read up to a place."""

    def __init__(self, inner, left):
        self.inner, self.left = inner, left

    def __getattr__(self, name):
        return getattr(self.inner, name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.inner.close()

    def read(self, size=-1, /):
        if self.left <= 0:
            raise OSError(errno.EIO, "Input/output error")
        data = self.inner.read(size if 0 <= size <= self.left else self.left)
        self.left -= len(data)
        return data


@pytest.mark.parametrize("left", [0, 100, 1_500_000])
@pytest.mark.parametrize("name", ["labels.csv", "labels.csv.gz"])
def test_a_read_error_midway_is_refused(cli, write, monkeypatch, name, left):
    rng = np.random.default_rng(0)
    text = "label\n" + "".join(f"{i}\n" for i in rng.integers(0, 1 << 60, 200_000))
    data = text.encode()
    write(name, gzip.compress(data) if name.endswith(".gz") else data)
    opened = streams.open_file
    monkeypatch.setattr(streams, "open_file", lambda path: Failing(opened(path), left))
    ran = cli("analyze", name, "--no-config")
    assert ran.code == 3
    assert f"error: {name}: input/output error" in ran.stderr
    assert not ran.stdout


@pytest.mark.skipif(not os.path.exists("/proc/self/mem"), reason="needs /proc")
def test_a_file_that_cannot_be_read_at_all(cli):
    for command in ("analyze", "score"):
        ran = cli(command, "/proc/self/mem")
        assert (ran.code, ran.stdout) == (3, "")
        assert "error: /proc/self/mem: input/output error" in ran.stderr


def grow(path):
    with open(path, "ab") as stream:
        stream.write(b"a,0.5,0.5\n")


def shrink(path):
    os.truncate(path, os.stat(path).st_size // 2)


def replace(path):
    other = path.with_name("other")
    other.write_bytes(path.read_bytes())
    os.replace(other, path)


def rewrite(path):
    status, content = os.stat(path), path.read_bytes()
    path.write_bytes(content.replace(b"b", b"a"))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1_000_000))


def remove(path):
    path.unlink()


@pytest.mark.parametrize("change", [grow, shrink, replace, rewrite, remove])
@pytest.mark.parametrize(
    ("form", "read", "jobs"),
    [
        ("csv", wcetool.analyze, 2),
        ("csv", wcetool.score_file, 1),
        ("csv.gz", wcetool.analyze, 1),
        ("parquet", wcetool.score_file, 2),
    ],
)
def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path, change, form, read, jobs):
    path = tmp_path / f"data.{form}"
    frame = pd.DataFrame({"label": ["a", "b"] * 250_000, "p_a": 0.25, "p_b": 0.75})
    if form == "parquet":
        frame.to_parquet(path, row_group_size=1000, index=False)
    else:
        frame.to_csv(path, index=False)
    changed = []

    def on_progress(*_):
        if not changed:
            changed.append(True)
            change(path)

    with pytest.raises(InputError, match=f"data.{form}: changed while it was read"):
        read(path, on_progress=on_progress, jobs=jobs)


def test_a_file_that_changes_between_two_passes_is_refused(tmp_path):
    path = tmp_path / "preds.csv"
    frame = pd.DataFrame({"label": ["a", "b"] * 200, "p_a": 0.25, "p_b": 0.75})
    frame.to_csv(path, index=False)
    rows = []

    def on_progress(_, n_rows, __):
        rows.append(n_rows)
        if n_rows and sum(rows) == 400:  # those of the first pass
            rewrite(path)

    with pytest.raises(InputError, match="changed while it was read"):
        wcetool.score_file(
            path, weights="inverse", per_sample=tmp_path / "rows.parquet", on_progress=on_progress
        )
    assert not (tmp_path / "rows.parquet").exists()


@pytest.mark.parametrize("change", [grow, shrink, replace, rewrite, remove])
def test_a_mask_of_a_folder_that_changes_between_two_passes_is_refused(tmp_path, change):
    from PIL import Image

    folder = tmp_path / "masks"
    folder.mkdir()
    for n in range(40):
        Image.fromarray(np.full((600, 600), n % 3, np.uint8)).save(folder / f"{n:02}.png")
    rows = []

    def on_progress(_, n_rows, __):
        rows.append(n_rows)
        if sum(rows) == 40 * 600 * 600:  # those of the first pass
            change(folder / "07.png")

    with pytest.raises(InputError, match=r"07\.png: changed while it was read"):
        wcetool.sample_weights(folder, "inverse", on_progress=on_progress)


def test_counts_that_change_are_refused(tmp_path, monkeypatch):
    path = tmp_path / "counts.json"
    path.write_text(json.dumps(wcetool.analyze(["a", "b"]).to_dict()))
    head = streams.read_head

    def and_change(stream, size=1 << 20):
        data = head(stream, size)
        if size > 1 << 20:
            grow(path)
        return data

    monkeypatch.setattr(streams, "read_head", and_change)
    with pytest.raises(InputError, match="changed while it was read"):
        wcetool.analyze(path)
