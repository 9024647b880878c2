"""Two runs together: what can be compared fairly, its twin without suspect labels, its slices."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from catsdogs.comparison.choice import best_pair, rival
from catsdogs.comparison.disagreements import (
    Cell,
    Kind,
    of_cell,
    of_kind,
    of_slices,
)
from catsdogs.comparison.pair import Pair
from catsdogs.comparison.photo_facts import COLUMNS, of_answers, photo_facts, suspects
from catsdogs.dataset import annotations, index
from catsdogs.errors import RunError, WeightsUnavailable
from catsdogs.evaluation.slices import KINDS, SMALL, slices
from catsdogs.health import checkup
from catsdogs.health.findings import save
from catsdogs.labels import PETS
from catsdogs.runs import event_file, store
from catsdogs.runs.about import About, DatasetReference
from catsdogs.runs.config import RunConfig
from catsdogs.runs.run import Remarks

NOTHING = pd.DataFrame(columns=COLUMNS, dtype=float)


def answers(p_dog, *, first=0):
    """Answers for as many images, cats and dogs in turn."""
    count = len(p_dog)
    return pd.DataFrame(
        {
            "path": [f"{number}.jpg" for number in range(first, first + count)],
            "label": np.arange(first, first + count) % 2,
            "p_dog": np.array(p_dog, dtype=np.float32),
            "digest": [f"{number:032x}" for number in range(first, first + count)],
        }
    )


def pair(a, b, facts=NOTHING):
    tables = {"A": a, "B": b}
    runs = dict.fromkeys(tables, SimpleNamespace(classes=PETS))
    return Pair(runs, tables, dict.fromkeys(tables), facts)


def known(table, **columns):
    return pd.DataFrame(columns, index=table["digest"]).reindex(columns=COLUMNS).astype(float)


@pytest.fixture
def made():
    """Return a function that makes a finished run."""

    def write(accuracy, *, model="custom_cnn", fingerprint="f", reference=False, **settings):
        reference = {"reference": True} if reference else {}
        about = About(dataset=DatasetReference(name="photos", fingerprint=fingerprint), **reference)
        folder = store.create(RunConfig(model, "photos", **settings), about)
        result = {"val_accuracy": accuracy, "val_loss": 0.3, "val_images": 400}
        with event_file.appending(folder) as emit:
            emit("finished", result={**result, "seconds": {"total": 9.0}}, epochs=1, planned=1)
        return store.load(folder)

    return write


@pytest.fixture
def checked(kaggle_folder):
    """Sixteen photos, checked without MobileNetV2; cross-validation called all of them dogs."""

    def no_weights():
        raise WeightsUnavailable("No weights here. Download them.")

    dataset = index.scan(kaggle_folder)
    findings = checkup.run(dataset, backbone=no_weights, report=lambda *_: None)
    findings.rows.loc[:, "p_dog"] = 0.9
    save(kaggle_folder, findings)
    return dataset


def test_what_a_scan_and_a_check_know_is_found_by_content(checked):
    facts = photo_facts(checked.root)
    table = of_answers(checked.usable[["digest"]], facts)
    assert table["width_px"].tolist() == checked.usable["width_px"].tolist()
    assert table["brightness"].between(0, 255).all()
    assert (table["p_dog"] == 0.9).all()


def test_without_a_scan_nothing_is_known(tmp_path, kaggle_folder):
    assert photo_facts(None).empty
    assert photo_facts(kaggle_folder).empty
    assert of_answers(answers([0.5]), photo_facts(None)).isna().all(axis=None)


def test_a_label_is_suspect_as_the_run_knew_it(checked):
    usable = checked.usable
    expected = (usable["label"] == 0).tolist()
    assert suspects(usable, photo_facts(checked.root)).tolist() == expected
    # New decisions do not change how a run was measured earlier.
    annotations.annotate(checked.root, usable, annotations.RELABEL, label=1)
    assert suspects(usable, photo_facts(checked.root)).tolist() == expected
    assert not suspects(index.scan(checked.root).usable, photo_facts(checked.root)).any()


def test_without_a_check_no_label_is_suspect_and_none_is_sound(kaggle_folder):
    dataset = index.scan(kaggle_folder)
    assert suspects(dataset.usable, photo_facts(kaggle_folder)) is None


def test_twins_leave_out_the_suspect_labels():
    # Two cats are called dogs, the first of which cross-validation also calls a dog.
    a = answers([0.9, 0.9, 0.8, 0.7, 0.1, 0.6])
    facts = known(a, p_dog=[0.99, 0.99, 0.01, 0.99, 0.01, 0.99])
    found = pair(a, a, facts)
    own = found.metrics["A"]
    assert own.whole["accuracy"].value == pytest.approx(4 / 6)
    assert own.sound["accuracy"].value == pytest.approx(4 / 5)
    assert own.suspects == 1
    whole, twin = found.accuracy("A", 0.65)
    assert (whole.value, twin.value) == (pytest.approx(3 / 6), pytest.approx(3 / 5))
    left_out, sound = found.compared_without_suspects(0.01)
    assert (left_out, sound.images, sound.accuracy_a) == (1, 5, pytest.approx(4 / 5))


def test_without_a_check_there_are_no_twins():
    a = answers([0.1, 0.9, 0.2, 0.8])
    found = pair(a, a)
    assert [own.sound for own in found.metrics.values()] == [None, None]
    assert found.compared_without_suspects(0.01) is None


def test_a_copy_with_another_label_is_not_left_out_with_the_suspect_one():
    # The same picture twice, once as a cat and once as a dog.
    a = answers([0.9, 0.9]).assign(digest="one")
    found = pair(a, a, known(a.head(1), p_dog=[0.9]))
    left_out, sound = found.compared_without_suspects(0.01)
    assert (left_out, sound.images, sound.accuracy_a) == (1, 1, 1.0)


def test_runs_that_share_nothing_answer_for_their_own_images():
    found = pair(answers([0.1, 0.9]), answers([0.2, 0.8, 0.3], first=2))
    assert {letter: len(table) for letter, table in found.answers.items()} == {"A": 2, "B": 3}
    with pytest.raises(RunError, match="share validation images"):
        found.compared(0.01)


def test_every_measured_image_is_in_the_slice_that_its_name_says():
    widths = [63, 64, 127, 128, 300, 500, np.nan]
    facts = pd.DataFrame({"width_px": widths, "height_px": 900.0})
    right = np.array([True, True, False, True, False, True, True])
    found = {part.name: part for part in slices(KINDS["size"], facts, right)}
    counted = {name: part.images for name, part in found.items()}
    assert counted == {
        **{"under 64": 1, "64 to 150": 3, "150 to 224": 0, "224 to 400": 1, "400 and more": 1}
    }
    assert found["64 to 150"].accuracy.value == pytest.approx(2 / 3)
    assert found["under 64"].is_small


def test_an_empty_slice_has_no_accuracy():
    facts = pd.DataFrame({"brightness": [100.0] * SMALL})
    found = slices(KINDS["light"], facts, np.ones(SMALL, dtype=bool))
    assert [part.images for part in found] == [0, 0, SMALL, 0, 0]
    assert found[0].accuracy is None
    assert not found[2].is_small


def test_only_what_is_known_can_be_sliced_by():
    a = answers([0.1, 0.9])
    assert pair(a, a).measured == []
    sizes = known(a, width_px=[100, 200], height_px=[100, 200])
    assert pair(a, a, sizes).measured == ["size", "shape"]
    parts = pair(a, a, sizes).slices("size", 0.5)
    assert [part.images for part in parts["A"]] == [0, 1, 1, 0, 0]


def test_a_slice_opens_with_the_photos_that_both_runs_get_wrong():
    a = answers([0.1, 0.9, 0.7, 0.4, 0.8, 0.1])
    b = answers([0.2, 0.8, 0.6, 0.8, 0.1, 0.3])
    found = of_slices(pair(a, b, known(a, brightness=[20, 20, 20, 20, 100, 100])), 0.5)
    assert {slice_.in_words({}): list(at) for slice_, at in found.items()} == {
        "Light: under 35": [2, 3, 0, 1],
        "Light: 80 to 120": [5, 4],
    }


def test_the_weakest_slice_of_each_run_comes_first():
    a = answers(np.tile([0.1, 0.9], 100))
    b = a.assign(p_dog=np.where(np.arange(200) < 30, 1 - a["p_dog"], a["p_dog"]))
    light = np.where(np.arange(200) < 40, 20.0, 100.0)
    found = pair(a, b, known(a, brightness=light)).weakest(0.5)
    assert [one.p for one in found["A"]] == [1, 1]
    assert (found["B"][0].title, found["B"][0].accuracy.value) == ("Light: under 35", 0.25)
    assert found["B"][0].is_significant


def test_each_photo_is_in_the_galleries_of_who_is_wrong_the_clearest_first():
    a = answers([0.1, 0.9, 0.7, 0.4, 0.8, 0.1])
    b = answers([0.2, 0.3, 0.8, 0.8, 0.6, 0.1])
    assert {kind: list(at) for kind, at in of_kind(pair(a, b).both, 0.5).items()} == {
        Kind.ONLY_A: [1],
        Kind.ONLY_B: [3],
        Kind.BOTH_WRONG: [5, 2, 4],
        Kind.ALL_A: [5, 4, 2, 3],
        Kind.ALL_B: [5, 2, 1, 4],
    }


def test_a_cell_of_a_matrix_holds_what_it_says():
    a = answers([0.9, 0.9, 0.6, 0.1])
    both = pair(a, a).both
    assert of_cell(both, 0.5, Cell("A", "cat", "dog")).tolist() == [0, 2]
    assert of_cell(both, 0.5, Cell("A", "dog", "cat")).tolist() == [3]
    assert of_cell(both, 0.95, Cell("B", "dog", "dog")).tolist() == []


def test_the_first_pair_is_the_best_run_and_its_strongest_rival(made):
    weak, best, strong = made(0.7), made(0.98, model="mobilenet_v2"), made(0.8, epochs=3)
    assert best_pair([weak, best, strong]) == (best, strong)
    assert rival(strong, [weak, best, strong]) == best


def test_the_rival_was_measured_on_the_same_photos_and_is_another_recipe(made):
    best, elsewhere = made(0.98), made(0.97, fingerprint="another")
    repeated, other = made(0.96), made(0.6, epochs=3)
    assert rival(best, [best, elsewhere, repeated, other]) == other
    assert rival(best, [best, elsewhere, repeated]) == repeated
    assert rival(best, [best, elsewhere]) == elsewhere


def test_the_users_own_runs_are_compared_first_when_there_are_two(made):
    shipped = [made(accuracy, reference=True, fingerprint="g") for accuracy in (0.99, 0.9)]
    own = [made(0.8)]
    assert best_pair([*shipped, *own]) == tuple(shipped)
    own.append(made(0.7, epochs=3))
    assert best_pair([*shipped, *own]) == tuple(own)


def test_two_runs_of_one_name_have_different_names_in_a_comparison(made):
    first, second = made(0.8), made(0.7)
    both = Pair({"A": first, "B": second}, {}, {}, NOTHING)
    assert both.names == {"A": "CNN 1", "B": "CNN 2"}
    for run in (first, second):
        store.remark(run, Remarks("Mine\udcff"))
    twins = Pair({"A": store.load(first.folder), "B": store.load(second.folder)}, {}, {}, NOTHING)
    assert twins.names == {"A": "Mine\ufffd (first)", "B": "Mine\ufffd (second)"}
    assert twins.named({"B": 2}) == {"Mine\ufffd (second)": 2}
