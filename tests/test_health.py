"""The checks on vectors whose truth is known, and the whole check on real files."""

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageOps

from catsdogs import paths
from catsdogs.dataset import duplicates, index
from catsdogs.dataset.split import Rule, split
from catsdogs.errors import Cancelled, DatasetError, WeightsUnavailable
from catsdogs.features import backbones
from catsdogs.features.backbones import IMAGENET, SHIPPED
from catsdogs.health import checkup, known, measures, projection
from catsdogs.health.findings import Findings, joined, load, save
from catsdogs.health.flags import FLAGS, flags
from catsdogs.health.neighbours import Neighbours, near_duplicates, nearest
from catsdogs.health.shortcuts import shortcuts
from catsdogs.health.suspects import label_quality, out_of_fold
from catsdogs.sources.sample import draw_sample, planted


def no_weights():
    raise WeightsUnavailable("no weights on this machine")


def silent(*_):
    pass


def contents(folder):
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture
def two_clouds():
    """300 vectors: labels, and a cloud of points for each."""
    generator = np.random.default_rng(5)
    labels = np.arange(300) % 2
    centres = generator.normal(size=(2, 16))
    return labels, (centres[labels] + generator.normal(size=(300, 16))).astype(np.float32)


def test_neighbours_are_the_most_similar_others_nearest_first(two_clouds):
    _, vectors = two_clouds
    found = nearest(vectors)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = unit @ unit.T
    np.fill_diagonal(cosines, -2)
    np.testing.assert_array_equal(found.positions, np.argsort(-cosines, axis=1)[:, :10])
    np.testing.assert_allclose(found.similarities, -np.sort(-cosines, axis=1)[:, :10], rtol=1e-4)


def test_more_photos_than_fit_into_one_block_are_compared_all_the_same():
    vectors = np.random.default_rng(0).normal(size=(2100, 8)).astype(np.float32)
    vectors[2050] = vectors[3] * 2
    found = nearest(vectors)
    assert (found.positions[3, 0], found.positions[2050, 0]) == (2050, 3)
    assert [3, 2050] in found.alike.tolist()


def test_a_small_dataset_has_as_many_neighbours_as_there_are_others():
    assert nearest(np.eye(4, dtype=np.float32)).positions.shape == (4, 3)


@pytest.fixture
def outlines():
    """Six different pictures, tiny and in grey."""
    pictures = np.random.default_rng(2).integers(0, 256, (6, 4, 4), dtype=np.uint8)
    return pictures.repeat(8, axis=1).repeat(8, axis=2)


def alike(*pairs):
    """Neighbours of which only the pairs that the network finds alike matter."""
    nobody = np.zeros((6, 1))
    return Neighbours(nobody, nobody, np.array(pairs, dtype=int).reshape(-1, 2))


def test_near_duplicates_are_alike_to_the_network_and_in_outline(outlines):
    outlines[4] = outlines[1] // 2 + 20  # The same picture, darker.
    groups = near_duplicates(alike((1, 4), (0, 2)), outlines)
    assert [group.tolist() for group in groups] == [[1, 4]]


def test_a_chain_of_near_duplicates_is_one_group(outlines):
    outlines[3] = outlines[5] = outlines[0]
    groups = near_duplicates(alike((0, 3), (3, 5)), outlines)
    assert [group.tolist() for group in groups] == [[0, 3, 5]]


def test_a_mirrored_picture_is_another_picture(outlines):
    outlines[4] = outlines[1, :, ::-1]
    assert near_duplicates(alike((1, 4)), outlines) == []


@pytest.mark.slow
def test_a_thousand_alike_photos_are_one_group_and_fit_into_memory():
    outlines = np.random.default_rng(1).integers(0, 256, (1, 32, 32), dtype=np.uint8)
    pairs = np.argwhere(np.triu(np.ones((1000, 1000), dtype=bool), 1))
    nobody = np.zeros((1000, 1))
    (group,) = near_duplicates(Neighbours(nobody, nobody, pairs), outlines.repeat(1000, axis=0))
    assert len(group) == 1000


def test_no_pair_at_all_means_no_group(outlines):
    assert near_duplicates(alike(), outlines) == []


def test_wrong_labels_come_first(two_clouds):
    labels, vectors = two_clouds
    wrong = np.random.default_rng(1).choice(300, 10, replace=False)
    given = labels.copy()
    given[wrong] = 1 - given[wrong]
    quality = label_quality(given, out_of_fold(vectors, given, np.arange(300)))
    assert np.isin(np.argsort(quality)[:12], wrong).sum() >= 9


def test_a_copy_with_the_same_wrong_label_does_not_confirm_it(two_clouds):
    labels, vectors = two_clouds
    groups = np.arange(300)
    # Photo 0 and 40 copies of it, all wrong: apart, each would vouch for the others.
    copies = np.concatenate([vectors, vectors[:1].repeat(40, axis=0)])
    given = np.concatenate([labels, np.full(40, 1)])
    given[0] = 1
    together = np.concatenate([groups, np.zeros(40, dtype=int)])
    p_dog = out_of_fold(copies, given, together)[0]
    assert p_dog < out_of_fold(copies, given, np.arange(340))[0]


def table(labels, **columns):
    generator = np.random.default_rng(3)
    noise = {
        name: generator.normal(size=len(labels))
        for name in ("width_px", "height_px", "aspect_ratio", "size_bytes", "brightness")
    }
    groups = [str(number) for number in range(len(labels))]
    return pd.DataFrame({**noise, "label": labels, "group": groups, **columns})


@pytest.mark.slow
def test_a_label_that_brightness_gives_away_is_found_and_only_there():
    labels = np.random.default_rng(4).integers(0, 2, 400)
    found = {f.shortcut: f for f in shortcuts(table(labels, brightness=labels * 9.0))}
    assert found["brightness"].accuracy > 0.99
    assert found["all together"].accuracy > 0.99
    for name in ("size", "aspect ratio", "file size"):
        assert abs(found[name].accuracy - 0.5) < 4 * found[name].standard_error


@pytest.mark.slow
def test_a_guess_that_never_says_dog_is_chance_however_few_dogs_there_are():
    labels = (np.arange(400) % 10 == 0).astype(int)
    for found in shortcuts(table(labels)):
        assert found.accuracy == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("count", [40, pytest.param(400, marks=pytest.mark.slow)])
def test_the_map_keeps_two_clouds_apart(count, monkeypatch):
    monkeypatch.setattr(projection, "_LANDMARKS", 300)
    generator = np.random.default_rng(8)
    labels = np.arange(count) % 2
    vectors = (labels[:, None] * 6 + generator.normal(size=(count, 8))).astype(np.float32)
    for points in projection.project(vectors, ["two clouds", str(count)]):
        assert points.shape == (count, 2)
        assert np.abs(points).max() == pytest.approx(1)
        middles = [points[labels == label].mean(axis=0) for label in (0, 1)]
        right = np.argmin([np.linalg.norm(points - middle, axis=1) for middle in middles], axis=0)
        assert (right == labels).mean() > 0.95


def test_a_map_reports_its_progress_and_is_computed_once(two_clouds, monkeypatch):
    _, vectors = two_clouds
    seen = []
    first = projection.project(vectors, ["a"], progress=lambda *now: seen.append(now))
    assert seen[-1] == (1000, 1000)
    assert len(seen) > 5
    monkeypatch.setattr(projection, "TSNE", None)
    for before, now in zip(first, projection.project(vectors, ["a"]), strict=True):
        np.testing.assert_array_equal(before, now)
    with pytest.raises(TypeError):
        projection.project(vectors, ["b"])


def test_a_map_can_be_cancelled_and_leaves_nothing(two_clouds):
    def cancel(*_):
        raise Cancelled("enough")

    _, vectors = two_clouds
    with pytest.raises(Cancelled, match="enough"):
        projection.project(vectors, ["a"], progress=cancel)
    assert not (paths.cache_dir() / "maps").exists()


def test_a_damaged_map_is_computed_again(two_clouds):
    _, vectors = two_clouds
    first, _ = projection.project(vectors[:40], ["a"])
    (file,) = (paths.cache_dir() / "maps").iterdir()
    file.write_bytes(file.read_bytes()[:200])
    np.testing.assert_allclose(projection.project(vectors[:40], ["a"])[0], first)


@pytest.mark.parametrize(
    ("change", "name", "low", "high"),
    [
        (lambda photo: ImageOps.autocontrast(photo), "brightness", 90, 160),
        (lambda photo: photo.point(lambda level: level // 10), "brightness", 0, 20),
        (
            lambda photo: photo.point(lambda level: 255 - (255 - level) // 10),
            "brightness",
            235,
            255,
        ),
        (lambda photo: photo.convert("L").point(lambda v: v // 64 * 64), "entropy", 1, 2.1),
        (lambda photo: photo, "entropy", 7, 8),
        (lambda photo: Image.new("RGB", photo.size, "red"), "entropy", 0, 0),
        (lambda photo: photo.convert("L"), "colour", 0, 0.5),
        (lambda photo: photo.resize((4, 4)).resize((400, 300)), "sharpness", 0, 20),
        (lambda photo: photo, "sharpness", 100, 1e6),
    ],
)
def test_measures_say_what_is_seen(tmp_path, change, name, low, high):
    noise = np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    photo = Image.fromarray(noise).resize((400, 300), Image.Resampling.NEAREST)
    (tmp_path / "photos").mkdir()
    change(photo).save(tmp_path / "photos" / "cat.1.png")
    records = index.scan(tmp_path / "photos").usable
    found = measures.measure(tmp_path / "photos", records).take(np.array([0]))
    assert low <= found[name][0] <= high


def test_hints_are_given_only_where_the_numbering_is_kaggles():
    few = ["train/cat.4085.jpg", "train/dog.5604.jpg"]
    assert known.hints(few) == {}
    many = [*few, *(f"train/cat.{number}.jpg" for number in range(1000))]
    found = known.hints(many)
    assert found["train/cat.4085.jpg"] == "wrong label"
    assert found["train/dog.5604.jpg"] == "neither animal"
    assert "train/cat.3.jpg" not in found


def test_no_number_is_listed_twice_and_each_is_one_of_kaggles():
    numbers = [(label, n) for (label, _), listed in known._KNOWN.items() for n in listed]
    assert len(numbers) == len(set(numbers))
    assert all(0 <= number < 12_500 for _, number in numbers)


@pytest.mark.slow
def test_without_weights_what_needs_no_vectors_is_still_found(tmp_path):
    draw_sample(tmp_path / "drawn", images=60)
    dataset = index.scan(tmp_path / "drawn")
    findings = checkup.run(dataset, backbone=no_weights, report=silent)
    assert "no weights" in findings.summary.embedding
    assert findings.rows["brightness"].notna().all()
    assert findings.summary.shortcuts
    result = checkup.report(dataset, findings)
    assert result["exact_duplicates"]
    assert result["suspect_labels"] == []


def test_a_dataset_without_labels_is_refused(tmp_path, photo):
    photo(tmp_path / "photos" / "somebody.jpg")
    with pytest.raises(DatasetError, match="labelled"):
        checkup.run(index.scan(tmp_path / "photos"), backbone=no_weights, report=silent)


def test_a_photo_whose_pixels_are_damaged_is_found_by_the_decode(kaggle_folder):
    broken = kaggle_folder / "cat.3.jpg"
    content = broken.read_bytes()
    # The header and the end marker are sound; the Huffman table between them is not.
    table = content.index(b"\xff\xc4") + 5
    broken.write_bytes(content[:table] + b"\xff" * 16 + content[table + 16 :])
    dataset = index.scan(kaggle_folder)
    assert len(dataset.unreadable) == 0
    findings = checkup.run(dataset, backbone=no_weights, report=silent)
    result = checkup.report(dataset, findings)
    assert [found["path"] for found in result["unreadable"]] == ["cat.3.jpg"]


def test_a_second_check_reads_the_first_and_a_new_photo_asks_for_another(kaggle_folder, photo):
    dataset = index.scan(kaggle_folder)
    first = checkup.run(dataset, backbone=no_weights, report=silent)
    whole = replace(first.summary, embedding="")
    save(kaggle_folder, Findings(first.rows, first.neighbours, whole))
    reported = []
    again = checkup.run(dataset, backbone=no_weights, report=lambda *args: reported.append(args))
    assert again.summary == whole
    assert reported == []
    photo(kaggle_folder / "dog.99.jpg", seed=99)
    changed = index.scan(kaggle_folder)
    assert load(kaggle_folder).summary.content != checkup.content(changed)
    checkup.run(changed, backbone=no_weights, report=lambda *args: reported.append(args))
    assert {phase for phase, _, _ in reported} >= {"decode", "embed"}


def test_a_check_of_an_older_version_is_made_again(kaggle_folder):
    dataset = index.scan(kaggle_folder)
    first = checkup.run(dataset, backbone=no_weights, report=silent)
    older = first.rows.drop(columns=["pca_x", "pca_y"])
    save(kaggle_folder, Findings(older, first.neighbours, replace(first.summary, embedding="")))
    assert joined(dataset, load(kaggle_folder))["pca_x"].isna().all()
    assert "pca_x" in checkup.run(dataset, backbone=no_weights, report=silent).rows


def test_a_check_that_had_no_weights_is_made_again(kaggle_folder):
    asked = []

    def still_none():
        asked.append(1)
        no_weights()

    for _ in range(2):
        checkup.run(index.scan(kaggle_folder), backbone=still_none, report=silent)
    assert len(asked) == 2


def test_the_name_of_an_exported_backbone_tells_what_it_was_made_of(tmp_path, monkeypatch):
    shipped = tmp_path / "backbone.weights.h5"
    monkeypatch.setattr(paths, "shipped_backbone", lambda: shipped)
    identity = hashlib.sha256(b"weights").hexdigest()[:12]
    exported = Path(f"mobilenet_v2-{identity}.tflite")
    assert backbones.origin_of_export(exported) == identity
    shipped.write_bytes(b"weights")
    assert backbones.origin_of_export(exported) == SHIPPED
    assert backbones.origin_of_export(Path("mobilenet_v2-71e4c4ec4aa2.tflite")) == IMAGENET


def test_a_check_through_the_shipped_backbone_says_so_and_is_made_again(kaggle_folder):
    dataset = index.scan(kaggle_folder)
    first = checkup.run(dataset, backbone=no_weights, report=silent)
    assert (first.backbone, first.caveat) == ("", "")
    whole = replace(first.summary, embedding="", backbone=SHIPPED)
    save(kaggle_folder, Findings(first.rows, first.neighbours, whole))
    found = load(kaggle_folder)
    assert "was trained on the labels of Dogs vs. Cats" in found.caveat
    assert checkup.report(dataset, found)["backbone"] == SHIPPED
    reported = []
    checkup.run(dataset, backbone=no_weights, report=lambda *args: reported.append(args))
    assert reported


@pytest.mark.parametrize("copies", [0, 30])
def test_copies_do_not_make_a_class_large_enough_to_cross_validate(kaggle_folder, copies):
    for number in range(copies):
        shutil.copyfile(kaggle_folder / "cat.0.jpg", kaggle_folder / f"cat.{100 + number}.jpg")
        shutil.copyfile(kaggle_folder / "dog.0.jpg", kaggle_folder / f"dog.{100 + number}.jpg")
    findings = checkup.run(index.scan(kaggle_folder), backbone=no_weights, report=silent)
    assert findings.summary.shortcuts == ()


@pytest.mark.slow
def test_everything_planted_in_the_sample_is_found(
    tmp_path, imagenet_weights, put_backbone, monkeypatch
):
    from catsdogs.features import embeddings

    monkeypatch.setenv("CATSDOGS_MOBILENET_WEIGHTS", str(imagenet_weights))
    put_backbone(imagenet_weights, paths.cache_dir())
    folder, images = tmp_path / "drawn", 300
    draw_sample(folder, images=images)
    before = contents(folder)
    dataset = index.scan(folder)
    findings = checkup.run(dataset, backbone=embeddings.exported_backbone, report=silent)
    result, truth = checkup.report(dataset, findings), planted(images)
    doubted = [found["path"] for found in result["suspect_labels"]]
    assert set(truth.mislabelled) <= set(doubted[: 4 * len(truth.mislabelled)])
    assert {frozenset(pair) for pair in truth.duplicated} == set(
        map(frozenset, result["exact_duplicates"])
    )
    assert {frozenset(pair) for pair in truth.near_duplicated} <= set(
        map(frozenset, result["near_duplicates"])
    )
    assert contents(folder) == before
    again = index.scan(folder).usable
    for seed in range(5):
        found = split(again, Rule(seed=seed))
        train, validation = (set(again["group"].iloc[s]) for s in (found.train, found.validation))
        assert not train & validation
    assert len(duplicates.load(folder)) == len(result["near_duplicates"])
    table = joined(dataset, findings)
    assert list(flags(table).columns) == list(FLAGS)
