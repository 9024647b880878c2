"""Make a folder of pictures that show neither cat nor dog, from packages made for other uses.

    python -m benchmarks.other_pictures FOLDER [--packages FOLDER]

Writes a sub-folder of FOLDER per kind:

- ``samples``: the sample pictures of scikit-image, scikit-learn and matplotlib, except their cat;
- ``animals``, ``objects``: pictures in the folder of --packages, except letters, cats and dogs, and
  their wild relatives. Debian's stamps for children and its desktop photos are suitable
  (``apt-get download tuxpaint-stamps-default gnome-backgrounds``, then ``dpkg-deb -x`` of each into
  that folder);
- ``noise``, ``plain``, ``text``, ``charts``, ``drawings``: made here, the same every time;
- ``screenshots``: of this app's own pages, in a real browser.

Needs scikit-image and matplotlib in addition to the development requirements.
"""

import argparse
import io
import re
from functools import partial
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from playwright.sync_api import sync_playwright

from benchmarks.browser import chromium, serving
from catsdogs.images.picture import SUFFIXES
from catsdogs.sources.drawing import scene

_EACH = 30
_SIDE = (400, 300)
_SAMPLE_CAT = "chelsea"
_LEAST_PX = 100
_DRAWN_AFTER_MS = 8000
_PARTS = ((300, 0, 900, 500), (0, 0, 300, 400))
_LEFT_OUT = re.compile(r"/(cats|dogs|alphabets)/|cat[.]")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--packages", type=Path)
    options = parser.parse_args()
    kinds = {
        "samples": _samples(),
        **_of_packages(options.packages),
        "noise": [_noise(seed) for seed in range(_EACH)],
        "plain": [_plain(seed) for seed in range(_EACH)],
        "text": [_text(seed) for seed in range(_EACH)],
        "charts": _charts(),
        "drawings": [_drawing(seed) for seed in range(_EACH)],
        "screenshots": _screenshots(),
    }
    for kind, pictures in kinds.items():
        folder = options.folder / kind
        folder.mkdir(parents=True, exist_ok=True)
        for number, picture in enumerate(pictures):
            picture.convert("RGB").save(folder / f"{number:03}.png")
        print(f"{kind}: {len(pictures)}")


def _samples() -> list[Image.Image]:
    import matplotlib
    import skimage
    import sklearn.datasets

    folders = [
        Path(skimage.__file__).parent / "data",
        Path(sklearn.datasets.__file__).parent / "images",
        Path(matplotlib.get_data_path()) / "sample_data",
    ]
    found = [path for folder in folders for path in sorted(folder.iterdir())]
    return [
        picture
        for path in found
        if path.suffix.lower() in SUFFIXES and path.stem != _SAMPLE_CAT
        if (picture := _opened(path))
    ]


def _of_packages(folder: Path | None) -> dict[str, list[Image.Image]]:
    found = sorted(folder.rglob("*")) if folder else []
    kinds: dict[str, list[Image.Image]] = {"animals": [], "objects": []}
    for path in found:
        is_wanted = path.suffix.lower() in SUFFIXES and not _LEFT_OUT.search(path.as_posix())
        if is_wanted and (picture := _opened(path)):
            kinds["animals" if "animals" in path.parts else "objects"].append(picture)
    return kinds


def _opened(path: Path) -> Image.Image | None:
    """Return a picture on white; None if it is too small to see or Pillow refuses it."""
    try:
        picture = Image.open(path).convert("RGBA")
    except OSError:
        return None
    if min(picture.size) < _LEAST_PX:
        return None
    return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)


def _noise(seed: int) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (*_SIDE[::-1], 3), dtype=np.uint8)
    return Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(seed % 10))


def _plain(seed: int) -> Image.Image:
    return scene.background(_SIDE, np.random.default_rng(seed))


def _text(seed: int) -> Image.Image:
    random = Random(seed)
    paper, ink = ("white", "black") if random.random() < 0.7 else ("#1e1e1e", "#d0d0d0")
    picture = Image.new("RGB", _SIDE, paper)
    font = ImageFont.load_default(random.randint(10, 28))
    words = ["".join(random.choices("etaoinshrdlu", k=random.randint(2, 9))) for _ in range(300)]
    lines = (" ".join(words[i : i + 6]) for i in range(0, len(words), 6))
    ImageDraw.Draw(picture).multiline_text((10, 10), "\n".join(lines), fill=ink, font=font)
    return picture


def _charts() -> list[Image.Image]:
    from matplotlib.figure import Figure

    charts = []
    for seed in range(_EACH):
        generator = np.random.default_rng(seed)
        figure = Figure(figsize=(5, 4))
        axes = figure.subplots()
        values = generator.normal(size=(3, 40)).cumsum(axis=1)
        kinds = (
            partial(axes.plot, values.T),
            partial(axes.imshow, values, aspect="auto"),
            partial(axes.hist, values.ravel()),
            partial(axes.scatter, *values[:2]),
        )
        kinds[seed % len(kinds)]()
        buffer = io.BytesIO()
        figure.savefig(buffer)
        charts.append(Image.open(buffer))
    return charts


def _drawing(seed: int) -> Image.Image:
    """Return houses, suns and trees as a child would draw them."""
    random = Random(seed)
    picture = Image.new("RGB", _SIDE, random.choice(["white", "lightblue", "beige"]))
    pen = ImageDraw.Draw(picture)
    for _ in range(random.randint(2, 6)):
        x, y, size = random.randint(0, 320), random.randint(40, 220), random.randint(30, 90)
        colour = random.choice(["red", "green", "orange", "brown", "blue", "black"])
        shape = random.choice(["house", "sun", "tree"])
        if shape == "house":
            pen.rectangle((x, y, x + size, y + size), outline="black", fill=colour)
            pen.polygon([(x, y), (x + size / 2, y - size / 2), (x + size, y)], fill="brown")
        elif shape == "sun":
            pen.ellipse((x, y, x + size, y + size), fill="yellow", outline=colour)
        else:
            pen.rectangle((x + size / 3, y + size / 2, x + size / 2, y + size), fill="brown")
            pen.ellipse((x, y - size / 2, x + size, y + size / 2), fill="green")
    return picture


def _screenshots() -> list[Image.Image]:
    taken = []
    with serving() as (url, _), sync_playwright() as playwright:
        page = chromium(playwright).new_page(viewport={"width": 1200, "height": 800})
        for name in ("", "dataset", "train", "compare", "classify"):
            page.goto(f"{url}/{name}")
            page.wait_for_timeout(_DRAWN_AFTER_MS)
            whole = Image.open(io.BytesIO(page.screenshot()))
            taken += [whole, *(whole.crop(box) for box in _PARTS)]
    return taken


if __name__ == "__main__":
    main()
