"""Does a dataset in object storage give the same figures as the same photos in a folder?

    python -m benchmarks.storage DATASET [--epochs 10] [--json]

Starts moto's S3 server on this machine (``uv tool run``, which downloads it once) and writes the
photos of DATASET to it three times: as objects, as Parquet tables and as WebDataset tars. Then it
scans, checks, trains a frozen MobileNetV2 and evaluates it, on the folder and on each of the three,
each with its own cache. Prints the seconds of each step, and which figures are not those of the
folder. Findings are compared by their number, because tables and tars have other paths.
"""

import argparse
import io
import json
import os
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow.fs import S3FileSystem

from catsdogs.dataset import index
from catsdogs.images import picture
from catsdogs.labels import CLASS_NAMES
from catsdogs.sources import opening

SERVER = "moto[server]==5.2.5"
BUCKET = "photos"
SHARDS = 4
START_S = 300
# The figures that must not depend on where the photos are.
SAME_OF_RUN = ("train_images", "val_images", "val_accuracy", "val_loss", "calibration")
SAME_OF_EVALUATION = ("images", "accuracy", "log_loss", "ece", "confusion_matrix", "intervals")


def main() -> None:
    options = _options()
    root = opening.open_source(options.dataset)
    with tempfile.TemporaryDirectory() as folder, _server() as url:
        environment = _environment(Path(folder), url)
        _fill(root, url)
        places = {"folder": str(root)} | {
            kind: f"s3://{BUCKET}/{kind}" for kind in ("objects", "tables", "tars")
        }
        found = {
            kind: _measured(place, environment | _own(Path(folder) / kind), options.epochs)
            for kind, place in places.items()
        }
    for one in found.values():
        one["differing"] = _differing(one["figures"], found["folder"]["figures"])
    print(json.dumps(found, indent=2) if options.json else _markdown(found))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


@contextmanager
def _server() -> Iterator[str]:
    """Run the S3 server, and yield its address when it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["uv", "tool", "run", "--from", SERVER, "moto_server", "-p", str(port)]
    server = subprocess.Popen(
        [sys.executable, "-m", *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait(server, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def _wait(server: "subprocess.Popen[bytes]", port: int) -> None:
    ends_at = time.monotonic() + START_S
    while time.monotonic() < ends_at and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.2)
    raise SystemExit(f"Expected an S3 server from {SERVER}. Received: none. Check the network.")


def _fill(root: Path, url: str) -> None:
    """Write the labelled photos of a folder to the server in three ways."""
    records = index.scan(root).usable
    photos = [
        (path, CLASS_NAMES[label], picture.read_bytes(root / path))
        for path, label in zip(records["path"], records["label"], strict=True)
    ]
    bucket = S3FileSystem(
        access_key="key",
        secret_key="word",
        region="us-east-1",
        scheme="http",
        endpoint_override=url.removeprefix("http://"),
        allow_bucket_creation=True,
    )
    bucket.create_dir(BUCKET)
    for path, _, content in photos:
        _write(bucket, f"objects/{path}", content)
    size = -(-len(photos) // SHARDS)
    for shard in range(SHARDS):
        some = photos[shard * size : (shard + 1) * size]
        _write(bucket, f"tables/train-{shard:05}-of-{SHARDS:05}.parquet", _table(some))
        _write(bucket, f"tars/train-{shard:06}.tar", _tar(some))


def _write(bucket: S3FileSystem, path: str, content: bytes) -> None:
    with bucket.open_output_stream(f"{BUCKET}/{path}") as stream:
        stream.write(content)


def _table(photos: list[tuple[str, str, bytes]]) -> bytes:
    images = [{"bytes": content, "path": path} for path, _, content in photos]
    table = pa.table({"image": images, "label": [label for _, label, _ in photos]})
    buffer = io.BytesIO()
    pq.write_table(table, buffer, row_group_size=100)
    return buffer.getvalue()


def _tar(photos: list[tuple[str, str, bytes]]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for number, (_, label, content) in enumerate(photos):
            for kind, part in (("jpg", content), ("cls", label.encode())):
                member = tarfile.TarInfo(f"{number:06}.{kind}")
                member.size = len(part)
                archive.addfile(member, io.BytesIO(part))
    return buffer.getvalue()


def _measured(place: str, environment: dict[str, str], epochs: int) -> dict[str, Any]:
    seconds: dict[str, float] = {}

    def said(step: str, *words: str) -> dict[str, Any]:
        began = time.perf_counter()
        command = [sys.executable, "-m", "catsdogs", *words, "--json"]
        done = subprocess.run(command, capture_output=True, text=True, env=environment)
        seconds[step] = round(time.perf_counter() - began, 1)
        if not done.stdout or done.returncode not in (0, 2):
            raise SystemExit(done.stdout + done.stderr)
        return json.loads(done.stdout)

    scan = said("scan", "data", "scan", place)
    health = said("health", "data", "health", place)
    train = ("--model", "mobilenet_v2", "--epochs", str(epochs), "--data", place)
    run = said("train", "train", *train)
    evaluated = said("evaluate", "evaluate", run["run"], "--data", place)
    figures = {
        **{name: scan[name] for name in ("images", "cats", "dogs") if name in scan},
        "health": {name: _counted(value) for name, value in health.items() if name != "seconds"},
        "run": {name: run[name] for name in SAME_OF_RUN},
        "evaluation": {name: evaluated[name] for name in SAME_OF_EVALUATION},
    }
    return {"seconds": seconds, "figures": figures}


def _counted(value: Any) -> Any:
    """Return findings without paths, which differ: the number of entries of each list."""
    if isinstance(value, dict):
        return {name: _counted(inner) for name, inner in value.items()}
    return len(value) if isinstance(value, list) else value


def _differing(one: Any, other: Any, name: str = "") -> list[str]:
    """Return the names of the figures that differ, each with those of the groups it is in."""
    if one == other:
        return []
    if not (isinstance(one, dict) and isinstance(other, dict)):
        return [f"{name.strip()}: {one} instead of {other}"]
    keys = dict.fromkeys((*one, *other))
    parts = (_differing(one.get(key), other.get(key), f"{name} {key}") for key in keys)
    return list(chain.from_iterable(parts))


def _environment(folder: Path, url: str) -> dict[str, str]:
    keys = {"AWS_ENDPOINT_URL_S3": url, "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "word"}
    return {**os.environ, **keys}


def _own(folder: Path) -> dict[str, str]:
    return {f"CATSDOGS_{name}": str(folder / name) for name in ("DATA", "ARTIFACTS", "CACHE")}


def _markdown(found: dict[str, Any]) -> str:
    steps = list(found["folder"]["seconds"])
    rows = [
        " | ".join([f"| {kind}", *_times(one, steps), f"{', '.join(one['differing']) or 'none'} |"])
        for kind, one in found.items()
    ]
    head = f"| photos as | {' | '.join(steps)} | other figures |\n|{'---|' * (len(steps) + 2)}"
    return "\n".join([head, *rows])


def _times(one: dict[str, Any], steps: list[str]) -> list[str]:
    return [f"{one['seconds'][step]:.1f} s" for step in steps]


if __name__ == "__main__":
    main()
