"""A finished run's LiteRT model: a picture in; P(dog), heat map and embedding out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from msgspec import UnsetType

from catsdogs.errors import RunError, UnreadableImage
from catsdogs.evaluation.calibration import calibrated
from catsdogs.features.litert import LiteRTModel
from catsdogs.images.parallel import map_files
from catsdogs.images.picture import Picture, load_square
from catsdogs.inference.both import shows_both
from catsdogs.inference.rejection import References
from catsdogs.runs import layout, model_files
from catsdogs.runs.run import Run


@dataclass(frozen=True)
class Output:
    """The outputs of a model for one picture.

    ``heatmap`` is float32 of shape (h, w): positive where the picture is evidence for "dog",
    negative where it is evidence for "cat". ``embedding``, float32 (D,), is the input of the last
    layer; None for custom CNNs from older versions.
    """

    p_dog: float
    heatmap: np.ndarray
    embedding: np.ndarray | None


class Predictor:
    """The model of one run. Safe to share between threads."""

    def __init__(self, run: Run) -> None:
        """Load the run's model, and its reference vectors for "neither", if it has any.

        Raises:
            RunError: if a file is missing or has changed.
        """
        self.run_id = run.run_id
        self.classes = run.classes
        references = model_files.place(run, layout.REFERENCES)
        if references.is_file():
            model_files.intact(run, layout.REFERENCES)
        self.references = References.read(references.parent)
        self._both = run.result.both
        self._temperature: float = run.result.calibration.temperature
        self._model = LiteRTModel(model_files.intact(run, layout.LITERT_MODEL))
        self._require_answers(run)

    def _require_answers(self, run: Run) -> None:
        """Run once: the first call allocates memory and packs weights, so that no photo waits."""
        side = run.config.info.side
        try:
            outputs = self._model(np.zeros((side, side, 3), dtype=np.uint8))
            _ = outputs["p_dog"].item(), outputs["heatmap"].shape
        except (ValueError, RuntimeError, LookupError, TypeError) as error:
            raise RunError(
                f"Expected a model that answers for {side}×{side} pixels. Received: "
                f"{layout.LITERT_MODEL} of {run.run_id}, which does not ({error}). Train the run "
                "again, or delete it."
            ) from None

    def __call__(self, picture: Picture) -> Output:
        """Run the model on a picture.

        Raises:
            UnreadableImage: with the reason.
        """
        return self.of_pixels(picture.square(self.side))

    def of_pixels(self, pixels: np.ndarray) -> Output:
        """Run the model on its input: uint8 of shape (side, side, 3)."""
        outputs = self._model(pixels)
        return Output(outputs["p_dog"].item(), outputs["heatmap"], outputs.get("embedding"))

    def shows_both(self, picture: Picture, heatmap: np.ndarray) -> bool | None:
        """Tell whether a picture with this heat map may show both classes.

        None if the run cannot tell.

        Raises:
            UnreadableImage: with the reason.
        """
        if isinstance(self._both, UnsetType):
            return None
        return shows_both(self._model, picture, heatmap, self._both)

    @property
    def side(self) -> int:
        """The width and height of the model's input, in pixels."""
        return self._model.side

    def calibrated(self, p_dog: float) -> float:
        """Return a probability with the run's temperature applied."""
        return float(calibrated(p_dog, self._temperature))

    def p_dog_of_files(
        self, root: Path, names: Sequence[str]
    ) -> Iterator[tuple[str, float | UnreadableImage]]:
        """Yield (name, P(dog)) for files below ``root``; an unreadable one yields its error."""
        return map_files(root, names, self.p_dog)

    def p_dog(self, content: bytes) -> float:
        """Return P(dog) for a file's content, or raise UnreadableImage."""
        return self._model(load_square(content, self.side))["p_dog"].item()
