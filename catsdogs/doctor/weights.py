"""ImageNet's weights for MobileNetV2, and the folder in which Keras keeps its files."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

from catsdogs import paths
from catsdogs.doctor.findings import Finding, problem, warning
from catsdogs.features.backbones import (
    IMAGENET_SHA256,
    WEIGHTS_FILE,
    WEIGHTS_VARIABLE,
    keras_home,
)
from catsdogs.system import files

GROUP = "Weights"
# Keras' settings that this project replaces by its own.
_USUAL = {"backend": "tensorflow", "image_data_format": "channels_last", "floatx": "float32"}
_NOT_NEEDED = "MobileNetV2 then starts from the project's own weights"


def check() -> Iterator[Finding]:
    """Return where the weights are, whether they are the right ones, and the state of Keras' home.

    Nothing is downloaded.
    """
    explicit = os.environ.get(WEIGHTS_VARIABLE)
    yield _explicit(Path(explicit).expanduser()) if explicit else _kept()
    yield _home()
    yield _settings()


def _explicit(path: Path) -> Finding:
    value = f"{path} ({WEIGHTS_VARIABLE})"
    if not path.is_file():
        advice = f"Expected a file. Correct {WEIGHTS_VARIABLE}, or unset it."
        return problem(GROUP, "ImageNet", f"{value}: no such file", advice)
    if files.sha256(path) == IMAGENET_SHA256:
        return Finding(GROUP, "ImageNet", f"{value}, right checksum")
    advice = "The file differs from ImageNet's weights. That is right if it has your own."
    return warning(GROUP, "ImageNet", f"{value}: another content", advice)


def _kept() -> Finding:
    path = keras_home() / "models" / WEIGHTS_FILE
    try:
        has_right_content = files.sha256(path) == IMAGENET_SHA256
    except OSError as error:
        return _absent(path, error.strerror or str(error))
    if has_right_content:
        return Finding(GROUP, "ImageNet", f"in {path.parent}, right checksum")
    advice = "Move the file away so that the weights are downloaded, or set "
    advice += f"{WEIGHTS_VARIABLE} to its path to use it."
    return problem(GROUP, "ImageNet", f"{path}: wrong checksum, perhaps a cut download", advice)


def _absent(path: Path, reason: str) -> Finding:
    value = f"not in {path.parent} ({reason}); the first run downloads 9 MB"
    shipped = paths.shipped_backbone()
    if shipped.is_file():
        advice = f"Nothing to do with a network. Without one, {_NOT_NEEDED}, {shipped.name}."
        return warning(GROUP, "ImageNet", value, advice)
    advice = f"Put {WEIGHTS_FILE} there, or set {WEIGHTS_VARIABLE} to its path. Without a network, "
    return problem(GROUP, "ImageNet", value, f"{advice}MobileNetV2 cannot be trained.")


def _home() -> Finding:
    home = keras_home()
    origin = "KERAS_HOME" if os.environ.get("KERAS_HOME") else "default"
    value = f"{home} ({origin})"
    reason = _trouble(home)
    if not reason:
        return Finding(GROUP, "Keras home", value)
    advice = "Downloaded weights cannot be kept there. Move the file away, repair the permissions, "
    advice += f"or set KERAS_HOME to another folder. Without a network, {_NOT_NEEDED}."
    return warning(GROUP, "Keras home", f"{value}: {reason}", advice)


def _trouble(home: Path) -> str:
    """Return why Keras cannot keep files in ``home``; empty if it can."""
    there = next(one for one in (home, *home.parents) if os.path.lexists(one))
    if not there.is_dir():
        return "a file, not a folder" if there == home else f"{there} is not a folder"
    if not os.access(there, os.R_OK | os.X_OK):
        return "it cannot be read"
    return "" if os.access(there, os.W_OK | os.X_OK) else "it cannot be written to"


def _settings() -> Finding:
    path = keras_home() / "keras.json"
    value = f"{path}: not there, nothing is needed"
    ignored = "This project ignores it and uses its own settings. Other programs with Keras may "
    ignored += "not start: repair or delete the file."
    try:
        found = {**json.loads(path.read_text("utf-8"))}
    except (FileNotFoundError, NotADirectoryError):
        return Finding(GROUP, "keras.json", value)
    except OSError as error:
        return warning(GROUP, "keras.json", f"{path}: {error.strerror}", ignored)
    except (ValueError, TypeError, RecursionError):
        return warning(GROUP, "keras.json", f"{path}: no JSON object", ignored)
    odd = [f"{name} = {found[name]}" for name in _USUAL if found.get(name, "") not in _usual(name)]
    end = f"{', '.join(odd)}; ignored here" if odd else "usual settings"
    return Finding(GROUP, "keras.json", f"{path}: {end}")


def _usual(name: str) -> tuple[str, str]:
    return ("", _USUAL[name])
