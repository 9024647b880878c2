"""How many photos a second does the service answer, and how long does a client wait?

    python -m benchmarks.serve DATASET RUN [--photos 5] [--seconds 10] [--json]

RUN is a finished run, such as a MobileNetV2, and answers photos of DATASET, one a request, without
heat maps. A real server listens on loopback, and the load generator `hey` (a package of Debian, and
`go install github.com/rakyll/hey@latest`) sends from 1, 8 and 16 clients. Prints photos a second
and the 50th and 99th percentile of the answers' times, each photo in turn. Then prints how long the
server took to start, and its memory before and after. Every answer must be the one that
`classify --json` gives.
"""

import argparse
import csv
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import requests

from catsdogs.dataset import index
from catsdogs.images.picture import read_bytes
from catsdogs.inference import answers
from catsdogs.inference.panel import Decision, Panel
from catsdogs.inference.predictor import Predictor
from catsdogs.runs import store
from catsdogs.runs.run import Run
from catsdogs.sources import opening

_CLIENTS = (1, 8, 16)
_ROUTE = "/api/v1/classify"
_PERCENTILES = (50, 99)


@dataclass(frozen=True)
class _Served:
    url: str
    process: psutil.Process
    start_s: float

    def resident_mb(self) -> float:
        return self.process.memory_info().rss / 1e6


def main() -> None:
    options = _options()
    root = opening.open_source(options.dataset)
    found = index.scan(root).usable["path"].sample(options.photos, random_state=0)
    photos = {name: read_bytes(root / name) for name in found}
    run = store.find_usable(options.run)
    with _serving(run) as served:
        before_mb = served.resident_mb()
        measured = [
            _measured(served, list(photos.values()), clients, seconds=options.seconds)
            for clients in _CLIENTS
        ]
        result = {
            "start_s": round(served.start_s, 2),
            "memory_mb": [round(before_mb), round(served.resident_mb())],
            "wrong_answers": _wrong(served, photos, run),
            "load": measured,
        }
    print(json.dumps(result, indent=2) if options.json else _text(result))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", type=Path)
    parser.add_argument("run")
    parser.add_argument("--photos", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


@contextmanager
def _serving(run: Run) -> Iterator[_Served]:
    began = time.perf_counter()
    command = [sys.executable, "-m", "catsdogs", "serve", "--port", "0", "--run", run.run_id]
    environment = {**os.environ, "OMP_WAIT_POLICY": "passive"}
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
    try:
        said = server.stderr.readline()
        took_s = time.perf_counter() - began
        url = said.split("Serving on ")[1].split(". Press")[0]
        yield _Served(url, psutil.Process(server.pid), took_s)
    finally:
        server.terminate()
        server.communicate(timeout=60)


def _measured(
    served: _Served, photos: list[bytes], clients: int, *, seconds: float
) -> dict[str, float]:
    """Send each photo for its share of the time, and return what all answers took together."""
    times_s: list[float] = []
    failed, took_s = 0, 0.0
    for photo in photos:
        began = time.perf_counter()
        rows = _hey(served, photo, clients, seconds=seconds / len(photos))
        took_s += time.perf_counter() - began
        times_s += [float(row["response-time"]) for row in rows]
        failed += sum(row["status-code"] != "200" for row in rows)
    return {
        "clients": clients,
        "photos_per_second": round(len(times_s) / took_s, 1),
        **{f"p{p}_ms": round(1000 * np.percentile(times_s, p), 1) for p in _PERCENTILES},
        "requests": len(times_s),
        "failed": failed,
    }


def _hey(served: _Served, photo: bytes, clients: int, *, seconds: float) -> list[dict[str, str]]:
    with tempfile.NamedTemporaryFile(suffix=".jpg") as body:
        body.write(photo)
        body.flush()
        done = subprocess.run(
            [
                *("hey", "-o", "csv", "-m", "POST", "-T", "image/jpeg", "-D", body.name),
                *("-c", str(clients), "-z", f"{seconds}s", served.url + _ROUTE),
            ],
            capture_output=True,
            text=True,
            check=True,
        )
    return list(csv.DictReader(io.StringIO(done.stdout)))


def _wrong(served: _Served, photos: dict[str, bytes], run: Run) -> int:
    """Count the answers that are not those of this process."""
    panel = Panel([run], [run], Predictor)
    wrong = 0
    for name, content in photos.items():
        sent = {"data": content, "headers": {"Content-Type": "image/jpeg"}, "timeout": 60}
        told = requests.post(f"{served.url}{_ROUTE}?name={name}", **sent).json()
        seen = answers.see(name, lambda content=content: content, panel)
        wrong += _bare(told) != _bare([seen.to_json(Decision())])
    return wrong


def _bare(documents: list[dict]) -> list[dict]:
    for result in documents[0]["results"]:
        result["latency_ms"] = 0
    return documents


def _text(result: dict) -> str:
    lines = [
        f"start {result['start_s']} s, memory {result['memory_mb'][0]} MB before and "
        f"{result['memory_mb'][1]} MB after, {result['wrong_answers']} wrong answers"
    ]
    lines += [
        f"{one['clients']:3} clients: {one['photos_per_second']:6} photos/s, "
        f"p50 {one['p50_ms']:6} ms, p99 {one['p99_ms']:6} ms, {one['failed']} failed"
        for one in result["load"]
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
