"""What does it cost to watch a training, and how soon is a point on the screen?

    python -m benchmarks.train_page [--runs 1000] [--minutes 1] [--json]

Draws a sample, trains custom CNNs on it and follows them in a real server and browser. Measures:

- the time from the click to the first point, and from writing a point to drawing it
- how often the chart's node is replaced, compared with ``st.plotly_chart`` in a fragment
- how much watching slows the training, and how much an idle page costs the server

Then makes many finished runs and times the
pages that list them. Browser, server and training share this machine's cores.
"""

import argparse
import importlib
import json
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright
from streamlit.testing.v1 import AppTest

from benchmarks.browser import chromium, serving
from catsdogs import paths
from catsdogs.runs import layout, queue, store
from catsdogs.runs.config import RunConfig
from catsdogs.runs.run import Run
from catsdogs.runs.view import position
from catsdogs.sources.sample import draw_sample, sample_dir

_IMAGES, _BATCH_SIZE = 2000, 32
_TURNS = 8
_CHART = "[class*=st-key-train_curves] .js-plotly-plot"
_DRAWN = f"document.querySelector('{_CHART}')?.data?.[1]?.x?.at(-1) ?? 0"
# The usual live chart: Streamlit's own, redrawn as often as ours.
_PEER = """
import streamlit as st
from pathlib import Path
from catsdogs.charts import training
from catsdogs.runs import store

@st.fragment(run_every=1.0)
def watch():
    view = store.load(Path({folder!r})).view
    st.plotly_chart(training.training_curves({{"run": view}}), key="curves")

watch()
"""
_COUNT_NODES = """(selector) => {
  window.nodes = new Set();
  setInterval(() => { nodes.add(document.querySelector(selector)); }, 20);
}"""


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for name in ("DATA", "ARTIFACTS", "CACHE"):
            os.environ[f"CATSDOGS_{name}"] = str(Path(folder) / name.lower())
        draw_sample(sample_dir(), images=_IMAGES, seed=7)
        rows = _watching(60 * options.minutes) + _listing(options.runs)
    if options.json:
        print(json.dumps(rows, indent=2))
        return
    print("| what | ours | peer | peer's |\n|---|---:|---|---:|")
    for row in rows:
        theirs = f"{row['peers']:.3g} {row['unit']}" if row["peer"] else ""
        print(f"| {row['what']} | {row['ours']:.3g} {row['unit']} | {row['peer']} | {theirs} |")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _watching(seconds: float) -> list[dict[str, Any]]:
    # The first run decodes the images and fills the system's file cache.
    _ended(queue.start(_config(epochs=1)))
    with serving() as (url, server), sync_playwright() as playwright:
        browser = chromium(playwright)
        page = browser.new_page(viewport={"width": 1360, "height": 900})
        page.goto(f"{url}/train")
        page.locator(_CHART).wait_for(timeout=60_000)
        idle = _share_of_a_core(server, seconds)
        first_s = _click_to_first_point(page)
        delays = _delays(page, seconds)
        replaced = _replaced_nodes(page, _CHART, seconds / 2)
        peers = _peers_replaced_nodes(playwright, store.list_runs()[0][0], seconds / 2)
        watched, alone = _watched_and_alone(page, store.list_runs()[0][0], seconds / 2)
        browser.close()
    _stopped()
    return [
        _row("idle Train page: server's share of a core", 100 * idle, "%"),
        _row("from the click to the first point", first_s, "s"),
        _row("from a point's writing to the screen, median", statistics.median(delays), "s"),
        _row("the same, slowest", max(delays), "s"),
        _row("chart replaced, times per minute", replaced, "", "st.plotly_chart", peers),
        _row("training, watched", watched, "images/s", "not watched", alone),
        _row("watching costs", 100 * (1 - watched / alone), "%"),
    ]


def _config(*, epochs: int) -> RunConfig:
    data = str(sample_dir())
    return RunConfig("custom_cnn", data, epochs=epochs, batch_size=_BATCH_SIZE)


def _ended(run: Run) -> Run:
    return queue.follow(run, lambda _: None)


def _stopped() -> None:
    run = store.list_runs()[0][0]
    queue.request_stop(run)
    _ended(run)


def _share_of_a_core(server: Any, seconds: float) -> float:
    time.sleep(5)
    before = sum(server.cpu_times()[:2])
    time.sleep(seconds)
    return (sum(server.cpu_times()[:2]) - before) / seconds


def _click_to_first_point(page: Page) -> float:
    """Start a long run with a click; return the seconds until its first point is drawn."""
    page.get_by_text("New run", exact=True).click()
    page.get_by_role("button", name="Adjust").last.click()
    for name, value in (("Epochs", 1000), ("Batch size", _BATCH_SIZE)):
        box = page.get_by_role("spinbutton", name=name, exact=True)
        box.fill(str(value))
        box.press("Enter")
    page.wait_for_timeout(2000)
    page.get_by_role("button", name="Start training").click()
    began = time.monotonic()
    page.wait_for_selector("text=Stopping now keeps", timeout=30_000)
    page.wait_for_selector(f"{_CHART} path.point", timeout=120_000)
    return time.monotonic() - began


def _delays(page: Page, seconds: float) -> list[float]:
    """Return the age of each newest point when it appears on the chart."""
    folder = store.list_runs()[0][0].folder
    before, delays = page.evaluate(_DRAWN), []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        now = page.evaluate(_DRAWN)
        seen_at = time.time()
        if now != before:
            batches = store.load(folder).view.batches
            # The oldest point in this update has waited longest.
            waited = [b.t for b in batches if before < position(b) <= now]
            delays.append(seen_at - min(waited))
            before = now
        page.wait_for_timeout(20)
    return delays


def _replaced_nodes(page: Page, selector: str, seconds: float) -> float:
    """Return how often per minute the selector matches a different node."""
    page.evaluate(_COUNT_NODES, selector)
    page.wait_for_timeout(1000 * seconds)
    return (page.evaluate("nodes.size") - 1) * 60 / seconds


def _peers_replaced_nodes(playwright: Any, run: Run, seconds: float) -> float:
    script = paths.cache_dir() / "peer.py"
    script.write_text(_PEER.format(folder=str(run.folder)), "utf-8")
    os.environ["PYTHONPATH"] = str(paths.PROJECT_ROOT)
    with serving(script) as (url, _):
        browser = chromium(playwright)
        page = browser.new_page()
        page.goto(url)
        page.wait_for_selector(".js-plotly-plot", timeout=60_000)
        count = _replaced_nodes(page, ".js-plotly-plot", seconds)
        browser.close()
    return count


def _watched_and_alone(page: Page, run: Run, seconds: float) -> tuple[float, float]:
    """Return the run's images per second with and without the page open, measured alternately."""
    address, spans = page.url, []
    for turn in range(_TURNS):
        watched = turn % 2 == 0
        page.goto(address if watched else "about:blank")
        time.sleep(8)
        spans.append((watched, time.time()))
        time.sleep(seconds)
    view = store.load(run.folder).view
    speeds: dict[bool, list[float]] = {True: [], False: []}
    for watched, begin in spans:
        batches = [b for b in view.batches if begin <= b.t <= begin + seconds]
        if len(batches) < 2:
            continue  # A busy machine may report less often.
        epochs = position(batches[-1]) - position(batches[0])
        elapsed_s = batches[-1].t - batches[0].t
        speeds[watched].append(epochs * view.split.train / elapsed_s)
    return statistics.mean(speeds[True]), statistics.mean(speeds[False])


def _listing(count: int) -> list[dict[str, Any]]:
    """Time the pages that list many finished runs, each with the events of ten long epochs."""
    ended = next(run for run in store.list_runs()[0] if run.is_usable)
    _multiply(ended, count)
    import_s = _seconds(lambda: importlib.import_module("scipy.stats"))
    rows = [_row("SciPy's import by Compare, once per server", import_s, "s")]
    for name in ("train", "compare"):
        app = AppTest.from_file(str(paths.PROJECT_ROOT / "streamlit_app.py"), default_timeout=120)
        app.switch_page(f"pages/{name}.py")
        opened_s, again_s = (_seconds(app.run) for _ in range(2))
        assert not app.exception
        rows.append(_row(f"{name.capitalize()} with {count:,} runs, first", opened_s, "s"))
        rows.append(_row(f"{name.capitalize()} with {count:,} runs, again", again_s, "s"))
    return rows


def _multiply(run: Run, count: int) -> None:
    events = (run.folder / layout.EVENTS).read_bytes().splitlines()
    batch = next(line for line in events if b'"batch"' in line)
    content = b"\n".join([events[0], *[batch] * 2000, *events[1:]]) + b"\n"
    for number in range(count):
        folder = run.folder.with_name(f"{run.run_id}-{number:04d}")
        folder.mkdir()
        (folder / layout.EVENTS).write_bytes(content)
        for name in (layout.CONFIG, layout.EVALUATION, layout.PREDICTIONS):
            (folder / name).write_bytes((run.folder / name).read_bytes())


def _row(what: str, ours: float, unit: str, peer: str = "", peers: float = 0.0) -> dict[str, Any]:
    return {"what": what, "ours": round(ours, 4), "unit": unit, "peer": peer, "peers": peers}


def _seconds(work: Any) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
