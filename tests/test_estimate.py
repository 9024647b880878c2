"""What a run will need, learned from runs on a real disk; only the worker is left out."""

import json
from dataclasses import replace

import pytest
from PIL import Image

from catsdogs.runs import layout, machine_speed, models, store
from catsdogs.runs.about import About, DatasetReference
from catsdogs.runs.config import RunConfig
from catsdogs.runs.estimate import estimate
from catsdogs.runs.machine_speed import MachineSpeed

SECONDS = {"decode": 10.0, "embed": 0.0, "fit": 100.0, "evaluate": 2.0, "export": 3.0}
RESULT = {
    **{"seconds": {**SECONDS, "total": 121.0}, "train_images": 800, "val_images": 200},
    "val_accuracy": 0.9,
}
CNN_ROW_BYTES, VECTOR_BYTES = 150 * 150 * 3, 1280 * 4


@pytest.fixture
def finish():
    """Return a function that leaves a finished run of 10 epochs on 1,000 photos.

    ``prepared`` photos were decoded or embedded now, at 0.01 s each; the others were cached.
    """

    def write(config, *, fingerprint="f", prepared=1000, result=RESULT, ending="finished"):
        folder = store.create(
            config, About(dataset=DatasetReference(name="photos", fingerprint=fingerprint))
        )
        phase = {"event": "phase", "name": "decode" if config.model == "custom_cnn" else "embed"}
        events = [{**phase, "t": 100.0, "done": 0, "total": 0}]
        if prepared:
            begun = 1001 - prepared
            events.append({**phase, "t": 200.0, "done": begun, "total": 1000})
            events.append({**phase, "t": 200 + 0.01 * (1000 - begun), "done": 1000, "total": 1000})
        events.append({"event": ending, "t": 300.0, "result": result, "epochs": 10, "planned": 10})
        (folder / layout.EVENTS).write_text("\n".join(map(json.dumps, events)) + "\n")
        return folder.name

    return write


def cnn(**settings):
    return RunConfig("custom_cnn", "/photos", **settings)


def estimated(config, *, images=1000, fingerprint="f"):
    runs, broken = store.list_runs()
    assert not broken
    return estimate(config, images=images, fingerprint=fingerprint, runs=runs)


def test_the_same_run_again_takes_as_long_without_decoding(finish):
    run_id = finish(cnn())
    found = estimated(cnn())
    assert found.seconds == pytest.approx(111)
    assert found.learned_from.run_id == run_id
    assert found.is_complete


@pytest.mark.parametrize(
    ("settings", "images", "seconds"),
    [
        ({"epochs": 20}, 1000, 6 + 200 + 2 + 3),
        ({"epochs": 1}, 1000, 6 + 10 + 2 + 3),
        ({}, 3000, 6 + 300 + 6 + 3),
        ({"validation": 0.4}, 1000, 6 + 75 + 4 + 3),
        ({"learning_rate": 0.01, "seed": 3}, 1000, 6 + 100 + 2 + 3),
    ],
)
def test_each_part_grows_with_what_it_depends_on(settings, images, seconds, finish):
    finish(cnn())
    assert estimated(cnn(**settings), images=images).seconds == pytest.approx(seconds)


def test_photos_that_no_run_has_seen_are_decoded_first(finish):
    finish(cnn())
    found = estimated(cnn(), images=500, fingerprint="other")
    assert found.seconds == pytest.approx(6 + 50 + 1 + 3 + 500 * 0.01)
    assert found.is_complete


@pytest.mark.parametrize("prepared", [0, 1])
def test_what_decoding_costs_is_learned_from_a_run_that_did_it(prepared, finish):
    finish(cnn())
    finish(cnn())
    warm = finish(cnn(), fingerprint="a copy of it", prepared=prepared)
    found = estimated(cnn(), fingerprint="other")
    assert found.learned_from.run_id == warm
    assert found.seconds == pytest.approx(111 + 10)


def test_when_no_run_had_to_decode_the_estimate_says_that_it_leaves_that_out(finish):
    finish(cnn(), prepared=0)
    found = estimated(cnn(), fingerprint="other")
    assert found.seconds == pytest.approx(111)
    assert not found.is_complete
    assert estimated(cnn()).is_complete


def test_a_photo_that_was_cached_does_not_count_as_decoded(finish):
    finish(cnn(), prepared=100)
    assert estimated(cnn(), fingerprint="other").seconds == pytest.approx(111 + 10)


@pytest.mark.parametrize(
    ("model", "row_bytes"), [("custom_cnn", CNN_ROW_BYTES), ("mobilenet_v2", VECTOR_BYTES)]
)
def test_disk_is_the_folder_and_what_the_cache_does_not_hold_yet(model, row_bytes, finish):
    config = RunConfig(model, "/photos")
    run = store.find(finish(config))
    (run.folder / layout.KERAS_MODEL).write_bytes(b"x" * 5000)
    folder_bytes = sum(path.stat().st_size for path in run.folder.iterdir())
    assert folder_bytes > 5000
    assert estimated(config).disk_bytes == folder_bytes
    new = estimated(config, images=300, fingerprint="other")
    assert new.disk_bytes == folder_bytes + 300 * row_bytes


def test_only_runs_that_fine_tune_the_same_tell_of_one_that_does(finish):
    config = RunConfig("mobilenet_v2", "/photos", epochs=8, fine_tune=2, fine_tune_from="block_16")
    finish(RunConfig("mobilenet_v2", "/photos"))
    assert estimated(config) is None
    same = finish(config)
    assert estimated(config).learned_from.run_id == same
    assert estimated(replace(config, fine_tune_from="all")) is None


def test_mirrored_views_and_activations_are_rows_of_their_own(finish):
    frozen = RunConfig("mobilenet_v2", "/photos")
    run = store.find(finish(frozen))
    folder_bytes = sum(path.stat().st_size for path in run.folder.iterdir())
    mirrored = replace(frozen, augment=True)
    assert estimated(mirrored).disk_bytes == folder_bytes + 1000 * VECTOR_BYTES
    tuned = replace(frozen, epochs=9, fine_tune=1, fine_tune_from="block_13")
    run = store.find(finish(tuned, fingerprint="other"))
    folder_bytes = sum(path.stat().st_size for path in run.folder.iterdir())
    both_views = 2 * (VECTOR_BYTES + 14 * 14 * 96 * 2)
    assert estimated(tuned).disk_bytes == folder_bytes + 1000 * (both_views - VECTOR_BYTES)


def test_the_nearest_run_counts_and_of_equals_the_newest(finish):
    plain = finish(cnn(recipe="plain"))
    still = finish(cnn(augment=False))
    older, large = finish(cnn()), finish(cnn(batch_size=128))
    finish(RunConfig("mobilenet_v2", "/photos"))
    finish(cnn(), ending="stopped")

    def learned_from(**settings):
        return estimated(cnn(**settings)).learned_from.run_id

    assert learned_from() == older
    assert learned_from(batch_size=100) == large
    assert learned_from(augment=False, batch_size=128) == still
    assert learned_from(recipe="plain") == plain
    newer = finish(cnn())
    assert learned_from(batch_size=16) == newer


def test_there_is_nothing_to_say_without_an_earlier_run_or_photos(finish):
    assert estimated(cnn()) is None
    finish(RunConfig("mobilenet_v2", "/photos"))
    finish(cnn(), ending="stopped")
    assert estimated(cnn()) is None
    finish(cnn())
    assert estimated(cnn(), images=0) is None


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {**RESULT, "seconds": None},
        {**RESULT, "seconds": {"fit": 1.0, "total": 2.0}},
        {**RESULT, "seconds": {**RESULT["seconds"], "total": 1.0}},
        {**RESULT, "seconds": {**RESULT["seconds"], "fit": float("nan")}},
        {**RESULT, "seconds": {**RESULT["seconds"], "fit": "long"}},
        {**RESULT, "train_images": 0},
        {**RESULT, "val_images": None},
    ],
)
def test_a_run_with_odd_figures_is_passed_over(odd, finish):
    finish(cnn(), result=odd)
    assert estimated(cnn()) is None
    sound = finish(cnn())
    finish(cnn(), result=odd)
    assert estimated(cnn()).learned_from.run_id == sound


SPEED = MachineSpeed(gflops=200.0, decoded_per_s=500.0)


def measured_only(config, *, images=2000, runs=(), speed=SPEED):
    return estimate(config, images=images, fingerprint="f", runs=runs, measure=lambda: speed)


def mobilenet(**settings):
    return RunConfig("mobilenet_v2", "/photos", **settings)


def test_a_first_run_is_estimated_as_a_range_from_the_machine():
    found = measured_only(cnn())
    assert found.learned_from is None
    assert found.low_s < found.seconds < found.high_s < 3 * found.low_s
    assert "measurement" in found.basis
    assert found.disk_bytes > 2000 * CNN_ROW_BYTES


@pytest.mark.parametrize(
    ("config", "other"),
    [
        (cnn(epochs=2), cnn(epochs=20)),
        (cnn(repeats=1), cnn(repeats=4)),
        (mobilenet(), mobilenet(augment=True)),
        (mobilenet(), mobilenet(fine_tune=1, fine_tune_from="block_16")),
        (mobilenet(fine_tune=3, fine_tune_from="block_16"), mobilenet(fine_tune=3)),
        (mobilenet(), cnn()),
    ],
)
def test_what_needs_more_operations_is_expected_to_take_longer(config, other):
    assert measured_only(config).seconds < measured_only(other).seconds


@pytest.mark.parametrize("config", [cnn(), mobilenet(), mobilenet(fine_tune=1)])
def test_a_slower_machine_and_more_photos_take_longer(config):
    slower = replace(SPEED, gflops=50.0), replace(SPEED, decoded_per_s=50.0)
    usual = measured_only(config).seconds
    assert all(measured_only(config, speed=speed).seconds > usual for speed in slower)
    assert measured_only(config, images=9000).seconds > usual


def test_a_machine_is_measured_only_where_no_similar_run_has_finished(finish):
    finish(cnn())
    runs, _ = store.list_runs()

    def measure():
        pytest.fail("measured without need")

    found = estimate(cnn(), images=1000, fingerprint="f", runs=runs, measure=measure)
    assert found.learned_from == runs[0]
    assert found.basis == runs[0].title
    assert found.low_s < 111 < found.high_s < 2 * found.low_s


def test_the_phases_add_up_to_the_whole(finish):
    finish(cnn())
    for found in (estimated(cnn(), fingerprint="other"), measured_only(cnn())):
        assert found.seconds == pytest.approx(sum(found.phases.values()))
        assert {"start", "decode", "fit", "evaluate", "export"} <= set(found.phases)


def test_a_network_of_unknown_size_has_no_first_estimate(monkeypatch):
    info = replace(models.MODELS["custom_cnn"], gflop=0.0)
    monkeypatch.setitem(models.MODELS, "custom_cnn", info)
    assert measured_only(cnn()) is None


def test_a_machine_is_measured_on_photos_also_if_some_are_damaged(tmp_path):
    Image.new("RGB", (300, 200)).save(tmp_path / "sound.png")
    (tmp_path / "damaged.jpg").write_bytes(b"no picture")
    found = machine_speed.measured(tmp_path, ["sound.png", "damaged.jpg", "gone.png"], side=150)
    assert found.gflops > 0
    assert found.decoded_per_s > 0
    assert machine_speed.measured(tmp_path, [], side=150).decoded_per_s == 0
