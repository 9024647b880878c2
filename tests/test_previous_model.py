"""A process that dies at each of its steps while a new model takes the place of an old one."""

import errno
import os
import shutil
import sys
from contextlib import contextmanager

import pytest

from catsdogs.runs import event_file, layout, model_files, previous_model, store
from catsdogs.runs.about import About, DatasetReference
from catsdogs.runs.config import RunConfig
from catsdogs.runs.events import State
from catsdogs.system import files

pytestmark = pytest.mark.slow

ABOUT = About(dataset=DatasetReference(name="photos", fingerprint="f"))
# The audit events that Python raises before it changes a file or a folder.
STEPS = {"open", "os.link", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod"}


class Killed(BaseException):
    """The process is dead: nothing that it still tries happens."""


class Life:
    """The number of steps until a process is killed."""

    left: int | None = None

    def step(self, event, _):
        if self.left is not None and event in STEPS:
            self.left -= 1
            if self.left < 0:
                raise Killed


LIFE = Life()
sys.addaudithook(LIFE.step)


@contextmanager
def dying_after(steps):
    """Let the body be killed before its step number ``steps``; True is appended if it was."""
    killed = []
    LIFE.left = steps
    try:
        yield killed
    except Killed:
        killed.append(True)
    finally:
        LIFE.left = None


@pytest.fixture(params=["links", "no links"])
def every(request):
    """How many steps to go on by: fewer kills where files are copied, which takes longer."""
    return 1 if request.param == "links" else 7


@pytest.fixture
def extended(every, monkeypatch, empty_machine):
    """Return a function that makes a run with a model, which is extended, and gives its folder."""

    def refuse(*_):
        raise OSError(errno.EPERM, "no second names here")

    def made():
        # An id is random within its second, and of a hundred runs two could get the same one.
        shutil.rmtree(empty_machine / "artifacts", ignore_errors=True)
        folder = store.create(RunConfig("custom_cnn", "/photos"), ABOUT)
        write(folder, "old")
        emit(folder, "queued")
        emit(folder, "finished", result=result(folder))
        emit(folder, "queued", extend=1, at=1)
        return folder

    # No power is cut here, and the disk would take most of the time.
    monkeypatch.setattr(files, "sync", lambda path: None)
    if every > 1:
        monkeypatch.setattr(os, "link", refuse)
    return made


def emit(folder, event, **values):
    with event_file.appending(folder) as write_event:
        write_event(event, **values)


def result(folder):
    return {"val_accuracy": 0.5, "val_images": 2, "sha256": model_files.checksums(folder)}


def write(folder, content):
    for name, text in written(content).items():
        files.write_text(folder / name, text)


def written(content):
    return {name: f"{content} {name}" for name in model_files.MODEL_FILES}


def contents(folder):
    return {name: (folder / name).read_text() for name in model_files.MODEL_FILES}


def check_whole(folder):
    """Check that each file that the run's figures are of is the one that they are of."""
    run = store.load(folder)
    assert len(run.result.sha256) == 6
    for name in run.result.sha256:
        model_files.intact(run, name)
    return run


def test_a_kill_at_any_step_leaves_the_old_model_or_the_new_one(extended, every):
    ends = set()
    for steps in range(0, 1000, every):
        folder = extended()
        with dying_after(steps) as killed:
            previous_model.set_aside(folder)
            write(folder, "new")
            emit(folder, "finished", result=result(folder))
            previous_model.discard(folder)
        run = check_whole(folder)
        ends.add(run.state)
        if run.state is State.QUEUED:
            files.remove_unfinished(folder)
            previous_model.put_back(folder)
            assert contents(folder) == written("old")
        else:
            previous_model.discard(folder)
            assert contents(folder) == written("new")
        check_whole(folder)
        assert not list(folder.glob(".*"))
        if not killed:
            break
    assert ends == {State.QUEUED, State.FINISHED}
    assert steps > 30


def test_a_kill_while_the_old_model_is_put_back_leaves_it(extended, every):
    for steps in range(0, 1000, every):
        folder = extended()
        before = contents(folder)
        previous_model.set_aside(folder)
        write(folder, "new")
        with dying_after(steps) as killed:
            previous_model.put_back(folder)
        check_whole(folder)
        files.remove_unfinished(folder)
        previous_model.put_back(folder)
        check_whole(folder)
        assert contents(folder) == before
        assert not list(folder.glob(".*"))
        if not killed:
            break
    assert steps > 10


def test_what_the_old_model_did_not_have_goes_when_it_is_put_back(extended):
    folder = extended()
    (folder / layout.REFERENCES).unlink()
    previous_model.set_aside(folder)
    write(folder, "new")
    previous_model.put_back(folder)
    assert not (folder / layout.REFERENCES).exists()
    assert (folder / layout.KERAS_MODEL).read_text() == f"old {layout.KERAS_MODEL}"
