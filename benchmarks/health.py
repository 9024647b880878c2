"""Does the health check find faults? They are planted in real photos and counted.

    python -m benchmarks.health DATASET [--seed 0] [--keep FOLDER] [--json]

Links DATASET's photos into a new folder and plants faults there: 100 wrong labels, 200 exact copies
and 200 near duplicates (a third each: encoded at another quality, scaled by 0.8, cropped by 5 %).
It also adds 100 mirrored photos, which do not count as duplicates. Then runs the check, cold and
warm, and counts its findings. If CleanVision is installed (pip install cleanvision), also runs its
search for duplicates.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from catsdogs.dataset import index
from catsdogs.features import embeddings
from catsdogs.health import checkup
from catsdogs.sources import opening

WRONG, EXACT, NEAR, MIRRORED = 100, 200, 200, 100
QUEUE = 150
Change = Callable[[Image.Image, np.random.Generator, Path], None]
CLEANVISION = """
import json, sys
from cleanvision import Imagelab
if __name__ == "__main__":
    lab = Imagelab(data_path=sys.argv[1])
    lab.find_issues({"exact_duplicates": {}, "near_duplicates": {}}, n_jobs=2, verbose=False)
    sets = {kind: lab.info[kind]["sets"] for kind in ("exact_duplicates", "near_duplicates")}
    json.dump(sets, open(sys.argv[2], "w"))
"""


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        world = Path(options.keep or folder)
        for name in ("DATA", "ARTIFACTS", "CACHE"):
            os.environ[f"CATSDOGS_{name}"] = str(world / name.lower())
        planted = _plant(options.dataset, world / "photos", options.seed)
        seconds, result = _checked(world / "photos")
        again_s, _ = _checked(world / "photos")
        found = {
            "photos": result["images"],
            "cold_s": round(seconds, 1),
            "warm_s": round(again_s, 2),
            **_counted(planted, result),
        }
        peer = _cleanvision(world)
        if peer:
            found["cleanvision"] = _duplicates_found(planted, peer)
    print(json.dumps(found, indent=2) if options.json else _markdown(found))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="make the dataset here, and leave it there")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _plant(dataset: Path, folder: Path, seed: int) -> dict[str, Any]:
    """Create the dataset; return the mislabelled names, and (copy, original) pairs by kind."""
    given = opening.open_source(dataset)
    rng = np.random.default_rng(seed)
    names = [Path(name) for name in index.scan(given).usable["path"]]
    rng.shuffle(names)
    chosen = iter(names)
    planted: dict[str, Any] = {"wrong": [], "exact": [], "near": {}, "mirrored": []}
    folder.mkdir(parents=True)
    for number in range(WRONG):
        name = next(chosen)
        other = "dog" if name.name.startswith("cat") else "cat"
        planted["wrong"].append(f"{other}.{100_000 + number}.jpg")
        os.link(given / name, folder / planted["wrong"][-1])
    kept = list(chosen)
    for name in kept:
        os.link(given / name, folder / name.name)
    originals: Iterator[Path] = iter(rng.permutation(np.array(kept, dtype=object)))
    for number in range(EXACT):
        original = next(originals)
        copy = _copy_name(original, 200_000 + number)
        shutil.copyfile(given / original, folder / copy)
        planted["exact"].append((copy, original.name))
    kinds = {"quality": _encoded, "scaled by 0.8": _scaled, "cropped by 5 %": _cropped}
    for number in range(NEAR):
        kind = list(kinds)[number % len(kinds)]
        original = next(originals)
        copy = folder / _copy_name(original, 300_000 + number)
        pair = _changed(given / original, copy, kinds[kind], rng)
        planted["near"].setdefault(kind, []).append(pair)
    for number in range(MIRRORED):
        original = next(originals)
        copy = folder / _copy_name(original, 400_000 + number)
        planted["mirrored"].append(_changed(given / original, copy, _mirrored, rng))
    return planted


def _copy_name(original: Path, number: int) -> str:
    return f"{original.name.partition('.')[0]}.{number}.jpg"


def _changed(
    original: Path, copy: Path, change: Change, rng: np.random.Generator
) -> tuple[str, str]:
    with Image.open(original) as photo:
        change(photo.convert("RGB"), rng, copy)
    return copy.name, original.name


def _encoded(photo: Image.Image, rng: np.random.Generator, path: Path) -> None:
    photo.save(path, quality=int(rng.integers(40, 75)))


def _scaled(photo: Image.Image, rng: np.random.Generator, path: Path) -> None:
    photo.resize((max(1, photo.width * 4 // 5), max(1, photo.height * 4 // 5))).save(path)


def _cropped(photo: Image.Image, rng: np.random.Generator, path: Path) -> None:
    """Crop 5 % of the width and of the height, at random sides."""
    width, height = round(photo.width * 0.95), round(photo.height * 0.95)
    left = int(rng.integers(0, photo.width - width + 1))
    top = int(rng.integers(0, photo.height - height + 1))
    photo.crop((left, top, left + width, top + height)).save(path)


def _mirrored(photo: Image.Image, rng: np.random.Generator, path: Path) -> None:
    ImageOps.mirror(photo).save(path)


def _checked(folder: Path) -> tuple[float, dict[str, Any]]:
    started = time.perf_counter()
    dataset = index.scan(folder)
    findings = checkup.run(dataset, backbone=embeddings.exported_backbone, report=lambda *_: None)
    return time.perf_counter() - started, checkup.report(dataset, findings)


def _counted(planted: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
    queue = [found["path"] for found in result["suspect_labels"]]
    hits = len(set(planted["wrong"]) & set(queue[:QUEUE]))
    return {f"wrong labels of {WRONG} in the first {QUEUE}": hits} | _duplicates_found(
        planted, result
    )


def _duplicates_found(planted: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
    exact = [frozenset(group) for group in result["exact_duplicates"]]
    near = [frozenset(group) for group in result["near_duplicates"]]
    together = exact + near
    known = {name: original for pairs in planted["near"].values() for name, original in pairs}
    known |= dict(planted["exact"])
    return {
        f"exact copies of {EXACT}": _paired(planted["exact"], exact),
        **{
            f"near duplicates, {kind}, of {len(pairs)}": _paired(pairs, together)
            for kind, pairs in planted["near"].items()
        },
        f"mirrored photos of {MIRRORED} reported as duplicates": _paired(
            planted["mirrored"], together
        ),
        "groups of near duplicates": len(near),
        "groups that were not planted, to look at": [
            sorted(group) for group in near if len({known.get(name, name) for name in group}) > 1
        ],
    }


def _paired(pairs: list[tuple[str, str]], groups: list[frozenset[str]]) -> int:
    group_of = {name: group for group in groups for name in group}
    return sum(original in group_of.get(copy, ()) for copy, original in pairs)


def _cleanvision(world: Path) -> dict[str, Any] | None:
    script, out = world / "peer.py", world / "peer.json"
    script.write_text(CLEANVISION)
    command = [sys.executable, str(script), str(world / "photos"), str(out)]
    if subprocess.run(command, capture_output=True).returncode:
        return None
    sets = json.loads(out.read_text())
    return {kind: [[Path(p).name for p in group] for group in sets[kind]] for kind in sets}


def _markdown(found: dict[str, Any]) -> str:
    peer = found.pop("cleanvision", {})
    lines = ["| what | ours | CleanVision |", "|---|---:|---:|"]
    for name, value in found.items():
        shown = [len(v) if isinstance(v, list) else v for v in (value, peer.get(name, ""))]
        lines.append(f"| {name} | {shown[0]} | {shown[1]} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
