"""The map in a real browser: hover, click, select, and 25,000 photos."""

import io
import re
import time
from contextlib import contextmanager

import numpy as np
import pytest
import requests
from PIL import Image
from playwright.sync_api import Page, expect

from catsdogs.dataset import index
from catsdogs.health import checkup, findings
from catsdogs.health.findings import UNMEASURED, Findings, Summary
from catsdogs.sources import current
from e2e.conftest import opened, serving, settle

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

FEW, MANY = 300, 25_000
MOST_BYTES, MOST_S, LEAST_FRAMES_PER_S = 1_500_000, 2.0, 30
FRAMES = """() => {
  window.frames_ = [];
  const next = (now) => { window.frames_.push(now); window.next_ = requestAnimationFrame(next); };
  window.next_ = requestAnimationFrame(next);
}"""


def make_photos(folder, count: int) -> None:
    """Write small photos of one colour each, all different."""
    folder.mkdir()
    generator = np.random.default_rng(0)
    for number, colour in enumerate(generator.integers(0, 256, (count, 3)).tolist()):
        photo = io.BytesIO()
        Image.new("RGB", (80, 72), tuple(colour)).save(photo, "JPEG", comment=str(number))
        name = f"{'cat' if number % 2 else 'dog'}.{number}.jpg"
        (folder / name).write_bytes(photo.getvalue())


def pretend_to_have_checked(folder) -> None:
    """Store a health check of photos in ten clouds on the map of t-SNE, and in one on PCA's."""
    dataset = index.scan(folder)
    count, generator = len(dataset.pictures), np.random.default_rng(1)
    clouds = generator.uniform(-0.9, 0.9, (10, 2))[generator.integers(0, 10, count)]
    rows = dataset.pictures[["path", "digest"]].assign(**UNMEASURED)
    rows[["map_x", "map_y"]] = clouds + generator.normal(0, 0.03, (count, 2))
    rows[["pca_x", "pca_y"]] = generator.uniform(-1, 1, (count, 2))
    summary = Summary(findings.VERSION, checkup.content(dataset))
    findings.save(folder, Findings(rows, np.full((count, 0), -1, np.int32), summary))


@contextmanager
def serving_photos(world, count: int):
    with pytest.MonkeyPatch.context() as patch:
        for name in ("data", "cache"):
            patch.setenv(f"CATSDOGS_{name.upper()}", str(world / name))
        make_photos(world / "photos", count)
        pretend_to_have_checked(world / "photos")
        current.choose(world / "photos")
    with serving(world) as server:
        yield server


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    with serving_photos(tmp_path_factory.mktemp("map"), FEW) as server:
        yield server


def shown(page: Page, app, address: str = "") -> None:
    opened(page, f"{app.url}/dataset?view=Map{address}", "Dataset")
    expect(page.locator(".map canvas")).to_be_visible()
    settle(page)


def places(page: Page, *shares: tuple[float, float]) -> list[tuple[float, float]]:
    """Return places on the page, given as shares of the map's width and height."""
    canvas = page.locator(".map canvas")
    canvas.evaluate("node => node.scrollIntoView({block: 'center'})")
    box = canvas.bounding_box()
    return [(box["x"] + box["width"] * x, box["y"] + box["height"] * y) for x, y in shares]


def draw_around(page: Page, *shares: tuple[float, float]) -> None:
    """Hold the mouse down from one place on the map to the next."""
    first, *others = places(page, *shares)
    page.mouse.move(*first)
    page.mouse.down()
    for place in others:
        page.mouse.move(*place, steps=5)
    page.mouse.up()


def over_a_photo(page: Page) -> tuple[float, float]:
    """Move the mouse over the map until it is over a photo; return the place."""
    grid = [(x / 20, y / 20) for y in range(1, 20) for x in range(1, 20)]
    for place in places(page, *grid):
        page.mouse.move(*place)
        if page.locator(".map canvas.near").count():
            return place
    raise AssertionError("no photo on the map")


def view(page: Page) -> dict[str, float]:
    """Return the part of the map that is in view: its middle and its zoom."""
    return page.locator(".map").evaluate("node => node.view")


def colours_drawn(page: Page) -> set[tuple[int, ...]]:
    """Return the colours of the map on the screen, rounded."""
    picture = Image.open(io.BytesIO(page.locator(".map canvas").screenshot())).convert("RGB")
    return {tuple(part // 32 for part in colour) for _, colour in picture.getcolors(1 << 24)}


def test_the_photo_under_the_mouse_is_shown_and_a_click_opens_it(app, page):
    shown(page, app)
    assert len(colours_drawn(page)) > 2
    with page.expect_response(re.compile("/thumbnails/[0-9a-f]+/[0-9]+$")) as requested:
        place = over_a_photo(page)
    picture = page.locator(".map .card").get_by_role("img")
    expect(picture).to_be_visible()
    name = picture.get_attribute("alt")
    assert re.fullmatch(r"(cat|dog)[.]\d+[.]jpg", name)
    assert_not_for_strangers(requested.value.url)
    page.mouse.click(*place)
    expect(page.get_by_role("dialog").get_by_text(name)).to_be_visible()
    assert page.strangers == []


def assert_not_for_strangers(address: str) -> None:
    """Check that neither pages of others nor guesses lead to a photo."""
    assert requests.get(address, timeout=60).headers["Content-Type"] == "image/jpeg"
    for stranger in ({"Host": "evil.example"}, {"Origin": "http://evil.example"}):
        assert requests.get(address, headers=stranger, timeout=60).status_code == 403
    place, token, _ = address.rsplit("/", 2)
    for guess in (f"{token}/-1", f"{token}/9999", f"{token}/x", f"{token}/0/0", f"{'0' * 32}/0"):
        answer = requests.get(f"{place}/{guess}", timeout=60)
        assert answer.headers.get("Content-Type") != "image/jpeg", guess


@pytest.mark.parametrize(
    ("tool", "method", "area"), [("lasso", "t-SNE", "map"), ("box", "PCA", "pca")]
)
def test_a_selection_filters_the_photos_and_can_be_cleared(app, page, tool, method, area):
    shown(page, app, f"&map_method={method}")
    page.get_by_role("button", name=f"Select by {tool}").click()
    draw_around(page, (0.1, 0.1), (0.9, 0.1), (0.5, 0.9))
    expect(page.get_by_text("selection on the map")).to_be_visible()
    expect(page).to_have_url(re.compile(f"area={area}"))
    expect(page.get_by_text(re.compile(rf"^\d+ of {FEW} photos$"))).to_be_visible()
    page.get_by_role("button", name="Clear the selection").click()
    expect(page.get_by_text("selection on the map")).to_be_hidden()
    expect(page.get_by_text(f"{FEW} photos", exact=True)).to_be_visible()


def test_a_list_selects_without_a_mouse_and_show_all_ends_it(app, page):
    shown(page, app)
    page.get_by_role("combobox", name="Part of the map").click()
    page.get_by_role("option", name="Top left").click()
    expect(page.get_by_text("selection on the map")).to_be_visible()
    page.get_by_role("button", name="Show all photos").click()
    expect(page.get_by_text("selection on the map")).to_be_hidden()


def test_the_view_is_moved_by_mouse_and_keyboard_and_stays_when_colours_change(app, page):
    shown(page, app)
    whole = view(page)
    page.locator(".map canvas").focus()
    for key in ("+", "+", "ArrowLeft"):
        page.keyboard.press(key)
    page.wait_for_timeout(300)
    moved = view(page)
    assert moved["zoom"] > 1
    assert moved["x"] < whole["x"]
    page.get_by_role("combobox", name="Colour").click()
    page.get_by_role("option", name="Width (px)", exact=True).click()
    expect(page.locator(".map .scale")).to_be_visible()
    assert view(page) == moved
    page.get_by_role("combobox", name="Colour").click()
    page.get_by_role("option", name="Class", exact=True).click()
    expect(page.locator(".map .scale")).to_have_count(0)
    page.get_by_role("button", name="Show the whole map").click()
    assert view(page) == whole


@pytest.mark.long
def test_25_000_photos_are_on_the_screen_at_once_and_move_smoothly(tmp_path, page):
    sizes: list[int] = []
    page.on("websocket", lambda it: it.on("framereceived", lambda data: sizes.append(len(data))))
    with serving_photos(tmp_path, MANY) as app:
        opened(page, f"{app.url}/dataset", "Dataset")
        expect(page.locator(".tile").first).to_be_visible()
        waits = [seconds_to_the_map(page) for _ in range(3)]
        assert min(waits) <= MOST_S, waits
        assert max(sizes) <= MOST_BYTES
        expect(page.get_by_text("25,000 photos, similar ones near each other")).to_be_visible()
        assert len(colours_drawn(page)) > 2
        page.get_by_role("button", name="Move the map").click()
        assert max(frames_per_second(page) for _ in range(3)) >= LEAST_FRAMES_PER_S


def seconds_to_the_map(page: Page) -> float:
    """Return how long the map takes from the click on its title to its first frame."""
    page.get_by_text("Charts", exact=True).click()
    expect(page.locator(".js-plotly-plot")).to_be_visible()
    settle(page)
    started = time.perf_counter()
    page.get_by_text("Map", exact=True).click()
    page.wait_for_selector(".map canvas")
    page.evaluate("() => new Promise(requestAnimationFrame)")
    return time.perf_counter() - started


def frames_per_second(page: Page) -> float:
    """Return how many frames the browser draws in a second while the mouse moves the map."""
    (start,) = places(page, (0.5, 0.5))
    page.mouse.move(*start)
    page.mouse.down()
    page.evaluate(FRAMES)
    for step in range(60):
        page.mouse.move(start[0] + 100 * np.sin(step / 5), start[1] + 100 * np.cos(step / 5))
    times = page.evaluate("() => { cancelAnimationFrame(window.next_); return window.frames_; }")
    page.mouse.up()
    return 1000 * (len(times) - 1) / (times[-1] - times[0])
