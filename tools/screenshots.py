"""Take the screenshots of README.md and docs/guide.md: ``make screenshots``.

Opens the real app in a real browser, with the drawn sample, the shipped runs and one run of each
model on the sample. The two photos that appear come with scikit-learn. So no screenshot shows your
photos or your runs. Training takes a few minutes. Pass a folder to keep the runs for the next time:
``python -m tools.screenshots /tmp/screenshots``.
"""

import argparse
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from benchmarks.browser import chromium, serving
from catsdogs import paths
from catsdogs.runs import store
from catsdogs.sources.sample import ensure_sample

_SIZE = {"width": 1440, "height": 900}
_COLOURS, _EXACT = 255, 64
# The epochs of a run of each model. The custom CNN comes first, to get its number and colour first.
_EPOCHS = {"custom_cnn": 5, "mobilenet_v2": 5}
_FRAME_MS = 2500
_EXAMPLES = (
    *(f"Drawing of a {name}.jpg" for name in ("dog 10", "cat 19", "dog 76", "cat 429")),
    *("flower.jpg", "china.jpg"),
)


def main() -> None:
    """Write ``docs/tour/*.png``, and Home as an animation."""
    parser = argparse.ArgumentParser(description="Take the screenshots of the documents.")
    parser.add_argument("world", nargs="?", type=Path, help="a folder that keeps the runs")
    world = parser.parse_args().world
    with TemporaryDirectory() as temporary:
        _prepare((world or Path(temporary)).resolve())
        _take_all(paths.PROJECT_ROOT / "docs" / "tour")


def _prepare(world: Path) -> None:
    """Create a world with the shipped runs, the checked sample, and a run of each model on it."""
    for name in ("DATA", "ARTIFACTS", "CACHE"):
        os.environ[f"CATSDOGS_{name}"] = str(world / name.lower())
    for run in (paths.PROJECT_ROOT / "artifacts").glob("reference-*"):
        shutil.copytree(run, world / "artifacts" / run.name, dirs_exist_ok=True)
    sample = ensure_sample()
    trained = {run.config.model for run in store.list_runs()[0] if not run.is_reference}
    for model, epochs in _EPOCHS.items():
        if model not in trained:
            options = ("--epochs", str(epochs), "--repeats", "1")
            _command("train", "--model", model, "--data", str(sample), *options)
    _command("data", "health", str(sample))


def _command(*words: str) -> None:
    done = subprocess.run([sys.executable, "-m", "catsdogs", *words], check=False)
    # 2: done, but some files cannot be read. The sample has such files.
    if done.returncode not in (0, 2):
        raise SystemExit(f"Failed: catsdogs {' '.join(words)}")


def _take_all(target: Path) -> None:
    own = {run.config.model: run.run_id for run in store.list_runs()[0] if not run.is_reference}
    addresses = {
        "dataset": "/dataset",
        "train": f"/train?run={own['custom_cnn']}",
        "compare": f"/compare?a={own['mobilenet_v2']}&b={own['custom_cnn']}",
        "classify": "/classify",
    }
    with serving() as (url, _), sync_playwright() as playwright:
        browser = chromium(playwright)
        page = browser.new_page(viewport=_SIZE)
        frames = _home(page, url)
        _save_animation(frames, target / "home.gif")
        _save(frames[1], target / "home.png")
        for name, address in addresses.items():
            page.goto(url + address)
            _settle(page)
            if name == "classify":
                _answer_examples(page)
            _save(page.screenshot(), target / f"{name}.png")
        browser.close()


def _home(page: Page, url: str) -> list[bytes]:
    """Return Home without a picture, with the answer about a drawing, and about a temple."""
    page.goto(url)
    _settle(page)
    frames = [page.screenshot()]
    _example(page, _EXAMPLES[0])
    frames.append(page.screenshot())
    page.get_by_role("button", name="Examples").click()
    _example(page, _EXAMPLES[-1])
    page.keyboard.press("Escape")
    _settle(page)
    return [*frames, page.screenshot()]


def _answer_examples(page: Page) -> None:
    """Answer all examples, and open the first of them."""
    _example(page, _EXAMPLES[0])
    for name in _EXAMPLES[1:]:
        page.get_by_role("button", name="Examples").click()
        _example(page, name)
        page.keyboard.press("Escape")
    page.locator(".strip .tile").first.click()
    _settle(page)
    # The answer scrolls the filmstrip into view.
    page.get_by_test_id("stMain").evaluate("node => node.scrollTo(0, 0)")


def _example(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()
    _settle(page)


def _settle(page: Page) -> None:
    page.wait_for_timeout(1000)
    page.wait_for_selector(
        "[data-testid=stApp][data-test-script-state=notRunning]", timeout=120_000
    )
    page.wait_for_timeout(1500)  # Charts and pictures arrive after the text.


def _save(png: bytes, target: Path) -> None:
    _flat(png).save(target, optimize=True)


def _save_animation(frames: Sequence[bytes], target: Path) -> None:
    first, *others = map(_flat, frames)
    first.save(
        target, save_all=True, append_images=others, duration=_FRAME_MS, loop=0, optimize=True
    )


def _flat(png: bytes) -> Image.Image:
    """Return the picture with 255 colours: the most frequent ones exactly, the others nearly.

    So surfaces, text and the colours of the runs stay as they are, in a third of the bytes.
    """
    with Image.open(io.BytesIO(png)) as opened:
        picture = opened.convert("RGB")
    by_count = sorted(picture.getcolors(_SIZE["width"] * _SIZE["height"]), reverse=True)
    exact = [colour for _, colour in by_count[:_EXACT]]
    spread = picture.quantize(_COLOURS - _EXACT, method=Image.Quantize.MAXCOVERAGE).getpalette()
    palette = Image.new("P", (1, 1))
    palette.putpalette([value for colour in exact for value in colour] + spread)
    # (H, W): numbers in the palette. Pillow's choice is only near, even where a colour is in it.
    numbers = np.array(picture.quantize(palette=palette, dither=Image.Dither.NONE))
    pixels = np.asarray(picture)
    for number, colour in enumerate(exact):
        numbers[(pixels == colour).all(axis=-1)] = number
    flat = Image.fromarray(numbers, "P")
    flat.putpalette(palette.getpalette())
    return flat


if __name__ == "__main__":
    main()
