"""The Train page as a person sees it: the charts first, and photos where they are expected."""

import json
import shutil

import pytest
from playwright.sync_api import Page, expect

from e2e.conftest import at_sizes, opened, serving, settle

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

SIZES = {"large": (1440, 900), "small": (1100, 800)}
CHART = "[class*=st-key-train_curves] .js-plotly-plot"
PHOTOS = "[class*=st-key-train_wall] .tile"
CUT = """() => [...document.querySelectorAll(
  "[data-testid=stMain] button p, [data-testid=stMain] [data-testid^=stMetric]"
)].filter(node => node.scrollWidth > node.clientWidth + 1).map(node => node.innerText)"""


@pytest.fixture(scope="module")
def app(trained_world, tmp_path_factory):
    """The app with two trained runs, whose answers of a second epoch are the opposite."""
    world = tmp_path_factory.mktemp("trained")
    for name in ("data", "artifacts", "cache"):
        shutil.copytree(trained_world / name, world / name)
    for file in world.glob("artifacts/*/events.jsonl"):
        file.write_text("".join(map(with_another_epoch, file.read_text().splitlines())))
    with serving(world) as server:
        yield server


def with_another_epoch(line: str) -> str:
    """Return a line of events and, after the first epoch, one for a second epoch."""
    event = json.loads(line)
    if (event["event"], event.get("epoch")) != ("epoch", 1):
        return f"{line}\n"
    other = {**event, "epoch": 2, "watched": [1 - p for p in event["watched"]]}
    return f"{line}\n{json.dumps(other)}\n"


@pytest.fixture
def seen(app, page):
    """Return a function that opens the page at a size."""

    def at(width: int, height: int) -> Page:
        page.set_viewport_size({"width": width, "height": height})
        opened(page, f"{app.url}/train", "Train")
        expect(page.locator(f"{CHART} .js-line").first).to_be_visible()
        settle(page)
        return page

    return at


def is_above_the_fold(page: Page, selector: str) -> bool:
    """Return whether every element that ``selector`` matches lies wholly on the first screen."""
    boxes = [found.bounding_box() for found in page.locator(selector).all()]
    height = page.viewport_size["height"]
    return bool(boxes) and all(b["y"] >= 0 and b["y"] + b["height"] <= height for b in boxes)


def test_charts_and_wall_lie_above_the_fold(seen):
    page = seen(*SIZES["large"])
    for _ in at_sizes(page, SIZES.values()):
        assert is_above_the_fold(page, CHART)
        expect(page.locator(PHOTOS)).to_have_count(12)
        assert is_above_the_fold(page, PHOTOS)
        assert is_above_the_fold(page, "[class*=st-key-train_try] button")


def test_no_metric_and_no_button_is_cut(seen):
    page = seen(1100, 900)
    for _ in at_sizes(page, ((1100, 900), (420, 900))):
        assert page.evaluate(CUT) == []


def test_the_slider_of_the_wall_shows_the_answers_of_another_epoch(seen):
    page = seen(1440, 900)
    heading = page.locator("[class*=st-key-train_wall] .heading")
    newest = heading.inner_text()
    page.get_by_role("slider", name="Epoch of the answers").press("Home")
    expect(heading).to_contain_text("after epoch 1:")
    assert heading.inner_text() != newest


def test_an_overlay_leaves_the_chart_in_place(seen):
    page = seen(1440, 900)
    chart = page.query_selector(CHART)
    height = chart.evaluate("node => node.offsetHeight")
    page.locator("[class*=st-key-train_eye]:not(:has([disabled])) button").first.click()
    page.wait_for_function(
        f"new Set(document.querySelector('{CHART}').data.map(line => line.name)).size > 4"
    )
    settle(page)
    assert chart.evaluate("node => [node.isConnected, node.offsetHeight]") == [True, height]


def test_a_mistake_is_one_click_from_the_run_and_opens_with_another(seen):
    page = seen(1440, 900)
    page.get_by_role("button", name="mistake").first.click()
    tile = page.locator("[class*=st-key-train_mistakes] .tile").first
    expect(tile).to_contain_text("but it says")
    tile.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Its label is")).to_be_visible()
    expect(dialog.get_by_role("img").first).to_be_visible()
    assert page.strangers == []
