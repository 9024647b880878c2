"""Every view against WCAG 2.1, levels A and AA, with axe-core, in the light and the dark theme."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import command_line, find_imagenet_weights
from playwright.sync_api import expect

from catsdogs.labels import CLASS_NAMES
from catsdogs.ui.shared.pages import CLASSIFY, COMPARE, DATASET, HOME, PAGES, RUN, TRAIN, Page
from e2e.conftest import opened, press_until, serving, settle

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

RULES = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
# A theme changes only colours.
RULES_OF_THEMES = {"type": "rule", "values": ["color-contrast"]}

BACKGROUND = "getComputedStyle(document.querySelector('.stApp')).backgroundColor"
IS_DARK = "matchMedia('(prefers-color-scheme: dark)').matches"


@pytest.fixture(scope="module")
def world(trained_world, put_backbone, tmp_path_factory):
    """A machine with a dataset that was checked, and two trained runs."""
    world = tmp_path_factory.mktemp("accessible")
    for name in ("data", "artifacts", "cache"):
        shutil.copytree(trained_world / name, world / name)
    if weights := find_imagenet_weights():
        put_backbone(weights, world / "cache")
    places = {f"CATSDOGS_{name.upper()}": world / name for name in ("data", "artifacts", "cache")}
    command_line("data", "health", world / "data" / "sample", **places)
    return world


@pytest.fixture(scope="module")
def app(world):
    with serving(world) as server:
        yield server


def give_a_picture(page, world) -> None:
    page.keyboard.press("Escape")  # Closes the switch.
    page.set_input_files("input[type=file]", world / "data" / "sample" / "cat.10.jpg")
    expect(page.locator(".stage .heat")).to_be_visible()


def give_two_pictures(page, world) -> None:
    files = [world / "data" / "sample" / f"{name}.10.jpg" for name in CLASS_NAMES]
    page.set_input_files("input[type=file]", files)
    expect(page.locator("[class*=st-key-classify_table] canvas").first).to_be_visible()


def contact_sheet(page, world) -> None:
    choose_view(page, "Contact sheet")
    expect(page.locator(".tile")).to_have_count(2)


def charts(page, world) -> None:
    page.keyboard.press("Escape")  # Closes the photo.
    expect(page.get_by_role("dialog")).to_be_hidden()
    settle(page)
    choose_view(page, "Charts")


def map_of_photos(page, world) -> None:
    choose_view(page, "Map")


def health(page, world) -> None:
    choose_view(page, "Health")


def review(page, world) -> None:
    choose_view(page, "Review")


def choose_view(page, name: str) -> None:
    page.get_by_role("radio", name=name, exact=True).click()
    expect(page.get_by_role("radio", name=name, exact=True)).to_be_checked()


def open_a_photo(page, world) -> None:
    page.locator("button.tile").first.click()
    expect(page.get_by_role("dialog").locator("img.picture")).to_be_visible()


def edit_the_picture(page, world) -> None:
    summary, rotate = (page.get_by_text(t, exact=True) for t in ("What if …", "Rotate"))
    press_until(summary.click, rotate)


def look_inside(page, world) -> None:
    summary = page.get_by_text("What the network sees", exact=True)
    press_until(summary.click, page.get_by_text("Agreement of the two maps"))


def choose_a_cell(page, world) -> None:
    page.get_by_role("button", name="called dog").first.click()


def new_run(page, world) -> None:
    summary = page.get_by_test_id("stMain").get_by_text("New run", exact=True)
    press_until(summary.click, page.get_by_text("Own settings"))


def open_settings(page, world) -> None:
    page.get_by_text("Own settings").click()


def open_the_switch(page, world) -> None:
    page.get_by_role("button", name="Switch dataset").click()


@dataclass(frozen=True)
class Visit:
    """A page at an address, and actions that each lead from one view of it to the next."""

    page: Page
    address: str = ""
    actions: tuple[Callable[..., None], ...] = ()

    @property
    def name(self) -> str:
        """Its name in the list of tests."""
        actions = (action.__name__ for action in self.actions)
        return " ".join(filter(None, [self.page.title, self.address, *actions]))


VISITS = (
    Visit(HOME, actions=(open_the_switch, give_a_picture, edit_the_picture, look_inside)),
    Visit(CLASSIFY, "?classify_view=Table", (give_two_pictures, contact_sheet)),
    Visit(DATASET, "?open=1"),
    Visit(DATASET, actions=(open_a_photo, charts, map_of_photos, health, review)),
    Visit(TRAIN, actions=(new_run, open_settings)),
    Visit(RUN),
    Visit(COMPARE, actions=(choose_a_cell, open_a_photo)),
)


def test_every_page_is_visited():
    assert {visit.page for visit in VISITS} == {*PAGES, RUN}


@pytest.mark.parametrize("visit", VISITS, ids=lambda visit: visit.name)
def test_no_view_breaks_a_rule_of_wcag(app, page, world, visit):
    path = "" if visit.page is HOME else visit.page.title.lower()
    opened(page, f"{app.url}/{path}{visit.address}", visit.page.title)
    require_no_violation(page, visit.page.title)
    for action in visit.actions:
        action(page, world)
        require_no_violation(page, action.__name__)


def require_no_violation(page, view: str) -> None:
    """Check the page in the theme that it has and then in the other one, in which it stays.

    It is not put back, so that no action begins while the page changes its theme.
    """
    settle(page)
    page.wait_for_timeout(1000)
    assert violations(page) == [], view
    before = background(page)
    page.emulate_media(color_scheme="light" if page.evaluate(IS_DARK) else "dark")
    page.wait_for_function(f"{BACKGROUND} !== {before!r}")
    settle(page)
    page.wait_for_timeout(500)
    assert violations(page, RULES_OF_THEMES) == [], view


def test_the_check_finds_a_picture_without_a_text(app, page):
    opened(page, app.url, "Home")
    page.evaluate("document.querySelector('main, .stMain').append(new Image(9, 9))")
    assert any("image-alt" in found for found in violations(page))


def background(page) -> str:
    """Return the colour of the page's background, which the theme decides."""
    return page.evaluate(BACKGROUND)


def violations(page, rules=RULES) -> list[str]:
    """Return a line for each element that breaks a rule; Streamlit's own elements count too."""
    found = Axe().run(page, options={"runOnly": rules}).response["violations"]
    return [
        f"{rule['id']}: {node['html'][:200]} {node['failureSummary'][:300]}"
        for rule in found
        for node in rule["nodes"]
    ]
