"""The first minutes of someone who has just installed the app, and has no network."""

import io
import shutil
import zipfile

import numpy as np
import pytest
from conftest import NATIVE_ZIP, PROJECT
from PIL import Image
from playwright.sync_api import Page, expect

from catsdogs.runs import store
from e2e.conftest import fill_form, opened, picture, serving, settle

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """The app with what the project ships, no weights, and a proxy that nobody answers at."""
    world = tmp_path_factory.mktemp("fresh")
    for run in (PROJECT / "artifacts").glob("reference-*"):
        shutil.copytree(run, world / "artifacts" / run.name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_HOME", str(world / "keras"))
        patch.delenv("CATSDOGS_MOBILENET_WEIGHTS", raising=False)
        for name in ("http_proxy", "https_proxy"):
            patch.setenv(name, "http://127.0.0.1:9")
        patch.setenv("no_proxy", "localhost")
        with serving(world) as server:
            server.world = world
            yield server


def test_home_leads_to_a_photo_first(app, page):
    opened(page, app.url, "Home")
    expect(page.get_by_text("Drop pictures, or archives of pictures")).to_be_visible()
    expect(page.locator(".tile")).to_have_count(8)
    expect(page.get_by_test_id("stMetric").nth(1)).to_contain_text("2", timeout=180_000)
    expect(page.get_by_role("button", name="Train a model")).to_be_visible()


def test_classify_answers_with_the_shipped_models(app, page):
    opened(page, f"{app.url}/classify", "Classify")
    noise = np.random.default_rng(0).integers(0, 256, (200, 300, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, "PNG")
    given(page, "noise.png", buffer.getvalue())
    expect(page.get_by_text("unlike the training photos")).to_be_visible()
    picture(page, "fresh-classify")
    assert not page.strangers


def test_classify_is_right_about_a_photo(app, page):
    if not NATIVE_ZIP.is_file():
        pytest.skip("the real photos (../shared/data) are not on this machine")
    opened(page, f"{app.url}/classify", "Classify")
    with zipfile.ZipFile(NATIVE_ZIP) as photos:
        given(page, "photo.jpg", photos.read("train/cat.10.jpg"))
    expect(page.locator(".st-key-classify_answer h2")).to_contain_text("Cat")
    expect(page.get_by_text("Both runs agree")).to_be_visible()
    expect(page.get_by_text("Most similar training photos")).to_have_count(0)


def test_train_shows_the_curves_of_a_shipped_run(app, page):
    opened(page, f"{app.url}/train", "Train")
    expect(page.get_by_text("A reference run: it came with the project")).to_be_visible()
    expect(page.locator("[class*=st-key-train_curves] .js-plotly-plot").first).to_be_visible()
    expect(page.get_by_role("button", name="Delete")).to_have_count(0)


def test_compare_has_four_runs_curves_matrices_and_a_verdict(app, page):
    opened(page, f"{app.url}/compare", "Compare")
    expect(page.get_by_role("heading", name="is better")).to_be_visible()
    expect(page.get_by_role("tab", name="All 4 runs")).to_be_visible()
    expect(page.get_by_text("are not on this machine")).to_be_visible()
    assert not page.strangers


@pytest.mark.long
@pytest.mark.parametrize("model", ["MobileNetV2", "Custom CNN"])
def test_train_trains_both_models_on_the_sample(app, page, monkeypatch, model):
    monkeypatch.setenv("CATSDOGS_ARTIFACTS", str(app.world / "artifacts"))
    before = {run.run_id for run in store.list_runs()[0]}
    opened(page, f"{app.url}/train", "Train")
    fill_form(page, "Best" if model == "MobileNetV2" else "2-minute look")
    box = page.get_by_role("spinbutton", name="Epochs", exact=True)
    box.fill("2")
    box.press("Enter")
    settle(page)
    page.get_by_role("button", name="Start training").click()
    expect(page.get_by_role("button", name="Continue")).to_be_visible(timeout=180_000)
    expect(page.get_by_text("of 119 validation photos right")).to_be_visible()
    warning = page.get_by_text("It started from the MobileNetV2 that comes with this project")
    if model == "MobileNetV2":
        expect(warning.first).to_be_visible()
    picture(page, f"fresh-train-{model}")
    (run,) = (run for run in store.list_runs()[0] if run.run_id not in before)
    assert bool(run.caveat) == (model == "MobileNetV2")
    assert not page.strangers


def given(page: Page, name: str, content: bytes) -> None:
    """Drop a file on the page."""
    file = {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    page.set_input_files("input[type=file]", [file])
