import numpy as np
import pandas as pd
import pytest

from catsdogs.dataset.split import Rule, require_splittable, split
from catsdogs.errors import ConfigError


def records(cats: int, dogs: int, copies: int = 0) -> pd.DataFrame:
    """Distinct photos, the first ``copies`` of them present twice."""
    digests = [f"photo{number}" for number in range(cats + dogs)]
    table = pd.DataFrame({"group": digests, "label": [0] * cats + [1] * dogs})
    return pd.concat([table, table.head(copies)], ignore_index=True)


def test_both_sides_together_are_everything_once():
    found = split(records(60, 40))
    assert sorted([*found.train, *found.validation]) == list(range(100))


def test_each_class_keeps_its_share():
    table = records(600, 400)
    validation = split(table).validation
    assert np.bincount(table["label"].iloc[validation]).tolist() == [120, 80]


def test_the_same_seed_gives_the_same_split_and_another_seed_another():
    table = records(50, 50)
    first, again, other = (split(table, Rule(seed=seed)).validation for seed in (7, 7, 8))
    assert first.tolist() == again.tolist()
    assert first.tolist() != other.tolist()


@pytest.mark.parametrize("seed", range(10))
def test_copies_of_a_photo_are_never_on_both_sides(seed):
    table = records(40, 40, copies=30)
    found = split(table, Rule(validation=0.3, seed=seed))
    train, validation = (set(table["group"].iloc[s]) for s in (found.train, found.validation))
    assert not train & validation


@pytest.mark.parametrize(("cats", "dogs"), [(0, 10), (10, 1), (0, 0)])
def test_a_class_without_photos_for_both_sides_is_refused(cats, dogs):
    with pytest.raises(ConfigError, match="both classes"):
        split(records(cats, dogs))


def test_a_share_that_leaves_a_side_without_a_class_is_refused():
    with pytest.raises(ConfigError, match="validation share"):
        split(records(3, 3), Rule(validation=0.01))


@pytest.mark.parametrize("cats", [1, 2, 3, 5, 20])
@pytest.mark.parametrize("dogs", [2, 9, 100])
@pytest.mark.parametrize("share", [0.05, 0.2, 0.5, 0.8, 0.95])
def test_what_passes_the_check_has_both_classes_on_both_sides(cats, dogs, share):
    table = records(cats, dogs)
    try:
        require_splittable(table, Rule(validation=share))
    except ConfigError:
        with pytest.raises(ConfigError):
            split(table, Rule(validation=share))
    else:
        for seed in range(3):
            found = split(table, Rule(validation=share, seed=seed))
            assert set(table["label"].iloc[found.validation]) == {0, 1}
            assert set(table["label"].iloc[found.train]) == {0, 1}


@pytest.mark.parametrize("seed", range(5))
def test_leaving_pictures_out_moves_hardly_any_other_across(seed):
    table = records(200, 200)
    fewer = table.drop(index=range(0, 400, 8)).reset_index(drop=True)
    before, after = (
        set(photos["group"].iloc[split(photos, Rule(seed=seed)).validation])
        for photos in (table, fewer)
    )
    kept = set(fewer["group"])
    assert len((before & kept) ^ after) <= 10


@pytest.mark.parametrize("seed", range(5))
def test_a_test_side_changes_no_validation_photo_and_has_its_own(seed):
    table = records(200, 100, copies=50)
    without, found = split(table, Rule(seed=seed)), split(table, Rule(seed=seed, test=0.1))
    assert found.validation.tolist() == without.validation.tolist()
    sides = found.train, found.validation, found.test
    assert sorted(np.concatenate(sides)) == list(range(len(table)))
    groups = [set(table["group"].iloc[side]) for side in sides]
    assert sum(map(len, groups)) == len(set.union(*groups)) == 300
    pictures = table.iloc[found.test].drop_duplicates("group")
    assert pictures["label"].value_counts().to_dict() == {0: 20, 1: 10}


def test_the_test_side_does_not_depend_on_the_validation_share():
    table = records(100, 100)
    few, many = (split(table, Rule(validation=v, test=0.2)).test for v in (0.1, 0.5))
    assert few.tolist() == many.tolist()


def test_shares_that_leave_no_training_photo_are_refused():
    with pytest.raises(ConfigError, match=r"validation share of 0.5 and a test share of 0.4"):
        split(records(5, 5), Rule(validation=0.5, test=0.4))


def given(*sides: tuple[str, int]) -> pd.DataFrame:
    """Distinct photos, ``count`` of each class on each side that the dataset gives them."""
    table = pd.DataFrame(
        [(side, label) for side, count in sides for label in (0, 1) for _ in range(count)],
        columns=["given", "label"],
    )
    return table.assign(group=[f"photo{number}" for number in range(len(table))])


def test_the_datasets_own_sides_are_used_and_only_missing_ones_drawn():
    table = given(("train", 40), ("test", 20))
    found = split(table, Rule(test=0.3))
    assert set(table["given"].iloc[found.test]) == {"test"}
    assert (len(found.train), len(found.validation), len(found.test)) == (64, 16, 40)
    table = given(("train", 40), ("validation", 5))
    found = split(table, Rule(test=0.1))
    assert set(table["given"].iloc[found.validation]) == {"validation"}
    assert (len(found.train), len(found.validation), len(found.test)) == (72, 10, 8)


def test_our_split_mixes_the_datasets_own_sides():
    found = split(given(("train", 40), ("test", 20)), Rule(own=False))
    assert (len(found.train), len(found.validation), len(found.test)) == (96, 24, 0)


@pytest.mark.parametrize("sides", [("train",), ("test",), ("",), ("train", "")])
def test_one_side_alone_is_no_split(sides):
    table = given(*((side, 20) for side in sides))
    found = split(table)
    assert len(found.validation) == round(0.2 * len(table))
    assert not len(found.test)


def test_photos_outside_the_folders_of_a_split_are_training_photos():
    table = given(("", 20), ("test", 10))
    found = split(table)
    assert set(table["given"].iloc[[*found.train, *found.validation]]) == {""}
    assert len(found.test) == 20


def test_a_copy_is_left_out_of_training_and_never_out_of_the_test_side():
    table = given(("train", 20), ("validation", 10), ("test", 10))
    test, validation = (table.index[table["given"] == side] for side in ("test", "validation"))
    copied = table["group"].to_numpy(dtype=object)
    copied[:3], copied[3:5], copied[validation[0]] = "photo70", copied[validation[1]], "photo71"
    table["group"] = copied
    found = split(table)
    assert found.test.tolist() == test.tolist()
    assert found.left_out.tolist() == [0, 1, 2, 3, 4, validation[0]]
    sides = found.train, found.validation, found.test
    assert not set(copied[found.train]) & set(copied[[*found.validation, *found.test]])
    assert sum(map(len, sides)) == len(table) - 6


def test_an_own_validation_side_of_one_class_is_refused():
    table = given(("train", 20), ("validation", 10))
    with pytest.raises(ConfigError, match="own validation side"):
        split(table[(table["given"] == "train") | (table["label"] == 0)])
