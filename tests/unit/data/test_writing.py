"""Output appears whole or not at all."""

import os
import stat

import pytest

from wcetool.data.writing import check_output, write_whole
from wcetool.errors import OutputError, UsageError


def put(text):
    return lambda stream: stream.write(text.encode())


def test_a_new_file_gets_the_usual_mode(tmp_path):
    old = os.umask(0o027)
    try:
        write_whole(str(tmp_path / "new"), put("x"))
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640


@pytest.mark.parametrize("error", [OSError(28, "x"), KeyboardInterrupt(), ValueError("x")])
def test_a_failure_midway_leaves_the_old_file_and_no_other(tmp_path, error):
    path = tmp_path / "file"
    path.write_text("old")

    def fail(stream):
        stream.write(b"new")
        raise error

    with pytest.raises((OutputError, KeyboardInterrupt, ValueError)):
        write_whole(str(path), fail)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_name_of_the_greatest_length_can_be_written(tmp_path):
    name = "n" * 255
    write_whole(str(tmp_path / name), put("x"))
    assert (tmp_path / name).read_text() == "x"


def test_a_pipe_is_written_as_it_is(tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    write_whole(str(fifo), put("through"))
    assert os.read(reader, 100) == b"through"
    os.close(reader)
    assert stat.S_ISFIFO(fifo.stat().st_mode)


def test_a_hard_link_to_an_input_is_that_input(tmp_path):
    (tmp_path / "in").write_text("x")
    os.link(tmp_path / "in", tmp_path / "out")
    with pytest.raises(UsageError, match="is an input"):
        check_output(str(tmp_path / "out"), [str(tmp_path / "in")])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(UsageError, match="permission denied"):
        check_output(str(tmp_path / "out"), [])
