"""The Run page as a person sees it, and its report, which needs no server."""

import re
import shutil

import pytest
from playwright.sync_api import expect

from e2e.conftest import opened, serving, settle

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture(scope="module")
def app(trained_world, tmp_path_factory):
    """The app with two trained runs."""
    world = tmp_path_factory.mktemp("one-run")
    for name in ("data", "artifacts", "cache"):
        shutil.copytree(trained_world / name, world / name)
    with serving(world) as server:
        yield server


def test_a_run_is_reached_from_train_and_its_photos_from_a_cell(app, page):
    opened(page, f"{app.url}/train", "Train")
    page.get_by_test_id("stMain").get_by_role("link", name="All about this run").first.click()
    expect(page.get_by_role("heading", name="Run", exact=True)).to_be_visible()
    accuracy = page.get_by_test_id("stMetric").first
    expect(accuracy).to_contain_text("95 % interval")
    settle(page)
    page.get_by_role("tab", name="Answers").click()
    cells = page.locator("[class*=st-key-run_matrix] button")
    expect(cells.first).to_be_visible()
    counts = [int(text.split()[0]) for text in cells.all_inner_texts()]
    cells.nth(counts.index(max(counts))).click()
    listed = page.get_by_role("combobox", name="Photos of")
    expect(listed).to_have_value(re.compile(f"called .* · {max(counts)}$"))
    tile = page.locator("[class*=st-key-run_answers] .tile").first
    expect(tile).to_contain_text("it says")
    tile.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Its label is")).to_be_visible()
    assert page.strangers == []


@pytest.mark.long
def test_the_report_opens_without_a_server_and_draws_its_charts(app, page, tmp_path):
    opened(page, f"{app.url}/run", "Run")
    settle(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Report").click()
    assert download.value.suggested_filename.endswith(".html")
    download.value.save_as(tmp_path / "run.html")
    page.context.set_offline(True)
    errors = []
    page.on("pageerror", lambda error: errors.append(error))
    page.goto(f"file://{tmp_path / 'run.html'}")
    expect(page.get_by_text("validation photos right").first).to_be_visible()
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    assert page.locator(".js-plotly-plot").count() >= 6
    assert errors == []
    assert [url for url in page.strangers if not url.startswith("file:")] == []
