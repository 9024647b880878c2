import contextlib
import errno
import os

import pytest

from catsdogs.system import files


def test_a_file_is_replaced_whole(tmp_path):
    files.write_text(tmp_path / "a.txt", "old")
    files.write_text(tmp_path / "a.txt", "new")
    assert (tmp_path / "a.txt").read_text() == "new"


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    target = tmp_path / "files" / "a.txt"
    files.write_text(target, "old")

    with contextlib.suppress(KeyboardInterrupt), files.replacing(target) as temporary:
        temporary.write_text("half")
        raise KeyboardInterrupt
    assert [path.read_text() for path in target.parent.iterdir()] == ["old"]


def test_the_temporary_name_keeps_the_suffix(tmp_path):
    with files.replacing(tmp_path / "model.keras") as temporary:
        assert temporary.suffix == ".keras"


def test_an_error_says_which_file_could_not_be_written(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match=r"No space left on device: '.*/model\.keras'"):
        files.write_bytes(tmp_path / "run" / "model.keras", b"x")
    assert not list((tmp_path / "run").iterdir())


def full_disk(_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
