"""Latencies of two models can be compared: in any order, and on a busy machine."""

import subprocess
import sys
from contextlib import contextmanager

import pytest
from conftest import PROJECT

from catsdogs.features.litert import LiteRTModel
from catsdogs.inference.latency import FEWEST, MOST, Latency, measured
from catsdogs.runs import layout

CNN, MOBILENET = "reference-custom_cnn", "reference-mobilenet_v2-fine_tuned"


@pytest.fixture(scope="module")
def models():
    def load(name):
        return LiteRTModel(PROJECT / "artifacts" / name / layout.LITERT_MODEL)

    return {"cnn": load(CNN), "cnn again": load(CNN), "mobilenet": load(MOBILENET)}


@contextmanager
def busy(processes):
    """Keep as many cores busy."""
    command = [sys.executable, "-c", "while True: pass"]
    others = [subprocess.Popen(command) for _ in range(processes)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


# Other tests beside them would change the times: these run alone.
@pytest.mark.long
@pytest.mark.parametrize("processes", [0, 2])
def test_the_same_model_twice_takes_the_same_time(models, processes):
    with busy(processes):
        found = measured(models)
    ratio = found["cnn"].median_ms / found["cnn again"].median_ms
    assert 0.9 < ratio < 1.1


@pytest.mark.long
@pytest.mark.parametrize("processes", [0, 2])
def test_the_order_of_the_models_does_not_matter(models, processes):
    with busy(processes):
        first = measured({name: models[name] for name in ("cnn", "mobilenet")})
        swapped = measured({name: models[name] for name in ("mobilenet", "cnn")})
    for name in ("cnn", "mobilenet"):
        assert 0.9 < first[name].median_ms / swapped[name].median_ms < 1.1


def test_quartiles_stand_around_the_median(models):
    (found,) = measured({"cnn": models["cnn"]}).values()
    assert 0 < found.low_ms <= found.median_ms <= found.high_ms
    assert str(Latency(2.14, 2.0, 2.26)) == "2.1 ms (2.0 to 2.3)"


class Worker:
    """A model that works for the given seconds, over and over, on a clock of its own."""

    side = 8

    def __init__(self, *seconds):
        self._seconds, self.now, self.calls = seconds, 0.0, 0

    def __call__(self, image):
        self.now += self._seconds[self.calls % len(self._seconds)]
        self.calls += 1
        return {}


@pytest.mark.parametrize(
    ("seconds", "passes", "median_ms"),
    [((0.002,), FEWEST, 2), ((0.002, 0.002, 0.004), MOST, 2), ((0.002, 0.0021), FEWEST, 2.05)],
)
def test_there_are_more_rounds_if_the_times_vary(seconds, passes, median_ms):
    worker = Worker(*seconds)
    found = measured({"worker": worker}, clock=lambda: worker.now)
    assert passes < worker.calls < passes + 10  # A few are to warm up.
    assert found["worker"].median_ms == pytest.approx(median_ms)
