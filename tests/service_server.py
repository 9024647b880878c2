"""A real server of the REST service on loopback, and a world with two runs for it."""

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import requests
from conftest import PROJECT

RUNS = ("reference-mobilenet_v2-fine_tuned", "reference-custom_cnn")
TOKEN = "a-token-of-the-tests-0123456789"


@dataclass
class ServiceServer:
    """A running service: its process and its address."""

    process: subprocess.Popen
    url: str

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])

    def resident_mb(self) -> float:
        return psutil.Process(self.process.pid).memory_info().rss / 1e6

    def get(self, path: str, **options) -> requests.Response:
        return requests.get(self.url + path, timeout=60, **options)

    def post(self, path: str, **options) -> requests.Response:
        return requests.post(self.url + path, timeout=60, **options)


def places(world: Path) -> dict[str, str]:
    """Return the variables that move data, runs, caches and unnamed files below ``world``."""
    (world / "tmp").mkdir(exist_ok=True)
    own = {f"CATSDOGS_{n}": str(world / n.lower()) for n in ("DATA", "ARTIFACTS", "CACHE")}
    return {**own, "TMPDIR": str(world / "tmp")}


def build_world(world: Path) -> Path:
    """Put two of the reference runs into ``world``."""
    for run in RUNS:
        shutil.copytree(PROJECT / "artifacts" / run, world / "artifacts" / run)
    return world


@contextmanager
def serving(world: Path, *options: str, **environment: str):
    """Serve the runs below ``world`` on a free port."""
    command = [sys.executable, "-m", "catsdogs", "serve", "--port", "0", *options]
    process = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        text=True,
        cwd=PROJECT,
        env={**os.environ, **places(world), **environment},
    )
    try:
        said = ""
        while "Serving on" not in said:
            said = process.stderr.readline()
            assert said, process.wait()
        port = said.split(". Press")[0].rsplit(":", 1)[1]
        yield ServiceServer(process, f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.communicate(timeout=30)
