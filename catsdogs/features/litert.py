"""A LiteRT model file as a function from an image to named arrays. Any thread may call it."""

from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from catsdogs.errors import RunError

# The output that every run's model has. A model of two other classes calls it OTHER_OUTPUT.
OUTPUT, OTHER_OUTPUT = "p_dog", "p_positive"


class LiteRTModel:
    """A loaded model. An interpreter serves one call at a time; threads create more if needed.

    The file is memory-mapped, so the interpreters share its weights. It must not change.

    A call keeps one core busy and releases the GIL, so callers get parallelism by calling from
    several threads.
    """

    def __init__(self, path: Path) -> None:
        """Load ``path``.

        Raises:
            RunError: if it is missing or is not a LiteRT model for images.
        """
        try:
            self._path = path
            first = self._new_runner()
            self.side = int(first.get_input_details()["image"]["shape"][1])
        except (OSError, ValueError, RuntimeError, LookupError, TypeError) as error:
            raise RunError(
                f"Expected a LiteRT model at {path.parent.name}/{path.name}. Received: a file that "
                f"cannot be loaded ({error}). Train the run again, or delete it."
            ) from None
        self._idle: SimpleQueue[Any] = SimpleQueue()
        self._idle.put(first)

    def __call__(self, image: np.ndarray) -> dict[str, np.ndarray]:
        """Return the outputs for one uint8 image of shape (side, side, 3), without a batch axis.

        The probability of the positive class is ``p_dog``, whatever the file calls it.
        """
        runner = self._take_runner()
        try:
            outputs = runner(image=image[np.newaxis])
        finally:
            self._idle.put(runner)
        return {known_output(name): value[0] for name, value in outputs.items()}

    @property
    def output_shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of each output by its name, with a batch axis of 1 in front."""
        runner = self._take_runner()
        try:
            details = runner.get_output_details()
        finally:
            self._idle.put(runner)
        return {
            known_output(name): tuple(map(int, detail["shape"])) for name, detail in details.items()
        }

    def _take_runner(self) -> Any:
        try:
            return self._idle.get_nowait()
        except Empty:
            try:
                return self._new_runner()
            except (OSError, ValueError, RuntimeError):
                # The file is gone or no more can be opened: wait for an existing interpreter.
                return self._idle.get()

    def _new_runner(self) -> Any:
        return Interpreter(str(self._path), num_threads=1).get_signature_runner()


def known_output(name: str) -> str:
    """Return the name by which the code knows an output of a model file."""
    return OUTPUT if name == OTHER_OUTPUT else name
