"""Take the README's pictures of the app: ``make screenshots``.

In a real browser, of the real app, on the drawn sample and the runs that come with the project: no
photo is in any of them. A run of one's own does not show either.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from benchmarks.browser import chromium, serving
from catsdogs import paths
from tools.reference import FINE_TUNED

_SIZE = {"width": 1280, "height": 860}
_COLOURS = 200  # Enough for flat surfaces, and a third of the bytes.


def main() -> None:
    """Write ``docs/tour/*.png``."""
    target = paths.PROJECT_ROOT / "docs" / "tour"
    target.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as world:
        _prepare(Path(world))
        with serving() as (url, _), sync_playwright() as playwright:
            browser = chromium(playwright)
            for name, (path, act) in _PICTURES.items():
                page = browser.new_page(viewport=_SIZE)
                page.goto(url + path)
                _settle(page)
                act(page)
                _settle(page)
                _save(page.screenshot(), target / f"{name}.png")
                page.close()
            browser.close()


def _prepare(world: Path) -> None:
    """Make a machine that has nothing but the shipped runs and a sample that was checked."""
    for name in ("DATA", "ARTIFACTS", "CACHE"):
        os.environ[f"CATSDOGS_{name}"] = str(world / name.lower())
    for run in (paths.PROJECT_ROOT / "artifacts").glob("reference-*"):
        shutil.copytree(run, world / "artifacts" / run.name)
    for command in (["sample"], ["health", str(world / "data" / "sample")]):
        subprocess.run([sys.executable, "-m", "catsdogs", "data", *command], check=True)


def _nothing(page: Page) -> None:
    """Leave the page as it opens."""


def _classify_examples(page: Page) -> None:
    page.get_by_role("button", name="examples").click()
    _settle(page)
    page.get_by_role("heading", name="Answers").scroll_into_view_if_needed()


def _to_verdict(page: Page) -> None:
    page.get_by_role("heading", name="verdict").first.scroll_into_view_if_needed()


_PICTURES: dict[str, tuple[str, Callable[[Page], None]]] = {
    "dataset": ("/dataset?view=health", _nothing),
    "train": (f"/train?run={FINE_TUNED}", _nothing),
    "compare": ("/compare", _to_verdict),
    "classify": ("/classify", _classify_examples),
}


def _settle(page: Page) -> None:
    page.wait_for_timeout(1000)
    page.wait_for_selector(
        "[data-testid=stApp][data-test-script-state=notRunning]", timeout=120_000
    )
    page.wait_for_timeout(1500)  # Charts and pictures come after the last word.


def _save(png: bytes, target: Path) -> None:
    import io

    with Image.open(io.BytesIO(png)) as picture:
        picture.convert("RGB").quantize(_COLOURS).save(target, optimize=True)


if __name__ == "__main__":
    main()
