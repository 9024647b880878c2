"""A dataset from nothing: dropped photos and the camera, then a model that answers."""

import shutil

import pytest
from playwright.sync_api import expect

from catsdogs.sources.sample import draw_sample
from e2e.conftest import BROWSER_OPTIONS, BROWSERS, serving, settle

pytestmark = [pytest.mark.e2e, pytest.mark.long]
FAKE_CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]


@pytest.fixture
def camera_page(browser, tmp_path):
    """A page of a browser with a camera, and the app that it is for."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    with serving(tmp_path) as server:
        own = browser.browser_type.launch(
            executable_path=found, args=[*BROWSER_OPTIONS, *FAKE_CAMERA]
        )
        yield own.new_page(viewport={"width": 1360, "height": 900}), server
        own.close()


def test_photos_of_two_new_classes_become_a_model_in_use(camera_page, tmp_path):
    page, server = camera_page
    drawn = draw_sample(tmp_path / "drawn", images=40)
    page.goto(f"{server.url}/dataset?open=1")
    page.get_by_role("tab", name="New dataset").click()
    for place, (title, name, kind) in enumerate(
        (("First class", "round ears", "cat"), ("Second class", "long ears", "dog"))
    ):
        page.get_by_role("textbox", name=title).fill(name)
        page.keyboard.press("Tab")
        settle(page)
        photos = sorted(drawn.glob(f"{kind}.*.jpg"))[4:13]
        page.locator(f"[class*=st-key-collect_files_{place}] input[type=file]").set_input_files(
            photos
        )
        expect(page.get_by_text("9 photos", exact=True)).to_be_visible()
        page.locator(f"[class*=st-key-collect_camera_{place}] button").first.click()
        settle(page)
        page.get_by_role("button", name="Take Photo").click()
        expect(page.get_by_text("10 photos", exact=True)).to_have_count(place + 1)
        page.keyboard.press("Escape")
    page.get_by_role("button", name="Create dataset").click()
    expect(page.get_by_text("20 photos", exact=True)).to_be_visible()
    expect(page.get_by_text("10 round ears · 10 long ears")).to_be_visible()
    page.goto(f"{server.url}/train?new=1")
    page.get_by_role("button", name="Start").first.click()
    expect(page.get_by_role("button", name="Try it on a photo")).to_be_visible(timeout=180_000)
    page.get_by_role("button", name="Try it on a photo").click()
    page.locator("input[type=file]").first.set_input_files(sorted(drawn.glob("dog.*.jpg"))[14])
    expect(page.get_by_role("heading", name="ears")).to_be_visible()
