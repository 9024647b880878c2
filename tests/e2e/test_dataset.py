"""The Dataset page in a real browser: look, check, review, decide."""

import json
import re

import pytest
from conftest import command_line, find_imagenet_weights
from playwright.sync_api import Page, expect

from catsdogs.sources import current
from catsdogs.sources.sample import draw_sample
from e2e.conftest import at_sizes, opened, picture, serving, start_custom_cnn, stop_button

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

IMAGES, ODD, WRONG = 200, 50, 10


@pytest.fixture(scope="module")
def world(tmp_path_factory, put_backbone):
    """A user's folder: 200 drawings, of which 50 are in a folder "odd" and 10 in "wrong"."""
    world = tmp_path_factory.mktemp("dataset")
    drawn, mine = world / "drawn", world / "mine"
    draw_sample(drawn, images=IMAGES)
    cats, dogs = (sorted(drawn.glob(f"{name}.*.jpg")) for name in ("cat", "dog"))
    for path in cats + dogs:
        folder = "odd" if path in cats[:ODD] else "wrong" if path in dogs[:WRONG] else "rest"
        (mine / folder).mkdir(parents=True, exist_ok=True)
        path.rename(mine / folder / path.name)
    if weights := find_imagenet_weights():
        put_backbone(weights, world / "cache")
    return world


@pytest.fixture(scope="module")
def mine(world):
    return world / "mine"


@pytest.fixture(scope="module")
def app(world, mine):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CATSDOGS_DATA", str(world / "data"))
        current.choose(mine)
    with serving(world) as server:
        yield server


@pytest.fixture(scope="module")
def untouched(mine):
    """Compare every file of the user's folder with what it was before all this."""

    def now():
        return {
            path: (path.read_bytes(), path.stat().st_mtime_ns)
            for path in sorted(mine.rglob("*"))
            if path.is_file()
        }

    before = now()
    yield
    assert now() == before


@pytest.fixture(autouse=True)
def as_it_was(untouched):
    """Every test here is under that watch."""


def dataset(page: Page, app, address: str = "") -> None:
    opened(page, f"{app.url}/dataset{address}", "Dataset")
    expect(page.locator(".tile").first).to_be_visible()


def settle(page: Page) -> None:
    """Wait until the page has been drawn to its end, its buttons included."""
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    page.wait_for_timeout(300)


def scanned(world, mine) -> dict:
    """What the command line finds in the dataset now."""
    places = {f"CATSDOGS_{n}": world / n.lower() for n in ("DATA", "ARTIFACTS", "CACHE")}
    return command_line("data", "scan", mine, **places)[1]


def drag(page: Page, chart: str, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Draw a box on a chart; positions are shares of its width and height."""
    draw_around(page, chart, start, end)


def draw_around(page: Page, chart: str, *corners: tuple[float, float]) -> None:
    """Hold the mouse down from corner to corner; positions are shares of width and height."""
    area = page.locator(f"[class*=st-key-{chart}] .nsewdrag").first
    area.evaluate("node => node.scrollIntoView({block: 'center'})")
    box = area.bounding_box()
    points = [(box["x"] + box["width"] * x, box["y"] + box["height"] * y) for x, y in corners]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=8)
    page.mouse.up()


def test_two_rows_of_photos_are_above_the_fold(app, page):
    dataset(page, app)
    for _, height in at_sizes(page, ((1440, 900), (1100, 800))):
        boxes = [tile.bounding_box() for tile in page.locator(".tile").all()]
        rows = sorted({round(box["y"]) for box in boxes})
        second = [box for box in boxes if round(box["y"]) == rows[1]]
        assert len(second) >= 4
        assert all(box["y"] + box["height"] <= height for box in second)
    names = page.locator(".tile .name").all_inner_texts()[:8]
    assert {name[:3] for name in names} == {"cat", "dog"}


def test_photos_are_browsed_by_mouse_and_keyboard(app, page):
    dataset(page, app)
    expect(page.locator(".tile")).to_have_count(24)
    picture(page, "dataset-photos")
    first = page.locator(".tile").first
    name = first.locator(".name").inner_text()
    first.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".tile").nth(1)).to_be_focused()
    page.keyboard.press("PageDown")
    expect(page).to_have_url(re.compile("page=2"))
    expect(page.locator(".tile").first.locator(".name")).not_to_have_text(name)
    page.reload()
    expect(page.locator(".tile").first.locator(".name")).not_to_have_text(name)
    assert page.strangers == []


def test_the_filters_are_pinned_beside_the_photos_and_stay_in_the_address(app, page):
    dataset(page, app)
    page.get_by_role("button", name="Filters").click()
    field = page.get_by_label("Name contains")
    field.fill("wrong/")
    field.press("Enter")
    expect(page.locator(".tile")).to_have_count(WRONG)
    keep = page.get_by_role("button", name="Keep beside photos")
    keep.click()
    expect(keep).to_have_count(0)
    settle(page)
    photo, beside = page.locator(".tile").first.bounding_box(), field.bounding_box()
    assert photo["x"] > beside["x"] + beside["width"]
    page.get_by_role("button", name="Filters (1)").click()
    expect(field).to_be_hidden()
    page.reload()
    expect(page.locator(".tile")).to_have_count(WRONG)


def test_a_photo_opens_and_the_arrow_keys_go_on_to_the_next(app, page):
    dataset(page, app)
    page.locator(".tile").nth(2).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("3 of ")).to_be_visible()
    here = page.url
    assert "photo=" in here
    picture(page, "dataset-photo")
    dialog.get_by_role("button", name="Next").click()
    page.wait_for_url(lambda url: url != here)
    expect(dialog.get_by_text("4 of ")).to_be_visible()
    dialog.get_by_text("Details").click()
    expect(dialog.get_by_text("Label by its name")).to_be_visible()
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_be_hidden()
    expect(page).not_to_have_url(re.compile("photo="))


def test_photos_are_selected_by_mouse_and_by_keyboard(app, page):
    dataset(page, app)
    settle(page)
    tiles, selected = page.locator(".tile"), page.locator(".tile.selected")
    tiles.nth(1).hover()
    tiles.nth(1).locator(".check").click()
    tiles.nth(4).click(modifiers=["Shift"])
    expect(selected).to_have_count(4)
    expect(page.get_by_role("button", name="4 selected")).to_be_visible()
    tiles.nth(2).click()  # While photos are selected, a click selects.
    expect(page.get_by_role("button", name="3 selected")).to_be_visible()
    start, end = tiles.nth(6).bounding_box(), tiles.nth(9).bounding_box()
    page.mouse.move(start["x"] + 20, start["y"] + 60)
    page.mouse.down()
    page.mouse.move(end["x"] + 20, end["y"] + 30, steps=4)
    page.mouse.up()
    expect(page.get_by_role("button", name="7 selected")).to_be_visible()
    picture(page, "dataset-selected")
    page.get_by_role("button", name="Next page").first.click()
    expect(selected).to_have_count(0)
    page.get_by_role("button", name="Previous page").first.click()
    expect(selected).to_have_count(7)
    page.get_by_text("Health", exact=True).click()
    expect(tiles).to_have_count(0)
    page.get_by_text("Photos", exact=True).first.click()
    expect(selected).to_have_count(7)
    settle(page)
    tiles.nth(0).focus()
    page.keyboard.press("Control+a")
    expect(page.get_by_role("button", name="24 selected")).to_be_visible()
    page.keyboard.press("Escape")
    expect(selected).to_have_count(0)
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowRight")
    expect(page.get_by_role("button", name="2 selected")).to_be_visible()
    expect(tiles.nth(1)).to_have_accessible_name(re.compile(", selected$"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_text("2 of ")).to_be_visible()


def test_a_box_on_a_chart_shows_its_photos_beside_it(app, page):
    dataset(page, app, "?view=Charts")
    drag(page, "chart_size", (0.05, 0.05), (0.6, 0.9))
    expect(page.get_by_text("selection on the chart of sizes")).to_be_visible()
    expect(page).to_have_url(re.compile("area=size"))
    expect(page.get_by_text(re.compile(r"^\d+ of \d+ photos$"))).to_be_visible()
    chart = page.locator("[class*=st-key-chart_size]").bounding_box()
    photo = page.locator(".tile").first.bounding_box()
    assert photo["x"] > chart["x"] + chart["width"]
    assert photo["y"] < chart["y"] + chart["height"]
    page.get_by_role("button", name="Show all photos").click()
    expect(page.get_by_text(re.compile(r"^\d+ photos$"))).to_be_visible()
    page.get_by_role("combobox", name="Chart").click()
    page.get_by_role("option", name="File size").click()
    drag(page, "chart_kilobytes", (0.1, 0.2), (0.5, 0.8))
    expect(page).to_have_url(re.compile("kb="))
    expect(page.get_by_text(re.compile(r"^\d+ of \d+ photos$"))).to_be_visible()


def test_the_check_runs_beside_the_page_and_its_findings_filter(app, page, imagenet_weights):
    dataset(page, app)
    page.get_by_role("button", name="Check the photos").click()
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    picture(page, "dataset-health-running")
    expect(page.get_by_text("labelled photos were checked")).to_be_visible(timeout=120_000)
    picture(page, "dataset-health")
    card = page.locator(".st-key-card_exact")
    expect(card).to_have_count(1)
    count = int(card.get_by_text("identical files").inner_text().split()[0])
    assert count > 0
    card.get_by_role("button", name="Show").click()
    expect(page.locator(".tile")).to_have_count(count)
    expect(page.locator(".tile").first).to_contain_text("group 1")


def test_the_review_queue_is_worked_through_by_keyboard(app, page, world, mine, imagenet_weights):
    dataset(page, app)
    page.get_by_role("button", name=re.compile(r"Review \d+ suspect labels")).click()
    expect(page.get_by_text(re.compile("^0 of"))).to_be_visible()
    picture(page, "dataset-review")
    page.get_by_text("decided").click()
    for done, key in enumerate("klx", start=1):
        settle(page)
        page.keyboard.press(key)
        expect(page.get_by_text(re.compile(f"^{done} of .* decided"))).to_be_visible()
    assert scanned(world, mine)["excluded"] == 1
    for left in (2, 1, 0):
        settle(page)
        page.keyboard.press("u")
        expect(page.get_by_text(re.compile(f"^{left} of .* decided"))).to_be_visible()
    assert scanned(world, mine)["excluded"] == 0


def decide(page: Page, app, where: str, choice: str, count: int) -> None:
    dataset(page, app, f"?find={where}")
    expect(page.get_by_text(re.compile(f"^{count} of"))).to_be_visible()
    page.get_by_role("button", name="Decide for all").click()
    page.get_by_text(choice, exact=True).click()
    if count > 20:
        dialog = page.get_by_role("dialog", name=re.compile(f"{count} photos"))
        picture(page, "dataset-decide")
        dialog.get_by_role("button", name=f"{choice.split()[0]} them").click()
        expect(dialog).to_be_hidden()


def test_decisions_change_the_next_run_and_undo_changes_it_back(app, page, world, mine):
    before = scanned(world, mine)
    unreadable = [found["path"].startswith("odd") for found in before["unreadable"]]
    odd = ODD - sum(unreadable)
    assert odd == 50
    decide(page, app, "odd/", "Exclude all", odd)
    expect(page.get_by_text("No photo matches the filter.")).to_be_visible()
    wrong = WRONG - sum(found["path"].startswith("wrong") for found in before["unreadable"])
    decide(page, app, "wrong/", "Relabel all as cat", wrong)
    expect(page.locator(".tile").first).to_contain_text("relabelled")
    decided = scanned(world, mine)
    assert decided["fingerprint"] != before["fingerprint"]
    assert (decided["excluded"], decided["relabelled"]) == (odd, wrong)

    opened(page, f"{app.url}/train", "Train")
    start_custom_cnn(page, epochs=1, preset="See it overfit")
    stop_button(page).click()
    expect(stop_button(page)).to_be_hidden(timeout=180_000)
    (config,) = (world / "artifacts").glob("*/config.json")
    about = json.loads(config.read_text())
    assert about["dataset"]["fingerprint"] == decided["fingerprint"]
    assert about["dataset"]["images"] == before["images"] - odd
    assert about["annotations"]["hash"]
    assert (about["annotations"]["excluded"], about["annotations"]["relabelled"]) == (odd, wrong)

    dataset(page, app, "?find=wrong/")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".tile").first).not_to_contain_text("relabelled")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Undo")).to_be_hidden()
    assert scanned(world, mine)["fingerprint"] == before["fingerprint"]


def test_a_folder_is_previewed_before_it_is_used(app, page, world, mine):
    opened(page, f"{app.url}/dataset?open=1", "Dataset")
    path = page.get_by_role("textbox", name="Path of a folder or archive")
    path.fill(str(mine / "wrong"))
    path.press("Enter")
    expect(page.get_by_text("There are no cats here")).to_be_visible()
    page.get_by_role("button", name="Choose another").click()
    path.fill(str(mine))
    path.press("Enter")
    expect(page.get_by_role("button", name="Use it", exact=True)).to_be_visible()
    expect(page.get_by_test_id("stMain").get_by_role("img")).to_have_count(8)
    picture(page, "dataset-preview")
    page.get_by_role("button", name="Use it", exact=True).click()
    expect(page.locator(".tile").first).to_be_visible()


def test_a_dark_page_of_errors_is_readable(app, page):
    dataset(page, app)
    page.get_by_role("button", name="Open photos").click()
    path = page.get_by_role("textbox", name="Path of a folder or archive")
    path.fill("/no/such/folder")
    path.press("Enter")
    expect(page.get_by_text("nothing at that path")).to_be_visible()
    page.get_by_role("tab", name="Web address").click()
    page.get_by_label("Address of a zip").fill("http://127.0.0.1:9/photos.zip")
    page.get_by_label("Address of a zip").press("Enter")
    page.get_by_role("button", name="Download", exact=True).click()
    expect(page.get_by_text(re.compile("Received: .*connection"))).to_be_visible(timeout=180_000)
    picture(page, "dataset-errors")
