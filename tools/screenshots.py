"""Take the README's screenshots of the app: ``make screenshots``.

Opens the real app in a real browser, with the drawn sample and the shipped runs only, so that no
screenshot shows a photo or your own runs.
"""

import io
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from benchmarks.browser import chromium, serving
from catsdogs import paths
from tools.reference import FINE_TUNED

_SIZE = {"width": 1280, "height": 2600}
_COLOURS = 200  # Enough for flat surfaces, and a third of the bytes.


@dataclass(frozen=True)
class Picture:
    """A part of a page: ``height`` pixels, starting at the text ``begin`` or at the top."""

    path: str
    height: int
    begin: str = ""
    drawings: bool = False  # classify some drawings first


_PICTURES = {
    "home": Picture("/", 800),
    "classify": Picture("/classify", 1540, drawings=True),
    "dataset": Picture("/dataset", 1400, begin="Usable images"),
    "train": Picture(f"/train?run={FINE_TUNED}", 1320),
    "compare": Picture("/compare", 2080),
}


def main() -> None:
    """Write ``docs/tour/*.png``."""
    target = paths.PROJECT_ROOT / "docs" / "tour"
    target.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as world:
        _prepare(Path(world))
        with serving() as (url, _), sync_playwright() as playwright:
            browser = chromium(playwright)
            for name, picture in _PICTURES.items():
                page = browser.new_page(viewport=_SIZE)
                _save(_taken(page, url, picture), target / f"{name}.png")
                page.close()
            browser.close()


def _prepare(world: Path) -> None:
    """Create a world that has only the shipped runs and the sample."""
    for name in ("DATA", "ARTIFACTS", "CACHE"):
        os.environ[f"CATSDOGS_{name}"] = str(world / name.lower())
    for run in (paths.PROJECT_ROOT / "artifacts").glob("reference-*"):
        shutil.copytree(run, world / "artifacts" / run.name)
    subprocess.run([sys.executable, "-m", "catsdogs", "data", "sample"], check=True)


def _taken(page: Page, url: str, picture: Picture) -> bytes:
    page.goto(url + picture.path)
    _settle(page)
    if picture.drawings:
        page.get_by_role("tab", name="Drawings").click()
        page.get_by_text("Show some drawings").click()
        _settle(page)
    top = page.get_by_text(picture.begin).first.bounding_box()["y"] - 20 if picture.begin else 0
    clip = {"x": 0, "y": top, "width": _SIZE["width"], "height": picture.height}
    return page.screenshot(clip=clip)


def _settle(page: Page) -> None:
    page.wait_for_timeout(1000)
    page.wait_for_selector(
        "[data-testid=stApp][data-test-script-state=notRunning]", timeout=120_000
    )
    page.wait_for_timeout(1500)  # Charts and pictures arrive after the text.


def _save(png: bytes, target: Path) -> None:
    with Image.open(io.BytesIO(png)) as picture:
        picture.convert("RGB").quantize(_COLOURS).save(target, optimize=True)


if __name__ == "__main__":
    main()
