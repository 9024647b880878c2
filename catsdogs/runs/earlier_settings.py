"""The settings of runs from older versions, with the defaults that they were made with."""

from typing import Any

from catsdogs.runs.models import MODELS


def up_to_date(values: dict[str, Any]) -> dict[str, Any]:
    """Return a run's settings, as ``config.json`` holds them, with old defaults written out."""
    values = {"split": "ours"} | values
    info = MODELS.get(values.get("model", ""))
    if "repeats" in values or info is None:
        return values
    then: dict[str, Any] = {"repeats": 1, "precision": "float32"}
    if info.old_learning_rate and values.get("learning_rate") is None:
        then["learning_rate"] = info.old_learning_rate
    return values | then
