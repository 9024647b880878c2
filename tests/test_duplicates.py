"""One of each group of duplicates stays: the largest or the first."""

import pytest
from PIL import Image

from catsdogs.cli import datasets
from catsdogs.dataset import annotations, duplicates, index
from catsdogs.dataset.annotations import EXCLUDE, RELABEL
from catsdogs.dataset.duplicates import Kept, surplus
from catsdogs.labels import DOG


@pytest.fixture
def copies(kaggle_folder):
    """Sixteen photos, a copy of one, and three sizes of another."""
    (kaggle_folder / "cat.90.jpg").write_bytes((kaggle_folder / "cat.0.jpg").read_bytes())
    small = Image.open(kaggle_folder / "dog.1.jpg")
    small.resize((640, 480)).save(kaggle_folder / "dog.91.jpg")
    small.resize((320, 240)).save(kaggle_folder / "dog.92.jpg")
    digests = index.scan(kaggle_folder).records.set_index("path")["digest"]
    near = digests[["dog.1.jpg", "dog.91.jpg", "dog.92.jpg"]].tolist()
    duplicates.save(kaggle_folder, [near])
    return kaggle_folder


@pytest.mark.parametrize(
    ("keep", "surplus_dogs"),
    [(Kept.LARGEST, {"dog.1.jpg", "dog.92.jpg"}), (Kept.FIRST, {"dog.91.jpg", "dog.92.jpg"})],
)
def test_the_largest_or_the_first_of_each_group_stays(copies, keep, surplus_dogs):
    found = surplus(index.scan(copies).pictures, keep)
    assert set(found.copies["path"]) == {"cat.90.jpg", *surplus_dogs}
    assert (found.groups, found.disputed) == (2, 0)


def test_a_group_of_both_classes_stays_until_somebody_decides(copies):
    records = index.scan(copies).records
    annotations.annotate(copies, records[records["path"] == "cat.90.jpg"], RELABEL, label=DOG)
    found = surplus(index.scan(copies).pictures, Kept.FIRST)
    assert not found.copies["path"].str.startswith("cat").any()
    assert (found.groups, found.disputed) == (1, 1)


def test_what_is_excluded_already_does_not_count(copies):
    records = index.scan(copies).records
    annotations.annotate(copies, records[records["path"] == "dog.91.jpg"], EXCLUDE)
    found = surplus(index.scan(copies).pictures, Kept.LARGEST)
    assert set(found.copies["path"]) == {"cat.90.jpg", "dog.1.jpg"}


def test_the_command_excludes_them_in_one_step(copies):
    before = index.scan(copies).fingerprint()
    found = datasets.exchange_annotations(
        path=str(copies), import_from=None, keep_one="largest", export_to=None
    ).result
    assert (found["duplicate_groups"], found["excluded_copies"], found["excluded"]) == (2, 3, 3)
    annotations.undo(copies)
    assert index.scan(copies).fingerprint() == before
