"""Hostile and damaged run folders. All are made in code.

``CONFIGS`` and ``EVENTS`` hold, by name, functions that spoil one of a sound run's files.
"""

import base64
import io
import json
import marshal
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

NOT_UTF8 = b'{"caf\xe9": "\xff\xfe"}'
DEEP = b"[" * 200_000


def spoiled(sound: Path, folder: Path, file: str, spoil: Callable[[Path], None]) -> Path:
    """Copy the run in ``sound`` to ``folder`` and spoil one of its files."""
    folder.mkdir()
    for path in sound.iterdir():
        if path.name in ("config.json", "events.jsonl", file):
            (folder / path.name).write_bytes(path.read_bytes())
        else:
            os.link(path, folder / path.name)
    spoil(folder / file)
    return folder


def without_batches(path: Path) -> None:
    """Drop the reports on single batches from a run's events: most of what takes long to read."""
    lines = path.read_text("utf-8").splitlines(keepends=True)
    kept = [line for line in lines if json.loads(line)["event"] not in ("batch", "saved")]
    path.write_text("".join(kept), "utf-8")


class Payload:
    """Creates a file when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self._marker = marker

    def __reduce__(self):
        return Path.touch, (self._marker,)


def pickled_array(marker: Path) -> np.ndarray:
    """Return an array file that runs code if it is loaded with pickle."""
    array = np.empty(1, object)
    array[0] = Payload(marker)
    return array


def pickled_bytes(marker: Path) -> bytes:
    return pickle.dumps(Payload(marker))


def keras_files(marker: Path) -> dict[str, bytes]:
    """Return Keras files by name; each would create ``marker`` if it were trusted."""
    code = compile(f"(lambda x: open({str(marker)!r}, 'w') and x)", "", "eval").co_consts[0]
    marshalled = base64.b64encode(marshal.dumps(code)).decode()
    function = {"module": "builtins", "class_name": "function", "registered_name": "function"}
    lambda_ = {
        "class_name": "__lambda__",
        "config": {"code": marshalled, "defaults": None, "closure": None},
    }
    command = f"touch {marker}"
    layers = {
        "lambda": _layer("keras.layers", "Lambda", {"function": lambda_, "arguments": {}}),
        "lambda-named": _layer("keras.layers", "Lambda", {"function": {**function, "config": "x"}}),
        "system": _layer("os", "system", {"command": command}),
        "popen": _layer("subprocess", "Popen", {"args": command, "shell": True}),
        "function": {**function, "module": "os", "config": "system"},
        "inner": _layer("keras.src.utils.python_utils", "func_load", {"code": marshalled}),
    }
    return {
        name: _keras_file(_layer("keras", "Sequential", {"name": "x", "layers": [_INPUT, layer]}))
        for name, layer in layers.items()
    } | {"outermost": _keras_file(layers["system"])}


def _layer(module: str, name: str, config: dict) -> dict:
    named = {"name": "inner", **config} if module.startswith("keras") else config
    return {"module": module, "class_name": name, "config": named, "registered_name": None}


_INPUT = _layer(
    "keras.layers", "InputLayer", {"batch_shape": [None, 4], "dtype": "float32", "name": "first"}
)


def _keras_file(config: dict) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.15.1"}))
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("model.weights.h5", b"")
    return buffer.getvalue()


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _link_to(target: str) -> Callable[[Path], None]:
    def link(path: Path) -> None:
        path.unlink()
        path.symlink_to(target)

    return link


def _huge(path: Path) -> None:
    """Make the file a hole of 20 GB."""
    with path.open("r+b") as stream:
        stream.truncate(20 << 30)


def _gone(path: Path) -> None:
    path.unlink()


def _content(content: bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(content) and None


SPOILS: dict[str, Callable[[Path], None]] = {
    "a pipe": _pipe,
    "a folder": _folder,
    "a link to /dev/zero": _link_to("/dev/zero"),
    "a link to a file outside": _link_to("/etc/passwd"),
    "a link to itself": _link_to("config.json"),
    "a hole of 20 GB": _huge,
    "not UTF-8": _content(NOT_UTF8),
    "deep": _content(DEEP),
    "empty": _content(b""),
    "noise": _content(np.random.default_rng(0).bytes(100_000)),
}


def _with(*place: str, value) -> Callable[[Path], None]:
    """Return a function that puts ``value`` into a JSON file."""

    def change(path: Path) -> None:
        whole = inner = json.loads(path.read_text("utf-8"))
        for name in place[:-1]:
            inner = inner[name]
        inner[place[-1]] = value
        path.write_text(json.dumps(whole), "utf-8")

    return change


ODD = (None, "x", [], {}, -1, 1.5, 10**300, float("nan"), True, "\0", "\ud800")
CONFIGS = SPOILS | {
    f"{'.'.join(place)} {value!r:.20}": _with(*place, value=value)
    for place in (
        ("created_at",),
        ("dataset",),
        ("dataset", "name"),
        ("dataset", "fingerprint"),
        ("config",),
        *(("config", name) for name in ("model", "data", "epochs", "seed", "learning_rate")),
        *(("config", name) for name in ("augment", "repeats", "schedule", "fine_tune")),
    )
    for value in ODD
}


def _in_last(*place: str, value) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        *others, last = path.read_text("utf-8").splitlines()
        event = inner = json.loads(last)
        for name in place[:-1]:
            inner = inner[name]
        inner[place[-1]] = value
        path.write_text("\n".join([*others, json.dumps(event)]) + "\n", "utf-8")

    return change


def _in_last_without(*place: str) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        *others, last = path.read_text("utf-8").splitlines()
        event = inner = json.loads(last)
        for name in place[:-1]:
            inner = inner[name]
        del inner[place[-1]]
        path.write_text("\n".join([*others, json.dumps(event)]) + "\n", "utf-8")

    return change


def _long_line(path: Path) -> None:
    with path.open("ab") as stream:
        stream.write(b'{"event": "phase", "name": "' + b"x" * (100 << 20) + b'"}\n')


EVENTS = SPOILS | {
    "a line of 100 MB": _long_line,
    **{
        f"no {'.'.join(place)}": _in_last_without(*place)
        for place in (
            *(("result", n) for n in ("val_accuracy", "val_loss", "val_images", "train_images")),
            *(("result", n) for n in ("seconds", "sha256", "calibration", "parameters")),
            *(("result", n) for n in ("model_bytes", "latency_ms")),
            *(("t",), ("result", "seconds", "total")),
        )
    },
    **{
        f"{'.'.join(place)} {value!r:.20}": _in_last(*place, value=value)
        for place in (
            ("t",),
            ("result",),
            ("message",),
            ("epochs",),
            *(("result", n) for n in ("val_accuracy", "val_loss", "val_images", "seconds")),
            *(("result", n) for n in ("sha256", "calibration", "weights", "train_images")),
            ("result", "seconds", "total"),
        )
        for value in ODD
    },
}
