"""A run in the browser: started, watched, left, found again, stopped, resumed, extended."""

import io
import os
import signal

import numpy as np
import psutil
import pytest
from conftest import command_line
from PIL import Image
from playwright.sync_api import Page, expect

from catsdogs.runs import queue, store
from catsdogs.system import processes
from e2e.conftest import (
    fill_form,
    fill_number,
    opened,
    picture,
    serving,
    settle,
    start_custom_cnn,
    stop_button,
)

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

CURVES = "[class*=st-key-train_curves] .js-plotly-plot"
LAST_POINT = f"(document.querySelector('{CURVES}')?.data?.[1].x.at(-1) ?? 0)"
# Tags the chart's node, and counts how often it is given new points and in how many frames it is
# another node, or has no curve.
WATCH = """(node, selector) => {
  node.tagged = true;
  window.watched = {updates: 0, others: 0, blank: 0};
  node.on("plotly_afterplot", () => { watched.updates += 1; });
  const look = () => {
    const now = document.querySelector(selector);
    watched.others += now === null || !now.tagged;
    watched.blank += now !== null && now.querySelectorAll("path.js-line").length === 0;
    requestAnimationFrame(look);
  };
  look();
}"""
UPDATES = 10


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A drawn sample, and no run."""
    root = tmp_path_factory.mktemp("train")
    places = {f"CATSDOGS_{n}": root / n.lower() for n in ("DATA", "ARTIFACTS", "CACHE")}
    sample = root / "data" / "sample"
    assert command_line("data", "sample", "--images", 120, "--out", sample, **places)[0] == 0
    yield root
    # The runs that a failed test left at work outlive their server.
    for process in psutil.process_iter(["cmdline"]):
        if any(str(root) in word for word in process.info["cmdline"] or []):
            process.kill()


@pytest.fixture(scope="module")
def app(world):
    """The app, whose runs compute on one thread: here they have only to go on."""
    with serving(world, TF_NUM_INTRAOP_THREADS="1", TF_NUM_INTEROP_THREADS="1") as server:
        yield server


@pytest.fixture
def runs(world, monkeypatch):
    """Read the runs of this world, newest first."""
    monkeypatch.setenv("CATSDOGS_ARTIFACTS", str(world / "artifacts"))
    return lambda: store.list_runs()[0]


def watch_a_long_run(page: Page, address: str, runs) -> None:
    """Open Train with a run at work; start one if there is none."""
    opened(page, f"{address}/train", "Train")
    if not runs():
        start_custom_cnn(page, epochs=1000)
    wait_for_a_curve(page)


def wait_for_a_curve(page: Page) -> None:
    page.wait_for_selector(f"{CURVES} .js-line", timeout=180_000)


def zoom(page: Page) -> list[float]:
    """Drag over the loss curve's left half; return the range that the chart then shows."""
    box = page.locator(f"{CURVES} .nsewdrag").first.bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 30, steps=5)
    page.mouse.up()
    page.wait_for_timeout(500)
    return page.evaluate(f"document.querySelector('{CURVES}').layout.xaxis.range")


def curve_share(page: Page) -> float:
    """Return the share of the chart's pixels on the screen that have the colour of a curve."""
    box = page.locator(CURVES).first.bounding_box()
    shot = Image.open(io.BytesIO(page.screenshot(clip=box))).convert("RGB")
    pixels = np.asarray(shot, dtype=int)
    return float((pixels.max(axis=-1) - pixels.min(axis=-1) > 40).mean())


def test_the_run_goes_on_while_nobody_looks_and_is_found_again(app, page, runs):
    watch_a_long_run(page, app.url, runs)
    before = page.evaluate(LAST_POINT)
    page.get_by_test_id("stSidebar").get_by_role("link", name="Home").click()
    expect(page.get_by_test_id("stSidebar").get_by_text("CNN 1")).to_be_visible()
    page.get_by_test_id("stSidebar").get_by_role("link", name="Train").click()
    wait_for_a_curve(page)
    page.wait_for_function(f"{LAST_POINT} > {before}")
    page.reload()
    wait_for_a_curve(page)
    assert page.evaluate(LAST_POINT) > before


def test_two_tabs_agree_on_a_stop_and_a_resume(app, page, runs):
    other = page.context.new_page()
    for tab in (page, other):
        watch_a_long_run(tab, app.url, runs)
    stop_button(page).click()
    for tab in (page, other):
        expect(tab.get_by_text("Stopped early")).to_be_visible(timeout=180_000)
    picture(page, "train-stopped")
    expect(other.get_by_text("stopped").first).to_be_visible()
    other.get_by_role("button", name="Resume").click()
    for tab in (other, page):
        expect(stop_button(tab)).to_be_visible()
    assert len(runs()) == 1


def test_a_killed_server_leaves_the_run_alone(app, page, runs, world):
    before = runs()[0]
    with serving(world) as second:
        opened(page, f"{second.url}/train", "Train")
        wait_for_a_curve(page)
        os.kill(second.process.pid, signal.SIGKILL)
        second.process.wait()
    assert runs()[0].state is before.state
    opened(page, f"{app.url}/train", "Train")
    wait_for_a_curve(page)
    last = page.evaluate(LAST_POINT)
    page.wait_for_function(f"{LAST_POINT} > {last}")
    assert runs()[0].worker == before.worker


def test_a_second_press_ends_the_run_at_once(app, page, runs):
    opened(page, f"{app.url}/train", "Train")
    worker = runs()[0].worker
    # Suspended, so that it cannot end by itself before the second press.
    os.kill(worker.pid, signal.SIGSTOP)
    stop_button(page).click()
    at_once = page.get_by_role("button", name="Stop at once")
    expect(at_once).to_be_visible()
    settle(page)
    before = at_once.bounding_box()
    # Some looks at a run of which there is no news: what they show stays, and in its place.
    page.wait_for_timeout(3000)
    expect(page.get_by_text("Stopping, then measuring and saving the model")).to_be_visible()
    expect(page.get_by_text("GB of memory")).to_be_visible()
    assert at_once.bounding_box() == before
    at_once.click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    assert not processes.is_alive(worker)
    # The message of the run's end lies over the button while the mouse is on it.
    page.mouse.move(0, 0)
    expect(page.get_by_test_id("stToast").first).to_be_hidden()
    page.get_by_role("button", name="Delete").first.click()
    page.get_by_role("button", name="Delete this run").click()
    expect(page.get_by_text("The curves of your first run appear here")).to_be_visible()
    assert runs() == []


@pytest.mark.long
def test_updates_leave_the_chart_and_its_zoom_in_place(app, page, runs):
    watch_a_long_run(page, app.url, runs)
    page.wait_for_function(f"{LAST_POINT} > 2", timeout=180_000)
    # Out of the menu: the range is the whole curve's until a hand changes it.
    chosen = zoom(page)
    page.query_selector(CURVES).evaluate(WATCH, CURVES)
    drawn = []
    while page.evaluate("window.watched.updates") < UPDATES:
        drawn.append(curve_share(page))
    watched = page.evaluate("window.watched")
    assert (watched["others"], watched["blank"]) == (0, 0)
    assert page.evaluate(f"document.querySelector('{CURVES}').layout.xaxis.range") == chosen
    assert min(drawn) > 0.001
    picture(page, "train-live")
    queue.kill(runs()[0])
    queue.delete(runs()[0])


@pytest.mark.long
def test_runs_queue_and_a_finished_one_is_extended(app, page, runs):
    opened(page, f"{app.url}/train", "Train")
    start_custom_cnn(page, epochs=1)
    fill_form(page, "2-minute look")
    fill_number(page, "Epochs", 1)
    page.get_by_role("button", name="Add to the queue").last.click()
    expect(page.get_by_test_id("stSidebar").get_by_text("1 run in the queue")).to_be_visible()
    picture(page, "train-queue")
    expect(page.get_by_test_id("stToast").first).to_be_visible(timeout=180_000)
    expect(page.get_by_role("button", name="Continue")).to_be_visible(timeout=180_000)
    page.wait_for_function("() => !document.body.innerText.includes('in the queue')")
    assert [run.state for run in runs()] == ["finished", "finished"]
    page.get_by_role("button", name="Continue").click()
    fill_number(page, "More epochs", 2)
    page.get_by_role("button", name="Continue training").click()
    expect(page.get_by_text("3 of 3 epochs").first).to_be_visible(timeout=180_000)
    picture(page, "train-extended")
    assert sorted(run.epochs_done for run in runs()) == [1, 3]
    assert page.strangers == []
