"""The tour, followed to its end as a person follows it."""

import re
import shutil

import pytest
from conftest import PROJECT
from playwright.sync_api import expect

from catsdogs.ui.shared import tour
from e2e.conftest import opened, serving, settle

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
RUNS = ("reference-custom_cnn-plain", "reference-custom_cnn")


@pytest.fixture
def app(kaggle_folder, empty_machine):
    """The app with the runs of the tour, and a few photos."""
    for name in RUNS:
        shutil.copytree(PROJECT / "artifacts" / name, empty_machine / "artifacts" / name)
    (empty_machine / "data").mkdir()
    (empty_machine / "data" / "current.txt").write_text(str(kaggle_folder))
    with serving(empty_machine) as server:
        yield server


def test_the_tour_is_followed_to_its_end_over_a_reload_and_a_detour(app, page):
    opened(page, app.url, "Home")
    settle(page)
    page.get_by_role("button", name=f"Tour: {tour.TITLE}").click()
    card = page.locator(".st-key-tour_card")
    for number, step in enumerate(tour.STEPS, 1):
        expect(page.get_by_role("heading", name=step.page.title, exact=True)).to_be_visible()
        expect(card).to_contain_text(f"{number} of {len(tour.STEPS)}: {step.title}")
        expect(page).to_have_url(re.compile(f"tour={number}"))
        settle(page)
        if tab := next(iter(step.state.values()), ""):
            expect(page.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true")
        if number == 2:
            page.reload()
            expect(card).to_contain_text(step.title)
            page.get_by_test_id("stSidebar").get_by_role("link", name="Train").click()
            expect(card).to_contain_text("This step is on another page.")
            settle(page)
            card.get_by_role("button", name="Show it").click()
            expect(page.get_by_role("heading", name="Run", exact=True)).to_be_visible()
            settle(page)
        if number < len(tour.STEPS):
            card.get_by_role("button", name="Next").click()
    card.get_by_role("button", name="Train your own").click()
    expect(page.get_by_role("heading", name="Train", exact=True)).to_be_visible()
    settle(page)
    expect(card).to_have_count(0)
    assert "tour=" not in page.url
    assert page.strangers == []
