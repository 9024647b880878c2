"""Tags: free words on photos, in the log of decisions."""

import pytest
from hostile import NAMES

from catsdogs.dataset import annotations, decisions_csv, index, label_tables, tags
from catsdogs.dataset.annotations import EXCLUDE
from catsdogs.errors import ConfigError


def records(folder, *names):
    found = index.scan(folder).records
    return found[found["path"].isin(names)]


def tagged(folder):
    """The tags of each photo that has some."""
    found = index.scan(folder).records.set_index("path")["tags"]
    return found[found.map(len) > 0].to_dict()


def test_tags_are_added_and_removed_and_each_step_is_undone_at_once(kaggle_folder):
    both = records(kaggle_folder, "cat.0.jpg", "dog.0.jpg")
    tags.add(kaggle_folder, both, ["blurry", "  to   check "])
    assert tagged(kaggle_folder) == dict.fromkeys(both["path"], ("blurry", "to check"))
    assert annotations.last_step(kaggle_folder) == "tag as blurry, to check 2 photos"
    tags.remove(kaggle_folder, both.head(1), ["blurry"])
    assert tagged(kaggle_folder)["cat.0.jpg"] == ("to check",)
    annotations.undo(kaggle_folder)
    assert tagged(kaggle_folder)["cat.0.jpg"] == ("blurry", "to check")
    annotations.undo(kaggle_folder)
    assert tagged(kaggle_folder) == {}


def test_a_tag_has_an_author_and_a_time_and_changes_nothing_for_training(
    kaggle_folder, monkeypatch
):
    monkeypatch.setenv("LOGNAME", "ada")
    cat = records(kaggle_folder, "cat.0.jpg")
    annotations.annotate(kaggle_folder, cat, EXCLUDE)
    before = index.scan(kaggle_folder)
    tags.add(kaggle_folder, cat, ["best"])
    found = tags.in_effect(kaggle_folder)["cat.0.jpg"]["best"]
    assert (found.who, found.at[:2]) == ("ada", "20")
    after = index.scan(kaggle_folder)
    assert after.fingerprint() == before.fingerprint()
    assert annotations.in_effect(kaggle_folder)["cat.0.jpg"].action == EXCLUDE


def test_another_picture_under_the_same_name_has_no_tag(kaggle_folder, photo):
    tags.add(kaggle_folder, records(kaggle_folder, "cat.0.jpg"), ["best"])
    photo(kaggle_folder / "cat.0.jpg", seed=99)
    assert tagged(kaggle_folder) == {}


@pytest.mark.parametrize("name", ["", "  ", "x" * 41])
def test_a_tag_that_is_empty_or_too_long_is_refused(kaggle_folder, name):
    with pytest.raises(ConfigError, match="Expected a tag of 1 to 40"):
        tags.add(kaggle_folder, records(kaggle_folder, "cat.0.jpg"), [name])
    assert tagged(kaggle_folder) == {}


def test_tags_of_any_text_survive_a_csv_beside_decisions(kaggle_folder):
    hostile = [name[: tags.LONGEST] for name in NAMES]
    tags.add(kaggle_folder, records(kaggle_folder, "cat.0.jpg", "cat.1.jpg"), hostile)
    annotations.annotate(kaggle_folder, records(kaggle_folder, "cat.1.jpg"), EXCLUDE)
    before = tagged(kaggle_folder)
    text = decisions_csv.to_csv(kaggle_folder, index.scan(kaggle_folder).records)
    annotations.undo(kaggle_folder)
    annotations.undo(kaggle_folder)
    assert tagged(kaggle_folder) == {}
    scanned = index.scan(kaggle_folder).records
    assert label_tables.take_over(kaggle_folder, scanned, text).photos == 2
    assert {p: set(of) for p, of in tagged(kaggle_folder).items()} == {
        p: set(of) for p, of in before.items()
    }
    assert index.scan(kaggle_folder).excluded == 1
    annotations.undo(kaggle_folder)
    assert tagged(kaggle_folder) == {}
