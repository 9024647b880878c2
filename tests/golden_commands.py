"""Run every command of the command line on the sample dataset and describe what it prints.

``python tests/golden_commands.py`` records ``tests/golden/commands.json``, and
``test_golden_commands.py`` compares with it. Values that differ between machines or runs (times,
ids, measured floats) are replaced by their type, so the comparison covers names, types, counts and
messages. Commands that can be repeated also run without ``--json``, on 80 columns, and
all paths are long.
"""

import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import forked_commands
from forked_commands import PROJECT, Said

from catsdogs import paths

SHIPPED = PROJECT / "artifacts"
RECORDED = PROJECT / "tests" / "golden" / "commands.json"
REFERENCE, REFERENCE_B = "reference-custom_cnn", "reference-mobilenet_v2-fine_tuned"

RUN_ID = re.compile(r"\d{8}-\d{6}-(custom_cnn|mobilenet_v2)-[0-9a-f]{4}")
DATE = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)?")
# These depend on the machine, the checkout or the time. Only their type is recorded.
OF_THE_MACHINE = {
    *("git_commit", "uncommitted", "machine", "versions", "who", "pid"),
    *("sha256", "bytes", "model_bytes"),
}
# A model or a check measured these, and on another processor one photo may get another answer.
# Only the names and types in them are recorded.
MEASURED = {
    *("suspect_labels", "outliers", "near_duplicates", "shortcuts"),
    *("results", "nearest", "confusion_matrix", "slices", "weakest", "report"),
    *("both_right", "both_wrong", "a_right_b_wrong", "b_right_a_wrong", "to_cat", "to_dog"),
    *("mcnemar_p", "equivalence", "without_suspects"),
}


COLUMNS = 80
LONG_NAME = "a-folder-with-a-long-name-as-phones-and-cameras-make-them-every-day"
# Each changes something, so that a second call would do something else.
ONCE = {"sample", "fetch", "train", "extend", "delete", "stop", "resume"}


@dataclass
class Recording:
    """What the commands printed.

    ``documents`` holds, for each command: its words, its exit status and its JSON. ``readable``
    holds the words of a command without ``--json`` and what it printed for people. ``stderr`` holds
    the same for messages, with or without ``--json``.
    """

    documents: list[dict[str, Any]] = field(default_factory=list)
    readable: list[tuple[list[str], str]] = field(default_factory=list)
    stderr: list[tuple[list[str], str]] = field(default_factory=list)


def record(prepare: Callable[[Path], None] = lambda cache: None) -> Recording:
    """Run every command, one after the other on a new machine.

    ``prepare`` may fill its cache, which a command would do otherwise.
    """
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve() / LONG_NAME
        root.mkdir()
        machine = _Machine(root)
        prepare(root / "cache")
        _record_datasets(machine)
        _record_runs(machine)
        _record_models(machine)
        _record_errors(machine)
        _read_for_people(machine)
    return machine.recording


class _Machine:
    """A machine with two of the reference runs and nothing else."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.recording = Recording()
        for run in (REFERENCE, REFERENCE_B):
            shutil.copytree(SHIPPED / run, root / "artifacts" / run)
        places = {f"CATSDOGS_{n}": str(root / n.lower()) for n in ("DATA", "ARTIFACTS", "CACHE")}
        self._environment = {
            **os.environ,
            **places,
            "CATSDOGS_MOBILENET_WEIGHTS": str(paths.shipped_backbone()),
            "COLUMNS": str(COLUMNS),
        }

    def run(self, *arguments: Any) -> Any:
        """Run a command with ``--json``, keep its normalised document and return the real one."""
        words = [str(argument) for argument in arguments]
        said = self._done([*words, "--json"])
        document = json.loads(said.out) if said.out else None
        self.recording.documents.append(
            {
                "command": [self._normal_text(word) for word in words],
                "status": said.status,
                "document": self._normal(document),
            }
        )
        if not ONCE & set(words[:2]):
            self.read(*words, *(["--force"] if {"--out", "--csv", "--report"} & set(words) else []))
        return document

    def read(self, *words: Any) -> None:
        """Run a command as people do."""
        said = self._done([str(word) for word in words])
        self.recording.readable.append(([str(word) for word in words], said.out))

    def _done(self, words: list[str]) -> Said:
        said = forked_commands.run(words, self._environment, self.root)
        self.recording.stderr.append((words, said.err))
        return said

    def _normal(self, value: Any, name: str = "") -> Any:
        """Return ``value``, which is under ``name``, as every machine should give it."""
        if name in OF_THE_MACHINE:
            return type(value).__name__
        if name in MEASURED:
            return _shape(value)
        if isinstance(value, dict):
            return {self._normal_text(key): self._normal(item, key) for key, item in value.items()}
        if isinstance(value, list):
            return [self._normal(item, name) for item in value]
        if isinstance(value, float):
            return "float"
        return self._normal_text(value) if isinstance(value, str) else value

    def _normal_text(self, text: str) -> str:
        text = text.replace(str(self.root), "ROOT").replace(str(PROJECT), "PROJECT")
        # Runs and pages call a dataset by the last two parts of its path.
        text = text.replace(f"{self.root.name}/", "ROOT/")
        return DATE.sub("TIME", RUN_ID.sub(r"RUN-\1", text))


def _shape(value: Any) -> Any:
    """Return the names and types in ``value``; of a list, those of its first item."""
    if isinstance(value, dict):
        return {key: _shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_shape(item) for item in value[:1]]
    return "number" if isinstance(value, int | float) else type(value).__name__


def _record_datasets(machine: _Machine) -> None:
    sample, out = machine.root / "sample", machine.root / "out"
    out.mkdir()
    machine.run("data", "sample", "--images", 72, "--out", sample, "--seed", 7)
    machine.run("data", "scan", sample)
    machine.run("data", "health", sample)
    machine.run("data", "fetch", "--from", sample)
    decided = out / "decisions.csv"
    decided.write_text("path,action,label\ncat.1.jpg,exclude,\ncat.2.jpg,relabel,dog\n")
    machine.run("data", "annotations", sample, "--import", decided)
    machine.run("data", "annotations", sample, "--export", out / "exported.csv")
    machine.run("embed", sample, "--out", out / "vectors.npz")


def _record_runs(machine: _Machine) -> None:
    sample, out = machine.root / "sample", machine.root / "out"
    common = ("--data", sample, "--batch-size", 8, "--seed", 3, "--validation", 0.3)
    first = machine.run(
        *("train", "--model", "custom_cnn", *common, "--epochs", 1, "--recipe", "plain"),
        *("--learning-rate", 0.001, "--schedule", "constant", "--no-augment", "--repeats", 1),
        *("--dropout", 0.1, "--early-stopping", 2, "--precision", "float32", "--deterministic"),
    )
    second = machine.run(
        *("train", "--model", "mobilenet_v2", *common, "--epochs", 2),
        *("--engine", "litert", "--augment"),
    )
    machine.run("runs", "list")
    for done in (first, second):
        machine.run("runs", "show", done["run"])
    for reference in (REFERENCE, REFERENCE_B):  # The second one is fine-tuned.
        machine.run("runs", "show", reference)
    machine.run("runs", "remark", first["run"], "--name", "mine", "--note", "one\ntwo", "--star")
    machine.run("runs", "extend", second["run"], "--epochs", 1)
    machine.run("runs", "show", second["run"])
    machine.run("runs", "stop", first["run"])
    machine.run("runs", "resume", first["run"])
    machine.run("compare", first["run"], second["run"], "--margin", 0.05)
    machine.run("evaluate", first["run"], "--data", sample)
    for form in ("keras", "litert", "litert-int8"):
        machine.run("export", first["run"], "--format", form, "--out", out / f"{form}.m")
    machine.run("classify", sample, "--run", first["run"], second["run"])
    machine.run("runs", "delete", first["run"])


def _record_models(machine: _Machine) -> None:
    out = machine.root / "out"
    photos = sorted((machine.root / "sample").glob("*.jpg"))[:4]
    missing = out / "no.jpg"
    machine.run("classify", *photos, missing, "--csv", out / "said.csv", "--threshold", 0.6)
    machine.run("classify", photos[0], "--run", REFERENCE, "--never-neither")
    machine.run("classify", photos[0], "--run", REFERENCE_B, "--false-refusal", 0.05)
    machine.run("explain", photos[0], "--run", REFERENCE, "--change", "crop=0..0.1", "blur")
    machine.run("evaluate", REFERENCE_B, "--data", machine.root / "sample")
    machine.run("compare", REFERENCE, REFERENCE_B, "--report", out / "report.html")
    machine.run("runs", "report", REFERENCE, "--out", out / "run.html")
    machine.run("export", REFERENCE, "--format", "litert", "--out", out / "model.tflite")


def _record_errors(machine: _Machine) -> None:
    sample, out = machine.root / "sample", machine.root / "out"
    nowhere = machine.root / "no"
    machine.run("data", "scan", machine.root / "nowhere")
    machine.run("train", "--model", "custom_cnn", "--data", sample, "--epochs", 0)
    machine.run("train", "--model", "custom_cnn", "--data", sample, "--fine-tune", 2)
    machine.run("train", "--model", "resnet", "--data", sample)
    machine.run("train", "--model", "custom_cnn")
    machine.run("runs", "show", "nothing")
    machine.run("runs", "delete", REFERENCE)
    machine.run("runs", "extend", REFERENCE, "--epochs", 1)
    machine.run("compare", REFERENCE, "nothing")
    machine.run("compare", REFERENCE, REFERENCE_B, "--margin", 7)
    machine.run("compare", REFERENCE, REFERENCE_B, "--report", "report.doc")
    machine.run("export", REFERENCE, "--format", "keras", "--out", out / "no.keras")
    machine.run("export", REFERENCE, "--format", "litert", "--out", nowhere / "model.tflite")
    machine.run("classify", sample, "--threshold", 2)
    machine.run("classify", sample, "--false-refusal", 0.5)
    machine.run("explain", sample / "cat.1.jpg", "--with", "blur=2")
    machine.run("data", "fetch", "--from", "")
    machine.run("embed", sample, "--out", out / "vectors.txt")
    machine.run("nonsense")


def _read_for_people(machine: _Machine) -> None:
    """Run what has no JSON, and what changes something, once more without it."""
    photos = ("--data", machine.root / "sample", "--batch-size", 8, "--epochs", 1)
    machine.read("train", "--model", "mobilenet_v2", *photos)
    machine.read("runs", "list")
    machine.read("data", "sample", "--images", 20, "--out", machine.root / "few")
    for group in ((), ("data",), ("runs",)):
        machine.read(*group)
    for command in ("app", "train", "classify", "evaluate", "compare", "export", "embed"):
        machine.read(command, "--help")
    for command in ("sample", "fetch", "scan", "health", "annotations", "alike", "corrections"):
        machine.read("data", command, "--help")
    for command in ("list", "show", "report", "stop", "resume", "delete", "remark", "extend"):
        machine.read("runs", command, "--help")


if __name__ == "__main__":
    RECORDED.parent.mkdir(exist_ok=True)
    RECORDED.write_text(json.dumps(record().documents, indent=1) + "\n", "utf-8")
