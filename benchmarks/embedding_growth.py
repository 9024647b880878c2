"""Does the cost of embedding grow linearly with the photos, and is nothing computed twice?

    python -m benchmarks.embedding_growth DATASET [--sizes 1000 3000 6000 12000] [--json]

Embeds the given numbers of photos, evenly spaced over DATASET, each in its own process with its own
cache, and prints seconds, images per second and peak memory. Then repeats the largest size with its
warm cache (no photo must be computed again), and once more with 100 new photos (100 must be).
"Computed" counts the rows that the cache gained. DATASET is not changed: its photos are linked into
a temporary folder.
"""

import argparse
import json
import multiprocessing
import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from catsdogs.dataset import index
from catsdogs.features import embeddings
from catsdogs.sources import opening

SIZES = (1000, 3000, 6000, 12_000)
NEW = 100


def main() -> None:
    options = _options()
    root = opening.open_source(options.dataset)
    backbone = embeddings.exported_backbone()
    with tempfile.TemporaryDirectory() as folder:
        # Scanning into an empty cache reads every file, so every size starts from a warm disk.
        os.environ["CATSDOGS_CACHE"] = folder
        records = index.scan(root).usable.drop_duplicates("digest")
        sizes = sorted(set(options.sizes))
        steps = _grown(root, records, sizes, Path(folder), backbone)
        steps += _repeated(root, records, sizes[-1], Path(folder))
    found = {"steps": steps, "last_to_second": _last_to_second(steps[:-2])}
    print(json.dumps(found, indent=2) if options.json else _markdown(found))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _grown(
    root: Path, records: pd.DataFrame, sizes: list[int], folder: Path, backbone: Path
) -> list[dict[str, Any]]:
    steps = []
    for size in sizes:
        cache = folder / str(size)
        (cache / "backbones").mkdir(parents=True)
        shutil.copyfile(backbone, cache / "backbones" / backbone.name)
        steps.append(_in_own_process("from nothing", root, _spread(records, size), cache))
    return steps


def _repeated(root: Path, records: pd.DataFrame, size: int, folder: Path) -> list[dict[str, Any]]:
    photos, cache = _spread(records, size), folder / str(size)
    _add_new(root, list(photos["path"]), folder / "photos")
    more = index.scan(folder / "photos").usable
    return [
        _in_own_process("again", root, photos, cache),
        _in_own_process("with new ones", folder / "photos", more, cache),
    ]


def _spread(records: pd.DataFrame, size: int) -> pd.DataFrame:
    """Return ``size`` records, or all, evenly spaced so that both classes are among them."""
    return records.iloc[np.linspace(0, len(records) - 1, min(size, len(records))).astype(int)]


def _add_new(root: Path, names: list[str], folder: Path) -> None:
    """Fill ``folder`` with these photos, and with copies of some that have a new comment."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        _link(root / name, folder / name)
    for number, name in enumerate(names[:NEW]):
        target = (folder / name).with_name(f"{Path(name).name.partition('.')[0]}.new{number}.jpg")
        with Image.open(root / name) as photo:
            photo.convert("RGB").save(target, quality=95, comment=f"new {number}".encode())


def _link(photo: Path, target: Path) -> None:
    try:
        os.link(photo, target)
    except OSError:  # The temporary folder is on another disk.
        shutil.copyfile(photo, target)


def _in_own_process(step: str, root: Path, records: pd.DataFrame, cache: Path) -> dict[str, Any]:
    """Embed in a new process, so that its peak memory belongs to this step alone."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return {"step": step, **pool.submit(_embed, root, records, cache).result()}


def _embed(root: Path, records: pd.DataFrame, cache: Path) -> dict[str, Any]:
    # Not above: a child's peak memory starts at its parent's, so that must not load TensorFlow.
    from catsdogs.learning import engines, weights

    os.environ["CATSDOGS_CACHE"] = str(cache)
    embed = engines.embedder("litert", weights.find_weights(), root, records)
    before_mb, rows_before = _peak_mb(), _rows(cache)
    elapsed_s = _seconds(embed)
    computed = _rows(cache) - rows_before
    return {
        "photos": len(records),
        "computed": computed,
        "seconds": round(elapsed_s, 2),
        "images_per_s": round(computed / elapsed_s, 1),
        "peak_mb_before": before_mb,
        "peak_mb": _peak_mb(),
    }


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _rows(cache: Path) -> int:
    return sum(len(np.load(shard, mmap_mode="r")) for shard in cache.glob("embeddings/*/*.npy"))


def _peak_mb() -> int:
    """Return the process' peak resident size in MB. Linux counts kilobytes, macOS bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1e6 if sys.platform == "darwin" else 1e3))


def _last_to_second(steps: list[dict[str, Any]]) -> float | None:
    """Return the largest size's speed over that of the second size, the first warm one."""
    if len(steps) < 2:
        return None
    return round(steps[-1]["images_per_s"] / steps[1]["images_per_s"], 3)


def _markdown(found: dict[str, Any]) -> str:
    lines = [
        "| step | photos | computed | seconds | images/s | peak MB | of it at the start |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    columns = ("step", "photos", "computed", "seconds", "images_per_s", "peak_mb", "peak_mb_before")
    lines += [f"| {' | '.join(str(step[key]) for key in columns)} |" for step in found["steps"]]
    return "\n".join(lines) + f"\n\nImages/s, last size ÷ second: {found['last_to_second']}"


if __name__ == "__main__":
    main()
