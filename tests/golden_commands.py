"""Every command of the command line on the sample dataset, and what its JSON looks like.

``python tests/golden_commands.py`` records ``tests/golden/commands.json``; ``test_golden_commands``
compares. What differs between machines and runs (times, ids, measured floats) is replaced by its
kind, so that the comparison is about names, types, counts and messages.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
RECORDED = PROJECT / "tests" / "golden" / "commands.json"
REFERENCE, REFERENCE_B = "reference-custom_cnn", "reference-mobilenet_v2-fine_tuned"
_RUN_ID = re.compile(r"\d{8}-\d{6}-(custom_cnn|mobilenet_v2)-[0-9a-f]{4}")
_DATE = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)?")
# Values that depend on the machine, the checkout or the moment.
_MACHINE = {"git_commit", "machine", "versions", "sha256", "bytes", "model_bytes", "pid", "who"}
# What a model or a check found: another processor may round one photo over to the other side.
_MEASURED = {"suspect_labels", "outliers", "near_duplicates", "shortcuts", "results", "slices"}
_MEASURED |= {"report", "confusion_matrix", "both_right", "both_wrong", "mcnemar_p", "nearest"}
_MEASURED |= {"a_right_b_wrong", "b_right_a_wrong", "equivalence", "without_suspects"}


def record() -> list[dict[str, Any]]:
    """Run every command in an empty machine; return their normalised documents."""
    with tempfile.TemporaryDirectory() as folder:
        world = _World(Path(folder))
        _datasets(world)
        _runs(world)
        _models(world)
        _errors(world)
    return world.documents


class _World:
    """A machine with nothing on it but the reference runs, and what was said on it so far."""

    def __init__(self, root: Path) -> None:
        self.root, self.documents = root.resolve(), []
        root = self.root
        (self.root / "artifacts").mkdir()
        for name in (REFERENCE, REFERENCE_B):
            (self.root / "artifacts" / name).mkdir()
            for path in (PROJECT / "artifacts" / name).iterdir():
                (self.root / "artifacts" / name / path.name).write_bytes(path.read_bytes())
        places = {f"CATSDOGS_{n}": str(root / n.lower()) for n in ("DATA", "ARTIFACTS", "CACHE")}
        weights = PROJECT / "artifacts" / "backbone.weights.h5"
        self._environment = {
            **os.environ,
            **places,
            "CATSDOGS_MOBILENET_WEIGHTS": str(weights),
            "COLUMNS": "100",
        }

    def run(self, *arguments: Any) -> Any:
        done = subprocess.run(
            [sys.executable, "-m", "catsdogs", *map(str, arguments), "--json"],
            capture_output=True,
            text=True,
            cwd=PROJECT,
            env=self._environment,
            timeout=600,
        )
        said = json.loads(done.stdout) if done.stdout else None
        self.documents.append(
            {
                "command": [self._place(str(argument)) for argument in arguments],
                "status": done.returncode,
                "document": self._normal(said),
            }
        )
        return said

    def _normal(self, value: Any, name: str = "") -> Any:
        if name in _MACHINE:
            return type(value).__name__
        if name in _MEASURED:
            return _shape(value)
        if isinstance(value, dict):
            return {self._place(key): self._normal(item, key) for key, item in value.items()}
        if isinstance(value, list):
            return [self._normal(item, name) for item in value]
        if isinstance(value, float):
            return "float"
        return self._place(value) if isinstance(value, str) else value

    def _place(self, text: str) -> str:
        text = text.replace(str(self.root), "ROOT").replace(str(PROJECT), "PROJECT")
        text = text.replace(f"{self.root.name}/", "ROOT/")  # How pages and runs name a dataset.
        return _DATE.sub("TIME", _RUN_ID.sub(r"RUN-\1", text))


def _shape(value: Any) -> Any:
    """Return the names and types in ``value``; of a list, those of its first item."""
    if isinstance(value, dict):
        return {key: _shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_shape(item) for item in value[:1]]
    return "number" if isinstance(value, int | float) else type(value).__name__


def _datasets(world: _World) -> None:
    sample, out = world.root / "sample", world.root / "out"
    out.mkdir()
    world.run("data", "sample", "--images", 120, "--out", sample, "--seed", 7)
    world.run("data", "scan", sample)
    world.run("data", "health", sample)
    world.run("data", "fetch", "--from", sample)
    decided = out / "decisions.csv"
    decided.write_text("path,action,label\ncat.1.jpg,exclude,\ncat.2.jpg,relabel,dog\n")
    world.run("data", "annotations", sample, "--import", decided)
    world.run("data", "annotations", sample, "--export", out / "exported.csv")
    world.run("embed", sample, "--out", out / "vectors.npz")


def _runs(world: _World) -> None:
    common = ("--data", world.root / "sample", "--batch-size", 8, "--seed", 3, "--validation", 0.3)
    first = world.run(
        *("train", "--model", "custom_cnn", *common, "--epochs", 1, "--recipe", "plain"),
        *("--learning-rate", 0.001, "--schedule", "constant", "--no-augment", "--repeats", 1),
        *("--dropout", 0.1, "--early-stopping", 2, "--precision", "float32", "--deterministic"),
    )
    second = world.run(
        *("train", "--model", "mobilenet_v2", *common, "--epochs", 2, "--fine-tune", 1),
        *("--fine-tune-from", "block_16", "--fine-tune-learning-rate", 1e-4, "--engine", "litert"),
        "--augment",
    )
    world.run("runs", "list")
    for done in (first, second):
        world.run("runs", "show", done["run"])
    world.run("runs", "show", REFERENCE)
    world.run("runs", "remark", first["run"], "--name", "mine", "--note", "one\ntwo", "--star")
    world.run("runs", "extend", second["run"], "--epochs", 1)
    world.run("runs", "show", second["run"])
    world.run("runs", "stop", first["run"])
    world.run("runs", "resume", first["run"])
    world.run("compare", first["run"], second["run"], "--margin", 0.05)
    world.run("evaluate", first["run"], "--data", world.root / "sample")
    for form in ("keras", "litert", "litert-float16", "litert-int8"):
        world.run("export", second["run"], "--format", form, "--out", world.root / f"out/{form}.m")
    world.run("classify", world.root / "sample", "--run", first["run"], second["run"])
    world.run("runs", "delete", first["run"])


def _models(world: _World) -> None:
    out = world.root / "out"
    photos = sorted((world.root / "sample").glob("*.jpg"))[:4]
    missing = out / "no.jpg"
    world.run("classify", *photos, missing, "--csv", out / "said.csv", "--threshold", 0.6)
    world.run("classify", photos[0], "--run", REFERENCE, "--never-neither")
    world.run("classify", photos[0], "--run", REFERENCE_B, "--false-refusal", 0.05)
    world.run("evaluate", REFERENCE_B, "--data", world.root / "sample")
    world.run("compare", REFERENCE, REFERENCE_B, "--report", out / "report.html")
    world.run("export", REFERENCE, "--format", "litert", "--out", out / "model.tflite")


def _errors(world: _World) -> None:
    sample = world.root / "sample"
    world.run("data", "scan", world.root / "nowhere")
    world.run("train", "--model", "custom_cnn", "--data", sample, "--epochs", 0)
    world.run("train", "--model", "custom_cnn", "--data", sample, "--fine-tune", 2)
    world.run("train", "--model", "resnet", "--data", sample)
    world.run("train", "--model", "custom_cnn")
    world.run("runs", "show", "nothing")
    world.run("runs", "delete", REFERENCE)
    world.run("runs", "extend", REFERENCE, "--epochs", 1)
    world.run("compare", REFERENCE, "nothing")
    world.run("compare", REFERENCE, REFERENCE_B, "--margin", 7)
    world.run("compare", REFERENCE, REFERENCE_B, "--report", "report.doc")
    world.run("export", REFERENCE, "--format", "keras", "--out", world.root / "out/no.keras")
    world.run("export", REFERENCE, "--format", "litert", "--out", world.root / "no/model.tflite")
    world.run("classify", sample, "--threshold", 2)
    world.run("classify", sample, "--false-refusal", 0.5)
    world.run("data", "fetch", "--from", "")
    world.run("embed", sample, "--out", world.root / "out/vectors.txt")
    world.run("nonsense")


if __name__ == "__main__":
    RECORDED.parent.mkdir(exist_ok=True)
    RECORDED.write_text(json.dumps(record(), indent=1) + "\n", "utf-8")
