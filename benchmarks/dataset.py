"""How long does the Dataset page take on 25,000 photos, and on an index of 250,000?

    python -m benchmarks.dataset DATASET [--photos 25000] [--rows 250000] [--json]

Multiplies the photos of DATASET (each copy gets its own comment, so that no cache keyed by content
finds it). Times the first and the second scan against a plain Pillow loop, and decoding every pixel
against Pillow and, if installed (pip install cleanvision), CleanVision's checks. Then opens every
page in a real server and browser, and prints the seconds to draw it on the server, the megabytes
sent and the server's memory.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from PIL import Image
from streamlit.testing.v1 import AppTest

from benchmarks.browser import chromium, serving
from catsdogs import paths
from catsdogs.dataset import index
from catsdogs.health import measures
from catsdogs.images.thumbnails import thumbnails
from catsdogs.sources import current, opening

PROJECT = paths.PROJECT_ROOT
PAGES = {
    "Home": "streamlit_app.py",
    "Dataset": "pages/dataset.py",
    "Train": "pages/train.py",
    "Compare": "pages/compare.py",
    "Classify": "pages/classify.py",
}


def main() -> None:
    options = _options()
    given = opening.open_source(options.dataset)
    names = [str(given / name) for name in index.scan(given).usable["path"]]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        world = Path(folder)
        for name in ("DATA", "ARTIFACTS", "CACHE"):
            os.environ[f"CATSDOGS_{name}"] = str(world / name.lower())
        photos = world / "photos"
        _multiply(names, photos, options.photos)
        rows = _reading(photos) + _drawing(photos, world)
        many = world / "many"
        _link(names, many, options.rows)
        index.scan(many)
        rows += _drawing(many, world)
    if options.json:
        print(json.dumps(rows, indent=2))
        return
    print("| what | files | ours | peer | peer's | peer ÷ ours |\n|---|---:|---:|---|---:|---:|")
    for row in rows:
        cells = [row["what"], f"{row['files']:,}", f"{row['ours']:.3g} {row['unit']}"]
        peer = [
            row["peer"],
            f"{row['peers']:.3g} {row['unit']}",
            f"{row['peers'] / row['ours']:.1f}",
        ]
        print(f"| {' | '.join(cells + (peer if row['peer'] else ['', '', '']))} |")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--photos", type=int, default=25_000)
    parser.add_argument("--rows", type=int, default=250_000)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _multiply(names: list[str], folder: Path, count: int) -> None:
    """Write ``count`` JPEGs with different content and Kaggle's names."""
    folder.mkdir()
    for number, name in enumerate(islice(cycle(names), count)):
        content = Path(name).read_bytes()
        comment = f"{number:08d}".encode()
        marker = b"\xff\xfe" + (len(comment) + 2).to_bytes(2) + comment
        label = Path(name).name.partition(".")[0]
        (folder / f"{label}.{number}.jpg").write_bytes(content[:2] + marker + content[2:])


def _link(names: list[str], folder: Path, count: int) -> None:
    """Create ``count`` hard links to the photos, which take no space."""
    folder.mkdir()
    for number, name in enumerate(islice(cycle(names), count)):
        os.link(name, folder / f"{Path(name).name.partition('.')[0]}.{number}.jpg")


def _reading(folder: Path) -> list[dict[str, Any]]:
    files = sorted(folder.iterdir())
    count = len(files)
    scan_s = _seconds(lambda: index.scan(folder))
    again_s = _seconds(lambda: index.scan(folder))
    records = index.scan(folder).usable
    loop_s = _seconds(lambda: [Image.open(path).size for path in files])
    decode_s = _seconds(lambda: measures.measure(folder, records))
    plain_s = _seconds(lambda: [Image.open(path).load() for path in files])
    page = list(zip(records["path"][:96], records["digest"][:96], strict=True))
    first_s = _seconds(lambda: thumbnails(folder, page))
    cached_s = _seconds(lambda: thumbnails(folder, page))
    rows = [
        _row("first scan", count, scan_s, "s", "Pillow, header by header", loop_s),
        _row("second scan", count, again_s, "s", "Pillow, header by header", loop_s),
        _row(
            "decode and measure every pixel", count, decode_s, "s", "Pillow, only decoding", plain_s
        ),
        _row("96 thumbnails, first time", 96, first_s * 1000, "ms"),
        _row("96 thumbnails, from the cache", 96, cached_s * 1000, "ms"),
    ]
    cleanvision_s = _cleanvision(folder)
    if cleanvision_s:
        rows.append(_row("decode and measure", count, decode_s, "s", "CleanVision", cleanvision_s))
    return rows


def _cleanvision(folder: Path) -> float | None:
    """Time CleanVision's checks of the same properties: light, blur, shape, size, exact copies."""
    code = (
        "import sys, time; from cleanvision import Imagelab; lab = Imagelab(data_path=sys.argv[1]);"
        "kinds = 'dark blurry grayscale odd_aspect_ratio odd_size exact_duplicates'.split()"
        "\nif __name__ == '__main__':\n t = time.time();"
        "lab.find_issues({k: {} for k in kinds}, n_jobs=2, verbose=False);"
        "print(time.time() - t)"
    )
    try:
        done = subprocess.run(
            [sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True
        )
    except subprocess.CalledProcessError:
        return None
    return float(done.stdout.split()[-1])


def _drawing(folder: Path, world: Path) -> list[dict[str, Any]]:
    """Time each page's script, then measure the browser's traffic and the server's memory."""
    current.choose(folder)
    count = len(index.last_scan(folder).records)
    rows = []
    for name, script in PAGES.items():
        app = AppTest.from_file(str(PROJECT / "streamlit_app.py"), default_timeout=120)
        if script != "streamlit_app.py":
            app.switch_page(script)
        if name == "Dataset":
            app.query_params["per_page"] = "96"
        opened_s = _seconds(app.run)
        assert not app.exception
        drawn_s = min(_seconds(app.run) for _ in range(3))
        rows.append(_row(f"{name}: opened, nothing in memory", count, opened_s, "s"))
        rows.append(_row(f"{name}: drawn again", count, drawn_s * 1000, "ms"))
        _forget()
    return rows + _browsed(folder, world, count)


def _forget() -> None:
    from catsdogs.ui.shared import cache

    cache.forget_datasets()


def _browsed(folder: Path, world: Path, count: int) -> list[dict[str, Any]]:
    """Open the Dataset page with 96 photos in a browser; add up the bytes on the socket."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return []
    received: list[int] = []
    with serving() as (url, process), sync_playwright() as playwright:
        browser = chromium(playwright)
        page = browser.new_page()
        page.on(
            "websocket",
            lambda socket: socket.on("framereceived", lambda frame: received.append(len(frame))),
        )
        page.goto(f"{url}/dataset?per_page=96")
        page.locator(".tile").nth(95).wait_for(timeout=120_000)
        page.wait_for_timeout(2000)
        largest, total = max(received), sum(received)
        for view in ("Charts", "Map", "Health", "Review", "Photos"):
            page.get_by_test_id("stMain").get_by_role("radio", name=view).click()
            page.wait_for_timeout(1500)
        memory = process.memory_info().rss
        browser.close()
    return [
        _row("Dataset, 96 photos: largest message", count, largest / 1e6, "MB"),
        _row("Dataset, 96 photos: all messages", count, total / 1e6, "MB"),
        _row("server's memory after every view", count, memory / 1e6, "MB"),
    ]


def _row(
    what: str, files: int, ours: float, unit: str, peer: str = "", peers: float = 0.0
) -> dict[str, Any]:
    return {
        **{"what": what, "files": files, "ours": round(ours, 4), "unit": unit},
        **{"peer": peer, "peers": round(peers, 4)},
    }


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
