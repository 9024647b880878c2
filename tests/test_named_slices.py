"""Slices with names: a kept filter finds the photos of the gallery, and clusters have names."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from catsdogs import people
from catsdogs.comparison.photo_facts import of_answers, photo_facts
from catsdogs.dataset import index
from catsdogs.errors import ConfigError, DatasetError, NotAllowed
from catsdogs.evaluation.slices import ALL, measured, slices
from catsdogs.evaluation.weakest import weakest
from catsdogs.health import findings, gallery_query, named_slices
from catsdogs.health.clusters import clusters
from catsdogs.health.findings import UNMEASURED, Findings, Summary
from catsdogs.health.gallery_query import Query
from catsdogs.health.snapshot import Snapshot
from catsdogs.people import Person


@pytest.fixture
def dataset(kaggle_folder):
    """Sixteen photos, scanned."""
    return index.scan(kaggle_folder)


def checked(dataset, **columns) -> Findings:
    """Save and return findings with these columns."""
    rows = dataset.pictures[["path", "digest"]].reset_index(drop=True)
    rows = rows.assign(**{**UNMEASURED, **columns})
    found = Findings(rows, np.zeros((len(rows), 0), np.int32), Summary(version=findings.VERSION))
    findings.save(dataset.root, found)
    return found


QUERIES = {
    "cats": Query(label="cat"),
    "ones": Query(text="1"),
    "small files": Query(ranges={"kilobytes": (0.0, 4.0)}),
    "on the chart": Query(area_of="size", area=[(0, 0), (100, 0), (100, 100), (0, 100)]),
}


@pytest.mark.parametrize("name", QUERIES)
def test_a_kept_filter_holds_the_photos_that_the_gallery_shows(dataset, name):
    named_slices.keep(dataset.root, name, QUERIES[name])
    assert [one.name for one in named_slices.read(dataset.root)] == [name]
    shown = gallery_query.find(Snapshot(dataset, None, is_current=True), QUERIES[name])
    facts = photo_facts(dataset.root)
    inside = facts.index[facts[f"slice: {name}"] == 1]
    assert set(inside) == set(shown.column("digest"))


def test_a_slice_has_an_accuracy_and_can_be_the_weakest(dataset):
    named_slices.keep(dataset.root, "cats", QUERIES["cats"])
    answers = pd.concat([dataset.usable[["digest", "label"]]] * 5)
    facts = of_answers(answers, photo_facts(dataset.root))
    right = (answers["label"] == 1).to_numpy()
    assert "own" in measured(facts)
    [part] = slices(ALL["own"], facts, right)
    assert (part.name, part.images, part.accuracy.value) == ("cats", 40, 0.0)
    worst = weakest(facts, right)[0]
    assert (worst.title, worst.others) == ("Your slices: cats", 1.0)


def test_photos_of_another_dataset_are_in_no_slice(dataset):
    named_slices.keep(dataset.root, "cats", QUERIES["cats"])
    answers = pd.DataFrame({"digest": ["0" * 32]})
    assert measured(of_answers(answers, photo_facts(dataset.root))) == []


def test_a_name_is_replaced_and_removed(dataset):
    for query in QUERIES.values():
        named_slices.keep(dataset.root, "  one \n name ", query)
    assert named_slices.read(dataset.root)[0].query.area_of == "size"
    named_slices.forget(dataset.root, "one name")
    assert named_slices.read(dataset.root) == []


@pytest.mark.parametrize("name", ["", "  ", "x" * 61])
def test_a_name_that_cannot_be_shown_is_refused(dataset, name):
    with pytest.raises(ConfigError, match="1 to 60 characters"):
        named_slices.keep(dataset.root, name, Query())


def test_a_viewer_keeps_no_slice(dataset):
    with people.acting(Person("viewer", may_edit=False)), pytest.raises(NotAllowed):
        named_slices.keep(dataset.root, "cats", Query())


def test_a_damaged_file_says_what_to_do_and_an_unknown_filter_is_left_out(dataset):
    named_slices.keep(dataset.root, "odd", replace(Query(), flag="of the future"))
    assert "slice: odd" not in photo_facts(dataset.root)
    named_slices.file(dataset.root).write_text("{")
    assert len(photo_facts(dataset.root)) == 16
    with pytest.raises(DatasetError, match="delete the file and keep them again"):
        named_slices.read(dataset.root)


def test_a_cluster_is_named_by_its_most_typical_photo(dataset):
    number = np.arange(16) % 2
    found = checked(dataset, cluster=number, typicality=np.arange(16) / 16)
    names = named_slices.typical(dataset.root)
    paths = found.rows["path"]
    first, second = (f"{n + 1}, like {paths[14 + n]}" for n in (0, 1))
    assert {name: path for name, (path, _) in names.items()} == {
        first: paths[14],
        second: paths[15],
    }
    facts = photo_facts(dataset.root)
    assert facts[f"cluster: {first}"].sum() == facts[f"cluster: {second}"].sum() == 8


def test_similar_vectors_are_in_one_cluster_the_largest_first():
    generator = np.random.default_rng(0)
    middles = np.eye(3)[np.repeat([0, 1, 2], [40, 80, 60])]
    vectors = middles + generator.normal(scale=0.05, size=middles.shape)
    found, typicality = clusters(vectors.astype(np.float32))
    assert [len(set(found[part])) for part in (slice(40), slice(40, 120), slice(120, 180))] == [
        1
    ] * 3
    assert np.bincount(found).tolist() == [80, 60, 40]
    assert (typicality > 0.9).all()


def test_few_photos_have_no_clusters():
    found, typicality = clusters(np.ones((99, 4), np.float32))
    assert (found == -1).all()
    assert np.isnan(typicality).all()
