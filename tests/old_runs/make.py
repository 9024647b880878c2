"""Train the runs in ``runs.tar.xz`` with the version of the app in the working directory.

    cd CHECKOUT && PYTHON /path/to/make.py OUT.tar.xz

It uses only the command line and the files in a run's folder, so it works with any version.
"""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

IMAGES, SEED = 60, 7
# Each takes about 25 ms: enough of them to stop a run between its first epoch and its last.
MANY_EPOCHS = 150
# Large files that no test needs, and what a worker printed.
LEFT_OUT = ("model.keras", "worker.log", ".lock", ".reserve", "stop")
SHIPPED_BACKBONE = Path("artifacts/backbone.weights.h5").resolve()
WAIT_S, POLL_S = 120, 0.01


def main() -> None:
    """Train the runs in a temporary folder and pack them into the file that the caller names."""
    out = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(prefix="old-runs-") as name:
        root = Path(name)
        for folder in ("data", "artifacts", "cache"):
            os.environ[f"CATSDOGS_{folder.upper()}"] = str(root / folder)
        os.environ["CATSDOGS_MOBILENET_WEIGHTS"] = str(SHIPPED_BACKBONE)
        command("data", "sample", "--images", IMAGES, "--seed", SEED)
        pack(make_runs(root), out)


def make_runs(root: Path) -> dict[str, Path]:
    """Return the folder of each run by its name in the archive."""
    folders = {
        "finished": finished(root, "--epochs", 3),
        "fine_tuned": finished(
            root, "--epochs", 2, "--fine-tune", 1, "--fine-tune-from", "block_16"
        ),
        "stopped": stopped(root),
        "failed": failed(root),
    }
    lost_folder, queued_folder = lost_and_queued(root)
    command("runs", "remark", folders["finished"].name, "--name", "old", "--note", "one", "--star")
    for name in ("finished", "fine_tuned", "stopped"):
        halve_model(folders[name], root)
    (folders["fine_tuned"] / "checkpoint.npz").unlink()  # 18 MB: half of them Adam's moments.
    return {**folders, "lost": lost_folder, "queued": queued_folder}


def finished(root: Path, *settings: Any) -> Path:
    process, folder = start(root, *settings)
    process.wait(WAIT_S)
    return folder


def stopped(root: Path) -> Path:
    process, folder = start(root, "--epochs", MANY_EPOCHS)
    wait_for(lambda: (folder / "checkpoint.npz").is_file())
    command("runs", "stop", folder.name)
    process.wait(WAIT_S)
    return folder


def failed(root: Path) -> Path:
    os.environ["CATSDOGS_MOBILENET_WEIGHTS"] = "/nowhere/weights.h5"
    folder = finished(root, "--epochs", 2)
    os.environ["CATSDOGS_MOBILENET_WEIGHTS"] = str(SHIPPED_BACKBONE)
    return folder


def lost_and_queued(root: Path) -> tuple[Path, Path]:
    """Kill a worker while another run waits, and first the commands that would start that one."""
    first, lost_folder = start(root, "--epochs", MANY_EPOCHS)
    second, queued_folder = start(root, "--epochs", 2)
    wait_for(lambda: (lost_folder / "checkpoint.npz").is_file())
    for process in (first, second):
        process.kill()
        process.wait()
    os.kill(worker(lost_folder), signal.SIGKILL)
    return lost_folder, queued_folder


def start(root: Path, *settings: Any) -> tuple["subprocess.Popen[bytes]", Path]:
    """Return the process of a training command, and its run's folder once that has an event."""
    before = run_folders(root)
    process = subprocess.Popen(
        arguments(
            *("train", "--model", "mobilenet_v2", "--data", root / "data" / "sample"),
            *("--batch-size", 8, "--seed", SEED, *settings),
        ),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_for(lambda: len(run_folders(root)) > len(before))
    (folder,) = run_folders(root) - before
    return process, folder


def run_folders(root: Path) -> set[Path]:
    return {events.parent for events in (root / "artifacts").glob("2*/events.jsonl")}


def worker(folder: Path) -> int:
    events = map(json.loads, (folder / "events.jsonl").read_text("utf-8").splitlines())
    return next(event["pid"] for event in events if event["event"] == "launched")


def wait_for(is_done: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + WAIT_S
    while not is_done():
        if time.monotonic() > give_up_at:
            raise SystemExit("Expected a run to come this far. Received: none in two minutes.")
        time.sleep(POLL_S)


def halve_model(folder: Path, root: Path) -> None:
    """Replace a run's model by its own export in float16, and its checksum with it.

    The reference runs in ``artifacts/`` are shipped in this form too.
    """
    model = root / "half.tflite"
    command("export", folder.name, "--format", "litert-float16", "--out", model)
    shutil.move(model, folder / "model.tflite")
    *others, last = (folder / "events.jsonl").read_text("utf-8").splitlines()
    ending = json.loads(last)
    sums = ending["result"]["sha256"]
    sums["model.tflite"] = hashlib.sha256((folder / "model.tflite").read_bytes()).hexdigest()
    (folder / "events.jsonl").write_text("\n".join([*others, json.dumps(ending)]) + "\n", "utf-8")


def pack(folders: dict[str, Path], out: Path) -> None:
    """Write the archive. Models that share a backbone stand side by side, to compress as one."""
    paths = {
        f"{name}/{path.name}": path
        for name, folder in folders.items()
        for path in sorted(folder.iterdir())
        if path.name not in LEFT_OUT
    }
    with tarfile.open(out, "w:xz", preset=9) as archive:
        for name in sorted(paths, key=lambda name: (not name.endswith(".tflite"), name)):
            archive.add(paths[name], name, filter=anonymous)


def anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def arguments(*words: Any) -> list[str]:
    return [sys.executable, "-m", "catsdogs", *map(str, words), "--json"]


def command(*words: Any) -> None:
    subprocess.run(arguments(*words), check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
