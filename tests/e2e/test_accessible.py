"""Every page against WCAG 2.1, levels A and AA, with axe-core, in the light and the dark theme."""

import shutil

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import command_line

from catsdogs.ui.shared.pages import PAGES
from e2e.conftest import opened, serving, settle

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}
# Parts of Streamlit and of Plotly that the app cannot change: the rule, a part of the element that
# breaks it, and why it cannot be mended here. Everything else has to be free of violations.
NOT_OURS: tuple[tuple[str, str, str], ...] = ()


@pytest.fixture(scope="module")
def world(trained_world, tmp_path_factory):
    """A machine with a dataset that was checked, and two trained runs."""
    world = tmp_path_factory.mktemp("accessible")
    for name in ("data", "artifacts", "cache"):
        shutil.copytree(trained_world / name, world / name)
    places = {f"CATSDOGS_{name.upper()}": world / name for name in ("data", "artifacts", "cache")}
    command_line("data", "health", world / "data" / "sample", **places)
    return world


@pytest.fixture(scope="module")
def app(world):
    with serving(world) as server:
        yield server


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("entry", PAGES, ids=lambda entry: entry.title)
def test_a_page_breaks_no_rule_of_wcag(app, page, entry, scheme):
    page.emulate_media(color_scheme=scheme)
    address = "" if entry.title == "Home" else entry.title.lower()
    opened(page, f"{app.url}/{address}", entry.title)
    settle(page)
    page.wait_for_timeout(1500)
    assert violations(page) == []


def test_the_check_finds_a_picture_without_a_text(app, page):
    opened(page, app.url, "Home")
    page.evaluate("document.querySelector('main, .stMain').append(new Image(9, 9))")
    assert any("image-alt" in found for found in violations(page))


def violations(page) -> list[str]:
    """Return a line for each element that breaks a rule, but for those in ``NOT_OURS``."""
    page.keyboard.press("Escape")  # A tooltip may be open.
    found = Axe().run(page, options=RULES).response["violations"]
    return [
        f"{rule['id']}: {node['html'][:200]} {node['failureSummary'][:300]}"
        for rule in found
        for node in rule["nodes"]
        if not any(rule["id"] == id_ and part in node["html"] for id_, part, _ in NOT_OURS)
    ]
