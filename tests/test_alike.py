"""Search by a picture, over the vectors that are cached."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from catsdogs.dataset import index
from catsdogs.features import embeddings

BACKBONE = Path("colours.tflite")


class Colours:
    """A network whose vector is the mean colour of a picture."""

    side = 16

    def __call__(self, image):
        vector = np.zeros(embeddings.EMBEDDING_SIZE, np.float32)
        vector[:3] = image.mean(axis=(0, 1))
        return {"embedding": vector}


def plain(path, colour):
    path.parent.mkdir(exist_ok=True)
    Image.new("RGB", (40, 30), colour).save(path)
    return path


@pytest.fixture
def coloured(tmp_path):
    """Six photos of one colour each."""
    for number, colour in enumerate(["red", "orange", "blue"]):
        plain(tmp_path / "set" / f"cat.{number}.png", colour)
        plain(tmp_path / "set" / f"dog.{number}.png", ["green", "white", "purple"][number])
    return tmp_path / "set"


def look_at(folder, records):
    embeddings.embed_in_batches(
        folder,
        records,
        network=lambda batch: np.stack([Colours()(image)["embedding"] for image in batch]),
        side=Colours.side,
        name=BACKBONE.stem,
    )


def test_the_same_colour_is_nearest_and_photos_without_a_vector_are_unknown(coloured, tmp_path):
    pictures = index.scan(coloured).pictures
    look_at(coloured, pictures[pictures["path"] != "dog.2.png"])
    dark_red = plain(tmp_path / "wanted.png", (120, 2, 0)).read_bytes()
    scores = embeddings.alike(embeddings.vector(dark_red, Colours()), backbone=BACKBONE)
    found = pictures.set_index("path")["digest"].map(scores)
    assert found.nlargest(2).index.tolist() == ["cat.0.png", "cat.1.png"]
    assert found["cat.0.png"] == pytest.approx(1, abs=1e-3)
    assert found["cat.2.png"] == pytest.approx(0, abs=0.02)
    assert np.isnan(found["dog.2.png"])


def test_without_any_vector_nothing_is_known(coloured):
    vector = embeddings.vector((coloured / "cat.0.png").read_bytes(), Colours())
    assert embeddings.alike(vector, backbone=BACKBONE).empty
