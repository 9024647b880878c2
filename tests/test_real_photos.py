"""The whole path on 2,002 real photos, where they and the ImageNet weights are on this machine."""

import io
import zipfile

import numpy as np
import pytest
from conftest import command_line
from PIL import Image, ImageDraw
from pillow_heif import register_heif_opener

from benchmarks import heatmaps
from catsdogs.comparison.photo_facts import of_answers, photo_facts
from catsdogs.evaluation.weakest import weakest
from catsdogs.images.picture import load_square, load_upright
from catsdogs.labels import DOG
from catsdogs.runs import layout, model_files, store
from catsdogs.sources import opening

pytestmark = [pytest.mark.realdata, pytest.mark.slow]


@pytest.fixture(scope="module")
def world(tmp_path_factory, native_zip, imagenet_weights, put_backbone):
    """Caches, data and runs that the tests of this file share, and the weights' place."""
    root = tmp_path_factory.mktemp("real")
    places = {f"CATSDOGS_{name}": root / name.lower() for name in ("DATA", "ARTIFACTS", "CACHE")}
    put_backbone(imagenet_weights, root / "cache")
    return {**places, "CATSDOGS_MOBILENET_WEIGHTS": imagenet_weights}


@pytest.fixture(scope="module")
def transfer(world, native_zip):
    """The result of ten epochs of MobileNetV2."""
    status, result = command_line(
        "train", "--model", "mobilenet_v2", "--epochs", 10, "--data", native_zip, **world
    )
    assert status == 0, result
    return result


@pytest.fixture
def here(world, monkeypatch):
    for name, place in world.items():
        monkeypatch.setenv(name, str(place))


def test_the_archive_scans_clean(world, native_zip):
    status, found = command_line("data", "scan", native_zip, **world)
    assert (status, found["cats"], found["dogs"]) == (0, 1001, 1001)
    assert (found["width"]["min"], found["height"]["min"]) == (59, 50)


def test_transfer_learning_is_right_on_97_percent(transfer):
    assert transfer["state"] == "finished"
    assert transfer["parameters"] == 2_259_265
    assert transfer["val_accuracy"] >= 0.97
    assert transfer["seconds"]["embed"] > 0


def cached(world):
    return {path: path.stat().st_mtime_ns for path in world["CATSDOGS_CACHE"].rglob("*.npy")}


@pytest.mark.long
def test_a_second_run_recomputes_no_embedding(transfer, world, native_zip):
    before = cached(world)
    _, second = command_line(
        "train", "--model", "mobilenet_v2", "--seed", 3, "--data", native_zip, **world
    )
    assert second["val_accuracy"] >= 0.96
    assert cached(world) == before


@pytest.mark.filterwarnings("ignore")
def test_the_assembled_keras_model_agrees_with_the_cached_features(transfer, here, native_zip):
    keras = pytest.importorskip("keras")
    run = store.find(transfer["run"])
    table = model_files.read_predictions(run).head(64)
    root = opening.open_source(native_zip)
    pixels = np.stack([load_square((root / name).read_bytes(), 224) for name in table["path"]])
    model = keras.models.load_model(run.folder / layout.KERAS_MODEL)
    assert model.count_params() == 2_259_265
    np.testing.assert_allclose(model.predict(pixels, verbose=0)[:, 0], table["p_dog"], atol=1e-3)


@pytest.mark.long
def test_the_plain_networks_loss_falls(world, native_zip):
    _, result = command_line(
        *("train", "--model", "custom_cnn", "--recipe", "plain", "--epochs", 2),
        *("--data", native_zip),
        **world,
    )
    assert result["parameters"] == 4_828_481
    _, shown = command_line("runs", "show", result["run"], **world)
    first, second = (epoch["loss"] for epoch in shown["epochs"])
    assert second < first


def test_a_rotated_photo_gets_the_upright_ones_answer(transfer, world, native_zip, tmp_path):
    with zipfile.ZipFile(native_zip) as archive:
        for number in range(5):
            upright = load_upright(archive.read(f"train/dog.{number}.jpg"))
            exif = Image.Exif()
            exif[0x0112] = 6
            buffer = io.BytesIO()
            upright.transpose(Image.Transpose.ROTATE_90).save(
                buffer, "JPEG", exif=exif, quality=98, subsampling=0
            )
            (tmp_path / f"{number}-rotated.jpg").write_bytes(buffer.getvalue())
            upright.save(tmp_path / f"{number}-upright.jpg", quality=98, subsampling=0)
    status, answers = command_line("classify", tmp_path, "--run", transfer["run"], **world)
    assert status == 0
    by_name = {answer["file"].rsplit("/", 1)[1]: answer["results"][0] for answer in answers}
    for number in range(5):
        rotated, straight = by_name[f"{number}-rotated.jpg"], by_name[f"{number}-upright.jpg"]
        assert rotated["label"] == straight["label"]
        assert rotated["p_dog"] == pytest.approx(straight["p_dog"], abs=0.02)


def test_embed_answers_from_the_cache(transfer, world, native_zip, tmp_path):
    before = cached(world)
    target = tmp_path / "vectors.npz"
    status, result = command_line("embed", native_zip, "--out", target, **world)
    assert (status, result["images"], result["dimensions"]) == (0, 2002, 1280)
    assert cached(world) == before
    with np.load(target) as stored:
        assert stored["vectors"].shape == (2002, 1280)
        assert stored["paths"][0] == "train/cat.0.jpg"


def saved(picture, place, **options):
    picture.save(place, **options)
    return place


def test_the_answer_does_not_depend_on_the_container(transfer, world, native_zip, tmp_path):
    with zipfile.ZipFile(native_zip) as archive:
        content = archive.read("train/dog.1.jpg")
    photo = load_upright(content)
    exif = Image.Exif()
    exif[0x0112] = 6
    sideways = photo.transpose(Image.Transpose.ROTATE_90)
    register_heif_opener()
    (tmp_path / "as-it-is.jpg").write_bytes(content)
    paths = [
        tmp_path / "as-it-is.jpg",
        saved(photo, tmp_path / "again.jpg", quality=95),
        saved(photo, tmp_path / "photo.png"),
        saved(photo, tmp_path / "photo.webp", quality=95),
        saved(photo, tmp_path / "photo.avif", quality=90),
        saved(photo, tmp_path / "photo.heic", quality=90),
        saved(photo, tmp_path / "photo.bmp"),
        saved(photo, tmp_path / "photo.tiff"),
        saved(sideways, tmp_path / "turned.jpg", exif=exif, quality=95),
        saved(photo.quantize(256), tmp_path / "palette.png"),
        saved(photo.convert("RGBA"), tmp_path / "alpha.png"),
    ]
    status, answers = command_line("classify", *paths, "--run", transfer["run"], **world)
    assert status == 0
    first, *others = (answer["results"][0] for answer in answers)
    for path, other in zip(paths[1:], others, strict=True):
        assert other["label"] == first["label"], path
        assert other["p_dog"] == pytest.approx(first["p_dog"], abs=0.02), path
        assert other["calibrated_p_dog"] == pytest.approx(first["calibrated_p_dog"], abs=0.02)


def test_what_shows_no_pet_is_called_neither(transfer, world, here, native_zip, tmp_path):
    generator = np.random.default_rng(0)
    for number in range(8):
        noise = Image.fromarray(generator.integers(0, 256, (60, 80, 3), dtype=np.uint8))
        noise.resize((400, 300)).save(tmp_path / f"noise-{number}.png")
        page = Image.new("RGB", (400, 300), "white")
        words = "\n".join(f"line {number} of a letter about nothing" for _ in range(18))
        ImageDraw.Draw(page).multiline_text((10, 10), words, fill="black")
        page.rotate(number).save(tmp_path / f"text-{number}.png")
        colours = [tuple(int(c) for c in generator.integers(0, 256, 3)) for _ in range(2)]
        sky = Image.new("RGB", (400, 300), colours[0])
        sky.paste(colours[1], (0, 150 + 10 * number, 400, 300))
        sky.save(tmp_path / f"sky-{number}.png")
    _, answers = command_line("classify", tmp_path, "--run", transfer["run"], **world)
    assert [answer["results"][0]["label"] for answer in answers] == ["neither"] * 24
    # The floor is measured on the validation photos: it refuses one in a hundred of them.
    table = model_files.read_predictions(store.find(transfer["run"])).head(100)
    root = opening.open_source(native_zip)
    photos = [root / path for path in table["path"]]
    _, answers = command_line("classify", *photos, "--run", transfer["run"], **world)
    labels = [answer["results"][0]["label"] for answer in answers]
    assert labels.count("neither") <= 4
    nearest = [answer["results"][0]["nearest"] for answer in answers]
    assert all(len(found) == 5 for found in nearest)
    assert not {one["file"] for found in nearest for one in found} & set(table["path"])


def test_without_the_hottest_fifth_a_photo_is_less_like_its_class(transfer, here):
    found = heatmaps.tested(store.find(transfer["run"]), 60)
    assert found["hottest"] < min(found["pixels"], found["blocks"]) < found["whole"]


@pytest.fixture(scope="module")
def darkened(world, native_zip, tmp_path_factory):
    """A folder with 1,200 photos to learn from and 400 to validate, 100 of which are very dark."""
    root = tmp_path_factory.mktemp("darkened")
    for side in ("train", "validation"):
        (root / side).mkdir()
    with zipfile.ZipFile(native_zip) as archive:
        for number in range(800):
            for name in (f"cat.{number}.jpg", f"dog.{number}.jpg"):
                content = archive.read(f"train/{name}")
                side = "train" if number < 600 else "validation"
                if number >= 750:
                    dark = load_upright(content).point(lambda value: value * 0.04)
                    dark.save(root / side / name, quality=60)
                else:
                    (root / side / name).write_bytes(content)
    return root


@pytest.mark.long
def test_dark_photos_are_the_clearest_weakness_and_labels_at_random_show_none(
    world, here, darkened
):
    assert command_line("data", "health", darkened, **world)[0] == 0
    options = ("--model", "mobilenet_v2", "--epochs", 5, "--data", darkened)
    runs = [command_line("train", *options, "--seed", seed, **world)[1]["run"] for seed in (1, 2)]
    _, compared = command_line("compare", *runs, **world)
    for found in compared["weakest"].values():
        first = found[0]
        assert (first["kind"], first["name"], first["images"]) == ("light", "under 35", 100)
        assert first["p"] < 0.05
    answers = model_files.read_predictions(store.find(runs[0]))
    facts, said = of_answers(answers, photo_facts(darkened)), answers["p_dog"].to_numpy() >= 0.5
    labels, random = answers["label"].to_numpy() == DOG, np.random.default_rng(0)
    named = [
        any(one.is_significant for one in weakest(facts, said == random.permutation(labels)))
        for _ in range(100)
    ]
    assert sum(named) <= 5
