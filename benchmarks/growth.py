"""How do time and memory grow from 1,000 to a million images, and what is the first to break?

    python -m benchmarks.growth [--sizes 1000 10000 100000 1000000] [--world FOLDER] [--json]
                                [--only scan table health pages]

Writes that many small JPEGs, all different, and invents their vectors and outlines from a seed. The
images form 200 clusters, and every fiftieth is a near duplicate of another. Then measures each step
in its own process: the first and the second scan, opening the table, the phases of a
health check, the near duplicates that it finds, and each view of the Dataset page when it is opened
and drawn again. Prints seconds and the highest memory. "Anonymous" memory is what the system cannot
take back; "peak" counts the pages of mapped files too.

A million images need 15 GB of disk. ``--world`` keeps the files for the next call.
"""

import argparse
import io
import json
import multiprocessing
import os
import resource
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from streamlit.testing.v1 import AppTest

from catsdogs import paths

SIZES = (1000, 10_000, 100_000, 1_000_000)
_EVERY, _CLUSTERS, _WIDTH = 50, 200, 1280
_PER_FOLDER, _DRAWN = 1000, 400
_VIEWS = ("Photos", "Charts", "Map", "Health", "Review")
_APP = str(paths.PROJECT_ROOT / "streamlit_app.py")
_FILTERS = (
    ("class", "class", "cat"),
    ("finding", "flag", "near"),
    ("name", "find", "77"),
    ("side", "side", "validation"),
    ("order", "sort", "Width"),
)
_BACKBONE = "mobilenet_v2-synthetic"


def main() -> None:
    options = _options()
    with _world(options.world) as world:
        rows = [row for size in options.sizes for row in _of_size(size, world, options.only)]
    print(json.dumps(rows, indent=2) if options.json else _markdown(rows))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--world", type=Path)
    parser.add_argument("--only", nargs="+", choices=list(STEPS), default=list(STEPS))
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


@contextmanager
def _world(given: Path | None) -> Iterator[Path]:
    if given is not None:
        yield given.resolve()
        return
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _of_size(size: int, world: Path, only: Sequence[str]) -> list[dict[str, Any]]:
    folder = world / str(size)
    for name in ("DATA", "ARTIFACTS", "CACHE"):
        os.environ[f"CATSDOGS_{name}"] = str(folder / name.lower())
    images = folder / "images"
    if not images.is_dir():
        _write(images, size)
    rows = []
    for step in only:
        # A new process, so that its peak memory belongs to this step alone.
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            found = pool.submit(_measured, step, images).result()
        rows += [{"images": size, **row} for row in found]
        print(*(_line(row) for row in rows[-len(found) :]), sep="\n", flush=True)
    return rows


def _write(folder: Path, size: int) -> None:
    """Write ``size`` JPEGs of about a kilobyte; each has its number as a comment."""
    rng = np.random.default_rng(0)
    drawn = [_drawn(rng) for _ in range(min(_DRAWN, size))]
    unfinished = folder.with_name("unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    for number in range(size):
        place = unfinished / _name(number)
        if number % _PER_FOLDER < 2:
            place.parent.mkdir(parents=True, exist_ok=True)
        content, comment = drawn[number % len(drawn)], f"{number:08d}".encode()
        marker = b"\xff\xfe" + (len(comment) + 2).to_bytes(2) + comment
        place.write_bytes(content[:2] + marker + content[2:])
    unfinished.rename(folder)


def _name(number: int) -> str:
    label = ("cat", "dog")[number % 2]
    return f"{label}/{number // _PER_FOLDER:04d}/{label}.{number}.jpg"


def _drawn(rng: np.random.Generator) -> bytes:
    """Return a JPEG of a few blocks of colour, in one of many sizes."""
    blocks = rng.integers(0, 256, (4, 4, 3), dtype=np.uint8)
    width, height = (int(side) for side in rng.integers(48, 97, 2))
    file = io.BytesIO()
    Image.fromarray(blocks).resize((width, height)).save(file, "JPEG", quality=60)
    return file.getvalue()


class Invented:
    """An engine that invents the vector or the measures of each file from its number."""

    def __init__(self) -> None:
        self.middles = np.random.default_rng(1).normal(0, 0.8, (_CLUSTERS, _WIDTH))

    def outcomes(self, reads: Sequence[Any], work: Any) -> Iterator[Any]:
        """Yield the value of each file in order."""
        of = self._vector if hasattr(work, "name") else _measures
        for read in reads:
            yield of(int(read.path.name.split(".")[1]))

    def _vector(self, number: int) -> np.ndarray:
        twin, nudge = _twin(number), np.float32(0)
        rng = np.random.default_rng([2, twin])
        middle = self.middles[(twin // 2 * 7919 + twin % 2) % _CLUSTERS]
        vector = np.maximum(middle + rng.standard_normal(_WIDTH, np.float32), 0)
        if twin != number:
            own = np.random.default_rng([3, number])
            nudge = own.uniform(0.1, 0.45) * np.abs(own.standard_normal(_WIDTH, np.float32))
        return (vector + nudge).astype(np.float32)


def _twin(number: int) -> int:
    """Return the number of the image that this one is a near duplicate of, or its own."""
    return number - 1 if number % _EVERY == _EVERY - 1 else number


def _measures(number: int) -> Any:
    from catsdogs.health.measures import MEASURES, OUTLINE_SIDE

    rng = np.random.default_rng([4, _twin(number)])
    row = np.zeros((), dtype=MEASURES)
    row["brightness"], row["sharpness"] = rng.uniform(20, 230), rng.uniform(20, 2000)
    row["colour"], row["entropy"] = rng.uniform(0.5, 60), rng.uniform(3.5, 8)
    row["outline"] = rng.integers(0, 256, (OUTLINE_SIDE, OUTLINE_SIDE), dtype=np.uint8)
    return row


def _measured(step: str, images: Path) -> list[dict[str, Any]]:
    """Do a step in this process; return its times, each with the highest memory so far."""
    clock = _Clock()
    STEPS[step](images, clock)
    return clock.rows


class _Clock:
    """Times parts of a step and watches the memory of this process."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self._anonymous_mb = 0.0
        threading.Thread(target=self._watch, daemon=True).start()

    def __call__(self, what: str, work: Callable[[], Any]) -> Any:
        started, worked = time.perf_counter(), time.process_time()
        found = work()
        self.add(what, time.perf_counter() - started, time.process_time() - worked)
        return found

    def add(self, what: str, seconds: float = 0.0, cpu_s: float = 0.0, **more: Any) -> None:
        self._look()
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
        memory = {"anonymous_mb": round(self._anonymous_mb), "peak_mb": round(peak_mb)}
        times = {"seconds": round(seconds, 3), "cpu_s": round(cpu_s, 3)}
        self.rows.append({"what": what, **times, **memory, **more})

    def _watch(self) -> None:
        while True:
            self._look()
            time.sleep(0.05)

    def _look(self) -> None:
        status = Path("/proc/self/status")
        if status.exists():
            line = next(one for one in status.read_text().splitlines() if "RssAnon" in one)
            self._anonymous_mb = max(self._anonymous_mb, int(line.split()[1]) / 1e3)


def _scan(images: Path, clock: _Clock) -> None:
    from catsdogs.dataset import index

    if index.last_scan(images) is None:
        clock("first scan", lambda: index.scan(images))
    clock("second scan", lambda: index.scan(images))


def _table(images: Path, clock: _Clock) -> None:
    from catsdogs.dataset import index, split, summary
    from catsdogs.health import checkup

    clock.add("imports")
    dataset = clock("table: opened", lambda: index.last_scan(images))
    clock("table: decisions again", lambda: index.with_current_decisions(dataset))
    usable = clock("table: usable images", lambda: dataset.usable)
    clock("table: fingerprint", dataset.fingerprint)
    clock("table: content of a check", lambda: checkup.content(dataset))
    clock("table: split", lambda: split.split(usable))
    clock("table: summary", lambda: summary.summarise(dataset))


def _health(images: Path, clock: _Clock) -> None:
    from catsdogs.dataset import index
    from catsdogs.health import checkup

    dataset = index.last_scan(images)
    backbone = paths.cache_dir() / f"{_BACKBONE}.tflite"
    began = [time.perf_counter(), ""]

    def report(phase: str, done: int, total: int) -> None:
        if phase != began[1]:
            if began[1]:
                clock.add(f"health: {began[1]}", time.perf_counter() - began[0])
            began[:] = time.perf_counter(), phase

    found = clock(
        "health: all",
        lambda: checkup.run(dataset, backbone=lambda: backbone, report=report, engine=Invented()),
    )
    numbers = found.rows["path"].str.extract(r"\.(\d+)\.")[0].astype(int).to_numpy()
    group = dict(zip(numbers.tolist(), found.rows["near_group"].tolist(), strict=True))
    planted = [n for n in numbers.tolist() if _twin(n) != n]
    both = sum(group[n] >= 0 and group[n] == group[n - 1] for n in planted)
    clock.add("health: planted near duplicates found", share=round(both / len(planted), 4))


def _pages(images: Path, clock: _Clock) -> None:
    from catsdogs.sources import current
    from catsdogs.ui.shared import cache

    current.choose(images)
    clock("Home: opened, nothing in memory", AppTest.from_file(_APP, default_timeout=300).run)
    for view in _VIEWS:
        cache.forget_datasets()
        app = _opened(view=view)
        clock(f"{view}: opened, nothing in memory", app.run)
        assert not app.exception, app.exception
        clock(f"{view}: drawn again", app.run)
    for what, name, value in _FILTERS:
        app = _opened(view="Photos", **{name: value})
        clock(f"filter by {what}: first", app.run)
        clock(f"filter by {what}: again", app.run)
        assert not app.exception, app.exception


def _opened(**address: str) -> AppTest:
    """Return the Dataset page at an address, before its first run."""
    app = AppTest.from_file(_APP, default_timeout=300)
    app.switch_page("pages/dataset.py")
    for key, value in address.items():
        app.query_params[key] = value
    return app


STEPS: dict[str, Callable[[Path, _Clock], None]] = {
    "scan": _scan,
    "table": _table,
    "health": _health,
    "pages": _pages,
}


def _line(row: dict[str, Any]) -> str:
    times = f"{row['seconds']:8} s {row['cpu_s']:8} s"
    return f"{row['images']:>9,}  {row['what']:<44} {times} {row['anonymous_mb']:6} MB"


def _markdown(rows: list[dict[str, Any]]) -> str:
    """Return a table with a row for each step and a column for each number of images."""
    sizes = list(dict.fromkeys(row["images"] for row in rows))
    cells: dict[str, dict[int, str]] = {}
    for row in rows:
        said = f"{row['share']:.2%}" if "share" in row else f"{row['seconds']:.3g} s"
        cells.setdefault(row["what"], {})[row["images"]] = f"{said}, {row['anonymous_mb']:,} MB"
    lines = [
        f"| step | {' | '.join(f'{size:,}' for size in sizes)} |",
        f"|---|{'---:|' * len(sizes)}",
    ]
    lines += [
        f"| {what} | {' | '.join(of.get(size, '') for size in sizes)} |"
        for what, of in cells.items()
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
