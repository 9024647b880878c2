"""The terminal of a person who types commands: live bars, Ctrl-C, the queue."""

import json
import os
import select
import signal
import subprocess
import sys
import termios
import threading
import time
from contextlib import contextmanager

import pytest
from conftest import PROJECT
from rich.console import Console

from catsdogs.cli import progress, run_progress
from catsdogs.runs import event_file, queue, store
from catsdogs.runs.about import About, DatasetReference
from catsdogs.runs.config import RunConfig
from catsdogs.runs.events import State
from catsdogs.system import processes

pty = pytest.importorskip("pty")
ABOUT = About(dataset=DatasetReference(name="photos", fingerprint="f"))
SMALL = ("--model", "custom_cnn", "--recipe", "plain", "--batch-size", 8)
# Far more than any of these tests takes.
PATIENCE_S = 120
HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"
# The terminal becomes the process' own, so that Ctrl-C on it is a signal to the process.
ON_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(2, termios.TIOCSCTTY, 0); "
    "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
)


@pytest.fixture
def sleeper():
    """A live process that stands in for a worker."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    yield process
    process.kill()
    process.wait()


@pytest.fixture
def at_work(sleeper):
    """A run in progress, as its folder describes it."""
    folder = store.create(RunConfig("custom_cnn", "/photos", epochs=3), ABOUT)
    identity = processes.identity_of(sleeper.pid).to_json()
    emit(folder, ("queued", {}), ("launched", identity), ("started", identity))
    return folder


@contextmanager
def stderr_on_terminal():
    """Give this process' stderr a terminal; yield a function that returns what was drawn on it.

    No fixture: pytest puts its own stderr in place between a fixture and the test.
    """
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (40, 80))
    os.set_blocking(ours, False)
    with pytest.MonkeyPatch.context() as patch, os.fdopen(theirs, "w", encoding="utf-8") as stderr:
        patch.setenv("TERM", "xterm-256color")
        patch.setattr(sys, "stderr", stderr)
        yield lambda: _drawn_on(ours)
    os.close(ours)


def _drawn_on(progress):
    # The output arrives in pieces, and a little later.
    pieces = []
    while select.select([progress], [], [], 0.2)[0]:
        pieces.append(os.read(progress, 65536))
    return b"".join(pieces).decode("utf-8")


@pytest.fixture
def world(trained_machine):
    """Two trained runs; no worker outlives the test."""
    yield trained_machine
    for run in store.list_runs()[0]:
        queue.kill(run)


def emit(folder, *events):
    with event_file.appending(folder) as write:
        for name, values in events:
            write(name, **values)


def drawn(run, now=None):
    """Return a run as a terminal of 80 columns shows it."""
    console = Console(width=80, force_terminal=True, color_system=None, markup=False)
    with console.capture() as capture:
        console.print(run_progress.picture(run, now or time.time(), lambda _: 2))
    return capture.get()


def epoch(number, val_loss, **values):
    means = {"loss": 0.7, "accuracy": 0.5, "val_loss": val_loss, "val_accuracy": 0.75}
    return "epoch", {"epoch": number, "step": 4, "steps": 4, **means, **values}


def batch(number, step, **values):
    return "batch", {"epoch": number, "step": step, "steps": 4, "loss": 0.5, "accuracy": 0.5}


@pytest.fixture(autouse=True)
def interruptible():
    """Commands hear Ctrl-C, even where the tests run in the background, which does not."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


class Command:
    """A command in a process of its own, and what it has said on stderr so far."""

    def __init__(self, process, said):
        self.process, self.text, self._said = process, "", said
        self._new = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait_for(self, text):
        with self._new:
            assert self._new.wait_for(lambda: text in self.text, PATIENCE_S), self.text

    def ended(self):
        """Return the exit status and the JSON on stdout; all of stderr is read by then."""
        stdout = self.process.stdout.read()
        self._reader.join(PATIENCE_S)
        assert stdout, self.text
        return self.process.wait(PATIENCE_S), json.loads(stdout)

    def _read(self):
        while content := self._chunk():
            with self._new:
                self.text += content.decode("utf-8", errors="replace")
                self._new.notify_all()

    def _chunk(self):
        try:
            return os.read(self._said, 65536)
        except OSError:  # The other end of a terminal was closed.
            return b""


@contextmanager
def command(*arguments, on=None):
    """Run a command with --json beside the test; ``on`` is a pseudo-terminal for its stderr."""
    line = ["-m", "catsdogs", *map(str, arguments), "--json"]
    launcher = [] if on is None else ["-c", ON_TERMINAL]
    with subprocess.Popen(
        [sys.executable, *launcher, *line],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE if on is None else on,
        cwd=PROJECT,
        env={**os.environ, "TERM": "xterm-256color", "PYTHONUNBUFFERED": "1"},
        start_new_session=True,
    ) as process:
        said = process.stderr if on is None else None
        try:
            yield process if said is None else Command(process, said.fileno())
        finally:
            process.kill()


def test_a_fit_shows_its_epoch_its_batch_and_its_figures(at_work):
    emit(
        at_work,
        ("phase", {"name": "decode", "done": 0, "total": 80}),
        ("phase", {"name": "decode", "done": 80, "total": 80}),
        ("phase", {"name": "fit", "done": 0, "total": 3}),
        *(batch(1, step) for step in (1, 2, 3, 4)),
        epoch(1, 0.4444),
        ("checkpoint", {"epoch": 1}),
        ("phase", {"name": "fit", "done": 1, "total": 3}),
        epoch(2, 0.5555),
        ("phase", {"name": "fit", "done": 2, "total": 3}),
        *(batch(3, step) for step in (1, 2)),
    )
    shown = drawn(store.load(at_work), time.time() + 65)
    assert "80/80" in shown
    assert "epoch 3/3" in shown
    assert "images/s" in shown
    assert "1:05" in shown
    assert "ETA" in shown
    figures = {line.split()[0]: line for line in shown.splitlines() if line.strip()}
    assert "batch 2/4" in figures["training"]
    assert "loss 0.5000" in figures["training"]
    assert "0.5555" in figures["validation"]
    assert "epoch 1" in figures["★"]
    assert "0.4444" in figures["★"]
    assert max(len(line) for line in shown.splitlines()) <= 80


def test_a_run_that_starts_stops_or_waits_says_so(at_work):
    assert "starting" in drawn(store.load(at_work))
    queue.request_stop(store.load(at_work))
    assert "stopping …" in drawn(store.load(at_work))
    queued = store.create(RunConfig("custom_cnn", "/photos"), ABOUT)
    emit(queued, ("queued", {}))
    assert "queued: 2 runs before it" in drawn(store.load(queued))


def test_those_at_work_and_those_in_the_queue_come_before_a_queued_run(at_work):
    queued = [store.create(RunConfig("custom_cnn", "/photos"), ABOUT) for _ in range(2)]
    for folder in queued:
        emit(folder, ("queued", {}))
    assert [run_progress.runs_before(store.load(folder)) for folder in queued] == [1, 2]


def test_without_a_terminal_each_phase_and_epoch_is_one_line(at_work, capsys):
    with run_progress.watching() as report:
        emit(at_work, ("phase", {"name": "fit", "done": 0, "total": 3}), epoch(1, 0.4))
        report(store.load(at_work))
        emit(at_work, epoch(2, 0.5), epoch(3, 0.3, step=2))
        report(store.load(at_work))
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == f"run {at_work.name}"
    assert [line.split()[0] for line in lines] == ["run", "epoch", "fit", "epoch", "epoch"]
    assert [line.endswith("★") for line in lines if line.startswith("epoch")] == [1, 0, 0]
    assert lines[-1].endswith("★  cut short")
    assert all(line.isprintable() for line in lines)


def test_epochs_of_before_a_resume_are_not_told_again(at_work, capsys):
    emit(at_work, epoch(1, 0.4), ("stopped", {}), ("queued", {}), epoch(2, 0.3))
    with run_progress.watching() as report:
        report(store.load(at_work))
    assert "epoch 2/3" in (said := capsys.readouterr().err)
    assert "epoch 1/3" not in said


def test_a_name_that_would_colour_a_terminal_does_not(at_work, capsys):
    emit(at_work, ("skipped", {"path": "\x1b[31m[red]\n\udcff.jpg", "reason": "damaged"}))
    with run_progress.watching() as report:
        report(store.load(at_work))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert all(line.isprintable() for line in lines)
    assert "[red]" in lines[1]


def test_without_a_terminal_a_phase_is_named_once_and_nothing_counted(capsys):
    with progress.progress("scan") as advance:
        advance(1, 2)
    with progress.phases({"look": "Looking"}) as report:
        report("look", 0, 0)
        report("look", 1, 2)
    assert capsys.readouterr().err == "Looking …\n"


@pytest.mark.parametrize("ending", [KeyboardInterrupt, ValueError])
def test_a_terminal_has_its_cursor_again_whatever_ends_the_progress(ending):
    def work():
        with progress.phases({"look": "[red]Looking"}) as report:
            report("look", 100, 2000)
            time.sleep(0.01)
            report("look", 600, 2000)
            raise ending

    with stderr_on_terminal() as screen:
        with pytest.raises(ending):
            work()
        shown = screen()
    assert shown.count(HIDE_CURSOR) == shown.count(SHOW_CURSOR) == 1
    for word in ("[red]Looking", "600/2,000", "images/s", "0:00", "ETA"):
        assert word in shown


def test_what_is_counted_in_bytes_is_shown_in_bytes():
    with stderr_on_terminal() as screen:
        with progress.phases({"get": "Downloading"}, in_bytes=True) as report:
            report("get", 1_500_000, 3_000_000)
        assert "1.5 MB/3.0 MB" in screen()


def test_a_long_title_leaves_the_numbers_their_width():
    numbers = ("12,000/25,000", "1,234 images/s", "12:34", "ETA 12:35")
    line = progress.Line("Looking at every photo with MobileNetV2", 12, 25, *numbers)
    console = Console(width=80, force_terminal=True, color_system=None)
    with console.capture() as capture:
        console.print(progress.table([line]))
    lines = capture.get().splitlines()
    assert max(map(len, lines)) <= 80
    assert all(number in lines[0] for number in numbers)
    assert "MobileNetV2" in " ".join(lines)


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0:00"), (59.6, "1:00"), (3787, "1:03:07"), (-1, "0:00")]
)
def test_a_clock_shows_minutes_and_hours(seconds, shown):
    assert progress.clock(seconds) == shown


@pytest.mark.slow
def test_a_terminal_shows_live_progress_until_ctrl_c_and_is_sane_afterwards(world):
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (40, 100))
    before = termios.tcgetattr(theirs)
    arguments = ("train", *SMALL, "--data", world / "data" / "sample", "--epochs", 500)
    with command(*arguments, on=theirs) as process:
        screen = Command(process, ours)
        for text in ("starting: TensorFlow", "━━━", "/500", "batch ", "validation", "ETA"):
            screen.wait_for(text)
        assert HIDE_CURSOR in screen.text
        os.write(ours, b"\x03")
        screen.wait_for("stopping …")
        assert process.wait(PATIENCE_S) == 0
        result = json.loads(process.stdout.read())
    assert screen.text.count(HIDE_CURSOR) == screen.text.count(SHOW_CURSOR)
    assert termios.tcgetattr(theirs) == before
    assert screen.text.endswith("\n") or screen.text.endswith(SHOW_CURSOR)
    assert result["state"] == "stopped"
    assert store.find_usable(result["run"]).state is State.STOPPED
    os.close(theirs)
    os.close(ours)


@pytest.mark.slow
def test_a_second_ctrl_c_leaves_nothing_running(world):
    arguments = ("train", *SMALL, "--data", world / "data" / "sample", "--epochs", 500)
    with command(*arguments) as train:
        train.wait_for("run ")
        train.process.send_signal(signal.SIGINT)
        train.wait_for("stopping …")
        run = next(run for run in store.list_runs()[0] if run.state.is_active)
        train.process.send_signal(signal.SIGINT)
        status, result = train.ended()
    assert (status, result) == (0, {"run": run.run_id, "state": "stopped"})
    view = run.view
    assert not processes.is_alive(view.worker)
    assert "Traceback" not in train.text


@pytest.mark.slow
def test_ctrl_c_takes_a_queued_run_out_of_the_queue(world, at_work):
    with command("train", *SMALL, "--data", world / "data" / "sample") as train:
        train.wait_for("queued: 1 run before it")
        train.process.send_signal(signal.SIGINT)
        status, result = train.ended()
    assert (status, result["state"]) == (0, "stopped")
    assert queue.in_queue(store.list_runs()[0]) == []


@pytest.mark.slow
def test_a_second_run_waits_for_the_first_and_then_trains(world, at_work):
    arguments = ("train", *SMALL, "--data", world / "data" / "sample", "--epochs", 1)
    with command(*arguments) as train:
        train.wait_for("queued: 1 run before it")
        assert "fit …" not in train.text
        emit(at_work, ("finished", {"result": {}}))
        status, result = train.ended()
    assert (status, result["state"]) == (0, "finished")
    assert "epoch 1/1" in train.text
    assert train.text.replace("\n", "").isprintable()


@pytest.mark.long
@pytest.mark.slow
def test_a_stopped_run_is_resumed_to_its_last_epoch(world):
    arguments = ("train", *SMALL, "--data", world / "data" / "sample", "--epochs", 20)
    with command(*arguments) as train:
        train.wait_for("epoch 1/20")
        train.process.send_signal(signal.SIGINT)
        status, result = train.ended()
    assert (status, result["state"]) == (0, "stopped")
    with command("runs", "resume", result["run"]) as resumed:
        status, result = resumed.ended()
    run = store.find(result["run"])
    assert (status, run.state) == (0, State.FINISHED)
    assert [event.epoch for event in run.view.epochs] == list(range(1, 21))
    assert "epoch 1/20" not in resumed.text
    assert "epoch 20/20" in resumed.text


@pytest.mark.long
@pytest.mark.slow
def test_a_finished_run_is_extended(world):
    run = store.list_runs()[0][0]
    with command("runs", "extend", run.run_id, "--epochs", 2) as extended:
        status, result = extended.ended()
    assert (status, result["state"]) == (0, "finished")
    assert len(store.find(run.run_id).view.epochs) == 3
    assert "epoch 3/3" in extended.text
