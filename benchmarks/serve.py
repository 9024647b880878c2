"""How many photos a second does the service answer, and how long does a client wait?

    python -m benchmarks.serve DATASET RUN [--photos 400] [--seconds 10] [--checked 2000] [--json]

RUN is a finished run, such as a MobileNetV2, and answers photos of DATASET, one a request, without
heat maps. A real server listens on loopback. The load generator `wrk`, a package of Debian, sends
the photos in turn from 1, 8 and 16 clients. Prints photos a second, the 50th and 99th percentile of
the answers' times, and the server's processor time for a photo. If FastAPI is installed and RUN has
a Keras model, the usual way (`predict` behind FastAPI) gets the load of 16 clients, too.

Then 16 clients ask for --checked answers, each of which must be the one that `classify --json`
gives. Prints how long the server took to start, and its memory: at first, after the load, and the
least and the most of it while answers were checked.
"""

import argparse
import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from threading import local

import psutil
import requests

from catsdogs.dataset import index
from catsdogs.images.picture import read_bytes
from catsdogs.inference import answers
from catsdogs.inference.panel import Decision, Panel
from catsdogs.inference.predictor import Predictor
from catsdogs.runs import layout, store
from catsdogs.runs.run import Run
from catsdogs.sources import opening

_CLIENTS = (1, 8, 16)
_ROUTE, _PEER_ROUTE = "/api/v1/classify", "/classify"
_PHOTOS_IN_TURN = Path(__file__).with_name("photos.lua")
_WARM_S = 2
_STARTS_S = 120


@dataclass(frozen=True)
class _Served:
    url: str
    process: psutil.Process
    start_s: float = 0.0
    seen_mb: list[float] = field(default_factory=list)

    def resident_mb(self) -> float:
        self.seen_mb.append(self.process.memory_info().rss / 1e6)
        return self.seen_mb[-1]

    def used_s(self) -> float:
        times = self.process.cpu_times()
        return times.user + times.system


def main() -> None:
    options = _options()
    root = opening.open_source(options.dataset)
    found = index.scan(root).usable["path"].sample(options.photos, random_state=0)
    photos = {str(number): read_bytes(root / name) for number, name in enumerate(found)}
    run = store.find_usable(options.run)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number, content in photos.items():
            (folder / number).write_bytes(content)
        with _serving(run) as served:
            first_mb = served.resident_mb()
            loads = [_load(served, _ROUTE, folder, c, options.seconds) for c in _CLIENTS]
            loaded_mb = served.resident_mb()
            served.seen_mb.clear()
            wrong = _wrong(served, photos, run, options.checked)
        model = run.folder / layout.KERAS_MODEL
        peer = None
        if find_spec("fastapi") and model.is_file():
            with _keras_serving(model) as served_by_keras:
                peer = _load(served_by_keras, _PEER_ROUTE, folder, _CLIENTS[-1], options.seconds)
    result = {
        "start_s": round(served.start_s, 2),
        "memory_mb": {
            "first": round(first_mb),
            "loaded": round(loaded_mb),
            "least": round(min(served.seen_mb)),
            "most": round(max(served.seen_mb)),
        },
        "checked": options.checked,
        "wrong_answers": wrong,
        "load": loads,
        "keras_and_fastapi": peer,
    }
    print(json.dumps(result, indent=2) if options.json else _text(result))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", type=Path)
    parser.add_argument("run")
    parser.add_argument("--photos", type=int, default=400)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--checked", type=int, default=2000)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


@contextmanager
def _serving(run: Run) -> Iterator[_Served]:
    began = time.perf_counter()
    command = [sys.executable, "-m", "catsdogs", "serve", "--port", "0", "--run", run.run_id]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        said = server.stderr.readline()
        took_s = time.perf_counter() - began
        url = said.split("Serving on ")[1].split(". Press")[0]
        yield _Served(url, psutil.Process(server.pid), took_s)
    finally:
        server.terminate()
        server.communicate(timeout=60)


@contextmanager
def _keras_serving(model: Path) -> Iterator[_Served]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "benchmarks.keras_server", str(model), str(port)]
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield _Served(f"http://127.0.0.1:{port}", psutil.Process(server.pid))
    finally:
        server.terminate()
        server.wait(timeout=60)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + _STARTS_S
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def _load(
    served: _Served, route: str, folder: Path, clients: int, seconds: int
) -> dict[str, float]:
    """Send the photos from some clients at a time, and return what the answers took."""
    _wrk(served.url + route, folder, clients, _WARM_S)
    before_s = served.used_s()
    told = _wrk(served.url + route, folder, clients, seconds)
    used_ms = 1000 * (served.used_s() - before_s) / max(told["requests"], 1)
    return {"clients": clients, **told, "processor_ms": round(used_ms, 1)}


def _wrk(url: str, folder: Path, clients: int, seconds: int) -> dict[str, float]:
    command = ["wrk", "-t", "1", "-c", str(clients), "-d", f"{seconds}s", "--timeout", "60s"]
    command += ["-s", str(_PHOTOS_IN_TURN), url, "--", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def _wrong(served: _Served, photos: dict[str, bytes], run: Run, count: int) -> int:
    """Return how many answers are not those of this process, and watch the server's memory."""
    panel = Panel([run], [run], Predictor)
    expected = {
        name: _bare([answers.see(name, lambda content=content: content, panel).to_json(Decision())])
        for name, content in photos.items()
    }
    names, own = list(photos), local()

    def is_wrong(number: int) -> bool:
        if not hasattr(own, "session"):
            own.session = requests.Session()
        name = names[number % len(names)]
        sent = {"data": photos[name], "headers": {"Content-Type": "image/jpeg"}, "timeout": 60}
        told = own.session.post(f"{served.url}{_ROUTE}?name={name}", **sent).json()
        if number % len(names) == 0:
            served.resident_mb()
        return _bare(told) != expected[name]

    with ThreadPoolExecutor(_CLIENTS[-1]) as clients:
        return sum(clients.map(is_wrong, range(count)))


def _bare(documents: list[dict]) -> list[dict]:
    for result in documents[0]["results"]:
        result["latency_ms"] = 0
    return documents


def _text(result: dict) -> str:
    memory, peer = result["memory_mb"], result["keras_and_fastapi"]
    lines = [
        f"start {result['start_s']} s, memory {memory['first']} MB at first, {memory['loaded']} MB "
        f"after the load, {memory['least']} to {memory['most']} MB while "
        f"{result['checked']:,} answers were checked: {result['wrong_answers']} wrong",
        *(_line(one) for one in result["load"]),
    ]
    if peer:
        lines.append(f"{_line(peer)} (Keras and FastAPI)")
    if peer and peer["requests"]:
        ratio = result["load"][-1]["photos_per_second"] / peer["photos_per_second"]
        lines.append(f"{ratio:.1f} times as many")
    return "\n".join(lines)


def _line(one: dict) -> str:
    return (
        f"{one['clients']:3} clients: {one['photos_per_second']:6} photos/s, "
        f"p50 {one['p50_ms']:6} ms, p99 {one['p99_ms']:6} ms, {one['failed']} failed, "
        f"{one['processor_ms']} ms of processor time a photo"
    )


if __name__ == "__main__":
    main()
