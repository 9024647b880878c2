"""How long does the Compare page take on two runs, and on six, over 5,000 validation images?

    python -m benchmarks.compare_page DATASET [--images 5000] [--json]

Runs the health check on DATASET and makes up the answers of six models to some of its photos (94
to 98 % right, as confident as real ones). Then opens the page in a real server and browser, first
with two runs, then with the tab that compares all six. Prints the seconds of the first and of later
draws, the milliseconds of a redraw after the threshold moves, and the size of the largest message.
Times cover the server and the connection: from the browser's first message to the end of the
answer, with browser and server on the same cores. "Processor" is the time that the server computed.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

import numpy as np
import pandas as pd
import psutil
from playwright.sync_api import Page, WebSocket, sync_playwright

from benchmarks.browser import chromium, serving
from catsdogs import paths
from catsdogs.dataset import index
from catsdogs.runs import event_file, layout, store
from catsdogs.runs.about import About, DatasetReference
from catsdogs.runs.config import RunConfig
from catsdogs.sources import opening

# The page chooses the first two by itself.
_RUNS = [
    ("mobilenet_v2", 0.98),
    ("custom_cnn", 0.97),
    ("custom_cnn", 0.96),
    ("mobilenet_v2", 0.975),
    ("custom_cnn", 0.94),
    ("mobilenet_v2", 0.97),
]
_INCLUDED = {
    "custom_cnn": "reference-custom_cnn",
    "mobilenet_v2": "reference-mobilenet_v2-fine_tuned",
}
_MOVES = 10
_QUIET_MS = 1000  # without a message: the answer is complete
_LEAST_BYTES = 2000
# Streamlit's message that a script run has ended. The server sends nothing twice, so all messages
# before it can be small.
_END_BYTES = 2


def main() -> None:
    options = _options()
    root = opening.open_source(options.dataset)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for name in ("DATA", "ARTIFACTS", "CACHE"):
            os.environ[f"CATSDOGS_{name}"] = str(Path(folder) / name.lower())
        command = [sys.executable, "-m", "catsdogs", "data", "health", str(root), "--json"]
        subprocess.run(command, cwd=paths.PROJECT_ROOT, check=True, stdout=subprocess.DEVNULL)
        photos = index.scan(root).usable
        if len(photos) < options.images:
            sys.exit(f"Expected at least {options.images:,} photos. Received: {len(photos):,}.")
        photos = photos.sample(options.images, random_state=0).sort_index()
        run_ids = [
            _invent(root, photos, model, right=right, seed=number)
            for number, (model, right) in enumerate(_RUNS)
        ]
        rows = _measured(run_ids)
    if options.json:
        print(json.dumps(rows, indent=2))
        return
    print("| what | |\n|---|---:|")
    for what, value in rows.items():
        print(f"| {what} | {value} |")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _invent(root: Path, photos: pd.DataFrame, model: str, *, right: float, seed: int) -> str:
    """Create the folder of a finished run that has answers to ``photos``; return the run's id.

    Its model, for the forward passes, is that of an included run.
    """
    generator = np.random.default_rng(seed)
    sure = generator.beta(8, 0.5, len(photos)) / 2 + 0.5
    label = photos["label"].to_numpy()
    said = np.where(generator.random(len(photos)) < right, label, 1 - label)
    p_dog = np.where(said == 1, sure, 1 - sure).astype(np.float32)
    about = About(dataset=DatasetReference(name="benchmark", fingerprint="benchmark"))
    folder = store.create(RunConfig(model=model, data=str(root), seed=seed), about)
    photos[["path", "label", "digest"]].assign(p_dog=p_dog).to_parquet(folder / layout.PREDICTIONS)
    result = {
        "val_accuracy": float((said == label).mean()),
        "val_loss": 0.05,
        "val_images": len(photos),
        "train_images": 4 * len(photos),
        "parameters": 1_000_000,
        "model_bytes": 9_000_000,
        "latency_ms": 3.0,
        "seconds": {"total": 60.0},
    }
    with event_file.appending(folder) as emit:
        for epoch in range(1, 11):
            figures = {"loss": 0.1, "accuracy": 0.97, "val_loss": 0.05, "val_accuracy": 0.98}
            emit("epoch", epoch=epoch, **figures)
        emit("finished", result=result, epochs=10, planned=10)
    included = paths.PROJECT_ROOT / "artifacts" / _INCLUDED[model]
    shutil.copyfile(included / layout.LITERT_MODEL, folder / layout.LITERT_MODEL)
    return folder.name


class Wire:
    """Records when the browser asks, and when the last part of the answer arrives."""

    def __init__(self, page: Page) -> None:
        self._page, self.sizes = page, list[int]()
        self._asked, self._answered, self._ended = 0.0, 0.0, 0.0
        page.on("websocket", self._listen)

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framesent", self._sent)
        socket.on("framereceived", self._received)

    def _sent(self, _: object) -> None:
        self._asked = self._asked or time.perf_counter()

    def _received(self, frame: str | bytes) -> None:
        self.sizes.append(len(frame))
        if len(frame) > _LEAST_BYTES:
            self._answered = time.perf_counter()
        elif len(frame) == _END_BYTES:
            self._ended = self._ended or time.perf_counter()

    def seconds(self, act: Callable[[], object]) -> float:
        """Return the seconds until the answer to ``act`` was complete."""
        self._asked, self._ended = 0.0, 0.0
        act()
        self.settle()
        return max(self._answered, self._ended) - self._asked

    def settle(self) -> None:
        """Wait until no message has arrived for a while."""
        count = -1
        while len(self.sizes) > count:
            count = len(self.sizes)
            self._page.wait_for_timeout(_QUIET_MS)


def _measured(run_ids: Sequence[str]) -> dict[str, str]:
    with serving() as (url, process), sync_playwright() as playwright:
        browser = chromium(playwright)
        page = browser.new_page(viewport={"width": 1360, "height": 900})
        wire = Wire(page)
        first = _opened(page, url, wire)
        first_bytes = sum(wire.sizes)
        again = [_opened(page, url, wire) for _ in range(5)]
        moves = _moved(page, wire)
        largest = max(wire.sizes)
        wire.sizes.clear()
        together, computed = _six_opened(page, url, wire, run_ids, process)
        before = _processor_s(process)
        moves_of_six = _moved(page, wire)
        computed_per_move = (_processor_s(process) - before) / _MOVES
        memory = process.memory_info().rss
        browser.close()
    return {
        "page opened first, seconds": f"{first:.2f}",
        "page opened again, median seconds": f"{median(again):.2f}",
        "threshold moved, median ms": f"{1000 * median(moves):.0f}",
        "threshold moved, slowest ms": f"{1000 * max(moves):.0f}",
        "all messages of the first time, MB": f"{first_bytes / 1e6:.2f}",
        "largest message, MB": f"{largest / 1e6:.2f}",
        "six runs opened first, seconds": f"{together[0]:.2f}",
        "six runs opened again, median seconds": f"{median(together[1:]):.2f}",
        "the same, processor, median seconds": f"{median(computed[1:]):.2f}",
        "threshold moved beside six runs, median ms": f"{1000 * median(moves_of_six):.0f}",
        "threshold moved beside six runs, slowest ms": f"{1000 * max(moves_of_six):.0f}",
        "the same, processor, mean ms": f"{1000 * computed_per_move:.0f}",
        "largest message with six runs, MB": f"{max(wire.sizes) / 1e6:.2f}",
        "server's memory, MB": f"{memory / 1e6:.0f}",
    }


def _moved(page: Page, wire: Wire) -> list[float]:
    """Return the seconds of each answer to a move of the threshold."""
    slider = page.get_by_role("slider")
    keys = ["ArrowRight", "ArrowLeft"] * (_MOVES // 2)
    return [wire.seconds(lambda key=key: slider.press(key)) for key in keys]


def _processor_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def _six_opened(
    page: Page, url: str, wire: Wire, run_ids: Sequence[str], process: psutil.Process
) -> tuple[list[float], list[float]]:
    """Return the seconds of the first and of later draws of the page with six runs together.

    The second list holds those that the server computed.
    """
    page.goto(f"{url}/compare?{urlencode([('curves', one) for one in run_ids])}")
    page.get_by_role("tab", name="Training").wait_for(timeout=60_000)
    wire.settle()

    def open_it() -> None:
        page.get_by_role("tab", name=f"All {len(run_ids)} runs").click()
        page.locator("[class*=st-key-compare_together_chart_3]").wait_for(timeout=60_000)

    taken, computed = list[float](), list[float]()
    for _ in range(6):
        before = _processor_s(process)
        taken.append(wire.seconds(open_it))
        computed.append(_processor_s(process) - before)
        page.get_by_role("tab", name="Training").click()
        wire.settle()
    open_it()
    wire.settle()
    return taken, computed


def _opened(page: Page, url: str, wire: Wire) -> float:
    page.goto(url)
    page.get_by_test_id("stSidebar").get_by_role("link", name="Compare").wait_for()
    wire.settle()

    def open_it() -> None:
        page.get_by_test_id("stSidebar").get_by_role("link", name="Compare").click()
        page.locator("[class*=st-key-compare_matrix_B]").wait_for(timeout=60_000)

    return wire.seconds(open_it)


if __name__ == "__main__":
    main()
