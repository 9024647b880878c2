"""Hostile images dropped on the real app in a real browser."""

import shutil

import pytest
from conftest import PROJECT
from hostile_images import write_corpus
from playwright.sync_api import expect

from e2e.conftest import opened, serving, settle

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    world = tmp_path_factory.mktemp("hostile")
    name = "reference-custom_cnn"
    shutil.copytree(PROJECT / "artifacts" / name, world / "artifacts" / name)
    with serving(world) as server:
        yield server


def test_hostile_images_are_rows_with_reasons_and_the_page_goes_on(app, page, tmp_path):
    expected = write_corpus(tmp_path / "corpus", every=15)
    assert {"", "truncated", "too_large", "not_an_image"} <= set(expected.values())
    opened(page, f"{app.url}/classify", "Classify")
    page.set_input_files("input[type=file]", sorted((tmp_path / "corpus").iterdir()))
    page.get_by_role("radio", name="Contact sheet", exact=True).click(timeout=120_000)
    settle(page)
    expect(page.get_by_text("files cannot be read")).to_be_visible()
    settle(page)
    expect(page.locator(".tile").first).to_be_visible()
    assert page.locator(".tile").count() == len(expected)
    assert page.locator(".tile .note").filter(has_text="cut short").count() > 0
    assert not page.get_by_test_id("stException").count()
    opened(page, f"{app.url}/train", "Train")
    assert not page.strangers
