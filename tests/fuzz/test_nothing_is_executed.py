"""Nothing is executed, unpickled or fetched from data: in the code, and while it runs."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from fuzz_seeds import seeds

import wcetool

PACKAGE = Path(wcetool.__file__).parent
FORBIDDEN_MODULES = {
    *("pickle", "_pickle", "cPickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"),
    *("subprocess", "socket", "ssl", "http", "ftplib", "smtplib", "requests", "httpx", "aiohttp"),
    *("urllib.request", "urllib3", "xmlrpc", "telnetlib", "webbrowser", "ctypes", "cffi", "code"),
    *("multiprocessing", "runpy", "pty", "asyncio"),
}
# pyreadstat runs in a process of its own: this very Python, and this module, from where wcetool is.
ALLOWED = {"readstat.py": {"subprocess"}}
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__", "execfile", "breakpoint", "input"}
FORBIDDEN_ATTRIBUTES = {
    *(("os", name) for name in ("system", "popen", "execv", "execve", "spawnv", "fork")),
    *(("pd", name) for name in ("read_pickle", "eval")),
    *(("pandas", name) for name in ("read_pickle", "eval")),
    *(("yaml", name) for name in ("load", "unsafe_load", "full_load", "Loader", "UnsafeLoader")),
    *(("torch", "load"), ("np", "fromregex"), ("ast", "parse")),
}
FILES = sorted(PACKAGE.rglob("*.py"))


def _imports(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_module_can_execute_or_fetch_what_it_reads(path):
    tree = ast.parse(path.read_text())
    for name in _imports(tree):
        parts = name.split(".")
        heads = {".".join(parts[:n]) for n in range(1, len(parts) + 1)}
        wrong = heads & FORBIDDEN_MODULES - ALLOWED.get(path.name, set())
        assert not wrong, f"{path.name} imports {name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            assert (node.value.id, node.attr) not in FORBIDDEN_ATTRIBUTES, ast.unparse(node)
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        assert called not in FORBIDDEN_CALLS, ast.unparse(node)
        keywords = {one.arg: ast.unparse(one.value) for one in node.keywords}
        if called in ("np.load", "numpy.load", "np.lib.format.read_array", "format.read_array"):
            assert keywords.get("allow_pickle") == "False", ast.unparse(node)
        assert keywords.get("allow_pickle", "False") == "False", ast.unparse(node)
        assert keywords.get("shell", "False") == "False", ast.unparse(node)


# Runs in a process of its own: a hook cannot be taken off again. Code and sources that are
# compiled must not hold a word that stands in every input; the other events must not come at all.
WATCH = r"""
import contextlib, io, os, sys

CANARY = "canary7f3a"
NEVER = ("pickle.find_class", "marshal.loads", "subprocess.Popen", "os.system", "os.exec",
         "os.posix_spawn", "os.fork", "ctypes.dlopen", "code.__new__", "webbrowser.open",
         "urllib.Request", "ftplib.connect", "http.client.connect")
CHILDREN = ("subprocess.Popen", "os.posix_spawn", "os.fork")
inside, seen = False, []

def is_own_child(command):
    return list(command[:4]) == [sys.executable, "-P", "-m", "wcetool.data.formats.readstat"]

def says(value, depth=0):
    if isinstance(value, (bytes, bytearray)):
        return CANARY.encode() in value
    if isinstance(value, str):
        return CANARY in value
    if hasattr(value, "co_consts") and depth < 4:
        return any(says(one, depth + 1) for one in (*value.co_consts, *value.co_names))
    return False

def hook(event, args):
    if not inside:
        return
    if event == "marshal.loads":  # compiled modules, whose bytes hold no data
        wrong = says(args[0])
    elif event in ("exec", "compile"):
        wrong = any(says(one) for one in args)
    else:
        wrong = event in NEVER or event.startswith("socket.")
        wrong = wrong and not (event == "ctypes.dlopen" and args[0] is None)
        wrong = wrong and not (event in CHILDREN and is_own_child(args[1]))
    if wrong:
        seen.append((event, str(args)[:200]))

from wcetool.cli.app import run
sys.addaudithook(hook)
report = sys.stdout
for line in sys.stdin.read().split("\n"):
    if not line:
        continue
    folder, *args = line.split("\t")
    os.chdir(folder)
    with contextlib.redirect_stdout(io.TextIOWrapper(io.BytesIO())) as out:
        inside = True
        code = run(args)
        inside = False
    print(code, *args, seen, file=report, flush=True)
    assert not seen, (args, seen)
os._exit(0)
"""


def test_no_input_makes_a_run_execute_or_fetch_anything(tmp_path):
    lines = []
    for kind, known in seeds().items():
        for number, seed in enumerate(known):
            if kind in ("argument", "config"):
                continue
            folder = tmp_path / f"{kind}{number}"
            for name, content in seed.files.items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                marked = content.replace(b"cat", b"canary7f3a") if seed.is_text else content
                (folder / name).write_bytes(marked)
            given = [
                f"--{key.replace('_', '-')}={value}"
                for key, value in seed.options.items()
                if isinstance(value, str) and key != "prior"
            ]
            lines += [
                "\t".join([str(folder), command, seed.input, *given])
                for command in ("analyze", "weights", "score")
            ]
            if kind == "weight-file":
                lines.append("\t".join([str(folder), "check", seed.input, seed.input]))
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent), "NO_COLOR": "1"}
    ran = subprocess.run(
        [sys.executable, "-c", WATCH],
        input="\n".join(lines),
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    codes = [line.split(" ", 1)[0] for line in ran.stdout.splitlines()]
    assert len(codes) == len(lines)
    assert set(codes) <= {"0", "1", "2", "3"}, ran.stdout
    assert codes.count("0") > 10


def test_what_pickles_hold_is_never_run(cli, tmp_path):
    """A pickle in every place where one could be: refused, and what it would do is not done."""
    import pickle

    import numpy as np

    class Evil:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "done"),))

    evil = pickle.dumps(Evil())
    np.save(tmp_path / "a.npy", np.array([Evil()], dtype=object), allow_pickle=True)
    np.savez(tmp_path / "a.npz", labels=np.array([Evil()], dtype=object))
    for name in ("a.pkl", "a.csv", "a.npy.gz", "b.npy", "w.json", "a.txt", "a.feather"):
        (tmp_path / name).write_bytes(evil)
    (tmp_path / "labels.csv").write_text("label\na\n")
    for path in sorted(tmp_path.iterdir()):
        if path.name == "labels.csv":
            continue
        for args in (
            ["analyze", path.name],
            ["score", path.name],
            ["score", "labels.csv", "--labels", path.name],
            ["check", path.name, "labels.csv"],
            ["analyze", "labels.csv", "--names", path.name],
        ):
            ran = cli(*args)
            assert ran.code in (2, 3), (args, ran.stderr)
            assert not (tmp_path / "done").exists()


def test_no_module_of_the_current_folder_is_loaded_for_a_file(tmp_path):
    """Reading SPSS starts a Python: what lies beside the data must not become a part of it."""
    pyreadstat = pytest.importorskip("pyreadstat")
    import pandas as pd

    pyreadstat.write_sav(pd.DataFrame({"label": ["a", "b", "a"]}), str(tmp_path / "y.sav"))
    for name in ("pyreadstat", "json", "numpy", "pyarrow", "sitecustomize"):
        (tmp_path / f"{name}.py").write_text("import os\nos.mkdir('done')\nraise SystemExit(9)\n")
    ran = subprocess.run(
        [sys.executable, "-P", "-m", "wcetool", "analyze", "y.sav", "-f", "json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(PACKAGE.parent)},
        check=False,
    )
    assert not (tmp_path / "done").exists()
    assert ran.returncode == 0, ran.stderr
