"""The app as a person uses it, from a first start on an empty machine to an answer."""

import http.client
import shutil

import pytest
from conftest import command_line
from playwright.sync_api import expect

from catsdogs.ui.shared.pages import COMPARE, PAGES
from e2e.conftest import (
    SCREENSHOTS,
    opened,
    picture,
    serving,
    settle,
    start_custom_cnn,
)

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

CURVES = "[class*=st-key-train_curves] .js-plotly-plot"
# Tags the chart's node, and counts the frames in which it is another node, or has no curve.
WATCH = """(node, selector) => {
  node.tagged = true;
  window.watched = {others: 0, blank: 0};
  const look = () => {
    const now = document.querySelector(selector);
    watched.others += now !== null && !now.tagged;
    watched.blank += now !== null && now.querySelectorAll("path.js-line").length === 0;
    requestAnimationFrame(look);
  };
  look();
}"""
POINTS = f"document.querySelector('{CURVES}').data[0].x.length"


@pytest.fixture(scope="module")
def new_app(tmp_path_factory):
    """The app on an empty machine."""
    with serving(tmp_path_factory.mktemp("new")) as server:
        yield server


@pytest.fixture(scope="module")
def world(trained_world, tmp_path_factory):
    """A small drawn sample and two runs, to which the tests of this file add another."""
    world = tmp_path_factory.mktemp("world")
    for name in ("data", "artifacts", "cache"):
        shutil.copytree(trained_world / name, world / name)
    return world


@pytest.fixture(scope="module")
def app(world):
    with serving(world) as server:
        yield server


def test_the_first_page_draws_the_sample_by_itself(new_app, page):
    opened(page, new_app.url, "Home")
    metric = page.get_by_test_id("stMetric").first
    expect(metric).to_contain_text("Photos in your dataset", timeout=180_000)
    expect(page.get_by_role("link", name="Get real photos")).to_be_visible()
    picture(page, "home-first-start")
    assert page.strangers == []


def test_pages_without_a_run_say_what_to_do(new_app, page):
    opened(page, f"{new_app.url}/compare", "Compare")
    expect(page.get_by_text("A comparison needs two trained models")).to_be_visible()
    picture(page, "compare-empty")
    opened(page, f"{new_app.url}/classify", "Classify")
    expect(page.get_by_text("No model is here yet")).to_be_visible()
    picture(page, "classify-empty")
    opened(page, f"{new_app.url}/train", "Train")
    expect(page.get_by_text("The curves of your first run appear here")).to_be_visible()
    picture(page, "train-empty")


def test_training_moves_one_chart_in_place(app, page):
    opened(page, f"{app.url}/train", "Train")
    start_custom_cnn(page, epochs=2)
    page.wait_for_selector(f"{CURVES} .js-line", timeout=180_000)
    page.query_selector(CURVES).evaluate(WATCH, CURVES)
    first = page.evaluate(POINTS)
    page.wait_for_function(f"{POINTS} > {first}")
    assert page.evaluate("window.watched") == {"others": 0, "blank": 0}
    picture(page, "train-live")
    expect(page.get_by_role("button", name="Continue")).to_be_visible(timeout=180_000)
    picture(page, "train-finished")
    assert page.strangers == []


def test_two_runs_are_compared(app, page):
    opened(page, f"{app.url}/compare", "Compare")
    expect(page.get_by_role("heading", name="photos right")).to_be_visible()
    matrix = page.locator("[class*=st-key-compare_matrix_A]")
    expect(matrix.get_by_role("button")).to_have_count(4)
    assert "a=" in page.url
    picture(page, "compare")
    page.get_by_role("slider", name="Threshold").press("Home")
    # From 0 on everything is a dog.
    expect(matrix.get_by_text("100.0")).to_have_count(2)
    settle(page)
    matrix.get_by_role("button", name="cats called dog").click()
    photos = page.locator("[class*=st-key-compare_chosen_grid]")
    expect(photos.locator(".tile .name").first).to_have_text("cat")
    photos.locator(".tile").first.click()
    expect(page.get_by_role("dialog").get_by_text("Labelled cat")).to_be_visible()
    expect(page.get_by_role("dialog").locator("img")).to_have_count(2)
    picture(page, "compare-photo")
    page.keyboard.press("Escape")
    assert page.strangers == []


def test_a_downloaded_report_works_offline(app, page, browser, tmp_path):
    opened(page, f"{app.url}/compare", "Compare")
    # High enough for what the button opens, wherever it stands.
    page.set_viewport_size({"width": 1360, "height": 2400})
    settle(page)
    page.get_by_role("button", name="Export", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Report as one HTML page").click()
    report = tmp_path / download.value.suggested_filename
    download.value.save_as(report)
    offline = browser.new_context(offline=True, viewport={"width": 1360, "height": 900})
    opened_report, errors, fetched = offline.new_page(), [], []
    opened_report.on("request", lambda request: fetched.append(request.url))
    opened_report.on("pageerror", lambda error: errors.append(error))
    opened_report.goto(report.as_uri())
    expect(opened_report.get_by_text("McNemar")).to_be_visible()
    # Loss, accuracy, two matrices, ROC, precision and recall, reliability, two histograms, sizes,
    # shapes.
    expect(opened_report.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    expect(opened_report.locator(".js-plotly-plot")).to_have_count(11)
    assert opened_report.locator("img").evaluate_all("all => all.every(i => i.naturalWidth > 0)")
    assert errors == []
    assert [url for url in fetched if not url.startswith(("file:", "data:", "blob:"))] == []
    opened_report.screenshot(path=SCREENSHOTS / "report.png", full_page=True)
    offline.close()


def test_a_dropped_photo_is_answered_and_a_text_file_explained(app, page, world, tmp_path):
    (tmp_path / "notes.jpg").write_text("this is text")
    opened(page, f"{app.url}/classify", "Classify")
    photos = [world / "data" / "sample" / f"{name}.jpg" for name in ("cat.10", "dog.10")]
    page.set_input_files("input[type=file]", [*photos, tmp_path / "notes.jpg"])
    # The best of the custom CNNs answers about two pictures.
    expect(page.locator(".strip .tile")).to_have_count(3)
    expect(page.locator(".strip .tile").last).to_contain_text("Received: text")
    picture(page, "classify")
    assert page.strangers == []


def test_home_counts_the_runs(app, page):
    opened(page, app.url, "Home")
    expect(page.get_by_test_id("stMetric").nth(1)).to_contain_text("3")
    picture(page, "home")


def test_the_web_process_stayed_small_and_loaded_no_tensorflow(app):
    loaded = app.loaded_files()
    assert "pyarrow" in loaded
    assert "tensorflow" not in loaded
    # Two custom CNNs are loaded, for each of two threads (140 MB), and what Compare computes with:
    # SciPy (60 MB), scikit-learn's metrics (20 MB), a report with Plotly's script in it (10 MB).
    assert app.resident_mb() < 540


def test_the_server_talks_to_pages_of_this_machine_only(app):
    port = app.url.rsplit(":", 1)[1]
    handshake = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    for host, origin, status in (
        (f"localhost:{port}", app.url, 101),
        ("evil.example", app.url, 403),
        (f"localhost:{port}", "http://evil.example", 403),
    ):
        connection = http.client.HTTPConnection("127.0.0.1", int(port))
        headers = {"Host": host, "Origin": origin, **handshake}
        connection.request("GET", "/_stcore/stream", headers=headers)
        answer = connection.getresponse()
        assert answer.status == status, (host, origin)
        answer.close()
        connection.close()


@pytest.mark.parametrize(
    "entry",
    [pytest.param(page, marks=[] if page is COMPARE else pytest.mark.long) for page in PAGES],
    ids=lambda entry: entry.title,
)
def test_a_cold_deep_link_works(entry, world, page):
    path = "" if entry.title == "Home" else entry.title.lower()
    with serving(world) as server:
        opened(page, f"{server.url}/{path}", entry.title)
        expect(page.get_by_test_id("stSidebar").get_by_text("Drawn sample")).to_be_visible()
        expect(page.get_by_test_id("stException")).to_have_count(0)


def test_the_command_line_sees_the_apps_runs(world):
    places = {f"CATSDOGS_{n}": world / n.lower() for n in ("DATA", "ARTIFACTS", "CACHE")}
    _, runs = command_line("runs", "list", **places)
    assert [run["state"] for run in runs] == ["finished"] * 3
