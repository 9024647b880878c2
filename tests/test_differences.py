"""The differences between two runs are named, and nothing else is."""

import numpy as np
import pandas as pd
import pytest
from conftest import seal

from catsdogs.comparison.differences import CODE, DATA, MACHINE, differences
from catsdogs.runs import event_file, layout, store
from catsdogs.runs.about import About, DatasetReference, Decisions, Machine
from catsdogs.runs.config import RunConfig

ABOUT = {
    "dataset": DatasetReference(name="photos", fingerprint="f", images=400),
    "versions": {"keras": "3.15.1", "numpy": "2.4.0"},
    "git_commit": "a" * 40,
    "uncommitted": False,
    "machine": Machine(
        system="Linux", processor="x86_64", cpu="Xeon", gpus=[], cores=2.0, memory_bytes=24e9
    ),
}


@pytest.fixture
def made(empty_machine):
    """Return a function that makes a finished run with these settings, or another ``about``."""

    def write(*, model="custom_cnn", about=None, photos=10, weights="", **settings):
        folder = store.create(
            RunConfig(model, "/photos", **settings), About(**{**ABOUT, **(about or {})})
        )
        table = pd.DataFrame(
            {
                "path": [f"{n}.jpg" for n in range(photos)],
                "label": np.arange(photos) % 2,
                "p_dog": np.linspace(0, 1, photos, dtype=np.float32),
                "digest": [f"{n:032x}" for n in range(photos)],
            }
        )
        table.to_parquet(folder / layout.PREDICTIONS)
        with event_file.appending(folder) as emit:
            result = {"val_accuracy": 0.9, "val_loss": 0.3, "val_images": photos}
            result |= {"weights": weights} if weights else {}
            emit("finished", result=result, epochs=1, planned=1)
        seal(folder)
        return store.load(folder)

    return write


def names(a, b):
    return [one.name for one in differences(a, b)]


def test_equal_runs_differ_in_nothing(made):
    assert names(made(), made()) == []


def test_runs_from_other_pretrained_weights_differ_in_them(made):
    runs = [made(model="mobilenet_v2", weights=weights) for weights in ("shipped", "0123456789ab")]
    (found,) = differences(*runs)
    assert (found.name, found.a, found.b) == ("weights", "shipped", "0123456789ab")


def test_runs_that_differ_in_the_learning_rate_differ_in_nothing_else(made):
    (found,) = differences(made(learning_rate=1e-3), made())
    assert (found.name, found.title) == ("learning_rate", "Learning rate")
    assert (found.a, found.b) == ("0.001", "0.002")


def test_a_value_of_the_recipe_is_the_same_as_that_value_given(made):
    assert names(made(learning_rate=2e-3, schedule="cosine"), made()) == []


def test_settings_that_do_not_count_are_no_difference(made):
    """Without crops, nothing is repeated; without fine-tuning, its rate does not matter."""
    assert names(made(augment=False, repeats=1), made(augment=False)) == []
    heads = [made(model="mobilenet_v2", fine_tune_learning_rate=rate) for rate in (1e-5, 1e-4)]
    assert names(*heads) == []


def test_a_setting_that_only_one_run_has_stands_beside_a_dash(made):
    found = {
        one.name: one
        for one in differences(made(model="mobilenet_v2", fine_tune=2), made(mirrored_view=True))
    }
    assert (found["model"].a, found["model"].b) == ("MobileNetV2", "Custom CNN")
    assert (found["fine_tune"].a, found["fine_tune"].b) == ("2", "–")
    assert (found["mirrored_view"].a, found["mirrored_view"].b) == ("no", "yes")
    assert "data" not in found


def test_a_relabelled_photo_is_named(made):
    dataset = DatasetReference(name="photos", fingerprint="other", images=400)
    relabelled = {"dataset": dataset, "annotations": Decisions(hash="h", relabelled=1)}
    found = differences(made(about=relabelled), made())
    assert {one.name for one in found} == {"decisions", "relabelled"}
    assert all(one.kind == DATA for one in found)
    assert [(one.a, one.b) for one in found if one.name == "relabelled"] == [
        ("1 photo", "0 photos")
    ]


def test_joined_corrections_are_counted(made):
    dataset = DatasetReference(name="photos", fingerprint="other", images=403)
    joined = {"dataset": dataset, "annotations": Decisions(corrections=3)}
    found = differences(made(about=joined), made())
    assert [(one.a, one.b) for one in found if one.name == "corrections"] == [
        ("3 photos", "0 photos")
    ]


def test_other_photos_are_counted(made):
    other = {"dataset": DatasetReference(name="photos", fingerprint="g", images=410)}
    found = {one.name: one for one in differences(made(about=other, photos=12), made())}
    assert set(found) == {"dataset", "validation_photos"}
    assert found["validation_photos"].a == "12, 2 of them only here"
    assert found["validation_photos"].b == "10, 0 of them only here"


def test_a_package_a_commit_and_a_machine_are_named(made):
    upgraded = {
        "versions": {"keras": "3.16.0", "numpy": "2.4.0", "new": "1"},
        "git_commit": "b" * 40,
        "uncommitted": True,
        "machine": Machine(
            system="Linux", processor="x86_64", cpu="EPYC", gpus=["L4"], cores=2.0, memory_bytes=8e9
        ),
    }
    found = differences(made(), made(about=upgraded))
    assert [one.name for one in found if one.kind == CODE] == [
        *("versions.keras", "git_commit", "uncommitted")
    ]
    assert [(one.name, one.a, one.b) for one in found if one.kind == MACHINE] == [
        ("machine.cpu", "Xeon", "EPYC"),
        ("machine.gpus", "none", "L4"),
        ("machine.memory_bytes", "24.0 GB", "8.0 GB"),
    ]


def test_what_an_older_run_did_not_record_is_not_compared(made):
    older = {"versions": {"numpy": "2.4.0"}, "machine": Machine(system="Linux"), "git_commit": None}
    assert names(made(), made(about=older)) == []
