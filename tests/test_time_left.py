"""The time left of a run, as events tell it: simulated runs on a machine whose load changes."""

import math

import pytest

from catsdogs.runs.config import RunConfig
from catsdogs.runs.events import parsed
from catsdogs.runs.pace import pace, time_left
from catsdogs.runs.view import Folding

EPOCHS, STEPS, BATCH_S = 10, 50, 0.1
TRAIN, VALIDATION = 1600, 400
VALIDATING_S = STEPS * BATCH_S * VALIDATION / TRAIN / 3
EPOCH_S = STEPS * BATCH_S + VALIDATING_S
DECODE_S, START_S, AFTER_S = 10.0, 4.0, 5.0
WHOLE_S = START_S + DECODE_S + EPOCHS * EPOCH_S + AFTER_S
EXPECTED = {
    **{"start": START_S, "decode": DECODE_S, "fit": EPOCHS * EPOCH_S},
    **{"evaluate": 1.0, "export": AFTER_S - 1},
}
CONFIG = RunConfig("custom_cnn", "/photos", epochs=EPOCHS)


class Machine:
    """A clock on which work takes ``load(seconds of work so far)`` times its seconds."""

    def __init__(self, load):
        self.now, self.worked, self._load = 0.0, 0.0, load
        self.events = [{"event": "queued", "t": 0.0}]

    def report(self, kind, **fields):
        self.events.append({"event": kind, "t": self.now, **fields})

    def work(self, seconds):
        self.now += seconds * self._load(self.worked)
        self.worked += seconds


def run(load, *, cached=0.0, epoch_s=lambda epoch: 1.0):
    """Return the events of a run and the time at which it ends."""
    machine = Machine(load)
    machine.work(START_S)
    machine.report("started", pid=1, pid_started_at=0.0)
    machine.report("phase", name="decode", done=0, total=0)
    for tenth in range(round(10 * cached), 11):
        machine.report("phase", name="decode", done=tenth * 200, total=2000)
        machine.work(DECODE_S / 10 if tenth < 10 else 0)
    machine.report("split", train=TRAIN, validation=VALIDATION, hash="h")
    metrics = {"loss": 0.5, "accuracy": 0.8}
    machine.report("phase", name="fit", done=0, total=EPOCHS)
    for epoch in range(1, EPOCHS + 1):
        for step in range(1, STEPS + 1):
            machine.work(BATCH_S * epoch_s(epoch))
            machine.report("batch", epoch=epoch, step=step, steps=STEPS, **metrics)
        machine.work(VALIDATING_S * epoch_s(epoch))
        at_end = {"val_loss": 0.5, "val_accuracy": 0.8, "step": STEPS, "steps": STEPS}
        machine.report("epoch", epoch=epoch, **metrics, **at_end)
        machine.report("phase", name="fit", done=epoch, total=EPOCHS)
    machine.work(1.0)
    machine.report("phase", name="evaluate", done=0, total=0)
    machine.report("phase", name="export", done=0, total=0)
    machine.work(AFTER_S - 1)
    return machine.events, machine.now


def predicted_ends(events, expected):
    """Return (time, predicted time of the end) after the events with which it is known."""
    folding, found = Folding(), []
    for number, values in enumerate(events):
        folding.add(parsed(values))
        if values["event"] == "batch" and number % 7:
            continue  # A page does not look at every batch either.
        left_s = time_left(folding.view(), CONFIG, expected=expected)
        if left_s is not None:
            found.append((values["t"], values["t"] + left_s))
    return found


LOADS = {
    "constant": lambda worked: 1.0,
    "doubles halfway": lambda worked: 1.0 if worked < WHOLE_S / 2 else 2.0,
    "doubles early": lambda worked: 1.0 if worked < WHOLE_S / 10 else 2.0,
    "halves halfway": lambda worked: 2.0 if worked < WHOLE_S / 2 else 1.0,
    "halves early": lambda worked: 2.0 if worked < WHOLE_S / 10 else 1.0,
    "alternates slowly": lambda worked: 1.0 + (int(worked / 12) % 2),
    "alternates fast": lambda worked: 1.0 + (int(worked / 0.7) % 2),
    "a short peak": lambda worked: 2.0 if 20 < worked < 28 else 1.0,
}


@pytest.mark.parametrize("expected", [EXPECTED, None], ids=["expected", "unexpected"])
@pytest.mark.parametrize("load", LOADS)
def test_the_predicted_end_swings_by_less_than_two(load, expected):
    events, _ = run(LOADS[load])
    ends = [end for _, end in predicted_ends(events, expected)]
    assert max(ends) / min(ends) < 2


@pytest.mark.parametrize("factor", [0.6, 1.6])
def test_a_wrong_expectation_is_replaced_by_the_measurement(factor):
    events, end = run(LOADS["constant"])
    wrong = {name: factor * seconds for name, seconds in EXPECTED.items()}
    ends = predicted_ends(events, wrong)
    assert max(e for _, e in ends) / min(e for _, e in ends) < 2
    assert all(0.85 < e / end < 1.18 for at, e in ends if at > end / 2)


@pytest.mark.parametrize("expected", [EXPECTED, None])
@pytest.mark.parametrize("factor", [2.0, 0.5])
def test_a_first_epoch_of_another_speed_is_soon_forgotten(factor, expected):
    events, end = run(LOADS["constant"], epoch_s=lambda epoch: factor if epoch == 1 else 1.0)
    ends = predicted_ends(events, expected)
    assert max(e for _, e in ends) / min(e for _, e in ends) < 2
    after_two = START_S + DECODE_S + (factor + 1) * EPOCH_S
    soon = [e for at, e in ends if after_two + 0.1 < at < end - AFTER_S]
    outside_s = 0 if expected else AFTER_S
    assert all(0.8 < (predicted + outside_s) / end < 1.25 for predicted in soon)


@pytest.mark.parametrize("cached", [0.0, 0.5, 1.0])
def test_photos_that_are_cached_take_no_time(cached):
    events, end = run(LOADS["constant"], cached=cached)
    for at, predicted in predicted_ends(events, EXPECTED):
        if at > START_S + 0.01:
            assert predicted == pytest.approx(end, rel=0.1)


@pytest.mark.parametrize("load", ["doubles halfway", "halves halfway"])
def test_the_rest_is_honest_again_some_time_after_the_load_changed(load):
    events, end = run(LOADS[load])
    late = [(at, left) for at, left in predicted_ends(events, EXPECTED) if 0.8 < at / end < 0.88]
    assert late
    for at, predicted in late:
        assert 0.6 < (predicted - at) / (end - at) < 1.6


def test_with_an_expectation_the_whole_run_is_covered_from_the_start():
    events, end = run(LOADS["constant"])
    (first_at, first), *_ = predicted_ends(events, EXPECTED)
    assert first_at == 0
    assert first == pytest.approx(end, rel=0.01)
    last_at, last = predicted_ends(events, EXPECTED)[-1]
    assert last == pytest.approx(end, rel=0.05)
    assert last_at < last


def test_without_an_expectation_the_fit_alone_is_known():
    events, end = run(LOADS["constant"])
    at, predicted = predicted_ends(events, None)[0]
    assert at > START_S + DECODE_S
    assert predicted == pytest.approx(end - AFTER_S, rel=0.05)


def test_an_epoch_without_a_report_of_its_batches_is_no_problem():
    folding = Folding()
    metrics = {"loss": 0.5, "accuracy": 0.8, "val_loss": 0.5, "val_accuracy": 0.8}
    for event in (
        {"event": "phase", "t": 0.0, "name": "fit", "done": 0, "total": EPOCHS},
        {"event": "epoch", "t": 1.0, "epoch": EPOCHS, **metrics},
    ):
        folding.add(parsed(event))
    assert time_left(folding.view(), CONFIG, expected=EXPECTED) == pytest.approx(AFTER_S)


def test_before_fine_tuning_the_expectation_stands_for_it():
    config = RunConfig("mobilenet_v2", "/photos", epochs=2, fine_tune=3)
    expected = {"start": 4.0, "embed": 9.0, "fit": 60.0, "evaluate": 1.0, "export": 2.0}
    folding = Folding()
    metrics = {"epoch": 1, "steps": 10, "loss": 0.5, "accuracy": 0.8}
    for values in (
        {"event": "started", "t": 0.0, "pid": 1, "pid_started_at": 0.0},
        {"event": "phase", "t": 10.0, "name": "fit", "done": 0, "total": 2},
        {"event": "batch", "t": 10.1, "step": 1, **metrics},
        {"event": "batch", "t": 10.2, "step": 2, **metrics},
    ):
        folding.add(parsed(values))
    assert 63 < time_left(folding.view(), config, expected=expected) < 66
    folding.add(parsed({"event": "phase", "t": 20.0, "name": "fit", "done": 2, "total": 5}))
    assert time_left(folding.view(), config, expected=expected) == pytest.approx(63)


def test_the_pace_of_a_fit_is_that_of_its_latest_batches():
    events, _ = run(LOADS["constant"])
    folding = Folding()
    for values in events[: len(events) // 2]:
        folding.add(parsed(values))
    found = pace(folding.view(), batch_size=32)
    assert found.per_s == pytest.approx(32 / BATCH_S, rel=0.01)
    assert math.isclose(found.left_s, EPOCHS * EPOCH_S / 2, rel_tol=0.1)
