"""What is measured of a machine once; and which engine and precision follow from it."""

import json

import pytest

from catsdogs import paths
from catsdogs.learning import engines, machine

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


@pytest.mark.parametrize(
    ("precision", "speedup", "policy"),
    [
        ("auto", 2.0, "mixed_bfloat16"),
        ("auto", 0.5, "float32"),
        ("float32", 2.0, "float32"),
        ("bfloat16", 0.5, "mixed_bfloat16"),
    ],
)
def test_bfloat16_is_used_where_it_is_fast_or_asked_for(precision, speedup, policy, monkeypatch):
    monkeypatch.setattr(machine, "_bfloat16_speedup", lambda: speedup)
    assert machine.training_policy(precision) == policy


def test_the_probe_measures():
    assert 0.01 < machine._bfloat16_speedup() < 100


@pytest.mark.parametrize(
    ("gpu", "speedup", "engine"),
    [(False, 9.0, "litert"), (True, 9.0, "keras"), (True, 0.5, "litert")],
)
def test_keras_embeds_where_a_gpu_makes_it_faster(gpu, speedup, engine, monkeypatch, tmp_path):
    monkeypatch.setattr(machine, "has_gpu", lambda: gpu)
    monkeypatch.setattr(engines, "_keras_speedup", lambda *_: speedup)
    assert engines.resolved("auto", tmp_path, tmp_path, None) == engine
    assert engines.resolved("litert-int8", tmp_path, tmp_path, None) == "litert-int8"
