"""How long does an answer take on the server, and how much memory do many photos need?

    python -m benchmarks.classify DATASET RUN RUN [--photos 1000] [--json]

The two runs are finished, such as a custom CNN and a MobileNetV2, and answer about photos of
DATASET. Prints the median milliseconds until both have answered, for a 12-megapixel JPEG made from
a photo and for the photos as they are. The time includes "neither", the five most similar training
photos and both painted heat maps. Also times the usual ways, which only give P(dog): Pillow, then
Keras' `model.predict` or a `tf.function` of the same two models. Then prints the photos per second
for a large ZIP, and how much memory its upload adds to a real server, used through a real browser,
before and after the ZIP is removed.
"""

import argparse
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import sync_playwright

from benchmarks.browser import chromium, serving
from catsdogs.dataset import index
from catsdogs.images.picture import Picture, load_upright, read_bytes
from catsdogs.inference import answers
from catsdogs.inference.heatmap import layer
from catsdogs.inference.panel import Decision, Panel
from catsdogs.inference.predictor import Predictor
from catsdogs.runs import layout, store
from catsdogs.runs.run import Run
from catsdogs.sources import opening

_LARGE_PX = (4032, 3024)
_TIMES, _PEER_TIMES = 40, 10
_SHOWN_PX = 480
_SETTLED_S = 8
# Enough for every thread to load its own models.
_FEW = 12
_LONGEST_MS = 120_000


def main() -> None:
    options = _options()
    if options.peer:
        print(json.dumps(_peers(options.peer, [Path(name) for name in options.runs])))
        return
    root = opening.open_source(options.dataset)
    found = index.scan(root).usable["path"].sample(options.photos, random_state=0)
    contents = [read_bytes(root / name) for name in found]
    runs = [store.find_usable(name) for name in options.runs]
    usable = [run for run in store.list_runs()[0] if run.is_usable]
    panel = Panel(runs, usable, Predictor)
    with tempfile.TemporaryDirectory() as folder:
        large, archive = Path(folder) / "large.jpg", Path(folder) / "photos.zip"
        large.write_bytes(_large(contents[0]))
        with zipfile.ZipFile(archive, "w") as opened:
            for number, content in enumerate(contents):
                opened.writestr(f"photo.{number}.jpg", content)
        small = Path(folder) / "small.jpg"
        small.write_bytes(contents[0])
        figures = {
            "12 megapixels: ours, ms": _median_ms(lambda: _answer(large.read_bytes(), panel)),
            "as they are: ours, ms": _median_ms(_each(contents, lambda c: _answer(c, panel))),
            **_asked_peers(options, runs, large, small),
            "ZIP: photos per second": _speed(archive, panel),
            **_memory(archive, runs),
        }
    if options.json:
        print(json.dumps(figures, indent=2))
        return
    print("| what | |\n|---|---:|")
    for what, value in figures.items():
        print(f"| {what} | {value:,.1f} |")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", type=Path)
    parser.add_argument("runs", nargs=2)
    parser.add_argument("--photos", type=int, default=1000)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--peer", type=Path, nargs="+", help=argparse.SUPPRESS)
    return parser.parse_args()


def _large(content: bytes) -> bytes:
    """Return a JPEG of 12 megapixels with the grain of a phone's sensor."""
    photo = load_upright(content).resize(_LARGE_PX, Image.Resampling.BICUBIC)
    grain = np.random.default_rng(0).normal(0, 6, (*_LARGE_PX[::-1], 1))
    pixels = np.clip(np.asarray(photo) + grain, 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def _answer(content: bytes, panel: Panel) -> None:
    """Do the same work as the page before it shows a picture."""
    picture = Picture(content)
    shown = picture.upright(at_least_px=_SHOWN_PX).copy()
    shown.thumbnail((_SHOWN_PX, _SHOWN_PX))
    shown.save(io.BytesIO(), "JPEG", quality=85)
    for answer in panel.answers(picture):
        layer(answer.heatmap, label=answer.label(Decision())).save(io.BytesIO(), "PNG")


def _each(contents: Sequence[bytes], function: Callable[[bytes], object]) -> Callable[[], object]:
    """Return a function that passes the next of ``contents`` to ``function`` at each call."""
    following = iter(contents * _TIMES)
    return lambda: function(next(following))


def _median_ms(function: Callable[[], object], times: int = _TIMES) -> float:
    function()
    took = []
    for _ in range(times):
        started = time.perf_counter()
        function()
        took.append((time.perf_counter() - started) * 1000)
    return statistics.median(took)


def _speed(archive: Path, panel: Panel) -> float:
    content = archive.read_bytes()
    started = time.perf_counter()
    seen = list(answers.see_all(answers.zipped(archive.name, content), panel, thumbnails=True))
    return len(seen) / (time.perf_counter() - started)


def _asked_peers(
    options: argparse.Namespace, runs: Sequence[Run], large: Path, small: Path
) -> dict[str, float]:
    """Time the usual ways in their own process, which may load TensorFlow."""
    models = [str(run.folder / layout.KERAS_MODEL) for run in runs]
    command = [sys.executable, "-m", "benchmarks.classify", str(options.dataset), *models]
    done = subprocess.run(
        [*command, "--peer", str(large), str(small)], capture_output=True, text=True, check=True
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _peers(photos: Sequence[Path], models: Sequence[Path]) -> dict[str, float]:
    import keras
    import tensorflow as tf

    networks = [keras.models.load_model(model) for model in models]
    functions = [tf.function(network, reduce_retracing=True) for network in networks]

    def pixels(path: Path, network: keras.Model) -> np.ndarray:
        side = network.input_shape[1]
        return np.asarray(Image.open(path).convert("RGB").resize((side, side)))[np.newaxis]

    def predict(path: Path) -> list[float]:
        return [net.predict(pixels(path, net), verbose=0).item() for net in networks]

    def call(path: Path) -> list[float]:
        pairs = zip(networks, functions, strict=True)
        return [f(tf.constant(pixels(path, net))).numpy().item() for net, f in pairs]

    return {
        f"{size}: {name}, ms": _median_ms(lambda way=way, path=path: way(path), _PEER_TIMES)
        for size, path in zip(("12 megapixels", "as they are"), photos, strict=True)
        for name, way in (("model.predict", predict), ("tf.function", call))
    }


def _memory(archive: Path, runs: Sequence[Run]) -> dict[str, float]:
    """Return the web process' megabytes: with models, then what the ZIP adds and leaves behind."""
    query = "&".join(f"run={run.run_id}" for run in runs)
    with serving() as (url, process), sync_playwright() as playwright:
        page = chromium(playwright).new_page()

        def megabytes() -> float:
            time.sleep(_SETTLED_S)
            return process.memory_full_info().uss / 1e6

        page.goto(f"{url}/classify?{query}")
        chooser = page.locator("input[type=file]").first
        with tempfile.TemporaryDirectory() as folder:
            few = Path(folder) / "few.zip"
            with zipfile.ZipFile(archive) as whole, zipfile.ZipFile(few, "w") as opened:
                names = whole.namelist()
                for name in names[:_FEW]:
                    opened.writestr(name, whole.read(name))
            chooser.set_input_files(few)
            page.get_by_text(f"All · {_FEW}").first.wait_for()
            before = megabytes()
        remove = page.get_by_test_id("stFileChipDeleteBtn").first
        remove.click()
        chooser.set_input_files(archive)
        page.get_by_text(f"All · {len(names):,}").first.wait_for(timeout=_LONGEST_MS)
        during = megabytes()
        remove.click()
        after = megabytes()
    return {
        f"web process after {_FEW} photos, MB": before,
        "with the ZIP, MB more": during - before,
        "without it again, MB more": after - before,
    }


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
