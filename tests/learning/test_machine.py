"""The measurements that are made once per machine; the engine and precision that they decide."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from catsdogs import paths
from catsdogs.learning import diagnosis, engines, machine
from catsdogs.runs import queue
from catsdogs.runs.config import RunConfig
from catsdogs.runs.events import State
from catsdogs.sources.sample import draw_sample
from catsdogs.system import files

pytestmark = pytest.mark.slow


@pytest.fixture
def measured():
    """Return a function that asks for a value, and how often it was measured."""
    times = []

    def ask(value=2.0):
        return machine.remembered("speed", lambda: times.append(value) or value), len(times)

    return ask


def test_a_measurement_is_made_once_and_remembered(measured):
    assert measured(2.0) == (2.0, 1)
    assert measured(9.0) == (2.0, 1)


def test_of_two_that_measure_at_once_one_waits_for_the_result_of_the_other():
    began, answers = threading.Event(), iter([2.0, 1.0])

    def slow():
        began.set()
        time.sleep(0.5)
        return next(answers)

    with ThreadPoolExecutor() as pool:
        first = pool.submit(machine.remembered, "speed", slow)
        began.wait()
        second = pool.submit(machine.remembered, "speed", slow)
        assert (first.result(), second.result()) == (2.0, 2.0)


def test_another_machine_measures_anew_and_forgets_nothing(measured, monkeypatch):
    measured(2.0)
    here = machine._identity()
    monkeypatch.setattr(machine, "_identity", lambda: "another")
    assert measured(3.0) == (3.0, 2)
    known = json.loads((paths.cache_dir() / "machine.json").read_text())
    assert known == {here: {"speed": 2.0}, "another": {"speed": 3.0}}


@pytest.mark.parametrize("content", ["", "{", "[]", '{"speed": 1}', "null"])
def test_a_damaged_memory_is_measured_anew(measured, content):
    paths.cache_dir().mkdir(parents=True, exist_ok=True)
    (paths.cache_dir() / "machine.json").write_text(content)
    assert measured() == (2.0, 1)
    assert measured() == (2.0, 1)


@pytest.mark.parametrize(("speedup", "precision"), [(2.0, "bfloat16"), (0.5, "float32")])
def test_bfloat16_is_used_where_it_is_fast(speedup, precision, monkeypatch):
    monkeypatch.setattr(machine, "_bfloat16_speedup", lambda: speedup)
    assert machine.fastest_precision() == precision


@pytest.mark.parametrize(
    ("capabilities", "precision"),
    [
        ([(8, 9)], "bfloat16"),
        ([(8, 0), (9, 0)], "bfloat16"),
        ([(7, 5)], "float32"),
        ([(9, 0), (7, 5)], "float32"),
        ([(0, 0)], "float32"),
        ([], "float32"),
    ],
)
def test_the_weakest_gpu_decides_the_precision(capabilities, precision, monkeypatch):
    monkeypatch.setattr(machine, "has_gpu", lambda: True)
    monkeypatch.setattr(machine, "compute_capabilities", lambda: capabilities)
    assert machine.fastest_precision() == precision


def test_a_cache_that_cannot_be_written_stops_nothing(measured):
    paths.cache_dir().write_text("a file in its place")
    assert measured(2.0) == (2.0, 1)


@pytest.mark.parametrize(
    ("gpu", "speedup", "engine"),
    [(False, 9.0, "litert"), (True, None, "litert or keras"), (True, 9.0, "keras")],
)
def test_the_engine_is_named_without_measuring(gpu, speedup, engine, monkeypatch):
    monkeypatch.setattr(machine, "has_gpu", lambda: gpu)
    monkeypatch.setattr(machine, "recalled", lambda _: speedup)
    assert engines.known_choice().value == engine


def test_the_diagnosis_says_what_a_worker_would_use(monkeypatch, capsys):
    monkeypatch.setattr(machine, "_bfloat16_speedup", lambda: 2.0)
    diagnosis.main()
    found = json.loads(capsys.readouterr().out)
    chosen = {one["title"]: one["value"] for one in found["choices"]}
    assert chosen["Custom CNN, precision"] == machine.fastest_precision()
    assert chosen["MobileNetV2, engine"] == engines.known_choice().value


def test_the_diagnosis_survives_a_measurement_that_fails(monkeypatch, capsys):
    def fail():
        raise RuntimeError("no such operation")

    monkeypatch.setattr(machine, "_bfloat16_speedup", fail)
    diagnosis.main()
    [failed] = [one for one in json.loads(capsys.readouterr().out)["choices"] if one["failed"]]
    assert "no such operation" in failed["why"]


@pytest.mark.long
@pytest.mark.parametrize(("speedup", "turned"), [(2.0, 0.5), (0.5, 2.0)])
def test_a_run_that_goes_on_keeps_the_precision_it_began_with(tmp_path, speedup, turned):
    sample = draw_sample(tmp_path / "sample", images=40)
    memory = paths.cache_dir() / "machine.json"

    def remember(value):
        files.write_json(memory, {machine._identity(): {"bfloat16_speedup": value}})

    remember(speedup)
    config = RunConfig("custom_cnn", str(sample), epochs=1, batch_size=8)
    run = queue.follow(queue.start(config), lambda seen: None)
    began_with = run.result.precision
    assert began_with == ("bfloat16" if speedup > 1 else "float32")
    remember(turned)
    run = queue.follow(queue.extend(run, 1), lambda seen: None)
    assert run.state is State.FINISHED, run.message
    assert run.result.precision == began_with


def test_the_probe_measures():
    assert 0.01 < machine._bfloat16_speedup() < 100


@pytest.mark.parametrize(
    ("gpu", "speedup", "engine"),
    [(False, 9.0, "litert"), (True, 9.0, "keras"), (True, 0.5, "litert")],
)
def test_keras_embeds_where_a_gpu_makes_it_faster(gpu, speedup, engine, monkeypatch, tmp_path):
    monkeypatch.setattr(machine, "has_gpu", lambda: gpu)
    monkeypatch.setattr(engines, "_keras_speedup", lambda *_: speedup)
    assert engines.fastest(tmp_path, tmp_path, None) == engine
