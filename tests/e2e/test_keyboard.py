"""The whole loop by keyboard alone: classify, look, train, compare, and back."""

import shutil

import pytest
from playwright.sync_api import Locator, Page, expect

from e2e.conftest import opened, press_until, serving, settle

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

_MOST_TABS = 120
# Looks into shadow roots, in which components keep their elements.
_HAS_FOCUS = """node => {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  return at === node || node.contains(at);
}"""


@pytest.fixture(scope="module")
def world(trained_world, tmp_path_factory):
    """A copy of two trained runs, and of the drawings they were trained on."""
    world = tmp_path_factory.mktemp("keyboard")
    for name in ("data", "artifacts", "cache"):
        shutil.copytree(trained_world / name, world / name)
    return world


@pytest.fixture(scope="module")
def app(world):
    with serving(world) as server:
        yield server


def test_the_whole_loop_needs_no_mouse(app, page, world):
    photo = next((world / "data" / "sample").glob("cat.*.jpg"))
    # Listens from the start: a listener added before the press can come too late for it.
    page.on("filechooser", lambda chooser: chooser.set_files(photo))
    opened(page, app.url, "Home")
    settle(page)
    answer_on_home(page)
    look_at_photos(page)
    train_a_model(page)
    compare_two_runs(page)
    remove_the_picture(page)


def answer_on_home(page: Page) -> None:
    uploader = page.get_by_test_id("stFileUploader")
    tab_to(page, uploader.get_by_role("button", name="Upload", exact=True))
    page.keyboard.press("Enter")
    expect(page.locator("img.picture")).to_be_visible()
    strength = page.get_by_label("Strength of the heat map")
    tab_to(page, strength)
    page.keyboard.press("ArrowLeft")
    assert float(strength.input_value()) == pytest.approx(0.55)


def look_at_photos(page: Page) -> None:
    """Open a photo, walk to the next one, close it: the focus is back on its tile."""
    go(page, "Dataset")
    first = page.locator("button.tile").first
    tab_to(page, first)
    page.keyboard.press("ArrowRight")
    second = page.locator("button.tile").nth(1)
    assert second.evaluate(_HAS_FOCUS)
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("img.picture")).to_be_visible()
    settle(page)
    page.keyboard.press("ArrowRight")
    settle(page)
    expect(dialog.get_by_text("3 of ")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    settle(page)
    assert page.locator("button.tile").evaluate_all(f"tiles => tiles.some({_HAS_FOCUS})")


def train_a_model(page: Page) -> None:
    """Start a short run with the keyboard, and stop it."""
    go(page, "Train")
    tab_to(page, page.locator("summary").filter(has_text="New run"))
    start = page.get_by_role("button", name="Start").first
    press_until(lambda: page.keyboard.press("Enter"), start)
    tab_to(page, start)
    page.keyboard.press("Enter")
    stop = page.get_by_test_id("stMain").get_by_role("button", name="Stop", exact=True)
    expect(stop).to_be_visible()
    tab_to(page, stop)
    page.keyboard.press("Enter")
    expect(stop).to_be_hidden(timeout=180_000)
    settle(page)


def compare_two_runs(page: Page) -> None:
    """Choose a cell of a matrix: its photos come into view."""
    go(page, "Compare")
    cell = page.get_by_role("button", name="called dog").first
    tab_to(page, cell)
    page.keyboard.press("Enter")
    settle(page)


def remove_the_picture(page: Page) -> None:
    """The picture from Home is still there; remove it."""
    go(page, "Classify")
    expect(page.locator("img.picture")).to_be_visible()
    tab_to(page, page.get_by_role("button", name="Remove"))
    page.keyboard.press("Enter")
    expect(page.locator("img.picture")).to_be_hidden()


def go(page: Page, title: str) -> None:
    """Open a page from the sidebar."""
    link = page.get_by_test_id("stSidebar").get_by_role("link", name=title, exact=True)
    tab_to(page, link)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
    settle(page)


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until ``target`` has the focus; it has to be visible then, and outlined."""
    expect(target).to_be_visible()
    for _ in range(_MOST_TABS):
        if target.evaluate(_HAS_FOCUS):
            return settle(page)
        page.keyboard.press("Tab")
    raise AssertionError(f"Expected to reach {target} within {_MOST_TABS} presses of Tab.")
