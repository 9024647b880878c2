"""Hundreds of kills at random moments of a run's life: ``make torture``. ``KILLS=50`` makes it 50.

A run is queued, killed, looked at, resumed, killed again, and in the end is as one that was never
interrupted; then it is extended, and the same again, with a model that must not be lost meanwhile.
Prints what was killed where.
"""

import os
import random
import shutil
import subprocess
import sys
import time
from collections import Counter

import pytest
from conftest import PROJECT
from test_faults import (
    SETTINGS,
    check_finished,
    check_folder,
    config,
    copied,
    followed,
    has_its_model,
    sample,
    uninterrupted,
    world,
)

from catsdogs.runs import event_file, layout, queue, store
from catsdogs.runs.events import PHASES, State
from catsdogs.system import processes

__all__ = ["sample", "uninterrupted", "world"]  # fixtures
_KILLS = int(os.environ.get("KILLS", "200"))
_A_CHAIN = 20
_EXTENSION = {"custom_cnn": 1, "mobilenet_v2": 5, "fine_tuned": 1}
_QUEUEING, _LAUNCH, _WRITING = "queueing", "launch", "writing"
_MOMENTS = (_QUEUEING, _LAUNCH, "start", *PHASES, "fit", *(_WRITING,) * 2)
_WRITTEN = (".npz", ".keras", ".tflite")
_PATIENCE_S = 240
# Another process that queues a run, to be killed while it does.
_STARTER = """
import sys
from pathlib import Path
from catsdogs.runs import queue, store
run, epochs = store.load(Path(sys.argv[1])), int(sys.argv[2])
queue.extend(run, epochs) if run.state == "finished" else queue.resume(run)
"""


@pytest.fixture(scope="module")
def tally():
    """Count the kills by model and moment, and what must not happen; print it in the end."""
    kills, wrong, with_model = Counter(), Counter(), Counter()
    yield kills, wrong, with_model
    moments = list(dict.fromkeys(_MOMENTS))
    print(f"\n\n{'killed while':<14}", *(f"{kind:>14}" for kind in SETTINGS))
    for moment in moments:
        print(f"{moment:<14}", *(f"{kills[kind, moment]:>14}" for kind in SETTINGS))
    print(
        f"{sum(kills.values())} kills, {with_model['kills']} of them with a model to lose: "
        f"{wrong['lost']} models lost, {wrong['running']} runs wrongly shown as running"
    )


@pytest.mark.parametrize("number", range(max(1, _KILLS // _A_CHAIN)), ids=lambda n: f"chain{n}")
def test_runs_that_are_killed_again_and_again_lose_nothing(
    number, sample, uninterrupted, world, imagenet_weights, tally
):
    draw, (kills, wrong, with_model) = random.Random(number), tally
    kind = list(SETTINGS)[number % len(SETTINGS)]
    likes = {False: uninterrupted(kind), True: extended(kind, uninterrupted(kind), world)}
    killed = 0
    print(f"\n{kind}:", end=" ")
    while killed < _A_CHAIN:
        run = queue.start(config(kind, sample))
        for is_extension, like in likes.items():
            epochs = _EXTENSION[kind] if is_extension else 0
            run = queue.extend(run, epochs) if is_extension else run
            for _ in range(min(draw.randint(4, 7), _A_CHAIN - killed)):
                before = store.load(run.folder)
                moment = draw.choice(_MOMENTS)
                run, met = struck(run, draw, moment, epochs, like)
                if not met:
                    break  # It was faster, and has ended.
                killed += 1
                kills[kind, met] += 1
                print(met, end=" ", flush=True)
                with_model["kills"] += before.is_usable
                wrong["running"] += run.state.is_active
                wrong["lost"] += before.is_usable and not has_its_model(run, sample)
                assert wrong.total() == 0, (moment, met, run)
                check_folder(run.folder)
                check_events(run)
                run = queued(run, epochs)
            run = followed(run)
            check_finished(run, like)
        queue.delete(run)


def extended(kind, like, world):
    """Return the extension of an uninterrupted run that was not interrupted either."""
    kept = world / f"extended-{kind}"
    if not kept.exists():
        run = followed(queue.extend(copied(like, "extended"), _EXTENSION[kind]))
        assert run.state is State.FINISHED, run.message
        check_folder(run.folder)  # Its worker has ended, too.
        shutil.copytree(run.folder, kept)
        queue.delete(run)
    return store.load(kept)


def queued(run, epochs):
    """Queue a run for its rest, or for its extension if that was not done yet."""
    return queue.extend(run, epochs) if run.state is State.FINISHED else queue.resume(run)


def struck(run, draw, moment, epochs, like):
    """Kill a run that was queued at a moment; return it, and the moment that was met, "" for none.

    A worker is started by others when its starter is killed, so that one is killed too.
    """
    if moment == _QUEUEING:
        queue.kill(store.load(run.folder))
        run = store.load(run.folder)
        if run.state is State.FINISHED:
            return run, ""
        return killed_while_queueing(run, draw, epochs), moment
    seconds = like.view.result.seconds
    longest_s = {_LAUNCH: 1.0, _WRITING: 0.0, "start": 4.0, **seconds}[moment]
    pause_s, suffix = draw.random() * longest_s, draw.choice(_WRITTEN)
    give_up_at, reached_at = time.monotonic() + _PATIENCE_S, None
    while store.load(run.folder).state.is_active:
        assert time.monotonic() < give_up_at, f"waited for {moment} in vain"
        if reached_at is None and reached(run, moment, suffix):
            reached_at = time.monotonic()
        if reached_at is not None and time.monotonic() >= reached_at + pause_s:
            break
        time.sleep(0.004)
    run = store.load(run.folder)
    if not run.state.is_active:
        return run, ""
    phase = run.view.phase or ("start" if run.view.started_at else _LAUNCH)
    met = _WRITING if any(run.folder.glob(".tmp-*")) else phase
    processes.kill(run.worker)
    run = store.load(run.folder)
    return (run, "") if run.state is State.FINISHED else (run, met)


def reached(run, moment, suffix):
    if moment == _WRITING:
        return any(run.folder.glob(f".tmp-*{suffix}"))
    if moment in (_LAUNCH, "start"):
        return True
    return moment in store.load(run.folder).view.phases


def killed_while_queueing(run, draw, epochs):
    """Kill who queues a run, and the worker that it may have started by then."""
    command = [sys.executable, "-c", _STARTER, run.folder, str(epochs)]
    with subprocess.Popen(command, cwd=PROJECT, stderr=subprocess.DEVNULL) as starter:
        time.sleep(0.3 + draw.random() * 1.5)
        starter.kill()
    # A worker whose launch nobody noted down says its first words after a second or so.
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline and not (store.load(run.folder).worker):
        time.sleep(0.1)
    if (worker := store.load(run.folder).worker) is not None:
        processes.kill(worker)
    elif store.load(run.folder).state is State.QUEUED:
        queue.request_stop(store.load(run.folder))
    return store.load(run.folder)


def check_events(run):
    """Check that all events can be read, except one torn line for each kill."""
    lines = (run.folder / layout.EVENTS).read_bytes().splitlines()
    torn = len(lines) - len(event_file.read_events(run.folder))
    assert torn <= sum(b'"launched"' in line for line in lines)
