"""``python -m catsdogs.learning.diagnosis``: TensorFlow's view of this machine, as one JSON line.

For callers outside this package, which never load TensorFlow themselves. The choices come from the
functions that a worker asks.
"""

import json
import time
from collections.abc import Callable

_STARTED = time.perf_counter()

from catsdogs.learning import engines, machine  # noqa: E402, timed above
from catsdogs.learning.frameworks import keras, tensorflow  # noqa: E402
from catsdogs.learning.machine import Choice  # noqa: E402
from catsdogs.runs.models import MODELS  # noqa: E402


def main() -> None:
    """Print the versions, the GPUs, and what "auto" chooses for each model with the reason."""
    loaded_s = time.perf_counter() - _STARTED
    print(
        json.dumps(
            {
                "version": f"TensorFlow {tensorflow.__version__} with Keras {keras.__version__}",
                "seconds": round(loaded_s, 2),
                "gpus": machine.gpu_names(),
                "choices": [choice for model in MODELS for choice in _choices(model)],
            }
        )
    )


def _choices(model: str) -> list[dict[str, object]]:
    """Return the engine of a model with a backbone, the precision of any other."""
    info = MODELS[model]
    if info.learns_pixels:
        return [_choice(f"{info.title}, precision", machine.chosen_precision)]
    return [_choice(f"{info.title}, engine", engines.known_choice)]


def _choice(title: str, choose: Callable[[], Choice]) -> dict[str, object]:
    try:
        choice, failed = choose(), False
    except Exception as error:  # TensorFlow raises anything on a machine that it does not support.
        choice, failed = Choice("", f"{type(error).__name__}: {error}"), True
    return {"title": title, "value": choice.value, "why": choice.why, "failed": failed}


if __name__ == "__main__":
    main()
