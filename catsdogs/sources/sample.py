"""The drawn sample dataset: cat and dog faces for a first start without data.

``draw_sample(folder)`` writes files named like Kaggle's (``cat.0.jpg``, ``dog.0.jpg``), with
planted faults, so that each part of the health check finds something; ``planted(images, seed)``
lists them. Except for the animal's shape and markings, everything (size, colours, scene, pose,
light, quality) has the same distribution for both classes, so that no shortcut separates them.
``catsdogs/sources/drawing`` draws the pictures.
"""

import io
import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
from PIL import Image

from catsdogs import paths
from catsdogs.errors import DatasetError
from catsdogs.images.parallel import Progress
from catsdogs.labels import CAT, CLASS_NAMES, DOG
from catsdogs.sources.drawing.animals import face
from catsdogs.sources.drawing.shapes import scaled

SAMPLE_NAME = "Drawn sample"


@dataclass(frozen=True)
class Planted:
    """The planted faults of a drawn dataset, as file names; pairs are (copy, original)."""

    mislabelled: tuple[str, ...]
    duplicated: tuple[tuple[str, str], ...]
    near_duplicated: tuple[tuple[str, str], ...]
    truncated: tuple[str, ...]
    empty: tuple[str, ...]
    grey: tuple[str, ...]
    cmyk: tuple[str, ...]
    rotated: tuple[str, ...]


def sample_dir() -> Path:
    """Folder to which ``ensure_sample`` draws the sample."""
    return paths.data_dir() / "sample"


def ensure_sample(progress: Progress | None = None) -> Path:
    """Return the folder of the drawn sample. The first call draws it, which takes seconds."""
    folder = sample_dir()
    if not folder.is_dir():
        try:
            draw_sample(folder, progress=progress)
        except (OSError, DatasetError):
            # Another tab has just drawn the same sample: use that.
            if not folder.is_dir():
                raise
    return folder


def draw_sample(
    folder: Path,
    *,
    images: int = 600,
    seed: int = 7,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Draw a dataset into ``folder``, half cats and half dogs, and return ``folder``.

    The same seed gives the same bytes. ``progress(done, total)`` is called after each file. The
    folder appears only when it is complete.

    Raises:
        DatasetError: if ``images`` is odd or below 20, ``seed`` is negative, or ``folder`` is in
            use or cannot be written.
    """
    _check_request(folder, images, seed)
    try:
        _draw_beside(folder, images, seed, progress or (lambda done, total: None))
    except OSError as error:
        raise DatasetError(
            f"Expected to draw the images into {folder}. Received: {error.strerror}. Fix this, or "
            "choose another folder."
        ) from None
    return folder


def _draw_beside(
    folder: Path, images: int, seed: int, progress: Callable[[int, int], None]
) -> None:
    """Draw into a temporary folder, then rename it to ``folder``."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    drawn = Path(mkdtemp(prefix=".sample-", dir=folder.parent))
    try:
        _write_files(drawn, images, seed, progress)
        if folder.exists():  # Windows cannot rename onto an existing folder, even an empty one.
            folder.rmdir()
        drawn.chmod(0o755)
        drawn.replace(folder)
    except BaseException:
        shutil.rmtree(drawn, ignore_errors=True)
        raise


def planted(images: int = 600, seed: int = 7) -> Planted:
    """Return the planted faults of ``draw_sample(images=…, seed=…)``. No file has two of them."""
    rng = np.random.default_rng([seed, images])
    turns = cycle([iter(rng.permutation(_names(images, label)).tolist()) for label in (CAT, DOG)])

    def some(in_600: int) -> tuple[str, ...]:
        return tuple(next(next(turns)) for _ in range(max(1, in_600 * images // 600)))

    def pairs(in_600: int) -> tuple[tuple[str, str], ...]:
        pools = (next(turns) for _ in range(max(1, in_600 * images // 600)))
        return tuple((next(pool), next(pool)) for pool in pools)

    return Planted(some(6), pairs(4), pairs(2), some(3), some(2), some(1), some(1), some(1))


def _check_request(folder: Path, images: int, seed: int) -> None:
    if images < 20 or images % 2 or seed < 0:
        raise DatasetError(
            "Expected an even number of images, 20 or more, and a seed of 0 or more. "
            f"Received: {images} images, seed {seed}. Use for example 600 and 7."
        )
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise DatasetError(
            f"Expected a new or an empty folder for the drawn images. Received: {folder}, which is "
            "in use. Choose another folder, or delete this one first."
        )


def _names(images: int, *labels: int) -> list[str]:
    numbers = range(images // 2)
    return [f"{CLASS_NAMES[label]}.{number}.jpg" for label in labels for number in numbers]


def _write_files(
    folder: Path, images: int, seed: int, progress: Callable[[int, int], None]
) -> None:
    faults = planted(images, seed)

    def write(name: str) -> None:
        (folder / name).write_bytes(_content(name, faults, seed))

    # Threads help because Pillow releases the GIL. Each file has its own random generator, so the
    # order of the files does not matter.
    pool = ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1))
    try:
        for done, _ in enumerate(pool.map(write, _names(images, CAT, DOG)), start=1):
            progress(done, images)
    finally:
        pool.shutdown(cancel_futures=True)


def _content(name: str, faults: Planted, seed: int) -> bytes:
    if name in faults.empty:
        return b""
    original = dict(faults.duplicated + faults.near_duplicated).get(name, name)
    class_name, number, _ = original.split(".")
    label = CLASS_NAMES.index(class_name)
    shown = 1 - label if name in faults.mislabelled else label
    picture, quality = face(np.random.default_rng([seed, label, int(number)]), shown)
    if name in dict(faults.near_duplicated):
        picture, quality = picture.resize(scaled(picture.size, 0.9)), 60
    content = _jpeg(picture, quality, name, faults)
    return content[: len(content) * 6 // 10] if name in faults.truncated else content


def _jpeg(picture: Image.Image, quality: int, name: str, faults: Planted) -> bytes:
    exif = Image.Exif()
    if name in faults.rotated:
        exif[0x0112] = 6  # Orientation: viewers turn the picture clockwise.
        picture = picture.transpose(Image.Transpose.ROTATE_90)
    mode = "L" if name in faults.grey else "CMYK" if name in faults.cmyk else "RGB"
    buffer = io.BytesIO()
    picture.convert(mode).save(buffer, "JPEG", quality=quality, exif=exif)
    return buffer.getvalue()
