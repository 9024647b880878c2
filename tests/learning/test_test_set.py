"""A locked test set: training neither reads its photos nor depends on its labels."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from conftest import command_line

from catsdogs import paths
from catsdogs.dataset import index
from catsdogs.learning import preparing
from catsdogs.runs import layout, looks, model_files, store
from catsdogs.runs.command import repeating
from catsdogs.runs.config import RunConfig

pytestmark = pytest.mark.slow
LABELS = ("cat", "dog")


@pytest.fixture(scope="module")
def world(tmp_path_factory, put_backbone):
    """A machine with a dataset in train/ and test/, and a run on it."""
    root = tmp_path_factory.mktemp("given")
    put_backbone(paths.shipped_backbone(), root / "cache")
    with pytest.MonkeyPatch.context() as patch:
        _use(root, patch)
        folder = root / "photos"
        assert command_line("data", "sample", "--images", 40, "--out", root / "drawn")[0] == 0
        for path in sorted((root / "drawn").glob("*.*.jpg")):
            label, number, _ = path.name.split(".")
            side = "train" if int(number) < 16 else "test"
            place = folder / side / f"{label}s" / path.name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, place)
        for name, label in (("a", "cat"), ("b", "dog")):
            copied = max((folder / "test" / f"{label}s").iterdir())
            shutil.copy(copied, folder / "train" / f"{label}s" / f"{name}.jpg")
        trained(folder, "mobilenet_v2")
    return root


@pytest.fixture
def machine(world, tmp_path, monkeypatch):
    """A copy of it that a test may change, with the caches of the original."""
    for name in ("artifacts", "photos"):
        shutil.copytree(world / name, tmp_path / name)
    _use(tmp_path, monkeypatch)
    monkeypatch.setenv("CATSDOGS_CACHE", str(world / "cache"))
    for config in (tmp_path / "artifacts").glob("*/config.json"):
        config.write_text(config.read_text().replace(str(world), str(tmp_path)))
    return tmp_path


def _use(root: Path, patch) -> None:
    for name in ("DATA", "ARTIFACTS", "CACHE"):
        patch.setenv(f"CATSDOGS_{name}", str(root / name.lower()))
    patch.setenv("CATSDOGS_MOBILENET_WEIGHTS", str(paths.shipped_backbone()))


def trained(folder, model, *options):
    """Train a model for an epoch, and return its run."""
    status, result = command_line(
        *("train", "--model", model, "--data", folder, "--epochs", 1, "--batch-size", 8, *options)
    )
    assert status in (0, 2), result
    return store.find(result["run"])


def only_run():
    (run,) = store.list_runs()[0]
    return run


def decoded_digests():
    """Return the digests of all photos that were decoded or embedded on this machine."""
    shards = [*paths.cache_dir().glob("pixels/*/*.npy"), *paths.cache_dir().glob("embed*/*/*.npy")]
    return {digest.decode() for shard in shards for digest in np.load(shard)["digest"]}


def sides(run):
    """Return the digests of the training, the validation and the test side."""
    predictions, test = model_files.read_predictions(run), model_files.read_test_set(run)
    return model_files.training_digests(run), set(predictions["digest"]), set(test["digest"])


def in_test(folder):
    usable = index.scan(folder).usable
    return set(usable["digest"][usable["path"].str.startswith("test/")])


def shuffle_labels(test: Path) -> None:
    cats, dogs, aside = (test / name for name in ("cats", "dogs", "aside"))
    cats.rename(aside)
    dogs.rename(cats)
    aside.rename(dogs)
    moved = next(cats.iterdir())
    moved.rename(dogs / f"another-{moved.name}")


def test_training_reads_no_test_photo_and_leaves_copies_out(machine):
    run, folder = only_run(), machine / "photos"
    training, validation, test = sides(run)
    assert test == in_test(folder)
    assert not (training | validation) & test
    assert not decoded_digests() & test
    usable = index.scan(folder).usable
    assert run.view.split.left_out >= 2
    counts = run.result.train_images, run.result.val_images, run.result.test_images
    assert sum(counts) + run.view.split.left_out == len(usable)


@pytest.mark.parametrize(
    "model", [pytest.param("custom_cnn", marks=pytest.mark.long), "mobilenet_v2"]
)
def test_labels_in_test_change_no_byte_of_the_model(machine, model):
    folder = machine / "photos"
    first = only_run() if model == "mobilenet_v2" else trained(folder, model)
    shuffle_labels(folder / "test")
    second = trained(folder, model)
    for name in (layout.LITERT_MODEL, layout.REFERENCES):
        before, after = (run.folder / name for run in (first, second))
        assert before.read_bytes() == after.read_bytes()


def test_a_share_is_locked_away_and_our_split_mixes_the_folders(machine):
    dataset = index.scan(machine / "photos")
    config = RunConfig("custom_cnn", str(machine), test=0.25, split="ours")
    photos = preparing.photos(config, dataset)
    test = set(photos.test["digest"])
    assert test
    assert not test & set(photos.records["digest"])
    assert len(photos.test) + len(photos.records) == len(dataset.usable)
    assert sorted([*photos.train, *photos.held_back]) == list(range(len(photos.records)))
    assert "--test 0.25 --split ours" in repeating(config)


def test_each_look_is_counted_and_dated(machine):
    run = only_run()
    card = (run.folder / layout.MODEL_CARD).read_text()
    assert "Nobody has looked at them yet" in card
    for number in (1, 2):
        status, result = command_line("evaluate", run.run_id, "--test")
        assert status == 0, result
        assert (result["looks"], result["images"]) == (number, run.result.test_images)
        assert len(result["looked_at"]) == number
    assert {"accuracy", "balanced_accuracy", "log_loss"} <= result["intervals"].keys()
    assert 0 <= result["neither"] <= result["images"]
    card = (run.folder / layout.MODEL_CARD).read_text()
    assert "Looked at 2 times" in card
    assert f"{result['accuracy']:.2%}" in card
    (listed,) = command_line("runs", "list")[1]
    assert (listed["looks"], listed["test_images"]) == (2, result["images"])
    kept = looks.latest(run.result, looks.read(run))
    assert kept.accuracy.value == result["accuracy"]


def test_a_changed_test_set_is_refused_and_not_counted(machine):
    run, test = only_run(), machine / "photos" / "test"
    gone, moved, changed = sorted(test.rglob("*.jpg"))[:3]
    moved.rename(machine / "photos" / "test" / "dogs" / "moved.jpg")
    changed.write_bytes(gone.read_bytes()[:-2] + b"\xff\xd9\n")
    gone.unlink()
    status, result = command_line("evaluate", run.run_id, "--test")
    assert status == 1
    for words in ("1 missing (", "1 with another label (", "1 with other content ("):
        assert words in result["error"]
    assert looks.read(run) == []


def test_a_run_without_a_test_set_says_how_to_get_one(machine):
    run = only_run()
    events = (run.folder / layout.EVENTS).read_text().splitlines()
    ending = json.loads(events[-1])
    del ending["result"]["test_images"], ending["result"]["sha256"][layout.TEST]
    (run.folder / layout.EVENTS).write_text("\n".join([*events[:-1], json.dumps(ending), ""]))
    # Also before it asks a cluster, which is not there.
    elsewhere = ("--engine", "ray", "--address", "127.0.0.1:1")
    status, result = command_line("evaluate", run.run_id, "--test", *elsewhere)
    assert status == 1
    assert "--test 0.1" in result["error"]


def test_images_that_trained_the_run_are_counted_wherever_they_lie(machine, photo):
    run, exam = only_run(), machine / "exam"
    training, validation, _ = sides(run)
    usable = index.scan(machine / "photos").usable.drop_duplicates("digest")
    known = usable[usable["digest"].isin(training | validation)]
    for number, row in enumerate(known.itertuples()):
        place = exam / f"{LABELS[row.label]}s" / f"IMG_{number}.jpg"
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(machine / "photos" / row.path, place)
    photo(exam / "cats" / "new.jpg")
    status, result = command_line("evaluate", run.run_id, "--data", exam)
    assert status == 0, result
    assert result["seen"] == {"training": len(training), "validation": len(validation), "test": 0}
    assert result["without_seen"]["images"] == len(validation) + 1
    assert result["looks"] == 0
    seen = [row.label for row in known.itertuples() if row.digest in training]
    picture = next(p for p in exam.rglob("*.jpg") if p.name == "IMG_0.jpg")
    (answer,) = command_line("classify", picture, "--run", run.run_id)[1]
    assert seen
    side = "training" if known["digest"].iloc[0] in training else "validation"
    assert answer["results"][0]["seen"] == side


def test_test_photos_among_others_are_a_look_too(machine):
    run = only_run()
    status, result = command_line("evaluate", run.run_id, "--data", machine / "photos")
    assert status in (0, 2), result
    assert (result["looks"], result["seen"]["test"]) == (1, run.result.test_images + 2)
