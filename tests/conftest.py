"""States of the world that tests start from: an empty machine, a few photos, trained runs."""

import gc
import io
import json
import os
import select
import shutil
import sys
import threading
import zipfile
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

import forked_commands
import numpy as np
import pytest
import storage_server
from PIL import Image

from catsdogs.features import backbones, embeddings
from catsdogs.inference import latency
from catsdogs.runs import layout, model_files
from catsdogs.system.locks import exclusive

# The processes that tests start read the project's modules as one of them compiled them.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# As in the app's own processes: idle computing threads sleep instead of spinning.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
# Tests wait for background work. At its low priority it would starve beside other tests.
os.environ.setdefault("CATSDOGS_LOW_PRIORITY", "0")
PROJECT = Path(__file__).resolve().parent.parent
SHARED = PROJECT.parent / "shared"
NATIVE_ZIP = SHARED / "data" / "dogs-vs-cats-native-2002.zip"
WEIGHTS = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5"


@pytest.fixture(autouse=True, scope="module")
def quick_garbage_collection():
    """Leave what is in memory now out of later collections.

    Streamlit collects garbage after each run of a page. Among the half a million objects of all
    tests and libraries, that takes longer than most pages.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope="module")
def quick_pages(request):
    """Look for other packages' components once, and time models in few rounds.

    Otherwise every page that a test opens would look for them, and Compare time models for seconds.
    """
    if not hasattr(request.module, "AppTest"):
        yield
        return
    from streamlit.components.v2 import manifest_scanner

    once = cache(manifest_scanner.scan_component_manifests)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", once)
        patch.setattr(latency, "FEWEST", 5)
        patch.setattr(latency, "MOST", 5)
        yield


@pytest.fixture(autouse=True)
def empty_machine(tmp_path, monkeypatch):
    """A machine without data, runs or caches, and an empty working directory."""
    for name in ("DATA", "ARTIFACTS", "CACHE"):
        monkeypatch.setenv(f"CATSDOGS_{name}", str(tmp_path / name.lower()))
    # Commands would break their lines at it. pytest-xdist sets it in its workers.
    monkeypatch.delenv("COLUMNS", raising=False)
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")
    return tmp_path


@pytest.fixture
def storage(monkeypatch):
    """An empty storage that answers for S3 and for Hugging Face's hub."""
    with storage_server.serving() as found:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", found.url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", storage_server.SECRET)
        monkeypatch.setenv("HF_ENDPOINT", found.url)
        monkeypatch.setenv("HF_TOKEN", storage_server.SECRET)
        yield found


@pytest.fixture
def photo():
    """Return a function that writes an image of seeded noise and returns its path."""

    def write(path: Path, *, size=(64, 48), seed=0, mode="RGB", **save_options) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        noise = np.random.default_rng(seed).integers(0, 256, (*size[::-1], 3), dtype=np.uint8)
        Image.fromarray(noise).convert(mode).save(path, **save_options)
        return path

    return write


@pytest.fixture
def kaggle_folder(tmp_path, photo):
    """A folder of eight cats and eight dogs, named as Kaggle names them."""
    folder = tmp_path / "photos"
    for number in range(8):
        photo(folder / f"cat.{number}.jpg", seed=number)
        photo(folder / f"dog.{number}.jpg", seed=100 + number)
    return folder


@pytest.fixture
def archive(kaggle_folder):
    """The bytes of a zip of those photos, as Kaggle packs them."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        for path in kaggle_folder.iterdir():
            opened.write(path, f"train/{path.name}")
        # Larger than one read from the network.
        opened.writestr("notes.txt", b"much to say " * 50_000)
    return buffer.getvalue()


@contextmanager
def served(content: bytes, *, stall_after: int | None = None):
    """Serve ``content`` at any address; the server goes silent after ``stall_after`` bytes."""
    let_go = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[:stall_after])
            if stall_after is not None:
                self.wfile.flush()
                while not let_go.wait(0.1):
                    if select.select([self.connection], [], [], 0)[0]:
                        break  # The client has closed the connection.

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/photos.zip"
        finally:
            let_go.set()
            server.shutdown()
            thread.join()


def command_line(*arguments, **environment):
    """Run ``python -m catsdogs … --json`` in a process; return (exit status, parsed stdout)."""
    words = [*map(str, arguments), "--json"]
    given = {**os.environ, **{name: str(value) for name, value in environment.items()}}
    with TemporaryDirectory() as folder:
        said = forked_commands.run(words, given, Path(folder))
    assert said.out, said.err
    return said.status, json.loads(said.out)


@pytest.fixture(scope="session")
def trained_world(tmp_path_factory):
    """A sample dataset and two custom CNNs, each trained on it for an epoch by a real worker.

    All processes of one test run share it, so tests change only copies of it.
    """
    root = _common_folder(tmp_path_factory, "trained")
    with exclusive(root / "lock"):
        if not (root / "complete").exists():
            _train(root)
            (root / "complete").touch()
    return root


def _common_folder(tmp_path_factory, name: str) -> Path:
    """Return a folder that all processes of one test run share."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    folder.mkdir(exist_ok=True)
    return folder


def _train(root: Path) -> None:
    places = {f"CATSDOGS_{name}": root / name.lower() for name in ("DATA", "ARTIFACTS", "CACHE")}
    sample = root / "data" / "sample"
    assert command_line("data", "sample", "--images", 80, "--out", sample, **places)[0] == 0
    for recipe in ("plain", "default"):
        status, result = command_line(
            *("train", "--model", "custom_cnn", "--data", sample),
            *("--recipe", recipe, "--epochs", 1, "--batch-size", 8),
            **places,
        )
        assert status == 0, result


def _copy(source: str, target: str) -> None:
    # Checkpoints are most of the bytes, and the app only ever replaces them.
    (os.link if source.endswith("checkpoint.npz") else shutil.copy2)(source, target)


@pytest.fixture
def trained_machine(trained_world, tmp_path, monkeypatch):
    """A copy of ``trained_world`` that a test may change."""
    for name in ("data", "artifacts", "cache"):
        shutil.copytree(trained_world / name, tmp_path / name, copy_function=_copy)
        monkeypatch.setenv(f"CATSDOGS_{name.upper()}", str(tmp_path / name))
    return tmp_path


def seal(folder: Path) -> None:
    """Update the checksums in a run's last event to those of its current files."""
    events = folder / layout.EVENTS
    *others, last = events.read_text("utf-8").splitlines()
    ending = json.loads(last)
    ending["result"]["sha256"] = model_files.checksums(folder)
    events.write_text("\n".join([*others, json.dumps(ending)]) + "\n", "utf-8")


def find_imagenet_weights() -> Path | None:
    """Return the path of the ImageNet weights, or None if this machine has none."""
    keras_home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    candidates = [keras_home / "models" / WEIGHTS, SHARED / "weights" / WEIGHTS]
    return next((path for path in candidates if path.is_file()), None)


@pytest.fixture(scope="session")
def imagenet_weights():
    """The path of MobileNetV2's ImageNet weights; skips the test if there are none."""
    path = find_imagenet_weights()
    if path is None:
        pytest.skip("MobileNetV2's ImageNet weights are not on this machine")
    return path


@pytest.fixture(scope="session")
def put_backbone(tmp_path_factory):
    """Return a function that puts MobileNetV2, exported from its weights, into a cache.

    All processes of one test run export it once, which takes ten seconds.
    """
    common = _common_folder(tmp_path_factory, "exported")

    def put(weights: Path, cache: Path) -> None:
        with exclusive(common / "lock"), pytest.MonkeyPatch.context() as patch:
            patch.setenv("CATSDOGS_CACHE", str(common))
            patch.setenv("CATSDOGS_MOBILENET_WEIGHTS", str(weights))
            exported = backbones.export_of(weights)
            if not exported.is_file():
                embeddings.exported_backbone()
        (cache / "backbones").mkdir(parents=True)
        shutil.copy(exported, cache / "backbones")

    return put


@pytest.fixture(scope="session")
def native_zip():
    """The path of the archive of 2,002 real photos; skips the test if it is missing."""
    if not NATIVE_ZIP.is_file():
        pytest.skip("the real photos (../shared/data) are not on this machine")
    return NATIVE_ZIP
