import numpy as np
import pandas as pd
import pytest

from catsdogs.dataset.split import require_splittable, split
from catsdogs.errors import ConfigError


def records(cats: int, dogs: int, copies: int = 0) -> pd.DataFrame:
    """Distinct photos, the first ``copies`` of them present twice."""
    digests = [f"photo{number}" for number in range(cats + dogs)]
    table = pd.DataFrame({"group": digests, "label": [0] * cats + [1] * dogs})
    return pd.concat([table, table.head(copies)], ignore_index=True)


def test_both_sides_together_are_everything_once():
    train, validation = split(records(60, 40), validation=0.2, seed=7)
    assert sorted([*train, *validation]) == list(range(100))


def test_each_class_keeps_its_share():
    table = records(600, 400)
    _, validation = split(table, validation=0.2, seed=7)
    assert np.bincount(table["label"].iloc[validation]).tolist() == [120, 80]


def test_the_same_seed_gives_the_same_split_and_another_seed_another():
    table = records(50, 50)
    first, again, other = (split(table, validation=0.2, seed=seed)[1] for seed in (7, 7, 8))
    assert first.tolist() == again.tolist()
    assert first.tolist() != other.tolist()


@pytest.mark.parametrize("seed", range(10))
def test_copies_of_a_photo_are_never_on_both_sides(seed):
    table = records(40, 40, copies=30)
    train, validation = split(table, validation=0.3, seed=seed)
    assert not set(table["group"].iloc[train]) & set(table["group"].iloc[validation])


@pytest.mark.parametrize(("cats", "dogs"), [(0, 10), (10, 1), (0, 0)])
def test_a_class_without_photos_for_both_sides_is_refused(cats, dogs):
    with pytest.raises(ConfigError, match="both classes"):
        split(records(cats, dogs), validation=0.2, seed=7)


def test_a_share_that_leaves_a_side_without_a_class_is_refused():
    with pytest.raises(ConfigError, match="validation share"):
        split(records(3, 3), validation=0.01, seed=7)


@pytest.mark.parametrize("cats", [1, 2, 3, 5, 20])
@pytest.mark.parametrize("dogs", [2, 9, 100])
@pytest.mark.parametrize("share", [0.05, 0.2, 0.5, 0.8, 0.95])
def test_what_passes_the_check_has_both_classes_on_both_sides(cats, dogs, share):
    table = records(cats, dogs)
    try:
        require_splittable(table, validation=share)
    except ConfigError:
        with pytest.raises(ConfigError):
            split(table, validation=share, seed=7)
    else:
        for seed in range(3):
            train, validation = split(table, validation=share, seed=seed)
            assert set(table["label"].iloc[validation]) == {0, 1}
            assert set(table["label"].iloc[train]) == {0, 1}


@pytest.mark.parametrize("seed", range(5))
def test_leaving_pictures_out_moves_hardly_any_other_across(seed):
    table = records(200, 200)
    fewer = table.drop(index=range(0, 400, 8)).reset_index(drop=True)
    before, after = (
        set(photos["group"].iloc[split(photos, validation=0.2, seed=seed)[1]])
        for photos in (table, fewer)
    )
    kept = set(fewer["group"])
    assert len((before & kept) ^ after) <= 10
