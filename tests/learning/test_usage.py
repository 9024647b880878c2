"""What a worker reports about its use of the machine: little, and rarely enough to cost nothing."""

import pytest

from catsdogs.learning import usage
from catsdogs.system import hardware


class Clock:
    """A clock that stands still until it is moved."""

    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def reported():
    return []


@pytest.fixture
def emit(reported):
    return lambda event, **fields: reported.append((event, fields)) or {"event": event}


def kinds(reported):
    return [event for event, _ in reported]


def test_the_use_is_reported_between_other_events_and_only_when_it_is_due(emit, reported):
    clock = Clock()
    metered = usage.metered(emit, clock=clock)
    metered("phase", name="fit")
    clock.now += 2
    metered("batch")
    metered("batch")
    assert kinds(reported) == ["phase", "usage", "batch", "batch"]
    used = reported[1][1]
    assert used["cores"] >= 0
    assert used["memory_bytes"] > 1e6


def test_a_long_run_is_measured_ever_more_rarely(emit, reported):
    clock = Clock()
    metered = usage.metered(emit, clock=clock)
    for _ in range(20_000):
        clock.now += 1
        metered("batch")
    assert 300 < kinds(reported).count("usage") < 1500


def test_slow_measuring_takes_a_hundredth_of_the_time_at_most(emit, reported, monkeypatch):
    clock = Clock()
    monkeypatch.setattr(hardware, "gpus", lambda: ["A GPU"])
    monkeypatch.setattr(hardware, "hides_gpus", lambda: False)

    def slowly():
        clock.now += 0.5
        return 0.25, 3 << 30

    monkeypatch.setattr(hardware, "gpu_use", slowly)
    metered = usage.metered(emit, clock=clock)
    for _ in range(1000):
        clock.now += 1
        metered("batch")
    used = [fields for event, fields in reported if event == "usage"]
    assert 0.5 * len(used) <= 0.01 * 1000 + 0.5
    assert used[0]["gpu"] == 0.25
    assert used[0]["gpu_memory_bytes"] == 3 << 30


def test_the_use_of_several_gpus_is_read_from_the_driver(tmp_path, monkeypatch):
    command = tmp_path / "nvidia-smi"
    command.write_text("#!/bin/sh\nprintf '80, 1024\\n40, 2048\\n'\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert hardware.gpu_use() == (pytest.approx(0.6), 3072 << 20)
    command.write_text("#!/bin/sh\necho '[N/A], [N/A]'\n")
    assert hardware.gpu_use() is None
