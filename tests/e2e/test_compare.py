"""The Compare page as a person sees it: the result first, and photos where they are expected."""

import re
import shutil

import pytest
from playwright.sync_api import expect

from e2e.conftest import at_sizes, opened, serving, settle

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

SIZES = {"large": (1440, 900), "small": (1100, 800)}
DECIDING = "[class*=st-key-compare_deciding_grid] .tile"
CHOSEN = "[class*=st-key-compare_chosen_grid] .tile"


@pytest.fixture(scope="module")
def app(trained_world, tmp_path_factory):
    """The app with two trained runs."""
    world = tmp_path_factory.mktemp("compared")
    for name in ("data", "artifacts", "cache"):
        shutil.copytree(trained_world / name, world / name)
    with serving(world) as server:
        yield server


@pytest.fixture
def compared(app, page):
    """Return a function that opens the page at a size."""

    def at(width: int, height: int):
        page.set_viewport_size({"width": width, "height": height})
        opened(page, f"{app.url}/compare", "Compare")
        expect(page.locator(DECIDING).first).to_be_visible()
        settle(page)
        return page

    return at


def bottom(box: dict[str, float]) -> float:
    return box["y"] + box["height"]


def test_the_result_and_the_first_row_of_photos_are_above_the_fold(compared):
    page = compared(*SIZES["large"])
    for _, height in at_sizes(page, SIZES.values()):
        sentence = page.get_by_role("heading", level=2).first.bounding_box()
        assert sentence["y"] < height / 3
        boxes = [tile.bounding_box() for tile in page.locator(DECIDING).all()]
        row = [box for box in boxes if box["y"] == boxes[0]["y"]]
        assert all(bottom(box) <= height for box in row)
        # The next step is not cut.
        button = page.locator("[class*=st-key-compare_next] button")
        assert button.evaluate("node => node.scrollWidth <= node.clientWidth")
        assert bottom(button.bounding_box()) < height / 2


@pytest.mark.parametrize("size", [pytest.param("large", marks=pytest.mark.long), "small"])
def test_a_clicked_cell_is_outlined_and_its_photos_come_into_view(compared, size):
    page = compared(*SIZES[size])
    cells = page.locator("[class*=st-key-compare_matrix] button")
    counts = [int(text.split()[0]) for text in cells.all_inner_texts()]
    cell = cells.nth(counts.index(max(counts)))
    cell.click()
    expect(cell).to_have_attribute("aria-pressed", "true")
    expect(page.locator(CHOSEN).first).to_be_in_viewport(ratio=1)
    listed = page.get_by_role("combobox", name="Photos of")
    expect(listed).to_have_value(re.compile(f"called .* · {max(counts)}$"))


def test_a_cell_is_chosen_and_its_photos_are_walked_by_keyboard(compared):
    page = compared(1440, 900)
    cells = page.locator("[class*=st-key-compare_matrix] button")
    counts = [int(text.split()[0]) for text in cells.all_inner_texts()]
    cell = cells.nth(counts.index(max(counts)))
    cell.focus()
    page.keyboard.press("Enter")
    expect(page.locator(CHOSEN).first).to_be_in_viewport(ratio=1)
    expect(cell).to_be_focused()
    page.locator(CHOSEN).first.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text(f"1 of {max(counts)}")).to_be_visible()
    settle(page)
    page.keyboard.press("ArrowRight")
    expect(dialog.get_by_text(f"2 of {max(counts)}")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_a_clicked_point_of_a_slice_brings_its_photos_into_view(compared):
    page = compared(1440, 900)
    page.get_by_role("tab", name="Kinds of photos").click()
    point = page.locator(".st-key-compare_slice .point").first
    point.scroll_into_view_if_needed()
    settle(page)
    box = point.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator(CHOSEN).first).to_be_in_viewport(ratio=1)
    expect(page.get_by_role("combobox", name="Photos of")).to_have_value(re.compile("^Size: "))


def test_nothing_is_cut(compared):
    page = compared(1440, 900)
    main = page.get_by_test_id("stMain")
    for width, _ in at_sizes(page, ((1440, 900), (1100, 900), (420, 900))):
        assert main.evaluate("node => node.scrollWidth <= node.clientWidth")
        for name in ("compare_matrix_A", "compare_matrix_B", "compare_next", "compare_kind"):
            box = page.locator(f"[class*=st-key-{name}]").first.bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width
