"""The settings of runs from older versions, with the defaults that they were made with."""

from typing import Any

from catsdogs.runs.models import MODELS, WHOLE

_FINE_TUNING_RATE = 6e-5
_SINCE_THEN = {"split": "ours", "centre_crop": 1}


def up_to_date(values: dict[str, Any]) -> dict[str, Any]:
    """Return a run's settings, as ``config.json`` holds them, with old defaults written out."""
    values = {**_SINCE_THEN, **values}
    if "mirrored_view" not in values:
        values = {"fine_tune_from": WHOLE, "fine_tune_learning_rate": None} | values
        if values["fine_tune_learning_rate"] is None:
            values |= {"fine_tune_learning_rate": _FINE_TUNING_RATE}
    info = MODELS.get(values.get("model", ""))
    if "repeats" in values or info is None:
        return values
    then: dict[str, Any] = {"repeats": 1, "precision": "float32"}
    if info.old_learning_rate and values.get("learning_rate") is None:
        then["learning_rate"] = info.old_learning_rate
    return values | then
