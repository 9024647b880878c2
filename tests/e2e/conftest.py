"""A real server and a real browser."""

import functools
import math
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, ClassVar
from urllib.parse import urlsplit

import psutil
import pytest
from conftest import PROJECT
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Error,
    Locator,
    Page,
    Request,
    expect,
    sync_playwright,
)

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# Options that keep a browser off the network and let it run as root in a container.
BROWSER_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
# What a page may keep in the browser. Not among it: the caches of files and compiled scripts.
KEPT_BY_PAGES = "cookies,local_storage,indexeddb,file_systems,cache_storage,service_workers"
SCREENSHOTS = PROJECT / "test-results"
_LOG_BYTES = 5000
expect.set_options(timeout=60_000)


class Server:
    """A running app: its address, its process and what it says on its terminal."""

    started: ClassVar[list["Server"]] = []

    def __init__(self, process: subprocess.Popen, url: str, log: BinaryIO) -> None:
        self.process, self.url, self._log = process, url, log
        self.ended_at, self.last_words = math.inf, ""
        self.started.append(self)

    def said(self) -> str:
        """Return the end of what it has said, without moving the place where it goes on."""
        if self.ended_at == math.inf:
            size = os.fstat(self._log.fileno()).st_size
            end = os.pread(self._log.fileno(), _LOG_BYTES, max(0, size - _LOG_BYTES))
            self.last_words = end.decode(errors="replace")
        return self.last_words

    def resident_mb(self) -> float:
        return psutil.Process(self.process.pid).memory_info().rss / 1e6

    def loaded_files(self) -> str:
        return Path(f"/proc/{self.process.pid}/maps").read_text()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(call):
    """Add to the report of a failed test what the servers said that ran meanwhile."""
    report = yield
    if report.failed:
        ran = (one for one in Server.started if one.ended_at >= call.start)
        report.sections += [(f"said by {one.url}", one.said()) for one in ran]
    return report


@contextmanager
def serving(
    world: Path, *, cwd: Path = PROJECT, before: Callable[[int], None] = lambda port: None, **more
):
    """Serve the app on the data, runs and caches below ``world``, started from ``cwd``.

    ``before`` is called with its port before it starts; ``more`` are further variables.
    """
    places = {f"CATSDOGS_{n}": str(world / n.lower()) for n in ("DATA", "ARTIFACTS", "CACHE")}
    with tempfile.TemporaryFile() as log:
        server = _started(cwd, {**os.environ, **places, **more}, before, log)
        try:
            yield server
        finally:
            _end(server.process)
            server.said()
            server.ended_at = time.time()


def _end(process: subprocess.Popen) -> None:
    """Ask a server to end, and kill it if a busy machine keeps it from ending in time."""
    process.terminate()
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _started(
    cwd: Path, environment: dict[str, str], before: Callable[[int], None], log: BinaryIO
) -> Server:
    """Start a server on this process's usual port; on another one if that is in use."""
    for port in (_usual_port(), _free_port(), _free_port()):
        if not _is_free(port):
            continue
        before(port)
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "streamlit", "run", str(PROJECT / "streamlit_app.py")),
                *("--server.headless=true", f"--server.port={port}"),
            ],
            cwd=cwd,
            env=environment,
            stdout=log,
            stderr=log,
        )
        if _is_healthy(process, f"http://localhost:{port}"):
            return Server(process, f"http://localhost:{port}", log)
        process.kill()
        process.wait()
    raise RuntimeError("the server did not start")


@functools.cache
def _usual_port() -> int:
    """Return a port for all servers of this process: the browser caches scripts by address."""
    return _free_port()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As the server does. Connections that ended a moment ago do not matter.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _is_healthy(process: subprocess.Popen, url: str) -> bool:
    """Wait until the server answers; return False if it ended, or did not answer in time."""
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=10) as answer:
                return answer.read() == b"ok"
        except OSError:
            time.sleep(0.2)
    return False


@pytest.fixture(scope="session")
def browser():
    """A browser with a profile on disk, where it keeps the scripts that it has compiled."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    with sync_playwright() as playwright:
        try:
            profile = playwright.chromium.launch_persistent_context(
                "",  # A temporary folder.
                executable_path=found,
                args=BROWSER_OPTIONS,
                viewport={"width": 1360, "height": 900},
            )
        except Error:
            pytest.skip(f"no browser: install one of {', '.join(BROWSERS)}")
        yield profile.browser
        profile.close()


@pytest.fixture
def page(browser):
    """A page of 1360 × 900 that notes requests which would leave this machine."""
    with fresh_page(browser) as page:
        page.strangers = []
        page.on("request", lambda r: _is_local(r.url) or page.strangers.append(r.url))
        yield page


@contextmanager
def fresh_page(browser: Browser) -> Iterator[Page]:
    """A page of the browser's profile, which forgets afterwards what pages kept in it.

    A context of its own would compile Streamlit's scripts again, which takes a second.
    """
    profile, origins = browser.contexts[0], set()

    def note(request: Request) -> None:
        origins.add("{0.scheme}://{0.netloc}".format(urlsplit(request.url)))

    profile.on("request", note)
    # On a busy machine, a browser may take half a minute for a click.
    profile.set_default_timeout(90_000)
    try:
        yield profile.new_page()
    finally:
        profile.remove_listener("request", note)
        _forget(profile, origins)


def _forget(profile: BrowserContext, origins: set[str]) -> None:
    """Close every page but the first, whose end would be the browser's, and clear the profile."""
    first, *others = profile.pages
    for page in others:
        page.close()
    profile.set_offline(False)
    profile.clear_permissions()
    profile.clear_cookies()
    devtools = profile.new_cdp_session(first)
    for origin in origins:
        kept = {"origin": origin, "storageTypes": KEPT_BY_PAGES}
        devtools.send("Storage.clearDataForOrigin", kept)
    devtools.detach()


def _is_local(url: str) -> bool:
    return url.startswith(("http://localhost:", "ws://localhost:", "data:", "blob:"))


def opened(page: Page, url: str, title: str) -> None:
    page.goto(url)
    expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()


def start_custom_cnn(page: Page, *, epochs: int, preset: str = "2-minute look") -> None:
    """Fill the form by hand, with small batches: there are points to see arriving everywhere."""
    fill_form(page, preset)
    for field, value in (("Epochs", epochs), ("Batch size", 8)):
        fill_number(page, field, value)
    page.get_by_role("button", name="Start training").click()
    expect(stop_button(page)).to_be_visible()
    # The curves of the run that was shown before stay until the page has been drawn.
    settle(page)


def fill_number(page: Page, name: str, value: int) -> None:
    """Put a number into a field and wait for the page."""
    box = page.get_by_role("spinbutton", name=name, exact=True)
    box.fill(str(value))
    box.press("Enter")
    settle(page)


def fill_form(page: Page, preset: str) -> None:
    """Open the form for a new run and fill it with a preset's settings."""
    position = ("Best", "See it overfit", "2-minute look").index(preset)
    settle(page)
    adjust = page.get_by_role("button", name="Adjust").nth(position)
    if not page.get_by_text(preset, exact=True).is_visible():
        new_run = page.get_by_test_id("stMain").get_by_text("New run", exact=True)
        press_until(new_run.click, adjust)
    field = page.get_by_role("spinbutton", name="Epochs", exact=True)
    adjust.click()
    settle(page)
    if not field.is_visible():  # The press came while the page was drawn again.
        adjust.click()
    expect(field).to_be_visible()
    settle(page)


def press_until(press: Callable[[], None], target: Locator) -> None:
    """Press until ``target`` has come.

    Streamlit can lose a press on a busy machine: a refresh of the sidebar that began just before
    puts back the values from before the press.
    """
    for _ in range(2):
        press()
        with suppress(AssertionError):
            return expect(target).to_be_visible(timeout=20_000)
    press()
    expect(target).to_be_visible()


def stop_button(page: Page) -> Locator:
    """Return the run's; while a page is drawn Streamlit shows one of its own above it."""
    return page.get_by_test_id("stMain").get_by_role("button", name="Stop", exact=True)


def settle(page: Page) -> None:
    """Wait until the server has answered what was done last."""
    page.wait_for_timeout(300)
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")


def at_sizes(page: Page, sizes: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Resize an open page to each size, and yield that when the page has been laid out for it."""
    for width, height in sizes:
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(700)
        settle(page)
        yield width, height


def assert_above_the_fold(page: Page, height_px: int) -> None:
    """Check that picture, label, probability and the control of the heat map are wholly in view."""
    expect(page.locator(".stage .heat")).to_be_visible()
    for part in (".stage", ".controls", ".st-key-classify_answer h2"):
        box = page.locator(part).first.bounding_box()
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= height_px, (part, box)
    expect(page.locator(".st-key-classify_answer h2")).to_contain_text(re.compile("%|Neither"))


def picture(page: Page, name: str) -> None:
    """Save the whole page as ``test-results/<name>-light.png`` and ``-dark.png``.

    Only if ``CATSDOGS_TEST_PICTURES`` is set: they take a tenth of the time of all browser tests.
    In any case, wait until the page is complete.
    """
    settle(page)
    if not os.environ.get("CATSDOGS_TEST_PICTURES"):
        return
    SCREENSHOTS.mkdir(exist_ok=True)
    main = page.get_by_test_id("stMain")
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        height = main.evaluate("node => node.scrollHeight")
        page.set_viewport_size({"width": 1360, "height": min(height, 3000)})
        page.wait_for_timeout(700)
        page.screenshot(path=SCREENSHOTS / f"{name}-{scheme}.png")
    page.set_viewport_size({"width": 1360, "height": 900})
