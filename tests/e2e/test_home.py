"""Home in a real browser: a photo is dropped or an example clicked, and the answer is in view."""

import shutil

import pytest
from conftest import PROJECT
from playwright.sync_api import expect

from catsdogs.sources.sample import draw_sample
from e2e.conftest import assert_above_the_fold, at_sizes, opened, picture, serving

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
SIZES = ((1440, 900), (1100, 800))


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """The drawn sample, and the runs that come with the project."""
    world = tmp_path_factory.mktemp("home")
    draw_sample(world / "data" / "sample", images=80)
    for run in (PROJECT / "artifacts").glob("reference-*"):
        shutil.copytree(run, world / "artifacts" / run.name)
    return world


@pytest.fixture(scope="module")
def app(world):
    with serving(world) as server:
        yield server


def test_a_dropped_picture_fits_above_the_fold_with_its_answer(app, page, world):
    opened(page, app.url, "Home")
    page.set_input_files("input[type=file]", world / "data" / "sample" / "cat.10.jpg")
    for _, height in at_sizes(page, SIZES):
        assert_above_the_fold(page, height)
    # A filmstrip of several, and the list of their files, leave it in view.
    photos = sorted((world / "data" / "sample").glob("dog.*.jpg"))[:8]
    page.set_input_files("input[type=file]", photos)
    expect(page.locator(".strip .tile")).to_have_count(9)
    for _, height in at_sizes(page, SIZES):
        assert_above_the_fold(page, height)


def test_the_drop_zone_and_the_examples_are_on_the_first_screen(app, page):
    opened(page, app.url, "Home")
    examples = page.locator(".tile")
    expect(examples).to_have_count(8)
    for _, height in at_sizes(page, SIZES):
        for part in (page.get_by_test_id("stFileUploader"), examples.last):
            box = part.bounding_box()
            assert box["y"] + box["height"] <= height
    picture(page, "home-empty")


def test_examples_are_recognised_and_a_temple_is_neither(app, page):
    opened(page, app.url, "Home")
    page.get_by_role("button", name="Drawing of a dog 10.jpg").click()
    answer = page.locator(".st-key-classify_answer h2")
    expect(answer).to_contain_text("Dog")
    expect(page.get_by_text("Both runs agree")).to_be_visible()
    page.get_by_role("button", name="Examples").click()
    page.get_by_role("button", name="china.jpg").click()
    expect(answer).to_have_text("Neither")
    expect(page.get_by_text("unlike the training photos")).to_be_visible()
    assert page.strangers == []


def test_on_a_phone_nothing_is_cut(app, page):
    page.set_viewport_size({"width": 420, "height": 900})
    opened(page, app.url, "Home")
    expect(page.get_by_test_id("stMetric")).to_have_count(2)
    main = page.get_by_test_id("stMain")
    assert not main.evaluate("node => node.scrollWidth > node.clientWidth")
    for value in page.get_by_test_id("stMetricValue").all():
        assert value.evaluate("node => node.scrollWidth <= node.clientWidth + 1")
