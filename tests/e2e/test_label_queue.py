"""A hundred photos labelled by keyboard alone, while the suggestions learn from the answers."""

import re
import time

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from catsdogs.dataset import annotations, index
from catsdogs.labels import DOG
from catsdogs.sources.sample import draw_sample
from e2e.conftest import opened, picture, serving, settle

pytestmark = [pytest.mark.e2e, pytest.mark.long]
PHOTOS, ANSWERS = 300, 100
# The photo that is shown is the file name beside it.
NAME = "[data-testid=stMain] strong >> text=/^\\d+\\.jpg$/"
NEXT = """before => [...document.querySelectorAll("[data-testid=stMain] strong")].some(
  (one) => /^\\d+\\.jpg$/.test(one.innerText) && one.innerText !== before)"""


@pytest.fixture
def phone(tmp_path, monkeypatch):
    """Drawings whose names say nothing, and the class of each."""
    for name in ("DATA", "ARTIFACTS", "CACHE"):
        monkeypatch.setenv(f"CATSDOGS_{name}", str(tmp_path / name.lower()))
    folder = tmp_path / "phone"
    truth = {}
    for number, path in enumerate(sorted(draw_sample(folder, images=PHOTOS).glob("*.jpg"))):
        truth[f"{number}.jpg"] = "2" if "dog" in path.name else "1"
        path.rename(folder / f"{number}.jpg")
    return folder, truth


def answer(page: Page, truth: dict[str, str]) -> float:
    """Press the key of the right class; return how long the next photo took, in seconds."""
    shown = page.locator(NAME).inner_text()
    started = time.perf_counter()
    page.keyboard.press(truth[shown])
    page.wait_for_function(NEXT, arg=shown)
    took = time.perf_counter() - started
    # Its buttons are drawn after its name.
    settle(page)
    return took


def test_a_hundred_photos_are_labelled_by_keyboard(page, tmp_path, phone, imagenet_weights):
    folder, truth = phone
    with serving(tmp_path) as server:
        opened(page, f"{server.url}/dataset?open=1", "Dataset")
        page.get_by_role("textbox", name="Path of a folder or archive").fill(str(folder))
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Start labelling").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_text(re.compile("^0 of .* decided"))).to_be_visible()
        page.get_by_role("button", name="Suggest labels").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_text("Most useful first")).to_be_visible(timeout=180_000)
        page.evaluate("document.activeElement.blur()")
        times = [answer(page, truth) for _ in range(ANSWERS)]
        expect(page.get_by_text(re.compile(f"^{ANSWERS} of .* decided"))).to_be_visible()
        decided = annotations.in_effect(folder)
        assert len(decided) == ANSWERS
        assert all(one.label == (truth[path] == "2") for path, one in decided.items())
        expect(page.get_by_text("Suggested:")).to_be_visible()
        picture(page, "label-queue")
        print(f"an answer: {np.median(times) * 1e3:.0f} ms, slowest {max(times) * 1e3:.0f} ms")
        many(page, folder)
        undone(page, folder, truth)


def many(page: Page, folder) -> None:
    """Answer for three selected photos with one key, undo it, and see another one alone."""
    page.get_by_text("Surest first").click()
    page.get_by_text("Many at a time").click()
    settle(page)
    tiles = page.locator(".tile")
    expect(tiles).to_have_count(48)
    tiles.nth(1).hover()
    tiles.nth(1).locator(".check").click()
    tiles.nth(3).click(modifiers=["Shift"])
    expect(page.get_by_role("button", name="3 selected")).to_be_visible()
    settle(page)
    page.keyboard.press("2")
    expect(page.get_by_text(re.compile(f"^{ANSWERS + 3} of .* decided"))).to_be_visible()
    assert len(annotations.in_effect(folder)) == ANSWERS + 3
    expect(page.locator(".tile.selected")).to_have_count(0)
    settle(page)
    page.keyboard.press("u")
    expect(page.get_by_text(re.compile(f"^{ANSWERS} of .* decided"))).to_be_visible()
    settle(page)
    # At once, because a round in the background may end and change the order.
    seen = tiles.nth(7).evaluate("tile => (tile.click(), tile.getAttribute('aria-label'))")
    expect(page.locator(NAME)).to_have_text(seen.split(",")[0])


def undone(page: Page, folder, truth: dict[str, str]) -> None:
    """Accept all sure suggestions, and check that one undo takes them back."""
    before = index.scan(folder)
    page.get_by_role("button", name="Accept sure suggestions").click()
    page.get_by_role("button", name=re.compile("^Accept [0-9]+$")).click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    settle(page)
    accepted = index.scan(folder)
    assert accepted.fingerprint() != before.fingerprint()
    labels = accepted.usable.set_index("path")["label"]
    right = [(label == DOG) == (truth[path] == "2") for path, label in labels.items()]
    assert len(right) > ANSWERS
    assert np.mean(right) > 0.97
    page.keyboard.press("u")
    settle(page)
    assert index.scan(folder).fingerprint() == before.fingerprint()
