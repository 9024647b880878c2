"""Pictures to try: validation photos of the current dataset, or drawings, a temple and a flower."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from catsdogs.errors import UnreadableImage
from catsdogs.images import picture
from catsdogs.images.thumbnails import SIDE_PX, square_jpeg, thumbnails
from catsdogs.inference import answers
from catsdogs.labels import CAT, CLASS_NAMES, DOG
from catsdogs.sources import current, opening
from catsdogs.sources.drawing.animals import face
from catsdogs.sources.sample import sample_dir
from catsdogs.ui.classify.tray import Given
from catsdogs.ui.shared import cache

_EACH = 4
# Both models that come with the project are right about these drawings (tests/test_examples.py).
DRAWINGS = ((CAT, 19), (DOG, 10), (CAT, 429), (DOG, 76), (CAT, 406), (DOG, 368))
_DRAWING_SEED = 42
# They come with scikit-learn, and show neither a cat nor a dog.
SCENES = ("china.jpg", "flower.jpg")


@dataclass(frozen=True)
class Example:
    """A picture to try, with a square thumbnail."""

    picture: Given
    thumbnail: bytes | None


def examples() -> list[Example]:
    """Return validation photos of the current dataset; without real photos, drawings and scenes."""
    path = current.path()
    root = opening.opened(path) if path and path != sample_dir() else None
    return (_validation_photos(root) if root else []) or list(_included())


def drawing(label: int, number: int) -> bytes:
    """Return the JPEG of a drawn cat or dog."""
    drawn, quality = face(np.random.default_rng([_DRAWING_SEED, label, number]), label)
    buffer = io.BytesIO()
    drawn.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def scene(name: str) -> bytes:
    """Return one of ``SCENES``.

    Raises:
        UnreadableImage: when scikit-learn came without its pictures.
    """
    return picture.read_bytes(_scene_path(name))


def _validation_photos(root: Path) -> list[Example]:
    photos = cache.validation_photos(root, _EACH)
    return [
        Example(Given((f"photo-{digest}", 0), path, partial(picture.read_bytes, root / path)), jpeg)
        for (path, digest), jpeg in zip(photos, thumbnails(root, photos), strict=True)
    ]


# The same for all sessions, and drawing takes a while.
@lru_cache(maxsize=1)
def _included() -> Sequence[Example]:
    drawn = [
        Given(
            (f"drawing-{label}-{number}", 0),
            # A name that gives no label: a run that learned from photos may call it neither.
            f"Drawing of a {CLASS_NAMES[label]} {number}.jpg",
            partial(drawing, label, number),
        )
        for label, number in DRAWINGS
    ]
    scenes = [Given((f"scene-{name}", 0), name, partial(scene, name)) for name in SCENES]
    return [
        Example(one, _thumbnail(one.read))
        for one in (*drawn, *scenes)
        if one in drawn or _scene_path(one.name).is_file()
    ]


def _scene_path(name: str) -> Path:
    # Without importing it, which takes a second.
    spec = find_spec("sklearn")
    return Path(spec.origin if spec and spec.origin else "").parent / "datasets" / "images" / name


def _thumbnail(read: answers.Read) -> bytes | None:
    try:
        return square_jpeg(picture.load_upright(read(), at_least_px=SIDE_PX))
    except UnreadableImage:
        return None
