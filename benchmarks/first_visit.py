"""What does a page cost a server that has just started, and one that has shown it before?

    python -m benchmarks.first_visit FOLDER [--views Photos Charts Health] [--json]

FOLDER is a folder that was scanned before: ``CATSDOGS_DATA``, ``CATSDOGS_ARTIFACTS`` and
``CATSDOGS_CACHE`` say where its table is. For each view of the Dataset page, starts a server, waits
until it has nothing to do, opens the view in a browser, opens it in another tab, and draws it
again. Prints the seconds that the server computed and the megabytes that it holds; at most, since
its start. Another process reads a large folder meanwhile, and does not count.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from benchmarks.browser import chromium, serving
from catsdogs.sources import current

_VIEWS = ("Photos", "Charts", "Map", "Health", "Review")
_WAITS_MS = 300_000
_IDLE_S = 1.0
_DRAWN = "[data-testid=stApp][data-test-script-state=notRunning]"


def main() -> None:
    options = _options()
    current.choose(options.folder.resolve())
    rows = [row for view in options.views for row in _visited(view)]
    print(json.dumps(rows, indent=2) if options.json else "\n".join(map(_line, rows)))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--views", nargs="+", choices=_VIEWS, default=_VIEWS)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _visited(view: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []

    def measure(what: str, act: Callable[[], Any]) -> None:
        before = _processor_s(process)
        act()
        seconds = round(_processor_s(process) - before, 2)
        rows.append({"view": view, "what": what, "server_s": seconds, **_memory_mb(process)})

    with serving() as (url, process), _browser() as browser:
        address = f"{url}/dataset?view={view}"
        first, second = browser.new_page(), browser.new_page()
        _wait_until_idle(process)
        rows.append({"view": view, "what": "server started", "server_s": _processor_s(process)})
        rows[0] |= _memory_mb(process)
        measure("opened first", lambda: _open(first, address))
        measure("opened in another tab", lambda: _open(second, address))
        measure("drawn again", lambda: _draw_again(second))
    return rows


@contextmanager
def _browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield chromium(playwright)


def _open(page: Any, address: str) -> None:
    page.goto(address)
    page.get_by_role("radio", name="Photos").wait_for(timeout=_WAITS_MS)
    _wait(page)


def _draw_again(page: Any) -> None:
    page.locator("body").press("r")
    _wait(page)


def _wait_until_idle(process: psutil.Process) -> None:
    """Wait until the server has read what it reads before the first page."""
    before = -1.0
    while (now := _processor_s(process)) > before:
        before = now
        time.sleep(_IDLE_S)


def _wait(page: Any) -> None:
    # The page asks for pictures a little later.
    page.wait_for_timeout(500)
    page.locator(_DRAWN).wait_for(timeout=_WAITS_MS)
    page.wait_for_timeout(500)


def _processor_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return round(times.user + times.system, 2)


def _memory_mb(process: psutil.Process) -> dict[str, int]:
    """Return what the process holds now, and at most since its start."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    held = {line.split(":")[0]: line.split()[1] for line in status.splitlines() if "kB" in line}
    return {"mb": int(held["VmRSS"]) // 1000, "most_mb": int(held["VmHWM"]) // 1000}


def _line(row: dict[str, Any]) -> str:
    figures = f"{row['server_s']:6.2f} s {row['mb']:6} MB, at most {row['most_mb']} MB"
    return f"{row['view']:<8} {row['what']:<24} {figures}"


if __name__ == "__main__":
    main()
