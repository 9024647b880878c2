"""Photos of the shipped runs are found in a user's own copy, and never wrongly."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from catsdogs.comparison.locating import matched
from catsdogs.comparison.pair import Pair
from catsdogs.dataset import index
from catsdogs.runs import event_file, layout, store
from catsdogs.runs.about import About, DatasetReference
from catsdogs.runs.config import RunConfig
from catsdogs.sources import current
from catsdogs.sources.sample import draw_sample

COPY_PX = 200


def photos(numbers, *, folder="train", content="ours"):
    """A cat and a dog for each number, with their contents."""
    rows = [
        (f"{folder}/{name}.{number}.jpg", label, f"{content} {name} {number}")
        for number in numbers
        for label, name in enumerate(("cat", "dog"))
    ]
    return pd.DataFrame(rows, columns=["path", "label", "digest"])


def test_the_whole_numbering_matches_copies_by_number():
    run, copies = photos(range(0, 3000, 5)), photos(range(3000), folder="small", content="small")
    paths, files = matched(run, copies)
    assert list(paths) == [path.replace("train/", "small/") for path in run["path"]]
    assert files["ours cat 5"] == "small cat 5"


def test_some_originals_prove_the_numbers_of_copies():
    run = photos(range(200))
    here = pd.concat([photos(range(10)), photos(range(10, 60), content="small")])
    paths, files = matched(run, here)
    assert paths.notna().sum() == 120
    assert len(files) == 100


@pytest.mark.parametrize("count", [50, 700])
def test_other_peoples_photos_with_kaggles_names_match_nothing(count):
    paths, files = matched(photos(range(0, 6000, 5)), photos(range(count), content="theirs"))
    assert paths.isna().all()
    assert files == {}


def test_contents_under_other_numbers_match_by_content_only():
    run = photos(range(3000))
    renumbered = photos(range(3000)).assign(digest=np.roll(photos(range(3000))["digest"], 4))
    paths, files = matched(run, renumbered)
    assert files == {}
    assert paths.iloc[0] == "train/cat.2.jpg"


def test_a_relabelled_or_repeated_name_does_not_match():
    run, copies = photos(range(1000)), photos(range(1000), content="small")
    copies.loc[0, "label"] = 1
    twice = copies.iloc[[3]].assign(path="more/dog.1.jpg", digest="another")
    paths, files = matched(run, pd.concat([copies, twice]))
    assert paths[[0, 3]].isna().all()
    assert paths.notna().sum() == len(run) - 2 == len(files)


def test_names_without_numbers_match_by_content_alone():
    run = photos(range(30))
    here = run.assign(path=[f"{place}.png" for place in range(len(run))])
    paths, files = matched(run, here)
    assert paths.notna().all()
    assert files == {}


@pytest.fixture
def shipped(tmp_path, photo):
    """Two runs that came with the project, and the drawn pictures that they were measured on."""
    originals = tmp_path / "originals"
    for number in range(30):
        for seed, name in enumerate(("cat", "dog")):
            path = originals / "train" / f"{name}.{number}.jpg"
            photo(path, seed=2 * number + seed, size=(320, 240))
    answers = index.scan(originals).usable[["path", "label", "digest"]].assign(p_dog=0.5)
    about = About(dataset=DatasetReference(name="photos", fingerprint="f"), reference=True)
    runs = []
    for _ in range(2):
        folder = store.create(RunConfig("custom_cnn", "not-here"), about)
        answers.to_parquet(folder / layout.PREDICTIONS)
        result = {"val_accuracy": 0.5, "val_loss": 0.7, "val_images": len(answers)}
        with event_file.appending(folder) as emit:
            ended = {**result, "seconds": {"total": 9.0}}
            emit("finished", result=ended, epochs=1, planned=1)
        runs.append(store.load(folder))
    return runs, originals


def test_copies_of_another_size_are_shown(shipped, tmp_path):
    runs, originals = shipped
    mixed = tmp_path / "mixed"
    for path in (originals / "train").iterdir():
        target = mixed / path.name
        target.parent.mkdir(exist_ok=True)
        if int(path.name.split(".")[1]) < 15:
            target.write_bytes(path.read_bytes())
        else:
            Image.open(path).resize((COPY_PX, COPY_PX)).save(target)
    current.choose(mixed)
    index.scan(mixed)
    pair = Pair.read(*runs)
    root, column = pair.place
    digests = pair.digests_here(pair.both["digest"])
    here = index.last_scan(mixed).usable.set_index("path")["digest"]
    assert root == mixed
    assert pair.is_matched_by_number
    assert list(here[pair.both[column]]) == list(digests)


def test_another_dataset_shows_no_photos_of_a_shipped_run(shipped, tmp_path):
    runs, _ = shipped
    current.choose(draw_sample(tmp_path / "drawn", images=20))
    index.scan(tmp_path / "drawn")
    pair = Pair.read(*runs)
    assert pair.place[0] is None
    assert not pair.is_matched_by_number
