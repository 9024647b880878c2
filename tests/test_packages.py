"""The zip of a written model. Its example runs in a process, and answers as the app does."""

import re
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image
from sklearn.datasets import load_sample_image

from catsdogs.cli import parser
from catsdogs.exports import making, package
from catsdogs.exports.formats import FORMATS
from catsdogs.images.picture import Picture
from catsdogs.inference.predictor import Predictor
from catsdogs.labels import CLASS_NAMES, PETS
from catsdogs.runs import layout, store

PROJECT = Path(__file__).resolve().parent.parent
SHIPPED = PROJECT / "artifacts" / "reference-mobilenet_v2-fine_tuned"


@pytest.fixture
def shipped():
    return store.load(SHIPPED)


@pytest.fixture
def trained(trained_machine):
    """A custom CNN that was trained here, so that it has a Keras file."""
    return store.list_runs()[0][0]


@pytest.fixture
def upright_photo(tmp_path):
    """A JPEG that is larger than a model's input and turned by its EXIF orientation."""
    turned = Image.Exif()
    turned[ExifTags.Base.Orientation] = 6
    path = tmp_path / "photo.jpg"
    Image.fromarray(load_sample_image("china.jpg")).save(path, exif=turned)
    return path


@pytest.fixture
def photos(upright_photo):
    """Files that need a turn, a white background, and other colours."""
    flower = Image.fromarray(load_sample_image("flower.jpg"))
    mask = Image.fromarray(np.tile(np.linspace(0, 255, flower.width), (flower.height, 1)))
    clear = flower.convert("RGBA")
    clear.putalpha(mask.convert("L"))
    found = [upright_photo]
    for name, image in {
        "clear.png": clear,
        "grey.jpg": flower.convert("L"),
        "inks.jpg": flower.convert("CMYK"),
        "few.gif": flower.convert("P"),
    }.items():
        found.append(upright_photo.with_name(name))
        image.save(found[-1])
    return found


def packed(form: str, run, folder: Path, model: Path | None = None) -> Path:
    """Write the package of a run, unpack it, and return its folder."""
    form, target = FORMATS[form], folder / form
    if model is None:
        model = folder / f"made{form.suffix}"
        making.make(form, run, model)
    package.write_package(form, run, model, folder / "package.zip")
    with zipfile.ZipFile(folder / "package.zip") as opened:
        opened.extractall(target)
    return target


def said(example: Path, photo: Path, python: str = sys.executable) -> tuple[str, float]:
    """Run an example on a photo; return the label and P(dog) that it prints."""
    ran = subprocess.run([python, example, photo], capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stderr
    label, p_dog = re.fullmatch(r"(\w+) P\(dog\) = (\d\.\d{4})", ran.stdout.strip()).groups()
    return label, float(p_dog)


def require_same_answers(run, example: Path, photos: list[Path], python: str = sys.executable):
    predictor = Predictor(run)
    for photo in photos:
        expected = predictor.calibrated(predictor(Picture(photo.read_bytes())).p_dog)
        label, p_dog = said(example, photo, python)
        assert p_dog == pytest.approx(expected, abs=0.02), photo.name
        assert label == PETS.of(expected), photo.name


def test_a_package_holds_the_model_its_labels_its_card_and_an_example(shipped, tmp_path):
    folder = packed("litert", shipped, tmp_path)
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        ["model.tflite", "labels.txt", "MODEL_CARD.md", "example.py"]
    )
    assert (folder / "labels.txt").read_text().split() == list(CLASS_NAMES)
    assert (folder / "MODEL_CARD.md").read_text().startswith("# MobileNetV2 (fine-tuned)")
    assert len((folder / "example.py").read_text().splitlines()) < 35


def test_a_package_of_a_web_page_holds_the_page_and_its_card(shipped, tmp_path):
    page = tmp_path / "page.html"
    page.write_text("<p>a page</p>")
    folder = packed("web", shipped, tmp_path, page)
    assert sorted(path.name for path in folder.iterdir()) == ["MODEL_CARD.md", "model.html"]
    assert (folder / "model.html").read_text() == "<p>a page</p>"


def test_the_same_model_gives_the_same_package(shipped, tmp_path):
    made = []
    for name in ("once.zip", "again.zip"):
        package.write_package(
            FORMATS["litert"], shipped, SHIPPED / layout.LITERT_MODEL, tmp_path / name
        )
        made.append((tmp_path / name).read_bytes())
    assert made[0] == made[1]


def test_an_example_begins_with_the_range_of_pixels(shipped, tmp_path):
    first = (packed("litert", shipped, tmp_path) / "example.py").read_text().splitlines()[0]
    assert first.startswith("# Give the model pixels from 0 to 255. Do not divide by 255")


def test_only_a_name_that_ends_in_zip_gives_a_package(shipped, tmp_path, monkeypatch):
    monkeypatch.setenv("CATSDOGS_ARTIFACTS", str(SHIPPED.parent))
    for name in ("model.tflite", "model.ZIP"):
        assert (
            parser.main(
                ["export", shipped.run_id, "--format", "litert", "--out", str(tmp_path / name)]
            )
            == 0
        )
    assert not zipfile.is_zipfile(tmp_path / "model.tflite")
    assert "example.py" in zipfile.ZipFile(tmp_path / "model.ZIP").namelist()


def test_a_model_that_is_a_folder_needs_a_zip(shipped, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(making, "require_possible", lambda *_: None)
    monkeypatch.setenv("CATSDOGS_ARTIFACTS", str(SHIPPED.parent))
    words = ["export", shipped.run_id, "--format", "savedmodel", "--out", str(tmp_path / "model")]
    assert parser.main(words) == 1
    assert "ends in .zip for --format savedmodel" in " ".join(capsys.readouterr().err.split())


@pytest.mark.slow
def test_the_example_for_litert_answers_as_the_app_does(shipped, photos, tmp_path):
    require_same_answers(shipped, packed("litert", shipped, tmp_path) / "example.py", photos)


@pytest.mark.slow
def test_the_example_for_onnx_answers_as_the_app_does(shipped, photos, tmp_path):
    pytest.importorskip("tf2onnx")
    pytest.importorskip("onnxruntime")
    require_same_answers(shipped, packed("onnx", shipped, tmp_path) / "example.py", photos)


@pytest.mark.slow
@pytest.mark.parametrize("form", [pytest.param("keras", marks=pytest.mark.long), "savedmodel"])
def test_the_example_for_tensorflow_answers_as_the_app_does(form, trained, upright_photo, tmp_path):
    folder = packed(form, trained, tmp_path)
    require_same_answers(trained, folder / "example.py", [upright_photo])


@pytest.mark.long
@pytest.mark.parametrize("form", ["litert", "onnx", "keras", "savedmodel"])
def test_an_example_needs_only_the_packages_that_it_names(form, trained, upright_photo, tmp_path):
    folder = packed(form, trained, tmp_path)
    (named,) = re.findall(r"pip install ([^;]*);", (folder / "example.py").read_text())
    venv.create(tmp_path / "new", with_pip=True)
    python = tmp_path / "new" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", *named.split()], check=True)
    require_same_answers(trained, folder / "example.py", [upright_photo], str(python))
